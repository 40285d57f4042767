//! What a dbt test says of itself: severity, condition, and how many failures it takes.

use super::{
    super::{
        draft::{RuleDraft, set},
        foreign::{Foreign, misshapen, one_line, says_nothing, scalar},
        limits::{Compared, tolerated},
    },
    Refused, is_jinja,
    test::Test,
};
use crate::{
    diagnostics::yaml::write::{Entry, Yaml},
    rules::Condition,
};

/// Keys that say how dbt runs a test, and nothing about rows.
pub const SILENT: [&str; 12] = [
    "group",
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
        let span = foreign.span(node);
        if says_nothing(node) && key != "enabled" {
            continue;
        }
        let said = scalar(node).unwrap_or_default();
        let computed = is_jinja(said);
        let mut note = |why: &str| foreign.note(span.clone(), format!("{}: {key}", rule.what), why);
        match key.as_str() {
            "enabled" if computed => {
                note("dbt decides when it runs whether the test is on (Jinja): the rule is on");
            }
            "enabled" if said.eq_ignore_ascii_case("false") => {
                return Err((span, "the test is switched off".to_owned()));
            }
            "severity" if computed => note("computed by dbt (Jinja): the rule is an error"),
            "severity" => match said.to_lowercase().as_str() {
                word @ ("warn" | "error") => {
                    set(&mut rule.settings, "severity", Yaml::text(word));
                }
                _ => note("a severity is warn or error: the rule is an error"),
            },
            "where" | "row_condition" if computed || scalar(node).is_none() => {
                let why = match computed {
                    true => "its condition is computed by dbt (Jinja)",
                    false => "its condition is no text",
                };
                return Err((span, why.to_owned()));
            }
            "where" | "row_condition" => {
                set(&mut rule.settings, "where", Yaml::text(one_line(said)));
            }
            "description" if computed => {
                note("its text is computed by dbt (Jinja), so it is not known here");
            }
            "description" if scalar(node).is_some() => {
                set(&mut rule.settings, "why", Yaml::text(one_line(said)));
            }
            // Read below, with the severity.
            "error_if" | "warn_if" if scalar(node).is_some() => {}
            key if SILENT.contains(&key) => {
                note("how dbt calls, runs or keeps the test, which is not checked");
            }
            key @ ("enabled" | "description" | "error_if" | "warn_if" | "config" | "arguments") => {
                if let Some(why) = misshapen(key, node) {
                    note(why);
                }
            }
            _ => note("trueup does not know this key"),
        }
    }
    if !conditions(test, &mut rule) {
        threshold(test, &mut rule, foreign)?;
    }
    Ok(rule)
}

/// `error_if` and `warn_if` of a test that says both, as conditions of ours; whether it does, and a rule can say so.
fn conditions(test: &Test, rule: &mut RuleDraft) -> bool {
    let said = |key: &str| {
        let mut config = test.config.iter();
        let (_, node) = config.find(|(k, _)| k == key)?;
        let text = scalar(node)?.trim();
        let number = text.strip_prefix("!=").or(text.strip_prefix("<>"));
        match number.map(str::trim) {
            Some("0") => Condition::read("> 0").ok(),
            _ => Condition::read(text).ok(),
        }
    };
    let (Some(error), Some(warn)) = (said("error_if"), said("warn_if")) else {
        return false;
    };
    let warns = |e: &Entry| e.key == "severity" && e.value == Yaml::text("warn");
    if error.is_implied_by(warn) || rule.settings.iter().any(warns) {
        return false;
    }
    rule.settings.retain(|entry| entry.key != "severity");
    set(
        &mut rule.settings,
        "error_if",
        Yaml::text(error.to_string()),
    );
    set(&mut rule.settings, "warn_if", Yaml::text(warn.to_string()));
    true
}

/// Failures within `error_if` (of a test that only warns, within `warn_if`) are tolerated.
fn threshold(test: &Test, rule: &mut RuleDraft, foreign: &mut Foreign<'_>) -> Result<(), Refused> {
    let said = |key: &str| {
        test.config
            .iter()
            .find(|(k, node)| k == key && scalar(node).is_some())
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
            false => {
                "both have to be numbers of failures, of which `warn_if` begins earlier: failures within `error_if` are logged as info"
            }
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
