//! Defects of what hangs on cases: contact attempts, needs assessments and support actions.

use super::{FUTURE, Planter, UNREADABLE, enhanced, lost, plainly_closed};
use crate::figures::{BLANK, NEEDS};
use crate::tables::{Name, Tables};

const ATTEMPTS: Name = Name::ContactAttempts;
const NEEDS_TABLE: Name = Name::NeedsAssessments;
const ACTIONS: Name = Name::SupportActions;

impl Planter<'_, '_> {
    /// No count of the report looks at attempts, so their defects stand anywhere.
    pub(super) fn contact_attempts(&mut self) {
        let rows = self.take(ATTEMPTS, self.times(4), any);
        self.spoil_all(
            "missing-key",
            "not_null",
            (ATTEMPTS, &rows, "attempt_ref"),
            &[BLANK],
        );
        for row in self.take(ATTEMPTS, self.times(4), any) {
            let second = self.copy(ATTEMPTS, row, 12);
            self.found(
                "repeated-key",
                "attempt_ref.unique",
                ATTEMPTS,
                second,
                "attempt_ref",
            );
        }
        let rows = self.take(ATTEMPTS, self.times(4), any);
        self.spoil_all(
            "missing-reference",
            "not_null",
            (ATTEMPTS, &rows, "case_ref"),
            &[BLANK],
        );
        for row in self.take(ATTEMPTS, self.times(4), any) {
            let case = lost(&self.cell(ATTEMPTS, row, "case_ref"));
            self.spoil("orphan", "relationships", (ATTEMPTS, row, "case_ref"), case);
        }
        let column = "attempted_on";
        let rows = self.take(ATTEMPTS, self.times(4), any);
        self.spoil_all(
            "missing-date",
            "not_null",
            (ATTEMPTS, &rows, column),
            &[BLANK],
        );
        let rows = self.take(ATTEMPTS, self.times(4), any);
        self.spoil_all("bad-date", "type", (ATTEMPTS, &rows, column), &UNREADABLE);
        let rows = self.take(ATTEMPTS, self.times(4), any);
        self.spoil_all(
            "future-date",
            "not_in_future",
            (ATTEMPTS, &rows, column),
            &FUTURE,
        );
        for column in ["channel", "result"] {
            let rows = self.take(ATTEMPTS, self.times(4), any);
            self.spoil_all(
                "missing-value",
                "not_null",
                (ATTEMPTS, &rows, column),
                &[BLANK],
            );
            let rows = self.take(ATTEMPTS, self.times(4), any);
            self.unknown_codes((ATTEMPTS, &rows, column));
            self.misspellings(ATTEMPTS, column, 6);
        }
    }

    /// Defects of keys stand on added rows: the year's assessments are counted.
    pub(super) fn needs_assessments(&mut self) {
        for row in self.added_assessments(4) {
            self.spoil(
                "missing-key",
                "not_null",
                (NEEDS_TABLE, row, "case_ref"),
                BLANK,
            );
        }
        for row in self.added_assessments(4) {
            let case = lost(&self.cell(NEEDS_TABLE, row, "case_ref"));
            self.spoil(
                "orphan",
                "relationships",
                (NEEDS_TABLE, row, "case_ref"),
                case,
            );
        }
        for case in self.outside(4, plainly_closed) {
            for row in self.added_assessments_one() {
                let reference = self.cell(Name::Cases, case, "case_ref");
                self.set(NEEDS_TABLE, row, "case_ref", reference);
                self.found(
                    "not-enhanced",
                    "case_ref.only_enhanced",
                    NEEDS_TABLE,
                    row,
                    "case_ref",
                );
            }
        }
        for column in ["stage", "need_area"] {
            let rows = self.added_assessments(4);
            self.spoil_all(
                "missing-key",
                "not_null",
                (NEEDS_TABLE, &rows, column),
                &[BLANK],
            );
            let rows = self.added_assessments(4);
            self.unknown_codes((NEEDS_TABLE, &rows, column));
            self.misspellings(NEEDS_TABLE, column, 4);
        }
        for row in self.added_assessments(6) {
            self.found("repeated-key", "key.unique", NEEDS_TABLE, row, "case_ref");
        }
        // A level that is nulled counts as not recorded, which it was.
        let unrecorded = |tables: &Tables<'_>, row| tables.cell(NEEDS_TABLE, row, "level") == BLANK;
        let rows = self.take(NEEDS_TABLE, self.times(4), unrecorded);
        self.unknown_codes((NEEDS_TABLE, &rows, "level"));
        self.misspellings(NEEDS_TABLE, "level", 6);
        let rows = self.take(NEEDS_TABLE, self.times(4), dated);
        self.spoil_all(
            "bad-date",
            "type",
            (NEEDS_TABLE, &rows, "assessed_on"),
            &UNREADABLE,
        );
        let rows = self.take(NEEDS_TABLE, self.times(4), dated);
        self.spoil_all(
            "future-date",
            "not_in_future",
            (NEEDS_TABLE, &rows, "assessed_on"),
            &FUTURE,
        );
    }

    /// Second copies of recorded assessments, each of another need.
    fn added_assessments(&mut self, in_a_block: usize) -> Vec<usize> {
        (0..self.times(in_a_block))
            .flat_map(|index| self.added_assessment(NEEDS[index % 10].0))
            .collect()
    }

    fn added_assessments_one(&mut self) -> Vec<usize> {
        self.added_assessment(NEEDS[0].0)
    }

    fn added_assessment(&mut self, need: &'static str) -> Vec<usize> {
        let recorded = |tables: &Tables<'_>, row: usize| {
            tables.cell(NEEDS_TABLE, row, "need_area") == need
                && tables.cell(NEEDS_TABLE, row, "stage") == "Start"
                && dated(tables, row)
        };
        let rows = self.take(NEEDS_TABLE, 1, recorded);
        rows.into_iter()
            .map(|row| self.copy(NEEDS_TABLE, row, 0))
            .collect()
    }

    /// Actions of the year's enhanced cases are counted, so most defects stand on added ones of cases outside it.
    pub(super) fn support_actions(&mut self) {
        let hosts = self.outside(6, enhanced);
        let rows = self.added_actions(&hosts, 4);
        self.spoil_all(
            "missing-key",
            "not_null",
            (ACTIONS, &rows, "action_ref"),
            &[BLANK],
        );
        for row in self.take(ACTIONS, self.times(4), any) {
            let second = self.copy(ACTIONS, row, 7);
            self.found(
                "repeated-key",
                "action_ref.unique",
                ACTIONS,
                second,
                "action_ref",
            );
        }
        let rows = self.added_actions(&hosts, 4);
        self.spoil_all(
            "missing-reference",
            "not_null",
            (ACTIONS, &rows, "case_ref"),
            &[BLANK],
        );
        for row in self.added_actions(&hosts, 4) {
            let case = lost(&self.cell(ACTIONS, row, "case_ref"));
            self.spoil("orphan", "relationships", (ACTIONS, row, "case_ref"), case);
        }
        let others = self.outside(4, plainly_closed);
        for row in self.added_actions(&others, 4) {
            self.found(
                "not-enhanced",
                "case_ref.only_enhanced",
                ACTIONS,
                row,
                "case_ref",
            );
        }
        let rows = self.added_actions(&hosts, 4);
        self.spoil_all(
            "missing-value",
            "not_null",
            (ACTIONS, &rows, "action"),
            &[BLANK],
        );
        let rows = self.added_actions(&hosts, 4);
        self.unknown_codes((ACTIONS, &rows, "action"));
        self.misspellings(ACTIONS, "action", 6);
        let rows = self.take(ACTIONS, self.times(4), any);
        self.spoil_all(
            "bad-date",
            "type",
            (ACTIONS, &rows, "acted_on"),
            &UNREADABLE,
        );
        let rows = self.take(ACTIONS, self.times(4), any);
        self.spoil_all(
            "future-date",
            "not_in_future",
            (ACTIONS, &rows, "acted_on"),
            &FUTURE,
        );
        let open_ended = |tables: &Tables<'_>, row| tables.cell(ACTIONS, row, "outcome") == BLANK;
        let rows = self.take(ACTIONS, self.times(4), open_ended);
        self.unknown_codes((ACTIONS, &rows, "outcome"));
        self.misspellings(ACTIONS, "outcome", 4);
    }

    /// New actions of the cases in turn.
    fn added_actions(&mut self, cases: &[usize], in_a_block: usize) -> Vec<usize> {
        let wanted = if cases.is_empty() {
            0
        } else {
            self.times(in_a_block)
        };
        let mut rows = Vec::new();
        for &case in cases.iter().cycle().take(wanted) {
            let reference = self.serials.action();
            let case_ref = self.cell(Name::Cases, case, "case_ref");
            let acted_on = self.block.cases[case].dates.opened.iso();
            let cells = vec![
                reference.into(),
                case_ref.into(),
                "Advocacy".into(),
                acted_on.into(),
                BLANK.into(),
            ];
            let place = self.tables.of(ACTIONS).rows.len();
            rows.push(self.add(ACTIONS, cells, place, case));
        }
        rows
    }
}

fn any(_: &Tables<'_>, _: usize) -> bool {
    true
}

fn dated(tables: &Tables<'_>, row: usize) -> bool {
    tables.cell(NEEDS_TABLE, row, "assessed_on") != BLANK
}
