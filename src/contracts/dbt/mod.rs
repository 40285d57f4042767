//! Schema files of dbt: models, seeds, snapshots and sources, with the tests of their columns.

mod asked;
mod checks;
mod config;
mod test;

use super::{
    draft::{ColumnDraft, Draft},
    foreign::{Foreign, Reasons, items, scalar, text, texts},
    odcs::{SIZE, has_size, of_physical},
};
use crate::diagnostics::{
    Diagnostic, Span,
    yaml::{
        Node, Value,
        write::{Entry, Yaml},
    },
};
use test::Test;

/// Sections whose entries are tables.
const TABLES: [&str; 3] = ["models", "seeds", "snapshots"];
/// Keys of a file that describe no table.
const FILE: &Reasons = &[
    (
        &["unit_tests"],
        "they test how a model is computed; `trueup test` puts rules to examples instead",
    ),
    (
        &[
            "semantic_models",
            "metrics",
            "saved_queries",
            "exposures",
            "groups",
            "macros",
            "analyses",
            "data_tests",
            "tests",
        ],
        "about models and their use, not about a delivered table",
    ),
];
/// Keys of a table that say nothing that is checked.
const TABLE: &Reasons = &[
    (
        &["description"],
        "about the source as a whole, which becomes a file for each table",
    ),
    (
        &["freshness", "loaded_at_field", "loaded_at_query"],
        "when rows were loaded is not in a delivery: a `range` of a date, or `row_count`, is near to it",
    ),
    (
        &[
            "config",
            "meta",
            "tags",
            "docs",
            "access",
            "group",
            "latest_version",
            "versions",
            "deprecation_date",
            "overrides",
            "database",
            "schema",
            "loader",
            "quoting",
            "external",
            "identifier",
            "strategy",
            "unique_key",
        ],
        "how dbt builds or finds the table, which is not checked",
    ),
];
/// Keys of a column that say nothing that is checked.
const COLUMN: &Reasons = &[(
    &[
        "config",
        "meta",
        "tags",
        "quote",
        "docs",
        "policy_tags",
        "granularity",
        "dimension",
        "entity",
    ],
    "how dbt builds or describes the column, which is not checked",
)];

/// Keys of a constraint that say nothing that is checked.
const CONSTRAINT: &Reasons = &[(
    &["name", "warn_unenforced", "warn_unsupported"],
    "how dbt builds the constraint, which is not checked",
)];

/// The tables of a schema file.
pub fn import(file: &Node, foreign: &mut Foreign<'_>) -> Result<Vec<Draft>, Diagnostic> {
    let is_map = matches!(file.value, Value::Map(_));
    let sections = TABLES
        .iter()
        .chain(&["sources"])
        .any(|s| file.get(s).is_some());
    if !is_map || !sections {
        let message = format!(
            "`{}` is no schema file of dbt that describes tables: it has none of models, seeds, snapshots and sources",
            foreign.file
        );
        let help = match file.get("kind").and_then(scalar) {
            Some("DataContract") => "an ODCS contract is read by `trueup import odcs`",
            _ => "name the YAML file beside the models, such as models/schema.yml",
        };
        return Err(Diagnostic::at(&foreign.span(file), message).help(help));
    }
    let mut drafts: Vec<Draft> = Vec::new();
    let mut take = |node: &Node, foreign: &mut Foreign<'_>| {
        let Some(draft) = table(node, foreign) else {
            return;
        };
        match drafts.iter().any(|other| other.name == draft.name) {
            true => foreign.note(
                draft.span,
                format!("table `{}`", draft.name),
                "another table of the file has this name",
            ),
            false => drafts.push(draft),
        }
    };
    let tables: Vec<&Node> = TABLES
        .iter()
        .flat_map(|section| items(file, section))
        .chain(
            items(file, "sources")
                .iter()
                .flat_map(|source| items(source, "tables")),
        )
        .collect();
    learn(&tables, foreign);
    for section in TABLES {
        items(file, section)
            .iter()
            .for_each(|node| take(node, foreign));
    }
    for source in items(file, "sources") {
        let name = text(source, "name").unwrap_or("a source");
        items(source, "tables")
            .iter()
            .for_each(|node| take(node, foreign));
        let taken = ["name", "tables"];
        foreign.leftover(source, &format!("source {name}"), &taken, TABLE);
    }
    let taken = ["version", "models", "seeds", "snapshots", "sources"];
    foreign.leftover(file, "", &taken, FILE);
    Ok(drafts)
}

/// Learns what tables and columns are called.
fn learn(tables: &[&Node], foreign: &mut Foreign<'_>) {
    let said: Vec<&str> = tables
        .iter()
        .filter_map(|node| text(node, "name"))
        .collect();
    foreign.learn(None, &said);
    for node in tables {
        if let Some(said) = text(node, "name") {
            let table = foreign.named(None, said);
            let columns = items(node, "columns").iter();
            let columns: Vec<&str> = columns.filter_map(|node| text(node, "name")).collect();
            foreign.learn(Some(&table), &columns);
        }
    }
}

fn table(node: &Node, foreign: &mut Foreign<'_>) -> Option<Draft> {
    let Some(said) = text(node, "name") else {
        foreign.note(foreign.span(node), "a table", "it has no `name`");
        return None;
    };
    let at = node
        .get("name")
        .map_or(foreign.span(node), |n| foreign.span(n));
    let name = foreign.name(said, &at, None)?;
    let mut draft = Draft::new(name, at);
    draft.description = description(node, &draft.name.clone(), foreign);
    let columns = items(node, "columns");
    for node in columns {
        column(node, &mut draft, foreign);
    }
    if draft.columns.is_empty() {
        let what = format!("table `{}`", draft.name);
        let why = "none of its columns is described, and a table declares what it reads: list them under `columns`";
        foreign.note(draft.span, what, why);
        return None;
    }
    for node in columns {
        let Some((column, name)) = super::own_column(node, &draft, foreign) else {
            continue;
        };
        for test in items(node, "tests").iter().chain(items(node, "data_tests")) {
            checks::add(test, Some(column), &mut draft, foreign);
        }
        for constraint in items(node, "constraints") {
            constrain(constraint, Some(column), &mut draft, foreign);
        }
        let taken = [
            "name",
            "description",
            "data_type",
            "tests",
            "data_tests",
            "constraints",
        ];
        foreign.leftover(node, &format!("{}.{name}", draft.name), &taken, COLUMN);
    }
    for test in items(node, "tests").iter().chain(items(node, "data_tests")) {
        checks::add(test, None, &mut draft, foreign);
    }
    for constraint in items(node, "constraints") {
        constrain(constraint, None, &mut draft, foreign);
    }
    if draft.key.is_empty() {
        super::settle_key(&mut draft, foreign);
    }
    let taken = [
        "name",
        "description",
        "columns",
        "tests",
        "data_tests",
        "constraints",
    ];
    foreign.leftover(node, &draft.name, &taken, TABLE);
    Some(draft)
}

fn column(node: &Node, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let what = format!("{}: column", draft.name);
    let Some(said) = text(node, "name") else {
        foreign.note(foreign.span(node), what, "it has no `name`");
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
    let said = text(node, "data_type");
    let ty = said.and_then(of_physical).unwrap_or_else(|| {
        let (at, why) = match said {
            None => (
                span.clone(),
                "read as text, since it has no `data_type`: say `type` in the table's file"
                    .to_owned(),
            ),
            Some(said) => (
                foreign.key_span(node, "data_type"),
                format!("read as text, since no type here is like `{said}`"),
            ),
        };
        foreign.note(at, of.clone(), why);
        "string"
    });
    if let Some(said) = said.filter(|said| of_physical(said).is_some() && has_size(said)) {
        let what = format!("{of}: data_type `{said}`");
        foreign.note(foreign.key_span(node, "data_type"), what, SIZE);
    }
    let description = description(node, &of, foreign);
    let entries = match description.is_empty() {
        true => Vec::new(),
        false => vec![Entry::new("description", Yaml::text(description))],
    };
    draft.columns.push(ColumnDraft {
        name,
        span,
        ty,
        entries,
        rules: Vec::new(),
    });
}

/// A description, unless it is taken from elsewhere.
fn description(node: &Node, of: &str, foreign: &mut Foreign<'_>) -> String {
    let said = text(node, "description").unwrap_or_default().trim();
    if is_jinja(said) {
        let why = "its text is computed by dbt (Jinja), so it is not known here";
        foreign.note(
            foreign.key_span(node, "description"),
            format!("{of}: description"),
            why,
        );
        return String::new();
    }
    said.to_owned()
}

/// Whether a text is computed by dbt.
fn is_jinja(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// A constraint of the contract of a model.
fn constrain(node: &Node, column: Option<usize>, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let kind = text(node, "type").unwrap_or_default();
    let test = |name: &str, arguments: Vec<(&str, Node)>| {
        Test::of_constraint(node, name, arguments, foreign)
    };
    let columns = texts(node, "columns");
    let named = || node.get("columns").cloned();
    let tests: Vec<Test> = match (kind, column, columns.len()) {
        ("not_null" | "unique", Some(_), _) => vec![test(kind, Vec::new())],
        ("primary_key", Some(column), _) => {
            draft.key = vec![draft.columns[column].name.clone()];
            vec![test("not_null", Vec::new()), test("unique", Vec::new())]
        }
        ("primary_key" | "unique", None, 1..) => {
            if kind == "primary_key" {
                draft.key = columns
                    .iter()
                    .map(|c| foreign.named(Some(&draft.name), c))
                    .collect();
            }
            let list = named()
                .into_iter()
                .map(|node| ("combination_of_columns", node));
            vec![test("unique_combination_of_columns", list.collect())]
        }
        ("check", _, _) => {
            let condition = node.get("expression").cloned();
            vec![test(
                "check",
                condition
                    .into_iter()
                    .map(|node| ("expression", node))
                    .collect(),
            )]
        }
        _ => {
            let of = column.map_or(draft.name.clone(), |c| {
                format!("{}.{}", draft.name, draft.columns[c].name)
            });
            let why = "of constraints, not_null, unique, primary_key and check are understood: write `relationships` for a foreign key";
            foreign.note(foreign.span(node), format!("{of}: constraint {kind}"), why);
            return;
        }
    };
    let mut taken = vec!["type"];
    taken.extend((kind == "check").then_some("expression"));
    taken.extend(column.is_none().then_some("columns"));
    let of = what(draft, column, &format!("constraint {kind}"));
    foreign.leftover(node, &of, &taken, CONSTRAINT);
    for test in tests {
        // What a test says as well is not said again.
        let again = column.is_some_and(|c| draft.columns[c].holds(&test.name));
        if !again {
            checks::add_test(test, column, draft, foreign);
        }
    }
}

/// The table that a `ref` or `source` names, with Jinja's braces or without.
fn referred(said: &str) -> Option<String> {
    let inner = said
        .trim()
        .strip_prefix("{{")
        .and_then(|s| s.strip_suffix("}}"));
    let call = inner.unwrap_or(said).trim();
    let (function, rest) = call.split_once('(')?;
    let arguments = rest.strip_suffix(')')?;
    let texts: Option<Vec<&str>> = arguments
        .split(',')
        .map(|argument| {
            let argument = argument.trim();
            let quoted = |quote: char| argument.strip_prefix(quote)?.strip_suffix(quote);
            quoted('\'').or_else(|| quoted('"'))
        })
        .collect();
    match (function.trim(), &texts?[..]) {
        ("ref", [name] | [_, name]) | ("source", [_, name]) => Some((*name).to_owned()),
        _ => None,
    }
}

/// Where a test stands and what it is called, for notes.
fn what(draft: &Draft, column: Option<usize>, test: &str) -> String {
    match column {
        Some(column) => format!("{}.{}: {test}", draft.name, draft.columns[column].name),
        None => format!("{}: {test}", draft.name),
    }
}

/// A span and a reason why something is not carried over.
type Refused = (Span, String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_references_are_understood() {
        for (said, table) in [
            ("ref('orders')", Some("orders")),
            ("{{ ref(\"orders\") }}", Some("orders")),
            ("ref('shop', 'orders')", Some("orders")),
            ("source('raw', 'orders')", Some("orders")),
            ("{{ var('t') }}", None),
            ("{{ ref(name) }}", None),
            ("orders", None),
        ] {
            assert_eq!(referred(said).as_deref(), table, "{said}");
        }
    }
}
