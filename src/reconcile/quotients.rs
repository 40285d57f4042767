//! Quotients as they are printed: of two figures, or of two ranges of figures.

use crate::{
    decimal::{Decimal, Range, Ratio},
    rules::totals::Rounding,
};

/// How a quotient is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// The power of ten between it and what is written.
    pub(super) shift: u32,
    pub(super) decimals: u32,
    pub(super) rounding: Rounding,
}

/// Decimals of a quotient whose printed figure is suppressed, so that nobody knows how many it would have.
pub(super) const MANY_DECIMALS: u32 = 6;

impl Written {
    /// `part` ÷ `whole` as it is written; of a number below 0 the rounding is that of its amount, as in spreadsheets.
    pub(super) fn ratio(self, part: Decimal, whole: Decimal) -> Option<Ratio> {
        let ratio = part
            .checked_abs()?
            .ratio(whole, self.shift, self.decimals)?;
        if part >= Decimal::ZERO {
            return Some(ratio);
        }
        let negative = |number: Decimal| Decimal::ZERO.checked_sub(number);
        Some(Ratio {
            rounded: negative(ratio.rounded)?,
            even: negative(ratio.even)?,
            truncated: negative(ratio.truncated)?,
            exact: ratio.exact,
        })
    }

    /// The same with two decimals more, which show how close to a boundary it is; where they do not fit, itself.
    pub(super) fn closer(self, part: Decimal, whole: Decimal, ratio: Ratio) -> Ratio {
        let closer = Self {
            decimals: self.decimals.saturating_add(2),
            ..self
        };
        closer.ratio(part, whole).unwrap_or(ratio)
    }

    /// What can be written for a quotient whose least is `least.0` ÷ `least.1`, and whose most is `most.0` ÷ `most.1`;
    /// without a bound where one is not known. `None` when one does not fit.
    pub(super) fn range(
        self,
        least: (Option<Decimal>, Option<Decimal>),
        most: (Option<Decimal>, Option<Decimal>),
    ) -> Option<Range> {
        let written = |(part, whole): (Option<Decimal>, Option<Decimal>)| match (part, whole) {
            (Some(part), Some(whole)) if whole > Decimal::ZERO => {
                self.ratio(part, whole).map(|r| Some(self.rounding.of(r)))
            }
            _ => Some(None),
        };
        Some(Range {
            least: written(least)?,
            most: written(most)?,
        })
    }

    /// A printed figure without the noise of a floating-point export.
    pub(super) fn of(self, printed: Decimal) -> Decimal {
        let amount = printed
            .checked_abs()
            .map(|amount| amount.rounded(self.decimals));
        match amount {
            Some(amount) if printed < Decimal::ZERO => {
                Decimal::ZERO.checked_sub(amount).unwrap_or(printed)
            }
            Some(amount) => amount,
            None => printed,
        }
    }
}
