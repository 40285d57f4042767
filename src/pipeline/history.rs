//! What the run before left: which discrepancies were open, and their rows of its log.

use std::{collections::BTreeSet, fs::File, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array, new_null_array},
    compute::filter_record_batch,
};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{
    Context,
    error::RunError,
    tables::{FindingFile, Scanned, fact_index},
    waivers,
};
use crate::{
    check::{EngineError, keys::register_parquets},
    discrepancy::{Action, Category, Dimension, Severity, Status},
    log::{
        Before, FINDING_SCHEMA, Finding, FindingBuilder, LogError, Past, RuleFacts, open_by_rule,
        open_records, texts_of,
    },
    publish::Manifest,
    rules::RULE_CHANGED,
    tables::Delivers,
};

/// What lasts from night to night, in a run folder.
pub(super) const HISTORY: &str = "history.parquet";
/// The log of a run, in its folder.
const LOG: &str = "discrepancies.parquet";

/// The run before.
pub(super) struct History {
    pub(super) manifest: Manifest,
}

impl History {
    /// The run before this one, if it left a history.
    pub(super) fn open(run: &Context<'_>) -> Result<Option<Self>, RunError> {
        // A run that stands already and cannot be made again alike stays as it is, whatever comes of this.
        if run.before.is_gone(run.out) {
            return Ok(None);
        }
        let Some(previous) = run.staged.previous() else {
            return Ok(None);
        };
        let Some(manifest) = run.out.left_by(previous)? else {
            return Ok(None);
        };
        let has_history = manifest.outputs.iter().any(|o| o.path.as_str() == HISTORY);
        Ok(has_history.then_some(Self { manifest }))
    }

    fn file(&self, run: &Context<'_>, path: &str) -> Result<File, RunError> {
        Ok(run.out.open_output(&self.manifest, path)?)
    }

    /// What the log is made with.
    pub(super) fn before(&self, run: &Context<'_>) -> Result<Before, RunError> {
        let past = self.file(run, HISTORY)?;
        let log = self.file(run, LOG)?;
        Ok(Before {
            past: Past::open(past)?,
            log,
        })
    }

    /// The statements about totals that are open, each with its group.
    pub(super) fn statements(&self, run: &Context<'_>) -> Result<BTreeSet<String>, RunError> {
        let ids = run.plan.statements.iter();
        let ids: BTreeSet<&str> = ids.map(|statement| statement.id.value.as_str()).collect();
        let past = self.file(run, HISTORY)?;
        Ok(open_records(past, |rule| ids.contains(rule))?)
    }

    /// Adds to the findings what is open of rules that could not be judged tonight, since their table was not delivered or
    /// the statement's figures are not there; and tells which rules are others than those that found what is open.
    pub(super) async fn carry(
        &self,
        run: &Context<'_>,
        scanned: &mut Scanned,
        unjudged: &Unjudged,
    ) -> Result<(), RunError> {
        let open = open_by_rule(self.file(run, HISTORY)?)?;
        self.tell_changes(run, scanned, &open)?;
        let carried: BTreeSet<&str> = open
            .iter()
            .filter(|(rule, _, _)| {
                known(&scanned.facts, rule).is_some_and(|facts| {
                    unjudged.is_of_table(facts) || unjudged.of_statements(&facts.id)
                })
            })
            .map(|(rule, _, _)| rule.as_str())
            .collect();
        if carried.is_empty() {
            return Ok(());
        }
        let partly = carried.iter().copied();
        let partly = partly.filter(|rule| unjudged.partly.contains(*rule));
        let tonight = found_again(run, scanned, partly).await?;
        let mut findings = FindingFile::new(run.staged, "carried")?;
        let log = self.file(run, LOG)?;
        let rows = ParquetRecordBatchReaderBuilder::try_new(log).map_err(LogError::from)?;
        for batch in rows.build().map_err(LogError::from)? {
            let batch = batch.map_err(LogError::from)?;
            let (rules, keys) = (texts_of(&batch, "rule_id"), texts_of(&batch, "record_key"));
            let (statuses, columns) = (texts_of(&batch, "status"), texts_of(&batch, "column"));
            let is_carried = |row: usize| {
                let rule = rules.value(row);
                let of_table = || {
                    let facts = known(&scanned.facts, rule);
                    facts.is_some_and(|facts| unjudged.is_of_table(facts))
                        && !tonight.contains(
                            &[rule, keys.value(row), columns.value(row)].map(str::to_owned),
                        )
                };
                statuses.value(row) != Status::Resolved.word()
                    && carried.contains(rule)
                    && (of_table() || unjudged.statements.contains(keys.value(row)))
            };
            let rows: BooleanArray = (0..batch.num_rows())
                .map(|row| Some(is_carried(row)))
                .collect();
            if rows.true_count() > 0 {
                let batch = filter_record_batch(&batch, &rows).map_err(LogError::from)?;
                findings.write(&as_findings(&batch, &scanned.facts)?)?;
            }
        }
        scanned.findings.push(findings.finish()?);
        Ok(())
    }

    fn tell_changes(
        &self,
        run: &Context<'_>,
        scanned: &mut Scanned,
        open: &[(String, String, u64)],
    ) -> Result<(), RunError> {
        let mut builder = FindingBuilder::default();
        let before = &self.manifest.run_id;
        for (rule, version, count) in open {
            let (now, what) = match known(&scanned.facts, rule) {
                Some(facts) if facts.version == *version => continue,
                Some(facts) => (
                    Some(facts.version.as_str()),
                    "does not find any more are not resolved by it, and what it finds anew is not new in the data",
                ),
                None => (None, "found are not resolved by that"),
            };
            let changed = match now {
                Some(now) => format!("changed since run {before}, from version {version} to {now}"),
                None => format!("is no more, and was there in run {before}"),
            };
            let message = format!(
                "rule {rule} {changed}: of {count} open discrepancies, those that it {what}"
            );
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, RULE_CHANGED),
                record_key: rule,
                observed: now,
                expected: Some(version),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
        if builder.is_empty() {
            return Ok(());
        }
        let mut findings = FindingFile::new(run.staged, "changed-rules")?;
        findings.write(&builder.finish().map_err(LogError::from)?)?;
        scanned.findings.push(findings.finish()?);
        Ok(())
    }
}

/// The engine's own rule about rules that changed.
pub(super) fn own_rule() -> RuleFacts {
    RuleFacts {
        id: RULE_CHANGED.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kind: "rule_changed".to_owned(),
        dimension: Dimension::Consistency,
        severity: Severity::Info,
        category: Category::Schema,
        table: String::new(),
    }
}

fn known<'f>(facts: &'f [RuleFacts], rule: &str) -> Option<&'f RuleFacts> {
    let found = facts.binary_search_by(|facts| facts.id.as_str().cmp(rule));
    found.ok().map(|at| &facts[at])
}

/// What could not be judged tonight, so that what was open of it stays open.
#[derive(Default)]
pub(super) struct Unjudged {
    /// Tables of which nothing was delivered.
    tables: BTreeSet<String>,
    /// Statements, with their groups, that had no figures.
    statements: BTreeSet<String>,
    /// Rules that could not be evaluated, or ran over a part of what they are about. Those about records that were lost from
    /// deliveries of changes among them: nobody delivers them again of himself.
    partly: BTreeSet<String>,
    /// Rules that the selection left out: a trial is about the others alone.
    left_out: BTreeSet<String>,
}

impl Unjudged {
    /// Of the run so far; the statements are known to who reconciled.
    pub(super) fn of(run: &Context<'_>, scanned: &Scanned, statements: BTreeSet<String>) -> Self {
        let delivery = run.delivery;
        let absent = delivery.sources.iter().filter(|s| s.files.is_empty());
        let tables = absent.map(|source| source.table.name.to_string()).collect();
        let deltas = delivery.sources.iter().map(|source| &source.table);
        let deltas = deltas.filter(|table| table.delivers == Delivers::Delta);
        let mut partly: BTreeSet<String> = deltas
            .map(|table| format!("{}.rejects", table.name))
            .collect();
        let mut left_out = BTreeSet::new();
        for (at, rule) in run.project.rules.iter().enumerate() {
            if scanned.errors.contains_key(&at) {
                partly.insert(rule.id.clone());
            } else if scanned.rules[at].is_none() {
                left_out.insert(rule.id.clone());
            }
        }
        for file in &delivery.unreadable {
            let of_table = scanned
                .facts
                .iter()
                .filter(|f| f.table == file.table.as_str());
            partly.extend(of_table.map(|facts| facts.id.clone()));
        }
        Self {
            tables,
            statements,
            partly,
            left_out,
        }
    }

    fn is_of_table(&self, facts: &RuleFacts) -> bool {
        self.tables.contains(&facts.table) || self.partly.contains(&facts.id)
    }

    fn of_statements(&self, rule: &str) -> bool {
        let of_rule = |statement: &&String| {
            let rest = statement.strip_prefix(rule);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        };
        let from = self.statements.range(rule.to_owned()..);
        from.take_while(|statement| statement.starts_with(rule))
            .any(|statement| of_rule(&statement))
    }

    /// Of each rule, whether what it does not find tonight is gone.
    pub(super) fn judged(&self, facts: &[RuleFacts]) -> Vec<bool> {
        let judged =
            |facts: &RuleFacts| !self.is_of_table(facts) && !self.left_out.contains(&facts.id);
        facts.iter().map(judged).collect()
    }
}

/// Rule, record and column of what some rules found tonight, which is not to be carried besides.
async fn found_again(
    run: &Context<'_>,
    scanned: &Scanned,
    rules: impl Iterator<Item = &str>,
) -> Result<BTreeSet<[String; 3]>, RunError> {
    let mut found = BTreeSet::new();
    let session = run.engine.session();
    let doing = "looking for what was found before";
    register_parquets(&session, "findings", &scanned.findings).await?;
    for rule in rules {
        let index = fact_index(&scanned.facts, rule);
        let mut batches = waivers::of_rule(&session, index, doing).await?;
        while let Some(batch) = batches
            .try_next()
            .await
            .map_err(EngineError::query(doing))?
        {
            let [keys, columns] = ["record_key", "column"].map(|name| texts_of(&batch, name));
            for row in 0..batch.num_rows() {
                found.insert([rule, keys.value(row), columns.value(row)].map(str::to_owned));
            }
        }
    }
    Ok(found)
}

/// Rows of a log as findings that were seen in an earlier run.
fn as_findings(log: &RecordBatch, facts: &[RuleFacts]) -> Result<RecordBatch, RunError> {
    let rules = texts_of(log, "rule_id");
    let rule = |row| fact_index(facts, rules.value(row));
    let columns = FINDING_SCHEMA.fields().iter().map(|field| -> ArrayRef {
        let name = match field.name().as_str() {
            "rule" => {
                return Arc::new(UInt32Array::from_iter_values((0..log.num_rows()).map(rule)));
            }
            "group" => "group_id",
            "last_seen" => "last_seen_run",
            name => name,
        };
        match log.column_by_name(name) {
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            _ => new_null_array(field.data_type(), log.num_rows()),
        }
    });
    let columns = columns.collect();
    Ok(RecordBatch::try_new(Arc::clone(&FINDING_SCHEMA), columns).map_err(LogError::from)?)
}
