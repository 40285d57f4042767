//! `manifest.json`: what went in, what came out, and that no row got lost between.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::names::{FileHash, RunId, RunPath};
use crate::harmless::json;
use crate::ingest::Written;

/// The layout of the manifest; a reader refuses another number.
pub const FORMAT: u32 = 2;

/// What describes a run on disk. It holds no clock and no machine, so the same run has the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout of this file.
    pub format: u32,
    /// Version of the program that wrote the run.
    pub trueup: String,
    /// The run: derived from its identity and the runs before it.
    pub run_id: RunId,
    /// What decided the run but for the runs before it: a delivery that comes again unchanged has it again.
    pub identity: FileHash,
    /// The date that the run takes for today.
    #[serde(with = "date_text")]
    pub as_of: Date,
    /// Name of the delivery.
    pub delivery: String,
    /// The project whose rules were applied.
    pub project: Project,
    /// Whether something blocking fired: such a run is kept and never `current`.
    pub blocked: bool,
    /// Whether rules were left out: such a run is kept and never `current`.
    pub trial: bool,
    /// Number of rules that ran.
    pub rules_run: u64,
    /// Discrepancies by severity.
    pub discrepancies: SeverityCounts,
    /// Every file that was read, sorted by path.
    pub inputs: Vec<InputFile>,
    /// Every table's rows, sorted by name: the sums of its files.
    pub tables: Vec<Rows>,
    /// Every file of the run but this one and its hash, sorted by path.
    pub outputs: Vec<OutputFile>,
    /// The run that was `current` when this one was first staged: the one before it in the chain.
    pub previous: Option<PublishedInfo>,
    /// The run of the same delivery with other files, which this one was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restates: Option<RunId>,
    /// The run of another delivery or day that read the same bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<RunId>,
    /// The run whose rows were carried on, for tables of which deliveries hold changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<RunId>,
}

/// What the pipeline knows about a run; the rest of the [`Manifest`] is known where it is staged.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// See [`Manifest::trueup`].
    pub trueup: String,
    /// See [`Manifest::identity`].
    pub identity: FileHash,
    /// See [`Manifest::as_of`].
    pub as_of: Date,
    /// See [`Manifest::delivery`].
    pub delivery: String,
    /// See [`Manifest::project`].
    pub project: Project,
    /// See [`Manifest::blocked`].
    pub blocked: bool,
    /// See [`Manifest::trial`].
    pub trial: bool,
    /// See [`Manifest::rules_run`].
    pub rules_run: u64,
    /// See [`Manifest::discrepancies`].
    pub discrepancies: SeverityCounts,
    /// See [`Manifest::inputs`]; in any order.
    pub inputs: Vec<InputFile>,
    /// See [`Manifest::tables`]; in any order.
    pub tables: Vec<Rows>,
    /// See [`Manifest::restates`].
    pub restates: Option<RunId>,
    /// See [`Manifest::repeats`].
    pub repeats: Option<RunId>,
    /// See [`Manifest::base`].
    pub base: Option<RunId>,
}

/// The project whose rules were applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Hash over all its files.
    pub sha256: FileHash,
}

/// How many discrepancies of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the words are those of `Severity`, which documents them"
)]
pub struct SeverityCounts {
    pub blocking: u64,
    pub error: u64,
    pub warn: u64,
    pub info: u64,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Path inside the delivery or project, `/` between folders.
    pub path: String,
    /// The sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Length.
    pub bytes: u64,
    /// Hash of the bytes.
    pub sha256: FileHash,
    /// How it is written, as it was declared or found out; absent for a file that fills no table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// The run that kept rows of a file of an earlier delivery, which `path` names first; length and hash are those of what
    /// it kept, absent for a file of the delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<RunId>,
    /// What became of its rows; absent for a file that fills no table, such as published figures.
    pub rows: Option<Rows>,
}

impl InputFile {
    /// A file that fills no table.
    pub fn beside(path: String, bytes: u64, sha256: FileHash) -> Self {
        Self {
            path,
            sheet: None,
            bytes,
            sha256,
            written: None,
            carried_from: None,
            rows: None,
        }
    }
}

/// What became of the rows of a file or a table: `read = clean + quarantined + excluded + rejected`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The table they belong to.
    pub table: String,
    /// Records in the file, those that could not be read as a row among them.
    pub read: u64,
    /// Rows in the clean table.
    pub clean: u64,
    /// Rows in the quarantine table.
    pub quarantined: u64,
    /// Rows left out.
    pub excluded: u64,
    /// Records that could not be read as a row.
    pub rejected: u64,
}

/// A file of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputFile {
    /// Path inside the run folder.
    pub path: RunPath,
    /// Length.
    pub bytes: u64,
    /// Hash of the bytes.
    pub sha256: FileHash,
    /// Number of rows, for a table; every Parquet file has one.
    pub rows: Option<u64>,
}

/// A run that was published, named so that nobody can change it unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedInfo {
    /// The run.
    pub run_id: RunId,
    /// Hash of its `manifest.json`, which holds the hashes of all its other files.
    pub manifest_sha256: FileHash,
}

/// Rows that got lost or appeared.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Imbalance {
    /// The rows of a file or table do not add up.
    #[error(
        "{what}: {} rows read, but {} clean + {} quarantined + {} excluded + {} rejected",
        rows.read, rows.clean, rows.quarantined, rows.excluded, rows.rejected
    )]
    Sum {
        /// "file …" or "table …".
        what: String,
        /// The figures.
        rows: Rows,
    },
    /// A table's figure is not the sum over its files.
    #[error("table {table}: {figure} is {of_table}, but its files add up to {of_files}")]
    Files {
        /// The table.
        table: String,
        /// Which figure.
        figure: &'static str,
        /// In the table's line.
        of_table: u64,
        /// Over its files.
        of_files: u64,
    },
    /// A file names a table that has no line, or a table has two.
    #[error("table {table} has {lines} lines of row counts instead of one")]
    Lines {
        /// The table.
        table: String,
        /// How many.
        lines: usize,
    },
    /// The table on disk does not hold what the balance says.
    #[error("table {table}: {declared} {figure} rows, but {path} {}",
        written.map_or("was not written".to_owned(), |rows| format!("holds {rows}")))]
    Output {
        /// The table.
        table: String,
        /// Which figure, also the folder.
        figure: &'static str,
        /// In the balance.
        declared: u64,
        /// The file.
        path: String,
        /// Rows of the file, if it was written.
        written: Option<u64>,
    },
}

impl Manifest {
    /// Puts a manifest together, everything in its order.
    pub(super) fn new(
        run_id: RunId,
        facts: RunFacts,
        mut outputs: Vec<OutputFile>,
        previous: Option<PublishedInfo>,
    ) -> Self {
        let RunFacts {
            trueup,
            identity,
            as_of,
            delivery,
            project,
            blocked,
            trial,
            rules_run,
            discrepancies,
            mut inputs,
            mut tables,
            restates,
            repeats,
            base,
        } = facts;
        inputs.sort_by(|a, b| (&a.path, a.sha256, &a.rows).cmp(&(&b.path, b.sha256, &b.rows)));
        tables.sort();
        outputs.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            format: FORMAT,
            trueup,
            run_id,
            identity,
            as_of,
            delivery,
            project,
            blocked,
            trial,
            rules_run,
            discrepancies,
            inputs,
            tables,
            outputs,
            previous,
            restates,
            repeats,
            base,
        }
    }

    /// The bytes of the file: pretty JSON, fields in declared order, what a terminal would act on escaped, a newline at the end.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let text = serde_json::to_string_pretty(self)?;
        Ok(format!("{}\n", json(&text)).into_bytes())
    }

    /// Checks that every row is accounted for: per file, per table, and in the tables on disk.
    pub fn balance(&self) -> Result<(), Imbalance> {
        for input in &self.inputs {
            if let Some(rows) = &input.rows {
                rows.adds_up(|| format!("file {}", input.path))?;
                let lines = self.tables.iter().filter(|t| t.table == rows.table).count();
                if lines != 1 {
                    return Err(Imbalance::Lines {
                        table: rows.table.clone(),
                        lines,
                    });
                }
            }
        }
        for table in &self.tables {
            table.adds_up(|| format!("table {}", table.table))?;
            self.sums_up(table)?;
            self.on_disk(table, "clean", table.clean)?;
            self.on_disk(table, "quarantine", table.quarantined)?;
        }
        Ok(())
    }

    fn sums_up(&self, table: &Rows) -> Result<(), Imbalance> {
        let mut sums = [0_u64; 5];
        let rows = self.inputs.iter().filter_map(|i| i.rows.as_ref());
        for rows in rows.filter(|r| r.table == table.table) {
            for (sum, (_, of_file)) in sums.iter_mut().zip(rows.figures()) {
                *sum = sum.saturating_add(of_file);
            }
        }
        for (of_files, (figure, of_table)) in sums.into_iter().zip(table.figures()) {
            if of_files != of_table {
                return Err(Imbalance::Files {
                    table: table.table.clone(),
                    figure,
                    of_table,
                    of_files,
                });
            }
        }
        Ok(())
    }

    /// Ties the balance to the files: a table that was written holds as many rows as it counts.
    fn on_disk(&self, table: &Rows, folder: &'static str, declared: u64) -> Result<(), Imbalance> {
        let path = format!("{folder}/{}.parquet", table.table);
        let output = self.outputs.iter().find(|o| o.path.as_str() == path);
        let written = output.and_then(|o| o.rows);
        if written.unwrap_or(0) == declared {
            return Ok(());
        }
        Err(Imbalance::Output {
            table: table.table.clone(),
            figure: folder,
            declared,
            path,
            written,
        })
    }
}

impl Rows {
    fn figures(&self) -> [(&'static str, u64); 5] {
        [
            ("read", self.read),
            ("clean", self.clean),
            ("quarantined", self.quarantined),
            ("excluded", self.excluded),
            ("rejected", self.rejected),
        ]
    }

    fn adds_up(&self, what: impl FnOnce() -> String) -> Result<(), Imbalance> {
        // Checked: wrapped sums would balance by accident.
        let sum = self
            .clean
            .checked_add(self.quarantined)
            .and_then(|s| s.checked_add(self.excluded))
            .and_then(|s| s.checked_add(self.rejected));
        if sum == Some(self.read) {
            Ok(())
        } else {
            Err(Imbalance::Sum {
                what: what(),
                rows: self.clone(),
            })
        }
    }
}

/// A date as its ISO text.
mod date_text {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
