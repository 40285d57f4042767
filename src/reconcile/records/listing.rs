//! Records that are listed for a total, and the first of them in a sentence.

use super::{Contribution, Role};

/// Records that a sentence names; all that were kept are listed.
pub(super) const NAMED: usize = 6;

/// Records with what they have in common.
pub(super) struct Listed {
    pub(super) what: String,
    pub(super) records: Vec<Contribution>,
    /// Whether some of them may have to do with it, and nothing says which.
    pub(super) may_be: bool,
}

impl Listed {
    /// `None` without records.
    pub(super) fn of(what: &str, records: Vec<Contribution>) -> Option<Self> {
        (!records.is_empty()).then(|| Self {
            what: what.to_owned(),
            records,
            may_be: false,
        })
    }
}

/// `C1 (cases.csv:12, by cases.closed_on.type), C2 (…) and 3 more`.
pub(super) fn named(records: &[Contribution]) -> String {
    let mut by_key: Vec<(&str, Vec<&Contribution>)> = Vec::new();
    for record in records {
        match by_key.last_mut() {
            Some((key, of_key)) if *key == record.record_key => of_key.push(record),
            _ => by_key.push((&record.record_key, vec![record])),
        }
    }
    let one = |(key, of_key): &(&str, Vec<&Contribution>)| {
        let place = of_key.iter().find_map(|record| record.place.as_ref());
        let place = place.map(|(file, line)| format!("{file}:{line}"));
        let is_absent = of_key.iter().any(|record| record.role == Role::Missing);
        let doubts = of_key.iter().filter_map(|record| record.doubt.as_ref());
        let mut rules: Vec<&str> = doubts.map(|doubt| doubt.rule_id.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        let rules = (!rules.is_empty()).then(|| rules.join(" "));
        let about: Vec<String> = match is_absent {
            true => {
                let first = place.unwrap_or_default();
                vec![match of_key.len() {
                    1 => format!("named at {first}"),
                    times => format!("named {times} times, first at {first}"),
                }]
            }
            false => place.into_iter().chain(rules).collect(),
        };
        match about.is_empty() {
            true => (*key).to_owned(),
            false => format!("{key} ({})", about.join(", ")),
        }
    };
    let first: Vec<String> = by_key.iter().take(NAMED).map(one).collect();
    match by_key.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// How many records there are, each with one or more findings.
pub(super) fn keys(records: &[Contribution]) -> usize {
    let mut keys: Vec<&str> = records
        .iter()
        .map(|record| record.record_key.as_str())
        .collect();
    keys.dedup();
    keys.len()
}
