//! Tables of files and what they must be read as.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests make the files that are read"
)]

mod dialects;
mod equality;
mod files;
mod refusals;

use super::*;
use equality::{Seen, bytes, seen};

fn indexed(text: impl AsRef<[u8]>) -> Export {
    index("x.csv", bytes(text), &Limits::default()).unwrap()
}

/// The rows of `text`, each as `row@line:field|field`, rejects as `row@line!reason:raw`.
#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[&str]) {
    let limits = Limits::default();
    let found: Vec<String> = seen(&indexed(text), &limits)
        .into_iter()
        .map(|Seen { row, line, record }| match record {
            Ok(fields) => format!("{row}@{line}:{}", fields.join("|")),
            Err((raw, reason)) => {
                format!("{row}@{line}!{reason:?}:{}", String::from_utf8_lossy(&raw))
            }
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn records_and_their_places() {
    check("a,b\n1,2\n3,4\n", &["1@2:1|2", "2@3:3|4"]);
    check("a,b\r\n1,2\r\n3,4", &["1@2:1|2", "2@3:3|4"]);
    check("a,b\n1,2\n3,4\r", &["1@2:1|2", "2@3:3|4"]);
    check("a,b\n", &[]);
    check("a,b", &[]);
    check("\u{feff}\"a\",b\n1,2\n", &["1@2:1|2"]);
    check("\n\na,b\n\n\r\n1,2\n\n3,4\n\n", &["1@6:1|2", "2@8:3|4"]);
    check(
        "a,b\n\"x\ny\",2\n\"p, \"\"q\"\"\r\n\",4\n5,6\n",
        &["1@2:x\ny|2", "2@4:p, \"q\"\r\n|4", "3@6:5|6"],
    );
    check("a,b\n\"\",\"\"\"\"\n,\n", &["1@2:|\"", "2@3:|"]);
    check(
        "a,b\n5\" pipe,say \"no\"\n \"x\",y\n",
        &["1@2:5\" pipe|say \"no\"", "2@3: \"x\"|y"],
    );
    check("a\n\"\"\n \nx\n", &["1@2:", "2@3: ", "3@4:x"]);
    check("a,b\n\"p\rq\",2\n", &["1@2:p\rq|2"]);
}

#[test]
fn what_is_no_row_is_a_reject_and_the_rest_is_read() {
    check(
        "a,b\n1\n2,3,4\n5,6\n",
        &[
            "1@2!Fields { found: 1, expected: 2 }:1",
            "2@3!Fields { found: 3, expected: 2 }:2,3,4",
            "3@4:5|6",
        ],
    );
    check(
        "a,b\n\"1\"x,2\n\"3\" ,4\n5,6\n",
        &[
            "1@2!TextAfterQuote:\"1\"x,2",
            "2@3!TextAfterQuote:\"3\" ,4",
            "3@4:5|6",
        ],
    );
    check(
        "a,b\n1,2\r3,4\n5,6\n",
        &["1@2!CarriageReturn:1,2\r3,4", "2@3:5|6"],
    );
    check(
        "a,b\n1,\0\n\"\0\n\",3\n5,6\n",
        &[
            "1@2!Nul { byte: 3 }:1,\0",
            "2@3!Nul { byte: 2 }:\"\0\n\",3",
            "3@5:5|6",
        ],
    );
    check(
        b"a,b\n1,Zo\xEB\nZo\xC3\xAB,2\n\"\xFF\n\",4\n",
        &[
            "1@2!NotUtf8 { byte: 5 }:1,Zo\u{fffd}",
            "2@3:Zoë|2",
            "3@4!NotUtf8 { byte: 2 }:\"\u{fffd}\n\",4",
        ],
    );
}

#[test]
fn reasons_say_what_to_do() {
    for (reason, expected) in [
        (
            RejectReason::Fields {
                found: 1,
                expected: 2,
            },
            "1 fields where the header has 2: too few",
        ),
        (
            RejectReason::Fields {
                found: 3,
                expected: 2,
            },
            "3 fields where the header has 2: too many",
        ),
        (
            RejectReason::TextAfterQuote,
            "text after a closing quote; double the quotes inside a quoted field",
        ),
        (
            RejectReason::NotUtf8 { byte: 5 },
            "byte 5 of the record is not UTF-8; write the file\u{2019}s `encoding` in the table\u{2019}s `source`, or export it as UTF-8",
        ),
        (
            RejectReason::FieldTooLong { field: 2, limit: 9 },
            "field 2 is longer than 9 bytes, the limit `limits.field_size` of rules/project.yaml",
        ),
        (
            RejectReason::RepeatedHeader,
            "the header stands here once more",
        ),
        (
            RejectReason::Footer,
            "it stands below the table, as `footer` of the table\u{2019}s `source` says",
        ),
    ] {
        assert_eq!(reason.to_string(), expected);
    }
}

#[test]
fn a_file_that_does_not_end_in_a_line_break_may_be_cut_off() {
    for (text, terminated) in [
        ("a\n1\n", true),
        ("a\n1", false),
        ("a\n1\r\n", true),
        ("a\n1\r", false),
        ("a", false),
    ] {
        assert_eq!(indexed(text).terminated, terminated, "{text:?}");
    }
}

#[test]
fn fields_are_kept_as_often_and_in_the_order_wanted() {
    let text = format!("a,b,c\n1,{},3\n", "long ".repeat(100));
    let export = indexed(&text);
    for (wanted, expected) in [
        (&[2, 0][..], "3|1"),
        (&[0, 0], "1|1"),
        (&[], ""),
        (&[2], "3"),
    ] {
        let batch = read_chunk(&export, 0, wanted, &Limits::default())
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let values: Vec<&str> = batch.columns.iter().map(|column| column.value(0)).collect();
        assert_eq!(values.join("|"), expected);
        assert_eq!(batch.rows.values(), &[1]);
    }
}

#[test]
fn records_that_may_have_swallowed_others_are_told() {
    // Each: the text, and row@line:lines/records of what is suspect.
    let rows = |from: usize, to: usize| -> String {
        (from..to).map(|n| format!("V{n},x,y,z\n")).collect()
    };
    let head = "ref,b,c,note\n";
    let wide = format!("{head}V1,x,y,\"said\n{}V9,x,y,bye\"\n", rows(2, 9));
    let long = format!("{head}V1,x,y,\"{}\"\nV2,x,y,z\n", "line\n".repeat(101));
    let cases: [(&str, &[&str]); 11] = [
        (&wide, &["1@2:9/8"]),
        (&wide.replace('\n', "\r\n"), &["1@2:9/8"]),
        // Two rows that became one.
        ("ref,note\nV1,\"said\nV20,bye\"\nV3,z\n", &["1@2:2/1"]),
        // The keys are words: one line may be chance, three are not.
        (
            "who,b,c,note\nAnn,x,y,\"p\nBob,x,y,z\nCid,x,y,z\nq\"\n",
            &[],
        ),
        (
            "who,b,c,note\nAnn,x,y,\"p\nBob,x,y,z\nCid,x,y,z\nDee,x,y,z\nq\"\n",
            &["1@2:5/3"],
        ),
        (&long, &["1@2:102/0"]),
        // Honest notes.
        (
            "ref,note\nV1,\"called, no answer\ncalled again\n\nleft a message\"\n",
            &[],
        ),
        (
            "ref,b,c,note\nV1,x,y,\"Flat 1, 2 High Street\nLeicester, UK, Europe, Earth\"\n",
            &[],
        ),
        ("ref,note,c\nV1,\"one\ntwo, three\",z\n", &[]),
        ("note\n\"a 1\nb 2\nc 3\"\n", &[]),
        // A record that is no row is a reject.
        ("ref,note\nV1,\"said\nV2,z\nV3,\"x\"\nV4,z\n", &[]),
    ];
    for (text, expected) in cases {
        // Chunks of any size: records are whole in them.
        for chunk_bytes in [1, 64, 1 << 20] {
            let limits = Limits {
                chunk_bytes,
                ..Limits::default()
            };
            let export = index("x.csv", bytes(text), &limits).unwrap();
            let batches = (0..export.chunks.len())
                .flat_map(|chunk| read_chunk(&export, chunk, &[0], &limits).unwrap());
            let found: Vec<String> = batches
                .flat_map(|batch| batch.unwrap().swallowed)
                .map(|s| format!("{}@{}:{}/{}", s.row, s.line, s.lines, s.records))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
