//! The six exports as rows of text, and how they are written.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Codes and labels are borrowed; only what differs from row to row is owned.
pub type Cell<'r> = Cow<'r, str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    People,
    Referrals,
    Cases,
    ContactAttempts,
    NeedsAssessments,
    SupportActions,
}

pub const NAMES: [Name; 6] = [
    Name::People,
    Name::Referrals,
    Name::Cases,
    Name::ContactAttempts,
    Name::NeedsAssessments,
    Name::SupportActions,
];

impl Name {
    pub fn text(self) -> &'static str {
        match self {
            Name::People => "people",
            Name::Referrals => "referrals",
            Name::Cases => "cases",
            Name::ContactAttempts => "contact_attempts",
            Name::NeedsAssessments => "needs_assessments",
            Name::SupportActions => "support_actions",
        }
    }

    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Name::People => &[
                "person_ref",
                "first_name",
                "last_name",
                "date_of_birth",
                "gender",
                "ethnicity",
                "disability",
                "religion",
                "sexual_orientation",
                "communication_need",
                "postcode",
                "phone",
                "email",
            ],
            Name::Referrals => &[
                "referral_ref",
                "person_ref",
                "received_on",
                "source",
                "source_ref",
                "occurrence_type",
                "incident_on",
                "reported_on",
                "consent",
            ],
            Name::Cases => &[
                "case_ref",
                "referral_ref",
                "person_ref",
                "opened_on",
                "closed_on",
                "status",
                "closure_outcome",
                "area",
                "repeat_victim",
                "prior_support",
                "reported_before",
                "reported_after",
                "support_started_on",
                "support_ended_on",
                "duplicate_of",
                "caseworker",
            ],
            Name::ContactAttempts => &[
                "attempt_ref",
                "case_ref",
                "attempted_on",
                "channel",
                "result",
            ],
            Name::NeedsAssessments => &["case_ref", "stage", "need_area", "level", "assessed_on"],
            Name::SupportActions => &["action_ref", "case_ref", "action", "acted_on", "outcome"],
        }
    }

    /// How many of the first columns are the key.
    fn key_columns(self) -> usize {
        if self == Name::NeedsAssessments { 3 } else { 1 }
    }

    /// # Panics
    /// When the table has no such column: a misspelling in this program.
    pub fn column(self, name: &str) -> usize {
        match self.columns().iter().position(|column| *column == name) {
            Some(index) => index,
            None => panic!("{} has no column {name}", self.text()),
        }
    }
}

#[derive(Clone)]
pub struct Row<'r> {
    pub cells: Vec<Cell<'r>>,
    /// Where the row stands in its file; rows of the same place stay in the order in which they were made.
    pub place: usize,
    /// Taken out again: its file does not have it.
    pub dropped: bool,
    /// The index of the case that the row is about (of the person, in people).
    pub owner: usize,
}

pub struct Table<'r> {
    pub name: Name,
    pub rows: Vec<Row<'r>>,
}

impl<'r> Table<'r> {
    pub fn new(name: Name) -> Self {
        Table {
            name,
            rows: Vec::new(),
        }
    }

    pub fn push(&mut self, cells: Vec<Cell<'r>>, place: usize, owner: usize) {
        debug_assert_eq!(cells.len(), self.name.columns().len());
        self.rows.push(Row {
            cells,
            place,
            dropped: false,
            owner,
        });
    }

    /// The row's key as the file has it, its parts joined with `|`.
    pub fn key(&self, row: usize) -> String {
        self.rows[row].cells[..self.name.key_columns()].join("|")
    }
}

/// The six tables of a block. In people, referrals and cases the n-th row is the n-th person or case.
pub struct Tables<'r> {
    tables: [Table<'r>; 6],
}

impl<'r> Tables<'r> {
    pub fn new() -> Self {
        Tables {
            tables: NAMES.map(Table::new),
        }
    }

    pub fn of(&self, name: Name) -> &Table<'r> {
        &self.tables[name as usize]
    }

    pub fn of_mut(&mut self, name: Name) -> &mut Table<'r> {
        &mut self.tables[name as usize]
    }

    pub fn cell(&self, name: Name, row: usize, column: &str) -> &str {
        &self.of(name).rows[row].cells[name.column(column)]
    }
}

/// The open files of an export: blocks are appended one after another.
pub struct Export {
    files: Vec<BufWriter<File>>,
}

impl Export {
    pub fn create(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut files = Vec::new();
        for name in NAMES {
            let file = File::create(folder.join(format!("{}.csv", name.text())))?;
            let mut file = BufWriter::with_capacity(1 << 18, file);
            writeln!(file, "{}", name.columns().join(","))?;
            files.push(file);
        }
        Ok(Export { files })
    }

    pub fn append(&mut self, tables: &mut Tables<'_>) -> io::Result<u64> {
        let mut written = 0;
        for (file, table) in self.files.iter_mut().zip(&mut tables.tables) {
            table.rows.sort_by_key(|row| row.place);
            for row in table.rows.iter().filter(|row| !row.dropped) {
                write_row(file, row.cells.iter().map(AsRef::as_ref))?;
                written += 1;
            }
        }
        Ok(written)
    }

    pub fn finish(&mut self) -> io::Result<()> {
        self.files.iter_mut().try_for_each(BufWriter::flush)
    }
}

/// One record of RFC 4180, with LF, quoting only the fields that need it.
pub fn write_row<'a>(
    to: &mut impl Write,
    cells: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            to.write_all(b",")?;
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            write!(to, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            to.write_all(cell.as_bytes())?;
        }
    }
    to.write_all(b"\n")
}
