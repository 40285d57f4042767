//! `rules/waivers.yaml`: discrepancies that somebody accepts, for a reason and for a time.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;

use super::project_file::{date, said, version};
use crate::{
    diagnostics::{
        At, Diagnostic, Source, Span,
        yaml::{self, Tried},
    },
    rules::waivers::{Covers, Waiver},
};

/// Hex digits of a discrepancy's id.
const ID: usize = 20;
/// Hex digits of a rule's version.
const MAX_NAME: usize = 64;

/// What `rules/waivers.yaml` may say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiversFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub version: Tried<At<u64>>,
    /// The waivers; of several that cover a discrepancy the log names one: by id before by rule, then the first.
    #[serde(default)]
    pub waivers: Tried<Vec<Tried<At<WaiverFile>>>>,
}

/// A waiver. It changes the status of what it covers to `waived`, and hides nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverFile {
    /// What it is called in the log.
    pub id: At<String>,
    /// The rule, or the statement about totals, that it is about.
    pub rule: At<String>,
    /// The version of the rule that it was granted for, as in the log: when the rule changes, the waiver ends.
    pub rule_version: At<String>,
    /// The discrepancies that it covers, by their ids in the log. Either these or `max_rows`.
    #[serde(default)]
    pub discrepancies: Vec<At<String>>,
    /// A condition over the columns of the log, in SQL, such as `observed = 'N/K'`; without one all of the rule.
    #[serde(default, rename = "where")]
    pub condition: Option<At<String>>,
    /// The most discrepancies that it may cover: when there are more, it covers none.
    #[serde(default)]
    pub max_rows: Option<At<u64>>,
    /// Why they are accepted.
    pub reason: At<String>,
    /// Who asked for it.
    pub requested_by: At<String>,
    /// Who granted it: another person.
    pub approved_by: At<String>,
    /// The last day on which it holds.
    pub expires: At<String>,
    /// Where what speaks for it is kept: a ticket, a letter, a page.
    pub evidence: At<String>,
}

pub fn read(source: Option<&Arc<Source>>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Waiver> {
    let Some(source) = source else {
        return Vec::new();
    };
    let Some(node) = yaml::parse(source, diagnostics) else {
        return Vec::new();
    };
    let Some(file) = yaml::decode_parts::<WaiversFile>(&node, source, &["version"], diagnostics)
    else {
        return Vec::new();
    };
    file.version.0.iter().for_each(|v| version(v, diagnostics));
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let files = file.waivers.0.unwrap_or_default();
    let files = files.into_iter().filter_map(|file| file.0);
    files
        .filter_map(|file| {
            let id = &file.value.id;
            if let Some(other) = seen.insert(id.value.clone(), id.span.clone()) {
                let message = format!("waiver `{}` is declared twice", id.value);
                let help = format!("the other is at {other:?}; call one of them otherwise");
                diagnostics.push(Diagnostic::at(&id.span, message).help(help));
            }
            waiver(file, diagnostics)
        })
        .collect()
}

/// Checks one; `None` when it says too little to go on with.
fn waiver(
    At { value: file, span }: At<WaiverFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Waiver> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let id = &file.id.value;
    if id.is_empty() || id.len() > MAX_NAME || !id.chars().all(plain) {
        let message = format!("`{id}` cannot name a waiver");
        let help = "use 1 to 64 of letters, digits, -, _ and .";
        diagnostics.push(Diagnostic::at(&file.id.span, message).help(help));
    }
    for (text, what) in [
        (&file.reason, "the reason"),
        (&file.requested_by, "who asked for it"),
        (&file.approved_by, "who granted it"),
        (&file.evidence, "the evidence"),
    ] {
        said(text, what, diagnostics);
    }
    let person = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        words.join(" ")
    };
    let approver = person(&file.approved_by.value);
    if !approver.is_empty() && approver == person(&file.requested_by.value) {
        let message = format!(
            "waiver `{id}` was asked for and granted by the same person, `{}`",
            file.approved_by.value
        );
        let help = "somebody else has to grant it";
        diagnostics.push(Diagnostic::at(&file.approved_by.span, message).help(help));
    }
    let expires = date(&file.expires, diagnostics);
    for id in &file.discrepancies {
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if id.value.len() != ID || !id.value.chars().all(hex) {
            let message = format!("`{}` is no id of a discrepancy", id.value);
            let help = "write all 20 digits of `discrepancy_id` in the log";
            diagnostics.push(Diagnostic::at(&id.span, message).help(help));
        }
    }
    let by_id = !file.discrepancies.is_empty();
    let covers = match (by_id, file.condition, file.max_rows) {
        (true, None, None) => {
            let ids = file.discrepancies.into_iter().map(|id| id.value);
            Covers::Discrepancies(ids.collect())
        }
        (false, condition, Some(max_rows)) if max_rows.value > 0 => Covers::Rows {
            condition,
            max_rows: max_rows.value,
        },
        (true, condition, max_rows) => {
            let other = condition.map_or(max_rows.map(|rows| rows.span), |c| Some(c.span));
            let message = format!("waiver `{id}` covers discrepancies by their ids and by a rule");
            let help = "write two waivers";
            diagnostics.push(Diagnostic::at(&other.unwrap_or(span), message).help(help));
            return None;
        }
        (false, _, _) => {
            let message = format!("waiver `{id}` does not say how much it may cover");
            let help =
                "write `discrepancies: [<id>, …]`, or `max_rows: <number>` with or without `where`";
            diagnostics.push(Diagnostic::at(&span, message).help(help));
            return None;
        }
    };
    Some(Waiver {
        id: file.id.value,
        rule: file.rule,
        rule_version: file.rule_version,
        covers,
        reason: file.reason.value,
        requested_by: file.requested_by.value,
        approved_by: file.approved_by.value,
        expires: expires?,
        evidence: file.evidence.value,
        span,
    })
}
