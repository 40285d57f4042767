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

/// The cell is not missing. A text that could not be read as the column's type is not missing: `type` reports it.
///
/// `missing` lists the kinds of missing that fail; by default `not_recorded`, the blank cell, alone, since `refused` and
/// `not_applicable` are answers and `unknown` is one that somebody gave.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotNull {
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
