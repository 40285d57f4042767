//! Pairs of records that are probably the same, as a table.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{Float64Builder, Int64Builder, RecordBatch, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};

/// Columns of `duplicate_candidates`.
pub static CANDIDATE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let share = |name: &str| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        text("rule_id"),
        text("table"),
        text("group_id"),
        text("record_key"),
        text("source_file"),
        number("source_line"),
        number("source_row"),
        text("other_key"),
        text("other_file"),
        number("other_line"),
        number("other_row"),
        share("probability"),
        share("weight"),
        text("evidence"),
        text("decision"),
    ]))
});

/// One record of a pair.
#[derive(Clone, Debug)]
pub struct CandidateRecord<'c> {
    /// Its key.
    pub key: &'c str,
    /// Its file.
    pub file: &'c str,
    /// The line that it begins on.
    pub line: i64,
    /// Its number in the file.
    pub row: i64,
}

/// Collects pairs.
#[derive(Default)]
pub struct CandidateBuilder {
    texts: [StringBuilder; 5],
    records: [(StringBuilder, StringBuilder, Int64Builder, Int64Builder); 2],
    numbers: [Float64Builder; 2],
}

impl CandidateBuilder {
    /// Adds one; `texts` are rule, table, group, evidence and decision, `records` the later and the earlier, `numbers` the
    /// probability and the weight in bits.
    pub fn push(
        &mut self,
        texts: [Option<&str>; 5],
        records: [&CandidateRecord<'_>; 2],
        numbers: [f64; 2],
    ) {
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        for ((key, file, line, row), record) in self.records.iter_mut().zip(records) {
            key.append_value(record.key);
            file.append_value(record.file);
            line.append_value(record.line);
            row.append_value(record.row);
        }
        for (builder, number) in self.numbers.iter_mut().zip(numbers) {
            builder.append_value(number);
        }
    }

    /// The batch; the builder starts afresh.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let [rule, table, group, evidence, decision] = &mut self.texts;
        let [record, other] = &mut self.records;
        let [probability, weight] = &mut self.numbers;
        RecordBatch::try_new(
            Arc::clone(&CANDIDATE_SCHEMA),
            vec![
                Arc::new(rule.finish()),
                Arc::new(table.finish()),
                Arc::new(group.finish()),
                Arc::new(record.0.finish()),
                Arc::new(record.1.finish()),
                Arc::new(record.2.finish()),
                Arc::new(record.3.finish()),
                Arc::new(other.0.finish()),
                Arc::new(other.1.finish()),
                Arc::new(other.2.finish()),
                Arc::new(other.3.finish()),
                Arc::new(probability.finish()),
                Arc::new(weight.finish()),
                Arc::new(evidence.finish()),
                Arc::new(decision.finish()),
            ],
        )
    }
}
