//! Which columns of the delivered tables decide each column of a query: those that it is computed of, and those that
//! say which row of a looked-up table it is taken from. A hint for readers: too many columns rather than too few.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use datafusion::{
    common::{Column, DFSchemaRef, JoinType},
    logical_expr::{Distinct, Expr, Join, LogicalPlan},
};

/// Columns, each with its table.
pub type Deciding = BTreeSet<(String, String)>;

/// What decides the columns and rows of a table that a query may read.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Each column by its name.
    pub columns: BTreeMap<String, Deciding>,
    /// Whether a row is there at all.
    pub rows: Deciding,
}

/// What decides each table that a query may read, by its name.
pub type Tables = BTreeMap<String, Decided>;

/// What decides the result of `plan`.
pub fn decided(plan: &LogicalPlan, tables: &Tables) -> Decided {
    let names = plan
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone());
    Decided {
        columns: names.zip(deciding(plan, tables)).collect(),
        rows: deciding_rows(plan, tables),
    }
}

/// What decides which rows `plan` returns: the columns of its conditions, and what decides the rows that it reads.
pub fn deciding_rows(plan: &LogicalPlan, tables: &Tables) -> Deciding {
    let mut rows: Deciding = match plan {
        LogicalPlan::TableScan(scan) => {
            let known = tables.get(scan.table_name.table());
            known.map(|known| known.rows.clone()).unwrap_or_default()
        }
        LogicalPlan::Filter(node) => {
            let columns = deciding(&node.input, tables);
            named([&node.predicate], node.input.schema(), &columns)
        }
        // Where what is looked up may be missing, the condition decides no row.
        LogicalPlan::Join(node) if node.join_type == JoinType::Inner => condition(node, tables),
        _ => Deciding::new(),
    };
    let looked_up = |input: &&LogicalPlan| match plan {
        LogicalPlan::Join(node) => match node.join_type {
            JoinType::Left => std::ptr::eq(*input, &*node.left),
            JoinType::Right => std::ptr::eq(*input, &*node.right),
            _ => true,
        },
        _ => true,
    };
    let inputs = plan.inputs();
    rows.extend(
        inputs
            .into_iter()
            .filter(looked_up)
            .flat_map(|input| deciding_rows(input, tables)),
    );
    rows
}

/// What decides each column of `plan`, in order. Columns of tables that are not in `tables` are decided by nothing.
pub fn deciding(plan: &LogicalPlan, tables: &Tables) -> Vec<Deciding> {
    let width = plan.schema().fields().len();
    match plan {
        LogicalPlan::TableScan(scan) => {
            let known = tables.get(scan.table_name.table());
            let of = |name: &String| known.and_then(|known| known.columns.get(name)).cloned();
            let fields = scan.projected_schema.fields().iter();
            fields.map(|f| of(f.name()).unwrap_or_default()).collect()
        }
        LogicalPlan::Projection(node) => each(&node.expr, &node.input, tables),
        LogicalPlan::Distinct(Distinct::On(node)) => each(&node.select_expr, &node.input, tables),
        LogicalPlan::Aggregate(node) => {
            let all: Vec<Expr> = node
                .group_expr
                .iter()
                .chain(&node.aggr_expr)
                .cloned()
                .collect();
            match all.len() == width {
                true => each(&all, &node.input, tables),
                false => vec![of_all(plan, tables); width],
            }
        }
        LogicalPlan::Window(node) => {
            let mut columns = deciding(&node.input, tables);
            columns.extend(each(&node.window_expr, &node.input, tables));
            columns
        }
        LogicalPlan::Join(node) => join(node, tables),
        LogicalPlan::Union(node) => {
            let mut columns = vec![Deciding::new(); width];
            for input in &node.inputs {
                for (column, more) in columns.iter_mut().zip(deciding(input, tables)) {
                    column.extend(more);
                }
            }
            columns
        }
        _ => match plan.inputs().as_slice() {
            [input] if input.schema().fields().len() == width => deciding(input, tables),
            _ => vec![of_all(plan, tables); width],
        },
    }
}

fn of_all(plan: &LogicalPlan, tables: &Tables) -> Deciding {
    let inputs = plan.inputs().into_iter();
    inputs
        .flat_map(|input| deciding(input, tables))
        .flatten()
        .collect()
}

fn each(exprs: &[Expr], input: &LogicalPlan, tables: &Tables) -> Vec<Deciding> {
    let columns = deciding(input, tables);
    let of = |expr: &Expr| named([expr], input.schema(), &columns);
    exprs.iter().map(of).collect()
}

/// What decides the columns that `exprs` name.
fn named<'e>(
    exprs: impl IntoIterator<Item = &'e Expr>,
    schema: &DFSchemaRef,
    columns: &[Deciding],
) -> Deciding {
    let refs = exprs.into_iter().flat_map(Expr::column_refs);
    let places = refs.filter_map(|column: &Column| schema.maybe_index_of_column(column));
    let found = places.filter_map(|at| columns.get(at));
    found.flatten().cloned().collect()
}

/// A row is looked up by the columns that the condition names: they decide what is found. What is looked up is the side
/// that may be missing, and a side that is decided by nothing of its own, such as a code list.
fn join(node: &Join, tables: &Tables) -> Vec<Deciding> {
    let (mut left, mut right) = (deciding(&node.left, tables), deciding(&node.right, tables));
    let keys = condition(node, tables);
    let given = |side: &[Deciding]| side.iter().all(Deciding::is_empty);
    let look_up = |side: &mut [Deciding]| side.iter_mut().for_each(|c| c.extend(keys.clone()));
    let (left_missing, right_missing) = match node.join_type {
        JoinType::Left => (false, true),
        JoinType::Right => (true, false),
        JoinType::Full => (true, true),
        _ => (false, false),
    };
    if left_missing || given(&left) {
        look_up(&mut left);
    }
    if right_missing || given(&right) {
        look_up(&mut right);
    }
    match node.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left,
        JoinType::RightSemi | JoinType::RightAnti => right,
        JoinType::LeftMark => left.into_iter().chain([keys]).collect(),
        JoinType::RightMark => right.into_iter().chain([keys]).collect(),
        _ => left.into_iter().chain(right).collect(),
    }
}

/// What decides the columns of a join's condition.
fn condition(node: &Join, tables: &Tables) -> Deciding {
    let on = node.on.iter().flat_map(|(one, other)| [one, other]);
    let exprs: Vec<&Expr> = on.chain(&node.filter).collect();
    let sides = [&node.left, &node.right].into_iter();
    let of_side = |side: &Arc<LogicalPlan>| {
        named(
            exprs.iter().copied(),
            side.schema(),
            &deciding(side, tables),
        )
    };
    sides.flat_map(of_side).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::empty::EmptyTable;
    use jiff::civil::date;

    use super::*;
    use crate::check::{Engine, EngineSettings, sql::plan_query};

    /// What decides the columns and rows of a query over jobs (id, site, done_on), sites (id, region) and days (day, month),
    /// the last of which is no delivered table.
    async fn decided_by(query: &str) -> (Vec<String>, String) {
        let settings = EngineSettings {
            threads: 1,
            memory_limit: 64 << 20,
            scratch: None,
            as_of: date(2017, 1, 1),
        };
        let session = Engine::new(&settings).expect("an engine").session();
        let mut tables = Tables::new();
        for (table, columns, delivered) in [
            ("jobs", &["id", "site", "done_on"][..], true),
            ("sites", &["id", "region"], true),
            ("days", &["day", "month"], false),
        ] {
            let field = |name: &&str| Field::new(*name, DataType::Utf8, true);
            let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
            let empty = EmptyTable::new(Arc::new(schema));
            session
                .register_table(table, Arc::new(empty))
                .expect("a table");
            if delivered {
                let own = |name: &&str| Deciding::from([(table.to_owned(), (*name).to_owned())]);
                let columns = columns.iter().map(|name| ((*name).to_owned(), own(name)));
                let decided = Decided {
                    columns: columns.collect(),
                    rows: Deciding::new(),
                };
                tables.insert(table.to_owned(), decided);
            }
        }
        let plan = plan_query(&session, query).await.expect("a plan");
        let text = |deciding: &Deciding| {
            let names = deciding
                .iter()
                .map(|(table, column)| format!("{table}.{column}"));
            names.collect::<Vec<_>>().join(" ")
        };
        let columns = deciding(&plan, &tables);
        (
            columns.iter().map(text).collect(),
            text(&deciding_rows(&plan, &tables)),
        )
    }

    #[tokio::test]
    async fn columns_follow_what_they_are_computed_and_looked_up_by() {
        let cases: [(&str, &[&str], &str); 6] = [
            (
                "SELECT id, upper(site) AS s FROM jobs",
                &["jobs.id", "jobs.site"],
                "",
            ),
            (
                "SELECT j.id, s.region FROM jobs j LEFT JOIN sites s ON s.id = j.site",
                &["jobs.id", "jobs.site sites.id sites.region"],
                "",
            ),
            (
                "SELECT j.id, d.month FROM jobs j JOIN days d ON d.day = j.done_on",
                &["jobs.id", "jobs.done_on"],
                "jobs.done_on",
            ),
            (
                "SELECT j.id FROM jobs j JOIN sites s ON s.id = j.site WHERE s.region = 'n'",
                &["jobs.id"],
                "jobs.site sites.id sites.region",
            ),
            (
                "SELECT id FROM jobs UNION ALL SELECT region FROM sites WHERE id IS NOT NULL",
                &["jobs.id sites.region"],
                "sites.id",
            ),
            (
                "SELECT site, count(*) AS n FROM (SELECT CASE WHEN done_on IS NULL THEN 'x' ELSE site END AS site FROM jobs) GROUP BY site",
                &["jobs.done_on jobs.site", ""],
                "",
            ),
        ];
        for (query, columns, rows) in cases {
            let (found, found_rows) = decided_by(query).await;
            assert_eq!(found, columns, "{query}");
            assert_eq!(found_rows, rows, "{query}");
        }
    }
}
