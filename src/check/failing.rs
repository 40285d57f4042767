//! Rows that a key rule found, in their table's order: held while they are few, in a temporary file from there on.

use std::{
    fs::File,
    io::{self, BufWriter},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{AsArray, Int64Array, RecordBatch, StringArray},
    compute::concat_batches,
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef},
    error::ArrowError,
};
use datafusion::error::DataFusionError;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};

use super::session::BATCH_ROWS;
use crate::{
    names::provenance,
    row_groups::{Packing, RowGroupFile},
};

/// Makes a temporary file of that name and says where it is: making files is `publish`'s alone.
pub type Scratch = Arc<dyn Fn(&str) -> io::Result<(File, PathBuf)> + Send + Sync>;

/// The failing rows of one rule, each once, in the order of their table.
#[derive(Debug)]
pub struct FailingRows {
    rows: usize,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Held(RecordBatch),
    File {
        path: PathBuf,
        metadata: ArrowReaderMetadata,
        /// The first and the last row of each row group.
        groups: Vec<(i64, i64)>,
    },
}

impl FailingRows {
    /// Rows, ascending, each with its group and what is said about it.
    pub fn noted(rows: Vec<(i64, Option<Box<str>>, Box<str>)>) -> Result<Self, DataFusionError> {
        let found = Failing {
            rows: rows.iter().map(|(row, ..)| *row).collect(),
            groups: rows.iter().map(|(_, group, _)| group.as_deref()).collect(),
            firsts: Int64Array::new_null(rows.len()),
            first_lines: Int64Array::new_null(rows.len()),
            survivors: StringArray::new_null(rows.len()),
            places: Int64Array::new_null(rows.len()),
            sizes: Int64Array::new_null(rows.len()),
            notes: rows.iter().map(|(.., note)| Some(note.as_ref())).collect(),
        };
        Ok(Self {
            rows: rows.len(),
            place: Place::Held(found.to_batch()?),
        })
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// The file in which they are; `None` where they are held.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Held(_) => None,
            Place::File { path, .. } => Some(path),
        }
    }

    /// Those that are held.
    pub(super) fn held(&self) -> Option<&RecordBatch> {
        match &self.place {
            Place::Held(rows) => Some(rows),
            Place::File { .. } => None,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether some may have record numbers from `first` to `last`.
    pub(super) fn may_hold(&self, first: i64, last: i64) -> bool {
        match &self.place {
            Place::Held(all) => within(all, first, last).num_rows() > 0,
            Place::File { groups, .. } => {
                let next = groups.partition_point(|(_, end)| *end < first);
                groups.get(next).is_some_and(|(start, _)| *start <= last)
            }
        }
    }
}

impl Default for FailingRows {
    fn default() -> Self {
        Self {
            rows: 0,
            place: Place::Held(RecordBatch::new_empty(Arc::clone(&SCHEMA))),
        }
    }
}

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new(provenance::ROW, DataType::Int64, false),
        Field::new("_group", DataType::Utf8, true),
        Field::new("_first", DataType::Int64, true),
        Field::new("_first_line", DataType::Int64, true),
        Field::new("_survivor", DataType::Utf8, true),
        Field::new("_place", DataType::Int64, true),
        Field::new("_size", DataType::Int64, true),
        Field::new("_note", DataType::Utf8, true),
    ]))
});

/// Some of the failing rows of a rule.
#[derive(Clone, Debug)]
pub struct Failing {
    /// Table-wide record numbers, ascending, each once.
    pub rows: Int64Array,
    /// The group of each, where the rule has groups.
    pub groups: StringArray,
    /// Record number of the first row of each one's group, where the rule says it.
    pub firsts: Int64Array,
    /// Line of the same.
    pub first_lines: Int64Array,
    /// The key of the row of its group that survives, as a key is written, where the rule says it.
    pub survivors: StringArray,
    /// The place of each in its group, from 1, where the rule says it.
    pub places: Int64Array,
    /// How many its group has.
    pub sizes: Int64Array,
    /// The columns in which a member of a group differs from its first; for others what is to be said about them.
    pub notes: StringArray,
}

impl Failing {
    /// None.
    pub fn none() -> Self {
        Self::of(&RecordBatch::new_empty(Arc::clone(&SCHEMA)))
    }

    /// The columns of [`SCHEMA`].
    pub(super) fn of(batch: &RecordBatch) -> Self {
        let number = |at: usize| batch.column(at).as_primitive::<Int64Type>().clone();
        let text = |at: usize| batch.column(at).as_string::<i32>().clone();
        Self {
            rows: number(0),
            groups: text(1),
            firsts: number(2),
            first_lines: number(3),
            survivors: text(4),
            places: number(5),
            sizes: number(6),
            notes: text(7),
        }
    }

    pub(super) fn to_batch(&self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(
            Arc::clone(&SCHEMA),
            vec![
                Arc::new(self.rows.clone()),
                Arc::new(self.groups.clone()),
                Arc::new(self.firsts.clone()),
                Arc::new(self.first_lines.clone()),
                Arc::new(self.survivors.clone()),
                Arc::new(self.places.clone()),
                Arc::new(self.sizes.clone()),
                Arc::new(self.notes.clone()),
            ],
        )
    }

    /// Where among them the record number `row` is.
    pub fn position(&self, row: i64) -> Option<usize> {
        self.rows.values().binary_search(&row).ok()
    }
}

/// Failing rows on their way there.
pub(super) struct Storing {
    scratch: Scratch,
    name: String,
    rows: usize,
    held: Vec<RecordBatch>,
    held_rows: usize,
    file: Option<(RowGroupFile<BufWriter<File>>, PathBuf)>,
    groups: Vec<(i64, i64)>,
}

impl Storing {
    /// `name` is that of the file, if it comes to one.
    pub fn new(scratch: &Scratch, name: String) -> Self {
        Self {
            scratch: Arc::clone(scratch),
            name,
            rows: 0,
            held: Vec::new(),
            held_rows: 0,
            file: None,
            groups: Vec::new(),
        }
    }

    /// Adds rows that come after those before.
    pub fn add(&mut self, found: &Failing) -> Result<(), DataFusionError> {
        if self.held_rows >= BATCH_ROWS {
            self.write()?;
        }
        self.rows += found.rows.len();
        self.held_rows += found.rows.len();
        self.held.push(found.to_batch()?);
        Ok(())
    }

    /// Writes what is held as a row group.
    fn write(&mut self) -> Result<(), DataFusionError> {
        let rows = concat_batches(&SCHEMA, &self.held)?;
        self.held.clear();
        self.held_rows = 0;
        let Some(ends) = ends(&rows) else {
            return Ok(());
        };
        let (file, _) = match &mut self.file {
            Some(file) => file,
            none => {
                let (file, path) = (self.scratch)(&self.name)?;
                let sink = BufWriter::with_capacity(1 << 20, file);
                let file = RowGroupFile::new(sink, Arc::clone(&SCHEMA), Packing::Scratch)?;
                none.insert((file, path))
            }
        };
        let mut group = file.encoder().start()?;
        group.write(rows.columns())?;
        file.append(group.finish()?)?;
        self.groups.push(ends);
        Ok(())
    }

    /// All of them.
    pub fn finish(mut self) -> Result<FailingRows, DataFusionError> {
        if self.file.is_some() {
            self.write()?;
        }
        let place = match self.file {
            Some((file, path)) => {
                file.finish()?;
                let options = ArrowReaderOptions::new();
                Place::File {
                    metadata: ArrowReaderMetadata::load(&File::open(&path)?, options)?,
                    path,
                    groups: self.groups,
                }
            }
            None => Place::Held(concat_batches(&SCHEMA, &self.held)?),
        };
        Ok(FailingRows {
            rows: self.rows,
            place,
        })
    }
}

/// Goes through failing rows in their order.
pub struct Cursor {
    failing: Arc<FailingRows>,
    reader: Option<ParquetRecordBatchReader>,
    /// Read, and not yet asked for.
    ahead: Option<RecordBatch>,
}

impl Cursor {
    /// A cursor at the first.
    pub fn new(failing: &Arc<FailingRows>) -> Self {
        Self {
            failing: Arc::clone(failing),
            reader: None,
            ahead: None,
        }
    }

    /// Those with record numbers from `first` to `last`; later calls ask for later ones.
    pub fn between(&mut self, first: i64, last: i64) -> Result<Failing, DataFusionError> {
        let (path, metadata, groups) = match &self.failing.place {
            Place::Held(all) => return Ok(Failing::of(&within(all, first, last))),
            Place::File {
                path,
                metadata,
                groups,
            } => (path, metadata, groups),
        };
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => {
                let start = groups.partition_point(|(_, end)| *end < first);
                let file = File::open(path)?;
                let reader =
                    ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                        .with_batch_size(BATCH_ROWS)
                        .with_row_groups((start..groups.len()).collect())
                        .build()?;
                none.insert(reader)
            }
        };
        let mut found = Vec::new();
        while let Some(batch) = self.ahead.take().map(Ok).or_else(|| reader.next()) {
            let batch = batch?;
            found.push(within(&batch, first, last));
            if ends(&batch).is_some_and(|(_, end)| end > last) {
                self.ahead = Some(batch);
                break;
            }
        }
        Ok(Failing::of(&concat_batches(&SCHEMA, &found)?))
    }
}

/// Its first and its last row.
fn ends(batch: &RecordBatch) -> Option<(i64, i64)> {
    let rows = batch.column(0).as_primitive::<Int64Type>().values();
    Some((*rows.first()?, *rows.last()?))
}

fn within(batch: &RecordBatch, first: i64, last: i64) -> RecordBatch {
    let rows = batch.column(0).as_primitive::<Int64Type>().values();
    let from = rows.partition_point(|row| *row < first);
    let to = rows.partition_point(|row| *row <= last);
    batch.slice(from, to - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: impl Iterator<Item = i64>) -> Failing {
        let rows: Vec<i64> = numbers.collect();
        Failing {
            groups: rows
                .iter()
                .map(|row| Some(format!("group {row}")))
                .collect(),
            firsts: Int64Array::new_null(rows.len()),
            first_lines: Int64Array::new_null(rows.len()),
            survivors: StringArray::new_null(rows.len()),
            places: Int64Array::new_null(rows.len()),
            sizes: Int64Array::new_null(rows.len()),
            notes: StringArray::new_null(rows.len()),
            rows: rows.into(),
        }
    }

    fn store(scratch: &Scratch, numbers: &[i64], at_once: usize) -> Arc<FailingRows> {
        let mut storing = Storing::new(scratch, format!("{}_{at_once}", numbers.len()));
        for some in numbers.chunks(at_once) {
            storing.add(&rows(some.iter().copied())).expect("stored");
        }
        Arc::new(storing.finish().expect("stored"))
    }

    #[test]
    fn what_is_asked_for_is_found_whether_held_or_in_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        let scratch: Scratch = Arc::new(move |name| {
            let path = path.join(name);
            Ok((tempfile_at(&path)?, path))
        });
        let all: Vec<i64> = (0..20_000).map(|n| n * 3).collect();
        for (numbers, at_once, stored) in [
            (&all[..], 1_000, true),
            (&all[..], 20_000, false),
            (&all[..700], 10, false),
            (&all[..0], 1, false),
        ] {
            let failing = store(&scratch, numbers, at_once);
            assert_eq!(failing.len(), numbers.len());
            assert_eq!(matches!(failing.place, Place::File { .. }), stored);
            for (start, step) in [(-5, 1_000), (1, 7_777), (30_000, 100_000), (59_001, 3)] {
                let mut cursor = Cursor::new(&failing);
                let mut first = start;
                while first < 60_010 {
                    let last = first + step - 1;
                    let found = cursor.between(first, last).expect("read");
                    let expected = numbers.iter().filter(|n| (first..=last).contains(n));
                    let expected: Vec<i64> = expected.copied().collect();
                    assert_eq!(found.rows.values(), &expected[..], "{first} to {last}");
                    for (at, row) in expected.iter().enumerate() {
                        assert_eq!(found.groups.value(at), format!("group {row}"));
                        assert_eq!(found.position(*row), Some(at));
                    }
                    assert_eq!(found.position(first - 1), None);
                    // Batches of a table need not follow each other.
                    first = last + 1 + i64::from(step == 7_777) * 10;
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
    fn tempfile_at(path: &std::path::Path) -> io::Result<File> {
        File::create_new(path)
    }
}
