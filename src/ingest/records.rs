//! Parts a text into records and fields, by the rules that `mod.rs` states.

use memchr::{memchr, memchr_iter};

use super::marks::Marks;

/// Goes from record to record; the text is handed in at each step and is the same every time.
#[derive(Debug)]
pub(super) struct Records {
    marks: Marks<b',', b'\n', b'"', b'\r'>,
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
    /// The highest bit says that quotes inside are doubled.
    end: u32,
}

impl Span {
    const DOUBLED: u32 = 1 << 31;
    /// The longest text whose fields it can describe.
    pub(super) const MOST: usize = (1 << 31) - 1;

    #[inline(always)]
    fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= Self::MOST);
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    #[inline(always)]
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    #[inline(always)]
    pub(super) fn end(self) -> usize {
        (self.end & !Self::DOUBLED) as usize
    }

    #[inline(always)]
    pub(super) fn doubled(self) -> bool {
        self.end & Self::DOUBLED != 0
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
    pub(super) fn next(&mut self, text: &[u8], spans: &mut [Span]) -> Option<Record> {
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
        while let Some(place) = marks.next(text) {
            match text[place] {
                b',' => {
                    record.keep(spans, quoted.take().unwrap_or(Span::new(field, place)));
                    field = place + 1;
                }
                b'\n' => {
                    let end = without_return(text, field, place);
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
                    record.keep(spans, quoted.take().unwrap_or(Span::new(field, end)));
                    self.marks = marks;
                    return Some(record);
                }
                b'"' if place == field => {
                    let Some((span, lines)) = inside(text, place + 1) else {
                        record.ends = Ends::Quoted(self.line);
                        break;
                    };
                    self.line += lines;
                    let after = span.end() + 1;
                    if !matches!(
                        text[after..],
                        [] | [b',', ..] | [b'\n', ..] | [b'\r'] | [b'\r', b'\n', ..]
                    ) {
                        record.flaw = record.flaw.or(Some(Flaw::TextAfterQuote));
                    }
                    quoted = Some(span);
                    marks.skip_to(after);
                }
                b'\r' if !matches!(text[place + 1..], [] | [b'\n', ..]) => {
                    record.flaw = record.flaw.or(Some(Flaw::CarriageReturn));
                }
                // A quote inside a field and the first half of CRLF.
                _ => {}
            }
        }
        self.marks = marks;
        self.at = text.len();
        if record.ends == Ends::Text {
            record.end = without_return(text, field, text.len());
            if record.end == record.start {
                return None;
            }
            record.lines = self.line - record.line + 1;
            record.keep(spans, quoted.unwrap_or(Span::new(field, record.end)));
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

/// `end`, or one less where a carriage return stands before it: half of CRLF, or of one that was cut off.
#[inline(always)]
fn without_return(text: &[u8], field: usize, end: usize) -> usize {
    if end > field && text[end - 1] == b'\r' {
        end - 1
    } else {
        end
    }
}

/// What stands between the quote before `start` and its closing quote, and how many lines end in it.
#[inline(always)]
fn inside(text: &[u8], start: usize) -> Option<(Span, u64)> {
    let mut from = start;
    let mut doubled = 0;
    loop {
        let end = from + memchr(b'"', text.get(from..)?)?;
        if text.get(end + 1) == Some(&b'"') {
            doubled = Span::DOUBLED;
            from = end + 2;
            continue;
        }
        let mut span = Span::new(start, end);
        span.end |= doubled;
        return Some((span, memchr_iter(b'\n', &text[start..end]).count() as u64));
    }
}
