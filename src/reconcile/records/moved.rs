//! One aggregate counts more than stated here and less there, while its whole is in line.

use std::collections::BTreeSet;

use super::{
    Claim, Contribution, Doubt, Explained, Role,
    gather::{FEW, Over},
    listing::{NAMED, named},
    words::{Told, WITNESSES, records_are},
};

impl Told<'_> {
    /// A cell of an aggregate that is off as a whole, while records moved in others.
    pub(super) fn moved_beside(&self) -> Explained {
        let Claim {
            period, population, ..
        } = self.claim;
        let moved = match self.claim.moved() {
            1 => "another aggregate".to_owned(),
            several => format!("{several} other aggregates"),
        };
        let in_all = &self.found.moved;
        let keys = in_all.keys.keys().filter(|_| in_all.fits_wholly());
        let records: Vec<Contribution> = keys
            .map(|key| self.contribution(Role::Recoded, key, None))
            .collect();
        let mut words = format!(
            "records are re-coded, as in {moved} of `{population}` in {period}; this aggregate is off by another number as a whole"
        );
        if !records.is_empty() {
            words.push_str(&format!(": {}", named(&records)));
        }
        Explained {
            role: Role::Recoded,
            is_likely: false,
            words,
            records,
        }
    }

    /// One aggregate is over in some cells and short in others.
    pub(super) fn moved(&self, aggregate: usize) -> Option<Explained> {
        let cells = self.claim.cells.get(aggregate)?.as_ref()?;
        let off = |sign: i64| {
            let off = cells
                .iter()
                .filter(|(_, cell)| cell.difference.signum() == sign);
            let mut off: Vec<_> = off
                .map(|(category, cell)| (&**category, cell.difference))
                .collect();
            off.sort_unstable();
            off
        };
        let (over, short) = (off(1), off(-1));
        if over.is_empty() || short.is_empty() {
            return None;
        }
        let number: i64 = over.iter().map(|(_, difference)| difference).sum();
        let deciding = &self.counted.aggregates[aggregate].deciding;
        let is_date = !deciding.is_empty() && deciding.iter().all(|column| column.is_date);
        let (role, verb) = match is_date {
            true => (Role::Redated, "re-dated"),
            false => (Role::Recoded, "re-coded"),
        };
        let of_cell = |category: &str| self.found.cells.get(&(aggregate, category.to_owned()));
        let kept: Vec<&Over> = over
            .iter()
            .filter_map(|(category, _)| of_cell(category))
            .collect();
        let meant = |doubt: &Doubt| {
            let suggestion = doubt.suggestion.as_deref();
            short
                .iter()
                .any(|(category, _)| Some(*category) == suggestion)
        };
        let doubtful = || kept.iter().flat_map(|over| &over.doubtful);
        let fitting = || doubtful().filter(|(_, doubts)| doubts.iter().any(meant));
        let number = number.unsigned_abs();
        let is_meant = fitting().count() as u64 == number;
        let in_all = &self.found.moved;
        let is_in_all = in_all.fits_wholly();
        let told: Vec<(&String, &Vec<Doubt>)> = match (is_meant, is_in_all) {
            (true, _) => fitting().collect(),
            (_, true) => doubtful()
                .filter(|(key, _)| in_all.keys.contains_key(*key))
                .collect(),
            _ => doubtful().collect(),
        };
        // Fewer than are off cannot be all of them.
        let told = match (told.len() as u64) < number {
            true => Vec::new(),
            false => told,
        };
        let counted: i64 = kept.iter().map(|over| over.counted).sum();
        let cells = |cells: &[(&str, i64)]| {
            let cell = |(category, off): &(&str, i64)| format!("{} under `{category}`", off.abs());
            let first: Vec<String> = cells.iter().take(NAMED).map(cell).collect();
            match cells.len() > NAMED {
                true => format!("{} and in {} more", first.join(", "), cells.len() - NAMED),
                false => first.join(", "),
            }
        };
        let Claim {
            shift,
            period,
            population,
            evaluated,
            ..
        } = self.claim;
        let records = records_are(number, "");
        let whole = match shift {
            0 => "agrees".to_owned(),
            off => format!("is off by {off}"),
        };
        let mut words = format!(
            "{records} {verb}: the detail counts more than stated ({}) and less ({}), while the whole {whole} in {} of the {evaluated} aggregates of `{population}` in {period}",
            cells(&over),
            cells(&short),
            self.claim.in_line(),
        );
        let mut records: Vec<Contribution> = told
            .iter()
            .flat_map(|(key, doubts)| {
                doubts
                    .iter()
                    .map(|d| self.contribution(role, key, Some(d.clone())))
            })
            .collect();
        if records.is_empty() && is_in_all {
            let keys = in_all.keys.keys();
            records = keys.map(|key| self.contribution(role, key, None)).collect();
        }
        if is_in_all && !records.is_empty() {
            words.push_str(&format!(
                "; in such a cell of each of the {} aggregates that are off so: {}",
                self.claim.moved(),
                named(&records)
            ));
        } else if records.is_empty() {
            let all: BTreeSet<&String> = kept
                .iter()
                .flat_map(|over| over.others.iter().chain(over.doubtful.keys()))
                .collect();
            if all.len() as i64 == counted && all.len() <= FEW {
                records = all
                    .into_iter()
                    .map(|key| self.contribution(role, key, None))
                    .collect();
                words.push_str(&format!(
                    "; among the {counted} counted there: {}",
                    named(&records)
                ));
            } else {
                words.push_str(&format!(
                    "; nothing tells which of the {counted} counted there"
                ));
            }
        } else {
            words.push_str(&format!("; found at fault there: {}", named(&records)));
        }
        records.sort();
        records.dedup();
        // The cells agree with another statement only by chance where just one is over and one is short.
        let is_exact = over.len() == 1 && short.len() == 1 && self.claim.in_line() >= WITNESSES;
        Some(Explained {
            role,
            is_likely: self.claim.shift == 0 && (is_exact || is_meant),
            words,
            records,
        })
    }
}
