//! `equals`, `subset_of` and `control_total`: two figures side by side.

use super::{
    Figure, Reconciliation, Verdict, evidence,
    groups::{GroupKey, Groups, single},
    run::Run,
};
use crate::decimal::Decimal;

/// How the two figures must relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// They are the same.
    Equals,
    /// The first is no larger than the second.
    SubsetOf,
    /// They are the same, and neither is there alone.
    ControlTotal,
}

pub(super) fn rows(run: &Run<'_>, kind: Kind) -> Vec<(GroupKey, Reconciliation)> {
    let [left, right] = run.sides.as_slice() else {
        return Vec::new();
    };
    let (left, right) = (Groups::new(left, &run.by), Groups::new(right, &run.by));
    let mut rows = Vec::new();
    for (group, members) in left.sorted() {
        let mut row = run.row(&run.by, group, (left.side, members));
        row.stated_by(left.side, members);
        let other = right.get(group);
        if let Some(other) = other {
            row.held_against(right.side, other);
        }
        let both = single(left.side, members).and_then(|one| {
            let other = other.map(|other| single(right.side, other)).transpose()?;
            Ok((one, other))
        });
        match both {
            Err(reason) => row.not_evaluated(reason),
            Ok((one, Some(other))) => relate(run, kind, &mut row, one, other),
            Ok((one, None)) => {
                row.stated = Some(one.value);
                let value = one.value.grouped();
                if kind == Kind::ControlTotal {
                    row.verdict = Verdict::Disagrees;
                    row.evidence = format!("{value} stated and nothing computed for it");
                } else {
                    let (left, right) = (left.side.name, right.side.name);
                    row.not_evaluated(format!("`{left}` is {value} and `{right}` has no figure"));
                }
            }
        }
        rows.push((group.clone(), row));
    }
    for (group, members) in right.sorted() {
        if left.get(group).is_some() {
            continue;
        }
        let mut row = run.row(&run.by, group, (right.side, members));
        row.held_against(right.side, members);
        match single(right.side, members) {
            Err(reason) => row.not_evaluated(reason),
            Ok(figure) => {
                row.computed = Some(figure.value);
                let value = figure.value.grouped();
                if kind != Kind::ControlTotal {
                    let (left, right) = (left.side.name, right.side.name);
                    row.not_evaluated(format!("`{right}` is {value} and `{left}` has no figure"));
                } else if figure.value == Decimal::ZERO {
                    // Publications leave empty categories out; that claims nothing.
                    row.not_evaluated("nothing is stated and 0 computed".to_owned());
                } else {
                    row.verdict = Verdict::Disagrees;
                    row.evidence = format!("nothing is stated and {value} computed");
                }
            }
        }
        rows.push((group.clone(), row));
    }
    rows
}

fn relate(run: &Run<'_>, kind: Kind, row: &mut Reconciliation, one: &Figure, other: &Figure) {
    let (stated, computed) = (one.value, other.value);
    match kind {
        Kind::Equals => {
            row.evidence = evidence::pair(one, "against", other);
            run.compare(row, stated, computed);
        }
        Kind::ControlTotal => {
            let (stated, computed) = (stated.grouped(), computed.grouped());
            row.evidence = format!("{stated} stated against {computed} computed");
            run.compare(row, one.value, other.value);
        }
        Kind::SubsetOf => {
            row.evidence = evidence::pair(one, "of", other);
            run.settle(row, stated, computed, |difference| {
                Some(difference <= run.rule.tolerance)
            });
            if let (Verdict::Disagrees, Some(difference)) = (row.verdict, row.difference) {
                let by = difference.grouped();
                let more = format!(": the part is larger than its whole by {by}");
                row.evidence.push_str(&more);
            }
        }
    }
}
