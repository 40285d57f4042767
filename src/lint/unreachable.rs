//! Codes and aliases that no cell can be once it is cleaned.

use std::collections::BTreeSet;

use super::unused::lists_of_statements;
use crate::{
    aggregate::mentions,
    check::session::names_table,
    conform::cleaned,
    diagnostics::{At, Diagnostic},
    pipeline::plan::Plan,
    project::{ListFile, Project},
    rules::Kind,
    tables::{CodeList, Column},
};

/// Codes or aliases that a finding names.
const NAMED: usize = 3;

/// A column that draws on a list.
struct Drawing<'p> {
    column: &'p Column,
    /// Where it names the list.
    named: &'p At<String>,
    maps_aliases: bool,
}

impl Drawing<'_> {
    fn holds(&self, text: &str) -> bool {
        cleaned(text, &self.column.clean) == text
    }

    fn why_not(&self, text: &str) -> &'static str {
        self.column.never_holds(text).unwrap_or("cells are cleaned")
    }
}

/// Reports the codes that a column has no cell for, and the aliases that are none in any column.
pub fn unreachable(project: &Project, plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let of_statements = lists_of_statements(plan);
    for file in &project.list_files {
        let Some(list) = project.lists.iter().find(|list| list.name == file.name) else {
            continue;
        };
        let drawing: Vec<Drawing<'_>> = drawing(project, list).collect();
        for column in &drawing {
            codes(column, list, diagnostics);
        }
        // Statements and queries understand aliases too, of texts that nobody cleans.
        let names = names_table(list.name.as_str());
        let queries = project.model.iter().chain(&project.aggregates);
        let mut queries = queries.chain(&project.records);
        let is_of_others = of_statements.contains(list.name.as_str())
            || queries.any(|query| mentions(query, &names));
        if !is_of_others {
            aliases(file, &drawing, list, diagnostics);
        }
    }
}

fn drawing<'p>(project: &'p Project, list: &'p CodeList) -> impl Iterator<Item = Drawing<'p>> {
    project.rules.iter().filter_map(|rule| {
        let Kind::AcceptedValues(kind) = &rule.kind else {
            return None;
        };
        let named = kind.list.as_ref()?;
        let column = &project.tables[rule.table].columns[rule.column?];
        (named.value == list.name.as_str()).then(|| Drawing {
            column,
            named,
            maps_aliases: kind.maps_aliases(),
        })
    })
}

fn codes(drawing: &Drawing<'_>, list: &CodeList, diagnostics: &mut Vec<Diagnostic>) {
    let mut held: BTreeSet<usize> = BTreeSet::new();
    for (text, entries) in &list.lookup {
        if drawing.holds(text) {
            let understood = entries
                .iter()
                .filter(|entry| entry.alias.is_none() || drawing.maps_aliases);
            held.extend(understood.map(|entry| entry.code));
        }
    }
    let missed = list.codes.iter().enumerate();
    let missed = missed.filter(|(at, _)| !held.contains(at));
    let missed: Vec<&str> = missed.map(|(_, code)| code.code.as_str()).collect();
    let Some(first) = missed.first() else { return };
    let message = format!(
        "no cell of `{}` can be {} of `{}`: {}",
        drawing.column.name,
        named(&missed),
        list.name,
        drawing.why_not(first)
    );
    let help = "write codes as cleaned cells are, or change the column's `clean`";
    let found = Diagnostic::at(&drawing.named.span, message);
    diagnostics.push(found.lint("unreachable_code").help(help));
}

fn aliases(
    file: &ListFile,
    drawing: &[Drawing<'_>],
    list: &CodeList,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let understanding = || drawing.iter().filter(|drawing| drawing.maps_aliases);
    let (Some(place), Some(one)) = (&file.aliases, understanding().next()) else {
        return;
    };
    let of_aliases = list.lookup.iter().filter(|(_, entries)| {
        let mut entries = entries.iter();
        entries.all(|entry| entry.alias.is_some())
    });
    let missed = of_aliases.map(|(text, _)| text.as_str());
    let missed = missed.filter(|text| !understanding().any(|drawing| drawing.holds(text)));
    let mut missed: Vec<&str> = missed.collect();
    missed.sort_unstable();
    let Some(first) = missed.first() else { return };
    let message = format!(
        "no cell can be {} of `{}`: {}",
        named(&missed),
        list.name,
        one.why_not(first)
    );
    let help = "write aliases as cleaned cells are, or remove their lines";
    let found = Diagnostic::at(place, message);
    diagnostics.push(found.lint("unreachable_code").help(help));
}

/// The first of the texts, and how many more there are.
fn named(texts: &[&str]) -> String {
    let first: Vec<String> = texts
        .iter()
        .take(NAMED)
        .map(|text| format!("`{text}`"))
        .collect();
    match texts.len().saturating_sub(NAMED) {
        0 => first.join(" or "),
        more => format!("{} or {more} more", first.join(", ")),
    }
}
