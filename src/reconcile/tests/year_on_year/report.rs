//! The publication's own charts, with expectations worked out by hand from its text.

use std::path::Path;

use super::{super::super::published::parse, *};
use crate::project;

/// The report's charts of two years, with figures added and divided by hand from `report/annual-report-2016-17.txt`.
#[test]
fn the_charts_of_the_publication_are_judged_as_its_text_has_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = project::load(root).expect("a valid project");
    let file = "fixtures/published/published_figures.csv";
    let figures = parse(file, &std::fs::read(root.join(file)).expect(file)).expect("figures");
    let mut diagnostics = Vec::new();
    let comparisons: Vec<Comparison> = project
        .comparisons
        .iter()
        .filter_map(|c| yaml::decode(&c.node, &c.source, &mut diagnostics))
        .collect();
    let periods = project.periods.iter();
    let periods = periods.map(|p| {
        (
            p.id.clone(),
            Covered {
                start: p.start,
                end: p.end,
            },
        )
    });
    let periods: Periods = periods.collect();
    validate_comparisons(
        &comparisons,
        &[],
        &project.lists,
        Some(&periods),
        &mut diagnostics,
    );
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");

    let (pairs, unjudged) = compare(&comparisons, &figures, &project.lists, &periods);
    // Twelve charts of section 13 show two years: lines 701 to 759.
    let mut totals = pairs.iter().filter(|pair| pair.category.is_none());
    let shown: Vec<String> = totals
        .by_ref()
        .map(|pair| {
            let number = |n: Option<i64>| n.map_or("-".to_owned(), |n| n.to_string());
            format!(
                "{} {} {} ({} {}) {}",
                pair.table,
                number(pair.current.reported),
                number(pair.previous.reported),
                number(pair.current.matched),
                number(pair.previous.matched),
                pair.verdict.word()
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            // Lines 702 and 703: 449 + 468 + … + 1146 = 5720; 965 + 922 + … + 1139 = 9897 of 13271.
            "referred_by_month 13271 5720 (9897 5720) partly",
            // Line 716: which months they are from is not stated, so that nothing is matched.
            "referral_source_yoy 13270 8456 (- -) partly",
            // Lines 720 and 754, line 4: closed cases and open cases.
            "crime_type_yoy 12814 5854 (- 5854) not_comparable",
            "area_yoy 12619 6136 (- 6136) not_comparable",
            // Lines 724 to 750.
            "gender_yoy 2054 1540 (- 1540) not_comparable",
            "age_yoy 2054 1540 (- 1540) not_comparable",
            "disability_yoy 2054 1540 (- 1540) not_comparable",
            "religion_yoy 2045 1540 (- 1540) not_comparable",
            "sexual_orientation_yoy 2054 1540 (- 1540) not_comparable",
            "ethnicity_yoy 2055 1512 (- 1512) not_comparable",
            "communication_needs_yoy 2054 1255 (- 1255) not_comparable",
            // Line 759: seventeen values, 609 + 67 + … + 0 + 1 = 1348.
            "length_of_support_yoy 2054 1348 (- 1348) not_comparable",
        ]
    );
    let unjudged: Vec<String> = unjudged
        .iter()
        .map(|r| format!("{}: {}", r.statement, r.evidence))
        .collect();
    assert_eq!(
        unjudged,
        [
            "year_on_year.length_of_support[table=length_of_support_yoy;period=2015-16]: 17 values under 22 labels; the project does not say where they belong"
        ]
    );
    assert!(
        pairs
            .iter()
            .all(|p| p.change.is_none() && p.change_percent.is_none())
    );

    let told = |table: &str, category: &str| {
        let mut found = pairs
            .iter()
            .filter(|p| p.table == table && p.category.as_deref() == Some(category));
        shown_pair(
            found
                .next()
                .unwrap_or_else(|| panic!("{category} of {table}")),
        )
    };
    let doubt = "the report calls the two years difficult to compare, given different reporting mechanisms (line 7)";
    let open = "the report says that this year's data are from closed cases and last year's from open ones (line 4)";
    let months =
        "other months: 2016-17 covers 2016-10 to 2017-09, 2015-16 covers 2016-01 to 2016-09";
    let enhanced = "other population: enhanced in 2016-17, enhanced among open cases in 2015-16";
    for (table, category, expected) in [
        // Line 702: the first value is January's, not October's. 965 of 9897 and 449 of 5720.
        (
            "referred_by_month",
            "Jan",
            format!("965 449 (965 449) 0.098 0.078 0.098 0.078 - -% both partly; {doubt}"),
        ),
        (
            "referred_by_month",
            "Sept",
            format!("1139 1146 (1139 1146) 0.115 0.200 0.115 0.200 - -% both partly; {doubt}"),
        ),
        (
            "referred_by_month",
            "Oct",
            format!(
                "1174 - (- -) - - - - - -% only_current not_comparable; 2015-16 does not cover Oct; {doubt}"
            ),
        ),
        // Line 724: 1289 of 2054, of 2047 without Unknown; 1010 of 1540, of 1514.
        (
            "gender_yoy",
            "Female",
            format!(
                "1289 1010 (- 1010) 0.628 0.656 0.630 0.667 - -% both not_comparable; {enhanced}; {months}; {open}"
            ),
        ),
        // A refusal is an answer.
        (
            "gender_yoy",
            "Prefer Not to Say",
            format!(
                "0 2 (- 2) 0.000 0.001 0.000 0.001 - -% both not_comparable; {enhanced}; {months}; {open}"
            ),
        ),
        (
            "gender_yoy",
            "Unknown",
            format!(
                "7 26 (- 26) 0.003 0.017 - - - -% both not_comparable; {enhanced}; {months}; {open}"
            ),
        ),
        // Line 742: 410 of 2045 against 118 of 1540, and of those recorded 410 of 1286 against 118 of 553.
        (
            "religion_yoy",
            "Christian (all denominations)",
            format!(
                "410 118 (- 118) 0.200 0.077 0.319 0.213 - -% both not_comparable; {enhanced}; {months}; {open}"
            ),
        ),
        // Line 759: 68 is the eighth value, and nobody says that it is that of the eighth label.
        (
            "length_of_support_yoy",
            "1-2 Months",
            format!(
                "386 - (- -) 0.188 - 0.188 - - -% not_known not_comparable; {enhanced}; 2015-16: 17 values under 22 labels; the project does not say where they belong; {months}; {open}"
            ),
        ),
        // Line 754: what ended in 2015 and is reported in both years.
        (
            "area_yoy",
            "Coleman (City)",
            format!(
                "143 32 (- 32) 0.011 0.005 0.012 0.007 - -% both not_comparable; other population: closed in 2016-17, open cases in 2015-16; {months}; `Coleman (City)` was not in force in 2016-17, which reports it; `Coleman (City)` was not in force in 2015-16, which reports it; {open}"
            ),
        ),
        // Renamed and misspelt labels are the same code in both years.
        (
            "area_yoy",
            "Spinney Hills (City)",
            format!(
                "198 73 (- 73) 0.016 0.012 0.016 0.016 - -% both not_comparable; other population: closed in 2016-17, open cases in 2015-16; {months}; {open}"
            ),
        ),
    ] {
        assert_eq!(told(table, category), format!("{category}: {expected}"));
    }
}
