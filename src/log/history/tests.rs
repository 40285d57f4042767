//! Nights against a book that is kept on each discrepancy.

use std::{collections::BTreeMap, io::Write as _};

use proptest::prelude::*;

use super::*;
use crate::discrepancy::{Category, Dimension, Severity};

/// Discrepancies that there may be: three rules, four records, in their order.
const ALL: usize = 12;

/// A night: who is found, whom a waiver covers, which rules ran, and which version each has.
#[derive(Clone, Debug)]
struct Script {
    found: u16,
    waived: u16,
    judged: u8,
    versions: [u8; 3],
}

fn script() -> impl Strategy<Value = Script> {
    // Rules change seldom.
    let version = || prop_oneof![9 => Just(1_u8), 1 => Just(2)];
    let judged = prop_oneof![4 => Just(7_u8), 1 => 0..8_u8];
    let versions = [version(), version(), version()];
    (0..4096_u16, 0..4096_u16, judged, versions).prop_map(|(found, waived, judged, versions)| {
        Script {
            found,
            waived,
            judged,
            versions,
        }
    })
}

fn facts(script: &Script) -> Vec<RuleFacts> {
    let rule = |at: usize| RuleFacts {
        id: format!("t.rule{at}"),
        version: script.versions[at].to_string(),
        kind: "x".to_owned(),
        dimension: Dimension::Validity,
        severity: Severity::Warn,
        category: Category::Missing,
        table: "t".to_owned(),
    };
    (0..3).map(rule).collect()
}

/// What anybody would say of one discrepancy, who keeps a book on it.
#[derive(Clone, Debug)]
struct Book {
    open: bool,
    waived: bool,
    first: String,
    version: u8,
}

/// Of each discrepancy that is told, its status and the run that saw it first.
type Told = BTreeMap<usize, (Status, String)>;

/// One night with the history of the one before; returns what is told and the history.
fn merged(
    script: &Script,
    run: &str,
    past: Option<&[u8]>,
    log: &mut Vec<usize>,
) -> (Told, Vec<u8>) {
    let facts = facts(script);
    let judged: Vec<bool> = (0..3).map(|at| script.judged >> at & 1 == 1).collect();
    let night = Night {
        run_id: run,
        rules: &facts,
        judged: &judged,
    };
    let past = past.map(|bytes| {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        Past::open(file).expect("a history")
    });
    let mut lives = Lifecycle::new(night, past, log.len(), Some(Vec::new())).expect("a history");
    let mut told = Told::new();
    let mut now = Vec::new();
    for at in (0..ALL).filter(|at| script.found >> at & 1 == 1) {
        let mut first = StringBuilder::new();
        let key = format!("K{}", at % 4);
        let met = Met {
            key: HistoryKey {
                rule_id: &facts[at / 4].id,
                record_key: &key,
                column: (at % 2 == 1).then_some("c"),
                n: 1,
            },
            rule_version: &facts[at / 4].version,
            waived: script.waived >> at & 1 == 1,
            carried: None,
            log_row: now.len() as i64,
        };
        let status = lives.meet(&met, &mut first).expect("a status");
        told.insert(at, (status, first.finish().value(0).to_owned()));
        now.push(at);
    }
    let Ended { history, resolved } = lives.finish().expect("a history");
    for (at, gone) in log.iter().zip(resolved) {
        if gone {
            told.insert(*at, (Status::Resolved, String::new()));
        }
    }
    *log = now;
    (told, history.expect("a history").0)
}

proptest! {
    #[test]
    fn every_night_is_what_a_book_on_each_discrepancy_says(nights in prop::collection::vec(script(), 1..12)) {
        let mut books: BTreeMap<usize, Book> = BTreeMap::new();
        let mut history: Option<Vec<u8>> = None;
        let mut log = Vec::new();
        for (night, script) in nights.iter().enumerate() {
            let run = format!("run{night}");
            let was = log.clone();
            let (told, written) = merged(script, &run, history.as_deref(), &mut log);
            history = Some(written);
            let mut wanted = Told::new();
            for at in 0..ALL {
                let found = script.found >> at & 1 == 1;
                let waived = script.waived >> at & 1 == 1;
                let version = script.versions[at / 4];
                let book = books.get(&at).cloned();
                if found {
                    let status = match &book {
                        _ if waived => Status::Waived,
                        None => Status::New,
                        Some(book) if book.open && !book.waived => Status::Ongoing,
                        Some(_) => Status::Reopened,
                    };
                    let first = book.map_or(run.clone(), |book| book.first);
                    wanted.insert(at, (status, first.clone()));
                    books.insert(at, Book { open: true, waived, first, version });
                } else if let Some(book) = book.filter(|book| book.open) {
                    let changed = book.version != version;
                    let judged = script.judged >> (at / 4) & 1 == 1;
                    // Its row is told from the log of the run before; what was not judged then has none.
                    if !changed && judged && was.contains(&at) {
                        wanted.insert(at, (Status::Resolved, String::new()));
                    }
                    let open = !changed && !judged;
                    books.insert(at, Book { open, ..book });
                }
            }
            prop_assert_eq!(told, wanted);
        }
    }
}
