//! Why a run did not come to an end, and the exit code that says so.

use std::{
    error::Error,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use jiff::civil::Date;

use crate::{
    check::{EngineError, keys::KeyError},
    diagnostics::Diagnostic,
    feeds::FeedError,
    ingest::IngestError,
    log::LogError,
    pages::PageError,
    project::LoadError,
    publish::{FolderError, IoError, PublishError, VerifyError, WriteError},
    reconcile::published::PublishedError,
    workbooks::WorkbookError,
};

/// Why a run did not come to an end. Nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The project has mistakes; nothing was read.
    #[error("the project has {} mistakes", .0.len())]
    Project(Vec<Diagnostic>),
    /// The project could not be loaded; nothing was read.
    #[error(transparent)]
    Load(LoadError),
    /// There is nothing to read.
    #[error(
        "no delivery: give `--delivery DIR`, or `delivery: {{ path: … }}` in rules/project.yaml"
    )]
    NoDelivery,
    /// One table file was asked for, and there are several tables.
    #[error("one table file is suggested at a time, and these files have {} headers: {}; ask for each alone", tables.len(), tables.join("; "))]
    SeveralTables {
        /// The files of each.
        tables: Vec<String>,
    },
    /// No column can be declared.
    #[error(
        "`{file}` has no column that can be declared: a name is 1 to 63 of a-z, 0-9 and _, starting with a letter, and stands once in the header; {advice}"
    )]
    NoNames {
        /// The file.
        file: String,
        /// What to do.
        advice: String,
    },
    /// The delivery's folder is not there.
    #[error("delivery {} cannot be read: {source}; name the folder of the night's exports with `--delivery`", folder.display())]
    Delivery {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Files that the project needs are missing.
    #[error("delivery {delivery} is incomplete: {}; {}", self.problems(), incomplete(missing))]
    Incomplete {
        /// Which it is.
        delivery: String,
        /// `table … has no file …`.
        missing: Vec<String>,
        /// What else makes it not whole.
        problems: Vec<String>,
    },
    /// No night is whole, and an earlier one might have been read.
    #[error("no night is whole, so that nothing was published: {}; deliver one of them again", nights(.0))]
    NoWholeNight(Vec<(String, String)>),
    /// The clock says a day before that of the published run.
    #[error(
        "today is {today} by the clock, and the published run {current} in {} is as of {as_of}, which is later: the clock stepped back, or this delivery is of another day; nothing was read: set the clock right, or say of which day it is with `--as-of DATE`",
        out.display()
    )]
    ClockSteppedBack {
        /// From the clock.
        today: Date,
        /// Where runs are published.
        out: PathBuf,
        /// The run that is current.
        current: String,
        /// Its date.
        as_of: Date,
    },
    /// No night is old enough.
    #[error("there is no night up to {as_of} in {}: {}", folder.display(), match later {
        Some(later) => format!("the first is {later}; check `--as-of`"),
        None => "it holds no folder that is called by its date, such as 2017-10-09; check `deliveries` in rules/project.yaml".to_owned(),
    })]
    NoNight {
        /// The folder of nights.
        folder: PathBuf,
        /// The run's date.
        as_of: Date,
        /// The first night after it.
        later: Option<Date>,
    },
    /// Two folders are called by the same date.
    #[error("{} are folders of one night: keep one of them", .0.iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(" and "))]
    NightTwice(Vec<PathBuf>),
    /// What should be files is something else.
    #[error("delivery {}: {}; nothing was read: put files there, or move away what is none of the delivery", folder.display(), unusable.join(", "))]
    Unusable {
        /// The delivery's folder.
        folder: PathBuf,
        /// `… is a pipe`.
        unusable: Vec<String>,
    },
    /// Several files could not be read.
    #[error("{}", join(.0))]
    Inputs(Vec<IngestError>),
    /// A file could not be read on.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Published figures could not be read.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// A file of published figures could not be read.
    #[error("published figures {}: {source}; restore the file or correct `published:` in rules/project.yaml", path.display())]
    PublishedFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A rule could not be evaluated on its own example.
    #[error("rule {id} cannot be evaluated on its example: {why}; mend the rule")]
    Rule {
        /// The rule.
        id: String,
        /// Why, without values.
        why: String,
    },
    /// The second look failed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The log could not be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file for other systems could not be written.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// A workbook could not be written.
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    /// A page for people could not be written.
    #[error(transparent)]
    Page(#[from] PageError),
    /// An aggregate has rows that are no figures, or two figures in one place.
    #[error(
        "{path}: {why}; nothing was published, since totals over such rows would mislead: mend the query"
    )]
    Aggregate {
        /// The query's file.
        path: String,
        /// What is wrong with which row.
        why: String,
    },
    /// A table could not be written.
    #[error("writing {path} failed: {source}; check the disk of the out folder, then run again")]
    Parquet {
        /// Inside the run folder.
        path: String,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The rows that an earlier run kept cannot be carried on.
    #[error(
        "table `{table}` goes on from the rows of run {run}, and {why}; nothing was published, since rows would be lost: restore the folder of that run, or give another `--out` and deliver the whole table"
    )]
    Base {
        /// The table.
        table: String,
        /// The run.
        run: String,
        /// What cannot be read, and why.
        why: String,
    },
    /// There is no room for what is spilt or written.
    #[error("{source}; nothing was published: free space in `{}`, or choose an out folder with more", out.display())]
    DiskFull {
        /// Where runs are published.
        out: PathBuf,
        /// What was being done.
        source: Box<RunError>,
    },
    /// The run folder could not be written, verified or published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A run that was to be looked at cannot be.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A run cannot be verified.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A contract from elsewhere cannot be read.
    #[error("{} cannot be read: {source}; check the path of the contract", path.display())]
    Contract {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Files were not written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What to do about a delivery that is incomplete.
fn incomplete(missing: &[String]) -> &'static str {
    match missing.is_empty() {
        true => {
            "nothing was published: wait until the upload has ended, or deliver the whole again"
        }
        false => {
            "nothing was read: deliver the whole, or declare `required: false` for a table that may be absent"
        }
    }
}

/// Nights that are told of at most.
const NIGHTS: usize = 3;

/// The newest nights, and why each is not whole.
fn nights(nights: &[(String, String)]) -> String {
    let told = nights.iter().take(NIGHTS);
    let mut told: Vec<String> = told.map(|(name, why)| format!("{name} ({why})")).collect();
    if nights.len() > NIGHTS {
        told.push(format!("and {} earlier ones", nights.len() - NIGHTS));
    }
    told.join(", ")
}

fn join(errors: &[IngestError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

impl RunError {
    /// What makes a delivery incomplete; blank for other errors.
    pub(super) fn problems(&self) -> String {
        match self {
            Self::Incomplete {
                missing, problems, ..
            } => [missing.as_slice(), problems].concat().join(", "),
            _ => String::new(),
        }
    }

    /// The same error; where the disk of `out` is full, and it does not say so itself, with what to do about it.
    pub(super) fn of_disk(self, out: &Path) -> Self {
        if matches!(self, Self::Publish(_)) {
            return self;
        }
        let mut at: Option<&(dyn Error + 'static)> = Some(&self);
        let mut full = false;
        while let Some(error) = at {
            let of_system = error.downcast_ref::<io::Error>();
            let inner = of_system.and_then(io::Error::get_ref);
            if error.is::<IoError>() || inner.is_some_and(|inner| inner.is::<IoError>()) {
                return self;
            }
            full |= of_system.is_some_and(|error| {
                let kind = error.kind();
                matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
            });
            at = error.source();
        }
        match full {
            true => Self::DiskFull {
                out: out.to_owned(),
                source: Box::new(self),
            },
            false => self,
        }
    }

    /// 2: the project or the call is wrong, nothing was read; 3: an input or the machine failed us, nothing was published.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Project(_)
            | Self::Load(_)
            | Self::NoDelivery
            | Self::Write(WriteError::Exists(_))
            | Self::SeveralTables { .. }
            | Self::NoNames { .. } => 2,
            _ => 3,
        }
    }
}

impl From<LoadError> for RunError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Diagnostics(diagnostics) => Self::Project(diagnostics),
            other => Self::Load(other),
        }
    }
}
