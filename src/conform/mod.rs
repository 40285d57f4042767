//! Text becomes values: repaired, typed, coded. Every repaired cell is a [`Change`]; what could not be read is marked, never guessed.

mod codes;
mod date;
mod looks;
mod number;
mod text;

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, BooleanArray, Date32Array, Int8Array, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
    record_batch::RecordBatch,
};

pub use codes::{CodeFault, Fate, Meant};
pub use date::Format;
pub(crate) use date::{days, iso};
pub use looks::{FORMATS, Reading, Readings};
pub use number::{decimal, integer};
pub use text::cleaned;

use crate::{
    ingest::RawBatch,
    names::provenance,
    tables::{CodeList, Column, ColumnType, Missing, Table, VARIANT},
};

/// Prefix of the column that holds a cell as delivered.
pub const RAW: &str = "_raw.";
/// Prefix of the column that says how a cell is missing; 0 is present, see [`Missing::number`].
pub const MISSING: &str = "_missing.";
/// Prefix of the column that says whether a cell could be read as its type; null where it is missing.
pub const TYPE: &str = "_type.";
/// Prefix of the column that says whether a cell is a code in force; null where it is missing.
pub const CODE: &str = "_code.";

/// A cell that was repaired on the way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Record number, as the batch's `_row`.
    pub row: i64,
    /// First physical line of the record.
    pub line: i64,
    /// Index of the column in its table.
    pub column: usize,
    /// The cell as delivered.
    pub before: String,
    /// The cell as repaired.
    pub after: String,
    /// What repaired it: `clean`, `format` or an alias' cause.
    pub reason: &'static str,
}

/// A batch whose columns have their types.
#[derive(Debug)]
pub struct ConformedBatch {
    /// The columns that [`Conformer::schema`] lists.
    pub batch: RecordBatch,
    /// The repaired cells, by row and column.
    pub changes: Vec<Change>,
    /// How many cells say something and cannot be read, where changes are noted too.
    pub readings: Readings,
}

/// What the conformer makes of one column of the table.
#[derive(Clone, Debug)]
struct Wanted {
    column: usize,
    /// Position among the raw batch's columns.
    raw_position: usize,
    value: bool,
    raw: bool,
    missing: bool,
    type_status: bool,
    code_status: bool,
}

/// Makes conformed batches of one table; cheap to clone for each worker (caches are a worker's own).
#[derive(Clone, Debug)]
pub struct Conformer {
    table: Arc<Table>,
    coders: Vec<Option<codes::Coder>>,
    dates: Vec<date::Formats>,
    /// The same for files with types of their own, whose dates are ISO 8601.
    typed_dates: Vec<date::Formats>,
    wanted: Vec<Wanted>,
    columns: Vec<usize>,
    schema: SchemaRef,
    note_changes: bool,
    readings: Readings,
    /// For each column, how many cells that cannot be read have been looked at.
    looked: Vec<u32>,
}

/// The Arrow type of a cleaned column.
pub fn arrow_type(ty: ColumnType) -> DataType {
    match ty {
        ColumnType::String => DataType::Utf8,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal => DataType::Decimal128(18, 4),
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
        ColumnType::Boolean => DataType::Boolean,
    }
}

/// Every column that SQL about `table` may name: the cleaned ones, the hidden ones, `_row` and `_line`.
pub fn full_schema(table: &Table) -> SchemaRef {
    let mut fields = Vec::new();
    for column in &table.columns {
        fields.extend(column_fields(column, |_| true));
    }
    fields.push(Field::new(provenance::ROW, DataType::Int64, false));
    fields.push(Field::new(provenance::LINE, DataType::Int64, false));
    Arc::new(Schema::new(fields))
}

fn column_fields(column: &Column, wanted: impl Fn(&str) -> bool) -> Vec<Field> {
    let name = column.name.as_str();
    let all = [
        (name.to_owned(), arrow_type(column.ty), true),
        (format!("{RAW}{name}"), DataType::Utf8, false),
        (format!("{MISSING}{name}"), DataType::Int8, false),
        (format!("{TYPE}{name}"), DataType::Boolean, true),
        (format!("{CODE}{name}"), DataType::Boolean, true),
    ];
    all.into_iter()
        .filter(|(name, _, _)| wanted(name))
        .map(|(name, ty, nullable)| Field::new(name, ty, nullable))
        .collect()
}

impl Conformer {
    /// A conformer for the columns of `table` (names as in [`full_schema`]) that `wanted` accepts; `_row` and `_line` are always made.
    pub fn new(
        table: &Arc<Table>,
        lists: &[Arc<CodeList>],
        note_changes: bool,
        wanted: impl Fn(&str) -> bool,
    ) -> Self {
        let mut fields = Vec::new();
        let mut plan = Vec::new();
        let mut columns = Vec::new();
        let as_of_of_wanted: Vec<usize> = table
            .columns
            .iter()
            .filter(|c| {
                column_fields(c, &wanted)
                    .iter()
                    .any(|f| needs_codes(f.name(), c))
            })
            .filter_map(|c| c.codes.as_ref().and_then(|codes| codes.as_of))
            .collect();
        for (index, column) in table.columns.iter().enumerate() {
            let made = column_fields(column, &wanted);
            if made.is_empty() && !as_of_of_wanted.contains(&index) {
                continue;
            }
            let has = |prefix: &str| {
                let name = format!("{prefix}{}", column.name);
                made.iter().any(|f| *f.name() == name)
            };
            let source = column.from.unwrap_or(index);
            let raw_position = columns.iter().position(|c| *c == source);
            let raw_position = raw_position.unwrap_or_else(|| {
                columns.push(source);
                columns.len() - 1
            });
            plan.push(Wanted {
                column: index,
                raw_position,
                value: has(""),
                raw: has(RAW),
                missing: has(MISSING),
                type_status: has(TYPE),
                code_status: has(CODE),
            });
            fields.extend(made);
        }
        fields.push(Field::new(provenance::ROW, DataType::Int64, false));
        fields.push(Field::new(provenance::LINE, DataType::Int64, false));
        let coder = |column: &Column| {
            let codes = column.codes.as_ref()?;
            Some(codes::Coder::new(Arc::clone(&lists[codes.list]), codes))
        };
        Self {
            table: Arc::clone(table),
            coders: table.columns.iter().map(coder).collect(),
            dates: table.columns.iter().map(date_formats).collect(),
            typed_dates: table.columns.iter().map(typed_formats).collect(),
            wanted: plan,
            columns,
            schema: Arc::new(Schema::new(fields)),
            note_changes,
            readings: Readings::default(),
            looked: vec![0; table.columns.len()],
        }
    }

    /// The columns of the batches that it makes.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The table's columns that it reads, as indices; the order of the raw batch's columns.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Conforms one batch.
    ///
    /// # Errors
    /// Only when the made columns do not fit the schema, which is a mistake in this crate.
    pub fn conform(&mut self, raw: &RawBatch) -> Result<ConformedBatch, ArrowError> {
        let mut changes = Vec::new();
        let mut made: Vec<Option<Made>> = vec![None; self.table.columns.len()];
        let plan = self.wanted.clone();
        // Dates first: a code may depend on one.
        let by_code = |w: &&Wanted| self.table.columns[w.column].codes.is_some();
        let (coded, plain): (Vec<_>, Vec<_>) = plan.iter().partition(by_code);
        for wanted in plain.into_iter().chain(coded) {
            let text = &raw.columns[wanted.raw_position];
            made[wanted.column] = Some(self.column(wanted.column, text, raw, &made, &mut changes));
        }
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for wanted in &plan {
            let Some(made) = made[wanted.column].take() else {
                continue;
            };
            let text = &raw.columns[wanted.raw_position];
            if wanted.value {
                columns.push(made.value);
            }
            if wanted.raw {
                columns.push(Arc::new(text.clone()));
            }
            if wanted.missing {
                columns.push(Arc::new(made.missing));
            }
            if wanted.type_status {
                columns.push(Arc::new(made.type_status));
            }
            if wanted.code_status {
                columns.push(Arc::new(made.code_status));
            }
        }
        columns.push(Arc::new(raw.rows.clone()));
        columns.push(Arc::new(raw.lines.clone()));
        changes.sort_by_key(|c: &Change| (c.row, c.column));
        Ok(ConformedBatch {
            batch: RecordBatch::try_new(Arc::clone(&self.schema), columns)?,
            changes,
            readings: std::mem::take(&mut self.readings),
        })
    }

    /// What is wrong with the code in `raw_text`, and what it should be.
    pub fn explain_code(
        &self,
        column: usize,
        raw_text: &str,
        as_of: Option<i32>,
    ) -> Option<CodeFault> {
        let clean = cleaned(raw_text, &self.table.columns[column].clean);
        self.coders[column].as_ref()?.explain(&clean, as_of)
    }

    fn column(
        &mut self,
        index: usize,
        raw: &StringArray,
        batch: &RawBatch,
        made: &[Option<Made>],
        changes: &mut Vec<Change>,
    ) -> Made {
        let column = &self.table.columns[index];
        let (clean, cleaned) = text::clean_column(raw, &column.clean);
        let missing = text::missing_status(&clean, &column.missing);
        let dates = if batch.typed {
            &self.typed_dates
        } else {
            &self.dates
        };
        let mut made = match column.ty {
            ColumnType::String if self.coders[index].is_some() => {
                let as_of = column.codes.as_ref().and_then(|c| c.as_of);
                let dates = as_of
                    .and_then(|d| made[d].as_ref())
                    .and_then(|m| m.value.as_any().downcast_ref::<Date32Array>());
                match self.coders[index].as_mut() {
                    Some(coder) => coder.code(&clean, missing, dates),
                    None => unreachable!("guarded above"),
                }
            }
            ColumnType::String => Made::text(text::without_missing(&clean, &missing), missing),
            ColumnType::Date => date::read_dates(&clean, missing, &dates[index]),
            ColumnType::Timestamp => date::read_timestamps(&clean, missing, &dates[index]),
            ColumnType::Integer => number::read_integers(&clean, missing),
            ColumnType::Decimal => number::read_decimals(&clean, missing),
            ColumnType::Boolean => number::read_booleans(&clean, missing),
        };
        if self.note_changes {
            let mut repairs = std::mem::take(&mut made.repairs);
            let mut cells = &cleaned[..];
            // What a column makes of another's cells repairs nothing in them, unless they are mistaken.
            if column.from.is_some() {
                repairs.retain(|(_, _, reason)| *reason != VARIANT);
                cells = &[];
            }
            note(index, raw, (&clean, cells), repairs, batch, changes);
            if column.ty != ColumnType::String && column.from.is_none() {
                let looked = &mut self.looked[index];
                self.readings.add(index, &clean, &made, looked);
            }
        }
        made
    }
}

fn needs_codes(name: &str, column: &Column) -> bool {
    name == column.name.as_str() || name.starts_with(CODE) || name.starts_with(MISSING)
}

fn date_formats(column: &Column) -> date::Formats {
    let declared = column.formats.iter().map(|f| date::Format::new(f));
    match column.ty {
        ColumnType::Date | ColumnType::Timestamp => date::Formats {
            all: declared.collect(),
            usual: 1,
        },
        _ => date::Formats::default(),
    }
}

/// How ISO 8601 writes a date and a moment.
const ISO_DATES: [&str; 2] = ["%Y-%m-%d", "%Y-%m-%dT00:00:00"];
const ISO_MOMENTS: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%d",
];

/// ISO 8601 first, then what is declared; a text that is written otherwise than the first is repaired.
fn typed_formats(column: &Column) -> date::Formats {
    let iso: &[&str] = match column.ty {
        ColumnType::Date => &ISO_DATES,
        ColumnType::Timestamp => &ISO_MOMENTS,
        _ => &[],
    };
    let all = iso.iter().map(|format| date::Format::new(format));
    date::Formats {
        all: all.chain(date_formats(column).all).collect(),
        usual: iso.len(),
    }
}

/// A column on its way to the batch.
#[derive(Clone, Debug)]
struct Made {
    value: ArrayRef,
    missing: Int8Array,
    type_status: BooleanArray,
    code_status: BooleanArray,
    /// Cells that reading repaired: index, canonical text, reason.
    repairs: Vec<(usize, String, &'static str)>,
}

impl Made {
    fn text(value: StringArray, missing: Int8Array) -> Self {
        let rows = value.len();
        Self {
            value: Arc::new(value),
            missing,
            type_status: BooleanArray::new_null(rows),
            code_status: BooleanArray::new_null(rows),
            repairs: Vec::new(),
        }
    }

    /// A typed column: readable where `value` is present.
    fn typed(
        value: ArrayRef,
        missing: Int8Array,
        repairs: Vec<(usize, String, &'static str)>,
    ) -> Self {
        let rows = value.len();
        let present: arrow::buffer::BooleanBuffer =
            missing.values().iter().map(|m| *m == 0).collect();
        let readable = match value.nulls() {
            Some(nulls) => nulls.inner().clone(),
            None => arrow::buffer::BooleanBuffer::new_set(rows),
        };
        Self {
            value,
            missing,
            type_status: BooleanArray::new(readable, Some(present.into())),
            code_status: BooleanArray::new_null(rows),
            repairs,
        }
    }
}

fn note(
    column: usize,
    raw: &StringArray,
    (clean, cells): (&StringArray, &[usize]),
    repairs: Vec<(usize, String, &'static str)>,
    batch: &RawBatch,
    changes: &mut Vec<Change>,
) {
    let mut change = |at: usize, after: String, reason: &'static str| {
        changes.push(Change {
            row: batch.rows.value(at),
            line: batch.lines.value(at),
            column,
            before: raw.value(at).to_owned(),
            after,
            reason,
        });
    };
    let mut repaired = repairs.iter().map(|r| r.0).peekable();
    for at in cells.iter().copied() {
        while repaired.next_if(|other| *other < at).is_some() {}
        // What reading made of it says more than that it was cleaned.
        if repaired.peek() != Some(&at) {
            change(at, clean.value(at).to_owned(), "clean");
        }
    }
    for (at, after, reason) in repairs {
        change(at, after, reason);
    }
}

/// Marks for [`Missing`] kinds in a batch.
fn present_or(kind: Option<Missing>) -> i8 {
    kind.map_or(0, Missing::number)
}
