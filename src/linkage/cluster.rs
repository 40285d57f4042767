//! Groups of records that pairs join.

use std::collections::BTreeMap;

use super::Pair;

/// The records of each group, by its first; pairs that somebody decided to be different join nothing.
pub(super) fn groups(pairs: &[Pair]) -> BTreeMap<u32, Vec<u32>> {
    let mut first_of: BTreeMap<u32, u32> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.decided != Some(false)) {
        let [a, b] = [pair.first, pair.second].map(|record| find(&mut first_of, record));
        let (low, high) = (a.min(b), a.max(b));
        first_of.insert(high, low);
    }
    let records: Vec<u32> = first_of.keys().copied().collect();
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for record in records {
        let first = find(&mut first_of, record);
        groups.entry(first).or_default().push(record);
    }
    groups
}

/// The first record of a group, which stands for it.
fn find(first_of: &mut BTreeMap<u32, u32>, record: u32) -> u32 {
    let mut at = record;
    let mut passed = Vec::new();
    while let Some(next) = first_of.get(&at).copied().filter(|next| *next != at) {
        passed.push(at);
        at = next;
    }
    first_of.entry(at).or_insert(at);
    for record in passed {
        first_of.insert(record, at);
    }
    at
}
