//! Figures that are held back: what can be so agrees, what cannot does not.

use serde_json::json;

use super::*;
use crate::decimal::Range;

/// Figures; a value `1..4` is printed as `<5`, `0..` as `*`, `..` as `:` and `0..0` as `-`.
fn with_suppressed(lines: &[&str]) -> Vec<Figure> {
    let figure = |(at, line): (usize, &&str)| {
        let (before, value) = line.rsplit_once('|').expect("a value");
        let Some((least, most)) = value.trim().split_once("..") else {
            return figure(at + 1, line);
        };
        let bound = |text: &str| text.parse().ok();
        let range = Range {
            least: bound(least),
            most: bound(most),
        };
        let text = match value.trim() {
            "1..4" => "<5",
            "0..0" => "-",
            ".." => ":",
            _ => "*",
        };
        Figure {
            printed: Some(Arc::new(Printed {
                text: text.into(),
                suppressed: Some(Arc::new(range)),
            })),
            ..figure(at + 1, &format!("{before}|0"))
        }
    };
    lines.iter().enumerate().map(figure).collect()
}

#[track_caller]
fn check_suppressed(check: &Value, lines: &[&str], expected: &str) {
    let figures = with_suppressed(lines);
    let rows = judge(&[declared(check.clone(), json!(0))], &figures, &lists());
    let shown: Vec<String> = rows.iter().map(|row| shown(row, &figures)).collect();
    assert_eq!(shown, [expected], "{lines:?}");
}

#[test]
fn sums_with_suppressed_parts() {
    let sums = json!({ "sums_to": { "parts": { "table": "t" }, "total": { "table": "total" } } });
    for (parts, total, expected) in [
        (
            ["4", "1..4", "3"],
            "8",
            "s: 8 - 0 agrees; sum of 3 parts 8 to 11 (4 + `<5` + 3) against 8 stated; possible with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            ["4", "1..4", "3"],
            "11",
            "s: 11 - 0 agrees; sum of 3 parts 8 to 11 (4 + `<5` + 3) against 11 stated; possible with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            ["4", "1..4", "3"],
            "12",
            "s: 12 - -1 disagrees; sum of 3 parts 8 to 11 (4 + `<5` + 3) against 12 stated; impossible even with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            ["4", "1..4", "1..4"],
            "5",
            "s: 5 - 1 disagrees; sum of 3 parts 6 to 12 (4 + `<5` + `<5`) against 5 stated; impossible even with 2 figures suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            ["4", "0..", "3"],
            "1000",
            "s: 1000 - 0 agrees; sum of 3 parts at least 7 (4 + `*` + 3) against 1,000 stated; possible with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            ["4", "1..4", "3"],
            "0..",
            "s: - - 0 agrees; sum of 3 parts 8 to 11 (4 + `<5` + 3) against `*` stated; possible with 2 figures suppressed @ f:4 / f:1; f:2; f:3",
        ),
        // A dash that stands for nothing else is a 0.
        (
            ["4", "0..0", "3"],
            "7",
            "s: 7 7 0 agrees; sum of 3 parts 7 (4 + 0 + 3) against 7 stated @ f:4 / f:1; f:2; f:3",
        ),
    ] {
        let lines: Vec<String> = (1..)
            .zip(parts)
            .map(|(n, part)| format!("t | body | y | all | c{n} | count | {part}"))
            .chain([format!("total | body | y | all | every | count | {total}")])
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check_suppressed(&sums, &lines, expected);
    }
}

#[test]
fn pairs_with_a_suppressed_side() {
    let equals = json!({ "equals": { "left": { "table": "t" }, "right": { "table": "u" } } });
    let subset = json!({ "subset_of": { "part": { "table": "t" }, "whole": { "table": "u" } } });
    let control = json!({ "control_total": { "stated": {}, "computed": {} } });
    for (check, lines, expected) in [
        (
            &equals,
            [
                "t | body | y | all | a | count | 1..4",
                "u | body | y | all | a | count | 4",
            ],
            "s: - 4 0 agrees; `<5` (t) against 4 (u); possible with 1 figure suppressed @ f:1 / f:2",
        ),
        (
            &equals,
            [
                "t | body | y | all | a | count | 1..4",
                "u | body | y | all | a | count | 0",
            ],
            "s: - 0 -1 disagrees; `<5` (t) against 0 (u); impossible even with 1 figure suppressed @ f:1 / f:2",
        ),
        (
            &equals,
            [
                "t | body | y | all | a | count | ..",
                "u | body | y | all | a | count | 7",
            ],
            "s: - 7 0 agrees; `:` (t) against 7 (u); possible with 1 figure suppressed @ f:1 / f:2",
        ),
        (
            &subset,
            [
                "t | body | y | all | a | count | 1..4",
                "u | body | y | all | a | count | 1",
            ],
            "s: 1 - 0 agrees; `<5` (t) of 1 (u); possible with 1 figure suppressed @ f:2 / f:1",
        ),
        (
            &subset,
            [
                "t | body | y | all | a | count | 6",
                "u | body | y | all | a | count | 1..4",
            ],
            "s: - 6 2 disagrees; 6 (t) of `<5` (u); impossible even with 1 figure suppressed: the part is larger than its whole by 2 @ f:2 / f:1",
        ),
        (
            &control,
            [
                "t | body | y | all | a | count | 1..4",
                "t | computed | y | all | a | count | 5",
            ],
            "s: - 5 1 disagrees; `<5` stated against 5 computed; impossible even with 1 figure suppressed @ f:1 / f:2",
        ),
    ] {
        check_suppressed(check, &lines, expected);
    }
}

#[test]
fn shares_and_changes_with_suppressed_figures() {
    let share = json!({ "share_of": {
        "share": { "measure": "percent" }, "part": { "category": "a", "measure": "count" },
        "whole": { "category": "b" },
    }});
    let shares = [
        // 1 to 4 of 20 are 5 to 20 per cent.
        (
            "5",
            "1..4",
            "20",
            "s: 5 - 0 agrees; `<5` of 20 is 5 to 20%; 5% stated; possible with 1 figure suppressed @ f:1 / f:2; f:3",
        ),
        (
            "21",
            "1..4",
            "20",
            "s: 21 - -1 disagrees; `<5` of 20 is 5 to 20%; 21% stated; impossible even with 1 figure suppressed @ f:1 / f:2; f:3",
        ),
        // 2 of 0 or more: no share is too small, and none too large.
        (
            "99",
            "2",
            "0..",
            "s: 99 - 0 agrees; 2 of `*` is at least 0%; 99% stated; possible with 1 figure suppressed @ f:1 / f:2; f:3",
        ),
        // 2 of 1 to 4.
        (
            "49",
            "2",
            "1..4",
            "s: 49 - 1 disagrees; 2 of `<5` is 50 to 200%; 49% stated; impossible even with 1 figure suppressed @ f:1 / f:2; f:3",
        ),
        (
            "1..4",
            "1",
            "20",
            "s: - 5.000000 1.000000 disagrees; 1 of 20 is 5.000000%; <5 stated; impossible even with 1 figure suppressed @ f:1 / f:2; f:3",
        ),
        (
            "50",
            "..",
            "20",
            "s: 50 - - not_evaluated; the part is any number: nothing says that it is not below 0 @ f:1 / f:2; f:3",
        ),
        (
            "50",
            "1",
            "0..0",
            "s: 50 - - not_evaluated; 1 of 0 is no share: the whole is not above 0 @ f:1 / f:2; f:3",
        ),
    ];
    for (stated, part, whole, expected) in shares {
        let lines = [
            format!("t | body | y | all | a | percent | {stated}"),
            format!("t | body | y | all | a | count | {part}"),
            format!("t | body | y | all | b | count | {whole}"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check_suppressed(&share, &lines, expected);
    }
    let change = |scale: &str| {
        json!({ "change": {
            "change": { "measure": "change" }, "from": { "measure": "count", "period": "y1" },
            "to": { "measure": "count", "period": "y2" }, "scale": scale,
        }})
    };
    let changes = [
        // From 1 to 4 to 8: by 4 to 7, or by 100 to 700 per cent.
        (
            "absolute",
            "7",
            "1..4",
            "8",
            "s: 7 - 0 agrees; `<5` to 8 is 4 to 7; 7 stated; possible with 1 figure suppressed @ f:3 / f:1; f:2",
        ),
        (
            "absolute",
            "8",
            "1..4",
            "8",
            "s: 8 - -1 disagrees; `<5` to 8 is 4 to 7; 8 stated; impossible even with 1 figure suppressed @ f:3 / f:1; f:2",
        ),
        (
            "percent",
            "100",
            "1..4",
            "8",
            "s: 100 - 0 agrees; `<5` to 8 is 100 to 700%; 100% stated; possible with 1 figure suppressed @ f:3 / f:1; f:2",
        ),
        (
            "percent",
            "99",
            "1..4",
            "8",
            "s: 99 - 1 disagrees; `<5` to 8 is 100 to 700%; 99% stated; impossible even with 1 figure suppressed @ f:3 / f:1; f:2",
        ),
        // From 8 to 1 to 4: down by 50 to 87.5 per cent.
        (
            "percent",
            "-88",
            "8",
            "1..4",
            "s: -88 - 0 agrees; 8 to `<5` is -88 to -50%; -88% stated; possible with 1 figure suppressed @ f:3 / f:1; f:2",
        ),
        (
            "percent",
            "5000",
            "0..",
            "8",
            "s: 5000 - 0 agrees; `*` to 8 is any number%; 5000% stated; possible with 1 figure suppressed @ f:3 / f:1; f:2",
        ),
    ];
    for (scale, stated, from, to, expected) in changes {
        let lines = [
            format!("t | body | y1 | all | a | count | {from}"),
            format!("t | body | y2 | all | a | count | {to}"),
            format!("t | body | y2 | all | a | change | {stated}"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check_suppressed(&change(scale), &lines, expected);
    }
}

#[test]
fn flows_and_hierarchies_with_suppressed_figures() {
    let flow = json!({ "flow": {
        "opening": { "category": "a" }, "in": { "category": "b" }, "out": { "category": "c" },
        "closing": { "category": "d" },
    }});
    for (out, closing, expected) in [
        // 10 + 5 − (1 to 4) is 11 to 14.
        (
            "1..4",
            "14",
            "s: 14 - 0 agrees; opening 10 + in 5 − out `<5` is 11 to 14 against 14 stated; possible with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            "1..4",
            "15",
            "s: 15 - -1 disagrees; opening 10 + in 5 − out `<5` is 11 to 14 against 15 stated; impossible even with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
        (
            "0..",
            "16",
            "s: 16 - -1 disagrees; opening 10 + in 5 − out `*` is at most 15 against 16 stated; impossible even with 1 figure suppressed @ f:4 / f:1; f:2; f:3",
        ),
    ] {
        let lines = [
            "t | body | y | all | a | count | 10".to_owned(),
            "t | body | y | all | b | count | 5".to_owned(),
            format!("t | body | y | all | c | count | {out}"),
            format!("t | body | y | all | d | count | {closing}"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check_suppressed(&flow, &lines, expected);
    }
    let hierarchy = json!({ "hierarchy": {
        "members": { "table": "t", "not_category": "Western" }, "groups": { "table": "u" },
        "codes": "sites",
    }});
    check_suppressed(
        &hierarchy,
        &[
            "t | body | y | all | North | count | 1..4",
            "t | body | y | all | South | count | 7",
            "u | body | y | all | INNER | count | 12",
        ],
        "s[category=INNER]: 12 - -1 disagrees; sum of 2 members 8 to 11 (`<5` + 7) against 12 stated; impossible even with 1 figure suppressed @ f:3 / f:1; f:2",
    );
}

#[test]
fn rounding_and_percentages_hold_for_suppressed_sums() {
    let check = json!({ "sums_to": { "parts": { "table": "t" }, "total": { "table": "total" } } });
    for (tolerance, width, verdict) in [
        (json!(0), "0", "disagrees"),
        // Of three figures two are known: half a unit of the one that is not the finest.
        (json!("rounding"), "0.5", "disagrees"),
        (json!("5%"), "1", "agrees"),
    ] {
        let lines = with_suppressed(&[
            "t | body | y | all | a | count | 15",
            "t | body | y | all | b | count | 1..4",
            "total | body | y | all | every | count | 20",
        ]);
        let rows = judge(&[declared(check.clone(), tolerance)], &lines, &lists());
        let got = (rows[0].tolerance.to_string(), rows[0].verdict.word());
        assert_eq!(got, (width.to_owned(), verdict));
    }
}
