//! Grouping and matching: figures sorted by their keys, groups joined in that order or found by it.

use super::select::{ByAddress, Side};
use crate::rules::totals::Key;

/// The values of a group's keys, each by its rank.
pub(super) type GroupKey = [u32];

/// Ranks of texts in their order: comparing and sorting keys then never looks at the texts again.
pub(super) struct Ranks<'s>(ByAddress<'s, u32>);

impl<'s> Ranks<'s> {
    /// The texts that the figures of `sides` have under `keys`.
    pub(super) fn new(sides: &'s [Side<'_>], keys: &[Key]) -> Self {
        Self::with(sides, keys, std::iter::empty())
    }

    /// The same, and `more` texts.
    pub(super) fn with(
        sides: &'s [Side<'_>],
        keys: &[Key],
        more: impl Iterator<Item = &'s str>,
    ) -> Self {
        let mut seen = ByAddress::default();
        let mut texts: Vec<&str> = Vec::new();
        let mut see = |text: &'s str| seen.get_or(text, || texts.push(text));
        more.for_each(&mut see);
        for side in sides {
            for key in keys {
                (0..side.picked.len()).for_each(|place| see(side.text(place, *key)));
            }
        }
        texts.sort_unstable();
        let mut ranks = ByAddress::default();
        for (same, rank) in texts.chunk_by(|one, other| one == other).zip(0..) {
            for text in same {
                ranks.get_or(text, || rank);
            }
        }
        Self(ranks)
    }

    /// The rank of a text that was among those.
    pub(super) fn of(&self, text: &str) -> Option<u32> {
        self.0.get(text)
    }
}

/// The figures of a side by the values of some keys; members are places in [`Side::picked`].
pub(super) struct Groups<'s, 'f> {
    pub(super) side: &'s Side<'f>,
    /// Ranks in a key.
    width: usize,
    /// The keys of the groups in their order, one after the other.
    keys: Vec<u32>,
    /// Where the members of each group begin, and where those of the last end.
    starts: Vec<usize>,
    /// The members of the groups, group by group.
    members: Vec<usize>,
}

impl<'s, 'f> Groups<'s, 'f> {
    /// Groups `side` by `keys`, whose texts are among those of `ranks`.
    pub(super) fn new(side: &'s Side<'f>, keys: &[Key], ranks: &Ranks<'_>) -> Self {
        Self::of(side, keys, ranks, |_| true)
    }

    /// The same for the figures that are to be `kept`.
    pub(super) fn of(
        side: &'s Side<'f>,
        keys: &[Key],
        ranks: &Ranks<'_>,
        kept: impl Fn(usize) -> bool,
    ) -> Self {
        let width = keys.len();
        let mut members: Vec<usize> = (0..side.picked.len())
            .filter(|place| kept(*place))
            .collect();
        let mut unsorted = Vec::with_capacity(members.len() * width);
        for place in &members {
            let texts = keys.iter().map(|key| side.text(*place, *key));
            unsorted.extend(texts.map(|text| ranks.of(text).unwrap_or(u32::MAX)));
        }
        let key = |index: usize| &unsorted[index * width..][..width];
        let mut order: Vec<usize> = (0..members.len()).collect();
        // Stable, so that the members of a group stay in the order of the figures.
        order.sort_by(|one, other| key(*one).cmp(key(*other)));
        let (mut keys, mut starts) = (Vec::new(), Vec::new());
        for (at, index) in order.iter().enumerate() {
            if at == 0 || key(order[at - 1]) != key(*index) {
                keys.extend_from_slice(key(*index));
                starts.push(at);
            }
        }
        starts.push(order.len());
        order.iter_mut().for_each(|index| *index = members[*index]);
        members = order;
        Self {
            side,
            width,
            keys,
            starts,
            members,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The key of a group.
    pub(super) fn key(&self, group: usize) -> &GroupKey {
        &self.keys[group * self.width..][..self.width]
    }

    /// The figures of a group.
    pub(super) fn members(&self, group: usize) -> &[usize] {
        &self.members[self.starts[group]..self.starts[group + 1]]
    }

    /// The group that has `key`.
    pub(super) fn find(&self, key: &GroupKey) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.key(middle).cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Calls `each` for every key that one of `all` has, in order, with its members on each side.
pub(super) fn joined<'g>(
    all: &'g [Groups<'_, '_>],
    mut each: impl FnMut(&'g GroupKey, &[Option<&'g [usize]>]),
) {
    let mut next = vec![0_usize; all.len()];
    let mut found = vec![None; all.len()];
    loop {
        let heads = || {
            let open = all.iter().zip(&next).filter(|(g, next)| **next < g.len());
            open.map(|(groups, next)| groups.key(*next))
        };
        let Some(key) = heads().min() else {
            return;
        };
        for ((groups, next), found) in all.iter().zip(&mut next).zip(&mut found) {
            let here = *next < groups.len() && groups.key(*next) == key;
            *found = here.then(|| groups.members(*next));
            *next += usize::from(here);
        }
        each(key, &found);
    }
}

/// The groups of `others` that are not among `found`, in order.
pub(super) fn unmatched(others: &Groups<'_, '_>, found: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut matched = vec![false; others.len()];
    for group in found {
        matched[group] = true;
    }
    (0..others.len()).filter(|group| !matched[*group]).collect()
}
