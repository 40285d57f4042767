//! Year on year: figures of two periods side by side, as a project declares them in `comparisons:` of a totals file.

mod covered;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use covered::{Covered, Overlap};
pub use validate::validate_comparisons;

use super::{Key, Selector};
use crate::diagnostics::At;

/// What each declared period covers, by its id.
pub type Periods = BTreeMap<String, Covered>;

/// Figures of two periods that readers will hold against each other, and what speaks for and against doing so.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Unique among comparisons and statements.
    pub id: At<String>,
    /// The tables that are compared, each with the code list of its categories.
    pub charts: Vec<At<Chart>>,
    /// The later period.
    pub current: At<Year>,
    /// The earlier one.
    pub previous: At<Year>,
    /// Whether each category is a calendar month: its code, or an alias of it, is `2016-01` and the like.
    #[serde(default)]
    pub by_month: Option<At<bool>>,
    /// What the publication itself says against comparing: no pair is then more than partly comparable.
    #[serde(default)]
    pub caveat: Option<At<String>>,
    /// Why the pairs are or are not of a kind.
    #[serde(default)]
    pub why: Option<At<String>>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Words by which people find it.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A table and the code list of its categories; a side may name others.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// The table.
    pub table: At<String>,
    /// The code list.
    pub codes: At<String>,
}

/// One side of a comparison.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Year {
    /// Its figures; `period` is one, `table` and `codes` are the chart's unless said.
    pub figures: At<Selector>,
    /// Whom they count, in words that are the same on both sides only where they count the same.
    pub population: At<String>,
    /// The days that they are about (default: those of the period, where the project declares it).
    #[serde(default)]
    pub coverage: Option<At<Coverage>>,
    /// How many labels stand on the chart's axis (default: as many as the other side of the same chart has values).
    #[serde(default)]
    pub labels: Option<At<u32>>,
    /// The codes that the values belong to, in the order of the values: for a chart whose blank cells vanished.
    #[serde(default)]
    pub values_under: Option<At<Vec<At<String>>>>,
}

/// Which days figures are about; half open, as periods are.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coverage {
    /// First day.
    pub start: Option<At<String>>,
    /// First day after.
    pub end: Option<At<String>>,
    /// In place of both: nobody says which, and what is known about it.
    pub not_stated: Option<At<String>>,
}

impl Comparison {
    /// Both sides with their names in rule files.
    pub fn years(&self) -> [(&'static str, &At<Year>); 2] {
        [("current", &self.current), ("previous", &self.previous)]
    }

    /// Whether each category is a calendar month.
    pub fn is_by_month(&self) -> bool {
        self.by_month.as_ref().is_some_and(|at| at.value)
    }

    /// Why the pairs are or are not of a kind.
    pub fn why(&self) -> &str {
        self.why.as_ref().map_or("", |why| why.value.as_str())
    }

    /// First twelve hex digits of the SHA-256 of what the comparison does; it does not change with `why`, `owner` and `tags`.
    pub fn version(&self) -> String {
        let charts = self
            .charts
            .iter()
            .map(|chart| format!("{}: {}", chart.value.table.value, chart.value.codes.value));
        let charts: Vec<String> = charts.collect();
        let caveat = self.caveat.as_ref().map_or("", |at| at.value.as_str());
        let [current, previous] = self.years().map(|(_, year)| year.value.describe());
        let text = format!(
            "year_on_year|{}|{current}|{previous}|{}|{caveat}",
            charts.join(", "),
            self.is_by_month()
        );
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(6).map(|b| format!("{b:02x}")).collect()
    }
}

impl Year {
    /// The name of the period; blank where the selector has not one (which does not pass validation).
    pub fn period(&self) -> &str {
        match self.figures.value.texts(Key::Period) {
            Some([period]) => &period.value,
            _ => "",
        }
    }

    /// The selector of its figures in `chart`.
    pub fn selector(&self, chart: &Chart) -> Selector {
        let mut selector = self.figures.value.clone();
        selector
            .table
            .get_or_insert_with(|| super::Texts(vec![chart.table.clone()]));
        selector.codes.get_or_insert_with(|| chart.codes.clone());
        selector
    }

    /// What it covers; `Err` says why nobody knows.
    pub fn covered(&self, periods: &Periods) -> Result<Covered, String> {
        let Some(At { value, .. }) = &self.coverage else {
            let declared = periods.get(self.period()).copied();
            return declared.ok_or_else(|| "no period is declared for it".to_owned());
        };
        if let Some(why) = &value.not_stated {
            return Err(why.value.clone());
        }
        let day = |at: &Option<At<String>>| at.as_ref().and_then(|at| covered::day(&at.value));
        match (day(&value.start), day(&value.end)) {
            (Some(start), Some(end)) => Ok(Covered { start, end }),
            _ => Err("its coverage has no start and end".to_owned()),
        }
    }

    fn describe(&self) -> String {
        let mut parts = vec![
            self.figures.value.describe(),
            format!("population: {}", self.population.value),
        ];
        if let Some(At { value, .. }) = &self.coverage {
            let texts = [&value.start, &value.end, &value.not_stated];
            let texts = texts.map(|at| at.as_ref().map_or("", |at| at.value.as_str()));
            parts.push(format!("coverage: {}", texts.join(" / ")));
        }
        if let Some(labels) = &self.labels {
            parts.push(format!("labels: {}", labels.value));
        }
        if let Some(codes) = &self.values_under {
            let codes: Vec<&str> = codes.value.iter().map(|c| c.value.as_str()).collect();
            parts.push(format!("values_under: {}", codes.join(", ")));
        }
        parts.join("; ")
    }
}
