//! The closing page of a run: rows and where they went, what was found by table and by rule, totals, and where to look next.

mod ending;
mod found;
mod tables;

use std::fmt::Write;

use super::{
    columns::filled,
    paint::{Ink, Paint},
};
use crate::{
    harmless::short,
    pages::words::date,
    pipeline::{Carried, RunReport},
};

/// How the page is set.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal: what lists and names are cut at, 60 to 160. Figures and paths never are.
    pub width: usize,
    /// Whether there are colours.
    pub colour: bool,
    /// Whether all rules and statements are listed, and not the first alone.
    pub all: bool,
}

impl Look {
    fn paint(self) -> Paint {
        Paint(self.colour)
    }
}

/// The run in a page of text.
pub fn summary(report: &RunReport, look: Look) -> String {
    let width = look.width.clamp(60, 160);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = render(&mut out, report, Look { width, ..look });
    out
}

fn render(out: &mut String, report: &RunReport, look: Look) -> std::fmt::Result {
    let parts = [
        short(&report.project).into_owned(),
        format!("delivery {}", short(&report.delivery)),
        format!("as of {}", date(report.as_of)),
        format!("run {}", report.run_id),
    ];
    for line in filled(&parts, look.width) {
        writeln!(out, "{}", look.paint().ink(Ink::Strong, &line))?;
    }
    writeln!(out)?;
    tables::render(out, report, look)?;
    carried(out, report)?;
    before(out, report)?;
    writeln!(out)?;
    found::rules(out, report, look)?;
    found::totals(out, report, look)?;
    ending::render(out, report, look)
}

/// What was carried on from the run before, of each table of which deliveries hold changes alone.
fn carried(out: &mut String, report: &RunReport) -> std::fmt::Result {
    for line in &report.tables {
        let Some(Carried {
            from: Some(run),
            rows,
            superseded,
        }) = &line.carried
        else {
            continue;
        };
        let (table, superseded) = (&line.table, superseded.values().sum());
        writeln!(
            out,
            "{table}: {} rows carried on from run {run}, {} superseded",
            number(*rows),
            number(superseded)
        )?;
    }
    Ok(())
}

/// What came before: a restatement is told whole, since published figures changed.
fn before(out: &mut String, report: &RunReport) -> std::fmt::Result {
    if let Some(run) = &report.redelivered {
        writeln!(out, "delivered again: the same bytes as in run {run}")?;
    }
    if let Some(changes) = report.figure_changes.as_ref().filter(|c| c.count() > 0) {
        let by_period = changes.periods.iter();
        let by_period: Vec<String> = by_period
            .map(|(period, count)| format!("{} of {}", number(*count), short(period)))
            .collect();
        let rules = match changes.project_changed {
            true => ", some of them maybe by the project, which changed too",
            false => "",
        };
        writeln!(
            out,
            "figures that changed since run {}: {}{rules}; figure_changes.csv has each",
            changes.since,
            by_period.join(", ")
        )?;
    }
    if let Some(restated) = &report.restated {
        let (run, changes) = (&restated.run_id, restated.all_words());
        writeln!(out, "restates run {run}: {changes}")?;
    }
    Ok(())
}

/// Thousands apart.
pub(in crate::cli) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        for (n, want) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_814, "12,814"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(n), want);
        }
    }
}
