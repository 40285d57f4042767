//! All rules and statements as the table of discrepancies knows them.

use std::borrow::Cow;

use serde_json::json;

use super::{Auditor, words::cut};
use crate::{discrepancy::Status, feeds::RuleFeed};

/// A rule or statement; one that the project has no more is known by its rows alone.
pub struct Known<'r> {
    pub id: &'r str,
    /// `None` for one that is known by its rows alone.
    pub feed: Option<&'r RuleFeed>,
    /// Its table; blank for totals.
    pub table: Cow<'r, str>,
    /// Rows of the log, those that resolved among them.
    pub found: u64,
    /// Those of them in the page.
    pub told: u64,
    pub waivable: bool,
    /// Kind, dimension, severity and category of one that is known by its rows alone.
    pub facts: [String; 4],
}

/// Every rule and statement by id, those among them of which only rows are left.
pub fn rules<'r>(auditor: &'r Auditor<'_>) -> Vec<Known<'r>> {
    let night = auditor.night;
    let found = |id: &str| -> u64 {
        let statuses = auditor.statuses.get(id);
        statuses.map_or(0, |statuses| statuses.values().sum())
    };
    let known = |id: &'r str, feed: Option<&'r RuleFeed>| Known {
        id,
        feed,
        table: feed.map_or(Cow::Borrowed(""), |feed| night.table_of(feed).into()),
        found: found(id),
        told: 0,
        waivable: !auditor.unwaivable.contains(id),
        facts: Default::default(),
    };
    let feeds = night.rules.iter();
    let mut rules: Vec<Known<'r>> = feeds.map(|feed| known(&feed.id, Some(feed))).collect();
    let is_gone = |id: &&String| {
        night
            .rules
            .binary_search_by(|rule| rule.id.cmp(id))
            .is_err()
    };
    let gone = auditor.statuses.keys().filter(is_gone);
    rules.extend(gone.map(|id| known(id, None)));
    rules.sort_by(|a, b| a.id.cmp(b.id));
    rules
}

impl Known<'_> {
    /// As the page's data has it, long texts cut.
    pub fn to_json(&self, longest: usize) -> String {
        let [kind, dimension, severity, category] = self.facts.each_ref().map(String::as_str);
        let mut value = json!({
            "id": self.id,
            "version": "",
            "kind": kind,
            "dimension": dimension,
            "severity": severity,
            "category": category,
            "table": self.table,
            "column": "",
            "why": "The project has no such rule any more.",
            "expected": "",
            "sql": "",
            "language": "trueup",
            "place": "",
            "status": "",
            "found": self.found,
            "told": self.told,
            "waivable": self.waivable,
        });
        if let Some(feed) = self.feed {
            let why = match &feed.error {
                Some(error) => format!("{} It could not be evaluated: {error}.", feed.why),
                None => feed.why.clone(),
            };
            let facts = [
                ("version", json!(feed.version)),
                ("kind", json!(feed.kind)),
                ("dimension", json!(feed.dimension.word())),
                ("severity", json!(feed.severity.word())),
                ("category", json!(feed.category.word())),
                ("column", json!(feed.column.as_deref().unwrap_or_default())),
                ("why", json!(cut(&why, longest))),
                ("expected", json!(cut(&feed.expected, longest))),
                ("sql", json!(cut(&feed.expression.1, longest))),
                ("language", json!(feed.expression.0)),
                ("place", json!(format!("{}:{}", feed.place.0, feed.place.1))),
                ("status", json!(feed.status)),
            ];
            for (key, fact) in facts {
                if let Some(place) = value.get_mut(key) {
                    *place = fact;
                }
            }
        }
        super::data::for_script(&value.to_string())
    }
}

/// How many of a rule's rows are open: all but those that resolved.
pub fn open(statuses: &std::collections::BTreeMap<Status, u64>) -> u64 {
    let open = statuses
        .iter()
        .filter(|(status, _)| **status != Status::Resolved);
    open.map(|(_, count)| count).sum()
}
