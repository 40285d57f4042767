//! How the command looks: by table and by rule, in any width, with and without colours; what a shell and `man` get.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use crate::harness::{Project, Sheet, Spoken, fixture};

/// The project's summary, as it is published again.
fn summary(project: &Project, width: usize, arguments: &[&str]) -> String {
    let mut command = project.command();
    command.env("COLUMNS", width.to_string()).args(arguments);
    Spoken::of(&mut command).expect(0).stdout
}

/// Without the codes of colours.
fn plain(text: &str) -> String {
    let codes = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern");
    codes.replace_all(text, "").into_owned()
}

fn count(text: &str) -> u64 {
    let digits = text.replace(',', "");
    digits
        .parse()
        .unwrap_or_else(|_| panic!("no count: {text:?}"))
}

#[test]
fn rows_and_discrepancies_add_up_by_table() {
    let fixture = fixture();
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in fixture.sheet("discrepancies.csv").rows {
        let table = match &row["table"] {
            "" => "(no table)",
            table => table,
        };
        let key = (table.to_owned(), row["severity"].to_owned());
        *found.entry(key).or_default() += 1;
    }
    let text = &fixture.spoken.stdout;
    let mut lines = text.lines().skip_while(|line| !line.starts_with("table"));
    let head: Vec<&str> = lines
        .next()
        .expect("a table")
        .split("  ")
        .map(str::trim)
        .filter(|h| !h.is_empty())
        .collect();
    assert_eq!(head[1], "rows read", "{text}");
    let mut told: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut tables = BTreeSet::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let cells: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .collect();
        let table = cells[0];
        // What is of no table has no rows.
        for (name, cell) in head.iter().rev().zip(cells.iter().rev()) {
            if ["blocking", "error", "warn", "info"].contains(name) && count(cell) > 0 {
                told.insert((table.to_owned(), (*name).to_owned()), count(cell));
            }
        }
        if !["(no table)", "all"].contains(&table) {
            tables.insert(table.to_owned());
            let of = |name: &str| {
                let at = head.iter().position(|h| *h == name);
                at.map_or(0, |at| count(cells[at]))
            };
            let gone = of("quarantined") + of("excluded") + of("rejected");
            assert_eq!(of("rows read"), of("clean") + gone, "{line}");
        }
    }
    assert_eq!(tables, crate::harness::TABLES.map(str::to_owned).into());
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for ((_, severity), count) in &found {
        *all.entry(severity.clone()).or_default() += count;
    }
    found.extend(all.into_iter().map(|(s, n)| (("all".to_owned(), s), n)));
    assert_eq!(told, found, "{text}");
}

#[test]
fn every_width_shows_all_figures_and_both_ends_of_names() {
    let project = Project::small();
    project.run("").expect(0);
    let run = project.path("out/current");
    let rules = Sheet::read(&run.join("rule_results.csv")).rows;
    let mut figures: Vec<BTreeSet<String>> = Vec::new();
    for width in [20, 60, 79, 100, 160, 400] {
        let text = summary(&project, width, &[]);
        for line in text.lines() {
            let is_path = ["published: ", "manifest: ", "look next: "]
                .iter()
                .any(|p| line.starts_with(p));
            let most = width.clamp(60, 160);
            assert!(is_path || line.chars().count() <= most, "{width}: {line}");
            assert_eq!(line.trim_end(), line, "{width}");
        }
        let zero = "none in any table: ";
        let bare: Vec<&str> = text.lines().filter(|line| line.starts_with(zero)).collect();
        assert!(bare.len() <= 1, "{text}");
        let all = text.lines().filter(|line| line.starts_with("all "));
        let figures_of = all
            .flat_map(|line| line.split_whitespace().skip(1))
            .filter(|cell| *cell != "0");
        figures.push(figures_of.map(str::to_owned).collect());
        assert!(text.contains("severity"), "{text}");
    }
    assert!(
        figures.iter().all(|of| *of == figures[0] && of.len() > 4),
        "{figures:?}"
    );

    // With -v all rules that found something are there.
    let text = summary(&project, 60, &["-v"]);
    let log = Sheet::read(&run.join("discrepancies.csv")).rows;
    let found: BTreeSet<&str> = log.iter().map(|row| &row["rule_id"]).collect();
    assert!(found.len() > 30 && rules.len() > 100);
    for id in found {
        let ends = (&id[..6], &id[id.len() - 6..]);
        let shown = text.lines().any(|line| {
            let last = line.split_whitespace().last().unwrap_or_default();
            last == id || (last.contains('…') && last.starts_with(ends.0) && last.ends_with(ends.1))
        });
        assert!(shown, "{id}:\n{text}");
    }
    assert!(!text.contains("more rules and statements"), "{text}");
}

#[test]
fn long_names_are_cut_in_the_middle_and_wide_ones_by_what_they_take() {
    let wide = "東京都".repeat(40);
    let key = format!("{}end", "k".repeat(50));
    let project = Project::of(&[
        (
            "rules/tables/notes.yaml",
            &format!(
                "version: 1\ntable: notes\nsource: {{ files: \"*.csv\" }}\nkey: [ref]\ncolumns:\n  ref: {{ type: string, unique: error }}\nrules:\n  - id: notes.{key}\n    check: {{ expression: {{ sql: \"ref <> 'a'\", column: ref }} }}\n    why: No.\n"
            ),
        ),
        ("delivery/notes.csv", "ref\na\n"),
    ]);
    project.edit("rules/project.yaml", |text| text.replace("A test", &wide));
    let text = summary(&project, 60, &[]);
    let cut = text
        .lines()
        .find(|line| line.contains('…') && line.starts_with("error"));
    let cut = cut.unwrap_or_else(|| panic!("{text}"));
    assert!(
        cut.contains("notes.kk") && cut.ends_with("kkkkend"),
        "{cut}"
    );
    assert_eq!(cut.chars().count(), 60, "{cut}");
}

#[test]
fn colours_are_where_somebody_asked_for_them() {
    let project = Project::small();
    project.run("").expect(0);
    let said = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = project.command();
        command.envs(variables.iter().copied()).args(arguments);
        Spoken::of(&mut command).expect(0).stdout
    };
    let bare = said(&[], &[]);
    assert!(!bare.contains('\u{1b}'), "{bare}");
    for (variables, arguments, want) in [
        (&[][..], &["--color", "always"][..], true),
        (&[], &["--colour=always"], true),
        (&[], &["--color", "auto"], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "0")], &[], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], &[], true),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
    ] {
        let text = said(variables, arguments);
        assert_eq!(text.contains('\u{1b}'), want, "{variables:?} {arguments:?}");
        // Colours say nothing that words do not.
        assert_eq!(plain(&text), bare, "{variables:?} {arguments:?}");
    }
    // The help and mistakes of a call follow.
    for (arguments, want) in [
        (&["--help"][..], false),
        (&["--help", "--color=always"], true),
        (&["--bogus"], false),
        (&["--bogus", "--color=always"], true),
        (&["--bogus", "--color=always", "--format=json"], false),
    ] {
        let spoken = Spoken::of(project.command().args(arguments));
        let text = spoken.stdout + &spoken.stderr;
        assert!(text.len() > 20);
        assert_eq!(text.contains('\u{1b}'), want, "{arguments:?}: {text}");
    }
}

#[test]
fn what_changed_since_the_run_before_has_signs() {
    let project = Project::of(&[
        (
            "rules/tables/notes.yaml",
            "version: 1\ntable: notes\nsource: { files: \"*.csv\" }\nkey: [ref]\ncolumns:\n  ref: { type: string }\n  size: { type: integer, range: { max: 5, severity: error, why: Small. } }\n",
        ),
        ("delivery/notes.csv", "ref,size\na,7\nb,8\nc,1\n"),
    ]);
    let first = project.run("").expect(0).stdout;
    assert!(
        !first.contains("since the run before") && !first.contains("went"),
        "{first}"
    );
    project.write("tonight/notes.csv", "ref,size\na,7\nb,2\nc,9\nd,10\n");
    let second = project
        .run("--delivery tonight --as-of 2020-06-02")
        .expect(0)
        .stdout;
    let since = second
        .lines()
        .find(|line| line.starts_with("since the run before: "));
    let since = since.unwrap_or_else(|| panic!("{second}"));
    for part in ["+2 new", "1 ongoing", "-1 resolved"] {
        assert!(since.contains(part), "{since}");
    }
    let flat: Vec<String> = second
        .lines()
        .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert!(
        flat.contains(&"severity found came went rule".to_owned()),
        "{second}"
    );
    let rule = flat.iter().find(|line| line.contains("+2 -1 notes.size."));
    assert!(
        rule.is_some_and(|line| line.contains(" 3 +2 -1 ")),
        "{second}"
    );
}

#[test]
fn quiet_commands_say_nothing_where_all_is_well() {
    let project = Project::small();
    project.run("-q").expect(0);
    for (call, code, says) in [
        ("verify -q", 0, false),
        ("-q verify", 0, false),
        ("verify", 0, true),
        ("verify -q --format json", 0, true),
        ("diff current current -q", 0, false),
        ("diff current current", 0, true),
        ("schema table -q", 0, true),
        ("schema --out new -q", 0, false),
        ("lint -q", 0, false),
        ("lint", 0, true),
        ("explain cases.area.accepted_values -q", 0, true),
        ("export odcs -q", 0, true),
        ("export odcs -q --out contract.yaml", 0, false),
        ("man -q --out pages", 0, false),
        ("man run -q", 0, true),
    ] {
        let mut words = call.split(' ');
        let mut command = project.command_of(words.next().unwrap_or_default());
        let spoken = Spoken::of(command.args(words)).expect(code);
        assert_eq!(!spoken.stdout.is_empty(), says, "{call}: {}", spoken.stdout);
        assert_eq!(spoken.stderr, "", "{call}");
    }
    let chain = Spoken::of(project.command_of("verify").arg("-v"))
        .expect(0)
        .stdout;
    let run = std::fs::read_link(project.path("out/current")).expect("a run");
    let run = run
        .file_name()
        .expect("a run")
        .to_string_lossy()
        .into_owned();
    let listed = chain
        .lines()
        .filter(|line| line.starts_with(&format!("  {run}  SHA-256 ")));
    assert_eq!(listed.count(), 1, "{chain}");
}

#[test]
fn every_command_has_examples_and_exit_codes_in_its_help() {
    let project = Project::empty();
    let help = Spoken::of(&mut project.command_of("--help"))
        .expect(0)
        .stdout;
    let commands = help.split("Commands:").nth(1).expect("commands");
    let commands = commands.split("\n\n").next().expect("a list");
    let names: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert_eq!(names.len(), 13, "{names:?}");
    assert!(help.contains("Examples:"), "{help}");
    for name in names {
        let by_option = Spoken::of(project.command_of(name).arg("--help")).expect(0);
        let by_word = Spoken::of(project.command_of("help").arg(name)).expect(0);
        assert_eq!(by_option.stdout, by_word.stdout, "{name}");
        for part in ["Exit codes:", "Examples:\n  trueup ", "--color", "--quiet"] {
            assert!(by_option.stdout.contains(part), "{name}: {part}");
        }
        let page = Spoken::of(project.command_of("man").arg(name))
            .expect(0)
            .stdout;
        for part in [
            ".TH",
            ".SH NAME",
            ".SH \"EXIT CODES\"",
            ".SH \"EXAMPLES\"",
            ".SH ENVIRONMENT",
        ] {
            assert!(page.contains(part), "{name}: {part}: {page}");
        }
    }
    let version = Spoken::of(&mut project.command_of("--version"))
        .expect(0)
        .stdout;
    assert_eq!(version, format!("trueup {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Spoken::of(project.command_of("completions").arg(shell)).expect(0);
        assert!(script.stdout.contains("fail-on"), "{shell}");
    }
}

#[test]
fn the_bash_script_completes() {
    let project = Project::empty();
    let script = Spoken::of(project.command_of("completions").arg("bash"))
        .expect(0)
        .stdout;
    project.write("trueup.bash", script);
    let complete = |words: &str| {
        let last = words.split(' ').count() - 1;
        let call = format!(
            "source trueup.bash; COMP_WORDS=({words}); [ ${{#COMP_WORDS[@]}} -gt {last} ] || COMP_WORDS+=(''); COMP_CWORD={last}; \
             _trueup trueup \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[@]}}\"",
            last - 1
        );
        let mut bash = Command::new("bash");
        let bash = bash
            .current_dir(project.path(""))
            .args(["--norc", "-c", &call]);
        Spoken::of(bash).expect(0).stdout.trim().to_owned()
    };
    assert_eq!(complete("trueup ru"), "run");
    assert_eq!(complete("trueup run --fail-on bl"), "blocking");
    assert_eq!(complete("trueup import o"), "odcs");
    assert_eq!(complete("trueup man com"), "completions");
}
