//! The pairs of one chart: each code of either side, and the total.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Absence, Comparability, Half, Level, Pair, Presence,
    side::Side,
    verdict::{Chart as Judged, Subject},
};
use crate::{
    rules::totals::{Chart, Comparison, Overlap},
    tables::{Code, Missing},
};

/// The pairs of `chart`, `sides` being the current and the previous one: codes in the order of the current list, those
/// of the previous list alone, what is no code, the total.
pub(super) fn of(comparison: &Comparison, chart: &Chart, sides: &[Side<'_>; 2]) -> Vec<Pair> {
    let judged = Judged::new(comparison, sides);
    let matched = Matched::new(sides);
    let mut rows = rows(sides, &matched);
    let sums = BOTH.map(|at| sum(rows.iter().filter_map(|row| row.halves[at].matched)));
    if let Matched::Months(_) = matched {
        rows.iter_mut().for_each(|row| row.share_of_months(sums));
    }
    let total = BOTH.map(|at| Half {
        reported: sides[at].total,
        matched: match matched {
            Matched::Months(_) => sums[at],
            Matched::Sides(whole) => sides[at].total.filter(|_| whole[at]),
        },
        stated_at: sides[at].stated_at.clone(),
        ..sides[at].blank()
    });
    let new = |halves: [Half; 2], category: Option<(String, i64)>| {
        let name = category.as_ref().map(|(name, _)| name.as_str());
        let (verdict, reason) = judged.judge(&Subject {
            category: name,
            absences: BOTH.map(|at| halves[at].absence),
            codes: BOTH.map(|at| name.and_then(|name| sides[at].code(name))),
        });
        let [current, previous] = halves;
        let both = current.reported.zip(previous.reported);
        let change = both
            .filter(|_| verdict == Comparability::Comparable)
            .and_then(|(now, then)| Some((now.checked_sub(then)?, then)));
        Pair {
            comparison: comparison.id.value.clone(),
            table: chart.table.value.clone(),
            level: match category {
                Some(_) => Level::Category,
                None => Level::Total,
            },
            sort: category.as_ref().map(|(_, sort)| *sort),
            category: category.map(|(name, _)| name),
            presence: presence(&current, &previous),
            change: change.map(|(change, _)| change),
            change_percent: change.and_then(|(change, then)| percent(change, then)),
            verdict,
            reason,
            current,
            previous,
        }
    };
    let categories = rows.into_iter();
    let mut pairs: Vec<Pair> = categories
        .map(|row| new(row.halves, Some((row.category, row.sort))))
        .collect();
    pairs.push(new(total, None));
    pairs
}

/// The current and the previous side.
const BOTH: [usize; 2] = [0, 1];

/// A category of a chart.
struct Row {
    category: String,
    sort: i64,
    halves: [Half; 2],
}

impl Row {
    /// Of nine months and of twelve, no month has shares that mean the same: they are of the months that both cover.
    fn share_of_months(&mut self, sums: [Option<i64>; 2]) {
        for (half, sum) in self.halves.iter_mut().zip(sums) {
            let figures = half.matched.zip(sum);
            let of_both = figures.and_then(|(part, whole)| share(part, whole));
            (half.share, half.share_recorded) = (of_both, of_both);
        }
    }
}

fn rows(sides: &[Side<'_>; 2], matched: &Matched) -> Vec<Row> {
    let recorded = BOTH.map(|at| sides[at].recorded());
    let row = |(category, sort): (String, i64)| {
        let mut halves = BOTH.map(|at| sides[at].half(&category, recorded[at]));
        let figures = matched.figures(&category, &halves);
        for (half, figure) in halves.iter_mut().zip(figures) {
            half.matched = figure;
        }
        Row {
            category,
            sort,
            halves,
        }
    };
    categories(sides).into_iter().map(row).collect()
}

/// Every category with its place.
fn categories(sides: &[Side<'_>; 2]) -> Vec<(String, i64)> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut found: Vec<(String, i64)> = Vec::new();
    let mut last = 0_i64;
    for side in sides {
        let mut codes: Vec<&Code> = side.list.codes.iter().collect();
        codes.sort_by_key(|code| code.sort);
        // Another list has an order of its own, behind the first.
        let before = last;
        for code in codes {
            if known.insert(&code.code) {
                let sort = before.saturating_add(code.sort);
                last = last.max(sort);
                found.push((code.code.clone(), sort));
            }
        }
    }
    let values = sides.iter().filter_map(|side| side.values.as_ref().ok());
    for category in values.flat_map(BTreeMap::keys) {
        if known.insert(category) {
            last = last.saturating_add(1);
            found.push((category.clone(), last));
        }
    }
    found
}

impl Side<'_> {
    fn code(&self, category: &str) -> Option<&Code> {
        let entry = self.list.meaning(category)?;
        let code = self.list.codes.get(entry.code)?;
        entry.alias.is_none().then_some(code)
    }

    /// What all pairs of the side say.
    fn blank(&self) -> Half {
        Half {
            period: self.year.period().to_owned(),
            population: self.year.population.value.clone(),
            coverage: self.covered.as_ref().ok().map(ToString::to_string),
            codes: self.list.name.to_string(),
            ..Half::default()
        }
    }

    fn half(&self, category: &str, recorded: Option<i64>) -> Half {
        let code = self.code(category);
        let blank = self.blank();
        let absent = |absence| Half {
            absence: Some(absence),
            ..blank.clone()
        };
        let Ok(values) = &self.values else {
            return absent(Absence::NotPlaced);
        };
        let covered = self.covers(category);
        let in_force = code.is_none_or(|code| self.overlap(code) != Overlap::None);
        let value = values.get(category);
        // Charts with a common axis print 0 also for what did not exist.
        match value.filter(|value| value.count != 0 || (covered && in_force)) {
            Some(value) => Half {
                reported: Some(value.count),
                share: self.total.and_then(|total| share(value.count, total)),
                share_recorded: recorded
                    .filter(|_| code.is_none_or(|code| !is_unrecorded(code)))
                    .and_then(|total| share(value.count, total)),
                stated_at: value.stated_at.clone(),
                ..blank
            },
            None if code.is_none() => absent(Absence::NotInList),
            None if !in_force => absent(Absence::NotInForce),
            None if !covered => absent(Absence::NotCovered),
            None => absent(Absence::NotReported),
        }
    }

    /// Whether the category is not a month that the side lacks.
    pub(super) fn covers(&self, category: &str) -> bool {
        let months = self.months.as_ref();
        months.is_none_or(|months| months.contains(category))
    }

    /// How much of what the side covers the code was in force.
    pub(super) fn overlap(&self, code: &Code) -> Overlap {
        match &self.covered {
            Ok(covered) => covered.within(code.valid_from, code.valid_to),
            Err(_) => Overlap::Whole,
        }
    }

    /// All values of categories that say something.
    fn recorded(&self) -> Option<i64> {
        let values = self.values.as_ref().ok()?;
        let said = values
            .iter()
            .filter(|(category, _)| !self.code(category).is_some_and(is_unrecorded));
        said.map(|(_, value)| value.count)
            .try_fold(0_i64, i64::checked_add)
    }
}

/// A refusal is an answer; what is unknown is none.
fn is_unrecorded(code: &Code) -> bool {
    matches!(code.missing, Some(Missing::Unknown | Missing::NotRecorded))
}

/// The months that both sides cover, as figures.
enum Matched {
    /// Categories are months: the codes that both cover.
    Months(BTreeSet<String>),
    /// They are not: whether all that a side covers is covered by both.
    Sides([bool; 2]),
}

impl Matched {
    fn new(sides: &[Side<'_>; 2]) -> Self {
        let [current, previous] = sides;
        if let (Some(now), Some(then)) = (&current.months, &previous.months) {
            return Matched::Months(now & then);
        }
        let (Ok(now), Ok(then)) = (&current.covered, &previous.covered) else {
            return Matched::Sides([false; 2]);
        };
        match (now.calendar_months(), then.calendar_months()) {
            (Some(now), Some(then)) => {
                let both = &now & &then;
                let some = !both.is_empty();
                Matched::Sides([some && both == now, some && both == then])
            }
            _ => Matched::Sides([now.like(*then); 2]),
        }
    }

    fn figures(&self, category: &str, halves: &[Half; 2]) -> [Option<i64>; 2] {
        let reported = BOTH.map(|at| halves[at].reported);
        match self {
            Matched::Months(both)
                if both.contains(category) && reported.iter().all(Option::is_some) =>
            {
                reported
            }
            Matched::Months(_) => [None; 2],
            Matched::Sides(whole) => [0, 1].map(|at| reported[at].filter(|_| whole[at])),
        }
    }
}

/// Nothing at all adds up to no figure, not to 0.
fn sum(mut figures: impl Iterator<Item = i64>) -> Option<i64> {
    let first = figures.next()?;
    figures.try_fold(first, i64::checked_add)
}

fn presence(current: &Half, previous: &Half) -> Presence {
    let placed = |half: &Half| half.absence != Some(Absence::NotPlaced);
    match (current.reported, previous.reported) {
        _ if !placed(current) || !placed(previous) => Presence::NotKnown,
        (Some(_), Some(_)) => Presence::Both,
        (Some(_), None) => Presence::OnlyCurrent,
        (None, Some(_)) => Presence::OnlyPrevious,
        (None, None) => Presence::Neither,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of people and cases need no more than 52 bits"
)]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn percent(change: i64, of: i64) -> Option<f64> {
    share(change.checked_mul(100)?, of)
}
