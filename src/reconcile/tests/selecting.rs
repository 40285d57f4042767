//! Which figures a side is about, and what is said when it is about none.

use serde_json::json;

use super::*;

#[test]
fn a_side_that_selects_nothing_is_one_row() {
    check(
        json!({ "equals": { "left": { "table": "x", "measure": ["count", "percent"] }, "right": { "table": "t" } } }),
        &["t | body | y | all | a | count | 1"],
        &[
            "s: - - - not_evaluated; `left` selects no figure (table: x; measure: count, percent) @  / ",
        ],
    );
    check(
        json!({ "equals": { "left": { "table": "x" }, "right": { "category": "b" } } }),
        &["t | body | y | all | a | count | 1"],
        &[
            "s: - - - not_evaluated; `left` selects no figure (table: x); `right` selects no figure (category: b) @  / ",
        ],
    );
}

#[test]
fn a_listed_word_that_nobody_has_is_one_row() {
    check(
        json!({ "equals": {
            "left": { "table": ["t", "x"], "population": "all" }, "right": { "table": "u" }, "by": ["category"],
        }}),
        &[
            "t | body | y | all  | a | count | 1",
            "u | body | y | all  | a | count | 1",
            "x | body | y | none | a | count | 1",
        ],
        &[
            "s[left]: - - - not_evaluated; `left` selects no figure of table `x` @  / ",
            "s[category=a]: 1 1 0 agrees; 1 (t) against 1 (u) @ f:1 / f:2",
        ],
    );
}

#[test]
fn codes_aliases_and_parents() {
    let lines = [
        "t | body | y | all | North   | count | 1",
        "t | body | y | all | South  | count | 2",
        "t | body | y | all | Wetsern | count | 4",
        "t | body | y | all | Moon    | count | 8",
        "t | body | y | all | Mars    | count | 16",
        "u | body | y | all | INNER    | count | 3",
        "u | body | y | all | OUTER  | count | 4",
        "u | body | y | all | Moon    | count | 8",
        "u | body | y | all | Mars    | count | 15",
        "v | body | y | all | Western | count | 4",
    ];
    check(
        json!({ "sums_to": {
            "parts": { "table": "t", "codes": "sites", "group_by_parent": true },
            "total": { "table": "u" }, "by": ["category"],
        }}),
        &lines,
        &[
            "s[category=INNER]: 3 3 0 agrees; sum of 2 parts 3 (1 + 2) against 3 stated @ f:6 / f:1; f:2",
            "s[category=Mars]: 15 16 1 disagrees; sum of 1 part 16 against 15 stated @ f:9 / f:5",
            "s[category=Moon]: 8 8 0 agrees; sum of 1 part 8 against 8 stated @ f:8 / f:4",
            "s[category=OUTER]: 4 4 0 agrees; sum of 1 part 4 against 4 stated @ f:7 / f:3",
        ],
    );
    check(
        json!({ "equals": {
            "left": { "table": "t", "codes": "sites", "category": ["Western", "South"], "not_category": "South" },
            "right": { "table": "v", "codes": "sites" }, "by": ["category"],
        }}),
        &lines,
        &[
            "s[left]: - - - not_evaluated; `left` selects no figure of category `South` @  / ",
            "s[category=Western]: 4 4 0 agrees; 4 (t, Wetsern) against 4 (v, Western) @ f:3 / f:10",
        ],
    );
}

#[test]
fn prefixes_suffixes_and_other_names() {
    check(
        json!({ "equals": {
            "left": { "table": "t", "strip_prefix": "Mild / ", "category": "Start", "as": { "table": "n", "population": "p" } },
            "right": { "table": "u", "strip_suffix": " (n)", "as": { "table": "n", "population": "p" } },
            "by": ["table", "population", "category"],
        }}),
        &[
            "t | body | y | all  | Mild / Start   | count | 1",
            "t | body | y | all  | Mild / End     | count | 2",
            "t | body | y | all  | Severe / Start | count | 4",
            "u | body | y | some | Start (n)      | count | 1",
            "u | body | y | some | Start          | count | 8",
        ],
        &[
            "s[table=n;population=p;category=Start]: 1 1 0 agrees; 1 (t, all, Mild / Start) against 1 (u, some, Start (n)) @ f:1 / f:4",
        ],
    );
}

#[test]
fn what_would_be_added_twice_is_not_added() {
    check(
        json!({ "sums_to": { "parts": { "table": "t" }, "total": { "table": "u" } } }),
        &[
            "t | body  | y | all | a | count | 1",
            "t | chart | y | all | a | count | 1",
            "u | text  | y | all | a | count | 1",
        ],
        &[
            "s: - - - not_evaluated; `parts` would add `a` twice, from f:1 and f:2: choose one `origin` or add it to `by` @ f:3 / f:1; f:2",
        ],
    );
    check(
        json!({ "sums_to": { "parts": { "table": "u" }, "total": { "table": "t" } } }),
        &[
            "t | body | y | all | a | count   | 1",
            "t | body | y | all | a | percent | 1",
            "u | text | y | all | a | count   | 2",
        ],
        &[
            "s: - 2 - not_evaluated; `total` would add percent at f:2 to count at f:1: choose one `measure` or add it to `by` @ f:1; f:2 / f:3",
        ],
    );
    check(
        json!({ "share_of": {
            "share": { "measure": "percent" }, "part": { "category": "a", "measure": "count" },
            "whole": { "category": "b", "measure": "count" },
        }}),
        &[
            "t | body | y | all | a | percent | 50",
            "t | body | y | all | b | percent | 50",
            "t | body | y | all | a | count   | 1",
            "t | body | y | all | b | count   | 2",
        ],
        &[
            "s: - - - not_evaluated; `share` selects 2 figures where one share is meant (f:1; f:2): narrow the selector or add a key to `by` @ f:1; f:2 / f:3; f:4",
        ],
    );
}

#[test]
fn statements_come_in_order_and_for_each_with_them() {
    let many = statement(json!({
        "id": "b.{t}", "why": "it must", "for_each": { "t": ["u", "t"] },
        "check": { "equals": { "left": { "table": "{t}" }, "right": { "table": "{t}" } } },
    }))
    .expect("a statement");
    let one = declared(
        json!({ "equals": { "left": { "table": "t" }, "right": { "table": "u" } } }),
        json!(0),
    );
    let lines = figures(&[
        "t | body | y | all | a | count | 1",
        "u | body | y | all | a | count | 1",
    ]);
    let rows = judge(&[many, one], &lines, &[]);
    let ids: Vec<&str> = rows.iter().map(|row| row.statement.as_str()).collect();
    assert_eq!(ids, ["b.u", "b.t", "s"]);
}

#[test]
fn what_validation_refuses_is_not_evaluated() {
    for (check, reason) in [
        (
            json!({ "equals": { "left": { "codes": "nope" }, "right": {} } }),
            "there is no code list `nope`",
        ),
        (
            json!({ "equals": { "left": {}, "right": {}, "by": ["nope"] } }),
            "figures have no key `nope`",
        ),
        (
            json!({ "sums_to": { "parts": {}, "total": {}, "match": ["period"] } }),
            "`match` names period, which `by` does not",
        ),
    ] {
        let json = json!({ "id": "s", "check": check, "why": "it must" });
        let statement = statement(json).expect("a statement");
        let lines = figures(&["t | body | y | all | a | count | 1"]);
        let rows = judge(&[statement], &lines, &[]);
        let reasons: Vec<_> = rows
            .iter()
            .map(|r| (r.verdict, r.evidence.as_str()))
            .collect();
        assert_eq!(reasons, [(Verdict::NotEvaluated, reason)]);
    }
}

#[test]
fn aggregates_become_figures_with_the_line_they_stand_on() {
    let row = |category: &str, count, base| AggregateRow {
        period: "y".to_owned(),
        population: "all".to_owned(),
        category: category.to_owned(),
        sort: 1,
        count,
        base,
    };
    let figures = computed("t", [row("a", 3, Some(9)), row("b", -1, None)]);
    let shown: Vec<String> = figures
        .iter()
        .map(|f| {
            let [source, table, origin] = [Key::Source, Key::Table, Key::Origin].map(|k| f.text(k));
            let (measure, category) = (f.text(Key::Measure), f.text(Key::Category));
            let (value, at) = (f.value, &f.stated_at);
            format!("{source} {table} {origin} {category} {measure} {value} {at}")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "computed t computed a count 3 aggregates/t.csv:2",
            "computed t computed a base 9 aggregates/t.csv:2",
            "computed t computed b count -1 aggregates/t.csv:3",
        ]
    );
}
