//! `share_of`: a share is its part divided by its whole, rounded to the decimals that were printed.

use super::{
    Figure, Reconciliation,
    amounts::Amount,
    evidence,
    groups::{Groups, Ranks, joined},
    quotients::{MANY_DECIMALS, Written},
    rows::{InOrder, Rows},
    run::{Pair, Run},
    select::Side,
};
use crate::{
    decimal::{Decimal, Range},
    rules::totals::{Scale, ShareOf},
};

pub(super) fn rows(run: &Run<'_>, settings: &ShareOf, rows: &mut dyn Rows) {
    let [share, part, whole] = run.sides.as_slice() else {
        return;
    };
    let ranks = Ranks::new(&run.sides, &run.by);
    let sides = [share, part].map(|side| Groups::new(side, &run.by, &ranks));
    let wholes = Groups::new(whole, &run.on_keys(), &ranks);
    let mut found = Vec::new();
    joined(&sides, |key, _| {
        found.extend(wholes.find(&run.project(key)))
    });
    let lonely = run.lonely(&wholes, found.into_iter());
    let lonely_row = |group: &usize, detail| {
        let mut row = run.lonely_row(&wholes, *group, detail);
        row.computed_from = std::mem::take(&mut row.stated_from);
        row.not_evaluated(
            "a whole is there and neither `share` nor `part` has a figure of it".to_owned(),
        );
        row
    };
    let mut in_order = InOrder::new(lonely, &lonely_row, rows);
    joined(&sides, |key, members| {
        let &[of_share, of_part] = members else {
            return;
        };
        let lead = match (of_share, of_part) {
            (Some(members), _) => (share, members),
            (None, members) => (part, members.unwrap_or_default()),
        };
        in_order.push(key, &|detail| {
            let mut row = run.row(&run.by, lead, detail);
            if let Some(members) = of_share {
                row.stated_by(share, members);
            }
            let of_whole = wholes
                .find(&run.project(key))
                .map(|group| wholes.members(group));
            for (side, members) in [(part, of_part), (whole, of_whole)] {
                if let Some(members) = members {
                    row.held_against(side, members);
                }
            }
            let figures = one(share, of_share.unwrap_or_default()).and_then(|figure| {
                row.stated = figure.range().exact();
                let part = Amount::of(part, of_part.unwrap_or_default())?;
                let whole = Amount::of(whole, of_whole.unwrap_or_default())?;
                Ok((figure, part, whole))
            });
            match figures {
                Err(reason) if of_share.is_none() => {
                    let amounts = of_part.zip(of_whole).and_then(|(of_part, of_whole)| {
                        let part = Amount::of(part, of_part).ok()?;
                        Some((part, Amount::of(whole, of_whole).ok()?))
                    });
                    row.not_evaluated(reason);
                    if let Some((part, whole)) = amounts {
                        not_stated(settings, &mut row, &part, &whole);
                    }
                }
                Err(reason) => row.not_evaluated(reason),
                Ok((share, part, whole)) => judge(run, settings, &mut row, share, &part, &whole),
            }
            row
        });
    });
    in_order.finish();
}

impl ShareOf {
    fn written(&self, decimals: u32) -> Written {
        Written {
            shift: self.scale().shift(),
            decimals,
            rounding: self.rounding(),
        }
    }

    fn unit(&self) -> &'static str {
        match self.scale() {
            Scale::Percent => "%",
            Scale::Fraction => "",
        }
    }
}

/// What a share would be that is not stated: where it is nothing, a publication has left it out.
fn not_stated(
    settings: &ShareOf,
    row: &mut Reconciliation,
    part: &Amount<'_, '_>,
    whole: &Amount<'_, '_>,
) {
    let decimals = settings.decimals.as_ref().map_or(0, |at| at.value);
    let written = settings.written(decimals);
    let ratio = part.range.exact().zip(whole.range.exact());
    if let Some(ratio) = ratio.and_then(|(part, whole)| written.ratio(part, whole)) {
        let computed = written.rounding.of(ratio);
        row.computed = Some(computed);
        let (part, whole) = (evidence::amount(part, &[]), evidence::amount(whole, &[]));
        let unit = settings.unit();
        row.evidence
            .push_str(&format!(": {part} of {whole} is {computed}{unit}"));
    }
}

/// Rounded figures do not add up: a group has one share.
pub(super) fn one<'f>(side: &Side<'f>, members: &[usize]) -> Result<&'f Figure, String> {
    match members {
        [member] => Ok(side.figure(*member)),
        [] => Err(format!("`{}` has no figure here", side.name)),
        several => Err(format!(
            "`{}` selects {} figures where one {} is meant ({}): narrow the selector or add a key to `by`",
            side.name,
            several.len(),
            side.name,
            evidence::places_of(side, several)
        )),
    }
}

fn judge(
    run: &Run<'_>,
    settings: &ShareOf,
    row: &mut Reconciliation,
    share: &Figure,
    part: &Amount<'_, '_>,
    whole: &Amount<'_, '_>,
) {
    let below = |bound: Option<Decimal>| bound.is_some_and(|bound| bound <= Decimal::ZERO);
    if below(whole.range.most) {
        let (part, whole) = (part.range.grouped(), whole.range.grouped());
        row.not_evaluated(format!(
            "{part} of {whole} is no share: the whole is not above 0"
        ));
        return;
    }
    let printed = share.range();
    let decimals = match &settings.decimals {
        Some(at) => at.value,
        None => printed.exact().map_or(MANY_DECIMALS, Decimal::scale),
    };
    let (written, unit) = (settings.written(decimals), settings.unit());
    let too_large = || "the share is too large to be computed".to_owned();
    let stated = printed
        .exact()
        .map_or(printed, |value| Range::exactly(written.of(value)));
    let computed = match (part.range.exact(), whole.range.exact()) {
        (Some(of), Some(all)) => {
            let Some(ratio) = written.ratio(of, all) else {
                row.not_evaluated(too_large());
                return;
            };
            let closer = written.closer(of, all, ratio);
            let brought = evidence::brought(ratio, closer, written.rounding, unit);
            let (part, whole) = (evidence::amount(part, &[]), evidence::amount(whole, &[]));
            let said = evidence::printed(share, unit);
            row.evidence = format!("{part} of {whole} is {brought}; {said} stated");
            Range::exactly(written.rounding.of(ratio))
        }
        _ if part.range.least.is_none_or(|least| least < Decimal::ZERO) => {
            let part = part.range.grouped();
            row.not_evaluated(format!(
                "the part is {part}: nothing says that it is not below 0"
            ));
            return;
        }
        _ => {
            let (of, all) = (part.range, whole.range);
            // Nothing of anything is still nothing.
            let least = all
                .most
                .map_or((Some(Decimal::ZERO), Some(Decimal::from(1))), |most| {
                    (of.least, Some(most))
                });
            let Some(range) = written.range(least, (of.most, all.least)) else {
                row.not_evaluated(too_large());
                return;
            };
            let (part, whole) = (evidence::amount(part, &[]), evidence::amount(whole, &[]));
            let (is, said) = (range.grouped(), evidence::printed(share, unit));
            row.evidence = format!("{part} of {whole} is {is}{unit}; {said} stated");
            range
        }
    };
    let pair = Pair {
        stated,
        computed,
        figures: std::iter::empty(),
        suppressed: part.suppressed() + whole.suppressed() + usize::from(stated.exact().is_none()),
    };
    run.settle(row, &pair, |difference, tolerance| {
        Some(difference.checked_abs()? <= tolerance)
    });
}
