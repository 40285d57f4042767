//! What reads one format each, from an open file to frames of text; run by [`super::isolated`].

mod json_lines;
mod parquet;
mod rows;
mod sheet;
mod unpack;
mod workbook;

pub(super) use rows::{ERRORS, REJECTS, ipc};
pub(super) use sheet::cell_name;

use std::{fs::File, io::Write};

use serde::{Deserialize, Serialize};

use super::{isolated::Frames, written::Compression};
use crate::tables::Limits;

/// What is asked of a reader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// What is to be made of the file.
    pub(super) task: Task,
    /// What it may cost.
    pub(super) limits: Limits,
}

/// What is to be made of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Task {
    /// Its bytes, unpacked.
    Unpack(Compression),
    /// The rows of JSON Lines; where there is none, these are its columns.
    JsonLines(Vec<String>),
    /// The rows of some sheets.
    Workbook(Sheets),
    /// The rows of Parquet.
    Parquet,
}

/// Which sheets of a workbook are tables, and how they look.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sheets {
    /// Whether it is an OpenDocument spreadsheet.
    pub ods: bool,
    /// The pattern of their names.
    pub names: Option<String>,
    /// The row of the header, from 1.
    pub header_row: Option<u64>,
    /// The columns that the header should have, each with all its names.
    pub expected: Vec<Vec<String>>,
    /// With what the first cell of a row begins that stands below the table.
    pub footer: Vec<String>,
}

/// Why a file could not be read, without anything that stands in it.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum ReadError {
    /// It is not what it should be.
    #[error("it is damaged or cut off ({0}); deliver it again")]
    Damaged(String),
    /// It cannot be opened without a password.
    #[error("it is protected by a password; save it without one")]
    Protected,
    /// A breach of `limits.unpacked_size`.
    #[error("it holds more than {0} bytes unpacked (`limits.unpacked_size`)")]
    Unpacked(u64),
    /// A breach of `limits.compression_ratio`.
    #[error(
        "it holds more than {0} times its own size (`limits.compression_ratio`), as files do that are made to fill memory"
    )]
    Ratio(u64),
    /// A breach of `limits.entries`.
    #[error("it is packed of {found} files, more than {limit} (`limits.entries`)")]
    Entries {
        /// In the archive.
        found: u64,
        /// The limit.
        limit: usize,
    },
    /// A breach of `limits.sheets`.
    #[error("it has {found} sheets, more than {limit} (`limits.sheets`)")]
    Sheets {
        /// In the workbook.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A breach of `limits.columns`.
    #[error("it has more than {limit} columns (`limits.columns`){}", at(.line))]
    Columns {
        /// The line or row.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// A breach of `limits.record_size`.
    #[error("a record is longer than {limit} bytes (`limits.record_size`){}", at(.line))]
    RecordTooLong {
        /// The line or row.
        line: u64,
        /// The limit.
        limit: u64,
    },
    /// A breach of `limits.nesting`.
    #[error("its types are nested deeper than {0} (`limits.nesting`)")]
    Nesting(usize),
    /// No sheet has the name.
    #[error("it has no sheet `{wanted}`, but {}; correct `sheet` in the table's source", list(.found))]
    NoSheet {
        /// The pattern.
        wanted: String,
        /// The names of its sheets.
        found: Vec<String>,
    },
    /// Several sheets, and none was asked for.
    #[error("it has the sheets {}; say with `sheet` in the table's source which is meant", list(.0))]
    WhichSheet(Vec<String>),
    /// No row.
    #[error("{}it holds no row, not even one with the names of columns", of_sheet(.0))]
    Empty(Option<String>),
    /// A list of objects that is one value.
    #[error(
        "none of its lines is a JSON object, so it is no JSON Lines; export one object a line (NDJSON)"
    )]
    NoLines,
}

impl ReadError {
    /// Whether the file itself is at fault, and not what was said of it.
    pub(super) fn is_damage(&self) -> bool {
        !matches!(
            self,
            Self::NoSheet { .. } | Self::WhichSheet(_) | Self::Empty(_) | Self::NoLines
        )
    }
}

fn at(line: &u64) -> String {
    match line {
        0 => String::new(),
        line => format!(" on line {line}"),
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn of_sheet(sheet: &Option<String>) -> String {
    sheet
        .as_ref()
        .map_or_else(String::new, |sheet| format!("in sheet `{sheet}` "))
}

/// Why a reader stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Stopped {
    fn damaged(why: impl Into<String>) -> Self {
        Self::Read(ReadError::Damaged(why.into()))
    }
}

impl Request {
    /// Reads `input`. An error of the file goes to `out`; what is returned is that nobody listens any more.
    pub(super) fn read(&self, input: File, out: &mut Frames<impl Write>) -> std::io::Result<()> {
        let read = match &self.task {
            Task::Unpack(compression) => unpack::read(input, *compression, &self.limits, out),
            Task::JsonLines(names) => json_lines::read(input, names, &self.limits, out),
            Task::Workbook(sheets) => workbook::read(input, sheets, &self.limits, out),
            Task::Parquet => parquet::read(input, &self.limits, out),
        };
        match read {
            Ok(()) => out.done(),
            Err(Stopped::Read(error)) => out.failed(&error),
            Err(Stopped::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(error),
            Err(Stopped::Io(_)) => out.failed(&ReadError::Damaged("it cannot be read".to_owned())),
        }
    }
}
