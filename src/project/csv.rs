//! Strict RFC 4180 with the place of every field: code lists are the author's files, so each mistake in them needs its caret.

use std::{ops::Range, sync::Arc};

use crate::diagnostics::{Diagnostic, Source, Span};

/// Most records of one file.
const MAX_RECORDS: usize = 1_000_000;

/// A field with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub text: String,
    pub bytes: Range<usize>,
}

impl Field {
    pub fn span(&self, source: &Arc<Source>) -> Span {
        Span {
            source: source.clone(),
            bytes: self.bytes.clone(),
        }
    }
}

/// The records below a header that has to be exactly `header`, of which the last `optional` columns may be left out: their
/// fields are blank then. Records that cannot be read, or have another number of fields, are reported and left out.
pub fn records<const N: usize>(
    source: &Arc<Source>,
    header: [&str; N],
    optional: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<[Field; N]> {
    let mut at = if source.text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut records = Vec::new();
    let mut first = true;
    let mut width = N;
    while at < source.text.len() {
        let start = at;
        let mut fields = match record(&source.text, &mut at) {
            Ok(fields) => fields,
            Err((bytes, message)) => {
                let place = Span {
                    source: source.clone(),
                    bytes,
                };
                diagnostics.push(
                    Diagnostic::at(&place, message)
                        .help("quote the whole field, and write a quote inside it twice"),
                );
                return records;
            }
        };
        if first {
            first = false;
            width = fields.len();
            let said = fields.iter().map(|f| f.text.as_str());
            let least = N.saturating_sub(optional);
            if !(least..=N).contains(&width) || !said.eq(header.into_iter().take(width)) {
                let place = Span {
                    source: source.clone(),
                    bytes: start..at,
                };
                let found = Diagnostic::at(&place, "this is not the header");
                diagnostics.push(found.help(said_header(&header, optional)));
                return records;
            }
            continue;
        }
        if fields.len() == width {
            let blank = Field {
                text: String::new(),
                bytes: at..at,
            };
            fields.resize(N, blank);
        }
        match <[Field; N]>::try_from(fields) {
            Ok(fields) => records.push(fields),
            Err(fields) => {
                let place = Span {
                    source: source.clone(),
                    bytes: start..at,
                };
                let message = format!(
                    "this record has {} fields and the header {width}",
                    fields.len()
                );
                diagnostics
                    .push(Diagnostic::at(&place, message).help("quote a field that holds a comma"));
            }
        }
        if records.len() > MAX_RECORDS {
            let place = Span {
                source: source.clone(),
                bytes: start..at,
            };
            diagnostics.push(Diagnostic::at(
                &place,
                format!("the file has more than {MAX_RECORDS} records"),
            ));
            return records;
        }
    }
    if first {
        let place = Span {
            source: source.clone(),
            bytes: 0..0,
        };
        diagnostics
            .push(Diagnostic::at(&place, "the file is empty").help(said_header(&header, optional)));
    }
    records
}

fn said_header(header: &[&str], optional: usize) -> String {
    let (needed, may) = header.split_at(header.len().saturating_sub(optional));
    let needed = needed.join(",");
    match may {
        [] => format!("the header is {needed}"),
        may => format!(
            "the header is {needed}, and `,{}` behind it where that is said",
            may.join(",")
        ),
    }
}

/// The fields of the record at `at`, which moves behind its line break.
fn record(text: &str, at: &mut usize) -> Result<Vec<Field>, (Range<usize>, &'static str)> {
    let mut fields = Vec::new();
    loop {
        let field = field(text, *at)?;
        *at = field.bytes.end;
        fields.push(field);
        let rest = text.get(*at..).unwrap_or_default();
        if rest.starts_with(',') {
            *at += 1;
            continue;
        }
        *at += if rest.starts_with("\r\n") {
            2
        } else {
            usize::from(rest.starts_with('\n'))
        };
        return Ok(fields);
    }
}

fn field(text: &str, start: usize) -> Result<Field, (Range<usize>, &'static str)> {
    let rest = text.get(start..).unwrap_or_default();
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([',', '\n']).unwrap_or(rest.len());
        let content = rest.get(..end).unwrap_or_default();
        let content = if rest.as_bytes().get(end) == Some(&b'\n') {
            content.strip_suffix('\r').unwrap_or(content)
        } else {
            content
        };
        if let Some(quote) = content.find('"') {
            return Err((
                start + quote..start + quote + 1,
                "a quote stands inside a field that is not quoted",
            ));
        }
        return Ok(Field {
            text: content.to_owned(),
            bytes: start..start + content.len(),
        });
    };
    let mut content = String::new();
    let mut left = quoted;
    loop {
        let Some(quote) = left.find('"') else {
            return Err((start..start + 1, "this quote is never closed"));
        };
        content.push_str(left.get(..quote).unwrap_or_default());
        left = left.get(quote + 1..).unwrap_or_default();
        match left.strip_prefix('"') {
            Some(more) => {
                content.push('"');
                left = more;
            }
            None => break,
        }
    }
    let end = text.len() - left.len();
    if !(left.is_empty() || left.starts_with([',', '\n']) || left.starts_with("\r\n")) {
        return Err((end..end + 1, "something stands behind the closing quote"));
    }
    Ok(Field {
        text: content,
        bytes: start..end,
    })
}
