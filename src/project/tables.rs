//! Table files: tables and columns as declared, checked without looking at other tables.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{civil, fmt::strtime};

use super::{
    files::Named,
    project_file::{relative_glob, version},
    table_file::{ColumnFile, TableFile},
};
use crate::{
    diagnostics::{
        At, Diagnostic, Source, Span,
        yaml::{self, Node, Tried},
    },
    names::Name,
    tables::{Clean, Column, ColumnType, Policy, Table},
};

/// Most columns of a table.
const MAX_COLUMNS: usize = 1_000;

/// A table with the parts of its file that become rules.
pub struct Declared {
    pub table: Table,
    pub source: Arc<Source>,
    /// One for each column of the table; `None` where it could not be read.
    pub columns: Vec<(At<String>, Option<ColumnFile>)>,
    pub rules: Vec<Node>,
    /// The whole file, for the places of its keys.
    node: Option<Node>,
}

impl Declared {
    /// Where `key` stands under a column.
    pub fn key_under(&self, column: &At<String>, key: &str) -> Option<Span> {
        let column = self.node.as_ref()?.get("columns")?.get(&column.value)?;
        let (key, _) = column.entries().iter().find(|(k, _)| k.text == key)?;
        let bytes = key.bytes.clone();
        Some(Span {
            source: self.source.clone(),
            bytes,
        })
    }
}

pub fn read(files: &[Named], diagnostics: &mut Vec<Diagnostic>) -> Vec<Declared> {
    files
        .iter()
        .filter_map(|file| table(file, diagnostics))
        .collect()
}

fn table(file: &Named, diagnostics: &mut Vec<Diagnostic>) -> Option<Declared> {
    let source = &file.source;
    let name = file.name(diagnostics)?;
    let Some(node) = yaml::parse(source, diagnostics) else {
        return Some(unread(file, name, None));
    };
    let Some(declared) = yaml::decode::<TableFile>(&node, source, diagnostics) else {
        return Some(unread(file, name, Some(&node)));
    };
    version(&declared.version, diagnostics);
    if declared.table.value != file.stem {
        let message = format!(
            "table `{}` is declared in a file that is called `{}`",
            declared.table.value, file.stem
        );
        diagnostics
            .push(Diagnostic::at(&declared.table.span, message).help("give both the same name"));
    }
    let (files, required) = match declared.source.0 {
        Some(found) => {
            relative_glob(&found.files, diagnostics);
            (found.files.value, found.required)
        }
        None => (String::new(), true),
    };
    let mut columns = Vec::new();
    let mut kept = Vec::new();
    for (at, Tried(column)) in declared.columns.0 {
        match Name::new(&at.value) {
            Ok(name) => {
                columns.push(to_column(name, &at, column.as_ref(), diagnostics));
                kept.push((at, column));
            }
            Err(error) => diagnostics.push(Diagnostic::at(&at.span, error.to_string())),
        }
    }
    if columns.is_empty() || columns.len() > MAX_COLUMNS {
        let message = format!(
            "the table has {} columns and may have 1 to {MAX_COLUMNS}",
            columns.len()
        );
        diagnostics.push(Diagnostic::at(&declared.table.span, message));
    }
    let mut table = Table {
        name,
        description: declared.description,
        files,
        required,
        key: Vec::new(),
        columns,
    };
    table.key = key(&declared.key, &declared.table, &table, diagnostics);
    Some(Declared {
        table,
        source: source.clone(),
        columns: kept,
        rules: declared.rules,
        node: Some(node),
    })
}

/// A stand-in for a table whose file could not be read: its columns are known by name as far as they can be, so that what
/// refers to them is not reported too.
fn unread(file: &Named, name: Name, node: Option<&Node>) -> Declared {
    let entries = node
        .and_then(|node| node.get("columns"))
        .map(Node::entries)
        .unwrap_or_default();
    let names = entries
        .iter()
        .filter_map(|(key, _)| Name::new(&key.text).ok());
    Declared {
        table: Table {
            name,
            description: String::new(),
            files: String::new(),
            required: true,
            key: Vec::new(),
            columns: names.map(plain_column).collect(),
        },
        source: file.source.clone(),
        columns: Vec::new(),
        rules: Vec::new(),
        node: None,
    }
}

fn plain_column(name: Name) -> Column {
    Column {
        name,
        description: String::new(),
        ty: ColumnType::String,
        formats: Vec::new(),
        clean: vec![Clean::Trim],
        missing: Vec::new(),
        codes: None,
        policy: Policy::Show,
    }
}

fn key(
    names: &[At<String>],
    of: &At<String>,
    table: &Table,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<usize> {
    let mut key = Vec::new();
    for name in names {
        match table.column_index(&name.value) {
            Some(index) if key.contains(&index) => {
                diagnostics.push(Diagnostic::at(
                    &name.span,
                    format!("`{}` stands in the key twice", name.value),
                ));
            }
            Some(index) => key.push(index),
            None => {
                let message = format!("table `{}` has no column `{}`", table.name, name.value);
                let known = table.columns.iter().map(|c| c.name.as_str());
                diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
            }
        }
    }
    if names.is_empty() {
        diagnostics.push(
            Diagnostic::at(&of.span, "the table has no key")
                .help("name the columns that identify a row"),
        );
    }
    key
}

fn to_column(
    name: Name,
    at: &At<String>,
    file: Option<&ColumnFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Column {
    let mut column = plain_column(name);
    let Some(file) = file else {
        return column;
    };
    column.description.clone_from(&file.description);
    let ty = file.r#type.0.as_ref();
    column.ty = ty.map_or(ColumnType::String, |ty| ty.value.into());
    // Formats are judged only where the type is known.
    if ty.is_some() {
        column.formats = formats(column.ty, file, diagnostics);
    }
    if let Some(Tried(Some(words))) = &file.clean {
        column.clean = Vec::new();
        for word in words.iter().filter_map(|word| word.0.as_ref()) {
            let clean = Clean::from(word.value);
            if column.clean.contains(&clean) {
                diagnostics.push(Diagnostic::at(&word.span, "this repair stands here twice"));
            } else {
                column.clean.push(clean);
            }
        }
        if column.clean.contains(&Clean::Upper) && column.clean.contains(&Clean::Lower) {
            let message = format!("column `{}` is made upper and lower case", at.value);
            diagnostics.push(Diagnostic::at(&at.span, message).help("remove `upper` or `lower`"));
        }
    }
    column.policy = file.policy.0.map_or(Policy::Show, Into::into);
    let mut seen = BTreeMap::new();
    for (text, kind) in file.missing.0.iter().flat_map(|missing| missing.texts()) {
        if text.value.trim().is_empty() {
            diagnostics.push(
                Diagnostic::at(&text.span, "a blank text is missing already").help("remove it"),
            );
        } else if let Some(other) = seen.insert(&text.value, &text.span) {
            let message = format!("`{}` is said to mean missing twice", text.value);
            diagnostics.push(
                Diagnostic::at(&text.span, message).help(format!("the other is at {other:?}")),
            );
        } else {
            column.missing.push((text.value.clone(), kind));
        }
    }
    column
}

fn formats(ty: ColumnType, file: &ColumnFile, diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    let by_default = match ty {
        ColumnType::Date => vec!["%Y-%m-%d".to_owned()],
        ColumnType::Timestamp => vec!["%Y-%m-%dT%H:%M:%S".to_owned()],
        _ => Vec::new(),
    };
    let Some(Tried(Some(declared))) = &file.formats else {
        return by_default;
    };
    if by_default.is_empty() {
        let message = "only dates and timestamps have formats";
        diagnostics.push(
            Diagnostic::at(&declared.span, message).help("remove `formats`, or say `type: date`"),
        );
        return Vec::new();
    }
    if declared.value.is_empty() {
        diagnostics.push(
            Diagnostic::at(&declared.span, "`formats` is empty")
                .help("remove it for ISO dates alone"),
        );
        return by_default;
    }
    let mut formats: Vec<String> = Vec::new();
    for format in &declared.value {
        if let Err(why) = reads_back(ty, &format.value) {
            let message = format!(
                "`{}` is no format that reads every {}",
                format.value,
                if ty == ColumnType::Date {
                    "date"
                } else {
                    "timestamp"
                }
            );
            diagnostics.push(
                Diagnostic::at(&format.span, message)
                    .label(why)
                    .help("such as %Y-%m-%d or %d/%m/%Y %H:%M:%S"),
            );
        } else if formats.contains(&format.value) {
            diagnostics.push(Diagnostic::at(
                &format.span,
                format!("format `{}` stands here twice", format.value),
            ));
        }
        formats.push(format.value.clone());
    }
    formats
}

/// Whether what the format writes can be read by it as the same value.
fn reads_back(ty: ColumnType, format: &str) -> Result<(), String> {
    // Each part has another value than the others and than its default, so a part that the format leaves out or swaps shows.
    let sample = civil::date(2017, 11, 25).at(13, 46, 0, 0);
    let text = match ty {
        ColumnType::Date => strtime::format(format, sample.date()),
        _ => sample
            .to_zoned(jiff::tz::TimeZone::UTC)
            .and_then(|zoned| strtime::format(format, &zoned)),
    };
    let read = text.and_then(|text| strtime::parse(format, &text));
    let same = match ty {
        ColumnType::Date => read
            .and_then(|read| read.to_date())
            .map(|date| date == sample.date()),
        _ => read
            .and_then(|read| read.to_datetime())
            .map(|time| time == sample),
    };
    match same {
        Ok(true) => Ok(()),
        Ok(false) => Err("it reads another value than it writes".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
