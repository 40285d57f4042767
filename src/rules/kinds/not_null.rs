//! `not_null`: the cell says something.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::{Missing, Table},
};

/// The cell is not missing.
///
/// A blank cell is missing, and so is a text that the column's `missing:` or a code list gives a kind of missing. A text
/// that cannot be read as the column's type is not: [`type`](type.md) reports it.
///
/// ## Missing values
///
/// They are what fails. `missing` says which kinds: by default `not_recorded`, the blank cell, alone, since `refused` and
/// `not_applicable` are answers, and `unknown` is one that somebody gave. No row is left unevaluated.
///
/// ## In the log
///
/// Category `Missing`, dimension `completeness`:
///
/// > visited_on is blank; expected a value. A visit without its day belongs to no month.
///
/// ## A failing row
///
/// Look the value up where the row comes from, and have it entered there. Where the answer is known to be missing, let the
/// system say so with a text of its own and list that under the column's `missing:`. A value that only some rows need is
/// this kind with `where:`; that one of two columns is filled is [`expression`](expression.md).
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
///   visited_on:
///     type: date
///     missing: { unknown: ["n/k"] }
///     not_null:
///       severity: error
///       on_fail: quarantine
///       why: A visit without its day belongs to no month.
///       examples:
///         pass: ["2017-01-05", "n/k"]
///         fail: ["", "  "]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,visited_on
/// V1,2017-01-05
/// V2,
/// V3,n/k
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotNull {
    /// The kinds of missing that fail; unless said `[not_recorded]`, the blank cell.
    #[schemars(with = "Vec<Missing>")]
    missing: Vec<At<String>>,
}

impl NotNull {
    fn kinds(&self) -> Vec<Missing> {
        if self.missing.is_empty() {
            return vec![Missing::NotRecorded];
        }
        let named = |kind: &Missing| self.missing.iter().any(|m| m.value == kind.word());
        Missing::ALL.into_iter().filter(named).collect()
    }
}

impl RuleKind for NotNull {
    fn category(&self) -> Category {
        Category::Missing
    }
    fn dimension(&self) -> Dimension {
        Dimension::Completeness
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("not_null", scope, diagnostics);
        for word in &self.missing {
            let known = Missing::ALL.map(Missing::word);
            if !known.contains(&word.value.as_str()) {
                let message = format!("`{}` is no kind of missing", word.value);
                diagnostics.push(Diagnostic::at(&word.span, message).suggest(&word.value, known));
            }
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let numbers: Vec<i8> = self.kinds().into_iter().map(Missing::number).collect();
        let values = context! { status => format!("_missing.{}", column_name(rule, table)), numbers };
        Plan::Row {
            predicate: Sql::ours(render(include_str!("not_null.sql"), values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        "a value".to_owned()
    }
}
