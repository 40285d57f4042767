//! Which run's rows a delivery of changes goes on from.

use std::path::PathBuf;

use jiff::civil::Date;

use super::super::{
    delivery::Delivery,
    error::RunError,
    redelivery::{files_of_delivery, files_of_run},
};
use crate::{
    publish::{Manifest, OutDir, RunId},
    tables::{Delivers, exact_day},
};

/// The run whose rows are carried on.
#[derive(Default)]
pub(in super::super) struct Base {
    pub(super) run: Option<Manifest>,
    /// Where its files are.
    pub(super) folder: PathBuf,
}

impl Base {
    /// Looks for it, where some table needs one: the last published run, or what a run of the same night went on from, which
    /// tonight's is in place of.
    pub(in super::super) fn find(
        out: &OutDir,
        delivery: &Delivery,
        as_of: Date,
    ) -> Result<Self, RunError> {
        let deltas = delivery.sources.iter().map(|source| &source.table);
        let Some(table) = deltas.into_iter().find(|t| t.delivers == Delivers::Delta) else {
            return Ok(Self::default());
        };
        let chain = Chain {
            out,
            table: table.name.as_str(),
        };
        let runs = out.published(|run| run.delivery == delivery.name)?;
        let same_night = |run: &&Manifest| {
            is_night(run, &delivery.name, as_of)
                || run.delivery == delivery.name && files_of_run(run) == files_of_delivery(delivery)
        };
        let id = match runs.iter().rfind(same_night) {
            Some(run) => {
                chain.warn_of_later(run)?;
                match chain.base_of(run)? {
                    Some(id) => Some(chain.newest_of(&id)?),
                    None => None,
                }
            }
            None => out.current_id()?,
        };
        match id {
            None => Ok(Self::default()),
            Some(id) => Ok(Self {
                run: Some(chain.manifest(&id)?),
                folder: out.folder_of(&id),
            }),
        }
    }

    /// The run that it is.
    pub(in super::super) fn id(&self) -> Option<&RunId> {
        self.run.as_ref().map(|run| &run.run_id)
    }

    /// What it adds to the run's identity; blank where nothing is carried on.
    pub(in super::super) fn fingerprint(&self) -> String {
        let run = self.run.as_ref();
        run.map_or_else(String::new, |run| format!("carries on {}", run.run_id))
    }
}

/// Whether a run is of the night of this name: a date says which it is, any other name together with the day of the run.
fn is_night(run: &Manifest, name: &str, as_of: Date) -> bool {
    run.delivery == name && (exact_day(name).is_some() || run.as_of == as_of)
}

/// The runs that went on from each other.
struct Chain<'o> {
    out: &'o OutDir,
    /// The table that asks, for messages.
    table: &'o str,
}

impl Chain<'_> {
    fn manifest(&self, id: &RunId) -> Result<Manifest, RunError> {
        let fail = |why: String| RunError::Base {
            table: self.table.to_owned(),
            run: id.to_string(),
            why,
        };
        let folder = self.out.folder_of(id);
        if !folder.exists() {
            return Err(fail(format!(
                "its folder `{}` is not there",
                folder.display()
            )));
        }
        self.out
            .manifest_of(id)
            .map_err(|error| fail(error.to_string()))
    }

    /// The run that `run` went on from.
    fn base_of(&self, run: &Manifest) -> Result<Option<RunId>, RunError> {
        let mut run = run.clone();
        loop {
            let keeps = |path: &str| path.starts_with("delivered/");
            if run.base.is_some() || run.outputs.iter().any(|o| keeps(o.path.as_str())) {
                return Ok(run.base);
            }
            // It had no table of which deliveries hold changes; a restatement stands in the place of what it restates.
            match run.restates {
                Some(earlier) => run = self.manifest(&earlier)?,
                None => return Ok(run.previous.map(|previous| previous.run_id)),
            }
        }
    }

    /// The newest run of the same night as a run: a correction that came later stands in its place.
    fn newest_of(&self, id: &RunId) -> Result<RunId, RunError> {
        let run = self.manifest(id)?;
        let runs = self
            .out
            .published(|other| is_night(other, &run.delivery, run.as_of))?;
        let newest = runs
            .into_iter()
            .rfind(|other| is_night(other, &run.delivery, run.as_of));
        Ok(newest.map_or(run.run_id, |newest| newest.run_id))
    }

    /// Says which nights went on from `run` and will not be part of what is published in its place.
    fn warn_of_later(&self, run: &Manifest) -> Result<(), RunError> {
        let Some(current) = self.out.current_id()? else {
            return Ok(());
        };
        let mut later = Vec::new();
        let mut at = Some(current);
        while let Some(id) = at {
            // What is not there any more tells nothing.
            let Ok(found) = self.out.manifest_of(&id) else {
                return Ok(());
            };
            if found.run_id == run.run_id {
                break;
            }
            if is_night(&found, &run.delivery, run.as_of) {
                return Ok(());
            }
            later.push(found.delivery);
            at = found.base;
            if at.is_none() {
                return Ok(());
            }
        }
        later.reverse();
        if !later.is_empty() {
            tracing::warn!(
                delivery = run.delivery,
                later = later.join(", "),
                "an earlier night is delivered again, so that the run holds nothing of the later ones: deliver them again, in their order"
            );
        }
        Ok(())
    }
}
