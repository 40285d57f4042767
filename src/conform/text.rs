//! Text repairs and missing marks.

use std::{borrow::Cow, ops::Range};

use arrow::{
    array::{Array, Int8Array, StringArray},
    buffer::{BooleanBuffer, NullBuffer, OffsetBuffer},
};

use super::present_or;
use crate::tables::{Clean, Missing};

/// `text` after the repairs `clean`.
pub fn cleaned<'t>(text: &'t str, clean: &[Clean]) -> Cow<'t, str> {
    let mut now = Cow::Borrowed(text);
    for step in clean {
        now = match step {
            Clean::Trim => trim(now),
            Clean::Squeeze => squeeze(now),
            Clean::Upper => Cow::Owned(now.to_uppercase()),
            Clean::Lower => Cow::Owned(now.to_lowercase()),
        };
    }
    now
}

/// Cleans a column, and says which cells that changed; the very same array comes back when none did.
pub(super) fn clean_column(raw: &StringArray, clean: &[Clean]) -> (StringArray, Vec<usize>) {
    let mut repaired: Vec<(usize, String)> = Vec::new();
    let plain_inside = is_plain(&raw.value_data()[span(raw.value_offsets())]);
    for at in 0..raw.len() {
        let text = raw.value(at);
        if changes(text, clean, plain_inside) {
            let after = cleaned(text, clean);
            if after != text {
                repaired.push((at, after.into_owned()));
            }
        }
    }
    let cells = repaired.iter().map(|(at, _)| *at).collect();
    (with_cells(raw, &repaired), cells)
}

/// `column`, which has no nulls, with other text in some cells; what stands between them is copied as a whole.
fn with_cells(column: &StringArray, cells: &[(usize, String)]) -> StringArray {
    if cells.is_empty() {
        return column.clone();
    }
    let (offsets, bytes) = (column.value_offsets(), column.value_data());
    let longer: usize = cells.iter().map(|(_, text)| text.len()).sum();
    let mut values: Vec<u8> = Vec::with_capacity(bytes.len() + longer);
    let mut lengths: Vec<usize> = Vec::with_capacity(column.len());
    let mut next = 0;
    for (at, text) in cells {
        let between = &offsets[next..=*at];
        values.extend_from_slice(&bytes[span(between)]);
        lengths.extend(between.windows(2).map(|w| span(w).len()));
        values.extend_from_slice(text.as_bytes());
        lengths.push(text.len());
        next = at + 1;
    }
    let rest = &offsets[next..];
    values.extend_from_slice(&bytes[span(rest)]);
    lengths.extend(rest.windows(2).map(|w| span(w).len()));
    StringArray::new(OffsetBuffer::from_lengths(lengths), values.into(), None)
}

/// The bytes of the cells whose offsets these are.
fn span(offsets: &[i32]) -> Range<usize> {
    let place = |offset: Option<&i32>| offset.map_or(0, |at| *at as usize);
    place(offsets.first())..place(offsets.last())
}

/// Missing marks: blank cells are not recorded, `tokens` what they say.
pub(super) fn missing_status(clean: &StringArray, tokens: &[(String, Missing)]) -> Int8Array {
    let status = |text: &str| {
        if text.is_empty() {
            Missing::NotRecorded.number()
        } else if tokens.is_empty() {
            0
        } else {
            present_or(
                tokens
                    .iter()
                    .find(|(token, _)| token == text)
                    .map(|(_, kind)| *kind),
            )
        }
    };
    let marks: Vec<i8> = (0..clean.len()).map(|at| status(clean.value(at))).collect();
    Int8Array::from(marks)
}

/// The same texts, blank ones null; shares the buffers.
pub(super) fn without_blanks(clean: &StringArray) -> StringArray {
    let offsets = clean.value_offsets();
    with_present(clean, offsets.windows(2).map(|w| w[0] != w[1]).collect())
}

/// The same texts, those that mean missing null; shares the buffers.
pub(super) fn without_missing(clean: &StringArray, missing: &Int8Array) -> StringArray {
    with_present(
        clean,
        missing.values().iter().map(|mark| *mark == 0).collect(),
    )
}

fn with_present(clean: &StringArray, present: BooleanBuffer) -> StringArray {
    let nulls = NullBuffer::from(present);
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    StringArray::new(clean.offsets().clone(), clean.values().clone(), nulls)
}

/// Whether the bytes of a whole column hold nothing that `squeeze` may change; one pass that the compiler makes wide.
fn is_plain(bytes: &[u8]) -> bool {
    let strange = bytes.iter().fold(false, |found, b| {
        found | b.is_ascii_control() | !b.is_ascii()
    });
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let runs = pairs.fold(false, |found, (a, b)| found | ((*a == b' ') & (*b == b' ')));
    !(strange | runs)
}

/// Whether cleaning may change `text`; a cheap look at its bytes that is right for plain text.
fn changes(text: &str, clean: &[Clean], plain_inside: bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    clean.iter().any(|step| match step {
        Clean::Trim => plain_edge(*first) || plain_edge(*last),
        Clean::Squeeze if plain_inside => false,
        Clean::Squeeze => {
            let mut before = 0_u8;
            bytes.iter().any(|b| {
                let run = (*b == b' ' && before == b' ') || (b.is_ascii_control()) || !b.is_ascii();
                before = *b;
                run
            })
        }
        Clean::Upper | Clean::Lower => true,
    })
}

fn plain_edge(byte: u8) -> bool {
    byte <= b' ' || !byte.is_ascii()
}

/// White space in the wide sense: also no-break and zero-width spaces and the byte order mark.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(t) => Cow::Borrowed(t.trim_matches(is_space)),
        Cow::Owned(t) => Cow::Owned(t.trim_matches(is_space).to_owned()),
    }
}

fn squeeze(text: Cow<'_, str>) -> Cow<'_, str> {
    let needs = text
        .chars()
        .try_fold(false, |after_space, c| {
            let space = is_space(c);
            if space && (after_space || c != ' ') {
                None
            } else {
                Some(space)
            }
        })
        .is_none();
    if !needs {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut after_space = false;
    for c in text.chars() {
        let space = is_space(c);
        if !space {
            out.push(c);
        } else if !after_space {
            out.push(' ');
        }
        after_space = space;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_white_space() {
        let both = [Clean::Trim, Clean::Squeeze];
        for (raw, want) in [
            ("", ""),
            ("plain", "plain"),
            (" a ", "a"),
            ("\u{a0}a\u{a0}", "a"),
            ("a  b", "a b"),
            ("a\u{a0}b", "a b"),
            ("a\tb\r\nc", "a b c"),
            ("\u{feff}a", "a"),
            ("é", "é"),
            ("a\u{200b}", "a"),
        ] {
            assert_eq!(cleaned(raw, &both), want, "{raw:?}");
            let column = StringArray::from(vec![raw]);
            assert_eq!(
                clean_column(&column, &both).0.value(0),
                want,
                "column {raw:?}"
            );
        }
    }

    #[test]
    fn untouched_columns_are_shared() {
        let column = StringArray::from(vec!["a", "", "b c"]);
        let (clean, cells) = clean_column(&column, &[Clean::Trim, Clean::Squeeze]);
        assert!(cells.is_empty());
        assert!(std::ptr::eq(
            clean.value_data().as_ptr(),
            column.value_data().as_ptr()
        ));
        let present = without_blanks(&clean);
        assert_eq!(present.null_count(), 1);
        assert!(present.is_null(1));
    }

    #[test]
    fn repaired_cells_stand_between_the_others() {
        for (raw, want, cells) in [
            (vec![" a", "b", "c "], vec!["a", "b", "c"], vec![0, 2]),
            (vec!["a", " ", "", "d"], vec!["a", "", "", "d"], vec![1]),
            (vec!["é", "b  c"], vec!["é", "b c"], vec![1]),
        ] {
            let column = StringArray::from(raw.clone());
            let sliced = StringArray::from([vec!["x"], raw].concat()).slice(1, column.len());
            for column in [column, sliced] {
                let (clean, repaired) = clean_column(&column, &[Clean::Trim, Clean::Squeeze]);
                assert_eq!(clean.iter().flatten().collect::<Vec<_>>(), want);
                assert_eq!(repaired, cells);
            }
        }
    }

    #[test]
    fn missing_kinds() {
        let column = StringArray::from(vec!["", "N/K", "x"]);
        let marks = missing_status(&column, &[("N/K".to_owned(), Missing::Unknown)]);
        assert_eq!(marks.values().as_ref(), &[1, 2, 0]);
        let read = without_missing(&column, &marks);
        let read: Vec<_> = read.iter().collect();
        assert_eq!(read, [None, None, Some("x")]);
    }
}
