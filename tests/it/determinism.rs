//! The same input gives the same bytes, whatever the machine does meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use trueup::{
    discrepancy::Severity,
    ingest::{Limits, Reader},
    pipeline::{self, FailOn, Selection, Settings, Silent},
};

use crate::harness::{DELIVERY, Project, Sheet, TABLES, files, fixture};

/// Bytes of a chunk that cut the largest of the exports into fifteen.
const SMALL_CHUNKS: usize = 100_000;

#[test]
fn threads_and_repetition_change_no_byte() {
    let fixture = fixture();
    for (out, threads) in [("one", 1), ("two", 2), ("seven", 7)] {
        fixture
            .project
            .run(&format!("--threads {threads} --out {out}"))
            .expect(0);
        let run = fixture.project.path(out).join("current");
        same(&fixture.project.path("out/current"), &run, |_| true);
    }
}

#[test]
fn threads_change_no_byte_when_files_are_cut_into_many_chunks() {
    let project = Project::whole();
    for (out, threads) in [("one", 1), ("two", 2), ("seven", 7)] {
        in_small_chunks(&project, out, threads);
        let [one, run] = ["one", out].map(|out| project.path(out).join("current"));
        same(&one, &run, |_| true);
    }
    // A row group is a chunk, so the tables themselves have other bytes than those of one chunk; all that is told of them has not.
    let text = |name: &str| name.ends_with(".csv") || name == "run_results.json";
    same(
        &fixture().project.path("out/current"),
        &project.path("one/current"),
        text,
    );
}

/// Compares two run folders, file by file.
fn same(left: &Path, right: &Path, compared: impl Fn(&str) -> bool) {
    let [left, right] = [left, right].map(files);
    let names = |files: &BTreeMap<String, _>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right));
    let mut count = 0;
    for (name, path) in left.iter().filter(|(name, _)| compared(name)) {
        let [a, b] = [path, &right[name]].map(|path| fs::read(path).expect("a file"));
        assert!(a == b, "{name} differs: {path:?} {:?}", right[name]);
        count += 1;
    }
    assert!(count > 20, "only {count} files compared");
}

/// Runs through the library: the command has no option for the size of chunks.
pub fn in_small_chunks(project: &Project, out: &str, threads: usize) {
    let settings = Settings {
        project: project.path(""),
        delivery: None,
        out: project.path(out),
        as_of: None,
        today: jiff::civil::date(2000, 1, 1),
        fail_on: Some(FailOn::At(Severity::Blocking)),
        selection: Selection::default(),
        threads,
        memory_limit: 256 << 20,
        reader: Reader::Here,
        key: None,
        limits: Some(Limits {
            chunk_bytes: SMALL_CHUNKS,
            batch_rows: 300,
            ..Limits::default()
        }),
        progress: Arc::new(Silent),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .build()
        .expect("a runtime");
    let report = runtime
        .block_on(pipeline::run(&settings))
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn shuffled_rows_change_no_id_and_no_aggregate() {
    let project = Project::whole();
    for table in TABLES {
        shuffle(&project.path(DELIVERY).join(table).with_extension("csv"));
    }
    project.run("").expect(0);
    let ids = |sheet: Sheet| -> BTreeSet<String> {
        let ids = sheet
            .rows
            .iter()
            .map(|row| row["discrepancy_id"].to_owned());
        ids.collect()
    };
    let log = |run: &Path| ids(Sheet::read(&run.join("discrepancies.csv")));
    let [straight, shuffled] = [&fixture().project, &project].map(|p| p.path("out/current"));
    let [before, after] = [log(&straight), log(&shuffled)];
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).count();
    assert_eq!((only(&before, &after), only(&after, &before)), (0, 0));
    assert!(before.len() > 3_000);
    same_aggregates(&straight, &shuffled);
}

fn same_aggregates(left: &Path, right: &Path) {
    let [left, right] = [left, right].map(|run| files(&run.join("aggregates")));
    assert!(left.len() > 40, "{} files", left.len());
    for (name, path) in &left {
        let [a, b] = [path, &right[name]].map(|path| fs::read(path).expect("a file"));
        assert!(a == b, "{name} differs");
    }
}

/// Puts the records of an export into an order that has nothing to do with theirs, always the same.
fn shuffle(path: &Path) {
    let mut reader = csv::Reader::from_path(path).expect("an export");
    let header = reader.byte_headers().expect("a header").clone();
    let mut records: Vec<csv::ByteRecord> = reader
        .byte_records()
        .map(|record| record.expect("a record"))
        .collect();
    // Fisher and Yates, with the numbers of Knuth's generator.
    let mut state = 2_016_u64;
    for at in (1..records.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).expect("31 bits") % (at + 1);
        records.swap(at, other);
    }
    let mut writer = csv::Writer::from_path(path).expect("the copy can be written");
    writer.write_byte_record(&header).expect("written");
    for record in records {
        writer.write_byte_record(&record).expect("written");
    }
    writer.flush().expect("written");
}
