//! Text repairs and missing marks.

use std::borrow::Cow;

use arrow::{
    array::{Array, Int8Array, StringArray, StringBuilder},
    buffer::{BooleanBuffer, NullBuffer},
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

/// Cleans a column; the very same array comes back when nothing changes.
pub(super) fn clean_column(raw: &StringArray, clean: &[Clean]) -> StringArray {
    let first = (0..raw.len()).find(|i| changes(raw.value(*i), clean));
    let Some(first) = first else {
        return raw.clone();
    };
    let mut builder = StringBuilder::with_capacity(raw.len(), raw.value_data().len());
    for at in 0..raw.len() {
        if at < first {
            builder.append_value(raw.value(at));
        } else {
            builder.append_value(cleaned(raw.value(at), clean));
        }
    }
    builder.finish()
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
    let present: BooleanBuffer = offsets.windows(2).map(|w| w[0] != w[1]).collect();
    let nulls = NullBuffer::from(present);
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    StringArray::new(clean.offsets().clone(), clean.values().clone(), nulls)
}

/// Whether cleaning may change `text`; a cheap look at its bytes that is right for plain text.
fn changes(text: &str, clean: &[Clean]) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    clean.iter().any(|step| match step {
        Clean::Trim => plain_edge(*first) || plain_edge(*last),
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
                clean_column(&column, &both).value(0),
                want,
                "column {raw:?}"
            );
        }
    }

    #[test]
    fn untouched_columns_are_shared() {
        let column = StringArray::from(vec!["a", "", "b c"]);
        let clean = clean_column(&column, &[Clean::Trim, Clean::Squeeze]);
        assert!(std::ptr::eq(
            clean.value_data().as_ptr(),
            column.value_data().as_ptr()
        ));
        let present = without_blanks(&clean);
        assert_eq!(present.null_count(), 1);
        assert!(present.is_null(1));
    }

    #[test]
    fn missing_kinds() {
        let column = StringArray::from(vec!["", "N/K", "x"]);
        let marks = missing_status(&column, &[("N/K".to_owned(), Missing::Unknown)]);
        assert_eq!(marks.values().as_ref(), &[1, 2, 0]);
    }
}
