//! For any bytes, chunks, batches and blocks: the same records as a reader that goes byte by byte, and as the csv crate.

use std::{ops::Range, sync::Arc};

use arrow::array::Array;
use proptest::{collection::vec, prelude::*, sample::select};

use super::super::{index::index_blocks, *};

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

/// The rules of `mod.rs`, as plainly as possible: one byte after the other, no care for speed.
/// After the header of `width` columns; `Err` is the line of a quote that is never closed.
fn byte_by_byte(text: &[u8], width: usize) -> Result<Vec<Seen>, u64> {
    let line_of = |place: usize| 1 + text[..place].iter().filter(|b| **b == b'\n').count() as u64;
    let mut all = Vec::new();
    let mut place = if text.starts_with("\u{feff}".as_bytes()) {
        3
    } else {
        0
    };
    let mut row = 0;
    while place < text.len() {
        let start = place;
        let mut fields: Vec<Vec<u8>> = vec![Vec::new()];
        let mut flaw = None;
        let mut closed = false;
        let mut at_start = true;
        let mut end = None;
        while place < text.len() && end.is_none() {
            let byte = text[place];
            let rest = &text[place..];
            let field = fields.last_mut().unwrap();
            if rest.starts_with(b"\n") {
                end = Some((place, place + 1));
            } else if rest.starts_with(b"\r\n") {
                end = Some((place, place + 2));
            } else if rest == b"\r" {
                end = Some((place, place + 1));
            } else if byte == b',' {
                fields.push(Vec::new());
                closed = false;
                at_start = true;
                place += 1;
            } else if byte == b'"' && at_start {
                let opened = place;
                place += 1;
                loop {
                    if text[place..].starts_with(b"\"\"") {
                        field.push(b'"');
                        place += 2;
                    } else if text[place..].starts_with(b"\"") {
                        place += 1;
                        break;
                    } else if let Some(byte) = text.get(place) {
                        field.push(*byte);
                        place += 1;
                    } else {
                        return Err(line_of(opened));
                    }
                }
                closed = true;
                at_start = false;
            } else {
                if closed {
                    flaw = flaw.or(Some(RejectReason::TextAfterQuote));
                }
                if byte == b'\r' {
                    flaw = flaw.or(Some(RejectReason::CarriageReturn));
                }
                closed = false;
                field.push(byte);
                at_start = false;
                place += 1;
            }
        }
        let (end, next) = end.unwrap_or((place, place));
        place = next;
        if end == start {
            continue;
        }
        let raw = &text[start..end];
        let reason = if let Err(error) = std::str::from_utf8(raw) {
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
        let record = match reason {
            None => Ok(fields
                .into_iter()
                .map(|f| String::from_utf8(f).unwrap())
                .collect()),
            Some(reason) => Err((raw.to_vec(), reason)),
        };
        all.push(Seen {
            row,
            line: line_of(start),
            record,
        });
        row += 1;
    }
    // The first record is the header, row 0.
    all.remove(0);
    Ok(all)
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

fn cut(rest: Range<usize>) -> impl Strategy<Value = usize> {
    prop_oneof![1usize..8, rest]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_are_what_a_plain_reader_sees(
        header in select(vec!["a", "a,b", "a,b,c", "\u{feff}a,b", "\n\r\n\"a\nb\",c", "a,b\r"]),
        pieces in vec(piece(), 0..60),
        chunk_bytes in cut(1..400),
        batch_rows in cut(1..40),
        block in cut(1..300),
    ) {
        let text = [header.as_bytes(), b"\n", &pieces.concat()].concat();
        let limits = Limits { chunk_bytes, batch_rows, ..Limits::default() };
        let indexed = index_blocks("x.csv", bytes(&text), &limits, block);
        let width = header.split(',').count();
        match (byte_by_byte(&text, width), indexed) {
            (Ok(expected), Ok(export)) => {
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
                let again = index_blocks("x.csv", bytes(&text), &limits, 1 << 20).unwrap();
                prop_assert_eq!(&again.chunks, &export.chunks);
                prop_assert_eq!(&again.sha256, &export.sha256);
            }
            (Err(expected), Err(IngestError::UnclosedQuote { line, .. })) => prop_assert_eq!(line, expected),
            (expected, indexed) => prop_assert!(false, "{:?} but {:?}", expected, indexed.map(|e| e.chunks)),
        }
    }

    #[test]
    fn the_csv_crate_agrees(
        records in vec((vec(field(), 1..5), select(vec!["\n", "\r\n", "\n\n", "\r\n\r\n"])), 0..30),
        ends in any::<bool>(),
        chunk_bytes in cut(1..400),
        batch_rows in cut(1..40),
    ) {
        let mut text = "a,b,c\n".to_owned();
        for (fields, line_break) in &records {
            text.extend([&fields.join(","), *line_break]);
        }
        if !ends {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        let limits = Limits { chunk_bytes, batch_rows, ..Limits::default() };
        let export = index("x.csv", bytes(&text), &limits).unwrap();
        let ours = seen(&export, &limits);
        let theirs: Vec<csv::StringRecord> = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes())
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
    fn an_error_does_not_depend_on_blocks(
        pieces in vec(piece(), 0..60),
        record_bytes in 0usize..60,
        header_bytes in 0usize..40,
        block in cut(1..300),
    ) {
        let text = pieces.concat();
        let limits = Limits { record_bytes, header_bytes, columns: 3, ..Limits::default() };
        let outcome = |block| {
            index_blocks("x.csv", bytes(&text), &limits, block)
                .map(|export| (export.header, export.chunks, export.records))
                .map_err(|error| error.to_string())
        };
        prop_assert_eq!(outcome(block), outcome(1 << 20));
    }
}
