//! `flow`: what there was, what came and what went make what there is.

use super::{
    Reconciliation,
    amounts::Amount,
    evidence,
    groups::{Groups, Ranks, joined},
    rows::Rows,
    run::{Pair, Run},
};
use crate::{decimal::Range, rules::totals::Flow};

pub(super) fn rows(run: &Run<'_>, settings: &Flow, rows: &mut dyn Rows) {
    let came = settings.entries.all.len();
    let ranks = Ranks::new(&run.sides, &run.by);
    let sides: Vec<Groups<'_, '_>> = run
        .sides
        .iter()
        .map(|side| Groups::new(side, &run.by, &ranks))
        .collect();
    joined(&sides, |_, members| {
        let closing = members.len() - 1;
        // A reader looks for the figure at the end, and for the first of the others where there is none.
        let lead = members[closing].map(|found| (closing, found)).or_else(|| {
            let mut all = members.iter().enumerate();
            all.find_map(|(side, found)| Some((side, (*found)?)))
        });
        let Some((lead, found)) = lead else {
            return;
        };
        rows.next(&|detail| {
            let mut row = run.row(&run.by, (&run.sides[lead], found), detail);
            let mut amounts = Vec::with_capacity(members.len());
            for (at, (side, found)) in run.sides.iter().zip(members).enumerate() {
                if let Some(found) = found {
                    match at {
                        _ if at == closing => row.stated_by(side, found),
                        _ if at <= came => row.held_against(side, found),
                        _ => row.less(side, found),
                    }
                }
                amounts.push(found.map(|found| Amount::of(side, found)).transpose());
            }
            match amounts.into_iter().collect::<Result<Vec<_>, String>>() {
                Err(reason) => row.not_evaluated(reason),
                Ok(amounts) => judge(run, &mut row, amounts, came),
            }
            row
        });
    });
}

fn judge(
    run: &Run<'_>,
    row: &mut Reconciliation,
    amounts: Vec<Option<Amount<'_, '_>>>,
    came: usize,
) {
    let several = |name: &str| run.sides.iter().filter(|side| side.name == name).count() > 1;
    let missing: Vec<String> = run
        .sides
        .iter()
        .zip(&amounts)
        .filter(|(_, amount)| amount.is_none())
        .map(|(side, _)| match several(side.name) {
            true => format!("`{}` ({})", side.name, side.settings),
            false => format!("`{}`", side.name),
        })
        .collect();
    let known: Vec<Amount<'_, '_>> = amounts.into_iter().flatten().collect();
    let closing = known.last().filter(|amount| amount.side.name == "closing");
    row.stated = closing.and_then(|amount| amount.range.exact());
    if !missing.is_empty() {
        let figures: Vec<String> = known.iter().map(named).collect();
        let have = if missing.len() == 1 { "has" } else { "have" };
        row.not_evaluated(format!(
            "{} {have} no figure here: {}",
            missing.join(" and "),
            figures.join(", ")
        ));
        return;
    }
    let Some((closing, before)) = known.split_last() else {
        return;
    };
    let computed = before.iter().enumerate().try_fold(
        Range::exactly(crate::decimal::Decimal::ZERO),
        |sum, (at, amount)| match at <= came {
            true => sum.checked_add(amount.range),
            false => sum.checked_sub(amount.range),
        },
    );
    let Some(computed) = computed else {
        row.not_evaluated("the figures are too large to be added".to_owned());
        return;
    };
    let mut evidence = String::new();
    for (at, amount) in before.iter().enumerate() {
        evidence.push_str(match at {
            0 => "",
            _ if at <= came => " + ",
            _ => " − ",
        });
        evidence.push_str(&named(amount));
    }
    let (is, stated) = (computed.grouped(), evidence::amount(closing, &[]));
    row.evidence = format!("{evidence} is {is} against {stated} stated");
    let pair = Pair {
        stated: closing.range,
        computed,
        figures: known.iter().flat_map(Amount::values),
        suppressed: known.iter().map(Amount::suppressed).sum(),
    };
    run.settle(row, &pair, |difference, tolerance| {
        Some(difference.checked_abs()? <= tolerance)
    });
}

/// `in 20 (12 + 8)`.
fn named(amount: &Amount<'_, '_>) -> String {
    format!("{} {}", amount.side.name, evidence::amount(amount, &[]))
}
