//! `change`: a stated change is what lies between two figures.

use super::{
    Figure, Reconciliation,
    amounts::Amount,
    evidence,
    groups::{Groups, Ranks, joined},
    quotients::{MANY_DECIMALS, Written},
    rows::Rows,
    run::{Pair, Run},
    shares::one,
};
use crate::{
    decimal::{Decimal, Range},
    rules::totals::{Change, ChangeScale},
};

pub(super) fn rows(run: &Run<'_>, settings: &Change, rows: &mut dyn Rows) {
    let [change, from, to] = run.sides.as_slice() else {
        return;
    };
    let ranks = Ranks::new(&run.sides, &run.by);
    let sides = [change, from, to].map(|side| Groups::new(side, &run.by, &ranks));
    joined(&sides, |_, members| {
        let &[of_change, of_from, of_to] = members else {
            return;
        };
        let lead = match (of_change, of_to) {
            (Some(members), _) => (change, members),
            (None, Some(members)) => (to, members),
            (None, None) => (from, of_from.unwrap_or_default()),
        };
        rows.next(&|detail| {
            let mut row = run.row(&run.by, lead, detail);
            if let Some(members) = of_change {
                row.stated_by(change, members);
            }
            for (side, members) in [(from, of_from), (to, of_to)] {
                if let Some(members) = members {
                    row.held_against(side, members);
                }
            }
            let figures = one(change, of_change.unwrap_or_default()).and_then(|figure| {
                row.stated = figure.range().exact();
                let from = Amount::of(from, of_from.unwrap_or_default())?;
                let to = Amount::of(to, of_to.unwrap_or_default())?;
                Ok((figure, from, to))
            });
            match figures {
                Err(reason) => row.not_evaluated(reason),
                Ok((change, from, to)) => judge(run, settings, &mut row, change, &from, &to),
            }
            row
        });
    });
}

fn judge(
    run: &Run<'_>,
    settings: &Change,
    row: &mut Reconciliation,
    change: &Figure,
    from: &Amount<'_, '_>,
    to: &Amount<'_, '_>,
) {
    let printed = change.range();
    let decimals = match &settings.decimals {
        Some(at) => at.value,
        None => printed.exact().map_or(MANY_DECIMALS, Decimal::scale),
    };
    let written = Written {
        shift: settings.scale().shift().unwrap_or(0),
        decimals,
        rounding: settings.rounding(),
    };
    let unit = match settings.scale() {
        ChangeScale::Percent => "%",
        ChangeScale::Fraction | ChangeScale::Absolute => "",
    };
    let (before, after) = (from.range, to.range);
    let below = |bound: Option<Decimal>| bound.is_some_and(|bound| bound <= Decimal::ZERO);
    let quotient = settings.scale() != ChangeScale::Absolute;
    let [from_text, to_text] = [from, to].map(|amount| evidence::amount(amount, &[]));
    if quotient && below(before.most) {
        row.not_evaluated(format!(
            "{from_text} to {to_text} is no percentage: what there was before is not above 0"
        ));
        return;
    }
    let Some(computed) = between(before, after, quotient, written) else {
        row.not_evaluated("the change is too large to be computed".to_owned());
        return;
    };
    let is = match (before.exact(), after.exact()) {
        (Some(before), Some(after)) => exactly(before, after, quotient, written, unit),
        _ => None,
    };
    let is = is.unwrap_or_else(|| format!("{}{unit}", computed.grouped()));
    let said = evidence::printed(change, unit);
    row.evidence = format!("{from_text} to {to_text} is {is}; {said} stated");
    let stated = printed
        .exact()
        .map_or(printed, |value| Range::exactly(written.of(value)));
    let pair = Pair {
        stated,
        computed,
        figures: std::iter::empty(),
        suppressed: from.suppressed() + to.suppressed() + usize::from(stated.exact().is_none()),
    };
    run.settle(row, &pair, |difference, tolerance| {
        Some(difference.checked_abs()? <= tolerance)
    });
}

/// The change as it is written: least when little became of much, most when much became of little.
fn between(before: Range, after: Range, quotient: bool, written: Written) -> Option<Range> {
    let change = after.checked_sub(before)?;
    let one = Some(Decimal::from(1));
    let (most, least) = match quotient {
        true => (before.most, before.least),
        false => (one, one),
    };
    written.range((change.least, most), (change.most, least))
}

/// `15.38…%: 15.4% rounded half up, 15.3% truncated`, of figures that are known.
fn exactly(
    before: Decimal,
    after: Decimal,
    quotient: bool,
    written: Written,
    unit: &str,
) -> Option<String> {
    let change = after.checked_sub(before)?;
    let whole = if quotient { before } else { Decimal::from(1) };
    let ratio = written.ratio(change, whole)?;
    let closer = written.closer(change, whole, ratio);
    Some(evidence::brought(ratio, closer, written.rounding, unit))
}
