//! Rules as tested code: their examples, and rules that are a little wrong to see whether an example notices.

mod deliveries;
mod mutants;
mod sql;

use std::{path::Path, sync::Arc};

use jiff::civil::Date;

use datafusion::{common::DFSchema, logical_expr::ExprSchemable};

use mutants::{How, Mutant, mutants};

use crate::{
    check::{Checks, Outcome, TableChecks, failing::Scratch},
    conform::full_schema,
    diagnostics::{Diagnostic, Span},
    pipeline::{
        RunError, Selector,
        examples::{ExampleOutcome, Trial, check, try_out},
        plan,
    },
    project::{self, Project, ProjectTest},
    publish::TemporaryFolder,
};

/// Files of `folder` whose names begin with `prefix`.
fn scratch(folder: &TemporaryFolder, prefix: &str) -> Scratch {
    let (files, prefix) = (folder.files(), prefix.to_owned());
    Arc::new(move |name: &str| files.file(&format!("{prefix}{name}")))
}

/// What is to be tested.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The project's folder.
    pub project: &'a Path,
    /// Only these rules; all when empty.
    pub select: &'a [Selector],
    /// Whether mutants are put to the tests as well.
    pub mutate: bool,
    /// From the clock.
    pub today: Date,
    /// Where a folder for temporary files can be made.
    pub temporary: &'a Path,
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// By rule.
    pub rules: Vec<RuleReport>,
    /// The tests of the project's files.
    pub tests: Vec<TestReport>,
    /// The date that the tests take for today.
    pub as_of: Date,
}

/// What came of a test.
#[derive(Debug)]
pub struct TestReport {
    /// What it is called.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// What is wrong, in words; nothing when it holds.
    pub problems: Vec<String>,
}

/// What came of the tests of a rule.
#[derive(Debug)]
pub struct RuleReport {
    /// Its id.
    pub id: String,
    /// Where it is declared.
    pub span: Span,
    /// Its examples that hold.
    pub held: usize,
    /// Those that do not, in words.
    pub broken: Vec<String>,
    /// Mutants that a test noticed.
    pub killed: usize,
    /// Those that none did.
    pub survived: Vec<Survivor>,
}

/// A change of a rule that no test noticed.
#[derive(Clone, Debug)]
pub struct Survivor {
    /// What was changed.
    pub what: String,
    /// Where the rule says it.
    pub span: Span,
    /// What would notice.
    pub example: String,
}

impl Report {
    /// Whether every example holds and no mutant survived. A project without examples does not pass.
    pub fn passes(&self) -> bool {
        let sound = |rule: &RuleReport| rule.broken.is_empty() && rule.survived.is_empty();
        let held = |test: &TestReport| test.problems.is_empty();
        self.examples() + self.tests.len() > 0
            && self.rules.iter().all(sound)
            && self.tests.iter().all(held)
    }

    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.rules
            .iter()
            .map(|rule| rule.held + rule.broken.len())
            .sum()
    }

    /// How many mutants there are, and how many of them were killed.
    pub fn mutants(&self) -> (usize, usize) {
        let killed: usize = self.rules.iter().map(|rule| rule.killed).sum();
        let survived: usize = self.rules.iter().map(|rule| rule.survived.len()).sum();
        (killed + survived, killed)
    }
}

/// Puts every selected rule to its examples, and its mutants if they are asked for.
///
/// # Errors
/// [`RunError::Project`] when the project has mistakes or a selector names nothing; otherwise when the engine or the
/// temporary folder fails.
pub async fn test(request: &Request<'_>) -> Result<Report, RunError> {
    let (project, mistakes) = project::read(request.project)?;
    let as_of = plan::as_of(&project, None, true, request.today);
    let mut diagnostics = Vec::new();
    let plan = plan::plan(&project, &mistakes, as_of, &mut diagnostics).await?;
    let selected = selected(&project, request.select, &mut diagnostics);
    plan::unknown_test_selectors(&project, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(RunError::Project(diagnostics));
    }
    let folder = TemporaryFolder::new_in(request.temporary)?;
    let mut rules: Vec<RuleReport> = selected
        .iter()
        .map(|at| RuleReport {
            id: project.rules[*at].id.clone(),
            span: project.rules[*at].span.clone(),
            held: 0,
            broken: Vec::new(),
            killed: 0,
            survived: Vec::new(),
        })
        .collect();
    let mut report_of = vec![None; project.rules.len()];
    for (place, at) in selected.iter().enumerate() {
        report_of[*at] = Some(place);
    }
    let files = scratch(&folder, "");
    let outcomes = check(&project, as_of, &files).await?;
    for outcome in &outcomes {
        if let Some(report) = report_of[outcome.rule].and_then(|place| rules.get_mut(place)) {
            match outcome.holds() {
                true => report.held += 1,
                false => report.broken.push(outcome.to_string()),
            }
        }
    }
    let (mut tests, mut sound) = (Vec::new(), Vec::new());
    // Of some rules, the tests that expect one of them.
    let expects = |test: &ProjectTest| {
        let mut rules = test.discrepancies.iter().map(|at| &at.value.rule.value);
        rules.any(|id| selected.iter().any(|at| project.rules[*at].id == *id))
    };
    for (number, test) in project.tests.iter().enumerate() {
        if request.select.is_empty() || expects(test) {
            let problems = deliveries::run_test(&project, test, as_of, &folder, number).await?;
            if problems.is_empty() {
                sound.push(test);
            }
            tests.push(TestReport {
                name: test.name.value.clone(),
                span: test.name.span.clone(),
                problems,
            });
        }
    }
    if request.mutate {
        let nullable = can_be_null(&project, &plan.checks);
        let mutants = mutants(&project, &selected, &nullable);
        for (mutant, killed) in mutate(&project, as_of, mutants, &outcomes, &sound, &folder).await?
        {
            if let Some(report) = report_of[mutant.of].and_then(|place| rules.get_mut(place)) {
                match killed {
                    true => report.killed += 1,
                    false => report.survived.push(Survivor {
                        what: mutant.what,
                        span: mutant.span,
                        example: mutant.example,
                    }),
                }
            }
        }
    }
    Ok(Report {
        rules,
        tests,
        as_of,
    })
}

/// Of each rule whether it is a condition that may be null, as the engine sees it.
fn can_be_null(project: &Project, checks: &Checks) -> Vec<bool> {
    let nullable = |(table, rule): (&TableChecks, usize)| {
        let prepared = table.rules.iter().find(|prepared| prepared.rule == rule);
        let Some(Outcome::Predicate(expr)) = prepared.map(|prepared| &prepared.outcome) else {
            return false;
        };
        let schema = DFSchema::try_from(full_schema(&table.table));
        schema.is_ok_and(|schema| expr.nullable(&schema).unwrap_or(true))
    };
    let rules = project.rules.iter().enumerate();
    rules
        .map(|(at, rule)| nullable((&checks.tables[rule.table], at)))
        .collect()
}

/// Puts every mutant to the examples of its rule, and what survives to the tests that hold: each mutant that could be
/// planned, and whether one noticed.
async fn mutate(
    project: &Project,
    as_of: Date,
    mutants: Vec<Mutant>,
    outcomes: &[ExampleOutcome],
    tests: &[&ProjectTest],
    folder: &TemporaryFolder,
) -> Result<Vec<(Mutant, bool)>, RunError> {
    let fails = |of: usize| {
        let shows = |o: &ExampleOutcome| o.rule == of && o.counts.failed > 0 && o.holds();
        outcomes.iter().any(shows)
    };
    let noticed = |outcomes: &Vec<ExampleOutcome>| outcomes.iter().any(|o| !o.holds());
    let mut killed: Vec<Option<bool>> = Vec::new();
    let mut trials = Vec::new();
    for mutant in &mutants {
        killed.push(match &mutant.how {
            How::Dropped => Some(fails(mutant.of)),
            How::Rule(trial) => {
                trials.push((killed.len(), trial.as_ref().clone()));
                None
            }
            How::Codes(_) => None,
        });
    }
    let (places, rules): (Vec<usize>, Vec<Trial>) = trials.into_iter().unzip();
    let files = scratch(folder, "mutant_");
    let found = try_out(project, as_of, &files, &rules, true).await?;
    for (place, outcomes) in places.into_iter().zip(found) {
        // One that cannot be planned is no mutant.
        killed[place] = outcomes.as_ref().map(noticed);
    }
    for codes in mutants::Codes::ALL {
        let of: Vec<usize> = (0..mutants.len())
            .filter(|at| matches!(mutants[*at].how, How::Codes(other) if other == codes))
            .collect();
        let other = codes.apply(project);
        let rule = |at: &usize| Trial {
            of: mutants[*at].of,
            rule: project.rules[mutants[*at].of].clone(),
        };
        let rules: Vec<Trial> = of.iter().map(rule).collect();
        let more = scratch(folder, &format!("{codes:?}_"));
        let found = try_out(&other, as_of, &more, &rules, true).await?;
        for (at, outcomes) in of.into_iter().zip(found) {
            killed[at] = outcomes.as_ref().map(noticed);
        }
    }
    let mut number = project.tests.len();
    for (mutant, killed) in mutants.iter().zip(&mut killed) {
        if *killed != Some(false) {
            continue;
        }
        let other = mutant.project(project);
        let table = project.tables[project.rules[mutant.of].table].name.as_str();
        for test in tests {
            number += 1;
            if !test.given.contains_key(table) {
                continue;
            }
            let noticed = match deliveries::run_test(&other, test, as_of, folder, number).await {
                Ok(problems) => !problems.is_empty(),
                // The test names what is not there any more.
                Err(RunError::Project(_)) => true,
                Err(other) => return Err(other),
            };
            if noticed {
                *killed = Some(true);
                break;
            }
        }
    }
    let judged = mutants.into_iter().zip(killed);
    Ok(judged
        .filter_map(|(mutant, killed)| Some((mutant, killed?)))
        .collect())
}

/// The rules that are named, all when none is; a selector that names none is a mistake.
fn selected(
    project: &Project,
    select: &[Selector],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<usize> {
    let names = |selector: &Selector, at: usize| {
        let rule = &project.rules[at];
        selector.names(rule, &project.tables[rule.table])
    };
    let all = 0..project.rules.len();
    for selector in select {
        if !all.clone().any(|at| names(selector, at)) {
            let message = format!("`--select {selector}` names no rule");
            let known = project.rules.iter().map(|rule| rule.id.as_str());
            let typed = selector.to_string();
            diagnostics.push(Diagnostic::nowhere(message).suggest(&typed, known));
        }
    }
    all.filter(|at| select.is_empty() || select.iter().any(|s| names(s, *at)))
        .collect()
}
