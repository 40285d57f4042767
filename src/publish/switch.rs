//! The last step: the verified folder gets its name, and `current` gets switched.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    chain::Walk,
    check::{Broken, check_run, read_manifest},
    disk,
    error::{IoError, PublishError},
    manifest::Manifest,
    names::{FileHash, RunId},
    out::current,
    staged::Staging,
};

/// A run that was read back from disk and found to be what was written. Dropping it removes it.
#[derive(Debug)]
pub struct VerifiedRun {
    staging: Staging,
    manifest: Manifest,
    bytes: Vec<u8>,
    /// Whether the same run that stands whole stays, whatever this one is.
    once: bool,
}

/// A run in its place, named by `current` now or earlier.
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
    /// The newer run that stays `current`, where this one was published before it.
    pub newer: Option<RunId>,
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
    /// The same run, whole, which could not be made again alike since what it was held against is gone: it stays.
    Stays(Box<(Manifest, FileHash)>),
    /// The same run, damaged: it was replaced.
    Broken(Broken),
    /// A run of the same id with another manifest: it was replaced.
    Different,
}

impl PublishedRun {
    /// Whether the very same run was here before, so that nothing was written.
    pub fn already_published(&self) -> bool {
        matches!(self.earlier, Earlier::Same | Earlier::Stays(_))
    }
}

impl VerifiedRun {
    pub(super) fn new(staging: Staging, manifest: Manifest, bytes: Vec<u8>) -> Self {
        Self {
            staging,
            manifest,
            bytes,
            once: false,
        }
    }

    /// Lets the same run that stands whole stay as it is, also where this one differs: for a run whose earlier runs
    /// are gone, so that it cannot be made again alike.
    pub fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }

    /// What will be published.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Puts the run in its place and switches `current` to it, unless it was published before a run that is newer.
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
        let newer = match is_current {
            true => None,
            false => self.newer(&earlier)?,
        };
        if is_current {
            held.sync_out()?;
        }
        let folder = self.put_in_place(&earlier)?;
        if !is_current && newer.is_none() {
            held.switch(id)?;
        }
        let (manifest, manifest_sha256) = self.into_standing(&earlier);
        Ok(PublishedRun {
            folder,
            manifest,
            manifest_sha256,
            earlier,
            newer,
        })
    }

    /// Puts the run in its place and leaves `current` as it is.
    pub fn keep(self) -> Result<KeptRun, PublishError> {
        let earlier = self.earlier()?;
        let id = &self.manifest.run_id;
        let current = self.staging.held.current()?;
        let is_current = current.as_ref() == Some(id);
        if matches!(earlier, Earlier::Different) && is_current {
            return Err(PublishError::KeepOverCurrent(id.clone()));
        }
        if !is_current {
            self.newer(&earlier)?;
        }
        let folder = self.put_in_place(&earlier)?;
        let (manifest, manifest_sha256) = self.into_standing(&earlier);
        Ok(KeptRun {
            folder,
            manifest,
            manifest_sha256,
            earlier,
            current,
        })
    }

    fn into_standing(self, earlier: &Earlier) -> (Manifest, FileHash) {
        match earlier {
            Earlier::Stays(stays) => (stays.0.clone(), stays.1),
            _ => (self.manifest, FileHash::of(&self.bytes)),
        }
    }

    /// The run that is `current` where it came after this one. What it recorded of this one has to stay true.
    fn newer(&self, earlier: &Earlier) -> Result<Option<RunId>, PublishError> {
        let held = &self.staging.held;
        let id = &self.manifest.run_id;
        if matches!(earlier, Earlier::None) && !held.in_history(id).0.exists() {
            return Ok(None);
        }
        let Some(newest) = current(held.out())? else {
            return Ok(None);
        };
        let links = Walk::from(held.out(), Some(newest.clone())).map_while(Result::ok);
        let recorded = links
            .filter_map(|link| link.manifest.previous)
            .find(|before| before.run_id == *id);
        let Some(recorded) = recorded else {
            return Ok(None);
        };
        let manifest_sha256 = match earlier {
            Earlier::Stays(stays) => stays.1,
            _ => FileHash::of(&self.bytes),
        };
        match recorded.manifest_sha256 == manifest_sha256 {
            true => Ok(Some(newest.run_id)),
            false => Err(PublishError::Rewrites {
                run_id: id.clone(),
                newer: newest.run_id,
            }),
        }
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
            Ok((bytes, manifest)) if bytes != self.bytes => {
                match self.once && check_run(&place).is_ok() {
                    true => Earlier::Stays(Box::new((manifest, FileHash::of(&bytes)))),
                    false => Earlier::Different,
                }
            }
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
            Earlier::Same | Earlier::Stays(_) => false,
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
