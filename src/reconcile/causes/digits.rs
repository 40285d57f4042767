//! Slips of the hand: what a writer's keys do to the digits of a figure.

use crate::decimal::Decimal;

/// A slip that turns one figure into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slip {
    /// Two neighbouring digits change places.
    Swapped,
    /// One digit is another.
    OneDigit,
}

/// The slip that makes `printed` of `meant`, if one alone does.
pub(super) fn slip(meant: Decimal, printed: Decimal) -> Option<Slip> {
    let is_below = |value: Decimal| value.mantissa() < 0;
    if meant.scale() != printed.scale() || is_below(meant) != is_below(printed) {
        return None;
    }
    let (meant, printed) = (digits(meant)?, digits(printed)?);
    if meant.len() != printed.len() {
        return None;
    }
    let other: Vec<usize> = (0..meant.len())
        .filter(|place| meant[*place] != printed[*place])
        .collect();
    match other.as_slice() {
        [_] => Some(Slip::OneDigit),
        [one, next]
            if one + 1 == *next
                && meant[*one] == printed[*next]
                && meant[*next] == printed[*one] =>
        {
            Some(Slip::Swapped)
        }
        _ => None,
    }
}

/// The digits of a figure without its sign; a fraction keeps its nought.
fn digits(value: Decimal) -> Option<Vec<u8>> {
    let mantissa = value.mantissa().unsigned_abs();
    let width = usize::try_from(value.scale()).ok()? + 1;
    Some(format!("{mantissa:0width$}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_apart() {
        for (meant, printed, slip_) in [
            ("132", "123", Some(Slip::Swapped)),
            ("123", "113", Some(Slip::OneDigit)),
            ("7", "9", Some(Slip::OneDigit)),
            ("132", "321", None),
            ("132", "213", None),
            ("1234", "4231", None),
            ("102", "12", None),
            ("12", "123", None),
            ("21.3", "23.1", Some(Slip::Swapped)),
            ("21.3", "12.3", Some(Slip::Swapped)),
            ("21.3", "21.4", Some(Slip::OneDigit)),
            ("0.18", "0.81", Some(Slip::Swapped)),
            ("5", "5", None),
            ("-12.4", "-14.2", Some(Slip::Swapped)),
            ("-12.4", "-41.2", None),
            ("-12.4", "12.5", None),
            ("-12.4", "12.4", None),
        ] {
            let number = |text: &str| text.parse::<Decimal>().expect("a number");
            assert_eq!(
                slip(number(meant), number(printed)),
                slip_,
                "{meant} {printed}"
            );
        }
    }
}
