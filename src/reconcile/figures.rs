//! Figures: what somebody printed and what the detail gives, in one form.

use std::{collections::HashSet, sync::Arc};

use crate::{
    decimal::{Decimal, Range},
    rules::totals::{Key, Source},
};

/// A number that somebody states, with the keys that say what it is about.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Printed or computed.
    pub source: Source,
    /// The section of the publication; blank for computed ones.
    pub section: Arc<str>,
    /// The table.
    pub table: Arc<str>,
    /// Where in the publication; `computed` for computed ones.
    pub origin: Arc<str>,
    /// The period.
    pub period: Arc<str>,
    /// The population.
    pub population: Arc<str>,
    /// The row of the table, as printed.
    pub category: Arc<str>,
    /// What is measured.
    pub measure: Arc<str>,
    /// The exact value; of a suppressed figure 0, which it need not be.
    pub value: Decimal,
    /// What a suppressed figure can stand for.
    pub suppressed: Option<Arc<Range>>,
    /// The text that was printed; blank for computed ones.
    pub printed: String,
    /// Where it stands.
    pub stated_at: String,
}

impl Figure {
    /// What it can be: its value, or what a suppressed one can stand for.
    pub fn range(&self) -> Range {
        match &self.suppressed {
            Some(range) => **range,
            None => Range::exactly(self.value),
        }
    }

    /// The text under `key`.
    pub fn text(&self, key: Key) -> &str {
        match key {
            Key::Source => self.source.word(),
            Key::Table => &self.table,
            Key::Origin => &self.origin,
            Key::Period => &self.period,
            Key::Population => &self.population,
            Key::Category => &self.category,
            Key::Measure => &self.measure,
        }
    }

    /// The text under `key`, to keep.
    pub(super) fn key(&self, key: Key) -> Arc<str> {
        match key {
            Key::Source => Arc::from(self.source.word()),
            Key::Table => Arc::clone(&self.table),
            Key::Origin => Arc::clone(&self.origin),
            Key::Period => Arc::clone(&self.period),
            Key::Population => Arc::clone(&self.population),
            Key::Category => Arc::clone(&self.category),
            Key::Measure => Arc::clone(&self.measure),
        }
    }
}

/// A row of an aggregate.
#[derive(Clone, Debug)]
pub struct AggregateRow {
    /// The period.
    pub period: String,
    /// The population.
    pub population: String,
    /// The category.
    pub category: String,
    /// Its place among the categories.
    pub sort: i64,
    /// What was counted.
    pub count: i64,
    /// What it is a share of.
    pub base: Option<i64>,
}

/// The origin of computed figures.
pub const COMPUTED: &str = "computed";

/// The figures of the aggregate `table`, its rows in the order of its file: measures `count` and, where there is one, `base`.
pub fn computed(table: &str, rows: impl IntoIterator<Item = AggregateRow>) -> Vec<Figure> {
    let mut texts = Texts::default();
    let (table, origin, section) = (texts.share(table), texts.share(COMPUTED), texts.share(""));
    let (count, base) = (texts.share("count"), texts.share("base"));
    let mut figures = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let figure = |measure: &Arc<str>, value: i64, texts: &mut Texts| Figure {
            source: Source::Computed,
            section: Arc::clone(&section),
            table: Arc::clone(&table),
            origin: Arc::clone(&origin),
            period: texts.share(&row.period),
            population: texts.share(&row.population),
            category: texts.share(&row.category),
            measure: Arc::clone(measure),
            value: Decimal::from(value),
            suppressed: None,
            printed: String::new(),
            // The header is line 1.
            stated_at: format!("aggregates/{table}.csv:{}", index + 2),
        };
        figures.push(figure(&count, row.count, &mut texts));
        if let Some(value) = row.base {
            figures.push(figure(&base, value, &mut texts));
        }
    }
    figures
}

/// Texts that are kept once: figures repeat a few hundred words.
#[derive(Default)]
pub(super) struct Texts(HashSet<Arc<str>>);

impl Texts {
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&new));
        new
    }
}
