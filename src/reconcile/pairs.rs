//! `equals`, `subset_of` and `control_total`: two figures side by side.

use super::{
    Reconciliation, Verdict, evidence,
    groups::{Amount, GroupKey, Groups, Ranks},
    run::Run,
};
use crate::decimal::Decimal;

/// How the two figures must relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// They are the same.
    Equals,
    /// The computed one is no larger than the stated one.
    SubsetOf,
    /// They are the same, and neither is there alone.
    ControlTotal,
}

pub(super) fn rows(run: &Run<'_>, kind: Kind) -> Vec<(GroupKey, Reconciliation)> {
    let [one, other] = run.sides.as_slice() else {
        return Vec::new();
    };
    // A whole is what is stated, a part is what it is held against.
    let (stated, computed) = match kind {
        Kind::Equals | Kind::ControlTotal => (one, other),
        Kind::SubsetOf => (other, one),
    };
    let ranks = Ranks::new(&run.sides, &run.by);
    let stated = Groups::new(stated, &run.by, &ranks);
    let computed = Groups::new(computed, &run.by, &ranks);
    let mut rows = Vec::new();
    for (group, members) in stated.sorted() {
        let other = computed.get(group);
        // What a reader looks for is the part, where there is one.
        let lead = match (kind, other) {
            (Kind::SubsetOf, Some(part)) => (computed.side, part),
            _ => (stated.side, members),
        };
        let mut row = run.row(&run.by, lead);
        row.stated_by(stated.side, members);
        if let Some(other) = other {
            row.held_against(computed.side, other);
        }
        let one = Amount::of(stated.side, members);
        let other = other.map(|other| Amount::of(computed.side, other));
        match (one, other.transpose()) {
            (Err(reason), _) | (_, Err(reason)) => row.not_evaluated(reason),
            (Ok(one), Ok(Some(other))) => relate(run, kind, &mut row, &one, &other),
            (Ok(one), Ok(None)) => {
                row.stated = Some(one.value);
                let amount = evidence::amount(&one, &[]);
                if kind == Kind::ControlTotal {
                    row.verdict = Verdict::Disagrees;
                    row.evidence = format!("{amount} stated and nothing computed for it");
                } else {
                    row.not_evaluated(alone(&amount, stated.side.name, computed.side.name));
                }
            }
        }
        rows.push((group.clone(), row));
    }
    for (group, members) in computed.sorted_unless(|group| stated.get(group).is_some()) {
        let mut row = run.row(&run.by, (computed.side, members));
        row.held_against(computed.side, members);
        match Amount::of(computed.side, members) {
            Err(reason) => row.not_evaluated(reason),
            Ok(other) => {
                row.computed = Some(other.value);
                let amount = evidence::amount(&other, &[]);
                if kind != Kind::ControlTotal {
                    row.not_evaluated(alone(&amount, computed.side.name, stated.side.name));
                } else if other.value == Decimal::ZERO {
                    // Publications leave empty categories out; that claims nothing.
                    row.not_evaluated("nothing is stated and 0 computed".to_owned());
                } else {
                    row.verdict = Verdict::Disagrees;
                    row.evidence = format!("nothing is stated and {amount} computed");
                }
            }
        }
        rows.push((group.clone(), row));
    }
    rows
}

fn alone(amount: &str, one: &str, other: &str) -> String {
    format!("`{one}` is {amount} and `{other}` has no figure for it")
}

fn relate(
    run: &Run<'_>,
    kind: Kind,
    row: &mut Reconciliation,
    stated: &Amount<'_, '_>,
    computed: &Amount<'_, '_>,
) {
    match kind {
        Kind::Equals => {
            row.evidence = evidence::pair(stated, "against", computed);
            run.compare(row, stated.value, computed.value);
        }
        Kind::ControlTotal => {
            let counted = evidence::amount(computed, &[]);
            let printed = evidence::amount(stated, &[]);
            row.evidence = format!("{printed} stated against {counted} computed");
            run.compare(row, stated.value, computed.value);
        }
        Kind::SubsetOf => {
            row.evidence = evidence::pair(computed, "of", stated);
            run.settle(row, stated.value, computed.value, |difference| {
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
