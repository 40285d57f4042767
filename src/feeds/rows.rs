//! Rows of the staged log, as those who tell of it read them back: some columns, some rows, a few at a time.

use std::{fs::File, path::Path};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::Int64Type,
};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{
        ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
    },
};

use super::FeedError;

/// Skips what stands between the rows with these numbers.
pub fn selection(wanted: &[u64]) -> RowSelection {
    let mut selectors = Vec::new();
    let mut next = 0;
    for row in wanted {
        let skipped = usize::try_from(row - next).unwrap_or(usize::MAX);
        if skipped > 0 {
            selectors.push(RowSelector::skip(skipped));
        }
        selectors.push(RowSelector::select(1));
        next = row + 1;
    }
    RowSelection::from(selectors)
}

/// The rows of some columns of a Parquet file, of all where none is named, `size` at a time.
///
/// # Errors
/// It cannot be opened, or is no table any more.
pub fn batches(
    path: &Path,
    columns: &[&str],
    rows: Option<RowSelection>,
    size: usize,
) -> Result<ParquetRecordBatchReader, FeedError> {
    let unreadable = |source| FeedError::Parquet {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(|source| FeedError::Open {
        path: path.to_owned(),
        source,
    })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
    let mask = match columns {
        [] => ProjectionMask::all(),
        _ => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
    };
    let mut builder = builder.with_projection(mask).with_batch_size(size);
    if let Some(rows) = rows {
        builder = builder.with_row_selection(rows);
    }
    builder.build().map_err(unreadable)
}

/// The log breaks off.
pub fn broken(path: &Path, source: arrow::error::ArrowError) -> FeedError {
    FeedError::Arrow {
        path: path.to_owned(),
        source,
    }
}

/// The texts of a column; blank where there is none.
pub fn texts<'b>(batch: &'b RecordBatch, name: &str) -> impl Fn(usize) -> &'b str + use<'b> {
    let column = batch.column_by_name(name);
    let texts = column.and_then(|column| column.as_string_opt::<i32>());
    move |at| match texts {
        Some(texts) if texts.is_valid(at) => texts.value(at),
        _ => "",
    }
}

/// A whole number of a column; `None` where there is none.
pub fn number(batch: &RecordBatch, name: &str, at: usize) -> Option<i64> {
    let numbers = batch.column_by_name(name)?;
    let numbers = numbers.as_primitive_opt::<Int64Type>()?;
    numbers.is_valid(at).then(|| numbers.value(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wanted_rows_are_selected() {
        let selectors: Vec<RowSelector> = selection(&[0, 3, 4]).into();
        let want = [
            RowSelector::select(1),
            RowSelector::skip(2),
            RowSelector::select(2),
        ];
        assert_eq!(selectors, want);
    }
}
