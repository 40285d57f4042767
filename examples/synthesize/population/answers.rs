//! What is recorded with a referral and its case.

use super::shares::set_shared;
use super::{Case, areas};
use crate::calendar::YEAR_START;
use crate::date::Date;
use crate::decks::{Deck, Pool, apportion};
use crate::figures::{self, BLANK, Figure, SELF_REFERRALS};
use crate::rng::Rng;

pub fn record(cases: &mut [Case], duplicates: &[[usize; 2]], rng: &mut Rng) {
    set_outcomes(cases, rng);
    set_sources(cases, duplicates, rng);
    set_shared(
        cases,
        figures::OCCURRENCE_TYPE,
        duplicates,
        |case| &mut case.occurrence,
        rng,
    );
    set_shared(cases, &areas(), duplicates, |case| &mut case.area, rng);
    set_answers(cases, rng);
    set_incidents(cases, duplicates, rng);
}

fn set_outcomes(cases: &mut [Case], rng: &mut Rng) {
    let deck = Deck::new(figures::OUTCOME);
    let mut cards = [deck.deal(Pool::Enhanced, rng), deck.deal(Pool::Other, rng)];
    for case in cases.iter_mut().filter(|case| case.dates.closed.is_some()) {
        if case.outcome.is_none() {
            case.outcome = match case.pool() {
                Some(pool) => cards[pool as usize].pop(),
                None if case.dates.enhanced => Some("Enhanced - supported"),
                None => Some(deck.sample(rng)),
            };
        }
    }
}

fn set_sources(cases: &mut [Case], duplicates: &[[usize; 2]], rng: &mut Rng) {
    set_shared(
        cases,
        figures::REFERRAL_SOURCE,
        duplicates,
        |case| &mut case.source,
        rng,
    );
    // Cases still open bring the referrals of the year near the printed sources; some outside it are self-referrals.
    let received = |case: &Case| !case.dates.outside && case.dates.received >= YEAR_START;
    let sources: Vec<&str> = figures::REFERRED_BY_SOURCE
        .iter()
        .map(|source| source.0)
        .collect();
    let counts: Vec<u32> = figures::REFERRED_BY_SOURCE
        .iter()
        .map(|source| source.1)
        .collect();
    let missing: Vec<u32> = (sources.iter().zip(apportion(&counts, figures::REFERRED)))
        .map(|(source, target)| {
            let closed =
                |case: &&Case| received(case) && case.pool().is_some() && case.source == *source;
            target.saturating_sub(cases.iter().filter(closed).count() as u32)
        })
        .collect();
    let mut open: Vec<usize> = (0..cases.len())
        .filter(|&case| received(&cases[case]) && cases[case].pool().is_none())
        .collect();
    let repeated: Vec<usize> = duplicates.iter().map(|pair| pair[0]).collect();
    open.retain(|case| !repeated.contains(case));
    rng.shuffle(&mut open);
    let shares = apportion(&missing, open.len() as u32);
    let cards = sources
        .into_iter()
        .zip(shares)
        .flat_map(|(source, count)| std::iter::repeat_n(source, count as usize));
    for (case, source) in open.into_iter().zip(cards) {
        cases[case].source = source;
    }
    for (index, case) in cases
        .iter_mut()
        .filter(|case| case.dates.outside)
        .enumerate()
    {
        if index % 16 == 0 {
            case.source = SELF_REFERRALS;
        }
    }
}

/// The answers that are recorded with a case, independently of each other.
fn set_answers(cases: &mut [Case], rng: &mut Rng) {
    let counted = |_: &Case| true;
    let self_referral = |case: &Case| case.source == SELF_REFERRALS;
    set_answer(
        cases,
        figures::REPEAT_VICTIM,
        counted,
        |case| &mut case.repeat_victim,
        rng,
    );
    set_answer(
        cases,
        figures::PRIOR_SUPPORT,
        counted,
        |case| &mut case.prior_support,
        rng,
    );
    set_answer(
        cases,
        figures::REPORTED_BEFORE,
        self_referral,
        |case| &mut case.reported_before,
        rng,
    );
    set_answer(
        cases,
        figures::REPORTED_AFTER,
        self_referral,
        |case| &mut case.reported_after,
        rng,
    );
}

fn set_answer(
    cases: &mut [Case],
    figures: &[Figure],
    asked: impl Fn(&Case) -> bool,
    column: fn(&mut Case) -> &mut &'static str,
    rng: &mut Rng,
) {
    let deck = Deck::new(figures);
    let mut cards = [deck.deal(Pool::Enhanced, rng), deck.deal(Pool::Other, rng)];
    for case in cases.iter_mut().filter(|case| asked(case)) {
        let card = match case.pool() {
            Some(pool) => cards[pool as usize].pop(),
            None => None,
        };
        // Blank answers are for the counted cases alone: there, the report's own figures leave them over.
        *column(case) = card.unwrap_or_else(|| match deck.sample(rng) {
            BLANK => "No",
            answer => answer,
        });
    }
}

/// When the incident happened, when it was reported, and under which number the source keeps it.
fn set_incidents(cases: &mut [Case], duplicates: &[[usize; 2]], rng: &mut Rng) {
    for case in cases.iter_mut() {
        let received = case.dates.received;
        let happened = received
            - if rng.percent(85) {
                rng.within(0, 12)
            } else {
                rng.within(13, 400)
            };
        let self_referral = case.source == SELF_REFERRALS;
        let unreported = if self_referral { 70 } else { 50 };
        case.incident_on = (!rng.percent(50)).then_some(happened);
        case.reported_on =
            (!rng.percent(unreported)).then(|| happened + rng.within(0, received - happened));
        case.source_ref =
            (!self_referral && !rng.percent(45)).then(|| rng.within(100_000, 999_999) as u32);
    }
    for &[earlier, duplicate] in duplicates {
        let number = *cases[earlier]
            .source_ref
            .get_or_insert_with(|| rng.within(100_000, 999_999) as u32);
        let original = (cases[earlier].incident_on, cases[earlier].reported_on);
        let repeat = &mut cases[duplicate];
        repeat.source_ref = Some(number);
        // The duplicate may have been received first: then its own dates stay.
        let known = |date: Option<Date>| date.is_none_or(|date| date <= repeat.dates.received);
        if known(original.0) && known(original.1) {
            (repeat.incident_on, repeat.reported_on) = original;
        }
    }
}
