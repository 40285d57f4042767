//! What is made of the clean tables: model, aggregates, reconciliations, the log, and the facts of the run.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::PathBuf,
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray, StringBuilder},
    datatypes::{DataType, Field, Schema, SchemaRef},
};

use super::{
    Context, auditor_page,
    delivery::{Delivery, file_hash},
    error::RunError,
    feeds,
    figure_changes::FigureChanges,
    gates::{self, withheld::AllWithheld},
    history::{HISTORY, History, Unjudged},
    plan::Plan,
    records,
    report::{RuleLine, RunReport, TableLine},
    restated::Restated,
    settings::Settings,
    tables::{FindingFile, Scanned, fact_index, finish_table, table_file},
    twice::Twin,
    unreadable::Unreadable,
    waivers, year_on_year,
};
use crate::{
    check::{EngineError, keys::register_parquets, scan::RowCounts},
    decimal::Decimal,
    discrepancy::{Action, Severity},
    harmless::json,
    log::{
        Finding, FindingBuilder, LOG_ORDER, LogCounts, LogError, Night, Privacy, RuleFacts, Sinks,
        TableFile, write_log,
    },
    pages::auditor::Statements,
    project::Project,
    publish::{FileHash, InputFile, Rows, RunFacts, SeverityCounts, StagedFile, StagedRun},
    reconcile::{
        self, Figure, Judged, Reconciliation, Told, Verdict, withheld::needs, year_on_year::Pair,
    },
    rules::totals::Statement,
    tables::Missing,
};

/// What came of the statements.
#[derive(Default)]
pub(super) struct Reconciled {
    /// How many groups have each verdict, by its word.
    verdicts: BTreeMap<&'static str, u64>,
    /// The same of each statement, by its id.
    pub(super) by_statement: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// What pages tell of them.
    pub(super) told: Told,
    /// What the auditor's page draws of them.
    pub(super) drawn: Statements,
    /// The figures that they were judged by: those that were published, then those of the aggregates.
    pub(super) figures: Vec<Figure>,
    /// The pairs of the comparisons year on year.
    pub(super) pairs: Vec<Pair>,
    /// The groups that disagreed in the run before, and had no figures tonight to be judged by.
    pub(super) unjudged: BTreeSet<String>,
}

/// Checks every statement; those that do not hold become findings.
pub(super) async fn reconcile(
    run: &Context<'_>,
    figures: Vec<Figure>,
    scanned: &mut Scanned,
    open: BTreeSet<String>,
) -> Result<Reconciled, RunError> {
    let Context {
        plan,
        project,
        staged,
        ..
    } = *run;
    let (statements, withheld) = split(&plan.statements, &scanned.withheld);
    let mut judged = Judged::new(&statements, &figures, &project.lists);
    let behind = records::behind(run, scanned, &judged.rows, &figures).await?;
    records::write(staged, &judged.rows, &behind)?;
    judged.explain(&behind);
    let words = |text: &Option<Arc<str>>| text.as_ref().map(|t| t.to_string());
    let figure = |figure: Option<Decimal>| figure.map(|f| f.to_string());
    let columns = [
        "statement",
        "population",
        "period",
        "category",
        "stated",
        "computed",
        "difference",
        "tolerance",
        "verdict",
        "likely_cause",
        "evidence",
        "stated_at",
        "computed_at",
        "rule_id",
        "materiality",
    ];
    let cells = |r: &Reconciliation| {
        [
            Some(r.statement.clone()),
            words(&r.population),
            words(&r.period),
            words(&r.category),
            figure(r.stated),
            figure(r.computed),
            figure(r.difference),
            Some(r.tolerance.to_string()),
            Some(r.verdict.word().to_owned()),
            r.likely_cause.clone(),
            Some(r.evidence.clone()),
            Some(r.stated_at(&figures)),
            Some(r.computed_at(&figures)),
            Some(r.rule.rule_id.clone()),
            Some(r.rule.materiality.word().to_owned()),
        ]
    };
    let mut table = TextTable::new(staged, "reconciliations", columns)?;
    let mut reconciled = Reconciled {
        unjudged: open,
        ..Reconciled::default()
    };
    let mut take = |r: Reconciliation| -> Result<(), RunError> {
        table.push(cells(&r))?;
        *reconciled.verdicts.entry(r.verdict.word()).or_default() += 1;
        feeds::count(&mut reconciled.by_statement, &r);
        if r.verdict != Verdict::NotEvaluated {
            reconciled.unjudged.remove(&r.statement);
        }
        reconciled.told.take(r, &figures);
        Ok(())
    };
    judged.each(&mut take)?;
    let (pairs, unjudged) = year_on_year::write(run, &figures, &mut scanned.withheld)?;
    for unjudged in withheld.into_iter().chain(unjudged) {
        take(unjudged)?;
    }
    table.finish()?;
    let mut builder = FindingBuilder::default();
    for r in reconciled.told.disagreeing() {
        let message = format!("{}. {}", r.evidence, r.rule.why);
        let stated_at = r.stated_at(&figures);
        let [stated, computed, difference] =
            [figure(r.stated), figure(r.computed), figure(r.difference)];
        builder.push(&Finding {
            rule: fact_index(&scanned.facts, &r.rule.rule_id),
            record_key: &r.statement,
            source_file: published_file(&stated_at),
            source_line: published_line(&stated_at),
            observed: stated.as_deref(),
            expected: computed.as_deref(),
            difference: difference.as_deref(),
            action: Some(Action::Kept),
            likely_cause: r.likely_cause.as_deref(),
            group: r.suspect.as_deref(),
            message: &message,
            ..Finding::default()
        });
    }
    let mut findings = FindingFile::new(staged, "totals")?;
    findings.write(&builder.finish().map_err(LogError::from)?)?;
    scanned.findings.push(findings.finish()?);
    reconciled.pairs = pairs;
    reconciled.drawn = auditor_page::statements(scanned, &reconciled.told, &figures);
    reconciled.figures = figures;
    Ok(reconciled)
}

/// The statements whose figures are there, and the rows of those of which some were withheld.
fn split<'s>(
    statements: &'s [Statement],
    withheld: &AllWithheld,
) -> (Cow<'s, [Statement]>, Vec<Reconciliation>) {
    if withheld.aggregates().next().is_none() {
        return (Cow::Borrowed(statements), Vec::new());
    }
    let (mut left, mut unjudged) = (Vec::new(), Vec::new());
    for statement in statements {
        let mut aggregates = withheld.aggregates();
        match aggregates.find(|(name, _)| needs(statement, name)) {
            None => left.push(statement.clone()),
            Some((_, why)) => {
                let reason = format!("withheld: {}", why.why());
                unjudged.push(reconcile::withheld::unjudged(statement, reason));
            }
        }
    }
    (Cow::Owned(left), unjudged)
}

/// The file in a place such as `figures.csv:12 (…)`.
fn published_file(stated_at: &str) -> Option<&str> {
    stated_at.split_once(':').map(|(file, _)| file)
}

/// The line in such a place.
fn published_line(stated_at: &str) -> Option<i64> {
    let rest = stated_at.split_once(':')?.1;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The statements' facts, as the log shows them.
pub(super) fn statement_facts(statements: &[Statement]) -> impl Iterator<Item = RuleFacts> + '_ {
    statements.iter().map(|s| RuleFacts {
        id: s.id.value.clone(),
        version: s.version(),
        kind: s.check.word().to_owned(),
        dimension: s.dimension(),
        severity: s.severity(),
        category: s.check.category(),
        table: String::new(),
    })
}

/// Sorts the findings into the log, each with its life, and writes the history that the next night goes on from.
pub(super) async fn log(
    run: &Context<'_>,
    scanned: &mut Scanned,
    history: Option<&History>,
    unjudged: BTreeSet<String>,
) -> Result<LogCounts, RunError> {
    let staged = run.staged;
    let unjudged = Unjudged::of(run, scanned, unjudged);
    let judged = unjudged.judged(&scanned.facts);
    if let Some(history) = history {
        history.carry(run, scanned, &unjudged).await?;
    }
    let waivers = waivers::judge(run, scanned, &judged).await?;
    let session = run.engine.sorting_session();
    register_parquets(&session, "findings", &scanned.findings).await?;
    let fail = || EngineError::query("sorting the discrepancies");
    let sorted = session.sql(LOG_ORDER).await.map_err(fail())?;
    let sorted = sorted.execute_stream().await.map_err(fail())?;
    let night = Night {
        run_id: staged.run_id().as_str(),
        rules: &scanned.facts,
        judged: &judged,
    };
    let before = history.map(|history| history.before(run)).transpose()?;
    // No run goes on from a trial, which knows a part only.
    let keeps_history = run.plan.left_out == 0;
    let sinks = Sinks {
        parquet: staged.create("discrepancies.parquet")?,
        csv: staged.create("discrepancies.csv")?,
        history: match keeps_history {
            true => Some(staged.create(HISTORY)?),
            false => None,
        },
    };
    let written = write_log(sorted, night, before, &waivers, sinks).await?;
    let counts = written.counts;
    written.sinks.parquet.finish(Some(counts.rows))?;
    written.sinks.csv.finish(Some(counts.rows))?;
    if let Some(history) = written.sinks.history {
        history.finish(Some(written.history_rows))?;
    }
    Ok(counts)
}

/// Proof that every rule ran: its counts, or that it was skipped.
pub(super) fn rule_lines(project: &Project, plan: &Plan, scanned: &Scanned) -> Vec<RuleLine> {
    let mut lines: Vec<RuleLine> = project
        .rules
        .iter()
        .enumerate()
        .map(|(index, rule)| {
            let table = &plan.tables[rule.table];
            let counts = scanned.rules[index];
            let fact = &scanned.facts[fact_index(&scanned.facts, &rule.id) as usize];
            RuleLine {
                rule_id: rule.id.clone(),
                rule_version: rule.version.clone(),
                kind: rule.kind.word().to_owned(),
                table: table.name.to_string(),
                column: rule.column.map(|c| table.columns[c].name.to_string()),
                dimension: rule.dimension.word().to_owned(),
                severity: fact.severity,
                status: match counts {
                    _ if scanned.errors.contains_key(&index) => "error",
                    None => "skipped",
                    Some(counts) if counts.failed == 0 => "passed",
                    Some(counts) if gates::tolerated(rule, counts) => "tolerated",
                    Some(_) => "failed",
                },
                counts,
            }
        })
        .collect();
    lines.extend(scanned.gates.iter().cloned());
    lines.sort_by(|a, b| a.rule_id.cmp(&b.rule_id));
    lines
}

/// What decides a run's outputs but for the runs before it: date, delivery and inputs, the program, the project, the selection, and the key of hidden values (by a hash of a hash, so that the id tells nothing about it).
pub(super) fn identity(
    project: &Project,
    settings: &Settings,
    plan: &Plan,
    delivery: &Delivery,
) -> FileHash {
    let key = Privacy::new(settings.key.as_deref()).hide("trueup key id");
    let text = [
        project.hash.as_str(),
        &settings.selection.fingerprint(),
        &key,
    ]
    .join("\n");
    crate::publish::identity(
        plan.as_of,
        &delivery.name,
        &delivery.hashes(),
        FileHash::of(text.as_bytes()),
        env!("CARGO_PKG_VERSION"),
    )
}

/// Writes `rule_results` and `run_results.json`.
pub(super) fn write_results(run: &Context<'_>, report: &RunReport) -> Result<(), RunError> {
    let staged = run.staged;
    write_rule_results(staged, &report.rules)?;
    let mut out = staged.create("run_results.json")?;
    let text = format!("{:#}\n", report.to_json());
    out.write_all(json(&text).as_bytes())
        .map_err(LogError::Io)?;
    out.finish(None)?;
    Ok(())
}

fn write_rule_results(staged: &StagedRun, lines: &[RuleLine]) -> Result<(), RunError> {
    let text = |get: &dyn Fn(&RuleLine) -> Option<String>| -> ArrayRef {
        Arc::new(StringArray::from_iter(lines.iter().map(get)))
    };
    let number = |get: &dyn Fn(&RuleLine) -> Option<u64>| -> ArrayRef {
        let values = lines
            .iter()
            .map(|l| get(l).and_then(|n| i64::try_from(n).ok()));
        Arc::new(Int64Array::from_iter(values))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("rule_id", text(&|l| Some(l.rule_id.clone()))),
        ("rule_version", text(&|l| Some(l.rule_version.clone()))),
        ("kind", text(&|l| Some(l.kind.clone()))),
        ("table", text(&|l| Some(l.table.clone()))),
        ("column", text(&|l| l.column.clone())),
        ("dimension", text(&|l| Some(l.dimension.clone()))),
        ("severity", text(&|l| Some(l.severity.word().to_owned()))),
        ("status", text(&|l| Some(l.status.to_owned()))),
        (
            "evaluated",
            number(&|l| l.counts.map(|c| c.passed + c.failed)),
        ),
        ("failed", number(&|l| l.counts.map(|c| c.failed))),
        (
            "not_evaluated",
            number(&|l| l.counts.map(|c| c.not_evaluated)),
        ),
        (
            "not_applicable",
            number(&|l| l.counts.map(|c| c.not_applicable)),
        ),
        (
            "missing_not_recorded",
            number(&|l| l.missing(Missing::NotRecorded)),
        ),
        ("missing_unknown", number(&|l| l.missing(Missing::Unknown))),
        ("missing_refused", number(&|l| l.missing(Missing::Refused))),
        (
            "missing_not_applicable",
            number(&|l| l.missing(Missing::NotApplicable)),
        ),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|c| c.1).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(LogError::from)?;
    let mut out = table_file(staged, "rule_results", &schema)?;
    out.write(&batch)?;
    finish_table(out)?;
    Ok(())
}

/// The run as its reader sees it.
pub(super) fn report(
    run: &Context<'_>,
    scanned: &Scanned,
    counts: LogCounts,
    reconciled: &Reconciled,
    restated: Option<Restated>,
    figure_changes: Option<FigureChanges>,
) -> RunReport {
    let Context {
        plan,
        project,
        delivery,
        ..
    } = *run;
    let mut disagreements: Vec<&Reconciliation> = reconciled.told.disagreeing().collect();
    // What matters most first; a reader of the summary sees a few only.
    disagreements.sort_by_key(|r| r.rule.materiality);
    let blocking = counts.unwaived.get(&Severity::Blocking).copied();
    let unreadable = delivery.unreadable.len();
    let tables = plan
        .tables
        .iter()
        .zip(&scanned.files)
        .enumerate()
        .map(|(at, (table, files))| {
            let source = &delivery.sources[at];
            let mut rows = RowCounts::default();
            files.iter().for_each(|f| rows.merge(*f));
            TableLine {
                table: table.name.to_string(),
                files: source.delivered().count(),
                rows,
                carried: run.delta.carried(at, source, scanned),
            }
        });
    RunReport {
        run_id: run.staged.run_id().as_str().to_owned(),
        project: project.name.clone(),
        delivery: delivery.name.clone(),
        as_of: plan.as_of,
        // A run that could not read a file is not published, whatever is waived.
        blocked: blocking.unwrap_or(0) > 0 || unreadable > 0,
        left_out: plan.left_out,
        unreadable,
        fails: run.settings.fail_on(project).fails(&counts),
        tables: tables.collect(),
        rules: rule_lines(project, plan, scanned),
        by_severity: counts.by_severity,
        by_rule: counts.by_rule,
        discrepancies: counts.total,
        by_status: counts.by_status,
        rule_statuses: counts.rule_statuses,
        severity_of: scanned
            .facts
            .iter()
            .map(|f| (f.id.clone(), f.severity))
            .collect(),
        table_of: scanned
            .facts
            .iter()
            .map(|f| (f.id.clone(), f.table.clone()))
            .collect(),
        verdicts: reconciled.verdicts.clone(),
        disagreements: disagreements
            .into_iter()
            .map(|r| (r.statement.clone(), r.evidence.clone()))
            .collect(),
        withheld: scanned.withheld.outputs().into_iter().cloned().collect(),
        restated,
        figure_changes,
        redelivered: run.before.repeats.as_ref().map(ToString::to_string),
        folder: PathBuf::new(),
        already_published: false,
        current: None,
        newer: None,
        left_over: false,
        manifest_sha256: String::new(),
    }
}

/// The run as its manifest describes it.
pub(super) fn facts(run: &Context<'_>, scanned: &Scanned, report: &RunReport) -> RunFacts {
    let Context {
        plan,
        project,
        delivery,
        ..
    } = *run;
    let rows = |table: &str, counts: RowCounts| Rows {
        table: table.to_owned(),
        read: counts.read,
        clean: counts.clean,
        quarantined: counts.quarantined,
        excluded: counts.excluded,
        rejected: counts.rejected,
    };
    let mut inputs = Vec::new();
    for (source, counts) in delivery.sources.iter().zip(&scanned.files) {
        for (file, counts) in source.files.iter().zip(counts) {
            inputs.push(InputFile {
                path: file.export.file.clone(),
                sheet: file.export.sheet.clone(),
                written: file.origin.is_none().then(|| file.export.written.clone()),
                bytes: file.export.bytes,
                sha256: file_hash(&file.export.sha256),
                carried_from: file.origin.as_ref().and_then(|_| run.delta.base.clone()),
                rows: Some(rows(source.table.name.as_str(), *counts)),
            });
        }
    }
    let published = delivery.published.iter();
    inputs.extend(published.map(|p| InputFile::beside(p.path.clone(), p.bytes, p.sha256)));
    inputs.extend(delivery.twins.iter().map(Twin::input));
    inputs.extend(delivery.unreadable.iter().map(Unreadable::input));
    inputs.extend(delivery.controls.iter().cloned());
    let count = |severity| report.by_severity.get(&severity).copied().unwrap_or(0);
    RunFacts {
        trueup: env!("CARGO_PKG_VERSION").to_owned(),
        identity: run.before.identity,
        as_of: plan.as_of,
        delivery: delivery.name.clone(),
        project: crate::publish::Project {
            name: project.name.clone(),
            sha256: file_hash(&project.hash),
        },
        blocked: report.blocked,
        trial: report.trial(),
        rules_run: report.rules.iter().filter(|r| r.counts.is_some()).count() as u64,
        discrepancies: SeverityCounts {
            blocking: count(Severity::Blocking),
            error: count(Severity::Error),
            warn: count(Severity::Warn),
            info: count(Severity::Info),
        },
        inputs,
        tables: report
            .tables
            .iter()
            .map(|t| rows(&t.table, t.rows))
            .collect(),
        restates: run.before.restates.as_ref().map(|run| run.run_id.clone()),
        repeats: run.before.repeats.clone(),
        base: run.delta.base.clone(),
    }
}

/// Rows that are turned into texts at a time, so that a table of millions is never held.
const ROWS_AT_A_TIME: usize = 65_536;

/// A table of texts on its way to its files.
struct TextTable<const N: usize> {
    out: TableFile<StagedFile>,
    schema: SchemaRef,
    columns: [StringBuilder; N],
    /// Rows in `columns`.
    rows: usize,
}

impl<const N: usize> TextTable<N> {
    fn new(staged: &StagedRun, path: &str, columns: [&str; N]) -> Result<Self, RunError> {
        let fields = columns.map(|name| Field::new(name, DataType::Utf8, true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.to_vec()));
        Ok(Self {
            out: table_file(staged, path, &schema)?,
            schema,
            columns: columns.map(|_| StringBuilder::new()),
            rows: 0,
        })
    }

    fn push(&mut self, cells: [Option<String>; N]) -> Result<(), RunError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_option(cell);
        }
        self.rows += 1;
        match self.rows {
            ROWS_AT_A_TIME => self.write(),
            _ => Ok(()),
        }
    }

    fn write(&mut self) -> Result<(), RunError> {
        self.rows = 0;
        let columns = self.columns.each_mut();
        let arrays = columns.map(|column| Arc::new(column.finish()) as ArrayRef);
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays.to_vec());
        self.out.write(&batch.map_err(LogError::from)?)?;
        Ok(())
    }

    fn finish(mut self) -> Result<(), RunError> {
        if self.rows > 0 {
            self.write()?;
        }
        finish_table(self.out)?;
        Ok(())
    }
}
