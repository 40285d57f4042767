//! The figures of the aggregates, where the report looks them up.

use std::collections::BTreeMap;

use crate::reconcile::{Figure, Source};

/// A row of an aggregate.
#[derive(Clone, Debug)]
pub struct Row {
    /// The category.
    pub category: String,
    /// What was counted.
    pub count: i64,
    /// What it is a share of.
    pub base: Option<i64>,
    /// The place of the count among the figures.
    pub at: usize,
}

impl Row {
    /// The count as a share of its base; `None` of nothing.
    pub fn share(&self) -> Option<f64> {
        let base = self.base.filter(|base| *base != 0)?;
        Some(self.count as f64 / base as f64)
    }
}

/// The rows of the aggregates in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// By aggregate, then by period and population.
    aggregates: BTreeMap<String, BTreeMap<(String, String), Vec<Row>>>,
}

impl Book {
    /// Takes what was computed.
    pub fn of(figures: &[Figure]) -> Self {
        let mut book = Self::default();
        for (at, figure) in figures.iter().enumerate() {
            if figure.source != Source::Computed {
                continue;
            }
            let Ok(value) = figure.value.to_string().parse::<i64>() else {
                continue;
            };
            let rows = book.aggregates.entry(figure.table.to_string()).or_default();
            let key = (figure.period.to_string(), figure.population.to_string());
            let rows = rows.entry(key).or_default();
            match (&*figure.measure, rows.last_mut()) {
                ("count", _) => rows.push(Row {
                    category: figure.category.to_string(),
                    count: value,
                    base: None,
                    at,
                }),
                // The base of a row comes behind its count.
                ("base", Some(row)) if row.category == *figure.category => row.base = Some(value),
                _ => {}
            }
        }
        book
    }

    /// Its rows of a period and population.
    pub fn rows(&self, aggregate: &str, period: &str, population: &str) -> &[Row] {
        let all = self.aggregates.get(aggregate);
        let key = (period.to_owned(), population.to_owned());
        all.and_then(|all| all.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// The populations of an aggregate in a period: those that are named in that order, then the others.
    pub fn populations(
        &self,
        aggregate: &str,
        period: &str,
        named: &[(String, String)],
    ) -> Vec<String> {
        let all = self.aggregates.get(aggregate);
        let keys = all.iter().flat_map(|all| all.keys());
        let mut found: Vec<String> = keys
            .filter(|(of, _)| of == period)
            .map(|(_, population)| population.clone())
            .collect();
        let place = |name: &String| named.iter().position(|(known, _)| known == name);
        found.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
        found
    }

    /// The newest period that any aggregate has.
    pub fn last_period(&self) -> Option<&str> {
        let keys = self.aggregates.values().flat_map(BTreeMap::keys);
        keys.map(|(period, _)| period.as_str()).max()
    }
}
