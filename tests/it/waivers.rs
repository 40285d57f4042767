//! Waivers: what they change and what they do not, which are mistakes, and the command that writes them.

use crate::harness::{Project, Row, Sheet, Spoken, read};

const TABLE: &str = "version: 1\ntable: visits\nsource: { files: \"visits.csv\" }\nkey: [visit_ref]\ncolumns:\n  \
     visit_ref: { type: string, not_null: error }\n  note: { type: string, not_null: blocking }\n  size: { type: integer }\n";

fn project() -> Project {
    let project = Project::of(&[
        ("rules/tables/visits.yaml", TABLE),
        (
            "sql/model/sizes.sql",
            "SELECT visit_ref, size FROM visits\n",
        ),
    ]);
    project.write(
        "delivery/visits.csv",
        "visit_ref,note,size\nV1,,1\nV2,said,2\n",
    );
    project
}

fn log(project: &Project, folder: &str) -> Vec<Row> {
    Sheet::read(&project.path(folder).join("discrepancies.csv")).rows
}

fn waive(project: &Project, arguments: &str) -> Spoken {
    let mut command = project.command_of("waive");
    let always =
        "--reason r --requested-by asks --approved-by grants --evidence e --expires 2021-01-01";
    let words = arguments.split_whitespace();
    Spoken::of(command.args(words).args(always.split_whitespace()))
}

#[test]
fn what_is_waived_blocks_nothing_and_stays_in_the_log() {
    let project = project();
    let blocked = project.run("").expect(1);
    let before = log(&project, &blocked.folder());
    let blocking = before
        .iter()
        .find(|r| &r["severity"] == "blocking")
        .expect("one");
    assert!(
        !project
            .path(&blocked.folder())
            .join("model/sizes.parquet")
            .exists()
    );
    let id = blocking["discrepancy_id"].to_string();
    let run = blocked.folder();
    let run = run.rsplit('/').next().expect("a run");
    waive(&project, &format!("{} --run {run}", &id[..8])).expect(0);

    let published = project.run("").expect(0);
    let after = log(&project, &published.folder());
    let row = after
        .iter()
        .find(|r| r["discrepancy_id"] == id)
        .expect("it stays");
    for (column, value) in [
        ("status", "waived"),
        ("waiver_id", "W-1"),
        ("severity", "blocking"),
        ("action", "kept"),
    ] {
        assert_eq!(&row[column], value, "{column}");
    }
    // What it is made of did not fail any more, and counts are of all that is open.
    assert!(project.path("out/current/model/sizes.parquet").exists());
    let results: serde_json::Value =
        serde_json::from_str(&read(&project.path("out/current/run_results.json"))).expect("JSON");
    assert_eq!(results["blocked"], false);
    assert_eq!(results["discrepancies"]["by_severity"]["blocking"], 1);
    assert_eq!(results["discrepancies"]["by_status"]["waived"], 1);

    // The day after its last day it blocks again.
    let over = project.run("--as-of 2021-01-02").expect(1);
    let row = &log(&project, &over.folder());
    let row = row
        .iter()
        .find(|r| r["discrepancy_id"] == id)
        .expect("it stays");
    assert_eq!((&row["status"], &row["waiver_id"]), ("reopened", ""));
    project.run("--as-of 2021-01-01").expect(0);
}

#[test]
fn a_waiver_covers_what_its_condition_says_and_no_more_than_it_may() {
    let project = project();
    let rows = |notes: &[&str]| {
        let rows = notes.iter().enumerate();
        let rows: String = rows
            .map(|(at, note)| format!("V{at},{note},{at}\n"))
            .collect();
        format!("visit_ref,note,size\n{rows}")
    };
    project.write("delivery/visits.csv", rows(&["", "", "said"]));
    let rule = "--rule visits.note.not_null";
    let mut command = project.command_of("waive");
    let condition = "record_key IN ('V0', 'V1') AND source_line > 1";
    let words = format!(
        "{rule} --max-rows 2 --reason r --requested-by asks --approved-by grants --evidence e --expires 2021-01-01"
    );
    let command = command
        .args(words.split_whitespace())
        .args(["--where", condition]);
    let said = Spoken::of(command).expect(0);
    assert!(said.stdout.contains("max_rows: 2"), "{}", said.stdout);
    project.run("").expect(0);
    // One that the condition does not cover blocks.
    project.write("delivery/visits.csv", rows(&["", "said", ""]));
    project.run("").expect(1);
    // Two rows of one key are three that it would cover.
    project.write("delivery/visits.csv", rows(&["", ""]) + "V1,,7\n");
    let blocked = project.run("").expect(1);
    let log = log(&project, &blocked.folder());
    let waived = log.iter().filter(|r| &r["status"] == "waived").count();
    assert_eq!(waived, 0);
    let told = log
        .iter()
        .find(|r| &r["rule_id"] == "waivers.over_broad")
        .expect("told");
    assert!(
        told["message"].contains("would cover 3 discrepancies"),
        "{}",
        &told["message"]
    );
    assert_eq!(
        (&told["source_file"], &told["source_line"]),
        ("rules/waivers.yaml", "3")
    );
}

#[test]
fn a_condition_that_cannot_be_computed_covers_nothing() {
    let project = project();
    let text = "version: 1\nwaivers:\n- id: w\n  rule: visits.note.not_null\n  rule_version: VERSION\n  where: 1 / (source_line - 2) > 0\n  max_rows: 9\n  \
         reason: r\n  requested_by: a\n  approved_by: b\n  expires: 2021-01-01\n  evidence: e\n";
    let blocked = project.run("").expect(1);
    let log_before = log(&project, &blocked.folder());
    let of_rule = |rows: &[Row], rule: &str| rows.iter().position(|r| &r["rule_id"] == rule);
    let at = of_rule(&log_before, "visits.note.not_null").expect("a discrepancy");
    project.write(
        "rules/waivers.yaml",
        text.replace(
            "VERSION",
            &format!("\"{}\"", &log_before[at]["rule_version"]),
        ),
    );
    let blocked = project.run("").expect(1);
    let rows = log(&project, &blocked.folder());
    let at = of_rule(&rows, "waivers.failed").expect("told");
    assert!(
        rows[at]["message"].contains("divided by zero"),
        "{}",
        &rows[at]["message"]
    );
}

/// A file of one waiver with these lines in place of those of the same keys.
fn file(lines: &[&str]) -> String {
    let usual = [
        "id: w",
        "rule: visits.note.not_null",
        "rule_version: abc",
        "max_rows: 3",
        "reason: r",
        "requested_by: asks",
        "approved_by: grants",
        "expires: 2021-01-01",
        "evidence: e",
    ];
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let kept = usual
        .iter()
        .filter(|line| lines.iter().all(|l| key(l) != key(line)));
    let lines = kept.chain(lines).filter(|line| !line.ends_with("gone"));
    let lines: Vec<&str> = lines.copied().collect();
    format!("version: 1\nwaivers:\n  - {}\n", lines.join("\n    "))
}

#[test]
fn mistakes_of_waivers_are_told_with_their_place() {
    let project = project();
    for (lines, wanted) in [
        (
            &["approved_by: ASKS"][..],
            "asked for and granted by the same person",
        ),
        (&["approved_by: ' '"], "who granted it is blank"),
        (&["reason: gone"], "reason"),
        (&["expires: gone"], "expires"),
        (&["expires: soon"], "`soon` is no date"),
        (&["max_rows: 0"], "does not say how much it may cover"),
        (
            &["discrepancies: [95ef8dc67c3312345678]"],
            "by their ids and by a rule",
        ),
        (
            &["max_rows: gone", "discrepancies: [95ef]"],
            "`95ef` is no id of a discrepancy",
        ),
        (
            &["rule: visits.note.not_nul"],
            "did you mean `visits.note.not_null`?",
        ),
        (&["where: observd = 'x'"], "observed"),
        (&["where: size + 1"], "size"),
        (&["where: source_line"], "a condition must be true or false"),
        (&["id: 'a b'"], "`a b` cannot name a waiver"),
        (&["colour: red"], "colour"),
    ] {
        project.write("rules/waivers.yaml", file(lines));
        let said = project.run("").expect(2);
        assert!(said.stderr.contains(wanted), "{lines:?}\n{}", said.stderr);
        assert!(
            said.stderr.contains("rules/waivers.yaml:"),
            "{lines:?}\n{}",
            said.stderr
        );
    }
    let twice = file(&[]) + &file(&[])["version: 1\nwaivers:\n".len()..];
    project.write("rules/waivers.yaml", twice);
    let said = project.run("").expect(2);
    assert!(
        said.stderr.contains("waiver `w` is declared twice"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_command_refuses_what_it_cannot_stand_behind_and_leaves_the_file_alone() {
    let project = project();
    project.run("").expect(1);
    // Nothing was published, so that there is no run to look at.
    waive(&project, "95ef8dc67c33").expect(3);
    project.write("delivery/visits.csv", "visit_ref,note,size\n,said,2\n");
    project.run("").expect(0);
    let rows = log(&project, "out/current");
    let id = rows[0]["discrepancy_id"].to_string();
    for (arguments, wanted) in [
        ("95ef8dc67c33", "no discrepancy of run"),
        ("95e", "is no id of a discrepancy"),
        ("", "nothing is named that could be waived"),
        (
            "--rule visits.nothing",
            "no rule or statement is called `visits.nothing`",
        ),
        (
            "--rule visits.note.not_null",
            "does not say how much it may cover",
        ),
    ] {
        let said = waive(&project, arguments).expect(2);
        assert!(said.stderr.contains(wanted), "{arguments}\n{}", said.stderr);
    }
    let shown = waive(&project, &format!("{id} --dry-run")).expect(0);
    assert!(
        shown.stdout.contains("nothing was written"),
        "{}",
        shown.stdout
    );
    assert!(!project.path("rules/waivers.yaml").exists());
    // A file of one's own, with comments and another indentation, stays as it is but for what comes behind.
    let own = "# Who may waive: the board.\nversion: 1\nwaivers:\n- id: W-1 # old\n  rule: visits.note.not_null\n  rule_version: abc\n  max_rows: 3\n  \
         reason: r\n  requested_by: a\n  approved_by: b\n  expires: 2020-01-01\n  evidence: e";
    project.write("rules/waivers.yaml", own);
    waive(&project, &id).expect(0);
    let text = read(&project.path("rules/waivers.yaml"));
    assert!(
        text.starts_with(&format!(
            "{own}\n- id: W-2\n  rule: visits.visit_ref.not_null\n"
        )),
        "{text}"
    );
    project.run("").expect(0);
    let rows = log(&project, "out/current");
    let row = rows
        .iter()
        .find(|r| r["discrepancy_id"] == id)
        .expect("a row");
    assert_eq!((&row["status"], &row["waiver_id"]), ("waived", "W-2"));
    project.write("rules/waivers.yaml", "version: 1\nwaivers: []\n");
    let said = waive(&project, &id).expect(2);
    assert!(said.stderr.contains("waivers.yaml"), "{}", said.stderr);
    assert_eq!(
        read(&project.path("rules/waivers.yaml")),
        "version: 1\nwaivers: []\n"
    );
}

#[test]
fn what_a_table_is_held_to_as_a_whole_can_be_waived() {
    let project = Project::of(&[(
        "rules/tables/visits.yaml",
        "version: 1\ntable: visits\nsource: { files: \"visits.csv\", freshness: { column: seen_on, block_after: 2d } }\nkey: [visit_ref]\ncolumns:\n  \
         visit_ref: { type: string }\n  seen_on: { type: date }\n",
    )]);
    project.write("delivery/visits.csv", "visit_ref,seen_on\nV1,2020-01-01\n");
    project.run("").expect(1);
    waive(&project, "--rule visits.freshness --max-rows 1").expect(0);
    project.run("").expect(0);
    let rows = log(&project, "out/current");
    let row = rows
        .iter()
        .find(|r| &r["rule_id"] == "visits.freshness")
        .expect("told");
    assert_eq!(&row["status"], "waived");
}

#[test]
fn ids_that_may_change_places_are_not_waived_alone() {
    let project = project();
    project.write("delivery/visits.csv", "visit_ref,note,size\nV1,,1\nV1,,2\n");
    let blocked = project.run("").expect(1);
    let run = blocked.folder();
    let rows = log(&project, &run);
    let row = rows
        .iter()
        .find(|r| &r["severity"] == "blocking")
        .expect("one");
    let id = row["discrepancy_id"].to_string();
    let run = run.rsplit('/').next().expect("a run");
    let said = waive(&project, &format!("{id} --run {run}")).expect(2);
    assert!(
        said.stderr.contains("shares rule, record and column"),
        "{}",
        said.stderr
    );
}
