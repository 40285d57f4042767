//! What a report names that the project does not have, before any data is read.

use std::sync::Arc;

use super::{
    Period,
    names::{Names, Unknown},
    text::{FUNCTIONS, Source, Texts},
};
use crate::{
    diagnostics::{
        At, Diagnostic,
        yaml::{span_in, span_of_bytes},
    },
    project::{Block, Project, Report},
    rules::totals::Comparison,
};

/// Reports every name of the report that is not there, and every text that is no template.
///
/// `comparisons` are those of the project, where they could be read.
pub fn check(
    project: &Project,
    report: &Report,
    comparisons: Option<&[Comparison]>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut names = Names::of(project, report);
    for name in named(report).filter(|name| project.unread.is_table(&name.value)) {
        names.unread(&name.value);
    }
    let texts = Texts::new(Arc::new(Source {
        names: names.clone(),
        period: Period::default(),
        ..Source::default()
    }));
    let mut check = Check {
        names: &names,
        texts: &texts,
        project,
        comparisons,
        diagnostics,
    };
    for block in report.sections.iter().flat_map(|section| &section.blocks) {
        check.block(block);
    }
}

/// The aggregates that blocks name.
pub fn named(report: &Report) -> impl Iterator<Item = &At<String>> {
    let blocks = report.sections.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|block| match block {
        Block::Cards(cards) => Some(&cards.aggregate),
        Block::Table(table) => Some(&table.aggregate),
        Block::Text(_) | Block::YearOnYear(_) => None,
    })
}

/// Whether any part of the report shows figures of an aggregate.
pub fn shows(report: &Report, aggregate: &str) -> bool {
    let blocks = report.sections.iter().flat_map(|section| &section.blocks);
    let in_text = |text: &str| {
        let quoted = [format!("'{aggregate}'"), format!("\"{aggregate}\"")];
        quoted.iter().any(|quoted| text.contains(quoted))
    };
    named(report).any(|name| name.value == aggregate)
        || blocks
            .filter_map(|block| match block {
                Block::Text(text) => Some(text),
                _ => None,
            })
            .any(|text| in_text(&text.value))
}

struct Check<'c> {
    names: &'c Names,
    texts: &'c Texts,
    project: &'c Project,
    comparisons: Option<&'c [Comparison]>,
    diagnostics: &'c mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(text) => self.text(text),
            Block::Cards(cards) => {
                self.aggregate(&cards.aggregate, &cards.categories);
                self.list(cards.labels.as_ref());
            }
            Block::Table(table) => {
                self.aggregate(&table.aggregate, &table.categories);
                self.list(table.labels.as_ref());
            }
            Block::YearOnYear(chart) => {
                self.list(chart.labels.as_ref());
                let Some(comparisons) = self.comparisons else {
                    return;
                };
                let charts = comparisons.iter().flat_map(|comparison| &comparison.charts);
                let mut known: Vec<&str> = charts
                    .map(|chart| chart.value.table.value.as_str())
                    .collect();
                known.dedup();
                if !known.contains(&chart.table.value.as_str()) {
                    let message = format!("no comparison is about `{}`", chart.table.value);
                    let found = Diagnostic::at(&chart.table.span, message);
                    self.diagnostics
                        .push(found.suggest(&chart.table.value, known));
                }
            }
        }
    }

    fn aggregate(&mut self, aggregate: &At<String>, categories: &[At<String>]) {
        let checked = self.names.aggregate(&aggregate.value);
        let is_there = checked.is_ok();
        self.told(aggregate, checked);
        for category in categories.iter().filter(|_| is_there) {
            let checked = self.names.category(&aggregate.value, &category.value);
            self.told(category, checked);
        }
    }

    fn list(&mut self, list: Option<&At<String>>) {
        let unread = |list: &&At<String>| {
            let table = crate::check::session::list_table(&list.value);
            self.project.unread.is_table(&table)
        };
        if let Some(list) = list.filter(|list| !unread(list)) {
            self.told(list, self.names.list(&list.value));
        }
    }

    fn told(&mut self, at: &At<String>, checked: Result<(), Unknown>) {
        if let Err(unknown) = checked {
            let known = unknown.known.iter().map(String::as_str);
            let found = Diagnostic::at(&at.span, unknown.message).suggest(&unknown.word, known);
            self.diagnostics.push(found);
        }
    }

    fn text(&mut self, text: &At<String>) {
        match self.texts.paragraphs(&text.value) {
            Ok((_, unknown)) => {
                let mut from = 0;
                for unknown in unknown {
                    // Names are told in the order of the text, and stand there in quotes.
                    let quoted = |quote: char, from: usize| {
                        let rest = text.value.get(from..)?;
                        let name = format!("{quote}{}{quote}", unknown.word);
                        rest.find(&name).map(|at| from + at + 1)
                    };
                    let find = |from| {
                        let places = [quoted('\'', from), quoted('"', from)];
                        places.into_iter().flatten().min()
                    };
                    let found = find(from).or_else(|| find(0));
                    let start = found.unwrap_or(0);
                    let end = start + found.map_or(0, |_| unknown.word.len());
                    from = end.max(from);
                    let span = span_of_bytes(text, start..end);
                    let known = unknown.known.iter().map(String::as_str);
                    let found = Diagnostic::at(&span, unknown.message);
                    self.diagnostics.push(found.suggest(&unknown.word, known));
                }
            }
            Err(error) => {
                let line = error.line().unwrap_or(1);
                let span = span_in(text, (line, 1), (line, usize::MAX));
                let why = match error.detail() {
                    Some(detail) => detail.to_owned(),
                    None => error.kind().to_string(),
                };
                let help = format!("texts know {FUNCTIONS}; see docs/report.md");
                self.diagnostics.push(
                    Diagnostic::at(&span, format!("this text cannot be made: {why}")).help(help),
                );
            }
        }
    }
}
