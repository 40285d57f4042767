//! What stops a run, and what is withheld then: conditions of rules, freshness, volume, aggregates over tables that failed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::harness::{Project, Row, Sheet, Spoken, fixture, read};

/// A project of one table, with this under `source` and these columns beside its key.
fn table(source: &str, columns: &str) -> String {
    format!(
        "version: 1\ntable: visits\nsource: {{ files: \"visits.csv\"{source} }}\nkey: [visit_ref]\ncolumns:\n  \
         visit_ref: {{ type: string, not_null: error }}\n{columns}"
    )
}

fn project(source: &str, columns: &str) -> Project {
    Project::of(&[("rules/tables/visits.yaml", &table(source, columns))])
}

fn sheet(project: &Project, spoken: &Spoken, inside: &str) -> Sheet {
    Sheet::read(&project.path(&spoken.folder()).join(inside))
}

/// The line of a rule in `rule_results`.
fn line(project: &Project, spoken: &Spoken, rule: &str) -> Row {
    let sheet = sheet(project, spoken, "rule_results.csv");
    let mut rows = sheet.rows.into_iter();
    rows.find(|row| &row["rule_id"] == rule)
        .unwrap_or_else(|| panic!("no line of {rule}"))
}

/// The discrepancies of a rule.
fn log(project: &Project, spoken: &Spoken, rule: &str) -> Vec<Row> {
    let sheet = sheet(project, spoken, "discrepancies.csv");
    let rows = sheet.rows.into_iter();
    let open = rows.filter(|row| &row["status"] != "resolved");
    open.filter(|row| &row["rule_id"] == rule).collect()
}

fn results(project: &Project, spoken: &Spoken) -> serde_json::Value {
    let path = project.path(&spoken.folder()).join("run_results.json");
    serde_json::from_str(&read(&path)).expect("JSON")
}

/// Ten rows of kind `a`, of which so many have no note, and ten of kind `b` without one.
fn noted(failing: usize) -> String {
    let mut text = "visit_ref,kind,note\n".to_owned();
    for at in 0..10 {
        let note = if at < failing { "" } else { "said" };
        text.push_str(&format!("A{at},a,{note}\nB{at},b,\n"));
    }
    text
}

const CONDITIONS: &str = "block_if: \"> 5\", error_if: \"> 30%\", warn_if: \">= 2\"";

#[test]
fn the_strictest_condition_that_holds_decides_the_severity() {
    let alone = format!(
        "  kind: {{ type: string }}\n  note: {{ type: string }}\nrules:\n  - id: visits.note.said\n    \
         check: {{ expression: {{ sql: note IS NOT NULL }} }}\n    where: kind = 'a'\n    why: W.\n    {}\n",
        CONDITIONS.replace(", ", "\n    ")
    );
    let under = format!(
        "  kind: {{ type: string }}\n  note: {{ type: string, not_null: {{ where: kind = 'a', why: W., {CONDITIONS} }} }}\n"
    );
    for (rule, columns) in [("visits.note.not_null", under), ("visits.note.said", alone)] {
        let project = project("", &columns);
        // Ten rows are evaluated: 30% of them are three, which is not more than that.
        for (failing, severity, status, code, on_error) in [
            (0, "blocking", "passed", 0, 0),
            (1, "info", "tolerated", 0, 0),
            (2, "warn", "failed", 0, 0),
            (3, "warn", "failed", 0, 0),
            (4, "error", "failed", 0, 1),
            (5, "error", "failed", 0, 1),
            (6, "blocking", "failed", 1, 1),
            (10, "blocking", "failed", 1, 1),
        ] {
            project.write("delivery/visits.csv", noted(failing));
            let spoken = project.run("").expect(code);
            project.run("--fail-on error").expect(on_error);
            let line = line(&project, &spoken, rule);
            let told = [
                &line["severity"],
                &line["status"],
                &line["failed"],
                &line["evaluated"],
            ];
            assert_eq!(
                told,
                [severity, status, &failing.to_string(), "10"],
                "{failing}"
            );
            let log = log(&project, &spoken, rule);
            assert_eq!(log.len(), failing);
            assert!(
                log.iter().all(|row| &row["severity"] == severity),
                "{failing}"
            );
            let is_current = spoken.stdout.contains("\npublished: ");
            assert_eq!(is_current, code == 0, "{}", spoken.stdout);
        }
    }
}

#[test]
fn conditions_leave_alone_what_is_done_about_a_row() {
    let columns = "  kind: { type: string }\n  note: { type: string, not_null: { why: W., on_fail: quarantine, warn_if: \"> 100\" } }\n";
    let project = project("", columns);
    project.write("delivery/visits.csv", noted(1));
    let spoken = project.run("").expect(0);
    let log = log(&project, &spoken, "visits.note.not_null");
    assert_eq!(log.len(), 11);
    for row in log {
        assert_eq!([&row["severity"], &row["action"]], ["info", "quarantined"]);
    }
    let tables = &results(&project, &spoken)["tables"][0];
    assert_eq!(
        (&tables["clean"], &tables["quarantined"]),
        (&9.into(), &11.into())
    );
}

#[test]
fn a_rule_has_another_version_with_other_conditions() {
    let version = |settings: &str| {
        let columns = format!(
            "  kind: {{ type: string }}\n  note: {{ type: string, not_null: {{ why: W., {settings} }} }}\n"
        );
        let project = project("", &columns);
        project.write("delivery/visits.csv", noted(0));
        let spoken = project.run("").expect(0);
        line(&project, &spoken, "visits.note.not_null")["rule_version"].to_owned()
    };
    let versions = [
        "severity: warn",
        "warn_if: \"> 20\"",
        "warn_if: \"> 20%\"",
        "warn_if: \">= 20\"",
        "error_if: \"> 20\"",
        "error_if: \"> 20\", warn_if: \"> 10\"",
    ]
    .map(version);
    let mut different = versions.to_vec();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), versions.len(), "{versions:?}");
    // How it is written does not count.
    assert_eq!(version("warn_if: \" >  20 \""), versions[1]);
}

#[test]
fn explain_and_lint_know_conditions() {
    let columns = format!(
        "  kind: {{ type: string }}\n  note: {{ type: string, not_null: {{ why: W., {CONDITIONS} }} }}\n"
    );
    let project = project(", volume: { warn_change: 20% }", &columns);
    project.write("delivery/visits.csv", noted(10));
    project.run("").expect(1);
    let mut command = project.command_of("explain");
    let said = Spoken::of(command.arg("visits.note.not_null")).expect(0);
    let words =
        "by the number of failing rows: block_if > 5, error_if > 30%, warn_if >= 2; else info";
    let flat: Vec<&str> = said.stdout.split_whitespace().collect();
    assert!(flat.join(" ").contains(words), "{}", said.stdout);
    // Of twenty rows three have no note.
    let rest = noted(3).replace(",b,", ",b,x");
    project.write("delivery/visits.csv", rest);
    project.run("").expect(0);
    let mut command = project.command_of("explain");
    let said = Spoken::of(command.arg("visits.note.not_null")).expect(0);
    let flat: Vec<&str> = said.stdout.split_whitespace().collect();
    let words = "severity by warn_if >= 2, the strictest that holds";
    assert!(flat.join(" ").contains(words), "{}", said.stdout);
    let mut command = project.command_of("explain");
    let said = Spoken::of(command.arg("visits.volume")).expect(0);
    assert!(
        said.stdout.contains("about as many rows"),
        "{}",
        said.stdout
    );
    Spoken::of(&mut project.command_of("lint")).expect(0);
}

#[test]
fn what_cannot_be_meant_is_a_mistake() {
    let under = |settings: &str| {
        table(
            "",
            &format!("  note: {{ type: string, not_null: {{ why: W., {settings} }} }}\n"),
        )
    };
    let source = |said: &str| {
        let columns = "  seen_on: { type: date }\n  born_on: { type: date, policy: hide }\n  note: { type: string }\n";
        table(&format!(", {said}"), columns)
    };
    let counted = table("", "  note: { type: string }\n")
        + "rules:\n  - { id: visits.row_count, check: { row_count: { min: 1 } }, warn_if: \"> 0\", why: W. }\n";
    for (text, want) in [
        (
            under("warn_if: \"> 5\", severity: error"),
            "`warn_if` and `severity` cannot stand together",
        ),
        (
            under("block_if: \"> 5\", threshold: { max_count: 1 }"),
            "`block_if` and `threshold` cannot stand together",
        ),
        (
            under("warn_if: \"5\""),
            "`5` is no condition on the number of failing rows",
        ),
        (under("warn_if: \"< 5\""), "`< 5` is no condition"),
        (
            under("warn_if: \">= 0\""),
            "`warn_if: >= 0` holds where nothing fails",
        ),
        (
            under("warn_if: \"> 100%\""),
            "`warn_if: > 100%` never holds",
        ),
        (
            under("block_if: \"> 5\", warn_if: \"> 9\""),
            "`warn_if` never decides: wherever it holds, `block_if` does",
        ),
        (
            counted,
            "`row_count` is about the whole table and has no number of failing rows",
        ),
        (
            source("freshness: { column: seen_on }"),
            "`freshness` has no limit",
        ),
        (
            source("freshness: { column: seen_at, warn_after: 2d }"),
            "has no column `seen_at`",
        ),
        (
            source("freshness: { column: note, warn_after: 2d }"),
            "`note` holds no dates",
        ),
        (
            source("freshness: { column: born_on, warn_after: 2d }"),
            "the log would tell the newest value of `born_on`",
        ),
        (
            source("freshness: { column: seen_on, warn_after: 12h }"),
            "`12h` is no limit of `freshness`",
        ),
        (
            source("freshness: { column: seen_on, warn_after: 1w, error_after: 7d }"),
            "`warn_after` never decides: `error_after` is no further",
        ),
        (
            source("freshness: { warn_after: 2d }"),
            "the nights of the project have no date that could be fresh",
        ),
        (source("volume: { against: 7 }"), "`volume` has no limit"),
        (
            source("volume: { against: 0, warn_change: 20% }"),
            "`against` is 0 and may be 1 to 366",
        ),
        (
            source("volume: { warn_change: 0.2 }"),
            "`0.2` is no limit of `volume`",
        ),
        (
            source("volume: { warn_change: 60%, error_change: 50% }"),
            "`warn_change` never decides: `error_change` is no further",
        ),
    ] {
        let project = Project::of(&[("rules/tables/visits.yaml", &text)]);
        project.write("delivery/visits.csv", "visit_ref,note\nV1,x\n");
        let spoken = project.run("").expect(2);
        assert!(spoken.stderr.contains(want), "{want}\n{}", spoken.stderr);
        assert!(
            spoken.stderr.contains("rules/tables/visits.yaml:"),
            "{}",
            spoken.stderr
        );
    }
    for name in ["freshness", "volume"] {
        let text = table("", "  note: { type: string }\n")
            + &format!(
                "rules:\n  - {{ id: visits.{name}, check: {{ not_null: {{ column: note }} }}, why: W. }}\n"
            );
        let project = Project::of(&[("rules/tables/visits.yaml", &text)]);
        project.write("delivery/visits.csv", "visit_ref,note\nV1,x\n");
        let spoken = project.run("").expect(2);
        let want = format!("`visits.{name}` is a rule that the engine has of itself");
        assert!(spoken.stderr.contains(&want), "{}", spoken.stderr);
    }
}

#[test]
fn the_project_says_from_which_severity_on_a_run_fails() {
    let columns = "  kind: { type: string }\n  note: { type: string, not_null: error }\n";
    let project = project("", columns);
    project.write("delivery/visits.csv", noted(1));
    let about = read(&project.path("rules/project.yaml"));
    for (gates, call, code) in [
        ("", "", 0),
        ("gates: { fail_on: error }\n", "", 1),
        ("gates: { fail_on: error }\n", "--fail-on blocking", 0),
        ("gates: { fail_on: blocking }\n", "--fail-on error", 1),
        ("gates: { fail_on: never }\n", "", 0),
        ("gates: { fail_on: warn, max_rejects: 2 }\n", "", 1),
    ] {
        project.write("rules/project.yaml", format!("{about}{gates}"));
        let spoken = project.run(call).expect(code);
        assert!(spoken.stdout.contains("\npublished: "), "{}", spoken.stdout);
    }
    project.write(
        "rules/project.yaml",
        format!("{about}gates: {{ fail_on: eror }}\n"),
    );
    project.run("").expect(2);
}

const FRESH: &str =
    ", freshness: { column: seen_on, warn_after: 2d, error_after: 1w, block_after: 30d }";

/// What the log says of the rule: severity, observed value and message; nothing where it passed.
fn gate(project: &Project, spoken: &Spoken, rule: &str) -> (String, Vec<Row>) {
    let line = line(project, spoken, rule);
    let status = line["status"].to_owned();
    let log = log(project, spoken, rule);
    let failed = ["failed", "tolerated"].contains(&status.as_str());
    assert_eq!(log.len(), usize::from(failed), "{status}");
    assert_eq!(&line["failed"], if failed { "1" } else { "0" }, "{status}");
    let judged = usize::from(status != "not_evaluated").to_string();
    assert_eq!(&line["evaluated"], judged, "{status}");
    for row in &log {
        assert_eq!(&row["severity"], &line["severity"]);
        assert_eq!([&row["table"], &row["record_key"]], ["visits", "visits"]);
        assert_eq!(&row["rule_version"], &line["rule_version"]);
    }
    (status, log)
}

#[test]
fn the_newest_value_is_held_against_the_day_of_the_run() {
    // The run is of 2020-06-01.
    let cases = [
        ("2020-06-01", "passed", "", 0),
        ("2020-05-30", "passed", "", 0),
        ("2020-05-29", "failed", "warn", 0),
        ("2020-05-25", "failed", "warn", 0),
        ("2020-05-24", "failed", "error", 0),
        ("2020-05-02", "failed", "error", 0),
        ("2020-05-01", "failed", "blocking", 1),
        ("", "failed", "blocking", 1),
        ("2020-06-02", "tolerated", "info", 0),
    ];
    let project = project(FRESH, "  seen_on: { type: date }\n");
    for (newest, status, severity, code) in cases {
        let text = format!("visit_ref,seen_on\nV1,\nV2,{newest}\nV3,\n");
        project.write("delivery/visits.csv", text);
        let spoken = project.run("").expect(code);
        let (found, log) = gate(&project, &spoken, "visits.freshness");
        assert_eq!(found, status, "{newest}");
        for row in log {
            assert_eq!(&row["severity"], severity, "{newest}");
            let facts = [&row["kind"], &row["dimension"], &row["category"]];
            assert_eq!(facts, ["freshness", "timeliness", "Stale"]);
            assert!(row["message"].contains(newest), "{}", &row["message"]);
            assert!(
                row["message"].contains("seen_on of table visits"),
                "{}",
                &row["message"]
            );
        }
    }
    let text = "visit_ref,seen_on\nV1,2020-05-20\nV2,2020-01-01\n";
    project.write("delivery/visits.csv", text);
    let spoken = project.run("").expect(0);
    let (_, log) = gate(&project, &spoken, "visits.freshness");
    let words = "the newest seen_on of table visits is 2020-05-20, 12 days before 2020-06-01, the day of the run: error (warn beyond 2 days, error beyond 7 days, blocking beyond 30 days)";
    assert!(
        log[0]["message"].starts_with(words),
        "{}",
        &log[0]["message"]
    );
    // No row at all.
    project.write("delivery/visits.csv", "visit_ref,seen_on\n");
    let spoken = project.run("").expect(1);
    let (_, log) = gate(&project, &spoken, "visits.freshness");
    assert_eq!(
        [&log[0]["severity"], &log[0]["observed"]],
        ["blocking", "no value"]
    );
}

#[test]
fn moments_count_by_their_day_and_rows_by_whether_they_are_clean() {
    let columns = "  seen_on: { type: timestamp, formats: [\"%Y-%m-%dT%H:%M:%S%z\"] }\n  kind: { type: string, accepted_values: { values: [a], why: W., on_fail: quarantine } }\n";
    let project = project(FRESH, columns);
    for (rows, status) in [
        ("V1,2020-05-30T00:00:00+0000,a\n", "passed"),
        ("V1,2020-05-30T01:00:00+0200,a\n", "failed"),
        ("V1,2020-05-29T23:30:00-0100,a\n", "passed"),
        // The newest row is quarantined.
        (
            "V1,2020-05-29T00:00:00+0000,a\nV2,2020-06-01T00:00:00+0000,b\n",
            "failed",
        ),
    ] {
        project.write(
            "delivery/visits.csv",
            format!("visit_ref,seen_on,kind\n{rows}"),
        );
        let spoken = project.run("").expect(0);
        let (found, log) = gate(&project, &spoken, "visits.freshness");
        assert_eq!(found, status, "{rows}");
        assert!(log.iter().all(|row| &row["severity"] == "warn"), "{rows}");
    }
}

const NIGHTS: &str = "version: 1\nname: A test\ndeliveries: { path: nights }\n";

/// A project of nights, a folder each.
fn nights(source: &str) -> Project {
    let project = project(source, "  seen_on: { type: date }\n");
    project.write("rules/project.yaml", NIGHTS);
    project
}

/// Delivers so many rows on a day, and runs.
fn night(project: &Project, day: &str, rows: usize) -> Spoken {
    let mut text = "visit_ref,seen_on\n".to_owned();
    for at in 0..rows {
        text.push_str(&format!("V{at},\n"));
    }
    project.write(&format!("nights/{day}/visits.csv"), text);
    project.run(&format!("--as-of {day}"))
}

#[test]
fn without_a_column_the_date_of_the_night_counts() {
    let project = nights(", freshness: { warn_after: 2d, block_after: 3d }");
    night(&project, "2020-05-30", 1).expect(0);
    for (as_of, status, severity, code) in [
        ("2020-06-01", "passed", "blocking", 0),
        ("2020-06-02", "failed", "warn", 0),
        ("2020-06-03", "failed", "blocking", 1),
    ] {
        let spoken = project.run(&format!("--as-of {as_of}")).expect(code);
        let (found, _) = gate(&project, &spoken, "visits.freshness");
        let line = line(&project, &spoken, "visits.freshness");
        assert_eq!(
            (found.as_str(), &line["severity"]),
            (status, severity),
            "{as_of}"
        );
    }
    // A folder that is called by no date is neither fresh nor stale.
    project.copy("nights/2020-05-30", "elsewhere");
    let spoken = project
        .run("--as-of 2020-06-03 --delivery elsewhere")
        .expect(0);
    let (status, _) = gate(&project, &spoken, "visits.freshness");
    assert_eq!(status, "not_evaluated");
    assert!(
        spoken.stdout.contains("1 not evaluated"),
        "{}",
        spoken.stdout
    );
}

const VOLUME: &str = ", volume: { warn_change: 20%, error_change: 50%, block_change: 90% }";

#[test]
fn rows_are_held_against_the_night_before() {
    for (rows, status, severity, code) in [
        (100, "passed", "", 0),
        (120, "passed", "", 0),
        (121, "failed", "warn", 0),
        (150, "failed", "warn", 0),
        (151, "failed", "error", 0),
        (190, "failed", "error", 0),
        (191, "failed", "blocking", 1),
        (80, "passed", "", 0),
        (79, "failed", "warn", 0),
        (50, "failed", "warn", 0),
        (49, "failed", "error", 0),
        (10, "failed", "error", 0),
        (9, "failed", "blocking", 1),
        (0, "failed", "blocking", 1),
    ] {
        let project = nights(VOLUME);
        let first = night(&project, "2020-05-01", 100).expect(0);
        assert_eq!(gate(&project, &first, "visits.volume").0, "not_evaluated");
        let spoken = night(&project, "2020-05-02", rows).expect(code);
        let (found, log) = gate(&project, &spoken, "visits.volume");
        assert_eq!(found, status, "{rows}");
        for row in log {
            assert_eq!(&row["severity"], severity, "{rows}");
            let facts = [&row["kind"], &row["dimension"], &row["category"]];
            assert_eq!(facts, ["volume", "completeness", "Out of range"]);
            let words = format!(
                "table visits has {rows} rows tonight and 100 in the one night that was published before: "
            );
            assert!(row["message"].starts_with(&words), "{}", &row["message"]);
            let limits = "warn beyond 20%, error beyond 50%, blocking beyond 90%";
            assert!(row["message"].contains(limits), "{}", &row["message"]);
        }
        let current = project.path("out/current").canonicalize().expect("a run");
        let kept = project
            .path(&spoken.folder())
            .canonicalize()
            .expect("a run");
        assert_eq!(current == kept, code == 0, "{rows}");
    }
}

#[test]
fn a_folder_that_is_filled_anew_is_another_night_each_day() {
    let project = project(VOLUME, "  seen_on: { type: date }\n");
    let mut found = Vec::new();
    for (day, rows) in [("2020-05-01", 100), ("2020-05-02", 9)] {
        let rows: String = (0..rows).map(|at| format!("V{at},\n")).collect();
        project.write("delivery/visits.csv", format!("visit_ref,seen_on\n{rows}"));
        let spoken = project.run(&format!("--delivery delivery --as-of {day}"));
        found.push((spoken.code, gate(&project, &spoken, "visits.volume").0));
    }
    let want = [(Some(0), "not_evaluated"), (Some(1), "failed")];
    assert_eq!(found, want.map(|(code, status)| (code, status.to_owned())));
}

#[test]
fn rows_are_held_against_the_median_of_several_nights() {
    let project = nights(", volume: { against: 7, warn_change: 100%, block_change: 900% }");
    // Each night has twice the median of those before at most.
    for at in 1..=7 {
        let spoken = night(&project, &format!("2020-05-0{at}"), at * 10).expect(0);
        let (status, _) = gate(&project, &spoken, "visits.volume");
        let want = if at == 1 { "not_evaluated" } else { "passed" };
        assert_eq!(status, want, "{at}");
    }
    // The median of 10 to 70 is 40.
    let spoken = night(&project, "2020-05-08", 81).expect(0);
    let (_, log) = gate(&project, &spoken, "visits.volume");
    let words = "table visits has 81 rows tonight and 40 in the median of the 7 nights that were published before: 102.5% more, warn";
    assert!(
        log[0]["message"].starts_with(words),
        "{}",
        &log[0]["message"]
    );
    // Of the last seven, 20 to 70 and 81, it is 50.
    let spoken = night(&project, "2020-05-09", 101).expect(0);
    let (_, log) = gate(&project, &spoken, "visits.volume");
    assert!(
        log[0]["message"].contains("and 50 in the median"),
        "{}",
        &log[0]["message"]
    );
    // The same night again is the same run, although others stand before it now.
    let again = project.run("--as-of 2020-05-09").expect(0);
    assert!(
        again.stdout.contains("the same run stood there already"),
        "{}",
        again.stdout
    );
    assert_eq!(again.folder(), spoken.folder());
    // An earlier night looks at those before it alone.
    let spoken = project.run("--as-of 2020-05-02").expect(0);
    let (status, _) = gate(&project, &spoken, "visits.volume");
    assert_eq!(status, "passed");
}

#[test]
fn a_night_that_is_delivered_again_counts_once_and_not_against_itself() {
    let project = nights(VOLUME);
    night(&project, "2020-05-01", 100).expect(0);
    night(&project, "2020-05-02", 100).expect(0);
    let spoken = night(&project, "2020-05-02", 160).expect(0);
    let (_, log) = gate(&project, &spoken, "visits.volume");
    let words = "table visits has 160 rows tonight and 100 in the one night that was published before: 60.0% more, error";
    assert!(
        log[0]["message"].starts_with(words),
        "{}",
        &log[0]["message"]
    );
    // 100 and 160 are two nights, and not the three that were published.
    let spoken = night(&project, "2020-05-03", 100).expect(0);
    let (_, log) = gate(&project, &spoken, "visits.volume");
    let words = "table visits has 100 rows tonight and 130 in the median of the 2 nights that were published before: 23.0% fewer, warn";
    assert!(
        log[0]["message"].starts_with(words),
        "{}",
        &log[0]["message"]
    );
}

#[test]
fn a_night_that_was_blocked_is_none_that_others_are_held_against() {
    let project = nights(VOLUME);
    night(&project, "2020-05-01", 100).expect(0);
    let blocked = night(&project, "2020-05-02", 5).expect(1);
    assert!(
        blocked.stdout.contains("BLOCKED: not published"),
        "{}",
        blocked.stdout
    );
    let manifest = read(&project.path(&blocked.folder()).join("manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["blocked"], true);
    let spoken = night(&project, "2020-05-03", 100).expect(0);
    assert_eq!(gate(&project, &spoken, "visits.volume").0, "passed");
}

#[test]
fn a_file_that_could_not_be_read_has_no_age_and_no_rows() {
    let source = ", freshness: { column: seen_on, block_after: 2d }, volume: { block_change: 20% }";
    let project = nights(source);
    project.edit("rules/tables/visits.yaml", |text| {
        text.replace("visits.csv", "visits*")
    });
    let text = "visit_ref,seen_on\nV1,2020-05-01\nV2,\n";
    project.write("nights/2020-05-01/visits.csv", text);
    project.run("--as-of 2020-05-01").expect(0);
    project.write(
        "nights/2020-05-02/visits.parquet",
        "PAR1 and nothing good PAR1",
    );
    let spoken = project.run("--as-of 2020-05-02").expect(3);
    for rule in ["visits.freshness", "visits.volume"] {
        assert_eq!(gate(&project, &spoken, rule).0, "not_evaluated", "{rule}");
    }
}

const PEOPLE: &str = "version: 1\ntable: people\nsource: { files: people.csv }\nkey: [person_ref]\ncolumns:\n  person_ref: { type: string, not_null: error }\n  kind: { type: string }\n";

/// An aggregate that counts the rows of a table by `kind`.
fn by_kind(table: &str) -> String {
    format!(
        "SELECT p.id AS period, 'all' AS population, kind AS category, CAST(1 AS BIGINT) AS sort, count(*) AS count, \
         CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share FROM {table} CROSS JOIN periods p \
         GROUP BY p.id, kind ORDER BY p.id, kind\n"
    )
}

const KINDS: &str = "code,label,parent,sort,missing,valid_from,valid_to\na,A,,1,,,\nb,B,,2,,,\n";

const TOTALS: &str = "version: 1
statements:
  - id: kinds.of_people
    check: { equals: { left: { table: people_by_kind, measure: count }, right: { table: people_again, measure: count }, by: [period, category] } }
    why: They are the same.
  - id: kinds.of_visits
    check: { equals: { left: { table: visits_by_kind, measure: count }, right: { table: people_by_kind, measure: count }, by: [period, category] } }
    why: One visit each.
comparisons:
  - id: years.visits
    charts: [{ table: visits_by_kind, codes: kinds }, { table: people_by_kind, codes: kinds }]
    current: { figures: { period: \"2020\" }, population: all }
    previous: { figures: { period: \"2019\" }, population: all }
    why: Two years.
";

/// Two tables; of `visits` a model, another made of that, an aggregate of each; of `people` two aggregates.
fn chain() -> Project {
    let visits = table(
        "",
        "  kind: { type: string }\n  note: { type: string, not_null: { why: W., block_if: \"> 1\", warn_if: \"> 0\" } }\n",
    );
    let project = Project::of(&[
        ("rules/tables/visits.yaml", visits.as_str()),
        ("rules/tables/people.yaml", PEOPLE),
        ("rules/reference/kinds.csv", KINDS),
        ("rules/totals/all.yaml", TOTALS),
        (
            "sql/model/a_facts.sql",
            "SELECT visit_ref, kind FROM visits\n",
        ),
        (
            "sql/model/b_facts.sql",
            "SELECT visit_ref, kind FROM a_facts WHERE kind IN (SELECT kind FROM people)\n",
        ),
        // Names a table of its own in words alone.
        (
            "sql/model/c_people.sql",
            "-- a_facts and visits are no matter here\nSELECT person_ref, kind FROM people\n",
        ),
        ("sql/aggregates/visits_by_kind.sql", &by_kind("b_facts")),
        ("sql/aggregates/people_by_kind.sql", &by_kind("people")),
        ("sql/aggregates/people_again.sql", &by_kind("c_people")),
        (
            "sql/aggregates/people_seen.sql",
            &by_kind("people").replace(
                "GROUP",
                "WHERE person_ref IN (SELECT visit_ref FROM visits) GROUP",
            ),
        ),
        ("delivery/people.csv", "person_ref,kind\nV1,a\nV2,b\nV3,b\n"),
    ]);
    project.write("rules/project.yaml", "version: 1\nname: A test\ndelivery: { path: delivery, as_of: 2020-06-01 }\nperiods: [{ id: \"2019\", start: 2019-01-01, end: 2020-01-01 }, { id: \"2020\", start: 2020-01-01, end: 2021-01-01 }]\n");
    project
}

/// The files of a run below `folder`.
fn made(run: &Path, folder: &str) -> Vec<String> {
    let found = crate::harness::files(&run.join(folder));
    found.into_keys().collect()
}

/// Each group of a statement with its verdict and evidence.
fn verdicts(project: &Project, spoken: &Spoken) -> Vec<(String, String, String)> {
    let sheet = sheet(project, spoken, "reconciliations.csv");
    let cells = |row: &Row| {
        let cell = |column: &str| row[column].to_owned();
        (cell("rule_id"), cell("verdict"), cell("evidence"))
    };
    sheet.rows.iter().map(cells).collect()
}

#[test]
fn what_is_made_of_a_table_that_failed_is_withheld() {
    let project = chain();
    project.write(
        "delivery/visits.csv",
        "visit_ref,kind,note\nV1,a,x\nV2,b,\nV3,b,x\n",
    );
    let good = project.run("").expect(0);
    let folder = project.path(&good.folder());
    assert_eq!(results(&project, &good)["withheld"], serde_json::json!([]));
    assert!(!good.stdout.contains("withheld"), "{}", good.stdout);
    let aggregates = made(&folder, "aggregates");
    assert_eq!(aggregates.len(), 10, "{aggregates:?}");
    let all = verdicts(&project, &good);
    assert!(
        all.iter().all(|(_, verdict, _)| verdict == "agrees"),
        "{all:?}"
    );

    // Two blank notes block.
    project.write(
        "delivery/visits.csv",
        "visit_ref,kind,note\nV1,a,\nV2,b,\nV3,b,x\n",
    );
    let spoken = project.run("").expect(1);
    let folder = project.path(&spoken.folder());
    assert_eq!(made(&folder, "model"), ["c_people.parquet"]);
    let aggregates = made(&folder, "aggregates");
    assert_eq!(
        aggregates,
        [
            "people_again.csv",
            "people_again.parquet",
            "people_by_kind.csv",
            "people_by_kind.parquet",
            "year_on_year.csv",
            "year_on_year.parquet"
        ]
    );
    assert_eq!(made(&folder, "clean"), ["people.parquet", "visits.parquet"]);
    let why = "table visits failed (rule visits.note.not_null)";
    let because = serde_json::json!([{ "table": "visits", "rule": "visits.note.not_null" }]);
    let outputs = [
        "aggregates/people_seen",
        "aggregates/visits_by_kind",
        "model/a_facts",
        "model/b_facts",
    ];
    let want = outputs.map(|output| serde_json::json!({ "output": output, "because": because }));
    assert_eq!(
        results(&project, &spoken)["withheld"],
        serde_json::json!(want)
    );
    let line = format!("withheld, since {why}: {}\n", outputs.join(", "));
    assert!(spoken.stdout.contains(&line), "{}", spoken.stdout);
    let all = verdicts(&project, &spoken);
    let of = |id: &str| -> Vec<(&str, &str)> {
        let of = all.iter().filter(|(rule, _, _)| rule == id);
        of.map(|(_, verdict, evidence)| (verdict.as_str(), evidence.as_str()))
            .collect()
    };
    let withheld = format!("withheld: {why}");
    assert_eq!(
        of("kinds.of_visits"),
        [("not_evaluated", withheld.as_str())]
    );
    assert_eq!(of("years.visits"), [("not_evaluated", withheld.as_str())]);
    let people = of("kinds.of_people");
    assert_eq!(people.len(), 4);
    assert!(
        people.iter().all(|(verdict, _)| *verdict == "agrees"),
        "{people:?}"
    );
    let years = sheet(&project, &spoken, "aggregates/year_on_year.csv");
    assert!(!years.rows.is_empty());
    assert!(
        years
            .rows
            .iter()
            .all(|row| &row["table"] == "people_by_kind")
    );
    // The run is whole, and `current` is the good one.
    let manifest = read(&folder.join("manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let outputs = manifest["outputs"].as_array().expect("a list");
    // The manifest and its hash are not in it.
    assert_eq!(outputs.len() + 2, crate::harness::files(&folder).len());
    let current = project.path("out/current").canonicalize().expect("a run");
    assert_eq!(
        current,
        project.path(&good.folder()).canonicalize().expect("a run")
    );
    // A warning withholds nothing.
    project.write(
        "delivery/visits.csv",
        "visit_ref,kind,note\nV1,a,\nV2,b,x\nV3,b,x\n",
    );
    let spoken = project.run("").expect(0);
    assert_eq!(
        results(&project, &spoken)["withheld"],
        serde_json::json!([])
    );
}

#[test]
fn a_table_fails_by_the_engines_own_rules_too() {
    let project = chain();
    let withheld = |spoken: &Spoken| -> Vec<String> {
        let results = results(&project, spoken);
        let outputs = results["withheld"].as_array().expect("a list").iter();
        let rule = |output: &serde_json::Value| {
            let rules = output["because"].as_array().expect("a list").iter();
            let rules: Vec<&str> = rules.map(|b| b["rule"].as_str().expect("a rule")).collect();
            format!(
                "{}: {}",
                output["output"].as_str().expect("an output"),
                rules.join(" ")
            )
        };
        outputs.map(rule).collect()
    };
    // A record that is no row, beyond what is tolerated; `people` fails, and with it all that reads it.
    project.write("delivery/visits.csv", "visit_ref,kind,note\nV1,a,x\n");
    project.write("delivery/people.csv", "person_ref,kind\nV1,a\nV2,b,c,d\n");
    let spoken = project.run("").expect(1);
    assert_eq!(
        withheld(&spoken),
        [
            "aggregates/people_again: people.rejects",
            "aggregates/people_by_kind: people.rejects",
            "aggregates/people_seen: people.rejects",
            "aggregates/visits_by_kind: people.rejects",
            "aggregates/year_on_year: people.rejects",
            "model/b_facts: people.rejects",
            "model/c_people: people.rejects",
        ]
    );
    let folder = project.path(&spoken.folder());
    assert!(
        !folder.join("aggregates").exists(),
        "{:?}",
        made(&folder, "aggregates")
    );
    // A gate of the table.
    project.write("delivery/people.csv", "person_ref,kind\n");
    project.edit("rules/tables/people.yaml", |text| {
        let text = text.replace(
            "people.csv }",
            "people.csv, freshness: { column: seen_on, block_after: 2d } }",
        );
        text.replace("  kind:", "  seen_on: { type: date }\n  kind:")
    });
    project.write(
        "delivery/people.csv",
        "person_ref,seen_on,kind\nV1,2020-01-01,a\n",
    );
    let spoken = project.run("").expect(1);
    let all = withheld(&spoken);
    assert_eq!(all.len(), 7, "{all:?}");
    assert!(
        all.iter().all(|line| line.ends_with(": people.freshness")),
        "{all:?}"
    );
    let all = verdicts(&project, &spoken);
    assert!(
        all.iter().all(|(_, verdict, _)| verdict == "not_evaluated"),
        "{all:?}"
    );
}

#[test]
fn gates_say_the_same_with_any_number_of_threads() {
    let project = chain();
    project.write(
        "delivery/visits.csv",
        "visit_ref,kind,note\nV1,a,\nV2,b,\nV3,b,x\n",
    );
    let runs: Vec<_> = [1, 2, 7]
        .into_iter()
        .map(|threads| {
            let out = format!("out_{threads}");
            let spoken = project
                .run(&format!("--threads {threads} --out {out}"))
                .expect(1);
            crate::harness::files(&project.path(&spoken.folder()))
                .into_iter()
                .map(|(inside, path)| (inside, std::fs::read(path).expect("a file")))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(runs.iter().all(|run| *run == runs[0]));
}

/// The words of a query, without its comments.
fn words(path: &Path) -> BTreeSet<String> {
    let text = read(path);
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""));
    let text = lines.collect::<Vec<_>>().join(" ");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_word(c)).map(str::to_owned).collect()
}

#[test]
fn of_the_whole_project_what_reads_a_table_that_failed_is_withheld() {
    let project = Project::whole();
    project.edit("rules/tables/support_actions.yaml", |text| {
        format!("{}\n  - id: support_actions.enough\n    check: {{ row_count: {{ min: 1000000 }} }}\n    severity: blocking\n    why: W.\n", text.trim_end())
    });
    let spoken = project.run("").expect(1);
    // What names the table, or a model that does, told from the texts alone.
    let mut failed = BTreeSet::from(["support_actions".to_owned()]);
    let mut want = Vec::new();
    for folder in ["model", "aggregates"] {
        let queries = crate::harness::files(&project.path(&format!("sql/{folder}")));
        for (name, path) in queries {
            let name = name.trim_end_matches(".sql");
            if !words(&path).is_disjoint(&failed) {
                want.push(format!("{folder}/{name}"));
                if folder == "model" {
                    failed.insert(name.to_owned());
                }
            }
        }
    }
    want.sort();
    assert!(want.len() >= 2, "{want:?}");
    let results = results(&project, &spoken);
    let outputs = results["withheld"].as_array().expect("a list").iter();
    let outputs: Vec<&str> = outputs
        .map(|o| o["output"].as_str().expect("a path"))
        .collect();
    assert_eq!(outputs, want);
    let folder = project.path(&spoken.folder());
    let good = crate::harness::files(&fixture().path(""));
    let left = crate::harness::files(&folder);
    let is_withheld = |inside: &str| {
        let (path, _) = inside.split_once('.').expect("an ending");
        want.iter().any(|output| output == path)
    };
    for inside in good.keys() {
        assert_eq!(left.contains_key(inside), !is_withheld(inside), "{inside}");
    }
    // Statements about figures that are there say what they said; the others nothing.
    let by_statement = |sheet: &Sheet| -> BTreeMap<String, Row> {
        let rows = sheet.rows.iter();
        rows.map(|row| (row["statement"].to_owned(), row.clone()))
            .collect()
    };
    let before = by_statement(&fixture().sheet("reconciliations.csv"));
    let after = by_statement(&sheet(&project, &spoken, "reconciliations.csv"));
    let withheld: BTreeSet<&str> = after
        .values()
        .filter(|row| row["evidence"].starts_with("withheld: table support_actions failed"))
        .map(|row| &row["rule_id"])
        .collect();
    assert!(!withheld.is_empty());
    let mut same = 0;
    for (statement, row) in &before {
        let of_withheld = want
            .iter()
            .any(|output| row["computed_at"].contains(&format!("{output}.csv")));
        match after.get(statement) {
            Some(other) if !withheld.contains(&row["rule_id"]) => {
                for column in ["verdict", "stated", "computed", "computed_at"] {
                    assert_eq!(row[column], other[column], "{statement}");
                }
                assert!(!of_withheld, "{statement}");
                same += 1;
            }
            _ => assert!(withheld.contains(&row["rule_id"]), "{statement}"),
        }
    }
    assert!(same > 100, "{same}");
}
