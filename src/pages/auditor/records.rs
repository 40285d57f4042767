//! The delivered records that rows of the log are about, read again from the exports with what is hidden left out.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use super::data::{Words, for_script};
use crate::{
    check::source::{SourceFile, TableSource},
    ingest::{IngestError, read_chunk},
    log::Masked,
};

/// Bytes at the beginning of a table's exports that are looked through.
const LOOKED_THROUGH: u64 = 64 << 20;

/// A record: its table, its file among the table's, its line.
pub type Place = (usize, usize, u64);

/// The delivered files by table, path and sheet.
pub struct Places<'s> {
    files: BTreeMap<(&'s str, &'s str, &'s str), (usize, usize)>,
}

impl<'s> Places<'s> {
    /// The files of the delivery; those whose rows an earlier run kept are not there any more.
    pub fn of(sources: &'s [Arc<TableSource>]) -> Self {
        let mut files = BTreeMap::new();
        for (t, source) in sources.iter().enumerate() {
            for (f, file) in source.files.iter().enumerate() {
                if file.origin.is_none() {
                    let sheet = file.export.sheet.as_deref().unwrap_or_default();
                    let name = (source.table.name.as_str(), file.export.file.as_str(), sheet);
                    files.insert(name, (t, f));
                }
            }
        }
        Self { files }
    }

    /// Where a row of the log says that its record stands.
    pub fn find(
        &self,
        (table, file, sheet): (String, String, String),
        line: Option<i64>,
    ) -> Option<Place> {
        let line = u64::try_from(line?).ok()?;
        let (t, f) = self
            .files
            .get(&(table.as_str(), file.as_str(), sheet.as_str()))?;
        Some((*t, *f, line))
    }
}

/// Records as the page's data has them.
#[derive(Default)]
pub struct Records {
    /// Each as JSON.
    pub json: Vec<String>,
    /// The names of their columns, as JSON; files of a table may have others.
    pub tables: Vec<String>,
    /// For each record the rows that are about it.
    pub of_rows: BTreeMap<usize, Vec<usize>>,
}

/// Looks the wanted records up, as long as their words have `room`.
///
/// A file that is another by now has none: what the run read of it is not there any more.
pub fn look_up(
    sources: &[Arc<TableSource>],
    wanted: &BTreeMap<Place, Vec<usize>>,
    words: &mut Words,
    room: usize,
) -> Records {
    let mut found = Records::default();
    for (t, source) in sources.iter().enumerate() {
        let mut before = 0;
        for (f, file) in source.files.iter().enumerate() {
            for chunk in 0..file.export.chunks.len() {
                let Some(shape) = file.export.chunks.get(chunk) else {
                    continue;
                };
                if before >= LOOKED_THROUGH || words.bytes() > room {
                    break;
                }
                if file.origin.is_some() {
                    continue;
                }
                before += shape.bytes;
                let end = file.export.chunks.get(chunk + 1);
                let end = end.map_or(u64::MAX, |next| next.first_line);
                let here = (t, f, shape.first_line)..(t, f, end);
                if wanted.range(here).next().is_none() {
                    continue;
                }
                let read = of_chunk(source, (t, f, chunk), wanted, words, &mut found);
                if let Err(error) = read {
                    tracing::warn!(
                        "a page is without some records as they were delivered: {error}"
                    );
                }
            }
        }
    }
    found
}

fn of_chunk(
    source: &TableSource,
    (t, f, chunk): (usize, usize, usize),
    wanted: &BTreeMap<Place, Vec<usize>>,
    words: &mut Words,
    found: &mut Records,
) -> Result<(), IngestError> {
    let Some(SourceFile { export, .. }) = source.files.get(f) else {
        return Ok(());
    };
    let all: Vec<usize> = (0..export.header.len()).collect();
    let masked = Masked::of(&export.header, Some(&source.table));
    let mut table = None;
    for batch in read_chunk(export, chunk, &all, &source.limits)? {
        let batch = batch?;
        for (at, line) in batch.lines.values().iter().enumerate() {
            let place = u64::try_from(*line).ok().map(|line| (t, f, line));
            let Some(rows) = place.and_then(|place| wanted.get(&place)) else {
                continue;
            };
            let cells = batch.columns.iter().enumerate();
            let cells: Vec<usize> = cells
                .map(|(column, texts)| words.place(masked.cell(column, texts.value(at))))
                .collect();
            let table = *table.get_or_insert_with(|| table_of(source, &export.header, found));
            found.of_rows.insert(found.json.len(), rows.clone());
            let record = json!({ "table": table, "cells": cells });
            found.json.push(record.to_string());
        }
    }
    Ok(())
}

/// The place of a table with these columns; declared columns have their declared names.
fn table_of(source: &TableSource, header: &[String], found: &mut Records) -> usize {
    let name = |column: &String| {
        let declared = source.table.column_under(column);
        declared.map_or(column.clone(), |column| column.name.to_string())
    };
    let columns: Vec<String> = header.iter().map(name).collect();
    let table = json!({ "name": source.table.name.as_str(), "columns": columns });
    let table = for_script(&table.to_string());
    match found.tables.iter().position(|known| *known == table) {
        Some(at) => at,
        None => {
            found.tables.push(table);
            found.tables.len() - 1
        }
    }
}
