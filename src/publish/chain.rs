//! The chain of manifests: each names the run before it, and the hash of that run's manifest.

use std::{io::ErrorKind, path::Path};

use super::{
    check::{Broken, parse, read_bytes},
    error::{IoError, PublishError},
    manifest::{Manifest, PublishedInfo},
    names::{FileHash, MANIFEST, RunId},
    out::{HISTORY, OutDir, RUNS, current},
};

/// Where the chain of manifests breaks.
#[derive(Debug, thiserror::Error)]
pub enum BrokenChain {
    /// A run is named, and neither its folder nor its manifest is there.
    #[error(
        "run {run_id} is missing: run {named_by} names it as the run before it, and neither {RUNS}/{run_id} nor {HISTORY}/{run_id}.json is there"
    )]
    Missing {
        /// The run.
        run_id: RunId,
        /// The run after it.
        named_by: RunId,
    },
    /// A manifest is not the one that the run after it recorded.
    #[error(
        "`{path}` was changed: run {named_by} recorded its SHA-256 as {expected}, and it is {found}"
    )]
    Changed {
        /// Inside the out folder.
        path: String,
        /// The run after it.
        named_by: RunId,
        /// In the manifest of the run after it.
        expected: FileHash,
        /// On disk.
        found: FileHash,
    },
    /// A manifest is of another run than its place says.
    #[error("`{path}` is the manifest of run {found}: runs were put in each other's place")]
    Misplaced {
        /// Inside the out folder.
        path: String,
        /// The run that it is of.
        found: RunId,
    },
    /// A manifest is none.
    #[error("{path}: {problem}")]
    Manifest {
        /// Inside the out folder.
        path: String,
        /// What is wrong with it.
        problem: Box<Broken>,
    },
    /// A manifest cannot be read.
    #[error(transparent)]
    Unreadable(#[from] IoError),
}

/// A run of the chain.
#[derive(Debug)]
pub(super) struct Link {
    /// Its id and its manifest's hash, which is the one that the run after it recorded.
    pub(super) info: PublishedInfo,
    pub(super) manifest: Manifest,
    /// The manifest as it stands on disk.
    pub(super) bytes: Vec<u8>,
    /// Whether its folder is there; else its manifest alone is.
    pub(super) stands: bool,
}

/// The chain from a run back to the first, the newest first; it ends with an error where it breaks.
pub(super) struct Walk<'o> {
    out: &'o Path,
    next: Option<PublishedInfo>,
    named_by: Option<RunId>,
}

impl<'o> Walk<'o> {
    /// From `newest` on.
    pub(super) fn from(out: &'o Path, newest: Option<PublishedInfo>) -> Self {
        Self {
            out,
            next: newest,
            named_by: None,
        }
    }

    fn link(&self, info: PublishedInfo) -> Result<Link, BrokenChain> {
        let id = &info.run_id;
        let of_run = format!("{RUNS}/{id}/{MANIFEST}");
        let of_history = format!("{HISTORY}/{id}.json");
        let (path, bytes, stands) = match self.read(&of_run)? {
            Some(bytes) => (of_run, bytes, true),
            None => match self.read(&of_history)? {
                Some(bytes) => (of_history, bytes, false),
                None => {
                    return Err(BrokenChain::Missing {
                        named_by: self.named_by.clone().unwrap_or_else(|| id.clone()),
                        run_id: info.run_id,
                    });
                }
            },
        };
        let found = FileHash::of(&bytes);
        let manifest = parse(&bytes);
        if let Ok(manifest) = &manifest
            && manifest.run_id != *id
        {
            let found = manifest.run_id.clone();
            return Err(BrokenChain::Misplaced { path, found });
        }
        if found != info.manifest_sha256 {
            return Err(BrokenChain::Changed {
                path,
                named_by: self.named_by.clone().unwrap_or_else(|| id.clone()),
                expected: info.manifest_sha256,
                found,
            });
        }
        let manifest = manifest.map_err(|problem| BrokenChain::Manifest {
            path,
            problem: Box::new(problem),
        })?;
        Ok(Link {
            info,
            manifest,
            bytes,
            stands,
        })
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, BrokenChain> {
        match read_bytes(&self.out.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.source.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Link, BrokenChain>;

    fn next(&mut self) -> Option<Self::Item> {
        // No circle: each hash was right, and no manifest can hold its own, over whatever detour.
        let next = self.next.take()?;
        let link = self.link(next);
        if let Ok(link) = &link {
            self.next.clone_from(&link.manifest.previous);
            self.named_by = Some(link.info.run_id.clone());
        }
        Some(link)
    }
}

impl OutDir {
    /// The published runs from `current` back, the newest first, also those of which only the manifest is there any more.
    /// Each manifest is the one that the run after it recorded; where that breaks, the chain ends with a warning.
    ///
    /// # Errors
    /// `current` names no run that can be read.
    pub fn chain(&self) -> Result<Vec<(PublishedInfo, Manifest)>, PublishError> {
        let links = self.links(|_| true)?;
        let links = links.into_iter();
        Ok(links.map(|link| (link.info, link.manifest)).collect())
    }

    /// Hands on the manifests from a published run back, the newest first, as far as the chain holds and until `take` says
    /// that it wants no more.
    pub fn back_from(&self, newest: Option<PublishedInfo>, mut take: impl FnMut(Manifest) -> bool) {
        let links = Walk::from(self.held.out(), newest).map_while(Result::ok);
        for link in links {
            if !take(link.manifest) {
                break;
            }
        }
    }

    /// The same, up to the first that is not `wanted`.
    pub(super) fn links(&self, wanted: impl Fn(&Link) -> bool) -> Result<Vec<Link>, PublishError> {
        let out = self.held.out();
        let mut links = Vec::new();
        for link in Walk::from(out, current(out)?) {
            match link {
                Ok(link) if wanted(&link) => links.push(link),
                Ok(_) => break,
                Err(broken) => {
                    tracing::warn!(
                        "the chain of runs breaks: {broken}; runs before it are not looked at, `trueup verify` says more"
                    );
                    break;
                }
            }
        }
        Ok(links)
    }
}
