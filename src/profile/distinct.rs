//! How many different values there are: exact up to a bound, then from a sample of all values that one pass can keep.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Counts of values by their hashes. Beyond `most` different ones, only those are kept whose hash ends in enough
/// noughts: a value is kept always or never, so how often values repeat stays true of the sample.
#[derive(Clone, Debug)]
pub struct Distinct {
    most: usize,
    /// Noughts that a hash must end in.
    level: u32,
    counts: HashMap<u64, u64>,
}

/// How many; a hash of 64 bits stands for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exact(u64),
    /// About so many, from a sample.
    About(u64),
}

/// The same hash for the same texts, in every run.
pub fn hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Distinct {
    /// Nothing seen; at most `most` values are kept.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            level: 0,
            counts: HashMap::new(),
        }
    }

    /// Takes a value by its hash.
    pub fn add(&mut self, hash: u64) {
        if hash.trailing_zeros() < self.level {
            return;
        }
        *self.counts.entry(hash).or_default() += 1;
        while self.counts.len() > self.most && self.level < 63 {
            self.level += 1;
            let level = self.level;
            self.counts.retain(|hash, _| hash.trailing_zeros() >= level);
        }
    }

    /// Takes back a value by its hash, however often it was seen.
    pub fn forget(&mut self, hash: u64) {
        self.counts.remove(&hash);
    }

    /// How many different values were seen.
    pub fn count(&self) -> Count {
        let kept = self.counts.len() as u64;
        match self.level {
            0 => Count::Exact(kept),
            level => Count::About(kept.saturating_mul(1 << level.min(62))),
        }
    }

    /// How many values were seen before: all but the first of each, exact or about.
    pub fn repeated(&self) -> Count {
        let again: u64 = self.counts.values().map(|n| n - 1).sum();
        match self.level {
            0 => Count::Exact(again),
            level => Count::About(again.saturating_mul(1 << level.min(62))),
        }
    }
}

impl Count {
    /// The number, exact or not.
    pub fn number(self) -> u64 {
        match self {
            Self::Exact(n) | Self::About(n) => n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_exact_up_to_its_bound_and_near_beyond_it() {
        let mut few = Distinct::new(100);
        for n in 0..300_u64 {
            few.add(hash(&(n % 100)));
        }
        assert_eq!(few.count(), Count::Exact(100));
        assert_eq!(few.repeated(), Count::Exact(200));
        few.forget(hash(&7_u64));
        assert_eq!(few.repeated(), Count::Exact(198));

        let mut many = Distinct::new(4_096);
        for n in 0..200_000_u64 {
            many.add(hash(&(n % 100_000)));
        }
        let Count::About(about) = many.count() else {
            panic!("{:?}", many.count());
        };
        assert!((90_000..110_000).contains(&about), "{about}");
        assert_eq!(many.repeated().number(), about, "each value came twice");
    }
}
