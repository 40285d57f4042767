//! A run as its readers see it: the closing table, `run_results.json` and a job's JSON line.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::restated::Restated;
use crate::{
    check::scan::{RowCounts, RuleCounts},
    discrepancy::Severity,
    feeds::SCHEMA_VERSION,
    publish::{KeptRun, PublishedRun},
    tables::Missing,
};

/// What came of a run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The run.
    pub run_id: String,
    /// The project's name.
    pub project: String,
    /// The delivery's name.
    pub delivery: String,
    /// The date that the run took for today.
    pub as_of: Date,
    /// Whether something blocking fired, so that the run was kept and not published.
    pub blocked: bool,
    /// Rules that `--select` and `--exclude` left out: what they would have found is not known, so the run is not published.
    pub left_out: usize,
    /// Files that could not be read.
    pub unreadable: usize,
    /// Whether something fired at or above `--fail-on`.
    pub fails: bool,
    /// One for each table.
    pub tables: Vec<TableLine>,
    /// One for each rule, by id.
    pub rules: Vec<RuleLine>,
    /// Discrepancies of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Discrepancies of each rule or statement.
    pub by_rule: BTreeMap<String, u64>,
    /// All discrepancies.
    pub discrepancies: u64,
    /// The severity of each rule or statement in this run.
    pub severity_of: BTreeMap<String, Severity>,
    /// Statements by verdict.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Statements that disagree, with their evidence; those that matter most first.
    pub disagreements: Vec<(String, String)>,
    /// What changed since the same night was delivered with other files.
    pub restated: Option<Restated>,
    /// The run whose bytes were delivered again.
    pub redelivered: Option<String>,
    /// Where the run stands.
    pub folder: PathBuf,
    /// Whether the very same run stood there already.
    pub already_published: bool,
    /// The run that readers see after this one; `None` when none has been published yet.
    pub current: Option<String>,
}

/// Where the records of a table went.
#[derive(Clone, Debug)]
pub struct TableLine {
    /// The table.
    pub table: String,
    /// Its files in the delivery: none for a table that need not be there and is not.
    pub files: usize,
    /// Its records.
    pub rows: RowCounts,
}

/// What a rule found.
#[derive(Clone, Debug)]
pub struct RuleLine {
    /// The rule.
    pub rule_id: String,
    /// Its version.
    pub rule_version: String,
    /// Its kind.
    pub kind: String,
    /// Its table.
    pub table: String,
    /// Its column.
    pub column: Option<String>,
    /// Dimension of quality.
    pub dimension: String,
    /// Its severity in this run.
    pub severity: Severity,
    /// `passed`, `failed`, `tolerated` (within its threshold), `error` (could not be evaluated) or `skipped`.
    pub status: &'static str,
    /// Its counts; `None` when it did not run.
    pub counts: Option<RuleCounts>,
}

impl RuleLine {
    /// For rules about missing values: how many are missing in this way.
    pub fn missing(&self, kind: Missing) -> Option<u64> {
        let missing = self.counts?.missing?;
        Missing::ALL
            .iter()
            .position(|k| *k == kind)
            .map(|at| missing[at])
    }
}

impl RunReport {
    pub(super) fn published(mut self, run: PublishedRun) -> Self {
        self.already_published = run.already_published();
        self.folder = run.folder;
        self.current = Some(run.manifest.run_id.to_string());
        self
    }

    pub(super) fn kept(mut self, run: KeptRun) -> Self {
        self.folder = run.folder;
        self.current = run.current.map(|id| id.to_string());
        self
    }

    /// Whether rules were left out, so that the run was kept and not published.
    pub fn trial(&self) -> bool {
        self.left_out > 0
    }

    /// 3 when a file could not be read; else 1 when something fired at or above `--fail-on`, or the run is not published.
    pub fn exit_code(&self) -> u8 {
        if self.unreadable > 0 {
            return 3;
        }
        u8::from(self.fails || self.blocked || self.trial())
    }

    /// The content of `run_results.json`; the same run has the same bytes.
    pub fn to_json(&self) -> Value {
        let count = |n: Option<u64>| n.map_or(Value::Null, Value::from);
        json!({
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "project": self.project,
            "delivery": self.delivery,
            "as_of": self.as_of.to_string(),
            "blocked": self.blocked,
            "trial": self.trial(),
            "rules_left_out": self.left_out,
            "tables": self.tables.iter().map(|t| json!({
                "table": t.table,
                "files": t.files,
                "rows_read": t.rows.read,
                "clean": t.rows.clean,
                "quarantined": t.rows.quarantined,
                "excluded": t.rows.excluded,
                "rejected": t.rows.rejected,
            })).collect::<Vec<_>>(),
            "results": self.rules.iter().map(|r| json!({
                "rule_id": r.rule_id,
                "rule_version": r.rule_version,
                "kind": r.kind,
                "table": r.table,
                "column": r.column,
                "dimension": r.dimension,
                "severity": r.severity.word(),
                "status": r.status,
                "evaluated": count(r.counts.map(|c| c.passed + c.failed)),
                "failed": count(r.counts.map(|c| c.failed)),
                "not_evaluated": count(r.counts.map(|c| c.not_evaluated)),
                "not_applicable": count(r.counts.map(|c| c.not_applicable)),
            })).collect::<Vec<_>>(),
            "discrepancies": {
                "total": self.discrepancies,
                "by_severity": Severity::ALL.iter().map(|s| (s.word().to_owned(), Value::from(self.by_severity.get(s).copied().unwrap_or(0)))).collect::<serde_json::Map<_, _>>(),
                "by_rule": self.by_rule,
            },
            "statements": self.verdicts,
            "restated": self.restated.as_ref().map(Restated::to_json),
            "redelivered": self.redelivered,
        })
    }
}
