//! By rule: what was found, and what of it is new; and the totals that disagree.

use std::fmt::Write;

use super::{Page, number};
use crate::{
    cli::{
        columns::{Cell, Grid, Set, cut_middle, width, wrapped},
        paint::Ink,
    },
    discrepancy::{Severity, Status},
    harmless::{short, words},
    pipeline::RunReport,
};

/// Rules that are listed.
const RULES: usize = 15;
/// Statements that are listed.
const STATEMENTS: usize = 8;
/// Bytes of an explanation that is shown whole; what is longer quotes a long text.
const LONGEST: usize = 600;

/// How many rules ran, what they found, and the rules that found most of what is worst.
pub(super) fn rules(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    let with = |status: &str| report.rules.iter().filter(|r| r.status == status).count();
    let also = |status: &str, words: &str| match with(status) {
        0 => String::new(),
        n => format!(", {n} {words}"),
    };
    let skipped = also("error", "could not be evaluated")
        + &also("not_evaluated", "not evaluated")
        + &also("skipped", "skipped");
    let told = format!(
        "{} rules ran: {} passed, {} found something{skipped}",
        report.rules.iter().filter(|r| r.counts.is_some()).count(),
        with("passed"),
        with("failed") + with("tolerated"),
    );
    writeln!(out, "{}", page.sentence(&told))?;
    let severities = Severity::ALL.iter().map(|severity| {
        let count = report.by_severity.get(severity).copied().unwrap_or(0);
        let ink = if count == 0 {
            Ink::Faint
        } else {
            Ink::of(*severity)
        };
        page.paint
            .ink(ink, &format!("{} {severity}", number(count)))
    });
    let told = format!(
        "{} {}: {}",
        number(report.discrepancies),
        match report.discrepancies {
            1 => "discrepancy",
            _ => "discrepancies",
        },
        severities.collect::<Vec<_>>().join(", ")
    );
    writeln!(out, "{}", page.sentence(&told))?;
    if since(report) {
        let statuses = report.by_status.iter().map(|(status, count)| {
            let text = format!("{} {status}", signed(*status, *count));
            page.paint.ink(Ink::of_status(*status), &text)
        });
        let statuses: Vec<String> = statuses.collect();
        let told = format!("since the run before: {}", statuses.join(", "));
        writeln!(out, "{}", page.sentence(&told))?;
    }
    by_rule(out, report, page)?;
    writeln!(out)
}

/// Whether there is a run before, and something to say of it.
fn since(report: &RunReport) -> bool {
    report.figure_changes.is_some() && !report.by_status.is_empty()
}

/// A count with the sign of what it does to the log: what is new or reopened adds to it, what resolved takes from it.
fn signed(status: Status, count: u64) -> String {
    let sign = match status {
        _ if count == 0 => "",
        Status::New | Status::Reopened => "+",
        Status::Resolved => "-",
        _ => "",
    };
    format!("{sign}{}", number(count))
}

fn by_rule(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    let severity = |id: &str| {
        report
            .severity_of
            .get(id)
            .copied()
            .unwrap_or(Severity::Info)
    };
    let mut by_rule: Vec<(&str, u64)> = report
        .by_rule
        .iter()
        .map(|(id, count)| (id.as_str(), *count))
        .collect();
    by_rule.sort_by_key(|(id, count)| (severity(id), std::cmp::Reverse(*count), *id));
    let shown = if page.all { by_rule.len() } else { RULES };
    let mut grid = Grid {
        columns: vec![
            ("severity", Set::Left),
            ("found", Set::Right),
            ("came", Set::Right),
            ("went", Set::Right),
            ("rule", Set::Name),
        ],
        rows: Vec::new(),
    };
    for (id, count) in by_rule.iter().take(shown) {
        let of = |status: Status| {
            let statuses = report.rule_statuses.get(*id);
            statuses
                .and_then(|of| of.get(&status))
                .copied()
                .unwrap_or(0)
        };
        let came = of(Status::New) + of(Status::Reopened);
        let moved = |ink: Ink, status: Status, count: u64| match count {
            0 => Cell::default(),
            count => Cell::new(ink, signed(status, count)),
        };
        let ink = Ink::of(severity(id));
        grid.rows.push(vec![
            Cell::new(ink, severity(id).word()),
            Cell::new(ink, number(*count)),
            moved(Ink::Bad, Status::New, came),
            moved(Ink::Good, Status::Resolved, of(Status::Resolved)),
            Cell::new(Ink::Plain, *id),
        ]);
    }
    let moves = |at: usize| {
        let mut cells = grid.rows.iter().filter_map(|row| row.get(at));
        since(report) && cells.any(|cell| !cell.text.is_empty())
    };
    let grid = grid.with(|at| !(2..4).contains(&at) || moves(at));
    if !grid.rows.is_empty() {
        writeln!(out)?;
        for line in grid.lines(page.width, page.paint) {
            writeln!(out, "{line}")?;
        }
    }
    let rest = by_rule.get(shown..).unwrap_or_default();
    if !rest.is_empty() {
        let found: u64 = rest.iter().map(|(_, count)| count).sum();
        let told = format!(
            "and {} in {} more rules and statements; `-v` lists them all",
            number(found),
            number(rest.len() as u64)
        );
        writeln!(out, "{}", page.sentence(&told))?;
    }
    Ok(())
}

/// What became of the statements, and those that disagree: each its name, then why, in the words that fit.
pub(super) fn totals(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    let all: u64 = report.verdicts.values().sum();
    if all == 0 {
        return Ok(());
    }
    let verdicts = report.verdicts.iter().map(|(word, n)| {
        let ink = match *word {
            "agrees" => Ink::Good,
            "disagrees" => Ink::Bad,
            _ => Ink::Plain,
        };
        page.paint
            .ink(ink, &format!("{} {}", number(*n), word.replace('_', " ")))
    });
    let verdicts: Vec<String> = verdicts.collect();
    let told = format!("{} totals compared: {}", number(all), verdicts.join(", "));
    writeln!(out, "{}", page.sentence(&told))?;
    let shown = if page.all {
        report.disagreements.len()
    } else {
        STATEMENTS
    };
    for (statement, evidence) in report.disagreements.iter().take(shown) {
        let (line, room) = (page.width - 2, page.width - 4);
        match statement.split_once('[') {
            Some((id, which)) if width(statement) > line => {
                writeln!(out, "  {}", cut_middle(id, line))?;
                writeln!(out, "  [{}", cut_middle(which, line - 1))?;
            }
            _ => writeln!(out, "  {}", cut_middle(statement, line))?,
        }
        let evidence = match evidence.split_once("; ") {
            Some((first, _)) if width(evidence) > room => first,
            _ => evidence,
        };
        // Figures are never cut: an explanation that is too long for a line goes on in the next.
        let evidence = match evidence.len() {
            ..=LONGEST => words(evidence),
            _ => short(evidence),
        };
        for line in wrapped(&evidence, room) {
            writeln!(out, "    {line}")?;
        }
    }
    let more = report.disagreements.len().saturating_sub(shown) as u64;
    if more > 0 {
        writeln!(out, "  and {} more in reconciliations.csv", number(more))?;
    }
    writeln!(out)
}
