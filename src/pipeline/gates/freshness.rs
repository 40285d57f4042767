//! Freshness: how old the newest value of a table is on the day that the run takes for today.

use jiff::{Unit, civil::Date};

use super::{super::Context, Judged, Outcome, is_unreadable};
use crate::{
    check::newest::newest_day,
    discrepancy::Severity,
    pipeline::error::RunError,
    tables::{Freshness, Table, exact_day},
};

/// What the rule is, for its version.
pub(super) fn settings(table: &Table, declared: &Freshness) -> String {
    let column = declared.column.and_then(|at| table.columns.get(at));
    let column = column.map_or("", |column| column.name.as_str());
    format!("freshness {column} {}", limits(declared))
}

/// Judges the newest value of the clean rows, or the date of the night where no column is named.
pub(super) async fn judge(
    run: &Context<'_>,
    table: &Table,
    declared: &Freshness,
) -> Result<Judged, RunError> {
    let limits = limits(declared);
    let column = declared.column.and_then(|at| table.columns.get(at));
    let judged = |outcome| {
        Ok(Judged {
            outcome,
            expected: format!("{limits}, on {}", run.plan.as_of),
        })
    };
    if is_unreadable(run, table) {
        let why = format!("a file of table {} could not be read", table.name);
        return judged(Outcome::NotEvaluated(why));
    }
    let as_of = run.plan.as_of;
    let (what, newest) = match column {
        Some(column) => {
            let path = run.staged.path(&format!("clean/{}.parquet", table.name));
            let what = format!("the newest {} of table {}", column.name, table.name);
            (
                what,
                newest_day(run.engine, &path, column.name.as_str()).await?,
            )
        }
        None => {
            let name = &run.delivery.name;
            let Some(day) = exact_day(name) else {
                let why = format!("the delivery is called {name}, which is no date");
                return judged(Outcome::NotEvaluated(why));
            };
            (format!("the night of table {}", table.name), Some(day))
        }
    };
    judged(outcome(declared, &what, newest, as_of, &limits))
}

fn outcome(
    declared: &Freshness,
    what: &str,
    newest: Option<Date>,
    as_of: Date,
    limits: &str,
) -> Outcome {
    let Some(newest) = newest else {
        return Outcome::Failed {
            severity: declared.after.strictest().unwrap_or(Severity::Error),
            observed: "no value".to_owned(),
            message: format!(
                "{what} is not known: none of its clean rows has one, so that nothing says how old it is ({limits}); look whether the delivery is whole"
            ),
        };
    };
    if newest > as_of {
        return Outcome::Failed {
            severity: Severity::Info,
            observed: newest.to_string(),
            message: format!(
                "{what} is {newest}, which lies after {as_of}, the day of the run: it counts as that day, and how old the others are it does not say; correct it, or quarantine such rows with a rule"
            ),
        };
    }
    let age = as_of
        .since((Unit::Day, newest))
        .map_or(0, |span| span.get_days());
    let age = u32::try_from(age).unwrap_or(0);
    match declared.after.passed(|days| age > *days) {
        None => Outcome::Passed,
        Some(severity) => Outcome::Failed {
            severity,
            observed: newest.to_string(),
            message: format!(
                "{what} is {newest}, {} before {as_of}, the day of the run: {severity} ({limits}); look whether the export still runs, and whether the night is the right one",
                days(age)
            ),
        },
    }
}

/// `warn beyond 2 days, error beyond 7 days`.
fn limits(declared: &Freshness) -> String {
    let steps = declared.after.0.iter().rev();
    let limits: Vec<String> = steps
        .map(|(severity, limit)| format!("{severity} beyond {}", days(*limit)))
        .collect();
    limits.join(", ")
}

fn days(number: u32) -> String {
    match number {
        1 => "1 day".to_owned(),
        number => format!("{number} days"),
    }
}
