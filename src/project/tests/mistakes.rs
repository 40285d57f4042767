//! The loader against projects with mistakes: each is shown as its author will see it.

use super::*;
use crate::diagnostics::render::lines;

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
        (
            BOOKS_FILE,
            "refused: [secret]",
            "refused: [\" secret \", \"Q\"]",
        ),
        (
            BOOKS_FILE,
            "[\"%Y-%m-%d\", \"%d/%m/%Y\"]",
            "[\"%d/%m/%Y\", \"%Y-%m-%d\", \"%m/%d/%Y\"]",
        ),
        (
            BOOKS_FILE,
            "[\"%Y-%m-%d\", \"%d/%m/%Y\"]",
            "[\"%d.%m.%y\", \"%y.%m.%d\", \"%Y.%m.%d\", \"%-d.%-m.%Y\"]",
        ),
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
        (BOOKS_FILE, "      list: genres\n", "      lsit: genres\n"),
        (
            BOOKS_FILE,
            "      list: genres\n",
            "      list: genres\n      values: [Poetry]\n",
        ),
        (
            BOOKS_FILE,
            "      list: genres\n",
            "      values: [Poetry, Prose, Poetry, \" \", \"Prose \"]\n",
        ),
        (
            BOOKS_FILE,
            "      list: genres\n      as_of: bought\n      map_aliases: true\n",
            "      values: []\n",
        ),
        (
            BOOKS_FILE,
            "    type: string\n    missing: { unknown: [\"?\"], refused: [secret] }\n    accepted_values:\n      list: genres\n      as_of: bought\n      map_aliases: true\n",
            "    type: string\n    clean: [upper]\n    accepted_values:\n      values: [POETRY, Prose]\n",
        ),
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
        (BOOKS_FILE, "    check: { row_count: { min: 1 } }\n", ""),
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
        (
            BOOKS_FILE,
            "row_count: { min: 1 }",
            "relationships: { to: books }",
        ),
        (
            BOOKS_FILE,
            "row_count: { min: 1 }",
            "relationships: { to: books, column: book }",
        ),
        (
            BOOKS_FILE,
            "row_count: { min: 1 }",
            "relationships: { to: books, column: book, columns: [book] }",
        ),
        (
            BOOKS_FILE,
            "row_count: { min: 1 }",
            "relationships: { to: book, columns: [book, pages], to_columns: [book] }",
        ),
        (
            BOOKS_FILE,
            "row_count: { min: 1 }",
            "relationships: { to: books, columns: [bok, pages], to_columns: [book, page] }",
        ),
        (BOOKS_FILE, "max_share: 0.25", "max_share: 25"),
        (
            BOOKS_FILE,
            "threshold: { max_count: 3 }",
            "on_fail: exclude",
        ),
        (BOOKS_FILE, "max: 9999", "max: 0"),
        (BOOKS_FILE, "max: 9999", "max: 010"),
        (BOOKS_FILE, "min: 1, max: 9999", "min: 1.5, max: +9"),
        (
            BOOKS_FILE,
            "type: integer\n    range: { min: 1, max: 9999",
            "type: decimal\n    range: { min: -1.55545, max: 123456789012345",
        ),
        (
            BOOKS_FILE,
            "type: integer\n    range: { min: 1, max: 9999",
            "type: decimal\n    range: { min: -1.5, max: -1.5001",
        ),
        (
            BOOKS_FILE,
            "type: integer\n    range: { min: 1, max: 9999",
            "type: date\n    range: { min: 20170105, max: 2017-01-04",
        ),
        (BOOKS_FILE, "range: { min: 1, max: 9999", "length: { min: 1"),
        (
            BOOKS_FILE,
            "    not_null: blocking\n",
            "    length: error\n    pattern: { regex: \"\", why: A test. }\n",
        ),
        (
            BOOKS_FILE,
            "    not_null: blocking\n",
            "    length: { min: 010, why: A test. }\n",
        ),
        (BOOKS_FILE, "on_fail: \"null\" }", "on_fail: null }"),
        (BOOKS_FILE, "on_fail: \"null\" }", "on_fail: }"),
        (BOOKS_FILE, "id: books.row_count", "id: books.rejects"),
        (BOOKS_FILE, "id: books.row_count", "id: books.rule_error"),
        (
            BOOKS_FILE,
            "        column: bought",
            "        category: Out of rnage",
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
        (GENRES_FILE, "Poetry,,", "Poetri,,"),
        (ALIASES_FILE, "Poems,Poetry", "Poems,Poetri"),
        (ALIASES_FILE, "Poems,Poetry", "Not said,Poetry"),
        (ALIASES_FILE, "Peotry,", "Poems,"),
        (ALIASES_FILE, "misspelling", "mispelling"),
        (ALIASES_FILE, "variant,verified", ","),
        (ALIASES_FILE, "variant,verified", "variant,maybe"),
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
