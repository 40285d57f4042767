//! Every rule counted a second time: in plain Rust over the same files, by what the rule says and with none of the
//! program's own code for reading, cleaning, dates, codes or keys.

mod counters;
mod declared;
mod delivery;
mod shapes;
mod spoilt;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use counters::{Counted, Outcome, count_all};
use delivery::Delivery;

/// A rule that estimates what is probable, which `tests/linkage` measures against pairs that are known.
const ESTIMATED: &str = "people.probably_the_same";

/// What a run says of one rule.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    evaluated: u64,
    failed: u64,
    not_evaluated: u64,
    not_applicable: u64,
    /// File and first line of each failing row, in order.
    failing: Vec<(String, u64)>,
}

#[test]
fn every_rule_fails_the_rows_that_an_independent_count_fails() {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exports/2016-17");
    let run = compare(&exports, &[]);
    let failing: usize = run.values().map(|said| said.failing.len()).sum();
    assert!(
        run.len() >= 100 && failing >= 1_000,
        "{} rules with {failing} failing rows are too few to show anything",
        run.len()
    );
}

#[test]
fn every_rule_agrees_with_an_independent_count_over_spoilt_exports() {
    let exports = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exports/2016-17");
    let mut idle: Option<BTreeSet<String>> = None;
    for seed in 1..=2 {
        let folder = tempfile::tempdir().unwrap();
        spoilt::write(&exports, folder.path(), seed);
        let path = folder.path().to_str().unwrap();
        let run = compare(
            folder.path(),
            &["--delivery", path, "--as-of", "2017-10-09"],
        );
        let failed_none = |id: &String| run[id].failed == 0 && !id.ends_with(".row_count");
        idle.get_or_insert_with(|| run.keys().cloned().collect())
            .retain(failed_none);
    }
    assert_eq!(idle, Some(BTreeSet::new()), "rules that failed nothing");
}

/// Compares a run over `exports` with the independent count, and returns what the run said.
fn compare(exports: &Path, args: &[&str]) -> BTreeMap<String, Said> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = run(root, args);
    let delivery = Delivery::read(exports, &root.join("rules/reference"));
    let counted: BTreeMap<String, Said> = count_all(&delivery)
        .iter()
        .map(|(id, counted)| (id.clone(), say(counted)))
        .collect();

    let ids = |map: &BTreeMap<String, Said>| map.keys().cloned().collect::<BTreeSet<_>>();
    let (ours, theirs) = (ids(&counted), ids(&said));
    let uncounted: Vec<&String> = theirs.difference(&ours).collect();
    assert!(uncounted.is_empty(), "no independent count: {uncounted:?}");
    let unknown: Vec<&String> = ours.difference(&theirs).collect();
    assert!(unknown.is_empty(), "counted and no rule: {unknown:?}");
    let wrong: Vec<String> = said
        .iter()
        .filter(|(id, said)| **said != counted[*id])
        .map(|(id, said)| differences(id, said, &counted[id]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    said
}

/// Runs the program and reads what it says of each rule.
fn run(root: &Path, args: &[&str]) -> BTreeMap<String, Said> {
    let out = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .env_clear()
        .current_dir(&out)
        .args(["run", "--quiet", "--project"])
        .arg(root)
        .args(args)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{words}");

    let folder = out.path().join("out/current");
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    for row in table(&folder.join("rule_results.csv")) {
        let number = |column: &str| row[column].parse::<u64>().unwrap();
        let line = Said {
            evaluated: number("evaluated"),
            failed: number("failed"),
            not_evaluated: number("not_evaluated"),
            not_applicable: number("not_applicable"),
            failing: Vec::new(),
        };
        let before = said.insert(row["rule_id"].clone(), line);
        assert!(before.is_none(), "{} is there twice", row["rule_id"]);
    }
    for row in table(&folder.join("discrepancies.csv")) {
        // Totals and what the engine says of itself have no rule of a table.
        if let Some(rule) = said.get_mut(&row["rule_id"]) {
            let line = row["source_line"].parse().unwrap();
            rule.failing.push((row["source_file"].clone(), line));
        }
    }
    assert!(said.remove(ESTIMATED).is_some());
    said.values_mut().for_each(|s| s.failing.sort());
    said
}

fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn say(counted: &Counted) -> Said {
    let of = |outcome| counted.outcomes.iter().filter(|o| **o == outcome).count() as u64;
    let failing = counted.lines.iter().zip(&counted.outcomes);
    let mut failing: Vec<(String, u64)> = failing
        .filter(|(_, outcome)| **outcome == Outcome::Fail)
        .map(|(line, _)| (format!("{}.csv", counted.table), *line))
        .collect();
    failing.sort();
    Said {
        evaluated: of(Outcome::Pass) + of(Outcome::Fail),
        failed: of(Outcome::Fail),
        not_evaluated: of(Outcome::NotEvaluated),
        not_applicable: of(Outcome::NotApplicable),
        failing,
    }
}

fn differences(id: &str, said: &Said, counted: &Said) -> String {
    let numbers = |s: &Said| [s.evaluated, s.failed, s.not_evaluated, s.not_applicable];
    let but = |a: &Said, b: &Said| {
        let b: BTreeSet<_> = b.failing.iter().collect();
        let only = a.failing.iter().filter(|l| !b.contains(l));
        only.take(5).cloned().collect::<Vec<_>>()
    };
    format!(
        "{id}: evaluated, failed, not evaluated, not applicable: the program says {:?}, the count {:?}; \
         failing lines, of {} and {}: the program's only {:?}, the count's only {:?}",
        numbers(said),
        numbers(counted),
        said.failing.len(),
        counted.failing.len(),
        but(said, counted),
        but(counted, said),
    )
}
