//! The nights before, as far as they were published, for what compares with them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::super::{error::RunError, plan::Plan};
use crate::{
    publish::{Manifest, OutDir, PublishedInfo, RunId},
    tables::Table,
};

/// The published nights before tonight's, the newest first.
#[derive(Default)]
pub(in super::super) struct Earlier {
    nights: Vec<Manifest>,
}

impl Earlier {
    /// Looks for as many nights as a table asks for, from the run before tonight's back through the chain.
    ///
    /// A night is its day and the delivery's name, which may be the same every night; one that was delivered again counts
    /// once, as it was published last. Tonight's own and later ones do not count.
    pub(in super::super) fn find(
        out: &OutDir,
        plan: &Plan,
        delivery: &str,
        previous: Option<&PublishedInfo>,
    ) -> Result<Self, RunError> {
        let volumes = plan.tables.iter().filter_map(|t| t.gates.volume.as_ref());
        let Some(most) = volumes.map(|volume| volume.against).max() else {
            return Ok(Self::default());
        };
        let runs = out.chain()?;
        let runs = runs.into_iter().map(|(info, run)| (info.run_id, run));
        Ok(Self::among(
            runs.collect(),
            previous.map(|run| run.run_id.clone()),
            (delivery, plan.as_of),
            most,
        ))
    }

    fn among(
        mut runs: BTreeMap<RunId, Manifest>,
        current: Option<RunId>,
        (delivery, as_of): (&str, Date),
        most: usize,
    ) -> Self {
        let mut nights = Vec::new();
        let mut known = BTreeSet::from([(delivery.to_owned(), as_of)]);
        let mut at = current;
        // A run that was looked at is gone, so that no loop of runs is followed twice.
        while nights.len() < most
            && let Some(run) = at.and_then(|id| runs.remove(&id))
        {
            at = run
                .previous
                .as_ref()
                .map(|previous| previous.run_id.clone());
            if run.as_of <= as_of && known.insert((run.delivery.clone(), run.as_of)) {
                nights.push(run);
            }
        }
        Self { nights }
    }

    /// The rows of a table that each of the last `most` nights read, those left out that did not have the table.
    pub(super) fn rows(&self, table: &Table, most: usize) -> Vec<u64> {
        let of_night = |run: &Manifest| {
            let rows = run.tables.iter().find(|t| t.table == table.name.as_str());
            rows.map(|rows| rows.read)
        };
        self.nights.iter().take(most).filter_map(of_night).collect()
    }
}
