//! `relationships`: what a row names exists elsewhere.

use minijinja::context;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, expect_column, need_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// The column's value stands in column `column` of table `to` (among the rows where `to_where` holds). All delivered rows count, quarantined ones too. A null value is not evaluated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relationships {
    to: At<String>,
    column: At<String>,
    #[serde(default)]
    to_where: Option<At<String>>,
}

impl RuleKind for Relationships {
    fn category(&self) -> Category {
        Category::Orphan
    }
    fn dimension(&self) -> Dimension {
        Dimension::Consistency
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("relationships", scope, diagnostics);
        let to = scope.tables.iter().find(|t| t.name.as_str() == self.to.value);
        match to {
            Some(table) => {
                expect_column(&self.column, table, diagnostics);
            }
            None => {
                let known = scope.tables.iter().map(|t| t.name.as_str());
                let message = format!("there is no table `{}`", self.to.value);
                diagnostics.push(Diagnostic::at(&self.to.span, message).suggest(&self.to.value, known));
            }
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let column = column_name(rule, table).to_owned();
        let values = context! {
            table => table.name.as_str(),
            columns => [column.clone()],
            column,
            to => self.to.value.clone(),
            to_column => self.column.value.clone(),
            to_where => self.to_where.as_ref().map(|w| w.value.clone()),
        };
        Plan::Rows {
            query: Sql {
                text: render(include_str!("relationships.sql"), values.clone()),
                author: self.to_where.clone(),
            },
            evaluated: Some(Sql::ours(render(super::ALL_PRESENT, values))),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match &self.to_where {
            Some(to_where) => format!(
                "a {} of {} where {}",
                self.column.value,
                self.to.value,
                to_where.value.split_whitespace().collect::<Vec<_>>().join(" ")
            ),
            None => format!("a {} of {}", self.column.value, self.to.value),
        }
    }
}
