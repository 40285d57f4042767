//! Every rule's examples show what they say.

use std::{fs::File, path::Path, sync::Arc};

use jiff::civil::Date;
use trueup::{
    check::failing::Scratch,
    pipeline::examples::{ExampleOutcome, Expectation, check},
    project::Project,
};

use crate::harness::{self, DELIVERY, Row, Sheet};

#[test]
fn every_example_of_every_rule_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (project, outcomes) = outcomes(root);

    let declared: usize = project
        .rules
        .iter()
        .map(|r| r.examples.pass.len() + r.examples.fail.len() + r.examples.not_evaluated.len())
        .sum();
    assert_eq!(outcomes.len(), declared, "examples looked at");
    let mut wrong: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.holds())
        .map(|outcome| format!("{}: {outcome}", project.rules[outcome.rule].id))
        .collect();
    for (at, rule) in project.rules.iter().enumerate() {
        for expectation in [Expectation::Pass, Expectation::Fail] {
            if !outcomes
                .iter()
                .any(|o| (o.rule, o.expectation) == (at, expectation))
            {
                wrong.push(format!("{}: no `{}` example", rule.id, expectation.word()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        outcomes.len() > 2 * 100,
        "{} examples are too few",
        outcomes.len()
    );
}

/// What came of each example of the project at `root`.
fn outcomes(root: &Path) -> (Project, Vec<ExampleOutcome>) {
    let project = trueup::project::load(root).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().to_owned();
    let scratch: Scratch = Arc::new(move |name: &str| {
        let path = files.join(name);
        Ok((File::create_new(&path)?, path))
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let outcomes = runtime
        .block_on(check(&project, Date::constant(2017, 10, 9), &scratch))
        .unwrap();
    (project, outcomes)
}

#[test]
fn an_example_that_shows_nothing_does_not_hold() {
    let table = r#"
version: 1
table: things
description: One row a thing.
source: { files: "things.csv", required: true }
key: [ref]
columns:
  ref:
    type: string
    description: Its reference.
    unique:
      severity: error
      why: A test.
      examples:
        pass:
          - things: [{ ref: a }, { ref: b }]
          - things: [{ ref: a }, { ref: a }]
          - things: []
        fail:
          - things: [{ ref: a }, { ref: a }]
          - things: [{ ref: a }, { ref: b }]
        not_evaluated:
          - things: [{ ref: "" }]
          - things: [{ ref: a }]
          - things: []
  made_on:
    type: date
    formats: ["%Y-%m-%d"]
    description: When it was made.
    type_check:
      severity: error
      why: A test.
      examples:
        pass: ["2017-01-05", "yesterday", ""]
        fail: ["yesterday", "2017-01-05", ""]
        not_evaluated: ["", "2017-01-05", "yesterday"]
rules:
  - id: things.row_count
    check: { row_count: { min: 2 } }
    severity: error
    why: A test.
    examples:
      pass:
        - things: [{ ref: "a,\"b\"\nc" }, { ref: "" }]
        - things: [{ ref: a }]
      fail:
        - things: [{ ref: a }]
        - things: [{ ref: a }, { ref: b }]
"#;
    let (project, outcomes) = outcomes_of(&[("things", table)]);

    let holding: Vec<(&str, &str, Vec<bool>)> = outcomes
        .chunk_by(|a, b| (a.rule, a.expectation) == (b.rule, b.expectation))
        .map(|chunk| {
            let rule = project.rules[chunk[0].rule].id.as_str();
            let holds = chunk.iter().map(ExampleOutcome::holds).collect();
            (rule, chunk[0].expectation.word(), holds)
        })
        .collect();
    assert_eq!(
        holding,
        [
            ("things.ref.unique", "pass", vec![true, false, false]),
            ("things.ref.unique", "fail", vec![true, false]),
            (
                "things.ref.unique",
                "not_evaluated",
                vec![true, false, false]
            ),
            ("things.made_on.type", "pass", vec![true, false, false]),
            ("things.made_on.type", "fail", vec![true, false, false]),
            (
                "things.made_on.type",
                "not_evaluated",
                vec![true, false, false]
            ),
            ("things.row_count", "pass", vec![true, false]),
            ("things.row_count", "fail", vec![true, false]),
        ]
    );
    let wrong = outcomes.iter().filter_map(|o| o.diagnostic(&project));
    let words: Vec<String> = wrong.map(|d| d.message.clone()).collect();
    assert_eq!(words.len(), 13);
    assert_eq!(
        words[0],
        "rule `things.ref.unique`: `pass` example 2 has 1 passed, 1 failed, 0 not evaluated and 0 not applicable"
    );
}

/// What came of each example of a project of these tables.
fn outcomes_of(tables: &[(&str, &str)]) -> (Project, Vec<ExampleOutcome>) {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("rules/tables")).unwrap();
    for (name, text) in tables {
        let path = root.path().join(format!("rules/tables/{name}.yaml"));
        std::fs::write(path, text).unwrap();
    }
    let project = "version: 1\nname: Things\n";
    std::fs::write(root.path().join("rules/project.yaml"), project).unwrap();
    outcomes(root.path())
}

#[test]
fn settings_that_the_project_here_does_not_use_do_what_they_say() {
    let things = r#"
version: 1
table: things
description: One row a thing.
source: { files: "things.csv" }
key: [ref]
columns:
  ref: { type: string, description: Its reference. }
  size:
    type: string
    clean: [trim, squeeze, lower]
    missing: { unknown: ["?"] }
    description: How large it is.
    accepted_values:
      values: [small, "very large", "10"]
      why: A test.
      examples:
        pass: [small, " SMALL ", "Very  large", 10]
        fail: [smal, large, "1 0", "10.0"]
        not_evaluated: ["", "  ", "?"]
"#;
    let parts = r#"
version: 1
table: parts
description: One row a part of a thing.
source: { files: "parts.csv" }
key: [ref]
columns:
  ref: { type: string, description: Its reference. }
  thing: { type: string, description: The thing that it belongs to. }
  size: { type: string, clean: [trim, lower], description: The thing's size. }
  number: { type: integer, description: Its number. }
rules:
  - id: parts.of_things
    check:
      relationships:
        columns: [thing, size]
        to: things
        to_columns: [ref, size]
        to_where: "ref <> 'lost'"
    why: A test.
    examples:
      pass:
        - things: [{ ref: a, size: small }, { ref: b, size: "very large" }]
          parts: [{ thing: a, size: SMALL }, { thing: b, size: "very large" }, { thing: a, size: small }]
      fail:
        - things: [{ ref: a, size: small }, { ref: b, size: "very large" }]
          parts: [{ thing: a, size: "very large" }]
        - things: [{ ref: lost, size: small }]
          parts: [{ thing: lost, size: small }]
        - parts: [{ thing: a, size: small }]
      not_evaluated:
        - things: [{ ref: a, size: small }]
          parts: [{ thing: "", size: small }, { thing: a, size: "" }, { thing: c }]
  - id: parts.of_parts
    check:
      relationships:
        columns: [size, number]
        to: parts
    why: A test.
    examples:
      pass:
        - parts: [{ size: small, number: 1 }, { size: other, number: 2 }]
      not_evaluated:
        - parts: [{ size: small, number: "" }, { size: "", number: 2 }]
"#;
    let (project, outcomes) = outcomes_of(&[("things", things), ("parts", parts)]);
    let wrong: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.holds())
        .map(|outcome| format!("{}: {outcome}", project.rules[outcome.rule].id))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(outcomes.len(), 11 + 5 + 2);
    let passed = |id: &str| -> Vec<u64> {
        let of_rule = |o: &&ExampleOutcome| project.rules[o.rule].id == id;
        let of_rule = outcomes.iter().filter(of_rule);
        of_rule.map(|o| o.counts.passed).collect()
    };
    assert_eq!(passed("parts.of_things"), [3, 0, 0, 0, 0]);
    assert_eq!(passed("parts.of_parts"), [2, 0]);
}

#[test]
fn a_value_that_a_rule_does_not_list_comes_with_the_nearest_that_it_lists() {
    let project = harness::Project::small();
    let list = "list: contact_channel\n      map_aliases: true\n";
    project.edit("rules/tables/contact_attempts.yaml", |text| {
        text.replacen(list, "values: [Phone, SMS, Email, Post]\n", 1)
            .replacen("pass: [\"Phone\", \"Text\"]", "pass: [\"Phone\"]", 1)
    });
    project.edit(&format!("{DELIVERY}/contact_attempts.csv"), |text| {
        text.replacen(",Phone,", ", Phnoe,", 1)
            .replacen(",Phone,", ",Text,", 1)
    });
    project.run("").expect(0);
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let told = log
        .iter()
        .filter(|row| &row["rule_id"] == "contact_attempts.channel.accepted_values");
    let shown = |row: &Row| {
        let columns = [
            "source_row",
            "observed",
            "suggestion",
            "action",
            "cleaned",
            "likely_cause",
            "expected",
        ];
        columns.map(|c| row[c].to_owned()).join("|")
    };
    let told: Vec<String> = told.map(shown).collect();
    let expected = "one of `Phone`, `SMS`, `Email`, `Post`";
    assert_eq!(
        told,
        [
            format!("1| Phnoe|Phone|nulled||transposition|{expected}"),
            format!("2|Text||nulled||unknown|{expected}"),
        ]
    );
}
