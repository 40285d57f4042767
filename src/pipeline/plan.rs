//! Everything that can be decided before any data is read.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::{
    error::RunError,
    settings::{Selector, Settings},
    year_on_year::YEAR_ON_YEAR,
};
use crate::{
    aggregate::{Records, check_sql},
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
pub(super) struct Plan {
    pub(super) as_of: Date,
    pub(super) tables: Vec<Arc<Table>>,
    /// See [`Project::lists_of_columns`].
    pub(super) lists: Vec<Arc<CodeList>>,
    pub(super) checks: Checks,
    pub(super) statements: Vec<Statement>,
    pub(super) comparisons: Vec<Comparison>,
    /// What the queries of records return, in the order of their files.
    pub(super) records: Vec<Records>,
    /// Rules that the selection leaves out: with any, the run is a trial.
    pub(super) left_out: usize,
}

impl Plan {
    /// `mistakes` are those that reading the project found: what could be read is planned all the same, so that all are told at once.
    pub(super) async fn new(
        project: &Project,
        mistakes: &[Diagnostic],
        settings: &Settings,
    ) -> Result<Self, RunError> {
        let as_of = as_of(project, settings);
        let planning = Engine::new(&EngineSettings {
            threads: 1,
            memory_limit: 64 << 20,
            scratch: None,
            as_of,
        })?;
        let tables: Vec<Arc<Table>> = project.tables.iter().cloned().map(Arc::new).collect();
        let lists = project.lists_of_columns();
        let mut diagnostics = mistakes.to_vec();
        let mut checks = prepare(&planning, &tables, &project.rules, &mut diagnostics).await;
        let known: Vec<Arc<Table>> = tables
            .iter()
            .filter(|table| !project.unread.is_table(table.name.as_str()))
            .cloned()
            .collect();
        let records = check_sql(&planning, &known, project, &mut diagnostics).await;
        let (statements, comparisons) = totals(project, mistakes, &mut diagnostics);
        if !project.unread.rules {
            unknown_selectors(project, settings, &mut diagnostics);
        }
        if !diagnostics.is_empty() {
            return Err(RunError::Project(diagnostics));
        }
        let mut left_out = 0;
        for (check, table) in checks.tables.iter_mut().zip(&tables) {
            left_out += check.rules.len();
            check.rules.retain(|prepared| {
                settings
                    .selection
                    .includes(&project.rules[prepared.rule], table)
            });
            left_out -= check.rules.len();
        }
        Ok(Self {
            as_of,
            tables,
            lists,
            checks,
            statements,
            comparisons,
            records,
            left_out,
        })
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
fn as_of(project: &Project, settings: &Settings) -> Date {
    let default = project
        .delivery
        .as_ref()
        .filter(|_| settings.delivery.is_none());
    settings
        .as_of
        .or_else(|| default.and_then(|d| d.as_of))
        .unwrap_or(settings.today)
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
