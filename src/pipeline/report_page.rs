//! The report as a page of the run.

use super::{
    Context,
    error::RunError,
    results::Reconciled,
    tables::{Scanned, fact_index},
};
use crate::{
    diagnostics::Diagnostic,
    log::discrepancy_id,
    pages::{
        put,
        report::{self, Facts},
    },
    project::Project,
    reconcile::Verdict,
    rules::totals::Comparison,
};

/// Where it stands in the run folder.
const PATH: &str = "report.html";

/// Writes the page.
///
/// # Errors
/// The run folder does not take it.
pub(super) fn write(
    run: &Context<'_>,
    scanned: &Scanned,
    reconciled: &Reconciled,
) -> Result<(), RunError> {
    let withheld = scanned.withheld.aggregates();
    let facts = Facts {
        project: run.project,
        figures: &reconciled.figures,
        told: &reconciled.told,
        pairs: &reconciled.pairs,
        withheld: withheld
            .map(|(name, why)| (name.to_owned(), why.why()))
            .collect(),
        run_id: run.staged.run_id().as_str(),
        as_of: run.plan.as_of,
        discrepancy: &|row| {
            let at = fact_index(&scanned.facts, &row.rule.rule_id) as usize;
            let facts = scanned.facts.get(at)?;
            // What is explained is no discrepancy.
            (row.verdict == Verdict::Disagrees)
                .then(|| discrepancy_id(facts, &row.statement, "", 1))
        },
    };
    let page = report::page(&facts)?;
    put(run.staged, PATH, &page)?;
    Ok(())
}

/// Reports what the report names and the project does not have; `comparisons` are the project's, where they could be read.
pub(super) fn check(
    project: &Project,
    comparisons: Option<&[Comparison]>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(declared) = &project.report {
        report::check(project, declared, comparisons, diagnostics);
    }
}
