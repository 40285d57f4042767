//! Which published figures are others than in the run before, and by how much.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use serde_json::{Value, json};

use super::{
    Context,
    error::RunError,
    history::History,
    tables::{finish_table, table_file},
};
use crate::{
    log::LogError,
    publish::{Figures, read_figures},
};

/// What became of the figures that the run before had published.
#[derive(Clone, Debug)]
pub struct FigureChanges {
    /// The run before.
    pub since: String,
    /// Figures that are others now, by period.
    pub periods: BTreeMap<String, u64>,
    /// Whether the project is another than it was then.
    pub project_changed: bool,
}

impl FigureChanges {
    /// How many changed.
    pub fn count(&self) -> u64 {
        self.periods.values().sum()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "since": self.since,
            "changed": self.count(),
            "by_period": self.periods,
            "project_changed": self.project_changed,
        })
    }
}

/// A figure that is another than it was.
pub struct FigureChange {
    /// Its aggregate.
    pub aggregate: String,
    /// Period, population and category.
    pub place: [String; 3],
    /// Count and base before; `None` where there was no such figure in the period.
    pub before: Option<(i64, i64)>,
    /// Count and base now.
    pub after: Option<(i64, i64)>,
}

/// The figures of an aggregate that changed. A period that was not published before has no changes.
pub fn changes(aggregate: &str, before: &Figures, after: &Figures) -> Vec<FigureChange> {
    let known: BTreeSet<&String> = before.keys().map(|[period, ..]| period).collect();
    let places: BTreeSet<&[String; 3]> = before.keys().chain(after.keys()).collect();
    places
        .into_iter()
        .filter(|place| known.contains(&place[0]) && before.get(*place) != after.get(*place))
        .map(|place| FigureChange {
            aggregate: aggregate.to_owned(),
            place: place.clone(),
            before: before.get(place).copied(),
            after: after.get(place).copied(),
        })
        .collect()
}

/// Writes `figure_changes`, which is empty where there is no run before.
pub(super) fn write(
    run: &Context<'_>,
    history: Option<&History>,
) -> Result<Option<FigureChanges>, RunError> {
    let schema = schema();
    let mut out = table_file(run.staged, "figure_changes", &schema)?;
    let mut told = None;
    if let Some(history) = history {
        let before = &history.manifest;
        let mut periods = BTreeMap::new();
        for file in &run.project.aggregates {
            let path = format!("aggregates/{}.parquet", file.name);
            let was_there = before
                .outputs
                .iter()
                .any(|output| output.path.as_str() == path);
            let now = run.staged.path(&path);
            if !was_there || !now.exists() {
                continue;
            }
            let was = read_figures(run.out.open_output(before, &path)?, &path)?;
            let now = read_figures(std::fs::File::open(&now).map_err(LogError::from)?, &path)?;
            let found = changes(file.name.as_str(), &was, &now);
            for change in &found {
                *periods.entry(change.place[0].clone()).or_default() += 1;
            }
            if !found.is_empty() {
                out.write(&batch(&found, &schema)?)?;
            }
        }
        told = Some(FigureChanges {
            since: before.run_id.to_string(),
            periods,
            project_changed: before.project.sha256.to_string() != run.project.hash,
        });
    }
    finish_table(out)?;
    Ok(told)
}

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("aggregate"),
        text("period"),
        text("population"),
        text("category"),
        number("before"),
        number("after"),
        number("difference"),
        number("base_before"),
        number("base_after"),
    ]))
}

fn batch(changes: &[FigureChange], schema: &SchemaRef) -> Result<RecordBatch, LogError> {
    let mut texts: [StringBuilder; 4] = Default::default();
    let mut numbers: [Int64Builder; 5] = Default::default();
    for change in changes {
        let [period, population, category] = &change.place;
        let cells = [&change.aggregate, period, population, category];
        for (builder, text) in texts.iter_mut().zip(cells) {
            builder.append_value(text);
        }
        let (before, after) = (change.before, change.after);
        let difference = before.zip(after).map(|(b, a)| a.0.saturating_sub(b.0));
        let cells = [
            before.map(|b| b.0),
            after.map(|a| a.0),
            difference,
            before.map(|b| b.1),
            after.map(|a| a.1),
        ];
        for (builder, number) in numbers.iter_mut().zip(cells) {
            builder.append_option(number);
        }
    }
    let texts = texts.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef);
    let numbers = numbers.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef);
    let columns = texts.chain(numbers).collect();
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
