//! What some figures of a side come to.

use std::collections::HashMap;

use super::{Figure, select::Side};
use crate::decimal::{Decimal, Range};

/// Members that are compared with each other one by one; more are looked up.
const FEW: usize = 16;

/// Some figures of a side and their sum.
pub(super) struct Amount<'s, 'f> {
    pub(super) side: &'s Side<'f>,
    pub(super) members: &'s [usize],
    /// Their sum; of one figure, its value. More than one number where figures are suppressed.
    pub(super) range: Range,
}

impl<'s, 'f> Amount<'s, 'f> {
    /// The sum of `members`; `Err` says why they cannot be added.
    pub(super) fn of(side: &'s Side<'f>, members: &'s [usize]) -> Result<Self, String> {
        if let Some(reason) = unaddable(side, members) {
            return Err(reason);
        }
        let mut values = members.iter().map(|member| side.figure(*member).range());
        let first = values
            .next()
            .ok_or_else(|| format!("`{}` has no figure here", side.name))?;
        let range = values.try_fold(first, Range::checked_add).ok_or_else(|| {
            let count = members.len();
            format!("`{}`: the sum of {count} figures is too large", side.name)
        })?;
        Ok(Self {
            side,
            members,
            range,
        })
    }

    /// The figures.
    pub(super) fn figures(&self) -> impl Iterator<Item = &'f Figure> + Clone + use<'_, 's, 'f> {
        self.members.iter().map(|member| self.side.figure(*member))
    }

    /// The values of the figures that have one.
    pub(super) fn values(&self) -> impl Iterator<Item = Decimal> + Clone + use<'_, 's, 'f> {
        self.figures().filter_map(|figure| figure.range().exact())
    }

    /// How many figures are suppressed.
    pub(super) fn suppressed(&self) -> usize {
        let figures = self.figures();
        figures
            .filter(|figure| figure.range().exact().is_none())
            .count()
    }
}

/// Why adding `members` would mean nothing, if so.
///
/// The same figure printed in several places (a table's body and its chart) is not two figures, and a count and a
/// percentage are not of a kind: both are slips of a selector that a sum would hide.
fn unaddable(side: &Side<'_>, members: &[usize]) -> Option<String> {
    let (first, others) = members.split_first()?;
    let first = side.figure(*first);
    let other = |member: &usize| side.figure(*member).measure != first.measure;
    if let Some(other) = others.iter().find(|member| other(member)) {
        let figure = side.figure(*other);
        return Some(format!(
            "`{}` would add {} at {} to {} at {}: choose one `measure` or add it to `by`",
            side.name, figure.measure, figure.stated_at, first.measure, first.stated_at
        ));
    }
    let (same, figure) = repeated(side, members)?;
    Some(format!(
        "`{}` would add `{}` twice, from {} and {}: choose one `origin` or add it to `by`",
        side.name, figure.category, same.stated_at, figure.stated_at
    ))
}

/// Two of `members` that are about the same thing.
fn repeated<'f>(side: &Side<'f>, members: &[usize]) -> Option<(&'f Figure, &'f Figure)> {
    if members.len() <= FEW {
        return members.iter().enumerate().find_map(|(at, member)| {
            let figure = side.figure(*member);
            let mut earlier = members[..at].iter().map(|member| side.figure(*member));
            let same = earlier.find(|other| is_again(other, figure))?;
            Some((same, figure))
        });
    }
    let mut seen = HashMap::with_capacity(members.len());
    members.iter().find_map(|member| {
        let figure = side.figure(*member);
        let same = seen.insert(identity(figure), figure)?;
        is_again(same, figure).then_some((same, figure))
    })
}

/// Whether two figures are one that is printed in two places. A part that stands twice in one place is the publication's
/// slip, and what comes of it is to be seen.
fn is_again(one: &Figure, other: &Figure) -> bool {
    one.origin != other.origin && identity(one) == identity(other)
}

/// What a figure is about, wherever it is printed; what differs most often first.
fn identity(figure: &Figure) -> [&str; 5] {
    [
        &figure.category,
        &figure.period,
        &figure.population,
        &figure.table,
        figure.source.word(),
    ]
}
