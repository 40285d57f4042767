//! Records behind control totals: when the detail counts otherwise than stated, which records account for it.
//!
//! One record is counted once in every aggregate of its population. So a record that is missing leaves each of them one
//! short, one too many leaves each of them one over, and both show where: the cells that are off are the record's
//! categories. A record that changed its category leaves one aggregate one over here and one short there, and all
//! others in line. [`claims`] reads that from the judged statements; the run then looks at the records themselves
//! ([`Gathering`]) and at what the rules found about them ([`Doubts`]), and [`explain`] puts both into words.

mod claims;
mod doubts;
mod gather;
mod listing;
mod moved;
mod off;
mod words;

pub use claims::{Claim, claims};
pub use doubts::{Doubt, Doubts, Named, leaves_out};
pub use gather::{Gathering, Record};
pub use off::explain;
pub use words::{Contribution, Explained};

use std::collections::{BTreeMap, BTreeSet};

/// Which aggregates count the rows of a table.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The table.
    pub table: String,
    /// The aggregates, each with the columns that decide under which of its categories a record is counted.
    pub aggregates: Vec<Aggregate>,
    /// The columns that decide whether a record is counted, and for which period and population.
    pub deciding: Vec<DecidingColumn>,
}

/// An aggregate of a table's rows.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Its name.
    pub name: String,
    /// The columns that decide a record's category.
    pub deciding: Vec<DecidingColumn>,
}

/// A column of a delivered table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidingColumn {
    /// Its table.
    pub table: String,
    /// Its name.
    pub column: String,
    /// Whether it holds dates.
    pub is_date: bool,
}

/// What the records say about the judged rows, each by its index.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    /// The totals that they account for, or may.
    pub totals: BTreeMap<usize, Explained>,
    /// Figures that bear no other out, as indices: of the detail those that records throw off, and what they may account for.
    pub doubtful: BTreeSet<usize>,
}

/// What a record has to do with a total that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It is counted and should perhaps not be: it lies in all the cells that are over.
    Extra,
    /// The same, and it seems to be there more than once.
    Duplicated,
    /// It was delivered, left out, and lies in all the cells that are short.
    LeftOut,
    /// It is not among the counted ones: others name it and it was not delivered, or it may be one that was.
    Missing,
    /// It is counted for another day than it should perhaps be.
    Redated,
    /// It is counted under another category or population than it should perhaps be.
    Recoded,
}

impl Role {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Extra => "extra",
            Self::Duplicated => "duplicated",
            Self::LeftOut => "left_out",
            Self::Missing => "missing",
            Self::Redated => "redated",
            Self::Recoded => "recoded",
        }
    }
}
