//! `pattern`: the text matches a regular expression.

use minijinja::context;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, need_column, need_text};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// The whole text matches `regex` (the `regex` crate's dialect, which runs in linear time). A missing value is not evaluated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    regex: At<String>,
}

impl Pattern {
    fn anchored(&self) -> String {
        format!("^(?:{})$", self.regex.value)
    }
}

impl RuleKind for Pattern {
    fn category(&self) -> Category {
        Category::WrongFormat
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("pattern", scope, diagnostics);
        need_text("pattern", scope, diagnostics);
        if self.regex.value.trim().is_empty() {
            let help = "write what a good text looks like; a blank cell is missing and never matched";
            diagnostics.push(Diagnostic::at(&self.regex.span, "`regex` is blank").help(help));
        }
        if let Err(error) = regex::Regex::new(&self.anchored()) {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().to_owned();
            diagnostics.push(Diagnostic::at(&self.regex.span, "this is no regular expression").label(last));
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let values = context! { column => column_name(rule, table), regex => self.anchored() };
        Plan::Row {
            predicate: Sql::ours(render("regexp_like({{ column|ident }}, {{ regex|text }})", values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        format!("text like {}", self.regex.value)
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        let with = |what: &str, regex: String| {
            let span = self.regex.span.clone();
            let kind = Kind::Pattern(Pattern { regex: At { value: regex, span } });
            Mutant { what: what.to_owned(), kind }
        };
        let regex = &self.regex.value;
        vec![
            with("anything may stand before it", format!("(?s:.*)(?:{regex})")),
            with("anything may stand after it", format!("(?:{regex})(?s:.*)")),
        ]
    }
}
