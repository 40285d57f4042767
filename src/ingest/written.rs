//! How a file turned out to be written.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tables::{Encoding, Format, Quote};

/// How a file turned out to be written, whether it was declared or found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its format.
    pub format: Format,
    /// What it is compressed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// The encoding of a text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// How its fields are parted, for CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
}

impl Written {
    /// CSV in UTF-8 of this dialect.
    pub fn csv(dialect: Dialect) -> Self {
        Self {
            format: Format::Csv,
            compression: None,
            encoding: Some(Encoding::Utf8),
            dialect: Some(dialect),
        }
    }
}

/// How CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// What parts its fields.
    pub delimiter: u8,
    /// What may stand around a field.
    pub quote: Quote,
    /// What makes text of the character behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<u8>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Quote::Byte(b'"'),
            escape: None,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.delimiter {
            b'\t' => f.write_str("fields parted by tabs")?,
            delimiter => write!(f, "fields parted by `{}`", char::from(delimiter))?,
        }
        match self.quote {
            Quote::Nothing => f.write_str(", no quotes")?,
            Quote::Byte(quote) => write!(f, ", quotes `{}`", char::from(quote))?,
        }
        match self.escape {
            None => Ok(()),
            Some(escape) => write!(f, ", escapes `{}`", char::from(escape)),
        }
    }
}

/// What a file is compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Something about how a file was read that its readers have to know: a guess, or what was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it is about: `encoding`, `dialect`, `preamble`, `footer`, …; one of each kind a file.
    pub about: String,
    /// The line, or the row of a sheet.
    pub line: Option<u64>,
    /// What was found.
    pub found: String,
    /// A sentence about it, without the file's name and without values of cells.
    pub message: String,
}
