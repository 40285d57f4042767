//! Mistakes in declared statements, all of them, each with its place.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Check, Key, Materiality, Selector, Source, Statement,
    expand::{MAX_EXPANDED, placeholders},
};
use crate::{
    diagnostics::{At, Diagnostic, Span},
    discrepancy::{Dimension, Severity},
    tables::CodeList,
};

/// Mistakes in the statements of a project: those of each, and ids that are there twice.
pub fn validate(statements: &[Statement], lists: &[CodeList], diagnostics: &mut Vec<Diagnostic>) {
    let mut ids: BTreeMap<String, Span> = BTreeMap::new();
    for statement in statements {
        let before = diagnostics.len();
        statement.validate(lists, diagnostics);
        // The ids that a wrong `for_each` makes are not those that were meant.
        if diagnostics.len() > before && !statement.for_each.is_empty() {
            continue;
        }
        for expanded in statement.expand() {
            let At { value: id, span } = expanded.id;
            if let Some(first) = ids.get(&id) {
                let (line, _) = first.line_column();
                let message = format!("a second statement has the id `{id}`");
                let help = format!("the first is at {}:{line}", first.source.path);
                diagnostics.push(Diagnostic::at(&span, message).help(help));
            } else {
                ids.insert(id, span);
            }
        }
    }
}

impl Statement {
    /// Mistakes in this declaration.
    fn validate(&self, lists: &[CodeList], diagnostics: &mut Vec<Diagnostic>) {
        let mut found = Vec::new();
        self.validate_for_each(&mut found);
        if found.is_empty() {
            for statement in self.expand() {
                statement.validate_expanded(lists, &mut found);
            }
        }
        // What is wrong with the declaration is wrong with each of its statements: said once.
        let mut said = BTreeSet::new();
        found.retain(|d| {
            let place = d.span.as_ref().map(|s| (s.bytes.start, s.bytes.end));
            said.insert((place, d.message.clone()))
        });
        diagnostics.append(&mut found);
    }

    fn validate_for_each(&self, diagnostics: &mut Vec<Diagnostic>) {
        let mut product = 1_usize;
        for (name, values) in &self.for_each {
            product = product.saturating_mul(values.len());
            if values.is_empty() {
                let message = format!("`for_each` gives `{name}` no values");
                diagnostics.push(Diagnostic::at(&self.id.span, message));
            }
            if !placeholders(&self.id.value).any(|used| used == name) {
                let message = format!("the id does not hold `{{{name}}}` of `for_each`");
                diagnostics.push(
                    Diagnostic::at(&self.id.span, message)
                        .help("each statement needs an id of its own: put it into the id"),
                );
            }
            repeated(values, "value", diagnostics);
        }
        if product > MAX_EXPANDED {
            let message = format!(
                "`for_each` makes {product} statements of one, at most {MAX_EXPANDED} are allowed"
            );
            diagnostics.push(Diagnostic::at(&self.id.span, message).help("split it into several"));
        }
        self.clone().each_text(&mut |text| {
            for name in placeholders(&text.value) {
                if !self.for_each.contains_key(name) {
                    let known = self.for_each.keys().map(String::as_str);
                    let message = format!("`for_each` has no `{name}`");
                    diagnostics.push(
                        Diagnostic::at(&text.span, message)
                            .label("this would stay as it is")
                            .suggest(name, known),
                    );
                }
            }
        });
    }

    fn validate_expanded(&self, lists: &[CodeList], diagnostics: &mut Vec<Diagnostic>) {
        good_id(&self.id, diagnostics);
        let help = "say why the figures must agree";
        said_why(&self.id, self.why.as_ref(), help, diagnostics);
        let severities = Severity::ALL.iter().map(|s| s.word());
        known_word("severity", self.severity.as_ref(), severities, diagnostics);
        let dimensions = Dimension::ALL.iter().map(|d| d.word());
        known_word(
            "dimension",
            self.dimension.as_ref(),
            dimensions,
            diagnostics,
        );
        let materialities = Materiality::ALL.iter().map(|m| m.word());
        let materiality = self.materiality.as_ref();
        known_word("materiality", materiality, materialities, diagnostics);
        if let Some(tolerance) = &self.tolerance {
            tolerance.validate(self.check.adds(), diagnostics);
        }
        self.check.validate(lists, diagnostics);
    }
}

impl Check {
    fn validate(&self, lists: &[CodeList], diagnostics: &mut Vec<Diagnostic>) {
        for (name, selector) in self.sides() {
            match self {
                // As it is with the hierarchy's list.
                Check::Hierarchy(k) if name == "members" => {
                    k.members_by_group()
                        .validate(&selector.span, lists, diagnostics);
                }
                _ => selector.value.validate(&selector.span, lists, diagnostics),
            }
        }
        known_keys(self.by(), diagnostics);
        if let Some((name, keys)) = self.narrower() {
            known_keys(keys, diagnostics);
            let implied = self.implied().map(Key::word);
            let by = || self.by().iter().map(|k| k.value.as_str()).chain(implied);
            for key in keys {
                if Key::from_word(&key.value).is_some() && !by().any(|k| k == key.value) {
                    let message = format!("`{name}` names `{}`, which `by` does not", key.value);
                    diagnostics.push(
                        Diagnostic::at(&key.span, message)
                            .help("a group has one value only of the keys in `by`: add it there"),
                    );
                }
            }
        }
        self.validate_kind(diagnostics);
    }
}

impl Selector {
    /// Mistakes in this selector, which stands at `span`.
    pub(super) fn validate(
        &self,
        span: &Span,
        lists: &[CodeList],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let filters = Key::ALL
            .iter()
            .filter_map(|key| self.texts(*key).map(|texts| (key.word(), texts)));
        let left_out = self.not_category.iter().map(|t| ("not_category", &*t.0));
        for (name, texts) in filters.chain(left_out) {
            if texts.is_empty() {
                let message = format!("`{name}` is an empty list, which selects nothing");
                diagnostics.push(Diagnostic::at(span, message).help("leave the key out for any"));
            }
            repeated(texts, name, diagnostics);
        }
        let overwritten = self.overwritten(Key::Source);
        for source in self
            .texts(Key::Source)
            .unwrap_or_default()
            .iter()
            .chain(overwritten)
        {
            let words = Source::ALL.iter().map(|s| s.word());
            known_word("source", Some(source), words, diagnostics);
        }
        let Some(name) = &self.codes else {
            if let Some(at) = &self.group_by_parent
                && at.value
            {
                let message = "`group_by_parent` needs `codes`";
                diagnostics.push(
                    Diagnostic::at(&at.span, message).help("name the list whose parents are meant"),
                );
            }
            return;
        };
        let Some(list) = lists.iter().find(|l| l.name.as_str() == name.value) else {
            let known = lists.iter().map(|l| l.name.as_str());
            let message = format!("there is no code list `{}`", name.value);
            let label = format!("rules/reference/{}.csv does not exist", name.value);
            diagnostics.push(
                Diagnostic::at(&name.span, message)
                    .label(label)
                    .suggest(&name.value, known),
            );
            return;
        };
        let chosen = self.category.iter().chain(&self.not_category);
        for code in chosen.flat_map(|texts| &texts.0) {
            let Some(entry) = list.meaning(&code.value) else {
                let message = format!("`{}` is no code of `{}`", code.value, name.value);
                let known = list.codes.iter().map(|c| c.code.as_str());
                diagnostics.push(Diagnostic::at(&code.span, message).suggest(&code.value, known));
                continue;
            };
            if let (Some(_), Some(meant)) = (entry.alias, list.codes.get(entry.code)) {
                let message = format!("`{}` is an alias in `{}`", code.value, name.value);
                diagnostics.push(
                    Diagnostic::at(&code.span, message)
                        .help(format!("write its code: `{}`", meant.code)),
                );
            }
        }
        if let Some(at) = &self.group_by_parent
            && at.value
            && list.codes.iter().all(|code| code.parent.is_none())
        {
            let message = format!("no code of `{}` has a parent", name.value);
            diagnostics.push(Diagnostic::at(&at.span, message));
        }
    }
}

pub(super) fn known_word<'k>(
    what: &str,
    word: Option<&At<String>>,
    known: impl Iterator<Item = &'k str> + Clone,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(word) = word
        && !known.clone().any(|k| k == word.value)
    {
        let message = format!("`{}` is no {what}", word.value);
        diagnostics.push(Diagnostic::at(&word.span, message).suggest(&word.value, known));
    }
}

fn known_keys(keys: &[At<String>], diagnostics: &mut Vec<Diagnostic>) {
    for key in keys {
        let known = Key::ALL.iter().map(|k| k.word());
        known_word("key of a figure", Some(key), known, diagnostics);
    }
    repeated(keys, "key", diagnostics);
}

/// Reports an id that cannot be one.
pub(super) fn good_id(id: &At<String>, diagnostics: &mut Vec<Diagnostic>) {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if id.value.is_empty() || !id.value.bytes().all(good) {
        let message = format!("`{}` cannot be an id", id.value);
        diagnostics.push(Diagnostic::at(&id.span, message).help("use a-z, 0-9, _, - and ."));
    }
}

/// Reports a `why` that is absent or says nothing.
pub(super) fn said_why(
    id: &At<String>,
    why: Option<&At<String>>,
    help: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (span, message) = match why {
        Some(why) if !why.value.trim().is_empty() => return,
        Some(why) => (&why.span, "`why` is blank".to_owned()),
        None => (&id.span, format!("`{}` has no `why`", id.value)),
    };
    diagnostics.push(Diagnostic::at(span, message).help(help));
}

/// Reports what a list holds twice.
pub(super) fn repeated(texts: &[At<String>], what: &str, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for text in texts {
        if !seen.insert(text.value.as_str()) {
            let message = format!("{what} `{}` is there twice", text.value);
            diagnostics.push(Diagnostic::at(&text.span, message));
        }
    }
}
