//! What control totals say about records, and which records fit it.

use std::collections::HashMap;

use serde_json::json;

use super::*;
use crate::{
    discrepancy::{Action, Category},
    reconcile::records::{
        Aggregate, Counted, DecidingColumn, Doubt, Doubts, Explained, Gathering, Record, Role,
        claims, explain,
    },
};

/// The aggregates of a table `jobs`, each with its cells: category, stated, counted.
type Aggregates<'a> = &'a [(&'a str, &'a [(&'a str, i64, i64)])];

fn column(name: &str, is_date: bool) -> DecidingColumn {
    DecidingColumn {
        table: "jobs".to_owned(),
        column: name.to_owned(),
        is_date,
    }
}

fn counted(aggregates: Aggregates<'_>) -> Vec<Counted> {
    let aggregate = |(name, _): &(&str, _)| Aggregate {
        name: (*name).to_owned(),
        deciding: vec![column(name, *name == "month")],
    };
    vec![Counted {
        table: "jobs".to_owned(),
        aggregates: aggregates.iter().map(aggregate).collect(),
        deciding: vec![column("done_on", true)],
    }]
}

/// A finding about a column of `jobs`.
fn doubt(column: &str, category: Category, suggestion: Option<&str>) -> Doubt {
    Doubt {
        rule_id: format!("jobs.{column}"),
        table: "jobs".to_owned(),
        column: Some(column.to_owned()),
        category,
        action: Some(Action::Kept),
        file: None,
        line: None,
        observed: None,
        suggestion: suggestion.map(str::to_owned),
    }
}

/// The judged control totals of the aggregates.
fn control(aggregates: Aggregates<'_>) -> (Vec<Figure>, Vec<Reconciliation>) {
    let mut figures = Vec::new();
    let mut statements = Vec::new();
    for (name, cells) in aggregates {
        let lines: Vec<String> = cells
            .iter()
            .map(|(category, stated, _)| {
                format!("{name} | body | y1 | all | {category} | count | {stated}")
            })
            .collect();
        figures.extend(super::figures(
            &lines.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
        let rows = cells.iter().map(|(category, _, count)| AggregateRow {
            period: "y1".to_owned(),
            population: "all".to_owned(),
            category: (*category).to_owned(),
            sort: 0,
            count: *count,
            base: None,
        });
        figures.extend(computed(name, rows));
        let check = json!({ "control_total": {
            "stated": { "source": "published", "table": name },
            "computed": { "source": "computed", "table": name },
            "by": ["period", "population", "category"],
        }});
        let declared = json!({ "id": format!("c.{name}"), "why": "it must", "check": check });
        statements.push(statement(declared).expect("a statement"));
    }
    let rows = judge(&statements, &figures, &[]);
    (figures, rows)
}

/// What is said of each row that differs, by its statement, when these records are counted: key and categories.
fn said(
    aggregates: Aggregates<'_>,
    records: &[(&str, &[&str])],
    doubts: &Doubts,
) -> HashMap<String, Explained> {
    let (figures, rows) = control(aggregates);
    let counted = counted(aggregates);
    let claims = claims(&rows, &figures, &counted);
    let mut gathering = Gathering::new(&claims, &counted, doubts);
    for (key, categories) in records {
        let categories: Vec<Option<&str>> = categories.iter().copied().map(Some).collect();
        let record = Record {
            of: 0,
            key,
            period: "y1",
            population: "all",
            related: &[],
            categories: &categories,
        };
        gathering.look_at(&record);
        gathering.look_again(&record);
    }
    let behind = explain(&rows, &figures, &gathering, &HashMap::new());
    behind
        .totals
        .into_iter()
        .map(|(at, said)| (rows[at].statement.clone(), said))
        .collect()
}

fn named(explained: &Explained) -> Vec<&str> {
    explained
        .records
        .iter()
        .map(|record| record.record_key.as_str())
        .collect()
}

#[test]
fn a_record_too_many_lies_in_all_the_cells_that_are_over() {
    let aggregates: Aggregates<'_> = &[
        ("kind", &[("a", 2, 3), ("b", 2, 2)]),
        ("site", &[("n", 2, 3), ("s", 2, 2)]),
        ("month", &[("jan", 1, 2), ("feb", 3, 3)]),
    ];
    let records: &[(&str, &[&str])] = &[
        ("1", &["a", "n", "jan"]),
        ("2", &["a", "n", "feb"]),
        ("3", &["a", "s", "jan"]),
        ("4", &["b", "n", "feb"]),
        ("5", &["b", "s", "feb"]),
    ];
    let said = said(aggregates, records, &Doubts::default());
    assert_eq!(said.len(), 3);
    for explained in said.values() {
        assert_eq!((explained.role, explained.is_likely), (Role::Extra, true));
        assert_eq!(named(explained), ["1"]);
    }
}

#[test]
fn what_is_off_by_another_number_is_left_to_other_causes() {
    // Two of three are short by one; the third is short by seven, one of which may be the same record's.
    let aggregates: Aggregates<'_> = &[
        ("kind", &[("a", 3, 2), ("b", 2, 2)]),
        ("site", &[("n", 3, 2), ("s", 2, 2)]),
        ("month", &[("jan", 8, 2), ("feb", 3, 2)]),
    ];
    let said = said(aggregates, &[], &Doubts::default());
    let mut statements: Vec<&String> = said.keys().collect();
    statements.sort();
    let of = |name: &str, category: &str| {
        format!("c.{name}[period=y1;population=all;category={category}]")
    };
    assert_eq!(
        statements,
        [&of("kind", "a"), &of("month", "feb"), &of("site", "n")]
    );
    for explained in said.values() {
        // Two aggregates are few to go by, and no record is found.
        assert_eq!(
            (explained.role, explained.is_likely),
            (Role::Missing, false)
        );
        assert_eq!(named(explained), [] as [&str; 0]);
    }
}

#[test]
fn a_record_of_another_category_is_told_by_what_was_found_about_it() {
    let aggregates: Aggregates<'_> = &[
        ("kind", &[("a", 2, 3), ("b", 3, 2)]),
        ("site", &[("n", 2, 2), ("s", 3, 3)]),
        ("month", &[("jan", 1, 1), ("feb", 4, 4)]),
    ];
    let records: &[(&str, &[&str])] = &[
        ("1", &["a", "n", "jan"]),
        ("2", &["a", "n", "feb"]),
        ("3", &["a", "s", "feb"]),
        ("4", &["b", "s", "feb"]),
        ("5", &["b", "s", "feb"]),
    ];
    let mut doubts = Doubts::default();
    doubts.note("1", doubt("site", Category::UnknownCode, None), None);
    doubts.note("4", doubt("kind", Category::UnknownCode, None), None);
    doubts.note("2", doubt("kind", Category::UnknownCode, None), None);
    let said_now = said(aggregates, records, &doubts);
    assert_eq!(said_now.len(), 2);
    for explained in said_now.values() {
        assert_eq!((explained.role, explained.is_likely), (Role::Recoded, true));
        assert_eq!(named(explained), ["2"]);
    }
    // Of two that are found at fault the one whose suggestion is what is short.
    doubts.note("3", doubt("kind", Category::UnknownCode, Some("b")), None);
    for explained in said(aggregates, records, &doubts).values() {
        assert_eq!(named(explained), ["3"]);
    }
    // Where nothing is found, all that are counted there.
    for explained in said(aggregates, records, &Doubts::default()).values() {
        assert_eq!(named(explained), ["1", "2", "3"]);
    }
}

#[test]
fn publications_that_contradict_each_other_say_nothing_of_records() {
    let aggregates: Aggregates<'_> = &[("kind", &[("a", 3, 2)]), ("site", &[("n", 3, 2)])];
    let (figures, rows) = control(aggregates);
    assert_eq!(claims(&rows, &figures, &counted(aggregates)).len(), 1);
    // Another statement about the same cells agrees.
    let mut both = rows.clone();
    for row in &rows {
        let mut other = row.clone();
        other.verdict = Verdict::Agrees;
        both.push(other);
    }
    assert_eq!(claims(&both, &figures, &counted(aggregates)).len(), 0);
}

#[test]
fn so_many_records_that_none_is_told_from_the_others_are_left_to_other_causes() {
    for (off, claimed) in [(1_000, 1), (1_001, 0)] {
        let aggregates: Aggregates<'_> = &[
            ("kind", &[("a", 5_000, 5_000 - off)]),
            ("site", &[("n", 5_000, 5_000 - off)]),
        ];
        let (figures, rows) = control(aggregates);
        let claims = claims(&rows, &figures, &counted(aggregates));
        assert_eq!(claims.len(), claimed, "{off}");
    }
}

#[test]
fn of_many_that_fit_only_those_found_to_be_duplicates_are_named() {
    // Two too many, and three records in each cell that is over.
    let aggregates: Aggregates<'_> = &[
        ("kind", &[("a", 3, 5), ("b", 2, 2)]),
        ("site", &[("n", 3, 5), ("s", 2, 2)]),
        ("month", &[("jan", 3, 5), ("feb", 2, 2)]),
    ];
    let records: &[(&str, &[&str])] = &[
        ("1", &["a", "n", "jan"]),
        ("2", &["a", "n", "jan"]),
        ("3", &["a", "n", "jan"]),
        ("4", &["a", "n", "jan"]),
        ("5", &["a", "n", "jan"]),
        ("6", &["b", "s", "feb"]),
        ("7", &["b", "s", "feb"]),
    ];
    let mut doubts = Doubts::default();
    for key in ["2", "5"] {
        doubts.note(key, doubt("id", Category::Duplicate, None), None);
    }
    for explained in said(aggregates, records, &doubts).values() {
        assert_eq!(
            (explained.role, explained.is_likely),
            (Role::Duplicated, true)
        );
        assert_eq!(named(explained), ["2", "5"]);
    }
}

#[test]
fn fewer_than_are_off_are_not_said_to_be_it() {
    let aggregates: Aggregates<'_> = &[
        ("kind", &[("a", 200, 202), ("b", 3, 1)]),
        ("site", &[("n", 203, 203)]),
        ("month", &[("jan", 203, 203)]),
    ];
    let keys: Vec<String> = (0..202).map(|n| n.to_string()).collect();
    let records: Vec<(&str, &[&str])> = keys
        .iter()
        .map(|key| (key.as_str(), &["a", "n", "jan"][..]))
        .collect();
    let mut doubts = Doubts::default();
    doubts.note("7", doubt("kind", Category::Missing, None), None);
    let said = said(aggregates, &records, &doubts);
    assert_eq!(said.len(), 2);
    for explained in said.values() {
        assert_eq!(named(explained), [] as [&str; 0]);
        assert!(
            explained
                .words
                .ends_with("nothing tells which of the 202 counted there")
        );
    }
}
