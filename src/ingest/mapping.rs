//! Where the declared columns stand in a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    Export, IngestError,
    header::{separated_by, separator},
};
use crate::tables::{Column, Table};

/// Where each declared column stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// For each declared column, its field, from 0; `None` where the file lacks it, and may.
    pub positions: Vec<Option<usize>>,
    /// Fields that nobody declared, in the file's order.
    pub extra: Vec<usize>,
    /// Columns that the file lacks, and may.
    pub missing: Vec<MissingColumn>,
}

/// All that keeps the declared columns from being found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderMismatch {
    /// Declared and not in the header, in declared order.
    pub missing: Vec<MissingColumn>,
    /// Declared and more than once in the header, in declared order.
    pub repeated: Vec<RepeatedColumn>,
    /// Columns without a name, from 1; only said when a declared column is missing.
    pub unnamed: Vec<usize>,
    /// No declared name was found at all: the first line may be data.
    pub no_header: bool,
    /// What seems to part the names, where that is no comma.
    pub separator: Option<char>,
}

/// A declared column that the header lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingColumn {
    /// Its declared name.
    pub column: String,
    /// The undeclared name of the header that is nearest, if one is near.
    pub similar: Option<String>,
}

/// A declared column that the header names more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedColumn {
    /// Its name.
    pub column: String,
    /// The columns that bear it, from 1.
    pub at: Vec<usize>,
    /// Their headers: its name, or aliases of it.
    pub headers: Vec<String>,
}

/// A column that a header should have.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// Its declared name.
    pub name: &'a str,
    /// The headers that it may stand under, its name among them.
    pub headers: Vec<&'a str>,
    /// Whether a file without it is refused.
    pub needed: bool,
}

impl<'a> From<&'a str> for Expected<'a> {
    fn from(name: &'a str) -> Self {
        let headers = vec![name];
        Self {
            name,
            headers,
            needed: true,
        }
    }
}

impl<'a> Expected<'a> {
    /// What each column of `table` reads, in declared order; a column that several read from stands there for each.
    pub fn of(table: &'a Table) -> Vec<Self> {
        let expected = |column: &'a Column| Self {
            name: column.name.as_str(),
            headers: column.headers().collect(),
            needed: table.needs(column),
        };
        table.read_columns().map(expected).collect()
    }
}

/// Finds each declared column by its name or one of its aliases, exactly as written; the order in the file does not matter.
pub fn map_header(export: &Export, declared: &[Expected<'_>]) -> Result<Mapping, IngestError> {
    let header = &export.header;
    let mut fields: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (field, name) in header.iter().enumerate() {
        fields.entry(name).or_default().push(field);
    }
    let known: BTreeSet<&str> = declared.iter().flat_map(|c| c.headers.clone()).collect();
    let extra: Vec<usize> = (0..header.len())
        .filter(|field| !known.contains(header[*field].as_str()))
        .collect();
    let new: Vec<&str> = extra.iter().map(|field| header[*field].as_str()).collect();
    let mut mismatch = HeaderMismatch {
        missing: Vec::new(),
        repeated: Vec::new(),
        unnamed: Vec::new(),
        no_header: false,
        separator: None,
    };
    let mut needed = false;
    let mut positions: Vec<Option<usize>> = Vec::with_capacity(declared.len());
    for (nth, column) in declared.iter().enumerate() {
        if let Some(first) = declared[..nth].iter().position(|c| c.name == column.name) {
            positions.push(positions[first]);
            continue;
        }
        let names = column.headers.iter();
        let mut at: Vec<usize> = names
            .filter_map(|name| fields.get(name))
            .flatten()
            .copied()
            .collect();
        at.sort_unstable();
        positions.push(at.first().copied());
        match at.len() {
            0 => {
                needed |= column.needed;
                mismatch.missing.push(MissingColumn {
                    column: column.name.to_owned(),
                    similar: similar(&column.headers, &new),
                });
            }
            1 => {}
            _ => mismatch.repeated.push(RepeatedColumn {
                column: column.name.to_owned(),
                headers: at.iter().map(|field| header[*field].clone()).collect(),
                at: at.iter().map(|field| field + 1).collect(),
            }),
        }
    }
    if !needed && mismatch.repeated.is_empty() {
        return Ok(Mapping {
            positions,
            extra,
            missing: mismatch.missing,
        });
    }
    if !mismatch.missing.is_empty() {
        mismatch.unnamed = (1..=header.len())
            .filter(|n| header[n - 1].is_empty())
            .collect();
    }
    mismatch.no_header = positions.iter().all(Option::is_none);
    if mismatch.no_header {
        let known: Vec<&str> = known.into_iter().collect();
        let delimiter = export.written.dialect.unwrap_or_default().delimiter;
        mismatch.separator = separator(header, char::from(delimiter), &known);
    }
    Err(IngestError::Header {
        file: export.file.clone(),
        line: export.header_line,
        mismatch,
    })
}

/// The nearest of `names` to any of `headers`, if one is near: first by spelling without case and punctuation.
fn similar(headers: &[&str], names: &[&str]) -> Option<String> {
    let plain = |name: &str| -> String {
        name.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let near = |header: &&str| {
        let wanted = plain(header);
        let length = wanted.chars().count();
        let distance = |name: &&str| strsim::damerau_levenshtein(&wanted, &plain(name));
        let all = names.iter().map(|name| (distance(name), *name));
        all.filter(|(distance, _)| *distance < length && *distance <= 1 + length / 4)
            .min()
    };
    let nearest = headers.iter().filter_map(near).min();
    nearest.map(|(_, name)| name.to_owned())
}

impl MissingColumn {
    /// What the author of the table file may write, where a header is near.
    pub fn alias(&self) -> Option<String> {
        // A text of JSON is one of YAML.
        let header = serde_json::Value::from(self.similar.as_deref()?);
        Some(format!("aliases: [{header}]"))
    }
}

impl fmt::Display for HeaderMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|missing| {
            let column = &missing.column;
            match (&missing.similar, missing.alias()) {
                (Some(similar), Some(alias)) => format!(
                    "`{column}` (did you mean `{similar}`? if so, write `{alias}` under `{column}`)"
                ),
                _ => format!("`{column}`"),
            }
        });
        let repeated = self.repeated.iter().map(|repeated| {
            let column = &repeated.column;
            let place = |(at, header): (&usize, &String)| match header == column {
                true => at.to_string(),
                false => format!("{at} `{header}`"),
            };
            let places: Vec<String> = repeated
                .at
                .iter()
                .zip(&repeated.headers)
                .map(place)
                .collect();
            format!("`{column}` (columns {})", places.join(", "))
        });
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!(
                "missing: {}",
                missing.collect::<Vec<_>>().join(", ")
            ));
        }
        if !self.repeated.is_empty() {
            parts.push(format!(
                "more than once: {}",
                repeated.collect::<Vec<_>>().join(", ")
            ));
        }
        if !self.unnamed.is_empty() {
            parts.push(format!("without a name: columns {}", list(&self.unnamed)));
        }
        write!(
            f,
            "the header does not fit the declared columns; {}; ",
            parts.join("; ")
        )?;
        if let Some(separator) = self.separator {
            return f.write_str(&separated_by(separator));
        }
        f.write_str(if self.no_header {
            "no declared name was found at all, so it looks like the file has no header: export it with one"
        } else {
            "correct the header, or the columns that the table declares"
        })
    }
}

fn list(numbers: &[usize]) -> String {
    numbers
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
