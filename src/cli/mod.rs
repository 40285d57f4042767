//! The command line: arguments in, words out. Reads no clock and no environment; `main` hands them over.

mod answer;
mod columns;
mod contracts;
mod day;
mod diff;
mod explain;
mod lint;
mod paint;
mod profile;
mod progress;
mod run;
mod schema;
mod shell;
mod size;
mod summary;
mod test;
mod verify;
mod voice;
mod waive;

use clap::{Parser, Subcommand};

pub use answer::{Answer, Terminal};
pub use contracts::{ExportCommand, ImportCommand};
pub use diff::DiffArgs;
pub use explain::ExplainArgs;
pub use lint::LintArgs;
pub use paint::{When, Wishes};
pub use profile::ProfileArgs;
pub use progress::Bars;
pub use run::{FailOnArg, RunArgs, Surroundings};
pub use schema::SchemaArgs;
pub use shell::{CompletionsArgs, ManArgs};
pub use summary::{Look, UNKNOWN, summary};
pub use test::TestArgs;
pub use verify::VerifyArgs;
pub use voice::{Format, Manner, Voice, asked_colour};
pub use waive::WaiveArgs;

use run::selectors;

/// Says everything that is wrong with a delivery, and writes tables that can be trusted.
#[derive(Debug, Parser)]
#[command(
    name = "trueup",
    version,
    about,
    propagate_version = true,
    after_help = "\
Examples:
  trueup run                  check the delivery that rules/project.yaml names, and publish
  trueup lint                 say every mistake in rules/ and sql/
  trueup explain RULE         say what a rule is about, and what it found
  trueup help run             say everything about a command
  trueup man run | man -l -   the same as a manual page"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How it is told.
    #[command(flatten)]
    pub manner: Manner,
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
    /// Print a script with which a shell completes commands, options and their values
    #[command(after_help = "\
Exit codes:
  0  printed
  2  usage error

Examples:
  trueup completions bash > ~/.local/share/bash-completion/completions/trueup
  trueup completions zsh > ~/.zfunc/_trueup
  trueup completions fish > ~/.config/fish/completions/trueup.fish")]
    Completions(CompletionsArgs),
    /// Print the manual page of a command, or write those of all commands
    #[command(after_help = "\
Exit codes:
  0  printed or written
  2  usage error, or there is no such command
  3  a file could not be written

Examples:
  trueup man run | man -l -
  trueup man --out ~/.local/share/man/man1")]
    Man(ManArgs),
}
