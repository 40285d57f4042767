//! Rows on their way: each is made when it is its turn, as much of it as is wanted, so that millions are never held.

use super::Reconciliation;

/// How much of a row is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its figures and its verdict.
    Verdict,
    /// What is written of it, too: its id and the figures in a sentence.
    Whole,
}

/// Takes the rows of statements in their order.
pub(super) trait Rows {
    /// The next row; `make` makes it, as often as it is asked to.
    fn next(&mut self, make: &dyn Fn(Detail) -> Reconciliation);
}

/// Makes a row of one that waits.
type MakeOther<'r, O> = &'r dyn Fn(&O, Detail) -> Reconciliation;

/// Rows in the order of their keys.
pub(super) struct InOrder<'r, O> {
    others: std::iter::Peekable<std::vec::IntoIter<(Vec<u32>, O)>>,
    make: MakeOther<'r, O>,
    rows: &'r mut dyn Rows,
}

impl<'r, O> InOrder<'r, O> {
    /// `others`, which `make` makes rows of, come among those that are pushed, where a reader looks for them.
    pub(super) fn new(
        mut others: Vec<(Vec<u32>, O)>,
        make: MakeOther<'r, O>,
        rows: &'r mut dyn Rows,
    ) -> Self {
        others.sort_by(|(one, _), (other, _)| one.cmp(other));
        let others = others.into_iter().peekable();
        Self { others, make, rows }
    }

    /// The next row; keys come in order.
    pub(super) fn push(&mut self, key: &[u32], make: &dyn Fn(Detail) -> Reconciliation) {
        while let Some((_, other)) = self.others.next_if(|(other, _)| other.as_slice() < key) {
            self.rows.next(&|detail| (self.make)(&other, detail));
        }
        self.rows.next(make);
    }

    pub(super) fn finish(self) {
        for (_, other) in self.others {
            self.rows.next(&|detail| (self.make)(&other, detail));
        }
    }
}

/// Rows that are handed on, those that were kept as they are.
pub(super) struct HandedOn<K: Iterator, F, E> {
    kept: std::iter::Peekable<K>,
    seen: usize,
    take: F,
    done: Result<(), E>,
}

impl<K, F, E> HandedOn<K, F, E>
where
    K: Iterator<Item = (usize, Reconciliation)>,
    F: FnMut(Reconciliation) -> Result<(), E>,
{
    /// `kept` are rows with their places among all.
    pub(super) fn new(kept: K, take: F) -> Self {
        Self {
            kept: kept.peekable(),
            seen: 0,
            take,
            done: Ok(()),
        }
    }

    pub(super) fn finish(self) -> Result<(), E> {
        self.done
    }
}

impl<K, F, E> Rows for HandedOn<K, F, E>
where
    K: Iterator<Item = (usize, Reconciliation)>,
    F: FnMut(Reconciliation) -> Result<(), E>,
{
    fn next(&mut self, make: &dyn Fn(Detail) -> Reconciliation) {
        if self.done.is_ok() {
            let kept = self.kept.next_if(|(place, _)| *place == self.seen);
            let row = kept.map_or_else(|| make(Detail::Whole), |(_, row)| row);
            self.done = (self.take)(row);
        }
        self.seen += 1;
    }
}

#[cfg(test)]
impl Rows for Vec<Reconciliation> {
    fn next(&mut self, make: &dyn Fn(Detail) -> Reconciliation) {
        self.push(make(Detail::Whole));
    }
}
