//! Rules as the standard says them: metrics of its library, relationships, and checks of type custom.

use super::{
    super::{
        draft::plain,
        foreign::{text, texts},
        limits::shifted,
    },
    OURS,
    export::Writer,
    to_entries,
};
use crate::{
    diagnostics::yaml::{
        Node, Value,
        write::{Entry, Yaml},
    },
    discrepancy::Dimension,
    rules::Rule,
};

impl Writer<'_> {
    /// A rule under a column as a metric of the standard.
    pub fn metric(&self, rule: &Rule, kind: &str, node: &Node) -> Yaml {
        let mut entries = head(rule, "library");
        let mut rest = settings(node);
        let mut arguments = Vec::new();
        let metric = match kind {
            "not_null" => "nullValues",
            "unique" => {
                let columns = texts(node, "columns");
                if !columns.is_empty() {
                    arguments.push(Entry::new("properties", Yaml::texts(columns)));
                }
                rest = without(rest, &["columns"]);
                "duplicateValues"
            }
            "pattern" => {
                let regex = text(node, "regex").unwrap_or_default();
                arguments.push(Entry::new(
                    "pattern",
                    Yaml::text(["^(?:", regex, ")$"].concat()),
                ));
                rest = without(rest, &["regex"]);
                "invalidValues"
            }
            _ => {
                let list = text(node, "list").and_then(|name| {
                    let mut lists = self.project.lists.iter();
                    lists.find(|list| list.name.as_str() == name)
                });
                let values = match list {
                    Some(list) => list.codes.iter().map(|code| code.code.clone()).collect(),
                    None => texts(node, "values"),
                };
                arguments.push(Entry::new("validValues", Yaml::texts(values)));
                rest = without(rest, &["values"]);
                "invalidValues"
            }
        };
        entries.push(Entry::new("metric", Yaml::text(metric)));
        if !arguments.is_empty() {
            entries.push(Entry::new("arguments", Yaml::Map(arguments)));
        }
        tolerate(node, &mut entries, &mut rest);
        finish(rule, entries, rest)
    }

    /// A rule that stands under no column.
    pub fn alone(&self, node: &Node) -> Option<Yaml> {
        let rule = self.rule(text(node, "id")?)?;
        let (kind, check) = node.get("check")?.entries().first()?;
        let rest = without(to_entries(node), &["id", "check"]);
        let known = |keys: &[&str]| {
            check
                .entries()
                .iter()
                .all(|(key, _)| keys.contains(&key.text.as_str()))
        };
        let mut entries = head(rule, "library");
        match kind.text.as_str() {
            "unique" if known(&["columns"]) => {
                entries.push(Entry::new("metric", Yaml::text("duplicateValues")));
                let columns = Yaml::texts(texts(check, "columns"));
                entries.push(Entry::new(
                    "arguments",
                    Yaml::Map(vec![Entry::new("properties", columns)]),
                ));
                let mut rest = rest;
                tolerate(node, &mut entries, &mut rest);
                Some(finish(rule, entries, rest))
            }
            "row_count" if known(&["min", "max"]) && check.get("min").is_some() => {
                let bound = |key: &str| text(check, key).and_then(|n| n.parse::<i128>().ok());
                entries.push(Entry::new("metric", Yaml::text("rowCount")));
                entries.push(match (bound("min")?, bound("max")) {
                    (min, None) => Entry::new("mustBeGreaterOrEqualTo", plain(min.to_string())),
                    (min, Some(max)) if min == max => Entry::new("mustBe", plain(min.to_string())),
                    // Neither bound of the standard's is included.
                    (min, Some(max)) => {
                        let bounds = [min - 1, max + 1].map(|n| plain(n.to_string()));
                        Entry::new("mustBeBetween", Yaml::List(bounds.into()))
                    }
                });
                Some(finish(rule, entries, rest))
            }
            _ => {
                let mut entries = head(rule, "custom");
                entries.push(Entry::new("engine", Yaml::text(OURS)));
                entries.push(Entry::new(
                    "implementation",
                    Yaml::Map(ordered(to_entries(node))),
                ));
                Some(Yaml::Map(entries))
            }
        }
    }

    /// A rule about a key of several columns that stands in another table.
    pub fn relationship_of_table(&self, node: &Node) -> Option<Yaml> {
        let rule = self.rule(text(node, "id")?)?;
        let check = node.get("check")?.get("relationships")?;
        let (columns, to) = (texts(check, "columns"), text(check, "to")?);
        let others = match check.get("to_columns") {
            Some(_) => texts(check, "to_columns"),
            None => columns.clone(),
        };
        let of = |table: &str, columns: &[String]| {
            Yaml::texts(columns.iter().map(|c| format!("{table}.{c}")))
        };
        let same = columns == others;
        let mut rest = vec![Entry::new("id", Yaml::text(&rule.id))];
        rest.extend(
            without(to_entries(check), &["columns", "to"])
                .into_iter()
                .filter(|e| e.key != "to_columns" || same),
        );
        rest.extend(told(
            Some(rule),
            without(to_entries(node), &["id", "check"]),
        ));
        Some(Yaml::Map(vec![
            Entry::new("type", Yaml::text("foreignKey")),
            Entry::new("from", of(self.table.name.as_str(), &columns)),
            Entry::new("to", of(to, &others)),
            custom(rest),
        ]))
    }
}

/// Settings in one order, whatever order their file has them in; what is not among them comes first.
const ORDER: [&str; 20] = [
    "severity",
    "dimension",
    "where",
    "nulls",
    "threshold",
    "block_if",
    "error_if",
    "warn_if",
    "on_fail",
    "why",
    "owner",
    "tags",
    "examples",
    "from",
    "clean",
    "missing",
    "formats",
    "type_check",
    "range",
    "length",
];

fn ordered(mut entries: Vec<Entry>) -> Vec<Entry> {
    let place = |key: &str| {
        ORDER
            .iter()
            .position(|known| *known == key)
            .map_or(0, |at| at + 1)
    };
    entries.sort_by_key(|entry| place(&entry.key));
    entries
}

/// Our own custom property.
pub fn custom(value: Vec<Entry>) -> Entry {
    let value = ordered(value);
    let property = vec![
        Entry::new("property", Yaml::text(OURS)),
        Entry::new("value", Yaml::Map(value)),
    ];
    Entry::new("customProperties", Yaml::List(vec![Yaml::Map(property)]))
}

/// The settings of a rule under a column; nothing where its severity stands alone.
pub fn settings(node: &Node) -> Vec<Entry> {
    match node.value {
        Value::Map(_) => to_entries(node),
        _ => Vec::new(),
    }
}

pub fn without(entries: Vec<Entry>, keys: &[&str]) -> Vec<Entry> {
    entries
        .into_iter()
        .filter(|entry| !keys.contains(&entry.key.as_str()))
        .collect()
}

/// The settings of a rule with its severity and why, which its file may leave unsaid.
pub fn told(rule: Option<&Rule>, rest: Vec<Entry>) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(rule) = rule {
        if rule.conditions.0.is_empty() {
            entries.push(Entry::new("severity", Yaml::text(rule.severity.word())));
        }
        entries.push(Entry::new("why", Yaml::text(&rule.why)));
    }
    entries.extend(without(rest, &["severity", "why"]));
    ordered(entries)
}

/// What every check says.
fn head(rule: &Rule, kind: &str) -> Vec<Entry> {
    let dimension = match rule.dimension {
        Dimension::Validity => "conformity",
        other => other.word(),
    };
    let mut entries = vec![
        Entry::new("id", Yaml::text(rule.id.replace('.', "-"))),
        Entry::new("type", Yaml::text(kind)),
        Entry::new("description", Yaml::text(&rule.why)),
        Entry::new("dimension", Yaml::text(dimension)),
        Entry::new("severity", Yaml::text(rule.severity.word())),
    ];
    if !rule.tags.is_empty() {
        entries.push(Entry::new("tags", Yaml::texts(rule.tags.clone())));
    }
    entries
}

/// The operator that says how many bad rows are tolerated.
fn tolerate(node: &Node, entries: &mut Vec<Entry>, rest: &mut Vec<Entry>) {
    let threshold = node.get("threshold");
    let one = |key: &str| {
        threshold
            .and_then(|t| text(t, key))
            .filter(|n| n.parse::<f64>().is_ok_and(|n| n > 0.0))
    };
    let at_most = |n: String| Entry::new("mustBeLessOrEqualTo", plain(n));
    let share = one("max_share").and_then(|share| shifted(share, 2));
    match (one("max_count"), share) {
        (Some(count), _) => entries.push(at_most(count.to_owned())),
        (None, Some(percent)) => {
            entries.push(at_most(percent));
            entries.push(Entry::new("unit", Yaml::text("percent")));
        }
        (None, None) => {
            entries.push(Entry::new("mustBe", plain("0")));
            return;
        }
    }
    rest.retain(|entry| entry.key != "threshold");
}

/// A check, with what the standard has no words for in a custom property.
fn finish(rule: &Rule, mut entries: Vec<Entry>, rest: Vec<Entry>) -> Yaml {
    let mut rest = without(rest, &["severity", "dimension", "why", "tags"]);
    if rule.why.contains('\n') {
        rest.push(Entry::new("why", Yaml::text(&rule.why)));
    }
    if !rest.is_empty() {
        entries.push(custom(rest));
    }
    Yaml::Map(entries)
}
