//! What is known of a run, put together for the files that other systems read.

use std::collections::BTreeMap;

use super::{
    Context,
    error::RunError,
    report::RunReport,
    results::Reconciled,
    tables::{Scanned, fact_index},
    year_on_year::YEAR_ON_YEAR,
};
use crate::{
    check::scan::RuleCounts,
    feeds::{self, FileFeed, Night, Origin, RuleFeed, TableFeed},
    log::RuleFacts,
    project::Project,
    reconcile::{Reconciliation, Verdict},
    rules::{Plan, Rule, kinds::RuleKind, totals::Statement},
    tables::Table,
};

/// Writes the files that other systems read into the run folder.
pub(super) fn write(run: &Context<'_>, night: &Night<'_>) -> Result<(), RunError> {
    Ok(feeds::write(run.staged, night)?)
}

/// The run, as it is told to other systems and to people.
pub(super) fn night<'r>(
    run: &Context<'r>,
    scanned: &Scanned,
    reconciled: &Reconciled,
    report: &'r RunReport,
) -> Night<'r> {
    let Context {
        project,
        plan,
        delivery,
        ..
    } = *run;
    let sources = delivery.sources.iter().zip(&scanned.files);
    let tables: Vec<TableFeed<'_>> = (sources.zip(&report.tables))
        .map(|((source, counts), line)| TableFeed {
            table: &source.table,
            files: (source.files.iter().zip(counts))
                .map(|(file, rows)| FileFeed {
                    path: &file.export.file,
                    sheet: file.export.sheet.as_deref(),
                    bytes: file.export.bytes,
                    sha256: &file.export.sha256,
                    rows: *rows,
                })
                .collect(),
            rows: line.rows,
        })
        .collect();
    let lines: BTreeMap<&str, usize> = (report.rules.iter().enumerate())
        .map(|(at, line)| (line.rule_id.as_str(), at))
        .collect();
    let mut feeds: BTreeMap<String, RuleFeed> = BTreeMap::new();
    for (index, rule) in project.rules.iter().enumerate() {
        let table = &plan.tables[rule.table];
        let mut feed = of_facts(facts_of(scanned, &rule.id), Origin::Rule, report);
        feed.table = Some(rule.table);
        feed.column = rule.column.map(|at| table.columns[at].name.to_string());
        feed.dimension = rule.dimension;
        if let Some(line) = lines.get(rule.id.as_str()).map(|at| &report.rules[*at]) {
            feed.status = line.status;
            feed.counts = line.counts;
        }
        feed.why = rule.why.clone();
        feed.expected = rule.kind.expected(rule, table);
        feed.error = scanned.errors.get(&index).cloned();
        feed.expression = expression(rule, table);
        feed.place = (rule.span.source.path.clone(), rule.span.line_column().0);
        feeds.insert(rule.id.clone(), feed);
    }
    for statement in &plan.statements {
        let id = &statement.id.value;
        let mut feed = of_facts(facts_of(scanned, id), Origin::Statement, report);
        feed.why = statement.why().to_owned();
        (feed.counts, feed.status) = judged(reconciled, id);
        feed.expression = said(statement);
        let span = &statement.id.span;
        feed.place = (span.source.path.clone(), span.line_column().0);
        feeds.insert(id.clone(), feed);
    }
    for facts in &scanned.facts {
        if feeds.contains_key(&facts.id) {
            continue;
        }
        let mut feed = of_facts(facts, Origin::Engine, report);
        feed.table = (plan.tables.iter()).position(|t| t.name.as_str() == facts.table);
        if feed.discrepancies > 0 {
            feed.status = "failed";
        }
        feed.why = format!("Trueup checks this of itself ({}).", facts.kind);
        feed.place = place_of_engine(project, feed.table);
        feeds.insert(facts.id.clone(), feed);
    }
    Night {
        run_id: &report.run_id,
        project: &report.project,
        delivery: &report.delivery,
        as_of: report.as_of,
        blocked: report.blocked,
        trial: report.trial(),
        tables,
        rules: feeds.into_values().collect(),
        verdicts: report.verdicts.iter().map(|(v, n)| (*v, *n)).collect(),
        derived: derived(project),
    }
}

fn facts_of<'s>(scanned: &'s Scanned, id: &str) -> &'s RuleFacts {
    &scanned.facts[fact_index(&scanned.facts, id) as usize]
}

/// What the log knows of every rule.
fn of_facts(facts: &RuleFacts, origin: Origin, report: &RunReport) -> RuleFeed {
    RuleFeed {
        id: facts.id.clone(),
        version: facts.version.clone(),
        kind: facts.kind.clone(),
        origin,
        table: None,
        column: None,
        dimension: facts.dimension,
        severity: facts.severity,
        category: facts.category,
        status: "passed",
        counts: None,
        discrepancies: report.by_rule.get(&facts.id).copied().unwrap_or(0),
        why: String::new(),
        expected: String::new(),
        error: None,
        expression: ("trueup", facts.kind.clone()),
        place: ("rules/project.yaml".to_owned(), 1),
    }
}

/// Where rules of the engine are told: the table's file, or the project's.
fn place_of_engine(project: &Project, table: Option<usize>) -> (String, usize) {
    let file = table.and_then(|at| project.table_files.get(at));
    let path = file.map_or("rules/project.yaml", |source| source.path.as_str());
    (path.to_owned(), 1)
}

/// What a rule evaluates: its SQL, or its kind and what passes.
fn expression(rule: &Rule, table: &Table) -> (&'static str, String) {
    match rule.plan(table) {
        Plan::Row { predicate } => ("SQL", predicate.text.trim().to_owned()),
        Plan::Rows { query, .. } => ("SQL", query.text.trim().to_owned()),
        Plan::RowCount { .. } => {
            let expected = rule.kind.expected(rule, table);
            ("trueup", format!("{}: {expected}", rule.kind.word()))
        }
    }
}

fn said(statement: &Statement) -> (&'static str, String) {
    let kind = statement.check.word();
    ("trueup", format!("{kind}: {}", statement.check.settings()))
}

/// Groups of a statement: those that agree or are explained pass.
fn judged(reconciled: &Reconciled, id: &str) -> (Option<RuleCounts>, &'static str) {
    let groups = reconciled.by_statement.get(id);
    let of = |verdict: Verdict| {
        let count = groups.and_then(|groups| groups.get(verdict.word()));
        count.copied().unwrap_or(0)
    };
    let counts = RuleCounts {
        passed: of(Verdict::Agrees) + of(Verdict::Explained),
        failed: of(Verdict::Disagrees),
        not_evaluated: of(Verdict::NotEvaluated),
        not_applicable: of(Verdict::NotComparable),
        missing: None,
    };
    let status = match (counts.failed, counts.passed) {
        (0, 0) => "not_evaluated",
        (0, _) => "passed",
        _ => "failed",
    };
    (Some(counts), status)
}

/// Counts a group of a statement; there may be millions, and a name is only made for the first.
pub(super) fn count(
    by_statement: &mut BTreeMap<String, BTreeMap<&'static str, u64>>,
    group: &Reconciliation,
) {
    let id = group.rule.rule_id.as_str();
    if !by_statement.contains_key(id) {
        by_statement.insert(id.to_owned(), BTreeMap::new());
    }
    if let Some(verdicts) = by_statement.get_mut(id) {
        *verdicts.entry(group.verdict.word()).or_default() += 1;
    }
}

/// The paths of model tables and aggregates.
fn derived(project: &Project) -> Vec<String> {
    let model = project.model.iter().map(|f| format!("model/{}", f.name));
    let aggregates = project.aggregates.iter();
    let aggregates = aggregates.map(|f| format!("aggregates/{}", f.name));
    let years = format!("aggregates/{YEAR_ON_YEAR}");
    model.chain(aggregates).chain([years]).collect()
}
