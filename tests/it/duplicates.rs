//! Exact duplicates: every row of a group is told with its place, what was delivered twice apart from what contradicts itself.

use crate::harness::{Project, Row, Sheet, parquet_cells, read};

const TABLE: &str = r#"version: 1
table: visits
source: { files: "visits*.csv" }
key: [visit_ref]
columns:
  visit_ref: { type: string }
  room: { type: string }
  visited_on: { type: date }
  size: { type: integer }
  note: { type: string, policy: hide }
rules:
  - id: visits.twice
    check: { duplicates: { columns: [room, visited_on], SETTINGS } }
    on_fail: exclude
    why: A visit entered twice is counted twice.
"#;
const FIRST: &str = "visit_ref,room,visited_on,size,note
V3,Green,2017-01-04,4,a
V1,Green,2017-01-04,4,a
V2,Blue,2017-01-04,4,
V4,,2017-01-04,4,
V4,,2017-01-04,4,
";
const SECOND: &str = "visit_ref,room,visited_on,size,note
V3,Green,2017-01-04,4,a
V5,Green,2017-01-04,5,b
";

fn run(settings: &str) -> (Vec<Row>, Vec<String>) {
    let project = Project::of(&[
        (
            "rules/tables/visits.yaml",
            &TABLE.replace("SETTINGS", settings),
        ),
        ("delivery/visits1.csv", FIRST),
        ("delivery/visits2.csv", SECOND),
    ]);
    project.run("").expect(0);
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let clean = parquet_cells(&project.path("out/current/clean/visits.parquet"));
    let key = |row: std::collections::BTreeMap<String, Option<String>>| {
        let size = row["size"].clone().unwrap_or_default();
        format!("{} of {size}", row["visit_ref"].clone().unwrap_or_default())
    };
    (log, clean.into_iter().map(key).collect())
}

fn told(log: &[Row]) -> Vec<String> {
    let mut told: Vec<String> = log
        .iter()
        .map(|row| {
            let (said, _) = row["message"]
                .split_once(';')
                .unwrap_or((&row["message"], ""));
            let note = row["message"]
                .split_once('(')
                .and_then(|(_, rest)| rest.split_once(')'));
            let note = note.map_or(said, |(note, _)| note);
            format!(
                "{} {} {}: {note}",
                &row["source_file"], &row["source_row"], &row["action"]
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn each_row_of_a_group_says_its_place_and_how_it_differs_from_the_one_that_survives() {
    let (log, clean) = run("order_by: [visit_ref]");
    assert_eq!(
        told(&log),
        [
            "visits1.csv 1 excluded: 2 of 4; differs from `V1` on line 3 in visit_ref",
            "visits1.csv 2 kept: 1 of 4, which survives",
            "visits2.csv 1 excluded: 3 of 4; differs from `V1` on line 3 of visits1.csv in visit_ref",
            "visits2.csv 2 excluded: 4 of 4; differs from `V1` on line 3 of visits1.csv in visit_ref, size, note",
        ]
    );
    let groups: Vec<&str> = log.iter().map(|row| &row["group_id"]).collect();
    assert!(
        groups
            .iter()
            .all(|group| *group == groups[0] && !group.is_empty())
    );
    // What is not evaluated stays, and so does the one that survives.
    assert_eq!(clean, ["V1 of 4", "V2 of 4", "V4 of 4", "V4 of 4"]);
}

#[test]
fn what_was_delivered_twice_is_identical() {
    let (log, clean) = run("keep: first");
    assert_eq!(
        told(&log),
        [
            "visits1.csv 1 kept: 1 of 4, which survives",
            "visits1.csv 2 excluded: 2 of 4; differs from `V3` on line 2 in visit_ref",
            "visits2.csv 1 excluded: 3 of 4; identical to `V3` on line 2 of visits1.csv",
            "visits2.csv 2 excluded: 4 of 4; differs from `V3` on line 2 of visits1.csv in visit_ref, size, note",
        ]
    );
    assert_eq!(clean, ["V3 of 4", "V2 of 4", "V4 of 4", "V4 of 4"]);
}

#[test]
fn the_last_may_be_the_one_that_survives() {
    let (log, clean) = run("order_by: [size], keep: last");
    assert_eq!(told(&log)[3], "visits2.csv 2 kept: 1 of 4, which survives");
    assert_eq!(clean, ["V2 of 4", "V4 of 4", "V4 of 4", "V5 of 5"]);
}

const UNIQUE: &str = r#"version: 1
table: visits
source: { files: "visits*.csv" }
key: [visit_ref]
columns:
  visit_ref:
    type: string
    HIDE
    unique: { on_fail: quarantine, why: A visit entered twice is counted twice. }
  room: { type: string, clean: [upper] }
  visited_on: { type: date }
  note: { type: string, policy: hide }
"#;
const KEYS: [&str; 2] = [
    "visit_ref,room,visited_on,note
V1,Green,2017-01-04,a
V2,Blue,2017-01-04,
V1,green,2017-01-04,a
V2,Blue,2017-01-04,b
",
    "visit_ref,room,visited_on,note
V1,Red,,a
V3,Green,2017-01-04,
V3,Green,2017-01-04,
,Green,2017-01-04,
,Green,2017-01-04,
",
];

#[test]
fn a_key_twice_says_how_often_it_is_there_and_in_which_columns_its_rows_differ() {
    let project = |hide: &str| {
        Project::of(&[
            ("rules/tables/visits.yaml", &UNIQUE.replace("HIDE", hide)),
            ("delivery/visits1.csv", KEYS[0]),
            ("delivery/visits2.csv", KEYS[1]),
        ])
    };
    let shown = project("");
    shown.run("").expect(0);
    let log = Sheet::read(&shown.path("out/current/discrepancies.csv")).rows;
    let expected = [
        "visits1.csv 3 quarantined: first of 3 on line 2; identical",
        "visits1.csv 4 quarantined: first of 2 on line 3; differs in note",
        "visits2.csv 1 quarantined: first of 3 on line 2 of visits1.csv; differs in room, visited_on",
        "visits2.csv 3 quarantined: first of 2 on line 3; identical",
    ];
    assert_eq!(told(&log), expected);

    // Groups are told apart though their keys may not be shown.
    let hidden = project("policy: hide");
    hidden.run("").expect(0);
    let log = Sheet::read(&hidden.path("out/current/discrepancies.csv")).rows;
    assert_eq!(told(&log), expected);
    let mut groups: Vec<&str> = log.iter().map(|row| &row["group_id"]).collect();
    groups.sort();
    assert!(groups.iter().all(|group| !group.is_empty()));
    groups.dedup();
    assert_eq!(groups.len(), 3);
}

#[test]
fn more_repeated_rows_than_memory_holds_are_told_one_by_one() {
    const KEYS: usize = 40_000;
    let mut rows = String::from("visit_ref,room,visited_on,note\n");
    for row in 0..2 * KEYS {
        // Every key is there twice, and in every third pair the rooms differ.
        let (key, again) = (row % KEYS, row / KEYS);
        let room = if key % 3 == 0 { again } else { key };
        rows += &format!("V{key},{room},2017-01-04,\n");
    }
    let project = Project::of(&[
        ("rules/tables/visits.yaml", &UNIQUE.replace("HIDE", "")),
        ("delivery/visits1.csv", &rows),
    ]);
    project.run("").expect(0);
    let roomy = read(&project.path("out/current/discrepancies.csv"));
    project
        .run("--memory-limit 16M --threads 1 --out narrow")
        .expect(0);
    assert_eq!(
        roomy,
        read(&project.path("narrow/current/discrepancies.csv"))
    );

    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let mut of_key: Vec<Option<&Row>> = vec![None; KEYS];
    for row in &log {
        let key: usize = row["record_key"][1..].parse().expect("a number");
        assert!(of_key[key].replace(row).is_none(), "{key} is told twice");
    }
    for (key, row) in of_key.into_iter().enumerate() {
        let row = row.unwrap_or_else(|| panic!("nothing of {key}"));
        let how = if key % 3 == 0 {
            "differs in room"
        } else {
            "identical"
        };
        let told = format!("(first of 2 on line {}; {how})", key + 2);
        assert!(
            row["message"].contains(&told),
            "{told}: {}",
            &row["message"]
        );
        assert_eq!(&row["source_row"], (KEYS + key + 1).to_string());
    }
}

#[test]
fn groups_are_those_of_the_columns_and_what_could_not_be_read_is_not_the_same() {
    const TABLE: &str = r#"version: 1
table: visits
source: { files: "visits.csv" }
key: [visit_ref]
columns:
  visit_ref: { type: string, unique: { why: A visit is there once. } }
  room: { type: string }
  visited_on: { type: date }
  size: { type: string, missing: { unknown: ["N/K"] } }
rules:
  - id: visits.room_twice
    check: { duplicates: { columns: [room] } }
    why: A visit entered twice is counted twice.
  - id: visits.size_twice
    check: { unique: { columns: [size] } }
    nulls: fail
    why: A size is there once.
"#;
    const ROWS: &str = "visit_ref,room,visited_on,size
A,X,foo,1
B,X,2017-01-04,2
A,Y,bar,3
C,Y,2017-01-04,4
D,Z,2017-01-04,
D,V,2017-01-04,N/K
,W,2017-01-04,5
E,W,2017-01-04,6
";
    let project = Project::of(&[
        ("rules/tables/visits.yaml", TABLE),
        ("delivery/visits.csv", ROWS),
    ]);
    project.run("").expect(0);
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let of = |rule: &str| -> Vec<Row> {
        log.iter()
            .filter(|row| &row["rule_id"] == rule)
            .cloned()
            .collect()
    };
    let groups: std::collections::BTreeSet<String> = of("visits.room_twice")
        .iter()
        .map(|row| row["group_id"].to_owned())
        .collect();
    assert_eq!(groups.len(), 3);
    assert_eq!(
        told(&of("visits.room_twice")),
        [
            "visits.csv 1 kept: 1 of 2, which survives",
            "visits.csv 2 kept: 2 of 2; differs from `A` on line 2 in visit_ref, visited_on, size",
            "visits.csv 3 kept: 1 of 2, which survives",
            "visits.csv 4 kept: 2 of 2; differs from `A` on line 4 in visit_ref, visited_on, size",
            "visits.csv 7 kept: 1 of 2, which survives",
            "visits.csv 8 kept: 2 of 2; differs from the one without a key on line 8 in visit_ref, size",
        ]
    );
    assert_eq!(
        told(&of("visits.visit_ref.unique")),
        [
            "visits.csv 3 kept: first of 2 on line 2; differs in room, visited_on, size",
            "visits.csv 6 kept: first of 2 on line 6; differs in room, size",
        ]
    );
    let missing: Vec<String> = of("visits.size_twice")
        .iter()
        .map(|row| row["source_row"].to_owned())
        .collect();
    assert_eq!(missing, ["5", "6"]);
}
