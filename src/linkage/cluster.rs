//! Groups of records: what somebody decided first, then what pairs join, the likeliest first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decisions, Pair};

/// Records that are one, and groups of them that are kept apart.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// For each record an earlier one of its group, or itself.
    first_of: BTreeMap<u32, u32>,
    /// For each group, by its first record, those that it is kept apart from.
    apart: BTreeMap<u32, BTreeSet<u32>>,
}

impl Groups {
    /// What was decided, with all that follows from it.
    pub(super) fn decided(decisions: &Decisions) -> Self {
        let mut groups = Self::default();
        for ((a, b), _) in decisions.iter().filter(|(_, same)| **same) {
            groups.join(*a, *b);
        }
        for ((a, b), _) in decisions.iter().filter(|(_, same)| !**same) {
            groups.part(*a, *b);
        }
        groups
    }

    /// Makes one group of those of two records; `false` where they are kept apart.
    pub fn join(&mut self, a: u32, b: u32) -> bool {
        let [a, b] = [a, b].map(|record| self.first(record));
        let (low, high) = (a.min(b), a.max(b));
        if low == high {
            return true;
        }
        if self.are_apart(low, high) {
            return false;
        }
        self.first_of.insert(high, low);
        for other in self.apart.remove(&high).unwrap_or_default() {
            let of_other = self.apart.entry(other).or_default();
            of_other.remove(&high);
            of_other.insert(low);
            self.apart.entry(low).or_default().insert(other);
        }
        true
    }

    /// Keeps the groups of two records apart; `false` where they are one.
    pub fn part(&mut self, a: u32, b: u32) -> bool {
        let [a, b] = [a, b].map(|record| self.first(record));
        if a == b {
            return false;
        }
        self.apart.entry(a).or_default().insert(b);
        self.apart.entry(b).or_default().insert(a);
        true
    }

    /// Whether two records are one; `None` where nothing says so or otherwise.
    pub(super) fn are_one(&mut self, a: u32, b: u32) -> Option<bool> {
        let [a, b] = [a, b].map(|record| self.first(record));
        match a == b {
            true => Some(true),
            false => self.are_apart(a, b).then_some(false),
        }
    }

    /// The records of each group, by its first, once `pairs` have joined them, the likeliest first; none joins what is kept
    /// apart.
    pub(super) fn joined_by(mut self, pairs: &[Pair]) -> BTreeMap<u32, Vec<u32>> {
        let mut joining: Vec<&Pair> = pairs.iter().filter(|p| p.decided != Some(false)).collect();
        joining.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        for pair in joining {
            self.join(pair.first, pair.second);
        }
        let records: Vec<u32> = self.first_of.keys().copied().collect();
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for record in records {
            groups.entry(self.first(record)).or_default().push(record);
        }
        groups.retain(|_, records| records.len() > 1);
        groups
    }

    fn are_apart(&self, a: u32, b: u32) -> bool {
        self.apart.get(&a).is_some_and(|others| others.contains(&b))
    }

    /// The first record of a group, which stands for it.
    fn first(&mut self, record: u32) -> u32 {
        let mut at = record;
        let mut passed = Vec::new();
        while let Some(next) = self.first_of.get(&at).copied().filter(|next| *next != at) {
            passed.push(at);
            at = next;
        }
        self.first_of.entry(at).or_insert(at);
        for record in passed {
            self.first_of.insert(record, at);
        }
        at
    }
}
