//! What a project declares and nothing reads: code lists, aliases, aggregates.

use std::collections::BTreeSet;

use crate::{
    aggregate::mentions,
    check::session::{list_table, names_table},
    diagnostics::{At, Diagnostic, Span},
    pages::report,
    pipeline::plan::Plan,
    project::{ListFile, Project, SqlFile},
    rules::{
        Kind,
        totals::{Check, Key, Selector, Source},
    },
};

/// Reports what nothing reads. The project has to be free of mistakes: what could not be read may read it.
pub fn unused(project: &Project, plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let selectors = Selectors::of(plan);
    for file in &project.list_files {
        list(file, project, &selectors, diagnostics);
    }
    for file in &project.aggregates {
        if !selectors.read(file.name.as_str()) {
            let message = format!(
                "no statement about totals reads the aggregate `{}`",
                file.name
            );
            let help =
                "write a statement in rules/totals/ that its figures must keep, or remove the file";
            diagnostics.push(
                Diagnostic::at(&start(file), message)
                    .lint("unused_aggregate")
                    .help(help),
            );
        }
        if let Some(report) = &project.report
            && !report::shows(report, file.name.as_str())
        {
            let message = format!(
                "no section of the report shows the aggregate `{}`",
                file.name
            );
            let help =
                "write `table: { aggregate: …, title: … }` in a section of rules/report.yaml";
            diagnostics.push(
                Diagnostic::at(&start(file), message)
                    .lint("unshown_aggregate")
                    .help(help),
            );
        }
    }
}

fn list(
    file: &ListFile,
    project: &Project,
    selectors: &Selectors<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = file.name.as_str();
    let rules = project.rules.iter().filter_map(|rule| match &rule.kind {
        Kind::AcceptedValues(kind) if kind.list.as_ref().is_some_and(|l| l.value == name) => {
            Some(kind)
        }
        _ => None,
    });
    let table = list_table(name);
    let queries = || {
        project
            .model
            .iter()
            .chain(&project.aggregates)
            .chain(&project.records)
    };
    let by_rules = rules.clone().count() > 0;
    let names = names_table(name);
    let by_queries = queries().any(|file| mentions(file, &table) || mentions(file, &names));
    let by_totals = selectors.codes.contains(name);
    let by_lists = (project.lists.iter())
        .any(|list| list.name.as_str() != name && list.correspondence.from_lists.contains(name));
    if !(by_rules || by_queries || by_totals || by_lists) {
        let message = format!("nothing uses the code list `{name}`");
        let help = format!(
            "name it (`accepted_values: {{ list: {name} }}`, `codes: {name}`, or `{table}` in SQL), or remove the file"
        );
        diagnostics.push(
            Diagnostic::at(&file.codes, message)
                .lint("unused_list")
                .help(help),
        );
        return;
    }
    // Aliases tell a misspelling from an unknown code only where a column or a statement understands them.
    let named = queries().any(|file| mentions(file, &names));
    let understood = named || by_totals || rules.clone().any(|kind| kind.maps_aliases());
    if let (Some(aliases), false) = (&file.aliases, understood) {
        let message = format!("nothing understands the aliases of `{name}`");
        let help = "write `map_aliases: true` where the list is named, or remove the file";
        diagnostics.push(
            Diagnostic::at(aliases, message)
                .lint("unused_aliases")
                .help(help),
        );
    }
}

/// Reports statements about computed figures of an aggregate, period or measure that there is not.
pub fn unknown_figures(project: &Project, plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let aggregates: Vec<&str> = project
        .aggregates
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    let periods: Vec<&str> = project
        .periods
        .iter()
        .map(|period| period.id.as_str())
        .collect();
    let known: [(Key, &str, &[&str]); 3] = [
        (Key::Table, "aggregate", &aggregates),
        (Key::Period, "period of the project", &periods),
        (
            Key::Measure,
            "measure of an aggregate",
            &["count", "base", "share"],
        ),
    ];
    for selector in Selectors::of(plan).all {
        if !is_only(selector, Source::Computed) {
            continue;
        }
        for (key, what, known) in known {
            for text in selector.texts(key).unwrap_or_default() {
                if !known.contains(&text.value.as_str()) {
                    let message = format!(
                        "there is no {what} `{}`: these figures are never computed",
                        text.value
                    );
                    let found = Diagnostic::at(&text.span, message).lint("unknown_figure");
                    diagnostics.push(found.suggest(&text.value, known.iter().copied()));
                }
            }
        }
    }
}

/// Whether the selector is about figures from there and no others.
fn is_only(selector: &Selector, source: Source) -> bool {
    let texts = selector.texts(Key::Source).unwrap_or_default();
    !texts.is_empty() && texts.iter().all(|text| text.value == source.word())
}

/// The code lists that statements and comparisons name.
pub fn lists_of_statements(plan: &Plan) -> BTreeSet<&str> {
    Selectors::of(plan).codes
}

/// What statements and comparisons select.
struct Selectors<'p> {
    all: Vec<&'p Selector>,
    /// The code lists that they name.
    codes: BTreeSet<&'p str>,
}

impl<'p> Selectors<'p> {
    fn of(plan: &'p Plan) -> Self {
        let mut codes = BTreeSet::new();
        let mut all: Vec<&Selector> = Vec::new();
        for statement in &plan.statements {
            all.extend(
                statement
                    .check
                    .sides()
                    .into_iter()
                    .map(|(_, side)| &side.value),
            );
            if let Check::Hierarchy(hierarchy) = &statement.check {
                codes.insert(hierarchy.codes.value.as_str());
            }
        }
        for comparison in &plan.comparisons {
            all.extend(
                comparison
                    .years()
                    .into_iter()
                    .map(|(_, year)| &year.value.figures.value),
            );
            codes.extend(
                comparison
                    .charts
                    .iter()
                    .map(|chart| chart.value.codes.value.as_str()),
            );
        }
        codes.extend(
            all.iter()
                .filter_map(|s| s.codes.as_ref())
                .map(|at: &At<String>| at.value.as_str()),
        );
        Self { all, codes }
    }

    /// Whether figures of the aggregate `name` are selected.
    fn read(&self, name: &str) -> bool {
        self.all.iter().any(|selector| {
            let tables = selector.texts(Key::Table);
            !is_only(selector, Source::Published)
                && tables.is_none_or(|tables| tables.iter().any(|table| table.value == name))
        })
    }
}

/// The first line of a query.
fn start(file: &SqlFile) -> Span {
    let line = file.source.text.lines().next().unwrap_or_default().len();
    Span {
        source: file.source.clone(),
        bytes: 0..line,
    }
}
