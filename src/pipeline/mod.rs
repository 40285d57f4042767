//! The path of a run on one screen: from a folder of files to a published run.

mod delivery;
mod error;
pub mod examples;
mod plan;
mod report;
mod results;
mod settings;
mod tables;

pub use error::RunError;
pub use report::{RuleLine, RunReport, TableLine};
pub use settings::{FailOn, Progress, Selection, Selector, Settings, Silent};

use crate::{
    check::keys::key_failures,
    publish::{OutDir, run_id},
};

/// Runs the project at `settings.project` over one delivery.
///
/// Either a whole run stands in the out folder afterwards (published, or kept unpublished when something blocking
/// fired), or nothing of it does.
///
/// # Errors
/// See [`RunError`]; its [`RunError::exit_code`] is the command's.
pub async fn run(settings: &Settings) -> Result<RunReport, RunError> {
    let project = crate::project::load(&settings.project)?;
    let plan = plan::Plan::new(&project, settings).await?;
    let delivery = delivery::Delivery::index(&project, &plan, settings)?;

    let out = OutDir::open(&settings.out)?;
    let id = run_id(
        plan.as_of,
        &delivery.hashes(),
        results::identity(&project, settings),
        env!("CARGO_PKG_VERSION"),
    );
    let staged = out.stage(&id)?;
    let engine = plan.engine(settings, staged.scratch())?;

    settings.progress.stage("keys");
    let scratch = |name: &str| staged.scratch_file(name);
    let keys = key_failures(
        &engine,
        &plan.checks,
        &project.rules,
        &plan.lists,
        &delivery.sources,
        &scratch,
    )
    .await?;

    let mut scanned = tables::scan_all(
        &engine, &plan, &project, &delivery, &keys, &staged, settings,
    )
    .await?;

    settings.progress.stage("aggregates");
    let figures = results::aggregate(&engine, &plan, &project, &staged).await?;

    settings.progress.stage("totals");
    let reconciliations =
        results::reconcile(&plan, &project, &delivery, figures, &staged, &mut scanned)?;

    settings.progress.stage("log");
    let counts = results::log(&engine, &mut scanned, &id, &staged).await?;
    let report = results::report(
        &project,
        &plan,
        &delivery,
        &scanned,
        counts,
        &reconciliations,
        &id,
        settings,
    );
    results::write_results(&staged, &report)?;

    settings.progress.stage("publish");
    let verified = staged.verify(results::facts(
        &project, &plan, &delivery, &scanned, &report,
    ))?;
    Ok(match report.blocked {
        false => report.published(verified.publish()?),
        true => report.kept(verified.keep()?),
    })
}
