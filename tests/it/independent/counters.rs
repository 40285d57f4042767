//! What each rule of the project comes to for each row, worked out from what the rule says.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::delivery::{Day, Delivery};

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

/// Table, column and code list of every coded column; the column's `accepted_values` uses the list.
const CODED: &[(&str, &str, &str)] = &[
    ("people", "gender", "gender"),
    ("people", "ethnicity", "ethnicity"),
    ("people", "disability", "disability"),
    ("people", "religion", "religion"),
    ("people", "sexual_orientation", "sexual_orientation"),
    ("people", "communication_need", "communication_need"),
    ("referrals", "source", "referral_source"),
    ("referrals", "occurrence_type", "occurrence_type"),
    ("referrals", "consent", "yes_no"),
    ("cases", "status", "case_status"),
    ("cases", "closure_outcome", "closure_outcome"),
    ("cases", "area", "areas"),
    ("cases", "repeat_victim", "yes_no_unknown"),
    ("cases", "prior_support", "yes_no_unknown"),
    ("cases", "reported_before", "yes_no_na"),
    ("cases", "reported_after", "yes_no_na"),
    ("contact_attempts", "channel", "contact_channel"),
    ("contact_attempts", "result", "contact_result"),
    ("needs_assessments", "stage", "need_stage"),
    ("needs_assessments", "need_area", "need_area"),
    ("needs_assessments", "level", "need_level"),
    ("support_actions", "action", "support_action"),
    ("support_actions", "outcome", "action_outcome"),
];

/// Columns with `not_null`.
const FILLED: &[(&str, &[&str])] = &[
    (
        "people",
        &[
            "person_ref",
            "date_of_birth",
            "gender",
            "ethnicity",
            "disability",
            "religion",
            "sexual_orientation",
            "communication_need",
        ],
    ),
    (
        "referrals",
        &[
            "referral_ref",
            "person_ref",
            "received_on",
            "source",
            "occurrence_type",
            "consent",
        ],
    ),
    (
        "cases",
        &[
            "case_ref",
            "referral_ref",
            "person_ref",
            "opened_on",
            "status",
            "area",
            "repeat_victim",
            "prior_support",
        ],
    ),
    (
        "contact_attempts",
        &[
            "attempt_ref",
            "case_ref",
            "attempted_on",
            "channel",
            "result",
        ],
    ),
    ("needs_assessments", &["case_ref", "stage", "need_area"]),
    ("support_actions", &["action_ref", "case_ref", "action"]),
];

/// Columns of dates, and whether they have `not_in_future`.
const DATED: &[(&str, &str, bool)] = &[
    ("people", "date_of_birth", true),
    ("referrals", "received_on", true),
    ("referrals", "incident_on", true),
    ("referrals", "reported_on", true),
    ("cases", "opened_on", true),
    ("cases", "closed_on", true),
    ("cases", "support_started_on", false),
    ("cases", "support_ended_on", false),
    ("contact_attempts", "attempted_on", true),
    ("needs_assessments", "assessed_on", true),
    ("support_actions", "acted_on", true),
];

/// Table, rule, the later date and the earlier one.
const ORDERED: &[(&str, &str, &str, &str)] = &[
    (
        "referrals",
        "reported_on.not_before_incident",
        "reported_on",
        "incident_on",
    ),
    (
        "referrals",
        "received_on.not_before_reported",
        "received_on",
        "reported_on",
    ),
    (
        "referrals",
        "received_on.not_before_incident",
        "received_on",
        "incident_on",
    ),
    (
        "cases",
        "closed_on.not_before_opening",
        "closed_on",
        "opened_on",
    ),
    (
        "cases",
        "closed_on.not_before_support_end",
        "closed_on",
        "support_ended_on",
    ),
    (
        "cases",
        "support_started_on.not_before_opening",
        "support_started_on",
        "opened_on",
    ),
    (
        "cases",
        "support_ended_on.not_before_start",
        "support_ended_on",
        "support_started_on",
    ),
];

/// Table, rule and the columns that no two rows share.
const UNIQUE: &[(&str, &str, &[&str])] = &[
    ("people", "person_ref.unique", &["person_ref"]),
    ("referrals", "referral_ref.unique", &["referral_ref"]),
    ("cases", "case_ref.unique", &["case_ref"]),
    ("contact_attempts", "attempt_ref.unique", &["attempt_ref"]),
    (
        "needs_assessments",
        "key.unique",
        &["case_ref", "stage", "need_area"],
    ),
    ("support_actions", "action_ref.unique", &["action_ref"]),
];

/// Table and column that name a row of another table, and where it stands there.
const NAMED: &[(&str, &str, &str, &str)] = &[
    ("referrals", "person_ref", "people", "person_ref"),
    ("cases", "referral_ref", "referrals", "referral_ref"),
    ("cases", "person_ref", "people", "person_ref"),
    ("cases", "duplicate_of", "cases", "case_ref"),
    ("contact_attempts", "case_ref", "cases", "case_ref"),
    ("needs_assessments", "case_ref", "cases", "case_ref"),
    ("support_actions", "case_ref", "cases", "case_ref"),
];

const ENHANCED: [&str; 2] = ["Enhanced - supported", "Enhanced - declined after advice"];

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
        let references = delivery.texts("people", "person_ref");
        let mut groups: HashMap<_, Vec<usize>> = HashMap::new();
        let mut outcomes = vec![NotEvaluated; births.len()];
        for at in 0..births.len() {
            if let Some(person) = same(at) {
                groups.entry(person).or_default().push(at);
                outcomes[at] = Pass;
            }
        }
        for mut group in groups.into_values() {
            group.sort_by_key(|at| (last_if_none(references[*at].as_ref()), *at));
            group[1..].iter().for_each(|at| outcomes[*at] = Fail);
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

/// One or two letters, a digit, perhaps a digit or letter, perhaps a space; a digit and two letters.
fn is_postcode(text: &str) -> bool {
    let letter = |b: &u8| b.is_ascii_uppercase();
    let Some((outward, [digit, a, b])) = text.as_bytes().split_last_chunk::<3>() else {
        return false;
    };
    let outward = outward.strip_suffix(b" ").unwrap_or(outward);
    let letters = outward.iter().take_while(|b| letter(b)).count();
    let rest = match outward.get(letters..) {
        Some([first, rest @ ..]) if first.is_ascii_digit() => rest,
        _ => return false,
    };
    let tail = match rest {
        [] => true,
        [one] => one.is_ascii_digit() || letter(one),
        _ => false,
    };
    (1..=2).contains(&letters) && tail && digit.is_ascii_digit() && letter(a) && letter(b)
}

/// 0, or +44 and perhaps a space; then nine or ten digits, single spaces between them.
fn is_phone(text: &str) -> bool {
    let national = match text.strip_prefix("+44") {
        Some(rest) => Some(rest.strip_prefix(' ').unwrap_or(rest)),
        None => text.strip_prefix('0'),
    };
    let Some(national) = national else {
        return false;
    };
    let groups: Vec<&str> = national.split(' ').collect();
    let digits = |g: &&str| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit());
    let count: usize = groups.iter().map(|g| g.len()).sum();
    groups.iter().all(digits) && (9..=10).contains(&count)
}

/// Something, an @, and labels parted by dots of which the last is two or more letters; no spaces or separators.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && !part.contains(['@', ' ', ',', ';', '<', '>']);
    let labels: Vec<&str> = domain.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let top = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    plain(local) && labels.len() >= 2 && labels.iter().all(|l| plain(l)) && top
}

#[test]
fn shapes() {
    let check = |good: fn(&str) -> bool, passing: &[&str], failing: &[&str]| {
        passing.iter().for_each(|t| assert!(good(t), "{t:?}"));
        failing.iter().for_each(|t| assert!(!good(t), "{t:?}"));
    };
    check(
        is_postcode,
        &["LE1 6RN", "SW1A1AA", "M1 1AA", "LE16RN"],
        &[
            "LEICESTER",
            "LE1 6R",
            "1LE 6RN",
            "LE1  6RN",
            "LE123 6RN",
            "é6RN",
            "",
        ],
    );
    check(
        is_phone,
        &[
            "07700 900123",
            "0116 496 0999",
            "+44 7700 900123",
            "+447700900123",
            "0770090012",
        ],
        &[
            "07700",
            "not given",
            "0770O 900123",
            "077009001",
            "07700  900123",
            "07700 900123 ",
            "0 7700 900123",
            "077009001234",
        ],
    );
    check(
        is_email,
        &["someone@example.org", "a.b@mail.example.co.uk"],
        &[
            "someone.example.org",
            "someone@",
            "some one@example.org",
            "a@b",
            "a@b..uk",
            "a@b.c",
            "a@b@c.uk",
        ],
    );
}
