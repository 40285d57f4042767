//! Which statements disagree about which figure, and which printed figures stand beside a computed one.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use crate::reconcile::{Figure, Reconciliation, Source, Told};

/// A statement over more figures than these is about a table, and not about one figure of it.
const FEW: usize = 3;

/// What is told of figures, by the place of each among all.
pub struct Marks<'r> {
    figures: &'r [Figure],
    told: &'r Told,
    /// Printed percentages and shares beside a printed count.
    percents: BTreeMap<usize, Vec<usize>>,
    /// The statements about few figures that disagree, by each figure.
    of_figure: BTreeMap<usize, Vec<usize>>,
    /// The statements about many figures that disagree, by the aggregates and charts that most of these are in.
    of_table: BTreeMap<String, Vec<usize>>,
    /// Where printed figures stand, for what knows places only.
    places: BTreeMap<String, usize>,
    /// Statements that the page has told.
    shown: RefCell<BTreeSet<usize>>,
}

/// What a printed figure is about, but for its measure.
type About<'f> = [&'f str; 6];

impl<'r> Marks<'r> {
    /// Of the statements of a night; `charts` are those of comparisons, whose printed figures are looked up by place.
    pub fn new(figures: &'r [Figure], told: &'r Told, charts: &BTreeSet<&str>) -> Self {
        let mut marks = Self {
            figures,
            told,
            percents: percents(figures, told),
            of_figure: BTreeMap::new(),
            of_table: BTreeMap::new(),
            places: BTreeMap::new(),
            shown: RefCell::default(),
        };
        for (at, figure) in figures.iter().enumerate() {
            if charts.contains(&*figure.table) {
                marks.places.insert(figure.stated_at.to_string(), at);
            }
        }
        let owners = marks.owners();
        for (at, row) in told.rows.iter().enumerate() {
            let all = figures_of(row);
            if all.len() > FEW {
                for table in marks.tables_of(&all, &owners) {
                    marks.of_table.entry(table).or_default().push(at);
                }
                continue;
            }
            for figure in marks.about_figures(row) {
                marks.of_figure.entry(figure).or_default().push(at);
            }
        }
        marks
    }

    /// A statement that disagrees.
    pub fn row(&self, at: usize) -> Option<&'r Reconciliation> {
        self.told.rows.get(at)
    }

    /// A figure.
    pub fn figure(&self, at: usize) -> Option<&'r Figure> {
        self.figures.get(at)
    }

    /// The printed figures that are held against a computed one.
    pub fn beside(&self, computed: usize) -> &[usize] {
        self.told.beside.get(&computed).map_or(&[], Vec::as_slice)
    }

    /// The percentages and shares printed beside a printed figure.
    pub fn percents(&self, printed: usize) -> &[usize] {
        self.percents.get(&printed).map_or(&[], Vec::as_slice)
    }

    /// Where a figure of a comparison is, by its place.
    pub fn at_place(&self, place: &str) -> Option<usize> {
        self.places.get(place).copied()
    }

    /// The statements that disagree about any of these figures, each once, in their order.
    pub fn about(&self, figures: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let of = |figure| self.of_figure.get(&figure).into_iter().flatten().copied();
        let rows: BTreeSet<usize> = figures.into_iter().flat_map(of).collect();
        self.shown.borrow_mut().extend(&rows);
        rows.into_iter().collect()
    }

    /// The statements about many figures of `table` that no table before it has told.
    pub fn about_table(&self, table: &str) -> Vec<usize> {
        let mut shown = self.shown.borrow_mut();
        let rows = self.of_table.get(table).into_iter().flatten().copied();
        rows.filter(|row| shown.insert(*row)).collect()
    }

    /// The statements that the page has not told anywhere.
    pub fn left(&self) -> Vec<usize> {
        let shown = self.shown.borrow();
        let all = 0..self.told.rows.len();
        all.filter(|row| !shown.contains(row)).collect()
    }

    /// The computed figure that each printed one stands beside.
    fn owners(&self) -> BTreeMap<usize, usize> {
        let mut owners = BTreeMap::new();
        for (computed, printed) in &self.told.beside {
            for at in printed {
                owners.insert(*at, *computed);
                owners.extend(
                    self.percents(*at)
                        .iter()
                        .map(|percent| (*percent, *computed)),
                );
            }
        }
        owners
    }

    /// The figures that a statement over few of them is about: the suspected one where there is one among them, and of a
    /// share not the whole, about which it says nothing.
    fn about_figures(&self, row: &Reconciliation) -> Vec<usize> {
        let all = figures_of(row);
        if let Some(suspect) = &row.suspect {
            let is_it = |at: &&usize| {
                let figure = self.figures.get(**at);
                figure.is_some_and(|figure| figure.stated_at.to_string() == **suspect)
            };
            if let Some(suspect) = all.iter().find(is_it) {
                return vec![*suspect];
            }
        }
        match row.rule.kind {
            "share_of" => {
                let part = row.computed_from.first();
                row.stated_from.iter().chain(part).copied().collect()
            }
            _ => all,
        }
    }

    /// The aggregate, and the printed table, that most of these figures are in.
    fn tables_of(&self, figures: &[usize], owners: &BTreeMap<usize, usize>) -> BTreeSet<String> {
        let most = |names: &mut dyn Iterator<Item = &'r str>| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            names.for_each(|name| *counts.entry(name).or_default() += 1);
            let most = counts.iter().max_by_key(|(_, count)| **count);
            most.map(|(name, _)| (*name).to_owned())
        };
        let owned = |at: &usize| owners.get(at).copied().unwrap_or(*at);
        let figure = |at: usize| self.figures.get(at).map(|figure| &*figure.table);
        let computed = most(&mut figures.iter().filter_map(|at| figure(owned(at))));
        let printed = most(&mut figures.iter().filter_map(|at| figure(*at)));
        computed.into_iter().chain(printed).collect()
    }
}

/// All figures of a statement.
fn figures_of(row: &Reconciliation) -> Vec<usize> {
    let all = row.stated_from.iter().chain(&row.computed_from);
    all.chain(&row.less_from).copied().collect()
}

/// The printed percentages and shares beside each printed count that stands beside a computed figure.
fn percents(figures: &[Figure], told: &Told) -> BTreeMap<usize, Vec<usize>> {
    let mut wanted: BTreeMap<About<'_>, Vec<usize>> = BTreeMap::new();
    for at in told.beside.values().flatten() {
        if let Some(figure) = figures.get(*at) {
            wanted.entry(subject(figure)).or_default().push(*at);
        }
    }
    let mut percents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, figure) in figures.iter().enumerate() {
        let is_share = ["percent", "share"].contains(&&*figure.measure);
        if figure.source != Source::Published || !is_share {
            continue;
        }
        for count in wanted.get(&subject(figure)).into_iter().flatten() {
            percents.entry(*count).or_default().push(at);
        }
    }
    percents
}

fn subject(figure: &Figure) -> About<'_> {
    [
        &figure.file,
        &figure.table,
        &figure.origin,
        &figure.period,
        &figure.population,
        &figure.category,
    ]
}
