//! `range`: the value lies between two bounds.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::{ColumnType, Table},
};

/// The value lies between `min` and `max`, both included; one of them may be left out.
///
/// Bounds are numbers with no more digits than the type holds, or, whatever the column's `formats`, ISO dates such as
/// `2017-01-05` and ISO timestamps with their offset such as `2017-01-05T10:30:00Z`. For columns of type integer, decimal,
/// date and timestamp.
///
/// ## Missing values
///
/// A missing cell is not evaluated, and neither is one that could not be read as the type.
///
/// ## In the log
///
/// Category `Out of range`, dimension `validity`:
///
/// > guests is `120`; expected from 1 to 40. More than forty guests fit into no room.
///
/// ## A failing row
///
/// Look at the source: a bound that is broken by a factor of ten or a hundred is mostly a slip of the hand. A bound that
/// good rows break is the wrong bound: widen it, or say `severity: warn`. A bound that is another column or today's date is
/// [`expression`](expression.md); a number of characters is [`length`](length.md).
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
///   guests:
///     type: integer
///     range:
///       min: 1
///       max: 40
///       severity: warn
///       why: More than forty guests fit into no room.
///       examples:
///         pass: ["1", "40"]
///         fail: ["0", "41"]
///         not_evaluated: ["", "many"]
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,guests
/// V1,12
/// V2,120
/// V3,
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("anyOf" = super::needs(["min", "max"])))]
pub struct Range {
    /// The least that passes; unless said there is none.
    min: Option<At<String>>,
    /// The most that passes; unless said there is none.
    max: Option<At<String>>,
}

/// A bound as a number that orders as the column's values do; or why it is none.
fn read_bound(text: &str, ty: ColumnType) -> Result<i128, &'static str> {
    const OTHER: &str = "bounds are numbers, ISO dates or ISO timestamps, as the column's type is";
    match ty {
        ColumnType::Integer | ColumnType::Decimal => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
            if whole.is_empty() || digits.ends_with('.') || !all_digits(whole) || !all_digits(fraction) {
                return Err(OTHER);
            }
            if whole.len() > 1 && whole.starts_with('0') {
                return Err("write it without the leading nought");
            }
            let (most, decimals) = match ty {
                ColumnType::Decimal => (14, 4),
                _ => (19, 0),
            };
            if whole.len() > most || fraction.len() > decimals {
                return Err(match ty {
                    ColumnType::Decimal => "the column's values have at most 14 digits before and 4 behind the point",
                    _ => "the column's values are whole numbers of at most 19 digits",
                });
            }
            let number: i128 = format!("{whole}{fraction:0<decimals$}").parse().map_err(|_| OTHER)?;
            let number = if text.starts_with('-') { -number } else { number };
            match ty {
                ColumnType::Integer => i64::try_from(number).map(i128::from).map_err(|_| OTHER),
                _ => Ok(number),
            }
        }
        ColumnType::Date => {
            let date: jiff::civil::Date = text.parse().map_err(|_| OTHER)?;
            if date.to_string() != text {
                return Err("write year-month-day, such as 2017-01-05");
            }
            let (year, month, day) = (date.year(), date.month(), date.day());
            Ok(i128::from(year) * 10_000 + i128::from(month) * 100 + i128::from(day))
        }
        ColumnType::Timestamp => {
            let instant: jiff::Timestamp = text.parse().map_err(|_| OTHER)?;
            Ok(instant.as_nanosecond())
        }
        ColumnType::String | ColumnType::Boolean => Err(OTHER),
    }
}

/// The bound one step on: a day, or one in the last digit that is written; `None` where there is none.
fn one_step(text: &str, ty: ColumnType, step: i64) -> Option<String> {
    match ty {
        ColumnType::Date => {
            let date: jiff::civil::Date = text.parse().ok()?;
            Some(date.checked_add(jiff::Span::new().days(step)).ok()?.to_string())
        }
        ColumnType::Integer | ColumnType::Decimal => {
            let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let number: i128 = text.replace('.', "").parse().ok()?;
            let number = number + i128::from(step);
            let sign = if number < 0 { "-" } else { "" };
            let digits = format!("{:0>wide$}", number.unsigned_abs(), wide = decimals + 1);
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            let point = if decimals > 0 { "." } else { "" };
            Some(format!("{sign}{whole}{point}{fraction}"))
        }
        ColumnType::Timestamp | ColumnType::String | ColumnType::Boolean => None,
    }
}

impl RuleKind for Range {
    fn category(&self) -> Category {
        Category::OutOfRange
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("range", scope, diagnostics);
        if self.min.is_none() && self.max.is_none() {
            diagnostics.push(Diagnostic::at(scope.span, "`range` needs `min`, `max` or both"));
        }
        let Some(column) = scope.column.map(|c| &scope.table.columns[c]) else {
            return;
        };
        let mut read = |bound: &Option<At<String>>| {
            let bound = bound.as_ref()?;
            let read = read_bound(&bound.value, column.ty);
            if let Err(why) = read {
                let message = format!("`{}` is no bound for column `{}`", bound.value, column.name);
                diagnostics.push(Diagnostic::at(&bound.span, message).help(why));
            }
            read.ok()
        };
        let (min, max) = (read(&self.min), read(&self.max));
        if let (Some(min), Some(max), Some(at)) = (min, max, &self.max)
            && max < min
        {
            let help = "no value is at least the one and at most the other";
            diagnostics.push(Diagnostic::at(&at.span, "`range` has a `max` below its `min`").help(help));
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let column = &table.columns[rule.column.unwrap_or_default()];
        let sql_type = match column.ty {
            ColumnType::Integer => "BIGINT",
            ColumnType::Decimal => "DECIMAL(18, 4)",
            ColumnType::Timestamp => "TIMESTAMP",
            _ => "DATE",
        };
        let values = context! {
            column => column_name(rule, table),
            sql_type,
            min => self.min.as_ref().map(|m| m.value.clone()),
            max => self.max.as_ref().map(|m| m.value.clone()),
        };
        Plan::Row {
            predicate: Sql::ours(render(include_str!("range.sql"), values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!("from {} to {}", min.value, max.value),
            (Some(min), None) => format!("{} or more", min.value),
            (None, Some(max)) => format!("{} or less", max.value),
            (None, None) => String::new(),
        }
    }
    fn mutants(&self, rule: &Rule, table: &Table) -> Vec<Mutant> {
        let ty = table.columns[rule.column.unwrap_or_default()].ty;
        let mut mutants = Vec::new();
        for (word, bound, outward) in [("min", &self.min, -1), ("max", &self.max, 1)] {
            let Some(bound) = bound else { continue };
            let mut add = |what: String, other: Option<&str>, example: String| {
                let other = other.map(|other| At { value: other.to_owned(), span: bound.span.clone() });
                let kind = match word {
                    "min" => Range { min: other, max: self.max.clone() },
                    _ => Range { min: self.min.clone(), max: other },
                };
                // Without any bound the rule is dropped, which is tried anyway.
                if kind.min.is_some() || kind.max.is_some() {
                    mutants.push(Mutant::new(what, Kind::Range(kind), example).at(&bound.span));
                }
            };
            let value = &bound.value;
            add(format!("without {word} {value}"), None, format!("a `fail` example beyond {value}"));
            if let Some(wider) = one_step(value, ty, outward) {
                add(format!("{word} {value} becomes {wider}"), Some(&wider), format!("a `fail` example of {wider}"));
            }
            if let Some(narrower) = one_step(value, ty, -outward) {
                add(format!("{word} {value} becomes {narrower}"), Some(&narrower), format!("a `pass` example of {value}"));
            }
        }
        mutants
    }
}
