//! What is different between two runs: discrepancies that one of them has alone, rows of tables, figures.
//!
//! Logs have one order, so both are read once, side by side.

use std::{cmp::Ordering, collections::BTreeMap, path::Path};

use arrow::array::{Array, RecordBatch, StringArray};

use crate::{
    discrepancy::Status,
    log::texts_of,
    pipeline::{FigureChange, changes},
    publish::{FolderError, Rows, RunFolder},
};

/// Columns of the log that are looked at.
const COLUMNS: [&str; 7] = [
    "rule_id",
    "record_key",
    "column",
    "discrepancy_id",
    "status",
    "severity",
    "message",
];

/// What is different in the second run.
#[derive(Default)]
pub struct Diff {
    /// The ids of both runs.
    pub runs: [String; 2],
    /// Open discrepancies by rule, where one of the runs has some alone.
    pub rules: BTreeMap<String, Counts>,
    /// Open discrepancies of all rules.
    pub all: Counts,
    /// The first of those that the first run has alone.
    pub gone: Vec<Found>,
    /// The first of those that the second run has alone.
    pub came: Vec<Found>,
    /// Tables with other numbers of rows; `None` in the run that does not have the table.
    pub tables: BTreeMap<String, [Option<Rows>; 2]>,
    /// Figures of aggregates that are others.
    pub figures: Vec<FigureChange>,
    /// Aggregates that one run has alone.
    pub aggregates: BTreeMap<String, [bool; 2]>,
    /// Whether the projects are others.
    pub project: bool,
}

/// How many discrepancies which run has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The first alone.
    pub gone: u64,
    /// The second alone.
    pub came: u64,
    /// Both.
    pub both: u64,
}

/// A discrepancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// How much it matters.
    pub severity: String,
    /// What it is about, in a sentence.
    pub message: String,
}

impl Diff {
    /// Whether the two runs say the same.
    pub fn is_empty(&self) -> bool {
        self.all.gone + self.all.came == 0
            && self.tables.is_empty()
            && self.figures.is_empty()
            && self.aggregates.is_empty()
    }
}

/// Holds two runs of `out` against each other; at most `most` discrepancies are listed that one of them has alone.
///
/// # Errors
/// One of them is not there or cannot be read.
pub fn diff(out: &Path, runs: [&str; 2], most: usize) -> Result<Diff, FolderError> {
    let [before, after] = runs;
    let before = RunFolder::meant(out, before)?;
    let after = RunFolder::meant(out, after)?;
    let mut diff = Diff {
        runs: [before.id().to_owned(), after.id().to_owned()],
        project: before.manifest.project.sha256 != after.manifest.project.sha256,
        ..Diff::default()
    };
    discrepancies(&before, &after, most, &mut diff)?;
    for (at, run) in [&before, &after].into_iter().enumerate() {
        for rows in &run.manifest.tables {
            let both = diff.tables.entry(rows.table.clone()).or_default();
            both[at] = Some(rows.clone());
        }
        for output in &run.manifest.outputs {
            let name = output.path.as_str().strip_prefix("aggregates/");
            if let Some(name) = name.and_then(|name| name.strip_suffix(".parquet")) {
                diff.aggregates.entry(name.to_owned()).or_default()[at] = true;
            }
        }
    }
    diff.tables.retain(|_, [before, after]| before != after);
    for (name, there) in &diff.aggregates {
        // Years beside each other are made of the others.
        if *there == [true, true] && name != crate::pipeline::YEAR_ON_YEAR {
            let (before, after) = (before.figures(name)?, after.figures(name)?);
            diff.figures.append(&mut changes(name, &before, &after));
        }
    }
    diff.aggregates.retain(|_, there| *there != [true, true]);
    Ok(diff)
}

fn discrepancies(
    before: &RunFolder,
    after: &RunFolder,
    most: usize,
    diff: &mut Diff,
) -> Result<(), FolderError> {
    let mut before = Log::open(before)?;
    let mut after = Log::open(after)?;
    loop {
        let order = match (before.key(), after.key()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.cmp(&b),
        };
        let log = if order == Ordering::Greater {
            &after
        } else {
            &before
        };
        let found = log.found();
        let of_rule = match diff.rules.get_mut(&found.rule) {
            Some(counts) => counts,
            None => diff.rules.entry(found.rule.clone()).or_default(),
        };
        match order {
            Ordering::Equal => {
                of_rule.both += 1;
                diff.all.both += 1;
                before.advance()?;
                after.advance()?;
            }
            Ordering::Less => {
                of_rule.gone += 1;
                diff.all.gone += 1;
                if diff.gone.len() < most {
                    diff.gone.push(found);
                }
                before.advance()?;
            }
            Ordering::Greater => {
                of_rule.came += 1;
                diff.all.came += 1;
                if diff.came.len() < most {
                    diff.came.push(found);
                }
                after.advance()?;
            }
        }
    }
    diff.rules.retain(|_, counts| counts.gone + counts.came > 0);
    Ok(())
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, FolderError>>>;

/// The open discrepancies of a log, one at a time.
struct Log {
    batches: Batches,
    columns: [StringArray; COLUMNS.len()],
    at: usize,
}

impl Log {
    fn open(run: &RunFolder) -> Result<Self, FolderError> {
        let mut log = Self {
            batches: Box::new(run.batches("discrepancies", &COLUMNS)?),
            columns: COLUMNS.map(|_| StringArray::new_null(0)),
            at: 0,
        };
        log.settle()?;
        Ok(log)
    }

    /// Goes on to the next row that is open.
    fn settle(&mut self) -> Result<(), FolderError> {
        loop {
            if self.at < self.columns[0].len() {
                if self.columns[4].value(self.at) != Status::Resolved.word() {
                    return Ok(());
                }
                self.at += 1;
                continue;
            }
            let Some(batch) = self.batches.next() else {
                return Ok(());
            };
            let batch = batch?;
            self.columns = COLUMNS.map(|name| texts_of(&batch, name));
            self.at = 0;
        }
    }

    fn advance(&mut self) -> Result<(), FolderError> {
        self.at += 1;
        self.settle()
    }

    fn text(&self, column: usize) -> Option<&str> {
        let column = &self.columns[column];
        column.is_valid(self.at).then(|| column.value(self.at))
    }

    /// Rule, record key and column, in the order of logs; `None` at the end. Equals follow each other in one order.
    fn key(&self) -> Option<(&str, &str, Option<&str>)> {
        let is_there = self.at < self.columns[0].len();
        let text = |at| self.text(at).unwrap_or_default();
        is_there.then(|| (text(0), text(1), self.text(2)))
    }

    fn found(&self) -> Found {
        let text = |at| self.text(at).unwrap_or_default().to_owned();
        Found {
            id: text(3),
            rule: text(0),
            severity: text(5),
            message: text(6),
        }
    }
}
