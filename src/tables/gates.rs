//! What a table is held to as a whole: how old its newest value may be, and how far its rows may be from those of earlier nights.

use std::{cmp::Ordering, fmt};

use crate::{diagnostics::Span, discrepancy::Severity};

/// What a table is held to as a whole.
#[derive(Clone, Debug, Default)]
pub struct Gates {
    /// How old its newest value may be.
    pub freshness: Option<Freshness>,
    /// How far its rows may be from those of earlier nights.
    pub volume: Option<Volume>,
}

/// How old the newest value of a table may be on the day that a run takes for today.
#[derive(Clone, Debug)]
pub struct Freshness {
    /// The column of dates or timestamps; without one the date of the night counts.
    pub column: Option<usize>,
    /// Days that it may be old.
    pub after: Steps<u32>,
    /// Where the project says so.
    pub span: Span,
}

/// How far the rows of a table may be from the median of earlier nights.
#[derive(Clone, Debug)]
pub struct Volume {
    /// So many nights before are looked at.
    pub against: usize,
    /// By how much they may differ.
    pub change: Steps<Percent>,
}

/// Limits and the severity of what is past each, the strictest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps<T>(pub Vec<(Severity, T)>);

impl<T> Steps<T> {
    /// The strictest severity that there can be.
    pub fn strictest(&self) -> Option<Severity> {
        self.0.first().map(|(severity, _)| *severity)
    }

    /// The strictest step whose limit `is_past` says is passed.
    pub fn passed(&self, is_past: impl Fn(&T) -> bool) -> Option<Severity> {
        let mut steps = self.0.iter();
        let found = steps.find(|(_, limit)| is_past(limit));
        found.map(|(severity, _)| *severity)
    }
}

/// A share as people write it, exact: in millionths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u64);

/// Millionths in a percent.
const UNIT: u64 = 1_000_000;

impl Percent {
    /// All of it.
    pub const ALL: Self = Self(100 * UNIT);

    /// Reads `0.5%`: up to six digits before the point and six behind it.
    pub fn read(text: &str) -> Option<Self> {
        let number = text.trim().strip_suffix('%')?.trim_end();
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (number, ""),
        };
        let digits = |text: &str| text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let millionths: u64 = format!("{fraction:0<6}").parse().ok()?;
        Some(Self(whole.parse::<u64>().ok()? * UNIT + millionths))
    }

    /// How `part` of `whole` compares with it; anything of nothing is more.
    pub fn compared(self, part: u64, whole: u64) -> Ordering {
        let of_part = u128::from(part) * u128::from(Self::ALL.0);
        let of_whole = u128::from(whole) * u128::from(self.0);
        of_part.cmp(&of_whole)
    }

    /// Whether it is nothing at all.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / UNIT, self.0 % UNIT);
        let fraction = format!("{fraction:06}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            fraction => write!(f, "{whole}.{fraction}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_exact() {
        for (text, want) in [
            ("0.5%", Some("0.5%")),
            ("20 %", Some("20%")),
            (" 100%", Some("100%")),
            ("0.000001%", Some("0.000001%")),
            ("007.10%", Some("7.1%")),
            ("0.0000001%", None),
            ("1.%", None),
            (".5%", None),
            ("-1%", None),
            ("20", None),
            ("%", None),
        ] {
            let read = Percent::read(text).map(|percent| percent.to_string());
            assert_eq!(read.as_deref(), want, "{text}");
        }
        let of = |text: &str, part, whole| Percent::read(text).map(|p| p.compared(part, whole));
        for (text, part, whole, want) in [
            ("0.5%", 1, 200, Ordering::Equal),
            ("0.5%", 1, 201, Ordering::Less),
            ("0.5%", 1, 199, Ordering::Greater),
            ("0.1%", u64::MAX, u64::MAX, Ordering::Greater),
            ("0%", 0, 0, Ordering::Equal),
            ("90%", 1, 0, Ordering::Greater),
        ] {
            assert_eq!(
                of(text, part, whole),
                Some(want),
                "{part} of {whole} and {text}"
            );
        }
    }
}
