//! Figures as elements of the page: each says of itself where it comes from, so that a program can hold it against its source.

use std::borrow::Cow;

use super::book::Row;
use crate::{
    pages::{escape, words},
    reconcile::{Figure, year_on_year::Pair},
};

/// Characters of a category that are shown; longer ones are cut.
const LONGEST: usize = 200;

/// What a figure of an aggregate is about.
#[derive(Clone, Copy, Debug)]
pub struct Key<'k> {
    /// The aggregate.
    pub aggregate: &'k str,
    /// The period.
    pub period: &'k str,
    /// The population.
    pub population: &'k str,
}

impl Key<'_> {
    /// The count of a row.
    pub fn count(&self, row: &Row) -> String {
        let value = row.count.to_string();
        self.data(
            &value,
            Some(&row.category),
            "count",
            &words::number(row.count),
        )
    }

    /// The share of a row in its base.
    pub fn share(&self, row: &Row) -> String {
        match row.share() {
            Some(share) => {
                let shown = words::percent(share);
                self.data(&share.to_string(), Some(&row.category), "share", &shown)
            }
            None => "no share".to_owned(),
        }
    }

    /// What a row is a share of.
    pub fn base(&self, row: &Row) -> String {
        match row.base {
            Some(base) => {
                let shown = words::number(base);
                self.data(&base.to_string(), Some(&row.category), "base", &shown)
            }
            None => NO_FIGURE.to_owned(),
        }
    }

    /// The sum of all categories.
    pub fn total(&self, total: i64) -> String {
        self.data(&total.to_string(), None, "total", &words::number(total))
    }

    fn data(&self, value: &str, category: Option<&str>, measure: &str, shown: &str) -> String {
        let category = category.map(|category| format!(" data-category=\"{}\"", short(category)));
        format!(
            "<data value=\"{value}\" data-aggregate=\"{}\" data-period=\"{}\" data-population=\"{}\"{} data-measure=\"{measure}\">{shown}</data>",
            escape(self.aggregate),
            escape(self.period),
            escape(self.population),
            category.unwrap_or_default(),
        )
    }
}

/// What stands where there is none, which is no zero.
pub const NO_FIGURE: &str = "<span class=\"none\">no figure</span>";

/// A printed figure.
pub fn published(figure: &Figure) -> String {
    let shown = match (&*figure.measure, figure.suppressed()) {
        (_, Some(_)) => figure.printed().to_owned(),
        ("percent", None) => format!("{}%", words::decimal(&figure.value)),
        // A share is printed with as many digits as its author's program kept.
        ("share", None) => match figure.value.to_string().parse::<f64>() {
            Ok(share) => words::percent(share),
            Err(_) => words::decimal(&figure.value),
        },
        _ => words::decimal(&figure.value),
    };
    format!(
        "<data value=\"{}\" data-published=\"{}\" data-measure=\"{}\">{}</data>",
        figure.value,
        escape(&figure.stated_at.to_string()),
        escape(&figure.measure),
        escape(&shown),
    )
}

/// A figure of a comparison; `measure` is its column.
pub fn compared(pair: &Pair, measure: &str, value: &str, shown: &str) -> String {
    let category = pair.category.as_deref();
    let category = category.map(|category| format!(" data-category=\"{}\"", short(category)));
    format!(
        "<data value=\"{value}\" data-aggregate=\"year_on_year\" data-comparison=\"{}\" data-table=\"{}\" data-level=\"{}\"{} data-measure=\"{measure}\">{shown}</data>",
        escape(&pair.comparison),
        escape(&pair.table),
        pair.level.word(),
        category.unwrap_or_default(),
    )
}

/// A label as HTML, cut where it is long.
pub fn short(text: &str) -> String {
    escape(&cut(text, LONGEST))
}

/// The first characters of a text.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
