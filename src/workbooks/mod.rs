//! What people open in a spreadsheet: the discrepancy log, and the aggregates as they may be published.
//!
//! Every value is a text or a number, never a formula, and the same run has the same bytes. Both workbooks are laid out as
//! the UK Analysis Function's guidance on statistics in spreadsheets has it: a cover, contents and notes, then one marked
//! table on each sheet, which begins in the first cell; nothing is merged, hidden or told by colour alone.

pub mod aggregates;
mod beside;
mod cells;
pub mod discrepancies;
mod looks;
mod notes;
mod sheet;
mod told_rows;
mod years;

use std::io::Write;

use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook as Xlsx, Worksheet, XlsxError};

use crate::{
    feeds::FeedError,
    harmless::words,
    pages::words::date,
    publish::{PublishError, StagedRun},
};

/// Most rows of a sheet's table: more open slowly, and all of them stand in Parquet and CSV.
pub const MOST_ROWS: u64 = 20_000;

/// Why a workbook was not written.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The run folder took no such file.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// What the run had written could not be read back.
    #[error(transparent)]
    Read(Box<FeedError>),
    /// It does not fit the format.
    #[error("a workbook cannot be made: {0}; this is a mistake of Trueup: please report it")]
    Make(#[source] Box<XlsxError>),
    /// It could not be written.
    #[error("writing {path} failed: {source}; free space in the out folder and run again")]
    Write {
        /// Inside the run folder.
        path: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl From<FeedError> for WorkbookError {
    fn from(error: FeedError) -> Self {
        Self::Read(Box::new(error))
    }
}

impl From<XlsxError> for WorkbookError {
    fn from(error: XlsxError) -> Self {
        Self::Make(Box::new(error))
    }
}

/// The run that a workbook tells of.
#[derive(Clone, Copy, Debug)]
pub struct About<'r> {
    /// The project's name.
    pub project: &'r str,
    /// The delivery's name.
    pub delivery: &'r str,
    /// The run.
    pub run_id: &'r str,
    /// The date that the run took for today.
    pub as_of: Date,
}

impl About<'_> {
    /// Where all values come from, in a sentence.
    fn source(&self) -> String {
        format!(
            "Source: {}, delivery {}, as of {}; run {}.",
            self.project,
            self.delivery,
            date(self.as_of),
            self.run_id
        )
    }
}

/// Writes the sheets as a workbook into the run folder.
fn put(
    staged: &StagedRun,
    path: &'static str,
    title: &str,
    about: &About<'_>,
    sheets: Vec<Worksheet>,
) -> Result<(), WorkbookError> {
    let mut book = Xlsx::new();
    book.set_properties(&properties(title, about)?);
    for sheet in sheets {
        book.push_worksheet(sheet);
    }
    // Made in memory, since the library ends the program where a file takes no more.
    let bytes = book.save_to_buffer()?;
    let mut out = staged.create(path)?;
    out.write_all(&bytes)
        .map_err(|source| WorkbookError::Write { path, source })?;
    Ok(out.finish(None)?)
}

/// Who made it, what it is, and when: the run's date, since a run folder holds no clock.
fn properties(title: &str, about: &About<'_>) -> Result<DocProperties, XlsxError> {
    let day = |date: Date| {
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        let year = u16::try_from(date.year()).unwrap_or(0);
        ExcelDateTime::from_ymd(year, part(date.month()), part(date.day()))
    };
    // The format knows no earlier day than the first of 1900.
    let made = day(about.as_of).or_else(|_| ExcelDateTime::from_ymd(1900, 1, 1))?;
    let subject = format!(
        "Delivery {} as of {}, run {}",
        about.delivery,
        date(about.as_of),
        about.run_id
    );
    Ok(DocProperties::new()
        .set_title(words(title))
        .set_subject(words(&subject))
        .set_author(words(about.project))
        .set_comment("Made by Trueup from the files of the run.")
        .set_custom_property("Language", "en-GB")
        .set_creation_datetime(&made))
}
