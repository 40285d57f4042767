//! What queries of records run over: the clean tables, and everything that was delivered as if it were clean.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use arrow::array::AsArray;
use futures::TryStreamExt;

use super::{
    super::{Context, error::RunError, gates::withheld::AllWithheld},
    Keys,
};
use crate::{
    aggregate::Builder,
    check::EngineError,
    names::{provenance, sql_ident},
    tables::{ColumnType, Table},
};

/// The clean tables and what was made of them.
pub(super) async fn clean(run: &Context<'_>, withheld: &AllWithheld) -> Result<Builder, RunError> {
    let lists = &run.plan.lists[..run.project.lists.len()];
    let builder = Builder::new(run.engine, lists, &run.project.periods)?;
    let tables = run.plan.tables.iter().map(|t| ("clean", t.name.as_str()));
    let models = run.project.model.iter();
    let models = models.filter(|file| withheld.of(file).is_none());
    let models = models.map(|m| ("model", m.name.as_str()));
    for (folder, name) in tables.chain(models) {
        builder
            .add(name, &run.staged.path(&format!("{folder}/{name}.parquet")))
            .await?;
    }
    Ok(builder)
}

/// The same as if nothing had been left out: quarantined rows are among the clean ones, as far as their cells can be read.
pub(super) async fn with_left_out(run: &Context<'_>) -> Result<Builder, RunError> {
    let lists = &run.plan.lists[..run.project.lists.len()];
    let builder = Builder::new(run.engine, lists, &run.project.periods)?;
    for table in &run.plan.tables {
        let name = table.name.as_str();
        for folder in ["clean", "quarantine"] {
            let path = run.staged.path(&format!("{folder}/{name}.parquet"));
            builder.add(&format!("_{folder}_{name}"), &path).await?;
        }
        let own = table.columns.iter().map(|c| (c.name.as_str(), Some(c.ty)));
        let columns = || own.clone().chain(provenance::ALL.map(|name| (name, None)));
        let plain: Vec<String> = columns().map(|(name, _)| sql_ident(name)).collect();
        let read: Vec<String> = columns()
            .map(|(name, ty)| match ty {
                None => sql_ident(name),
                Some(ty) => format!(
                    "TRY_CAST(nullif(trim({column}), '') AS {ty}) AS {column}",
                    column = sql_ident(name),
                    ty = sql_type(ty)
                ),
            })
            .collect();
        let text = format!(
            "SELECT {} FROM _clean_{name} UNION ALL SELECT {} FROM _quarantine_{name}",
            plain.join(", "),
            read.join(", "),
        );
        builder.add_view(name, &text).await?;
    }
    for file in &run.project.model {
        builder
            .add_view(file.name.as_str(), &file.source.text)
            .await?;
    }
    Ok(builder)
}

fn sql_type(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::String => "VARCHAR",
        ColumnType::Integer => "BIGINT",
        ColumnType::Decimal => "DECIMAL(18, 4)",
        ColumnType::Date => "DATE",
        ColumnType::Timestamp => "TIMESTAMP",
        ColumnType::Boolean => "BOOLEAN",
    }
}

/// A query for the keys of a table's rows and `more`, and the places of the key's columns in its result.
fn select_keys(table: &Table, more: &[&str], from: &str) -> (String, Vec<usize>) {
    let keys = table
        .key
        .iter()
        .map(|column| table.columns[*column].name.as_str());
    let columns: Vec<String> = keys.chain(more.iter().copied()).map(sql_ident).collect();
    let text = format!("SELECT {} FROM {from}", columns.join(", "));
    (text, (0..table.key.len()).collect())
}

/// The keys of the quarantined rows of a table.
pub(super) async fn quarantined(
    everything: &Builder,
    table: &Table,
) -> Result<BTreeSet<String>, RunError> {
    let doing = format!("keys of quarantine/{}.parquet", table.name);
    let (text, columns) = select_keys(table, &[], &format!("_quarantine_{}", table.name));
    let fail = || EngineError::query(doing.clone());
    let mut rows = everything.texts(&doing, &text).await?;
    let mut keys = BTreeSet::new();
    while let Some(batch) = rows.try_next().await.map_err(fail())? {
        let of = Keys::of(&batch, &columns);
        keys.extend((0..batch.num_rows()).map(|row| of.key(row)));
    }
    Ok(keys)
}

/// Where the records `wanted` stand in the delivery called `night`, or in which earlier one: the first of several with one key.
pub(super) async fn places(
    everything: &Builder,
    tables: &[Arc<Table>],
    night: &str,
    wanted: BTreeSet<(String, String)>,
) -> Result<HashMap<(String, String), (String, i64)>, RunError> {
    let mut places = HashMap::new();
    for table in tables {
        let name = table.name.as_str();
        if !wanted.iter().any(|(of, _)| of == name) {
            continue;
        }
        let doing = format!("places of the records of `{name}`");
        let more = [provenance::FILE, provenance::LINE, provenance::DELIVERY];
        let (text, columns) = select_keys(table, &more, name);
        let fail = || EngineError::query(doing.clone());
        let mut rows = everything.texts(&doing, &text).await?;
        while let Some(batch) = rows.try_next().await.map_err(fail())? {
            let of = Keys::of(&batch, &columns);
            let files = batch.column(columns.len()).as_string::<i32>();
            let lines = batch.column(columns.len() + 1).as_string::<i32>();
            let deliveries = batch.column(columns.len() + 2).as_string::<i32>();
            for row in 0..batch.num_rows() {
                let record = (name.to_owned(), of.key(row));
                if let Ok(line) = lines.value(row).parse()
                    && wanted.contains(&record)
                {
                    let file = match (deliveries.value(row), files.value(row)) {
                        (delivery, file) if delivery == night => file.to_owned(),
                        (delivery, file) => format!("{delivery}/{file}"),
                    };
                    places.entry(record).or_insert((file, line));
                }
            }
        }
    }
    Ok(places)
}
