//! Deliveries of changes: the table is what the last published run had of it, without what is delivered again, and the night's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::Arc,
};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::Value;
use trueup::{
    discrepancy::Severity,
    ingest::{Limits, Reader},
    pipeline::{self, FailOn, Selection, Settings, Silent},
};

use crate::harness::{Project, Row, Sheet, Spoken, files, parquet_cells, parquet_columns, read};

const PEOPLE: &str = "person_ref,name\n";
const VISITS: &str = "visit_ref,person_ref,visited_on,room\n";
/// Columns that say where a row stood, which differ between snapshots and changes.
const PLACES: [&str; 5] = ["_delivery", "_file", "_sheet", "_row", "_line"];

fn people(delivers: &str) -> String {
    format!(
        "version: 1\ntable: people\nsource: {{ files: people.csv, required: false, delivers: {delivers} }}\nkey: [person_ref]\n\
         columns:\n  person_ref: {{ type: string, clean: [trim, upper], not_null: error, unique: error }}\n  name: {{ type: string, not_null: warn }}\n"
    )
}

fn visits(delivers: &str) -> String {
    format!(
        "version: 1\ntable: visits\nsource: {{ files: \"visits*\", required: false, delivers: {delivers} }}\nkey: [visit_ref]\n\
         columns:\n  visit_ref: {{ type: string, clean: [trim, upper], not_null: error, unique: error }}\n\
         \x20 person_ref:\n    type: string\n    clean: [trim, upper]\n    relationships: {{ to: people, column: person_ref, severity: error, why: Somebody visits. }}\n\
         \x20 visited_on: {{ type: date, formats: [\"%Y-%m-%d\", \"%d/%m/%Y\"], not_null: error }}\n\
         \x20 room:\n    type: string\n    accepted_values: {{ values: [Green, Blue], severity: error, on_fail: quarantine, why: Rooms are painted. }}\n"
    )
}

const BY_MONTH: &str = "-- One row a month.
SELECT CAST(date_trunc('month', visited_on) AS VARCHAR) AS period, 'all' AS population, coalesce(room, 'none') AS category, CAST(0 AS BIGINT) AS sort,
  count(*) AS count, CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share
FROM visits WHERE visited_on IS NOT NULL GROUP BY date_trunc('month', visited_on), coalesce(room, 'none') ORDER BY period, category
";

/// A project of people and visits, of which deliveries hold all or changes alone.
fn project(delivers: &str) -> Project {
    Project::of(&[
        ("rules/project.yaml", "version: 1\nname: Visits\n"),
        ("rules/tables/people.yaml", &people(delivers)),
        ("rules/tables/visits.yaml", &visits(delivers)),
        ("sql/aggregates/visits.sql", BY_MONTH),
    ])
}

/// Puts rows of both tables into a night; a table without rows is not delivered.
fn night(project: &Project, name: &str, people: &str, visits: &str) {
    fs::create_dir_all(project.path(name)).expect("a folder");
    for (file, head, rows) in [("people", PEOPLE, people), ("visits", VISITS, visits)] {
        if !rows.is_empty() {
            project.write(&format!("{name}/{file}.csv"), format!("{head}{rows}"));
        }
    }
}

fn run(project: &Project, name: &str) -> Spoken {
    project.run(&format!("--delivery {name} --as-of 2020-06-30 -v"))
}

/// Runs a night that is published.
fn published(project: &Project, name: &str) -> String {
    let spoken = run(project, name).expect(0);
    spoken.folder()
}

fn json(project: &Project, run: &str, name: &str) -> Value {
    serde_json::from_str(&read(&project.path(run).join(name))).expect("JSON")
}

type Cells = BTreeMap<String, Option<String>>;

/// The rows of a table of a run.
fn cells(project: &Project, run: &str, table: &str) -> Vec<Cells> {
    parquet_cells(&project.path(run).join(format!("{table}.parquet")))
}

/// The same without places, sorted.
fn contents(project: &Project, run: &str, table: &str) -> Vec<Vec<Option<String>>> {
    let without = |row: Cells| -> Vec<Option<String>> {
        let cells = row.into_iter();
        let cells = cells.filter(|(name, _)| !PLACES.contains(&name.as_str()));
        cells.map(|(_, cell)| cell).collect()
    };
    let rows = cells(project, run, table).into_iter().map(without);
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

/// The keys of a clean table, in its order.
fn keys(project: &Project, run: &str, table: &str, key: &str) -> Vec<String> {
    let rows = cells(project, run, &format!("clean/{table}")).into_iter();
    rows.map(|mut row| row.remove(key).flatten().unwrap_or_default())
        .collect()
}

/// What is open.
fn log(project: &Project, run: &str) -> Vec<Row> {
    let rows = Sheet::read(&project.path(run).join("discrepancies.csv")).rows;
    let rows = rows.into_iter();
    rows.filter(|row| &row["status"] != "resolved").collect()
}

fn ids(project: &Project, run: &str) -> BTreeSet<String> {
    let rows = log(project, run).into_iter();
    rows.map(|row| row["discrepancy_id"].to_owned()).collect()
}

/// Rule and key of each discrepancy.
fn told(project: &Project, run: &str) -> Vec<String> {
    let tell = |r: &Row| format!("{} {}", &r["rule_id"], &r["record_key"]);
    log(project, run).iter().map(tell).collect()
}

/// What the results say of a table.
fn of_table(project: &Project, run: &str, table: &str) -> Value {
    let results = json(project, run, "run_results.json");
    let tables = results["tables"].as_array().expect("tables").clone();
    let mut tables = tables.into_iter();
    tables.find(|t| t["table"] == table).expect("the table")
}

/// Fails unless the rows that the manifest counts are those of the tables, file by file.
fn balanced(project: &Project, run: &str) {
    let manifest = json(project, run, "manifest.json");
    let count = |rows: &Value, figure: &str| rows[figure].as_u64().expect("a number");
    for table in manifest["tables"].as_array().expect("tables") {
        let name = table["table"].as_str().expect("a name");
        let inputs = manifest["inputs"].as_array().expect("inputs").iter();
        let mut sum = 0;
        for rows in inputs.map(|i| &i["rows"]).filter(|r| r["table"] == name) {
            let parts = ["clean", "quarantined", "excluded", "rejected"];
            let parts: u64 = parts.iter().map(|part| count(rows, part)).sum();
            assert_eq!(count(rows, "read"), parts);
            sum += parts;
        }
        assert_eq!(count(table, "read"), sum, "{name}");
        for (folder, figure) in [("clean", "clean"), ("quarantine", "quarantined")] {
            let rows = cells(project, run, &format!("{folder}/{name}")).len() as u64;
            assert_eq!(rows, count(table, figure), "{folder}/{name}");
        }
    }
}

/// Three nights as snapshots, and as changes.
const SNAPSHOTS: [(&str, &str); 3] = [
    (
        "p1,Ann\np2,\np3,Cem\n",
        "v1,p1,2020-01-05,Green\nv2,p9,2020-01-06,Blue\nv3,p3,never,Green\nv4,p2,2020-02-07,Red\n",
    ),
    (
        "p1,Ann\np2,Bea\np3,Cem\np4,Dan\n",
        "v1,p1,2020-01-05,Green\nv2,p9,2020-01-06,Blue\nv3,p3,never,Green\nv4,p2,2020-02-07,Blue\nv5,p4,2020-03-01,Green\n",
    ),
    (
        "p1,Ann\np2,Bea\np3,Cem\np4,Dan\n",
        "v1,p1,2020-01-05,Green\nv2,p4,2020-01-06,Blue\nv3,p3,never,Green\nv4,p2,2020-02-07,Blue\nv5,p4,2020-03-01,Green\nv6,p1,2020-01-30,Green\n",
    ),
];
const CHANGES: [(&str, &str); 3] = [
    SNAPSHOTS[0],
    (
        "p2,Bea\np4,Dan\n",
        "V4 ,p2,2020-02-07,Blue\nv5,p4,2020-03-01,Green\n",
    ),
    // A correction, and a row that comes late.
    ("", "v2,p4,2020-01-06,Blue\nv6,p1,2020-01-30,Green\n"),
];

fn nights(delivers: &str, nights: &[(&str, &str); 3]) -> (Project, [String; 3]) {
    let project = project(delivers);
    let names = ["2020-06-01", "2020-06-02", "2020-06-03"];
    let mut at = 0;
    let runs = names.map(|name| {
        let (people, visits) = nights[at];
        at += 1;
        night(&project, name, people, visits);
        published(&project, name)
    });
    (project, runs)
}

#[test]
fn changes_give_what_snapshots_give() {
    let (full, of_full) = nights("full", &SNAPSHOTS);
    let (delta, of_delta) = nights("delta", &CHANGES);
    let mut seen = BTreeSet::new();
    for (full_run, delta_run) in of_full.iter().zip(&of_delta) {
        for table in ["people", "visits"] {
            for folder in ["clean", "quarantine"] {
                let path = format!("{folder}/{table}");
                assert_eq!(
                    contents(&full, full_run, &path),
                    contents(&delta, delta_run, &path),
                    "{path}"
                );
            }
        }
        let aggregate = "aggregates/visits.csv";
        let [a, b] = [(&full, full_run), (&delta, delta_run)]
            .map(|(project, run)| read(&project.path(run).join(aggregate)));
        assert_eq!(a, b);
        seen.insert(a);
        assert_eq!(ids(&full, full_run), ids(&delta, delta_run));
        balanced(&delta, delta_run);
    }
    // What came late and what was corrected stands in its own month, so that no night is as the one before.
    assert_eq!(seen.len(), 3);
    // Nobody who was not delivered tonight is missed.
    let orphans = |run: &str| {
        let told = told(&delta, run).into_iter();
        told.filter(|t| t.starts_with("visits.person_ref"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        [orphans(&of_delta[1]), orphans(&of_delta[2])],
        [
            vec!["visits.person_ref.relationships V2".to_owned()],
            vec![]
        ]
    );
    assert_eq!(told(&delta, &of_delta[2]), ["visits.visited_on.type V3"]);
    // A table that holds all costs nothing: no trace of it.
    assert!(!full.path(&of_full[2]).join("delivered").exists());
    let line = of_table(&full, &of_full[2], "visits");
    assert_eq!(
        (&line["carried"], &line["carried_from"]),
        (&0.into(), &Value::Null)
    );
}

#[test]
fn each_row_keeps_its_place_and_each_file_its_count() {
    let (project, runs) = nights("delta", &CHANGES);
    let places: Vec<[String; 5]> = cells(&project, &runs[2], "clean/visits")
        .iter()
        .map(|row| {
            ["visit_ref", "_delivery", "_file", "_row", "_line"]
                .map(|c| row[c].clone().unwrap_or_default())
        })
        .collect();
    let want = [
        ["V1", "2020-06-01", "visits.csv", "1", "2"],
        ["V3", "2020-06-01", "visits.csv", "3", "4"],
        ["V4", "2020-06-02", "visits.csv", "1", "2"],
        ["V5", "2020-06-02", "visits.csv", "2", "3"],
        ["V2", "2020-06-03", "visits.csv", "1", "2"],
        ["V6", "2020-06-03", "visits.csv", "2", "3"],
    ];
    assert_eq!(places, want.map(|row| row.map(str::to_owned)));
    // The log says in which delivery to look.
    let log = log(&project, &runs[2]);
    let place = ["source_file", "source_line", "source_row"].map(|c| &log[0][c]);
    assert_eq!(place, ["2020-06-01/visits.csv", "4", "3"]);

    let manifest = json(&project, &runs[2], "manifest.json");
    let inputs = manifest["inputs"].as_array().expect("inputs");
    let inputs: Vec<_> = inputs
        .iter()
        .map(|input| {
            let rows = &input["rows"];
            (
                input["path"].as_str().expect("a path"),
                rows["table"].as_str().expect("a table"),
                rows["read"].as_u64().expect("a number"),
                input["carried_from"].as_str(),
            )
        })
        .collect();
    let base = manifest["base"].as_str();
    assert_eq!(base, manifest["previous"]["run_id"].as_str());
    assert_eq!(runs[1], format!("out/runs/{}", base.expect("a base")));
    let mut want = [
        ("2020-06-01/people.csv", "people", 2, base),
        ("2020-06-01/visits.csv", "visits", 2, base),
        ("2020-06-02/people.csv", "people", 2, base),
        ("2020-06-02/visits.csv", "visits", 2, base),
        ("visits.csv", "visits", 2, None),
    ];
    want.sort();
    let mut found = inputs.clone();
    found.sort();
    assert_eq!(found, want);
    let earlier = json(&project, &runs[1], "manifest.json");
    let kept = earlier["outputs"].as_array().expect("outputs").iter();
    let mut kept = kept.filter(|o| o["path"] == "delivered/visits.parquet");
    let kept = kept.next().expect("kept rows");
    assert_eq!(kept["rows"], 5);
    let carried = manifest["inputs"].as_array().expect("inputs").iter();
    let mut carried = carried.filter(|i| i["path"] == "2020-06-01/visits.csv");
    let carried = carried.next().expect("an input");
    assert_eq!(carried["sha256"], kept["sha256"]);
    assert_eq!(carried["bytes"], kept["bytes"]);

    let line = of_table(&project, &runs[2], "visits");
    assert_eq!((&line["files"], &line["rows_read"]), (&1.into(), &6.into()));
    assert_eq!(
        (&line["carried"], line["carried_from"].as_str()),
        (&4.into(), base)
    );
    let superseded = serde_json::json!([{ "delivery": "2020-06-01", "rows": 1 }]);
    assert_eq!(line["superseded"], superseded);
    let line = of_table(&project, &runs[2], "people");
    assert_eq!((&line["files"], &line["carried"]), (&0.into(), &4.into()));
    assert_eq!(line["superseded"], serde_json::json!([]));
}

#[test]
fn what_was_carried_is_said() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\nv2,p1,2020-01-05,Green\n",
    );
    let first = run(&project, "2020-06-01").expect(0);
    assert!(first.stderr.contains("no earlier run"), "{}", first.stderr);
    assert!(!first.stdout.contains("carried"), "{}", first.stdout);
    let line = of_table(&project, &first.folder(), "visits");
    assert_eq!(
        (&line["carried"], &line["carried_from"]),
        (&0.into(), &Value::Null)
    );
    night(&project, "2020-06-02", "", "v2,p1,2020-01-06,Blue\n");
    let second = run(&project, "2020-06-02").expect(0);
    let id = first.folder().replace("out/runs/", "");
    let want = format!("visits: 1 rows carried on from run {id}, 1 superseded\n");
    assert!(second.stdout.contains(&want), "{}", second.stdout);
    for words in ["superseded by tonight's rows", "carried on"] {
        assert!(second.stderr.contains(words), "{}", second.stderr);
    }
}

#[test]
fn the_cleaned_key_decides_and_one_that_cannot_be_read_replaces_nothing() {
    let table = "version: 1\ntable: things\nsource: { files: things.csv, delivers: delta }\nkey: [day, number]\n\
         columns:\n  day: { type: date, formats: [\"%Y-%m-%d\", \"%d/%m/%Y\"] }\n  number: { type: integer }\n  text: { type: string }\n";
    let project = Project::of(&[
        ("rules/project.yaml", "version: 1\nname: Things\n"),
        ("rules/tables/things.yaml", table),
    ]);
    let head = "day,number,text\n";
    project.write(
        "a/things.csv",
        format!("{head}2020-01-02,7,old\n2020-01-02,8,kept\nnever,7,unread\n,7,blank\n2020-01-03,7,twice\n"),
    );
    project.write(
        "b/things.csv",
        format!("{head}02/01/2020,007,new\nnever,7,unread again\n,7,blank again\n2020-01-03,7,one\n2020-01-03,7,two\n"),
    );
    published(&project, "a");
    let run = published(&project, "b");
    let texts = keys(&project, &run, "things", "text");
    let want = [
        "kept",
        "unread",
        "blank",
        "new",
        "unread again",
        "blank again",
        "one",
        "two",
    ];
    assert_eq!(texts, want);
}

#[test]
fn several_rows_of_one_key_in_one_night_are_all_kept() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\n",
    );
    night(
        &project,
        "2020-06-02",
        "",
        "v1,p1,2020-01-06,Green\nv1,p1,2020-01-07,Green\n",
    );
    night(&project, "2020-06-03", "", "v2,p1,2020-01-06,Green\n");
    night(&project, "2020-06-04", "", "v1,p1,2020-01-08,Green\n");
    let runs = ["2020-06-01", "2020-06-02", "2020-06-03", "2020-06-04"];
    let found = runs.map(|name| {
        let run = published(&project, name);
        let twice = told(&project, &run);
        let twice = twice.iter().filter(|t| *t == "visits.visit_ref.unique V1");
        (
            keys(&project, &run, "visits", "visit_ref").join(" "),
            twice.count(),
        )
    });
    let want = [("V1", 0), ("V1 V1", 1), ("V1 V1 V2", 1), ("V2 V1", 0)];
    assert_eq!(
        found.map(|(keys, n)| (keys, n)),
        want.map(|(k, n)| (k.to_owned(), n))
    );
}

#[test]
fn a_corrected_night_goes_on_from_what_it_went_on_from_before() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\n",
    );
    night(
        &project,
        "2020-06-02",
        "",
        "v1,p1,2020-01-06,Blue\nv2,p1,2020-01-06,Blue\nv3,p1,2020-01-06,Blue\n",
    );
    let first = published(&project, "2020-06-01");
    published(&project, "2020-06-02");
    // It had a row too many, and one that should not have been changed; corrected twice.
    for (rows, want) in [
        ("v2,p1,2020-01-06,Blue\n", "V1 V2"),
        ("v2,p1,2020-01-06,Blue\nv4,p1,2020-01-06,Blue\n", "V1 V2 V4"),
    ] {
        night(&project, "2020-06-02", "", rows);
        let run = published(&project, "2020-06-02");
        assert_eq!(keys(&project, &run, "visits", "visit_ref").join(" "), want);
        let green = &cells(&project, &run, "clean/visits")[0]["room"];
        assert_eq!(green.as_deref(), Some("Green"));
        let manifest = json(&project, &run, "manifest.json");
        let base = manifest["base"].as_str().expect("a base");
        assert_eq!(first, format!("out/runs/{base}"));
        assert!(manifest["restates"].is_string());
        balanced(&project, &run);
        // Restatements are of the whole table.
        let rows = Sheet::read(&project.path(&run).join("restatements.csv")).rows;
        assert!(!rows.is_empty());
    }
    // The next night goes on from the last correction.
    night(&project, "2020-06-03", "", "v5,p1,2020-01-06,Blue\n");
    let run = published(&project, "2020-06-03");
    assert_eq!(
        keys(&project, &run, "visits", "visit_ref").join(" "),
        "V1 V2 V4 V5"
    );
}

#[test]
fn the_policy_leaves_what_the_last_night_went_on_from() {
    let project = project("delta");
    let about = "version: 1\nname: Visits\noutputs: { keep_runs: 1 }\n";
    project.write("rules/project.yaml", about);
    night(&project, "2020-06-01", "", "V1,,2020-06-01,Blue\n");
    night(
        &project,
        "2020-06-02",
        "",
        "V2,,2020-06-02,Blue\nV3,,2020-06-02,Blue\n",
    );
    night(&project, "2020-06-03", "", "V4,,2020-06-03,Blue\n");
    published(&project, "2020-06-01");
    published(&project, "2020-06-02");
    project.write(
        "2020-06-02/visits.csv",
        format!("{VISITS}V3,,2020-06-02,Green\n"),
    );
    let corrected = published(&project, "2020-06-02");
    assert_eq!(
        keys(&project, &corrected, "visits", "visit_ref"),
        ["V1", "V3"]
    );
    published(&project, "2020-06-03");
    let standing = fs::read_dir(project.path("out/runs"))
        .expect("a folder")
        .count();
    assert_eq!(standing, 2);
}

#[test]
fn a_first_night_that_is_corrected_starts_from_nothing_again() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\nv2,p1,2020-01-05,Green\n",
    );
    published(&project, "2020-06-01");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\n",
    );
    let run = published(&project, "2020-06-01");
    assert_eq!(keys(&project, &run, "visits", "visit_ref"), ["V1"]);
    assert!(json(&project, &run, "manifest.json").get("base").is_none());
}

#[test]
fn an_older_night_that_is_corrected_asks_for_the_later_ones_again() {
    let project = project("delta");
    for (name, rows) in [
        ("2020-06-01", "v1,p1,2020-01-05,Green\n"),
        (
            "2020-06-02",
            "v2,p1,2020-01-05,Green\nv9,p1,2020-01-05,Green\n",
        ),
        ("2020-06-03", "v3,p1,2020-01-05,Green\n"),
    ] {
        night(&project, name, "p1,Ann\n", rows);
        published(&project, name);
    }
    night(
        &project,
        "2020-06-02",
        "p1,Ann\n",
        "v2,p1,2020-01-05,Blue\n",
    );
    let spoken = run(&project, "2020-06-02").expect(0);
    assert_eq!(
        keys(&project, &spoken.folder(), "visits", "visit_ref"),
        ["V1", "V2"]
    );
    let words = "deliver them again, in their order";
    assert!(spoken.stderr.contains(words), "{}", spoken.stderr);
    assert!(spoken.stderr.contains("2020-06-03"), "{}", spoken.stderr);
    // The later one, unchanged, is another run now.
    let spoken = run(&project, "2020-06-03").expect(0);
    assert_eq!(
        keys(&project, &spoken.folder(), "visits", "visit_ref"),
        ["V1", "V2", "V3"]
    );
    assert!(!spoken.stderr.contains(words), "{}", spoken.stderr);
    let again = published(&project, "2020-06-03");
    assert_eq!(again, spoken.folder());
}

#[test]
fn the_same_night_again_is_the_same_run() {
    let (project, runs) = nights("delta", &CHANGES);
    let before = files(&project.path(&runs[2]));
    let before: BTreeMap<_, _> = before
        .into_iter()
        .map(|(name, path)| (name, fs::read(path).expect("a file")))
        .collect();
    let spoken = run(&project, "2020-06-03").expect(0);
    assert_eq!(spoken.folder(), runs[2]);
    assert!(
        spoken.stdout.contains("the same run stood there already"),
        "{}",
        spoken.stdout
    );
    for (name, path) in files(&project.path(&runs[2])) {
        assert!(before[&name] == fs::read(path).expect("a file"), "{name}");
    }
    assert_eq!(
        fs::read_dir(project.path("out/runs"))
            .expect("runs")
            .count(),
        3
    );
}

#[test]
fn a_folder_that_is_called_the_same_every_night_is_another_night_on_another_day() {
    let project = project("delta");
    let mut last = String::new();
    for (day, rows) in [
        (1, "v1,p1,2020-01-05,Green\n"),
        (2, "v2,p1,2020-01-05,Green\n"),
        (3, "v1,p1,2020-01-05,Blue\n"),
    ] {
        night(&project, "in", "p1,Ann\n", rows);
        let spoken = project.run(&format!("--delivery in --as-of 2020-06-0{day}"));
        last = spoken.expect(0).folder();
    }
    assert_eq!(keys(&project, &last, "visits", "visit_ref"), ["V2", "V1"]);
    // Corrected on the same day, it is the same night.
    night(&project, "in", "p1,Ann\n", "v3,p1,2020-01-05,Blue\n");
    let spoken = project.run("--delivery in --as-of 2020-06-03").expect(0);
    assert_eq!(
        keys(&project, &spoken.folder(), "visits", "visit_ref"),
        ["V1", "V2", "V3"]
    );
}

#[test]
fn runs_that_are_not_published_are_no_base() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\n",
    );
    published(&project, "2020-06-01");
    // A row that is none blocks.
    night(
        &project,
        "2020-06-02",
        "p1,Ann\n",
        "v2,p1,2020-01-05,Green\nv8,p1\n",
    );
    let blocked = run(&project, "2020-06-02").expect(1);
    let kept = format!("{}/delivered/visits", blocked.folder());
    assert_eq!(
        parquet_cells(&project.path(&format!("{kept}.parquet"))).len(),
        2
    );
    night(
        &project,
        "2020-06-03",
        "p1,Ann\n",
        "v3,p1,2020-01-05,Green\n",
    );
    project
        .run("--delivery 2020-06-03 --exclude visits.room.*")
        .expect(1);
    night(
        &project,
        "2020-06-04",
        "p1,Ann\n",
        "v4,p1,2020-01-05,Green\n",
    );
    let run = published(&project, "2020-06-04");
    assert_eq!(keys(&project, &run, "visits", "visit_ref"), ["V1", "V4"]);
}

#[test]
fn rejected_records_are_not_carried_on_and_quarantined_ones_are() {
    let project = project("delta");
    let gates = "version: 1\nname: Visits\ngates: { max_rejects: 10 }\n";
    project.write("rules/project.yaml", gates);
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\nv0,p1\nv2,p1,2020-01-05,Red\nv3,p1,2020-01-05,Blue\n",
    );
    night(&project, "2020-06-02", "", "v3,p1,2020-01-05,Green\n");
    let first = published(&project, "2020-06-01");
    let second = published(&project, "2020-06-02");
    let counts = |run: &str| {
        let line = of_table(&project, run, "visits");
        ["rows_read", "clean", "quarantined", "rejected"]
            .map(|c| line[c].as_u64().expect("a number"))
    };
    assert_eq!(
        [counts(&first), counts(&second)],
        [[4, 2, 1, 1], [3, 2, 1, 0]]
    );
    balanced(&project, &second);
    let quarantined = &cells(&project, &second, "quarantine/visits")[0];
    let place = ["visit_ref", "_delivery", "_row", "_line"].map(|c| quarantined[c].as_deref());
    assert_eq!(
        place,
        [Some("v2"), Some("2020-06-01"), Some("3"), Some("4")]
    );
    // Told again, in full.
    let told = told(&project, &second);
    let reject = told[0]
        .strip_prefix("visits.rejects #")
        .expect("a record that is lost");
    assert_eq!(told[1..], ["visits.room.accepted_values V2"], "{reject}");
    // The record that was rejected was not delivered again: it is still lost.
    let lost = &log(&project, &second)[0];
    assert_eq!((&lost["status"], &lost["action"]), ("ongoing", "rejected"));
    assert!(
        first.ends_with(&lost["last_seen_run"]),
        "{}",
        &lost["last_seen_run"]
    );
    let id = log(&project, &second)[1]["discrepancy_id"].to_owned();
    assert!(ids(&project, &first).contains(&id));
    // And explained from what was kept.
    let mut command = project.command_of("explain");
    let spoken = Spoken::of(command.arg(&id)).expect(0);
    assert!(
        spoken.stdout.contains("delivered/visits.parquet"),
        "{}",
        spoken.stdout
    );
    assert!(
        spoken.stdout.contains("quarantine/visits.parquet"),
        "{}",
        spoken.stdout
    );
}

#[test]
fn threads_change_no_byte() {
    let mut runs = Vec::new();
    for threads in [1, 2, 7] {
        let project = project("delta");
        let mut folder = String::new();
        for (name, (people, visits)) in ["2020-06-01", "2020-06-02", "2020-06-03"]
            .iter()
            .zip(CHANGES)
        {
            night(&project, name, people, visits);
            let spoken = project.run(&format!(
                "--delivery {name} --as-of 2020-06-30 --threads {threads}"
            ));
            folder = spoken.expect(0).folder();
        }
        let found = files(&project.path(&folder)).into_iter();
        let found: BTreeMap<_, _> = found
            .map(|(name, path)| (name, fs::read(path).expect("a file")))
            .collect();
        runs.push(found);
    }
    assert!(runs[0].contains_key("delivered/visits.parquet"));
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
}

fn workbook(rows: &[(&str, Option<&str>)]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("All").expect("a name");
    for (column, name) in (2..).zip(["room", "visit_ref", "person_ref", "visited_on"]) {
        sheet.write(1, column, name).expect("written");
    }
    let date = Format::new().set_num_format("dd/mm/yyyy");
    for (row, (reference, day)) in (2..).zip(rows) {
        sheet.write(row, 2, "Green").expect("written");
        sheet.write(row, 3, *reference).expect("written");
        sheet.write(row, 4, "p1").expect("written");
        match day {
            Some(day) => {
                let day = ExcelDateTime::parse_from_str(day).expect("a date");
                sheet
                    .write_with_format(row, 5, &day, &date)
                    .expect("written");
            }
            None => {
                let formula = Formula::new("=1/0").set_result("#DIV/0!");
                sheet.write_formula(row, 5, formula).expect("written");
            }
        }
    }
    book.save_to_buffer().expect("a workbook")
}

fn parquet_file(columns: &[(&str, &[&str])]) -> Vec<u8> {
    let columns = columns.iter().map(|(name, cells)| {
        let cells: ArrayRef = Arc::new(StringArray::from(cells.to_vec()));
        (*name, cells)
    });
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("a file")
}

#[test]
fn files_of_every_format_are_carried_on_with_their_places() {
    let project = project("delta");
    night(&project, "2020-06-01", "p1,Ann\n", "");
    project.write(
        "2020-06-01/visits.xlsx",
        workbook(&[
            ("v1", Some("2020-01-05")),
            ("v2", None),
            ("v3", Some("2020-01-07")),
        ]),
    );
    let columns: [(&str, &[&str]); 4] = [
        ("visit_ref", &["v3", "v4"]),
        ("person_ref", &["p1", "p1"]),
        ("visited_on", &["2020-01-08", "2020-01-09"]),
        ("room", &["Blue", "Blue"]),
    ];
    fs::create_dir(project.path("2020-06-02")).expect("a folder");
    project.write("2020-06-02/visits.parquet", parquet_file(&columns));
    fs::create_dir(project.path("2020-06-03")).expect("a folder");
    project.write(
        "2020-06-03/visits.jsonl",
        "{\"visit_ref\": \"v5\", \"person_ref\": \"p1\", \"visited_on\": \"09/01/2020\", \"room\": \"Blue\"}\n",
    );
    night(&project, "2020-06-04", "", "v6,p1,10/01/2020,Blue\n");
    let names = ["2020-06-01", "2020-06-02", "2020-06-03", "2020-06-04"];
    let runs = names.map(|name| published(&project, name));
    let rows: Vec<String> = cells(&project, &runs[3], "clean/visits")
        .iter()
        .map(|row| {
            let text = |c: &str| row[c].clone().unwrap_or_else(|| "-".to_owned());
            [
                "visit_ref",
                "visited_on",
                "_file",
                "_sheet",
                "_row",
                "_line",
            ]
            .map(text)
            .join(" ")
        })
        .collect();
    let day = |day: &str| -> String {
        // The reader of Parquet tells days since 1970 in its own words.
        day.to_owned()
    };
    let want = [
        format!("V1 {} visits.xlsx All 1 3", day("2020-01-05")),
        "V2 - visits.xlsx All 2 4".to_owned(),
        format!("V3 {} visits.parquet - 1 1", day("2020-01-08")),
        format!("V4 {} visits.parquet - 2 2", day("2020-01-09")),
        format!("V5 {} visits.jsonl - 1 1", day("2020-01-09")),
        format!("V6 {} visits.csv - 1 2", day("2020-01-10")),
    ];
    let rows: Vec<String> = rows
        .into_iter()
        .map(|row| row.replace(" +00:00", ""))
        .collect();
    assert_eq!(rows, want);
    // A cell with an error is told every night, with its place.
    let of = |run: &str| {
        let log = log(&project, run);
        let mut cell = log.iter().filter(|r| &r["rule_id"] == "visits.cell_errors");
        let cell = cell.next().expect("the cell");
        (
            cell["discrepancy_id"].to_owned(),
            cell["source_file"].to_owned(),
            cell["message"].to_owned(),
        )
    };
    let [(id, _, message), (second, ..), (last, file, again)] =
        [of(&runs[0]), of(&runs[1]), of(&runs[3])];
    assert_eq!([&id, &id], [&second, &last]);
    assert_eq!(file, "2020-06-01/visits.xlsx");
    assert!(
        message
            .starts_with("cell F4 of visits.xlsx, sheet All, column `visited_on`, says `#DIV/0!`"),
        "{message}"
    );
    assert!(
        again.starts_with("cell F4 of 2020-06-01/visits.xlsx, sheet All"),
        "{again}"
    );
}

#[test]
fn columns_may_come_and_go_between_nights() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\np2,Bea\n",
        "v1,p1,2020-01-05,Green\n",
    );
    published(&project, "2020-06-01");
    let people = people("delta");
    // One is declared since, one is not any more.
    let changed = people.replace(
        "  name: { type: string, not_null: warn }\n",
        "  town: { type: string, not_null: warn }\n",
    );
    project.write("rules/tables/people.yaml", changed);
    project.write("2020-06-02/people.csv", "person_ref,town\np2,York\n");
    let spoken = run(&project, "2020-06-02").expect(0);
    for words in ["declared since", "not declared any more"] {
        assert!(spoken.stderr.contains(words), "{words}\n{}", spoken.stderr);
    }
    let towns: Vec<_> = cells(&project, &spoken.folder(), "clean/people")
        .into_iter()
        .map(|row| (row["person_ref"].clone(), row["town"].clone()))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(towns, [(text("P1"), None), (text("P2"), text("York"))]);
    assert_eq!(
        told(&project, &spoken.folder()),
        ["people.town.not_null P1"]
    );
    let kept = parquet_columns(
        &project
            .path(&spoken.folder())
            .join("delivered/people.parquet"),
    );
    assert_eq!(
        kept,
        [
            "person_ref",
            "town",
            "_delivery",
            "_file",
            "_sheet",
            "_row",
            "_line",
            "_run",
            "_format",
            "_errors"
        ]
    );
    // Called otherwise, with the old name as an alias, it is the same column.
    let renamed = people.replace(
        "  name: { type: string, not_null: warn }\n",
        "  place: { type: string, aliases: [town] }\n",
    );
    project.write("rules/tables/people.yaml", renamed);
    project.write("2020-06-03/people.csv", "person_ref,town\np3,Hull\n");
    let run = published(&project, "2020-06-03");
    assert_eq!(
        keys(&project, &run, "people", "place"),
        ["", "York", "Hull"]
    );
    // A key that the kept rows lack ends the run.
    let rekeyed = people
        .replace("key: [person_ref]", "key: [person_ref, since]")
        .replace(
            "  name: { type: string, not_null: warn }\n",
            "  since: { type: string }\n",
        );
    project.write("rules/tables/people.yaml", rekeyed);
    project.write("2020-06-04/people.csv", "person_ref,since\np3,now\n");
    let spoken = self::run(&project, "2020-06-04").expect(3);
    let words = "has no column `since`, which is part of the key now";
    assert!(spoken.stderr.contains(words), "{}", spoken.stderr);
}

#[test]
fn several_files_of_a_night_stay_apart() {
    let project = project("delta");
    night(&project, "2020-06-01", "p1,Ann\n", "");
    for (file, rows) in [
        (
            "visits_a.csv",
            "v1,p1,2020-01-05,Green\nv2,p1,2020-01-05,Green\n",
        ),
        (
            "visits_b.csv",
            "v3,p1,2020-01-05,Green\nv4,p1,2020-01-05,Green\n",
        ),
    ] {
        project.write(&format!("2020-06-01/{file}"), format!("{VISITS}{rows}"));
    }
    night(
        &project,
        "2020-06-02",
        "",
        "v1,p1,2020-01-05,Blue\nv4,p1,2020-01-05,Blue\n",
    );
    night(&project, "2020-06-03", "", "v3,p1,2020-01-05,Blue\n");
    let runs = ["2020-06-01", "2020-06-02", "2020-06-03"].map(|name| published(&project, name));
    let carried = |run: &str| -> Vec<(String, u64)> {
        let manifest = json(&project, run, "manifest.json");
        let inputs = manifest["inputs"].as_array().expect("inputs").iter();
        let inputs =
            inputs.filter(|i| i["rows"]["table"] == "visits" && i.get("carried_from").is_some());
        inputs
            .map(|i| {
                (
                    i["path"].as_str().expect("a path").to_owned(),
                    i["rows"]["read"].as_u64().expect("rows"),
                )
            })
            .collect()
    };
    let owned = |files: &[(&str, u64)]| {
        files
            .iter()
            .map(|(f, n)| ((*f).to_owned(), *n))
            .collect::<Vec<_>>()
    };
    assert_eq!(carried(&runs[0]), []);
    assert_eq!(
        carried(&runs[1]),
        owned(&[
            ("2020-06-01/visits_a.csv", 1),
            ("2020-06-01/visits_b.csv", 1)
        ])
    );
    assert_eq!(
        carried(&runs[2]),
        owned(&[("2020-06-01/visits_a.csv", 1), ("2020-06-02/visits.csv", 2)])
    );
    for run in &runs {
        balanced(&project, run);
    }
}

#[test]
fn tables_that_hold_all_and_changes_mix() {
    let project = project("full");
    project.write("rules/tables/visits.yaml", visits("delta"));
    night(
        &project,
        "2020-06-01",
        "p1,Ann\np2,Bea\n",
        "v1,p1,2020-01-05,Green\nv2,p2,2020-01-05,Green\n",
    );
    night(
        &project,
        "2020-06-02",
        "p1,Ann\n",
        "v3,p1,2020-01-05,Green\n",
    );
    published(&project, "2020-06-01");
    let run = published(&project, "2020-06-02");
    // Of people all were delivered, so that one who is not there is gone.
    assert_eq!(keys(&project, &run, "people", "person_ref"), ["P1"]);
    assert_eq!(told(&project, &run), ["visits.person_ref.relationships V2"]);
    assert!(!project.path(&run).join("delivered/people.parquet").exists());

    // From all to changes: the run before kept no rows, which is told.
    project.write("rules/tables/people.yaml", people("delta"));
    night(&project, "2020-06-03", "p2,Bea\n", "");
    let spoken = self::run(&project, "2020-06-03").expect(0);
    assert!(
        spoken
            .stderr
            .contains("the run before kept no rows as delivered"),
        "{}",
        spoken.stderr
    );
    assert_eq!(
        keys(&project, &spoken.folder(), "people", "person_ref"),
        ["P2"]
    );
    assert_eq!(
        keys(&project, &spoken.folder(), "visits", "visit_ref"),
        ["V1", "V2", "V3"]
    );
}

#[test]
fn a_base_that_is_damaged_ends_the_run() {
    type Harm = fn(&Project, &str);
    let harms: [(Harm, &str); 4] = [
        (
            |p, run| {
                fs::remove_file(p.path(run).join("delivered/visits.parquet")).expect("removed")
            },
            "is missing",
        ),
        (
            |p, run| fs::write(p.path(run).join("delivered/visits.parquet"), "x").expect("written"),
            "has 1 bytes instead of",
        ),
        (
            |p, run| {
                let path = p.path(run).join("delivered/visits.parquet");
                let mut bytes = fs::read(&path).expect("a file");
                bytes[100] ^= 1;
                fs::write(path, bytes).expect("written");
            },
            "was changed: its SHA-256 is",
        ),
        (
            |p, run| fs::remove_file(p.path(run).join("manifest.json")).expect("removed"),
            "manifest.json",
        ),
    ];
    for (harm, words) in harms {
        let project = project("delta");
        night(
            &project,
            "2020-06-01",
            "p1,Ann\n",
            "v1,p1,2020-01-05,Green\n",
        );
        let first = published(&project, "2020-06-01");
        night(&project, "2020-06-02", "", "v2,p1,2020-01-05,Green\n");
        harm(&project, &first);
        let spoken = run(&project, "2020-06-02").expect(3);
        assert!(spoken.stderr.contains(words), "{words}\n{}", spoken.stderr);
        assert!(spoken.stderr.contains("restore"), "{}", spoken.stderr);
        assert_eq!(
            fs::read_dir(project.path("out/runs"))
                .expect("runs")
                .count(),
            1
        );
    }
}

#[test]
fn changes_need_a_key() {
    let project = project("full");
    project.write(
        "rules/tables/visits.yaml",
        visits("delta").replace("key: [visit_ref]\n", ""),
    );
    let spoken = run(&project, "nowhere").expect(2);
    for words in [
        "rules/tables/visits.yaml:3:",
        "without a key nobody can say which rows",
        "name the columns that identify a row under `key`",
    ] {
        assert!(spoken.stderr.contains(words), "{words}\n{}", spoken.stderr);
    }
    project.write("rules/tables/visits.yaml", visits("deltas"));
    let spoken = run(&project, "nowhere").expect(2);
    assert!(
        spoken.stderr.contains("did you mean `delta`?"),
        "{}",
        spoken.stderr
    );
}

/// The state of a table: room and day of each reference.
type State = BTreeMap<u8, (u8, u8)>;

fn csv(rows: impl Iterator<Item = (u8, (u8, u8))>) -> String {
    let rooms = ["Green", "Blue", "Red", ""];
    let row = |(key, (room, day)): (u8, (u8, u8))| {
        let room = rooms[usize::from(room)];
        format!("v{key},p1,2020-01-{:02},{room}\n", day + 1)
    };
    VISITS.to_owned() + &rows.map(row).collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// Eight nights that add and change rows; each night is delivered as changes, with rows that did not change among them.
    #[test]
    fn any_changes_end_in_what_the_snapshot_holds(
        nights in prop::collection::vec(
            (prop::collection::btree_map(0_u8..40, (0_u8..4, 0_u8..28), 0..12), prop::collection::btree_set(0_u8..40, 0..10), 1_usize..4),
            8,
        ),
    ) {
        let [delta, full] = ["delta", "full"].map(project);
        let mut state = State::new();
        for (at, (changed, again, parts)) in nights.iter().enumerate() {
            let name = format!("2020-06-0{}", at + 1);
            state.extend(changed);
            let delivered: Vec<(u8, (u8, u8))> = state
                .iter()
                .filter(|(key, _)| changed.contains_key(key) || again.contains(key))
                .map(|(key, row)| (*key, *row))
                .collect();
            night(&delta, &name, "p1,Ann\n", "");
            let size = delivered.len().div_ceil(*parts).max(1);
            for (part, rows) in delivered.chunks(size).enumerate() {
                delta.write(&format!("{name}/visits_{part}.csv"), csv(rows.iter().copied()));
            }
            let run = published(&delta, &name);
            balanced(&delta, &run);
        }
        night(&full, "2020-06-08", "p1,Ann\n", "");
        if !state.is_empty() {
            full.write("2020-06-08/visits.csv", csv(state.clone().into_iter()));
        }
        let of_full = published(&full, "2020-06-08");
        for path in ["clean/visits", "quarantine/visits"] {
            prop_assert_eq!(contents(&delta, "out/current", path), contents(&full, &of_full, path));
        }
        prop_assert_eq!(ids(&delta, "out/current"), ids(&full, &of_full));
    }
}

#[test]
fn a_contract_says_what_is_delivered() {
    let project = project("delta");
    let mut export = project.command_of("export");
    Spoken::of(export.args(["odcs", "--out", "ours.odcs.yaml"])).expect(0);
    fs::remove_dir_all(project.path("rules/tables")).expect("the tables");
    let mut import = project.command_of("import");
    Spoken::of(import.args(["odcs", "ours.odcs.yaml"])).expect(0);
    for table in ["people", "visits"] {
        let text = read(&project.path(&format!("rules/tables/{table}.yaml")));
        assert!(text.contains("delivers: delta"), "{text}");
    }
}

#[test]
fn rules_over_several_rows_find_what_was_carried_on() {
    let project = project("delta");
    let rule = "rules:\n  - id: visits.same_day\n    check:\n      failed_rows:\n        sql: |\n          SELECT a._row FROM visits a JOIN visits b ON a.visited_on = b.visited_on AND a._row <> b._row\n    severity: warn\n    why: One visit a day.\n";
    project.write("rules/tables/visits.yaml", visits("delta") + rule);
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\nv2,p1,2020-01-06,Green\nv3,p1,2020-01-07,Green\nv4,p1,2020-01-08,Green\n",
    );
    night(
        &project,
        "2020-06-02",
        "",
        "v1,p1,2020-01-01,Green\nv3,p1,2020-01-08,Green\n",
    );
    published(&project, "2020-06-01");
    let run = published(&project, "2020-06-02");
    let log = log(&project, &run);
    let found = log
        .iter()
        .map(|r| ["record_key", "source_file", "source_row"].map(|c| r[c].to_owned()));
    let want = [
        ["V3", "visits.csv", "2"],
        ["V4", "2020-06-01/visits.csv", "4"],
    ];
    assert_eq!(
        found.collect::<Vec<_>>(),
        want.map(|row| row.map(str::to_owned))
    );
}

/// Runs a night through the library: the command has no option for the size of chunks.
fn in_small_chunks(project: &Project, name: &str, out: &str, threads: usize) -> PathBuf {
    let settings = Settings {
        project: project.path(""),
        delivery: Some(project.path(name)),
        out: project.path(out),
        as_of: Some(jiff::civil::date(2020, 6, 30)),
        today: jiff::civil::date(2000, 1, 1),
        fail_on: Some(FailOn::At(Severity::Blocking)),
        selection: Selection::default(),
        threads,
        memory_limit: 256 << 20,
        reader: Reader::Here,
        key: None,
        limits: Some(Limits {
            chunk_bytes: 4_000,
            batch_rows: 70,
            ..Limits::default()
        }),
        progress: Arc::new(Silent),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .build()
        .expect("a runtime");
    let report = runtime.block_on(pipeline::run(&settings));
    let report = report.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(report.exit_code(), 0);
    report.folder
}

#[test]
fn tables_of_many_chunks_are_carried_on_row_by_row() {
    let project = project("delta");
    let rule = "rules:\n  - id: visits.same_day\n    check:\n      failed_rows:\n        sql: |\n          SELECT a._row FROM visits a JOIN visits b ON a.person_ref = b.person_ref AND a._row <> b._row\n    severity: warn\n    why: One visit each.\n";
    project.write("rules/tables/visits.yaml", visits("delta") + rule);
    // Of every seven rows some are replaced, and whole stretches of them.
    let rows = |of: &dyn Fn(usize) -> bool, room: &str| -> String {
        let row = |n: usize| format!("v{n},p{},2020-01-{:02},{room}\n", n % 1_900, n % 28 + 1);
        (1..=2_000).filter(|n| of(*n)).map(row).collect()
    };
    let replaced = |n: usize| n % 7 < 2 || (900..1_300).contains(&n);
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        &rows(&|_| true, "Green"),
    );
    night(&project, "2020-06-02", "", &rows(&replaced, "Blue"));
    let mut runs = Vec::new();
    for threads in [1, 2, 7] {
        let out = format!("out{threads}");
        in_small_chunks(&project, "2020-06-01", &out, threads);
        let run = in_small_chunks(&project, "2020-06-02", &out, threads);
        let found = files(&run).into_iter();
        let found = found.map(|(name, path)| (name, fs::read(path).expect("a file")));
        runs.push(found.collect::<BTreeMap<_, _>>());
    }
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
    let run = "out1/current";
    balanced(&project, run);
    let visits = cells(&project, run, "clean/visits");
    assert_eq!(visits.len(), 2_000);
    let of = |row: &Cells, column: &str| row[column].clone().unwrap_or_default();
    let blue = visits
        .iter()
        .filter(|row| of(row, "room") == "Blue")
        .count();
    assert_eq!(blue, (1..=2_000).filter(|n| replaced(*n)).count());
    for row in visits.iter().filter(|row| of(row, "room") == "Green") {
        // The nth record of the first night is vn.
        assert_eq!(of(row, "visit_ref"), format!("V{}", of(row, "_row")));
    }
    // 100 people have two visits.
    let found = told(&project, run).into_iter();
    let found = found.filter(|t| t.starts_with("visits.same_day"));
    assert_eq!(found.count(), 200);
}

#[test]
fn a_night_whose_base_was_removed_cannot_be_corrected() {
    let project = project("delta");
    night(
        &project,
        "2020-06-01",
        "p1,Ann\n",
        "v1,p1,2020-01-05,Green\n",
    );
    night(&project, "2020-06-02", "", "v2,p1,2020-01-05,Green\n");
    let first = published(&project, "2020-06-01");
    published(&project, "2020-06-02");
    fs::remove_dir_all(project.path(&first)).expect("removed");
    night(&project, "2020-06-02", "", "v3,p1,2020-01-05,Green\n");
    let spoken = run(&project, "2020-06-02").expect(3);
    let words = format!("and its folder `{first}` is not there; nothing was published");
    assert!(spoken.stderr.contains(&words), "{words}\n{}", spoken.stderr);
    // A new night needs the last run alone.
    night(&project, "2020-06-03", "", "v3,p1,2020-01-05,Green\n");
    let run = published(&project, "2020-06-03");
    assert_eq!(
        keys(&project, &run, "visits", "visit_ref"),
        ["V1", "V2", "V3"]
    );
}
