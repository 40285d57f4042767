//! Suggestions are those that looking at every name would find.

use std::{ops::Range, sync::atomic::Ordering};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use strsim::osa_distance;

use super::*;
use crate::{names::Name, tables::Code};

fn suggester(names: &[String]) -> Suggester {
    let mut codes: Vec<Code> = Vec::new();
    let distinct: BTreeSet<&String> = names.iter().collect();
    codes.extend(
        distinct
            .into_iter()
            .zip(1..)
            .map(|(code, sort)| Code::plain(code, sort)),
    );
    let list = CodeList::new(Name::new("names").expect("a name"), codes);
    Suggester::new(&list, None)
}

/// What `text` may stand for, by the distance from every name.
fn by_looking_at_all(suggester: &Suggester, text: &str) -> Vec<Candidate> {
    let spelling = plain(text);
    let allowed = allowed(spelling.chars().count());
    let mut found = suggester.written_otherwise(text, &spelling);
    for (at, name) in suggester.names.iter().enumerate() {
        let distance = osa_distance(&spelling, &name.plain);
        if (1..=allowed).contains(&distance) {
            found.extend(suggester.misspelt(&spelling, at, distance));
        }
    }
    best(found)
}

fn assert_same(suggester: &Suggester, text: &str) {
    let found = suggester.work_out(text);
    assert_eq!(found, by_looking_at_all(suggester, text), "{text}");
}

/// Texts of so many of the characters.
fn texts(characters: &str, length: Range<usize>) -> impl Strategy<Value = String> {
    let characters: Vec<char> = characters.chars().collect();
    vec(select(characters), length).prop_map(|all| all.into_iter().collect())
}

fn with(beginning: &str, rest: &str) -> String {
    format!("{beginning}{rest}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn few_characters_in_any_order(
        names in vec(texts("ab1é ", 1..10), 1..60),
        asked in vec(texts("ab1éB ", 1..10), 1..12),
    ) {
        let suggester = suggester(&names);
        asked.iter().for_each(|text| assert_same(&suggester, text));
    }

    #[test]
    fn a_common_beginning(
        names in vec(texts("0123", 2..8), 1..80),
        asked in vec((select(vec!["E0", "F0", "0E"]), texts("0123", 1..9)), 1..12),
    ) {
        let names: Vec<String> = names.iter().map(|name| with("E0", name)).collect();
        let suggester = suggester(&names);
        asked.iter().for_each(|(start, rest)| assert_same(&suggester, &with(start, rest)));
    }

    #[test]
    fn names_that_were_spoilt(
        names in vec(texts("abcdEFßİ ()-", 3..40), 1..40),
        spoilt in vec((any::<Index>(), any::<Index>(), any::<Index>(), 0..4_u8), 1..12),
    ) {
        let suggester = suggester(&names);
        for (name, first, second, edit) in spoilt {
            let mut text: Vec<char> = name.get(&names).chars().collect();
            for at in [first, second].map(|at| at.index(text.len() - 1)) {
                match edit {
                    0 => drop(text.remove(at)),
                    1 => text.insert(at, 'e'),
                    2 if at > 0 => text.swap(at - 1, at),
                    _ => text[at] = 'c',
                }
            }
            let text: String = text.into_iter().collect();
            assert_same(&suggester, &text);
        }
    }

    #[test]
    fn long_names(names in vec(texts("ab", 95..126), 1..6), cut in 0..20_usize) {
        let suggester = suggester(&names);
        for name in &names {
            assert_same(&suggester, &name[cut..]);
        }
    }
}

/// Numbers that look drawn by lot, the same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }

    fn letters(&mut self, count: u64) -> String {
        let letter = |_| char::from(b'a' + u8::try_from(self.below(26)).expect("a letter"));
        (0..count).map(letter).collect()
    }
}

#[test]
fn a_long_list_is_not_looked_at_name_by_name() {
    let mut lot = Lot(7);
    let words: Vec<String> = (3..300).map(|n| lot.letters(3 + n % 6)).collect();
    let mut word = || words[usize::try_from(lot.below(297)).expect("small")].clone();
    let numbers = (0..20_000).map(|n| format!("E010{n:05}")).collect();
    let words = (0..20_000).map(|_| format!("{} {} {}", word(), word(), word()));
    for names in [numbers, words.collect::<Vec<String>>()] {
        let suggester = suggester(&names);
        let spoilt = |name: &String| name.replacen(&name[2..3], "x", 2);
        let asked: Vec<String> = names.iter().step_by(40).map(spoilt).collect();
        asked.iter().for_each(|text| drop(suggester.work_out(text)));
        let compared = suggester.compared.load(Ordering::Relaxed);
        let all = asked.len() * names.len();
        assert!(compared * 10 < all, "{compared} of {all}");
        asked
            .iter()
            .step_by(125)
            .for_each(|text| assert_same(&suggester, text));
    }
}
