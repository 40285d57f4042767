//! A sheet: a cover of lines in one column, or a title, some lines and one marked table.

use std::collections::BTreeSet;

use rust_xlsxwriter::{IgnoreError, Table, TableColumn, TableStyle, Worksheet, XlsxError};

use super::{
    cells::{self, Cell, Kind, Place, Shorthand, shown},
    looks::Looks,
};

/// Characters of the widest column.
const WIDEST: usize = 60;
/// Characters of the last one, which is often a sentence.
const LAST: usize = 100;
/// Columns that a page is wide enough for.
const ON_A_PAGE: usize = 14;
/// Characters of the narrowest.
const NARROWEST: usize = 9;
/// Characters of a cover's column.
const COVER_WIDTH: usize = 62;
/// Characters of a sheet's name, a limit of the format.
const NAME: usize = 31;
/// Bytes of texts of a sheet, beyond which long ones are cut: nobody reads them, and all are held.
const ROOM: usize = 64 << 20;
/// Points of a line of text.
const LINE: f64 = 15.0;
/// Lines of the highest row.
const HIGHEST: usize = 12;

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its heading.
    pub(super) heading: String,
    /// What it holds.
    pub(super) kind: Kind,
}

impl Column {
    pub(super) fn new(heading: impl Into<String>, kind: Kind) -> Self {
        Self {
            heading: heading.into(),
            kind,
        }
    }
}

/// What stands above a table, and how it is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Head<'h> {
    /// The sheet's name, from [`Names`].
    pub(super) name: &'h str,
    /// Its title.
    pub(super) title: &'h str,
    /// Lines about the table.
    pub(super) lines: Vec<String>,
    /// Where the whole of a text stands that is too long for a cell.
    pub(super) whole_in: &'h str,
    /// Whether its rows are filtered and its heading stays in sight: for tables to work with, not for those to be read.
    pub(super) worked_with: bool,
}

/// Names of sheets, as the format has them: short, without signs, and different without regard to case.
#[derive(Debug)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// With the name that spreadsheets keep for themselves.
    pub(super) fn new() -> Self {
        Self(BTreeSet::from(["history".to_owned()]))
    }

    /// A name for a sheet that would best be called `wanted`.
    pub(super) fn name(&mut self, wanted: &str) -> String {
        let plain = |c: char| match c.is_ascii_alphanumeric() {
            true => c,
            false => '_',
        };
        let base: String = wanted.chars().map(plain).collect();
        let base = if base.is_empty() { "Sheet" } else { &base };
        for number in 1_usize.. {
            let end = match number {
                1 => String::new(),
                _ => format!("_{number}"),
            };
            let start: String = base.chars().take(NAME - end.len()).collect();
            let name = start + &end;
            if self.0.insert(name.to_lowercase()) {
                return name;
            }
        }
        base.to_owned()
    }
}

/// A line of a cover.
pub(super) enum Line {
    /// A heading.
    Heading(&'static str),
    /// A paragraph.
    Text(String),
}

/// A sheet of a title and lines in its first column.
pub(super) fn cover(
    looks: &Looks,
    name: &str,
    title: &str,
    lines: &[Line],
) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet
        .set_name(name)?
        .set_column_width(0, wide(COVER_WIDTH))?;
    printed(&mut sheet).set_portrait();
    let title = shown(title, usize::MAX, "");
    // Its letters are half as wide again.
    let height = 1.5 * height(lines_of(title.chars().count() * 3 / 2, COVER_WIDTH));
    sheet.set_row_height(0, height)?;
    sheet.write_string_with_format(0, 0, title, &looks.cover_title)?;
    for (row, line) in (1..).zip(lines) {
        let (text, format) = match line {
            Line::Heading(text) => (*text, &looks.heading),
            Line::Text(text) => (text.as_str(), &looks.paragraph),
        };
        let text = shown(text, usize::MAX, "the project");
        let lines = lines_of(text.chars().count(), COVER_WIDTH);
        let above = if matches!(line, Line::Heading(_)) {
            LINE
        } else {
            LINE / 3.0
        };
        sheet.set_row_height(row, self::height(lines) + above)?;
        sheet.write_string_with_format(row, 0, text, format)?;
    }
    Ok(sheet)
}

fn printed(sheet: &mut Worksheet) -> &mut Worksheet {
    const A4: u8 = 9;
    sheet
        .set_paper_size(A4)
        .set_print_fit_to_pages(1, 0)
        .set_footer("&L&A&RPage &P of &N")
}

/// A sheet with a table whose rows are still being written.
pub(super) struct TableSheet<'s> {
    sheet: Worksheet,
    looks: &'s Looks,
    name: String,
    whole_in: String,
    worked_with: bool,
    columns: Vec<Column>,
    widths: Vec<usize>,
    /// The characters of texts that may take several lines, by row and column.
    long: Vec<(u32, u16, u16)>,
    /// The row of the headings.
    head: u32,
    next: u32,
    /// Bytes of texts that may still be written whole.
    room: usize,
}

impl<'s> TableSheet<'s> {
    /// Begins it: the title, the lines, and below them the headings.
    pub(super) fn new(
        looks: &'s Looks,
        head: &Head<'_>,
        columns: Vec<Column>,
    ) -> Result<Self, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(head.name)?;
        printed(&mut sheet).set_landscape();
        if columns.len() > ON_A_PAGE {
            sheet.set_print_scale(70);
        }
        sheet.write_string_with_format(0, 0, shown(head.title, usize::MAX, ""), &looks.title)?;
        let mut next = 1;
        for line in &head.lines {
            let line = shown(line, usize::MAX, "the project");
            sheet.write_string_with_format(next, 0, line, &looks.line)?;
            next += 1;
        }
        for (at, column) in (0..).zip(&columns) {
            sheet.set_column_format(at, &looks.of(column.kind))?;
        }
        Ok(Self {
            sheet,
            looks,
            name: head.name.to_owned(),
            whole_in: head.whole_in.to_owned(),
            worked_with: head.worked_with,
            widths: columns
                .iter()
                .map(|column| narrowest(&column.heading))
                .collect(),
            columns: unique(columns),
            long: Vec::new(),
            head: next,
            next: next + 1,
            room: ROOM,
        })
    }

    /// Adds a row; it has a cell for each column.
    pub(super) fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        let most = cells::most(self.room);
        let last = self.columns.len().saturating_sub(1);
        let columns = cells.iter().zip(&self.columns).zip(&mut self.widths);
        for (at, ((cell, column), width)) in columns.enumerate() {
            let place = Place {
                row: self.next,
                column: u16::try_from(at).unwrap_or(u16::MAX),
                kind: column.kind,
                most,
                whole_in: &self.whole_in,
            };
            cells::write(&mut self.sheet, &place, cell, self.looks)?;
            let widest = if at == last { LAST } else { WIDEST };
            *width = cell.width(widest).max(*width);
            if let Cell::Text(text) = cell {
                self.room = self.room.saturating_sub(text.len());
                if text.len() > NARROWEST {
                    let most = HIGHEST * LAST;
                    let characters = text.chars().take(most).count();
                    let characters = u16::try_from(characters).unwrap_or(u16::MAX);
                    self.long.push((self.next, place.column, characters));
                }
            }
        }
        self.next += 1;
        Ok(())
    }

    /// Ends it: a table that has no rows says so in one.
    pub(super) fn finish(mut self) -> Result<Worksheet, XlsxError> {
        if self.next == self.head + 1 {
            let mut cells = vec![Cell::None(Shorthand::NotApplicable); self.columns.len()];
            if let Some(first) = cells.first_mut() {
                *first = Cell::text("None.");
            }
            self.push(&cells)?;
        }
        let last_column = u16::try_from(self.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        for (at, width) in (0..).zip(&self.widths) {
            self.sheet.set_column_width(at, wide(*width))?;
        }
        self.set_heights()?;
        let head = |column: &Column| {
            TableColumn::new()
                .set_header(column.heading.as_str())
                .set_header_format(self.looks.head(column.kind))
        };
        let columns: Vec<TableColumn> = self.columns.iter().map(head).collect();
        let table = Table::new()
            .set_name(format!("table_{}", self.name))
            .set_columns(&columns)
            .set_style(TableStyle::Light1)
            .set_autofilter(self.worked_with);
        let (first, last) = (self.head, self.next - 1);
        self.sheet.add_table(first, 0, last, last_column, &table)?;
        // A figure that is delivered as a text is one.
        self.sheet.ignore_error_range(
            first,
            0,
            last,
            last_column,
            IgnoreError::NumberStoredAsText,
        )?;
        self.sheet.set_repeat_rows(first, first)?;
        if self.worked_with {
            self.sheet.set_freeze_panes(first + 1, 0)?;
        }
        Ok(self.sheet)
    }
}

impl TableSheet<'_> {
    /// Rows are as high as the texts in them: not every program sees to that when it opens a workbook.
    fn set_heights(&mut self) -> Result<(), XlsxError> {
        let headings = self.columns.iter().zip(&self.widths);
        let headings = headings.map(|(c, width)| lines_of(c.heading.chars().count(), *width));
        let lines = headings.max().unwrap_or(1);
        self.sheet.set_row_height(self.head, height(lines))?;
        let mut texts = self.long.iter().peekable();
        while let Some((row, at, characters)) = texts.next() {
            let lines_in = |at: &u16, characters: &u16| {
                let width = self.widths.get(usize::from(*at)).copied();
                lines_of(usize::from(*characters), width.unwrap_or(WIDEST))
            };
            let mut lines = lines_in(at, characters);
            while let Some((_, at, characters)) = texts.next_if(|(of, _, _)| of == row) {
                lines = lines.max(lines_in(at, characters));
            }
            if lines > 1 {
                self.sheet.set_row_height(*row, height(lines))?;
            }
        }
        Ok(())
    }
}

/// The width of a column for so many characters, with some room beside them.
fn wide(characters: usize) -> f64 {
    f64::from(u32::try_from(characters).unwrap_or(0)) * 1.1 + 3.0
}

/// Lines that a text takes.
fn lines_of(characters: usize, width: usize) -> usize {
    characters.div_ceil(width.max(1)).clamp(1, HIGHEST)
}

fn height(lines: usize) -> f64 {
    f64::from(u32::try_from(lines).unwrap_or(1)) * LINE
}

/// A column is no narrower than the longest word of its heading, and a long heading takes three lines.
fn narrowest(heading: &str) -> usize {
    let words = heading.split(' ').map(|word| word.chars().count());
    let longest = words.max().unwrap_or(0);
    longest.max(heading.chars().count() / 3).max(NARROWEST)
}

/// Headings of a table are different without regard to case.
fn unique(mut columns: Vec<Column>) -> Vec<Column> {
    let mut seen = BTreeSet::new();
    for column in &mut columns {
        column.heading = shown(&column.heading, 250, "the project").into_owned();
        let heading = column.heading.clone();
        let mut number = 2;
        while !seen.insert(column.heading.to_lowercase()) {
            column.heading = format!("{heading} {number}");
            number += 1;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_short_plain_and_different() {
        let mut names = Names::new();
        let long = "a".repeat(40);
        for (wanted, want) in [
            ("crime_type", "crime_type"),
            ("CRIME_type", "CRIME_type_2"),
            ("a[b]:c*d?/\\'", "a_b__c_d____"),
            ("", "Sheet"),
            ("History", "History_2"),
            (&long, &long[..31]),
            (&long, &format!("{}_2", &long[..29])),
        ] {
            assert_eq!(names.name(wanted), want);
        }
    }

    #[test]
    fn headings_are_different() {
        let columns = ["Count", "count", "COUNT"].map(|h| Column::new(h, Kind::Text));
        let headings = unique(columns.to_vec()).into_iter().map(|c| c.heading);
        assert_eq!(
            headings.collect::<Vec<_>>(),
            ["Count", "count 2", "COUNT 3"]
        );
    }
}
