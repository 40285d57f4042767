//! What can go wrong while publishing, each with the path, the action and what to do.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use super::{check::Broken, manifest::Imbalance, names::RunId};

/// Why a run was not staged, verified or published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another process holds the lock.
    #[error(
        "another run is writing to `{}`; wait until it ends, or choose another out folder", .0.display()
    )]
    Busy(PathBuf),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] IoError),
    /// There is no place for files that nobody keeps.
    #[error("cannot make a temporary folder in `{}`: {source}; set TMPDIR to a folder that can be written", folder.display())]
    Temporary {
        /// Where it was tried.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A path that would leave the run folder, or that is reserved.
    #[error(
        "cannot write `{path}` into the run folder: {problem}; use a relative path with `/` between folders, such as clean/orders.parquet"
    )]
    Path {
        /// As given.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A text that is no run id.
    #[error(
        "`{0}` is no run id: a date, a hyphen and 12 hex digits, such as 2017-10-09-0123456789ab"
    )]
    RunId(String),
    /// One path, two files.
    #[error(
        "`{0}` is created twice in one run: the second would overwrite the first; give each output its own path"
    )]
    CreatedTwice(String),
    /// A limit against runaway output.
    #[error(
        "a run holds at most {limit} files and `{path}` is one more; write fewer, larger files"
    )]
    TooManyFiles {
        /// The file that was too many.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// A file was created and never finished, so nothing says that it is complete.
    #[error(
        "not finished: {}; the step that writes it stopped early, look for its error above", .0.join(", ")
    )]
    Unfinished(Vec<String>),
    /// Without a declared count a truncated table would pass.
    #[error("`{0}` is a Parquet file without a row count; give it when finishing the file")]
    RowsNotDeclared(String),
    /// Rows got lost or appeared.
    #[error(
        "the rows do not balance: {0}; nothing was published, this is a defect of the run, report it"
    )]
    Unbalanced(#[from] Imbalance),
    /// What is on disk is not what was written.
    #[error(
        "the staged run does not read back as written: {0}; nothing was published, run again, and if it happens twice check the disk and what else writes there"
    )]
    Broken(#[source] Broken),
    /// `current` is something else than a link into `runs/`.
    #[error(
        "`{}` is not a link to a run but {found}; move it away and run again", path.display()
    )]
    CurrentIsForeign {
        /// The link's place.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// The run that `current` names cannot be read, so the next manifest could not name it.
    #[error(
        "`current` names run {run_id}, whose manifest `{}` cannot be read: {}; restore that run folder, or remove the link to start afresh without an earlier run",
        source.path.display(), source.source
    )]
    CurrentIsBroken {
        /// The run it names.
        run_id: RunId,
        /// Why the manifest cannot be read.
        source: IoError,
    },
    /// A run that this one goes on from is not what was published.
    #[error(
        "run {run_id}, from which the history of discrepancies comes, is damaged: {source}; restore its folder in `runs`, or remove the link `current` to start afresh without an earlier run"
    )]
    EarlierIsDamaged {
        /// The run.
        run_id: RunId,
        /// What is wrong first.
        source: Broken,
    },
    /// The run that `current` names is not there, so the next manifest could not name it.
    #[error(
        "`{}` names run {run_id}, which is not there any more; restore its folder in `runs`, or remove the link to start afresh without an earlier run",
        path.display()
    )]
    CurrentIsGone {
        /// The link's place.
        path: PathBuf,
        /// The run it names.
        run_id: RunId,
    },
    /// Only a run without blocking failures may become `current`.
    #[error("run {0} is blocked, so it is kept and not published")]
    Blocked(RunId),
    /// Only a run of all rules may become `current`.
    #[error("run {0} left rules out, so it is kept and not published")]
    Trial(RunId),
    /// Keeping this run would change what `current` shows.
    #[error(
        "run {0} is published already and the same run now differs and is not to be published; nothing was changed, find out why the same inputs gave another result"
    )]
    KeepOverCurrent(RunId),
    /// Later manifests would name what is not there any more.
    #[error(
        "run {run_id} was published before run {newer}, and the same run now differs; nothing was changed, since later manifests record it as it was: find out why the same inputs gave another result, `trueup verify` says whether it is whole"
    )]
    Rewrites {
        /// The run.
        run_id: RunId,
        /// The run that is current.
        newer: RunId,
    },
    /// The file system cannot replace the published folder without a gap.
    #[error(
        "cannot replace run {run_id}, which `current` names, because the file system of `{}` cannot swap two folders in one step; choose an out folder on another file system, or remove the link `current` first",
        path.display()
    )]
    CannotSwap {
        /// The run.
        run_id: RunId,
        /// Its folder.
        path: PathBuf,
    },
}

impl From<Broken> for PublishError {
    fn from(broken: Broken) -> Self {
        match broken {
            // It says already what to do.
            Broken::Unreadable(error) => Self::Io(error),
            broken => Self::Broken(broken),
        }
    }
}

/// The operating system refused one action on one path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {source}; {}", path.display(), advice(source))]
pub struct IoError {
    /// The action, as in "cannot …".
    pub action: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

impl IoError {
    /// For `map_err`: names the action and the path.
    pub(super) fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IoError {
        move |source| {
            // A writer between us and the file may hand our own error back: it already says everything.
            source
                .downcast::<IoError>()
                .unwrap_or_else(|source| IoError {
                    action,
                    path: path.to_owned(),
                    source,
                })
        }
    }

    /// For callers that only know `io::Error`, such as the writers of file formats.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::new(self.source.kind(), self)
    }
}

/// What the reader of the message can do.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free space there, or choose an out folder with more"
        }
        ErrorKind::PermissionDenied => {
            "give this user the right to write there, or choose another out folder"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::Unsupported => {
            "choose an out folder that can be written to"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::IsADirectory => {
            "move what is there away, or choose another out folder"
        }
        ErrorKind::NotFound => "it may have been removed while the run was going on, run again",
        _ => "check that disk, then run again",
    }
}
