//! `failed_rows`: a query that returns the bad rows.

use serde::Deserialize;

use super::{Kind, RuleKind, Scope};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql},
    tables::Table,
};

/// A query over any tables that returns the `_row` of each bad row of the rule's table, and may return `_group`, a text that the rows of a group share.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedRows {
    sql: At<String>,
    /// The column that a failure is about.
    #[serde(default)]
    column: Option<At<String>>,
    /// The category of its discrepancies; by default that a value lies outside what the query allows.
    #[serde(default)]
    category: Option<Category>,
    /// What a passing row looks like.
    #[serde(default)]
    expected: Option<String>,
    /// A condition over the row's columns: rows where it is not true are not evaluated.
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
}
