//! Model tables and aggregates: the project's SQL over the clean tables, planned before any data is read.

mod records;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
};
use datafusion::{
    datasource::{MemTable, empty::EmptyTable},
    error::DataFusionError,
    execution::{SendableRecordBatchStream, context::SessionContext},
    logical_expr::LogicalPlan,
    physical_plan::{
        execute_stream,
        stream::{RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter},
    },
};
use futures::{StreamExt, TryStreamExt};

pub use records::Records;

use crate::{
    check::{
        Engine, EngineError, decides,
        keys::register_parquet,
        lineage::{self, Trace, Traces, Uses},
        scan::clean_schema,
        session::list_table,
        sql::{self, plan_query},
    },
    conform::days,
    diagnostics::Diagnostic,
    project::{Period, Project, SqlFile},
    tables::{CodeList, Table},
};

/// A row of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateRow {
    /// The period's id.
    pub period: String,
    /// Whom it counts.
    pub population: String,
    /// What it counts.
    pub category: String,
    /// Its place among the categories.
    pub sort: i64,
    /// How many.
    pub count: i64,
    /// Of how many.
    pub base: Option<i64>,
}

/// The columns of every aggregate: tall and alike.
pub fn aggregate_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("period"),
        text("population"),
        text("category"),
        number("sort"),
        number("count"),
        number("base"),
        Field::new("share", DataType::Float64, true),
    ]))
}

/// Plans all SQL of `project` but its rules' over `tables`, without rows; every mistake becomes a diagnostic.
/// Returns what the queries of records return.
pub async fn check_sql(
    engine: &Engine,
    tables: &[Arc<Table>],
    project: &Project,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Records> {
    let (model, aggregates) = (&project.model, &project.aggregates);
    let lists: Vec<Arc<CodeList>> = project.lists.iter().cloned().map(Arc::new).collect();
    let session = engine.session();
    if let Err(error) = register_reference(&session, &lists, &project.periods) {
        diagnostics.push(Diagnostic::nowhere(error.to_string()));
        return Vec::new();
    }
    for table in tables {
        register_empty(
            &session,
            table.name.as_str(),
            clean_schema(table),
            diagnostics,
        );
    }
    let mut broken = Vec::new();
    let mut traces = lineage::declared(tables);
    let mut decided = records::declared(tables);
    for (place, file) in model.iter().enumerate() {
        let before = diagnostics.len();
        let plan = judged(&session, file, &mut broken, diagnostics).await;
        for diagnostic in &mut diagnostics[before..] {
            too_early(model, place, diagnostic);
        }
        if let Some(plan) = plan {
            let carried = refuse_hidden(&plan, file, &traces, diagnostics);
            traces.insert(file.name.to_string(), carried);
            decided.insert(file.name.to_string(), decides::decided(&plan, &decided));
            nested(file, &plan, diagnostics);
            register_empty(
                &session,
                file.name.as_str(),
                plain_schema(&plan),
                diagnostics,
            );
        }
    }
    for file in aggregates {
        let Some(plan) = judged(&session, file, &mut broken, diagnostics).await else {
            continue;
        };
        if let Some(message) = wrong_shape(plan.schema().as_arrow()) {
            diagnostics.push(Diagnostic::at(&file.text().span, message).help(
                "an aggregate returns period, population, category (text), sort, count, base (bigint) and share (double), in this order",
            ));
        }
        refuse_hidden(&plan, file, &traces, diagnostics);
    }
    let mut known = Vec::new();
    for file in &project.records {
        // Their rows are gathered in an order of their own.
        let Some(plan) = known_plan(&session, file, &broken, diagnostics).await else {
            continue;
        };
        refuse_hidden(&plan, file, &traces, diagnostics);
        known.extend(Records::new(
            file,
            &plan,
            &decided,
            tables,
            aggregates,
            diagnostics,
        ));
    }
    known
}

/// Plans a query whose result others may read. What is wrong with one that reads the result of a `broken` one cannot be known, so that is not told.
async fn judged(
    session: &SessionContext,
    file: &SqlFile,
    broken: &mut Vec<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<LogicalPlan> {
    let plan = known_plan(session, file, broken, diagnostics).await;
    if plan.is_none() {
        broken.push(file.name.to_string());
    }
    if plan.as_ref().is_some_and(|plan| !sql::settles_order(plan)) {
        let message =
            "the order of the rows is left open, and every run has to write the same bytes";
        diagnostics.push(
            Diagnostic::at(&file.text().span, message)
                .help("a query that groups, unites or numbers rows ends with ORDER BY"),
        );
    }
    plan
}

async fn known_plan(
    session: &SessionContext,
    file: &SqlFile,
    broken: &[String],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<LogicalPlan> {
    let mut found = Vec::new();
    let plan = planned(session, file, &mut found).await;
    if plan.is_none() && !broken.iter().any(|name| mentions(file, name)) {
        diagnostics.append(&mut found);
    }
    plan
}

/// Reports each column that carries out values of hidden columns, once; returns what the columns carry besides.
fn refuse_hidden(
    plan: &LogicalPlan,
    file: &SqlFile,
    traces: &Traces,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Trace> {
    let author = file.text();
    let carried = lineage::trace(plan, traces, Uses::Told);
    let fields = plan.schema().fields().iter();
    let mut settled = BTreeMap::new();
    for (field, trace) in fields.zip(carried) {
        if let Some(place) = trace.hidden.values().next() {
            let hidden = trace.hidden.keys();
            let names: Vec<String> = hidden.map(|(t, c)| format!("`{t}.{c}`")).collect();
            let name = field.name();
            let message = format!(
                "column `{name}` would publish values of {}, which `policy: hide` keeps to the clean tables",
                names.join(", ")
            );
            let span = place.map_or(author.span.clone(), |place| sql::place_in(&author, place));
            diagnostics.push(Diagnostic::at(&span, message).help(
                "leave it out; a hidden column may be counted, compared, tested for null, and put into bands with CASE",
            ));
        }
        settled.insert(field.name().clone(), trace.settled());
    }
    settled
}

/// Says why a model query does not see a table: it is itself, or made after it, or made of it.
fn too_early(model: &[SqlFile], place: usize, diagnostic: &mut Diagnostic) {
    let unseen = |file: &&SqlFile| {
        let quoted = format!("{}' not found", file.name);
        let before = diagnostic.message.strip_suffix(&quoted);
        before.is_some_and(|words| words.ends_with(['\'', '.']))
    };
    let Some(read) = model[place..].iter().find(unseen) else {
        return;
    };
    let name = &model[place].name;
    let help = match cycle(model, read, &model[place]) {
        Some(way) => {
            diagnostic.message = format!("models form a cycle: {name} → {}", way.join(" → "));
            "take one of these readings out; each model can read those before it in the order of their names"
        }
        None => {
            diagnostic.message = format!(
                "model `{name}` reads `{}`, which is made after it",
                read.name
            );
            "models are made in the order of their names: rename one of the two"
        }
    };
    diagnostic.help = Some(help.to_owned());
}

/// The way by which the query `from` may read `to`, both included.
fn cycle<'m>(model: &'m [SqlFile], from: &'m SqlFile, to: &SqlFile) -> Option<Vec<&'m str>> {
    let mut ways = vec![vec![from]];
    let mut seen = vec![from.name.as_str()];
    while let Some(way) = ways.pop() {
        let last = way[way.len() - 1];
        if last.name == to.name {
            return Some(way.iter().map(|file| file.name.as_str()).collect());
        }
        for next in model {
            if mentions(last, next.name.as_str()) && !seen.contains(&next.name.as_str()) {
                seen.push(next.name.as_str());
                ways.push([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// Reports columns that would not be plain in a model's file.
fn nested(file: &SqlFile, plan: &LogicalPlan, diagnostics: &mut Vec<Diagnostic>) {
    for field in plain_schema(plan).fields() {
        let plain = matches!(
            field.data_type(),
            DataType::Utf8
                | DataType::Boolean
                | DataType::Date32
                | DataType::Int32
                | DataType::Int64
                | DataType::Float64
                | DataType::Decimal128(_, _)
                | DataType::Timestamp(_, _)
        );
        if !plain {
            let message = format!(
                "column `{}` of model `{}` is {}, and outputs have plain types only",
                field.name(),
                file.name,
                field.data_type()
            );
            let help = "select its parts one by one, or cast it to text, a number, a date or a truth value";
            diagnostics.push(Diagnostic::at(&file.text().span, message).help(help));
        }
    }
}

/// What is wrong with the rows of an aggregate and no plan can tell: a figure without its number, or two in one place.
pub fn fault(batches: &[RecordBatch]) -> Option<String> {
    let schema = aggregate_schema();
    let mut seen = BTreeMap::new();
    let mut number = 0;
    for batch in batches {
        let shares = batch.column(6).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            number += 1;
            if let Some(at) = (0..5).find(|at| batch.column(*at).is_null(row)) {
                return Some(format!("row {number} has no {}", schema.field(at).name()));
            }
            if shares.is_valid(row) && !shares.value(row).is_finite() {
                return Some(format!(
                    "the share of row {number} is no number: divide by nullif(…, 0)"
                ));
            }
            let key = [0, 1, 2].map(|at| batch.column(at).as_string::<i32>().value(row));
            if let Some(first) = seen.insert(key, number) {
                return Some(format!(
                    "rows {first} and {number} have the same period, population and category"
                ));
            }
        }
    }
    None
}

/// Whether a query may read the table `name`: its text has the word.
pub fn mentions(file: &SqlFile, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = file.source.text.split(|c| !is_word(c));
    words.any(|word| word == name)
}

async fn planned(
    session: &SessionContext,
    file: &SqlFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<LogicalPlan> {
    let author = file.text();
    let plan = sql::query(
        session,
        &author.value,
        Some(&author),
        &author.span,
        diagnostics,
    )
    .await?;
    // Types are only sure after coercion.
    match session.state().optimize(&plan) {
        Ok(_) => Some(plan),
        Err(error) => {
            diagnostics.push(sql::from_engine(&error, Some(&author), &author.span));
            None
        }
    }
}

fn register_empty(
    session: &SessionContext,
    name: &str,
    schema: SchemaRef,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Err(error) = session.register_table(name, Arc::new(EmptyTable::new(schema))) {
        diagnostics.push(Diagnostic::nowhere(format!(
            "registering table `{name}`: {error}"
        )));
    }
}

/// The columns of a plan without its tables' names.
fn plain_schema(plan: &LogicalPlan) -> SchemaRef {
    plain(plan.schema().as_arrow())
}

fn wrong_shape(schema: &Schema) -> Option<String> {
    let expected = aggregate_schema();
    let got: Vec<String> = plain(schema)
        .fields()
        .iter()
        .map(|f| format!("{} {}", f.name(), f.data_type()))
        .collect();
    let want: Vec<String> = expected
        .fields()
        .iter()
        .map(|f| format!("{} {}", f.name(), f.data_type()))
        .collect();
    (got != want).then(|| format!("an aggregate has other columns: {}", got.join(", ")))
}

/// Runs the project's SQL over the clean tables.
pub struct Builder {
    session: SessionContext,
}

impl Builder {
    /// A builder that knows the code lists and periods; tables are added as they come into being.
    pub fn new(
        engine: &Engine,
        lists: &[Arc<CodeList>],
        periods: &[Period],
    ) -> Result<Self, EngineError> {
        let session = engine.ordered_session();
        register_reference(&session, lists, periods)?;
        Ok(Self { session })
    }

    /// Makes a Parquet file a table.
    pub async fn add(&self, name: &str, path: &Path) -> Result<(), EngineError> {
        register_parquet(&self.session, name, path).await
    }

    /// The rows of a model table, in the order that its query says or, where it says none, in that of the tables it
    /// reads. A worker computes them while the caller writes them.
    pub async fn model(&self, file: &SqlFile) -> Result<SendableRecordBatchStream, EngineError> {
        let doing = format!("model table `{}` ({})", file.name, file.source.path);
        let rows = self
            .rows(&file.source.text)
            .await
            .map_err(EngineError::query(doing))?;
        let schema = plain(&rows.schema());
        Ok(in_types(rows, schema))
    }

    /// Makes a query a table, computed anew whenever it is read.
    pub async fn add_view(&self, name: &str, text: &str) -> Result<(), EngineError> {
        let fail = || EngineError::query(format!("opening table `{name}`"));
        let plan = plan_query(&self.session, text).await.map_err(fail())?;
        let frame = self
            .session
            .execute_logical_plan(plan)
            .await
            .map_err(fail())?;
        let view = frame.into_view();
        self.session.register_table(name, view).map_err(fail())?;
        Ok(())
    }

    /// What `text` returns, each column as text.
    pub async fn texts(
        &self,
        doing: &str,
        text: &str,
    ) -> Result<SendableRecordBatchStream, EngineError> {
        let rows = self.rows(text).await.map_err(EngineError::query(doing))?;
        let text = |field: &Arc<Field>| Field::new(field.name(), DataType::Utf8, true);
        let schema = Schema::new(rows.schema().fields().iter().map(text).collect::<Vec<_>>());
        Ok(in_types(rows, Arc::new(schema)))
    }

    /// The rows of an aggregate, as batches and as figures.
    pub async fn aggregate(
        &self,
        file: &SqlFile,
    ) -> Result<(Vec<RecordBatch>, Vec<AggregateRow>), EngineError> {
        let doing = format!("aggregate `{}` ({})", file.name, file.source.path);
        let fail = || EngineError::query(doing.clone());
        let rows = self.rows(&file.source.text).await.map_err(fail())?;
        let batches = in_types(rows, aggregate_schema());
        let batches: Vec<RecordBatch> = batches.try_collect().await.map_err(fail())?;
        let figures = batches.iter().flat_map(figures).collect();
        Ok((batches, figures))
    }

    /// What a query returns, computed on a worker.
    async fn rows(&self, text: &str) -> Result<SendableRecordBatchStream, DataFusionError> {
        let plan = plan_query(&self.session, text).await?;
        let frame = self.session.execute_logical_plan(plan).await?;
        let plan = frame.create_physical_plan().await?;
        let context = self.session.task_ctx();
        let mut out = RecordBatchReceiverStreamBuilder::new(plan.schema(), BATCHES_AHEAD);
        let into = out.tx();
        out.spawn(async move {
            let mut rows = execute_stream(plan, context)?;
            while let Some(batch) = rows.next().await {
                // The receiver is gone when its side has failed.
                if into.send(batch).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
        Ok(out.build())
    }
}

/// Batches that a query may be ahead of whoever writes them.
const BATCHES_AHEAD: usize = 4;

fn in_types(rows: SendableRecordBatchStream, schema: SchemaRef) -> SendableRecordBatchStream {
    let to = Arc::clone(&schema);
    let rows = rows.map(move |batch| Ok(cast_to(&batch?, &to)?));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

/// The same columns in the plain types that BI reads: no views, no dictionaries, nothing nested is made by this.
fn plain(schema: &Schema) -> SchemaRef {
    let plain_type = |ty: &DataType| match ty {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Dictionary(_, _) => DataType::Utf8,
        DataType::Boolean
        | DataType::Date32
        | DataType::Int32
        | DataType::Int64
        | DataType::Float64 => ty.clone(),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Timestamp(_, _) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
        }
        other => other.clone(),
    };
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|f| Field::new(f.name(), plain_type(f.data_type()), true))
        .collect();
    Arc::new(Schema::new(fields))
}

/// `batch` in the types of `schema`; a value that does not fit is an error.
fn cast_to(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = |(column, field): (&ArrayRef, &Arc<Field>)| {
        cast_with_options(column, field.data_type(), &strict)
    };
    let columns = batch.columns().iter().zip(schema.fields()).map(cast);
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

fn figures(batch: &RecordBatch) -> Vec<AggregateRow> {
    let text = |at: usize| batch.column(at).as_string::<i32>();
    let number = |at: usize| batch.column(at).as_primitive::<Int64Type>();
    (0..batch.num_rows())
        .map(|row| AggregateRow {
            period: text(0).value(row).to_owned(),
            population: text(1).value(row).to_owned(),
            category: text(2).value(row).to_owned(),
            sort: number(3).value(row),
            count: number(4).value(row),
            base: number(5).iter().nth(row).flatten(),
        })
        .collect()
}

fn register_reference(
    session: &SessionContext,
    lists: &[Arc<CodeList>],
    periods: &[Period],
) -> Result<(), EngineError> {
    let fail = || EngineError::query("registering code lists and periods");
    for list in lists {
        let batch = list_batch(list).map_err(|e| fail()(e.into()))?;
        register(session, &list_table(&list.name), batch)?;
    }
    let batch = period_batch(periods).map_err(|e| fail()(e.into()))?;
    register(session, "periods", batch)
}

fn register(session: &SessionContext, name: &str, batch: RecordBatch) -> Result<(), EngineError> {
    let fail = || EngineError::query(format!("registering `{name}`"));
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(fail())?;
    session
        .register_table(name, Arc::new(table))
        .map_err(fail())?;
    Ok(())
}

fn list_batch(list: &CodeList) -> Result<RecordBatch, ArrowError> {
    let codes = || list.codes.iter();
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let day = |name: &str| Field::new(name, DataType::Date32, true);
    let schema = Schema::new(vec![
        text("code", false),
        text("label", false),
        text("parent", true),
        Field::new("sort", DataType::Int64, false),
        text("missing", true),
        day("valid_from"),
        day("valid_to"),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(codes().map(|c| &c.code))),
        Arc::new(StringArray::from_iter_values(codes().map(|c| &c.label))),
        Arc::new(StringArray::from_iter(codes().map(|c| c.parent.as_deref()))),
        Arc::new(Int64Array::from_iter_values(codes().map(|c| c.sort))),
        Arc::new(StringArray::from_iter(
            codes().map(|c| c.missing.map(|m| m.word())),
        )),
        Arc::new(Date32Array::from_iter(
            codes().map(|c| c.valid_from.and_then(days)),
        )),
        Arc::new(Date32Array::from_iter(
            codes().map(|c| c.valid_to.and_then(days)),
        )),
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}

fn period_batch(periods: &[Period]) -> Result<RecordBatch, ArrowError> {
    let schema = Schema::new(vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("start_on", DataType::Date32, true),
        Field::new("end_on", DataType::Date32, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(periods.iter().map(|p| &p.id))),
        Arc::new(Date32Array::from_iter(
            periods.iter().map(|p| days(p.start)),
        )),
        Arc::new(Date32Array::from_iter(periods.iter().map(|p| days(p.end)))),
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}
