//! More than a thousand spoilt figures of the report, in every way that a cause is known for.

use std::collections::{BTreeMap, HashMap};

use super::{super::*, ground::Ground, ways::WAYS};
use crate::reconcile::{
    causes::{Cause, CauseKind, Certainty, explain, find},
    records::Behind,
};

/// Trials, shared out among the ways.
const TRIALS: usize = 1_050;
/// Anything; the trial is the same every time.
const SEED: u64 = 2017;

/// A generator of few bits more than a test needs (SplitMix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).expect("small")
    }

    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }
}

#[test]
fn spoilt_figures_are_found_and_explained() {
    let ground = &Ground::new();
    let statements: Vec<Statement> = ground.statements.iter().map(|s| s.0.clone()).collect();
    let mut random = Random(SEED);
    let mut told: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut faults = Vec::new();
    for trial in 0..TRIALS {
        let (name, way) = WAYS[trial % WAYS.len()];
        let spoilt = (0..200).find_map(|_| way(ground, &mut random));
        let spoilt = spoilt.unwrap_or_else(|| panic!("no figure to spoil: {name}"));
        let rows = ground.judge(&spoilt.figures);
        let at = |statement: &String| rows.iter().position(|row| row.statement == *statement);
        let broken: Vec<usize> = spoilt.broken.iter().filter_map(at).collect();
        let disagrees = |at: &&usize| rows[**at].verdict == Verdict::Disagrees;
        let found: Vec<usize> = broken.iter().filter(disagrees).copied().collect();
        let lost = spoilt.broken.len() - found.len();
        assert!(
            !found.is_empty() && lost == 0,
            "{name} {trial}: not found: {lost} of {:?}",
            spoilt.broken
        );
        // By chance a spoilt figure agrees with what was wrong before, which then speaks for it.
        let mended = rows.iter().filter(|row| {
            row.verdict == Verdict::Agrees && ground.disagreed.contains(&row.statement)
        });
        let unique = spoilt.unique && mended.count() * 4 <= broken.len();
        let causes = find(&rows, &spoilt.figures, found.iter().copied());
        let causes: HashMap<usize, Vec<Cause>> = causes.into_iter().collect();
        if trial % 10 == 0 {
            // Rows that no cause is looked for in are not kept, and it is as if they were.
            let kept = Judged::new(&statements, &spoilt.figures, &ground.report.lists);
            let place = |at: &usize| {
                let mut places = kept.rows.iter();
                places.position(|row| row.statement == rows[*at].statement)
            };
            let places: Vec<usize> = found.iter().filter_map(place).collect();
            let of_kept = find(&kept.rows, &spoilt.figures, places).into_iter();
            let of_kept: Vec<Vec<Cause>> = of_kept.map(|(_, causes)| causes).collect();
            let of_all: Vec<Vec<Cause>> = found.iter().map(|at| causes[at].clone()).collect();
            assert_eq!(of_kept, of_all, "{name} {trial}");
        }
        let first = |at: &usize| &causes[at][0];
        let right = found
            .iter()
            .all(|at| spoilt.right.contains(&first(at).kind));
        let wrong = found.iter().map(first).find(|cause| {
            cause.certainty == Certainty::Certain && !spoilt.right.contains(&cause.kind)
        });
        if spoilt.right == [CauseKind::IndependentRounding] && right {
            let mut rows = rows.clone();
            explain(&mut rows, &spoilt.figures, &Behind::default());
            assert_eq!(rows[found[0]].verdict, Verdict::Explained, "{name} {trial}");
        }
        let told = told.entry(name).or_default();
        told[0] += 1;
        told[1] += usize::from(unique);
        told[2] += usize::from(unique && right);
        told[3] += usize::from(wrong.is_some());
        if (unique && !right) || wrong.is_some() {
            let is_wrong = |at: &&usize| !spoilt.right.contains(&first(at).kind);
            for at in found.iter().filter(is_wrong) {
                let (row, said) = (&rows[*at], &causes[at]);
                faults.push(format!(
                    "{name} {trial}: {} {} {said:?}",
                    row.statement, row.evidence
                ));
            }
        }
    }
    let sum = |place: usize| told.values().map(|t| t[place]).sum::<usize>();
    let (all, unique, right, wrong) = (sum(0), sum(1), sum(2), sum(3));
    let table = format!(
        "way: trials, unique, of these right, certain and wrong\n{told:#?}\n{}",
        faults.join("\n")
    );
    println!("{table}");
    assert_eq!(all, TRIALS);
    assert!(unique * 2 > all, "{unique} of {all} are unique\n{table}");
    assert!(right * 100 >= unique * 95, "{right} of {unique}\n{table}");
    assert!(wrong * 100 <= all, "{wrong} of {all}\n{table}");
    for (name, [_, unique, right, _]) in &told {
        assert!(
            right * 100 >= unique * 90,
            "{name}: {right} of {unique}\n{table}"
        );
    }
}
