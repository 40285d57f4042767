//! `trueup lint`: arguments in, findings out.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use serde_json::json;

use super::{Answer, Format, Terminal};
use crate::{
    diagnostics::{
        Diagnostic,
        render::{lines, render},
    },
    harmless::words,
    lint::{Findings, lint, sarif},
    pipeline::RunError,
};

/// Arguments of `lint`.
#[derive(Clone, Debug, Args)]
pub struct LintArgs {
    /// The project's folder, which holds rules/ and sql/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// How to speak: text for people, json for jobs, sarif for code review
    #[arg(long, value_enum, default_value_t = LintFormat::Text)]
    pub format: LintFormat,
}

/// How findings are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

impl LintArgs {
    pub(super) fn voice(&self) -> Format {
        match self.format {
            LintFormat::Text => Format::Text,
            LintFormat::Json | LintFormat::Sarif => Format::Json,
        }
    }

    pub(super) async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let Findings {
            diagnostics,
            looked_at,
        } = match lint(&self.project, terminal.today).await {
            // Whoever collects documents gets one of a folder without a project as well.
            Err(RunError::Load(error)) if self.format != LintFormat::Text => Findings {
                diagnostics: vec![Diagnostic::nowhere(error.to_string())],
                looked_at: "nothing".to_owned(),
            },
            found => found?,
        };
        let code = if diagnostics.is_empty() { 0 } else { 2 };
        let text = match self.format {
            LintFormat::Text if diagnostics.is_empty() => {
                format!("no mistakes: {}\n", words(&looked_at))
            }
            LintFormat::Text => render(&diagnostics, terminal.colour),
            LintFormat::Json => {
                let found = json!({ "looked_at": looked_at, "diagnostics": lines(&diagnostics) });
                format!("{found}\n")
            }
            LintFormat::Sarif => format!("{:#}\n", sarif(&diagnostics)),
        };
        Ok(Answer { text, code })
    }
}
