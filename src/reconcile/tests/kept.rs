//! Rows that are let go have no part in any cause: what is said is the same as if all had been kept.

use super::{report::Report, *};
use crate::reconcile::{causes::explain, records::Behind};

/// Every how many of the publication's figures are spoilt, one at a time.
const EVERY: usize = 97;

#[test]
fn causes_are_the_same_as_if_every_row_were_kept() {
    let report = Report::read();
    let (mut suspects, mut missing) = (0, 0);
    for (round, spoilt) in (0..report.figures.len()).step_by(EVERY).enumerate() {
        let mut figures = report.figures.clone();
        let figure = &mut figures[spoilt];
        // Another figure than it should be, or one that no statement is about.
        match round % 2 {
            0 => figure.value = figure.value.checked_add(Decimal::from(9)).expect("it fits"),
            _ => series(figure).table = "nowhere".into(),
        }
        let mut all = judge(&report.statements, &figures, &report.lists);
        explain(&mut all, &figures, &Behind::default());
        let kept = evaluate(&report.statements, &figures, &report.lists);
        let told = |rows: &[Reconciliation]| -> Vec<String> {
            rows.iter().map(|row| format!("{row:?}")).collect()
        };
        assert_eq!(told(&kept), told(&all), "{}", figures[spoilt].stated_at);
        let causes = || kept.iter().filter_map(|row| row.likely_cause.as_deref());
        suspects += kept.iter().filter(|row| row.suspect.is_some()).count();
        missing += causes()
            .filter(|cause| cause.contains("part_missing"))
            .count();
    }
    assert!(suspects > 0 && missing > 0, "{suspects} {missing}");
}

/// What is kept of `lines` under `checks`, and the causes of it.
fn kept(checks: &[Value], lines: &[&str]) -> (Vec<String>, Vec<String>) {
    let statements = checks.iter().enumerate().map(|(at, check)| {
        let mut statement = declared(check.clone(), json!(0));
        statement.id.value = format!("s{at}");
        statement
    });
    let statements: Vec<Statement> = statements.collect();
    let (figures, lists) = (figures(lines), lists());
    let mut judged = Judged::new(&statements, &figures, &lists);
    judged.explain(&Behind::default());
    let rows = judged.rows.iter();
    let causes = rows.clone().filter_map(|row| row.likely_cause.clone());
    let causes = causes.collect();
    (rows.map(|row| row.statement.clone()).collect(), causes)
}

#[test]
fn the_other_printing_of_a_part_that_is_missing_is_kept() {
    let alike = json!({ "equals": {
        "left": { "table": "t", "origin": "body" }, "right": { "table": "t", "origin": "chart" },
        "by": ["period", "category"],
    }});
    let sum = json!({ "sums_to": {
        "parts": { "table": "t", "origin": "chart" }, "total": { "table": "u" },
        "by": ["period"],
    }});
    let (kept, causes) = kept(
        &[alike, sum],
        &[
            "t | body | y | all | a | count | 21",
            "t | body | y | all | b | count | 32",
            "t | body | y | all | c | count | 43",
            "t | chart | y | all | a | count | 21",
            "t | chart | y | all | b | count | 32",
            "u | text | y | all | all | count | 96",
            "t | body | z | all | a | count | 22",
            "t | body | z | all | b | count | 33",
            "t | chart | z | all | a | count | 22",
            "t | chart | z | all | b | count | 33",
            "u | text | z | all | all | count | 55",
        ],
    );
    // Of the later period nothing is off, and nothing is kept.
    assert_eq!(
        kept,
        [
            "s0[period=y;category=a]",
            "s0[period=y;category=b]",
            "s0[period=y;category=c]",
            "s1[period=y]",
        ]
    );
    assert_eq!(causes, ["part_missing"]);
}

#[test]
fn wholes_are_kept_that_a_share_may_be_of() {
    let sum = json!({ "sums_to": {
        "parts": { "table": "v" }, "total": { "table": "w" }, "by": ["period"],
    }});
    let share = json!({ "share_of": {
        "share": { "table": "share" }, "part": { "table": "t" }, "whole": { "table": "u" },
        "by": ["category"], "whole_match": [],
    }});
    let (kept, causes) = kept(
        &[sum, share],
        &[
            "v | text | x | all | a | count | 123",
            "w | text | x | all | all | count | 123",
            "v | text | z | all | a | count | 60",
            "v | text | z | all | b | count | 40",
            "w | text | z | all | all | count | 100",
            "t | text | y | all | a | count | 32",
            "u | text | y | all | all | count | 200",
            "share | text | y | all | a | percent | 32.0",
        ],
    );
    assert_eq!(kept, ["s0[period=x]", "s0[period=z]", "s1[category=a]"]);
    assert_eq!(causes, ["other_base"]);
}
