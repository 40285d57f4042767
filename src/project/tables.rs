//! Table files: tables and columns as declared, checked without looking at other tables.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{
    civil::{self, DateTime},
    fmt::strtime,
};

use super::{
    aliases,
    files::Named,
    gates,
    project_file::{file_pattern, version},
    reading,
    table_file::{ColumnFile, MAX_FORMATS, TableFile},
    unread::{Unread, Words},
};
use crate::{
    diagnostics::{
        At, Diagnostic, Source, Span,
        yaml::{self, Entries, Node, Tried},
    },
    names::Name,
    tables::{
        Clean, Column, ColumnType, Delivers, Drift, FilePattern, Gates, Policy, Reading, Table,
    },
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

pub fn read(
    files: &[Named],
    unread: &mut Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Declared> {
    files
        .iter()
        .filter_map(|file| table(file, unread, diagnostics))
        .collect()
}

/// A file that cannot be read whole is read in parts: what refers to a part that is there can be judged all the same.
fn table(file: &Named, unread: &mut Unread, diagnostics: &mut Vec<Diagnostic>) -> Option<Declared> {
    let source = &file.source;
    let Some(name) = file.name(diagnostics) else {
        unread.table(&file.stem);
        return None;
    };
    let node = yaml::parse(source, diagnostics);
    let read = node
        .as_ref()
        .and_then(|node| yaml::decode_parts(node, source, &NEEDED, diagnostics));
    let mut declared = Declared {
        table: Table {
            name,
            description: String::new(),
            files: FilePattern::default(),
            required: true,
            delivers: Delivers::default(),
            reading: Reading::default(),
            drift: Drift::default(),
            gates: Gates::default(),
            key: Vec::new(),
            columns: Vec::new(),
        },
        source: source.clone(),
        columns: Vec::new(),
        rules: Vec::new(),
        node,
    };
    let Some(read): Option<TableFile> = read else {
        unread.table(&file.stem);
        unread.rules = true;
        return Some(declared);
    };
    read.version.0.iter().for_each(|v| version(v, diagnostics));
    let at = read
        .table
        .0
        .as_ref()
        .map_or_else(|| file.start(), |t| t.span.clone());
    if let Some(table) = read.table.0
        && table.value != file.stem
    {
        let message = format!(
            "table `{}` is declared in a file that is called `{}`",
            table.value, file.stem
        );
        diagnostics.push(Diagnostic::at(&table.span, message).help("give both the same name"));
    }
    declared.table.description = read.description.0.unwrap_or_default();
    let mut of_table = (None, None);
    if let Some(mut found) = read.source.0 {
        of_table = (found.freshness.take(), found.volume.take());
        declared.table.files = file_pattern(&found.files, diagnostics);
        declared.table.required = found.required;
        if let Some(Tried(Some(delivers))) = &found.delivers {
            declared.table.delivers = delivers.value;
            let keyed = read.key.0.as_ref().is_some_and(|key| !key.is_empty());
            if delivers.value == Delivers::Delta && !keyed {
                let message =
                    "without a key nobody can say which rows a delivery of changes replaces";
                diagnostics.push(Diagnostic::at(&delivers.span, message).help(
                    "name the columns that identify a row under `key`, or remove `delivers`",
                ));
            }
        }
        declared.table.reading = reading::read(found, diagnostics);
    }
    declared.table.drift = read.drift.0.unwrap_or_default();
    match read.columns.0 {
        Some(Entries(columns)) => {
            let count = columns.len();
            if !(1..=MAX_COLUMNS).contains(&count) {
                let message =
                    format!("the table has {count} columns and may have 1 to {MAX_COLUMNS}");
                diagnostics.push(Diagnostic::at(&at, message));
            }
            declared.add_columns(columns, unread, diagnostics);
        }
        None => unread.table(&file.stem),
    }
    if declared.table.columns.is_empty() {
        unread.table(&file.stem);
    }
    declared.find_sources(unread, diagnostics);
    let (freshness, volume) = of_table;
    declared.table.gates = Gates {
        freshness: freshness
            .and_then(|said| said.0)
            .map(|said| gates::freshness(said, &declared.table, unread, diagnostics)),
        volume: volume
            .and_then(|said| said.0)
            .map(|said| gates::volume(said, diagnostics)),
    };
    aliases::read(&declared.columns, &mut declared.table, diagnostics);
    // Rules may need to know that there is a key, even where it is not known which.
    declared.table.key = match &read.key.0 {
        Some(names) => key(names, &at, &declared.table, unread, diagnostics),
        None => vec![0],
    };
    unread.rules |= read.rules.0.is_none() && declared.has("rules");
    declared.rules = read.rules.0.unwrap_or_default();
    Some(declared)
}

/// What a table's file has to say.
const NEEDED: [&str; 5] = ["version", "table", "source", "key", "columns"];

impl Declared {
    fn add_columns(
        &mut self,
        columns: Vec<(At<String>, Tried<ColumnFile>)>,
        unread: &mut Unread,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for (at, Tried(read)) in columns {
            let name = match Name::new(&at.value) {
                Ok(name) => name,
                Err(error) => {
                    diagnostics.push(Diagnostic::at(&at.span, error.to_string()));
                    unread.column(self.table.name.as_str(), &at.value);
                    let meant = meant(&at.value);
                    let taken = |name: &Name| self.table.column_index(name.as_str()).is_some();
                    match meant.filter(|name| !taken(name)) {
                        Some(name) => name,
                        None => continue,
                    }
                }
            };
            let wrong_name = name.as_str() != at.value;
            let read = read.or_else(|| {
                let node = self.node.as_ref()?.get("columns")?.get(&at.value)?;
                yaml::decode_parts(node, &self.source, &["type"], &mut Vec::new())
            });
            if wrong_name || read.as_ref().is_none_or(|read| read.r#type.0.is_none()) {
                unread.column(self.table.name.as_str(), name.as_str());
            }
            unread.rules |= wrong_name || read.is_none();
            let column = to_column(name, &at, read.as_ref(), diagnostics);
            self.table.columns.push(column);
            // The ids of its rules would have the wrong name in them.
            self.columns.push((at, read.filter(|_| !wrong_name)));
        }
    }

    /// Finds the columns that others read their cells from.
    fn find_sources(&mut self, unread: &Unread, diagnostics: &mut Vec<Diagnostic>) {
        let said = |(at, read): &(At<String>, Option<ColumnFile>)| {
            let Tried(Some(from)) = read.as_ref()?.from.as_ref()? else {
                return None;
            };
            Some((at.value.clone(), from.clone()))
        };
        let all: Vec<(String, At<String>)> = self.columns.iter().filter_map(said).collect();
        for (name, from) in &all {
            let table = &mut self.table;
            let Some(column) = table.column_index(name) else {
                continue;
            };
            let Some(source) = table.column_index(&from.value) else {
                let words = Words::of_sql(&from.value);
                if !unread.leans(Some(table.name.as_str()), &words) {
                    let message = format!("table `{}` has no column `{}`", table.name, from.value);
                    let known = table.columns.iter().map(|c| c.name.as_str());
                    diagnostics
                        .push(Diagnostic::at(&from.span, message).suggest(&from.value, known));
                }
                continue;
            };
            let reads_on = all.iter().any(|(other, _)| *other == from.value);
            if source == column || reads_on {
                let message = format!("`{}` has no cells of its own in the export", from.value);
                let help = "name a column that the export has";
                diagnostics.push(Diagnostic::at(&from.span, message).help(help));
                continue;
            }
            let hidden = |at: usize| table.columns[at].policy == Policy::Hide;
            if hidden(source) && !hidden(column) {
                let message = format!("`{name}` shows cells of `{}`, which is hidden", from.value);
                let help = format!("write `policy: hide` under `{name}`");
                diagnostics.push(Diagnostic::at(&from.span, message).help(help));
            }
            table.columns[column].from = Some(source);
        }
    }

    fn has(&self, key: &str) -> bool {
        self.node
            .as_ref()
            .is_some_and(|node| node.get(key).is_some())
    }
}

/// The name that a wrong one was probably meant to be: a stand-in, so that what refers to it is not reported as well.
fn meant(wrong: &str) -> Option<Name> {
    let letter = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '_',
    };
    let name: String = wrong.chars().map(letter).collect();
    Name::new(name.trim_matches('_')).ok()
}

fn plain_column(name: Name) -> Column {
    Column {
        name,
        description: String::new(),
        aliases: Vec::new(),
        from: None,
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
    of: &Span,
    table: &Table,
    unread: &Unread,
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
            None if unread.leans(Some(table.name.as_str()), &Words::of_sql(&name.value)) => {}
            None => {
                let message = format!("table `{}` has no column `{}`", table.name, name.value);
                let known = table.columns.iter().map(|c| c.name.as_str());
                diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
            }
        }
    }
    if names.is_empty() {
        diagnostics.push(
            Diagnostic::at(of, "the table has no key").help("name the columns that identify a row"),
        );
    }
    if key.is_empty() {
        // Which has been reported: a stand-in, so that what needs a key is not reported as well.
        key.push(0);
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
    column.description = file.description.0.clone().unwrap_or_default();
    let ty = file.r#type.0.as_ref();
    column.ty = ty.map_or(ColumnType::String, |ty| ty.value);
    // Formats are judged only where the type is known.
    if ty.is_some() {
        column.formats = formats(column.ty, file, diagnostics);
    }
    if let Some(Tried(Some(words))) = &file.clean {
        column.clean = Vec::new();
        for word in words.iter().filter_map(|word| word.0.as_ref()) {
            let clean = word.value;
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
    column.policy = file.policy.0.unwrap_or(Policy::Show);
    let mut seen = BTreeMap::new();
    for (text, kind) in file.missing.0.iter().flat_map(|missing| missing.texts()) {
        if text.value.trim().is_empty() {
            diagnostics.push(
                Diagnostic::at(&text.span, "a blank text is missing already").help("remove it"),
            );
        } else if let Some(why) = column.never_holds(&text.value) {
            let message = format!("no cell can be `{}`: {why}", text.value);
            diagnostics
                .push(Diagnostic::at(&text.span, message).help("write it as a cleaned cell is"));
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
    if declared.value.len() > MAX_FORMATS {
        let message = format!("`formats` lists more than {MAX_FORMATS}");
        diagnostics.push(Diagnostic::at(&declared.span, message));
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
        } else if let Some((other, text)) = formats
            .iter()
            .find_map(|other| Some((other, read_twice(ty, other, &format.value)?)))
        {
            let message = format!("`{other}` and `{}` read one text as two days", format.value);
            let help = "keep one of them: which was meant cannot be told from the text; where files differ, declare a table for each";
            let label = format!("such as {text}");
            diagnostics.push(
                Diagnostic::at(&format.span, message)
                    .label(label)
                    .help(help),
            );
        }
        formats.push(format.value.clone());
    }
    formats
}

/// Whether what the format writes can be read by it as the same value.
fn reads_back(ty: ColumnType, format: &str) -> Result<(), String> {
    // Each part has another value than the others and than its default, so a part that the format leaves out or swaps shows.
    let sample = civil::date(2017, 11, 25).at(13, 46, 0, 0);
    let same = write(ty, format, sample)
        .and_then(|text| read_text(ty, format, &text))
        .map(|read| match ty {
            ColumnType::Date => read.date() == sample.date(),
            _ => read == sample,
        });
    match same {
        Ok(true) => Ok(()),
        Ok(false) => Err("it reads another value than it writes".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// `value` as the format writes it.
fn write(ty: ColumnType, format: &str, value: DateTime) -> Result<String, jiff::Error> {
    match ty {
        ColumnType::Date => strtime::format(format, value.date()),
        _ => value
            .to_zoned(jiff::tz::TimeZone::UTC)
            .and_then(|zoned| strtime::format(format, &zoned)),
    }
}

/// What the format reads; a date at midnight.
fn read_text(ty: ColumnType, format: &str, text: &str) -> Result<DateTime, jiff::Error> {
    let read = strtime::parse(format, text)?;
    match ty {
        ColumnType::Date => read.to_date().map(DateTime::from),
        _ => read.to_datetime(),
    }
}

/// A text that both formats write and read, each as another value.
fn read_twice(ty: ColumnType, one: &str, other: &str) -> Option<String> {
    // Two years that differ in every digit pair, and all days that could also be months.
    let years = [2001, 2012].into_iter();
    let days = years.flat_map(|y| (1..=12).flat_map(move |m| (1..=12).map(move |d| (y, m, d))));
    days.map(|(y, m, d)| civil::date(y, m, d).at(3, 4, 0, 0))
        .find_map(|value| {
            let text = write(ty, one, value).ok()?;
            let meant = read_text(ty, one, &text).ok()?;
            let read = read_text(ty, other, &text).ok()?;
            // The reader of this crate is stricter than the parser here: what it would not write so it may not read.
            let strict = write(ty, other, read).is_ok_and(|written| written == text);
            (strict && read != meant).then_some(text)
        })
}
