//! Shares that are worked out otherwise.

use super::super::{
    super::*,
    ground::{Ground, Spoilt},
    trial::Random,
};
use super::slips::{mistyped, swapped_digits};
use crate::reconcile::causes::CauseKind;

/// A share that holds, with its part, its whole and its decimals.
pub(super) fn share(
    ground: &Ground,
    random: &mut Random,
) -> Option<(usize, Decimal, Decimal, u32, u32)> {
    let rows: Vec<&Reconciliation> = ground
        .rows
        .iter()
        .filter(|row| row.rule.kind == "share_of" && row.verdict == Verdict::Agrees)
        .collect();
    let row = *random.pick(&rows)?;
    let ([share], [part, whole]) = (&row.stated_from[..], &row.computed_from[..]) else {
        return None;
    };
    let quotient = row.computed?;
    let (part, whole) = (ground.figure(*part).value, ground.figure(*whole).value);
    let shift = if ground.figure(*share).value.mantissa() > whole.mantissa() {
        return None;
    } else {
        [2, 0]
    }
    .into_iter()
    .find(|shift| {
        part.ratio(whole, *shift, quotient.scale())
            .is_some_and(|r| r.rounded == quotient)
    })?;
    Some((*share, part, whole, shift, quotient.scale()))
}

pub(super) fn with_share(
    ground: &Ground,
    share: usize,
    value: Decimal,
    right: CauseKind,
) -> Option<Spoilt> {
    let mut spoilt = ground.with(share, value, &[right])?;
    let rows = ground
        .rows_of(share)
        .filter(|row| row.rule.kind == "share_of");
    spoilt.broken = rows.map(|row| row.statement.clone()).collect();
    spoilt.unique = true;
    Some(spoilt)
}

pub(super) fn truncated(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let (figure, part, whole, shift, decimals) = share(ground, random)?;
    let ratio = part.ratio(whole, shift, decimals)?;
    if ratio.truncated == ratio.rounded {
        return None;
    }
    with_share(ground, figure, ratio.truncated, CauseKind::TruncatedShare)
}

pub(super) fn other_base(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let (figure, part, whole, shift, decimals) = share(ground, random)?;
    let bases: Vec<Decimal> = ["12814", "13331", "2054"]
        .iter()
        .map(|b| b.parse().expect("a number"))
        .collect();
    let base = *random.pick(&bases)?;
    let ratio = part.ratio(whole, shift, decimals)?;
    let other = part.ratio(base, shift, decimals)?;
    let near = other.rounded.checked_sub(ratio.truncated)?.checked_abs()?;
    if base == whole || near <= Decimal::new(1, decimals)? || other.rounded.mantissa() < 100 {
        return None;
    }
    let (one, two) = (
        ratio.rounded.mantissa().to_string(),
        other.rounded.mantissa().to_string(),
    );
    let differing = one.bytes().zip(two.bytes()).filter(|(a, b)| a != b).count();
    let mut spoilt = with_share(ground, figure, other.rounded, CauseKind::OtherBase)?;
    // A slip of the hand would be as good a reading.
    spoilt.unique = one.len() != two.len() || differing > 2;
    Some(spoilt)
}

pub(super) fn swapped(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    slipped(ground, random, swapped_digits, CauseKind::SwappedDigits)
}

pub(super) fn one_digit(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    slipped(ground, random, mistyped, CauseKind::OneDigit)
}

/// A slip in a share, which is a stated figure: its part and its whole say what it should be.
fn slipped(
    ground: &Ground,
    random: &mut Random,
    slip: fn(Decimal, &mut Random) -> Option<Decimal>,
    right: CauseKind,
) -> Option<Spoilt> {
    let (figure, part, whole, shift, decimals) = share(ground, random)?;
    let ratio = part.ratio(whole, shift, decimals)?;
    // Some are printed with the noise of a program.
    let value = slip(ratio.rounded, random)?;
    let near = value.checked_sub(ratio.truncated)?;
    let mut spoilt = with_share(ground, figure, value, right)?;
    // Rounded otherwise, another column's, or a share of another whole, would be as good a reading.
    let rounded = near == Decimal::ZERO || near == Decimal::new(1, decimals)?;
    let gives = |base: &Decimal| {
        part.ratio(*base, shift, decimals)
            .is_some_and(|r| r.rounded == value)
    };
    let another = ground.is_elsewhere(figure, value) || ground.wholes().any(|base| gives(&base));
    spoilt.unique = !rounded && !another;
    Some(spoilt)
}
