//! How deep an author's SQL may go: planning and evaluating follow it by recursion, which has to fit on a stack.

use std::ops::ControlFlow;

use datafusion::sql::{
    parser::Statement,
    sqlparser::ast::{Expr, Query, SetExpr, Visit, Visitor},
};

/// Terms that may be chained (`a OR b OR …`) or nested; joins and united queries count too, a WHEN twice.
pub const MAX_LEVELS: usize = 1_000;
/// Bytes of one condition or query: parsing goes as deep as the text is long, before its levels can be counted.
pub const MAX_BYTES: usize = 256 << 10;

/// Whether `text` is too long to be parsed.
pub fn is_too_long(text: &str) -> bool {
    text.len() > MAX_BYTES
}

/// Whether an expression goes deeper than [`MAX_LEVELS`].
pub fn is_too_deep(expr: &Expr) -> bool {
    expr.visit(&mut Depth(0)).is_break()
}

/// Whether a statement goes deeper than [`MAX_LEVELS`].
pub fn statement_is_too_deep(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(statement) => statement.visit(&mut Depth(0)).is_break(),
        Statement::Explain(explain) => statement_is_too_deep(&explain.statement),
        // Refused as soon as they are planned.
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => false,
    }
}

/// Levels above what is being visited. A walk ends at the limit, so it is never deep itself.
struct Depth(usize);

impl Depth {
    fn enter(&mut self, levels: usize) -> ControlFlow<()> {
        self.0 += levels;
        match self.0 > MAX_LEVELS {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn leave(&mut self, levels: usize) -> ControlFlow<()> {
        self.0 -= levels;
        ControlFlow::Continue(())
    }
}

impl Visitor for Depth {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.enter(levels_of_expr(expr))
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.leave(levels_of_expr(expr))
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.enter(levels_of_query(query))
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.leave(levels_of_query(query))
    }
}

fn levels_of_expr(expr: &Expr) -> usize {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) => 0,
        // A list in the text, two chains in the plan.
        Expr::Case { conditions, .. } => 2 * conditions.len(),
        _ => 1,
    }
}

/// Joins and united queries become a chain in the plan.
fn levels_of_query(query: &Query) -> usize {
    let mut levels = 1;
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::SetOperation { left, .. } => {
                levels += 1;
                body = left;
            }
            SetExpr::Select(select) => {
                let joined = select.from.iter().map(|from| 1 + from.joins.len());
                return levels + joined.sum::<usize>();
            }
            _ => return levels,
        }
    }
}
