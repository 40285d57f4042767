//! What a dbt test says of itself: severity, condition, and how many failures it takes.

use super::{
    super::{
        draft::{RuleDraft, set},
        foreign::{Foreign, one_line, scalar},
        limits::{Compared, tolerated},
    },
    Refused, is_jinja,
    test::Test,
};
use crate::diagnostics::yaml::write::Yaml;

/// Keys that say how dbt runs a test, and nothing about rows.
pub const SILENT: [&str; 11] = [
    "store_failures",
    "store_failures_as",
    "limit",
    "fail_calc",
    "meta",
    "tags",
    "database",
    "schema",
    "alias",
    "name",
    "sql_header",
];

/// The rule with what the test says of itself.
pub fn configured(
    test: &Test,
    mut rule: RuleDraft,
    foreign: &mut Foreign<'_>,
) -> Result<RuleDraft, Refused> {
    for (key, node) in &test.config {
        let span = || foreign.span(node);
        let Some(said) = scalar(node) else {
            continue;
        };
        let computed = is_jinja(said);
        match key.as_str() {
            "enabled" if computed => {
                let why = "dbt decides when it runs whether the test is on (Jinja): the rule is on"
                    .to_owned();
                foreign.note(span(), format!("{}: enabled", rule.what), why);
            }
            "enabled" if said.eq_ignore_ascii_case("false") => {
                return Err((span(), "the test is switched off".to_owned()));
            }
            "severity" if computed => {
                let why = "computed by dbt (Jinja): the rule is an error".to_owned();
                foreign.note(span(), format!("{}: severity", rule.what), why);
            }
            "severity" => {
                let word = if said.eq_ignore_ascii_case("warn") {
                    "warn"
                } else {
                    "error"
                };
                set(&mut rule.settings, "severity", Yaml::text(word));
            }
            "where" | "row_condition" if computed => {
                return Err((
                    span(),
                    "its condition is computed by dbt (Jinja)".to_owned(),
                ));
            }
            "where" | "row_condition" => {
                set(&mut rule.settings, "where", Yaml::text(one_line(said)))
            }
            "description" if !computed => {
                set(&mut rule.settings, "why", Yaml::text(one_line(said)))
            }
            "error_if" | "warn_if" => {}
            _ => {}
        }
    }
    threshold(test, &mut rule, foreign)?;
    Ok(rule)
}

/// Failures within `error_if` (of a test that only warns, within `warn_if`) are tolerated.
fn threshold(test: &Test, rule: &mut RuleDraft, foreign: &mut Foreign<'_>) -> Result<(), Refused> {
    let said = |key: &str| {
        test.config
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, node)| node)
    };
    let warns = rule
        .settings
        .iter()
        .any(|e| e.key == "severity" && e.value == Yaml::text("warn"));
    let (decides, other) = if warns {
        ("warn_if", "error_if")
    } else {
        ("error_if", "warn_if")
    };
    if let Some(node) = said(other) {
        let why = match warns {
            true => "the test only warns, so its `error_if` never decides",
            false => "a rule has one severity: failures within its threshold are logged as info",
        };
        foreign.note(foreign.span(node), format!("{}: {other}", rule.what), why);
    }
    let Some(node) = said(decides) else {
        return Ok(());
    };
    let text = scalar(node).unwrap_or_default();
    let refused = || {
        let why = format!(
            "`{decides}: {text}` is no number of failures that is too many, which is all that a threshold can say"
        );
        (foreign.span(node), why)
    };
    // It fails if so many rows do: the count has to be the opposite.
    let signs = [
        (">=", true),
        ("<=", false),
        ("!=", true),
        ("<>", true),
        (">", true),
    ];
    let (sign, number) = signs
        .iter()
        .find_map(|(sign, _)| {
            text.trim()
                .strip_prefix(sign)
                .map(|n| (*sign, n.trim().to_owned()))
        })
        .ok_or_else(refused)?;
    let compared = match sign {
        ">" => Compared::AtMost(number),
        ">=" => Compared::Below(number),
        "!=" | "<>" if number == "0" => Compared::Equal(number),
        _ => return Err(refused()),
    };
    let tolerated = tolerated(&compared, false).map_err(|_| refused())?;
    if let Some(threshold) = tolerated.threshold {
        set(&mut rule.settings, "threshold", threshold);
    }
    Ok(())
}
