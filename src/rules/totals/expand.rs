//! `for_each`: one declaration for several statements.

use super::{Check, Statement};
use crate::diagnostics::At;

/// Most statements that one declaration may become.
pub(super) const MAX_EXPANDED: usize = 1_000;

impl Statement {
    /// The statements that this declaration stands for, in the order of its values: itself without `for_each`.
    ///
    /// A declaration that passed validation becomes at most 1,000.
    pub fn expand(&self) -> Vec<Statement> {
        let mut plain = self.clone();
        plain.for_each.clear();
        let mut expanded = vec![plain];
        for (name, values) in &self.for_each {
            let placeholder = format!("{{{name}}}");
            expanded = expanded
                .iter()
                .flat_map(|statement| {
                    values
                        .iter()
                        .map(|value| statement.replaced(&placeholder, &value.value))
                })
                .take(MAX_EXPANDED)
                .collect();
        }
        expanded
    }

    fn replaced(&self, placeholder: &str, value: &str) -> Statement {
        let mut statement = self.clone();
        statement.each_text(&mut |text| {
            if text.value.contains(placeholder) {
                text.value = text.value.replace(placeholder, value);
            }
        });
        statement
    }

    /// Every text in which a placeholder is replaced.
    pub(super) fn each_text(&mut self, apply: &mut dyn FnMut(&mut At<String>)) {
        apply(&mut self.id);
        self.why.iter_mut().for_each(&mut *apply);
        if let Check::Hierarchy(hierarchy) = &mut self.check {
            apply(&mut hierarchy.codes);
        }
        for selector in self.check.sides_mut() {
            selector.value.each_text(apply);
        }
    }
}

/// The names in `{…}` of a text.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        is_name.then_some(name)
    })
}
