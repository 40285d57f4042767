//! The figures behind a row of a statement, each with its place: read again from where the run read them.

use std::collections::BTreeMap;

use super::{Known, page::Body};
use crate::{
    publish::{FileHash, FolderError, Row, RunFolder, cell},
    reconcile::{self, AggregateRow, Figure, computed, evaluate, published},
    rules::totals::Statement,
};

/// Most rows of an aggregate.
const MOST: usize = 1_000_000;
/// Most figures of one row that are shown unless all are asked for.
const SHOWN: usize = 60;

/// The rows of one statement, judged again over the run's own figures.
pub struct Arithmetic {
    figures: Vec<Figure>,
    rows: BTreeMap<String, reconcile::Reconciliation>,
    /// Figures of one row that are shown.
    most: usize,
}

impl Arithmetic {
    /// Reads the figures; or says why they are not those of the run.
    pub fn new(
        known: &Known<'_>,
        run: &RunFolder,
        statement: &Statement,
    ) -> Result<Result<Self, String>, FolderError> {
        let mut figures = Vec::new();
        for input in run
            .manifest
            .inputs
            .iter()
            .filter(|input| input.rows.is_none())
        {
            let path = known.project.root.join(&input.path);
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                Err(error) => return Ok(Err(format!("{} cannot be read: {error}", input.path))),
            };
            if FileHash::of(&text) != input.sha256 {
                return Ok(Err(format!("{} has changed since the run", input.path)));
            }
            match published::parse_with(&input.path, &text, &known.project.suppressed) {
                Ok(read) => figures.extend(read),
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
        for file in &known.project.aggregates {
            let name = file.name.as_str();
            // One that the project has got since has no figures in this run.
            let path = format!("aggregates/{name}.parquet");
            let mut outputs = run.manifest.outputs.iter();
            if !outputs.any(|output| output.path.as_str() == path) {
                continue;
            }
            let (rows, _) = run.rows(&format!("aggregates/{name}"), "period", &|_| true, MOST)?;
            figures.extend(computed(name, rows.iter().map(aggregate_row)));
        }
        let rows = evaluate(
            std::slice::from_ref(statement),
            &figures,
            &known.project.lists,
        );
        let rows = rows
            .into_iter()
            .map(|row| (row.statement.clone(), row))
            .collect();
        let most = if known.question.all { MOST } else { SHOWN };
        Ok(Ok(Self {
            figures,
            rows,
            most,
        }))
    }

    /// The figures of the row that the run has as `row`, if it says the same of them.
    pub fn of(&self, row: &Row) -> Option<Body> {
        let judged = self.rows.get(cell(row, "statement"))?;
        let same = |figure: Option<crate::decimal::Decimal>, column: &str| {
            figure.map_or_else(String::new, |figure| figure.to_string()) == cell(row, column)
        };
        if !same(judged.stated, "stated") || !same(judged.computed, "computed") {
            return None;
        }
        let sides = [
            ("stated", &judged.stated_from),
            ("held against", &judged.computed_from),
            ("less", &judged.less_from),
        ];
        let mut rows = Vec::new();
        let mut more = 0;
        for (side, places) in sides {
            for figure in places.iter().filter_map(|at| self.figures.get(*at)) {
                if rows.len() == self.most {
                    more += 1;
                    continue;
                }
                let value = match figure.printed() {
                    "" => figure.value.to_string(),
                    printed => printed.to_owned(),
                };
                let of = format!("{} ({}, {})", figure.category, figure.table, figure.measure);
                rows.push(vec![
                    side.to_owned(),
                    value,
                    of,
                    figure.stated_at.to_string(),
                ]);
            }
        }
        if more > 0 {
            rows.push(vec![
                String::new(),
                String::new(),
                format!("and {more} more: --all"),
                String::new(),
            ]);
        }
        Some(Body::Table(vec!["side", "figure", "of", "place"], rows))
    }
}

fn aggregate_row(row: &Row) -> AggregateRow {
    let text = |column: &str| cell(row, column).to_owned();
    let number = |column: &str| cell(row, column).parse::<i64>().ok();
    AggregateRow {
        period: text("period"),
        population: text("population"),
        category: text("category"),
        sort: number("sort").unwrap_or_default(),
        count: number("count").unwrap_or_default(),
        base: number("base"),
    }
}
