//! `test`: examples, tests of small deliveries, and mutants that nothing notices.

use crate::harness::{Project, Spoken};

fn test(project: &Project, arguments: &str) -> Spoken {
    let mut command = project.command_of("test");
    Spoken::of(command.args(arguments.split_whitespace()))
}

#[test]
fn every_rule_of_the_project_is_held_in_place() {
    let spoken = test(&Project::small(), "--mutate").expect(0);
    let mutants = spoken
        .stdout
        .lines()
        .find(|line| line.contains("mutants:"))
        .expect("a score");
    assert!(
        mutants.ends_with("0 survived (100.0 %)"),
        "{}",
        spoken.stdout
    );
    let number: usize = mutants
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    // One for each rule that is dropped, and more of those that have more to them.
    assert!(number > 2 * 121, "{mutants}");
    assert!(
        spoken.stdout.contains("8 tests: 8 hold, 0 do not"),
        "{}",
        spoken.stdout
    );
}

const VISITS: &str = "
version: 1
table: visits
source: { files: visits.csv }
key: [visit_ref]
columns:
  visit_ref: { type: string, unique: error }
  room: { type: string }
  size:
    type: integer
    range: { min: 1, max: 10, why: Rooms are small., examples: { pass: [5], fail: [0, 100] } }
rules:
  - id: visits.untested
    check: { expression: { sql: size < 10 OR room = 'Hall' } }
    why: Nobody tries it out.
";

#[test]
fn a_rule_that_nothing_holds_in_place_survives() {
    let project = Project::of(&[("rules/tables/visits.yaml", VISITS)]);
    test(&project, "").expect(0);
    let spoken = test(&project, "--mutate").expect(1);
    let expected = "\
visits.visit_ref.unique (rules/tables/visits.yaml:7)
  survived: the rule is dropped
    rules/tables/visits.yaml:7:30: a `fail` example would notice
visits.size.type (rules/tables/visits.yaml:9)
  survived: the rule is dropped
    rules/tables/visits.yaml:9:3: a `fail` example would notice
  survived: nulls pass
    rules/tables/visits.yaml:9:3: a `not_evaluated` example of a row whose outcome is null would notice
visits.size.range (rules/tables/visits.yaml:11)
  survived: min 1 becomes 2
    rules/tables/visits.yaml:11:19: a `pass` example of 1 would notice
  survived: max 10 becomes 11
    rules/tables/visits.yaml:11:27: a `fail` example of 11 would notice
  survived: max 10 becomes 9
    rules/tables/visits.yaml:11:27: a `pass` example of 10 would notice
  survived: nulls pass
    rules/tables/visits.yaml:11:5: a `not_evaluated` example of a row whose outcome is null would notice
visits.untested (rules/tables/visits.yaml:13)
  survived: the rule is dropped
    rules/tables/visits.yaml:13:9: a `fail` example would notice
  survived: without `room = 'Hall'`, in `size < 10 OR room = 'Hall'`
    rules/tables/visits.yaml:14:46: an example on which `room = 'Hall'` alone decides would notice
  survived: without `size < 10`, in `size < 10 OR room = 'Hall'`
    rules/tables/visits.yaml:14:33: an example on which `size < 10` alone decides would notice
  survived: `size < 10` becomes `size <= 10`
    rules/tables/visits.yaml:14:33: an example in which size equals 10 would notice
  survived: `size < 10` becomes `size >= 10`
    rules/tables/visits.yaml:14:33: an example in which size is not 10 would notice
  survived: `room = 'Hall'` becomes `room <> 'Hall'`
    rules/tables/visits.yaml:14:46: examples on which `room = 'Hall'` is true and is not would notice
  survived: nulls pass
    rules/tables/visits.yaml:13:9: a `not_evaluated` example of a row whose outcome is null would notice
";
    assert!(spoken.stdout.starts_with(expected), "{}", spoken.stdout);
    // Dropped four times, the type that nobody wrote among them; of the range both bounds, once without and once a step
    // each way; the expression in five ways; and three times what null means, which a unique key never is.
    assert!(
        spoken
            .stdout
            .contains("18 mutants: 4 killed, 14 survived (22.2 %)"),
        "{}",
        spoken.stdout
    );
    let of_range = test(&project, "--mutate --select visits.size.*").expect(1);
    assert!(
        of_range.stdout.contains("10 mutants: 4 killed, 6 survived"),
        "{}",
        of_range.stdout
    );
    // A test of a whole delivery holds rules in place as well.
    project.write(
        "rules/tests/visits.yaml",
        "
version: 1
tests:
  - name: halls may be large
    given:
      visits:
        - { visit_ref: V1, size: 10, room: Hall }
        - { visit_ref: V2, size: 9, room: Red }
        - { visit_ref: V2, size: 11, room: Red }
    expect:
      discrepancies:
        - { rule: visits.visit_ref.unique, row: 3 }
        - { rule: visits.size.range, key: V2, row: 3 }
        - { rule: visits.untested, row: 3 }
",
    );
    let spoken = test(&project, "--mutate").expect(1);
    let expected = "\
visits.size.type (rules/tables/visits.yaml:9)
  survived: the rule is dropped
";
    assert!(spoken.stdout.starts_with(expected), "{}", spoken.stdout);
    for (survived, what) in [
        (true, "`size < 10` becomes `size <= 10`"),
        (false, "`size < 10` becomes `size >= 10`"),
        (false, "in `size < 10 OR room = 'Hall'`"),
        (true, "min 1 becomes 2"),
        (false, "max 10 becomes 11"),
    ] {
        assert_eq!(
            spoken.stdout.contains(what),
            survived,
            "{what}\n{}",
            spoken.stdout
        );
    }
    // Of some rules, the tests that expect one of them hold them in place too.
    let of_range = test(&project, "--mutate --select visits.size.range").expect(1);
    assert!(
        of_range.stdout.contains("1 tests: 1 hold"),
        "{}",
        of_range.stdout
    );
    assert!(!of_range.stdout.contains("max 10 becomes 11"));
}

/// Neither a rule that a test selects nor a code that a statement names may be missed by what is tried without them.
#[test]
fn a_change_that_a_test_cannot_be_run_without_is_noticed() {
    let project = Project::of(&[("rules/tables/visits.yaml", VISITS)]);
    let tests = "
version: 1
tests:
  - name: a large room is told
    select: [visits.untested]
    given: { visits: [{ visit_ref: V1, size: 11, room: Red }] }
    expect: { discrepancies: [{ rule: visits.untested, row: 1 }] }
";
    project.write("rules/tests/visits.yaml", tests);
    let spoken = test(&project, "--mutate --select visits.untested").expect(1);
    assert!(
        !spoken.stdout.contains("the rule is dropped"),
        "{}",
        spoken.stdout
    );

    // Nothing shows that `b`, the last code, is one, and a statement names it.
    let project = Project::of(&[
        (
            "rules/tables/visits.yaml",
            "
version: 1
table: visits
source: { files: visits.csv }
key: [visit_ref]
columns:
  visit_ref: { type: string }
  kind:
    type: string
    accepted_values: { list: kinds, why: A test., examples: { pass: [a], fail: [x], not_evaluated: [''] } }
",
        ),
        ("rules/reference/kinds.csv", "code,label,parent,sort,missing,valid_from,valid_to\na,A,,1,,,\nb,B,,2,,,\n"),
        (
            "rules/totals/kinds.yaml",
            "
version: 1
statements:
  - id: of_b
    check:
      equals:
        left: { source: published, table: kinds, measure: count, codes: kinds, category: b }
        right: { source: published, table: others, measure: count }
        by: [period, population]
    why: A test.
",
        ),
        (
            "rules/tests/visits.yaml",
            "
version: 1
tests:
  - name: a visit is good
    given: { visits: [{ visit_ref: V1, kind: a }] }
",
        ),
    ]);
    let spoken = test(&project, "--mutate").expect(1);
    assert!(
        spoken.stdout.contains("survived: without code `b`"),
        "{}",
        spoken.stdout
    );
}

#[test]
fn what_is_broken_is_told_with_its_place() {
    let project = Project::of(&[(
        "rules/tables/visits.yaml",
        &VISITS.replace("pass: [5]", "pass: [5, 11]"),
    )]);
    let spoken = test(&project, "").expect(1);
    let broken =
        "  broken: `pass` example 2 has 0 passed, 1 failed, 0 not evaluated and 0 not applicable";
    assert!(spoken.stdout.contains(broken), "{}", spoken.stdout);

    let project = Project::of(&[("rules/tables/visits.yaml", VISITS)]);
    let tests = "
version: 1
tests:
  - name: nothing is wrong
    given:
      visits:
        - { visit_ref: ' V1 ', size: 11, room: Hall }
        - { visit_ref: V2, size: 10, room: Red }
    expect:
      discrepancies:
        - { rule: visits.untested, row: 1, action: kept }
";
    project.write("rules/tests/visits.yaml", tests);
    let spoken = test(&project, "").expect(1);
    let expected = "\
nothing is wrong (rules/tests/visits.yaml:4)
  expected discrepancy is missing: rule_id `visits.untested`, source_row `1`, action `kept` (rules/tests/visits.yaml:11); the nearest has source_row `2`
  discrepancy was found and is not expected: rule_id `visits.size.range`, record_key `V1`, column `size`, source_row `1`, observed `11`, action `kept`
  discrepancy was found and is not expected: rule_id `visits.untested`, record_key `V2`, source_row `2`, action `kept`
  repair was found and is not expected: table `visits`, record_key `V1`, column `visit_ref`, before ` V1 `, after `V1`
";
    assert!(spoken.stdout.starts_with(expected), "{}", spoken.stdout);
    let json = test(&project, "--format json").expect(1).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["passes"], false);
    assert_eq!(
        json["tests"][0]["problems"].as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn nothing_to_test_is_no_pass_and_mistakes_are_mistakes() {
    let without = VISITS.replace(", examples: { pass: [5], fail: [0, 100] }", "");
    let project = Project::of(&[("rules/tables/visits.yaml", &without)]);
    let spoken = test(&project, "").expect(1);
    assert!(
        spoken
            .stdout
            .contains("nothing was tested, which is no pass"),
        "{}",
        spoken.stdout
    );
    let tests = "
version: 1
tests:
  - name: a
    given:
      visit: []
      visits: [{ visit_reff: V1 }]
    expect:
      discrepancies: [{ rule: visits.untestd }]
      repairs: [{ table: visits, column: siz, before: a, after: b }]
      totals: [{ statement: x }]
  - name: a
    given: {}
    expects: {}
";
    project.write("rules/tests/visits.yaml", tests);
    let spoken = test(&project, "").expect(2);
    for said in [
        "there is no table `visit`",
        "table `visits` has no column `visit_reff`",
        "there is no rule `visits.untestd`",
        "table `visits` has no column `siz`",
        "there is no statement `x`",
        "statements are judged only where there are `figures`",
        "a second test is called `a`",
        "unknown key `expects`",
    ] {
        assert!(spoken.stderr.contains(said), "{said}\n{}", spoken.stderr);
    }
    let spoken = test(&project, "--select visits.sise.*").expect(2);
    assert!(spoken.stderr.contains("names no rule"), "{}", spoken.stderr);
}

/// Tests decide no output: a run is the same with and without them.
#[test]
fn tests_do_not_change_a_run() {
    let project = Project::of(&[
        ("rules/tables/visits.yaml", VISITS),
        ("delivery/visits.csv", "visit_ref,room,size\nV1,Hall,3\n"),
    ]);
    let before = project.run("").expect(0).folder();
    project.write("rules/tests/visits.yaml", "version: 1\ntests: []\n");
    assert_eq!(project.run("").expect(0).folder(), before);
}
