//! Published runs that somebody changed, chains of runs that somebody cut, and the policy that removes old runs.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::harness::{Project, Spoken, files, read};

const TABLE: &str = "version: 1
table: books
source: { files: \"books.csv\" }
key: [book]
columns:
  book: { type: string, not_null: error }
  pages: { type: integer, not_null: blocking }
";
const AGGREGATE: &str = "SELECT 'all' AS period, 'books' AS population, book AS category,
  row_number() OVER (ORDER BY book) AS sort, pages AS count, pages AS base, CAST(1 AS DOUBLE) AS share
FROM books ORDER BY book
";

/// A project of one table, which reads `in/`.
fn project(more: &str) -> Project {
    let about = format!("version: 1\nname: Books\n{more}");
    Project::of(&[
        ("rules/project.yaml", &about),
        ("rules/tables/books.yaml", TABLE),
        ("sql/aggregates/pages.sql", AGGREGATE),
    ])
}

/// Runs the night of this day of June, whose delivery says so.
fn night(project: &Project, day: u8) -> Spoken {
    night_with(project, day, "")
}

fn night_with(project: &Project, day: u8, arguments: &str) -> Spoken {
    let rows: String = (0..4).map(|n| format!("B{n},{day}{n}\n")).collect();
    project.write(
        &format!("in/2020-06-{day:02}/books.csv"),
        format!("book,pages\n{rows}"),
    );
    let date = format!("2020-06-{day:02}");
    project.run(&format!("--delivery in/{date} --as-of {date} {arguments}"))
}

/// Runs nights 1 to `last`, and returns their ids, the newest last.
fn nights(project: &Project, last: u8) -> Vec<String> {
    (1..=last)
        .map(|day| id(&night(project, day).expect(0)))
        .collect()
}

fn id(spoken: &Spoken) -> String {
    let folder = spoken.folder();
    folder.rsplit('/').next().unwrap_or_default().to_owned()
}

fn verify(project: &Project, arguments: &str) -> Spoken {
    let mut command = project.command_of("verify");
    Spoken::of(command.args(arguments.split_whitespace()))
}

/// Verifies in JSON; the code is checked.
fn told(project: &Project, arguments: &str, code: i32) -> Value {
    let spoken = verify(project, &format!("{arguments} --format json")).expect(code);
    serde_json::from_str(&spoken.stdout).expect("JSON")
}

/// What is said to be broken.
#[track_caller]
fn broken(project: &Project, arguments: &str, parts: &[&str]) {
    let spoken = verify(project, arguments).expect(4);
    assert!(spoken.stdout.starts_with("BROKEN: "), "{}", spoken.stdout);
    for part in parts {
        assert!(
            spoken.stdout.contains(part),
            "no `{part}` in {}",
            spoken.stdout
        );
    }
    let json = told(project, arguments, 4);
    assert_eq!(json["ok"], false);
    assert!(
        spoken
            .stdout
            .contains(json["broken"].as_str().expect("words"))
    );
}

fn runs(project: &Project) -> BTreeSet<String> {
    let entries = fs::read_dir(project.path("out/runs")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn history(project: &Project) -> BTreeSet<String> {
    files(&project.path("out/history")).into_keys().collect()
}

fn hash_of(project: &Project, run: &str) -> String {
    let line = read(&project.path(&format!("out/runs/{run}/manifest.sha256")));
    line.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn a_flipped_byte_is_named_in_every_output() {
    let project = project("");
    nights(&project, 2);
    let whole = verify(&project, "").expect(0);
    assert!(
        whole.stdout.contains("all accounted for"),
        "{}",
        whole.stdout
    );
    assert!(whole.stdout.contains("chain: 2 runs"), "{}", whole.stdout);
    let outputs = files(&project.path("out/current/"));
    for name in [
        "manifest.json",
        "manifest.sha256",
        "clean/books.parquet",
        "run_results.json",
    ] {
        assert!(outputs.contains_key(name), "{name}");
    }
    let mut flipped = 0;
    for (name, path) in &outputs {
        let good = fs::read(path).expect("a file");
        for at in [0, good.len() / 2, good.len().saturating_sub(1)] {
            let mut bad = good.clone();
            let Some(byte) = bad.get_mut(at) else {
                continue;
            };
            *byte ^= 1;
            fs::write(path, bad).expect("written");
            broken(&project, "", &[&format!("`{name}` was changed")]);
            flipped += 1;
        }
        fs::write(path, good).expect("written");
    }
    assert!(flipped > 3 * 15, "{flipped}");
    verify(&project, "").expect(0);
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let project = project("");
    nights(&project, 1);
    for (name, path) in files(&project.path("out/current/")) {
        let good = fs::read(&path).expect("a file");
        fs::remove_file(&path).expect("removed");
        broken(&project, "", &[&name, "is missing"]);
        fs::write(&path, good).expect("written");
    }
    let extra = project.path("out/current/clean/more.parquet");
    fs::write(&extra, "x").expect("written");
    broken(
        &project,
        "",
        &["`clean/more.parquet` is not in the manifest"],
    );
    fs::remove_file(&extra).expect("removed");
    verify(&project, "").expect(0);
    // A run that is damaged is put back by its own delivery.
    fs::write(project.path("out/current/discrepancies.csv"), "x").expect("written");
    verify(&project, "").expect(4);
    night(&project, 1).expect(0);
    verify(&project, "").expect(0);
}

#[test]
fn a_run_that_is_gone_from_the_chain_is_named() {
    let project = project("");
    let ids = nights(&project, 4);
    let away = project.path("away");
    for gone in &ids {
        let place = project.path(&format!("out/runs/{gone}"));
        fs::rename(&place, &away).expect("moved");
        broken(&project, "", &[gone.as_str()]);
        fs::rename(&away, &place).expect("moved");
    }
    let second = project.path(&format!("out/runs/{}", ids[1]));
    fs::rename(&second, &away).expect("moved");
    broken(
        &project,
        "",
        &[
            &format!("run {} is missing", ids[1]),
            &format!("run {} names it", ids[2]),
        ],
    );
    fs::rename(&away, &second).expect("moved");

    // In each other's place.
    let third = project.path(&format!("out/runs/{}", ids[2]));
    fs::rename(&second, &away).expect("moved");
    fs::rename(&third, &second).expect("moved");
    fs::rename(&away, &third).expect("moved");
    broken(
        &project,
        "",
        &[&format!(
            "runs/{}/manifest.json` is the manifest of run {}",
            ids[2], ids[1]
        )],
    );
    fs::rename(&third, &away).expect("moved");
    fs::rename(&second, &third).expect("moved");
    fs::rename(&away, &second).expect("moved");
    assert_eq!(told(&project, "--all", 0)["read_whole"], 4);

    // A file of an earlier run: its manifest is whole, and its files are looked at when they are asked for.
    let log = second.join("discrepancies.csv");
    let good = fs::read(&log).expect("a file");
    fs::write(&log, "x").expect("written");
    verify(&project, "").expect(0);
    for arguments in ["--all", &ids[1]] {
        broken(
            &project,
            arguments,
            &[&ids[1], "`discrepancies.csv` has 1 bytes"],
        );
    }
    fs::write(&log, good).expect("written");

    // A manifest that was written anew with its hash is another than the one that the next run recorded.
    let manifest = second.join("manifest.json");
    let anew = read(&manifest).replace("\"rules_run\": ", "\"rules_run\": 1");
    fs::write(&manifest, &anew).expect("written");
    let sum = Command::new("sha256sum")
        .arg("manifest.json")
        .current_dir(&second)
        .output();
    fs::write(second.join("manifest.sha256"), sum.expect("a hash").stdout).expect("written");
    broken(
        &project,
        "",
        &[&format!(
            "runs/{}/manifest.json` was changed: run {} recorded",
            ids[1], ids[2]
        )],
    );
}

#[test]
fn a_hash_that_was_kept_elsewhere_is_found_in_the_chain_or_not() {
    let project = project("");
    let ids = nights(&project, 3);
    let hashes: Vec<String> = ids.iter().map(|id| hash_of(&project, id)).collect();
    for (at, hash) in hashes.iter().rev().enumerate() {
        let json = told(&project, &format!("--against {hash}"), 0);
        assert_eq!(json["against"]["runs_ago"], at);
        assert_eq!(json["against"]["run_id"], ids[2 - at].as_str());
    }
    let other = "0".repeat(64);
    broken(&project, &format!("--against {other}"), &[&other, "3 runs"]);
    verify(&project, "--against 12").expect(2);
    // All of it written anew, from the first night on: whole by itself, and not what was kept.
    fs::remove_dir_all(project.path("out")).expect("removed");
    night(&project, 1).expect(0);
    night(&project, 3).expect(0);
    verify(&project, "").expect(0);
    broken(
        &project,
        &format!("--against {}", hashes[2]),
        &[&hashes[2], "2 runs"],
    );
    // The hash that the summary and the job's line told.
    let again = night(&project, 3).expect(0);
    let told_hash = again
        .stdout
        .lines()
        .find_map(|l| l.strip_prefix("manifest: SHA-256 "));
    let json = night_with(&project, 3, "--format json").expect(0);
    let event: Value =
        serde_json::from_str(json.stderr.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(event["manifest_sha256"], told_hash.expect("a hash"));
    verify(
        &project,
        &format!("--against {}", told_hash.expect("a hash")),
    )
    .expect(0);
}

#[test]
fn nothing_to_verify_is_no_broken_run() {
    let project = project("");
    let spoken = verify(&project, "").expect(3);
    assert!(
        spoken.stderr.contains("no run is published in `out`"),
        "{}",
        spoken.stderr
    );
    let ids = nights(&project, 1);
    let other = "2020-06-01-0123456789ab";
    let spoken = verify(&project, other).expect(3);
    assert!(
        spoken.stderr.contains("there is no run"),
        "{}",
        spoken.stderr
    );
    verify(&project, "no-run").expect(2);
    fs::remove_dir_all(project.path(&format!("out/runs/{}", ids[0]))).expect("removed");
    broken(&project, "", &[&ids[0], "not there any more"]);
    fs::remove_file(project.path("out/current")).expect("removed");
    fs::write(project.path("out/current"), "x").expect("written");
    broken(&project, "", &["is not a link to a run"]);
}

/// Names, lengths and times of everything below a folder.
fn listing(folder: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime, u32)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let about = fs::symlink_metadata(&path).expect("there");
            if about.is_dir() {
                folders.push(path.clone());
            }
            let time = about.modified().expect("a time");
            found.push((path, about.len(), time, about.permissions().mode()));
        }
    }
    found.sort();
    found
}

#[test]
fn verifying_changes_nothing_and_waits_for_nobody() {
    let project = project("");
    nights(&project, 2);
    let lock = fs::File::open(project.path("out/.lock")).expect("the lock");
    lock.try_lock().expect("nobody has it");
    let before = listing(&project.path("out"));
    verify(&project, "--all").expect(0);
    assert_eq!(listing(&project.path("out")), before);
    // A run would wait; it says that it does not.
    let busy = night(&project, 3).expect(3);
    assert!(
        busy.stderr.contains("another run is writing to `out`"),
        "{}",
        busy.stderr
    );
    assert!(
        busy.stderr.contains("wait until it ends"),
        "{}",
        busy.stderr
    );
}

#[test]
fn policy_removes_the_oldest_and_the_chain_stays_whole() {
    let by_number = project("outputs: { keep_runs: 2 }\n");
    let ids = nights(&by_number, 4);
    assert_eq!(
        runs(&by_number),
        BTreeSet::from([ids[2].clone(), ids[3].clone()])
    );
    let kept = |at: usize| format!("{}.json", ids[at]);
    assert_eq!(history(&by_number), BTreeSet::from([kept(0), kept(1)]));
    let json = told(&by_number, "", 0);
    let chain = json["chain"].as_array().expect("runs");
    let removed: Vec<bool> = chain.iter().map(|run| run["removed"] == true).collect();
    assert_eq!(removed, [false, false, true, true]);
    let first = chain[3]["manifest_sha256"].as_str().expect("a hash");
    assert_eq!(
        told(&by_number, &format!("--against {first}"), 0)["against"]["runs_ago"],
        3
    );
    let gone = verify(&by_number, &ids[0]).expect(3);
    assert!(
        gone.stderr.contains("was removed by policy"),
        "{}",
        gone.stderr
    );
    // A manifest of the history is part of the chain.
    let place = by_number.path(&format!("out/history/{}", kept(1)));
    let good = fs::read(&place).expect("a file");
    fs::write(&place, "{}").expect("written");
    broken(
        &by_number,
        "",
        &[&format!("history/{}` was changed", kept(1))],
    );
    fs::remove_file(&place).expect("removed");
    broken(&by_number, "", &[&format!("run {} is missing", ids[1])]);
    fs::write(&place, good).expect("written");

    let by_day = project("outputs: { keep_days: 2 }\n");
    let ids = nights(&by_day, 3);
    assert_eq!(
        runs(&by_day),
        BTreeSet::from([ids[1].clone(), ids[2].clone()])
    );
    // Either rule keeps a run, and the newest always stays.
    let both = project("outputs: { keep_runs: 3, keep_days: 1 }\n");
    assert_eq!(nights(&both, 4).len(), 4);
    assert_eq!(runs(&both).len(), 3);
    let none = project("");
    assert_eq!(nights(&none, 4).len(), 4);
    assert_eq!(runs(&none).len(), 4);
}

#[test]
fn policy_removes_runs_that_were_not_published_too() {
    let project = project("outputs: { keep_runs: 1 }\n");
    night(&project, 1).expect(0);
    for day in [2, 3] {
        night_with(&project, day, "--exclude *pages*").expect(1);
    }
    assert_eq!(
        runs(&project).len(),
        3,
        "nothing is removed before something is published"
    );
    let newest = id(&night(&project, 4).expect(0));
    let left = runs(&project);
    assert!(left.contains(&newest));
    let kept: Vec<&String> = left.iter().filter(|run| **run != newest).collect();
    assert!(
        matches!(kept[..], [run] if run.starts_with("2020-06-03-")),
        "{left:?}"
    );
    verify(&project, kept[0]).expect(0);
    verify(&project, "--all").expect(0);
}

#[test]
fn a_run_whose_predecessors_are_gone_stays_the_same() {
    let project = project("outputs: { keep_runs: 1 }\n");
    let ids = nights(&project, 3);
    let good = listing(&project.path("out/runs"));
    let again = night(&project, 3).expect(0);
    assert_eq!(id(&again), ids[2]);
    assert!(
        again.stdout.contains("the same run stood there already"),
        "{}",
        again.stdout
    );
    let names = |listed: &[(PathBuf, u64, std::time::SystemTime, u32)]| {
        listed
            .iter()
            .map(|(path, length, _, _)| (path.clone(), *length))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&listing(&project.path("out/runs"))), names(&good));
    verify(&project, "").expect(0);
}

#[test]
fn current_only_moves_forward() {
    let project = project("");
    let ids = nights(&project, 3);
    let current = || fs::read_link(project.path("out/current")).expect("a link");
    let newest = current();
    let again = night(&project, 1).expect(0);
    assert_eq!(id(&again), ids[0]);
    let words = format!("published before: out/runs/{}", ids[0]);
    assert!(again.stdout.contains(&words), "{}", again.stdout);
    let words = format!("`current` stays at the newer run {}", ids[2]);
    assert!(again.stdout.contains(&words), "{}", again.stdout);
    assert_eq!(current(), newest);
    // Damaged, it is put back as the later runs recorded it.
    let log = project.path(&format!("out/runs/{}/discrepancies.csv", ids[0]));
    let good = fs::read(&log).expect("a file");
    fs::write(&log, "x").expect("written");
    night(&project, 1).expect(0);
    assert_eq!(fs::read(&log).expect("a file"), good);
    assert_eq!(current(), newest);
    verify(&project, "--all").expect(0);
    // Placed by a process that was killed before it switched: running again is enough.
    std::os::unix::fs::symlink(format!("runs/{}", ids[1]), project.path("out/aside"))
        .expect("a link");
    fs::rename(project.path("out/aside"), project.path("out/current")).expect("moved");
    night(&project, 3).expect(0);
    assert_eq!(current(), newest);
    // The same, and another night went past it: then it comes again as a run of its own.
    std::os::unix::fs::symlink(format!("runs/{}", ids[1]), project.path("out/aside"))
        .expect("a link");
    fs::rename(project.path("out/aside"), project.path("out/current")).expect("moved");
    night(&project, 4).expect(0);
    let third = id(&night(&project, 3).expect(0));
    assert_ne!(third, ids[2]);
    assert_eq!(
        told(&project, "--all", 0)["chain"].as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn a_clock_that_stepped_back_is_told_before_anything_is_read() {
    let project = project("");
    nights(&project, 1);
    project.write("in/future/books.csv", "book,pages\nB1,1\n");
    project
        .run("--delivery in/future --as-of 2999-01-01")
        .expect(0);
    let before = listing(&project.path("out"));
    let spoken = project.run("--delivery in/none").expect(3);
    for part in [
        "by the clock",
        "is as of 2999-01-01",
        "the clock stepped back",
        "--as-of DATE",
        "nothing was read",
    ] {
        assert!(
            spoken.stderr.contains(part),
            "no `{part}` in {}",
            spoken.stderr
        );
    }
    assert_eq!(listing(&project.path("out")), before);
    // A day that was given is taken, and told.
    let spoken = night(&project, 2).expect(0);
    assert!(
        spoken
            .stderr
            .contains("before 2999-01-01 of the published run"),
        "{}",
        spoken.stderr
    );
}

#[test]
fn mistakes_about_outputs_have_their_place() {
    for (text, says) in [
        (
            "outputs: { keep_runs: 0 }\n",
            "`keep_runs: 0` would keep no run",
        ),
        (
            "outputs: { keep_days: 0 }\n",
            "`keep_days: 0` would keep no day",
        ),
        ("outputs: { keep_nights: 3 }\n", "keep_nights"),
        ("outputs: { keep_runs: many }\n", "keep_runs"),
    ] {
        let spoken = {
            let project = project(text);
            night(&project, 1).expect(2)
        };
        assert!(spoken.stderr.contains(says), "{}", spoken.stderr);
        assert!(
            spoken.stderr.contains("rules/project.yaml:3:"),
            "{}",
            spoken.stderr
        );
    }
}
