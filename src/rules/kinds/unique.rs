//! `unique`: no two rows share a key.

use minijinja::context;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, expect_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// No two rows share the values of `columns` (by default the column that the rule stands under). The first row in file order is kept as good, each later one fails.
/// A row in which one of them is null is not evaluated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unique {
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
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let columns: Vec<String> = if self.columns.is_empty() {
            vec![column_name(rule, table).to_owned()]
        } else {
            self.columns.iter().map(|c| c.value.clone()).collect()
        };
        let values = context! {
            table => table.name.as_str(),
            columns,
            only_where => rule.only_where.as_ref().map(|w| w.value.clone()),
        };
        Plan::Rows {
            query: Sql::ours(render(include_str!("unique.sql"), values.clone())),
            evaluated: Some(Sql::ours(render(super::ALL_PRESENT, values))),
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
