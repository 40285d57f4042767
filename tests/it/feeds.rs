//! What other systems read of a run tells what the log tells, in every format, and hostile texts stay texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use regex::Regex;
use serde_json::Value;

use crate::harness::{Fixture, Project, Row, Sheet, Spoken, fixture, read, repository};

/// The files for other systems.
const FEEDS: [&str; 5] = [
    "junit.xml",
    "discrepancies.sarif",
    "openlineage.ndjson",
    "metrics.prom",
    "validation_report.json",
];

/// A table of two columns: a key, and a number that shall be small.
const TABLE: &str = "version: 1
table: things
source: { files: \"*.csv\" }
key: [id]
columns:
  id: { type: string, not_null: error }
  size: { type: integer }
rules:
  - id: things.size.small
    check: { expression: { sql: \"size <= 10\", column: size } }
    severity: warn
    why: Things are small.
  - id: things.size.not_huge
    check: { expression: { sql: \"size <= 1000\", column: size } }
    severity: error
    why: Nothing is huge.
";

fn things(rows: &str) -> Project {
    let rows = format!("id,size\n{rows}");
    Project::of(&[
        ("rules/tables/things.yaml", TABLE),
        ("delivery/things.csv", &rows),
    ])
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}

fn lines_of_json(path: &Path) -> Vec<Value> {
    let text = read(path);
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    text.lines().map(line).collect()
}

/// Each case of the report: what is inside it, and its attributes where that is an element.
fn cases(xml: &str) -> BTreeMap<String, (String, String)> {
    let case = Regex::new(
        r#"<testcase classname="[^"]*" name="([^"]*)" time="0"(?:/>|>\s*<(failure|error|skipped)([^>]*)>)"#,
    );
    let case = case.expect("a pattern");
    let part = |found: Option<regex::Match<'_>>| found.map_or("", |m| m.as_str()).to_owned();
    let found = case.captures_iter(xml);
    let found: Vec<_> = found
        .map(|c| (c[1].to_owned(), (part(c.get(2)), part(c.get(3)))))
        .collect();
    assert_eq!(found.len(), xml.matches("<testcase ").count());
    let cases: BTreeMap<_, _> = found.iter().cloned().collect();
    assert_eq!(cases.len(), found.len(), "a rule is told once");
    cases
}

/// The log by severity, in its order.
fn most_severe_first(mut log: Vec<Row>) -> Vec<Row> {
    let words = ["blocking", "error", "warn", "info"];
    log.sort_by_key(|row| words.iter().position(|word| *word == &row["severity"]));
    log
}

#[test]
fn all_formats_tell_what_the_log_tells() {
    let Fixture { project, .. } = fixture();
    let run = project.path("out/current");
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    let rules = Sheet::read(&run.join("rule_results.csv")).rows;

    let sarif = json(&run.join("discrepancies.sarif"));
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let id = |result: &Value| {
        let id = &result["partialFingerprints"]["discrepancyId/v1"];
        id.as_str().expect("an id").to_owned()
    };
    let told: Vec<String> = results.iter().map(id).collect();
    let want = most_severe_first(log.clone());
    let want_ids: Vec<String> = want
        .iter()
        .map(|r| r["discrepancy_id"].to_owned())
        .collect();
    assert_eq!(told, want_ids);
    let mut opened: BTreeMap<String, usize> = BTreeMap::new();
    for (result, row) in results.iter().zip(&want) {
        assert_eq!(result["ruleId"], row["rule_id"]);
        let data = &result["locations"][0]["physicalLocation"];
        if !row["source_line"].is_empty() {
            assert_eq!(data["region"]["startLine"].to_string(), row["source_line"]);
        }
        // Both places are there to be opened.
        for place in [data, &result["relatedLocations"][0]["physicalLocation"]] {
            let artifact = &place["artifactLocation"];
            let uri = artifact["uri"].as_str().expect("a path");
            let folder = match artifact["uriBaseId"].as_str() {
                Some("PROJECT") => String::new(),
                Some("DELIVERY") => format!("{}/", crate::harness::DELIVERY),
                other => panic!("{other:?}"),
            };
            let path = format!("{folder}{uri}");
            let lines = opened
                .entry(path.clone())
                .or_insert_with(|| read(&repository(&path)).lines().count());
            let line = place["region"]["startLine"].as_u64().expect("a line");
            assert!((1..=*lines as u64).contains(&line), "{path}:{line}");
        }
    }
    // The rule's line is where the rule is declared.
    let of_rule = |id: &str| {
        let found = results.iter().find(|result| result["ruleId"] == id);
        let place = &found.expect("a result")["relatedLocations"][0]["physicalLocation"];
        let path = place["artifactLocation"]["uri"].as_str().expect("a path");
        let line = place["region"]["startLine"].as_u64().expect("a line");
        let text = read(&repository(path));
        let line = text.lines().nth(line as usize - 1).expect("a line");
        line.trim().to_owned()
    };
    let declared = rules
        .iter()
        .filter(|rule| &rule["status"] == "failed")
        .filter(|rule| rule["kind"] == *"expression");
    let mut seen = 0;
    for rule in declared {
        let id = &rule["rule_id"];
        assert!(of_rule(id).contains(id), "{id}: {}", of_rule(id));
        seen += 1;
    }
    assert!(seen > 3, "{seen} rules with an id of their own");

    let xml = read(&run.join("junit.xml"));
    let cases = cases(&xml);
    let mut statuses = BTreeSet::new();
    for rule in &rules {
        let (element, attributes) = &cases[&rule["rule_id"]];
        statuses.insert(rule["status"].to_owned());
        match &rule["status"] {
            "failed" if &rule["severity"] != "info" => {
                assert_eq!(element, "failure", "{rule:?}");
                let found = log.iter().filter(|r| r["rule_id"] == rule["rule_id"]);
                let count = format!("message=\"{} discrepancies;", found.count());
                assert!(attributes.contains(&count), "{attributes} {count}");
            }
            "passed" if &rule["evaluated"] == "0" => assert_eq!(element, "skipped"),
            _ => assert_eq!(element, "", "{rule:?}"),
        }
    }
    assert!(statuses.len() > 1, "{statuses:?}");

    let report = json(&run.join("validation_report.json"));
    let report = report.as_array().expect("validations");
    let values: BTreeMap<&str, &str> = report
        .iter()
        .filter_map(|entry| Some((entry["rule"]["id"].as_str()?, entry["value"].as_str()?)))
        .collect();
    assert_eq!(values.len(), report.len());
    for rule in &rules {
        let want = match &rule["status"] {
            "failed" => "0",
            "passed" if &rule["evaluated"] == "0" => "NA",
            _ => "1",
        };
        assert_eq!(values[&rule["rule_id"]], want, "{rule:?}");
    }

    let events = lines_of_json(&run.join("openlineage.ndjson"));
    let kinds: Vec<&Value> = events.iter().map(|event| &event["eventType"]).collect();
    assert_eq!(kinds, ["START", "COMPLETE"]);
    for event in &events {
        assert_eq!(event["eventTime"], "2017-10-09T00:00:00Z");
        assert_eq!(event["run"]["runId"], events[0]["run"]["runId"]);
    }
    let inputs = events[1]["inputs"].as_array().expect("inputs");
    let results = json(&run.join("run_results.json"));
    let tables = results["tables"].as_array().expect("tables");
    assert_eq!(inputs.len(), tables.len());
    for (input, table) in inputs.iter().zip(tables) {
        let facets = &input["inputFacets"];
        assert_eq!(facets["dataQualityMetrics"]["rowCount"], table["rows_read"]);
        let asserted = facets["dataQualityAssertions"]["assertions"].as_array();
        assert!(asserted.is_some_and(|all| all.len() > 10));
    }

    let metrics = read(&run.join("metrics.prom"));
    let total: u64 = metrics
        .lines()
        .filter(|line| line.starts_with("trueup_discrepancies{"))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum();
    assert_eq!(total, log.len() as u64);
}

#[test]
fn a_code_review_tool_gets_the_ten_thousand_most_severe() {
    // 12,000 things too large, every hundredth of them huge.
    let rows: String = (0..12_000)
        .map(|n| match n % 100 {
            0 => format!("T{n:05},5000\n"),
            _ => format!("T{n:05},50\n"),
        })
        .collect();
    let project = things(&rows);
    project.run("").expect(0);
    let sarif = json(&project.path("out/current/discrepancies.sarif"));
    let run = &sarif["runs"][0];
    let levels: Vec<&str> = (run["results"].as_array().expect("results").iter())
        .filter_map(|result| result["level"].as_str())
        .collect();
    let errors = levels.iter().take_while(|level| **level == "error").count();
    assert_eq!((levels.len(), errors), (10_000, 120));
    assert_eq!(run["properties"]["notInThisFile"], 2_120);
    assert_eq!(run["properties"]["discrepancies"], 12_120);
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    let note = notes[0]["message"]["text"].as_str().expect("a note");
    assert!(note.starts_with("2120 more discrepancies"), "{note}");
    let cases = cases(&read(&project.path("out/current/junit.xml")));
    let (element, said) = &cases["things.size.small"];
    assert_eq!(element, "failure");
    assert!(said.contains("12000 discrepancies; 12000 rows evaluated: 0 passed"));
}

#[test]
fn a_run_that_is_not_published_says_why() {
    let project = things("A,1,cut\nB,2\n");
    let blocked = project.run("").expect(1);
    let trial = project.run("--exclude things.size.small").expect(1);
    for (spoken, why, executed) in [
        (&blocked, "is blocked, so it is kept", "things.rejects"),
        (&trial, "is blocked, so it is kept", "things.rejects"),
    ] {
        let folder = project.path(&spoken.folder());
        let events = lines_of_json(&folder.join("openlineage.ndjson"));
        let end = &events[1];
        assert_eq!(end["eventType"], "FAIL");
        let message = end["run"]["facets"]["errorMessage"]["message"].as_str();
        assert!(message.is_some_and(|m| m.contains(why)), "{message:?}");
        let cases = cases(&read(&folder.join("junit.xml")));
        assert_eq!(cases[executed].0, "failure");
        assert!(cases[executed].1.contains("type=\"blocking\""));
        let metrics = read(&folder.join("metrics.prom"));
        assert!(metrics.contains("trueup_run_blocked{project=\"A test\"} 1\n"));
    }
    let cases = cases(&read(&project.path(&trial.folder()).join("junit.xml")));
    assert_eq!(cases["things.size.small"].0, "skipped");
    let project = things("A,1\n");
    let trial = project.run("--exclude things.size.small").expect(1);
    let folder = project.path(&trial.folder());
    let end = &lines_of_json(&folder.join("openlineage.ndjson"))[1];
    let message = end["run"]["facets"]["errorMessage"]["message"].as_str();
    assert!(
        message.is_some_and(|m| m.contains("left rules out")),
        "{message:?}"
    );
}

#[test]
fn a_table_of_several_files_is_told_as_a_whole() {
    let project = things("A,1\nB,5000\n");
    project.write("delivery/more.csv", "id,size\nC,1\n");
    project.run("").expect(0);
    let events = lines_of_json(&project.path("out/current/openlineage.ndjson"));
    let inputs = events[1]["inputs"].as_array().expect("inputs");
    let told: Vec<(&str, u64, bool)> = inputs
        .iter()
        .map(|input| {
            let facets = &input["inputFacets"];
            (
                input["name"].as_str().expect("a name"),
                facets["dataQualityMetrics"]["rowCount"]
                    .as_u64()
                    .expect("rows"),
                facets.get("dataQualityAssertions").is_some(),
            )
        })
        .collect();
    let want = [
        ("A test/delivery/more.csv", 1, false),
        ("A test/delivery/things.csv", 2, false),
        ("A test/delivery/*.csv", 3, true),
    ];
    assert_eq!(told, want);
    let all = &inputs[2]["inputFacets"]["dataQualityAssertions"]["assertions"];
    let success = |id: &str| {
        let found = all.as_array()?.iter().find(|a| a["name"] == id)?;
        found["success"].as_bool()
    };
    assert_eq!(success("things.size.not_huge"), Some(false));
    assert_eq!(success("things.id.not_null"), Some(true));
}

/// Texts that mean something to one of the formats.
const HOSTILE: [&str; 9] = [
    "]]><!-- <failure/> &amp; &#0;",
    "\"} 1\ntrueup_rows{a=\"b\\",
    "{0} {{7*7}} [click](http://attacker.example)",
    "\u{1b}[31m\u{202e}gpj.exe\u{0}\u{7f}\u{9b}",
    "\u{fffe}\u{ffff}\u{feff}\u{2028}",
    "\\u0000 \\n \\",
    "'; DROP TABLE x; --",
    "=cmd|' /C calc'!A0",
    "👩‍👩‍👧‍👧 Zoë “东” عمر",
];

/// A project of hostile names with a hostile delivery.
pub fn hostile() -> Project {
    let about = "version: 1\nname: \"]]> \\\"} 1 {0} [a](b) \\u202e <x>\"\ndelivery: { path: \"de\\\"li<ve>ry{0}\", as_of: 2020-06-01 }\ngates: { max_rejects: 100 }\n";
    let table = TABLE.replace(
        "columns:\n",
        "columns:\n  text: { type: string, accepted_values: { values: [fine], severity: warn, why: \"Only ]]> {0} [fine](http://x).\" } }\n",
    );
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows: String = (HOSTILE.iter())
        .map(|text| format!("{0},{0},50\n", quoted(text)))
        .collect();
    let project = Project::of(&[
        ("rules/project.yaml", about),
        ("rules/tables/things.yaml", &table),
    ]);
    let text = format!("id,text,size\n{rows}");
    project.write("de\"li<ve>ry{0}/a]]>\"}\n{0}\u{1b}\u{202e}.csv", text);
    project
}

#[test]
fn hostile_texts_stay_texts_in_every_format() {
    let project = hostile();
    let spoken = project
        .run("--metrics live/x\".prom --events live/events")
        .expect(0);
    assert_eq!(spoken.stderr, "");
    let run = project.path("out/current");
    let acts = |c: char| c != '\n' && trueup::harmless::acts(c);
    for name in FEEDS {
        let text = read(&run.join(name));
        let found = text.chars().find(|c| acts(*c));
        assert_eq!(found, None, "{name}");
        assert!(!text.contains(['\u{fffe}', '\u{ffff}']) || !name.ends_with("xml"));
    }
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    assert!(log.len() > HOSTILE.len());
    let xml = read(&run.join("junit.xml"));
    // Markup of the data is no markup of the report.
    let tags = Regex::new(r"<(/?[a-z-]+)[^<>]*>").expect("a pattern");
    let known = [
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "skipped",
        "system-out",
        "system-err",
    ];
    for tag in tags.captures_iter(&xml) {
        assert!(
            known.contains(&tag[1].trim_start_matches('/')),
            "{}",
            &tag[0]
        );
    }
    let plain = tags.replace_all(&xml, "");
    let plain = plain.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    assert!(!plain.expect("a declaration").contains(['<', '>']));
    assert_eq!(cases(&xml)["things.text.accepted_values"].0, "failure");

    let sarif = json(&run.join("discrepancies.sarif"));
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), log.len());
    let link = Regex::new(r"(?:^|[^\\])\]\(").expect("a pattern");
    for result in results {
        let text = result["message"]["text"].as_str().expect("a text");
        let without = text.replace("{{", "").replace("}}", "");
        assert!(!without.contains(['{', '}']), "{text}");
        assert!(!link.is_match(text), "{text}");
    }
    let sample =
        Regex::new(r#"^trueup_[a-z_]+\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\} [0-9.]+$"#);
    let sample = sample.expect("a pattern");
    for name in [run.join("metrics.prom"), project.path("live/x\".prom")] {
        let text = read(&name);
        let samples: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        assert!(samples.len() > 20);
        for line in samples {
            assert!(sample.is_match(line), "{line}");
        }
    }
    let events = lines_of_json(&run.join("openlineage.ndjson"));
    let name = events[1]["inputs"][0]["name"].as_str().expect("a name");
    assert!(name.ends_with("a]]>\"}\n{0}\u{1b}\u{202e}.csv"), "{name:?}");
    assert_eq!(events.len(), 2);
    assert_eq!(lines_of_json(&project.path("live/events")).len(), 2);
}

#[test]
fn a_job_is_told_of_outside_whatever_becomes_of_it() {
    let project = things("A,1\n");
    let words = "--metrics prom/trueup.prom --events events.ndjson";
    let gauge = |name: &str| -> Option<String> {
        let text = read(&project.path("prom/trueup.prom"));
        let begins = format!("trueup_{name}{{name=\"trueup\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&begins));
        line.map(str::to_owned)
    };
    let last = |count: usize| -> Value {
        let events = lines_of_json(&project.path("events.ndjson"));
        assert_eq!(events.len(), count);
        let (start, end) = (&events[count - 2], &events[count - 1]);
        assert_eq!(start["eventType"], "START");
        assert_eq!(start["run"]["runId"], end["run"]["runId"]);
        assert_eq!(start["job"], end["job"]);
        assert!(start["eventTime"].as_str() <= end["eventTime"].as_str());
        end.clone()
    };
    project.run(words).expect(0);
    assert_eq!(gauge("last_run_exit_code").as_deref(), Some("0"));
    assert_eq!(gauge("last_run_published").as_deref(), Some("1"));
    let success = gauge("last_success_timestamp_seconds").expect("a time");
    assert_eq!(gauge("last_run_timestamp_seconds"), Some(success.clone()));
    assert!(read(&project.path("prom/trueup.prom")).contains("trueup_rows{project=\"A test\","));
    let end = last(2);
    assert_eq!(end["eventType"], "COMPLETE");
    assert_eq!(end["job"]["name"], "A test");
    assert_eq!(end["inputs"].as_array().map(Vec::len), Some(1));
    let of_run = lines_of_json(&project.path("out/current/openlineage.ndjson"));
    assert_ne!(end["run"]["runId"], of_run[1]["run"]["runId"]);
    assert_eq!(
        end["run"]["facets"]["trueup_run"]["runId"],
        of_run[1]["run"]["facets"]["trueup_run"]["runId"]
    );

    // Nothing is published: the last success is remembered, and no gauges of a run stand there.
    std::fs::remove_file(project.path("delivery/things.csv")).expect("a file");
    project.run(words).expect(3);
    assert_eq!(gauge("last_run_exit_code").as_deref(), Some("3"));
    assert_eq!(gauge("last_run_published").as_deref(), Some("0"));
    assert_eq!(
        gauge("last_success_timestamp_seconds"),
        Some(success.clone())
    );
    assert!(!read(&project.path("prom/trueup.prom")).contains("trueup_rows{"));
    let end = last(4);
    assert_eq!(end["eventType"], "FAIL");
    let message = end["run"]["facets"]["errorMessage"]["message"].as_str();
    assert!(
        message.is_some_and(|m| m.contains("has no file")),
        "{message:?}"
    );
    assert_eq!(end["run"]["facets"]["trueup_run"]["exitCode"], 3);

    // A blocked run has gauges, and is not the one that readers see.
    project.write("delivery/things.csv", "id,size\nA,1,cut\n");
    project.run(words).expect(1);
    assert_eq!(gauge("last_run_published").as_deref(), Some("0"));
    assert!(
        read(&project.path("prom/trueup.prom"))
            .contains("trueup_run_blocked{project=\"A test\"} 1\n")
    );
    assert_eq!(last(6)["eventType"], "FAIL");

    // A mistake of the project.
    project.write("rules/tables/other.yaml", "version: 1\ntabel: x\n");
    project.run(words).expect(2);
    assert_eq!(gauge("last_run_exit_code").as_deref(), Some("2"));
    assert_eq!(gauge("last_success_timestamp_seconds"), Some(success));
    assert_eq!(last(8)["eventType"], "FAIL");

    let left: Vec<String> = std::fs::read_dir(project.path("prom"))
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(left, ["trueup.prom"], "nothing stands beside it");
}

#[test]
fn what_cannot_be_told_outside_is_a_warning_and_no_other_exit_code() {
    let project = things("A,1\n");
    project.write("a file", "");
    let out = |format: &str| {
        let mut command = project.command();
        let words = ["--metrics", "a file/x.prom", "--events", "a file/x", "-q"];
        Spoken::of(command.args(words).args(["--format", format])).expect(0)
    };
    let text = out("text").stderr;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    for line in &lines {
        assert!(line.starts_with("warning: --"), "{line}");
        assert!(
            line.contains("`a file") && line.contains("give a path"),
            "{line}"
        );
    }
    let told = out("json").stderr;
    let events: Vec<Value> = (told.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let kinds: Vec<&Value> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(kinds, ["warning", "warning", "warning", "run"]);
}

/// The paths of keys that a schema describes; what is under a map is not followed.
fn described(schema: &Value, of: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(reference) = of["$ref"].as_str() {
        let inside = reference.trim_start_matches('#');
        let meant = schema.pointer(inside).expect("a definition");
        return described(schema, meant, path, found);
    }
    for choice in of["anyOf"].as_array().into_iter().flatten() {
        described(schema, choice, path, found);
    }
    if of["items"].is_object() {
        described(schema, &of["items"], path, found);
    }
    for (key, property) in of["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        let text = property["description"].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{path} is not explained");
        described(schema, property, &path, found);
        found.insert(path);
    }
}

/// The paths of keys of a document; those of maps by rule and by verdict are data.
fn keys(document: &Value, path: &str, found: &mut BTreeSet<String>) {
    for item in document.as_array().into_iter().flatten() {
        keys(item, path, found);
    }
    let data = [
        "/discrepancies/by_rule",
        "/discrepancies/statuses_by_rule",
        "/figure_changes/by_period",
        "/statements",
    ];
    if data.contains(&path) {
        return;
    }
    for (key, value) in document.as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        keys(value, &path, found);
        found.insert(path);
    }
}

#[test]
fn run_results_are_as_their_schema_says_and_nothing_else() {
    let schema = json(&repository("schema/run_results.json"));
    jsonschema::draft202012::meta::validate(&schema).expect("a schema of its draft");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let mut written = BTreeSet::new();
    let mut check = |path: &Path| {
        let document = json(path);
        let errors: Vec<String> = (validator.iter_errors(&document))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{path:?}");
        let results: Result<trueup::feeds::RunResults, _> =
            serde_json::from_value(document.clone());
        results.expect("the types read what is written");
        keys(&document, "", &mut written);
        document
    };
    check(&fixture().path("run_results.json"));
    // A blocked trial; then a night that is delivered again with other files, and one with the same bytes.
    let project = things("A,1,cut\n");
    let blocked = project.run("--exclude things.size.small").expect(1);
    check(&project.path(&blocked.folder()).join("run_results.json"));
    for rows in ["A,1\n", "A,2\nB,3\n"] {
        project.write("delivery/things.csv", format!("id,size\n{rows}"));
        project.run("").expect(0);
    }
    let restated = check(&project.path("out/current/run_results.json"));
    assert!(restated["restated"].is_object(), "{restated}");
    project.run("--as-of 2020-06-02").expect(0);
    let again = check(&project.path("out/current/run_results.json"));
    assert!(again["redelivered"].is_string(), "{again}");
    // A table of changes, and a model table over one that failed.
    let moving = Project::of(&[
        (
            "rules/tables/things.yaml",
            "version: 1\ntable: things\nsource: { files: \"things.csv\", delivers: delta }\nkey: [id]\ncolumns:\n  id: { type: string }\n  size: { type: integer, not_null: blocking }\n",
        ),
        ("sql/model/sizes.sql", "SELECT id, size FROM things\n"),
    ]);
    moving.write("one/things.csv", "id,size\nA,1\nB,2\n");
    moving.write("two/things.csv", "id,size\nA,\n");
    moving.run("--delivery one").expect(0);
    let blocked = moving.run("--delivery two").expect(1);
    let blocked = check(&moving.path(&blocked.folder()).join("run_results.json"));
    assert_eq!(blocked["tables"][0]["carried"], 1, "{blocked}");
    assert_eq!(blocked["withheld"][0]["output"], "model/sizes", "{blocked}");
    let mut told = BTreeSet::new();
    described(&schema, &schema, "", &mut told);
    let missing: Vec<_> = written.symmetric_difference(&told).collect();
    assert!(
        missing.is_empty(),
        "{missing:?}: written and not described, or described and never written: see src/feeds/results.rs, then run `cargo run -- schema --out schema`"
    );
}
