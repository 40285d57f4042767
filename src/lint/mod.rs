//! Everything that is wrong with a project, or there for nothing, in one go.

mod decide;
mod facts;
mod nulls;
mod sarif;

mod unreachable;
mod unused;
mod values;

use std::path::Path;

use jiff::civil::Date;

pub use sarif::sarif;

use crate::{
    check::{Engine, EngineSettings},
    diagnostics::Diagnostic,
    pipeline::{RunError, plan},
    project,
};

/// The lints of findings that a run would not refuse the project for: name, and what it finds.
pub const LINTS: &[(&str, &str)] = &[
    ("contradiction", "Two rules of which no row passes both."),
    (
        "equals_null",
        "A comparison with null, which is never true.",
    ),
    (
        "implied",
        "A rule whose every failing row fails another rule as well, which does no less about it.",
    ),
    ("never_fires", "A rule that no row can fail."),
    ("never_passes", "A rule that no row can pass."),
    (
        "unknown_figure",
        "A statement about figures that no aggregate computes.",
    ),
    (
        "unknown_value",
        "A comparison with a text that the column can never hold.",
    ),
    (
        "unreachable_code",
        "A code or an alias that no cleaned cell can be.",
    ),
    (
        "unshown_aggregate",
        "An aggregate that no section of the report shows, where rules/report.yaml says what is shown.",
    ),
    (
        "unused_aggregate",
        "An aggregate that no statement about totals reads.",
    ),
    (
        "unused_aliases",
        "Aliases that no column and no statement understands.",
    ),
    ("unused_list", "A code list that nothing names."),
];

/// What lint found.
#[derive(Debug)]
pub struct Findings {
    /// All of it: mistakes that a run refuses the project for, and what only lint speaks about.
    pub diagnostics: Vec<Diagnostic>,
    /// What was looked at, in words.
    pub looked_at: String,
}

/// Every mistake of the project at `root`, planned as of its own date or else `today`.
///
/// What nothing reads is told only of a project without mistakes: what could not be read may read it.
///
/// # Errors
/// There is no project at `root`, or the engine failed.
pub async fn lint(root: &Path, today: Date) -> Result<Findings, RunError> {
    let (project, mistakes) = project::read(root)?;
    let as_of = plan::as_of(&project, None, true, today);
    let mut diagnostics = Vec::new();
    let plan = plan::plan(&project, &mistakes, as_of, &mut diagnostics).await?;
    if !project.unread.rules {
        plan::unknown_test_selectors(&project, &mut diagnostics);
    }
    let mistaken = !diagnostics.is_empty();
    nulls::nulls(&project, &mut diagnostics);
    let engine = Engine::new(&EngineSettings {
        threads: 1,
        memory_limit: 64 << 20,
        scratch: None,
        as_of,
    })?;
    values::values(&project, &plan, &mut diagnostics);
    decide::decide(&project, &plan, &engine, &mut diagnostics);
    if !mistaken {
        unreachable::unreachable(&project, &plan, &mut diagnostics);
        unused::unused(&project, &plan, &mut diagnostics);
        unused::unknown_figures(&project, &plan, &mut diagnostics);
    }
    let queries = project.model.len() + project.aggregates.len() + project.records.len();
    let looked_at = format!(
        "{} rules of {} tables, {} statements about totals, {} code lists, {queries} queries",
        project.rules.len(),
        project.tables.len(),
        plan.statements.len() + plan.comparisons.len(),
        project.lists.len(),
    );
    Ok(Findings {
        diagnostics,
        looked_at,
    })
}
