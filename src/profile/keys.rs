//! Columns that together identify a row: one if there is one, else two, else three.

use super::distinct::{Count, Distinct};

/// Columns that are tried together, at most.
const TOGETHER: usize = 12;
/// Hashes kept of each.
const KEPT: usize = 16_384;
/// Of 200 rows, one may repeat: keys are repeated by mistake.
const MISTAKES: u64 = 200;
/// Of 100 rows, one may lack a part of its key.
const BLANKS: u64 = 100;

/// Candidate keys of several columns; which are tried is decided by the first batch.
#[derive(Debug, Default)]
pub(super) struct Keys {
    begun: bool,
    tried: Vec<Tried>,
}

#[derive(Debug)]
struct Tried {
    columns: Vec<usize>,
    rows: u64,
    seen: Distinct,
}

/// A candidate key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Indexes of its columns.
    pub columns: Vec<usize>,
    /// Rows that repeat an earlier one.
    pub repeated: Count,
}

/// A batch, a column each: the hash of each cell, `None` where it is blank.
pub(super) type Hashes = Vec<Vec<Option<u64>>>;

/// Whether so many repeats among so many rows are mistakes.
pub(super) fn identifies(repeated: u64, rows: u64) -> bool {
    rows > 0 && repeated * MISTAKES <= rows
}

/// Whether so many blanks among so many rows are mistakes.
pub(super) fn filled(blank: u64, rows: u64) -> bool {
    rows > blank && blank * BLANKS <= rows
}

impl Keys {
    /// Takes the next batch; `usable` says which columns may be part of a key.
    pub fn add(&mut self, hashes: &Hashes, usable: impl Fn(usize) -> bool) {
        if !self.begun {
            self.begun = true;
            self.begin(hashes, usable);
            return;
        }
        for tried in &mut self.tried {
            tried.add(hashes);
        }
    }

    fn begin(&mut self, hashes: &Hashes, usable: impl Fn(usize) -> bool) {
        let rows = hashes.first().map_or(0, Vec::len) as u64;
        let blank = |at: usize| hashes[at].iter().filter(|hash| hash.is_none()).count() as u64;
        let filled: Vec<usize> = (0..hashes.len())
            .filter(|at| usable(*at) && filled(blank(*at), rows))
            .take(TOGETHER)
            .collect();
        let look = |columns: Vec<usize>| {
            let mut tried = Tried {
                columns,
                rows: 0,
                seen: Distinct::new(KEPT),
            };
            tried.add(hashes);
            Some(tried).filter(Tried::holds)
        };
        let pairs = |from: usize| {
            let filled = &filled;
            (from..filled.len())
                .flat_map(move |a| (a + 1..filled.len()).map(move |b| [filled[a], filled[b]]))
        };
        if filled.iter().any(|at| look(vec![*at]).is_some()) {
            return;
        }
        self.tried = pairs(0).filter_map(|pair| look(pair.to_vec())).collect();
        if self.tried.is_empty() {
            let threes = (0..filled.len()).flat_map(|a| {
                let first = filled[a];
                pairs(a + 1).map(move |[b, c]| vec![first, b, c])
            });
            self.tried = threes.filter_map(look).collect();
        }
    }

    /// Those that still identify a row.
    pub fn candidates(&self) -> Vec<Key> {
        let holds = self.tried.iter().filter(|tried| tried.holds());
        holds
            .map(|tried| Key {
                columns: tried.columns.clone(),
                repeated: tried.seen.repeated(),
            })
            .collect()
    }
}

impl Tried {
    fn add(&mut self, hashes: &Hashes) {
        let rows = hashes.first().map_or(0, Vec::len);
        let parts = |row: usize| self.columns.iter().map(move |column| hashes[*column][row]);
        for parts in (0..rows).filter_map(|row| parts(row).collect::<Option<Vec<u64>>>()) {
            self.rows += 1;
            self.seen.add(super::distinct::hash(&parts));
        }
    }

    fn holds(&self) -> bool {
        identifies(self.seen.repeated().number(), self.rows)
    }
}
