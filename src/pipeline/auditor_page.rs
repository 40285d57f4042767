//! What the auditor's page tells of a run, put together.

use std::collections::BTreeSet;

use super::{
    Context,
    error::RunError,
    report::{Carried, RunReport},
    results::{self, Reconciled},
    tables::{Scanned, fact_index},
    unreadable,
};
use crate::{
    log::discrepancy_id,
    pages::auditor::{self, Auditor, CarriedOn, Statements},
    publish::Manifest,
    reconcile::Figure,
};

/// Nights before that are shown.
const NIGHTS: usize = 30;

/// Writes `discrepancies.html` into the run folder.
pub(super) fn write(
    run: &Context<'_>,
    night: &crate::feeds::Night<'_>,
    scanned: &Scanned,
    reconciled: &Reconciled,
    report: &RunReport,
) -> Result<(), RunError> {
    let tables = run.plan.tables.iter();
    let facts = results::facts(run, scanned, report);
    let auditor = Auditor {
        night,
        statuses: &report.rule_statuses,
        sources: &run.delivery.sources,
        carried: (report
            .tables
            .iter()
            .map(|line| line.carried.as_ref().map(carried_on)))
        .collect(),
        statements: &reconciled.drawn,
        earlier: &earlier(run),
        facts: &facts,
        unwaivable: tables.map(|table| unreadable::rule(&table.name)).collect(),
        left_out: report.left_out,
        unreadable: report.unreadable,
        withheld: (report.withheld.iter())
            .map(|withheld| (withheld.output.clone(), withheld.why()))
            .collect(),
    };
    Ok(auditor::write(&auditor, run.staged)?)
}

/// What the page draws of the statements, while their figures are there.
pub(super) fn statements(
    scanned: &Scanned,
    told: &crate::reconcile::Told,
    figures: &[Figure],
) -> Statements {
    Statements::of(told, figures, |row| {
        let facts = fact_index(&scanned.facts, &row.rule.rule_id);
        let facts = scanned.facts.get(facts as usize);
        facts.map_or_else(String::new, |facts| {
            discrepancy_id(facts, &row.statement, "", 1)
        })
    })
}

fn carried_on(carried: &Carried) -> CarriedOn {
    CarriedOn {
        from: carried.from.clone(),
        rows: carried.rows,
        superseded: carried.superseded.values().sum(),
    }
}

/// The published nights before tonight's, the newest first, from their manifests alone, which outlast their folders.
///
/// A night is its day and the delivery's name, which may be the same every night; one that was delivered again counts once,
/// as it was published last. Tonight's own and later ones do not count.
fn earlier(run: &Context<'_>) -> Vec<Manifest> {
    let mut known = BTreeSet::from([(run.delivery.name.clone(), run.plan.as_of)]);
    let mut nights = Vec::new();
    run.out.back_from(run.before.previous.clone(), |night| {
        if night.as_of <= run.plan.as_of && known.insert((night.delivery.clone(), night.as_of)) {
            nights.push(night);
        }
        nights.len() < NIGHTS
    });
    nights
}
