//! Rules: what is checked, how much it matters and what is done about a failure. Text in, text out: nothing here runs SQL.

mod conditions;
pub mod kinds;
mod page;
pub(crate) mod template;
pub mod totals;
pub mod waivers;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use conditions::{CONDITIONS, Condition, Conditions, NoCondition};
pub use kinds::{Kind, RuleKind};
pub use page::{Page, Setting, lede};

use crate::{
    diagnostics::{At, Span},
    discrepancy::{Dimension, Severity},
    linkage::{self, Compare},
    tables::Table,
};

/// A rule, valid on its own: its columns exist; its SQL has not been planned yet.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `<table>.<column>.<name>` or `<table>.<name>`; unique in the project.
    pub id: String,
    /// First twelve hex digits of the SHA-256 of what the rule does (kind, settings, where, nulls, on_fail, severity, threshold, conditions).
    pub version: String,
    /// Index of its table in the project.
    pub table: usize,
    /// The column that a failure is about, as an index into the table's columns.
    pub column: Option<usize>,
    /// What is checked.
    pub kind: Kind,
    /// How much a failure matters; with conditions the most that it can.
    pub severity: Severity,
    /// Which dimension of quality.
    pub dimension: Dimension,
    /// SQL: rows where it is not true are not applicable.
    pub only_where: Option<At<String>>,
    /// What a null outcome means.
    pub nulls: Nulls,
    /// Failures that are tolerated.
    pub threshold: Option<Threshold>,
    /// On how many failing rows a failure matters how much; none where that does not depend on it.
    pub conditions: Conditions,
    /// What is done about a failing row.
    pub on_fail: OnFail,
    /// Why the rule exists.
    pub why: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// For selection.
    pub tags: Vec<String>,
    /// Rows that pass, fail and are not evaluated.
    pub examples: Examples,
    /// Where the project declares it.
    pub span: Span,
}

/// Names of rules that the engine has of itself: `<table>.<name>`.
pub const OWN_NAMES: [&str; 16] = [
    "rule_error",
    "rejects",
    "beside",
    "swallowed",
    "terminated",
    "delivered_twice",
    "reading",
    "cell_errors",
    "unreadable",
    "freshness",
    "volume",
    "columns",
    "missing_columns",
    "renamed_columns",
    "reordered_columns",
    "retyped_columns",
];

/// Files that no table names: a rule that the engine has of itself about a delivery as a whole, as the next ones.
pub const UNCLAIMED: &str = "delivery.unclaimed";

/// A night that was not whole, so that an earlier one was read.
pub const STALE: &str = "delivery.stale";

/// A delivery of the same bytes as the run before.
pub const REDELIVERED: &str = "delivery.redelivered";

/// A file that was another when the same night was delivered before.
pub const RESTATED: &str = "delivery.restated";

/// A waiver that has ended.
pub const WAIVER_EXPIRED: &str = "waivers.expired";

/// A waiver that was granted for another version of its rule.
pub const WAIVER_OUTDATED: &str = "waivers.outdated";

/// A waiver that ends soon.
pub const WAIVER_EXPIRING: &str = "waivers.expiring";

/// A waiver that covers nothing.
pub const WAIVER_UNUSED: &str = "waivers.unused";

/// A waiver that would cover more than it may.
pub const WAIVER_OVER_BROAD: &str = "waivers.over_broad";

/// A waiver whose condition cannot be computed.
pub const WAIVER_FAILED: &str = "waivers.failed";

/// A rule that is another than in the run before.
pub const RULE_CHANGED: &str = "rules.changed";

/// The engine's own rules that are about no table.
pub const OWN_OF_DELIVERY: [&str; 11] = [
    UNCLAIMED,
    STALE,
    REDELIVERED,
    RESTATED,
    WAIVER_EXPIRED,
    WAIVER_OUTDATED,
    WAIVER_EXPIRING,
    WAIVER_UNUSED,
    WAIVER_OVER_BROAD,
    WAIVER_FAILED,
    RULE_CHANGED,
];

/// What a null outcome means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "meaning of a null outcome", rename_all = "snake_case")]
#[schemars(rename = "Nulls")]
pub enum Nulls {
    /// Neither pass nor fail; counted apart.
    #[default]
    NotEvaluated,
    /// A failure.
    Fail,
    /// A pass.
    Pass,
}

/// What is done about a failing row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "on_fail", rename_all = "snake_case")]
#[schemars(rename = "OnFail")]
pub enum OnFail {
    /// The row and its values stay.
    #[default]
    Keep,
    /// An alias becomes its code, anything else null (`accepted_values` only).
    Correct,
    /// The rule's column becomes null.
    Null,
    /// The row goes to the quarantine table.
    Quarantine,
    /// The row is left out of every output.
    Exclude,
}

/// Failures that are tolerated: within it the rule's failures are logged with severity `info`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// At most this many rows.
    MaxCount(u64),
    /// At most this share of the evaluated rows, 0 to 1.
    MaxShare(f64),
}

/// Examples of a rule; each is a small delivery: table name to rows, a row being column name to raw text.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// The rule fails no row.
    pub pass: Vec<Example>,
    /// The rule fails at least one row.
    pub fail: Vec<Example>,
    /// The rule evaluates no row.
    pub not_evaluated: Vec<Example>,
}

/// A small delivery.
pub type Example = BTreeMap<String, Vec<BTreeMap<String, String>>>;

/// What a kind asks of the engine.
#[derive(Clone, Debug)]
pub enum Plan {
    /// A Boolean SQL expression over the row's conformed columns, evaluated in the table's one scan.
    Row {
        /// The expression.
        predicate: Sql,
    },
    /// A query over key columns that returns the failing rows.
    Rows {
        /// `SELECT "_row" [, "_group"]`; `_group` is text that all rows of a group share, such as the original's key.
        query: Sql,
        /// A row expression: rows where it is not true are not evaluated.
        evaluated: Option<Sql>,
        /// What they are.
        returns: Returns,
    },
    /// The number of rows of the table.
    RowCount {
        /// Fewest.
        min: u64,
        /// Most.
        max: Option<u64>,
    },
}

/// What the rows of a query are.
#[derive(Clone, Debug)]
pub enum Returns {
    /// Those that fail.
    Failing,
    /// What may be the members of groups, those of one group one after the other: `_first` and `_first_line` say which is the
    /// first of a row's group, `_place` its own place in it, from 1. A row that is alone is in no group.
    Members(Members),
    /// All rows, `_field_0` and so on beside them; those that are probably the same are to be found.
    Records(Box<Comparison>),
}

/// Rows that say the same.
#[derive(Clone, Debug)]
pub struct Members {
    /// Columns in which each is held against the first of its group.
    pub compared: Vec<String>,
    /// Whether the first passes; if not, it fails and survives.
    pub first_passes: bool,
}

/// Rows that are to be compared with each other.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The compared columns in order, each with how.
    pub fields: Vec<(String, Compare)>,
    /// Which are compared, and what is proposed.
    pub settings: linkage::Settings,
}

/// What somebody decided about two rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The id of the rule that proposed them.
    pub rule: String,
    /// The keys of the two, as the log writes them.
    pub keys: [String; 2],
    /// Whether they are the same.
    pub same: bool,
}

/// SQL text and, where an author wrote it, its place (the text's first byte is the span's first byte, indentation removed).
#[derive(Clone, Debug)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// The author's part of it.
    pub author: Option<At<String>>,
}

impl Sql {
    fn ours(text: String) -> Self {
        Self { text, author: None }
    }

    pub(crate) fn of_author(at: &At<String>) -> Self {
        Self {
            text: at.value.clone(),
            author: Some(at.clone()),
        }
    }
}

impl Rule {
    /// What the engine has to do for this rule.
    pub fn plan(&self, table: &Table) -> Plan {
        self.kind.plan(self, table)
    }
}
