//! `sums_to`: the parts of each group add up to its total.

use super::{
    Reconciliation,
    amounts::Amount,
    evidence,
    groups::{Groups, Ranks},
    rows::{InOrder, Rows},
    run::Run,
};

pub(super) fn rows(run: &Run<'_>, rows: &mut dyn Rows) {
    let [parts, total] = run.sides.as_slice() else {
        return;
    };
    let ranks = Ranks::new(&run.sides, &run.by);
    let parts = Groups::new(parts, &run.by, &ranks);
    let totals = Groups::new(total, &run.on_keys(), &ranks);
    let total_of = |group| totals.find(&run.project(parts.key(group)));
    let lonely = run.lonely(&totals, (0..parts.len()).filter_map(total_of));
    let lonely_row = |total: &usize, detail| {
        let mut row = run.lonely_row(&totals, *total, detail);
        row.not_evaluated("a total is stated and `parts` selects none for it".to_owned());
        row
    };
    let mut in_order = InOrder::new(lonely, &lonely_row, rows);
    for group in 0..parts.len() {
        let members = parts.members(group);
        let total = total_of(group).map(|total| totals.members(total));
        in_order.push(parts.key(group), &|detail| {
            let mut row = run.row(&run.by, (parts.side, members), detail);
            row.held_against(parts.side, members);
            if let Some(total) = total {
                row.stated_by(totals.side, total);
            }
            match Amount::of(parts.side, members) {
                Err(reason) => row.not_evaluated(reason),
                Ok(parts) => compare(
                    run,
                    &mut row,
                    &parts,
                    total.map(|total| Amount::of(totals.side, total)),
                ),
            }
            row
        });
    }
    in_order.finish();
}

fn compare(
    run: &Run<'_>,
    row: &mut Reconciliation,
    parts: &Amount<'_, '_>,
    total: Option<Result<Amount<'_, '_>, String>>,
) {
    row.computed = parts.range.exact();
    match total {
        None => {
            let parts = evidence::parts_alone(parts, "part");
            row.not_evaluated(format!("{parts} and no total is stated for it"));
        }
        Some(Err(reason)) => row.not_evaluated(reason),
        Some(Ok(total)) => {
            row.say(|| evidence::sum(parts, "part", &total));
            run.compare(row, &total, parts);
        }
    }
}
