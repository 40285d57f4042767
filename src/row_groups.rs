//! Parquet a row group at a time: encoded by any worker, appended in order, so that threads never show in the bytes.

use std::{io::Write, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::SchemaRef,
};
use parquet::{
    arrow::arrow_writer::{
        ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions,
        compute_leaves,
    },
    basic::Compression,
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// For readers: Snappy, which every Parquet reader knows.
    Published,
    /// For the run's own temporary files: not at all.
    Scratch,
}

fn properties(packing: Packing) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(concat!("trueup ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_dictionary_enabled(true)
        // A column of codes stays far below; one of references is plain after few rows, not after a million lookups.
        .set_dictionary_page_size_limit(64 << 10)
        .set_max_row_group_row_count(Some(262_144));
    match packing {
        Packing::Published => builder
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk),
        Packing::Scratch => builder
            .set_compression(Compression::UNCOMPRESSED)
            .set_statistics_enabled(EnabledStatistics::None),
    }
    .build()
}

/// A Parquet file that takes encoded row groups.
pub struct RowGroupFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    encoder: RowGroupEncoder,
    rows: u64,
}

impl<W: Write + Send> RowGroupFile<W> {
    /// Starts a file with `schema`.
    pub fn new(sink: W, schema: SchemaRef, packing: Packing) -> Result<Self, ParquetError> {
        let options = ArrowWriterOptions::new().with_properties(properties(packing));
        let writer = ArrowWriter::try_new_with_options(sink, Arc::clone(&schema), options)?;
        let (writer, factory) = writer.into_serialized_writer()?;
        Ok(Self {
            writer,
            encoder: RowGroupEncoder {
                factory: Arc::new(factory),
                schema,
            },
            rows: 0,
        })
    }

    /// What encodes row groups for this file, on any thread.
    pub fn encoder(&self) -> RowGroupEncoder {
        self.encoder.clone()
    }

    /// Appends a row group; one without rows leaves no trace.
    pub fn append(&mut self, group: EncodedRowGroup) -> Result<(), ParquetError> {
        if group.rows == 0 {
            return Ok(());
        }
        let mut out = self.writer.next_row_group()?;
        for column in group.columns {
            column.append_to_row_group(&mut out)?;
        }
        out.close()?;
        self.rows += group.rows;
        Ok(())
    }

    /// Writes the footer; returns the sink, nothing held back in it, and the rows written.
    pub fn finish(self) -> Result<(W, u64), ParquetError> {
        let rows = self.rows;
        let mut sink = self.writer.into_inner()?;
        sink.flush()?;
        Ok((sink, rows))
    }
}

/// Encodes row groups of one file.
#[derive(Clone)]
pub struct RowGroupEncoder {
    factory: Arc<ArrowRowGroupWriterFactory>,
    schema: SchemaRef,
}

/// A row group, ready to be appended.
pub struct EncodedRowGroup {
    columns: Vec<ArrowColumnChunk>,
    /// Its rows.
    pub rows: u64,
}

impl RowGroupEncoder {
    /// Starts a row group.
    pub fn start(&self) -> Result<RowGroup, ParquetError> {
        Ok(RowGroup {
            writers: self.factory.create_column_writers(0)?,
            schema: Arc::clone(&self.schema),
            rows: 0,
        })
    }
}

/// A row group that is being encoded.
pub struct RowGroup {
    writers: Vec<parquet::arrow::arrow_writer::ArrowColumnWriter>,
    schema: SchemaRef,
    rows: u64,
}

impl RowGroup {
    /// Adds rows; `columns` are the file's, in order.
    pub fn write(&mut self, columns: &[ArrayRef]) -> Result<(), ParquetError> {
        let Some(first) = columns.first() else {
            return Ok(());
        };
        self.rows += first.len() as u64;
        let mut writers = self.writers.iter_mut();
        for (field, column) in self.schema.fields().iter().zip(columns) {
            for leaf in compute_leaves(field, column)? {
                match writers.next() {
                    Some(writer) => writer.write(&leaf)?,
                    None => {
                        return Err(ParquetError::General(
                            "more columns than the file has".to_owned(),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the row group.
    pub fn finish(self) -> Result<EncodedRowGroup, ParquetError> {
        let columns = self
            .writers
            .into_iter()
            .map(|w| w.close())
            .collect::<Result<_, _>>()?;
        Ok(EncodedRowGroup {
            columns,
            rows: self.rows,
        })
    }
}

/// A Parquet file that takes batches, for what is small or already in order.
pub struct BatchFile<W: Write + Send> {
    writer: ArrowWriter<W>,
    rows: u64,
}

impl<W: Write + Send> BatchFile<W> {
    /// Starts a file with `schema`.
    pub fn new(sink: W, schema: SchemaRef, packing: Packing) -> Result<Self, ParquetError> {
        let options = ArrowWriterOptions::new().with_properties(properties(packing));
        Ok(Self {
            writer: ArrowWriter::try_new_with_options(sink, schema, options)?,
            rows: 0,
        })
    }

    /// Adds a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch)
    }

    /// Writes the footer; returns the sink, nothing held back in it, and the rows written.
    pub fn finish(self) -> Result<(W, u64), ParquetError> {
        let rows = self.rows;
        let mut sink = self.writer.into_inner()?;
        sink.flush()?;
        Ok((sink, rows))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufWriter, Error, ErrorKind, Result};

    use arrow::{
        array::Int64Array,
        datatypes::{DataType, Field, Schema},
    };

    use super::*;

    /// A disk without room.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> Result<usize> {
            Err(Error::from(ErrorKind::StorageFull))
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_told_though_a_buffer_took_all() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let sink = || BufWriter::with_capacity(1 << 20, Full);
        let whole = |error: ParquetError| {
            assert!(error.to_string().contains("no storage space"), "{error}")
        };

        let mut file =
            RowGroupFile::new(sink(), Arc::clone(&schema), Packing::Scratch).expect("a file");
        let mut group = file.encoder().start().expect("a row group");
        group.write(&[Arc::clone(&column)]).expect("rows");
        file.append(group.finish().expect("a row group"))
            .expect("appended");
        whole(file.finish().map(|_| ()).expect_err("a full disk"));

        let mut file =
            BatchFile::new(sink(), Arc::clone(&schema), Packing::Scratch).expect("a file");
        let batch = RecordBatch::try_new(schema, vec![column]).expect("a batch");
        file.write(&batch).expect("written");
        whole(file.finish().map(|_| ()).expect_err("a full disk"));
    }
}
