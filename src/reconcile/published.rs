//! Published figures: CSV files in which somebody wrote down every figure that a publication prints.

use std::{collections::HashMap, hash::BuildHasher};

use csv::StringRecord;
use foldhash::fast::FixedState;

use super::figures::{Figure, Keys, Place, Shared};
use crate::{
    decimal::Decimal,
    rules::totals::{Source, Suppressed},
};

/// The columns, found by name in any order.
pub const COLUMNS: [&str; 10] = [
    "section",
    "table",
    "origin",
    "period",
    "population",
    "category",
    "measure",
    "value",
    "printed",
    "line",
];

/// Columns that may be blank: the others say what the figure is.
const MAY_BE_BLANK: [&str; 3] = ["section", "printed", "line"];
/// Where `printed` stands in [`COLUMNS`].
const PRINTED: usize = 8;
/// Most figures in one file.
const MAX_FIGURES: usize = 10_000_000;
/// Longest text in a cell, in bytes.
const MAX_CELL: usize = 4_096;

/// Why a file of published figures cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// Bytes that are no text.
    #[error(
        "{file}:{line}: the line is not UTF-8, so its figures cannot be read: save the file as UTF-8"
    )]
    NotUtf8 {
        /// The file.
        file: String,
        /// Line from 1.
        line: usize,
    },
    /// A quote that nothing closes, which would swallow the rest of the file.
    #[error(
        "{file}:{line}: a quote is opened here and closed nowhere on its line: close it, and double the quotes inside a cell"
    )]
    OpenQuote {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
    },
    /// A carriage return that is no line break, nor half of one.
    #[error(
        "{file}:{line}: a carriage return without a line feed stands on the line, as old Mac line endings do: save the file with LF or CRLF line endings"
    )]
    CarriageReturn {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
    },
    /// No header.
    #[error("{file}: the file has no header: its first line must name {}", COLUMNS.join(", "))]
    Empty {
        /// The file.
        file: String,
    },
    /// A column that is not there.
    #[error("{file}:1: there is no column `{column}`: the header must name {}", COLUMNS.join(", "))]
    MissingColumn {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
    },
    /// A column that means nothing, or is there twice.
    #[error("{file}:1: column `{column}` is unknown or there twice: the header must name {}, each once", COLUMNS.join(", "))]
    UnexpectedColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A record with too few or too many cells.
    #[error(
        "{file}:{line}: the line has {cells} cells and the header {columns}: quote cells that hold a comma"
    )]
    Cells {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// Cells of the line.
        cells: usize,
        /// Cells of the header.
        columns: usize,
    },
    /// A cell that must say something.
    #[error(
        "{file}:{line}: `{column}` is blank, so nobody can tell which figure this is: fill it in"
    )]
    Blank {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// The column.
        column: &'static str,
    },
    /// A figure that is not there, and a text in its place that means nothing.
    #[error(
        "{file}:{line}: `value` is blank and nobody says what the printed `{printed}` stands for: fill in the value, or declare the text in rules/project.yaml, such as `suppressed: {{ \"{printed}\": [1, 4] }}` under `published`"
    )]
    Undeclared {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// The text.
        printed: String,
    },
    /// A cell that is no figure.
    #[error("{file}:{line}: in column `value`: {source}")]
    Value {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// Why.
        source: crate::decimal::NotADecimal,
    },
    /// A line of the publication that is no line number.
    #[error(
        "{file}:{line}: `{text}` in column `line` is no line of the publication: write a number from 1, or nothing"
    )]
    Line {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// What it says.
        text: String,
    },
    /// The same figure twice on one line of the publication.
    #[error(
        "{file}:{line}: the figure of line {first} is there again ({identity}): keep one, or give each the line of the publication that it stands on"
    )]
    Twice {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// Line of the first.
        first: u64,
        /// Which figure.
        identity: String,
    },
    /// More than anybody prints.
    #[error("{file}:{line}: {what} is over the limit of {limit}: split the file")]
    TooLarge {
        /// The file.
        file: String,
        /// Line from 1.
        line: u64,
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The CSV reader gave up.
    #[error("{file}: reading the CSV failed: {source}; correct the file")]
    Csv {
        /// The file.
        file: String,
        /// Why.
        source: csv::Error,
    },
}

/// Reads the figures of `file`, whose content is `text`; `file` only names them in places and errors. None may be suppressed.
pub fn parse(file: &str, text: &[u8]) -> Result<Vec<Figure>, PublishedError> {
    parse_with(file, text, &Suppressed::default())
}

/// The same, where a figure may be blank that prints one of the texts in `suppressed`.
pub fn parse_with(
    file: &str,
    text: &[u8],
    suppressed: &Suppressed,
) -> Result<Vec<Figure>, PublishedError> {
    let text = std::str::from_utf8(text).map_err(|error| PublishedError::NotUtf8 {
        file: file.to_owned(),
        line: text[..error.valid_up_to()].split(|b| *b == b'\n').count(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A quote that stays open makes the reader swallow lines in silence. No cell holds a line break, so each line must close its own.
    let mut lines = (1..).zip(text.lines());
    if let Some((line, _)) = lines.find(|(_, l)| l.matches('"').count() % 2 == 1) {
        let file = file.to_owned();
        return Err(PublishedError::OpenQuote { file, line });
    }
    // The reader takes it for the end of a record, so that lines and records would not be the same.
    let mut lines = (1..).zip(text.strip_suffix('\r').unwrap_or(text).lines());
    if let Some((line, _)) = lines.find(|(_, l)| l.contains('\r')) {
        let file = file.to_owned();
        return Err(PublishedError::CarriageReturn { file, line });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let csv_error = |source| PublishedError::Csv {
        file: file.to_owned(),
        source,
    };
    if !reader.read_record(&mut record).map_err(csv_error)? {
        let file = file.to_owned();
        return Err(PublishedError::Empty { file });
    }
    let rows = Rows::of_header(file, &record)?;
    // The reader places a record that follows a blank line on that line, so the lines are counted here.
    let mut lines = (1..).zip(text.lines()).filter(|(_, l)| !l.is_empty());
    lines.next();
    let mut figures = Vec::new();
    let mut shared = Shared::default();
    let mut seen = Seen::default();
    while reader.read_record(&mut record).map_err(csv_error)? {
        let reader_line = record.position().map_or(0, csv::Position::line);
        let line = lines.next().map_or(reader_line, |(line, _)| line);
        if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            let (file, line) = (file.to_owned(), line);
            return Err(PublishedError::OpenQuote { file, line });
        }
        if figures.len() == MAX_FIGURES {
            return Err(rows.too_large(line, "the number of figures", MAX_FIGURES));
        }
        figures.push(rows.figure(&record, line, suppressed, &mut shared)?);
        if let Some(first) = seen.add(&figures) {
            return Err(PublishedError::Twice {
                file: file.to_owned(),
                line,
                first: first.into(),
                identity: rows.identity(&record),
            });
        }
    }
    Ok(figures)
}

/// The figures so far, by a hash of what makes each the figure that it is: a few bytes for each of millions.
#[derive(Default)]
struct Seen(HashMap<u64, usize, FixedState>);

impl Seen {
    /// Adds the last of `figures`; the line of the same figure before, if there is one.
    fn add(&mut self, figures: &[Figure]) -> Option<u32> {
        let (figure, before) = figures.split_last()?;
        let mut hash = FixedState::default().hash_one(identity(figure));
        // Two figures of one hash are told apart by looking; the second goes to the next free place.
        while let Some(other) = self.0.get(&hash) {
            if identity(&before[*other]) == identity(figure) {
                return Some(before[*other].stated_at.line);
            }
            hash = hash.wrapping_add(1);
        }
        self.0.insert(hash, before.len());
        None
    }
}

/// What makes two figures of a file the same: all but value and print.
fn identity(figure: &Figure) -> ([&str; 7], u32) {
    let texts = [
        &*figure.category,
        &figure.period,
        &figure.population,
        &figure.table,
        &figure.origin,
        &figure.measure,
        &figure.section,
    ];
    (texts, figure.stated_at.printed_line)
}

/// Where each of [`COLUMNS`] stands in a record.
struct Rows<'f> {
    file: &'f str,
    places: [usize; COLUMNS.len()],
}

impl<'f> Rows<'f> {
    fn of_header(file: &'f str, header: &StringRecord) -> Result<Self, PublishedError> {
        let mut places = [usize::MAX; COLUMNS.len()];
        for (index, name) in header.iter().enumerate() {
            let column = COLUMNS.iter().position(|c| *c == name);
            match column.and_then(|c| places.get_mut(c)) {
                Some(place) if *place == usize::MAX => *place = index,
                _ => {
                    return Err(PublishedError::UnexpectedColumn {
                        file: file.to_owned(),
                        column: name.to_owned(),
                    });
                }
            }
        }
        let absent = COLUMNS.iter().zip(places).find(|(_, p)| *p == usize::MAX);
        if let Some((column, _)) = absent {
            let file = file.to_owned();
            return Err(PublishedError::MissingColumn { file, column });
        }
        Ok(Self { file, places })
    }

    fn figure(
        &self,
        record: &StringRecord,
        line: u64,
        suppressed: &Suppressed,
        shared: &mut Shared,
    ) -> Result<Figure, PublishedError> {
        let file = || self.file.to_owned();
        if record.len() != COLUMNS.len() {
            return Err(PublishedError::Cells {
                file: file(),
                line,
                cells: record.len(),
                columns: COLUMNS.len(),
            });
        }
        let cells = self.cells(record);
        let printed = cells[PRINTED].trim();
        for (column, cell) in COLUMNS.iter().zip(cells) {
            let is_blank = cell.trim().is_empty() && !MAY_BE_BLANK.contains(column);
            if is_blank && (*column != "value" || printed.is_empty()) {
                let file = file();
                return Err(PublishedError::Blank { file, line, column });
            }
            if cell.len() > MAX_CELL {
                return Err(self.too_large(line, "a cell's length", MAX_CELL));
            }
        }
        let [
            section,
            table,
            origin,
            period,
            population,
            category,
            measure,
            value,
            _,
            report_line,
        ] = cells;
        let (value, suppressed) = match suppressed.get(printed) {
            Some(range) if value.trim().is_empty() => (Decimal::ZERO, Some(range)),
            None if value.trim().is_empty() => {
                return Err(PublishedError::Undeclared {
                    file: file(),
                    line,
                    printed: printed.to_owned(),
                });
            }
            _ => {
                let value = value.parse().map_err(|source| PublishedError::Value {
                    file: file(),
                    line,
                    source,
                })?;
                (value, None)
            }
        };
        let printed_line = match report_line {
            "" => 0,
            text => match text.parse::<u32>() {
                Ok(number) if number > 0 => number,
                _ => {
                    let (file, text) = (file(), text.to_owned());
                    return Err(PublishedError::Line { file, line, text });
                }
            },
        };
        let series = shared.series(
            Source::Published,
            self.file,
            Keys {
                section,
                table,
                origin,
                period,
                population,
                measure,
            },
        );
        Ok(Figure {
            category: shared.text(category),
            value,
            printed: Some(shared.printed(cells[PRINTED], suppressed)),
            stated_at: Place {
                series,
                line: u32::try_from(line).unwrap_or(u32::MAX),
                printed_line,
            },
        })
    }

    /// The cells in the order of [`COLUMNS`].
    fn cells<'r>(&self, record: &'r StringRecord) -> [&'r str; COLUMNS.len()] {
        self.places.map(|place| record.get(place).unwrap_or(""))
    }

    /// What makes a record the figure that it is, in words.
    fn identity(&self, record: &StringRecord) -> String {
        let cells = COLUMNS.iter().zip(self.cells(record));
        let keys = cells.filter(|(column, _)| !matches!(**column, "value" | "printed"));
        let keys: Vec<String> = keys
            .map(|(column, cell)| format!("{column} {cell}"))
            .collect();
        keys.join(", ")
    }

    fn too_large(&self, line: u64, what: &'static str, limit: usize) -> PublishedError {
        PublishedError::TooLarge {
            file: self.file.to_owned(),
            line,
            what,
            limit,
        }
    }
}
