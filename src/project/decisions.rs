//! Decisions about pairs that are probably the same: `rules/decisions.csv`.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{csv, project_file::exact_date};
use crate::{
    diagnostics::{Diagnostic, Source, Span},
    linkage::Groups,
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
/// Most lines that a message names.
const NAMED: usize = 10;

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
    let mut places = Vec::new();
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
            _ => {
                places.push(key.span(source));
                decisions.push(Decision {
                    rule: rule.text.clone(),
                    keys,
                    same: *same,
                });
            }
        }
    }
    contradictions(&decisions, &places, diagnostics);
    decisions
}

/// A record that decisions of a rule are about: the rule's id and its key.
type Named<'d> = (&'d str, &'d str);

/// Reports records that are said to be different though other lines make them the same.
fn contradictions(decisions: &[Decision], places: &[Span], diagnostics: &mut Vec<Diagnostic>) {
    let mut numbers: BTreeMap<Named<'_>, u32> = BTreeMap::new();
    let mut next: BTreeMap<Named<'_>, Vec<(Named<'_>, usize)>> = BTreeMap::new();
    let mut groups = Groups::default();
    let mut number = |record| {
        let new = numbers.len() as u32;
        *numbers.entry(record).or_insert(new)
    };
    for (at, decision) in decisions.iter().enumerate().filter(|(_, d)| d.same) {
        let [a, b] = named(decision);
        groups.join(number(a), number(b));
        next.entry(a).or_default().push((b, at));
        next.entry(b).or_default().push((a, at));
    }
    for (at, decision) in decisions.iter().enumerate().filter(|(_, d)| !d.same) {
        let [a, b] = named(decision);
        if groups.part(number(a), number(b)) {
            continue;
        }
        let mut lines: Vec<usize> = way(&next, a, b)
            .into_iter()
            .map(|at| places[at].line_column().0)
            .collect();
        lines.sort_unstable();
        let more = match lines.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let lines: Vec<String> = lines.iter().take(NAMED).map(usize::to_string).collect();
        let message = format!(
            "`{}` and `{}` are said to be different, and lines {}{more} make them the same",
            decision.keys[0],
            decision.keys[1],
            lines.join(", ")
        );
        let help = "one of these lines does not hold: remove it or decide it otherwise";
        diagnostics.push(Diagnostic::at(&places[at], message).help(help));
    }
}

fn named(decision: &Decision) -> [Named<'_>; 2] {
    let [a, b] = &decision.keys;
    [a, b].map(|key| (decision.rule.as_str(), key.as_str()))
}

/// The fewest decisions, by index, that lead from one record to another.
fn way<'d>(
    next: &BTreeMap<Named<'d>, Vec<(Named<'d>, usize)>>,
    from: Named<'d>,
    to: Named<'d>,
) -> Vec<usize> {
    let mut came: BTreeMap<Named<'_>, (Named<'_>, usize)> = BTreeMap::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(record) = waiting.pop_front() {
        for (other, by) in next.get(&record).into_iter().flatten() {
            if *other != from && !came.contains_key(other) {
                came.insert(*other, (record, *by));
                waiting.push_back(*other);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while let Some((before, by)) = came.get(&at) {
        way.push(*by);
        at = *before;
    }
    way
}
