//! What a night that was delivered again changed: its clean tables beside those of the run before.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::{concat_batches, partition},
    datatypes::Int64Type,
    error::ArrowError,
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

/// Where columns stand behind those that are compared; `_file` is the first.
const LINE: usize = 1;
const LATER: usize = 2;
/// The most rows of one key that are held to be paired.
const MOST_OF_KEY: usize = 10_000;

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
    let session = run.engine.sorting_session();
    register_parquets(&session, "of_earlier", &[before]).await?;
    register_parquets(&session, "of_later", &[run.staged.path(&path)]).await?;
    let common = common(&session, table).await?;
    if common.is_empty() || !table.key.iter().all(|column| common.contains(column)) {
        return Ok(None);
    }
    let others = common.iter().filter(|column| !table.key.contains(column));
    let columns: Vec<usize> = table.key.iter().chain(others).copied().collect();
    let named = |column: &usize| table.columns[*column].name.to_string();
    let names: Vec<String> = columns.iter().map(named).collect();
    let sql = render(include_str!("restated.sql"), context! { columns => names });
    let fail = || {
        EngineError::query(format!(
            "comparing table `{}` with the run before",
            table.name
        ))
    };
    let rows = session.sql(&sql).await.map_err(fail())?;
    let mut rows = rows.execute_stream().await.map_err(fail())?;
    let mut comparison = Comparison {
        table,
        columns,
        privacy: Privacy::new(run.settings.key.as_deref()),
        equal: Sides::default(),
        unpaired: Sides::default(),
        changes: Changes::default(),
        builder: RestatementBuilder::default(),
    };
    // The last row, which those of the next batch are compared with.
    let mut last: Option<RecordBatch> = None;
    while let Some(batch) = rows.try_next().await.map_err(fail())? {
        if batch.num_rows() == 0 {
            continue;
        }
        let read = usize::from(last.is_some());
        let batch = match last.take() {
            Some(last) => concat_batches(batch.schema_ref(), [&last, &batch]),
            None => Ok(batch),
        };
        let batch = batch.map_err(LogError::from)?;
        comparison.add(&batch, read).map_err(LogError::from)?;
        last = Some(batch.slice(batch.num_rows() - 1, 1));
        out.write(&comparison.builder.finish().map_err(LogError::from)?)?;
    }
    comparison.end_of_key();
    out.write(&comparison.builder.finish().map_err(LogError::from)?)?;
    Ok(Some(comparison.changes))
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

/// A row that one side has and the other has not.
#[derive(Clone, Debug, Default)]
struct Unpaired {
    cells: Vec<Option<String>>,
    file: Option<String>,
    line: Option<i64>,
}

/// Rows of the earlier and of the later side.
#[derive(Default)]
struct Sides {
    earlier: VecDeque<Unpaired>,
    later: VecDeque<Unpaired>,
}

/// Rows of both sides that stream by in the order of their columns, those of the key first.
struct Comparison<'t> {
    table: &'t Table,
    /// The columns that are compared, in the order of the rows.
    columns: Vec<usize>,
    privacy: Privacy,
    /// Rows that are equal to the last one; a later one takes an earlier one away.
    equal: Sides,
    /// Rows of the last key that have no equal.
    unpaired: Sides,
    changes: Changes,
    builder: RestatementBuilder,
}

impl Comparison<'_> {
    /// Adds rows, of which the first so many were `read` already.
    fn add(&mut self, rows: &RecordBatch, read: usize) -> Result<(), ArrowError> {
        let key = self.table.key.len();
        let starts = |columns: usize| -> Result<BTreeSet<usize>, ArrowError> {
            let columns: Vec<ArrayRef> = rows.columns()[..columns].to_vec();
            let ranges = match columns.is_empty() {
                true => Vec::new(),
                false => partition(&columns)?.ranges(),
            };
            Ok(ranges.into_iter().map(|range| range.start).collect())
        };
        let (keys, contents) = (starts(key)?, starts(self.columns.len())?);
        let later = rows.column(self.columns.len() + LATER).as_boolean();
        let mut next = read;
        while next < rows.num_rows() {
            let row = next;
            next += 1;
            // Without a key a row is itself.
            if keys.contains(&row) || (key == 0 && contents.contains(&row)) {
                self.end_of_key();
            } else if contents.contains(&row) {
                self.end_of_equal();
            }
            // Most rows are followed by their equal.
            let waiting = !self.equal.earlier.is_empty() || later.value(row);
            if !waiting && next < rows.num_rows() && !contents.contains(&next) && later.value(next)
            {
                next += 1;
                continue;
            }
            match later.value(row) {
                false => self.equal.earlier.push_back(self.row(rows, row)),
                true if self.equal.earlier.pop_front().is_some() => {}
                true => self.equal.later.push_back(self.row(rows, row)),
            }
        }
        Ok(())
    }

    fn row(&self, rows: &RecordBatch, row: usize) -> Unpaired {
        let lines = rows
            .column(self.columns.len() + LINE)
            .as_primitive_opt::<Int64Type>();
        let cells = 0..self.columns.len();
        Unpaired {
            cells: cells.map(|column| text(rows, column, row)).collect(),
            file: text(rows, self.columns.len(), row),
            line: lines.filter(|l| l.is_valid(row)).map(|l| l.value(row)),
        }
    }

    /// What has no equal is kept until its key ends.
    fn end_of_equal(&mut self) {
        self.unpaired.earlier.append(&mut self.equal.earlier);
        self.unpaired.later.append(&mut self.equal.later);
        // Nothing says which of rows without a key is which, and of very many with one key neither.
        let first = self
            .unpaired
            .earlier
            .front()
            .or(self.unpaired.later.front());
        let is_keyed = |row: &Unpaired| {
            row.cells[..self.table.key.len()]
                .iter()
                .any(Option::is_some)
        };
        let many = self.unpaired.earlier.len().max(self.unpaired.later.len()) > MOST_OF_KEY;
        if many || !first.is_some_and(is_keyed) {
            self.alone();
        }
    }

    /// Pairs the rows of a key that have no equal: they changed.
    fn end_of_key(&mut self) {
        self.end_of_equal();
        while let (Some(_), Some(_)) = (self.unpaired.earlier.front(), self.unpaired.later.front())
        {
            let earlier = self.unpaired.earlier.pop_front().unwrap_or_default();
            let later = self.unpaired.later.pop_front().unwrap_or_default();
            self.changes.changed += 1;
            for at in 0..self.columns.len() {
                if earlier.cells[at] != later.cells[at] {
                    let column = &self.table.columns[self.columns[at]];
                    let shown = |text: &Option<String>| match column.policy {
                        Policy::Show => text.clone(),
                        Policy::Hide => text.as_ref().map(|text| self.privacy.hide(text)),
                    };
                    let [before, after] = [&earlier, &later].map(|row| shown(&row.cells[at]));
                    let name = column.name.to_string();
                    self.push(
                        &later,
                        "changed",
                        [Some(&name), before.as_deref(), after.as_deref()],
                    );
                }
            }
        }
        self.alone();
    }

    /// What has no counterpart was removed or added.
    fn alone(&mut self) {
        let Sides { earlier, later } = std::mem::take(&mut self.unpaired);
        self.changes.removed += earlier.len() as u64;
        self.changes.added += later.len() as u64;
        for row in earlier {
            self.push(&row, "removed", [None; 3]);
        }
        for row in later {
            self.push(&row, "added", [None; 3]);
        }
    }

    /// Adds a row; `cell` is column, before and after.
    fn push(&mut self, row: &Unpaired, word: &str, [column, before, after]: [Option<&str>; 3]) {
        let part = |cell: &Option<String>| key_part(Cow::Owned(cell.clone().unwrap_or_default()));
        let key = row.cells[..self.table.key.len()].iter().map(part);
        let key = key.collect::<Vec<_>>().join("|");
        let key = self.privacy.shown_key(&key, self.table);
        let table = Some(self.table.name.as_str());
        let file = row.file.as_deref();
        let texts = [table, Some(&key), Some(word), column, before, after, file];
        self.builder.push(texts, row.line);
    }
}

/// A value as text; `None` for null.
fn text(rows: &RecordBatch, column: usize, row: usize) -> Option<String> {
    let column = rows.column(column);
    let text = column
        .is_valid(row)
        .then(|| array_value_to_string(column, row));
    text.and_then(Result::ok)
}
