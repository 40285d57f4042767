//! Comparisons with null, which are never true.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::{
    ast::{BinaryOperator, Expr, Spanned, Value, ValueWithSpan, Visit, Visitor},
    dialect::GenericDialect,
    parser::Parser,
    tokenizer::{Location, Span as Stretch},
};

use crate::{
    diagnostics::{At, Diagnostic, yaml::span_in},
    project::Project,
    rules::{Plan, Rule},
    tables::Table,
};

/// Reports every comparison with null in the project's SQL.
pub fn nulls(project: &Project, diagnostics: &mut Vec<Diagnostic>) {
    for rule in &project.rules {
        for text in conditions(rule, &project.tables[rule.table]) {
            let parsed = Parser::new(&GenericDialect {}).try_with_sql(&text.value);
            if let Ok(condition) = parsed.and_then(|mut parser| parser.parse_expr()) {
                report(&condition, &text, diagnostics);
            }
        }
        if let Plan::Rows { query, .. } = rule.plan(&project.tables[rule.table])
            && let Some(author) = &query.author
        {
            in_query(author, diagnostics);
        }
    }
    for file in project
        .model
        .iter()
        .chain(&project.aggregates)
        .chain(&project.records)
    {
        in_query(&file.text(), diagnostics);
    }
}

/// The conditions over a row that the author of a rule wrote.
fn conditions(rule: &Rule, table: &Table) -> Vec<At<String>> {
    let sql = match rule.plan(table) {
        Plan::Row { predicate } => predicate.author,
        Plan::Rows { evaluated, .. } => evaluated.and_then(|sql| sql.author),
        Plan::RowCount { .. } => None,
    };
    sql.into_iter().chain(rule.only_where.clone()).collect()
}

fn in_query(text: &At<String>, diagnostics: &mut Vec<Diagnostic>) {
    if let Ok(statements) = Parser::parse_sql(&GenericDialect {}, &text.value) {
        report(&statements, text, diagnostics);
    }
}

fn report(parsed: &impl Visit, text: &At<String>, diagnostics: &mut Vec<Diagnostic>) {
    let _ = parsed.visit(&mut Comparisons { text, diagnostics });
}

struct Comparisons<'t> {
    text: &'t At<String>,
    diagnostics: &'t mut Vec<Diagnostic>,
}

impl Visitor for Comparisons<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
        let (place, message, help) = match expr {
            Expr::BinaryOp { left, op, right } if is_null(left) || is_null(right) => {
                let other = if is_null(right) { left } else { right };
                let help = match op {
                    Eq => format!("write `{other} IS NULL`"),
                    NotEq => format!("write `{other} IS NOT NULL`"),
                    Lt | LtEq | Gt | GtEq => "compare with a value".to_owned(),
                    _ => return ControlFlow::Continue(()),
                };
                (expr.span(), format!("`{op} NULL` is never true"), help)
            }
            Expr::InList {
                expr: of,
                list,
                negated,
            } if list.iter().any(is_null) => {
                let message = match negated {
                    true => "`NOT IN` a list with null is never true",
                    false => "null in the list of `IN` matches nothing",
                };
                let also = if *negated { "AND" } else { "OR" };
                let is = if *negated { "IS NOT NULL" } else { "IS NULL" };
                let help =
                    format!("remove the null; write `… {also} {of} {is}` where it was meant");
                (expr.span(), message.to_owned(), help)
            }
            _ => return ControlFlow::Continue(()),
        };
        let at = |l: Location| (number(l.line), number(l.column));
        let span = match place == Stretch::empty() {
            true => self.text.span.clone(),
            false => span_in(self.text, at(place.start), at(place.end)),
        };
        self.diagnostics.push(
            Diagnostic::at(&span, message)
                .lint("equals_null")
                .help(help),
        );
        ControlFlow::Continue(())
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Value(ValueWithSpan {
            value: Value::Null,
            ..
        })
    )
}

fn number(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
