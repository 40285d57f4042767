//! `range`: the value lies between two bounds.

use minijinja::context;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::{ColumnType, Table},
};

/// The value lies between `min` and `max`, both included; either may be left out. Bounds are written as the column's canonical text. A missing value is not evaluated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Range {
    min: Option<At<String>>,
    max: Option<At<String>>,
}

impl RuleKind for Range {
    fn category(&self) -> Category {
        Category::OutOfRange
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("range", scope, diagnostics);
        if self.min.is_none() && self.max.is_none() {
            diagnostics.push(Diagnostic::at(scope.span, "`range` needs `min`, `max` or both"));
        }
        let Some(column) = scope.column.map(|c| &scope.table.columns[c]) else {
            return;
        };
        for bound in [&self.min, &self.max].into_iter().flatten() {
            let reads = match column.ty {
                ColumnType::Integer => bound.value.parse::<i64>().is_ok(),
                ColumnType::Decimal => bound.value.parse::<f64>().is_ok_and(f64::is_finite),
                ColumnType::Date => bound.value.parse::<jiff::civil::Date>().is_ok(),
                ColumnType::Timestamp => bound.value.parse::<jiff::Timestamp>().is_ok(),
                ColumnType::String | ColumnType::Boolean => false,
            };
            if !reads {
                let message = format!("`{}` is no bound for column `{}`", bound.value, column.name);
                let help = "bounds are numbers, ISO dates or ISO timestamps, as the column's type is";
                diagnostics.push(Diagnostic::at(&bound.span, message).help(help));
            }
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let column = &table.columns[rule.column.unwrap_or_default()];
        let sql_type = match column.ty {
            ColumnType::Integer => "BIGINT",
            ColumnType::Decimal => "DECIMAL(18, 4)",
            ColumnType::Timestamp => "TIMESTAMP",
            _ => "DATE",
        };
        let values = context! {
            column => column_name(rule, table),
            sql_type,
            min => self.min.as_ref().map(|m| m.value.clone()),
            max => self.max.as_ref().map(|m| m.value.clone()),
        };
        Plan::Row {
            predicate: Sql::ours(render(include_str!("range.sql"), values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!("from {} to {}", min.value, max.value),
            (Some(min), None) => format!("{} or more", min.value),
            (None, Some(max)) => format!("{} or less", max.value),
            (None, None) => String::new(),
        }
    }
}
