//! Shares and changes: a figure that is worked out of two sums.

use crate::{
    decimal::{Decimal, Ratio},
    reconcile::{Figure, Reconciliation, quotients::Written},
    rules::totals::Rounding,
};

/// How a row works its figure out of the figures that it is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quotient {
    pub(super) kind: Kind,
    /// How many of the figures make the first of the two sums; the others make the second.
    split: usize,
    shift: u32,
    decimals: u32,
}

/// What is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first sum by the second.
    Share,
    /// What came to the first sum, by the first.
    Change,
    /// What came to the first sum.
    Difference,
}

impl Quotient {
    /// How a row came by what it computes. A row does not say where its first sum ends, nor in what it counts: `None`
    /// where two ways come to the same, since a cause would be a guess.
    pub(super) fn of(row: &Reconciliation, figures: &[Figure]) -> Option<Self> {
        let computed = row.computed?;
        let kinds: &[(Kind, u32)] = match row.rule.kind {
            "share_of" => &[(Kind::Share, 2), (Kind::Share, 0)],
            "change" => &[(Kind::Change, 2), (Kind::Change, 0), (Kind::Difference, 0)],
            _ => return None,
        };
        let mut fits = None;
        for split in 1..row.computed_from.len() {
            for (kind, shift) in kinds {
                let quotient = Self {
                    kind: *kind,
                    split,
                    shift: *shift,
                    decimals: computed.scale(),
                };
                let (first, second) = quotient.sums(row, |figure| figures[figure].value)?;
                let ratio = quotient.ratio(first, second);
                if ratio.is_none_or(|ratio| ratio.rounded != computed) {
                    continue;
                }
                // Nought is nought in percent and as a fraction.
                let same = |other: &Self| other.kind == *kind && other.split == split;
                match &fits {
                    None => fits = Some(quotient),
                    Some(other) if same(other) => {}
                    Some(_) => return None,
                }
            }
        }
        fits
    }

    /// The two sums: part and whole of a share, before and after of a change.
    pub(super) fn sums(
        self,
        row: &Reconciliation,
        value: impl Fn(usize) -> Decimal,
    ) -> Option<(Decimal, Decimal)> {
        let (first, second) = self.sides(row);
        let sum = |side: &[usize]| {
            let mut values = side.iter().map(|figure| value(*figure));
            let first = values.next()?;
            values.try_fold(first, Decimal::checked_add)
        };
        Some((sum(first)?, sum(second)?))
    }

    /// The figures of the two sums.
    pub(super) fn sides(self, row: &Reconciliation) -> (&[usize], &[usize]) {
        row.computed_from.split_at(self.split)
    }

    /// What is worked out of two sums.
    pub(super) fn ratio(self, first: Decimal, second: Decimal) -> Option<Ratio> {
        match self.kind {
            Kind::Share => self.divided(first, second),
            Kind::Change => self.divided(second.checked_sub(first)?, first),
            Kind::Difference => self.divided(second.checked_sub(first)?, Decimal::from(1)),
        }
    }

    /// One number by another, written as the row's figure is.
    pub(super) fn divided(self, number: Decimal, by: Decimal) -> Option<Ratio> {
        self.written().ratio(number, by)
    }

    /// A printed figure with the decimals of the row's.
    pub(super) fn printed(self, figure: Decimal) -> Decimal {
        self.written().of(figure)
    }

    /// The last decimal's unit.
    pub(super) fn unit(self) -> Option<Decimal> {
        Decimal::new(1, self.decimals)
    }

    fn written(self) -> Written {
        Written {
            shift: self.shift,
            decimals: self.decimals,
            rounding: Rounding::HalfUp,
        }
    }
}
