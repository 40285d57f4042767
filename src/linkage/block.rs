//! Blocks: records that agree on a key, the only ones that are compared. A key that too many share is not compared whole.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

use super::{Field, Pair, alike::Alike};

/// Records behind it in the order of all fields that a record of a capped block is compared with.
const WINDOW: usize = 20;
/// Blocks that a worker takes at a time.
const TAKEN: usize = 64;
/// A record without the key.
const NONE: u64 = 0;

/// A key that more records share than are compared each with each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capped {
    /// Its fields, by index.
    pub key: Vec<usize>,
    /// A record that has it.
    pub record: u32,
    /// Records that share it.
    pub records: usize,
}

/// The records by one key.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Its fields, by index.
    pub key: Vec<usize>,
    /// The key of each record.
    keys: Vec<u64>,
    /// Records that have the key, by it and then by their number.
    sorted: Vec<u32>,
    /// The blocks of two records and more, as places in `sorted`; the capped ones last.
    ranges: Vec<Range<usize>>,
    /// How many of them are not capped.
    whole: usize,
    /// Keys that too many share.
    pub capped: Vec<Capped>,
    /// Whether a record is in a capped block.
    is_capped: Vec<bool>,
}

impl Blocks {
    /// Those of records that others do not stand for, see [`Alike`].
    pub(super) fn new(fields: &[Field], key: &[usize], most: usize, alike: &Alike) -> Self {
        let records = fields.first().map_or(0, Field::len);
        let hasher = FixedState::default();
        let key_of = |record: u32| {
            if alike.first(record) != record {
                return NONE;
            }
            let values: Option<Vec<u32>> = key
                .iter()
                .map(|field| fields[*field].value(record))
                .collect();
            values.map_or(NONE, |values| hasher.hash_one(values).max(NONE + 1))
        };
        let keys: Vec<u64> = (0..records as u32).map(key_of).collect();
        let of = |record: &u32| keys[*record as usize];
        let mut sorted: Vec<u32> = (0..records as u32).filter(|r| of(r) != NONE).collect();
        sorted.sort_unstable_by_key(|record| (of(record), *record));
        let mut ranges = Vec::new();
        let mut large = Vec::new();
        let mut capped = Vec::new();
        let mut is_capped = vec![false; records];
        let mut start = 0;
        for block in sorted.chunk_by(|a, b| of(a) == of(b)) {
            let range = start..start + block.len();
            start = range.end;
            if block.len() > most {
                block
                    .iter()
                    .for_each(|record| is_capped[*record as usize] = true);
                capped.push(Capped {
                    key: key.to_vec(),
                    record: block[0],
                    records: block.len(),
                });
                large.push(range);
            } else if block.len() > 1 {
                ranges.push(range);
            }
        }
        capped.sort_by_key(|capped| (capped.records, capped.record));
        capped.reverse();
        let mut blocks = Self {
            key: key.to_vec(),
            whole: ranges.len(),
            keys,
            sorted,
            ranges,
            capped,
            is_capped,
        };
        for range in large {
            let place = |record: &u32| {
                let others = (0..fields.len()).filter(|field| !key.contains(field));
                let texts = others.map(|field| fields[field].text(*record).unwrap_or_default());
                texts.map(str::to_owned).collect::<Vec<_>>()
            };
            blocks.sorted[range.clone()].sort_by_cached_key(|record| (place(record), *record));
            blocks.ranges.push(range);
        }
        blocks
    }

    /// The pairs of blocks that are compared each with each.
    pub(super) fn pairs(&self) -> u64 {
        let pairs = |range: &Range<usize>| (range.len() as u64) * (range.len() as u64 - 1) / 2;
        self.ranges[..self.whole].iter().map(pairs).sum()
    }

    /// Every `step`th of those pairs.
    pub(super) fn sample(&self, step: u64, mut each: impl FnMut(u32, u32)) {
        let mut at = 0;
        for range in &self.ranges[..self.whole] {
            in_block(&self.sorted[range.clone()], usize::MAX, |first, second| {
                if at % step == 0 {
                    each(first, second);
                }
                at += 1;
            });
        }
    }

    fn joins(&self, first: u32, second: u32) -> bool {
        let [a, b] = [first, second].map(|record| self.keys[record as usize]);
        a != NONE && a == b && !self.is_capped[first as usize]
    }
}

/// Each record with those behind it, `window` at most.
fn in_block(block: &[u32], window: usize, mut each: impl FnMut(u32, u32)) {
    for (at, a) in block.iter().enumerate() {
        for b in block[at + 1..].iter().take(window) {
            each(*a.min(b), *a.max(b));
        }
    }
}

/// Judges every pair of every block once; returns those that `judge` keeps, and how many were compared.
pub(super) fn score(
    fields: &[Field],
    all: &[Blocks],
    threads: usize,
    judge: impl Fn(u32, u32) -> Option<Pair> + Sync,
) -> (Vec<Pair>, u64) {
    debug_assert!(fields.len() <= super::MAX_FIELDS);
    let work: Vec<(usize, usize)> = all
        .iter()
        .enumerate()
        .flat_map(|(rule, blocks)| (0..blocks.ranges.len()).map(move |range| (rule, range)))
        .collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut kept = Vec::new();
        let mut compared = 0;
        loop {
            let from = next.fetch_add(TAKEN, Ordering::Relaxed);
            let Some(taken) = work.get(from..work.len().min(from + TAKEN)) else {
                return (kept, compared);
            };
            if taken.is_empty() {
                return (kept, compared);
            }
            for (rule, range) in taken {
                let blocks = &all[*rule];
                let window = match *range < blocks.whole {
                    true => usize::MAX,
                    false => WINDOW,
                };
                let block = &blocks.sorted[blocks.ranges[*range].clone()];
                in_block(block, window, |first, second| {
                    // An earlier key has joined them already.
                    if all[..*rule]
                        .iter()
                        .any(|earlier| earlier.joins(first, second))
                    {
                        return;
                    }
                    compared += 1;
                    kept.extend(judge(first, second));
                });
            }
        }
    };
    let done: Vec<(Vec<Pair>, u64)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        let own = worker();
        // A worker that dies has met a mistake in this crate, which its own thread has told.
        let others = workers.into_iter().filter_map(|worker| worker.join().ok());
        std::iter::once(own).chain(others).collect()
    });
    let compared = done.iter().map(|(_, compared)| compared).sum();
    let mut pairs: Vec<Pair> = done.into_iter().flat_map(|(kept, _)| kept).collect();
    pairs.sort_by_key(|pair| (pair.first, pair.second));
    // Capped blocks of several keys may join the same two.
    pairs.dedup_by_key(|pair| (pair.first, pair.second));
    (pairs, compared)
}
