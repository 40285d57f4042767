//! Pairs of two years: what decides their verdict, their matched figures, their shares and their change.

mod blanks;
mod report;

use std::sync::Arc;

use jiff::civil::date;
use serde_json::{Value, json};

use super::{
    super::year_on_year::{Pair, compare},
    *,
};
use crate::{
    diagnostics::{Source as Text, yaml},
    rules::totals::{Comparison, Covered, Periods, validate_comparisons},
    tables::Missing,
};

/// `sites` (North, South, Old until 2019-07-01, New from 2021-01-01, Unknown), `others` (North, South), and `months` (May, June, July of 2020 and 2021).
fn year_lists() -> Vec<CodeList> {
    let list = |name: &str, codes: &[&str]| {
        let of = |(at, code): (usize, &&str)| Code {
            missing: (*code == "Unknown").then_some(Missing::Unknown),
            valid_from: (*code == "New").then(|| date(2021, 1, 1)),
            valid_to: (*code == "Old").then(|| date(2019, 7, 1)),
            ..Code::plain(code, i64::try_from(at).expect("few") + 1)
        };
        let codes = codes.iter().enumerate().map(of).collect();
        CodeList::new(Name::new(name).expect("a name"), codes)
    };
    let mut months = list("months", &["May", "June", "July"]);
    for (code, month) in ["05", "06", "07"].iter().enumerate() {
        for year in ["2020", "2021"] {
            months = months.with_alias(&format!("{year}-{month}"), code, None);
        }
    }
    vec![
        list("sites", &["North", "South", "Old", "New", "Unknown"]),
        list("others", &["South", "North"]),
        months,
    ]
}

/// The comparison `y` of table `t` over 2021 and 2020, both whole years of the project, with `change` applied to it.
fn years(change: impl Fn(&mut Value)) -> Comparison {
    let side = |period: &str| json!({ "figures": { "period": period }, "population": "visitors" });
    let mut json = json!({
        "id": "y",
        "charts": [{ "table": "t", "codes": "sites" }],
        "current": side("2021"),
        "previous": side("2020"),
        "why": "x",
    });
    change(&mut json);
    let source = Arc::new(Text {
        path: "t".to_owned(),
        text: json.to_string(),
    });
    let mut diagnostics = Vec::new();
    let node = yaml::parse(&source, &mut diagnostics).expect("YAML");
    let comparison: Option<Comparison> = yaml::decode(&node, &source, &mut diagnostics);
    if let Some(comparison) = &comparison {
        let one = std::slice::from_ref(comparison);
        validate_comparisons(one, &[], &year_lists(), Some(&periods()), &mut diagnostics);
    }
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    comparison.expect("a comparison")
}

fn periods() -> Periods {
    let year = |year: i16| Covered {
        start: date(year, 1, 1),
        end: date(year + 1, 1, 1),
    };
    Periods::from([
        ("2020".to_owned(), year(2020)),
        ("2021".to_owned(), year(2021)),
    ])
}

/// Compares `lines`, of which `period|category|value` is a figure of table `t`.
fn compared(change: impl Fn(&mut Value), lines: &[&str]) -> (Vec<Pair>, Vec<Reconciliation>) {
    let full = |line: &&str| match line.split('|').collect::<Vec<_>>()[..] {
        [period, category, value] => {
            format!("t|chart|{period}|visitors|{category}|count|{value}")
        }
        _ => (*line).to_owned(),
    };
    let lines: Vec<String> = lines.iter().map(full).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    compare(
        &[years(change)],
        &figures(&lines),
        &year_lists(),
        &periods(),
    )
}

/// Compares each pair, as `category: current previous (matched) shares change presence verdict; reason`, with `expected`; what was not evaluated comes last.
#[track_caller]
fn told(change: impl Fn(&mut Value), lines: &[&str], expected: &[&str]) {
    let (pairs, unjudged) = compared(change, lines);
    let mut told: Vec<String> = pairs.iter().map(shown_pair).collect();
    told.extend(unjudged.iter().map(|row| {
        assert_eq!(row.verdict, Verdict::NotEvaluated);
        format!("{}: {}", row.statement, row.evidence)
    }));
    assert_eq!(told, expected, "{told:#?}");
}

fn shown_pair(pair: &Pair) -> String {
    let number = |n: Option<i64>| n.map_or("-".to_owned(), |n| n.to_string());
    let double = |n: Option<f64>| n.map_or("-".to_owned(), |n| format!("{n:.3}"));
    let category = pair.category.as_deref().unwrap_or("total");
    let (now, then) = (&pair.current, &pair.previous);
    format!(
        "{category}: {} {} ({} {}) {} {} {} {} {} {}% {} {}; {}",
        number(now.reported),
        number(then.reported),
        number(now.matched),
        number(then.matched),
        double(now.share),
        double(then.share),
        double(now.share_recorded),
        double(then.share_recorded),
        number(pair.change),
        double(pair.change_percent),
        pair.presence.word(),
        pair.verdict.word(),
        pair.reason
    )
}

/// Both years with every code that is in force.
const BOTH: [&str; 8] = [
    "2021|North|30",
    "2021|South|10",
    "2021|New|20",
    "2021|Unknown|40",
    "2020|North|20",
    "2020|South|0",
    "2020|Old|0",
    "2020|Unknown|20",
];
const SAME: &str = "the same population, months and codes";
const SAME_TOTAL: &str = "the same population and months";

#[test]
fn a_category_that_did_not_exist_is_not_a_zero() {
    // One series has as many values as the other, so that none has vanished.
    told(
        |_| {},
        &BOTH,
        &[
            &format!(
                "North: 30 20 (30 20) 0.300 0.500 0.500 1.000 10 50.000% both comparable; {SAME}"
            ),
            // Of nothing there is no percentage.
            &format!("South: 10 0 (10 0) 0.100 0.000 0.167 0.000 10 -% both comparable; {SAME}"),
            "Old: - - (- -) - - - - - -% neither not_comparable; `Old` did not exist in 2021; `Old` did not exist in 2020",
            "New: 20 - (20 -) 0.200 - 0.333 - - -% only_current not_comparable; `New` did not exist in 2020",
            &format!("Unknown: 40 20 (40 20) 0.400 0.500 - - 20 100.000% both comparable; {SAME}"),
            &format!("total: 100 40 (100 40) - - - - 60 150.000% both comparable; {SAME_TOTAL}"),
        ],
    );
}

#[test]
fn what_is_not_reported_or_no_code_is_not_compared() {
    told(
        |_| {},
        &[
            "2021|North|3",
            "2021|Nrth|1",
            "2021|Old|2",
            "2020|North|4",
            "2020|South|5",
            "2020|Old|0",
        ],
        &[
            &format!(
                "North: 3 4 (3 4) 0.500 0.444 0.500 0.444 -1 -25.000% both comparable; {SAME}"
            ),
            "South: - 5 (- 5) - 0.556 - 0.556 - -% only_previous not_comparable; 2021 reports nothing for `South`",
            "Old: 2 - (2 -) 0.333 - 0.333 - - -% only_current not_comparable; `Old` did not exist in 2020; `Old` was not in force in 2021, which reports it",
            "New: - - (- -) - - - - - -% neither not_comparable; 2021 reports nothing for `New`; `New` did not exist in 2020",
            "Unknown: - - (- -) - - - - - -% neither not_comparable; 2021 reports nothing for `Unknown`; 2020 reports nothing for `Unknown`",
            "Nrth: 1 - (1 -) 0.167 - 0.167 - - -% only_current not_comparable; `Nrth` is no code of `sites` in 2020; `Nrth` is no code of `sites`, and 2021 reports it",
            &format!("total: 6 9 (6 9) - - - - -3 -33.333% both comparable; {SAME_TOTAL}"),
        ],
    );
}

#[test]
fn what_differs_decides_the_verdict() {
    let lines = [
        "2021|North|30",
        "2021|South|10",
        "2020|North|20",
        "2020|South|20",
    ];
    type Change = fn(&mut Value);
    let cases: [(Change, &str, &str); 5] = [
        (|_| {}, "10 50.000% both comparable; ", SAME),
        (
            |json| json["previous"]["population"] = json!("callers"),
            "- -% both not_comparable; ",
            "other population: visitors in 2021, callers in 2020",
        ),
        (
            |json| json["caveat"] = json!("counted\n  by hand"),
            "- -% both partly; ",
            "counted by hand",
        ),
        (
            |json| json["previous"]["coverage"] = json!({ "not_stated": "pages are lost" }),
            "- -% both partly; ",
            "it is not stated which months 2020 covers: pages are lost",
        ),
        (
            |json| {
                json["previous"]["coverage"] =
                    json!({ "start": "2020-04-01", "end": "2021-01-01" });
            },
            "- -% both partly; ",
            "other months: 2021 covers 2021-01 to 2021-12, 2020 covers 2020-04 to 2020-12",
        ),
    ];
    for (change, verdict, reason) in cases {
        let change = |json: &mut Value| {
            json["charts"][0]["codes"] = json!("others");
            change(json);
        };
        let (pairs, unjudged) = compared(change, &lines);
        assert!(unjudged.is_empty());
        let north = pairs
            .iter()
            .find(|pair| pair.category.as_deref() == Some("North"));
        let north = shown_pair(north.expect("North"));
        assert!(north.ends_with(&format!("{verdict}{reason}")), "{north}");
        // Shares say something of each year on its own.
        assert!(north.contains(" 0.750 0.500 "), "{north}");
    }
}

#[test]
fn matched_figures_are_those_of_what_both_years_cover() {
    let nine = |json: &mut Value| {
        json["previous"]["coverage"] = json!({ "start": "2020-04-01", "end": "2021-01-01" });
        json["charts"][0]["codes"] = json!("others");
    };
    let reason = "other months: 2021 covers 2021-01 to 2021-12, 2020 covers 2020-04 to 2020-12";
    // The detail of 2021 by month is not known here.
    told(
        nine,
        &[
            "2021|North|30",
            "2021|South|10",
            "2020|North|20",
            "2020|South|20",
        ],
        &[
            &format!("South: 10 20 (- 20) 0.250 0.500 0.250 0.500 - -% both partly; {reason}"),
            &format!("North: 30 20 (- 20) 0.750 0.500 0.750 0.500 - -% both partly; {reason}"),
            &format!("total: 40 40 (- 40) - - - - - -% both partly; {reason}"),
        ],
    );
}

#[test]
fn another_list_is_another_category_of_the_same_name() {
    let lists = "other code list: others in 2021, sites in 2020";
    told(
        |json| json["current"]["figures"]["codes"] = json!("others"),
        &[
            "2021|North|30",
            "2021|South|10",
            "2021|South-East|1",
            "2020|North|20",
            "2020|South|20",
            "2020|Unknown|5",
        ],
        &[
            &format!(
                "South: 10 20 (10 20) 0.244 0.444 0.244 0.500 - -% both not_comparable; {lists}"
            ),
            &format!(
                "North: 30 20 (30 20) 0.732 0.444 0.732 0.500 - -% both not_comparable; {lists}"
            ),
            &format!(
                "Old: - - (- -) - - - - - -% neither not_comparable; {lists}; `Old` is no code of `others` in 2021; `Old` did not exist in 2020"
            ),
            &format!(
                "New: - - (- -) - - - - - -% neither not_comparable; {lists}; `New` is no code of `others` in 2021; `New` did not exist in 2020"
            ),
            &format!(
                "Unknown: - 5 (- 5) - 0.111 - - - -% only_previous not_comparable; {lists}; `Unknown` is no code of `others` in 2021"
            ),
            &format!(
                "South-East: 1 - (1 -) 0.024 - 0.024 - - -% only_current not_comparable; {lists}; `South-East` is no code of `sites` in 2020; `South-East` is no code of `others`, and 2021 reports it"
            ),
            // A total asks for no code.
            &format!("total: 41 45 (41 45) - - - - -4 -8.889% both comparable; {SAME_TOTAL}"),
        ],
    );
}
