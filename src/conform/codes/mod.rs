//! Codes: a text is looked up once per distinct value; what it stands for depends on the list, the aliases and the date.

mod suggest;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, sync::Arc};

use arrow::{
    array::{
        Array, BooleanArray, BooleanBuilder, Date32Array, Int8Array, StringArray, StringBuilder,
    },
    buffer::NullBuffer,
};
use foldhash::fast::FixedState;

use self::suggest::{Candidate, Suggester, certain};
use super::{Made, date::days, present_or, text::without_blanks};
use crate::tables::{Alias, Cause, CodeList, Codes, Entry, Repair, VARIANT};

/// Distinct texts that one worker remembers; beyond it they are looked up afresh.
const REMEMBERED: usize = 100_000;
/// Candidates that a finding names.
const NAMED: usize = 3;

/// Why a text is no code in force, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFault {
    /// A [`Cause`]'s word; `not_yet_valid`; `low_confidence` for an alias that is not sure enough; `ambiguous` where codes fit
    /// equally; or `unknown`.
    pub cause: &'static str,
    /// The codes that were probably meant: one, or those that fit equally.
    pub meant: Vec<Meant>,
    /// Less likely ones, the likeliest first.
    pub others: Vec<Meant>,
    /// What the clean table holds.
    pub cleaned: Option<String>,
    /// What became of the cell.
    pub fate: Fate,
    /// When the code was in force, where that is the matter.
    pub in_force: Option<String>,
}

/// A code that a text may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The code.
    pub code: String,
    /// Its label, where that says more.
    pub label: Option<String>,
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "`{}` ({label})", self.code),
            None => write!(f, "`{}`", self.code),
        }
    }
}

/// What became of a cell that is no code in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stands as it was.
    Kept,
    /// Its code took its place.
    Corrected,
    /// It became null.
    Nulled,
}

/// What one text stands for.
#[derive(Clone, Debug)]
enum Found {
    Unknown,
    One(Entry),
    /// Several codes, of which no two are in force on one day.
    ByDay(Arc<[Entry]>),
}

/// What is made of one cell.
#[derive(Clone, Copy, Debug)]
struct Judged {
    /// The code that it stands for, as far as that is known.
    code: Option<usize>,
    /// Why it fails; `None` where it passes.
    fault: Option<Fault>,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The cause of an alias, or a code of another level.
    Of(Cause),
    /// Not in force yet, or no longer.
    NotInForce,
    /// The text is no code; what it may be was worked out where it was to be corrected.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// The text itself.
    Text,
    /// Another code, and what mended it.
    Code(usize, &'static str),
    Null,
}

#[derive(Clone, Debug)]
pub(super) struct Coder {
    list: Arc<CodeList>,
    codes: Codes,
    suggester: Arc<Suggester>,
    /// Days in force of each code.
    in_force: Vec<(Option<i32>, Option<i32>)>,
    /// Whether any code has a period.
    dated: bool,
    remembered: HashMap<Box<str>, Found, FixedState>,
}

impl Coder {
    pub(super) fn new(list: Arc<CodeList>, codes: &Codes) -> Self {
        let in_force: Vec<_> = list
            .codes
            .iter()
            .map(|c| (c.valid_from.and_then(days), c.valid_to.and_then(days)))
            .collect();
        let aliases = codes.map_aliases.then_some(codes.min_confidence);
        Self {
            dated: codes.as_of.is_some() && in_force.iter().any(|p| p.0.is_some() || p.1.is_some()),
            in_force,
            suggester: Arc::new(Suggester::new(&list, aliases)),
            remembered: HashMap::with_hasher(FixedState::default()),
            codes: codes.clone(),
            list,
        }
    }

    fn find(&self, text: &str) -> Found {
        let is_understood = |entry: &&Entry| entry.alias.is_none() || self.codes.map_aliases;
        let entries = self.list.meanings(text).iter().filter(is_understood);
        let entries: Vec<Entry> = entries.copied().collect();
        match entries[..] {
            [] => Found::Unknown,
            [one] => Found::One(one),
            _ => Found::ByDay(entries.into()),
        }
    }

    fn find_remembered(&mut self, text: &str) -> Found {
        if let Some(found) = self.remembered.get(text) {
            return found.clone();
        }
        let found = self.find(text);
        if self.remembered.len() < REMEMBERED {
            self.remembered.insert(text.into(), found.clone());
        }
        found
    }

    /// Whether the code is in force on the row's date; without a date that is not this rule's matter.
    fn stands(&self, code: usize, day: Option<i32>) -> bool {
        let Some(day) = day.filter(|_| self.dated) else {
            return true;
        };
        let (from, to) = self.in_force[code];
        from.is_none_or(|from| day >= from) && to.is_none_or(|to| day < to)
    }

    /// The one of `entries`, none of which is in force on the day, that was so last; else the one that will be so first.
    fn nearest_in_time(&self, entries: &[Entry], day: Option<i32>) -> Entry {
        let ended = |entry: &&Entry| {
            let to = self.in_force[entry.code].1;
            to.filter(|to| day.is_some_and(|day| *to <= day))
        };
        let past = entries.iter().filter(|entry| ended(entry).is_some());
        let first = entries
            .iter()
            .min_by_key(|entry| self.in_force[entry.code].0);
        past.max_by_key(ended)
            .or(first)
            .copied()
            .unwrap_or(entries[0])
    }

    /// `None` where a text means different codes on different days and there is no day.
    fn judge(&self, text: &str, found: &Found, day: Option<i32>) -> Option<Judged> {
        let entry = match found {
            Found::Unknown => return Some(self.judge_unknown(text, day)),
            Found::One(entry) => *entry,
            Found::ByDay(entries) => {
                let mut standing = entries.iter().filter(|e| self.stands(e.code, day));
                match (standing.next(), standing.next()) {
                    (Some(one), None) => *one,
                    (Some(_), Some(_)) => return None,
                    (None, _) => self.nearest_in_time(entries, day),
                }
            }
        };
        let is_sure = |alias: Alias| alias.confidence >= self.codes.min_confidence;
        Some(match entry.alias.is_none_or(is_sure) {
            true => self.judge_code(entry, day),
            false => self.judge_unknown(text, day),
        })
    }

    fn judge_code(&self, entry: Entry, day: Option<i32>) -> Judged {
        let code = Some(entry.code);
        let corrects = |cause| self.codes.correct.contains(&cause);
        let replaced = |cause: &'static str| match entry.alias {
            Some(_) => Value::Code(entry.code, cause),
            None => Value::Text,
        };
        let cause = entry.alias.and_then(|alias| alias.cause);
        if let Some(cause) = cause.filter(|cause| !self.codes.accept.contains(cause)) {
            let value = match self.codes.repair {
                Repair::Keep => Value::Text,
                Repair::Correct if corrects(cause) => replaced(cause.word()),
                Repair::Correct | Repair::Null => Value::Null,
            };
            let fault = Some(Fault::Of(cause));
            return Judged { code, fault, value };
        }
        let value = replaced(VARIANT);
        if !self.stands(entry.code, day) {
            let is_one = |one: usize| self.stands(one, day) && self.is_of_level(one);
            let value = match (self.codes.repair, self.successors(entry.code, day)) {
                (Repair::Correct, [one]) if corrects(Cause::Retired) && is_one(*one) => {
                    Value::Code(*one, Cause::Retired.word())
                }
                _ => value,
            };
            let fault = Some(Fault::NotInForce);
            return Judged { code, fault, value };
        }
        let fault = (!self.is_of_level(entry.code)).then_some(Fault::Of(Cause::OtherLevel));
        Judged { code, fault, value }
    }

    fn judge_unknown(&self, text: &str, day: Option<i32>) -> Judged {
        // What the list knows and the column does not is no matter for guesses.
        let is_strange = self.list.meanings(text).is_empty() || !self.codes.map_aliases;
        let guesses = self.codes.repair == Repair::Correct && !self.codes.guess.is_empty();
        let best = match guesses && is_strange {
            true => certain(&self.candidates(text, day)),
            false => None,
        };
        let best = best.filter(|best| {
            self.codes.guess.contains(&best.cause)
                && self.stands(best.code, day)
                && self.is_of_level(best.code)
        });
        let value = match (self.codes.repair, best) {
            (Repair::Keep, _) => Value::Text,
            (_, Some(best)) => Value::Code(best.code, best.cause.word()),
            (_, None) => Value::Null,
        };
        Judged {
            code: best.map(|best| best.code),
            fault: Some(Fault::Unknown),
            value,
        }
    }

    fn is_of_level(&self, code: usize) -> bool {
        let is_it = |level: &String| self.list.codes[code].level.as_ref() == Some(level);
        self.codes.level.as_ref().is_none_or(is_it)
    }

    /// What an unknown text may stand for on the day, the likeliest first; codes that are not in force, or of another level, only
    /// where no other fits. Which part of a code that was split is meant, the day does not say.
    fn candidates(&self, text: &str, day: Option<i32>) -> Vec<Candidate> {
        // What is known to be of the past is no misspelling of anything.
        if let Some(successors) = self.successors_of(text, day) {
            let mut all = successors.to_vec();
            // Without a day any of those that came one after the other may be meant.
            while day.is_none()
                && self.dated
                && let [.., last] = all[..]
                && let Some([next]) = self.next_of(last)
            {
                all.push(*next);
            }
            return all.into_iter().map(Candidate::successor).collect();
        }
        let all = self.suggester.candidates(text);
        let standing = |candidate: &&Candidate| {
            self.stands(candidate.code, day) && self.is_of_level(candidate.code)
        };
        let standing: Vec<Candidate> = all.iter().filter(standing).copied().collect();
        let written = |candidates: &[Candidate]| {
            let first = candidates.first();
            first.is_some_and(Candidate::is_written_otherwise)
        };
        // Another writing of a code that is not in force is no misspelling of one that is.
        match standing.is_empty() || written(&all) && !written(&standing) {
            true => all.to_vec(),
            false => standing,
        }
    }

    /// The codes that took the place of one of this list by that day.
    fn successors(&self, code: usize, day: Option<i32>) -> &[usize] {
        match self.successors_of(&self.list.codes[code].code, day) {
            // The code of another list that goes by its name became it.
            Some([one]) if *one == code => &[],
            successors => successors.unwrap_or_default(),
        }
    }

    /// The codes that took the place of a code of this list itself.
    fn next_of(&self, code: usize) -> Option<&[usize]> {
        let next = self
            .list
            .correspondence
            .successors_of_own(&self.list.codes[code]);
        next.map(Vec::as_slice)
    }

    /// The codes that took the place of an earlier one by that day, where a successor was replaced itself those that replaced it;
    /// `None` where nothing is said of such a code.
    fn successors_of(&self, earlier: &str, day: Option<i32>) -> Option<&[usize]> {
        let correspondence = &self.list.correspondence;
        let mut found = correspondence.successors.get(earlier).map(Vec::as_slice);
        let is_past = |code: usize| {
            let day = day.filter(|_| self.dated);
            day.zip(self.in_force[code].1)
                .is_some_and(|(day, to)| day >= to)
        };
        while let Some([one]) = found
            && is_past(*one)
            && let Some(next) = self.next_of(*one)
        {
            found = Some(next);
        }
        found
    }

    /// Codes a column: `missing` becomes the codes' own kinds of missing where they have one.
    pub(super) fn code(
        &mut self,
        clean: &StringArray,
        missing: Int8Array,
        dates: Option<&Date32Array>,
    ) -> Made {
        let mut marks: Vec<i8> = missing.values().to_vec();
        let mut status = BooleanBuilder::with_capacity(clean.len());
        let mut repairs: Vec<(usize, String, &'static str)> = Vec::new();
        let mut replaced: Vec<(usize, Option<usize>)> = Vec::new();
        let mut last: (&str, Found) = ("", Found::Unknown);
        for (at, mark) in marks.iter_mut().enumerate() {
            let text = clean.value(at);
            if text.is_empty() {
                status.append_null();
                continue;
            }
            if text != last.0 {
                last = (text, self.find_remembered(text));
            }
            // A token that means missing and is no code needs no code.
            if *mark != 0 && matches!(last.1, Found::Unknown) {
                status.append_null();
                replaced.push((at, None));
                continue;
            }
            let day = dates
                .filter(|dates| dates.is_valid(at))
                .map(|d| d.value(at));
            let Some(judged) = self.judge(text, &last.1, day) else {
                status.append_null();
                if self.codes.repair != Repair::Keep {
                    replaced.push((at, None));
                }
                continue;
            };
            status.append_value(judged.fault.is_none());
            if let Some(code) = judged.code {
                *mark = present_or(self.list.codes[code].missing);
            }
            match judged.value {
                Value::Text => {}
                Value::Code(code, cause) => {
                    replaced.push((at, Some(code)));
                    repairs.push((at, self.list.codes[code].code.clone(), cause));
                }
                Value::Null => replaced.push((at, None)),
            }
        }
        Made {
            value: Arc::new(self.replace(clean, &replaced)),
            missing: Int8Array::from(marks),
            type_status: BooleanArray::new_null(clean.len()),
            code_status: status.finish(),
            repairs,
        }
    }

    fn replace(&self, clean: &StringArray, replaced: &[(usize, Option<usize>)]) -> StringArray {
        let kept = without_blanks(clean);
        if replaced.is_empty() {
            return kept;
        }
        if replaced.iter().all(|(_, code)| code.is_none()) {
            let mut present = vec![true; clean.len()];
            for (at, _) in replaced {
                present[*at] = false;
            }
            let nulls = NullBuffer::union(kept.nulls(), Some(&NullBuffer::from(present)));
            return StringArray::new(kept.offsets().clone(), kept.values().clone(), nulls);
        }
        let mut builder = StringBuilder::with_capacity(clean.len(), clean.value_data().len());
        let mut replaced = replaced.iter().peekable();
        for at in 0..clean.len() {
            match replaced.next_if(|r| r.0 == at) {
                Some((_, Some(code))) => builder.append_value(&self.list.codes[*code].code),
                Some((_, None)) => builder.append_null(),
                None if kept.is_null(at) => builder.append_null(),
                None => builder.append_value(kept.value(at)),
            }
        }
        builder.finish()
    }

    /// Why `clean` fails; `None` when it does not.
    pub(super) fn explain(&self, clean: &str, day: Option<i32>) -> Option<CodeFault> {
        let judged = self.judge(clean, &self.find(clean), day)?;
        let told = match judged.fault? {
            Fault::Of(cause) => {
                let of_alias = Cause::OF_ALIASES.contains(&cause);
                let meant = judged
                    .code
                    .filter(|code| of_alias && self.list.codes[*code].code != clean);
                Told::sure(cause.word(), meant.into_iter().collect())
            }
            Fault::NotInForce => self.out_of_force(judged.code, day),
            Fault::Unknown => self.unknown(clean, day),
        };
        let text_of = |code: &usize| self.list.codes[*code].code.clone();
        let meant = |code: &usize| {
            let code = &self.list.codes[*code];
            let label = Some(&code.label).filter(|label| **label != code.code);
            Meant {
                code: code.code.clone(),
                label: label.cloned(),
            }
        };
        let (cleaned, fate) = match judged.value {
            Value::Text => (Some(clean.to_owned()), Fate::Kept),
            Value::Code(code, _) => (Some(text_of(&code)), Fate::Corrected),
            Value::Null => (None, Fate::Nulled),
        };
        let period = judged
            .code
            .filter(|_| judged.fault == Some(Fault::NotInForce));
        Some(CodeFault {
            cause: told.cause,
            meant: told.meant.iter().take(NAMED).map(meant).collect(),
            others: told.others.iter().take(NAMED).map(meant).collect(),
            cleaned,
            fate,
            in_force: period.map(|code| self.period(code)),
        })
    }

    fn out_of_force(&self, code: Option<usize>, day: Option<i32>) -> Told {
        let Some((code, day)) = code.zip(day) else {
            return Told::sure("unknown", Vec::new());
        };
        let is_to_come = self.in_force[code].0.is_some_and(|from| day < from);
        match is_to_come {
            true => Told::sure("not_yet_valid", Vec::new()),
            false => {
                let successors = self.successors(code, Some(day));
                Told::sure(Cause::Retired.word(), successors.to_vec())
            }
        }
    }

    fn unknown(&self, clean: &str, day: Option<i32>) -> Told {
        let meanings = self.list.meanings(clean).iter();
        let meanings = meanings.filter(|e| e.alias.is_none() || self.codes.map_aliases);
        let meant: Vec<usize> = meanings.clone().map(|entry| entry.code).collect();
        if !meant.is_empty() {
            return Told::sure("low_confidence", meant);
        }
        let candidates = self.candidates(clean, day);
        let codes = |all: &[Candidate]| all.iter().map(|c| c.code).collect();
        match (candidates.first(), certain(&candidates)) {
            (None, _) if self.successors_of(clean, day).is_some() => {
                Told::sure(Cause::Retired.word(), Vec::new())
            }
            (None, _) => Told::sure("unknown", Vec::new()),
            (Some(_), Some(best)) => Told {
                cause: best.cause.word(),
                meant: vec![best.code],
                others: codes(&candidates[1..]),
            },
            (Some(best), None) => {
                let equal = candidates.partition_point(|c| c.fits_like(best));
                Told {
                    cause: "ambiguous",
                    meant: codes(&candidates[..equal]),
                    others: codes(&candidates[equal..]),
                }
            }
        }
    }

    fn period(&self, code: usize) -> String {
        let code = &self.list.codes[code];
        match (code.valid_from, code.valid_to) {
            (Some(from), Some(to)) => format!("in force from {from} until {to}"),
            (None, Some(to)) => format!("in force until {to}"),
            (Some(from), None) => format!("in force from {from}"),
            (None, None) => "always in force".to_owned(),
        }
    }
}

/// What a finding says of a text.
struct Told {
    cause: &'static str,
    meant: Vec<usize>,
    others: Vec<usize>,
}

impl Told {
    fn sure(cause: &'static str, meant: Vec<usize>) -> Self {
        let others = Vec::new();
        Self {
            cause,
            meant,
            others,
        }
    }
}
