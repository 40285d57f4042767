//! One block of synthetic people and their cases, with every count of the year's report.

mod answers;
mod groups;
mod shares;
mod support;

use std::collections::BTreeMap;

use crate::calendar::{self, BLOCK, Dates};
use crate::date::Date;
use crate::decks::{Pool, apportion_figures};
use crate::figures::{self, BLANK, DUPLICATE, Figure};
use crate::reference::Reference;
use crate::rng::Rng;

/// The coded columns of people: column, code list, figures.
pub const DEMOGRAPHICS: [(&str, &str, &[Figure]); 6] = [
    ("gender", "gender", figures::GENDER),
    ("ethnicity", "ethnicity", figures::ETHNICITY),
    ("disability", "disability", figures::DISABILITY),
    ("religion", "religion", figures::RELIGION),
    (
        "sexual_orientation",
        "sexual_orientation",
        figures::SEXUAL_ORIENTATION,
    ),
    (
        "communication_need",
        "communication_need",
        figures::COMMUNICATION_NEED,
    ),
];

pub struct Block {
    pub people: Vec<Person>,
    pub cases: Vec<Case>,
}

pub struct Person {
    pub demographics: [&'static str; 6],
    pub date_of_birth: Option<Date>,
    /// The first referral: people are listed roughly in the order in which they became known.
    pub known_since: Date,
}

/// A case and the referral that it came from.
pub struct Case {
    pub person: usize,
    pub dates: Dates,
    pub incident_on: Option<Date>,
    pub reported_on: Option<Date>,
    pub source: &'static str,
    /// The number that the source gave the incident: a duplicate repeats it.
    pub source_ref: Option<u32>,
    pub occurrence: &'static str,
    pub outcome: Option<&'static str>,
    pub area: &'static str,
    pub repeat_victim: &'static str,
    pub prior_support: &'static str,
    pub reported_before: &'static str,
    pub reported_after: &'static str,
    pub duplicate_of: Option<usize>,
    /// Start, Review, End; each with the levels of the ten needs, blank where not recorded.
    pub needs: [[&'static str; 10]; 3],
    /// Actions with their outcome.
    pub actions: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn new(dates: Dates) -> Self {
        Case {
            person: 0,
            dates,
            incident_on: None,
            reported_on: None,
            source: BLANK,
            source_ref: None,
            occurrence: BLANK,
            outcome: None,
            area: BLANK,
            repeat_victim: BLANK,
            prior_support: BLANK,
            reported_before: BLANK,
            reported_after: BLANK,
            duplicate_of: None,
            needs: [[BLANK; 10]; 3],
            actions: Vec::new(),
        }
    }

    /// The pool whose counts the case enters, if it enters any.
    fn pool(&self) -> Option<Pool> {
        match (
            self.dates.outside || self.dates.closed.is_none(),
            self.dates.enhanced,
        ) {
            (true, _) => None,
            (false, true) => Some(Pool::Enhanced),
            (false, false) => Some(Pool::Other),
        }
    }
}

impl Block {
    pub fn new(rng: &mut Rng) -> Self {
        let mut cases: Vec<Case> = calendar::plan(rng).into_iter().map(Case::new).collect();
        let groups = groups::pair_up(&mut cases, rng);
        let people = groups::make_people(&mut cases, &groups, rng);
        let duplicates: Vec<[usize; 2]> = groups
            .into_iter()
            .filter(|pair| cases[pair[1]].duplicate_of == Some(pair[0]))
            .collect();
        answers::record(&mut cases, &duplicates, rng);
        support::provide(&mut cases, rng);
        Block { people, cases }
    }

    /// Keeps some of the cases, drawn at random, and the people they need. A case and its duplicate stay together.
    pub fn cut(&mut self, keep: usize, rng: &mut Rng) {
        if keep >= BLOCK {
            return;
        }
        let mut units: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, case) in self.cases.iter().enumerate() {
            units.entry(case.person).or_default().push(index);
        }
        let mut units: Vec<Vec<usize>> = units.into_values().collect();
        rng.shuffle(&mut units);
        let mut kept: Vec<usize> = Vec::with_capacity(keep);
        for unit in units {
            if kept.len() + unit.len() <= keep {
                kept.extend(unit);
            }
        }
        kept.sort_unstable();
        self.retain(&kept);
    }

    fn retain(&mut self, kept: &[usize]) {
        let place = |old: usize, all: &[usize]| all.binary_search(&old).ok();
        let mut people: Vec<usize> = kept.iter().map(|&case| self.cases[case].person).collect();
        people.sort_unstable();
        people.dedup();
        let mut index = 0;
        self.cases.retain_mut(|case| {
            let stays = kept.binary_search(&index).is_ok();
            index += 1;
            case.person = place(case.person, &people).unwrap_or(0);
            case.duplicate_of = case.duplicate_of.and_then(|of| place(of, kept));
            stays
        });
        let mut index = 0;
        self.people.retain(|_| {
            let stays = people.binary_search(&index).is_ok();
            index += 1;
            stays
        });
    }
}

/// Checks that the project knows every code that a block writes.
pub fn check_codes(reference: &Reference) -> Result<(), String> {
    let names = |figures: &[Figure]| figures.iter().map(|figure| figure.0).collect::<Vec<_>>();
    for (_, list, figures) in DEMOGRAPHICS {
        reference.require(list, names(figures))?;
    }
    reference.require("referral_source", names(figures::REFERRAL_SOURCE))?;
    reference.require("occurrence_type", names(figures::OCCURRENCE_TYPE))?;
    reference.require("areas", names(&areas()))?;
    reference.require("closure_outcome", names(figures::OUTCOME))?;
    reference.require("closure_outcome", [DUPLICATE])?;
    reference.require("case_status", ["Open", "Closed"])?;
    reference.require("yes_no", ["Yes", "No"])?;
    reference.require("yes_no_unknown", names(figures::REPEAT_VICTIM))?;
    reference.require("yes_no_na", names(figures::REPORTED_BEFORE))?;
    reference.require("need_stage", ["Start", "Review", "End"])?;
    reference.require("need_area", figures::NEEDS.map(|need| need.0))?;
    reference.require("need_level", figures::NEED_LEVELS)?;
    reference.require(
        "support_action",
        figures::ACTIONS.iter().map(|action| action.0),
    )?;
    reference.require("action_outcome", ["Positive", "Negative"])?;
    reference.require("contact_channel", ["Phone", "SMS", "Email", "Post"])?;
    reference.require(
        "contact_result",
        [
            "Answered",
            "No answer",
            "Wrong number",
            "Unsafe",
            "Letter sent",
        ],
    )
}

/// Every area with its share of its group's printed total.
fn areas() -> Vec<Figure> {
    figures::AREA_GROUPS
        .iter()
        .flat_map(|(total, areas)| apportion_figures(areas, total))
        .collect()
}
