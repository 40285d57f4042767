//! Reads the delivered CSV files: as text, with the exact place of every record. Judges nothing.
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

mod columns;
mod error;
mod header;
mod index;
mod marks;
mod reader;
mod records;
mod signs;
mod sniff;
mod swallowed;
#[cfg(test)]
mod tests;
mod written;

use std::{fs::Metadata, ops::Range, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc};

pub use error::{Foreign, IngestError};
pub use header::{
    HeaderMismatch, Mapping, MissingColumn, RepeatedColumn, map_header, other_separator,
    separated_by,
};
pub use index::{index, index_as};
pub use reader::{ChunkReader, RawBatch, RawRecord, Reject, RejectReason, read_chunk};
pub use swallowed::Swallowed;

pub use written::{Compression, Dialect, Remark, Written};

pub use crate::tables::Limits;

/// Where a file's bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    /// On disk: opened again for every chunk, never held whole.
    File(PathBuf),
    /// In memory, such as a sheet that was turned into CSV.
    Bytes(Arc<[u8]>),
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
    /// Its size.
    pub bytes: u64,
    /// The names of the columns, trimmed, in the file's order; never empty.
    pub header: Vec<String>,
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
    /// What the file looked like, to notice a change; `None` for bytes in memory.
    stamp: Option<Stamp>,
}

impl Export {
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
