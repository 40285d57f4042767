//! Which waivers hold tonight, what they cover, and what is to be said about them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use arrow::{
    array::{Array, AsArray, BooleanArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::UInt32Type,
};
use datafusion::{
    error::DataFusionError,
    execution::{SendableRecordBatchStream, context::SessionContext},
    logical_expr::{Expr, col, lit},
    physical_plan::PhysicalExpr,
};
use futures::TryStreamExt;

use super::{
    Context,
    error::RunError,
    tables::{FindingFile, Scanned, fact_index},
};
use crate::{
    check::{
        EngineError,
        keys::register_parquets,
        session::describe,
        waived::{compiled, holds},
    },
    diagnostics::Diagnostic,
    discrepancy::{Action, Category, Dimension, Severity},
    log::{Finding, FindingBuilder, LogError, RuleFacts, Waiving, discrepancy_id},
    project::Project,
    rules::{
        WAIVER_EXPIRED, WAIVER_EXPIRING, WAIVER_FAILED, WAIVER_OUTDATED, WAIVER_OVER_BROAD,
        WAIVER_UNUSED,
        waivers::{Covers, Waiver},
    },
};

/// In the last so many days of a waiver its end is told.
const SOON: i64 = 14;

/// The waivers that hold tonight.
#[derive(Default)]
pub(super) struct InForce {
    /// By the id of a discrepancy.
    ids: HashMap<String, String>,
    /// By rule, in the order of the project.
    rules: Vec<ByRule>,
}

/// A waiver that covers discrepancies of a rule.
struct ByRule {
    rule: u32,
    condition: Option<Arc<dyn PhysicalExpr>>,
    waiver: String,
}

impl Waiving for InForce {
    fn by_rule<'w>(&'w self, batch: &RecordBatch) -> Result<Vec<Option<&'w str>>, DataFusionError> {
        let mut found = vec![None; batch.num_rows()];
        let rules = batch.column(0).as_primitive::<UInt32Type>();
        for waiver in &self.rules {
            let rows: Vec<usize> = (0..batch.num_rows())
                .filter(|row| found[*row].is_none() && rules.value(*row) == waiver.rule)
                .collect();
            if rows.is_empty() {
                continue;
            }
            let covered = covered(batch, waiver.rule, waiver.condition.as_deref())?;
            for row in rows.into_iter().filter(|row| covered[*row]) {
                found[row] = Some(waiver.waiver.as_str());
            }
        }
        Ok(found)
    }

    fn by_id(&self, id: &str) -> Option<&str> {
        self.ids.get(id).map(String::as_str)
    }
}

/// Which findings are of a rule and fulfil a condition, which is computed for those of the rule alone.
fn covered(
    batch: &RecordBatch,
    rule: u32,
    condition: Option<&dyn PhysicalExpr>,
) -> Result<Vec<bool>, DataFusionError> {
    let rules = batch.column(0).as_primitive::<UInt32Type>();
    let mut covered: Vec<bool> = rules.values().iter().map(|found| *found == rule).collect();
    if let Some(condition) = condition {
        let own = filter_record_batch(batch, &BooleanArray::from(covered.clone()))?;
        let holds = holds(condition, &own)?;
        let mut holds = (0..holds.len()).map(|at| holds.is_valid(at) && holds.value(at));
        for row in covered.iter_mut().filter(|own| **own) {
            *row = holds.next().unwrap_or(false);
        }
    }
    Ok(covered)
}

/// Reports waivers of what is no rule, and plans the conditions of all, in the order of the project.
pub(super) fn plan(
    engine: &crate::check::Engine,
    project: &Project,
    facts: &[RuleFacts],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Option<Expr>> {
    let waivers = project.waivers.iter();
    waivers
        .map(|waiver| {
            let rule = &waiver.rule;
            let known = facts.iter().any(|facts| facts.id == rule.value);
            if !known && !project.unread.rules {
                let message = format!("waiver `{}` is about no rule: `{}`", waiver.id, rule.value);
                let ids = facts.iter().map(|facts| facts.id.as_str());
                diagnostics.push(Diagnostic::at(&rule.span, message).suggest(&rule.value, ids));
            }
            match &waiver.covers {
                Covers::Rows {
                    condition: Some(condition),
                    ..
                } => crate::check::waived::condition(engine, condition, diagnostics),
                _ => None,
            }
        })
        .collect()
}

/// The engine's own rules about waivers.
pub(super) fn own_rules() -> impl Iterator<Item = RuleFacts> {
    use Category::{OutOfRange, Stale, WrongFormat};
    use Dimension::{Timeliness, Validity};
    let own = [
        (WAIVER_EXPIRED, Timeliness, Severity::Warn, Stale),
        (WAIVER_OUTDATED, Timeliness, Severity::Warn, Stale),
        (WAIVER_EXPIRING, Timeliness, Severity::Info, Stale),
        (WAIVER_UNUSED, Timeliness, Severity::Warn, Stale),
        (WAIVER_OVER_BROAD, Validity, Severity::Error, OutOfRange),
        (WAIVER_FAILED, Validity, Severity::Error, WrongFormat),
    ];
    own.into_iter()
        .map(|(id, dimension, severity, category)| RuleFacts {
            id: id.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: "waiver".to_owned(),
            dimension,
            severity,
            category,
            table: String::new(),
        })
}

/// A waiver that its dates and its rule's version let hold.
struct Candidate<'r> {
    waiver: &'r Waiver,
    rule: u32,
    condition: Option<Arc<dyn PhysicalExpr>>,
    /// The discrepancies of tonight that it covers.
    found: u64,
    /// Which of its ids are among them.
    ids: BTreeSet<String>,
    /// Why its condition could not be computed.
    failed: Option<String>,
}

/// Finds out which waivers hold, and adds what is to be said about them to the findings; `judged` says of each rule whether it ran.
pub(super) async fn judge(
    run: &Context<'_>,
    scanned: &mut Scanned,
    judged: &[bool],
) -> Result<InForce, RunError> {
    let (mut candidates, mut said) = candidates(run, scanned)?;
    if !candidates.is_empty() {
        count(run, scanned, &mut candidates).await?;
    }
    for candidate in &candidates {
        said.about(run, scanned, judged, candidate);
    }
    said.keep(run, scanned)?;
    Ok(InForce::of(candidates))
}

/// The waivers that their dates and their rules' versions let hold, and what is to be said about the others.
fn candidates<'r>(
    run: &Context<'r>,
    scanned: &Scanned,
) -> Result<(Vec<Candidate<'r>>, Said), RunError> {
    let mut said = Said::default();
    let mut candidates = Vec::new();
    for (waiver, condition) in run.project.waivers.iter().zip(&run.plan.waivers) {
        let rule = fact_index(&scanned.facts, &waiver.rule.value);
        let version = &scanned.facts[rule as usize].version;
        let as_of = run.plan.as_of;
        if as_of > waiver.expires {
            let message = format!(
                "waiver {} ended on {}, so that what it covered counts again: mend that, or have it waived anew",
                waiver.id, waiver.expires
            );
            let expires = waiver.expires.to_string();
            said.push(
                &scanned.facts,
                WAIVER_EXPIRED,
                waiver,
                Some(&expires),
                &message,
            );
        } else if *version != waiver.rule_version.value {
            let message = format!(
                "waiver {} was granted for version {} of rule {}, which is now {version}, so that it covers nothing: look at the rule, and have it waived anew",
                waiver.id, waiver.rule_version.value, waiver.rule.value
            );
            let expected = &waiver.rule_version.value;
            said.push(
                &scanned.facts,
                WAIVER_OUTDATED,
                waiver,
                Some(expected),
                &message,
            );
        } else {
            let failed =
                EngineError::query(format!("planning the condition of waiver {}", waiver.id));
            let condition = condition.as_ref();
            let condition = condition.map(|condition| compiled(run.engine, condition));
            candidates.push(Candidate {
                waiver,
                rule,
                condition: condition.transpose().map_err(failed)?,
                found: 0,
                ids: BTreeSet::new(),
                failed: None,
            });
        }
    }
    Ok((candidates, said))
}

impl InForce {
    /// Of candidates that were counted: those that may cover what they do.
    fn of(candidates: Vec<Candidate<'_>>) -> Self {
        let mut in_force = Self::default();
        for candidate in candidates {
            let holds = candidate.failed.is_none();
            match &candidate.waiver.covers {
                Covers::Discrepancies(ids) => {
                    for id in ids {
                        let name = || candidate.waiver.id.clone();
                        in_force.ids.entry(id.clone()).or_insert_with(name);
                    }
                }
                Covers::Rows { max_rows, .. } if holds && candidate.found <= *max_rows => {
                    in_force.rules.push(ByRule {
                        rule: candidate.rule,
                        condition: candidate.condition,
                        waiver: candidate.waiver.id.clone(),
                    });
                }
                Covers::Rows { .. } => {}
            }
        }
        in_force
    }
}

/// Of these rules, those that have a finding so far which no waiver covers.
pub(super) async fn unwaived(
    run: &Context<'_>,
    scanned: &Scanned,
    rules: BTreeSet<u32>,
) -> Result<BTreeSet<u32>, RunError> {
    let (mut candidates, _) = candidates(run, scanned)?;
    candidates.retain(|candidate| rules.contains(&candidate.rule));
    if candidates.is_empty() {
        return Ok(rules);
    }
    count(run, scanned, &mut candidates).await?;
    let waived: BTreeSet<u32> = candidates.iter().map(|candidate| candidate.rule).collect();
    let in_force = InForce::of(candidates);
    let session = run.engine.session();
    let doing = "counting what waivers cover";
    register_parquets(&session, "findings", &scanned.findings).await?;
    let mut unwaived = rules;
    for rule in waived {
        let facts = &scanned.facts[rule as usize];
        let mut numbers = Numbers::default();
        let mut rest = false;
        let mut batches = of_rule(&session, rule, doing).await?;
        while let Some(batch) = batches
            .try_next()
            .await
            .map_err(EngineError::query(doing))?
        {
            let by_rule = in_force
                .by_rule(&batch)
                .map_err(EngineError::query(doing))?;
            for (row, by_rule) in by_rule.iter().enumerate() {
                let id = numbers.id(facts, &batch, row);
                rest |= by_rule.is_none() && in_force.by_id(&id).is_none();
            }
        }
        if !rest {
            unwaived.remove(&rule);
        }
    }
    Ok(unwaived)
}

/// The findings of a rule so far.
pub(super) async fn of_rule(
    session: &SessionContext,
    rule: u32,
    doing: &str,
) -> Result<SendableRecordBatchStream, RunError> {
    let table = session.table("findings").await;
    let of_rule = table
        .and_then(|table| table.filter(col("rule").eq(lit(rule))))
        .map_err(EngineError::query(doing))?;
    let stream = of_rule.execute_stream().await;
    Ok(stream.map_err(EngineError::query(doing))?)
}

/// Numbers the findings of a rule that share record and column, in any order: together they have the ids of the log.
#[derive(Default)]
struct Numbers(BTreeMap<(String, Option<String>), u64>);

impl Numbers {
    fn id(&mut self, facts: &RuleFacts, batch: &RecordBatch, row: usize) -> String {
        let text = |column: usize| {
            let texts = batch.column(column).as_string::<i32>();
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        };
        let (key, column) = (text(1).unwrap_or_default(), text(2));
        let n = self.0.entry((key.clone(), column.clone())).or_default();
        *n += 1;
        discrepancy_id(facts, &key, column.as_deref().unwrap_or(""), *n)
    }
}

/// Counts what each candidate covers among the findings of tonight: those of its rule alone are read.
async fn count(
    run: &Context<'_>,
    scanned: &Scanned,
    candidates: &mut [Candidate<'_>],
) -> Result<(), RunError> {
    let session = run.engine.session();
    let doing = "counting what waivers cover";
    register_parquets(&session, "findings", &scanned.findings).await?;
    let rules: BTreeSet<u32> = candidates.iter().map(|candidate| candidate.rule).collect();
    for rule in rules {
        let facts = &scanned.facts[rule as usize];
        let of_candidate = |candidate: &&mut Candidate<'_>| candidate.rule == rule;
        let mut own: Vec<_> = candidates.iter_mut().filter(of_candidate).collect();
        let mut batches = of_rule(&session, rule, doing).await?;
        let by_id = own
            .iter()
            .any(|candidate| matches!(candidate.waiver.covers, Covers::Discrepancies(_)));
        let mut numbers = Numbers::default();
        while let Some(batch) = batches
            .try_next()
            .await
            .map_err(EngineError::query(doing))?
        {
            for candidate in own.iter_mut() {
                if let Covers::Rows { .. } = candidate.waiver.covers {
                    match covered(&batch, rule, candidate.condition.as_deref()) {
                        Ok(rows) => {
                            candidate.found += rows.iter().filter(|row| **row).count() as u64;
                        }
                        Err(error) => candidate.failed = Some(describe(&error)),
                    }
                }
            }
            if !by_id {
                continue;
            }
            for row in 0..batch.num_rows() {
                let id = numbers.id(facts, &batch, row);
                for candidate in own.iter_mut() {
                    if let Covers::Discrepancies(ids) = &candidate.waiver.covers
                        && ids.contains(&id)
                    {
                        candidate.found += 1;
                        candidate.ids.insert(id.clone());
                    }
                }
            }
        }
    }
    Ok(())
}

/// What is to be said about waivers.
#[derive(Default)]
struct Said {
    findings: FindingBuilder,
}

impl Said {
    /// Whether a candidate covers too much or nothing, or ends soon.
    fn about(
        &mut self,
        run: &Context<'_>,
        scanned: &Scanned,
        judged: &[bool],
        candidate: &Candidate<'_>,
    ) {
        let Candidate {
            waiver,
            rule,
            found,
            ids,
            failed,
            ..
        } = candidate;
        let (id, of_rule) = (&waiver.id, &waiver.rule.value);
        let facts = &scanned.facts;
        if let Some(why) = failed {
            let message = format!(
                "the condition of waiver {id} cannot be computed for a discrepancy of rule {of_rule}, so that it covers none: {why}"
            );
            self.push(facts, WAIVER_FAILED, waiver, None, &message);
            return;
        }
        let most = match &waiver.covers {
            Covers::Rows { max_rows, .. } => *max_rows,
            Covers::Discrepancies(_) => u64::MAX,
        };
        if *found > most {
            let message = format!(
                "waiver {id} would cover {found} discrepancies of rule {of_rule} and may cover {most}, so that it covers none: narrow its `where`, or have more of them waived"
            );
            let at_most = most.to_string();
            self.push(facts, WAIVER_OVER_BROAD, waiver, Some(&at_most), &message);
            return;
        }
        if judged[*rule as usize] {
            let gone = match &waiver.covers {
                Covers::Discrepancies(wanted) => {
                    let gone = wanted.iter().filter(|id| !ids.contains(*id));
                    gone.cloned().collect::<Vec<_>>()
                }
                Covers::Rows { .. } => Vec::new(),
            };
            if *found == 0 {
                let message = format!(
                    "waiver {id} covers nothing: no discrepancy of rule {of_rule} is what it is about; remove it"
                );
                self.push(facts, WAIVER_UNUSED, waiver, None, &message);
                return;
            }
            if !gone.is_empty() {
                let message = format!(
                    "waiver {id} names discrepancies of rule {of_rule} that are not there: {}; remove these",
                    gone.join(", ")
                );
                self.push(facts, WAIVER_UNUSED, waiver, None, &message);
            }
        }
        let left = waiver.expires.since(run.plan.as_of);
        let left = left.map_or(i64::MAX, |span| i64::from(span.get_days()));
        if left < SOON {
            let message = format!(
                "waiver {id} ends on {}, and {found} discrepancies of rule {of_rule} count again from the day after: mend them, or have them waived anew",
                waiver.expires
            );
            let expires = waiver.expires.to_string();
            self.push(facts, WAIVER_EXPIRING, waiver, Some(&expires), &message);
        }
    }

    fn push(
        &mut self,
        facts: &[RuleFacts],
        rule: &str,
        waiver: &Waiver,
        expected: Option<&str>,
        message: &str,
    ) {
        let (line, _) = waiver.span.line_column();
        self.findings.push(&Finding {
            rule: fact_index(facts, rule),
            record_key: &waiver.id,
            source_file: Some(&waiver.span.source.path),
            source_line: i64::try_from(line).ok(),
            observed: Some(&waiver.rule.value),
            expected,
            action: Some(Action::Kept),
            message,
            ..Finding::default()
        });
    }

    fn keep(mut self, run: &Context<'_>, scanned: &mut Scanned) -> Result<(), RunError> {
        if self.findings.is_empty() {
            return Ok(());
        }
        let mut file = FindingFile::new(run.staged, "waivers")?;
        file.write(&self.findings.finish().map_err(LogError::from)?)?;
        scanned.findings.push(file.finish()?);
        Ok(())
    }
}
