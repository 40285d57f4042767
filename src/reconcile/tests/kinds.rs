//! Flows, hierarchies and changes: agreeing, disagreeing and neither.

use serde_json::json;

use super::*;

#[test]
fn flows_close() {
    let flow = json!({ "flow": {
        "opening": { "category": "opening" },
        "in": { "category": ["new", "reopened"] },
        "out": { "category": "closed" },
        "closing": { "category": "closing" },
        "by": ["period"],
    }});
    check(
        flow,
        &[
            "t | body | q1 | all | opening  | count | 100",
            "t | body | q1 | all | new      | count | 12",
            "t | body | q1 | all | reopened | count | 8",
            "t | body | q1 | all | closed   | count | 15",
            "t | body | q1 | all | closing  | count | 105",
            "t | body | q2 | all | opening  | count | 105",
            "t | body | q2 | all | new      | count | 0",
            "t | body | q2 | all | closed   | count | 1200",
            "t | body | q2 | all | closing  | count | -1094",
            "t | body | q3 | all | opening  | count | 5",
            "t | body | q3 | all | new      | count | 2",
            "t | body | q3 | all | closing  | count | 7",
            "t | body | q4 | all | closed   | count | 7",
        ],
        &[
            "s[period=q1]: 105 105 0 agrees; opening 100 + in 20 (12 + 8) − out 15 is 105 against 105 stated @ f:5 / f:1 … f:4 (4 places)",
            "s[period=q2]: -1094 -1095 -1 disagrees; opening 105 + in 0 − out 1,200 is -1,095 against -1,094 stated @ f:9 / f:6; f:7; f:8",
            "s[period=q3]: 7 - - not_evaluated; `out` has no figure here: opening 5, in 2, closing 7 @ f:12 / f:10; f:11",
            "s[period=q4]: - - - not_evaluated; `opening` and `in` and `closing` have no figure here: out 7 @  / f:13",
        ],
    );
}

#[test]
fn each_of_several_selectors_of_a_flow_is_needed() {
    let flow = json!({ "flow": {
        "opening": { "category": "opening", "period": "p1", "as": { "period": "p2" } },
        "in": [{ "category": "births" }, { "category": "arrivals", "table": ["t", "x"] }],
        "out": [{ "category": "deaths" }, { "category": "departures", "table": ["t", "x"] }],
        "closing": { "category": "closing" },
        "by": ["period"],
    }});
    let lines = [
        "t | body | p1 | all | opening    | count | 50.5",
        "t | body | p2 | all | births     | count | 4",
        "t | body | p2 | all | arrivals   | count | 3",
        "t | body | p2 | all | deaths     | count | 2",
        "t | body | p2 | all | departures | count | 1.5",
        "t | body | p2 | all | closing    | count | 54",
    ];
    let rows = judge(
        &[declared(flow.clone(), json!(0))],
        &figures(&lines),
        &lists(),
    );
    let ids: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row.statement.as_str(), row.evidence.as_str()))
        .collect();
    assert_eq!(
        ids,
        [
            ("s[in]", "`in` selects no figure of table `x`"),
            ("s[out]", "`out` selects no figure of table `x`"),
            (
                "s[period=p2]",
                "opening 50.5 + in 4 + in 3 − out 2 − out 1.5 is 54.0 against 54 stated"
            ),
        ]
    );
    let row = &rows[2];
    assert_eq!(row.verdict, Verdict::Agrees);
    assert_eq!(
        (&row.stated_from, &row.computed_from, &row.less_from),
        (&vec![5], &vec![0, 1, 2], &vec![3, 4])
    );

    // The departures are missing where the arrivals are not: nothing is taken for 0.
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| match at {
            4 => line.replace("p2", "p3"),
            _ => (*line).to_owned(),
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let rows = judge(&[declared(flow, json!(0))], &figures(&lines), &lists());
    let verdicts: Vec<(&str, &str)> = rows[2..]
        .iter()
        .map(|row| (row.verdict.word(), row.evidence.as_str()))
        .collect();
    assert_eq!(
        verdicts,
        [
            (
                "not_evaluated",
                "`out` (table: t, x; category: departures) has no figure here: opening 50.5, in 4, in 3, out 2, closing 54"
            ),
            (
                "not_evaluated",
                "`opening` and `in` (category: births) and `in` (table: t, x; category: arrivals) and `out` (category: deaths) and `closing` have no figure here: out 1.5"
            ),
        ]
    );
}

fn hierarchy(by: &[&str], matched: Option<&[&str]>) -> Value {
    let mut json = json!({ "hierarchy": {
        "members": { "table": "t" }, "groups": { "table": "u" }, "codes": "sites", "by": by,
    }});
    if let Some(matched) = matched {
        json["hierarchy"]["match"] = json!(matched);
    }
    json
}

#[test]
fn members_make_their_groups_by_the_code_list() {
    check(
        hierarchy(&["period"], None),
        &[
            "t | body | y | all | North (X)   | count | 9",
            "t | body | y | all | North   | count | 1",
            "t | body | y | all | South   | count | 2",
            "t | body | y | all | Wetsern | count | 4",
            "t | body | y | all | Moon    | count | 8",
            "u | body | y | all | INNER   | count | 4",
            "u | body | y | all | OUTER   | count | 4",
            "u | body | y | all | Pluto   | count | 1",
            "t | body | z | all | North   | count | 3",
            "u | body | z | all | INNER   | count | 3",
            "u | body | z | all | OUTER   | count | 5",
            "u | body | x | all | OUTER   | count | 6",
        ],
        &[
            "s[period=x;category=OUTER]: 6 - - not_evaluated; the group is printed and its only member in `sites` is not @ f:12 / ",
            "s[period=y;category=INNER]: 4 3 -1 disagrees; sum of 2 members 3 (1 + 2) against 4 stated @ f:6 / f:2; f:3",
            "s[period=y;category=Moon]: - - - not_evaluated; `Moon` has no parent in `sites`, so it is in no group @  / f:5",
            "s[period=y;category=North (X)]: - - - not_evaluated; `North (X)` is no code of `sites`, so it is in no group @  / f:1",
            "s[period=y;category=OUTER]: 4 4 0 agrees; sum of 1 member 4 against 4 stated @ f:7 / f:4",
            "s[period=y;category=Pluto]: 1 - - not_evaluated; `Pluto` has no members: it is the parent of no code of `sites` @ f:8 / ",
            "s[period=z;category=INNER]: 3 3 0 agrees; sum of 1 member 3 against 3 stated; not printed: South @ f:10 / f:9",
            "s[period=z;category=OUTER]: 5 - - not_evaluated; the group is printed and its only member in `sites` is not @ f:11 / ",
        ],
    );
}

#[test]
fn one_figure_of_a_group_serves_several_places() {
    check(
        hierarchy(&["origin", "population"], Some(&["population"])),
        &[
            "t | body  | y | all | North   | count | 1",
            "t | body  | y | all | South   | count | 2",
            "t | chart | y | all | North   | count | 1",
            "t | chart | y | all | South   | count | 1",
            "t | chart | y | all | Western | count | 1",
            "u | text  | y | all | INNER   | count | 3",
            "u | text  | y | none | INNER  | count | 0",
        ],
        &[
            "s[origin=body;population=all;category=INNER]: 3 3 0 agrees; sum of 2 members 3 (1 + 2) against 3 stated @ f:6 / f:1; f:2",
            "s[origin=body;population=all;category=OUTER]: - - - not_evaluated; the group is not printed, and its only member in `sites` is not @  / ",
            "s[origin=chart;population=all;category=INNER]: 3 2 -1 disagrees; sum of 2 members 2 (1 + 1) against 3 stated @ f:6 / f:3; f:4",
            "s[origin=chart;population=all;category=OUTER]: - 1 - not_evaluated; sum of 1 member 1 and no figure of the group is printed @  / f:5",
            "s[population=none;category=INNER]: 0 - - not_evaluated; the group is printed and none of its 2 members in `sites` is @ f:7 / ",
        ],
    );
}

/// A country of two counties, one of which has two towns.
fn levels() -> Vec<CodeList> {
    let code = |code: &str, parent: Option<&str>| Code {
        parent: parent.map(str::to_owned),
        valid_to: (code == "Eastford").then(|| jiff::civil::date(2015, 5, 7)),
        ..Code::plain(code, 1)
    };
    let codes = vec![
        code("Land", None),
        code("East", Some("Land")),
        code("West", Some("Land")),
        code("Eastham", Some("East")),
        code("Eastford", Some("East")),
    ];
    vec![CodeList::new(Name::new("places").expect("a name"), codes)]
}

#[test]
fn one_table_may_print_every_level() {
    let statement = statement(
        json!({ "id": "s", "why": "it must", "check": { "hierarchy": {
            "members": { "table": "t" }, "groups": { "table": "t" }, "codes": "places",
        }}}),
    )
    .expect("a statement");
    let lines = figures(&[
        "t | body | y | all | Land     | count | 10",
        "t | body | y | all | East     | count | 6",
        "t | body | y | all | West     | count | 3",
        "t | body | y | all | Eastham  | count | 6",
    ]);
    let rows = judge(&[statement], &lines, &levels());
    let rows: Vec<String> = rows.iter().map(|row| shown(row, &lines)).collect();
    assert_eq!(
        rows,
        [
            "s[category=East]: 6 6 0 agrees; sum of 1 member 6 against 6 stated; not printed: Eastford (until 2015-05-07) @ f:2 / f:4",
            "s[category=Land]: 10 9 -1 disagrees; sum of 2 members 9 (6 + 3) against 10 stated @ f:1 / f:2; f:3",
        ]
    );
}

#[test]
fn a_hierarchy_is_about_the_members_that_it_selects() {
    check(
        json!({ "hierarchy": {
            "members": { "table": "t", "not_category": ["South", "Western"] },
            "groups": { "table": "u" }, "codes": "sites",
        }}),
        &[
            "t | body | y | all | North | count | 3",
            "t | body | y | all | South | count | 2",
            "u | body | y | all | INNER | count | 3",
        ],
        &["s[category=INNER]: 3 3 0 agrees; sum of 1 member 3 against 3 stated @ f:3 / f:1"],
    );
}

fn change(settings: Value) -> Value {
    let mut json = json!({ "change": {
        "change": { "measure": "change" },
        "from": { "measure": "count", "period": "y1" },
        "to": { "measure": "count", "period": "y2" },
        "by": ["category"],
    }});
    let more = settings.as_object().expect("a map");
    for (key, value) in more {
        json["change"][key] = value.clone();
    }
    json
}

#[test]
fn changes_in_percent() {
    check(
        change(json!({})),
        &[
            "t | body | y1 | all | a | count  | 13",
            "t | body | y2 | all | a | count  | 15",
            "t | body | y2 | all | a | change | 15.4",
            "t | body | y1 | all | b | count  | 8",
            "t | body | y2 | all | b | count  | 7",
            "t | body | y2 | all | b | change | -13",
            "t | body | y1 | all | c | count  | 8",
            "t | body | y2 | all | c | count  | 7",
            "t | body | y2 | all | c | change | -12",
            "t | body | y1 | all | d | count  | 0",
            "t | body | y2 | all | d | count  | 7",
            "t | body | y2 | all | d | change | 100",
            "t | body | y1 | all | e | count  | 7",
            "t | body | y2 | all | e | change | 0",
            "t | body | y1 | all | f | count  | 7",
            "t | body | y2 | all | f | count  | 7",
        ],
        &[
            "s[category=a]: 15.4 15.4 0.0 agrees; 13 to 15 is 15.384…%: 15.4% rounded half up, 15.3% truncated; 15.4% stated @ f:3 / f:1; f:2",
            "s[category=b]: -13 -13 0 agrees; 8 to 7 is -12.50%: -13% rounded half up, -12% truncated; -13% stated @ f:6 / f:4; f:5",
            "s[category=c]: -12 -13 -1 disagrees; 8 to 7 is -12.50%: -13% rounded half up, -12% truncated; -12% stated @ f:9 / f:7; f:8",
            "s[category=d]: 100 - - not_evaluated; 0 to 7 is no percentage: what there was before is not above 0 @ f:12 / f:10; f:11",
            "s[category=e]: 0 - - not_evaluated; `to` has no figure here @ f:14 / f:13",
            "s[category=f]: - - - not_evaluated; `change` has no figure here @  / f:15; f:16",
        ],
    );
}

#[test]
fn changes_in_numbers() {
    let lines = |change: &str| {
        vec![
            "t | body | y1 | all | a | count | 20.25".to_owned(),
            "t | body | y2 | all | a | count | 18.1".to_owned(),
            format!("t | body | y2 | all | a | change | {change}"),
        ]
    };
    for (settings, stated, computed, verdict) in [
        (json!({ "scale": "absolute" }), "-2.15", "-2.15", "agrees"),
        (json!({ "scale": "absolute" }), "-2.2", "-2.2", "agrees"),
        (json!({ "scale": "absolute" }), "-2.1", "-2.2", "disagrees"),
        (json!({ "scale": "absolute" }), "2.15", "-2.15", "disagrees"),
        (
            json!({ "scale": "absolute", "rounding": "truncate" }),
            "-2.1",
            "-2.1",
            "agrees",
        ),
        (
            json!({ "scale": "absolute", "rounding": "half_even", "decimals": 1 }),
            "-2.2",
            "-2.2",
            "agrees",
        ),
        (json!({ "scale": "fraction" }), "-0.11", "-0.11", "agrees"),
        (
            json!({ "scale": "fraction", "decimals": 2 }),
            "-0.1100000000001",
            "-0.11",
            "agrees",
        ),
    ] {
        let lines = lines(stated);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let rows = judge(
            &[declared(change(settings.clone()), json!(0))],
            &figures(&lines),
            &lists(),
        );
        let got = rows[0].computed.map(|n| n.to_string());
        let got = (got.as_deref(), rows[0].verdict.word());
        assert_eq!(got, (Some(computed), verdict), "{settings} {stated}");
    }
}

#[test]
fn shares_are_rounded_as_they_claim() {
    // 1 of 8 is 12.5%, 3 of 8 is 37.5%, 2 of 3 is 66.66…%.
    for (rounding, part, whole, right, wrong) in [
        ("half_up", 1, 8, "13", "12"),
        ("half_even", 1, 8, "12", "13"),
        ("half_even", 3, 8, "38", "37"),
        ("truncate", 1, 8, "12", "13"),
        ("truncate", 2, 3, "66.6", "66.7"),
        ("half_even", 2, 3, "66.7", "66.6"),
    ] {
        for (share, verdict) in [(right, "agrees"), (wrong, "disagrees")] {
            let json = json!({ "share_of": {
                "share": { "measure": "percent" }, "part": { "category": "a", "measure": "count" },
                "whole": { "category": "b" }, "rounding": rounding,
            }});
            let lines = figures(&[
                &format!("t | body | y | all | a | percent | {share}"),
                &format!("t | body | y | all | a | count | {part}"),
                &format!("t | body | y | all | b | count | {whole}"),
            ]);
            let rows = judge(&[declared(json, json!(0))], &lines, &lists());
            assert_eq!(
                rows[0].verdict.word(),
                verdict,
                "{rounding} {share}: {rows:?}"
            );
        }
    }
}

#[test]
fn wholes_that_nothing_belongs_to_are_said() {
    check(
        json!({ "share_of": {
            "share": { "measure": "percent" }, "part": { "measure": "count", "table": "t" },
            "whole": { "table": "total" }, "by": ["period", "category"], "whole_match": ["period"],
        }}),
        &[
            "t | body | y | all | a | percent | 50",
            "t | body | y | all | a | count | 1",
            "total | body | y | all | every | count | 2",
            "total | body | z | all | every | count | 3",
            "t | body | y | all | b | count | 0",
        ],
        &[
            "s[period=y;category=a]: 50 50 0 agrees; 1 of 2 is 50%; 50% stated @ f:1 / f:2; f:3",
            "s[period=y;category=b]: - 0 - not_evaluated; `share` has no figure here: 0 of 2 is 0% @  / f:5; f:3",
            "s[period=z]: - - - not_evaluated; a whole is there and neither `share` nor `part` has a figure of it @  / f:4",
        ],
    );
}
