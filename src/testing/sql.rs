//! SQL that is a little wrong: each comparison, connective and negation of an author's text changed in turn.

use std::{fmt::Display, ops::ControlFlow};

use datafusion::sql::sqlparser::{
    ast::{BinaryOperator, Expr, Spanned, Statement, UnaryOperator, VisitMut, VisitorMut},
    dialect::GenericDialect,
    parser::Parser,
    tokenizer::Span as SqlSpan,
};

use crate::diagnostics::{At, Span, yaml::span_in};

/// An author's text with one change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// `a > b becomes a >= b`.
    pub what: String,
    /// The whole text.
    pub text: String,
    /// What notices: an example on which the two differ.
    pub example: String,
    /// Where the author wrote what was changed.
    pub span: Span,
}

/// Every change of a condition.
pub fn of_condition(author: &At<String>) -> Vec<Changed> {
    let parsed = Parser::new(&GenericDialect {}).try_with_sql(&author.value);
    match parsed.and_then(|mut parser| parser.parse_expr()) {
        Ok(condition) => changed(&condition, author),
        Err(_) => Vec::new(),
    }
}

/// Every change of a query.
pub fn of_query(author: &At<String>) -> Vec<Changed> {
    match Parser::parse_sql(&GenericDialect {}, &author.value).as_deref() {
        Ok([statement]) => changed::<Statement>(statement, author),
        _ => Vec::new(),
    }
}

fn changed<T: VisitMut + Clone + ToString>(parsed: &T, author: &At<String>) -> Vec<Changed> {
    let mut sites = Sites(Vec::new());
    let _ = parsed.clone().visit(&mut sites);
    let mut all = Vec::new();
    for (site, others) in sites.0.into_iter().enumerate() {
        for other in others {
            let mut whole = parsed.clone();
            let mut editor = Editor {
                site,
                other: &other.expr,
                seen: 0,
            };
            let _ = whole.visit(&mut editor);
            all.push(Changed {
                what: other.what,
                text: whole.to_string(),
                example: other.example,
                span: place(author, other.about),
            });
        }
    }
    all
}

fn place(author: &At<String>, about: SqlSpan) -> Span {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    match about.start.line {
        0 => author.span.clone(),
        _ => span_in(
            author,
            (number(about.start.line), number(about.start.column)),
            (number(about.end.line), number(about.end.column)),
        ),
    }
}

/// Collects what could stand in the place of each expression, in the order of the visit.
struct Sites(Vec<Vec<Other>>);

impl VisitorMut for Sites {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.0.push(others(expr));
        ControlFlow::Continue(())
    }
}

/// Puts another expression in the place of one, counted as they are visited.
struct Editor<'o> {
    site: usize,
    other: &'o Expr,
    seen: usize,
}

impl VisitorMut for Editor<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.seen == self.site {
            *expr = self.other.clone();
            return ControlFlow::Break(());
        }
        self.seen += 1;
        ControlFlow::Continue(())
    }
}

/// What could stand in the place of an expression.
struct Other {
    expr: Expr,
    what: String,
    example: String,
    /// The part of the text that the change is about.
    about: SqlSpan,
}

fn others(expr: &Expr) -> Vec<Other> {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    let becomes = |other: Expr, example: String| Other {
        what: format!("`{}` becomes `{}`", line(expr), line(&other)),
        expr: other,
        example,
        about: expr.span(),
    };
    let decides = || format!("examples on which `{}` is true and is not", line(expr));
    match expr {
        Expr::BinaryOp { left, op, right } => {
            let with =
                |op: BinaryOperator, example: String| becomes(binary(left, op, right), example);
            let equal = || {
                format!(
                    "an example in which {} equals {}",
                    line(&**left),
                    line(&**right)
                )
            };
            let differ = || {
                format!(
                    "an example in which {} is not {}",
                    line(&**left),
                    line(&**right)
                )
            };
            // The kept part stands alone, and the change is about the other.
            let without = |kept: &Expr, dropped: &Expr| Other {
                expr: kept.clone(),
                what: format!("without `{}`, in `{}`", line(dropped), line(expr)),
                example: format!("an example on which `{}` alone decides", line(dropped)),
                about: dropped.span(),
            };
            match op {
                Lt => vec![with(LtEq, equal()), with(GtEq, differ())],
                LtEq => vec![with(Lt, equal()), with(Gt, differ())],
                Gt => vec![with(GtEq, equal()), with(LtEq, differ())],
                GtEq => vec![with(Gt, equal()), with(Lt, differ())],
                Eq => vec![with(NotEq, decides())],
                NotEq => vec![with(Eq, decides())],
                And | Or => vec![without(left, right), without(right, left)],
                _ => Vec::new(),
            }
        }
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: inner,
        } => vec![becomes(inner.as_ref().clone(), decides())],
        Expr::IsNull(of) => vec![becomes(Expr::IsNotNull(of.clone()), decides())],
        Expr::IsNotNull(of) => vec![becomes(Expr::IsNull(of.clone()), decides())],
        Expr::IsDistinctFrom(left, right) => vec![
            becomes(
                Expr::IsNotDistinctFrom(left.clone(), right.clone()),
                decides(),
            ),
            becomes(binary(left, NotEq, right), of_null(left)),
        ],
        Expr::IsNotDistinctFrom(left, right) => vec![
            becomes(Expr::IsDistinctFrom(left.clone(), right.clone()), decides()),
            becomes(binary(left, Eq, right), of_null(left)),
        ],
        Expr::InList {
            expr: of,
            list,
            negated,
        } => {
            let with = |list: Vec<Expr>, negated: bool| Expr::InList {
                expr: of.clone(),
                list,
                negated,
            };
            let mut all = vec![becomes(with(list.clone(), !negated), decides())];
            for at in 0..list.len() {
                let mut fewer = list.clone();
                let value = fewer.remove(at);
                if fewer.is_empty() {
                    break;
                }
                all.push(Other {
                    expr: with(fewer, *negated),
                    what: format!("without {}, in `{}`", line(&value), line(expr)),
                    example: format!("an example in which {} is {}", line(&**of), line(&value)),
                    about: value.span(),
                });
            }
            all
        }
        Expr::Between {
            expr: of,
            negated,
            low,
            high,
        } => {
            let other = Expr::Between {
                expr: of.clone(),
                negated: !negated,
                low: low.clone(),
                high: high.clone(),
            };
            let mut all = vec![becomes(other, decides())];
            if !negated {
                let beyond = |bound: &Expr, word| format!("an example {word} {}", line(bound));
                all.push(becomes(binary(of, GtEq, low), beyond(high, "above")));
                all.push(becomes(binary(of, LtEq, high), beyond(low, "below")));
            }
            all
        }
        Expr::Exists { subquery, negated } => {
            let other = Expr::Exists {
                subquery: subquery.clone(),
                negated: !negated,
            };
            vec![becomes(other, decides())]
        }
        Expr::InSubquery {
            expr: of,
            subquery,
            negated,
        } => {
            let other = Expr::InSubquery {
                expr: of.clone(),
                subquery: subquery.clone(),
                negated: !negated,
            };
            vec![becomes(other, decides())]
        }
        Expr::Like {
            negated,
            any,
            expr: of,
            pattern,
            escape_char,
        } => {
            let other = Expr::Like {
                negated: !negated,
                any: *any,
                expr: of.clone(),
                pattern: pattern.clone(),
                escape_char: escape_char.clone(),
            };
            vec![becomes(other, decides())]
        }
        _ => Vec::new(),
    }
}

fn binary(left: &Expr, op: BinaryOperator, right: &Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left.clone()),
        op,
        right: Box::new(right.clone()),
    }
}

fn of_null(of: &Expr) -> String {
    format!("an example in which {} is null", line(of))
}

/// Most characters of an expression that are shown.
const SHOWN: usize = 100;

/// An expression on one line, a long one without its middle.
fn line(expr: &impl Display) -> String {
    let text = expr.to_string();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = text.chars().count();
    if count <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN / 2).collect();
    let end: String = text.chars().skip(count - SHOWN / 2).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::Source;

    fn author(text: &str) -> At<String> {
        let source = Arc::new(Source {
            path: "rules/tables/things.yaml".to_owned(),
            text: text.to_owned(),
        });
        At {
            value: text.to_owned(),
            span: Span {
                source,
                bytes: 0..text.len(),
            },
        }
    }

    fn condition(text: &str) -> Vec<String> {
        let changed = of_condition(&author(text)).into_iter();
        changed.map(|c| c.text).collect()
    }

    #[test]
    fn each_place_is_changed_in_turn() {
        for (text, want) in [
            (
                "a > 1 AND NOT b IS NULL",
                vec![
                    "a > 1",
                    "NOT b IS NULL",
                    "a >= 1 AND NOT b IS NULL",
                    "a <= 1 AND NOT b IS NULL",
                    "a > 1 AND b IS NULL",
                    "a > 1 AND NOT b IS NOT NULL",
                ],
            ),
            (
                "(a OR b) AND c",
                vec!["(a OR b)", "c", "(a) AND c", "(b) AND c"],
            ),
            (
                "a IN (1, 2, 3)",
                vec![
                    "a NOT IN (1, 2, 3)",
                    "a IN (2, 3)",
                    "a IN (1, 3)",
                    "a IN (1, 2)",
                ],
            ),
            ("a IN (1)", vec!["a NOT IN (1)"]),
            (
                "a BETWEEN 1 AND 2",
                vec!["a NOT BETWEEN 1 AND 2", "a >= 1", "a <= 2"],
            ),
            (
                "a IS DISTINCT FROM b",
                vec!["a IS NOT DISTINCT FROM b", "a <> b"],
            ),
            ("a + 1", vec![]),
            ("a >", vec![]),
        ] {
            assert_eq!(condition(text), want, "{text}");
        }
    }

    #[test]
    fn queries_are_changed_inside_as_well() {
        let query = author("SELECT _row FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)");
        let all: Vec<String> = of_query(&query).into_iter().map(|c| c.text).collect();
        assert_eq!(
            all,
            [
                "SELECT _row FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
                "SELECT _row FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a <> t.a)",
            ]
        );
    }

    #[test]
    fn a_change_knows_its_place() {
        let places: Vec<String> = of_condition(&author("a = 1\n  AND b IN (2, 3)"))
            .iter()
            .map(|c| {
                let (line, column) = c.span.line_column();
                format!("{line}:{column} {}", c.what)
            })
            .collect();
        assert_eq!(
            places,
            [
                "2:7 without `b IN (2, 3)`, in `a = 1 AND b IN (2, 3)`",
                "1:1 without `a = 1`, in `a = 1 AND b IN (2, 3)`",
                "1:1 `a = 1` becomes `a <> 1`",
                "2:7 `b IN (2, 3)` becomes `b NOT IN (2, 3)`",
                "2:13 without 2, in `b IN (2, 3)`",
                "2:16 without 3, in `b IN (2, 3)`",
            ]
        );
    }
}
