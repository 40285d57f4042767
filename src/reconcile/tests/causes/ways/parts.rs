//! Parts that are left out, there twice or elsewhere, or that make up for each other.

use super::super::{
    super::*,
    ground::{Ground, Spoilt, number},
    trial::Random,
};
use crate::reconcile::causes::CauseKind;

pub(super) fn missing(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    if ground.figure(figure).value == Decimal::ZERO {
        return None;
    }
    let mut spoilt = ground.with(figure, number(-1), &[CauseKind::PartMissing])?;
    spoilt.figures = ground.report.figures.clone();
    // In a table that no statement is about; the others keep their places.
    series(&mut spoilt.figures[figure]).table = Arc::from("nowhere");
    spoilt.broken = ground
        .parts(figure, "sums_to")
        .iter()
        .map(|row| row.statement.clone())
        .collect();
    Some(spoilt)
}

pub(super) fn twice(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    let value = ground.figure(figure).value;
    if value == Decimal::ZERO {
        return None;
    }
    let mut spoilt = ground.with(figure, number(-1), &[CauseKind::CountedTwice])?;
    spoilt.figures = ground.report.figures.clone();
    let mut again = ground.figure(figure).clone();
    series(&mut again).file = Arc::from("the line after");
    spoilt.figures.push(again);
    spoilt.broken = ground
        .parts(figure, "sums_to")
        .iter()
        .map(|row| row.statement.clone())
        .collect();
    spoilt.unique = true;
    Some(spoilt)
}

/// A level of one need stands under another need.
pub(super) fn moved(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let figure = ground.part(random)?;
    let [row] = ground.parts(figure, "sums_to")[..] else {
        return None;
    };
    let siblings: Vec<&Reconciliation> = ground
        .rows
        .iter()
        .filter(|other| {
            let table = |row: &Reconciliation| ground.figure(row.computed_from[0]).table.clone();
            other.rule.rule_id == row.rule.rule_id
                && other.category.is_some()
                && other.category == row.category
                && other.population == row.population
                && other.period == row.period
                && other.verdict == Verdict::Agrees
                && table(other) != table(row)
        })
        .collect();
    let other = *random.pick(&siblings)?;
    let mut spoilt = ground.with(figure, number(-1), &[CauseKind::MovedBetweenGroups])?;
    spoilt.figures = ground.report.figures.clone();
    let elsewhere = series(&mut spoilt.figures[figure]);
    elsewhere.table = Arc::clone(&ground.figure(other.computed_from[0]).table);
    elsewhere.file = Arc::from("elsewhere");
    spoilt.broken = vec![row.statement.clone(), other.statement.clone()];
    let value = ground.figure(figure).value;
    // Only where no other part of that group is as large.
    let alike = other
        .computed_from
        .iter()
        .any(|part| ground.figure(*part).value == value);
    spoilt.unique = !alike;
    (value != Decimal::ZERO).then_some(spoilt)
}

pub(super) fn compensating(ground: &Ground, random: &mut Random) -> Option<Spoilt> {
    let one = ground.part(random)?;
    let sum = ground.parts(one, "sums_to")[0];
    let others: Vec<usize> = sum
        .computed_from
        .iter()
        .copied()
        .filter(|other| {
            *other != one && ground.sound.contains(other) && !ground.equals(*other).is_empty()
        })
        .collect();
    let other = *random.pick(&others)?;
    let off = 1 + i128::try_from(random.below(40)).expect("small");
    let (more, less) = (
        ground.figure(one).value.mantissa() + off,
        ground.figure(other).value.mantissa() - off,
    );
    if less < 0 || ground.equals(one).is_empty() {
        return None;
    }
    let mut spoilt = ground.with(one, number(more), &[CauseKind::AgreeingTotal])?;
    spoilt.figures[other].value = number(less);
    let equals = ground.equals(one).into_iter().chain(ground.equals(other));
    spoilt.broken = equals.map(|row| row.statement.clone()).collect();
    Some(spoilt)
}
