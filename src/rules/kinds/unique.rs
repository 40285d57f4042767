//! `unique`: no two rows share a key.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, expect_column, once_each};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Members, Plan, Returns, Rule, Sql, template::render},
    tables::Table,
};

/// No two rows share the value, or the values of `columns` together.
///
/// The first row in the order of the files is kept as good, each later one fails. A failure of several columns is shown at
/// the first of them.
///
/// ## Missing values
///
/// A row in which one of the values is missing is not evaluated: say [`not_null`](not_null.md) beside it, or `nulls: fail`.
///
/// ## In the log
///
/// Category `Duplicate`, dimension `uniqueness`; `group_id` is the same for all rows of a key. The message says how many share
/// it, where the first of them stands, and whether the row is identical to that one, as a row delivered twice is, or in which
/// other declared columns it differs, by their cleaned values or, where there is none, by what was delivered:
///
/// > visit_ref is `V1` (first of 2 on line 2; differs in room, visited_on); expected one row for each visit_ref. Two rows with one reference are counted twice.
///
/// ## A failing row
///
/// `identical`: the same row twice; mend the export, and `on_fail: quarantine` meanwhile. `differs`: one of two visits was
/// misnumbered at the source, or the same visit was delivered in two versions; look at the line that the message names. Rows that
/// say the same under different keys are [`duplicates`](duplicates.md), which can also choose another row than the first to keep.
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
///   visit_ref:
///     type: string
///     unique:
///       severity: error
///       on_fail: quarantine
///       why: Two rows with one reference are counted twice.
///       examples:
///         pass:
///           - visits: [{ visit_ref: V1 }, { visit_ref: V2 }]
///         fail:
///           - visits: [{ visit_ref: V1 }, { visit_ref: "V1 " }]
///         not_evaluated:
///           - visits: [{ visit_ref: "" }, { visit_ref: "" }]
///   room: { type: string }
///   visited_on: { type: date }
/// rules:
///   - id: visits.room.once_a_day
///     check:
///       unique: { columns: [room, visited_on] }
///     severity: warn
///     why: A room is let once a day.
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,room,visited_on
/// V1,Green,2017-01-04
/// V2,Blue,2017-01-04
/// V1,Red,2017-01-05
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Unique {
    /// The columns that no two rows share; unless said the one that the rule stands under.
    #[serde(deserialize_with = "super::names")]
    #[schemars(extend("minItems" = 1))]
    columns: Vec<At<String>>,
}

impl RuleKind for Unique {
    fn category(&self) -> Category {
        Category::Duplicate
    }
    fn dimension(&self) -> Dimension {
        Dimension::Uniqueness
    }
    /// A failure of several columns is shown at the first.
    fn column(&self) -> Option<&At<String>> {
        self.columns.first()
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if self.columns.is_empty() && scope.column.is_none() {
            diagnostics.push(Diagnostic::at(scope.span, "`unique` needs `columns` or a column to stand under"));
        }
        for column in &self.columns {
            expect_column(column, scope.table, diagnostics);
        }
        once_each(&self.columns, diagnostics);
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let columns: Vec<String> = if self.columns.is_empty() {
            vec![column_name(rule, table).to_owned()]
        } else {
            self.columns.iter().map(|c| c.value.clone()).collect()
        };
        let compared = super::delivered_beside(table, &columns);
        let values = context! {
            table => table.name.as_str(),
            columns,
            key => Vec::<String>::new(),
            order_by => Vec::<String>::new(),
            last => false,
            only_where => rule.only_where.as_ref().map(|w| w.value.clone()),
        };
        Plan::Rows {
            query: Sql::ours(render(include_str!("groups.sql"), values.clone())),
            evaluated: Some(Sql::ours(render(super::ALL_PRESENT, values))),
            returns: Returns::Members(Members {
                compared,
                first_passes: true,
            }),
        }
    }
    fn expected(&self, rule: &Rule, table: &Table) -> String {
        let names: Vec<&str> = self.columns.iter().map(|c| c.value.as_str()).collect();
        match (&names[..], rule.column) {
            ([], None) => "one row for each key".to_owned(),
            ([], Some(_)) => format!("one row for each {}", column_name(rule, table)),
            (names, _) => format!("one row for each {}", names.join(", ")),
        }
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        super::without_each(&self.columns, |columns| Kind::Unique(Self { columns }))
    }
}
