//! The sign-off sheet: what an auditor signs, with the hashes that say what it was.

use minijinja::{Value, context};

use super::{
    Auditor, PAGE, fitting,
    words::{count, short},
};
use crate::{
    discrepancy::{Severity, Status},
    pages::{PageError, render as html, words},
    publish::OutputFile,
};

/// Most bytes of the section.
const MOST: usize = 250_000;

/// The section; `outputs` are the files of the run that are written by now.
pub fn render(auditor: &Auditor<'_>, outputs: &[OutputFile]) -> Result<String, PageError> {
    let (night, facts) = (auditor.night, auditor.facts);
    let mut inputs: Vec<_> = facts.inputs.iter().collect();
    inputs.sort_by(|a, b| (&a.path, &a.sheet, a.sha256).cmp(&(&b.path, &b.sheet, b.sha256)));
    let inputs: Vec<Value> = inputs
        .into_iter()
        .map(|input| {
            let path = match &input.sheet {
                Some(sheet) => format!("{}, sheet {}", short(&input.path), short(sheet)),
                None => short(&input.path).into_owned(),
            };
            let rows = input.rows.as_ref().map(|rows| count(rows.read));
            context! { path, bytes => count(input.bytes), rows, sha256 => input.sha256.to_string() }
        })
        .collect();
    let outputs: Vec<Value> = outputs
        .iter()
        .map(|output| {
            context! {
                path => output.path.as_str(),
                bytes => count(output.bytes),
                rows => output.rows.map(count),
                sha256 => output.sha256.to_string(),
            }
        })
        .collect();
    let of_status = |status: Status| -> u64 {
        let statuses = auditor.statuses.values();
        statuses.filter_map(|statuses| statuses.get(&status)).sum()
    };
    let rows = |get: fn(&crate::publish::Rows) -> u64| count(facts.tables.iter().map(get).sum());
    let found = facts.discrepancies;
    let severities = [found.blocking, found.error, found.warn, found.info];
    let by_severity = Severity::ALL.iter().zip(severities);
    let counts = [
        ("Rows read", rows(|t| t.read)),
        ("Rows clean", rows(|t| t.clean)),
        ("Rows quarantined", rows(|t| t.quarantined)),
        ("Rows excluded", rows(|t| t.excluded)),
        ("Records rejected", rows(|t| t.rejected)),
        ("Rules that ran", count(facts.rules_run)),
        ("Rules left out", count(auditor.left_out as u64)),
        (
            "Files that could not be read",
            count(auditor.unreadable as u64),
        ),
    ];
    let mut counts: Vec<(String, String)> = counts.map(|(n, c)| (n.to_owned(), c)).into();
    counts.extend(by_severity.map(|(severity, n)| (format!("Open, {severity}"), count(n))));
    counts.extend(
        Status::ALL
            .iter()
            .map(|s| (format!("Discrepancies {s}"), count(of_status(*s)))),
    );
    counts.extend(
        (night.verdicts.iter())
            .map(|(v, n)| (format!("Statements: {}", v.replace('_', " ")), count(*n))),
    );
    let counts: Vec<Value> = counts
        .into_iter()
        .map(|(name, number)| context! { name, number })
        .collect();
    let all = inputs.len().max(outputs.len());
    fitting(all, MOST, |shown| {
        html(
            PAGE,
            include_str!("../assets/auditor_sign_off.html"),
            context! {
                run => night.run_id,
                project => short(night.project),
                delivery => short(night.delivery),
                date => facts.as_of.to_string(),
                as_of => words::date(facts.as_of),
                published => night.is_published(),
                trueup => facts.trueup.as_str(),
                project_sha256 => facts.project.sha256.to_string(),
                counts => counts.clone(),
                inputs => inputs.get(..shown.min(inputs.len())),
                outputs => outputs.get(..shown.min(outputs.len())),
                more_inputs => inputs.len().saturating_sub(shown),
                more_outputs => outputs.len().saturating_sub(shown),
                roles => ["Prepared by", "Reviewed by", "Approved by"],
            },
        )
    })
}
