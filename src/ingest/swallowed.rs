//! Records that may have swallowed others: a quote too many or too few makes text of whole rows, and the CSV stays valid.

use memchr::memchr_iter;

use super::signs::Signs;

/// So many lines no honest text of a field has.
const MOST_LINES: u64 = 100;
/// So many lines with the header's delimiters are no chance, if the header has [`WIDE`] columns.
const MANY: u64 = 3;
const WIDE: usize = 4;

/// A record over several lines that look like records of their own. It is read as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swallowed {
    /// Its row number.
    pub row: u64,
    /// The line on which it starts.
    pub line: u64,
    /// The lines that it spans.
    pub lines: u64,
    /// How many of them, the first left out, have the delimiters of a record.
    pub records: u64,
    /// Its bytes as delivered, without the line break at its end.
    pub raw: Vec<u8>,
}

/// How many lines of `raw` have the delimiters of a record of `width` fields, the first left out; `None` when `raw` is
/// nothing to wonder at.
///
/// A line counts as it stands, whatever its quotes. One such line is enough if it begins like the record itself, with a
/// reference, say; without that it takes several, since a note may hold delimiters.
pub(super) fn suspect(signs: impl Signs, raw: &[u8], width: usize, lines: u64) -> Option<u64> {
    let mut all = raw.split(|byte| *byte == b'\n');
    let first = shape(signs, all.next().unwrap_or_default());
    let mut records = 0;
    let mut alike = false;
    for line in all {
        if width > 1 && memchr_iter(signs.delimiter(), line).count() == width - 1 {
            records += 1;
            alike |= first.is_some() && shape(signs, line) == first;
        }
    }
    let several = records >= MANY && width >= WIDE;
    (alike || several || lines > MOST_LINES).then_some(records)
}

/// What the first field of a line looks like, runs of digits and of letters as one; `None` without a digit: words look alike.
fn shape(signs: impl Signs, line: &[u8]) -> Option<Vec<u8>> {
    let field = line.split(|byte| *byte == signs.delimiter()).next()?;
    let mut shape: Vec<u8> = Vec::new();
    for byte in field.iter().filter(|byte| **byte != signs.quote()) {
        let kind = match byte {
            b'0'..=b'9' => b'9',
            b'a'..=b'z' | b'A'..=b'Z' | 128.. => b'a',
            other => *other,
        };
        if shape.last() != Some(&kind) {
            shape.push(kind);
        }
    }
    shape.contains(&b'9').then_some(shape)
}
