//! `expression`: a condition over the row's columns.

use serde::Deserialize;

use super::{Kind, RuleKind, Scope};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql},
    tables::Table,
};

/// A condition over the row's columns that is true for a good row. Null is neither pass nor fail unless the rule says `nulls`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    sql: At<String>,
    /// The column that a failure is about.
    #[serde(default)]
    column: Option<At<String>>,
    /// The category of its discrepancies; by default that a value lies outside what the condition allows.
    #[serde(default)]
    category: Option<Category>,
    /// What a passing row looks like; by default the condition itself.
    #[serde(default)]
    expected: Option<String>,
}

impl RuleKind for Expression {
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
        Plan::Row {
            predicate: Sql::of_author(&self.sql),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match &self.expected {
            Some(text) => text.clone(),
            None => self.sql.value.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
    fn with_sql(&self, sql: &str) -> Option<Kind> {
        let mut other = self.clone();
        other.sql.value = sql.to_owned();
        Some(Kind::Expression(other))
    }
}
