//! Counting with the first places of what is counted.

use std::collections::BTreeMap;

/// Places and samples that are kept of one thing.
const KEPT: usize = 3;

/// A line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index into the table's files.
    pub file: usize,
    /// From 1.
    pub line: u64,
}

/// How often something was seen, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// The first texts, each with its place.
    pub first: Vec<(String, Place)>,
}

impl Seen {
    /// Once more.
    pub fn add(&mut self, text: &str, place: Place) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push((text.to_owned(), place));
        }
    }

    /// And what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.first.extend(other.first.iter().cloned());
        self.first
            .sort_by_key(|(_, place)| (place.file, place.line));
        self.first.truncate(KEPT);
    }
}

/// Counts of texts, up to a bound.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    most: usize,
    bytes: usize,
    /// By text.
    pub seen: BTreeMap<String, Seen>,
    /// Texts beyond the bound.
    pub others: u64,
}

impl Tally {
    /// Room for `most` texts, and for `bytes` bytes of them.
    pub fn new(most: usize, bytes: usize) -> Self {
        Self {
            most,
            bytes,
            seen: BTreeMap::new(),
            others: 0,
        }
    }

    /// Counts `text` under `name`.
    pub fn add(&mut self, name: &str, text: &str, place: Place) {
        if let Some(seen) = self.seen.get_mut(name) {
            seen.add(text, place);
        } else if self.seen.len() < self.most && name.len() <= self.bytes {
            self.bytes -= name.len();
            self.seen
                .entry(name.to_owned())
                .or_default()
                .add(text, place);
        } else {
            self.others += 1;
        }
    }

    /// Whether all texts were counted.
    pub fn whole(&self) -> bool {
        self.others == 0
    }

    /// The most usual first.
    pub fn sorted(&self) -> Vec<(&str, &Seen)> {
        let mut all: Vec<(&str, &Seen)> = self.seen.iter().map(|(t, s)| (t.as_str(), s)).collect();
        all.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
        all
    }
}
