//! A finding: a discrepancy on its way to the log, before it has its id and its life.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{Int64Builder, RecordBatch, StringBuilder, UInt32Builder, new_null_array},
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};

use crate::{
    discrepancy::{Action, Category, Dimension, Severity},
    harmless::lines,
};

/// The rule behind a finding, as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFacts {
    /// Rule id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its kind's word.
    pub kind: String,
    /// Dimension of quality.
    pub dimension: Dimension,
    /// How much a failure matters.
    pub severity: Severity,
    /// Category of its discrepancies.
    pub category: Category,
    /// Table; blank for totals.
    pub table: String,
}

/// One finding; texts are as the log shows them, hidden values already replaced.
#[derive(Clone, Debug, Default)]
pub struct Finding<'a> {
    /// Index into the run's rule facts.
    pub rule: u32,
    /// Key parts joined with `|`.
    pub record_key: &'a str,
    /// Column; `None` when it is about the row.
    pub column: Option<&'a str>,
    /// File inside the delivery.
    pub source_file: Option<&'a str>,
    /// Sheet of it, for a workbook.
    pub source_sheet: Option<&'a str>,
    /// First physical line, or the row of the sheet.
    pub source_line: Option<i64>,
    /// Record number in the file.
    pub source_row: Option<i64>,
    /// The value as delivered.
    pub observed: Option<&'a str>,
    /// What would have passed.
    pub expected: Option<&'a str>,
    /// What was probably meant.
    pub suggestion: Option<&'a str>,
    /// For totals: by how much.
    pub difference: Option<&'a str>,
    /// What was done.
    pub action: Option<Action>,
    /// The value in the clean table.
    pub cleaned: Option<&'a str>,
    /// What the members of its group share.
    pub group: Option<&'a str>,
    /// Why, where that is known.
    pub likely_cause: Option<&'a str>,
    /// One sentence for a reader.
    pub message: &'a str,
}

/// Columns of findings.
pub static FINDING_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        Field::new("rule", DataType::UInt32, false),
        text("record_key", false),
        text("column", true),
        text("source_file", true),
        text("source_sheet", true),
        Field::new("source_line", DataType::Int64, true),
        Field::new("source_row", DataType::Int64, true),
        text("observed", true),
        text("expected", true),
        text("suggestion", true),
        text("difference", true),
        text("action", true),
        text("cleaned", true),
        text("group", true),
        text("likely_cause", true),
        text("message", false),
        // Of a finding that is carried from an earlier run's log, since its rule could not be judged: when it was seen.
        text("last_seen", true),
    ]))
});

/// A part of a record's key as the log writes it, so that no two keys are joined to the same text.
pub fn key_part(part: Cow<'_, str>) -> String {
    match part.contains(['|', '\\']) {
        true => part.replace('\\', r"\\").replace('|', r"\|"),
        false => part.into_owned(),
    }
}

/// Collects findings into a batch.
#[derive(Default)]
pub struct FindingBuilder {
    rule: UInt32Builder,
    source_line: Int64Builder,
    source_row: Int64Builder,
    texts: [StringBuilder; 13],
}

impl FindingBuilder {
    /// Adds one.
    pub fn push(&mut self, finding: &Finding<'_>) {
        self.rule.append_value(finding.rule);
        self.source_line.append_option(finding.source_line);
        self.source_row.append_option(finding.source_row);
        // The other texts are data, and shown by who knows where.
        let message = lines(finding.message);
        let texts = [
            Some(finding.record_key),
            finding.column,
            finding.source_file,
            finding.source_sheet,
            finding.observed,
            finding.expected,
            finding.suggestion,
            finding.difference,
            finding.action.map(Action::word),
            finding.cleaned,
            finding.group,
            finding.likely_cause,
            Some(&message),
        ];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        arrow::array::ArrayBuilder::len(&self.rule)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The batch; the builder starts afresh.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = self.len();
        let [
            key,
            column,
            file,
            sheet,
            observed,
            expected,
            suggestion,
            difference,
            action,
            cleaned,
            group,
            cause,
            message,
        ] = &mut self.texts;
        RecordBatch::try_new(
            Arc::clone(&FINDING_SCHEMA),
            vec![
                Arc::new(self.rule.finish()),
                Arc::new(key.finish()),
                Arc::new(column.finish()),
                Arc::new(file.finish()),
                Arc::new(sheet.finish()),
                Arc::new(self.source_line.finish()),
                Arc::new(self.source_row.finish()),
                Arc::new(observed.finish()),
                Arc::new(expected.finish()),
                Arc::new(suggestion.finish()),
                Arc::new(difference.finish()),
                Arc::new(action.finish()),
                Arc::new(cleaned.finish()),
                Arc::new(group.finish()),
                Arc::new(cause.finish()),
                Arc::new(message.finish()),
                new_null_array(&DataType::Utf8, rows),
            ],
        )
    }
}
