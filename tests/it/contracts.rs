//! `trueup import` and `trueup export`: contracts of others become tables that lint clean, and ours comes back as it was.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::harness::{Project, Spoken, files, read, repository};

/// The contracts of the fixtures, each with its language.
const CONTRACTS: [(&str, &str); 6] = [
    ("odcs", "library.odcs.yaml"),
    ("odcs", "garden.odcs.yaml"),
    ("odcs", "readings.odcs.yaml"),
    ("dbt", "shop.dbt.yml"),
    ("dbt", "mart.dbt.yml"),
    ("dbt", "expectations.dbt.yml"),
];

/// An empty project with the contracts beside it.
fn empty() -> Project {
    let project = Project::empty();
    project.write("rules/project.yaml", "version: 1\nname: Import\n");
    for (_, file) in CONTRACTS {
        let text = read(&repository(&format!("tests/it/data/contracts/{file}")));
        project.write(file, text);
    }
    project
}

fn import(project: &Project, language: &str, rest: &[&str]) -> Spoken {
    let mut command: Command = project.command_of("import");
    Spoken::of(command.arg(language).args(rest))
}

fn lint(project: &Project) -> Spoken {
    Spoken::of(&mut project.command_of("lint"))
}

#[test]
fn contracts_become_tables_that_lint_clean() {
    for (language, file) in CONTRACTS {
        for rename in [&["--rename"][..], &[]] {
            let project = empty();
            let rest = [&[file][..], rename].concat();
            let said = import(&project, language, &rest).expect(0);
            let written = files(&project.path("rules/tables")).len();
            assert!(written > 0, "{file}");
            assert_eq!(said.stdout.matches("written: ").count(), written, "{file}");
            lint(&project).expect(0);
        }
    }
}

#[test]
fn what_is_carried_and_what_is_not_is_shown() {
    for (language, file) in CONTRACTS {
        let project = empty();
        let said = import(&project, language, &[file, "--dry-run", "--rename"]).expect(0);
        assert!(!project.path("rules/tables").exists(), "{file} was written");
        assert_snapshot!(file, said.stdout);
    }
}

/// Every rule with all that decides what it does and says.
fn rules(root: &Path) -> (Vec<String>, BTreeMap<String, String>) {
    let project = trueup::project::load(root).expect("a project without mistakes");
    let tables = project.tables.iter().map(|t| format!("{t:?}")).collect();
    let told = |rule: &trueup::rules::Rule| {
        let place = rule
            .column
            .map(|c| project.tables[rule.table].columns[c].name.to_string());
        format!(
            "{} {:?} {:?} {:?} {} {:?} {:?} {:?}",
            rule.version,
            place,
            rule.dimension,
            rule.nulls,
            rule.why,
            rule.owner,
            rule.tags,
            rule.examples
        )
    };
    let rules = project.rules.iter().map(|r| (r.id.clone(), told(r)));
    (tables, rules.collect())
}

#[test]
fn what_was_exported_comes_back_as_it_was() {
    let project = Project::whole();
    let before = rules(&project.path("."));
    assert!(before.1.len() > 100, "{}", before.1.len());
    let mut export = project.command_of("export");
    Spoken::of(export.args(["odcs", "--out", "ours.odcs.yaml"])).expect(0);
    fs::remove_dir_all(project.path("rules/tables")).expect("the copy's tables");
    let said = import(&project, "odcs", &["ours.odcs.yaml", "--format", "json"]).expect(0);
    let said: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let notes = said["not_carried"].as_array().expect("a list");
    let what: Vec<&str> = notes.iter().filter_map(|n| n["what"].as_str()).collect();
    assert_eq!(what, ["id", "name", "version", "status"]);
    let after = rules(&project.path("."));
    assert_eq!(before.0, after.0);
    assert_eq!(before.1, after.1);
    let mut export = project.command_of("export");
    let again = Spoken::of(export.arg("odcs")).expect(0);
    assert_eq!(again.stdout, read(&project.path("ours.odcs.yaml")));
}

#[test]
fn files_that_are_there_are_left_alone() {
    let project = empty();
    project.write("rules/tables/bakers.yaml", "mine");
    let said = import(&project, "dbt", &["shop.dbt.yml"]).expect(2);
    assert_eq!(
        said.stderr,
        "error: `./rules/tables/bakers.yaml` is there already and nothing was written; `--force` replaces what is there\n"
    );
    assert_eq!(files(&project.path("rules/tables")).len(), 1);
    assert_eq!(read(&project.path("rules/tables/bakers.yaml")), "mine");
    import(&project, "dbt", &["shop.dbt.yml", "--force"]).expect(0);
    lint(&project).expect(0);
    import(&project, "dbt", &["shop.dbt.yml", "--out", "elsewhere"]).expect(0);
    assert_eq!(files(&project.path("elsewhere")).len(), 2);
}

#[test]
fn what_is_no_contract_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let project = empty();
    for (language, text, code, expected) in [
        (
            "odcs",
            "kind: Pod\n",
            2,
            "is no ODCS contract: `kind` is not `DataContract`",
        ),
        (
            "odcs",
            "kind: DataContract\napiVersion: v2.2.2\n",
            2,
            "ODCS `v2.2.2` is not understood",
        ),
        (
            "odcs",
            "kind: DataContract\napiVersion: v3.2.0\n",
            2,
            "ODCS `v3.2.0` is not understood",
        ),
        (
            "odcs",
            "kind: DataContract\napiVersion: v3.1.0\n",
            2,
            "it has no list under `schema`",
        ),
        (
            "odcs",
            "kind: DataContract\napiVersion: v3.1.0\nschema: []\n",
            1,
            "no table of it could be carried over",
        ),
        ("odcs", "a: *b\n", 2, "this alias stands for nothing"),
        ("odcs", "a: [\n", 2, "this is no YAML"),
        ("odcs", "[]\n", 2, "is no ODCS contract"),
        (
            "dbt",
            "kind: DataContract\n",
            2,
            "an ODCS contract is read by `trueup import odcs`",
        ),
        ("dbt", "models: 3\n", 1, "it has no `name`"),
        (
            "dbt",
            "models: [{ name: A, columns: [3, { name: b, tests: [3, [], { a: 1, b: 2 }] }] }]\n",
            1,
            "table `A`: `a`?",
        ),
    ] {
        let file = folder.path().join("contract.yaml");
        fs::write(&file, text).expect("a file");
        let said = import(&project, language, &[&file.display().to_string()]).expect(code);
        let all = [said.stdout, said.stderr].concat();
        assert!(all.contains(expected), "{text}\n{all}");
    }
    let said = import(&project, "odcs", &["none.yaml"]).expect(3);
    assert!(
        said.stderr.contains("none.yaml cannot be read"),
        "{}",
        said.stderr
    );
}

/// The tables' files that a contract gives, and the notes about it: what each is about, and why.
fn carried(language: &str, text: &str, rest: &[&str]) -> (String, Vec<(String, String)>) {
    let project = empty();
    project.write("contract.yaml", text);
    let rest = [&["contract.yaml", "--dry-run", "--format", "json"], rest].concat();
    let said = import(&project, language, &rest).expect(0);
    let said: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let texts = |list: &str, key: &str| -> Vec<String> {
        let all = said[list].as_array().expect("a list").iter();
        all.map(|one| one[key].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let notes = texts("not_carried", "what").into_iter();
    (
        texts("tables", "text").concat(),
        notes.zip(texts("not_carried", "why")).collect(),
    )
}

/// The same of a table `t` whose properties these are, beside its key `id`.
fn odcs(properties: &str) -> (String, Vec<(String, String)>) {
    let text = format!(
        "apiVersion: v3.1.0\nkind: DataContract\nschema:\n - name: t\n   properties:\n    - {{name: id, logicalType: integer, primaryKey: true}}\n{properties}"
    );
    carried("odcs", &text, &[])
}

/// What the notes are about.
fn what(notes: &[(String, String)]) -> Vec<&str> {
    notes.iter().map(|(what, _)| what.as_str()).collect()
}

#[test]
fn the_stricter_of_two_rules_stands() {
    let (tables, notes) = odcs(
        "    - {name: q, logicalType: string, required: true, unique: true, quality: [
           {metric: nullValues, mustBeLessOrEqualTo: 50, unit: percent},
           {metric: duplicateValues, mustBeLessOrEqualTo: 3}]}
    - {name: r, logicalType: string, quality: [
           {metric: nullValues, mustBeLessOrEqualTo: 3},
           {metric: nullValues, mustBe: 0}]}\n",
    );
    assert!(!tables.contains("threshold"), "{tables}");
    assert_eq!(tables.matches("not_null:").count(), 3, "{tables}");
    assert_eq!(
        what(&notes),
        ["t.q: nullValues", "t.q: duplicateValues", "t.r: nullValues"]
    );
    for (_, why) in &notes {
        assert!(why.starts_with("a stricter rule"), "{why}");
    }
    let (tables, notes) = carried(
        "dbt",
        r#"models: [{name: t, columns: [{name: id, data_type: int, constraints: [{type: not_null}],
             tests: [{not_null: {config: {severity: warn, warn_if: ">10"}}}, unique]}]}]"#,
        &[],
    );
    assert!(!tables.contains("warn"), "{tables}");
    assert_eq!(what(&notes), ["t.id: not_null"]);
    // A key of which the unique rule takes exceptions is no primary key to others.
    let (tables, _) = odcs("");
    let project = empty();
    let weak = tables.replace(
        "    unique:\n",
        "    unique:\n      threshold: { max_count: 3 }\n",
    );
    project.write("rules/tables/t.yaml", weak);
    let exported = Spoken::of(project.command_of("export").arg("odcs")).expect(0);
    assert!(
        !exported.stdout.contains("primaryKey:"),
        "{}",
        exported.stdout
    );
}

#[test]
fn replaced_files_are_put_back_when_one_cannot_be() {
    let project = empty();
    let names = ["u", "v", "w"].map(|name| {
        format!(" - {{name: {name}, properties: [{{name: id, logicalType: integer, primaryKey: true}}]}}\n")
    });
    let text = [
        "apiVersion: v3.1.0\nkind: DataContract\nschema:\n",
        &names.concat(),
    ]
    .concat();
    project.write("contract.yaml", text);
    for name in ["out/u.yaml", "out/v.yaml/x", "out/w.yaml"] {
        project.write(name, "old");
    }
    let rest = ["contract.yaml", "--out", "out", "--force"];
    let said = import(&project, "odcs", &rest).expect(3);
    assert!(
        said.stderr.contains("nothing was written"),
        "{}",
        said.stderr
    );
    for name in ["out/u.yaml", "out/w.yaml"] {
        assert_eq!(read(&project.path(name)), "old", "{name}");
    }
    assert_eq!(files(&project.path("out")).len(), 3);
}

#[test]
fn no_rule_falls_for_one_that_falls() {
    let (tables, notes) = carried(
        "dbt",
        r#"models:
  - name: t
    columns:
      - {name: id, data_type: int, tests: [unique]}
      - name: email
        data_type: varchar
        tests:
          - dbt_expectations.expect_column_values_to_match_regex: {regex: "^[a-z]+@"}
          - dbt_expectations.expect_column_values_to_not_match_regex: {regex: "x$"}
          - dbt_expectations.expect_column_values_to_be_in_set: {value_set: [a, b]}
"#,
        &[],
    );
    assert!(tables.contains("NOT regexp_like(email, 'x$')"), "{tables}");
    let [(what, why)] = &notes[..] else {
        panic!("{notes:?}")
    };
    assert_eq!(
        what,
        "t.email: dbt_expectations.expect_column_values_to_be_in_set"
    );
    assert_eq!(
        why,
        "no row passes both `t.email.accepted_values` and `t.email.pattern`: nothing that the one accepts as `email` passes the other"
    );
}

#[test]
fn each_bound_stands_alone() {
    let (tables, notes) = odcs(
        r#"    - {name: a, logicalType: integer, logicalTypeOptions: {minimum: 0.5, maximum: 100}}
    - {name: b, logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 1e3}}
    - {name: c, logicalType: number, logicalTypeOptions: {minimum: 2, maximum: 99.12345}}
    - {name: d, logicalType: date, logicalTypeOptions: {minimum: "2020-01-01", maximum: "31/12/2020"}}
    - {name: e, logicalType: string, logicalTypeOptions: {minLength: "3", maxLength: 5.0}}
"#,
    );
    let bounds: Vec<&str> = tables
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("min:") || line.starts_with("max:"))
        .collect();
    assert_eq!(
        bounds,
        [
            "max: 100",
            "min: 1",
            "max: 1000",
            "min: 2",
            "min: \"2020-01-01\"",
            "min: 3",
            "max: 5"
        ]
    );
    assert_eq!(
        what(&notes),
        ["t.a: minimum", "t.c: maximum", "t.d: maximum"]
    );
    let (tables, notes) = carried(
        "dbt",
        r#"models: [{name: t, columns: [{name: id, data_type: int, tests: [unique, not_null]}, {name: d, data_type: date, tests: [
             {dbt_utils.accepted_range: {min_value: "'2020-01-01'", max_value: current_date}}]}]}]"#,
        &[],
    );
    assert!(tables.contains("min: \"2020-01-01\""), "{tables}");
    assert_eq!(what(&notes), ["t.d: dbt_utils.accepted_range: max_value"]);
}

#[test]
fn rules_about_what_is_left_out_are_left_out() {
    let (tables, notes) = carried(
        "dbt",
        r#"models:
  - name: t
    columns:
      - {name: Code, data_type: text, tests: [not_null]}
      - {name: id, data_type: int, tests: [unique]}
      - {name: code, data_type: int}
      - {name: unitPrice, data_type: int, tests: [not_null]}
    tests:
      - dbt_utils.unique_combination_of_columns: {combination_of_columns: [id, Code]}
  - {name: T, columns: [{name: k, data_type: int, tests: [unique]}]}
  - name: r
    columns:
      - {name: k, data_type: int, tests: [unique, {relationships: {to: "ref('T')", field: id}}]}
"#,
        &["--rename"],
    );
    for rule in ["relationships", "[id, code]", "[id, Code]"] {
        assert!(!tables.contains(rule), "{tables}");
    }
    assert!(
        tables.contains("unit_price:\n    type: integer\n    not_null:"),
        "{tables}"
    );
    let about = |what: &str| -> Vec<&str> {
        let about = notes.iter().filter(|(found, _)| found == what);
        about.map(|(_, why)| why.as_str()).collect()
    };
    let clash = "no name here, and another has the one that is suggested";
    assert_eq!(about("t: column `Code`: `code`"), [clash]);
    assert_eq!(about("table `T`: `t`"), [clash]);
    assert_eq!(about("r.k: relationships").len(), 1);
    assert_eq!(about("t: dbt_utils.unique_combination_of_columns").len(), 1);
    let renamed = notes
        .iter()
        .filter(|(_, why)| why.starts_with("called otherwise"));
    let renamed: Vec<&str> = renamed.map(|(what, _)| what.as_str()).collect();
    assert_eq!(renamed, ["t: column `unitPrice`: `unit_price`"]);
    // Neither is one that falls later.
    let project = empty();
    project.write("contract.yaml", "models: [{name: T}]");
    let said = import(&project, "dbt", &["contract.yaml", "--rename"]).expect(1);
    assert!(!said.stdout.contains("called otherwise"), "{}", said.stdout);
}

#[test]
fn translated_patterns_say_the_same() {
    let (tables, notes) = odcs(
        "    - {name: ip, logicalType: string, logicalTypeOptions: {format: ipv4}, policy: x}
    - {name: ml, logicalType: string, logicalTypeOptions: {pattern: '(?m)^abc$'}}\n",
    );
    assert_eq!(what(&notes), ["t.ip: policy"]);
    let regexes: Vec<regex::Regex> = tables
        .lines()
        .filter_map(|line| line.trim().strip_prefix("regex: "))
        .map(|quoted| serde_json::from_str::<String>(quoted).expect("a quoted text"))
        .map(|regex| regex::Regex::new(&format!("^(?:{regex})$")).expect("a pattern"))
        .collect();
    let [ip, ml] = &regexes[..] else {
        panic!("{tables}")
    };
    for (text, passes) in [("1.2.3.4", true), ("1.2.3.4.", false), ("1.2.3.256", false)] {
        assert_eq!(ip.is_match(text), passes, "{text}");
    }
    for (text, passes) in [("abc\ndef", true), ("x\nabc", true), ("abcd", false)] {
        assert_eq!(ml.is_match(text), passes, "{text:?}");
    }
}

#[test]
fn missing_values_are_not_accepted_ones() {
    let (tables, notes) = odcs(
        "    - {name: m, logicalType: string, quality: [
          {metric: invalidValues, arguments: {validValues: [a, N/A]}, mustBe: 0},
          {metric: missingValues, arguments: {missingValues: [N/A]}, mustBe: 0}]}\n",
    );
    assert!(tables.contains("values: [a]\n"), "{tables}");
    assert!(tables.contains("not_recorded: [N/A]\n"), "{tables}");
    assert_eq!(what(&notes), ["t.m: validValues"]);
}

#[test]
fn keys_with_nulls_are_told_of() {
    let model = |tests: &str| {
        let text = format!(
            "models: [{{name: t, columns: [{{name: id, data_type: int, tests: [unique]}}, {{name: a, data_type: int, tests: [{tests}]}}, {{name: b, data_type: int, tests: [not_null]}}], tests: [{{dbt_utils.unique_combination_of_columns: {{combination_of_columns: [a, b]}}}}]}}]"
        );
        carried("dbt", &text, &[]).1
    };
    let notes = model("");
    assert_eq!(what(&notes), ["t: dbt_utils.unique_combination_of_columns"]);
    assert!(
        notes[0].1.contains("a row without `a` is not evaluated"),
        "{notes:?}"
    );
    assert_eq!(model("not_null"), []);
    assert_eq!(model("{not_null: {error_if: '>5'}}").len(), 1);
}

#[test]
fn a_file_elsewhere_keeps_its_table() {
    for physical in [
        "s3://bucket/orders.csv",
        r"C:\data\a.csv",
        "C:/a.csv",
        "../x.csv",
        "a/[x.csv",
    ] {
        let text = format!(
            "apiVersion: v3.1.0\nkind: DataContract\nschema: [{{name: t, physicalName: '{physical}', properties: [{{name: id, logicalType: integer, primaryKey: true}}]}}]"
        );
        let (tables, notes) = carried("odcs", &text, &[]);
        assert!(tables.contains("files: t.csv"), "{physical}\n{tables}");
        assert_eq!(what(&notes), ["t: physicalName"]);
    }
}

#[test]
fn nothing_is_dropped_in_silence() {
    let (tables, notes) = odcs(
        r#"    - {name: a, logicalType: string, classification: [restricted], description: [z]}
    - {name: b, logicalType: string, required: "yes", unique: 1, primaryKey: "yes", logicalTypeOptions: 5}
    - {name: c, logicalType: string, physicalType: varchar(20)}
    - {name: d, logicalType: number, physicalType: "decimal(10,2)"}
    - {name: e, logicalType: string, quality: [{metric: nullValues, severity: loud, dimension: nonsense, id: x, name: y}]}
    - {name: f, logicalType: string, quality: [{type: sql, query: "SELECT COUNT(*) FROM t", mustBe: 5, unit: percent}]}
"#,
    );
    assert_eq!(tables.matches("policy: hide").count(), 1, "{tables}");
    let mut found = what(&notes);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "t.a: classification `…`",
            "t.a: description",
            "t.b: logicalTypeOptions",
            "t.b: primaryKey",
            "t.b: required",
            "t.b: unique",
            "t.c: physicalType `varchar(20)`",
            "t.d: physicalType `decimal(10,2)`",
            "t.e: nullValues: dimension `nonsense`",
            "t.e: nullValues: id",
            "t.e: nullValues: name",
            "t.e: nullValues: severity `loud`",
            "t.f: sql check",
        ]
    );
    let (_, notes) = carried(
        "dbt",
        r#"sources:
  - name: raw
    description: Raw.
    tables:
      - name: t
        description: [x]
        columns:
          - name: id
            data_type: varchar(20)
            constraints: [{type: unique, name: key, warn_unenforced: true}]
            tests:
              - not_null: 5
              - unique: [a]
              - accepted_values:
                  values: [a]
                  name: known
                  config: {limit: 5, store_failures: true, tags: [x], meta: {a: b}, group: g, zzz: 1, severity: loud, description: [x]}
"#,
        &[],
    );
    let mut found = what(&notes);
    found.sort_unstable();
    let of_test = |key: &str| format!("t.id: accepted_values: {key}");
    let keys = [
        "description",
        "group",
        "limit",
        "meta",
        "name",
        "severity",
        "store_failures",
        "tags",
        "zzz",
    ];
    let expected: Vec<String> = ["source raw: description", "t.id: a test", "t.id: a test"]
        .map(str::to_owned)
        .into_iter()
        .chain(keys.map(of_test))
        .chain(
            [
                "t.id: constraint unique: name",
                "t.id: constraint unique: warn_unenforced",
                "t.id: data_type `varchar(20)`",
                "t: description",
            ]
            .map(str::to_owned),
        )
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn words_fit_what_was_found() {
    let project = empty();
    project.write("contract.yaml", "models: []");
    let said = import(&project, "dbt", &["contract.yaml"]).expect(1);
    assert_eq!(said.stdout, "no table of it could be carried over\n");
    let none = "    - {name: a, logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 0.5}]}\n";
    let (tables, notes) = odcs(none);
    assert!(
        tables.contains("  a:\n    type: string\n    not_null:"),
        "{tables}"
    );
    assert_eq!(notes, []);
}

#[test]
fn what_stops_a_run_comes_back_as_it_was() {
    let table = "version: 1
table: visits
source:
  files: \"visits.csv\"
  freshness: { column: seen_on, warn_after: 2d, block_after: 1w }
  volume: { against: 5, error_change: 12.5% }
key: [visit_ref]
columns:
  visit_ref: { type: string, not_null: error, unique: error }
  seen_on: { type: date, not_null: { error_if: \"> 10%\", warn_if: \">= 1\", why: Some are late. } }
  note: { type: string, length: { max: 9, block_if: \"> 100\", why: It is short. } }
rules:
  - id: visits.note.said
    check: { expression: { sql: \"note <> 'x'\" } }
    warn_if: \"> 3\"
    why: It says something.
  - id: visits.parent
    check: { relationships: { columns: [note], to: visits, to_columns: [visit_ref] } }
    warn_if: \"> 5\"
    why: Another visit.
";
    let project = Project::of(&[("rules/tables/visits.yaml", table)]);
    let decided = |project: &Project| {
        let project =
            trueup::project::load(&project.path(".")).expect("a project without mistakes");
        let gates = project.tables[0].gates.clone();
        let gates = (
            gates.freshness.map(|f| (f.column, f.after)),
            gates.volume.map(|v| (v.against, v.change)),
        );
        let mut rules: Vec<_> = project
            .rules
            .iter()
            .map(|rule| {
                let words: Vec<String> = rule.conditions.words().collect();
                (
                    rule.id.clone(),
                    rule.version.clone(),
                    rule.severity,
                    words.join(", "),
                )
            })
            .collect();
        rules.sort();
        (gates, rules)
    };
    let before = decided(&project);
    assert!(before.0.0.is_some() && before.0.1.is_some());
    assert_eq!(before.1.iter().filter(|rule| !rule.3.is_empty()).count(), 4);
    let mut export = project.command_of("export");
    Spoken::of(export.args(["odcs", "--out", "ours.odcs.yaml"])).expect(0);
    fs::remove_dir_all(project.path("rules/tables")).expect("the copy's tables");
    import(&project, "odcs", &["ours.odcs.yaml"]).expect(0);
    assert_eq!(decided(&project), before);
}
