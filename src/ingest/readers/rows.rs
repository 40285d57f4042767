//! Gathers rows of text into batches, and batches into frames.

use std::{io::Write, sync::Arc};

use arrow::{
    array::{ArrayRef, Int64Array, StringBuilder},
    datatypes::{DataType, Field, Schema},
    ipc::writer::StreamWriter,
    record_batch::RecordBatch,
};

use super::{ReadError, Stopped};
use crate::{
    ingest::{
        CellError, Reject, RejectReason,
        isolated::{Frames, Head, Tail},
        written::Remark,
    },
    tables::Limits,
};

/// Under this name the schema's metadata of a batch has its rejects, as JSON.
pub(in crate::ingest) const REJECTS: &str = "rejects";
/// And under this one its cells that hold an error.
pub(in crate::ingest) const ERRORS: &str = "errors";
/// Bytes of text after which a batch ends.
const BATCH_BYTES: usize = 4 << 20;

/// Rows with their numbers and lines, and what was found beside them, as an Arrow IPC stream.
pub(in crate::ingest) fn ipc(
    columns: Vec<ArrayRef>,
    rows: Int64Array,
    lines: Int64Array,
    rejects: &[Reject],
    errors: &[CellError],
) -> std::io::Result<Vec<u8>> {
    let broken = std::io::Error::other::<arrow::error::ArrowError>;
    let text = |nth| Field::new(format!("{nth}"), DataType::Utf8, false);
    let number = |name| Field::new(name, DataType::Int64, false);
    let fields = (0..columns.len()).map(text);
    let fields: Vec<Field> = fields.chain([number("_row"), number("_line")]).collect();
    let mut metadata = std::collections::HashMap::new();
    if !rejects.is_empty() {
        metadata.insert(REJECTS.to_owned(), serde_json::to_string(rejects)?);
    }
    if !errors.is_empty() {
        metadata.insert(ERRORS.to_owned(), serde_json::to_string(errors)?);
    }
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let mut arrays = columns;
    arrays.extend([rows, lines].map(|numbers| Arc::new(numbers) as ArrayRef));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(broken)?;
    let mut ipc = Vec::new();
    let mut writer = StreamWriter::try_new(&mut ipc, &schema).map_err(broken)?;
    writer.write(&batch).map_err(broken)?;
    writer.finish().map_err(broken)?;
    drop(writer);
    Ok(ipc)
}

/// A table that is being written.
pub(super) struct Rows<'o, W: Write> {
    out: &'o mut Frames<W>,
    limits: &'o Limits,
    columns: Vec<StringBuilder>,
    rows: Vec<i64>,
    lines: Vec<i64>,
    rejects: Vec<Reject>,
    errors: Vec<CellError>,
    /// Bytes of the batch so far.
    bytes: usize,
    records: u64,
}

impl<'o, W: Write> Rows<'o, W> {
    pub(super) fn begin(
        out: &'o mut Frames<W>,
        head: &Head,
        limits: &'o Limits,
    ) -> Result<Self, Stopped> {
        if head.header.len() > limits.columns {
            return Err(ReadError::Columns {
                line: head.header_line,
                limit: limits.columns,
            }
            .into());
        }
        out.table(head)?;
        Ok(Self {
            out,
            limits,
            columns: head.header.iter().map(|_| StringBuilder::new()).collect(),
            rows: Vec::new(),
            lines: Vec::new(),
            rejects: Vec::new(),
            errors: Vec::new(),
            bytes: 0,
            records: 0,
        })
    }

    /// Adds a row: a cell for each column, and the columns whose cell holds an error, with its text. A row with a field that is
    /// too long is none.
    pub(super) fn row<'c>(
        &mut self,
        line: u64,
        cells: impl ExactSizeIterator<Item = &'c str> + Clone,
        errors: &[(usize, &str)],
    ) -> Result<(), Stopped> {
        debug_assert_eq!(cells.len(), self.columns.len());
        let bytes: usize = cells.clone().map(str::len).sum();
        if bytes as u64 > self.limits.record() {
            let limit = self.limits.record();
            return Err(ReadError::RecordTooLong { line, limit }.into());
        }
        let limit = self.limits.field_bytes;
        if let Some(field) = cells.clone().position(|cell| cell.len() > limit) {
            let raw = cells.collect::<Vec<_>>().join("\t").into_bytes();
            let reason = RejectReason::FieldTooLong {
                field: field + 1,
                limit,
            };
            return self.reject(line, raw, reason);
        }
        self.records += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_value(cell);
        }
        self.rows.push(self.records.cast_signed());
        self.lines.push(line.cast_signed());
        for (column, text) in errors {
            self.errors.push(CellError {
                row: self.records,
                line,
                column: *column,
                text: (*text).to_owned(),
            });
        }
        self.bytes += bytes + 8 * self.columns.len();
        self.full()
    }

    /// Adds a record that is no row.
    pub(super) fn reject(
        &mut self,
        line: u64,
        raw: Vec<u8>,
        reason: RejectReason,
    ) -> Result<(), Stopped> {
        self.records += 1;
        self.bytes += raw.len();
        self.rejects.push(Reject {
            row: self.records,
            line,
            raw,
            reason,
        });
        self.full()
    }

    fn full(&mut self) -> Result<(), Stopped> {
        let most = self.limits.batch_rows.max(1);
        if self.bytes >= BATCH_BYTES || self.rows.len() + self.rejects.len() >= most {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        if self.rows.is_empty() && self.rejects.is_empty() {
            return Ok(());
        }
        let of_text = |column: &mut StringBuilder| Arc::new(column.finish()) as ArrayRef;
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(of_text).collect();
        let numbers = [&mut self.rows, &mut self.lines].map(std::mem::take);
        let [rows, lines] = numbers.map(Int64Array::from);
        let ipc = ipc(columns, rows, lines, &self.rejects, &self.errors)?;
        self.out.batch(&ipc)?;
        self.rejects.clear();
        self.errors.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Ends the table.
    pub(super) fn end(mut self, terminated: bool, remarks: Vec<Remark>) -> Result<(), Stopped> {
        self.flush()?;
        self.out.end(&Tail {
            records: self.records,
            terminated,
            remarks,
        })?;
        Ok(())
    }
}
