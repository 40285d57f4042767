//! `failed_rows`: a query that returns the bad rows.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, RuleKind, Scope};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Returns, Rule, Sql},
    tables::Table,
};

/// A query over any tables that returns the bad rows of the rule's own table.
///
/// It returns `"_row"` of each of them, and may return `"_group"`, a text that rows share which fail together. It sees
/// all delivered rows, those that will be quarantined too, with cleaned values. A `"_row"` that is null or no row of the
/// table is an error of the rule.
///
/// ## Missing values
///
/// A row that the query does not return has passed, whatever is missing in it. `evaluated` is a condition over the row:
/// where it is not true, the row is not evaluated, so that nothing passes for want of a value.
///
/// ## In the log
///
/// Category `Out of range` unless `category` says another, dimension `consistency`. `column` says which value is shown:
///
/// > visited_on is `2017-01-05`; expected a day on which the room was open. A visit to a closed room is booked wrongly.
///
/// ## A failing row
///
/// Run the query's condition by hand over the rows that it names: the message shows one value, the reason mostly stands in
/// another table. A condition over one row is [`expression`](expression.md), which costs nothing extra; a name that another
/// table does not know is [`relationships`](relationships.md); rows that repeat are [`duplicates`](duplicates.md).
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
///   room: { type: string }
///   visited_on: { type: date }
/// rules:
///   - id: visits.visited_on.room_open
///     check:
///       failed_rows:
///         sql: |
///           SELECT v."_row"
///           FROM visits v
///           JOIN closures c ON c.room = v.room AND c.closed_on = v.visited_on
///         column: visited_on
///         expected: a day on which the room was open
///         evaluated: "room IS NOT NULL AND visited_on IS NOT NULL"
///     severity: error
///     why: A visit to a closed room is booked wrongly.
///     examples:
///       pass:
///         - visits: [{ visit_ref: V1, room: Green, visited_on: "2017-01-04" }]
///           closures: [{ room: Green, closed_on: "2017-01-05" }]
///       fail:
///         - visits: [{ visit_ref: V1, room: Green, visited_on: "2017-01-05" }]
///           closures: [{ room: Green, closed_on: "2017-01-05" }]
///       not_evaluated:
///         - visits: [{ visit_ref: V1, room: Green }]
///           closures: [{ room: Green, closed_on: "2017-01-05" }]
/// ```
///
/// `rules/tables/closures.yaml`:
///
/// ```yaml
/// version: 1
/// table: closures
/// source: { files: "closures.csv" }
/// key: [room, closed_on]
/// columns:
///   room: { type: string }
///   closed_on: { type: date }
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,room,visited_on
/// V1,Green,2017-01-04
/// V2,Green,2017-01-05
/// ```
///
/// `delivery/closures.csv`:
///
/// ```csv
/// room,closed_on
/// Green,2017-01-05
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedRows {
    /// The query; in a `|` block, so that a mistake is shown where it stands.
    sql: At<String>,
    /// The column that a failure is about, whose value the log shows; unless said none.
    #[serde(default)]
    column: Option<At<String>>,
    /// The category of its discrepancies; unless said `Out of range`.
    #[serde(default)]
    category: Option<Category>,
    /// What a passing row looks like, in words.
    #[serde(default)]
    expected: Option<String>,
    /// A condition over the row's columns: rows where it is not true are not evaluated; unless said all are.
    #[serde(default)]
    evaluated: Option<At<String>>,
}

impl RuleKind for FailedRows {
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
        Plan::Rows {
            query: Sql::of_author(&self.sql),
            evaluated: self.evaluated.as_ref().map(Sql::of_author),
            returns: Returns::Failing,
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        self.expected
            .clone()
            .unwrap_or_else(|| "a row that the rule's query does not return".to_owned())
    }
    fn with_sql(&self, sql: &str) -> Option<Kind> {
        let mut other = self.clone();
        other.sql.value = sql.to_owned();
        Some(Kind::FailedRows(other))
    }
    fn condition(&self) -> Option<(&'static str, &At<String>)> {
        self.evaluated.as_ref().map(|evaluated| ("evaluated", evaluated))
    }
    fn with_condition(&self, sql: Option<&str>) -> Option<Kind> {
        let evaluated = self.evaluated.clone()?;
        let other = sql.map(|sql| At {
            value: sql.to_owned(),
            ..evaluated
        });
        Some(Kind::FailedRows(Self {
            evaluated: other,
            ..self.clone()
        }))
    }
}
