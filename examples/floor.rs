//! The floor of a run's time: DataFusion only reads every CSV of a folder as text and writes it as Parquet.
//!
//! `cargo run --release --example floor -- --in DIR --out DIR [--threads N]`. Nothing is checked, cleaned, logged or
//! synced, so no program on this engine can be quicker with the same files. `benches/run.sh` compares it with a run.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and writes files outside any run folder"
)]

use std::{
    error::Error,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use datafusion::{
    arrow::datatypes::{DataType, Field, Schema},
    config::TableParquetOptions,
    dataframe::DataFrameWriteOptions,
    prelude::{CsvReadOptions, SessionConfig, SessionContext},
};

const USAGE: &str = "\
usage: floor --in DIR --out DIR [--threads N]
  --in DIR     folder of CSV files with a header each
  --out DIR    where the Parquet files go; made if it is not there
  --threads N  worker threads and partitions (default: all cores)";

struct Options {
    input: PathBuf,
    out: PathBuf,
    threads: usize,
}

fn main() -> ExitCode {
    let copied = Options::parse(std::env::args().skip(1)).and_then(|options| copy(&options));
    match copied {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("floor: {error}");
            ExitCode::from(2)
        }
    }
}

fn copy(options: &Options) -> Result<String, Box<dyn Error>> {
    std::fs::create_dir_all(&options.out)?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(&options.input)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|e| e == "csv"));
    files.sort();
    if files.is_empty() {
        return Err(format!("no CSV file in {}", options.input.display()).into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads)
        .build()?;
    let started = Instant::now();
    let mut rows = 0;
    for file in &files {
        rows += runtime.block_on(table(file, options))?;
    }
    Ok(format!(
        "{} files, {rows} rows, {} threads, {:.2} s",
        files.len(),
        options.threads,
        started.elapsed().as_secs_f64()
    ))
}

/// Copies one file; returns its rows.
async fn table(file: &Path, options: &Options) -> Result<u64, Box<dyn Error>> {
    let schema = all_text(file)?;
    let config = SessionConfig::new().with_target_partitions(options.threads);
    let session = SessionContext::new_with_config(config);
    let read = CsvReadOptions::new()
        .schema(&schema)
        .has_header(true)
        .newlines_in_values(false);
    let frame = session.read_csv(text(file)?, read).await?;
    let mut parquet = TableParquetOptions::default();
    parquet.global.compression = Some("snappy".to_owned());
    let name = file.with_extension("parquet");
    let out = options.out.join(name.file_name().unwrap_or_default());
    let single = DataFrameWriteOptions::new().with_single_file_output(true);
    let written = frame
        .write_parquet(text(&out)?, single, Some(parquet))
        .await?;
    let counts = written.iter().map(|batch| {
        let column = batch.column(0).as_any();
        let counts = column.downcast_ref::<datafusion::arrow::array::UInt64Array>();
        counts.map_or(0, |c| c.values().iter().sum::<u64>())
    });
    Ok(counts.sum())
}

/// The header's columns, each a plain text.
fn all_text(file: &Path) -> Result<Schema, Box<dyn Error>> {
    let mut header = String::new();
    BufReader::new(File::open(file)?).read_line(&mut header)?;
    let names = header.trim_end().split(',');
    Ok(Schema::new(
        names
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect::<Vec<_>>(),
    ))
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str()
        .ok_or_else(|| format!("{} is no UTF-8 path", path.display()))
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut input, mut out) = (None, None);
        let mut threads = std::thread::available_parallelism().map_or(1, usize::from);
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or(format!("{argument} needs a value\n{USAGE}"))
            };
            match argument.as_str() {
                "--in" => input = Some(value()?.into()),
                "--out" => out = Some(value()?.into()),
                "--threads" => threads = value()?.parse::<std::num::NonZeroUsize>()?.get(),
                _ => return Err(format!("unknown argument `{argument}`\n{USAGE}").into()),
            }
        }
        let missing = |name| format!("{name} is missing\n{USAGE}");
        Ok(Self {
            input: input.ok_or_else(|| missing("--in"))?,
            out: out.ok_or_else(|| missing("--out"))?,
            threads,
        })
    }
}
