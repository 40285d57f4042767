//! What the judged control totals say about the records: how many are over or short, and in which cells.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::Counted;
use crate::reconcile::{Figure, Reconciliation, Source, Verdict};

/// Records that can be told apart; where more are too many, too few or elsewhere, it is no matter of single records.
const MOST: i64 = 1_000;

/// What the control totals of one period and population say.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose rows are counted, as an index.
    pub of: usize,
    /// The period.
    pub period: Arc<str>,
    /// The population.
    pub population: Arc<str>,
    /// By how many records most aggregates are over (above 0) or short (below 0), each as a whole.
    pub shift: i64,
    /// The cells of each aggregate of the table, by category; none of those that no control total is about, or that are
    /// off by another number as a whole: something else is wrong with them as well. An aggregate that counts each record
    /// so and so many times is off by as many times the number.
    pub cells: Vec<Option<HashMap<Arc<str>, Cell>>>,
    /// Those of the aggregates that are off by another number.
    pub(super) beside: Vec<Option<HashMap<Arc<str>, Cell>>>,
    /// Aggregates with control totals.
    pub evaluated: usize,
}

/// A cell of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Computed − stated.
    pub difference: i64,
    /// What the aggregate counts.
    pub counted: i64,
}

impl Claim {
    /// Aggregates that are off as a whole as the claim says.
    pub fn in_line(&self) -> usize {
        self.cells.iter().flatten().count()
    }

    /// The difference of a cell of an aggregate that is off by another number than the claim says, where it is no more than
    /// the claim can account for.
    pub(super) fn beside(&self, aggregate: usize, category: &str) -> Option<i64> {
        let cell = self.beside.get(aggregate)?.as_ref()?.get(category)?;
        let is_alike = match self.shift {
            0 => cell.difference.abs() <= self.most_moved(),
            shift => {
                cell.difference.signum() == shift.signum() && cell.difference.abs() <= shift.abs()
            }
        };
        is_alike.then_some(cell.difference)
    }

    /// The most records that are under another category than they should be, in any aggregate that is in line.
    fn most_moved(&self) -> i64 {
        let over = |cells: &Cells| cells.values().map(|cell| cell.difference.max(0)).sum();
        self.cells.iter().flatten().map(over).max().unwrap_or(0)
    }

    /// The aggregates that are over in some cells and short in others.
    pub(super) fn moved(&self) -> usize {
        let moved = |cells: &&Cells| {
            let off = |sign: i64| cells.values().any(|cell| cell.difference.signum() == sign);
            off(1) && off(-1)
        };
        self.cells.iter().flatten().filter(moved).count()
    }

    /// The cell of `category`.
    pub fn cell(&self, aggregate: usize, category: &str) -> Option<Cell> {
        self.cells.get(aggregate)?.as_ref()?.get(category).copied()
    }
}

/// The computed figure that a judged control total is about, and its difference.
pub(super) fn judged(row: &Reconciliation, figures: &[Figure]) -> Option<(usize, i64)> {
    let [at] = *row.computed_from.as_slice() else {
        return None;
    };
    let figure = &figures[at];
    let about_count = row.rule.kind == "control_total"
        && figure.source == Source::Computed
        && &*figure.measure == "count";
    let difference = match row.verdict {
        Verdict::Agrees => 0,
        Verdict::Disagrees => whole(row.difference?)?,
        _ => return None,
    };
    about_count.then_some((at, difference))
}

fn whole(number: crate::decimal::Decimal) -> Option<i64> {
    let number = number.trimmed();
    let whole = i64::try_from(number.mantissa()).ok();
    whole.filter(|_| number.scale() == 0)
}

/// What the control totals among `rows` say, by period and population; nothing of those that all agree.
///
/// A cell for which two publications state different figures says nothing.
pub fn claims(rows: &[Reconciliation], figures: &[Figure], counted: &[Counted]) -> Vec<Claim> {
    let mut cells: BTreeMap<usize, Option<i64>> = BTreeMap::new();
    for (figure, difference) in rows.iter().filter_map(|row| judged(row, figures)) {
        let known = cells.entry(figure).or_insert(Some(difference));
        if *known != Some(difference) {
            *known = None;
        }
    }
    type Group<'f> = BTreeMap<&'f str, Cells>;
    let mut groups: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for (at, difference) in cells {
        let (figure, Some(difference)) = (&figures[at], difference) else {
            continue;
        };
        let Some(counted) = whole(figure.value) else {
            continue;
        };
        let group = groups
            .entry((&figure.period, &figure.population))
            .or_default();
        let cell = Cell {
            difference,
            counted,
        };
        let aggregate = group.entry(&figure.table).or_default();
        aggregate.insert(Arc::clone(&figure.category), cell);
    }
    let mut claims = Vec::new();
    for ((period, population), mut group) in groups {
        // An aggregate may count rows of several tables, of different populations: it goes to the table that has most.
        while let Some((of, cells)) = take_most(&mut group, counted) {
            claims.extend(claim(period, population, of, cells));
        }
    }
    claims
}

type Cells = HashMap<Arc<str>, Cell>;

/// Takes out the cells of the table whose rows most of the aggregates count; of several the first.
fn take_most(
    group: &mut BTreeMap<&str, Cells>,
    counted: &[Counted],
) -> Option<(usize, Vec<Option<Cells>>)> {
    let shared = |of: usize| {
        let aggregates = counted[of].aggregates.iter();
        aggregates
            .filter(|a| group.contains_key(a.name.as_str()))
            .count()
    };
    let of = (0..counted.len()).rev().max_by_key(|of| shared(*of))?;
    if shared(of) == 0 {
        return None;
    }
    let aggregates = counted[of].aggregates.iter();
    Some((
        of,
        aggregates.map(|a| group.remove(a.name.as_str())).collect(),
    ))
}

fn claim(
    period: &str,
    population: &str,
    of: usize,
    mut cells: Vec<Option<Cells>>,
) -> Option<Claim> {
    let nets = |of: fn(&Cells) -> bool| -> Vec<i64> {
        cells
            .iter()
            .flatten()
            .filter(|cells| of(cells))
            .map(net)
            .collect()
    };
    let all = nets(|_| true);
    // Where most are off by numbers of their own, an aggregate of one category is the population itself.
    let shift = common(&all).or_else(|| common(&nets(|cells| cells.len() == 1)))?;
    let records = cells
        .iter()
        .flatten()
        .filter(|cells| net(cells) == shift)
        .map(total)
        .max()?;
    let mut beside: Vec<Option<Cells>> = vec![None; cells.len()];
    if shift.abs() > MOST {
        return None;
    }
    for (aggregate, beside) in cells.iter_mut().zip(&mut beside) {
        let is_in_line = |cells: &Cells| {
            let times = times(total(cells), records);
            let over = cells.values().map(|cell| cell.difference.max(0));
            net(cells) == shift * times && over.sum::<i64>() <= MOST * times
        };
        if let Some(cells) = aggregate.take_if(|cells| !is_in_line(cells)) {
            *beside = Some(cells);
        }
    }
    let is_off = |cells: &Cells| cells.values().any(|cell| cell.difference != 0);
    let mut any = cells.iter().chain(&beside).flatten();
    any.any(is_off).then(|| Claim {
        of,
        period: Arc::from(period),
        population: Arc::from(population),
        shift,
        cells,
        beside,
        evaluated: all.len(),
    })
}

fn net(cells: &Cells) -> i64 {
    cells.values().map(|cell| cell.difference).sum()
}

fn total(cells: &Cells) -> i64 {
    cells.values().map(|cell| cell.counted).sum()
}

/// How many times an aggregate counts each record.
fn times(total: i64, records: i64) -> i64 {
    match records > 0 && total > records && total % records == 0 {
        true => total / records,
        false => 1,
    }
}

/// The number that more than half of the aggregates are off by.
fn common(nets: &[i64]) -> Option<i64> {
    let times = |net: i64| nets.iter().filter(|other| **other == net).count();
    let most = nets.iter().copied().max_by_key(|net| times(*net))?;
    (times(most) * 2 > nets.len()).then_some(most)
}
