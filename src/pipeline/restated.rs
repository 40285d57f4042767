//! What a night that was delivered again changed: its clean tables beside those of the run before.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::Int64Type,
    util::display::array_value_to_string,
};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use minijinja::context;
use serde_json::{Value, json};

use super::{
    Context,
    error::RunError,
    redelivery::corrected_tables,
    tables::{finish_table, table_file},
};
use crate::{
    check::{EngineError, keys::register_parquets},
    log::{LogError, Privacy, RESTATEMENT_SCHEMA, RestatementBuilder, TableFile, key_part},
    publish::StagedFile,
    rules::template::render,
    tables::{Policy, Table},
};

/// Sorts in the query: two for numbering, two for the join, one for the order.
const SORTS: usize = 5;

/// What became of the rows of a night that was delivered again.
#[derive(Clone, Debug, Default)]
pub struct Restated {
    /// The run before.
    pub run_id: String,
    /// The counts of each table of which a file is another; `None` where its rows cannot be compared.
    pub tables: BTreeMap<String, Option<Changes>>,
}

/// How many rows of a table changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// There was none of its key.
    pub added: u64,
    /// There is none of its key any more.
    pub removed: u64,
    /// A column has another value.
    pub changed: u64,
}

impl Restated {
    /// The counts of some tables in words.
    pub fn words<'t>(&self, tables: impl Iterator<Item = &'t String>) -> String {
        let words = tables.map(|table| match self.tables.get(table).copied().flatten() {
            Some(Changes {
                added,
                removed,
                changed,
            }) => format!("{table} {added} rows added, {removed} removed, {changed} changed"),
            None => format!("{table} cannot be compared, since it was declared otherwise"),
        });
        words.collect::<Vec<_>>().join("; ")
    }

    /// All counts in words.
    pub fn all_words(&self) -> String {
        self.words(self.tables.keys())
    }

    pub(super) fn to_json(&self) -> Value {
        let count = |changes: Option<Changes>, of: fn(Changes) -> u64| changes.map(of);
        json!({
            "run_id": self.run_id,
            "tables": self.tables.iter().map(|(table, changes)| json!({
                "table": table,
                "added": count(*changes, |c| c.added),
                "removed": count(*changes, |c| c.removed),
                "changed": count(*changes, |c| c.changed),
            })).collect::<Vec<_>>(),
        })
    }
}

/// Writes `restatements`, which is empty unless the run's delivery was another before.
pub(super) async fn write(run: &Context<'_>) -> Result<Option<Restated>, RunError> {
    let mut out = table_file(run.staged, "restatements", &RESTATEMENT_SCHEMA)?;
    let mut restated = None;
    if let Some(earlier) = &run.before.restates {
        let folder = run.out.folder_of(&earlier.run_id).join("clean");
        let mut tables = BTreeMap::new();
        for name in corrected_tables(earlier, run.delivery) {
            let changes = match run.plan.tables.iter().find(|t| t.name.as_str() == name) {
                Some(table) => compare(run, table, &folder, &mut out).await?,
                None => None,
            };
            tables.insert(name, changes);
        }
        restated = Some(Restated {
            run_id: earlier.run_id.to_string(),
            tables,
        });
    }
    finish_table(out)?;
    Ok(restated)
}

/// Compares one table; `None` where it was declared otherwise, so that keys cannot be held against each other.
async fn compare(
    run: &Context<'_>,
    table: &Table,
    earlier: &Path,
    out: &mut TableFile<StagedFile>,
) -> Result<Option<Changes>, RunError> {
    let path = format!("clean/{}.parquet", table.name);
    let before = earlier.join(format!("{}.parquet", table.name));
    if !before.exists() {
        return Ok(None);
    }
    let session = run.engine.comparing_session(SORTS);
    register_parquets(&session, "of_earlier", &[before]).await?;
    register_parquets(&session, "of_later", &[run.staged.path(&path)]).await?;
    let columns = common(&session, table).await?;
    let named = |column: &usize| table.columns[*column].name.to_string();
    let keyed = |column: &usize| columns.contains(column);
    if columns.is_empty() || !table.key.iter().all(keyed) {
        return Ok(None);
    }
    // Without a key a row is itself: it can be added or removed, and not change.
    let key = if table.key.is_empty() {
        &columns
    } else {
        &table.key
    };
    let sql = render(
        include_str!("restated.sql"),
        context! {
            columns => columns.iter().map(named).collect::<Vec<_>>(),
            key => key.iter().map(named).collect::<Vec<_>>(),
        },
    );
    let fail = || {
        EngineError::query(format!(
            "comparing table `{}` with the run before",
            table.name
        ))
    };
    let rows = session.sql(&sql).await.map_err(fail())?;
    let mut rows = rows.execute_stream().await.map_err(fail())?;
    let writing = Writing {
        table,
        columns,
        privacy: Privacy::new(run.settings.key.as_deref()),
    };
    let mut changes = Changes::default();
    while let Some(batch) = rows.try_next().await.map_err(fail())? {
        writing.write(&batch, &mut changes, out)?;
    }
    Ok(Some(changes))
}

/// The declared columns that both sides have with one type.
async fn common(session: &SessionContext, table: &Table) -> Result<Vec<usize>, RunError> {
    let fail = || EngineError::query("comparing with the run before");
    let earlier = session.table("of_earlier").await.map_err(fail())?;
    let later = session.table("of_later").await.map_err(fail())?;
    let of = |frame: &datafusion::dataframe::DataFrame, name: &str| {
        let field = frame.schema().field_with_unqualified_name(name);
        field.ok().map(|field| field.data_type().clone())
    };
    let both = |column: &usize| {
        let name = table.columns[*column].name.as_str();
        of(&later, name).is_some_and(|ty| of(&earlier, name) == Some(ty))
    };
    Ok((0..table.columns.len()).filter(both).collect())
}

/// Rows on their way to `restatements`.
struct Writing<'t> {
    table: &'t Table,
    /// The columns that are compared.
    columns: Vec<usize>,
    privacy: Privacy,
}

/// The columns of one side.
struct Side<'b> {
    batch: &'b RecordBatch,
    name: &'static str,
}

impl Side<'_> {
    fn column(&self, what: impl std::fmt::Display) -> Option<&arrow::array::ArrayRef> {
        self.batch.column_by_name(&format!("{}_{what}", self.name))
    }

    fn is_there(&self, row: usize) -> bool {
        self.column("there")
            .is_some_and(|there| there.as_boolean().value(row))
    }

    fn text(&self, what: impl std::fmt::Display, row: usize) -> Option<String> {
        let column = self.column(what).filter(|column| column.is_valid(row))?;
        array_value_to_string(column, row).ok()
    }

    fn line(&self, row: usize) -> Option<i64> {
        let lines = self.column("line")?.as_primitive_opt::<Int64Type>()?;
        lines.is_valid(row).then(|| lines.value(row))
    }
}

impl Writing<'_> {
    fn write(
        &self,
        batch: &RecordBatch,
        changes: &mut Changes,
        out: &mut TableFile<StagedFile>,
    ) -> Result<(), RunError> {
        let [earlier, later] = ["earlier", "later"].map(|name| Side { batch, name });
        let mut builder = RestatementBuilder::default();
        for row in 0..batch.num_rows() {
            let (word, side, count) = match (earlier.is_there(row), later.is_there(row)) {
                (true, true) => ("changed", &later, &mut changes.changed),
                (false, _) => ("added", &later, &mut changes.added),
                (_, false) => ("removed", &earlier, &mut changes.removed),
            };
            *count += 1;
            let key = self.key(side, row);
            let file = side.text("file", row);
            let line = side.line(row);
            let mut push = |column: Option<&str>, before: Option<&str>, after: Option<&str>| {
                let table = Some(self.table.name.as_str());
                let texts = [
                    table,
                    Some(&key),
                    Some(word),
                    column,
                    before,
                    after,
                    file.as_deref(),
                ];
                builder.push(texts, line);
            };
            if word != "changed" {
                push(None, None, None);
                continue;
            }
            for (at, column) in self.columns.iter().enumerate() {
                let [before, after] = [&earlier, &later].map(|side| side.text(at, row));
                if before != after {
                    let column = &self.table.columns[*column];
                    let shown = |text: Option<String>| match column.policy {
                        Policy::Show => text,
                        Policy::Hide => text.map(|text| self.privacy.hide(&text)),
                    };
                    let (before, after) = (shown(before), shown(after));
                    push(
                        Some(column.name.as_str()),
                        before.as_deref(),
                        after.as_deref(),
                    );
                }
            }
        }
        out.write(&builder.finish().map_err(LogError::from)?)?;
        Ok(())
    }

    /// The row's key as the log writes it.
    fn key(&self, side: &Side<'_>, row: usize) -> String {
        let part = |column: &usize| {
            let at = self.columns.iter().position(|c| c == column);
            let text = at.and_then(|at| side.text(at, row)).unwrap_or_default();
            key_part(Cow::Owned(text))
        };
        let parts: Vec<String> = self.table.key.iter().map(part).collect();
        self.privacy.shown_key(&parts.join("|"), self.table)
    }
}
