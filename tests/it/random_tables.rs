//! Random tables, written by other libraries in random dialects, encodings and formats, with faults, come back cell by cell.

use std::{fs::File, io::Write, path::Path, sync::Arc};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;
use trueup::{
    ingest::{Export, IngestError, Limits, Means, Reader, open, read_chunk},
    tables::{Encoding, FilePattern, Format, Quote, Reading},
};

use crate::harness::program;

/// What is read of a file: each row with its number and place, and the rows and places of what is none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    rows: Vec<(i64, i64, Vec<String>)>,
    rejects: Vec<(u64, u64, Vec<u8>)>,
}

/// Reads all chunks of `export`, the columns called `names`, on so many threads.
fn read(export: &Export, names: &[String], limits: &Limits, threads: usize) -> Seen {
    let wanted: Vec<usize> = names
        .iter()
        .map(|name| {
            export
                .header
                .iter()
                .position(|h| h == name)
                .expect("a column")
        })
        .collect();
    let of_chunk = |chunk: usize| {
        let mut seen = Seen::default();
        for batch in read_chunk(export, chunk, &wanted, limits).expect("a chunk") {
            let batch = batch.expect("a batch");
            for at in 0..batch.rows.len() {
                let cells = batch.columns.iter().map(|c| c.value(at).to_owned());
                seen.rows
                    .push((batch.rows.value(at), batch.lines.value(at), cells.collect()));
            }
            let rejects = batch.rejects.into_iter().map(|r| (r.row, r.line, r.raw));
            seen.rejects.extend(rejects);
        }
        seen
    };
    let chunks: Vec<usize> = (0..export.chunks.len()).collect();
    let parts: Vec<Seen> = match threads {
        1 => chunks.into_iter().map(of_chunk).collect(),
        _ => std::thread::scope(|scope| {
            let (even, odd): (Vec<usize>, Vec<usize>) = chunks.iter().partition(|n| *n % 2 == 0);
            let work = |mine: Vec<usize>| {
                let read = move || {
                    mine.into_iter()
                        .map(|n| (n, of_chunk(n)))
                        .collect::<Vec<_>>()
                };
                scope.spawn(read)
            };
            let both = [work(odd), work(even)].map(|w| w.join().expect("a thread"));
            let mut parts: Vec<(usize, Seen)> = both.into_iter().flatten().collect();
            parts.sort_by_key(|part| part.0);
            parts.into_iter().map(|part| part.1).collect()
        }),
    };
    let mut all = Seen::default();
    for mut part in parts {
        all.rows.append(&mut part.rows);
        all.rejects.append(&mut part.rejects);
    }
    all
}

/// A table to write.
#[derive(Clone, Debug)]
struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Before so many rows each, a record with a field too many.
    faults: Vec<usize>,
}

/// How it is written.
#[derive(Clone, Debug)]
struct Style {
    kind: usize,
    delimiter: u8,
    quote: u8,
    escape: bool,
    always: bool,
    crlf: bool,
    encoding: usize,
    packed: usize,
    /// Lines before the header.
    preamble: usize,
    declared: bool,
}

fn tables() -> impl Strategy<Value = Table> {
    let of = |chars: &str, most: usize| {
        let chars: Vec<char> = chars.chars().collect();
        let text = prop::collection::vec(prop::sample::select(chars), 0..=most);
        text.prop_map(|chars| chars.into_iter().collect::<String>())
    };
    let cell = prop_oneof![
        4 => of("abcXYZ0189 .-", 8),
        2 => of(",;|\t\"'\\\n=@é€ß~^:-", 6),
        1 => Just("=cmd|' /C calc'!A0".to_owned()),
        1 => Just("a\r\nb".to_owned()),
    ];
    (1_usize..5).prop_flat_map(move |width| {
        let rows = prop::collection::vec(prop::collection::vec(cell.clone(), width), 0..30);
        let faults = prop::collection::vec(0_usize..30, 0..3);
        (rows, faults).prop_map(move |(mut rows, mut faults)| {
            // A key, so that no row is blank in any format.
            for (nth, row) in rows.iter_mut().enumerate() {
                row.insert(0, format!("key {nth}"));
            }
            faults.retain(|at| *at < rows.len());
            faults.sort_unstable();
            let names = (0..=width).map(|n| format!("column_{n}")).collect();
            Table {
                names,
                rows,
                faults,
            }
        })
    })
}

fn styles() -> impl Strategy<Value = Style> {
    let delimiter = prop::sample::select(vec![b',', b';', b'\t', b'|']);
    let quote = prop::sample::select(vec![b'"', b'"', b'\'']);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (
        0_usize..4,
        delimiter,
        quote,
        flags,
        0_usize..5,
        0_usize..3,
        0_usize..3,
    )
        .prop_map(
            |(
                kind,
                delimiter,
                quote,
                (escape, always, crlf, declared),
                encoding,
                packed,
                preamble,
            )| Style {
                kind,
                delimiter,
                quote,
                escape,
                always,
                crlf,
                encoding,
                packed,
                preamble,
                declared,
            },
        )
}

/// What was written: the bytes, what they are called, and what should be read.
struct Written {
    bytes: Vec<u8>,
    name: String,
    reading: Reading,
    want: Seen,
}

fn write(table: &Table, style: &Style) -> Written {
    match style.kind {
        0 => as_csv(table, style),
        1 => as_json_lines(table),
        2 => as_workbook(table, style),
        _ => as_parquet(table),
    }
}

fn as_csv(table: &Table, style: &Style) -> Written {
    let mut table = table.clone();
    if style.escape {
        // The csv crate does not escape the escape itself.
        let cells = table.rows.iter_mut().flatten();
        cells.for_each(|cell| *cell = cell.replace('\\', "/"));
    }
    let end = if style.crlf { "\r\n" } else { "\n" };
    let line = |record: &[String]| -> String {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(style.delimiter)
            .quote(style.quote)
            .quote_style(match style.always {
                true => csv::QuoteStyle::Always,
                false => csv::QuoteStyle::Necessary,
            })
            .double_quote(!style.escape)
            .escape(b'\\')
            .terminator(match style.crlf {
                true => csv::Terminator::CRLF,
                false => csv::Terminator::Any(b'\n'),
            })
            .flexible(true)
            .from_writer(Vec::new());
        writer.write_record(record).expect("written");
        String::from_utf8(writer.into_inner().expect("written")).expect("text")
    };
    let mut text = String::new();
    for nth in 0..style.preamble {
        text.push_str(&format!("A report, part {nth}{end}"));
    }
    text.push_str(&line(&table.names));
    let mut want = Seen::default();
    let mut row = 0;
    let place = |text: &str| 1 + text.matches('\n').count() as i64;
    for (nth, cells) in table.rows.iter().enumerate() {
        for _ in table.faults.iter().filter(|at| **at == nth) {
            row += 1;
            let mut record = cells.clone();
            record.push("one too many".to_owned());
            let raw = line(&record);
            want.rejects.push((
                row,
                place(&text).unsigned_abs(),
                raw.trim_end_matches(['\r', '\n']).into(),
            ));
            text.push_str(&raw);
        }
        row += 1;
        want.rows
            .push((row.cast_signed(), place(&text), cells.clone()));
        text.push_str(&line(cells));
    }
    let (encoding, bytes) = match style.encoding {
        0 => (Encoding::Utf8, text.clone().into_bytes()),
        1 => (Encoding::Utf8, [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        2 => (
            Encoding::Windows1252,
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        ),
        n => {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            match n {
                3 => (
                    Encoding::Utf16Le,
                    units.flat_map(u16::to_le_bytes).collect(),
                ),
                _ => (
                    Encoding::Utf16Be,
                    units.flat_map(u16::to_be_bytes).collect(),
                ),
            }
        }
    };
    // Rejects are kept as they were delivered.
    for reject in &mut want.rejects {
        let text = String::from_utf8(reject.2.clone()).expect("text");
        reject.2 = match encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
            Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
    }
    let (bytes, end) = match style.packed {
        0 => (bytes, ""),
        1 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&bytes).expect("written");
            (gzip.finish().expect("packed"), ".gz")
        }
        _ => (zstd::encode_all(&bytes[..], 1).expect("packed"), ".zst"),
    };
    let mut reading = Reading {
        // A text of ASCII and one of Windows-1252 that is UTF-8 by chance say nothing of it.
        encoding: (encoding == Encoding::Windows1252).then_some(encoding),
        quote: Some(Quote::Byte(style.quote)),
        escape: style.escape.then_some(b'\\'),
        ..Reading::default()
    };
    if style.declared {
        reading.delimiter = Some(style.delimiter);
        reading.header_row = Some(style.preamble as u64 + 1);
        reading.encoding = Some(encoding);
        reading.format = Some(Format::Csv);
    }
    Written {
        bytes,
        name: format!("table.csv{end}"),
        reading,
        want,
    }
}

fn as_json_lines(table: &Table) -> Written {
    let mut text = String::new();
    let mut want = Seen::default();
    let mut row = 0;
    for (nth, cells) in table.rows.iter().enumerate() {
        for at in table.faults.iter().filter(|at| **at == nth) {
            row += 1;
            let raw = ["{\"column_0\":", "[1]", "{\"column_0\":1,\"column_0\":2}"][at % 3];
            want.rejects.push((row, row, raw.into()));
            text.push_str(&format!("{raw}\n"));
        }
        row += 1;
        want.rows
            .push((row.cast_signed(), row.cast_signed(), cells.clone()));
        let members = table.names.iter().zip(cells);
        let object: serde_json::Map<_, _> = members
            .map(|(name, cell)| (name.clone(), cell.clone().into()))
            .collect();
        text.push_str(&format!("{}\n", serde_json::Value::from(object)));
    }
    Written {
        bytes: text.into_bytes(),
        name: "table.jsonl".to_owned(),
        reading: Reading::default(),
        want,
    }
}

fn as_workbook(table: &Table, style: &Style) -> Written {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Table").expect("a name");
    let left = style.encoding as u16;
    let mut row = 0;
    for _ in 0..style.preamble {
        sheet.write(row, left, "A report").expect("written");
        row += 1 + u32::from(style.always);
    }
    let mut want = Seen::default();
    for (nth, name) in (left..).zip(&table.names) {
        sheet.write(row, nth, name).expect("written");
    }
    for (number, cells) in (1..).zip(&table.rows) {
        // Empty rows stand between some.
        row += 1 + u32::from(number % 5 == 0);
        for (column, cell) in (left..).zip(cells) {
            if !cell.is_empty() {
                sheet.write_string(row, column, cell).expect("written");
            }
        }

        want.rows.push((number, i64::from(row) + 1, cells.clone()));
    }
    Written {
        bytes: book.save_to_buffer().expect("a workbook"),
        name: "table.xlsx".to_owned(),
        reading: Reading {
            sheet: FilePattern::new("T*").ok(),
            ..Reading::default()
        },
        want,
    }
}

fn as_parquet(table: &Table) -> Written {
    let column = |at: usize| {
        let cells = table
            .rows
            .iter()
            .map(|row| Some(row[at].as_str()).filter(|c| !c.is_empty()));
        Arc::new(cells.collect::<StringArray>()) as ArrayRef
    };
    let columns = table
        .names
        .iter()
        .enumerate()
        .map(|(at, name)| (name, column(at), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    let rows = (1..)
        .zip(&table.rows)
        .map(|(n, cells)| (n, n, cells.clone()));
    Written {
        bytes: writer.into_inner().expect("a file"),
        name: "table.parquet".to_owned(),
        reading: Reading::default(),
        want: Seen {
            rows: rows.collect(),
            rejects: Vec::new(),
        },
    }
}

fn unnamed() -> std::io::Result<File> {
    tempfile::tempfile()
}

fn opened(
    path: &Path,
    name: &str,
    reading: &Reading,
    names: &[String],
    limits: &Limits,
    reader: &Reader,
) -> Result<Vec<Export>, IngestError> {
    let expected: Vec<Vec<&str>> = names.iter().map(|name| vec![name.as_str()]).collect();
    let means = Means {
        limits,
        reader,
        scratch: &unnamed,
    };
    open(name, path, reading, &expected, means)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_others_wrote_comes_back_cell_by_cell(table in tables(), style in styles(), small in 1_usize..400) {
        let Written { bytes, name, reading, want } = write(&table, &style);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(&name);
        std::fs::write(&path, &bytes).expect("written");
        let limits = Limits { chunk_bytes: small, batch_rows: 1 + small % 7, ..Limits::default() };
        let exports = opened(&path, &name, &reading, &table.names, &limits, &Reader::Here);
        let exports = exports.unwrap_or_else(|e| panic!("{e}\n{:?}", String::from_utf8_lossy(&bytes)));
        let [export] = exports.as_slice() else { panic!("{} tables", exports.len()) };
        prop_assert_eq!(export.records, (want.rows.len() + want.rejects.len()) as u64);
        let one = read(export, &table.names, &limits, 1);
        prop_assert_eq!(&one, &want, "{:?}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(&read(export, &table.names, &limits, 2), &one);
    }
}

/// A table of which every format makes some twenty kilobytes.
fn large() -> Table {
    let row = |n: usize| {
        let text = |k: usize| {
            format!(
                "{:x}",
                (n * 7919 + k * 104_729) * 2_654_435_761 % 1_000_000_007
            )
        };
        let cells = (0..4).map(text);
        std::iter::once(format!("key {n}")).chain(cells).collect()
    };
    Table {
        names: (0..5).map(|n| format!("column_{n}")).collect(),
        rows: (0..600).map(row).collect(),
        faults: Vec::new(),
    }
}

#[test]
fn a_file_that_is_cut_is_never_a_shorter_table_in_silence() {
    let table = large();
    let plain = Style {
        kind: 0,
        delimiter: b',',
        quote: b'"',
        escape: false,
        always: false,
        crlf: false,
        encoding: 0,
        packed: 0,
        preamble: 0,
        declared: false,
    };
    let mut refused = 0;
    let mut told = 0;
    let reader = Reader::Process(program().to_owned());
    let styles = [
        plain.clone(),
        Style {
            always: true,
            crlf: true,
            ..plain.clone()
        },
        Style {
            encoding: 3,
            ..plain.clone()
        },
        Style {
            packed: 1,
            ..plain.clone()
        },
        Style {
            packed: 2,
            ..plain.clone()
        },
        Style {
            kind: 1,
            ..plain.clone()
        },
        Style {
            kind: 2,
            ..plain.clone()
        },
        Style { kind: 3, ..plain },
    ];
    for style in styles {
        let Written {
            bytes,
            name,
            reading,
            want,
        } = write(&table, &style);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(&name);
        assert!(bytes.len() > 8 << 10, "{name}: {} bytes", bytes.len());
        for end in (0..bytes.len()).step_by(1024) {
            std::fs::write(&path, &bytes[..end]).expect("written");
            let limits = Limits::default();
            let exports = match opened(&path, &name, &reading, &table.names, &limits, &reader) {
                Ok(exports) => exports,
                Err(error) => {
                    assert!(error.to_string().contains(&name), "{error}");
                    refused += 1;
                    continue;
                }
            };
            let seen = read(&exports[0], &table.names, &limits, 1);
            let records = (seen.rows.len() + seen.rejects.len()) as u64;
            assert_eq!(records, exports[0].records, "{name} at {end}");
            // The cut itself is a record that is none, or a last line without its end, which the log tells.
            // Of a file without a byte it is told that it has none.
            if end == 0 {
                assert_eq!(exports[0].remarks[0].about, "empty");
                continue;
            }
            assert!(
                !seen.rejects.is_empty() || !exports[0].terminated,
                "{name} at {end}: {}",
                records
            );
            let whole =
                seen.rows.len() - usize::from(!exports[0].terminated && seen.rejects.is_empty());
            assert_eq!(seen.rows[..whole], want.rows[..whole], "{name} at {end}");
            told += 1;
        }
    }
    assert!(refused > 50 && told > 50, "{refused} refused, {told} told");
}
