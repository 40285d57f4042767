//! The second look: rules about keys, over key columns only, before the scan so that it knows every row's fate.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use datafusion::{
    datasource::file_format::parquet::ParquetFormat,
    datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    error::DataFusionError,
    execution::context::SessionContext,
};
use futures::{StreamExt, TryStreamExt};

use super::{
    prepare::{Checks, GROUP, Outcome},
    probable::{self, Asked, Candidates, DecidedPairs},
    session::{Engine, EngineError, describe, is_exhausted, is_io},
    source::{ByProducts, TableSource},
    sql::plan_query,
};
use crate::{
    conform::{Conformer, full_schema},
    ingest::Reject,
    log::Privacy,
    names::provenance,
    row_groups::{EncodedRowGroup, Packing, RowGroupEncoder, RowGroupFile},
    rules::Rule,
    tables::CodeList,
};

/// What the key rules found, by each rule's index in the project.
#[derive(Debug, Default)]
pub struct KeyFailures {
    /// The failing rows of each rule.
    pub rows: BTreeMap<usize, Arc<FailingRows>>,
    /// Rules whose query failed, and why.
    pub errors: BTreeMap<usize, String>,
    /// Pairs that are probably the same, of each rule that looks for them.
    pub candidates: BTreeMap<usize, Candidates>,
}

/// The failing rows of one rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FailingRows {
    /// Table-wide record numbers, ascending, each once.
    pub rows: Vec<i64>,
    /// The group of each, where the rule has groups.
    pub groups: Vec<Option<Box<str>>>,
    /// Record number and line of the first row of each one's group, where the rule says it.
    pub firsts: Vec<Option<(i64, i64)>>,
    /// What is to be said about each, where the rule says something.
    pub notes: Vec<Option<Box<str>>>,
    /// Whether each is the one of its group that survives: nothing is done about it.
    pub survives: Vec<bool>,
}

/// Stands in a note for the row that survives.
pub const SURVIVOR: &str = "{survivor}";

/// What is known of a failing row.
#[derive(Debug)]
pub struct Noted {
    /// Its group.
    pub group: Option<Box<str>>,
    /// What is to be said about it.
    pub note: Box<str>,
}

impl FailingRows {
    /// Rows, ascending, each with what is said about it.
    pub fn noted(rows: impl Iterator<Item = (i64, Noted)>) -> Self {
        let mut all = Self::default();
        for (row, noted) in rows {
            all.rows.push(row);
            all.groups.push(noted.group);
            all.firsts.push(None);
            all.notes.push(Some(noted.note));
            all.survives.push(false);
        }
        all
    }

    /// The positions in `rows` of the record numbers from `first` to `last`.
    pub fn between(&self, first: i64, last: i64) -> std::ops::Range<usize> {
        self.rows.partition_point(|r| *r < first)..self.rows.partition_point(|r| *r <= last)
    }

    /// The same with groups whose texts may not be told: by their keyed hash or, without a key, by their number in the
    /// order of the rows, since guesses could be tried against anything made of the text alone.
    pub fn with_hidden_groups(&self, privacy: &Privacy) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let groups = self.groups.iter().map(|group| {
            let text = group.as_deref()?;
            Some(match privacy.is_keyed() {
                true => privacy.hide(text).into_boxed_str(),
                false => {
                    let next = numbers.len() + 1;
                    let number = *numbers.entry(text).or_insert(next);
                    number.to_string().into_boxed_str()
                }
            })
        });
        Self {
            rows: self.rows.clone(),
            groups: groups.collect(),
            firsts: self.firsts.clone(),
            notes: self.notes.clone(),
            survives: self.survives.clone(),
        }
    }
}

/// Makes a temporary file of that name and says where it is: making files is `publish`'s alone.
pub type Scratch<'a> = dyn Fn(&str) -> std::io::Result<(File, PathBuf)> + Sync + 'a;

/// Evaluates every key rule. `scratch` makes a temporary file of that name.
pub async fn key_failures(
    engine: &Engine,
    checks: &Checks,
    rules: &[Rule],
    lists: &[Arc<CodeList>],
    decided: DecidedPairs<'_>,
    sources: &[Arc<TableSource>],
    scratch: &Scratch<'_>,
) -> Result<KeyFailures, KeyError> {
    let session = engine.ordered_session();
    let frugal = engine.frugal_session();
    let mut stored: Vec<Arc<TableRows>> = Vec::new();
    for (check, source) in checks.tables.iter().zip(sources) {
        let mut rows = TableRows::of(source);
        if check.key_columns.is_empty() {
            stored.push(Arc::new(rows));
            continue;
        }
        let name = check.table.name.as_str();
        let (file, path) = scratch(&format!("keys_{name}.parquet")).map_err(KeyError::Scratch)?;
        let wanted = |column: &str| check.key_columns.contains(column);
        let conformer = Conformer::new(&check.table, lists, false, wanted);
        rows.rejected = store_keys(engine, Arc::clone(source), conformer, file).await?;
        stored.push(Arc::new(rows));
        // All columns, as when the query was checked: one that only the optimiser can do without is not stored.
        register_parquet_as(&session, name, &path, full_schema(&check.table))?;
        register_parquet_as(&frugal, name, &path, full_schema(&check.table))?;
        tracing::debug!(table = name, "key columns stored");
    }
    // Several run at a time: most are too small to be worth parting.
    let mut work = Vec::new();
    let mut queries = BTreeMap::new();
    let mut comparisons = Vec::new();
    for (check, rows) in checks.tables.iter().zip(&stored) {
        for prepared in &check.rules {
            if let Outcome::Query {
                query,
                compare: Some(compare),
                ..
            } = &prepared.outcome
            {
                comparisons.push((prepared.rule, query, compare, &*check.table));
            } else if let Outcome::Query { query, .. } = &prepared.outcome {
                let (rule, query, session) = (prepared.rule, query.clone(), session.clone());
                let rows = Arc::clone(rows);
                queries.insert(prepared.rule, (query.clone(), Arc::clone(&rows)));
                work.push(async move {
                    let failing = async move { failing_rows(&session, &query, &rows).await };
                    (rule, tokio::spawn(failing).await)
                });
            }
        }
    }
    let mut done = futures::stream::iter(work).buffered(engine.threads());
    let mut failures = KeyFailures::default();
    let mut all = Vec::new();
    let mut again = Vec::new();
    while let Some((rule, failing)) = done.next().await {
        let doing = || format!("evaluating rule {}", rules[rule].id);
        match failing.map_err(|_| EngineError::Worker { doing: doing() })? {
            Err(Failed::Engine(error)) if is_exhausted(&error) => again.push(rule),
            done => all.push((rule, done)),
        }
    }
    // What needs more memory than there is goes alone, joined in a way that can spill.
    for rule in again {
        if let Some((query, rows)) = queries.get(&rule) {
            tracing::debug!(rule = rules[rule].id, "evaluated again in less memory");
            all.push((rule, failing_rows(&frugal, query, rows).await));
        }
    }
    for (rule, failing) in all {
        let id = &rules[rule].id;
        match failing {
            Ok(failing) => {
                tracing::debug!(rule = id, failing = failing.rows.len(), "key rule done");
                failures.rows.insert(rule, Arc::new(failing));
            }
            // No fault of the rule's: what it would have found is not known.
            Err(Failed::Engine(error)) if is_io(&error) => {
                let doing = format!("reading the key columns for rule {id}");
                return Err(EngineError::query(doing)(error).into());
            }
            Err(failed) => {
                let why = match failed {
                    Failed::Engine(error) => describe(&error),
                    Failed::NullRow => "its query returns a `_row` that is null".to_owned(),
                    Failed::NoRow => {
                        "its query returns a `_row` that is no row of the table".to_owned()
                    }
                };
                tracing::debug!(rule = id, why, "the rule's query failed");
                failures.errors.insert(rule, why);
            }
        }
    }
    // One after the other: each uses all workers, and the memory that there is.
    for (rule, query, comparison, table) in comparisons {
        let id = &rules[rule].id;
        let of_rule = decided.decisions.iter().filter(|d| d.rule == *id);
        let asked = Asked {
            query,
            comparison,
            table,
            decisions: of_rule.collect(),
            privacy: decided.privacy,
        };
        match probable::find(engine, &session, &asked).await {
            Ok((failing, candidates)) => {
                tracing::debug!(rule = id, failing = failing.rows.len(), "key rule done");
                failures.rows.insert(rule, Arc::new(failing));
                failures.candidates.insert(rule, candidates);
            }
            Err(error) if is_io(&error) => {
                let doing = format!("reading the key columns for rule {id}");
                return Err(EngineError::query(doing)(error).into());
            }
            Err(error) => {
                failures.errors.insert(rule, describe(&error));
            }
        }
    }
    Ok(failures)
}

/// The second look failed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file could not be read.
    #[error(transparent)]
    Ingest(#[from] crate::ingest::IngestError),
    /// A temporary file could not be written.
    #[error("writing key columns to a temporary file failed: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A temporary file could not be made.
    #[error("making a temporary file failed: {0}")]
    Scratch(#[source] std::io::Error),
}

/// Stores the key columns of a table; returns the numbers of its records that are no row, ascending.
async fn store_keys(
    engine: &Engine,
    source: Arc<TableSource>,
    conformer: Conformer,
    file: File,
) -> Result<Vec<i64>, KeyError> {
    let sink = std::io::BufWriter::with_capacity(1 << 20, file);
    let mut out = RowGroupFile::new(sink, Arc::clone(conformer.schema()), Packing::Scratch)?;
    let encoder = out.encoder();
    let work = source.chunks().into_iter().map(|chunk| {
        let (source, conformer, encoder) =
            (Arc::clone(&source), conformer.clone(), encoder.clone());
        async move {
            tokio::spawn(async move { encode_chunk(&source, chunk, conformer, &encoder) })
                .await
                .map_err(|_| EngineError::Worker {
                    doing: "reading key columns".to_owned(),
                })?
        }
    });
    let mut groups = futures::stream::iter(work).buffered(engine.threads());
    let mut rejected = Vec::new();
    while let Some(group) = groups.next().await {
        let (group, mut of_chunk) = group?;
        out.append(group)?;
        rejected.append(&mut of_chunk);
    }
    out.finish()?;
    Ok(rejected)
}

fn encode_chunk(
    source: &TableSource,
    chunk: (usize, usize),
    conformer: Conformer,
    encoder: &RowGroupEncoder,
) -> Result<(EncodedRowGroup, Vec<i64>), KeyError> {
    let mut group = encoder.start()?;
    let mut batches = source.read(chunk, conformer)?;
    let mut beside = ByProducts::default();
    while let Some(batch) = batches
        .next_batch(&mut beside)
        .map_err(EngineError::query("reading key columns"))?
    {
        group.write(batch.columns())?;
    }
    let base = source.files[chunk.0].base;
    let number = |reject: &Reject| base.saturating_add(reject.row.cast_signed());
    let rejected = beside.rejects.iter().map(number).collect();
    Ok((group.finish()?, rejected))
}

/// Makes a Parquet file of ours a table, its types as written.
pub async fn register_parquet(
    session: &SessionContext,
    name: &str,
    path: &Path,
) -> Result<(), EngineError> {
    register_parquets(session, name, &[path.to_owned()]).await
}

/// The same of several files of one schema, in their order.
pub async fn register_parquets(
    session: &SessionContext,
    name: &str,
    paths: &[PathBuf],
) -> Result<(), EngineError> {
    let doing = format!("opening table `{name}`");
    let fail = || EngineError::query(doing.clone());
    let config = parquet_files(paths).map_err(fail())?;
    let config = config
        .infer_schema(&session.state())
        .await
        .map_err(fail())?;
    let table = ListingTable::try_new(config).map_err(fail())?;
    session
        .register_table(name, Arc::new(table))
        .map_err(fail())?;
    Ok(())
}

/// The same with the columns of `schema`, of which those that a query reads stand in the file.
fn register_parquet_as(
    session: &SessionContext,
    name: &str,
    path: &Path,
    schema: SchemaRef,
) -> Result<(), EngineError> {
    let doing = format!("opening table `{name}`");
    let fail = || EngineError::query(doing.clone());
    let config = parquet_files(&[path.to_owned()])
        .map_err(fail())?
        .with_schema(schema);
    let table = ListingTable::try_new(config).map_err(fail())?;
    session
        .register_table(name, Arc::new(table))
        .map_err(fail())?;
    Ok(())
}

fn parquet_files(paths: &[PathBuf]) -> Result<ListingTableConfig, DataFusionError> {
    let urls = paths
        .iter()
        .map(|path| ListingTableUrl::parse(path.to_string_lossy()));
    let urls = urls.collect::<Result<Vec<_>, _>>()?;
    let options = ListingOptions::new(Arc::new(
        ParquetFormat::default().with_force_view_types(false),
    ))
    .with_file_extension(".parquet");
    Ok(ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options))
}

/// The numbers that are rows of a table.
#[derive(Debug)]
struct TableRows {
    records: i64,
    /// Records that are no row, ascending.
    rejected: Vec<i64>,
}

impl TableRows {
    fn of(source: &TableSource) -> Self {
        let records: u64 = source.files.iter().map(|f| f.export.records).sum();
        Self {
            records: records.cast_signed(),
            rejected: Vec::new(),
        }
    }

    fn contains(&self, row: i64) -> bool {
        (1..=self.records).contains(&row) && self.rejected.binary_search(&row).is_err()
    }
}

/// Why the failing rows of a rule are not known.
enum Failed {
    Engine(DataFusionError),
    NullRow,
    NoRow,
}

impl<E: Into<DataFusionError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

/// A row's place in its group.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    /// From 1, which survives.
    place: i64,
    size: i64,
    /// The columns in which it differs from the one that survives.
    differs: Box<str>,
}

impl Member {
    /// What is said of it, with [`SURVIVOR`] where the one that survives is to be named.
    fn note(&self) -> Box<str> {
        let place = format!("{} of {}", self.place, self.size);
        match (self.place, &*self.differs) {
            (1, _) => format!("{place}, which survives").into(),
            (_, "") => format!("{place}; identical to {SURVIVOR}").into(),
            (_, differs) => format!("{place}; differs from {SURVIVOR} in {differs}").into(),
        }
    }
}

async fn failing_rows(
    session: &SessionContext,
    query: &str,
    of_table: &TableRows,
) -> Result<FailingRows, Failed> {
    let plan = plan_query(session, query).await?;
    let frame = session.execute_logical_plan(plan).await?;
    let mut stream = frame.execute_stream().await?;
    let mut found = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        let Some(rows) = batch.column_by_name(provenance::ROW) else {
            continue;
        };
        let rows = rows.as_primitive::<Int64Type>();
        // The engine may hand out another text type than it planned.
        let groups = match batch.column_by_name(GROUP) {
            Some(groups) => Some(cast(groups, &DataType::Utf8)?),
            None => None,
        };
        let groups = groups.as_ref().map(|g| g.as_string::<i32>());
        let number = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<Int64Type>();
        let firsts = number("_first").zip(number("_first_line"));
        let members = number("_place").zip(number("_size"));
        let differs = match batch.column_by_name("_differs") {
            Some(differs) => Some(cast(differs, &DataType::Utf8)?),
            None => None,
        };
        let differs = differs.as_ref().map(|d| d.as_string::<i32>());
        for at in 0..rows.len() {
            let group = groups
                .filter(|g| g.is_valid(at))
                .map(|g| g.value(at).into());
            if rows.is_null(at) {
                return Err(Failed::NullRow);
            }
            if !of_table.contains(rows.value(at)) {
                return Err(Failed::NoRow);
            }
            let first = firsts.map(|(row, line)| (row.value(at), line.value(at)));
            let member = members.map(|(place, size)| Member {
                place: place.value(at),
                size: size.value(at),
                differs: differs.map_or("", |differs| differs.value(at)).into(),
            });
            found.push((rows.value(at), group, first, member));
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|f| f.0);
    let mut failing = FailingRows::default();
    for (row, group, first, member) in found {
        failing.rows.push(row);
        failing.groups.push(group);
        failing.firsts.push(first);
        failing
            .survives
            .push(member.as_ref().is_some_and(|member| member.place == 1));
        failing.notes.push(member.map(|member| member.note()));
    }
    Ok(failing)
}
