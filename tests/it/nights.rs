//! Thirty nights by a script: what each discrepancy is on each of them, whatever happens to rows, files and columns between.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Project, Row, Sheet, Spoken};

const NIGHTS: usize = 30;
/// Nobody ran the program on this night.
const MISSED: usize = 15;
/// From this night on the visits have a column more.
const WIDER: usize = 12;
/// From this night on the rule about notes is another.
const CHANGED: usize = 20;
/// On this night there is no file of the extras.
const ABSENT: usize = 25;

const KIND: &str = "visits.kind.accepted_values";
const NOTE: &str = "visits.note.not_null";
const FLAG: &str = "extras.flag.not_null";

/// A defect: its rule, its record, what stands in the cell, on which nights it is delivered (`x`), and what the log has to
/// say of it: n(ew), o(ngoing), r(esolved), e (reopened), w(aived), or nothing (`.`); `-` is the night that was missed.
struct Defect {
    rule: &'static str,
    key: &'static str,
    cell: &'static str,
    delivered: &'static str,
    said: &'static str,
}

const fn defect(
    rule: &'static str,
    key: &'static str,
    cell: &'static str,
    delivered: &'static str,
    said: &'static str,
) -> Defect {
    Defect {
        rule,
        key,
        cell,
        delivered,
        said,
    }
}

const SCRIPT: [Defect; 15] = [
    // It stays.
    defect(
        KIND,
        "V01",
        "q",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "nooooooooooooo-ooooooooooooooo",
    ),
    // It is mended.
    defect(
        KIND,
        "V02",
        "q",
        "..xxx.........................",
        "..noor........-...............",
    ),
    // It comes back, and is mended again.
    defect(
        KIND,
        "V03",
        "q",
        ".xxx...xx.....................",
        ".noor..eor....-...............",
    ),
    // Waived by its id from the fifth night, up to the tenth.
    defect(
        KIND,
        "V04",
        "q",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "nooowwwwwweooo-ooooooooooooooo",
    ),
    // Waived by its rule up to the 28th; on the 18th there are more than the waiver may cover.
    defect(
        KIND,
        "V05",
        "zz",
        ".....xxxxxxxxxxxxxxxxxxxxxxxxx",
        ".....wwwwwwwww-wwewwwwwwwwwweo",
    ),
    // The same, mended for two nights while it is waived.
    defect(
        KIND,
        "V06",
        "zz",
        ".....xxxxxx..xxxxxxxxxxxxxxxxx",
        ".....wwwwwwr.w-wwewwwwwwwwwweo",
    ),
    // The ones that are too many on the 18th.
    defect(
        KIND,
        "V10",
        "zz",
        ".................x............",
        "..............-..nr...........",
    ),
    defect(
        KIND,
        "V11",
        "zz",
        ".................x............",
        "..............-..nr...........",
    ),
    // Mended, and come, in the night that was missed.
    defect(
        KIND,
        "V12",
        "q",
        "............xx................",
        "............no-r..............",
    ),
    defect(
        KIND,
        "V13",
        "q",
        "..............xx..............",
        "..............-nr.............",
    ),
    // The rule changes, and still finds it.
    defect(
        NOTE,
        "V07",
        "",
        ".........xxxxxxxxxxxxxxxxxxxxx",
        ".........noooo-ooooooooooooooo",
    ),
    // It is gone when the rule changes, so that nobody knows why; then it is there again.
    defect(
        NOTE,
        "V08",
        "",
        "...............xxxx..xx.......",
        "..............-nooo..eor......",
    ),
    // Waived by its id from the twelfth night on, for the rule as it was.
    defect(
        NOTE,
        "V09",
        "",
        "..........xxxxxxxxxxxxxxxxxxxx",
        "..........nwww-wwwweoooooooooo",
    ),
    // Its table is not delivered on the 25th: what is not delivered is not resolved.
    defect(
        FLAG,
        "E1",
        "",
        ".......................x.xx...",
        "..............-........nooor..",
    ),
    defect(
        FLAG,
        "E2",
        "",
        ".......................x......",
        "..............-........nor....",
    ),
];

fn status(letter: char) -> &'static str {
    match letter {
        'n' => "new",
        'o' => "ongoing",
        'r' => "resolved",
        'e' => "reopened",
        'w' => "waived",
        other => panic!("{other}"),
    }
}

fn at(line: &str, night: usize) -> char {
    line.as_bytes()[night - 1] as char
}

/// Which cell of a record is spoilt tonight, if any.
fn spoilt(rule: &str, key: &str, night: usize) -> Option<&'static str> {
    let mut script = SCRIPT.iter().filter(|d| d.rule == rule && d.key == key);
    script
        .find(|defect| at(defect.delivered, night) == 'x')
        .map(|defect| defect.cell)
}

/// Some order of these, another for each seed.
fn shuffled<T>(mut items: Vec<T>, seed: usize) -> Vec<T> {
    let mut state = seed as u64;
    for end in (1..items.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let bound = end as u64 + 1;
        items.swap(end, ((state >> 33) % bound) as usize);
    }
    items
}

/// The delivery of a night: rows in another order, in files of other names and number.
fn deliver(project: &Project, night: usize) {
    let row = |at: usize| {
        let key = format!("V{at:02}");
        let kind = spoilt(KIND, &key, night).unwrap_or("a");
        let note = spoilt(NOTE, &key, night).unwrap_or("said");
        match night >= WIDER {
            true => format!("{note},extra,{kind},{key}\n"),
            false => format!("{key},{kind},{note}\n"),
        }
    };
    let head = match night >= WIDER {
        true => "note,more,kind,visit_ref\n",
        false => "visit_ref,kind,note\n",
    };
    let rows = shuffled((1..=40).map(row).collect(), night);
    let parts = 1 + night % 3;
    for (part, rows) in rows.chunks(rows.len().div_ceil(parts)).enumerate() {
        let path = format!("in/2017-10-{night:02}/visits_{part}_of_{night}.csv");
        project.write(&path, head.to_owned() + &rows.concat());
    }
    if night != ABSENT {
        let row = |key: &str| format!("{key},{}\n", spoilt(FLAG, key, night).unwrap_or("yes"));
        let rows = shuffled(["E1", "E2", "E3"].map(row).to_vec(), night);
        let text = "extra_ref,flag\n".to_owned() + &rows.concat();
        project.write(&format!("in/2017-10-{night:02}/extras.csv"), text);
    }
}

fn project() -> Project {
    let visits = "version: 1\ntable: visits\nsource: { files: \"visits_*.csv\" }\nkey: [visit_ref]\ncolumns:\n  \
         visit_ref: { type: string, not_null: error }\n  \
         kind: { type: string, accepted_values: { values: [a, b], severity: error, why: other kinds are none } }\n  \
         note: { type: string, not_null: warn }\n";
    let extras = "version: 1\ntable: extras\nsource: { files: \"extras.csv\", required: false }\nkey: [extra_ref]\ncolumns:\n  \
         extra_ref: { type: string, not_null: error }\n  flag: { type: string, not_null: warn }\n";
    Project::of(&[
        ("rules/tables/visits.yaml", visits),
        ("rules/tables/extras.yaml", extras),
    ])
}

const BY_WHOM: [&str; 8] = [
    "--reason",
    "known at the source",
    "--requested-by",
    "A. Shah",
    "--approved-by",
    "J. Moss",
    "--evidence",
    "DQ-112",
];

fn waive(project: &Project, arguments: &[&str]) {
    let mut command = project.command_of("waive");
    Spoken::of(command.args(arguments).args(BY_WHOM)).expect(0);
}

fn id_of(log: &[Row], rule: &str, key: &str) -> String {
    let mut rows = log.iter();
    let row = rows.find(|row| &row["rule_id"] == rule && &row["record_key"] == key);
    row.expect("a discrepancy")["discrepancy_id"].to_string()
}

#[test]
fn every_status_is_right_on_every_night() {
    let project = project();
    let mut log: Vec<Row> = Vec::new();
    let mut runs: BTreeMap<usize, String> = BTreeMap::new();
    let mut checked = 0;
    for night in 1..=NIGHTS {
        if night == MISSED {
            continue;
        }
        match night {
            5 => {
                let id = id_of(&log, KIND, "V04");
                waive(&project, &[&id[..12], "--expires", "2017-10-10"]);
                let condition = "observed = 'zz'";
                let by_rule = ["--rule", KIND, "--where", condition, "--max-rows", "3"];
                let end = ["--expires", "2017-10-28", "--id", "zz"];
                waive(&project, &[&by_rule[..], &end].concat());
            }
            12 => {
                let id = id_of(&log, NOTE, "V09");
                waive(&project, &[&id, "--expires", "2018-10-31", "--id", "V09"]);
            }
            CHANGED => project.edit("rules/tables/visits.yaml", |text| {
                text.replace("not_null: warn", "not_null: error")
            }),
            _ => {}
        }
        deliver(&project, night);
        let day = format!("2017-10-{night:02}");
        let spoken = project.run(&format!("--delivery in/{day} --as-of {day} --fail-on new"));
        let code = spoken.code;
        let folder = project.path("out/current");
        let run = std::fs::read_link(&folder)
            .unwrap_or_else(|_| panic!("{}{}", spoken.stdout, spoken.stderr));
        let run = run
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(
            run.starts_with(&day),
            "{run}\n{}{}",
            spoken.stdout,
            spoken.stderr
        );
        runs.insert(night, run.clone());
        log = Sheet::read(&folder.join("discrepancies.csv")).rows;
        checked += check(&log, night, &runs);
        let fresh =
            |row: &&Row| matches!(&row["status"], "new" | "reopened") && &row["severity"] != "info";
        assert_eq!(
            code,
            Some(i32::from(log.iter().any(|r| fresh(&r)))),
            "{night}"
        );
        about_waivers(&log, night);
    }
    // What resolved is explained by the run that found it last, and not by a line of tonight's delivery.
    let run = &runs[&24];
    let id = id_of(
        &Sheet::read(&project.path(&format!("out/runs/{run}/discrepancies.csv"))).rows,
        NOTE,
        "V08",
    );
    let mut command = project.command_of("explain");
    let page = Spoken::of(command.args([&id, "--run", run]))
        .expect(0)
        .stdout;
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = format!("`trueup explain {id} --run {}`", runs[&23]);
    assert!(page.contains(&words), "{page}");
    let said = |defect: &Defect| {
        let letters = defect.said.chars();
        letters.filter(|l| !".-".contains(*l)).count()
    };
    assert_eq!(checked, SCRIPT.iter().map(said).sum::<usize>());
}

/// Compares the log of a night with the script; how many of the script's discrepancies it has.
fn check(log: &[Row], night: usize, runs: &BTreeMap<usize, String>) -> usize {
    let scripted: BTreeSet<&str> = SCRIPT.iter().map(|defect| defect.rule).collect();
    let found = log.iter().filter(|row| scripted.contains(&row["rule_id"]));
    let found: BTreeMap<(String, String), &Row> = found
        .map(|row| {
            (
                (row["rule_id"].to_string(), row["record_key"].to_string()),
                row,
            )
        })
        .collect();
    let mut wanted = BTreeSet::new();
    for defect in &SCRIPT {
        let letter = at(defect.said, night);
        if letter == '.' {
            continue;
        }
        let name = (defect.rule.to_owned(), defect.key.to_owned());
        let place = format!("night {night}, {name:?}");
        let row = found
            .get(&name)
            .unwrap_or_else(|| panic!("{place}: not in the log"));
        assert_eq!(&row["status"], status(letter), "{place}");
        let nights: Vec<usize> = (1..=night)
            .filter(|n| *n != MISSED && at(defect.said, *n) != '.')
            .collect();
        assert_eq!(&row["first_seen_run"], runs[&nights[0]].as_str(), "{place}");
        let delivered = |n: &usize| *n != MISSED && at(defect.delivered, *n) == 'x';
        let last = (1..=night).rfind(delivered).expect("a night");
        assert_eq!(&row["last_seen_run"], runs[&last].as_str(), "{place}");
        assert_eq!(&row["run_id"], runs[&night].as_str(), "{place}");
        let waiver = match (letter, defect.key) {
            ('w', "V04") => "W-1",
            ('w', "V05" | "V06") => "zz",
            ('w', "V09") => "V09",
            ('w', other) => panic!("{other}"),
            // What resolved while it was waived says so.
            ('r', "V06") => "zz",
            _ => "",
        };
        assert_eq!(&row["waiver_id"], waiver, "{place}");
        assert!(!row["message"].is_empty(), "{place}");
        wanted.insert(name);
    }
    let found: BTreeSet<(String, String)> = found.into_keys().collect();
    assert_eq!(found, wanted, "night {night}");
    wanted.len()
}

/// What is said about waivers and rules themselves.
fn about_waivers(log: &[Row], night: usize) {
    let told = |rule: &str, key: &str| {
        let mut rows = log.iter().filter(|row| &row["status"] != "resolved");
        rows.any(|row| &row["rule_id"] == rule && &row["record_key"] == key)
    };
    assert_eq!(told("waivers.expired", "W-1"), night > 10, "{night}");
    assert_eq!(told("waivers.expired", "zz"), night > 28, "{night}");
    assert_eq!(told("waivers.over_broad", "zz"), night == 18, "{night}");
    assert_eq!(told("waivers.unused", "zz"), night == 5, "{night}");
    assert_eq!(told("waivers.outdated", "V09"), night >= CHANGED, "{night}");
    // In its last fourteen days, but where it covers too much or nothing.
    let soon = (15..=28).contains(&night) && night != 18;
    assert_eq!(told("waivers.expiring", "zz"), soon, "{night}");
    assert_eq!(
        told("waivers.expiring", "W-1"),
        (5..=10).contains(&night),
        "{night}"
    );
    assert_eq!(told("rules.changed", NOTE), night == CHANGED, "{night}");
}

/// Every file of a run but what names places, with its bytes.
fn files_of(project: &Project, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let root = project.path(folder).canonicalize().expect("a run");
    crate::harness::files(&root)
        .into_iter()
        .map(|(inside, path)| (inside, std::fs::read(path).expect("a file")))
        .collect()
}

#[test]
fn nights_have_the_same_bytes_at_any_number_of_threads_and_at_any_place() {
    let runs = [1, 2, 7].map(|threads| {
        let project = project();
        for night in [2, 3, 5, 8, 9] {
            deliver(&project, night);
            let day = format!("2017-10-{night:02}");
            project
                .run(&format!(
                    "--delivery in/{day} --as-of {day} --threads {threads}"
                ))
                .expect(0);
        }
        files_of(&project, "out/current")
    });
    assert!(runs[0].len() > 20, "{:?}", runs[0].keys());
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
}

#[test]
fn the_order_of_rows_and_files_changes_places_alone() {
    let log = |shuffles: usize| {
        let project = project();
        for (at, night) in [2, 3, 5, 8, 9].into_iter().enumerate() {
            deliver(&project, night);
            let day = format!("2017-10-{night:02}");
            if shuffles > 0 {
                let folder = project.path(&format!("in/{day}"));
                let mut rows = Vec::new();
                let mut head = String::new();
                for (inside, path) in crate::harness::files(&folder) {
                    if inside.contains("visits_") {
                        let text = crate::harness::read(&path);
                        let (first, rest) = text.split_once('\n').expect("a header");
                        head = format!("{first}\n");
                        rows.extend(rest.lines().map(|line| format!("{line}\n")));
                        std::fs::remove_file(path).expect("removed");
                    }
                }
                let rows = shuffled(rows, shuffles * 31 + at);
                for (part, rows) in rows.chunks(7).enumerate() {
                    let path = format!("in/{day}/visits_{}.csv", 90 - part);
                    project.write(&path, head.clone() + &rows.concat());
                }
            }
            project
                .run(&format!("--delivery in/{day} --as-of {day}"))
                .expect(0);
        }
        let rows = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
        let told = |row: &Row| {
            [
                "discrepancy_id",
                "status",
                "record_key",
                "observed",
                "message",
                "waiver_id",
            ]
            .map(|column| row[column].to_string())
            .join("|")
        };
        rows.iter().map(told).collect::<Vec<_>>()
    };
    let plain = log(0);
    assert!(plain.len() > 4, "{plain:?}");
    assert_eq!(plain, log(1));
    assert_eq!(plain, log(2));
}

const COUNTS: &str = "-- Visits by kind.\nSELECT p.id AS period, 'all' AS population, v.kind AS category, 1 AS sort, count(*) AS count, count(*) AS base, CAST(1 AS DOUBLE) AS share\n\
     FROM visits AS v JOIN periods AS p ON v.visited_on >= p.start_on AND v.visited_on < p.end_on\nGROUP BY p.id, v.kind ORDER BY p.id, v.kind\n";

#[test]
fn figures_that_changed_are_told_with_their_period_and_by_how_much() {
    let project = Project::of(&[
        (
            "rules/tables/visits.yaml",
            "version: 1\ntable: visits\nsource: { files: \"visits.csv\", delivers: delta }\nkey: [visit_ref]\ncolumns:\n  \
             visit_ref: { type: string, not_null: error }\n  visited_on: { type: date }\n  kind: { type: string }\n",
        ),
        ("sql/aggregates/kinds.sql", COUNTS),
    ]);
    project.write(
        "rules/project.yaml",
        "version: 1\nname: Visits\nperiods:\n  - { id: '2016', start: 2016-01-01, end: 2017-01-01 }\n  - { id: '2017', start: 2017-01-01, end: 2018-01-01 }\n",
    );
    let head = "visit_ref,visited_on,kind\n";
    let mut nights = vec![
        "V1,2016-03-01,a\nV2,2016-04-01,b\nV3,2016-05-01,a\n",
        // A row that comes late, a correction of another, and the first of a new period.
        "V4,2016-06-01,a\nV2,2016-04-01,c\nV5,2017-01-05,a\n",
        "V6,2017-01-06,a\n",
    ]
    .into_iter();
    let mut night = |day: usize| {
        let rows = nights.next().expect("a night");
        project.write(
            &format!("in/2017-02-{day:02}/visits.csv"),
            format!("{head}{rows}"),
        );
        let said = project
            .run(&format!(
                "--delivery in/2017-02-{day:02} --as-of 2017-02-{day:02}"
            ))
            .expect(0);
        let rows = Sheet::read(&project.path("out/current/figure_changes.csv")).rows;
        let told = |row: &Row| {
            [
                "aggregate",
                "period",
                "population",
                "category",
                "before",
                "after",
                "difference",
            ]
            .map(|column| row[column].to_string())
            .join(",")
        };
        (said.stdout, rows.iter().map(told).collect::<Vec<_>>())
    };
    assert_eq!(night(1).1, [""; 0]);
    let (said, changes) = night(2);
    assert_eq!(
        changes,
        [
            "kinds,2016,all,a,2,3,1",
            "kinds,2016,all,b,1,,",
            "kinds,2016,all,c,,1,",
        ]
    );
    assert!(
        said.contains("figures that changed since run 2017-02-01"),
        "{said}"
    );
    assert!(said.contains("3 of 2016"), "{said}");
    assert_eq!(night(3).1, ["kinds,2017,all,a,1,2,1"]);

    // The same two runs held against each other.
    let mut command = project.command_of("diff");
    let said = Spoken::of(command.args(["2017-02-01", "2017-02-02", "--format", "json"])).expect(1);
    let diff: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    // Those of the new period are another table's worth of figures, and no change of published ones.
    assert_eq!(diff["figures_changed"], 3, "{diff}");
    assert_eq!(diff["tables"][0]["before"]["read"], 3, "{diff}");
    assert_eq!(diff["tables"][0]["after"]["read"], 5, "{diff}");
    let mut command = project.command_of("diff");
    let said = Spoken::of(command.args(["current", "2017-02-03"])).expect(0);
    assert!(
        said.stdout.contains("nothing is different"),
        "{}",
        said.stdout
    );
    for (runs, code) in [(["2017-02", "current"], 3), (["2016", "current"], 3)] {
        let mut command = project.command_of("diff");
        Spoken::of(command.args(runs)).expect(code);
    }
}

/// Status and last run of the discrepancies of a rule in what is published.
fn lives(project: &Project, rule: &str) -> Vec<(String, String)> {
    let rows = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let rows = rows.iter().filter(|row| &row["rule_id"] == rule);
    rows.map(|row| {
        (
            row["status"].to_string(),
            row["last_seen_run"][..10].to_owned(),
        )
    })
    .collect()
}

fn life(status: &str, day: &str) -> (String, String) {
    (status.to_owned(), day.to_owned())
}

#[test]
fn what_a_rule_in_error_found_stays_open_until_it_can_be_judged() {
    let table = "version: 1\ntable: visits\nsource: { files: \"visits.csv\" }\nkey: [visit_ref]\ncolumns:\n  visit_ref: { type: string }\n  size: { type: integer }\n\
         rules:\n  - id: visits.large\n    check: { expression: { sql: 10 / size > 1 } }\n    severity: warn\n    why: They are small.\n";
    let project = Project::of(&[("rules/tables/visits.yaml", table)]);
    let night = |day: &str, rows: &str| {
        project.write(
            &format!("in/{day}/visits.csv"),
            format!("visit_ref,size\n{rows}"),
        );
        project.run(&format!("--delivery in/{day} --as-of {day}"))
    };
    night("2020-01-01", "a,1\nc,20\n").expect(0);
    assert_eq!(lives(&project, "visits.large"), [life("new", "2020-01-01")]);
    night("2020-01-02", "a,1\nc,20\nd,0\n").expect(1);
    waive(
        &project,
        &[
            "--rule",
            "visits.rule_error",
            "--max-rows",
            "1",
            "--expires",
            "2020-02-01",
        ],
    );
    night("2020-01-02", "a,1\nc,20\nd,0\n").expect(0);
    assert_eq!(
        lives(&project, "visits.large"),
        [life("ongoing", "2020-01-01")]
    );
    night("2020-01-03", "a,1\nc,2\nd,3\n").expect(0);
    assert_eq!(
        lives(&project, "visits.large"),
        [life("resolved", "2020-01-01")]
    );
}

#[test]
fn a_statement_without_figures_resolves_nothing() {
    let counted = |condition: &str| COUNTS.replace("\nGROUP", &format!("{condition}\nGROUP"));
    let project = Project::of(&[
        (
            "rules/tables/visits.yaml",
            "version: 1\ntable: visits\nsource: { files: \"visits.csv\" }\nkey: [visit_ref]\ncolumns:\n  visit_ref: { type: string }\n  \
             visited_on: { type: date }\n  kind: { type: string }\n  note: { type: string }\n",
        ),
        ("sql/aggregates/kinds.sql", &counted("")),
        (
            "sql/aggregates/noted.sql",
            &counted(" AND v.note IS NOT NULL"),
        ),
        (
            "rules/totals/kinds.yaml",
            "version: 1\nstatements:\n  - id: kinds.noted\n    check: { equals: { left: { table: kinds, measure: count }, right: { table: noted, measure: count }, by: [period, category] } }\n    why: Each has a note.\n",
        ),
    ]);
    project.write(
        "rules/project.yaml",
        "version: 1\nname: Visits\nperiods: [{ id: '2016', start: 2016-01-01, end: 2017-01-01 }]\n",
    );
    let night = |day: &str, rows: &str| {
        let text = format!("visit_ref,visited_on,kind,note\n{rows}");
        project.write(&format!("in/{day}/visits.csv"), text);
        project
            .run(&format!("--delivery in/{day} --as-of {day}"))
            .expect(0);
    };
    night("2020-01-01", "V1,2016-01-05,a,\nV2,2016-01-06,a,said\n");
    assert_eq!(lives(&project, "kinds.noted"), [life("new", "2020-01-01")]);
    night("2020-01-02", "");
    assert_eq!(
        lives(&project, "kinds.noted"),
        [life("ongoing", "2020-01-01")]
    );
    night("2020-01-03", "V1,2016-01-05,a,said\nV2,2016-01-06,a,said\n");
    assert_eq!(
        lives(&project, "kinds.noted"),
        [life("resolved", "2020-01-01")]
    );
}

#[test]
fn what_is_said_of_the_exit_code_is_in_no_output() {
    let project = project();
    deliver(&project, 3);
    let run = |fail_on: &str, code: i32| {
        let said = project
            .run(&format!(
                "--delivery in/2017-10-03 --as-of 2017-10-03 --fail-on {fail_on}"
            ))
            .expect(code);
        (said.stdout, files_of(&project, "out/current"))
    };
    let (_, before) = run("error", 1);
    let (said, after) = run("never", 0);
    assert!(said.contains("the same run stood there already"), "{said}");
    assert!(before == after);
}
