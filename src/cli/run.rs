//! `trueup run`: arguments in, settings out.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::{Format, day, size};
use crate::{
    discrepancy::Severity,
    ingest::Reader,
    pipeline::{FailOn, Progress, Selection, Selector, Settings},
};

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The project's folder, which holds rules/ and sql/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// The night's exports [default: delivery in rules/project.yaml]
    #[arg(long, value_name = "DIR")]
    pub delivery: Option<PathBuf>,
    /// Where runs are published
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// The date the run takes for today [default: today, or the project's date for its default delivery]
    #[arg(long, value_name = "DATE", value_parser = day::parse)]
    pub as_of: Option<Date>,
    /// Exit with 1 when a discrepancy is this severe [default: fail_on in rules/project.yaml, else blocking]
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOnArg>,
    /// Try only these rules, and publish nothing: an id (`*` for any text), tag:…, table:… or dimension:…
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Leave these rules out, and publish nothing
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// Worker threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Memory that joins, sorts and groups may hold before they spill, such as 512M or 2G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size::parse)]
    pub memory_limit: usize,
    /// Where the work is done
    #[arg(long, value_name = "ENGINE", default_value = "local", value_parser = ["local"])]
    pub engine: String,
    /// How to speak: text for people, json lines on stderr for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write gauges for node_exporter's textfile collector there, whatever comes of the run
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Add OpenLineage events of the beginning and the end there
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
}

/// See [`FailOn`].
#[derive(Clone, Copy, Debug, ValueEnum)]
#[expect(missing_docs, reason = "the words are those of `Severity`")]
pub enum FailOnArg {
    Blocking,
    Error,
    Warn,
    New,
    Never,
}

/// What only `main` knows.
pub struct Surroundings {
    /// From the clock.
    pub today: Date,
    /// Cores of this machine.
    pub cores: usize,
    /// This program, which is started again to read what its reader may die on.
    pub program: PathBuf,
    /// Key for hidden values, from the environment.
    pub key: Option<Vec<u8>>,
    /// Hears how far the run is.
    pub progress: Arc<dyn Progress>,
}

/// What names rules, as it was typed.
pub(super) fn selectors(texts: &[String]) -> Vec<Selector> {
    texts
        .iter()
        .map(|t| {
            t.parse()
                .unwrap_or_else(|e: std::convert::Infallible| match e {})
        })
        .collect()
}

impl RunArgs {
    /// The settings that these arguments ask for.
    pub fn settings(&self, around: Surroundings) -> Settings {
        Settings {
            project: self.project.clone(),
            delivery: self.delivery.clone(),
            out: self.out.clone(),
            as_of: self.as_of,
            today: around.today,
            fail_on: self.fail_on.map(|word| match word {
                FailOnArg::Blocking => FailOn::At(Severity::Blocking),
                FailOnArg::Error => FailOn::At(Severity::Error),
                FailOnArg::Warn => FailOn::At(Severity::Warn),
                FailOnArg::New => FailOn::New,
                FailOnArg::Never => FailOn::Never,
            }),
            selection: Selection {
                select: selectors(&self.select),
                exclude: selectors(&self.exclude),
            },
            threads: self.threads.map_or(around.cores, usize::from),
            memory_limit: self.memory_limit,
            reader: Reader::Process(around.program),
            key: around.key,
            limits: None,
            progress: around.progress,
        }
    }
}
