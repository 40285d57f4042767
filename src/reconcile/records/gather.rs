//! Looks at the records one by one, as they stream, and keeps those that can account for a claim.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Claim, Counted, Doubt, Doubts};
use crate::discrepancy::Category;

/// Records kept for one claim or cell; the others are counted.
const MOST: usize = 1_000;
/// Records of a cell that are kept when no finding tells any of them apart.
pub(super) const FEW: usize = 100;

/// A record as it is counted: once for each of its periods and populations.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    /// Its table, as an index.
    pub of: usize,
    /// Its key, as the log writes it.
    pub key: &'r str,
    /// The period that it is counted for.
    pub period: &'r str,
    /// The population that it is counted in.
    pub population: &'r str,
    /// Records of other tables that it takes categories from: table and key.
    pub related: &'r [(&'r str, &'r str)],
    /// Its category in each aggregate of its table.
    pub categories: &'r [Option<&'r str>],
}

/// The records that fit best.
#[derive(Clone, Debug, Default)]
pub(super) struct Best {
    /// In line aggregates in which its cell is not off; and in which it is.
    misses_and_hits: Option<(usize, usize)>,
    /// Each with its categories.
    pub(super) keys: BTreeMap<String, Vec<Option<String>>>,
    /// Others that fit as well.
    pub(super) more: u64,
}

impl Best {
    /// A record that is `marked` is kept however many there are.
    fn offer(&mut self, (misses, hits): (usize, usize), record: &Record<'_>, marked: bool) {
        let key = record.key;
        // One cell has many records; two or more at once have few.
        if hits < 2 || misses * 3 > hits {
            return;
        }
        let rank = |(misses, hits): (usize, usize)| (misses, usize::MAX - hits);
        let known = self.misses_and_hits.map(rank);
        let new = rank((misses, hits));
        if known.is_none_or(|known| new < known) {
            *self = Self {
                misses_and_hits: Some((misses, hits)),
                ..Self::default()
            };
        } else if known.is_some_and(|known| new > known) {
            return;
        }
        if self.keys.contains_key(key) {
            return;
        }
        if self.keys.len() < MOST || marked {
            let categories = record.categories.iter();
            let categories = categories.map(|category| category.map(str::to_owned));
            self.keys.insert(key.to_owned(), categories.collect());
        } else {
            self.more += 1;
        }
    }

    /// Whether one of them is counted under `category`.
    pub(super) fn has(&self, aggregate: usize, category: &str) -> bool {
        let is_there = |categories: &Vec<Option<String>>| {
            categories.get(aggregate).and_then(Option::as_deref) == Some(category)
        };
        self.fits_wholly() && self.keys.values().any(is_there)
    }

    /// Whether each of its cells is off.
    pub(super) fn fits_wholly(&self) -> bool {
        self.misses_and_hits.is_some_and(|(misses, _)| misses == 0)
    }
}

/// The records of a cell that is over, where another of the same aggregate is short.
#[derive(Clone, Debug, Default)]
pub(super) struct Over {
    /// Those with a finding that can account for it.
    pub(super) doubtful: BTreeMap<String, Vec<Doubt>>,
    /// The first of the others.
    pub(super) others: BTreeSet<String>,
    /// How many there are in all.
    pub(super) counted: i64,
}

/// What was found for a claim.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Counted records that lie in the cells that are over.
    pub(super) over: Best,
    /// Records that lie in a cell that is over in each aggregate that is over here and short there.
    pub(super) moved: Best,
    /// Populations that count those of `over` as well.
    pub(super) also_in: BTreeMap<String, BTreeSet<String>>,
    /// Records left out that would lie in the cells that are short.
    pub(super) left_out: Best,
    /// Records of other populations that would lie in the cells that are short.
    pub(super) elsewhere: Best,
    /// By aggregate and category.
    pub(super) cells: BTreeMap<(usize, String), Over>,
    /// Records with a finding that can decide whether they are counted, and that are not.
    pub(super) uncounted: BTreeSet<String>,
}

/// Records gathered for the claims.
#[derive(Clone, Debug)]
pub struct Gathering<'c> {
    pub(super) claims: &'c [Claim],
    pub(super) counted: &'c [Counted],
    pub(super) doubts: &'c Doubts,
    places: HashMap<(usize, &'c str, &'c str), usize>,
    pub(super) found: Vec<Found>,
    /// Of each claim, the aggregates that are over here and short there.
    moved: Vec<usize>,
}

impl<'c> Gathering<'c> {
    /// Nothing yet; `doubts` are what the rules found.
    pub fn new(claims: &'c [Claim], counted: &'c [Counted], doubts: &'c Doubts) -> Self {
        let place =
            |(at, claim): (usize, &'c Claim)| ((claim.of, &*claim.period, &*claim.population), at);
        let found = claims.iter().map(|claim| {
            let Counted {
                table, deciding, ..
            } = &counted[claim.of];
            let keys = match claim.shift < 0 {
                true => doubts.with_doubts_about(table, deciding),
                false => Vec::new(),
            };
            Found {
                uncounted: keys.into_iter().map(str::to_owned).collect(),
                ..Found::default()
            }
        });
        Self {
            found: found.collect(),
            moved: claims.iter().map(Claim::moved).collect(),
            places: claims.iter().enumerate().map(place).collect(),
            claims,
            counted,
            doubts,
        }
    }

    /// Whether any claim about the rows of table `of` is that some are missing.
    pub fn wants_left_out(&self, of: usize) -> bool {
        self.claims
            .iter()
            .any(|claim| claim.of == of && claim.shift < 0)
    }

    /// Whether records of table `of` were kept about which it matters in which populations they are counted.
    pub fn wants_again(&self, of: usize) -> bool {
        let mut claims = self.claims.iter().zip(&self.found);
        claims.any(|(claim, found)| {
            claim.of == of && !(found.over.keys.is_empty() && found.elsewhere.keys.is_empty())
        })
    }

    /// Looks at a record that is counted.
    pub fn look_at(&mut self, record: &Record<'_>) {
        for (claim, found) in self.claims.iter().zip(&mut self.found) {
            if claim.of == record.of && claim.shift < 0 {
                found.uncounted.remove(record.key);
                if *claim.period == *record.period && *claim.population != *record.population {
                    found.elsewhere.offer(fit(claim, record), record, false);
                }
            }
        }
        let Some(at) = self.claim_of(record) else {
            return;
        };
        let (claim, found) = (&self.claims[at], &mut self.found[at]);
        if claim.shift > 0 {
            let mut doubts = self
                .doubts
                .about(&self.counted[record.of].table, record.key)
                .iter();
            let marked = doubts.any(|doubt| doubt.category == Category::Duplicate);
            found.over.offer(fit(claim, record), record, marked);
        }
        let mut over_in = 0;
        for (aggregate, category) in record.categories.iter().enumerate() {
            let Some(category) = category else { continue };
            let cell = claim.cell(aggregate, category);
            if cell.is_none_or(|cell| cell.difference <= 0) {
                continue;
            }
            let over = found
                .cells
                .entry((aggregate, (*category).to_owned()))
                .or_default();
            over.counted += 1;
            over_in += 1;
            let counted = &self.counted[claim.of];
            let columns = &counted.aggregates[aggregate].deciding;
            let own = (counted.table.as_str(), record.key);
            let about = std::iter::once(&own)
                .chain(record.related)
                .flat_map(|(table, key)| {
                    let doubts = self.doubts.about(table, key).iter();
                    doubts.filter(|doubt| doubt.is_about(columns) || doubt.left_out())
                });
            let about: Vec<Doubt> = about.cloned().collect();
            if !about.is_empty() {
                if over.doubtful.len() < MOST {
                    over.doubtful.insert(record.key.to_owned(), about);
                }
            } else if over.others.len() < FEW {
                over.others.insert(record.key.to_owned());
            }
        }
        if claim.shift == 0 {
            let misses = self.moved[at].saturating_sub(over_in);
            found.moved.offer((misses, over_in), record, false);
        }
    }

    /// Looks at a record that was left out, as it would be counted.
    pub fn look_at_left_out(&mut self, record: &Record<'_>) {
        let Some(at) = self.claim_of(record) else {
            return;
        };
        let (claim, found) = (&self.claims[at], &mut self.found[at]);
        if claim.shift < 0 {
            found.left_out.offer(fit(claim, record), record, false);
            // It is known where it would be counted.
            found.uncounted.remove(record.key);
        }
    }

    /// Looks at a counted record for the second time, when it is known which matter.
    pub fn look_again(&mut self, record: &Record<'_>) {
        for (claim, found) in self.claims.iter().zip(&mut self.found) {
            if claim.of != record.of || *claim.period != *record.period {
                continue;
            }
            if *claim.population == *record.population {
                found.elsewhere.keys.remove(record.key);
            } else if found.over.keys.contains_key(record.key) {
                let also_in = found.also_in.entry(record.key.to_owned()).or_default();
                also_in.insert(record.population.to_owned());
            }
        }
    }

    /// The records that were kept, by table and key.
    pub fn kept(&self) -> BTreeSet<(String, String)> {
        let of = |(claim, found): (&Claim, &Found)| {
            let bests = [&found.over, &found.moved, &found.left_out, &found.elsewhere];
            let mut keys: BTreeSet<String> = found.uncounted.clone();
            keys.extend(bests.into_iter().flat_map(|best| best.keys.keys().cloned()));
            for cell in found.cells.values() {
                keys.extend(cell.doubtful.keys().cloned());
                keys.extend(cell.others.iter().cloned());
            }
            let table = self.counted[claim.of].table.clone();
            keys.into_iter()
                .map(move |key| (table.clone(), key))
                .collect::<Vec<_>>()
        };
        self.claims.iter().zip(&self.found).flat_map(of).collect()
    }

    /// What is claimed of the rows of table `of` in a period and population, by the claims' order.
    pub(super) fn claim_at(&self, of: usize, period: &str, population: &str) -> Option<usize> {
        self.places.get(&(of, period, population)).copied()
    }

    fn claim_of(&self, record: &Record<'_>) -> Option<usize> {
        self.claim_at(record.of, record.period, record.population)
    }
}

/// In how many aggregates the record's cell is not off in the direction of the claim, and in how many it is.
fn fit(claim: &Claim, record: &Record<'_>) -> (usize, usize) {
    let (mut misses, mut hits) = (0, 0);
    for (aggregate, category) in record.categories.iter().enumerate() {
        match category.and_then(|category| claim.cell(aggregate, category)) {
            Some(cell) if cell.difference.signum() == claim.shift.signum() => hits += 1,
            Some(_) => misses += 1,
            None => {}
        }
    }
    (misses, hits)
}
