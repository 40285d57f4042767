//! What lasts from night to night: which discrepancies were open and which have ended, and so what each is tonight.
//!
//! History and log have one order, so a night is one merge of both: nothing is held but a flag for each row of the log before.

#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    fs::File,
    io::Write,
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{Array, AsArray, Int32Builder, Int64Builder, RecordBatch, StringArray, StringBuilder},
    datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef},
    error::ArrowError,
};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
};

use super::{finding::RuleFacts, sorted::LogError};
use crate::{
    discrepancy::Status,
    row_groups::{BatchFile, Packing},
};

/// Rows of a batch.
const ROWS: usize = 8_192;

/// Columns of `history`, in the order of the log: rule, record key, column, number.
static HISTORY_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("rule_id"),
        text("record_key"),
        text("column"),
        Field::new("n", DataType::Int32, true),
        text("state"),
        text("first_seen_run"),
        text("last_seen_run"),
        text("ended_run"),
        text("rule_version"),
        Field::new("log_row", DataType::Int64, true),
    ]))
});

/// What a run left of a discrepancy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is there.
    Open,
    /// It is there, and a waiver holds.
    Waived,
    /// It is gone.
    Resolved,
    /// Its rule was changed or removed, so that nobody knows.
    RuleChanged,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waived => "waived",
            Self::Resolved => "resolved",
            Self::RuleChanged => "rule_changed",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Open, Self::Waived, Self::Resolved, Self::RuleChanged];
        all.into_iter().find(|state| state.word() == word)
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Waived)
    }
}

/// What a discrepancy is known by in history and log, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryKey<'a> {
    /// Its rule.
    pub rule_id: &'a str,
    /// The record.
    pub record_key: &'a str,
    /// The column.
    pub column: Option<&'a str>,
    /// Its number among those that share all three, from 1.
    pub n: i32,
}

/// The history that a run left, read in its order.
pub struct Past {
    rows: ParquetRecordBatchReader,
    batch: RecordBatch,
    at: usize,
}

impl Past {
    /// Opens `history.parquet` of a run.
    ///
    /// # Errors
    /// It is no history.
    pub fn open(file: File) -> Result<Self, LogError> {
        let rows = ParquetRecordBatchReaderBuilder::try_new(file)?
            .with_batch_size(ROWS)
            .build()?;
        let mut past = Self {
            rows,
            batch: RecordBatch::new_empty(Arc::clone(&HISTORY_SCHEMA)),
            at: 0,
        };
        past.fill()?;
        Ok(past)
    }

    /// Reads on until there is a row or nothing more.
    fn fill(&mut self) -> Result<(), LogError> {
        while self.at >= self.batch.num_rows() {
            let Some(batch) = self.rows.next() else {
                break;
            };
            let batch = batch?;
            let names = |schema: &Schema| -> Vec<String> {
                schema.fields().iter().map(|f| f.name().clone()).collect()
            };
            if names(&batch.schema()) != names(&HISTORY_SCHEMA) {
                let other = "history has other columns than this version writes";
                return Err(ArrowError::SchemaError(other.to_owned()).into());
            }
            (self.batch, self.at) = (batch, 0);
        }
        Ok(())
    }

    fn text(&self, column: usize) -> Option<&str> {
        let texts = self.batch.column(column).as_string::<i32>();
        texts.is_valid(self.at).then(|| texts.value(self.at))
    }

    fn entry(&self) -> Option<Entry<'_>> {
        if self.at >= self.batch.num_rows() {
            return None;
        }
        let numbers = self.batch.column(3).as_primitive::<Int32Type>();
        let rows = self.batch.column(9).as_primitive::<Int64Type>();
        Some(Entry {
            key: HistoryKey {
                rule_id: self.text(0).unwrap_or_default(),
                record_key: self.text(1).unwrap_or_default(),
                column: self.text(2),
                n: numbers.value(self.at),
            },
            state: self
                .text(4)
                .and_then(State::of_word)
                .unwrap_or(State::Resolved),
            first_seen: self.text(5).unwrap_or_default(),
            last_seen: self.text(6).unwrap_or_default(),
            ended: self.text(7),
            rule_version: self.text(8).unwrap_or_default(),
            log_row: rows.is_valid(self.at).then(|| rows.value(self.at)),
        })
    }

    fn advance(&mut self) -> Result<(), LogError> {
        self.at += 1;
        self.fill()
    }
}

/// What history knows of a discrepancy.
#[derive(Clone, Copy)]
struct Entry<'a> {
    key: HistoryKey<'a>,
    state: State,
    first_seen: &'a str,
    last_seen: &'a str,
    ended: Option<&'a str>,
    rule_version: &'a str,
    /// Its row in the log of the run that left this history, from 0; of what is open.
    log_row: Option<i64>,
}

/// The rules of the open discrepancies of a history, each with its version and how many there are.
///
/// # Errors
/// It is no history.
pub fn open_by_rule(file: File) -> Result<Vec<(String, String, u64)>, LogError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let columns = ["rule_id", "state", "rule_version"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let mut found: Vec<(String, String, u64)> = Vec::new();
    for batch in builder
        .with_projection(mask)
        .with_batch_size(ROWS)
        .build()?
    {
        let batch = batch?;
        let [rules, states, versions] = columns.map(|name| texts_of(&batch, name));
        for row in 0..batch.num_rows() {
            if !State::of_word(states.value(row)).is_some_and(State::is_open) {
                continue;
            }
            let (rule, version) = (rules.value(row), versions.value(row));
            match found.last_mut() {
                Some((of, in_version, count)) if of == rule && in_version == version => *count += 1,
                _ => found.push((rule.to_owned(), version.to_owned(), 1)),
            }
        }
    }
    Ok(found)
}

/// The records of the open discrepancies of some rules.
///
/// # Errors
/// It is no history.
pub fn open_records(
    file: File,
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeSet<String>, LogError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let columns = ["rule_id", "state", "record_key"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let mut found = BTreeSet::new();
    for batch in builder
        .with_projection(mask)
        .with_batch_size(ROWS)
        .build()?
    {
        let batch = batch?;
        let [rules, states, records] = columns.map(|name| texts_of(&batch, name));
        for row in 0..batch.num_rows() {
            let is_open = State::of_word(states.value(row)).is_some_and(State::is_open);
            if is_open && wanted(rules.value(row)) {
                found.insert(records.value(row).to_owned());
            }
        }
    }
    Ok(found)
}

/// A history on its way to its file.
struct Next<W: Write + Send> {
    out: BatchFile<W>,
    texts: [StringBuilder; 8],
    n: Int32Builder,
    log_row: Int64Builder,
}

impl<W: Write + Send> Next<W> {
    fn push(&mut self, entry: Entry<'_>) -> Result<(), LogError> {
        let texts = [
            Some(entry.key.rule_id),
            Some(entry.key.record_key),
            entry.key.column,
            Some(entry.state.word()),
            Some(entry.first_seen),
            Some(entry.last_seen),
            entry.ended,
            Some(entry.rule_version),
        ];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        self.n.append_value(entry.key.n);
        self.log_row.append_option(entry.log_row);
        match arrow::array::ArrayBuilder::len(&self.n) {
            ROWS => self.write(),
            _ => Ok(()),
        }
    }

    fn write(&mut self) -> Result<(), LogError> {
        let [rule, key, column, state, first, last, ended, version] = &mut self.texts;
        let batch = RecordBatch::try_new(
            Arc::clone(&HISTORY_SCHEMA),
            vec![
                Arc::new(rule.finish()),
                Arc::new(key.finish()),
                Arc::new(column.finish()),
                Arc::new(self.n.finish()),
                Arc::new(state.finish()),
                Arc::new(first.finish()),
                Arc::new(last.finish()),
                Arc::new(ended.finish()),
                Arc::new(version.finish()),
                Arc::new(self.log_row.finish()),
            ],
        )?;
        Ok(self.out.write(&batch)?)
    }

    fn finish(mut self) -> Result<(W, u64), LogError> {
        self.write()?;
        Ok(self.out.finish()?)
    }
}

/// The merge of what is found tonight with what was known before.
pub struct Lifecycle<'a, W: Write + Send> {
    run_id: &'a str,
    rules: &'a [RuleFacts],
    judged: &'a [bool],
    past: Option<Past>,
    next: Option<Next<W>>,
    /// Of each row of the log before, whether it resolved tonight.
    resolved: Vec<bool>,
}

/// What a night left.
pub struct Ended<W> {
    /// The sink of its history, with its rows.
    pub history: Option<(W, u64)>,
    /// Of each row of the log before, whether it resolved.
    pub resolved: Vec<bool>,
}

/// What a night knows about its rules.
#[derive(Clone, Copy)]
pub struct Night<'a> {
    /// Tonight's run.
    pub run_id: &'a str,
    /// Its rules, by id.
    pub rules: &'a [RuleFacts],
    /// Of each rule, whether what it does not find is gone: it ran, over all that it is about.
    pub judged: &'a [bool],
}

/// A finding of tonight, as its life needs it.
pub struct Met<'a> {
    /// What it is known by.
    pub key: HistoryKey<'a>,
    /// The version of its rule.
    pub rule_version: &'a str,
    /// Whether a waiver holds.
    pub waived: bool,
    /// The run in which it was seen, if not in this one.
    pub carried: Option<&'a str>,
    /// Its row in the log.
    pub log_row: i64,
}

impl<'a, W: Write + Send> Lifecycle<'a, W> {
    /// Starts with the history `past` of the run before, whose log has `rows_before` rows; tonight's goes to `sink`, if anywhere.
    ///
    /// # Errors
    /// The sink cannot be written.
    pub fn new(
        night: Night<'a>,
        past: Option<Past>,
        rows_before: usize,
        sink: Option<W>,
    ) -> Result<Self, LogError> {
        let next = match sink {
            None => None,
            Some(sink) => Some(Next {
                out: BatchFile::new(sink, Arc::clone(&HISTORY_SCHEMA), Packing::Published)?,
                texts: Default::default(),
                n: Int32Builder::new(),
                log_row: Int64Builder::new(),
            }),
        };
        Ok(Self {
            run_id: night.run_id,
            rules: night.rules,
            judged: night.judged,
            past,
            next,
            resolved: vec![false; rows_before],
        })
    }

    /// What a finding is tonight, and the run that saw it first, which goes to `first_seen`. Findings come in the order of their keys.
    ///
    /// # Errors
    /// History cannot be read or written.
    pub fn meet(
        &mut self,
        found: &Met<'_>,
        first_seen: &mut StringBuilder,
    ) -> Result<Status, LogError> {
        let before = self.catch_up(&found.key)?;
        let entry = match (&self.past, before) {
            (Some(past), Some(_)) => past.entry(),
            _ => None,
        };
        let first = entry.map_or(self.run_id, |entry| entry.first_seen);
        first_seen.append_value(first);
        if let Some(next) = &mut self.next {
            next.push(Entry {
                key: found.key,
                state: match found.waived {
                    true => State::Waived,
                    false => State::Open,
                },
                first_seen: first,
                last_seen: found.carried.unwrap_or(self.run_id),
                ended: None,
                rule_version: found.rule_version,
                log_row: Some(found.log_row),
            })?;
        }
        if let (Some(past), Some(_)) = (&mut self.past, before) {
            past.advance()?;
        }
        Ok(match (found.waived, before) {
            (true, _) => Status::Waived,
            (false, None) => Status::New,
            (false, Some(State::Open)) => Status::Ongoing,
            (false, Some(State::Waived | State::Resolved | State::RuleChanged)) => Status::Reopened,
        })
    }

    /// Goes through what history has before `key`; the state of `key` itself, if it is known.
    fn catch_up(&mut self, key: &HistoryKey<'_>) -> Result<Option<State>, LogError> {
        while let Some(entry) = self.past.as_ref().and_then(Past::entry) {
            match entry.key.cmp(key) {
                Ordering::Greater => return Ok(None),
                Ordering::Equal => return Ok(Some(entry.state)),
                Ordering::Less => self.leave()?,
            }
        }
        Ok(None)
    }

    /// Goes past an entry that tonight did not find.
    fn leave(&mut self) -> Result<(), LogError> {
        let Some(past) = &mut self.past else {
            return Ok(());
        };
        if let Some(entry) = past.entry() {
            let kept = left(
                entry,
                self.run_id,
                self.rules,
                self.judged,
                &mut self.resolved,
            );
            if let Some(next) = &mut self.next {
                next.push(kept)?;
            }
        }
        past.advance()
    }

    /// Ends the night.
    ///
    /// # Errors
    /// History cannot be read or written.
    pub fn finish(mut self) -> Result<Ended<W>, LogError> {
        while self.past.as_ref().and_then(Past::entry).is_some() {
            self.leave()?;
        }
        Ok(Ended {
            history: self.next.map(Next::finish).transpose()?,
            resolved: self.resolved,
        })
    }
}

/// What becomes of an entry that tonight did not find.
fn left<'e>(
    entry: Entry<'e>,
    run_id: &'e str,
    rules: &[RuleFacts],
    judged: &[bool],
    resolved: &mut [bool],
) -> Entry<'e> {
    if !entry.state.is_open() {
        return entry;
    }
    let rule = rules.binary_search_by(|rule| rule.id.as_str().cmp(entry.key.rule_id));
    let state = match rule {
        Ok(rule) if rules[rule].version == entry.rule_version && !judged[rule] => {
            return Entry {
                log_row: None,
                ..entry
            };
        }
        Ok(rule) if rules[rule].version == entry.rule_version => State::Resolved,
        _ => State::RuleChanged,
    };
    let row = entry.log_row.and_then(|row| usize::try_from(row).ok());
    if let Some(gone) = row.and_then(|row| resolved.get_mut(row))
        && state == State::Resolved
    {
        *gone = true;
    }
    Entry {
        state,
        ended: Some(run_id),
        log_row: None,
        ..entry
    }
}

/// The texts of a column of `batch`, blank where it is not there.
pub fn texts_of(batch: &RecordBatch, name: &str) -> StringArray {
    match batch.column_by_name(name).and_then(|c| c.as_string_opt()) {
        Some(texts) => texts.clone(),
        None => StringArray::new_null(batch.num_rows()),
    }
}
