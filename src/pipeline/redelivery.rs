//! Whether a delivery came before: the same bytes again, or the same night with other files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    Context,
    delivery::{Delivery, file_hash},
    error::RunError,
    restated::Restated,
    tables::{FindingFile, Scanned, fact_index},
};
use crate::{
    discrepancy::Action,
    log::{Finding, FindingBuilder, LogError},
    publish::{FileHash, Manifest, OutDir, PublishedInfo, RunId},
    rules::{REDELIVERED, RESTATED},
};

/// The files of the tables: table, path and hash of each.
pub(super) type Files = BTreeSet<(String, String, FileHash)>;

/// The runs that a delivery is held against.
pub(super) struct Before {
    /// What decides the run but for the runs before it.
    pub(super) identity: FileHash,
    /// The run before it in the chain of manifests.
    pub(super) previous: Option<PublishedInfo>,
    /// The very same run, which stands already.
    pub(super) same: Option<Manifest>,
    /// The newest run of the same delivery, which had other files.
    pub(super) restates: Option<Manifest>,
    /// The run of another delivery or day that read the same bytes.
    pub(super) repeats: Option<RunId>,
}

/// What is known of a delivery before its run has an id.
struct Tonight<'a> {
    delivery: &'a str,
    as_of: Date,
    files: Files,
}

/// What tonight is held against.
#[derive(Default)]
struct Against {
    restates: Option<RunId>,
    repeats: Option<RunId>,
    /// The very same run, where it stands already.
    same: Option<Manifest>,
}

impl Before {
    /// Looks among the runs of `out`.
    pub(super) fn find(
        out: &OutDir,
        delivery: &Delivery,
        as_of: Date,
        identity: FileHash,
        base: Option<&RunId>,
    ) -> Result<Self, RunError> {
        let runs = out.published(|run| run.delivery == delivery.name)?;
        let current = out.current_id()?;
        let current = runs
            .iter()
            .find(|run| Some(&run.run_id) == current.as_ref());
        let newest = runs.iter().rfind(|run| run.delivery == delivery.name);
        let tonight = Tonight {
            delivery: &delivery.name,
            as_of,
            files: files_of_delivery(delivery),
        };
        tonight.tell_files(newest.or(current));
        let Against {
            restates,
            repeats,
            same,
        } = tonight.against(
            &runs,
            current,
            // One that went on from other rows is another run.
            out.same(&identity)?
                .filter(|same| same.base.as_ref() == base),
        );
        let previous = match &same {
            Some(same) => same.previous.clone(),
            None => out.current()?,
        };
        if previous.is_none() && same.is_none() && out.holds_runs()? {
            tracing::warn!(
                "there are runs, and none is `current`: statuses and deliveries of changes start anew; link `current` to the last run to go on from it"
            );
        }
        let restates = restates.and_then(|id| runs.iter().find(|run| run.run_id == id));
        let restates = restates.filter(|run| {
            let there = out.has_clean_tables(run);
            if !there {
                let run = run.run_id.as_str();
                tracing::warn!(
                    run,
                    "its clean tables are not there: nothing is compared with it"
                );
            }
            there
        });
        Ok(Self {
            identity,
            previous,
            same,
            restates: restates.cloned(),
            repeats,
        })
    }

    /// What decides outputs besides the delivery itself, for the run's id; blank where nothing does.
    pub(super) fn fingerprint(&self) -> String {
        let previous = self.previous.as_ref().map(|run| &run.run_id);
        let restates = match &self.same {
            Some(same) => same.restates.as_ref(),
            None => self.restates.as_ref().map(|run| &run.run_id),
        };
        match (previous, restates, &self.repeats) {
            (None, None, None) => String::new(),
            (previous, restates, repeats) => {
                let text = |id: Option<&RunId>| id.map_or("none", RunId::as_str).to_owned();
                format!(
                    "previous {} restates {} repeats {}",
                    text(previous),
                    text(restates),
                    text(repeats.as_ref())
                )
            }
        }
    }

    /// Whether the very same run stands already and can not be made again alike, as a run that it was held against is
    /// not there any more.
    pub(super) fn is_gone(&self, out: &OutDir) -> bool {
        self.same.as_ref().is_some_and(|same| {
            let previous = same.previous.as_ref();
            let gone = previous.is_some_and(|run| !out.folder_of(&run.run_id).is_dir());
            gone || same.restates.is_some() && self.restates.is_none()
        })
    }

    /// Whether the project was another when the restated run was made.
    pub(super) fn project_changed(&self, hash: &str) -> bool {
        let restates = self.restates.as_ref();
        restates.is_some_and(|run| run.project.sha256 != file_hash(hash))
    }
}

impl Tonight<'_> {
    /// The run that is restated and the one whose bytes came again. The very same run once more is held against what it was
    /// held against before, so that it is the same.
    ///
    /// A run that stands already is no longer the same once another was published of the same delivery: then this is the way
    /// back, which is a restatement like any other.
    fn against(
        &self,
        runs: &[Manifest],
        current: Option<&Manifest>,
        same: Option<Manifest>,
    ) -> Against {
        let newest = runs.iter().rfind(|run| run.delivery == self.delivery);
        let corrected = newest.filter(|run| files_of_run(run) != self.files);
        let restates = corrected.map(|run| run.run_id.clone());
        let still = same.filter(|same| match newest {
            Some(newest) if newest.run_id == same.run_id => true,
            _ => same.restates == restates && runs.iter().all(|run| run.run_id != same.run_id),
        });
        if let Some(same) = still {
            return Against {
                restates: same.restates.clone(),
                repeats: same.repeats.clone(),
                same: Some(same),
            };
        }
        let hashes = |files: &Files| {
            let mut hashes: Vec<_> = files.iter().map(|f| (f.0.clone(), f.2)).collect();
            hashes.sort_unstable();
            hashes
        };
        let again = current.filter(|run| {
            let other = (run.delivery.as_str(), run.as_of) != (self.delivery, self.as_of);
            other && !self.files.is_empty() && hashes(&files_of_run(run)) == hashes(&self.files)
        });
        Against {
            restates,
            repeats: again.map(|run| run.run_id.clone()),
            same: None,
        }
    }

    /// Says of each file that the run had already.
    fn tell_files(&self, run: Option<&Manifest>) {
        let Some(run) = run else {
            return;
        };
        let known: BTreeSet<FileHash> = files_of_run(run).into_iter().map(|f| f.2).collect();
        for (table, file, hash) in &self.files {
            if known.contains(hash) {
                let run = run.run_id.as_str();
                tracing::info!(table, file, run, "delivered before, the same bytes");
            }
        }
    }
}

pub(super) fn files_of_delivery(delivery: &Delivery) -> Files {
    let of_table = delivery.sources.iter().flat_map(|source| {
        let files = source.delivered().map(|file| &file.export);
        files.map(|export| {
            let table = source.table.name.to_string();
            (table, export.file.clone(), file_hash(&export.sha256))
        })
    });
    of_table.collect()
}

pub(super) fn files_of_run(run: &Manifest) -> Files {
    let delivered = run.inputs.iter().filter(|i| i.carried_from.is_none());
    let of_tables = delivered.filter_map(|input| {
        let table = input.rows.as_ref()?.table.clone();
        Some((table, input.path.clone(), input.sha256))
    });
    of_tables.collect()
}

/// How a file of a night that was delivered again differs from the one before.
struct Corrected {
    before: Option<FileHash>,
    after: Option<FileHash>,
    tables: BTreeSet<String>,
}

/// The files that differ from those of an earlier run, by path.
fn corrected(run: &Manifest, delivery: &Delivery) -> BTreeMap<String, Corrected> {
    let (before, after) = (files_of_run(run), files_of_delivery(delivery));
    let mut corrected = BTreeMap::new();
    let empty = || Corrected {
        before: None,
        after: None,
        tables: BTreeSet::new(),
    };
    for (table, path, hash) in before.difference(&after) {
        let found = corrected.entry(path.clone()).or_insert_with(empty);
        found.before = Some(*hash);
        found.tables.insert(table.clone());
    }
    for (table, path, hash) in after.difference(&before) {
        let found = corrected.entry(path.clone()).or_insert_with(empty);
        found.after = Some(*hash);
        found.tables.insert(table.clone());
    }
    corrected
}

/// The tables of which files differ from those of an earlier run.
pub(super) fn corrected_tables(run: &Manifest, delivery: &Delivery) -> BTreeSet<String> {
    let corrected = corrected(run, delivery).into_values();
    corrected.flat_map(|found| found.tables).collect()
}

/// Says what came before, and what a corrected file changed.
pub(super) fn tell(
    run: &Context<'_>,
    restated: Option<&Restated>,
    scanned: &mut Scanned,
) -> Result<(), RunError> {
    let (delivery, before) = (run.delivery, run.before);
    let mut builder = FindingBuilder::default();
    if let Some(id) = &before.repeats {
        let name = &delivery.name;
        let message = format!(
            "delivery {name} has the same bytes as the files of run {id}: it was delivered again, or nothing changed since"
        );
        tracing::info!(delivery = name, run = id.as_str(), "delivered again");
        builder.push(&Finding {
            rule: fact_index(&scanned.facts, REDELIVERED),
            record_key: name,
            observed: Some(&format!("the bytes of run {id}")),
            expected: Some("other files than those of the run before"),
            action: Some(Action::Kept),
            message: &message,
            ..Finding::default()
        });
    }
    if let (Some(earlier), Some(restated)) = (&before.restates, restated) {
        let id = &earlier.run_id;
        let doubt = match before.project_changed(&run.project.hash) {
            true => "; the project changed since, so that some of it may come from other rules",
            false => "",
        };
        for (path, found) in corrected(earlier, delivery) {
            let what = match (found.before, found.after) {
                (Some(_), Some(_)) => {
                    format!("{path} was delivered again with other bytes than in run {id}")
                }
                (None, _) => {
                    format!("{path} was not among the files of run {id} of the same delivery")
                }
                (_, None) => {
                    format!("{path} of run {id} of the same delivery is not there any more")
                }
            };
            let changes = restated.words(found.tables.iter());
            let message = format!("{what}: {changes}{doubt}; restatements has each of them");
            let text = |hash: Option<FileHash>| hash.map(|hash| hash.to_string());
            let (observed, expected) = (text(found.after), text(found.before));
            tracing::info!(file = path, run = id.as_str(), changes, "restated");
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, RESTATED),
                record_key: &path,
                source_file: Some(&path),
                observed: observed.as_deref(),
                expected: expected.as_deref(),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
    }
    if !builder.is_empty() {
        let mut findings = FindingFile::new(run.staged, "earlier")?;
        findings.write(&builder.finish().map_err(LogError::from)?)?;
        scanned.findings.push(findings.finish()?);
    }
    Ok(())
}
