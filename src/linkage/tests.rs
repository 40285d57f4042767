//! Records that are one, those that are not, what is estimated, and what is capped.

use std::collections::BTreeSet;

use super::*;

/// Numbers that look drawn by lot, the same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

const COLUMNS: [(&str, Compare); 6] = [
    ("first_name", Compare::Name),
    ("last_name", Compare::Name),
    ("born_on", Compare::Date),
    ("postcode", Compare::Postcode),
    ("phone", Compare::Phone),
    ("email", Compare::Email),
];
const SYLLABLES: [&str; 20] = [
    "an", "bel", "cor", "dan", "el", "fin", "ger", "hal", "is", "jo", "ka", "lin", "mor", "ne",
    "ol", "per", "ros", "sam", "ti", "wil",
];

type Record = [Option<String>; 6];

/// Some names are common, and an email address holds the name: people of one name are alike in more than that.
fn person(lot: &mut Lot) -> Record {
    let mut name = |syllables: usize| -> String {
        let mut syllable = || SYLLABLES[lot.below(20).min(lot.below(20)).min(lot.below(20))];
        (0..syllables).map(|_| syllable()).collect()
    };
    let (first, last) = (name(2), name(2));
    let day = format!(
        "{}-{:02}-{:02}",
        1940 + lot.below(60),
        1 + lot.below(12),
        1 + lot.below(28)
    );
    let postcode = format!(
        "LE{} {}{}{}",
        1 + lot.below(19),
        lot.below(10),
        lot.one(&["A", "B", "D"]),
        lot.one(&["E", "F"])
    );
    let phone = (lot.below(3) > 0).then(|| format!("07{:09}", lot.below(1_000_000_000)));
    let email = (lot.below(2) > 0).then(|| format!("{first}.{last}{}@example.org", lot.below(90)));
    [
        Some(first),
        Some(last),
        Some(day),
        Some(postcode),
        phone,
        email,
    ]
}

/// The record as somebody else would have written it.
fn written_again(record: &Record, lot: &mut Lot) -> Record {
    let mut again = record.clone();
    for _ in 0..1 + lot.below(2) {
        let at = lot.below(6);
        let Some(text) = &again[at] else { continue };
        let mut chars: Vec<char> = text.chars().collect();
        let place = lot.below(chars.len());
        again[at] = match lot.below(4) {
            0 => None,
            1 => {
                chars.remove(place);
                Some(chars.into_iter().collect())
            }
            2 => {
                chars[place] = 'x';
                Some(chars.into_iter().collect())
            }
            _ if at == 2 && text.len() == 10 => {
                Some(format!("{}-{}-{}", &text[..4], &text[8..10], &text[5..7]))
            }
            _ => Some(text.to_uppercase()),
        };
    }
    again
}

fn fields(records: &[Record]) -> Vec<Field> {
    let mut fields: Vec<Field> = COLUMNS
        .iter()
        .map(|(name, compare)| Field::new(name, *compare))
        .collect();
    for record in records {
        for (field, text) in fields.iter_mut().zip(record) {
            field.push(text.as_deref());
        }
    }
    fields.iter_mut().for_each(Field::finish);
    fields
}

fn settings() -> Settings {
    Settings {
        block_on: vec![
            vec![2],
            vec![4],
            vec![5],
            vec![0, 1],
            vec![1, 3],
            vec![0, 3],
        ],
        max_block: 1_000,
        threshold: 0.9,
        weights: vec![None; 6],
        prior: None,
    }
}

/// So many people, of whom one in `one_in` is there twice, the second time at the end; and those pairs.
fn people(count: usize, one_in: usize) -> (Vec<Record>, BTreeSet<(u32, u32)>) {
    let mut lot = Lot(7);
    let mut records: Vec<Record> = (0..count).map(|_| person(&mut lot)).collect();
    let mut truth = BTreeSet::new();
    for at in (0..count).step_by(one_in) {
        truth.insert((at as u32, records.len() as u32));
        records.push(written_again(&records[at].clone(), &mut lot));
    }
    (records, truth)
}

/// Of records of which each has a key of its own.
fn linked(fields: &[Field], settings: &Settings, decisions: &Decisions, threads: usize) -> Linked {
    let keys: Vec<u32> = (0..fields[0].len() as u32).collect();
    link(fields, &keys, settings, decisions, threads)
}

fn found(linked: &Linked) -> BTreeSet<(u32, u32)> {
    linked
        .pairs
        .iter()
        .map(|pair| (pair.first, pair.second))
        .collect()
}

#[test]
fn the_same_people_are_found_and_no_others_however_few_they_are() {
    for (count, one_in) in [(2_000, 4), (2_000, 100), (3_000, 1_000)] {
        let (records, truth) = people(count, one_in);
        let linked = linked(&fields(&records), &settings(), &Decisions::new(), 2);
        let found = found(&linked);
        let right = found.intersection(&truth).count();
        assert!(
            right * 100 >= truth.len() * 97,
            "{right} of {}",
            truth.len()
        );
        assert!(
            right * 100 >= found.len() * 98,
            "{right} of {} found",
            found.len()
        );
        let share = linked.model.prior / (truth.len() as f64 / (count * count / 2) as f64);
        assert!(
            (0.2..5.0).contains(&share),
            "the prior is {share} of what it is"
        );
    }
}

#[test]
fn nobody_is_found_where_everybody_is_another() {
    let (records, _) = people(3_000, usize::MAX);
    let (records, fields) = (&records[..3_000], fields(&records[..3_000]));
    let linked = linked(&fields, &settings(), &Decisions::new(), 2);
    assert!(
        linked.pairs.len() <= 2,
        "{} of {}",
        linked.pairs.len(),
        records.len()
    );
}

#[test]
fn threads_change_nothing() {
    let (records, _) = people(1_000, 5);
    let fields = fields(&records);
    let one = linked(&fields, &settings(), &Decisions::new(), 1);
    for threads in [2, 7] {
        let several = linked(&fields, &settings(), &Decisions::new(), threads);
        assert_eq!(several.pairs, one.pairs);
        assert_eq!(
            (several.model, several.compared),
            (one.model.clone(), one.compared)
        );
    }
}

#[test]
fn a_key_that_too_many_share_is_capped_and_told() {
    let (mut records, truth) = people(3_000, 10);
    for record in &mut records {
        record[2] = Some("1900-01-01".to_owned());
    }
    let linked = linked(&fields(&records), &settings(), &Decisions::new(), 2);
    let of_day: Vec<&Capped> = linked
        .capped
        .iter()
        .filter(|capped| capped.key == [2])
        .collect();
    assert_eq!((of_day.len(), of_day[0].records), (1, records.len()));
    assert!(linked.compared < 200_000, "{} compared", linked.compared);
    let right = found(&linked).intersection(&truth).count();
    assert!(
        right * 100 >= truth.len() * 90,
        "{right} of {}",
        truth.len()
    );
}

#[test]
fn what_was_decided_is_not_asked_again() {
    let (records, truth) = people(1_000, 10);
    let fields = fields(&records);
    let before = linked(&fields, &settings(), &Decisions::new(), 2);
    let mut truth = truth
        .into_iter()
        .filter(|pair| found(&before).contains(pair));
    let (other, same) = (truth.next().expect("a pair"), truth.next().expect("a pair"));
    let far = (1, 2);
    let decisions = Decisions::from([(other, false), (same, true), (far, true)]);
    let after = linked(&fields, &settings(), &decisions, 2);
    let decided = |pair: (u32, u32)| {
        let found = after.pairs.iter().find(|p| (p.first, p.second) == pair);
        found.expect("told").decided
    };
    assert_eq!(
        [decided(other), decided(same), decided(far)],
        [Some(false), Some(true), Some(true)]
    );
    let group_of = |record: u32| after.groups.values().find(|group| group.contains(&record));
    assert_eq!(group_of(other.0), None);
    assert_eq!(group_of(far.0), Some(&vec![1, 2]));
    assert_eq!(after.pairs.len(), before.pairs.len() + 1);
}

#[test]
fn weights_may_be_fixed() {
    let (records, truth) = people(500, 5);
    let fixed = Settings {
        weights: [4, 4, 5, 5, 5]
            .map(|_| Some(vec![8.0, 4.0, 1.0, -4.0, -4.0]))
            .into_iter()
            .chain([None])
            .collect(),
        prior: Some(1e-4),
        ..settings()
    };
    let linked = linked(&fields(&records), &fixed, &Decisions::new(), 2);
    let pair = linked
        .pairs
        .iter()
        .find(|pair| truth.contains(&(pair.first, pair.second)));
    let pair = pair.expect("a pair");
    let of_names: Vec<f64> = pair.fields[..2]
        .iter()
        .flatten()
        .map(|field| field.1)
        .collect();
    assert!(
        of_names
            .iter()
            .all(|weight| [8.0, 4.0, 1.0, -4.0].contains(weight)),
        "{pair:?}"
    );
    assert_eq!(linked.model.prior, 1e-4);
}

#[test]
fn each_kind_of_value_is_mistaken_in_its_own_ways() {
    use Compare::{Code, Date, Email, Name, Phone, Postcode};
    for (compare, a, b, level) in [
        (Name, "José O'Neil", "jose oneil", "nearly the same"),
        (Name, "Jonathan", "Jon", "similar"),
        (Name, "Ann", "Zoe", "different"),
        (Date, "1980-05-12", "1980-12-05", "day and month swapped"),
        (Date, "1980-05-12", "1980-05-13", "one character off"),
        (Date, "1980-05-12", "1981-05-13", "two characters off"),
        (Date, "1980-05-12", "1955-11-30", "different"),
        (Postcode, "LE1 5WW", "le15wx", "one character off"),
        (Postcode, "LE1 5WW", "LE1 7QA", "of one district"),
        (Postcode, "LE1 5WW", "NG7 2RD", "different"),
        (Phone, "0116 496 0001", "+44 116 4960001", "the same"),
        (Phone, "0116 496 0001", "0116 496 0002", "one character off"),
        (
            Email,
            "Ann.Lee@example.org",
            "ann.lee@example.com",
            "nearly the same",
        ),
        (Email, "ann.lee@example.org", "zoe@example.org", "different"),
        (Code, "AB-123", "ab 132", "one character off"),
    ] {
        let mut field = Field::new("f", compare);
        field.push(Some(a));
        field.push(Some(b));
        let found = field
            .level(0, 1)
            .map(|level| compare.levels()[usize::from(level)]);
        assert_eq!(found, Some(level), "{a} and {b}");
    }
}

#[test]
fn records_of_one_key_are_not_compared() {
    let (records, truth) = people(1_000, 10);
    let fields = fields(&records);
    let mut keys: Vec<u32> = (0..fields[0].len() as u32).collect();
    let (first, second) = truth.first().copied().expect("a pair");
    assert!(
        found(&link(&fields, &keys, &settings(), &Decisions::new(), 2)).contains(&(first, second))
    );
    keys[second as usize] = first;
    assert!(
        !found(&link(&fields, &keys, &settings(), &Decisions::new(), 2)).contains(&(first, second))
    );
}

#[test]
fn what_follows_from_decisions_is_not_asked() {
    let again = |of: &Record, at: usize, text: &str| {
        let mut record = of.clone();
        record[at] = Some(text.to_owned());
        record
    };
    let (mut records, _) = people(1_000, 10);
    let at = records.len() as u32;
    let one = person(&mut Lot(99));
    records.extend([
        one.clone(),
        again(&one, 0, "Ann"),
        again(&one, 1, "Ames"),
        again(&one, 3, "LE1 1AA"),
    ]);
    let fields = fields(&records);
    let decided = |decisions: &[((u32, u32), bool)]| {
        let decisions = decisions
            .iter()
            .map(|((a, b), same)| ((at + a, at + b), *same));
        let linked = linked(&fields, &settings(), &decisions.collect(), 2);
        let pairs = linked.pairs.iter().filter(|pair| pair.first >= at);
        let pairs = pairs.map(|p| ((p.first - at, p.second - at), p.decided));
        let groups = linked.groups.iter().filter(|(first, _)| **first >= at);
        let groups = groups.map(|(_, group)| group.iter().map(|r| r - at).collect());
        (
            pairs.collect::<std::collections::BTreeMap<_, _>>(),
            groups.collect::<Vec<Vec<u32>>>(),
        )
    };
    let (pairs, groups) = decided(&[]);
    assert_eq!(pairs.len(), 6);
    assert!(pairs.values().all(Option::is_none));
    assert_eq!(groups, [[0, 1, 2, 3]]);
    // The first two are one with the third, and the third is not the fourth.
    let (pairs, groups) = decided(&[((0, 2), true), ((1, 2), true), ((2, 3), false)]);
    let same = [(0, 1), (0, 2), (1, 2)];
    for (pair, decided) in pairs {
        assert_eq!(decided, Some(same.contains(&pair)), "{pair:?}");
    }
    assert_eq!(groups, [[0, 1, 2]]);
    // Two that are not one are kept apart, though both are like the others.
    let (pairs, groups) = decided(&[((0, 3), false)]);
    assert_eq!(pairs.values().filter(|of| of.is_none()).count(), 5);
    assert!(groups.iter().any(|group| group.len() > 1));
    assert!(
        groups
            .iter()
            .all(|group| !(group.contains(&0) && group.contains(&3)))
    );
}

#[test]
fn many_that_are_alike_are_told_as_pairs_with_the_first() {
    let (mut records, _) = people(1_000, 10);
    let at = records.len() as u32;
    let one = person(&mut Lot(99));
    let mut like = one.clone();
    like[0] = one[0].as_ref().map(|name| format!("{name}a"));
    records.push(like);
    records.extend(vec![one; 50]);
    let fields = fields(&records);
    let of_these = |decisions: &Decisions| {
        let linked = linked(&fields, &settings(), decisions, 2);
        let group = linked.groups.get(&at).map(Vec::len);
        let pairs = linked.pairs.into_iter().filter(|pair| pair.first >= at);
        let pairs = pairs.map(|pair| (pair.first - at, pair.second - at));
        (pairs.collect::<BTreeSet<_>>(), group)
    };
    let (pairs, group) = of_these(&Decisions::new());
    let expected: BTreeSet<(u32, u32)> = [(0, 1)]
        .into_iter()
        .chain((2..51).map(|other| (1, other)))
        .collect();
    assert_eq!((pairs, group), (expected, Some(51)));
    // One that somebody decided about is compared with all that are not one with others.
    let (pairs, group) = of_these(&Decisions::from([((at + 1, at + 7), false)]));
    assert!(pairs.contains(&(2, 7)) && pairs.contains(&(1, 2)) && pairs.contains(&(0, 7)));
    assert_eq!(group, Some(50));
}

#[test]
fn a_hidden_field_says_the_same_of_a_common_and_a_rare_value() {
    let (mut records, _) = people(1_000, 10);
    let at = records.len() as u32;
    let mut pair = |last_name: &str| {
        let mut one = person(&mut Lot(99));
        one[0] = Some(format!("Ann {last_name}"));
        one[1] = Some(last_name.to_owned());
        one[2] = Some(format!("2030-01-0{}", 1 + last_name.len() % 9));
        one[3..].fill(None);
        records.extend([one.clone(), one]);
    };
    pair("Xanthopoulos");
    pair("Smith");
    for record in &mut records[..300] {
        record[1] = Some("Smith".to_owned());
    }
    let told = |hidden: [bool; 6]| {
        let settings = Settings {
            threshold: 0.5,
            ..settings()
        };
        let mut linked = linked(&fields(&records), &settings, &Decisions::new(), 2);
        linked.level_out(&hidden, &settings);
        let of = |first: u32| {
            let found = linked.pairs.iter().find(|pair| pair.first == first);
            let pair = found.expect("a pair");
            (pair.fields[1], pair.weight, pair.probability)
        };
        (of(at), of(at + 2))
    };
    let (rare, common) = told([false; 6]);
    assert_ne!(rare, common);
    let (rare, common) = told([false, true, false, false, false, false]);
    assert_eq!(rare, common);
}

#[test]
fn weights_that_the_data_do_not_teach_are_called_guesses() {
    let guessed = |count: usize, one_in: usize, settings: &Settings| {
        let (records, _) = people(count, one_in);
        let linked = linked(&fields(&records), settings, &Decisions::new(), 2);
        linked.model.guessed
    };
    let none: Vec<usize> = Vec::new();
    assert_eq!(guessed(2_000, 4, &settings()), none);
    assert_eq!(guessed(300, 150, &settings()), [0, 1, 2, 3, 4, 5]);
    let mut fixed = settings();
    fixed.weights[1..].fill(Some(vec![8.0, 4.0, 1.0, -4.0]));
    assert_eq!(guessed(300, 150, &fixed), [0]);
    // A key teaches nothing about its own columns.
    let by_day = Settings {
        block_on: vec![vec![2]],
        ..settings()
    };
    assert_eq!(guessed(2_000, 4, &by_day), [2]);
}
