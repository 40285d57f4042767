//! Conditions of waivers: which findings of a rule they cover.

use std::sync::Arc;

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    datatypes::{Fields, Schema},
};
use datafusion::{
    common::DFSchema, error::DataFusionError, logical_expr::Expr, physical_plan::PhysicalExpr,
};

use super::{Engine, sql};
use crate::{
    diagnostics::{At, Diagnostic},
    log::FINDING_SCHEMA,
    rules::Sql,
};

/// Columns of findings that are no columns of the log.
const OURS: [&str; 3] = ["rule", "group", "last_seen"];

/// Plans the condition of a waiver over the columns of the log.
pub fn condition(
    engine: &Engine,
    text: &At<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let fields = FINDING_SCHEMA.fields().iter();
    let fields = fields.filter(|field| !OURS.contains(&field.name().as_str()));
    let schema = Arc::new(Schema::new(fields.cloned().collect::<Fields>()));
    let session = engine.session();
    sql::predicate(
        &session,
        &schema,
        &Sql::of_author(text),
        &text.span,
        diagnostics,
    )
}

/// The condition, ready for batches of findings.
///
/// # Errors
/// The engine cannot compute it.
pub fn compiled(
    engine: &Engine,
    condition: &Expr,
) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
    let schema = DFSchema::try_from(Arc::clone(&FINDING_SCHEMA))?;
    let state = engine.session().state();
    state.create_physical_expr(condition.clone(), &schema)
}

/// For each finding whether the condition is true of it.
///
/// # Errors
/// It cannot be computed for one of them.
pub fn holds(
    condition: &dyn PhysicalExpr,
    findings: &RecordBatch,
) -> Result<BooleanArray, DataFusionError> {
    let value = condition.evaluate(findings)?;
    let array = value.into_array(findings.num_rows())?;
    Ok(array.as_boolean().clone())
}
