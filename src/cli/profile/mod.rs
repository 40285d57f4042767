//! `trueup profile`: files in, what they hold out.

mod text;

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::{Answer, Format, Terminal, day};
use crate::{
    ingest::{Limits, Means, Reader},
    pipeline::RunError,
    profile::{json, profile, suggest},
    publish::unnamed_file,
};

/// Arguments of `profile`.
#[derive(Clone, Debug, Args)]
pub struct ProfileArgs {
    /// Files of any format that is read; those with one header are one table
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print a table file for rules/tables/, and nothing else
    #[arg(long, conflicts_with_all = ["show_values", "format"])]
    pub suggest: bool,
    /// Show values of columns that seem to hold personal data, too
    #[arg(long)]
    pub show_values: bool,
    /// The date taken for today: what is later lies in the future [default: today]
    #[arg(long, value_name = "DATE", value_parser = day::parse)]
    pub as_of: Option<Date>,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl ProfileArgs {
    pub(super) fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let as_of = self.as_of.unwrap_or(terminal.today);
        let means = Means {
            limits: &Limits::default(),
            reader: &Reader::Process(terminal.program.clone()),
            scratch: &|| unnamed_file(&terminal.temporary),
        };
        let tables = profile(&self.files, as_of, means)?;
        let text = if self.suggest {
            suggest(&tables)?
        } else {
            match self.format {
                Format::Text => text::text(&tables, self.show_values),
                Format::Json => format!("{}\n", json::document(&tables, self.show_values)),
            }
        };
        Ok(Answer { text, code: 0 })
    }
}
