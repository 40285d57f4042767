//! Grouping and matching: hash joins on keys, and results in the order of the keys.

use std::collections::{HashMap, HashSet};

use super::{Figure, select::Side};
use crate::{decimal::Decimal, rules::totals::Key};

/// The values of a group's keys, each by its rank.
pub(super) type GroupKey = Vec<u32>;

/// Ranks of texts in their order: comparing, hashing and sorting keys then never looks at the texts again.
pub(super) struct Ranks<'s>(HashMap<&'s str, u32>);

impl<'s> Ranks<'s> {
    /// The texts that the figures of `sides` have under `keys`.
    pub(super) fn new(sides: &'s [Side<'_>], keys: &[Key]) -> Self {
        let mut texts: HashSet<&str> = HashSet::new();
        for side in sides {
            for key in keys {
                texts.extend((0..side.picked.len()).map(|place| side.text(place, *key)));
            }
        }
        let mut texts: Vec<&str> = texts.into_iter().collect();
        texts.sort_unstable();
        Self(texts.into_iter().zip(0..).collect())
    }
}

/// The figures of a side by the values of some keys; members are places in [`Side::picked`].
pub(super) struct Groups<'s, 'f> {
    pub(super) side: &'s Side<'f>,
    members: HashMap<GroupKey, Vec<usize>>,
}

impl<'s, 'f> Groups<'s, 'f> {
    /// Groups `side` by `keys`, which are among those of `ranks`.
    pub(super) fn new(side: &'s Side<'f>, keys: &[Key], ranks: &Ranks<'_>) -> Self {
        let mut members: HashMap<GroupKey, Vec<usize>> = HashMap::new();
        for place in 0..side.picked.len() {
            let texts = keys.iter().map(|key| side.text(place, *key));
            let group = texts.map(|text| ranks.0[text]).collect();
            members.entry(group).or_default().push(place);
        }
        Self { side, members }
    }

    pub(super) fn get(&self, group: &[u32]) -> Option<&[usize]> {
        self.members.get(group).map(Vec::as_slice)
    }

    /// The groups in the order of their keys.
    pub(super) fn sorted(&self) -> Vec<(&GroupKey, &[usize])> {
        self.sorted_unless(|_| false)
    }

    /// The groups that are not `left_out`, in the order of their keys.
    pub(super) fn sorted_unless(
        &self,
        left_out: impl Fn(&GroupKey) -> bool,
    ) -> Vec<(&GroupKey, &[usize])> {
        let mut groups: Vec<_> = self
            .members
            .iter()
            .filter(|(group, _)| !left_out(group))
            .map(|(group, members)| (group, members.as_slice()))
            .collect();
        groups.sort_unstable_by_key(|(group, _)| *group);
        groups
    }
}

/// What some figures of a side come to.
pub(super) struct Amount<'s, 'f> {
    pub(super) side: &'s Side<'f>,
    pub(super) members: &'s [usize],
    /// Their sum; of one figure, its value.
    pub(super) value: Decimal,
}

impl<'s, 'f> Amount<'s, 'f> {
    /// The sum of `members`; `Err` says why they cannot be added.
    pub(super) fn of(side: &'s Side<'f>, members: &'s [usize]) -> Result<Self, String> {
        if let Some(reason) = unaddable(side, members) {
            return Err(reason);
        }
        let mut values = members.iter().map(|member| side.figure(*member).value);
        let first = values
            .next()
            .ok_or_else(|| format!("`{}` has no figure here", side.name))?;
        let value = values
            .try_fold(first, Decimal::checked_add)
            .ok_or_else(|| {
                let count = members.len();
                format!("`{}`: the sum of {count} figures is too large", side.name)
            })?;
        Ok(Self {
            side,
            members,
            value,
        })
    }
}

/// Why adding `members` would mean nothing, if so.
///
/// The same figure printed in several places (a table's body and its chart) is not two figures, and a count and a
/// percentage are not of a kind: both are slips of a selector that a sum would hide.
fn unaddable(side: &Side<'_>, members: &[usize]) -> Option<String> {
    let (first, others) = members.split_first()?;
    if others.is_empty() {
        return None;
    }
    let first = side.figure(*first);
    let mut seen: HashMap<[&str; 5], &Figure> = HashMap::with_capacity(members.len());
    for member in members {
        let figure = side.figure(*member);
        if figure.measure != first.measure {
            return Some(format!(
                "`{}` would add {} at {} to {} at {}: choose one `measure` or add it to `by`",
                side.name, figure.measure, figure.stated_at, first.measure, first.stated_at
            ));
        }
        let identity: [&str; 5] = [
            figure.source.word(),
            &figure.table,
            &figure.period,
            &figure.population,
            &figure.category,
        ];
        // A part that stands twice in one place is the publication's slip, and what comes of it is to be seen.
        if let Some(same) = seen.insert(identity, figure)
            && same.origin != figure.origin
        {
            return Some(format!(
                "`{}` would add `{}` twice, from {} and {}: choose one `origin` or add it to `by`",
                side.name, figure.category, same.stated_at, figure.stated_at
            ));
        }
    }
    None
}
