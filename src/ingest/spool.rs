//! What a reader made of a file, kept in a temporary file until its chunks are read.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    sync::Arc,
};

use arrow::{
    array::{AsArray, RecordBatch, StringArray},
    datatypes::Int64Type,
    ipc::reader::StreamReader,
};

use super::{
    CellError, Chunk, Export, IngestError, RawBatch, RawRecord, Reject,
    isolated::{Head, Tail},
    readers::{ERRORS, REJECTS},
};

/// A table that was kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub head: Head,
    pub chunks: Vec<Chunk>,
    pub tail: Tail,
}

/// Keeps the tables of a reader.
pub(super) struct Spool {
    file: File,
    at: u64,
    chunk_bytes: u64,
    tables: Vec<Kept>,
    records: u64,
}

impl Spool {
    pub(super) fn new(file: File, chunk_bytes: u64) -> Self {
        Self {
            file,
            at: 0,
            chunk_bytes,
            tables: Vec::new(),
            records: 0,
        }
    }

    /// Begins a table.
    pub(super) fn table(&mut self, head: Head) {
        self.records = 0;
        self.tables.push(Kept {
            head,
            chunks: Vec::new(),
            tail: Tail::default(),
        });
    }

    /// Keeps some of its rows: an Arrow IPC stream.
    pub(super) fn batch(&mut self, ipc: &[u8]) -> io::Result<()> {
        let batch = Batch::read(ipc)?;
        let first = (self.records + 1, batch.first_line());
        self.keep(ipc, first, self.records + batch.records())
    }

    /// The same of rows whose numbers need not follow each other: number and line of the first, and the last number.
    pub(super) fn keep(
        &mut self,
        ipc: &[u8],
        (first_row, first_line): (u64, u64),
        last_row: u64,
    ) -> io::Result<()> {
        let table = self.tables.last_mut().ok_or(io::ErrorKind::InvalidData)?;
        let length = u32::try_from(ipc.len()).map_err(io::Error::other)?;
        let begins = table
            .chunks
            .last()
            .is_none_or(|c| c.bytes >= self.chunk_bytes);
        if begins {
            table.chunks.push(Chunk {
                offset: self.at,
                bytes: 0,
                first_row,
                first_line,
            });
        }
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(ipc)?;
        let bytes = 4 + u64::from(length);
        self.at += bytes;
        if let Some(chunk) = table.chunks.last_mut() {
            chunk.bytes += bytes;
        }
        self.records = last_row;
        Ok(())
    }

    /// Ends the table.
    pub(super) fn end(&mut self, tail: Tail) -> io::Result<()> {
        let table = self.tables.last_mut().ok_or(io::ErrorKind::InvalidData)?;
        if tail.records != self.records {
            return Err(io::ErrorKind::InvalidData.into());
        }
        table.tail = tail;
        Ok(())
    }

    /// The file and the tables in it.
    pub(super) fn finish(self) -> (Arc<File>, Vec<Kept>) {
        (Arc::new(self.file), self.tables)
    }
}

/// A batch as a reader made it.
struct Batch {
    rows: RecordBatch,
    rejects: Vec<Reject>,
    errors: Vec<CellError>,
}

impl Batch {
    fn read(ipc: &[u8]) -> io::Result<Self> {
        let mut reader = StreamReader::try_new(ipc, None).map_err(io::Error::other)?;
        let rows = reader.next().ok_or(io::ErrorKind::InvalidData)?;
        let rows = rows.map_err(io::Error::other)?;
        let schema = rows.schema();
        let said = |name: &str| schema.metadata().get(name);
        let rejects = said(REJECTS).map(|text| serde_json::from_str(text));
        let errors = said(ERRORS).map(|text| serde_json::from_str(text));
        Ok(Self {
            rejects: rejects.transpose()?.unwrap_or_default(),
            errors: errors.transpose()?.unwrap_or_default(),
            rows,
        })
    }

    fn records(&self) -> u64 {
        (self.rows.num_rows() + self.rejects.len()) as u64
    }

    fn first_line(&self) -> u64 {
        let lines = self.rows.columns().last();
        let lines = lines.and_then(|lines| lines.as_primitive_opt::<Int64Type>());
        let of_row = lines.and_then(|lines| lines.iter().next().flatten());
        let of_reject = self.rejects.first().map(|reject| reject.line);
        let of_row = of_row.map(i64::cast_unsigned);
        of_row.into_iter().chain(of_reject).min().unwrap_or(0)
    }
}

/// The batches of one chunk.
#[derive(Debug)]
pub(super) struct SpoolReader {
    file: String,
    bytes: Vec<u8>,
    at: usize,
    wanted: Vec<usize>,
    typed: bool,
}

impl SpoolReader {
    pub(super) fn new(
        export: &Export,
        spool: &File,
        chunk: &Chunk,
        wanted: &[usize],
    ) -> Result<Self, IngestError> {
        let mut bytes = vec![0; usize::try_from(chunk.bytes).unwrap_or(0)];
        spool
            .read_exact_at(&mut bytes, chunk.offset)
            .map_err(|source| scratch(&export.file, source))?;
        Ok(Self {
            file: export.file.clone(),
            bytes,
            at: 0,
            wanted: wanted.to_vec(),
            typed: export.written.format.is_typed(),
        })
    }

    /// The record on `line`, with tabs between its cells.
    pub(super) fn record_at(mut self, line: u64) -> Option<RawRecord> {
        while let Ok(Some(batch)) = self.batch() {
            let found = batch.lines.values().binary_search(&line.cast_signed());
            if let Ok(at) = found {
                let cells = batch.columns.iter().map(|column| column.value(at));
                let mut bytes = Vec::new();
                let mut fields = Vec::new();
                for cell in cells {
                    if !fields.is_empty() {
                        bytes.push(b'\t');
                    }
                    let start = bytes.len();
                    bytes.extend_from_slice(cell.as_bytes());
                    fields.push(start..bytes.len());
                }
                return Some(RawRecord {
                    bytes,
                    count: fields.len(),
                    fields,
                    sound: true,
                });
            }
            if let Some(reject) = batch.rejects.iter().find(|reject| reject.line == line) {
                return Some(RawRecord {
                    bytes: reject.raw.clone(),
                    fields: Vec::new(),
                    count: 0,
                    sound: false,
                });
            }
        }
        None
    }

    pub(super) fn batch(&mut self) -> Result<Option<RawBatch>, IngestError> {
        let Some(rest) = self.bytes.get(self.at..).filter(|rest| !rest.is_empty()) else {
            return Ok(None);
        };
        let unclear = || scratch(&self.file, io::ErrorKind::InvalidData.into());
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(unclear)?;
        let length = u32::from_le_bytes(*length) as usize;
        let ipc = rest.get(..length).ok_or_else(unclear)?;
        let batch = Batch::read(ipc).map_err(|source| scratch(&self.file, source))?;
        self.at += 4 + length;
        let text = |at: &usize| -> Option<StringArray> {
            batch
                .rows
                .columns()
                .get(*at)?
                .as_string_opt::<i32>()
                .cloned()
        };
        let number = |name: &str| {
            let column = batch.rows.column_by_name(name)?;
            column.as_primitive_opt::<Int64Type>().cloned()
        };
        let columns: Option<Vec<StringArray>> = self.wanted.iter().map(text).collect();
        Ok(Some(RawBatch {
            columns: columns.ok_or_else(unclear)?,
            rows: number("_row").ok_or_else(unclear)?,
            lines: number("_line").ok_or_else(unclear)?,
            rejects: batch.rejects,
            swallowed: Vec::new(),
            errors: batch.errors,
            typed: self.typed,
        }))
    }
}

fn scratch(file: &str, source: io::Error) -> IngestError {
    IngestError::Io {
        file: file.to_owned(),
        action: "read again what was unpacked of",
        source,
    }
}
