//! `equals`, `subset_of` and `control_total`: two figures side by side.

use super::{
    Reconciliation, Verdict,
    amounts::Amount,
    evidence,
    groups::{Groups, Ranks, joined},
    rows::Rows,
    run::{Run, pair},
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

pub(super) fn rows(run: &Run<'_>, kind: Kind, rows: &mut dyn Rows) {
    let [one, other] = run.sides.as_slice() else {
        return;
    };
    // A whole is what is stated, a part is what it is held against.
    let (stated, computed) = match kind {
        Kind::Equals | Kind::ControlTotal => (one, other),
        Kind::SubsetOf => (other, one),
    };
    let ranks = Ranks::new(&run.sides, &run.by);
    let sides = [stated, computed].map(|side| Groups::new(side, &run.by, &ranks));
    joined(&sides, |_, members| {
        let &[of_stated, of_computed] = members else {
            return;
        };
        // What a reader looks for is the part, where there is one.
        let lead = match (kind, of_stated, of_computed) {
            (Kind::SubsetOf, _, Some(part)) => (computed, part),
            (_, Some(members), _) => (stated, members),
            (_, None, members) => (computed, members.unwrap_or_default()),
        };
        rows.next(&|detail| {
            let mut row = run.row(&run.by, lead, detail);
            if let Some(members) = of_stated {
                row.stated_by(stated, members);
            }
            if let Some(members) = of_computed {
                row.held_against(computed, members);
            }
            let one = of_stated.map(|members| Amount::of(stated, members));
            let other = of_computed.map(|members| Amount::of(computed, members));
            match (one.transpose(), other.transpose()) {
                (Err(reason), _) | (_, Err(reason)) => row.not_evaluated(reason),
                (Ok(Some(one)), Ok(Some(other))) => relate(run, kind, &mut row, &one, &other),
                (Ok(one), Ok(other)) => {
                    alone(kind, &mut row, one, other, (stated.name, computed.name))
                }
            }
            row
        });
    });
}

/// A figure that has no counterpart.
fn alone(
    kind: Kind,
    row: &mut Reconciliation,
    stated: Option<Amount<'_, '_>>,
    computed: Option<Amount<'_, '_>>,
    names: (&str, &str),
) {
    row.stated = stated.as_ref().and_then(|a| a.range.exact());
    row.computed = computed.as_ref().and_then(|a| a.range.exact());
    let amount = |a: &Amount<'_, '_>| evidence::amount(a, &[]);
    let reason = match (
        kind,
        stated.as_ref().map(amount),
        computed.as_ref().map(amount),
    ) {
        (Kind::ControlTotal, Some(stated), _) => {
            row.verdict = Verdict::Disagrees;
            format!("{stated} stated and nothing computed for it")
        }
        // Publications leave empty categories out; that claims nothing.
        (Kind::ControlTotal, None, _) if row.computed == Some(Decimal::ZERO) => {
            "nothing is stated and 0 computed".to_owned()
        }
        (Kind::ControlTotal, None, Some(computed)) => {
            row.verdict = Verdict::Disagrees;
            format!("nothing is stated and {computed} computed")
        }
        (_, Some(stated), _) => without(&stated, names.0, names.1),
        (_, None, Some(computed)) => without(&computed, names.1, names.0),
        (_, None, None) => "there is no figure".to_owned(),
    };
    row.evidence = reason;
}

fn without(amount: &str, one: &str, other: &str) -> String {
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
            row.say(|| evidence::pair(stated, "against", computed));
            run.compare(row, stated, computed);
        }
        Kind::ControlTotal => {
            row.say(|| {
                let counted = evidence::amount(computed, &[]);
                let printed = evidence::amount(stated, &[]);
                format!("{printed} stated against {counted} computed")
            });
            run.compare(row, stated, computed);
        }
        Kind::SubsetOf => {
            row.say(|| evidence::pair(computed, "of", stated));
            run.settle(row, &pair(stated, computed), |difference, tolerance| {
                Some(difference <= tolerance)
            });
            if let (Verdict::Disagrees, Some(difference)) = (row.verdict, row.difference) {
                let by = difference.grouped();
                let more = format!(": the part is larger than its whole by {by}");
                row.evidence.push_str(&more);
            }
        }
    }
}
