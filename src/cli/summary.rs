//! The closing table: rows and where they went, rules, discrepancies, totals, and where to look next.

use std::fmt::Write;

use crate::{
    discrepancy::Severity,
    harmless::{short, words},
    pipeline::{Carried, RunReport},
};

/// Rules shown in the summary.
const RULES: usize = 15;
/// Statements shown in the summary.
const STATEMENTS: usize = 8;

/// The run in a page of text. What it lists is cut at `width`, 60 to 160; figures and paths never are.
pub fn summary(report: &RunReport, width: usize) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = render(&mut out, report, width.clamp(60, 160));
    out
}

fn render(out: &mut String, report: &RunReport, width: usize) -> std::fmt::Result {
    let parts = [
        short(&report.project).into_owned(),
        format!("delivery {}", words(&report.delivery)),
        format!("as of {}", report.as_of),
        format!("run {}", report.run_id),
    ];
    writeln!(out, "{}", filled(&parts, width))?;
    writeln!(out)?;
    rows(out, report)?;
    carried(out, report)?;
    before(out, report)?;
    writeln!(out)?;
    discrepancies(out, report, width)?;
    totals(out, report, width)?;
    ending(out, report)
}

fn rows(out: &mut String, report: &RunReport) -> std::fmt::Result {
    let name_width = report
        .tables
        .iter()
        .map(|t| t.table.len())
        .max()
        .unwrap_or(5)
        .max(5);
    writeln!(
        out,
        "{:name_width$}  {:>12}  {:>12}  {:>11}  {:>9}  {:>9}",
        "table", "rows read", "clean", "quarantined", "excluded", "rejected"
    )?;
    for line in &report.tables {
        writeln!(
            out,
            "{:name_width$}  {:>12}  {:>12}  {:>11}  {:>9}  {:>9}",
            line.table,
            number(line.rows.read),
            number(line.rows.clean),
            number(line.rows.quarantined),
            number(line.rows.excluded),
            number(line.rows.rejected)
        )?;
    }
    Ok(())
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

fn discrepancies(out: &mut String, report: &RunReport, width: usize) -> std::fmt::Result {
    let with = |status: &str| report.rules.iter().filter(|r| r.status == status).count();
    let also = |status: &str, words: &str| match with(status) {
        0 => String::new(),
        n => format!(", {n} {words}"),
    };
    let skipped = also("error", "could not be evaluated")
        + &also("not_evaluated", "not evaluated")
        + &also("skipped", "skipped");
    writeln!(
        out,
        "{} rules ran: {} passed, {} found something{skipped}",
        report.rules.iter().filter(|r| r.counts.is_some()).count(),
        with("passed"),
        with("failed") + with("tolerated"),
    )?;
    let known = report.by_status.iter();
    let statuses: Vec<String> = known
        .map(|(status, count)| format!("{} {status}", number(*count)))
        .collect();
    if report.figure_changes.is_some() && !statuses.is_empty() {
        writeln!(out, "since the run before: {}", statuses.join(", "))?;
    }
    let severities: Vec<String> = Severity::ALL
        .iter()
        .map(|s| {
            format!(
                "{} {s}",
                number(report.by_severity.get(s).copied().unwrap_or(0))
            )
        })
        .collect();
    writeln!(
        out,
        "{} discrepancies: {}",
        number(report.discrepancies),
        severities.join(", ")
    )?;
    let mut by_rule: Vec<(&String, &u64)> = report.by_rule.iter().collect();
    let severity = |id: &String| {
        report
            .severity_of
            .get(id)
            .copied()
            .unwrap_or(Severity::Info)
    };
    by_rule.sort_by(|a, b| {
        (severity(a.0), std::cmp::Reverse(a.1), a.0).cmp(&(
            severity(b.0),
            std::cmp::Reverse(b.1),
            b.0,
        ))
    });
    for (id, count) in by_rule.iter().take(RULES) {
        let line = format!("  {:>9}  {:8}  {id}", number(**count), severity(id).word());
        writeln!(out, "{}", cut(&line, width))?;
    }
    if by_rule.len() > RULES {
        let rest: u64 = by_rule[RULES..].iter().map(|r| *r.1).sum();
        writeln!(
            out,
            "  {:>9}  in {} more rules and statements",
            number(rest),
            by_rule.len() - RULES
        )?;
    }
    writeln!(out)
}

fn totals(out: &mut String, report: &RunReport, width: usize) -> std::fmt::Result {
    let all: u64 = report.verdicts.values().sum();
    if all == 0 {
        return Ok(());
    }
    let verdicts: Vec<String> = report
        .verdicts
        .iter()
        .map(|(word, n)| format!("{} {word}", number(*n)))
        .collect();
    writeln!(
        out,
        "{} totals compared: {}",
        number(all),
        verdicts.join(", ")
    )?;
    for (statement, evidence) in report.disagreements.iter().take(STATEMENTS) {
        writeln!(out, "{}", cut(&format!("  {statement}: {evidence}"), width))?;
    }
    if report.disagreements.len() > STATEMENTS {
        writeln!(
            out,
            "  and {} more in reconciliations.csv",
            report.disagreements.len() - STATEMENTS
        )?;
    }
    writeln!(out)
}

fn ending(out: &mut String, report: &RunReport) -> std::fmt::Result {
    let folder = report.folder.to_string_lossy();
    let folder = words(&folder);
    let current = match &report.current {
        Some(good) => format!("`current` still names the last good run, {good}"),
        None => "no run has been published yet, so there is no `current`".to_owned(),
    };
    if report.trial() {
        writeln!(
            out,
            "TRIAL: {} of {} rules were left out, and what they would have found is not known",
            number(report.left_out as u64),
            number(report.rules.len() as u64)
        )?;
    }
    if let Some(first) = report.withheld.first() {
        let outputs = report.withheld.iter().map(|w| w.output.as_str());
        let outputs: Vec<&str> = outputs.collect();
        let why = first.why();
        writeln!(out, "withheld, since {why}: {}", outputs.join(", "))?;
    }
    if report.blocked {
        writeln!(out, "BLOCKED: not published; {current}")?;
        writeln!(
            out,
            "look next: {folder}/discrepancies.csv, severity blocking"
        )
    } else if report.trial() {
        writeln!(out, "kept, not published; {current}")?;
        writeln!(
            out,
            "look next: {folder}/discrepancies.csv, then reconciliations.csv"
        )
    } else {
        let again = if report.already_published {
            " (the same run stood there already)"
        } else {
            ""
        };
        match &report.newer {
            Some(newer) => writeln!(
                out,
                "published before: {folder}{again}; `current` stays at the newer run {newer}"
            )?,
            None => writeln!(out, "published: {folder}{again}")?,
        }
        writeln!(out, "manifest: SHA-256 {}", report.manifest_sha256)?;
        writeln!(
            out,
            "look next: {folder}/discrepancies.csv, then reconciliations.csv"
        )
    }
}

/// Thousands apart.
pub(super) fn number(n: u64) -> String {
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

/// The parts on as few lines as hold them, none broken.
fn filled(parts: &[String], width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + part.chars().count() <= width => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines.join("\n")
}

pub(super) fn cut(line: &str, width: usize) -> String {
    let line = words(line);
    if line.chars().count() <= width {
        return line.into_owned();
    }
    let mut short: String = line.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_filled_into_lines() {
        let parts = ["ä library", "delivery x", "run 1"].map(str::to_owned);
        for (width, want) in [
            (30, "ä library · delivery x · run 1"),
            (29, "ä library · delivery x\nrun 1"),
            (5, "ä library\ndelivery x\nrun 1"),
        ] {
            assert_eq!(filled(&parts, width), want);
        }
    }

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
