//! Every rule's examples show what they say.

use std::{fs::File, path::Path};

use jiff::civil::Date;
use trueup::{
    pipeline::examples::{ExampleOutcome, Expectation, check},
    project::Project,
};

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
    let scratch = |name: &str| {
        let path = folder.path().join(name);
        Ok((File::create_new(&path)?, path))
    };
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
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("rules/tables")).unwrap();
    std::fs::write(root.path().join("rules/tables/things.yaml"), table).unwrap();
    let project = "version: 1\nname: Things\n";
    std::fs::write(root.path().join("rules/project.yaml"), project).unwrap();
    let (project, outcomes) = outcomes(root.path());

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
