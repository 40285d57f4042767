//! Repaired cells and rejected records as tables.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{Int64Builder, RecordBatch, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};

/// Columns of `changes`.
pub static CHANGE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("table"),
        text("record_key"),
        text("column"),
        text("source_file"),
        text("source_sheet"),
        number("source_line"),
        number("source_row"),
        text("before"),
        text("after"),
        text("reason"),
    ]))
});

/// Collects repaired cells.
#[derive(Default)]
pub struct ChangeBuilder {
    texts: [StringBuilder; 8],
    line: Int64Builder,
    row: Int64Builder,
}

impl ChangeBuilder {
    /// Adds one; `texts` are table, record key, column, file, sheet, before, after and reason.
    pub fn push(&mut self, texts: [Option<&str>; 8], line: i64, row: i64) {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        self.line.append_value(line);
        self.row.append_value(row);
    }

    /// The batch; the builder starts afresh.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let [table, key, column, file, sheet, before, after, reason] = &mut self.texts;
        RecordBatch::try_new(
            Arc::clone(&CHANGE_SCHEMA),
            vec![
                Arc::new(table.finish()),
                Arc::new(key.finish()),
                Arc::new(column.finish()),
                Arc::new(file.finish()),
                Arc::new(sheet.finish()),
                Arc::new(self.line.finish()),
                Arc::new(self.row.finish()),
                Arc::new(before.finish()),
                Arc::new(after.finish()),
                Arc::new(reason.finish()),
            ],
        )
    }
}

/// Columns of `rejects`.
pub static REJECT_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("table"),
        text("source_file"),
        text("source_sheet"),
        number("source_line"),
        number("source_row"),
        text("reason"),
        text("raw"),
        text("raw_hex"),
    ]))
});

/// Collects rejected records.
#[derive(Default)]
pub struct RejectBuilder {
    texts: [StringBuilder; 6],
    line: Int64Builder,
    row: Int64Builder,
}

impl RejectBuilder {
    /// Adds one; `texts` are table, file, sheet, reason, raw text, and its bytes in hexadecimal where they are no text.
    pub fn push(&mut self, texts: [Option<&str>; 6], line: i64, row: i64) {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        self.line.append_value(line);
        self.row.append_value(row);
    }

    /// The batch; the builder starts afresh.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let [table, file, sheet, reason, raw, hex] = &mut self.texts;
        RecordBatch::try_new(
            Arc::clone(&REJECT_SCHEMA),
            vec![
                Arc::new(table.finish()),
                Arc::new(file.finish()),
                Arc::new(sheet.finish()),
                Arc::new(self.line.finish()),
                Arc::new(self.row.finish()),
                Arc::new(reason.finish()),
                Arc::new(raw.finish()),
                Arc::new(hex.finish()),
            ],
        )
    }
}
