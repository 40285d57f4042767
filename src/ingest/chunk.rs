//! Reads one chunk of any file into batches of text columns and rejects.

use std::sync::Arc;

use arrow::array::StringArray;

use super::{
    Content, Export, IngestError, Limits, RawBatch, RawRecord, encoding, reader::TextReader,
    spool::SpoolReader,
};
use crate::tables::Encoding;

/// Reads one chunk; `wanted` are the positions of the fields to keep, in the order of the batch's columns.
///
/// Chunks may be read in any order, more than once and on any thread.
pub fn read_chunk(
    export: &Export,
    chunk: usize,
    wanted: &[usize],
    limits: &Limits,
) -> Result<ChunkReader, IngestError> {
    let (Some(shape), Some(rows)) = (export.chunks.get(chunk), export.rows(chunk)) else {
        return Err(IngestError::NoChunk {
            file: export.file.clone(),
            chunk,
            chunks: export.chunks.len(),
        });
    };
    let fields = export.header.len();
    if let Some(&field) = wanted.iter().find(|field| **field >= fields) {
        return Err(IngestError::NoField {
            file: export.file.clone(),
            field,
            fields,
        });
    }
    let delivered = fields - export.constants.len();
    let (inside, constants): (Vec<_>, Vec<_>) = wanted
        .iter()
        .copied()
        .enumerate()
        .partition(|(_, field)| *field < delivered);
    let inside: Vec<usize> = inside.into_iter().map(|(_, field)| field).collect();
    let constants = constants
        .into_iter()
        .map(|(at, field)| (at, Arc::from(export.constants[field - delivered].as_str())))
        .collect();
    let inner = match &export.content {
        Content::Rows(spool) => Inner::Rows(SpoolReader::new(export, spool, shape, &inside)?),
        _ => Inner::Text(Box::new(TextReader::new(
            export, chunk, shape, rows, &inside, delivered, limits,
        )?)),
    };
    Ok(ChunkReader {
        inner,
        constants,
        encoding: export.written.encoding.unwrap_or(Encoding::Utf8),
    })
}

/// The batches of one chunk, in the file's order. After an error it ends.
#[derive(Debug)]
pub struct ChunkReader {
    inner: Inner,
    /// Columns that hold one value, by their place in the batch.
    constants: Vec<(usize, Arc<str>)>,
    /// What the text was decoded from.
    encoding: Encoding,
}

#[derive(Debug)]
enum Inner {
    Text(Box<TextReader>),
    Rows(SpoolReader),
}

impl Iterator for ChunkReader {
    type Item = Result<RawBatch, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match &mut self.inner {
            Inner::Text(reader) => reader.next()?,
            Inner::Rows(reader) => reader.batch().transpose()?,
        };
        Some(batch.map(|mut batch| {
            if self.encoding != Encoding::Utf8 {
                for reject in &mut batch.rejects {
                    reject.raw = encoding::as_delivered(&reject.raw, self.encoding);
                }
            }
            let rows = batch.rows.len();
            for (at, value) in &self.constants {
                let column = StringArray::from_iter_values(std::iter::repeat_n(&**value, rows));
                batch.columns.insert(*at, column);
            }
            batch
        }))
    }
}

impl ChunkReader {
    /// The record that begins on `line`; `None` where none does. One that is no text has tabs between its cells.
    pub fn record_at(self, line: u64) -> Option<RawRecord> {
        match self.inner {
            Inner::Text(reader) => reader.record_at(line),
            Inner::Rows(reader) => reader.record_at(line),
        }
    }
}
