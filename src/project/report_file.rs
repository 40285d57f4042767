//! `rules/report.yaml`: the sections of the report, and which figures each shows.
//!
//! What it names outside itself (aggregates, code lists, charts of comparisons, figures in texts) is looked up when the
//! project is planned.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::{
    Period,
    project_file::{said, version},
};
use crate::diagnostics::{
    At, Diagnostic, Source, Span,
    yaml::{self, Entries, Tried, exactly_one},
};

/// What `rules/report.yaml` may say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub version: Tried<At<u64>>,
    /// What the report is called.
    pub title: Tried<At<String>>,
    /// The period of the project that it reports; the last one that has begun, unless said.
    #[serde(default)]
    pub period: Option<At<String>>,
    /// What readers call each population, in the order of columns.
    #[serde(default)]
    pub populations: Tried<Entries<At<String>>>,
    /// The sections in order.
    pub sections: Tried<Vec<Tried<SectionFile>>>,
}

/// A section of the report.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionFile {
    /// What addresses call it: `report.html#<id>`.
    pub id: At<String>,
    /// Its heading.
    pub title: At<String>,
    /// What it begins with; see the block `text`.
    #[serde(default)]
    pub text: Option<At<String>>,
    /// What it shows, in order.
    #[serde(default)]
    pub blocks: Tried<Vec<Tried<Block>>>,
}

macro_rules! blocks {
    ($($(#[$meta:meta])* $name:ident($settings:ty) => $word:literal),+ $(,)?) => {
        /// What a section shows: one word and its settings.
        #[derive(Clone, Debug, Deserialize)]
        pub enum Block {
            $($(#[$meta])* #[serde(rename = $word)] $name($settings)),+
        }

        impl JsonSchema for Block {
            fn schema_name() -> Cow<'static, str> {
                "Block".into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let choices = [$(($word, generator.subschema_for::<$settings>())),+];
                exactly_one("What a section shows: one word and its settings.", choices)
            }
        }
    };
}

blocks! {
    /// Paragraphs, parted by blank lines, with figures in `{{ … }}`.
    Text(At<String>) => "text",
    /// Big figures.
    Cards(Cards) => "cards",
    /// A table, with a chart where it says how to draw it.
    Table(Figures) => "table",
    /// A chart of a comparison year on year, with its table.
    YearOnYear(YearOnYear) => "year_on_year",
}

/// Big figures: categories of an aggregate.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    /// The aggregate: `sql/aggregates/<name>.sql`.
    pub aggregate: At<String>,
    /// The population; all of the aggregate, unless said.
    #[serde(default)]
    pub population: Option<At<String>>,
    /// The categories in order; all of them, unless said.
    #[serde(default)]
    pub categories: Vec<At<String>>,
    /// The code list whose labels stand for the categories.
    #[serde(default)]
    pub labels: Option<At<String>>,
}

/// A table of an aggregate: categories down, populations across, published figures beside.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// The aggregate: `sql/aggregates/<name>.sql`.
    pub aggregate: At<String>,
    /// What the figures are.
    pub title: At<String>,
    /// Draws a chart as well: `bars` for categories, `columns` for months and other times.
    #[serde(default)]
    pub chart: Option<ChartWord>,
    /// The populations in order; all of the aggregate, unless said.
    #[serde(default)]
    pub populations: Vec<At<String>>,
    /// The categories in order; all of them, unless said.
    #[serde(default)]
    pub categories: Vec<At<String>>,
    /// The code list whose labels stand for the categories, or for the parts of them.
    #[serde(default)]
    pub labels: Option<At<String>>,
    /// Whether the share of each figure in its base is shown.
    #[serde(default)]
    pub share: bool,
    /// What each part of categories such as `A / B / C` becomes: a table of its own (`facet`), a row or a column.
    #[serde(default)]
    pub parts: Option<At<Vec<PartWord>>>,
}

/// How figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "chart", rename_all = "snake_case")]
pub enum ChartWord {
    /// From left to right, a bar for each category; for long names.
    Bars,
    /// Upright, a column for each category; for times.
    Columns,
}

/// What a part of a category becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "part", rename_all = "snake_case")]
pub enum PartWord {
    /// A table and chart of its own.
    Facet,
    /// A row.
    Row,
    /// A column.
    Column,
}

/// Both periods of a chart of a comparison, with what may be said about the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct YearOnYear {
    /// The chart, as the comparison in `rules/totals/` names it.
    pub table: At<String>,
    /// What the figures are.
    pub title: At<String>,
    /// How the two periods are drawn; a table alone, unless said.
    #[serde(default)]
    pub chart: Option<ChartWord>,
    /// The code list whose labels stand for the categories.
    #[serde(default)]
    pub labels: Option<At<String>>,
}

/// What the report shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What it is called.
    pub title: String,
    /// The period that it reports, where it says one.
    pub period: Option<String>,
    /// What readers call each population, in order.
    pub populations: Vec<(String, String)>,
    /// The sections in order.
    pub sections: Vec<Section>,
}

impl Report {
    /// What the table of an aggregate is called, where one alone shows it.
    pub fn title_of(&self, aggregate: &str) -> Option<&str> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        let mut tables = blocks.filter_map(|block| match block {
            Block::Table(table) if table.aggregate.value == aggregate => Some(table),
            _ => None,
        });
        let only = tables.next()?;
        tables.next().is_none().then_some(only.title.value.as_str())
    }
}

/// A section of the report.
#[derive(Clone, Debug)]
pub struct Section {
    /// What addresses call it.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What it shows, in order.
    pub blocks: Vec<Block>,
}

/// Longest id of a section.
const MAX_ID: usize = 64;
/// Ids of the page itself.
const OURS: [&str; 3] = ["main", "contents", "about"];

pub fn read(
    source: Option<&Arc<Source>>,
    periods: &[Period],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Report> {
    let source = source?;
    let node = yaml::parse(source, diagnostics)?;
    let needed = ["version", "title", "sections"];
    let file = yaml::decode_parts::<ReportFile>(&node, source, &needed, diagnostics)?;
    file.version.0.iter().for_each(|v| version(v, diagnostics));
    let title = file.title.0;
    title
        .iter()
        .for_each(|title| said(title, "the title", diagnostics));
    if let Some(period) = &file.period
        && !periods.iter().any(|known| known.id == period.value)
    {
        let message = format!("there is no period `{}`", period.value);
        let known = periods.iter().map(|period| period.id.as_str());
        diagnostics.push(Diagnostic::at(&period.span, message).suggest(&period.value, known));
    }
    let populations = file.populations.0.unwrap_or_default().0;
    let populations: Vec<(String, String)> = populations
        .into_iter()
        .map(|(key, label)| (key.value, label.value))
        .collect();
    let files = file.sections.0.unwrap_or_default();
    let mut seen = BTreeMap::new();
    let sections = files.into_iter().filter_map(|file| file.0);
    let sections = sections.map(|file| section(file, &populations, &mut seen, diagnostics));
    Some(Report {
        sections: sections.collect(),
        title: title.map_or_else(String::new, |title| title.value),
        period: file.period.map(|period| period.value),
        populations,
    })
}

fn section(
    file: SectionFile,
    populations: &[(String, String)],
    seen: &mut BTreeMap<String, Span>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Section {
    let id = &file.id.value;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let starts = id.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts || id.len() > MAX_ID || !id.chars().all(plain) || OURS.contains(&id.as_str()) {
        let message = format!("`{id}` cannot name a section");
        let help = format!(
            "use 1 to {MAX_ID} of a-z, 0-9, - and _, starting with a letter; not {}",
            OURS.join(", ")
        );
        diagnostics.push(Diagnostic::at(&file.id.span, message).help(help));
    }
    if let Some(other) = seen.insert(id.clone(), file.id.span.clone()) {
        let message = format!("section `{id}` is declared twice");
        let help = format!("the other is at {other:?}; call one of them otherwise");
        diagnostics.push(Diagnostic::at(&file.id.span, message).help(help));
    }
    said(&file.title, "the title", diagnostics);
    let blocks = file.blocks.0.unwrap_or_default();
    let blocks: Vec<Block> = blocks.into_iter().filter_map(|block| block.0).collect();
    for block in &blocks {
        check(block, populations, diagnostics);
    }
    let text = file.text.map(Block::Text);
    Section {
        id: file.id.value,
        title: file.title.value,
        blocks: text.into_iter().chain(blocks).collect(),
    }
}

/// Checks what a block says against the file itself.
fn check(block: &Block, populations: &[(String, String)], diagnostics: &mut Vec<Diagnostic>) {
    let named: Vec<&At<String>> = match block {
        Block::Text(_) => Vec::new(),
        Block::Cards(cards) => cards.population.iter().collect(),
        Block::Table(table) => table.populations.iter().collect(),
        Block::YearOnYear(_) => Vec::new(),
    };
    for name in named {
        if !populations.iter().any(|(known, _)| *known == name.value) {
            let message = format!("`populations` does not say what `{}` is", name.value);
            let known = populations.iter().map(|(known, _)| known.as_str());
            diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
        }
    }
    match block {
        Block::Table(table) => {
            said(&table.title, "the title", diagnostics);
            table.parts.iter().for_each(|p| parts(p, diagnostics));
        }
        Block::YearOnYear(chart) => said(&chart.title, "the title", diagnostics),
        Block::Text(_) | Block::Cards(_) => {}
    }
}

/// Each part is one thing, and one of them is the row.
fn parts(parts: &At<Vec<PartWord>>, diagnostics: &mut Vec<Diagnostic>) {
    let count = |word| parts.value.iter().filter(|part| **part == word).count();
    let once = |word| count(word) <= 1;
    if count(PartWord::Row) != 1 || !once(PartWord::Facet) || !once(PartWord::Column) {
        let message = "each part of a category is one thing, and one of them is the row";
        let help = "write such as `parts: [facet, row, column]` or `parts: [row, column]`";
        diagnostics.push(Diagnostic::at(&parts.span, message).help(help));
    }
}
