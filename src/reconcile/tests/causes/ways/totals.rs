//! What is stated for a whole: the total of sums, or what parts may not exceed.
//!
//! No total of the report stands in two columns under one label, so another period or population is tried on parts alone.

use std::collections::BTreeSet;

use super::{
    super::{
        super::*,
        ground::{Ground, Spoilt, number},
        trial::Random,
    },
    slips::{mistyped, swapped_digits, too_large},
};
use crate::reconcile::causes::CauseKind;

/// A total of which some sums are left to say what it should be, and the others are in no table of any statement.
struct Total<'g> {
    figure: usize,
    value: Decimal,
    figures: Vec<Figure>,
    sums: Vec<&'g Reconciliation>,
    others: Vec<&'g Reconciliation>,
    /// Whether two sums of different figures, or a sum and another printing, say what it should be.
    settled: bool,
}

fn total<'g>(ground: &'g Ground, random: &mut Random, most: usize) -> Option<Total<'g>> {
    let stated = |row: &&Reconciliation| row.rule.kind == "sums_to" && row.stated_from.len() == 1;
    let rows = || ground.rows.iter().filter(stated);
    let agreeing = || rows().filter(|row| row.verdict == Verdict::Agrees);
    let totals: BTreeSet<usize> = agreeing().map(|row| row.stated_from[0]).collect();
    let totals: Vec<usize> = totals.into_iter().collect();
    let figure = *random.pick(&totals)?;
    let table_of = |row: &Reconciliation| Arc::clone(&ground.figure(row.computed_from[0]).table);
    let tables: BTreeSet<Arc<str>> = agreeing()
        .filter(|row| row.stated_from[0] == figure)
        .map(table_of)
        .collect();
    let mut tables: Vec<Arc<str>> = tables.into_iter().collect();
    let mut kept = BTreeSet::new();
    for _ in 0..1 + random.below(most) {
        if !tables.is_empty() {
            kept.insert(tables.swap_remove(random.below(tables.len())));
        }
    }
    let own = &ground.figure(figure).table;
    let mut figures = ground.report.figures.clone();
    for row in rows().filter(|row| row.stated_from[0] == figure) {
        let table = table_of(row);
        if kept.contains(&table) || table == *own {
            continue;
        }
        for other in figures.iter_mut().filter(|other| other.table == table) {
            series(other).table = Arc::from("nowhere");
        }
    }
    let sums: Vec<&Reconciliation> = agreeing()
        .filter(|row| row.stated_from[0] == figure && kept.contains(&table_of(row)))
        .collect();
    // The chart that compares the years prints the figures of a chart again.
    let different: BTreeSet<(String, Option<Arc<str>>)> = sums
        .iter()
        .map(|row| {
            let table = table_of(row).trim_end_matches("_yoy").to_owned();
            (table, row.category.clone())
        })
        .collect();
    let others: Vec<&Reconciliation> = ground
        .equals(figure)
        .into_iter()
        .filter(|row| row.verdict == Verdict::Agrees)
        .collect();
    let settled = different.len() > 1 || !others.is_empty();
    Some(Total {
        figure,
        value: ground.figure(figure).value,
        figures,
        sums,
        others,
        settled,
    })
}

impl Total<'_> {
    fn with(mut self, value: Decimal, right: &[CauseKind]) -> Option<Spoilt> {
        if value == self.value {
            return None;
        }
        self.figures[self.figure].value = value;
        let broken = self.sums.iter().chain(&self.others);
        Some(Spoilt {
            broken: broken.map(|row| row.statement.clone()).collect(),
            figures: self.figures,
            right: right.to_vec(),
            unique: self.settled,
        })
    }
}

/// Tables that are left of a total's, at most.
const FEW: usize = 4;

pub(super) fn swapped(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let total = total(ground, random, FEW)?;
    let value = swapped_digits(total.value, random)?;
    total.with(value, &[CauseKind::SwappedDigits])
}

pub(super) fn one_digit(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let total = total(ground, random, FEW)?;
    let value = mistyped(total.value, random)?;
    total.with(value, &[CauseKind::OneDigit])
}

/// Another number altogether: that nothing else mends as much says which figure it is, not how it came about.
pub(super) fn another(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let total = total(ground, random, FEW)?;
    let off = 12 + i128::try_from(random.below(900)).expect("small");
    let value = number(total.value.mantissa() + off);
    let (one, other) = (total.value.to_string(), value.to_string());
    let mut differing: Vec<(u8, u8)> = one.bytes().zip(other.bytes()).collect();
    differing.retain(|(a, b)| a != b);
    if one.len() == other.len() && differing.len() < 3 {
        return None;
    }
    total.with(value, &[CauseKind::Misprint, CauseKind::PrintedOtherwise])
}

/// Of one table, a part that the total has twice: it is over by just that.
pub(super) fn twice(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    off_by_a_part(ground, random, 1, CauseKind::CountedTwice)
}

/// Of one table, a part that the total has not.
pub(super) fn left_out(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    off_by_a_part(ground, random, -1, CauseKind::PartMissing)
}

fn off_by_a_part(
    ground: &Ground,
    random: &mut Random,
    sign: i128,
    right: CauseKind,
) -> Option<Spoilt> {
    let total = total(ground, random, 1)?;
    let [sum] = total.sums[..] else {
        return None;
    };
    let value = |part: &usize| ground.figure(*part).value.mantissa();
    let part = value(random.pick(&sum.computed_from)?);
    let alike = sum
        .computed_from
        .iter()
        .filter(|other| value(other) == part);
    // Below 10 any two figures are the same by chance; another printing would say more than the parts do.
    if part < 10 || alike.count() > 1 || total.settled {
        return None;
    }
    let now = total.value.mantissa() + sign * part;
    // A digit of some figure that would mend it as well is as good a reading.
    let slipped = |figure: i128, off: i128| {
        let (one, other) = (figure.to_string(), (figure + off).to_string());
        let differing = one.bytes().zip(other.bytes()).filter(|(a, b)| a != b);
        let mut sorted = [one.clone().into_bytes(), other.clone().into_bytes()];
        sorted.iter_mut().for_each(|digits| digits.sort_unstable());
        one.len() == other.len()
            && match differing.count() {
                1 => true,
                2 => sorted[0] == sorted[1],
                _ => false,
            }
    };
    let in_total = slipped(now, -sign * part);
    let in_part = sum
        .computed_from
        .iter()
        .any(|other| slipped(value(other), sign * part));
    let mut spoilt = total.with(number(now), &[right])?;
    spoilt.unique = !in_total && !in_part;
    Some(spoilt)
}

/// A whole below its part.
pub(super) fn exceeded(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = *random.pick(&ground.sound)?;
    let rows = ground.rows_of(figure);
    let rows: Vec<&Reconciliation> = rows
        .filter(|row| row.rule.kind == "subset_of" && *row.stated_from == [figure])
        .collect();
    let row = *random.pick(&rows)?;
    let part = row.computed?.mantissa();
    if part == 0 {
        return None;
    }
    let below = random.below(usize::try_from(part.min(50)).expect("small"));
    let value = number(part - 1 - i128::try_from(below).expect("small"));
    too_large(ground, figure, value, row)
}
