//! The sheet of two years side by side.

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, Field, SchemaRef},
};

use super::cells::{Cell, Kind, Shorthand};
use super::notes::Notes;
use super::sheet::Column;

/// Its columns, as they are called in the Parquet file and in words.
pub(super) fn columns(schema: &SchemaRef, notes: &mut Notes, sheet: &str) -> Vec<Column> {
    let column = |field: &std::sync::Arc<Field>| {
        let name = field.name().as_str();
        let kind = match field.data_type() {
            DataType::Int64 if name == "sort" => Kind::Number,
            DataType::Int64 => Kind::Count,
            DataType::Float64 if name.starts_with("share") => Kind::Share,
            DataType::Float64 => Kind::Double,
            _ => Kind::Text,
        };
        let mut heading = match name {
            "sort" => "Sort order".to_owned(),
            "change_percent" => "Change in percent".to_owned(),
            _ => in_words(name),
        };
        if name == "verdict" {
            let mark = notes.mark("year_on_year", sheet, || {
                "Two years are compared only where both count the same: `comparable`. `partly` and `not_comparable` have their reasons beside them, and no change is worked out for `not_comparable`.".to_owned()
            });
            heading = format!("{heading} {mark}");
        }
        Column::new(heading, kind)
    };
    schema.fields().iter().map(column).collect()
}

/// A row, with the reason for each figure that is not there.
pub(super) fn cells(batch: &RecordBatch, row: usize) -> Vec<Cell<'_>> {
    let schema = batch.schema_ref();
    let columns = schema.fields().iter().zip(batch.columns());
    columns
        .map(|(field, column)| Cell::of(column, row).or(absence(field, batch, row)))
        .collect()
}

/// Why a cell of a column is blank.
fn absence(field: &Field, batch: &RecordBatch, row: usize) -> Shorthand {
    let name = field.name().as_str();
    let half = match name.contains("previous") {
        true => "previous",
        false => "current",
    };
    let is_reported = || {
        let reported = batch.column_by_name(half);
        reported.is_some_and(|column| arrow::array::Array::is_valid(column, row))
    };
    match name {
        "current" | "previous" => Shorthand::NotAvailable,
        _ if name.ends_with("_matched") || name.starts_with("coverage") => Shorthand::NotAvailable,
        // Of a figure that there is, a share that is not there cannot be.
        _ if name.starts_with("share") && !is_reported() => Shorthand::NotAvailable,
        _ => Shorthand::NotApplicable,
    }
}

/// A column's name in words: `share_current` is `Share current`.
pub(super) fn in_words(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}
