//! Both workbooks, read back: what they hold is what the run's files hold, and nothing in them acts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    path::Path,
};

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use regex::Regex;

use crate::harness::{Fixture, Project, Row, Sheet, fixture, parquet_cells, parquet_columns};

type Cells = Vec<BTreeMap<String, Option<String>>>;

/// The parts of a workbook that are XML, by name.
pub fn parts(path: &Path) -> BTreeMap<String, String> {
    let file = File::open(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    let mut zip = zip::ZipArchive::new(file).expect("a zip");
    let mut parts = BTreeMap::new();
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).expect("a part");
        assert!(
            part.last_modified().is_none_or(|at| at.year() == 1980),
            "a clock"
        );
        let mut text = String::new();
        part.read_to_string(&mut text).expect("a text");
        let name = part.name().expect("a name").into_owned();
        parts.insert(name, text);
    }
    assert!(parts.len() > 10, "{:?}", parts.keys());
    parts
}

/// What a workbook tells: the texts and numbers of its sheets, tables and properties, each on a line.
pub fn told(path: &Path) -> String {
    let tag = Regex::new("<[^>]*>").expect("a pattern");
    let parts = parts(path);
    let told = parts.iter().filter(|(name, _)| {
        ["xl/sharedStrings", "xl/worksheets/sheet", "docProps/"]
            .iter()
            .any(|of| name.starts_with(of))
    });
    told.map(|(_, text)| tag.replace_all(text, "\n").into_owned())
        .collect()
}

/// A sheet as its readers see it: what stands above the table, the headings, and the rows below.
struct Told {
    above: Vec<String>,
    headings: Vec<String>,
    rows: Vec<Vec<Data>>,
}

impl Told {
    /// The column whose heading begins so.
    fn column(&self, heading: &str) -> usize {
        let found = |told: &String| told.split(" [").next() == Some(heading);
        let at = self.headings.iter().position(found);
        at.unwrap_or_else(|| panic!("no `{heading}` in {:?}", self.headings))
    }

    fn text(&self, row: usize, heading: &str) -> String {
        self.rows[row][self.column(heading)].to_string()
    }
}

/// The sheets of a workbook in their order. What stands where in the table is taken from the table's own part.
fn sheets(path: &Path) -> Vec<(String, Told)> {
    let parts = parts(path);
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let names = book.sheet_names().to_vec();
    let told = names.into_iter().enumerate().map(|(at, name)| {
        let range: Range<Data> = book.worksheet_range(&name).expect("a sheet");
        assert_eq!(
            range.start(),
            Some((0, 0)),
            "{name} begins in the first cell"
        );
        let relations = parts.get(&format!("xl/worksheets/_rels/sheet{}.xml.rels", at + 1));
        let table = Regex::new("tables/(table[0-9]+.xml)").expect("a pattern");
        let tables: Vec<&str> = relations
            .iter()
            .flat_map(|text| table.captures_iter(text))
            .map(|found| found.get(1).expect("a name").as_str())
            .collect();
        let mut rows: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
        if name == "Cover" {
            assert!(tables.is_empty(), "{tables:?}");
            let above = rows.iter().map(|row| row[0].to_string()).collect();
            assert!(
                rows.iter()
                    .all(|row| row.len() == 1 && row[0] != Data::Empty)
            );
            return (
                name,
                Told {
                    above,
                    headings: Vec::new(),
                    rows: Vec::new(),
                },
            );
        }
        assert_eq!(tables.len(), 1, "{name}");
        let part = &parts[&format!("xl/tables/{}", tables[0])];
        let range = Regex::new(r#" ref="A([0-9]+):[A-Z]+([0-9]+)""#).expect("a pattern");
        let range = range.captures(part).expect("a range");
        let [first, last] = [1, 2].map(|at| range[at].parse::<usize>().expect("a number"));
        assert_eq!(last, rows.len(), "{name}: the table ends the sheet");
        let mut below = rows.split_off(first - 1);
        let headings = below
            .remove(0)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        let different: BTreeSet<String> = headings.iter().map(|h| h.to_lowercase()).collect();
        assert_eq!(different.len(), headings.len(), "{name}: {headings:?}");
        assert!(!below.is_empty() && !different.contains(""), "{name}");
        let above = rows.iter().map(|row| {
            assert!(
                row[1..].iter().all(|cell| *cell == Data::Empty),
                "{name}: {row:?}"
            );
            row[0].to_string()
        });
        let above: Vec<String> = above.collect();
        assert!(
            above.iter().all(|line| !line.is_empty()),
            "{name}: {above:?}"
        );
        assert!(
            above[1].starts_with("This worksheet contains one table"),
            "{name}: {above:?}"
        );
        (
            name,
            Told {
                above,
                headings,
                rows: below,
            },
        )
    });
    told.collect()
}

/// Nothing is a formula, merged, hidden or fetched from elsewhere.
pub fn is_plain(path: &Path) {
    let forbidden = Regex::new(
        r#"<f[ >/]|<mergeCell|hidden=|state="hidden"|TargetMode="External"|<externalLink|<oleObject|macro|<script:|calculatedColumnFormula|totalsRowFunction"#,
    )
    .expect("a pattern");
    for (name, text) in parts(path) {
        // Texts of cells may say what they like.
        if name == "xl/sharedStrings.xml" {
            continue;
        }
        let found = forbidden.find(&text).map(|found| found.as_str());
        assert_eq!(found, None, "{path:?}: {name}");
        assert!(
            !name.contains("calcChain") && !name.contains("vba"),
            "{name}"
        );
    }
}

/// A text as a workbook shows it.
fn shown(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
    };
    let escaped = |c: char| match acts(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Whether a cell holds what the table does: a number as a number, a text as a text, and of nothing what is said for it.
fn holds(cell: &Data, value: Option<&str>, is_text: bool, nothing: &[&str]) -> bool {
    match (cell, value) {
        (Data::Empty, None | Some("")) => nothing.is_empty(),
        (Data::String(text), None | Some("")) => nothing.contains(&text.as_str()),
        (Data::String(text), Some(value)) => is_text && *text == shown(value),
        (Data::Float(number), Some(value)) => !is_text && Some(*number) == value.parse().ok(),
        (Data::Int(number), Some(value)) => !is_text && Some(*number) == value.parse().ok(),
        _ => false,
    }
}

/// Compares the first columns of a sheet with those of a table, cell by cell; returns how many were compared.
fn same(name: &str, told: &Told, columns: &[String], cells: &Cells, nothing: &[&str]) -> usize {
    assert_eq!(told.rows.len(), cells.len(), "{name}");
    let is_text = |column: &str| {
        let numbers = [
            "sort",
            "count",
            "base",
            "share",
            "current",
            "previous",
            "change",
            "change_percent",
            "source_line",
            "source_row",
            "evaluated",
            "failed",
            "not_evaluated",
            "not_applicable",
        ];
        let is_number = numbers.contains(&column)
            || column.starts_with("share_")
            || column.starts_with("missing_")
            || column.ends_with("_matched");
        !is_number
    };
    for (at, (row, want)) in told.rows.iter().zip(cells).enumerate() {
        for (cell, column) in row.iter().zip(columns) {
            let value = want[column].as_deref();
            assert!(
                holds(cell, value, is_text(column), nothing),
                "{name}, row {at}, {column}: {cell:?} {value:?}"
            );
        }
    }
    told.rows.len() * columns.len()
}

/// Reads the aggregates' workbook of a run beside their files; returns how many cells were compared.
fn aggregates(run: &Path) -> usize {
    let path = run.join("aggregates.xlsx");
    is_plain(&path);
    let sheets = sheets(&path);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["Cover", "Contents", "Notes"]);
    let mut compared = 0;
    for (name, told) in &sheets[3..] {
        // An aggregate may be called like a sheet that all workbooks have.
        let stem = name.strip_suffix("_2").unwrap_or(name);
        let table = run.join(format!("aggregates/{stem}.parquet"));
        let (columns, cells) = (parquet_columns(&table), parquet_cells(&table));
        compared += same(name, told, &columns, &cells, &["[x]", "[z]"]);
        // No cell is blank, and what is used is explained.
        for word in ["[x]", "[z]"] {
            let used = told.rows.iter().flatten().any(|cell| *cell == *word);
            let explained = told
                .above
                .iter()
                .any(|line| line.contains(&format!("{word} means")));
            assert_eq!(used, explained, "{name}: {word}");
        }
        assert!(
            told.rows.iter().flatten().all(|cell| *cell != Data::Empty),
            "{name}"
        );
    }
    // Each sheet is in the contents, with a link that leads to it.
    let contents = &sheets[1].1;
    let listed: Vec<String> = contents.rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(listed, names[2..]);
    let part = &parts(&path)["xl/worksheets/sheet2.xml"];
    for name in &listed {
        assert!(
            part.contains(&format!("location=\"'{name}'!A1\"")),
            "{name}: {part}"
        );
    }
    // Notes are numbered, and each that is referred to is there.
    let notes: Vec<String> = sheets[2]
        .1
        .rows
        .iter()
        .map(|row| row[0].to_string())
        .collect();
    let numbered: Vec<String> = (1..=notes.len()).map(|n| format!("[note {n}]")).collect();
    assert_eq!(notes, numbered);
    let mark = Regex::new(r"\[note [0-9]+\]").expect("a pattern");
    let mut referred = BTreeSet::new();
    for (name, told) in &sheets[3..] {
        let cells = told.rows.iter().flatten().map(ToString::to_string);
        let marked = told.headings.iter().cloned().chain(cells);
        let marks: BTreeSet<String> = marked
            .flat_map(|text| {
                mark.find_iter(&text)
                    .map(|m| m.as_str().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        for row in &sheets[2].1.rows {
            let of: Vec<String> = row[2].to_string().split(", ").map(str::to_owned).collect();
            assert_eq!(
                of.contains(name),
                marks.contains(&row[0].to_string()),
                "{name}: {row:?}"
            );
        }
        referred.extend(marks);
    }
    assert_eq!(referred, notes.into_iter().collect());
    compared
}

/// Reads the log's workbook of a run beside its files; returns how many cells were compared.
fn log(run: &Path) -> usize {
    let path = run.join("discrepancies.xlsx");
    is_plain(&path);
    let sheets = sheets(&path);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    let want = [
        "Cover",
        "Contents",
        "Summary_by_rule",
        "Discrepancies",
        "Statements",
        "Rules",
        "Rows_by_table",
        "Rows_by_file",
    ];
    assert_eq!(names, want);
    let table = |name: &str| {
        let path = run.join(name).with_extension("parquet");
        (parquet_columns(&path), parquet_cells(&path))
    };
    let (columns, cells) = table("discrepancies");
    assert_eq!(columns, Sheet::read(&run.join("discrepancies.csv")).header);
    let words = |column: &String| column.replace('_', " ");
    let headings = sheets[3].1.headings.iter().map(|h| h.to_lowercase());
    assert!(
        headings.eq(columns.iter().map(words)),
        "{:?}",
        sheets[3].1.headings
    );
    let mut compared = same("log", &sheets[3].1, &columns, &cells, &[]);
    let (columns, rules) = table("rule_results");
    compared += same("rules", &sheets[5].1, &columns, &rules, &[]);
    // The summary adds up to the log.
    let summary = &sheets[2].1;
    let mut of_rules: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in &cells {
        let of = ["rule_id", "status"].map(|column| row[column].clone().unwrap_or_default());
        *of_rules.entry((of[0].clone(), of[1].clone())).or_default() += 1;
    }
    let mut told: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in 0..summary.rows.len() {
        for status in ["New", "Ongoing", "Reopened", "Resolved", "Waived"] {
            let count: u64 = summary.text(row, status).parse().expect("a count");
            if count > 0 {
                told.insert((summary.text(row, "Rule"), status.to_lowercase()), count);
            }
        }
    }
    let of_rules: BTreeMap<_, _> = of_rules
        .into_iter()
        .map(|((rule, status), n)| ((shown(&rule), status), n))
        .collect();
    assert_eq!(told, of_rules);
    compared
}

#[test]
fn workbooks_hold_what_the_files_of_the_run_hold() {
    let run = fixture().path("");
    assert!(aggregates(&run) > 10_000);
    assert!(log(&run) > 100_000);
}

/// Statements of a run that disagree over one row of an aggregate, from the CSV file: which, and where.
fn disagreeing(fixture: &Fixture) -> BTreeMap<(String, usize), BTreeSet<String>> {
    let place = Regex::new(r"^aggregates/(\w+)\.csv:(\d+)$").expect("a pattern");
    let mut found: BTreeMap<(String, usize), BTreeSet<String>> = BTreeMap::new();
    for row in fixture.sheet("reconciliations.csv").rows {
        if let Some(at) = place.captures(&row["computed_at"])
            && &row["verdict"] == "disagrees"
        {
            let line: usize = at[2].parse().expect("a line");
            let of_row = found.entry((at[1].to_owned(), line - 2)).or_default();
            of_row.insert(row["rule_id"].to_owned());
        }
    }
    found
}

#[test]
fn counts_stand_beside_what_was_published() {
    let disagreeing = disagreeing(fixture());
    assert!(disagreeing.len() > 100);
    let sheets = sheets(&fixture().path("aggregates.xlsx"));
    let notes = &sheets[2].1;
    let mut marked = BTreeMap::new();
    for (name, told) in &sheets[3..] {
        if !told.headings.iter().any(|heading| heading == "Notes") {
            continue;
        }
        for row in 0..told.rows.len() {
            let rules: BTreeSet<String> = told
                .text(row, "Notes")
                .split_inclusive(']')
                .filter(|mark| mark.contains("note"))
                .map(|mark| {
                    let at = notes.rows.iter().position(|note| note[0] == *mark.trim());
                    let text = notes.rows[at.expect("a note")][1].to_string();
                    let rule = text
                        .strip_prefix("Statement ")
                        .and_then(|t| t.split(':').next());
                    rule.expect("a statement").to_owned()
                })
                .collect();
            assert_eq!(
                told.text(row, "Verdict") == "Disagrees",
                !rules.is_empty(),
                "{name} {row}"
            );
            if !rules.is_empty() {
                marked.insert((name.clone(), row), rules);
            }
        }
    }
    // A part of a sum, or of a share, is not marked with the sum; all else is.
    assert_eq!(marked, disagreeing);

    // As the report prints them.
    let of = |name: &str| &sheets.iter().find(|(n, _)| n == name).expect("a sheet").1;
    for (name, population, category, count, heading, printed, verdict) in [
        (
            "headline",
            "closed",
            "cases closed",
            "12814",
            "Published: section 2, text",
            "12814",
            "Agrees",
        ),
        (
            "reported_to_police_after",
            "enhanced",
            "",
            "112",
            "Published: section 5, chart",
            "121",
            "Disagrees",
        ),
    ] {
        let told = of(name);
        let row = (0..told.rows.len()).find(|row| {
            told.text(*row, "Population") == population
                && (category.is_empty() || told.text(*row, "Category") == category)
                && told.text(*row, "Count") == count
        });
        let row = row.unwrap_or_else(|| panic!("{name}"));
        assert_eq!(told.text(row, heading), printed, "{name}");
        assert_eq!(told.text(row, "Verdict"), verdict, "{name}");
    }
}

#[test]
fn rows_of_the_run_balance() {
    let sheets = sheets(&fixture().path("discrepancies.xlsx"));
    let results: serde_json::Value = serde_json::from_str(
        &std::fs::read_to_string(fixture().path("run_results.json")).expect("a file"),
    )
    .expect("JSON");
    let told = &sheets[6].1;
    let tables = results["tables"].as_array().expect("tables");
    assert_eq!(told.rows.len(), tables.len());
    for (row, table) in tables.iter().enumerate() {
        assert_eq!(
            told.text(row, "Table"),
            table["table"].as_str().expect("a name")
        );
        for (heading, key) in [
            ("Read", "rows_read"),
            ("Clean", "clean"),
            ("Quarantined", "quarantined"),
            ("Excluded", "excluded"),
            ("Rejected", "rejected"),
        ] {
            assert_eq!(told.text(row, heading), table[key].to_string(), "{heading}");
        }
        assert_eq!(told.text(row, "Balance"), "balances");
    }
    let disagree = fixture().sheet("reconciliations.csv").rows;
    let disagree: Vec<&Row> = disagree
        .iter()
        .filter(|row| &row["verdict"] == "disagrees")
        .collect();
    let told = &sheets[4].1;
    assert_eq!(told.rows.len(), disagree.len());
    for (at, row) in disagree.iter().enumerate() {
        assert_eq!(told.text(at, "Statement"), row["statement"]);
        for (heading, key) in [
            ("Stated", "stated"),
            ("Computed", "computed"),
            ("Difference", "difference"),
        ] {
            let cell = &told.rows[at][told.column(heading)];
            let Data::Float(number) = cell else {
                panic!("{heading} is no number: {cell:?}");
            };
            assert_eq!(Some(*number), row[key].parse().ok(), "{heading}");
        }
    }
}

/// Everything that a run of hostile texts has made.
pub fn hostile(run: &Path) {
    assert!(log(run) > 1_000);
    assert!(aggregates(run) > 100);
}

#[test]
fn a_text_is_cut_where_a_cell_ends_and_a_log_where_a_workbook_does() {
    let project = Project::of(&[(
        "rules/tables/notes.yaml",
        "version: 1\ntable: notes\nsource: { files: \"notes.csv\", required: true }\nkey: [ref]\ncolumns:\n  \
         ref: { type: string }\n  \
         small: { type: string, clean: [], pattern: { regex: \"x\", severity: warn, why: It is. } }\n  \
         large: { type: string, clean: [], pattern: { regex: \"y\", severity: warn, why: It is. } }\n",
    )]);
    let long = format!("={}", "😀".repeat(250_000));
    let mut export = format!("ref,small,large\n0,{long},y\n1,b,y\n");
    for row in 2..20_012 {
        export += &format!("{row},x,n\n");
    }
    project.write("delivery/notes.csv", &export);
    project.run("--fail-on never").expect(0);
    let run = project.path("out/current");
    let path = run.join("discrepancies.xlsx");
    is_plain(&path);
    let sheets = sheets(&path);
    let log = &sheets[3].1;
    assert_eq!(log.rows.len(), 20_000);
    let rules: BTreeMap<String, usize> =
        (0..log.rows.len()).fold(BTreeMap::new(), |mut rules, row| {
            *rules.entry(log.text(row, "Rule id")).or_default() += 1;
            rules
        });
    let want = [("notes.large.pattern", 19_998), ("notes.small.pattern", 2)];
    assert_eq!(
        rules,
        want.map(|(rule, count)| (rule.to_owned(), count)).into()
    );
    // The first rows of the log, in its order.
    let cells = parquet_cells(&run.join("discrepancies.parquet"));
    for (row, want) in log.rows[..19_998].iter().zip(&cells) {
        assert_eq!(Some(row[0].to_string()), want["discrepancy_id"]);
    }
    for (sheet, text) in [
        ("Cover", "20,000 of the 20,012 rows"),
        ("Discrepancies", "20,000 of the 20,012 rows"),
    ] {
        let told = &sheets
            .iter()
            .find(|(name, _)| name == sheet)
            .expect(sheet)
            .1;
        assert!(
            told.above.iter().any(|line| line.contains(text)),
            "{:?}",
            told.above
        );
    }
    let summary = &sheets[2].1;
    assert_eq!(summary.text(0, "Rule"), "notes.large.pattern");
    assert_eq!(summary.text(0, "All"), "20010");
    assert_eq!(summary.text(0, "In this workbook"), "19998");
    assert_eq!(summary.text(0, "Not in this workbook"), "12");
    let observed = (0..log.rows.len())
        .map(|row| log.text(row, "Observed"))
        .find(|text| text.starts_with("=😀"))
        .expect("the long text");
    assert!(observed.encode_utf16().count() <= 32_767);
    let note = "… [cut: the whole, of 250001 characters, is in discrepancies.parquet]";
    assert!(observed.ends_with(note));
}
