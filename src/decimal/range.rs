//! What a number can be, where nobody says what it is.

use std::fmt;

use super::Decimal;

/// All numbers from `least` to `most`; an absent bound is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least that it can be.
    pub least: Option<Decimal>,
    /// The most that it can be.
    pub most: Option<Decimal>,
}

impl Range {
    /// One number alone.
    pub fn exactly(value: Decimal) -> Self {
        Self {
            least: Some(value),
            most: Some(value),
        }
    }

    /// The number, where it can be one only.
    pub fn exact(self) -> Option<Decimal> {
        self.least.filter(|_| self.least == self.most)
    }

    /// All sums; `None` when one does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            least: both(self.least, other.least, Decimal::checked_add)?,
            most: both(self.most, other.most, Decimal::checked_add)?,
        })
    }

    /// All differences; `None` when one does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Some(Self {
            least: both(self.least, other.most, Decimal::checked_sub)?,
            most: both(self.most, other.least, Decimal::checked_sub)?,
        })
    }

    /// The number in it that is nearest to 0.
    pub fn nearest_to_zero(self) -> Decimal {
        let above = self.least.filter(|least| *least > Decimal::ZERO);
        let below = self.most.filter(|most| *most < Decimal::ZERO);
        self.exact().or(above).or(below).unwrap_or(Decimal::ZERO)
    }

    /// For readers: `2,054`, `8 to 11`, `at least 8`.
    pub fn grouped(self) -> String {
        self.shown(Decimal::grouped)
    }

    fn shown(self, number: impl Fn(Decimal) -> String) -> String {
        match (self.least, self.most) {
            (Some(least), Some(most)) if least == most => number(least),
            (Some(least), Some(most)) => format!("{} to {}", number(least), number(most)),
            (Some(least), None) => format!("at least {}", number(least)),
            (None, Some(most)) => format!("at most {}", number(most)),
            (None, None) => "any number".to_owned(),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(|number| number.to_string()))
    }
}

/// A bound of two bounds; no bound where one has none. The outer `None` says that it does not fit.
fn both(
    one: Option<Decimal>,
    other: Option<Decimal>,
    of: impl Fn(Decimal, Decimal) -> Option<Decimal>,
) -> Option<Option<Decimal>> {
    match (one, other) {
        (Some(one), Some(other)) => of(one, other).map(Some),
        _ => Some(None),
    }
}
