//! The loader against small projects: what a good one says.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests make the projects that are read"
)]

mod mistakes;

use std::fs;

use super::*;
use crate::{
    diagnostics::render::render,
    discrepancy::{Dimension, Severity},
    rules::{Example, Nulls, OnFail, Threshold, kinds::RuleKind},
    tables::{Alias, Cause, Clean, ColumnType, Missing, Policy, Repair},
};

const PROJECT: &str = "\
version: 1
name: A library
delivery: { path: fixtures/2020, as_of: 2021-01-09 }
periods:
  - { id: 2021, start: 2021-01-01, end: 2022-01-01 }
  - { id: 2020, start: 2020-01-01, end: 2021-01-01 }
published: { files: \"fixtures/published/*.csv\" }
gates: { max_rejects: 2 }
";
const BOOKS: &str = "\
version: 1
table: books
description: One row a book.
source: { files: \"books*.csv\", required: false }
key: [book]
columns:
  book:
    type: string
    clean: [trim, squeeze]
    description: The book's number.
    not_null: blocking
    unique:
      on_fail: quarantine
      why: A book counts once.
      examples:
        fail: [{ books: [{ book: B-1 }, { book: B-1 }] }]
  genre:
    type: string
    missing: { unknown: [\"?\"], refused: [secret] }
    accepted_values:
      list: genres
      as_of: bought
      map_aliases: true
      severity: warn
      on_fail: correct
      why: Shelves are ordered by genre.
      examples: { pass: [Poetry, 12, null], fail: [{ genre: Prose, bought: 2017-01-05 }] }
  bought:
    type: date
    formats: [\"%Y-%m-%d\", \"%d/%m/%Y\"]
    policy: hide
  pages:
    type: integer
    range: { min: 1, max: 9999, why: No book has none., on_fail: \"null\" }
    type_check: warn
rules:
  - id: books.bought.not_in_future
    check:
      expression:
        sql: |
          bought <= as_of()
        column: bought
    severity: info
    dimension: timeliness
    where: pages > 1
    nulls: fail
    threshold: { max_share: 0.25 }
    on_fail: \"null\"
    why: |
      Nobody buys tomorrow.
    owner: The desk
    tags: [dates]
    examples:
      pass: [{ bought: 2017-01-05, pages: null }]
  - id: books.row_count
    check: { row_count: { min: 1 } }
    threshold: { max_count: 3 }
    why: No book, no library.
    examples:
      fail: [{ books: [] }]
";
const GENRES: &str = "\
code,label,parent,sort,missing,valid_from,valid_to
Poetry,,Fiction,1,,,
\"Novels, \"\"long\"\"\",Novels,Fiction,2,,2001-01-01,2019-01-01
Not said,Not said,,3,refused,,
";
const ALIASES: &str = "\
alias,code,cause,confidence
Poems,Poetry,variant,verified
Peotry,Poetry,misspelling,verified
";
const TOTALS: &str = "\
version: 1
statements:
  - id: a
    check: { anything: { goes: here } }
  - id: b
";

/// The good project, with files put in place of its own or added to them.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        let good = [
            ("rules/project.yaml", PROJECT),
            ("rules/tables/books.yaml", BOOKS),
            ("rules/reference/genres.csv", GENRES),
            ("rules/reference/genres.aliases.csv", ALIASES),
            ("rules/totals/all.yaml", TOTALS),
            ("sql/model/shelves.sql", "SELECT 1"),
            ("sql/aggregates/books_by_genre.sql", "SELECT 2"),
        ];
        for (path, text) in good.iter().chain(files) {
            let path = folder.0.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    fn load(&self) -> Result<Project, LoadError> {
        load(self.0.path())
    }

    fn mistakes(&self) -> Vec<Diagnostic> {
        match self.load() {
            Err(LoadError::Diagnostics(diagnostics)) => diagnostics,
            other => panic!("mistakes were expected, not {other:?}"),
        }
    }
}

fn good() -> Project {
    match Folder::with(&[]).load() {
        Ok(project) => project,
        Err(LoadError::Diagnostics(diagnostics)) => panic!("{}", render(&diagnostics, false)),
        Err(error) => panic!("{error}"),
    }
}

type Row<'r> = &'r [(&'r str, &'r str)];

fn example(rows: &[(&str, &[Row<'_>])]) -> Example {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    let row = |row: &Row<'_>| row.iter().map(own).collect();
    rows.iter()
        .map(|(table, rows)| ((*table).to_owned(), rows.iter().map(row).collect()))
        .collect()
}

#[test]
fn a_good_project_says_what_it_declares() {
    let project = good();
    let delivery = project.delivery.expect("a delivery");
    assert_eq!(
        (project.name.as_str(), delivery.path.as_str()),
        ("A library", "fixtures/2020")
    );
    assert_eq!(delivery.as_of, Some(jiff::civil::date(2021, 1, 9)));
    let periods: Vec<&str> = project.periods.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(periods, ["2020", "2021"]);
    assert_eq!(
        (
            project.published.as_ref().map(|p| p.as_str()),
            project.max_rejects
        ),
        (Some("fixtures/published/*.csv"), 2)
    );
    let names: Vec<&str> = project
        .model
        .iter()
        .chain(&project.aggregates)
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(names, ["shelves", "books_by_genre"]);
    let statements: Vec<Option<&Node>> =
        project.totals.iter().map(|s| s.node.get("check")).collect();
    assert_eq!(statements.len(), 2);
    assert!(statements[0].is_some() && statements[1].is_none());
}

#[test]
fn a_file_of_totals_holds_statements_or_comparisons() {
    let counts = |text: &str| {
        let project = Folder::with(&[("rules/totals/years.yaml", text)]).load();
        let project = project.expect("a project");
        (project.totals.len(), project.comparisons.len())
    };
    let all = "version: 1\nstatements: [{ id: c }]\ncomparisons: [{ id: d }, { id: e }]\n";
    assert_eq!(counts(all), (3, 2));
    assert_eq!(counts("version: 1\ncomparisons: [{ id: d }]\n"), (2, 1));
    let misspelt = Folder::with(&[("rules/totals/years.yaml", "version: 1\ncomparsons: []\n")]);
    let [mistake] = &misspelt.mistakes()[..] else {
        panic!("one mistake")
    };
    assert_eq!(mistake.help.as_deref(), Some("did you mean `comparisons`?"));
}

#[test]
fn columns_are_as_declared() {
    let project = good();
    let [table] = project.tables.as_slice() else {
        panic!("one table")
    };
    assert_eq!(
        (table.files.as_str(), table.required, table.key.as_slice()),
        ("books*.csv", false, [0].as_slice())
    );
    let [book, genre, bought, pages] = table.columns.as_slice() else {
        panic!("four columns")
    };
    assert_eq!(
        (book.clean.as_slice(), genre.clean.as_slice()),
        (
            [Clean::Trim, Clean::Squeeze].as_slice(),
            [Clean::Trim].as_slice()
        )
    );
    assert_eq!(
        genre.missing,
        [
            ("?".to_owned(), Missing::Unknown),
            ("secret".to_owned(), Missing::Refused)
        ]
    );
    let codes = genre.codes.as_ref().expect("codes");
    assert_eq!(
        (codes.list, codes.as_of, codes.map_aliases, codes.repair),
        (0, Some(2), true, Repair::Correct)
    );
    assert_eq!((bought.ty, bought.policy), (ColumnType::Date, Policy::Hide));
    assert_eq!(bought.formats, ["%Y-%m-%d", "%d/%m/%Y"]);
    assert_eq!((pages.ty, pages.formats.len()), (ColumnType::Integer, 0));
    assert!(book.codes.is_none());
}

#[test]
fn no_rule_has_the_id_of_the_engine_s_own_about_a_delivery() {
    let table = BOOKS
        .replace("table: books", "table: delivery")
        .replace("id: books.row_count", "id: delivery.unclaimed");
    let folder = Folder::with(&[("rules/tables/delivery.yaml", &table)]);
    let told = |text: &str| {
        folder
            .mistakes()
            .iter()
            .filter(|d| d.message == text)
            .count()
    };
    assert_eq!(
        told("`delivery.unclaimed` is a rule that the engine has of itself"),
        1
    );
}

#[test]
fn rules_come_from_columns_types_and_the_list_in_that_order() {
    let project = good();
    let rules: Vec<_> = project
        .rules
        .iter()
        .map(|r| (r.id.as_str(), r.severity, r.on_fail, r.column))
        .collect();
    assert_eq!(
        rules,
        [
            (
                "books.book.not_null",
                Severity::Blocking,
                OnFail::Keep,
                Some(0)
            ),
            (
                "books.book.unique",
                Severity::Error,
                OnFail::Quarantine,
                Some(0)
            ),
            (
                "books.genre.accepted_values",
                Severity::Warn,
                OnFail::Correct,
                Some(1)
            ),
            ("books.bought.type", Severity::Error, OnFail::Null, Some(2)),
            ("books.pages.range", Severity::Error, OnFail::Null, Some(3)),
            ("books.pages.type", Severity::Warn, OnFail::Null, Some(3)),
            (
                "books.bought.not_in_future",
                Severity::Info,
                OnFail::Null,
                Some(2)
            ),
            ("books.row_count", Severity::Error, OnFail::Keep, None),
        ]
    );
    let whys: Vec<&str> = project.rules.iter().map(|r| r.why.as_str()).collect();
    assert_eq!(whys[0], "a book is expected on every row");
    assert_eq!(whys[3], "a bought that cannot be read is lost");
    assert_eq!(whys[6], "Nobody buys tomorrow.");
    let rule = &project.rules[6];
    assert_eq!(
        (rule.dimension, rule.nulls, rule.threshold),
        (
            Dimension::Timeliness,
            Nulls::Fail,
            Some(Threshold::MaxShare(0.25))
        )
    );
    assert_eq!(
        rule.only_where.as_ref().map(|w| w.value.as_str()),
        Some("pages > 1")
    );
    assert_eq!(
        (rule.owner.as_deref(), rule.tags.as_slice()),
        (Some("The desk"), ["dates".to_owned()].as_slice())
    );
    assert_eq!(project.rules[7].threshold, Some(Threshold::MaxCount(3)));
    assert_eq!(
        project.rules[2].dimension,
        project.rules[2].kind.dimension()
    );
}

#[test]
fn examples_are_small_deliveries_of_texts_as_written() {
    let project = good();
    let examples = |id: &str| {
        &project
            .rules
            .iter()
            .find(|r| r.id == id)
            .expect("a rule")
            .examples
    };
    let genre = examples("books.genre.accepted_values");
    let cell = |text| example(&[("books", &[&[("genre", text)]])]);
    assert_eq!(genre.pass, [cell("Poetry"), cell("12"), cell("")]);
    assert_eq!(
        genre.fail,
        [example(&[(
            "books",
            &[&[("genre", "Prose"), ("bought", "2017-01-05")]]
        )])]
    );
    let twice = [(
        "books",
        [[("book", "B-1")].as_slice(), [("book", "B-1")].as_slice()],
    )];
    assert_eq!(
        examples("books.book.unique").fail,
        [example(&[(twice[0].0, &twice[0].1)])]
    );
    assert_eq!(
        examples("books.bought.not_in_future").pass,
        [example(&[(
            "books",
            &[&[("bought", "2017-01-05"), ("pages", "")]]
        )])]
    );
    assert_eq!(
        examples("books.row_count").fail,
        [example(&[("books", &[])])]
    );
}

#[test]
fn lists_know_codes_and_aliases() {
    let project = good();
    let list = &project.lists[0];
    let codes: Vec<_> = list
        .codes
        .iter()
        .map(|c| (c.code.as_str(), c.label.as_str(), c.sort, c.missing))
        .collect();
    assert_eq!(
        codes,
        [
            ("Poetry", "Poetry", 1, None),
            ("Novels, \"long\"", "Novels", 2, None),
            ("Not said", "Not said", 3, Some(Missing::Refused)),
        ]
    );
    assert_eq!(list.codes[1].valid_to, Some(jiff::civil::date(2019, 1, 1)));
    let found = |text: &str| {
        let entry = list.meaning(text)?;
        let cause = |alias: Alias| alias.cause.map_or("variant", Cause::word);
        Some((entry.code, entry.alias.map(cause)))
    };
    assert_eq!(found("Poetry"), Some((0, None)));
    assert_eq!(found("Poems"), Some((0, Some("variant"))));
    assert_eq!(found("Peotry"), Some((0, Some("misspelling"))));
    assert_eq!(found("Poem"), None);
}

#[test]
fn a_correspondence_knows_codes_of_the_list_from_those_of_others() {
    let folder = Folder::with(&[
        (
            "rules/reference/genres_2000.csv",
            "code,label,parent,sort,missing,valid_from,valid_to\nVerse,Verse,,1,,,\nProse,Prose,,2,,,\n",
        ),
        (
            "rules/reference/genres.correspondence.csv",
            "from_list,from,to\ngenres_2000,Verse,Poetry\ngenres_2000,Prose,\ngenres,\"Novels, \"\"long\"\"\",Poetry\n",
        ),
    ]);
    let project = folder.load().expect("a good project");
    let list = project
        .lists
        .iter()
        .find(|list| list.name.as_str() == "genres");
    let list = list.expect("the list");
    let said = &list.correspondence;
    let of_others: Vec<&str> = said.of_others.iter().map(String::as_str).collect();
    assert_eq!(of_others, ["Prose", "Verse"]);
    assert_eq!(said.successors["Verse"], [0]);
    assert!(said.successors["Prose"].is_empty());
    assert_eq!(said.successors_of_own(&list.codes[1]), Some(&vec![0]));
    assert_eq!(said.successors_of_own(&list.codes[0]), None);
}

#[test]
fn a_rule_keeps_its_version_until_it_does_something_else() {
    let version = |from: &str, to: &str| {
        assert!(BOOKS.contains(from), "{from}");
        let folder = Folder::with(&[("rules/tables/books.yaml", &BOOKS.replacen(from, to, 1))]);
        let project = folder.load().unwrap_or_else(|_| panic!("{to} is good"));
        let rule = project
            .rules
            .iter()
            .find(|r| r.id == "books.pages.range")
            .expect("the rule");
        assert!(
            rule.version.len() == 12 && rule.version.bytes().all(|b| b.is_ascii_hexdigit()),
            "{}",
            rule.version
        );
        rule.version.clone()
    };
    let before = version("min: 1,", "min: 1,");
    let range = "range: { min: 1, max: 9999, why: No book has none., on_fail: \"null\" }";
    let same = [
        ("No book has none.", "Another reason."),
        (
            range,
            "range: { on_fail: \"null\", max: \"9999\", min: 1, severity: error, why: No book has none. }",
        ),
        ("    type_check: warn\n", ""),
    ];
    for (from, to) in same {
        assert_eq!(version(from, to), before, "{to}");
    }
    let other = [
        ("min: 1,", "min: 2,"),
        ("max: 9999, ", ""),
        ("on_fail: \"null\" }", "on_fail: keep }"),
        ("max: 9999,", "max: 9999, severity: warn,"),
        ("max: 9999,", "max: 9999, where: pages > 2,"),
        ("max: 9999,", "max: 9999, nulls: pass,"),
        ("max: 9999,", "max: 9999, threshold: { max_count: 2 },"),
    ];
    for (from, to) in other {
        assert_ne!(version(from, to), before, "{to}");
    }
}

#[test]
fn the_hash_is_that_of_the_lines_that_sha256sum_prints() {
    use sha2::{Digest, Sha256};
    let folder = Folder::with(&[]);
    let mut listing = String::new();
    for path in [
        "rules/project.yaml",
        "rules/reference/genres.aliases.csv",
        "rules/reference/genres.csv",
        "rules/tables/books.yaml",
        "rules/totals/all.yaml",
        "sql/aggregates/books_by_genre.sql",
        "sql/model/shelves.sql",
    ] {
        let bytes = fs::read(folder.0.path().join(path)).expect("a file");
        listing.push_str(&format!("{}  {path}\n", files::hex(&Sha256::digest(bytes))));
    }
    let hash = folder.load().expect("a project").hash;
    assert_eq!(hash, files::hex(&Sha256::digest(listing)));
    let other = Folder::with(&[("sql/model/shelves.sql", "SELECT 3")]);
    assert_ne!(other.load().expect("a project").hash, hash);
}

#[test]
fn a_folder_without_a_project_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = load(folder.path()).expect_err("no project");
    let message = error
        .to_string()
        .replace(&folder.path().display().to_string(), "HERE");
    assert_eq!(
        message,
        "there is no project in `HERE`: `rules/project.yaml` does not exist there; go to the project's folder or name it with `--project`"
    );
}

#[test]
fn the_shipped_project_has_no_mistake() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (project, diagnostics) = read(root).expect("a project");
    assert_eq!(render(&diagnostics, false), "0 mistakes\n");
    assert!(!project.rules.is_empty() && !project.totals.is_empty());
}
