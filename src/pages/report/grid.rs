//! Figures in rows and columns, as a table has them, and the chart that shows them.

use std::collections::BTreeMap;

use super::{book::Row, element::short};
use crate::{
    pages::charts::{self, Chart, Series},
    project::ChartWord,
};

/// Categories that a chart can show.
const MOST_DRAWN: usize = 120;
/// Series that a chart can show.
const MOST_SERIES: usize = 6;
/// Rows of a table that stands open below its chart.
const OPEN_ROWS: usize = 14;

/// The population that a figure counts, and its row of the aggregate.
pub type Cell<'p> = (String, &'p Row);

/// Figures in rows and columns.
#[derive(Default)]
pub struct Grid<'p> {
    /// The columns.
    pub columns: Vec<String>,
    /// The rows: of each cell the population, and the row of the aggregate.
    pub rows: Vec<(String, Vec<Option<Cell<'p>>>)>,
    /// The place of each row.
    places: BTreeMap<String, usize>,
}

impl<'p> Grid<'p> {
    /// Puts a figure where its row and column meet; either is added where it is new.
    pub fn put(&mut self, down: String, across: String, population: &str, row: &'p Row) {
        let column = match self.columns.iter().position(|known| *known == across) {
            Some(at) => at,
            None => {
                self.columns.push(across);
                self.columns.len() - 1
            }
        };
        let at = match self.places.get(&down) {
            Some(at) => *at,
            None => {
                self.places.insert(down.clone(), self.rows.len());
                self.rows.push((down, Vec::new()));
                self.rows.len() - 1
            }
        };
        if let Some((_, cells)) = self.rows.get_mut(at) {
            if cells.len() <= column {
                cells.resize_with(column + 1, || None);
            }
            if let Some(cell) = cells.get_mut(column) {
                *cell = Some((population.to_owned(), row));
            }
        }
    }

    /// Gives each row a cell in every column.
    pub fn fill(&mut self) {
        for (_, cells) in &mut self.rows {
            cells.resize_with(self.columns.len(), || None);
        }
    }
}

/// The head of a table: each column with what stands in it, in two rows where any has more than one figure.
pub fn head(columns: &[String], share: bool, printed: &[bool]) -> String {
    let simple = !share && !printed.contains(&true);
    let mut first = String::new();
    let mut second = String::new();
    for (name, printed) in columns.iter().zip(printed) {
        if simple {
            first.push_str(&format!(
                "<th scope=\"col\" class=\"n\">{}</th>",
                short(name)
            ));
            continue;
        }
        let words = ["Count"].into_iter();
        let words = words.chain(share.then_some("Share"));
        let words: Vec<&str> = words.chain(printed.then_some("Published")).collect();
        first.push_str(&format!(
            "<th scope=\"colgroup\" colspan=\"{}\" class=\"n\">{}</th>",
            words.len(),
            short(name)
        ));
        for word in words {
            second.push_str(&format!("<th scope=\"col\" class=\"n\">{word}</th>"));
        }
    }
    match simple {
        true => format!("<thead><tr><th scope=\"col\">Category</th>{first}</tr></thead>\n"),
        false => format!(
            "<thead><tr><th scope=\"col\" rowspan=\"2\">Category</th>{first}</tr>\n<tr>{second}</tr></thead>\n"
        ),
    }
}

/// The rows that are asked for, in that order; all of them where none is.
pub fn chosen<'p, 'a>(rows: &'p [Row], asked: impl Iterator<Item = &'a str>) -> Vec<&'p Row> {
    let asked: Vec<&str> = asked.collect();
    match asked.is_empty() {
        true => rows.iter().collect(),
        false => {
            let found = |name: &&str| rows.iter().find(|row| row.category == **name);
            asked.iter().filter_map(found).collect()
        }
    }
}

/// The chart of a grid; blank where none is asked for, or it could not be read.
pub fn drawn(how: Option<ChartWord>, grid: &Grid<'_>, title: &str) -> String {
    let Some(how) = how else {
        return String::new();
    };
    if grid.rows.len() > MOST_DRAWN || grid.columns.len() > MOST_SERIES {
        return String::new();
    }
    let series = grid.columns.iter().enumerate().map(|(at, name)| Series {
        name: name.clone(),
        values: grid
            .rows
            .iter()
            .map(|(_, cells)| Some(cells.get(at)?.as_ref()?.1.count))
            .collect(),
    });
    chart(
        how,
        title,
        grid.rows.iter().map(|(label, _)| capital(label)).collect(),
        series.collect(),
    )
}

/// A chart whose numbers stand in the table below it.
pub fn chart(how: ChartWord, title: &str, categories: Vec<String>, series: Vec<Series>) -> String {
    let chart = Chart {
        name: format!("{title}: chart; the table below has its figures"),
        categories,
        series,
    };
    match how {
        ChartWord::Bars => charts::bars(&chart),
        ChartWord::Columns => charts::columns(&chart),
    }
}

/// A table with its chart; below a chart a long one is folded.
pub fn figure(title: &str, chart: &str, table: &str, rows: usize) -> String {
    let table = match chart.is_empty() || rows <= OPEN_ROWS {
        true => table.to_owned(),
        false => {
            let marked = match table.matches("class=\"mark\"").count() {
                0 => String::new(),
                marked => format!(", with {marked} marks"),
            };
            format!(
                "<details class=\"data\"><summary>The figures of this chart in a table{marked}</summary>\n{table}</details>\n"
            )
        }
    };
    format!(
        "<figure>\n<figcaption>{}</figcaption>\n{chart}{table}</figure>\n",
        short(title)
    )
}

/// The text with its first letter upright.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    let first = first.into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
