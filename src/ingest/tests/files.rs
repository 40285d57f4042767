//! Chunks, files on disk and what happens when they change.

use std::fs;

use super::{
    super::*,
    equality::{bytes, seen},
    indexed,
};
use crate::tables::Reading;

#[test]
fn a_chunk_begins_at_the_first_line_outside_quotes_that_is_far_enough() {
    for (text, chunk_bytes, expected) in [
        (
            "a\n1\n2\n3\n",
            2,
            &["2+2 row 1 line 2", "4+2 row 2 line 3", "6+2 row 3 line 4"][..],
        ),
        ("a\n1\n2\n3\n", 3, &["2+4 row 1 line 2", "6+2 row 3 line 4"]),
        ("a\n1\n2\n3\n", 6, &["2+6 row 1 line 2"]),
        ("a\n1\n\n2\n", 2, &["2+2 row 1 line 2", "4+3 row 2 line 3"]),
        (
            "a\n\"1\n\n\"\n2",
            2,
            &["2+6 row 1 line 2", "8+1 row 2 line 5"],
        ),
        ("a\n", 2, &[]),
        ("a", 2, &[]),
    ] {
        let limits = Limits {
            chunk_bytes,
            ..Limits::default()
        };
        let export = index("x.csv", bytes(text), &limits).unwrap();
        let chunks: Vec<String> = export
            .chunks
            .iter()
            .map(|c| {
                format!(
                    "{}+{} row {} line {}",
                    c.offset, c.bytes, c.first_row, c.first_line
                )
            })
            .collect();
        assert_eq!(chunks, expected, "{text:?} in {chunk_bytes}");
    }
}

#[test]
fn quoted_line_breaks_are_the_same_in_any_number_of_chunks() {
    let rows = 300_000_u64;
    let mut text = "id,note\n".to_owned();
    let mut expected = Vec::new();
    let mut line = 2;
    for n in 0..rows {
        let note = if n % 3 == 0 { "two,\nlines" } else { "one" };
        expected.push((n as i64 + 1, line));
        line += if n % 3 == 0 { 2 } else { 1 };
        text.push_str(&if n % 3 == 0 {
            format!("{n},\"{note}\"\n")
        } else {
            format!("{n},{note}\n")
        });
    }
    let starts: Vec<&str> = text.split('\n').collect();
    for count in [1, 2, 8, 16] {
        let limits = Limits {
            chunk_bytes: text.len().div_ceil(count),
            ..Limits::default()
        };
        let export = index("x.csv", bytes(&text), &limits).unwrap();
        assert_eq!(export.chunks.len(), count);
        assert_eq!(export.records, rows);
        let mut places = Vec::new();
        for chunk in 0..count {
            for batch in read_chunk(&export, chunk, &[0], &limits).unwrap() {
                let batch = batch.unwrap();
                assert_eq!(batch.rejects, []);
                for (n, (row, line)) in batch
                    .rows
                    .values()
                    .iter()
                    .zip(batch.lines.values())
                    .enumerate()
                {
                    let id = batch.columns[0].value(n);
                    assert_eq!(id.parse(), Ok(row - 1));
                    assert_eq!(
                        starts[*line as usize - 1].split(',').next(),
                        Some(id),
                        "line {line}"
                    );
                    places.push((*row, *line));
                }
            }
        }
        assert_eq!(places, expected, "{count} chunks");
    }
}

#[test]
fn a_file_on_disk_reads_like_its_bytes_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let text = "a,b\n1,2\n\"3\n\",4\n5,6\n";
    let limits = Limits {
        chunk_bytes: 4,
        ..Limits::default()
    };
    let fresh = || {
        fs::write(&path, text).unwrap();
        index("x.csv", Content::File(path.clone()), &limits).unwrap()
    };
    let export = fresh();
    let in_memory = index("x.csv", bytes(text), &limits).unwrap();
    assert_eq!(export.chunks, in_memory.chunks);
    assert_eq!(export.sha256, in_memory.sha256);
    assert_eq!(seen(&export, &limits), seen(&in_memory, &limits));
    assert_eq!(seen(&export, &limits).len(), 3);

    let later = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let changes: [&dyn Fn(); 4] = [
        &|| fs::write(&path, format!("{text}7,8\n")).unwrap(),
        &|| fs::write(&path, "a,b\n").unwrap(),
        &|| {
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(later)
                .unwrap()
        },
        &|| {
            let other = folder.path().join("y.csv");
            fs::write(&other, text).unwrap();
            fs::rename(other, &path).unwrap();
        },
    ];
    for (n, change) in changes.iter().enumerate() {
        let export = fresh();
        change();
        for chunk in 0..export.chunks.len() {
            let error = read_chunk(&export, chunk, &[0], &limits).unwrap_err();
            assert!(
                matches!(error, IngestError::Changed { .. }),
                "change {n}: {error}"
            );
        }
    }
    let export = fresh();
    fs::remove_file(&path).unwrap();
    let gone = read_chunk(&export, 0, &[0], &limits)
        .unwrap_err()
        .to_string();
    assert!(
        gone.starts_with("cannot open `x.csv`: No such file"),
        "{gone}"
    );
    let gone = index("x.csv", Content::File(path), &limits)
        .unwrap_err()
        .to_string();
    assert!(
        gone.starts_with("cannot open `x.csv`: No such file"),
        "{gone}"
    );
    let folder = index("x.csv", Content::File(folder.path().into()), &limits).unwrap_err();
    assert!(matches!(folder, IngestError::NotAFile { .. }), "{folder}");
}

#[test]
fn hashes_are_sha256sum_s() {
    assert_eq!(
        indexed("a,b\n1,2\n").sha256,
        "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470"
    );
}

#[test]
fn a_reader_notices_that_its_index_is_another_file_s() {
    let limits = Limits {
        chunk_bytes: 1,
        ..Limits::default()
    };
    let text = "a,b\n1,2\n3,4\n";
    for other in [
        "a,b\n1\n2\n3,4\n",
        "a,b\n1,234,4\n",
        "a,b\n1,2\n\"34\n",
        "a,b\n\n\n\n\n3,4\n",
    ] {
        assert_eq!(text.len(), other.len());
        let mut export = index("x.csv", bytes(text), &limits).unwrap();
        export.content = bytes(other);
        let errors = (0..export.chunks.len())
            .flat_map(|chunk| read_chunk(&export, chunk, &[0], &limits).unwrap())
            .filter(|batch| matches!(batch, Err(IngestError::Changed { .. })))
            .count();
        assert_eq!(errors, 1, "{other:?}");
    }
}

#[test]
fn rejects_of_json_lines_stand_there_as_they_were_delivered() {
    let text = "{\"a\":\"long\"}\r\n{\"é\"\n{\"a\":\"\\u00e9\"}\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let limits = Limits {
        field_bytes: 3,
        ..Limits::default()
    };
    let means = Means {
        limits: &limits,
        reader: &Reader::Here,
        scratch: &|| tempfile::tempfile(),
    };
    let reading = Reading {
        format: Some(Format::JsonLines),
        ..Reading::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    for bytes in [text.as_bytes(), &wide] {
        fs::write(&path, bytes).unwrap();
        let exports = open("x.jsonl", &path, &reading, &[], means).unwrap();
        let rejects: Vec<Reject> = read_chunk(&exports[0], 0, &[0], &limits)
            .unwrap()
            .flat_map(|batch| batch.unwrap().rejects)
            .collect();
        assert_eq!(
            rejects.iter().map(|r| r.reason).collect::<Vec<_>>(),
            [
                RejectReason::FieldTooLong { field: 1, limit: 3 },
                RejectReason::JsonCut
            ]
        );
        for reject in rejects {
            let mut places = bytes.windows(reject.raw.len());
            assert!(places.any(|place| place == reject.raw), "{reject:?}");
        }
    }
}

#[test]
fn a_line_of_json_is_too_long_with_a_byte_order_mark_as_without() {
    let limits = Limits {
        record_bytes: 10,
        ..Limits::default()
    };
    let means = Means {
        limits: &limits,
        reader: &Reader::Here,
        scratch: &|| tempfile::tempfile(),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    for mark in ["", "\u{feff}"] {
        for line_break in ["", "\n", "\r\n"] {
            for (value, fits) in [("1234", true), ("12345", false), ("123456789", false)] {
                fs::write(&path, format!("{mark}{{\"a\":{value}}}{line_break}")).unwrap();
                let read = open("x.jsonl", &path, &Reading::default(), &[], means);
                assert_eq!(read.is_ok(), fits, "{mark:?} {value} {line_break:?}");
            }
        }
    }
}
