//! `explain`: from a discrepancy to the very line of the export, without showing what a policy hides.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{DELIVERY, Project, Sheet, Spoken, read};

/// A small delivery, run.
fn project() -> Project {
    let project = Project::small();
    project.run("").expect(0);
    project
}

fn explain(project: &Project, word: &str, arguments: &[&str]) -> Spoken {
    Spoken::of(project.command_of("explain").arg(word).args(arguments))
}

fn page(project: &Project, word: &str, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    let spoken = explain(project, word, &arguments).expect(0);
    serde_json::from_str(&spoken.stdout).expect("JSON")
}

const HIDDEN: [(&str, &[&str]); 2] = [
    (
        "people",
        &[
            "first_name",
            "last_name",
            "date_of_birth",
            "postcode",
            "phone",
            "email",
        ],
    ),
    ("cases", &["caseworker"]),
];

#[test]
fn a_discrepancy_shows_the_very_line_of_the_export() {
    let project = project();
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let mut kinds = BTreeSet::new();
    for row in &log {
        // One discrepancy of each kind about a row of each table.
        if row["source_row"].is_empty() || !kinds.insert((&row["table"], &row["kind"])) {
            continue;
        }
        let file = read(&project.path(&format!("{DELIVERY}/{}", &row["source_file"])));
        let number: usize = row["source_line"].parse().expect("a line");
        let line = file.lines().nth(number - 1).expect("a line of the file");
        let id = &row["discrepancy_id"];
        let shown = |arguments: &[&str]| {
            let page = page(&project, id, arguments);
            let text = page["sections"]["The line of the file"]
                .as_str()
                .expect("a line")
                .to_owned();
            let mut lines = text.lines().map(str::to_owned);
            assert!(
                lines
                    .next()
                    .expect("a place")
                    .ends_with(&format!("{}:{number}", &row["source_file"]))
            );
            assert_eq!(lines.next().as_deref(), file.lines().next());
            (lines.next().expect("the record"), page)
        };
        let (as_it_stands, _) = shown(&["--show-hidden"]);
        assert_eq!(as_it_stands, line, "{id}");
        let (masked, page) = shown(&[]);
        let hidden = HIDDEN.iter().find(|(table, _)| *table == &row["table"]);
        let header: Vec<&str> = file.lines().next().expect("a header").split(',').collect();
        let expected: Vec<String> = line
            .split(',')
            .zip(&header)
            .map(|(cell, column)| {
                let hides = hidden.is_some_and(|(_, columns)| columns.contains(column));
                if hides && !cell.is_empty() {
                    "[hidden]".to_owned()
                } else {
                    cell.to_owned()
                }
            })
            .collect();
        assert_eq!(masked, expected.join(","), "{id}");
        assert_eq!(page["sections"]["The rule"]["rule id"], row["rule_id"]);
        assert_eq!(page["sections"]["History"]["status"], "new");
    }
    assert!(kinds.len() > 10, "{kinds:?}");
}

#[test]
fn a_line_of_another_file_is_never_shown() {
    let project = project();
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let row = log
        .iter()
        .find(|row| &row["table"] == "cases")
        .expect("a discrepancy");
    project.edit(&format!("{DELIVERY}/cases.csv"), |text| {
        text.replacen("C0", "D0", 1)
    });
    let spoken = explain(&project, &row["discrepancy_id"], &[]).expect(0);
    assert!(
        spoken.stdout.contains("is not the file that the run read"),
        "{}",
        spoken.stdout
    );
    std::fs::remove_file(project.path(&format!("{DELIVERY}/cases.csv"))).expect("removed");
    let spoken = explain(&project, &row["discrepancy_id"], &[]).expect(0);
    assert!(
        spoken.stdout.contains("the line cannot be shown"),
        "{}",
        spoken.stdout
    );
}

#[test]
fn a_rule_tells_what_it_does_and_what_came_of_it() {
    let project = project();
    let page = page(&project, "cases.case_ref.unique", &[]);
    let sections = &page["sections"];
    assert_eq!(page["what"], "rule");
    assert!(
        sections["The SQL that runs"]
            .as_str()
            .is_some_and(|sql| sql.contains("PARTITION BY \"case_ref\""))
    );
    let results = Sheet::read(&project.path("out/current/rule_results.csv")).rows;
    let row = results
        .iter()
        .find(|row| &row["rule_id"] == "cases.case_ref.unique")
        .expect("a row");
    for what in ["evaluated", "failed"] {
        assert_eq!(sections["What came of it in the last run"][what], row[what]);
    }
    let text = explain(&project, "cases.case_ref.unique", &[])
        .expect(0)
        .stdout;
    for part in [
        "What it checks",
        "Why",
        "How to fix it",
        "declared at",
        "rules/tables/cases.yaml:",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_statement_shows_both_figures_and_the_arithmetic() {
    let project = Project::small();
    let word = "published.closed.answers_make_the_total";
    let before = explain(&project, word, &[]).expect(0);
    assert!(
        before.stdout.contains("there is no run at"),
        "{}",
        before.stdout
    );
    project.run("").expect(0);
    let page = page(&project, word, &[]);
    let sections = &page["sections"];
    assert_eq!(
        sections["What came of it in the last run"]["disagrees"],
        "2"
    );
    let first = &sections["The arithmetic"];
    // Report line 37: 12,814 cases closed; line 564: 258 + 11,674 + 779 answers.
    assert_eq!(
        (&first["stated"], &first["computed"]),
        (&"12814".into(), &"12711".into())
    );
    let parts = sections["Its figures"].as_array().expect("figures");
    let told = |row: &Value| (row["side"].clone(), row["figure"].clone());
    let figures: Vec<_> = parts.iter().map(told).collect();
    let expected = [
        ("stated", "12, 814"),
        ("held against", "258"),
        ("held against", "11674"),
        ("held against", "779"),
    ];
    let expected = expected.map(|(side, figure)| (Value::from(side), Value::from(figure)));
    assert_eq!(figures, expected);
    assert!(
        first["evidence"]
            .as_str()
            .is_some_and(|text| text.contains("258 + 11,674 + 779"))
    );
    assert!(
        first["stated at"]
            .as_str()
            .is_some_and(|text| text.contains("report line 37"))
    );
}

#[test]
fn what_is_not_known_is_said_with_what_was_meant() {
    let project = Project::small();
    for (word, said) in [
        (
            "cases.case_ref.uniqe",
            "did you mean `cases.case_ref.unique`?",
        ),
        ("nothing", "write a rule id"),
        ("\u{1b}[31mred", "no rule, statement, kind or discrepancy"),
    ] {
        let spoken = explain(&project, word, &[]).expect(2);
        assert!(spoken.stderr.contains(said), "{word}: {}", spoken.stderr);
        assert!(!spoken.stderr.contains('\u{1b}'), "{word}");
    }
    let none = explain(&project, "0123456789", &[]).expect(3);
    assert!(
        none.stderr.contains("there is no run at"),
        "{}",
        none.stderr
    );
    let named = ["--run", "2000-01-01-000000000000"];
    let none = explain(&project, "cases.case_ref.unique", &named).expect(3);
    assert!(
        none.stderr.contains("there is no run at"),
        "{}",
        none.stderr
    );
}

/// A column that nobody declared may hold anything, and one that was hidden may have lost its declaration.
#[test]
fn what_is_hidden_or_not_declared_is_not_shown() {
    let table = "
version: 1
table: visits
source: { files: visits.csv }
key: [visit_ref]
columns:
  visit_ref: { type: string }
  size: { type: integer, range: { max: 10, why: Rooms are small. } }
  name: { type: string, policy: hide }
";
    let project = Project::of(&[
        ("rules/tables/visits.yaml", table),
        (
            "delivery/visits.csv",
            "visit_ref,size,name,extra\nV1,99,\"Ann, Example\",more of her\n",
        ),
    ]);
    project.run("").expect(0);
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let row = log
        .iter()
        .find(|row| &row["rule_id"] == "visits.size.range")
        .expect("a discrepancy");
    let id = row["discrepancy_id"].to_owned();
    let spoken = explain(&project, &id, &[]).expect(0);
    let line = "V1,99,\"[hidden]\",[hidden]";
    assert!(spoken.stdout.contains(line), "{}", spoken.stdout);
    project.edit("rules/tables/visits.yaml", |text| {
        text.replace("  name: { type: string, policy: hide }\n", "")
    });
    let spoken = explain(&project, &id, &[]).expect(0);
    assert!(spoken.stdout.contains(line), "{}", spoken.stdout);
    let spoken = explain(&project, &id, &["--show-hidden"]).expect(0);
    let line = "V1,99,\"Ann, Example\",more of her";
    assert!(spoken.stdout.contains(line), "{}", spoken.stdout);
}

#[test]
fn the_figures_of_a_row_stand_on_their_own_lines_and_add_up() {
    let project = Project::small();
    project.run("").expect(0);
    let rows = Sheet::read(&project.path("out/current/reconciliations.csv")).rows;
    let figures = read(&project.path("fixtures/published/published_figures.csv"));
    let mut looked_at = 0;
    for id in [
        "published.closed.areas_make_the_total",
        "published.closed.parts_make_the_total",
        "published.referred.parts_make_the_total",
    ] {
        for row in rows.iter().filter(|row| &row["rule_id"] == id) {
            let page = page(&project, &row["statement"], &["--all"]);
            let table = page["sections"]["Its figures"].as_array().expect("rows");
            let mut sum = 0;
            for figure in table {
                let text = |column: &str| figure[column].as_str().unwrap_or_default();
                let (_, place) = text("place").split_once(".csv:").expect("a place");
                let line: String = place.chars().take_while(char::is_ascii_digit).collect();
                let line = figures
                    .lines()
                    .nth(line.parse::<usize>().expect("a line") - 1);
                let value = text("figure").replace([',', ' '], "");
                let cell = format!(",{value},");
                assert!(line.is_some_and(|line| line.contains(&cell)), "{figure}");
                match text("side") {
                    "stated" => assert_eq!(value, &row["stated"]),
                    _ => sum += value.parse::<i64>().expect("a count"),
                }
            }
            assert_eq!(sum.to_string(), row["computed"], "{}", &row["statement"]);
            looked_at += 1;
        }
    }
    assert!(looked_at > 8, "{looked_at}");

    // A part that was corrected since the run is no part of what the run added up.
    project.edit("fixtures/published/published_figures.csv", |text| {
        text.replace("11674", "11675")
    });
    let word = "published.closed.answers_make_the_total";
    let spoken = explain(&project, word, &[]).expect(0);
    let said = "published_figures.csv has changed since the run";
    assert!(spoken.stdout.contains(said), "{}", spoken.stdout);
}

#[test]
fn kinds_rules_of_its_own_and_rows_have_pages() {
    let project = project();
    let sections = |word: &str| page(&project, word, &["--all"])["sections"].clone();
    let users = sections("not_null")["Used in this project by"].to_string();
    assert!(users.contains("people.person_ref.not_null"), "{users}");
    let users = sections("share_of")["Used in this project by"].to_string();
    assert!(users.contains("control.crime_type.percent"), "{users}");
    for own in ["cases.rejects", "cases.terminated", "delivery.unclaimed"] {
        assert!(sections(own)["How to fix it"].is_string(), "{own}");
    }
    // Case by case: the columns of a condition, and those of a query over two tables.
    let reads = sections("cases.closed_on.not_before_opening")["What it reads"].clone();
    assert_eq!(
        reads,
        serde_json::json!({ "cases": "closed_on, opened_on" })
    );
    let reads = sections("cases.duplicate_of.relationships")["What it reads"].clone();
    assert_eq!(
        reads,
        serde_json::json!({ "cases": "case_ref, duplicate_of" })
    );
    for (word, said) in [
        ("not_nul", "did you mean `not_null`?"),
        (
            "control.area.body[x]",
            "`trueup explain control.area.body --all` lists its rows",
        ),
    ] {
        let spoken = explain(&project, word, &[]).expect(2);
        assert!(spoken.stderr.contains(said), "{}", spoken.stderr);
    }
}
