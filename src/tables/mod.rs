//! The declared model: tables, columns, types, and the code lists that columns draw on.

mod codes;
mod delivers;
mod drift;
mod file_pattern;
mod gates;
mod limits;
mod reading;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use codes::{
    Alias, AliasCause, Cause, Code, CodeList, Codes, Confidence, Correspondence, Entry, Relation,
    Repair, VARIANT,
};
pub use delivers::Delivers;
pub use drift::{Drift, MissingColumns, NewColumns, ReorderedColumns, RetypedColumns};
pub use file_pattern::{FilePattern, NoPattern, exact_day};
pub use gates::{Freshness, Gates, Percent, Steps, Volume};
pub use limits::{Limits, size};
pub use reading::{Encoding, Format, Quote, Reading};

use crate::names::Name;

/// A table of the delivery, as the project declares it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, also its output's file name.
    pub name: Name,
    /// What a row is, for readers.
    pub description: String,
    /// Its files inside the delivery.
    pub files: FilePattern,
    /// Whether a delivery without such a file is refused.
    pub required: bool,
    /// What a delivery holds of it.
    pub delivers: Delivers,
    /// How its files are written.
    pub reading: Reading,
    /// What is done when they do not have the declared columns.
    pub drift: Drift,
    /// What it is held to as a whole.
    pub gates: Gates,
    /// The columns that identify a row, as indices into `columns`.
    pub key: Vec<usize>,
    /// The columns in declared order.
    pub columns: Vec<Column>,
}

impl Table {
    /// The index of the column called `name`.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name.as_str() == name)
    }

    /// For each column the one whose cells it reads: itself, or another that the export has.
    pub fn read_columns(&self) -> impl Iterator<Item = &Column> {
        let source = |column: &Column| column.from.and_then(|from| self.columns.get(from));
        self.columns.iter().map(move |c| source(c).unwrap_or(c))
    }

    /// For each column the name in the header that its cells stand under, unless it is an alias.
    pub fn read_from(&self) -> Vec<&str> {
        self.read_columns().map(|c| c.name.as_str()).collect()
    }

    /// The names that a header may have for each column.
    pub fn headers(&self) -> Vec<Vec<&str>> {
        let headers = |column| Column::headers(column).collect();
        self.delivered().map(headers).collect()
    }

    /// The column whose cells stand under `header`.
    pub fn column_under(&self, header: &str) -> Option<&Column> {
        let mut delivered = self.delivered();
        delivered.find(|column| column.headers().any(|name| name == header))
    }

    /// Whether a file without `column` is refused: nothing can be said of rows that have no key.
    pub fn needs(&self, column: &Column) -> bool {
        let of_key = || {
            self.read_columns()
                .enumerate()
                .any(|(at, read)| self.key.contains(&at) && read.name == column.name)
        };
        self.drift.missing_columns == MissingColumns::Fail || of_key()
    }

    /// The columns that the export has, without those that are made from others.
    pub fn delivered(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|column| column.from.is_none())
    }
}

/// A column and how its text becomes a value.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name: in every output, and in the export's header unless an alias stands there.
    pub name: Name,
    /// What it means, for readers.
    pub description: String,
    /// Other headers that it may be delivered under.
    pub aliases: Vec<String>,
    /// The column whose cells it reads, where it has none of its own in the export.
    pub from: Option<usize>,
    /// The type of the cleaned value.
    pub ty: ColumnType,
    /// For dates and timestamps: accepted strptime formats, canonical first.
    pub formats: Vec<String>,
    /// Repairs of the text, in order, before anything else looks at it.
    pub clean: Vec<Clean>,
    /// Texts that mean a kind of missing, beside the blank cell.
    pub missing: Vec<(String, Missing)>,
    /// The codes it may hold.
    pub codes: Option<Codes>,
    /// Whether its values may be shown outside the clean tables.
    pub policy: Policy,
}

impl Column {
    /// The headers that it may be delivered under: its name and its aliases.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        std::iter::once(self.name.as_str()).chain(aliases)
    }

    /// Why a cell, once cleaned, is never `text`.
    pub fn never_holds(&self, text: &str) -> Option<&'static str> {
        let repairs = |clean: &Clean| match clean {
            Clean::Trim => (text.trim() != text).then_some("cells are trimmed"),
            Clean::Squeeze => text
                .contains("  ")
                .then_some("blanks in cells are squeezed"),
            Clean::Upper => (text.to_uppercase() != text).then_some("cells are made upper case"),
            Clean::Lower => (text.to_lowercase() != text).then_some("cells are made lower case"),
        };
        self.clean.iter().find_map(repairs)
    }

    /// Whether a cell that says `text` is missing, and null once it is read.
    pub fn is_read_as_missing(&self, text: &str) -> bool {
        self.missing.iter().any(|(token, _)| token == text)
    }
}

/// The type of a cleaned value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "type", rename_all = "snake_case")]
#[schemars(rename = "ColumnType")]
pub enum ColumnType {
    /// Text; Arrow `Utf8`.
    String,
    /// Whole number; Arrow `Int64`.
    Integer,
    /// Exact decimal, 18 digits, 4 behind the point; Arrow `Decimal128(18, 4)`.
    Decimal,
    /// Calendar date; Arrow `Date32`.
    Date,
    /// Instant; Arrow `Timestamp(µs, UTC)`.
    Timestamp,
    /// Truth value, `true` or `false` in the export; Arrow `Boolean`.
    Boolean,
}

/// A repair of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "repair", rename_all = "snake_case")]
#[schemars(rename = "Clean")]
pub enum Clean {
    /// Removes white space at both ends, no-break and zero-width spaces among it.
    Trim,
    /// Runs of white space inside become one space.
    Squeeze,
    /// Upper case.
    Upper,
    /// Lower case.
    Lower,
}

/// Why a value is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The cell is blank.
    NotRecorded,
    /// Recorded as not known.
    Unknown,
    /// The person declined to say: a valid answer.
    Refused,
    /// The question does not apply.
    NotApplicable,
}

impl Missing {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Missing; 4] = [
        Missing::NotRecorded,
        Missing::Unknown,
        Missing::Refused,
        Missing::NotApplicable,
    ];

    /// The number in the `_missing.<column>` column; 0 means present.
    pub fn number(self) -> i8 {
        match self {
            Missing::NotRecorded => 1,
            Missing::Unknown => 2,
            Missing::Refused => 3,
            Missing::NotApplicable => 4,
        }
    }

    /// The word in rule files and code lists.
    pub fn word(self) -> &'static str {
        match self {
            Missing::NotRecorded => "not_recorded",
            Missing::Unknown => "unknown",
            Missing::Refused => "refused",
            Missing::NotApplicable => "not_applicable",
        }
    }
}

/// Where values may appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "policy", rename_all = "snake_case")]
#[schemars(rename = "Policy")]
pub enum Policy {
    /// Anywhere.
    Show,
    /// In clean and quarantine tables only, in what is kept as delivered, and beside what is kept aside where it is part of the key; elsewhere as a keyed hash, or not at all without a key.
    Hide,
}
