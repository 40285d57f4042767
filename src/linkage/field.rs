//! A field of all records: each distinct value once, and how often it is there.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Compare;

/// Records that a value is held to be one of at least: fewer cannot tell how common it is.
pub(super) const LEAST_RECORDS: u32 = 1_000;
/// Bytes of a value beside its text.
const BYTES_OF_A_TEXT: usize = 24;
/// Stands for no value.
const NONE: u32 = u32::MAX;

/// One compared column.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// How two of its values are compared.
    pub compare: Compare,
    /// Distinct values, without what does not count.
    values: Vec<Box<str>>,
    /// Records that have each value.
    counts: Vec<u32>,
    /// The value of each record.
    of: Vec<u32>,
    /// Records that have a value.
    present: u32,
    /// Bytes of the distinct values.
    text_bytes: usize,
    /// Values by their text, while records are added.
    known: HashMap<Box<str>, u32, FixedState>,
}

impl Field {
    /// A field of no record yet.
    pub fn new(name: &str, compare: Compare) -> Self {
        Self {
            name: name.to_owned(),
            compare,
            values: Vec::new(),
            counts: Vec::new(),
            of: Vec::new(),
            present: 0,
            text_bytes: 0,
            known: HashMap::with_hasher(FixedState::default()),
        }
    }

    /// Adds the value of the next record.
    pub fn push(&mut self, text: Option<&str>) {
        let plain = text.map(|text| self.compare.plain(text));
        let Some(plain) = plain.filter(|plain| !plain.is_empty()) else {
            self.of.push(NONE);
            return;
        };
        let value = match self.known.get(plain.as_str()) {
            Some(value) => *value,
            None => {
                let value = self.values.len() as u32;
                self.values.push(plain.as_str().into());
                self.counts.push(0);
                self.text_bytes += plain.len() + BYTES_OF_A_TEXT;
                self.known.insert(plain.into(), value);
                value
            }
        };
        self.counts[value as usize] += 1;
        self.present += 1;
        self.of.push(value);
    }

    /// Ends the adding of records.
    pub fn finish(&mut self) {
        self.known = HashMap::with_hasher(FixedState::default());
    }

    /// Records so far.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Bytes that it holds while records are added, about: each distinct value twice.
    pub fn bytes(&self) -> usize {
        2 * self.text_bytes + 4 * (self.counts.len() + self.of.len())
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The value of a record, as a number that equal values share.
    pub(super) fn value(&self, record: u32) -> Option<u32> {
        Some(self.of[record as usize]).filter(|value| *value != NONE)
    }

    pub(super) fn text(&self, record: u32) -> Option<&str> {
        Some(&self.values[self.value(record)? as usize])
    }

    /// The level of two records; `None` where one of them says nothing.
    pub(super) fn level(&self, first: u32, second: u32) -> Option<u8> {
        let (a, b) = (self.value(first)?, self.value(second)?);
        if a == b {
            return Some(0);
        }
        let [a, b] = [a, b].map(|value| &*self.values[value as usize]);
        Some(self.compare.level(a, b))
    }

    /// The share of records that have the value of this one.
    pub(super) fn frequency(&self, record: u32) -> f64 {
        let count = self
            .value(record)
            .map_or(0, |value| self.counts[value as usize]);
        f64::from(count.max(1)) / f64::from(self.present.max(LEAST_RECORDS))
    }

    /// The least that two records that have the same value may have.
    pub(super) fn least_frequency(&self) -> f64 {
        2.0 / f64::from(self.present.max(LEAST_RECORDS))
    }

    /// The probability that two records drawn by lot that have values have the same.
    pub(super) fn chance(&self) -> f64 {
        let pairs = |n: u32| f64::from(n) * f64::from(n.saturating_sub(1));
        let same: f64 = self.counts.iter().map(|count| pairs(*count)).sum();
        same / pairs(self.present.max(LEAST_RECORDS))
    }
}
