//! `trueup explain`: a word in, a page out.

use std::path::PathBuf;

use clap::Args;

use super::{Answer, Format, Terminal};
use crate::{
    explain::{Question, explain},
    harmless::words,
    ingest::Reader,
    pipeline::RunError,
};

/// Arguments of `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A rule id, a statement id or one of its rows, a kind of rules, or a discrepancy id (its first six digits are enough)
    #[arg(value_name = "RULE|DISCREPANCY_ID|STATEMENT")]
    pub word: String,
    /// The project's folder, which holds rules/ and sql/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Where runs are published
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// The run to look at [default: the published one]
    #[arg(long, value_name = "RUN_ID")]
    pub run: Option<String>,
    /// Where the exports of that run lie [default: delivery in rules/project.yaml]
    #[arg(long, value_name = "DIR")]
    pub delivery: Option<PathBuf>,
    /// Show cells of hidden columns as they stand in the file
    #[arg(long)]
    pub show_hidden: bool,
    /// Show all rows of a statement and all figures behind them, and all rules of a kind
    #[arg(long)]
    pub all: bool,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl ExplainArgs {
    pub(super) async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let page = explain(&Question {
            project: self.project.clone(),
            out: self.out.clone(),
            run: self.run.clone(),
            delivery: self.delivery.clone(),
            word: self.word.clone(),
            show_hidden: self.show_hidden,
            all: self.all,
            today: terminal.today,
            reader: Reader::Process(terminal.program.clone()),
            temporary: terminal.temporary.clone(),
        })
        .await?;
        let text = match self.format {
            Format::Json => format!("{}\n", page.to_json()),
            Format::Text => {
                let text = page.to_text(terminal.width);
                text.lines()
                    .map(|line| words(line).into_owned() + "\n")
                    .collect()
            }
        };
        Ok(Answer { text, code: 0 })
    }
}
