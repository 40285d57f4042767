//! Grouping and matching: figures sorted by their keys, groups joined in that order or found by it.

use std::{cell::Cell, collections::HashMap};

use foldhash::fast::FixedState;

use super::select::Side;
use crate::rules::totals::Key;

/// The values of a group's keys, each by its rank.
pub(super) type GroupKey = [u32];

/// Ranks of texts in their order: comparing and sorting keys then never looks at the texts again.
pub(super) struct Ranks<'s>(HashMap<&'s str, u32, FixedState>);

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
        let mut ranks: HashMap<&str, u32, FixedState> = HashMap::default();
        ranks.extend(more.map(|text| (text, 0)));
        for side in sides {
            for key in keys {
                ranks.extend(side.texts(*key).map(|text| (text, 0)));
            }
        }
        let mut texts: Vec<&str> = ranks.keys().copied().collect();
        texts.sort_unstable();
        for (text, rank) in texts.into_iter().zip(0..) {
            ranks.insert(text, rank);
        }
        Self(ranks)
    }

    /// The rank of a text that has one.
    pub(super) fn of(&self, text: &str) -> Option<u32> {
        self.0.get(text).copied()
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
    /// The group that was found last: most often the next is looked for next.
    last: Cell<usize>,
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
        // The ranks of every figure, kept or not: so one list of places is enough, and there may be millions.
        let mut unsorted = vec![0; side.picked.len() * width];
        for (column, key) in keys.iter().enumerate() {
            let rank = |text: &str| ranks.of(text).unwrap_or(u32::MAX);
            side.ranked(*key, rank, |place, rank| {
                unsorted[place * width + column] = rank;
            });
        }
        let key = |place: usize| &unsorted[place * width..][..width];
        // With room for all: growing would take up what there was before as well.
        let mut members = Vec::with_capacity(side.picked.len());
        members.extend((0..side.picked.len()).filter(|place| kept(*place)));
        // Stable, so that the members of a group stay in the order of the figures.
        members.sort_by(|one, other| key(*one).cmp(key(*other)));
        let same = |one: &usize, next: &usize| key(*one) == key(*next);
        let groups = members.chunk_by(same).count();
        let mut keys = Vec::with_capacity(groups * width);
        let mut starts = Vec::with_capacity(groups + 1);
        starts.push(0);
        for group in members.chunk_by(same) {
            keys.extend_from_slice(key(group[0]));
            starts.push(starts.last().map_or(0, |start| start + group.len()));
        }
        Self {
            side,
            width,
            keys,
            starts,
            members,
            last: Cell::new(0),
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
        let found = self.near(key).or_else(|| self.search(key))?;
        self.last.set(found);
        Some(found)
    }

    fn near(&self, key: &GroupKey) -> Option<usize> {
        let last = self.last.get();
        (last..self.len().min(last + 2)).find(|group| self.key(*group) == key)
    }

    fn search(&self, key: &GroupKey) -> Option<usize> {
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
