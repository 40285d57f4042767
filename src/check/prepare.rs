//! Plans every rule before any data is read, and finds out which columns each needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::{
    datasource::empty::EmptyTable,
    execution::context::SessionContext,
    logical_expr::{Expr, LogicalPlan},
};

use super::{
    lineage::{self, Traces, Uses},
    origin,
    session::Engine,
    sql,
};
use crate::{
    conform::full_schema,
    diagnostics::Diagnostic,
    names::provenance,
    rules::{Plan, Returns, Rule, Sql},
    tables::Table,
};

/// Column of a key rule's query that names the group a row belongs to.
pub const GROUP: &str = "_group";

/// Every rule of the project, planned.
#[derive(Clone, Debug)]
pub struct Checks {
    /// One for each table, in the project's order.
    pub tables: Vec<TableChecks>,
}

/// The rules of one table, planned.
#[derive(Clone, Debug)]
pub struct TableChecks {
    /// The table.
    pub table: Arc<Table>,
    /// Its rules.
    pub rules: Vec<PreparedRule>,
    /// Hidden columns (see [`full_schema`]) that the row rules read.
    pub hidden: BTreeSet<String>,
    /// Columns that key rules of any table read of this one.
    pub key_columns: BTreeSet<String>,
}

/// One rule, planned.
#[derive(Clone, Debug)]
pub struct PreparedRule {
    /// Index into the project's rules.
    pub rule: usize,
    /// Rows where it is not true are not applicable.
    pub applies: Option<Expr>,
    /// Where the outcome comes from.
    pub outcome: Outcome,
    /// The columns that its query reads, by table; none for a rule that looks at one row.
    pub reads: BTreeMap<String, BTreeSet<String>>,
}

/// Where a rule's outcome comes from.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An expression, evaluated in the scan.
    Predicate(Expr),
    /// A query over key columns that returns the failing rows.
    Query {
        /// Its text.
        query: String,
        /// What the text says.
        plan: Box<LogicalPlan>,
        /// Rows where it is not true are not evaluated.
        evaluated: Option<Expr>,
        /// Whether what it groups rows by is made of a hidden column.
        hidden_group: bool,
        /// What the rows are that it returns.
        returns: Returns,
    },
    /// The number of rows.
    RowCount {
        /// Fewest.
        min: u64,
        /// Most.
        max: Option<u64>,
    },
}

impl Outcome {
    /// Whether a table of so many rows passes; `None` when the rule is about rows.
    pub fn of_table(&self, rows: u64) -> Option<bool> {
        match self {
            Self::RowCount { min, max } => Some(rows >= *min && max.is_none_or(|max| rows <= max)),
            Self::Predicate(_) | Self::Query { .. } => None,
        }
    }
}

/// Plans all `rules` of `tables`; every mistake becomes a diagnostic.
pub async fn prepare(
    engine: &Engine,
    tables: &[Arc<Table>],
    rules: &[Rule],
    diagnostics: &mut Vec<Diagnostic>,
) -> Checks {
    let session = engine.session();
    let schemas: Vec<SchemaRef> = tables.iter().map(|t| full_schema(t)).collect();
    for (table, schema) in tables.iter().zip(&schemas) {
        register_empty(&session, table.name.as_str(), schema, diagnostics);
    }
    let mut checks: Vec<TableChecks> = tables
        .iter()
        .map(|table| TableChecks {
            table: Arc::clone(table),
            rules: Vec::new(),
            hidden: BTreeSet::new(),
            key_columns: BTreeSet::new(),
        })
        .collect();
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let traces = lineage::declared(tables);
    for (index, rule) in rules.iter().enumerate() {
        let planner = Planner {
            session: &session,
            tables,
            schemas: &schemas,
            schema: &schemas[rule.table],
            traces: &traces,
            rule,
        };
        if let Some(prepared) = planner
            .rule(index, &tables[rule.table], &mut read, diagnostics)
            .await
        {
            let exprs = prepared.applies.iter().chain(match &prepared.outcome {
                Outcome::Predicate(expr) => Some(expr),
                Outcome::Query { evaluated, .. } => evaluated.as_ref(),
                Outcome::RowCount { .. } => None,
            });
            let names = exprs.flat_map(|e| e.column_refs().into_iter().map(|c| c.name.clone()));
            let hidden = names
                .filter(|n| n.starts_with('_') && *n != provenance::ROW && *n != provenance::LINE);
            checks[rule.table].hidden.extend(hidden);
            checks[rule.table].rules.push(prepared);
        }
    }
    for check in &mut checks {
        if let Some(columns) = read.remove(check.table.name.as_str()) {
            check.key_columns = columns;
        }
    }
    Checks { tables: checks }
}

fn register_empty(
    session: &SessionContext,
    name: &str,
    schema: &SchemaRef,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let table = Arc::new(EmptyTable::new(Arc::clone(schema)));
    if let Err(error) = session.register_table(name, table) {
        diagnostics.push(Diagnostic::nowhere(format!(
            "registering table `{name}`: {error}"
        )));
    }
}

struct Planner<'a> {
    session: &'a SessionContext,
    tables: &'a [Arc<Table>],
    schemas: &'a [SchemaRef],
    schema: &'a SchemaRef,
    traces: &'a Traces,
    rule: &'a Rule,
}

impl Planner<'_> {
    async fn rule(
        &self,
        index: usize,
        table: &Table,
        read: &mut BTreeMap<String, BTreeSet<String>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<PreparedRule> {
        let applies = match &self.rule.only_where {
            Some(at) => Some(self.predicate(&Sql::of_author(at), diagnostics)?),
            None => None,
        };
        let mut reads = BTreeMap::new();
        let outcome = match self.rule.plan(table) {
            Plan::Row { predicate } => Outcome::Predicate(self.predicate(&predicate, diagnostics)?),
            Plan::RowCount { min, max } => Outcome::RowCount { min, max },
            Plan::Rows {
                query,
                evaluated,
                returns,
            } => {
                let evaluated = match evaluated {
                    Some(sql) => Some(self.predicate(&sql, diagnostics)?),
                    None => None,
                };
                let plan = self.query(&query, table, &mut reads, diagnostics).await?;
                Outcome::Query {
                    query: query.text,
                    evaluated,
                    hidden_group: self.hides_group(&plan),
                    plan: Box::new(plan),
                    returns,
                }
            }
        };
        for (table, names) in &reads {
            read.entry(table.clone()).or_default().extend(names.clone());
        }
        Some(PreparedRule {
            rule: index,
            applies,
            outcome,
            reads,
        })
    }

    /// A group's text may stand in the log as it is only when no hidden column has a part in it.
    fn hides_group(&self, plan: &LogicalPlan) -> bool {
        let group = plan.schema().index_of_column_by_name(None, GROUP);
        group.is_some_and(|at| {
            let traces = lineage::trace(plan, self.traces, Uses::Nothing);
            traces.get(at).is_none_or(|group| !group.hidden.is_empty())
        })
    }

    fn predicate(&self, sql: &Sql, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
        sql::predicate(self.session, self.schema, sql, &self.rule.span, diagnostics)
    }

    /// Plans the query of a kind with those columns that it names, since planning takes as long as its tables are wide.
    async fn narrowly(&self, query: &Sql) -> Option<LogicalPlan> {
        if query.author.is_some() {
            return None;
        }
        let tables = || self.tables.iter().zip(self.schemas);
        let replace = |table: &Table, schema: &SchemaRef| {
            let _ = self.session.deregister_table(table.name.as_str());
            register_empty(self.session, table.name.as_str(), schema, &mut Vec::new());
        };
        let mentioned = |table: &Table| query.text.contains(table.name.as_str());
        for (table, schema) in tables().filter(|(table, _)| mentioned(table)) {
            replace(table, &sql::named(schema, &query.text));
        }
        let at = &self.rule.span;
        let plan = sql::query(self.session, &query.text, None, at, &mut Vec::new()).await;
        for (table, schema) in tables().filter(|(table, _)| mentioned(table)) {
            replace(table, schema);
        }
        plan
    }

    async fn query(
        &self,
        query: &Sql,
        table: &Table,
        read: &mut BTreeMap<String, BTreeSet<String>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<LogicalPlan> {
        // Only the author's own text has places that mean something in the file.
        let whole = query.author.as_ref().filter(|a| a.value == query.text);
        let at = query.author.as_ref().map_or(&self.rule.span, |a| &a.span);
        let plan = match self.narrowly(query).await {
            Some(plan) => plan,
            None => sql::query(self.session, &query.text, whole, at, diagnostics).await?,
        };
        if let Some(message) = wrong_columns(&plan) {
            diagnostics.push(Diagnostic::at(at, message));
            return None;
        }
        let row = plan.schema().index_of_column_by_name(None, provenance::ROW);
        let table = table.name.as_str();
        if row.is_some_and(|row| !origin::draws_row_of(&plan, row, table)) {
            let message =
                format!("`_row` names a bad row of `{table}` and this comes from elsewhere");
            let help = format!("return the `_row` of `{table}`, the table that declares the rule");
            diagnostics.push(Diagnostic::at(at, message).help(help));
            return None;
        }
        match sql::columns_read(self.session, &plan) {
            Ok(columns) => {
                for (table, names) in columns {
                    read.entry(table).or_default().extend(names);
                }
                Some(plan)
            }
            Err(error) => {
                diagnostics.push(sql::from_engine(&error, whole, at));
                None
            }
        }
    }
}

fn wrong_columns(plan: &LogicalPlan) -> Option<String> {
    let schema: &Schema = plan.schema().as_arrow();
    match schema.field_with_name(provenance::ROW) {
        Ok(field) if *field.data_type() == DataType::Int64 => {}
        Ok(field) => {
            return Some(format!(
                "`_row` must be the table's own and this is {}",
                field.data_type()
            ));
        }
        Err(_) => {
            return Some("the query must return the column `_row` of the bad rows".to_owned());
        }
    }
    match schema.field_with_name(GROUP) {
        Ok(field)
            if !matches!(
                field.data_type(),
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            ) =>
        {
            Some(format!(
                "`_group` must be text and this is {}",
                field.data_type()
            ))
        }
        _ => None,
    }
}
