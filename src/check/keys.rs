//! The second look: rules about keys, over key columns only, before the scan so that it knows every row's fate.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::AsArray,
    datatypes::{Int64Type, SchemaRef},
};
use datafusion::{
    datasource::file_format::parquet::ParquetFormat,
    datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    error::DataFusionError,
    execution::context::SessionContext,
};
use futures::StreamExt;

use super::{
    failing::{FailingRows, Scratch},
    key_rule::{Failed, KeyRule, TableRows},
    prepare::{Checks, Outcome},
    probable::{self, Asked, Candidates},
    session::{Engine, EngineError, describe, is_exhausted, is_io},
    source::{ByProducts, TableSource},
};
use crate::{
    conform::{Conformer, full_schema},
    ingest::Reject,
    log::Privacy,
    names::provenance,
    row_groups::{EncodedRowGroup, Packing, RowGroup, RowGroupFile},
    rules::{Decision, Returns, Rule},
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

/// What key rules look at, beside their tables' files.
pub struct KeySettings<'k> {
    /// All rules of the project.
    pub rules: &'k [Rule],
    /// Code lists.
    pub lists: &'k [Arc<CodeList>],
    /// What was decided about pairs of rows.
    pub decisions: &'k [Decision],
    /// What may be shown.
    pub privacy: &'k Privacy,
    /// Makes temporary files.
    pub scratch: &'k Scratch,
}

/// Evaluates every key rule.
pub async fn key_failures(
    engine: &Engine,
    checks: &Checks,
    sources: &[Arc<TableSource>],
    settings: &KeySettings<'_>,
) -> Result<KeyFailures, KeyError> {
    let KeySettings {
        rules,
        lists,
        decisions,
        privacy,
        scratch,
    } = *settings;
    let session = engine.ordered_session();
    // Of groups one sort at a time; of other queries the two sides of a join and what comes of it.
    let frugal = [engine.frugal_session(1), engine.frugal_session(3)];
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
        let schema = Arc::clone(conformer.schema());
        let encode = {
            let source = Arc::clone(source);
            move |chunk, group| encode_keys(&source, chunk, conformer.clone(), group)
        };
        let rejected = store(engine, source.chunks(), schema, file, encode).await?;
        rows.rejected = rejected.concat();
        stored.push(Arc::new(rows));
        // All columns, as when the query was checked: one that only the optimiser can do without is not stored.
        register_parquet_as(&session, name, &path, full_schema(&check.table))?;
        for frugal in &frugal {
            register_parquet_as(frugal, name, &path, full_schema(&check.table))?;
        }
        tracing::debug!(table = name, "key columns stored");
    }
    // Several run at a time: most are too small to be worth parting.
    let mut work = Vec::new();
    let mut key_rules = BTreeMap::new();
    let mut comparisons = Vec::new();
    for ((check, source), rows) in checks.tables.iter().zip(sources).zip(&stored) {
        for prepared in &check.rules {
            let Outcome::Query {
                query,
                returns,
                hidden_group,
                ..
            } = &prepared.outcome
            else {
                continue;
            };
            let members = match returns {
                Returns::Records(comparison) => {
                    comparisons.push((prepared.rule, query, comparison, &*check.table));
                    continue;
                }
                Returns::Members(members) => Some(members.clone()),
                Returns::Failing => None,
            };
            let key_rule = Arc::new(KeyRule {
                rule: prepared.rule,
                query: query.clone(),
                members,
                hides: hidden_group.then(|| privacy.clone()),
                source: Arc::clone(source),
                lists: lists.to_vec(),
                rows: Arc::clone(rows),
                scratch: Arc::clone(scratch),
            });
            key_rules.insert(prepared.rule, Arc::clone(&key_rule));
            let (engine, session) = (engine.clone(), session.clone());
            work.push(async move {
                let rule = key_rule.rule;
                let failing =
                    async move { key_rule.failing_rows(&engine, &session, "failing").await };
                (rule, tokio::spawn(failing).await)
            });
        }
    }
    let mut done = futures::stream::iter(work).buffered(engine.threads());
    let mut failures = KeyFailures::default();
    let mut all = Vec::new();
    let mut again = Vec::new();
    while let Some((rule, failing)) = done.next().await {
        let doing = || format!("evaluating rule {}", rules[rule].id);
        match failing.map_err(|_| EngineError::Worker { doing: doing() })? {
            Err(Failed::Engine(error)) if is_exhausted(&error) => {
                // Names of operators and numbers of bytes alone.
                tracing::debug!(rule = rules[rule].id, %error, "memory ran out");
                again.push(rule);
            }
            done => all.push((rule, done)),
        }
    }
    // What needs more memory than there is goes alone, joined in a way that can spill.
    for rule in again {
        if let Some(key_rule) = key_rules.get(&rule) {
            tracing::debug!(rule = rules[rule].id, "evaluated again in less memory");
            let frugal = &frugal[usize::from(key_rule.members.is_none())];
            let failing = key_rule.failing_rows(engine, frugal, "again").await;
            all.push((rule, failing));
        }
    }
    for (rule, failing) in all {
        let id = &rules[rule].id;
        match failing {
            Ok(failing) => {
                tracing::debug!(rule = id, failing = failing.len(), "key rule done");
                failures.rows.insert(rule, Arc::new(failing));
            }
            // No fault of the rule's: what it would have found is not known.
            Err(Failed::Files(error)) => return Err(error),
            Err(Failed::Engine(error)) if is_io(&error) => {
                let doing = format!("reading the key columns for rule {id}");
                return Err(EngineError::query(doing)(error).into());
            }
            Err(failed) => {
                let why = failed.to_string();
                tracing::debug!(rule = id, why, "the rule's query failed");
                failures.errors.insert(rule, why);
            }
        }
    }
    // One after the other: each uses all workers, and the memory that there is.
    for (rule, query, comparison, table) in comparisons {
        let id = &rules[rule].id;
        let of_rule = decisions.iter().filter(|d| d.rule == *id);
        let asked = Asked {
            query,
            comparison,
            table,
            decisions: of_rule.collect(),
            privacy,
        };
        match probable::find(engine, &session, &asked).await {
            Ok((failing, candidates)) => {
                tracing::debug!(rule = id, failing = failing.len(), "key rule done");
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
    #[error(
        "writing key columns to a temporary file failed: {0}; check the disk of the out folder, then run again"
    )]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A temporary file could not be made.
    #[error(
        "making a temporary file in the out folder failed: {0}; check its disk and that this user may write there, then run again"
    )]
    Scratch(#[source] std::io::Error),
}

/// Stores of each chunk what `encode` makes of it, in order; returns what else it says.
pub(super) async fn store<T: Send + 'static>(
    engine: &Engine,
    chunks: Vec<(usize, usize)>,
    schema: SchemaRef,
    file: File,
    encode: impl Fn((usize, usize), RowGroup) -> Result<(EncodedRowGroup, T), KeyError>
    + Clone
    + Send
    + 'static,
) -> Result<Vec<T>, KeyError> {
    let sink = std::io::BufWriter::with_capacity(1 << 20, file);
    let mut out = RowGroupFile::new(sink, schema, Packing::Scratch)?;
    let encoder = out.encoder();
    let work = chunks.into_iter().map(|chunk| {
        let (encode, encoder) = (encode.clone(), encoder.clone());
        async move {
            tokio::spawn(async move { encode(chunk, encoder.start()?) })
                .await
                .map_err(|_| EngineError::Worker {
                    doing: "reading key columns".to_owned(),
                })?
        }
    });
    let mut groups = futures::stream::iter(work).buffered(engine.threads());
    let mut beside = Vec::new();
    while let Some(group) = groups.next().await {
        let (group, of_chunk) = group?;
        out.append(group)?;
        beside.push(of_chunk);
    }
    out.finish()?;
    Ok(beside)
}

/// The conformed columns of a chunk, and the numbers in it that are no row's, ascending: those of rejected records, and of
/// what was not carried on.
fn encode_keys(
    source: &TableSource,
    chunk: (usize, usize),
    conformer: Conformer,
    mut group: RowGroup,
) -> Result<(EncodedRowGroup, Vec<i64>), KeyError> {
    let mut batches = source.read(chunk, conformer)?;
    let mut beside = ByProducts::default();
    let mut carried = source.files[chunk.0]
        .origin
        .as_ref()
        .map(|_| source.numbers_of(chunk));
    let mut rejected = Vec::new();
    while let Some(batch) = batches
        .next_batch(&mut beside)
        .map_err(EngineError::query("reading key columns"))?
    {
        if let Some(numbers) = &mut carried {
            let rows = batch.column_by_name(provenance::ROW);
            for row in rows.map_or(&[][..], |rows| rows.as_primitive::<Int64Type>().values()) {
                rejected.extend(numbers.start..*row);
                numbers.start = row.saturating_add(1);
            }
        }
        group.write(batch.columns())?;
    }
    let base = source.files[chunk.0].base;
    let number = |reject: &Reject| base.saturating_add(reject.row.cast_signed());
    rejected.extend(beside.rejects.iter().map(number));
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
pub(super) fn register_parquet_as(
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
