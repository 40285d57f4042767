//! Rows that are let go have no part in any cause: what is said is the same as if all had been kept.

use std::collections::BTreeMap;

use super::{report::Report, *};
use crate::reconcile::causes::explain;

/// Every how many of the publication's figures are spoilt, one at a time.
const EVERY: usize = 97;

#[test]
fn causes_are_the_same_as_if_every_row_were_kept() {
    let mut report = Report::read();
    let count = report.figures.len();
    let mut explained = 0;
    for spoilt in (0..count).step_by(EVERY) {
        let value = report.figures[spoilt].value;
        let more = value.checked_add(Decimal::from(9)).expect("it fits");
        report.figures[spoilt].value = more;
        let Report {
            statements,
            figures,
            lists,
        } = &report;
        let mut all = judge(statements, figures, lists);
        explain(&mut all, figures, &BTreeMap::new());
        let kept = evaluate(statements, figures, lists);
        let told = |rows: &[Reconciliation]| -> Vec<String> {
            rows.iter().map(|row| format!("{row:?}")).collect()
        };
        assert_eq!(told(&kept), told(&all), "{}", figures[spoilt].stated_at);
        explained += kept.iter().filter(|row| row.suspect.is_some()).count();
        report.figures[spoilt].value = value;
    }
    assert!(explained > count / EVERY, "{explained} suspects");
}
