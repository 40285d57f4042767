//! Whether two figures can be compared: everything that speaks against it, in a sentence.

use super::{Absence, Comparability, side::Side};
use crate::{
    rules::totals::{Comparison, Overlap},
    tables::Code,
};

/// What is the same for all pairs of a chart.
pub(super) struct Chart<'c, 's> {
    comparison: &'c Comparison,
    sides: &'c [Side<'s>; 2],
}

/// What a pair is about.
pub(super) struct Subject<'p> {
    /// The category; `None` for the total.
    pub(super) category: Option<&'p str>,
    /// Why each side has no figure.
    pub(super) absences: [Option<Absence>; 2],
    /// The code in each side's list.
    pub(super) codes: [Option<&'p Code>; 2],
}

/// What speaks against a comparison.
type Objection = (Comparability, String);

impl<'c, 's> Chart<'c, 's> {
    pub(super) fn new(comparison: &'c Comparison, sides: &'c [Side<'s>; 2]) -> Self {
        Self { comparison, sides }
    }

    /// The verdict and its reason.
    pub(super) fn judge(&self, subject: &Subject<'_>) -> (Comparability, String) {
        let mut objections = Vec::new();
        objections.extend(self.population());
        objections.extend(subject.category.and_then(|_| self.codes()));
        objections.extend(self.absence(subject));
        objections.extend(self.coverage(subject));
        objections.extend(self.validity(subject));
        if let Some(caveat) = &self.comparison.caveat {
            objections.push((Comparability::Partly, one_line(&caveat.value)));
        }
        let worst = objections.iter().map(|(verdict, _)| *verdict).max();
        let Some(verdict) = worst else {
            let reason = match subject.category {
                Some(_) => "the same population, months and codes",
                None => "the same population and months",
            };
            return (Comparability::Comparable, reason.to_owned());
        };
        let reasons: Vec<String> = objections.into_iter().map(|(_, reason)| reason).collect();
        (verdict, reasons.join("; "))
    }

    fn periods(&self) -> [&str; 2] {
        [0, 1].map(|at: usize| self.sides[at].year.period())
    }

    fn population(&self) -> Option<Objection> {
        let [current, previous] =
            [0, 1].map(|at: usize| self.sides[at].year.population.value.as_str());
        let [now, then] = self.periods();
        (current != previous).then(|| {
            let reason = format!("other population: {current} in {now}, {previous} in {then}");
            (Comparability::NotComparable, reason)
        })
    }

    fn codes(&self) -> Option<Objection> {
        let [current, previous] = [0, 1].map(|at: usize| self.sides[at].list.name.as_str());
        let [now, then] = self.periods();
        (current != previous).then(|| {
            let reason = format!("other code list: {current} in {now}, {previous} in {then}");
            (Comparability::NotComparable, reason)
        })
    }

    fn absence(&self, subject: &Subject<'_>) -> Vec<Objection> {
        let category = subject.category.unwrap_or_default();
        let mut objections = Vec::new();
        for (at, side) in self.sides.iter().enumerate() {
            let (period, list) = (side.year.period(), &side.list.name);
            let reason = match subject.absences[at] {
                None => continue,
                Some(Absence::NotInList) => {
                    format!("`{category}` is no code of `{list}` in {period}")
                }
                Some(Absence::NotInForce) => format!("`{category}` did not exist in {period}"),
                Some(Absence::NotCovered) => format!("{period} does not cover {category}"),
                Some(Absence::NotReported) => format!("{period} reports nothing for `{category}`"),
                Some(Absence::NotPlaced) => {
                    let reason = side.values.as_ref().err().map_or("", String::as_str);
                    format!("{period}: {reason}")
                }
            };
            objections.push((Comparability::NotComparable, reason));
        }
        objections
    }

    /// Other months leave shares to be held against each other, and counts not.
    fn coverage(&self, subject: &Subject<'_>) -> Option<Objection> {
        let [current, previous] = self.sides;
        if subject.category.is_some() && current.months.is_some() && previous.months.is_some() {
            return None;
        }
        let unknown = |side: &Side<'_>| {
            let what = side.covered.as_ref().err()?;
            Some(format!(
                "it is not stated which months {} covers: {}",
                side.year.period(),
                one_line(what)
            ))
        };
        if let Some(reason) = unknown(current).or_else(|| unknown(previous)) {
            return Some((Comparability::Partly, reason));
        }
        let (Ok(now), Ok(then)) = (&current.covered, &previous.covered) else {
            return None;
        };
        (!now.like(*then)).then(|| {
            let [current, previous] = self.periods();
            let reason = format!("other months: {current} covers {now}, {previous} covers {then}");
            (Comparability::Partly, reason)
        })
    }

    /// Figures of codes that the list does not know, of months outside, and of codes that were in force for a part of the time or not at all.
    fn validity(&self, subject: &Subject<'_>) -> Vec<Objection> {
        let Some(category) = subject.category else {
            return Vec::new();
        };
        let mut objections = Vec::new();
        for (at, side) in self.sides.iter().enumerate() {
            if subject.absences[at].is_some() {
                continue;
            }
            let period = side.year.period();
            let list = &side.list.name;
            let Some(code) = subject.codes[at] else {
                let reason =
                    format!("`{category}` is no code of `{list}`, and {period} reports it");
                objections.push((Comparability::NotComparable, reason));
                continue;
            };
            if !side.covers(category) {
                let reason = format!("{period} reports {category}, which it does not cover");
                objections.push((Comparability::NotComparable, reason));
            }
            let reason = match side.overlap(code) {
                Overlap::Whole => continue,
                Overlap::Part => format!("`{category}` was in force for a part of {period} only"),
                Overlap::None => {
                    format!("`{category}` was not in force in {period}, which reports it")
                }
            };
            objections.push((Comparability::Partly, reason));
        }
        objections
    }
}

/// A text that was broken into lines in a rule file.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}
