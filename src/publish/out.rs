//! The out folder: its lock, its leftovers, and the link that says which run is current.

use std::{
    fs::{self, File, OpenOptions},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    check::manifest_hash,
    disk,
    error::{IoError, PublishError},
    manifest::PublishedInfo,
    names::RunId,
    staged::StagedRun,
};

/// Folder of all runs, beside `current`.
pub(super) const RUNS: &str = "runs";
/// Manifests of runs that were removed by policy, beside it.
pub(super) const HISTORY: &str = "history";
/// The link to the run that readers open.
const CURRENT: &str = "current";
/// The next link, for the moment before it is renamed over `current`.
const CURRENT_NEW: &str = ".current.tmp";
/// The file that is locked; it stays, because removing it would let two processes lock two files.
const LOCK: &str = ".lock";
/// Before a run id: a run that is being written.
const STAGING: &str = ".staging-";
/// Before a run id: a run that is being replaced where the file system cannot swap.
const OLD: &str = ".old-";
/// Before a run id: a run that is being removed.
const REMOVED: &str = ".removed-";
/// Before a run id: a manifest that is on its way into the history.
const UNFINISHED: &str = ".tmp-";

/// An out folder that this process alone writes to, until this and every run staged in it are dropped.
#[derive(Debug)]
pub struct OutDir {
    pub(super) held: Arc<Held>,
}

impl OutDir {
    /// Makes the folder if need be, locks it, and removes what killed runs left.
    pub fn open(out: &Path) -> Result<Self, PublishError> {
        disk::make_folder(out)?;
        let path = out.join(LOCK);
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(IoError::on("create", &path))?;
        if !disk::try_lock(&lock, &path)? {
            return Err(PublishError::Busy(out.to_owned()));
        }
        let held = Held {
            out: out.to_owned(),
            _lock: lock,
        };
        disk::make_folder(&held.runs())?;
        held.tidy()?;
        Ok(Self {
            held: Arc::new(held),
        })
    }

    /// The run that readers see.
    pub fn current(&self) -> Result<Option<PublishedInfo>, PublishError> {
        current(&self.held.out)
    }

    /// Starts a run: a hidden folder, invisible to readers until it is published.
    ///
    /// `previous` is the run before it in the chain of manifests: [`Self::current`], but for a run that stands already.
    pub fn stage(
        &self,
        run_id: &RunId,
        previous: Option<PublishedInfo>,
    ) -> Result<StagedRun, PublishError> {
        StagedRun::new(Arc::clone(&self.held), run_id.clone(), previous)
    }
}

/// The run that readers of `out` see; takes no lock, as `current` is whole at any time.
pub fn current(out: &Path) -> Result<Option<PublishedInfo>, PublishError> {
    let Some(run_id) = current_id(out)? else {
        return Ok(None);
    };
    match manifest_hash(&out.join(RUNS).join(run_id.as_str())) {
        Ok(manifest_sha256) => Ok(Some(PublishedInfo {
            run_id,
            manifest_sha256,
        })),
        Err(_) if !out.join(RUNS).join(run_id.as_str()).exists() => {
            Err(PublishError::CurrentIsGone {
                path: out.join(CURRENT),
                run_id,
            })
        }
        Err(source) => Err(PublishError::CurrentIsBroken { run_id, source }),
    }
}

/// The run that `current` names.
pub(super) fn current_id(out: &Path) -> Result<Option<RunId>, PublishError> {
    let path = out.join(CURRENT);
    let foreign = |found: &str| PublishError::CurrentIsForeign {
        path: path.clone(),
        found: found.to_owned(),
    };
    let target = match fs::read_link(&path) {
        Ok(target) => target,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == ErrorKind::InvalidInput => {
            return Err(foreign("a file or folder of its own"));
        }
        Err(e) => return Err(IoError::on("read the link", &path)(e).into()),
    };
    let id = target.strip_prefix(RUNS).ok().and_then(Path::to_str);
    match id.map(RunId::new) {
        Some(Ok(id)) => Ok(Some(id)),
        _ => Err(foreign(&format!("a link to `{}`", target.display()))),
    }
}

/// The locked out folder; whoever holds one may change it.
#[derive(Debug)]
pub(super) struct Held {
    out: PathBuf,
    _lock: File,
}

impl Held {
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    pub(super) fn runs(&self) -> PathBuf {
        self.out.join(RUNS)
    }

    /// Where a run goes.
    pub(super) fn run(&self, id: &RunId) -> PathBuf {
        self.runs().join(id.as_str())
    }

    /// Where a run is written.
    pub(super) fn staging(&self, id: &RunId) -> PathBuf {
        self.runs().join(format!("{STAGING}{id}"))
    }

    /// Where a run stands aside while it is replaced.
    pub(super) fn old(&self, id: &RunId) -> PathBuf {
        self.runs().join(format!("{OLD}{id}"))
    }

    /// Where a run stands while it is removed.
    pub(super) fn removed(&self, id: &RunId) -> PathBuf {
        self.runs().join(format!("{REMOVED}{id}"))
    }

    /// The folder of manifests of removed runs.
    pub(super) fn history(&self) -> PathBuf {
        self.out.join(HISTORY)
    }

    /// Where the manifest of a removed run goes, and where it is written before.
    pub(super) fn in_history(&self, id: &RunId) -> (PathBuf, PathBuf) {
        let history = self.history();
        let unfinished = history.join(format!("{UNFINISHED}{id}"));
        (history.join(format!("{id}.json")), unfinished)
    }

    /// Makes the entries of `runs/` durable.
    pub(super) fn sync_runs(&self) -> Result<(), IoError> {
        disk::sync_folder(&self.runs())
    }

    /// Makes `current` durable as it is.
    pub(super) fn sync_out(&self) -> Result<(), IoError> {
        disk::sync_folder(&self.out)
    }

    /// The run that `current` names.
    pub(super) fn current(&self) -> Result<Option<RunId>, PublishError> {
        current_id(&self.out)
    }

    /// Whether `current` names this run.
    pub(super) fn is_current(&self, id: &RunId) -> Result<bool, PublishError> {
        Ok(self.current()?.as_ref() == Some(id))
    }

    /// Points `current` at a run that is in place: a reader sees the run before or this one, never none.
    pub(super) fn switch(&self, id: &RunId) -> Result<(), PublishError> {
        let before = current_id(&self.out)?;
        self.point_at(id)?;
        if let Err(e) = self.sync_out() {
            // The run ends with "nothing was published", so readers go back to what they had; best effort, as the
            // disk is failing, and whole either way.
            let _ = match before {
                Some(before) => self.point_at(&before),
                None => disk::remove(&self.out.join(CURRENT)),
            };
            return Err(e.into());
        }
        Ok(())
    }

    fn point_at(&self, id: &RunId) -> Result<(), IoError> {
        let new = self.out.join(CURRENT_NEW);
        disk::remove(&new)?;
        // Relative, so that the whole out folder can be moved.
        std::os::unix::fs::symlink(Path::new(RUNS).join(id.as_str()), &new)
            .map_err(IoError::on("create the link", &new))?;
        disk::rename(&new, &self.out.join(CURRENT))
    }

    /// Removes what killed runs left; nobody else can be writing, as the lock is held.
    fn tidy(&self) -> Result<(), PublishError> {
        for (path, _) in disk::entries(&self.runs())? {
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            if name.starts_with(STAGING) || name.starts_with(REMOVED) {
                disk::remove(&path)?;
            } else if let Some(id) = name.strip_prefix(OLD) {
                let run = self.runs().join(id);
                match fs::symlink_metadata(&run) {
                    // Killed between moving the old one aside and putting the new one in its place.
                    Err(e) if e.kind() == ErrorKind::NotFound => disk::rename(&path, &run)?,
                    _ => disk::remove(&path)?,
                }
            }
        }
        let history = self.history();
        if history.is_dir() {
            for (path, _) in disk::entries(&history)? {
                let name = path.file_name().and_then(|n| n.to_str());
                if name.is_some_and(|name| name.starts_with(UNFINISHED)) {
                    disk::remove(&path)?;
                }
            }
        }
        Ok(disk::remove(&self.out.join(CURRENT_NEW))?)
    }
}
