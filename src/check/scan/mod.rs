//! The one scan of a table: reading, conforming and every row rule in one streaming plan, chunk by chunk, in the file's order.

mod chunk;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use arrow::{
    array::{BooleanArray, RecordBatch},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    catalog::streaming::StreamingTable,
    common::DFSchema,
    error::DataFusionError,
    execution::{TaskContext, context::SessionContext},
    logical_expr::Expr,
    physical_expr::{PhysicalExpr, ScalarFunctionExpr},
    physical_plan::{ExecutionPlan, streaming::PartitionStream},
    prelude::ident,
};
use futures::{Stream, StreamExt, TryStreamExt};

use super::{
    failing::{Cursor, FailingRows},
    keys::KeyFailures,
    prepare::{Outcome, PreparedRule, TableChecks},
    session::{Engine, EngineError, describe},
    source::{ByProducts, ChunkPartition, TableSource},
};
use crate::{
    conform::{Conformer, MISSING, RAW, Readings, arrow_type},
    discrepancy::Category,
    disposition::Outcomes,
    ingest::{CellError, Reject, Swallowed},
    log::{HIDDEN, Privacy},
    names::provenance,
    row_groups::{EncodedRowGroup, RowGroupEncoder},
    rules::{Members, Returns, Rule, kinds::RuleKind},
    tables::{CodeList, Table},
};

/// The counts of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Rows that passed.
    pub passed: u64,
    /// Rows that failed.
    pub failed: u64,
    /// Rows that could not be evaluated.
    pub not_evaluated: u64,
    /// Rows outside the rule's `where`.
    pub not_applicable: u64,
    /// For rules about missing values: how many are missing, by kind, in the order of [`crate::tables::Missing::ALL`].
    pub missing: Option<[u64; 4]>,
}

impl RuleCounts {
    /// The counts of a rule about a table as a whole, which passes or fails once.
    pub fn of_table(passes: bool) -> Self {
        Self {
            passed: u64::from(passes),
            failed: u64::from(!passes),
            ..Self::default()
        }
    }

    fn add(&mut self, outcomes: &Outcomes) {
        self.passed += outcomes.passed as u64;
        self.failed += outcomes.failed as u64;
        self.not_evaluated += outcomes.not_evaluated as u64;
        self.not_applicable += outcomes.not_applicable as u64;
    }

    /// Adds the counts of another part of the table.
    pub fn merge(&mut self, other: RuleCounts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_evaluated += other.not_evaluated;
        self.not_applicable += other.not_applicable;
        if let Some(other) = other.missing {
            let missing = self.missing.get_or_insert_default();
            missing.iter_mut().zip(other).for_each(|(sum, n)| *sum += n);
        }
    }
}

/// Where the records of a file went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Records read, rejected ones among them.
    pub read: u64,
    /// Rows of the clean table.
    pub clean: u64,
    /// Rows of the quarantine table.
    pub quarantined: u64,
    /// Rows left out.
    pub excluded: u64,
    /// Records that are no row.
    pub rejected: u64,
}

impl RowCounts {
    /// Adds the counts of another part.
    pub fn merge(&mut self, other: RowCounts) {
        self.read += other.read;
        self.clean += other.clean;
        self.quarantined += other.quarantined;
        self.excluded += other.excluded;
        self.rejected += other.rejected;
    }
}

/// A cell that holds an error in place of a value.
#[derive(Debug)]
pub struct CellFault {
    /// The key of its row, as the log names it.
    pub key: String,
    /// Its column among the table's.
    pub column: usize,
    /// What was found where.
    pub error: CellError,
}

/// What the scan of one chunk brought.
pub struct ChunkResult {
    /// Index of its file among the table's.
    pub file: usize,
    /// Rows of the clean table, encoded.
    pub clean: EncodedRowGroup,
    /// Rows of the quarantine table.
    pub quarantine: Vec<RecordBatch>,
    /// Findings.
    pub findings: RecordBatch,
    /// Repaired cells.
    pub changes: RecordBatch,
    /// Records that are no row.
    pub rejects: Vec<Reject>,
    /// Rows that may have swallowed others.
    pub swallowed: Vec<Swallowed>,
    /// Cells that hold an error.
    pub cell_faults: Vec<CellFault>,
    /// How its cells could be read.
    pub readings: Readings,
    /// Counts of each rule, in the order of the table's rules.
    pub rules: Vec<RuleCounts>,
    /// Where the records went.
    pub counts: RowCounts,
    /// Rules that could not be evaluated on some of the rows, by their index in the project, and why.
    pub errors: BTreeMap<usize, String>,
}

/// The columns of a table's clean output: declared ones, then provenance.
pub fn clean_schema(table: &Table) -> SchemaRef {
    let declared = table
        .columns
        .iter()
        .map(|c| Field::new(c.name.as_str(), arrow_type(c.ty), true));
    Arc::new(Schema::new(
        declared.chain(provenance_fields()).collect::<Vec<_>>(),
    ))
}

/// The columns of a table's quarantine output: declared ones as delivered, provenance, and the rules that sent the row there.
pub fn quarantine_schema(table: &Table) -> SchemaRef {
    let declared = table
        .columns
        .iter()
        .map(|c| Field::new(c.name.as_str(), DataType::Utf8, false));
    let reasons = [Field::new("_rules", DataType::Utf8, false)];
    let fields: Vec<Field> = declared.chain(provenance_fields()).chain(reasons).collect();
    Arc::new(Schema::new(fields))
}

fn provenance_fields() -> [Field; 5] {
    [
        Field::new(provenance::DELIVERY, DataType::Utf8, false),
        Field::new(provenance::FILE, DataType::Utf8, false),
        Field::new(provenance::SHEET, DataType::Utf8, true),
        Field::new(provenance::ROW, DataType::Int64, false),
        Field::new(provenance::LINE, DataType::Int64, false),
    ]
}

/// What a scan needs to know beside its table.
pub struct ScanSettings {
    /// All rules of the project.
    pub rules: Arc<Vec<Rule>>,
    /// Index of each rule among the log's rule facts.
    pub fact_of_rule: Arc<Vec<u32>>,
    /// Code lists.
    pub lists: Vec<Arc<CodeList>>,
    /// The delivery's name.
    pub delivery: String,
    /// What may be shown.
    pub privacy: Privacy,
}

/// Scans a table: the results come chunk by chunk in the file's order, whatever the threads.
pub async fn scan<'a>(
    engine: &'a Engine,
    checks: &TableChecks,
    keys: &KeyFailures,
    source: &Arc<TableSource>,
    settings: &Arc<ScanSettings>,
    encoder: RowGroupEncoder,
) -> Result<impl Stream<Item = Result<ChunkResult, EngineError>> + use<'a>, EngineError> {
    let scanner = Arc::new(Scanner::new(engine, checks, keys, source, settings, encoder).await?);
    let doing = format!("scanning table `{}`", checks.table.name);
    let work = (0..source.chunks().len()).map(move |at| {
        let (scanner, doing) = (Arc::clone(&scanner), doing.clone());
        async move {
            tokio::spawn(async move { scanner.chunk(at).await })
                .await
                .map_err(|_| EngineError::Worker { doing })?
        }
    });
    Ok(futures::stream::iter(work.collect::<Vec<_>>()).buffered(engine.threads()))
}

struct Scanner {
    plan: Option<Arc<dyn ExecutionPlan>>,
    context: Arc<TaskContext>,
    beside: Vec<Arc<Mutex<ByProducts>>>,
    chunks: Vec<(usize, usize)>,
    table: Arc<Table>,
    source: Arc<TableSource>,
    settings: Arc<ScanSettings>,
    rules: Vec<ScanRule>,
    exprs: Vec<Expr>,
    session: SessionContext,
    explainer: Conformer,
    encoder: RowGroupEncoder,
}

/// A rule of the scan and where its outcome stands among the plan's columns.
struct ScanRule {
    rule: usize,
    applies: Option<usize>,
    outcome: ScanOutcome,
    /// For rules about missing values: the column that says how they are missing.
    missing: Option<usize>,
}

impl ScanRule {
    fn cursor(&self) -> Option<Cursor> {
        match &self.outcome {
            ScanOutcome::Known { failing, .. } => Some(Cursor::new(failing)),
            ScanOutcome::Predicate(_) => None,
        }
    }

    fn members(&self) -> Option<&Members> {
        match &self.outcome {
            ScanOutcome::Known { members, .. } => members.as_ref(),
            ScanOutcome::Predicate(_) => None,
        }
    }

    fn hidden_group(&self) -> Option<&'static str> {
        match &self.outcome {
            ScanOutcome::Known { hidden_group, .. } => *hidden_group,
            ScanOutcome::Predicate(_) => None,
        }
    }
}

enum ScanOutcome {
    Predicate(usize),
    Known {
        failing: Arc<FailingRows>,
        /// Its rows are the members of groups.
        members: Option<Members>,
        evaluated: Option<usize>,
        /// The text that stands for every group, where none may be shown.
        hidden_group: Option<&'static str>,
    },
}

impl Scanner {
    async fn new(
        engine: &Engine,
        checks: &TableChecks,
        keys: &KeyFailures,
        source: &Arc<TableSource>,
        settings: &Arc<ScanSettings>,
        encoder: RowGroupEncoder,
    ) -> Result<Self, EngineError> {
        let table = Arc::clone(&checks.table);
        let wanted = |name: &str| {
            !name.starts_with('_') || name.starts_with(RAW) || checks.hidden.contains(name)
        };
        let conformer = Conformer::new(&table, &settings.lists, true, wanted);
        let (rules, exprs) = select(&table, &checks.rules, settings, &checks.hidden, keys);
        let chunks = source.chunks();
        let beside: Vec<Arc<Mutex<ByProducts>>> = chunks.iter().map(|_| Arc::default()).collect();
        let partitions: Vec<Arc<dyn PartitionStream>> = chunks
            .iter()
            .zip(&beside)
            .map(|(chunk, beside)| {
                let partition = ChunkPartition {
                    source: Arc::clone(source),
                    chunk: *chunk,
                    conformer: conformer.clone(),
                    beside: Arc::clone(beside),
                };
                Arc::new(partition) as Arc<dyn PartitionStream>
            })
            .collect();
        let session = engine.ordered_session();
        let plan = match partitions.is_empty() {
            true => None,
            false => {
                let doing = format!("planning the scan of `{}`", table.name);
                let fail = || EngineError::query(doing.clone());
                let provider = StreamingTable::try_new(Arc::clone(conformer.schema()), partitions)
                    .map_err(fail())?;
                let frame = session.read_table(Arc::new(provider)).map_err(fail())?;
                let frame = frame.select(exprs.clone()).map_err(fail())?;
                Some(frame.create_physical_plan().await.map_err(fail())?)
            }
        };
        Ok(Self {
            plan,
            context: session.task_ctx(),
            session,
            exprs,
            beside,
            chunks,
            table,
            source: Arc::clone(source),
            settings: Arc::clone(settings),
            rules,
            explainer: conformer,
            encoder,
        })
    }

    async fn chunk(&self, at: usize) -> Result<ChunkResult, EngineError> {
        let doing = format!("scanning table `{}`", self.table.name);
        match self.fused(at).await {
            Ok(result) => Ok(result),
            // One rule that fails on one value fails the whole plan: find it, and let the others go on.
            Err(error) if !matches!(error.find_root(), DataFusionError::External(_)) => {
                tracing::debug!(table = %self.table.name, chunk = at, "evaluating rules one by one");
                self.one_by_one(at).map_err(EngineError::query(doing))
            }
            Err(error) => Err(EngineError::query(doing)(error)),
        }
    }

    /// All rules in one plan.
    async fn fused(&self, at: usize) -> Result<ChunkResult, DataFusionError> {
        let mut chunk = chunk::Chunk::new(self, self.chunks[at].0)?;
        if let Some(plan) = &self.plan {
            let mut batches = plan.execute(at, Arc::clone(&self.context))?;
            while let Some(batch) = batches.try_next().await? {
                chunk.add(&batch, self.take_beside(at))?;
            }
        }
        chunk.finish(self.take_beside(at), BTreeMap::new())
    }

    /// The same with every expression on its own: one that fails is null on its batch, and its rule is in error.
    fn one_by_one(&self, at: usize) -> Result<ChunkResult, DataFusionError> {
        drop(self.take_beside(at));
        let mut chunk = chunk::Chunk::new(self, self.chunks[at].0)?;
        let mut batches = self
            .source
            .read(self.chunks[at], self.explainer.clone())
            .map_err(|e| DataFusionError::External(Box::new(e)))?;
        let schema = DFSchema::try_from(Arc::clone(self.explainer.schema()))?;
        let exprs = self
            .exprs
            .iter()
            .map(|expr| self.session.create_physical_expr(expr.clone(), &schema))
            .collect::<Result<Vec<_>, _>>()?;
        let mut failed: BTreeMap<usize, String> = BTreeMap::new();
        loop {
            let mut beside = ByProducts::default();
            let Some(batch) = batches.next_batch(&mut beside)? else {
                return chunk.finish(beside, self.rules_of(&failed));
            };
            let rows = batch.num_rows();
            let mut columns = Vec::with_capacity(exprs.len());
            for (place, expr) in exprs.iter().enumerate() {
                columns.push(
                    match expr
                        .evaluate(&batch)
                        .and_then(|value| value.into_array(rows))
                    {
                        Ok(column) => column,
                        Err(error) => {
                            failed
                                .entry(place)
                                .or_insert_with(|| why(expr, &batch, &error));
                            Arc::new(BooleanArray::new_null(rows))
                        }
                    },
                );
            }
            let fields: Vec<Field> = columns
                .iter()
                .enumerate()
                .map(|(place, column)| {
                    Field::new(place.to_string(), column.data_type().clone(), true)
                })
                .collect();
            let evaluated = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
            chunk.add(&evaluated, beside)?;
        }
    }

    /// The rules that need one of the columns that could not be evaluated.
    fn rules_of(&self, failed: &BTreeMap<usize, String>) -> BTreeMap<usize, String> {
        let mut errors = BTreeMap::new();
        for rule in &self.rules {
            let outcome = match &rule.outcome {
                ScanOutcome::Predicate(at) => Some(*at),
                ScanOutcome::Known { evaluated, .. } => *evaluated,
            };
            if let Some(why) = [rule.applies, outcome]
                .into_iter()
                .flatten()
                .find_map(|at| failed.get(&at))
            {
                errors.insert(rule.rule, why.clone());
            }
        }
        errors
    }

    fn take_beside(&self, at: usize) -> ByProducts {
        std::mem::take(
            &mut *self.beside[at]
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

/// Why an expression cannot be computed: what went wrong and, where it was in a function, in which.
fn why(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch, error: &DataFusionError) -> String {
    match failing_function(expr, batch) {
        Some(name) => format!("`{name}` failed: {}", describe(error)),
        None => describe(error),
    }
}

fn failing_function(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Option<String> {
    let mut parts = expr.children().into_iter();
    match parts.find(|part| part.evaluate(batch).is_err()) {
        Some(part) => failing_function(part, batch),
        None => {
            let call = expr.downcast_ref::<ScalarFunctionExpr>()?;
            // Hidden functions stand for operators.
            (!call.name().starts_with('_')).then(|| call.name().to_owned())
        }
    }
}

/// The plan's columns: cleaned, as delivered, `_row`, `_line`, then what the rules need.
fn select(
    table: &Table,
    prepared: &[PreparedRule],
    settings: &ScanSettings,
    hidden: &BTreeSet<String>,
    keys: &KeyFailures,
) -> (Vec<ScanRule>, Vec<Expr>) {
    let column = |name: String| ident(name);
    let mut exprs: Vec<Expr> = Vec::new();
    exprs.extend(table.columns.iter().map(|c| column(c.name.to_string())));
    exprs.extend(
        table
            .columns
            .iter()
            .map(|c| column(format!("{RAW}{}", c.name))),
    );
    exprs.push(ident(provenance::ROW));
    exprs.push(ident(provenance::LINE));
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut place = |expr: &Expr| {
        let text = expr.to_string();
        *known.entry(text).or_insert_with(|| {
            exprs.push(expr.clone().alias(format!("?{}", exprs.len())));
            exprs.len() - 1
        })
    };
    let mut rules = Vec::new();
    for rule in prepared {
        let outcome = match &rule.outcome {
            Outcome::Predicate(expr) => ScanOutcome::Predicate(place(expr)),
            Outcome::Query {
                evaluated,
                hidden_group,
                returns,
                ..
            } => ScanOutcome::Known {
                failing: keys.rows.get(&rule.rule).cloned().unwrap_or_default(),
                members: match returns {
                    Returns::Members(members) => Some(members.clone()),
                    Returns::Failing | Returns::Records(_) => None,
                },
                evaluated: evaluated.as_ref().map(&mut place),
                hidden_group: (*hidden_group && !settings.privacy.is_keyed()).then_some(HIDDEN),
            },
            Outcome::RowCount { .. } => continue,
        };
        let declared = &settings.rules[rule.rule];
        let about_missing = declared.kind.category() == Category::Missing;
        let missing = declared.column.filter(|_| about_missing);
        let status = missing.map(|c| format!("{MISSING}{}", table.columns[c].name));
        let missing = status
            .filter(|s| hidden.contains(s))
            .map(|s| place(&ident(s)));
        rules.push(ScanRule {
            missing,
            rule: rule.rule,
            applies: rule.applies.as_ref().map(&mut place),
            outcome,
        });
    }
    (rules, exprs)
}

/// The indices of the rules that [`ChunkResult::rules`] counts, in its order.
pub fn scanned_rules(checks: &TableChecks) -> Vec<usize> {
    let in_scan = |r: &&PreparedRule| !matches!(r.outcome, Outcome::RowCount { .. });
    checks
        .rules
        .iter()
        .filter(in_scan)
        .map(|r| r.rule)
        .collect()
}
