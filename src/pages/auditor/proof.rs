//! Proof that every rule ran: all rules and statements with what came of them.

use minijinja::{Value, context};

use super::{
    Auditor, PAGE, fitting,
    words::{came, count, counted, cut, filter},
};
use crate::{
    feeds::{Origin, Outcome, RuleFeed},
    pages::{PageError, render as html},
};

/// Most bytes of a list.
const MOST: usize = 250_000;
/// Characters of an error.
const LONGEST: usize = 500;

/// The section.
pub fn render(auditor: &Auditor<'_>) -> Result<String, PageError> {
    let night = auditor.night;
    let list = |id: &str, origin: Origin, title: &str, what: &str| -> Result<Value, PageError> {
        let rules: Vec<&RuleFeed> = night
            .rules
            .iter()
            .filter(|rule| rule.origin == origin)
            .collect();
        // What did not run or found something comes first where not all have room.
        let mut first = rules.clone();
        first.sort_by_key(|rule| rule.outcome() == Outcome::Holds);
        let table = fitting(rules.len(), MOST, |shown| {
            let told = if shown == rules.len() { &rules } else { &first };
            let lines: Vec<Value> = told
                .iter()
                .take(shown)
                .map(|rule| line(auditor, rule))
                .collect();
            html(
                PAGE,
                include_str!("../assets/auditor_rules.html"),
                context! { lines, title, what, counts => origin != Origin::Engine, left_out => rules.len() - shown },
            )
        })?;
        Ok(
            context! { id, title, table, tally => tally(&rules), number => count(rules.len() as u64) },
        )
    };
    let errors = night.rules.iter().filter(|rule| rule.status == "error");
    let errors: Vec<Value> = errors
        .take(100)
        .map(|rule| {
            let why = rule.error.as_deref().unwrap_or_default();
            context! { id => rule.id.as_str(), why => cut(why, LONGEST) }
        })
        .collect();
    let lists = [
        list("rules-of-tables", Origin::Rule, "Rules of tables", "rows")?,
        list(
            "rules-of-totals",
            Origin::Statement,
            "Statements about totals",
            "groups",
        )?,
        list(
            "rules-of-trueup",
            Origin::Engine,
            "What Trueup checks of itself",
            "rows",
        )?,
    ];
    html(
        PAGE,
        include_str!("../assets/auditor_proof.html"),
        context! { lists, errors, left_out => auditor.left_out },
    )
}

/// `121 rules: 6 passed, 115 found something`.
fn tally(rules: &[&RuleFeed]) -> String {
    let mut words = Vec::new();
    for status in [
        "passed",
        "failed",
        "tolerated",
        "error",
        "not_evaluated",
        "skipped",
    ] {
        let number = rules.iter().filter(|rule| rule.status == status).count();
        if number > 0 {
            words.push(format!("{} {}", count(number as u64), came(status)));
        }
    }
    match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(", "),
    }
}

fn line(auditor: &Auditor<'_>, rule: &RuleFeed) -> Value {
    let rows = auditor.statuses.get(&rule.id);
    let number = |value: Option<u64>| value.map_or("–".to_owned(), count);
    let counts = rule.counts;
    let looked_at = counts.map(|counts| counts.passed + counts.failed);
    let words = match (rule.status, looked_at) {
        ("passed", Some(0)) => "nothing to look at",
        (status, _) => came(status),
    };
    context! {
        id => rule.id.as_str(),
        link => rows.map(|_| filter("rule", &rule.id)),
        kind => rule.kind.as_str(),
        place => format!("{}:{}", rule.place.0, rule.place.1),
        table => auditor.night.table_of(rule),
        severity => rule.severity.word(),
        status => rule.status,
        words,
        passed => number(counts.map(|c| c.passed)),
        failed => number(counts.map(|c| c.failed)),
        not_evaluated => number(counts.map(|c| c.not_evaluated)),
        not_applicable => number(counts.map(|c| c.not_applicable)),
        found => counted(rule.discrepancies, "discrepancy", "discrepancies"),
        number => count(rule.discrepancies),
    }
}
