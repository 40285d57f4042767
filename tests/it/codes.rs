//! Codes that were spoilt on purpose, over the lists of the project: what was meant comes first, nothing is sure that could as well
//! be another, and no code is reported.

use std::{collections::BTreeMap, sync::Arc};

use trueup::{
    conform::{CodeFault, Conformer},
    names::Name,
    project,
    tables::{
        Cause, Code, CodeList, Codes, Column, ColumnType, Confidence, Delivers, Drift, Entry,
        FilePattern, Gates, Policy, Reading, Table,
    },
};

use crate::harness::{Project, Sheet, Spoken, parquet_cells, repository};

/// Numbers that look drawn by lot, the same each time.
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// A column that draws on `list` and does nothing about what it finds.
struct Asked(Conformer);

impl Asked {
    fn of(list: &CodeList) -> Self {
        let column = Column {
            name: Name::new("code").expect("a name"),
            description: String::new(),
            aliases: Vec::new(),
            from: None,
            ty: ColumnType::String,
            formats: Vec::new(),
            clean: Vec::new(),
            missing: Vec::new(),
            codes: Some(Codes {
                map_aliases: true,
                min_confidence: Confidence::Ambiguous,
                ..Codes::of(0)
            }),
            policy: Policy::Show,
        };
        let table = Table {
            name: Name::new("rows").expect("a name"),
            description: String::new(),
            files: FilePattern::new("rows.csv").expect("a pattern"),
            required: true,
            delivers: Delivers::default(),
            reading: Reading::default(),
            drift: Drift::default(),
            gates: Gates::default(),
            key: Vec::new(),
            columns: vec![column],
        };
        let lists = [Arc::new(list.clone())];
        Self(Conformer::new(&Arc::new(table), &lists, false, |_| true))
    }

    fn about(&self, text: &str) -> Option<CodeFault> {
        self.0.explain_code(0, text, None)
    }
}

fn lists() -> Vec<CodeList> {
    project::load(&repository("")).expect("the project").lists
}

/// The text spoilt in each of the ways that a class has, each with the cause that has to be told.
fn spoilt_by_class(code: &str, groups: &[String]) -> Vec<(&'static str, String)> {
    let alike = |c: char| match c {
        'a' => '\u{0430}',
        'e' => '\u{0435}',
        'o' => '\u{043e}',
        'c' => '\u{0441}',
        c => c,
    };
    let mut all = vec![
        ("case", code.to_uppercase()),
        ("case", code.to_lowercase()),
        ("spacing", code.replacen(' ', "", 1)),
        ("spacing", code.replacen(' ', "  ", 1)),
        ("punctuation", code.replacen(" - ", "-", 1)),
        (
            "punctuation",
            code.replace(['-', '\'', '(', ')', '/', ','], ""),
        ),
        ("punctuation", code.replacen(' ', "_", 1)),
        ("punctuation", code.replacen(" and ", " & ", 1)),
        ("look_alike", code.chars().map(alike).collect()),
    ];
    if let Some((base, group)) = code.trim_end_matches(')').split_once(" (") {
        let others = groups.iter().filter(|other| *other != group);
        all.extend(others.map(|other| ("wrong_group", format!("{base} ({other})"))));
    }
    if code.starts_with('0') {
        all.push(("leading_zero", code.trim_start_matches('0').to_owned()));
    }
    all.retain(|(_, text)| text != code);
    all
}

/// One character put in, left out, replaced, or swapped with the next.
fn spoilt_by_one_edit(code: &str, lot: &mut Lot) -> String {
    let mut text: Vec<char> = code.chars().collect();
    let letter = char::from(b'a' + u8::try_from(lot.below(26)).expect("a letter"));
    let at = lot.below(text.len());
    match lot.below(4) {
        0 => text.insert(at, letter),
        1 => drop(text.remove(at)),
        2 => text[at] = letter,
        _ if at + 1 < text.len() => text.swap(at, at + 1),
        _ => text.push(letter),
    }
    text.into_iter().collect()
}

/// The groups in brackets that the list's codes name.
fn groups(list: &CodeList) -> Vec<String> {
    let inside = |code: &Code| Some(code.code.strip_suffix(')')?.rsplit_once(" (")?.1.to_owned());
    let mut groups: Vec<String> = list.codes.iter().filter_map(inside).collect();
    groups.sort();
    groups.dedup();
    groups
}

/// Characters to put in, leave out, replace or swap.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut all = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            all[i][j] = match (i, j) {
                (0, j) => j,
                (i, 0) => i,
                _ => {
                    let same = usize::from(a[i - 1] != b[j - 1]);
                    let mut least = (all[i - 1][j] + 1)
                        .min(all[i][j - 1] + 1)
                        .min(all[i - 1][j - 1] + same);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        least = least.min(all[i - 2][j - 2] + 1);
                    }
                    least
                }
            };
        }
    }
    all[a.len()][b.len()]
}

#[test]
fn no_code_and_no_accepted_spelling_is_reported() {
    let mut asked = 0;
    for list in lists() {
        let column = Asked::of(&list);
        for (text, entries) in &list.lookup {
            let is_accepted = entries
                .iter()
                .all(|e| e.alias.is_none_or(|a| a.cause.is_none()));
            // What means different codes on different days says nothing without one.
            let is_accepted = is_accepted || entries.len() > 1;
            assert_eq!(
                column.about(text).is_none(),
                is_accepted,
                "{text} of {}",
                list.name
            );
            asked += 1;
        }
    }
    assert!(asked > 500, "{asked} texts");
}

#[test]
fn what_a_class_of_mistakes_did_is_told_and_the_code_comes_first() {
    let (mut first, mut caused, mut all) = (0, 0, 0);
    let mut missed = Vec::new();
    for list in lists() {
        let column = Asked::of(&list);
        let groups = groups(&list);
        for code in &list.codes {
            for (cause, text) in spoilt_by_class(&code.code, &groups) {
                // Spoilt into what the list knows, it is no mistake that could be seen.
                if list.lookup.contains_key(&text) {
                    continue;
                }
                let fault = column.about(&text).expect("no code");
                all += 1;
                caused += usize::from(fault.cause == cause);
                match fault
                    .meant
                    .first()
                    .is_some_and(|meant| meant.code == code.code)
                {
                    true => first += 1,
                    false => missed.push(format!("{text} is {cause} of {}: {fault:?}", code.code)),
                }
            }
        }
    }
    assert!(all > 1_000, "{all} spoilt codes");
    assert!(
        first * 100 >= all * 95,
        "{first} of {all}\n{}",
        missed.join("\n")
    );
    assert!(caused * 100 >= all * 90, "{caused} causes of {all}");
}

#[test]
fn a_typo_is_understood_and_nothing_is_sure_that_could_as_well_be_another() {
    let mut lot = Lot(2_017);
    let (mut first, mut all, mut ambiguous) = (0, 0, 0);
    let mut missed = Vec::new();
    for list in lists() {
        let column = Asked::of(&list);
        for code in &list.codes {
            for _ in 0..10 {
                let text = spoilt_by_one_edit(&code.code, &mut lot);
                // Blanks at the ends are trimmed before anybody looks.
                if list.lookup.contains_key(&text) || text.trim() != text || text.is_empty() {
                    continue;
                }
                let fault = column.about(&text).expect("no code");
                all += 1;
                match fault
                    .meant
                    .first()
                    .is_some_and(|meant| meant.code == code.code)
                {
                    true => first += 1,
                    false => missed.push(format!("{text} for {}: {fault:?}", code.code)),
                }
                let lower = text.to_lowercase();
                let mut near: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for (name, entries) in &list.lookup {
                    // Nobody misspells what is misspelt already.
                    let misspelt =
                        |e: &Entry| e.alias.is_some_and(|a| a.cause == Some(Cause::Misspelling));
                    if entries.iter().any(misspelt) {
                        continue;
                    }
                    let codes = near
                        .entry(distance(&lower, &name.to_lowercase()))
                        .or_default();
                    codes.extend(entries.iter().map(|entry| entry.code));
                }
                let mut nearest = near.remove(&1).unwrap_or_default();
                nearest.sort_unstable();
                nearest.dedup();
                let is_edit = ["one_edit", "transposition"].contains(&fault.cause);
                if is_edit {
                    assert_eq!(
                        nearest.len(),
                        1,
                        "{text} of {} is sure: {fault:?}",
                        list.name
                    );
                }
                ambiguous += usize::from(fault.cause == "ambiguous");
            }
        }
    }
    assert!(all > 2_000, "{all} typos");
    assert!(ambiguous > 0);
    assert!(
        first * 100 >= all * 85,
        "{first} of {all}\n{}",
        missed.join("\n")
    );
}

/// The rows of the log of a small project: what was delivered, what was done, what the clean table holds.
fn done(on_fail: &str) -> Vec<String> {
    let table = format!(
        "version: 1
table: visits
source: {{ files: visits.csv }}
key: [visit_ref]
columns:
  visit_ref: {{ type: string }}
  visited_on: {{ type: date }}
  room:
    type: string
    accepted_values: {{ list: rooms, map_aliases: true, as_of: visited_on, level: room, on_fail: {on_fail}, why: A guest needs a room. }}
"
    );
    let project = Project::of(&[
        ("rules/tables/visits.yaml", &table),
        (
            "rules/reference/rooms.csv",
            "code,label,parent,sort,missing,valid_from,valid_to,level
Green,Green,,1,,,,room
East,East wing,,2,,,,wing
Old,Old room,,3,,,2015-01-01,room
",
        ),
        (
            "rules/reference/rooms.aliases.csv",
            "alias,code,cause,confidence
EAST,East,variant,verified
OLD,Old,variant,verified
",
        ),
        (
            "delivery/visits.csv",
            "visit_ref,visited_on,room
V1,2017-01-04,East
V2,2017-01-04,EAST
V3,2017-01-04,OLD
V4,2017-01-04,Elsewhere
",
        ),
    ]);
    project.run("--fail-on never").expect(0);
    let clean = parquet_cells(&project.path("out/current/clean/visits.parquet"));
    let rooms: Vec<&str> = clean
        .iter()
        .map(|row| row["room"].as_deref().unwrap_or_default())
        .collect();
    let log = Sheet::read(&project.path("out/current/discrepancies.csv")).rows;
    let mut done: Vec<String> = log
        .iter()
        .map(|row| {
            let at: usize = row["source_row"].parse().expect("a row");
            assert_eq!(&row["cleaned"], rooms[at - 1], "{row:?}");
            format!("{} {} {}", &row["observed"], &row["action"], rooms[at - 1])
        })
        .collect();
    done.sort();
    done
}

#[test]
fn the_log_says_that_a_variant_was_replaced_though_its_code_fails() {
    let replaced = ["EAST corrected East", "East kept East"];
    let corrected = done("correct");
    assert_eq!(corrected[..2], replaced);
    assert_eq!(corrected[2..], ["Elsewhere nulled ", "OLD corrected Old"]);
    let kept = done("keep");
    assert_eq!(kept[..2], replaced);
    assert_eq!(kept[2..], ["Elsewhere kept Elsewhere", "OLD corrected Old"]);
}

#[test]
fn a_hidden_column_tells_no_cause_and_a_list_that_a_correspondence_names_is_used() {
    let project = Project::of(&[
        (
            "rules/tables/notes.yaml",
            r#"version: 1
table: notes
source: { files: "notes.csv" }
key: [ref]
columns:
  ref: { type: string }
  code:
    type: string
    policy: hide
    accepted_values: { list: codes, correct: [case, retired], on_fail: correct, why: Codes are counted. }
"#,
        ),
        (
            "rules/reference/codes.csv",
            "code,label,parent,sort,missing,valid_from,valid_to\nnorth,North,,1,,,\nsouth,South,,2,,,\n",
        ),
        (
            "rules/reference/old_codes.csv",
            "code,label,parent,sort,missing,valid_from,valid_to\nn,North,,1,,,\n",
        ),
        (
            "rules/reference/codes.correspondence.csv",
            "from_list,from,to\nold_codes,n,north\n",
        ),
        ("delivery/notes.csv", "ref,code\n1,NORTH\n2,n\n3,south\n"),
    ]);
    Spoken::of(&mut project.command_of("lint")).expect(0);
    project.run("").expect(0);
    let changes = Sheet::read(&project.path("out/current/changes.csv")).rows;
    let reasons: Vec<&str> = changes.iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons, ["unknown", "unknown"]);
    let clean = parquet_cells(&project.path("out/current/clean/notes.parquet"));
    let codes: Vec<Option<String>> = clean.into_iter().map(|row| row["code"].clone()).collect();
    let north = Some("north".to_owned());
    assert_eq!(codes, [north.clone(), north, Some("south".to_owned())]);
}
