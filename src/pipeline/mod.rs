//! The path of a run on one screen: from a folder of files to a published run.

mod about;
mod aggregates;
mod auditor_page;
mod candidates;
mod clock;
mod control;
mod delivery;
mod delta;
mod drift;
mod error;
pub mod examples;
mod feeds;
mod figure_changes;
mod files;
mod gates;
mod history;
mod nights;
pub(crate) mod plan;
mod records;
mod redelivery;
mod report;
mod report_page;
mod restated;
mod results;
mod settings;
mod tables;
mod twice;
mod unreadable;
mod waivers;
mod workbooks;
mod year_on_year;

use std::sync::Arc;

pub use error::RunError;
pub use figure_changes::{FigureChange, FigureChanges, changes};
pub use gates::withheld::Withheld;
pub use report::{Carried, RuleLine, RunReport, TableLine};
pub use restated::{Changes, Restated};
pub use settings::{FailOn, Progress, Selection, Selector, Settings, Silent};
pub use year_on_year::YEAR_ON_YEAR;

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
    earlier: &'r gates::Earlier,
    delta: &'r delta::Delta,
}

/// The version of every rule and statement that a plan has, by id.
pub(crate) fn rule_versions(
    project: &Project,
    plan: &plan::Plan,
) -> std::collections::BTreeMap<String, String> {
    let facts = tables::facts(project, &plan.tables, &plan.statements);
    facts
        .into_iter()
        .map(|facts| (facts.id, facts.version))
        .collect()
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
    let ended = whole_run(project, mistakes, settings).await;
    ended.map_err(|error| error.of_disk(&settings.out))
}

async fn whole_run(
    project: &Project,
    mistakes: &[Diagnostic],
    settings: &Settings,
) -> Result<RunReport, RunError> {
    let plan = &plan::Plan::new(project, mistakes, settings).await?;
    clock::check(project, settings, plan.as_of)?;
    settings.stage("index");
    let mut delivery = delivery::Delivery::index(project, plan, settings)?;
    let published = delivery.take_figures();

    let out = OutDir::open(&settings.out)?;
    let identity = results::identity(project, settings, plan, &delivery);
    let base = delta::Base::find(&out, &delivery, plan.as_of)?;
    let before = &redelivery::Before::find(&out, &delivery, plan.as_of, identity, base.id())?;
    let earlier = &gates::Earlier::find(&out, plan, &delivery.name, before.previous.as_ref())?;
    let held_against = before.fingerprint() + &base.fingerprint();
    let run_id = run_id(plan.as_of, identity, &held_against);
    let staged = out.stage(&run_id, before.previous.clone())?;
    let delta = &delta::carry(&base, &mut delivery, plan, settings)?;
    let delivery = &delivery;
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
        earlier,
        delta,
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
    scanned.withheld = gates::withheld::find(run, &scanned).await?;
    let figures = aggregates::build(run, published, &scanned.withheld).await?;
    let history = history::History::open(run)?;
    let history = history.as_ref();
    let figure_changes = figure_changes::write(run, history)?;

    settings.stage("totals");
    let open = history.map_or_else(|| Ok(Default::default()), |history| history.statements(run))?;
    let mut reconciliations = results::reconcile(run, figures, &mut scanned, open).await?;
    report_page::write(run, &scanned, &reconciliations)?;
    workbooks::write_aggregates(run, &scanned, &reconciliations)?;
    reconciliations.figures = Vec::new();

    settings.stage("log");
    let unjudged = std::mem::take(&mut reconciliations.unjudged);
    let counts = results::log(run, &mut scanned, history, unjudged).await?;
    let report = results::report(
        run,
        &scanned,
        counts,
        &reconciliations,
        restated,
        figure_changes,
    );
    results::write_results(run, &report)?;
    let night = feeds::night(run, &scanned, &reconciliations, &report);
    feeds::write(run, &night)?;
    workbooks::write_log(run, &scanned, &report)?;
    // Last, since its sign-off sheet has the hashes of all that was written before.
    auditor_page::write(run, &night, &scanned, &reconciliations, &report)?;

    settings.stage("publish");
    let facts = results::facts(run, &scanned, &report);
    let verified = staged.verify(facts)?.once(before.is_gone(&out));
    let mut report = match report.blocked || report.trial() {
        false => report.published(verified.publish()?),
        true => report.kept(verified.keep()?),
    };
    if report.newer.is_none() && !report.blocked && !report.trial() {
        report.left_over = !out.retain(project.keep);
    }
    if report.already_published {
        tracing::info!(run = report.run_id, "this run stood there already");
    }
    Ok(report)
}
