//! The log itself: findings sorted, each with its id, in Parquet and CSV.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{Array, AsArray, RecordBatch, StringArray, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type},
    error::ArrowError,
};
use datafusion::{error::DataFusionError, execution::SendableRecordBatchStream};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};

use super::{finding::RuleFacts, table::TableFile};
use crate::discrepancy::Severity;

/// The log could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Sorting failed.
    #[error("sorting the discrepancies failed: {0}")]
    Sort(#[from] DataFusionError),
    /// Writing Parquet failed.
    #[error("writing a table as Parquet failed: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Writing CSV failed.
    #[error("writing a table as CSV failed: {0}")]
    Csv(#[from] csv::Error),
    /// Writing failed.
    #[error("writing a table failed: {0}")]
    Io(#[from] std::io::Error),
    /// Columns did not fit.
    #[error("building a table failed: {0}")]
    Arrow(#[from] ArrowError),
}

/// The order of findings in the log.
pub const LOG_ORDER: &str = "SELECT \"rule\", \"record_key\", \"column\", \"source_file\", \"source_sheet\", \"source_line\", \"source_row\", \
     \"observed\", \"expected\", \"suggestion\", \"difference\", \"action\", \"cleaned\", \"group\", \"likely_cause\", \"message\" \
     FROM findings \
     ORDER BY \"rule\", \"record_key\", \"column\" NULLS FIRST, \"source_file\" NULLS FIRST, \"source_sheet\" NULLS FIRST, \"source_row\" NULLS FIRST, \"message\"";

/// Columns of `discrepancies`: a contract.
static LOG_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = [
        "discrepancy_id",
        "status",
        "first_seen_run",
        "last_seen_run",
        "run_id",
        "rule_id",
        "rule_version",
        "kind",
        "dimension",
        "severity",
        "category",
        "table",
        "record_key",
        "column",
        "source_file",
        "source_sheet",
    ];
    let after = [
        "observed",
        "expected",
        "suggestion",
        "difference",
        "action",
        "cleaned",
        "group_id",
        "likely_cause",
        "waiver_id",
        "message",
    ];
    let field = |name: &&str| Field::new(*name, DataType::Utf8, true);
    let mut fields: Vec<Field> = text.iter().map(field).collect();
    fields.push(Field::new("source_line", DataType::Int64, true));
    fields.push(Field::new("source_row", DataType::Int64, true));
    fields.extend(after.iter().map(field));
    Arc::new(Schema::new(fields))
});

/// What the log holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Discrepancies of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Discrepancies of each rule id.
    pub by_rule: BTreeMap<String, u64>,
    /// All of them.
    pub total: u64,
}

/// Writes the findings of `sorted` (columns and order of [`LOG_ORDER`]) with their ids; `rules` are the facts by rule index.
pub async fn write_log<W: Write + Send>(
    mut sorted: SendableRecordBatchStream,
    rules: &[RuleFacts],
    run_id: &str,
    parquet: W,
    csv: W,
) -> Result<(W, W, LogCounts), LogError> {
    let mut out = TableFile::new(parquet, csv, Arc::clone(&LOG_SCHEMA))?;
    let mut counts = LogCounts::default();
    let mut ids = Ids::default();
    while let Some(batch) = sorted.try_next().await? {
        let log = log_batch(&batch, rules, run_id, &mut ids, &mut counts)?;
        out.write(&log)?;
    }
    let (parquet, csv, rows) = out.finish()?;
    counts.total = rows;
    Ok((parquet, csv, counts))
}

fn log_batch(
    batch: &RecordBatch,
    rules: &[RuleFacts],
    run_id: &str,
    ids: &mut Ids,
    counts: &mut LogCounts,
) -> Result<RecordBatch, ArrowError> {
    let text = |at: usize| batch.column(at).as_string::<i32>();
    let rule_index = batch.column(0).as_primitive::<UInt32Type>();
    let (record_key, column, group) = (text(1), text(2), text(13));
    let mut made: [StringBuilder; 8] = Default::default();
    let mut groups = StringBuilder::new();
    for row in 0..batch.num_rows() {
        let facts = &rules[rule_index.value(row) as usize];
        let shown = |array: &StringArray| array.is_valid(row).then(|| array.value(row).to_owned());
        let id = ids.next(
            facts,
            record_key.value(row),
            shown(column).as_deref().unwrap_or(""),
        );
        let texts = [
            id.as_str(),
            &facts.id,
            &facts.version,
            &facts.kind,
            facts.dimension.word(),
            facts.severity.word(),
            facts.category.word(),
            &facts.table,
        ];
        for (builder, text) in made.iter_mut().zip(texts) {
            builder.append_value(text);
        }
        groups.append_option(shown(group).map(|g| short_hash(&[&facts.id, &g])));
        *counts.by_severity.entry(facts.severity).or_default() += 1;
        *counts.by_rule.entry(facts.id.clone()).or_default() += 1;
    }
    let rows = batch.num_rows();
    let constant = |text: &str| Arc::new(StringArray::from(vec![text; rows]));
    let nothing = || Arc::new(StringArray::new_null(rows));
    let [
        id,
        rule_id,
        version,
        kind,
        dimension,
        severity,
        category,
        table,
    ] = &mut made;
    let same = |at: usize| Arc::clone(batch.column(at));
    RecordBatch::try_new(
        Arc::clone(&LOG_SCHEMA),
        vec![
            Arc::new(id.finish()),
            constant("new"),
            constant(run_id),
            constant(run_id),
            constant(run_id),
            Arc::new(rule_id.finish()),
            Arc::new(version.finish()),
            Arc::new(kind.finish()),
            Arc::new(dimension.finish()),
            Arc::new(severity.finish()),
            Arc::new(category.finish()),
            Arc::new(table.finish()),
            same(1),
            same(2),
            same(3),
            same(4),
            same(5),
            same(6),
            same(7),
            same(8),
            same(9),
            same(10),
            same(11),
            same(12),
            Arc::new(groups.finish()),
            same(14),
            nothing(),
            same(15),
        ],
    )
}

/// Ids that stay the same every night: rule, table, record key and column, and a number where several rows share all four.
#[derive(Default)]
struct Ids {
    last: [String; 3],
    repeated: u64,
}

impl Ids {
    fn next(&mut self, facts: &RuleFacts, key: &str, column: &str) -> String {
        if self.last[0] == facts.id && self.last[1] == key && self.last[2] == column {
            self.repeated += 1;
        } else {
            self.repeated = 1;
            self.last = [facts.id.clone(), key.to_owned(), column.to_owned()];
        }
        match self.repeated {
            1 => short_hash(&[&facts.id, &facts.table, key, column]),
            n => short_hash(&[&facts.id, &facts.table, key, column, &n.to_string()]),
        }
    }
}

/// Twenty hex digits of the SHA-256 of `parts`, each closed by a NUL.
pub fn short_hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    digest.iter().take(10).map(|b| format!("{b:02x}")).collect()
}
