//! `profile`: what files hold, and a suggested table file that finds the defects it can know of and nothing else.

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use trueup::log::Privacy;

use crate::harness::{DELIVERY, KEY, Project, Row, Sheet, Spoken, TABLES, repository};

const AS_OF: &str = "2017-10-09";
const PERSONAL: [&str; 7] = [
    "first_name",
    "last_name",
    "date_of_birth",
    "postcode",
    "phone",
    "email",
    "caseworker",
];
/// Planted defects that show in one file alone, all of which the suggested rules find.
const KNOWABLE: [&str; 6] = [
    "bad-date",
    "bad-pattern",
    "future-date",
    "missing-key",
    "out-of-range",
    "repeated-key",
];

/// A project of one file and what is suggested for it.
fn suggested(table: &str, csv: &[u8]) -> (Project, String) {
    let about =
        format!("version: 1\nname: A test\ndelivery: {{ path: delivery, as_of: {AS_OF} }}\n");
    let project = Project::of(&[("rules/project.yaml", &about)]);
    let file = format!("delivery/{table}.csv");
    project.write(&file, csv);
    let arguments = [file.as_str(), "--suggest", "--as-of", AS_OF];
    let spoken = Spoken::of(project.command_of("profile").args(arguments)).expect(0);
    assert_eq!(spoken.stderr, "");
    project.write(&format!("rules/tables/{table}.yaml"), &spoken.stdout);
    (project, spoken.stdout)
}

fn export(table: &str) -> Vec<u8> {
    fs::read(repository(&format!("{DELIVERY}/{table}.csv"))).expect("an export")
}

/// Column, value as the log shows it, and the first part of the key; none for a row without one.
fn place(row: &Row, observed: String) -> [String; 3] {
    let key = row["record_key"].split('|').next().unwrap_or_default();
    let key = if key.starts_with('#') { "" } else { key };
    [row["column"].to_owned(), observed, key.to_owned()]
}

fn shown(column: &str, value: &str) -> String {
    if PERSONAL.contains(&column) {
        Privacy::new(Some(KEY.as_bytes())).hide(value)
    } else {
        value.to_owned()
    }
}

#[test]
fn what_is_suggested_finds_planted_defects_and_nothing_else() {
    let planted = Sheet::read(&repository("fixtures/planted.csv")).rows;
    let (mut misspelt, mut found_misspelt) = (0, 0);
    for table in TABLES {
        let (project, _) = suggested(table, &export(table));
        Spoken::of(&mut project.command_of("lint")).expect(0);
        Spoken::of(&mut project.command_of("test")).expect(0);
        Spoken::of(project.command().env("TRUEUP_KEY", KEY)).expect(0);
        let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
        let here = planted.iter().filter(|row| &row["table"] == table);
        let planted: Vec<(&str, [String; 3])> = here
            .map(|row| {
                (
                    &row["defect"],
                    place(row, shown(&row["column"], &row["observed"])),
                )
            })
            .collect();
        let places: BTreeSet<&[String; 3]> = planted.iter().map(|(_, place)| place).collect();
        let logged: BTreeSet<[String; 3]> = log
            .iter()
            .map(|row| place(row, row["observed"].to_owned()))
            .collect();
        for row in &log {
            let at = place(row, row["observed"].to_owned());
            assert!(places.contains(&at), "not planted: {row:?}");
        }
        let mut known = 0;
        for (defect, at) in &planted {
            if KNOWABLE.contains(defect) {
                known += 1;
                assert!(logged.contains(at), "{table}: {defect} not found: {at:?}");
            }
            if *defect == "misspelt-code" {
                misspelt += 1;
                found_misspelt += usize::from(logged.contains(at));
            }
        }
        assert!(known >= 12, "{table}: {known} knowable defects");
    }
    // Some are two edits away from their code, or like one that is rare itself.
    assert!(misspelt > 100, "{misspelt}");
    assert!(
        found_misspelt * 5 > misspelt * 4,
        "{found_misspelt} of {misspelt}"
    );
}

#[test]
fn personal_values_are_shown_only_when_asked_for() {
    let file = format!("{DELIVERY}/people.csv");
    let project = Project::whole();
    let profile = |arguments: &[&str]| {
        let mut command = project.command_of("profile");
        Spoken::of(command.arg(&file).args(["--as-of", AS_OF]).args(arguments))
            .expect(0)
            .stdout
    };
    let people = Sheet::read(&project.path(&file)).rows;
    let values: BTreeSet<&str> = [
        "first_name",
        "last_name",
        "date_of_birth",
        "postcode",
        "phone",
        "email",
    ]
    .iter()
    .flat_map(|column| people.iter().map(|row| &row[*column]))
    // What is shorter may stand in any word.
    .filter(|value| value.len() > 5)
    .collect();
    assert!(values.len() > 10_000);
    let words = |text: &str| -> BTreeSet<String> {
        let split = text.split(|c: char| c.is_whitespace() || "`\"',:[]{}()".contains(c));
        split.map(str::to_owned).collect()
    };
    let single: BTreeSet<&str> = values
        .iter()
        .copied()
        .filter(|v| !v.contains(' '))
        .collect();
    let quoted: BTreeSet<&str> = values.difference(&single).copied().collect();
    for arguments in [&[][..], &["--format", "json"], &["--suggest"]] {
        let text = profile(arguments);
        let words = words(&text);
        let told: Vec<&&str> = single.iter().filter(|v| words.contains(**v)).collect();
        assert!(told.is_empty(), "{arguments:?}: {told:?}");
        let told: Vec<&&str> = quoted.iter().filter(|v| text.contains(**v)).collect();
        assert!(told.is_empty(), "{arguments:?}: {told:?}");
    }
    assert!(profile(&["--show-values"]).contains("someone.example.org"));
}

#[test]
fn files_with_one_header_are_one_table() {
    let project = Project::of(&[
        ("delivery/visits_01.csv", "visit_ref,room\nv1,A\nv2,B\n"),
        ("delivery/visits_02.csv", "visit_ref,room\nv2,A\nv3,\n"),
        ("delivery/rooms.csv", "room\nA\n"),
    ]);
    let profile = |arguments: &[&str]| Spoken::of(project.command_of("profile").args(arguments));
    let visits = ["delivery/visits_01.csv", "delivery/visits_02.csv"];
    let all = [&visits[..], &["delivery/rooms.csv", "--format", "json"]].concat();
    let document: Value = serde_json::from_str(&profile(&all).expect(0).stdout).expect("JSON");
    let tables = document["tables"].as_array().expect("tables");
    assert_eq!(tables.len(), 2);
    assert_eq!(tables[0]["rows"], 4);
    assert_eq!(tables[0]["columns"][0]["distinct"]["count"], 3);
    assert_eq!(tables[0]["columns"][1]["blank"], 1);

    let spoken = profile(&[&visits[..], &["--suggest"]].concat()).expect(0);
    assert!(
        spoken.stdout.contains("files: \"visits_0*.csv\""),
        "{}",
        spoken.stdout
    );
    project.write("rules/tables/visits.yaml", &spoken.stdout);
    Spoken::of(&mut project.command_of("lint")).expect(0);

    let spoken = profile(&[&all[..3], &["--suggest"]].concat()).expect(2);
    assert_eq!(spoken.stdout, "");
    assert!(spoken.stderr.contains("2 headers"), "{}", spoken.stderr);
}

#[test]
fn odd_files_are_profiled_and_what_is_suggested_lints() {
    for (what, csv) in [
        ("no row", "a,b\n"),
        ("one row", "a,b\n1,2017-01-05\n"),
        ("a name that is none", "a,B c\n1,2\n"),
        ("blank columns", "a,b\n1,\n2,\n"),
        (
            "codes of a colon and quotes",
            &format!("a,b\n{}", "1,\"x: \"\"y\"\" # z\"\n".repeat(30)),
        ),
        ("control characters", "a,b\n\u{7}1,\u{1b}[31m\n"),
        ("records that are no row", "a,b\n1,2\n3\n4,5\n"),
        (
            "times",
            "a,b\n2017-01-05 10:00:00,true\n2017-01-05 11:00:00,false\n",
        ),
        ("decimals with gaps", "a,b\n0.5,N/A\n1.5,N/A\n"),
        ("blanks alone", "a,b\n  , \n"),
    ] {
        let (project, yaml) = suggested("things", csv.as_bytes());
        let lint = Spoken::of(&mut project.command_of("lint"));
        assert_eq!(
            lint.code,
            Some(0),
            "{what}\n{yaml}\n{}\n{}",
            lint.stdout,
            lint.stderr
        );
        let mut profile = project.command_of("profile");
        let text = Spoken::of(profile.arg("delivery/things.csv"))
            .expect(0)
            .stdout;
        assert!(!text.contains(['\u{7}', '\u{1b}']), "{what}: {text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_ends_with_3() {
    let project = Project::of(&[("delivery/a.csv", "a\n\"1\n")]);
    for file in ["delivery/a.csv", "delivery/none.csv", "delivery"] {
        let spoken = Spoken::of(project.command_of("profile").arg(file)).expect(3);
        assert_eq!(spoken.stdout, "");
        assert!(spoken.stderr.contains(file), "{}", spoken.stderr);
    }
}

/// The lines of the log of a run over what was suggested for it.
fn found(project: &Project) -> Vec<Row> {
    Spoken::of(&mut project.command_of("lint")).expect(0);
    Spoken::of(&mut project.command_of("test")).expect(0);
    Spoken::of(project.command().env("TRUEUP_KEY", KEY)).expect(0);
    Sheet::read(&project.path("out/current/discrepancies.csv")).rows
}

/// A file of rows numbered from 0.
fn numbered(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let rows = (0..rows).map(|n| format!("{}\n", row(n)));
    std::iter::once(format!("{header}\n")).chain(rows).collect()
}

#[test]
fn what_is_declared_missing_is_no_value() {
    let or_null = |n: usize, every: usize| match n % every {
        0 => "NULL".to_owned(),
        _ => n.to_string(),
    };
    // Mostly missing, a key that is sometimes missing, and days of which nearly all are missing and some lie in the future.
    let mostly = numbered("id,v", 1_000, |n| match n % 20 {
        0 => format!("{n},{n}"),
        _ => format!("{n},NULL"),
    });
    let keys = numbered("id,v", 1_000, |n| format!("{},x", or_null(n, 5)));
    let days = numbered("id,day", 1_000, |n| match n % 20 {
        0 if n == 40 => format!("{n},2030-01-01"),
        0 => format!("{n},2017-01-05"),
        _ => format!("{n},N/A"),
    });
    for csv in [mostly, keys, days] {
        let (project, yaml) = suggested("things", csv.as_bytes());
        assert!(yaml.contains("\n    missing:\n"), "{yaml}");
        let rows = found(&project);
        assert!(rows.is_empty(), "{}: {:?}\n{yaml}", rows.len(), rows[0]);
    }
    // Eight rows without a key are a defect of a key column, and what identifies the others is no repeat.
    let keys = numbered("id,v", 1_000, |n| format!("{},x", or_null(n + 1, 125)));
    let (project, yaml) = suggested("things", keys.as_bytes());
    assert!(
        yaml.contains("key: [id]") && yaml.contains("unique:"),
        "{yaml}"
    );
    let rows = found(&project);
    assert_eq!(rows.len(), 8, "{yaml}");
    assert!(
        rows.iter()
            .all(|row| &row["rule_id"] == "things.id.not_null")
    );
}

#[test]
fn a_pattern_of_any_script_fails_none_of_its_rows() {
    for start in ["दि", "กำ", "东", "Ä", "e\u{301}", "½²Ⅷ", "٣", "ⓐ|", "A|\\"] {
        let csv = numbered("id,ref", 500, |n| format!("{n},{start}{n:04}"));
        let (project, yaml) = suggested("things", csv.as_bytes());
        assert!(yaml.contains("# 500 of 500 match."), "{start}\n{yaml}");
        let rows = found(&project);
        assert!(rows.is_empty(), "{start}: {:?}\n{yaml}", rows[0]);
    }
}

#[test]
fn a_file_that_something_else_than_commas_parts_is_read_or_told_so() {
    for (separator, words) in [(";", "`;`"), ("\t", "tabs"), ("|", "`|`")] {
        let cells = |n: usize| [format!("{n}"), "x".to_owned(), format!("{n},5")].join(separator);
        let csv = numbered(&["id", "a", "b"].join(separator), 50, cells);
        let ragged = format!("{csv}50{separator}x\n");
        let project = Project::of(&[("delivery/a.csv", &csv), ("delivery/b.csv", &ragged)]);
        let profile = |file: &str, arguments: &[&str]| {
            let mut command = project.command_of("profile");
            Spoken::of(command.arg(file).args(arguments))
        };
        let columns = |file: &str| -> Value {
            let json = profile(file, &["--format", "json"]).expect(0).stdout;
            let document: Value = serde_json::from_str(&json).expect("JSON");
            document["tables"][0].clone()
        };
        let table = columns("delivery/a.csv");
        assert_eq!(table["rows"], 50);
        assert_eq!(table["columns"].as_array().map(Vec::len), Some(3));
        assert_eq!(table["separator"], Value::Null);
        // Where the records are not all alike it is a guess that nobody made.
        let said = format!("the names are separated by {words}: write `delimiter");
        let text = profile("delivery/b.csv", &[]).expect(0).stdout;
        assert!(text.contains(&said), "{text}");
        let text = profile("delivery/b.csv", &["--suggest"]).expect(2).stderr;
        assert!(text.contains(&said), "{text}");
        assert_eq!(columns("delivery/b.csv")["separator"], separator);
    }
}

#[test]
fn identifiers_of_persons_are_shown_only_when_asked_for() {
    let columns = [
        "nhs_number",
        "national_insurance_number",
        "passport_no",
        "driving_licence",
        "bank_account",
        "sort_code",
        "ip_address",
    ];
    // Some repeat and some are near others, so that codes, keys, slips and shapes all have their chance.
    let csv = numbered(&format!("id,{}", columns.join(",")), 600, |n| {
        let cells = columns.map(|_| match n {
            599 => "QQ7359264x".to_owned(),
            _ => format!("QQ{}", 73_592_640 + n % 30),
        });
        format!("{n},{}", cells.join(","))
    });
    let project = Project::of(&[("delivery/a.csv", &csv)]);
    let profile = |arguments: &[&str]| {
        let mut command = project.command_of("profile");
        Spoken::of(command.arg("delivery/a.csv").args(arguments))
            .expect(0)
            .stdout
    };
    for arguments in [&[][..], &["--format", "json"], &["--suggest"]] {
        let text = profile(arguments);
        assert!(!text.contains("735926"), "{arguments:?}: {text}");
    }
    assert_eq!(
        profile(&["--suggest"]).matches("policy: hide").count(),
        columns.len()
    );
    assert!(profile(&["--show-values"]).contains("735926"));
}
