//! Places: every label of the report is resolved as the reference says, on the day that counts, and what is wrong with it is told.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{DELIVERY, Project, Row, Sheet, parquet_cells, repository};

/// A case with an area, as the export has it.
struct Case<'c> {
    key: &'c str,
    opened: &'c str,
    closed: &'c str,
    area: &'c str,
}

/// The project over these cases alone.
fn run(cases: &[Case<'_>]) -> (Project, BTreeMap<String, BTreeMap<String, Option<String>>>) {
    let project = Project::small();
    project.edit(&format!("{DELIVERY}/cases.csv"), |before| {
        let header = before.lines().next().expect("a header");
        let mut text = format!("{header}\n");
        for case in cases {
            let cell = |name: &str| match name {
                "case_ref" => case.key,
                "referral_ref" => "R00001",
                "person_ref" => "P00001",
                "opened_on" => case.opened,
                "closed_on" => case.closed,
                "status" => "Closed",
                "closure_outcome" => "Standard - declined",
                "area" => case.area,
                _ => "",
            };
            let cells: Vec<&str> = header.split(',').map(cell).collect();
            text.push_str(&format!("{}\n", cells.join(",")));
        }
        text
    });
    project.run("--fail-on never").expect(0);
    let clean = parquet_cells(&project.path("out/current/clean/cases.parquet"));
    let key = |row: &BTreeMap<String, Option<String>>| row["case_ref"].clone().expect("a key");
    let clean = clean.into_iter().map(|row| (key(&row), row)).collect();
    (project, clean)
}

fn labels() -> Vec<Row> {
    let labels = Sheet::read(&repository("tests/it/data/ward_aliases.csv")).rows;
    assert_eq!(labels.len(), 60);
    labels
}

/// The label as the report and the exports write it.
fn printed(label: &Row) -> String {
    match &label["group_in_seed"] {
        group if group == &label["seed_label"] => group.to_owned(),
        group @ ("City" | "County" | "Rutland") => format!("{} ({group})", &label["seed_label"]),
        _ if &label["seed_label"] == "Laugham" => "Langham (City)".to_owned(),
        _ => label["seed_label"].to_owned(),
    }
}

/// Places by code, and the groups above them.
struct Places(BTreeMap<String, Row>);

impl Places {
    fn read() -> Self {
        let rows = Sheet::read(&repository("rules/reference/places.csv")).rows;
        Self(
            rows.into_iter()
                .map(|row| (row["code"].to_owned(), row))
                .collect(),
        )
    }

    fn group(&self, code: &str) -> &str {
        let place = &self.0[code];
        match (&place["level"], &place["parent"]) {
            ("group", _) => &place["label"],
            (_, "") => "-",
            (_, parent) => self.group(parent),
        }
    }
}

#[test]
fn each_label_of_the_report_resolves_as_the_reference_says() {
    let labels = labels();
    let years = [
        ("2015-16", "2015-08-03", "2015-09-01"),
        ("2016-17", "2016-11-02", "2016-12-01"),
    ];
    let written: Vec<(String, String, &str, &str)> = labels
        .iter()
        .flat_map(|label| {
            let of_year = |(year, opened, closed): &(&str, &'static str, &'static str)| {
                let key = format!("{}/{year}", &label["seed_label"]);
                (key, printed(label), *opened, *closed)
            };
            years.iter().map(of_year).collect::<Vec<_>>()
        })
        .collect();
    let cases: Vec<Case<'_>> = written
        .iter()
        .map(|(key, area, opened, closed)| Case {
            key,
            opened,
            closed,
            area,
        })
        .collect();
    let (project, clean) = run(&cases);
    let places = Places::read();
    let facts = parquet_cells(&project.path("out/current/model/case_facts.parquet"));
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in log.iter().filter(|row| &row["kind"] == "accepted_values") {
        let of = told.entry(row["record_key"].to_owned()).or_default();
        of.insert(row["likely_cause"].to_owned());
    }
    for label in &labels {
        for (year, _, _) in years {
            let key = format!("{}/{year}", &label["seed_label"]);
            let place = clean[&key]["place"].clone().unwrap_or_default();
            let found = &places.0[&place];
            // Places that the reference has no official code for are kept under one of the list's own.
            match (&label["gss_code"], &label["canonical"]) {
                ("", canonical) => {
                    assert!(!place.starts_with('E'), "{key}: {place} for {canonical}")
                }
                (code, canonical) => {
                    assert_eq!(place, code, "{key}");
                    let name = canonical.split(" (").next().expect("a name");
                    assert_eq!(&found["label"], name, "{key}");
                }
            }
            let level = match place.get(..3) {
                Some("E05" | "00F") => "ward",
                Some("E06") => "unitary authority",
                Some("E07") => "district",
                Some("L00") => "neighbourhood",
                _ => &found["level"],
            };
            assert_eq!(&found["level"], level, "{key}");
            assert_eq!(places.group(&place), &label["true_group"], "{key}");
            let fact = facts
                .iter()
                .find(|fact| fact["case_ref"].as_deref() == Some(&key));
            let Some(fact) = fact else {
                assert_eq!(year, "2015-16", "{key} is not in the model");
                continue;
            };
            let fact = |column: &str| fact[column].clone().unwrap_or("-".to_owned());
            let confidence = label["confidence"].replace(' ', "_");
            assert_eq!(fact("place_confidence"), confidence, "{key}");
            assert_eq!(fact("place_group"), &label["true_group"], "{key}");
        }
        let kind = &label["kind"];
        let causes = |year: &str| {
            let key = format!("{}/{year}", &label["seed_label"]);
            told.get(&key).cloned().unwrap_or_default()
        };
        let wrong_group = label["note"].contains("WRONG GROUP");
        let want = match kind {
            _ if wrong_group => Some("wrong_group"),
            "misspelling" | "misspelling of abolished ward" | "district, wrong name" => {
                Some("misspelling")
            }
            "old spelling" => Some("old_name"),
            _ if kind.starts_with("ward abolished") => Some("retired"),
            "civil parish" => Some("part_of"),
            _ if ["neighbourhood", "part of", "town"]
                .iter()
                .any(|part| kind.starts_with(part)) =>
            {
                Some("part_of")
            }
            _ => None,
        };
        for (year, _, _) in years {
            let want: BTreeSet<String> = want.map(str::to_owned).into_iter().collect();
            assert_eq!(causes(year), want, "{} of {year}", &label["seed_label"]);
        }
    }
}

#[test]
fn a_name_means_another_ward_from_the_day_on_which_the_wards_changed() {
    let (_, clean) = run(&[
        Case {
            key: "C1",
            opened: "2015-05-06",
            closed: "2015-09-01",
            area: "Abbey (City)",
        },
        Case {
            key: "C2",
            opened: "07/05/2015",
            closed: "2015-09-01",
            area: "Abbey",
        },
        Case {
            key: "C3",
            opened: "2002-01-05",
            closed: "2015-09-01",
            area: "Abbey (City)",
        },
    ]);
    let place = |key: &str| clean[key]["place"].clone().expect("a place");
    assert_eq!(
        [place("C1"), place("C2"), place("C3")],
        ["E05001784", "E05010458", "00FNMA"]
    );
}

#[test]
fn the_list_of_places_holds_each_ward_of_the_reference_with_its_period() {
    let places = Places::read();
    let wards = Sheet::read(&repository("tests/it/data/wards.csv")).rows;
    assert!(wards.len() > 300);
    for ward in wards {
        let place = &places.0[&ward["gss_code"]];
        let told =
            ["label", "parent", "valid_from", "valid_to", "level"].map(|column| &place[column]);
        let want = [
            &ward["ward"],
            &ward["district_code"],
            &ward["valid_from"],
            &ward["valid_to"],
            "ward",
        ];
        assert_eq!(told, want);
        assert_eq!(places.0[&ward["district_code"]]["label"], ward["district"]);
        assert_eq!(places.group(&ward["gss_code"]), &ward["county_group"]);
    }
}
