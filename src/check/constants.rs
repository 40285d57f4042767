//! What an author wrote out in SQL and can never be computed: a date that is none, a pattern that does not close.

use std::sync::Arc;

use arrow::{
    datatypes::Schema,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use datafusion::{
    common::{
        DFSchema, ScalarValue,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    error::DataFusionError,
    execution::context::SessionState,
    logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator},
};

/// What is wrong with a constant of `plan`, in words; an error where the plan itself is wrong.
///
/// Its text is the author's: no data is looked at, so it may be quoted.
pub fn fault(state: &SessionState, plan: &LogicalPlan) -> Result<Option<String>, DataFusionError> {
    // With the types in which the engine compares, a text that stands for a date is cast to one.
    let options = state.config_options();
    let typed = state
        .analyzer()
        .execute_and_check(plan.clone(), options, |_, _| {})?;
    let mut found = None;
    typed.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            found = fault_of_expr(state, expr);
            Ok(match found {
                Some(_) => TreeNodeRecursion::Stop,
                None => TreeNodeRecursion::Continue,
            })
        })
    })?;
    Ok(found)
}

fn fault_of_expr(state: &SessionState, expr: &Expr) -> Option<String> {
    let mut found = None;
    let searched = expr.apply(|part| {
        let next = match part {
            Expr::Literal(_, _) => TreeNodeRecursion::Continue,
            constant if is_constant(constant) => {
                found = evaluate(state, constant).err().map(|e| words(&e));
                TreeNodeRecursion::Jump
            }
            part => {
                found = pattern(part)
                    .and_then(|p| regex::Regex::new(p).err())
                    .map(|e| words(&e));
                TreeNodeRecursion::Continue
            }
        };
        Ok(match found {
            Some(_) => TreeNodeRecursion::Stop,
            None => next,
        })
    });
    debug_assert!(searched.is_ok());
    found
}

/// Whether it is computed from what is written in it alone.
fn is_constant(expr: &Expr) -> bool {
    let holds_more = expr.exists(|part| {
        Ok(!matches!(
            part,
            Expr::Literal(_, _)
                | Expr::Alias(_)
                | Expr::BinaryExpr(_)
                | Expr::Like(_)
                | Expr::SimilarTo(_)
                | Expr::Not(_)
                | Expr::Negative(_)
                | Expr::IsNull(_)
                | Expr::IsNotNull(_)
                | Expr::Between(_)
                | Expr::Case(_)
                | Expr::Cast(_)
                | Expr::TryCast(_)
                | Expr::InList(_)
                | Expr::ScalarFunction(_)
        ))
    });
    holds_more.is_ok_and(|more| !more)
}

fn evaluate(state: &SessionState, expr: &Expr) -> Result<(), DataFusionError> {
    // What cannot be planned is told when the whole is.
    let Ok(expr) = state.create_physical_expr(expr.clone(), &DFSchema::empty()) else {
        return Ok(());
    };
    let one = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &one)?;
    expr.evaluate(&row).map(|_| ())
}

/// The regular expression that is written in a call or comparison.
fn pattern(expr: &Expr) -> Option<&str> {
    let written = match expr {
        Expr::BinaryExpr(BinaryExpr {
            op:
                Operator::RegexMatch
                | Operator::RegexIMatch
                | Operator::RegexNotMatch
                | Operator::RegexNotIMatch,
            right,
            ..
        }) => right.as_ref(),
        Expr::ScalarFunction(call) if call.func.name().starts_with("regexp_") => {
            call.args.get(1)?
        }
        _ => return None,
    };
    match written {
        Expr::Literal(
            ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text),
            _,
        ) => text.as_deref(),
        _ => None,
    }
}

/// What the engine says, without its own prefixes; of several lines the one that says what is wrong.
fn words(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let text = root.to_string();
    let told = text.lines().find_map(|line| line.strip_prefix("error: "));
    match told {
        Some(told) => format!("a regular expression cannot be read: {told}"),
        None => {
            let line = text.lines().next().unwrap_or_default();
            let line = [
                "Cast error: ",
                "Parser error: ",
                "Execution error: ",
                "Compute error: ",
            ]
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix))
            .unwrap_or(line);
            format!("this cannot be computed: {line}")
        }
    }
}
