//! `expression`: a condition over the row's columns.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, RuleKind, Scope};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql},
    tables::Table,
};

/// A condition over the columns of one row, true for a good row.
///
/// It is SQL over the cleaned values. `"_missing.<column>" = 0` says that a cell is not missing, `as_of()` is the run's
/// date. A condition looks at one row and says the same every time: it may hold no query, no aggregate and no clock.
///
/// ## Missing values
///
/// Null is neither true nor false: a row in which a value that the condition needs is missing is not evaluated, unless the
/// rule says `nulls: fail` or `nulls: pass`. Say `where:` for rows that the condition is not about.
///
/// ## In the log
///
/// Category `Out of range` unless `category` says another, dimension `consistency`. `column` says which value is shown:
///
/// > left_on is `2017-01-04`; expected left_on not before visited_on. Nobody leaves before they come.
///
/// ## A failing row
///
/// One of the values that the condition looks at is wrong; the log shows one, the quarantine or clean table all. What needs
/// other rows or tables is [`failed_rows`](failed_rows.md). What has a kind of its own, such as a fixed bound
/// ([`range`](range.md)), is better said with that: its messages are more exact.
///
/// ## Example
///
/// `rules/tables/visits.yaml`:
///
/// ```yaml
/// version: 1
/// table: visits
/// source: { files: "visits.csv" }
/// key: [visit_ref]
/// columns:
///   visit_ref: { type: string }
///   visited_on: { type: date }
///   left_on: { type: date }
/// rules:
///   - id: visits.left_on.not_before_visit
///     check:
///       expression:
///         sql: |
///           left_on >= visited_on
///         column: left_on
///         category: Out of order
///         expected: left_on not before visited_on
///     severity: error
///     on_fail: quarantine
///     why: Nobody leaves before they come.
///     examples:
///       pass: [{ visited_on: "2017-01-05", left_on: "2017-01-05" }]
///       fail: [{ visited_on: "2017-01-05", left_on: "2017-01-04" }]
///       not_evaluated: [{ visited_on: "2017-01-05" }]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,visited_on,left_on
/// V1,2017-01-05,2017-01-06
/// V2,2017-01-05,2017-01-04
/// V3,2017-01-05,
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    /// The condition; in a `|` block, so that a mistake is shown where it stands.
    sql: At<String>,
    /// The column that a failure is about, whose value the log shows; unless said none.
    #[serde(default)]
    column: Option<At<String>>,
    /// The category of its discrepancies; unless said `Out of range`.
    #[serde(default)]
    category: Option<Category>,
    /// What a passing row looks like, in words; unless said the condition itself.
    #[serde(default)]
    expected: Option<String>,
}

impl RuleKind for Expression {
    fn category(&self) -> Category {
        self.category.unwrap_or(Category::OutOfRange)
    }
    fn dimension(&self) -> Dimension {
        Dimension::Consistency
    }
    fn column(&self) -> Option<&At<String>> {
        self.column.as_ref()
    }
    fn validate(&self, _scope: &Scope<'_>, _diagnostics: &mut Vec<Diagnostic>) {}
    fn plan(&self, _rule: &Rule, _table: &Table) -> Plan {
        Plan::Row {
            predicate: Sql::of_author(&self.sql),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match &self.expected {
            Some(text) => text.clone(),
            None => self.sql.value.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
    fn with_sql(&self, sql: &str) -> Option<Kind> {
        let mut other = self.clone();
        other.sql.value = sql.to_owned();
        Some(Kind::Expression(other))
    }
}
