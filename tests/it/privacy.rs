//! Hidden values appear nowhere outside the clean tables and the quarantine.

use std::{collections::BTreeSet, fs, path::Path};

use regex::{Regex, RegexBuilder};

use crate::harness::{
    DELIVERY, Fixture, KEY, Project, Row, Sheet, Spoken, files, fixture, keyed, parquet_text, read,
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

/// Tables whose rules group rows, find codes and name rows by hidden values.
const LETTERS: &str = r#"version: 1
table: letters
source: { files: "letters.csv", required: true }
key: [ref]
columns:
  ref: { type: string, description: Number of the letter. }
  mail: { type: string, policy: hide, description: Where it goes., unique: error }
  town: { type: string, description: Where from. }
rules:
  - id: letters.pair
    check: { unique: { columns: [town, mail] } }
    why: One letter a town.
  - id: letters.twice
    check: { duplicates: { columns: [town], column: town } }
    why: The original is named by its key, which may be shown.
  - id: letters.written
    check:
      failed_rows:
        sql: |
          WITH l AS (SELECT "_row", upper("_raw.mail") || '!' AS m FROM letters)
          SELECT "_row", m AS "_group" FROM l
    why: Every letter is written again.
  - id: letters.sorted
    check:
      failed_rows:
        sql: |
          SELECT "_row", CASE WHEN mail LIKE 'j%' THEN 'jj' ELSE 'mm' END AS "_group" FROM letters
    why: Every letter is sorted again.
  - id: letters.towns
    check:
      failed_rows:
        sql: |
          SELECT l."_row", l.town AS "_group" FROM letters l JOIN letters m ON m.mail = l.mail
    why: Towns may be shown.
"#;

/// A project of these files alone; `delivery/` is what it reads.
fn project_of(files: &[(&str, &str)]) -> Project {
    let project = Project::whole();
    for part in ["rules", "sql", "fixtures"] {
        fs::remove_dir_all(project.path(part)).expect("a folder of the copy");
    }
    let about = "version: 1\nname: Letters\ndelivery: { path: delivery, as_of: 2020-06-01 }\n";
    for (file, text) in [("rules/project.yaml", about)].iter().chain(files) {
        let path = project.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    project
}

/// Runs a project, and returns its log after seeing that nothing but its tables tells one of `secrets`.
fn log_without(project: &Project, key: Option<&str>, code: i32, secrets: &str) -> Vec<Row> {
    let secrets = Regex::new(&format!("(?i){secrets}")).expect("a pattern");
    let mut command = project.command();
    command.arg("-vv").envs(key.map(|key| ("TRUEUP_KEY", key)));
    let spoken = Spoken::of(&mut command).expect(code);
    check("stdout", &spoken.stdout, &secrets);
    check("stderr", &spoken.stderr, &secrets);
    let run = project.path(&spoken.folder());
    for (name, path) in files(&run) {
        match name.split(['/', '.']).collect::<Vec<_>>()[..] {
            ["clean" | "quarantine", ..] => {}
            [.., "parquet"] => check(&name, &parquet_text(&path), &secrets),
            _ => check(&name, &read(&path), &secrets),
        }
    }
    Sheet::read(&run.join("discrepancies.csv")).rows
}

/// The cells of a log that hold for any run with any key.
fn lasting(log: &[Row], columns: &[&str]) -> Vec<Vec<String>> {
    let cells = |row: &Row| columns.iter().map(|c| row[c].to_owned()).collect();
    log.iter().map(cells).collect()
}

#[test]
fn groups_of_hidden_values_are_hidden() {
    let run = |jane: &str, max: &str, key: Option<&str>| {
        let rows = [
            format!("1,{jane},Oadby"),
            format!("2,{max},Oadby"),
            format!("3,{jane},Oadby"),
            format!("4,{max},Wigston"),
            format!("5,{jane},Wigston"),
        ];
        let project = project_of(&[
            ("rules/tables/letters.yaml", LETTERS),
            (
                "delivery/letters.csv",
                &format!("ref,mail,town\n{}\n", rows.join("\n")),
            ),
        ]);
        log_without(&project, key, 0, &format!("{jane}|{max}"))
    };
    let one = ("jane.roe@example.org", "max@example.org");
    let other = ("june.doe@example.org", "moritz@example.org");
    for (key, start) in [(None, "(as `[hidden]`)"), (Some(KEY), "(as `hmac:")] {
        let log = run(one.0, one.1, key);
        let of = |rule: &str| -> Vec<&Row> {
            let rows = log.iter().filter(|row| &row["rule_id"] == rule);
            rows.collect()
        };
        for (rule, failing, groups) in [
            ("letters.mail.unique", 3, 2),
            ("letters.pair", 1, 1),
            ("letters.written", 5, 2),
            ("letters.sorted", 5, 2),
        ] {
            let rows = of(rule);
            assert_eq!(rows.len(), failing, "{rule}");
            let ids: BTreeSet<&str> = rows.iter().map(|row| &row["group_id"]).collect();
            assert_eq!(ids.len(), groups, "{rule}");
            assert!(!ids.contains(""), "{rule}");
            for row in rows {
                assert!(row["message"].contains(start), "{rule}: {row:?}");
            }
        }
        for (rule, shown) in [
            ("letters.twice", "(as `1`)"),
            ("letters.towns", "(as `Oadby`)"),
        ] {
            assert!(of(rule)[0]["message"].contains(shown), "{rule}: {log:?}");
        }
        let columns = ["discrepancy_id", "observed", "group_id", "message"];
        let [first, second] = [&log, &run(other.0, other.1, key)].map(|log| lasting(log, &columns));
        // Without a key nothing depends on the values; with one, everything made of them depends on it too.
        assert_eq!(first == second, key.is_none(), "{first:?}\n{second:?}");
        if key.is_some() {
            let log = run(one.0, one.1, Some("another key"));
            let groups = lasting(&log, &["group_id"]);
            let of_hidden = |g: &[Vec<String>]| g.iter().take(4).cloned().collect::<BTreeSet<_>>();
            let first = lasting(&run(one.0, one.1, key), &["group_id"]);
            assert!(of_hidden(&first).is_disjoint(&of_hidden(&groups)));
        }
    }
}
