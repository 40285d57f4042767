//! The project's SQL planned over tables without rows: every mistake of its author becomes a diagnostic.

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::{
    datasource::empty::EmptyTable, execution::context::SessionContext, logical_expr::LogicalPlan,
};

use super::{Records, aggregate_schema, mentions, plain, records, register_reference};
use crate::{
    check::{
        Engine, decides,
        lineage::{self, Trace, Traces, Uses},
        scan::clean_schema,
        sql,
    },
    diagnostics::{At, Diagnostic},
    project::{Project, SqlFile},
    tables::{CodeList, Table},
};

/// The project's SQL but its rules', planned.
#[derive(Default)]
pub struct Queries {
    /// What the queries of records return.
    pub records: Vec<Records>,
    /// Every query with its text, in the order in which they were planned.
    pub plans: Vec<(At<String>, LogicalPlan)>,
}

/// Plans all SQL of `project` but its rules' over `tables`, without rows; every mistake becomes a diagnostic.
pub async fn check_sql(
    engine: &Engine,
    tables: &[Arc<Table>],
    project: &Project,
    diagnostics: &mut Vec<Diagnostic>,
) -> Queries {
    let (model, aggregates) = (&project.model, &project.aggregates);
    let lists: Vec<Arc<CodeList>> = project.lists.iter().cloned().map(Arc::new).collect();
    let session = engine.session();
    if let Err(error) = register_reference(&session, &lists, &project.periods) {
        diagnostics.push(Diagnostic::nowhere(error.to_string()));
        return Queries::default();
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
    let mut plans = Vec::new();
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
            plans.push((file.text(), plan));
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
        plans.push((file.text(), plan));
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
        plans.push((file.text(), plan));
    }
    Queries {
        records: known,
        plans,
    }
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
pub(super) fn plain_schema(plan: &LogicalPlan) -> SchemaRef {
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
