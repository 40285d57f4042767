//! `sums_to`: the parts of each group add up to its total.

use std::collections::HashSet;

use super::{
    Reconciliation, evidence,
    groups::{GroupKey, Groups, single, unaddable},
    run::Run,
    select::Side,
};
use crate::decimal::Decimal;

pub(super) fn rows(run: &Run<'_>) -> Vec<(GroupKey, Reconciliation)> {
    let [parts, total] = run.sides.as_slice() else {
        return Vec::new();
    };
    let on = run.on_keys();
    let (parts, totals) = (Groups::new(parts, &run.by), Groups::new(total, &on));
    let mut rows = Vec::new();
    let mut matched: HashSet<GroupKey> = HashSet::new();
    for (group, members) in parts.sorted() {
        let mut row = run.row(&run.by, group, (parts.side, members));
        row.held_against(parts.side, members);
        let key = run.project(group);
        let total = totals.get(&key);
        if let Some(total) = total {
            row.stated_by(totals.side, total);
        }
        match add(parts.side, members) {
            Err(reason) => row.not_evaluated(reason),
            Ok(sum) => compare(
                run,
                &mut row,
                (parts.side, members),
                sum,
                (totals.side, total),
            ),
        }
        matched.insert(key);
        rows.push((group.clone(), row));
    }
    for (group, members) in totals.sorted() {
        if !matched.contains(group) {
            let mut row = run.row(&on, group, (totals.side, members));
            row.stated_by(totals.side, members);
            row.not_evaluated("a total is stated and `parts` selects none for it".to_owned());
            rows.push((group.clone(), row));
        }
    }
    rows
}

fn add(side: &Side<'_>, members: &[usize]) -> Result<Decimal, String> {
    if let Some(reason) = unaddable(side, members) {
        return Err(reason);
    }
    members
        .iter()
        .try_fold(Decimal::ZERO, |sum, m| {
            sum.checked_add(side.figure(*m).value)
        })
        .ok_or_else(|| {
            format!(
                "the sum of {} parts is too large to be computed",
                members.len()
            )
        })
}

fn compare(
    run: &Run<'_>,
    row: &mut Reconciliation,
    (parts, members): (&Side<'_>, &[usize]),
    sum: Decimal,
    (totals, total): (&Side<'_>, Option<&[usize]>),
) {
    row.computed = Some(sum);
    let Some(total) = total else {
        let noun = if members.len() == 1 { "part" } else { "parts" };
        row.not_evaluated(format!(
            "sum of {} {noun} {} and no total is stated for it",
            members.len(),
            sum.grouped()
        ));
        return;
    };
    match single(totals, total) {
        Err(reason) => row.not_evaluated(reason),
        Ok(total) => {
            let values: Vec<Decimal> = members.iter().map(|m| parts.figure(*m).value).collect();
            row.evidence = evidence::sum(&values, sum, total.value);
            run.compare(row, total.value, sum);
        }
    }
}
