//! Every planted defect is in the log at its place, and nothing else is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use trueup::log::Privacy;

use crate::harness::{DELIVERY, KEY, Row, Sheet, TABLES, keyed, parquet_columns, repository};

/// Columns whose values the log may not show.
const HIDDEN: [&str; 7] = [
    "first_name",
    "last_name",
    "date_of_birth",
    "postcode",
    "phone",
    "email",
    "caseworker",
];

/// The contract of the log.
const COLUMNS: [&str; 28] = [
    "discrepancy_id",
    "status",
    "first_seen_run",
    "last_seen_run",
    "run_id",
    "rule_id",
    "rule_version",
    "kind",
    "dimension",
    "severity",
    "category",
    "table",
    "record_key",
    "column",
    "source_file",
    "source_sheet",
    "source_line",
    "source_row",
    "observed",
    "expected",
    "suggestion",
    "difference",
    "action",
    "cleaned",
    "group_id",
    "likely_cause",
    "waiver_id",
    "message",
];

/// What is compared of a defect: rule, table, key, column, value, cause.
type Defect = [String; 6];

#[test]
fn the_log_holds_what_is_planted_and_nothing_else() {
    let planted = Sheet::read(&repository("fixtures/planted.csv")).rows;
    assert!(planted.len() > 2_500, "{} defects planted", planted.len());
    let log = keyed().sheet("discrepancies.csv").rows;
    let logged: Vec<&Row> = log.iter().filter(|row| !row["table"].is_empty()).collect();

    let planted = count(planted.iter().map(|row| {
        let observed = shown(&row["column"], &row["observed"]);
        defect(row, row["record_key"].to_owned(), observed, &row["cause"])
    }));
    let logged = count(logged.into_iter().map(|row| {
        // A record without any key goes by a hash of its cells.
        let key = match row["record_key"].strip_prefix('#') {
            Some(hash) => {
                let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
                assert!(hash.len() == 12 && hash.chars().all(hex), "{hash}");
                String::new()
            }
            None => row["record_key"].to_owned(),
        };
        defect(row, key, row["observed"].to_owned(), &row["likely_cause"])
    }));
    for (defect, times) in &planted {
        assert_eq!(logged.get(defect), Some(times), "planted: {defect:?}");
    }
    for (defect, times) in &logged {
        assert_eq!(planted.get(defect), Some(times), "not planted: {defect:?}");
    }
}

fn defect(row: &Row, key: String, observed: String, cause: &str) -> Defect {
    let text = |column: &str| row[column].to_owned();
    [
        text("rule_id"),
        text("table"),
        key,
        text("column"),
        observed,
        cause.to_owned(),
    ]
}

fn count(defects: impl Iterator<Item = Defect>) -> BTreeMap<Defect, usize> {
    let mut counts = BTreeMap::new();
    for defect in defects {
        *counts.entry(defect).or_default() += 1;
    }
    counts
}

/// A value as the log shows it.
fn shown(column: &str, value: &str) -> String {
    if HIDDEN.contains(&column) {
        Privacy::new(Some(KEY.as_bytes())).hide(value)
    } else {
        value.to_owned()
    }
}

#[test]
fn hidden_values_are_the_start_of_a_keyed_hash() {
    // printf 'The quick brown fox jumps over the lazy dog' | openssl dgst -sha256 -hmac key
    let hidden = Privacy::new(Some(b"key")).hide("The quick brown fox jumps over the lazy dog");
    assert_eq!(hidden, "hmac:f7bc83f430538424");
}

#[test]
fn each_place_in_the_log_opens_on_the_observed_value() {
    let fixture = keyed();
    let log = fixture.sheet("discrepancies.csv").rows;
    for table in TABLES {
        let file = format!("{table}.csv");
        let bytes = fs::read(fixture.project.path(DELIVERY).join(&file)).expect("an export");
        let records = records_of(&bytes, usize::MAX);
        let lines: Vec<usize> = std::iter::once(0)
            .chain((1..=bytes.len()).filter(|at| bytes[at - 1] == b'\n'))
            .collect();
        let mut opened = 0;
        for row in log.iter().filter(|row| &row["table"] == table) {
            assert_eq!(row["source_file"], file, "{row:?}");
            let number = |column: &str| -> usize { row[column].parse().expect("a number") };
            let rest = &bytes[lines[number("source_line") - 1]..];
            let record = &records_of(rest, 1)[0];
            // The header is record 0 of the file.
            assert_eq!(record, &records[number("source_row")], "{row:?}");
            opened += 1;
            if row["column"].is_empty() {
                continue;
            }
            // What the project makes of a cell has a column of its own.
            let delivered = match &row["column"] {
                "place" => "area",
                column => column,
            };
            let column = records[0].iter().position(|name| name == delivered);
            let value = &record[column.expect("a column of the file")];
            assert_eq!(shown(&row["column"], value), row["observed"], "{row:?}");
        }
        assert!(opened > 0, "{table}: no place in the log");
    }
}

/// The first records of a CSV text, read by another reader than the program's.
fn records_of(text: &[u8], most: usize) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text);
    let records = reader.records().take(most);
    records.map(|record| record.expect("a record")).collect()
}

#[test]
fn the_log_keeps_its_contract() {
    let fixture = keyed();
    let log = fixture.sheet("discrepancies.csv");
    assert_eq!(log.header, COLUMNS);
    assert!(log.rows.len() > 3_000);
    let ids: BTreeSet<&str> = log.rows.iter().map(|row| &row["discrepancy_id"]).collect();
    assert_eq!(ids.len(), log.rows.len(), "ids repeat");
    let order = |row: &Row| -> [String; 4] {
        ["rule_id", "record_key", "column", "source_file"].map(|column| row[column].to_owned())
    };
    for pair in log.rows.windows(2) {
        assert!(order(&pair[0]) <= order(&pair[1]), "{pair:?}");
    }
    for row in &log.rows {
        for column in [
            "discrepancy_id",
            "rule_id",
            "rule_version",
            "kind",
            "record_key",
            "action",
            "message",
        ] {
            assert!(!row[column].is_empty(), "no {column}: {row:?}");
        }
        assert_eq!(&row["status"], "new");
        assert_eq!(row["run_id"], row["first_seen_run"]);
        assert_eq!(row["run_id"], row["last_seen_run"]);
    }
    let parquet = parquet_columns(&fixture.path("discrepancies.parquet"));
    assert_eq!(parquet, COLUMNS);
}
