//! The list of what the rules must find.

use std::io::{self, Write};

use super::Planter;
use crate::figures::BLANK;
use crate::population::DEMOGRAPHICS;
use crate::tables::{Name, Tables, write_row};

const PART: &str = "part-of-a-place";
/// A row that is probably of a person who is there already, which is about no cell of it.
pub(super) const PROBABLE: &str = "probable-person";

pub const LINE_COLUMNS: [&str; 7] = [
    "defect",
    "rule_id",
    "table",
    "record_key",
    "column",
    "observed",
    "cause",
];

/// One line of the list: a rule must report this cell of this record.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Line<'r> {
    table: &'static str,
    rule: String,
    key: String,
    column: &'static str,
    observed: String,
    defect: &'static str,
    cause: &'r str,
}

impl Line<'_> {
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let cells = [
            self.defect,
            &self.rule,
            self.table,
            &self.key,
            self.column,
            &self.observed,
            self.cause,
        ];
        write_row(to, cells)
    }
}

impl<'r> Planter<'r, '_> {
    /// The gaps that stand in the data because the report has them, and the list of everything.
    pub(super) fn standing(mut self) -> Vec<Line<'r>> {
        let blank =
            |tables: &Tables<'r>, name, row, column| tables.cell(name, row, column) == BLANK;
        for row in 0..self.tables.of(Name::People).rows.len() {
            let columns = DEMOGRAPHICS.map(|column| column.0);
            for column in columns.into_iter().chain(["date_of_birth"]) {
                if blank(self.tables, Name::People, row, column) {
                    self.found(
                        "missing-value",
                        &format!("{column}.not_null"),
                        Name::People,
                        row,
                        column,
                    );
                }
            }
        }
        let areas = self.pen.reference.list("areas");
        let places = self.pen.reference.list("places");
        for (row, case) in self.block.cases.iter().enumerate() {
            for column in ["repeat_victim", "prior_support"] {
                if blank(self.tables, Name::Cases, row, column) {
                    self.found(
                        "missing-value",
                        &format!("{column}.not_null"),
                        Name::Cases,
                        row,
                        column,
                    );
                }
            }
            // Misspellings are planted on areas in force only, and unknown codes are in force at no time.
            let area = self.tables.cell(Name::Cases, row, "area").trim();
            let written =
                area == case.area || areas.variants(case.area).any(|variant| variant == area);
            if written && !areas.in_force(case.area, case.dates.opened) {
                self.found(
                    "not-in-force",
                    "area.accepted_values",
                    Name::Cases,
                    row,
                    "area",
                );
                self.because("retired");
            } else if written && places.calls(area, "part_of") {
                self.found(PART, "place.accepted_values", Name::Cases, row, "area");
                self.because("part_of");
            }
        }
        let mut lines: Vec<Line<'r>> = (self.findings.iter())
            .map(|finding| Line {
                table: finding.table.text(),
                rule: finding.rule.clone(),
                key: self.cleaned_key(finding.table, finding.row),
                // What the project makes of a cell has a column of its own.
                column: match finding.defect {
                    PART => "place",
                    PROBABLE => "",
                    _ => finding.column,
                },
                observed: match finding.defect {
                    PROBABLE => String::new(),
                    _ => self
                        .tables
                        .cell(finding.table, finding.row, finding.column)
                        .to_owned(),
                },
                defect: finding.defect,
                cause: finding.cause,
            })
            .collect();
        lines.sort();
        lines
    }

    /// The key as the clean table has it: a misspelt part is corrected there.
    fn cleaned_key(&self, table: Name, row: usize) -> String {
        let key = self.tables.of(table).key(row);
        let lists = ["need_stage", "need_area"].map(|list| self.pen.reference.list(list));
        let clean = |part: &str| {
            let mut aliases = lists.iter().flat_map(|list| &list.aliases);
            let meant = aliases.find(|alias| alias.alias == part);
            meant.map_or(part.to_owned(), |alias| alias.code.clone())
        };
        key.split('|').map(clean).collect::<Vec<_>>().join("|")
    }
}
