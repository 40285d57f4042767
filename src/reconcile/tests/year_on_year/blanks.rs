//! Months, values that lost their blank cells, and sides of which nothing can be said.

use super::*;

fn by_month(json: &mut Value) {
    json["charts"][0]["codes"] = json!("months");
    json["by_month"] = json!(true);
    json["current"]["coverage"] = json!({ "start": "2021-05-01", "end": "2021-08-01" });
    json["previous"]["coverage"] = json!({ "start": "2020-06-01", "end": "2020-08-01" });
}

#[test]
fn months_that_both_years_have_stand_beside_what_was_reported() {
    let uncovered =
        "May: 40 - (- -) - - - - - -% only_current not_comparable; 2020 does not cover May";
    let expected = [
        uncovered.to_owned(),
        format!("June: 30 10 (30 10) 0.600 0.250 0.600 0.250 20 200.000% both comparable; {SAME}"),
        format!("July: 20 30 (20 30) 0.400 0.750 0.400 0.750 -10 -33.333% both comparable; {SAME}"),
        "total: 90 40 (50 40) - - - - - -% both partly; other months: 2021 covers 2021-05 to 2021-07, 2020 covers 2020-06 to 2020-07".to_owned(),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let now = ["2021|May|40", "2021|June|30", "2021|July|20"];
    let said = |json: &mut Value| {
        by_month(json);
        json["previous"]["values_under"] = json!(["June", "July"]);
    };
    // Whatever stands beside them: right labels, those of a guess from the left, or none; only their order counts.
    for then in [
        ["2020|June|10", "2020|July|30"],
        ["2020|May|10", "2020|June|30"],
        ["2020|#1|10", "2020|#2|30"],
    ] {
        told(said, &[&now[..], &then[..]].concat(), &expected);
    }
    told(
        said,
        &[&["2020|#2|30", "2020|#1|10"], &now[..]].concat(),
        &expected,
    );
    // A month outside what is covered: its zero is none, any other number contradicts what the project says.
    told(
        by_month,
        &[&now[..], &["2020|May|0", "2020|June|10", "2020|July|30"]].concat(),
        &expected,
    );
    let mut contradicting = expected.clone();
    contradicting[0] = "May: 40 1 (- -) - - - - - -% both not_comparable; 2020 reports May, which it does not cover";
    contradicting[3] = "total: 90 41 (50 40) - - - - - -% both partly; other months: 2021 covers 2021-05 to 2021-07, 2020 covers 2020-06 to 2020-07";
    told(
        by_month,
        &[&now[..], &["2020|May|1", "2020|June|10", "2020|July|30"]].concat(),
        &contradicting,
    );
}

#[test]
fn values_that_lost_their_blank_cells_are_never_aligned_by_guess() {
    let now = ["2021|May|40", "2021|June|30", "2021|July|20"];
    let unplaced = |reason: &str| {
        let mut told: Vec<String> = [("May", 40), ("June", 30), ("July", 20)]
            .iter()
            .map(|(month, n)| {
                format!(
                    "{month}: {n} - (- -) - - - - - -% not_known not_comparable; 2020: {reason}"
                )
            })
            .collect();
        let other = "other months: 2021 covers 2021-05 to 2021-07, 2020 covers 2020-06 to 2020-07";
        told.push(format!(
            "total: 90 40 (- -) - - - - - -% both partly; {other}"
        ));
        told.push(format!("y[table=t;period=2020]: {reason}"));
        told
    };
    let unsaid = "the project does not say where they belong";
    type Change = fn(&mut Value);
    let cases: [(Change, [&str; 2], String); 6] = [
        // The other series of the chart has three values: so three labels stand on its axis.
        (
            by_month,
            ["2020|June|10", "2020|July|30"],
            format!("2 values under 3 labels; {unsaid}"),
        ),
        (
            by_month,
            ["2020|#1|10", "2020|#2|30"],
            format!("2 values under 3 labels; {unsaid}"),
        ),
        (
            |json| {
                by_month(json);
                json["previous"]["labels"] = json!(12);
            },
            ["2020|June|10", "2020|July|30"],
            format!("2 values under 12 labels; {unsaid}"),
        ),
        (
            |json| {
                by_month(json);
                json["previous"]["labels"] = json!(2);
            },
            ["2020|#1|10", "2020|#2|30"],
            format!("2 values without labels; {unsaid}"),
        ),
        (
            |json| {
                by_month(json);
                json["previous"]["labels"] = json!(1);
            },
            ["2020|June|10", "2020|July|30"],
            "2 values under 1 labels, which is too many".to_owned(),
        ),
        (
            |json| {
                by_month(json);
                json["previous"]["values_under"] = json!(["May", "June", "July"]);
            },
            ["2020|June|10", "2020|July|30"],
            "2 values, and the project says where 3 belong".to_owned(),
        ),
    ];
    for (change, then, reason) in cases {
        let expected = unplaced(&reason);
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        told(change, &[&now[..], &then[..]].concat(), &expected);
    }
    // Figures of the detail and of a table of its own stand beside their categories: fewer are not fewer of a chart's.
    told(
        by_month,
        &[
            "t|chart|2021|visitors|May|count|40",
            "t|computed|2020|visitors|June|count|10",
        ],
        &[
            "May: 40 - (- -) - - - - - -% only_current not_comparable; 2020 does not cover May",
            "June: - 10 (- -) - - - - - -% only_previous not_comparable; 2021 reports nothing for `June`",
            "July: - - (- -) - - - - - -% neither not_comparable; 2021 reports nothing for `July`; 2020 reports nothing for `July`",
            "total: 40 10 (- -) - - - - - -% both partly; other months: 2021 covers 2021-05 to 2021-07, 2020 covers 2020-06 to 2020-07",
        ],
    );
}

#[test]
fn what_cannot_be_compared_at_all_is_said() {
    let right = "t|chart|2020|visitors|North|count|1";
    for (lines, reason) in [
        (
            vec![right],
            "y[table=t;period=2021]: `current` selects no figure (table: t; period: 2021; codes: sites)",
        ),
        (
            vec![
                right,
                "t|chart|2021|visitors|North|count|1",
                "t|text|2021|visitors|South|count|1",
            ],
            "y[table=t;period=2021]: `current` selects figures of origin chart and text: choose one",
        ),
        (
            vec![right, "t|chart|2021|visitors|North|count|1.5"],
            "y[table=t;period=2021]: `current` selects 1.5, and years are compared in whole numbers",
        ),
        (
            vec![
                right,
                "t|chart|2021|visitors|North|percent|1",
                "t|chart|2021|visitors|North|count|1",
            ],
            "y[table=t;period=2021]: `current` selects figures of measure count and percent: choose one",
        ),
    ] {
        told(|_| {}, &lines, &[reason]);
    }
    // A word that no figure has is said, and the rest compared.
    told(
        |json| json["current"]["figures"]["category"] = json!(["North", "South"]),
        &["2021|North|2.0", "2020|North|1"],
        &[
            &format!("North: 2 1 (2 1) 1.000 1.000 1.000 1.000 1 100.000% both comparable; {SAME}"),
            "South: - - (- -) - - - - - -% neither not_comparable; 2021 reports nothing for `South`; 2020 reports nothing for `South`",
            "Old: - - (- -) - - - - - -% neither not_comparable; `Old` did not exist in 2021; `Old` did not exist in 2020",
            "New: - - (- -) - - - - - -% neither not_comparable; 2021 reports nothing for `New`; `New` did not exist in 2020",
            "Unknown: - - (- -) - - - - - -% neither not_comparable; 2021 reports nothing for `Unknown`; 2020 reports nothing for `Unknown`",
            &format!("total: 2 1 (2 1) - - - - 1 100.000% both comparable; {SAME_TOTAL}"),
            "y[table=t;period=2021][current]: `current` selects no figure of category `South`",
        ],
    );
    // A category twice has no figure; the sum of both is of no use either way.
    told(
        |json| {
            json["charts"][0]["codes"] = json!("others");
            json["current"]["labels"] = json!(2);
        },
        &[
            "2021|North|1",
            "2021|North|2",
            "t|computed|2020|visitors|North|count|1",
        ],
        &[
            "South: - - (- -) - - - - - -% not_known not_comparable; 2021: two values for `North`, at f:1 and f:2; the project does not say where they belong; 2020 reports nothing for `South`",
            "North: - 1 (- 1) - 1.000 - 1.000 - -% not_known not_comparable; 2021: two values for `North`, at f:1 and f:2; the project does not say where they belong",
            &format!("total: 3 1 (3 1) - - - - 2 200.000% both comparable; {SAME_TOTAL}"),
            "y[table=t;period=2021]: two values for `North`, at f:1 and f:2; the project does not say where they belong",
        ],
    );
}
