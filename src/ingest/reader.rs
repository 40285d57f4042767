//! Reads one chunk of text into batches of text columns and rejects.

use std::{fmt, fs::File, ops::Range, os::unix::fs::FileExt, sync::Arc};

use arrow::array::{Int64Array, StringArray};
use memchr::{memchr, memchr_iter};
use serde::{Deserialize, Serialize};

use super::{
    CellError, Chunk, Content, Export, IngestError, Limits, Stamp,
    columns::{Column, field},
    records::{Ends, Flaw, Record, Records, Span},
    signs::{Custom, Plain, Signs},
    swallowed::{Swallowed, suspect},
};

const STRIPE_ROWS: usize = 512;
const STRIPE_SPANS: usize = 1 << 15;

/// The batches of one chunk of text, in the file's order. After an error it ends.
#[derive(Debug)]
pub(super) struct TextReader {
    file: String,
    signs: Custom,
    header: Vec<String>,
    /// The row from which on the footer stands.
    footer: u64,
    field_bytes: usize,
    text: Text,
    /// Some byte of the chunk is NUL or no UTF-8: each record is looked at.
    suspect: bool,
    /// Only the last chunk may end without a line break.
    last: bool,
    records: Records,
    /// Row numbers that were not handed out.
    rows: Range<u64>,
    wanted: Vec<usize>,
    batch_rows: usize,
    spans: Vec<Span>,
    width: usize,
    /// Bytes of each column in the last batch, as a guess for the next.
    sizes: Vec<usize>,
    done: bool,
}

/// Some records of one chunk.
#[derive(Debug)]
pub struct RawBatch {
    /// The wanted fields; never null, a blank is `""`.
    pub columns: Vec<StringArray>,
    /// Row number of each, from 1, the header excluded and rejects included.
    pub rows: Int64Array,
    /// The line on which each starts, from 1, the header included.
    pub lines: Int64Array,
    /// Records that are no row.
    pub rejects: Vec<Reject>,
    /// Rows that may have swallowed others.
    pub swallowed: Vec<Swallowed>,
    /// Cells that hold an error.
    pub errors: Vec<CellError>,
    /// The file has types of its own, so that dates are ISO 8601 whatever formats the project declares.
    pub typed: bool,
}

/// A record as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Its bytes, without the line break at its end.
    pub bytes: Vec<u8>,
    /// Where each field stands in them, without the quotes around it; no more than the header has.
    pub fields: Vec<Range<usize>>,
    /// How many fields it has.
    pub count: usize,
    /// Whether its fields can be trusted: it is text, and nothing follows a closing quote but a delimiter.
    pub sound: bool,
}

impl TextReader {
    pub(super) fn new(
        export: &Export,
        nth: usize,
        shape: &Chunk,
        rows: Range<u64>,
        wanted: &[usize],
        width: usize,
        limits: &Limits,
    ) -> Result<Self, IngestError> {
        let changed = || IngestError::Changed {
            file: export.file.clone(),
        };
        let bytes = usize::try_from(shape.bytes)
            .ok()
            .filter(|bytes| *bytes <= Span::MOST)
            .ok_or_else(changed)?;
        let io = |action| {
            move |source| IngestError::Io {
                file: export.file.clone(),
                action,
                source,
            }
        };
        let text = match &export.content {
            Content::File(path) => {
                let file = File::open(path).map_err(io("open"))?;
                let mut text = vec![0; bytes];
                let read = file.read_exact_at(&mut text, shape.offset);
                // First whether the file is still the same: that explains a failed read, and spoils one that worked.
                let now = Stamp::of(&file.metadata().map_err(io("look up"))?);
                if export.stamp.as_ref() != Some(&now) {
                    return Err(changed());
                }
                read.map_err(io("read"))?;
                Text::Own(text)
            }
            Content::Scratch(file) | Content::Rows(file) => {
                let mut text = vec![0; bytes];
                file.read_exact_at(&mut text, shape.offset)
                    .map_err(io("read again what was unpacked of"))?;
                Text::Own(text)
            }
            Content::Bytes(all) => {
                let start = usize::try_from(shape.offset).map_err(|_| changed())?;
                let range = start..start.saturating_add(bytes);
                all.get(range.clone()).ok_or_else(changed)?;
                Text::Shared(Arc::clone(all), range)
            }
        };
        let all = text.bytes();
        let suspect = memchr(0, all).is_some() || std::str::from_utf8(all).is_err();
        // Spans of one stripe stay in the processor's cache.
        let stripe = (STRIPE_SPANS / width).clamp(1, STRIPE_ROWS);
        Ok(Self {
            file: export.file.clone(),
            signs: Custom::of(&export.written.dialect.unwrap_or_default()),
            header: export.header[..width].to_vec(),
            footer: export.footer.unwrap_or(u64::MAX),
            field_bytes: limits.field_bytes,
            records: Records::new(shape.first_line),
            last: nth + 1 == export.chunks.len(),
            text,
            suspect,
            rows,
            wanted: wanted.to_vec(),
            batch_rows: limits.batch_rows.max(1),
            spans: vec![Span::default(); stripe * width],
            width,
            sizes: vec![0; wanted.len()],
            done: false,
        })
    }

    /// The record that begins on `line`; `None` where none does.
    pub fn record_at(mut self, line: u64) -> Option<RawRecord> {
        let text = self.text.bytes();
        let mut spans = vec![Span::default(); self.width];
        while let Some(record) = self.records.next(self.signs, text, &mut spans) {
            if record.line < line {
                continue;
            }
            let kept = spans.iter().take(record.fields);
            let fields = kept.map(|span| span.start() - record.start..span.end() - record.start);
            let bytes = &text[record.start..record.end];
            let is_text = memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok();
            return (record.line == line).then(|| RawRecord {
                sound: is_text && record.flaw.is_none(),
                bytes: bytes.to_vec(),
                fields: fields.collect(),
                count: record.fields,
            });
        }
        None
    }
}

/// A record that is no row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Its row number.
    pub row: u64,
    /// The line on which it starts.
    pub line: u64,
    /// Its bytes as delivered, without the line break at its end.
    pub raw: Vec<u8>,
    /// Why.
    pub reason: RejectReason,
}

impl Reject {
    /// The lines that it stands on.
    pub fn lines(&self) -> u64 {
        memchr_iter(b'\n', &self.raw).count() as u64 + 1
    }
}

/// Why a record is no row; where several hold, the first in this order, but what stands beside the table before all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectReason {
    /// Bytes that are no UTF-8.
    NotUtf8 {
        /// The first of them in the record, from 1.
        byte: usize,
    },
    /// A zero byte.
    Nul {
        /// Its place in the record, from 1.
        byte: usize,
    },
    /// Text between a closing quote and the next delimiter or line break.
    TextAfterQuote,
    /// A carriage return outside quotes without a line feed.
    CarriageReturn,
    /// Not as many fields as the header.
    Fields {
        /// In the record.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// A field longer than the limit.
    FieldTooLong {
        /// Which, from 1.
        field: usize,
        /// `Limits::field_bytes`.
        limit: usize,
    },
    /// The header once more, in the middle of a file that was put together.
    RepeatedHeader,
    /// It stands below the table.
    Footer,
    /// JSON that ends before it is complete.
    JsonCut,
    /// No JSON object.
    NoObject {
        /// Where in the line, from 1.
        byte: usize,
    },
    /// A key that stands twice in a JSON object.
    RepeatedKey {
        /// Which of its members, from 1.
        field: usize,
    },
    /// A breach of `limits.nesting`.
    NestedTooDeep {
        /// Which member, from 1.
        field: usize,
        /// The limit.
        limit: usize,
    },
}

impl RejectReason {
    /// Whether the record may have been a row of the table, which then is lost; what stands beside the table is none.
    pub fn is_lost(self) -> bool {
        !matches!(self, Self::RepeatedHeader | Self::Footer)
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { byte } => {
                write!(f, "byte {byte} of the record is not UTF-8; write the file\u{2019}s `encoding` in the table\u{2019}s `source`, or export it as UTF-8")
            }
            Self::Nul { byte } => {
                write!(f, "byte {byte} of the record is NUL, which no text holds; the file may be damaged")
            }
            Self::TextAfterQuote => {
                f.write_str("text after a closing quote; double the quotes inside a quoted field")
            }
            Self::CarriageReturn => f.write_str(
                "a carriage return without a line feed outside quotes; quote the field, or end records with LF or CRLF",
            ),
            Self::Fields { found, expected } => {
                let few = if found < expected { "few" } else { "many" };
                write!(f, "{found} fields where the header has {expected}: too {few}")
            }
            Self::FieldTooLong { field, limit } => {
                write!(f, "field {field} is longer than {limit} bytes, the limit `limits.field_size` of rules/project.yaml")
            }
            Self::RepeatedHeader => f.write_str("the header stands here once more"),
            Self::Footer => f.write_str("it stands below the table, as `footer` of the table\u{2019}s `source` says"),
            Self::JsonCut => f.write_str("JSON that ends in the middle; the file may have been cut off"),
            Self::NoObject { byte } => {
                write!(f, "no JSON object, from byte {byte} on; write one object a line")
            }
            Self::RepeatedKey { field } => {
                write!(f, "member {field} has a key that stands in the object before")
            }
            Self::NestedTooDeep { field, limit } => {
                write!(f, "member {field} is nested deeper than {limit}, the limit `limits.nesting`")
            }
        }
    }
}

impl Iterator for TextReader {
    type Item = Result<RawBatch, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.batch();
        self.done |= batch.is_err();
        batch.transpose()
    }
}

impl TextReader {
    fn batch(&mut self) -> Result<Option<RawBatch>, IngestError> {
        match self.signs.is_plain() {
            true => self.batch_of(Plain),
            false => self.batch_of(self.signs),
        }
    }

    fn batch_of<S: Signs>(&mut self, signs: S) -> Result<Option<RawBatch>, IngestError> {
        let text = self.text.bytes();
        let first_row = self.rows.start;
        let capacity = usize::try_from(self.rows.end - first_row)
            .map_or(self.batch_rows, |n| n.min(self.batch_rows));
        let mut columns: Vec<Column> = self
            .sizes
            .iter()
            .map(|bytes| Column::with_capacity(capacity, bytes + bytes / 8))
            .collect();
        let mut rows: Vec<i64> = Vec::with_capacity(capacity);
        let mut lines: Vec<i64> = Vec::with_capacity(capacity);
        let mut rejects = Vec::new();
        let mut swallowed = Vec::new();

        while !self.done && rows.len() + rejects.len() < self.batch_rows {
            let mut kept = 0;
            let stripe =
                (self.spans.len() / self.width).min(self.batch_rows - rows.len() - rejects.len());
            for _ in 0..stripe {
                let spans = &mut self.spans[kept * self.width..(kept + 1) * self.width];
                let Some(record) = self.records.next(signs, text, spans) else {
                    self.done = true;
                    break;
                };
                // The index and this reader part the text independently; they must agree on every record.
                let ends = match record.ends {
                    Ends::Line => true,
                    Ends::Text => self.last,
                    Ends::Quoted(_) => false,
                };
                let Some(row) = self.rows.next().filter(|_| ends) else {
                    return Err(self.changed());
                };
                let reason = if row >= self.footer {
                    Some(RejectReason::Footer)
                } else if record.fields == self.width
                    && record.flaw.is_none()
                    && is_header(&self.header, self.signs, text, spans)
                {
                    Some(RejectReason::RepeatedHeader)
                } else {
                    reason(text, &record, self.width, self.suspect)
                        .or_else(|| too_long(&record, spans, self.field_bytes))
                };
                match reason {
                    None => {
                        rows.push(row as i64);
                        lines.push(record.line as i64);
                        kept += 1;
                        if record.lines > 1 {
                            let raw = &text[record.start..record.end];
                            let found = suspect(signs, raw, self.width, record.lines);
                            swallowed.extend(found.map(|records| Swallowed {
                                row,
                                line: record.line,
                                lines: record.lines,
                                records,
                                raw: raw.to_vec(),
                            }));
                        }
                    }
                    Some(reason) => rejects.push(Reject {
                        row,
                        line: record.line,
                        raw: text[record.start..record.end].to_vec(),
                        reason,
                    }),
                }
            }
            for (column, &position) in columns.iter_mut().zip(&self.wanted) {
                column.append(
                    self.signs,
                    text,
                    &self.spans[..kept * self.width],
                    self.width,
                    position,
                );
            }
        }
        if self.done && !self.rows.is_empty() {
            return Err(self.changed());
        }
        if rows.is_empty() && rejects.is_empty() {
            return Ok(None);
        }
        self.sizes = columns.iter().map(Column::bytes).collect();
        let columns = columns
            .into_iter()
            .map(Column::finish)
            .collect::<Result<_, _>>()
            .map_err(|source| IngestError::Column {
                file: self.file.clone(),
                row: first_row,
                source,
            })?;
        Ok(Some(RawBatch {
            columns,
            rows: rows.into(),
            lines: lines.into(),
            rejects,
            swallowed,
            errors: Vec::new(),
            typed: false,
        }))
    }

    fn changed(&self) -> IngestError {
        IngestError::Changed {
            file: self.file.clone(),
        }
    }
}

/// Why `record` is no row of `width` fields.
#[inline(always)]
fn reason(text: &[u8], record: &Record, width: usize, suspect: bool) -> Option<RejectReason> {
    if suspect {
        let raw = &text[record.start..record.end];
        if let Err(error) = std::str::from_utf8(raw) {
            return Some(RejectReason::NotUtf8 {
                byte: error.valid_up_to() + 1,
            });
        }
        if let Some(place) = memchr(0, raw) {
            return Some(RejectReason::Nul { byte: place + 1 });
        }
    }
    match record.flaw {
        Some(Flaw::TextAfterQuote) => Some(RejectReason::TextAfterQuote),
        Some(Flaw::CarriageReturn) => Some(RejectReason::CarriageReturn),
        None if record.fields == width => None,
        None => Some(RejectReason::Fields {
            found: record.fields,
            expected: width,
        }),
    }
}

/// Whether the fields at `spans` are the names of the header.
#[inline(always)]
fn is_header(header: &[String], signs: Custom, text: &[u8], spans: &[Span]) -> bool {
    let is = |(name, span): (&String, &Span)| {
        let raw = &text[span.start()..span.end()];
        raw == name.as_bytes() || raw.len() > name.len() && reads(signs, text, *span, name)
    };
    header.iter().zip(spans).all(is) && header.iter().any(|name| !name.is_empty())
}

/// Whether a field that is no name as it stands reads as one: nearly all begin and end with what nothing is done about.
#[inline(always)]
fn reads(signs: Custom, text: &[u8], span: Span, name: &str) -> bool {
    let raw = &text[span.start()..span.end()];
    let is_odd = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_graphic());
    if span.is_marked() {
        String::from_utf8_lossy(&field(signs, text, span)).trim() == name
    } else {
        (is_odd(raw.first()) || is_odd(raw.last()))
            && std::str::from_utf8(raw).is_ok_and(|text| text.trim() == name)
    }
}

/// Whether a field of `record` is longer than the limit.
#[inline(always)]
fn too_long(record: &Record, spans: &[Span], limit: usize) -> Option<RejectReason> {
    if record.end - record.start <= limit {
        return None;
    }
    let long = |span: &Span| span.end() - span.start() > limit;
    let field = spans.iter().position(long)? + 1;
    Some(RejectReason::FieldTooLong { field, limit })
}

/// A chunk's bytes.
enum Text {
    Own(Vec<u8>),
    Shared(Arc<[u8]>, Range<usize>),
}

impl Text {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(all, range) => &all[range.clone()],
        }
    }
}

impl fmt::Debug for Text {
    /// Not the text: it may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes().len())
    }
}
