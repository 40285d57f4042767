//! How the command speaks: to people, to jobs, and how its options change what it does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::{Project, Sheet, Spoken};

/// Each line of stderr is one JSON object.
fn events(spoken: &Spoken) -> Vec<Value> {
    let lines = spoken.stderr.lines();
    let events: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    assert!(events.iter().all(Value::is_object), "{}", spoken.stderr);
    assert!(!events.is_empty(), "nothing was said");
    events
}

#[test]
fn jobs_get_json_lines() {
    let project = Project::small();
    for (arguments, code, event, lines) in [
        ("", 0, "run", 1),
        ("-q", 0, "run", 1),
        ("-vv", 0, "run", 7),
        ("--delivery nowhere", 3, "error", 1),
        ("--select nothing.like.it", 2, "project_error", 1),
        ("--bogus", 2, "error", 1),
        ("--as-of today", 2, "error", 1),
    ] {
        let spoken = project
            .run(&format!("--format json {arguments}"))
            .expect(code);
        assert_eq!(spoken.stdout, "", "{arguments}");
        let events = events(&spoken);
        assert!(events.len() >= lines, "{arguments}: {} lines", events.len());
        let last = &events[events.len() - 1];
        assert_eq!(last["event"], event, "{arguments}: {last}");
        assert_eq!(last["exit_code"], code, "{arguments}: {last}");
        match event {
            "run" => {
                let folder = last["folder"].as_str().expect("a folder");
                assert!(project.path(folder).join("manifest.json").exists());
                assert_eq!(last["result"]["as_of"], "2017-10-09");
            }
            "error" => assert!(last["message"].is_string(), "{last}"),
            _ => assert!(last["diagnostics"][0]["message"].is_string(), "{last}"),
        }
    }
}

#[test]
fn names_from_files_move_no_cursor() {
    let project = Project::small();
    project.edit("rules/project.yaml", |text| {
        let (head, rest) = text.split_once("name: ").expect("a name");
        let rest = rest.split_once('\n').expect("a line").1;
        format!("{head}name: \"a\\e[31m\\nb\\u202E\"\n{rest}")
    });
    let spoken = project.run("").expect(0);
    let first = spoken.stdout.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("a\\u{1b}[31m\\nb\\u{202e} · delivery"),
        "{first:?}"
    );
}

#[test]
fn quiet_says_nothing_when_nothing_failed() {
    let project = Project::small();
    let said = |arguments: &str, code: i32| {
        let spoken = project.run(arguments).expect(code);
        (!spoken.stdout.is_empty(), !spoken.stderr.is_empty())
    };
    for (arguments, code, stdout, stderr) in [
        ("", 0, true, false),
        ("-q", 0, false, false),
        ("-q --fail-on error", 1, true, false),
        ("-q --delivery nowhere", 3, false, true),
        ("-v", 0, true, true),
    ] {
        assert_eq!(said(arguments, code), (stdout, stderr), "{arguments}");
    }
}

#[test]
fn fail_on_decides_the_code_and_not_the_publication() {
    let project = Project::small();
    for (select, fail_on, code) in [
        ("*", "blocking", 0),
        ("*", "error", 1),
        ("*", "warn", 1),
        ("*", "new", 1),
        ("*", "never", 0),
    ] {
        let out = format!("out_{fail_on}");
        project
            .run(&format!(
                "--select {select} --fail-on {fail_on} --out {out}"
            ))
            .expect(code);
        assert!(
            project.path(&out).join("current/manifest.json").exists(),
            "{fail_on}"
        );
    }
}

#[test]
fn selection_skips_rules_and_says_so() {
    let project = Project::small();
    let table = |id: &str| id.split('.').next().unwrap_or_default().to_owned();
    type Runs<'r> = &'r dyn Fn(&str, &str) -> bool;
    let cases: [(&str, Runs<'_>); 4] = [
        ("--select table:cases", &|id, _| table(id) == "cases"),
        ("--select dimension:completeness", &|_, dimension| {
            dimension == "completeness"
        }),
        ("--exclude *.not_null,table:people", &|id, _| {
            !id.ends_with(".not_null") && table(id) != "people"
        }),
        (
            "--select cases.area.* --exclude cases.area.not_null",
            &|id, _| id == "cases.area.accepted_values",
        ),
    ];
    for (arguments, runs) in cases {
        let spoken = project.run(arguments).expect(1);
        let run = project.path(&spoken.folder());
        let mut seen: BTreeMap<bool, usize> = BTreeMap::new();
        for row in &Sheet::read(&run.join("rule_results.csv")).rows {
            let wanted = runs(&row["rule_id"], &row["dimension"]);
            assert_eq!(&row["status"] != "skipped", wanted, "{arguments}: {row:?}");
            assert_eq!(!row["evaluated"].is_empty(), wanted, "{arguments}: {row:?}");
            *seen.entry(wanted).or_default() += 1;
        }
        assert!(
            seen.len() == 2 && seen.values().sum::<usize>() == 121,
            "{seen:?}"
        );
        let log = Sheet::read(&run.join("discrepancies.csv")).rows;
        let of_tables = log.iter().filter(|row| !row["table"].is_empty());
        let told: BTreeSet<&str> = of_tables.map(|row| &row["rule_id"]).collect();
        let skipped = |id: &&&str| {
            let row = log.iter().find(|row| row["rule_id"] == ***id);
            row.is_some_and(|row| !runs(id, &row["dimension"]))
        };
        assert_eq!(told.iter().find(skipped), None, "{arguments}");
    }
}

#[test]
fn a_run_that_leaves_rules_out_is_a_trial_and_not_published() {
    let project = Project::small();
    let out = project.path("out");
    let current = || std::fs::read_link(out.join("current")).ok();
    let trial = |arguments: &str, words: &str| {
        let before = current();
        let spoken = project.run(arguments).expect(1);
        assert_eq!(current(), before, "{arguments}");
        let said = spoken.stdout.lines().rev().take(3).collect::<Vec<_>>();
        assert!(said[2].starts_with("TRIAL: "), "{arguments}: {said:?}");
        assert!(said[1].contains(words), "{arguments}: {said:?}");
        let run = project.path(&spoken.folder());
        let manifest = trueup::publish::check_run(&run).expect("a whole run");
        assert!(manifest.trial && !manifest.blocked, "{arguments}");
        let results = crate::harness::read(&run.join("run_results.json"));
        let results: Value = serde_json::from_str(&results).expect("JSON");
        assert_eq!(results["trial"], true, "{arguments}");
        let left_out = results["rules_left_out"].as_u64().expect("a number");
        assert_eq!(left_out + manifest.rules_run, 121, "{arguments}");
    };
    trial(
        "--exclude *",
        "no run has been published yet, so there is no `current`",
    );
    project.run("").expect(0);
    let good = current().expect("a published run");
    let good = good.file_name().expect("a run").to_string_lossy();
    trial("--select cases.row_count", &good);
    trial("--exclude cases.row_count --fail-on never", &good);

    let spoken = project.run("--select * --format json").expect(0);
    let last = &events(&spoken)[0];
    assert_eq!(last["result"]["trial"], false, "{last}");
    let run = last["folder"].as_str().expect("a folder");
    assert_eq!(
        current(),
        Some(
            std::path::Path::new(run)
                .strip_prefix("out")
                .expect("in out")
                .to_owned()
        )
    );
}
