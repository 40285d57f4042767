//! `length`: the text has so many characters.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, need_column, need_text};
use crate::{
    diagnostics::Diagnostic,
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::Table,
};

/// The text has at least `min` and at most `max` characters; one of them may be left out.
///
/// Characters are counted, not bytes, after the column's `clean`. For columns of type string.
///
/// ## Missing values
///
/// A missing cell is not evaluated: a blank text is no text of no characters, and [`not_null`](not_null.md) asks for one.
///
/// ## In the log
///
/// Category `Wrong format`, dimension `validity`:
///
/// > postcode is `AB1`; expected 5 to 8 characters. A postcode that is cut off finds no house.
///
/// ## A failing row
///
/// A text that is too short is mostly cut off, one that is too long holds what belongs elsewhere: correct it at the source.
/// A text whose characters matter too is [`pattern`](pattern.md).
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
///   visit_ref: { type: string }
///   postcode:
///     type: string
///     length:
///       min: 5
///       max: 8
///       severity: warn
///       why: A postcode that is cut off finds no house.
///       examples:
///         pass: ["AB1 2CD", "N1 1A"]
///         fail: ["AB1", "AB1 2CD EF"]
///         not_evaluated: [""]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,postcode
/// V1,AB1 2CD
/// V2,AB1
/// V3,
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("anyOf" = super::needs(["min", "max"])))]
pub struct Length {
    /// Fewest characters; unless said 0.
    min: Option<u32>,
    /// Most characters; unless said any number.
    max: Option<u32>,
}

impl Length {
    fn at_least(&self) -> u32 {
        self.min.unwrap_or(0)
    }
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
        need_text("length", scope, diagnostics);
        if self.min.is_none() && self.max.is_none() {
            diagnostics.push(Diagnostic::at(scope.span, "`length` needs `min`, `max` or both"));
        }
        if self.max.is_some_and(|max| max < self.at_least()) {
            diagnostics.push(Diagnostic::at(scope.span, "`length` has a `max` below its `min`"));
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let values = context! { column => column_name(rule, table), min => self.at_least(), max => self.max };
        Plan::Row {
            predicate: Sql::ours(render(include_str!("length.sql"), values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match self.max {
            Some(max) => format!("{} to {max} characters", self.at_least()),
            None => format!("{} characters or more", self.at_least()),
        }
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        let Self { min, max } = *self;
        let mut mutants = Vec::new();
        let mut add = |what: String, min: Option<u32>, max: Option<u32>, example: String| {
            // A cell without a character is missing, so that any text has one.
            let says = min.is_some_and(|min| min > 1) || max.is_some();
            if says && max.is_none_or(|max| min.unwrap_or(0) <= max) {
                let kind = Kind::Length(Length { min, max });
                mutants.push(Mutant::new(what, kind, example));
            }
        };
        if let Some(least) = min {
            if least > 1 {
                let example = format!("a `fail` example of {} characters", least - 1);
                add(format!("min {least} becomes {}", least - 1), Some(least - 1), max, example);
            }
            let more = least.saturating_add(1);
            add(format!("min {least} becomes {more}"), Some(more), max, format!("a `pass` example of {least} characters"));
        }
        if let Some(most) = max {
            let more = most.saturating_add(1);
            add(format!("max {most} becomes {more}"), min, Some(more), format!("a `fail` example of {more} characters"));
            if most > 1 {
                let example = format!("a `pass` example of {most} characters");
                add(format!("max {most} becomes {}", most - 1), min, Some(most - 1), example);
            }
        }
        mutants
    }
}
