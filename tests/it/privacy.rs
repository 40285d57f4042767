//! Hidden values appear nowhere outside the clean tables and the quarantine.

use std::{collections::BTreeSet, path::Path};

use regex::{Regex, RegexBuilder};

use crate::harness::{
    DELIVERY, Fixture, KEY, Project, Sheet, Spoken, files, fixture, keyed, parquet_text, read,
    repository,
};

/// What may be read by others than those who may read the tables.
const TOLD: [&str; 9] = [
    "discrepancies.csv",
    "changes.csv",
    "rejects/rejects.csv",
    "rule_results.csv",
    "reconciliations.csv",
    "run_results.json",
    "manifest.json",
    "aggregates/age.csv",
    "aggregates/gender.csv",
];

/// The same in Parquet, where texts stand in pages that may be compressed: read cell by cell.
const TABLES: [&str; 3] = ["discrepancies", "changes", "rejects/rejects"];

/// Finds any value that must not be told: last names that are long enough not to be part of other words, phones, emails.
fn secrets() -> Regex {
    let people = Sheet::read(&repository(DELIVERY).join("people.csv")).rows;
    let mut secrets = BTreeSet::new();
    for person in &people {
        for (column, shortest) in [("last_name", 5), ("phone", 9), ("email", 7)] {
            let value = person[column].trim();
            if value.chars().count() >= shortest {
                secrets.insert(regex::escape(value));
            }
        }
    }
    // Some people are called like a place, and the places are told.
    let public = files(&repository("rules/reference"));
    let public: String = public.values().map(|file| read(file)).collect();
    secrets.retain(|secret| !public.contains(secret.as_str()));
    assert!(secrets.len() > 1_000, "{} values", secrets.len());
    let pattern = secrets.into_iter().collect::<Vec<_>>().join("|");
    let pattern = RegexBuilder::new(&pattern).size_limit(1 << 30).build();
    pattern.expect("a pattern")
}

fn check(place: &str, text: &str, secrets: &Regex) {
    for (at, line) in text.lines().enumerate() {
        let told = secrets.find(line).map(|found| found.as_str());
        assert_eq!(told, None, "{place}:{}: {line}", at + 1);
    }
}

fn check_run(run: &Path, spoken: &Spoken, secrets: &Regex) {
    for file in TOLD {
        check(file, &read(&run.join(file)), secrets);
    }
    for table in TABLES {
        let path = run.join(table).with_extension("parquet");
        check(table, &parquet_text(&path), secrets);
    }
    check("stdout", &spoken.stdout, secrets);
    check("stderr", &spoken.stderr, secrets);
}

/// How many values of the log are hidden in this way.
fn hidden(run: &Path, start: &str) -> usize {
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    let hidden = log.iter().filter(|row| row["observed"].starts_with(start));
    hidden.count()
}

#[test]
fn a_run_tells_no_hidden_value_with_or_without_a_key() {
    let secrets = secrets();
    for (fixture, start) in [(fixture(), "[hidden]"), (keyed(), "hmac:")] {
        let Fixture { project, spoken } = fixture;
        let run = project.path("out/current");
        assert!(spoken.stderr.lines().count() > 5, "-vv says more");
        check_run(&run, spoken, &secrets);
        // Dates of birth that are none, postcodes, phones and emails that cannot be one.
        assert_eq!(hidden(&run, start), 27);
        for text in [&spoken.stdout, &spoken.stderr] {
            assert!(!text.contains(KEY), "the key is told");
        }
    }
}

#[test]
fn records_that_are_no_rows_are_hidden_whole() {
    let project = Project::small();
    project.edit(&format!("{DELIVERY}/people.csv"), |text| {
        let spoil = |(at, line): (usize, &str)| match at % 3 {
            1 => format!("{line},one more\n"),
            _ => format!("{line}\n"),
        };
        text.lines().enumerate().map(spoil).collect()
    });
    let secrets = secrets();
    for key in [None, Some(KEY)] {
        let mut command = project.command();
        command.arg("-vv").envs(key.map(|key| ("TRUEUP_KEY", key)));
        let spoken = Spoken::of(&mut command).expect(1);
        let run = project.path(&spoken.folder());
        assert_eq!(Sheet::read(&run.join("rejects/rejects.csv")).rows.len(), 20);
        check_run(&run, &spoken, &secrets);
    }
}
