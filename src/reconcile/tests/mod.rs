//! Statements against figures made by hand: what agrees and what does not, side by side.

mod causes;
mod kept;
mod kinds;
mod published;
mod records;
mod report;
mod scale;
mod selecting;
mod suppressed;
mod tolerances;
mod verdicts;
mod year_on_year;

use serde_json::{Value, json};

use super::*;
use crate::{
    names::Name,
    rules::totals::declared::statement,
    tables::{Cause, Code},
};

/// A figure from `table origin period population category measure value`, words separated by `|`.
fn figure(line: usize, text: &str) -> Figure {
    let cells: Vec<&str> = text.split('|').map(str::trim).collect();
    let [table, origin, period, population, category, measure, value] = cells.as_slice() else {
        panic!("seven cells in {text}");
    };
    let source = match *origin {
        COMPUTED => Source::Computed,
        _ => Source::Published,
    };
    let share = |text: &str| Arc::from(text);
    let series = Series {
        file: share("f"),
        source,
        section: share(""),
        table: share(table),
        origin: share(origin),
        period: share(period),
        population: share(population),
        measure: share(measure),
    };
    Figure {
        category: share(category),
        value: value.parse().expect("a number"),
        printed: None,
        stated_at: Place {
            series: Arc::new(series),
            line: u32::try_from(line).expect("a line"),
            printed_line: 0,
        },
    }
}

/// What a figure shares with others, to be changed for it alone.
fn series(figure: &mut Figure) -> &mut Series {
    Arc::make_mut(&mut figure.stated_at.series)
}

fn figures(lines: &[&str]) -> Vec<Figure> {
    let lines = lines.iter().enumerate();
    lines.map(|(i, text)| figure(i + 1, text)).collect()
}

/// The list `sites`: North and South inside, Western outside (also spelt Wetsern), Moon nowhere.
fn lists() -> Vec<CodeList> {
    let code = |code: &str, parent: Option<&str>| Code {
        parent: parent.map(str::to_owned),
        ..Code::plain(code, 1)
    };
    let codes = vec![
        code("North", Some("INNER")),
        code("South", Some("INNER")),
        code("Western", Some("OUTER")),
        code("Moon", None),
    ];
    let list = CodeList::new(Name::new("sites").expect("a name"), codes);
    vec![list.with_alias("Wetsern", 2, Some(Cause::Misspelling))]
}

/// The statement `s` with one kind, valid.
fn declared(check: Value, tolerance: Value) -> Statement {
    let json = json!({ "id": "s", "check": check, "tolerance": tolerance, "why": "it must" });
    let statement = statement(json).expect("a statement");
    let mut diagnostics = Vec::new();
    crate::rules::totals::validate(std::slice::from_ref(&statement), &lists(), &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    statement
}

/// Holds `check` against `lines` and compares each row, as `id: stated computed difference verdict; evidence @ stated_at / computed_at`, with `expected`.
#[track_caller]
fn check(check: Value, lines: &[&str], expected: &[&str]) {
    check_within(json!(0), check, lines, expected);
}

#[track_caller]
fn check_within(tolerance: Value, check: Value, lines: &[&str], expected: &[&str]) {
    let figures = figures(lines);
    let rows = judge(&[declared(check, tolerance)], &figures, &lists());
    let shown: Vec<String> = rows.iter().map(|row| shown(row, &figures)).collect();
    assert!(!shown.is_empty(), "every statement says something");
    assert_eq!(shown, expected, "{shown:#?}");
}

fn shown(row: &Reconciliation, figures: &[Figure]) -> String {
    let number = |n: Option<Decimal>| n.map_or("-".to_owned(), |n| n.to_string());
    let Reconciliation {
        statement,
        verdict,
        evidence,
        ..
    } = row;
    let (stated_at, computed_at) = (row.stated_at(figures), row.computed_at(figures));
    let (stated, computed) = (number(row.stated), number(row.computed));
    let difference = number(row.difference);
    format!(
        "{statement}: {stated} {computed} {difference} {verdict}; {evidence} @ {stated_at} / {computed_at}"
    )
}
