//! What could not be read of a project: what is said about it elsewhere cannot be judged, and is not reported.

use std::collections::BTreeSet;

use crate::diagnostics::yaml::{Node, Value};

/// Names of what could not be read, or not wholly.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// Tables, code lists and results of queries of which nothing is known, as files name them.
    whole: BTreeSet<String>,
    /// Columns of no known type, or of no name that they may have: table, column.
    columns: BTreeSet<(String, String)>,
    /// Code lists that may have other codes than were read.
    codes: BTreeSet<String>,
    /// Whether a rule may be missing.
    pub rules: bool,
}

impl Unread {
    /// Nothing is known of a table or of the result of a query.
    pub fn table(&mut self, name: &str) {
        self.whole.insert(name.to_lowercase());
    }

    /// Nothing is known of a column, but that it is there.
    pub fn column(&mut self, table: &str, column: &str) {
        self.columns
            .insert((table.to_lowercase(), column.to_lowercase()));
    }

    /// Nothing is known of a code list.
    pub fn list(&mut self, name: &str) {
        let name = name.to_lowercase();
        self.whole.insert(format!("list_{name}"));
        self.whole.insert(format!("names_{name}"));
        self.whole.insert(name.clone());
        self.codes.insert(name);
    }

    /// Some codes of a list are not known.
    pub fn codes(&mut self, list: &str) {
        self.codes.insert(list.to_lowercase());
    }

    /// Whether this is a table, or the result of a query, of which nothing is known.
    pub fn is_table(&self, name: &str) -> bool {
        self.whole.contains(name)
    }

    /// Whether something that has these words, and is about `table` if about any, leans on what could not be read.
    pub fn leans(&self, table: Option<&str>, words: &Words) -> bool {
        let about = |name: &str| table == Some(name) || words.0.contains(name);
        self.whole.iter().any(|name| about(name))
            || self
                .columns
                .iter()
                .any(|(of, column)| words.0.contains(column) && about(of))
    }

    /// Whether something that has these words leans on a list with codes that are not known.
    pub fn leans_on_codes(&self, words: &Words) -> bool {
        !self.codes.is_disjoint(&words.0)
    }
}

/// The words of a text that could be names, in lower case.
#[derive(Debug, Default)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// Those of a query; what stands in its comments names nothing.
    pub fn of_sql(text: &str) -> Self {
        let mut words = Self::default();
        for line in text.lines() {
            words.add(line.split("--").next().unwrap_or_default());
        }
        words
    }

    /// Those of all values and keys below `node`.
    pub fn of(node: &Node) -> Self {
        let mut words = Self::default();
        words.below(node);
        words
    }

    /// Adds those of `text`.
    pub fn add(&mut self, text: &str) {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let found = text.split(|c| !is_word(c)).filter(|word| !word.is_empty());
        self.0.extend(found.map(str::to_lowercase));
    }

    /// Adds `text` as a name as well: it may not be one that is allowed.
    fn add_whole(&mut self, text: &str) {
        self.0.insert(text.to_lowercase());
        self.add(text);
    }

    /// Adds those of all values and keys below `node`.
    pub fn below(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar { text, .. } => self.add_whole(text),
            Value::Sequence(items) => items.iter().for_each(|item| self.below(item)),
            Value::Map(entries) => {
                for (key, node) in entries {
                    self.add_whole(&key.text);
                    self.below(node);
                }
            }
        }
    }
}
