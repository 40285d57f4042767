//! For tests: declarations as a project's file holds them. JSON is YAML too.

use std::sync::Arc;

use serde_json::Value;

use super::Statement;
use crate::diagnostics::{Diagnostic, Source, yaml};

/// The statement that `json` declares, without a mistake.
pub(crate) fn statement(json: Value) -> Result<Statement, String> {
    let mut diagnostics = Vec::new();
    match decode(json, &mut diagnostics) {
        Some(statement) if diagnostics.is_empty() => Ok(statement),
        _ => Err(format!("{diagnostics:?}")),
    }
}

/// The statement that `json` declares, and the decoder's messages.
pub(crate) fn decode(json: Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Statement> {
    let source = Arc::new(Source {
        path: "rules/totals/test.yaml".to_owned(),
        text: json.to_string(),
    });
    let node = yaml::parse(&source, diagnostics)?;
    yaml::decode(&node, &source, diagnostics)
}
