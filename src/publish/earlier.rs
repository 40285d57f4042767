//! Runs that were published earlier, for whoever compares with them.

use std::path::{Path, PathBuf};

use super::{
    check::{Broken, parse, read_manifest},
    disk,
    error::PublishError,
    manifest::Manifest,
    names::{FileHash, MANIFEST, RunId, RunPath},
    out::{OutDir, RUNS, current_id},
};

impl OutDir {
    /// The published runs that are `wanted` and the one that is `current`, the newest last: those of the chain whose
    /// folders still stand. A run that was put in its place and never switched to is not among them.
    pub fn published(
        &self,
        wanted: impl Fn(&Manifest) -> bool,
    ) -> Result<Vec<Manifest>, PublishError> {
        let links = self.links(|link| link.stands)?;
        let runs = links.into_iter().map(|link| link.manifest).enumerate();
        let mut runs: Vec<Manifest> = runs
            .filter(|(at, run)| *at == 0 || wanted(run))
            .map(|(_, run)| run)
            .collect();
        runs.reverse();
        Ok(runs)
    }

    /// The run that stands already with this identity, the one that came last where there are several: published, kept,
    /// or put in its place by a process that was killed before it switched to it.
    ///
    /// What is to be the same run once more takes its `previous`, `restates` and `repeats` again.
    pub fn same(&self, identity: &FileHash) -> Result<Option<Manifest>, PublishError> {
        let digits = identity.to_string();
        let mut found: Vec<Manifest> = Vec::new();
        for (folder, _) in disk::entries(&self.held.runs())? {
            let name = folder.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| RunId::new(name).ok()) else {
                continue;
            };
            // Most runs have another one, and need not be parsed.
            let path = folder.join(MANIFEST);
            let manifest = match super::check::read_bytes(&path) {
                Ok(bytes) if !holds(&bytes, digits.as_bytes()) => continue,
                Ok(bytes) => parse(&bytes),
                Err(error) => Err(error.into()),
            };
            match manifest {
                Ok(manifest) if manifest.run_id == id && manifest.identity == *identity => {
                    found.push(manifest);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(run = id.as_str(), %error, "passed over"),
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let chain = self.links(|link| link.stands)?;
        let newest = chain
            .iter()
            .find_map(|link| found.iter().find(|run| run.run_id == link.info.run_id));
        if let Some(run) = newest {
            return Ok(Some(run.clone()));
        }
        // None was published. A run that was to be, and that others went past, would leave them out of the chain.
        let current = chain.first().map(|link| &link.info);
        let is_next = |run: &Manifest| run.previous.as_ref() == current;
        found.retain(|run| is_next(run) || run.blocked || run.trial);
        let next = found.iter().position(is_next).unwrap_or_default();
        Ok(match found.is_empty() {
            true => None,
            false => Some(found.swap_remove(next)),
        })
    }

    /// Whether there is a run that could be published, which `current` may have named.
    pub fn holds_runs(&self) -> Result<bool, PublishError> {
        let runs = disk::entries(&self.held.runs())?;
        let could = |(folder, _): &(PathBuf, disk::Kind)| {
            read_manifest(folder).is_ok_and(|(_, run)| !run.blocked && !run.trial)
        };
        Ok(runs.iter().any(could))
    }

    /// The run that `current` names.
    pub fn current_id(&self) -> Result<Option<RunId>, PublishError> {
        self.held.current()
    }

    /// The manifest of a run.
    ///
    /// # Errors
    /// There is none, or it makes no sense.
    pub fn manifest_of(&self, id: &RunId) -> Result<Manifest, Broken> {
        Ok(read_manifest(&self.held.run(id))?.1)
    }

    /// The folder of a run.
    pub fn folder_of(&self, id: &RunId) -> PathBuf {
        self.held.run(id)
    }

    /// Whether the clean tables of a run are there, as long as its manifest says.
    pub fn has_clean_tables(&self, run: &Manifest) -> bool {
        let folder = self.folder_of(&run.run_id);
        run.tables.iter().all(|table| {
            let path = RunPath::new(&format!("clean/{}.parquet", table.table));
            let written = path
                .ok()
                .and_then(|path| run.outputs.iter().find(|o| o.path == path));
            written.is_some_and(|output| {
                let found = std::fs::metadata(folder.join(output.path.as_str()));
                found.is_ok_and(|found| found.is_file() && found.len() == output.bytes)
            })
        })
    }
}

/// What readers of `out` see, if there is a run whose manifest makes sense; takes no lock.
pub fn current_manifest(out: &Path) -> Option<Manifest> {
    let id = current_id(out).ok()??;
    let (_, manifest) = read_manifest(&out.join(RUNS).join(id.as_str())).ok()?;
    Some(manifest)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
