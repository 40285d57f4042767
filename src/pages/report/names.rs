//! What a report may name: aggregates with their categories, populations, code lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aggregate::mentions,
    check::session::list_table,
    project::{Project, Report, SqlFile},
};

/// What parts the parts of a category.
pub const BETWEEN: &str = " / ";

/// Everything that a report may name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The categories of each aggregate, as far as they are known.
    aggregates: BTreeMap<String, Categories>,
    /// Aggregates that could not be read.
    unread: BTreeSet<String>,
    /// The populations that the report says what they are.
    pub populations: Vec<String>,
    /// The label of each code of each list.
    lists: BTreeMap<String, BTreeMap<String, String>>,
}

/// The categories that an aggregate may have.
#[derive(Clone, Debug, Default)]
struct Categories {
    /// Codes of the lists that its query reads; empty where it reads none.
    codes: BTreeSet<String>,
    /// Its query.
    text: String,
}

/// A name that is not there.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// The word.
    pub word: String,
    /// What is wrong with it.
    pub message: String,
    /// What it may have been meant to be.
    pub known: Vec<String>,
}

impl Names {
    /// Those of a project.
    pub fn of(project: &Project, report: &Report) -> Self {
        let labels = |list: &crate::tables::CodeList| {
            let codes = list.codes.iter();
            codes
                .map(|code| (code.code.clone(), code.label.clone()))
                .collect()
        };
        let lists = project.lists.iter();
        let aggregates = project.aggregates.iter();
        Self {
            aggregates: aggregates
                .map(|file| (file.name.to_string(), categories(project, file)))
                .collect(),
            unread: BTreeSet::new(),
            populations: report.populations.iter().map(|(p, _)| p.clone()).collect(),
            lists: lists
                .map(|list| (list.name.to_string(), labels(list)))
                .collect(),
        }
    }

    /// Takes `name` for an aggregate of which nothing is known.
    pub fn unread(&mut self, name: &str) {
        self.unread.insert(name.to_owned());
    }

    /// Whether there is such an aggregate.
    pub fn aggregate(&self, name: &str) -> Result<(), Unknown> {
        if self.aggregates.contains_key(name) || self.unread.contains(name) {
            return Ok(());
        }
        Err(Unknown {
            word: name.to_owned(),
            message: format!("there is no aggregate `{name}` in sql/aggregates/"),
            known: self.aggregates.keys().cloned().collect(),
        })
    }

    /// Whether an aggregate can have such a category.
    pub fn category(&self, aggregate: &str, category: &str) -> Result<(), Unknown> {
        let Some(of) = self.aggregates.get(aggregate) else {
            return self.aggregate(aggregate);
        };
        let quoted = format!("'{}'", category.replace('\'', "''"));
        if of.codes.is_empty() || composed(&of.codes, category) || of.text.contains(&quoted) {
            return Ok(());
        }
        Err(Unknown {
            word: category.to_owned(),
            message: format!("the aggregate `{aggregate}` has no category `{category}`"),
            known: of.codes.iter().cloned().collect(),
        })
    }

    /// Whether the report says what this population is.
    pub fn population(&self, name: &str) -> Result<(), Unknown> {
        if self.populations.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(Unknown {
            word: name.to_owned(),
            message: format!("`populations` does not say what `{name}` is"),
            known: self.populations.clone(),
        })
    }

    /// Whether there is such a code list.
    pub fn list(&self, name: &str) -> Result<(), Unknown> {
        if self.lists.contains_key(name) {
            return Ok(());
        }
        Err(Unknown {
            word: name.to_owned(),
            message: format!("there is no code list `{name}`"),
            known: self.lists.keys().cloned().collect(),
        })
    }

    /// What readers call a category, or a part of one, by `list`.
    pub fn label<'n>(&'n self, list: Option<&str>, text: &'n str) -> &'n str {
        let labels = list.and_then(|list| self.lists.get(list));
        labels
            .and_then(|labels| labels.get(text))
            .map_or(text, |label| label)
    }
}

/// The codes of the lists that a query reads, and of those that model tables behind it may read.
fn categories(project: &Project, file: &SqlFile) -> Categories {
    let read = project
        .lists
        .iter()
        .filter(|list| mentions(file, &list_table(list.name.as_str())));
    let codes = read.flat_map(|list| list.codes.iter().map(|code| code.code.clone()));
    Categories {
        codes: codes.collect(),
        text: file.source.text.clone(),
    }
}

/// Whether a category is a code, or codes one after another.
fn composed(codes: &BTreeSet<String>, category: &str) -> bool {
    if codes.contains(category) {
        return true;
    }
    category.match_indices(BETWEEN).any(|(at, between)| {
        let (first, rest) = (category.get(..at), category.get(at + between.len()..));
        match (first, rest) {
            (Some(first), Some(rest)) => codes.contains(first) && composed(codes, rest),
            _ => false,
        }
    })
}
