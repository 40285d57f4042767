//! `run_results.json` as its readers know it. A key that is written is described here, and a new one is a new field.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::discrepancy::{Dimension, Severity};

/// The version of the layout: a new number when a key goes away or means something else; new keys may come at any time.
pub const SCHEMA_VERSION: u32 = 2;

/// What came of a run. Readers pass over keys that they do not know: new ones may come without a new `schema_version`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "Trueup: run_results.json")]
pub struct RunResults {
    /// The version of this layout.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// The run.
    #[schemars(extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{12}$"))]
    pub run_id: String,
    /// The project's name.
    pub project: String,
    /// The delivery's name.
    pub delivery: String,
    /// The date that the run took for today.
    #[schemars(extend("format" = "date"))]
    pub as_of: String,
    /// Whether something blocking fired, so that the run is kept and not published.
    pub blocked: bool,
    /// Whether rules were left out, so that the run is kept and not published.
    pub trial: bool,
    /// How many rules `--select` and `--exclude` left out.
    pub rules_left_out: u64,
    /// One for each table, in the project's order.
    pub tables: Vec<TableResult>,
    /// One for each rule over tables, by id; with all their columns in `rule_results`.
    pub results: Vec<RuleResult>,
    /// The discrepancies.
    pub discrepancies: DiscrepancyCounts,
    /// Groups of statements about totals by verdict; a verdict that none has is left out.
    pub statements: BTreeMap<String, u64>,
    /// Model tables and aggregates that were not written, since a table that they are made of failed.
    pub withheld: Vec<WithheldResult>,
    /// What changed since the same delivery was published with other files; null where it was not.
    pub restated: Option<RestatedResult>,
    /// The run whose bytes were delivered again under another name or date; null where there is none.
    pub redelivered: Option<String>,
    /// Which published figures are others than in the run before; null where there is none.
    pub figure_changes: Option<FigureChangesResult>,
}

/// Where the records of a table went: `rows_read = clean + quarantined + excluded + rejected`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TableResult {
    /// The table.
    pub table: String,
    /// Its files in the delivery: 0 for a table that need not be there and is not.
    pub files: u64,
    /// Records that were read.
    pub rows_read: u64,
    /// Rows of the clean table.
    pub clean: u64,
    /// Rows of the quarantine table.
    pub quarantined: u64,
    /// Rows that were left out.
    pub excluded: u64,
    /// Records that are no row.
    pub rejected: u64,
    /// Rows of earlier deliveries that were carried on, among those that were read: 0 unless deliveries hold changes.
    pub carried: u64,
    /// The run whose rows were carried on; null where there was none.
    pub carried_from: Option<String>,
    /// Rows of earlier deliveries that were delivered again.
    pub superseded: Vec<SupersededResult>,
}

/// How many rows of an earlier delivery were delivered again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SupersededResult {
    /// The delivery.
    pub delivery: String,
    /// Its rows.
    pub rows: u64,
}

/// An output that was not written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct WithheldResult {
    /// Its path in the run folder, without its ending.
    pub output: String,
    /// Why.
    pub because: Vec<WithheldBecause>,
}

/// A table that failed, and a rule that failed it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct WithheldBecause {
    /// The table.
    pub table: String,
    /// The rule.
    pub rule: String,
}

/// Which published figures are others than in the run before.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct FigureChangesResult {
    /// The run before.
    pub since: String,
    /// How many changed.
    pub changed: u64,
    /// How many of each period; a period without any is left out.
    pub by_period: BTreeMap<String, u64>,
    /// Whether the project is another than it was then.
    pub project_changed: bool,
}

/// What a rule found; all counts are null where it did not run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RuleResult {
    /// The rule.
    pub rule_id: String,
    /// Twelve hex digits that change with what the rule does.
    pub rule_version: String,
    /// Its kind.
    pub kind: String,
    /// Its table.
    pub table: String,
    /// The column that a failure is about; null when it is about the row or the table.
    pub column: Option<String>,
    /// Which dimension of quality.
    pub dimension: Dimension,
    /// How much a failure matters in this run; info for a rule within its threshold.
    pub severity: Severity,
    /// What came of it.
    pub status: RuleStatus,
    /// Rows that passed or failed.
    pub evaluated: Option<u64>,
    /// Rows that failed.
    pub failed: Option<u64>,
    /// Rows on which it is neither true nor false.
    pub not_evaluated: Option<u64>,
    /// Rows outside its `where`.
    pub not_applicable: Option<u64>,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// No row failed.
    Passed,
    /// Rows failed.
    Failed,
    /// Rows failed, within its threshold.
    Tolerated,
    /// It could not be evaluated.
    Error,
    /// It was not selected.
    Skipped,
    /// There was nothing to hold the table against.
    NotEvaluated,
}

/// How many discrepancies there are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct DiscrepancyCounts {
    /// All that are open.
    pub total: u64,
    /// Those of each severity.
    pub by_severity: SeverityResult,
    /// Those of each rule or statement that has any, by its id.
    pub by_rule: BTreeMap<String, u64>,
    /// All rows of the log by status: those that resolved among them.
    pub by_status: StatusResult,
    /// The same of each rule or statement that has any.
    pub statuses_by_rule: BTreeMap<String, StatusResult>,
}

/// How many of each status.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct StatusResult {
    /// Never found before.
    pub new: u64,
    /// Found before, and still there.
    pub ongoing: u64,
    /// Found again after it was gone, or after its waiver ended.
    pub reopened: u64,
    /// Found in the run before, and not any more.
    pub resolved: u64,
    /// Accepted by a waiver that holds.
    pub waived: u64,
}

/// How many of each severity.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SeverityResult {
    /// Nothing is published.
    pub blocking: u64,
    /// The data is wrong.
    pub error: u64,
    /// The data is doubtful or incomplete.
    pub warn: u64,
    /// Worth knowing.
    pub info: u64,
}

/// What changed since the same delivery was published with other files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RestatedResult {
    /// The run before.
    pub run_id: String,
    /// One for each table of which a file is another.
    pub tables: Vec<RestatedTable>,
}

/// How many rows of a table changed; null where its rows cannot be compared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RestatedTable {
    /// The table.
    pub table: String,
    /// Rows of whose key there was none.
    pub added: Option<u64>,
    /// Rows of whose key there is none any more.
    pub removed: Option<u64>,
    /// Rows with another value.
    pub changed: Option<u64>,
}
