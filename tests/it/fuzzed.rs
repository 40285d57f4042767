//! What must hold whatever is read: functions that take any bytes and panic where it does not. The fuzz targets of
//! `fuzz/` run them on new inputs; the tests below on those that were kept.

use std::{
    cell::OnceCell,
    fs::{self, File},
    io::{self, Write},
    ops::Range,
    path::Path,
    sync::Arc,
};

use tempfile::{NamedTempFile, TempDir};
use trueup::{
    diagnostics::{
        Diagnostic, Source,
        render::{lines, render},
        yaml::{self, Node, Value},
    },
    ingest::{
        Content, Dialect, Export, IngestError, Limits, Means, Reader, RejectReason, Swallowed,
        index_blocks, open, read_chunk,
    },
    project,
    reconcile::published::{COLUMNS, parse_with},
    rules::totals::{Comparison, Statement, Suppressed, validate},
    tables::{Encoding, Format, Quote, Reading},
};

/// Bytes of a block, of a chunk and records of a batch, on which no result may depend.
const SIZES: [(usize, usize, usize); 4] = [
    (256 << 10, 16 << 20, 16_384),
    (1, 1, 1),
    (7, 13, 2),
    (64, 100, 3),
];

/// So many records at the end of a file may be its footer.
const FOOTER: usize = 50;

/// CSV with commas and double quotes.
pub fn csv(data: &[u8]) {
    let reading = Reading::plain();
    for limits in [Limits::default(), small()] {
        let read = in_any_sizes(data, &reading, &[], &limits);
        if let Ok(read) = &read
            && read.dialect == Dialect::default()
        {
            agrees_with_csv(data, read);
        }
    }
}

/// CSV of any dialect, declared or found out. The first bytes say what is declared.
pub fn dialect(data: &[u8]) {
    const SIGNS: &[u8; 16] = b",;\t|\"'\\^~: !/#$*";
    let Some(([delimiter, quote, escape, more], text)) = data.split_first_chunk() else {
        return;
    };
    let sign = |byte: &u8| (*byte < 128).then(|| SIGNS[usize::from(*byte) % SIGNS.len()]);
    let mut reading = Reading {
        delimiter: sign(delimiter),
        quote: match *quote {
            64..128 => Some(Quote::Nothing),
            _ => sign(quote).map(Quote::Byte),
        },
        escape: sign(escape),
        header_row: (more & 3 > 0).then_some(u64::from(more & 3)),
        ..Reading::default()
    };
    let of_quote = match reading.quote {
        Some(Quote::Byte(byte)) => Some(byte),
        _ => None,
    };
    // A project in which they are the same is refused.
    if reading.delimiter.is_some() && [of_quote, reading.escape].contains(&reading.delimiter)
        || reading.escape.is_some() && reading.escape == of_quote
    {
        return;
    }
    if more & 4 > 0 {
        reading.footer = vec!["Total".to_owned(), "a".to_owned()];
    }
    let mut expected = vec![vec!["a", "ref"], vec!["b"], vec!["c"], vec!["d"]];
    expected.truncate([0, 1, 2, 4][usize::from(more >> 3 & 3)]);
    let limits = match more & 32 {
        0 => Limits::default(),
        _ => small(),
    };
    let _ = in_any_sizes(text, &reading, &expected, &limits);
}

/// Files as they are delivered, in any encoding, CSV or JSON Lines. The first byte says what is declared.
pub fn encoding(data: &[u8]) {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    // Readers of these may die, and so have a process of their own.
    if data.starts_with(b"PK\x03\x04") || data.starts_with(b"PAR1") {
        return;
    }
    let encodings = [
        None,
        Some(Encoding::Utf8),
        Some(Encoding::Utf16Le),
        Some(Encoding::Utf16Be),
        Some(Encoding::Windows1252),
    ];
    let how = usize::from(how);
    let (name, format) = [
        ("x.csv", None),
        ("x=%2F/b=1/x.txt", Some(Format::Csv)),
        ("x.jsonl", Some(Format::JsonLines)),
    ][how / 5 % 3];
    let reading = Reading {
        format,
        encoding: encodings[how % 5],
        ..Reading::plain()
    };
    let (_, chunk_bytes, batch_rows) = SIZES[how / 15 % 4];
    let limits = Limits {
        chunk_bytes,
        batch_rows,
        unpacked_bytes: 1 << 20,
        ..match how / 60 % 2 {
            0 => Limits::default(),
            _ => small(),
        }
    };
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(data).expect("written");
    let means = Means {
        limits: &limits,
        reader: &Reader::Here,
        scratch: &|| tempfile::tempfile(),
    };
    let exports = match open(name, file.path(), &reading, &[vec!["a"], vec!["b"]], means) {
        Ok(exports) => exports,
        Err(error) => return is_said(&error),
    };
    let [export] = exports.as_slice() else {
        panic!("{} tables", exports.len());
    };
    assert_eq!(export.bytes, data.len() as u64);
    let read = Read::all(export, &limits);
    if export.written.compression.is_some() {
        return;
    }
    let text = Text::of(data, export.written.encoding);
    match export.written.format {
        Format::JsonLines => fits_lines(&text, export, &read),
        _ => read.fits(&text, export, &reading, &limits),
    }
}

/// Files of a project. The first byte says which.
pub fn yaml(data: &[u8]) {
    const FILES: [&str; 8] = [
        "rules/project.yaml",
        "rules/tables/books.yaml",
        "rules/totals/all.yaml",
        "rules/tests/all.yaml",
        "rules/reference/genres.csv",
        "rules/reference/genres.aliases.csv",
        "rules/reference/genres.correspondence.csv",
        "rules/decisions.csv",
    ];
    let Some((&which, text)) = data.split_first() else {
        return;
    };
    let path = FILES[usize::from(which) % FILES.len()];
    let mut said = Vec::new();
    if let Ok(text) = std::str::from_utf8(text) {
        let source = Arc::new(Source {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        for parse in [yaml::parse, yaml::parse_foreign] {
            if let Some(node) = parse(&source, &mut said) {
                inside(&node, text);
            }
        }
        told(&said);
        said.clear();
    }
    thread_local! {
        static FOLDER: OnceCell<Folder> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(Folder::new).0.path();
        let file = folder.join(path);
        let good = fs::read(&file).ok();
        fs::write(&file, text).expect("written");
        let (project, diagnostics) = project::read(folder).expect("a project");
        match good {
            Some(good) => fs::write(&file, good).expect("written"),
            None => fs::remove_file(&file).expect("removed"),
        }
        said.extend(diagnostics);
        let mut statements: Vec<Statement> = Vec::new();
        for declared in &project.totals {
            statements.extend(yaml::decode(&declared.node, &declared.source, &mut said));
        }
        validate(&statements, &project.lists, &mut said);
        for declared in &project.comparisons {
            let _ = yaml::decode::<Comparison>(&declared.node, &declared.source, &mut said);
        }
        if said.is_empty() {
            statements.iter().for_each(|statement| {
                statement.expand();
            });
        }
        told(&said);
    });
}

/// Published figures.
pub fn published(data: &[u8]) {
    thread_local! {
        static SUPPRESSED: Suppressed = {
            let source = Arc::new(Source {
                path: "x.yaml".to_owned(),
                text: "{ \"<5\": [1, 4], \"*\": [0, null] }".to_owned(),
            });
            let mut said = Vec::new();
            let texts = yaml::parse(&source, &mut said).expect("a map");
            let texts = yaml::decode(&texts, &source, &mut said).expect("texts");
            Suppressed::declared(texts, &mut said)
        };
    }
    let figures = match SUPPRESSED.with(|suppressed| parse_with("x.csv", data, suppressed)) {
        Ok(figures) => figures,
        Err(error) => return assert!(error.to_string().starts_with("x.csv:"), "{error}"),
    };
    let text = std::str::from_utf8(data).expect("text, since it was read");
    let text = text.trim_start_matches('\u{feff}');
    let cells = |line: &str| -> Vec<String> {
        // Behind a header, since a byte order mark may begin the file only.
        let line = format!("-\n{line}");
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.flexible(true).from_reader(line.as_bytes());
        let mut records = reader.records();
        let record = records.next().expect("a record").expect("cells");
        assert!(records.next().is_none(), "two records on a line");
        record.iter().map(str::to_owned).collect()
    };
    // As an editor counts lines.
    let all: Vec<&str> = text.split('\n').collect();
    let full = |line: &&&str| !line.trim_end_matches('\r').is_empty();
    let header = cells(all.iter().find(full).expect("a header"));
    assert_eq!(figures.len(), all.iter().filter(full).count() - 1);
    let places = COLUMNS.map(|column| header.iter().position(|name| name == column));
    for figure in &figures {
        let cells = cells(all[figure.stated_at.line as usize - 1]);
        let told = [
            &*figure.section,
            &figure.table,
            &figure.origin,
            &figure.period,
            &figure.population,
            &figure.category,
            &figure.measure,
        ];
        let [before @ .., value, printed, line] = places.map(|at| &*cells[at.expect("a column")]);
        assert_eq!(before, told);
        assert_eq!(printed, figure.printed());
        let line_number = figure.stated_at.printed_line;
        assert_eq!(line.parse().unwrap_or(0), line_number);
        match figure.suppressed() {
            Some(_) => assert!(value.trim().is_empty()),
            None => assert_eq!(value.parse(), Ok(figure.value)),
        }
    }
}

/// Limits that small inputs breach.
fn small() -> Limits {
    Limits {
        record_bytes: 60,
        field_bytes: 8,
        header_bytes: 40,
        columns: 3,
        nesting: 2,
        ..Limits::default()
    }
}

/// A file must not be called damaged in ways that only a failing machine or caller explains.
fn is_said(error: &IngestError) {
    let unsaid = matches!(
        error,
        IngestError::Io { .. }
            | IngestError::Changed { .. }
            | IngestError::NotAFile { .. }
            | IngestError::NoChunk { .. }
            | IngestError::NoField { .. }
            | IngestError::ReaderDied { .. }
            | IngestError::Column { .. }
    );
    assert!(!unsaid, "{error}");
}

/// What a file is read as, the same in blocks, chunks and batches of any size.
fn in_any_sizes(
    text: &[u8],
    reading: &Reading,
    expected: &[Vec<&str>],
    limits: &Limits,
) -> Result<Read, IngestError> {
    let content = Content::Bytes(Arc::from(text));
    let mut first: Option<(Export, Result<Read, IngestError>)> = None;
    for (block, chunk_bytes, batch_rows) in SIZES {
        let limits = Limits {
            chunk_bytes,
            batch_rows,
            ..limits.clone()
        };
        let indexed = index_blocks("x.csv", content.clone(), reading, expected, &limits, block);
        match (&first, indexed) {
            (None, Err(error)) => {
                is_said(&error);
                // Nothing is compared with it but the error.
                for (block, ..) in SIZES {
                    let again =
                        index_blocks("x.csv", content.clone(), reading, expected, &limits, block);
                    assert_eq!(again.expect_err("an error").to_string(), error.to_string());
                }
                return Err(error);
            }
            (None, Ok(export)) => {
                let read = Read::all(&export, &limits);
                let whole = Text::of(text, Some(Encoding::Utf8));
                read.fits(&whole, &export, reading, &limits);
                first = Some((export, Ok(read)));
            }
            (Some((export, read)), again) => {
                let again = again.expect("no error, as before");
                assert_eq!(shape(&again), shape(export));
                let mut place = again.chunks.first().map_or(again.bytes, |c| c.offset);
                for chunk in &again.chunks {
                    assert_eq!(chunk.offset, place);
                    place += chunk.bytes;
                    assert!(chunk.bytes >= chunk_bytes as u64 || place == again.bytes);
                }
                assert_eq!(place, again.bytes);
                assert_eq!(&Read::all(&again, &limits), read.as_ref().expect("rows"));
            }
        }
    }
    first.expect("it was read").1
}

/// What an index says that does not depend on sizes.
fn shape(export: &Export) -> impl PartialEq + std::fmt::Debug {
    (
        export.header.clone(),
        export.header_line,
        export.records,
        export.terminated,
        export.sha256.clone(),
        export.bytes,
        export.written.clone(),
        export.remarks.clone(),
    )
}

/// All records of a file.
#[derive(Debug, PartialEq)]
struct Read {
    dialect: Dialect,
    records: Vec<Seen>,
    swallowed: Vec<Swallowed>,
    /// The record of each line that was asked for, its fields and whether it is sound.
    raw: Vec<(u64, Vec<u8>, usize, bool)>,
}

/// A record as it was read.
#[derive(Debug, PartialEq)]
struct Seen {
    row: u64,
    line: u64,
    /// Its fields, or its bytes and why it is no row.
    record: Result<Vec<String>, (Vec<u8>, RejectReason)>,
}

impl Read {
    /// Everything that the chunks hold. Row numbers go from 1 without gaps, and rows and rejects are all records.
    fn all(export: &Export, limits: &Limits) -> Self {
        let wanted: Vec<usize> = (0..export.header.len()).collect();
        let mut records = Vec::new();
        let mut swallowed = Vec::new();
        let mut raw = Vec::new();
        for chunk in 0..export.chunks.len() {
            let before = records.len();
            for batch in read_chunk(export, chunk, &wanted, limits).expect("a chunk") {
                let batch = batch.expect("a batch");
                let (rows, rejects) = (batch.rows.len(), batch.rejects.len());
                assert!(rows + rejects > 0 && rows + rejects <= limits.batch_rows);
                assert_eq!(
                    (batch.lines.len(), batch.columns.len()),
                    (rows, wanted.len())
                );
                let places = batch.rows.values().iter().zip(batch.lines.values());
                for (n, (row, line)) in places.enumerate() {
                    let fields = batch.columns.iter().map(|c| c.value(n).to_owned());
                    records.push(Seen {
                        row: row.cast_unsigned(),
                        line: line.cast_unsigned(),
                        record: Ok(fields.collect()),
                    });
                }
                records.extend(batch.rejects.into_iter().map(|reject| Seen {
                    row: reject.row,
                    line: reject.line,
                    record: Err((reject.raw, reject.reason)),
                }));
                swallowed.extend(batch.swallowed);
            }
            records[before..].sort_by_key(|seen| seen.row);
            if export.written.format == Format::Csv {
                for seen in records[before..].iter().take(2) {
                    let reader = read_chunk(export, chunk, &[], limits).expect("a chunk");
                    let found = reader.record_at(seen.line).expect("a record");
                    raw.push((seen.line, found.bytes, found.count, found.sound));
                }
            }
        }
        assert_eq!(records.len() as u64, export.records);
        for (row, seen) in (1..).zip(&records) {
            assert_eq!(seen.row, row);
        }
        // How many are looked up depends on the chunks.
        raw.truncate(2);
        Self {
            dialect: export.written.dialect.unwrap_or_default(),
            records,
            swallowed,
            raw,
        }
    }

    /// Holds them against a reader that goes byte by byte.
    fn fits(&self, text: &Text, export: &Export, reading: &Reading, limits: &Limits) {
        let width = export.header.len() - export.constants.len();
        let from = match export.header_line {
            1 => start(&text.text),
            line => text.line(line),
        };
        let mut all = parted(&text.text, from, self.dialect).expect("no open quote");
        let header = all.remove(0);
        assert_eq!(header.line, export.header_line);
        let names = header.fields.iter().map(|name| {
            let name = std::str::from_utf8(name).expect("a name");
            name.trim()
        });
        assert_eq!(names.collect::<Vec<_>>(), export.header[..width]);
        assert_eq!(all.len(), self.records.len());
        let names = &export.header[..width];
        let footer = all.len().saturating_sub(FOOTER);
        let footer = (footer..all.len()).find(|at| {
            let mut fields = all[*at].texts().take(width);
            let first = fields.find(|field| !field.is_empty()).unwrap_or_default();
            reading.footer.iter().any(|text| first.starts_with(text))
        });
        for (at, (seen, found)) in self.records.iter().zip(&all).enumerate() {
            assert_eq!(seen.line, found.line);
            let raw = &text.text[found.bytes.clone()];
            assert!(raw.len() as u64 <= limits.record());
            let is_header = found.flaw.is_none()
                && found.texts().eq(names.iter().cloned())
                && names.iter().any(|name| !name.is_empty());
            // Whether bytes that are no text are a name does not matter.
            let may_be = std::str::from_utf8(raw).is_err();
            let reason = match &seen.record {
                _ if footer.is_some_and(|footer| at >= footer) => Some(RejectReason::Footer),
                Err((_, RejectReason::RepeatedHeader)) if may_be => {
                    Some(RejectReason::RepeatedHeader)
                }
                _ if is_header && !may_be => Some(RejectReason::RepeatedHeader),
                _ => found.reason(raw, width, limits),
            };
            match (&seen.record, reason) {
                (Ok(read), None) => {
                    let read = read[..width].iter().map(String::as_str);
                    let fields = found.fields.iter().map(|field| std::str::from_utf8(field));
                    assert!(read.map(Ok).eq(fields), "{seen:?} but {found:?}");
                }
                (Err((delivered, read)), Some(reason)) => {
                    assert_eq!(*read, reason, "{found:?}");
                    assert_eq!(delivered, text.delivered(found.bytes.clone()));
                }
                _ => panic!("{seen:?} but {found:?} of {width}"),
            }
        }
        let at_line = |line| {
            all.iter()
                .find(|found| found.line == line)
                .expect("a record")
        };
        for told in &self.swallowed {
            let found = at_line(told.line);
            assert_eq!(told.raw, text.text[found.bytes.clone()]);
            assert!(told.lines > 1);
        }
        for (line, raw, count, sound) in &self.raw {
            let found = at_line(*line);
            assert_eq!(*raw, text.text[found.bytes.clone()]);
            assert_eq!(*count, found.fields.len());
            let is_text = std::str::from_utf8(raw).is_ok() && !raw.contains(&0);
            assert_eq!(*sound, is_text && found.flaw.is_none());
        }
    }
}

/// A text with the places that its bytes have in the file as delivered.
struct Text<'d> {
    delivered: &'d [u8],
    text: Vec<u8>,
    /// Where each byte of `text` begins in `delivered`, and where it ends.
    places: Vec<usize>,
    /// Where each line begins in `text`.
    lines: Vec<usize>,
}

impl<'d> Text<'d> {
    fn of(delivered: &'d [u8], encoding: Option<Encoding>) -> Self {
        let mut text = Vec::new();
        let mut places = Vec::new();
        let mut push = |bytes: &[u8], at: usize| {
            text.extend_from_slice(bytes);
            places.extend(bytes.iter().map(|_| at));
        };
        match encoding.expect("an encoding") {
            Encoding::Utf8 => (0..)
                .zip(delivered)
                .for_each(|(at, byte)| push(&[*byte], at)),
            Encoding::Windows1252 => {
                for (at, byte) in delivered.iter().enumerate() {
                    let (decoded, _) =
                        encoding_rs::WINDOWS_1252.decode_without_bom_handling(&delivered[at..=at]);
                    assert!(*byte >= 128 || decoded.as_bytes() == [*byte]);
                    push(decoded.as_bytes(), at);
                }
            }
            wide => {
                assert_eq!(delivered.len() % 2, 0);
                let unit = |pair: &[u8; 2]| match wide {
                    Encoding::Utf16Le => u16::from_le_bytes(*pair),
                    _ => u16::from_be_bytes(*pair),
                };
                let units = delivered.as_chunks::<2>().0.iter().map(unit);
                let mut at = 0;
                for decoded in char::decode_utf16(units) {
                    let begins = at;
                    match decoded {
                        Ok('\u{feff}') if begins == 0 => at += 2,
                        Ok(c) => {
                            push(c.encode_utf8(&mut [0; 4]).as_bytes(), begins);
                            at += 2 * c.len_utf16();
                        }
                        Err(half) => {
                            let [high, low] = half.unpaired_surrogate().to_be_bytes();
                            let bytes = [
                                0xE0 | high >> 4,
                                0x80 | (high & 15) << 2 | low >> 6,
                                0x80 | low & 63,
                            ];
                            push(&bytes, begins);
                            at += 2;
                        }
                    }
                }
            }
        }
        places.push(delivered.len());
        let breaks = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let lines = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self {
            delivered,
            text,
            places,
            lines,
        }
    }

    /// Where `line` begins.
    fn line(&self, line: u64) -> usize {
        self.lines[usize::try_from(line).expect("a line") - 1]
    }

    /// What stands in the file for a part of the text.
    fn delivered(&self, part: Range<usize>) -> &'d [u8] {
        &self.delivered[self.places[part.start]..self.places[part.end]]
    }
}

/// Where a text begins behind its byte order mark.
fn start(text: &[u8]) -> usize {
    match text.starts_with(b"\xEF\xBB\xBF") {
        true => 3,
        false => 0,
    }
}

/// A record that was parted byte by byte.
#[derive(Debug)]
struct Parted {
    bytes: Range<usize>,
    line: u64,
    /// Of one in quotes, what stands in them.
    fields: Vec<Vec<u8>>,
    /// The length of each field as it stands there, without quotes.
    lengths: Vec<usize>,
    flaw: Option<RejectReason>,
}

impl Parted {
    /// Its fields as they are compared with names.
    fn texts(&self) -> impl Iterator<Item = String> {
        let fields = self.fields.iter();
        fields.map(|field| String::from_utf8_lossy(field).trim().to_owned())
    }

    /// Why it is no row of `width` fields.
    fn reason(&self, raw: &[u8], width: usize, limits: &Limits) -> Option<RejectReason> {
        if let Err(error) = std::str::from_utf8(raw) {
            let byte = error.valid_up_to() + 1;
            return Some(RejectReason::NotUtf8 { byte });
        }
        if let Some(place) = raw.iter().position(|byte| *byte == 0) {
            return Some(RejectReason::Nul { byte: place + 1 });
        }
        let (found, expected) = (self.fields.len(), width);
        let fields = (found != expected).then_some(RejectReason::Fields { found, expected });
        let limit = limits.field_bytes;
        let long = self.lengths.iter().position(|length| *length > limit);
        let long = long.map(|at| RejectReason::FieldTooLong {
            field: at + 1,
            limit,
        });
        self.flaw.or(fields).or(long)
    }
}

/// The records of a text from a place on, by the rules of `src/ingest/mod.rs` and as plainly as possible; an error is the
/// line of a quote that nothing closes.
fn parted(text: &[u8], from: usize, dialect: Dialect) -> Result<Vec<Parted>, u64> {
    let quote = match dialect.quote {
        Quote::Nothing => None,
        Quote::Byte(byte) => Some(byte),
    };
    let mut all = Vec::new();
    let mut at = from;
    let mut line = 1 + text[..from].iter().filter(|b| **b == b'\n').count() as u64;
    while at < text.len() {
        let mut record = Parted {
            bytes: at..at,
            line,
            fields: Vec::new(),
            lengths: Vec::new(),
            flaw: None,
        };
        let mut ended = false;
        while !ended {
            let (mut field, mut begins) = (Vec::new(), at);
            let mut length = None;
            if text.get(at).is_some() && text.get(at).copied() == quote {
                let opened = line;
                at += 1;
                begins = at;
                loop {
                    match text[at..] {
                        [] => return Err(opened),
                        [a, b, ..] if Some(a) == quote && Some(b) == quote => {
                            field.push(a);
                            at += 2;
                        }
                        [a, ..] if Some(a) == quote => break,
                        [a] if Some(a) == dialect.escape => return Err(opened),
                        [a, b, ..] if Some(a) == dialect.escape => {
                            field.push(b);
                            line += u64::from(b == b'\n');
                            at += 2;
                        }
                        [a, ..] => {
                            field.push(a);
                            line += u64::from(a == b'\n');
                            at += 1;
                        }
                    }
                }
                length = Some(at - begins);
                at += 1;
            }
            loop {
                let behind = |flaw: Option<RejectReason>| match length {
                    Some(_) => flaw.or(Some(RejectReason::TextAfterQuote)),
                    None => flaw,
                };
                let (end, next) = match text[at..] {
                    [] => (at, at),
                    [b'\r'] => (at, at + 1),
                    [b'\n', ..] => (at, at + 1),
                    [b'\r', b'\n', ..] => (at, at + 2),
                    [a, ..] if a == dialect.delimiter => (at, at + 1),
                    [a, b, ..] if Some(a) == dialect.escape => {
                        record.flaw = behind(record.flaw);
                        field.extend(length.is_none().then_some(b));
                        line += u64::from(b == b'\n');
                        at += 2;
                        continue;
                    }
                    [a, ..] => {
                        record.flaw = behind(record.flaw);
                        if a == b'\r' {
                            record.flaw = record.flaw.or(Some(RejectReason::CarriageReturn));
                        }
                        field.extend(length.is_none().then_some(a));
                        at += 1;
                        continue;
                    }
                };
                record.lengths.push(length.unwrap_or(end - begins));
                record.fields.push(field);
                record.bytes.end = end;
                ended = text.get(end) != Some(&dialect.delimiter);
                line += u64::from(ended && text[end..next].contains(&b'\n'));
                at = next;
                break;
            }
        }
        if !record.bytes.is_empty() {
            all.push(record);
        }
    }
    Ok(all)
}

/// Where the csv crate means the same, it reads the same.
fn agrees_with_csv(text: &[u8], read: &Read) {
    let parted = (0..text.len()).any(|at| text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'));
    let same = |seen: &Seen| {
        let odd = [RejectReason::TextAfterQuote, RejectReason::CarriageReturn];
        !matches!(&seen.record, Err((_, reason)) if odd.contains(reason))
    };
    let begins = text.get(start(text)..).unwrap_or_default();
    // A line such as `sep=,` is a record to it.
    let told = begins.to_ascii_lowercase();
    let told = told.starts_with(b"sep=") || told.starts_with(b"\"sep=");
    if parted || told || !read.records.iter().all(same) {
        return;
    }
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.flexible(true).from_reader(text);
    let theirs = reader
        .byte_records()
        .map(|record| record.expect("a record"));
    let theirs: Vec<csv::ByteRecord> = theirs.collect();
    assert_eq!(theirs.len(), read.records.len());
    for (seen, theirs) in read.records.iter().zip(&theirs) {
        match &seen.record {
            Ok(fields) => assert!(fields.iter().map(String::as_bytes).eq(theirs), "{seen:?}"),
            Err((_, RejectReason::Fields { found, .. })) => assert_eq!(*found, theirs.len()),
            Err(_) => {}
        }
    }
}

/// Every record of JSON Lines is a line, and a row holds what its object says.
fn fits_lines(text: &Text, export: &Export, read: &Read) {
    let width = export.header.len() - export.constants.len();
    let mut before = 0;
    for seen in &read.records {
        assert!(seen.line > before);
        before = seen.line;
        let from = text.line(seen.line);
        let end = text.text[from..].iter().position(|byte| *byte == b'\n');
        let end = end.map_or(text.text.len(), |length| from + length);
        let from = match seen.line {
            1 => start(&text.text),
            _ => from,
        };
        let line = &text.text[from..end];
        let end = end - usize::from(line.ends_with(b"\r"));
        let line = &text.text[from..end];
        match &seen.record {
            Ok(cells) => {
                let Ok(object) = serde_json::from_slice::<serde_json::Value>(line) else {
                    // It reads numbers and lists, which we hand on.
                    continue;
                };
                let object = object.as_object().expect("an object");
                for (name, cell) in export.header[..width].iter().zip(cells) {
                    match object.get(name) {
                        None | Some(serde_json::Value::Null) => assert_eq!(cell, ""),
                        Some(serde_json::Value::String(text)) => assert_eq!(cell, text),
                        Some(other) => {
                            let cell = serde_json::from_str::<serde_json::Value>(cell);
                            assert_eq!(cell.expect("JSON"), *other);
                        }
                    }
                }
            }
            Err((raw, reason)) => {
                assert_eq!(raw, text.delivered(from..end), "{reason:?}");
                if matches!(
                    reason,
                    RejectReason::JsonCut | RejectReason::NoObject { .. }
                ) {
                    let object = serde_json::from_slice::<serde_json::Value>(line);
                    assert!(!object.is_ok_and(|object| object.is_object()), "{reason:?}");
                }
            }
        }
    }
    let full = text.lines.iter().enumerate().filter(|(n, from)| {
        let end = text.lines.get(n + 1).copied().unwrap_or(text.text.len());
        let from = if *n == 0 { start(&text.text) } else { **from };
        !text.text[from..end].trim_ascii().is_empty()
    });
    assert_eq!(full.count(), read.records.len());
}

/// Every value and key of a tree lies in its text, on borders of characters.
fn inside(node: &Node, text: &str) {
    assert!(text.get(node.bytes.clone()).is_some(), "{:?}", node.bytes);
    match &node.value {
        Value::Scalar { .. } => {}
        Value::Sequence(items) => items.iter().for_each(|item| inside(item, text)),
        Value::Map(entries) => {
            for (key, value) in entries {
                assert!(text.get(key.bytes.clone()).is_some(), "{:?}", key.bytes);
                inside(value, text);
            }
        }
    }
}

/// Diagnostics lie in their files and can be shown.
fn told(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        if let Some(span) = &diagnostic.span {
            let place = span.source.text.get(span.bytes.clone());
            assert!(place.is_some(), "{:?} for {diagnostic:?}", span.bytes);
        }
        assert!(!diagnostic.message.is_empty());
    }
    let shown = render(diagnostics, false);
    assert!(!shown.is_empty() && !render(diagnostics, true).is_empty());
    for line in lines(diagnostics) {
        serde_json::to_string(&line).expect("JSON");
    }
}

/// A small project, of which one file is replaced.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        for (path, text) in PROJECT {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        fs::create_dir_all(folder.path().join("rules/tests")).expect("a folder");
        let (_, diagnostics) = project::read(folder.path()).expect("a project");
        assert!(diagnostics.is_empty(), "{}", render(&diagnostics, false));
        Self(folder)
    }
}

const PROJECT: [(&str, &str); 8] = [
    (
        "rules/project.yaml",
        "\
version: 1
name: A library
periods:
  - { id: 2020, start: 2020-01-01, end: 2021-01-01 }
",
    ),
    (
        "rules/tables/books.yaml",
        "\
version: 1
table: books
description: One row a book.
source: { files: \"books*.csv\" }
key: [book]
columns:
  book: { type: string, not_null: { why: Every book has a number., examples: { fail: [null] } } }
  genre: { type: string, accepted_values: { list: genres, why: Shelves. , examples: { fail: [Peotry] } } }
  bought: { type: date, formats: [\"%Y-%m-%d\"] }
  pages: { type: integer }
",
    ),
    (
        "rules/tables/loans.yaml",
        "\
version: 1
table: loans
description: One row a loan.
source: { files: \"loans*.csv\" }
key: [book]
columns:
  book: { type: string }
",
    ),
    (
        "rules/reference/genres.csv",
        "code,label,parent,sort,missing,valid_from,valid_to\nPoetry,,Fiction,1,,,\nProse,Novels,Fiction,2,,2001-01-01,\n",
    ),
    (
        "rules/reference/genres.aliases.csv",
        "alias,code,cause,confidence\nPoems,Poetry,variant,verified\n",
    ),
    (
        "rules/totals/all.yaml",
        "\
version: 1
statements: []
",
    ),
    (
        "sql/model/shelves.sql",
        "SELECT genre, pages FROM books",
    ),
    (
        "sql/aggregates/books_by_genre.sql",
        "SELECT genre, count(*) AS count FROM books GROUP BY genre ORDER BY genre",
    ),
];

/// Replays what was kept of a target.
#[track_caller]
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let entries = fs::read_dir(folder.join(target)).expect("a folder");
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()
        .expect("files");
    paths.sort();
    assert!(!paths.is_empty(), "nothing was kept of {target}");
    for path in paths {
        // Shown where it fails.
        println!("{}", path.display());
        let mut data = Vec::new();
        let mut file = File::open(&path).expect("a file");
        io::Read::read_to_end(&mut file, &mut data).expect("its bytes");
        run(&data);
    }
}

#[test]
fn csv_of_any_bytes() {
    replay("csv", csv);
}

#[test]
fn csv_of_any_dialect() {
    replay("dialect", dialect);
}

#[test]
fn text_of_any_encoding() {
    replay("encoding", encoding);
}

#[test]
fn project_files_of_any_text() {
    replay("yaml", yaml);
}

#[test]
fn published_figures_of_any_bytes() {
    replay("published", published);
}
