//! Reading what others wrote: leniently, and with a note about everything that is passed over.

use std::{collections::BTreeMap, sync::Arc};

use super::draft::{RuleDraft, weaker};
use crate::{
    diagnostics::{
        Source, Span,
        yaml::{Node, Value},
    },
    names::Name,
};

/// Something that was not carried over, or not as it was said.
#[derive(Clone, Debug)]
pub struct Note {
    /// Where the contract says it.
    pub span: Span,
    /// What it is, such as `orders.status: accepted_values`.
    pub what: String,
    /// Why, and what to do about it.
    pub why: String,
}

/// A contract while it is read.
pub struct Foreign<'s> {
    pub source: &'s Arc<Source>,
    /// The file's name, without its folders.
    pub file: String,
    rename: bool,
    pub notes: Vec<Note>,
    /// Notes about what is called otherwise, for as long as it stands: the table of a column, and the name.
    pub renamed: Vec<(Option<String>, String, Note)>,
    /// What each table, and each column of a table, is called here; nothing where another has that name.
    names: BTreeMap<(Option<String>, String), Option<String>>,
}

/// Keys that are not carried over, with the reason.
pub type Reasons = [(&'static [&'static str], &'static str)];

impl<'s> Foreign<'s> {
    pub fn new(source: &'s Arc<Source>, rename: bool) -> Self {
        let file = source.path.rsplit('/').next().unwrap_or_default();
        Self {
            source,
            file: file.to_owned(),
            rename,
            notes: Vec::new(),
            renamed: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    pub fn span(&self, node: &Node) -> Span {
        node.span(self.source)
    }

    /// Where a key of a map stands; the map itself where it has no such key.
    pub fn key_span(&self, map: &Node, key: &str) -> Span {
        let found = map.entries().iter().find(|(k, _)| k.text == key);
        Span {
            source: self.source.clone(),
            bytes: found.map_or(map.bytes.clone(), |(key, _)| key.bytes.clone()),
        }
    }

    pub fn note(&mut self, span: Span, what: impl Into<String>, why: impl Into<String>) {
        self.notes.push(Note {
            span,
            what: what.into(),
            why: why.into(),
        });
    }

    /// A note about each key of `map` that says something and is not `taken`, or is and has not the shape of such a key.
    pub fn leftover(&mut self, map: &Node, of: &str, taken: &[&str], reasons: &Reasons) {
        for (key, value) in map.entries() {
            let name = key.text.as_str();
            if says_nothing(value) {
                continue;
            }
            let why = match taken.contains(&name) {
                true => misshapen(name, value),
                false => {
                    let reason = reasons.iter().find(|(keys, _)| keys.contains(&name));
                    Some(reason.map_or("trueup does not know this key", |(_, why)| why))
                }
            };
            let Some(why) = why else { continue };
            let what = match of {
                "" => name.to_owned(),
                of => format!("{of}: {name}"),
            };
            self.note(self.key_span(map, name), what, why);
        }
    }

    /// A note about a rule that another took the place of.
    pub fn note_weaker(&mut self, rule: Option<RuleDraft>) {
        if let Some(rule) = rule {
            let why = weaker(&rule.kind);
            self.note(rule.span, rule.what, why);
        }
    }

    /// Learns what the tables are called, or the columns of a table, before a rule names one of them.
    pub fn learn(&mut self, table: Option<&str>, said: &[&str]) {
        let (good, others): (Vec<&str>, Vec<&str>) =
            said.iter().partition(|said| Name::new(said).is_ok());
        for said in good.into_iter().chain(others) {
            let name = self.free(table, said);
            let place = (table.map(str::to_owned), said.to_owned());
            self.names.entry(place).or_insert(name);
        }
    }

    /// What a text is called here, unless something else has that name.
    fn free(&self, table: Option<&str>, said: &str) -> Option<String> {
        let name = match Name::new(said) {
            Ok(_) => return Some(said.to_owned()),
            Err(_) => suggested(said).filter(|_| self.rename)?,
        };
        let taken = self.names.iter().any(|((place, other), here)| {
            place.as_deref() == table && other != said && here.as_ref() == Some(&name)
        });
        (!taken).then_some(name)
    }

    /// A name as it is written here, which is the contract's or, with a note, the one that is suggested.
    pub fn name(&mut self, text: &str, span: &Span, table: Option<&str>) -> Option<String> {
        if Name::new(text).is_ok() {
            return Some(text.to_owned());
        }
        let meant = suggested(text);
        let rule = "a name is 1 to 63 of a-z, 0-9 and _, starting with a letter";
        let said = match table {
            Some(table) => format!("{table}: column `{text}`"),
            None => format!("table `{text}`"),
        };
        let (what, why) = match (meant, self.rename) {
            (Some(meant), true) => {
                let what = format!("{said}: `{meant}`");
                if self.free(table, text).is_some() {
                    let why = format!(
                        "called otherwise here, since {rule}: the export's file or header has to say so too"
                    );
                    let (span, place) = (span.clone(), table.map(str::to_owned));
                    self.renamed
                        .push((place, meant.clone(), Note { span, what, why }));
                    return Some(meant);
                }
                (
                    what,
                    "no name here, and another has the one that is suggested".to_owned(),
                )
            }
            (Some(meant), false) => {
                let why = format!(
                    "no name here, since {rule}: call it as suggested, or give `--rename` to have it called so"
                );
                (format!("{said}: `{meant}`?"), why)
            }
            (None, _) => (said, format!("no name here, since {rule}")),
        };
        self.note(span.clone(), what, why);
        None
    }

    /// What a table is called here, or a column of a table, where it was told already what it is.
    pub fn named(&self, table: Option<&str>, text: &str) -> String {
        let place = (table.map(str::to_owned), text.to_owned());
        let name = match self.names.get(&place) {
            Some(name) => name.clone(),
            None => self.free(table, text),
        };
        // One that was left out keeps its name, so that no rule is about another.
        name.unwrap_or_else(|| text.to_owned())
    }
}

/// The name that is nearest to `text`: `orderId` is `order_id`.
fn suggested(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut name = String::new();
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|b| letters[b]);
        let after = letters.get(at + 1);
        let begins = before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            || before.is_some_and(|b| b.is_ascii_uppercase())
                && after.is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && begins {
            name.push('_');
        }
        name.push(match c.is_ascii_alphanumeric() {
            true => c.to_ascii_lowercase(),
            false => '_',
        });
    }
    while name.contains("__") {
        name = name.replace("__", "_");
    }
    let name = name.trim_matches('_');
    let name = match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("n_{name}"),
        false => name.to_owned(),
    };
    let name: String = name.chars().take(63).collect();
    Name::new(name.trim_end_matches('_'))
        .ok()
        .map(|n| n.to_string())
}

/// Why what stands under a key that is understood cannot be what it says; nothing where it can.
pub fn misshapen(key: &str, node: &Node) -> Option<&'static str> {
    let is_text = scalar(node).is_some();
    let (fits, why) = match key {
        "required" | "unique" | "primaryKey" | "enabled" => (
            scalar(node).is_some_and(|said| ["true", "false"].contains(&&*said.to_lowercase())),
            "it says neither true nor false, so it is passed over",
        ),
        "primaryKeyPosition" => (
            scalar(node).is_some_and(|said| said.parse::<i64>().is_ok()),
            "it is no whole number, so it is passed over",
        ),
        "logicalTypeOptions" | "arguments" | "config" => (
            matches!(node.value, Value::Map(_)),
            "it is no map of keys and values, so it is passed over",
        ),
        "name" | "description" | "logicalType" | "physicalType" | "physicalName" | "data_type"
        | "type" | "severity" | "dimension" | "unit" | "dialect" | "error_if" | "warn_if" => {
            (is_text, "it is no text, so it is passed over")
        }
        _ => (true, ""),
    };
    (!fits).then_some(why)
}

/// A text as the last part of a rule's id.
pub fn slug(text: &str) -> Option<String> {
    suggested(text)
}

/// Null, false, blank, empty, or the standard's -1 for none.
pub fn says_nothing(node: &Node) -> bool {
    match &node.value {
        Value::Scalar { text, plain } => {
            node.is_null()
                || text.trim().is_empty()
                || *plain && matches!(text.as_str(), "false" | "False" | "FALSE" | "-1")
        }
        Value::Sequence(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
    }
}

/// The text of a scalar that is not null.
pub fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, .. } if !node.is_null() => Some(text),
        _ => None,
    }
}

/// The text under a key.
pub fn text<'n>(map: &'n Node, key: &str) -> Option<&'n str> {
    map.get(key)
        .and_then(scalar)
        .filter(|t| !t.trim().is_empty())
}

/// Whether a key says true.
pub fn is_true(map: &Node, key: &str) -> bool {
    text(map, key).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// The items under a key; one that is no list stands for itself.
pub fn items<'n>(map: &'n Node, key: &str) -> &'n [Node] {
    match map.get(key) {
        Some(Node {
            value: Value::Sequence(items),
            ..
        }) => items,
        Some(node) if !node.is_null() => std::slice::from_ref(node),
        _ => &[],
    }
}

/// The texts under a key.
pub fn texts(map: &Node, key: &str) -> Vec<String> {
    items(map, key)
        .iter()
        .filter_map(scalar)
        .map(str::to_owned)
        .collect()
}

/// A text on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_none_have_a_near_one() {
        for (text, name) in [
            ("orderId", Some("order_id")),
            ("HTTPCode", Some("http_code")),
            ("Unit price (EUR)", Some("unit_price_eur")),
            ("2020_total", Some("n_2020_total")),
            ("__x__", Some("x")),
            ("été", Some("t")),
            ("日本", None),
        ] {
            assert_eq!(suggested(text).as_deref(), name, "{text}");
        }
    }
}
