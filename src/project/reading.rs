//! How a table's files are written, checked.

use super::table_file::{MAX_FOOTERS, SourceFile};
use crate::{
    diagnostics::{At, Diagnostic, yaml::Tried},
    tables::{FilePattern, Format, NoPattern, Quote, Reading},
};

/// What `source` says of how its files are written.
pub fn read(source: SourceFile, diagnostics: &mut Vec<Diagnostic>) -> Reading {
    let format = source.format.and_then(|said| said.0);
    let mut byte = |said: &Option<Tried<At<String>>>, what| {
        let said = said.as_ref().and_then(|said| said.0.as_ref())?;
        let byte = one_byte(&said.value);
        if byte.is_none() {
            let message = format!("`{}` cannot be the {what} of CSV", said.value);
            let help =
                "write one character of ASCII that is neither a letter, a digit nor a line break";
            diagnostics.push(Diagnostic::at(&said.span, message).help(help));
        }
        byte
    };
    let delimiter = byte(&source.delimiter, "delimiter");
    let escape = byte(&source.escape, "escape");
    let quote = match source.quote.as_ref().and_then(|said| said.0.as_ref()) {
        Some(said) if said.value.is_empty() => Some(Quote::Nothing),
        _ => byte(&source.quote, "quote").map(Quote::Byte),
    };
    let of_quote = match quote {
        Some(Quote::Byte(byte)) => Some(byte),
        _ => None,
    };
    if delimiter.is_some() && [of_quote, escape].contains(&delimiter)
        || escape.is_some() && escape == of_quote
    {
        let at = [&source.escape, &source.quote, &source.delimiter];
        let at = at.into_iter().flatten().find_map(|said| said.0.as_ref());
        let message = "the delimiter, the quote and the escape of CSV have to differ";
        let help = "a quote that is doubled inside quotes needs no `escape`";
        diagnostics.extend(at.map(|at| Diagnostic::at(&at.span, message).help(help)));
    }
    let header_row = source.header_row.and_then(|said| said.0);
    if let Some(row) = header_row.as_ref().filter(|row| row.value == 0) {
        let message = "lines and rows are counted from 1";
        diagnostics.push(Diagnostic::at(&row.span, message));
    }
    let footer = source.footer.0.unwrap_or_default();
    for text in footer.iter().filter(|text| text.value.trim().is_empty()) {
        let message = "a blank footer would be every row that begins with a blank cell";
        diagnostics
            .push(Diagnostic::at(&text.span, message).help("write the text that it begins with"));
    }
    if let Some(more) = footer.get(MAX_FOOTERS) {
        let message = format!("`footer` lists more than {MAX_FOOTERS}");
        diagnostics.push(Diagnostic::at(&more.span, message));
    }
    let sheet = source.sheet.and_then(|said| said.0).and_then(|said| {
        let pattern = FilePattern::new(&said.value);
        let pattern = pattern.and_then(|pattern| match pattern.depth() {
            1 => Ok(pattern),
            _ => Err(NoPattern {
                problem: "a sheet has no `/` in its name",
                help: "write the name on the sheet\u{2019}s tab; `*` stands for any text",
            }),
        });
        let wrong = |NoPattern { problem, help }| {
            let message = format!("`{}` names no sheet: {problem}", said.value);
            diagnostics.push(Diagnostic::at(&said.span, message).help(help));
        };
        pattern.map_err(wrong).ok()
    });
    let is_text = matches!(format, None | Some(Format::Csv));
    if !is_text {
        let only_csv = [&source.delimiter, &source.quote, &source.escape];
        for said in only_csv
            .into_iter()
            .flatten()
            .filter_map(|said| said.0.as_ref())
        {
            let message = "only CSV has a delimiter, a quote and an escape";
            diagnostics.push(
                Diagnostic::at(&said.span, message).help("remove it, or write `format: csv`"),
            );
        }
    }
    Reading {
        format,
        encoding: source.encoding.and_then(|said| said.0),
        delimiter,
        quote,
        escape,
        header_row: header_row.map(|row| row.value).filter(|row| *row > 0),
        footer: footer.into_iter().map(|text| text.value).collect(),
        sheet,
    }
}

fn one_byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [byte @ (b'\t' | b' '..=b'~')] if !byte.is_ascii_alphanumeric() => Some(*byte),
        _ => None,
    }
}
