//! What becomes of rows and values: outcomes in, a settlement out. Pure: no I/O, no clock, no SQL.

use arrow::{
    array::{Array, BooleanArray},
    buffer::BooleanBuffer,
};

use crate::{
    discrepancy::Action,
    rules::{Nulls, OnFail},
};

/// The three outcomes of one rule over a batch, and the rows to which it does not apply; the four add up to the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// Rows that fail.
    pub fail: BooleanBuffer,
    /// Those of them about which something is done.
    pub acted: BooleanBuffer,
    /// Rows that pass.
    pub passed: usize,
    /// Rows that fail.
    pub failed: usize,
    /// Rows that could not be evaluated.
    pub not_evaluated: usize,
    /// Rows outside the rule's `where`.
    pub not_applicable: usize,
}

impl Outcomes {
    /// Settles a three-valued predicate. `applies` is the rule's `where`: only true counts.
    pub fn of(predicate: &BooleanArray, applies: Option<&BooleanArray>, nulls: Nulls) -> Self {
        let evaluated = match predicate.nulls() {
            Some(nulls) => nulls.inner().clone(),
            None => BooleanBuffer::new_set(predicate.len()),
        };
        Self::settle(&!predicate.values(), &evaluated, applies, nulls)
    }

    /// Settles rows that are known to fail among those that are evaluated.
    pub fn of_failing(
        failing: &BooleanBuffer,
        evaluated: Option<&BooleanArray>,
        applies: Option<&BooleanArray>,
        nulls: Nulls,
    ) -> Self {
        let evaluated = match evaluated {
            Some(evaluated) => is_true(evaluated),
            None => BooleanBuffer::new_set(failing.len()),
        };
        Self::settle(failing, &evaluated, applies, nulls)
    }

    fn settle(
        bad: &BooleanBuffer,
        evaluated: &BooleanBuffer,
        applies: Option<&BooleanArray>,
        nulls: Nulls,
    ) -> Self {
        let rows = bad.len();
        let applies = match applies {
            Some(applies) => is_true(applies),
            None => BooleanBuffer::new_set(rows),
        };
        let unknown = &applies & &!evaluated;
        let mut fail = &(&applies & evaluated) & bad;
        let mut not_evaluated = unknown.count_set_bits();
        match nulls {
            Nulls::NotEvaluated => {}
            Nulls::Fail => {
                fail = &fail | &unknown;
                not_evaluated = 0;
            }
            Nulls::Pass => not_evaluated = 0,
        }
        let failed = fail.count_set_bits();
        let applicable = applies.count_set_bits();
        Self {
            passed: applicable - failed - not_evaluated,
            failed,
            not_evaluated,
            not_applicable: rows - applicable,
            acted: fail.clone(),
            fail,
        }
    }

    /// The same, where nothing is done about `rows`.
    pub fn sparing(mut self, rows: &BooleanBuffer) -> Self {
        self.acted = &self.fail & &!rows;
        self
    }
}

fn is_true(array: &BooleanArray) -> BooleanBuffer {
    match array.nulls() {
        Some(nulls) => array.values() & nulls.inner(),
        None => array.values().clone(),
    }
}

/// Where the rows of a batch go, and which values go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Rows of the clean table.
    pub clean: BooleanBuffer,
    /// Rows of the quarantine table.
    pub quarantined: BooleanBuffer,
    /// Rows left out.
    pub excluded: BooleanBuffer,
    /// Columns whose failing values become null.
    pub nulled: Vec<(usize, BooleanBuffer)>,
}

/// Settles a batch of `rows` from each rule's disposition, column and failing rows. Excluding a row wins over quarantining it.
pub fn settle<'r>(
    rows: usize,
    failures: impl IntoIterator<Item = (OnFail, Option<usize>, &'r BooleanBuffer)>,
) -> Settlement {
    let mut quarantined = BooleanBuffer::new_unset(rows);
    let mut excluded = BooleanBuffer::new_unset(rows);
    let mut nulled: Vec<(usize, BooleanBuffer)> = Vec::new();
    for (on_fail, column, fail) in failures {
        match (on_fail, column) {
            (OnFail::Quarantine, _) => quarantined = &quarantined | fail,
            (OnFail::Exclude, _) => excluded = &excluded | fail,
            (OnFail::Null, Some(column)) => match nulled.iter_mut().find(|n| n.0 == column) {
                Some((_, mask)) => *mask = &*mask | fail,
                None => nulled.push((column, fail.clone())),
            },
            (OnFail::Keep | OnFail::Correct | OnFail::Null, _) => {}
        }
    }
    let quarantined = &quarantined & &!&excluded;
    Settlement {
        clean: !&(&quarantined | &excluded),
        quarantined,
        excluded,
        nulled,
    }
}

impl Settlement {
    /// Whether the clean table holds what conforming made of this cell: its row stays, and no rule makes it null.
    pub fn holds(&self, row: usize, column: usize) -> bool {
        let nulled = || self.nulled.iter().find(|n| n.0 == column);
        self.clean.value(row) && !nulled().is_some_and(|(_, mask)| mask.value(row))
    }

    /// What became of a row for which a rule did `action`: one that another rule excludes is in no quarantine.
    pub fn done(&self, row: usize, action: Action) -> Action {
        match action {
            Action::Quarantined if self.excluded.value(row) => Action::Excluded,
            action => action,
        }
    }
}

/// What a rule's own disposition did about a failure. What becomes of a code that stays depends on the text: see `conform`.
pub fn action(on_fail: OnFail, corrected: Option<Action>) -> Action {
    match on_fail {
        OnFail::Keep | OnFail::Correct => corrected.unwrap_or(Action::Kept),
        OnFail::Null => Action::Nulled,
        OnFail::Quarantine => Action::Quarantined,
        OnFail::Exclude => Action::Excluded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> BooleanBuffer {
        text.chars().map(|c| c == '1').collect()
    }

    #[test]
    fn null_is_neither_pass_nor_fail() {
        let predicate = BooleanArray::from(vec![Some(true), Some(false), None, Some(false), None]);
        let applies =
            BooleanArray::from(vec![Some(true), Some(true), Some(true), Some(false), None]);
        for (nulls, fail, counts) in [
            (Nulls::NotEvaluated, "01000", (1, 1, 1, 2)),
            (Nulls::Fail, "01100", (1, 2, 0, 2)),
            (Nulls::Pass, "01000", (2, 1, 0, 2)),
        ] {
            let settled = Outcomes::of(&predicate, Some(&applies), nulls);
            assert_eq!(settled.fail, bits(fail), "{nulls:?}");
            let got = (
                settled.passed,
                settled.failed,
                settled.not_evaluated,
                settled.not_applicable,
            );
            assert_eq!(got, counts, "{nulls:?}");
        }
    }

    #[test]
    fn known_failures_count_only_where_evaluated() {
        let evaluated = BooleanArray::from(vec![Some(true), Some(false), None]);
        let settled =
            Outcomes::of_failing(&bits("111"), Some(&evaluated), None, Nulls::NotEvaluated);
        assert_eq!((settled.failed, settled.not_evaluated), (1, 2));
    }

    #[test]
    fn excluding_wins() {
        let (q, x, n) = (bits("1100"), bits("0110"), bits("0001"));
        let settled = settle(
            4,
            [
                (OnFail::Quarantine, None, &q),
                (OnFail::Exclude, None, &x),
                (OnFail::Null, Some(2), &n),
                (OnFail::Null, Some(2), &q),
                (OnFail::Keep, Some(1), &n),
            ],
        );
        assert_eq!(settled.clean, bits("0001"));
        assert_eq!(settled.quarantined, bits("1000"));
        assert_eq!(settled.excluded, bits("0110"));
        assert_eq!(settled.nulled, vec![(2, bits("1101"))]);
        for (row, action, done) in [
            (0, Action::Quarantined, Action::Quarantined),
            (1, Action::Quarantined, Action::Excluded),
            (1, Action::Excluded, Action::Excluded),
            (1, Action::Kept, Action::Kept),
        ] {
            assert_eq!(settled.done(row, action), done, "{row} {action}");
        }
        let holds = |column| {
            (0..4)
                .map(|row| settled.holds(row, column))
                .collect::<BooleanBuffer>()
        };
        assert_eq!((holds(1), holds(2)), (bits("0001"), bits("0000")));
    }
}
