//! Control totals that the detail counts otherwise: known records are removed, duplicated, re-coded and re-dated, and each
//! total that breaks names what became of them and lists them.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Project, Row, Sheet, fixture, parquet_rows};

const DELIVERY: &str = "fixtures/exports/2016-17";
/// A closed case with enhanced support and no finding about it, and its person.
const CASE: &str = "C00166";
const PERSON: &str = "P00295";
/// A referral of the period.
const REFERRAL: &str = "R00790";

/// A project whose control totals are those of the unchanged delivery: all of them agree.
fn supplied() -> Project {
    let project = Project::whole();
    let aggregates: BTreeSet<String> = Sheet::read(&fixture().path("reconciliations.csv"))
        .rows
        .iter()
        .map(|row| row["computed_at"].to_owned())
        .filter_map(|place| {
            Some(
                place
                    .strip_prefix("aggregates/")?
                    .split_once(".csv")?
                    .0
                    .to_owned(),
            )
        })
        .collect();
    assert!(aggregates.len() > 20, "{aggregates:?}");
    let mut figures =
        "section,table,origin,period,population,category,measure,value,printed,line\n".to_owned();
    let mut line = 1;
    for aggregate in &aggregates {
        for row in fixture().sheet(&format!("aggregates/{aggregate}.csv")).rows {
            let (population, category, count) =
                (&row["population"], &row["category"], &row["count"]);
            figures.push_str(&format!(
                "s,{aggregate},supplied,{},{population},\"{category}\",count,{count},{count},{line}\n",
                &row["period"],
            ));
            line += 1;
        }
    }
    let statements = aggregates.iter().map(|aggregate| {
        format!(
            "  - id: supplied.{aggregate}
    check:
      control_total:
        stated: {{ source: published, table: {aggregate} }}
        computed: {{ source: computed, table: {aggregate}, measure: count }}
        by: [period, population, category]
    severity: error
    why: The source counted as many.
"
        )
    });
    for file in std::fs::read_dir(project.path("rules/totals")).expect("totals") {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    // The report and the test of those totals go with them.
    std::fs::remove_file(project.path("rules/report.yaml")).expect("removed");
    std::fs::remove_file(project.path("rules/tests/totals.yaml")).expect("removed");
    project.write(
        "rules/totals/supplied.yaml",
        format!(
            "version: 1\nstatements:\n{}",
            statements.collect::<String>()
        ),
    );
    for file in std::fs::read_dir(project.path("fixtures/published")).expect("figures") {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    project.write("fixtures/published/supplied.csv", figures);
    project
}

/// The totals that disagree, and the records that are listed for each.
struct Broken {
    totals: Vec<Row>,
    records: BTreeMap<String, Vec<Row>>,
}

fn broken(project: &Project) -> Broken {
    let folder = project.run("").expect(0).folder();
    let sheet = |name: &str| Sheet::read(&project.path(&format!("{folder}/{name}.csv")));
    let mut records: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let listed = sheet("contributing_records");
    let parquet = project.path(&format!("{folder}/contributing_records.parquet"));
    assert_eq!(parquet_rows(&parquet), listed.rows.len());
    for row in listed.rows {
        records
            .entry(row["statement"].to_owned())
            .or_default()
            .push(row);
    }
    let mut totals = sheet("reconciliations").rows;
    totals.retain(|row| &row["verdict"] == "disagrees");
    Broken { totals, records }
}

impl Broken {
    /// Each of the broken totals, at least `least` of them, has this cause, and lists the record among at most `most`.
    fn all(&self, cause: &str, record: &str, least: usize, most: usize) {
        self.those(|_| true, cause, record, least, most);
    }

    fn those(
        &self,
        of: impl Fn(&Row) -> bool,
        cause: &str,
        record: &str,
        least: usize,
        most: usize,
    ) {
        let totals: Vec<&Row> = self.totals.iter().filter(|row| of(row)).collect();
        assert!(totals.len() >= least, "{} totals", totals.len());
        for total in totals {
            assert_eq!(&total["likely_cause"], cause, "{total:?}");
            let records = self.records.get(&total["statement"]);
            let records = records.unwrap_or_else(|| panic!("none listed for {total:?}"));
            let keys: BTreeSet<&str> = records.iter().map(|row| &row["record_key"]).collect();
            assert!(keys.contains(record), "{total:?}\n{keys:?}");
            assert!(keys.len() <= most, "{total:?}\n{keys:?}");
            let role = cause.strip_prefix("records_").expect("a cause of records");
            let named = records.iter().filter(|row| &row["record_key"] == record);
            for row in named {
                assert_eq!(&row["role"], role, "{row:?}");
            }
            assert!(
                total["evidence"].contains(record) || keys.len() > 6,
                "{total:?}"
            );
        }
    }
}

/// The records of an export, changed by `change`, which is given those whose key is `key`.
fn edit(project: &Project, export: &str, key: &str, change: impl Fn(&str) -> Vec<String>) {
    project.edit(&format!("{DELIVERY}/{export}.csv"), |text| {
        let lines = text
            .lines()
            .flat_map(|line| match line.split(',').next() == Some(key) {
                true => change(line),
                false => vec![line.to_owned()],
            });
        lines.map(|line| line + "\n").collect()
    });
}

/// The line with another cell in one of its columns, none of which has a comma.
fn with(line: &str, column: usize, cell: &str) -> String {
    let mut cells: Vec<&str> = line.split(',').collect();
    cells[column] = cell;
    cells.join(",")
}

#[test]
fn nothing_is_said_of_records_while_totals_agree() {
    let Broken { totals, records } = broken(&supplied());
    assert_eq!(totals.len(), 0);
    assert_eq!(records.len(), 0);
    // The published figures contradict themselves, and no record is blamed for it.
    let listed = fixture().sheet("contributing_records.csv");
    assert_eq!(listed.rows.len(), 0, "{:?}", listed.rows.first());
    let causes = fixture().sheet("reconciliations.csv");
    let blamed = |row: &&Row| row["likely_cause"].contains("records_");
    assert_eq!(
        causes
            .rows
            .iter()
            .find(blamed)
            .map(|row| row["statement"].to_owned()),
        None
    );
}

#[test]
fn a_removed_record_is_missing() {
    let project = supplied();
    edit(&project, "cases", CASE, |_| Vec::new());
    let broken = broken(&project);
    // Its actions are delivered and belong to no case; all other totals are about cases.
    let of_actions = |row: &Row| row["statement"].starts_with("supplied.support_provided");
    broken.those(|row| !of_actions(row), "records_missing", CASE, 60, 1);
    let actions: Vec<&Row> = broken.totals.iter().filter(|row| of_actions(row)).collect();
    assert!(!actions.is_empty());
    for total in actions {
        let records = &broken.records[&total["statement"]];
        let found = records
            .iter()
            .filter(|row| &row["rule_id"] == "support_actions.case_ref.relationships");
        assert!(
            found.filter(|row| &row["observed"] == CASE).count() > 0,
            "{total:?}"
        );
    }
}

#[test]
fn a_record_that_is_there_twice_is_named_with_its_copy() {
    let project = supplied();
    edit(&project, "cases", CASE, |line| {
        vec![line.to_owned(), with(line, 0, "C99001")]
    });
    let broken = broken(&project);
    broken.all("records_duplicated", CASE, 60, 2);
    broken.all("records_duplicated", "C99001", 60, 2);
}

#[test]
fn a_record_that_was_left_out_is_named_with_what_it_was_left_out_for() {
    let project = supplied();
    // It cannot be opened in the future.
    edit(&project, "cases", CASE, |line| {
        vec![with(line, 3, "2999-01-01")]
    });
    let broken = broken(&project);
    let of_actions = |row: &Row| row["statement"].starts_with("supplied.support_provided");
    broken.those(|row| !of_actions(row), "records_left_out", CASE, 60, 1);
    let records = broken.records.values().flatten();
    let rules: BTreeSet<&str> = records
        .filter(|row| &row["record_key"] == CASE)
        .map(|row| &row["rule_id"])
        .collect();
    assert!(rules.contains("cases.opened_on.not_in_future"), "{rules:?}");
}

#[test]
fn a_record_under_another_code_is_re_coded() {
    // A code that is none, which a finding tells.
    let project = supplied();
    edit(&project, "people", PERSON, |line| {
        vec![with(line, 4, "Xqzzy")]
    });
    let unknown = broken(&project);
    unknown.those(|_| true, "records_recoded", CASE, 4, 60);
    assert!(
        unknown
            .totals
            .iter()
            .all(|row| row["statement"].contains("gender"))
    );
    let records = unknown.records.values().flatten();
    let found = records.filter(|row| &row["record_key"] == CASE && &row["observed"] == "Xqzzy");
    assert!(found.count() >= 4);

    // A code that few have, which nothing tells but the count: all that are counted there are listed.
    project.renew("fixtures/exports");
    edit(&project, "people", PERSON, |line| {
        vec![with(line, 7, "Sikh")]
    });
    let valid = broken(&project);
    valid.all("records_recoded", CASE, 4, 100);

    // Another outcome takes it out of a population, and it is the one that has all its categories.
    project.renew("fixtures/exports");
    edit(&project, "cases", CASE, |line| {
        vec![with(line, 6, "Standard - declined")]
    });
    let outcome = broken(&project);
    let of_enhanced = |row: &Row| {
        &row["population"] == "enhanced"
            && !row["statement"].starts_with("supplied.support_provided")
    };
    outcome.those(of_enhanced, "records_recoded", CASE, 40, 1);
}

#[test]
fn a_record_under_another_day_is_re_dated() {
    let project = supplied();
    edit(&project, "cases", CASE, |line| {
        // Support ended after the new closing day, which a rule finds.
        vec![with(line, 4, "2017-02-03")]
            .into_iter()
            .map(|l| with(&l, 13, "2017-02-19"))
            .collect()
    });
    let broken = broken(&project);
    let of_months = |row: &Row| row["statement"].contains("_by_month");
    broken.those(of_months, "records_redated", CASE, 4, 20);

    // Out of the period altogether.
    project.renew("fixtures/exports");
    edit(&project, "referrals", REFERRAL, |line| {
        vec![with(line, 2, "2019-01-30")]
    });
    let left = self::broken(&project);
    let of_referrals = |row: &Row| &row["population"] == "referred";
    let totals: Vec<&Row> = left.totals.iter().filter(|row| of_referrals(row)).collect();
    assert_eq!(totals.len(), 3, "{totals:?}");
    for total in totals {
        let listed = left.records[&total["statement"]].iter();
        let named = listed.filter(|row| &row["record_key"] == REFERRAL);
        let rules: Vec<&str> = named.map(|row| &row["rule_id"]).collect();
        assert!(
            rules.contains(&"referrals.received_on.not_in_future"),
            "{total:?}"
        );
    }
}

#[test]
fn the_published_figures_too_tell_which_record_is_missing() {
    let project = Project::whole();
    edit(&project, "cases", CASE, |_| Vec::new());
    let broken = broken(&project);
    let of_headline = |row: &Row| row["statement"].starts_with("control.headline");
    broken.those(of_headline, "records_missing", CASE, 1, 1);
    let blamed: Vec<&Row> = broken
        .totals
        .iter()
        .filter(|row| &row["likely_cause"] == "records_missing")
        .collect();
    // Some charts contradict themselves, so that it is only one of what may be.
    assert!(blamed.len() > 50, "{}", blamed.len());
}
