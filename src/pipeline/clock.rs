//! Whether the day that the clock says can be right.

use jiff::civil::Date;

use super::{error::RunError, plan, settings::Settings};
use crate::{project::Project, publish::current_manifest};

/// Refuses a day from the clock that is before the one of the published run; a day that was given is only told.
pub(super) fn check(project: &Project, settings: &Settings, as_of: Date) -> Result<(), RunError> {
    // What is wrong with `current` is said where the run is staged.
    let Some(current) = current_manifest(&settings.out).filter(|run| as_of < run.as_of) else {
        return Ok(());
    };
    if plan::day_said(project, settings.as_of, settings.delivery.is_none()).is_none() {
        return Err(RunError::ClockSteppedBack {
            today: as_of,
            out: settings.out.clone(),
            current: current.run_id.to_string(),
            as_of: current.as_of,
        });
    }
    tracing::warn!(
        "this run is as of {as_of}, before {} of the published run {}",
        current.as_of,
        current.run_id
    );
    Ok(())
}
