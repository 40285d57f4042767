//! What a night that was delivered again changed, as a table.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{Int64Builder, RecordBatch, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};

/// Columns of `restatements`.
pub static RESTATEMENT_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("table"),
        text("record_key"),
        text("change"),
        text("column"),
        text("before"),
        text("after"),
        text("source_file"),
        Field::new("source_line", DataType::Int64, true),
    ]))
});

/// Collects what changed.
#[derive(Default)]
pub struct RestatementBuilder {
    texts: [StringBuilder; 7],
    line: Int64Builder,
}

impl RestatementBuilder {
    /// Adds one; `texts` are table, record key, change, column, before, after and file.
    pub fn push(&mut self, texts: [Option<&str>; 7], line: Option<i64>) {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        self.line.append_option(line);
    }

    /// The batch; the builder starts afresh.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let [table, key, change, column, before, after, file] = &mut self.texts;
        RecordBatch::try_new(
            Arc::clone(&RESTATEMENT_SCHEMA),
            vec![
                Arc::new(table.finish()),
                Arc::new(key.finish()),
                Arc::new(change.finish()),
                Arc::new(column.finish()),
                Arc::new(before.finish()),
                Arc::new(after.finish()),
                Arc::new(file.finish()),
                Arc::new(self.line.finish()),
            ],
        )
    }
}
