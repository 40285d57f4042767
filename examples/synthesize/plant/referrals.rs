//! Defects of referrals. All stand outside the year: the year's referrals are counted.

use super::{FUTURE, Planter, UNREADABLE, lost, ordinary};
use crate::date::Date;
use crate::figures::BLANK;
use crate::tables::Name;

const REFERRALS: Name = Name::Referrals;

impl Planter<'_, '_> {
    pub(super) fn referrals(&mut self) {
        self.referral_keys();
        self.referral_people();
        self.dates_received();
        self.dates_of_incidents();
        self.referral_order();
        self.referral_codes();
    }

    fn referral_keys(&mut self) {
        for case in self.outside(4, ordinary) {
            let row = self.further_referral(case);
            self.spoil(
                "missing-key",
                "not_null",
                (REFERRALS, row, "referral_ref"),
                BLANK,
            );
        }
        // Without the incident's number: with it the one case would seem to repeat itself.
        for case in self.outside(4, ordinary) {
            let row = self.copy(REFERRALS, case, 25);
            self.set(REFERRALS, row, "source_ref", BLANK);
            self.set(REFERRALS, row, "occurrence_type", "Theft");
            self.found(
                "repeated-key",
                "referral_ref.unique",
                REFERRALS,
                row,
                "referral_ref",
            );
        }
    }

    /// Another referral of the same person that no case has taken up.
    fn further_referral(&mut self, case: usize) -> usize {
        let row = self.copy(REFERRALS, case, 3);
        let (reference, number) = (
            self.serials.referral(),
            self.pen.rng.below(900_000) + 100_000,
        );
        self.set(REFERRALS, row, "referral_ref", reference);
        self.set(REFERRALS, row, "source_ref", format!("XX{number}"));
        row
    }

    fn referral_people(&mut self) {
        for row in self.outside(4, ordinary) {
            self.spoil(
                "missing-reference",
                "not_null",
                (REFERRALS, row, "person_ref"),
                BLANK,
            );
        }
        for row in self.outside(4, ordinary) {
            let person = lost(&self.cell(REFERRALS, row, "person_ref"));
            self.spoil(
                "orphan",
                "relationships",
                (REFERRALS, row, "person_ref"),
                person,
            );
        }
    }

    fn dates_received(&mut self) {
        let column = "received_on";
        let rows = self.outside(4, ordinary);
        self.spoil_all(
            "missing-date",
            "not_null",
            (REFERRALS, &rows, column),
            &[BLANK],
        );
        let rows = self.outside(4, ordinary);
        self.spoil_all("bad-date", "type", (REFERRALS, &rows, column), &UNREADABLE);
        // Without a case, which would else be opened before its referral.
        let rows: Vec<usize> = (self.outside(4, ordinary).into_iter())
            .map(|case| self.further_referral(case))
            .collect();
        self.spoil_all(
            "future-date",
            "not_in_future",
            (REFERRALS, &rows, column),
            &FUTURE,
        );
    }

    fn dates_of_incidents(&mut self) {
        for column in ["incident_on", "reported_on"] {
            let rows = self.outside(4, ordinary);
            self.spoil_all("bad-date", "type", (REFERRALS, &rows, column), &UNREADABLE);
        }
        let rows = self.outside(4, ordinary);
        self.spoil_all(
            "future-date",
            "not_in_future",
            (REFERRALS, &rows, "incident_on"),
            &FUTURE,
        );
        for (index, row) in rows.into_iter().enumerate() {
            // The same date is also later than the referral, and than the report where there is one.
            self.found(
                "out-of-order",
                "received_on.not_before_incident",
                REFERRALS,
                row,
                "received_on",
            );
            if index == 0 {
                let received = self.block.cases[row].dates.received;
                self.set(REFERRALS, row, "reported_on", received.iso());
                self.found(
                    "out-of-order",
                    "reported_on.not_before_incident",
                    REFERRALS,
                    row,
                    "reported_on",
                );
            } else {
                self.set(REFERRALS, row, "reported_on", BLANK);
            }
        }
        let rows = self.outside(4, ordinary);
        self.spoil_all(
            "future-date",
            "not_in_future",
            (REFERRALS, &rows, "reported_on"),
            &FUTURE,
        );
        for row in rows {
            self.found(
                "out-of-order",
                "received_on.not_before_reported",
                REFERRALS,
                row,
                "received_on",
            );
        }
    }

    fn referral_order(&mut self) {
        for (row, received) in self.with_received(5) {
            self.set(REFERRALS, row, "incident_on", (received - 2).iso());
            let reported = (received - 5).iso();
            self.spoil(
                "out-of-order",
                "not_before_incident",
                (REFERRALS, row, "reported_on"),
                reported,
            );
        }
        for (row, received) in self.with_received(5) {
            self.set(REFERRALS, row, "incident_on", (received - 1).iso());
            self.set(REFERRALS, row, "reported_on", (received + 2).iso());
            self.found(
                "out-of-order",
                "received_on.not_before_reported",
                REFERRALS,
                row,
                "received_on",
            );
        }
        for (index, (row, received)) in self.with_received(5).into_iter().enumerate() {
            self.set(REFERRALS, row, "incident_on", (received + 2).iso());
            self.found(
                "out-of-order",
                "received_on.not_before_incident",
                REFERRALS,
                row,
                "received_on",
            );
            if index == 0 {
                self.set(REFERRALS, row, "reported_on", (received - 1).iso());
                self.found(
                    "out-of-order",
                    "reported_on.not_before_incident",
                    REFERRALS,
                    row,
                    "reported_on",
                );
            } else {
                self.set(REFERRALS, row, "reported_on", BLANK);
            }
        }
    }

    fn with_received(&mut self, in_a_block: usize) -> Vec<(usize, Date)> {
        let cases = self.outside(in_a_block, ordinary);
        cases
            .into_iter()
            .map(|case| (case, self.block.cases[case].dates.received))
            .collect()
    }

    fn referral_codes(&mut self) {
        for column in ["source", "occurrence_type", "consent"] {
            let rows = self.outside(4, ordinary);
            self.spoil_all(
                "missing-value",
                "not_null",
                (REFERRALS, &rows, column),
                &[BLANK],
            );
            let rows = self.outside(4, ordinary);
            self.unknown_codes((REFERRALS, &rows, column));
            self.misspellings(REFERRALS, column, 6);
        }
    }
}
