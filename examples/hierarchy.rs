//! How long a large hierarchy takes, and how much memory.
//!
//! `cargo run --release --example hierarchy -- [GROUPS] [MEMBERS] [PERIODS] [WRONG]`. Figures are made, not read: each group
//! of each period has its members and its own figure, and the first WRONG groups of the last period are off by one.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and its arguments"
)]

use std::{sync::Arc, time::Instant};

use trueup::{
    decimal::Decimal,
    diagnostics::{self, yaml},
    names::Name,
    reconcile::{AggregateRow, Figure, Judged, Verdict, computed, records::Behind},
    rules::totals::{self, Statement},
    tables::{Code, CodeList},
};

const STATEMENT: &str = "
id: members.make.groups
check:
  hierarchy:
    members: { table: members, measure: count }
    groups: { table: groups, measure: count }
    codes: members
    by: [period]
why: Each member is in one group.
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<i64>());
    let mut number = |unless_said: i64| numbers.next().unwrap_or(Ok(unless_said));
    let (groups, members, periods) = (number(100_000)?, number(3)?, number(24)?);
    let wrong = number(1)?;

    let started = Instant::now();
    let lists = [list(groups, members)?];
    let statements = [statement(&lists)?];
    let figures = figures(groups, members, periods, wrong);
    println!(
        "{groups} groups of {members} members by {periods} periods: {} figures made in {:.1} s, {} MiB",
        figures.len(),
        started.elapsed().as_secs_f64(),
        resident("VmRSS")
    );

    let started = Instant::now();
    let mut judged = Judged::new(&statements, &figures, &lists);
    judged.explain(&Behind::default());
    let explained = started.elapsed().as_secs_f64();
    let (mut rows, mut disagree, mut bytes) = (0, 0, 0);
    judged.each(|row| {
        rows += 1;
        disagree += usize::from(row.verdict == Verdict::Disagrees);
        // The texts of a row that a run writes.
        let places = [row.stated_at(&figures), row.computed_at(&figures)];
        let texts = [&row.statement, &row.evidence, &places[0], &places[1]];
        bytes += texts.map(String::len).iter().sum::<usize>();
        Ok::<(), std::convert::Infallible>(())
    })?;
    println!(
        "{rows} rows in {:.1} s: judged and explained in {explained:.1} s, then made one by one, {} MiB of texts; {} MiB, at most {} MiB; {disagree} disagree",
        started.elapsed().as_secs_f64(),
        bytes >> 20,
        resident("VmRSS"),
        resident("VmHWM"),
    );
    Ok(())
}

/// Memory of this process, as Linux tells it; 0 elsewhere.
fn resident(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

fn group(number: i64) -> String {
    format!("G{number:06}")
}

fn member(group: i64, number: i64) -> String {
    format!("G{group:06}-{number}")
}

fn list(groups: i64, members: i64) -> Result<CodeList, Box<dyn std::error::Error>> {
    let codes: Vec<Code> = (0..groups)
        .flat_map(|g| (0..members).map(move |m| (g, m)))
        .map(|(g, m)| Code {
            parent: Some(group(g)),
            ..Code::plain(&member(g, m), 0)
        })
        .collect();
    Ok(CodeList::new(Name::new("members")?, codes))
}

fn statement(lists: &[CodeList]) -> Result<Statement, Box<dyn std::error::Error>> {
    let source = Arc::new(diagnostics::Source {
        path: "example.yaml".to_owned(),
        text: STATEMENT.to_owned(),
    });
    let mut mistakes = Vec::new();
    let node = yaml::parse(&source, &mut mistakes);
    let statement = node.and_then(|node| yaml::decode::<Statement>(&node, &source, &mut mistakes));
    let statement = statement.ok_or_else(|| format!("{mistakes:?}"))?;
    totals::validate(std::slice::from_ref(&statement), lists, &mut mistakes);
    if mistakes.is_empty() {
        Ok(statement)
    } else {
        Err(format!("{mistakes:?}").into())
    }
}

fn figures(groups: i64, members: i64, periods: i64, wrong: i64) -> Vec<Figure> {
    let row = |period: i64, category: String, count: i64| AggregateRow {
        period: format!("P{period:02}"),
        population: "all".to_owned(),
        category,
        sort: 0,
        count,
        base: None,
    };
    let all = move || (0..periods).flat_map(move |p| (0..groups).map(move |g| (p, g)));
    let of_members =
        all().flat_map(|(p, g)| (0..members).map(move |m| row(p, member(g, m), p + g + m)));
    let total = |p: i64, g: i64| (0..members).map(|m| p + g + m).sum::<i64>();
    let is_wrong = |p: i64, g: i64| p == periods - 1 && g < wrong;
    let of_groups = all().map(|(p, g)| {
        let count = total(p, g) + i64::from(is_wrong(p, g));
        row(p, group(g), count)
    });
    let mut figures = computed("members", of_members);
    figures.extend(computed("groups", of_groups));
    debug_assert!(figures.iter().all(|figure| figure.value >= Decimal::ZERO));
    figures
}
