//! The unhappy path: each failure says what is wrong, ends with the right code, and leaves the last good run in place.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use trueup::publish::check_run;

use crate::harness::{DELIVERY, Project, Row, Sheet, Spoken, TABLES, files, read};

/// The folder of tonight's exports.
const TONIGHT: &str = "tonight";

/// A project with a good run of yesterday.
struct Night {
    project: Project,
    good: PathBuf,
}

impl Night {
    fn after_a_good_run() -> Self {
        let project = Project::small();
        project.run("").expect(0);
        let good = fs::read_link(project.path("out/current")).expect("a published run");
        let night = Self { project, good };
        night.check_current("the good run");
        night
    }

    /// Runs over a fresh copy of the delivery, after `spoil`.
    fn run(&self, spoil: impl FnOnce(&Spoiled<'_>)) -> Spoken {
        let tonight = self.project.path(TONIGHT);
        if tonight.exists() {
            fs::remove_dir_all(&tonight).expect("a folder of the test");
        }
        self.project.copy(DELIVERY, TONIGHT);
        let published = self.project.path("fixtures/published");
        fs::remove_dir_all(&published).expect("a folder of the copy");
        self.project.renew("fixtures/published");
        spoil(&Spoiled(&self.project));
        self.project
            .run(&format!("--delivery {TONIGHT} --as-of 2017-10-09"))
    }

    /// `current` names the good run, whole, and nothing half-done lies about.
    fn check_current(&self, case: &str) {
        let link = fs::read_link(self.project.path("out/current")).expect("a link");
        assert_eq!(link, self.good, "{case}");
        check_run(&self.project.path("out/current")).unwrap_or_else(|e| panic!("{case}: {e}"));
        assert_eq!(leftovers(&self.project.path("out")), [""; 0], "{case}");
    }
}

/// Hidden entries of an out folder but its lock.
fn leftovers(out: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for folder in [out.to_owned(), out.join("runs")] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.retain(|name| name.starts_with('.') && name != ".lock");
    names
}

/// A copy of the project in which a test breaks something.
struct Spoiled<'p>(&'p Project);

impl Spoiled<'_> {
    fn export(&self, table: &str) -> PathBuf {
        self.0.path(TONIGHT).join(table).with_extension("csv")
    }

    fn edit(&self, table: &str, change: impl FnOnce(&str) -> String) {
        self.0.edit(&format!("{TONIGHT}/{table}.csv"), change);
    }

    fn remove(&self, table: &str) {
        fs::remove_file(self.export(table)).expect("an export");
    }

    fn published(&self) -> PathBuf {
        self.0.path("fixtures/published/published_figures.csv")
    }
}

/// Takes the header off a text.
fn body(text: &str) -> &str {
    text.split_once('\n').expect("a header").1
}

fn header(text: &str) -> &str {
    text.split_inclusive('\n').next().expect("a header")
}

#[test]
fn inputs_that_cannot_be_read_end_with_3() {
    type Spoil = fn(&Spoiled<'_>);
    let cases: [(&str, Spoil); 13] = [
        ("missing_export", |s| s.remove("referrals")),
        ("two_missing_exports", |s| {
            s.remove("referrals");
            s.remove("cases");
        }),
        ("empty_export", |s| s.edit("cases", |_| String::new())),
        ("export_without_its_header", |s| {
            s.edit("people", |text| body(text).to_owned());
        }),
        ("unterminated_quote", |s| {
            s.edit("cases", |text| text.replacen("Closed,", "\"Closed,", 1));
        }),
        ("missing_column", |s| {
            s.edit("cases", |text| text.replacen("closed_on", "close_on", 1));
        }),
        ("repeated_column", |s| {
            s.edit("cases", |text| text.replacen("caseworker", "status", 1));
        }),
        ("several_broken_exports", |s| {
            s.edit("cases", |_| String::new());
            s.edit("people", |text| text.replacen("phone", "telephone", 1));
        }),
        ("workbook_for_an_export", |s| {
            fs::write(s.export("cases"), b"PK\x03\x04 and so on").expect("written");
        }),
        ("folder_for_an_export", |s| {
            s.remove("cases");
            fs::create_dir(s.export("cases")).expect("a folder");
        }),
        ("published_file_that_is_no_text", |s| {
            let mut bytes = fs::read(s.published()).expect("a file");
            let at = bytes.len() / 2;
            bytes[at] = 0xE9;
            fs::write(s.published(), bytes).expect("written");
        }),
        ("published_file_missing", |s| {
            fs::remove_file(s.published()).expect("a file");
        }),
        ("published_file_with_a_wrong_figure", |s| {
            s.0.edit("fixtures/published/published_figures.csv", |text| {
                text.replacen(",13331,", ",13E31x,", 1)
            });
        }),
    ];
    let night = Night::after_a_good_run();
    for (name, spoil) in cases {
        let spoken = night.run(spoil);
        check(&night.project, name, &spoken, 3);
        assert_eq!(spoken.stdout, "", "{name}");
        night.check_current(name);
    }
    night.run(|_| ()).expect(0);
    let spoken = night.project.run("--delivery nowhere");
    check(&night.project, "delivery_that_is_not_there", &spoken, 3);
}

/// Compares code and message.
fn check(project: &Project, name: &str, spoken: &Spoken, code: i32) {
    let Spoken { stdout, stderr, .. } = spoken;
    assert_eq!(spoken.code, Some(code), "{name}\n{stdout}\n{stderr}");
    for text in [stdout, stderr] {
        assert!(!text.contains("panicked"), "{name}: {text}");
        assert!(!text.contains("internal fault"), "{name}: {text}");
    }
    let root = regex::escape(&project.path("").to_string_lossy());
    let root = root.trim_end_matches('/');
    insta::with_settings!({
        filters => vec![(root, "[project]"), (r"\d{4}-\d\d-\d\d-[0-9a-f]{12}", "[run]")],
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, stderr);
    });
}

#[test]
fn blocked_runs_are_kept_and_not_published() {
    type Spoil = fn(&Spoiled<'_>);
    let cases: [(&str, &str, Spoil); 2] = [
        ("cases.row_count", "cases.csv", |s| {
            s.edit("cases", |text| header(text).to_owned());
        }),
        ("people.rejects", "people.csv", |s| {
            s.edit("people", |text| {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines[7].push_str(",one more");
                lines.join("\n") + "\n"
            });
        }),
    ];
    let night = Night::after_a_good_run();
    for (rule, file, spoil) in cases {
        let spoken = night.run(spoil).expect(1);
        assert_eq!(spoken.stderr, "", "{rule}");
        let ending: Vec<&str> = spoken.stdout.lines().rev().take(2).collect();
        let good = night.good.file_name().expect("a run").to_string_lossy();
        let words = "BLOCKED: not published; `current` still names the last good run, ";
        assert_eq!(ending[1], format!("{words}{good}"));
        night.check_current(rule);

        let kept = night.project.path(&spoken.folder());
        let manifest = check_run(&kept).unwrap_or_else(|e| panic!("{rule}: {e}"));
        assert!(manifest.blocked);
        let log = Sheet::read(&kept.join("discrepancies.csv")).rows;
        let blocking: Vec<&Row> = log
            .iter()
            .filter(|r| &r["severity"] == "blocking")
            .collect();
        let [row] = blocking[..] else {
            panic!("{rule}: {blocking:?}");
        };
        assert_eq!(&row["rule_id"], rule);
        assert_eq!(&row["source_file"], file);
        if rule == "people.rejects" {
            assert_eq!((&row["source_line"], &row["source_row"]), ("8", "7"));
            assert_eq!(&row["action"], "rejected");
            let rejects = Sheet::read(&kept.join("rejects/rejects.csv")).rows;
            assert_eq!(rejects.len(), 1);
            assert_eq!(&rejects[0]["source_file"], file);
            assert_eq!(&rejects[0]["source_line"], "8");
            assert!(rejects[0]["reason"].contains("14"), "{rejects:?}");
        }
    }
}

#[test]
fn a_blocked_first_run_says_that_nothing_is_published_yet() {
    let project = Project::small();
    let cases = format!("{DELIVERY}/cases.csv");
    project.edit(&cases, |text| header(text).to_owned());
    let spoken = project.run("").expect(1);
    let words = "BLOCKED: not published; no run has been published yet, so there is no `current`\n";
    assert!(spoken.stdout.contains(words), "{}", spoken.stdout);
    assert!(!project.path("out/current").exists());
}

#[test]
fn the_order_of_columns_changes_nothing() {
    let night = Night::after_a_good_run();
    night
        .run(|s| {
            for table in TABLES {
                reverse_columns(&s.export(table));
            }
        })
        .expect(0);
    let [before, after] =
        [night.good, PathBuf::from("current")].map(|run| night.project.path("out").join(run));
    let told = |run: &Path| -> Vec<Vec<String>> {
        let log = Sheet::read(&run.join("discrepancies.csv"));
        let columns: Vec<&String> = log
            .header
            .iter()
            .filter(|c| !c.ends_with("run") && *c != "run_id" && *c != "status")
            .collect();
        assert_eq!(columns.len(), 24);
        let cells = |row: &Row| columns.iter().map(|c| row[c.as_str()].to_owned()).collect();
        log.rows.iter().map(cells).collect()
    };
    assert!(told(&before).len() > 100);
    assert_eq!(told(&before), told(&after));
    for folder in ["clean", "aggregates"] {
        let [old, new] = [&before, &after].map(|run| files(&run.join(folder)));
        for (name, path) in &old {
            // The delivery's own name stands in each row.
            let same = folder == "clean" || fs::read(path).ok() == fs::read(&new[name]).ok();
            assert!(same, "{folder}/{name} differs");
        }
        assert_eq!(old.len(), new.len());
    }
}

fn reverse_columns(path: &Path) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)
        .expect("an export");
    let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a record")).collect();
    let mut writer = csv::Writer::from_path(path).expect("the copy can be written");
    for record in records {
        let cells: Vec<&str> = record.iter().collect();
        writer.write_record(cells.iter().rev()).expect("written");
    }
    writer.flush().expect("written");
}

#[test]
fn a_column_that_nobody_declared_is_a_warning() {
    let night = Night::after_a_good_run();
    night
        .run(|s| {
            s.edit("people", |text| {
                let lines = text.lines().enumerate();
                let cell = |at: usize| if at == 0 { "shoe_size" } else { "42" };
                lines
                    .map(|(at, line)| format!("{},{line}\n", cell(at)))
                    .collect()
            });
        })
        .expect(0);
    let log = Sheet::read(&night.project.path("out/current/discrepancies.csv")).rows;
    let found: Vec<&Row> = log
        .iter()
        .filter(|r| &r["rule_id"] == "people.columns")
        .collect();
    let [row] = found[..] else {
        panic!("{found:?}")
    };
    let told = [
        "severity",
        "category",
        "observed",
        "source_file",
        "source_line",
    ]
    .map(|c| &row[c]);
    assert_eq!(told, ["warn", "Schema", "shoe_size", "people.csv", "1"]);
}

#[test]
fn mistakes_of_the_project_end_with_2_all_at_once_and_nothing_is_read() {
    let project = Project::small();
    project.edit("rules/tables/people.yaml", |text| {
        text.replacen("policy: hide", "polcy: hide", 1)
    });
    project.edit("rules/tables/cases.yaml", |text| {
        text.replacen("closed_on >= opened_on", "closed_on >= opend_on", 1)
    });
    project.edit("rules/tables/referrals.yaml", |text| {
        text.replacen("received_on >= reported_on", "received_on - reported_on", 1)
    });
    project.edit("rules/tables/support_actions.yaml", |text| {
        text.replacen("acted_on <= as_of()", "acted_on <= <= as_of()", 1)
    });
    project.edit("rules/totals/parts.yaml", |text| {
        text.replacen("sums_to", "sum_to", 1)
    });
    project.edit("rules/totals/subsets.yaml", |text| {
        text.replacen(
            "id: published.enhanced_within_closed",
            "id: published.previous_year.enhanced.charts_agree",
            1,
        )
    });
    let spoken = project.run("--delivery nowhere --out never");
    check(&project, "mistakes_of_the_project", &spoken, 2);
    let places = regex::Regex::new(r"(?m)rules/\S+\.yaml:\d+:\d+").expect("a pattern");
    let files: std::collections::BTreeSet<&str> = places
        .find_iter(&spoken.stderr)
        .filter_map(|place| place.as_str().split(':').next())
        .collect();
    assert_eq!(files.len(), 6, "{files:?}\n{}", spoken.stderr);
    assert!(!project.path("never").exists());
}

#[test]
fn a_mistake_is_told_once_and_not_for_all_that_depends_on_it() {
    let cases = "rules/tables/cases.yaml";
    let project = Project::small();
    for (file, right, wrong) in [
        // No YAML, so nothing of the table is known.
        (cases, "key:", "key"),
        (cases, "version: 1", "version: one"),
        (cases, "table: cases", "tabel: cases"),
        (cases, "source:", "sauce:"),
        (cases, "key:", "keys:"),
        (cases, "key: [", "key: [case_reff, "),
        (cases, "columns:\n", "colums:\n"),
        (cases, "rules:\n", "ruels:\n"),
        (cases, "type: date", "type: dat"),
        (cases, "type: date", "typ: date"),
        (cases, "type: date", "type: [date]"),
        (cases, "    type: date\n", ""),
        (cases, "  opened_on:\n", "  Opened-On:\n"),
        (cases, "  case_ref:\n", "  _case_ref:\n"),
        (cases, "list: areas", "list: aeras"),
        (cases, "where: \"status = 'Closed'\"", "where: \" \""),
        (cases, "column: closed_on", "column: close_on"),
        (cases, "row_count:\n        min: 1", "not_null: {}"),
        (cases, "why: ", "wy: "),
        (cases, "          - cases:", "          - case:"),
        (cases, "to: referrals", "to: referals"),
        (
            "rules/tables/needs_assessments.yaml",
            "columns: [case_ref, stage",
            "columns: [case_reff, stage",
        ),
        ("rules/tables/people.yaml", "type: date", "type: dat"),
        (
            "rules/tables/people.yaml",
            "  person_ref:\n",
            "  Person_Ref:\n",
        ),
        ("sql/model/case_facts.sql", "closed_on", "close_on"),
        ("rules/reference/areas.csv", "label", "lable"),
        ("rules/project.yaml", "name:", "nmae:"),
        ("rules/totals/parts.yaml", "statements:", "statments:"),
    ] {
        let before = read(&project.path(file));
        project.edit(file, |text| text.replacen(right, wrong, 1));
        check_once(&project, &format!("{file}: {wrong}"), Some(file));
        fs::write(project.path(file), before).expect("the copy can be written");
    }
}

/// One mistake is told, at a place in `file`.
fn check_once(project: &Project, case: &str, file: Option<&str>) {
    let spoken = project.run("--delivery nowhere --out never");
    let said = &spoken.stderr;
    assert_eq!(spoken.code, Some(2), "{case}\n{said}");
    let last = said.lines().last().unwrap_or_default();
    let count = match file {
        Some(_) => "1 mistake in 1 file",
        None => "1 mistake",
    };
    assert_eq!(last, count, "{case}:\n{said}");
    if let Some(file) = file {
        assert!(said.contains(&format!("--> {file}:")), "{case}:\n{said}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_once_and_not_for_all_that_depends_on_it() {
    type Spoil = fn(&Project);
    fn rename(project: &Project, from: &str, to: &str) {
        fs::rename(project.path(from), project.path(to)).expect("a file of the copy");
    }
    fn spoil(project: &Project, file: &str) {
        fs::write(project.path(file), b"\xFF\xFE").expect("the copy can be written");
    }
    let cases: [(&str, Option<&str>, Spoil); 9] = [
        ("table", None, |p| spoil(p, "rules/tables/cases.yaml")),
        ("list", None, |p| spoil(p, "rules/reference/areas.csv")),
        ("model", None, |p| spoil(p, "sql/model/case_facts.sql")),
        ("other ending", None, |p| {
            rename(p, "rules/tables/cases.yaml", "rules/tables/cases.yml");
        }),
        ("other folder", None, |p| {
            rename(p, "rules/tables", "rules/tabels")
        }),
        ("no name", Some("rules/reference/Areas.csv"), |p| {
            fs::remove_file(p.path("rules/reference/areas.aliases.csv")).expect("a file");
            rename(p, "rules/reference/areas.csv", "rules/reference/Areas.csv");
        }),
        ("blank query", Some("sql/model/case_facts.sql"), |p| {
            p.edit("sql/model/case_facts.sql", |_| "\n".to_owned());
        }),
        ("name taken", Some("sql/model/cases.sql"), |p| {
            // Without that aggregate the report has no figures to show.
            fs::remove_file(p.path("rules/report.yaml")).expect("a file");
            rename(p, "sql/model/need_levels.sql", "sql/model/cases.sql");
            fs::remove_file(p.path("sql/aggregates/identified_needs.sql")).expect("a file");
        }),
        ("name of ours", Some("rules/tables/periods.yaml"), |p| {
            p.copy("rules/tables", "tables");
            rename(
                p,
                "tables/support_actions.yaml",
                "rules/tables/periods.yaml",
            );
            p.edit("rules/tables/periods.yaml", |text| {
                text.replace("table: support_actions", "table: periods")
                    .replace("id: support_actions.", "id: periods.")
                    .replace("- support_actions:", "- periods:")
            });
        }),
    ];
    for (case, file, spoil) in cases {
        let project = Project::small();
        spoil(&project);
        check_once(&project, case, file);
    }
}

#[test]
fn a_file_that_cannot_be_read_hides_no_mistake_of_another() {
    let project = Project::small();
    project.edit("rules/tables/cases.yaml", |text| {
        text.replacen("key:", "key", 1)
    });
    project.edit("rules/tables/people.yaml", |text| {
        text.replacen("type: date", "type: dat", 1)
            .replacen("why: ", "wy: ", 1)
    });
    project.edit("rules/tables/referrals.yaml", |text| {
        text.replacen("received_on >= reported_on", "received_on - reported_on", 1)
    });
    project.edit("sql/model/referral_facts.sql", |text| {
        text.replacen("r.person_ref", "r.preson_ref", 1)
    });
    project.edit("rules/totals/shares.yaml", |text| {
        text.replacen("whole_match: [period]", "whole_match: [perod]", 1)
    });
    let spoken = project.run("--delivery nowhere --out never");
    check(&project, "mistakes_beside_an_unread_file", &spoken, 2);
}

#[test]
fn mistakes_of_the_call_end_with_2() {
    let project = Project::small();
    for (name, arguments) in [
        ("as_of_that_is_no_date", "--as-of yesterday"),
        ("as_of_that_does_not_exist", "--as-of 2017-02-30"),
        ("as_of_with_a_time", "--as-of 2017-10-09T00:00:00"),
        ("as_of_before_all_years", "--as-of 0000-01-01"),
        ("no_threads", "--threads 0"),
        ("no_size", "--memory-limit much"),
        ("unknown_engine", "--engine postgres"),
        ("project_that_is_not_there", "--project nowhere"),
        (
            "selectors_that_name_no_rule",
            "--select tabel:cases,cases.area.acepted_values,table:case --exclude no.such.*,tag:demografic,dimension:vality",
        ),
    ] {
        let spoken = project.run(&format!("{arguments} --out never"));
        check(&project, name, &spoken, 2);
        assert!(!project.path("never").exists(), "{name}");
    }
}

/// A run that was started and goes on by itself.
struct Started(Child);

impl Started {
    fn new(project: &Project, arguments: &str) -> Self {
        let run = project.command();
        let mut command = Command::new("env");
        // These tests may run under nohup, which a hangup of the program would be spared by too.
        command
            .arg("--default-signal=HUP")
            .arg(run.get_program())
            .args(run.get_args())
            .args(arguments.split_whitespace())
            .current_dir(project.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command.spawn().expect("the program starts"))
    }

    /// Waits until `seen`, or until the run has ended.
    fn wait_until(&mut self, seen: impl Fn() -> bool) {
        while !seen() && self.0.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn interrupt(self, signal: &str) -> Spoken {
        let id = self.0.id().to_string();
        let kill = Command::new("kill").args([signal, &id]).status();
        assert!(kill.expect("kill").success());
        Spoken::from(self.0.wait_with_output().expect("a child"))
    }

    fn kill(mut self) {
        self.0.kill().expect("a child");
        self.0.wait().expect("a child");
    }
}

fn staging(out: &Path) -> bool {
    fs::read_dir(out.join("runs")).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|e| e.file_name().to_string_lossy().starts_with(".staging"))
    })
}

#[test]
fn an_interrupted_run_ends_with_130_and_leaves_nothing() {
    let night = Night::after_a_good_run();
    let out = night.project.path("out");
    for signal in ["-INT", "-TERM", "-HUP"] {
        let mut run = Started::new(&night.project, "--as-of 2017-10-10");
        run.wait_until(|| staging(&out));
        let spoken = run.interrupt(signal);
        check(&night.project, "interrupted", &spoken, 130);
        night.check_current(signal);
    }
}

#[test]
fn out_folders_that_cannot_be_used_are_told_as_they_are() {
    use std::os::unix::fs::symlink;
    let project = Project::small();
    symlink("nowhere", project.path("dangling")).expect("a link");
    project.run("--out gone").expect(0);
    let run = fs::read_link(project.path("gone/current")).expect("a link");
    fs::remove_dir_all(project.path("gone").join(run)).expect("a run");
    for (out, words) in [
        (
            "dangling",
            "cannot create the folder `dangling`: it is a link to what is not there; move",
        ),
        (
            "dangling/deeper",
            "cannot create the folder `dangling`: it is a link to what is not there; move",
        ),
        (
            "/proc/x",
            "cannot create the folder `/proc/x`: the file system there lets no folder be made; choose",
        ),
        (
            "gone",
            "which is not there any more; restore its folder in `runs`, or remove the link",
        ),
    ] {
        // Another day, else the run that is gone would be put back.
        let spoken = project
            .run(&format!("--as-of 2017-10-10 --out {out}"))
            .expect(3);
        assert!(spoken.stderr.contains(words), "{out}: {}", spoken.stderr);
        assert!(
            !spoken.stderr.contains("run again"),
            "{out}: {}",
            spoken.stderr
        );
    }
}

#[test]
fn a_run_killed_at_any_instant_leaves_a_whole_current() {
    let night = Night::after_a_good_run();
    let out = night.project.path("out");
    let started = Instant::now();
    night.project.run("--as-of 2017-10-10").expect(0);
    let whole = started.elapsed();
    for (night_of, share) in (11..).zip([5, 20, 35, 50, 65, 80, 90, 95, 98]) {
        let run = Started::new(&night.project, &format!("--as-of 2017-10-{night_of}"));
        std::thread::sleep(whole * share / 100);
        run.kill();
        check_run(&out.join("current")).unwrap_or_else(|e| panic!("killed at {share}%: {e}"));
    }
    // At the very moment in which the folder of the run appears, which is just before the switch.
    let runs = || fs::read_dir(out.join("runs")).expect("a folder").flatten();
    let visible = || {
        runs()
            .filter(|e| !e.file_name().to_string_lossy().starts_with('.'))
            .count()
    };
    for night_of in 21..24 {
        let before = visible();
        let mut run = Started::new(&night.project, &format!("--as-of 2017-10-{night_of}"));
        run.wait_until(|| visible() > before);
        run.kill();
        check_run(&out.join("current")).unwrap_or_else(|e| panic!("killed at the switch: {e}"));
    }
    night.project.run("--as-of 2017-10-30").expect(0);
    let link = fs::read_link(out.join("current")).expect("a link");
    assert!(link.to_string_lossy().contains("2017-10-30"), "{link:?}");
    check_run(&out.join("current")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(leftovers(&out), [""; 0]);
    let manifest = read(&out.join("current/manifest.json"));
    assert!(manifest.contains("\"previous\""));
}
