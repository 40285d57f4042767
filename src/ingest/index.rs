//! One pass over a file in bounded memory: its hash, its header and where chunks of whole records begin.

use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt::Write as _,
    fs::File,
    io::{ErrorKind, Read},
    os::unix::fs::FileExt,
};

use sha2::{Digest, Sha256};

use super::{
    Chunk, Content, Export, IngestError, Limits, Stamp, Written,
    columns::field,
    encoding::Utf8Check,
    header::{self, Header},
    marks::Marks,
    records::{Records, Span},
    signs::{Custom, Plain, Signs},
    sniff,
};
use crate::tables::Reading;

/// Passes once over a file. Where chunks begin depends on its bytes and `limits.chunk_bytes` only.
pub fn index(file: &str, content: Content, limits: &Limits) -> Result<Export, IngestError> {
    index_as(file, content, &Reading::default(), &[], limits)
}

/// The same for a file that is written as `reading` says. What it leaves open is found out with the help of `expected`, the
/// names of the columns that the header should have.
pub fn index_as(
    file: &str,
    content: Content,
    reading: &Reading,
    expected: &[Vec<&str>],
    limits: &Limits,
) -> Result<Export, IngestError> {
    index_blocks(file, content, reading, expected, limits, BLOCK)
}

/// Large enough to spare system calls, small enough to stay in the processor's cache while it is hashed and scanned.
const BLOCK: usize = 256 << 10;

/// [`index_as`] with a given size of the blocks, on which nothing may depend.
pub fn index_blocks(
    file: &str,
    content: Content,
    reading: &Reading,
    expected: &[Vec<&str>],
    limits: &Limits,
    block: usize,
) -> Result<Export, IngestError> {
    let mut source = Source::open(file, &content, block)?;
    let mut seen = Seen::default();

    let mut head = Vec::new();
    let mut top = None;
    let (top, header) = loop {
        let block = source.block()?;
        seen.block(block);
        head.extend_from_slice(block);
        let whole = block.is_empty();
        top = match top {
            None => sniff::top(file, &head, whole, reading, expected, limits)?,
            found => found,
        };
        if let Some(found) = &top
            && let Some(header) = header::read(file, &head, whole, limits, found)?
        {
            break (found.clone(), header);
        }
    };
    let Header {
        names,
        line: header_line,
        next,
        next_line,
    } = header;
    let signs = Custom::of(&top.dialect);
    let tail = if reading.footer.is_empty() { 0 } else { FOOTER };
    let Scanned {
        chunks,
        records,
        bytes,
        terminated,
        tail,
    } = match signs.is_plain() {
        true => Scan::new(Plain, file, limits, tail, next as u64, next_line).file(
            &mut source,
            &mut seen,
            head,
        ),
        false => Scan::new(signs, file, limits, tail, next as u64, next_line).file(
            &mut source,
            &mut seen,
            head,
        ),
    }?;
    let first = records - tail.len() as u64 + 1;
    let ends = tail.iter().skip(1).copied().chain([bytes]);
    let mut footer = None;
    for (row, (start, end)) in (first..).zip(tail.iter().copied().zip(ends)) {
        let text = source.range(start, end)?;
        if begins_with(signs, &text, names.len(), &reading.footer) {
            footer = Some(row);
            break;
        }
    }
    let stamp = source.close(bytes)?;
    Ok(Export {
        file: file.to_owned(),
        sheet: None,
        written: Written::csv(top.dialect),
        remarks: top.remarks,
        sha256: hexadecimal(&seen.hash.finalize()),
        bytes,
        header: names,
        first_column: 0,
        places: Vec::new(),
        constants: Vec::new(),
        header_line,
        chunks,
        records,
        footer,
        terminated,
        doubtful: seen.encoding.is_windows_1252(),
        stamp,
        content,
    })
}

/// What is noted of all bytes of a file.
#[derive(Default)]
struct Seen {
    hash: Sha256,
    encoding: Utf8Check,
}

impl Seen {
    fn block(&mut self, block: &[u8]) {
        self.hash.update(block);
        self.encoding.block(block);
    }
}

/// So many records at the end of a file may be its footer.
pub(super) const FOOTER: usize = 50;

/// Whether the first field with a text, of a record, begins with one of `footers`.
fn begins_with(signs: Custom, text: &[u8], width: usize, footers: &[String]) -> bool {
    let mut spans = vec![Span::default(); width];
    let Some(record) = Records::new(1).next(signs, text, &mut spans) else {
        return false;
    };
    let texts = spans.iter().take(record.fields).map(|span| {
        let text = field(signs, text, *span);
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    let first = texts.into_iter().find(|text| !text.is_empty());
    first.is_some_and(|first| {
        footers
            .iter()
            .any(|footer| first.starts_with(footer.trim()))
    })
}

/// The shape of a file.
struct Scanned {
    chunks: Vec<Chunk>,
    records: u64,
    bytes: u64,
    terminated: bool,
    /// Where the last records begin, if a footer may be among them.
    tail: VecDeque<u64>,
}

/// Parts a text into records only as far as their beginnings and line numbers go.
struct Scan<'a, S> {
    signs: S,
    file: &'a str,
    chunk_bytes: u64,
    record_bytes: u64,
    chunks: Vec<Chunk>,
    /// Records that ended.
    records: u64,
    /// Where the scan stands in the file.
    at: u64,
    /// The line there.
    line: u64,
    /// The byte before.
    last: u8,
    /// Behind the last escaped byte.
    behind: u64,
    /// Where the last records begin, so many at most.
    tail: VecDeque<u64>,
    tail_most: usize,
    /// Where the record began, and its line.
    start: u64,
    start_line: u64,
    quotes: Quotes,
}

/// Where the scan is as to quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// Outside.
    No,
    /// Inside those that opened on this line.
    Open(u64),
    /// Behind a quote at `at` that closes them, unless the next byte is a quote too: then still inside.
    Closed { at: u64, line: u64 },
}

impl<'a, S: Signs> Scan<'a, S> {
    /// Starts behind the header.
    fn new(signs: S, file: &'a str, limits: &Limits, tail_most: usize, at: u64, line: u64) -> Self {
        let mut scan = Self {
            signs,
            file,
            chunk_bytes: limits.chunk(),
            record_bytes: limits.record(),
            chunks: Vec::new(),
            records: 0,
            at,
            line,
            last: b'\n',
            behind: 0,
            tail: VecDeque::with_capacity(tail_most),
            tail_most,
            start: at,
            start_line: line,
            quotes: Quotes::No,
        };
        scan.begin_chunk(at);
        scan
    }

    /// Goes through the rest of a file, whose beginning is `head`.
    fn file(
        mut self,
        source: &mut Source<'_>,
        seen: &mut Seen,
        head: Vec<u8>,
    ) -> Result<Scanned, IngestError> {
        self.block(&head[usize::try_from(self.at).unwrap_or(usize::MAX)..])?;
        let mut terminated = head.ends_with(b"\n");
        drop(head);
        loop {
            let block = source.block()?;
            if block.is_empty() {
                break;
            }
            seen.block(block);
            self.block(block)?;
            terminated = block.ends_with(b"\n");
        }
        self.finish(terminated)
    }

    /// Takes the next bytes of the file.
    fn block(&mut self, block: &[u8]) -> Result<(), IngestError> {
        let signs = self.signs;
        let mut marks = Marks::default();
        let mut boundary = self.boundary();
        while let Some(place) = marks.next(block, |byte| signs.of_records(byte)) {
            let at = self.at + place as u64;
            let byte = block[place];
            let before = || place.checked_sub(1).map_or(self.last, |n| block[n]);
            // Whether the byte at `at` or the one before it is an escaped one.
            let escaped = signs.escapes() && self.behind == at + 1;
            let behind = signs.escapes() && self.behind == at;
            if at - self.start > self.record_bytes {
                let ends = byte == b'\n' && !escaped && !matches!(self.quotes, Quotes::Open(_));
                self.within_limit(at, ends && !behind && before() == b'\r')?;
            }
            if escaped {
                self.line += u64::from(byte == b'\n');
                continue;
            }
            if byte != b'\n' && byte == signs.quote() {
                self.quotes = match self.quotes {
                    Quotes::Open(line) => Quotes::Closed { at, line },
                    Quotes::Closed { at: quote, line } if quote + 1 == at => Quotes::Open(line),
                    _ if at == self.start || (before() == signs.delimiter() && !behind) => {
                        Quotes::Open(self.line)
                    }
                    _ => Quotes::No,
                };
                continue;
            }
            if byte != b'\n' {
                self.behind = at + 2;
                continue;
            }
            self.line += 1;
            if matches!(self.quotes, Quotes::Open(_)) {
                continue;
            }
            self.quotes = Quotes::No;
            let length = at - self.start;
            let blank = length == 0 || (length == 1 && before() == b'\r');
            self.end_record(blank);
            self.start = at + 1;
            self.start_line = self.line;
            if self.start >= boundary {
                self.begin_chunk(self.start);
                boundary = self.boundary();
            }
        }
        self.at += block.len() as u64;
        self.last = block.last().copied().unwrap_or(self.last);
        let escaped = signs.escapes() && self.behind == self.at;
        self.within_limit(self.at, self.last == b'\r' && !escaped)
    }

    /// Counts the record that began at `start`, unless it is a blank line.
    #[inline(always)]
    fn end_record(&mut self, blank: bool) {
        self.records += u64::from(!blank);
        if self.tail_most > 0 && !blank {
            if self.tail.len() == self.tail_most {
                self.tail.pop_front();
            }
            self.tail.push_back(self.start);
        }
    }

    /// The shape, when the file is at its end.
    fn finish(mut self, terminated: bool) -> Result<Scanned, IngestError> {
        if let Quotes::Open(line) = self.quotes {
            return Err(IngestError::UnclosedQuote {
                file: self.file.to_owned(),
                line,
            });
        }
        let length = self.at - self.start;
        self.end_record(length == 0 || (length == 1 && self.last == b'\r'));
        self.chunks.pop_if(|chunk| chunk.offset == self.at);
        let mut end = self.at;
        for chunk in self.chunks.iter_mut().rev() {
            chunk.bytes = end - chunk.offset;
            end = chunk.offset;
        }
        Ok(Scanned {
            chunks: self.chunks,
            records: self.records,
            bytes: self.at,
            terminated,
            tail: self.tail,
        })
    }

    fn begin_chunk(&mut self, offset: u64) {
        self.chunks.push(Chunk {
            offset,
            bytes: 0,
            first_row: self.records + 1,
            first_line: self.line,
        });
    }

    /// The first place where the next chunk may begin.
    fn boundary(&self) -> u64 {
        self.chunks
            .last()
            .map_or(0, |chunk| chunk.offset + self.chunk_bytes)
    }

    /// Checks the length of a record that ends at `end` or later; a carriage return there may belong to
    /// the line break.
    fn within_limit(&self, end: u64, carriage_return: bool) -> Result<(), IngestError> {
        if end - self.start - u64::from(carriage_return && end > self.start) <= self.record_bytes {
            return Ok(());
        }
        Err(IngestError::RecordTooLong {
            file: self.file.to_owned(),
            line: self.start_line,
            limit: self.record_bytes,
            quote: match self.quotes {
                Quotes::Open(line) => Some(line),
                Quotes::No | Quotes::Closed { .. } => None,
            },
        })
    }
}

/// Hands out a file's bytes in order.
enum Source<'a> {
    File {
        name: &'a str,
        file: File,
        stamp: Stamp,
        buffer: Vec<u8>,
    },
    Bytes {
        all: &'a [u8],
        rest: &'a [u8],
        block: usize,
    },
    Scratch {
        name: &'a str,
        file: &'a File,
        at: u64,
        buffer: Vec<u8>,
    },
}

impl<'a> Source<'a> {
    fn open(name: &'a str, content: &'a Content, block: usize) -> Result<Self, IngestError> {
        match content {
            Content::Bytes(bytes) => Ok(Self::Bytes {
                all: bytes,
                rest: bytes,
                block,
            }),
            Content::Scratch(file) | Content::Rows(file) => Ok(Self::Scratch {
                name,
                file,
                at: 0,
                buffer: vec![0; block],
            }),
            Content::File(path) => {
                let io = |source| io_error(name, "open", source);
                // Before it is opened: opening a pipe would wait for its writer.
                if !std::fs::metadata(path).map_err(io)?.is_file() {
                    return Err(IngestError::NotAFile {
                        file: name.to_owned(),
                    });
                }
                let file = File::open(path).map_err(io)?;
                let stamp = Stamp::of(&file.metadata().map_err(io)?);
                Ok(Self::File {
                    name,
                    file,
                    stamp,
                    buffer: vec![0; block],
                })
            }
        }
    }

    /// The next bytes; none at the end.
    fn block(&mut self) -> Result<&[u8], IngestError> {
        match self {
            Self::Bytes { rest, block, .. } => {
                let (next, after) = rest.split_at(rest.len().min(*block));
                *rest = after;
                Ok(next)
            }
            Self::Scratch {
                name,
                file,
                at,
                buffer,
            } => {
                let mut filled = 0;
                while filled < buffer.len() {
                    match file.read_at(&mut buffer[filled..], *at) {
                        Ok(0) => break,
                        Ok(read) => {
                            filled += read;
                            *at += read as u64;
                        }
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(io_error(name, "read again", error)),
                    }
                }
                Ok(&buffer[..filled])
            }
            Self::File {
                name, file, buffer, ..
            } => {
                let mut filled = 0;
                while filled < buffer.len() {
                    match file.read(&mut buffer[filled..]) {
                        Ok(0) => break,
                        Ok(read) => filled += read,
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(io_error(name, "read", error)),
                    }
                }
                Ok(&buffer[..filled])
            }
        }
    }

    /// The bytes from `start` to `end`, which it handed out before.
    fn range(&self, start: u64, end: u64) -> Result<Cow<'a, [u8]>, IngestError> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        match self {
            Self::Bytes { all, .. } => Ok(Cow::Borrowed(&all[place(start)..place(end)])),
            Self::File { name, file, .. } => {
                let mut text = vec![0; place(end - start)];
                file.read_exact_at(&mut text, start)
                    .map_err(|error| io_error(name, "read", error))?;
                Ok(Cow::Owned(text))
            }
            Self::Scratch { name, file, .. } => {
                let mut text = vec![0; place(end - start)];
                file.read_exact_at(&mut text, start)
                    .map_err(|error| io_error(name, "read again", error))?;
                Ok(Cow::Owned(text))
            }
        }
    }

    /// What the file looked like all the while, of which `bytes` were read.
    fn close(self, bytes: u64) -> Result<Option<Stamp>, IngestError> {
        match self {
            Self::Bytes { .. } | Self::Scratch { .. } => Ok(None),
            Self::File {
                name, file, stamp, ..
            } => {
                let metadata = file
                    .metadata()
                    .map_err(|error| io_error(name, "look up", error))?;
                if Stamp::of(&metadata) != stamp || stamp.bytes != bytes {
                    return Err(IngestError::Changed {
                        file: name.to_owned(),
                    });
                }
                Ok(Some(stamp))
            }
        }
    }
}

fn io_error(file: &str, action: &'static str, source: std::io::Error) -> IngestError {
    IngestError::Io {
        file: file.to_owned(),
        action,
        source,
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
