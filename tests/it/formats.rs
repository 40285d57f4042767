//! Files of every format, limits, and files that are made to do harm; other libraries write them.

use std::{io::Write, process::Command, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray,
        RecordBatch, StringArray, TimestampMicrosecondArray,
    },
    buffer::OffsetBuffer,
    datatypes::{DataType, Field, Int32Type},
};
use flate2::{Compression, write::GzEncoder};
use parquet::arrow::ArrowWriter;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use serde_json::Value;

use crate::harness::{Project, Row, Sheet, Spoken, parquet_cells, read};

const VISITS: &str = "visit_ref,visited_on,amount,done,note\nV1,2017-01-05,12.5,true,one\nV2,2017-02-06,3,false,\"two, or more\"\nV3,,,,\n";
const COLUMNS: &str = "key: [visit_ref]
columns:
  visit_ref: { type: string, not_null: error }
  visited_on: { type: date, formats: [\"%d/%m/%Y\", \"%Y-%m-%d\"] }
  amount: { type: decimal }
  done: { type: boolean }
  note: { type: string }
";

/// A project of one table whose `source` is this, and whose `limits` are these.
fn project(source: &str, limits: &str) -> Project {
    let project = Project::of(&[]);
    let about = "version: 1\nname: Visits\ndelivery: { path: delivery, as_of: 2020-06-01 }\n";
    let limits = match limits {
        "" => String::new(),
        limits => format!("limits: {{ {limits} }}\n"),
    };
    project.write("rules/project.yaml", format!("{about}{limits}"));
    let table = format!("version: 1\ntable: visits\nsource: {{ {source} }}\n{COLUMNS}");
    project.write("rules/tables/visits.yaml", table);
    project
}

fn log(project: &Project, spoken: &Spoken) -> Vec<Row> {
    let folder = project.path(&spoken.folder());
    Sheet::read(&folder.join("discrepancies.csv")).rows
}

/// Rule and message of each discrepancy.
fn told(project: &Project, spoken: &Spoken) -> Vec<String> {
    let tell = |row: &Row| format!("{}: {}", &row["rule_id"], &row["message"]);
    log(project, spoken).iter().map(tell).collect()
}

/// The columns of the table.
const NAMES: [&str; 5] = ["visit_ref", "visited_on", "amount", "done", "note"];

/// A clean row: its cells, and its sheet and line.
type CleanRow = ([Option<String>; 5], (Option<String>, Option<String>));

fn clean(project: &Project) -> Vec<CleanRow> {
    let rows = parquet_cells(&project.path("out/current/clean/visits.parquet"));
    let row = |row: &std::collections::BTreeMap<String, Option<String>>| {
        let place = (row["_sheet"].clone(), row["_line"].clone());
        (NAMES.map(|name| row[name].clone()), place)
    };
    rows.iter().map(row).collect()
}

/// The clean cells without their places.
fn cells(project: &Project) -> Vec<[Option<String>; 5]> {
    clean(project).into_iter().map(|row| row.0).collect()
}

/// A column of the clean table.
fn column(project: &Project, name: &str) -> Vec<String> {
    let at = NAMES.iter().position(|n| *n == name).expect("a column");
    let cell = |row: [Option<String>; 5]| row[at].clone().unwrap_or_default();
    cells(project).into_iter().map(cell).collect()
}

/// The clean rows of the plain CSV, which nothing else may differ from.
fn plain() -> Vec<[Option<String>; 5]> {
    let project = project("files: visits.csv", "");
    project.write("delivery/visits.csv", VISITS);
    project.run("").expect(0);
    let rows = cells(&project);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1][4].as_deref(), Some("two, or more"));
    rows
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("packed")
}

/// A workbook: a hidden sheet, and one with a title above the table and a note beside it.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let notes = book.add_worksheet().set_name("Notes").expect("a name");
    notes.write(0, 0, "nothing").expect("written");
    notes.set_hidden(true);
    let sheet = book.add_worksheet().set_name("The visits").expect("a name");
    sheet.set_active(true);
    sheet.write(0, 1, "Visits of the year").expect("written");
    sheet
        .merge_range(1, 1, 1, 4, "printed today", &Format::new())
        .expect("merged");
    for (column, name) in (1..).zip(["visit_ref", "visited_on", "amount", "done", "note"]) {
        sheet.write(3, column, name).expect("written");
    }
    let date = Format::new().set_num_format("dd/mm/yyyy");
    for (row, (reference, day, amount, done, note)) in (4..).zip([
        ("V1", "2017-01-05", 12.5, true, "one"),
        ("V2", "2017-02-06", 3.0, false, "two, or more"),
    ]) {
        sheet.write(row, 1, reference).expect("written");
        let day = ExcelDateTime::parse_from_str(day).expect("a date");
        sheet
            .write_with_format(row, 2, &day, &date)
            .expect("written");
        sheet.write(row, 3, amount).expect("written");
        sheet.write(row, 4, done).expect("written");
        sheet.write(row, 5, note).expect("written");
    }
    // An empty row between.
    sheet.write(7, 1, "V3").expect("written");
    book.save_to_buffer().expect("a workbook")
}

#[test]
fn a_workbook_is_read_from_its_header_on_with_the_places_of_its_cells() {
    let project = project("files: visits.xlsx", "");
    project.write("delivery/visits.xlsx", workbook());
    let spoken = project.run("").expect(0);
    assert_eq!(cells(&project), plain());
    let places: Vec<_> = clean(&project).into_iter().map(|row| row.1).collect();
    let of = |row: &str| (Some("The visits".to_owned()), Some(row.to_owned()));
    assert_eq!(places, [of("5"), of("6"), of("8")]);
    let told = told(&project, &spoken);
    assert_eq!(
        told,
        ["visits.reading: visits.xlsx, sheet The visits: 2 rows above the header were passed over"]
    );
    let manifest: Value =
        serde_json::from_str(&read(&project.path("out/current/manifest.json"))).expect("JSON");
    let input = &manifest["inputs"][0];
    assert_eq!(
        (&input["sheet"], &input["written"]["format"]),
        (&"The visits".into(), &"xlsx".into())
    );
}

#[test]
fn cells_without_a_value_are_told_and_what_stands_beside_the_table_too() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["visit_ref", "visited_on", "amount", "done", "note"]) {
        sheet.write(0, column, name).expect("written");
    }
    sheet.write(1, 0, "V1").expect("written");
    sheet
        .write_formula(1, 2, Formula::new("=1/0").set_result("#DIV/0!"))
        .expect("written");
    sheet.write(1, 4, "=cmd|' /C calc'!A0").expect("written");
    sheet.write(1, 7, "a note beside").expect("written");
    sheet.write(2, 0, "V2").expect("written");
    sheet.write(2, 2, 0.1 + 0.2).expect("written");
    let percent = Format::new().set_num_format("0%");
    sheet
        .write_with_format(3, 2, 0.28, &percent)
        .expect("written");
    sheet.write(3, 0, "V3").expect("written");
    // A date that was typed as a text, and one that is no date.
    sheet.write(2, 1, "05/01/2017").expect("written");
    sheet.write(3, 1, "soon").expect("written");
    let project = project("files: visits.xlsx", "");
    project.write(
        "delivery/visits.xlsx",
        book.save_to_buffer().expect("a workbook"),
    );
    let spoken = project.run("").expect(0);
    assert_eq!(column(&project, "amount"), ["", "0.3000", "0.2800"]);
    assert_eq!(column(&project, "note")[0], "=cmd|' /C calc'!A0");
    assert_eq!(column(&project, "visited_on"), ["", "2017-01-05", ""]);
    let told = told(&project, &spoken);
    let one = |part: &str| {
        assert_eq!(
            told.iter().filter(|t| t.contains(part)).count(),
            1,
            "{part} {told:#?}"
        )
    };
    one(
        "visits.cell_errors: cell C2 of visits.xlsx, sheet Sheet1, column `amount`, says `#DIV/0!` in place of a value",
    );
    one("1 cells stand beside the columns of the header and were not read, the first at H2");
    one("visits.visited_on.type");
    let error = log(&project, &spoken)
        .into_iter()
        .find(|row| &row["rule_id"] == "visits.cell_errors")
        .expect("told");
    assert_eq!(
        (
            &error["record_key"],
            &error["column"],
            &error["source_line"]
        ),
        ("V1", "amount", "2")
    );
}

#[test]
fn several_sheets_are_tables_of_their_own_or_one() {
    let mut book = Workbook::new();
    for (name, reference) in [("Visits 2016", "A"), ("Visits 2017", "B"), ("Other", "C")] {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        for (column, name) in (0..).zip(["visit_ref", "visited_on", "amount", "done", "note"]) {
            sheet.write(0, column, name).expect("written");
        }
        sheet.write(1, 0, reference).expect("written");
    }
    let bytes = book.save_to_buffer().expect("a workbook");
    for (sheet, want) in [
        (
            "",
            Err("it has the sheets `Visits 2016`, `Visits 2017`, `Other`; say with `sheet`"),
        ),
        (
            ", sheet: None",
            Err("it has no sheet `None`, but `Visits 2016`, `Visits 2017`, `Other`"),
        ),
        (", sheet: Other", Ok(vec!["C"])),
        (", sheet: \"Visits *\"", Ok(vec!["A", "B"])),
    ] {
        let project = project(&format!("files: book.xlsx{sheet}"), "");
        project.write("delivery/book.xlsx", &bytes);
        let spoken = project.run("");
        match want {
            Err(words) => {
                let spoken = spoken.expect(3);
                assert!(spoken.stderr.contains(words), "{}", spoken.stderr);
            }
            Ok(want) => {
                spoken.expect(0);
                assert_eq!(column(&project, "visit_ref"), want);
            }
        }
    }
}

#[test]
fn json_lines_parquet_and_what_is_packed_hold_the_same_rows() {
    let want = plain();
    let json = "{\"visit_ref\":\"V1\",\"visited_on\":\"2017-01-05\",\"amount\":12.5,\"done\":true,\"note\":\"one\"}\n\n{\"note\":\"two, or m\\u006fre\",\"visit_ref\":\"V2\",\"visited_on\":\"2017-02-06\",\"amount\":3,\"done\":false}\n{\"visit_ref\":\"V3\",\"amount\":null}\n";
    let columns: [(&str, ArrayRef); 5] = [
        (
            "visit_ref",
            Arc::new(StringArray::from(vec!["V1", "V2", "V3"])),
        ),
        (
            "visited_on",
            Arc::new(Date32Array::from(vec![Some(17171), Some(17203), None])),
        ),
        (
            "amount",
            Arc::new(Float64Array::from(vec![Some(12.5), Some(3.0), None])),
        ),
        (
            "done",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        ),
        (
            "note",
            Arc::new(StringArray::from(vec![
                Some("one"),
                Some("two, or more"),
                None,
            ])),
        ),
    ];
    let parquet = parquet_file(&columns);
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(VISITS.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    let zst = zstd::encode_all(VISITS.as_bytes(), 3).expect("packed");
    let two_parts = [
        gzip(&VISITS.as_bytes()[..40]),
        gzip(&VISITS.as_bytes()[40..]),
    ]
    .concat();
    for (name, bytes) in [
        ("visits.jsonl", json.as_bytes().to_vec()),
        ("visits.parquet", parquet.clone()),
        ("visits.csv.gz", gzip(VISITS.as_bytes())),
        ("visits.csv.gz", two_parts),
        ("visits.csv.zst", zst),
        ("visits.jsonl.gz", gzip(json.as_bytes())),
        ("visits.parquet.gz", gzip(&parquet)),
        ("visits.csv", utf16),
        ("visits.csv", [b"\xEF\xBB\xBF", VISITS.as_bytes()].concat()),
    ] {
        let project = project(&format!("files: {name}"), "");
        project.write(&format!("delivery/{name}"), &bytes);
        let spoken = project.run("").expect(0);
        assert_eq!(cells(&project), want, "{name}");
        assert_eq!(told(&project, &spoken), [""; 0], "{name}");
    }
}

fn parquet_file(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns.to_vec()).expect("columns of one length");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.into_inner().expect("a file")
}

#[test]
fn folders_named_as_hive_names_them_are_columns() {
    let project = project("files: \"note=*/part-*.parquet\"", "");
    for (folder, reference) in [
        ("note=one", "V1"),
        ("note=a%2Fb", "V2"),
        ("note=__HIVE_DEFAULT_PARTITION__", "V3"),
    ] {
        let nothing = |ty| arrow::array::new_null_array(&ty, 1);
        let columns: [(&str, ArrayRef); 4] = [
            ("visit_ref", Arc::new(StringArray::from(vec![reference]))),
            ("visited_on", nothing(DataType::Date32)),
            ("amount", Arc::new(Int64Array::from(vec![7]))),
            ("done", nothing(DataType::Boolean)),
        ];
        project.write(
            &format!("delivery/{folder}/part-0.parquet"),
            parquet_file(&columns),
        );
    }
    project.run("").expect(0);
    assert_eq!(column(&project, "visit_ref"), ["V3", "V2", "V1"]);
    assert_eq!(column(&project, "note"), ["", "a/b", "one"]);
}

#[test]
fn a_hidden_column_is_told_by_no_folder() {
    let project = project("files: \"note=*/visits.csv\"", "");
    project.edit("rules/tables/visits.yaml", |text| {
        text.replace(
            "note: { type: string }",
            "note: { type: string, policy: hide }",
        )
    });
    let rows = "visit_ref,visited_on,amount,done\nV1,,,\n";
    project.write("delivery/note=Mallory/visits.csv", rows);
    let spoken = project.run("").expect(3);
    assert!(
        spoken
            .stderr
            .contains("column `note` of table `visits` is hidden"),
        "{}",
        spoken.stderr
    );
    assert!(!spoken.stderr.contains("Mallory"), "{}", spoken.stderr);
}

#[test]
fn moments_of_parquet_are_read_whatever_their_unit_and_zone() {
    let micros = 1_483_574_523_456_789_i64;
    for zone in [None, Some("UTC"), Some("+02:00")] {
        let at = TimestampMicrosecondArray::from(vec![Some(micros), None]).with_timezone_opt(zone);
        let project = Project::of(&[]);
        let table = "version: 1\ntable: visits\nsource: { files: visits.parquet }\nkey: [visit_ref]\ncolumns:\n  visit_ref: { type: string }\n  at: { type: timestamp, formats: [\"%d/%m/%Y %H:%M\"] }\n";
        project.write("rules/tables/visits.yaml", table);
        let columns: [(&str, ArrayRef); 2] = [
            ("visit_ref", Arc::new(StringArray::from(vec!["V1", "V2"]))),
            ("at", Arc::new(at)),
        ];
        project.write("delivery/visits.parquet", parquet_file(&columns));
        let spoken = project.run("").expect(0);
        assert_eq!(told(&project, &spoken), [""; 0], "{zone:?}");
        let rows = parquet_cells(&project.path("out/current/clean/visits.parquet"));
        let read = rows[0]["at"].clone().unwrap_or_default();
        assert!(
            read.contains("2017-01-05") && read.contains("00:02:03.456789"),
            "{zone:?}: {read}"
        );
    }
}

#[test]
fn numbers_and_values_that_a_workbook_cannot_hold_are_never_misread() {
    let book = |value: f64| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, name) in (0..).zip(["visit_ref", "visited_on", "amount", "done", "note"]) {
            sheet.write(0, column, name).expect("written");
        }
        sheet.write(1, 0, "V1").expect("written");
        sheet.write(1, 4, value).expect("written");
        book.save_to_buffer().expect("a workbook")
    };
    let run = |bytes: &[u8]| {
        let project = project("files: visits.xlsx", "");
        project.write("delivery/visits.xlsx", bytes);
        let spoken = project.run("");
        let told = told(&project, &spoken).join("\n");
        let note = match spoken.code {
            Some(0) => column(&project, "note")[0].clone(),
            code => format!("{code:?}"),
        };
        (note, told)
    };
    assert_eq!(
        run(&book(1_234_567_890_123_456.0)),
        ("1234567890123456".to_owned(), String::new())
    );
    let (note, told) = run(&book(123_456_789_012_345_672.0));
    assert_eq!(note, "");
    assert!(
        told.contains("says `a number of more digits than a spreadsheet keeps`"),
        "{told}"
    );
    // The same sheet with a comment in the number, as nothing but an attacker writes it.
    let bytes = book(12.0);
    let mut from = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut to = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for nth in 0..from.len() {
        let mut part = from.by_index(nth).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut part, &mut text).expect("a part");
        if name.ends_with("sheet1.xml") {
            let sheet = String::from_utf8(text).expect("XML");
            assert!(sheet.contains("<v>12</v>"), "{sheet}");
            text = sheet.replace("<v>12</v>", "<v>1<!-- -->2</v>").into_bytes();
        }
        to.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("a part");
        to.write_all(&text).expect("written");
    }
    let (code, told) = run(&to.finish().expect("an archive").into_inner());
    assert_eq!(code, "Some(3)");
    assert!(told.contains("XML that no spreadsheet writes"), "{told}");
}

#[test]
fn windows_1252_is_declared_or_guessed_and_a_guess_is_told() {
    let (text, _, _) = encoding_rs::WINDOWS_1252
        .encode("visit_ref,visited_on,amount,done,note\nV1,,,,café – “so”\nV2,,\n");
    for (encoding, reading) in [(", encoding: windows-1252", 0), ("", 1)] {
        let project = project(&format!("files: visits.csv{encoding}"), "");
        let about = read(&project.path("rules/project.yaml"));
        project.write(
            "rules/project.yaml",
            format!("{about}gates: {{ max_rejects: 1 }}\n"),
        );
        project.write("delivery/visits.csv", &text);
        let spoken = project.run("").expect(0);
        assert_eq!(column(&project, "note"), ["café – “so”"]);
        let told = told(&project, &spoken);
        let guesses = told
            .iter()
            .filter(|t| t.contains("read as Windows-1252, which is a guess from its bytes"));
        assert_eq!(guesses.count(), reading, "{told:?}");
        assert!(
            told.iter()
                .any(|t| t.contains("line 3 of visits.csv is no row"))
        );
    }
    // Declared to be UTF-8, it is none: each record that is not is kept as it was delivered.
    let project = project("files: visits.csv, encoding: utf-8", "");
    project.write("delivery/visits.csv", &text);
    project.run("").expect(1);
}

/// A case of a limit: what is set, a file that keeps it, one that does not, and the words of the breach.
struct Case {
    limit: &'static str,
    name: &'static str,
    within: Vec<u8>,
    beyond: Vec<u8>,
    words: &'static str,
}

#[test]
fn each_limit_is_kept_to_the_byte() {
    let rows = |n: usize| -> String {
        let row = |n| format!("V{n:07},,,,\n");
        let head = "visit_ref,visited_on,amount,done,note\n".to_owned();
        head + &(0..n).map(row).collect::<String>()
    };
    let sheets = |n: usize| {
        let mut book = Workbook::new();
        for nth in 0..n {
            let sheet = book.add_worksheet();
            if nth > 0 {
                sheet.set_hidden(true);
                continue;
            }
            for (column, name) in (0..).zip(["visit_ref", "visited_on", "amount", "done", "note"]) {
                sheet.write(0, column, name).expect("written");
            }
        }
        book.save_to_buffer().expect("a workbook")
    };
    let entries = |bytes: &[u8]| {
        let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
        archive.len()
    };
    let files = entries(&sheets(2));
    let entries_limit: &'static str = Box::leak(format!("entries: {files}").into_boxed_str());
    let wide = |n: usize| {
        let names: Vec<String> = (0..n).map(|n| format!(",c{n}")).collect();
        format!("visit_ref,visited_on,amount,done,note{}\n", names.concat()).into_bytes()
    };
    let nested = |n: usize| {
        let line = |key: &str, note: &str| {
            format!(
                "{{\"visit_ref\":\"{key}\",\"visited_on\":null,\"amount\":null,\"done\":null,\"note\":{note}}}\n"
            )
        };
        let nested = "[".repeat(n) + &"]".repeat(n);
        (line("V0", "null") + &line("V1", &nested)).into_bytes()
    };
    // 39 bytes of header and 13 a row.
    let cases = [
        Case {
            limit: "file_size: 168",
            name: "visits.csv",
            within: rows(10).into_bytes(),
            beyond: rows(11).into_bytes(),
            words: "has 181 bytes, more than 168 (`limits.file_size`",
        },
        Case {
            limit: "unpacked_size: 168",
            name: "visits.csv.gz",
            within: gzip(rows(10).as_bytes()),
            beyond: gzip(rows(11).as_bytes()),
            words: "holds more than 168 bytes unpacked (`limits.unpacked_size`)",
        },
        Case {
            limit: "columns: 6",
            name: "visits.csv",
            within: wide(1),
            beyond: wide(2),
            words: "limits.columns",
        },
        Case {
            limit: "columns: 6",
            name: "visits.jsonl",
            within: b"{\"visit_ref\":1,\"visited_on\":null,\"amount\":1,\"done\":null,\"note\":1,\"x\":1}\n".to_vec(),
            beyond: b"{\"visit_ref\":1,\"visited_on\":null,\"amount\":1,\"done\":null,\"note\":1,\"x\":1}\n{\"y\":1}\n".to_vec(),
            words: "it has more than 6 columns (`limits.columns`) on line 2",
        },
        Case {
            limit: "sheets: 2",
            name: "visits.xlsx",
            within: sheets(2),
            beyond: sheets(3),
            words: "it has 3 sheets, more than 2 (`limits.sheets`)",
        },
        Case {
            limit: entries_limit,
            name: "visits.xlsx",
            within: sheets(2),
            beyond: sheets(3),
            words: "(`limits.entries`)",
        },
        Case {
            limit: "record_size: 84",
            name: "visits.jsonl",
            within: nested(7),
            beyond: nested(8),
            words: "a record is longer than 84 bytes (`limits.record_size`)",
        },
        Case {
            limit: "nesting: 4",
            name: "visits.jsonl",
            within: nested(4),
            beyond: nested(5),
            words: "member 5 is nested deeper than 4, the limit `limits.nesting`",
        },
    ];
    for case in cases {
        let run = |bytes: &[u8]| {
            let project = project(&format!("files: {}", case.name), case.limit);
            project.write(&format!("delivery/{}", case.name), bytes);
            let spoken = project.run("");
            let log = match spoken.code {
                Some(3) if spoken.stdout.is_empty() => Vec::new(),
                _ => told(&project, &spoken),
            };
            (spoken, log)
        };
        let (spoken, _) = run(&case.within);
        spoken.expect(0);
        let (spoken, log) = run(&case.beyond);
        assert_ne!(spoken.code, Some(0), "{} {}", case.limit, case.name);
        let said = format!("{}{}", spoken.stderr, log.join("\n"));
        assert!(
            said.contains(case.words),
            "{} {}: {said}",
            case.limit,
            case.name
        );
    }
}

/// Runs within so many bytes of address space for the program itself and its readers together, and measures what was used.
fn peak(project: &Project) -> (Spoken, u64) {
    let command = project.command();
    let time = project.path("time");
    let mut timed = Command::new("/usr/bin/time");
    timed
        .args(["-f", "%M", "-o"])
        .arg(&time)
        .arg(command.get_program())
        .args(command.get_args());
    timed.current_dir(project.path("")).env_clear();
    let spoken = Spoken::of(&mut timed);
    let said = read(&time);
    let kibibytes = said
        .lines()
        .last()
        .and_then(|line| line.trim().parse::<u64>().ok());
    (spoken, kibibytes.expect("a number") * 1024)
}

#[test]
fn bombs_are_refused_in_little_memory_and_other_files_are_read() {
    // 256 MiB of zeros in a quarter of one.
    let gz = gzip_of_zeros(256 << 20);
    let mut xlsx = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    let sparse = sparse_workbook();
    for part in [
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
    ] {
        xlsx.start_file(part, packed).expect("a part");
        let zeros = vec![b' '; 1 << 20];
        for _ in 0..60 {
            xlsx.write_all(&zeros).expect("written");
        }
    }
    let xlsx = xlsx.finish().expect("an archive").into_inner();
    for (name, bytes, words) in [
        (
            "visits.csv.gz",
            gz,
            "holds more than 200 times its own size (`limits.compression_ratio`)",
        ),
        (
            "visits.xlsx",
            xlsx,
            "holds more than 200 times its own size (`limits.compression_ratio`)",
        ),
        ("visits.xlsx", sparse, ""),
    ] {
        let project = project(&format!("files: {name}"), "");
        project.write(&format!("delivery/{name}"), &bytes);
        // Beside it a table that is read.
        let other = read(&project.path("rules/tables/visits.yaml"))
            .replace("visits", "others")
            .replace(name, "others.csv");
        project.write(
            "rules/tables/others.yaml",
            other.replace(
                &format!("files: {}", name.replace("visits", "others")),
                "files: others.csv",
            ),
        );
        project.write("delivery/others.csv", VISITS);
        let (spoken, bytes) = peak(&project);
        assert!(bytes < 300 << 20, "{name}: {bytes} bytes");
        if words.is_empty() {
            // Two cells far from each other: a table with a column beyond its header.
            assert_ne!(spoken.code, None);
            continue;
        }
        let spoken = spoken.expect(3);
        assert!(!spoken.stdout.is_empty(), "{name}: {}", spoken.stderr);
        let told = told(&project, &spoken);
        assert!(
            told.iter()
                .any(|t| t.starts_with("visits.unreadable: ") && t.contains(words)),
            "{told:?}"
        );
        let results: Value = serde_json::from_str(&read(
            &project.path(&spoken.folder()).join("run_results.json"),
        ))
        .expect("JSON");
        let clean: Vec<&Value> = results["tables"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|t| &t["clean"])
            .collect();
        assert_eq!(clean, [3, 0]);
        assert!(!project.path("out/current").exists());
    }
}

fn gzip_of_zeros(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        encoder.write_all(&zeros).expect("written");
    }
    encoder.finish().expect("packed")
}

/// Cells at both ends of the largest sheet.
fn sparse_workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "visit_ref").expect("written");
    sheet.write(1_048_575, 16_383, "far").expect("written");
    book.save_to_buffer().expect("a workbook")
}

#[test]
fn what_is_damaged_is_told_and_nothing_of_it_is_read() {
    let parquet = parquet_file(&[(
        "visit_ref",
        Arc::new(StringArray::from(vec!["V1"; 1000])) as ArrayRef,
    )]);
    let mut flipped = parquet.clone();
    flipped[20] ^= 0x55;
    let gz = gzip(VISITS.as_bytes());
    let book = workbook();
    for (name, bytes, words) in [
        (
            "visits.csv.gz",
            gz[..gz.len() - 10].to_vec(),
            "damaged or cut off (it ends in the middle, or something else follows)",
        ),
        (
            "visits.csv.gz",
            [&gz[..], b"more"].concat(),
            "damaged or cut off",
        ),
        (
            "visits.xlsx",
            book[..book.len() / 2].to_vec(),
            "damaged or cut off",
        ),
        (
            "visits.parquet",
            parquet[..parquet.len() - 9].to_vec(),
            "damaged or cut off",
        ),
        ("visits.parquet", flipped, "damaged or cut off"),
        (
            "visits.parquet",
            b"PAR1PAR1".to_vec(),
            "too short to be Parquet",
        ),
    ] {
        let project = project(&format!("files: {name}"), "");
        project.write(&format!("delivery/{name}"), &bytes);
        let spoken = project.run("").expect(3);
        let told = told(&project, &spoken);
        assert!(
            told.iter()
                .any(|t| t.starts_with("visits.unreadable: ") && t.contains(words)),
            "{name}: {told:?}"
        );
    }
    for (name, bytes, words) in [
        (
            "visits.xlsx",
            VISITS.as_bytes(),
            "`visits.xlsx` is text where an Excel workbook is expected",
        ),
        (
            "visits.parquet",
            b"",
            "`visits.parquet` is empty where Parquet is expected",
        ),
        ("visits.ods", book.as_slice(), ""),
        (
            "visits.jsonl",
            b"[{\"visit_ref\":1}]",
            "none of its lines is a JSON object",
        ),
        ("visits.csv", b"a\0,\0b", "ends inside a character"),
    ] {
        let project = project(&format!("files: {name}"), "");
        project.write(&format!("delivery/{name}"), bytes);
        let spoken = project.run("");
        if words.is_empty() {
            // What it is is told by its bytes.
            spoken.expect(0);
            continue;
        }
        let said = format!("{}{}", spoken.stderr, spoken.stdout);
        let log = if spoken.stdout.is_empty() {
            Vec::new()
        } else {
            told(&project, &spoken)
        };
        assert_eq!(spoken.code, Some(3), "{said}");
        assert!(
            said.contains(words) || log.iter().any(|t| t.contains(words)),
            "{name}: {said} {log:?}"
        );
    }
}

#[test]
fn rules_that_look_into_what_could_not_be_read_are_no_pass_and_no_failure() {
    let project = project("files: visits.csv.gz", "");
    let gz = gzip(VISITS.as_bytes());
    project.write("delivery/visits.csv.gz", &gz[..gz.len() / 2]);
    let notes = "version: 1\ntable: notes\nsource: { files: notes.csv }\nkey: [note_ref]\ncolumns:\n  note_ref: { type: string, unique: error }\n  visit_ref:\n    type: string\n    relationships: { to: visits, column: visit_ref, severity: error, why: A note is about a visit. }\n";
    project.write("rules/tables/notes.yaml", notes);
    project.write(
        "delivery/notes.csv",
        "note_ref,visit_ref\nN1,V1\nN2,V2\nN2,V3\n",
    );
    let spoken = project.run("").expect(3);
    let log = log(&project, &spoken);
    let of = |rule: &str| log.iter().filter(|row| &row["rule_id"] == rule).count();
    assert_eq!(
        of("notes.visit_ref.relationships"),
        0,
        "no visit was read, and no note is at fault"
    );
    assert_eq!(
        (of("notes.rule_error"), of("notes.note_ref.unique")),
        (1, 1)
    );
    let error = log.iter().find(|row| &row["rule_id"] == "notes.rule_error");
    let message = &error.expect("told")["message"];
    assert!(
        message.contains("visits.csv.gz of table visits could not be read"),
        "{message}"
    );
}

#[test]
fn a_reader_that_takes_too_long_is_ended_and_told() {
    let project = project(
        "files: visits.csv.gz",
        "reader_seconds: 1, compression_ratio: 1000000",
    );
    // Some seconds of work for the reader that these tests start.
    let work = gzip_of_zeros(64 << 20).repeat(64);
    project.write("delivery/visits.csv.gz", work);
    let spoken = project.run("").expect(3);
    let told = told(&project, &spoken).join("\n");
    let words = "its reader took more than 1 seconds of a processor (`limits.reader_seconds`)";
    assert!(told.contains(words), "{told}");
}

#[test]
fn nested_columns_are_text_as_deep_as_the_limit_allows() {
    let numbers = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), Some(2)])]);
    let of = Arc::new(Field::new_list_field(numbers.data_type().clone(), true));
    let lists = ListArray::new(
        of,
        OffsetBuffer::from_lengths([1]),
        Arc::new(numbers.clone()),
        None,
    );
    let nothing = |ty| arrow::array::new_null_array(&ty, 1);
    for (note, code, want) in [
        (Arc::new(numbers) as ArrayRef, 0, "[1, 2]"),
        (
            Arc::new(lists),
            3,
            "its types are nested deeper than 1 (`limits.nesting`)",
        ),
    ] {
        let project = project("files: visits.parquet", "nesting: 1");
        let columns: [(&str, ArrayRef); 5] = [
            ("visit_ref", Arc::new(StringArray::from(vec!["V1"]))),
            ("visited_on", nothing(DataType::Date32)),
            ("amount", nothing(DataType::Int64)),
            ("done", nothing(DataType::Boolean)),
            ("note", note),
        ];
        project.write("delivery/visits.parquet", parquet_file(&columns));
        let spoken = project.run("").expect(code);
        let said = match code {
            0 => column(&project, "note").join("\n"),
            _ => told(&project, &spoken).join("\n"),
        };
        assert!(said.contains(want), "{said}");
    }
}

#[test]
fn a_workbook_that_is_there_twice_is_read_once_and_told_once() {
    let mut book = Workbook::new();
    for (name, reference) in [("One", "A"), ("Two", "B")] {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        for (column, name) in (0..).zip(NAMES) {
            sheet.write(0, column, name).expect("written");
        }
        sheet.write(1, 0, reference).expect("written");
    }
    let bytes = book.save_to_buffer().expect("a workbook");
    let project = project("files: \"book*.xlsx\", sheet: \"*\"", "");
    project.write("delivery/book.xlsx", &bytes);
    project.write("delivery/book copy.xlsx", &bytes);
    let spoken = project.run("").expect(0);
    assert_eq!(column(&project, "visit_ref"), ["A", "B"]);
    let told = told(&project, &spoken);
    let twice = told
        .iter()
        .filter(|t| t.starts_with("visits.delivered_twice: "));
    assert_eq!(twice.count(), 1, "{told:?}");
    let manifest = read(&project.path("out/current/manifest.json"));
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["inputs"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_is_no_text_is_kept_to_the_byte() {
    let project = project("files: visits.csv, encoding: utf-8", "");
    let about = read(&project.path("rules/project.yaml"));
    project.write(
        "rules/project.yaml",
        format!("{about}gates: {{ max_rejects: 1 }}\n"),
    );
    project.write(
        "delivery/visits.csv",
        [VISITS.as_bytes(), b"V4,\xE9\xFF,,,\n"].concat(),
    );
    let spoken = project.run("").expect(0);
    let path = project
        .path(&spoken.folder())
        .join("rejects/rejects.parquet");
    let rejects = parquet_cells(&path);
    assert_eq!(rejects[0]["raw_hex"].as_deref(), Some("56342ce9ff2c2c2c"));
    assert_eq!(rejects[0]["raw"].as_deref(), Some("V4,\u{fffd}\u{fffd},,,"));
}

#[test]
fn a_reader_that_is_killed_is_told_and_its_limits_too() {
    // So little memory that no workbook is read in it.
    let project = project("files: visits.xlsx", "reader_memory: 100K");
    project.write("delivery/visits.xlsx", workbook());
    let spoken = project.run("").expect(3);
    let told = told(&project, &spoken);
    assert!(
        told.iter().any(|t| t.contains(
            "its reader needed more than 102400 bytes of memory (`limits.reader_memory`)"
        )),
        "{told:?}"
    );
}
