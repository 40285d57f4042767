//! The out folder before, during and after a switch.

use std::{
    fs,
    os::unix::fs::symlink,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;

/// What a test does to a path.
type Act<'a> = &'a dyn Fn(&Path);

#[test]
fn a_published_run_is_current_and_leaves_nothing_else() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    assert_eq!(out.current().unwrap(), None);
    let a = id("a");
    let run = staged(&out, &a, "one");
    fs::write(run.scratch().join("spill"), "x").unwrap();
    assert_eq!(current(&p.out).unwrap(), None, "not before it is published");
    let published = run.verify(facts(4)).unwrap().publish().unwrap();

    assert!(matches!(published.earlier, Earlier::None));
    assert_eq!(published.manifest.previous, None);
    let info = PublishedInfo {
        run_id: a.clone(),
        manifest_sha256: published.manifest_sha256,
    };
    assert_eq!(out.current().unwrap(), Some(info.clone()));
    assert_eq!(
        check_run(&p.out.join("current")).unwrap(),
        published.manifest
    );
    let expected = [
        ".lock".to_owned(),
        "current".to_owned(),
        "runs".to_owned(),
        format!("runs/{a}"),
        format!("runs/{a}/clean"),
        format!("runs/{a}/clean/t.parquet"),
        format!("runs/{a}/log.csv"),
        format!("runs/{a}/manifest.json"),
        format!("runs/{a}/manifest.sha256"),
    ];
    assert_eq!(paths(&p.out), expected);

    let next = publish(&out, &id("b"), "two");
    assert_eq!(next.manifest.previous, Some(info));
    assert!(
        p.out.join("runs").join(a.as_str()).exists(),
        "history stays"
    );
}

#[test]
fn the_same_run_again_gives_the_same_bytes() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("before"), "zero");
    publish(&out, &id("a"), "one");
    let before = tree(&p.out);
    let again = publish(&out, &id("a"), "one");
    assert!(again.already_published(), "{:?}", again.earlier);
    assert_eq!(tree(&p.out), before);

    // An earlier run once more: `current` only moves forward.
    publish(&out, &id("b"), "two");
    let whole = tree(&p.out);
    let back = publish(&out, &id("a"), "one");
    assert!(back.already_published(), "{:?}", back.earlier);
    assert_eq!(back.newer, Some(id("b")));
    assert_eq!(tree(&p.out), whole);

    // Another out folder with the same history: the same bytes.
    let q = place();
    let other = OutDir::open(&q.out).unwrap();
    publish(&other, &id("before"), "zero");
    publish(&other, &id("a"), "one");
    assert_eq!(tree(&q.out), before);
}

#[test]
fn a_damaged_or_different_run_is_replaced_and_the_result_says_so() {
    let flip = |run: &Path| fs::write(run.join("log.csv"), "onE").unwrap();
    let drop_file = |run: &Path| fs::remove_file(run.join("clean/t.parquet")).unwrap();
    let drop_manifest = |run: &Path| fs::remove_file(run.join(MANIFEST)).unwrap();
    let tear_manifest = |run: &Path| fs::write(run.join(MANIFEST), "{").unwrap();
    let cases: [(&str, Act<'_>, &str); 4] = [
        ("flipped", &flip, "`log.csv` was changed"),
        ("lost a file", &drop_file, "`clean/t.parquet` is missing"),
        (
            "lost the manifest",
            &drop_manifest,
            "manifest.json` is missing",
        ),
        ("torn manifest", &tear_manifest, "is no manifest"),
    ];
    for (what, damage, says) in cases {
        let p = place();
        let out = OutDir::open(&p.out).unwrap();
        publish(&out, &id("a"), "one");
        let good = tree(&p.out);
        damage(&p.out.join("current"));
        assert_ne!(tree(&p.out), good, "{what}");
        let again = publish(&out, &id("a"), "one");
        match &again.earlier {
            Earlier::Broken(broken) => assert_says(&broken.to_string(), &[says]),
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(tree(&p.out), good, "{what}");
    }

    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("a"), "one");
    let other = publish(&out, &id("a"), "two");
    assert!(matches!(other.earlier, Earlier::Different));
    assert_eq!(fs::read(p.out.join("current/log.csv")).unwrap(), b"two");
    assert_eq!(paths(&p.out.join("runs")).len(), 6, "the old one is gone");

    // Once another run names it, it is what it was or nothing.
    publish(&out, &id("b"), "three");
    let good = tree(&p.out);
    let other = || staged(&out, &id("a"), "four").verify(facts(4)).unwrap();
    let says = [id("a").as_str(), id("b").as_str(), "nothing was changed"].map(str::to_owned);
    let says: Vec<&str> = says.iter().map(String::as_str).collect();
    assert_says(&error(other().publish()), &says);
    assert_eq!(tree(&p.out), good);
    fs::write(
        p.out.join("runs").join(id("a").as_str()).join("log.csv"),
        "twO",
    )
    .unwrap();
    assert_says(&error(other().publish()), &says);
    let healed = publish(&out, &id("a"), "two");
    assert!(matches!(healed.earlier, Earlier::Broken(_)));
    assert_eq!(tree(&p.out), good);
}

#[test]
fn current_never_dangles() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("a"), "one");
    let done = AtomicBool::new(false);
    let link = p.out.join("current/manifest.json");
    let looks = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                fs::read(&link).unwrap();
                looks += 1;
            }
            looks
        });
        for round in 0..30 {
            // In turn another run, and another content for the same run.
            publish(&out, &id(&(round / 2).to_string()), &round.to_string());
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(looks > 30, "{looks}");
}

#[test]
fn a_blocked_run_is_kept_and_not_current() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("a"), "one");
    let before = out.current().unwrap();
    let blocked = || RunFacts {
        blocked: true,
        ..facts(4)
    };

    let verified = staged(&out, &id("b"), "two").verify(blocked()).unwrap();
    assert_says(&error(verified.publish()), &["is blocked"]);
    assert!(!p.out.join("runs").join(id("b").as_str()).exists());

    let verified = staged(&out, &id("b"), "two").verify(blocked()).unwrap();
    let kept = verified.keep().unwrap();
    assert_eq!(out.current().unwrap(), before);
    check_run(&kept.folder).unwrap();

    let trial = RunFacts {
        trial: true,
        ..facts(4)
    };
    let verified = staged(&out, &id("b"), "two").verify(trial).unwrap();
    assert_says(&error(verified.publish()), &["left rules out"]);

    // The published run itself is never replaced by a blocked one.
    let good = tree(&p.out);
    let verified = staged(&out, &id("a"), "other").verify(blocked()).unwrap();
    assert_says(
        &error(verified.keep()),
        &["published already", "nothing was changed"],
    );
    assert_eq!(tree(&p.out), good);
}

#[test]
fn what_is_not_published_goes_away() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("a"), "one");
    let good = tree(&p.out);

    let run = staged(&out, &id("b"), "two");
    assert_ne!(tree(&p.out), good);
    drop(run);
    assert_eq!(tree(&p.out), good, "staged");

    let verified = staged(&out, &id("b"), "two").verify(facts(4)).unwrap();
    drop(verified);
    assert_eq!(tree(&p.out), good, "verified");

    let unfinished = staged(&out, &id("b"), "two");
    let _open = unfinished.create("more.csv").unwrap();
    assert_says(
        &error(unfinished.verify(facts(4))),
        &["not finished: more.csv"],
    );
    assert_eq!(tree(&p.out), good, "refused");
}

#[test]
fn leftovers_of_a_killed_run_are_removed() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("a"), "one");
    publish(&out, &id("b"), "two");
    drop(out);
    let good = tree(&p.out);

    let runs = p.out.join("runs");
    let staging = runs.join(format!(".staging-{}", id("c")));
    fs::create_dir_all(staging.join(".scratch")).unwrap();
    fs::write(staging.join(".scratch/spill"), "x").unwrap();
    fs::create_dir(runs.join(format!(".old-{}", id("b")))).unwrap();
    symlink("runs/nowhere", p.out.join(".current.tmp")).unwrap();
    // Killed while a run stood aside: it comes back.
    let aside = runs.join(format!(".old-{}", id("a")));
    fs::rename(runs.join(id("a").as_str()), aside).unwrap();
    // What does not follow a link: the run itself is not emptied through it.
    symlink(runs.join(id("b").as_str()), runs.join(".staging-link")).unwrap();

    OutDir::open(&p.out).unwrap();
    assert_eq!(tree(&p.out), good);
}

#[test]
fn one_run_at_a_time() {
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    let busy = OutDir::open(&p.out);
    assert!(matches!(busy, Err(PublishError::Busy(_))), "{busy:?}");
    assert_says(&error(busy), &["another run", "deep/out", "wait"]);

    // The lock lasts as long as the run does, not the handle it came from.
    let run = staged(&out, &id("a"), "one");
    drop(out);
    assert!(matches!(OutDir::open(&p.out), Err(PublishError::Busy(_))));
    drop(run);
    let out = OutDir::open(&p.out).unwrap();

    let _first = stage(&out, &id("a")).unwrap();
    assert_says(&error(stage(&out, &id("a"))), &["cannot create the folder"]);
    assert!(stage(&out, &id("b")).is_ok());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let p = place();
    fs::create_dir_all(p.out.parent().unwrap()).unwrap();
    fs::write(&p.out, "a file").unwrap();
    for path in [p.out.clone(), p.out.join("below"), p.out.join("far/below")] {
        let message = error(OutDir::open(&path));
        assert_says(
            &message,
            &["cannot create the folder", "deep/out", "another out folder"],
        );
    }
}

#[test]
fn a_foreign_current_is_never_touched() {
    let folder = |current: &Path| fs::create_dir(current).unwrap();
    let file = |current: &Path| fs::write(current, "x").unwrap();
    let abroad = |current: &Path| symlink("/tmp", current).unwrap();
    let up = |current: &Path| symlink("runs/../..", current).unwrap();
    let cases: [(Act<'_>, &str); 4] = [
        (&folder, "a file or folder of its own"),
        (&file, "a file or folder of its own"),
        (&abroad, "a link to `/tmp`"),
        (&up, "a link to `runs/../..`"),
    ];
    for (make, says) in cases {
        let p = place();
        let out = OutDir::open(&p.out).unwrap();
        make(&p.out.join("current"));
        let before = tree(&p.out);
        assert_says(&error(stage(&out, &id("a"))), &[says, "move it away"]);
        assert_says(&error(out.current()), &[says]);
        assert_eq!(tree(&p.out), before);
    }

    // It names a run that is gone: said, not papered over.
    let p = place();
    let out = OutDir::open(&p.out).unwrap();
    publish(&out, &id("a"), "one");
    fs::remove_dir_all(p.out.join("runs").join(id("a").as_str())).unwrap();
    assert_says(
        &error(stage(&out, &id("b"))),
        &[id("a").as_str(), "restore", "remove the link"],
    );
    // The same run heals it.
    publish(&out, &id("a"), "one");
    check_run(&p.out.join("current")).unwrap();
}
