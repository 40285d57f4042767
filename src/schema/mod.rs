//! JSON Schema of a project's files, for editors, and the pages of docs/kinds: both from the types that are decoded.

mod pages;
mod shape;

use schemars::JsonSchema;
use serde_json::Value;

use crate::{
    feeds::RunResults,
    project::{ProjectFile, ReportFile, TableFile, TestsFile, TotalsFile, WaiversFile},
};

pub use pages::pages;

/// A kind of file that a project holds.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    /// What it is called here: `schema/<word>.json`.
    pub word: &'static str,
    /// Where such files stand in a project.
    pub files: &'static str,
    schema: fn(&str) -> Value,
}

/// Every kind of file that an author writes in YAML. A new kind is one line here.
pub const KINDS: &[FileKind] = &[
    kind::<ProjectFile>("project", "rules/project.yaml"),
    kind::<TableFile>("table", "rules/tables/*.yaml"),
    kind::<TotalsFile>("totals", "rules/totals/*.yaml"),
    kind::<TestsFile>("tests", "rules/tests/*.yaml"),
    kind::<WaiversFile>("waivers", "rules/waivers.yaml"),
    kind::<ReportFile>("report", "rules/report.yaml"),
];

const fn kind<T: JsonSchema>(word: &'static str, files: &'static str) -> FileKind {
    FileKind {
        word,
        files,
        schema: shape::schema::<T>,
    }
}

impl FileKind {
    /// The kind that is called `word`.
    pub fn of_word(word: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.word == word)
    }

    /// The schema's text: keys sorted, so that it is the same from every build.
    pub fn text(&self) -> String {
        let schema = (self.schema)(self.files);
        // A tree of texts, numbers and maps is always JSON.
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The name of the schema's file.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.word)
    }
}

/// What a run writes that has a schema of its own: its word, and what it is.
pub const OUTPUT: (&str, &str) = ("run_results", "run_results.json of a run");

/// The text of that schema.
pub fn output() -> String {
    let schema = shape::plain::<RunResults>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// The schemas of all kinds, and of what a run writes: file names with texts.
pub fn schemas() -> Vec<(String, String)> {
    let file = |kind: &FileKind| (kind.file_name(), kind.text());
    let output = (format!("{}.json", OUTPUT.0), output());
    KINDS.iter().map(file).chain([output]).collect()
}
