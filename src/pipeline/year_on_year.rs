//! Year on year: the project's comparisons over the figures of both periods, written beside the aggregates.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use arrow::{
    array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{Field, Schema, SchemaRef},
};

use super::{
    Context,
    error::RunError,
    gates::withheld::AllWithheld,
    plan::covered,
    tables::{finish_table, table_file},
};
use crate::{
    log::LogError,
    publish::StagedRun,
    reconcile::{
        Figure, Reconciliation,
        year_on_year::{Absence, Half, Pair, compare, unjudged},
    },
    rules::totals::Comparison,
};

/// The name under which comparisons are written; no aggregate has it beside them.
pub const YEAR_ON_YEAR: &str = "year_on_year";

/// Compares the two periods of each comparison and writes the pairs; returns them, and what could not be judged.
pub(super) fn write(
    run: &Context<'_>,
    figures: &[Figure],
    withheld: &mut AllWithheld,
) -> Result<(Vec<Pair>, Vec<Reconciliation>), RunError> {
    let (comparisons, mut all, because) = split(&run.plan.comparisons, withheld);
    if comparisons.is_empty() {
        if !because.is_empty() {
            withheld.add(YEAR_ON_YEAR, because);
        }
        return Ok((Vec::new(), all));
    }
    let periods = covered(run.project);
    let (pairs, unjudged) = compare(&comparisons, figures, &run.project.lists, &periods);
    write_pairs(run.staged, &pairs)?;
    tracing::debug!(rows = pairs.len(), "years compared");
    all.extend(unjudged);
    Ok((pairs, all))
}

/// The comparisons of charts whose figures are there, the rows of those of which some were withheld, and why they were.
fn split<'c>(comparisons: &'c [Comparison], withheld: &AllWithheld) -> Split<'c> {
    let (mut left, mut rows, mut because) = (Vec::new(), Vec::new(), BTreeSet::new());
    if withheld.aggregates().next().is_none() {
        return (Cow::Borrowed(comparisons), rows, because);
    }
    for comparison in comparisons {
        let mut of_others = comparison.clone();
        of_others.charts.retain(|chart| {
            let row = withheld.aggregates().find_map(|(table, why)| {
                let reason = format!("withheld: {}", why.why());
                let row = unjudged(comparison, &chart.value, table, reason)?;
                because.extend(why.because.iter().cloned());
                Some(row)
            });
            let is_there = row.is_none();
            rows.extend(row);
            is_there
        });
        if !of_others.charts.is_empty() {
            left.push(of_others);
        }
    }
    (Cow::Owned(left), rows, because)
}

type Split<'c> = (
    Cow<'c, [Comparison]>,
    Vec<Reconciliation>,
    BTreeSet<(String, String)>,
);

fn write_pairs(staged: &StagedRun, pairs: &[Pair]) -> Result<(), RunError> {
    let text = |get: &dyn Fn(&Pair) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(pairs.iter().map(get)))
    };
    let number = |get: &dyn Fn(&Pair) -> Option<i64>| -> ArrayRef {
        Arc::new(Int64Array::from_iter(pairs.iter().map(get)))
    };
    let double = |get: &dyn Fn(&Pair) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(pairs.iter().map(get)))
    };
    let of_both = |get: fn(&Half) -> Option<String>| {
        [text(&|p| get(&p.current)), text(&|p| get(&p.previous))]
    };
    let numbers = |get: fn(&Half) -> Option<i64>| {
        [number(&|p| get(&p.current)), number(&|p| get(&p.previous))]
    };
    let doubles = |get: fn(&Half) -> Option<f64>| {
        [double(&|p| get(&p.current)), double(&|p| get(&p.previous))]
    };
    let columns: Vec<(&[&str], Vec<ArrayRef>)> = vec![
        (&["comparison"], vec![text(&|p| Some(p.comparison.clone()))]),
        (&["table"], vec![text(&|p| Some(p.table.clone()))]),
        (&["level"], vec![text(&|p| Some(p.level.word().to_owned()))]),
        (&["category"], vec![text(&|p| p.category.clone())]),
        (&["sort"], vec![number(&|p| p.sort)]),
        (
            &["period_current", "period_previous"],
            of_both(|h| Some(h.period.clone())).into(),
        ),
        (
            &["population_current", "population_previous"],
            of_both(|h| Some(h.population.clone())).into(),
        ),
        (
            &["coverage_current", "coverage_previous"],
            of_both(|h| h.coverage.clone()).into(),
        ),
        (
            &["codes_current", "codes_previous"],
            of_both(|h| Some(h.codes.clone())).into(),
        ),
        (&["current", "previous"], numbers(|h| h.reported).into()),
        (
            &["current_matched", "previous_matched"],
            numbers(|h| h.matched).into(),
        ),
        (
            &["presence"],
            vec![text(&|p| Some(p.presence.word().to_owned()))],
        ),
        (
            &["absence_current", "absence_previous"],
            of_both(|h| h.absence.map(Absence::word).map(str::to_owned)).into(),
        ),
        (
            &["share_current", "share_previous"],
            doubles(|h| h.share).into(),
        ),
        (
            &["share_current_recorded", "share_previous_recorded"],
            doubles(|h| h.share_recorded).into(),
        ),
        (&["change"], vec![number(&|p| p.change)]),
        (&["change_percent"], vec![double(&|p| p.change_percent)]),
        (
            &["verdict"],
            vec![text(&|p| Some(p.verdict.word().to_owned()))],
        ),
        (&["reason"], vec![text(&|p| Some(p.reason.clone()))]),
        (
            &["stated_at_current", "stated_at_previous"],
            of_both(|h| Some(h.stated_at.clone()).filter(|at| !at.is_empty())).into(),
        ),
    ];
    let columns = columns
        .into_iter()
        .flat_map(|(names, arrays)| names.iter().copied().zip(arrays));
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(LogError::from)?;
    let mut out = table_file(staged, &format!("aggregates/{YEAR_ON_YEAR}"), &schema)?;
    out.write(&batch)?;
    finish_table(out)?;
    Ok(())
}
