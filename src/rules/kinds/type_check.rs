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

/// The cell can be read as its column's type and formats. Every column that is not text has this rule; a missing cell is not evaluated.
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
