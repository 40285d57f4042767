//! Code lists: `rules/reference/<list>.csv`, `<list>.aliases.csv` and `<list>.correspondence.csv`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    ListFile,
    csv::{self, Field},
    files::{Files, Named},
    project_file::exact_date,
    unread::Unread,
};
use crate::{
    diagnostics::{Diagnostic, Source, Span},
    tables::{Alias, Cause, Code, CodeList, Confidence, Correspondence, Entry, Missing, VARIANT},
};

const CODES: [&str; 8] = [
    "code",
    "label",
    "parent",
    "sort",
    "missing",
    "valid_from",
    "valid_to",
    "level",
];
const ALIASES: [&str; 4] = ["alias", "code", "cause", "confidence"];
const CORRESPONDENCE: [&str; 3] = ["from_list", "from", "to"];
/// `not_recorded` is the blank cell, which no code can be.
const KINDS: [Missing; 3] = [Missing::Unknown, Missing::Refused, Missing::NotApplicable];
/// How the files beside a list are called.
const ALIASES_OF: &str = ".aliases";
const CORRESPONDENCE_OF: &str = ".correspondence";

pub fn read(
    files: &Files,
    unread: &mut Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<CodeList> {
    let mut read = Vec::new();
    for file in &files.lists {
        match codes(file, diagnostics) {
            Some(list) => read.push(list),
            None => unread.list(&file.stem),
        }
    }
    for file in &files.aliases {
        let stem = stem(file, ALIASES_OF);
        if let Some(at) = list_of(file, stem, files, &read, unread, diagnostics) {
            let sound = is_sound(stem, files, diagnostics);
            add_aliases(&mut read[at], &file.source, sound, diagnostics);
        }
    }
    for file in &files.correspondences {
        let stem = stem(file, CORRESPONDENCE_OF);
        if let Some(at) = list_of(file, stem, files, &read, unread, diagnostics) {
            let successors = correspondence(file, &read[at], &read, files, diagnostics);
            read[at].correspondence = successors;
        }
    }
    for file in &files.lists {
        if mistaken(&file.source, diagnostics) {
            unread.codes(&file.stem);
        }
    }
    for file in &files.aliases {
        if mistaken(&file.source, diagnostics) {
            unread.codes(stem(file, ALIASES_OF));
        }
    }
    read
}

fn stem<'f>(file: &'f Named, ending: &str) -> &'f str {
    file.stem.strip_suffix(ending).unwrap_or(&file.stem)
}

/// The list that a file beside it belongs to.
fn list_of(
    file: &Named,
    stem: &str,
    files: &Files,
    read: &[CodeList],
    unread: &Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let found = read.iter().position(|list| list.name.as_str() == stem);
    if found.is_none() && !unread.is_table(stem) {
        let what = match file.stem.ends_with(ALIASES_OF) {
            true => "aliases",
            false => "a correspondence",
        };
        let message = format!("there is no code list `{stem}` to have {what}");
        let known = files.lists.iter().map(|list| list.stem.as_str());
        diagnostics.push(Diagnostic::at(&file.start(), message).suggest(stem, known));
    }
    found
}

/// Whether the codes have no mistakes of their own: else one that seems absent may only be misread.
fn is_sound(stem: &str, files: &Files, diagnostics: &[Diagnostic]) -> bool {
    let codes = files.lists.iter().find(|codes| codes.stem == stem);
    !codes.is_some_and(|codes| mistaken(&codes.source, diagnostics))
}

/// Where `read` lists are declared. Only a file's first line is kept.
pub fn declared(all: &Files, read: &[CodeList]) -> Vec<ListFile> {
    let first_line = |files: &[Named], stem: &str| {
        let file = files.iter().find(|file| file.stem == stem)?;
        let line = file.source.text.lines().next().unwrap_or_default();
        let source = Source {
            path: file.source.path.clone(),
            text: line.to_owned(),
        };
        Some(Span {
            source: Arc::new(source),
            bytes: 0..line.len(),
        })
    };
    let file = |list: &CodeList| {
        let name = list.name.clone();
        let has_aliases = list.lookup.values().flatten().any(|e| e.alias.is_some());
        let aliases = first_line(&all.aliases, &format!("{name}{ALIASES_OF}"));
        let aliases = aliases.filter(|_| has_aliases);
        let codes = first_line(&all.lists, name.as_str())?;
        Some(ListFile {
            name,
            codes,
            aliases,
        })
    };
    read.iter().filter_map(file).collect()
}

/// Whether something has been reported about the file.
fn mistaken(source: &Arc<Source>, diagnostics: &[Diagnostic]) -> bool {
    let mut places = diagnostics.iter().filter_map(|d| d.span.as_ref());
    places.any(|span| Arc::ptr_eq(&span.source, source))
}

fn codes(file: &Named, diagnostics: &mut Vec<Diagnostic>) -> Option<CodeList> {
    let name = file.name(diagnostics)?;
    let before = diagnostics.len();
    let mut codes = Vec::new();
    let mut seen = BTreeSet::new();
    for fields in csv::records(&file.source, CODES, 1, diagnostics) {
        let mut reader = Cells {
            source: &file.source,
            diagnostics,
        };
        let [
            code,
            label,
            parent,
            sort,
            missing,
            valid_from,
            valid_to,
            level,
        ] = &fields;
        if !reader.usable(code, "code") {
            continue;
        }
        let sort = sort.text.parse().unwrap_or_else(|_| {
            reader.report(
                sort,
                "sort has to be a whole number",
                "it orders the codes in outputs",
            );
            0
        });
        let from = reader.date(valid_from);
        let to = reader.date(valid_to);
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            reader.report(
                valid_to,
                "the code ends before it starts",
                "`valid_to` is the first day no longer in force",
            );
        }
        let missing = reader.word(
            missing,
            "kind of missing",
            &KINDS.map(|kind| (kind.word(), kind)),
        );
        if !seen.insert(code.text.clone()) {
            reader.report(
                code,
                &format!("code `{}` stands in the list twice", code.text),
                "remove one of them",
            );
            continue;
        }
        let said = |field: &Field| Some(field.text.clone()).filter(|text| !text.is_empty());
        codes.push(Code {
            code: code.text.clone(),
            label: said(label).unwrap_or_else(|| code.text.clone()),
            parent: said(parent),
            level: said(level),
            sort,
            missing,
            valid_from: from,
            valid_to: to,
        });
    }
    if codes.is_empty() && diagnostics.len() == before {
        diagnostics.push(Diagnostic::at(
            &file.start(),
            format!("list `{name}` has no code"),
        ));
    }
    Some(CodeList::new(name, codes))
}

fn add_aliases(
    list: &mut CodeList,
    source: &Arc<Source>,
    sound: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let own: BTreeMap<String, usize> = (list.codes.iter().enumerate())
        .map(|(at, code)| (code.code.clone(), at))
        .collect();
    let mut absent = BTreeSet::new();
    for fields in csv::records(source, ALIASES, 0, diagnostics) {
        let mut reader = Cells {
            source,
            diagnostics,
        };
        let [alias, code, cause, confidence] = &fields;
        if !reader.usable(alias, "alias") {
            continue;
        }
        let words = Confidence::ALL.map(|confidence| (confidence.word(), confidence));
        let sure = reader.said(
            confidence,
            "confidence",
            &words,
            "say how sure it is that the alias means the code",
        );
        let mut words = vec![(VARIANT, None)];
        words.extend(Cause::OF_ALIASES.map(|cause| (cause.word(), Some(cause))));
        let why = reader.said(cause, "cause", &words, "say why it is not the code");
        let of = own.get(&code.text).copied();
        // Each is told at the first of its aliases.
        if of.is_none() && sound && absent.insert(code.text.clone()) {
            let message = format!("list `{}` has no code `{}`", list.name, code.text);
            let known = list.codes.iter().map(|code| code.code.as_str());
            let diagnostic = Diagnostic::at(&code.span(source), message).suggest(&code.text, known);
            reader.diagnostics.push(diagnostic);
        }
        if own.contains_key(&alias.text) {
            let message = format!(
                "`{}` is a code of the list and cannot be an alias too",
                alias.text
            );
            reader.report(alias, &message, "remove one of them");
            continue;
        }
        let (Some(of), Some(cause), Some(confidence)) = (of, why, sure) else {
            continue;
        };
        let entries = list.lookup.entry(alias.text.clone()).or_default();
        let at_once = |other: &&Entry| overlap(&list.codes[other.code], &list.codes[of]);
        if let Some(other) = entries.iter().find(at_once) {
            let message = format!("alias `{}` stands in the file twice", alias.text);
            let help = match other.code == of {
                true => "remove one of them".to_owned(),
                false => format!(
                    "`{}` and `{}` are in force at the same time: remove one of them, or give the codes periods",
                    list.codes[other.code].code, list.codes[of].code
                ),
            };
            reader.report(alias, &message, &help);
            continue;
        }
        entries.push(Entry {
            code: of,
            alias: Some(Alias { cause, confidence }),
        });
    }
}

/// Whether there is a day on which both are in force.
fn overlap(a: &Code, b: &Code) -> bool {
    let starts_in_time =
        |a: &Code, b: &Code| a.valid_from.zip(b.valid_to).is_none_or(|(a, b)| a < b);
    starts_in_time(a, b) && starts_in_time(b, a)
}

/// What a correspondence says of earlier codes: of each the codes of `list` that took its place.
fn correspondence(
    file: &Named,
    list: &CodeList,
    lists: &[CodeList],
    files: &Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Correspondence {
    let mut all = Correspondence::default();
    let mut stated = BTreeMap::new();
    let mut own: Successions = BTreeMap::new();
    for fields in csv::records(&file.source, CORRESPONDENCE, 0, diagnostics) {
        let mut reader = Cells {
            source: &file.source,
            diagnostics,
        };
        let [from_list, from, to] = &fields;
        let Some(earlier) = lists.iter().find(|l| l.name.as_str() == from_list.text) else {
            if !files.lists.iter().any(|l| l.stem == from_list.text) {
                let message = format!("there is no code list `{}`", from_list.text);
                let known = lists.iter().map(|list| list.name.as_str());
                let found = Diagnostic::at(&from_list.span(&file.source), message);
                reader
                    .diagnostics
                    .push(found.suggest(&from_list.text, known));
            }
            continue;
        };
        let mut code_of = |list: &CodeList, field: &Field| {
            let mut meanings = list.meanings(&field.text).iter();
            let at = meanings.find_map(|entry| entry.alias.is_none().then_some(entry.code));
            if at.is_none() && is_sound(list.name.as_str(), files, reader.diagnostics) {
                let message = format!("list `{}` has no code `{}`", list.name, field.text);
                let known = list.codes.iter().map(|code| code.code.as_str());
                let found = Diagnostic::at(&field.span(&file.source), message);
                reader.diagnostics.push(found.suggest(&field.text, known));
            }
            at
        };
        all.from_lists.insert(from_list.text.clone());
        let Some(replaced) = code_of(earlier, from) else {
            continue;
        };
        let successor = match to.text.is_empty() {
            true => None,
            false => match code_of(list, to) {
                Some(to) => Some(to),
                None => continue,
            },
        };
        if earlier.name != list.name {
            all.of_others.insert(from.text.clone());
        } else if successor == Some(replaced) {
            let message = format!("`{}` is its own successor", to.text);
            let help = "name the code that took its place, or none where nothing did";
            reader.report(to, &message, help);
            continue;
        } else {
            let is_told = stated.contains_key(&from.text);
            let never_ends = list.codes[replaced].valid_to.is_none();
            if never_ends && !is_told && is_sound(list.name.as_str(), files, reader.diagnostics) {
                let message = format!(
                    "`{}` has successors and no end: in `{}` it has no `valid_to`",
                    from.text, list.name
                );
                let help = "say there from which day it is no longer in force, or remove the line";
                reader.report(from, &message, help);
            }
            if let Some(successor) = successor {
                let all = own.entry(replaced).or_default();
                all.push((successor, to.clone()));
            }
        }
        let other_list = stated.insert(from.text.clone(), from_list.text.clone());
        let of_from = all.successors.entry(from.text.clone()).or_default();
        if other_list.is_some_and(|other| other != from_list.text) {
            let message = format!("`{}` is a code of two earlier lists", from.text);
            reader.report(from, &message, "a code has one history: remove one of them");
        } else if successor.is_some_and(|to| of_from.contains(&to)) {
            reader.report(
                to,
                "the same stands in the file twice",
                "remove one of them",
            );
        }
        of_from.extend(successor);
    }
    let mut reader = Cells {
        source: &file.source,
        diagnostics,
    };
    circles(&own, list, &mut reader);
    all
}

/// The codes of a list that took the place of others of it, and where that stands.
type Successions = BTreeMap<usize, Vec<(usize, Field)>>;

/// Reports codes that are their own successors by way of others.
fn circles(all: &Successions, list: &CodeList, reader: &mut Cells<'_>) {
    let (mut on_path, mut done) = (BTreeSet::new(), BTreeSet::new());
    for start in all.keys() {
        let mut path = vec![(*start, 0)];
        while let Some((code, next)) = path.last_mut() {
            let code = *code;
            on_path.insert(code);
            let successors = all.get(&code).filter(|_| !done.contains(&code));
            let Some((to, place)) = successors.and_then(|all| all.get(*next)) else {
                on_path.remove(&code);
                done.insert(code);
                path.pop();
                continue;
            };
            *next += 1;
            if on_path.contains(to) {
                let message = format!(
                    "`{}` is its own successor, by way of `{}`",
                    place.text, list.codes[code].code
                );
                let help = "what came after a code cannot come before it: remove one of the lines";
                reader.report(place, &message, help);
            } else {
                path.push((*to, 0));
            }
        }
    }
}

struct Cells<'r> {
    source: &'r Arc<Source>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl Cells<'_> {
    fn report(&mut self, field: &Field, message: &str, help: &str) {
        self.diagnostics
            .push(Diagnostic::at(&field.span(self.source), message).help(help));
    }

    /// Whether a cleaned cell could ever equal the text.
    fn usable(&mut self, field: &Field, what: &str) -> bool {
        if field.text.trim().is_empty() {
            self.report(
                field,
                &format!("{what} is blank"),
                "a blank cell is missing and needs no code; remove the line",
            );
            return false;
        }
        if field.text.trim() != field.text {
            self.report(
                field,
                &format!("{what} has white space at its ends"),
                "remove it: cells are trimmed before they are looked up",
            );
            return false;
        }
        true
    }

    fn date(&mut self, field: &Field) -> Option<jiff::civil::Date> {
        if field.text.is_empty() {
            return None;
        }
        let date = exact_date(&field.text);
        if date.is_none() {
            self.report(
                field,
                &format!("`{}` is no date", field.text),
                "write year-month-day, such as 2017-01-05, or nothing",
            );
        }
        date
    }

    /// The word, which has to be said.
    fn said<T: Copy>(
        &mut self,
        field: &Field,
        what: &str,
        words: &[(&str, T)],
        why: &str,
    ) -> Option<T> {
        if field.text.is_empty() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = format!("{why}: {}", known.join(", "));
            self.report(field, &format!("{what} is blank"), &help);
        }
        self.word(field, what, words)
    }

    fn word<T: Copy>(&mut self, field: &Field, what: &str, words: &[(&str, T)]) -> Option<T> {
        if field.text.is_empty() {
            return None;
        }
        let found = words
            .iter()
            .find(|(word, _)| *word == field.text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let known = words.iter().map(|(word, _)| *word);
            let diagnostic = Diagnostic::at(
                &field.span(self.source),
                format!("unknown {what} `{}`", field.text),
            )
            .suggest(&field.text, known);
            self.diagnostics.push(diagnostic);
        }
        found
    }
}
