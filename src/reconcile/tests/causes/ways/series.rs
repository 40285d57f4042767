//! Whole series: figures that were rounded each by itself, and values that moved left over blank cells that vanished.

use super::super::{
    super::*,
    ground::{Ground, ROUNDED_COUNTS, ROUNDED_SHARES, Spoilt, number},
    trial::Random,
};
use crate::reconcile::causes::CauseKind;

/// The parts of a table as shares of their total, or to the nearest 5 or 10, which do not add up: nothing is wrong.
pub(super) fn rounded(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let sums = ground.rows.iter().filter(|row| {
        row.rule.kind == "sums_to" && row.verdict == Verdict::Agrees && row.computed_from.len() > 2
    });
    let sum = *random.pick(&sums.collect::<Vec<_>>())?;
    let parts = sum.computed_from.iter().map(|part| ground.figure(*part));
    let total = sum.stated?;
    let mut figures = ground.report.figures.clone();
    let nearest = |value: Decimal, unit: i128| {
        let half = value.mantissa() + unit / 2;
        number(half - half.rem_euclid(unit))
    };
    let mut printed = Decimal::ZERO;
    let mut others = 0;
    let statement = match random.below(4) {
        kind @ (0 | 1) => {
            let decimals = u32::try_from(kind).expect("small");
            for part in parts {
                let share = part.value.ratio(total, 2, decimals)?.rounded;
                printed = printed.checked_add(share)?;
                figures.push(made(part, ROUNDED_SHARES, "percent", share));
            }
            let whole = number(100);
            figures.push(made(
                ground.figure(sum.stated_from[0]),
                "whole",
                "percent",
                whole,
            ));
            (printed != whole).then_some(ROUNDED_SHARES)?
        }
        kind => {
            let unit = if kind == 2 { 5 } else { 10 };
            for part in parts {
                let count = nearest(part.value, unit);
                printed = printed.checked_add(count)?;
                others += usize::from(count != Decimal::ZERO);
                figures.push(made(part, ROUNDED_COUNTS, "count", count));
            }
            let whole = match random.below(2) {
                0 => total,
                _ => nearest(total, unit),
            };
            figures.push(made(
                ground.figure(sum.stated_from[0]),
                "whole",
                "count",
                whole,
            ));
            // Of fewer, all may be multiples by chance.
            (printed != whole && others >= 4).then_some(ROUNDED_COUNTS)?
        }
    };
    Some(Spoilt {
        figures,
        broken: vec![format!("{statement}[table={statement}]")],
        right: vec![CauseKind::IndependentRounding],
        unique: true,
    })
}

fn made(of: &Figure, table: &str, measure: &str, value: Decimal) -> Figure {
    let mut made = of.clone();
    made.value = value;
    let line = series(&mut made);
    line.table = Arc::from(table);
    line.measure = Arc::from(measure);
    line.file = Arc::from("the line after");
    made
}

/// A zero of a series that another one prints too was a blank cell, and the values after it stand one place to the left.
///
/// Where no other series prints the values, nothing says which label was blank: the sum is as it was, and a comparison
/// that counts labels says so (`tests/year_on_year/blanks.rs`). Here are none such: no statement is about one alone.
pub(super) fn vanished(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let twice: Vec<&Reconciliation> = ground
        .rows
        .iter()
        .filter(|row| row.rule.kind == "equals" && row.computed == Some(Decimal::ZERO))
        .collect();
    let row = *random.pick(&twice)?;
    let stated = random.below(2) == 0;
    let side = |row: &Reconciliation, this: bool| match this == stated {
        true => row.stated_from.clone(),
        false => row.computed_from.clone(),
    };
    let mut series: Vec<&Reconciliation> = ground
        .rows
        .iter()
        .filter(|other| {
            other.rule.rule_id == row.rule.rule_id
                && other.period == row.period
                && other.population == row.population
        })
        .collect();
    series.sort_by_key(|other| side(other, true));
    let mut spoilt = Vec::new();
    let mut kept = Vec::new();
    for other in &series {
        let ([this], [that]) = (&side(other, true)[..], &side(other, false)[..]) else {
            return None;
        };
        spoilt.push(*this);
        kept.push(*that);
    }
    let agree = series.iter().all(|other| other.verdict == Verdict::Agrees);
    let tables = |of: &[usize]| {
        of.iter()
            .all(|f| ground.figure(*f).table == ground.figure(of[0]).table)
    };
    if !agree || !kept.is_sorted() || !tables(&spoilt) || !tables(&kept) {
        return None;
    }
    let mut figures = ground.report.figures.clone();
    let blank = series
        .iter()
        .position(|other| other.statement == row.statement)?;
    let mut broken = Vec::new();
    for place in blank..series.len() - 1 {
        let value = ground.figure(spoilt[place + 1]).value;
        if figures[spoilt[place]].value != value {
            broken.push(series[place].statement.clone());
        }
        figures[spoilt[place]].value = value;
    }
    super::super::super::series(&mut figures[*spoilt.last()?]).table = Arc::from("nowhere");
    (!broken.is_empty()).then_some(Spoilt {
        figures,
        unique: broken.len() > 1,
        broken,
        right: vec![CauseKind::VanishedBlanks],
    })
}
