//! Names that are safe to put into SQL, and the quoting that makes them so.

use std::fmt;

use serde::Serialize;

/// A table, column, list or rule part: `[a-z][a-z0-9_]*`, at most 63 characters.
///
/// The narrow alphabet is what lets a name stand in a file name, an SQL identifier and a rule id unescaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name(String);

/// Why a text is no [`Name`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no name: use 1 to 63 of a-z, 0-9 and _, starting with a letter, so that it can be a column, a file and part of a rule id"
)]
pub struct NotAName(String);

impl Name {
    /// Checks `text` against the alphabet.
    pub fn new(text: &str) -> Result<Self, NotAName> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        let all_well = text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if starts_well && all_well && text.len() <= 63 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName(text.to_owned()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` as an SQL identifier: quoted, inner quotes doubled.
pub fn sql_ident(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// `text` as an SQL string literal: quoted, inner quotes doubled.
pub fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Columns that the engine adds to every table; a project cannot declare one.
pub mod provenance {
    /// Name of the delivery (its folder's name).
    pub const DELIVERY: &str = "_delivery";
    /// File inside the delivery, with `/` between folders.
    pub const FILE: &str = "_file";
    /// Sheet of a workbook; null for text files.
    pub const SHEET: &str = "_sheet";
    /// Record number inside the file, from 1; the header does not count, rejected records do.
    pub const ROW: &str = "_row";
    /// First physical line of the record, from 1; the header counts.
    pub const LINE: &str = "_line";
    /// All of them, in the order of their columns.
    pub const ALL: [&str; 5] = [DELIVERY, FILE, SHEET, ROW, LINE];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_narrow() {
        for good in ["a", "case_ref", "t2"] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "2a", "a-b", "a b", "_row", "a\"", &"a".repeat(64)] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quoting_survives_quotes() {
        assert_eq!(sql_ident("a\"b"), "\"a\"\"b\"");
        assert_eq!(sql_text("o'clock"), "'o''clock'");
    }
}
