//! Carries rows on: what the run before kept of a table comes before the night's files, without what was delivered again.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io,
    path::PathBuf,
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray},
    compute::{filter_record_batch, partition},
    datatypes::Int64Type,
    error::ArrowError,
};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::{
    super::{delivery::Delivery, error::RunError, plan::Plan, settings::Settings},
    Delta,
    base::Base,
    delivered_path,
    keys::{Key, Keys, tonight},
};
use crate::{
    check::{
        delivered::{CellText, ERRORS, FORMAT, RUN, format_of},
        source::{Origin, SourceFile, TableSource},
    },
    ingest::{
        CarriedError, CarriedFile, CarriedRows, CellError, Export, Limits, Mapping, RawBatch,
        hash_of,
    },
    names::provenance,
    publish::{Manifest, OutputFile, unnamed_file},
    tables::{CodeList, Delivers, Format, Table},
};

/// Most files that a table is carried on from: each is a row group of what is written, of which Parquet has 32,767.
const MAX_FILES: usize = 30_000;
/// Rows that are read at a time.
const BATCH_ROWS: usize = 4_096;

/// Puts what the run before kept before the night's files, for every table of which deliveries hold changes.
pub(in super::super) fn carry(
    base: &Base,
    delivery: &mut Delivery,
    plan: &Plan,
    settings: &Settings,
) -> Result<Delta, RunError> {
    let mut delta = Delta {
        base: base.run.as_ref().map(|run| run.run_id.clone()),
        ..Delta::default()
    };
    for source in &mut delivery.sources {
        let table = Arc::clone(&source.table);
        if table.delivers != Delivers::Delta {
            continue;
        }
        let name = table.name.to_string();
        let mut superseded = BTreeMap::new();
        if let Some(earlier) = Earlier::of(base, &table)? {
            let keys = tonight(source, &plan.lists, settings.threads)?;
            let scratch = unnamed_file(&settings.out)
                .map_err(|error| earlier.fail(format!("no temporary file can be made: {error}")))?;
            let mut carrying = Carrying::new(&earlier, scratch, &source.limits, &plan.lists)?;
            carrying.all(&keys)?;
            let (carried, of_deliveries) = carrying.finish()?;
            superseded = of_deliveries;
            *source = Arc::new(before(source, carried));
        }
        delta.tables.insert(name, superseded);
    }
    Ok(delta)
}

/// The table's files with what is carried on before them.
fn before(source: &TableSource, carried: Vec<SourceFile>) -> TableSource {
    let mut files = carried;
    files.extend(source.files.iter().cloned());
    let mut base = 0_i64;
    for file in &mut files {
        file.base = base;
        base = base.saturating_add(i64::try_from(file.export.records).unwrap_or(i64::MAX));
    }
    TableSource {
        files,
        ..source.clone()
    }
}

/// What the run before kept of a table.
struct Earlier<'b> {
    table: Arc<Table>,
    run: &'b Manifest,
    output: &'b OutputFile,
    path: PathBuf,
}

impl<'b> Earlier<'b> {
    /// Finds it and holds it against its manifest; `None` where there is nothing to go on from.
    fn of(base: &'b Base, table: &Arc<Table>) -> Result<Option<Self>, RunError> {
        let name = table.name.as_str();
        let Some(run) = &base.run else {
            tracing::info!(
                table = name,
                "no earlier run: the table is what was delivered tonight"
            );
            return Ok(None);
        };
        let id = run.run_id.as_str();
        let path = delivered_path(&table.name);
        let Some(output) = run.outputs.iter().find(|o| o.path.as_str() == path) else {
            match run.tables.iter().any(|of| of.table == name) {
                true => tracing::warn!(
                    table = name,
                    run = id,
                    "the run before kept no rows as delivered, since deliveries held the whole table then: the table is what was delivered tonight, so deliver the whole once"
                ),
                false => tracing::info!(
                    table = name,
                    run = id,
                    "the run before had no such table: it is what was delivered tonight"
                ),
            }
            return Ok(None);
        };
        let earlier = Self {
            table: Arc::clone(table),
            run,
            output,
            path: base.folder.join(path),
        };
        earlier.check()?;
        Ok(Some(earlier))
    }

    /// Fails unless the file is what the manifest says.
    fn check(&self) -> Result<(), RunError> {
        let (found, bytes) = hash_of(&self.path).map_err(|error| {
            self.fail(match error.kind() {
                io::ErrorKind::NotFound => "is missing".to_owned(),
                _ => format!("cannot be read: {error}"),
            })
        })?;
        let expected = self.output;
        if bytes != expected.bytes {
            let expected = expected.bytes;
            return Err(self.fail(format!("has {bytes} bytes instead of {expected}")));
        }
        if found != expected.sha256.to_string() {
            let expected = expected.sha256;
            return Err(self.fail(format!(
                "was changed: its SHA-256 is {found} instead of {expected}"
            )));
        }
        Ok(())
    }

    fn fail(&self, why: String) -> RunError {
        RunError::Base {
            table: self.table.name.to_string(),
            run: self.run.run_id.to_string(),
            why: format!("`{}` {why}", self.path.display()),
        }
    }

    fn broken(&self, error: &dyn std::error::Error) -> RunError {
        self.fail(format!("cannot be read: {error}"))
    }

    fn reader(&self, limits: &Limits) -> Result<ParquetRecordBatchReader, RunError> {
        let file = File::open(&self.path).map_err(|e| self.broken(&e))?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| self.broken(&e))?;
        let rows = BATCH_ROWS.min(limits.batch_rows.max(1));
        let reader = builder.with_batch_size(rows).build();
        reader.map_err(|e| self.broken(&e))
    }
}

/// The rows of a table on their way from one run to the next.
struct Carrying<'e> {
    earlier: &'e Earlier<'e>,
    reader: Option<ParquetRecordBatchReader>,
    keys: Keys,
    /// For each declared column, where it is among the kept ones.
    fields: Vec<Option<usize>>,
    /// The columns that are carried on, as indices into the table's.
    columns: Vec<usize>,
    rows: CarriedRows,
    origins: Vec<Place>,
    superseded: BTreeMap<String, u64>,
    carried: u64,
}

/// The file of some rows.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    origin: Origin,
    sheet: Option<String>,
    format: Format,
}

impl<'e> Carrying<'e> {
    fn new(
        earlier: &'e Earlier<'e>,
        scratch: File,
        limits: &Limits,
        lists: &[Arc<CodeList>],
    ) -> Result<Self, RunError> {
        let table = &earlier.table;
        let reader = earlier.reader(limits)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let kept: Vec<&str> = names
            .take_while(|name| *name != provenance::DELIVERY)
            .collect();
        let place = |name: &str| kept.iter().position(|kept| *kept == name);
        let fields: Vec<Option<usize>> = table
            .read_columns()
            .map(|column| column.headers().find_map(place))
            .collect();
        let id = earlier.run.run_id.as_str();
        let delivered = (0..table.columns.len()).filter(|at| table.columns[*at].from.is_none());
        let (columns, new): (Vec<usize>, Vec<usize>) =
            delivered.partition(|at| fields[*at].is_some());
        if let Some(at) = table.key.iter().find(|at| fields[**at].is_none()) {
            let column = &table.columns[*at].name;
            return Err(earlier.fail(format!(
                "has no column `{column}`, which is part of the key now"
            )));
        }
        for at in new {
            let column = table.columns[at].name.as_str();
            tracing::info!(
                table = %table.name,
                column,
                run = id,
                "declared since: blank in the rows that are carried on"
            );
        }
        for (at, column) in kept.iter().enumerate() {
            if !fields.contains(&Some(at)) {
                tracing::info!(
                    table = %table.name,
                    column,
                    run = id,
                    "not declared any more: left out of the rows that are carried on"
                );
            }
        }
        let header = columns.iter().map(|at| table.columns[*at].name.to_string());
        Ok(Self {
            keys: Keys::new(table, lists).map_err(|e| earlier.broken(&e))?,
            rows: CarriedRows::new(scratch, header.collect(), limits),
            earlier,
            reader: Some(reader),
            fields,
            columns,
            origins: Vec::new(),
            superseded: BTreeMap::new(),
            carried: 0,
        })
    }

    /// Carries on every row whose key is none of `keys`.
    fn all(&mut self, keys: &HashSet<Key>) -> Result<(), RunError> {
        let earlier = self.earlier;
        let mut read = 0;
        for batch in self.reader.take().into_iter().flatten() {
            let batch = batch.map_err(|e| earlier.broken(&e))?;
            read += batch.num_rows() as u64;
            let places = [RUN, provenance::DELIVERY, provenance::FILE];
            let places = places.into_iter().chain([provenance::SHEET, FORMAT]);
            let places: Option<Vec<ArrayRef>> = places
                .map(|name| batch.column_by_name(name).cloned())
                .collect();
            let places = places.ok_or_else(|| self.foreign())?;
            let ranges = partition(&places).map_err(|e| earlier.broken(&e))?;
            for range in ranges.ranges() {
                self.part(&batch.slice(range.start, range.len()), keys)?;
            }
        }
        if Some(read) != earlier.output.rows {
            return Err(earlier.fail(format!(
                "holds {read} rows, which its manifest does not say"
            )));
        }
        Ok(())
    }

    fn foreign(&self) -> RunError {
        self.earlier
            .fail("has other columns than this program writes".to_owned())
    }

    /// Carries on rows of one file.
    fn part(&mut self, part: &RecordBatch, keys: &HashSet<Key>) -> Result<(), RunError> {
        let place = place(part).ok_or_else(|| self.foreign())?;
        let kept = self.kept(part, &place, keys)?;
        let superseded = (part.num_rows() - kept.num_rows()) as u64;
        if superseded > 0 {
            let delivery = place.origin.delivery.clone();
            *self.superseded.entry(delivery).or_default() += superseded;
        }
        if kept.num_rows() == 0 {
            return Ok(());
        }
        let failed = |error: io::Error| {
            self.earlier
                .fail(format!("cannot be copied to a temporary file: {error}"))
        };
        if self.origins.last() != Some(&place) {
            if self.origins.len() >= MAX_FILES {
                return Err(self
                    .earlier
                    .fail(format!("holds rows of more than {MAX_FILES} files")));
            }
            let Origin { delivery, file, .. } = &place.origin;
            let of = CarriedFile {
                file: format!("{delivery}/{file}"),
                sheet: place.sheet.clone(),
                format: place.format,
            };
            self.rows.begin(of).map_err(failed)?;
            self.origins.push(place);
        }
        let of_columns = self.columns.iter().map(|at| self.fields[*at]);
        let columns: Vec<ArrayRef> = of_columns
            .flatten()
            .map(|field| Arc::clone(kept.column(field)))
            .collect();
        let numbers = numbers(&kept).ok_or_else(|| self.foreign())?;
        let errors = self.errors(&kept, &numbers).ok_or_else(|| self.foreign())?;
        let [rows, lines] = numbers;
        self.rows
            .add(columns, &rows, &lines, &errors)
            .map_err(failed)?;
        self.carried += kept.num_rows() as u64;
        Ok(())
    }

    /// Those of `rows` whose key is none of `keys`.
    fn kept(
        &mut self,
        rows: &RecordBatch,
        place: &Place,
        keys: &HashSet<Key>,
    ) -> Result<RecordBatch, RunError> {
        if keys.is_empty() {
            return Ok(rows.clone());
        }
        let column = |at: &usize| -> Option<StringArray> {
            match self.fields[*at] {
                Some(field) => rows.column(field).as_string_opt::<i32>().cloned(),
                None => Some(blank(rows.num_rows())),
            }
        };
        let columns = self.keys.conformer.columns().iter().map(column);
        let columns = columns.collect::<Option<Vec<_>>>();
        let [numbers, lines] = numbers(rows).ok_or_else(|| self.foreign())?;
        let raw = RawBatch {
            columns: columns.ok_or_else(|| self.foreign())?,
            rows: numbers,
            lines,
            rejects: Vec::new(),
            swallowed: Vec::new(),
            errors: Vec::new(),
            typed: place.format.is_typed(),
        };
        let broken = |error: ArrowError| self.earlier.broken(&error);
        let conformed = self.keys.conformer.conform(&raw).map_err(broken)?;
        let of_rows = self.keys.of(&conformed.batch).map_err(broken)?;
        let is_new = |key: &Option<Key>| key.is_none_or(|key| !keys.contains(&key));
        let keep: BooleanArray = of_rows.iter().map(|key| Some(is_new(key))).collect();
        filter_record_batch(rows, &keep).map_err(broken)
    }

    /// The cells of rows that held an error.
    fn errors(
        &self,
        kept: &RecordBatch,
        [rows, lines]: &[Int64Array; 2],
    ) -> Option<Vec<CarriedError>> {
        let table = &self.earlier.table;
        let told = kept.column_by_name(ERRORS)?.as_string_opt::<i32>()?;
        let mut errors = Vec::new();
        for row in (0..told.len()).filter(|row| told.is_valid(*row)) {
            let cells: Vec<CellText> = serde_json::from_str(told.value(row)).ok()?;
            for CellText { column, at, text } in cells {
                let mut names = self.columns.iter().map(|at| &table.columns[*at]);
                let place = names.position(|of| of.headers().any(|name| name == column));
                // A column that is not declared any more is not carried on.
                if let Some(column) = place {
                    errors.push(CarriedError {
                        error: CellError {
                            row: rows.value(row).cast_unsigned(),
                            line: lines.value(row).cast_unsigned(),
                            column,
                            text,
                        },
                        at,
                    });
                }
            }
        }
        Some(errors)
    }

    /// The files, the first of the table's, and how many rows of which delivery are in none of them.
    fn finish(self) -> Result<(Vec<SourceFile>, BTreeMap<String, u64>), RunError> {
        let earlier = self.earlier;
        let (table, id) = (&earlier.table, earlier.run.run_id.as_str());
        for (delivery, rows) in &self.superseded {
            tracing::info!(table = %table.name, delivery, rows, "superseded by tonight's rows");
        }
        tracing::info!(table = %table.name, run = id, rows = self.carried, "carried on");
        let position = |at: usize| self.columns.iter().position(|column| *column == at);
        let of_table = table.columns.iter().enumerate();
        let mapping = Mapping {
            positions: of_table
                .map(|(at, column)| position(column.from.unwrap_or(at)))
                .collect(),
            extra: Vec::new(),
            missing: Vec::new(),
        };
        let sha256 = earlier.output.sha256.to_string();
        let exports = self.rows.finish(&sha256, earlier.output.bytes);
        let exports = exports.map_err(|error| {
            earlier.fail(format!("cannot be copied to a temporary file: {error}"))
        })?;
        let files = exports.into_iter().zip(self.origins);
        let file = |(export, place): (Export, Place)| SourceFile {
            export: Arc::new(export),
            mapping: mapping.clone(),
            base: 0,
            origin: Some(place.origin),
        };
        Ok((files.map(file).collect(), self.superseded))
    }
}

fn blank(rows: usize) -> StringArray {
    StringArray::from_iter_values(std::iter::repeat_n("", rows))
}

/// The file that rows of one came from.
fn place(part: &RecordBatch) -> Option<Place> {
    let text = |name: &str| -> Option<Option<String>> {
        let texts = part.column_by_name(name)?.as_string_opt::<i32>()?;
        let first = (!texts.is_empty() && texts.is_valid(0)).then(|| texts.value(0).to_owned());
        Some(first)
    };
    Some(Place {
        origin: Origin {
            run: text(RUN)??,
            delivery: text(provenance::DELIVERY)??,
            file: text(provenance::FILE)??,
        },
        sheet: text(provenance::SHEET)?,
        format: format_of(&text(FORMAT)??)?,
    })
}

/// The numbers and the lines of rows.
fn numbers(rows: &RecordBatch) -> Option<[Int64Array; 2]> {
    let column = |name: &str| -> Option<Int64Array> {
        let column = rows.column_by_name(name)?;
        column.as_primitive_opt::<Int64Type>().cloned()
    };
    Some([column(provenance::ROW)?, column(provenance::LINE)?])
}
