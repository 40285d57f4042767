//! Columns that are not as declared: told in the log, and treated as the table says.

use std::fs;

use crate::{
    determinism::in_small_chunks,
    harness::{Project, Sheet, Spoken, files, parquet_cells, parquet_columns, read},
};

const HEAD: &str = "visit_ref,visited_on,ward,note\n";

/// A project of one table with these policies, whose column `ward` has these keys too, and its delivery.
fn visits(drift: &str, ward: &str, files: &[(&str, &str)]) -> Project {
    let table = format!(
        "version: 1\ntable: visits\nsource: {{ files: \"visits*.csv\" }}\ndrift: {{ {drift} }}\nkey: [visit_ref]\n\
         columns:\n  visit_ref: {{ type: string, clean: [trim, upper] }}\n  visited_on: {{ type: date }}\n  \
         ward: {{ type: string{ward} }}\n  note: {{ type: string }}\n"
    );
    let project = Project::of(&[("rules/tables/visits.yaml", &table)]);
    fs::create_dir(project.path("delivery")).expect("a folder");
    for (name, text) in files {
        project.write(&format!("delivery/{name}"), text);
    }
    project
}

fn run(project: &Project) -> Spoken {
    project.run("")
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

#[test]
fn a_retyped_column_is_told_once_a_file() {
    let rows = |first: usize, number: usize, day: &str| -> String {
        let row = |n| format!("V{n},{day},Abbey,x\n");
        (first..first + number).map(row).collect()
    };
    let head = |rows: &[String]| HEAD.to_owned() + &rows.concat();
    let files = [
        // All but one of 20, half of 40, one more than half, and of 19 all.
        (
            "visits1.csv",
            head(&[rows(1, 19, "25/01/2017"), rows(20, 1, "2017-01-25")]),
        ),
        (
            "visits2.csv",
            head(&[
                rows(100, 20, "x"),
                rows(120, 20, "2017-01-25"),
                rows(140, 9, ""),
            ]),
        ),
        (
            "visits3.csv",
            head(&[rows(200, 21, "43101"), rows(230, 20, "2017-01-25")]),
        ),
        ("visits4.csv", head(&[rows(300, 19, "x")])),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    for (drift, code, severity) in [
        ("", 0, "warn"),
        ("retyped_columns: warn", 0, "warn"),
        ("retyped_columns: fail", 1, "blocking"),
    ] {
        let project = visits(drift, "", &files);
        let spoken = run(&project).expect(code);
        let mut told = told(&project, &spoken);
        told.retain(|line| line.contains("retyped"));
        assert_eq!(told.len(), 2, "{told:#?}");
        let start = |file: &str, observed: &str| {
            format!("{severity}|visits.retyped_columns|{file}|visited_on|visited_on|{observed}")
        };
        let start1 = start(
            "visits1.csv",
            "19 of 20 cells cannot be read: dates as `%d/%m/%Y` [",
        );
        says(
            &told,
            &start1,
            "most cells of `visited_on` cannot be read as dates",
        );
        let start3 = start(
            "visits3.csv",
            "21 of 41 cells cannot be read: whole numbers [",
        );
        says(&told, &start3, "");
        assert!(!told.concat().contains("25/01/2017"));
    }
}

#[test]
fn new_columns_are_kept_aside_where_the_table_says_so() {
    let head = "Note,visit_ref,visited_on,,ward,note,mobile,mobile\n";
    let delivered = [
        (
            "visits1.csv",
            format!(
                "{head}n1, v1 ,2017-01-05,b1,Abbey,x,m1,+44\nn2,,2017-01-05,,Abbey,\"a\nb\",m2,\nshort\n"
            ),
        ),
        (
            "visits2.csv",
            "visit_ref,visited_on,ward,note\nv3,2017-01-05,Abbey,x\n".to_owned(),
        ),
        (
            "visits3.csv",
            "mobile,visit_ref,visited_on,ward,note,VISIT_REF\nm4,v4,2017-01-05,Abbey,x,w\n"
                .to_owned(),
        ),
    ];
    let delivered: Vec<(&str, &str)> = delivered
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    // Rows that go elsewhere are kept as well.
    let quarantine = ", not_null: { on_fail: quarantine, why: A test. }";
    let ward = ", pattern: { regex: \"Castle\", on_fail: quarantine, why: A test. }";
    let project = visits("new_columns: keep", ward, &delivered);
    project.write("rules/project.yaml", "version: 1\nname: A test\ndelivery: { path: delivery, as_of: 2020-06-01 }\ngates: { max_rejects: 1 }\n");
    project.edit("rules/tables/visits.yaml", |text| {
        text.replace(
            "clean: [trim, upper]",
            &format!("clean: [trim, upper], policy: hide{quarantine}"),
        )
    });
    let spoken = run(&project).expect(0);
    let folder = project.path(&spoken.folder());
    let path = folder.join("aside/visits.parquet");
    let columns = [
        "visit_ref",
        "_file",
        "_line",
        "Note",
        "unnamed",
        "mobile",
        "mobile_2",
        "VISIT_REF_2",
    ];
    assert_eq!(parquet_columns(&path), columns);
    let rows: Vec<String> = parquet_cells(&path)
        .iter()
        .map(|row| {
            columns
                .map(|c| row[c].clone().unwrap_or("null".to_owned()))
                .join("|")
        })
        .collect();
    let want = [
        "V1|visits1.csv|2|n1|b1|m1|+44|null",
        "null|visits1.csv|3|n2||m2||null",
        "V3|visits2.csv|2|null|null|null|null|null",
        "V4|visits3.csv|2|null|null|m4|null|w",
    ];
    assert_eq!(rows, want);
    let log = told(&project, &spoken);
    let start = "warn|visits.columns|visits1.csv|mobile||mobile";
    says(
        &log,
        start,
        "its cells are kept in aside/visits.parquet as `mobile`",
    );
    says(
        &log,
        start,
        "its cells are kept in aside/visits.parquet as `mobile_2`",
    );
    says(
        &log,
        "warn|visits.columns|visits1.csv|||",
        "a column without a name",
    );
    // Nobody has said of a new column that it may be shown.
    for (name, path) in files(&folder) {
        if name.ends_with(".csv") || name.ends_with(".json") {
            let text = read(&path);
            assert!(!text.contains("m4") && !text.contains("+44"), "{name}");
        }
    }
    assert!(read(&folder.join("manifest.json")).contains("aside/visits.parquet"));

    // There is no such file where the table does not say so, or has no new column.
    for (drift, text) in [("", delivered[0].1), ("new_columns: keep", delivered[1].1)] {
        let project = visits(drift, "", &[("visits.csv", &text.replace("short\n", ""))]);
        let spoken = run(&project).expect(0);
        assert!(!project.path(&spoken.folder()).join("aside").exists());
    }
}

#[test]
fn what_is_kept_aside_has_the_same_bytes_at_any_thread_count() {
    let mut text = HEAD.replace("note", "note,new");
    for n in 0..5_000 {
        text.push_str(&format!("V{n},2017-01-05,Abbey,x,new {n}\n"));
    }
    let project = visits(
        "new_columns: keep",
        "",
        // The same bytes twice would be read once.
        &[("visits.csv", &text), ("visits2.csv", &format!("{text}\n"))],
    );
    let kept = [1, 2, 7].map(|threads| {
        let out = format!("out{threads}");
        in_small_chunks(&project, &out, threads);
        fs::read(project.path(&out).join("current/aside/visits.parquet")).expect("a file")
    });
    assert!(kept[0] == kept[1] && kept[0] == kept[2]);
    let rows = parquet_cells(&project.path("out7/current/aside/visits.parquet"));
    let news: Vec<Option<String>> = rows.iter().map(|row| row["new"].clone()).collect();
    let want = (0..5_000).map(|n| Some(format!("new {n}")));
    assert!(news.into_iter().eq(want.clone().chain(want)));
}
