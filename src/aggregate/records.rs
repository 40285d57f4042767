//! Which aggregates count the records of a table, and under which category: `sql/records/<table>.sql`.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::LogicalPlan;

use super::check::plain_schema;
use crate::{
    check::decides::{Decided, Deciding, Tables, deciding, deciding_rows},
    diagnostics::Diagnostic,
    project::SqlFile,
    tables::Table,
};

/// The columns that say for which period and in which population a record is counted.
const PERIOD: &str = "period";
const POPULATION: &str = "population";

/// A query of records, and what its columns mean.
#[derive(Clone, Debug)]
pub struct Records {
    /// The query.
    pub file: SqlFile,
    /// The table whose records are counted.
    pub table: Arc<Table>,
    /// The columns of its key.
    pub key: Vec<usize>,
    /// The column of the period.
    pub period: usize,
    /// The column of the population.
    pub population: usize,
    /// Tables of which a record takes values, each with the column that holds the key there.
    pub related: Vec<(Arc<Table>, usize)>,
    /// Aggregates, each with the column of the category.
    pub aggregates: Vec<(String, usize)>,
    /// What decides each column.
    pub deciding: Vec<Deciding>,
    /// What decides whether a record is there.
    pub deciding_rows: Deciding,
}

/// Every declared column decides itself.
pub(super) fn declared(tables: &[Arc<Table>]) -> Tables {
    let of_table = |table: &Arc<Table>| {
        let column = |column: &crate::tables::Column| {
            let itself = (table.name.to_string(), column.name.to_string());
            (column.name.to_string(), Deciding::from([itself]))
        };
        let decided = Decided {
            columns: table.columns.iter().map(column).collect(),
            rows: Deciding::new(),
        };
        (table.name.to_string(), decided)
    };
    tables.iter().map(of_table).collect()
}

impl Records {
    /// What the columns of a planned query mean; `None` where they are not as they have to be, which is reported.
    pub(super) fn new(
        file: &SqlFile,
        plan: &LogicalPlan,
        decided: &Tables,
        tables: &[Arc<Table>],
        aggregates: &[SqlFile],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let before = diagnostics.len();
        let at = file.text().span;
        let mut mistake = |message: String, help: &str| {
            diagnostics.push(Diagnostic::at(&at, message).help(help));
        };
        let name = file.name.as_str();
        let Some(table) = tables.iter().find(|table| table.name.as_str() == name) else {
            let help = "a query in sql/records/ is called like the table whose records it counts";
            mistake(format!("there is no table `{name}`"), help);
            return None;
        };
        let schema = plain_schema(plan);
        let find = |name: &str| {
            schema
                .fields()
                .iter()
                .position(|field| field.name() == name)
        };
        let keys: Vec<&str> = table
            .key
            .iter()
            .map(|c| table.columns[*c].name.as_str())
            .collect();
        if keys.is_empty() {
            let message = format!("the records of `{name}` have no key to be named by");
            mistake(message, "declare its `key`, or remove the file");
        }
        let mut need = |column: &str, what: &str| {
            let found = find(column);
            if found.is_none() {
                let message = format!("the query returns no column `{column}`");
                mistake(
                    message,
                    &format!("{what}; select it, or call it so with AS"),
                );
            }
            found
        };
        let key: Vec<Option<usize>> = keys
            .iter()
            .map(|key| need(key, "it is part of the table's key"))
            .collect();
        let period = need(PERIOD, "it is the period that a record is counted for");
        let population = need(
            POPULATION,
            "it is the population that a record is counted in",
        );
        let mut records = Self {
            file: file.clone(),
            table: Arc::clone(table),
            key: key.into_iter().flatten().collect(),
            period: period.unwrap_or_default(),
            population: population.unwrap_or_default(),
            related: Vec::new(),
            aggregates: Vec::new(),
            deciding: deciding(plan, decided),
            deciding_rows: deciding_rows(plan, decided),
        };
        for (place, field) in schema.fields().iter().enumerate() {
            let column = field.name().as_str();
            if keys.contains(&column) {
                continue;
            }
            let is_known = [PERIOD, POPULATION].contains(&column);
            let is_aggregate = aggregates.iter().any(|file| file.name.as_str() == column);
            if is_known || is_aggregate {
                if *field.data_type() != DataType::Utf8 {
                    let message = format!(
                        "column `{column}` is {}, and has to be text",
                        field.data_type()
                    );
                    mistake(message, "cast it to VARCHAR");
                }
                if is_aggregate {
                    records.aggregates.push((column.to_owned(), place));
                }
                continue;
            }
            match tables.iter().find(|table| table.name.as_str() == column) {
                Some(table) if table.key.len() == 1 => {
                    records.related.push((Arc::clone(table), place))
                }
                Some(_) => mistake(
                    format!(
                        "table `{column}` has no key of one column, so its records cannot be named here"
                    ),
                    "leave the column out",
                ),
                // The aggregate or table may be one that could not be read.
                None if before > 0 => {}
                None => mistake(
                    format!("`{column}` is no aggregate and no table"),
                    "beside the key, `period` and `population`, a column is called like the aggregate whose category it holds, or like the table whose record it names",
                ),
            }
        }
        (diagnostics.len() == before).then_some(records)
    }
}
