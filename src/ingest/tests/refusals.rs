//! Files and headers that are refused, and with which words.

use super::{super::*, equality::bytes, indexed};
use crate::tables::Reading;

#[test]
fn files_that_are_refused() {
    let small = Limits {
        record_bytes: 5,
        columns: 2,
        header_bytes: 8,
        ..Limits::default()
    };
    let usual = Limits::default();
    let swallowed = format!("a,b\n1,2\n\"3,4\n{}", "5,6\n".repeat(300_000));
    let cases: Vec<(&[u8], &Limits, &str)> = vec![
        (b"", &usual, "`x.csv` has no header"),
        (b"\n\r\n\n", &usual, "`x.csv` has no header"),
        (b"\xEF\xBB\xBF", &usual, "`x.csv` has no header"),
        (
            b"\xFF\xFEa\0",
            &usual,
            "`x.csv` is UTF-32, or text with zero bytes in its header, which is not read as it stands; export it as UTF-8",
        ),
        (b"\xFE\xFF\0a", &usual, "zero bytes"),
        (b"a\0,\0b\0\n\0", &usual, "zero bytes"),
        (b"\x1F\x8B\x08\0", &usual, "a compressed file"),
        (
            b"PK\x03\x04\0\0",
            &usual,
            "a ZIP archive that is no workbook",
        ),
        (b"PAR1\x15\0", &usual, "a Parquet file"),
        (
            b"\xEF\xBB\xBF\r\n <!DOCTYPE html>\n<html>\n",
            &usual,
            "an HTML page or XML",
        ),
        (
            b"<HTML><body>Sign in</body></HTML>",
            &usual,
            "an HTML page or XML",
        ),
        (b"<?xml version='1.0'?>\n", &usual, "an HTML page or XML"),
        (
            b"a,b\r1,2\r3,4\r",
            &usual,
            "line 1: a carriage return without a line feed",
        ),
        (
            b"a,b\r1,2\n",
            &usual,
            "line 1: a carriage return without a line feed",
        ),
        (
            b"\na,\xFFb\n1,2\n",
            &usual,
            "line 2: the header is not UTF-8 from its byte 3 on",
        ),
        (
            b"a,\"b\"c\n1,2\n",
            &usual,
            "line 1: text follows a closing quote",
        ),
        (
            b"a,\"b\n1,2\n",
            &usual,
            "line 1: a quote opens here and is not closed",
        ),
        (
            b"a,b\n1,2\n3,\"4\n5,6\n",
            &usual,
            "line 3: a quote opens here and is not closed",
        ),
        (
            b"a,b\n1,\"x\ny\",\"4\n5,6\n",
            &usual,
            "line 3: a quote opens here and is not closed",
        ),
        (
            swallowed.as_bytes(),
            &usual,
            "line 3: the record that starts here is longer than 1048576 bytes, the limit `limits.record_size` of rules/project.yaml (the quote that opens on line 3",
        ),
        (
            b"a,b,c\n",
            &small,
            "line 1: the header has 3 columns, more than 2, the limit `limits.columns` of rules/project.yaml; check the file",
        ),
        (
            b"a,bcdefg\n",
            &small,
            "line 1: no header ends within the first 8 bytes, the limit `limits.header_size` of rules/project.yaml;",
        ),
        (
            b"\n\"a\n,bcdefg",
            &small,
            "line 2: no header ends within the first 8 bytes, the limit `limits.header_size` of rules/project.yaml (the quote that opens on line 2",
        ),
        (
            b"a,b\n123,56\n",
            &small,
            "line 2: the record that starts here is longer than 5 bytes, the limit `limits.record_size` of rules/project.yaml; correct",
        ),
        (
            b"a,b\n1,2\n123,56",
            &small,
            "line 3: the record that starts here is longer than 5 bytes,",
        ),
    ];
    for (text, limits, expected) in cases {
        let message = index("x.csv", bytes(text), limits).unwrap_err().to_string();
        assert!(
            message.contains(expected),
            "{message}\n  is not about\n{expected}"
        );
    }
    // At the limits, not over them.
    for text in [
        "a,bcdef\n1,3\n",
        "a,b\n123,5\r\n",
        "a,b\n123,5\r",
        "a,b\n123,5",
    ] {
        assert_eq!(
            index("x.csv", bytes(text), &small).unwrap().records,
            1,
            "{text:?}"
        );
    }
    // Names that begin like another format.
    for text in ["PAR1,PAR2\n", "BZh,b\n", "PK,b\n", "<htm,b\n"] {
        assert_eq!(indexed(text).header.len(), 2);
    }
}

#[test]
fn columns_are_found_by_name() {
    let export = indexed("note, case_ref ,,status,Status\n n , c ,x,s,S\n");
    let expected = ["case_ref", "status"].map(Expected::from);
    let mapping = map_header(&export, &expected).unwrap();
    assert_eq!(
        mapping,
        Mapping {
            positions: vec![Some(1), Some(3)],
            extra: vec![0, 2, 4],
            missing: Vec::new(),
        }
    );
    let batch = read_chunk(&export, 0, &[1, 3], &Limits::default())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let values: Vec<&str> = batch.columns.iter().map(|column| column.value(0)).collect();
    assert_eq!(values, [" c ", "s"]);
}

#[test]
fn headers_that_do_not_fit() {
    for (header, declared, expected) in [
        (
            "case_ref,Opened On,b,closd_on",
            &["case_ref", "opened_on", "closed_on", "area"][..],
            "line 1: the header does not fit the declared columns; missing: `opened_on` (did you mean `Opened On`? if so, write `aliases: [\"Opened On\"]` under `opened_on`), `closed_on` (did you mean `closd_on`? if so, write `aliases: [\"closd_on\"]` under `closed_on`), `area`; correct the header",
        ),
        (
            "a,b,a,a",
            &["a", "b"],
            "more than once: `a` (columns 1, 3, 4); correct the header",
        ),
        (
            "a,,c, ",
            &["a", "b"],
            "missing: `b`; without a name: columns 2, 4; correct",
        ),
        (
            "\nC-1,2017-01-05",
            &["case_ref", "opened_on"],
            "line 2: the header does not fit",
        ),
        (
            "C-1,2017-01-05",
            &["case_ref", "opened_on"],
            "it looks like the file has no header",
        ),
        (
            "case_ref;\"opened_on\";note",
            &["case_ref", "opened_on"],
            "the names are separated by `;`: write `delimiter: \";\"` in the table\u{2019}s `source`",
        ),
        (
            "note, or other\topened_on",
            &["case_ref", "opened_on"],
            "the names are separated by tabs: write `delimiter: \"\\t\"`",
        ),
        (
            "C-1;x,2017-01-05",
            &["case_ref", "opened_on"],
            "it looks like the file has no header",
        ),
    ] {
        // A delimiter that is declared stands, whatever the names say.
        let commas = Reading {
            delimiter: Some(b','),
            ..Reading::default()
        };
        let limits = Limits::default();
        let names: Vec<Vec<&str>> = declared.iter().map(|name| vec![*name]).collect();
        let export = index_as("x.csv", bytes(header), &commas, &names, &limits).unwrap();
        let declared: Vec<Expected> = declared.iter().copied().map(Expected::from).collect();
        let message = map_header(&export, &declared).unwrap_err().to_string();
        assert!(
            message.contains(expected),
            "{message}\n  is not about\n{expected}"
        );
    }
    // What is not declared may be blank or repeated.
    assert!(map_header(&indexed("a,,x,x,"), &["a".into()]).is_ok());
}

#[test]
fn chunks_and_fields_that_are_not_there() {
    let export = indexed("a,b\n1,2\n");
    for (chunk, wanted, expected) in [
        (1, &[0][..], "there is no chunk 1"),
        (0, &[0, 2], "there is no field 2"),
    ] {
        let message = read_chunk(&export, chunk, wanted, &Limits::default())
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{message}");
    }
}
