//! Reads Parquet: every value as the text that an export would have of it; the place of a row is its number.

use std::{fs::File, io::Write, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray},
    datatypes::{DataType, Field, Float32Type, Float64Type, Schema, TimeUnit},
    util::display::{ArrayFormatter, DurationFormat, FormatOptions},
};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::Type,
    errors::ParquetError,
};

use super::{ReadError, Stopped, rows::Rows};
use crate::{
    ingest::isolated::{Frames, Head},
    tables::Limits,
};

/// The least that a file has: its mark twice and the length of its footer.
const LEAST: u64 = 12;
/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 1024;

pub(super) fn read(
    input: File,
    limits: &Limits,
    out: &mut Frames<impl Write>,
) -> Result<(), Stopped> {
    if input.metadata()?.len() < LEAST {
        return Err(Stopped::damaged("it is too short to be Parquet"));
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(input.try_clone()?).map_err(damaged)?;
    let builder = match without_overflow(&builder) {
        None => builder,
        Some(schema) => {
            let options = ArrowReaderOptions::new().with_schema(schema);
            ParquetRecordBatchReaderBuilder::try_new_with_options(input, options)
                .map_err(damaged)?
        }
    };
    let schema = Arc::clone(builder.schema());
    if schema.fields().len() > limits.columns {
        let limit = limits.columns;
        return Err(ReadError::Columns { line: 0, limit }.into());
    }
    if nesting(&schema) > limits.nesting {
        return Err(ReadError::Nesting(limits.nesting).into());
    }
    let unpacked: i64 = (builder.metadata().row_groups().iter())
        .map(|group| group.total_byte_size().max(0))
        .fold(0, i64::saturating_add);
    if unpacked.cast_unsigned() > limits.unpacked_bytes {
        return Err(ReadError::Unpacked(limits.unpacked_bytes).into());
    }
    let said = builder.metadata().file_metadata().num_rows();
    let of_groups = builder.metadata().row_groups().iter();
    let of_groups: i64 = of_groups.map(|group| group.num_rows()).sum();
    if said != of_groups {
        let why = format!("its footer says {said} rows, and its row groups {of_groups}");
        return Err(Stopped::damaged(why));
    }
    let names = schema.fields().iter().map(|f| f.name().trim().to_owned());
    let head = Head {
        header: names.collect(),
        ..Head::default()
    };
    if head.header.is_empty() {
        return Err(ReadError::Empty(None).into());
    }
    let reader = builder
        .with_projection(ProjectionMask::all())
        .with_batch_size(BATCH_ROWS.min(limits.batch_rows.max(1)))
        .build()
        .map_err(damaged)?;
    let mut rows = Rows::begin(out, &head, limits)?;
    let mut row = 0_u64;
    for batch in reader {
        let batch = batch.map_err(|_| Stopped::damaged("a column cannot be decoded"))?;
        let columns = batch.columns().iter().map(text);
        let columns = columns.collect::<Result<Vec<Text>, Stopped>>()?;
        for at in 0..batch.num_rows() {
            row += 1;
            let cells = columns.iter().map(|column| column.values.value(at));
            let is_error = |(_, column): &(usize, &Text)| column.errors.binary_search(&at).is_ok();
            let errors = columns.iter().enumerate().filter(is_error);
            let errors: Vec<_> = errors
                .map(|(nth, _)| (nth, "a value that has no text"))
                .collect();
            rows.row(row, cells, &errors)?;
        }
    }
    if said != row.cast_signed() {
        let why = format!("its footer says {said} rows, and {row} were decoded");
        return Err(Stopped::damaged(why));
    }
    rows.end(true, Vec::new())
}

/// The schema with moments of twelve bytes as microseconds, if it has some: in nanoseconds those before 1678 and after 2262
/// would silently become others.
fn without_overflow(builder: &ParquetRecordBatchReaderBuilder<File>) -> Option<Arc<Schema>> {
    let leaves = builder.parquet_schema().columns().iter();
    let old: Vec<&str> = leaves
        .filter(|leaf| leaf.physical_type() == Type::INT96 && leaf.path().parts().len() == 1)
        .map(|leaf| leaf.name())
        .collect();
    let micros = |field: &Arc<Field>| match field.data_type() {
        DataType::Timestamp(_, zone) if old.contains(&field.name().as_str()) => {
            let ty = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            Arc::new(field.as_ref().clone().with_data_type(ty))
        }
        _ => Arc::clone(field),
    };
    let fields: Vec<Arc<Field>> = builder.schema().fields().iter().map(micros).collect();
    (!old.is_empty()).then(|| Arc::new(Schema::new(fields)))
}

fn damaged(error: ParquetError) -> Stopped {
    Stopped::damaged(match error {
        ParquetError::EOF(_) => "it ends in the middle",
        ParquetError::NYI(_) => "it uses a part of Parquet that is not read",
        ParquetError::ArrowError(_) => "a column has a type that is not read",
        _ => "it is no Parquet that can be read",
    })
}

/// How deep the types of columns are nested.
fn nesting(schema: &Schema) -> usize {
    fn of(ty: &DataType) -> usize {
        match ty {
            DataType::List(f)
            | DataType::LargeList(f)
            | DataType::ListView(f)
            | DataType::LargeListView(f)
            | DataType::FixedSizeList(f, _)
            | DataType::Map(f, _) => 1 + of(f.data_type()),
            DataType::Struct(fields) => {
                1 + fields.iter().map(|f| of(f.data_type())).max().unwrap_or(0)
            }
            _ => 0,
        }
    }
    let depths = schema.fields().iter().map(|f| of(f.data_type()));
    depths.max().unwrap_or(0)
}

/// A column as text.
struct Text {
    /// Null is blank, and so is what is no text.
    values: StringArray,
    /// Rows whose value has no text.
    errors: Vec<usize>,
}

fn text(array: &ArrayRef) -> Result<Text, Stopped> {
    let plain = match array.data_type() {
        DataType::Dictionary(_, of) => arrow::compute::cast(array, of)
            .map_err(|_| Stopped::damaged("a dictionary cannot be decoded"))?,
        _ => Arc::clone(array),
    };
    let mut errors = Vec::new();
    let values = match plain.data_type() {
        DataType::Utf8 => texts(plain.as_string::<i32>().iter()),
        DataType::LargeUtf8 => texts(plain.as_string::<i64>().iter()),
        DataType::Utf8View => texts(plain.as_string_view().iter()),
        DataType::Binary => return Ok(bytes(plain.as_binary::<i32>().iter())),
        DataType::LargeBinary => return Ok(bytes(plain.as_binary::<i64>().iter())),
        DataType::BinaryView => return Ok(bytes(plain.as_binary_view().iter())),
        DataType::Float32 => {
            let values = plain.as_primitive::<Float32Type>();
            texts(values.iter().map(|v| v.map(|v| v.to_string())))
        }
        DataType::Float64 => {
            let values = plain.as_primitive::<Float64Type>();
            texts(values.iter().map(|v| v.map(|v| v.to_string())))
        }
        _ => {
            let options = FormatOptions::new()
                .with_null("")
                .with_duration_format(DurationFormat::ISO8601);
            let unread = |_| Stopped::damaged("a column has a type that is not read");
            let format = ArrayFormatter::try_new(plain.as_ref(), &options).map_err(unread)?;
            // Such as a moment in a year that no calendar has.
            let value = |at| {
                let text = format.value(at).try_to_string();
                text.inspect_err(|_| errors.push(at)).ok()
            };
            texts((0..plain.len()).map(value))
        }
    };
    Ok(Text { values, errors })
}

fn texts<T: AsRef<str> + Default>(values: impl Iterator<Item = Option<T>>) -> StringArray {
    values
        .map(|value| Some(value.unwrap_or_default()))
        .collect()
}

/// Old writers did not say that bytes are text.
fn bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Text {
    let mut errors = Vec::new();
    let text = |(at, value): (usize, Option<&'a [u8]>)| {
        let text = std::str::from_utf8(value.unwrap_or_default());
        Some(text.unwrap_or_else(|_| {
            errors.push(at);
            ""
        }))
    };
    let values = values.enumerate().map(text).collect();
    Text { values, errors }
}
