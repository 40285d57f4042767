//! Which rows of the log a workbook holds: all of them, or the first of each rule where there are too many.

use std::{collections::BTreeMap, path::Path};

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

use crate::{
    feeds::{
        FeedError,
        rows::{batches, broken, texts},
    },
    log::quota::quotas,
};

/// Rows that are read at a time.
const BATCH: usize = 8_192;

/// What the log holds, by rule.
#[derive(Debug, Default)]
pub(super) struct LogRows {
    /// The rules that have rows, by id.
    pub(super) rules: BTreeMap<String, OfRule>,
    /// Rows that follow each other and are of one rule, in the order of the log: the rule, and how many.
    stretches: Vec<(String, u64)>,
}

/// The rows of a rule.
#[derive(Debug, Default)]
pub(super) struct OfRule {
    /// Its severity's word.
    pub(super) severity: String,
    /// Its table; blank for totals.
    pub(super) table: String,
    /// How many have each status.
    pub(super) statuses: BTreeMap<String, u64>,
    /// All of them.
    pub(super) rows: u64,
    /// Those that the workbook holds.
    pub(super) told: u64,
}

impl LogRows {
    /// Counts the log at `path` and says which of its rows are told, `most` at the most.
    pub(super) fn count(path: &Path, most: u64) -> Result<Self, FeedError> {
        let mut found = Self::default();
        let columns = ["rule_id", "severity", "table", "status"];
        for batch in batches(path, &columns, None, BATCH)? {
            let batch = batch.map_err(|source| broken(path, source))?;
            let [rules, severities, tables, statuses] = columns.map(|name| texts(&batch, name));
            for row in 0..batch.num_rows() {
                found.take([rules(row), severities(row), tables(row), statuses(row)]);
            }
        }
        let counts: Vec<u64> = found.rules.values().map(|of_rule| of_rule.rows).collect();
        for (of_rule, quota) in found.rules.values_mut().zip(quotas(&counts, most)) {
            of_rule.told = quota;
        }
        Ok(found)
    }

    fn take(&mut self, [rule, severity, table, status]: [&str; 4]) {
        match self.stretches.last_mut() {
            Some((of, rows)) if of == rule => *rows += 1,
            _ => self.stretches.push((rule.to_owned(), 1)),
        }
        if !self.rules.contains_key(rule) {
            let new = OfRule {
                severity: severity.to_owned(),
                table: table.to_owned(),
                ..OfRule::default()
            };
            self.rules.insert(rule.to_owned(), new);
        }
        let Some(of_rule) = self.rules.get_mut(rule) else {
            return;
        };
        of_rule.rows += 1;
        match of_rule.statuses.get_mut(status) {
            Some(count) => *count += 1,
            None => {
                of_rule.statuses.insert(status.to_owned(), 1);
            }
        }
    }

    /// Rows of the log, and those that are told.
    pub(super) fn total(&self) -> (u64, u64) {
        let add = |(rows, told), of_rule: &OfRule| (rows + of_rule.rows, told + of_rule.told);
        self.rules.values().fold((0, 0), add)
    }

    /// The rows that are told; `None` for all of them.
    pub(super) fn selection(&self) -> Option<RowSelection> {
        let (rows, told) = self.total();
        if rows == told {
            return None;
        }
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        for (rule, of_rule) in &self.rules {
            left.insert(rule, of_rule.told);
        }
        let mut selectors = Vec::new();
        let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        for (rule, rows) in &self.stretches {
            let room = left.entry(rule).or_default();
            let taken = (*rows).min(*room);
            *room -= taken;
            selectors.push(RowSelector::select(count(taken)));
            selectors.push(RowSelector::skip(count(rows - taken)));
        }
        selectors.retain(|selector| selector.row_count > 0);
        Some(RowSelection::from(selectors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_of_each_rule_are_told() {
        let mut rows = LogRows::default();
        // What resolved stands behind what is open.
        for (rule, status, count) in [("a", "new", 5), ("b", "new", 1), ("a", "resolved", 2)] {
            (0..count).for_each(|_| rows.take([rule, "warn", "t", status]));
        }
        assert_eq!(rows.stretches.len(), 3);
        assert_eq!(rows.rules["a"].statuses["resolved"], 2);
        for (told, want) in [
            ([7, 1], None),
            (
                [2, 1],
                Some(vec![(true, 2), (false, 3), (true, 1), (false, 2)]),
            ),
            (
                [6, 0],
                Some(vec![(true, 5), (false, 1), (true, 1), (false, 1)]),
            ),
        ] {
            for (of_rule, told) in rows.rules.values_mut().zip(told) {
                of_rule.told = told;
            }
            let selected = rows.selection().map(|selection| {
                let selectors: Vec<RowSelector> = selection.into();
                let plain = selectors.iter().map(|s| (!s.skip, s.row_count));
                plain.collect::<Vec<_>>()
            });
            assert_eq!(selected, want);
        }
    }
}
