//! Planted defects: several of every kind in each block, each listed with the rule that must report it.
//!
//! Planting changes no count of the report. What is set aside by the pipeline stands on added rows or on cases outside
//! every counted population; what is nulled stands there too, or where null and the old value count alike; what is
//! corrected may stand anywhere.

mod cases;
mod children;
mod codes;
mod lines;
mod people;
mod referrals;

use std::collections::BTreeSet;

use crate::calendar::BLOCK;
use crate::figures::{BLANK, SELF_REFERRALS};
use crate::population::{Block, Case};
use crate::reference::Reference;
use crate::render::{Pen, Serials};
use crate::rng::Rng;
use crate::tables::{Cell, NAMES, Name, Tables};

pub use codes::check_codes;
pub use lines::{LINE_COLUMNS, Line};

/// Dates after the day of the export.
const FUTURE: [&str; 4] = ["2027-01-05", "2027-03-14", "2072-06-30", "2117-08-01"];
/// Texts that are no date in either of the accepted formats.
const UNREADABLE: [&str; 4] = ["2017-02-30", "31/02/2017", "n/a", "20170105"];

/// Plants into a block's tables and returns what the rules must find in them.
pub fn plant<'r>(
    block: &Block,
    tables: &mut Tables<'r>,
    serials: &mut Serials,
    reference: &'r Reference,
    rng: &mut Rng,
) -> Vec<Line<'r>> {
    let mut planter = Planter::new(block, tables, serials, Pen { reference, rng });
    planter.people();
    planter.referrals();
    planter.cases();
    planter.contact_attempts();
    planter.needs_assessments();
    planter.support_actions();
    planter.standing()
}

/// What the rules must find in a block that nothing was planted in: the report's own gaps.
pub fn standing<'r>(
    block: &Block,
    tables: &mut Tables<'r>,
    serials: &mut Serials,
    reference: &'r Reference,
    rng: &mut Rng,
) -> Vec<Line<'r>> {
    Planter::new(block, tables, serials, Pen { reference, rng }).standing()
}

/// A rule must report this cell.
struct Finding<'r> {
    defect: &'static str,
    rule: String,
    table: Name,
    row: usize,
    column: &'static str,
    cause: &'r str,
}

struct Planter<'r, 'a> {
    block: &'a Block,
    tables: &'a mut Tables<'r>,
    serials: &'a mut Serials,
    pen: Pen<'r, 'a>,
    findings: Vec<Finding<'r>>,
    /// Rows with a defect already: one each, so that none hides or causes another.
    used: [BTreeSet<usize>; 6],
}

impl<'r, 'a> Planter<'r, 'a> {
    fn new(
        block: &'a Block,
        tables: &'a mut Tables<'r>,
        serials: &'a mut Serials,
        pen: Pen<'r, 'a>,
    ) -> Self {
        Planter {
            block,
            tables,
            serials,
            pen,
            findings: Vec::new(),
            used: NAMES.map(|_| BTreeSet::new()),
        }
    }

    /// How often to plant what a whole block has so many of.
    fn times(&self, in_a_block: usize) -> usize {
        (in_a_block * self.block.cases.len() + BLOCK / 2) / BLOCK
    }

    /// Unused rows of a table, spread over the file.
    fn take(
        &mut self,
        name: Name,
        count: usize,
        wanted: impl Fn(&Tables<'r>, usize) -> bool,
    ) -> Vec<usize> {
        let rows = self.tables.of(name).rows.len();
        let mut taken = Vec::new();
        for _ in 0..count {
            let start = self.pen.rng.below(rows);
            let found = (start..rows).chain(0..start).find(|&row| {
                !self.used[name as usize].contains(&row)
                    && !self.tables.of(name).rows[row].dropped
                    && wanted(self.tables, row)
            });
            let Some(row) = found else { break };
            self.used[name as usize].insert(row);
            taken.push(row);
        }
        taken
    }

    /// Unused cases outside the counted populations, each with its referral and its person.
    fn outside(&mut self, in_a_block: usize, wanted: impl Fn(&Case) -> bool) -> Vec<usize> {
        self.some_outside(self.times(in_a_block), wanted)
    }

    fn some_outside(&mut self, count: usize, wanted: impl Fn(&Case) -> bool) -> Vec<usize> {
        let block = self.block;
        let free = |used: &[BTreeSet<usize>; 6], case: usize| {
            !used[Name::Cases as usize].contains(&case)
                && !used[Name::Referrals as usize].contains(&case)
                && !used[Name::People as usize].contains(&block.cases[case].person)
        };
        let mut taken = Vec::new();
        for _ in 0..count {
            let start = self.pen.rng.below(block.cases.len());
            let found = (start..block.cases.len()).chain(0..start).find(|&index| {
                let case = &block.cases[index];
                case.dates.outside && free(&self.used, index) && wanted(case)
            });
            let Some(index) = found else { break };
            self.reserve(index);
            taken.push(index);
        }
        taken
    }

    fn reserve(&mut self, case: usize) {
        self.used[Name::Cases as usize].insert(case);
        self.used[Name::Referrals as usize].insert(case);
        self.used[Name::People as usize].insert(self.block.cases[case].person);
    }

    fn set(&mut self, name: Name, row: usize, column: &str, value: impl Into<Cell<'r>>) {
        self.tables.of_mut(name).rows[row].cells[name.column(column)] = value.into();
    }

    fn cell(&self, name: Name, row: usize, column: &str) -> String {
        self.tables.cell(name, row, column).to_owned()
    }

    /// Adds a row some places after another; nothing else is planted on it.
    fn add(&mut self, name: Name, cells: Vec<Cell<'r>>, place: usize, owner: usize) -> usize {
        let row = self.tables.of(name).rows.len();
        self.tables.of_mut(name).push(cells, place, owner);
        self.used[name as usize].insert(row);
        row
    }

    /// Adds a changed copy of a row some places after it.
    fn copy(&mut self, name: Name, row: usize, after: usize) -> usize {
        let original = self.tables.of(name).rows[row].clone();
        self.add(name, original.cells, original.place + after, original.owner)
    }

    /// A rule with its own name must report the cell.
    fn found(
        &mut self,
        defect: &'static str,
        rule: &str,
        name: Name,
        row: usize,
        column: &'static str,
    ) {
        self.findings.push(Finding {
            defect,
            rule: format!("{}.{rule}", name.text()),
            table: name,
            row,
            column,
            cause: BLANK,
        });
    }

    /// Writes a value into a cell that the column's rule of this kind must report.
    fn spoil(
        &mut self,
        defect: &'static str,
        kind: &str,
        (name, row, column): (Name, usize, &'static str),
        value: impl Into<Cell<'r>>,
    ) {
        self.set(name, row, column, value);
        self.found(defect, &format!("{column}.{kind}"), name, row, column);
    }

    /// Values in turn, for rows that get the same defect.
    fn spoil_all(
        &mut self,
        defect: &'static str,
        kind: &str,
        (name, rows, column): (Name, &[usize], &'static str),
        values: &[&'static str],
    ) {
        for (&row, value) in rows.iter().zip(values.iter().cycle()) {
            self.spoil(defect, kind, (name, row, column), *value);
        }
    }

    /// The cause of the last finding.
    fn because(&mut self, cause: &'r str) {
        if let Some(finding) = self.findings.last_mut() {
            finding.cause = cause;
        }
    }
}

/// Closed with nothing that other rules look at: no support, and not asked the questions of self-referrals.
fn plainly_closed(case: &Case) -> bool {
    case.dates.closed.is_some() && !case.dates.enhanced && case.source != SELF_REFERRALS
}

fn open(case: &Case) -> bool {
    case.dates.closed.is_none() && case.source != SELF_REFERRALS
}

fn enhanced(case: &Case) -> bool {
    case.dates.enhanced && case.source != SELF_REFERRALS
}

/// Any but the few that only some defects can stand on.
fn ordinary(case: &Case) -> bool {
    case.source != SELF_REFERRALS && !case.dates.enhanced
}

fn self_referred(case: &Case) -> bool {
    case.source == SELF_REFERRALS && !case.dates.enhanced
}

/// A reference that nothing has: one that exists with a letter too many.
fn lost(reference: &str) -> String {
    format!("{reference}X")
}
