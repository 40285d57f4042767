//! `pattern`: the text matches a regular expression.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, need_column, need_text};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// The whole text matches a regular expression.
///
/// The dialect is that of Rust's `regex` crate, which takes linear time and has no look-around and no back-references.
/// `^` and `$` need not be written. For columns of type string.
///
/// ## Missing values
///
/// A missing cell is not evaluated.
///
/// ## In the log
///
/// Category `Wrong format`, dimension `validity`:
///
/// > visit_ref is `v-2`; expected text like V[0-9]+. A reference of another form comes from another system.
///
/// ## A failing row
///
/// Correct the value at the source. Where only case or blanks are wrong, let the column's `clean` mend them: `clean: [trim,
/// upper]`. A text of a known few is [`accepted_values`](accepted_values.md), which can also suggest the right one.
///
/// ## Example
///
/// `rules/tables/visits.yaml`:
///
/// ```yaml
/// version: 1
/// table: visits
/// source: { files: "visits.csv" }
/// key: [visit_ref]
/// columns:
///   visit_ref:
///     type: string
///     pattern:
///       regex: "V[0-9]+"
///       severity: error
///       why: A reference of another form comes from another system.
///       examples:
///         pass: ["V1", " V17 "]
///         fail: ["v-2", "V1 and V2"]
///         not_evaluated: [""]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref
/// V1
/// v-2
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The expression that the whole text matches.
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
        let with = |place: &str, regex: String| {
            let span = self.regex.span.clone();
            let kind = Kind::Pattern(Pattern { regex: At { value: regex, span } });
            let example = format!("a `fail` example of a good text with something else {place} it");
            Mutant::new(format!("anything may stand {place} it"), kind, example).at(&self.regex.span)
        };
        let regex = &self.regex.value;
        vec![
            with("before", format!("(?s:.*)(?:{regex})")),
            with("after", format!("(?:{regex})(?s:.*)")),
        ]
    }
}
