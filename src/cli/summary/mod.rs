//! The closing page of a run: rows and where they went, what was found by table and by rule, totals, and where to look next.

mod ending;
mod found;
mod tables;

use std::fmt::Write;

use super::{
    columns::{cut_middle, filled, folded},
    paint::{Ink, Paint},
};
use crate::{
    harmless::short,
    pages::words::date,
    pipeline::{Carried, RunReport},
};

/// Columns where nobody says how many there are.
pub const UNKNOWN: usize = 110;

/// How the page is set.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal, 60 to 160, at which names are cut and sentences folded. Where nobody looks, as in a pipe,
    /// names are cut too, so that lists are readable, and each sentence stays on one line. Figures and paths never are cut.
    pub width: Option<usize>,
    /// Whether there are colours.
    pub colour: bool,
    /// Whether all rules and statements are listed, and not the first alone.
    pub all: bool,
}

/// The same, decided.
#[derive(Clone, Copy, Debug)]
struct Page {
    width: usize,
    folds: bool,
    paint: Paint,
    all: bool,
}

impl Page {
    /// A sentence, on several lines where it is longer than the terminal is wide.
    fn sentence(self, text: &str) -> String {
        match self.folds {
            true => folded(text, self.width),
            false => text.to_owned(),
        }
    }
}

/// The run in a page of text.
pub fn summary(report: &RunReport, look: Look) -> String {
    let page = Page {
        width: look.width.unwrap_or(UNKNOWN).clamp(60, 160),
        folds: look.width.is_some(),
        paint: Paint(look.colour),
        all: look.all,
    };
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = render(&mut out, report, page);
    out
}

fn render(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    let parts = [
        cut_middle(&short(&report.project), page.width),
        cut_middle(&format!("delivery {}", short(&report.delivery)), page.width),
        format!("as of {}", date(report.as_of)),
        format!("run {}", report.run_id),
    ];
    for line in filled(&parts, page.width) {
        writeln!(out, "{}", page.paint.ink(Ink::Strong, &line))?;
    }
    writeln!(out)?;
    tables::render(out, report, page)?;
    carried(out, report, page)?;
    before(out, report, page)?;
    writeln!(out)?;
    found::rules(out, report, page)?;
    found::totals(out, report, page)?;
    ending::render(out, report, page)
}

/// What was carried on from the run before, of each table of which deliveries hold changes alone.
fn carried(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
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
            "{}",
            page.sentence(&format!(
                "{table}: {} rows carried on from run {run}, {} superseded",
                number(*rows),
                number(superseded)
            ))
        )?;
    }
    Ok(())
}

/// What came before: a restatement is told whole, since published figures changed.
fn before(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    if let Some(run) = &report.redelivered {
        writeln!(
            out,
            "{}",
            page.sentence(&format!("delivered again: the same bytes as in run {run}"))
        )?;
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
            "{}",
            page.sentence(&format!(
                "figures that changed since run {}: {}{rules}; figure_changes.csv has each",
                changes.since,
                by_period.join(", ")
            ))
        )?;
    }
    if let Some(restated) = &report.restated {
        let (run, changes) = (&restated.run_id, restated.all_words());
        writeln!(
            out,
            "{}",
            page.sentence(&format!("restates run {run}: {changes}"))
        )?;
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
