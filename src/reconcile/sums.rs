//! `sums_to`: the parts of each group add up to its total.

use std::collections::HashSet;

use super::{
    Reconciliation, evidence,
    groups::{Amount, GroupKey, Groups, Ranks},
    run::Run,
};

pub(super) fn rows(run: &Run<'_>) -> Vec<(GroupKey, Reconciliation)> {
    let [parts, total] = run.sides.as_slice() else {
        return Vec::new();
    };
    let on = run.on_keys();
    let ranks = Ranks::new(&run.sides, &run.by);
    let parts = Groups::new(parts, &run.by, &ranks);
    let totals = Groups::new(total, &on, &ranks);
    let mut rows = Vec::new();
    let mut matched: HashSet<GroupKey> = HashSet::new();
    for (group, members) in parts.sorted() {
        let mut row = run.row(&run.by, (parts.side, members));
        row.held_against(parts.side, members);
        let key = run.project(group);
        let total = totals.get(&key);
        if let Some(total) = total {
            row.stated_by(totals.side, total);
        }
        match Amount::of(parts.side, members) {
            Err(reason) => row.not_evaluated(reason),
            Ok(parts) => compare(
                run,
                &mut row,
                &parts,
                total.map(|t| Amount::of(totals.side, t)),
            ),
        }
        matched.insert(key);
        rows.push((group.clone(), row));
    }
    for (group, members) in totals.sorted_unless(|group| matched.contains(group)) {
        let mut row = run.row(&on, (totals.side, members));
        row.stated_by(totals.side, members);
        row.not_evaluated("a total is stated and `parts` selects none for it".to_owned());
        rows.push((group.clone(), row));
    }
    rows
}

fn compare(
    run: &Run<'_>,
    row: &mut Reconciliation,
    parts: &Amount<'_, '_>,
    total: Option<Result<Amount<'_, '_>, String>>,
) {
    row.computed = Some(parts.value);
    match total {
        None => {
            let parts = evidence::parts_alone(parts);
            row.not_evaluated(format!("{parts} and no total is stated for it"));
        }
        Some(Err(reason)) => row.not_evaluated(reason),
        Some(Ok(total)) => {
            row.evidence = evidence::sum(parts, &total);
            run.compare(row, total.value, parts.value);
        }
    }
}
