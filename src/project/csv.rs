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

/// The records below a header that has to be exactly `header`. Records that cannot be read, or have another number of fields, are reported and left out.
pub fn records<const N: usize>(
    source: &Arc<Source>,
    header: [&str; N],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<[Field; N]> {
    let mut at = if source.text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut records = Vec::new();
    let mut first = true;
    while at < source.text.len() {
        let start = at;
        let fields = match record(&source.text, &mut at) {
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
            if !fields.iter().map(|f| f.text.as_str()).eq(header) {
                let place = Span {
                    source: source.clone(),
                    bytes: start..at,
                };
                diagnostics.push(
                    Diagnostic::at(&place, "this is not the header")
                        .help(format!("the header is {}", header.join(","))),
                );
                return records;
            }
            continue;
        }
        match <[Field; N]>::try_from(fields) {
            Ok(fields) => records.push(fields),
            Err(fields) => {
                let place = Span {
                    source: source.clone(),
                    bytes: start..at,
                };
                let message = format!("this record has {} fields and the header {N}", fields.len());
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
        diagnostics.push(
            Diagnostic::at(&place, "the file is empty")
                .help(format!("its first line is {}", header.join(","))),
        );
    }
    records
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
