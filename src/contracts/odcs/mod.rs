//! The Open Data Contract Standard, version 3.

mod count;
mod export;
mod format;
mod library;
mod options;
mod pattern;
mod property;
mod quality;
mod relationship;
mod said;

pub use export::{Head, export};
pub use library::one_of;
pub use pattern::whole;
pub use property::{SIZE, has_size, of_physical};

use super::{
    draft::{Draft, RuleDraft, set},
    foreign::{Foreign, Reasons, is_true, items, scalar, text},
};
use crate::{
    diagnostics::{
        Diagnostic, Span,
        yaml::{
            Node, Value,
            write::{Entry, Yaml},
        },
    },
    rules::CONDITIONS,
    tables::FilePattern,
};

/// The custom property that holds what the standard has no words for.
const OURS: &str = "trueup";

/// Keys of a contract that are about something else than its tables.
const CONTRACT: &Reasons = &[
    (
        &["servers"],
        "where the data lies is not part of a rule file: a run is told with `--delivery`",
    ),
    (
        &["slaProperties", "slaDefaultElement"],
        "a promise about the service, which nothing in a delivery shows",
    ),
    (
        &["team", "roles", "support", "price"],
        "about people and terms, not about the data",
    ),
    (
        &[
            "id",
            "name",
            "version",
            "status",
            "tenant",
            "domain",
            "dataProduct",
            "description",
            "tags",
            "contractCreatedTs",
            "authoritativeDefinitions",
            "customProperties",
        ],
        "about the contract as a whole, which becomes a file for each table",
    ),
];
/// Keys of a table that say nothing that is checked.
const OBJECT: &Reasons = &[
    (
        &["physicalName"],
        "the table keeps its `name`; its files are called like it unless `source: files:` says otherwise",
    ),
    (
        &[
            "id",
            "businessName",
            "tags",
            "authoritativeDefinitions",
            "customProperties",
            "dataGranularityDescription",
        ],
        "for readers of the contract: a table has a `description` alone",
    ),
];

/// The tables of a contract.
pub fn import(contract: &Node, foreign: &mut Foreign<'_>) -> Result<Vec<Draft>, Diagnostic> {
    let file = &foreign.file;
    let fail =
        |span: Span, message: String, help: &str| Err(Diagnostic::at(&span, message).help(help));
    let version = text(contract, "apiVersion").unwrap_or_default();
    let known = ["3.0", "3.1"].iter().any(|known| {
        let rest = version.trim_start_matches('v').strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if text(contract, "kind") != Some("DataContract") {
        let message = format!("`{file}` is no ODCS contract: `kind` is not `DataContract`");
        let help = "a dbt schema file is read by `trueup import dbt`";
        return fail(foreign.key_span(contract, "kind"), message, help);
    }
    if !known {
        let message = format!("ODCS `{version}` is not understood");
        let help =
            "write `apiVersion: v3.1.0`, once the contract follows it; 3.0 and 3.1 are understood";
        return fail(foreign.key_span(contract, "apiVersion"), message, help);
    }
    let Some(Node {
        value: Value::Sequence(objects),
        ..
    }) = contract.get("schema")
    else {
        let message = format!("`{file}` describes no tables: it has no list under `schema`");
        let help = "write `schema: [{ name: …, properties: [ … ] }]`";
        return fail(foreign.key_span(contract, "schema"), message, help);
    };
    foreign.leftover(contract, "", &["apiVersion", "kind", "schema"], CONTRACT);
    learn(objects, foreign);
    let mut drafts: Vec<Draft> = Vec::new();
    for object in objects {
        if let Some(draft) = table(object, foreign) {
            match drafts.iter().any(|other| other.name == draft.name) {
                true => foreign.note(
                    draft.span,
                    format!("table `{}`", draft.name),
                    "another table of the contract has this name",
                ),
                false => drafts.push(draft),
            }
        }
    }
    Ok(drafts)
}

/// Learns what tables and columns are called.
fn learn(objects: &[Node], foreign: &mut Foreign<'_>) {
    fn names(nodes: &[Node]) -> Vec<&str> {
        nodes.iter().filter_map(|node| text(node, "name")).collect()
    }
    foreign.learn(None, &names(objects));
    for object in objects {
        if let Some(said) = text(object, "name") {
            let table = foreign.named(None, said);
            foreign.learn(Some(&table), &names(items(object, "properties")));
        }
    }
}

fn table(object: &Node, foreign: &mut Foreign<'_>) -> Option<Draft> {
    let span = foreign.span(object);
    let Some(said) = text(object, "name") else {
        foreign.note(span, "a table", "it has no `name`");
        return None;
    };
    let at = object.get("name").map_or(span, |name| foreign.span(name));
    let name = foreign.name(said, &at, None)?;
    let mut draft = Draft::new(name, at);
    draft.description = text(object, "description")
        .map(|d| d.trim().to_owned())
        .unwrap_or_default();
    let physical = text(object, "physicalName");
    if let Some(file) = physical.filter(|p| p.ends_with(".csv")) {
        // A place in a store has a scheme or a drive before it, and is no path inside a delivery.
        match FilePattern::new(file).is_ok() && !file.contains(':') {
            true => draft.files = file.to_owned(),
            false => {
                let why = "it names no file inside a delivery, so `source: files:` is called like the table";
                let what = format!("{}: physicalName", draft.name);
                foreign.note(foreign.key_span(object, "physicalName"), what, why);
            }
        }
    }
    let ours = custom(object);
    if let Some(ours) = ours {
        if let Some(files) = text(ours, "files") {
            draft.files = files.to_owned();
        }
        draft.required = text(ours, "required") != Some("false");
        draft.delta = text(ours, "delivers") == Some("delta");
        let gates = to_entries(ours).into_iter();
        draft.gates = gates.filter(|e| GATES.contains(&e.key.as_str())).collect();
    }
    let properties = items(object, "properties");
    if properties.is_empty() {
        let what = format!("table `{}`", draft.name);
        foreign.note(
            draft.span,
            what,
            "it has no `properties`, and a table needs a column",
        );
        return None;
    }
    for node in properties {
        property::column(node, &mut draft, foreign);
    }
    if draft.columns.is_empty() {
        let what = format!("table `{}`", draft.name);
        foreign.note(
            draft.span,
            what,
            "none of its columns could be carried over",
        );
        return None;
    }
    for node in properties {
        property::checks(node, &mut draft, foreign);
    }
    for node in items(object, "relationships") {
        relationship::of_table(node, &mut draft, foreign);
    }
    for node in items(object, "quality") {
        quality::quality(node, None, &mut draft, foreign);
    }
    key(object, properties, &mut draft, foreign);
    let mut taken = vec![
        "name",
        "description",
        "properties",
        "relationships",
        "quality",
        "logicalType",
        "physicalType",
    ];
    // Another that ends in `.csv` was noted above.
    let told = physical.is_some_and(|p| p == said || p.ends_with(".csv"));
    taken.extend(told.then_some("physicalName"));
    taken.extend(only_ours(object).then_some("customProperties"));
    foreign.leftover(object, &draft.name, &taken, OBJECT);
    Some(draft)
}

/// What identifies a row: the primary key with the rules that it implies, else what is said to be unique, else all columns.
fn key(object: &Node, properties: &[Node], draft: &mut Draft, foreign: &mut Foreign<'_>) {
    if let Some(ours) = custom(object).filter(|ours| ours.get("key").is_some()) {
        draft.key = items(ours, "key")
            .iter()
            .filter_map(scalar)
            .map(str::to_owned)
            .collect();
        return;
    }
    let mut parts: Vec<(i64, &Node, String)> = properties
        .iter()
        .filter(|node| is_true(node, "primaryKey"))
        .filter_map(|node| {
            let position = text(node, "primaryKeyPosition").and_then(|p| p.parse().ok());
            let name = foreign.named(Some(&draft.name), text(node, "name")?);
            Some((position.filter(|p| *p > 0).unwrap_or(i64::MAX), node, name))
        })
        .filter(|(_, _, name)| draft.column(name).is_some())
        .collect();
    parts.sort_by_key(|(position, _, _)| *position);
    draft.key = parts.iter().map(|(_, _, name)| name.clone()).collect();
    for (_, node, name) in &parts {
        let Some(column) = draft
            .column(name)
            .filter(|c| !draft.columns[*c].holds("not_null"))
        else {
            continue;
        };
        let rule = asked(foreign, node, "primaryKey", draft, Some(name)).of_kind("not_null");
        put(column, rule, draft, foreign);
    }
    let names = draft.key.clone();
    match (&parts[..], draft.is_unique(&names)) {
        ([], _) => super::settle_key(draft, foreign),
        (_, true) => {}
        ([(_, node, name)], false) => {
            let rule = asked(foreign, node, "primaryKey", draft, Some(name)).of_kind("unique");
            if let Some(column) = draft.column(name) {
                put(column, rule, draft, foreign);
            }
        }
        ([(_, node, _), ..], false) => {
            let mut rule = asked(foreign, node, "primaryKey", draft, None).of_kind("unique");
            rule.id = format!("{}.key.unique", draft.name);
            draft.add(rule.check("columns", Yaml::texts(names)));
        }
    }
}

/// A rule that the contract asks for in a word, which is a key of `node`.
fn asked(
    foreign: &Foreign<'_>,
    node: &Node,
    word: &str,
    draft: &Draft,
    column: Option<&str>,
) -> RuleDraft {
    asked_as(foreign, node, (word, word), draft, column)
}

/// The same where the rule's reason has another word for it than the key.
fn asked_as(
    foreign: &Foreign<'_>,
    node: &Node,
    (key, word): (&str, &str),
    draft: &Draft,
    column: Option<&str>,
) -> RuleDraft {
    let of = match column {
        Some(column) => format!("{}.{column}", draft.name),
        None => draft.name.clone(),
    };
    let why = format!("The contract {} asks for `{word}` of {of}.", foreign.file);
    RuleDraft {
        kind: String::new(),
        id: format!("{of}.{}", super::foreign::slug(word).unwrap_or_default()),
        what: format!("{of}: {word}"),
        span: foreign.key_span(node, key),
        check: Vec::new(),
        settings: vec![
            Entry::new("severity", Yaml::text("error")),
            Entry::new("why", Yaml::text(why)),
        ],
    }
}

/// Adds a rule under a column, or says why it cannot stand there.
fn put(column: usize, rule: RuleDraft, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let (span, what) = (rule.span.clone(), rule.what.clone());
    match draft.add_under(column, rule) {
        Ok(weaker) => foreign.note_weaker(weaker),
        Err(why) => foreign.note(span, what, why),
    }
}

/// The value of our own custom property.
fn custom(node: &Node) -> Option<&Node> {
    let ours = |property: &&Node| text(property, "property") == Some(OURS);
    items(node, "customProperties")
        .iter()
        .find(ours)?
        .get("value")
}

/// Whether there is no other custom property than our own.
fn only_ours(node: &Node) -> bool {
    let all = items(node, "customProperties");
    all.iter()
        .all(|property| text(property, "property") == Some(OURS))
}

/// A tree as it can be written again.
fn to_yaml(node: &Node) -> Yaml {
    match &node.value {
        Value::Scalar { text, plain: true } if node.is_null() || is_plain(text) => {
            match node.is_null() {
                true => Yaml::Plain("null".to_owned()),
                false => Yaml::Plain(text.clone()),
            }
        }
        Value::Scalar { text, .. } => Yaml::text(text.clone()),
        Value::Sequence(items) => Yaml::List(items.iter().map(to_yaml).collect()),
        Value::Map(_) => Yaml::Map(to_entries(node)),
    }
}

fn to_entries(node: &Node) -> Vec<Entry> {
    let entry = |(key, value): &(crate::diagnostics::yaml::Key, Node)| {
        Entry::new(key.text.clone(), to_yaml(value))
    };
    node.entries().iter().map(entry).collect()
}

/// Whether a plain text is a number or a truth value.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.parse::<f64>().is_ok();
    number || matches!(text, "true" | "false")
}

/// Leaves out of a rule what the standard's words say beside conditions of `ours`, which then decide: the worst severity alone.
fn heed_conditions(rule: &mut RuleDraft, ours: &[Entry]) {
    let is_condition = |entry: &Entry| CONDITIONS.iter().any(|(key, _)| *key == entry.key);
    if ours.iter().any(is_condition) {
        let beside = ["severity", "threshold"];
        rule.settings
            .retain(|entry| !beside.contains(&entry.key.as_str()));
    }
}

/// What `source` of a table says of the table as a whole.
const GATES: [&str; 2] = ["freshness", "volume"];

/// Puts what our own custom property says of a rule in the place of what was said in the standard's words.
fn overlay(rule: &mut RuleDraft, ours: &Node) {
    const SETTINGS: [&str; 13] = [
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
    ];
    let ours = to_entries(ours);
    heed_conditions(rule, &ours);
    for entry in ours {
        let entries = match SETTINGS.contains(&entry.key.as_str()) {
            true => &mut rule.settings,
            false => &mut rule.check,
        };
        set(entries, &entry.key, entry.value);
    }
}
