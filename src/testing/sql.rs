//! SQL that is a little wrong: each comparison, connective and negation of an author's text changed in turn.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::{
    ast::{BinaryOperator, Expr, Statement, UnaryOperator, VisitMut, VisitorMut},
    dialect::GenericDialect,
    parser::Parser,
};

/// An author's text with one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `a > b becomes a >= b`.
    pub what: String,
    /// The whole text.
    pub text: String,
}

/// Every change of a condition.
pub fn of_condition(text: &str) -> Vec<Changed> {
    let parsed = Parser::new(&GenericDialect {}).try_with_sql(text);
    match parsed.and_then(|mut parser| parser.parse_expr()) {
        Ok(condition) => changed(&condition),
        Err(_) => Vec::new(),
    }
}

/// Every change of a query.
pub fn of_query(text: &str) -> Vec<Changed> {
    match Parser::parse_sql(&GenericDialect {}, text).as_deref() {
        Ok([statement]) => changed::<Statement>(statement),
        _ => Vec::new(),
    }
}

fn changed<T: VisitMut + Clone + ToString>(parsed: &T) -> Vec<Changed> {
    let mut all = Vec::new();
    for site in 0.. {
        let mut change = 0;
        loop {
            let mut other = parsed.clone();
            let mut editor = Editor {
                site,
                change,
                seen: 0,
                what: None,
            };
            let _ = other.visit(&mut editor);
            let Some(what) = editor.what else { break };
            let text = other.to_string();
            all.push(Changed { what, text });
            change += 1;
        }
        // No site of that number: with none of its changes made, was it there at all?
        let mut counter = Editor {
            site: usize::MAX,
            change: 0,
            seen: 0,
            what: None,
        };
        let _ = parsed.clone().visit(&mut counter);
        if site + 1 >= counter.seen {
            break;
        }
    }
    all
}

/// Makes one change at one expression, counted as they are visited.
struct Editor {
    site: usize,
    change: usize,
    seen: usize,
    what: Option<String>,
}

impl VisitorMut for Editor {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let here = self.seen == self.site;
        self.seen += 1;
        if !here {
            return ControlFlow::Continue(());
        }
        if let Some(other) = changes(expr).into_iter().nth(self.change) {
            self.what = Some(format!("`{expr}` becomes `{other}`"));
            *expr = other;
        }
        ControlFlow::Break(())
    }
}

/// What could stand in the place of an expression.
fn changes(expr: &Expr) -> Vec<Expr> {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    match expr {
        Expr::BinaryOp { left, op, right } => {
            let with = |op: BinaryOperator| Expr::BinaryOp {
                left: left.clone(),
                op,
                right: right.clone(),
            };
            match op {
                Lt => vec![with(LtEq), with(GtEq)],
                LtEq => vec![with(Lt), with(Gt)],
                Gt => vec![with(GtEq), with(LtEq)],
                GtEq => vec![with(Gt), with(Lt)],
                Eq => vec![with(NotEq)],
                NotEq => vec![with(Eq)],
                And | Or => vec![left.as_ref().clone(), right.as_ref().clone()],
                _ => Vec::new(),
            }
        }
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => vec![expr.as_ref().clone()],
        Expr::IsNull(of) => vec![Expr::IsNotNull(of.clone())],
        Expr::IsNotNull(of) => vec![Expr::IsNull(of.clone())],
        Expr::InList {
            expr,
            list,
            negated,
        } => vec![Expr::InList {
            expr: expr.clone(),
            list: list.clone(),
            negated: !negated,
        }],
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } => vec![Expr::Between {
            expr: expr.clone(),
            negated: !negated,
            low: low.clone(),
            high: high.clone(),
        }],
        Expr::Exists { subquery, negated } => vec![Expr::Exists {
            subquery: subquery.clone(),
            negated: !negated,
        }],
        Expr::InSubquery {
            expr,
            subquery,
            negated,
        } => vec![Expr::InSubquery {
            expr: expr.clone(),
            subquery: subquery.clone(),
            negated: !negated,
        }],
        Expr::Like {
            negated,
            any,
            expr,
            pattern,
            escape_char,
        } => vec![Expr::Like {
            negated: !negated,
            any: *any,
            expr: expr.clone(),
            pattern: pattern.clone(),
            escape_char: escape_char.clone(),
        }],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(changed: Vec<Changed>) -> Vec<String> {
        changed.into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn each_place_is_changed_in_turn() {
        let all = texts(of_condition("a > 1 AND NOT b IS NULL"));
        assert_eq!(
            all,
            [
                "a > 1",
                "NOT b IS NULL",
                "a >= 1 AND NOT b IS NULL",
                "a <= 1 AND NOT b IS NULL",
                "a > 1 AND b IS NULL",
                "a > 1 AND NOT b IS NOT NULL",
            ]
        );
        assert!(of_condition("a + 1").is_empty());
        assert!(of_condition("a >").is_empty());
    }

    #[test]
    fn queries_are_changed_inside_as_well() {
        let all = texts(of_query(
            "SELECT _row FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
        ));
        assert_eq!(
            all,
            [
                "SELECT _row FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
                "SELECT _row FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a <> t.a)",
            ]
        );
    }
}
