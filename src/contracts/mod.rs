//! Contracts from elsewhere: an ODCS contract or a dbt schema file becomes table files, and a project becomes an ODCS
//! contract. Whatever cannot be carried over is said, with its place and why.

mod dbt;
mod draft;
mod foreign;
mod limits;
mod odcs;
mod settle;

use std::{
    fs::File,
    io::{Read, Take},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;

pub use foreign::Note;
pub use odcs::{Head, export};

use crate::{
    diagnostics::{
        Diagnostic, Source,
        yaml::{self, MAX_BYTES},
    },
    pipeline::RunError,
    publish::write_together,
};
use foreign::Foreign;

/// Which language a contract speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The Open Data Contract Standard, version 3.
    Odcs,
    /// Properties of dbt's models, seeds, snapshots and sources.
    Dbt,
}

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Request {
    /// The contract's language.
    pub language: Language,
    /// Its file.
    pub file: PathBuf,
    /// The project whose lists and tables the contract's rules may name.
    pub project: Option<PathBuf>,
    /// Whether names that are none here are replaced by the ones that are suggested.
    pub rename: bool,
    /// The day as of which rules are planned.
    pub today: Date,
    /// Where a folder for temporary files can be made.
    pub temporary: PathBuf,
}

/// What became of a contract.
#[derive(Debug)]
pub struct Imported {
    /// Name and text of each table file, by name.
    pub tables: Vec<(String, String)>,
    /// What was not carried over, or not as it was said.
    pub notes: Vec<Note>,
}

/// Reads a contract; the tables that it gives lint clean.
///
/// # Errors
/// The file cannot be read, or is no contract.
pub async fn import(request: &Request) -> Result<Imported, RunError> {
    let source = read(&request.file)?;
    let mut mistakes = Vec::new();
    let node = yaml::parse_foreign(&source, &mut mistakes);
    let node = node.filter(|_| mistakes.is_empty());
    let node = node.ok_or(RunError::Project(mistakes))?;
    let mut foreign = Foreign::new(&source, request.rename);
    let drafts = match request.language {
        Language::Odcs => odcs::import(&node, &mut foreign),
        Language::Dbt => dbt::import(&node, &mut foreign),
    };
    let mut drafts = drafts.map_err(|mistake: Diagnostic| RunError::Project(vec![mistake]))?;
    drafts.sort_by(|a, b| a.name.cmp(&b.name));
    let tables = settle::settle(&mut drafts, request, &mut foreign.notes).await?;
    let mut notes = foreign.notes;
    // What was left out is not called otherwise.
    for (table, name, note) in foreign.renamed {
        let stands = match &table {
            None => drafts.iter().any(|draft| draft.name == name),
            Some(table) => drafts
                .iter()
                .any(|draft| draft.name == *table && draft.column(&name).is_some()),
        };
        notes.extend(stands.then_some(note));
    }
    notes.sort_by_key(|note| note.span.bytes.start);
    Ok(Imported { tables, notes })
}

/// Writes the tables to `folder`; all of them or none.
///
/// # Errors
/// One is there already and `replace` is not said, or the folder cannot be written.
pub fn write(imported: &Imported, folder: &Path, replace: bool) -> Result<Vec<PathBuf>, RunError> {
    let files: Vec<(PathBuf, String)> = imported
        .tables
        .iter()
        .map(|(name, text)| (folder.join(format!("{name}.yaml")), text.clone()))
        .collect();
    write_together(&files, replace)?;
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn read(path: &Path) -> Result<Arc<Source>, RunError> {
    let fail = |source| RunError::Contract {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    // One byte more than allowed tells a full file from one that is too large, which the parser reports.
    let mut file: Take<File> = File::open(path).map_err(fail)?.take(MAX_BYTES as u64 + 1);
    file.read_to_end(&mut bytes).map_err(fail)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        fail(std::io::Error::other(format!("byte {at} is no UTF-8")))
    })?;
    Ok(Arc::new(Source {
        path: path.display().to_string(),
        text,
    }))
}

/// The column that `node` describes, unless it was left out.
fn own_column(
    node: &yaml::Node,
    draft: &draft::Draft,
    foreign: &Foreign<'_>,
) -> Option<(usize, String)> {
    let said = node.get("name")?;
    let name = foreign.named(Some(&draft.name), foreign::scalar(said)?);
    let column = draft.column(&name)?;
    (draft.columns[column].span.bytes == said.bytes).then_some((column, name))
}

/// The key of a table that says none: one column that is unique, or several together, else all of them.
fn settle_key(draft: &mut draft::Draft, foreign: &mut Foreign<'_>) {
    let one = draft.columns.iter().find(|column| column.has("unique"));
    let several = || draft.unique_columns(false).next();
    if let Some(key) = one.map(|column| vec![column.name.clone()]).or_else(several) {
        draft.key = key;
        return;
    }
    draft.key = draft
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let why = "it says of no column that it is unique, so a row is identified by all of them: name those that do in `key`";
    foreign.note(draft.span.clone(), format!("{}: key", draft.name), why);
}
