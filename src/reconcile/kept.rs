//! Which rows are kept: those that disagree, and those that their causes are looked for in. All others are judged and let go.

use std::collections::HashSet;

use super::{
    Figure, Reconciliation, Source, Verdict,
    rows::{Detail, Rows},
};

/// What disagrees: a first look at all rows.
pub(super) struct Trouble<'f> {
    figures: &'f [Figure],
    /// The figures of rows that disagree, a flag for each of all figures; none as long as nothing disagrees.
    suspects: Vec<bool>,
    /// For each figure an earlier printing that agrees with it, or itself; none as long as nothing is printed twice.
    printings: Vec<u32>,
    /// Whether a share disagrees: it may be one of any other whole.
    is_in_shares: bool,
}

impl<'f> Trouble<'f> {
    pub(super) fn new(figures: &'f [Figure]) -> Self {
        Self {
            figures,
            suspects: Vec::new(),
            printings: Vec::new(),
            is_in_shares: false,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.suspects.is_empty()
    }

    /// Two published figures that a statement calls the same, and that are, are one figure to causes.
    fn join(&mut self, row: &Reconciliation) {
        let (stated, computed) = (row.stated_from.as_slice(), row.computed_from.as_slice());
        let ("equals", [one], [other]) = (row.rule.kind, stated, computed) else {
            return;
        };
        let published = |figure: usize| self.figures[figure].source == Source::Published;
        if !published(*one) || !published(*other) {
            return;
        }
        if self.printings.is_empty() {
            self.printings = (0..).take(self.figures.len()).collect();
        }
        let (one, other) = (self.first(*one), self.first(*other));
        self.printings[one.max(other)] = self.printings[one.min(other)];
    }

    /// The first printing of a figure.
    fn first(&self, mut figure: usize) -> usize {
        while let Some(earlier) = self.printings.get(figure)
            && *earlier as usize != figure
        {
            figure = *earlier as usize;
        }
        figure
    }
}

impl Rows for Trouble<'_> {
    fn next(&mut self, make: &dyn Fn(Detail) -> Reconciliation) {
        let row = make(Detail::Verdict);
        match row.verdict {
            Verdict::Agrees => self.join(&row),
            Verdict::Disagrees => {
                self.suspects.resize(self.figures.len(), false);
                row.figures()
                    .for_each(|figure| self.suspects[figure] = true);
                self.is_in_shares |= row.rule.kind == "share_of";
            }
            _ => {}
        }
    }
}

/// Keeps rows: a second look at all of them, where something disagrees.
pub(super) struct Keep<'f> {
    trouble: Trouble<'f>,
    /// Periods and populations in which something disagrees.
    about: HashSet<[&'f str; 2]>,
    /// Tables and origins that a statement has on each side, and the statement.
    places: HashSet<(bool, [&'f str; 2])>,
    places_of: String,
    /// Wholes of rows that are kept for them, a flag for each figure.
    wholes: Vec<bool>,
    /// Rows that were looked at.
    seen: usize,
    /// The rows that are kept, each with its place among all.
    kept: Vec<(usize, Reconciliation)>,
}

impl<'f> Keep<'f> {
    pub(super) fn new(mut trouble: Trouble<'f>) -> Self {
        let figures = trouble.figures;
        let mut about = HashSet::new();
        for (at, figure) in figures.iter().enumerate() {
            if trouble.suspects[at] {
                about.insert([&*figure.period, &*figure.population]);
                let first = trouble.first(at);
                trouble.suspects[first] = true;
            }
        }
        Self {
            wholes: match trouble.is_in_shares {
                true => vec![false; figures.len()],
                false => Vec::new(),
            },
            trouble,
            about,
            places: HashSet::new(),
            places_of: String::new(),
            seen: 0,
            kept: Vec::new(),
        }
    }

    /// The rows, each with its place among all.
    pub(super) fn finish(self) -> Vec<(usize, Reconciliation)> {
        self.kept
    }

    fn is_wanted(&mut self, row: &Reconciliation) -> bool {
        let figures = self.trouble.figures;
        let judged = matches!(row.verdict, Verdict::Agrees | Verdict::Disagrees);
        let is_first = self.has_new_place(row) | (judged && self.has_new_whole(row));
        // Another value of a figure mends some statements about it and breaks others.
        let is_about_suspects = || {
            let mut figures = row.figures().map(|figure| self.trouble.first(figure));
            judged && figures.any(|first| self.trouble.suspects[first])
        };
        // A part that is missing stands in another printing, and printings or totals of one period speak together.
        let is_beside = || {
            let mut figures = row.figures().map(|figure| &figures[figure]);
            matches!(row.rule.kind, "equals" | "control_total")
                && figures.any(|f| self.about.contains(&[&*f.period, &*f.population]))
        };
        is_first || row.verdict == Verdict::Disagrees || is_about_suspects() || is_beside()
    }

    /// Whether it is the first of its statement to show a table and origin that a side of it is about.
    fn has_new_place(&mut self, row: &Reconciliation) -> bool {
        if row.rule.kind != "equals" {
            return false;
        }
        if self.places_of != row.rule.rule_id {
            self.places_of.clone_from(&row.rule.rule_id);
            self.places.clear();
        }
        let mut is_new = false;
        for (is_stated, side) in [(true, &row.stated_from), (false, &row.computed_from)] {
            for figure in side {
                let figure = &self.trouble.figures[*figure];
                let place = [&*figure.table, &*figure.origin];
                is_new |= self.places.insert((is_stated, place));
            }
        }
        is_new
    }

    /// Whether it is the first about a whole that a share could be of.
    fn has_new_whole(&mut self, row: &Reconciliation) -> bool {
        let wholes = match row.rule.kind {
            "sums_to" | "subset_of" => row.stated_from.as_slice(),
            "share_of" => row.computed_from.as_slice(),
            _ => &[],
        };
        let mut is_new = false;
        for whole in wholes {
            if let Some(known) = self.wholes.get_mut(*whole)
                && self.trouble.figures[*whole].source == Source::Published
            {
                is_new |= !std::mem::replace(known, true);
            }
        }
        is_new
    }
}

impl Rows for Keep<'_> {
    fn next(&mut self, make: &dyn Fn(Detail) -> Reconciliation) {
        if self.is_wanted(&make(Detail::Verdict)) {
            self.kept.push((self.seen, make(Detail::Whole)));
        }
        self.seen += 1;
    }
}
