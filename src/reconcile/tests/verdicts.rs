//! Each kind: agreeing, disagreeing and neither.

use serde_json::json;

use super::*;

#[test]
fn sums_agree_and_disagree() {
    check(
        json!({ "sums_to": {
            "parts": { "table": "t" }, "total": { "table": "total" },
            "by": ["origin", "population"], "match": ["population"],
        }}),
        &[
            "t | body  | y | all  | a | count | 1000",
            "t | body  | y | all  | b | count | 50",
            "t | chart | y | all  | a | count | 1000",
            "t | chart | y | all  | b | count | 51",
            "t | body  | y | some | a | count | 3",
            "total | text | y | all | every | count | 1050",
            "total | text | y | none | every | count | 7",
        ],
        &[
            "s[origin=body;population=all]: 1050 1050 0 agrees; sum of 2 parts 1,050 (1,000 + 50) against 1,050 stated @ f:6 / f:1; f:2",
            "s[origin=body;population=some]: - 3 - not_evaluated; sum of 1 part 3 and no total is stated for it @  / f:5",
            "s[origin=chart;population=all]: 1050 1051 1 disagrees; sum of 2 parts 1,051 (1,000 + 51) against 1,050 stated @ f:6 / f:3; f:4",
            "s[population=none]: - - - not_evaluated; a total is stated and `parts` selects none for it @ f:7 / ",
        ],
    );
}

#[test]
fn long_sums_name_the_first_and_the_last_place() {
    let mut lines: Vec<String> = (0..7)
        .map(|n| format!("t | body | y | all | c{n} | count | 0.{n}"))
        .collect();
    lines.push("total | text | y | all | every | count | 2.1".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check(
        json!({ "sums_to": { "parts": { "table": "t" }, "total": { "table": "total" } } }),
        &lines,
        &[
            "s: 2.1 2.1 0.0 agrees; sum of 7 parts 2.1 against 2.1 stated @ f:8 / f:1 … f:7 (7 places)",
        ],
    );
}

#[test]
fn a_tolerance_is_inclusive_and_works_both_ways() {
    for (total, verdict) in [
        ("99.5", "agrees"),
        ("100.5", "agrees"),
        ("99.4", "disagrees"),
        ("100.6", "disagrees"),
    ] {
        let lines = figures(&[
            "t | body | y | all | a | count | 100",
            &format!("total | text | y | all | b | count | {total}"),
        ]);
        let check =
            json!({ "equals": { "left": { "table": "t" }, "right": { "table": "total" } } });
        let rows = judge(&[declared(check, json!("0.5"))], &lines, &[]);
        assert_eq!(rows[0].verdict.word(), verdict, "{total}");
    }
}

#[test]
fn equals_compares_pairs_and_reports_the_lonely() {
    check(
        json!({ "equals": {
            "left": { "origin": "body" }, "right": { "origin": "chart" }, "by": ["category"],
        }}),
        &[
            "t | body  | y | all | a | count | 5",
            "t | chart | y | all | a | count | 5",
            "t | body  | y | all | b | count | 12",
            "t | chart | y | all | b | count | 21",
            "t | body  | y | all | c | count | 0",
            "t | chart | y | all | d | count | 9",
        ],
        &[
            "s[category=a]: 5 5 0 agrees; 5 (body) against 5 (chart) @ f:1 / f:2",
            "s[category=b]: 12 21 9 disagrees; 12 (body) against 21 (chart) @ f:3 / f:4",
            "s[category=c]: 0 - - not_evaluated; `left` is 0 and `right` has no figure for it @ f:5 / ",
            "s[category=d]: - 9 - not_evaluated; `right` is 9 and `left` has no figure for it @  / f:6",
        ],
    );
}

#[test]
fn figures_with_one_key_are_added_on_both_sides() {
    check(
        json!({ "equals": { "left": { "table": "t" }, "right": { "table": "u" }, "by": ["period"] } }),
        &[
            "t | body | y | all | a | count | 5",
            "t | body | y | all | b | count | 6",
            "u | body | y | all | x | count | 4",
            "u | body | y | all | z | count | 7",
        ],
        &["s[period=y]: 11 11 0 agrees; 11 (5 + 6; t) against 11 (4 + 7; u) @ f:1; f:2 / f:3; f:4"],
    );
}

#[test]
fn a_part_is_no_larger_than_its_whole() {
    check(
        json!({ "subset_of": {
            "part": { "population": "some" }, "whole": { "population": "all" }, "by": ["category"],
        }}),
        &[
            "t | body | y | all  | a | count | 5",
            "t | body | y | some | a | count | 5",
            "t | body | y | all  | b | count | 15",
            "t | body | y | some | b | count | 42",
            "t | body | y | some | c | count | 1",
            "t | body | y | all  | d | count | 1",
        ],
        &[
            "s[category=a]: 5 5 0 agrees; 5 (some) of 5 (all) @ f:1 / f:2",
            "s[category=b]: 15 42 27 disagrees; 42 (some) of 15 (all): the part is larger than its whole by 27 @ f:3 / f:4",
            "s[category=c]: - 1 - not_evaluated; `part` is 1 and `whole` has no figure for it @  / f:5",
            "s[category=d]: 1 - - not_evaluated; `whole` is 1 and `part` has no figure for it @ f:6 / ",
        ],
    );
    check_within(
        json!(27),
        json!({ "subset_of": { "part": { "population": "some" }, "whole": { "population": "all" } } }),
        &[
            "t | body | y | all  | b | count | 15",
            "t | body | y | some | b | count | 42",
        ],
        &["s: 15 42 27 agrees; 42 (some) of 15 (all) @ f:1 / f:2"],
    );
}

#[test]
fn shares_are_rounded_half_up_as_printed() {
    let whole_by = json!({ "share_of": {
        "share": { "measure": "percent" },
        "part": { "measure": "count", "population": "some" },
        "whole": { "measure": "count", "population": "all" },
        "by": ["category"],
    }});
    check(
        whole_by.clone(),
        &[
            "t | body | y | all  | a | count | 505",
            "t | body | y | some | a | count | 81",
            "t | body | y | some | a | percent | 16",
            "t | body | y | all  | b | count | 191",
            "t | body | y | some | b | count | 21",
            "t | body | y | some | b | percent | 10.1",
            "t | body | y | all  | c | count | 8",
            "t | body | y | some | c | count | 1",
            "t | body | y | some | c | percent | 12",
            "t | body | y | all  | d | count | 1",
            "t | body | y | some | d | count | 1",
            "t | body | y | some | d | percent | 100",
            "t | body | y | all  | e | count | 1000",
            "t | body | y | some | e | count | 1",
            "t | body | y | some | e | percent | 0.2",
        ],
        &[
            "s[category=a]: 16 16 0 agrees; 81 of 505 is 16.03…%: 16% rounded or truncated; 16% stated @ f:3 / f:2; f:1",
            "s[category=b]: 10.1 11.0 0.9 disagrees; 21 of 191 is 10.994…%: 11.0% rounded half up, 10.9% truncated; 10.1% stated @ f:6 / f:5; f:4",
            "s[category=c]: 12 13 1 disagrees; 1 of 8 is 12.50%: 13% rounded half up, 12% truncated; 12% stated @ f:9 / f:8; f:7",
            "s[category=d]: 100 100 0 agrees; 1 of 1 is 100%; 100% stated @ f:12 / f:11; f:10",
            "s[category=e]: 0.2 0.1 -0.1 disagrees; 1 of 1,000 is 0.1%; 0.2% stated @ f:15 / f:14; f:13",
        ],
    );
    check(
        whole_by,
        &[
            "t | body | y | all  | a | count | 0",
            "t | body | y | some | a | count | 0",
            "t | body | y | some | a | percent | 0",
            "t | body | y | some | b | count | 1",
            "t | body | y | some | b | percent | 1",
            "t | body | y | all  | c | count | 1",
            "t | body | y | some | c | percent | 1",
            "t | body | y | some | d | count | 1",
        ],
        &[
            "s[category=a]: 0 - - not_evaluated; 0 of 0 is no share: the whole is not above 0 @ f:3 / f:2; f:1",
            "s[category=b]: 1 - - not_evaluated; `whole` has no figure here @ f:5 / f:4",
            "s[category=c]: 1 - - not_evaluated; `part` has no figure here @ f:7 / f:6",
            "s[category=d]: - - - not_evaluated; `share` has no figure here @  / f:8",
        ],
    );
}

#[test]
fn fractions_of_one_whole_at_declared_decimals() {
    check(
        json!({ "share_of": {
            "share": { "measure": "share" }, "part": { "measure": "count", "table": "t" },
            "whole": { "table": "total" }, "by": ["period", "category"], "whole_match": ["period"],
            "scale": "fraction", "decimals": 3,
        }}),
        &[
            "t | chart | y | some | oct | count | 169",
            "t | chart | y | some | oct | share | 0.16900000000000001",
            "t | chart | y | some | nov | count | 141",
            "t | chart | y | some | nov | share | 0.14099999999999999",
            "t | chart | y | some | dec | count | 188",
            "t | chart | y | some | dec | share | 0.19",
            "total | text | y | all | every | count | 1000",
        ],
        &[
            "s[period=y;category=dec]: 0.19 0.188 -0.002 disagrees; 188 of 1,000 is 0.188; 0.19 stated @ f:6 / f:5; f:7",
            "s[period=y;category=nov]: 0.141 0.141 0.000 agrees; 141 of 1,000 is 0.141; 0.14099999999999999 stated @ f:4 / f:3; f:7",
            "s[period=y;category=oct]: 0.169 0.169 0.000 agrees; 169 of 1,000 is 0.169; 0.16900000000000001 stated @ f:2 / f:1; f:7",
        ],
    );
}

#[test]
fn control_totals_miss_nothing() {
    check(
        json!({ "control_total": { "stated": {}, "computed": {}, "by": ["category"] } }),
        &[
            "t | body | y | all | a | count | 5",
            "t | computed | y | all | a | count | 5",
            "t | body | y | all | b | count | 5",
            "t | computed | y | all | b | count | 4",
            "t | body | y | all | c | count | 0",
            "t | computed | y | all | d | count | 3",
            "t | computed | y | all | e | count | 0",
        ],
        &[
            "s[category=a]: 5 5 0 agrees; 5 stated against 5 computed @ f:1 / f:2",
            "s[category=b]: 5 4 -1 disagrees; 5 stated against 4 computed @ f:3 / f:4",
            "s[category=c]: 0 - - disagrees; 0 stated and nothing computed for it @ f:5 / ",
            "s[category=d]: - 3 - disagrees; nothing is stated and 3 computed @  / f:6",
            "s[category=e]: - 0 - not_evaluated; nothing is stated and 0 computed @  / f:7",
        ],
    );
}

#[test]
fn numbers_that_do_not_fit_are_said_and_never_wrap() {
    let largest = "999999999999999999999999999999999999";
    let mut lines: Vec<String> = (0..200)
        .map(|n| format!("t | body | y | all | c{n} | count | {largest}"))
        .collect();
    lines.push("total | text | y | all | every | count | 1".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check(
        json!({ "sums_to": { "parts": { "table": "t" }, "total": { "table": "total" } } }),
        &lines,
        &[
            "s: - - - not_evaluated; `parts`: the sum of 200 figures is too large @ f:201 / f:1 … f:200 (200 places)",
        ],
    );
    check(
        json!({ "share_of": {
            "share": { "measure": "percent" }, "part": { "category": "a", "measure": "count" },
            "whole": { "category": "b", "measure": "count" },
        }}),
        &[
            "t | body | y | all | a | percent | 1.23456789012345678901",
            &format!("t | body | y | all | a | count | {largest}"),
            "t | body | y | all | b | count | 7",
        ],
        &[
            "s: 1.23456789012345678901 - - not_evaluated; the share is too large to be computed @ f:1 / f:2; f:3",
        ],
    );
    check(
        json!({ "equals": { "left": { "category": "a" }, "right": { "category": "b" } } }),
        &[
            &format!("t | body | y | all | a | count | {largest}"),
            "t | body | y | all | b | count | 0.0001",
        ],
        &[
            "s: 999999999999999999999999999999999999 0.0001 - not_evaluated; 999,999,999,999,999,999,999,999,999,999,999,999 (a) against 0.0001 (b); their difference is too large to be computed @ f:1 / f:2",
        ],
    );
}

#[test]
fn a_row_says_what_it_is_about_and_what_follows() {
    let subset = json!({ "subset_of": {
        "part": { "population": "some" }, "whole": { "population": "all" }, "by": ["category"],
    }});
    let lines = figures(&[
        "t | body | y | all  | a;b=c | count | 5",
        "t | body | y | some | a;b=c | count | 6",
    ]);
    let rows = judge(&[declared(subset, json!(0))], &lines, &[]);
    let [row] = rows.as_slice() else {
        panic!("one row");
    };
    assert_eq!(row.statement, "s[category=a\\;b\\=c]");
    assert_eq!(row.population.as_deref(), Some("some"));
    assert_eq!(row.period.as_deref(), Some("y"));
    assert_eq!(row.category.as_deref(), Some("a;b=c"));
    assert_eq!(
        (row.stated_from.as_slice(), row.computed_from.as_slice()),
        (&[0][..], &[1][..])
    );
    assert_eq!(row.rule.rule_id, "s");
    assert_eq!(row.rule.kind, "subset_of");
    assert_eq!(row.rule.discrepancy, Category::ImpossibleSubset);
    assert_eq!(row.rule.severity, Severity::Error);
    assert_eq!(row.rule.dimension, Dimension::Consistency);
    assert_eq!(row.rule.why, "it must");
    assert_eq!(row.likely_cause, None);
}
