//! From a place inside a decoded text back to the file, through the indentation, quotes and escapes that YAML removed.

use std::ops::Range;

use crate::diagnostics::{At, Span};

/// The place in the file of the stretch of `at.value` from `start` to before `end`, each a line and a column from 1, in characters, as SQL planners count.
///
/// Places outside the text give the nearest inside it; an empty stretch gives the character at its start.
pub fn span_in(at: &At<String>, start: (usize, usize), end: (usize, usize)) -> Span {
    span_of_bytes(at, offset(&at.value, start)..offset(&at.value, end))
}

/// Like [`span_in`], for a byte range of `at.value`.
pub fn span_of_bytes(at: &At<String>, bytes: Range<usize>) -> Span {
    let raw = at
        .span
        .source
        .text
        .get(at.span.bytes.clone())
        .unwrap_or_default();
    let letters = letters(raw, &at.value);
    // Both texts hold the same letters in the same order; only the white space between them differs.
    let before = |to: usize| {
        let head = at.value.get(..to).unwrap_or(&at.value);
        head.chars().filter(|c| !c.is_whitespace()).count()
    };
    let from = before(bytes.start);
    let to = before(bytes.end.max(bytes.start));
    let first = letters
        .get(from)
        .or(letters.last())
        .cloned()
        .unwrap_or(0..raw.len());
    let last = match to.checked_sub(1).and_then(|last| letters.get(last)) {
        Some(last) if to > from => last.clone(),
        _ => first.clone(),
    };
    let base = at.span.bytes.start;
    Span {
        source: at.span.source.clone(),
        bytes: base + first.start..base + last.end,
    }
}

fn offset(text: &str, (line, column): (usize, usize)) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let line = text.get(start..).unwrap_or_default();
    let line = line.split('\n').next().unwrap_or_default();
    let inside = line
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    start + inside
}

/// The byte range in `raw` of each character of `value` that is no white space.
fn letters(raw: &str, value: &str) -> Vec<Range<usize>> {
    let wanted = value.chars().filter(|c| !c.is_whitespace());
    for style in [Style::Verbatim, Style::Single, Style::Double] {
        let found = units(raw, style);
        if found.iter().map(|(c, _)| *c).eq(wanted.clone()) {
            return found.into_iter().map(|(_, bytes)| bytes).collect();
        }
    }
    Vec::new()
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Verbatim,
    Single,
    Double,
}

/// The characters that `raw` stands for in a style, white space left out.
fn units(raw: &str, style: Style) -> Vec<(char, Range<usize>)> {
    let mut units = Vec::new();
    let end = if style == Style::Verbatim {
        raw.len()
    } else {
        raw.len().saturating_sub(1)
    };
    let mut at = usize::from(style != Style::Verbatim);
    while let Some(rest) = raw.get(at..end).filter(|rest| !rest.is_empty()) {
        let (unit, wide) = match style {
            Style::Single if rest.starts_with("''") => (Some('\''), 2),
            Style::Double if rest.starts_with('\\') => escape(rest),
            _ => rest
                .chars()
                .next()
                .map_or((None, 1), |c| (Some(c), c.len_utf8())),
        };
        if let Some(unit) = unit.filter(|c| !c.is_whitespace()) {
            units.push((unit, at..at + wide));
        }
        at += wide;
    }
    units
}

/// What an escape at the start of `rest` stands for, and its width; `None` for a line break that it removes.
fn escape(rest: &str) -> (Option<char>, usize) {
    let hex = |digits: usize| {
        let code = rest
            .get(2..2 + digits)
            .and_then(|d| u32::from_str_radix(d, 16).ok());
        (code.and_then(char::from_u32), 2 + digits)
    };
    match rest.chars().nth(1) {
        Some('x') => hex(2),
        Some('u') => hex(4),
        Some('U') => hex(8),
        Some('0') => (Some('\0'), 2),
        Some('a') => (Some('\u{7}'), 2),
        Some('b') => (Some('\u{8}'), 2),
        Some('e') => (Some('\u{1b}'), 2),
        Some('t' | 'n' | 'v' | 'f' | 'r' | 'N' | '_' | 'L' | 'P' | ' ' | '\t' | '\n' | '\r') => {
            (None, 2)
        }
        Some(c) => (Some(c), 1 + c.len_utf8()),
        None => (None, 1),
    }
}
