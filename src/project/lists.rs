//! Code lists: `rules/reference/<list>.csv` and `<list>.aliases.csv`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    ListFile,
    csv::{self, Field},
    files::Named,
    project_file::exact_date,
    unread::Unread,
};
use crate::{
    diagnostics::{Diagnostic, Source, Span},
    tables::{AliasCause, Code, CodeList, Entry, Missing},
};

const CODES: [&str; 7] = [
    "code",
    "label",
    "parent",
    "sort",
    "missing",
    "valid_from",
    "valid_to",
];
const ALIASES: [&str; 4] = ["alias", "code", "cause", "confidence"];
/// `not_recorded` is the blank cell, which no code can be.
const KINDS: [Missing; 3] = [Missing::Unknown, Missing::Refused, Missing::NotApplicable];
/// How sure it is that an alias means its code, for whoever reads the list; the most sure first.
const CONFIDENCE: [&str; 4] = ["verified", "probable", "inferred", "ambiguous"];
const CAUSES: [AliasCause; 4] = [
    AliasCause::Variant,
    AliasCause::Misspelling,
    AliasCause::WrongGroup,
    AliasCause::OldName,
];

pub fn read(
    lists: &[Named],
    aliases: &[Named],
    unread: &mut Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<CodeList> {
    let mut read = Vec::new();
    for file in lists {
        match codes(file, diagnostics) {
            Some(list) => read.push(list),
            None => unread.list(&file.stem),
        }
    }
    for file in aliases {
        let stem = file.stem.strip_suffix(".aliases").unwrap_or(&file.stem);
        match read.iter_mut().find(|list| list.name.as_str() == stem) {
            Some(list) => {
                let codes = lists.iter().find(|codes| codes.stem == stem);
                let sound = !codes.is_some_and(|codes| mistaken(&codes.source, diagnostics));
                add_aliases(list, &file.source, sound, diagnostics);
            }
            None if unread.is_table(stem) => {}
            None => {
                let message = format!("there is no code list `{stem}` to have aliases");
                let known = lists.iter().map(|list| list.stem.as_str());
                diagnostics.push(Diagnostic::at(&file.start(), message).suggest(stem, known));
            }
        }
    }
    for file in lists.iter().chain(aliases) {
        if mistaken(&file.source, diagnostics) {
            unread.codes(file.stem.strip_suffix(".aliases").unwrap_or(&file.stem));
        }
    }
    read
}

/// Where `read` lists are declared. Only a file's first line is kept.
pub fn declared(files: &[Named], aliases: &[Named], read: &[CodeList]) -> Vec<ListFile> {
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
        let has_aliases = list.lookup.values().any(|entry| entry.alias.is_some());
        let aliases = first_line(aliases, &format!("{name}.aliases")).filter(|_| has_aliases);
        let codes = first_line(files, name.as_str())?;
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
    let mut list = CodeList {
        name,
        codes: Vec::new(),
        lookup: HashMap::new(),
    };
    for fields in csv::records(&file.source, CODES, diagnostics) {
        let mut reader = Cells {
            source: &file.source,
            diagnostics,
        };
        let [code, label, parent, sort, missing, valid_from, valid_to] = &fields;
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
        let entry = Entry {
            code: list.codes.len(),
            alias: None,
        };
        if list.lookup.insert(code.text.clone(), entry).is_some() {
            reader.report(
                code,
                &format!("code `{}` stands in the list twice", code.text),
                "remove one of them",
            );
            continue;
        }
        list.codes.push(Code {
            code: code.text.clone(),
            label: if label.text.is_empty() {
                code.text.clone()
            } else {
                label.text.clone()
            },
            parent: Some(parent.text.clone()).filter(|parent| !parent.is_empty()),
            sort,
            missing,
            valid_from: from,
            valid_to: to,
        });
    }
    // The last entry of a repeated code points behind the list: point each text at its own code again.
    for (index, code) in list.codes.iter().enumerate() {
        list.lookup.insert(
            code.code.clone(),
            Entry {
                code: index,
                alias: None,
            },
        );
    }
    if list.codes.is_empty() && diagnostics.len() == before {
        diagnostics.push(Diagnostic::at(
            &file.start(),
            format!("list `{}` has no code", list.name),
        ));
    }
    Some(list)
}

fn add_aliases(
    list: &mut CodeList,
    source: &Arc<Source>,
    sound: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut absent = BTreeSet::new();
    for fields in csv::records(source, ALIASES, diagnostics) {
        let mut reader = Cells {
            source,
            diagnostics,
        };
        let [alias, code, cause, confidence] = &fields;
        if !reader.usable(alias, "alias") {
            continue;
        }
        if confidence.text.is_empty() {
            let help = format!(
                "say how sure it is that the alias means the code: {}",
                CONFIDENCE.join(", ")
            );
            reader.report(confidence, "confidence is blank", &help);
        }
        reader.word(confidence, "confidence", &CONFIDENCE.map(|word| (word, ())));
        let why = reader.word(cause, "cause", &CAUSES.map(|cause| (cause.word(), cause)));
        if cause.text.is_empty() {
            let words = CAUSES.map(AliasCause::word).join(", ");
            reader.report(cause, "cause is blank", &format!("known are: {words}"));
        }
        let of = list
            .lookup
            .get(&code.text)
            .filter(|entry| entry.alias.is_none())
            .map(|entry| entry.code);
        // Each is told at the first of its aliases. Where the codes have mistakes of their own, one that seems absent may only be misread.
        if of.is_none() && sound && absent.insert(code.text.clone()) {
            let message = format!("list `{}` has no code `{}`", list.name, code.text);
            let known = list.codes.iter().map(|code| code.code.as_str());
            let diagnostic = Diagnostic::at(&code.span(source), message).suggest(&code.text, known);
            reader.diagnostics.push(diagnostic);
        }
        if let Some(other) = list.lookup.get(&alias.text) {
            let message = match other.alias {
                None => format!(
                    "`{}` is a code of the list and cannot be an alias too",
                    alias.text
                ),
                Some(_) => format!("alias `{}` stands in the file twice", alias.text),
            };
            reader.report(alias, &message, "remove one of them");
            continue;
        }
        if let (Some(code), Some(cause)) = (of, why) {
            list.lookup.insert(
                alias.text.clone(),
                Entry {
                    code,
                    alias: Some(cause),
                },
            );
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
