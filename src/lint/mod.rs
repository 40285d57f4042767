//! Everything that is wrong with a project, or there for nothing, in one go.

use std::path::Path;

use jiff::civil::Date;

use crate::{
    diagnostics::Diagnostic,
    pipeline::{RunError, plan},
    project,
};

/// Every mistake that a run would refuse the project for.
///
/// # Errors
/// There is no project at `root`, or the engine failed.
pub async fn lint(root: &Path, today: Date) -> Result<Vec<Diagnostic>, RunError> {
    let (project, mut diagnostics) = project::read(root)?;
    let as_of = plan::as_of(&project, None, false, today);
    let mistakes = diagnostics.clone();
    diagnostics.clear();
    plan::plan(&project, &mistakes, as_of, &mut diagnostics).await?;
    Ok(diagnostics)
}
