//! What lint says of broken projects, of the project here, and of files that mean harm.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::date;
use serde_json::Value;
use trueup::{
    diagnostics::{Diagnostic, render::render},
    lint::{LINTS, lint},
};

use crate::harness::{Project, Spoken, files, repository};

/// The folder of broken projects: `base` has no mistake, every other folder holds the files in which it differs.
fn broken() -> PathBuf {
    repository("tests/it/data/broken")
}

/// The base with the files of a case in place of its own.
fn case(name: &str) -> Project {
    let project = Project::of(&[]);
    for folder in [broken().join("base"), broken().join(name)] {
        for (inside, file) in files(&folder) {
            project.write(&inside, fs::read(file).expect("a file of the case"));
        }
    }
    project
}

fn findings(root: &Path) -> Vec<Diagnostic> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(lint(root, date(2017, 2, 1)));
    found.expect("linted").diagnostics
}

#[test]
fn every_mistake_has_its_message() {
    let mut said = String::new();
    let mut spoke = BTreeSet::new();
    let mut cases = 0;
    let mut folders: Vec<PathBuf> = fs::read_dir(broken())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let project = case(&name);
        let found = findings(&project.path(""));
        if name == "base" {
            assert!(found.is_empty(), "{}", render(&found, false));
            continue;
        }
        assert!(!found.is_empty(), "{name}: lint says nothing");
        spoke.extend(found.iter().filter_map(|d| d.lint));
        said.push_str(&format!("== {name}\n{}\n", render(&found, false)));
        cases += 1;
    }
    assert!(cases >= 40, "{cases} cases");
    let lints: BTreeSet<&str> = LINTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        spoke, lints,
        "every lint has a case, and every lint that speaks is listed"
    );
    insta::assert_snapshot!(said);
}

#[test]
fn the_project_has_nothing_to_say_about() {
    let spoken = lint_of(&Project::small(), "");
    assert_eq!(spoken.code, Some(0), "{}", spoken.stderr);
    assert!(
        spoken
            .stdout
            .starts_with("no mistakes: 121 rules of 6 tables"),
        "{}",
        spoken.stdout
    );
}

fn lint_of(project: &Project, arguments: &str) -> Spoken {
    Spoken::of(
        project
            .command_of("lint")
            .args(arguments.split_whitespace()),
    )
}

#[test]
fn jobs_and_reviewers_are_told_the_same() {
    let project = case("unused_list");
    project.edit("rules/tables/visits.yaml", |text| {
        text.replace("unique: error", "unique: error\n    uniq: error")
    });
    let text = lint_of(&project, "");
    assert_eq!(text.code, Some(2));
    assert!(
        text.stdout.contains("error: unknown key `uniq`"),
        "{}",
        text.stdout
    );
    let json = lint_of(&project, "--format json");
    assert_eq!(json.code, Some(2));
    let told: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let first = &told["diagnostics"][0];
    assert_eq!(first["file"], "rules/tables/visits.yaml");
    assert_eq!((&first["line"], &first["column"]), (&11.into(), &5.into()));
    assert_eq!(first["level"], "error");
    let sarif = lint_of(&project, "--format sarif");
    assert_eq!(sarif.code, Some(2));
    let told: Value = serde_json::from_str(&sarif.stdout).expect("JSON");
    assert_eq!(told["version"], "2.1.0");
    let result = &told["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/tables/visits.yaml");
    assert_eq!(
        place["region"],
        serde_json::json!({ "startLine": 11, "startColumn": 5, "endLine": 11, "endColumn": 9 })
    );
    let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(
        told["runs"][0]["tool"]["driver"]["rules"][rule]["id"],
        result["ruleId"]
    );
}

/// Review tools drop what has no place.
#[test]
fn what_has_no_place_is_shown_at_the_project_to_reviewers() {
    let project = Project::of(&[("rules/project.yaml", "version: 1\nname: Nothing\n")]);
    let sarif = lint_of(&project, "--format sarif").expect(2);
    let told: Value = serde_json::from_str(&sarif.stdout).expect("JSON");
    let results = told["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/project.yaml");
    assert_eq!(place["region"]["startLine"], 1);
}

/// What only lint says is no reason to refuse a run.
#[test]
fn a_run_takes_what_only_lint_speaks_about() {
    for name in ["implied", "unused_list", "equals_null"] {
        let project = case(name);
        project.write(
            "delivery/visits.csv",
            "visit_ref,visited_on,left_on,room,size\nV1,2017-01-05,2017-01-05,Red,3\n",
        );
        assert_eq!(lint_of(&project, "").code, Some(2), "{name}");
        project.run("").expect(0);
    }
}

/// Files that mean harm are refused with a clear message, and nothing else happens.
#[test]
fn hostile_files_are_refused_and_touch_nothing() {
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let lists = (0..10_000).map(|_| "- ").collect::<String>();
    let bomb = (1..10).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, n| {
            let refs = vec![format!("*a{}", n - 1); 9].join(", ");
            format!("{text}a{n}: &a{n} [{refs}]\n")
        },
    );
    let huge = format!(
        "version: 1\ntable: visits\n{}",
        "# padding\n".repeat(5_500_000)
    );
    let keys = (0..10_000)
        .map(|n| format!("k{n}: {{}}\n"))
        .collect::<String>();
    let table = "rules/tables/visits.yaml";
    let query = "sql/aggregates/rooms.sql";
    let wide: Vec<u8> = "version: 1"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let harm = [
        (table, nested.into_bytes(), "nested deeper than 64"),
        (table, lists.into_bytes(), "nested deeper than 64"),
        (table, bomb.into_bytes(), "anchors are not understood"),
        (table, huge.into_bytes(), "larger than 4 MiB"),
        (table, keys.into_bytes(), "more than 10000 items or keys"),
        (table, b"version:\t1\n\ttable: visits\n".to_vec(), "tabs"),
        (table, [b"\xFF\xFE".to_vec(), wide].concat(), "UTF-8"),
        (table, b"version: 1\0\n".to_vec(), "unexpected character"),
        (
            query,
            b"SELECT 1; DROP TABLE visits".to_vec(),
            "several statements",
        ),
        (query, b"COPY visits TO 'stolen.csv'".to_vec(), "COPY"),
        (
            query,
            b"CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'".to_vec(),
            "may only select",
        ),
        (
            query,
            b"SELECT * FROM '/etc/passwd'".to_vec(),
            "never a file",
        ),
        (
            query,
            b"SELECT * FROM read_csv('/etc/passwd')".to_vec(),
            "read_csv",
        ),
        (
            query,
            b"SET datafusion.execution.batch_size = 1".to_vec(),
            "may only select",
        ),
        (
            query,
            format!("SELECT {}", "(".repeat(100_000)).into_bytes(),
            "50 deep",
        ),
    ];
    for (file, text, word) in harm {
        let project = case("base");
        project.write(file, &text);
        let before = files(&project.path(""));
        let spoken = lint_of(&project, "");
        assert_eq!(
            spoken.code,
            Some(2),
            "{word}: {}{}",
            spoken.stdout,
            spoken.stderr
        );
        assert!(
            spoken.stdout.contains(word),
            "{word}: {}",
            &spoken.stdout.chars().take(2_000).collect::<String>()
        );
        assert!(
            spoken.stdout.contains(file),
            "{word}: {}",
            &spoken.stdout.chars().take(2_000).collect::<String>()
        );
        assert_eq!(files(&project.path("")), before, "{word}");
        let run = project.run("");
        assert_eq!(run.code, Some(2), "{word}");
        assert_eq!(files(&project.path("")), before, "{word}");
    }
}
