//! Every rule counted a second time: in plain Rust over the same files, by what the rule says and with none of the
//! program's own code for reading, cleaning, dates, codes or keys.

mod counters;
mod delivery;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use counters::{Counted, Outcome, count_all};
use delivery::Delivery;

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let said = run(root, out.path());
    let delivery = Delivery::read(
        &root.join("fixtures/exports/2016-17"),
        &root.join("rules/reference"),
    );
    let counted: BTreeMap<String, Said> = count_all(&delivery)
        .iter()
        .map(|(id, counted)| (id.clone(), say(counted)))
        .collect();

    let ids = |map: &BTreeMap<String, Said>| map.keys().cloned().collect::<BTreeSet<_>>();
    let (ours, theirs) = (ids(&counted), ids(&said));
    assert_eq!(
        theirs.difference(&ours).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "rules without an independent count"
    );
    assert_eq!(
        ours.difference(&theirs).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "independent counts without a rule"
    );
    let wrong: Vec<String> = said
        .iter()
        .filter(|(id, said)| **said != counted[*id])
        .map(|(id, said)| differences(id, said, &counted[id]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let failing: usize = said.values().map(|s| s.failing.len()).sum();
    assert!(
        said.len() >= 100 && failing >= 1_000,
        "{} rules with {failing} failing rows are too few to show anything",
        said.len()
    );
}

/// Runs the program over the fixtures and reads what it says of each rule.
fn run(root: &Path, out: &Path) -> BTreeMap<String, Said> {
    let run = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .env_clear()
        .current_dir(out)
        .args(["run", "--quiet", "--project"])
        .arg(root)
        .arg("--out")
        .arg(out.join("runs"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{words}");

    let folder = out.join("runs/current");
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
