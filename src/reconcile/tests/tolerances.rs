//! Which differences still agree, and which just do not.

use serde_json::json;

use super::*;

/// Parts and a total, held against each other.
#[track_caller]
fn sums(tolerance: Value, parts: &[&str], total: &str, width: &str, agrees: bool) {
    let mut lines: Vec<String> = (1..)
        .zip(parts)
        .map(|(n, part)| format!("t | body | y | all | c{n} | count | {part}"))
        .collect();
    lines.push(format!("total | body | y | all | every | count | {total}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let check = json!({ "sums_to": { "parts": { "table": "t" }, "total": { "table": "total" } } });
    let rows = judge(
        &[declared(check, tolerance.clone())],
        &figures(&lines),
        &lists(),
    );
    let verdict = if agrees { "agrees" } else { "disagrees" };
    let got = (rows[0].tolerance.to_string(), rows[0].verdict.word());
    assert_eq!(
        got,
        (width.to_owned(), verdict),
        "{tolerance} {parts:?} {total}"
    );
}

#[test]
fn n_parts_and_their_total_differ_by_half_of_n_units() {
    for (parts, total, width, agrees) in [
        (&["5"][..], "5", "0.5", true),
        (&["5"], "6", "0.5", false),
        (&["5", "5"], "11", "1", true),
        (&["5", "5"], "12", "1", false),
        (&["5", "5", "5"], "16", "1.5", true),
        (&["5", "5", "5"], "17", "1.5", false),
        (&["5", "5", "5", "5"], "18", "2", true),
        // A tenth's half is a twentieth: three of them, and the total's own.
        (&["0.5", "0.5", "0.5"], "1.6", "0.15", true),
        (&["0.5", "0.5", "0.5"], "1.7", "0.15", false),
        // A total in units adds its half.
        (&["0.5", "0.5", "0.4"], "2", "0.6", true),
        (&["0.5", "0.5", "0.3"], "2", "0.6", false),
        // A total in tenths of parts in units adds nothing that a difference can show.
        (&["5", "5"], "11.0", "1", true),
        (&["5", "5"], "11.1", "1", false),
    ] {
        sums(json!("rounding"), parts, total, width, agrees);
        sums(json!({ "rounding": true }), parts, total, width, agrees);
    }
}

#[test]
fn figures_may_be_rounded_to_multiples() {
    for (tolerance, parts, total, width, agrees) in [
        (json!({ "rounding": 5 }), ["15", "20"], "40", "5", true),
        (json!({ "rounding": 5 }), ["15", "20"], "45", "5", false),
        (json!({ "rounding": 0.5 }), ["1.5", "2"], "4", "0.5", true),
        (json!({ "rounding": false }), ["15", "20"], "36", "0", false),
    ] {
        sums(tolerance, &parts, total, width, agrees);
    }
}

#[test]
fn percentages_are_of_what_is_stated() {
    for (tolerance, part, total, width, agrees) in [
        (json!("0.5%"), "1005", "1000", "5", true),
        (json!("0.5%"), "995", "1000", "5", true),
        (json!("0.5%"), "1006", "1000", "5", false),
        (json!({ "relative": "0.5%" }), "-1006", "-1000", "5", false),
        (json!("0.5%"), "0", "0", "0", true),
        (json!("0.5%"), "1", "0", "0", false),
    ] {
        sums(tolerance, &[part], total, width, agrees);
    }
}

#[test]
fn of_several_tolerances_the_widest_counts() {
    let all = json!({ "absolute": 2, "relative": "1%", "rounding": true });
    for (parts, total, width) in [
        (&["5", "5"][..], "12", "2"),
        (&["1", "1", "1", "1", "1", "1"], "9", "3"),
        (&["404"], "400", "4"),
    ] {
        sums(all.clone(), parts, total, width, true);
    }
    sums(json!({}), &["5"], "5", "0", true);
}

#[test]
fn a_tolerance_holds_for_every_kind_that_compares() {
    let lines = figures(&[
        "t | body  | y | all  | a | count | 10",
        "t | chart | y | all  | a | count | 11",
        "t | computed | y | all | a | count | 12",
        "t | body  | y | some | a | count | 13",
    ]);
    for (check, narrow, wide) in [
        (
            json!({ "equals": { "left": { "origin": "body", "population": "all" }, "right": { "origin": "chart" } } }),
            "0.9",
            "1",
        ),
        (
            json!({ "control_total": { "stated": { "origin": "chart" }, "computed": {} } }),
            "0.9",
            "1",
        ),
        (
            json!({ "subset_of": { "part": { "population": "some" }, "whole": { "origin": "body", "population": "all" } } }),
            "2.9",
            "3",
        ),
        (
            // 10 + 11 − 12 is 9, and 13 is stated.
            json!({ "flow": {
                "opening": { "origin": "body", "population": "all" }, "in": { "origin": "chart" },
                "out": { "origin": "computed" }, "closing": { "population": "some" },
            }}),
            "3.9",
            "4",
        ),
    ] {
        for (tolerance, verdict) in [(narrow, "disagrees"), (wide, "agrees")] {
            let statement = declared(check.clone(), json!(tolerance));
            let rows = judge(&[statement], &lines, &lists());
            assert_eq!(
                rows[0].verdict.word(),
                verdict,
                "{check} within {tolerance}"
            );
            assert_eq!(rows[0].tolerance.to_string(), tolerance);
        }
    }
}
