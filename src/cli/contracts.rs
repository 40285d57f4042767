//! `trueup import` and `trueup export`: contracts in, contracts out.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Answer, Format, Terminal};
use crate::{
    contracts::{Head, Imported, Language, Note, Request, export, import, write},
    harmless::words,
    pipeline::RunError,
    publish::write_together,
};

/// What to import.
#[derive(Clone, Debug, Subcommand)]
pub enum ImportCommand {
    /// A contract of the Open Data Contract Standard, version 3
    Odcs(ImportArgs),
    /// A schema file of dbt: models, seeds, snapshots and sources with their tests
    Dbt(ImportArgs),
}

/// What to export as.
#[derive(Clone, Debug, Subcommand)]
pub enum ExportCommand {
    /// A contract of the Open Data Contract Standard 3.1
    Odcs(ExportArgs),
}

/// Arguments of `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// The contract
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The project that the tables are for: rules may lean on its lists and tables [default: ., without --out]
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Where the table files are written [default: rules/tables of the project]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace table files that are there
    #[arg(long)]
    pub force: bool,
    /// Write nothing, and show the files
    #[arg(long)]
    pub dry_run: bool,
    /// Call tables and columns as it is suggested where their names are none here
    #[arg(long)]
    pub rename: bool,
    /// How to speak: text for people, json for jobs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// The project's folder, which holds rules/ and sql/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// The file that is written [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    /// The contract's identifier [default: the project's name]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The contract's version
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub contract_version: String,
    /// How far the contract is, such as draft or active
    #[arg(long, value_name = "STATUS", default_value = "active")]
    pub status: String,
}

impl ImportCommand {
    fn args(&self) -> (Language, &ImportArgs) {
        match self {
            Self::Odcs(args) => (Language::Odcs, args),
            Self::Dbt(args) => (Language::Dbt, args),
        }
    }

    pub(super) fn voice(&self) -> Format {
        self.args().1.format
    }

    pub(super) async fn answer(&self, terminal: &Terminal) -> Result<Answer, RunError> {
        let (language, args) = self.args();
        let root = match (&args.project, &args.out) {
            (Some(project), _) => Some(project.clone()),
            (None, None) => Some(PathBuf::from(".")),
            (None, Some(_)) => None,
        };
        let imported = import(&Request {
            language,
            file: args.file.clone(),
            project: root.clone(),
            rename: args.rename,
            today: terminal.today,
            temporary: terminal.temporary.clone(),
        })
        .await?;
        let folder = match (&args.out, &root) {
            (Some(out), _) => out.clone(),
            (None, root) => root
                .as_deref()
                .unwrap_or(Path::new("."))
                .join("rules/tables"),
        };
        let written = match args.dry_run {
            true => Vec::new(),
            false => write(&imported, &folder, args.force)?,
        };
        let code = if imported.tables.is_empty() { 1 } else { 0 };
        let text = match args.format {
            Format::Json => format!("{}\n", to_json(&imported, &written, args.dry_run)),
            Format::Text => text(&imported, &written, args),
        };
        Ok(Answer { text, code })
    }
}

impl ExportCommand {
    /// Whether it writes a file, and does not print the contract.
    pub(super) fn writes(&self) -> bool {
        let Self::Odcs(args) = self;
        args.out.is_some()
    }

    pub(super) fn answer(&self) -> Result<Answer, RunError> {
        let Self::Odcs(args) = self;
        let head = Head {
            id: args.id.clone(),
            version: args.contract_version.clone(),
            status: args.status.clone(),
        };
        let contract = export(&args.project, &head)?;
        let text = match &args.out {
            None => contract,
            Some(out) => {
                write_together(&[(out.clone(), contract)], args.force)?;
                format!("written: {}\n", words(&out.display().to_string()))
            }
        };
        Ok(Answer { text, code: 0 })
    }
}

fn text(imported: &Imported, written: &[PathBuf], args: &ImportArgs) -> String {
    let mut text = String::new();
    if args.dry_run {
        for (name, file) in &imported.tables {
            let _ = writeln!(text, "# {name}.yaml\n{file}");
        }
    }
    // What is shown with the files is a comment in them.
    let mark = if args.dry_run { "# " } else { "" };
    let mut line = |told: &str| {
        let _ = writeln!(text, "{}", format!("{mark}{}", words(told)).trim_end());
    };
    for path in written {
        line(&format!("written: {}", path.display()));
    }
    if imported.tables.is_empty() {
        line("no table of it could be carried over");
    }
    if !imported.tables.is_empty() || !imported.notes.is_empty() {
        closing(&imported.notes, &mut line);
    }
    text
}

/// The closing note: what was not carried over, or not as it was said, each reason once with all that it is true of.
fn closing(notes: &[Note], line: &mut impl FnMut(&str)) {
    if notes.is_empty() {
        line("everything was carried over");
        return;
    }
    line(&format!(
        "{} not carried over, or not as said:",
        notes.len()
    ));
    let mut reasons: Vec<(&str, Vec<&Note>)> = Vec::new();
    for note in notes {
        match reasons.iter_mut().find(|(why, _)| *why == note.why) {
            Some((_, all)) => all.push(note),
            None => reasons.push((&note.why, vec![note])),
        }
    }
    for (why, all) in reasons {
        line("");
        line(why);
        for note in all {
            let (number, column) = note.span.line_column();
            line(&format!(
                "  {}:{number}:{column}  {}",
                note.span.source.path, note.what
            ));
        }
    }
}

fn to_json(imported: &Imported, written: &[PathBuf], dry_run: bool) -> Value {
    let notes: Vec<Value> = imported
        .notes
        .iter()
        .map(|note| {
            let (line, column) = note.span.line_column();
            json!({ "file": note.span.source.path, "line": line, "column": column, "what": note.what, "why": note.why })
        })
        .collect();
    let written: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
    let tables: Vec<Value> = imported
        .tables
        .iter()
        .map(|(name, text)| match dry_run {
            true => json!({ "table": name, "text": text }),
            false => json!({ "table": name }),
        })
        .collect();
    json!({ "tables": tables, "written": written, "not_carried": notes })
}
