//! The rules' own examples, put through the same reading, conforming, key queries and scan as a delivery.

use std::{fmt, sync::Arc};

use futures::StreamExt;
use jiff::civil::Date;

use super::error::RunError;
use crate::{
    check::{
        Checks, Engine, EngineSettings, TableChecks,
        keys::{KeyFailures, Scratch, key_failures},
        prepare,
        scan::{RowCounts, RuleCounts, ScanSettings, clean_schema, scan},
        source::{SourceFile, TableSource},
    },
    diagnostics::Diagnostic,
    ingest::{Content, Limits, index, map_header},
    log::Privacy,
    project::Project,
    row_groups::{Packing, RowGroupFile},
    rules::{Example, Plan, Rule},
    tables::{CodeList, Table},
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
    scratch: &Scratch<'_>,
) -> Result<Vec<ExampleOutcome>, RunError> {
    let bench = Bench::new(project, as_of)?;
    let mut outcomes = Vec::new();
    for table in 0..bench.tables.len() {
        outcomes.extend(bench.row_rules(table).await?);
    }
    for (at, rule) in project.rules.iter().enumerate() {
        if !is_row_rule(rule, &bench.tables) {
            outcomes.extend(bench.table_rule(at, scratch).await?);
        }
    }
    outcomes.sort_by_key(|o| (o.rule, o.expectation, o.number));
    Ok(outcomes)
}

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

    /// All row rules of a table in one scan, each example a file of its own: a row rule sees nothing but its row.
    async fn row_rules(&self, table: usize) -> Result<Vec<ExampleOutcome>, RunError> {
        let name = self.tables[table].name.as_str();
        let (mut rules, mut outcomes, mut files) = (Vec::new(), Vec::new(), Vec::new());
        let mut place_of = Vec::new();
        for (at, rule) in self.project.rules.iter().enumerate() {
            if rule.table != table || !is_row_rule(rule, &self.tables) {
                continue;
            }
            for (outcome, example) in examples(at, rule) {
                place_of.push(rules.len());
                outcomes.push(outcome);
                files.push(csv(&self.tables[table], example.get(name)));
            }
            rules.push(rule.clone());
        }
        let checks = self.prepare(&rules).await?;
        let source = self.source(table, files)?;
        let keys = KeyFailures::default();
        let found = self
            .scan(&checks.tables[table], &keys, &source, rules)
            .await?;
        for ((outcome, found), place) in outcomes.iter_mut().zip(found).zip(place_of) {
            if let Some(counts) = found.rules.get(place) {
                outcome.counts = *counts;
            }
        }
        Ok(outcomes)
    }

    /// A rule that looks at more than a row: each example is a delivery of all tables.
    async fn table_rule(
        &self,
        at: usize,
        scratch: &Scratch<'_>,
    ) -> Result<Vec<ExampleOutcome>, RunError> {
        let rule = &self.project.rules[at];
        let rules = vec![rule.clone()];
        let checks = self.prepare(&rules).await?;
        let mut outcomes = Vec::new();
        for (mut outcome, example) in examples(at, rule) {
            let sources = self.delivery(example)?;
            let place = format!("example_{at}_{}", outcomes.len());
            let keys = key_failures(
                &self.engine,
                &checks,
                &rules,
                &self.lists,
                &sources,
                &|name: &str| scratch(&format!("{place}_{name}")),
            )
            .await?;
            if let Some(why) = keys.errors.values().next() {
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
        Ok(outcomes)
    }

    async fn prepare(&self, rules: &[Rule]) -> Result<Checks, RunError> {
        let mut diagnostics = Vec::new();
        let checks = prepare(&self.engine, &self.tables, rules, &mut diagnostics).await;
        match diagnostics.is_empty() {
            true => Ok(checks),
            false => Err(RunError::Project(diagnostics)),
        }
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
        let declared: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let mut files = Vec::new();
        let mut base = 0_i64;
        for (n, text) in texts.into_iter().enumerate() {
            let name = format!("{}_{}.csv", table.name, n + 1);
            let content = Content::Bytes(text.into_bytes().into());
            let export = index(&name, content, &self.limits)?;
            let mapping = map_header(&export, &declared)?;
            let records = i64::try_from(export.records).unwrap_or(i64::MAX);
            files.push(SourceFile {
                export: Arc::new(export),
                mapping,
                base,
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

/// Rows as a file of `table`: every column in declared order, every cell quoted, blank where a row does not say.
fn csv(table: &Table, rows: Option<&Vec<std::collections::BTreeMap<String, String>>>) -> String {
    let mut text = String::new();
    let mut record = |cells: &mut dyn Iterator<Item = &str>| {
        for (at, cell) in cells.enumerate() {
            let comma = if at > 0 { "," } else { "" };
            text.push_str(&format!("{comma}\"{}\"", cell.replace('"', "\"\"")));
        }
        text.push('\n');
    };
    record(&mut table.columns.iter().map(|c| c.name.as_str()));
    for row in rows.into_iter().flatten() {
        let cell = |name: &str| row.get(name).map_or("", String::as_str);
        record(&mut table.columns.iter().map(|c| cell(c.name.as_str())));
    }
    text
}
