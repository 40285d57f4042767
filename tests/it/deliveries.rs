//! Nights: which is read, whether it is whole, whether it came before, and what a corrected one changes.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::harness::{Project, Row, Sheet, Spoken, read};

const HEAD: &str = "visit_ref,visited_on,note\n";
const TABLE: &str = "key: [visit_ref]\ncolumns:\n  visit_ref: { type: string, not_null: error }\n  visited_on: { type: date }\n  note: { type: string }\n";

/// A project of tables, each with the pattern of its files; `more` stands in `rules/project.yaml`.
fn project(more: &str, tables: &[(&str, &str)]) -> Project {
    let project = Project::of(&[]);
    project.write(
        "rules/project.yaml",
        format!("version: 1\nname: Visits\n{more}"),
    );
    for (name, files) in tables {
        let text = format!("version: 1\ntable: {name}\nsource: {{ files: \"{files}\" }}\n{TABLE}");
        project.write(&format!("rules/tables/{name}.yaml"), text);
    }
    project
}

fn rows(references: &[&str]) -> String {
    let row = |reference: &&str| format!("{reference},2017-01-05,a note\n");
    HEAD.to_owned() + &references.iter().map(row).collect::<String>()
}

fn run(project: &Project) -> Spoken {
    project.run("--delivery in --as-of 2017-10-09")
}

fn json(project: &Project, spoken: &Spoken, name: &str) -> Value {
    let path = project.path(&spoken.folder()).join(name);
    serde_json::from_str(&read(&path)).expect("JSON")
}

fn sheet(project: &Project, spoken: &Spoken, name: &str) -> Vec<Row> {
    Sheet::read(&project.path(&spoken.folder()).join(name)).rows
}

/// Rule, key and message of each discrepancy.
fn told(project: &Project, spoken: &Spoken) -> Vec<String> {
    let log = sheet(project, spoken, "discrepancies.csv");
    let tell = |r: &Row| {
        format!(
            "{} {} {}: {}",
            &r["severity"], &r["rule_id"], &r["record_key"], &r["message"]
        )
    };
    log.iter().map(tell).collect()
}

fn refused(spoken: &Spoken, words: &str) {
    assert_eq!(spoken.code, Some(3), "{}{}", spoken.stdout, spoken.stderr);
    assert!(spoken.stderr.contains(words), "{words}\n{}", spoken.stderr);
}

#[test]
fn links_are_followed_inside_the_delivery_only() {
    let new = || project("", &[("visits", "visits*.csv")]);
    let inside = new();
    inside.write("real/visits.csv.data", rows(&["V1"]));
    symlink("visits.csv.data", inside.path("real/visits.csv")).expect("a link");
    // The folder itself may be a link.
    symlink("real", inside.path("in")).expect("a link");
    let spoken = run(&inside).expect(0);
    assert_eq!(
        json(&inside, &spoken, "run_results.json")["tables"][0]["clean"],
        1
    );

    for target in ["../secret.csv", "absolute", "hop"] {
        let outside = new();
        outside.write("secret.csv", rows(&["V1"]));
        outside.write("in/visits1.csv", rows(&["V2"]));
        let link = outside.path("in/visits2.csv");
        match target {
            "absolute" => symlink(outside.path("secret.csv"), link),
            "hop" => {
                symlink("../secret.csv", outside.path("in/hop")).expect("a link");
                symlink("hop", link)
            }
            _ => symlink(target, link),
        }
        .expect("a link");
        let words = "`visits2.csv` of table `visits` is a link that leads outside the delivery";
        refused(&run(&outside), words);
    }
}

#[test]
fn a_file_that_is_there_twice_is_read_once() {
    let project = project("", &[("again", "visits1.csv"), ("visits", "visits*.csv")]);
    project.write("in/visits1.csv", rows(&["V1", "V2"]));
    let single = run(&project).expect(0);
    // Two tables may read one file.
    assert_eq!(told(&project, &single), [""; 0]);

    project.write("in/visits2.csv", rows(&["V1", "V2"]));
    project.write("in/visits3.csv", rows(&["V3"]));
    let spoken = run(&project).expect(0);
    let want = "warn visits.delivered_twice visits2.csv: visits2.csv has the same bytes as visits1.csv, so it was not read: its rows would count twice";
    assert_eq!(told(&project, &spoken), [want]);
    let tables = &json(&project, &spoken, "run_results.json")["tables"];
    assert_eq!(tables[1]["clean"], 3);
    let manifest = json(&project, &spoken, "manifest.json");
    let inputs = manifest["inputs"].as_array().expect("inputs");
    let of_path = |path: &str| inputs.iter().find(|i| i["path"] == path).expect("an input");
    assert_eq!(
        of_path("visits1.csv")["sha256"],
        of_path("visits2.csv")["sha256"]
    );
    assert_eq!(of_path("visits2.csv")["rows"], Value::Null);
}
