//! The loader against small projects: good ones load, and each mistake is shown as its author will see it.

use std::fs;

use super::*;
use crate::{
    diagnostics::render::{lines, render},
    discrepancy::{Dimension, Severity},
    rules::{Example, Nulls, OnFail, Threshold, kinds::RuleKind},
    tables::{AliasCause, Clean, ColumnType, Missing, Policy, Repair},
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
    range: { min: 1, max: 9999, why: No book has none., on_fail: null }
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
    on_fail: null
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
        (project.published.as_deref(), project.max_rejects),
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
        list.lookup
            .get(text)
            .map(|e| (e.code, e.alias.map(AliasCause::word)))
    };
    assert_eq!(found("Poetry"), Some((0, None)));
    assert_eq!(found("Poems"), Some((0, Some("variant"))));
    assert_eq!(found("Peotry"), Some((0, Some("misspelling"))));
    assert_eq!(found("Poem"), None);
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
    let range = "range: { min: 1, max: 9999, why: No book has none., on_fail: null }";
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
        ("on_fail: null }", "on_fail: keep }"),
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

#[test]
fn every_mistake_of_every_file_is_reported_in_one_go() {
    let folder = Folder::with(&[
        ("rules/project.yaml", "version: 2\nname: ''\nperiod: []\n"),
        (
            "rules/tables/books.yaml",
            &BOOKS
                .replace("severity: info", "severity: eror")
                .replace("policy: hide", "polcy: hide")
                .replace("clean: [trim, squeeze]", "clean: [trim, sqeeze]")
                .replace("min: 1,", "mim: 1,"),
        ),
        (
            "rules/reference/genres.csv",
            &GENRES.replace(",1,", ",first,"),
        ),
        ("rules/totals/all.yaml", "version: 1\n"),
    ]);
    let diagnostics = folder.mistakes();
    let said: Vec<String> = lines(&diagnostics)
        .iter()
        .map(|l| {
            format!(
                "{}:{} {}",
                l.file.unwrap_or_default(),
                l.line.unwrap_or_default(),
                l.message
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "rules/project.yaml:1 version 2 of this format is not known",
            "rules/project.yaml:2 the project's name is blank",
            "rules/project.yaml:3 unknown key `period`",
            "rules/reference/genres.csv:2 sort has to be a whole number",
            "rules/tables/books.yaml:9 unknown repair `sqeeze`",
            "rules/tables/books.yaml:31 unknown key `polcy`",
            "rules/tables/books.yaml:34 unknown key `mim`",
            "rules/tables/books.yaml:43 unknown severity `eror`",
            "rules/totals/all.yaml:1 `statements` is missing",
        ]
    );
}

/// A change of one file of the good project, `from` to `to`; `from` blank puts `to` in the file's place.
type Change = (&'static str, &'static str, &'static str);

const BOOKS_FILE: &str = "rules/tables/books.yaml";
const PROJECT_FILE: &str = "rules/project.yaml";
const GENRES_FILE: &str = "rules/reference/genres.csv";
const ALIASES_FILE: &str = "rules/reference/genres.aliases.csv";

fn shown(changes: &[Change]) -> String {
    let mut text = String::new();
    for (file, from, to) in changes {
        let before = match *file {
            BOOKS_FILE => BOOKS,
            PROJECT_FILE => PROJECT,
            GENRES_FILE => GENRES,
            ALIASES_FILE => ALIASES,
            "rules/totals/all.yaml" => TOTALS,
            _ => "",
        };
        assert!(before.contains(from), "{from:?} is not in {file}");
        let after = if from.is_empty() {
            (*to).to_owned()
        } else {
            before.replacen(from, to, 1)
        };
        let shown = Folder::with(&[(file, &after)]).mistakes();
        text.push_str(&format!(
            "## {file}: {from:?} → {to:?}\n{}\n",
            render(&shown, false)
        ));
    }
    text
}

#[test]
fn mistakes_in_table_files_are_shown() {
    let shown = shown(&[
        (BOOKS_FILE, "version: 1", "version: one"),
        (BOOKS_FILE, "table: books", "table: book"),
        (BOOKS_FILE, "source: {", "sourse: {"),
        (BOOKS_FILE, "columns:", "colums:"),
        (BOOKS_FILE, "\"books*.csv\"", "../books.csv"),
        (BOOKS_FILE, "key: [book]", "key: [book, bok, book]"),
        (BOOKS_FILE, "key: [book]", "key: book"),
        (BOOKS_FILE, "  pages:", "  _pages:"),
        (BOOKS_FILE, "  pages:", "  book:"),
        (BOOKS_FILE, "type: integer", "type: int"),
        (BOOKS_FILE, "    type: integer\n", ""),
        (
            BOOKS_FILE,
            "type: integer",
            "type: integer\n    formats: [\"%d\"]",
        ),
        (BOOKS_FILE, "\"%d/%m/%Y\"", "\"%d/%m\""),
        (BOOKS_FILE, "\"%d/%m/%Y\"", "\"%Y-%Q\""),
        (BOOKS_FILE, "\"%d/%m/%Y\"", "\"%Y-%m-%d\""),
        (BOOKS_FILE, "refused: [secret]", "refused: [\"?\"]"),
        (BOOKS_FILE, "refused: [secret]", "refuses: [secret]"),
        (BOOKS_FILE, "policy: hide", "policy: hidden"),
        (BOOKS_FILE, "type_check: warn", "not_null: [error]"),
        (
            BOOKS_FILE,
            "    type: date\n",
            "    type: string\n    type_check: error\n",
        ),
        (BOOKS_FILE, "version: 1", "version: 1\nname:\n\ttab: 1"),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn mistakes_in_rules_are_shown() {
    let shown = shown(&[
        (BOOKS_FILE, "not_null: blocking", "not_null: bloking"),
        (BOOKS_FILE, "list: genres", "list: genre"),
        (BOOKS_FILE, "      list: genres\n", ""),
        (BOOKS_FILE, "as_of: bought", "as_of: brought"),
        (BOOKS_FILE, "map_aliases: true", "map_aliases: yes"),
        (BOOKS_FILE, "map_aliases: true", "map_alias: true"),
        (BOOKS_FILE, "on_fail: quarantine", "on_fail: correct"),
        (BOOKS_FILE, "on_fail: quarantine", "on_fail: drop"),
        (BOOKS_FILE, "      why: A book counts once.\n", ""),
        (BOOKS_FILE, "why: A book counts once.", "why:"),
        (BOOKS_FILE, "Poetry, 12, null", "[Poetry]"),
        (BOOKS_FILE, "genre: Prose", "genus: Prose"),
        (
            BOOKS_FILE,
            "[{ books: [{ book: B-1 }, { book: B-1 }] }]",
            "[{ book: B-1 }]",
        ),
        (
            BOOKS_FILE,
            "{ books: [{ book: B-1 }, { book: B-1 }] }",
            "{ boks: [{ book: B-1 }] }",
        ),
        (BOOKS_FILE, "min: 1, max", "min: one, max"),
        (
            BOOKS_FILE,
            "id: books.bought.not_in_future",
            "id: book.bought.not_in_future",
        ),
        (
            BOOKS_FILE,
            "id: books.bought.not_in_future",
            "id: books.Bought",
        ),
        (
            BOOKS_FILE,
            "id: books.bought.not_in_future",
            "id: books.pages.range",
        ),
        (
            BOOKS_FILE,
            "  - id: books.bought.not_in_future\n    check:",
            "  - check:",
        ),
        (
            BOOKS_FILE,
            "check: { row_count: { min: 1 } }",
            "check: { row_cont: { min: 1 } }",
        ),
        (
            BOOKS_FILE,
            "check: { row_count: { min: 1 } }",
            "check: row_count",
        ),
        (
            BOOKS_FILE,
            "check: { row_count: { min: 1 } }",
            "check: { row_count: {}, length: {} }",
        ),
        (BOOKS_FILE, "row_count: { min: 1 }", "not_null: {}"),
        (
            BOOKS_FILE,
            "row_count: { min: 1 }",
            "row_count: { min: \"1\" }",
        ),
        (
            BOOKS_FILE,
            "        column: bought",
            "        column: brought",
        ),
        (BOOKS_FILE, "        column: bought\n", ""),
        (BOOKS_FILE, "max_share: 0.25", "max_share: 25"),
        (
            BOOKS_FILE,
            "threshold: { max_count: 3 }",
            "on_fail: exclude",
        ),
        (BOOKS_FILE, "dimension: timeliness", "dimension: time"),
        (BOOKS_FILE, "nulls: fail", "nulls: null"),
        (BOOKS_FILE, "owner: The desk", "ower: The desk"),
        (
            BOOKS_FILE,
            "[{ bought: 2017-01-05, pages: null }]",
            "[{ books: [{ bought: 2017-01-05 }] }]",
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn mistakes_in_lists_are_shown() {
    let shown = shown(&[
        (GENRES_FILE, "code,label", "label,code"),
        (GENRES_FILE, "Not said,Not said", "Poetry,Not said"),
        (GENRES_FILE, "refused", "refuse"),
        (GENRES_FILE, "2001-01-01", "01/01/2001"),
        (GENRES_FILE, "2001-01-01", "2020-01-01"),
        (GENRES_FILE, "Poetry,,", "Poetry,"),
        (GENRES_FILE, "Poetry,,", "Poet\"ry,,"),
        (GENRES_FILE, "\"long\"\"\"", "\"long\"\""),
        (GENRES_FILE, "Poetry,,", " Poetry,,"),
        (ALIASES_FILE, "Poems,Poetry", "Poems,Poetri"),
        (ALIASES_FILE, "Poems,Poetry", "Not said,Poetry"),
        (ALIASES_FILE, "Peotry,", "Poems,"),
        (ALIASES_FILE, "misspelling", "mispelling"),
        (ALIASES_FILE, "variant,verified", ","),
        (
            "rules/reference/genre.aliases.csv",
            "",
            "alias,code,cause,confidence\n",
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn mistakes_in_other_files_are_shown() {
    let shown = shown(&[
        (PROJECT_FILE, "name: A library", "nam: A library"),
        (PROJECT_FILE, "as_of: 2021-01-09", "as_of: 9 January"),
        (PROJECT_FILE, "start: 2020-01-01", "start: 2021-01-01"),
        (PROJECT_FILE, "end: 2021-01-01", "end: 2021-01-02"),
        (PROJECT_FILE, "id: 2020", "id: 2021"),
        (PROJECT_FILE, "max_rejects: 2", "max_rejects: -2"),
        (PROJECT_FILE, "fixtures/published", "/fixtures/published"),
        ("rules/totals/all.yaml", "statements:", "statments:"),
        ("rules/tabels/x.yaml", "", "version: 1\n"),
        ("rules/tables/films.yml", "", "version: 1\n"),
        ("rules/tables/periods.yaml", "", "version: 1\n"),
        ("sql/model/books.sql", "", "SELECT 1"),
        ("sql/aggregates/By Genre.sql", "", "SELECT 1"),
        ("sql/aggregates/empty.sql", "", "\n"),
    ]);
    insta::assert_snapshot!(shown);
}
