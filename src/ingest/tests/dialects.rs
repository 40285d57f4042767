//! How files are written: declared, told by the file or found out; and what stands around their tables.

use super::{
    super::*,
    equality::{Seen, bytes, seen},
};
use crate::tables::{Quote, Reading};

const NAMES: [&str; 3] = ["ref", "day", "note"];

/// Columns that have one name each.
fn each<'n>(names: &[&'n str]) -> Vec<Vec<&'n str>> {
    names.iter().map(|name| vec![*name]).collect()
}

fn read_as(text: &str, reading: &Reading, expected: &[&str]) -> Export {
    let expected = each(expected);
    index_as("x.csv", bytes(text), reading, &expected, &Limits::default()).unwrap()
}

fn read(text: &str) -> Export {
    read_as(text, &Reading::default(), &NAMES)
}

fn dialect(delimiter: u8, quote: u8, escape: Option<u8>) -> Dialect {
    Dialect {
        delimiter,
        quote: Quote::Byte(quote),
        escape,
    }
}

/// The rows, as `row@line:field|field`, rejects as `row@line!reason`, in chunks of any size.
#[track_caller]
fn rows(text: &str, reading: &Reading, expected: &[&str]) -> Vec<String> {
    let tell = |Seen { row, line, record }| match record {
        Ok(fields) => format!("{row}@{line}:{}", fields.join("|")),
        Err((_, reason)) => format!("{row}@{line}!{reason:?}"),
    };
    let of = |chunk_bytes| -> Vec<String> {
        let limits = Limits {
            chunk_bytes,
            ..Limits::default()
        };
        let export = index_as("x.csv", bytes(text), reading, &each(expected), &limits).unwrap();
        seen(&export, &limits).into_iter().map(tell).collect()
    };
    let whole = of(1 << 20);
    assert_eq!(of(1), whole);
    assert_eq!(of(40), whole);
    whole
}

#[test]
fn dialects_are_found_out_by_the_names() {
    let plain = "ref,day,note\n1,2017-01-05,\"a, b\"\n2,2017-01-06,it's\n";
    let cases = [
        (plain.to_owned(), Dialect::default()),
        (plain.replace(',', ";"), dialect(b';', b'"', None)),
        (plain.replace(',', "\t"), dialect(b'\t', b'"', None)),
        (plain.replace(',', "|"), dialect(b'|', b'"', None)),
        (plain.replace(',', "^"), dialect(b'^', b'"', None)),
        (plain.replace(',', "~"), dialect(b'~', b'"', None)),
        (plain.replace(',', ":"), dialect(b':', b'"', None)),
        (plain.replace('"', "'"), dialect(b',', b'\'', None)),
        (
            "'ref';'day';'note'\n'1';'x';'y'\n".to_owned(),
            dialect(b';', b'\'', None),
        ),
        (
            "ref,day,note\n1,'x','y'\n2,'z',\n".to_owned(),
            dialect(b',', b'\'', None),
        ),
        (
            "ref,day,note\n1,x,\"say \\\"no\\\", then\"\n".to_owned(),
            dialect(b',', b'"', Some(b'\\')),
        ),
        (
            "ref;day;note\n1;x;a\\;b\n2;C:\\\\x;y\n".to_owned(),
            dialect(b';', b'"', Some(b'\\')),
        ),
        (
            "ref,day,note\n1,x,'it\\'s, so'\n2,y,z\n".to_owned(),
            dialect(b',', b'\'', Some(b'\\')),
        ),
        // Backslashes and apostrophes that part nothing are text.
        (
            "ref,day,note\n1,C:\\x,\"C:\\\"\n2,'tis,y\n".to_owned(),
            Dialect::default(),
        ),
        (
            "ref,day,note\n1,x,'y'\n2,x,y\n3,x,y\n4,x,y\n".to_owned(),
            Dialect::default(),
        ),
        // No name is known.
        ("a,b;c\n1,2;3\n".to_owned(), Dialect::default()),
        ("a;b\n1,5;3\n".to_owned(), dialect(b';', b'"', None)),
        ("a;b\n1,5;3\n4\n".to_owned(), Dialect::default()),
    ];
    for (text, want) in cases {
        for (mark, line_break) in [("", "\n"), ("\u{feff}", "\r\n")] {
            let text = format!("{mark}{}", text.replace('\n', line_break));
            assert_eq!(read(&text).written.dialect, Some(want), "{text}");
        }
    }
}

#[test]
fn what_was_found_out_and_is_not_certain_is_told() {
    let remarks = |text: &str, reading: &Reading| -> Vec<String> {
        let remarks = read_as(text, reading, &NAMES).remarks;
        let tell = |r: Remark| format!("{} {}: {}", r.about, r.line.unwrap(), r.found);
        remarks.into_iter().map(tell).collect()
    };
    let free = Reading::default();
    let declared = Reading {
        delimiter: Some(b';'),
        ..Reading::default()
    };
    for (text, reading, want) in [
        ("ref;day;note\n1;2;3\n", &free, &[][..]),
        ("ref,day,note\n1,2,3\n", &free, &[]),
        ("ref,day\n1,2\n", &free, &[]),
        (
            "ref;day\n1;2\n",
            &free,
            &["dialect 1: fields parted by `;`, quotes `\"`"],
        ),
        ("ref;day\n1;2\n", &declared, &[]),
        ("sep=;\nref;day\n1;2\n", &free, &[]),
        (
            "ref,day,note\n1,2,'a,b'\n",
            &free,
            &["dialect 1: fields parted by `,`, quotes `'`"],
        ),
        (
            "ref\tday\tnote\n1\t2\ta\\\tb\n",
            &free,
            &["dialect 1: fields parted by tabs, quotes `\"`, escapes `\\`"],
        ),
    ] {
        assert_eq!(remarks(text, reading), want, "{text}");
    }
}

#[test]
fn a_first_line_may_tell_the_delimiter() {
    for first in ["sep=|", "\"sep=|\"", "SEP=|", "\u{feff}sep=|"] {
        for line_break in ["\n", "\r\n"] {
            let text = format!("{first}\na|b\n1|2,3\n").replace('\n', line_break);
            let export = read_as(&text, &Reading::default(), &[]);
            assert_eq!(export.header, ["a", "b"], "{text}");
            assert_eq!((export.header_line, export.remarks.len()), (2, 0));
            assert_eq!(
                rows(&text, &Reading::default(), &[]),
                ["1@3:1|2,3"],
                "{text}"
            );
        }
    }
    for text in ["sep=a\n1\n", "sep=\n1\n", "sep=;;\n1\n"] {
        let export = read_as(text, &Reading::default(), &["sep=a"]);
        assert_eq!(export.header_line, 1, "{text}");
    }
}

#[test]
fn escapes_make_text_of_what_is_behind_them() {
    let reading = Reading {
        delimiter: Some(b';'),
        quote: Some(Quote::Byte(b'\'')),
        escape: Some(b'\\'),
        ..Reading::default()
    };
    for (text, want) in [
        ("a;b\n1\\;2;3\n", &["1@2:1;2|3"][..]),
        ("a;b\n'1\\'2';'3''4'\n", &["1@2:1'2|3'4"]),
        ("a;b\n\\'1;\\\\'\n", &["1@2:'1|\\'"]),
        ("a;b\n1\\\n2;3\n4;5\n", &["1@2:1\n2|3", "2@4:4|5"]),
        ("a;b\n'1\\\n2';3\n4;5\n", &["1@2:1\n2|3", "2@4:4|5"]),
        // It escapes one byte: here the carriage return.
        ("a;b\n1;2\\\r\n3;4\r\n", &["1@2:1|2\r", "2@3:3|4"]),
        ("a;b\n1;\\n\n", &["1@2:1|n"]),
        // With nothing behind it, it is text.
        ("a;b\n1;2\\", &["1@2:1|2\\"]),
        ("a;b\n'1'\\;2;3\n", &["1@2!TextAfterQuote"]),
        ("a;b\n'\\\\';'\\\\\\''\n", &["1@2:\\|\\'"]),
    ] {
        assert_eq!(rows(text, &reading, &[]), want, "{text}");
    }
    let nothing = Reading {
        quote: Some(Quote::Nothing),
        ..Reading::default()
    };
    let text = "\"a\",b\n\"x,5\" pipe\n";
    assert_eq!(rows(text, &nothing, &[]), ["1@2:\"x|5\" pipe"]);
    assert_eq!(read_as(text, &nothing, &[]).header, ["\"a\"", "b"]);
    let open = index_as(
        "x.csv",
        bytes("a;b\n1;'\\'\n"),
        &reading,
        &[],
        &Limits::default(),
    );
    let open = open.unwrap_err().to_string();
    assert!(open.contains("line 2: a quote opens here"), "{open}");
}

#[test]
fn a_header_is_found_below_a_preamble() {
    let head = |text: &str, header_row: Option<u64>| {
        let reading = Reading {
            header_row,
            ..Reading::default()
        };
        let export = read_as(text, &reading, &NAMES);
        let before = export.remarks.iter().find(|r| r.about == "preamble");
        let told = before.map(|r| format!("{} {}", r.line.unwrap(), r.found));
        (export.header_line, export.header.len(), told)
    };
    let told = |text: &str| Some(text.to_owned());
    let preamble = "Report of \"January\"\nprinted, by hand\n\nref,day,note\n1,2,3\n";
    assert_eq!(head(preamble, None), (4, 3, told("1 3 lines")));
    assert_eq!(head(&format!("\u{feff}{preamble}"), None).0, 4);
    assert_eq!(rows(preamble, &Reading::default(), &NAMES), ["1@5:1|2|3"]);
    assert_eq!(
        head("A report\nday,x,ref,y\n1,2,3,4\n", None),
        (2, 4, told("1 1 line"))
    );
    assert_eq!(
        head("sep=;\nA report\nref;day;note\n", None),
        (3, 3, told("2 1 line"))
    );
    // An open quote does not hide what stands below.
    assert_eq!(head("\"A report\nref,day,note\n1,2,3\n", None).0, 2);
    assert_eq!(head("\n\nref,day,note\n", None), (3, 3, None));
    // Too few names, or one in a sentence.
    assert_eq!(head("a,b,c\nref,x,y\n", None), (1, 3, None));
    // A header whose name is wrong is one: another below it does not make a preamble of rows.
    assert_eq!(
        head("ref,day,nte\n1,2,3\nref,day,note\n4,5,6\n", None),
        (1, 3, None)
    );
    // Where it is declared, it stands there, and what stands above it is known.
    assert_eq!(head("ref,day,note\nx,y,z\n1,2,3\n", Some(2)), (2, 3, None));
    assert_eq!(head("ref,day,note\n1,2,3\n", Some(1)), (1, 3, None));
    let reading = Reading {
        header_row: Some(5),
        ..Reading::default()
    };
    for text in ["ref\n1\n", "a\nb\nc\nd\n"] {
        let error = index_as(
            "x.csv",
            bytes(text),
            &reading,
            &each(&NAMES),
            &Limits::default(),
        );
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("`x.csv` has no line 5, on which `header_row`"),
            "{error}"
        );
    }
    // Beyond fifty lines nobody looks.
    let far = format!("{}ref,day,note\n1,2,3\n", "x\n".repeat(50));
    assert_eq!(head(&far, None).0, 1);
    assert_eq!(head(&far[2..], None).0, 50);
}

#[test]
fn headers_that_stand_there_again_are_rejects() {
    let text = "ref,day,note\n1,2,3\nref,day,note\n \"ref\",day,note\nref,day, note \r\n\"ref\",\"day\",\"note\"\nref,day,no\n";
    let want = [
        "1@2:1|2|3",
        "2@3!RepeatedHeader",
        "3@4: \"ref\"|day|note",
        "4@5!RepeatedHeader",
        "5@6!RepeatedHeader",
        "6@7:ref|day|no",
    ];
    assert_eq!(rows(text, &Reading::default(), &NAMES), want);
    // A header of blanks names nothing.
    assert_eq!(
        rows("\"\"\n\"\"\nx\n", &Reading::default(), &[]),
        ["1@2:", "2@3:x"]
    );
}

#[test]
fn a_footer_is_what_stands_at_the_end() {
    let reading = Reading {
        footer: vec!["Total".to_owned(), "Printed".to_owned()],
        ..Reading::default()
    };
    let of = |text: &str| rows(text, &reading, &NAMES);
    assert_eq!(
        of("ref,day,note\n1,2,3\n,Total: 1,\nany,thing,\nelse\n"),
        ["1@2:1|2|3", "2@3!Footer", "3@4!Footer", "4@5!Footer"]
    );
    assert_eq!(
        of("ref,day,note\n\"Printed, by\nhand\"\n\n"),
        ["1@2!Footer"]
    );
    assert_eq!(of("ref,day,note\n1,Total,\n"), ["1@2:1|Total|"]);
    // So many records may follow the first, and no more.
    for (after, is_footer) in [(49, true), (50, false)] {
        let text = format!(
            "ref,day,note\n1,2,3\nTotal,1,2\n{}",
            "4,5,6\n".repeat(after)
        );
        let rows = of(&text);
        assert_eq!(rows.len(), after + 2);
        let footers = rows.iter().filter(|row| row.contains("!Footer")).count();
        assert_eq!(footers, if is_footer { 50 } else { 0 });
        assert_eq!(rows[1].as_str() == "2@3:Total|1|2", !is_footer);
    }
    // None is declared.
    assert_eq!(
        rows("ref,day,note\nTotal,1,2\n", &Reading::default(), &NAMES),
        ["1@2:Total|1|2"]
    );
}

#[test]
fn fields_up_to_the_limit_are_read() {
    let limits = Limits {
        field_bytes: 4,
        ..Limits::default()
    };
    for (text, want) in [
        ("a,b\n1,1234\n", None),
        ("a,b\n\"1234\",\"1234\"\n", None),
        ("a,b\n1,12345\n", Some(2)),
        ("a,b\n\"12\"\"4\",1\n", Some(1)),
    ] {
        let export = index("x.csv", bytes(text), &limits).unwrap();
        let want = want.map(|field| RejectReason::FieldTooLong { field, limit: 4 });
        let reason = seen(&export, &limits)[0].record.clone().err();
        assert_eq!(reason.map(|(_, reason)| reason), want, "{text}");
    }
}

#[test]
fn a_sign_that_is_declared_parts_no_fields() {
    let reading = Reading {
        quote: Some(Quote::Byte(b'|')),
        escape: Some(b','),
        ..Reading::default()
    };
    for (text, expected) in [
        ("a;b\n1,;2;|3;4|\n", &["1@2:1;2|3;4"][..]),
        ("sep=,\na;b\n1,;2;3\n", &["1@3:1;2|3"]),
        ("a\n1,\n2\n", &["1@2:1\n2"]),
    ] {
        assert_eq!(rows(text, &reading, &[]), expected, "{text}");
        assert_eq!(rows(text, &reading, &["a"]), expected, "{text}");
    }
}
