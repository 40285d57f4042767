//! Did you mean: the codes that an unknown text may stand for, each with the cause, the likeliest first. Worked out once for
//! each distinct text.

mod near;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::confusable_detection::skeleton;

use self::near::{Bag, Near, Rows};
use crate::tables::{Cause, CodeList, Confidence};

/// Distinct texts whose suggestions are remembered; beyond it they are worked out afresh.
const REMEMBERED: usize = 100_000;
/// Candidates of one text that are kept.
const KEPT: usize = 8;

/// A code that a text may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Index into the list's codes.
    pub code: usize,
    /// Why the text is not the code.
    pub cause: Cause,
    /// How far the text is from it: candidates of one fit are equally good.
    fit: Fit,
}

impl Candidate {
    /// A code that took the place of another.
    pub(super) fn successor(code: usize) -> Self {
        let (cause, fit) = (Cause::Retired, Fit::default());
        Self { code, cause, fit }
    }

    /// Whether it differs only in what writing does to a text.
    pub(super) fn is_written_otherwise(&self) -> bool {
        self.fit.class == 0
    }

    /// Whether the two are equally good.
    pub(super) fn fits_like(&self, other: &Self) -> bool {
        self.fit == other.fit
    }
}

/// How well a text fits a name; less is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// 0 the same but for what writing does to a text, 1 another group, 2 other characters.
    class: u8,
    /// How many kinds of writing differ, or how many characters.
    distance: usize,
}

impl Fit {
    fn new(class: u8, distance: usize) -> Self {
        Self { class, distance }
    }
}

/// Works out what texts may stand for.
#[derive(Debug)]
pub(super) struct Suggester {
    names: Vec<Spelt>,
    /// Names by their folded spelling, without noughts in front.
    folded: HashMap<String, Vec<usize>>,
    /// Names by their folded spelling without the group in brackets.
    without_group: HashMap<String, Vec<usize>>,
    /// Names by the number of characters of their plain spelling, in its order: neighbours begin alike.
    by_length: BTreeMap<usize, Vec<Near>>,
    remembered: Mutex<HashMap<Box<str>, Arc<[Candidate]>>>,
    #[cfg(test)]
    worked_out: std::sync::atomic::AtomicUsize,
    /// Names whose distance from a text was asked for.
    #[cfg(test)]
    compared: std::sync::atomic::AtomicUsize,
}

/// A code or alias, and its spellings.
#[derive(Debug)]
struct Spelt {
    text: String,
    codes: Vec<usize>,
    plain: String,
}

impl Suggester {
    /// Over the codes of `list`, and its aliases that are at least as sure where those are understood; nobody misspells what is
    /// misspelt already.
    pub(super) fn new(list: &CodeList, aliases: Option<Confidence>) -> Self {
        let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (text, entries) in &list.lookup {
            let understood = entries.iter().filter(|entry| match entry.alias {
                None => true,
                Some(alias) => {
                    let is_sure = aliases.is_some_and(|least| alias.confidence >= least);
                    is_sure && alias.cause != Some(Cause::Misspelling)
                }
            });
            let codes: Vec<usize> = understood.map(|entry| entry.code).collect();
            if !codes.is_empty() {
                names.insert(text, codes);
            }
        }
        let names: Vec<Spelt> = names
            .into_iter()
            .map(|(text, codes)| Spelt {
                text: text.to_owned(),
                codes,
                plain: plain(text),
            })
            .collect();
        let mut by = Self {
            folded: HashMap::new(),
            without_group: HashMap::new(),
            by_length: BTreeMap::new(),
            remembered: Mutex::default(),
            #[cfg(test)]
            worked_out: std::sync::atomic::AtomicUsize::new(0),
            #[cfg(test)]
            compared: std::sync::atomic::AtomicUsize::new(0),
            names: Vec::new(),
        };
        for (at, name) in names.iter().enumerate() {
            by.folded.entry(fold(&name.text)).or_default().push(at);
            if let Some((base, _)) = group(&name.text) {
                by.without_group.entry(fold(base)).or_default().push(at);
            }
        }
        let mut in_order: Vec<usize> = (0..names.len()).collect();
        in_order.sort_by_key(|at| &names[*at].plain);
        for at in in_order {
            let plain = &names[at].plain;
            let others = by.by_length.entry(plain.chars().count()).or_default();
            let before = others.last().map(|near| names[near.name].plain.as_str());
            let near = Near::new(at, plain, before);
            others.push(near);
        }
        Self { names, ..by }
    }

    /// What `text`, which is no name, may stand for: the best first, each code once.
    pub(super) fn candidates(&self, text: &str) -> Arc<[Candidate]> {
        let known = || {
            self.remembered
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(found) = known().get(text) {
            return Arc::clone(found);
        }
        let found: Arc<[Candidate]> = self.work_out(text).into();
        let mut known = known();
        if known.len() < REMEMBERED {
            known.insert(text.into(), Arc::clone(&found));
        }
        found
    }

    /// Texts that suggestions were worked out for.
    #[cfg(test)]
    pub(super) fn worked_out(&self) -> usize {
        self.worked_out.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn work_out(&self, text: &str) -> Vec<Candidate> {
        #[cfg(test)]
        self.worked_out
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let spelling = plain(text);
        let mut found = self.written_otherwise(text, &spelling);
        let mut near = self.near(&spelling);
        near.sort_by_key(|(_, distance)| *distance);
        for equal in near.chunk_by(|a, b| a.1 == b.1) {
            // What differs more comes after all that was found.
            if distinct(&found) >= KEPT {
                break;
            }
            for &(name, distance) in equal {
                found.extend(self.misspelt(&spelling, name, distance));
            }
        }
        best(found)
    }

    /// What `text` may stand for where only its writing or its group differs.
    fn written_otherwise(&self, text: &str, spelling: &str) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for &name in self.folded.get(&fold(text)).into_iter().flatten() {
            let differing = differing(text, &self.names[name].text);
            if let Some(first) = differing.first() {
                // The same characters put together otherwise are no other writing.
                let same = text.nfc().eq(self.names[name].text.nfc());
                let fit = Fit::new(0, if same { 0 } else { differing.len() });
                found.extend(self.codes_of(spelling, name, *first, fit));
            }
        }
        let base = fold(group(text).map_or(text, |(base, _)| base));
        let with_group = self.without_group.get(&base);
        // `text` has a group that no name has, or the names have one and it has none.
        let plain = group(text).and_then(|_| self.folded.get(&base));
        for &name in with_group.into_iter().chain(plain).flatten() {
            found.extend(self.codes_of(spelling, name, Cause::WrongGroup, Fit::new(1, 0)));
        }
        found
    }

    /// The names in which a few characters differ from `spelling`, and how many.
    fn near(&self, spelling: &str) -> Vec<(usize, usize)> {
        let length = spelling.chars().count();
        let allowed = allowed(length);
        let lengths = length.saturating_sub(allowed)..=length + allowed;
        let bag = Bag::of(spelling);
        let mut found = Vec::new();
        for (_, others) in self.by_length.range(lengths) {
            let mut rows = Rows::new(spelling, allowed);
            for other in others {
                if rows.begins_too_far(other.shared) || !bag.is_near(other.bag, allowed) {
                    continue;
                }
                #[cfg(test)]
                self.compared
                    .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let distance = rows.distance(&self.names[other.name].plain);
                if let Some(distance) = distance.filter(|distance| *distance > 0) {
                    found.push((other.name, distance));
                }
            }
        }
        found
    }

    fn misspelt(
        &self,
        spelling: &str,
        name: usize,
        distance: usize,
    ) -> impl Iterator<Item = Found> {
        let cause = match distance {
            1 if is_transposed(spelling, &self.names[name].plain) => Cause::Transposition,
            1 => Cause::OneEdit,
            _ => Cause::NearMiss,
        };
        self.codes_of(spelling, name, cause, Fit::new(2, distance))
    }

    fn codes_of(
        &self,
        spelling: &str,
        name: usize,
        cause: Cause,
        fit: Fit,
    ) -> impl Iterator<Item = Found> {
        let name = &self.names[name];
        let nearness = Nearness::of(spelling, &name.plain);
        let found = move |&code: &usize| (Candidate { code, cause, fit }, nearness);
        name.codes.iter().map(found)
    }
}

type Found = (Candidate, Nearness);

fn distinct(found: &[Found]) -> usize {
    let codes: BTreeSet<usize> = found.iter().map(|(candidate, _)| candidate.code).collect();
    codes.len()
}

/// The best first, each code once.
fn best(mut found: Vec<Found>) -> Vec<Candidate> {
    found.sort_by_key(|(candidate, nearness)| {
        (candidate.fit, candidate.cause, *nearness, candidate.code)
    });
    let mut seen = BTreeSet::new();
    found.retain(|(candidate, _)| seen.insert(candidate.code));
    found.truncate(KEPT);
    found.into_iter().map(|(candidate, _)| candidate).collect()
}

/// The one code that fits best; `None` where two fit equally, or none.
pub(super) fn certain(candidates: &[Candidate]) -> Option<Candidate> {
    let best = candidates.first()?;
    let equal = candidates.iter().filter(|other| other.fit == best.fit);
    (equal.count() == 1).then_some(*best)
}

/// What tells candidates of one fit apart for their order; less is better.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    /// Whether the first character differs: people seldom get it wrong.
    other_start: bool,
    /// Characters that only one of the two has.
    strange: usize,
    length: usize,
}

impl Nearness {
    fn of(text: &str, name: &str) -> Self {
        let mut left: BTreeMap<char, isize> = BTreeMap::new();
        text.chars().for_each(|c| *left.entry(c).or_default() += 1);
        name.chars().for_each(|c| *left.entry(c).or_default() -= 1);
        Self {
            other_start: text.chars().next() != name.chars().next(),
            strange: left.values().map(|n| n.unsigned_abs()).sum(),
            length: text.len().abs_diff(name.len()),
        }
    }
}

/// Characters that may differ in a text of so many: one or two share too little with anything to tell what was meant.
fn allowed(length: usize) -> usize {
    match length {
        0..3 => 0,
        length => 1 + length / 6,
    }
}

/// The way in which people compare texts: case, runs of white space and how accents are stored do not count.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase().nfc().collect()
}

/// How two texts differ whose folded spellings are the same, the least obvious first.
fn differing(a: &str, b: &str) -> Vec<Cause> {
    let (a, b): (String, String) = (a.nfc().collect(), b.nfc().collect());
    let kinds = [
        (Cause::LeadingZero, without_noughts as fn(&str) -> String),
        (Cause::LookAlike, alike as fn(&str) -> String),
        (Cause::Punctuation, without_punctuation),
        (Cause::Spacing, without_space),
        (Cause::Case, str::to_lowercase),
    ];
    // A kind differs where all the others together do not make the two the same.
    let differs = |kind: usize| {
        let all_others = |text: &str| {
            let others = kinds.iter().enumerate().filter(|(at, _)| *at != kind);
            others.fold(text.to_owned(), |text, (_, (_, fold))| fold(&text))
        };
        all_others(&a) != all_others(&b)
    };
    let found = (0..kinds.len()).filter(|kind| differs(*kind));
    let found: Vec<Cause> = found.map(|kind| kinds[kind].0).collect();
    match found.is_empty() {
        // Two kinds of folding that each would do, or the same characters put together otherwise.
        true => vec![Cause::LookAlike],
        false => found,
    }
}

/// The spelling without all that writing does to a text.
fn fold(text: &str) -> String {
    let folded = without_space(&without_punctuation(&alike(&without_noughts(text))));
    alike(&folded.to_lowercase())
}

/// Without the noughts in front of a number.
fn without_noughts(text: &str) -> String {
    let trimmed = text.trim();
    let stripped = trimmed.trim_start_matches('0');
    match trimmed.chars().all(|c| c.is_ascii_alphanumeric()) && trimmed.contains(char::is_numeric) {
        true if stripped.is_empty() => "0".to_owned(),
        true => stripped.to_owned(),
        false => text.to_owned(),
    }
}

/// Characters that look alike made one, accents gone.
fn alike(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c.is_ascii() {
            true => plain.push(c),
            // Of one character: over a whole text it would also take `m` for `rn`.
            false => plain.extend(skeleton(c.encode_utf8(&mut [0; 4]))),
        }
    }
    plain
}

/// A number says something by its signs, and a text of signs alone is nothing without them.
fn without_punctuation(text: &str) -> String {
    let is_number = |c: char| c.is_ascii_digit() || ['+', '-', '.', ','].contains(&c);
    if text.trim().chars().all(is_number) || !text.contains(char::is_alphanumeric) {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => plain.push_str(" and "),
            c if c.is_alphanumeric() || c.is_whitespace() => plain.push(c),
            _ => plain.push(' '),
        }
    }
    plain.trim().to_owned()
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The text before a group in brackets at its end, and the group.
fn group(text: &str) -> Option<(&str, &str)> {
    let (base, group) = text.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let base = base.trim_end();
    (!base.is_empty() && !group.trim().is_empty()).then_some((base, group))
}

/// Whether two texts of distance 1 have the same characters in another order.
fn is_transposed(a: &str, b: &str) -> bool {
    a.len() == b.len() && Nearness::of(a, b).strange == 0
}
