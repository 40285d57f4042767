//! Which runs stay: old ones are removed by the project's policy, and their manifests go into the history.

use jiff::{Span, civil::Date};

use super::{
    chain::Link,
    check::read_manifest,
    disk,
    error::{IoError, PublishError},
    manifest::Manifest,
    names::RunId,
    out::OutDir,
};
use crate::project::Keep;

impl OutDir {
    /// Removes the runs that `keep` does not keep, the oldest first; what cannot be removed is told and stays. Says whether all
    /// went that was to go.
    ///
    /// Published runs are removed from the end of the chain only, and never the one that is `current` nor its base.
    #[must_use]
    pub fn retain(&self, keep: Keep) -> bool {
        if keep.runs.is_none() && keep.days.is_none() {
            return true;
        }
        let remove = || -> Result<(), PublishError> {
            let chain = self.links(|link| link.stands)?;
            let Some(newest) = chain.first() else {
                return Ok(());
            };
            let newest_day = newest.manifest.as_of;
            // A correction of the newest night starts from what that went on from.
            let base = newest.manifest.base.as_ref();
            let stays = |(at, run): &(usize, &Link)| {
                *at == 0
                    || base == Some(&run.info.run_id)
                    || keeps(keep, *at, run.manifest.as_of, newest_day)
            };
            let mut last = chain.iter().enumerate().filter(stays).map(|(at, _)| at);
            let last = last.next_back().unwrap_or_default();
            for link in chain[last + 1..].iter().rev() {
                self.remove(&link.info.run_id, &link.bytes)?;
            }
            for (at, (run, bytes)) in self.unpublished(&chain)?.iter().enumerate() {
                if !keeps(keep, at, run.as_of, newest_day) {
                    self.remove(&run.run_id, bytes)?;
                }
            }
            Ok(())
        };
        let done = remove();
        if let Err(error) = &done {
            tracing::warn!("an old run was not removed: {error}; the next run tries again");
        }
        done.is_ok()
    }

    /// The runs that were never published, the newest first; what cannot be read is passed over.
    fn unpublished(&self, chain: &[Link]) -> Result<Vec<(Manifest, Vec<u8>)>, IoError> {
        let mut runs = Vec::new();
        for (folder, _) in disk::entries(&self.held.runs())? {
            let name = folder.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| RunId::new(name).ok()) else {
                continue;
            };
            if chain.iter().any(|link| link.info.run_id == id) {
                continue;
            }
            match read_manifest(&folder) {
                // What comes after a run of the chain and is not in it was never switched to. Beyond a break of the chain
                // there may be runs that were published: they are evidence, and stay.
                Ok((bytes, run)) if run.run_id == id => {
                    let before = run.previous.as_ref();
                    let aside =
                        before.is_some_and(|before| chain.iter().any(|l| l.info == *before));
                    if run.blocked || run.trial || aside {
                        runs.push((run, bytes));
                    }
                }
                _ => {}
            }
        }
        runs.sort_by(|(a, _), (b, _)| (b.as_of, &b.run_id).cmp(&(a.as_of, &a.run_id)));
        Ok(runs)
    }

    /// Puts the manifest into the history, then removes the run; killed in between, the next run goes on.
    fn remove(&self, id: &RunId, manifest: &[u8]) -> Result<(), IoError> {
        let held = &self.held;
        disk::make_folder(&held.history())?;
        let (place, unfinished) = held.in_history(id);
        disk::remove(&unfinished)?;
        disk::write_new(&unfinished, manifest)?;
        disk::rename(&unfinished, &place)?;
        disk::sync_folder(&held.history())?;
        let removed = held.removed(id);
        disk::remove(&removed)?;
        disk::rename(&held.run(id), &removed)?;
        held.sync_runs()?;
        tracing::info!(
            run = id.as_str(),
            "removed by policy, its manifest is in the history"
        );
        disk::remove(&removed)
    }
}

/// Whether a run stays that is the `at`th newest, of the day `of`, while the newest is of the day `newest`.
fn keeps(keep: Keep, at: usize, of: Date, newest: Date) -> bool {
    let by_number = keep.runs.is_some_and(|runs| (at as u64) < runs);
    let by_day = keep.days.is_some_and(|days| {
        let days = i64::try_from(days).ok();
        let days = days.and_then(|days| Span::new().try_days(days).ok());
        // So many days that no calendar has them: all stay.
        let first = days.and_then(|days| newest.checked_sub(days).ok());
        first.is_none_or(|first| of > first)
    });
    by_number || by_day
}
