//! A run on disk, read a batch at a time.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::Int64Type,
    error::ArrowError,
    util::display::array_value_to_string,
};
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    errors::ParquetError,
};

use super::Manifest;

/// A row: the text of each column that has one.
pub type Row = BTreeMap<String, String>;

/// Why a run cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is none.
    #[error("there is no run at {}: run `trueup run` first, or name the folder of runs with `--out`, and a run that stands in it", .0.display())]
    None(PathBuf),
    /// A beginning of its name fits several.
    #[error("`{word}` is the beginning of several runs: {}; write more of it", runs.join(", "))]
    Several {
        /// What was asked for.
        word: String,
        /// The runs.
        runs: Vec<String>,
    },
    /// A file of it cannot be read.
    #[error("{} of the run cannot be read: {source}; check `--out` and that this user may read there, or run the delivery again", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest is none.
    #[error("{} is no manifest: {source}; run the delivery again", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A table of it cannot be read.
    #[error("{} of the run is no Parquet file: {source}; run the delivery again", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A table of it breaks off.
    #[error("{} of the run breaks off: {source}; run the delivery again", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ArrowError,
    },
}

/// A run on disk.
#[derive(Debug)]
pub struct RunFolder {
    folder: PathBuf,
    /// What it was made of.
    pub manifest: Manifest,
}

impl RunFolder {
    /// The published run of `out`, or the one that is named.
    pub fn open(out: &Path, run: Option<&str>) -> Result<Self, FolderError> {
        let folder = match run {
            Some(run) => out.join("runs").join(run),
            None => out.join("current"),
        };
        let path = folder.join("manifest.json");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(FolderError::None(folder));
            }
            Err(source) => return Err(FolderError::Io { path, source }),
        };
        let manifest = serde_json::from_slice(&bytes)
            .map_err(|source| FolderError::Manifest { path, source })?;
        Ok(Self { folder, manifest })
    }

    /// The run that a word means: `current`, the id of a run, or a beginning of one that no other run has.
    ///
    /// # Errors
    /// There is none, there are several, or it cannot be read.
    pub fn meant(out: &Path, word: &str) -> Result<Self, FolderError> {
        if word == "current" {
            return Self::open(out, None);
        }
        let runs = out.join("runs");
        if word.contains('/') || runs.join(word).is_dir() {
            return Self::open(out, Some(word));
        }
        let listed = std::fs::read_dir(&runs).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => FolderError::None(runs.join(word)),
            _ => FolderError::Io {
                path: runs.clone(),
                source,
            },
        })?;
        let names = listed.flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<String> = names.filter(|name| name.starts_with(word)).collect();
        found.sort();
        match found.as_slice() {
            [run] => Self::open(out, Some(run)),
            [] => Err(FolderError::None(runs.join(word))),
            _ => Err(FolderError::Several {
                word: word.to_owned(),
                runs: found,
            }),
        }
    }

    /// The rows of a table of the run, in their order, with those of `columns` that it has.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn batches(
        &self,
        table: &str,
        columns: &[&str],
    ) -> Result<impl Iterator<Item = Result<RecordBatch, FolderError>> + use<>, FolderError> {
        let path = self.folder.join(format!("{table}.parquet"));
        let of_parquet = |source| FolderError::Parquet {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(|source| FolderError::Io {
            path: path.clone(),
            source,
        })?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(of_parquet)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_projection(mask).build().map_err(of_parquet)?;
        Ok(reader.map(move |batch| {
            batch.map_err(|source| FolderError::Arrow {
                path: path.clone(),
                source,
            })
        }))
    }

    /// The figures of an aggregate of the run.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn figures(&self, aggregate: &str) -> Result<Figures, FolderError> {
        let path = self.folder.join(format!("aggregates/{aggregate}.parquet"));
        let file = File::open(&path).map_err(|source| FolderError::Io {
            path: path.clone(),
            source,
        })?;
        read_figures(file, &path.display().to_string())
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.manifest.run_id.as_str()
    }

    /// The rows of a table of the run whose text in `column` is `wanted`, at most `most`, and how many there are.
    pub fn rows(
        &self,
        table: &str,
        column: &str,
        wanted: &dyn Fn(&str) -> bool,
        most: usize,
    ) -> Result<(Vec<Row>, usize), FolderError> {
        let path = self.folder.join(format!("{table}.parquet"));
        let of_parquet = |source| FolderError::Parquet {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(|source| FolderError::Io {
            path: path.clone(),
            source,
        })?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.with_batch_size(8_192).build())
            .map_err(of_parquet)?;
        let of_arrow = |source| FolderError::Arrow {
            path: path.clone(),
            source,
        };
        let (mut found, mut count) = (Vec::new(), 0);
        for batch in reader {
            let batch = batch.map_err(of_arrow)?;
            let Some(column) = batch.column_by_name(column) else {
                continue;
            };
            let texts = column.as_string_opt::<i32>();
            let numbers = column.as_primitive_opt::<Int64Type>();
            let is_wanted = |at: usize| match (texts, numbers) {
                (Some(texts), _) => wanted(texts.value(at)),
                (_, Some(numbers)) => wanted(&numbers.value(at).to_string()),
                _ => false,
            };
            for at in 0..batch.num_rows() {
                if column.is_valid(at) && is_wanted(at) {
                    count += 1;
                    if found.len() < most {
                        found.push(row(&batch, at).map_err(of_arrow)?);
                    }
                }
            }
        }
        Ok((found, count))
    }
}

/// The figures of an aggregate: count and base by period, population and category.
pub type Figures = BTreeMap<[String; 3], (i64, i64)>;

/// Reads the figures of an aggregate; `path` names it in errors.
///
/// # Errors
/// It is no Parquet file with the columns of an aggregate.
pub fn read_figures(file: File, path: &str) -> Result<Figures, FolderError> {
    let path = PathBuf::from(path);
    let of_arrow = |source| FolderError::Arrow {
        path: path.clone(),
        source,
    };
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build());
    let reader = reader.map_err(|source| FolderError::Parquet {
        path: path.clone(),
        source,
    })?;
    let mut figures = Figures::new();
    for batch in reader {
        let batch = batch.map_err(of_arrow)?;
        let column = |name: &str| {
            let missing = || ArrowError::SchemaError(format!("there is no column `{name}`"));
            batch
                .column_by_name(name)
                .ok_or_else(missing)
                .map_err(of_arrow)
        };
        let texts = [
            column("period")?,
            column("population")?,
            column("category")?,
        ];
        let numbers = [column("count")?, column("base")?];
        for row in 0..batch.num_rows() {
            let text = |at: usize| array_value_to_string(texts[at], row);
            let place = [text(0), text(1), text(2)];
            let [period, population, category] = place;
            let place = [
                period.map_err(of_arrow)?,
                population.map_err(of_arrow)?,
                category.map_err(of_arrow)?,
            ];
            let [count, base] = numbers.map(|column| {
                let numbers = column.as_primitive_opt::<Int64Type>();
                numbers.map_or(0, |numbers| numbers.value(row))
            });
            figures.insert(place, (count, base));
        }
    }
    Ok(figures)
}

fn row(batch: &RecordBatch, at: usize) -> Result<Row, ArrowError> {
    let schema = batch.schema();
    let mut row = Row::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if column.is_valid(at) {
            row.insert(field.name().clone(), array_value_to_string(column, at)?);
        }
    }
    Ok(row)
}

/// A cell; blank where there is none.
pub fn cell<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

/// The cells of `columns` that hold something, in this order.
pub fn facts(row: &Row, columns: &[&str]) -> Vec<(String, String)> {
    columns
        .iter()
        .filter(|column| !cell(row, column).is_empty())
        .map(|column| (column.replace('_', " "), cell(row, column).to_owned()))
        .collect()
}
