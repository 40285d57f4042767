//! What a condition says, as far as that can be decided: a list of facts that are all true where it is true.

use std::{cmp::Ordering, collections::HashSet, fmt};

use arrow::{datatypes::DataType, util::display::array_value_to_string};
use datafusion::{
    common::{DFSchema, ScalarValue},
    execution::context::SessionState,
    logical_expr::{BinaryExpr, Expr, Operator, expr::InList, simplify::SimplifyContext},
    optimizer::simplify_expressions::ExprSimplifier,
    sql::unparser::expr_to_sql,
};

/// One thing that a condition says. A term is a column, or something computed from columns, by its text.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The term lies between two bounds.
    Between {
        term: String,
        low: Option<Bound>,
        high: Option<Bound>,
    },
    /// The term is one of these values, which are of one type, or none of them.
    Among {
        term: String,
        values: HashSet<ScalarValue>,
        not: bool,
    },
    /// The term is there, or it is missing.
    Present { term: String, not: bool },
    /// The one term is less than the other, or as much.
    Order {
        less: String,
        more: String,
        or_equal: bool,
    },
    /// Always so, or never.
    Constant(bool),
    /// Anything else: equal to itself alone.
    Other(String),
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub value: ScalarValue,
    /// Whether the value itself is left out.
    pub open: bool,
}

impl Bound {
    fn of(value: &ScalarValue) -> Self {
        Self {
            value: value.clone(),
            open: false,
        }
    }
}

/// Whether values can be told apart by their equality.
fn of_one_type(some: &HashSet<ScalarValue>, others: &HashSet<ScalarValue>) -> bool {
    let mut types = some.iter().chain(others).map(ScalarValue::data_type);
    let Some(first) = types.next() else {
        return true;
    };
    types.all(|of| of == first)
}

/// Reads conditions over the columns of one table.
pub struct Reader {
    simplifier: ExprSimplifier,
    schema: DFSchema,
}

impl Reader {
    pub fn new(state: &SessionState, schema: DFSchema) -> Self {
        let context = SimplifyContext::builder()
            .with_schema(schema.clone().into())
            .with_config_options(state.config_options().clone())
            .build();
        Self {
            simplifier: ExprSimplifier::new(context),
            schema,
        }
    }

    /// What `condition` says, in the order of its text; `codes` are the codes of a column by the name of its status.
    pub fn facts(&self, condition: &Expr, codes: &dyn Fn(&str) -> Option<Fact>) -> Vec<Fact> {
        let mut facts = Vec::new();
        let typed = self.simplifier.coerce(condition.clone(), &self.schema);
        self.add(
            &typed.unwrap_or_else(|_| condition.clone()),
            codes,
            &mut facts,
        );
        facts
    }

    /// Whether `condition`, which reads `column` alone, is true of a text there; `None` where it is null or not known.
    pub fn holds(&self, condition: &Expr, column: &str, text: &ScalarValue) -> Option<bool> {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        let put = condition.clone().transform_up(|part| {
            Ok(match &part {
                Expr::Column(c) if c.name == column => {
                    Transformed::yes(Expr::Literal(text.clone(), None))
                }
                _ => Transformed::no(part),
            })
        });
        let typed = self.simplifier.coerce(put.ok()?.data, &self.schema).ok()?;
        match self.simplifier.simplify(typed).ok()? {
            Expr::Literal(ScalarValue::Boolean(value), _) => value,
            _ => None,
        }
    }

    fn add(&self, expr: &Expr, codes: &dyn Fn(&str) -> Option<Fact>, facts: &mut Vec<Fact>) {
        match expr {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::And,
                right,
            }) => {
                self.add(left, codes, facts);
                self.add(right, codes, facts);
            }
            Expr::Between(between) if !between.negated => {
                let compare = |op, bound: &Expr| self.compare(&between.expr, op, bound);
                facts.extend(compare(Operator::GtEq, &between.low));
                facts.extend(compare(Operator::LtEq, &between.high));
            }
            // As much as each other: neither is more.
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::Eq,
                right,
            }) if self.constant(left).is_none() && self.constant(right).is_none() => {
                facts.extend(self.compare(left, Operator::LtEq, right));
                facts.extend(self.compare(left, Operator::GtEq, right));
            }
            _ => facts.push(
                self.one(expr, codes)
                    .unwrap_or_else(|| Fact::Other(text(expr))),
            ),
        }
    }

    fn one(&self, expr: &Expr, codes: &dyn Fn(&str) -> Option<Fact>) -> Option<Fact> {
        let missing = |term: &Expr, not| Fact::Present {
            term: text(term),
            not,
        };
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.compare(left, *op, right),
            Expr::IsNotNull(term) => Some(missing(term, false)),
            Expr::IsNull(term) => Some(missing(term, true)),
            Expr::Not(inner) => match self.one(inner, codes)? {
                Fact::Among { term, values, not } => Some(Fact::Among {
                    term,
                    values,
                    not: !not,
                }),
                Fact::Present { term, not } => Some(Fact::Present { term, not: !not }),
                Fact::Constant(value) => Some(Fact::Constant(!value)),
                _ => None,
            },
            Expr::InList(InList {
                expr,
                list,
                negated,
            }) => {
                let values: Option<HashSet<ScalarValue>> =
                    list.iter().map(|item| self.constant(item)).collect();
                Some(Fact::Among {
                    term: text(expr),
                    values: values?,
                    not: *negated,
                })
            }
            Expr::Column(column) => codes(&column.name),
            other => match self.constant(other)? {
                ScalarValue::Boolean(Some(value)) => Some(Fact::Constant(value)),
                _ => None,
            },
        }
    }

    fn compare(&self, left: &Expr, op: Operator, right: &Expr) -> Option<Fact> {
        match (self.constant(left), self.constant(right)) {
            (Some(_), Some(_)) => {
                let whole = Expr::BinaryExpr(BinaryExpr {
                    left: Box::new(left.clone()),
                    op,
                    right: Box::new(right.clone()),
                });
                match self.constant(&whole)? {
                    ScalarValue::Boolean(Some(value)) => Some(Fact::Constant(value)),
                    _ => None,
                }
            }
            (None, Some(value)) => bounded(text(left), op, value),
            (Some(value), None) => bounded(text(right), op.swap()?, value),
            (None, None) => {
                let (left, right) = (text(left), text(right));
                let order = |less, more, or_equal| {
                    Some(Fact::Order {
                        less,
                        more,
                        or_equal,
                    })
                };
                match op {
                    Operator::Lt => order(left, right, false),
                    Operator::LtEq => order(left, right, true),
                    Operator::Gt => order(right, left, false),
                    Operator::GtEq => order(right, left, true),
                    // Nothing differs from itself.
                    Operator::NotEq if left == right => order(left, right, false),
                    _ => None,
                }
            }
        }
    }

    /// What an expression without columns is computed to; `None` where it has columns or is null.
    fn constant(&self, expr: &Expr) -> Option<ScalarValue> {
        if !expr.column_refs().is_empty() {
            return None;
        }
        match self.simplifier.simplify(expr.clone()).ok()? {
            Expr::Literal(value, _) if !value.is_null() => Some(plain(value)),
            _ => None,
        }
    }
}

/// Texts compare whatever way they are held.
fn plain(value: ScalarValue) -> ScalarValue {
    match value.try_as_str() {
        Some(text) => ScalarValue::Utf8(text.map(str::to_owned)),
        None => value,
    }
}

fn bounded(term: String, op: Operator, value: ScalarValue) -> Option<Fact> {
    let bound = |open| {
        Some(Bound {
            value: value.clone(),
            open,
        })
    };
    let between = |low, high| {
        Some(Fact::Between {
            term: term.clone(),
            low,
            high,
        })
    };
    let among = |not| {
        let values = HashSet::from([value.clone()]);
        let term = term.clone();
        Some(Fact::Among { term, values, not })
    };
    match op {
        Operator::Lt => between(None, bound(true)),
        Operator::LtEq => between(None, bound(false)),
        Operator::Gt => between(bound(true), None),
        Operator::GtEq => between(bound(false), None),
        Operator::Eq => among(false),
        Operator::NotEq => among(true),
        _ => None,
    }
}

/// How a term is told from others: widening of a column says nothing new.
fn text(expr: &Expr) -> String {
    match expr {
        Expr::Cast(cast) => text(&cast.expr),
        Expr::Alias(alias) => text(&alias.expr),
        Expr::Column(column) => column.name.clone(),
        other => match expr_to_sql(other) {
            Ok(sql) => sql.to_string(),
            Err(_) => other.to_string(),
        },
    }
}

/// In words for authors: `size > 5`.
impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let less = |or_equal| if or_equal { "<=" } else { "<" };
        match self {
            Self::Between { term, low, high } => match (low, high) {
                (Some(low), None) => {
                    let sign = if low.open { ">" } else { ">=" };
                    write!(f, "`{term} {sign} {}`", written(&low.value))
                }
                (None, Some(high)) => {
                    let sign = less(!high.open);
                    write!(f, "`{term} {sign} {}`", written(&high.value))
                }
                _ => write!(f, "a range of `{term}`"),
            },
            Self::Among { term, values, not } => {
                let mut shown: Vec<String> = values.iter().map(written).collect();
                shown.sort_unstable();
                if let [one] = &shown[..] {
                    let sign = if *not { "<>" } else { "=" };
                    return write!(f, "`{term} {sign} {one}`");
                }
                let more = if shown.len() > 3 { ", …" } else { "" };
                shown.truncate(3);
                let not = if *not { "NOT " } else { "" };
                write!(f, "`{term} {not}IN ({}{more})`", shown.join(", "))
            }
            Self::Present { term, not } => {
                let not = if *not { "" } else { "NOT " };
                write!(f, "`{term} IS {not}NULL`")
            }
            Self::Order {
                less: left,
                more,
                or_equal,
            } => write!(f, "`{left} {} {more}`", less(*or_equal)),
            Self::Constant(value) => write!(f, "what is always {value}"),
            Self::Other(text) => write!(f, "`{text}`"),
        }
    }
}

/// A value as an author writes it.
fn written(value: &ScalarValue) -> String {
    let array = value.to_array();
    let text = array.and_then(|array| Ok(array_value_to_string(&array, 0)?));
    let text = text.unwrap_or_else(|_| value.to_string());
    match value.data_type().is_numeric() || value.data_type() == DataType::Boolean {
        true => text,
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

impl Fact {
    /// What it is about; `None` where it is about two terms or none.
    pub fn term(&self) -> Option<&str> {
        match self {
            Self::Between { term, .. } | Self::Among { term, .. } | Self::Present { term, .. } => {
                Some(term)
            }
            Self::Order { .. } | Self::Constant(_) | Self::Other(_) => None,
        }
    }

    pub fn is_presence(&self) -> bool {
        matches!(self, Self::Present { .. })
    }

    /// Whether no row can make both true.
    pub fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Constant(false), _) | (_, Self::Constant(false)) => true,
            (Self::Present { term, not: true }, other)
            | (other, Self::Present { term, not: true }) => match other {
                Self::Present { term: of, not } => of == term && !not,
                Self::Order { less, more, .. } => less == term || more == term,
                other => other.term() == Some(term),
            },
            (
                Self::Order {
                    less,
                    more,
                    or_equal,
                },
                Self::Order {
                    less: less_too,
                    more: more_too,
                    or_equal: or_equal_too,
                },
            ) => less == more_too && more == less_too && !(*or_equal && *or_equal_too),
            (a, b) if a.term().is_none() || a.term() != b.term() => false,
            (
                Self::Between { low, high, .. },
                Self::Between {
                    low: l, high: h, ..
                },
            ) => apart(high.as_ref(), l.as_ref()) || apart(h.as_ref(), low.as_ref()),
            (
                Self::Among {
                    values, not: false, ..
                },
                Self::Among {
                    values: others,
                    not,
                    ..
                },
            ) if of_one_type(values, others) => match not {
                false => values.is_disjoint(others),
                true => values.is_subset(others),
            },
            (Self::Among { not: true, .. }, Self::Among { not: false, .. }) => other.excludes(self),
            (
                Self::Between { low, high, .. },
                Self::Among {
                    values, not: false, ..
                },
            )
            | (
                Self::Among {
                    values, not: false, ..
                },
                Self::Between { low, high, .. },
            ) => values
                .iter()
                .all(|value| outside(value, low.as_ref(), high.as_ref())),
            _ => false,
        }
    }

    /// Whether it says of a term nothing that `other`, about the same term, does not say. Both are about terms that are there.
    pub fn is_said_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Constant(true), _) => true,
            (a, b) if a == b => true,
            (
                Self::Order {
                    less,
                    more,
                    or_equal: true,
                },
                Self::Order {
                    less: l, more: m, ..
                },
            ) => less == l && more == m,
            (a, b) if a.term().is_none() || a.term() != b.term() => false,
            (
                Self::Between { low, high, .. },
                Self::Between {
                    low: l, high: h, ..
                },
            ) => {
                within(low.as_ref(), l.as_ref(), Ordering::Less)
                    && within(high.as_ref(), h.as_ref(), Ordering::Greater)
            }
            (
                Self::Among { values, not, .. },
                Self::Among {
                    values: others,
                    not: not_others,
                    ..
                },
            ) if of_one_type(values, others) => match (not, not_others) {
                (false, false) => others.is_subset(values),
                (true, true) => values.is_subset(others),
                (true, false) => values.is_disjoint(others),
                (false, true) => false,
            },
            (
                Self::Between { low, high, .. },
                Self::Among {
                    values, not: false, ..
                },
            ) => values.iter().all(|value| {
                let value = Bound::of(value);
                within(low.as_ref(), Some(&value), Ordering::Less)
                    && within(high.as_ref(), Some(&value), Ordering::Greater)
            }),
            (
                Self::Among {
                    values, not: true, ..
                },
                Self::Between { low, high, .. },
            ) => values
                .iter()
                .all(|value| outside(value, low.as_ref(), high.as_ref())),
            _ => false,
        }
    }

    /// Whether it is true of every row: a term is no less than itself.
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Order {
                less,
                more,
                or_equal,
            } => *or_equal && less == more,
            _ => false,
        }
    }

    /// Whether it is true of no row.
    pub fn is_impossible(&self) -> bool {
        match self {
            Self::Constant(value) => !value,
            Self::Order {
                less,
                more,
                or_equal,
            } => !or_equal && less == more,
            Self::Between {
                low: Some(low),
                high: Some(high),
                ..
            } => apart(Some(high), Some(low)),
            _ => false,
        }
    }
}

/// Whether everything up to `high` lies below everything from `low` on.
fn apart(high: Option<&Bound>, low: Option<&Bound>) -> bool {
    let (Some(high), Some(low)) = (high, low) else {
        return false;
    };
    match high.value.partial_cmp(&low.value) {
        Some(Ordering::Less) => true,
        Some(Ordering::Equal) => high.open || low.open,
        _ => false,
    }
}

/// Whether a value lies below `low` or above `high`.
fn outside(value: &ScalarValue, low: Option<&Bound>, high: Option<&Bound>) -> bool {
    let value = Some(Bound::of(value));
    apart(high, value.as_ref()) || apart(value.as_ref(), low)
}

/// Whether an end, if there is one, lies at `inner` or `outwards` of it.
fn within(end: Option<&Bound>, inner: Option<&Bound>, outwards: Ordering) -> bool {
    match (end, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(end), Some(inner)) => match end.value.partial_cmp(&inner.value) {
            Some(Ordering::Equal) => !end.open || inner.open,
            Some(order) => order == outwards,
            None => false,
        },
    }
}
