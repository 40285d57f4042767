//! Rows that are probably of the same person or thing: what is compared is read from the key columns, and found by `linkage`.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{AsArray, StringArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
    record_batch::RecordBatch,
};
use datafusion::{
    error::DataFusionError, execution::context::SessionContext,
    execution::memory_pool::MemoryConsumer,
};
use futures::TryStreamExt;

use super::{failing::FailingRows, prepare::GROUP, session::Engine, sql::plan_query};
use crate::{
    harmless::short,
    linkage::{self, Field, Linked, Pair},
    log::{HASHED, Privacy},
    names::provenance,
    rules::{Comparison, Decision},
    tables::{Policy, Table},
};

/// Bytes that a row takes while rows are compared, beside its values: its number by each key and its place in a block.
const BYTES_OF_A_KEY: usize = 16;
/// Bytes that it takes once: where it stands, and which row it is alike.
const BYTES_OF_A_PLACE: usize = size_of::<(i64, i64)>() + 8;

/// A compared column with the words of its levels.
type Compared = (String, &'static [&'static str]);

/// What one rule proposes.
#[derive(Debug)]
pub struct Candidates {
    /// The compared columns.
    fields: Vec<Compared>,
    /// Key, table-wide row number and line of each record that a pair names.
    rows: HashMap<u32, Record>,
    /// What was found.
    found: Linked,
}

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its key, as the log writes it.
    pub key: String,
    /// Its number in the table.
    pub row: i64,
    /// The line that it begins on.
    pub line: i64,
}

impl Record {
    /// Its key as it is `shown`, or its number where it has none.
    pub fn name(&self, shown: String) -> String {
        match is_blank(&self.key) {
            true => format!("row {}", self.row),
            false => shown,
        }
    }
}

/// One pair for `duplicate_candidates`.
#[derive(Debug)]
pub struct Candidate<'c> {
    /// The record that names the group of both; `None` where nothing may join them, since somebody decided so.
    pub group: Option<&'c Record>,
    /// The two, the earlier first.
    pub records: [&'c Record; 2],
    /// How sure it is.
    pub pair: &'c Pair,
    /// Each column's level and weight in bits.
    pub evidence: String,
}

/// A key that too many rows share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// Its columns.
    pub columns: Vec<String>,
    /// Values that too many share.
    pub values: usize,
    /// Rows that have one of them.
    pub rows: usize,
}

impl Candidates {
    /// Every pair, by its records' place in the table.
    pub fn pairs(&self) -> impl Iterator<Item = Candidate<'_>> {
        let group_of = self.group_of();
        self.found.pairs.iter().filter_map(move |pair| {
            let group = of_both(&group_of, pair).map(|(first, _)| first);
            Some(Candidate {
                group: group.and_then(|first| self.names(first)),
                records: [self.rows.get(&pair.first)?, self.rows.get(&pair.second)?],
                evidence: self.evidence(pair, true),
                pair,
            })
        })
    }

    /// The first record and the size of each one's group.
    fn group_of(&self) -> GroupOf {
        let mut group_of = GroupOf::new();
        for (first, records) in &self.found.groups {
            let of_each = records
                .iter()
                .map(|record| (*record, (*first, records.len())));
            group_of.extend(of_each);
        }
        group_of
    }

    /// The record that names a group: the first that has a key, else the first.
    fn names(&self, first: u32) -> Option<&Record> {
        let records = self.found.groups.get(&first).into_iter().flatten();
        let mut with_key = records.filter_map(|record| self.rows.get(record));
        with_key
            .find(|record| !is_blank(&record.key))
            .or_else(|| self.rows.get(&first))
    }

    /// Compared columns whose weights rest on what is expected, since the data hold too few pairs that are one to learn from.
    pub fn guessed(&self) -> Vec<&str> {
        let guessed = self.found.model.guessed.iter();
        guessed.map(|at| self.fields[*at].0.as_str()).collect()
    }

    /// Keys that too many rows share.
    pub fn too_many(&self) -> Vec<TooMany> {
        let mut all: Vec<TooMany> = Vec::new();
        for capped in &self.found.capped {
            let columns: Vec<String> = capped
                .key
                .iter()
                .map(|at| self.fields[*at].0.clone())
                .collect();
            match all.iter_mut().find(|other| other.columns == columns) {
                Some(other) => {
                    other.values += 1;
                    other.rows += capped.records;
                }
                None => all.push(TooMany {
                    columns,
                    values: 1,
                    rows: capped.records,
                }),
            }
        }
        all
    }

    fn evidence(&self, pair: &Pair, weighed: bool) -> String {
        let told = |(field, found): (&Compared, &Option<(u8, f64)>)| {
            let (name, levels) = field;
            let (level, weight) = (*found)?;
            let level = levels.get(usize::from(level))?;
            Some(match weighed {
                true => format!("{name} {level} ({weight:+.1})"),
                false => format!("{name} {level}"),
            })
        };
        let told: Vec<String> = self
            .fields
            .iter()
            .zip(&pair.fields)
            .filter_map(told)
            .collect();
        told.join(", ")
    }

    /// The rows that have an earlier one like them about which nobody decided, each with the likeliest such pair.
    fn failing(&self, asked: &Asked<'_>) -> Result<FailingRows, DataFusionError> {
        let mut best: HashMap<u32, &Pair> = HashMap::new();
        for pair in self
            .found
            .pairs
            .iter()
            .filter(|pair| pair.decided.is_none())
        {
            let known = best.entry(pair.second).or_insert(pair);
            if pair.weight > known.weight {
                *known = pair;
            }
        }
        let group_of = self.group_of();
        let mut found: Vec<(i64, Option<Box<str>>, Box<str>)> = Vec::new();
        for (record, pair) in best {
            let (Some(row), Some(other)) = (self.rows.get(&record), self.rows.get(&pair.first))
            else {
                continue;
            };
            let group = of_both(&group_of, pair);
            let whose = match asked.privacy.shown_key(&other.key, asked.table) {
                _ if asked.hides_keys() && !asked.privacy.is_keyed() => "another row".to_owned(),
                blank if blank.is_empty() => {
                    format!("the row without a key on line {}", other.line)
                }
                key => format!("`{}`", short(&key)),
            };
            let more = match group {
                Some((_, size)) if size > 2 => format!("; {size} in its group"),
                _ => String::new(),
            };
            let evidence = self.evidence(pair, false);
            let note = format!(
                "probability {:.4} that it is {whose}: {evidence}{more}",
                // Never quite sure.
                pair.probability.min(0.9999)
            );
            let group = group.and_then(|(first, _)| self.names(first));
            let group = group.map(|first| match asked.hides_keys() {
                false => first.name(first.key.clone()).into(),
                true if asked.privacy.is_keyed() => {
                    asked.privacy.hide(&first.name(first.key.clone())).into()
                }
                true => first.row.to_string().into(),
            });
            found.push((row.row, group, note.into()));
        }
        found.sort_by_key(|(row, ..)| *row);
        FailingRows::noted(found)
    }
}

/// The first record and the size of the group of each record that is in one.
type GroupOf = HashMap<u32, (u32, usize)>;

/// The group of both records of a pair.
fn of_both(group_of: &GroupOf, pair: &Pair) -> Option<(u32, usize)> {
    let [one, other] = [pair.first, pair.second].map(|record| group_of.get(&record));
    one.filter(|_| one == other && pair.decided != Some(false))
        .copied()
}

/// What one rule asks.
pub(super) struct Asked<'a> {
    /// Returns the rows.
    pub query: &'a str,
    /// How they are compared.
    pub comparison: &'a Comparison,
    /// Whose they are.
    pub table: &'a Table,
    /// What was decided about them.
    pub decisions: Vec<&'a Decision>,
    /// How hidden values are shown.
    pub privacy: &'a Privacy,
}

impl Asked<'_> {
    fn hides_keys(&self) -> bool {
        let mut key = self.table.key.iter();
        key.any(|column| self.table.columns[*column].policy == Policy::Hide)
    }

    /// For each compared column whether it is hidden.
    fn hidden_fields(&self) -> Vec<bool> {
        let hides = |(name, _): &(String, linkage::Compare)| {
            let mut columns = self.table.columns.iter();
            columns.any(|c| c.name.as_str() == name && c.policy == Policy::Hide)
        };
        self.comparison.fields.iter().map(hides).collect()
    }
}

/// Compares the rows of a table.
pub(super) async fn find(
    engine: &Engine,
    session: &SessionContext,
    asked: &Asked<'_>,
) -> Result<(FailingRows, Candidates), DataFusionError> {
    let comparison = asked.comparison;
    let plan = plan_query(session, asked.query).await?;
    let frame = session.execute_logical_plan(plan).await?;
    let mut stream = frame.execute_stream().await?;
    let reservation = MemoryConsumer::new("probable duplicates").register(&engine.memory_pool());
    let mut read = Read::new(comparison);
    while let Some(batch) = stream.try_next().await? {
        read.add(&batch)?;
        let bytes: usize = read.fields.iter().map(Field::bytes).sum();
        let keys = comparison.settings.block_on.len() * BYTES_OF_A_KEY + BYTES_OF_A_PLACE;
        reservation.try_resize(bytes + keys * read.places.len())?;
    }
    let decided = read.decided(asked);
    let hidden = asked.hidden_fields();
    let threads = engine.threads();
    let settings = comparison.settings.clone();
    let (found, read) = tokio::task::spawn_blocking(move || {
        read.fields.iter_mut().for_each(Field::finish);
        let keys = read.numbers();
        let mut found = linkage::link(&read.fields, &keys, &settings, &decided, threads);
        found.level_out(&hidden, &settings);
        (found, read)
    })
    .await
    .map_err(|error| DataFusionError::External(Box::new(error)))?;
    let named = found
        .pairs
        .iter()
        .flat_map(|pair| [pair.first, pair.second]);
    let candidates = Candidates {
        rows: read.records(named),
        fields: comparison
            .fields
            .iter()
            .map(|(name, compare)| (name.clone(), compare.levels()))
            .collect(),
        found,
    };
    tracing::debug!(
        compared = candidates.found.compared,
        pairs = candidates.found.pairs.len(),
        prior = candidates.found.model.prior,
        "rows compared"
    );
    Ok((candidates.failing(asked)?, candidates))
}

/// The rows as they are read.
struct Read {
    fields: Vec<Field>,
    /// Row and line of each.
    places: Vec<(i64, i64)>,
    /// The keys, a batch at a time.
    keys: Vec<(u32, Arc<StringArray>)>,
}

impl Read {
    fn new(comparison: &Comparison) -> Self {
        let field = |(name, compare): &(String, linkage::Compare)| Field::new(name, *compare);
        Self {
            fields: comparison.fields.iter().map(field).collect(),
            places: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let column = |name: &str| {
            let found = batch.column_by_name(name);
            found.ok_or_else(|| DataFusionError::Internal(format!("the query returns no `{name}`")))
        };
        let text = |name: &str| -> Result<StringArray, DataFusionError> {
            Ok(cast(column(name)?, &DataType::Utf8)?
                .as_string::<i32>()
                .clone())
        };
        let rows = column(provenance::ROW)?.as_primitive::<Int64Type>();
        let lines = column(provenance::LINE)?.as_primitive::<Int64Type>();
        let places = rows.values().iter().zip(lines.values());
        let start = self.places.len() as u32;
        self.places.extend(places.map(|(row, line)| (*row, *line)));
        self.keys.push((start, Arc::new(text(GROUP)?)));
        for (at, field) in self.fields.iter_mut().enumerate() {
            let texts = text(&format!("_field_{at}"))?;
            texts.iter().for_each(|text| field.push(text));
        }
        Ok(())
    }

    /// A number for each row, which rows of one key share; a row without a key has its own.
    fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = Vec::with_capacity(self.places.len());
        let mut last: Option<&str> = None;
        for key in self.keys.iter().flat_map(|(_, keys)| keys.iter().flatten()) {
            let at = numbers.len() as u32;
            // Rows come in the order of their keys.
            let number = match numbers.last() {
                Some(number) if last == Some(key) && !is_blank(key) => *number,
                _ => at,
            };
            numbers.push(number);
            last = Some(key);
        }
        numbers
    }

    /// What was decided of rows that are there.
    fn decided(&self, asked: &Asked<'_>) -> linkage::Decisions {
        let decisions = &asked.decisions;
        let mut wanted: HashMap<&str, Vec<u32>> = HashMap::new();
        for decision in decisions {
            wanted.extend(decision.keys.iter().map(|key| (key.as_str(), Vec::new())));
        }
        // Who may not see a key has nothing but its hash to write down.
        let by_hash = asked.privacy.is_keyed() && wanted.keys().any(|key| key.contains(HASHED));
        for (start, keys) in &self.keys {
            for (at, key) in (*start..).zip(keys.iter().map(Option::unwrap_or_default)) {
                if let Some(found) = wanted.get_mut(key) {
                    found.push(at);
                }
                if by_hash
                    && let shown = asked.privacy.shown_key(key, asked.table)
                    && shown != key
                    && let Some(found) = wanted.get_mut(shown.as_str())
                {
                    found.push(at);
                }
            }
        }
        let mut decided = linkage::Decisions::new();
        let mut groups = linkage::Groups::default();
        for decision in decisions {
            let [ones, others] = [0, 1].map(|at| &wanted[decision.keys[at].as_str()]);
            if ones.is_empty() || others.is_empty() {
                let hashed = decision.keys.iter().any(|key| key.contains(HASHED));
                let absent = match hashed {
                    true => {
                        "no row has a key of this decision; a hash is known only with the TRUEUP_KEY that it was made with"
                    }
                    false => "no row has a key of this decision",
                };
                tracing::warn!(rule = decision.rule, absent, "a decision was not used");
            }
            let mut fits = true;
            for (a, b) in ones
                .iter()
                .flat_map(|a| others.iter().map(move |b| (*a, *b)))
            {
                if a != b {
                    decided.insert((a.min(b), a.max(b)), decision.same);
                }
                // Keys and hashes of keys are told from each other by their rows alone.
                fits &= match decision.same {
                    true => groups.join(a, b),
                    false => groups.part(a, b),
                };
            }
            if !fits {
                let why = "a key and its hash are decided differently";
                tracing::warn!(rule = decision.rule, why, "a decision contradicts others");
            }
        }
        decided
    }

    fn records(&self, named: impl Iterator<Item = u32>) -> HashMap<u32, Record> {
        let record = |at: u32| {
            let batch = self
                .keys
                .partition_point(|(start, _)| *start <= at)
                .checked_sub(1)?;
            let (start, keys) = &self.keys[batch];
            let (row, line) = self.places[at as usize];
            let key = keys.value((at - start) as usize).to_owned();
            Some((at, Record { key, row, line }))
        };
        named.filter_map(record).collect()
    }
}

/// Whether a key has no part that says anything.
fn is_blank(key: &str) -> bool {
    key.bytes().all(|byte| byte == b'|')
}
