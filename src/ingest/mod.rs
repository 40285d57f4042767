//! Reads the delivered files: as text, with the exact place of every record. Judges nothing.
//!
//! [`open`] finds out what a file is. Workbooks, Parquet, JSON Lines and what is compressed are read by a process of their own
//! ([`isolated`]); their rows, and text that is no UTF-8, are kept in a temporary file. What follows is about CSV.
//!
//! [`index`] passes once over a file and keeps only its shape: hash, header and where chunks of whole records begin.
//! [`read_chunk`] then reads any chunk, in any order and on any thread, into batches of text columns.
//!
//! The rules of the format, the same in both:
//! - fields are parted by the dialect's delimiter, records by LF or CRLF;
//! - a quote opens only as the first byte of a field; inside, two quotes are one, and delimiters and line breaks are text;
//!   any other quote is text;
//! - an escape, which few dialects have, makes text of the byte behind it, in quotes and outside;
//! - a line without a byte is no record and has no row number (so a blank value alone on its line is written `""`);
//! - lines are what LF ends, also inside quotes: `sed -n <line>p` shows where a record starts;
//! - what cannot be a row (field count, text after a closing quote, bytes that are no text) is a [`Reject`] and has a
//!   row number, as have a header that stands there once more and a footer; what makes the rest of the file unreadable is
//!   an [`IngestError`].
//!
//! The dialect and the place of the header are declared, or found out from the beginning of the file (`sniff`).

mod carried;
mod chunk;
mod columns;
mod encoding;
mod error;
mod header;
mod header_row;
mod index;
mod isolated;
mod mapping;
mod marks;
mod open;
mod reader;
mod readers;
mod records;
mod signs;
mod sniff;
mod spool;
mod swallowed;
#[cfg(test)]
mod tests;
mod written;

use std::{
    fs::{File, Metadata},
    ops::Range,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

pub use carried::{CarriedError, CarriedFile, CarriedRows};
pub use chunk::{ChunkReader, read_chunk};
pub use error::{Foreign, IngestError};
pub use header::{other_separator, separated_by};
#[doc(hidden)]
pub use index::index_blocks;
pub use index::{index, index_as};
pub use isolated::{READ_FILE, Reader, serve};
pub use mapping::{Expected, HeaderMismatch, Mapping, MissingColumn, RepeatedColumn, map_header};
pub use open::{Means, Scratch, hash_of, open};
pub use reader::{RawBatch, RawRecord, Reject, RejectReason};
pub use swallowed::Swallowed;

pub use written::{Compression, Dialect, Remark, Written};

use crate::tables::Format;
pub use crate::tables::Limits;

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    /// On disk: opened again for every chunk, never held whole.
    File(PathBuf),
    /// In memory, such as the rows of an example.
    Bytes(Arc<[u8]>),
    /// In a temporary file without a name: text that was unpacked or decoded.
    Scratch(Arc<File>),
    /// In such a file: rows that a reader made of another format.
    Rows(Arc<File>),
}

/// A cell that holds an error in place of a value, and so is read as blank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// The number of its row.
    pub row: u64,
    /// The line, or the row of the sheet.
    pub line: u64,
    /// The position of its column in the header.
    pub column: usize,
    /// What the cell says, such as `#N/A`.
    pub text: String,
}

/// One file, indexed: nothing is kept but its shape.
#[derive(Clone, Debug)]
pub struct Export {
    /// Name inside the delivery, with `/` between folders.
    pub file: String,
    /// The sheet of it that this is, of a workbook.
    pub sheet: Option<String>,
    /// How it turned out to be written.
    pub written: Written,
    /// What is to be told of how it was read.
    pub remarks: Vec<Remark>,
    /// Where its bytes are.
    pub content: Content,
    /// SHA-256 of all its bytes, in lower-case hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
    /// Its size, as delivered.
    pub bytes: u64,
    /// The names of the columns, trimmed, in the file's order; never empty. The last are those of `constants`.
    pub header: Vec<String>,
    /// The column of the sheet under which the first of them stands, from 0.
    pub first_column: usize,
    /// The columns of the sheet under which they stand, from 0, where they stand not side by side; else empty.
    places: Vec<usize>,
    /// Values that all its rows share, which its path tells.
    pub constants: Vec<String>,
    /// The line of the header: 1 unless something stands before it.
    pub header_line: u64,
    /// Whole records, in order, without gaps; empty when nothing follows the header.
    pub chunks: Vec<Chunk>,
    /// Records after the header, rejects included.
    pub records: u64,
    /// The row from which on a footer stands.
    footer: Option<u64>,
    /// Whether the last line ends in a line break. If not, the file may have been cut off.
    pub terminated: bool,
    /// It is no UTF-8, and more likely Windows-1252.
    doubtful: bool,
    /// What the file looked like, to notice a change; `None` for bytes in memory.
    stamp: Option<Stamp>,
}

impl Export {
    /// What it is called in messages: its file, and its sheet of a workbook.
    pub fn name(&self) -> String {
        match &self.sheet {
            Some(sheet) => format!("{}, sheet {sheet}", self.file),
            None => self.file.clone(),
        }
    }

    /// Where a cell is, for messages: `cell C17` of a sheet, or its line.
    pub fn place(&self, column: usize, line: u64) -> String {
        match (self.written.format, &self.sheet) {
            (_, Some(_)) => format!(
                "cell {}",
                readers::cell_name(self.column_of_sheet(column), line)
            ),
            (Format::Parquet, None) => format!("row {line}"),
            _ => format!("line {line}"),
        }
    }

    /// The column of the sheet under which a field stands, from 0.
    pub fn column_of_sheet(&self, column: usize) -> usize {
        let place = self.places.get(column).copied();
        place.unwrap_or(self.first_column + column)
    }

    /// A table that was kept in `content`; its hash and size are not known here.
    fn kept(file: String, written: Written, kept: spool::Kept, content: Content) -> Self {
        Self {
            file,
            sheet: kept.head.sheet,
            written,
            remarks: kept.tail.remarks,
            doubtful: false,
            content,
            sha256: String::new(),
            bytes: 0,
            header: kept.head.header,
            first_column: kept.head.first_column,
            places: Vec::new(),
            constants: Vec::new(),
            header_line: kept.head.header_line,
            chunks: kept.chunks,
            records: kept.tail.records,
            footer: None,
            terminated: kept.tail.terminated,
            stamp: None,
        }
    }

    /// The row numbers of a chunk's records.
    fn rows(&self, chunk: usize) -> Option<Range<u64>> {
        let first = self.chunks.get(chunk)?.first_row;
        let end = self
            .chunks
            .get(chunk + 1)
            .map_or(self.records + 1, |c| c.first_row);
        Some(first..end)
    }
}

/// A stretch of whole records (and the blank lines among them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its size.
    pub bytes: u64,
    /// Row number of its first record, from 1, the header excluded.
    pub first_row: u64,
    /// Physical line at its beginning, from 1, the header included.
    pub first_line: u64,
}

/// What tells that a file is still the one that was indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: (i64, i64),
    inode: (u64, u64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            inode: (metadata.dev(), metadata.ino()),
        }
    }
}
