//! The staged log read back: all of it is counted, and few of its rows are kept.

use std::{collections::BTreeMap, path::Path};

use arrow::array::Array;

use super::{
    FeedError,
    rows::{batches, broken, number, selection, texts},
};
use crate::discrepancy::Severity;

/// Most rows of the log that are told one by one: programs that show them refuse larger files.
pub const MOST: usize = 10_000;
/// Rows of a rule that its test report shows.
pub const FIRST: usize = 5;
/// Rows that are read at a time.
const BATCH: usize = 8_192;
/// Rows of few columns and of all that are kept; their texts may be long.
const FEW: usize = 256;
/// Characters of a key or name that are kept.
const LONGEST: usize = 300;

/// What the log holds.
#[derive(Debug, Default)]
pub struct Entries {
    /// How many there are of each rule, severity and status.
    pub counts: BTreeMap<(String, Severity, String), u64>,
    /// The rows that are told one by one: the most severe first, then in the order of the log.
    pub told: Vec<Entry>,
    /// The first open ones of each rule.
    pub first: BTreeMap<String, Vec<Entry>>,
    /// All rows.
    pub total: u64,
}

/// A row of the log.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its id.
    pub discrepancy_id: String,
    /// Its rule.
    pub rule_id: String,
    /// Its status in its life.
    pub status: String,
    /// Its severity's word.
    pub severity: String,
    /// Its table; blank for totals.
    pub table: String,
    /// The record.
    pub record_key: String,
    /// The column.
    pub column: Option<String>,
    /// The file that it stands in.
    pub source_file: Option<String>,
    /// The sheet of it.
    pub source_sheet: Option<String>,
    /// The line.
    pub source_line: Option<u64>,
    /// What waives it.
    pub waiver_id: Option<String>,
    /// One sentence for a reader.
    pub message: String,
}

impl Entry {
    /// `file:line`, as far as it is known.
    pub fn place(&self) -> String {
        let mut place = self.source_file.clone().unwrap_or_default();
        if let Some(sheet) = &self.source_sheet {
            place.push_str(&format!(" [{sheet}]"));
        }
        if let Some(line) = self.source_line {
            place.push_str(&format!(":{line}"));
        }
        place
    }

    /// Whether it is open: not resolved, and waived by nobody.
    pub fn is_open(status: &str) -> bool {
        !matches!(status, "resolved" | "waived")
    }
}

/// Reads the log at `path` twice: once three columns of all rows, once all columns of the rows that are kept.
pub fn read(path: &Path) -> Result<Entries, FeedError> {
    let mut found = Entries::default();
    let mut rows: BTreeMap<Severity, Vec<u64>> = BTreeMap::new();
    let mut first: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut last: Option<((String, Severity, String), u64)> = None;
    for batch in batches(path, &["rule_id", "severity", "status"], None, BATCH)? {
        let batch = batch.map_err(|source| broken(path, source))?;
        let [rules, severities, statuses] =
            ["rule_id", "severity", "status"].map(|name| texts(&batch, name));
        for at in 0..batch.num_rows() {
            let row = found.total;
            found.total += 1;
            let (rule, word, status) = (rules(at), severities(at), statuses(at));
            // The log is sorted by rule, so that most rows are of the same kind as the one before.
            let same = |((of, severity, life), _): &&mut ((String, Severity, String), u64)| {
                of == rule && severity.word() == word && life == status
            };
            match last.as_mut().filter(same) {
                Some((_, count)) => *count += 1,
                None => {
                    if let Some((key, count)) = last.take() {
                        *found.counts.entry(key).or_default() += count;
                    }
                    let severity = Severity::of_word(word).unwrap_or(Severity::Error);
                    last = Some(((rule.to_owned(), severity, status.to_owned()), 1));
                }
            }
            let Some(((_, severity, _), _)) = &last else {
                continue;
            };
            let told = rows.entry(*severity).or_default();
            if told.len() < MOST {
                told.push(row);
            }
            if Entry::is_open(status) {
                match first.get_mut(rule) {
                    Some(of_rule) if of_rule.len() < FIRST => of_rule.push(row),
                    Some(_) => {}
                    None => {
                        first.insert(rule.to_owned(), vec![row]);
                    }
                }
            }
        }
    }
    if let Some((key, count)) = last {
        *found.counts.entry(key).or_default() += count;
    }
    // Severities are sorted, the most severe first.
    let told: Vec<u64> = rows.into_values().flatten().take(MOST).collect();
    let mut wanted: Vec<u64> = (told.iter().chain(first.values().flatten()).copied()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let kept = keep(path, &wanted)?;
    let entry = |row: &u64| {
        let at = wanted.binary_search(row).ok();
        at.and_then(|at| kept.get(at)).cloned()
    };
    found.told = told.iter().filter_map(entry).collect();
    found.first = first
        .into_iter()
        .map(|(rule, rows)| (rule, rows.iter().filter_map(entry).collect()))
        .collect();
    Ok(found)
}

/// The rows with these numbers, which are sorted.
fn keep(path: &Path, wanted: &[u64]) -> Result<Vec<Entry>, FeedError> {
    const COLUMNS: [&str; 12] = [
        "discrepancy_id",
        "rule_id",
        "status",
        "severity",
        "table",
        "record_key",
        "column",
        "source_file",
        "source_sheet",
        "source_line",
        "waiver_id",
        "message",
    ];
    let mut entries = Vec::with_capacity(wanted.len());
    if wanted.is_empty() {
        return Ok(entries);
    }
    for batch in batches(path, &COLUMNS, Some(selection(wanted)), FEW)? {
        let batch = batch.map_err(|source| broken(path, source))?;
        let text = |name: &str, at: usize| cut(texts(&batch, name)(at));
        let some = |name: &str, at: usize| {
            let column = batch.column_by_name(name)?;
            column.is_valid(at).then(|| text(name, at))
        };
        let line = |at: usize| {
            let line = number(&batch, "source_line", at)?;
            u64::try_from(line).ok().filter(|line| *line > 0)
        };
        entries.extend((0..batch.num_rows()).map(|at| Entry {
            discrepancy_id: text("discrepancy_id", at),
            rule_id: text("rule_id", at),
            status: text("status", at),
            severity: text("severity", at),
            table: text("table", at),
            record_key: text("record_key", at),
            column: some("column", at),
            source_file: some("source_file", at),
            source_sheet: some("source_sheet", at),
            source_line: line(at),
            waiver_id: some("waiver_id", at),
            message: texts(&batch, "message")(at).to_owned(),
        }));
    }
    Ok(entries)
}

/// A text of the log, of which the first characters are kept where it is long; file names are shorter than that.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
