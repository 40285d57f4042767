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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::{
        Source,
        yaml::{Entries, decode, parse},
    };

    /// The value of the only key of `text`.
    fn value(text: &str) -> At<String> {
        let source = Arc::new(Source {
            path: "t.yaml".into(),
            text: text.into(),
        });
        let mut diagnostics = Vec::new();
        let node = parse(&source, &mut diagnostics).expect("a tree");
        let read: Option<Entries<At<String>>> = decode(&node, &source, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        read.expect("a value").0.remove(0).1
    }

    #[test]
    fn places_lead_back_to_the_file() {
        // File, word to find in the decoded text, what stands in the file there, and where.
        let cases = [
            ("k: one two", "two", "two", "t.yaml:1:8"),
            ("k:  é two\n", "two", "two", "t.yaml:1:7"),
            ("k: one\n  two\n  three\n", "three", "three", "t.yaml:3:3"),
            ("k: 'it''s two'", "two", "two", "t.yaml:1:11"),
            ("k: 'it''s two'", "it's", "it''s", "t.yaml:1:5"),
            (
                "k: \"a \\\"b\\\" \\u0063d\"",
                "\"b\"",
                "\\\"b\\\"",
                "t.yaml:1:7",
            ),
            (
                "k: \"a \\\"b\\\" \\u0063d\"",
                "cd",
                "\\u0063d",
                "t.yaml:1:13",
            ),
            ("k: \"a\\n\\\n   b\\tc\"", "b", "b", "t.yaml:2:4"),
            (
                "k: |\n  a\n    b = c\n\n  d\n",
                "b = c",
                "b = c",
                "t.yaml:3:5",
            ),
            ("k: |\n  a\n    b = c\n\n  d\n", "d", "d", "t.yaml:5:3"),
            ("k: |\n\n  a\n  b\n", "b", "b", "t.yaml:4:3"),
            ("k: |\n  'a' = 'b'\n", "'b'", "'b'", "t.yaml:2:9"),
            ("k: |\n  \"a\" = \"b\"\n", "\"b\"", "\"b\"", "t.yaml:2:9"),
            ("k: >-\n  a\n  b\n\n  c\n", "c", "c", "t.yaml:5:3"),
            ("k: |2\n    x\n  y\n", "y", "y", "t.yaml:3:3"),
            ("k:\r\n  |\r\n  x\r\n  y z\r\n", "z", "z", "t.yaml:4:5"),
        ];
        for (text, word, stands, place) in cases {
            let at = value(text);
            let start = at.value.find(word).expect("the word");
            let by_bytes = span_of_bytes(&at, start..start + word.len());
            let before = &at.value[..start];
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            let by_place = span_in(&at, (line, column), (line, column + word.chars().count()));
            assert_eq!(by_place.bytes, by_bytes.bytes, "{text:?}");
            assert_eq!(&text[by_place.bytes.clone()], stands, "{text:?}");
            assert_eq!(format!("{by_place:?}"), place, "{text:?}");
        }
    }

    #[test]
    fn a_block_has_the_place_of_its_content() {
        let text = "k: |\n  a\n\n    b\n\n";
        assert_eq!(&text[value(text).span.bytes], "a\n\n    b");
    }

    #[test]
    fn places_outside_the_text_stay_inside_the_value() {
        let at = value("k: |\n  ab\n  cd\nl: x\n");
        for (start, end) in [
            ((9, 9), (9, 9)),
            ((0, 0), (0, 0)),
            ((2, 1), (1, 1)),
            ((1, 9), (7, 1)),
            ((1, 1), (1, 1)),
        ] {
            let span = span_in(&at, start, end);
            let inside =
                at.span.bytes.start <= span.bytes.start && span.bytes.end <= at.span.bytes.end;
            assert!(
                inside && !span.bytes.is_empty(),
                "{start:?} {end:?} {span:?}"
            );
        }
    }
}
