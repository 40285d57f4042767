//! The header: its names, and where the declared columns stand.

use std::{collections::BTreeSet, fmt};

use super::{
    Export, Foreign, IngestError, Limits,
    columns::field,
    records::{Ends, Flaw, Record, Records, Span},
    signs::Custom,
    sniff::Top,
};

/// What parts columns in exports, mostly.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// Where each declared column stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// For each declared column, its field, from 0.
    pub positions: Vec<usize>,
    /// Names in the header that nobody declared, in the file's order; a column without a name is `""`.
    pub extra: Vec<String>,
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
    /// What seems to part the names, where that is not the delimiter.
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
}

/// Finds each declared column by its name, exactly as written; the order in the file does not matter. A name that several
/// columns are read from stands in `declared` for each.
pub fn map_header(export: &Export, declared: &[&str]) -> Result<Mapping, IngestError> {
    let header = &export.header;
    let extra: Vec<&str> = header
        .iter()
        .map(String::as_str)
        .filter(|name| !declared.contains(name))
        .collect();
    let mut mismatch = HeaderMismatch {
        missing: Vec::new(),
        repeated: Vec::new(),
        unnamed: Vec::new(),
        no_header: false,
        separator: None,
    };
    let mut positions = Vec::with_capacity(declared.len());
    for (nth, &column) in declared.iter().enumerate() {
        if let Some(first) = declared[..nth].iter().position(|other| *other == column) {
            positions.extend(positions.get(first).copied());
            continue;
        }
        let mut at = (0..header.len()).filter(|n| header[*n] == column);
        match (at.next(), at.next()) {
            (None, _) => mismatch.missing.push(MissingColumn {
                column: column.to_owned(),
                similar: similar(column, &extra),
            }),
            (Some(position), None) => positions.push(position),
            (Some(first), Some(second)) => mismatch.repeated.push(RepeatedColumn {
                column: column.to_owned(),
                at: [first, second]
                    .into_iter()
                    .chain(at)
                    .map(|n| n + 1)
                    .collect(),
            }),
        }
    }
    if mismatch.missing.is_empty() && mismatch.repeated.is_empty() {
        return Ok(Mapping {
            positions,
            extra: extra.into_iter().map(str::to_owned).collect(),
        });
    }
    if !mismatch.missing.is_empty() {
        mismatch.unnamed = (1..=header.len())
            .filter(|n| header[n - 1].is_empty())
            .collect();
    }
    let distinct: BTreeSet<&str> = declared.iter().copied().collect();
    mismatch.no_header = mismatch.missing.len() == distinct.len();
    if mismatch.no_header {
        let delimiter = export.written.dialect.unwrap_or_default().delimiter;
        mismatch.separator = separator(header, char::from(delimiter), declared);
    }
    Err(IngestError::Header {
        file: export.file.clone(),
        line: export.header_line,
        mismatch,
    })
}

/// What to do about a file whose names something else than its delimiter parts.
pub fn separated_by(separator: char) -> String {
    let (by, written) = match separator {
        '\t' => ("tabs".to_owned(), "\\t".to_owned()),
        other => (format!("`{other}`"), other.to_string()),
    };
    format!(
        "the names are separated by {by}: write `delimiter: \"{written}\"` in the table\u{2019}s `source`"
    )
}

/// What seems to part the names of a header that has one column.
pub fn other_separator(header: &[String]) -> Option<char> {
    let [only] = header else { return None };
    SEPARATORS
        .into_iter()
        .find(|separator| *separator != ',' && only.contains(*separator))
}

/// The separator, if not the delimiter, between whose places declared names stand.
fn separator(header: &[String], delimiter: char, declared: &[&str]) -> Option<char> {
    let line = header.join(&delimiter.to_string());
    SEPARATORS.into_iter().find(|separator| {
        let mut names = line.split(*separator);
        *separator != delimiter
            && line.contains(*separator)
            && names.any(|name| declared.contains(&name.trim().trim_matches('"')))
    })
}

/// The nearest of `names` to `column`, if one is near: first by spelling without case and punctuation.
fn similar(column: &str, names: &[&str]) -> Option<String> {
    let plain = |name: &str| -> String {
        name.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = plain(column);
    let length = wanted.chars().count();
    names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&wanted, &plain(name)), *name))
        .filter(|(distance, _)| *distance < length && *distance <= 1 + length / 4)
        .min()
        .map(|(_, name)| name.to_owned())
}

impl fmt::Display for HeaderMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|missing| match &missing.similar {
            Some(similar) => format!("`{}` (did you mean `{similar}`?)", missing.column),
            None => format!("`{}`", missing.column),
        });
        let repeated = self
            .repeated
            .iter()
            .map(|repeated| format!("`{}` (columns {})", repeated.column, list(&repeated.at)));
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

/// A header that was read.
#[derive(Debug)]
pub(super) struct Header {
    pub names: Vec<String>,
    /// Its line.
    pub line: u64,
    /// Where the first byte after it stands in the file.
    pub next: usize,
    /// The line of that byte.
    pub next_line: u64,
}

/// The header of a file, whose beginning `head` is known and begins as `top` says; `None` asks for more of it.
pub(super) fn read(
    file: &str,
    head: &[u8],
    whole: bool,
    limits: &Limits,
    top: &Top,
) -> Result<Option<Header>, IngestError> {
    let file = || file.to_owned();
    let signs = Custom::of(&top.dialect);
    let limit = top.limit;
    // What lies beyond the limit may not count, however much of the file is known.
    let known = head
        .get(top.start..head.len().min(limit))
        .unwrap_or_default();
    // A header has at most one column more than bytes, whatever the limit.
    let mut spans = vec![Span::default(); limits.columns.min(known.len() + 1)];
    let record = Records::new(top.line).next(signs, known, &mut spans);
    let complete = match &record {
        Some(record) => record.ends == Ends::Line || (whole && head.len() <= limit),
        None => whole && head.len() <= limit,
    };
    if !complete && head.len() <= limit && !whole {
        return Ok(None);
    }
    let Some(record) = record else {
        return Err(if complete {
            IngestError::Empty { file: file() }
        } else {
            too_long(file(), top.line, limits, None)
        });
    };
    let Record { line, ends, .. } = record;
    if memchr::memchr(0, &known[record.start..record.end]).is_some() {
        return Err(IngestError::Foreign {
            file: file(),
            format: Foreign::Utf16,
        });
    }
    match (record.flaw, ends) {
        (Some(Flaw::CarriageReturn), _) => {
            return Err(IngestError::CarriageReturns { file: file(), line });
        }
        (Some(Flaw::TextAfterQuote), _) => {
            return Err(IngestError::HeaderQuote { file: file(), line });
        }
        (None, Ends::Quoted(quote)) if complete => {
            return Err(IngestError::UnclosedQuote {
                file: file(),
                line: quote,
            });
        }
        (None, Ends::Quoted(quote)) => return Err(too_long(file(), line, limits, Some(quote))),
        (None, Ends::Text) if !complete => return Err(too_long(file(), line, limits, None)),
        (None, Ends::Text | Ends::Line) => {}
    }
    if record.fields > limits.columns {
        return Err(IngestError::TooManyColumns {
            file: file(),
            line,
            found: record.fields,
            limit: limits.columns,
        });
    }
    if let Err(error) = std::str::from_utf8(&known[record.start..record.end]) {
        return Err(IngestError::HeaderEncoding {
            file: file(),
            line,
            byte: error.valid_up_to() + 1,
        });
    }
    let names = spans[..record.fields]
        .iter()
        .map(|span| {
            String::from_utf8_lossy(&field(signs, known, *span))
                .trim()
                .to_owned()
        })
        .collect();
    let lines = memchr::memchr_iter(b'\n', &known[..record.next]).count() as u64;
    Ok(Some(Header {
        names,
        line,
        next: top.start + record.next,
        next_line: top.line + lines,
    }))
}

fn too_long(file: String, line: u64, limits: &Limits, quote: Option<u64>) -> IngestError {
    IngestError::HeaderTooLong {
        file,
        line,
        limit: limits.header_bytes,
        quote,
    }
}
