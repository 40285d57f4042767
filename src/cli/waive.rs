//! `trueup waive`: accepts discrepancies, for a reason and for a time.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::{Answer, Format, Terminal, day};
use crate::{
    harmless::{lines, words},
    pipeline::RunError,
    waive::{Waived, Wanted, waive},
};

/// Arguments of `waive`.
#[derive(Clone, Debug, Args)]
pub struct WaiveArgs {
    /// Discrepancies of one rule: their ids, of which the first six digits are enough
    #[arg(value_name = "DISCREPANCY_ID", conflicts_with_all = ["where", "max_rows"])]
    pub discrepancies: Vec<String>,
    /// A rule or statement, all or some of whose discrepancies are waived
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only those for which this condition over the columns of the log holds
    #[arg(long, value_name = "SQL", requires = "rule")]
    pub r#where: Option<String>,
    /// The most discrepancies that it may cover: when there are more, it covers none
    #[arg(long, value_name = "N", requires = "rule", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_rows: Option<u64>,
    /// What the waiver is called [default: the next W-<number>]
    #[arg(long, value_name = "NAME")]
    pub id: Option<String>,
    /// Why they are accepted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who asks for it
    #[arg(long, value_name = "PERSON")]
    pub requested_by: String,
    /// Who grants it: another person
    #[arg(long, value_name = "PERSON")]
    pub approved_by: String,
    /// The last day on which it holds
    #[arg(long, value_name = "DATE", value_parser = day::parse)]
    pub expires: Date,
    /// Where what speaks for it is kept: a ticket, a letter, a page
    #[arg(long, value_name = "TEXT")]
    pub evidence: String,
    /// Show the waiver, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The project's folder, which holds rules/ and sql/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Where runs are published
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// The run that the discrepancies are of [default: the published one]
    #[arg(long, value_name = "RUN_ID")]
    pub run: Option<String>,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

impl WaiveArgs {
    pub(super) async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let Waived {
            id,
            rule,
            entry,
            path,
        } = waive(&Wanted {
            project: self.project.clone(),
            out: self.out.clone(),
            run: self.run.clone(),
            discrepancies: self.discrepancies.clone(),
            rule: self.rule.clone(),
            condition: self.r#where.clone(),
            max_rows: self.max_rows,
            id: self.id.clone(),
            reason: self.reason.clone(),
            requested_by: self.requested_by.clone(),
            approved_by: self.approved_by.clone(),
            expires: self.expires,
            evidence: self.evidence.clone(),
            today: terminal.today,
            dry_run: self.dry_run,
        })
        .await?;
        let path = path.display().to_string();
        let text = match self.format {
            Format::Json => {
                let made = json!({ "waiver": id, "rule": rule, "file": path, "written": !self.dry_run, "entry": entry });
                format!("{made}\n")
            }
            Format::Text => {
                let entry = lines(&entry).into_owned();
                let (id, path) = (words(&id), words(&path));
                match self.dry_run {
                    true => format!("{entry}nothing was written: this would stand in {path}\n"),
                    false => {
                        format!("{entry}waiver {id} was added to {path}; the next run applies it\n")
                    }
                }
            }
        };
        Ok(Answer { text, code: 0 })
    }
}
