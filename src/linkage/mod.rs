//! Records that are probably of the same thing: pairs that agree on a key are compared field by field, and the odds that they
//! are one are added up from weights that the data themselves teach (Fellegi and Sunter's model, with the frequencies of
//! values). Pure: columns in, pairs and groups out.

mod alike;
mod block;
mod cluster;
mod compare;
mod field;
mod weights;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use block::Capped;
pub use cluster::Groups;
pub use compare::Compare;
pub use field::Field;
pub use weights::Model;

use alike::Alike;
use block::Blocks;
use weights::Levels;

/// Most fields that are compared.
pub const MAX_FIELDS: usize = 12;

/// How records are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Sets of fields, by index: records are compared that agree on all fields of one of them.
    pub block_on: Vec<Vec<usize>>,
    /// Most records of one key that are compared each with each.
    pub max_block: usize,
    /// Least probability of a pair that is proposed, from 0 to 1.
    pub threshold: f64,
    /// For each field its weights by level, in bits, where they are not to be estimated.
    pub weights: Vec<Option<Vec<f64>>>,
    /// The probability that two records drawn by lot are of one thing, where it is not to be estimated.
    pub prior: Option<f64>,
}

/// What somebody decided about two records, by index, the smaller first.
pub type Decisions = BTreeMap<(u32, u32), bool>;

/// Two records that are probably one.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The record that comes first.
    pub first: u32,
    /// The other.
    pub second: u32,
    /// The sum of the weights, in bits, that of the prior among them.
    pub weight: f64,
    /// The probability that they are one, from 0 to 1.
    pub probability: f64,
    /// Each field's level and weight; `None` where one of the two says nothing.
    pub fields: Vec<Option<(u8, f64)>>,
    /// What somebody decided about them, or what follows from decisions about others.
    pub decided: Option<bool>,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Linked {
    /// Pairs that are proposed or were decided, by record.
    pub pairs: Vec<Pair>,
    /// Records of one group, by the first of each: those that pairs join, the likeliest first; no two of a group were decided
    /// to be different.
    pub groups: BTreeMap<u32, Vec<u32>>,
    /// The weights that were used.
    pub model: Model,
    /// Keys that too many records share.
    pub capped: Vec<Capped>,
    /// Pairs that were compared.
    pub compared: u64,
}

/// Compares records; the result is the same at any number of `threads`. Records of one number in `keys` are said to be one
/// already, and are not compared.
pub fn link(
    fields: &[Field],
    keys: &[u32],
    settings: &Settings,
    decisions: &Decisions,
    threads: usize,
) -> Linked {
    let alike = Alike::of(fields, decisions);
    let blocks: Vec<Blocks> = settings
        .block_on
        .iter()
        .map(|key| Blocks::new(fields, key, settings.max_block, &alike))
        .collect();
    let model = Model::estimate(fields, settings, &blocks);
    let least = weight_of(settings.threshold);
    let judge = |first: u32, second: u32| {
        let [one, other] = [first, second].map(|record| keys.get(record as usize));
        if one == other {
            return None;
        }
        let reaches = model.reaches(fields, first, second, least);
        let pair = reaches.then(|| model.pair(fields, first, second))?;
        (pair.probability >= settings.threshold).then_some(pair)
    };
    let (mut pairs, mut compared) = block::score(fields, &blocks, threads, judge);
    for (first, second) in alike.pairs() {
        let is_joined = |key: &Vec<usize>| key.iter().all(|at| fields[*at].value(first).is_some());
        if settings.block_on.iter().any(is_joined) {
            compared += 1;
            pairs.extend(judge(first, second));
        }
    }
    // What was decided is told whatever its weight.
    let found: BTreeSet<(u32, u32)> = pairs.iter().map(|pair| (pair.first, pair.second)).collect();
    let unfound = decisions.keys().filter(|pair| !found.contains(pair));
    pairs.extend(unfound.map(|(first, second)| model.pair(fields, *first, *second)));
    let mut groups = Groups::decided(decisions);
    for pair in &mut pairs {
        let decided = decisions.get(&(pair.first, pair.second)).copied();
        pair.decided = decided.or_else(|| groups.are_one(pair.first, pair.second));
    }
    pairs.sort_by_key(|pair| (pair.first, pair.second));
    Linked {
        groups: groups.joined_by(&pairs),
        capped: blocks
            .iter()
            .flat_map(|blocks| blocks.capped.clone())
            .collect(),
        pairs,
        model,
        compared,
    }
}

impl Linked {
    /// Puts what agreement says on average in place of what it says of a value of the fields that are `hidden`, since that
    /// tells how common the value is, and adds up weights and probabilities again; what is proposed stays proposed.
    pub fn level_out(&mut self, hidden: &[bool], settings: &Settings) {
        let least = weight_of(settings.threshold);
        for pair in &mut self.pairs {
            let mut weight = self.model.prior_weight();
            let mut is_levelled = false;
            for (at, found) in pair.fields.iter_mut().enumerate() {
                let Some((level, of_field)) = found else {
                    continue;
                };
                if hidden.get(at) == Some(&true) {
                    *of_field = self.model.even_weight(at, *level, *of_field);
                    is_levelled |= *level == 0;
                }
                weight += *of_field;
            }
            if !is_levelled {
                continue;
            }
            let is_proposed = pair.probability >= settings.threshold;
            pair.weight = if is_proposed {
                weight.max(least)
            } else {
                weight
            };
            pair.probability = match is_proposed {
                true => probability(weight).max(settings.threshold),
                false => probability(weight),
            };
        }
    }
}

impl Model {
    /// Whether two records may weigh `least`: values are first told apart by their numbers, and only as many texts compared as
    /// it takes to see that they do not.
    fn reaches(&self, fields: &[Field], first: u32, second: u32, least: f64) -> bool {
        let mut most = self.prior_weight();
        let mut unlike = [false; MAX_FIELDS];
        for (at, field) in fields.iter().enumerate() {
            let (Some(a), Some(b)) = (field.value(first), field.value(second)) else {
                continue;
            };
            unlike[at] = a != b;
            most += match a == b {
                true => self.weight(fields, at, 0, first),
                false => self.most_of_unlike(at),
            };
        }
        for (at, field) in fields.iter().enumerate().filter(|(at, _)| unlike[*at]) {
            // A little more, since sums in another order may differ in the last digit.
            if most + 1e-6 < least {
                return false;
            }
            if let Some(level) = field.level(first, second) {
                most += self.weight(fields, at, level, first) - self.most_of_unlike(at);
            }
        }
        most + 1e-6 >= least
    }

    /// Two records compared.
    fn pair(&self, fields: &[Field], first: u32, second: u32) -> Pair {
        let of_field = |(at, field): (usize, &Field)| {
            let level = field.level(first, second)?;
            Some((level, self.weight(fields, at, level, first)))
        };
        let of_fields: Vec<Option<(u8, f64)>> = fields.iter().enumerate().map(of_field).collect();
        let weight = of_fields
            .iter()
            .flatten()
            .fold(self.prior_weight(), |sum, (_, weight)| sum + weight);
        Pair {
            first,
            second,
            weight,
            probability: probability(weight),
            fields: of_fields,
            decided: None,
        }
    }
}

/// The probability that odds of so many bits stand for.
fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The bits that the odds of a probability are.
fn weight_of(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

/// The levels of all fields of two records.
fn levels(fields: &[Field], first: u32, second: u32) -> Levels {
    let level = |field: &Field| field.level(first, second);
    fields.iter().map(level).collect()
}
