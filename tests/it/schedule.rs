//! The table of docs/schedule.md is true: each of its cases is run, and code, last line and disk are as it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::harness::{Project, Spoken, program, read, repository};

/// A row of the table.
#[derive(Debug)]
struct Promise {
    code: i32,
    event: String,
    keys: BTreeSet<String>,
    /// Whether `current` names this run, or what it named before.
    current_is_new: bool,
    kept: bool,
    advice: String,
}

/// What stands between backquotes.
fn quoted(cell: &str) -> Vec<String> {
    let parts = cell.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

fn promises() -> BTreeMap<String, Promise> {
    let text = read(&repository("docs/schedule.md"));
    let mut rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| case |"));
    assert_eq!(rows.next().map(|head| head.matches('|').count()), Some(8));
    rows.skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [case, _, code, told, current, kept, advice] = cells[..] else {
                panic!("{line}");
            };
            let mut told = quoted(told);
            let event = told.remove(0);
            let word = |cell: &str, yes: &str, no: &str| match cell {
                cell if cell == yes => true,
                cell if cell == no => false,
                other => panic!("{other}"),
            };
            let promise = Promise {
                code: code.parse().expect("a code"),
                event,
                keys: told.into_iter().collect(),
                current_is_new: word(current, "this run", "as before"),
                kept: word(kept, "this run", "nothing"),
                advice: advice.to_owned(),
            };
            (quoted(case).remove(0), promise)
        })
        .collect()
}

const TABLE: &str = "version: 1
table: things
source: { files: things.csv }
key: [id]
columns:
  id: { type: string, not_null: error, unique: error }
  size: { type: integer }
rules:
  - id: things.size.small
    check: { expression: { sql: \"size <= 10\", column: size } }
    severity: error
    why: Things are small.
";

/// A project that has published one night.
struct Job {
    project: Project,
    before: PathBuf,
}

impl Job {
    fn new() -> Self {
        let project = Project::of(&[
            ("rules/tables/things.yaml", TABLE),
            ("delivery/things.csv", "id,size\nA,1\n"),
        ]);
        project.run("--as-of 2020-05-31").expect(0);
        let before = fs::read_link(project.path("out/current")).expect("a link");
        Self { project, before }
    }

    fn deliver(&self, text: impl AsRef<[u8]>) {
        self.project.write("delivery/things.csv", text);
    }

    fn run(&self, arguments: &str) -> Spoken {
        self.project
            .run(&format!("--format json --quiet {arguments}"))
    }
}

/// Does what a case says, and how it ended.
fn happens(case: &str, job: &Job) -> Spoken {
    match case {
        "published" => job.run(""),
        "again" => {
            job.run("").expect(0);
            let again = job.run("");
            let last = last_line(&again);
            assert_eq!(last["already_published"], true);
            again
        }
        "fails" => {
            job.deliver("id,size\nA,11\n");
            job.run("--fail-on error")
        }
        "blocked" => {
            job.deliver("id,size\nA,1,cut\n");
            let spoken = job.run("");
            assert_eq!(last_line(&spoken)["result"]["blocked"], true);
            spoken
        }
        "trial" => {
            let spoken = job.run("--exclude things.size.small");
            assert_eq!(last_line(&spoken)["result"]["trial"], true);
            spoken
        }
        "usage" => job.run("--no-such-option"),
        "project" => {
            job.project
                .write("rules/tables/x.yaml", "version: 1\ntabel: x\n");
            job.run("")
        }
        "missing" => {
            fs::remove_file(job.project.path("delivery/things.csv")).expect("a file");
            job.run("")
        }
        "incomplete" => {
            let about = "version: 1\nname: A test\ndelivery: { path: delivery, as_of: 2020-06-01 }\ndeliveries: { marker: done }\n";
            job.project.write("rules/project.yaml", about);
            job.run("")
        }
        "cut_off" => {
            job.deliver("id,size\n\"A,1\n");
            job.run("")
        }
        "unreadable" => {
            let table = TABLE.replace("things.csv", "things.csv.gz");
            job.project.write("rules/tables/things.yaml", table);
            let gzip = Command::new("sh")
                .args([
                    "-c",
                    "gzip -c things.csv | head -c 30 > things.csv.gz; rm things.csv",
                ])
                .current_dir(job.project.path("delivery"))
                .status();
            assert!(gzip.expect("gzip").success());
            job.run("")
        }
        "busy" => {
            let lock = fs::File::open(job.project.path("out/.lock")).expect("the lock");
            lock.lock().expect("locked");
            job.run("")
        }
        "disk_full" => on_a_full_disk(job),
        "interrupted" => interrupted(job),
        other => panic!("docs/schedule.md tells of `{other}`, and nothing here does it"),
    }
}

/// On a small disk of its own, in a namespace of its own: a night is published, the disk filled, and another night run.
fn on_a_full_disk(job: &Job) -> Spoken {
    let script = "mount -t tmpfs -o size=16m none out
        \"$1\" run --as-of 2020-05-31 >/dev/null || exit 99
        before=$(readlink out/current)
        cat /dev/zero >out/fill 2>/dev/null
        \"$1\" run --format json --quiet; code=$?
        rm out/fill
        [ \"$(readlink out/current)\" = \"$before\" ] || exit 98
        [ \"$(ls -A out/runs | wc -l)\" = 1 ] || exit 97
        exit $code";
    let mut command = Command::new("unshare");
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(program())
        .current_dir(job.project.path(""));
    Spoken::of(&mut command)
}

fn interrupted(job: &Job) -> Spoken {
    // Long enough to be interrupted.
    let rows: String = (0..400_000).map(|n| format!("T{n},1\n")).collect();
    job.deliver(format!("id,size\n{rows}"));
    let mut command = job.project.command();
    command.args(["--format", "json", "--quiet"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let runs = job.project.path("out/runs");
    let staging = || {
        let mut entries = fs::read_dir(&runs).expect("runs").flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with(".staging"))
    };
    while !staging() && child.try_wait().expect("a child").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-TERM", &id]).status();
    assert!(kill.expect("kill").success());
    Spoken::from(child.wait_with_output().expect("a child"))
}

fn last_line(spoken: &Spoken) -> Value {
    let line = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|e| panic!("{line} is no JSON: {e}"))
    };
    let mut lines: Vec<Value> = spoken.stderr.lines().map(line).collect();
    lines.pop().expect("a line")
}

fn runs(out: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(out.join("runs")).expect("runs");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_case_of_the_table_is_as_it_says() {
    let promises = promises();
    let codes: BTreeSet<i32> = promises.values().map(|promise| promise.code).collect();
    assert_eq!(codes, [0, 1, 2, 3, 130].into());
    for (case, promise) in &promises {
        let job = Job::new();
        let out = job.project.path("out");
        let spoken = happens(case, &job);
        let (stdout, stderr) = (&spoken.stdout, &spoken.stderr);
        assert_eq!(
            spoken.code,
            Some(promise.code),
            "{case}\n{stdout}\n{stderr}"
        );
        let last = last_line(&spoken);
        let mut keys: BTreeSet<String> = (last.as_object().expect("an object").keys())
            .cloned()
            .collect();
        assert!(keys.remove("event"));
        assert_eq!(
            (&last["event"], &keys),
            (&promise.event.as_str().into(), &promise.keys),
            "{case}"
        );
        assert_eq!(last["exit_code"], promise.code, "{case}");

        let current = fs::read_link(out.join("current")).expect("a link");
        assert_eq!(current != job.before, promise.current_is_new, "{case}");
        trueup::publish::check_run(&out.join("current")).unwrap_or_else(|e| panic!("{case}: {e}"));
        let before = job.before.file_name().expect("a run").to_string_lossy();
        let mut new = runs(&out);
        assert!(new.remove(&*before));
        assert_eq!(new.len(), usize::from(promise.kept), "{case}: {new:?}");
        if promise.kept {
            let folder = last["folder"].as_str().expect("a folder");
            let folder = Path::new(folder).file_name().expect("a name");
            assert!(new.contains(&*folder.to_string_lossy()), "{case}: {new:?}");
        }
        let words = ["retry", "page", "neither"];
        assert!(
            words.iter().any(|word| promise.advice.starts_with(word)),
            "{case}"
        );
    }
    assert_eq!(promises.len(), 14);
}
