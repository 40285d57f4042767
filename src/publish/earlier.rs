//! Runs that were published earlier, for whoever compares with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{
    check::{Broken, read_manifest},
    disk,
    error::PublishError,
    manifest::Manifest,
    names::{RunId, RunPath},
    out::OutDir,
};

impl OutDir {
    /// The published runs that are `wanted` and the one that is `current`, the newest last. What cannot be read is passed over.
    ///
    /// Manifests hold no clock: a run is newer than those that were `current` before it.
    pub fn published(
        &self,
        wanted: impl Fn(&Manifest) -> bool,
    ) -> Result<Vec<Manifest>, PublishError> {
        let current = self.held.current()?;
        let mut runs = Vec::new();
        let mut before: BTreeMap<RunId, RunId> = BTreeMap::new();
        for (folder, _) in disk::entries(&self.held.runs())? {
            let name = folder.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| RunId::new(name).ok()) else {
                continue;
            };
            let manifest = match read_manifest(&folder) {
                Ok((_, manifest)) if manifest.run_id == id => manifest,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(run = id.as_str(), %error, "passed over");
                    continue;
                }
            };
            if let Some(previous) = &manifest.previous {
                before.insert(id.clone(), previous.run_id.clone());
            }
            let is_current = current.as_ref() == Some(&id);
            if !manifest.blocked && !manifest.trial && (is_current || wanted(&manifest)) {
                runs.push(manifest);
            }
        }
        runs.sort_by_cached_key(|run| {
            let is_current = current.as_ref() == Some(&run.run_id);
            (
                is_current,
                age(&run.run_id, &before),
                run.as_of,
                run.run_id.clone(),
            )
        });
        Ok(runs)
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

/// How many runs are known to have been `current` before a run.
fn age(id: &RunId, before: &BTreeMap<RunId, RunId>) -> usize {
    let mut seen = BTreeSet::from([id]);
    let mut at = id;
    while let Some(previous) = before.get(at) {
        if !seen.insert(previous) {
            break;
        }
        at = previous;
    }
    seen.len()
}
