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
