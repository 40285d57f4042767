//! What stops a run beside single rows: how many fail, how old a table is, how many rows it has.

mod earlier;
mod freshness;
mod volume;
pub(super) mod withheld;

pub(super) use earlier::Earlier;

use super::{
    Context,
    error::RunError,
    report::RuleLine,
    tables::{FindingFile, Scanned, fact_index},
};
use crate::{
    check::scan::RuleCounts,
    discrepancy::{Action, Category, Dimension, Severity},
    log::{Finding, FindingBuilder, LogError, short_hash},
    names::Name,
    rules::{Rule, Threshold},
    tables::Table,
};

/// How severe the failures of a rule are in this run: what its conditions say, and information within its threshold.
pub(super) fn severity(rule: &Rule, counts: RuleCounts) -> Severity {
    if counts.failed == 0 {
        return rule.severity;
    }
    let evaluated = counts.passed + counts.failed;
    if !rule.conditions.0.is_empty() {
        let holding = rule.conditions.holding(counts.failed, evaluated);
        return holding.map_or(Severity::Info, |(severity, _)| severity);
    }
    let within = match rule.threshold {
        None => false,
        Some(Threshold::MaxCount(most)) => counts.failed <= most,
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share needs no more than 52 bits"
        )]
        Some(Threshold::MaxShare(most)) => counts.failed as f64 <= most * evaluated as f64,
    };
    match within {
        true => Severity::Info,
        false => rule.severity,
    }
}

/// Whether the rule failed within its threshold, or on fewer rows than any of its conditions asks for.
pub(super) fn tolerated(rule: &Rule, counts: RuleCounts) -> bool {
    let may_be_tolerated = rule.threshold.is_some() || !rule.conditions.0.is_empty();
    counts.failed > 0 && may_be_tolerated && severity(rule, counts) == Severity::Info
}

/// A rule of a table that its `source` declares.
#[derive(Clone, Copy)]
enum Own {
    Freshness,
    Volume,
}

impl Own {
    fn id(self, table: &Name) -> String {
        match self {
            Self::Freshness => format!("{table}.freshness"),
            Self::Volume => format!("{table}.volume"),
        }
    }

    fn dimension(self) -> Dimension {
        match self {
            Self::Freshness => Dimension::Timeliness,
            Self::Volume => Dimension::Completeness,
        }
    }

    fn category(self) -> Category {
        match self {
            Self::Freshness => Category::Stale,
            Self::Volume => Category::OutOfRange,
        }
    }
}

/// The engine's own rules about a table's age and its rows: id, kind, dimension, severity, category.
pub(super) fn built_in(
    table: &Table,
) -> [(String, &'static str, Dimension, Severity, Category); 2] {
    let gates = &table.gates;
    let freshness = gates.freshness.as_ref().and_then(|f| f.after.strictest());
    let volume = gates.volume.as_ref().and_then(|v| v.change.strictest());
    [
        (Own::Freshness, "freshness", freshness),
        (Own::Volume, "volume", volume),
    ]
    .map(|(own, kind, severity)| {
        let severity = severity.unwrap_or(Severity::Error);
        let id = own.id(&table.name);
        (id, kind, own.dimension(), severity, own.category())
    })
}

/// The version of such a rule, which is made of what its `source` declares; `None` for other rules.
pub(super) fn version(table: &Table, id: &str) -> Option<String> {
    let gates = &table.gates;
    let freshness = gates
        .freshness
        .as_ref()
        .map(|f| freshness::settings(table, f));
    let volume = gates.volume.as_ref().map(volume::settings);
    let settings = match id {
        _ if id == Own::Freshness.id(&table.name) => freshness,
        _ if id == Own::Volume.id(&table.name) => volume,
        _ => None,
    };
    let mut version = short_hash(&[&settings?]);
    version.truncate(12);
    Some(version)
}

/// What came of such a rule.
struct Judged {
    outcome: Outcome,
    expected: String,
}

enum Outcome {
    Passed,
    /// There was nothing that it could be held against, and why.
    NotEvaluated(String),
    Failed {
        severity: Severity,
        observed: String,
        message: String,
    },
}

/// Judges the age and the rows of every table that says what they have to be.
pub(super) async fn judge(
    run: &Context<'_>,
    scanned: &mut Scanned,
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    let mut builder = FindingBuilder::default();
    for (at, table) in run.plan.tables.iter().enumerate() {
        if let Some(declared) = &table.gates.freshness {
            let judged = freshness::judge(run, table, declared).await?;
            tell(Own::Freshness, table, &judged, scanned, &mut builder);
        }
        if let Some(declared) = &table.gates.volume {
            let rows = scanned.files[at].iter().map(|file| file.read).sum();
            let judged = volume::judge(run, table, declared, rows);
            tell(Own::Volume, table, &judged, scanned, &mut builder);
        }
    }
    if builder.is_empty() {
        return Ok(());
    }
    findings.write(&builder.finish().map_err(LogError::from)?)
}

/// Whether a file of the table could not be read, so that its rows are not known.
fn is_unreadable(run: &Context<'_>, table: &Table) -> bool {
    let mut files = run.delivery.unreadable.iter();
    files.any(|file| file.table == table.name)
}

/// Adds the rule's line, and its finding where it failed.
fn tell(
    own: Own,
    table: &Table,
    judged: &Judged,
    scanned: &mut Scanned,
    builder: &mut FindingBuilder,
) {
    let id = own.id(&table.name);
    let index = fact_index(&scanned.facts, &id);
    let fact = &mut scanned.facts[index as usize];
    let (status, counts) = match &judged.outcome {
        Outcome::Passed => ("passed", RuleCounts::of_table(true)),
        Outcome::NotEvaluated(why) => {
            tracing::warn!(rule = id, why, "not evaluated");
            let counts = RuleCounts {
                not_evaluated: 1,
                ..RuleCounts::default()
            };
            ("not_evaluated", counts)
        }
        Outcome::Failed {
            severity,
            observed,
            message,
        } => {
            fact.severity = *severity;
            builder.push(&Finding {
                rule: index,
                record_key: table.name.as_str(),
                observed: Some(observed),
                expected: Some(&judged.expected),
                action: Some(Action::Kept),
                message,
                ..Finding::default()
            });
            let status = match severity {
                Severity::Info => "tolerated",
                _ => "failed",
            };
            (status, RuleCounts::of_table(false))
        }
    };
    scanned.gates.push(RuleLine {
        rule_id: id,
        rule_version: fact.version.clone(),
        kind: fact.kind.clone(),
        table: table.name.to_string(),
        column: None,
        dimension: fact.dimension.word().to_owned(),
        severity: fact.severity,
        status,
        counts: Some(counts),
    });
}
