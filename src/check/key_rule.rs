//! One key rule: which rows its query finds, and how the members of a group differ.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use arrow::{
    array::{Array, AsArray, BooleanArray, UInt64Array},
    compute::{filter_record_batch, take},
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef},
    record_batch::RecordBatch,
};
use datafusion::{
    dataframe::DataFrame,
    error::DataFusionError,
    execution::context::SessionContext,
    functions::{core::expr_fn::coalesce, string::expr_fn::concat_ws},
    functions_window::nth_value::first_value,
    logical_expr::{Expr, ExprFunctionExt, LogicalPlan, Operator, binary_expr, cast, when},
    prelude::{ident, lit},
    scalar::ScalarValue,
};
use futures::TryStreamExt;

use super::{
    failing::{Cursor, Failing, FailingRows, SCHEMA, Scratch, Storing},
    groups::Grouping,
    keys::{KeyError, register_parquet_as, store},
    prepare::GROUP,
    repeated::{Repeated, bound},
    session::{Engine, EngineError, describe},
    source::{ByProducts, TableSource},
    sql::plan_query,
};
use crate::{
    conform::{Conformer, RAW},
    log::Privacy,
    names::provenance,
    row_groups::{EncodedRowGroup, RowGroup},
    rules::Members,
    tables::CodeList,
};

/// The share of the memory in which keys are noted: one in so many.
const SHARE_OF_KEYS: usize = 8;
/// The first row of a group whose text may not be told.
const NUMBER: &str = "_number";

/// What a key rule asks and of what.
pub(super) struct KeyRule {
    /// Index into the project's rules.
    pub rule: usize,
    /// Its query.
    pub query: String,
    /// What is to be found out about the members of groups.
    pub members: Option<Members>,
    /// How groups are hidden whose texts may not be told.
    pub hides: Option<Privacy>,
    /// The table's files.
    pub source: Arc<TableSource>,
    /// Code lists.
    pub lists: Vec<Arc<CodeList>>,
    /// The table's rows.
    pub rows: Arc<TableRows>,
    /// Makes temporary files.
    pub scratch: Scratch,
}

/// The numbers that are rows of a table.
#[derive(Debug)]
pub(super) struct TableRows {
    records: i64,
    /// Records that are no row, ascending.
    pub rejected: Vec<i64>,
}

impl TableRows {
    /// All records of `source`.
    pub fn of(source: &TableSource) -> Self {
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
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// The engine says so.
    #[error("{}", describe(.0))]
    Engine(DataFusionError),
    /// Files cannot be read or written, which is no fault of the rule's.
    #[error(transparent)]
    Files(KeyError),
    /// The query returns a row without a number.
    #[error("its query returns a `_row` that is null")]
    NullRow,
    /// The query returns a number that is no row's.
    #[error("its query returns a `_row` that is no row of the table")]
    NoRow,
}

impl<E: Into<DataFusionError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

impl KeyRule {
    /// The rows that fail; `attempt` is part of the names of temporary files.
    pub async fn failing_rows(
        &self,
        engine: &Engine,
        session: &SessionContext,
        attempt: &str,
    ) -> Result<FailingRows, Failed> {
        let plan = plan_query(session, &self.query).await?;
        let name = |what: &str| format!("{attempt}_{}_{what}.parquet", self.rule);
        let Some(members) = &self.members else {
            let found = by_row(self.columns(session.execute_logical_plan(plan).await?)?)?;
            return self.stored(found, name("failing"), false).await;
        };
        // One sort at a time, each with all the memory that there is.
        let grouped = self.grouped(engine, session, plan, name("groups")).await?;
        let grouped = by_row(self.table(session, "groups", &grouped).await?)?;
        if members.compared.is_empty() {
            return self
                .stored(grouped, name("failing"), members.first_passes)
                .await;
        }
        let grouped = self.kept(grouped, name("grouped")).await?;
        if grouped.is_empty() {
            return Ok(grouped);
        }
        let all = self
            .members(engine, session, members, grouped, name("members"))
            .await?;
        let compared = differing(all, &members.compared)?;
        let compared = self.kept(compared, name("compared")).await?;
        let compared = by_row(self.table(session, "compared", &compared).await?)?;
        self.stored(compared, name("failing"), members.first_passes)
            .await
    }

    /// The rows of groups of more than one, group by group.
    async fn grouped(
        &self,
        engine: &Engine,
        session: &SessionContext,
        plan: LogicalPlan,
        name: String,
    ) -> Result<FailingRows, Failed> {
        let plan = self.noted(engine, session, plan).await?;
        let found = self.columns(session.execute_logical_plan(plan).await?)?;
        let mut groups = Grouping::new(&self.scratch, name, &engine.memory_pool());
        let mut batches = found.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            groups.add(&Failing::of(&plain(&batch)?))?;
        }
        Ok(groups.finish()?)
    }

    /// What `found` returns, as it is and in its order.
    async fn kept(&self, found: DataFrame, name: String) -> Result<FailingRows, Failed> {
        let mut storing = Storing::new(&self.scratch, name);
        let mut batches = found.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            storing.add(&Failing::of(&plain(&batch)?))?;
        }
        Ok(storing.finish()?)
    }

    /// What was stored as a table of the session.
    async fn table(
        &self,
        session: &SessionContext,
        what: &str,
        rows: &FailingRows,
    ) -> Result<DataFrame, Failed> {
        let Some(path) = rows.path() else {
            return Ok(session.read_batches(rows.held().cloned())?);
        };
        self.registered(session, what, path, Arc::clone(&SCHEMA))
            .await
    }

    /// The plan that looks at rows alone whose keys may be there more than once, after all keys were noted.
    async fn noted(
        &self,
        engine: &Engine,
        session: &SessionContext,
        plan: LogicalPlan,
    ) -> Result<LogicalPlan, DataFusionError> {
        let (rows, pool) = (self.rows.records.unsigned_abs(), engine.memory_pool());
        let most = engine.memory_limit() / SHARE_OF_KEYS;
        let repeated = Arc::new(Repeated::new(rows, most, &pool));
        let plan = bound(plan, &repeated)?;
        let noting = session.execute_logical_plan(plan.clone()).await?;
        let mut none = noting.execute_stream().await?;
        while none.try_next().await?.is_some() {}
        repeated.ask();
        Ok(plan)
    }

    /// The columns of [`SCHEMA`]; without a key for hidden texts a group is called by its first row.
    fn columns(&self, mut frame: DataFrame) -> Result<DataFrame, DataFusionError> {
        let grouped = frame.schema().has_column_with_unqualified_name(GROUP);
        let numbered = grouped && self.hides.as_ref().is_some_and(|hides| !hides.is_keyed());
        let number = match self.members {
            Some(_) => "_first",
            None => NUMBER,
        };
        if numbered && self.members.is_none() {
            let row = ident(provenance::ROW);
            let first = first_value(row.clone()).partition_by(vec![ident(GROUP)]);
            let first = first.order_by(vec![row.sort(true, true)]).build()?;
            frame = frame.window(vec![first.alias(NUMBER)])?;
        }
        let found = Arc::clone(frame.schema().inner());
        let column = |field: &Arc<Field>| -> Result<Expr, DataFusionError> {
            let (name, ty) = (field.name().as_str(), field.data_type());
            // A number is a number already, or something else of the author's.
            let there = found
                .field_with_name(name)
                .is_ok_and(|found| *ty != DataType::Int64 || *found.data_type() == DataType::Int64);
            let value = match there {
                true if name == GROUP && numbered => {
                    let number = cast(ident(number), ty.clone());
                    when(ident(GROUP).is_not_null(), number).end()?
                }
                true => cast(ident(name), ty.clone()),
                false => lit(ScalarValue::try_from(ty)?),
            };
            Ok(value.alias(name))
        };
        let columns = SCHEMA.fields().iter().map(column);
        frame.select(columns.collect::<Result<Vec<_>, _>>()?)
    }

    /// What `found` returns, each row once, checked to be rows of the table, groups hidden that have to be.
    async fn stored(
        &self,
        found: DataFrame,
        name: String,
        but_first: bool,
    ) -> Result<FailingRows, Failed> {
        let mut storing = Storing::new(&self.scratch, name);
        let mut batches = found.execute_stream().await?;
        let mut last = 0;
        while let Some(batch) = batches.try_next().await? {
            let batch = plain(&batch)?;
            let mut found = Failing::of(&batch);
            let mut keep = Vec::with_capacity(batch.num_rows());
            for (at, row) in found.rows.iter().enumerate() {
                let row = row.ok_or(Failed::NullRow)?;
                if !self.rows.contains(row) {
                    return Err(Failed::NoRow);
                }
                let first = but_first && found.places.is_valid(at) && found.places.value(at) == 1;
                keep.push(row != last && !first);
                last = row;
            }
            if keep.contains(&false) {
                found = Failing::of(&filter_record_batch(&batch, &BooleanArray::from(keep))?);
            }
            if let Some(hides) = self.hides.as_ref().filter(|hides| hides.is_keyed()) {
                let hidden = |group: Option<&str>| group.map(|group| hides.hide(group));
                found.groups = found.groups.iter().map(hidden).collect();
            }
            storing.add(&found)?;
        }
        Ok(storing.finish()?)
    }

    /// The members of `grouped` with the columns that are compared.
    async fn members(
        &self,
        engine: &Engine,
        session: &SessionContext,
        members: &Members,
        grouped: FailingRows,
        name: String,
    ) -> Result<DataFrame, Failed> {
        let names = |name: &String| [name.clone(), format!("{RAW}{name}")];
        let wanted: BTreeSet<String> = members.compared.iter().flat_map(names).collect();
        let table = &self.source.table;
        let conformer = Conformer::new(table, &self.lists, false, |c| wanted.contains(c));
        let grouped = Arc::new(grouped);
        let beside: Vec<Field> = conformer
            .schema()
            .fields()
            .iter()
            .filter(|field| wanted.contains(field.name().as_str()))
            .map(|field| field.as_ref().clone())
            .collect();
        let own = SCHEMA.fields().iter().map(|field| field.as_ref().clone());
        let schema: SchemaRef = Arc::new(Schema::new(own.chain(beside).collect::<Vec<_>>()));
        let (file, path) = (self.scratch)(&name)?;
        let chunks = self.source.chunks().into_iter();
        let encode = {
            let source = Arc::clone(&self.source);
            move |chunk, group| encode_members(&source, chunk, &conformer, &grouped, group)
        };
        store(engine, chunks.collect(), Arc::clone(&schema), file, encode)
            .await
            .map_err(Failed::Files)?;
        self.registered(session, "members", &path, schema).await
    }

    /// A temporary file as a table of the session.
    async fn registered(
        &self,
        session: &SessionContext,
        what: &str,
        path: &Path,
        schema: SchemaRef,
    ) -> Result<DataFrame, Failed> {
        let name = format!("_{what}_{}", self.rule);
        let _ = session.deregister_table(name.as_str())?;
        register_parquet_as(session, &name, path, schema).map_err(|e| Failed::Files(e.into()))?;
        Ok(session.table(name.as_str()).await?)
    }
}

/// In the order of the table; what names a row twice, always in one order.
fn by_row(frame: DataFrame) -> Result<DataFrame, DataFusionError> {
    let order = SCHEMA.fields().iter();
    frame.sort(
        order
            .map(|field| ident(field.name()).sort(true, true))
            .collect(),
    )
}

/// The columns of [`SCHEMA`] in its types: the engine may hand out other ones than it planned.
fn plain(batch: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
    let columns = batch.columns().iter().zip(SCHEMA.fields());
    let columns = columns.map(|(column, field)| arrow::compute::cast(column, field.data_type()));
    // A row without a number is told by who looks at it.
    let fields = SCHEMA.fields().iter().map(|field| field.as_ref().clone());
    let nullable = Schema::new(fields.map(|f| f.with_nullable(true)).collect::<Vec<_>>());
    let columns = columns.collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(Arc::new(nullable), columns)?)
}

/// The rows of a chunk that are in `grouped`, its columns first.
fn encode_members(
    source: &TableSource,
    chunk: (usize, usize),
    conformer: &Conformer,
    grouped: &Arc<FailingRows>,
    mut group: RowGroup,
) -> Result<(EncodedRowGroup, ()), KeyError> {
    let doing = || EngineError::query("reading rows that share a key");
    let numbers = source.numbers_of(chunk);
    if !grouped.may_hold(numbers.start, numbers.end - 1) {
        return Ok((group.finish()?, ()));
    }
    let mut cursor = Cursor::new(grouped);
    let mut batches = source.read(chunk, conformer.clone())?;
    let mut beside = ByProducts::default();
    while let Some(batch) = batches.next_batch(&mut beside).map_err(doing())? {
        beside = ByProducts::default();
        let rows = batch.column_by_name(provenance::ROW);
        let rows = rows.map(|rows| rows.as_primitive::<Int64Type>().values());
        let Some((rows, [first, .., last] | [first @ last])) = rows.map(|rows| (rows, &rows[..]))
        else {
            continue;
        };
        let found = cursor.between(*first, *last).map_err(doing())?;
        let places = found
            .rows
            .values()
            .iter()
            .filter_map(|row| rows.binary_search(row).ok());
        let places: UInt64Array = places.map(|at| at as u64).collect();
        let mut columns = found
            .to_batch()
            .map_err(|e| doing()(e.into()))?
            .columns()
            .to_vec();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            if field.name() != provenance::ROW && field.name() != provenance::LINE {
                columns.push(take(column, &places, None).map_err(|e| doing()(e.into()))?);
            }
        }
        group.write(&columns)?;
    }
    Ok((group.finish()?, ()))
}

/// The columns of [`SCHEMA`], the note being the columns in which a row differs from the first of its group.
fn differing(frame: DataFrame, columns: &[String]) -> Result<DataFrame, DataFusionError> {
    // A value that is none is what was delivered: two that could not be read need not be the same.
    let value = |column: &String| {
        let read = cast(ident(column), DataType::Utf8);
        coalesce(vec![read, ident(format!("{RAW}{column}"))])
    };
    let of_first = |column: &String| {
        let first = first_value(value(column)).partition_by(vec![ident("_first")]);
        let first = first
            .order_by(vec![ident("_place").sort(true, true)])
            .build()?;
        Ok(first.alias(format!("_first.{column}")))
    };
    let firsts: Result<Vec<Expr>, DataFusionError> = columns.iter().map(of_first).collect();
    let frame = frame.window(firsts?)?;
    let told = |column: &String| {
        let first = ident(format!("_first.{column}"));
        let differs = binary_expr(value(column), Operator::IsDistinctFrom, first);
        when(differs, lit(column.as_str())).end()
    };
    let told: Result<Vec<Expr>, DataFusionError> = columns.iter().map(told).collect();
    let note = concat_ws(lit(", "), told?).alias("_note");
    let own = SCHEMA.fields().iter().map(|field| field.name().as_str());
    let own = own.filter(|name| *name != "_note").map(ident);
    frame.select(own.chain([note]).collect::<Vec<_>>())
}
