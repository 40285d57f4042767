//! Every row that was delivered is accounted for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::harness::{
    DELIVERY, Project, Row, Sheet, TABLES, fixture, parquet_cells, parquet_rows, read,
};

#[test]
fn rows_add_up_in_the_manifest_and_on_disk() {
    let fixture = fixture();
    check(
        &fixture.project.path(DELIVERY),
        &fixture.project.path("out/current"),
    );
}

#[test]
fn a_delivery_in_several_files_with_records_that_are_no_rows_adds_up() {
    let project = Project::small();
    for table in TABLES {
        project.edit(&format!("rules/tables/{table}.yaml"), |text| {
            text.replace(&format!("\"{table}.csv\""), &format!("\"{table}*.csv\""))
        });
    }
    project.edit("rules/project.yaml", |text| {
        text.replace("max_rejects: 0", "max_rejects: 3")
    });
    let header = read(&project.path(DELIVERY).join("cases.csv"));
    let header = header.lines().next().expect("a header");
    std::fs::write(
        project.path(DELIVERY).join("cases_2.csv"),
        format!(
            "{header}\ntoo,few\nX1{}\n\nX2{}\n",
            ",".repeat(15),
            ",".repeat(16)
        ),
    )
    .expect("the copy can be written");
    project.run("").expect(0);
    let manifest = check(&project.path(DELIVERY), &project.path("out/current"));
    let rejected = |file: &str| manifest[file]["rejected"];
    assert_eq!((rejected("cases.csv"), rejected("cases_2.csv")), (0, 2));
}

type Balance = BTreeMap<String, BTreeMap<String, usize>>;

/// Compares the manifest with the exports and with the tables; returns the balance of each file.
fn check(delivery: &Path, run: &Path) -> Balance {
    let manifest: serde_json::Value =
        serde_json::from_str(&read(&run.join("manifest.json"))).expect("JSON");
    let mut files = Balance::new();
    let mut tables = Balance::new();
    for input in manifest["inputs"].as_array().expect("a list") {
        if input["rows"].is_null() {
            continue;
        }
        let (table, rows) = balance(&input["rows"]);
        let name = input["path"].as_str().expect("a path");
        assert_eq!(rows["read"], records(&delivery.join(name)), "{name}");
        for (figure, count) in &rows {
            *tables
                .entry(table.clone())
                .or_default()
                .entry(figure.clone())
                .or_default() += count;
        }
        files.insert(name.to_owned(), rows);
    }
    let stated: Balance = manifest["tables"]
        .as_array()
        .expect("a list")
        .iter()
        .map(balance)
        .collect();
    assert_eq!(stated, tables);
    assert_eq!(tables.len(), TABLES.len());
    for (table, rows) in &tables {
        for (folder, figure) in [("clean", "clean"), ("quarantine", "quarantined")] {
            let path = run.join(folder).join(table).with_extension("parquet");
            assert_eq!(parquet_rows(&path), rows[figure], "{path:?}");
        }
    }
    let rejected: usize = tables.values().map(|rows| rows["rejected"]).sum();
    assert_eq!(parquet_rows(&run.join("rejects/rejects.parquet")), rejected);
    files
}

/// A line of the balance, which adds up.
fn balance(value: &serde_json::Value) -> (String, BTreeMap<String, usize>) {
    let mut rows = BTreeMap::new();
    for figure in ["read", "clean", "quarantined", "excluded", "rejected"] {
        let count = value[figure].as_u64().and_then(|n| n.try_into().ok());
        rows.insert(figure.to_owned(), count.expect("a number"));
    }
    let went = rows["clean"] + rows["quarantined"] + rows["excluded"] + rows["rejected"];
    assert_eq!(rows["read"], went, "{value}");
    let table = value["table"].as_str().expect("a table");
    (table.to_owned(), rows)
}

/// The records of an export, counted by another reader than the program's.
fn records(path: &Path) -> usize {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .expect("an export");
    let records = reader.records();
    records
        .inspect(|record| assert!(record.is_ok(), "{record:?}"))
        .count()
}

#[test]
fn the_log_says_what_the_clean_table_holds() {
    check_cleaned(&fixture().path(""));
    let project = Project::small();
    let rule = |name: &str, condition: &str, on_fail: &str| {
        format!(
            "
  - id: cases.status.{name}
    check: {{ expression: {{ sql: \"{condition}\", column: status }} }}
    on_fail: {on_fail}
    why: The test asks for it.
"
        )
    };
    project.edit("rules/tables/cases.yaml", |text| {
        [
            text.to_owned(),
            rule("kept", "case_ref IS NULL", "keep"),
            rule("quarantined", "case_ref NOT LIKE '%1'", "quarantine"),
            rule("excluded", "case_ref NOT LIKE '%2'", "exclude"),
            rule("both", "case_ref NOT LIKE '%2'", "quarantine"),
            rule("nulled", "case_ref NOT LIKE '%3'", "\"null\""),
        ]
        .concat()
    });
    project.run("").expect(0);
    let log = check_cleaned(&project.path("out/current"));
    let kept = log
        .iter()
        .filter(|row| &row["rule_id"] == "cases.status.kept");
    let (mut with, mut without) = (0, 0);
    for row in kept {
        assert_eq!(&row["action"], "kept");
        match &row["cleaned"] {
            "" => without += 1,
            _ => with += 1,
        }
    }
    assert!(with > 30 && without >= 3 * 5, "{with} {without}");
    let both = log
        .iter()
        .filter(|row| &row["rule_id"] == "cases.status.both")
        .collect::<Vec<_>>();
    assert!(both.len() >= 5, "{}", both.len());
    assert!(both.iter().all(|row| &row["action"] == "excluded"));
}

/// Holds every finding about a cell against the clean tables; returns the log.
fn check_cleaned(run: &Path) -> Vec<Row> {
    let rows_of = |folder: &str| {
        let mut rows = BTreeMap::new();
        for table in TABLES {
            let path = run.join(folder).join(table).with_extension("parquet");
            for row in parquet_cells(&path) {
                let place = ["_file", "_row"].map(|c| row[c].clone().expect("a place"));
                rows.insert(place, row);
            }
        }
        rows
    };
    let (clean, quarantine) = (rows_of("clean"), rows_of("quarantine"));
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    for row in &log {
        let place = ["source_file", "source_row"].map(|c| row[c].to_owned());
        let stands = (clean.contains_key(&place), quarantine.contains_key(&place));
        match &row["action"] {
            "quarantined" => assert_eq!(stands, (false, true), "{row:?}"),
            "excluded" => assert_eq!(stands, (false, false), "{row:?}"),
            _ => {}
        }
    }
    let of_cells = log
        .iter()
        .filter(|row| !row["table"].is_empty() && !row["column"].is_empty());
    for row in of_cells {
        let place = ["source_file", "source_row"].map(|c| row[c].to_owned());
        let holds = clean
            .get(&place)
            .and_then(|cells| cells[&row["column"]].as_deref());
        match Some(&row["cleaned"]).filter(|text| !text.is_empty()) {
            Some("[hidden]") => assert!(holds.is_some(), "{row:?}"),
            told => assert_eq!(told, holds, "{row:?}"),
        }
    }
    log
}

#[test]
fn no_two_keys_look_alike() {
    let pairs = r#"version: 1
table: pairs
source: { files: "pairs.csv", required: true }
key: [a, b]
columns:
  a: { type: string, description: One part. }
  b: { type: string, description: The other part. }
  c: { type: string, description: What is said of them., not_null: warn }
rules:
  - { id: pairs.key, check: { unique: { columns: [a, b] } }, why: A key is there once. }
  - { id: pairs.same, check: { duplicates: { columns: [d] } }, why: It is said once. }
"#;
    let d = "  d: { type: string, description: What is the same. }\nrules:";
    let pairs = pairs.replacen("rules:", d, 1);
    // Each key, how it is written, and what it has in common with the next.
    let keys = [
        ("1|", "2", r"1\||2"),
        ("1", "|2", r"1|\|2"),
        (r"1\", "|2", r"1\\|\|2"),
        (r"1\|", "2", r"1\\\||2"),
        ("1", "2", "1|2"),
        ("", "2", "|2"),
        ("2", "", "2|"),
    ];
    // Twice each: the second is no key of its own, and repeats what is said.
    let row = |(at, (a, b, _)): (usize, &(&str, &str, &str))| format!("{a},{b},,{at}\n").repeat(2);
    let rows: String = keys.iter().enumerate().map(row).collect();
    let project = Project::of(&[
        ("rules/tables/pairs.yaml", &pairs),
        ("delivery/pairs.csv", &format!("a,b,c,d\n{rows}")),
    ]);
    project.run("").expect(0);
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let of = |rule: &str| -> Vec<&Row> {
        let rows = log.iter().filter(|row| &row["rule_id"] == rule);
        rows.collect()
    };
    let written: BTreeSet<&str> = keys.iter().map(|key| key.2).collect();
    // Whole keys only for `unique`, which does not evaluate a row without a part.
    for (rule, lines, groups) in [
        ("pairs.c.not_null", 14, 0),
        ("pairs.key", 5, 5),
        ("pairs.same", 14, 7),
    ] {
        let rows = of(rule);
        assert_eq!(rows.len(), lines, "{rule}: {log:?}");
        let told: BTreeSet<&str> = rows.iter().map(|row| &row["record_key"]).collect();
        assert!(told.is_subset(&written), "{rule}: {told:?}");
        let ids: BTreeSet<&str> = rows.iter().map(|row| &row["group_id"]).collect();
        assert_eq!(
            ids.iter().filter(|id| !id.is_empty()).count(),
            groups,
            "{rule}"
        );
        for row in rows.iter().filter(|row| &row["kind"] == "duplicates") {
            let group = format!("(2 of 2; identical to `{}` on line", &row["record_key"]);
            let told = ["(1 of 2, which survives)", &group];
            assert!(
                told.iter().any(|told| row["message"].contains(told)),
                "{row:?}"
            );
        }
    }
    let told = of("pairs.c.not_null");
    let told: BTreeSet<&str> = told.iter().map(|row| &row["record_key"]).collect();
    assert_eq!(told, written);
}
