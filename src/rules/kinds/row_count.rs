//! `row_count`: the table has so many rows.

use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope};
use crate::{
    diagnostics::Diagnostic,
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule},
    tables::Table,
};

/// The table has at least `min` (by default 1) and at most `max` rows, rejected records not counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCount {
    #[serde(default = "one")]
    min: u64,
    #[serde(default)]
    max: Option<u64>,
}

fn one() -> u64 {
    1
}

impl RuleKind for RowCount {
    fn category(&self) -> Category {
        Category::Missing
    }
    fn dimension(&self) -> Dimension {
        Dimension::Completeness
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if self.max.is_some_and(|max| max < self.min) {
            diagnostics.push(Diagnostic::at(scope.span, "`row_count` has a `max` below its `min`"));
        }
    }
    fn plan(&self, _rule: &Rule, _table: &Table) -> Plan {
        Plan::RowCount {
            min: self.min,
            max: self.max,
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match self.max {
            Some(max) => format!("{} to {max} rows", self.min),
            None => format!("{} rows or more", self.min),
        }
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        let mut add = |what: String, min: u64, max: Option<u64>| {
            let kind = Kind::RowCount(RowCount { min, max });
            mutants.push(Mutant { what, kind });
        };
        if self.min > 0 {
            add(format!("min {} becomes {}", self.min, self.min - 1), self.min - 1, self.max);
        }
        if let Some(max) = self.max {
            add(format!("max {max} becomes {}", max.saturating_add(1)), self.min, Some(max.saturating_add(1)));
        }
        mutants
    }
}
