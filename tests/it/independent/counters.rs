//! What each rule of the project comes to for each row, worked out from what the rule says.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    declared::{CODED, DATED, ENHANCED, FILLED, NAMED, ORDERED, UNIQUE},
    delivery::{Day, Delivery},
    shapes::{is_email, is_phone, is_postcode},
};

/// The run's date: the default delivery's.
const AS_OF: Day = (2017, 10, 9);

/// What a rule comes to for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    Fail,
    NotEvaluated,
    NotApplicable,
}
use Outcome::{Fail, NotApplicable, NotEvaluated, Pass};

fn pass_if(good: bool) -> Outcome {
    if good { Pass } else { Fail }
}

/// What a rule comes to for each row of its table.
pub struct Counted {
    pub table: String,
    pub lines: Vec<u64>,
    pub outcomes: Vec<Outcome>,
}

/// The outcomes of every rule, by its id.
pub fn count_all(delivery: &Delivery) -> BTreeMap<String, Counted> {
    let mut counters = Counters {
        delivery,
        counted: BTreeMap::new(),
    };
    counters.columns();
    counters.people();
    counters.cases();
    counters.children();
    counters.counted
}

struct Counters<'d> {
    delivery: &'d Delivery,
    counted: BTreeMap<String, Counted>,
}

impl Counters<'_> {
    fn add(&mut self, table: &str, rule: &str, outcomes: impl IntoIterator<Item = Outcome>) {
        let lines = self.delivery.table(table).lines.clone();
        let outcomes: Vec<Outcome> = outcomes.into_iter().collect();
        assert_eq!(lines.len(), outcomes.len(), "{table}.{rule}");
        self.insert(table, rule, lines, outcomes);
    }

    fn insert(&mut self, table: &str, rule: &str, lines: Vec<u64>, outcomes: Vec<Outcome>) {
        let counted = Counted {
            table: table.to_owned(),
            lines,
            outcomes,
        };
        let before = self.counted.insert(format!("{table}.{rule}"), counted);
        assert!(before.is_none(), "{table}.{rule} is counted twice");
    }

    /// What a column holds once it is cleaned: a code that is misspelt is corrected, a text that is none is gone.
    fn values(&self, table: &str, column: &str) -> Vec<Option<String>> {
        match CODED.iter().find(|c| (c.0, c.1) == (table, column)) {
            Some((_, _, list)) => {
                let meanings = self.delivery.meanings(table, column, list);
                meanings
                    .iter()
                    .map(|m| Some(m.as_ref()?.code.clone()))
                    .collect()
            }
            None => self.delivery.texts(table, column),
        }
    }

    /// What can be said of a column alone, or of two.
    fn columns(&mut self) {
        let delivery = self.delivery;
        for (table, columns) in FILLED {
            for column in *columns {
                let texts = delivery.texts(table, column);
                let outcomes = texts.iter().map(|t| pass_if(t.is_some()));
                self.add(table, &format!("{column}.not_null"), outcomes);
            }
            let rows = delivery.table(table).lines.len();
            self.insert(table, "row_count", vec![0], vec![pass_if(rows >= 1)]);
        }
        for (table, column, list) in CODED {
            let texts = delivery.texts(table, column);
            let meanings = delivery.meanings(table, column, list);
            let day_of_code = match *column {
                "area" => delivery.days(table, "opened_on"),
                _ => vec![None; texts.len()],
            };
            let outcomes = texts.iter().zip(meanings).zip(day_of_code);
            let outcomes = outcomes.map(|((text, meaning), day)| match (text, meaning) {
                (None, _) => NotEvaluated,
                (Some(_), None) => Fail,
                (Some(_), Some(m)) => pass_if(m.accepted && day.is_none_or(|d| m.in_force(d))),
            });
            let outcomes: Vec<Outcome> = outcomes.collect();
            if *column == "area" {
                let days = delivery.days(table, "opened_on");
                let places = texts.iter().zip(&outcomes).zip(days);
                let places = places.map(|((text, area), day)| match (text, area) {
                    (Some(text), Pass) if delivery.needs_a_day(text) && day.is_none() => {
                        NotEvaluated
                    }
                    (Some(text), Pass) => pass_if(!delivery.is_part(text)),
                    _ => NotApplicable,
                });
                let places: Vec<Outcome> = places.collect();
                self.add(table, "place.accepted_values", places);
            }
            self.add(table, &format!("{column}.accepted_values"), outcomes);
        }
        for (table, column, has_future) in DATED {
            let texts = delivery.texts(table, column);
            let days = delivery.days(table, column);
            let outcomes = texts.iter().zip(&days).map(|(text, day)| match text {
                None => NotEvaluated,
                Some(_) => pass_if(day.is_some()),
            });
            self.add(table, &format!("{column}.type"), outcomes);
            if *has_future {
                let outcomes = days.iter().map(|day| match day {
                    None => NotEvaluated,
                    Some(day) => pass_if(*day <= AS_OF),
                });
                self.add(table, &format!("{column}.not_in_future"), outcomes);
            }
        }
        for (table, rule, later, earlier) in ORDERED {
            let (later, earlier) = (delivery.days(table, later), delivery.days(table, earlier));
            let outcomes = later.iter().zip(&earlier).map(|days| match days {
                (Some(later), Some(earlier)) => pass_if(later >= earlier),
                _ => NotEvaluated,
            });
            self.add(table, rule, outcomes);
        }
        for (table, rule, columns) in UNIQUE {
            let columns: Vec<_> = columns.iter().map(|c| self.values(table, c)).collect();
            let mut seen = HashSet::new();
            let mut outcomes = Vec::new();
            for at in 0..columns[0].len() {
                let key: Option<Vec<&String>> = columns.iter().map(|c| c[at].as_ref()).collect();
                outcomes.push(key.map_or(NotEvaluated, |key| pass_if(seen.insert(key))));
            }
            self.add(table, rule, outcomes);
        }
        for (table, column, to, to_column) in NAMED {
            let there: HashSet<String> = self.values(to, to_column).into_iter().flatten().collect();
            let outcomes = self.values(table, column);
            let outcomes = outcomes.iter().map(|value| match value {
                None => NotEvaluated,
                Some(value) => pass_if(there.contains(value)),
            });
            self.add(table, &format!("{column}.relationships"), outcomes);
        }
    }

    fn people(&mut self) {
        let delivery = self.delivery;
        let births = delivery.days("people", "date_of_birth");
        let outcomes = births.iter().map(|day| match day {
            None => NotEvaluated,
            Some(day) => pass_if(*day >= (1900, 1, 1)),
        });
        self.add("people", "date_of_birth.range", outcomes);

        let postcodes = upper(delivery.texts("people", "postcode"));
        let shaped = |texts: &[Option<String>], good: fn(&str) -> bool| -> Vec<Outcome> {
            let outcome =
                |t: &Option<String>| t.as_ref().map_or(NotEvaluated, |t| pass_if(good(t)));
            texts.iter().map(outcome).collect()
        };
        let phones = delivery.texts("people", "phone");
        let emails = delivery.texts("people", "email");
        self.add(
            "people",
            "postcode.pattern",
            shaped(&postcodes, is_postcode),
        );
        self.add("people", "phone.pattern", shaped(&phones, is_phone));
        self.add("people", "email.pattern", shaped(&emails, is_email));

        let first_names = delivery.texts("people", "first_name");
        let last_names = delivery.texts("people", "last_name");
        let same = |at: usize| {
            Some((
                first_names[at].as_ref()?,
                last_names[at].as_ref()?,
                births[at]?,
                postcodes[at].as_ref()?,
            ))
        };
        let mut groups: HashMap<_, Vec<usize>> = HashMap::new();
        let mut outcomes = vec![NotEvaluated; births.len()];
        for (at, outcome) in outcomes.iter_mut().enumerate() {
            if let Some(person) = same(at) {
                groups.entry(person).or_default().push(at);
                *outcome = Pass;
            }
        }
        for group in groups.into_values().filter(|group| group.len() > 1) {
            group.iter().for_each(|at| outcomes[*at] = Fail);
        }
        self.add("people", "duplicates.same_person", outcomes);
    }

    fn cases(&mut self) {
        let delivery = self.delivery;
        let (status, outcome) = (
            self.values("cases", "status"),
            self.values("cases", "closure_outcome"),
        );
        let is = |value: &Option<String>, word: &str| value.as_deref() == Some(word);
        let opened = delivery.days("cases", "opened_on");
        let closed = delivery.days("cases", "closed_on");

        // A day that could not be read is present, but no day that an open case could have.
        let where_ = |applies: bool, good: bool| match applies {
            true => pass_if(good),
            false => NotApplicable,
        };
        let rows = 0..status.len();
        let written = delivery.texts("cases", "closed_on");
        self.add(
            "cases",
            "closed_on.present_when_closed",
            rows.clone()
                .map(|at| where_(is(&status[at], "Closed"), written[at].is_some())),
        );
        self.add(
            "cases",
            "closed_on.absent_when_open",
            rows.clone()
                .map(|at| where_(is(&status[at], "Open"), closed[at].is_none())),
        );
        let written = delivery.texts("cases", "closure_outcome");
        self.add(
            "cases",
            "closure_outcome.present_when_closed",
            rows.clone()
                .map(|at| where_(is(&status[at], "Closed"), written[at].is_some())),
        );
        self.add(
            "cases",
            "closure_outcome.absent_when_open",
            rows.clone()
                .map(|at| where_(is(&status[at], "Open"), outcome[at].is_none())),
        );
        let written = delivery.texts("cases", "duplicate_of");
        self.add(
            "cases",
            "duplicate_of.present_when_duplicate",
            rows.clone()
                .map(|at| where_(is(&outcome[at], "Duplicate"), written[at].is_some())),
        );

        // The referrals of each case: more than one where a reference was delivered twice.
        let references = self.values("referrals", "referral_ref");
        let mut referrals: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, reference) in references.iter().enumerate() {
            if let Some(reference) = reference {
                referrals.entry(reference).or_default().push(at);
            }
        }
        let named = self.values("cases", "referral_ref");
        let of_case = |at: usize| -> &[usize] {
            let name = named[at].as_deref().unwrap_or_default();
            referrals.get(name).map_or(&[], Vec::as_slice)
        };

        let received = delivery.days("referrals", "received_on");
        self.add(
            "cases",
            "opened_on.not_before_received",
            rows.clone().map(|at| match (opened[at], &named[at]) {
                (Some(opened), Some(_)) => {
                    let late = |r: &usize| received[*r].is_some_and(|received| opened < received);
                    pass_if(!of_case(at).iter().any(late))
                }
                _ => NotEvaluated,
            }),
        );
        let sources = self.values("referrals", "source");
        for column in ["reported_before", "reported_after"] {
            let answers = self.values("cases", column);
            let other = |r: &usize| sources[*r].as_ref().is_some_and(|s| s != "Self Referrals");
            self.add(
                "cases",
                &format!("{column}.self_referrals_only"),
                rows.clone().map(|at| match &answers[at] {
                    None => NotEvaluated,
                    Some(_) => pass_if(!of_case(at).iter().any(other)),
                }),
            );
        }

        let persons = self.values("cases", "person_ref");
        let keys = self.values("cases", "case_ref");
        let incidents = delivery.texts("referrals", "source_ref");
        let mut groups: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        let mut outcomes = vec![NotEvaluated; rows.len()];
        for at in rows.clone() {
            let (Some(person), Some(_)) = (&persons[at], &named[at]) else {
                continue;
            };
            outcomes[at] = Pass;
            let known = of_case(at).iter().filter_map(|r| incidents[*r].as_deref());
            for incident in known.collect::<HashSet<_>>() {
                groups.entry((person, incident)).or_default().push(at);
            }
        }
        for mut group in groups.into_values() {
            group.sort_by_key(|at| {
                (
                    last_if_none(opened[*at]),
                    last_if_none(keys[*at].as_ref()),
                    *at,
                )
            });
            let unmarked = |at: &&usize| !is(&outcome[**at], "Duplicate");
            group[1..]
                .iter()
                .filter(unmarked)
                .for_each(|at| outcomes[*at] = Fail);
        }
        self.add("cases", "duplicates.unmarked", outcomes);

        let assessed = self.values("needs_assessments", "case_ref").into_iter();
        let stages = self.values("needs_assessments", "stage");
        let started: HashSet<String> = assessed
            .zip(&stages)
            .filter(|(_, stage)| is(stage, "Start"))
            .filter_map(|(case, _)| case)
            .collect();
        self.add(
            "cases",
            "case_ref.has_start_assessment",
            rows.map(|at| match ENHANCED.iter().any(|e| is(&outcome[at], e)) {
                true => pass_if(keys[at].as_ref().is_some_and(|key| started.contains(key))),
                false => NotEvaluated,
            }),
        );
    }

    /// What belongs to cases with enhanced support only.
    fn children(&mut self) {
        let keys = self.values("cases", "case_ref");
        let outcomes = self.values("cases", "closure_outcome");
        let ended_otherwise = |outcome: &str| !ENHANCED.contains(&outcome);
        let others: HashSet<&String> = keys
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| outcome.as_deref().is_some_and(ended_otherwise))
            .filter_map(|(key, _)| key.as_ref())
            .collect();
        for table in ["needs_assessments", "support_actions"] {
            let named = self.values(table, "case_ref");
            let outcomes = named.iter().map(|case| match case {
                None => NotEvaluated,
                Some(case) => pass_if(!others.contains(case)),
            });
            self.add(table, "case_ref.only_enhanced", outcomes);
        }
    }
}

/// Sorts what is not there behind all else.
fn last_if_none<T>(value: Option<T>) -> (bool, Option<T>) {
    (value.is_none(), value)
}

fn upper(texts: Vec<Option<String>>) -> Vec<Option<String>> {
    texts.into_iter().map(|t| Some(t?.to_uppercase())).collect()
}
