//! `share_of`: a share is its part divided by its whole, rounded half up to the decimals that were printed.

use std::collections::HashSet;

use super::{
    Reconciliation, evidence,
    groups::{GroupKey, Groups, single},
    run::Run,
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
    let shares = Groups::new(share, &run.by);
    let parts = Groups::new(part, &run.by);
    let wholes = Groups::new(whole, &on);
    let mut rows = Vec::new();
    let mut matched: HashSet<GroupKey> = HashSet::new();
    for (group, members) in shares.sorted() {
        let mut row = run.row(&run.by, group, (share, members));
        row.stated_by(share, members);
        let key = run.project(group);
        let (of_part, of_whole) = (parts.get(group), wholes.get(&key));
        for (side, members) in [(part, of_part), (whole, of_whole)] {
            if let Some(members) = members {
                row.held_against(side, members);
            }
        }
        let figures = single(share, members).and_then(|figure| {
            row.stated = Some(figure.value);
            let part = single(part, of_part.unwrap_or_default())?;
            let whole = single(whole, of_whole.unwrap_or_default())?;
            Ok((figure, part, whole))
        });
        match figures {
            Err(reason) => row.not_evaluated(reason),
            Ok((share, part, whole)) => judge(run, settings, &mut row, [share, part, whole]),
        }
        matched.insert(key);
        rows.push((group.clone(), row));
    }
    for (group, members) in parts.sorted() {
        matched.insert(run.project(group));
        if shares.get(group).is_none() {
            let mut row = run.row(&run.by, group, (part, members));
            row.held_against(part, members);
            row.not_evaluated("a part is there and no share of it is stated".to_owned());
            rows.push((group.clone(), row));
        }
    }
    for (group, members) in wholes.sorted() {
        if !matched.contains(group) {
            let mut row = run.row(&on, group, (whole, members));
            row.held_against(whole, members);
            row.not_evaluated("a whole is there and no share of it is stated".to_owned());
            rows.push((group.clone(), row));
        }
    }
    rows
}

fn judge(
    run: &Run<'_>,
    settings: &ShareOf,
    row: &mut Reconciliation,
    [share, part, whole]: [&super::Figure; 3],
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
