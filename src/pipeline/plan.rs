//! Everything that can be decided before any data is read.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use datafusion::logical_expr::Expr;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::{
    error::RunError,
    report_page,
    settings::{Selector, Settings},
    tables::facts,
    waivers,
    year_on_year::YEAR_ON_YEAR,
};
use crate::{
    aggregate::{Queries, check_sql},
    check::{Checks, Engine, EngineSettings, prepare},
    diagnostics::{Diagnostic, nearest, yaml},
    project::{Period, Project, StatementNode, Words},
    rules::{
        Rule,
        totals::{self, Comparison, Covered, Periods, Statement},
    },
    tables::{CodeList, Table},
};

/// A project whose every rule and query has been planned.
pub(crate) struct Plan {
    pub(crate) as_of: Date,
    pub(crate) tables: Vec<Arc<Table>>,
    /// See [`Project::lists_of_columns`].
    pub(crate) lists: Vec<Arc<CodeList>>,
    pub(crate) checks: Checks,
    pub(crate) statements: Vec<Statement>,
    pub(crate) comparisons: Vec<Comparison>,
    /// The queries of sql/.
    pub(crate) queries: Queries,
    /// Rules that the selection leaves out: with any, the run is a trial.
    pub(crate) left_out: usize,
    /// The conditions of the project's waivers, in their order.
    pub(crate) waivers: Vec<Option<Expr>>,
}

/// Plans every rule and query as of a day, and says all that is wrong with the project.
///
/// `mistakes` are those that reading the project found: what could be read is planned all the same, so that all are told
/// at once. With diagnostics the plan serves to find further mistakes only, never to run.
///
/// # Errors
/// The engine failed.
pub(crate) async fn plan(
    project: &Project,
    mistakes: &[Diagnostic],
    as_of: Date,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Plan, RunError> {
    let planning = Engine::new(&EngineSettings {
        threads: 1,
        memory_limit: 64 << 20,
        scratch: None,
        as_of,
    })?;
    let tables: Vec<Arc<Table>> = project.tables.iter().cloned().map(Arc::new).collect();
    let lists = project.lists_of_columns();
    diagnostics.extend_from_slice(mistakes);
    let checks = prepare(&planning, &tables, &project.rules, diagnostics).await;
    let known: Vec<Arc<Table>> = tables
        .iter()
        .filter(|table| !project.unread.is_table(table.name.as_str()))
        .cloned()
        .collect();
    let queries = check_sql(&planning, &known, project, diagnostics).await;
    let (statements, comparisons) = totals(project, mistakes, diagnostics);
    let sound = mistakes.is_empty() && diagnostics.is_empty();
    report_page::check(project, sound.then_some(&comparisons[..]), diagnostics);
    let waivers = match project.waivers.is_empty() {
        true => Vec::new(),
        false => {
            let facts = facts(project, &tables, &statements);
            waivers::plan(&planning, project, &facts, diagnostics)
        }
    };
    Ok(Plan {
        as_of,
        tables,
        lists,
        checks,
        statements,
        comparisons,
        queries,
        left_out: 0,
        waivers,
    })
}

impl Plan {
    /// The plan of a run: of the rules that `settings` select.
    pub(super) async fn new(
        project: &Project,
        mistakes: &[Diagnostic],
        settings: &Settings,
    ) -> Result<Self, RunError> {
        let default_delivery = settings.delivery.is_none();
        let as_of = as_of(project, settings.as_of, default_delivery, settings.today);
        let mut diagnostics = Vec::new();
        let mut plan = plan(project, mistakes, as_of, &mut diagnostics).await?;
        if !project.unread.rules {
            unknown_selectors(project, settings, &mut diagnostics);
        }
        if !diagnostics.is_empty() {
            return Err(RunError::Project(diagnostics));
        }
        for (check, table) in plan.checks.tables.iter_mut().zip(&plan.tables) {
            plan.left_out += check.rules.len();
            check.rules.retain(|prepared| {
                settings
                    .selection
                    .includes(&project.rules[prepared.rule], table)
            });
            plan.left_out -= check.rules.len();
        }
        Ok(plan)
    }

    pub(super) fn engine(&self, settings: &Settings, scratch: &Path) -> Result<Engine, RunError> {
        Ok(Engine::new(&EngineSettings {
            threads: settings.threads,
            memory_limit: settings.memory_limit,
            scratch: Some(scratch.to_owned()),
            as_of: self.as_of,
        })?)
    }
}

/// The project's date belongs to its default delivery; any other delivery is of today unless the call says otherwise.
pub(crate) fn as_of(
    project: &Project,
    said: Option<Date>,
    default_delivery: bool,
    today: Date,
) -> Date {
    day_said(project, said, default_delivery).unwrap_or(today)
}

/// The day that the call or the project says.
pub(super) fn day_said(
    project: &Project,
    said: Option<Date>,
    default_delivery: bool,
) -> Option<Date> {
    let default = project.delivery.as_ref().filter(|_| default_delivery);
    said.or_else(|| default.and_then(|d| d.as_of))
}

/// The statements about totals, `for_each` expanded, and the comparisons; none where they have mistakes.
fn totals(
    project: &Project,
    mistakes: &[Diagnostic],
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<Statement>, Vec<Comparison>) {
    let before = diagnostics.len();
    let statements: Vec<Statement> = decoded(&project.totals, project, diagnostics);
    totals::validate(&statements, &project.lists, diagnostics);
    let comparisons: Vec<Comparison> = decoded(&project.comparisons, project, diagnostics);
    let mut places = mistakes.iter().filter_map(|d| d.span.as_ref());
    let unsure = places.any(|span| span.source.path == "rules/project.yaml");
    let periods = (!unsure).then(|| covered(project));
    totals::validate_comparisons(
        &comparisons,
        &statements,
        &project.lists,
        periods.as_ref(),
        diagnostics,
    );
    if let Some(taken) = project
        .aggregates
        .iter()
        .find(|file| file.name.as_str() == YEAR_ON_YEAR && !comparisons.is_empty())
    {
        let message = "comparisons are written under this name";
        diagnostics.push(
            Diagnostic::at(&taken.text().span, message).help("rename the file of the aggregate"),
        );
    }
    match diagnostics.len() > before {
        true => Default::default(),
        false => {
            let statements = statements.iter().flat_map(Statement::expand);
            (statements.collect(), comparisons)
        }
    }
}

/// The declarations that do not lean on what could not be read.
fn decoded<T: DeserializeOwned>(
    nodes: &[StatementNode],
    project: &Project,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<T> {
    let mut declared = Vec::new();
    for StatementNode { source, node } in nodes {
        let read = yaml::decode(node, source, diagnostics);
        if !project.unread.leans_on_codes(&Words::of(node)) {
            declared.extend(read);
        }
    }
    declared
}

/// What the project's periods cover.
pub(super) fn covered(project: &Project) -> Periods {
    let covered = |period: &Period| Covered {
        start: period.start,
        end: period.end,
    };
    let periods = project.periods.iter();
    periods.map(|p| (p.id.clone(), covered(p))).collect()
}

fn unknown_selectors(project: &Project, settings: &Settings, diagnostics: &mut Vec<Diagnostic>) {
    let rules = || project.rules.iter().map(|r| (r, &project.tables[r.table]));
    let known: BTreeSet<String> = rules()
        .flat_map(|(rule, table)| names(rule, table))
        .collect();
    let selection = &settings.selection;
    for (option, selectors) in [
        ("--select", &selection.select),
        ("--exclude", &selection.exclude),
    ] {
        for selector in selectors {
            if rules().any(|(rule, table)| selector.names(rule, table)) {
                continue;
            }
            let typed = selector.to_string();
            let help = match nearest(&typed, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a rule id (`*` for any text), tag:…, table:… or dimension:…".into(),
            };
            let message = format!("`{option} {typed}` names no rule");
            diagnostics.push(Diagnostic::nowhere(message).help(help));
        }
    }
}

/// Reports each `select` of a test in rules/tests that names no rule.
pub(crate) fn unknown_test_selectors(project: &Project, diagnostics: &mut Vec<Diagnostic>) {
    for at in project.tests.iter().flat_map(|test| &test.select) {
        let Ok(selector) = at.value.parse::<Selector>();
        let names = |rule: &Rule| selector.names(rule, &project.tables[rule.table]);
        if !project.rules.iter().any(names) {
            let message = format!("`select: {selector}` names no rule");
            let known = project.rules.iter().map(|rule| rule.id.as_str());
            diagnostics.push(Diagnostic::at(&at.span, message).suggest(&at.value, known));
        }
    }
}

/// What selects a rule, as it is typed.
fn names(rule: &Rule, table: &Table) -> Vec<String> {
    let tags = rule.tags.iter().cloned().map(Selector::Tag);
    tags.chain([
        Selector::Id(rule.id.clone()),
        Selector::Table(table.name.to_string()),
        Selector::Dimension(rule.dimension.word().to_owned()),
    ])
    .map(|selector| selector.to_string())
    .collect()
}
