//! Every rule's examples show what they say.

use std::{fs::File, path::Path};

use jiff::civil::Date;
use trueup::pipeline::examples::{Expectation, check};

#[test]
fn every_example_of_every_rule_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
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
