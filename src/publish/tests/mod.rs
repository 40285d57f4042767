//! Publishing with real folders.

mod publishing;
mod verifying;

use std::{fs, io::Write, path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, Int64Array},
    record_batch::RecordBatch,
};
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use super::*;

/// A place for one test, and the id of its run.
struct Place {
    _temp: TempDir,
    out: std::path::PathBuf,
}

fn place() -> Place {
    let temp = TempDir::new().unwrap();
    let out = temp.path().join("deep/out");
    Place { _temp: temp, out }
}

/// The id of the run over an input of this content.
fn id(content: &str) -> RunId {
    run_id(date(2017, 10, 9), identity_of(content), "")
}

/// What decides it.
fn identity_of(content: &str) -> FileHash {
    let inputs = [("t.csv", FileHash::of(content.as_bytes()))];
    let rules = FileHash::of(b"rules");
    identity(date(2017, 10, 9), "d", &inputs, rules, "0.1.0")
}

/// Stages a run after the one that is current, or the one that stands there after the same run as before.
fn stage(out: &OutDir, id: &RunId) -> Result<StagedRun, PublishError> {
    let stands = check::read_manifest(&out.folder_of(id));
    let previous = match stands {
        Ok((_, manifest)) => manifest.previous,
        _ if out.current_id()?.as_ref() == Some(id) => None,
        _ => out.current()?,
    };
    out.stage(id, previous)
}

/// What the pipeline would say of a run with `clean` good rows and two others.
fn facts(clean: u64) -> RunFacts {
    let rows = Rows {
        table: "t".to_owned(),
        read: clean + 2,
        clean,
        quarantined: 0,
        excluded: 1,
        rejected: 1,
    };
    let file = |path: &str, rows| InputFile {
        sheet: None,
        written: None,
        carried_from: None,
        path: path.to_owned(),
        bytes: 3,
        sha256: FileHash::of(path.as_bytes()),
        rows,
    };
    RunFacts {
        restates: None,
        repeats: None,
        base: None,
        trueup: "0.1.0".to_owned(),
        identity: identity_of("a"),
        as_of: date(2017, 10, 9),
        delivery: "night".to_owned(),
        project: Project {
            name: "sample".to_owned(),
            sha256: FileHash::of(b"rules"),
        },
        blocked: false,
        trial: false,
        rules_run: 7,
        discrepancies: SeverityCounts {
            warn: 3,
            ..SeverityCounts::default()
        },
        inputs: vec![file("t.csv", Some(rows.clone())), file("printed.csv", None)],
        tables: vec![rows],
    }
}

/// Writes a text file of the run.
fn write(run: &StagedRun, path: &str, text: &str) {
    let mut file = run.create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.finish(None).unwrap();
}

/// Writes a Parquet file that holds `rows` rows and claims `declared`.
fn write_parquet(run: &StagedRun, path: &str, rows: i64, declared: u64) {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let file = run.create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().finish(Some(declared)).unwrap();
}

/// A run that verifies: four clean rows and a log that says `log`.
fn staged(out: &OutDir, id: &RunId, log: &str) -> StagedRun {
    let run = stage(out, id).unwrap();
    write_parquet(&run, "clean/t.parquet", 4, 4);
    write(&run, "log.csv", log);
    run
}

fn publish(out: &OutDir, id: &RunId, log: &str) -> PublishedRun {
    let run = staged(out, id, log);
    run.verify(facts(4)).unwrap().publish().unwrap()
}

/// Every path below a folder, hidden ones too, with the content of files and the target of links.
fn tree(folder: &Path) -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                into.push((name, format!("-> {}", target.display())));
            } else if path.is_dir() {
                into.push((name, "folder".to_owned()));
                walk(root, &path, into);
            } else {
                into.push((name, FileHash::of(&fs::read(&path).unwrap()).to_string()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

/// The paths alone.
fn paths(folder: &Path) -> Vec<String> {
    tree(folder).into_iter().map(|(path, _)| path).collect()
}

/// The text of the error that must have come.
fn error<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.unwrap_err().to_string()
}

#[track_caller]
fn assert_says(message: &str, parts: &[&str]) {
    assert!(!parts.is_empty());
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}
