//! What this night brought: counts, by severity, dimension, table and rule, and against the nights before.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::{
    Auditor, PAGE, fitting, known,
    words::{count, filter, meaning},
};
use crate::{
    discrepancy::{Dimension, Severity, Status},
    pages::{
        PageError,
        charts::{Chart, Series, bars, columns},
        render as html, words,
    },
    publish::Manifest,
};

/// Most bytes of the section.
const MOST: usize = 250_000;
/// Rules that are listed before the others are folded.
const FIRST: usize = 12;
/// Nights whose columns are named.
const NAMED: usize = 6;

/// Rows of the log by status.
type Statuses = BTreeMap<Status, u64>;

/// The section.
pub fn render(auditor: &Auditor<'_>) -> Result<String, PageError> {
    let mut all = Statuses::new();
    let mut severities: BTreeMap<&str, Statuses> = BTreeMap::new();
    let mut dimensions: BTreeMap<&str, Statuses> = BTreeMap::new();
    let mut tables: BTreeMap<&str, Statuses> = BTreeMap::new();
    for rule in &auditor.night.rules {
        let Some(statuses) = auditor.statuses.get(&rule.id) else {
            continue;
        };
        for (of, word) in [
            (&mut severities, rule.severity.word()),
            (&mut dimensions, rule.dimension.word()),
            (&mut tables, auditor.night.table_of(rule)),
        ] {
            add(of.entry(word).or_default(), statuses);
        }
    }
    for statuses in auditor.statuses.values() {
        add(&mut all, statuses);
    }
    let mut rules: Vec<(&str, &Statuses)> = auditor
        .statuses
        .iter()
        .map(|(id, s)| (id.as_str(), s))
        .collect();
    rules.sort_by_key(|(id, statuses)| (std::cmp::Reverse(known::open(statuses)), *id));
    let words_of = |words: Vec<&'static str>, found: &BTreeMap<&str, Statuses>, key| {
        let none = Statuses::new();
        let lines = words
            .into_iter()
            .map(|word| (word, found.get(word).unwrap_or(&none).clone()));
        let lines: Vec<(&str, Statuses)> = lines.collect();
        breakdown(&lines, key)
    };
    let by_severity = words_of(
        Severity::ALL.iter().map(|s| s.word()).collect(),
        &severities,
        "severity",
    );
    let by_dimension = words_of(
        Dimension::ALL.iter().map(|d| d.word()).collect(),
        &dimensions,
        "dimension",
    );
    let chart = |name: &str, words: Vec<&str>, found: &BTreeMap<&str, Statuses>| {
        let open = |word: &&str| found.get(word).map_or(0, known::open);
        bars(&Chart {
            name: name.to_owned(),
            series: vec![Series {
                name: "Open".to_owned(),
                values: words.iter().map(|word| Some(signed(open(word)))).collect(),
            }],
            categories: words.into_iter().map(str::to_owned).collect(),
        })
    };
    let severity_chart = chart(
        "Open discrepancies by severity",
        Severity::ALL.iter().map(|s| s.word()).collect(),
        &severities,
    );
    let dimension_chart = chart(
        "Open discrepancies by dimension of quality",
        Dimension::ALL.iter().map(|d| d.word()).collect(),
        &dimensions,
    );
    let by_table: Vec<(&str, Statuses)> = tables.into_iter().collect();
    let by_table = breakdown(&by_table, "table");
    let earlier = earlier(auditor)?;
    fitting(rules.len(), MOST, |shown| {
        let told: Vec<(&str, Statuses)> = (rules.iter().take(shown))
            .map(|(id, statuses)| (*id, (*statuses).clone()))
            .collect();
        let (first, others) = told.split_at(told.len().min(FIRST));
        html(
            PAGE,
            include_str!("../assets/auditor_brought.html"),
            context! {
                cards => cards(&all),
                severity_chart => severity_chart.as_str(),
                by_severity => by_severity.clone(),
                dimension_chart => dimension_chart.as_str(),
                by_dimension => by_dimension.clone(),
                by_table => by_table.clone(),
                rules => rules.len(),
                first => breakdown(first, "rule"),
                others => breakdown(others, "rule"),
                left_out => rules.len() - shown,
                earlier => earlier.as_str(),
            },
        )
    })
}

fn add(sum: &mut Statuses, statuses: &Statuses) {
    for (status, count) in statuses {
        *sum.entry(*status).or_default() += count;
    }
}

/// The counts of the night; each leads to its rows.
fn cards(all: &Statuses) -> Vec<Value> {
    let card = |name: &str, number: u64, means: &str, link: String| {
        context! { name, number => count(number), means, link }
    };
    let mut cards = vec![card(
        "open",
        known::open(all),
        "all that are there tonight, waived ones among them",
        "#discrepancies".to_owned(),
    )];
    cards.extend(
        [
            Status::New,
            Status::Ongoing,
            Status::Reopened,
            Status::Waived,
            Status::Resolved,
        ]
        .map(|status| {
            let number = all.get(&status).copied().unwrap_or(0);
            card(
                status.word(),
                number,
                meaning(status),
                filter("status", status.word()),
            )
        }),
    );
    cards
}

/// Lines of a table of counts.
fn breakdown(lines: &[(&str, Statuses)], key: &str) -> Vec<Value> {
    let line = |(name, statuses): &(&str, Statuses)| {
        let of = |status: Status| count(statuses.get(&status).copied().unwrap_or(0));
        context! {
            name => *name,
            link => filter(key, name),
            open => count(known::open(statuses)),
            new => of(Status::New),
            ongoing => of(Status::Ongoing),
            reopened => of(Status::Reopened),
            waived => of(Status::Waived),
            resolved => of(Status::Resolved),
        }
    };
    lines.iter().map(line).collect()
}

/// A night as its manifest tells of it.
struct Point {
    date: jiff::civil::Date,
    run: String,
    delivery: String,
    by_severity: [u64; 4],
    read: u64,
}

impl Point {
    fn of(run: &Manifest) -> Self {
        let found = run.discrepancies;
        Self {
            date: run.as_of,
            run: run.run_id.to_string(),
            delivery: run.delivery.clone(),
            by_severity: [found.blocking, found.error, found.warn, found.info],
            read: run.tables.iter().map(|table| table.read).sum(),
        }
    }
}

/// The nights before and this one as small charts, the oldest first; blank for a first night.
fn earlier(auditor: &Auditor<'_>) -> Result<String, PageError> {
    let facts = auditor.facts;
    let found = facts.discrepancies;
    let mut nights: Vec<Point> = auditor.earlier.iter().rev().map(Point::of).collect();
    if nights.is_empty() {
        return Ok(String::new());
    }
    nights.push(Point {
        date: facts.as_of,
        run: auditor.night.run_id.to_owned(),
        delivery: facts.delivery.clone(),
        by_severity: [found.blocking, found.error, found.warn, found.info],
        read: facts.tables.iter().map(|table| table.read).sum(),
    });
    let day = |night: &Point| match nights.len() <= NAMED {
        true => {
            let date = words::short_date(night.date);
            let day = date.rsplit_once(' ').map_or(date.as_str(), |(day, _)| day);
            day.to_owned()
        }
        false => String::new(),
    };
    let chart = |name: &str, value: &dyn Fn(&Point) -> u64| {
        let drawn = columns(&Chart {
            name: format!("{name}, one column for each night, the latest last"),
            categories: nights.iter().map(day).collect(),
            series: vec![Series {
                name: name.to_owned(),
                values: nights
                    .iter()
                    .map(|night| Some(signed(value(night))))
                    .collect(),
            }],
        });
        context! { name, drawn }
    };
    let mut charts = Vec::new();
    for (at, severity) in Severity::ALL.iter().enumerate() {
        let of = |night: &Point| night.by_severity.get(at).copied().unwrap_or(0);
        if nights.iter().any(|night| of(night) > 0) {
            charts.push(chart(&format!("Open, {severity}"), &of));
        }
    }
    charts.push(chart("Rows read", &|night| night.read));
    let lines: Vec<Value> = (nights.iter().rev())
        .map(|night| {
            context! {
                iso => night.date.to_string(),
                date => words::short_date(night.date),
                delivery => super::words::short(&night.delivery),
                run => night.run.as_str(),
                found => night.by_severity.map(count),
                read => count(night.read),
            }
        })
        .collect();
    html(
        PAGE,
        include_str!("../assets/auditor_earlier.html"),
        context! { charts, lines, nights => nights.len() },
    )
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
