//! Parts a text into records and fields, by the rules that `mod.rs` states.

use memchr::{memchr, memchr_iter, memchr2};

use super::{marks::Marks, signs::Signs};

/// Goes from record to record; the text and its signs are handed in at each step and are the same every time.
#[derive(Debug)]
pub(super) struct Records {
    marks: Marks,
    at: usize,
    line: u64,
}

/// One record; places are bytes of the text.
#[derive(Debug)]
pub(super) struct Record {
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte, the line break not counted.
    pub end: usize,
    /// Behind its line break.
    pub next: usize,
    /// The line of its first byte.
    pub line: u64,
    /// The lines that it stands on.
    pub lines: u64,
    /// How many fields it has, which may be more than were kept.
    pub fields: usize,
    /// Why its fields cannot be trusted.
    pub flaw: Option<Flaw>,
    /// How it ends.
    pub ends: Ends,
}

/// How a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// With a line break.
    Line,
    /// With the text.
    Text,
    /// With the text, inside the quotes that opened on this line.
    Quoted(u64),
}

/// Why a record's fields cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Neither delimiter nor line break after a closing quote.
    TextAfterQuote,
    /// Outside quotes, and no line feed after it: text, or the end of a record?
    CarriageReturn,
}

/// A field: its bytes without the quotes around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    /// The highest bit says that it does not stand for itself: quotes inside are doubled, or something is escaped.
    end: u32,
}

impl Span {
    const MARKED: u32 = 1 << 31;
    /// The longest text whose fields it can describe.
    pub(super) const MOST: usize = (1 << 31) - 1;

    #[inline(always)]
    fn new(start: usize, end: usize, marked: u32) -> Self {
        debug_assert!(start <= end && end <= Self::MOST);
        Self {
            start: start as u32,
            end: end as u32 | marked,
        }
    }

    #[inline(always)]
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    #[inline(always)]
    pub(super) fn end(self) -> usize {
        (self.end & !Self::MARKED) as usize
    }

    #[inline(always)]
    pub(super) fn is_marked(self) -> bool {
        self.end & Self::MARKED != 0
    }

    /// Whether it stands in quotes: before any other field stand a delimiter, a line break or nothing.
    pub(super) fn is_quoted(self, text: &[u8], signs: impl Signs) -> bool {
        let before = self.start().checked_sub(1).and_then(|at| text.get(at));
        signs.quote() != b'\n' && before == Some(&signs.quote())
    }
}

impl Records {
    /// Starts at the first byte of a text, which stands on `line`.
    pub(super) fn new(line: u64) -> Self {
        Self {
            marks: Marks::default(),
            at: 0,
            line,
        }
    }

    /// The next record and, in `spans`, as many of its fields as fit; blank lines are passed over.
    #[inline(always)]
    pub(super) fn next<S: Signs>(
        &mut self,
        signs: S,
        text: &[u8],
        spans: &mut [Span],
    ) -> Option<Record> {
        let mut record = Record {
            start: self.at,
            end: text.len(),
            next: text.len(),
            line: self.line,
            lines: 1,
            fields: 0,
            flaw: None,
            ends: Ends::Text,
        };
        // A copy, so that the places at hand stay in registers.
        let mut marks = self.marks.clone();
        let mut field = self.at;
        let mut quoted: Option<Span> = None;
        // Behind the last escaped byte of the record, and whether the field has one outside quotes.
        let mut behind = 0;
        let mut marked = 0;
        while let Some(place) = marks.next(text, |byte| signs.of_fields(byte)) {
            let byte = text[place];
            if signs.escapes() && place + 1 == behind {
                self.line += u64::from(byte == b'\n');
            } else if byte == signs.delimiter() {
                record.keep(
                    spans,
                    quoted.take().unwrap_or(Span::new(field, place, marked)),
                );
                field = place + 1;
                marked = 0;
            } else if byte == b'\n' {
                let end = without_return(text, field.max(behind), place);
                self.at = place + 1;
                self.line += 1;
                if end == record.start {
                    record.start = self.at;
                    record.line = self.line;
                    field = self.at;
                    continue;
                }
                record.end = end;
                record.lines = self.line - record.line;
                record.next = self.at;
                record.ends = Ends::Line;
                record.keep(
                    spans,
                    quoted.take().unwrap_or(Span::new(field, end, marked)),
                );
                self.marks = marks;
                return Some(record);
            } else if byte == signs.quote() {
                // Any other quote is text.
                if place != field {
                    continue;
                }
                let Some((span, lines)) = inside(signs, text, place + 1) else {
                    record.ends = Ends::Quoted(self.line);
                    break;
                };
                self.line += lines;
                let after = span.end() + 1;
                let ends = match text[after..] {
                    [] | [b'\n', ..] | [b'\r'] | [b'\r', b'\n', ..] => true,
                    [byte, ..] => byte == signs.delimiter(),
                };
                if !ends {
                    record.flaw = record.flaw.or(Some(Flaw::TextAfterQuote));
                }
                quoted = Some(span);
                marks.skip_to(after);
            } else if signs.escapes() && byte == signs.escape() {
                behind = place + 2;
                marked = Span::MARKED;
            } else if !matches!(text[place + 1..], [] | [b'\n', ..]) {
                // A carriage return that is not the first half of CRLF.
                record.flaw = record.flaw.or(Some(Flaw::CarriageReturn));
            }
        }
        // An open quote leaves places behind it.
        marks.skip_to(text.len());
        self.marks = marks;
        self.at = text.len();
        if record.ends == Ends::Text {
            record.end = without_return(text, field.max(behind), text.len());
            if record.end == record.start {
                return None;
            }
            record.lines = self.line - record.line + 1;
            record.keep(
                spans,
                quoted.unwrap_or(Span::new(field, record.end, marked)),
            );
        }
        Some(record)
    }
}

impl Record {
    #[inline(always)]
    fn keep(&mut self, spans: &mut [Span], span: Span) {
        if let Some(slot) = spans.get_mut(self.fields) {
            *slot = span;
        }
        self.fields += 1;
    }
}

/// `end`, or one less where a carriage return stands before it, but not before `from`: half of CRLF, or of one that was
/// cut off.
#[inline(always)]
fn without_return(text: &[u8], from: usize, end: usize) -> usize {
    if end > from && text[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}

/// What stands between the quote before `start` and its closing quote, and how many lines end in it.
#[inline(always)]
fn inside<S: Signs>(signs: S, text: &[u8], start: usize) -> Option<(Span, u64)> {
    let mut from = start;
    let mut marked = 0;
    loop {
        let rest = text.get(from..)?;
        let end = from
            + match signs.escapes() {
                true => memchr2(signs.quote(), signs.escape(), rest)?,
                false => memchr(signs.quote(), rest)?,
            };
        if text[end] != signs.quote() || text.get(end + 1) == Some(&signs.quote()) {
            marked = Span::MARKED;
            from = end + 2;
            continue;
        }
        let lines = memchr_iter(b'\n', &text[start..end]).count() as u64;
        return Some((Span::new(start, end, marked), lines));
    }
}
