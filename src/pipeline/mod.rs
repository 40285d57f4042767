//! The path of a run on one screen: from a folder of files to a published run.

mod about;
mod aggregates;
mod candidates;
mod control;
mod delivery;
mod drift;
mod error;
pub mod examples;
mod feeds;
mod files;
mod nights;
pub(crate) mod plan;
mod records;
mod redelivery;
mod report;
mod restated;
mod results;
mod settings;
mod tables;
mod twice;
mod unreadable;
mod year_on_year;

use std::sync::Arc;

pub use error::RunError;
pub use report::{RuleLine, RunReport, TableLine};
pub use restated::{Changes, Restated};
pub use settings::{FailOn, Progress, Selection, Selector, Settings, Silent};

use crate::{
    check::{
        Engine,
        failing::Scratch,
        keys::{KeySettings, key_failures},
    },
    diagnostics::Diagnostic,
    log::Privacy,
    project::Project,
    publish::{OutDir, StagedRun, run_id},
};

/// What every stage of one run can look at.
struct Context<'r> {
    settings: &'r Settings,
    project: &'r Project,
    plan: &'r plan::Plan,
    delivery: &'r delivery::Delivery,
    engine: &'r Engine,
    staged: &'r StagedRun,
    out: &'r OutDir,
    before: &'r redelivery::Before,
}

/// Runs the project at `settings.project` over one delivery.
///
/// Either a whole run stands in the out folder afterwards (published, or kept unpublished when something blocking
/// fired or rules were left out), or nothing of it does.
///
/// # Errors
/// See [`RunError`]; its [`RunError::exit_code`] is the command's.
pub async fn run(settings: &Settings) -> Result<RunReport, RunError> {
    let (project, mistakes) = crate::project::read(&settings.project)?;
    run_project(&project, &mistakes, settings).await
}

/// The same for a project that has been read, whose `mistakes` are told with those that planning finds.
///
/// # Errors
/// See [`run`].
pub async fn run_project(
    project: &Project,
    mistakes: &[Diagnostic],
    settings: &Settings,
) -> Result<RunReport, RunError> {
    let plan = &plan::Plan::new(project, mistakes, settings).await?;
    let mut delivery = delivery::Delivery::index(project, plan, settings)?;
    let published = delivery.take_figures();
    let delivery = &delivery;

    let out = OutDir::open(&settings.out)?;
    let before = &redelivery::Before::find(&out, delivery, plan.as_of, &project.hash)?;
    let project_hash = results::identity(project, settings, before);
    let staged = out.stage(&run_id(
        plan.as_of,
        &delivery.name,
        &delivery.hashes(),
        project_hash,
        env!("CARGO_PKG_VERSION"),
    ))?;
    let engine = &plan.engine(settings, staged.scratch())?;
    let run = &Context {
        settings,
        project,
        plan,
        delivery,
        engine,
        staged: &staged,
        out: &out,
        before,
    };

    settings.stage("keys");
    let files = staged.scratch_files();
    let scratch: Scratch = Arc::new(move |name: &str| files.file(name));
    let key_settings = KeySettings {
        rules: &project.rules,
        lists: &plan.lists,
        decisions: &project.decisions,
        privacy: &Privacy::new(settings.key.as_deref()),
        scratch: &scratch,
    };
    let mut keys = key_failures(engine, &plan.checks, &delivery.sources, &key_settings).await?;
    unreadable::leave_unsaid(&delivery.unreadable, plan, &mut keys);

    candidates::write(run, &keys)?;
    let mut scanned = tables::scan_all(run, &keys).await?;

    let restated = restated::write(run).await?;
    redelivery::tell(run, restated.as_ref(), &mut scanned)?;

    settings.stage("aggregates");
    let figures = aggregates::build(run, published).await?;

    settings.stage("totals");
    let reconciliations = results::reconcile(run, figures, &mut scanned).await?;

    settings.stage("log");
    let counts = results::log(run, &scanned).await?;
    let report = results::report(run, &scanned, counts, &reconciliations, restated);
    results::write_results(run, &report)?;
    feeds::write(run, &scanned, &reconciliations, &report)?;

    settings.stage("publish");
    let facts = results::facts(run, &scanned, &report);
    let verified = staged.verify(facts)?;
    let report = match report.blocked || report.trial() {
        false => report.published(verified.publish()?),
        true => report.kept(verified.keep()?),
    };
    if report.already_published {
        tracing::info!(run = report.run_id, "this run stood there already");
    }
    Ok(report)
}
