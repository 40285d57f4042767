//! A property of the standard: a column, and the rules that its own keys ask for.

use super::{
    super::{
        draft::{ColumnDraft, Draft, as_text, set},
        foreign::{Foreign, Reasons, is_true, items, says_nothing, scalar, text},
    },
    asked, custom, format, only_ours, options, overlay, put, quality, relationship, to_yaml,
};
use crate::diagnostics::yaml::{
    Node,
    write::{Entry, Yaml},
};

/// Keys of a column that say nothing that is checked.
const PROPERTY: &Reasons = &[
    (
        &["physicalName"],
        "the column keeps its `name`: the header of the export has to say that",
    ),
    (
        &[
            "id",
            "businessName",
            "tags",
            "authoritativeDefinitions",
            "customProperties",
        ],
        "for readers of the contract: a column has a `description` alone",
    ),
    (
        &["partitioned", "partitionKeyPosition"],
        "how a store keeps the rows, which a delivery of files does not show",
    ),
    (
        &[
            "transformSourceObjects",
            "transformLogic",
            "transformDescription",
        ],
        "how the column came to be, which is not checked",
    ),
    (
        &["encryptedName", "criticalDataElement"],
        "about the column's use, which is not checked",
    ),
    (
        &["examples"],
        "values that are there say nothing about which rule they are examples of",
    ),
    (
        &["items", "properties"],
        "a cell is read as one text, and what is inside it is not looked at",
    ),
];

/// Words that let everybody see a column.
const OPEN: [&str; 9] = [
    "public",
    "internal",
    "open",
    "none",
    "unclassified",
    "unrestricted",
    "non-sensitive",
    "non_sensitive",
    "not sensitive",
];
/// Words that do not.
const CLOSED: [&str; 10] = [
    "restricted",
    "confidential",
    "sensitive",
    "pii",
    "personal",
    "private",
    "secret",
    "highly confidential",
    "strictly confidential",
    "phi",
];

/// What the names of types in stores begin with.
const PHYSICAL: &[(&[&str], &str)] = &[
    (&["timestamp", "datetime"], "timestamp"),
    (&["date"], "date"),
    (&["bool", "bit"], "boolean"),
    (
        &[
            "bigint",
            "int",
            "smallint",
            "tinyint",
            "serial",
            "bigserial",
            "long",
            "short",
        ],
        "integer",
    ),
    (
        &[
            "decimal", "numeric", "number", "float", "double", "real", "money",
        ],
        "decimal",
    ),
    (
        &[
            "varchar",
            "nvarchar",
            "char",
            "nchar",
            "character",
            "text",
            "string",
            "uuid",
            "clob",
        ],
        "string",
    ),
];

/// The type here of what a store calls so.
pub fn of_physical(physical: &str) -> Option<&'static str> {
    let word: String = physical
        .to_ascii_lowercase()
        .chars()
        .take_while(|c| c.is_ascii_alphabetic())
        .collect();
    let begins = |names: &&[&str]| {
        names
            .iter()
            .any(|name| word == *name || *name != "date" && word.starts_with(name))
    };
    let (_, ty) = PHYSICAL.iter().find(|(names, _)| begins(names))?;
    // Such as number(10, 0).
    let scale = physical
        .split_once(',')
        .map(|(_, s)| s.trim_matches([' ', ')']));
    Some(match scale {
        Some("0") if *ty == "decimal" => "integer",
        _ => ty,
    })
}

/// Why the size of a type is not carried over.
pub const SIZE: &str =
    "a type here has no size, so this one is not checked: a `length` or a `range` can say it";

/// Whether a type of a store has a size, such as varchar(20).
pub fn has_size(physical: &str) -> bool {
    let sizes = physical.split_once('(').map(|(_, sizes)| sizes);
    sizes.is_some_and(|sizes| sizes.starts_with(|c: char| c.is_ascii_digit()))
}

/// Adds the column that a property describes.
pub fn column(node: &Node, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let Some(said) = text(node, "name") else {
        foreign.note(
            foreign.span(node),
            format!("{}: a column", draft.name),
            "it has no `name`",
        );
        return;
    };
    let span = node
        .get("name")
        .map_or(foreign.span(node), |n| foreign.span(n));
    let Some(name) = foreign.name(said, &span, Some(&draft.name)) else {
        return;
    };
    let of = format!("{}.{name}", draft.name);
    if draft.column(&name).is_some() {
        foreign.note(span, of, "another column of the table has this name");
        return;
    }
    let logical = text(node, "logicalType");
    let physical = text(node, "physicalType");
    let ty = match logical {
        Some("string") => "string",
        Some("integer") => "integer",
        Some("number") => "decimal",
        Some("date") => "date",
        Some("timestamp") => "timestamp",
        Some("boolean") => "boolean",
        Some(other) => {
            let why = format!("`{other}` is read as text, since no type here is like it");
            foreign.note(foreign.key_span(node, "logicalType"), format!("{of}: logicalType"), why);
            "string"
        }
        None => physical.and_then(of_physical).unwrap_or_else(|| {
            let why = "read as text, since it has neither a `logicalType` nor a `physicalType` that says what it is";
            foreign.note(span.clone(), of.clone(), why);
            "string"
        }),
    };
    if ty == "decimal"
        && physical.is_some_and(|p| {
            ["double", "float", "real"]
                .iter()
                .any(|f| p.to_lowercase().starts_with(f))
        })
    {
        let why = "read as a decimal with four digits behind the point: a value with more is reported by `type`";
        foreign.note(
            foreign.key_span(node, "physicalType"),
            format!("{of}: physicalType"),
            why,
        );
    }
    if let Some(physical) = physical.filter(|physical| has_size(physical)) {
        let what = format!("{of}: physicalType `{physical}`");
        foreign.note(foreign.key_span(node, "physicalType"), what, SIZE);
    }
    let mut column = ColumnDraft {
        name,
        span,
        ty,
        entries: Vec::new(),
        rules: Vec::new(),
    };
    if let Some(description) = text(node, "description") {
        column
            .entries
            .push(Entry::new("description", Yaml::text(description.trim())));
    }
    formats(node, &of, &mut column, foreign);
    policy(node, &of, &mut column, foreign);
    if let Some(ours) = custom(node) {
        for key in ["from", "formats", "clean", "missing"] {
            if let Some(value) = ours.get(key) {
                set(&mut column.entries, key, to_yaml(value));
            }
        }
    }
    draft.columns.push(column);
}

fn formats(node: &Node, of: &str, column: &mut ColumnDraft, foreign: &mut Foreign<'_>) {
    let Some(options) = node.get("logicalTypeOptions") else {
        return;
    };
    let is_day = matches!(column.ty, "date" | "timestamp");
    let Some(said) = text(options, "format").filter(|_| is_day) else {
        return;
    };
    match format::from_jdk(said) {
        Some(ours) => set(&mut column.entries, "formats", Yaml::texts([ours])),
        None => {
            let why = "only yyyy, yy, MM, MMM, MMMM, dd, HH, mm, ss and quoted texts are understood: write `formats:` yourself";
            foreign.note(
                foreign.key_span(options, "format"),
                format!("{of}: format"),
                why,
            );
        }
    }
}

fn policy(node: &Node, of: &str, column: &mut ColumnDraft, foreign: &mut Foreign<'_>) {
    let Some(found) = node.get("classification").filter(|n| !says_nothing(n)) else {
        return;
    };
    // What is no word is none that is known.
    let said = scalar(found).unwrap_or("…");
    let word = said.trim().to_lowercase();
    if OPEN.contains(&word.as_str()) {
        return;
    }
    set(&mut column.entries, "policy", Yaml::text("hide"));
    if !CLOSED.contains(&word.as_str()) {
        let why = "a word that is not known, so the column is hidden: write `policy: show` if everybody may see it";
        foreign.note(
            foreign.key_span(node, "classification"),
            format!("{of}: classification `{said}`"),
            why,
        );
    }
}

/// Takes values that mean missing out of those that are accepted, since an accepted one would not be missing.
fn missing_stays_missing(of: &str, column: usize, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let ColumnDraft { entries, rules, .. } = &mut draft.columns[column];
    let missing = entries.iter().find(|entry| entry.key == "missing");
    let Some(Yaml::Map(kinds)) = missing.map(|entry| &entry.value) else {
        return;
    };
    let listed = kinds.iter().filter_map(|kind| match &kind.value {
        Yaml::List(values) => Some(values),
        _ => None,
    });
    let tokens: Vec<String> = listed.flatten().filter_map(as_text).collect();
    let accepted = rules.iter_mut().find(|rule| rule.kind == "accepted_values");
    let Some(rule) = accepted else { return };
    for entry in rule.check.iter_mut().filter(|entry| entry.key == "values") {
        let Yaml::List(values) = &mut entry.value else {
            continue;
        };
        let before = values.len();
        values.retain(|value| as_text(value).is_none_or(|value| !tokens.contains(&value)));
        if values.len() < before {
            let why = "a value that means missing is left out of those that are accepted: a cell that says it is empty, and `not_null` fails";
            foreign.note(rule.span.clone(), format!("{of}: validValues"), why);
        }
    }
}

/// Adds the rules of the column that a property describes.
pub fn checks(node: &Node, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let Some((column, name)) = super::super::own_column(node, draft, foreign) else {
        return;
    };
    let of = format!("{}.{name}", draft.name);
    for node in items(node, "quality") {
        quality::quality(node, Some(column), draft, foreign);
    }
    if custom(node).is_none_or(|ours| ours.get("missing").is_none()) {
        missing_stays_missing(&of, column, draft, foreign);
    }
    // What is said with more words above is not said again.
    for (word, kind) in [("required", "not_null"), ("unique", "unique")] {
        if is_true(node, word) && !draft.columns[column].holds(kind) {
            let rule = asked(foreign, node, word, draft, Some(&name)).of_kind(kind);
            put(column, rule, draft, foreign);
        }
    }
    if let Some(options) = node.get("logicalTypeOptions") {
        options::options(node, options, column, draft, foreign);
    }
    if let Some(ours) = custom(node).and_then(|ours| ours.get("type_check")) {
        let mut rule =
            asked(foreign, node, "logicalType", draft, Some(&name)).of_kind("type_check");
        overlay(&mut rule, ours);
        put(column, rule, draft, foreign);
    }
    for node in items(node, "relationships") {
        relationship::of_column(node, column, draft, foreign);
    }
    let mut taken = vec![
        "name",
        "description",
        "logicalType",
        "physicalType",
        "logicalTypeOptions",
        "classification",
        "required",
        "unique",
        "primaryKey",
        "primaryKeyPosition",
        "quality",
        "relationships",
    ];
    let said = text(node, "name");
    taken.extend((text(node, "physicalName") == said).then_some("physicalName"));
    taken.extend(only_ours(node).then_some("customProperties"));
    foreign.leftover(node, &of, &taken, PROPERTY);
}
