//! Defects of cases. Those that set a case aside or take it from a count stand outside the year.

use super::{
    FUTURE, Planter, UNREADABLE, enhanced, lost, open, ordinary, plainly_closed, self_referred,
};
use crate::calendar::YEAR_START;
use crate::figures::{BLANK, DUPLICATE, UNKNOWN};
use crate::tables::Name;

const CASES: Name = Name::Cases;

impl Planter<'_, '_> {
    pub(super) fn cases(&mut self) {
        self.case_keys();
        self.case_references();
        self.dates_opened();
        self.dates_closed();
        self.outcomes();
        self.case_codes();
        self.police_questions();
        self.dates_of_support();
        self.duplicates();
        self.unassessed();
    }

    fn case_keys(&mut self) {
        for row in self.outside(4, plainly_closed) {
            self.drop_children(row);
            self.spoil("missing-key", "not_null", (CASES, row, "case_ref"), BLANK);
        }
        for row in self.outside(4, |case| {
            plainly_closed(case) && case.dates.received > YEAR_START
        }) {
            for first in self.some_outside(1, |case| {
                plainly_closed(case) && case.dates.received < YEAR_START
            }) {
                self.drop_children(row);
                let reference = self.cell(CASES, first, "case_ref");
                self.spoil(
                    "repeated-key",
                    "unique",
                    (CASES, row, "case_ref"),
                    reference,
                );
            }
        }
    }

    /// Takes a case's attempts away, where they would point at nothing.
    fn drop_children(&mut self, case: usize) {
        for name in [
            Name::ContactAttempts,
            Name::NeedsAssessments,
            Name::SupportActions,
        ] {
            for row in &mut self.tables.of_mut(name).rows {
                row.dropped |= row.owner == case;
            }
        }
    }

    fn case_references(&mut self) {
        for column in ["referral_ref", "person_ref"] {
            for row in self.outside(4, ordinary) {
                self.spoil("missing-reference", "not_null", (CASES, row, column), BLANK);
            }
            for row in self.outside(4, ordinary) {
                let reference = lost(&self.cell(CASES, row, column));
                self.spoil("orphan", "relationships", (CASES, row, column), reference);
            }
        }
    }

    fn dates_opened(&mut self) {
        let column = "opened_on";
        let plants: [(&str, &str, &[&'static str]); 3] = [
            ("missing-date", "not_null", &[BLANK]),
            ("bad-date", "type", &UNREADABLE),
            ("future-date", "not_in_future", &FUTURE),
        ];
        for (defect, kind, values) in plants {
            // Open cases: a future opening is not also later than the closing.
            let rows = self.outside(4, open);
            for &row in &rows {
                // Whether a ward was in force cannot be asked without the day.
                self.set(CASES, row, "area", UNKNOWN);
            }
            self.spoil_all(defect, kind, (CASES, &rows, column), values);
        }
        for row in self.outside(4, plainly_closed) {
            let received = self.block.cases[row].dates.received;
            let opened = (received - self.pen.rng.within(1, 5)).iso();
            self.set(CASES, row, "area", UNKNOWN);
            self.spoil(
                "out-of-order",
                "not_before_received",
                (CASES, row, column),
                opened,
            );
        }
    }

    fn dates_closed(&mut self) {
        let column = "closed_on";
        let plants: [(&str, &str, &[&'static str]); 3] = [
            ("bad-date", "type", &UNREADABLE),
            ("future-date", "not_in_future", &FUTURE),
            ("missing-date", "present_when_closed", &[BLANK]),
        ];
        for (defect, kind, values) in plants {
            let rows = self.outside(4, plainly_closed);
            self.spoil_all(defect, kind, (CASES, &rows, column), values);
        }
        for row in self.outside(4, open) {
            let opened = self.block.cases[row].dates.opened.iso();
            self.spoil(
                "closed-while-open",
                "absent_when_open",
                (CASES, row, column),
                opened,
            );
        }
        for row in self.outside(5, plainly_closed) {
            let closed = (self.block.cases[row].dates.opened - self.pen.rng.within(1, 9)).iso();
            self.spoil(
                "out-of-order",
                "not_before_opening",
                (CASES, row, column),
                closed,
            );
        }
        for row in self.outside(4, enhanced) {
            if let Some(closed) = self.block.cases[row].dates.closed {
                self.set(CASES, row, "support_ended_on", (closed + 3).iso());
                self.found(
                    "out-of-order",
                    "closed_on.not_before_support_end",
                    CASES,
                    row,
                    column,
                );
            }
        }
    }

    fn outcomes(&mut self) {
        let column = "closure_outcome";
        let rows = self.outside(4, plainly_closed);
        self.spoil_all(
            "missing-value",
            "present_when_closed",
            (CASES, &rows, column),
            &[BLANK],
        );
        let rows = self.outside(4, open);
        self.spoil_all(
            "closed-while-open",
            "absent_when_open",
            (CASES, &rows, column),
            &["Standard - declined"],
        );
        let rows = self.outside(4, plainly_closed);
        self.unknown_codes((CASES, &rows, column));
        self.misspellings(CASES, column, 6);

        let rows = self.outside(4, plainly_closed);
        self.spoil_all(
            "missing-value",
            "not_null",
            (CASES, &rows, "status"),
            &[BLANK],
        );
        let rows = self.outside(4, open);
        self.unknown_codes((CASES, &rows, "status"));
        self.misspellings(CASES, "status", 4);
    }

    fn case_codes(&mut self) {
        let rows = self.outside(4, ordinary);
        self.spoil_all(
            "missing-value",
            "not_null",
            (CASES, &rows, "area"),
            &[BLANK],
        );
        let rows = self.outside(6, ordinary);
        self.unknown_codes((CASES, &rows, "area"));
        self.misspellings(CASES, "area", 12);
        for column in ["repeat_victim", "prior_support"] {
            let rows = self.outside(4, ordinary);
            self.unknown_codes((CASES, &rows, column));
            self.misspellings(CASES, column, 4);
        }
    }

    fn police_questions(&mut self) {
        for column in ["reported_before", "reported_after"] {
            let rows = self.outside(3, self_referred);
            self.unknown_codes((CASES, &rows, column));
            self.misspellings(CASES, column, 3);
            let rows = self.outside(4, ordinary);
            self.spoil_all(
                "not-asked",
                "self_referrals_only",
                (CASES, &rows, column),
                &["Yes", "No"],
            );
        }
    }

    fn dates_of_support(&mut self) {
        for column in ["support_started_on", "support_ended_on"] {
            let rows = self.outside(4, enhanced);
            self.spoil_all("bad-date", "type", (CASES, &rows, column), &UNREADABLE);
        }
        for row in self.outside(4, enhanced) {
            let started = (self.block.cases[row].dates.opened - self.pen.rng.within(1, 6)).iso();
            self.spoil(
                "out-of-order",
                "not_before_opening",
                (CASES, row, "support_started_on"),
                started,
            );
        }
        for row in self.outside(4, enhanced) {
            if let Some((started, _)) = self.block.cases[row].dates.support {
                let ended = (started - self.pen.rng.within(1, 6)).iso();
                self.spoil(
                    "out-of-order",
                    "not_before_start",
                    (CASES, row, "support_ended_on"),
                    ended,
                );
            }
        }
    }

    fn duplicates(&mut self) {
        for row in self.outside(4, plainly_closed) {
            self.set(CASES, row, "closure_outcome", DUPLICATE);
            self.spoil(
                "missing-reference",
                "present_when_duplicate",
                (CASES, row, "duplicate_of"),
                BLANK,
            );
        }
        for row in self.outside(4, plainly_closed) {
            self.set(CASES, row, "closure_outcome", DUPLICATE);
            let reference = lost(&self.cell(CASES, row, "case_ref"));
            self.spoil(
                "orphan",
                "relationships",
                (CASES, row, "duplicate_of"),
                reference,
            );
        }
        for row in self.outside(6, |case| {
            plainly_closed(case) && case.dates.received > YEAR_START
        }) {
            self.repeat_an_earlier_case(row);
        }
    }

    /// Turns a case into a second one of somebody else's incident, without saying so.
    fn repeat_an_earlier_case(&mut self, row: usize) {
        let block = self.block;
        let people = &self.used[Name::People as usize];
        let referrals = &self.used[Name::Referrals as usize];
        // Somebody with this one case and nothing planted about it.
        let single: Vec<usize> = (0..block.cases.len())
            .filter(|&index| {
                let case = &block.cases[index];
                !case.dates.outside
                    && case.source_ref.is_some()
                    && case.duplicate_of.is_none()
                    && !people.contains(&case.person)
                    && !referrals.contains(&index)
                    && !self.used[CASES as usize].contains(&index)
            })
            .collect();
        let several = |person: usize| {
            block
                .cases
                .iter()
                .filter(|case| case.person == person)
                .count()
                > 1
        };
        let start = self.pen.rng.below(single.len());
        let candidates = single[start..].iter().chain(&single[..start]);
        let Some(&earlier) = candidates
            .into_iter()
            .find(|&&index| !several(block.cases[index].person))
        else {
            return;
        };
        self.reserve(earlier);
        for column in ["person_ref", "source", "source_ref", "occurrence_type"] {
            let value = self.cell(Name::Referrals, earlier, column);
            self.set(Name::Referrals, row, column, value);
        }
        let person = self.cell(CASES, earlier, "person_ref");
        self.set(CASES, row, "person_ref", person);
        self.found(
            "unmarked-duplicate",
            "duplicates.unmarked",
            CASES,
            row,
            "closure_outcome",
        );
    }

    fn unassessed(&mut self) {
        for row in self.outside(4, enhanced) {
            for assessment in &mut self.tables.of_mut(Name::NeedsAssessments).rows {
                assessment.dropped |= assessment.owner == row;
            }
            self.found(
                "no-start-assessment",
                "case_ref.has_start_assessment",
                CASES,
                row,
                "case_ref",
            );
        }
    }
}
