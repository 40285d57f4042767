//! The command line: arguments in, words out. Reads no clock and no environment; `main` hands them over.

mod answer;
mod contracts;
mod day;
mod diff;
mod explain;
mod lint;
mod profile;
mod schema;
mod size;
mod summary;
mod test;
mod verify;
mod waive;

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

pub use answer::{Answer, Terminal, Voice};
pub use contracts::{ExportCommand, ImportCommand};
pub use diff::DiffArgs;
pub use explain::ExplainArgs;
pub use lint::LintArgs;
pub use profile::ProfileArgs;
pub use schema::SchemaArgs;
pub use summary::summary;
pub use test::TestArgs;
pub use verify::VerifyArgs;
pub use waive::WaiveArgs;

use crate::{
    discrepancy::Severity,
    ingest::Reader,
    pipeline::{FailOn, Progress, Selection, Selector, Settings},
};

/// Says everything that is wrong with a delivery, and writes tables that can be trusted.
#[derive(Debug, Parser)]
#[command(name = "trueup", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check a delivery, publish clean tables, aggregates and the discrepancy log
    #[command(after_help = "\
Exit codes:
  0    nothing at or above --fail-on
  1    something is, or the run was blocked or left rules out: it is kept and not published
  2    usage or project error: nothing was read
  3    an input is missing or unreadable, or the engine failed: nothing was published
  130  interrupted: nothing was published

Examples:
  trueup run
  trueup run --delivery /exports/2017-10-09 --out /warehouse/trueup --as-of 2017-10-09
  trueup run --fail-on error --format json -q
  trueup run --select table:cases --exclude 'cases.area.*'")]
    Run(RunArgs),
    /// Say every mistake in rules/ and sql/ at once, and what is there for nothing
    #[command(after_help = "\
Exit codes:
  0  nothing to say
  2  mistakes, or what only `lint` speaks about

Examples:
  trueup lint
  trueup lint --project /srv/service --format sarif > trueup.sarif")]
    Lint(LintArgs),
    /// Print the JSON Schema of rules/*.yaml, with which an editor completes and checks them
    #[command(after_help = "\
Exit codes:
  0  printed or written
  2  usage error
  3  a file could not be written

Examples:
  trueup schema
  trueup schema table > table.json
  trueup schema --out schema")]
    Schema(SchemaArgs),
    /// Say what files hold: types, gaps, values, keys and what looks wrong, or suggest a table file
    #[command(after_help = "\
Exit codes:
  0  the files were read
  2  usage error, or no one table file can be suggested
  3  a file is missing or unreadable

Examples:
  trueup profile exports/cases.csv
  trueup profile exports/cases_*.csv --format json
  trueup profile exports/cases.csv --suggest > rules/tables/cases.yaml")]
    Profile(ProfileArgs),
    /// Say what a rule, a discrepancy or a statement about totals is about
    #[command(after_help = "\
Exit codes:
  0  it was explained
  2  nothing has that name, or the project has mistakes
  3  the run cannot be read

Examples:
  trueup explain cases.closed_on.not_before_opening
  trueup explain 95ef8dc67c33
  trueup explain control.area.body --all")]
    Explain(ExplainArgs),
    /// Say what is different in another run: discrepancies, rows and figures
    #[command(after_help = "\
Exit codes:
  0  nothing is
  1  something is
  2  usage error
  3  a run is missing or unreadable

Examples:
  trueup diff 2017-10-08 current
  trueup diff 2017-10-08-1f2e3d4c5b6a 2017-10-09-0a1b2c3d4e5f --format json --all")]
    Diff(DiffArgs),
    /// Accept discrepancies, for a reason and for a time
    #[command(after_help = "\
Exit codes:
  0  the waiver was added to rules/waivers.yaml (or shown)
  2  usage error, what is named is not there, or the project has mistakes
  3  the run cannot be read, or the file cannot be written

Examples:
  trueup waive 95ef8dc67c33 --reason 'The register was wrong until May' --requested-by 'A. Shah' --approved-by 'J. Moss' --expires 2018-01-31 --evidence DQ-112
  trueup waive --rule cases.closed_on.not_before_opening --where \"observed = '2016-10-01'\" --max-rows 20 --reason … --requested-by … --approved-by … --expires 2018-01-31 --evidence DQ-113")]
    Waive(WaiveArgs),
    /// Put every rule to its examples; with --mutate, find rules that no example holds in place
    #[command(after_help = "\
Exit codes:
  0  every example holds, and no mutant survived
  1  one does not, a mutant survived, or there is nothing to test
  2  the project has mistakes

Examples:
  trueup test
  trueup test --mutate --select table:cases")]
    Test(TestArgs),
    /// Say whether a run, and the chain of runs behind it, is what was published; reads only
    #[command(after_help = "\
Exit codes:
  0  all is as it was published
  2  usage error
  3  there is nothing to verify, or it cannot be read
  4  something is broken: the first of it is named

Examples:
  trueup verify
  trueup verify 2017-10-09-0123456789ab --out /warehouse/trueup --format json
  trueup verify --all --against $(cat /elsewhere/manifest.hash)")]
    Verify(VerifyArgs),
    /// Write table files from a contract, and say what of it could not be carried over
    #[command(
        after_help = "\
Exit codes:
  0  table files were written (or shown), whatever the closing note says
  1  nothing of it could be carried over
  2  the file is no such contract, or a table file is there already
  3  a file cannot be read or written

Examples:
  trueup import odcs orders.odcs.yaml --dry-run
  trueup import dbt models/schema.yml --project /srv/service --rename",
        arg_required_else_help = true
    )]
    #[command(subcommand)]
    Import(ImportCommand),
    /// Write the project as a contract for others
    #[command(
        after_help = "\
Exit codes:
  0  the contract was written
  2  the project has mistakes, or the file is there already
  3  a file cannot be written

Examples:
  trueup export odcs > service.odcs.yaml
  trueup export odcs --out service.odcs.yaml --contract-version 2.1.0 --force",
        arg_required_else_help = true
    )]
    #[command(subcommand)]
    Export(ExportCommand),
}

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
    /// Say only what failed
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for even more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
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

/// How to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// JSON: of `run` lines on stderr, of the others one document on stdout.
    Json,
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
fn selectors(texts: &[String]) -> Vec<Selector> {
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
