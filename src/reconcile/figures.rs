//! Figures: what somebody printed and what the detail gives, in one form.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    ops::Deref,
    sync::Arc,
};

use foldhash::fast::FixedState;

use crate::{
    decimal::{Decimal, Range},
    rules::totals::{Key, Source},
};

/// A number that somebody states, with the keys that say what it is about.
///
/// There may be millions: what a series of them shares is kept once, and reads as if each had it (`figure.table`).
#[derive(Clone, Debug)]
pub struct Figure {
    /// The row of the table, as printed.
    pub category: Arc<str>,
    /// The exact value; of a suppressed figure 0, which it need not be.
    pub value: Decimal,
    /// What was printed; none for computed ones.
    pub printed: Option<Arc<Printed>>,
    /// Where it stands.
    pub stated_at: Place,
}

/// What figures of a table have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// The file that they stand in.
    pub file: Arc<str>,
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
    /// What is measured.
    pub measure: Arc<str>,
}

/// A figure as it was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The text.
    pub text: Arc<str>,
    /// What the figure can be, where the text stands for one that is suppressed.
    pub suppressed: Option<Arc<Range>>,
}

/// Where a figure stands: `figures.csv:12 (report line 3)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The series in whose file it stands.
    pub series: Arc<Series>,
    /// Its line from 1; 0 where the file's name says it all.
    pub line: u32,
    /// The line of the publication; 0 where nobody says.
    pub printed_line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.series.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.printed_line > 0 {
            write!(f, " (report line {})", self.printed_line)?;
        }
        Ok(())
    }
}

impl Deref for Figure {
    type Target = Series;

    fn deref(&self) -> &Series {
        &self.stated_at.series
    }
}

impl Figure {
    /// What it can be: its value, or what a suppressed one can stand for.
    pub fn range(&self) -> Range {
        match self.suppressed() {
            Some(range) => *range,
            None => Range::exactly(self.value),
        }
    }

    /// What it can stand for, where it is suppressed.
    pub fn suppressed(&self) -> Option<&Range> {
        self.printed.as_ref()?.suppressed.as_deref()
    }

    /// The text that was printed; blank for computed ones.
    pub fn printed(&self) -> &str {
        self.printed.as_ref().map_or("", |printed| &printed.text)
    }

    /// The text under `key`.
    pub fn text(&self, key: Key) -> &str {
        match key {
            Key::Category => &self.category,
            other => self.stated_at.series.text(other),
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

impl Series {
    /// The text under `key`; blank for the category, which is a figure's own.
    pub(super) fn text(&self, key: Key) -> &str {
        match key {
            Key::Source => self.source.word(),
            Key::Table => &self.table,
            Key::Origin => &self.origin,
            Key::Period => &self.period,
            Key::Population => &self.population,
            Key::Category => "",
            Key::Measure => &self.measure,
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
    let mut shared = Shared::default();
    let file = format!("aggregates/{table}.csv");
    let mut figures = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let measures = [("count", Some(row.count)), ("base", row.base)];
        for (measure, value) in measures {
            let Some(value) = value else {
                continue;
            };
            let series = shared.series(
                Source::Computed,
                &file,
                Keys {
                    section: "",
                    table,
                    origin: COMPUTED,
                    period: &row.period,
                    population: &row.population,
                    measure,
                },
            );
            figures.push(Figure {
                category: shared.text(&row.category),
                value: Decimal::from(value),
                printed: None,
                stated_at: Place {
                    series,
                    // The header is line 1.
                    line: u32::try_from(index + 2).unwrap_or(u32::MAX),
                    printed_line: 0,
                },
            });
        }
    }
    figures
}

/// The texts of a series.
#[derive(Clone, Copy)]
pub(super) struct Keys<'t> {
    pub(super) section: &'t str,
    pub(super) table: &'t str,
    pub(super) origin: &'t str,
    pub(super) period: &'t str,
    pub(super) population: &'t str,
    pub(super) measure: &'t str,
}

/// What figures share, kept once: they repeat a few hundred words.
#[derive(Default)]
pub(super) struct Shared {
    texts: HashSet<Arc<str>, FixedState>,
    series: HashSet<Arc<Series>, FixedState>,
    printed: HashMap<(Arc<str>, bool), Arc<Printed>, FixedState>,
    /// The series of the figure before, which is most often that of the next as well.
    last: Option<Arc<Series>>,
}

impl Shared {
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&new));
        new
    }

    pub(super) fn series(&mut self, source: Source, file: &str, keys: Keys<'_>) -> Arc<Series> {
        if let Some(last) = &self.last
            && last.source == source
            && *last.file == *file
            && keys.are_of(last)
        {
            return Arc::clone(last);
        }
        let new = Series {
            file: self.text(file),
            source,
            section: self.text(keys.section),
            table: self.text(keys.table),
            origin: self.text(keys.origin),
            period: self.text(keys.period),
            population: self.text(keys.population),
            measure: self.text(keys.measure),
        };
        let series = match self.series.get(&new) {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::new(new);
                self.series.insert(Arc::clone(&new));
                new
            }
        };
        self.last = Some(Arc::clone(&series));
        series
    }

    pub(super) fn printed(&mut self, text: &str, suppressed: Option<&Arc<Range>>) -> Arc<Printed> {
        let text = self.text(text);
        let printed = self.printed.entry((text, suppressed.is_some()));
        let printed = printed.or_insert_with_key(|(text, _)| {
            Arc::new(Printed {
                text: Arc::clone(text),
                suppressed: suppressed.cloned(),
            })
        });
        Arc::clone(printed)
    }
}

impl Keys<'_> {
    /// Whether they are those of `series`; what differs most often first.
    fn are_of(&self, series: &Series) -> bool {
        *self.period == *series.period
            && *self.population == *series.population
            && *self.measure == *series.measure
            && *self.origin == *series.origin
            && *self.table == *series.table
            && *self.section == *series.section
    }
}
