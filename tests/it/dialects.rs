//! However the rows of a table are written, and whatever stands around them: the same rows come of it.

use std::{collections::BTreeMap, fs};

use crate::harness::{Project, Sheet, Spoken, parquet_cells, read};

/// Rows with all that has to be hidden from some delimiter or quote.
const ROWS: [[&str; 4]; 6] = [
    ["A1", "2017-01-05", "plain", "1"],
    [
        "A2",
        "2017-01-06",
        "commas, semicolons; tabs\tand bars|",
        "2",
    ],
    ["A3", "2017-01-07", "say \"no\" or 'no'", "3"],
    ["A4", "2017-01-08", "two\nlines", "4"],
    ["A5", "2017-01-09", "", "5"],
    ["A6", "2017-01-10", "'tis the end\"", ""],
];
const NAMES: [&str; 4] = ["visit_ref", "visited_on", "note", "hours"];

/// A project of one table, whose source has these keys too, and its file.
fn visits(source: &str, file: &str) -> Project {
    let table = format!(
        "version: 1\ntable: visits\nsource: {{ files: visits.csv{source} }}\nkey: [visit_ref]\ncolumns:\n\
         \x20 visit_ref: {{ type: string, not_null: error }}\n  visited_on: {{ type: date }}\n\
         \x20 note: {{ type: string }}\n  hours: {{ type: integer }}\n"
    );
    Project::of(&[
        ("rules/tables/visits.yaml", &table),
        ("delivery/visits.csv", file),
    ])
}

/// The file that holds `ROWS`, quoted and parted like this, a quote in a text written as `quoted`.
fn written(delimiter: char, quote: char, quoted: &str) -> String {
    let field = |text: &&str| format!("{quote}{}{quote}", text.replace(quote, quoted));
    let line = |fields: &[&str]| -> String {
        let fields: Vec<String> = fields.iter().map(field).collect();
        fields.join(&delimiter.to_string()) + "\n"
    };
    std::iter::once(line(&NAMES))
        .chain(ROWS.iter().map(|row| line(row)))
        .collect()
}

/// Each field with an escape before every sign, nothing in quotes.
fn escaped(delimiter: char) -> String {
    let field = |text: &&str| -> String {
        let signs = [delimiter, '"', '\\', '\n'];
        text.chars().fold(String::new(), |mut all, c| {
            if signs.contains(&c) {
                all.push('\\');
            }
            all.push(c);
            all
        })
    };
    let line = |fields: &[&str]| -> String {
        let fields: Vec<String> = fields.iter().map(field).collect();
        fields.join(&delimiter.to_string()) + "\n"
    };
    std::iter::once(line(&NAMES))
        .chain(ROWS.iter().map(|row| line(row)))
        .collect()
}

fn run(project: &Project, threads: usize) -> Spoken {
    project.run(&format!("--threads {threads}")).expect(0)
}

fn clean(project: &Project, spoken: &Spoken) -> Vec<u8> {
    let rows = project.path(&spoken.folder()).join("clean/visits.parquet");
    fs::read(rows).expect("a clean table")
}

fn log(project: &Project, spoken: &Spoken) -> Vec<String> {
    let path = project.path(&spoken.folder()).join("discrepancies.csv");
    let rows = Sheet::read(&path).rows;
    let tell = |row: &crate::harness::Row| {
        format!(
            "{} {} line {}",
            &row["severity"], &row["rule_id"], &row["source_line"]
        )
    };
    rows.iter().map(tell).collect()
}

#[test]
fn the_same_rows_are_the_same_clean_table_in_every_dialect() {
    let plain = written(',', '"', "\"\"");
    let want = {
        let project = visits("", &plain);
        let spoken = run(&project, 1);
        assert_eq!(log(&project, &spoken), [""; 0]);
        clean(&project, &spoken)
    };
    let cases = [
        ("", written(';', '"', "\"\"")),
        ("", written('\t', '"', "\"\"")),
        ("", written('|', '"', "\"\"")),
        ("", written(',', '\'', "''")),
        ("", written(';', '\'', "''")),
        ("", written(',', '"', "\\\"")),
        ("", written('|', '\'', "\\'")),
        (", escape: \"\\\\\"", escaped(';')),
        (
            ", delimiter: \"\\t\", quote: \"\", escape: \"\\\\\"",
            escaped('\t'),
        ),
        (", delimiter: \"^\", quote: \"'\"", written('^', '\'', "''")),
    ];
    for (source, text) in cases {
        for text in [text.clone(), format!("\u{feff}{text}")] {
            let project = visits(source, &text);
            for threads in [1, 2] {
                let spoken = run(&project, threads);
                // That quotes are escaped so is a guess, and told.
                let guessed = source.is_empty() && (text.contains("\\\"") || text.contains("\\'"));
                let told: &[&str] = if guessed {
                    &["warn visits.reading line 1"]
                } else {
                    &[]
                };
                assert_eq!(log(&project, &spoken), told, "{text}");
                assert!(clean(&project, &spoken) == want, "{source}\n{text}");
            }
        }
    }
}

/// The clean table without the columns that say where a row came from.
fn rows_alone(project: &Project, spoken: &Spoken) -> Vec<BTreeMap<String, Option<String>>> {
    let path = project.path(&spoken.folder()).join("clean/visits.parquet");
    let mut rows = parquet_cells(&path);
    for row in &mut rows {
        row.retain(|name, _| !name.starts_with('_'));
    }
    rows
}

#[test]
fn what_stands_around_a_table_is_passed_over_and_told() {
    let plain = written(',', '"', "\"\"");
    let (header, rest) = plain.split_once('\n').expect("a header");
    let of_plain = visits("", &plain);
    let want = rows_alone(&of_plain, &run(&of_plain, 1));
    assert_eq!(want.len(), ROWS.len());
    let below = "Total,6,,\nprinted by hand\n";
    // The first four rows end with the fifth line behind them.
    let at = rest.find("\"A5\"").expect("a fifth row");
    let twice = format!("{header}\n{}{header}\n{}", &rest[..at], &rest[at..]);
    for (text, told) in [
        (format!("sep=;\n{}", written(';', '"', "\"\"")), &[][..]),
        (
            format!("Visits of \"January\"\n\n{plain}"),
            &["warn visits.reading line 1"],
        ),
        (twice, &["info visits.beside line 7"]),
        (
            format!("{plain}{below}"),
            &["info visits.beside line 9", "info visits.beside line 10"],
        ),
    ] {
        let project = visits(", footer: [Total]", &text);
        let spoken = run(&project, 2);
        assert_eq!(log(&project, &spoken), told, "{text}");
        assert_eq!(rows_alone(&project, &spoken), want, "{text}");
        let folder = project.path(&spoken.folder());
        let rejects = Sheet::read(&folder.join("rejects/rejects.csv")).rows;
        let told = told.iter().filter(|told| told.contains("beside")).count();
        assert_eq!(rejects.len(), told);
        let results: serde_json::Value =
            serde_json::from_str(&read(&folder.join("run_results.json"))).expect("JSON");
        assert_eq!(results["tables"][0]["rejected"], told);
    }
    // A footer that nobody declared is rows, or records that are none: nothing is guessed away.
    let project = visits("", &format!("{plain}{below}"));
    let spoken = project.run("").expect(1);
    let told = log(&project, &spoken);
    assert!(
        told.contains(&"blocking visits.rejects line 10".to_owned()),
        "{told:?}"
    );
}

#[test]
fn a_declared_delimiter_that_is_wrong_is_told_with_the_right_one() {
    let quoted = written(';', '"', "\"\"");
    let (header, rest) = quoted.split_once('\n').expect("a header");
    let bare = format!("{}\n{rest}", header.replace('"', ""));
    for (file, want) in [
        (
            &bare,
            "separated by `;`: write `delimiter: \";\"` in the table\u{2019}s `source`",
        ),
        (
            &quoted,
            "text follows a closing quote in the header; double the quotes inside a quoted name, or correct `delimiter`",
        ),
    ] {
        let project = visits(", delimiter: \"|\"", file);
        let said = project.run("").expect(3).stderr;
        assert!(said.contains(want), "{said}");
    }
}

#[test]
fn limits_are_named_by_their_keys() {
    let about = |limit: &str| {
        format!(
            "version: 1\nname: A test\ndelivery: {{ path: delivery, as_of: 2020-06-01 }}\nlimits: {{ {limit} }}\n"
        )
    };
    let row = |note: usize| {
        format!(
            "{}\nA1,2017-01-05,{},1\n",
            NAMES.join(","),
            "x".repeat(note)
        )
    };
    // Each: the limit, a file at it, one past it, and the code of that.
    for (limit, at, past, code, key) in [
        (
            "field_size: 2000",
            row(2000),
            row(2001),
            1,
            "limits.field_size",
        ),
        (
            "record_size: 2016",
            row(2000),
            row(2001),
            3,
            "limits.record_size",
        ),
        (
            "header_size: 32",
            row(1),
            format!("\n{}", row(1)),
            3,
            "limits.header_size",
        ),
        (
            "columns: 4",
            row(1),
            format!("more,{}", row(1)),
            3,
            "limits.columns",
        ),
    ] {
        let project = visits("", &at);
        project.write("rules/project.yaml", about(limit));
        project.run("").expect(0);
        project.write("delivery/visits.csv", past);
        let spoken = project.run("").expect(code);
        let said = match code {
            1 => read(&project.path(&spoken.folder()).join("rejects/rejects.csv")),
            _ => spoken.stderr,
        };
        assert!(said.contains(key), "{said}");
    }
}
