//! How much each level of each field says: estimated from the data. How often records of different things agree is counted on
//! pairs drawn by lot; how often records of one thing do is found by expectation and maximisation on the pairs of each key,
//! over the fields that are not part of it.

use std::collections::BTreeMap;

use super::{Field, Settings, block::Blocks, field::LEAST_RECORDS, levels, probability};

/// The level of each field of a pair.
pub(super) type Levels = Vec<Option<u8>>;

/// Pairs drawn by lot, for each record, and at most.
const DRAWN: [usize; 2] = [10, 500_000];
/// Pairs of one key that are learned from.
const LEARNED: u64 = 500_000;
/// Rounds of learning.
const ROUNDS: usize = 100;
/// Pairs that what is expected counts for beside those that are seen.
const BELIEF: f64 = 20.0;
/// Pairs of different things that are expected beside those that are drawn, and the share of them on each level between the
/// same and different.
const UNLIKE: f64 = 200.0;
const LITTLE: f64 = 0.005;
/// Pairs of one thing that a field is learned from at least: of fewer, what is expected counts for more.
const TAUGHT: f64 = BELIEF;
/// Records of which nothing is expected to be learned.
const TOO_FEW: usize = 100;
/// A share that stands for none.
const NEVER: f64 = 1e-7;

/// The weights of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The probability that two records drawn by lot are of one thing.
    pub prior: f64,
    /// For each field and level: how often records of one thing are on it, from 0 to 1.
    pub same: Vec<Vec<f64>>,
    /// For each field and level: how often records of different things are on it, from 0 to 1.
    pub different: Vec<Vec<f64>>,
    /// For each field its weights by level, in bits, where they are fixed.
    fixed: Vec<Option<Vec<f64>>>,
    /// Fields whose weights rest on what is expected, since there are too few pairs of one thing to learn from; none where there
    /// are hardly any records.
    pub guessed: Vec<usize>,
    /// For each field what agreement says on average, in bits, whatever the value.
    evenly: Vec<f64>,
    /// For each field the most that two values that differ can say, in bits.
    most_of_unlike: Vec<f64>,
}

impl Model {
    pub(super) fn estimate(fields: &[Field], settings: &Settings, blocks: &[Blocks]) -> Self {
        let different = drawn_by_lot(fields);
        let mut learned: Vec<Vec<(Vec<f64>, f64)>> = vec![Vec::new(); fields.len()];
        let mut found = Vec::new();
        for of_key in blocks {
            let Some(taught) = learn(fields, &different, of_key) else {
                continue;
            };
            for (field, shares) in taught.same {
                learned[field].push((shares, taught.matches));
            }
            found.push((&of_key.key, taught.matches));
        }
        let is_guessed = |at: &usize| {
            let matches: f64 = learned[*at].iter().map(|(_, matches)| matches).sum();
            let is_free = settings.weights.get(*at).is_none_or(Option::is_none);
            is_free && matches < TAUGHT && fields[*at].len() >= TOO_FEW
        };
        let guessed = (0..fields.len()).filter(is_guessed).collect();
        let same: Vec<Vec<f64>> = fields
            .iter()
            .zip(learned)
            .map(|(field, of_keys)| average(field, &of_keys))
            .collect();
        let records = fields.first().map_or(0, Field::len) as f64;
        let records = records.max(f64::from(LEAST_RECORDS));
        let all = records * (records - 1.0) / 2.0;
        // Of all that are of one thing a key finds those that agree on it.
        let mut expected: Vec<f64> = found
            .into_iter()
            .map(|(key, matches)| {
                matches / key.iter().map(|field| same[*field][0]).product::<f64>()
            })
            .collect();
        expected.sort_by(f64::total_cmp);
        let expected = expected.get(expected.len() / 2).copied().unwrap_or(1.0);
        let prior = (expected.max(1.0) / all).clamp(f64::MIN_POSITIVE, 0.5);
        let mut model = Self {
            prior: settings.prior.unwrap_or(prior),
            same,
            different,
            fixed: settings.weights.clone(),
            guessed,
            evenly: Vec::new(),
            most_of_unlike: Vec::new(),
        };
        let most = |at: usize| {
            let levels = 1..fields[at].compare.levels().len() as u8;
            levels
                .map(|level| model.weight(fields, at, level, 0))
                .fold(f64::MIN, f64::max)
        };
        model.most_of_unlike = (0..fields.len()).map(most).collect();
        let evenly = |(field, same): (&Field, &Vec<f64>)| {
            let chance = field.chance().max(field.least_frequency());
            (same[0] / chance).log2()
        };
        model.evenly = fields.iter().zip(&model.same).map(evenly).collect();
        model
    }

    pub(super) fn prior_weight(&self) -> f64 {
        (self.prior / (1.0 - self.prior)).log2()
    }

    /// The most that two values of a field that differ can say, in bits.
    pub(super) fn most_of_unlike(&self, field: usize) -> f64 {
        self.most_of_unlike[field]
    }

    /// What a level of a field says, in bits; that two agree on a rare value says more than on a common one.
    pub(super) fn weight(&self, fields: &[Field], field: usize, level: u8, record: u32) -> f64 {
        let at = usize::from(level);
        if let Some(fixed) = self.fixed.get(field).and_then(Option::as_ref) {
            return fixed.get(at).copied().unwrap_or_default();
        }
        let different = match level {
            0 => fields[field].frequency(record),
            _ => self.different[field][at],
        };
        (self.same[field][at] / different).log2()
    }

    /// What a level of a field says, in bits, whatever the value: `weight` is what it says of the very value.
    pub(super) fn even_weight(&self, field: usize, level: u8, weight: f64) -> f64 {
        let is_fixed = self.fixed.get(field).is_some_and(Option::is_some);
        match level {
            0 if !is_fixed => self.evenly[field],
            _ => weight,
        }
    }
}

/// How often pairs drawn by lot are on each level of each field.
fn drawn_by_lot(fields: &[Field]) -> Vec<Vec<f64>> {
    let records = fields.first().map_or(0, Field::len);
    let mut counts: Vec<Vec<f64>> = fields
        .iter()
        .map(|field| vec![0.0; field.compare.levels().len()])
        .collect();
    // Of few records, pairs drawn by lot would be the same ones again and again, and those of one thing among them.
    let pairs = records * records.saturating_sub(1) / 2;
    let draws = (records * DRAWN[0]).min(pairs / DRAWN[0]).min(DRAWN[1]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = || {
        // A sequence that looks like chance, the same each time.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize % records.max(1)) as u32
    };
    for _ in 0..draws {
        let (first, second) = (draw(), draw());
        if first == second {
            continue;
        }
        for (counts, level) in counts.iter_mut().zip(levels(fields, first, second)) {
            if let Some(level) = level {
                counts[usize::from(level)] += 1.0;
            }
        }
    }
    let shares = |(field, mut counts): (&Field, Vec<f64>)| {
        // That two have the same is counted over all pairs there are.
        let same = field.chance().max(NEVER);
        // Few differ a little: what is expected counts beside what is seen.
        let last = counts.len() - 1;
        let others = counts[1..].iter().sum::<f64>() + UNLIKE;
        let little = UNLIKE * LITTLE;
        let most = UNLIKE - little * (last - 1) as f64;
        for (at, n) in counts.iter_mut().enumerate().skip(1) {
            let expected = if at == last { most } else { little };
            *n = (*n + expected) / others * (1.0 - same);
        }
        counts[0] = same;
        counts
    };
    fields.iter().zip(counts).map(shares).collect()
}

/// What the pairs of one key teach.
struct Taught {
    /// For each field that is not part of the key how often records of one thing are on each level.
    same: BTreeMap<usize, Vec<f64>>,
    /// Pairs of one thing that agree on the key.
    matches: f64,
}

fn learn(fields: &[Field], different: &[Vec<f64>], of_key: &Blocks) -> Option<Taught> {
    let pairs = of_key.pairs();
    let step = pairs / LEARNED + 1;
    let mut seen: BTreeMap<Levels, f64> = BTreeMap::new();
    of_key.sample(step, |first, second| {
        *seen.entry(levels(fields, first, second)).or_default() += 1.0;
    });
    let all: f64 = seen.values().sum();
    if all == 0.0 {
        return None;
    }
    let free: Vec<usize> = (0..fields.len())
        .filter(|field| !of_key.key.contains(field))
        .collect();
    let expected = |field: usize| fields[field].compare.expected();
    let mut same: BTreeMap<usize, Vec<f64>> = free
        .iter()
        .map(|field| (*field, expected(*field).to_vec()))
        .collect();
    // Different things that agree on the key may be alike beyond chance: an address holds a name, a family has one postcode.
    let mut others: BTreeMap<usize, Vec<f64>> = free
        .iter()
        .map(|field| (*field, different[*field].clone()))
        .collect();
    let mut share = 0.5;
    for _ in 0..ROUNDS {
        let believed = |shares: &[f64]| shares.iter().map(|share| share * BELIEF).collect();
        let mut counts: BTreeMap<usize, [Vec<f64>; 2]> = free
            .iter()
            .map(|field| {
                let of_field = [believed(expected(*field)), believed(&different[*field])];
                (*field, of_field)
            })
            .collect();
        let mut matches = 0.0;
        for (levels, times) in &seen {
            let mut weight = (share / (1.0_f64 - share)).log2();
            for field in &free {
                if let Some(level) = levels[*field] {
                    let at = usize::from(level);
                    weight += (same[field][at] / others[field][at]).log2();
                }
            }
            let likely = probability(weight) * times;
            matches += likely;
            for (field, [of_same, of_others]) in &mut counts {
                if let Some(level) = levels[*field] {
                    of_same[usize::from(level)] += likely;
                    of_others[usize::from(level)] += times - likely;
                }
            }
        }
        let moved = (matches / all - share).abs();
        share = (matches / all).clamp(NEVER, 1.0 - NEVER);
        let shares = |counts: &[f64]| -> Vec<f64> {
            let whole: f64 = counts.iter().sum();
            counts.iter().map(|n| (n / whole).max(NEVER)).collect()
        };
        for (field, [of_same, of_others]) in counts {
            same.insert(field, shares(&of_same));
            others.insert(field, shares(&of_others));
        }
        if moved < NEVER {
            break;
        }
    }
    Some(Taught {
        same,
        matches: share * all * step as f64,
    })
}

/// What several keys teach of a field, each as far as it has pairs to teach from.
fn average(field: &Field, of_keys: &[(Vec<f64>, f64)]) -> Vec<f64> {
    let all: f64 = of_keys.iter().map(|(_, matches)| matches).sum();
    if all <= 0.0 {
        return field.compare.expected().to_vec();
    }
    let level = |at: usize| {
        let weighed = of_keys.iter().map(|(shares, matches)| shares[at] * matches);
        weighed.sum::<f64>() / all
    };
    (0..field.compare.levels().len()).map(level).collect()
}
