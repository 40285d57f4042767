//! The rules' own examples, put through the same reading, conforming, key queries and scan as a delivery.

use std::{collections::BTreeMap, fmt, sync::Arc};

use futures::StreamExt;
use jiff::civil::Date;

use super::error::RunError;
use crate::{
    check::{
        Checks, Engine, EngineSettings, TableChecks,
        failing::Scratch,
        keys::{KeyFailures, KeySettings, key_failures},
        prepare,
        scan::{RowCounts, RuleCounts, ScanSettings, clean_schema, scan},
        source::{SourceFile, TableSource},
    },
    diagnostics::Diagnostic,
    ingest::{Content, Expected, Limits, index_as, map_header},
    log::Privacy,
    project::Project,
    row_groups::{Packing, RowGroupFile},
    rules::{Example, Plan, Rule},
    tables::{CodeList, Reading, Table},
};

/// What an example is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expectation {
    /// The rule evaluates at least one row and fails none.
    Pass,
    /// The rule fails at least one row.
    Fail,
    /// The rule evaluates none of the rows.
    NotEvaluated,
}

impl Expectation {
    /// The word in rule files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEvaluated => "not_evaluated",
        }
    }
}

/// What a rule made of one of its examples.
#[derive(Clone, Debug)]
pub struct ExampleOutcome {
    /// Index of the rule in the project.
    pub rule: usize,
    /// What the example is there to show.
    pub expectation: Expectation,
    /// Its number among those of its kind, from 1.
    pub number: usize,
    /// What the rule made of the rows of its table; for `row_count` of the table.
    pub counts: RuleCounts,
}

impl ExampleOutcome {
    /// Whether the example shows what it is there to show. One without a row shows nothing.
    pub fn holds(&self) -> bool {
        let counts = &self.counts;
        match self.expectation {
            Expectation::Pass => counts.passed > 0 && counts.failed == 0,
            Expectation::Fail => counts.failed > 0,
            Expectation::NotEvaluated => {
                counts.passed + counts.failed == 0
                    && counts.not_evaluated + counts.not_applicable > 0
            }
        }
    }

    /// What is wrong with the example or its rule; `None` when it holds.
    pub fn diagnostic(&self, project: &Project) -> Option<Diagnostic> {
        let rule = &project.rules[self.rule];
        let diagnostic = || {
            Diagnostic::at(&rule.span, format!("rule `{}`: {self}", rule.id))
                .help("correct the example, or the rule if the example is right")
        };
        (!self.holds()).then(diagnostic)
    }
}

impl fmt::Display for ExampleOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        write!(
            f,
            "`{}` example {} has {} passed, {} failed, {} not evaluated and {} not applicable",
            self.expectation.word(),
            self.number,
            counts.passed,
            counts.failed,
            counts.not_evaluated,
            counts.not_applicable,
        )
    }
}

/// Puts every example of every rule to its rule, and says what came of each, in the order of the rules.
///
/// `as_of` is the date that the examples take for today. Each example is a delivery of its own, read from memory; only
/// key columns go to disk, to files that `scratch` makes.
///
/// # Errors
/// [`RunError::Project`] when a rule cannot be planned; otherwise only when the engine or `scratch` fails.
pub async fn check(
    project: &Project,
    as_of: Date,
    scratch: &Scratch,
) -> Result<Vec<ExampleOutcome>, RunError> {
    let rules = project.rules.iter().cloned().enumerate();
    let trials: Vec<Trial> = rules.map(|(of, rule)| Trial { of, rule }).collect();
    let found = try_out(project, as_of, scratch, &trials, false).await?;
    if let Some(at) = found.iter().position(Option::is_none) {
        let rule = &project.rules[at];
        let message = format!("rule `{}` cannot be planned", rule.id);
        return Err(RunError::Project(vec![Diagnostic::at(&rule.span, message)]));
    }
    let mut outcomes: Vec<ExampleOutcome> = found.into_iter().flatten().flatten().collect();
    outcomes.sort_by_key(|o| (o.rule, o.expectation, o.number));
    Ok(outcomes)
}

/// A rule that is put to the examples of a rule of the project: that rule itself, or one in its place.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Whose examples: an index into the project's rules.
    pub of: usize,
    /// The rule.
    pub rule: Rule,
}

/// What each trial made of the examples, in the order of `trials`; `None` of a rule that cannot be planned.
///
/// With `first_only`, a rule about more than a row is put to no further example once one does not hold, and one that
/// cannot be computed shows nothing.
///
/// # Errors
/// Only when the engine or `scratch` fails.
pub async fn try_out(
    project: &Project,
    as_of: Date,
    scratch: &Scratch,
    trials: &[Trial],
    first_only: bool,
) -> Result<Vec<Option<Vec<ExampleOutcome>>>, RunError> {
    let bench = Bench::new(project, as_of)?;
    let mut found: Vec<Option<Vec<ExampleOutcome>>> = vec![None; trials.len()];
    for table in 0..bench.tables.len() {
        let of_table = |trial: &&usize| {
            let rule = &trials[**trial].rule;
            rule.table == table && is_row_rule(rule, &bench.tables)
        };
        let all: Vec<usize> = (0..trials.len()).collect();
        for several in all
            .iter()
            .filter(of_table)
            .copied()
            .collect::<Vec<_>>()
            .chunks(AT_ONCE)
        {
            let rules: Vec<&Trial> = several.iter().map(|at| &trials[*at]).collect();
            for (at, outcomes) in several.iter().zip(bench.row_rules(table, &rules).await?) {
                found[*at] = outcomes;
            }
        }
    }
    for (at, trial) in trials.iter().enumerate() {
        if !is_row_rule(&trial.rule, &bench.tables) {
            found[at] = bench.table_rule(at, trial, scratch, first_only).await?;
        }
    }
    Ok(found)
}

/// Rules of one scan: their examples are its files, and each rule sees them all.
const AT_ONCE: usize = 150;

fn is_row_rule(rule: &Rule, tables: &[Arc<Table>]) -> bool {
    matches!(rule.plan(&tables[rule.table]), Plan::Row { .. })
}

/// The examples of a rule, none looked at yet.
fn examples(at: usize, rule: &Rule) -> impl Iterator<Item = (ExampleOutcome, &Example)> {
    let all = [
        (Expectation::Pass, &rule.examples.pass),
        (Expectation::Fail, &rule.examples.fail),
        (Expectation::NotEvaluated, &rule.examples.not_evaluated),
    ];
    all.into_iter().flat_map(move |(expectation, examples)| {
        examples.iter().enumerate().map(move |(n, example)| {
            let outcome = ExampleOutcome {
                rule: at,
                expectation,
                number: n + 1,
                counts: RuleCounts::default(),
            };
            (outcome, example)
        })
    })
}

/// What all examples need.
struct Bench<'p> {
    project: &'p Project,
    engine: Engine,
    tables: Vec<Arc<Table>>,
    lists: Vec<Arc<CodeList>>,
    limits: Limits,
}

/// What a scan made of one file.
#[derive(Clone, Default)]
struct FileCounts {
    /// In the order of the rules.
    rules: Vec<RuleCounts>,
    rows: RowCounts,
}

impl<'p> Bench<'p> {
    fn new(project: &'p Project, as_of: Date) -> Result<Self, RunError> {
        let engine = Engine::new(&EngineSettings {
            threads: 1,
            memory_limit: 64 << 20,
            scratch: None,
            as_of,
        })?;
        Ok(Self {
            project,
            engine,
            tables: project.tables.iter().cloned().map(Arc::new).collect(),
            lists: project.lists_of_columns(),
            limits: Limits::default(),
        })
    }

    /// Row rules of a table in one scan, each example a file of its own: a row rule sees nothing but its row.
    async fn row_rules(
        &self,
        table: usize,
        trials: &[&Trial],
    ) -> Result<Vec<Option<Vec<ExampleOutcome>>>, RunError> {
        let name = self.tables[table].name.as_str();
        let mut files = Vec::new();
        let mut examples_of: BTreeMap<usize, Vec<(ExampleOutcome, usize)>> = BTreeMap::new();
        for trial in trials {
            examples_of.entry(trial.of).or_insert_with(|| {
                let of_rule = examples(trial.of, &self.project.rules[trial.of]);
                let looked_at = of_rule.map(|(outcome, example)| {
                    files.push(csv(&self.tables[table], example.get(name)));
                    (outcome, files.len() - 1)
                });
                looked_at.collect()
            });
        }
        let rules: Vec<Rule> = trials.iter().map(|trial| trial.rule.clone()).collect();
        let checks = self.prepare(&rules).await;
        let check = &checks.tables[table];
        let place_of = |rule: usize| check.rules.iter().position(|p| p.rule == rule);
        let source = self.source(table, files)?;
        let keys = KeyFailures::default();
        let found = self.scan(check, &keys, &source, rules).await?;
        let outcomes = trials.iter().enumerate().map(|(at, trial)| {
            let place = place_of(at)?;
            let looked_at = examples_of.get(&trial.of).into_iter().flatten();
            let judged = looked_at.map(|(outcome, file)| {
                let counts = found.get(*file).and_then(|f| f.rules.get(place));
                ExampleOutcome {
                    counts: counts.copied().unwrap_or_default(),
                    ..outcome.clone()
                }
            });
            Some(judged.collect())
        });
        Ok(outcomes.collect())
    }

    /// A rule that looks at more than a row: each example is a delivery of all tables.
    async fn table_rule(
        &self,
        at: usize,
        trial: &Trial,
        scratch: &Scratch,
        first_only: bool,
    ) -> Result<Option<Vec<ExampleOutcome>>, RunError> {
        let rule = &trial.rule;
        let rules = vec![rule.clone()];
        let checks = self.prepare(&rules).await;
        if checks.tables[rule.table].rules.is_empty() {
            return Ok(None);
        }
        let mut outcomes: Vec<ExampleOutcome> = Vec::new();
        for (mut outcome, example) in examples(trial.of, &self.project.rules[trial.of]) {
            if first_only && outcomes.iter().any(|outcome| !outcome.holds()) {
                break;
            }
            let sources = self.delivery(example)?;
            let place = format!("example_{at}_{}", outcomes.len());
            let folder = Arc::clone(scratch);
            let scratch: Scratch = Arc::new(move |name| folder(&format!("{place}_{name}")));
            let settings = KeySettings {
                rules: &rules,
                lists: &self.lists,
                decisions: &[],
                privacy: &Privacy::new(None),
                scratch: &scratch,
            };
            let keys = key_failures(&self.engine, &checks, &sources, &settings).await?;
            if let Some(why) = keys.errors.values().next() {
                if first_only {
                    // It shows nothing, which does not hold.
                    outcomes.push(outcome);
                    break;
                }
                return Err(RunError::Rule {
                    id: rule.id.clone(),
                    why: why.clone(),
                });
            }
            let check = &checks.tables[rule.table];
            let source = &sources[rule.table];
            let found = self.scan(check, &keys, source, rules.clone()).await?;
            let found = found.into_iter().next().unwrap_or_default();
            let rows = found.rows.read - found.rows.rejected;
            let of_table = check.rules.first().and_then(|r| r.outcome.of_table(rows));
            outcome.counts = match of_table {
                Some(passes) => RuleCounts::of_table(passes),
                None => found.rules.first().copied().unwrap_or_default(),
            };
            outcomes.push(outcome);
        }
        Ok(Some(outcomes))
    }

    async fn prepare(&self, rules: &[Rule]) -> Checks {
        prepare(&self.engine, &self.tables, rules, &mut Vec::new()).await
    }

    /// Every table with the example's rows, or with its header alone.
    fn delivery(&self, example: &Example) -> Result<Vec<Arc<TableSource>>, RunError> {
        let tables = self.tables.iter().enumerate();
        let sources = tables.map(|(at, table)| {
            let rows = example.get(table.name.as_str());
            self.source(at, vec![csv(table, rows)])
        });
        sources.collect()
    }

    fn source(&self, table: usize, texts: Vec<String>) -> Result<Arc<TableSource>, RunError> {
        let table = &self.tables[table];
        let declared = Expected::of(table);
        let mut files = Vec::new();
        let mut base = 0_i64;
        for (n, text) in texts.into_iter().enumerate() {
            let name = format!("{}_{}.csv", table.name, n + 1);
            let content = Content::Bytes(text.into_bytes().into());
            let export = index_as(&name, content, &Reading::plain(), &[], &self.limits)?;
            let mapping = map_header(&export, &declared)?;
            let records = i64::try_from(export.records).unwrap_or(i64::MAX);
            files.push(SourceFile {
                export: Arc::new(export),
                mapping,
                base,
                origin: None,
            });
            base = base.saturating_add(records);
        }
        Ok(Arc::new(TableSource {
            table: Arc::clone(table),
            files,
            limits: self.limits.clone(),
        }))
    }

    /// What a scan makes of each file of `source`.
    async fn scan(
        &self,
        check: &TableChecks,
        keys: &KeyFailures,
        source: &Arc<TableSource>,
        rules: Vec<Rule>,
    ) -> Result<Vec<FileCounts>, RunError> {
        let settings = Arc::new(ScanSettings {
            fact_of_rule: Arc::new((0..).take(rules.len()).collect()),
            rules: Arc::new(rules),
            lists: self.lists.clone(),
            delivery: "examples".to_owned(),
            privacy: Privacy::new(None),
        });
        // The rows are encoded as those of a run are, and thrown away.
        let clean = RowGroupFile::new(
            std::io::sink(),
            clean_schema(&check.table),
            Packing::Scratch,
        )
        .map_err(super::tables::parquet_error("an example"))?;
        let mut chunks = std::pin::pin!(
            scan(
                &self.engine,
                check,
                keys,
                source,
                &settings,
                clean.encoder()
            )
            .await?
        );
        let mut found = vec![FileCounts::default(); source.files.len()];
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            let file = &mut found[chunk.file];
            file.rows.merge(chunk.counts);
            file.rules.resize(chunk.rules.len(), RuleCounts::default());
            for (sum, counts) in file.rules.iter_mut().zip(&chunk.rules) {
                sum.merge(*counts);
            }
        }
        Ok(found)
    }
}

/// Rows as a file of `table`: every column of the export in declared order, every cell quoted, blank where a row does not say.
fn csv(table: &Table, rows: Option<&Vec<BTreeMap<String, String>>>) -> String {
    let mut text = String::new();
    let mut record = |cells: &mut dyn Iterator<Item = &str>| {
        for (at, cell) in cells.enumerate() {
            let comma = if at > 0 { "," } else { "" };
            text.push_str(&format!("{comma}\"{}\"", cell.replace('"', "\"\"")));
        }
        text.push('\n');
    };
    record(&mut table.delivered().map(|c| c.name.as_str()));
    for row in rows.into_iter().flatten() {
        let cell = |name: &str| row.get(name).map_or("", String::as_str);
        record(&mut table.delivered().map(|c| cell(c.name.as_str())));
    }
    text
}
