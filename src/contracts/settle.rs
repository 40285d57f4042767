//! What was drafted is linted as a project, and what does not hold is taken out: a contract may ask for a pattern that is
//! none, a column that is not there, or SQL of another engine.

use std::{collections::BTreeMap, fs, sync::Arc};

use super::{Request, draft::Draft, foreign::Note};
use crate::{
    diagnostics::{
        Diagnostic, Source,
        yaml::{self, Node, Value},
    },
    lint::lint,
    pipeline::RunError,
    publish::TemporaryFolder,
};

/// The texts of the tables, which lint clean beside what is in the project; what does not is noted and taken out.
pub async fn settle(
    drafts: &mut Vec<Draft>,
    request: &Request,
    notes: &mut Vec<Note>,
) -> Result<Vec<(String, String)>, RunError> {
    let around = surroundings(request);
    let name = request.file.file_name().unwrap_or_default();
    let comment = format!("Imported from {}.", name.to_string_lossy());
    loop {
        let texts: Vec<(String, String)> = drafts
            .iter()
            .map(|draft| (draft.name.clone(), draft.to_file(&comment)))
            .collect();
        if texts.is_empty() {
            return Ok(texts);
        }
        let found = mistakes(&texts, &around, request).await?;
        if found.is_empty() {
            return Ok(texts);
        }
        // What only follows from another mistake may hold once that is taken out.
        for (table, found) in found {
            let Some(at) = drafts.iter().position(|draft| draft.name == table) else {
                continue;
            };
            let text = texts.iter().find(|(name, _)| *name == table);
            let text = text.map_or("", |(_, text)| text.as_str());
            if !take_out(&mut drafts[at], text, &found, notes) {
                let draft = drafts.remove(at);
                let why = found.first().map(reason).unwrap_or_default();
                notes.push(Note {
                    span: draft.span,
                    what: format!("table `{}`", draft.name),
                    why,
                });
            }
        }
    }
}

/// Other files of the project that rules may lean on: its lists, and its tables that are not replaced.
fn surroundings(request: &Request) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let Some(root) = &request.project else {
        return files;
    };
    for folder in ["rules/reference", "rules/tables"] {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What cannot be read is for `lint` to say, of the project itself.
            if let Ok(text) = fs::read_to_string(&path) {
                files.insert(format!("{folder}/{name}"), text);
            }
        }
    }
    files
}

/// What `lint` says about each of the tables.
async fn mistakes(
    texts: &[(String, String)],
    around: &BTreeMap<String, String>,
    request: &Request,
) -> Result<BTreeMap<String, Vec<Diagnostic>>, RunError> {
    let folder = TemporaryFolder::new_in(&request.temporary)?;
    let mut files = around.clone();
    files.insert(
        "rules/project.yaml".to_owned(),
        // Whether nights have dates is for the project to say that the tables come into.
        "version: 1\nname: import\ndeliveries: { path: nights }\n".to_owned(),
    );
    for (name, text) in texts {
        files.insert(path_of(name), text.clone());
    }
    for (path, text) in &files {
        folder.write(path, text.as_bytes())?;
    }
    let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    for diagnostic in lint(folder.path(), request.today).await?.diagnostics {
        let path = diagnostic.span.as_ref().map(|s| s.source.path.as_str());
        if let Some((name, _)) = texts.iter().find(|(n, _)| path == Some(&path_of(n))) {
            found.entry(name.clone()).or_default().push(diagnostic);
        }
    }
    Ok(found)
}

fn path_of(table: &str) -> String {
    format!("rules/tables/{table}.yaml")
}

/// What a diagnostic is about.
enum Culprit {
    /// A rule of its own.
    Rule(usize),
    /// A key under a column.
    Column(String, String),
}

/// Takes out what the mistakes are about, with a note about each; false when there was nothing to take out.
fn take_out(draft: &mut Draft, text: &str, found: &[Diagnostic], notes: &mut Vec<Note>) -> bool {
    let source = Arc::new(Source {
        path: String::new(),
        text: text.to_owned(),
    });
    let Some(node) = yaml::parse(&source, &mut Vec::new()) else {
        return false;
    };
    let mut rules: BTreeMap<usize, String> = BTreeMap::new();
    let mut taken: Vec<String> = Vec::new();
    // A rule that is left out is no reason to leave out another.
    let mut found: Vec<&Diagnostic> = found.iter().collect();
    found.sort_by_key(|diagnostic| match diagnostic.lint {
        Some("implied") => 2,
        Some("contradiction") => 1,
        _ => 0,
    });
    for diagnostic in found {
        if taken.iter().any(|id| diagnostic.message.contains(id)) {
            continue;
        }
        let at = diagnostic.span.as_ref().map_or(0, |s| s.bytes.start);
        match culprit(&node, at) {
            Some(Culprit::Rule(index)) => {
                if let Some(rule) = draft.rules.get(index) {
                    taken.push(format!("`{}`", rule.id));
                    rules.entry(index).or_insert_with(|| reason(diagnostic));
                }
            }
            Some(Culprit::Column(column, key)) => {
                let Some(column) = draft.column(&column) else {
                    continue;
                };
                let column = &mut draft.columns[column];
                let what = format!("{}.{}: {key}", draft.name, column.name);
                let id = format!("`{}.{}.{key}`", draft.name, column.name);
                let rule = column.rules.iter().position(|rule| rule.kind == key);
                let entry = column.entries.iter().position(|entry| entry.key == key);
                let (span, what) = match (rule, entry) {
                    (Some(at), _) => {
                        let rule = column.rules.remove(at);
                        (rule.span, rule.what)
                    }
                    (None, Some(at)) => {
                        column.entries.remove(at);
                        (column.span.clone(), what)
                    }
                    // Taken out already, for another mistake of the same.
                    (None, None) => continue,
                };
                taken.push(id);
                notes.push(Note {
                    span,
                    what,
                    why: reason(diagnostic),
                });
            }
            None => {}
        }
    }
    for (index, why) in rules.into_iter().rev() {
        if index < draft.rules.len() {
            let rule = draft.rules.remove(index);
            notes.push(Note {
                span: rule.span,
                what: rule.what,
                why,
            });
        }
    }
    !taken.is_empty()
}

fn culprit(file: &Node, at: usize) -> Option<Culprit> {
    if let Some(Value::Sequence(rules)) = file.get("rules").map(|rules| &rules.value) {
        let holds = |rule: &Node| (rule.bytes.start..=rule.bytes.end).contains(&at);
        if let Some(index) = rules.iter().position(holds) {
            return Some(Culprit::Rule(index));
        }
    }
    for (column, settings) in file.get("columns")?.entries() {
        for (key, value) in settings.entries() {
            if (key.bytes.start..=value.bytes.end).contains(&at) {
                return Some(Culprit::Column(column.text.clone(), key.text.clone()));
            }
        }
    }
    None
}

/// A diagnostic as the reason of a note.
fn reason(diagnostic: &Diagnostic) -> String {
    let mut why = diagnostic.message.clone();
    if !diagnostic.label.is_empty() {
        why = format!("{why} ({})", diagnostic.label);
    }
    let help = match (diagnostic.lint, &diagnostic.help) {
        (Some("implied"), _) => None,
        // Where the other rule stands is a line of a file that is not written so.
        (Some("contradiction"), Some(help)) => help.rsplit_once("; ").map(|(why, _)| why),
        (_, help) => help.as_deref(),
    };
    match help {
        Some(help) => format!("{why}: {help}"),
        None => why,
    }
}
