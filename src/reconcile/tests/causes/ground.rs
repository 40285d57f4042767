//! The report as the trial finds it, and what spoiling a figure of it must bring up.

use std::collections::{HashMap, HashSet};

use super::{
    super::{super::judge, report::Report, *},
    trial::Random,
};
use crate::reconcile::causes::CauseKind;

/// The report as it stands, and which of its figures agree with all that is said of them.
pub(super) struct Ground {
    pub(super) report: Report,
    /// Each statement with its rows.
    pub(super) statements: Vec<(Statement, Vec<Reconciliation>)>,
    pub(super) rows: Vec<Reconciliation>,
    /// Rows of each figure.
    pub(super) of: HashMap<usize, Vec<usize>>,
    pub(super) sound: Vec<usize>,
    /// Statements that the report contradicts as it stands.
    pub(super) disagreed: HashSet<String>,
}

/// What was done to the report.
pub(super) struct Spoilt {
    pub(super) figures: Vec<Figure>,
    /// The rows that must not hold any more, by their statement.
    pub(super) broken: Vec<String>,
    /// What may be said of one of them.
    pub(super) right: Vec<CauseKind>,
    /// Whether only the right cause fits.
    pub(super) unique: bool,
}

impl Ground {
    pub(super) fn new() -> Self {
        let report = Report::read();
        let statements: Vec<(Statement, Vec<Reconciliation>)> = report
            .statements
            .iter()
            .flat_map(Statement::expand)
            .chain([ROUNDED_SHARES, ROUNDED_COUNTS].map(of_rounded))
            .map(|statement| {
                let alone = std::slice::from_ref(&statement);
                let rows = judge(alone, &report.figures, &report.lists);
                (statement, rows)
            })
            .collect();
        let rows: Vec<Reconciliation> = statements.iter().flat_map(|s| s.1.clone()).collect();
        let mut of: HashMap<usize, Vec<usize>> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            for figure in row.stated_from.iter().chain(&row.computed_from) {
                of.entry(*figure).or_default().push(at);
            }
        }
        let sound = (0..report.figures.len()).filter(|figure| {
            let rows: Vec<&Reconciliation> = of
                .get(figure)
                .into_iter()
                .flatten()
                .map(|at| &rows[*at])
                .collect();
            report.figures[*figure].measure.as_ref() == "count"
                && !rows.is_empty()
                && rows.iter().all(|row| row.verdict == Verdict::Agrees)
        });
        let sound = sound.collect();
        let disagreed = rows.iter().filter(|row| row.verdict == Verdict::Disagrees);
        let disagreed = disagreed.map(|row| row.statement.clone()).collect();
        Self {
            report,
            statements,
            rows,
            of,
            sound,
            disagreed,
        }
    }

    /// The rows of all statements, first those about tables in which something changed; the others are as they were.
    pub(super) fn judge(&self, figures: &[Figure]) -> Vec<Reconciliation> {
        let mut changed: Vec<&str> = Vec::new();
        for (at, figure) in figures.iter().enumerate() {
            let before = self.report.figures.get(at);
            if before.is_none_or(|b| b.value != figure.value || b.table != figure.table) {
                changed.extend(
                    before
                        .map(|b| &*b.table)
                        .into_iter()
                        .chain([&*figure.table]),
                );
            }
        }
        let about = |statement: &Statement| {
            let sides = statement.check.sides();
            sides
                .iter()
                .any(|(_, side)| match side.value.texts(Key::Table) {
                    Some(tables) => tables.iter().any(|t| changed.contains(&t.value.as_str())),
                    None => true,
                })
        };
        let (changed, others): (Vec<_>, Vec<_>) = self.statements.iter().partition(|s| about(&s.0));
        let changed: Vec<Statement> = changed.into_iter().map(|s| s.0.clone()).collect();
        let mut rows = judge(&changed, figures, &self.report.lists);
        rows.extend(others.into_iter().flat_map(|s| s.1.iter().cloned()));
        rows
    }

    pub(super) fn figure(&self, at: usize) -> &Figure {
        &self.report.figures[at]
    }

    pub(super) fn rows_of(&self, figure: usize) -> impl Iterator<Item = &Reconciliation> {
        self.of[&figure].iter().map(|at| &self.rows[*at])
    }

    /// The statements of a kind that a figure is a part of.
    pub(super) fn parts(&self, figure: usize, kind: &str) -> Vec<&Reconciliation> {
        let rows = self.rows_of(figure);
        rows.filter(|row| row.rule.kind == kind && row.computed_from.contains(&figure))
            .collect()
    }

    pub(super) fn equals(&self, figure: usize) -> Vec<&Reconciliation> {
        self.rows_of(figure)
            .filter(|row| row.rule.kind == "equals")
            .collect()
    }

    /// A sound figure that is part of a sum.
    pub(super) fn part(&self, random: &mut Random) -> Option<usize> {
        let figure = *random.pick(&self.sound)?;
        (!self.parts(figure, "sums_to").is_empty()).then_some(figure)
    }

    /// The report with another value of one figure. Two printings or a sum and a printing settle which is wrong.
    pub(super) fn with(
        &self,
        figure: usize,
        value: Decimal,
        right: &[CauseKind],
    ) -> Option<Spoilt> {
        let mut figures = self.report.figures.clone();
        if figures[figure].value == value {
            return None;
        }
        figures[figure].value = value;
        let sums = self.parts(figure, "sums_to");
        let equals = self.equals(figure);
        let broken = sums.iter().chain(&equals).map(|row| row.statement.clone());
        Some(Spoilt {
            figures,
            broken: broken.collect(),
            right: right.to_vec(),
            unique: !sums.is_empty() && !equals.is_empty(),
        })
    }

    /// What parts are held against, and shares taken of.
    pub(super) fn wholes(&self) -> impl Iterator<Item = Decimal> {
        let of = |row: &Reconciliation| match row.rule.kind {
            "sums_to" | "subset_of" => row.stated_from.clone(),
            "share_of" => row.computed_from.last().copied().into_iter().collect(),
            _ => Vec::new(),
        };
        let wholes = self.rows.iter().flat_map(of);
        wholes.map(|figure| self.figure(figure).value)
    }

    /// Whether a value is that of the same thing in another column of the report.
    pub(super) fn is_elsewhere(&self, figure: usize, value: Decimal) -> bool {
        let this = self.figure(figure);
        self.report.figures.iter().any(|other| {
            other.value == value && other.category == this.category && other.measure == this.measure
        })
    }
}

/// Tables of rounded figures that a trial makes, and the statements about them.
pub(super) const ROUNDED_SHARES: &str = "rounded_shares";
pub(super) const ROUNDED_COUNTS: &str = "rounded_counts";

/// The figures of `table` make what stands in the table `whole`.
fn of_rounded(table: &str) -> Statement {
    let check = json!({ "sums_to": {
        "parts": { "table": table }, "total": { "table": "whole" }, "by": ["table"], "match": [],
    }});
    let mut statement = declared(check, json!(0));
    statement.id.value = table.to_owned();
    statement
}

pub(super) fn number(value: i128) -> Decimal {
    Decimal::new(value, 0).expect("a whole number")
}
