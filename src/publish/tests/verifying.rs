//! What must not pass, and what the files say.

use std::fs;

use super::*;

/// Stages a good run, spoils it, and returns what verifying says; afterwards nothing of it may be left.
#[track_caller]
fn spoil(spoil: impl FnOnce(&StagedRun, &Path, &mut RunFacts)) -> String {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    let run = staged(&out, &id("a"), "one");
    let folder = run.scratch().parent().unwrap().to_owned();
    let mut facts = facts(4);
    spoil(&run, &folder, &mut facts);
    let message = error(run.verify(facts));
    assert_eq!(paths(&p.out), [".lock", "runs"], "{message}");
    message
}

#[test]
fn what_was_changed_on_disk_is_caught() {
    let flipped = spoil(|_, folder, _| {
        let path = folder.join("clean/t.parquet");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    });
    assert_says(
        &flipped,
        &["`clean/t.parquet` was changed", "nothing was published"],
    );
    let cut = spoil(|_, folder, _| fs::write(folder.join("log.csv"), "on").unwrap());
    assert_says(&cut, &["`log.csv` has 2 bytes instead of 3"]);
    let gone = spoil(|_, folder, _| fs::remove_file(folder.join("log.csv")).unwrap());
    assert_says(&gone, &["`log.csv` is missing"]);
    let extra = spoil(|_, folder, _| fs::write(folder.join("clean/extra"), "").unwrap());
    assert_says(&extra, &["`clean/extra` is not in the manifest"]);
    let link = spoil(|_, folder, _| {
        fs::rename(folder.join("log.csv"), folder.join("real.csv")).unwrap();
        std::os::unix::fs::symlink("real.csv", folder.join("log.csv")).unwrap();
    });
    assert_says(&link, &["`log.csv` is missing"]);
}

#[test]
fn parquet_files_hold_the_declared_rows() {
    let fewer = spoil(|run, _, _| write_parquet(run, "model/m.parquet", 3, 4));
    assert_says(&fewer, &["`model/m.parquet` holds 3 rows instead of 4"]);
    let text = |text: &'static str| {
        spoil(move |run, _, _| {
            let mut file = run.create("model/m.parquet").unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.finish(Some(0)).unwrap();
        })
    };
    assert_says(&text(""), &["`model/m.parquet` has 0 bytes, too few"]);
    assert_says(&text("PAR1PAR1PAR"), &["has 11 bytes, too few"]);
    assert_says(&text("no Parquet at all"), &["no readable Parquet footer"]);

    let p = place();
    let run = stage(&OutDir::open(&p.out).unwrap(), &id("a")).unwrap();
    let file = run.create("model/m.parquet").unwrap();
    assert_says(&error(file.finish(None)), &["without a row count"]);
}

#[test]
fn every_row_is_accounted_for() {
    let lost = spoil(|_, _, facts| facts.tables[0].read += 1);
    assert_says(
        &lost,
        &["table t: 7 rows read, but 4 clean + 0 quarantined + 1 excluded + 1 rejected"],
    );
    let lost = spoil(|_, _, facts| {
        if let Some(rows) = &mut facts.inputs[0].rows {
            rows.rejected = 0;
        }
    });
    assert_says(&lost, &["file t.csv: 6 rows read, but 4 clean"]);
    let wrapped = spoil(|_, _, facts| {
        facts.tables[0].excluded = u64::MAX;
        facts.tables[0].rejected = 3;
    });
    assert_says(&wrapped, &["table t: 6 rows read"]);
    let sums = spoil(|_, _, facts| {
        facts.tables[0].read += 1;
        facts.tables[0].excluded += 1;
    });
    assert_says(&sums, &["table t: read is 7, but its files add up to 6"]);
    let no_line = spoil(|_, _, facts| facts.tables.clear());
    assert_says(&no_line, &["table t has 0 lines"]);
    let shift = |from: fn(&mut Rows) -> &mut u64, to: fn(&mut Rows) -> &mut u64| {
        spoil(move |_, _, facts| {
            for rows in facts.tables.iter_mut().chain(facts.inputs[0].rows.as_mut()) {
                *from(rows) -= 1;
                *to(rows) += 1;
            }
        })
    };
    assert_says(
        &shift(|r| &mut r.excluded, |r| &mut r.clean),
        &["table t: 5 clean rows, but clean/t.parquet holds 4"],
    );
    assert_says(
        &shift(|r| &mut r.excluded, |r| &mut r.quarantined),
        &["table t: 1 quarantine rows, but quarantine/t.parquet was not written"],
    );
}

#[test]
fn paths_stay_inside() {
    let p = place();
    let run = stage(&OutDir::open(&p.out).unwrap(), &id("a")).unwrap();
    let long = "x".repeat(256);
    for bad in [
        "",
        "/etc/x",
        "../x",
        "a/../../x",
        "a/..",
        ".",
        "./a",
        "a//b",
        "a/",
        ".scratch/x",
        "a/.b",
        "a\\b",
        "a\0b",
        "a\nb",
        MANIFEST,
        MANIFEST_SUM,
        &long,
        &"a/".repeat(300),
    ] {
        let result = run.create(bad);
        assert!(
            matches!(result, Err(PublishError::Path { .. })),
            "{bad:?}: {result:?}"
        );
    }
    write(&run, "a/b/c.csv", "x");
    assert_says(
        &error(run.create("a/b/c.csv")),
        &["`a/b/c.csv` is created twice"],
    );
    assert_says(
        &error(run.create("a/b/c.csv/d")),
        &["cannot create the folder"],
    );
    assert_eq!(paths(p.out.parent().unwrap()).len(), 8, "nothing outside");
}

#[test]
fn a_failed_write_names_the_file_and_cannot_be_overlooked() {
    let p = place();
    let run = stage(&OutDir::open(&p.out).unwrap(), &id("a")).unwrap();
    // A device that is always full stands in for the disk.
    let folder = run.scratch().parent().unwrap().to_owned();
    let mut file = run.create("log.csv").unwrap();
    file.write_all(b"x").unwrap();
    file.redirect(
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap(),
    );
    let flushed = file.flush().unwrap_err();
    assert_eq!(flushed.kind(), std::io::ErrorKind::StorageFull);
    let path = folder.join("log.csv").display().to_string();
    assert_says(&flushed.to_string(), &["cannot write", &path, "free space"]);
    let finished = error(file.finish(None));
    assert_says(&finished, &["cannot write", &path, "free space"]);
    assert_eq!(
        finished.matches("cannot").count(),
        1,
        "said once: {finished}"
    );
    assert_says(&error(run.verify(facts(4))), &["not finished: log.csv"]);
}

#[test]
fn a_run_folder_is_checked_by_itself() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    let folder = publish(&out, &id("a"), "one").folder;
    let manifest = folder.join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    let good = fs::read_to_string(folder.join(MANIFEST_SUM)).unwrap();
    for (from, to, says) in [
        ("\"format\": 2", "\"format\": 1", "format 1"),
        ("\"warn\": 3", "\"warn\":  3", "was rewritten"),
        ("\"warn\": 3", "\"warn\": 3, \"more\": 1", "unknown field"),
        ("\"excluded\": 1", "\"excluded\": 0", "do not balance"),
        ("clean/t.parquet", "../t.parquet", "leads out"),
        ("log.csv", "clean/t.parquet", "twice or out of order"),
        ("\"rows\": 4", "\"rows\": 5", "holds 5"),
        ("\"rows\": 4", "\"rows\": null", "was not written"),
    ] {
        let spoilt = text.replace(from, to);
        assert_ne!(spoilt, text, "{from}");
        let sum = check::sum_line(FileHash::of(spoilt.as_bytes()));
        fs::write(&manifest, spoilt).unwrap();
        assert_says(&error(check_run(&folder)), &["`manifest.json` was changed"]);
        fs::write(folder.join(MANIFEST_SUM), sum).unwrap();
        assert_says(&error(check_run(&folder)), &[says]);
        fs::write(folder.join(MANIFEST_SUM), &good).unwrap();
    }
    fs::write(&manifest, &text).unwrap();
    for spoilt in [
        good.replace(' ', "  "),
        good.replacen(&good[9..10], "f", 1),
        "x".to_owned(),
    ] {
        if spoilt != good {
            fs::write(folder.join(MANIFEST_SUM), spoilt).unwrap();
            assert_says(
                &error(check_run(&folder)),
                &["`manifest.sha256` was changed"],
            );
        }
    }
    fs::remove_file(folder.join(MANIFEST_SUM)).unwrap();
    assert_says(
        &error(check_run(&folder)),
        &["`manifest.sha256` is missing"],
    );
    fs::write(folder.join(MANIFEST_SUM), &good).unwrap();
    check_run(&folder).unwrap();
    assert_says(
        &error(check_run(&p.out)),
        &[MANIFEST, "is missing", "give the folder of a run"],
    );
}

#[test]
fn the_manifest_has_these_bytes() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    let run = stage(&out, &id("a")).unwrap();
    write(&run, "z.csv", "zz");
    write(&run, "a.csv", "");
    let mut facts = facts(0);
    facts.inputs.truncate(1);
    let published = run.verify(facts).unwrap().publish().unwrap();
    let text = fs::read_to_string(published.folder.join(MANIFEST)).unwrap();
    insta::assert_snapshot!(text);
    assert!(text.ends_with("}\n"));
    assert_eq!(FileHash::of(text.as_bytes()), published.manifest_sha256);
}

#[test]
fn run_ids_follow_what_goes_in() {
    let (x, y) = (FileHash::of(b"x"), FileHash::of(b"y"));
    let day = date(2017, 10, 9);
    let inputs = [("a", x), ("b", y)];
    let base = identity(day, "d", &inputs, x, "1");
    assert_eq!(
        base,
        identity(day, "d", &[("b", y), ("a", x)], x, "1"),
        "any order"
    );
    let others = [
        identity(date(2017, 10, 10), "d", &inputs, x, "1"),
        identity(day, "d", &[("a", y), ("b", x)], x, "1"),
        identity(day, "e", &inputs, x, "1"),
        identity(day, "d", &[("a", x)], x, "1"),
        identity(day, "d", &[("a", x), ("c", y)], x, "1"),
        identity(day, "d", &inputs, y, "1"),
        identity(day, "d", &inputs, x, "2"),
    ];
    for other in &others {
        assert_ne!(*other, base);
    }
    let first = run_id(day, base, "");
    let base = run_id(day, base, "previous x");
    assert_eq!(RunId::new(base.as_str()).unwrap(), base);
    assert_ne!(first, base);
    assert_ne!(
        run_id(day, identity(day, "d", &inputs, x, "1"), "previous y"),
        base
    );
    assert_eq!(base.as_str().len(), "2017-10-09-0123456789ab".len());
    for bad in [
        "",
        "2017-10-09",
        "2017-10-09-0123456789AB",
        "2017-13-09-0123456789ab",
        "../x",
        "2017-10-09-0123456789ab/",
        "-0123456789ab",
        "20171009-0123456789ab",
    ] {
        assert!(RunId::new(bad).is_err(), "{bad}");
    }
    for bad in ["", "00", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
        assert!(FileHash::try_from(bad.to_owned()).is_err(), "{bad}");
    }
    assert_eq!(FileHash::try_from(x.to_string()).unwrap(), x);
}
