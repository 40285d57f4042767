//! A table for people and programs: the same rows as Parquet and as CSV that a spreadsheet opens safely.

use std::{borrow::Cow, io::Write};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{
        DataType, Date32Type, Float64Type, Int8Type, Int32Type, Int64Type, SchemaRef, UInt64Type,
    },
    error::ArrowError,
};

use super::sorted::LogError;
use crate::{
    harmless::cell,
    row_groups::{BatchFile, Packing},
};

/// A table that is being written twice.
pub struct TableFile<W: Write + Send> {
    parquet: BatchFile<W>,
    csv: csv::Writer<W>,
}

impl<W: Write + Send> TableFile<W> {
    /// Starts both files; the CSV gets its header.
    pub fn new(parquet: W, csv: W, schema: SchemaRef) -> Result<Self, LogError> {
        let mut csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::Any(b'\n'))
            .from_writer(csv);
        let names = schema.fields().iter();
        csv.write_record(names.map(|f| cell(f.name()).into_owned()))?;
        Ok(Self {
            parquet: BatchFile::new(parquet, schema, Packing::Published)?,
            csv,
        })
    }

    /// Adds rows to both.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LogError> {
        self.parquet.write(batch)?;
        write_rows(&mut self.csv, batch)
    }

    /// Ends both; returns the sinks and the number of rows.
    pub fn finish(self) -> Result<(W, W, u64), LogError> {
        let (parquet, rows) = self.parquet.finish()?;
        let csv = self
            .csv
            .into_inner()
            .map_err(|e| LogError::Io(e.into_error()))?;
        Ok((parquet, csv, rows))
    }
}

/// Writes a batch as CSV rows: null is blank, dates are ISO, text is made harmless to spreadsheets.
pub fn write_rows<W: Write>(csv: &mut csv::Writer<W>, batch: &RecordBatch) -> Result<(), LogError> {
    for row in 0..batch.num_rows() {
        for column in batch.columns() {
            csv.write_field(field(column, row)?.as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

fn field(column: &ArrayRef, row: usize) -> Result<Cow<'_, str>, LogError> {
    if column.is_null(row) {
        return Ok(Cow::Borrowed(""));
    }
    Ok(match column.data_type() {
        DataType::Utf8 => cell(column.as_string::<i32>().value(row)),
        DataType::Int64 => Cow::Owned(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Int32 => Cow::Owned(column.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int8 => Cow::Owned(column.as_primitive::<Int8Type>().value(row).to_string()),
        DataType::UInt64 => Cow::Owned(column.as_primitive::<UInt64Type>().value(row).to_string()),
        DataType::Float64 => {
            Cow::Owned(column.as_primitive::<Float64Type>().value(row).to_string())
        }
        DataType::Boolean => Cow::Owned(column.as_boolean().value(row).to_string()),
        DataType::Date32 => Cow::Owned(crate::conform::iso(
            column.as_primitive::<Date32Type>().value(row),
        )),
        other => {
            let text = format!("writing {other} as CSV");
            return Err(LogError::Arrow(ArrowError::NotYetImplemented(text)));
        }
    })
}
