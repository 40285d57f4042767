//! Codes: a text is looked up once per distinct value; what it stands for depends on the list, the aliases and the date.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        Array, BooleanArray, BooleanBuilder, Date32Array, Int8Array, StringArray, StringBuilder,
    },
    buffer::NullBuffer,
};
use foldhash::fast::FixedState;

use super::{Made, date::days, present_or, text::without_blanks};
use crate::tables::{AliasCause, CodeList, Codes, Repair};

/// Distinct texts that one worker remembers; beyond it they are looked up afresh.
const REMEMBERED: usize = 100_000;

/// Why a text is no code in force, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFault {
    /// `misspelling`, `wrong_group`, `old_name`, `not_in_force` or `unknown`.
    pub cause: &'static str,
    /// The code that was probably meant.
    pub suggestion: Option<String>,
    /// What the clean table holds.
    pub cleaned: Option<String>,
    /// When the code was in force, where that is the matter.
    pub in_force: Option<String>,
}

/// What one text stands for.
#[derive(Clone, Copy, Debug)]
enum Found {
    Code(usize),
    Alias(usize, AliasCause),
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Coder {
    list: Arc<CodeList>,
    map_aliases: bool,
    repair: Repair,
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
        Self {
            map_aliases: codes.map_aliases,
            repair: codes.repair,
            dated: codes.as_of.is_some() && in_force.iter().any(|p| p.0.is_some() || p.1.is_some()),
            in_force,
            remembered: HashMap::with_hasher(FixedState::default()),
            list,
        }
    }

    fn find(&self, text: &str) -> Found {
        match self.list.lookup.get(text) {
            Some(entry) => match entry.alias {
                None => Found::Code(entry.code),
                Some(cause) if self.map_aliases => Found::Alias(entry.code, cause),
                Some(_) => Found::Unknown,
            },
            None => Found::Unknown,
        }
    }

    fn find_remembered(&mut self, text: &str) -> Found {
        if let Some(found) = self.remembered.get(text) {
            return *found;
        }
        let found = self.find(text);
        if self.remembered.len() < REMEMBERED {
            self.remembered.insert(text.into(), found);
        }
        found
    }

    fn is_in_force(&self, code: usize, day: i32) -> bool {
        let (from, to) = self.in_force[code];
        from.is_none_or(|from| day >= from) && to.is_none_or(|to| day < to)
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
            match last.1 {
                // A token that means missing and is no code needs no code.
                Found::Unknown if *mark != 0 => {
                    status.append_null();
                    replaced.push((at, None));
                }
                Found::Unknown => {
                    status.append_value(false);
                    if self.repair != Repair::Keep {
                        replaced.push((at, None));
                    }
                }
                Found::Code(code) => {
                    *mark = present_or(self.list.codes[code].missing);
                    status.append_value(self.stands(code, dates, at));
                }
                Found::Alias(code, cause) => {
                    *mark = present_or(self.list.codes[code].missing);
                    let accepted = cause == AliasCause::Variant;
                    status.append_value(accepted && self.stands(code, dates, at));
                    if accepted || self.repair == Repair::Correct {
                        replaced.push((at, Some(code)));
                        repairs.push((at, self.list.codes[code].code.clone(), cause.word()));
                    } else if self.repair == Repair::Null {
                        replaced.push((at, None));
                    }
                }
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

    /// Whether the code is in force on the row's date; without a date that is not this rule's matter.
    fn stands(&self, code: usize, dates: Option<&Date32Array>, at: usize) -> bool {
        if !self.dated {
            return true;
        }
        match dates {
            Some(dates) if dates.is_valid(at) => self.is_in_force(code, dates.value(at)),
            _ => true,
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
    pub(super) fn explain(&self, clean: &str, as_of: Option<i32>) -> Option<CodeFault> {
        let code_text = |code: usize| self.list.codes[code].code.clone();
        let late =
            |code: usize| self.dated && as_of.is_some_and(|day| !self.is_in_force(code, day));
        match self.find(clean) {
            Found::Code(code) | Found::Alias(code, AliasCause::Variant) if late(code) => {
                Some(CodeFault {
                    cause: "not_in_force",
                    suggestion: None,
                    cleaned: Some(code_text(code)),
                    in_force: Some(self.period(code)),
                })
            }
            Found::Code(_) | Found::Alias(_, AliasCause::Variant) => None,
            Found::Alias(code, cause) => Some(CodeFault {
                cause: cause.word(),
                suggestion: Some(code_text(code)),
                cleaned: match self.repair {
                    Repair::Keep => Some(clean.to_owned()),
                    Repair::Correct => Some(code_text(code)),
                    Repair::Null => None,
                },
                in_force: None,
            }),
            Found::Unknown => Some(CodeFault {
                cause: "unknown",
                suggestion: self.nearest(clean),
                cleaned: (self.repair == Repair::Keep).then(|| clean.to_owned()),
                in_force: None,
            }),
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

    /// The one code that is clearly nearest, if there is one.
    fn nearest(&self, text: &str) -> Option<String> {
        let folded = text.to_lowercase();
        let mut ranked: Vec<(usize, usize)> = self
            .list
            .codes
            .iter()
            .enumerate()
            .map(|(i, c)| {
                (
                    strsim::damerau_levenshtein(&folded, &c.code.to_lowercase()),
                    i,
                )
            })
            .collect();
        ranked.sort_unstable();
        let (distance, best) = *ranked.first()?;
        let runner_up = ranked.get(1).map_or(usize::MAX, |r| r.0);
        // One or two characters share too little with anything to tell what was meant; only their case may differ.
        let allowed = match text.chars().count() {
            0..3 => 0,
            length => 1 + length / 6,
        };
        (distance <= allowed && distance < runner_up).then(|| self.list.codes[best].code.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        names::Name,
        tables::{Code, Entry, Missing},
    };

    fn list() -> Arc<CodeList> {
        let code = |text: &str, missing, from, to| Code {
            code: text.to_owned(),
            label: text.to_owned(),
            parent: None,
            sort: 0,
            missing,
            valid_from: from,
            valid_to: to,
        };
        let codes = vec![
            code("North", None, None, Some(date(2015, 5, 7))),
            code("South", None, Some(date(2015, 5, 7)), None),
            code("Unknown", Some(Missing::Unknown), None, None),
        ];
        let entry = |code, alias| Entry { code, alias };
        let lookup = [
            ("North", entry(0, None)),
            ("South", entry(1, None)),
            ("Unknown", entry(2, None)),
            ("SOUTH", entry(1, Some(AliasCause::Variant))),
            ("Suoth", entry(1, Some(AliasCause::Misspelling))),
        ];
        Arc::new(CodeList {
            name: Name::new("areas").expect("a name"),
            codes,
            lookup: lookup.map(|(text, entry)| (text.to_owned(), entry)).into(),
        })
    }

    /// One cell through a coder: its value, whether it is a code, its missing mark, and the cause of a failure.
    fn check(
        text: &str,
        day: Option<i32>,
        repair: Repair,
    ) -> (Option<String>, Option<bool>, i8, Option<&'static str>) {
        let codes = Codes {
            list: 0,
            as_of: Some(0),
            map_aliases: true,
            repair,
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
                Some("not_in_force"),
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
                Some("not_in_force"),
            ),
            ("SOUTH", y2016, Keep, some("South"), Some(true), 0, None),
            (
                "SOUTH",
                y2014,
                Keep,
                some("South"),
                Some(false),
                0,
                Some("not_in_force"),
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

    #[test]
    fn suggests_only_what_is_clearly_nearest() {
        let codes = Codes {
            list: 0,
            as_of: None,
            map_aliases: false,
            repair: Repair::Keep,
        };
        let coder = Coder::new(list(), &codes);
        for (text, want) in [
            ("Sout", Some("South")),
            ("north", Some("North")),
            ("Nouth", None),
            ("x", None),
        ] {
            let fault = coder.explain(text, None).expect("no code");
            assert_eq!(fault.suggestion.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn what_shares_nothing_with_a_short_text_is_not_suggested() {
        let codes = Codes {
            list: 0,
            as_of: None,
            map_aliases: false,
            repair: Repair::Keep,
        };
        for (code, text, want) in [
            ("1", "😀", None),
            ("1", "2", None),
            ("1", "12", None),
            ("NK", "N", None),
            ("NK", "XK", None),
            ("y", "Y", Some("y")),
            ("NK", "nk", Some("NK")),
            ("NK", "N/K", Some("NK")),
            ("Yes", "Yse", Some("Yes")),
            ("Yes", "Noo", None),
        ] {
            let mut only = list().as_ref().clone();
            only.codes.truncate(1);
            code.clone_into(&mut only.codes[0].code);
            only.lookup.clear();
            let coder = Coder::new(Arc::new(only), &codes);
            let fault = coder.explain(text, None).expect("no code");
            assert_eq!(fault.suggestion.as_deref(), want, "{text} for {code}");
        }
    }
}
