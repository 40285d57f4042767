//! For any bytes, chunks, batches and blocks: the same records as a reader that goes byte by byte, and as the csv crate.

use std::{ops::Range, sync::Arc};

use arrow::array::Array;
use proptest::{collection::vec, prelude::*, sample::select};

use super::super::{index::index_blocks, *};
use crate::tables::{Quote, Reading};

/// A record as a test sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub row: u64,
    pub line: u64,
    /// Its fields, or its bytes and why it is none.
    pub record: Result<Vec<String>, (Vec<u8>, RejectReason)>,
}

/// Everything that chunks of `limits` hold, in the order of their rows.
pub(super) fn seen(export: &Export, limits: &Limits) -> Vec<Seen> {
    let wanted: Vec<usize> = (0..export.header.len()).collect();
    let mut all = Vec::new();
    for chunk in 0..export.chunks.len() {
        for batch in read_chunk(export, chunk, &wanted, limits).unwrap() {
            let batch = batch.unwrap();
            assert!(batch.rows.len() + batch.rejects.len() <= limits.batch_rows);
            assert!(batch.rows.len() + batch.rejects.len() > 0);
            let at = all.len();
            for (n, (row, line)) in batch
                .rows
                .values()
                .iter()
                .zip(batch.lines.values())
                .enumerate()
            {
                let fields = batch
                    .columns
                    .iter()
                    .map(|c| c.value(n).to_owned())
                    .collect();
                all.push(Seen {
                    row: *row as u64,
                    line: *line as u64,
                    record: Ok(fields),
                });
            }
            assert!(
                batch
                    .columns
                    .iter()
                    .all(|c| c.null_count() == 0 && c.len() == batch.rows.len())
            );
            for reject in batch.rejects {
                all.push(Seen {
                    row: reject.row,
                    line: reject.line,
                    record: Err((reject.raw, reject.reason)),
                });
            }
            all[at..].sort_by_key(|seen| seen.row);
        }
    }
    all
}

pub(super) fn bytes(text: impl AsRef<[u8]>) -> Content {
    Content::Bytes(Arc::from(text.as_ref()))
}

/// The rules of `mod.rs`, as plainly as possible: one byte after the other, no care for speed. How many columns the header
/// has, and what comes after it; `Err` is the line of a quote that is never closed.
fn byte_by_byte(
    text: &[u8],
    dialect: &Dialect,
    footer: Option<&str>,
) -> Result<(usize, Vec<Seen>), u64> {
    let quote = match dialect.quote {
        Quote::Nothing => None,
        Quote::Byte(byte) => Some(byte),
    };
    let line_of = |place: usize| 1 + text[..place].iter().filter(|b| **b == b'\n').count() as u64;
    let mut all = Vec::new();
    // What a footer is told by: the fields, but for text after a closing quote.
    let mut begins: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut raws: Vec<Vec<u8>> = Vec::new();
    let mut header: Option<Vec<String>> = None;
    let mut place = if text.starts_with("\u{feff}".as_bytes()) {
        3
    } else {
        0
    };
    let mut row = 0;
    while place < text.len() {
        let start = place;
        let mut fields: Vec<Vec<u8>> = vec![Vec::new()];
        let mut begin: Vec<Vec<u8>> = vec![Vec::new()];
        let mut flaw = None;
        let mut closed = false;
        let mut after = false;
        let mut at_start = true;
        let mut end = None;
        while place < text.len() && end.is_none() {
            let byte = text[place];
            let rest = &text[place..];
            let field = fields.last_mut().unwrap();
            let lead = begin.last_mut().unwrap();
            if rest.starts_with(b"\n") {
                end = Some((place, place + 1));
            } else if rest.starts_with(b"\r\n") {
                end = Some((place, place + 2));
            } else if rest == b"\r" {
                end = Some((place, place + 1));
            } else if byte == dialect.delimiter {
                fields.push(Vec::new());
                begin.push(Vec::new());
                closed = false;
                after = false;
                at_start = true;
                place += 1;
            } else if Some(byte) == quote && at_start {
                let opened = place;
                place += 1;
                loop {
                    let Some(&byte) = text.get(place) else {
                        return Err(line_of(opened));
                    };
                    if Some(byte) == dialect.escape {
                        let Some(&escaped) = text.get(place + 1) else {
                            return Err(line_of(opened));
                        };
                        field.push(escaped);
                        place += 2;
                    } else if Some(byte) != quote {
                        field.push(byte);
                        place += 1;
                    } else if text.get(place + 1).copied() == quote {
                        field.push(byte);
                        place += 2;
                    } else {
                        place += 1;
                        break;
                    }
                }
                lead.clone_from(field);
                closed = true;
                after = true;
                at_start = false;
            } else {
                if closed {
                    flaw = flaw.or(Some(RejectReason::TextAfterQuote));
                }
                let mut text_byte = byte;
                if Some(byte) == dialect.escape && rest.len() > 1 {
                    text_byte = rest[1];
                    place += 1;
                } else if byte == b'\r' {
                    flaw = flaw.or(Some(RejectReason::CarriageReturn));
                }
                closed = false;
                field.push(text_byte);
                if !after {
                    lead.push(text_byte);
                }
                at_start = false;
                place += 1;
            }
        }
        let (end, next) = end.unwrap_or((place, place));
        place = next;
        if end == start {
            continue;
        }
        let texts: Vec<String> = fields
            .iter()
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        let names: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
        let Some(header) = &header else {
            header = Some(names);
            continue;
        };
        let width = header.len();
        let raw = &text[start..end];
        let reason = if flaw.is_none() && names == *header && !header.iter().all(String::is_empty) {
            Some(RejectReason::RepeatedHeader)
        } else if let Err(error) = std::str::from_utf8(raw) {
            Some(RejectReason::NotUtf8 {
                byte: error.valid_up_to() + 1,
            })
        } else if let Some(nul) = raw.iter().position(|b| *b == 0) {
            Some(RejectReason::Nul { byte: nul + 1 })
        } else if flaw.is_some() {
            flaw
        } else {
            (fields.len() != width).then_some(RejectReason::Fields {
                found: fields.len(),
                expected: width,
            })
        };
        row += 1;
        begins.push(begin);
        all.push(Seen {
            row,
            line: line_of(start),
            record: match reason {
                None => Ok(texts),
                Some(reason) => Err((raw.to_vec(), reason)),
            },
        });
        raws.push(raw.to_vec());
    }
    let header = header.unwrap();
    if let Some(footer) = footer {
        let is_footer = |begin: &Vec<Vec<u8>>| {
            let mut texts = begin.iter().take(header.len());
            let first = texts.find_map(|text| {
                let text = String::from_utf8_lossy(text).trim().to_owned();
                (!text.is_empty()).then_some(text)
            });
            first.is_some_and(|text| text.starts_with(footer))
        };
        let from = all.len().saturating_sub(50);
        if let Some(at) = begins[from..].iter().position(is_footer) {
            for (seen, raw) in all.iter_mut().zip(&raws).skip(from + at) {
                seen.record = Err((raw.clone(), RejectReason::Footer));
            }
        }
    }
    Ok((header.len(), all))
}

/// A dialect of CSV, and pieces of text in the signs of plain CSV turned into its own.
fn dialect() -> impl Strategy<Value = Dialect> {
    let quotes = vec![Quote::Byte(b'"'), Quote::Byte(b'\''), Quote::Nothing];
    let all = (
        select(vec![b',', b';', b'\t', b'|', b'^', b'/']),
        select(quotes),
        select(vec![None, Some(b'\\'), Some(b'^'), Some(b'"')]),
    );
    let all = all.prop_map(|(delimiter, quote, escape)| Dialect {
        delimiter,
        quote,
        escape,
    });
    all.prop_filter("signs that differ", |d| {
        d.escape != Some(d.delimiter) && d.escape.is_none_or(|e| d.quote != Quote::Byte(e))
    })
}

fn in_dialect(text: &[u8], dialect: &Dialect) -> Vec<u8> {
    let turn = |byte: &u8| match (byte, dialect.quote) {
        (b',', _) => dialect.delimiter,
        (b'"', Quote::Byte(quote)) => quote,
        (b'\\', _) => dialect.escape.unwrap_or(b'x'),
        _ => *byte,
    };
    text.iter().map(turn).collect()
}

fn declared(dialect: &Dialect) -> Reading {
    Reading {
        delimiter: Some(dialect.delimiter),
        quote: Some(dialect.quote),
        escape: dialect.escape,
        ..Reading::default()
    }
}

fn piece() -> impl Strategy<Value = &'static [u8]> {
    select(vec![
        b"a".as_slice(),
        b"bc",
        b"a longer text, of seventeen bytes and more",
        b",",
        b",",
        b",",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r\n",
        b"\n\n",
        b"\r",
        b"\"",
        b"\"\"",
        b"\\",
        b"\\\n",
        b"\\\"",
        b"a,b",
        b"\"x\ny\"",
        b"\"say \"\"no\"\", then\r\nleave\"",
        b"\"\"\"\"",
        b",\"\",",
        b",\"",
        b"\",",
        "é".as_bytes(),
        "日本語".as_bytes(),
        "\u{1F600}".as_bytes(),
        b" ",
        b"\0",
        b"\xff",
        b"\xe6\x97",
    ])
}

/// Pieces that mean the same to the csv crate: no lone carriage return, no text after a closing quote, no bad bytes.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(select(vec!['a', 'm', 'z', ' ', '"', 'é', '日']), 0..20)
            .prop_map(|text| text.iter().collect::<String>().trim_start_matches('"').to_owned()),
        1 => vec(select(vec!["a", "é", "\"\"", ",", "\n", "\r\n", "\r", "日本", " "]), 0..12)
            .prop_map(|parts| format!("\"{}\"", parts.concat())),
    ]
}

/// Characters of fields.
const ANY: [char; 14] = [
    'a', 'b', ' ', ',', ';', '|', '"', '\'', '^', '\t', '\r', '\n', 'é', '日',
];

fn cut(rest: Range<usize>) -> impl Strategy<Value = usize> {
    prop_oneof![1usize..8, rest]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_are_what_a_plain_reader_sees(
        dialect in prop_oneof![Just(Dialect::default()), dialect()],
        header in select(vec!["a", "a,b", "a,b,c", "\u{feff}a,b", "\n\r\n\"a\nb\",c", "a,b\r"]),
        pieces in vec(piece(), 0..60),
        footer in select(vec![None, Some("bc")]),
        chunk_bytes in cut(1..400),
        batch_rows in cut(1..40),
        block in cut(1..300),
    ) {
        let text = in_dialect(&[header.as_bytes(), b"\n", &pieces.concat()].concat(), &dialect);
        let limits = Limits { chunk_bytes, batch_rows, ..Limits::default() };
        let footers = footer.map(str::to_owned).into_iter().collect();
        let reading = Reading { footer: footers, ..declared(&dialect) };
        let index = |block| index_blocks("x.csv", bytes(&text), &reading, &[], &limits, block);
        let indexed = index(block);
        match (byte_by_byte(&text, &dialect, footer), indexed) {
            (Ok((width, expected)), Ok(export)) => {
                prop_assert_eq!(export.written.dialect, Some(dialect));
                prop_assert_eq!(export.header.len(), width);
                prop_assert_eq!(export.records, expected.len() as u64);
                prop_assert_eq!(export.terminated, text.ends_with(b"\n"));
                prop_assert_eq!(export.bytes, text.len() as u64);
                // Chunks lie side by side and only the last one, and one that a record makes long, differ in size.
                let mut place = export.chunks.first().map_or(export.bytes, |c| c.offset);
                for chunk in &export.chunks {
                    prop_assert_eq!(chunk.offset, place);
                    place += chunk.bytes;
                    prop_assert!(chunk.bytes >= chunk_bytes as u64 || place == export.bytes);
                }
                prop_assert_eq!(place, export.bytes);
                prop_assert_eq!(seen(&export, &limits), expected);
                let again = index(1 << 20).unwrap();
                prop_assert_eq!(&again.chunks, &export.chunks);
                prop_assert_eq!(&again.sha256, &export.sha256);
            }
            (Err(expected), Err(IngestError::UnclosedQuote { line, .. })) => prop_assert_eq!(line, expected),
            (expected, indexed) => prop_assert!(false, "{:?} but {:?}", expected, indexed.map(|e| e.chunks)),
        }
    }

    #[test]
    fn the_csv_crate_agrees(
        dialect in prop_oneof![Just(Dialect::default()), dialect()],
        records in vec((vec(field(), 1..5), select(vec!["\n", "\r\n", "\n\n", "\r\n\r\n"])), 0..30),
        ends in any::<bool>(),
        chunk_bytes in cut(1..400),
        batch_rows in cut(1..40),
    ) {
        // The crate knows an escape in quotes only: that is for the writer below.
        let dialect = Dialect { escape: None, ..dialect };
        // In no quotes nothing is hidden, so a carriage return would be one without a line feed.
        let quote = match dialect.quote {
            Quote::Nothing => None,
            Quote::Byte(byte) => Some(byte),
        };
        let mut text = "a,b,c\n".to_owned();
        for (fields, line_break) in &records {
            text.extend([&fields.join(","), *line_break]);
        }
        if !ends {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        if quote.is_none() {
            text = text.replace('\r', "");
        }
        let text = in_dialect(text.as_bytes(), &dialect);
        let limits = Limits { chunk_bytes, batch_rows, ..Limits::default() };
        let export = index_as("x.csv", bytes(&text), &declared(&dialect), &[], &limits).unwrap();
        let ours = seen(&export, &limits);
        let theirs: Vec<csv::StringRecord> = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quoting(quote.is_some())
            .quote(quote.unwrap_or(b'"'))
            .from_reader(text.as_slice())
            .records()
            .collect::<Result<_, _>>()
            .unwrap();
        prop_assert_eq!(ours.len(), theirs.len());
        for (n, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            prop_assert_eq!(ours.row, n as u64 + 1);
            match &ours.record {
                Ok(fields) => prop_assert_eq!(fields, &theirs.iter().collect::<Vec<_>>()),
                Err((_, reason)) => {
                    prop_assert_eq!(*reason, RejectReason::Fields { found: theirs.len(), expected: 3 });
                }
            }
        }
    }

    #[test]
    fn what_the_csv_crate_writes_is_read_as_it_was(
        dialect in dialect(),
        records in vec(vec(vec(select(ANY.to_vec()), 0..12), 3), 0..20),
        chunk_bytes in cut(1..400),
    ) {
        let Quote::Byte(quote) = dialect.quote else { return Ok(()) };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .quote(quote)
            .double_quote(dialect.escape.is_none())
            .escape(dialect.escape.unwrap_or(b'\\'))
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        writer.write_record(["one", "two", "three"]).unwrap();
        // The crate does not escape the escape.
        let of_escape = |byte: char| dialect.escape == Some(byte as u8);
        let records: Vec<Vec<String>> = records
            .iter()
            .map(|record| {
                let text = |field: &Vec<char>| field.iter().collect::<String>();
                record.iter().map(|field| text(field).replace(of_escape, "_")).collect()
            })
            .collect();
        for record in &records {
            writer.write_record(record).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let limits = Limits { chunk_bytes, ..Limits::default() };
        let export = index_as("x.csv", bytes(&text), &declared(&dialect), &[], &limits).unwrap();
        let ours: Vec<Vec<String>> = seen(&export, &limits)
            .into_iter()
            .map(|seen| seen.record.unwrap())
            .collect();
        prop_assert_eq!(ours, records);
    }

    #[test]
    fn an_error_does_not_depend_on_blocks(
        dialect in prop_oneof![Just(Dialect::default()), dialect()],
        header_row in select(vec![None, Some(1), Some(2), Some(3), Some(9)]),
        pieces in vec(piece(), 0..60),
        record_bytes in 0usize..60,
        header_bytes in 0usize..40,
        block in cut(1..300),
    ) {
        let text = in_dialect(&pieces.concat(), &dialect);
        let reading = Reading { header_row, ..declared(&dialect) };
        let limits = Limits { record_bytes, header_bytes, columns: 3, ..Limits::default() };
        let outcome = |block| {
            index_blocks("x.csv", bytes(&text), &reading, &[], &limits, block)
                .map(|export| (export.header, export.chunks, export.records))
                .map_err(|error| error.to_string())
        };
        prop_assert_eq!(outcome(block), outcome(1 << 20));
    }
}
