//! A run as its readers see it: the closing table, `run_results.json` and a job's JSON line.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{figure_changes::FigureChanges, gates::withheld::Withheld, restated::Restated};
use crate::{
    check::scan::{RowCounts, RuleCounts},
    discrepancy::{Severity, Status},
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
    /// All that are open.
    pub discrepancies: u64,
    /// Discrepancies of each status, those that resolved among them.
    pub by_status: BTreeMap<Status, u64>,
    /// The same of each rule or statement.
    pub rule_statuses: BTreeMap<String, BTreeMap<Status, u64>>,
    /// The severity of each rule or statement in this run.
    pub severity_of: BTreeMap<String, Severity>,
    /// The table of each rule; blank for statements and what is about the delivery.
    pub table_of: BTreeMap<String, String>,
    /// Statements by verdict.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Statements that disagree, with their evidence; those that matter most first.
    pub disagreements: Vec<(String, String)>,
    /// Model tables and aggregates that were not written, since a table that they are made of failed.
    pub withheld: Vec<Withheld>,
    /// What changed since the same night was delivered with other files.
    pub restated: Option<Restated>,
    /// Which published figures are others than in the run before; `None` where there is none.
    pub figure_changes: Option<FigureChanges>,
    /// The run whose bytes were delivered again.
    pub redelivered: Option<String>,
    /// Where the run stands.
    pub folder: PathBuf,
    /// Whether the very same run stood there already.
    pub already_published: bool,
    /// The run that readers see after this one; `None` when none has been published yet.
    pub current: Option<String>,
    /// The newer run that stays `current`, where this one was published before it.
    pub newer: Option<String>,
    /// Whether an old run could not be removed: the run is published, and the job is not done.
    pub left_over: bool,
    /// Hash of the run's manifest, which holds the hashes of all its other files.
    pub manifest_sha256: String,
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
    /// What was carried on, if deliveries hold its changes alone.
    pub carried: Option<Carried>,
}

/// What was carried on of a table of which deliveries hold changes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The run that kept the rows; `None` for a first night.
    pub from: Option<String>,
    /// Rows that were carried on; they are among those read.
    pub rows: u64,
    /// Rows of each earlier delivery that were not, since their key was delivered again.
    pub superseded: BTreeMap<String, u64>,
}

impl TableLine {
    fn to_json(&self) -> Value {
        let carried = self.carried.as_ref();
        let superseded = carried.into_iter().flat_map(|carried| &carried.superseded);
        let superseded: Vec<Value> = superseded
            .map(|(delivery, rows)| json!({ "delivery": delivery, "rows": rows }))
            .collect();
        json!({
            "table": self.table,
            "files": self.files,
            "rows_read": self.rows.read,
            "clean": self.rows.clean,
            "quarantined": self.rows.quarantined,
            "excluded": self.rows.excluded,
            "rejected": self.rows.rejected,
            "carried": carried.map_or(0, |carried| carried.rows),
            "carried_from": carried.and_then(|carried| carried.from.as_deref()),
            "superseded": superseded,
        })
    }
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
    /// `passed`, `failed`, `tolerated` (within its threshold, or no condition holds), `not_evaluated` (there was nothing to hold it against), `error` (could not be evaluated) or `skipped`.
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
        self.newer = run.newer.map(|id| id.to_string());
        self.current = (self.newer.clone()).or_else(|| Some(run.manifest.run_id.to_string()));
        self.manifest_sha256 = run.manifest_sha256.to_string();
        self
    }

    pub(super) fn kept(mut self, run: KeptRun) -> Self {
        self.folder = run.folder;
        self.manifest_sha256 = run.manifest_sha256.to_string();
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
        u8::from(self.fails || self.blocked || self.trial() || self.left_over)
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
            "tables": self.tables.iter().map(TableLine::to_json).collect::<Vec<_>>(),
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
                "by_status": statuses(&self.by_status),
                "statuses_by_rule": self.rule_statuses.iter().map(|(rule, counts)| (rule.clone(), statuses(counts))).collect::<serde_json::Map<_, _>>(),
            },
            "statements": self.verdicts,
            "withheld": self.withheld.iter().map(|w| json!({
                "output": w.output,
                "because": w.because.iter().map(|(table, rule)| json!({
                    "table": table,
                    "rule": rule,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "restated": self.restated.as_ref().map(Restated::to_json),
            "redelivered": self.redelivered,
            "figure_changes": self.figure_changes.as_ref().map(FigureChanges::to_json),
        })
    }
}

/// How many have each status, every status among them.
fn statuses(counts: &BTreeMap<Status, u64>) -> Value {
    let count = |status: &Status| counts.get(status).copied().unwrap_or(0);
    let all = Status::ALL.iter();
    let all = all.map(|status| (status.word().to_owned(), Value::from(count(status))));
    Value::Object(all.collect())
}
