//! What files hold, seen in one pass: types, gaps, values, shapes, keys, and what looks wrong.
//!
//! Memory is bounded: of each column a few thousand values, shapes and hashes are kept, and the first places of what is
//! remarkable.

mod codes;
mod column;
mod distinct;
pub mod json;
mod keys;
mod personal;
mod shape;
mod suggest;
mod tally;
mod types;

use std::path::{Path, PathBuf};

use jiff::civil::Date;

pub use column::{Column, MissingText, Suspect};
pub use distinct::Count;
pub use keys::Key;
pub use shape::display;
pub use suggest::suggest;
pub use tally::{Place, Seen};

use self::{column::Cells, keys::Keys};
use crate::{
    conform,
    ingest::{Export, IngestError, Limits, Means, open, other_separator, read_chunk},
    tables::{Encoding, FilePattern, Reading},
};

/// Rejected records whose places are told.
const REJECTS: usize = 5;

/// Files with one header: a table.
#[derive(Clone, Debug)]
pub struct Table {
    /// A name for it, after the first file's.
    pub name: String,
    /// A pattern of the files' names.
    pub pattern: String,
    /// The files, as they were given, each with its sheet.
    pub files: Vec<String>,
    /// The sheet of a workbook that they are.
    pub sheet: Option<String>,
    /// The encoding of a text that is no UTF-8.
    pub encoding: Option<Encoding>,
    /// Rows, rejected records not among them.
    pub rows: u64,
    /// Records that are no row.
    pub rejects: u64,
    /// The first of them, and why.
    pub rejected: Vec<(Place, String)>,
    /// The columns, in the order of the header.
    pub columns: Vec<Column>,
    /// Columns that identify a row, alone or together; the likeliest first.
    pub keys: Vec<Key>,
    /// The date taken for today.
    pub as_of: Date,
}

/// Looks at `files`, and each sheet of a workbook; those with one header are one table.
///
/// # Errors
/// A file cannot be read.
pub fn profile(
    files: &[PathBuf],
    as_of: Date,
    means: Means<'_>,
) -> Result<Vec<Table>, IngestError> {
    let reading = Reading {
        sheet: FilePattern::new("*").ok(),
        ..Reading::default()
    };
    let mut tables: Vec<Vec<Export>> = Vec::new();
    for path in files {
        for export in open(&path.display().to_string(), path, &reading, &[], means)? {
            match tables.iter_mut().find(|t| t[0].header == export.header) {
                Some(table) => table.push(export),
                None => tables.push(vec![export]),
            }
        }
    }
    tables
        .iter()
        .map(|exports| table(exports, as_of, means.limits))
        .collect()
}

fn table(exports: &[Export], as_of: Date, limits: &Limits) -> Result<Table, IngestError> {
    let header = &exports[0].header;
    let wanted: Vec<usize> = (0..header.len()).collect();
    let today = conform::days(as_of).unwrap_or(i32::MAX);
    let mut columns: Vec<Cells> = header.iter().map(|name| Cells::new(name, today)).collect();
    let mut keys = Keys::default();
    let (mut rows, mut rejects, mut rejected) = (0, 0, Vec::new());
    for (file, export) in exports.iter().enumerate() {
        for chunk in 0..export.chunks.len() {
            for batch in read_chunk(export, chunk, &wanted, limits)? {
                let batch = batch?;
                let places: Vec<Place> = batch
                    .lines
                    .values()
                    .iter()
                    .map(|line| Place {
                        file,
                        line: line.unsigned_abs(),
                    })
                    .collect();
                rows += places.len() as u64;
                for reject in &batch.rejects {
                    rejects += 1;
                    if rejected.len() < REJECTS {
                        let place = Place {
                            file,
                            line: reject.line,
                        };
                        rejected.push((place, reject.reason.to_string()));
                    }
                }
                let cells = columns.iter_mut().zip(&batch.columns);
                let hashes = cells
                    .map(|(cells, texts)| cells.add(texts, &places))
                    .collect();
                keys.add(&hashes, |at| columns[at].may_identify());
            }
        }
    }
    let columns: Vec<Column> = columns
        .into_iter()
        .map(|cells| cells.finish(rows))
        .collect();
    let mut single: Vec<Key> = (0..columns.len())
        .filter(|at| columns[*at].identifies(rows))
        .map(|at| Key {
            columns: vec![at],
            repeated: columns[at].repeated,
        })
        .collect();
    single.sort_by_key(|key| !columns[key.columns[0]].is_called_a_key());
    let filled = |key: &Key| key.columns.iter().all(|at| columns[*at].is_filled(rows));
    single.extend(keys.candidates().into_iter().filter(filled));
    let names: Vec<&str> = exports.iter().map(|e| file_name(&e.file)).collect();
    Ok(Table {
        name: table_name(names[0]),
        pattern: pattern(&names),
        files: exports.iter().map(Export::name).collect(),
        sheet: exports[0].sheet.clone(),
        encoding: exports[0]
            .written
            .encoding
            .filter(|e| *e == Encoding::Windows1252),
        rows,
        rejects,
        rejected,
        columns,
        keys: single,
        as_of,
    })
}

impl Table {
    /// What seems to part the names of the header, where that is no comma.
    pub fn separator(&self) -> Option<char> {
        let header: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        other_separator(&header)
    }
}

fn file_name(path: &str) -> &str {
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    name.unwrap_or(path)
}

/// A table's name after a file's: `Cases 2017-01.csv` is `cases`.
fn table_name(file: &str) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let lower: String = stem
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
            _ => '_',
        })
        .collect();
    let ends = |c: char| c == '_' || c.is_ascii_digit();
    let name: String = lower.trim_matches(ends).chars().take(63).collect();
    if name.is_empty() {
        "table_1".to_owned()
    } else {
        name
    }
}

/// A pattern that matches all of the names, and as few others as stars allow.
fn pattern(names: &[&str]) -> String {
    let literal = |text: &str| -> String {
        let quoted = |c: char| match c {
            '*' | '?' | '[' => format!("[{c}]"),
            c => c.to_string(),
        };
        text.chars().map(quoted).collect()
    };
    let first = names[0];
    if names.iter().all(|name| *name == first) {
        return literal(first);
    }
    let least = names.iter().map(|n| n.chars().count()).min().unwrap_or(0);
    let at = |name: &str, n: usize| name.chars().nth(n);
    let from_end = |name: &str, n: usize| name.chars().rev().nth(n);
    let start = (0..least)
        .take_while(|n| names.iter().all(|x| at(x, *n) == at(first, *n)))
        .count();
    let end = (0..least - start)
        .take_while(|n| names.iter().all(|x| from_end(x, *n) == from_end(first, *n)))
        .count();
    let head: String = first.chars().take(start).collect();
    let tail: String = first.chars().skip(first.chars().count() - end).collect();
    format!("{}*{}", literal(&head), literal(&tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_after_their_files() {
        for (file, want) in [
            ("cases.csv", "cases"),
            ("Cases 2017-01.csv", "cases"),
            ("2017_visits.csv", "visits"),
            ("2017.csv", "table_1"),
            ("a.b.csv", "a_b"),
        ] {
            assert_eq!(table_name(file), want, "{file}");
            assert!(crate::names::Name::new(&table_name(file)).is_ok());
        }
    }

    #[test]
    fn a_pattern_matches_the_files() {
        for (files, want) in [
            (&["a.csv"][..], "a.csv"),
            (&["a_01.csv", "a_02.csv"], "a_0*.csv"),
            (&["a.csv", "b.csv"], "*.csv"),
            (&["aa.csv", "a.csv"], "a*.csv"),
            (&["x[1].csv"], "x[[]1].csv"),
        ] {
            assert_eq!(pattern(files), want);
        }
    }
}
