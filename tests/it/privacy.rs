//! Hidden values appear nowhere outside the clean tables and the quarantine.

use std::{collections::BTreeSet, path::Path};

use regex::{Regex, RegexBuilder};

use crate::harness::{
    DELIVERY, Fixture, KEY, Project, Row, Sheet, Spoken, files, fixture, keyed, parquet_text, read,
    repository,
};

/// What may be read by others than those who may read the tables.
const TOLD: [&str; 17] = [
    "discrepancies.csv",
    "discrepancies.html",
    "changes.csv",
    "figure_changes.csv",
    "rejects/rejects.csv",
    "rule_results.csv",
    "reconciliations.csv",
    "run_results.json",
    "manifest.json",
    "junit.xml",
    "discrepancies.sarif",
    "openlineage.ndjson",
    "metrics.prom",
    "validation_report.json",
    "aggregates/age.csv",
    "aggregates/gender.csv",
    "report.html",
];

/// Workbooks, whose texts stand in parts of a zip.
const WORKBOOKS: [&str; 2] = ["discrepancies.xlsx", "aggregates.xlsx"];

/// The same in Parquet, where texts stand in pages that may be compressed: read cell by cell.
const TABLES: [&str; 4] = ["discrepancies", "changes", "rejects/rejects", "history"];

/// Finds any value that must not be told: last names that are long enough not to be part of other words, phones, emails.
fn secrets() -> Regex {
    let people = Sheet::read(&repository(DELIVERY).join("people.csv")).rows;
    let mut secrets = BTreeSet::new();
    for person in &people {
        for (column, shortest) in [("last_name", 5), ("phone", 9), ("email", 7)] {
            let value = person[column].trim();
            if value.chars().count() >= shortest {
                secrets.insert(regex::escape(value));
            }
        }
    }
    // Some people are called like a place, and the places are told.
    let public = files(&repository("rules/reference"));
    let public: String = public.values().map(|file| read(file)).collect();
    secrets.retain(|secret| !public.contains(secret.as_str()));
    assert!(secrets.len() > 1_000, "{} values", secrets.len());
    let pattern = secrets.into_iter().collect::<Vec<_>>().join("|");
    let pattern = RegexBuilder::new(&pattern).size_limit(1 << 30).build();
    pattern.expect("a pattern")
}

fn check(place: &str, text: &str, secrets: &Regex) {
    for (at, line) in text.lines().enumerate() {
        let told = secrets.find(line).map(|found| found.as_str());
        assert_eq!(told, None, "{place}:{}: {line}", at + 1);
    }
}

fn check_run(run: &Path, spoken: &Spoken, secrets: &Regex) {
    for file in TOLD {
        check(file, &read(&run.join(file)), secrets);
    }
    for table in TABLES {
        let path = run.join(table).with_extension("parquet");
        check(table, &parquet_text(&path), secrets);
    }
    for book in WORKBOOKS {
        let parts = crate::workbooks::parts(&run.join(book));
        let told: usize = parts.values().map(String::len).sum();
        assert!(told > 10_000, "{book} holds {told} bytes");
        for (part, text) in parts {
            check(
                &format!("{book}: {part}"),
                &text.replace('<', "\n<"),
                secrets,
            );
        }
    }
    check("stdout", &spoken.stdout, secrets);
    check("stderr", &spoken.stderr, secrets);
}

/// How many values of the log are hidden in this way.
fn hidden(run: &Path, start: &str) -> usize {
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    let hidden = log.iter().filter(|row| row["observed"].starts_with(start));
    hidden.count()
}

#[test]
fn a_run_tells_no_hidden_value_with_or_without_a_key() {
    let secrets = secrets();
    for (fixture, start) in [(fixture(), "[hidden]"), (keyed(), "hmac:")] {
        let Fixture { project, spoken } = fixture;
        let run = project.path("out/current");
        assert!(spoken.stderr.lines().count() > 5, "-vv says more");
        check_run(&run, spoken, &secrets);
        // Dates of birth that are none, postcodes, phones and emails that cannot be one.
        assert_eq!(hidden(&run, start), 27);
        for text in [&spoken.stdout, &spoken.stderr] {
            assert!(!text.contains(KEY), "the key is told");
        }
    }
}

#[test]
fn records_that_are_no_rows_are_hidden_whole() {
    let project = Project::small();
    project.edit(&format!("{DELIVERY}/people.csv"), |text| {
        let spoil = |(at, line): (usize, &str)| match at % 3 {
            1 => format!("{line},one more\n"),
            _ => format!("{line}\n"),
        };
        text.lines().enumerate().map(spoil).collect()
    });
    // Published, so that all outputs are there.
    project.edit("rules/project.yaml", |text| {
        text.replace("max_rejects: 0", "max_rejects: 100")
    });
    let secrets = secrets();
    for key in [None, Some(KEY)] {
        let mut command = project.command();
        command.arg("-vv").envs(key.map(|key| ("TRUEUP_KEY", key)));
        let spoken = Spoken::of(&mut command).expect(0);
        let run = project.path(&spoken.folder());
        assert_eq!(Sheet::read(&run.join("rejects/rejects.csv")).rows.len(), 20);
        check_run(&run, &spoken, &secrets);
    }
}

/// Tables whose rules group rows, find codes and name rows by hidden values.
const LETTERS: &str = r#"version: 1
table: letters
source: { files: "letters.csv", required: true }
key: [ref]
columns:
  ref: { type: string, description: Number of the letter. }
  mail: { type: string, policy: hide, description: Where it goes., unique: error }
  town: { type: string, description: Where from. }
rules:
  - id: letters.pair
    check: { unique: { columns: [town, mail] } }
    why: One letter a town.
  - id: letters.twice
    check: { duplicates: { columns: [town], column: town } }
    why: The original is named by its key, which may be shown.
  - id: letters.written
    check:
      failed_rows:
        sql: |
          WITH l AS (SELECT "_row", upper("_raw.mail") || '!' AS m FROM letters)
          SELECT "_row", m AS "_group" FROM l
    why: Every letter is written again.
  - id: letters.sorted
    check:
      failed_rows:
        sql: |
          SELECT "_row", CASE WHEN mail LIKE 'j%' THEN 'jj' ELSE 'mm' END AS "_group" FROM letters
    why: Every letter is sorted again.
  - id: letters.towns
    check:
      failed_rows:
        sql: |
          SELECT l."_row", l.town AS "_group" FROM letters l JOIN letters m ON m.mail = l.mail
    why: Towns may be shown.
"#;

/// Runs a project, and returns its log after seeing that nothing but its tables tells one of `secrets`.
fn log_without(project: &Project, key: Option<&str>, code: i32, secrets: &str) -> Vec<Row> {
    let secrets = Regex::new(&format!("(?i){secrets}")).expect("a pattern");
    let mut command = project.command();
    command.arg("-vv").envs(key.map(|key| ("TRUEUP_KEY", key)));
    let spoken = Spoken::of(&mut command).expect(code);
    check("stdout", &spoken.stdout, &secrets);
    check("stderr", &spoken.stderr, &secrets);
    let run = project.path(&spoken.folder());
    for (name, path) in files(&run) {
        match name.split(['/', '.']).collect::<Vec<_>>()[..] {
            ["clean" | "quarantine", ..] => {}
            [.., "parquet"] => check(&name, &parquet_text(&path), &secrets),
            [.., "xlsx"] => check(&name, &crate::workbooks::told(&path), &secrets),
            _ => check(&name, &read(&path), &secrets),
        }
    }
    Sheet::read(&run.join("discrepancies.csv")).rows
}

/// The cells of a log that hold for any run with any key.
fn lasting(log: &[Row], columns: &[&str]) -> Vec<Vec<String>> {
    let cells = |row: &Row| columns.iter().map(|c| row[c].to_owned()).collect();
    log.iter().map(cells).collect()
}

#[test]
fn groups_of_hidden_values_are_hidden() {
    let run = |jane: &str, max: &str, key: Option<&str>| {
        let rows = [
            format!("1,{jane},Oadby"),
            format!("2,{max},Oadby"),
            format!("3,{jane},Oadby"),
            format!("4,{max},Wigston"),
            format!("5,{jane},Wigston"),
        ];
        let project = Project::of(&[
            ("rules/tables/letters.yaml", LETTERS),
            (
                "delivery/letters.csv",
                &format!("ref,mail,town\n{}\n", rows.join("\n")),
            ),
        ]);
        log_without(&project, key, 0, &format!("{jane}|{max}"))
    };
    let one = ("jane.roe@example.org", "max@example.org");
    let other = ("june.doe@example.org", "moritz@example.org");
    for (key, start) in [(None, "(as `[hidden]`)"), (Some(KEY), "(as `hmac:")] {
        let log = run(one.0, one.1, key);
        let of = |rule: &str| -> Vec<&Row> {
            let rows = log.iter().filter(|row| &row["rule_id"] == rule);
            rows.collect()
        };
        for (rule, failing, groups) in [
            ("letters.mail.unique", 3, 2),
            ("letters.pair", 1, 1),
            ("letters.written", 5, 2),
            ("letters.sorted", 5, 2),
        ] {
            let rows = of(rule);
            assert_eq!(rows.len(), failing, "{rule}");
            let ids: BTreeSet<&str> = rows.iter().map(|row| &row["group_id"]).collect();
            assert_eq!(ids.len(), groups, "{rule}");
            assert!(!ids.contains(""), "{rule}");
            for row in rows {
                // A key that is there twice is told by its place.
                let told = match &row["kind"] {
                    "unique" => "(first of ",
                    _ => start,
                };
                assert!(row["message"].contains(told), "{rule}: {row:?}");
            }
        }
        for (rule, nth, shown) in [
            ("letters.twice", 1, "differs from `1` on line 2"),
            ("letters.towns", 0, "(as `Oadby`)"),
        ] {
            let row = of(rule)[nth];
            assert!(row["message"].contains(shown), "{rule}: {row:?}");
        }
        let columns = ["discrepancy_id", "observed", "group_id", "message"];
        let [first, second] = [&log, &run(other.0, other.1, key)].map(|log| lasting(log, &columns));
        // Without a key nothing depends on the values; with one, everything made of them depends on it too.
        assert_eq!(first == second, key.is_none(), "{first:?}\n{second:?}");
        if key.is_some() {
            let log = run(one.0, one.1, Some("another key"));
            let groups = lasting(&log, &["group_id"]);
            let of_hidden = |g: &[Vec<String>]| g.iter().take(4).cloned().collect::<BTreeSet<_>>();
            let first = lasting(&run(one.0, one.1, key), &["group_id"]);
            assert!(of_hidden(&first).is_disjoint(&of_hidden(&groups)));
        }
    }
}

const PEOPLE: &str = r#"version: 1
table: people
source: { files: "people.csv", required: true }
key: [ref]
columns:
  ref: { type: string, description: Number of the person. }
  town: { type: string, description: Where from. }
  t: { type: string, policy: hide, description: A text. }
  n: { type: integer, policy: hide, description: A number. }
  b: { type: boolean, policy: hide, description: A truth. }
  d: { type: date, formats: ["%Y-%m-%d"], policy: hide, description: A date. }
"#;

const CODES: &str =
    "code,label,parent,sort,missing,valid_from,valid_to\nJane,Jane,,1,,,\nMax,Max,,2,,,\n";

/// A project over people with these queries as model tables `m01`, `m02`, … and aggregates `a01`, …
fn people(model: &[String], aggregates: &[String]) -> Project {
    let named = |kind: &str, queries: &[String]| -> Vec<(String, String)> {
        let name = |at: usize| format!("sql/{kind}/{}{:02}.sql", &kind[..1], at + 1);
        let named = queries.iter().enumerate();
        named.map(|(at, sql)| (name(at), sql.clone())).collect()
    };
    let queries = [named("model", model), named("aggregates", aggregates)].concat();
    let mut files = vec![
        ("rules/tables/people.yaml", PEOPLE),
        ("rules/reference/codes.csv", CODES),
        (
            "delivery/people.csv",
            "ref,town,t,n,b,d\n1,Oadby,Jane,7341,true,1987-03-04\n2,Oadby,Max,9823,false,2003-04-05\n",
        ),
    ];
    files.extend(queries.iter().map(|(f, sql)| (f.as_str(), sql.as_str())));
    Project::of(&files)
}

/// An aggregate whose category is `category`.
fn aggregate_by(category: &str) -> String {
    let told = category.replace('§', "");
    format!(
        "SELECT '2020' AS period, 'all' AS population, {told} AS category, 1 AS sort, count(*) AS count,\n  \
         count(*) AS base, CAST(1 AS DOUBLE) AS share\nFROM people\nGROUP BY {category}\nORDER BY category\n"
    )
}

#[test]
fn queries_that_would_publish_hidden_values_are_refused_where_they_do() {
    // `§` is where the caret is to stand: where the column is named last or, with GROUP BY, there.
    let model = [
        "SELECT ref, §t FROM people",
        "§SELECT * FROM people",
        "SELECT ref,\n  upper(§t) AS u\nFROM people",
        "SELECT ref, §p.t FROM people p",
        "SELECT q.ref, §q.t AS x FROM (SELECT p.ref, q.t FROM people q JOIN people p ON p.ref = q.ref) q",
        "SELECT §x.u FROM (SELECT t AS u FROM people) x",
        "WITH c AS (SELECT t AS u FROM people)\nSELECT §u FROM c",
        "SELECT town, min(§t) AS m FROM people GROUP BY town ORDER BY town",
        "SELECT town, first_value(§t ORDER BY ref) AS m FROM people GROUP BY town ORDER BY town",
        "SELECT town, string_agg(§t, ',') AS m FROM people GROUP BY town ORDER BY town",
        "SELECT town, sum(§n) AS m FROM people GROUP BY town ORDER BY town",
        "SELECT t, count(*) AS c FROM people GROUP BY §t ORDER BY t",
        "SELECT count(*) AS c, t AS x FROM people GROUP BY GROUPING SETS ((town, §t)) ORDER BY c",
        "SELECT ref, town || '/' || §t AS x FROM people",
        "SELECT ref, coalesce(§t, 'none') AS x FROM people",
        "SELECT ref, CASE WHEN town = 'Oadby' THEN §t ELSE 'no' END AS x FROM people",
        "SELECT ref, CASE WHEN §b THEN 'yes' ELSE 'no' END AS x FROM people",
        "SELECT ref, §b = TRUE AS x FROM people",
        "SELECT ref, §b IS TRUE AS x FROM people",
        "SELECT ref, NOT §b AS x FROM people",
        "SELECT ref, date_part('year', §d) AS x FROM people",
        "SELECT ref, CAST(§n AS DOUBLE) / 2 AS x FROM people",
        "SELECT ref, (SELECT max(§q.t) FROM people q) AS x FROM people",
        "SELECT ref, lag(§t) OVER (ORDER BY ref) AS x FROM people ORDER BY ref",
        "SELECT x.ref, §x.t FROM (SELECT DISTINCT ON (ref) ref, t FROM people ORDER BY ref) x ORDER BY ref",
        "SELECT ref AS x FROM people UNION ALL SELECT §t FROM people ORDER BY x",
        "SELECT p.ref, §l.code FROM people p JOIN list_codes l ON l.code = p.t",
        "SELECT p.ref, §l.code FROM people p LEFT JOIN list_codes l ON p.t = l.code",
        "SELECT §l.code FROM people p CROSS JOIN list_codes l WHERE l.code = p.t",
        "SELECT p.ref, §n.code FROM people p JOIN names_codes n ON p.t = n.name",
        "SELECT p.ref, §l.label FROM people p JOIN list_codes l ON l.code = p.t",
        "SELECT p.ref, §l.sort FROM people p LEFT JOIN list_codes l ON p.t = l.code",
        "SELECT p.ref, §l.code FROM people p JOIN list_codes l ON p.t LIKE l.code",
        "SELECT p.ref, §x.m FROM people p JOIN (SELECT code, min(label) AS m FROM list_codes GROUP BY code) x ON p.t = x.code ORDER BY p.ref",
        "SELECT p.ref, (SELECT min(§n.code) FROM names_codes n WHERE n.name = p.t) AS x FROM people p",
        "SELECT §l.code FROM list_codes l WHERE l.code IN (SELECT t FROM people)",
        "SELECT §l.code FROM list_codes l WHERE EXISTS (SELECT 1 FROM people p WHERE p.t = l.code)",
        "WITH RECURSIVE r AS (\n  SELECT ref AS x, 1 AS k FROM people\n  UNION ALL\n  SELECT p.t, r.k + 1 FROM r JOIN people p ON p.ref = r.x WHERE r.k < 2\n)\nSELECT §x FROM r ORDER BY x",
    ];
    let aggregates = ["§t", "upper(§t)"].map(aggregate_by);
    let bare = |sql: &String| sql.replace('§', "");
    let model = model.map(str::to_owned);
    let project = people(
        &model.iter().map(bare).collect::<Vec<_>>(),
        &aggregates.iter().map(bare).collect::<Vec<_>>(),
    );
    let spoken = project.run("--format json").expect(2);
    let told: serde_json::Value =
        serde_json::from_str(spoken.stderr.lines().last().expect("a line")).expect("JSON");
    let mut found = BTreeSet::new();
    for diagnostic in told["diagnostics"].as_array().expect("a list") {
        let message = diagnostic["message"].as_str().expect("a text");
        assert!(
            message.contains("would publish values of `people."),
            "{diagnostic}"
        );
        let file = diagnostic["file"].as_str().expect("a file");
        let place = (diagnostic["line"].as_u64(), diagnostic["column"].as_u64());
        found.insert(format!("{file} {place:?}"));
    }
    let mut expected = BTreeSet::new();
    for (kind, queries) in [("model", &model[..]), ("aggregates", &aggregates[..])] {
        for (at, sql) in queries.iter().enumerate() {
            let before = sql.split('§').next().expect("a part");
            let line = before.lines().count().max(1) as u64;
            let column = before.lines().last().map_or(0, |l| l.chars().count()) as u64 + 1;
            let place = (Some(line), Some(column));
            expected.insert(format!(
                "sql/{kind}/{}{:02}.sql {place:?}",
                &kind[..1],
                at + 1
            ));
        }
    }
    let lost: Vec<_> = expected.difference(&found).collect();
    let added: Vec<_> = found.difference(&expected).collect();
    assert!(lost.is_empty() && added.is_empty(), "{lost:#?}\n{added:#?}");
}

#[test]
fn hidden_columns_may_be_counted_compared_and_put_into_bands() {
    let model = [
        "SELECT ref, t IS NULL AS blank, n > 5000 AS large, t LIKE 'J%' AS j FROM people",
        "SELECT ref, CASE WHEN date_part('year', d) < 2000 THEN 'old' ELSE 'new' END AS band FROM people",
        "SELECT ref, CASE t WHEN 'Jane' THEN 1 ELSE 2 END AS kind FROM people WHERE n > 0 ORDER BY t",
        "SELECT town, count(t) AS c, count(DISTINCT t) AS d, count(*) FILTER (WHERE b) AS e, bool_or(n > 5) AS f\nFROM people GROUP BY town ORDER BY town",
        "SELECT count(*) AS c FROM people GROUP BY t ORDER BY c",
        "SELECT p.ref, q.town FROM people p JOIN people q ON q.t = p.t",
        "SELECT l.code, count(p.ref) AS c FROM list_codes l LEFT JOIN people p ON p.t = l.code GROUP BY l.code ORDER BY l.code",
        "SELECT ref, row_number() OVER (PARTITION BY t ORDER BY ref) AS x FROM people ORDER BY ref",
        "SELECT ref FROM people p WHERE EXISTS (SELECT 1 FROM people q WHERE q.t = p.t AND q.ref <> p.ref)",
        "SELECT ref, band FROM m02",
    ];
    let aggregates = ["CASE WHEN n < 8000 THEN 'few' ELSE 'many' END"].map(aggregate_by);
    let project = people(&model.map(|sql| format!("{sql}\n")), &aggregates);
    // Code lists are told, so the names are no secrets here.
    let log = log_without(&project, None, 0, "7341|9823|1987|2003|03-04|04-05");
    assert!(log.is_empty(), "{log:?}");
}

/// Rows without a key, codes out of force and beside the list, all of them hidden.
const NOTES: &str = r#"version: 1
table: notes
source: { files: "notes.csv", required: true }
key: [ref]
columns:
  ref: { type: string, description: Number of the note., not_null: warn }
  day: { type: date, formats: ["%Y-%m-%d"], description: When it was written. }
  code:
    type: string
    policy: hide
    description: What it is about.
    accepted_values: { list: codes, as_of: day, severity: warn, why: Codes are counted. }
    pattern: { regex: "[a-z]+", severity: warn, why: Codes were written small. }
"#;

#[test]
fn nothing_beside_a_hidden_value_tells_it() {
    let codes = "code,label,parent,sort,missing,valid_from,valid_to\n\
        Asthma,Asthma,,1,,1951-02-03,1952-02-03\nBronchitis,Bronchitis,,2,,1961-02-03,1962-02-03\n";
    let run = |[code, near]: [&str; 2], key: Option<&str>, broken: &str| {
        let project = Project::of(&[
            ("rules/tables/notes.yaml", NOTES),
            ("rules/reference/codes.csv", codes),
            (
                "delivery/notes.csv",
                &format!(
                    "ref,day,code\n1,2020-01-01,{code}\n2,2020-01-01,{near}\n,2020-01-01,{code}\n,2020-01-02,{near}\n{broken}"
                ),
            ),
        ]);
        let code_and_period = "Asthm|Bronchiti|19[56][12]-";
        log_without(
            &project,
            key,
            i32::from(!broken.is_empty()),
            code_and_period,
        )
    };
    let values = [["Asthma", "Asthmaa"], ["Bronchitis", "Bronchitiss"]];
    for (key, broken) in [(None, ""), (Some(KEY), "")] {
        let [first, second] = values.map(|values| run(values, key, broken));
        let causes: BTreeSet<&str> = first.iter().map(|row| &row["likely_cause"]).collect();
        assert_eq!(causes, BTreeSet::from(["", "unknown"]));
        let keys: BTreeSet<&str> = first.iter().map(|row| &row["record_key"]).collect();
        assert_eq!(keys.len(), 4, "{keys:?}");
        let ids: BTreeSet<&str> = first.iter().map(|row| &row["discrepancy_id"]).collect();
        assert_eq!(ids.len(), first.len());
        let all: Vec<&str> = vec!["discrepancy_id", "record_key", "expected", "message"];
        let same = lasting(&first, &all) == lasting(&second, &all);
        assert_eq!(same, key.is_none(), "{first:?}\n{second:?}");
    }
    // A record that is no row is hidden whole, and one that a quote has made of several rows is named as carefully.
    let swallowing =
        |text: &str| format!("7,2020-01-01,\"{text}\n8,2020-01-01,x\n9,2020-01-01,x\"\n");
    let spoilt = |rule: &str, key, text: &str| {
        let row = match rule {
            "notes.rejects" => format!("7,2020-01-01,{text},{text}\n"),
            _ => swallowing(text),
        };
        let log = run(values[0], key, &row);
        let row = log.iter().find(|row| &row["rule_id"] == rule);
        row.expect(rule)["record_key"].to_owned()
    };
    for rule in ["notes.rejects", "notes.swallowed"] {
        let [first, second] = ["Asthma", "Bronchitis"].map(|text| spoilt(rule, None, text));
        assert_eq!(first, second);
        let [first, second] = ["Asthma", "Bronchitis"].map(|text| spoilt(rule, Some(KEY), text));
        assert_ne!(first, second);
        assert_ne!(first, spoilt(rule, Some("another key"), "Asthma"));
    }
}
