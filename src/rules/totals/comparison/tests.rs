//! What a comparison may say, what is said about it when it may not, and which days count as the same.

use std::sync::Arc;

use jiff::civil::date;
use serde_json::{Value, json};

use super::{covered::day, *};
use crate::{
    diagnostics::{Diagnostic, Source, yaml},
    names::Name,
    rules::totals::declared,
    tables::{Code, CodeList},
};

/// The list `sites` with North and South (`Nroth` is an alias), and `months` with May and June of 2020 and 2021.
fn lists() -> Vec<CodeList> {
    let list = |name: &str, codes: &[&str], aliases: &[(&str, usize)]| {
        let codes = codes.iter().map(|code| Code::plain(code, 1)).collect();
        let list = CodeList::new(Name::new(name).expect("a name"), codes);
        let with =
            |list: CodeList, (text, code): &(&str, usize)| list.with_alias(text, *code, None);
        aliases.iter().fold(list, with)
    };
    let months = [
        ("2020-05", 0),
        ("2020-06", 1),
        ("2021-05", 0),
        ("2021-06", 1),
    ];
    vec![
        list("sites", &["North", "South"], &[("Nroth", 0)]),
        list("months", &["May", "June"], &months),
    ]
}

/// A comparison that is right.
fn right() -> Value {
    json!({
        "id": "years.sites",
        "charts": [{ "table": "t", "codes": "sites" }],
        "current": { "figures": { "source": "published", "period": "2021" }, "population": "visitors" },
        "previous": {
            "figures": { "source": "published", "period": "2020" },
            "population": "visitors",
            "coverage": { "start": "2020-03-01", "end": "2021-01-01" },
            "labels": 2,
            "values_under": ["South"],
        },
        "caveat": "counted by hand",
        "why": "They count the same people.",
    })
}

fn by_month() -> Value {
    let mut json = right();
    json["charts"][0]["codes"] = json!("months");
    json["by_month"] = json!(true);
    json["current"]["coverage"] = json!({ "start": "2021-05-01", "end": "2021-07-01" });
    json["previous"] = json!({
        "figures": { "period": "2020" },
        "population": "visitors",
        "coverage": { "start": "2020-05-01", "end": "2020-07-01" },
    });
    json
}

/// All mistakes in `json`, the decoder's included, as `message @ text pointed at ! help`.
fn mistakes(json: &Value) -> Vec<String> {
    let source = Arc::new(Source {
        path: "rules/totals/test.yaml".to_owned(),
        text: json.to_string(),
    });
    let mut diagnostics = Vec::new();
    let node = yaml::parse(&source, &mut diagnostics).expect("YAML");
    if let Some(comparison) = yaml::decode(&node, &source, &mut diagnostics) {
        let year = Covered {
            start: date(2021, 1, 1),
            end: date(2022, 1, 1),
        };
        let periods = Periods::from([("2021".to_owned(), year)]);
        let statement = json!({
            "id": "taken", "why": "x",
            "check": { "equals": { "left": { "table": "t" }, "right": { "table": "u" } } },
        });
        let statement = declared::statement(statement).expect("a statement");
        validate_comparisons(
            &[comparison],
            &[statement],
            &lists(),
            Some(&periods),
            &mut diagnostics,
        );
    }
    let shown = |d: &Diagnostic| {
        let span = d.span.as_ref().expect("a place");
        let text = &span.source.text[span.bytes.clone()];
        let help = d.help.clone().unwrap_or_default();
        format!("{} @ {text} ! {help}", d.message)
    };
    diagnostics.iter().map(shown).collect()
}

#[test]
fn right_comparisons_have_no_mistakes() {
    let mut several = right();
    several["charts"] =
        json!([{ "table": "t", "codes": "sites" }, { "table": "u", "codes": "sites" }]);
    several["previous"] = json!({
        "figures": { "period": "2020" },
        "population": "visitors",
        "coverage": { "not_stated": "nobody wrote it down" },
    });
    for json in [right(), by_month(), several] {
        assert_eq!(mistakes(&json), [""; 0], "{json:#}");
    }
}

#[test]
fn each_mistake_is_said_at_its_place() {
    type Change = fn(&mut Value);
    let right_ones: [(Change, &[&str]); 22] = [
        (
            |j| j["id"] = json!("A b"),
            &["`A b` cannot be an id @ \"A b\" ! use"],
        ),
        (
            |j| j["id"] = json!("taken"),
            &["a second statement or comparison has the id `taken` @ \"taken\" ! the first is at"],
        ),
        (|j| j["why"] = json!(" "), &["`why` is blank @ \" \""]),
        (|j| j["caveat"] = json!(""), &["`caveat` is blank @ \"\""]),
        (
            |j| j["charts"] = json!([]),
            &["`charts` is empty: there is nothing to compare @ \"years.sites\""],
        ),
        (
            |j| j["charts"][0]["codes"] = json!("site"),
            &["there is no code list `site` @ \"site\" ! did you mean `sites`?"],
        ),
        (
            |j| {
                let map = j.as_object_mut().expect("a map");
                let current = map.remove("current").expect("a side");
                map.insert("curent".to_owned(), current);
            },
            &["unknown key `curent` @ \"curent\" ! did you mean `current`?"],
        ),
        (
            |j| j["current"]["figures"]["period"] = json!(["2021", "2020"]),
            &["`current` has to name one period @ {\"period\""],
        ),
        (
            |j| j["previous"]["figures"]["period"] = json!("2021"),
            &["both sides are about the period `2021` @ {\"period\""],
        ),
        (
            |j| j["previous"]["figures"]["source"] = json!("publshed"),
            &["`publshed` is no source @ \"publshed\" ! did you mean `published`?"],
        ),
        (
            |j| j["previous"]["figures"]["as"] = json!({ "table": "x" }),
            &["`as` has no meaning in a comparison @ {\"as\""],
        ),
        (
            |j| j["previous"]["population"] = json!(" "),
            &["`population` is blank @ \" \""],
        ),
        (
            |j| {
                drop(
                    j["previous"]
                        .as_object_mut()
                        .and_then(|m| m.remove("coverage")),
                )
            },
            &[
                "`2020` is no period of the project, so nobody knows which days it covers @ {\"period\"",
            ],
        ),
        (
            |j| j["previous"]["coverage"] = json!({ "start": "2020-03-01" }),
            &["a coverage is `start` and `end`, or `not_stated` @ {\"start\""],
        ),
        (
            |j| j["previous"]["coverage"]["not_stated"] = json!("x"),
            &["a coverage is `start` and `end`, or `not_stated` @ {\"end\""],
        ),
        (
            |j| j["previous"]["coverage"]["start"] = json!("March 2020"),
            &["`March 2020` is no date @ \"March 2020\" ! write year-month-day"],
        ),
        (
            |j| j["previous"]["coverage"]["start"] = json!("2021-01-01"),
            &["the coverage ends before it starts @ {\"end\""],
        ),
        (
            |j| j["previous"]["labels"] = json!(0),
            &[
                "`labels` is 0: a chart has labels @ 0",
                "`values_under` names 1 codes, the chart has 0 labels @ ",
            ],
        ),
        (
            |j| j["previous"]["values_under"] = json!(["Soth", "Nroth", "Soth"]),
            &[
                "code `Soth` is there twice @ \"Soth\"",
                "`values_under` names 3 codes, the chart has 2 labels @ ",
                "`Soth` is no code of `sites` @ \"Soth\" ! did you mean `South`?",
                "`Nroth` is an alias in `sites` @ \"Nroth\" ! write its code: `North`",
                "`Soth` is no code of `sites`",
            ],
        ),
        (
            |j| j["previous"]["values_under"] = json!([]),
            &["`values_under` is an empty list @ []"],
        ),
        (
            |j| {
                j["charts"] =
                    json!([{ "table": "t", "codes": "sites" }, { "table": "t", "codes": "sites" }])
            },
            &[
                "table `t` is there twice @ \"t\"",
                "`labels` of one side is for a comparison of one chart @ {\"period\"",
                "`values_under` of one side is for a comparison of one chart",
            ],
        ),
        (
            |j| j["by_month"] = json!(true),
            &[
                "`2021-01` is neither a code nor an alias of `sites` @ ",
                "`2020-03` is neither a code nor an alias of `sites` @ ",
            ],
        ),
    ];
    for (change, expected) in right_ones {
        told(right(), change, expected);
    }
    let months: [(Change, &[&str]); 3] = [
        (
            |j| j["previous"]["coverage"] = json!({ "not_stated": "nobody says" }),
            &["`by_month` needs to know which months are covered @ {\"not_stated\""],
        ),
        (
            |j| j["previous"]["coverage"]["end"] = json!("2020-07-15"),
            &[
                "`by_month` needs whole months, at most twelve, not 2020-05-01 to 2020-07-14 @ {\"end\"",
            ],
        ),
        (
            |j| j["previous"]["coverage"]["end"] = json!("2020-08-01"),
            &["`2020-07` is neither a code nor an alias of `months` @ "],
        ),
    ];
    for (change, expected) in months {
        told(by_month(), change, expected);
    }
}

#[track_caller]
fn told(mut json: Value, change: fn(&mut Value), expected: &[&str]) {
    change(&mut json);
    let found = mistakes(&json);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
    }
}

#[test]
fn the_version_changes_with_what_is_compared_only() {
    let version = |change: fn(&mut Value)| {
        let mut json = right();
        change(&mut json);
        let source = Arc::new(Source {
            path: "t".to_owned(),
            text: json.to_string(),
        });
        let mut diagnostics = Vec::new();
        let node = yaml::parse(&source, &mut diagnostics).expect("YAML");
        let comparison: Comparison = yaml::decode(&node, &source, &mut diagnostics).expect("right");
        comparison.version()
    };
    let first = version(|_| {});
    assert_eq!(first.len(), 12);
    let same: [fn(&mut Value); 2] = [|j| j["why"] = json!("x"), |j| j["tags"] = json!(["x"])];
    for change in same {
        assert_eq!(version(change), first);
    }
    let others: [fn(&mut Value); 6] = [
        |j| j["caveat"] = json!("x"),
        |j| j["charts"][0]["table"] = json!("u"),
        |j| j["previous"]["population"] = json!("x"),
        |j| j["previous"]["coverage"]["end"] = json!("2020-12-01"),
        |j| j["previous"]["labels"] = json!(3),
        |j| j["previous"]["values_under"] = json!(["North"]),
    ];
    for change in others {
        assert_ne!(version(change), first);
    }
}

#[test]
fn days_are_the_same_when_their_calendar_is() {
    let covered = |text: &str| {
        let (start, end) = text.split_once('/').expect("two days");
        let [start, end] = [start, end].map(|d| day(d).expect("a day"));
        Covered { start, end }
    };
    for (one, other, like, shown) in [
        (
            "2016-10-01/2017-10-01",
            "2015-10-01/2016-10-01",
            true,
            "2016-10 to 2017-09",
        ),
        (
            "2016-10-01/2017-10-01",
            "2016-01-01/2016-10-01",
            false,
            "2016-10 to 2017-09",
        ),
        // The same twelve months in another order are all months of a year.
        (
            "2016-10-01/2017-10-01",
            "2015-01-01/2016-01-01",
            true,
            "2016-10 to 2017-09",
        ),
        (
            "2017-01-01/2017-02-01",
            "2016-01-01/2016-02-01",
            true,
            "2017-01",
        ),
        (
            "2017-01-15/2017-02-01",
            "2016-01-15/2016-02-01",
            true,
            "2017-01-15 to 2017-01-31",
        ),
        (
            "2017-01-15/2017-02-01",
            "2016-01-01/2016-02-01",
            false,
            "2017-01-15 to 2017-01-31",
        ),
        (
            "2015-01-01/2017-01-01",
            "2016-01-01/2017-01-01",
            false,
            "2015-01-01 to 2016-12-31",
        ),
    ] {
        let (one, other) = (covered(one), covered(other));
        assert_eq!(
            (one.like(other), other.like(one)),
            (like, like),
            "{one}, {other}"
        );
        assert_eq!(one.to_string(), shown);
    }
    let year = covered("2016-01-01/2017-01-01");
    for (from, to, overlap) in [
        (None, None, Overlap::Whole),
        (Some("2016-01-01"), Some("2017-01-01"), Overlap::Whole),
        (Some("2016-01-02"), None, Overlap::Part),
        (None, Some("2016-12-31"), Overlap::Part),
        (None, Some("2016-01-01"), Overlap::None),
        (Some("2017-01-01"), None, Overlap::None),
    ] {
        let at = |text: Option<&str>| text.and_then(day);
        assert_eq!(year.within(at(from), at(to)), overlap, "{from:?} {to:?}");
    }
    assert_eq!(
        [day("2016-1-1"), day("20160101"), day("2016-02-30")],
        [None; 3]
    );
}
