//! The auditor's page tells what the log and the run's results tell, whatever they hold, and stays small.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use regex::Regex;
use serde_json::Value;
use trueup::harmless;

use crate::harness::{DELIVERY, Project, Sheet, fixture, read, repository};

/// Most bytes of a page.
const MOST: usize = 10_000_000;

/// A page with the data of its table.
struct Page {
    html: String,
    data: Value,
}

impl Page {
    fn read(run: &Path) -> Self {
        let html = read(&run.join("discrepancies.html"));
        assert!(html.len() < MOST, "{} bytes", html.len());
        let data = between(
            &html,
            "<script type=\"application/json\" id=\"data\">",
            "</script>",
        );
        let data = serde_json::from_str(data).expect("JSON");
        Self { html, data }
    }

    fn word(&self, place: &Value) -> &str {
        let place = place.as_u64().expect("a place");
        let word = &self.data["words"][usize::try_from(place).expect("a place")];
        word.as_str().expect("a word")
    }

    fn list(&self, key: &str) -> &Vec<Value> {
        self.data[key].as_array().expect("a list")
    }

    /// The rows of the table by the names of their columns.
    fn rows(&self) -> Vec<BTreeMap<&str, &Value>> {
        let columns = self
            .list("columns")
            .iter()
            .map(|c| c.as_str().expect("a name"));
        let columns: Vec<&str> = columns.collect();
        let rows = self.list("rows").iter();
        rows.map(|row| {
            let row = row.as_array().expect("a row");
            assert_eq!(row.len(), columns.len());
            columns.iter().copied().zip(row).collect()
        })
        .collect()
    }

    fn rule(&self, row: &BTreeMap<&str, &Value>) -> &Value {
        let place = row["rule"].as_u64().expect("a place");
        &self.data["rules"][usize::try_from(place).expect("a place")]
    }

    /// A section without its markup, its blanks joined.
    fn words_of(&self, section: &str) -> String {
        let html = between(
            &self.html,
            &format!("<section id=\"{section}\""),
            "</section>",
        );
        let markup = Regex::new("<[^>]*>").expect("a pattern");
        let text = markup.replace_all(html, " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to}")).0
}

/// `1,234` of a number.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Holds every row of the page against its row of the log, cell by cell.
fn same_as_log(page: &Page, run: &Path) {
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    assert_eq!(page.data["total"].as_u64(), Some(log.len() as u64));
    let rows = page.rows();
    assert_eq!(page.data["told"].as_u64(), Some(rows.len() as u64));
    let by_id: BTreeMap<&str, _> = (log.iter().enumerate())
        .map(|(at, row)| (&row["discrepancy_id"], (at, row)))
        .collect();
    let mut order = Vec::new();
    for row in &rows {
        let id = page.word(row["id"]);
        let (at, logged) = by_id[id];
        order.push(at);
        for (column, of_log) in [
            ("status", "status"),
            ("record_key", "record_key"),
            ("column", "column"),
            ("file", "source_file"),
            ("sheet", "source_sheet"),
            ("observed", "observed"),
            ("expected", "expected"),
            ("suggestion", "suggestion"),
            ("difference", "difference"),
            ("action", "action"),
            ("cleaned", "cleaned"),
            ("group", "group_id"),
            ("cause", "likely_cause"),
            ("waiver", "waiver_id"),
            ("first_seen", "first_seen_run"),
            ("last_seen", "last_seen_run"),
            ("message", "message"),
        ] {
            let word = page.word(row[column]);
            assert_eq!(harmless::cell(word), logged[of_log], "{id} {column}");
        }
        for (column, of_log) in [("line", "source_line"), ("row", "source_row")] {
            let number = row[column]
                .as_i64()
                .map_or(String::new(), |n| n.to_string());
            assert_eq!(number, logged[of_log], "{id} {column}");
        }
        let rule = page.rule(row);
        for (key, of_log) in [
            ("id", "rule_id"),
            ("version", "rule_version"),
            ("kind", "kind"),
            ("dimension", "dimension"),
            ("severity", "severity"),
            ("category", "category"),
            ("table", "table"),
        ] {
            assert_eq!(rule[key], logged[of_log], "{id} {key}");
        }
    }
    assert!(order.is_sorted(), "rows stand in the order of the log");
    let (mut all_told, mut all_found) = (BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        let id = page.rule(row)["id"].as_str().expect("an id");
        *all_told.entry(id).or_insert(0) += 1;
    }
    for row in &log {
        *all_found.entry(&row["rule_id"]).or_insert(0) += 1;
    }
    for rule in page.list("rules") {
        let id = rule["id"].as_str().expect("an id");
        let [told, found] = [&all_told, &all_found].map(|all| all.get(id).copied().unwrap_or(0));
        assert_eq!(rule["told"].as_u64(), Some(told), "{}", rule["id"]);
        assert_eq!(rule["found"].as_u64(), Some(found), "{}", rule["id"]);
    }
}

#[test]
fn the_page_holds_what_the_log_holds() {
    let run = fixture().project.path("out/current");
    let page = Page::read(&run);
    same_as_log(&page, &run);
    assert_eq!(page.data["told"], page.data["total"]);
    assert!(!page.html.contains("class=\"where-the-rest-is\""));
    let ids = page
        .list("rules")
        .iter()
        .map(|rule| rule["id"].as_str().expect("an id"));
    let ids: Vec<&str> = ids.collect();
    assert!(ids.is_sorted() && ids.len() > 200, "{} rules", ids.len());
    // One that must hold of a file that cannot be read can be waived by nobody.
    for rule in page.list("rules") {
        let id = rule["id"].as_str().expect("an id");
        assert_eq!(rule["waivable"], !id.ends_with(".unreadable"), "{id}");
    }
}

#[test]
fn records_are_as_they_were_delivered_but_for_what_is_hidden() {
    let page = Page::read(&fixture().project.path("out/current"));
    let mut delivered: BTreeMap<(String, u64), Vec<String>> = BTreeMap::new();
    let tables: BTreeSet<&str> = page
        .list("tables")
        .iter()
        .map(|t| t["name"].as_str().expect("a name"))
        .collect();
    assert!(tables.len() > 4, "{tables:?}");
    for table in &tables {
        let file = format!("{table}.csv");
        let path = repository(DELIVERY).join(&file);
        let mut reader = csv::Reader::from_path(path).expect("an export");
        for record in reader.records() {
            let record = record.expect("a record");
            let line = record.position().expect("a place").line();
            let cells = record.iter().map(str::to_owned).collect();
            delivered.insert((file.clone(), line), cells);
        }
    }
    let hidden = Regex::new(r"(?m)^  (\w+):\n(?:    .*\n)*?    policy: hide").expect("a pattern");
    let (mut held, mut replaced) = (0, 0);
    for row in page.rows() {
        let Some(record) = row["record"].as_u64() else {
            // Only what is about totals or a whole file has none.
            assert!(
                page.rule(&row)["table"] == "" || row["line"].is_null(),
                "{row:?}"
            );
            continue;
        };
        let record = &page.data["records"][usize::try_from(record).expect("a place")];
        let table = &page.data["tables"]
            [usize::try_from(record["table"].as_u64().expect("a place")).expect("a place")];
        let name = table["name"].as_str().expect("a name");
        assert_eq!(page.rule(&row)["table"], name);
        let line = row["line"].as_u64().expect("a line");
        let cells = &delivered[&(page.word(row["file"]).to_owned(), line)];
        let yaml = read(&repository("rules/tables").join(name).with_extension("yaml"));
        let hidden: BTreeSet<&str> = hidden
            .captures_iter(&yaml)
            .map(|c| c.get(1).expect("a name").as_str())
            .collect();
        for ((column, cell), place) in table["columns"]
            .as_array()
            .expect("columns")
            .iter()
            .zip(cells)
            .zip(record["cells"].as_array().expect("cells"))
        {
            let column = column.as_str().expect("a name");
            let want = match hidden.contains(column) && !cell.is_empty() {
                true => "[hidden]",
                false => cell,
            };
            assert_eq!(page.word(place), want, "{name}.{column} on line {line}");
            replaced += usize::from(want == "[hidden]");
        }
        held += 1;
    }
    assert!(
        held > 4_000 && replaced > 1_000,
        "{held} records, {replaced} cells hidden"
    );
}

#[test]
fn sections_tell_the_results_of_the_run() {
    let run = fixture().project.path("out/current");
    let page = Page::read(&run);
    let results: Value = serde_json::from_str(&read(&run.join("run_results.json"))).expect("JSON");
    let number = |value: &Value| grouped(value.as_u64().expect("a number"));

    let brought = page.words_of("brought");
    let found = &results["discrepancies"];
    assert!(
        brought.contains(&format!("{} open", number(&found["total"]))),
        "{brought}"
    );
    for status in ["new", "ongoing", "reopened", "waived", "resolved"] {
        let card = format!("{} {status}", number(&found["by_status"][status]));
        assert!(brought.contains(&card), "{card}");
    }
    for severity in ["blocking", "error", "warn", "info"] {
        let line = format!(
            "{severity} {0} {0} 0 0 0 0",
            number(&found["by_severity"][severity])
        );
        assert!(brought.contains(&line), "{line}");
    }
    for (rule, count) in found["by_rule"].as_object().expect("rules") {
        let line = format!("{rule} {0} {0} 0 0 0 0", number(count));
        assert!(brought.contains(&line), "{line}");
    }

    let proof = page.words_of("proof");
    let rules = results["results"].as_array().expect("results");
    assert!(
        proof.contains(&format!("{} in all", rules.len())),
        "{proof}"
    );
    for rule in rules {
        let [id, kind, table, severity] =
            ["rule_id", "kind", "table", "severity"].map(|key| rule[key].as_str().expect("a text"));
        let came = match rule["status"].as_str().expect("a status") {
            "passed" => "passed",
            "failed" => "found something",
            other => panic!("{other}"),
        };
        let evaluated = rule["evaluated"].as_u64().expect("a number");
        let failed = rule["failed"].as_u64().expect("a number");
        let line = format!(
            "{id} {kind} {table} {severity} {came} {} {} {} {}",
            grouped(evaluated - failed),
            grouped(failed),
            number(&rule["not_evaluated"]),
            number(&rule["not_applicable"])
        );
        assert!(proof.contains(&line), "{line}");
    }

    let balance = page.words_of("balance");
    let sign_off = page.words_of("sign-off");
    let mut read_in_all = 0;
    for table in results["tables"].as_array().expect("tables") {
        let numbers = ["rows_read", "clean", "quarantined", "excluded", "rejected"]
            .map(|key| number(&table[key]));
        let line = format!(
            "{}.csv {} yes",
            table["table"].as_str().expect("a name"),
            numbers.join(" ")
        );
        assert!(balance.contains(&line), "{line}");
        assert!(
            balance.contains(&format!("clean: {}", numbers[1])),
            "{line} as a flow"
        );
        read_in_all += table["rows_read"].as_u64().expect("a number");
    }
    assert!(
        sign_off.contains(&format!("Rows read {}", grouped(read_in_all))),
        "{sign_off}"
    );

    let manifest: Value = serde_json::from_str(&read(&run.join("manifest.json"))).expect("JSON");
    for input in manifest["inputs"].as_array().expect("inputs") {
        let [path, hash] = ["path", "sha256"].map(|key| input[key].as_str().expect("a text"));
        assert!(sign_off.contains(path) && sign_off.contains(hash), "{path}");
    }
    let mut hashed = 0;
    for output in manifest["outputs"].as_array().expect("outputs") {
        let hash = output["sha256"].as_str().expect("a hash");
        hashed += usize::from(sign_off.contains(hash));
    }
    assert!(hashed > 80, "{hashed} outputs with their hashes");
    for text in [
        manifest["run_id"].as_str().expect("an id"),
        manifest["project"]["sha256"].as_str().expect("a hash"),
        "Prepared by",
        "Reviewed by",
        "Approved by",
        "9 October 2017",
    ] {
        assert!(sign_off.contains(text), "{text}");
    }
}

#[test]
fn statements_that_disagree_are_drawn_with_their_figures() {
    let run = fixture().project.path("out/current");
    let page = Page::read(&run);
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    let disagree: BTreeMap<String, _> = Sheet::read(&run.join("reconciliations.csv"))
        .rows
        .into_iter()
        .filter(|row| &row["verdict"] == "disagrees")
        .map(|row| (row["statement"].to_owned(), row))
        .collect();
    assert_eq!(disagree.len(), 340);
    let statements = between(&page.html, "<section id=\"statements\"", "</section>");
    let drawn = statements
        .split("<details class=\"statement\" id=\"s-")
        .skip(1);
    let drawn: BTreeMap<&str, &str> = drawn
        .map(|rest| rest.split_once('"').expect("an id"))
        .collect();
    assert_eq!(drawn.len(), 340);
    let british = |figure: &str| {
        let (sign, figure) = figure
            .strip_prefix('-')
            .map_or(("", figure), |rest| ("−", rest));
        let (whole, part) = figure
            .split_once('.')
            .map_or((figure, String::new()), |(w, p)| (w, format!(".{p}")));
        format!("{sign}{}{part}", grouped(whole.parse().expect("digits")))
    };
    let mut charts = 0;
    for row in log
        .iter()
        .filter(|row| disagree.contains_key(&row["record_key"]))
    {
        let html = drawn[&row["discrepancy_id"]];
        let said = &disagree[&row["record_key"]];
        let summary = format!(
            "stated {}, computed {}, difference {}",
            british(&said["stated"]),
            british(&said["computed"]),
            british(&said["difference"])
        );
        assert!(html.contains(&summary), "{summary} in {html}");
        assert!(html.contains(&format!("href=\"#open={}\"", &row["discrepancy_id"])));
        charts += html.matches("<svg class=\"chart wide\"").count();
    }
    assert!(charts > 300, "{charts} charts");
    let materiality: Vec<&str> = statements
        .split("materiality ")
        .skip(1)
        .map(|rest| rest.split('.').next().expect("a word"))
        .collect();
    let rank = |word: &&str| {
        ["critical", "major", "minor"]
            .iter()
            .position(|w| w == word)
    };
    assert!(materiality.is_sorted_by_key(rank), "{materiality:?}");
}

/// Every link leads to an element of the page, or to a state of its table that has rows.
fn links_resolve(page: &Page) {
    let link = Regex::new("href=\"([^\"]*)\"").expect("a pattern");
    let id = Regex::new(" id=\"([^\"]+)\"").expect("a pattern");
    let ids: Vec<&str> = id
        .captures_iter(&page.html)
        .map(|c| c.get(1).expect("an id").as_str())
        .collect();
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "ids are there once");
    let rules: BTreeSet<&str> = page
        .list("rules")
        .iter()
        .map(|r| r["id"].as_str().expect("an id"))
        .collect();
    let tables: BTreeSet<&str> = page
        .list("rules")
        .iter()
        .map(|r| r["table"].as_str().expect("a name"))
        .collect();
    let rows: BTreeSet<&str> = page.rows().iter().map(|row| page.word(row["id"])).collect();
    let mut count = 0;
    for found in link.captures_iter(&page.html) {
        let target = found[1]
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{} leaves the page", &found[1]));
        match target.split_once('=') {
            None => assert!(distinct.contains(target), "{target}"),
            Some(("rule", rule)) => assert!(rules.contains(rule), "{target}"),
            Some(("table", table)) => assert!(tables.contains(table), "{target}"),
            Some(("open", id)) => assert!(rows.contains(id), "{target}"),
            Some(("status" | "severity" | "dimension", word)) => {
                assert!(word.chars().all(|c| c.is_ascii_lowercase()), "{target}")
            }
            Some(_) => panic!("{target}"),
        }
        count += 1;
    }
    assert!(count > 10, "{count} links");
}

#[test]
fn links_lead_somewhere() {
    links_resolve(&Page::read(&fixture().project.path("out/current")));
}

/// A table of a key, a number that shall be small, and a text that shall be short.
const TABLE: &str = "version: 1
table: things
source: { files: \"*.csv\" }
key: [id]
columns:
  id: { type: string }
  size: { type: integer, not_null: warn }
  text: { type: string }
rules:
  - id: things.size.small
    check: { expression: { sql: \"size <= 10\", column: size } }
    severity: error
    why: Things are small.
  - id: things.text.short
    check: { expression: { sql: \"length(text) <= 3\", column: text } }
    severity: info
    why: Texts are short.
";

fn things(rows: &str) -> Project {
    Project::of(&[
        ("rules/tables/things.yaml", TABLE),
        ("delivery/things.csv", &format!("id,size,text\n{rows}")),
    ])
}

#[test]
fn small_rules_are_told_whole_and_large_ones_as_far_as_there_is_room() {
    // 10,500 rows lack a size, 3 have a large one, 2 a long text: 10,000 rows in all, of which the small rules take 5.
    let rows: String = (0..10_505)
        .map(|at| match at {
            0..3 => format!("{at},11,a\n"),
            3..5 => format!("{at},1,long\n"),
            _ => format!("{at},,a\n"),
        })
        .collect();
    let project = things(&rows);
    project.run("").expect(0);
    let run = project.path("out/current");
    let page = Page::read(&run);
    same_as_log(&page, &run);
    links_resolve(&page);
    let told: BTreeMap<&str, (u64, u64)> = page
        .list("rules")
        .iter()
        .map(|r| {
            (
                r["id"].as_str().expect("an id"),
                (
                    r["told"].as_u64().expect("a number"),
                    r["found"].as_u64().expect("a number"),
                ),
            )
        })
        .filter(|(_, (_, found))| *found > 0)
        .collect();
    let want = [
        ("things.size.not_null", (9_995, 10_500)),
        ("things.size.small", (3, 3)),
        ("things.text.short", (2, 2)),
    ];
    assert_eq!(told, BTreeMap::from(want));
    let words = page.words_of("discrepancies");
    for text in [
        "10,000 of the 10,505 rows",
        "things.size.not_null : 9,995 of 10,500 rows",
        "duckdb",
        "grep -F",
        "trueup explain",
    ] {
        assert!(words.contains(text), "{text} in {words}");
    }
    // The counts of the sections are those of the whole log.
    assert!(
        page.words_of("brought")
            .contains("things.size.not_null 10,500 10,500 0")
    );
}

#[test]
fn long_texts_are_cut_until_the_page_is_small() {
    // 3,000 texts of 5,000 characters that take six bytes each in JSON.
    let long = "\u{202e}".repeat(5_000);
    let rows: String = (0..3_000)
        .map(|at| format!("{at},1,{at}{long}\n"))
        .collect();
    let project = things(&rows);
    project.run("").expect(0);
    let page = Page::read(&project.path("out/current"));
    assert_eq!(page.data["told"], 3_000);
    let cut = usize::try_from(page.data["cut"].as_u64().expect("a number")).expect("small");
    assert!(cut < 1_000, "{cut}");
    let longest = page
        .list("words")
        .iter()
        .map(|w| w.as_str().expect("a word").chars().count())
        .max();
    assert!(longest <= Some(cut + 1), "{longest:?}");
    assert!(
        page.words_of("discrepancies")
            .contains(&format!("more than {cut} characters are cut"))
    );

    // A single one of a megabyte is cut at 1,000, and the beginning stays.
    let project = things(&format!("a,1,{}\n", "x".repeat(1_000_000)));
    project.run("").expect(0);
    let page = Page::read(&project.path("out/current"));
    let row = &page.rows()[0];
    let record = &page.data["records"]
        [usize::try_from(row["record"].as_u64().expect("a record")).expect("small")];
    assert_eq!(
        page.word(&record["cells"][2]),
        format!("{}…", "x".repeat(1_000))
    );
    assert_eq!(page.data["cut"], 1_000);
}

/// Values that mean to do something.
const HOSTILE: [&str; 6] = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://x\")",
    "\u{202e}evil\u{2066}\u{1b}[31m",
    "{{ 7*7 }}",
];

#[test]
fn hostile_values_are_text() {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = HOSTILE
        .iter()
        .map(|v| format!("{},99,{}\n", quoted(v), quoted(v)));
    let project = Project::of(&[
        (
            "rules/tables/things.yaml",
            &TABLE.replace("Things are small.", "Things </script><b>are small."),
        ),
        (
            "delivery/<b>x&.csv",
            &format!(
                "id,size,text,<i>new\n{}",
                rows.map(|row| row.replace('\n', ",\n")).collect::<String>()
            ),
        ),
        (
            "rules/project.yaml",
            "version: 1\nname: A <script>test\ndelivery: { path: delivery, as_of: 2020-06-01 }\n",
        ),
    ]);
    project.run("").expect(0);
    let run = project.path("out/current");
    let page = Page::read(&run);
    let words: BTreeSet<&str> = page
        .list("words")
        .iter()
        .map(|w| w.as_str().expect("a word"))
        .collect();
    for value in HOSTILE {
        assert!(words.contains(value), "{value:?}");
    }
    assert_eq!(
        page.html.matches("<script").count(),
        2,
        "the data and the page's own"
    );
    assert_eq!(page.html.matches("</script").count(), 2);
    for markup in ["<img", "<b>x", "<i>new", "<b>are"] {
        assert!(!page.html.contains(markup), "{markup}");
    }
    assert!(
        !page.html.chars().any(|c| c != '\n' && harmless::acts(c)),
        "nothing acts"
    );
    assert!(page.words_of("balance").contains("&lt;b&gt;x&amp;.csv"));
    links_resolve(&page);
}

#[test]
fn every_kind_of_run_has_its_page() {
    // Nothing found, no totals, the first night.
    let project = things("a,1,b\n");
    project.run("").expect(0);
    let page = Page::read(&project.path("out/current"));
    assert_eq!(
        (
            page.list("rows").len(),
            page.data["run"]["published"].as_bool()
        ),
        (0, Some(true))
    );
    for (section, text) in [
        ("brought", "Nothing was found tonight"),
        ("brought", "first night"),
        ("statements", "states nothing about totals"),
        ("balance", "things.csv 1 1 0 0 0 yes"),
    ] {
        assert!(page.words_of(section).contains(text), "{text}");
    }
    links_resolve(&page);

    // A trial, which is not published.
    let spoken = project.run("--select things.size.small").expect(1);
    let page = Page::read(&project.path(&spoken.folder()));
    assert_eq!(page.data["run"]["published"], false);
    assert!(page.html.contains("Kept, not published."), "a trial");
    assert!(page.html.contains("3 rules were left out"), "a trial");
    let proof = page.words_of("proof");
    assert!(
        proof.contains("1 passed, 3 left out of this run"),
        "{proof}"
    );
    links_resolve(&page);

    // A blocked run.
    project.edit("rules/tables/things.yaml", |text| {
        text.replace("severity: error", "severity: blocking")
    });
    project.write("delivery/things.csv", "id,size,text\na,11,b\n");
    let spoken = project.run("").expect(1);
    let page = Page::read(&project.path(&spoken.folder()));
    assert_eq!(page.data["run"]["published"], false);
    assert!(
        page.html.contains("Something blocking was found"),
        "a blocked run"
    );
    links_resolve(&page);
}

#[test]
fn nights_before_are_shown_and_what_resolved_is_told() {
    let project = things("a,11,b\nb,11,b\n");
    let night = |delivery: &str, as_of: &str, rows: &str| {
        project.write(
            &format!("nights/{delivery}/things.csv"),
            format!("id,size,text\n{rows}"),
        );
        project
            .run(&format!("--delivery nights/{delivery} --as-of {as_of}"))
            .expect(0);
        Page::read(&project.path("out/current"))
    };
    night("one", "2020-06-01", "a,11,b\nb,11,b\nc,1,long\n");
    night("two", "2020-06-02", "a,11,b\n");
    let page = night("three", "2020-06-03", "b,11,b\nd,12,b\ne,1,b\nf,1,b\n");
    same_as_log(&page, &project.path("out/current"));
    let brought = page.words_of("brought");
    for card in [
        "2 open",
        "1 new",
        "0 ongoing",
        "1 reopened",
        "0 waived",
        "1 resolved",
    ] {
        assert!(brought.contains(card), "{card} in {brought}");
    }
    // The latest first: blocking, error, warn, info, rows read.
    for (night, numbers) in [
        ("3 Jun 2020 three", "0 2 0 0 4"),
        ("2 Jun 2020 two", "0 1 0 0 1"),
        ("1 Jun 2020 one", "0 2 0 1 3"),
    ] {
        let line = Regex::new(&format!("{night} [-0-9a-f]+ {numbers}")).expect("a pattern");
        assert!(line.is_match(&brought), "{night} {numbers} in {brought}");
    }
    assert!(brought.contains("The last 3 published nights"));
    links_resolve(&page);

    // A rule that is gone leaves what it had found, resolved.
    project.edit("rules/tables/things.yaml", |text| {
        text.replace("things.size.small", "things.size.little")
    });
    let page = night("four", "2020-06-04", "b,11,b\n");
    same_as_log(&page, &project.path("out/current"));
    links_resolve(&page);

    // A folder that is filled anew every night is another night each day.
    let page = night("four", "2020-06-05", "b,11,b\ng,1,b\n");
    assert!(
        page.words_of("brought")
            .contains("The last 5 published nights")
    );
}
