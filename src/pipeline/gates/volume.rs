//! Volume: how far the rows of a table are from the median of the nights before.

use std::cmp::Ordering;

use super::{super::Context, Judged, Outcome, is_unreadable};
use crate::tables::{Percent, Table, Volume};

/// What the rule is, for its version.
pub(super) fn settings(declared: &Volume) -> String {
    format!("volume {} {}", declared.against, limits(declared))
}

/// Holds the rows that were read tonight against those of the nights before.
pub(super) fn judge(run: &Context<'_>, table: &Table, declared: &Volume, rows: u64) -> Judged {
    let limits = limits(declared);
    let nights = run.earlier.rows(table, declared.against);
    let (outcome, expected) = match doubled_median(nights.clone()) {
        _ if is_unreadable(run, table) => {
            let why = format!("a file of table {} could not be read", table.name);
            (Outcome::NotEvaluated(why), limits)
        }
        None => {
            let why = "no other night was published before it".to_owned();
            (Outcome::NotEvaluated(why), limits)
        }
        Some(median) => {
            let expected = format!("{} rows; {limits} of change", half(median));
            let outcome = outcome(declared, table, rows, median, nights.len(), &limits);
            (outcome, expected)
        }
    };
    Judged { outcome, expected }
}

/// Twice the median, so that it is exact.
fn doubled_median(mut rows: Vec<u64>) -> Option<u64> {
    rows.sort_unstable();
    let middle = rows.len().checked_sub(1)? / 2;
    let other = rows.len() / 2;
    Some(rows[middle].saturating_add(rows[other]))
}

fn outcome(
    declared: &Volume,
    table: &Table,
    rows: u64,
    median: u64,
    nights: usize,
    limits: &str,
) -> Outcome {
    let apart = rows.saturating_mul(2).abs_diff(median);
    let is_past = |limit: &Percent| limit.compared(apart, median) == Ordering::Greater;
    let Some(severity) = declared.change.passed(is_past) else {
        return Outcome::Passed;
    };
    let how = match median {
        0 => "where there was none".to_owned(),
        median => {
            let tenths = u128::from(apart) * 1_000 / u128::from(median);
            let way = match rows.saturating_mul(2) > median {
                true => "more",
                false => "fewer",
            };
            format!("{}.{}% {way}", tenths / 10, tenths % 10)
        }
    };
    let of = match nights {
        1 => "the one night that was published before".to_owned(),
        nights => format!("the median of the {nights} nights that were published before"),
    };
    Outcome::Failed {
        severity,
        observed: format!("{rows} rows"),
        message: format!(
            "table {} has {rows} rows tonight and {} in {of}: {how}, {severity} ({limits}); compare the delivery with its source, and if it is right, move the limit",
            table.name,
            half(median)
        ),
    }
}

/// `warn beyond 20%, error beyond 50%`.
fn limits(declared: &Volume) -> String {
    let steps = declared.change.0.iter().rev();
    let limits: Vec<String> = steps
        .map(|(severity, limit)| format!("{severity} beyond {limit}"))
        .collect();
    limits.join(", ")
}

/// Half of a doubled number of rows.
fn half(doubled: u64) -> String {
    match doubled % 2 {
        0 => (doubled / 2).to_string(),
        _ => format!("{}.5", doubled / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_exact() {
        for (rows, want) in [
            (vec![], None),
            (vec![7], Some("7")),
            (vec![4, 1], Some("2.5")),
            (vec![9, 1, 5], Some("5")),
            (vec![10, 1, 4, 5], Some("4.5")),
        ] {
            let median = doubled_median(rows.clone()).map(half);
            assert_eq!(median.as_deref(), want, "{rows:?}");
        }
    }
}
