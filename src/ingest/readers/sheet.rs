//! Finds the table of a sheet, whose rows come one after the other: its header, what stands above and below it.

use std::{collections::VecDeque, io::Write};

use super::{ReadError, Sheets, Stopped, rows::Rows};
use crate::{
    ingest::{
        RejectReason,
        header_row::best,
        isolated::{Frames, Head},
        written::Remark,
    },
    tables::Limits,
};

/// The header is looked for in so many rows.
const LOOKED_AT: usize = 50;
/// So many rows may stand below a table.
const FOOTER_ROWS: usize = 50;

/// A cell that says something.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// From 0.
    pub column: usize,
    pub text: String,
    /// Whether the text is that of an error, and the cell without a value.
    pub is_error: bool,
}

/// A row in which some cell says something.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// From 1.
    pub number: u64,
    /// In the order of their columns.
    pub cells: Vec<Cell>,
}

/// A sheet that is being read.
pub(super) struct Sheet<'o, W: Write> {
    name: String,
    sheets: &'o Sheets,
    limits: &'o Limits,
    state: State<'o, W>,
    /// Rows above the header that say something.
    above: u64,
    /// The header's row.
    header_line: u64,
    header: Vec<String>,
    /// The column of the header's first name.
    first: usize,
    /// Cells beyond the header's columns: how many, and the first.
    beyond: Option<(u64, String)>,
    /// Rows that may be the footer.
    held: VecDeque<Row>,
}

enum State<'o, W: Write> {
    Looking(&'o mut Frames<W>, Vec<Row>),
    Reading(Rows<'o, W>),
    Moved,
}

impl<'o, W: Write> Sheet<'o, W> {
    pub(super) fn new(
        name: &str,
        sheets: &'o Sheets,
        limits: &'o Limits,
        out: &'o mut Frames<W>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            sheets,
            limits,
            state: State::Looking(out, Vec::new()),
            above: 0,
            header_line: 0,
            header: Vec::new(),
            first: 0,
            beyond: None,
            held: VecDeque::new(),
        }
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, row: Row) -> Result<(), Stopped> {
        let State::Looking(_, rows) = &mut self.state else {
            return self.hold(row);
        };
        let found = match self.sheets.header_row {
            Some(declared) => row.number >= declared,
            None => rows.len() + 1 == LOOKED_AT,
        };
        rows.push(row);
        if found { self.begin() } else { Ok(()) }
    }

    /// Finds the header among the rows so far.
    fn begin(&mut self) -> Result<(), Stopped> {
        let State::Looking(out, rows) = std::mem::replace(&mut self.state, State::Moved) else {
            unreachable!("called while looking")
        };
        let empty = || ReadError::Empty(Some(self.name.clone()));
        let at = match self.sheets.header_row {
            Some(declared) => rows.iter().position(|row| row.number == declared),
            None => {
                let texts = |row: &Row| -> Vec<String> {
                    let cells = row.cells.iter().filter(|cell| !cell.is_error);
                    cells.map(|cell| cell.text.trim().to_owned()).collect()
                };
                let texts: Vec<Vec<String>> = rows.iter().map(texts).collect();
                best(&texts, &self.sheets.expected)
            }
        };
        let at = at.ok_or_else(empty)?;
        let mut rows = rows.into_iter();
        self.above = rows.by_ref().take(at).count() as u64;
        let header = rows.next().ok_or_else(empty)?;
        let ends = (header.cells.first(), header.cells.last());
        let (Some(first), Some(last)) = ends else {
            return Err(empty().into());
        };
        if last.column - first.column >= self.limits.columns {
            return Err(ReadError::Columns {
                line: header.number,
                limit: self.limits.columns,
            }
            .into());
        }
        self.first = first.column;
        self.header_line = header.number;
        self.header = vec![String::new(); last.column - first.column + 1];
        for cell in &header.cells {
            self.header[cell.column - self.first] = cell.text.trim().to_owned();
        }
        let head = Head {
            sheet: Some(self.name.clone()),
            header: self.header.clone(),
            header_line: header.number,
            first_column: self.first,
        };
        self.state = State::Reading(Rows::begin(out, &head, self.limits)?);
        rows.try_for_each(|row| self.hold(row))
    }

    /// Holds rows back from one on that may be the footer.
    fn hold(&mut self, row: Row) -> Result<(), Stopped> {
        if self.held.is_empty() && !self.is_footer(&row) {
            return self.write(&row);
        }
        self.held.push_back(row);
        while self.held.len() > FOOTER_ROWS {
            self.release()?;
        }
        Ok(())
    }

    /// Writes the first row that was held, and those behind it up to the next one that may begin the footer.
    fn release(&mut self) -> Result<(), Stopped> {
        while let Some(row) = self.held.pop_front() {
            self.write(&row)?;
            if self.held.front().is_some_and(|row| self.is_footer(row)) {
                break;
            }
        }
        Ok(())
    }

    fn is_footer(&self, row: &Row) -> bool {
        let first = row.cells.first().map(|cell| cell.text.trim_start());
        let footer = &self.sheets.footer;
        first.is_some_and(|first| footer.iter().any(|text| first.starts_with(text)))
    }

    fn write(&mut self, row: &Row) -> Result<(), Stopped> {
        let mut cells = vec![""; self.header.len()];
        let mut errors = Vec::new();
        let mut inside = false;
        for cell in &row.cells {
            let at = cell.column.checked_sub(self.first);
            match at.filter(|at| *at < cells.len()) {
                Some(at) if cell.is_error => errors.push((at, cell.text.as_str())),
                Some(at) => cells[at] = &cell.text,
                None => {
                    let place = || cell_name(cell.column, row.number);
                    self.beyond.get_or_insert_with(|| (0, place())).0 += 1;
                    continue;
                }
            }
            inside = true;
        }
        let State::Reading(rows) = &mut self.state else {
            return Ok(());
        };
        if !inside {
            return Ok(());
        }
        if cells.iter().map(|cell| cell.trim()).eq(&self.header) {
            return rows.reject(row.number, raw(row), RejectReason::RepeatedHeader);
        }
        rows.row(row.number, cells.iter().copied(), &errors)
    }

    /// Ends the table; `merged` are the ranges of merged cells.
    pub(super) fn end(mut self, merged: &[Merged]) -> Result<(), Stopped> {
        if matches!(&self.state, State::Looking(_, rows) if rows.is_empty()) {
            return Err(ReadError::Empty(Some(self.name)).into());
        }
        if matches!(self.state, State::Looking(..)) {
            self.begin()?;
        }
        let State::Reading(mut rows) = std::mem::replace(&mut self.state, State::Moved) else {
            return Err(ReadError::Empty(Some(self.name)).into());
        };
        for row in &self.held {
            rows.reject(row.number, raw(row), RejectReason::Footer)?;
        }
        let mut remarks = Vec::new();
        if self.above > 0 && self.sheets.header_row.is_none() {
            remarks.push(Remark {
                about: "preamble".to_owned(),
                line: Some(1),
                found: format!("{} rows", self.above),
                message: format!("{} rows above the header were passed over", self.above),
            });
        }
        if let Some((cells, first)) = self.beyond {
            remarks.push(Remark {
                about: "beyond".to_owned(),
                line: None,
                found: format!("{cells} cells"),
                message: format!(
                    "{cells} cells stand beside the columns of the header and were not read, the first at {first}"
                ),
            });
        }
        let of_rows = |merged: &&Merged| merged.last_row > self.header_line;
        if let Some(first) = merged.iter().find(of_rows) {
            let count = merged.iter().filter(of_rows).count();
            remarks.push(Remark {
                about: "merged".to_owned(),
                line: Some(first.first_row),
                found: format!("{count} ranges"),
                message: format!(
                    "{count} ranges of cells are merged, the first at {}: only the first cell of each has the value, the others are blank",
                    cell_name(first.first_column, first.first_row)
                ),
            });
        }
        rows.end(true, remarks)
    }
}

/// Cells that were merged; rows are counted from 1, columns from 0.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    pub first_row: u64,
    pub last_row: u64,
    pub first_column: usize,
}

/// What is kept of a row that is none of the table.
fn raw(row: &Row) -> Vec<u8> {
    let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
    cells.join("\t").into_bytes()
}

/// A cell's name, such as `C17`.
pub(in crate::ingest) fn cell_name(column: usize, row: u64) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.reverse();
    format!("{}{row}", String::from_utf8_lossy(&letters))
}

#[cfg(test)]
mod tests {
    use super::cell_name;

    #[test]
    fn cells_have_the_names_that_spreadsheets_give_them() {
        for (column, row, want) in [
            (0, 1, "A1"),
            (25, 2, "Z2"),
            (26, 3, "AA3"),
            (51, 1, "AZ1"),
            (52, 1, "BA1"),
            (701, 1, "ZZ1"),
            (702, 1, "AAA1"),
            (16_383, 1_048_576, "XFD1048576"),
        ] {
            assert_eq!(cell_name(column, row), want);
        }
    }
}
