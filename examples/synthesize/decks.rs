//! Dealing categories to cases so that every count comes out exactly.

use crate::figures::Figure;
use crate::rng::Rng;

/// Which counts a case enters: the closed cases with enhanced support, or the other closed ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    Enhanced = 0,
    Other = 1,
}

/// How many cases of each pool a group of cases takes from a deck together, since its members share one value.
pub type Need = [u32; 2];

pub struct Deck {
    values: Vec<&'static str>,
    left: [Vec<u32>; 2],
    /// The counts at the start: what an uncounted case is sampled from.
    weights: Vec<u32>,
}

impl Deck {
    pub fn new(figures: &[Figure]) -> Self {
        let enhanced: Vec<u32> = figures.iter().map(|figure| figure.2).collect();
        let other: Vec<u32> = figures.iter().map(|figure| figure.1 - figure.2).collect();
        Deck {
            values: figures.iter().map(|figure| figure.0).collect(),
            weights: other.clone(),
            left: [enhanced, other],
        }
    }

    /// One value for cases that must share it, taken off both pools.
    pub fn draw(&mut self, need: Need, rng: &mut Rng) -> &'static str {
        let fits =
            |deck: &Deck, value: usize| (0..2).all(|pool| deck.left[pool][value] >= need[pool]);
        let pool = usize::from(need[Pool::Enhanced as usize] == 0);
        let mut value = weighted(&self.left[pool], rng);
        for _ in 0..100 {
            if fits(self, value) {
                break;
            }
            value = weighted(&self.left[pool], rng);
        }
        for (left, taken) in self.left.iter_mut().zip(need) {
            left[value] = left[value].saturating_sub(taken);
        }
        self.values[value]
    }

    /// The remaining cards of a pool in random order.
    pub fn deal(&self, pool: Pool, rng: &mut Rng) -> Vec<&'static str> {
        let mut cards: Vec<&'static str> = (self.values.iter().zip(&self.left[pool as usize]))
            .flat_map(|(value, &count)| std::iter::repeat_n(*value, count as usize))
            .collect();
        rng.shuffle(&mut cards);
        cards
    }

    /// A value for a case that no count holds.
    pub fn sample(&self, rng: &mut Rng) -> &'static str {
        self.values[weighted(&self.weights, rng)]
    }
}

fn weighted(weights: &[u32], rng: &mut Rng) -> usize {
    let mut left = rng.below(weights.iter().sum::<u32>() as usize) as u32;
    for (index, &weight) in weights.iter().enumerate() {
        if left < weight {
            return index;
        }
        left -= weight;
    }
    0
}

/// Scales counts to a total by largest remainder (ties to the earlier one), so that nothing is lost to rounding.
pub fn apportion(counts: &[u32], total: u32) -> Vec<u32> {
    let sum: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if sum == 0 {
        return vec![0; counts.len()];
    }
    let exact = |count: u32| u64::from(count) * u64::from(total);
    let mut shares: Vec<u32> = counts
        .iter()
        .map(|&count| (exact(count) / sum) as u32)
        .collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(exact(counts[index]) % sum), index));
    let missing = total - shares.iter().sum::<u32>();
    for &index in order.iter().take(missing as usize) {
        shares[index] += 1;
    }
    shares
}

/// Scales the figures of one group to its total; a part never exceeds its whole.
pub fn apportion_figures(figures: &[Figure], total: &Figure) -> Vec<Figure> {
    let column = |value: fn(&Figure) -> u32| figures.iter().map(value).collect::<Vec<_>>();
    let closed = apportion(&column(|figure| figure.1), total.1);
    let mut enhanced = apportion(&column(|figure| figure.2), total.2);
    for index in 0..figures.len() {
        while enhanced[index] > closed[index] {
            let roomiest = (0..figures.len())
                .max_by_key(|&other| closed[other].saturating_sub(enhanced[other]));
            enhanced[index] -= 1;
            enhanced[roomiest.unwrap_or(index)] += 1;
        }
    }
    (figures.iter().zip(closed).zip(enhanced))
        .map(|((figure, closed), enhanced)| (figure.0, closed, enhanced))
        .collect()
}
