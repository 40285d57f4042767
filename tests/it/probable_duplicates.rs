//! Pairs that are probably one, and what was decided about them: through whole runs.

use std::collections::BTreeSet;

use crate::harness::{KEY, Project, Row, Sheet, Spoken};

/// Weights are fixed, so that few rows do.
const TABLE: &str = r#"version: 1
table: people
source: { files: "people.csv" }
key: [ref]
columns:
  ref: { type: string }
  name: { type: string }
  born: { type: string }
rules:
  - id: people.same
    check:
      probable_duplicates:
        compare:
          - { column: name, as: name, weights: [8, 5, 2, -6] }
          - { column: born, as: date, weights: [8, 5, 4, 1, -6] }
        prior: 0.01
    why: One would be counted twice.
"#;
const HEADER: &str = "rule_id,record_key,other_key,decision,decided_by,decided_on,note";
const ROWS: [&str; 5] = [
    "A,Ann Ames,1980-05-12",
    "B,Ann Ames,1980-05-12",
    "C,Anne Ames,1980-05-12",
    "D,Jonas Field,1975-02-01",
    "E,Jon Field,1975-02-01",
];

struct Found {
    spoken: Spoken,
    log: Vec<Row>,
    pairs: Vec<Row>,
}

impl Found {
    /// Keys of the pairs, each with its decision.
    fn told(&self) -> BTreeSet<String> {
        let pair = |row: &Row| {
            format!(
                "{}{} {}",
                &row["other_key"], &row["record_key"], &row["decision"]
            )
        };
        let told = self.pairs.iter().map(pair);
        told.map(|pair| pair.trim_end().to_owned()).collect()
    }

    /// Keys of the rows that fail.
    fn failing(&self) -> Vec<&str> {
        let of_rule = self
            .log
            .iter()
            .filter(|row| &row["rule_id"] == "people.same");
        of_rule.map(|row| &row["record_key"]).collect()
    }
}

fn project(table: &str, rows: &[&str], decisions: &[&str]) -> Project {
    let decided: Vec<String> = decisions
        .iter()
        .map(|pair| format!("people.same,{pair},,,\n"))
        .collect();
    Project::of(&[
        ("rules/tables/people.yaml", table),
        (
            "rules/decisions.csv",
            &format!("{HEADER}\n{}", decided.concat()),
        ),
        (
            "delivery/people.csv",
            &format!("ref,name,born\n{}\n", rows.join("\n")),
        ),
    ])
}

fn run(project: &Project, key: Option<&str>) -> Found {
    let mut command = project.command();
    command.envs(key.map(|key| ("TRUEUP_KEY", key)));
    let spoken = Spoken::of(&mut command).expect(0);
    let sheet = |name: &str| Sheet::read(&project.path(&format!("out/current/{name}.csv"))).rows;
    Found {
        log: sheet("discrepancies"),
        pairs: sheet("duplicate_candidates"),
        spoken,
    }
}

fn told(decisions: &[&str]) -> Vec<String> {
    let found = run(&project(TABLE, &ROWS, decisions), None);
    found.told().into_iter().collect()
}

#[test]
fn decisions_answer_what_follows_from_them() {
    assert_eq!(told(&[]), ["AB", "AC", "BC", "DE"]);
    assert_eq!(
        told(&["A,B,same", "C,B,same"]),
        ["AB same", "AC same", "BC same", "DE"]
    );
    assert_eq!(
        told(&["A,B,same", "C,B,different"]),
        ["AB same", "AC different", "BC different", "DE"]
    );
    let found = run(&project(TABLE, &ROWS, &["A,B,same", "C,B,different"]), None);
    assert_eq!(found.failing(), ["E"]);
}

#[test]
fn decisions_that_contradict_end_the_run() {
    let decisions = ["A,B,same", "C,A,different", "B,C,same"];
    let spoken = project(TABLE, &ROWS, &decisions).run("").expect(2);
    for said in [
        "`A` and `C` are said to be different, and lines 2, 4 make them the same",
        "rules/decisions.csv:3:13",
    ] {
        assert!(spoken.stderr.contains(said), "{}", spoken.stderr);
    }
}

#[test]
fn two_that_were_decided_to_be_different_share_no_group() {
    let found = run(&project(TABLE, &ROWS, &["A,C,different"]), None);
    let group = |keys: &str| {
        let of = |row: &&Row| format!("{}{}", &row["other_key"], &row["record_key"]) == keys;
        let row = found.pairs.iter().find(of).expect("a pair");
        row["group_id"].to_owned()
    };
    assert_eq!([group("AB"), group("AC"), group("BC")], ["A", "", ""]);
    assert_eq!(found.failing(), ["B", "C", "E"]);
}

#[test]
fn decisions_count_for_every_row_of_a_key_in_any_order_of_the_rows() {
    let rows = [
        &ROWS[..],
        &[
            "B,Ann Ames,1980-05-13",
            "B,Ann Ames,1980-05-12",
            "A,Anne Ames,1980-05-12",
            ",Ann Ames,1980-05-12",
            ",Ann Ames,1980-05-12",
        ],
    ]
    .concat();
    let mut turned = rows.clone();
    turned.reverse();
    turned.swap(1, 5);
    for decisions in [&[][..], &["A,B,different"], &["A,B,same", "B,C,same"]] {
        let [one, other] = [&rows, &turned].map(|rows| {
            let found = run(&project(TABLE, rows, decisions), None);
            let cells = [
                "other_key",
                "record_key",
                "group_id",
                "probability",
                "evidence",
                "decision",
            ];
            let mut pairs: Vec<String> = found
                .pairs
                .iter()
                .map(|row| cells.map(|cell| row[cell].to_owned()).join(";"))
                .collect();
            pairs.sort();
            let failing: Vec<String> = found.failing().into_iter().map(str::to_owned).collect();
            (
                pairs,
                failing
                    .iter()
                    .filter(|key| !key.starts_with('#'))
                    .cloned()
                    .collect::<Vec<_>>(),
            )
        });
        assert_eq!(one, other);
        let of = |keys: &str| {
            let start = format!("{};", keys.replace(' ', ";"));
            let pairs = one.0.iter().filter(move |pair| pair.starts_with(&start));
            pairs.map(|pair| pair.rsplit(';').next().unwrap_or_default())
        };
        // Two rows of A and three of B, one of them of another day, and none of a key with another of it.
        let (expected, count) = match decisions.first() {
            None => ("", 4),
            Some(first) => (first.rsplit(',').next().unwrap_or_default(), 6),
        };
        assert_eq!(of("A B").count(), count);
        assert!(of("A B").all(|decision| decision == expected));
        assert_eq!(of("A A").count() + of("B B").count(), 0);
        // Rows without a key are rows of their own.
        assert_eq!(of(" ").count(), 1);
    }
}

#[test]
fn a_hidden_key_is_decided_by_its_hash() {
    let table = TABLE.replace(
        "ref: { type: string }",
        "ref: { type: string, policy: hide }",
    );
    let found = run(&project(&table, &ROWS, &[]), Some(KEY));
    let pair = &found.pairs[0];
    let [later, earlier] = ["record_key", "other_key"].map(|cell| pair[cell].to_owned());
    assert!(later.starts_with("hmac:") && earlier.starts_with("hmac:"));
    let log = found.log.iter().find(|row| row["record_key"] == later);
    let message = &log.expect("a finding")["message"];
    assert!(message.contains(&format!("`{earlier}`")), "{message}");

    let decision = format!("{later},{earlier},different");
    let project = project(&table, &ROWS, &[&decision]);
    let found = run(&project, Some(KEY));
    assert_eq!(found.pairs[0]["decision"], *"different");
    assert!(
        !found.spoken.stderr.contains("was not used"),
        "{}",
        found.spoken.stderr
    );
    // A key and its hash name one row.
    let decisions = ["A,B,same", &decision];
    let found = run(&self::project(&table, &ROWS, &decisions), Some(KEY));
    let said = found.spoken.stderr.matches("contradicts others").count();
    assert_eq!(said, 1, "{}", found.spoken.stderr);
    let found = run(&project, None);
    assert!(found.pairs.iter().all(|row| row["decision"].is_empty()));
    assert!(
        found.spoken.stderr.contains("TRUEUP_KEY"),
        "{}",
        found.spoken.stderr
    );
}

#[test]
fn hidden_parts_of_a_key_stand_as_in_the_log() {
    let table = TABLE.replace("key: [ref]", "key: [ref, born]").replace(
        "ref: { type: string }",
        "ref: { type: string, policy: hide }",
    );
    for (key, start) in [(None, "[hidden]|1980"), (Some(KEY), "hmac:")] {
        let found = run(&project(&table, &ROWS, &[]), key);
        let keys: BTreeSet<&str> = found.pairs.iter().map(|row| &row["record_key"]).collect();
        assert_eq!(keys, found.failing().into_iter().collect());
        assert!(keys.iter().any(|key| key.starts_with(start)), "{keys:?}");
    }
}

#[test]
fn evidence_does_not_tell_how_common_a_hidden_value_is() {
    let rows: Vec<String> = (0..400)
        .map(|at| match at {
            0 | 1 => format!("P{at:03},Rare Xanthopoulos,1980-05-12"),
            2 | 3 => format!("P{at:03},Common Smith,1981-05-12"),
            4..200 => format!(
                "P{at:03},Common Smith,19{:02}-0{}-{:02}",
                at % 70,
                1 + at % 9,
                1 + at % 28
            ),
            _ => format!(
                "P{at:03},{at}th Field,18{:02}-0{}-{:02}",
                at % 70,
                1 + at % 9,
                1 + at % 28
            ),
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let table = TABLE.replace(", weights: [8, 5, 2, -6]", "");
    let hidden = table.replace(
        "name: { type: string }",
        "name: { type: string, policy: hide }",
    );
    let differ = |table: &str| {
        let found = run(&project(table, &rows, &[]), None);
        let of = |key: &str| {
            let row = found.pairs.iter().find(|row| &row["record_key"] == key);
            let row = row.expect("a pair");
            ["evidence", "weight", "probability"].map(|cell| row[cell].to_owned())
        };
        of("P001") != of("P003")
    };
    assert!(differ(&table) && !differ(&hidden));
}

#[test]
fn a_rule_that_the_data_teach_nothing_says_so_once() {
    let guessed = TABLE.replace(", weights: [8, 5, 2, -6]", "");
    let others = (0..100).map(|at| format!("Z{at},{at}th Person,18{at:02}-01-01"));
    let others: Vec<String> = others.collect();
    let mut rows = ROWS.to_vec();
    rows.extend(others.iter().map(String::as_str));
    let said = |table: &str| {
        let spoken = run(&project(table, &rows, &[]), None).spoken;
        spoken
            .stderr
            .matches("too few rows are probably the same")
            .count()
    };
    assert_eq!((said(TABLE), said(&guessed)), (0, 1));
}

#[test]
fn settings_that_do_not_fit_are_told_with_what_does() {
    let said = |from: &str, to: &str| {
        let table = TABLE.replace(from, to);
        project(&table, &ROWS, &[]).run("").expect(2).stderr
    };
    let null = said("    why:", "    on_fail: \"null\"\n    why:");
    assert!(null.contains("use keep, quarantine or exclude"), "{null}");
    assert!(!null.contains("`column`"), "{null}");
    let most = said("prior: 0.01", "max_block: 200000");
    for words in [
        "`max_block` is 200000 and may be 2 to 100000",
        "add a column",
    ] {
        assert!(most.contains(words), "{most}");
    }
}

#[test]
fn a_key_that_too_many_share_is_told_in_words() {
    let table = TABLE.replace("prior: 0.01", "max_block: 2");
    let more = [
        "F,Ann Ames,1990-01-01",
        "G,Joe,1990-01-01",
        "H,May,1990-01-01",
    ];
    for (rows, words) in [
        (ROWS.to_vec(), "one value of born stands in 3 rows, "),
        (
            [&ROWS[..], &more].concat(),
            "2 values of born stand in 6 rows, ",
        ),
    ] {
        let found = run(&project(&table, &rows, &[]), None);
        let mut messages = found.log.iter().map(|row| &row["message"]);
        assert!(
            messages.any(|message| message.starts_with(words)),
            "{words}"
        );
    }
}

#[test]
fn rows_without_a_key_have_groups_of_their_own() {
    let rows = [
        ",Ann Ames,1980-05-12",
        ",Ann Ames,1980-05-12",
        ",Joe Field,1975-02-01",
        ",Joe Field,1975-02-01",
        ",May Roe,1991-02-01",
        "M,May Roe,1991-02-01",
    ];
    let found = run(&project(TABLE, &rows, &[]), None);
    let groups: BTreeSet<&str> = found.pairs.iter().map(|row| &row["group_id"]).collect();
    assert_eq!(groups, BTreeSet::from(["M", "row 1", "row 3"]));
    let ids: BTreeSet<&str> = found.log.iter().map(|row| &row["group_id"]).collect();
    assert_eq!((found.log.len(), ids.len()), (3, 3));
    assert!(
        found
            .log
            .iter()
            .all(|row| row["message"].contains("the row without a key on line "))
    );
}
