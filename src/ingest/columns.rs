//! Gathers one field of many records into a column of text, without an allocation per value.

use arrow::{
    array::StringArray,
    buffer::{Buffer, OffsetBuffer, ScalarBuffer},
    error::ArrowError,
};
use memchr::{memchr, memchr2};

use super::{
    records::Span,
    signs::{Custom, Signs},
};

/// A column that grows.
#[derive(Debug)]
pub(super) struct Column {
    values: Vec<u8>,
    ends: Vec<i32>,
}

/// Most values are short. Copying a fixed number of bytes and then counting only the value's own is one instruction,
/// where a copy of varying length is a call.
const SHORT: usize = 16;

impl Column {
    pub(super) fn with_capacity(rows: usize, bytes: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self {
            values: Vec::with_capacity(bytes),
            ends,
        }
    }

    /// Appends every `width`-th span of `text`, from the one at `position`.
    pub(super) fn append(
        &mut self,
        signs: Custom,
        text: &[u8],
        spans: &[Span],
        width: usize,
        position: usize,
    ) {
        let rows = || spans.iter().skip(position).step_by(width);
        // At most this: doubled quotes and escapes make a value shorter.
        let most: usize = rows().map(|span| span.end() - span.start()).sum();
        let mut at = self.values.len();
        self.values.resize(at + most + SHORT, 0);
        self.ends.reserve(spans.len() / width);
        let values = self.values.as_mut_slice();
        for span in rows() {
            let (start, end) = (span.start(), span.end());
            let length = end - start;
            if span.is_marked() {
                at = unmark(signs, text, *span, values, at);
            } else {
                match text.get(start..start + SHORT) {
                    Some(short) if length <= SHORT => values[at..at + SHORT].copy_from_slice(short),
                    _ => values[at..at + length].copy_from_slice(&text[start..end]),
                }
                at += length;
            }
            // A chunk, and so what a batch takes from it, is under 2 GiB.
            self.ends.push(at as i32);
        }
        self.values.truncate(at);
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> usize {
        self.values.len()
    }

    /// The column; that it is UTF-8 is checked once more.
    pub(super) fn finish(self) -> Result<StringArray, ArrowError> {
        let ends = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        StringArray::try_new(ends, Buffer::from_vec(self.values), None)
    }
}

/// Writes the field at `span` to `values` from `at`, one quote for two and nothing for an escape; returns where it ends.
fn unmark(signs: Custom, text: &[u8], span: Span, values: &mut [u8], mut at: usize) -> usize {
    let (quote, escape) = (signs.quote(), signs.escape());
    let quoted = span.is_quoted(text, signs);
    let mut rest = &text[span.start()..span.end()];
    loop {
        let mark = match (quoted, signs.escapes()) {
            (true, true) => memchr2(quote, escape, rest),
            (true, false) => memchr(quote, rest),
            (false, _) => memchr(escape, rest),
        };
        let Some(mark) = mark else { break };
        let doubled = quoted && rest[mark] == quote;
        // An escape with nothing behind it stands for itself.
        let kept = mark + usize::from(doubled || mark + 1 == rest.len());
        values[at..at + kept].copy_from_slice(&rest[..kept]);
        at += kept;
        if let Some(escaped) = rest.get(mark + 1).filter(|_| !doubled) {
            values[at] = *escaped;
            at += 1;
        }
        rest = rest.get(mark + 2..).unwrap_or_default();
    }
    values[at..at + rest.len()].copy_from_slice(rest);
    at + rest.len()
}

/// The text of one span.
pub(super) fn field(signs: Custom, text: &[u8], span: Span) -> Vec<u8> {
    let raw = &text[span.start()..span.end()];
    if !span.is_marked() {
        return raw.to_vec();
    }
    let mut value = vec![0; raw.len()];
    let end = unmark(signs, text, span, &mut value, 0);
    value.truncate(end);
    value
}
