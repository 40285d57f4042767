//! The declared model: tables, columns, types, and the code lists that columns draw on.

mod file_pattern;

use std::collections::HashMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use file_pattern::{FilePattern, NoPattern};

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
}

/// A column and how its text becomes a value.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name: the same in the export's header and in every output.
    pub name: Name,
    /// What it means, for readers.
    pub description: String,
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
    /// In clean and quarantine tables only; elsewhere as a keyed hash, or not at all without a key.
    Hide,
}

/// How a column uses a code list.
#[derive(Clone, Debug)]
pub struct Codes {
    /// Index into the lists that columns draw on: the project's, then those that rules hold themselves.
    pub list: usize,
    /// The date column that decides whether a code is in force.
    pub as_of: Option<usize>,
    /// Whether aliases are understood.
    pub map_aliases: bool,
    /// What becomes of a value that is not in force, misspelt or unknown.
    pub repair: Repair,
}

/// What becomes of a value that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It stays as it is.
    Keep,
    /// An alias becomes its code, anything else becomes null.
    Correct,
    /// It becomes null.
    Null,
}

/// A list of codes with their aliases.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// Its name: the file `rules/reference/<name>.csv`, or the column whose rule holds it.
    pub name: Name,
    /// The codes in file order.
    pub codes: Vec<Code>,
    /// Code or alias text to what it stands for.
    pub lookup: HashMap<String, Entry>,
}

/// What a text in a code list stands for.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Index into [`CodeList::codes`].
    pub code: usize,
    /// `None` for the code itself.
    pub alias: Option<AliasCause>,
}

/// One code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The value in clean tables.
    pub code: String,
    /// For readers.
    pub label: String,
    /// The code or group above it.
    pub parent: Option<String>,
    /// Order in outputs.
    pub sort: i64,
    /// The kind of missing that it means.
    pub missing: Option<Missing>,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// First day no longer in force.
    pub valid_to: Option<Date>,
}

/// Why an alias is not the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AliasCause {
    /// Another accepted spelling: a repair, no discrepancy.
    Variant,
    /// Misspelt.
    Misspelling,
    /// Named in the wrong group.
    WrongGroup,
    /// An earlier name.
    OldName,
}

impl AliasCause {
    /// The word in alias files and in the log's `likely_cause`.
    pub fn word(self) -> &'static str {
        match self {
            AliasCause::Variant => "variant",
            AliasCause::Misspelling => "misspelling",
            AliasCause::WrongGroup => "wrong_group",
            AliasCause::OldName => "old_name",
        }
    }
}
