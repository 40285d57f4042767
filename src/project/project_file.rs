//! `rules/project.yaml`: what the project is called, what it reads and which periods it reports.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    DefaultDelivery, Deliveries, Keep, Period,
    deliveries_file::{self, DeliveriesFile},
};
use crate::{
    decimal::Decimal,
    diagnostics::{
        At, Diagnostic, Source, Span,
        yaml::{self, Entries, Tried},
    },
    rules::totals::Suppressed,
    tables::{FilePattern, Limits, NoPattern, size},
};

/// What `rules/project.yaml` may say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub version: Tried<At<u64>>,
    /// What readers call the project.
    pub name: Tried<At<String>>,
    /// What a run reads when it is given no delivery.
    #[serde(default)]
    pub delivery: Option<Tried<DeliveryFile>>,
    /// Where nights lie, and when one is whole.
    #[serde(default)]
    pub deliveries: Option<Tried<DeliveriesFile>>,
    /// The reporting periods.
    #[serde(default)]
    pub periods: Tried<Vec<Tried<PeriodFile>>>,
    /// The published figures.
    #[serde(default)]
    pub published: Option<Tried<PublishedFile>>,
    /// What stops a run.
    #[serde(default)]
    pub gates: Tried<GatesFile>,
    /// What reading a file may cost.
    #[serde(default)]
    pub limits: Tried<LimitsFile>,
    /// Which runs stay in the out folder.
    #[serde(default)]
    pub outputs: Tried<OutputsFile>,
}

/// What a run reads when it is given no delivery.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFile {
    /// The folder, relative to the project.
    pub path: At<String>,
    /// The day as of which it is judged.
    #[serde(default)]
    pub as_of: Option<At<String>>,
}

/// A reporting period, half open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodFile {
    /// Its name in outputs.
    pub id: At<String>,
    /// First day.
    pub start: At<String>,
    /// First day after.
    pub end: At<String>,
}

/// The published figures.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedFile {
    /// Glob of their files, relative to the project.
    pub files: At<String>,
    /// Texts that are printed in place of a suppressed figure, each with the least and the most that it can stand for.
    #[serde(default)]
    pub suppressed: Entries<At<Vec<Option<At<Decimal>>>>>,
}

/// What stops a run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GatesFile {
    /// Rejected records that are tolerated, by the lines that they stand on.
    pub max_rejects: u64,
    /// From which severity on a run ends with exit code 1, unless `--fail-on` says otherwise.
    pub fail_on: FailOnWord,
}

/// From which severity on a run ends with exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "fail_on", rename_all = "snake_case")]
#[schemars(rename = "FailOn")]
pub enum FailOnWord {
    /// Where something blocking was found.
    #[default]
    Blocking,
    /// Where an error was found, or what is worse.
    Error,
    /// Where a warning was found, or what is worse.
    Warn,
    /// Where something was found that was not there before.
    New,
    /// Never.
    Never,
}

/// What reading a file may cost. Sizes are bytes, or a number with K, M or G, such as `512M`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// The largest file, as it is delivered; `64G` unless said.
    pub file_size: Option<Tried<At<String>>>,
    /// The most that a compressed file, or all parts of a workbook together, may hold; `64G` unless said.
    pub unpacked_size: Option<Tried<At<String>>>,
    /// So many times its own size may a compressed file or a part of a workbook hold, from 16 MiB on; 200 unless said.
    #[schemars(extend("minimum" = 1))]
    pub compression_ratio: Option<Tried<At<u64>>>,
    /// The longest record; `1M` unless said, at most `1023M`.
    pub record_size: Option<Tried<At<String>>>,
    /// The longest field; `1M` unless said.
    pub field_size: Option<Tried<At<String>>>,
    /// In so many bytes must the header end, with what stands before it; `1M` unless said.
    pub header_size: Option<Tried<At<String>>>,
    /// The most columns of a file; 4096 unless said.
    #[schemars(extend("minimum" = 1))]
    pub columns: Option<Tried<At<u64>>>,
    /// How deep values of JSON Lines and types of Parquet may be nested; 64 unless said.
    pub nesting: Option<Tried<At<u64>>>,
    /// The most sheets of a workbook; 256 unless said.
    #[schemars(extend("minimum" = 1))]
    pub sheets: Option<Tried<At<u64>>>,
    /// The most files that a workbook is packed of; 10000 unless said.
    #[schemars(extend("minimum" = 1))]
    pub entries: Option<Tried<At<u64>>>,
    /// What the process that reads a workbook, Parquet or a compressed file may hold; `256M` unless said.
    pub reader_memory: Option<Tried<At<String>>>,
    /// How many seconds of a processor that process may take; 3600 unless said.
    #[schemars(extend("minimum" = 1))]
    pub reader_seconds: Option<Tried<At<u64>>>,
}

/// Which runs stay in the out folder: those that one of the two keys keeps, and all where neither stands. The run that is
/// `current` always stays, and of runs that go the manifest stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputsFile {
    /// So many of the newest runs stay, and as many of those that were not published.
    #[schemars(extend("minimum" = 1))]
    pub keep_runs: Option<Tried<At<u64>>>,
    /// Runs stay whose date is less than so many days before the date of the newest.
    #[schemars(extend("minimum" = 1))]
    pub keep_days: Option<Tried<At<u64>>>,
}

/// The same, checked.
#[derive(Default)]
pub struct Head {
    pub name: String,
    pub delivery: Option<DefaultDelivery>,
    pub deliveries: Deliveries,
    pub periods: Vec<Period>,
    pub published: Option<FilePattern>,
    pub suppressed: Suppressed,
    pub max_rejects: u64,
    pub fail_on: FailOnWord,
    pub limits: Limits,
    pub keep: Keep,
}

pub fn read(source: &Arc<Source>, diagnostics: &mut Vec<Diagnostic>) -> Head {
    let Some(node) = yaml::parse(source, diagnostics) else {
        return Head::default();
    };
    let needed = ["version", "name"];
    let Some(file) = yaml::decode_parts::<ProjectFile>(&node, source, &needed, diagnostics) else {
        return Head::default();
    };
    file.version.0.iter().for_each(|v| version(v, diagnostics));
    if let Some(name) = &file.name.0 {
        said(name, "the project's name", diagnostics);
    }
    let fixed = file.delivery.and_then(|d| d.0);
    let deliveries = file.deliveries.and_then(|d| d.0).map(|deliveries| {
        let fixed = fixed.as_ref().map(|delivery| &delivery.path);
        deliveries_file::read(deliveries, fixed, diagnostics)
    });
    let delivery = fixed.map(|delivery| {
        said(&delivery.path, "the delivery's path", diagnostics);
        DefaultDelivery {
            path: delivery.path.value,
            as_of: delivery.as_of.and_then(|day| date(&day, diagnostics)),
        }
    });
    let mut suppressed = Suppressed::default();
    let published = file.published.and_then(|p| p.0).map(|published| {
        suppressed = Suppressed::declared(published.suppressed, diagnostics);
        let pattern = file_pattern(&published.files, diagnostics);
        if pattern.is_dated() {
            let message = "published figures are of no night, so `{date}` means nothing";
            diagnostics.push(
                Diagnostic::at(&published.files.span, message).help("write `*` in its place"),
            );
        }
        pattern
    });
    let gates = file.gates.0.unwrap_or_default();
    Head {
        name: file.name.0.map(|name| name.value).unwrap_or_default(),
        delivery,
        deliveries: deliveries.unwrap_or_default(),
        periods: periods(file.periods.0.unwrap_or_default(), diagnostics),
        published,
        suppressed,
        max_rejects: gates.max_rejects,
        fail_on: gates.fail_on,
        limits: limits(file.limits.0.unwrap_or_default(), diagnostics),
        keep: keep(file.outputs.0.unwrap_or_default(), diagnostics),
    }
}

fn keep(file: OutputsFile, diagnostics: &mut Vec<Diagnostic>) -> Keep {
    let mut number = |said: Option<Tried<At<u64>>>, key: &str, of: &str| {
        let said = said?.0?;
        if said.value == 0 {
            let message = format!("`{key}: 0` would keep no {of}");
            let help = "the newest run always stays: write 1 or more, or leave the key out";
            diagnostics.push(Diagnostic::at(&said.span, message).help(help));
        }
        Some(said.value)
    };
    Keep {
        runs: number(file.keep_runs, "keep_runs", "run"),
        days: number(file.keep_days, "keep_days", "day"),
    }
}

fn limits(file: LimitsFile, diagnostics: &mut Vec<Diagnostic>) -> Limits {
    let usual = Limits::default();
    fn wrong(span: &Span, message: String, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.push(Diagnostic::at(span, message).help("a limit is at least 1"));
    }
    let mut bytes = |said: Option<Tried<At<String>>>, usual: u64, most: u64| {
        let Some(said) = said.and_then(|said| said.0) else {
            return usual;
        };
        match size(&said.value) {
            Ok(bytes) if (1..=most).contains(&bytes) => bytes,
            Ok(bytes) => {
                let message = format!("{bytes} bytes are no limit between 1 and {most}");
                wrong(&said.span, message, diagnostics);
                usual
            }
            Err(message) => {
                wrong(&said.span, message, diagnostics);
                usual
            }
        }
    };
    let most = Limits::MOST as u64;
    let length = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let limits = Limits {
        file_bytes: bytes(file.file_size, usual.file_bytes, u64::MAX),
        unpacked_bytes: bytes(file.unpacked_size, usual.unpacked_bytes, u64::MAX),
        record_bytes: length(bytes(file.record_size, usual.record_bytes as u64, most)),
        field_bytes: length(bytes(file.field_size, usual.field_bytes as u64, most)),
        header_bytes: length(bytes(file.header_size, usual.header_bytes as u64, most)),
        reader_memory: bytes(file.reader_memory, usual.reader_memory, u64::MAX),
        ..usual
    };
    let mut number = |said: Option<Tried<At<u64>>>, usual: u64| {
        let Some(said) = said.and_then(|said| said.0) else {
            return usual;
        };
        if said.value == 0 {
            wrong(&said.span, "0 is no limit".to_owned(), diagnostics);
        }
        said.value
    };
    Limits {
        compression_ratio: number(file.compression_ratio, limits.compression_ratio),
        columns: length(number(file.columns, limits.columns as u64)),
        nesting: length(number(file.nesting, limits.nesting as u64)),
        sheets: length(number(file.sheets, limits.sheets as u64)),
        entries: length(number(file.entries, limits.entries as u64)),
        reader_seconds: number(file.reader_seconds, limits.reader_seconds),
        ..limits
    }
}

fn periods(files: Vec<Tried<PeriodFile>>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Period> {
    let mut periods: Vec<(Period, At<String>)> = Vec::new();
    for file in files.into_iter().filter_map(|file| file.0) {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let id = file.id.value.as_str();
        if id.is_empty() || id.len() > 32 || !id.chars().all(good) {
            let message = format!("`{id}` cannot name a period");
            diagnostics.push(
                Diagnostic::at(&file.id.span, message)
                    .help("use 1 to 32 of letters, digits, - and _"),
            );
        }
        let (start, end) = (date(&file.start, diagnostics), date(&file.end, diagnostics));
        let (Some(start), Some(end)) = (start, end) else {
            continue;
        };
        if start >= end {
            let message = format!("period `{id}` ends before it starts");
            diagnostics.push(
                Diagnostic::at(&file.end.span, message)
                    .help("`end` is the first day after the period"),
            );
            continue;
        }
        for (other, at) in &periods {
            if other.id == id {
                let message = format!("period `{id}` is declared twice");
                diagnostics.push(
                    Diagnostic::at(&file.id.span, message)
                        .help(format!("the other is at {:?}", at.span)),
                );
            } else if start < other.end && other.start < end {
                let message = format!("period `{id}` overlaps period `{}`", other.id);
                let help = "`end` is the first day after the period: the next may start on it";
                diagnostics.push(Diagnostic::at(&file.start.span, message).help(help));
            }
        }
        let period = Period {
            id: id.to_owned(),
            start,
            end,
        };
        periods.push((period, file.id));
    }
    periods.sort_by_key(|(period, _)| period.start);
    periods.into_iter().map(|(period, _)| period).collect()
}

/// Reports a version that this program does not read.
pub fn version(version: &At<u64>, diagnostics: &mut Vec<Diagnostic>) {
    if version.value != 1 {
        let message = format!("version {} of this format is not known", version.value);
        diagnostics.push(
            Diagnostic::at(&version.span, message)
                .help("write `version: 1`, or use a newer trueup"),
        );
    }
}

/// A date in exactly the form `2017-01-05`.
pub fn date(text: &At<String>, diagnostics: &mut Vec<Diagnostic>) -> Option<Date> {
    let read = exact_date(&text.value);
    if read.is_none() {
        let message = format!("`{}` is no date", text.value);
        diagnostics.push(
            Diagnostic::at(&text.span, message).help("write year-month-day, such as 2017-01-05"),
        );
    }
    read
}

/// The date that `text` writes as `2017-01-05`: the parser alone would take `20170105` and dates with times too.
pub fn exact_date(text: &str) -> Option<Date> {
    text.parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == text && date.year() > 0)
}

/// Reports a text that says nothing.
pub fn said(text: &At<String>, what: &str, diagnostics: &mut Vec<Diagnostic>) {
    if text.value.trim().is_empty() {
        diagnostics.push(Diagnostic::at(&text.span, format!("{what} is blank")));
    }
}

/// The pattern that `text` is, which means nothing where it has a mistake.
pub fn file_pattern(text: &At<String>, diagnostics: &mut Vec<Diagnostic>) -> FilePattern {
    FilePattern::new(&text.value).unwrap_or_else(|NoPattern { problem, help }| {
        diagnostics.push(Diagnostic::at(&text.span, problem).help(help));
        FilePattern::default()
    })
}
