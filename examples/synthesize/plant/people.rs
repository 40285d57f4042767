//! Defects of people.

use super::lines::PROBABLE;
use super::{FUTURE, Planter, UNREADABLE, ordinary};
use crate::figures::{BLANK, UNKNOWN};
use crate::population::DEMOGRAPHICS;
use crate::render::stranger;
use crate::tables::{Cell, Name, Tables};

const PEOPLE: Name = Name::People;
impl Planter<'_, '_> {
    pub(super) fn people(&mut self) {
        self.people_keys();
        self.demographics();
        self.dates_of_birth();
        self.contact_details();
        self.same_people();
    }

    fn people_keys(&mut self) {
        for _ in 0..self.times(4) {
            let row = self.stranger();
            self.spoil(
                "missing-key",
                "not_null",
                (PEOPLE, row, "person_ref"),
                BLANK,
            );
        }
        // The second row of a person who has moved: not also the same person twice by name and postcode.
        for row in self.take(PEOPLE, self.times(4), complete) {
            let (moved, second) = (self.stranger(), self.copy(PEOPLE, row, 40));
            for column in ["postcode", "phone", "email"] {
                let value = self.cell(PEOPLE, moved, column);
                self.set(PEOPLE, second, column, value);
            }
            self.tables.of_mut(PEOPLE).rows[moved].dropped = true;
            self.found(
                "repeated-key",
                "person_ref.unique",
                PEOPLE,
                second,
                "person_ref",
            );
        }
    }

    /// Adds a row of someone who has no referral.
    fn stranger(&mut self) -> usize {
        let (reference, serial) = self.serials.person();
        let person = stranger(self.pen.rng);
        let cells = self.pen.person(&person, serial, reference);
        let place = self.pen.rng.below(self.block.people.len().max(1));
        self.add(PEOPLE, cells, place, usize::MAX)
    }

    fn demographics(&mut self) {
        for (column, _, _) in DEMOGRAPHICS {
            // Unknown, not recorded and nulled all count as unknown in the report.
            let unknown = |tables: &Tables<'_>, row| tables.cell(PEOPLE, row, column) == UNKNOWN;
            for row in self.take(PEOPLE, self.times(30), unknown) {
                self.set(PEOPLE, row, column, BLANK);
            }
            let rows = self.take(PEOPLE, self.times(4), unknown);
            self.unknown_codes((PEOPLE, &rows, column));
            self.misspellings(PEOPLE, column, 6);
        }
    }

    fn dates_of_birth(&mut self) {
        let column = "date_of_birth";
        let blank = |tables: &Tables<'_>, row| tables.cell(PEOPLE, row, column) == BLANK;
        let rows = self.take(PEOPLE, self.times(4), blank);
        self.spoil_all("bad-date", "type", (PEOPLE, &rows, column), &UNREADABLE);
        let rows = self.take(PEOPLE, self.times(4), blank);
        self.spoil_all(
            "future-date",
            "not_in_future",
            (PEOPLE, &rows, column),
            &FUTURE,
        );
        let rows: Vec<usize> = (self.outside(4, ordinary).into_iter())
            .map(|case| self.block.cases[case].person)
            .collect();
        let long_ago = ["1867-05-02", "1899-12-31", "1816-11-20", "1717-01-01"];
        self.spoil_all("out-of-range", "range", (PEOPLE, &rows, column), &long_ago);
    }

    fn contact_details(&mut self) {
        let wrong: [(&str, [&str; 5]); 3] = [
            (
                "postcode",
                ["LE71", "12345", "LEICESTER", "LE71 AAA", "71LE 1AB"],
            ),
            (
                "phone",
                ["07700", "0116", "ring her mother", "077OO 900123", "+44"],
            ),
            (
                "email",
                [
                    "someone.example.org",
                    "@example.org",
                    "some one@example.org",
                    "nobody@",
                    "a@b@example.org",
                ],
            ),
        ];
        for (column, values) in wrong {
            let given = |tables: &Tables<'_>, row| tables.cell(PEOPLE, row, column) != BLANK;
            let rows = self.take(PEOPLE, self.times(5), given);
            self.spoil_all("bad-pattern", "pattern", (PEOPLE, &rows, column), &values);
        }
    }

    /// Somebody known under two references.
    fn same_people(&mut self) {
        for case in self.outside(6, ordinary) {
            let person = self.block.cases[case].person;
            for other in self.take(PEOPLE, 1, complete) {
                for column in ["first_name", "last_name", "date_of_birth", "postcode"] {
                    let value = self.cell(PEOPLE, other, column);
                    self.set(PEOPLE, person, column, value);
                }
                let reference = |row: usize| &self.tables.of(PEOPLE).rows[row].cells[0];
                let later = if reference(person) > reference(other) {
                    person
                } else {
                    other
                };
                for member in [person, other] {
                    self.found(
                        "same-person",
                        "duplicates.same_person",
                        PEOPLE,
                        member,
                        "person_ref",
                    );
                }
                self.found(PROBABLE, "probably_the_same", PEOPLE, later, "person_ref");
            }
        }
    }
}

/// Nothing about the person is blank that a rule would report.
fn complete(tables: &Tables<'_>, row: usize) -> bool {
    let cells: &[Cell<'_>] = &tables.of(PEOPLE).rows[row].cells;
    cells[..=PEOPLE.column("postcode")]
        .iter()
        .all(|cell| cell != BLANK)
}
