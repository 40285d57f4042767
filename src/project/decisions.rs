//! Decisions about pairs that are probably the same: `rules/decisions.csv`.

use std::{collections::BTreeMap, sync::Arc};

use super::{csv, project_file::exact_date};
use crate::{
    diagnostics::{Diagnostic, Source},
    rules::{Decision, Kind, Rule},
};

const HEADER: [&str; 7] = [
    "rule_id",
    "record_key",
    "other_key",
    "decision",
    "decided_by",
    "decided_on",
    "note",
];
const WORDS: [(&str, bool); 2] = [("same", true), ("different", false)];

pub fn read(
    source: Option<&Arc<Source>>,
    rules: &[Rule],
    all_rules_read: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Decision> {
    let Some(source) = source else {
        return Vec::new();
    };
    let mut decisions = Vec::new();
    let mut seen: BTreeMap<(String, [String; 2]), String> = BTreeMap::new();
    for fields in csv::records(source, HEADER, 0, diagnostics) {
        let [rule, key, other, decision, _, on, _] = &fields;
        let mut report = |field: &csv::Field, message: String, help: &str| {
            let found = Diagnostic::at(&field.span(source), message);
            diagnostics.push(found.help(help));
        };
        if !on.text.is_empty() && exact_date(&on.text).is_none() {
            let help = "write year-month-day, such as 2017-01-05, or nothing";
            report(on, format!("`{}` is no date", on.text), help);
        }
        if key.text.is_empty() || other.text.is_empty() {
            let blank = if key.text.is_empty() { key } else { other };
            let help = "write both keys as the log has them";
            report(blank, "a key is blank".to_owned(), help);
            continue;
        }
        if let Some(field) = [rule, key, other]
            .into_iter()
            .find(|f| f.text.trim() != f.text)
        {
            let help = "remove it: keys are compared as they stand";
            report(field, "there is white space at its ends".to_owned(), help);
            continue;
        }
        if key.text == other.text {
            let help = "a decision is about two records";
            report(other, "both keys are the same".to_owned(), help);
            continue;
        }
        let word = WORDS.iter().find(|(word, _)| *word == decision.text);
        let Some((_, same)) = word else {
            let message = format!("unknown decision `{}`", decision.text);
            report(decision, message, "known are: same, different");
            continue;
        };
        let keys = match key.text <= other.text {
            true => [key.text.clone(), other.text.clone()],
            false => [other.text.clone(), key.text.clone()],
        };
        let said = seen.insert((rule.text.clone(), keys.clone()), decision.text.clone());
        if said.is_some() {
            let message = "this pair stands in the file twice".to_owned();
            report(key, message, "keep the decision that holds");
            continue;
        }
        let found = rules.iter().find(|known| known.id == rule.text);
        match found {
            Some(found) if !matches!(found.kind, Kind::ProbableDuplicates(_)) => {
                let message = format!("`{}` proposes no pairs", rule.text);
                report(rule, message, "name a rule of `probable_duplicates`");
            }
            None if all_rules_read => {
                let message = format!("there is no rule `{}`", rule.text);
                let known = rules.iter().map(|rule| rule.id.as_str());
                let found = Diagnostic::at(&rule.span(source), message);
                diagnostics.push(found.suggest(&rule.text, known));
            }
            _ => decisions.push(Decision {
                rule: rule.text.clone(),
                keys,
                same: *same,
            }),
        }
    }
    decisions
}
