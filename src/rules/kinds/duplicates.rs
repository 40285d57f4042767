//! `duplicates`: rows that say the same though their keys differ.

use minijinja::context;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, expect_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// Rows whose `columns` are all equal: the first by `order_by` (then by place) is the original, each later one fails and names it. A row in which one of them is null is not evaluated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    columns: Vec<At<String>>,
    #[serde(default)]
    order_by: Vec<At<String>>,
    /// The column that a failure is about.
    #[serde(default)]
    column: Option<At<String>>,
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
        if self.columns.is_empty() {
            diagnostics.push(Diagnostic::at(scope.span, "`duplicates` needs `columns`"));
        }
        if scope.table.key.is_empty() {
            let message = "`duplicates` names the original by its key and this table has none";
            diagnostics.push(Diagnostic::at(scope.span, message).help("declare `key: […]`"));
        }
        for column in self.columns.iter().chain(&self.order_by) {
            expect_column(column, scope.table, diagnostics);
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let names = |list: &[At<String>]| list.iter().map(|c| c.value.clone()).collect::<Vec<_>>();
        let key: Vec<String> = table.key.iter().map(|k| table.columns[*k].name.to_string()).collect();
        let mut read = [key.clone(), names(&self.columns), names(&self.order_by)].concat();
        read.sort_unstable();
        read.dedup();
        let values = context! {
            read,
            table => table.name.as_str(),
            key,
            columns => names(&self.columns),
            order_by => names(&self.order_by),
            only_where => rule.only_where.as_ref().map(|w| w.value.clone()),
        };
        Plan::Rows {
            query: Sql::ours(render(include_str!("duplicates.sql"), values.clone())),
            evaluated: Some(Sql::ours(render(super::ALL_PRESENT, values))),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        let names: Vec<&str> = self.columns.iter().map(|c| c.value.as_str()).collect();
        format!("no earlier row with the same {}", names.join(", "))
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
