//! When each case of a block was received, opened, supported and closed, so that every monthly count comes out.

use crate::date::Date;
use crate::decks::apportion;
use crate::figures::{self, Length};
use crate::rng::Rng;

pub const YEAR_START: Date = Date::new(2016, 10, 1);
const YEAR_END: Date = Date::new(2017, 10, 1);
/// Referrals of the two months before the year whose cases close in it or stay open: the year starts with a backlog.
const BACKLOG: usize = 320;
const BACKLOG_START: Date = Date::new(2016, 8, 1);
/// Cases that enter no count of the year: received in the two months before it or in the days after it.
pub const OUTSIDE: usize = 349;
/// The cases of a whole block.
pub const BLOCK: usize = figures::REFERRED as usize + BACKLOG + OUTSIDE;

#[derive(Clone)]
pub struct Dates {
    pub received: Date,
    pub opened: Date,
    pub closed: Option<Date>,
    pub support: Option<(Date, Option<Date>)>,
    pub enhanced: bool,
    /// In none of the counted populations (referred, closed or enhanced in the year).
    pub outside: bool,
}

pub fn plan(rng: &mut Rng) -> Vec<Dates> {
    let mut dates = counted(rng);
    dates.extend(outside(rng));
    dates
}

/// A case before its referral is known: the referral must not be later than `needed_by`.
struct Ending {
    needed_by: Date,
    closed: Option<Date>,
    support: Option<(Date, Date)>,
}

/// The cases that the year counts, and those that the year's end or its start found open.
fn counted(rng: &mut Rng) -> Vec<Dates> {
    // Now and then the draw leaves an ending without an earlier referral: then the year is drawn again.
    loop {
        if let Some(dates) = try_counted(rng) {
            return dates;
        }
    }
}

fn try_counted(rng: &mut Rng) -> Option<Vec<Dates>> {
    let mut received = receipts(rng);
    let mut endings = closings(rng);
    let still_open = received.len() - endings.len();
    endings.extend((0..still_open).map(|_| Ending {
        needed_by: YEAR_END - 1,
        closed: None,
        support: None,
    }));
    // First come, first served: by needed date, each ending takes the earliest referral that is left.
    endings.sort_by_key(|ending| ending.needed_by);
    received.sort();
    if !make_room(&mut received, &endings, rng) {
        return None;
    }
    mix(&mut received, &endings, rng);
    let complete = |(ending, received)| complete(received, ending, rng);
    Some(endings.into_iter().zip(received).map(complete).collect())
}

fn receipts(rng: &mut Rng) -> Vec<Date> {
    let mut received: Vec<Date> = (0..BACKLOG)
        .map(|_| BACKLOG_START + rng.within(0, YEAR_START - BACKLOG_START - 1))
        .collect();
    let by_month = apportion(figures::REFERRED_BY_MONTH, figures::REFERRED);
    for (month, &count) in (0..).zip(&by_month) {
        received.extend((0..count).map(|_| day_in_month(month, rng)));
    }
    received
}

fn closings(rng: &mut Rng) -> Vec<Ending> {
    let closed = apportion(figures::CLOSED_BY_MONTH, figures::CLOSED);
    let enhanced = apportion(figures::ENHANCED_BY_MONTH, figures::ENHANCED);
    let (mut endings, mut enhanced_days) = (Vec::new(), Vec::new());
    for (month, (&closed, &enhanced)) in (0..).zip(closed.iter().zip(&enhanced)) {
        enhanced_days.extend((0..enhanced).map(|_| day_in_month(month, rng)));
        endings.extend((enhanced..closed).map(|_| {
            let closed = day_in_month(month, rng);
            Ending {
                needed_by: closed,
                closed: Some(closed),
                support: None,
            }
        }));
    }
    rng.shuffle(&mut enhanced_days);
    endings.extend(supported(enhanced_days, rng));
    endings
}

/// Gives each enhanced closing a length of support, the longest first, to days that leave room for it since August 2016.
fn supported(mut days: Vec<Date>, rng: &mut Rng) -> Vec<Ending> {
    let mut lengths: Vec<Length> = (figures::LENGTHS.iter())
        .flat_map(|&(length, count)| std::iter::repeat_n(length, count as usize))
        .collect();
    lengths.reverse();
    let mut endings = Vec::new();
    for length in lengths {
        // The closings are in random order, so the first that fits is a random one.
        let chosen = days
            .iter()
            .position(|&closed| start_of(closed, length, 24) >= BACKLOG_START + 7)
            // Longer than the year has been going on: the latest closing, and a referral of its own before the backlog.
            .or_else(|| (0..days.len()).max_by_key(|&index| days[index]));
        let Some(chosen) = chosen else { break };
        let closed = days.swap_remove(chosen);
        let days_in = match length {
            Length::Days(low, high) => rng.within(low, high),
            Length::Months(_) => rng.within(5, 24),
        };
        let ended = closed - rng.within(0, 3);
        let started = start_of(ended, length, days_in);
        endings.push(Ending {
            needed_by: started,
            closed: Some(closed),
            support: Some((started, ended)),
        });
    }
    endings
}

/// The first day of support of a length. `days` is the length itself in days, or for months how far beyond the whole
/// months: never within four days of a band's border, so that no way of counting months moves a case to another band.
fn start_of(ended: Date, length: Length, days: i32) -> Date {
    match length {
        Length::Days(_, high) => ended - days.min(high) + 1,
        Length::Months(months) => ended.add_months(-months) - days,
    }
}

/// Moves a referral of the backlog before the day it is needed where none is left: the counts of the year's months
/// hold, since only referrals before the year move. False when that is not enough.
fn make_room(received: &mut [Date], endings: &[Ending], rng: &mut Rng) -> bool {
    for (received, ending) in received.iter_mut().zip(endings) {
        if *received > ending.needed_by {
            if *received >= YEAR_START {
                return false;
            }
            *received = ending.needed_by - rng.within(0, 6);
        }
    }
    true
}

/// Swaps referrals between cases that can both do with the other's, so that waiting times vary.
fn mix(received: &mut [Date], endings: &[Ending], rng: &mut Rng) {
    let count = received.len();
    for _ in 0..3 {
        for index in 0..count {
            let other = if endings[index].closed.is_none() && rng.percent(4) {
                rng.below(count)
            } else {
                (index + rng.below(400)).min(count - 1)
            };
            let both = received[other] <= endings[index].needed_by
                && received[index] <= endings[other].needed_by;
            if both {
                received.swap(index, other);
            }
        }
    }
}

fn complete(received: Date, ending: Ending, rng: &mut Rng) -> Dates {
    let opened = received + rng.within(0, 4).min(ending.needed_by - received);
    let open_support = ending.closed.is_none() && rng.percent(30);
    let support = match ending.support {
        Some((started, ended)) => Some((started, Some(ended))),
        None if open_support => Some((opened + rng.within(0, 10).min(YEAR_END - 1 - opened), None)),
        None => None,
    };
    Dates {
        received,
        opened,
        closed: ending.closed,
        enhanced: ending.support.is_some(),
        support,
        outside: false,
    }
}

/// Cases on both sides of the year: closed before it began or not closed, received before it or after it ended.
fn outside(rng: &mut Rng) -> Vec<Dates> {
    (0..OUTSIDE)
        .map(|index| {
            let (early, closes, enhanced) = match index % 7 {
                0 | 1 => (true, true, false),
                2 => (true, true, true),
                3 => (true, false, false),
                4 | 5 => (false, true, false),
                _ => (false, false, false),
            };
            let received = if early {
                BACKLOG_START + rng.within(5, 40)
            } else {
                YEAR_END + rng.within(0, 3)
            };
            let opened = received + rng.within(0, 1);
            let support = enhanced.then(|| {
                let started = opened + rng.within(0, 3);
                (started, Some(started + rng.within(3, 9)))
            });
            let open_until = if early { 12 } else { 2 };
            let last = support.and_then(|(_, ended)| ended).unwrap_or(opened);
            let closed =
                closes.then(|| last + rng.within(0, open_until - (last - opened).min(open_until)));
            Dates {
                received,
                opened,
                closed,
                support,
                enhanced,
                outside: true,
            }
        })
        .collect()
}

/// A day of the year's n-th month, seldom at a weekend.
fn day_in_month(month: i32, rng: &mut Rng) -> Date {
    let first = YEAR_START.add_months(month);
    let last = YEAR_START.add_months(month + 1) - first - 1;
    let day = first + rng.within(0, last);
    if day.is_weekend() && rng.percent(75) {
        return first + rng.within(0, last);
    }
    day
}
