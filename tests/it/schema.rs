//! The committed schemas and pages are those of the program; the schemas take what the project holds and refuse what the
//! decoder refuses; and what a page says happens when its example is run.

use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

use jiff::civil::date;
use jsonschema::Validator;
use serde_json::{Map, Value};
use trueup::{
    check::failing::Scratch,
    diagnostics::{
        Source,
        yaml::{self, Node},
    },
    lint::lint,
    pipeline::examples::check,
    rules::{Kind, totals::Check},
    schema::{FileKind, KINDS, pages, schemas},
};

use crate::harness::{Project, Row, Sheet, Spoken, files, read, repository};

/// Fails when `folder` of the repository does not hold just `files`.
fn assert_current(folder: &str, files: &[(String, String)], refresh: &str) {
    let held: BTreeMap<String, String> = crate::harness::files(&repository(folder))
        .into_iter()
        .map(|(name, path)| (name, read(&path)))
        .collect();
    let made: BTreeMap<String, String> = files.iter().cloned().collect();
    let differ: Vec<&String> = (made.keys().chain(held.keys()))
        .filter(|name| made.get(*name) != held.get(*name))
        .collect();
    assert!(
        differ.is_empty(),
        "{folder}: {differ:?} differ from what the program says: run `{refresh}`, and remove what it does not write"
    );
}

#[test]
fn the_committed_schemas_are_current() {
    assert_current("schema", &schemas(), "cargo run -- schema --out schema");
}

#[test]
fn the_committed_pages_are_current() {
    assert_current(
        "docs/kinds",
        &pages(),
        "cargo run -- schema --docs docs/kinds",
    );
}

#[test]
fn the_command_prints_and_writes_the_same() {
    let project = Project::of(&[]);
    let say = |arguments: &str| {
        let mut command = project.command_of("schema");
        Spoken::of(command.args(arguments.split_whitespace()))
    };
    for kind in KINDS {
        assert_eq!(say(kind.word).expect(0).stdout, kind.text());
        let listing = say("").expect(0).stdout;
        assert!(listing.contains(kind.files), "{listing}");
    }
    let wrote = say("--out new/schema --docs new/kinds").expect(0).stdout;
    assert!(wrote.contains("wrote new/schema/table.json\n"), "{wrote}");
    let written = files(&project.path("new"));
    assert_eq!(written.len(), schemas().len() + pages().len());
    for (name, text) in schemas() {
        assert_eq!(read(&project.path(&format!("new/schema/{name}"))), text);
    }
    let again = say("--out new/schema").expect(0).stdout;
    let all = format!(
        "{} files of new/schema are as they should be\n",
        schemas().len()
    );
    assert_eq!(again, all);
    let unknown = say("tabel").expect(2).stderr;
    assert!(unknown.contains("'table'"), "{unknown}");
    project.write("file", "");
    let refused = say("--out file").expect(3).stderr;
    assert!(refused.contains("file"), "{refused}");
}

/// A file as an editor understands it: plain texts are numbers, truth values and null.
fn json(text: &str) -> Value {
    let source = Source {
        path: "rules/file.yaml".to_owned(),
        text: text.to_owned(),
    };
    let mut diagnostics = Vec::new();
    let node = yaml::parse(&source.into(), &mut diagnostics);
    to_json(&node.unwrap_or_else(|| panic!("{diagnostics:?}")))
}

fn to_json(node: &Node) -> Value {
    match &node.value {
        _ if node.is_null() => Value::Null,
        yaml::Value::Scalar { text, plain: true } => match text.as_str() {
            "true" | "false" => Value::Bool(text == "true"),
            text => serde_json::from_str(text)
                .ok()
                .filter(Value::is_number)
                .unwrap_or_else(|| text.into()),
        },
        yaml::Value::Scalar { text, .. } => text.as_str().into(),
        yaml::Value::Sequence(items) => items.iter().map(to_json).collect(),
        yaml::Value::Map(entries) => {
            let entries = entries.iter();
            let map: Map<String, Value> = entries
                .map(|(key, node)| (key.text.clone(), to_json(node)))
                .collect();
            map.into()
        }
    }
}

fn validator(kind: &FileKind) -> Validator {
    let schema = serde_json::from_str(&kind.text()).expect("JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("a schema of its draft");
    jsonschema::draft202012::new(&schema).expect("a schema")
}

/// The kind of the file at `path` of a project.
fn kind_of(path: &str) -> Option<&'static FileKind> {
    let (folder, _) = path.rsplit_once('/')?;
    KINDS.iter().find(|kind| {
        path == kind.files
            || kind.files.strip_suffix("/*.yaml") == Some(folder) && path.ends_with(".yaml")
    })
}

fn complaints(kind: &FileKind, text: &str) -> Vec<String> {
    let value = json(text);
    let validator = validator(kind);
    let errors = validator.iter_errors(&value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_shipped_file_names_its_schema_and_is_valid_under_it() {
    let mut seen = 0;
    for (inside, path) in files(&repository("rules")) {
        if !inside.ends_with(".yaml") {
            continue;
        }
        let inside = format!("rules/{inside}");
        let kind = kind_of(&inside).unwrap_or_else(|| panic!("{inside}: no schema"));
        let text = read(&path);
        let said = complaints(kind, &text);
        assert!(said.is_empty(), "{inside}: {said:#?}");
        let first = text.lines().next().unwrap_or_default();
        let named = first.strip_prefix("# yaml-language-server: $schema=");
        let named = named.unwrap_or_else(|| panic!("{inside} begins with `{first}`"));
        let found = path.parent().expect("a folder").join(named).canonicalize();
        let meant = repository(&format!("schema/{}", kind.file_name()));
        assert_eq!(found.ok(), meant.canonicalize().ok(), "{inside}");
        seen += 1;
    }
    assert_eq!(seen, 20);
}

#[test]
fn the_schema_takes_every_example_and_whatever_a_project_may_say() {
    for (word, docs) in all_pages() {
        for (path, text) in example(docs) {
            if let Some(kind) = kind_of(&path) {
                let said = complaints(kind, &text);
                assert!(said.is_empty(), "{word}, {path}: {said:#?}");
            }
        }
    }
    let project = "version: 1\nname: A\npublished:\n  files: p/*.csv\n  suppressed: { \"<5\": [1, 4], \"*\": [0, null] }\ngates: { max_rejects: 5 }\n";
    assert_eq!(
        complaints(kind_named("project"), project),
        Vec::<String>::new()
    );
    for tolerance in [
        "2",
        "0.5",
        "0.5%",
        "rounding",
        "{ absolute: 2, relative: 0.5%, rounding: true }",
        "{ rounding: 5 }",
    ] {
        let text = TOTALS.replace("severity: error", &format!("tolerance: {tolerance}"));
        assert_eq!(
            complaints(kind_named("totals"), &text),
            Vec::<String>::new(),
            "{tolerance}"
        );
    }
    for rule in [
        "range: { min: 1, max: 2.5, why: W. }",
        "not_null: { missing: [unknown], on_fail: \"null\", why: W. }",
        "not_null: { block_if: \"> 5%\", error_if: \">= 10\", warn_if: \"> 0\", why: W. }",
        "pattern: { regex: x, threshold: { max_share: 0.5 }, tags: [2017], nulls: fail, why: W. }",
    ] {
        let text = TABLE.replace("not_null: error", rule);
        assert_eq!(
            complaints(kind_named("table"), &text),
            Vec::<String>::new(),
            "{rule}"
        );
    }
}

fn kind_named(word: &str) -> &'static FileKind {
    FileKind::of_word(word).expect("a kind")
}

const TABLE: &str = r#"version: 1
table: visits
source: { files: "visits.csv" }
key: [visit_ref]
columns:
  visit_ref: { type: string, not_null: error }
  left_on: { type: date, policy: show, clean: [trim] }
rules:
  - id: visits.left_on.past
    check: { expression: { sql: "left_on < as_of()" } }
    severity: error
    on_fail: keep
    why: Nobody leaves tomorrow.
"#;

const TOTALS: &str = r#"version: 1
statements:
  - id: rooms.total
    check:
      sums_to:
        parts: { table: rooms, measure: count }
        total: { table: headline, measure: count }
        by: [period]
    severity: error
    why: Every visit is to one room.
"#;

const PROJECT: &str =
    "version: 1\nname: A project\nperiods: [{ id: a, start: 2017-01-01, end: 2018-01-01 }]\n";

/// One format more than a column may have.
const MANY_FORMATS: &str = "type: date, formats: ['%Y-%m-%da', '%Y-%m-%db', '%Y-%m-%dc', '%Y-%m-%dd', '%Y-%m-%de', '%Y-%m-%df', '%Y-%m-%dg', '%Y-%m-%dh', '%Y-%m-%di', '%Y-%m-%dj', '%Y-%m-%dk', '%Y-%m-%dl', '%Y-%m-%dm', '%Y-%m-%dn', '%Y-%m-%do', '%Y-%m-%dp', '%Y-%m-%dq', '%Y-%m-%dr', '%Y-%m-%ds', '%Y-%m-%dt', '%Y-%m-%du']";

/// Edits of good files, each of which the decoder refuses for its shape.
const REFUSED: [(&str, &str, &str); 91] = [
    // Keys that there are not, at every depth.
    ("table", "key: [", "keys: ["),
    ("table", "not_null: error", "not_nul: error"),
    ("table", "source: { files", "source: { file"),
    (
        "table",
        "not_null: error",
        "not_null: { severty: error, why: W. }",
    ),
    ("table", "not_null: error", "range: { mim: 1, why: W. }"),
    (
        "table",
        "not_null: error",
        "length: { min: 1, regex: x, why: W. }",
    ),
    ("table", "not_null: error", "expression: { sql: x }"),
    ("table", "severity: error", "serverity: error"),
    ("table", "sql: \"left_on", "slq: \"left_on"),
    ("table", "on_fail: keep", "examples: { passes: [] }"),
    ("table", "on_fail: keep", "threshold: { max_counts: 1 }"),
    ("table", "not_null: error", "missing: { refuse: [x] }"),
    (
        "table",
        "source: { files",
        "source: { freshness: { warn: 2d }, files",
    ),
    (
        "table",
        "source: { files",
        "source: { volume: { change: 2% }, files",
    ),
    ("table", "severity: error", "warn_iff: \"> 5\""),
    ("table", "severity: error", "warn_if: [5]"),
    ("table", "source: { files", "source: { freshness: 2d, files"),
    (
        "table",
        "source: { files",
        "source: { volume: { against: x, warn_change: 2% }, files",
    ),
    ("project", "periods:", "gates: { fail_on: eror }\nperiods:"),
    ("totals", "statements", "statement"),
    ("totals", "parts:", "part:"),
    ("totals", "by: [period]", "matches: [period]"),
    (
        "totals",
        "measure: count }\n        total",
        "measures: count }\n        total",
    ),
    ("totals", "severity: error", "tolerance: { absolut: 2 }"),
    ("project", "name: A project", "nam: A project"),
    ("project", "start:", "begin:"),
    // Words that there are not.
    ("table", "type: date", "type: dat"),
    ("table", "policy: show", "policy: shown"),
    ("table", "clean: [trim]", "clean: [trimm]"),
    ("table", "not_null: error", "not_null: errors"),
    ("table", "severity: error", "severity: eror"),
    ("table", "severity: error", "dimension: valid"),
    ("table", "severity: error", "nulls: failed"),
    ("table", "on_fail: keep", "on_fail: drop"),
    ("table", "on_fail: keep", "on_fail: null"),
    (
        "table",
        "not_null: error",
        "not_null: { missing: [refuse], why: W. }",
    ),
    ("totals", "severity: error", "severity: eror"),
    ("totals", "severity: error", "materiality: huge"),
    ("totals", "by: [period]", "by: [periods]"),
    // A check is exactly one kind.
    ("table", "check: { expression", "check: { expresion"),
    (
        "table",
        "check: { expression: {",
        "check: { row_count: {}, expression: {",
    ),
    (
        "table",
        "check: { expression: { sql: \"left_on < as_of()\" } }",
        "check: {}",
    ),
    (
        "table",
        "check: { expression: { sql: \"left_on < as_of()\" } }",
        "check: row_count",
    ),
    ("totals", "sums_to", "sum_to"),
    // Other types.
    ("table", "version: 1", "version: one"),
    ("table", "key: [visit_ref]", "key: visit_ref"),
    (
        "table",
        "source: { files: \"visits.csv\" }",
        "source: visits.csv",
    ),
    ("table", "not_null: error", "not_null: [error]"),
    ("table", "not_null: error", "not_null:"),
    (
        "table",
        "not_null: error",
        "accepted_values: { list: rooms, map_aliases: 1, why: W. }",
    ),
    ("table", "on_fail: keep", "threshold: { max_count: -1 }"),
    ("totals", "table: rooms", "table: 2017"),
    ("totals", "severity: error", "tolerance: much"),
    // What is needed and missing.
    ("table", "table: visits\n", ""),
    ("table", "type: date, ", ""),
    ("table", "    why: Nobody leaves tomorrow.\n", ""),
    ("table", "not_null: error", "not_null: { severity: error }"),
    ("table", "not_null: error", "accepted_values: error"),
    ("table", "not_null: error", "range: error"),
    ("table", "not_null: error", "length: error"),
    ("table", "not_null: error", "pattern: error"),
    ("table", "not_null: error", "relationships: error"),
    ("table", "not_null: error", "accepted_values: { why: W. }"),
    (
        "table",
        "not_null: error",
        "accepted_values: { list: rooms, values: [a], why: W. }",
    ),
    ("table", "not_null: error", "range: { why: W. }"),
    ("table", "not_null: error", "length: { why: W. }"),
    (
        "table",
        "not_null: error",
        "relationships: { to: visits, why: W. }",
    ),
    // Lists that say nothing, or too much.
    ("table", "key: [visit_ref]", "key: []"),
    ("table", "type: date", "type: date, formats: []"),
    ("table", "type: date", MANY_FORMATS),
    (
        "table",
        "not_null: error",
        "accepted_values: { values: [], why: W. }",
    ),
    (
        "table",
        "not_null: error",
        "unique: { columns: [], why: W. }",
    ),
    (
        "table",
        "expression: { sql: \"left_on < as_of()\" }",
        "duplicates: { columns: [] }",
    ),
    (
        "table",
        "expression: { sql: \"left_on < as_of()\" }",
        "relationships: { to: visits, columns: [] }",
    ),
    // Names of rules.
    ("table", "id: visits.left_on.past", "id: past"),
    (
        "table",
        "id: visits.left_on.past",
        "id: visits.left_on.not.past",
    ),
    ("table", "id: visits.left_on.past", "id: visits.left-on"),
    // Keys with nothing behind them.
    ("table", "severity: error", "where:"),
    (
        "table",
        "sql: \"left_on < as_of()\"",
        "sql: \"left_on < as_of()\", column:",
    ),
    (
        "table",
        "not_null: error",
        "range: { min: 1, max:, why: W. }",
    ),
    ("totals", "severity: error", "dimension:"),
    ("totals", "severity: error", "tolerance:"),
    ("totals", "severity: error", "owner: ~"),
    ("totals", "table: rooms", "table: rooms, population:"),
    ("totals", "table: rooms", "table: rooms, source:"),
    ("totals", "table: rooms", "table: rooms, origin: null"),
    ("totals", "table: rooms", "table:"),
    ("totals", "measure: count", "measure:"),
    ("project", "periods", "delivery:\nperiods"),
    ("project", "periods", "published: null\nperiods"),
    (
        "project",
        "periods",
        "delivery: { path: d, as_of: }\nperiods",
    ),
];

#[test]
fn the_schema_refuses_what_the_decoder_refuses() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (word, from, to) in REFUSED {
        let good = match word {
            "table" => TABLE,
            "totals" => TOTALS,
            _ => PROJECT,
        };
        let kind = kind_named(word);
        assert!(
            complaints(kind, good).is_empty(),
            "{:?}",
            complaints(kind, good)
        );
        let broken = good.replacen(from, to, 1);
        assert_ne!(good, broken, "{from}");
        assert!(
            !complaints(kind, &broken).is_empty(),
            "{word}: `{from}` as `{to}` passes"
        );
        let place = match word {
            "table" => "rules/tables/visits.yaml",
            "totals" => "rules/totals/rooms.yaml",
            _ => "rules/project.yaml",
        };
        let project = Project::of(&[("rules/tables/visits.yaml", TABLE), (place, &broken)]);
        let found = runtime.block_on(lint(&project.path(""), date(2020, 6, 1)));
        let mut said = found.expect("linted").diagnostics;
        said.retain(|diagnostic| diagnostic.lint.is_none());
        assert!(
            !said.is_empty(),
            "the decoder takes {word}: `{from}` as `{to}`"
        );
    }
}

/// Every broken project is refused by the program: so an editor underlines nothing that is right.
#[test]
fn of_the_broken_projects_it_refuses_those_of_a_wrong_shape() {
    let mut refused = Vec::new();
    for (inside, path) in files(&repository("tests/it/data/broken")) {
        let (name, inside) = inside.split_once('/').expect("a case");
        let Some(kind) = kind_of(inside) else {
            continue;
        };
        let text = read(&path);
        let source = Source {
            path: inside.to_owned(),
            text: text.clone(),
        };
        if yaml::parse(&source.into(), &mut Vec::new()).is_some()
            && !complaints(kind, &text).is_empty()
        {
            refused.push(name.to_owned());
        }
    }
    // Lint has a message for each case, which its own tests hold it to; these are wrong in their shape alone.
    let of_shape = [
        "accepted_variant",
        "key_with_nothing_behind_it",
        "key_with_nothing_behind_it",
        "list_for_a_map",
        "missing_key",
        "name_that_sql_cannot_take",
        "no_why",
        "report_shape",
        "share_out_of_range",
        "two_kinds",
        "unknown_dimension",
        "unknown_key",
        "unknown_key_of_a_figure",
        "unknown_key_of_a_kind",
        "unknown_kind",
        "unknown_on_fail",
        "unknown_severity",
        "unknown_type",
        "unknown_version",
        "wrong_type",
    ];
    assert_eq!(refused, of_shape);
}

/// Each kind's word with its documentation.
fn all_pages() -> Vec<(&'static str, &'static str)> {
    let pages = Kind::pages().iter().chain(Check::pages());
    pages.map(|page| (page.word, page.docs.as_str())).collect()
}

/// The files of a page's example: each is fenced under its name.
fn example(docs: &str) -> Vec<(String, String)> {
    let fenced =
        regex::Regex::new(r"(?m)^`([^`\n]+)`:\n\n```\w+\n((?s:.*?))^```$").expect("a pattern");
    let files = fenced.captures_iter(docs);
    files
        .map(|file| (file[1].to_owned(), file[2].to_owned()))
        .collect()
}

/// A table that is delivered or not: a project of statements alone needs one.
const NOTHING: &str = "version: 1\ntable: nothing\nsource: { files: \"nothing.csv\", required: false }\nkey: [ref]\ncolumns: { ref: { type: string } }\n";
const ABOUT: &str = "version: 1\nname: An example\ndelivery: { path: delivery, as_of: 2020-06-01 }\npublished: { files: \"published/*.csv\" }\n";

fn project_of(docs: &str) -> Project {
    let mut files = example(docs);
    if !files
        .iter()
        .any(|(path, _)| path.starts_with("rules/tables/"))
    {
        files.push(("rules/tables/nothing.yaml".to_owned(), NOTHING.to_owned()));
        files.push(("delivery/.keep".to_owned(), String::new()));
    }
    if files.iter().any(|(path, _)| path.starts_with("published/")) {
        files.push(("rules/project.yaml".to_owned(), ABOUT.to_owned()));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    Project::of(&files)
}

#[test]
fn every_page_has_an_example_that_does_what_the_page_says() {
    for (word, docs) in all_pages() {
        let project = project_of(docs);
        let spoken = project.run("");
        assert!(matches!(spoken.code, Some(0)), "{word}: {}", spoken.stderr);
        let log = Sheet::read(&project.path("out/current/discrepancies.csv"));
        let of_kind: Vec<&Row> = log.rows.iter().filter(|row| &row["kind"] == word).collect();
        for row in &of_kind {
            let said = format!("Category `{}`", &row["category"]);
            assert!(
                docs.contains(&said)
                    || docs.contains(&format!("`{}` unless", &row["category"]))
                    || docs.contains(&format!("category: {}", &row["category"])),
                "{word}: {said}"
            );
            let said = format!("dimension `{}`", &row["dimension"]);
            assert!(docs.contains(&said), "{word}: {said}");
        }
        let messages: Vec<&str> = of_kind.iter().map(|row| &row["message"]).collect();
        let quoted: Vec<&str> = docs
            .lines()
            .filter_map(|line| line.strip_prefix("> "))
            .collect();
        assert!(!quoted.is_empty(), "{word}: the page quotes no message");
        for quote in quoted {
            let said = match quote.strip_suffix(" …") {
                Some(start) => messages.iter().any(|message| message.starts_with(start)),
                None => messages.contains(&quote),
            };
            assert!(
                said,
                "{word}: the page quotes\n{quote}\nand its example says\n{messages:#?}"
            );
        }
        if Check::WORDS.contains(&word) {
            let rows = Sheet::read(&project.path("out/current/reconciliations.csv")).rows;
            for verdict in ["agrees", "disagrees"] {
                let is = |row: &&Row| &row["verdict"] == verdict;
                assert_eq!(rows.iter().filter(is).count(), 1, "{word}: {verdict}");
            }
        }
    }
}

#[test]
fn every_page_of_a_rule_has_examples_that_hold() {
    for page in Kind::pages() {
        let project = project_of(&page.docs);
        let held = examples_held(&project.path(""));
        for expectation in ["pass", "fail"] {
            assert!(
                held.contains(&expectation),
                "{}: no `{expectation}` example",
                page.word
            );
        }
    }
}

/// What the examples of the project's rules are there to show; fails where one does not show it.
fn examples_held(root: &Path) -> Vec<&'static str> {
    let project = trueup::project::load(root).expect("no mistakes");
    let folder = tempfile::tempdir().expect("a folder");
    let files = folder.path().to_owned();
    let scratch: Scratch = Arc::new(move |name: &str| {
        let path = files.join(name);
        Ok((File::create_new(&path)?, path))
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outcomes = runtime
        .block_on(check(&project, date(2020, 6, 1), &scratch))
        .expect("checked");
    for outcome in &outcomes {
        assert!(
            outcome.holds(),
            "{}: {outcome}",
            project.rules[outcome.rule].id
        );
    }
    outcomes
        .iter()
        .map(|outcome| outcome.expectation.word())
        .collect()
}

#[test]
fn every_page_says_what_a_reader_asks() {
    for page in Kind::pages().iter().chain(Check::pages()) {
        for section in [
            "\n## Missing ",
            "\n## In the log\n",
            "\n## A ",
            "\n## Example\n",
        ] {
            assert!(
                page.docs.contains(section),
                "{}: no section `{}`",
                page.word,
                section.trim()
            );
        }
        for setting in &page.settings {
            assert!(
                setting.docs.ends_with('.'),
                "{}: `{}` says `{}`",
                page.word,
                setting.name,
                setting.docs
            );
        }
    }
    for kind in KINDS {
        let text = kind.text();
        assert!(
            !text.contains("[`") && !text.contains(".md)"),
            "{}: a link that leads nowhere",
            kind.word
        );
    }
}
