//! Statements as a net over figures: which statements a figure is in, and what would come of them were it another.

use std::collections::{BTreeSet, HashMap};

use super::quotient::Quotient;
use crate::{
    decimal::Decimal,
    reconcile::{Figure, Reconciliation, Source, Verdict},
};

/// The judged statements and the figures in them.
pub(super) struct Net<'r> {
    pub(super) rows: &'r [Reconciliation],
    pub(super) figures: &'r [Figure],
    /// Judged rows of the figures: of few, where there are millions.
    rows_of: HashMap<usize, Vec<usize>>,
    /// The first of the printings that agree with each other, for figures that are printed more than once.
    first_of: HashMap<usize, usize>,
    printings: HashMap<usize, Vec<usize>>,
    /// What something is a share or a part of.
    wholes: BTreeSet<usize>,
}

/// Every figure of a row.
fn figures_in(row: &Reconciliation) -> impl Iterator<Item = &usize> {
    let sides = [&row.stated_from, &row.computed_from, &row.less_from];
    sides.into_iter().flatten()
}

fn is_judged(row: &Reconciliation) -> bool {
    matches!(row.verdict, Verdict::Agrees | Verdict::Disagrees)
}

/// How the figures of a row hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The sums of both sides are the same.
    Equal,
    /// The one is no larger than the other.
    AtMost,
    /// The one is worked out of two sums.
    Quotient(Quotient),
    /// Its figures do not say.
    Other,
}

/// What a figure would have to be, and what that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repair {
    /// The first printing of the figure.
    pub(super) figure: usize,
    pub(super) value: Decimal,
    /// Rows that disagree and then would not.
    pub(super) mends: Vec<usize>,
    /// How many of `mends` say what the figure is, not only how large it may be; sums of the same figures count once.
    pub(super) witnesses: usize,
    /// How many of `mends` are about different figures.
    pub(super) different: usize,
    /// Rows that disagree and still would.
    pub(super) leaves: usize,
    /// Rows that agree and then would not.
    pub(super) breaks: usize,
}

impl<'r> Net<'r> {
    pub(super) fn new(rows: &'r [Reconciliation], figures: &'r [Figure]) -> Self {
        let mut net = Self {
            rows,
            figures,
            rows_of: HashMap::new(),
            first_of: HashMap::new(),
            printings: HashMap::new(),
            wholes: BTreeSet::new(),
        };
        net.index_rows();
        for row in rows.iter().filter(|row| is_judged(row)) {
            net.join_printings(row);
            match row.rule.kind {
                "sums_to" | "subset_of" => net.wholes.extend(&row.stated_from),
                "share_of" => net.wholes.extend(row.computed_from.last()),
                _ => {}
            }
        }
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        let joined: Vec<usize> = net.first_of.keys().copied().collect();
        for figure in joined {
            members.entry(net.first(figure)).or_default().push(figure);
        }
        for printings in members.values_mut() {
            printings.sort_unstable();
        }
        net.printings = members;
        net
    }

    fn index_rows(&mut self) {
        for (at, row) in self.rows.iter().enumerate() {
            if is_judged(row) {
                for figure in figures_in(row) {
                    self.rows_of.entry(*figure).or_default().push(at);
                }
            }
        }
    }

    /// The judged rows of one printing, in order; a row that has it twice is there twice.
    pub(super) fn rows_of(&self, figure: usize) -> &[usize] {
        self.rows_of.get(&figure).map_or(&[], Vec::as_slice)
    }

    /// Two figures that a statement calls the same, and that are, are one figure printed twice.
    fn join_printings(&mut self, row: &Reconciliation) {
        if let ("equals", Verdict::Agrees, [one], [other]) = (
            row.rule.kind,
            row.verdict,
            row.stated_from.as_slice(),
            row.computed_from.as_slice(),
        ) && self.is_published(*one)
            && self.is_published(*other)
        {
            let (one, other) = (self.first(*one), self.first(*other));
            let (first, then) = (one.min(other), one.max(other));
            self.first_of.insert(then, first);
            self.first_of.entry(first).or_insert(first);
        }
    }

    /// The first printing of a figure.
    pub(super) fn first(&self, mut figure: usize) -> usize {
        while let Some(first) = self.first_of.get(&figure)
            && *first != figure
        {
            figure = *first;
        }
        figure
    }

    /// All printings of a figure, by its first.
    pub(super) fn printings(&self, first: usize) -> Vec<usize> {
        let found = self.printings.get(&first);
        found.cloned().unwrap_or_else(|| vec![first])
    }

    /// Published figures that others are shares or parts of.
    pub(super) fn wholes(&self) -> impl Iterator<Item = usize> {
        let published = self.wholes.iter().copied();
        published.filter(|figure| self.is_published(*figure))
    }

    pub(super) fn is_published(&self, figure: usize) -> bool {
        self.figures[figure].source == Source::Published
    }

    /// The judged rows that a figure or another printing of it is in, in order.
    pub(super) fn rows_with(&self, first: usize) -> Vec<usize> {
        let printings = self.printings(first);
        let rows = printings.iter().flat_map(|p| self.rows_of(*p));
        let mut rows: Vec<usize> = rows.copied().collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    pub(super) fn form(&self, at: usize) -> Form {
        let row = &self.rows[at];
        if figures_in(row).any(|figure| self.figures[*figure].suppressed().is_some()) {
            return Form::Other;
        }
        match row.rule.kind {
            "subset_of" => Form::AtMost,
            "share_of" | "change" => {
                Quotient::of(row, self.figures).map_or(Form::Other, Form::Quotient)
            }
            "sums_to" | "equals" | "control_total" | "hierarchy" | "flow" => Form::Equal,
            _ => Form::Other,
        }
    }

    /// How often a figure is on the computed side less on the stated side of a row; `among` are its printings.
    fn weight(&self, row: &Reconciliation, among: &[usize]) -> i64 {
        let count = |side: &[usize]| side.iter().filter(|f| among.contains(f)).count() as i64;
        count(&row.computed_from) - count(&row.stated_from) - count(&row.less_from)
    }

    /// The figures of a row, each by its first printing.
    pub(super) fn figures_of(&self, at: usize) -> Vec<usize> {
        let row = &self.rows[at];
        let mut figures: Vec<usize> = figures_in(row).map(|f| self.first(*f)).collect();
        figures.sort_unstable();
        figures.dedup();
        figures
    }

    /// What a figure would have to be for an equality to hold.
    pub(super) fn required(&self, at: usize, first: usize) -> Option<Decimal> {
        let row = &self.rows[at];
        let printings = self.printings(first);
        let present = self.figures[first].value;
        let required = match self.form(at) {
            Form::Equal => match self.weight(row, &printings) {
                1 => present.checked_sub(row.difference?)?,
                -1 => present.checked_add(row.difference?)?,
                _ => return None,
            },
            Form::Quotient(_) if row.stated_from.iter().any(|f| printings.contains(f)) => {
                row.computed?
            }
            _ => return None,
        };
        // Changes alone can be below 0.
        let possible =
            (required.mantissa() >= 0 || row.rule.kind == "change") && required != present;
        possible.then_some(required)
    }

    /// Whether a row would hold were all printings of a figure `value`.
    fn holds(&self, at: usize, printings: &[usize], value: Decimal) -> Option<bool> {
        let row = &self.rows[at];
        let of = |figure: usize| match printings.contains(&figure) {
            true => value,
            false => self.figures[figure].value,
        };
        let sum = |side: &[usize]| {
            side.iter()
                .try_fold(Decimal::ZERO, |sum, f| sum.checked_add(of(*f)))
        };
        match self.form(at) {
            Form::Equal => {
                // Less what the figure adds: a row may leave figures out of its sides that its difference knows.
                let weight = self.weight(row, printings);
                let mut difference = row.difference?;
                let change = value.checked_sub(self.figures[*printings.first()?].value)?;
                for _ in 0..weight.unsigned_abs() {
                    difference = match weight > 0 {
                        true => difference.checked_add(change)?,
                        false => difference.checked_sub(change)?,
                    };
                }
                Some(difference.checked_abs()? <= row.tolerance)
            }
            Form::AtMost => {
                let over = sum(&row.computed_from)?.checked_sub(sum(&row.stated_from)?)?;
                Some(over <= row.tolerance)
            }
            Form::Quotient(quotient) => {
                let (first, second) = quotient.sums(row, of)?;
                let ratio = quotient.ratio(first, second)?;
                let [stated] = row.stated_from.as_slice() else {
                    return None;
                };
                let off = ratio.rounded.checked_sub(quotient.printed(of(*stated)))?;
                Some(off.checked_abs()? <= row.tolerance)
            }
            Form::Other => None,
        }
    }

    /// What would come of a figure being `value`.
    pub(super) fn repair(&self, first: usize, value: Decimal) -> Repair {
        let printings = self.printings(first);
        let mut repair = Repair {
            figure: first,
            value,
            mends: Vec::new(),
            witnesses: 0,
            different: 0,
            leaves: 0,
            breaks: 0,
        };
        let mut witnesses: BTreeSet<Vec<usize>> = BTreeSet::new();
        let mut different: BTreeSet<Vec<usize>> = BTreeSet::new();
        for at in self.rows_with(first) {
            let agrees = self.rows[at].verdict == Verdict::Agrees;
            match self.holds(at, &printings, value) {
                Some(true) if !agrees => {
                    repair.mends.push(at);
                    different.insert(self.figures_of(at));
                    if matches!(self.form(at), Form::Equal | Form::Quotient(_)) {
                        witnesses.insert(self.figures_of(at));
                    }
                }
                Some(false) if agrees => repair.breaks += 1,
                Some(false) => repair.leaves += 1,
                _ => {}
            }
        }
        repair.witnesses = witnesses.len();
        repair.different = different.len();
        repair
    }
}
