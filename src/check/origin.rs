//! Where a column of a query's result comes from: `_row` names a bad row only when it is that of the rule's table.

use datafusion::{
    common::{
        JoinType,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Distinct, Expr, LogicalPlan, WindowFunctionDefinition},
};

use crate::names::provenance;

/// Whether column `at` of the result of `plan` can be the `_row` of `table`; `true` where the plan does not tell.
pub fn draws_row_of(plan: &LogicalPlan, at: usize, table: &str) -> bool {
    let of = |expr: Option<&Expr>, input: &LogicalPlan| {
        expr.is_none_or(|expr| expr_draws_row_of(expr, input, table))
    };
    let width = |plan: &LogicalPlan| plan.schema().fields().len();
    match plan {
        LogicalPlan::TableScan(scan) => {
            let field = scan.projected_schema.fields().get(at);
            scan.table_name.table() == table && field.is_some_and(|f| f.name() == provenance::ROW)
        }
        LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => false,
        LogicalPlan::Projection(node) => of(node.expr.get(at), &node.input),
        LogicalPlan::Distinct(Distinct::On(node)) => of(node.select_expr.get(at), &node.input),
        LogicalPlan::Aggregate(node) => {
            let sets = matches!(node.group_expr[..], [Expr::GroupingSet(_)]);
            let all = node.group_expr.iter().chain(&node.aggr_expr);
            sets || of(all.collect::<Vec<_>>().get(at).copied(), &node.input)
        }
        LogicalPlan::Window(node) => match at.checked_sub(width(&node.input)) {
            None => draws_row_of(&node.input, at, table),
            Some(at) => of(node.window_expr.get(at), &node.input),
        },
        LogicalPlan::Join(node) => {
            let left = match node.join_type {
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => 0,
                _ => width(&node.left),
            };
            match at.checked_sub(left) {
                None => draws_row_of(&node.left, at, table),
                Some(at) if at < width(&node.right) => draws_row_of(&node.right, at, table),
                Some(_) => false,
            }
        }
        LogicalPlan::Union(node) => node.inputs.iter().all(|i| draws_row_of(i, at, table)),
        LogicalPlan::RecursiveQuery(node) => draws_row_of(&node.static_term, at, table),
        LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(Distinct::All(_)) => plan
            .inputs()
            .into_iter()
            .all(|input| draws_row_of(input, at, table)),
        _ => true,
    }
}

fn expr_draws_row_of(expr: &Expr, input: &LogicalPlan, table: &str) -> bool {
    let mut draws = false;
    let searched = expr.apply(|part| {
        draws |= match part {
            Expr::Column(column) => input
                .schema()
                .maybe_index_of_column(column)
                .is_none_or(|at| draws_row_of(input, at, table)),
            Expr::ScalarSubquery(query) => draws_row_of(&query.subquery, 0, table),
            Expr::OuterReferenceColumn(_, _) => true,
            // A number of its own, whatever it is made from.
            Expr::AggregateFunction(call) if counts(call.func.name()) => {
                return Ok(TreeNodeRecursion::Jump);
            }
            Expr::WindowFunction(call) => {
                let name = match &call.fun {
                    WindowFunctionDefinition::AggregateUDF(f) => f.name(),
                    WindowFunctionDefinition::WindowUDF(f) => f.name(),
                };
                // What it is partitioned and ordered by is not what it returns.
                let returns = call.params.args.first().filter(|_| !counts(name));
                draws |= returns.is_some_and(|e| expr_draws_row_of(e, input, table));
                return Ok(TreeNodeRecursion::Jump);
            }
            _ => false,
        };
        Ok(TreeNodeRecursion::Continue)
    });
    draws || searched.is_err()
}

fn counts(function: &str) -> bool {
    matches!(function, "count" | "sum" | "avg" | "ntile")
}
