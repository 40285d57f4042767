//! What the records say where all aggregates are off by as much: in words and one by one.

use std::collections::HashMap;

use super::{
    Claim, Counted, Doubt, Gathering, Named, Role,
    gather::{Best, FEW, Found},
    listing::{Listed, NAMED, keys, named},
};
use crate::discrepancy::Category;

/// Aggregates that are enough to say what one record alone can have done.
pub(super) const WITNESSES: usize = 3;

/// `1 record of t is`, `3 records are`.
pub(super) fn records_are(number: u64, of: &str) -> String {
    match number {
        1 => format!("1 record{of} is"),
        several => format!("{several} records{of} are"),
    }
}

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

pub(super) struct Told<'g> {
    gathering: &'g Gathering<'g>,
    pub(super) claim: &'g Claim,
    pub(super) found: &'g Found,
    pub(super) counted: &'g Counted,
    places: &'g Places,
}

impl<'g> Told<'g> {
    pub(super) fn new(gathering: &'g Gathering<'_>, claim: usize, places: &'g Places) -> Self {
        let found = &gathering.found[claim];
        let claim = &gathering.claims[claim];
        Self {
            gathering,
            claim,
            found,
            counted: &gathering.counted[claim.of],
            places,
        }
    }

    /// All aggregates are off by as much.
    pub(super) fn shifted(&self) -> Explained {
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
        let (role, listed) = match *shift > 0 {
            true => self.over(),
            false => self.short(),
        };
        let table = &self.counted.table;
        let records = records_are(number, &format!(" of {table}"));
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
        for listed in &listed {
            words.push_str(&format!("; {}", listed.what));
            // Of many that may be it, the listing says more than a sentence.
            if !listed.records.is_empty() && !listed.may_be {
                words.push_str(&format!(": {}", named(&listed.records)));
            }
        }
        let mut records: Vec<Contribution> = listed.into_iter().flat_map(|l| l.records).collect();
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
    fn over(&self) -> (Role, Vec<Listed>) {
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
            let at_fault = Listed::of("found at fault in the cells that are over", records);
            return (role, listed.chain(at_fault).collect());
        }
        (role, listed.collect())
    }

    /// Records that would lie in the cells that are short; where none is found, those that may.
    fn short(&self) -> (Role, Vec<Listed>) {
        let Found {
            left_out,
            elsewhere,
            uncounted,
            ..
        } = self.found;
        let number = self.claim.shift.unsigned_abs() as usize;
        let mut listed: Vec<Listed> = Vec::new();
        if left_out.fits_wholly() {
            let what = "delivered and left out, and would lie in all the cells that are off";
            listed.extend(self.listed(Role::LeftOut, what, left_out));
        }
        if elsewhere.fits_wholly() && !self.all_shifted() {
            let what = "counted in another population, and would lie in all the cells that are off";
            listed.extend(self.listed(Role::Recoded, what, elsewhere));
        }
        let first = listed.first().and_then(|listed| listed.records.first());
        let all: usize = listed.iter().map(|listed| keys(&listed.records)).sum();
        if let Some(first) = first.filter(|_| all >= number) {
            return (first.role, listed);
        }
        // Some of so many lie in the cells that are short by chance.
        for few in &mut listed {
            few.what = format!("it may be among {}: {}", keys(&few.records), few.what);
            few.may_be = true;
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
        let names = |(key, named): &(&str, &Named)| format!("{key} {} times", named.by.len());
        let most: Vec<String> = absent.iter().take(often.min(NAMED)).map(names).collect();
        let most = match most.is_empty() {
            true => String::new(),
            false => format!(" ({})", most.join(", ")),
        };
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
            let what = "more than one record names it, and nobody delivered it";
            listed.extend(Listed::of(what, absent));
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
            (format!("others name and nobody delivered{most}"), absent),
            (
                "were delivered, found at fault and are not counted".to_owned(),
                uncounted,
            ),
        ] {
            let among = format!("it may be among {} that {what}", records.len());
            if let Some(mut maybe) = Listed::of(&among, records) {
                maybe.may_be = true;
                if maybe.records.len() > FEW {
                    // Nothing tells so many apart.
                    maybe.records.clear();
                }
                listed.push(maybe);
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

    fn listed(&self, role: Role, what: &str, best: &Best) -> Option<Listed> {
        let keys = best.keys.keys();
        let records = keys.flat_map(|key| self.with_doubts(role, key, &self.counted.deciding));
        let what = match best.more {
            0 => what.to_owned(),
            more => format!("{what}, beside {more} more"),
        };
        Listed::of(&what, records.collect())
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
}
