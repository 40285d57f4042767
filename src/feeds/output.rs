//! The tables of a run as they were written: columns and rows from their footers.

use std::fs::File;

use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use super::{FeedError, Night};
use crate::publish::StagedRun;

/// A table of the run.
#[derive(Debug)]
pub struct Output {
    /// Its path in the run folder, without `.parquet`.
    pub name: String,
    /// Its rows.
    pub rows: i64,
    /// The length of its file.
    pub bytes: u64,
    /// Its columns.
    pub schema: SchemaRef,
}

/// The clean tables, then model tables and aggregates; those that were not written are left out.
pub fn of(staged: &StagedRun, night: &Night<'_>) -> Result<Vec<Output>, FeedError> {
    let clean = night.tables.iter();
    let clean = clean.map(|feed| format!("clean/{}", feed.table.name));
    let mut outputs = Vec::new();
    for name in clean.chain(night.derived.iter().cloned()) {
        let path = staged.path(&format!("{name}.parquet"));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(FeedError::Open { path, source }),
        };
        let length = file.metadata().map(|found| found.len());
        let bytes = length.map_err(|source| FeedError::Open {
            path: path.clone(),
            source,
        })?;
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|source| FeedError::Parquet { path, source })?;
        outputs.push(Output {
            name,
            rows: footer.metadata().file_metadata().num_rows(),
            bytes,
            schema: footer.schema().clone(),
        });
    }
    Ok(outputs)
}

/// The word for a column's type, as in docs/outputs.md.
pub fn type_word(ty: &DataType) -> String {
    match ty {
        DataType::Utf8 => "text".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Int32 | DataType::Int64 => "number".to_owned(),
        DataType::Decimal128(digits, scale) => format!("decimal({digits}, {scale})"),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        other => other.to_string(),
    }
}
