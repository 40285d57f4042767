//! Commands that publish nothing: what they find out is an answer, text and an exit code.

use std::path::PathBuf;

use jiff::civil::Date;

use super::{Command, Format};
use crate::pipeline::RunError;

/// What a command has to say.
#[derive(Debug)]
pub struct Answer {
    /// For stdout, its last line break included.
    pub text: String,
    /// The command's exit code.
    pub code: u8,
}

/// What only `main` knows of who is listening.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// From the clock.
    pub today: Date,
    /// Whether stdout shows colours.
    pub colour: bool,
    /// Characters of a line.
    pub width: usize,
    /// This program, which is started again to read what its reader may die on.
    pub program: PathBuf,
    /// Where temporary files may stand.
    pub temporary: PathBuf,
}

/// How errors and traces are told.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// Text, or JSON lines on stderr.
    pub format: Format,
    /// Only what failed.
    pub quiet: bool,
    /// More of it.
    pub verbose: u8,
}

impl Command {
    /// How errors and traces are told.
    pub fn voice(&self) -> Voice {
        let of = |format| Voice {
            format,
            quiet: false,
            verbose: 0,
        };
        match self {
            Self::Run(args) => Voice {
                format: args.format,
                quiet: args.quiet,
                verbose: args.verbose,
            },
            Self::Lint(args) => of(args.voice()),
            Self::Schema(_) => of(Format::Text),
            Self::Profile(args) => of(args.format),
            Self::Explain(args) => of(args.format),
            Self::Test(args) => of(args.format),
            Self::Diff(args) => of(args.format),
            Self::Waive(args) => of(args.format),
            Self::Verify(args) => of(args.format),
            Self::Import(command) => of(command.voice()),
            Self::Export(_) => of(Format::Text),
        }
    }

    /// What the command finds out. `run` has no answer: it publishes.
    ///
    /// # Errors
    /// See [`RunError`]; its exit code is the command's.
    pub async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        match self {
            Self::Run(_) => Ok(Answer {
                text: String::new(),
                code: 0,
            }),
            Self::Lint(args) => args.answer(terminal).await,
            Self::Schema(args) => args.answer(),
            Self::Profile(args) => args.answer(terminal),
            Self::Explain(args) => args.answer(terminal).await,
            Self::Test(args) => args.answer(terminal).await,
            Self::Diff(args) => args.answer(terminal),
            Self::Waive(args) => args.answer(terminal).await,
            Self::Verify(args) => args.answer(),
            Self::Import(command) => command.answer(terminal).await,
            Self::Export(command) => command.answer(),
        }
    }
}
