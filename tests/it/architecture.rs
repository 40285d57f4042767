//! The invariants of the source tree that no compiler checks.

use std::{collections::BTreeMap, path::Path};

use crate::harness::{files, read, repository};

/// The modules in their order: each uses earlier ones only.
const ORDER: [&str; 33] = [
    "names",
    "harmless",
    "decimal",
    "row_groups",
    "diagnostics",
    "discrepancy",
    "linkage",
    "tables",
    "rules",
    "project",
    "ingest",
    "conform",
    "disposition",
    "log",
    "check",
    "aggregate",
    "reconcile",
    "publish",
    "feeds",
    "pages",
    "workbooks",
    "pipeline",
    "lint",
    "explain",
    "testing",
    "schema",
    "profile",
    "contracts",
    "diff",
    "waive",
    "cli",
    "main",
    "lib",
];

/// Words of the projects that this engine serves; it knows none.
const DOMAIN: &str = r"(?i)\b(wards?|ethnicit(y|ies)|victims?|referrals?|crime|police|leicester|rutland|gender|religion)\b";

/// A file of `src/`.
struct File {
    /// Below `src/`.
    path: String,
    /// Its first folder, or its own name.
    module: String,
    /// All of it.
    text: String,
    /// Without comments, tests and the contents of texts.
    code: String,
}

fn sources() -> Vec<File> {
    let sources: Vec<File> = files(&repository("src"))
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .map(|(path, place)| {
            let text = read(&place);
            let module = path.split('/').next().unwrap_or_default();
            File {
                module: module.trim_end_matches(".rs").to_owned(),
                code: code(&path, &text),
                path,
                text,
            }
        })
        .collect();
    assert!(sources.len() > 80, "{} files", sources.len());
    sources
}

/// What is compiled into the program: comments, texts and what stands under `#[cfg(test)]` are left out.
fn code(path: &str, text: &str) -> String {
    let is_test = |part| part == "tests" || part == "tests.rs";
    if path.split('/').any(is_test) {
        return String::new();
    }
    let text = match text.split_once("#[cfg(test)]\nmod tests {") {
        Some((before, after)) => {
            // The module ends with the first brace at the beginning of a line.
            let rest = after.split_once("\n}\n").map_or("", |(_, rest)| rest);
            format!("{before}{rest}")
        }
        None => text.to_owned(),
    };
    let quoted = regex::Regex::new(r##"r#"(?s:.*?)"#|"(?:\\(?s:.)|[^"\\])*"|//[^\n]*"##);
    let quoted = quoted.expect("a pattern");
    let character = regex::Regex::new(r"'(\\.|[^\\'])'").expect("a pattern");
    let text = character.replace_all(&text, "' '");
    quoted.replace_all(&text, "\"\"").into_owned()
}

fn find<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
    let pattern = regex::Regex::new(pattern).expect("a pattern");
    pattern
        .find_iter(text)
        .map(|found| found.as_str())
        .collect()
}

/// Fails for each file where `pattern` is found and `allowed` does not say so; some file must be allowed and have it,
/// else the pattern finds nothing any more.
fn only(what: &str, pattern: &str, allowed: impl Fn(&File) -> bool) {
    let sources = sources();
    let found = |file: &&File| !find(pattern, &file.code).is_empty();
    let (right, wrong): (Vec<&File>, Vec<&File>) =
        sources.iter().filter(found).partition(|file| allowed(file));
    let wrong: Vec<String> = wrong
        .iter()
        .map(|file| format!("src/{}: {:?}", file.path, find(pattern, &file.code)))
        .collect();
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
    assert!(
        !right.is_empty(),
        "{what}: nothing is found, not even where it may be"
    );
}

#[test]
fn modules_use_earlier_modules_only() {
    let rank = |module: &str| ORDER.iter().position(|name| *name == module);
    let used =
        regex::Regex::new(r"\b(?:crate|trueup)::(?:\{([^;]*?)\};|(\w+))").expect("a pattern");
    let word = regex::Regex::new(r"^\s*(\w+)").expect("a pattern");
    let mut edges: BTreeMap<(String, String), String> = BTreeMap::new();
    for file in sources() {
        for found in used.captures_iter(&file.code) {
            let names: Vec<String> = match (found.get(1), found.get(2)) {
                (Some(list), _) => top_level(list.as_str()),
                (_, Some(name)) => vec![name.as_str().to_owned()],
                _ => Vec::new(),
            };
            for name in names {
                let name = word.captures(&name).map(|w| w[1].to_owned());
                edges.insert(
                    (file.module.clone(), name.unwrap_or_default()),
                    file.path.clone(),
                );
            }
        }
    }
    assert!(edges.len() > 30, "{} edges", edges.len());
    for ((from, to), path) in edges.iter().filter(|((from, to), _)| from != to) {
        let [Some(user), Some(useful)] = [from, to].map(|module| rank(module)) else {
            panic!("src/{path}: `{from}` or `{to}` is not in the order of modules");
        };
        assert!(
            useful < user,
            "src/{path}: `{from}` uses `{to}`, which is not earlier"
        );
    }
}

/// The members of a list of imports, each with all that is inside it.
fn top_level(list: &str) -> Vec<String> {
    let mut members = vec![String::new()];
    let mut depth = 0;
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = members.last_mut() {
            last.push(character);
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

#[test]
fn rules_are_text_in_and_text_out() {
    let forbidden = r"\b(datafusion|arrow|tokio|parquet)::|\bstd::fs\b|\bfs::";
    only(
        "rules and names know no engine and no files",
        forbidden,
        |file| {
            ![
                "names",
                "harmless",
                "decimal",
                "diagnostics",
                "discrepancy",
                "tables",
                "rules",
            ]
            .contains(&file.module.as_str())
        },
    );
}

#[test]
fn only_publish_changes_files() {
    let changing = r"\bfs::(write|rename|copy|hard_link|remove_\w+|create_dir\w*|set_permissions)\b|\bFile::(create\w*|options)\b|\bOpenOptions\b|\bDirBuilder\b|\bsymlink\w*\(|\btempfile::";
    only("only publish changes files", changing, |file| {
        file.module == "publish"
    });
}

#[test]
fn only_main_reads_clock_environment_and_terminal() {
    let around = r"\benv::(var\w*|args\w*|current_dir|temp_dir|home_dir)\b|\b(SystemTime|Instant|Zoned|Timestamp)::now\b|\bis_terminal\b|\b(stdout|stderr|stdin)\(\)|\be?print(ln)?!";
    only("only main knows its surroundings", around, |file| {
        file.module == "main"
    });
}

#[test]
fn only_one_module_builds_sessions() {
    let built = r"\bSessionContext::new\w*|\bSessionStateBuilder::new\w*";
    only("only check/session.rs builds sessions", built, |file| {
        file.path == "check/session.rs"
    });
}

#[test]
fn only_cli_and_main_know_clap() {
    only("only cli and main know clap", r"\bclap::", |file| {
        ["cli", "main"].contains(&file.module.as_str())
    });
}

#[test]
fn the_engine_knows_no_word_of_a_domain() {
    assert_eq!(find(DOMAIN, "Wards and a victim"), ["Wards", "victim"]);
    let folder = repository("src");
    let mut read_files = 0;
    for (path, place) in files(&folder) {
        let text = read(&place);
        assert_eq!(find(DOMAIN, &text), [""; 0], "src/{path}");
        read_files += 1;
    }
    assert!(read_files > 80);
}

#[test]
fn each_file_says_what_it_is_for() {
    for file in sources() {
        assert!(file.text.starts_with("//! "), "src/{}", file.path);
    }
    for (path, place) in files(Path::new(&repository("tests"))) {
        if path.ends_with(".rs") {
            assert!(read(&place).starts_with("//! "), "tests/{path}");
        }
    }
}

#[test]
fn no_panic_is_written_where_a_user_could_reach_it() {
    for file in sources() {
        let found = find(r"\.unwrap\(\)|\b(panic|todo|unimplemented)!", &file.code);
        assert_eq!(found, [""; 0], "src/{}", file.path);
    }
}
