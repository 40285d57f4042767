//! `aggregates.xlsx`: the aggregates as they may be published, beside the figures that were.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{
    About, MOST_ROWS, WorkbookError,
    beside::{Beside, NOT_PUBLISHED, TableBeside},
    cells::{Cell, Kind, Shorthand},
    looks::Looks,
    notes::{NOTES, Notes},
    put,
    sheet::{Column, Head, Line, Names, TableSheet, cover},
    years,
};
use crate::{
    feeds::rows::{batches, broken},
    pages::words::{date, number},
    publish::StagedRun,
    reconcile::{Figure, Told},
};

/// The file's path in the run folder.
const FILE: &str = "aggregates.xlsx";
/// Rows that are read at a time.
const BATCH: usize = 8_192;
/// Most columns of printed figures on a sheet.
const PRINTINGS: usize = 24;

/// What is published.
#[derive(Debug)]
pub struct Publication<'r> {
    /// The run.
    pub about: About<'r>,
    /// The aggregates that were written, in their order.
    pub aggregates: Vec<Aggregate>,
    /// The one of two years side by side, if it was written: it has columns of its own.
    pub years: Option<Aggregate>,
    /// Those that were not, and why.
    pub withheld: Vec<(String, String)>,
    /// What came of the statements.
    pub told: &'r Told,
    /// The figures that they were judged by.
    pub figures: &'r [Figure],
}

/// An aggregate, as its readers know it.
#[derive(Debug)]
pub struct Aggregate {
    /// The name of its file.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What its author says of it; blank where nobody says anything.
    pub comment: String,
}

/// Writes the workbook into the run folder; nothing where there is no aggregate.
///
/// # Errors
/// An aggregate could not be read back, or the workbook not be written.
pub fn write(staged: &StagedRun, publication: &Publication<'_>) -> Result<(), WorkbookError> {
    let title = format!("{}: aggregates", publication.about.project);
    let mut making = Making {
        looks: &Looks::new(),
        publication,
        beside: Beside::of(publication.told, publication.figures),
        names: Names::new(),
        notes: Notes::default(),
        shorthands: BTreeSet::new(),
    };
    let [cover_name, contents_name, _] =
        ["Cover", "Contents", NOTES].map(|name| making.names.name(name));
    let mut sheets = Vec::new();
    let mut contents = Vec::new();
    let years = publication.years.iter().map(|years| (years, true));
    let all = publication.aggregates.iter().map(|of| (of, false));
    for (aggregate, is_years) in all.chain(years) {
        let path = staged.path(&format!("aggregates/{}.parquet", aggregate.name));
        let mut rows = Vec::new();
        let mut count = 0;
        for batch in batches(&path, &[], None, BATCH)? {
            let batch = batch.map_err(|source| broken(&path, source))?;
            if count < MOST_ROWS {
                rows.push(batch.slice(0, batch.num_rows().min(left(count))));
            }
            count += batch.num_rows() as u64;
        }
        let name = making.names.name(&aggregate.name);
        sheets.push(match is_years {
            true => making.years(aggregate, &name, &rows, count)?,
            false => making.aggregate(aggregate, &name, &rows, count)?,
        });
        contents.push((name, aggregate.title.as_str(), count));
    }
    if sheets.is_empty() {
        return Ok(());
    }
    let front = making.cover(&cover_name, &title)?;
    let list = making.contents(&contents_name, &contents)?;
    let notes = making.notes.sheet(making.looks)?;
    sheets.splice(0..0, [front, list, notes]);
    put(staged, FILE, &title, &publication.about, sheets)
}

/// Rows that there is room for behind so many.
fn left(count: u64) -> usize {
    usize::try_from(MOST_ROWS.saturating_sub(count)).unwrap_or(usize::MAX)
}

/// A workbook on its way.
struct Making<'r> {
    looks: &'r Looks,
    publication: &'r Publication<'r>,
    beside: Beside<'r>,
    names: Names,
    notes: Notes,
    /// What some cell says instead of a figure.
    shorthands: BTreeSet<Shorthand>,
}

impl Making<'_> {
    fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        name: &str,
        batches: &[RecordBatch],
        count: u64,
    ) -> Result<Worksheet, XlsxError> {
        let share = self.notes.mark("share", name, || {
            "A share is the count divided by its base, at full precision; one decimal of its percentage is shown. It is not applicable where the base is 0.".to_owned()
        });
        let texts = ["Period", "Population", "Category"];
        let mut columns: Vec<Column> = texts.map(|text| Column::new(text, Kind::Text)).into();
        columns.push(Column::new("Sort order", Kind::Number));
        columns.push(Column::new("Count", Kind::Count));
        columns.push(Column::new("Base", Kind::Count));
        columns.push(Column::new(format!("Share {share}"), Kind::Share));
        let nothing = TableBeside::default();
        let beside = self.beside.table(&aggregate.name);
        let has_beside = beside.is_some();
        let beside = beside.unwrap_or(&nothing);
        let printings = &beside.columns[..beside.columns.len().min(PRINTINGS)];
        if has_beside {
            let mark = self.notes.mark("published", name, || {
                "Published figures are those printed in the publication that statements of the project hold against the counts, each under the section and the place where it was printed. They are shown as printed and are not corrected.".to_owned()
            });
            let headings = printings.iter().map(|p| format!("{} {mark}", p.heading()));
            columns.extend(headings.map(|heading| Column::new(heading, Kind::Count)));
            let mark = self.notes.mark("verdict", name, || {
                "Agrees: all published figures beside the count are the same, or differ by no more than the statement allows (within tolerance). Disagrees: at least one is not what the records give; the notes of the row say which statement. Not published: no statement holds a published figure against the count.".to_owned()
            });
            columns.push(Column::new(format!("Verdict {mark}"), Kind::Text));
            columns.push(Column::new("Notes", Kind::Text));
        }
        let mut rows = Vec::new();
        // The header of the CSV file is line 1.
        let mut line = 2;
        for batch in batches {
            for row in 0..batch.num_rows() {
                let cells = batch.columns().iter().map(|column| Cell::of(column, row));
                let mut cells: Vec<Cell<'_>> = cells
                    .map(|cell| cell.or(Shorthand::NotApplicable))
                    .collect();
                if has_beside {
                    let of_row = beside.rows.get(&line);
                    let mut printed = vec![Cell::None(Shorthand::NotApplicable); printings.len()];
                    let figures = of_row.iter().flat_map(|of_row| &of_row.printed);
                    for (at, figure) in figures.rev() {
                        if let Some(cell) = printed.get_mut(*at) {
                            *cell = match figure.suppressed() {
                                None => Cell::Figure(figure.value),
                                Some(_) => Cell::text(figure.printed()),
                            };
                        }
                    }
                    cells.extend(printed);
                    let verdict = of_row.map_or(NOT_PUBLISHED, |of_row| of_row.verdict());
                    cells.push(Cell::text(verdict));
                    let marks: Vec<String> = (of_row.iter())
                        .flat_map(|of_row| of_row.told())
                        .map(|rule| {
                            let told = self.publication.told;
                            self.notes.mark(rule, name, || of_statement(told, rule))
                        })
                        .collect();
                    cells.push(Cell::text(marks.join(" ")).or(Shorthand::NotApplicable));
                }
                rows.push(cells);
                line += 1;
            }
        }
        self.table(aggregate, name, columns, &rows, count)
    }

    fn years(
        &mut self,
        aggregate: &Aggregate,
        name: &str,
        batches: &[RecordBatch],
        count: u64,
    ) -> Result<Worksheet, XlsxError> {
        let columns = match batches.first() {
            Some(batch) => years::columns(batch.schema_ref(), &mut self.notes, name),
            None => vec![Column::new("Comparison", Kind::Text)],
        };
        let rows = batches
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).map(move |row| years::cells(batch, row)));
        let rows: Vec<Vec<Cell<'_>>> = rows.collect();
        self.table(aggregate, name, columns, &rows, count)
    }

    fn table(
        &mut self,
        aggregate: &Aggregate,
        name: &str,
        columns: Vec<Column>,
        rows: &[Vec<Cell<'_>>],
        count: u64,
    ) -> Result<Worksheet, XlsxError> {
        let used = rows.iter().flatten().filter_map(|cell| match cell {
            Cell::None(shorthand) => Some(*shorthand),
            _ => None,
        });
        let used: BTreeSet<Shorthand> = used.collect();
        let mut lines = vec!["This worksheet contains one table.".to_owned()];
        if !aggregate.comment.is_empty() {
            lines.push(aggregate.comment.clone());
        }
        if columns
            .iter()
            .any(|column| column.heading.contains("[note "))
        {
            lines.push(
                "Some headings and cells refer to notes, which are on the worksheet Notes."
                    .to_owned(),
            );
        }
        if !used.is_empty() {
            let used = used
                .iter()
                .map(|s| format!("{} means {}", s.word(), s.meaning()));
            let used: Vec<String> = used.collect();
            lines.push(format!("Shorthand: {}.", used.join("; ")));
        }
        let file = format!("aggregates/{}.csv", aggregate.name);
        if count > MOST_ROWS {
            lines.push(format!(
                "The table has the first {} of {} rows; all are in {file} of the run.",
                number(signed(MOST_ROWS)),
                number(signed(count))
            ));
        }
        lines.push(self.publication.about.source());
        self.shorthands.extend(used);
        let head = Head {
            name,
            title: &aggregate.title,
            lines,
            whole_in: &file,
            worked_with: false,
        };
        let mut table = TableSheet::new(self.looks, &head, columns)?;
        for row in rows {
            table.push(row)?;
        }
        table.finish()
    }

    fn contents(
        &self,
        name: &str,
        contents: &[(String, &str, u64)],
    ) -> Result<Worksheet, XlsxError> {
        let head = Head {
            name,
            title: name,
            lines: vec![
                "This worksheet contains one table, of the worksheets of this workbook with a link to each.".to_owned(),
            ],
            whole_in: "the project",
            worked_with: false,
        };
        let columns = vec![
            Column::new("Worksheet", Kind::Text),
            Column::new("Title", Kind::Text),
            Column::new("Rows", Kind::Count),
        ];
        let mut table = TableSheet::new(self.looks, &head, columns)?;
        table.push(&[
            Cell::Sheet(NOTES),
            Cell::text("Notes that headings and cells refer to"),
            Cell::count(self.notes.len()),
        ])?;
        for (sheet, title, rows) in contents {
            table.push(&[Cell::Sheet(sheet), Cell::text(*title), Cell::count(*rows)])?;
        }
        table.finish()
    }

    fn cover(&self, name: &str, title: &str) -> Result<Worksheet, XlsxError> {
        let about = &self.publication.about;
        let mut lines = vec![
            Line::Text(format!(
                "Tables that count the records of delivery {} as of {}.",
                about.delivery,
                date(about.as_of)
            )),
            Line::Text(format!(
                "They were made by run {}, whose folder holds each table as Parquet and as CSV, and the hash of every file in manifest.json.",
                about.run_id
            )),
            Line::Heading("How to read the tables"),
            Line::Text("The worksheet Contents lists all tables. Each stands on a worksheet of its own, below a title and a few lines about it.".to_owned()),
            Line::Text("Marks such as [note 1] refer to the worksheet Notes.".to_owned()),
            Line::Text("Each count stands beside the figures that were published of it, with a verdict whether they agree.".to_owned()),
            Line::Text("Shares are numbers shown in percent. Counts are not rounded.".to_owned()),
        ];
        if !self.shorthands.is_empty() {
            lines.push(Line::Heading("Shorthand"));
            let meaning =
                |s: &Shorthand| Line::Text(format!("{} means {}.", s.word(), s.meaning()));
            lines.extend(self.shorthands.iter().map(meaning));
        }
        if !self.publication.withheld.is_empty() {
            lines.push(Line::Heading("What is missing"));
            let withheld = self.publication.withheld.iter();
            lines.extend(
                withheld.map(|(table, why)| Line::Text(format!("{table} is withheld: {why}."))),
            );
        }
        cover(self.looks, name, title, &lines)
    }
}

/// What a note says of a statement that does not hold.
fn of_statement(told: &Told, rule: &str) -> String {
    let of_rule = || told.rows.iter().filter(|row| row.rule.rule_id == rule);
    let count = of_rule().count();
    let causes: BTreeSet<&str> = of_rule()
        .filter_map(|row| row.likely_cause.as_deref())
        .filter(|cause| *cause != "unexplained")
        .collect();
    let causes: Vec<String> = causes.iter().map(|cause| cause.replace('_', " ")).collect();
    let why = of_rule().next().map_or("", |row| row.rule.why.as_str());
    let groups = if count == 1 {
        "figure does"
    } else {
        "figures do"
    };
    let causes = match causes.is_empty() {
        true => String::new(),
        false => format!(" Likely: {}.", causes.join("; ")),
    };
    format!(
        "Statement {rule}: {} published {groups} not agree with the count.{causes} {why}",
        number(signed(count as u64))
    )
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
