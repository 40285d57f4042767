//! What takes more than one figure to explain: a part left out, there twice or elsewhere, and parts that make up for each other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Cause, CauseKind, Certainty,
    blanks::Blanks,
    net::{Form, Net},
};
use crate::{
    decimal::Decimal,
    reconcile::{Reconciliation, Verdict},
};

/// What is worth looking up about rows, once for all: each is then compared with those only that it may have to do with.
pub(super) struct Several<'r> {
    /// Figures whose other printing is not there, by their value.
    alone: HashMap<Number, Vec<Alone>>,
    /// Rows that disagree, in order, by what they are about and by how much they are off.
    siblings: HashMap<Sibling<'r>, Vec<usize>>,
    blanks: Blanks,
}

/// A figure, and the tables and origins whose printing of it is not there.
type Alone = (usize, Vec<(String, String)>);

/// A decimal as a key: digits and decimals without zeros at the end.
type Number = (i128, u32);

/// Rule, period, population and difference.
type Sibling<'r> = (&'r str, Option<&'r str>, Option<&'r str>, Number);

fn number(decimal: Decimal) -> Number {
    let decimal = decimal.trimmed();
    (decimal.mantissa(), decimal.scale())
}

fn sibling(row: &Reconciliation, difference: Decimal) -> Sibling<'_> {
    let (period, population) = (row.period.as_deref(), row.population.as_deref());
    (&row.rule.rule_id, period, population, number(difference))
}

impl<'r> Several<'r> {
    pub(super) fn new(net: &Net<'r>) -> Self {
        let mut siblings: HashMap<Sibling<'r>, Vec<usize>> = HashMap::new();
        let mut sides: HashMap<&str, [Vec<(String, String)>; 2]> = HashMap::new();
        for (at, row) in net.rows.iter().enumerate() {
            if let (Verdict::Disagrees, Some(difference)) = (row.verdict, row.difference) {
                let sibling = sibling(row, difference);
                siblings.entry(sibling).or_default().push(at);
            }
            if row.rule.kind == "equals" {
                let seen = sides.entry(&row.rule.rule_id).or_default();
                for (side, from) in seen.iter_mut().zip([&row.stated_from, &row.computed_from]) {
                    for figure in from {
                        let figure = &net.figures[*figure];
                        let place = (figure.table.to_string(), figure.origin.to_string());
                        if !side.contains(&place) {
                            side.push(place);
                        }
                    }
                }
            }
        }
        let mut alone: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
        for row in net.rows.iter().filter(|row| row.rule.kind == "equals") {
            let lacking = match (row.stated_from.as_slice(), row.computed_from.as_slice()) {
                ([figure], []) => (*figure, 1),
                ([], [figure]) => (*figure, 0),
                _ => continue,
            };
            let places = &sides[row.rule.rule_id.as_str()][lacking.1];
            alone
                .entry(lacking.0)
                .or_default()
                .extend(places.iter().cloned());
        }
        let mut by_value: HashMap<Number, Vec<Alone>> = HashMap::new();
        for (figure, places) in alone {
            let value = number(net.figures[figure].value);
            by_value.entry(value).or_default().push((figure, places));
        }
        Self {
            alone: by_value,
            siblings,
            blanks: Blanks::new(net),
        }
    }

    pub(super) fn causes(&self, net: &Net<'_>, at: usize) -> Vec<Cause> {
        let row = &net.rows[at];
        let mut causes = Vec::new();
        if net.form(at) != Form::Equal {
            return causes;
        }
        let Some(difference) = row.difference else {
            return causes;
        };
        if matches!(row.rule.kind, "sums_to" | "hierarchy") {
            let moved = self.moved(net, at, difference);
            // What another group lacks is not there twice but in the wrong place.
            if moved.is_none() {
                let twice = twice(net, row, difference);
                causes.extend(twice.or_else(|| off_by_a_part(net, row, difference)));
            }
            causes.extend(moved);
            causes.extend(self.missing(net, row, difference));
            causes.extend(self.follows(net, at, difference));
        }
        if row.rule.kind == "equals" {
            causes.extend(self.blanks.cause(at));
            causes.extend(self.compensating(net, at, difference));
        }
        causes
    }

    /// A part that stands in another printing is just what the sum falls short of.
    fn missing(&self, net: &Net<'_>, row: &Reconciliation, difference: Decimal) -> Option<Cause> {
        let short = Decimal::ZERO.checked_sub(difference)?;
        let first = &net.figures[*row.computed_from.first()?];
        let place = (first.table.to_string(), first.origin.to_string());
        let mut fits = self
            .alone
            .get(&number(short))?
            .iter()
            .filter(|(figure, places)| {
                let figure = &net.figures[*figure];
                figure.period == first.period
                    && figure.population == first.population
                    && figure.measure == first.measure
                    && places.contains(&place)
            });
        let (figure, _) = fits.next()?;
        let alone = fits.next().is_none();
        let figure = &net.figures[*figure];
        Some(Cause {
            kind: CauseKind::PartMissing,
            certainty: if alone {
                Certainty::Certain
            } else {
                Certainty::Possible
            },
            words: format!(
                "the part `{}` is missing: {} at {}, which is what the sum falls short of",
                figure.category,
                figure.value.grouped(),
                figure.stated_at
            ),
            suspect: None,
        })
    }

    /// Another group of the statement is off by the opposite, and one part is just that large.
    fn moved(&self, net: &Net<'_>, at: usize, difference: Decimal) -> Option<Cause> {
        let opposite = Decimal::ZERO.checked_sub(difference)?;
        let row = &net.rows[at];
        // By the opposite: a row is none of them itself.
        let [other] = self.siblings.get(&sibling(row, opposite))?.as_slice() else {
            return None;
        };
        let other = &net.rows[*other];
        // Where the sum is over, its total lacks the part.
        let size = difference.checked_abs()?;
        let (over, under) = if difference.mantissa() > 0 {
            (row, other)
        } else {
            (other, row)
        };
        let mut fits = over
            .computed_from
            .iter()
            .filter(|f| net.figures[**f].value == size);
        let part = fits.next()?;
        let alone = fits.next().is_none();
        let part = &net.figures[*part];
        let mut others = under
            .computed_from
            .iter()
            .map(|f| &net.figures[*f].category);
        if others.any(|category| *category == part.category) {
            return None;
        }
        let name = |row: &Reconciliation| named(row).to_owned();
        Some(Cause {
            kind: CauseKind::MovedBetweenGroups,
            certainty: if alone {
                Certainty::Likely
            } else {
                Certainty::Possible
            },
            words: format!(
                "`{}` ({} at {}) is in the total of {} and not of {}: one is over by what the other is under",
                part.category,
                part.value.grouped(),
                part.stated_at,
                name(under),
                name(over)
            ),
            suspect: None,
        })
    }

    /// The sums of groups of the same parts are off by as much together.
    fn follows(&self, net: &Net<'_>, at: usize, difference: Decimal) -> Option<Cause> {
        let row = &net.rows[at];
        let parts: HashSet<usize> = row.computed_from.iter().copied().collect();
        let is_group = |group: &Reconciliation| {
            group.verdict == Verdict::Disagrees
                && group.rule.rule_id != row.rule.rule_id
                && group.computed_from.len() < row.computed_from.len()
                && group.period == row.period
                && group.population == row.population
                && matches!(group.rule.kind, "sums_to" | "hierarchy")
                && group.computed_from.iter().all(|f| parts.contains(f))
        };
        let mut rules: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for other in row.computed_from.iter().flat_map(|f| net.rows_of(*f)) {
            let group = &net.rows[*other];
            let rule = rules.entry(&group.rule.rule_id).or_default();
            if !rule.contains(other) && is_group(group) {
                rule.insert(*other);
            }
        }
        for (rule, groups) in rules {
            let groups: Vec<&Reconciliation> =
                groups.iter().map(|group| &net.rows[*group]).collect();
            let together = groups.iter().try_fold(Decimal::ZERO, |sum, group| {
                sum.checked_add(group.difference?)
            })?;
            if groups.len() >= 2 && together == difference {
                let each = groups.iter().map(|group| {
                    let name = group.category.as_deref().unwrap_or("");
                    let off = group.difference.map(Decimal::grouped).unwrap_or_default();
                    format!("{name} {off}")
                });
                return Some(Cause {
                    kind: CauseKind::FollowsFromGroups,
                    certainty: Certainty::Likely,
                    words: format!(
                        "its groups are off by as much together: {} ({rule})",
                        each.collect::<Vec<_>>().join(", ")
                    ),
                    suspect: None,
                });
            }
        }
        None
    }

    /// Two parts are off by opposites, so that their total does not show it.
    fn compensating(&self, net: &Net<'_>, at: usize, difference: Decimal) -> Option<Cause> {
        let opposite = Decimal::ZERO.checked_sub(difference)?;
        let row = &net.rows[at];
        // By the opposite: a row is none of them itself.
        let [other] = self.siblings.get(&sibling(row, opposite))?.as_slice() else {
            return None;
        };
        let other = &net.rows[*other];
        // Both stand in one sum that agrees, on one side or the other.
        let together = [&row.stated_from, &row.computed_from]
            .into_iter()
            .zip([&other.stated_from, &other.computed_from])
            .find_map(|(here, there)| {
                let (here, there) = (here.first()?, there.first()?);
                let sums = net.rows_with(net.first(*here)).into_iter();
                sums.map(|at| &net.rows[at]).find(|sum| {
                    sum.rule.kind == "sums_to"
                        && sum.verdict == Verdict::Agrees
                        && sum.computed_from.contains(here)
                        && sum.computed_from.contains(there)
                })
            })?;
        let name = |row: &Reconciliation| named(row).to_owned();
        Some(Cause {
            kind: CauseKind::AgreeingTotal,
            certainty: Certainty::Likely,
            words: format!(
                "`{}` and `{}` are off by opposites, so that their total does not show it ({} agrees)",
                name(row),
                name(other),
                together.statement
            ),
            suspect: None,
        })
    }
}

/// What a row is about, for readers.
fn named(row: &Reconciliation) -> &str {
    row.category.as_deref().unwrap_or(&row.statement)
}

/// The same part stands twice among the parts, and the sum is over by it.
fn twice(net: &Net<'_>, row: &Reconciliation, difference: Decimal) -> Option<Cause> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for figure in &row.computed_from {
        let part = &net.figures[*figure];
        if let Some(before) = seen.insert(&part.category, *figure)
            && part.value == difference
        {
            return Some(Cause {
                kind: CauseKind::CountedTwice,
                certainty: Certainty::Certain,
                words: format!(
                    "the part `{}` ({}) is there twice, at {} and {}",
                    part.category,
                    part.value.grouped(),
                    net.figures[before].stated_at,
                    part.stated_at
                ),
                suspect: None,
            });
        }
    }
    None
}

/// The total is off by just one part, which it has twice or not at all.
fn off_by_a_part(net: &Net<'_>, row: &Reconciliation, difference: Decimal) -> Option<Cause> {
    let size = difference.checked_abs()?;
    let mut fits = row
        .computed_from
        .iter()
        .filter(|f| net.figures[**f].value == size);
    let part = &net.figures[*fits.next()?];
    let alone = fits.next().is_none() && size.mantissa() >= 10;
    let (kind, [does, how], off) = match difference > Decimal::ZERO {
        true => (CauseKind::PartMissing, ["leave", "out"], "under"),
        false => (CauseKind::CountedTwice, ["count", "twice"], "over"),
    };
    alone.then(|| Cause {
        kind,
        certainty: Certainty::Possible,
        words: format!(
            "the total may {does} `{}` ({} at {}) {how}: it is {off} by just that",
            part.category,
            part.value.grouped(),
            part.stated_at
        ),
        suspect: None,
    })
}
