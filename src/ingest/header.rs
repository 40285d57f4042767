//! The header: its names.

use super::{
    Foreign, IngestError, Limits,
    columns::field,
    records::{Ends, Flaw, Record, Records, Span},
    signs::Custom,
    sniff::Top,
};

/// What parts columns in exports, mostly.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

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
pub(super) fn separator(header: &[String], delimiter: char, declared: &[&str]) -> Option<char> {
    let line = header.join(&delimiter.to_string());
    SEPARATORS.into_iter().find(|separator| {
        let mut names = line.split(*separator);
        *separator != delimiter
            && line.contains(*separator)
            && names.any(|name| declared.contains(&name.trim().trim_matches('"')))
    })
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
