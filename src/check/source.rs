//! The files of one table as one sequence of chunks, and a chunk as a stream of conformed batches.

use std::{
    ops::Range,
    sync::{Arc, Mutex},
};

use arrow::{
    array::{Int64Array, StringArray},
    compute::kernels::numeric::add_wrapping,
    datatypes::SchemaRef,
    record_batch::RecordBatch,
};
use datafusion::{
    error::DataFusionError,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{stream::RecordBatchStreamAdapter, streaming::PartitionStream},
};

use crate::{
    conform::{Change, Conformer, Readings},
    ingest::{
        CellError, Chunk, ChunkReader, Export, IngestError, Limits, Mapping, RawBatch, Reject,
        Swallowed, read_chunk,
    },
    tables::Table,
};

/// One file of a table.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The file, indexed.
    pub export: Arc<Export>,
    /// Where its header has the declared columns.
    pub mapping: Mapping,
    /// Records in the table's earlier files: what is added to a record number to make it unique in the table.
    pub base: i64,
    /// Where its rows came from, if an earlier run kept them; those of the delivery have none.
    pub origin: Option<Origin>,
}

/// Where rows came from that an earlier run kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The run that read the file.
    pub run: String,
    /// Its delivery.
    pub delivery: String,
    /// The file in it.
    pub file: String,
}

impl SourceFile {
    /// The delivery and the file that its rows came from; `tonight` is the run's own delivery.
    pub fn place<'a>(&'a self, tonight: &'a str) -> (&'a str, &'a str) {
        match &self.origin {
            Some(origin) => (&origin.delivery, &origin.file),
            None => (tonight, &self.export.file),
        }
    }
}

/// The files of one table.
#[derive(Clone, Debug)]
pub struct TableSource {
    /// The table.
    pub table: Arc<Table>,
    /// Its files in name order.
    pub files: Vec<SourceFile>,
    /// Limits of reading.
    pub limits: Limits,
}

impl TableSource {
    /// The files of the delivery, without those whose rows an earlier run kept.
    pub fn delivered(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.origin.is_none())
    }

    /// Bytes of each chunk, in the order of [`Self::chunks`].
    pub fn chunk_bytes(&self) -> impl Iterator<Item = u64> {
        let chunks = self.files.iter().flat_map(|file| &file.export.chunks);
        chunks.map(|chunk| chunk.bytes)
    }

    /// Every chunk: index of the file, index of the chunk in it.
    pub fn chunks(&self) -> Vec<(usize, usize)> {
        let of_file = |(f, file): (usize, &SourceFile)| {
            (0..file.export.chunks.len())
                .map(move |c| (f, c))
                .collect::<Vec<_>>()
        };
        self.files.iter().enumerate().flat_map(of_file).collect()
    }

    /// The table-wide record numbers of a chunk.
    pub fn numbers_of(&self, chunk: (usize, usize)) -> Range<i64> {
        let file = &self.files[chunk.0];
        let first_of = |chunk: &Chunk| chunk.first_row.cast_signed();
        let end = file.export.records.cast_signed() + 1;
        let mut firsts = file.export.chunks[chunk.1..].iter().map(first_of);
        let start = firsts.next().unwrap_or(end);
        file.base + start..file.base + firsts.next().unwrap_or(end)
    }

    /// The file that holds the table-wide record number `row`.
    pub fn file_of(&self, row: i64) -> &SourceFile {
        let after = self.files.partition_point(|f| f.base < row);
        &self.files[after.saturating_sub(1)]
    }

    /// Reads one chunk, the columns that `conformer` wants, conformed; `_row` is unique in the table.
    pub fn read(
        &self,
        chunk: (usize, usize),
        conformer: Conformer,
    ) -> Result<ConformedChunk, IngestError> {
        self.read_beside(chunk, conformer, &[])
    }

    /// The same with fields of the file beside it, as text.
    pub(super) fn read_beside(
        &self,
        chunk: (usize, usize),
        conformer: Conformer,
        fields: &[usize],
    ) -> Result<ConformedChunk, IngestError> {
        let file = &self.files[chunk.0];
        let wanted = conformer.columns().iter();
        let wanted: Vec<Option<usize>> = wanted.map(|c| file.mapping.positions[*c]).collect();
        let positions = wanted.iter().flatten().chain(fields).copied();
        let positions: Vec<usize> = positions.collect();
        Ok(ConformedChunk {
            reader: read_chunk(&file.export, chunk.1, &positions, &self.limits)?,
            missing: (0..wanted.len())
                .filter(|at| wanted[*at].is_none())
                .collect(),
            conformer,
            base: file.base,
        })
    }
}

/// The batches of one chunk.
pub struct ConformedChunk {
    reader: ChunkReader,
    /// Places among the columns of those that the file lacks: blank in every row.
    missing: Vec<usize>,
    conformer: Conformer,
    base: i64,
}

/// What reading leaves beside the rows.
#[derive(Debug, Default)]
pub struct ByProducts {
    /// Repaired cells.
    pub changes: Vec<Change>,
    /// Records that are no row.
    pub rejects: Vec<Reject>,
    /// Rows that may have swallowed others.
    pub swallowed: Vec<Swallowed>,
    /// Cells that hold an error; their rows are counted in the file.
    pub errors: Vec<CellError>,
    /// How the cells could be read.
    pub readings: Readings,
}

impl ConformedChunk {
    /// The next batch.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next_batch(
        &mut self,
        beside: &mut ByProducts,
    ) -> Result<Option<RecordBatch>, DataFusionError> {
        Ok(self.next_beside(beside)?.map(|(batch, _)| batch))
    }

    /// The next batch, and the fields that are read beside it.
    pub(super) fn next_beside(
        &mut self,
        beside: &mut ByProducts,
    ) -> Result<Option<(RecordBatch, Vec<StringArray>)>, DataFusionError> {
        let Some(raw) = self.reader.next() else {
            return Ok(None);
        };
        let mut raw: RawBatch = raw.map_err(|e| DataFusionError::External(Box::new(e)))?;
        beside.rejects.append(&mut raw.rejects);
        beside.swallowed.append(&mut raw.swallowed);
        beside.errors.append(&mut raw.errors);
        if self.base != 0 {
            let rows = add_wrapping(&raw.rows, &Int64Array::new_scalar(self.base))?;
            raw.rows = arrow::array::AsArray::as_primitive(&rows).clone();
        }
        for at in &self.missing {
            let blank = StringArray::from_iter_values(std::iter::repeat_n("", raw.rows.len()));
            raw.columns.insert(*at, blank);
        }
        let fields = raw.columns.split_off(self.conformer.columns().len());
        let mut conformed = self.conformer.conform(&raw)?;
        beside.changes.append(&mut conformed.changes);
        beside.readings.merge(conformed.readings);
        Ok(Some((conformed.batch, fields)))
    }
}

/// A chunk as a partition of a plan.
#[derive(Debug)]
pub struct ChunkPartition {
    /// The table's files.
    pub source: Arc<TableSource>,
    /// Which chunk.
    pub chunk: (usize, usize),
    /// What makes the columns.
    pub conformer: Conformer,
    /// Where the by-products go.
    pub beside: Arc<Mutex<ByProducts>>,
}

impl PartitionStream for ChunkPartition {
    fn schema(&self) -> &SchemaRef {
        self.conformer.schema()
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(self.conformer.schema());
        let beside = Arc::clone(&self.beside);
        let mut state = match self.source.read(self.chunk, self.conformer.clone()) {
            Ok(chunk) => Ok(Some(chunk)),
            Err(error) => Err(Some(DataFusionError::External(Box::new(error)))),
        };
        let batches = std::iter::from_fn(move || match &mut state {
            Ok(chunk) => {
                let mut beside = beside
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                match chunk.as_mut()?.next_batch(&mut beside) {
                    Ok(Some(batch)) => Some(Ok(batch)),
                    Ok(None) => None,
                    Err(error) => {
                        *chunk = None;
                        Some(Err(error))
                    }
                }
            }
            Err(error) => error.take().map(Err),
        });
        Box::pin(RecordBatchStreamAdapter::new(
            schema,
            futures::stream::iter(batches),
        ))
    }
}
