//! Codes: a text is looked up once per distinct value; what it stands for depends on the list, the aliases and the date.

mod suggest;

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
    /// It stands as it was, or as the code that it names though it should not.
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
            let successor = self.successors(entry.code);
            let value = match (self.codes.repair, successor) {
                (Repair::Correct, Some([one]))
                    if corrects(Cause::Retired) && self.stands(*one, day) =>
                {
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
    /// where no other fits.
    fn candidates(&self, text: &str, day: Option<i32>) -> Vec<Candidate> {
        let all = self.suggester.candidates(text);
        let standing = |candidate: &&Candidate| {
            self.stands(candidate.code, day) && self.is_of_level(candidate.code)
        };
        let standing: Vec<Candidate> = all.iter().filter(standing).copied().collect();
        match standing.is_empty() {
            true => all.to_vec(),
            false => standing,
        }
    }

    /// The codes that took the place of one of this list; `None` where nothing is said.
    fn successors(&self, code: usize) -> Option<&[usize]> {
        let successors = &self.list.correspondence.successors;
        successors
            .get(&self.list.codes[code].code)
            .map(Vec::as_slice)
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
            Value::Code(code, VARIANT) => (Some(text_of(&code)), Fate::Kept),
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
                let successors = self.successors(code).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        names::Name,
        tables::{Code, Confidence, Missing, Relation},
    };

    fn list() -> Arc<CodeList> {
        let code = |text: &str, missing, from, to| Code {
            missing,
            valid_from: from,
            valid_to: to,
            ..Code::plain(text, 0)
        };
        let codes = vec![
            code("North", None, None, Some(date(2015, 5, 7))),
            code("South", None, Some(date(2015, 5, 7)), None),
            code("Unknown", Some(Missing::Unknown), None, None),
        ];
        let list = CodeList::new(Name::new("areas").expect("a name"), codes);
        let list = list.with_alias("SOUTH", 1, None);
        Arc::new(list.with_alias("Suoth", 1, Some(Cause::Misspelling)))
    }

    /// One cell through a coder: its value, whether it is a code, its missing mark, and the cause of a failure.
    fn check(
        text: &str,
        day: Option<i32>,
        repair: Repair,
    ) -> (Option<String>, Option<bool>, i8, Option<&'static str>) {
        let codes = Codes {
            as_of: Some(0),
            map_aliases: true,
            repair,
            correct: Cause::OF_ALIASES.to_vec(),
            ..Codes::of(0)
        };
        let mut coder = Coder::new(list(), &codes);
        let clean = StringArray::from(vec![text]);
        let tokens = ["N/K", "Unknown"].map(|token| (token.to_owned(), Missing::Refused));
        let missing = super::super::text::missing_status(&clean, &tokens);
        let made = coder.code(&clean, missing, Some(&Date32Array::from(vec![day])));
        let value = made
            .value
            .as_any()
            .downcast_ref::<StringArray>()
            .expect("text");
        (
            value.is_valid(0).then(|| value.value(0).to_owned()),
            made.code_status
                .is_valid(0)
                .then(|| made.code_status.value(0)),
            made.missing.value(0),
            coder
                .explain(text, day)
                .map(|fault| fault.cause)
                .filter(|_| made.code_status.is_valid(0)),
        )
    }

    #[test]
    fn codes_aliases_periods_and_repairs() {
        use Repair::{Correct, Keep, Null};
        let (y2014, y2016) = (days(date(2014, 1, 1)), days(date(2016, 1, 1)));
        let some = |text: &str| Some(text.to_owned());
        let table = [
            ("South", y2016, Correct, some("South"), Some(true), 0, None),
            (
                "South",
                y2014,
                Correct,
                some("South"),
                Some(false),
                0,
                Some("not_yet_valid"),
            ),
            ("South", None, Correct, some("South"), Some(true), 0, None),
            (
                "North",
                days(date(2015, 5, 6)),
                Keep,
                some("North"),
                Some(true),
                0,
                None,
            ),
            (
                "North",
                days(date(2015, 5, 7)),
                Keep,
                some("North"),
                Some(false),
                0,
                Some("retired"),
            ),
            ("SOUTH", y2016, Keep, some("South"), Some(true), 0, None),
            (
                "SOUTH",
                y2014,
                Keep,
                some("South"),
                Some(false),
                0,
                Some("not_yet_valid"),
            ),
            (
                "Suoth",
                y2016,
                Correct,
                some("South"),
                Some(false),
                0,
                Some("misspelling"),
            ),
            (
                "Suoth",
                y2016,
                Keep,
                some("Suoth"),
                Some(false),
                0,
                Some("misspelling"),
            ),
            (
                "Suoth",
                y2016,
                Null,
                None,
                Some(false),
                0,
                Some("misspelling"),
            ),
            (
                "Elsewhere",
                y2016,
                Correct,
                None,
                Some(false),
                0,
                Some("unknown"),
            ),
            (
                "Elsewhere",
                y2016,
                Null,
                None,
                Some(false),
                0,
                Some("unknown"),
            ),
            (
                "Elsewhere",
                y2016,
                Keep,
                some("Elsewhere"),
                Some(false),
                0,
                Some("unknown"),
            ),
            (
                "Unknown",
                y2016,
                Correct,
                some("Unknown"),
                Some(true),
                2,
                None,
            ),
            ("", y2016, Correct, None, None, 1, None),
            // A token becomes null where it is no code.
            ("N/K", y2016, Keep, None, None, 3, None),
        ];
        for (text, day, repair, value, is_code, missing, cause) in table {
            let got = check(text, day, repair);
            assert_eq!(
                got,
                (value, is_code, missing, cause),
                "{text:?} {day:?} {repair:?}"
            );
        }
    }

    /// What is said of `text` by a column that draws on `list`: the cause, what was meant, and what became of it.
    fn told(list: &CodeList, codes: &Codes, text: &str) -> (&'static str, String, Option<String>) {
        let coder = Coder::new(Arc::new(list.clone()), codes);
        let day = codes.as_of.and(days(date(2016, 1, 1)));
        let fault = coder.explain(text, day).expect("no code");
        (fault.cause, codes_of(&fault).join(" or "), fault.cleaned)
    }

    fn codes_of(fault: &CodeFault) -> Vec<&str> {
        fault
            .meant
            .iter()
            .map(|meant| meant.code.as_str())
            .collect()
    }

    fn named(codes: &[&str]) -> CodeList {
        let codes = codes.iter().zip(1..);
        let codes = codes.map(|(code, sort)| Code::plain(code, sort)).collect();
        CodeList::new(Name::new("names").expect("a name"), codes)
    }

    #[test]
    fn each_way_to_miss_a_code_has_its_cause() {
        let list = named(&[
            "Oak Hill",
            "St. Mary's",
            "Café & Bar",
            "0042",
            "Ash (East)",
            "Elm (West)",
            "Birch (West)",
        ]);
        for (text, cause, meant) in [
            ("oak hill", "case", "Oak Hill"),
            ("OakHill", "spacing", "Oak Hill"),
            ("oak  hill", "spacing", "Oak Hill"),
            ("Oak-Hill", "punctuation", "Oak Hill"),
            ("St Marys", "punctuation", "St. Mary's"),
            ("St. Mary\u{2019}s", "look_alike", "St. Mary's"),
            ("Café and Bar", "punctuation", "Café & Bar"),
            ("Cafe & Bar", "look_alike", "Café & Bar"),
            ("O\u{0430}k Hill", "look_alike", "Oak Hill"),
            ("42", "leading_zero", "0042"),
            ("00042", "leading_zero", "0042"),
            ("Ash (West)", "wrong_group", "Ash (East)"),
            ("Elm", "wrong_group", "Elm (West)"),
            ("Oka Hill", "transposition", "Oak Hill"),
            ("Oak Hil", "one_edit", "Oak Hill"),
            ("oak hil", "one_edit", "Oak Hill"),
            ("Birsh (Wast)", "near_miss", "Birch (West)"),
            ("Somewhere else", "unknown", ""),
        ] {
            let (told, suggested, cleaned) = told(&list, &Codes::of(0), text);
            assert_eq!((told, suggested.as_str()), (cause, meant), "{text}");
            assert_eq!(cleaned.as_deref(), Some(text));
        }
    }

    #[test]
    fn what_fits_two_codes_equally_is_ambiguous_and_never_applied() {
        let list = named(&["Bat", "Cat", "A-1", "A 1"]);
        let codes = Codes {
            repair: Repair::Correct,
            guess: vec![Cause::OneEdit, Cause::Punctuation, Cause::Case],
            ..Codes::of(0)
        };
        let either = told(&list, &codes, "Hat");
        assert_eq!(either, ("ambiguous", "Bat or Cat".to_owned(), None));
        // Fewer kinds of writing differ from the one than from the other.
        let closer = told(&list, &codes, "a-1");
        assert_eq!(closer, ("case", "A-1".to_owned(), Some("A-1".to_owned())));
        // Three characters may have one wrong, and `Dog` has more.
        assert_eq!(told(&list, &codes, "Dog").0, "unknown");
    }

    #[test]
    fn only_the_causes_that_the_project_names_are_corrected() {
        let list = named(&["North", "South"]).with_alias("Suoth", 1, Some(Cause::Misspelling));
        let correct = |correct: &[Cause]| Codes {
            repair: Repair::Correct,
            map_aliases: true,
            correct: correct.to_vec(),
            guess: correct.to_vec(),
            ..Codes::of(0)
        };
        for (causes, text, cleaned) in [
            (&[Cause::Case][..], "north", Some("North")),
            (&[Cause::Case], "Nort", None),
            (&[Cause::Case], "Suoth", None),
            (&[Cause::Misspelling], "Suoth", Some("South")),
            (&[Cause::Misspelling], "north", None),
            (&[Cause::OneEdit, Cause::Case], "Nort", Some("North")),
        ] {
            let (_, _, got) = told(&list, &correct(causes), text);
            assert_eq!(got.as_deref(), cleaned, "{text} {causes:?}");
        }
    }

    #[test]
    fn an_alias_has_to_be_sure_enough_and_may_be_accepted() {
        let alias = |code, cause, confidence| Entry {
            code,
            alias: Some(Alias { cause, confidence }),
        };
        let mut list = named(&["North", "South"]);
        list.lookup.insert(
            "Hill".to_owned(),
            vec![alias(0, Some(Cause::PartOf), Confidence::Inferred)],
        );
        let codes = |min_confidence, accept: &[Cause]| Codes {
            map_aliases: true,
            min_confidence,
            accept: accept.to_vec(),
            ..Codes::of(0)
        };
        let north = || "North".to_owned();
        assert_eq!(
            told(&list, &codes(Confidence::Probable, &[]), "Hill"),
            ("low_confidence", north(), Some("Hill".to_owned()))
        );
        assert_eq!(
            told(&list, &codes(Confidence::Inferred, &[]), "Hill"),
            ("part_of", north(), Some("Hill".to_owned()))
        );
        let accepted = codes(Confidence::Inferred, &[Cause::PartOf]);
        let mut coder = Coder::new(Arc::new(list), &accepted);
        assert_eq!(coder.explain("Hill", None), None);
        let clean = StringArray::from(vec!["Hill"]);
        let made = coder.code(&clean, Int8Array::from(vec![0]), None);
        assert_eq!(
            made.value.as_ref(),
            &StringArray::from(vec!["North"]) as &dyn Array
        );
        assert_eq!(made.repairs, [(0, north(), "variant")]);
    }

    #[test]
    fn a_name_means_the_code_that_is_in_force_on_the_day() {
        let code = |code: &str, from, to| Code {
            valid_from: from,
            valid_to: to,
            ..Code::plain(code, 1)
        };
        let turn = Some(date(2015, 5, 7));
        let codes = vec![code("W1", None, turn), code("W2", turn, None)];
        let list = CodeList::new(Name::new("parishes").expect("a name"), codes)
            .with_alias("Abbey", 0, None)
            .with_alias("Abbey", 1, None);
        let codes = Codes {
            as_of: Some(0),
            map_aliases: true,
            ..Codes::of(0)
        };
        let mut coder = Coder::new(Arc::new(list), &codes);
        let clean = StringArray::from(vec!["Abbey"; 4]);
        let on = [
            days(date(2015, 5, 6)),
            days(date(2015, 5, 7)),
            days(date(2016, 1, 1)),
            None,
        ];
        let made = coder.code(
            &clean,
            Int8Array::from(vec![0; 4]),
            Some(&Date32Array::from(on.to_vec())),
        );
        // Without a day nothing says which is meant, and that is not this rule's matter.
        let want = StringArray::from(vec!["W1", "W2", "W2", "Abbey"]);
        assert_eq!(made.value.as_ref(), &want as &dyn Array);
        let status = BooleanArray::from(vec![Some(true), Some(true), Some(true), None]);
        assert_eq!(made.code_status, status);
        assert_eq!(coder.explain("Abbey", None), None);
        // One edit away from both: the day tells which.
        let fault = coder
            .explain("Abey", days(date(2016, 1, 1)))
            .expect("no code");
        assert_eq!((fault.cause, codes_of(&fault)), ("one_edit", vec!["W2"]));
    }

    #[test]
    fn successors_take_the_place_of_a_retired_code_unless_it_was_split() {
        let turn = Some(date(2015, 5, 7));
        let old = |code: &str| Code {
            valid_to: turn,
            ..Code::plain(code, 1)
        };
        let codes = vec![
            old("Renamed"),
            old("Merged"),
            old("Split"),
            old("Closed"),
            Code::plain("New", 5),
            Code::plain("East", 6),
            Code::plain("West", 7),
        ];
        let mut list = CodeList::new(Name::new("areas").expect("a name"), codes);
        list.correspondence.successors = [
            ("Renamed", vec![4]),
            ("Merged", vec![5]),
            ("Also merged", vec![5]),
            ("Split", vec![5, 6]),
            ("Closed", vec![]),
            ("Of another version", vec![6]),
        ]
        .map(|(code, successors)| (code.to_owned(), successors))
        .into();
        let relations = ["Renamed", "Merged", "Split", "Closed", "New"]
            .map(|code| list.correspondence.relation(code).map(Relation::word));
        assert_eq!(
            relations,
            [Some("1:1"), Some("n:1"), Some("1:n"), Some("none"), None]
        );
        let codes = Codes {
            as_of: Some(0),
            repair: Repair::Correct,
            correct: vec![Cause::Retired],
            guess: vec![Cause::Retired],
            ..Codes::of(0)
        };
        for (text, meant, cleaned) in [
            ("Renamed", "New", Some("New")),
            ("Merged", "East", Some("East")),
            ("Split", "East or West", Some("Split")),
            ("Closed", "", Some("Closed")),
            ("Of another version", "West", Some("West")),
        ] {
            let (cause, suggested, got) = told(&list, &codes, text);
            assert_eq!(
                (cause, suggested.as_str(), got.as_deref()),
                ("retired", meant, cleaned),
                "{text}"
            );
        }
    }

    #[test]
    fn a_code_of_another_level_fails_and_stays() {
        let of_level = |code: &str, level: &str| Code {
            level: Some(level.to_owned()),
            ..Code::plain(code, 1)
        };
        let codes = vec![of_level("Leeds", "city"), of_level("Hyde Park", "parish")];
        let list = CodeList::new(Name::new("places").expect("a name"), codes);
        let codes = Codes {
            level: Some("parish".to_owned()),
            repair: Repair::Correct,
            ..Codes::of(0)
        };
        assert_eq!(
            told(&list, &codes, "Leeds"),
            ("other_level", String::new(), Some("Leeds".to_owned()))
        );
        let coder = Coder::new(Arc::new(list), &codes);
        assert_eq!(coder.explain("Hyde Park", None), None);
    }

    #[test]
    fn without_a_word_of_the_project_nothing_is_guessed() {
        let list = named(&["Blue (East)", "15", "-1", "C#"]);
        let codes = Codes {
            repair: Repair::Correct,
            map_aliases: true,
            correct: Cause::OF_ALIASES.to_vec(),
            ..Codes::of(0)
        };
        let told_of = |text| told(&list, &codes, text);
        assert_eq!(
            told_of("Blue (West)"),
            ("wrong_group", "Blue (East)".to_owned(), None)
        );
        // Signs are part of a number, and what is nothing but signs is like nothing.
        for text in ["+1", "1.5", "-15", "#", "\u{1f642}"] {
            assert_eq!(told_of(text).2, None, "{text}");
            assert!(
                !["punctuation", "look_alike"].contains(&told_of(text).0),
                "{text}"
            );
        }
    }

    #[test]
    fn a_guess_is_in_force_and_of_the_level_or_none() {
        let turn = Some(date(2015, 5, 7));
        let code = |code: &str, level: &str, from, to| Code {
            level: Some(level.to_owned()),
            valid_from: from,
            valid_to: to,
            ..Code::plain(code, 1)
        };
        let codes = vec![
            code("Northern", "room", None, turn),
            code("Southern", "wing", None, None),
            code("Rad", "wing", None, None),
            code("Red", "room", None, None),
            code("Later", "room", Some(date(2030, 1, 1)), None),
        ];
        let mut list = CodeList::new(Name::new("rooms").expect("a name"), codes);
        list.correspondence.successors = [("Old one".to_owned(), vec![4])].into();
        let codes = Codes {
            as_of: Some(0),
            level: Some("room".to_owned()),
            repair: Repair::Correct,
            guess: vec![Cause::OneEdit, Cause::Case, Cause::Retired],
            ..Codes::of(0)
        };
        for (text, cleaned) in [
            ("northern", None),
            ("SOUTHERN", None),
            ("Old one", None),
            ("Rod", Some("Red")),
        ] {
            assert_eq!(told(&list, &codes, text).2.as_deref(), cleaned, "{text}");
        }
    }

    #[test]
    fn how_sure_an_alias_is_counts_after_the_day_has_told_which_code_it_means() {
        let code = |code: &str, from, to| Code {
            valid_from: from,
            valid_to: to,
            ..Code::plain(code, 1)
        };
        let codes = vec![
            code("Alpha", None, Some(date(2005, 1, 1))),
            code("Charlie", Some(date(2010, 1, 1)), None),
        ];
        let mut list = CodeList::new(Name::new("names").expect("a name"), codes);
        let alias = |code, confidence| Entry {
            code,
            alias: Some(Alias {
                cause: None,
                confidence,
            }),
        };
        let both = vec![
            alias(0, Confidence::Verified),
            alias(1, Confidence::Inferred),
        ];
        list.lookup.insert("x".to_owned(), both);
        let codes = Codes {
            as_of: Some(0),
            map_aliases: true,
            min_confidence: Confidence::Verified,
            repair: Repair::Correct,
            ..Codes::of(0)
        };
        let coder = Coder::new(Arc::new(list), &codes);
        let fault = coder
            .explain("x", days(date(2015, 1, 1)))
            .expect("not sure");
        assert_eq!((fault.cause, fault.cleaned), ("low_confidence", None));
        assert_eq!(coder.explain("x", days(date(2001, 1, 1))), None);
        assert_eq!(coder.explain("x", None), None);
        // Between the two it is the one of the past.
        let fault = coder
            .explain("x", days(date(2007, 1, 1)))
            .expect("in force no more");
        assert_eq!(
            (fault.cause, fault.cleaned.as_deref()),
            ("retired", Some("Alpha"))
        );
    }

    #[test]
    fn suggestions_are_worked_out_once_for_each_distinct_text() {
        let codes = Codes::of(0);
        let coder = Coder::new(Arc::new(named(&["North", "South"])), &codes);
        let workers = [coder.clone(), coder.clone()];
        for _ in 0..1_000 {
            for worker in &workers {
                for text in ["Nort", "Soth", "East"] {
                    worker.explain(text, None).expect("no code");
                }
            }
        }
        assert_eq!(coder.suggester.worked_out(), 3);
    }

    #[test]
    fn suggests_only_what_is_clearly_nearest() {
        for (text, want) in [
            ("Sout", "South"),
            ("north", "North"),
            ("Nouth", "North or South"),
            ("x", ""),
        ] {
            assert_eq!(told(&list(), &Codes::of(0), text).1, want, "{text}");
        }
    }

    #[test]
    fn what_shares_nothing_with_a_short_text_is_not_suggested() {
        for (code, text, want) in [
            ("1", "😀", ""),
            ("1", "2", ""),
            ("1", "12", ""),
            ("NK", "N", ""),
            ("NK", "XK", ""),
            ("y", "Y", "y"),
            ("NK", "nk", "NK"),
            ("NK", "N/K", "NK"),
            ("Yes", "Yse", "Yes"),
            ("Yes", "Noo", ""),
        ] {
            let (_, suggested, _) = told(&named(&[code]), &Codes::of(0), text);
            assert_eq!(suggested, want, "{text} for {code}");
        }
    }
}
