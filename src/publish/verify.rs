//! Whether a run on disk, and the chain of manifests behind it, is what was published. Takes no lock and writes nothing.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    chain::{BrokenChain, Walk},
    check::{Broken, check_run, manifest_hash},
    error::{IoError, PublishError},
    manifest::{Manifest, PublishedInfo},
    names::{FileHash, RunId},
    out::{HISTORY, RUNS, current, current_id},
};

/// What is to be looked at.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// The folder of runs.
    pub out: PathBuf,
    /// The run; the published one when absent.
    pub run: Option<RunId>,
    /// The hash of a manifest that was kept elsewhere and has to be in the chain.
    pub against: Option<FileHash>,
    /// Whether every run of the chain is read whole.
    pub all: bool,
}

/// A run that is whole, and the chain that it is part of.
#[derive(Debug)]
pub struct Verified {
    /// What describes the run.
    pub manifest: Manifest,
    /// Hash of its manifest.
    pub manifest_sha256: FileHash,
    /// The runs from the newest back to the first.
    pub chain: Vec<ChainedRun>,
    /// How many runs were read whole.
    pub whole: usize,
    /// The run whose manifest has the hash that was kept elsewhere, as its place in `chain`.
    pub against: Option<usize>,
}

/// A run of the chain.
#[derive(Debug)]
pub struct ChainedRun {
    /// The run.
    pub run_id: RunId,
    /// Hash of its manifest.
    pub manifest_sha256: FileHash,
    /// Whether its folder is there, and not its manifest alone.
    pub stands: bool,
}

/// What is broken first.
#[derive(Debug, thiserror::Error)]
pub enum BrokenRun {
    /// A run is not what its manifest says.
    #[error("run {run_id}: {problem}")]
    Run {
        /// The run.
        run_id: RunId,
        /// What is wrong with it.
        problem: Broken,
    },
    /// The chain of manifests breaks.
    #[error("the chain of runs breaks: {0}")]
    Chain(BrokenChain),
    /// `current` is no link to a run.
    #[error("{0}")]
    Current(PublishError),
    /// A hash that was kept elsewhere is that of no manifest.
    #[error(
        "no manifest of the chain of {runs} runs from {newest} back has the SHA-256 {hash}: the run that had it was changed or left out and what came after it was written anew, or the hash is of another out folder"
    )]
    Against {
        /// The hash.
        hash: FileHash,
        /// How many runs there are.
        runs: usize,
        /// The newest of them.
        newest: RunId,
    },
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Something is broken.
    #[error(transparent)]
    Broken(Box<BrokenRun>),
    /// There is no published run.
    #[error("no run is published in `{}`, so there is nothing to verify: run `trueup run` first, name the folder of runs with `--out`, or name a run that was kept there", .0.display())]
    Nothing(PathBuf),
    /// There is no such run.
    #[error("there is no run {run_id} in `{}`, so there is nothing to verify: its folder names are the runs that can be named", place.display())]
    NoRun {
        /// The run.
        run_id: RunId,
        /// The folder of runs.
        place: PathBuf,
    },
    /// Of the run there is only the manifest.
    #[error("run {run_id} was removed by policy, so there are no files of it to verify; its manifest is `{}`, which `trueup verify` without a run looks at", place.display())]
    Removed {
        /// The run.
        run_id: RunId,
        /// Its manifest.
        place: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("cannot {} `{}`: {}; nothing is known of it: give this user the right to read it, or check the disk", .0.action, .0.path.display(), .0.source)]
    Unreadable(IoError),
    /// A manifest is of another version.
    #[error("run {run_id}: {problem}")]
    Format {
        /// The run, or the place of its manifest.
        run_id: String,
        /// Which it has.
        problem: Box<Broken>,
    },
}

impl From<BrokenRun> for VerifyError {
    fn from(broken: BrokenRun) -> Self {
        Self::Broken(Box::new(broken))
    }
}

/// Checks a run whole, then the chain of manifests from the newest run back to the first.
///
/// # Errors
/// What is broken first, or why nothing can be said.
pub fn verify(asked: &Verification) -> Result<Verified, VerifyError> {
    let out = asked.out.as_path();
    let newest = current_id(out).map_err(of_current)?;
    let run_id = match asked.run.clone().or_else(|| newest.clone()) {
        Some(run_id) => run_id,
        None => return Err(VerifyError::Nothing(out.to_owned())),
    };
    let folder = out.join(RUNS).join(run_id.as_str());
    if asked.run.is_some() && newest.as_ref() != Some(&run_id) && !folder.exists() {
        let place = out.join(HISTORY).join(format!("{run_id}.json"));
        return Err(match place.exists() {
            true => VerifyError::Removed { run_id, place },
            false => VerifyError::NoRun {
                run_id,
                place: out.join(RUNS),
            },
        });
    }
    if !folder.exists() {
        current(out).map_err(of_current)?;
    }
    let manifest = whole(out, &run_id)?;
    let newest = match newest {
        Some(_) => current(out).map_err(of_current)?,
        None => None,
    };
    let manifest_sha256 = manifest_hash(&folder).map_err(VerifyError::Unreadable)?;

    let mut chain = links(out, newest)?;
    if chain.iter().all(|run| run.run_id != run_id) {
        let kept = PublishedInfo {
            run_id: run_id.clone(),
            manifest_sha256,
        };
        chain = links(out, Some(kept))?;
    }
    let mut read = 1;
    if asked.all {
        for run in chain
            .iter()
            .filter(|run| run.stands && run.run_id != run_id)
        {
            whole(out, &run.run_id)?;
            read += 1;
        }
    }
    let against = match asked.against {
        None => None,
        Some(hash) => match chain.iter().position(|run| run.manifest_sha256 == hash) {
            Some(at) => Some(at),
            None => {
                let newest = chain.first().map_or(&run_id, |run| &run.run_id).clone();
                let runs = chain.len();
                return Err(BrokenRun::Against { hash, runs, newest }.into());
            }
        },
    };
    Ok(Verified {
        manifest,
        manifest_sha256,
        chain,
        whole: read,
        against,
    })
}

fn whole(out: &Path, run_id: &RunId) -> Result<Manifest, VerifyError> {
    let of = |problem| match problem {
        Broken::Unreadable(error) => VerifyError::Unreadable(error),
        problem @ Broken::Format(_) => VerifyError::Format {
            run_id: run_id.to_string(),
            problem: Box::new(problem),
        },
        problem => BrokenRun::Run {
            run_id: run_id.clone(),
            problem,
        }
        .into(),
    };
    check_run(&out.join(RUNS).join(run_id.as_str())).map_err(of)
}

fn links(out: &Path, newest: Option<PublishedInfo>) -> Result<Vec<ChainedRun>, VerifyError> {
    let of = |broken| match broken {
        BrokenChain::Unreadable(error) => VerifyError::Unreadable(error),
        BrokenChain::Manifest { path, problem } if matches!(*problem, Broken::Format(_)) => {
            VerifyError::Format {
                run_id: path,
                problem,
            }
        }
        broken => BrokenRun::Chain(broken).into(),
    };
    let links = Walk::from(out, newest).map(|link| {
        link.map_err(of).map(|link| ChainedRun {
            run_id: link.info.run_id,
            manifest_sha256: link.info.manifest_sha256,
            stands: link.stands,
        })
    });
    links.collect()
}

/// A link that leads nowhere, or a run without a manifest, is broken; what the system refuses is not known.
fn of_current(error: PublishError) -> VerifyError {
    match error {
        PublishError::Io(error) => VerifyError::Unreadable(error),
        PublishError::CurrentIsBroken { source, .. }
            if source.source.kind() != ErrorKind::NotFound =>
        {
            VerifyError::Unreadable(source)
        }
        error => BrokenRun::Current(error).into(),
    }
}
