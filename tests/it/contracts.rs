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
