//! What other systems read of a run: the same facts in the formats of test reports, code review, lineage, metrics and
//! official statistics.
//!
//! The renderers get facts and render; what they read is the staged log, a batch at a time, and footers of tables. They show
//! only what the log shows, and no clock, so that the same run has the same bytes.

mod entries;
mod ess;
mod junit;
mod lineage;
mod live;
mod output;
mod prometheus;
mod results;
pub mod rows;
pub mod sarif;

use std::{io::Write, path::PathBuf};

use jiff::civil::Date;

pub use live::{Came, Live};
pub use results::{RunResults, SCHEMA_VERSION};

use crate::{
    check::scan::{RowCounts, RuleCounts},
    discrepancy::{Category, Dimension, Severity},
    harmless::json,
    publish::{PublishError, StagedRun},
    tables::Table,
};

/// Why a file for other systems was not written.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The run folder took no such file.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// It could not be written.
    #[error("writing {path} failed: {source}; free space in the out folder and run again")]
    Write {
        /// Inside the run folder.
        path: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What the run had written could not be read back.
    #[error(
        "reading {} back failed: {source}; check that disk, then run again", path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What the run had written is no table any more.
    #[error(
        "reading {} back failed: {source}; check that disk, then run again", path.display()
    )]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// What the run had written breaks off.
    #[error(
        "reading {} back failed: {source}; check that disk, then run again", path.display()
    )]
    Arrow {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: arrow::error::ArrowError,
    },
}

/// A run, as it is told to other systems.
#[derive(Debug)]
pub struct Night<'r> {
    /// The run.
    pub run_id: &'r str,
    /// The project's name.
    pub project: &'r str,
    /// The delivery's name.
    pub delivery: &'r str,
    /// The date that the run took for today.
    pub as_of: Date,
    /// Whether something blocking fired.
    pub blocked: bool,
    /// Whether rules were left out.
    pub trial: bool,
    /// The tables in the project's order.
    pub tables: Vec<TableFeed<'r>>,
    /// All rules and statements by id, those that the engine has of itself among them.
    pub rules: Vec<RuleFeed>,
    /// Groups of statements by verdict.
    pub verdicts: Vec<(&'static str, u64)>,
    /// Names of the model tables and aggregates, as paths without `.parquet`.
    pub derived: Vec<String>,
}

/// A table and what was delivered of it.
#[derive(Debug)]
pub struct TableFeed<'r> {
    /// As it is declared.
    pub table: &'r Table,
    /// Its files.
    pub files: Vec<FileFeed<'r>>,
    /// Where its records went.
    pub rows: RowCounts,
}

/// A file of a table, or a sheet of one.
#[derive(Debug)]
pub struct FileFeed<'r> {
    /// Its path in the delivery.
    pub path: &'r str,
    /// The sheet of a workbook.
    pub sheet: Option<&'r str>,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: &'r str,
    /// Where its records went.
    pub rows: RowCounts,
}

/// Whose a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The project declares it for a table.
    Rule,
    /// The project declares it for totals.
    Statement,
    /// The engine has it of itself.
    Engine,
}

/// A rule or statement and what came of it.
#[derive(Debug)]
pub struct RuleFeed {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its kind's word.
    pub kind: String,
    /// Whose it is.
    pub origin: Origin,
    /// Its table among [`Night::tables`]; `None` for totals and the delivery as a whole.
    pub table: Option<usize>,
    /// Its column.
    pub column: Option<String>,
    /// Which dimension of quality.
    pub dimension: Dimension,
    /// Its severity in this run.
    pub severity: Severity,
    /// What kind of wrong it finds.
    pub category: Category,
    /// `passed`, `failed`, `tolerated`, `error`, `skipped`, or `not_evaluated` where a statement had nothing to compare.
    pub status: &'static str,
    /// Counts of rows, or of a statement's groups; `None` where there are none.
    pub counts: Option<RuleCounts>,
    /// Its discrepancies in the log.
    pub discrepancies: u64,
    /// Why it exists.
    pub why: String,
    /// What would have passed.
    pub expected: String,
    /// Why it could not be evaluated.
    pub error: Option<String>,
    /// Its language and text.
    pub expression: (&'static str, String),
    /// File and line of the project that declare it.
    pub place: (String, usize),
}

/// What came of a rule as others understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds, within its threshold where it has one.
    Holds,
    /// It does not.
    Fails,
    /// Nobody knows: it did not run, could not, or found nothing to look at.
    Unknown,
}

impl RuleFeed {
    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        let looked_at = self.counts.map(|c| c.passed + c.failed);
        match self.status {
            "failed" => Outcome::Fails,
            "tolerated" => Outcome::Holds,
            "passed" if looked_at != Some(0) => Outcome::Holds,
            _ => Outcome::Unknown,
        }
    }

    /// Its counts in words.
    pub fn counted(&self) -> String {
        let what = match self.origin {
            Origin::Statement => "groups",
            _ => "rows",
        };
        match self.counts {
            Some(c) => format!(
                "{} {what} evaluated: {} passed, {} failed; {} not evaluated, {} not applicable",
                c.passed + c.failed,
                c.passed,
                c.failed,
                c.not_evaluated,
                c.not_applicable
            ),
            None if self.origin == Origin::Engine => format!("{} found", self.discrepancies),
            None => "did not run".to_owned(),
        }
    }
}

impl Night<'_> {
    /// Whether readers get to see it.
    pub fn is_published(&self) -> bool {
        !self.blocked && !self.trial
    }

    /// Why it is kept and not published.
    pub fn why_kept(&self) -> Option<String> {
        let run = self.run_id;
        match (self.blocked, self.trial) {
            (true, _) => Some(format!(
                "run {run} is blocked, so it is kept and not published: look at discrepancies.csv of severity blocking"
            )),
            (false, true) => Some(format!(
                "run {run} left rules out, so it is kept and not published: run without --select and --exclude"
            )),
            (false, false) => None,
        }
    }

    /// Midnight of its date in UTC: a run folder holds no clock.
    pub fn time(&self) -> String {
        format!("{}T00:00:00Z", self.as_of)
    }

    /// The name of a rule's table; blank where it has none.
    pub fn table_of(&self, rule: &RuleFeed) -> &str {
        let table = rule.table.and_then(|at| self.tables.get(at));
        table.map_or("", |feed| feed.table.name.as_str())
    }
}

/// Writes the files that other systems read into the run folder.
///
/// # Errors
/// The log could not be read back, or a file not be written.
pub fn write(staged: &StagedRun, night: &Night<'_>) -> Result<(), FeedError> {
    let entries = entries::read(&staged.path("discrepancies.parquet"))?;
    let outputs = output::of(staged, night)?;
    put(staged, "junit.xml", &junit::render(night, &entries))?;
    let sarif = sarif::render(night, &entries);
    put(staged, "discrepancies.sarif", &as_line(&sarif))?;
    let events = lineage::events(night, &outputs);
    let events: String = events.iter().map(as_line).collect();
    put(staged, "openlineage.ndjson", &events)?;
    let metrics = prometheus::render(night, &entries);
    put(staged, "metrics.prom", &metrics)?;
    let report = format!("{:#}\n", ess::render(night));
    put(staged, "validation_report.json", &json(&report))
}

/// A document on a line of its own, in which nothing acts on a terminal.
fn as_line(document: &serde_json::Value) -> String {
    let line = document.to_string();
    format!("{}\n", json(&line))
}

fn put(staged: &StagedRun, path: &'static str, text: &str) -> Result<(), FeedError> {
    let mut out = staged.create(path)?;
    out.write_all(text.as_bytes())
        .map_err(|source| FeedError::Write { path, source })?;
    Ok(out.finish(None)?)
}
