//! `discrepancies.xlsx`: the log for those who work through it in a spreadsheet, with what it comes to and the proof that every
//! rule ran.

use std::{collections::BTreeMap, path::Path};

use arrow::{
    array::RecordBatchReader,
    datatypes::{DataType, Field},
};
use parquet::arrow::arrow_reader::RowSelection;
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{
    About, MOST_ROWS, WorkbookError,
    cells::{Cell, Kind},
    looks::Looks,
    put,
    sheet::{Column, Head, Line, TableSheet, cover},
    told_rows::{LogRows, OfRule},
    years::in_words,
};
use crate::{
    check::scan::RowCounts,
    decimal::Decimal,
    discrepancy::{Severity, Status},
    feeds::rows::{batches, broken, texts},
    pages::words::{date, number},
    publish::StagedRun,
};

/// The file's path in the run folder.
const FILE: &str = "discrepancies.xlsx";
/// Rows that are read at a time; their texts may be long.
const BATCH: usize = 256;
/// Texts that are exact figures, in the table of statements.
const FIGURES: [&str; 4] = ["stated", "computed", "difference", "tolerance"];

/// What is told of the night beside its files.
#[derive(Debug)]
pub struct Night<'r> {
    /// The run.
    pub about: About<'r>,
    /// Whether something blocking fired.
    pub blocked: bool,
    /// Whether rules were left out.
    pub trial: bool,
    /// Rows of each table.
    pub tables: Vec<(&'r str, RowCounts)>,
    /// Rows of each file.
    pub files: Vec<FileRows<'r>>,
}

/// Where the rows of a file went.
#[derive(Debug)]
pub struct FileRows<'r> {
    /// Its table.
    pub table: &'r str,
    /// Its path in the delivery.
    pub file: &'r str,
    /// The sheet of a workbook.
    pub sheet: Option<&'r str>,
    /// Its rows.
    pub rows: RowCounts,
}

/// Writes the workbook into the run folder.
///
/// # Errors
/// What the run had written could not be read back, or the workbook not be written.
pub fn write(staged: &StagedRun, night: &Night<'_>) -> Result<(), WorkbookError> {
    let log = staged.path("discrepancies.parquet");
    let making = Making {
        looks: &Looks::new(),
        night,
        rows: LogRows::count(&log, MOST_ROWS)?,
    };
    let title = format!("{}: discrepancies", night.about.project);
    let sheets = vec![
        making.cover(&title)?,
        making.contents()?,
        making.summary()?,
        making.log(&log)?,
        making.statements(&staged.path("reconciliations.parquet"))?,
        making.rules(&staged.path("rule_results.parquet"))?,
        making.tables()?,
        making.files()?,
    ];
    put(staged, FILE, &title, &night.about, sheets)
}

/// A sheet of the workbook.
#[derive(Clone, Copy)]
enum Of {
    Summary,
    Log,
    Statements,
    Rules,
    Tables,
    Files,
}

impl Of {
    const ALL: [Self; 6] = [
        Self::Summary,
        Self::Log,
        Self::Statements,
        Self::Rules,
        Self::Tables,
        Self::Files,
    ];

    /// Its name and its title.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Summary => ("Summary_by_rule", "Discrepancies by rule"),
            Self::Log => ("Discrepancies", "Discrepancies"),
            Self::Statements => ("Statements", "Statements about totals that disagree"),
            Self::Rules => ("Rules", "Rules that ran"),
            Self::Tables => ("Rows_by_table", "Where the rows of each table went"),
            Self::Files => ("Rows_by_file", "Where the rows of each file went"),
        }
    }
}

/// A workbook on its way.
struct Making<'r> {
    looks: &'r Looks,
    night: &'r Night<'r>,
    rows: LogRows,
}

impl Making<'_> {
    /// A sheet whose table has one line about it.
    fn sheet(
        &self,
        of: Of,
        what: &str,
        columns: Vec<Column>,
        whole_in: &str,
    ) -> Result<TableSheet<'_>, XlsxError> {
        let (name, title) = of.names();
        let head = Head {
            name,
            title,
            lines: vec![format!(
                "This worksheet contains one table. {what} A blank cell means that there is nothing to say."
            )],
            whole_in,
            worked_with: true,
        };
        TableSheet::new(self.looks, &head, columns)
    }

    fn log(&self, path: &Path) -> Result<Worksheet, WorkbookError> {
        let (all, told) = self.rows.total();
        let what = match told == all {
            true => "Every row of the log.".to_owned(),
            false => format!(
                "{} of the {} rows of the log, the first of each rule: Summary_by_rule says how many of which. All are in discrepancies.parquet and discrepancies.csv of the run.",
                number(signed(told)),
                number(signed(all))
            ),
        };
        self.copy(Of::Log, &what, path, self.rows.selection(), |_| true)
    }

    fn statements(&self, path: &Path) -> Result<Worksheet, WorkbookError> {
        let what = format!(
            "Those that disagree, and those that differ and are explained, {} at the most; all are in reconciliations.parquet of the run.",
            number(signed(MOST_ROWS))
        );
        let is_told = |verdict: &str| matches!(verdict, "disagrees" | "explained");
        self.copy(Of::Statements, &what, path, None, is_told)
    }

    fn rules(&self, path: &Path) -> Result<Worksheet, WorkbookError> {
        let what =
            "Each rule over tables with the rows that it was evaluated on: the proof that it ran.";
        self.copy(Of::Rules, what, path, None, |_| true)
    }

    /// A table of the run, column by column; of its rows those with a verdict that is told.
    fn copy(
        &self,
        of: Of,
        what: &str,
        path: &Path,
        rows: Option<RowSelection>,
        is_told: impl Fn(&str) -> bool,
    ) -> Result<Worksheet, WorkbookError> {
        let figures: &[&str] = match of {
            Of::Statements => &FIGURES,
            _ => &[],
        };
        let is_figure = |field: &Field| figures.contains(&field.name().as_str());
        let column = |field: &Field| {
            let kind = match field.data_type() {
                DataType::Int64 if field.name().starts_with("source_") => Kind::Number,
                DataType::Int64 => Kind::Count,
                _ if is_figure(field) => Kind::Count,
                _ => Kind::Text,
            };
            Column::new(in_words(field.name()), kind)
        };
        let whole_in = path.file_name().unwrap_or_default().to_string_lossy();
        let reader = batches(path, &[], rows, BATCH)?;
        let schema = reader.schema();
        let columns = schema.fields().iter().map(|field| column(field)).collect();
        let mut sheet = self.sheet(of, what, columns, &whole_in)?;
        let mut left = MOST_ROWS;
        for batch in reader {
            let batch = batch.map_err(|source| broken(path, source))?;
            let verdicts = texts(&batch, "verdict");
            for row in (0..batch.num_rows()).filter(|row| is_told(verdicts(*row))) {
                if left == 0 {
                    return Ok(sheet.finish()?);
                }
                left -= 1;
                let columns = schema.fields().iter().zip(batch.columns());
                let cells = columns.map(|(field, column)| match Cell::of(column, row) {
                    Cell::Text(text) if is_figure(field) => match text.parse::<Decimal>() {
                        Ok(figure) => Cell::Figure(figure),
                        Err(_) => Cell::Text(text),
                    },
                    cell => cell,
                });
                sheet.push(&cells.collect::<Vec<_>>())?;
            }
        }
        Ok(sheet.finish()?)
    }

    fn summary(&self) -> Result<Worksheet, XlsxError> {
        let mut columns = ["Rule", "Severity", "Table"]
            .map(|h| Column::new(h, Kind::Text))
            .to_vec();
        let statuses = Status::ALL.iter().map(|status| in_words(status.word()));
        columns.extend(statuses.map(|heading| Column::new(heading, Kind::Count)));
        let counts = ["All", "In this workbook", "Not in this workbook"];
        columns.extend(counts.map(|heading| Column::new(heading, Kind::Count)));
        let what =
            "How many discrepancies each rule and statement has, by status, the most severe first.";
        let mut sheet = self.sheet(Of::Summary, what, columns, "the log")?;
        let mut rules: Vec<(&String, &OfRule)> = self.rows.rules.iter().collect();
        rules.sort_by_key(|(_, of_rule)| Severity::of_word(&of_rule.severity));
        for (rule, of_rule) in rules {
            let texts = [rule.as_str(), &of_rule.severity, &of_rule.table];
            let statuses = Status::ALL
                .iter()
                .map(|status| of_rule.statuses.get(status.word()));
            let counts = [of_rule.rows, of_rule.told, of_rule.rows - of_rule.told];
            let cells = texts.map(Cell::text).into_iter();
            let cells = cells.chain(statuses.map(|count| Cell::count(count.copied().unwrap_or(0))));
            sheet.push(&cells.chain(counts.map(Cell::count)).collect::<Vec<_>>())?;
        }
        sheet.finish()
    }

    fn tables(&self) -> Result<Worksheet, XlsxError> {
        let columns = balanced(["Table"]);
        let what =
            "The rows that were read are those that are clean, quarantined, excluded and rejected.";
        let mut sheet = self.sheet(Of::Tables, what, columns, "manifest.json")?;
        for (table, rows) in &self.night.tables {
            sheet.push(&balance([Cell::text(*table)], rows))?;
        }
        sheet.finish()
    }

    fn files(&self) -> Result<Worksheet, XlsxError> {
        let columns = balanced(["Table", "File", "Sheet"]);
        let what =
            "The rows that were read are those that are clean, quarantined, excluded and rejected.";
        let mut sheet = self.sheet(Of::Files, what, columns, "manifest.json")?;
        let most = usize::try_from(MOST_ROWS).unwrap_or(usize::MAX);
        for file in self.night.files.iter().take(most) {
            let of = [
                Cell::text(file.table),
                Cell::text(file.file),
                file.sheet.map_or(Cell::Blank, Cell::text),
            ];
            sheet.push(&balance(of, &file.rows))?;
        }
        sheet.finish()
    }

    fn contents(&self) -> Result<Worksheet, XlsxError> {
        let head = Head {
            name: "Contents",
            title: "Contents",
            lines: vec![
                "This worksheet contains one table, of the worksheets of this workbook with a link to each.".to_owned(),
            ],
            whole_in: "the project",
            worked_with: false,
        };
        let columns = ["Worksheet", "Title"].map(|heading| Column::new(heading, Kind::Text));
        let mut table = TableSheet::new(self.looks, &head, columns.to_vec())?;
        for of in Of::ALL {
            let (name, title) = of.names();
            table.push(&[Cell::Sheet(name), Cell::text(title)])?;
        }
        table.finish()
    }

    fn cover(&self, title: &str) -> Result<Worksheet, XlsxError> {
        let About {
            delivery,
            run_id,
            as_of,
            ..
        } = self.night.about;
        let end = match (self.night.blocked, self.night.trial) {
            (true, _) => "The run is blocked: it is kept, and not published.",
            (false, true) => "The run left rules out: it is kept, and not published.",
            (false, false) => "Nothing blocks the run.",
        };
        let (all, told) = self.rows.total();
        let whole = match told == all {
            true => "The worksheet Discrepancies has every row of the log.".to_owned(),
            false => format!(
                "The worksheet Discrepancies has {} of the {} rows of the log: small rules whole, and of large ones the first rows. Summary_by_rule says how many are not told of which rule.",
                number(signed(told)),
                number(signed(all))
            ),
        };
        let mut lines = vec![
            Line::Text(format!(
                "What is wrong with delivery {delivery} as of {}.",
                date(as_of)
            )),
            Line::Text(format!("Run {run_id}. {end}")),
            Line::Heading("Counts by severity"),
        ];
        let counts = self.counts();
        let of = |severity: &Severity| {
            let open = counts.0.get(severity.word()).copied().unwrap_or(0);
            Line::Text(format!(
                "{}: {} open",
                in_words(severity.word()),
                number(signed(open))
            ))
        };
        lines.extend(Severity::ALL.iter().map(of));
        lines.push(Line::Heading("Counts by status"));
        let of = |status: &Status| {
            let count = counts.1.get(status.word()).copied().unwrap_or(0);
            Line::Text(format!(
                "{}: {}",
                in_words(status.word()),
                number(signed(count))
            ))
        };
        lines.extend(Status::ALL.iter().map(of));
        lines.extend([
            Line::Heading("What is in this workbook"),
            Line::Text(whole),
            Line::Text("The worksheet Contents lists the others. What acts on a program, such as control characters, is shown as an escape; every value is a text or a number, and none is a formula.".to_owned()),
            Line::Heading("Where the rest is"),
            Line::Text("The folder of the run holds the log as discrepancies.parquet and discrepancies.csv, every statement in reconciliations.parquet, and the hash of every file in manifest.json.".to_owned()),
        ]);
        cover(self.looks, "Cover", title, &lines)
    }

    /// Open discrepancies of each severity, and all of each status.
    fn counts(&self) -> (BTreeMap<&str, u64>, BTreeMap<&str, u64>) {
        let mut counts: (BTreeMap<&str, u64>, BTreeMap<&str, u64>) = Default::default();
        for of_rule in self.rows.rules.values() {
            for (status, count) in &of_rule.statuses {
                *counts.1.entry(status).or_default() += count;
                if status != Status::Resolved.word() {
                    *counts.0.entry(&of_rule.severity).or_default() += count;
                }
            }
        }
        counts
    }
}

/// The columns of a table of where rows went.
fn balanced<const N: usize>(of: [&str; N]) -> Vec<Column> {
    let of = of.map(|heading| Column::new(heading, Kind::Text));
    let counts = ["Read", "Clean", "Quarantined", "Excluded", "Rejected"];
    let counts = counts.map(|heading| Column::new(heading, Kind::Count));
    let verdict = Column::new("Balance", Kind::Text);
    of.into_iter().chain(counts).chain([verdict]).collect()
}

/// Its cells.
fn balance<'c, const N: usize>(of: [Cell<'c>; N], rows: &RowCounts) -> Vec<Cell<'c>> {
    let went = [rows.clean, rows.quarantined, rows.excluded, rows.rejected];
    let verdict = match went.iter().sum::<u64>() == rows.read {
        true => "balances",
        false => "does not balance",
    };
    let counts = [rows.read].into_iter().chain(went).map(Cell::count);
    of.into_iter()
        .chain(counts)
        .chain([Cell::text(verdict)])
        .collect()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
