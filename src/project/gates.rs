//! What stops a run, checked: conditions of rules, and what tables are held to as a whole.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    table_file::Settings,
    unread::{Unread, Words},
};
use crate::{
    diagnostics::{At, Diagnostic, Span, yaml::Tried},
    discrepancy::Severity,
    rules::{CONDITIONS, Condition, Conditions, NoCondition},
    tables::{ColumnType, Freshness, Percent, Policy, Steps, Table, Volume},
};

/// How old the newest value of the table may be on the day that the run takes for today. One limit at least.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Freshness", extend("anyOf" = [
    { "required": ["warn_after"] }, { "required": ["error_after"] }, { "required": ["block_after"] }
]))]
pub struct FreshnessFile {
    /// A column of dates or timestamps, whose newest value in the clean table counts; unless said the date of the night.
    pub column: Option<At<String>>,
    /// Older than so many days or weeks is a warning, such as `2d` or `1w`.
    #[schemars(extend("pattern" = AGE))]
    pub warn_after: Option<At<String>>,
    /// Older than that is an error.
    #[schemars(extend("pattern" = AGE))]
    pub error_after: Option<At<String>>,
    /// Older than that blocks the run.
    #[schemars(extend("pattern" = AGE))]
    pub block_after: Option<At<String>>,
}

/// How far the rows of the table may be from the median of the nights before. One limit at least.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Volume", extend("anyOf" = [
    { "required": ["warn_change"] }, { "required": ["error_change"] }, { "required": ["block_change"] }
]))]
pub struct VolumeFile {
    /// So many nights before are looked at, as far as they were published; 7 unless said.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_NIGHTS))]
    pub against: Option<At<u64>>,
    /// A change by more than that is a warning, such as `20%`.
    #[schemars(extend("pattern" = PERCENT))]
    pub warn_change: Option<At<String>>,
    /// A change by more than that is an error.
    #[schemars(extend("pattern" = PERCENT))]
    pub error_change: Option<At<String>>,
    /// A change by more than that blocks the run.
    #[schemars(extend("pattern" = PERCENT))]
    pub block_change: Option<At<String>>,
}

/// A condition, for the editor.
pub const CONDITION: &str = r"^\s*>=?\s*([0-9]{1,20}|[0-9]{1,6}(\.[0-9]{1,6})?\s*%)\s*$";
/// An age, for the editor.
const AGE: &str = r"^[0-9]{1,5}[dw]$";
/// A percentage, for the editor.
const PERCENT: &str = r"^\s*[0-9]{1,6}(\.[0-9]{1,6})?\s*%$";

/// Nights that are looked at unless said otherwise.
const NIGHTS: usize = 7;
/// Most nights that are looked at.
const MOST_NIGHTS: usize = 366;
/// Most days that a value may be old: a hundred years.
const MOST_DAYS: u32 = 36_525;

/// The conditions among the settings of a rule, which stand in place of `severity` and `threshold`.
pub fn conditions(settings: &Settings, diagnostics: &mut Vec<Diagnostic>) -> Conditions {
    let said = [&settings.block_if, &settings.error_if, &settings.warn_if];
    let mut conditions: Vec<(Severity, Condition)> = Vec::new();
    let mut first: Option<(&str, &Span)> = None;
    for ((key, severity), said) in CONDITIONS.into_iter().zip(said) {
        let Some(Tried(Some(text))) = said else {
            continue;
        };
        first = first.or(Some((key, &text.span)));
        let condition = match Condition::read(&text.value) {
            Ok(condition) => condition,
            Err(why) => {
                diagnostics.push(no_condition(key, text, why));
                continue;
            }
        };
        if let Some((stricter, _)) = conditions
            .iter()
            .find(|(_, stricter)| stricter.is_implied_by(condition))
        {
            let other = CONDITIONS.iter().find(|(_, of)| of == stricter);
            let other = other.map_or("", |(key, _)| key);
            let message = format!("`{key}` never decides: wherever it holds, `{other}` does");
            let help = "a milder condition begins at fewer rows; move it, or remove it";
            diagnostics.push(Diagnostic::at(&text.span, message).help(help));
        }
        conditions.push((severity, condition));
    }
    if let Some((key, span)) = first {
        let beside = [
            ("severity", settings.severity.is_some()),
            ("threshold", settings.threshold.is_some()),
        ];
        for (other, _) in beside.into_iter().filter(|(_, said)| *said) {
            let message = format!("`{key}` and `{other}` cannot stand together");
            let help = match other {
                "severity" => {
                    "remove `severity`: the strictest of `block_if`, `error_if` and `warn_if` that holds decides it"
                }
                _ => {
                    "remove `threshold`: what none of `block_if`, `error_if` and `warn_if` is about is tolerated"
                }
            };
            diagnostics.push(Diagnostic::at(span, message).help(help));
        }
    }
    Conditions(conditions)
}

fn no_condition(key: &str, text: &At<String>, why: NoCondition) -> Diagnostic {
    let said = &text.value;
    let (message, help) = match why {
        NoCondition::Written => (
            format!("`{said}` is no condition on the number of failing rows"),
            "write `> 100`, `>= 1` or, of the rows that were evaluated, `> 0.5%`".to_owned(),
        ),
        NoCondition::Always => (
            format!("`{key}: {said}` holds where nothing fails"),
            format!("write `> 0`, or `severity` in place of `{key}`"),
        ),
        NoCondition::Never => (
            format!("`{key}: {said}` never holds: no more than all rows can fail"),
            "write a share below `100%`, or `>= 100%`".to_owned(),
        ),
    };
    Diagnostic::at(&text.span, message).help(help)
}

/// What `freshness` of a table says.
pub fn freshness(
    file: At<FreshnessFile>,
    table: &Table,
    unread: &Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Freshness {
    let At { value: file, span } = file;
    let column = file
        .column
        .and_then(|name| date_column(&name, table, unread, diagnostics));
    let said = [
        ("block_after", Severity::Blocking, file.block_after),
        ("error_after", Severity::Error, file.error_after),
        ("warn_after", Severity::Warn, file.warn_after),
    ];
    let after = steps(said, "freshness", &span, diagnostics, |text| {
        age(text).ok_or("write whole days or weeks, such as `2d` or `1w`")
    });
    Freshness {
        column,
        after,
        span,
    }
}

/// What `volume` of a table says.
pub fn volume(file: At<VolumeFile>, diagnostics: &mut Vec<Diagnostic>) -> Volume {
    let At { value: file, span } = file;
    let mut against = NIGHTS;
    if let Some(said) = file.against {
        match usize::try_from(said.value) {
            Ok(nights @ 1..=MOST_NIGHTS) => against = nights,
            _ => {
                let message = format!(
                    "`against` is {} and may be 1 to {MOST_NIGHTS} nights",
                    said.value
                );
                diagnostics.push(Diagnostic::at(&said.span, message));
            }
        }
    }
    let said = [
        ("block_change", Severity::Blocking, file.block_change),
        ("error_change", Severity::Error, file.error_change),
        ("warn_change", Severity::Warn, file.warn_change),
    ];
    let change = steps(said, "volume", &span, diagnostics, |text| {
        Percent::read(text).ok_or("write a percentage, such as `20%`")
    });
    Volume { against, change }
}

/// The limits that are said, the strictest first; a milder one has to be smaller.
fn steps<T: Copy + PartialOrd>(
    said: [(&'static str, Severity, Option<At<String>>); 3],
    of: &str,
    span: &Span,
    diagnostics: &mut Vec<Diagnostic>,
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Steps<T> {
    if said.iter().all(|(_, _, text)| text.is_none()) {
        let keys: Vec<String> = said.iter().rev().map(|s| format!("`{}`", s.0)).collect();
        let message = format!("`{of}` has no limit");
        let help = format!("say {}", keys.join(", ").replacen(", ", " or ", 2));
        diagnostics.push(Diagnostic::at(span, message).help(help));
    }
    let mut steps: Vec<(&str, Severity, T)> = Vec::new();
    for (key, severity, text) in said {
        let Some(text) = text else { continue };
        match read(&text.value) {
            Ok(limit) => {
                if let Some((stricter, _, _)) = steps.iter().find(|(_, _, other)| *other <= limit) {
                    let message = format!("`{key}` never decides: `{stricter}` is no further");
                    let help = "a milder limit is the smaller one; move it, or remove it";
                    diagnostics.push(Diagnostic::at(&text.span, message).help(help));
                }
                steps.push((key, severity, limit));
            }
            Err(help) => {
                let message = format!("`{}` is no limit of `{of}`", text.value);
                diagnostics.push(Diagnostic::at(&text.span, message).help(help));
            }
        }
    }
    Steps(steps.into_iter().map(|(_, s, limit)| (s, limit)).collect())
}

/// Whole days or weeks, in days.
fn age(text: &str) -> Option<u32> {
    let (number, days) = match text.strip_suffix('w') {
        Some(weeks) => (weeks, 7),
        None => (text.strip_suffix('d')?, 1),
    };
    if number.is_empty() || number.len() > 5 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let days = number.parse::<u32>().ok()? * days;
    (days <= MOST_DAYS).then_some(days)
}

/// The column of `name`, if its values are days that may be told.
fn date_column(
    name: &At<String>,
    table: &Table,
    unread: &Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    if unread.leans(Some(table.name.as_str()), &Words::of_sql(&name.value)) {
        return None;
    }
    let Some(at) = table.column_index(&name.value) else {
        let message = format!("table `{}` has no column `{}`", table.name, name.value);
        let known = table.columns.iter().map(|c| c.name.as_str());
        diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
        return None;
    };
    let column = &table.columns[at];
    if !matches!(column.ty, ColumnType::Date | ColumnType::Timestamp) {
        let message = format!("`{}` holds no dates", name.value);
        let help = "name a column of `type: date` or `type: timestamp`";
        diagnostics.push(Diagnostic::at(&name.span, message).help(help));
    } else if column.policy == Policy::Hide {
        let message = format!(
            "the log would tell the newest value of `{}`, which `policy: hide` keeps to the clean tables",
            name.value
        );
        let help = "name another column, or none, so that the date of the night counts";
        diagnostics.push(Diagnostic::at(&name.span, message).help(help));
    }
    Some(at)
}

/// Reports tables whose freshness is that of the night, in a project whose nights have no date.
pub fn undated(tables: &[Table], dated: bool, diagnostics: &mut Vec<Diagnostic>) {
    let freshness = tables.iter().filter_map(|t| t.gates.freshness.as_ref());
    for freshness in freshness.filter(|f| f.column.is_none() && !dated) {
        let message = "the nights of the project have no date that could be fresh";
        let help = "name a `column` of dates, or write where dated nights lie: `deliveries: { path: … }` in rules/project.yaml, or `{date}` in the `files` of tables";
        diagnostics.push(Diagnostic::at(&freshness.span, message).help(help));
    }
}
