//! What pages tell of statements: those that do not simply agree, and which printed figures stand beside a computed one.

use std::collections::BTreeMap;

use super::{Figure, Reconciliation, Source, Verdict};

/// What is kept of the rows of statements for those who look at them. Indices are those of the figures.
#[derive(Debug, Default)]
pub struct Told {
    /// The rows that disagree or are explained, in the order of the statements.
    pub rows: Vec<Reconciliation>,
    /// The printed figures that a statement holds against one computed figure, by the computed one; each once, in order.
    pub beside: BTreeMap<usize, Vec<usize>>,
}

impl Told {
    /// Keeps what is told of a row.
    pub fn take(&mut self, row: Reconciliation, figures: &[Figure]) {
        if let ([stated], [computed]) = (&row.stated_from[..], &row.computed_from[..])
            && row.less_from.is_empty()
            && is_from(figures, *stated, Source::Published)
            && is_from(figures, *computed, Source::Computed)
        {
            let beside = self.beside.entry(*computed).or_default();
            if let Err(place) = beside.binary_search(stated) {
                beside.insert(place, *stated);
            }
        }
        if matches!(row.verdict, Verdict::Disagrees | Verdict::Explained) {
            self.rows.push(row);
        }
    }

    /// The rows that disagree.
    pub fn disagreeing(&self) -> impl Iterator<Item = &Reconciliation> {
        let disagrees = |row: &&Reconciliation| row.verdict == Verdict::Disagrees;
        self.rows.iter().filter(disagrees)
    }
}

fn is_from(figures: &[Figure], at: usize, source: Source) -> bool {
    figures
        .get(at)
        .is_some_and(|figure| figure.source == source)
}
