//! Assessments and actions.

use super::Case;
use crate::decks::Pool;
use crate::figures::{self, BLANK};
use crate::rng::Rng;

/// Assessments and actions of the enhanced cases.
pub fn provide(cases: &mut [Case], rng: &mut Rng) {
    let mut enhanced: Vec<usize> = (0..cases.len())
        .filter(|&case| cases[case].pool() == Some(Pool::Enhanced))
        .collect();
    rng.shuffle(&mut enhanced);
    for (need, (_, levels)) in figures::NEEDS.iter().enumerate() {
        for stage in 0..3 {
            let mut cards: Vec<&'static str> = (figures::NEED_LEVELS.into_iter().zip(levels))
                .flat_map(|(level, counts)| std::iter::repeat_n(level, counts[stage] as usize))
                .collect();
            rng.shuffle(&mut cards);
            // Always the same cases first: who was not assessed at a stage was assessed for none of the needs.
            for (&case, level) in enhanced.iter().zip(cards) {
                cases[case].needs[stage][need] = level;
            }
        }
    }
    for case in cases
        .iter_mut()
        .filter(|case| case.dates.outside && case.dates.enhanced)
    {
        case.needs[0] = std::array::from_fn(|_| rng.one_of(&figures::NEED_LEVELS));
    }
    let mut supported: Vec<usize> = (enhanced.into_iter())
        .filter(|&case| cases[case].outcome == Some("Enhanced - supported"))
        .collect();
    for &(action, provided, positive, negative) in figures::ACTIONS {
        rng.shuffle(&mut supported);
        for (place, &case) in (0..provided).zip(&supported) {
            let outcome = match place {
                place if place < positive => "Positive",
                place if place < positive + negative => "Negative",
                _ => BLANK,
            };
            cases[case].actions.push((action, outcome));
        }
    }
}
