//! Findings as SARIF 2.1.0, which code review tools show beside the lines.

use serde_json::{Value, json};

use super::LINTS;
use crate::{
    diagnostics::{Diagnostic, Span, render::sorted},
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
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "trueup",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "PROJECT": { "description": { "text": "the project's folder" } } },
            "results": sorted(diagnostics).iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// A file and a stretch of it; columns count characters, the end is the one after the last.
fn location(span: &Span) -> Value {
    let end = Span {
        source: span.source.clone(),
        bytes: span.bytes.end.max(span.bytes.start)..span.bytes.end,
    };
    let ((line, column), (end_line, end_column)) = (span.line_column(), end.line_column());
    json!({
        "artifactLocation": { "uri": address(&span.source.path), "uriBaseId": "PROJECT" },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    })
}

/// Where a review tool shows what has no place of its own: such tools drop what has none.
fn nowhere() -> Value {
    json!({
        "artifactLocation": { "uri": "rules/project.yaml", "uriBaseId": "PROJECT" },
        "region": { "startLine": 1 },
    })
}

/// A path as a relative URI.
fn address(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
