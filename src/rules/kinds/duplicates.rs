//! `duplicates`: rows that say the same though their keys differ.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, expect_column, once_each};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Members, Plan, Returns, Rule, Sql, template::render},
    tables::Table,
};

/// Rows that say the same though their keys differ.
///
/// Rows whose `columns` are all equal are a group, and every row of it fails. One survives: the first by `order_by`, where a
/// missing value comes last, then by place, or with `keep: last` the last. Nothing is done about it; `on_fail` is done about the others, which name it. The
/// table needs a `key`, by which the survivor is named.
///
/// ## Missing values
///
/// A row in which one of `columns` is missing is not evaluated: two blanks are not the same thing twice.
///
/// ## In the log
///
/// Category `Duplicate`, dimension `uniqueness`; `group_id` is the same for all rows of a group. Each row says its place in the
/// group and whether it is identical to the one that survives, as a row delivered twice is, or in which columns it differs:
///
/// > visit_ref is `V3` (2 of 2; differs from `V1` on line 2 in visit_ref); expected no other row with the same room, visited_on. A visit entered twice is counted twice.
///
/// ## A failing row
///
/// Look at both rows: one visit entered twice is merged at the source, two that only look alike need a further column in
/// `columns`. Rows are proposed, never merged, so `on_fail: keep` is the usual answer. One key twice is
/// [`unique`](unique.md).
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
///   - id: visits.duplicates.same_visit
///     check:
///       duplicates:
///         columns: [room, visited_on]
///         order_by: [visit_ref]
///         column: visit_ref
///     severity: warn
///     why: A visit entered twice is counted twice.
///     examples:
///       pass:
///         - visits: [{ visit_ref: V1, room: Green, visited_on: "2017-01-04" }, { visit_ref: V2, room: Blue, visited_on: "2017-01-04" }]
///       fail:
///         - visits: [{ visit_ref: V1, room: Green, visited_on: "2017-01-04" }, { visit_ref: V3, room: Green, visited_on: "2017-01-04" }]
///       not_evaluated:
///         - visits: [{ visit_ref: V1, room: Green }, { visit_ref: V3, room: Green }]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,room,visited_on
/// V1,Green,2017-01-04
/// V2,Blue,2017-01-04
/// V3,Green,2017-01-04
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// The columns that say the same.
    #[serde(deserialize_with = "super::names")]
    #[schemars(extend("minItems" = 1))]
    columns: Vec<At<String>>,
    /// Columns that put the rows of a group in order, before their place in the files.
    #[serde(default)]
    order_by: Vec<At<String>>,
    /// Which of them survives; unless said the first.
    #[serde(default)]
    keep: Keep,
    /// The column that a failure is about, whose value the log shows; unless said none.
    #[serde(default)]
    column: Option<At<String>>,
}

/// Which row of a group survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "keep", rename_all = "snake_case")]
pub enum Keep {
    /// The first in the order.
    #[default]
    First,
    /// The last in the order.
    Last,
}

impl RuleKind for Duplicates {
    fn category(&self) -> Category {
        Category::Duplicate
    }
    fn dimension(&self) -> Dimension {
        Dimension::Uniqueness
    }
    fn column(&self) -> Option<&At<String>> {
        self.column.as_ref()
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if scope.table.key.is_empty() {
            let message = "`duplicates` names the original by its key and this table has none";
            diagnostics.push(Diagnostic::at(scope.span, message).help("declare `key: […]`"));
        }
        for column in self.columns.iter().chain(&self.order_by) {
            expect_column(column, scope.table, diagnostics);
        }
        once_each(&self.columns, diagnostics);
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let names = |list: &[At<String>]| list.iter().map(|c| c.value.clone()).collect::<Vec<_>>();
        let key: Vec<String> = table.key.iter().map(|k| table.columns[*k].name.to_string()).collect();
        let columns = names(&self.columns);
        let compared = super::delivered_beside(table, &columns);
        let values = context! {
            table => table.name.as_str(),
            key,
            columns,
            order_by => names(&self.order_by),
            last => self.keep == Keep::Last,
            only_where => rule.only_where.as_ref().map(|w| w.value.clone()),
        };
        Plan::Rows {
            query: Sql::ours(render(include_str!("groups.sql"), values.clone())),
            evaluated: Some(Sql::ours(render(super::ALL_PRESENT, values))),
            returns: Returns::Members(Members {
                compared,
                first_passes: false,
            }),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        let names: Vec<&str> = self.columns.iter().map(|c| c.value.as_str()).collect();
        format!("no other row with the same {}", names.join(", "))
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        super::without_each(&self.columns, |columns| {
            Kind::Duplicates(Self {
                columns,
                ..self.clone()
            })
        })
    }
}
