//! Records that are the same in every field: of many, the first stands for all.

use std::{cmp::Ordering, collections::BTreeSet};

use super::{Decisions, Field};

/// Most of them that are compared each with each.
const FEW: usize = 10;

/// For each record the one that stands for it.
pub(super) struct Alike(Vec<u32>);

impl Alike {
    /// A record that somebody decided about stands for itself.
    pub(super) fn of(fields: &[Field], decisions: &Decisions) -> Self {
        let records = fields.first().map_or(0, Field::len) as u32;
        let decided: BTreeSet<u32> = decisions.keys().flat_map(|(a, b)| [*a, *b]).collect();
        let by_values = |a: &u32, b: &u32| -> Ordering {
            let of = |record: u32| fields.iter().map(move |field| field.value(record));
            of(*a).cmp(of(*b))
        };
        let mut order: Vec<u32> = (0..records).filter(|r| !decided.contains(r)).collect();
        order.sort_unstable_by(|a, b| by_values(a, b).then(a.cmp(b)));
        let mut first: Vec<u32> = (0..records).collect();
        let groups = order.chunk_by(|a, b| by_values(a, b).is_eq());
        for group in groups.filter(|group| group.len() > FEW) {
            group
                .iter()
                .for_each(|record| first[*record as usize] = group[0]);
        }
        Self(first)
    }

    /// The record that stands for this one.
    pub(super) fn first(&self, record: u32) -> u32 {
        self.0[record as usize]
    }

    /// Each record with the one that stands for it, where that is another.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        let all = self.0.iter().zip(0..);
        all.filter(|(first, record)| *first != record)
            .map(|(first, record)| (*first, record))
    }
}
