//! The rows of a table as they were delivered, kept for the run after, which carries them on.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, StringArray, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::error::DataFusionError;
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use super::{
    session::{Engine, EngineError},
    source::{SourceFile, TableSource},
};
use crate::{
    ingest::read_chunk,
    names::provenance,
    row_groups::{EncodedRowGroup, RowGroupEncoder},
    tables::{Format, Table},
};

/// The run that read the row.
pub const RUN: &str = "_run";
/// The format of its file.
pub const FORMAT: &str = "_format";
/// Its cells that hold an error, as JSON; null where none does.
pub const ERRORS: &str = "_errors";

/// A cell that holds an error, and so was read as blank.
#[derive(Debug, Serialize, Deserialize)]
pub struct CellText {
    /// Its column, by its declared name.
    pub column: String,
    /// The column of the sheet, from 0.
    pub at: usize,
    /// What it says.
    pub text: String,
}

/// The columns: those that are delivered, as text, then where each row stood and how its file was written.
pub fn schema(table: &Table) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let number = |name| Field::new(name, DataType::Int64, false);
    let columns = table.delivered().map(|column| text(column.name.as_str()));
    let own = [
        text(provenance::DELIVERY),
        text(provenance::FILE),
        text(provenance::SHEET).with_nullable(true),
        number(provenance::ROW),
        number(provenance::LINE),
        text(RUN),
        text(FORMAT),
        text(ERRORS).with_nullable(true),
    ];
    Arc::new(Schema::new(columns.chain(own).collect::<Vec<_>>()))
}

/// The word of a format.
pub fn format_word(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::JsonLines => "json_lines",
        Format::Xlsx => "xlsx",
        Format::Ods => "ods",
        Format::Parquet => "parquet",
    }
}

/// The format of a word.
pub fn format_of(word: &str) -> Option<Format> {
    let all = [
        Format::Csv,
        Format::JsonLines,
        Format::Xlsx,
        Format::Ods,
        Format::Parquet,
    ];
    all.into_iter().find(|format| format_word(*format) == word)
}

/// The rows of every chunk, in the files' order whatever the threads; `run` and `delivery` are those of the night.
pub fn row_groups<'a>(
    engine: &'a Engine,
    source: &Arc<TableSource>,
    (run, delivery): (&str, &str),
    encoder: &RowGroupEncoder,
) -> impl Stream<Item = Result<EncodedRowGroup, EngineError>> + use<'a> {
    let reader = Arc::new(Reader {
        source: Arc::clone(source),
        run: run.to_owned(),
        delivery: delivery.to_owned(),
        encoder: encoder.clone(),
    });
    let doing = format!("keeping rows of `{}` as delivered", source.table.name);
    let work = source.chunks().into_iter().map(move |chunk| {
        let (reader, doing) = (Arc::clone(&reader), doing.clone());
        async move {
            let stopped = EngineError::Worker {
                doing: doing.clone(),
            };
            tokio::spawn(async move { reader.row_group(chunk).map_err(EngineError::query(doing)) })
                .await
                .map_err(|_| stopped)?
        }
    });
    futures::stream::iter(work.collect::<Vec<_>>()).buffered(engine.threads())
}

/// Reads chunks once more, as text.
struct Reader {
    source: Arc<TableSource>,
    run: String,
    delivery: String,
    encoder: RowGroupEncoder,
}

impl Reader {
    fn row_group(&self, chunk: (usize, usize)) -> Result<EncodedRowGroup, DataFusionError> {
        let external = |error| DataFusionError::External(Box::new(error));
        let file = &self.source.files[chunk.0];
        let columns = self.source.table.columns.iter();
        let columns = columns.zip(&file.mapping.positions);
        let places: Vec<Option<usize>> = columns
            .filter(|(column, _)| column.from.is_none())
            .map(|(_, at)| *at)
            .collect();
        let wanted: Vec<usize> = places.iter().flatten().copied().collect();
        let mut group = self.encoder.start()?;
        for batch in
            read_chunk(&file.export, chunk.1, &wanted, &self.source.limits).map_err(external)?
        {
            let batch = batch.map_err(external)?;
            let rows = batch.rows.len();
            let same = |text: &str| -> ArrayRef {
                Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
                    text, rows,
                )))
            };
            let mut errors: BTreeMap<u64, Vec<CellText>> = BTreeMap::new();
            for error in &batch.errors {
                if let Some(column) = self.column(file, error.column) {
                    let at = file.export.column_of_sheet(error.column);
                    let text = error.text.clone();
                    let of_row = errors.entry(error.row).or_default();
                    of_row.push(CellText { column, at, text });
                }
            }
            let mut texts = batch.columns.into_iter();
            let mut arrays: Vec<ArrayRef> = Vec::with_capacity(places.len() + 8);
            for place in &places {
                let text = place.and_then(|_| texts.next());
                arrays.push(text.map_or_else(|| same(""), |text| Arc::new(text)));
            }
            let (delivery, name) = file.place(&self.delivery);
            let run = file.origin.as_ref().map_or(&self.run, |of| &of.run);
            arrays.push(same(delivery));
            arrays.push(same(name));
            arrays.push(match &file.export.sheet {
                Some(sheet) => same(sheet),
                None => Arc::new(StringArray::new_null(rows)),
            });
            arrays.push(Arc::new(batch.rows.clone()));
            arrays.push(Arc::new(batch.lines.clone()));
            arrays.push(same(run));
            arrays.push(same(format_word(file.export.written.format)));
            let mut of_rows = StringBuilder::new();
            for row in batch.rows.values() {
                let told = errors.get(&row.cast_unsigned());
                let told = told.map(serde_json::to_string).transpose();
                of_rows.append_option(told.map_err(|e| DataFusionError::External(Box::new(e)))?);
            }
            arrays.push(Arc::new(of_rows.finish()));
            group.write(&arrays)?;
        }
        Ok(group.finish()?)
    }

    /// The declared column of a field.
    fn column(&self, file: &SourceFile, field: usize) -> Option<String> {
        let columns = self.source.table.columns.iter();
        let mut columns = columns.zip(&file.mapping.positions);
        let (column, _) =
            columns.find(|(column, at)| column.from.is_none() && **at == Some(field))?;
        Some(column.name.to_string())
    }
}
