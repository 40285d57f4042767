//! Columns that are not as declared: told in the log, and treated as the table says.

use std::fs;

use crate::harness::{Project, Sheet, Spoken, parquet_cells};

const HEAD: &str = "visit_ref,visited_on,ward,note\n";

/// A project of one table with these policies, whose column `ward` has these keys too, and a delivery in `in/`.
fn visits(drift: &str, ward: &str, files: &[(&str, &str)]) -> Project {
    let table = format!(
        "version: 1\ntable: visits\nsource: {{ files: \"visits*.csv\" }}\ndrift: {{ {drift} }}\nkey: [visit_ref]\n\
         columns:\n  visit_ref: {{ type: string, clean: [trim, upper] }}\n  visited_on: {{ type: date }}\n  \
         ward: {{ type: string{ward} }}\n  note: {{ type: string }}\n"
    );
    let project = Project::of(&[("rules/tables/visits.yaml", &table)]);
    fs::create_dir(project.path("in")).expect("a folder");
    for (name, text) in files {
        project.write(&format!("in/{name}"), text);
    }
    project
}

fn run(project: &Project) -> Spoken {
    project.run("--delivery in --as-of 2017-10-09")
}

fn told(project: &Project, spoken: &Spoken) -> Vec<String> {
    let log = Sheet::read(&project.path(&spoken.folder()).join("discrepancies.csv"));
    let tell = |r: &crate::harness::Row| {
        let cells = [
            "severity",
            "rule_id",
            "source_file",
            "record_key",
            "column",
            "observed",
        ];
        let cells: Vec<&str> = cells.iter().map(|column| &r[*column]).collect();
        format!(
            "{}: {} [{}]",
            cells.join("|"),
            &r["suggestion"],
            &r["message"]
        )
    };
    log.rows.iter().map(tell).collect()
}

/// Whether some line begins and another part of it is as said.
fn says(told: &[String], start: &str, part: &str) {
    let found = told
        .iter()
        .any(|l| l.starts_with(start) && l.contains(part));
    assert!(found, "{start} … {part}\n{told:#?}");
}

/// The column of the clean table, row by row.
fn clean(project: &Project, spoken: &Spoken, column: &str) -> Vec<Option<String>> {
    let path = project.path(&spoken.folder()).join("clean/visits.parquet");
    parquet_cells(&path)
        .into_iter()
        .map(|row| row[column].clone())
        .collect()
}

#[test]
fn an_alias_is_read_and_told() {
    let aliases = ", aliases: [\"Ward of visit\", \"Bezirk, \\\"neu\\\"\"]";
    let files = [
        (
            "visits1.csv",
            "visit_ref,visited_on,Ward of visit,note\nV1,2017-01-05,Abbey,x\n",
        ),
        (
            "visits2.csv",
            "visit_ref,\"Bezirk, \"\"neu\"\"\",visited_on,note\nV2,Castle,2017-01-05,x\n",
        ),
        (
            "visits3.csv",
            "visit_ref,visited_on,ward,note\nV3,2017-01-05,Eyres,x\n",
        ),
    ];
    let project = visits("", aliases, &files);
    let spoken = run(&project).expect(0);
    let wards = ["Abbey", "Castle", "Eyres"].map(|ward| Some(ward.to_owned()));
    assert_eq!(clean(&project, &spoken, "ward"), wards);
    let told = told(&project, &spoken);
    assert_eq!(told.len(), 2, "{told:#?}");
    let start = "info|visits.renamed_columns|visits1.csv|ward|ward|Ward of visit:";
    says(
        &told,
        start,
        "has the column `ward` under its alias `Ward of visit`",
    );
    let start = "info|visits.renamed_columns|visits2.csv|ward|ward|Bezirk, \"neu\":";
    says(&told, start, "");
}

#[test]
fn a_column_under_two_of_its_names_is_there_twice() {
    let text = "visit_ref,visited_on,ward,Ward,note\nV1,2017-01-05,Abbey,Castle,x\n";
    let project = visits("", ", aliases: [\"Ward\"]", &[("visits.csv", text)]);
    let spoken = run(&project).expect(3);
    let want = "more than once: `ward` (columns 3, 4 `Ward`)";
    assert!(spoken.stderr.contains(want), "{}", spoken.stderr);
}

#[test]
fn a_name_that_differs_in_case_alone_is_suggested_and_not_taken() {
    let text = "visit_ref,visited_on,WARD,note\nV1,2017-01-05,Abbey,x\n";
    let project = visits("", "", &[("visits.csv", text)]);
    let spoken = run(&project).expect(3);
    let want =
        "missing: `ward` (did you mean `WARD`? if so, write `aliases: [\"WARD\"]` under `ward`)";
    assert!(spoken.stderr.contains(want), "{}", spoken.stderr);
    // What is suggested for an alias is suggested for its column.
    let project = visits(
        "",
        ", aliases: [\"Bezirk\"]",
        &[("visits.csv", &text.replace("WARD", "bezirk "))],
    );
    let spoken = run(&project).expect(3);
    let want = "write `aliases: [\"bezirk\"]` under `ward`";
    assert!(spoken.stderr.contains(want), "{}", spoken.stderr);
}

#[test]
fn aliases_and_policies_that_cannot_be_meant_are_refused() {
    for (drift, ward, want) in [
        ("", ", aliases: [\" \"]", "an alias is blank"),
        (
            "",
            ", aliases: [\"Ward \"]",
            "no header is `Ward `, since headers are trimmed",
        ),
        (
            "",
            ", aliases: [\"ward\"]",
            "`ward` stands for `ward` already",
        ),
        (
            "",
            ", aliases: [Ward, Ward]",
            "`Ward` stands for `ward` already",
        ),
        (
            "",
            ", aliases: [note]",
            "`note` stands for `note`, which is another column",
        ),
        (
            "",
            ", from: note, aliases: [Ward]",
            "`ward` reads the cells of another column",
        ),
        ("missing_columns: null", "", "write `\"null\"`, in quotes"),
        (
            "new_columns: kep",
            "",
            "unknown policy of new columns `kep`",
        ),
        ("new_column: keep", "", "unknown key `new_column`"),
    ] {
        let project = visits(drift, ward, &[("visits.csv", HEAD)]);
        let spoken = run(&project).expect(2);
        assert!(spoken.stderr.contains(want), "{want}\n{}", spoken.stderr);
    }
}

#[test]
fn a_missing_column_is_blank_where_the_table_says_so() {
    let files = [
        (
            "visits1.csv",
            "visit_ref,visited_on,note,Wards\nV1,2017-01-05,x,Abbey\nV2,2017-01-06,x,Abbey\n",
        ),
        (
            "visits2.csv",
            "visit_ref,visited_on,ward,note\nV3,2017-01-05,Eyres,x\n",
        ),
    ];
    let project = visits("", "", &files);
    assert!(run(&project).expect(3).stderr.contains("missing: `ward`"));

    let project = visits("missing_columns: \"null\"", ", not_null: warn", &files);
    let spoken = run(&project).expect(0);
    let wards = [None, None, Some("Eyres".to_owned())];
    assert_eq!(clean(&project, &spoken, "ward"), wards);
    let log = told(&project, &spoken);
    let start = "error|visits.missing_columns|visits1.csv|ward|ward|: aliases: [\"Wards\"]";
    says(
        &log,
        start,
        "if its new column `Wards` is the one, write `aliases: [\"Wards\"]` under `ward`",
    );
    says(&log, "warn|visits.ward.not_null|visits1.csv|V2|", "");
    says(
        &log,
        "warn|visits.columns|visits1.csv|Wards||Wards",
        "it was not read",
    );
    assert_eq!(log.len(), 4, "{log:#?}");

    // Without its key a row is nobody's.
    let files = [("visits.csv", "visited_on,note\n2017-01-05,x\n")];
    let project = visits("missing_columns: \"null\"", "", &files);
    let stderr = run(&project).expect(3).stderr;
    assert!(stderr.contains("missing: `visit_ref`, `ward`"), "{stderr}");
}

#[test]
fn a_file_may_lack_every_column_but_the_key() {
    let files = [("visits.csv", "visit_ref\nV1\nV2\n")];
    let project = visits("missing_columns: \"null\"", "", &files);
    let spoken = run(&project).expect(0);
    assert_eq!(clean(&project, &spoken, "note"), [None, None]);
    assert_eq!(told(&project, &spoken).len(), 3);
}

#[test]
fn another_order_is_told_where_the_table_says_so() {
    let files = [
        ("visits1.csv", HEAD),
        ("visits2.csv", "x,visit_ref,visited_on,note,ward\n"),
        ("visits3.csv", "ward,visit_ref,visited_on,y,note\n"),
    ];
    for (drift, code, severity) in [
        ("", 0, ""),
        ("reordered_columns: ignore", 0, ""),
        ("reordered_columns: warn", 0, "warn"),
        ("reordered_columns: fail", 1, "blocking"),
    ] {
        let project = visits(drift, "", &files);
        let spoken = run(&project).expect(code);
        let mut told = told(&project, &spoken);
        told.retain(|line| line.contains("reordered"));
        let number = if severity.is_empty() { 0 } else { 2 };
        assert_eq!(told.len(), number, "{told:#?}");
        if number > 0 {
            let start = format!("{severity}|visits.reordered_columns|visits2.csv|note|note|");
            says(&told, &start, "`note` stands before `ward`");
            let start = format!("{severity}|visits.reordered_columns|visits3.csv|ward|ward|");
            says(&told, &start, "`ward` stands before `visit_ref`");
        }
    }
}

#[test]
fn new_columns_block_where_the_table_says_so() {
    let files = [(
        "visits.csv",
        "visit_ref,visited_on,ward,,note,extra\nV1,2017-01-05,a,b,c,d\n",
    )];
    for (drift, code, severity) in [
        ("", 0, "warn"),
        ("new_columns: warn", 0, "warn"),
        ("new_columns: fail", 1, "blocking"),
    ] {
        let project = visits(drift, "", &files);
        let spoken = run(&project).expect(code);
        let told = told(&project, &spoken);
        assert_eq!(told.len(), 2, "{told:#?}");
        let start = format!("{severity}|visits.columns|visits.csv|extra||extra");
        says(&told, &start, "does not declare");
        assert_eq!(project.path("out/current").exists(), code == 0);
    }
}
