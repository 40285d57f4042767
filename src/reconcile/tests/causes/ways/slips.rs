//! One figure becomes another.

use super::super::{
    super::*,
    ground::{Ground, Spoilt, number},
    trial::Random,
};
use crate::reconcile::causes::CauseKind;

pub(super) fn swapped(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    let value = swapped_digits(ground.figure(figure).value, random)?;
    ground.with(figure, value, &[CauseKind::SwappedDigits])
}

/// A number with two neighbouring digits of it swapped.
pub(super) fn swapped_digits(number: Decimal, random: &mut Random) -> Option<Decimal> {
    let mut digits = number.mantissa().to_string().into_bytes();
    let place = random.below(digits.len().checked_sub(1)?.max(1));
    if digits.len() < 2 || digits[place] == digits[place + 1] || (place == 0 && digits[1] == b'0') {
        return None;
    }
    digits.swap(place, place + 1);
    of_digits(&digits, number)
}

pub(super) fn one_digit(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    let value = mistyped(ground.figure(figure).value, random)?;
    if ground.is_elsewhere(figure, value) {
        return None;
    }
    ground.with(figure, value, &[CauseKind::OneDigit])
}

/// A number with another digit in one place.
pub(super) fn mistyped(number: Decimal, random: &mut Random) -> Option<Decimal> {
    let mut digits = number.mantissa().to_string().into_bytes();
    let place = random.below(digits.len());
    let other = b'0' + u8::try_from(random.below(10)).expect("a digit");
    if digits.len() < 2 || digits[place] == other || (place == 0 && other == b'0') {
        return None;
    }
    digits[place] = other;
    of_digits(&digits, number)
}

fn of_digits(digits: &[u8], like: Decimal) -> Option<Decimal> {
    let mantissa = std::str::from_utf8(digits).expect("digits");
    Decimal::new(mantissa.parse().expect("a number"), like.scale())
}

pub(super) fn otherwise(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    let before = ground.figure(figure).value.mantissa();
    let value = number(before + 12 + i128::try_from(random.below(900)).expect("small"));
    let (one, other) = (before.to_string(), value.to_string());
    let differing = one
        .bytes()
        .zip(other.bytes())
        .filter(|(a, b)| a != b)
        .count();
    if one.len() == other.len() && differing < 3 || ground.is_elsewhere(figure, value) {
        return None;
    }
    let mut spoilt = ground.with(figure, value, &[CauseKind::PrintedOtherwise])?;
    spoilt.unique &= ground
        .equals(figure)
        .iter()
        .any(|row| row.verdict == Verdict::Agrees);
    Some(spoilt)
}

pub(super) fn exceeding(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = *random.pick(&ground.sound)?;
    let wholes = ground.parts(figure, "subset_of");
    let row = *random.pick(&wholes)?;
    let [_] = row.computed_from[..] else {
        return None;
    };
    let whole = row.stated?.mantissa();
    let value = number(whole + 1 + i128::try_from(random.below(50)).expect("small"));
    too_large(ground, figure, value, row)
}

/// With `figure` being `value`, the part of `row` is larger than its whole.
pub(super) fn too_large(
    ground: &Ground,
    figure: usize,
    value: Decimal,
    row: &Reconciliation,
) -> Option<Spoilt> {
    // Which figure it is and what it should be is more than that a part is too large.
    let right = [
        CauseKind::ExceedsWhole,
        CauseKind::Misprint,
        CauseKind::PrintedOtherwise,
        CauseKind::OneDigit,
        CauseKind::SwappedDigits,
        CauseKind::OtherPeriod,
        CauseKind::OtherPopulation,
    ];
    let mut spoilt = ground.with(figure, value, &right)?;
    spoilt.broken = vec![row.statement.clone()];
    spoilt.unique = true;
    Some(spoilt)
}

pub(super) fn other_column(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    let this = ground.figure(figure);
    let columns: Vec<&Figure> = ground
        .report
        .figures
        .iter()
        .filter(|other| {
            other.table == this.table
                && other.category == this.category
                && other.measure == this.measure
                && other.value.mantissa() >= 10
                && (other.period != this.period) != (other.population != this.population)
        })
        .collect();
    let other = *random.pick(&columns)?;
    let right = if other.period == this.period {
        CauseKind::OtherPopulation
    } else {
        CauseKind::OtherPeriod
    };
    let mut spoilt = ground.with(figure, other.value, &[right])?;
    // The same value in a further column, or a swap, would be another reading.
    let same = columns.iter().filter(|column| column.value == other.value);
    let (mut a, mut b) = (
        this.value.to_string().into_bytes(),
        other.value.to_string().into_bytes(),
    );
    a.sort_unstable();
    b.sort_unstable();
    spoilt.unique &= same.count() == 1 && a != b;
    Some(spoilt)
}
