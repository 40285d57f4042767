//! Nights: which is read, whether it is whole, whether it came before, and what a corrected one changes.

use std::os::unix::fs::symlink;

use serde_json::Value;
use sha2::{Digest, Sha256};

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
    let spoken = project
        .run("--delivery in --as-of 2017-10-09 --out other")
        .expect(0);
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

const FOLDERS: &str = "deliveries: { path: nights }\n";
const INBOX: &str = "deliveries: { path: inbox, layout: inbox }\n";
const STALE: &str = "deliveries: { path: inbox, layout: inbox, incomplete: stale }\n";
const DATED: [(&str, &str); 2] = [
    ("people", "people_{date}.csv"),
    ("visits", "visits_{date}*.csv"),
];

fn as_of(project: &Project, day: &str) -> Spoken {
    project.run(&format!("--as-of {day}"))
}

fn delivery(project: &Project, spoken: &Spoken) -> String {
    let manifest = json(project, spoken, "manifest.json");
    manifest["delivery"].as_str().expect("a text").to_owned()
}

#[test]
fn the_newest_folder_up_to_the_day_is_the_night() {
    let project = project(FOLDERS, &[("visits", "visits*.csv")]);
    for night in ["2017-10-07", "20171008", "2017-10-10", "old", "2017-10-32"] {
        project.write(&format!("nights/{night}/visits.csv"), rows(&[night]));
    }
    project.write("nights/2017-10-09", "a file");
    for (day, want) in [
        ("2017-10-07", "2017-10-07"),
        ("2017-10-09", "20171008"),
        ("2018-01-01", "2017-10-10"),
    ] {
        let spoken = as_of(&project, day).expect(0);
        assert_eq!(delivery(&project, &spoken), want);
        let clean = project.path(&spoken.folder()).join("clean/visits.parquet");
        assert_eq!(crate::harness::parquet_rows(&clean), 1);
    }
    // A night that is named is read, whatever its date.
    let spoken = project
        .run("--delivery nights/2017-10-10 --as-of 2017-10-07")
        .expect(0);
    assert_eq!(delivery(&project, &spoken), "2017-10-10");

    refused(
        &as_of(&project, "2017-10-06"),
        "no night up to 2017-10-06 in ./nights: the first is 2017-10-07",
    );
    project.write("nights/20171010/visits.csv", rows(&["V1"]));
    refused(
        &as_of(&project, "2017-10-10"),
        "nights/2017-10-10 and ./nights/20171010 are folders of one night",
    );
    as_of(&project, "2017-10-09").expect(0);
}

#[test]
fn the_files_of_one_date_are_a_night_of_an_inbox() {
    let tables = [DATED[0], DATED[1], ("wards", "wards.csv")];
    let inbox = project(INBOX, &tables);
    inbox.write("inbox/wards.csv", rows(&["W1"]));
    for (name, references) in [
        ("people_2017-10-08", &["P1"][..]),
        ("visits_20171008_a", &["V1", "V2"]),
        ("visits_20171008_b", &["V3"]),
        ("people_20171009", &["P1", "P2"]),
        ("visits_2017-10-09", &["V4"]),
        ("people_2017-10-11", &["P1", "P2"]),
    ] {
        inbox.write(&format!("inbox/{name}.csv"), rows(references));
    }
    // What is of another night says nothing about this one.
    inbox.write("inbox/visits_2017-10-11.csv.part", "");
    inbox.write("inbox/people_2017-10-08.csv.sha256", "broken");
    for (options, want, counts) in [
        ("--as-of 2017-10-08", "2017-10-08", [1, 3, 1]),
        ("--as-of 2017-10-10", "2017-10-09", [2, 1, 1]),
        (
            "--as-of 2017-10-10 --delivery inbox",
            "2017-10-09",
            [2, 1, 1],
        ),
    ] {
        if want == "2017-10-08" {
            refused(
                &inbox.run(options),
                "`people_2017-10-08.csv.sha256` holds no SHA-256",
            );
            inbox.write("inbox/people_2017-10-08.csv.sha256", hash(&rows(&["P1"])));
        }
        let spoken = inbox.run(options).expect(0);
        assert_eq!(delivery(&inbox, &spoken), want);
        let results = json(&inbox, &spoken, "run_results.json");
        let tables = results["tables"].as_array().expect("tables");
        let read: Vec<u64> = tables
            .iter()
            .filter_map(|t| t["rows_read"].as_u64())
            .collect();
        assert_eq!(read, counts);
        assert_eq!(told(&inbox, &spoken), [""; 0]);
    }
    let spoken = as_of(&inbox, "2017-10-11");
    refused(
        &spoken,
        "delivery 2017-10-11 in ./inbox is incomplete: table `visits` has no file `visits_{date}*.csv`",
    );
    refused(
        &spoken,
        "`visits_2017-10-11.csv.part` says that `visits_2017-10-11.csv` is still being written",
    );
    refused(
        &as_of(&inbox, "2017-10-07"),
        "no night up to 2017-10-07 in ./inbox: the first is 2017-10-08",
    );
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_night_that_is_not_whole_is_refused_or_stale() {
    let nights = |more: &str| {
        let project = project(more, &DATED);
        for (name, references) in [
            ("people_2017-10-08", &["P1"][..]),
            ("visits_2017-10-08", &["V1"]),
            ("people_2017-10-09", &["P1", "P2"]),
            ("people_2017-10-10", &["P1", "P2"]),
        ] {
            project.write(&format!("inbox/{name}.csv"), rows(references));
        }
        // Cut off inside a quote.
        project.write(
            "inbox/visits_2017-10-10.csv",
            format!("{HEAD}V1,2017-01-05,\"a no"),
        );
        project
    };
    let lacks = "table `visits` has no file `visits_{date}*.csv`";
    refused(&as_of(&nights(INBOX), "2017-10-09"), lacks);
    refused(
        &as_of(&nights(INBOX), "2017-10-10"),
        "a quote opens here and is not closed",
    );

    let project = nights(STALE);
    let spoken = as_of(&project, "2017-10-10").expect(0);
    assert_eq!(delivery(&project, &spoken), "2017-10-08");
    let told = told(&project, &spoken);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told[0],
        format!(
            "error delivery.stale 2017-10-09: night 2017-10-09 is not whole, so 2017-10-08 was read in its place: {lacks}"
        )
    );
    assert!(told[1].contains("2017-10-10 is not whole"), "{}", told[1]);
    let log = sheet(&project, &spoken, "discrepancies.csv");
    assert_eq!(&log[0]["category"], "Stale");
    // Neither night is mixed with another.
    let results = json(&project, &spoken, "run_results.json");
    assert_eq!(results["tables"][0]["rows_read"], 1);

    std::fs::remove_file(project.path("inbox/people_2017-10-08.csv")).expect("removed");
    refused(
        &as_of(&project, "2017-10-10"),
        "no night is whole, so that nothing was published: 2017-10-10 (",
    );
}

#[test]
fn a_control_file_says_what_a_night_holds() {
    let settings = "deliveries: { control: control*.csv, marker: _SUCCESS }\n";
    let text = rows(&["V1", "V2"]);
    let bytes = text.len();
    let good = format!(
        "file,rows,bytes,sha256\nvisits1.csv,2,{bytes},{}\n./notes.txt,,5,\n",
        hash(&text)
    );
    let night = |control: &str| {
        let project = project(settings, &[("visits", "visits*.csv")]);
        project.write("in/visits1.csv", &text);
        project.write("in/notes.txt", "notes");
        project.write("in/control.csv", control);
        project.write("in/_SUCCESS", "");
        project
    };
    let whole = night(&good);
    let spoken = run(&whole).expect(0);
    let told = told(&whole, &spoken);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("delivery.unclaimed notes.txt"), "{told:?}");
    let manifest = json(&whole, &spoken, "manifest.json");
    let inputs: Vec<&str> = manifest["inputs"]
        .as_array()
        .expect("inputs")
        .iter()
        .filter_map(|i| i["path"].as_str())
        .collect();
    assert_eq!(inputs, ["control.csv", "visits1.csv"]);

    let other = "0".repeat(64);
    for (from, to, words) in [
        (
            "visits1.csv,2",
            "visits1.csv,3",
            "`visits1.csv` has 2 records, and line 2 of `control.csv` says 3",
        ),
        (
            "visits1.csv,2",
            "visits1.csv,1",
            "`visits1.csv` has 2 records, and line 2 of `control.csv` says 1",
        ),
        (
            &format!(",{bytes},"),
            ",1000,",
            &format!("`visits1.csv` has {bytes} bytes, and line 2 of `control.csv` says 1000"),
        ),
        (
            &hash(&text),
            &other,
            &format!(
                "`visits1.csv` has SHA-256 {}, and line 2 of `control.csv` says {other}",
                hash(&text)
            ),
        ),
        (
            ",,5,",
            ",,6,",
            "`notes.txt` has 5 bytes, and line 3 of `control.csv` says 6",
        ),
        (
            "./notes.txt",
            "visits2.csv",
            "there is no `visits2.csv`, which line 3 of `control.csv` lists",
        ),
        (
            "visits1.csv",
            "notes.txt",
            "`visits1.csv` of table `visits` is not listed in `control.csv`",
        ),
        (
            "./notes.txt",
            "../rules/project.yaml",
            "names `../rules/project.yaml` on line 3, which is no file inside the delivery",
        ),
        (
            "file,",
            "name,",
            "`control.csv` has no column `file` in its header",
        ),
    ] {
        let changed = good.replace(from, to);
        assert_ne!(changed, good);
        let project = night(&changed);
        refused(&run(&project), words);
        assert!(!project.path("out/current").exists());
    }
    // A file that was cut off is told by its length, not by what cannot be read of it.
    let cut = night(&good);
    cut.write("in/visits1.csv", format!("{HEAD}V1,2017-01-05,\"a"));
    refused(&run(&cut), &format!("says {bytes}"));

    for (name, words) in [
        ("control.csv", "there is no control file `control*.csv`"),
        ("_SUCCESS", "there is no marker `_SUCCESS`"),
    ] {
        let project = night(&good);
        std::fs::remove_file(project.path("in").join(name)).expect("removed");
        refused(&run(&project), words);
        project.write("secret.csv", &good);
        symlink("../secret.csv", project.path("in").join(name)).expect("a link");
        refused(
            &run(&project),
            &format!("`{name}` is a link that leads outside the delivery"),
        );
    }
}

#[test]
fn hashes_beside_files_and_uploads_are_looked_at() {
    let night = || {
        let project = project("", &[("visits", "visits*")]);
        project.write("in/visits.csv", rows(&["V1"]));
        project
    };
    let right = night();
    right.write(
        "in/visits.csv.sha256",
        format!("{}  visits.csv\n", hash(&rows(&["V1"]))),
    );
    let spoken = run(&right).expect(0);
    assert_eq!(told(&right, &spoken), [""; 0]);

    let wrong = night();
    wrong.write(
        "in/visits.csv.sha256",
        format!("{}  visits.csv\n", hash("")),
    );
    refused(&run(&wrong), "`visits.csv` has SHA-256 ");
    let lonely = night();
    lonely.write("in/visits2.csv.sha256", hash(""));
    refused(
        &run(&lonely),
        "there is no `visits2.csv` beside `visits2.csv.sha256`",
    );
    let outside = project("", &[("visits", "visits.csv")]);
    outside.write("in/visits.csv", rows(&["V1"]));
    outside.write("secret", hash(&rows(&["V1"])));
    symlink("../secret", outside.path("in/visits.csv.sha256")).expect("a link");
    refused(
        &run(&outside),
        "`visits.csv.sha256` is a link that leads outside the delivery",
    );

    for name in ["visits.csv.part", "visits.csv.lock", "visits2.csv.TMP"] {
        let project = night();
        project.write(&format!("in/{name}"), "");
        let words = format!(
            "`{name}` says that `{}` is still being written",
            &name[..name.len() - if name.ends_with("TMP") { 4 } else { 5 }]
        );
        refused(&run(&project), &words);
    }
    let unrelated = night();
    unrelated.write("in/other.csv.part", "");
    run(&unrelated).expect(0);
}

#[test]
fn mistakes_about_deliveries_are_told_with_their_place() {
    let tables = [("visits", "visits.csv")];
    for (more, words) in [
        (
            "delivery: { path: a }\ndeliveries: { path: b }\n",
            "`deliveries` and `delivery` both say what a run reads",
        ),
        ("deliveries: { layout: folder }\n", "folder"),
        (
            "deliveries: { path: b, layout: inbox }\n",
            "no table has one",
        ),
        (
            "deliveries: { layout: inbox, marker: done }\n",
            "a marker without `{date}` says the same of every night",
        ),
        (
            "deliveries: { control: \"../c.csv\" }\n",
            "has to stay inside the folder",
        ),
        (
            "published: { files: \"p_{date}.csv\" }\n",
            "`{date}` means nothing",
        ),
    ] {
        let project = project(more, &tables);
        project.write("in/visits.csv", rows(&["V1"]));
        let spoken = run(&project).expect(2);
        assert!(spoken.stderr.contains(words), "{words}\n{}", spoken.stderr);
        assert!(
            spoken.stderr.contains("rules/project.yaml:"),
            "{}",
            spoken.stderr
        );
    }
}

/// Table, key, change, column, before, after and place of each change.
fn changes(project: &Project, spoken: &Spoken) -> Vec<String> {
    let columns = [
        "table",
        "record_key",
        "change",
        "column",
        "before",
        "after",
        "source_file",
        "source_line",
    ];
    let tell = |r: &Row| columns.map(|c| r[c].to_owned()).join(",");
    sheet(project, spoken, "restatements.csv")
        .iter()
        .map(tell)
        .collect()
}

fn id(spoken: &Spoken) -> String {
    let folder = spoken.folder();
    folder.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn a_corrected_file_is_a_restatement_that_shows_what_changed() {
    let project = project("", &[("people", "people.csv"), ("visits", "visits*.csv")]);
    let visits = |lines: &str| project.write("in/visits.csv", format!("{HEAD}{lines}"));
    project.write("in/people.csv", rows(&["P1"]));
    visits(
        "V1,2017-01-05,a\nV2,2017-01-06,b\nV2,2017-01-06,twice\n\"V|3\",2017-01-07,\n,2017-01-08,x\n",
    );
    let first = run(&project).expect(0);
    assert_eq!(changes(&project, &first), [""; 0]);
    let before = json(&project, &first, "run_results.json");
    assert_eq!(
        [&before["restated"], &before["redelivered"]],
        [&Value::Null; 2]
    );
    let again = run(&project).expect(0);
    assert_eq!(id(&again), id(&first));
    assert!(again.stdout.contains("the same run stood there already"));

    visits(
        "V0,2017-01-05,new\nV2,2017-01-06,b\nV2,2017-02-06,\n\"V|3\",2017-01-07,now\n,2017-01-08,x\n",
    );
    let second = run(&project).expect(0);
    let want = [
        "visits,V0,added,,,,visits.csv,2",
        "visits,V1,removed,,,,visits.csv,2",
        "visits,V2,changed,visited_on,2017-01-06,2017-02-06,visits.csv,4",
        "visits,V2,changed,note,twice,,visits.csv,4",
        r"visits,V\|3,changed,note,,now,visits.csv,5",
    ];
    assert_eq!(changes(&project, &second), want);
    let told_second = told(&project, &second);
    let restated: Vec<&String> = told_second
        .iter()
        .filter(|t| t.contains("delivery."))
        .collect();
    let words = "visits 1 rows added, 1 removed, 2 changed";
    assert_eq!(
        restated,
        [&format!(
            "warn delivery.restated visits.csv: visits.csv was delivered again with other bytes than in run {}: {words}; restatements has each of them",
            id(&first)
        )]
    );
    assert!(
        second
            .stdout
            .contains(&format!("restates run {}: {words}", id(&first)))
    );
    let after = json(&project, &second, "run_results.json");
    let counts = serde_json::json!({ "run_id": id(&first), "tables": [{ "table": "visits", "added": 1, "removed": 1, "changed": 2 }] });
    assert_eq!(after["restated"], counts);
    assert_eq!(
        json(&project, &second, "manifest.json")["restates"],
        id(&first)
    );

    // The same again is the same run; it stays the same at any number of threads.
    let third = project
        .run("--delivery in --as-of 2017-10-09 --threads 1 -v")
        .expect(0);
    assert_eq!(id(&third), id(&second));
    assert!(
        third.stderr.contains("this run stood there already"),
        "{}",
        third.stderr
    );

    // Another file is another restatement, held against the newest run, and so is the way back.
    project.write("in/visits2.csv", rows(&["V9"]));
    let added = run(&project).expect(0);
    assert_eq!(
        changes(&project, &added),
        ["visits,V9,added,,,,visits2.csv,2"]
    );
    std::fs::remove_file(project.path("in/visits2.csv")).expect("removed");
    let back = run(&project).expect(0);
    assert_eq!(
        changes(&project, &back),
        ["visits,V9,removed,,,,visits2.csv,2"]
    );
    assert!(
        told(&project, &back)
            .iter()
            .any(|t| t.contains("is not there any more"))
    );
    assert_ne!(id(&back), id(&second));
    assert_eq!(id(&run(&project).expect(0)), id(&back));

    // What is not there any more cannot be compared with.
    std::fs::remove_file(project.path(&back.folder()).join("clean/visits.parquet"))
        .expect("removed");
    visits("V0,2017-01-05,new\n");
    assert_eq!(changes(&project, &run(&project).expect(0)), [""; 0]);
}

#[test]
fn the_same_bytes_on_another_night_are_told() {
    let project = project(INBOX, &DATED);
    for day in ["2017-10-08", "2017-10-09"] {
        project.write(&format!("inbox/people_{day}.csv"), rows(&["P1"]));
        project.write(&format!("inbox/visits_{day}.csv"), rows(&["V1", "V2"]));
    }
    let first = as_of(&project, "2017-10-08").expect(0);
    let second = as_of(&project, "2017-10-09").expect(0);
    let want = format!(
        "info delivery.redelivered 2017-10-09: delivery 2017-10-09 has the same bytes as the files of run {}: it was delivered again, or nothing changed since",
        id(&first)
    );
    assert_eq!(told(&project, &second), [want]);
    assert_eq!(
        json(&project, &second, "run_results.json")["redelivered"],
        id(&first)
    );
    assert_eq!(changes(&project, &second), [""; 0]);
    assert!(second.stdout.contains(&format!(
        "delivered again: the same bytes as in run {}",
        id(&first)
    )));
    // Once more it is the same run, and the night before is what it was.
    assert_eq!(id(&as_of(&project, "2017-10-09").expect(0)), id(&second));
    assert_eq!(id(&as_of(&project, "2017-10-08").expect(0)), id(&first));
    assert_eq!(id(&as_of(&project, "2017-10-09").expect(0)), id(&second));

    // An earlier night may be restated after later ones.
    project.write("inbox/visits_2017-10-08.csv", rows(&["V1", "V3"]));
    let third = as_of(&project, "2017-10-08").expect(0);
    let want = [
        "visits,V2,removed,,,,visits_2017-10-08.csv,3",
        "visits,V3,added,,,,visits_2017-10-08.csv,3",
    ];
    assert_eq!(changes(&project, &third), want);
    assert_eq!(
        json(&project, &third, "manifest.json")["restates"],
        id(&first)
    );
}

#[test]
fn what_is_hidden_stays_hidden_in_a_restatement() {
    let project = project("", &[]);
    let table = TABLE
        .replace(
            "{ type: string, not_null: error }",
            "{ type: string, policy: hide }",
        )
        .replace(
            "note: { type: string }",
            "note: { type: string, policy: hide }",
        );
    let text = format!("version: 1\ntable: visits\nsource: {{ files: visits.csv }}\n{table}");
    project.write("rules/tables/visits.yaml", text);
    for text in ["a secret", "another secret"] {
        project.write("in/visits.csv", format!("{HEAD}Vera,2017-01-05,{text}\n"));
        run(&project).expect(0);
    }
    let spoken = run(&project).expect(0);
    let want = ["visits,[hidden],changed,note,[hidden],[hidden],visits.csv,2"];
    assert_eq!(changes(&project, &spoken), want);
    let keyed = |project: &Project| {
        let mut command = project.command();
        command
            .args(["--delivery", "in", "--as-of", "2017-10-09"])
            .env("TRUEUP_KEY", "key");
        Spoken::of(&mut command).expect(0)
    };
    project.write("in/visits.csv", format!("{HEAD}Vera,2017-01-05,a secret\n"));
    let spoken = keyed(&project);
    let told = changes(&project, &spoken);
    assert!(
        told[0].starts_with("visits,hmac:") && told[0].matches("hmac:").count() == 3,
        "{told:?}"
    );
    assert!(!read(&project.path(&spoken.folder()).join("discrepancies.csv")).contains("secret"));
}

#[test]
fn many_rows_are_compared_in_little_memory() {
    let project = project("", &[("visits", "visits.csv")]);
    // A row without a key cannot change: it is another.
    let write = |changed: usize| {
        let row = |n: usize| {
            let note = if n % 10_000 == changed {
                "other"
            } else {
                "a note"
            };
            match n % 3 {
                0 => format!(",2017-01-05,{note} {n}\n"),
                _ => format!("V{n:07},2017-01-05,{note} {n}\n"),
            }
        };
        project.write(
            "in/visits.csv",
            HEAD.to_owned() + &(0..200_000).map(row).collect::<String>(),
        );
    };
    let small = "--delivery in --as-of 2017-10-09 --threads 2 --memory-limit 16M --fail-on never";
    write(10_000);
    project.run(small).expect(0);
    write(1);
    let spoken = project.run(small).expect(0);
    let restated = &json(&project, &spoken, "run_results.json")["restated"]["tables"][0];
    assert_eq!(restated["changed"], 14, "{restated}");
    assert_eq!([&restated["added"], &restated["removed"]], [6, 6]);
    assert_eq!(changes(&project, &spoken).len(), 26);
}
