//! `trueup schema`: which files a project holds, and what an editor should know of them.

use std::path::{Path, PathBuf};

use clap::{Args, builder::PossibleValuesParser};

use super::Answer;
use crate::{
    harmless::words,
    pipeline::RunError,
    publish::write_together,
    schema::{FileKind, KINDS, OUTPUT, output, pages, schemas},
};

/// Arguments of `schema`.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// Print the JSON Schema of these files [default: say which there are]
    #[arg(value_name = "KIND", value_parser = PossibleValuesParser::new(KINDS.iter().map(|kind| kind.word).chain([OUTPUT.0])))]
    pub kind: Option<String>,
    /// Write the schemas of all files there
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    pub out: Option<PathBuf>,
    /// Write a page about each kind of rule there
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    pub docs: Option<PathBuf>,
}

impl SchemaArgs {
    pub(super) fn answer(&self) -> Result<Answer, RunError> {
        let mut text = String::new();
        if let Some(folder) = &self.out {
            text.push_str(&write(folder, &schemas())?);
        }
        if let Some(folder) = &self.docs {
            text.push_str(&write(folder, &pages())?);
        }
        if self.out.is_none() && self.docs.is_none() {
            let word = self.kind.as_deref();
            let kind = word.and_then(FileKind::of_word);
            text = match kind {
                _ if word == Some(OUTPUT.0) => output(),
                None => listing(),
                Some(kind) => kind.text(),
            };
        }
        Ok(Answer { text, code: 0 })
    }
}

fn listing() -> String {
    let kinds = KINDS.iter().map(|kind| (kind.word, kind.files));
    let all: Vec<(&str, &str)> = kinds.chain([OUTPUT]).collect();
    let width = all.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    let line = |(word, what): &(&str, &str)| format!("{word:width$}  {what}\n");
    let kinds: String = all.iter().map(line).collect();
    format!(
        "{kinds}\n\
        print one:   trueup schema table\n\
        write all:   trueup schema --out schema\n\
        then, first in each file of rules/tables, for the editor:\n\
        # yaml-language-server: $schema=../../schema/table.json\n"
    )
}

fn write(folder: &Path, files: &[(String, String)]) -> Result<String, RunError> {
    let all = files
        .iter()
        .map(|(name, text)| (folder.join(name), text.clone()));
    let is_new = |(path, text): &(PathBuf, String)| {
        !std::fs::read(path).is_ok_and(|found| found == text.as_bytes())
    };
    let written: Vec<(PathBuf, String)> = all.filter(is_new).collect();
    write_together(&written, true)?;
    let folder = folder.display().to_string();
    let mut text: String = written
        .iter()
        .map(|(path, _)| format!("wrote {}\n", words(&path.display().to_string())))
        .collect();
    let same = files.len() - written.len();
    if same > 0 {
        text.push_str(&format!(
            "{same} files of {} are as they should be\n",
            words(&folder)
        ));
    }
    Ok(text)
}
