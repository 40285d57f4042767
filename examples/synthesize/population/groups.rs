//! Who the cases are about: people with one case, people who came back, and duplicates.

use super::shares::spread;
use super::{Case, DEMOGRAPHICS, Person};
use crate::calendar::YEAR_START;
use crate::date::Date;
use crate::decks::Pool;
use crate::figures::{self, DUPLICATE};
use crate::rng::Rng;

/// Pairs of genuine cases of one person.
const RETURNING: usize = 450;
/// The band of ages (youngest, oldest) that each label of the report stands for; unknown ages have no date of birth.
const AGES: [(&str, i32, i32); 11] = [
    ("U13", 0, 12),
    ("13-18", 13, 18),
    ("19-25", 19, 25),
    ("26-30", 26, 30),
    ("31-40", 31, 40),
    ("41-50", 41, 50),
    ("51-60", 51, 60),
    ("61-70", 61, 70),
    ("71-80", 71, 80),
    ("81-90", 81, 90),
    ("91+", 91, 103),
];
/// Pairs of cases of one person: duplicates with the case that they repeat, and people who came back.
pub fn pair_up(cases: &mut [Case], rng: &mut Rng) -> Vec<[usize; 2]> {
    let mut by_opening: Vec<usize> = (0..cases.len())
        .filter(|&case| !cases[case].dates.outside)
        .collect();
    by_opening.sort_by_key(|&case| (cases[case].dates.opened, case));
    let mut taken = vec![false; cases.len()];
    let mut groups = Vec::new();

    let mut duplicates: Vec<usize> = (200..by_opening.len())
        .filter(|&place| cases[by_opening[place]].pool() == Some(Pool::Other))
        .collect();
    rng.shuffle(&mut duplicates);
    duplicates.truncate(figures::DUPLICATES as usize);
    for &place in &duplicates {
        taken[by_opening[place]] = true;
    }
    for place in duplicates {
        let duplicate = by_opening[place];
        let repeats = |earlier: usize, taken: &[bool]| {
            !taken[earlier] && cases[earlier].dates.opened < cases[duplicate].dates.opened
        };
        let near = (0..50)
            .map(|_| by_opening[place - 1 - rng.below(place.min(900))])
            .find(|&earlier| repeats(earlier, &taken));
        let earlier = near.or_else(|| {
            let before = by_opening[..place].iter().copied();
            before.into_iter().find(|&earlier| repeats(earlier, &taken))
        });
        if let Some(earlier) = earlier {
            taken[earlier] = true;
            cases[duplicate].duplicate_of = Some(earlier);
            cases[duplicate].outcome = Some(DUPLICATE);
            groups.push([earlier, duplicate]);
        }
    }

    while groups.len() < figures::DUPLICATES as usize + RETURNING {
        let (first, second) = (rng.below(by_opening.len()), rng.below(by_opening.len()));
        let pair = [by_opening[first.min(second)], by_opening[first.max(second)]];
        let gap = cases[pair[1]].dates.received - cases[pair[0]].dates.received;
        if gap >= 10 && !taken[pair[0]] && !taken[pair[1]] {
            taken[pair[0]] = true;
            taken[pair[1]] = true;
            groups.push(pair);
        }
    }
    groups
}

pub fn make_people(cases: &mut [Case], groups: &[[usize; 2]], rng: &mut Rng) -> Vec<Person> {
    let mut people: Vec<Vec<usize>> = groups.iter().map(|group| group.to_vec()).collect();
    let mut grouped = vec![false; cases.len()];
    for &case in groups.iter().flatten() {
        grouped[case] = true;
    }
    people.extend(
        (0..cases.len())
            .filter(|&case| !grouped[case])
            .map(|case| vec![case]),
    );
    for (person, members) in people.iter().enumerate() {
        for &case in members {
            cases[case].person = person;
        }
    }
    let mut columns: Vec<Vec<&'static str>> = (DEMOGRAPHICS.iter().map(|column| column.2))
        .chain([figures::AGE_BAND])
        .map(|figures| spread(figures, cases, &people, rng))
        .collect();
    let bands = columns.pop().unwrap_or_default();
    (people.iter().enumerate())
        .map(|(person, members)| {
            let received = |case: &usize| cases[*case].dates.received;
            let first = members.iter().map(received).min().unwrap_or(YEAR_START);
            let last = members.iter().map(received).max().unwrap_or(YEAR_START);
            Person {
                demographics: std::array::from_fn(|column| columns[column][person]),
                date_of_birth: born(bands[person], first, last, rng),
                known_since: first,
            }
        })
        .collect()
}

/// A date of birth that is in the band on both days, and never within four days of its border.
fn born(band: &str, first: Date, last: Date, rng: &mut Rng) -> Option<Date> {
    let (_, youngest, oldest) = AGES.into_iter().find(|age| age.0 == band)?;
    let earliest = last.add_months(-12 * (oldest + 1)) + 4;
    let latest = first.add_months(-12 * youngest) - 4;
    Some(earliest + rng.within(0, latest - earliest))
}
