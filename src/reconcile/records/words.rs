//! What the records say about each total that differs, in words and one by one.

use std::collections::{BTreeMap, HashMap};

use super::{
    Claim, Counted, Doubt, Gathering, Role,
    claims::judged,
    gather::{Best, FEW, Found},
};
use crate::{
    decimal::Decimal,
    discrepancy::Category,
    reconcile::{Figure, Reconciliation, Source, Verdict},
};

/// Records that a sentence names; all that were kept are listed.
pub(super) const NAMED: usize = 6;
/// Aggregates that are enough to say what one record alone can have done.
pub(super) const WITNESSES: usize = 3;

/// Where a record stands: file and line.
pub type Places = HashMap<(String, String), (String, i64)>;

/// A record that can account for a total, with one finding about it, if there is any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contribution {
    /// What it has to do with the total.
    pub role: Role,
    /// Its table.
    pub table: String,
    /// Its key, as the log writes it.
    pub record_key: String,
    /// Where it stands; of a record that was not delivered, where it is named.
    pub place: Option<(String, i64)>,
    /// A finding about it, or about the record that names it.
    pub doubt: Option<Doubt>,
}

/// Why a total that the detail gives is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What may have become of the records.
    pub role: Role,
    /// Whether the arithmetic leaves nothing else; else it is one of what may be.
    pub is_likely: bool,
    /// In a sentence.
    pub words: String,
    /// The records, by role and key.
    pub records: Vec<Contribution>,
}

/// The explanations of `rows`, by the row's index; none of those that the records say nothing about.
pub fn explain(
    rows: &[Reconciliation],
    figures: &[Figure],
    gathering: &Gathering<'_>,
    places: &Places,
) -> BTreeMap<usize, Explained> {
    let explained = rows.iter().enumerate().filter_map(|(at, row)| {
        if row.verdict != Verdict::Disagrees {
            return None;
        }
        let explained = match judged(row, figures) {
            Some((figure, _)) => Off::of(&figures[figure], gathering)?.explained(gathering, places),
            None if row.rule.kind == "share_of" => of_share(row, figures, gathering, places),
            None => None,
        };
        Some((at, explained?))
    });
    explained.collect()
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
        let told = Told {
            gathering,
            claim,
            found,
            counted: &gathering.counted[claim.of],
            places,
        };
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

pub(super) struct Told<'g> {
    gathering: &'g Gathering<'g>,
    pub(super) claim: &'g Claim,
    pub(super) found: &'g Found,
    pub(super) counted: &'g Counted,
    places: &'g Places,
}

impl Told<'_> {
    /// All aggregates are off by as much.
    fn shifted(&self) -> Explained {
        let Claim {
            shift,
            period,
            population,
            evaluated,
            ..
        } = self.claim;
        let (number, in_line) = (shift.unsigned_abs(), self.claim.in_line());
        let direction = match *shift > 0 {
            true => "more",
            false => "less",
        };
        let (role, mut listed) = match *shift > 0 {
            true => self.over(),
            false => self.short(),
        };
        let table = &self.counted.table;
        let records = match number {
            1 => format!("1 record of {table} is"),
            several => format!("{several} records of {table} are"),
        };
        let what = match role {
            Role::Extra => "too many",
            Role::Duplicated => "counted twice",
            Role::LeftOut => "left out",
            Role::Missing => "missing from what is counted",
            Role::Redated => "counted for another period, or for none",
            Role::Recoded if *shift > 0 => "counted here and may belong elsewhere",
            Role::Recoded => "counted elsewhere and may belong here",
        };
        let mut words = format!(
            "{records} {what}: the detail counts {number} {direction} than stated in {in_line} of the {evaluated} aggregates of `{population}` in {period}"
        );
        if listed.is_empty() {
            words.push_str("; no record was found that accounts for it");
        }
        for (what, records) in &listed {
            words.push_str(&format!("; {what}"));
            // Of many that may be it, the listing says more than a sentence.
            if !records.is_empty() && !what.starts_with("it may be") {
                words.push_str(&format!(": {}", self.named(records)));
            }
        }
        let mut records: Vec<Contribution> = listed.drain(..).flat_map(|(_, r)| r).collect();
        records.sort();
        records.dedup();
        Explained {
            role,
            is_likely: in_line >= WITNESSES,
            words,
            records,
        }
    }

    /// Records that lie in the cells that are over.
    fn over(&self) -> (Role, Vec<(String, Vec<Contribution>)>) {
        let Found { over, also_in, .. } = self.found;
        let in_other = |key: &String| {
            let mut populations = also_in.get(key).into_iter().flatten();
            populations.any(|population| !self.is_shifted(population))
        };
        let is_duplicate = |key: &String| {
            let mut doubts = self.gathering.doubts.about(&self.counted.table, key).iter();
            doubts.any(|doubt| doubt.category == Category::Duplicate)
        };
        let keys = || over.keys.keys();
        let flagged = keys().filter(|key| is_duplicate(key)).count();
        let role = if flagged > 0 {
            Role::Duplicated
        } else if over.fits_wholly() && !over.keys.is_empty() && keys().all(in_other) {
            Role::Recoded
        } else {
            Role::Extra
        };
        let what = match role {
            Role::Recoded => {
                "in all the cells that are off, and counted in another population as well"
            }
            _ => "in all the cells that are off",
        };
        // A record and its copy; of more than that, those that a rule found.
        let number = self.claim.shift.unsigned_abs() as usize;
        let only_flagged = flagged > 0 && over.keys.len() > 2 * number;
        let listed = match (only_flagged, over.keys.len() > FEW) {
            (true, _) => {
                let mut best = over.clone();
                best.keys.retain(|key, _| is_duplicate(key));
                best.more = 0;
                self.listed(role, what, &best)
            }
            (false, true) => None,
            (false, false) => self.listed(role, what, over),
        };
        let listed = listed.into_iter();
        if over.keys.is_empty() {
            // One aggregate alone says nothing but which cells are over.
            let cells = self.found.cells.values().flat_map(|cell| &cell.doubtful);
            let records: Vec<Contribution> = cells
                .flat_map(|(key, doubts)| {
                    let doubts = doubts.iter().cloned().map(Some);
                    doubts.map(|doubt| self.contribution(role, key, doubt))
                })
                .collect();
            let what = "found at fault in the cells that are over".to_owned();
            return (
                role,
                listed
                    .chain((!records.is_empty()).then_some((what, records)))
                    .collect(),
            );
        }
        (role, listed.collect())
    }

    /// Records that would lie in the cells that are short; where none is found, those that may.
    fn short(&self) -> (Role, Vec<(String, Vec<Contribution>)>) {
        let Found {
            left_out,
            elsewhere,
            uncounted,
            ..
        } = self.found;
        let number = self.claim.shift.unsigned_abs() as usize;
        let mut listed: Vec<(String, Vec<Contribution>)> = Vec::new();
        if left_out.fits_wholly() {
            let what = "delivered and left out, and would lie in all the cells that are off";
            listed.extend(self.listed(Role::LeftOut, what, left_out));
        }
        if elsewhere.fits_wholly() && !self.all_shifted() {
            let what = "counted in another population, and would lie in all the cells that are off";
            listed.extend(self.listed(Role::Recoded, what, elsewhere));
        }
        let first = listed.first().and_then(|(_, records)| records.first());
        if let Some(first) = first.map(|record| record.role)
            && listed
                .iter()
                .map(|(_, records)| keys(records))
                .sum::<usize>()
                >= number
        {
            return (first, listed);
        }
        let absent = self.gathering.doubts.absent(&self.counted.table);
        let mut absent: Vec<_> = absent.collect();
        // Whatever most records name is most surely missing.
        absent.sort_by_key(|(key, named)| (usize::MAX - named.by.len(), *key));
        // One that several records name was surely there; a single one may have mistyped it.
        let often = absent
            .iter()
            .take_while(|(_, named)| named.by.len() > 1)
            .count();
        let is_told = often == number;
        if is_told {
            absent.truncate(often);
        }
        let absent: Vec<Contribution> = absent
            .into_iter()
            .flat_map(|(key, named)| {
                let told = if is_told { named.by.len() } else { 1 };
                named.by.iter().take(told).map(move |doubt| (key, doubt))
            })
            .map(|(key, doubt)| Contribution {
                role: Role::Missing,
                table: self.counted.table.clone(),
                record_key: key.to_owned(),
                place: doubt.file.clone().zip(doubt.line),
                doubt: Some(doubt.clone()),
            })
            .collect();
        let is_date = |doubt: &Doubt| {
            let dates = self.counted.deciding.iter().filter(|column| column.is_date);
            doubt.is_about(&dates.cloned().collect::<Vec<_>>())
        };
        let role_of = |key: &String| {
            let doubts = self.gathering.doubts.about(&self.counted.table, key);
            let leaves_out = |doubt: &Doubt| doubt.left_out() || doubt.category == Category::Orphan;
            if doubts.iter().any(is_date) {
                Role::Redated
            } else if doubts.iter().any(leaves_out) {
                Role::LeftOut
            } else {
                Role::Recoded
            }
        };
        if is_told {
            listed.push((
                "more than one record names it, and nobody delivered it".to_owned(),
                absent,
            ));
            return (Role::Missing, listed);
        }
        let one = |key: &String| {
            let deciding = &self.counted.deciding;
            let mut all = self.with_doubts(role_of(key), key, deciding);
            all.sort_by_key(|record| !record.doubt.as_ref().is_some_and(Doubt::left_out));
            all.into_iter().next()
        };
        let uncounted: Vec<Contribution> = uncounted.iter().filter_map(one).collect();
        let role = match (absent.is_empty(), uncounted.first()) {
            (true, Some(first)) => first.role,
            _ => Role::Missing,
        };
        for (what, records) in [
            ("others name and nobody delivered", absent),
            (
                "were delivered, found at fault and are not counted",
                uncounted,
            ),
        ] {
            let among = format!("it may be among {} that {what}", records.len());
            match records.len() {
                0 => {}
                // Nothing tells so many apart.
                many if many > FEW => listed.push((among, Vec::new())),
                _ => listed.push((among, records)),
            }
        }
        (role, listed)
    }

    fn is_shifted(&self, population: &str) -> bool {
        let claim = self
            .gathering
            .claim_at(self.claim.of, &self.claim.period, population);
        claim.is_some_and(|claim| self.gathering.claims[claim].shift != 0)
    }

    /// Whether all populations of the period are off as a whole.
    fn all_shifted(&self) -> bool {
        let claims = self.gathering.claims.iter();
        let mut others = claims.filter(|other| {
            other.of == self.claim.of
                && other.period == self.claim.period
                && other.population != self.claim.population
        });
        others.clone().next().is_some() && others.all(|other| other.shift != 0)
    }

    fn listed(&self, role: Role, what: &str, best: &Best) -> Option<(String, Vec<Contribution>)> {
        let records = best
            .keys
            .keys()
            .flat_map(|key| self.with_doubts(role, key, &self.counted.deciding));
        let records: Vec<Contribution> = records.collect();
        let what = match best.more {
            0 => what.to_owned(),
            more => format!("{what}, beside {more} more"),
        };
        (!records.is_empty()).then_some((what, records))
    }

    /// A record, once for each finding about it that bears on whether it is counted; else once.
    fn with_doubts(
        &self,
        role: Role,
        key: &str,
        columns: &[super::DecidingColumn],
    ) -> Vec<Contribution> {
        let doubts = self.gathering.doubts.about(&self.counted.table, key).iter();
        let bearing = doubts.filter(|doubt| {
            doubt.left_out() || doubt.is_about(columns) || doubt.category == Category::Duplicate
        });
        let found: Vec<Contribution> = bearing
            .map(|doubt| self.contribution(role, key, Some(doubt.clone())))
            .collect();
        match found.is_empty() {
            true => vec![self.contribution(role, key, None)],
            false => found,
        }
    }

    pub(super) fn contribution(&self, role: Role, key: &str, doubt: Option<Doubt>) -> Contribution {
        let table = self.counted.table.clone();
        let place = self.places.get(&(table.clone(), key.to_owned())).cloned();
        let of_doubt = || {
            let doubt = doubt.as_ref().filter(|doubt| doubt.table == table)?;
            doubt.file.clone().zip(doubt.line)
        };
        Contribution {
            role,
            place: place.or_else(of_doubt),
            table,
            record_key: key.to_owned(),
            doubt,
        }
    }

    /// `C1 (cases.csv:12, by cases.closed_on.type), C2 (…) and 3 more`.
    pub(super) fn named(&self, records: &[Contribution]) -> String {
        let mut by_key: Vec<(&str, Vec<&Contribution>)> = Vec::new();
        for record in records {
            match by_key.last_mut() {
                Some((key, of_key)) if *key == record.record_key => of_key.push(record),
                _ => by_key.push((&record.record_key, vec![record])),
            }
        }
        let one = |(key, of_key): &(&str, Vec<&Contribution>)| {
            let place = of_key.iter().find_map(|record| record.place.as_ref());
            let place = place.map(|(file, line)| format!("{file}:{line}"));
            let is_absent = of_key.iter().any(|record| record.role == Role::Missing);
            let doubts = of_key.iter().filter_map(|record| record.doubt.as_ref());
            let mut rules: Vec<&str> = doubts.map(|doubt| doubt.rule_id.as_str()).collect();
            rules.sort_unstable();
            rules.dedup();
            let rules = (!rules.is_empty()).then(|| rules.join(" "));
            let about: Vec<String> = match is_absent {
                true => {
                    let first = place.unwrap_or_default();
                    vec![match of_key.len() {
                        1 => format!("named at {first}"),
                        times => format!("named {times} times, first at {first}"),
                    }]
                }
                false => place.into_iter().chain(rules).collect(),
            };
            match about.is_empty() {
                true => (*key).to_owned(),
                false => format!("{key} ({})", about.join(", ")),
            }
        };
        let first: Vec<String> = by_key.iter().take(NAMED).map(one).collect();
        match by_key.len().saturating_sub(NAMED) {
            0 => first.join(", "),
            more => format!("{} and {more} more", first.join(", ")),
        }
    }
}

/// How many records there are, each with one or more findings.
fn keys(records: &[Contribution]) -> usize {
    let mut keys: Vec<&str> = records
        .iter()
        .map(|record| record.record_key.as_str())
        .collect();
    keys.dedup();
    keys.len()
}
