//! The report is read back from its page: every figure is that of its aggregate or of its place in the published figures,
//! and what disagrees is marked where it stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use regex::Regex;

use crate::harness::{Fixture, Project, Spoken, fixture, parquet_cells, read, repository};

/// The sections of the published report, and the year beside the one before.
const SECTIONS: [&str; 13] = [
    "1. Introduction and summary",
    "2. Performance headlines",
    "3. Referral source",
    "4. Crime types",
    "5. Reports to the police before and after support",
    "6. Repeat victims",
    "7. Prior support from the service",
    "8. Demographics",
    "9. Geographic areas",
    "10. Identified needs",
    "11. Support provided",
    "12. Length of support",
    "Year on year",
];

fn page(fixture: &Fixture) -> String {
    read(&fixture.path("report.html"))
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A figure as the page says it: what it says of itself, and what a reader sees.
struct Shown {
    about: BTreeMap<String, String>,
    text: String,
}

impl Shown {
    fn get(&self, key: &str) -> &str {
        self.about.get(key).map_or("", String::as_str)
    }
}

fn figures(page: &str) -> Vec<Shown> {
    let element = regex(r"<data ([^>]*)>([^<]*)</data>");
    let attribute = regex(r#"([a-z-]+)="([^"]*)""#);
    let all: Vec<Shown> = element
        .captures_iter(page)
        .map(|found| Shown {
            about: attribute
                .captures_iter(&found[1])
                .map(|pair| (pair[1].to_owned(), unescaped(&pair[2])))
                .collect(),
            text: unescaped(&found[2]),
        })
        .collect();
    assert_eq!(all.len(), page.matches("<data ").count());
    all
}

/// `-12,345` as readers write it, worked out here for itself.
fn written(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits"))
        .collect();
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", groups.join(","))
}

type Cells = BTreeMap<String, Option<String>>;

fn number(cells: &Cells, column: &str) -> i64 {
    let cell = cells[column].as_deref().expect("a figure");
    cell.parse().expect("a whole number")
}

/// The aggregates of a run, by name.
fn aggregates(run: &Path) -> BTreeMap<String, Vec<Cells>> {
    let files = crate::harness::files(&run.join("aggregates"));
    let files = files
        .iter()
        .filter_map(|(name, path)| Some((name.strip_suffix(".parquet")?.to_owned(), path)));
    files
        .map(|(name, path)| (name, parquet_cells(path)))
        .collect()
}

#[test]
fn every_figure_is_that_of_its_aggregate() {
    let page = page(fixture());
    let aggregates = aggregates(&fixture().path(""));
    let mut seen = BTreeSet::new();
    let mut measures: BTreeMap<String, usize> = BTreeMap::new();
    for shown in figures(&page) {
        let name = shown.get("data-aggregate");
        if name.is_empty() || name == "year_on_year" {
            continue;
        }
        let measure = shown.get("data-measure");
        *measures.entry(measure.to_owned()).or_default() += 1;
        let rows = aggregates[name].iter().filter(|row| {
            row["period"].as_deref() == Some(shown.get("data-period"))
                && row["population"].as_deref() == Some(shown.get("data-population"))
        });
        let rows: Vec<&Cells> = rows.collect();
        let place = format!("{name} {:?}", shown.about);
        if measure == "total" {
            let total: i64 = rows.iter().map(|row| number(row, "count")).sum();
            assert_eq!(shown.get("value"), total.to_string(), "{place}");
            assert_eq!(shown.text, written(total), "{place}");
            continue;
        }
        let category = Some(shown.get("data-category"));
        let row = rows
            .iter()
            .find(|row| row["category"].as_deref() == category);
        let row = row.unwrap_or_else(|| panic!("no row: {place}"));
        match measure {
            "count" | "base" => {
                assert_eq!(
                    shown.get("value"),
                    number(row, measure).to_string(),
                    "{place}"
                );
                assert_eq!(shown.text, written(number(row, measure)), "{place}");
                seen.insert((
                    name.to_owned(),
                    row["population"].clone(),
                    row["category"].clone(),
                ));
            }
            "share" => {
                let share: f64 = row["share"]
                    .as_deref()
                    .expect("a share")
                    .parse()
                    .expect("a share");
                assert_eq!(
                    shown.get("value").parse::<f64>().ok(),
                    Some(share),
                    "{place}"
                );
                assert_eq!(shown.text, format!("{:.1}%", share * 100.0), "{place}");
            }
            other => panic!("{other}: {place}"),
        }
    }
    assert_eq!(
        measures.keys().collect::<Vec<_>>(),
        ["count", "share", "total"]
    );
    // Nothing of an aggregate is left out: the fixture has one period.
    for (name, rows) in aggregates
        .iter()
        .filter(|(name, _)| *name != "year_on_year")
    {
        for row in rows {
            let key = (
                name.clone(),
                row["population"].clone(),
                row["category"].clone(),
            );
            assert!(seen.contains(&key), "not on the page: {key:?}");
        }
    }
    assert!(seen.len() > 700, "{}", seen.len());
}

#[test]
fn both_years_stand_as_they_were_compared() {
    let page = page(fixture());
    let rows = parquet_cells(&fixture().path("aggregates/year_on_year.parquet"));
    let key = |row: &Cells| {
        let cell = |column: &str| row[column].clone().unwrap_or_default();
        [
            cell("comparison"),
            cell("table"),
            cell("level"),
            cell("category"),
        ]
    };
    let by_key: BTreeMap<_, &Cells> = rows.iter().map(|row| (key(row), row)).collect();
    let mut seen: BTreeSet<([String; 4], String)> = BTreeSet::new();
    for shown in figures(&page) {
        if shown.get("data-aggregate") != "year_on_year" {
            continue;
        }
        let about = [
            "data-comparison",
            "data-table",
            "data-level",
            "data-category",
        ];
        let key = about.map(|part| shown.get(part).to_owned());
        let measure = shown.get("data-measure");
        let cell = by_key[&key][measure].as_deref().expect("a figure");
        match measure {
            "change_percent" => {
                let percent: f64 = cell.parse().expect("a number");
                assert_eq!(
                    shown.get("value").parse::<f64>().ok(),
                    Some(percent),
                    "{key:?}"
                );
                let digits = shown.text.replace('−', "-").replace(['%', '+'], "");
                let shown: f64 = digits.parse().expect("a number");
                assert!((shown - percent).abs() <= 0.0500001, "{key:?}");
            }
            _ => {
                assert_eq!(shown.get("value"), cell, "{key:?}");
                assert_eq!(
                    shown.text,
                    written(cell.parse().expect("a number")),
                    "{key:?}"
                );
            }
        }
        seen.insert((key, measure.to_owned()));
    }
    for row in &rows {
        for measure in ["current", "previous", "change", "change_percent"] {
            let is_shown = seen.contains(&(key(row), measure.to_owned()));
            assert_eq!(is_shown, row[measure].is_some(), "{measure} {:?}", key(row));
        }
        // What cannot be compared has no change in percent, there and so here.
        if row["verdict"].as_deref() != Some("comparable") {
            assert_eq!(row["change_percent"], None);
        }
    }
}

#[test]
fn every_published_figure_is_what_its_line_says() {
    let page = page(fixture());
    let mut lines: BTreeMap<String, Vec<csv::StringRecord>> = BTreeMap::new();
    let place = regex(r"^(.+\.csv):(\d+)");
    let mut measures = BTreeSet::new();
    for shown in figures(&page) {
        let stated = shown.get("data-published");
        if stated.is_empty() {
            continue;
        }
        let found = place.captures(stated).expect("a place");
        let records = lines.entry(found[1].to_owned()).or_insert_with(|| {
            let reader = csv::Reader::from_path(fixture().project.path(&found[1]));
            let records = reader.expect("the file").into_records();
            records.map(|record| record.expect("a record")).collect()
        });
        let line: usize = found[2].parse().expect("a line");
        let record = &records[line - 2];
        let (measure, value) = (&record[6], &record[7]);
        measures.insert(measure.to_owned());
        assert_eq!(shown.get("data-measure"), measure, "{stated}");
        let exact: f64 = value.parse().expect("a figure");
        assert_eq!(
            shown.get("value").parse::<f64>().ok(),
            Some(exact),
            "{stated}"
        );
        let text = match measure {
            "count" => written(value.parse().expect("a whole number")),
            "percent" => format!("{value}%"),
            _ => format!("{:.1}%", exact * 100.0),
        };
        assert_eq!(shown.text, text, "{stated}");
    }
    let all = ["count", "percent", "share"].map(str::to_owned);
    assert_eq!(measures, BTreeSet::from(all));
}

#[test]
fn what_is_published_stands_beside_what_is_computed() {
    let page = page(fixture());
    let element = regex(r#"data-published="([^"]*)""#);
    let shown: BTreeSet<String> = element
        .captures_iter(&page)
        .map(|found| unescaped(&found[1]))
        .collect();
    let cell = regex(r"(?s)<(?:td|li)[^>]*>(.*?)</(?:td|li)>");
    let cells: BTreeSet<&str> = cell
        .captures_iter(&page)
        .filter_map(|found| found.get(1).map(|inside| inside.as_str()))
        .collect();
    let sheet = fixture().sheet("reconciliations.csv");
    let controls = sheet.rows.iter().filter(|row| {
        row["rule_id"].starts_with("control.")
            && &row["verdict"] == "disagrees"
            && row["computed_at"].starts_with("aggregates/")
            && !row["computed_at"].contains([',', ';'])
    });
    let mut looked = 0;
    for row in controls {
        looked += 1;
        // A value that was printed several times is shown once: then another printing stands for it.
        let stated = format!("value=\"{}\" data-published=", &row["stated"]);
        let marked = |cell: &&&str| cell.contains(&stated) && cell.contains("class=\"mark\"");
        assert!(
            shown.contains(&row["stated_at"]) || cells.iter().any(|cell| marked(&cell)),
            "{} is shown nowhere with a mark",
            &row["statement"]
        );
    }
    assert!(looked > 200, "{looked}");
}

#[test]
fn every_statement_that_disagrees_is_told_with_the_way_to_it() {
    let page = page(fixture());
    let links: BTreeSet<String> = regex("href=\"discrepancies.html#s-([0-9a-f]{20})\"")
        .captures_iter(&page)
        .map(|found| found[1].to_owned())
        .collect();
    let disagreeing: BTreeSet<String> = fixture()
        .sheet("reconciliations.csv")
        .rows
        .iter()
        .filter(|row| &row["verdict"] == "disagrees")
        .map(|row| row["statement"].to_owned())
        .collect();
    let log = fixture().sheet("discrepancies.csv");
    let ids: BTreeSet<String> = log
        .rows
        .iter()
        .filter(|row| disagreeing.contains(&row["record_key"]))
        .map(|row| row["discrepancy_id"].to_owned())
        .collect();
    assert_eq!(ids.len(), disagreeing.len());
    assert!(ids.len() > 300);
    assert_eq!(ids, links);
}

#[test]
fn the_page_leads_where_it_says() {
    let page = page(fixture());
    let ids: Vec<String> = regex(r#" id="([^"]*)""#)
        .captures_iter(&page)
        .map(|found| found[1].to_owned())
        .collect();
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id stands twice");
    let links = regex(r##"href="#([^"]*)""##);
    let mut count = 0;
    for link in links.captures_iter(&page) {
        count += 1;
        assert!(
            unique.contains(&link[1].to_owned()),
            "#{} leads nowhere",
            &link[1]
        );
    }
    assert!(count > 300, "{count}");
    let marks = page.matches("class=\"mark\" href=").count();
    let notes = regex(r#"<li id="[a-z0-9-]+-note-\d+">"#)
        .find_iter(&page)
        .count();
    assert_eq!(marks, notes, "each mark has its note");
    let headings: Vec<String> = regex(r"(?s)<section [^>]*>\s*<h2 [^>]*>(.*?)</h2>")
        .captures_iter(&page)
        .map(|found| unescaped(&found[1]))
        .collect();
    assert_eq!(
        headings.get(..SECTIONS.len()),
        Some(&SECTIONS.map(str::to_owned)[..])
    );
    let sections: Vec<&str> = page.split("<section ").skip(1).collect();
    for (section, name) in sections.iter().zip(SECTIONS) {
        assert!(
            section.contains("<table>") && section.contains("<svg "),
            "{name}"
        );
    }
    assert!(page.contains("script-src 'none'") && !page.contains("<script"));
    assert!(
        !page.contains("http:") && !page.contains("https:"),
        "nothing is fetched"
    );
    assert!(!page.contains(" style=\"") && !page.contains(" onclick="));
}

/// Everything in which digits may stand but figures: names, notes and what is about the run.
fn named() -> Vec<Regex> {
    let tags = [
        "h1",
        "h2",
        "h3",
        "th",
        "figcaption",
        "caption",
        "nav",
        "code",
        "time",
        "summary",
    ];
    let whole = tags.map(|tag| format!(r"(?s)<{tag}( [^>]*)?>.*?</{tag}>"));
    let others = [
        r"(?s)^.*?<body>",
        r"(?s)<svg .*?</svg>",
        r#"(?s)<div class="notes">.*?</div>"#,
        r#"(?s)<ul class="key">.*?</ul>"#,
        r#"(?s)<span class="(label|where)">.*?</span>"#,
        r#"(?s)<a class="mark".*?</a>"#,
        r##"<a href="#[a-z0-9-]+-reason-\d+">reason \d+</a>"##,
        r"<data [^>]*>[^<]*</data>",
    ];
    let whole = whole.iter().map(String::as_str);
    others.into_iter().chain(whole).map(regex).collect()
}

#[test]
fn no_number_stands_there_without_its_source() {
    let text = named().iter().fold(page(fixture()), |text, named| {
        named.replace_all(&text, " ").into_owned()
    });
    let text = regex("<[^>]*>").replace_all(&text, " ");
    assert!(text.contains("cases were referred"), "the texts are read");
    for line in text.lines() {
        assert!(
            !line.contains(|c: char| c.is_ascii_digit()),
            "a number of its own: {line}"
        );
    }
}

#[test]
fn what_is_withheld_says_so_in_its_place() {
    let project = Project::small();
    // The first rule of people is that each has a reference, and now one has none.
    project.edit("rules/tables/people.yaml", |text| {
        text.replacen("severity: error", "severity: blocking", 1)
    });
    let people = format!("{}/people.csv", crate::harness::DELIVERY);
    project.edit(&people, |text| format!("{text},A,B{}\n", ",".repeat(10)));
    let spoken = project.run("").expect(1);
    let page = read(&project.path(&format!("{}/report.html", spoken.folder())));
    let section = page
        .split("id=\"demographics\"")
        .nth(1)
        .expect("the section");
    let section = section.split("</section>").next().expect("its end");
    for title in ["Gender", "Ethnicity"] {
        let said = format!(
            "the figures of <span class=\"label\">{title}</span> are not shown, since table people failed (rule people.person_ref.not_null)"
        );
        assert!(section.contains(&said), "{title}: {section}");
    }
    assert!(section.contains("a figure that is withheld"), "{section}");
}

const NOTES: &str = "version: 1\ntable: notes\nsource: { files: notes.csv }\nkey: [ref]\ncolumns:\n  ref: { type: string, not_null: error }\n  kind: { type: string }\n";
const COUNTED: &str = "SELECT '2020' AS period, 'all' AS population, kind AS category, CAST(1 AS BIGINT) AS sort, count(*) AS count, CAST(count(*) AS BIGINT) AS base, CAST(1 AS DOUBLE) AS share FROM notes WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind\n";

#[test]
fn a_project_without_a_word_about_it_has_a_report_and_values_are_text() {
    let hostile = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "=HYPERLINK(1)",
        "{{ count('x','y') }}",
        "a\u{202e}b",
        "' onmouseover='x",
    ];
    let long = "x".repeat(300_000);
    let mut delivery = String::from("ref,kind\n");
    for (at, value) in hostile.iter().chain([&long.as_str()]).enumerate() {
        delivery.push_str(&format!("N{at},\"{}\"\n", value.replace('"', "\"\"")));
    }
    let project = Project::of(&[
        ("rules/tables/notes.yaml", NOTES),
        ("sql/aggregates/notes_by_kind.sql", COUNTED),
        ("delivery/notes.csv", delivery.as_str()),
    ]);
    let spoken = project.run("").expect(0);
    let page = read(&project.path(&format!("{}/report.html", spoken.folder())));
    assert!(
        page.contains("<h2 id=\"aggregate-notes_by_kind\">Notes by kind</h2>"),
        "{page:.3000}"
    );
    assert!(page.contains("<table>") && page.contains("<svg "));
    let shown: BTreeSet<String> = figures(&page)
        .iter()
        .map(|figure| figure.get("data-category").to_owned())
        .collect();
    for value in hostile {
        let text = value.replace('\u{202e}', "\\u{202e}");
        assert!(shown.contains(&text), "{text}: {shown:?}");
    }
    assert!(
        !page.contains("<script>alert") && !page.contains("<img") && !page.contains('\u{202e}')
    );
    // Outside the values of attributes, in which every quote is escaped, no tag has one of a value's making.
    let bare = regex("\"[^\"]*\"").replace_all(&page, "").into_owned();
    assert!(
        !regex(r"<[^>]*onmouseover").is_match(&bare),
        "an attribute of its own"
    );
    assert!(page.len() < 100_000, "{} bytes", page.len());
}

#[test]
fn a_report_with_mistakes_is_refused_before_anything_is_read() {
    let project = Project::small();
    project.edit("rules/report.yaml", |text| {
        text.replacen(
            "count('headline', 'cases referred'",
            "count('headline', 'cases refered'",
            1,
        )
    });
    let spoken: Spoken = project.run("").expect(2);
    assert!(
        spoken.stderr.contains("has no category `cases refered`"),
        "{}",
        spoken.stderr
    );
    assert!(
        spoken.stderr.contains("rules/report.yaml:16:29"),
        "{}",
        spoken.stderr
    );
    assert!(
        spoken.stderr.contains("did you mean `cases referred`?"),
        "{}",
        spoken.stderr
    );
    assert!(!project.path("out").exists());
}

#[test]
fn the_report_decides_the_project_s_hash() {
    let project = Project::small();
    let before = project.run("").expect(0).folder();
    project.edit("rules/report.yaml", |text| {
        text.replacen("Annual", "Yearly", 1)
    });
    assert_ne!(project.run("").expect(0).folder(), before);
    assert!(repository("rules/report.yaml").is_file());
}
