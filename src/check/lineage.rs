//! Which hidden columns the columns of a query carry out, followed through its plan: aliases, subqueries, joins, functions.

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, DFSchemaRef, JoinType, Span, tree_node::TreeNodeRecursion},
    logical_expr::{
        BinaryExpr, Case, Distinct, Expr, ExprSchemable, Join, LogicalPlan, Operator,
        WindowFunctionDefinition,
        expr::{AggregateFunction, WindowFunction},
        utils::split_conjunction,
    },
};

use crate::{
    conform::RAW,
    tables::{Policy, Table},
};

/// What a column of a table or query carries.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Hidden columns, each as table and column, and where the query names it last.
    pub hidden: BTreeMap<(String, String), Option<Span>>,
    /// Whether it holds values of a delivered table, whose own policy is then declared.
    delivered: bool,
}

/// What the columns of each table carry, by table and column; others carry nothing.
pub type Traces = BTreeMap<String, BTreeMap<String, Trace>>;

/// What a query may do with a hidden column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// Counting it, comparing it, asking whether it is null: that yields no value of it.
    Told,
    /// None: whatever reads it carries it.
    Nothing,
}

/// The declared tables: a hidden column carries itself, cleaned and as delivered.
pub fn declared(tables: &[Arc<Table>]) -> Traces {
    let of_table = |table: &Arc<Table>| {
        let mut traces = BTreeMap::new();
        for column in &table.columns {
            let name = column.name.to_string();
            let itself = (table.name.to_string(), name.clone());
            let hidden = (column.policy == Policy::Hide).then_some((itself, None));
            let trace = Trace {
                hidden: hidden.into_iter().collect(),
                delivered: true,
            };
            traces.insert(format!("{RAW}{name}"), trace.clone());
            traces.insert(name, trace);
        }
        (table.name.to_string(), traces)
    };
    tables.iter().map(of_table).collect()
}

/// What each column of `plan` carries, in order.
pub fn trace(plan: &LogicalPlan, tables: &Traces, uses: Uses) -> Vec<Trace> {
    let mut tracer = Tracer {
        tables,
        uses,
        working: BTreeMap::new(),
        outer: Vec::new(),
    };
    tracer.plan(plan)
}

impl Trace {
    fn add(&mut self, other: &Self) {
        self.delivered |= other.delivered;
        self.add_hidden(other);
    }

    fn add_hidden(&mut self, other: &Self) {
        for (column, place) in &other.hidden {
            let known = self.hidden.entry(column.clone()).or_default();
            *known = known.or(*place);
        }
    }

    /// Takes over from a value that it is held equal to.
    fn equals(&mut self, other: &Self) {
        if !self.delivered {
            self.add_hidden(other);
        }
    }

    fn of_all<'t>(traces: impl IntoIterator<Item = &'t Self>) -> Self {
        let mut all = Self::default();
        traces.into_iter().for_each(|trace| all.add(trace));
        all
    }

    /// The same, but what may be seen of it is settled.
    pub fn settled(&self) -> Self {
        Self {
            hidden: BTreeMap::new(),
            delivered: self.delivered,
        }
    }
}

/// The columns that an expression can name.
#[derive(Clone)]
struct Scope {
    schema: DFSchemaRef,
    traces: Vec<Trace>,
}

impl Scope {
    /// A column that cannot be told from others is taken for all of them.
    fn column(&self, column: &Column) -> Option<Trace> {
        let at = self.schema.maybe_index_of_column(column)?;
        let found = self.traces.get(at).cloned();
        Some(found.unwrap_or_else(|| Trace::of_all(&self.traces)))
    }

    fn column_mut(&mut self, column: &Column) -> Option<&mut Trace> {
        let at = self.schema.maybe_index_of_column(column)?;
        self.traces.get_mut(at)
    }
}

struct Tracer<'t> {
    tables: &'t Traces,
    uses: Uses,
    /// What the columns of recursive queries carry, by name, while they are followed.
    working: BTreeMap<String, Vec<Trace>>,
    /// The scopes around a subquery.
    outer: Vec<Scope>,
}

impl Tracer<'_> {
    fn plan(&mut self, plan: &LogicalPlan) -> Vec<Trace> {
        let columns = plan.schema().fields().len();
        let traces = match plan {
            LogicalPlan::Projection(node) => {
                let scope = self.scope(&node.input);
                self.each(&node.expr, &scope)
            }
            LogicalPlan::Distinct(Distinct::On(node)) => {
                let scope = self.scope(&node.input);
                self.each(&node.select_expr, &scope)
            }
            LogicalPlan::Filter(node) => {
                let mut scope = self.scope(&node.input);
                self.equate(split_conjunction(&node.predicate), &mut scope, |_| true);
                scope.traces
            }
            LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::Distinct(Distinct::All(_)) => {
                let inputs = plan.inputs();
                inputs.into_iter().flat_map(|i| self.plan(i)).collect()
            }
            LogicalPlan::Aggregate(node) => {
                let scope = self.scope(&node.input);
                let mut groups = self.each(&node.group_expr, &scope);
                let keys = columns - node.aggr_expr.len();
                if keys != groups.len() {
                    // Grouping sets: which key is which does not matter enough.
                    groups = vec![Trace::of_all(&groups); keys];
                }
                groups.extend(self.each(&node.aggr_expr, &scope));
                groups
            }
            LogicalPlan::Window(node) => {
                let scope = self.scope(&node.input);
                let made = self.each(&node.window_expr, &scope);
                [scope.traces, made].concat()
            }
            LogicalPlan::Join(node) => self.join(node),
            LogicalPlan::Union(node) => {
                let mut all = vec![Trace::default(); columns];
                for input in &node.inputs {
                    let traces = self.plan(input);
                    all.iter_mut().zip(&traces).for_each(|(a, b)| a.add(b));
                }
                all
            }
            LogicalPlan::TableScan(scan) => {
                let name = scan.table_name.table();
                match (self.working.get(name), self.tables.get(name)) {
                    (Some(working), _) => working.clone(),
                    (None, Some(known)) => {
                        let fields = scan.projected_schema.fields().iter();
                        let of = |name: &str| known.get(name).cloned().unwrap_or_default();
                        fields.map(|field| of(field.name())).collect()
                    }
                    (None, None) => vec![Trace::default(); columns],
                }
            }
            LogicalPlan::EmptyRelation(_) => vec![Trace::default(); columns],
            LogicalPlan::RecursiveQuery(node) => {
                let mut traces = self.plan(&node.static_term);
                let before = self.working.remove(&node.name);
                // What is hidden only grows, by one column at least each time.
                loop {
                    let count = |t: &[Trace]| t.iter().map(|t| t.hidden.len()).sum::<usize>();
                    let known = count(&traces);
                    self.working.insert(node.name.clone(), traces.clone());
                    let more = self.plan(&node.recursive_term);
                    traces.iter_mut().zip(&more).for_each(|(a, b)| a.add(b));
                    if count(&traces) == known {
                        break;
                    }
                }
                self.working.remove(&node.name);
                self.working
                    .extend(before.map(|traces| (node.name.clone(), traces)));
                traces
            }
            other => vec![self.anything(other); columns],
        };
        match traces.len() == columns {
            true => traces,
            false => vec![Trace::of_all(&traces); columns],
        }
    }

    /// All that the inputs and expressions of a plan carry.
    fn anything(&mut self, plan: &LogicalPlan) -> Trace {
        let mut all = Trace::default();
        for input in plan.inputs() {
            let scope = self.scope(input);
            all.add(&Trace::of_all(&scope.traces));
        }
        let nothing = Scope {
            schema: Arc::clone(plan.schema()),
            traces: Vec::new(),
        };
        for expr in plan.expressions() {
            all.add(&self.expr(&expr, &nothing));
        }
        all
    }

    fn scope(&mut self, plan: &LogicalPlan) -> Scope {
        Scope {
            schema: Arc::clone(plan.schema()),
            traces: self.plan(plan),
        }
    }

    fn join(&mut self, node: &Join) -> Vec<Trace> {
        let left = self.scope(&node.left);
        // A lateral right side sees the left one.
        self.outer.push(left.clone());
        let right = self.plan(&node.right);
        self.outer.pop();
        let middle = left.traces.len();
        let Ok(both) = node.left.schema().join(node.right.schema()) else {
            let all = Trace::of_all(left.traces.iter().chain(&right));
            return vec![all; node.schema.fields().len()];
        };
        let mut scope = Scope {
            schema: Arc::new(both),
            traces: [left.traces, right].concat(),
        };
        let equal = |(left, right): &(Expr, Expr)| left.clone().eq(right.clone());
        let on: Vec<Expr> = node.on.iter().map(equal).collect();
        let filter = node.filter.iter().flat_map(split_conjunction);
        // A side that is kept whole has its values whether or not they find their like.
        let kind = node.join_type;
        let (of_left, of_right) = match kind {
            JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => (true, true),
            JoinType::Left => (false, true),
            JoinType::Right => (true, false),
            _ => (false, false),
        };
        let filtered = |at: usize| if at < middle { of_left } else { of_right };
        self.equate(on.iter().chain(filter).collect(), &mut scope, filtered);
        let mut traces = scope.traces;
        match kind {
            JoinType::LeftSemi | JoinType::LeftAnti => traces.truncate(middle),
            JoinType::RightSemi | JoinType::RightAnti => drop(traces.drain(..middle)),
            JoinType::LeftMark => {
                traces.truncate(middle);
                traces.push(Trace::default());
            }
            JoinType::RightMark => {
                traces.drain(..middle);
                traces.push(Trace::default());
            }
            _ => {}
        }
        traces
    }

    /// What is held equal to a hidden column has its value, so it carries it too, and so does what stands beside it in a code
    /// list. A delivered column does not: whether it may be seen is declared where it is.
    fn equate(
        &mut self,
        conditions: Vec<&Expr>,
        scope: &mut Scope,
        filtered: impl Fn(usize) -> bool,
    ) {
        for condition in conditions {
            let (one, other) = match condition {
                Expr::BinaryExpr(BinaryExpr {
                    left,
                    op: Operator::Eq | Operator::IsNotDistinctFrom,
                    right,
                }) => {
                    let traces = (self.expr(left, scope), self.expr(right, scope));
                    ((left, traces.1), Some((right, traces.0)))
                }
                Expr::Like(like) if !like.negated => {
                    let (left, right) = (&like.expr, &like.pattern);
                    let traces = (self.expr(left, scope), self.expr(right, scope));
                    ((left, traces.1), Some((right, traces.0)))
                }
                Expr::InSubquery(q) if !q.negated => {
                    let among = self.subquery(&q.subquery.subquery, scope);
                    ((&q.expr, among), None)
                }
                Expr::Exists(q) if !q.negated => {
                    self.outer.push(scope.clone());
                    self.plan(&q.subquery.subquery);
                    let inner = self.outer.pop().into_iter().flat_map(|s| s.traces);
                    for (at, (trace, equal)) in scope.traces.iter_mut().zip(inner).enumerate() {
                        if filtered(at) {
                            trace.add_hidden(&equal);
                        }
                    }
                    continue;
                }
                _ => continue,
            };
            for (expr, value) in [Some(one), other].into_iter().flatten() {
                for column in expr.column_refs() {
                    let Some(at) = scope.schema.maybe_index_of_column(column) else {
                        continue;
                    };
                    let relation = scope.schema.qualified_field(at).0.cloned();
                    for (other, trace) in scope.traces.iter_mut().enumerate() {
                        let beside = relation.is_some()
                            && scope.schema.qualified_field(other).0 == relation.as_ref();
                        if (other == at || beside) && filtered(other) {
                            trace.equals(&value);
                        }
                    }
                }
                // What surrounds the subquery that holds the condition.
                if let Expr::OuterReferenceColumn(_, column) = expr.as_ref() {
                    let scopes = self.outer.iter_mut().rev();
                    let found = scopes.filter_map(|s| s.column_mut(column)).next();
                    if let Some(trace) = found {
                        trace.equals(&value);
                    }
                }
            }
        }
    }

    fn subquery(&mut self, plan: &LogicalPlan, scope: &Scope) -> Trace {
        self.outer.push(scope.clone());
        let traces = self.plan(plan);
        self.outer.pop();
        Trace::of_all(&traces)
    }

    fn each(&mut self, exprs: &[Expr], scope: &Scope) -> Vec<Trace> {
        exprs.iter().map(|expr| self.expr(expr, scope)).collect()
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, scope: &Scope) -> Trace {
        let mut all = Trace::default();
        for expr in exprs {
            all.add(&self.expr(expr, scope));
        }
        all
    }

    /// What an expression carries.
    fn expr(&mut self, expr: &Expr, scope: &Scope) -> Trace {
        match expr {
            Expr::Column(column) => {
                let found = scope.column(column);
                let found = found.unwrap_or_else(|| Trace::of_all(&scope.traces));
                named(found, column)
            }
            Expr::OuterReferenceColumn(_, column) => {
                let found = self.outer.iter().rev().find_map(|s| s.column(column));
                let all = || Trace::of_all(self.outer.iter().flat_map(|s| &s.traces));
                named(found.unwrap_or_else(all), column)
            }
            Expr::IsNull(e) | Expr::IsNotNull(e) | Expr::IsUnknown(e) | Expr::IsNotUnknown(e) => {
                match self.uses {
                    Uses::Told => Trace::default(),
                    Uses::Nothing => self.expr(e, scope),
                }
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => {
                self.compared([left.as_ref(), right.as_ref()], scope)
            }
            Expr::Like(e) | Expr::SimilarTo(e) => {
                self.compared([e.expr.as_ref(), e.pattern.as_ref()], scope)
            }
            Expr::Between(e) => {
                let parts = [e.expr.as_ref(), e.low.as_ref(), e.high.as_ref()];
                self.compared(parts, scope)
            }
            Expr::InList(e) => {
                let parts = std::iter::once(e.expr.as_ref()).chain(&e.list);
                self.compared(parts, scope)
            }
            Expr::InSubquery(e) => self.compared_with(&e.expr, &e.subquery.subquery, scope),
            Expr::SetComparison(e) => self.compared_with(&e.expr, &e.subquery.subquery, scope),
            Expr::Exists(e) => match self.uses {
                Uses::Told => Trace::default(),
                Uses::Nothing => self.subquery(&e.subquery.subquery, scope),
            },
            Expr::ScalarSubquery(e) => self.subquery(&e.subquery, scope),
            Expr::Case(case) => self.case(case, scope),
            Expr::AggregateFunction(AggregateFunction { func, params }) => {
                let parts = params.args.iter().chain(params.filter.as_deref());
                self.computed(func.name(), parts, scope)
            }
            Expr::WindowFunction(window) => {
                let WindowFunction { fun, params } = window.as_ref();
                let name = match fun {
                    WindowFunctionDefinition::AggregateUDF(fun) => fun.name(),
                    WindowFunctionDefinition::WindowUDF(fun) => fun.name(),
                };
                let parts = params.args.iter().chain(params.filter.as_deref());
                self.computed(name, parts, scope)
            }
            other => {
                let mut all = Trace::default();
                let walked = datafusion::common::tree_node::TreeNode::apply_children(other, |e| {
                    all.add(&self.expr(e, scope));
                    Ok(TreeNodeRecursion::Continue)
                });
                match walked {
                    Ok(_) => all,
                    Err(_) => Trace::of_all(&scope.traces),
                }
            }
        }
    }

    /// A comparison tells a truth value, and so carries only those.
    fn compared<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expr>, scope: &Scope) -> Trace {
        let carries = |part: &&Expr| match self.uses {
            Uses::Nothing => true,
            Uses::Told => !part
                .get_type(&scope.schema)
                .is_ok_and(|ty| ty != DataType::Boolean),
        };
        let parts: Vec<&Expr> = parts.into_iter().filter(carries).collect();
        self.all(parts, scope)
    }

    fn compared_with(&mut self, expr: &Expr, plan: &LogicalPlan, scope: &Scope) -> Trace {
        let mut trace = self.compared([expr], scope);
        let is_truth = |p: &LogicalPlan| {
            let mut fields = p.schema().fields().iter();
            fields.any(|field| *field.data_type() == DataType::Boolean)
        };
        if self.uses == Uses::Nothing || is_truth(plan) {
            trace.add(&self.subquery(plan, scope));
        }
        trace
    }

    fn case(&mut self, case: &Case, scope: &Scope) -> Trace {
        let whens = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
        let mut trace = match &case.expr {
            Some(base) => self.compared(std::iter::once(base.as_ref()).chain(whens), scope),
            None => self.all(whens, scope),
        };
        let thens = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
        trace.add(&self.all(thens.chain(case.else_expr.as_deref()), scope));
        trace
    }

    fn computed<'e>(
        &mut self,
        name: &str,
        parts: impl IntoIterator<Item = &'e Expr>,
        scope: &Scope,
    ) -> Trace {
        match (self.uses, name) {
            (Uses::Told, "count") => Trace::default(),
            _ => self.all(parts, scope),
        }
    }
}

/// The author knows a column by where it is named last.
fn named(mut trace: Trace, column: &Column) -> Trace {
    if let Some(place) = column.spans().first() {
        trace
            .hidden
            .values_mut()
            .for_each(|known| *known = Some(place));
    }
    trace
}

fn compares(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
            | Operator::RegexMatch
            | Operator::RegexIMatch
            | Operator::RegexNotMatch
            | Operator::RegexNotIMatch
            | Operator::LikeMatch
            | Operator::ILikeMatch
            | Operator::NotLikeMatch
            | Operator::NotILikeMatch
    )
}
