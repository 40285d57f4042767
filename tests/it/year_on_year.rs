//! Two years side by side: what the run writes, and what it says when the project says less or more.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Project, Row, Sheet, Spoken, fixture, parquet_columns, parquet_rows};

const FILE: &str = "aggregates/year_on_year.csv";
const DECLARED: &str = "rules/totals/year_on_year.yaml";

/// The columns, as `docs/outputs.md` has them.
const COLUMNS: [&str; 30] = [
    "comparison",
    "table",
    "level",
    "category",
    "sort",
    "period_current",
    "period_previous",
    "population_current",
    "population_previous",
    "coverage_current",
    "coverage_previous",
    "codes_current",
    "codes_previous",
    "current",
    "previous",
    "current_matched",
    "previous_matched",
    "presence",
    "absence_current",
    "absence_previous",
    "share_current",
    "share_previous",
    "share_current_recorded",
    "share_previous_recorded",
    "change",
    "change_percent",
    "verdict",
    "reason",
    "stated_at_current",
    "stated_at_previous",
];

fn number(cell: &str) -> Option<i64> {
    (!cell.is_empty()).then(|| cell.parse().expect("a whole number"))
}

/// The run of a changed project.
fn run(project: &Project) -> (Spoken, Sheet) {
    let spoken = project.run("").expect(0);
    let sheet = Sheet::read(&project.path(&format!("{}/{FILE}", spoken.folder())));
    (spoken, sheet)
}

fn find<'s>(sheet: &'s Sheet, table: &str, category: &str) -> &'s Row {
    let mut rows = sheet.rows.iter();
    rows.find(|row| &row["table"] == table && &row["category"] == category)
        .unwrap_or_else(|| panic!("no `{category}` of {table}"))
}

/// A ratio as the file has it, to twelve decimals.
fn is_ratio(cell: &str, part: u32, whole: u32) -> bool {
    let cell: f64 = cell.parse().expect("a number");
    (cell - f64::from(part) / f64::from(whole)).abs() < 1e-12
}

#[test]
fn no_change_is_printed_for_what_is_not_comparable() {
    let sheet = fixture().sheet(FILE);
    assert_eq!(sheet.header, COLUMNS);
    let parquet = fixture().path("aggregates/year_on_year.parquet");
    assert_eq!(parquet_columns(&parquet), COLUMNS);
    assert_eq!(parquet_rows(&parquet), sheet.rows.len());
    assert!(sheet.rows.len() > 200, "{} rows", sheet.rows.len());
    for row in &sheet.rows {
        assert!(
            ["comparable", "partly", "not_comparable"].contains(&&row["verdict"]),
            "{row:?}"
        );
        assert!(!row["reason"].is_empty(), "{row:?}");
        if &row["verdict"] != "comparable" {
            assert_eq!(
                [&row["change"], &row["change_percent"]],
                ["", ""],
                "{row:?}"
            );
        }
        for side in ["current", "previous"] {
            // A figure is there, with its place, or the reason why it is not.
            let cell = |name: &str| row[&format!("{name}_{side}")].to_owned();
            let (absent, place) = (cell("absence"), cell("stated_at"));
            assert_eq!(row[side].is_empty(), !absent.is_empty(), "{row:?}");
            assert_eq!(row[side].is_empty(), place.is_empty(), "{row:?}");
            if !row[side].is_empty() {
                assert!(
                    place.starts_with("fixtures/published/published_figures.csv:"),
                    "{row:?}"
                );
            }
        }
    }
    // Not being comparable is nothing wrong with the data.
    let log = fixture().sheet("discrepancies.csv").rows;
    assert!(
        log.iter()
            .all(|row| !row["rule_id"].starts_with("year_on_year."))
    );
}

#[test]
fn categories_add_up_to_the_totals_and_shares_to_one() {
    let sheet = fixture().sheet(FILE);
    let mut charts: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &sheet.rows {
        charts.entry(&row["table"]).or_default().push(row);
    }
    assert_eq!(charts.len(), 12);
    let mut added = 0;
    for (table, rows) in charts {
        let (total, categories) = rows.split_last().expect("rows");
        assert_eq!(
            (&total["level"], &total["category"]),
            ("total", ""),
            "{table}"
        );
        for side in ["current", "previous"] {
            if categories.iter().any(|row| &row["presence"] == "not_known") && side == "previous" {
                continue;
            }
            let sum: i64 = categories.iter().filter_map(|row| number(&row[side])).sum();
            assert_eq!(number(&total[side]), Some(sum), "{table} {side}");
            let shares = |kind: &str| -> f64 {
                let cells = categories
                    .iter()
                    .map(|row| &row[&format!("share_{side}{kind}")]);
                cells.filter_map(|cell| cell.parse::<f64>().ok()).sum()
            };
            for kind in ["", "_recorded"] {
                assert!((shares(kind) - 1.0).abs() < 1e-9, "{table} {side}{kind}");
            }
            added += 1;
        }
    }
    assert_eq!(added, 23);
}

#[test]
fn figures_are_those_of_the_publication() {
    let sheet = fixture().sheet(FILE);
    let source = "referral_source_yoy";
    // Line 716: 452 of 13,270 and 181 of 8,456; without the 3 and the 32 Unknown.
    let fraud = find(&sheet, source, "Action Fraud");
    assert_eq!([&fraud["current"], &fraud["previous"]], ["452", "181"]);
    for (column, part, whole) in [
        ("share_current", 452, 13_270),
        ("share_previous", 181, 8_456),
        ("share_current_recorded", 452, 13_267),
        ("share_previous_recorded", 181, 8_424),
    ] {
        assert!(
            is_ratio(&fraud[column], part, whole),
            "{column}: {}",
            &fraud[column]
        );
    }
    assert_eq!(
        [&fraud["coverage_current"], &fraud["coverage_previous"]],
        ["2016-10 to 2017-09", ""]
    );
    let unknown = find(&sheet, source, "Unknown");
    let shares = ["share_current_recorded", "share_previous_recorded"];
    assert_eq!(shares.map(|column| &unknown[column]), ["", ""]);
    // Lines 702 and 703: what the report shows side by side, and the months that both years have.
    let total = find(&sheet, "referred_by_month", "");
    let figures = ["current", "previous", "current_matched", "previous_matched"];
    assert_eq!(
        figures.map(|column| &total[column]),
        ["13271", "5720", "9897", "5720"]
    );
    let covered: BTreeSet<(&str, &str)> = sheet
        .rows
        .iter()
        .filter(|row| &row["table"] == "referred_by_month" && &row["level"] == "category")
        .filter(|row| row["previous"].is_empty())
        .map(|row| (&row["category"], &row["absence_previous"]))
        .collect();
    let lacking = ["Dec", "Nov", "Oct"].map(|month| (month, "not_covered"));
    assert_eq!(covered, BTreeSet::from(lacking));
    // Line 759: each of the twenty-two lengths, of the seventeen values none.
    let lengths: Vec<&Row> = sheet
        .rows
        .iter()
        .filter(|row| &row["table"] == "length_of_support_yoy")
        .collect();
    assert_eq!(lengths.len(), 23);
    assert_eq!(
        lengths
            .iter()
            .filter(|row| &row["absence_previous"] == "not_placed")
            .count(),
        22
    );
    let told = fixture().sheet("reconciliations.csv").rows;
    let told: Vec<&Row> = told
        .iter()
        .filter(|row| row["rule_id"].starts_with("year_on_year."))
        .collect();
    let [row] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(&row["verdict"], "not_evaluated");
    assert_eq!(&row["period"], "2015-16");
    assert_eq!(
        &row["evidence"],
        "17 values under 22 labels; the project does not say where they belong"
    );
}

#[test]
fn a_change_is_printed_once_nothing_speaks_against_it() {
    let project = Project::small();
    let caveat = "    caveat: the report calls the two years difficult to compare, given different reporting mechanisms (line 7)\n";
    project.edit(DECLARED, |text| text.replacen(caveat, "", 1));
    let (_, sheet) = run(&project);
    let month = |name: &str| find(&sheet, "referred_by_month", name);
    // 965 − 449 = 516, and 516 of 449; 1139 − 1146 = −7.
    for (name, change, part, whole) in [("Jan", "516", 51_600, 449), ("Feb", "454", 45_400, 468)] {
        let row = month(name);
        assert_eq!([&row["verdict"], &row["change"]], ["comparable", change]);
        assert!(is_ratio(&row["change_percent"], part, whole), "{row:?}");
    }
    assert_eq!(
        [&month("Sept")["verdict"], &month("Sept")["change"]],
        ["comparable", "-7"]
    );
    assert_eq!(
        [&month("Oct")["verdict"], &month("Oct")["change"]],
        ["not_comparable", ""]
    );
    // The totals are of twelve months and of nine.
    assert_eq!(
        [&month("")["verdict"], &month("")["change_percent"]],
        ["partly", ""]
    );
}

#[test]
fn without_a_word_of_the_project_no_value_is_put_under_a_label() {
    let project = Project::small();
    project.edit(DECLARED, |text| {
        let said = "      values_under: [Jan, Feb, Mar, Apr, May, June, July, Aug, Sept]\n";
        text.replacen(said, "", 1).replace("      labels: 12\n", "")
    });
    let (spoken, sheet) = run(&project);
    for row in sheet
        .rows
        .iter()
        .filter(|row| &row["table"] == "referred_by_month")
    {
        let total = &row["level"] == "total";
        assert_eq!(row["previous"].is_empty(), !total, "{row:?}");
        assert_eq!(&row["presence"], if total { "both" } else { "not_known" });
        assert_eq!(
            [&row["current_matched"], &row["previous_matched"]],
            ["", ""]
        );
    }
    let rows = Sheet::read(&project.path(&format!("{}/reconciliations.csv", spoken.folder()))).rows;
    let id = "year_on_year.referred_by_month[table=referred_by_month;period=2015-16]";
    let row = rows
        .iter()
        .find(|row| &row["statement"] == id)
        .expect("a row");
    assert_eq!(
        &row["evidence"],
        "9 values under 12 labels; the project does not say where they belong"
    );
}

#[test]
fn mistakes_of_comparisons_are_told_with_those_of_statements() {
    let project = Project::small();
    project.edit(DECLARED, |text| {
        text.replacen("codes: month }", "codes: moths }", 1)
            .replacen("values_under: [Jan,", "values_under: [Jam,", 1)
            .replacen("caveat:", "caveats:", 1)
    });
    project.edit("rules/totals/shares.yaml", |text| {
        text.replacen("severity:", "severty:", 1)
    });
    let spoken = project.run("").expect(2);
    for said in [
        "unknown key `caveats`",
        "did you mean `caveat`?",
        "there is no code list `moths`",
        "did you mean `month`?",
        "unknown key `severty`",
        DECLARED,
        "rules/totals/shares.yaml",
    ] {
        assert!(
            spoken.stderr.contains(said),
            "{said} is not in {}",
            spoken.stderr
        );
    }
    let taken = Project::small();
    let query = crate::harness::read(&taken.path("sql/aggregates/age.sql"));
    std::fs::write(taken.path("sql/aggregates/year_on_year.sql"), query).expect("a file");
    let spoken = taken.run("").expect(2);
    assert!(
        spoken
            .stderr
            .contains("comparisons are written under this name"),
        "{}",
        spoken.stderr
    );
}
