//! The last step: the verified folder gets its name, and `current` gets switched.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    check::{Broken, check_run, read_manifest},
    disk,
    error::{IoError, PublishError},
    manifest::Manifest,
    names::{FileHash, RunId},
    staged::Staging,
};

/// A run that was read back from disk and found to be what was written. Dropping it removes it.
#[derive(Debug)]
pub struct VerifiedRun {
    staging: Staging,
    manifest: Manifest,
    bytes: Vec<u8>,
}

/// A run in its place, named by `current`.
#[derive(Debug)]
pub struct PublishedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Hash of the manifest's file.
    pub manifest_sha256: FileHash,
    /// What stood in its place.
    pub earlier: Earlier,
}

/// A run in its place that `current` does not name, kept for the auditor.
#[derive(Debug)]
pub struct KeptRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Hash of the manifest's file.
    pub manifest_sha256: FileHash,
    /// What stood in its place.
    pub earlier: Earlier,
    /// The run that `current` still names; `None` when none has been published yet.
    pub current: Option<RunId>,
}

/// What stood in the place of a run.
#[derive(Debug)]
pub enum Earlier {
    /// Nothing.
    None,
    /// The same run, byte for byte: it stays.
    Same,
    /// The same run, damaged: it was replaced.
    Broken(Broken),
    /// A run of the same id with another manifest: it was replaced.
    Different,
}

impl PublishedRun {
    /// Whether the very same run was here before, so that nothing was written.
    pub fn already_published(&self) -> bool {
        matches!(self.earlier, Earlier::Same)
    }
}

impl VerifiedRun {
    pub(super) fn new(staging: Staging, manifest: Manifest, bytes: Vec<u8>) -> Self {
        Self {
            staging,
            manifest,
            bytes,
        }
    }

    /// What will be published.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Puts the run in its place and switches `current` to it.
    pub fn publish(self) -> Result<PublishedRun, PublishError> {
        if self.manifest.blocked {
            return Err(PublishError::Blocked(self.manifest.run_id));
        }
        if self.manifest.trial {
            return Err(PublishError::Trial(self.manifest.run_id));
        }
        let earlier = self.earlier()?;
        let held = &self.staging.held;
        let id = &self.manifest.run_id;
        // The link may be there already and not yet durable. It is made so before the folder behind it is replaced:
        // after that nothing may fail any more.
        let is_current = held.is_current(id)?;
        if is_current {
            held.sync_out()?;
        }
        let folder = self.put_in_place(&earlier)?;
        if !is_current {
            held.switch(id)?;
        }
        Ok(PublishedRun {
            folder,
            manifest_sha256: FileHash::of(&self.bytes),
            manifest: self.manifest,
            earlier,
        })
    }

    /// Puts the run in its place and leaves `current` as it is.
    pub fn keep(self) -> Result<KeptRun, PublishError> {
        let earlier = self.earlier()?;
        let id = &self.manifest.run_id;
        let current = self.staging.held.current()?;
        if matches!(earlier, Earlier::Different) && current.as_ref() == Some(id) {
            return Err(PublishError::KeepOverCurrent(id.clone()));
        }
        let folder = self.put_in_place(&earlier)?;
        Ok(KeptRun {
            folder,
            manifest_sha256: FileHash::of(&self.bytes),
            manifest: self.manifest,
            earlier,
            current,
        })
    }

    fn earlier(&self) -> Result<Earlier, PublishError> {
        let place = self.staging.held.run(&self.manifest.run_id);
        match fs::symlink_metadata(&place) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Earlier::None),
            Err(e) => return Err(IoError::on("look at", &place)(e).into()),
            Ok(_) => {}
        }
        Ok(match read_manifest(&place) {
            Err(broken) => Earlier::Broken(broken),
            Ok((bytes, _)) if bytes != self.bytes => Earlier::Different,
            Ok(_) => match check_run(&place) {
                Err(broken) => Earlier::Broken(broken),
                Ok(_) => Earlier::Same,
            },
        })
    }

    /// The folder's name becomes durable here, before anything points at it.
    fn put_in_place(&self, earlier: &Earlier) -> Result<PathBuf, PublishError> {
        let held = &self.staging.held;
        let place = held.run(&self.manifest.run_id);
        let swapped = match earlier {
            Earlier::Same => false,
            Earlier::None => {
                disk::rename(&self.staging.folder, &place)?;
                false
            }
            Earlier::Broken(_) | Earlier::Different => self.replace(&place)?,
        };
        if let Err(e) = held.sync_runs() {
            if swapped {
                // Nothing is published, so readers of the replaced run go back to it; best effort.
                let _ = disk::swap(&self.staging.folder, &place);
            }
            return Err(e.into());
        }
        Ok(place)
    }

    /// Swaps in one step where the file system can; the old run then lies in the staging folder and goes with it.
    /// Says whether it swapped.
    fn replace(&self, place: &Path) -> Result<bool, PublishError> {
        let staging = &self.staging.folder;
        if disk::swap(staging, place)? {
            return Ok(true);
        }
        let held = &self.staging.held;
        let id = &self.manifest.run_id;
        if held.is_current(id)? {
            return Err(PublishError::CannotSwap {
                run_id: id.clone(),
                path: place.to_owned(),
            });
        }
        let old = held.old(id);
        disk::remove(&old)?;
        disk::rename(place, &old)?;
        if let Err(e) = disk::rename(staging, place) {
            disk::rename(&old, place)?;
            return Err(e.into());
        }
        disk::remove(&old)?;
        Ok(false)
    }
}
