//! How the files of a table are written, as far as its project says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FilePattern;

/// How the files of a table are written; what is left open is found out from each file and recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Their format; told by their first bytes and their names if nothing is said.
    pub format: Option<Format>,
    /// The encoding of text files.
    pub encoding: Option<Encoding>,
    /// What parts the fields of CSV.
    pub delimiter: Option<u8>,
    /// What CSV puts around fields.
    pub quote: Option<Quote>,
    /// What CSV puts before a character that is text.
    pub escape: Option<u8>,
    /// The line (of a sheet: the row) of the header.
    pub header_row: Option<u64>,
    /// With what a row begins that stands below the table, such as a total or a date of printing.
    pub footer: Vec<String>,
    /// The sheets of a workbook that hold the table.
    pub sheet: Option<FilePattern>,
}

impl Reading {
    /// Plain CSV that begins with its header, as this program itself writes rows for the reader.
    pub fn plain() -> Self {
        Self {
            format: Some(Format::Csv),
            encoding: Some(Encoding::Utf8),
            delimiter: Some(b','),
            quote: Some(Quote::Byte(b'"')),
            header_row: Some(1),
            ..Self::default()
        }
    }
}

/// The format of a file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename = "format", rename_all = "snake_case")]
#[schemars(rename = "Format")]
pub enum Format {
    /// Text with a record a line and a delimiter between fields.
    Csv,
    /// A JSON object a line.
    JsonLines,
    /// An Excel workbook.
    Xlsx,
    /// An OpenDocument spreadsheet.
    Ods,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Whether its cells have types of their own, so that dates are ISO 8601 whatever formats are declared.
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Xlsx | Self::Ods | Self::Parquet)
    }

    /// The format in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
            Self::Xlsx => "an Excel workbook",
            Self::Ods => "an OpenDocument spreadsheet",
            Self::Parquet => "Parquet",
        }
    }
}

/// The encoding of a text file.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename = "encoding")]
#[schemars(rename = "Encoding")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows-1252, the "ANSI" of Western Windows; ISO 8859-1 is read as that too.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// What CSV puts around fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// Nothing: a quote is text.
    Nothing,
    /// This byte.
    Byte(u8),
}
