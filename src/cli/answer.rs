//! Commands that publish nothing: what they find out is an answer, text and an exit code.

use std::path::PathBuf;

use jiff::civil::Date;

use super::Command;
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
    /// Columns of a line.
    pub width: usize,
    /// Say only what failed.
    pub quiet: bool,
    /// Say more; twice for even more.
    pub verbose: u8,
    /// This program, which is started again to read what its reader may die on.
    pub program: PathBuf,
    /// Where temporary files may stand.
    pub temporary: PathBuf,
}

impl Command {
    /// What the command finds out. `run` has no answer: it publishes.
    ///
    /// # Errors
    /// See [`RunError`]; its exit code is the command's.
    pub async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let answer = self.whole_answer(terminal).await?;
        match terminal.quiet && answer.code == 0 && self.reports() {
            true => Ok(Answer {
                text: String::new(),
                code: 0,
            }),
            false => Ok(answer),
        }
    }

    async fn whole_answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
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
            Self::Verify(args) => args.answer(terminal),
            Self::Import(command) => command.answer(terminal).await,
            Self::Export(command) => command.answer(),
            Self::Completions(args) => Ok(args.answer()),
            Self::Man(args) => args.answer(),
        }
    }
}
