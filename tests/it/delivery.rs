//! What stands in a delivery is read, refused or reported: nothing is passed over.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, process::Command};

use serde_json::Value;

use crate::harness::{Project, Sheet, Spoken, read};

const PROJECT: &str = "version: 1\nname: Visits\n";
const HEAD: &str = "visit_ref,visited_on,note\n";

/// A project of one table, whose files are `pattern`, and a delivery in `in/`.
fn visits(pattern: &str, required: bool) -> Project {
    let table = format!(
        "version: 1\ntable: visits\nsource: {{ files: \"{pattern}\", required: {required} }}\nkey: [visit_ref]\n\
         columns:\n  visit_ref: {{ type: string, not_null: error }}\n  visited_on: {{ type: date }}\n  note: {{ type: string }}\n"
    );
    let project = Project::of(&[
        ("rules/project.yaml", PROJECT),
        ("rules/tables/visits.yaml", &table),
    ]);
    fs::create_dir(project.path("in")).expect("a folder");
    project
}

fn rows(first: usize, number: usize) -> String {
    let row = |n| format!("V{n},2017-01-05,a note\n");
    HEAD.to_owned() + &(first..first + number).map(row).collect::<String>()
}

fn run(project: &Project) -> Spoken {
    project.run("--delivery in --as-of 2017-10-09")
}

fn results(project: &Project, spoken: &Spoken) -> Value {
    let path = project.path(&spoken.folder()).join("run_results.json");
    serde_json::from_str(&read(&path)).expect("JSON")
}

fn log(project: &Project, spoken: &Spoken) -> Sheet {
    Sheet::read(&project.path(&spoken.folder()).join("discrepancies.csv"))
}

#[test]
fn what_is_no_file_ends_the_run_and_is_named() {
    use std::os::unix::fs::symlink;
    type Put = fn(&Project, &str);
    let cases: [(Put, &str); 6] = [
        (
            |p, name| symlink("nowhere", p.path(name)).expect("a link"),
            "is a link to what is not there",
        ),
        (
            |p, name| {
                let made = Command::new("mkfifo").arg(p.path(name)).status();
                assert!(made.expect("mkfifo").success());
            },
            "is a pipe",
        ),
        (
            |p, name| fs::create_dir(p.path(name)).expect("a folder"),
            "is a folder",
        ),
        (
            |p, name| symlink("/dev/null", p.path(name)).expect("a link"),
            "is a link to a device",
        ),
        (
            |p, name| symlink(".", p.path(name)).expect("a link"),
            "is a link to a folder",
        ),
        (
            |p, name| symlink(name.trim_start_matches("in/"), p.path(name)).expect("a link"),
            "is a link that cannot be followed",
        ),
    ];
    for (put, words) in cases {
        // Beside a good file, and alone; for a table that need not be there, too.
        for (beside, required) in [(true, true), (false, true), (false, false)] {
            let project = visits("visits*.csv", required);
            if beside {
                project.write("in/visits1.csv", rows(1, 1));
            }
            put(&project, "in/visits2.csv");
            let spoken = run(&project).expect(3);
            let want = format!("`visits2.csv` of table `visits` {words}");
            assert!(spoken.stderr.contains(&want), "{want}\n{}", spoken.stderr);
            assert!(!project.path("out/current").exists());
        }
    }

    let project = visits("visits*.csv", true);
    let name = OsStr::from_bytes(b"visits\xFF.csv");
    fs::write(project.path("in").join(name), rows(1, 1)).expect("written");
    let spoken = run(&project).expect(3);
    assert!(
        spoken.stderr.contains("has a name that is not UTF-8"),
        "{}",
        spoken.stderr
    );
}

#[test]
fn a_file_that_no_table_names_is_a_finding() {
    let project = visits("visits?.csv", true);
    project.write("in/visits1.csv", rows(1, 1));
    let quiet = run(&project).expect(0);
    assert_eq!(results(&project, &quiet)["discrepancies"]["total"], 0);
    for name in [
        "VISITS2.csv",
        "visits3.CSV",
        "visits1 (1).csv",
        "zebra.txt",
        ".hidden",
    ] {
        project.write(&format!("in/{name}"), rows(2, 1));
    }
    project.write("in/old/visits4.csv", rows(4, 1));
    let spoken = run(&project).expect(0);
    let told: Vec<[String; 4]> = log(&project, &spoken)
        .rows
        .iter()
        .map(|r| ["rule_id", "severity", "source_file", "expected"].map(|c| r[c].to_owned()))
        .collect();
    let near = "a name such as `visits?.csv`";
    let want = [
        ("VISITS2.csv", near),
        ("visits1 (1).csv", near),
        ("visits3.CSV", near),
        ("zebra.txt", "a file of a table"),
    ]
    .map(|(file, expected)| ["delivery.unclaimed", "warn", file, expected].map(str::to_owned));
    assert_eq!(told, want);
    // The log names them, so the run is another.
    assert_ne!(quiet.folder(), spoken.folder());
}

#[test]
fn a_table_that_was_not_delivered_is_told_from_an_empty_one() {
    let files = |project: &Project| {
        let spoken = run(project).expect(0);
        results(project, &spoken)["tables"][0]["files"].clone()
    };
    let project = visits("visits.csv", false);
    assert_eq!(files(&project), 0);
    project.write("in/visits.csv", HEAD);
    assert_eq!(files(&project), 1);

    let project = visits("visits.csv", true);
    project.write("in/Visits.csv", HEAD);
    let spoken = run(&project).expect(3);
    let want = "table `visits` has no file `visits.csv` (there is `Visits.csv`, which differs";
    assert!(spoken.stderr.contains(want), "{}", spoken.stderr);
}

#[test]
fn patterns_reach_into_folders() {
    for (pattern, read) in [
        ("a/visits.csv", 1),
        ("./a/visits.csv", 1),
        ("*/visits.csv", 3),
        ("[ab]/visits*.csv", 7),
        ("[!a]/visits?.csv", 4),
    ] {
        let project = visits(pattern, true);
        project.write("in/a/visits.csv", rows(1, 1));
        project.write("in/b/visits.csv", rows(2, 2));
        project.write("in/b/visits1.csv", rows(4, 4));
        project.write("in/b/deeper/visits1.csv", rows(8, 8));
        let spoken = run(&project).expect(0);
        let tables = &results(&project, &spoken)["tables"];
        assert_eq!(tables[0]["rows_read"], read, "{pattern}");
    }
    for pattern in ["**/visits.csv", "{a,b}/visits.csv", "a//visits.csv", "a/["] {
        let project = visits(pattern, true);
        let spoken = run(&project).expect(2);
        let place = "rules/tables/visits.yaml:3:18";
        assert!(
            spoken.stderr.contains(place),
            "{pattern}\n{}",
            spoken.stderr
        );
    }
}

#[test]
fn equal_files_in_two_folders_are_two_runs() {
    let project = visits("visits.csv", true);
    project.write("in/visits.csv", rows(1, 1));
    project.copy("in", "other");
    let first = run(&project).expect(0).folder();
    let second = project.run("--delivery other --as-of 2017-10-09").expect(0);
    assert_ne!(first, second.folder());
    assert!(project.path(&first).exists());
}

/// A delivery of 1,000 rows in which line 11 lacks a quote, which the one on line `end` pairs with.
fn swallowing(end: usize, last: &str) -> Project {
    let project = visits("visits.csv", true);
    let mut lines: Vec<String> = rows(1, 1000).lines().map(str::to_owned).collect();
    lines[10] = "V10,2017-01-05,\"said".to_owned();
    lines[end - 1] = format!("V{},2017-01-05,{last}", end - 1);
    project.write("in/visits.csv", lines.join("\n") + "\n");
    project
}

fn told(project: &Project, spoken: &Spoken) -> Vec<String> {
    let tell = |r: &crate::harness::Row| {
        format!(
            "{} {} line {}: {}",
            &r["severity"], &r["rule_id"], &r["source_line"], &r["observed"]
        )
    };
    log(project, spoken).rows.iter().map(tell).collect()
}

#[test]
fn rows_that_a_quote_swallowed_are_told_and_much_of_it_blocks() {
    for (end, code, severity) in [(13, 0, "error"), (901, 1, "blocking")] {
        let project = swallowing(end, "bye\"");
        let spoken = run(&project).expect(code);
        let lines = end - 10;
        let want = format!("{severity} visits.swallowed line 11: {lines} lines");
        assert_eq!(told(&project, &spoken), [want]);
        // It is a row all the same.
        let rows = &results(&project, &spoken)["tables"][0]["clean"];
        assert_eq!(*rows, 1000 - end + 11);
    }
}

#[test]
fn rejected_records_are_counted_in_lines() {
    for (end, code, severity) in [(12, 0, "error"), (13, 1, "blocking"), (901, 1, "blocking")] {
        let project = swallowing(end, "bye\" he said");
        let gates = format!("{PROJECT}gates: {{ max_rejects: 2 }}\n");
        project.write("rules/project.yaml", gates);
        let spoken = run(&project).expect(code);
        let told = told(&project, &spoken);
        assert_eq!(told.len(), 1, "{told:?}");
        let want = format!("{severity} visits.rejects line 11: ");
        assert!(told[0].starts_with(&want), "{}", told[0]);
    }
}
