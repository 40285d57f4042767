//! Tables of files and what they must be read as.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests make the files that are read"
)]

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
            "byte 5 of the record is not UTF-8; export the file as UTF-8",
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
