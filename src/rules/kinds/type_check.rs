//! `type`: the cell can be read as its column's type.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::Diagnostic,
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::{ColumnType, Table},
};

/// The cell can be read as its column's type, in one of its formats.
///
/// Every column that is not text has this rule without being asked. Under the column its settings stand as `type_check`.
///
/// ## Missing values
///
/// A missing cell is not evaluated.
///
/// ## In the log
///
/// Category `Wrong format`, dimension `validity`. Unless `on_fail` says otherwise the cell becomes null in the clean table:
///
/// > visited_on is `05.01.2017`; expected a date such as %Y-%m-%d or %d/%m/%Y. A day that cannot be read belongs to no month.
///
/// ## A failing row
///
/// Have the value written as the export promises. Where a whole delivery has another form that reads as one thing only, add
/// it to the column's `formats`; each value then counts as repaired, in `changes`. What can be read and is absurd is
/// [`range`](range.md); what is text with a shape is [`pattern`](pattern.md).
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
///     formats: ["%Y-%m-%d", "%d/%m/%Y"]
///     type_check:
///       severity: error
///       why: A day that cannot be read belongs to no month.
///       examples:
///         pass: ["2017-01-05", "05/01/2017"]
///         fail: ["05.01.2017", "2017-02-30"]
///         not_evaluated: [""]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,visited_on
/// V1,2017-01-05
/// V2,05.01.2017
/// V3,
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TypeCheck {}

impl RuleKind for TypeCheck {
    fn category(&self) -> Category {
        Category::WrongFormat
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("type", scope, diagnostics);
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let values = context! { status => format!("_type.{}", column_name(rule, table)) };
        Plan::Row {
            predicate: Sql::ours(render("{{ status|ident }}", values)),
        }
    }
    fn expected(&self, rule: &Rule, table: &Table) -> String {
        let Some(column) = rule.column.map(|c| &table.columns[c]) else {
            return String::new();
        };
        match column.ty {
            ColumnType::String => "text".to_owned(),
            ColumnType::Integer => "a whole number".to_owned(),
            ColumnType::Decimal => "a number with at most four decimals".to_owned(),
            ColumnType::Date => format!("a date such as {}", column.formats.join(" or ")),
            ColumnType::Timestamp => format!("a date and time such as {}", column.formats.join(" or ")),
            ColumnType::Boolean => "true or false".to_owned(),
        }
    }
}
