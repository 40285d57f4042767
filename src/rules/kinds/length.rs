//! `length`: the text has so many characters.

use minijinja::context;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::Diagnostic,
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// The text has at least `min` and at most `max` characters (not bytes). A missing value is not evaluated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Length {
    min: u32,
    max: Option<u32>,
}

impl RuleKind for Length {
    fn category(&self) -> Category {
        Category::WrongFormat
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("length", scope, diagnostics);
        if self.max.is_some_and(|max| max < self.min) {
            diagnostics.push(Diagnostic::at(scope.span, "`length` has a `max` below its `min`"));
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let values = context! { column => column_name(rule, table), min => self.min, max => self.max };
        Plan::Row {
            predicate: Sql::ours(render(include_str!("length.sql"), values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match self.max {
            Some(max) => format!("{} to {max} characters", self.min),
            None => format!("{} characters or more", self.min),
        }
    }
}
