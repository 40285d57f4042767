//! `share_of`: a share is its part divided by its whole, rounded half up to the decimals that were printed.

use super::{
    Figure, Reconciliation, evidence,
    groups::{Amount, GroupKey, Groups, Ranks},
    run::Run,
    select::Side,
};
use crate::{
    decimal::Decimal,
    rules::totals::{Scale, ShareOf},
};

pub(super) fn rows(run: &Run<'_>, settings: &ShareOf) -> Vec<(GroupKey, Reconciliation)> {
    let [share, part, whole] = run.sides.as_slice() else {
        return Vec::new();
    };
    let on = run.on_keys();
    let ranks = Ranks::new(&run.sides, &run.by);
    let shares = Groups::new(share, &run.by, &ranks);
    let parts = Groups::new(part, &run.by, &ranks);
    let wholes = Groups::new(whole, &on, &ranks);
    let mut rows = Vec::new();
    for (group, members) in shares.sorted() {
        let mut row = run.row(&run.by, (share, members));
        row.stated_by(share, members);
        let key = run.project(group);
        let (of_part, of_whole) = (parts.get(group), wholes.get(&key));
        for (side, members) in [(part, of_part), (whole, of_whole)] {
            if let Some(members) = members {
                row.held_against(side, members);
            }
        }
        let figures = one_share(share, members).and_then(|figure| {
            row.stated = Some(figure.value);
            let part = Amount::of(part, of_part.unwrap_or_default())?;
            let whole = Amount::of(whole, of_whole.unwrap_or_default())?;
            Ok((figure, part, whole))
        });
        match figures {
            Err(reason) => row.not_evaluated(reason),
            Ok((share, part, whole)) => judge(run, settings, &mut row, share, &part, &whole),
        }
        rows.push((group.clone(), row));
    }
    rows
}

/// Shares are rounded, so they do not add up: a group has one.
fn one_share<'f>(side: &Side<'f>, members: &[usize]) -> Result<&'f Figure, String> {
    match members {
        [member] => Ok(side.figure(*member)),
        several => Err(format!(
            "`{}` selects {} figures where one share is meant ({}): narrow the selector or add a key to `by`",
            side.name,
            several.len(),
            evidence::places(side, several)
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
    if whole.value <= Decimal::ZERO {
        let (part, whole) = (part.value.grouped(), whole.value.grouped());
        row.not_evaluated(format!(
            "{part} of {whole} is no share: the whole is not above 0"
        ));
        return;
    }
    let decimals = settings
        .decimals
        .as_ref()
        .map_or(share.value.scale(), |at| at.value);
    let shift = settings.scale().shift();
    let ratio = part.value.ratio(whole.value, shift, decimals);
    // Two decimals more show how close to the boundary the share is; where they do not fit, the share itself must do.
    let closer = part
        .value
        .ratio(whole.value, shift, decimals.saturating_add(2));
    let Some(ratio) = ratio else {
        row.not_evaluated("the share is too large to be computed".to_owned());
        return;
    };
    let unit = match settings.scale() {
        Scale::Percent => "%",
        Scale::Fraction => "",
    };
    row.evidence = evidence::share(share, part, whole, ratio, closer.unwrap_or(ratio), unit);
    run.compare(row, share.value.rounded(decimals), ratio.rounded);
}
