//! Texts that are asked about again and again, found by where they are kept.

use std::{collections::HashMap, marker::PhantomData};

use foldhash::fast::FixedState;

/// What is known of texts, by where they are kept: figures share theirs, and an address is found sooner than a text.
pub(super) struct ByAddress<'t, V> {
    known: Vec<Known<V>>,
    places: HashMap<Address, usize, FixedState>,
    /// The text before.
    last: usize,
    /// The texts stay where they are for as long.
    texts: PhantomData<&'t str>,
}

type Address = (usize, usize);

struct Known<V> {
    address: Address,
    value: V,
    /// The text that came after it: tables have theirs in one order, period by period.
    next: usize,
}

impl<'t, V: Copy> ByAddress<'t, V> {
    pub(super) fn new() -> Self {
        Self {
            known: Vec::new(),
            places: HashMap::default(),
            last: 0,
            texts: PhantomData,
        }
    }

    /// What is known of `text`, or else what `find` finds.
    pub(super) fn get_or(&mut self, text: &'t str, find: impl FnOnce() -> V) -> V {
        let address = (text.as_ptr().addr(), text.len());
        let next = self.known.get(self.last).map_or(0, |last| last.next);
        let place = match self.known.get(next) {
            Some(known) if known.address == address => next,
            _ => *self.places.entry(address).or_insert_with(|| {
                let (value, next) = (find(), 0);
                self.known.push(Known {
                    address,
                    value,
                    next,
                });
                self.known.len() - 1
            }),
        };
        if let Some(last) = self.known.get_mut(self.last) {
            last.next = place;
        }
        self.last = place;
        self.known[place].value
    }
}
