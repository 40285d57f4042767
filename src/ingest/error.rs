//! Why a file cannot be read at all, or not any further.

use std::{fmt, io};

use super::{mapping::HeaderMismatch, readers::ReadError};
use crate::tables::Format;

/// What stops the reading of a file.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The operating system refused.
    #[error("cannot {action} `{file}`: {source}; check that the file is there and may be read")]
    Io {
        /// The file.
        file: String,
        /// What was tried: `open`, `read` or `look up`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A folder, pipe or device.
    #[error(
        "`{file}` is no regular file but a folder, pipe or device, so it cannot be read twice; name a file"
    )]
    NotAFile {
        /// The file.
        file: String,
    },
    /// The file is not the one that was indexed.
    #[error(
        "`{file}` changed while it was being read, so its rows and its hash would not belong together; run again when the export has finished writing"
    )]
    Changed {
        /// The file.
        file: String,
    },
    /// No byte, or only blank lines.
    #[error(
        "`{file}` has no header: it is empty or holds only blank lines; deliver at least the line with the column names"
    )]
    Empty {
        /// The file.
        file: String,
    },
    /// The file ends before the line of its header.
    #[error(
        "`{file}` has no line {line}, on which `header_row` of the table\u{2019}s `source` says that its header stands; correct the number, or deliver the whole file"
    )]
    NoHeaderRow {
        /// The file.
        file: String,
        /// The line that it should have.
        line: u64,
    },
    /// Another format under the name of a CSV.
    #[error("`{file}` is {format}, which is not read as it stands; {}", .format.advice())]
    Foreign {
        /// The file.
        file: String,
        /// What it is instead.
        format: Foreign,
    },
    /// Lines that only carriage returns end.
    #[error(
        "`{file}` line {line}: a carriage return without a line feed stands in the header, as old Mac line endings do; export with LF or CRLF line endings"
    )]
    CarriageReturns {
        /// The file.
        file: String,
        /// The header's line.
        line: u64,
    },
    /// The header's bytes are no UTF-8.
    #[error(
        "`{file}` line {line}: the header is not UTF-8 from its byte {byte} on, so columns cannot be named; write the file\u{2019}s `encoding` in the table\u{2019}s `source`, or export it as UTF-8"
    )]
    HeaderEncoding {
        /// The file.
        file: String,
        /// The header's line.
        line: u64,
        /// The first bad byte of the header, from 1.
        byte: usize,
    },
    /// A quoted name goes on after its closing quote.
    #[error(
        "`{file}` line {line}: text follows a closing quote in the header; double the quotes inside a quoted name, or correct `delimiter` or `quote` in the table\u{2019}s `source`"
    )]
    HeaderQuote {
        /// The file.
        file: String,
        /// The header's line.
        line: u64,
    },
    /// The header does not end.
    #[error(
        "`{file}` line {line}: no header ends within the first {limit} bytes, the limit `limits.header_size` of rules/project.yaml{}; check the file's line endings and quotes, or raise the limit",
        open_quote(.quote)
    )]
    HeaderTooLong {
        /// The file.
        file: String,
        /// Where the header starts.
        line: u64,
        /// `Limits::header_bytes`.
        limit: usize,
        /// The line of a quote that is still open.
        quote: Option<u64>,
    },
    /// More columns than the limit.
    #[error(
        "`{file}` line {line}: the header has {found} columns, more than {limit}, the limit `limits.columns` of rules/project.yaml; check the file, export fewer columns, or raise the limit"
    )]
    TooManyColumns {
        /// The file.
        file: String,
        /// The header's line.
        line: u64,
        /// Its columns.
        found: usize,
        /// `Limits::columns`.
        limit: usize,
    },
    /// A quote that swallows the rest of the file.
    #[error(
        "`{file}` line {line}: a quote opens here and is not closed before the end of the file, so what follows cannot be parted into records; close the quote or export the file again (it may have been cut off)"
    )]
    UnclosedQuote {
        /// The file.
        file: String,
        /// The line of the quote, which may lie inside its record.
        line: u64,
    },
    /// A record longer than the limit.
    #[error(
        "`{file}` line {line}: the record that starts here is longer than {limit} bytes, the limit `limits.record_size` of rules/project.yaml{}; correct the export, leave out what is so long, or raise the limit",
        open_quote(.quote)
    )]
    RecordTooLong {
        /// The file.
        file: String,
        /// Where the record starts.
        line: u64,
        /// `Limits::record_bytes`.
        limit: u64,
        /// The line of a quote that is still open at the limit.
        quote: Option<u64>,
    },
    /// The header does not carry the declared columns.
    #[error("`{file}`{}: {mismatch}", on_line(.line))]
    Header {
        /// The file.
        file: String,
        /// The header's line.
        line: u64,
        /// All that is wrong with it.
        mismatch: HeaderMismatch,
    },
    /// A caller's mistake: no such chunk.
    #[error(
        "`{file}` has {chunks} chunks, so there is no chunk {chunk} (from 0); ask for one that its index lists"
    )]
    NoChunk {
        /// The file.
        file: String,
        /// Asked for.
        chunk: usize,
        /// Indexed.
        chunks: usize,
    },
    /// A caller's mistake: no such field.
    #[error(
        "`{file}` has {fields} columns, so there is no field {field} (from 0); take positions from its header"
    )]
    NoField {
        /// The file.
        file: String,
        /// Asked for.
        field: usize,
        /// In the header.
        fields: usize,
    },
    /// A hidden value that is the name of a folder.
    #[error(
        "column `{column}` of table `{table}` is hidden, and names of folders tell it, which stand in every output; deliver it as a column of the files, or declare `policy: show`"
    )]
    HiddenFolder {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A breach of `limits.file_size`.
    #[error(
        "`{file}` has {bytes} bytes, more than {limit} (`limits.file_size` of rules/project.yaml), which is the most that is read"
    )]
    FileTooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Not the format that the project or the file's name says.
    #[error(
        "`{file}` is {told} where {} is expected; correct its name or the table's `format`, or deliver it again", .declared.words()
    )]
    OtherFormat {
        /// The file.
        file: String,
        /// What the project or its name says.
        declared: Format,
        /// What it is.
        told: &'static str,
    },
    /// Text that ends inside a character.
    #[error(
        "`{file}` is text in {encoding} and ends inside a character: it was cut off, or is none; deliver it again"
    )]
    HalfACharacter {
        /// The file.
        file: String,
        /// The encoding's name.
        encoding: &'static str,
    },
    /// A reader says why it cannot read on.
    #[error("`{file}` cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: ReadError,
    },
    /// A reader died.
    #[error(
        "`{file}` cannot be read: its reader {how}; the file may be damaged or made to do harm: deliver it again, or raise the limit if one is named and the file is right"
    )]
    ReaderDied {
        /// The file.
        file: String,
        /// How.
        how: String,
    },
    /// Arrow refused a column.
    #[error(
        "`{file}` row {row}: cannot build a column of text from here on: {source}; lower the limit `batch_rows`"
    )]
    Column {
        /// The file.
        file: String,
        /// First row of the batch.
        row: u64,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
}

impl IngestError {
    /// Whether the file itself is at fault, so that others can be read all the same.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::ReaderDied { .. } | Self::HalfACharacter { .. } => true,
            Self::Unreadable { source, .. } => source.is_damage(),
            _ => false,
        }
    }
}

/// The part of a message about a line, if there is one.
fn on_line(line: &u64) -> String {
    match line {
        0 => String::new(),
        line => format!(" line {line}"),
    }
}

/// The part of a message about a quote that was still open at a limit.
fn open_quote(line: &Option<u64>) -> String {
    line.map_or_else(String::new, |line| {
        format!(" (the quote that opens on line {line} is still open there: it may lack its closing quote)")
    })
}

/// Formats that are told by their first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// UTF-32, or what has zero bytes in its header; UTF-16 that is told was decoded before.
    Utf16,
    /// bzip2 or xz; what gzip and Zstandard pack was unpacked before.
    Compressed,
    /// A ZIP archive that is no workbook.
    Zip,
    /// An old binary workbook.
    Xls,
    /// Parquet.
    Parquet,
    /// PDF.
    Pdf,
    /// HTML or XML.
    Markup,
}

impl Foreign {
    /// What `start`, the beginning of a file, gives away; long enough not to mistake a column's name.
    pub(super) fn told_by(start: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Foreign); 11] = [
            (b"\xFF\xFE", Foreign::Utf16),
            (b"\xFE\xFF", Foreign::Utf16),
            (b"\x00\x00\xFE\xFF", Foreign::Utf16),
            (b"\x1F\x8B", Foreign::Compressed),
            (b"\x28\xB5\x2F\xFD", Foreign::Compressed),
            (b"BZh91AY&SY", Foreign::Compressed),
            (b"\xFD7zXZ\x00", Foreign::Compressed),
            (b"PK\x03\x04", Foreign::Zip),
            (b"\xD0\xCF\x11\xE0", Foreign::Xls),
            (b"PAR1\x15", Foreign::Parquet),
            (b"%PDF-", Foreign::Pdf),
        ];
        if is_markup(start) {
            return Some(Self::Markup);
        }
        MAGIC
            .iter()
            .find(|(magic, _)| start.starts_with(magic))
            .map(|(_, format)| *format)
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Utf16 => {
                "export it as UTF-8 (`CSV UTF-8` in a spreadsheet's list of formats), or as UTF-16 with a byte order mark"
            }
            Self::Compressed => "unpack it first, or pack it with gzip or Zstandard",
            Self::Zip => "unpack it, or save the workbook again",
            Self::Xls => "save it as .xlsx, without a password",
            Self::Parquet | Self::Pdf => "export the table as CSV",
            Self::Markup => {
                "it may be a page that says why there is no export, or a table saved for a browser; export it again as CSV"
            }
        }
    }
}

/// Whether a text begins as a page or a document does.
fn is_markup(start: &[u8]) -> bool {
    const TAGS: [&[u8]; 7] = [
        b"<!doctype",
        b"<html",
        b"<head",
        b"<body",
        b"<table",
        b"<meta",
        b"<?xml",
    ];
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let start = start.trim_ascii_start();
    TAGS.iter().any(|tag| {
        let begin = start.get(..tag.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
    })
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Foreign {
    /// What it is.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Utf16 => "UTF-32, or text with zero bytes in its header",
            Self::Compressed => "a compressed file of another kind than gzip and Zstandard",
            Self::Zip => "a ZIP archive that is no workbook",
            Self::Xls => "an old binary workbook, or one that a password protects",
            Self::Parquet => "a Parquet file",
            Self::Pdf => "a PDF",
            Self::Markup => "an HTML page or XML",
        }
    }
}
