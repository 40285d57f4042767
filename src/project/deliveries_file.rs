//! `deliveries` of `rules/project.yaml`: where nights lie, and when one is whole.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Deliveries,
    project_file::{file_pattern, said},
};
use crate::{
    diagnostics::{At, Diagnostic},
    tables::FilePattern,
};

/// Where nights lie, and when one is whole.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveriesFile {
    /// The folder that holds the nights, relative to the project: a run that is given no delivery takes the newest.
    #[serde(default)]
    pub path: Option<At<String>>,
    /// How they lie in it.
    #[serde(default)]
    pub layout: Layout,
    /// What becomes of a night that is not whole.
    #[serde(default)]
    pub incomplete: Incomplete,
    /// A file that is put into a night once it is whole.
    #[serde(default)]
    pub marker: Option<At<String>>,
    /// A CSV file that says of each file of a night its `rows`, `bytes` or `sha256`.
    #[serde(default)]
    pub control: Option<At<String>>,
}

/// How nights lie in their folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "layout", rename_all = "snake_case")]
#[schemars(rename = "Layout")]
pub enum Layout {
    /// A folder for each night, called by its date.
    #[default]
    Folders,
    /// All files in one folder, with the date in their names.
    Inbox,
}

/// What becomes of a night that is not whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "incomplete", rename_all = "snake_case")]
#[schemars(rename = "Incomplete")]
pub enum Incomplete {
    /// The run ends with exit code 3.
    #[default]
    Refuse,
    /// The last whole night before it is read in its place, and the log says so.
    Stale,
}

/// Checks the settings; `fixed` is the place of the one delivery that a run reads otherwise.
pub fn read(
    file: DeliveriesFile,
    fixed: Option<&At<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Deliveries {
    if let Some(path) = &file.path {
        said(path, "the path of the deliveries", diagnostics);
        if let Some(fixed) = fixed {
            let message = "`deliveries` and `delivery` both say what a run reads";
            let help = format!("keep one `path`; the other is at {:?}", fixed.span);
            diagnostics.push(Diagnostic::at(&path.span, message).help(help));
        }
    }
    let layout = file.layout;
    let mut pattern = |text: Option<At<String>>, what: &str| -> Option<FilePattern> {
        let text = text?;
        let pattern = file_pattern(&text, diagnostics);
        if layout == Layout::Inbox && pattern.depth() > 0 && !pattern.is_dated() {
            let message = format!("a {what} without `{{date}}` says the same of every night");
            let help = "write `{date}` where the date of the night stands in its name";
            diagnostics.push(Diagnostic::at(&text.span, message).help(help));
        }
        Some(pattern)
    };
    Deliveries {
        marker: pattern(file.marker, "marker"),
        control: pattern(file.control, "control file"),
        path: file.path,
        layout,
        incomplete: file.incomplete,
    }
}
