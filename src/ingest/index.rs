//! One pass over a file in bounded memory: its hash, its header and where chunks of whole records begin.

use std::{
    fmt::Write as _,
    fs::File,
    io::{ErrorKind, Read},
    os::unix::fs::FileExt,
};

use sha2::{Digest, Sha256};

use super::{
    Chunk, Content, Dialect, Export, IngestError, Limits, Stamp, Written,
    encoding::Utf8Check,
    header::{self, Header},
    marks::Marks,
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
    _reading: &Reading,
    _expected: &[&str],
    limits: &Limits,
) -> Result<Export, IngestError> {
    index_blocks(file, content, limits, BLOCK)
}

/// Large enough to spare system calls, small enough to stay in the processor's cache while it is hashed and scanned.
const BLOCK: usize = 256 << 10;

/// [`index`] with a given size of the blocks, on which nothing may depend.
pub(super) fn index_blocks(
    file: &str,
    content: Content,
    limits: &Limits,
    block: usize,
) -> Result<Export, IngestError> {
    let mut source = Source::open(file, &content, block)?;
    let mut hash = Sha256::new();

    let mut encoding = Utf8Check::default();
    let mut head = Vec::new();
    let header = loop {
        let block = source.block()?;
        hash.update(block);
        encoding.block(block);
        head.extend_from_slice(block);
        if let Some(header) = header::read(file, &head, block.is_empty(), limits)? {
            break header;
        }
    };
    let Header {
        names,
        line: header_line,
        next,
        next_line,
    } = header;
    let mut scan = Scan::new(file, limits, next as u64, next_line);
    scan.block(&head[next..])?;
    let mut terminated = head.ends_with(b"\n");
    drop(head);
    loop {
        let block = source.block()?;
        if block.is_empty() {
            break;
        }
        hash.update(block);
        encoding.block(block);
        scan.block(block)?;
        terminated = block.ends_with(b"\n");
    }
    let bytes = scan.at;
    let (chunks, records) = scan.finish()?;
    let stamp = source.close(bytes)?;
    Ok(Export {
        file: file.to_owned(),
        sheet: None,
        written: Written::csv(Dialect::default()),
        remarks: Vec::new(),
        sha256: hexadecimal(&hash.finalize()),
        bytes,
        header: names,
        first_column: 0,
        constants: Vec::new(),
        header_line,
        chunks,
        records,
        terminated,
        doubtful: encoding.is_windows_1252(),
        stamp,
        content,
    })
}

/// Parts a text into records only as far as their beginnings and line numbers go.
struct Scan<'a> {
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

impl<'a> Scan<'a> {
    /// Starts behind the header.
    fn new(file: &'a str, limits: &Limits, at: u64, line: u64) -> Self {
        let mut scan = Self {
            file,
            chunk_bytes: limits.chunk(),
            record_bytes: limits.record(),
            chunks: Vec::new(),
            records: 0,
            at,
            line,
            last: b'\n',
            start: at,
            start_line: line,
            quotes: Quotes::No,
        };
        scan.begin_chunk(at);
        scan
    }

    /// Takes the next bytes of the file.
    fn block(&mut self, block: &[u8]) -> Result<(), IngestError> {
        let mut marks = Marks::<b'\n', b'"', b'\n', b'"'>::default();
        let mut boundary = self.boundary();
        while let Some(place) = marks.next(block) {
            let at = self.at + place as u64;
            let before = || place.checked_sub(1).map_or(self.last, |n| block[n]);
            if at - self.start > self.record_bytes {
                let ends = block[place] == b'\n' && !matches!(self.quotes, Quotes::Open(_));
                self.within_limit(at, ends && before() == b'\r')?;
            }
            if block[place] == b'"' {
                self.quotes = match self.quotes {
                    Quotes::Open(line) => Quotes::Closed { at, line },
                    Quotes::Closed { at: quote, line } if quote + 1 == at => Quotes::Open(line),
                    _ if at == self.start || before() == b',' => Quotes::Open(self.line),
                    _ => Quotes::No,
                };
                continue;
            }
            self.line += 1;
            if matches!(self.quotes, Quotes::Open(_)) {
                continue;
            }
            self.quotes = Quotes::No;
            let length = at - self.start;
            let blank = length == 0 || (length == 1 && before() == b'\r');
            self.records += u64::from(!blank);
            self.start = at + 1;
            self.start_line = self.line;
            if self.start >= boundary {
                self.begin_chunk(self.start);
                boundary = self.boundary();
            }
        }
        self.at += block.len() as u64;
        self.last = block.last().copied().unwrap_or(self.last);
        self.within_limit(self.at, self.last == b'\r')
    }

    /// The chunks and the number of records, when the file is at its end.
    fn finish(mut self) -> Result<(Vec<Chunk>, u64), IngestError> {
        if let Quotes::Open(line) = self.quotes {
            return Err(IngestError::UnclosedQuote {
                file: self.file.to_owned(),
                line,
            });
        }
        let length = self.at - self.start;
        let blank = length == 0 || (length == 1 && self.last == b'\r');
        self.records += u64::from(!blank);
        self.chunks.pop_if(|chunk| chunk.offset == self.at);
        let mut end = self.at;
        for chunk in self.chunks.iter_mut().rev() {
            chunk.bytes = end - chunk.offset;
            end = chunk.offset;
        }
        Ok((self.chunks, self.records))
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
            Content::Bytes(bytes) => Ok(Self::Bytes { rest: bytes, block }),
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
            Self::Bytes { rest, block } => {
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
