//! The last lines: whether the run is published, its hash, and where to look next.

use std::fmt::Write;

use super::{Page, number};
use crate::{cli::paint::Ink, harmless::words, pipeline::RunReport};

/// The page of a project that has a report of its own.
const REPORT: &str = "report.html";

pub(super) fn render(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    let ink = |ink: Ink, text: &str| page.paint.ink(ink, text);
    let folder = report.folder.to_string_lossy();
    let folder = words(&folder);
    let current = match &report.current {
        Some(good) => format!("`current` still names the last good run, {good}"),
        None => "no run has been published yet, so there is no `current`".to_owned(),
    };
    if report.trial() {
        let told = format!(
            "{}: {} of {} rules were left out, and what they would have found is not known",
            ink(Ink::Look, "TRIAL"),
            number(report.left_out as u64),
            number(report.rules.len() as u64)
        );
        writeln!(out, "{}", page.sentence(&told))?;
    }
    if let Some(first) = report.withheld.first() {
        let outputs = report.withheld.iter().map(|w| w.output.as_str());
        let outputs: Vec<&str> = outputs.collect();
        let why = first.why();
        let told = format!("withheld, since {why}: {}", outputs.join(", "));
        writeln!(out, "{}", page.sentence(&told))?;
    }
    let then = if report.blocked {
        let told = format!("{}: not published; {current}", ink(Ink::Worst, "BLOCKED"));
        writeln!(out, "{}", page.sentence(&told))?;
        ", severity blocking"
    } else {
        if report.trial() {
            let told = format!("kept, not published; {current}");
            writeln!(out, "{}", page.sentence(&told))?;
        } else {
            published(out, report, page, &folder)?;
        }
        match report.folder.join(REPORT).is_file() {
            true => ", then report.html",
            false => ", then reconciliations.csv",
        }
    };
    writeln!(out, "look next: {folder}/discrepancies.html{then}")
}

fn published(out: &mut String, report: &RunReport, page: Page, folder: &str) -> std::fmt::Result {
    let again = if report.already_published {
        " (the same run stood there already)"
    } else {
        ""
    };
    let ink = |text: &str| page.paint.ink(Ink::Good, text);
    match &report.newer {
        Some(newer) => writeln!(
            out,
            "{}: {folder}{again}; `current` stays at the newer run {newer}",
            ink("published before")
        )?,
        None => writeln!(out, "{}: {folder}{again}", ink("published"))?,
    }
    writeln!(out, "manifest: SHA-256 {}", report.manifest_sha256)
}
