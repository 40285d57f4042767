//! Rows that an earlier run kept, read again as those of a file are: each with the place that it had there.

use std::{fs::File, io, sync::Arc};

use arrow::array::{ArrayRef, Int64Array};

use super::{
    CellError, Content, Export, Written,
    isolated::{Head, Tail},
    readers::ipc,
    spool::Spool,
};
use crate::tables::{Format, Limits};

/// The file that carried rows came from.
#[derive(Clone, Debug)]
pub struct CarriedFile {
    /// What it is called: its delivery, and its name in that.
    pub file: String,
    /// The sheet of it.
    pub sheet: Option<String>,
    /// Its format.
    pub format: Format,
}

/// A cell that held an error, with the column of the sheet that it stood in.
#[derive(Clone, Debug)]
pub struct CarriedError {
    /// Where it is among the carried columns, and what it says.
    pub error: CellError,
    /// The column of the sheet that it stood in, from 0.
    pub at: usize,
}

/// Rows of one table on their way to a temporary file, those of each file together.
pub struct CarriedRows {
    spool: Spool,
    header: Vec<String>,
    files: Vec<(CarriedFile, Vec<usize>)>,
    /// The number of the last row of the file.
    last: u64,
}

impl CarriedRows {
    /// Keeps rows with the columns of `header` in `file`.
    pub fn new(file: File, header: Vec<String>, limits: &Limits) -> Self {
        Self {
            spool: Spool::new(file, limits.chunk()),
            header,
            files: Vec::new(),
            last: 0,
        }
    }

    /// Begins the rows of a file.
    ///
    /// # Errors
    /// Those before cannot be ended.
    pub fn begin(&mut self, file: CarriedFile) -> io::Result<()> {
        self.end()?;
        self.last = 0;
        self.spool.table(Head {
            sheet: file.sheet.clone(),
            header: self.header.clone(),
            ..Head::default()
        });
        let columns = (0..self.header.len()).collect();
        self.files.push((file, columns));
        Ok(())
    }

    /// Keeps rows of the file: the columns of the header, the number of each in its file, ascending, and its line.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn add(
        &mut self,
        columns: Vec<ArrayRef>,
        rows: &Int64Array,
        lines: &Int64Array,
        errors: &[CarriedError],
    ) -> io::Result<()> {
        let Some(last) = rows.values().last() else {
            return Ok(());
        };
        for CarriedError { error, at } in errors {
            let (_, places) = self.files.last_mut().ok_or(io::ErrorKind::InvalidData)?;
            if let Some(place) = places.get_mut(error.column) {
                *place = *at;
            }
        }
        let errors: Vec<CellError> = errors.iter().map(|e| e.error.clone()).collect();
        let bytes = ipc(columns, rows.clone(), lines.clone(), &[], &errors)?;
        let line = lines.values().first().copied().unwrap_or(0);
        // The numbers between rows belong to the chunk of the row behind them, so that chunks follow each other.
        let first = self.last + 1;
        self.last = last.cast_unsigned();
        self.spool
            .keep(&bytes, (first, line.cast_unsigned()), self.last)
    }

    fn end(&mut self) -> io::Result<()> {
        if self.files.is_empty() {
            return Ok(());
        }
        self.spool.end(Tail {
            records: self.last,
            terminated: true,
            remarks: Vec::new(),
        })
    }

    /// The rows of each file; `sha256` and `bytes` are those of what they were kept in.
    ///
    /// # Errors
    /// The rows of the last file cannot be ended.
    pub fn finish(mut self, sha256: &str, bytes: u64) -> io::Result<Vec<Export>> {
        self.end()?;
        let (rows, tables) = self.spool.finish();
        let exports = self.files.into_iter().zip(tables);
        let export = |((of, places), kept): ((CarriedFile, Vec<usize>), super::spool::Kept)| {
            let written = Written {
                format: of.format,
                compression: None,
                encoding: None,
                dialect: None,
            };
            let content = Content::Rows(Arc::clone(&rows));
            Export {
                sha256: sha256.to_owned(),
                bytes,
                places,
                ..Export::kept(of.file, written, kept, content)
            }
        };
        Ok(exports.map(export).collect())
    }
}
