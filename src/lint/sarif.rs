//! Findings as SARIF 2.1.0, which code review tools show beside the lines.

use serde_json::{Value, json};

use super::LINTS;
use crate::{
    diagnostics::{Diagnostic, Span, render::sorted},
    feeds::sarif::{PROJECT, address, log},
    harmless::lines,
};

/// The rule id of what a run refuses a project for.
const MISTAKE: (&str, &str) = ("mistake", "A project that a run refuses.");

/// A log of one run of the tool over the project.
pub fn sarif(diagnostics: &[Diagnostic]) -> Value {
    let rules: Vec<(&str, &str)> = std::iter::once(MISTAKE)
        .chain(LINTS.iter().copied())
        .collect();
    let result = |diagnostic: &&Diagnostic| {
        let id = diagnostic.lint.unwrap_or(MISTAKE.0);
        let text = match &diagnostic.help {
            Some(help) => format!("{}. {help}", diagnostic.message),
            None => diagnostic.message.clone(),
        };
        let place = diagnostic.span.as_ref().map_or_else(nowhere, location);
        json!({
            "ruleId": id,
            "ruleIndex": rules.iter().position(|(rule, _)| *rule == id),
            "level": diagnostic.lint.map_or("error", |_| "warning"),
            "message": { "text": lines(&text) },
            "locations": [{ "physicalLocation": place }],
        })
    };
    let described: Vec<Value> = rules
        .iter()
        .map(|(id, what)| json!({ "id": id, "shortDescription": { "text": what } }))
        .collect();
    let results = sorted(diagnostics).iter().map(result).collect();
    let bases = [(PROJECT, "the project's folder")];
    log(&described, &bases, results, json!({}))
}

/// A file and a stretch of it; columns count characters, the end is the one after the last.
fn location(span: &Span) -> Value {
    let end = Span {
        source: span.source.clone(),
        bytes: span.bytes.end.max(span.bytes.start)..span.bytes.end,
    };
    let ((line, column), (end_line, end_column)) = (span.line_column(), end.line_column());
    json!({
        "artifactLocation": { "uri": address(&span.source.path), "uriBaseId": PROJECT },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    })
}

/// Where a review tool shows what has no place of its own: such tools drop what has none.
fn nowhere() -> Value {
    json!({
        "artifactLocation": { "uri": "rules/project.yaml", "uriBaseId": PROJECT },
        "region": { "startLine": 1 },
    })
}
