//! The log itself: findings sorted, each with its id, in Parquet and CSV.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder, new_null_array},
    datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type},
    error::ArrowError,
};
use datafusion::{error::DataFusionError, execution::SendableRecordBatchStream};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use sha2::{Digest, Sha256};

use super::{
    finding::RuleFacts,
    history::{Ended, HistoryKey, Lifecycle, Met, Night, Past, texts_of},
    table::TableFile,
};
use crate::discrepancy::{Severity, Status};

/// The log could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Sorting failed.
    #[error(
        "sorting the discrepancies failed: {0}; give more with --memory-limit, or free space in the out folder, then run again"
    )]
    Sort(#[from] DataFusionError),
    /// Writing Parquet failed.
    #[error(
        "writing a table of the log as Parquet failed: {0}; check the disk of the out folder, then run again"
    )]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Writing CSV failed.
    #[error(
        "writing a table of the log as CSV failed: {0}; check the disk of the out folder, then run again"
    )]
    Csv(#[from] csv::Error),
    /// Writing failed.
    #[error(
        "writing a table of the log failed: {0}; check the disk of the out folder, then run again"
    )]
    Io(#[from] std::io::Error),
    /// Columns did not fit.
    #[error("building a table of the log failed: {0}; this is a fault of trueup, please report it")]
    Arrow(#[from] ArrowError),
}

/// The order of findings in the log.
pub const LOG_ORDER: &str = "SELECT \"rule\", \"record_key\", \"column\", \"source_file\", \"source_sheet\", \"source_line\", \"source_row\", \
     \"observed\", \"expected\", \"suggestion\", \"difference\", \"action\", \"cleaned\", \"group\", \"likely_cause\", \"message\", \"last_seen\" \
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
    /// Open discrepancies of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Those among them that no waiver accepts.
    pub unwaived: BTreeMap<Severity, u64>,
    /// Those among them that are new or reopened.
    pub fresh: BTreeMap<Severity, u64>,
    /// Open discrepancies of each rule id.
    pub by_rule: BTreeMap<String, u64>,
    /// Discrepancies of each status, those among them that resolved.
    pub by_status: BTreeMap<Status, u64>,
    /// The same of each rule id.
    pub rule_statuses: BTreeMap<String, BTreeMap<Status, u64>>,
    /// All that are open.
    pub total: u64,
    /// Rows of the log: those that resolved among them.
    pub rows: u64,
}

impl LogCounts {
    fn count(&mut self, rule: &str, severity: Severity, status: Status) {
        let statuses = match self.rule_statuses.get_mut(rule) {
            Some(statuses) => statuses,
            None => self.rule_statuses.entry(rule.to_owned()).or_default(),
        };
        *statuses.entry(status).or_default() += 1;
        *self.by_status.entry(status).or_default() += 1;
        if status == Status::Resolved {
            return;
        }
        self.total += 1;
        *self.by_severity.entry(severity).or_default() += 1;
        if status != Status::Waived {
            *self.unwaived.entry(severity).or_default() += 1;
        }
        if matches!(status, Status::New | Status::Reopened) {
            *self.fresh.entry(severity).or_default() += 1;
        }
        match self.by_rule.get_mut(rule) {
            Some(count) => *count += 1,
            None => {
                self.by_rule.insert(rule.to_owned(), 1);
            }
        }
    }
}

/// Who says which discrepancies are waived.
pub trait Waiving {
    /// For each row of `batch` (columns of [`LOG_ORDER`]) the waiver that holds by its rule, if any.
    ///
    /// # Errors
    /// A condition cannot be computed.
    fn by_rule<'w>(&'w self, batch: &RecordBatch) -> Result<Vec<Option<&'w str>>, DataFusionError>;

    /// The waiver that holds for the discrepancy of this id, if any.
    fn by_id(&self, id: &str) -> Option<&str>;
}

/// What the run before left: its history, and its log.
pub struct Before {
    /// `history.parquet`, at its beginning.
    pub past: Past,
    /// `discrepancies.parquet`.
    pub log: File,
}

/// Where a log goes.
pub struct Sinks<W> {
    /// `discrepancies.parquet`.
    pub parquet: W,
    /// `discrepancies.csv`.
    pub csv: W,
    /// `history.parquet`; nowhere for a trial, which no run follows.
    pub history: Option<W>,
}

/// What was written, with the rows of the history.
pub struct Written<W> {
    /// The sinks.
    pub sinks: Sinks<W>,
    /// What the log holds.
    pub counts: LogCounts,
    /// Rows of the history.
    pub history_rows: u64,
}

/// Writes the findings of `sorted` (columns and order of [`LOG_ORDER`]), each with its id and status, then what resolved
/// since the run before, and the history that the next night needs.
pub async fn write_log<W: Write + Send>(
    mut sorted: SendableRecordBatchStream,
    night: Night<'_>,
    before: Option<Before>,
    waivers: &(dyn Waiving + Sync),
    sinks: Sinks<W>,
) -> Result<Written<W>, LogError> {
    let mut out = TableFile::new(sinks.parquet, sinks.csv, Arc::clone(&LOG_SCHEMA))?;
    let mut counts = LogCounts::default();
    let mut ids = Ids::default();
    let (past, log) = match before {
        Some(Before { past, log }) => (
            Some(past),
            Some(ParquetRecordBatchReaderBuilder::try_new(log)?),
        ),
        None => (None, None),
    };
    let rows_before = log.as_ref().map_or(0, |log| {
        usize::try_from(log.metadata().file_metadata().num_rows()).unwrap_or(0)
    });
    let mut lives = Lifecycle::new(night, past, rows_before, sinks.history)?;
    while let Some(batch) = sorted.try_next().await? {
        let log = log_batch(&batch, night, &mut ids, &mut lives, waivers, &mut counts)?;
        out.write(&log)?;
    }
    let Ended { history, resolved } = lives.finish()?;
    if let Some(log) = log
        && resolved.contains(&true)
    {
        for batch in log.with_row_selection(selection(&resolved)).build()? {
            let batch = resolved_batch(&batch?, night, &mut counts)?;
            out.write(&batch)?;
        }
    }
    let (parquet, csv, rows) = out.finish()?;
    counts.rows = rows;
    let (history, history_rows) = history.map_or((None, 0), |(sink, rows)| (Some(sink), rows));
    Ok(Written {
        sinks: Sinks {
            parquet,
            csv,
            history,
        },
        counts,
        history_rows,
    })
}

/// The rows that are marked.
fn selection(marked: &[bool]) -> RowSelection {
    let runs = marked.chunk_by(|a, b| a == b);
    let runs = runs.map(|run| match run[0] {
        true => RowSelector::select(run.len()),
        false => RowSelector::skip(run.len()),
    });
    RowSelection::from(runs.collect::<Vec<_>>())
}

/// Rows of the log before, as tonight's log tells that they are gone.
fn resolved_batch(
    batch: &RecordBatch,
    night: Night<'_>,
    counts: &mut LogCounts,
) -> Result<RecordBatch, ArrowError> {
    let (rules, severities) = (texts_of(batch, "rule_id"), texts_of(batch, "severity"));
    for row in 0..batch.num_rows() {
        let severity = Severity::of_word(severities.value(row)).unwrap_or(Severity::Info);
        counts.count(rules.value(row), severity, Status::Resolved);
    }
    let rows = batch.num_rows();
    let columns = LOG_SCHEMA.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            "status" => Arc::new(StringArray::from(vec![Status::Resolved.word(); rows])),
            "run_id" => Arc::new(StringArray::from(vec![night.run_id; rows])),
            name => match batch.column_by_name(name) {
                Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
                _ => new_null_array(field.data_type(), rows),
            },
        }
    });
    RecordBatch::try_new(Arc::clone(&LOG_SCHEMA), columns.collect())
}

fn log_batch<W: Write + Send>(
    batch: &RecordBatch,
    night: Night<'_>,
    ids: &mut Ids,
    lives: &mut Lifecycle<'_, W>,
    waivers: &(dyn Waiving + Sync),
    counts: &mut LogCounts,
) -> Result<RecordBatch, LogError> {
    let text = |at: usize| batch.column(at).as_string::<i32>();
    let rule_index = batch.column(0).as_primitive::<UInt32Type>();
    let (record_key, column, group, last_seen) = (text(1), text(2), text(13), text(16));
    let by_rule = waivers.by_rule(batch)?;
    let mut made: [StringBuilder; 9] = Default::default();
    let [mut groups, mut first, mut last, mut waived] = [(); 4].map(|()| StringBuilder::new());
    let shown = |array: &'_ StringArray, row: usize| {
        array.is_valid(row).then(|| array.value(row).to_owned())
    };
    for (row, by_rule) in by_rule.iter().enumerate() {
        let facts = &night.rules[rule_index.value(row) as usize];
        let (key, column) = (record_key.value(row), shown(column, row));
        let (id, n) = ids.next(facts, key, column.as_deref().unwrap_or(""));
        let carried = last_seen.is_valid(row).then(|| last_seen.value(row));
        let waiver = waivers.by_id(&id).or(*by_rule);
        let met = Met {
            key: HistoryKey {
                rule_id: &facts.id,
                record_key: key,
                column: column.as_deref(),
                n,
            },
            rule_version: &facts.version,
            waived: waiver.is_some(),
            carried,
            log_row: i64::try_from(counts.total).unwrap_or(i64::MAX),
        };
        let status = lives.meet(&met, &mut first)?;
        let texts = [
            id.as_str(),
            status.word(),
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
        last.append_value(carried.unwrap_or(night.run_id));
        waived.append_option(waiver);
        let group = shown(group, row);
        groups.append_option(match carried {
            Some(_) => group,
            None => group.map(|g| short_hash(&[&facts.id, &g])),
        });
        counts.count(&facts.id, facts.severity, status);
    }
    let rows = batch.num_rows();
    let [
        id,
        status,
        rule_id,
        version,
        kind,
        dimension,
        severity,
        category,
        table,
    ] = &mut made;
    let same = |at: usize| Arc::clone(batch.column(at));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(id.finish()),
        Arc::new(status.finish()),
        Arc::new(first.finish()),
        Arc::new(last.finish()),
        Arc::new(StringArray::from(vec![night.run_id; rows])),
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
        Arc::new(waived.finish()),
        same(15),
    ];
    Ok(RecordBatch::try_new(Arc::clone(&LOG_SCHEMA), columns)?)
}

/// Ids that stay the same every night: rule, table, record key and column, and a number where several rows share all four.
#[derive(Default)]
struct Ids {
    last: [String; 3],
    repeated: u64,
}

impl Ids {
    /// The id of the next finding, and its number among those that share rule, key and column.
    fn next(&mut self, facts: &RuleFacts, key: &str, column: &str) -> (String, i32) {
        if self.last[0] == facts.id && self.last[1] == key && self.last[2] == column {
            self.repeated += 1;
        } else {
            self.repeated = 1;
            self.last = [facts.id.clone(), key.to_owned(), column.to_owned()];
        }
        let n = self.repeated;
        let id = discrepancy_id(facts, key, column, n);
        (id, i32::try_from(n).unwrap_or(i32::MAX))
    }
}

/// The id of the `n`th finding of a rule about a record and column, from 1.
pub fn discrepancy_id(facts: &RuleFacts, key: &str, column: &str, n: u64) -> String {
    match n {
        1 => short_hash(&[&facts.id, &facts.table, key, column]),
        n => short_hash(&[&facts.id, &facts.table, key, column, &n.to_string()]),
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
