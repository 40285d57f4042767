//! `relationships`: what a row names exists elsewhere.

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Kind, Mutant, RuleKind, Scope, column_name, expect_column, need_column, once_each};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Returns, Rule, Sql, template::render},
    tables::{ColumnType, Table},
};

/// What a row names stands in another table of the delivery.
///
/// Under a column: its value stands in `column` of table `to`. In a rule of its own: the values of `columns` stand together
/// in one row of `to`, there under the same names or, in the same order, under `to_columns`. All delivered rows of `to`
/// count, quarantined ones too: a child of a quarantined parent is no orphan.
///
/// ## Missing values
///
/// A row in which a part of the name is missing is not evaluated.
///
/// ## In the log
///
/// Category `Orphan`, dimension `consistency`; a name of several columns is shown at the first:
///
/// > room is `Grene`; expected a code of rooms. A visit to a room that nobody knows is on no plan.
///
/// ## A failing row
///
/// Either the name is wrong, or what it names was not delivered: look for it among the rejected records of the other table
/// and in the night before. Where a name outlives what it names, narrow the rule with `where:`. What is a fixed list rather
/// than a table is [`accepted_values`](accepted_values.md).
///
/// ## Example
///
/// `rules/tables/visits.yaml`:
///
/// ```yaml
/// version: 1
/// table: visits
/// source: { files: "visits.csv" }
/// key: [visit_ref]
/// columns:
///   visit_ref: { type: string }
///   room:
///     type: string
///     relationships:
///       to: rooms
///       column: code
///       severity: error
///       why: A visit to a room that nobody knows is on no plan.
///       examples:
///         pass:
///           - visits: [{ visit_ref: V1, room: Green }]
///             rooms: [{ code: Green }]
///         fail:
///           - visits: [{ visit_ref: V1, room: Grene }]
///             rooms: [{ code: Green }]
///         not_evaluated:
///           - visits: [{ visit_ref: V1 }]
///             rooms: [{ code: Green }]
/// ```
///
/// `rules/tables/rooms.yaml`:
///
/// ```yaml
/// version: 1
/// table: rooms
/// source: { files: "rooms.csv" }
/// key: [code]
/// columns:
///   code: { type: string }
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,room
/// V1,Green
/// V2,Grene
/// ```
///
/// `delivery/rooms.csv`:
///
/// ```csv
/// code
/// Green
/// Blue
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = super::needs(["column", "columns"])))]
pub struct Relationships {
    /// The table in which the name stands.
    to: At<String>,
    /// Under a column: the column of `to` that holds its value.
    #[serde(default)]
    column: Option<At<String>>,
    /// In a rule of its own: the columns that make the name.
    #[serde(default, deserialize_with = "super::names")]
    #[schemars(extend("minItems" = 1))]
    columns: Vec<At<String>>,
    /// With `columns`: what they are called in `to`; unless said the same.
    #[serde(default)]
    to_columns: Vec<At<String>>,
    /// SQL over `to`: only its rows where it is true count; unless said all do.
    #[serde(default)]
    to_where: Option<At<String>>,
}

impl Relationships {
    /// The columns of `to` in which the parts of the name stand.
    fn targets(&self) -> &[At<String>] {
        match &self.column {
            Some(column) => std::slice::from_ref(column),
            None if self.to_columns.is_empty() => &self.columns,
            None => &self.to_columns,
        }
    }

    fn validate_names(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        match (&self.column, self.columns.first()) {
            (Some(_), None) => need_column("relationships", scope, diagnostics),
            (Some(column), Some(_)) => diagnostics.push(
                Diagnostic::at(&column.span, "`relationships` has `columns` already")
                    .help("keep `column` for one column, or `columns` with `to_columns` for several"),
            ),
            (None, None) => diagnostics.push(
                Diagnostic::at(scope.span, "`relationships` needs `column` or `columns`").help(
                    "write `column: <column of the other table>` under a column, or `columns: [a, b]` in a rule of its own",
                ),
            ),
            (None, Some(_)) => {}
        }
        for column in &self.columns {
            expect_column(column, scope.table, diagnostics);
        }
        once_each(&self.columns, diagnostics);
        if let Some(first) = self.to_columns.first()
            && self.to_columns.len() != self.columns.len()
        {
            let message = format!(
                "`to_columns` has {} for the {} of `columns`",
                self.to_columns.len(),
                self.columns.len()
            );
            diagnostics.push(Diagnostic::at(&first.span, message).help("name one for each, in the same order"));
        }
    }
}

/// Reports two columns whose values can never be equal.
fn expect_like(
    (table, own): (&Table, usize),
    (to_table, to): (&Table, usize),
    at: &At<String>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (own, to) = (&table.columns[own], &to_table.columns[to]);
    let (is, other) = (words(own.ty), words(to.ty));
    if is != other {
        let message = format!(
            "`{}` is {is} and `{}` of `{}` is {other}: they can never be equal",
            own.name, to.name, to_table.name
        );
        diagnostics.push(Diagnostic::at(&at.span, message).help("declare both with one `type`"));
    }
}

fn words(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::String => "text",
        ColumnType::Integer | ColumnType::Decimal => "a number",
        ColumnType::Date | ColumnType::Timestamp => "a date",
        ColumnType::Boolean => "true or false",
    }
}

impl RuleKind for Relationships {
    fn category(&self) -> Category {
        Category::Orphan
    }
    fn dimension(&self) -> Dimension {
        Dimension::Consistency
    }
    /// A failure of several columns is shown at the first.
    fn column(&self) -> Option<&At<String>> {
        self.columns.first()
    }
    fn looks_into(&self) -> Option<(&str, &str)> {
        Some((&self.to.value, &self.column.as_ref()?.value))
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        self.validate_names(scope, diagnostics);
        let to = scope.tables.iter().find(|t| t.name.as_str() == self.to.value);
        match to {
            Some(table) => {
                let known: Vec<Option<usize>> = self
                    .targets()
                    .iter()
                    .map(|column| expect_column(column, table, diagnostics))
                    .collect();
                let own: Vec<Option<usize>> = match self.columns.is_empty() {
                    true => vec![scope.column],
                    false => {
                        let index = |c: &At<String>| scope.table.column_index(&c.value);
                        self.columns.iter().map(index).collect()
                    }
                };
                for ((own, to), at) in own.iter().zip(known).zip(self.targets()) {
                    if let (Some(own), Some(to)) = (own, to) {
                        expect_like((scope.table, *own), (table, to), at, diagnostics);
                    }
                }
            }
            None => {
                let known = scope.tables.iter().map(|t| t.name.as_str());
                let message = format!("there is no table `{}`", self.to.value);
                diagnostics.push(Diagnostic::at(&self.to.span, message).suggest(&self.to.value, known));
            }
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let names = |list: &[At<String>]| list.iter().map(|c| c.value.clone()).collect::<Vec<_>>();
        let columns = match self.columns.is_empty() {
            true => vec![column_name(rule, table).to_owned()],
            false => names(&self.columns),
        };
        let values = context! {
            table => table.name.as_str(),
            columns,
            to => self.to.value.clone(),
            to_columns => names(self.targets()),
            to_where => self.to_where.as_ref().map(|w| w.value.clone()),
        };
        Plan::Rows {
            query: Sql {
                text: render(include_str!("relationships.sql"), values.clone()),
                author: self.to_where.clone(),
            },
            evaluated: Some(Sql::ours(render(super::ALL_PRESENT, values))),
            returns: Returns::Failing,
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        let names: Vec<&str> = self.targets().iter().map(|c| c.value.as_str()).collect();
        let what = match &names[..] {
            [name] => format!("a {name} of {}", self.to.value),
            names => format!("{} together in a row of {}", names.join(", "), self.to.value),
        };
        match &self.to_where {
            Some(to_where) => {
                let condition: Vec<&str> = to_where.value.split_whitespace().collect();
                format!("{what} where {}", condition.join(" "))
            }
            None => what,
        }
    }
    fn mutants(&self, _rule: &Rule, _table: &Table) -> Vec<Mutant> {
        let without = |at: usize| {
            let mut kind = self.clone();
            let column = kind.columns.remove(at);
            if at < kind.to_columns.len() {
                kind.to_columns.remove(at);
            }
            let example = format!("a `fail` example of a row that differs in `{}` alone from what it names", column.value);
            Mutant::new(format!("without column {}", column.value), Kind::Relationships(kind), example).at(&column.span)
        };
        let several = (0..self.columns.len()).filter(|_| self.columns.len() > 1);
        several.map(without).collect()
    }
    fn condition(&self) -> Option<(&'static str, &At<String>)> {
        self.to_where.as_ref().map(|to_where| ("to_where", to_where))
    }
    fn with_condition(&self, sql: Option<&str>) -> Option<Kind> {
        let to_where = self.to_where.clone()?;
        let other = sql.map(|sql| At {
            value: sql.to_owned(),
            ..to_where
        });
        Some(Kind::Relationships(Self {
            to_where: other,
            ..self.clone()
        }))
    }
}
