//! What the rules found about records, as far as it can account for a total.

use std::collections::{BTreeMap, HashMap};

use super::DecidingColumn;
use crate::discrepancy::{Action, Category};

/// Findings that are looked at; of more, those that came first.
const MOST: usize = 1_000_000;

/// A finding about a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// The rule.
    pub rule_id: String,
    /// The table of the record.
    pub table: String,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// Its category.
    pub category: Category,
    /// What was done.
    pub action: Option<Action>,
    /// The file of the record.
    pub file: Option<String>,
    /// Its line.
    pub line: Option<i64>,
    /// The value as delivered, as the log shows it.
    pub observed: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Doubt {
    /// Whether the record is in no clean table.
    pub fn left_out(&self) -> bool {
        self.action.is_some_and(leaves_out)
    }

    /// Whether it is about one of `columns`.
    pub fn is_about(&self, columns: &[DecidingColumn]) -> bool {
        let column = self.column.as_deref();
        columns
            .iter()
            .any(|c| c.table == self.table && Some(c.column.as_str()) == column)
    }
}

/// Whether what was done keeps a record out of the clean tables.
pub fn leaves_out(action: Action) -> bool {
    [Action::Quarantined, Action::Excluded, Action::Rejected].contains(&action)
}

/// A record that others name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The findings about those that name it, in the order of the log's files.
    pub by: Vec<Doubt>,
}

/// All findings that were gathered.
#[derive(Clone, Debug, Default)]
pub struct Doubts {
    /// By table and key.
    about: HashMap<String, HashMap<String, Vec<Doubt>>>,
    absent: BTreeMap<String, BTreeMap<String, Named>>,
    held: usize,
}

impl Doubts {
    /// Notes a finding about the record `key`. `absent` is the table in which what it names does not stand.
    pub fn note(&mut self, key: &str, doubt: Doubt, absent: Option<&str>) {
        if self.held == MOST {
            return;
        }
        self.held += 1;
        if let (Some(table), Some(named)) = (absent, &doubt.observed) {
            let absent = self.absent.entry(table.to_owned()).or_default();
            let named = absent.entry(named.trim().to_owned()).or_default();
            named.by.push(doubt.clone());
        }
        let of_table = self.about.entry(doubt.table.clone()).or_default();
        of_table.entry(key.to_owned()).or_default().push(doubt);
    }

    /// Findings about one record.
    pub fn about(&self, table: &str, key: &str) -> &[Doubt] {
        let of_table = self.about.get(table);
        let doubts = of_table.and_then(|of_table| of_table.get(key));
        doubts.map_or(&[], Vec::as_slice)
    }

    /// Records of `table` that others name and nobody delivered, by key.
    pub fn absent(&self, table: &str) -> impl Iterator<Item = (&str, &Named)> {
        let absent = self.absent.get(table).into_iter().flatten();
        absent.map(|(key, named)| (key.as_str(), named))
    }

    /// Records of `table` with a finding about one of `columns`, in the order of their keys.
    pub fn with_doubts_about(&self, table: &str, columns: &[DecidingColumn]) -> Vec<&str> {
        let of_table = self.about.get(table).into_iter().flatten();
        let doubted = of_table.filter(|(_, doubts)| {
            let mut doubts = doubts.iter();
            doubts.any(|doubt| doubt.is_about(columns) || doubt.left_out())
        });
        let mut keys: Vec<&str> = doubted.map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys
    }
}
