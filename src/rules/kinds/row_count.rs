//! `row_count`: the table has so many rows.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope};
use crate::{
    diagnostics::Diagnostic,
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule},
    tables::Table,
};

/// The table has at least `min` and at most `max` rows.
///
/// Rejected records are not counted. A rule of its own, about the whole table: with it an empty export never passes.
///
/// ## Missing values
///
/// There are none: a table that was not delivered has no rows, and fails where `min` is 1 or more.
///
/// ## In the log
///
/// Category `Missing`, dimension `completeness`; no row and no column is named, and `on_fail` has nothing to act on:
///
/// > table visits has 2 rows; expected 3 rows or more. A day with fewer visits was not exported whole.
///
/// ## A failing table
///
/// Ask for the export again before anything else: half a file makes every other rule pass. With `severity: blocking` the
/// last good run stays published meanwhile. Counts that hang on other figures are [`control_total`](control_total.md).
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
/// rules:
///   - id: visits.enough
///     check:
///       row_count: { min: 3 }
///     severity: error
///     why: A day with fewer visits was not exported whole.
///     examples:
///       pass:
///         - visits: [{ visit_ref: V1 }, { visit_ref: V2 }, { visit_ref: V3 }]
///       fail:
///         - visits: [{ visit_ref: V1 }, { visit_ref: V2 }]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref
/// V1
/// V2
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowCount {
    /// Fewest rows; unless said 1.
    #[serde(default = "one")]
    min: u64,
    /// Most rows; unless said any number.
    #[serde(default)]
    max: Option<u64>,
}

fn one() -> u64 {
    1
}

impl RuleKind for RowCount {
    fn category(&self) -> Category {
        Category::Missing
    }
    fn dimension(&self) -> Dimension {
        Dimension::Completeness
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if self.max.is_some_and(|max| max < self.min) {
            diagnostics.push(Diagnostic::at(scope.span, "`row_count` has a `max` below its `min`"));
        }
    }
    fn plan(&self, _rule: &Rule, _table: &Table) -> Plan {
        Plan::RowCount {
            min: self.min,
            max: self.max,
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match self.max {
            Some(max) => format!("{} to {max} rows", self.min),
            None => format!("{} rows or more", self.min),
        }
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        let Self { min, max } = *self;
        let mut mutants = Vec::new();
        let mut add = |what: String, min: u64, max: Option<u64>, example: String| {
            // What takes any number of rows is the rule dropped, which is tried anyway.
            if (min > 0 || max.is_some()) && max.is_none_or(|max| min <= max) {
                mutants.push(Mutant::new(what, Kind::RowCount(RowCount { min, max }), example));
            }
        };
        if min > 0 {
            add(format!("min {min} becomes {}", min - 1), min - 1, max, format!("a `fail` example of {} rows", min - 1));
        }
        let more = min.saturating_add(1);
        add(format!("min {min} becomes {more}"), more, max, format!("a `pass` example of {min} rows"));
        if let Some(most) = max {
            let more = most.saturating_add(1);
            add(format!("max {most} becomes {more}"), min, Some(more), format!("a `fail` example of {more} rows"));
            let fewer = most.saturating_sub(1);
            add(format!("max {most} becomes {fewer}"), min, most.checked_sub(1), format!("a `pass` example of {most} rows"));
        }
        mutants
    }
}
