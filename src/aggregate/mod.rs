//! Model tables and aggregates: the project's SQL over the clean tables, planned before any data is read.

mod check;
mod reads;
mod records;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
};
use datafusion::{
    datasource::MemTable,
    error::DataFusionError,
    execution::{SendableRecordBatchStream, context::SessionContext},
    physical_plan::{
        execute_stream,
        stream::{RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter},
    },
};
use futures::{StreamExt, TryStreamExt};

pub use check::{Queries, check_sql};
pub use records::Records;

use crate::{
    check::{
        Engine, EngineError,
        keys::register_parquet,
        session::{list_table, names_table},
        sql::plan_query,
    },
    conform::days,
    project::{Period, SqlFile},
    tables::{Alias, Cause, CodeList, Confidence, VARIANT},
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
        register(session, &list_table(list.name.as_str()), batch)?;
        let batch = names_batch(list).map_err(|e| fail()(e.into()))?;
        register(session, &names_table(list.name.as_str()), batch)?;
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
        text("level", true),
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
        Arc::new(StringArray::from_iter(codes().map(|c| c.level.as_deref()))),
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}

/// Every text that stands for a code, by text and code; the code itself is `verified`.
fn names_batch(list: &CodeList) -> Result<RecordBatch, ArrowError> {
    let mut names: Vec<(&str, &str, Option<Alias>)> = list
        .lookup
        .iter()
        .flat_map(|(text, entries)| entries.iter().map(move |entry| (text.as_str(), entry)))
        .filter_map(|(text, entry)| {
            Some((text, list.codes.get(entry.code)?.code.as_str(), entry.alias))
        })
        .collect();
    names.sort_unstable_by_key(|(text, code, _)| (*text, *code));
    let cause = |alias: &Option<Alias>| alias.map(|a| a.cause.map_or(VARIANT, Cause::word));
    let confidence = |alias: &Option<Alias>| {
        alias
            .map_or(Confidence::Verified, |alias| alias.confidence)
            .word()
    };
    let field = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let schema = Schema::new(vec![
        field("name", false),
        field("code", false),
        field("cause", true),
        field("confidence", false),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(names.iter().map(|n| n.0))),
        Arc::new(StringArray::from_iter_values(names.iter().map(|n| n.1))),
        Arc::new(StringArray::from_iter(names.iter().map(|n| cause(&n.2)))),
        Arc::new(StringArray::from_iter_values(
            names.iter().map(|n| confidence(&n.2)),
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
