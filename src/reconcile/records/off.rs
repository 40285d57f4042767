//! Which totals the records account for: those of cells that are off as a claim says, and shares of what is counted there.

use super::{
    Behind, Explained, Gathering,
    claims::judged,
    words::{Places, Told},
};
use crate::{
    decimal::Decimal,
    reconcile::{Figure, Reconciliation, Source, Verdict},
};

/// What the records that were gathered say about `rows`.
pub fn explain(
    rows: &[Reconciliation],
    figures: &[Figure],
    gathering: &Gathering<'_>,
    places: &Places,
) -> Behind {
    let mut behind = Behind::default();
    let is_off = |figure: &usize| {
        Off::of(&figures[*figure], gathering).is_some_and(|off| off.difference != 0)
    };
    let disagreeing = rows.iter().enumerate();
    for (at, row) in disagreeing.filter(|(_, row)| row.verdict == Verdict::Disagrees) {
        behind
            .doubtful
            .extend(row.computed_from.iter().copied().filter(is_off));
        let explained = match judged(row, figures) {
            Some((figure, _)) => Off::of(&figures[figure], gathering)
                .and_then(|off| off.explained(gathering, places)),
            None if row.rule.kind == "share_of" => of_share(row, figures, gathering, places),
            None => None,
        };
        if let Some(explained) = explained {
            if !explained.is_likely {
                behind.doubtful.extend(row.figures());
            }
            behind.totals.insert(at, explained);
        }
    }
    behind
}

/// A share of what is counted otherwise than stated: explained where it is right of what should be counted.
fn of_share(
    row: &Reconciliation,
    figures: &[Figure],
    gathering: &Gathering<'_>,
    places: &Places,
) -> Option<Explained> {
    let [part, whole] = *row.computed_from.as_slice() else {
        return None;
    };
    let (stated, computed) = (row.stated?, row.computed?);
    let off = [part, whole].map(|figure| Off::of(&figures[figure], gathering));
    let counted = [part, whole].map(|figure| figures[figure].value);
    let less = |value: Decimal, off: &Option<Off>| {
        let off = off.as_ref().map_or(0, |off| off.difference);
        value.checked_sub(Decimal::from(off))
    };
    let meant = [less(counted[0], &off[0])?, less(counted[1], &off[1])?];
    let decimals = computed.scale();
    let gives = |of: [Decimal; 2], shift: u32| {
        let ratio = of[0].ratio(of[1], shift, decimals);
        ratio.map(|ratio| ratio.rounded)
    };
    let shift = [2, 0]
        .into_iter()
        .find(|shift| gives(counted, *shift) == Some(computed))?;
    if gives(meant, shift)? != stated.rounded(decimals) {
        return None;
    }
    let mut off = off.into_iter().flatten().filter(|off| off.difference != 0);
    off.next()?.explained(gathering, places)
}

/// By how much a computed figure is off, as far as a claim says.
struct Off {
    claim: usize,
    aggregate: usize,
    category: String,
    difference: i64,
    /// Whether the whole aggregate is off as the claim says.
    is_in_line: bool,
}

impl Off {
    fn of(figure: &Figure, gathering: &Gathering<'_>) -> Option<Self> {
        if figure.source != Source::Computed {
            return None;
        }
        let mut claims = gathering.claims.iter().enumerate();
        claims.find_map(|(at, claim)| {
            if (&claim.period, &claim.population) != (&figure.period, &figure.population) {
                return None;
            }
            let mut aggregates = gathering.counted[claim.of].aggregates.iter();
            let aggregate = aggregates.position(|a| *a.name == *figure.table)?;
            let cell = claim.cell(aggregate, &figure.category);
            let (difference, is_in_line) = match &*figure.measure {
                // What shares are of is the population.
                "base" => (claim.shift, true),
                _ => match cell {
                    Some(cell) => (cell.difference, true),
                    None => (claim.beside(aggregate, &figure.category)?, false),
                },
            };
            Some(Self {
                claim: at,
                aggregate,
                category: figure.category.to_string(),
                difference,
                is_in_line,
            })
        })
    }

    fn explained(&self, gathering: &Gathering<'_>, places: &Places) -> Option<Explained> {
        let claim = &gathering.claims[self.claim];
        let found = &gathering.found[self.claim];
        if self.difference == 0 {
            return None;
        }
        let told = Told::new(gathering, self.claim, places);
        if !self.is_in_line && claim.shift == 0 {
            return Some(told.moved_beside());
        }
        if claim.shift == 0 || self.difference.signum() != claim.shift.signum() {
            return told.moved(self.aggregate);
        }
        let mut explained = told.shifted();
        let bests = [&found.over, &found.left_out, &found.elsewhere];
        let mut bests = bests.into_iter();
        let is_there = bests.any(|best| best.has(self.aggregate, &self.category));
        if !self.is_in_line && !is_there {
            explained.is_likely = false;
            explained
                .words
                .push_str("; this aggregate is off by another number as a whole");
        }
        Some(explained)
    }
}
