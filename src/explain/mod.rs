//! What a rule, a discrepancy or a statement about totals is about, from the project, the run folder and the delivery.
//!
//! Nothing is run again: what happened stands in the run, and the line of the file is shown only when the file is still
//! the one that the run read.

mod arithmetic;
mod discrepancy;
mod kind;
mod page;
mod rule;
mod source;
mod statement;

use std::path::PathBuf;

use jiff::civil::Date;

pub use page::{Body, Page, Section};

use crate::{
    diagnostics::{Diagnostic, nearest},
    ingest::Reader,
    pipeline::{
        RunError,
        plan::{self, Plan},
    },
    project::{self, Project},
    publish::{FolderError, RunFolder},
    rules::{Kind, totals::Check},
};

/// Fewest digits that name a discrepancy.
const FEWEST_DIGITS: usize = 6;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The project's folder.
    pub project: PathBuf,
    /// Where its runs are.
    pub out: PathBuf,
    /// The run; the published one if nothing is said.
    pub run: Option<String>,
    /// The folder of the exports; the project's own default if nothing is said.
    pub delivery: Option<PathBuf>,
    /// A rule id, a statement id, a kind, or a discrepancy id or its beginning.
    pub word: String,
    /// Whether cells of hidden columns are shown as they stand in the file.
    pub show_hidden: bool,
    /// Whether all rows of a statement are shown.
    pub all: bool,
    /// From the clock.
    pub today: Date,
    /// Where files are read whose readers may die on them.
    pub reader: Reader,
    /// Where temporary files may stand.
    pub temporary: PathBuf,
}

/// What every page can look at.
struct Known<'a> {
    question: &'a Question,
    project: &'a Project,
    plan: &'a Plan,
    /// Why there is none, in words, where there is none.
    run: Result<RunFolder, FolderError>,
}

/// Explains what the question's word names.
///
/// # Errors
/// [`RunError::Project`] when the project has mistakes or nothing has that name; [`RunError::Folder`] when the run that is
/// needed cannot be read.
pub async fn explain(question: &Question) -> Result<Page, RunError> {
    let (project, mistakes) = project::read(&question.project)?;
    let as_of = plan::as_of(&project, None, true, question.today);
    let mut diagnostics = Vec::new();
    let plan = plan::plan(&project, &mistakes, as_of, &mut diagnostics).await?;
    if !diagnostics.is_empty() {
        return Err(RunError::Project(diagnostics));
    }
    let word = question.word.as_str();
    let run = RunFolder::open(&question.out, question.run.as_deref());
    let digits = word.len() >= FEWEST_DIGITS && word.bytes().all(|b| b.is_ascii_hexdigit());
    // A run that is named, or holds the discrepancy, is needed; without one a rule and a statement still say what they are.
    let run = match run {
        Err(error) if question.run.is_some() || digits => return Err(error.into()),
        other => other,
    };
    let known = Known {
        question,
        project: &project,
        plan: &plan,
        run,
    };
    if let Some(rule) = project.rules.iter().find(|rule| rule.id == word) {
        return Ok(rule::page(&known, rule)?);
    }
    if let Some(page) = statement::page(&known, word)? {
        return Ok(page);
    }
    if let Some(page) = kind::page(&known, word).or_else(|| kind::own(&known, word)) {
        return Ok(page);
    }
    if digits && let Some(page) = discrepancy::page(&known, &word.to_ascii_lowercase())? {
        return Ok(page);
    }
    Err(unknown(&known, digits))
}

/// Nothing is called so.
fn unknown(known: &Known<'_>, digits: bool) -> RunError {
    let word = &known.question.word;
    let rules = known.project.rules.iter().map(|rule| rule.id.as_str());
    let statements = known.plan.statements.iter().map(|s| s.id.value.as_str());
    let kinds = Kind::WORDS.iter().chain(Check::WORDS).copied();
    let help = match nearest(word, rules.chain(statements).chain(kinds)) {
        Some(near) if !digits => format!("did you mean `{near}`?"),
        _ => "write a rule id, a statement id, a kind such as `not_null`, or a discrepancy id from discrepancies.csv (its first six digits are enough)".to_owned(),
    };
    let message = match (digits, &known.run) {
        (true, Ok(run)) => format!("no discrepancy of run {} begins with `{word}`", run.id()),
        _ => format!("no rule, statement, kind or discrepancy is called `{word}`"),
    };
    RunError::Project(vec![Diagnostic::nowhere(message).help(help)])
}
