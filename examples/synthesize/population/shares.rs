//! One value for each group of cases, and every count exactly.

use super::Case;
use crate::decks::{Deck, Need, Pool};
use crate::figures::Figure;
use crate::rng::Rng;

/// One value for each group: those that share one first, then the single cases from what is left.
pub fn spread(
    figures: &[Figure],
    cases: &[Case],
    groups: &[Vec<usize>],
    rng: &mut Rng,
) -> Vec<&'static str> {
    let mut deck = Deck::new(figures);
    let mut values: Vec<Option<&'static str>> = (groups.iter())
        .map(|group| {
            let need = need(cases, group);
            (group.len() > 1 && need != [0, 0]).then(|| deck.draw(need, rng))
        })
        .collect();
    let mut cards = [deck.deal(Pool::Enhanced, rng), deck.deal(Pool::Other, rng)];
    for (value, group) in values.iter_mut().zip(groups) {
        if value.is_none() && group.len() == 1 {
            *value = cases[group[0]]
                .pool()
                .and_then(|pool| cards[pool as usize].pop());
        }
    }
    values
        .into_iter()
        .map(|value| value.unwrap_or_else(|| deck.sample(rng)))
        .collect()
}

/// What a group of cases takes from the decks together.
fn need(cases: &[Case], group: &[usize]) -> Need {
    let mut need = [0, 0];
    for &case in group {
        if let Some(pool) = cases[case].pool() {
            need[pool as usize] += 1;
        }
    }
    need
}

/// A column that a duplicate shares with the case it repeats.
pub fn set_shared(
    cases: &mut [Case],
    figures: &[Figure],
    duplicates: &[[usize; 2]],
    column: fn(&mut Case) -> &mut &'static str,
    rng: &mut Rng,
) {
    let mut groups: Vec<Vec<usize>> = duplicates.iter().map(|pair| pair.to_vec()).collect();
    let mut grouped = vec![false; cases.len()];
    for &case in duplicates.iter().flatten() {
        grouped[case] = true;
    }
    groups.extend(
        (0..cases.len())
            .filter(|&case| !grouped[case])
            .map(|case| vec![case]),
    );
    let values = spread(figures, cases, &groups, rng);
    for (group, value) in groups.iter().zip(values) {
        for &case in group {
            *column(&mut cases[case]) = value;
        }
    }
}
