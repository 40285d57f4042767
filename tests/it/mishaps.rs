//! What people get wrong, and what then happens to them: each failure names what it is about and says what to do next.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use crate::harness::{Project, Spoken};

const PROJECT: &str = "version: 1
name: A test
delivery: { path: delivery, as_of: 2020-06-01 }
";

const VISITS: &str = "version: 1
table: visits
source: { files: \"visits*.csv\", required: true }
key: [visit_ref]
columns:
  visit_ref: { type: string, unique: error }
  visited_on: { type: date }
  size: { type: integer }
rules:
  - id: visits.size.small
    check: { expression: { sql: size < 97, column: size } }
    why: Rooms are small.
";

const DELIVERED: &str = "visit_ref,visited_on,size\nv1,2020-01-01,1\nv2,2020-01-02,200\n";

/// The options that every waiver needs.
const WAIVER: &str = "--requested-by A --approved-by B --reason r --evidence e";

/// A mishap: what is done to the project, the call, the exit code, and what must be said: the path or word concerned, and
/// what to do next.
type Mishap = (fn(&Project), &'static str, i32, &'static str, &'static str);

fn nothing(_: &Project) {}

fn after_a_run(project: &Project) {
    project.run("").expect(0);
}

fn project() -> Project {
    Project::of(&[
        ("rules/project.yaml", PROJECT),
        ("rules/tables/visits.yaml", VISITS),
        ("delivery/visits.csv", DELIVERED),
    ])
}

fn rule(project: &Project, from: &str, to: &str) {
    project.edit("rules/tables/visits.yaml", |text| {
        text.replacen(from, to, 1)
    });
}

fn calls() -> Vec<Mishap> {
    vec![
        (
            nothing,
            "rum",
            2,
            "'rum'",
            "similar subcommand exists: 'run'",
        ),
        (nothing, "run --bogus", 2, "'--bogus'", "try '--help'"),
        (
            nothing,
            "run --delivry x",
            2,
            "'--delivry'",
            "a similar argument exists: '--delivery'",
        ),
        (nothing, "run -q -v", 2, "'--quiet'", "try '--help'"),
        (
            nothing,
            "run --as-of 2020-13-01",
            2,
            "'2020-13-01'",
            "write a day as year-month-day, such as 2017-10-09",
        ),
        (
            nothing,
            "run --as-of 01/06/2020",
            2,
            "'01/06/2020'",
            "such as 2017-10-09",
        ),
        (
            nothing,
            "run --memory-limit 1K",
            2,
            "`1K`",
            "give at least 16M",
        ),
        (
            nothing,
            "run --memory-limit lots",
            2,
            "`lots`",
            "such as 512M",
        ),
        (nothing, "run --threads 0", 2, "'--threads <N>'", "1..=1024"),
        (
            nothing,
            "run --engine remote",
            2,
            "'remote'",
            "[possible values: local]",
        ),
        (
            nothing,
            "run --fail-on bad",
            2,
            "'bad'",
            "[possible values: blocking, error, warn, new, never]",
        ),
        (
            nothing,
            "run --color sometimes",
            2,
            "'sometimes'",
            "[possible values: auto, always, never]",
        ),
        (
            nothing,
            "run --select nothing.here",
            2,
            "`--select nothing.here`",
            "write a rule id",
        ),
        (
            nothing,
            "run --exclude visits.size.smal",
            2,
            "visits.size.smal",
            "help: ",
        ),
        (
            nothing,
            "run --project nowhere",
            2,
            "`nowhere`",
            "name it with `--project`",
        ),
        (
            nothing,
            "lint --project delivery",
            2,
            "`delivery`",
            "name it with `--project`",
        ),
        (
            nothing,
            "run --delivery nowhere",
            3,
            "delivery nowhere",
            "name the folder of the night's exports with `--delivery`",
        ),
        (
            nothing,
            "run --delivery delivery/visits.csv",
            3,
            "delivery/visits.csv",
            "with `--delivery`",
        ),
        (
            nothing,
            "explain nothing.there",
            2,
            "`nothing.there`",
            "write a rule id",
        ),
        (
            nothing,
            "explain visits.size.smal",
            2,
            "`visits.size.smal`",
            "did you mean `visits.size.small`?",
        ),
        (
            nothing,
            "explain visits.size.small --run 2020-01-01-000000000000",
            3,
            "2020-01-01-000000000000",
            "run `trueup run` first",
        ),
        (
            nothing,
            "diff a b --out nowhere",
            3,
            "nowhere/runs/a",
            "name the folder of runs with `--out`",
        ),
        (nothing, "diff a", 2, "<RUN>", "try '--help'"),
        (
            nothing,
            "verify nonsense",
            2,
            "`nonsense`",
            "such as 2017-10-09-0123456789ab",
        ),
        (
            nothing,
            "verify --out nowhere",
            3,
            "`nowhere`",
            "name the folder of runs with `--out`",
        ),
        (
            nothing,
            "verify --against 12",
            2,
            "`12`",
            "as a run prints them",
        ),
        (
            nothing,
            "profile nowhere.csv",
            3,
            "`nowhere.csv`",
            "check that the file is there and may be read",
        ),
        (nothing, "profile delivery", 3, "`delivery`", "name a file"),
        (nothing, "profile", 2, "<FILE>", "try '--help'"),
        (
            nothing,
            "schema nothing",
            2,
            "'nothing'",
            "[possible values: project, table",
        ),
        (
            nothing,
            "schema --out delivery/visits.csv",
            3,
            "`delivery/visits.csv`",
            "choose another out folder",
        ),
        (
            nothing,
            "import odcs nowhere.yaml",
            3,
            "nowhere.yaml",
            "check the path of the contract",
        ),
        (
            nothing,
            "import odcs rules/project.yaml",
            2,
            "rules/project.yaml:1:1",
            "help: ",
        ),
        (
            nothing,
            "import dbt rules/project.yaml",
            2,
            "rules/project.yaml:1:1",
            "such as models/schema.yml",
        ),
        (
            nothing,
            "export odcs --out rules/project.yaml",
            2,
            "`rules/project.yaml`",
            "`--force` replaces what is there",
        ),
        (
            nothing,
            "test",
            1,
            "nothing was tested",
            "write `examples:`",
        ),
        (
            nothing,
            "test --select nothing",
            2,
            "`--select nothing`",
            "known are: visits.size.small",
        ),
        (
            nothing,
            "man rum",
            2,
            "'rum'",
            "a similar value exists: 'run'",
        ),
        (
            nothing,
            "completions tcsh",
            2,
            "'tcsh'",
            "[possible values: bash",
        ),
        (nothing, "waive abc", 2, "--reason <TEXT>", "try '--help'"),
    ]
}

fn runs() -> Vec<Mishap> {
    vec![
        (
            after_a_run,
            "explain abcdef123456",
            2,
            "`abcdef123456`",
            "from discrepancies.csv",
        ),
        (
            after_a_run,
            "diff current nowhere",
            3,
            "out/runs/nowhere",
            "with `--out`",
        ),
        (
            after_a_run,
            "verify 2020-01-01-000000000000",
            3,
            "2020-01-01-000000000000",
            "are the runs that can be named",
        ),
        (
            |project| {
                after_a_run(project);
                project.write("out/current/manifest.json", "{}");
            },
            "verify",
            4,
            "manifest.json",
            "restore it from a copy",
        ),
        (
            |project| {
                after_a_run(project);
                fs::remove_file(project.path("out/current/discrepancies.csv")).expect("a file");
            },
            "verify",
            4,
            "`discrepancies.csv` is missing",
            "restore it from a copy",
        ),
        (
            |project| {
                after_a_run(project);
                let run = fs::read_link(project.path("out/current")).expect("a run");
                fs::remove_dir_all(project.path("out").join(run)).expect("a folder");
            },
            "run",
            3,
            "which is not there any more",
            "restore its folder in `runs`",
        ),
        (
            |project| project.write("out", "a file"),
            "run",
            3,
            "`out`",
            "choose another out folder",
        ),
        (
            |project| project.write("out/current", "a file"),
            "run",
            3,
            "out/current` is not a link to a run",
            "move it away and run again",
        ),
        (
            |project| project.write("rules/waivers.yaml", "version: 1\nwaivers: [\n"),
            "run",
            2,
            "rules/waivers.yaml:2:",
            "check the indentation, quotes and brackets",
        ),
    ]
}

fn deliveries() -> Vec<Mishap> {
    vec![
        (
            |project| fs::remove_file(project.path("delivery/visits.csv")).expect("a file"),
            "run",
            3,
            "table `visits` has no file `visits*.csv`",
            "declare `required: false`",
        ),
        (
            |project| project.write("delivery/visits.csv", ""),
            "run",
            3,
            "`visits.csv`",
            "deliver at least the line with the column names",
        ),
        (
            |project| project.write("delivery/visits.csv", "visit_ref,size\nv1,1\n"),
            "run",
            3,
            "visited_on",
            "visits.csv",
        ),
        (
            |project| {
                project.write(
                    "delivery/visits.csv",
                    "visit_ref,visited_on,size\nv1,\"2020-01-01,1\nv2,2020-01-02,2\n",
                )
            },
            "run",
            3,
            "`visits.csv`",
            "line 2",
        ),
        (
            |project| {
                fs::remove_file(project.path("delivery/visits.csv")).expect("a file");
                project.write("delivery/visits.csv/inside", "");
            },
            "run",
            3,
            "`visits.csv` of table `visits` is a folder",
            "put files there, or move away what is none of the delivery",
        ),
        (
            |project| {
                fs::remove_file(project.path("delivery/visits.csv")).expect("a file");
                std::os::unix::fs::symlink("nowhere.csv", project.path("delivery/visits.csv"))
                    .expect("a link");
            },
            "run",
            3,
            "`visits.csv` of table `visits`",
            "put files there, or move away what is none of the delivery",
        ),
        (
            |project| {
                let name = OsStr::from_bytes(b"visits\xff.csv");
                fs::write(project.path("delivery").join(name), DELIVERED).expect("written");
            },
            "run",
            3,
            "visits",
            "nothing was read",
        ),
        (
            |project| {
                project.edit("rules/project.yaml", |text| {
                    text.replace("delivery: { path: delivery, as_of: 2020-06-01 }\n", "")
                });
            },
            "run",
            2,
            "no delivery",
            "give `--delivery DIR`",
        ),
        (
            |project| {
                let published = "published: { files: \"published/*.csv\" }\n";
                project.edit("rules/project.yaml", |text| format!("{text}{published}"));
                project.write("published/figures.csv", "section,table\n1,2\n");
            },
            "run",
            3,
            "published/figures.csv:1",
            "the header must name",
        ),
    ]
}

fn mistakes() -> Vec<Mishap> {
    vec![
        (
            |project| rule(project, "key:", "key"),
            "run",
            2,
            "rules/tables/visits.yaml:",
            "help: ",
        ),
        (
            |project| rule(project, "\ncolumns:", "\n\tcolumns:"),
            "run",
            2,
            "rules/tables/visits.yaml:",
            "help: ",
        ),
        (
            |project| rule(project, "unique: error", "unique: eror"),
            "run",
            2,
            "`eror`",
            "did you mean `error`?",
        ),
        (
            |project| rule(project, "type: date", "type: dat"),
            "lint",
            2,
            "`dat`",
            "did you mean `date`?",
        ),
        (
            |project| rule(project, "expression", "expresion"),
            "run",
            2,
            "`expresion`",
            "did you mean `expression`?",
        ),
        (
            |project| rule(project, "size < 97", "sise < 97"),
            "run",
            2,
            "sise",
            "did you mean `size`?",
        ),
        (
            |project| rule(project, "size < 97", "size <<< 97"),
            "run",
            2,
            "rules/tables/visits.yaml:11:40",
            "expected: an expression, found: <",
        ),
        (
            |project| rule(project, "size < 97", "size + 97"),
            "run",
            2,
            "rules/tables/visits.yaml:11:",
            "help: ",
        ),
        (
            |project| rule(project, "    why: Rooms are small.\n", ""),
            "run",
            2,
            "rules/tables/visits.yaml:",
            "why",
        ),
        (
            |project| rule(project, "version: 1", "version: 7"),
            "run",
            2,
            "rules/tables/visits.yaml:1:",
            "help: ",
        ),
        (
            |project| rule(project, "table: visits", "table: Visits!"),
            "run",
            2,
            "Visits!",
            "help: ",
        ),
        (
            |project| project.write("sql/model/bad.sql", "SELECT nothing FROM nowhere\n"),
            "run",
            2,
            "sql/model/bad.sql:1:",
            "nowhere",
        ),
        (
            |project| project.write("sql/model/bad.sql", "DELETE FROM visits\n"),
            "run",
            2,
            "sql/model/bad.sql",
            "a query may only select",
        ),
        (
            |project| project.write("rules/tables/raw.yaml", b"version: 1\ntable: \xe9t\xe9\n"),
            "run",
            2,
            "rules/tables/raw.yaml",
            "UTF-8",
        ),
        (
            |project| {
                project.write(
                    "rules/totals/t.yaml",
                    "version: 1\nstatements:\n  - id: a.b\n    why: x\n",
                )
            },
            "run",
            2,
            "rules/totals/t.yaml:",
            "check",
        ),
        (
            |project| project.write("rules/tables/again.yaml", VISITS),
            "run",
            2,
            "visits",
            "help: ",
        ),
    ]
}

fn waivers() -> Vec<Mishap> {
    vec![
        (
            after_a_run,
            "waive --rule visits.size.small --max-rows 5 --expires tomorrow",
            2,
            "'tomorrow'",
            "such as 2017-10-09",
        ),
        (
            after_a_run,
            "waive --rule nothing --max-rows 5 --expires 2030-01-01",
            2,
            "`nothing`",
            "write the id of a rule",
        ),
        (
            after_a_run,
            "waive --rule visits.size.small --expires 2030-01-01",
            2,
            "how much it may cover",
            "--max-rows",
        ),
        (
            after_a_run,
            "waive --rule visits.size.small --where bogus=1 --max-rows 5 --expires 2030-01-01",
            2,
            "bogus",
            "rules/waivers.yaml:6:13",
        ),
        (
            after_a_run,
            "waive abcdef123456 --expires 2030-01-01",
            2,
            "`abcdef123456`",
            "look it up in discrepancies.csv",
        ),
        (
            nothing,
            "waive abcdef123456 --expires 2030-01-01",
            3,
            "out/current",
            "run `trueup run` first",
        ),
    ]
}

/// Runs each, and says of all of them at once what is not said.
fn check(mishaps: Vec<Mishap>) {
    let mut wrong = String::new();
    assert!(!mishaps.is_empty());
    for (spoil, call, code, names, next) in mishaps {
        let project = project();
        spoil(&project);
        let mut words = call.split(' ');
        let mut command = project.command_of(words.next().unwrap_or_default());
        command.args(words);
        if call.starts_with("waive --rule") || call.starts_with("waive abcdef") {
            command.args(WAIVER.split(' '));
        }
        let spoken = Spoken::of(&mut command);
        let told = format!("{}{}", spoken.stdout, spoken.stderr);
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut miss = |what: String| wrong += &format!("\n--- {call}: {what}\n{told}");
        if spoken.code != Some(code) {
            miss(format!("exit code {:?} and not {code}", spoken.code));
        }
        for part in [names, next] {
            if !flat.contains(part) {
                miss(format!("does not say {part:?}"));
            }
        }
        // Nobody is shown how the program is made.
        for inside in [
            "panicked",
            "internal fault",
            "DataFusion",
            "ArrowError",
            "Some(",
            "Os {",
        ] {
            if told.contains(inside) {
                miss(format!("says {inside:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn calls_that_are_wrong_are_told_how_they_are_right() {
    check(calls());
}

#[test]
fn runs_that_are_not_there_or_damaged_are_named() {
    check(runs());
}

#[test]
fn deliveries_that_cannot_be_read_are_named() {
    check(deliveries());
}

#[test]
fn mistakes_of_a_project_are_named() {
    check(mistakes());
}

#[test]
fn waivers_that_cannot_be_made_are_told_why() {
    check(waivers());
}
