//! The second look: rules about keys, over key columns only, before the scan so that it knows every row's fate.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::{
    datasource::file_format::parquet::ParquetFormat,
    datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    error::DataFusionError,
    execution::context::SessionContext,
};
use futures::{StreamExt, TryStreamExt};

use super::{
    prepare::{Checks, GROUP, Outcome},
    session::{Engine, EngineError, describe},
    source::{ByProducts, TableSource},
    sql::plan_query,
};
use crate::{
    conform::Conformer,
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
}

impl FailingRows {
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
    sources: &[Arc<TableSource>],
    scratch: &Scratch<'_>,
) -> Result<KeyFailures, KeyError> {
    let session = engine.ordered_session();
    for (check, source) in checks.tables.iter().zip(sources) {
        if check.key_columns.is_empty() {
            continue;
        }
        let name = check.table.name.as_str();
        let (file, path) = scratch(&format!("keys_{name}.parquet")).map_err(KeyError::Scratch)?;
        let wanted = |column: &str| check.key_columns.contains(column);
        let conformer = Conformer::new(&check.table, lists, false, wanted);
        store_keys(engine, Arc::clone(source), conformer, file).await?;
        register_parquet(&session, name, &path).await?;
        tracing::debug!(table = name, "key columns stored");
    }
    // Several run at a time: most are too small to be worth parting.
    let mut work = Vec::new();
    for prepared in checks.tables.iter().flat_map(|check| &check.rules) {
        if let Outcome::Query { query, .. } = &prepared.outcome {
            let (rule, query, session) = (prepared.rule, query.clone(), session.clone());
            work.push(async move {
                let failing = async move { failing_rows(&session, &query).await };
                (rule, tokio::spawn(failing).await)
            });
        }
    }
    let mut done = futures::stream::iter(work).buffered(engine.threads());
    let mut failures = KeyFailures::default();
    while let Some((rule, failing)) = done.next().await {
        let id = &rules[rule].id;
        match failing.map_err(|_| EngineError::Worker {
            doing: format!("evaluating rule {id}"),
        })? {
            Ok(failing) => {
                tracing::debug!(rule = id, failing = failing.rows.len(), "key rule done");
                failures.rows.insert(rule, Arc::new(failing));
            }
            Err(error) => {
                let why = describe(&error);
                tracing::error!(rule = id, why, "the rule's query failed");
                failures.errors.insert(rule, why);
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

async fn store_keys(
    engine: &Engine,
    source: Arc<TableSource>,
    conformer: Conformer,
    file: File,
) -> Result<(), KeyError> {
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
    while let Some(group) = groups.next().await {
        out.append(group?)?;
    }
    out.finish()?;
    Ok(())
}

fn encode_chunk(
    source: &TableSource,
    chunk: (usize, usize),
    conformer: Conformer,
    encoder: &RowGroupEncoder,
) -> Result<EncodedRowGroup, KeyError> {
    let mut group = encoder.start()?;
    let mut batches = source.read(chunk, conformer)?;
    let mut beside = ByProducts::default();
    while let Some(batch) = batches
        .next_batch(&mut beside)
        .map_err(EngineError::query("reading key columns"))?
    {
        group.write(batch.columns())?;
    }
    Ok(group.finish()?)
}

/// Makes a Parquet file of ours a table, its types as written.
pub async fn register_parquet(
    session: &SessionContext,
    name: &str,
    path: &Path,
) -> Result<(), EngineError> {
    let doing = format!("opening table `{name}`");
    let fail = || EngineError::query(doing.clone());
    let url = ListingTableUrl::parse(path.to_string_lossy()).map_err(fail())?;
    let options = ListingOptions::new(Arc::new(
        ParquetFormat::default().with_force_view_types(false),
    ))
    .with_file_extension(".parquet");
    let config = ListingTableConfig::new(url).with_listing_options(options);
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

async fn failing_rows(
    session: &SessionContext,
    query: &str,
) -> Result<FailingRows, DataFusionError> {
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
        for at in 0..rows.len() {
            let group = groups
                .filter(|g| g.is_valid(at))
                .map(|g| g.value(at).into());
            if rows.is_valid(at) {
                let first = firsts.map(|(row, line)| (row.value(at), line.value(at)));
                found.push((rows.value(at), group, first));
            }
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|f| f.0);
    let mut failing = FailingRows::default();
    for (row, group, first) in found {
        failing.rows.push(row);
        failing.groups.push(group);
        failing.firsts.push(first);
    }
    Ok(failing)
}
