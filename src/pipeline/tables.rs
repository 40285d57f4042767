//! Scans every table: clean and quarantine tables are written as they come, findings and changes go to their files.

use std::{collections::BTreeMap, fs::File, io::BufWriter, path::PathBuf, sync::Arc};

use arrow::{array::AsArray, datatypes::UInt32Type};
use futures::StreamExt;

use super::{
    Context,
    about::{about_delivery, about_table, of_delivery},
    delivery::Delivery,
    delta, drift,
    error::RunError,
    gates::{self, withheld::AllWithheld},
    history,
    report::RuleLine,
    twice, unreadable, waivers,
};
use crate::{
    check::{
        keys::{KeyError, KeyFailures},
        scan::{
            CellFault, ChunkResult, RowCounts, RuleCounts, ScanSettings, clean_schema,
            quarantine_schema, scan, scanned_rules,
        },
    },
    conform::Readings,
    discrepancy::{Action, Category, Dimension, Severity},
    harmless::short,
    ingest::{Reject, Swallowed},
    log::{
        CHANGE_SCHEMA, FINDING_SCHEMA, Finding, FindingBuilder, Privacy, REJECT_SCHEMA,
        RejectBuilder, RuleFacts, TableFile, short_hash,
    },
    names::Name,
    project::Project,
    publish::{StagedFile, StagedRun},
    row_groups::{BatchFile, Packing, RowGroupFile},
    rules::{kinds::RuleKind, totals::Statement},
    tables::{Policy, Table},
};

/// What the scans brought.
pub(super) struct Scanned {
    /// Counts of each rule, by its index in the project; `None` for rules that did not run.
    pub(super) rules: Vec<Option<RuleCounts>>,
    /// Counts of each file of each table.
    pub(super) files: Vec<Vec<RowCounts>>,
    /// Facts of every rule that findings name, the built-in ones among them.
    pub(super) facts: Vec<RuleFacts>,
    /// Rules that could not be evaluated, by index, and why: never a pass.
    pub(super) errors: BTreeMap<usize, String>,
    /// Lines that rejected records stand on, those left out that stand beside the table.
    rejected_lines: u64,
    /// Lines that look like records and were read as text, of each file of each table.
    swallowed_lines: Vec<Vec<u64>>,
    /// How the cells of each file of each table could be read.
    pub(super) readings: Vec<Vec<Readings>>,
    /// The files of findings so far.
    pub(super) findings: Vec<PathBuf>,
    /// The rules that findings about tables name, as places in `facts`.
    pub(super) found: Vec<u32>,
    /// The lines of the rules about tables as a whole.
    pub(super) gates: Vec<RuleLine>,
    /// What is not written, since a table that it is made of failed.
    pub(super) withheld: AllWithheld,
}

/// Findings on their way to the log, in a temporary file.
pub(super) struct FindingFile {
    out: BatchFile<BufWriter<File>>,
    path: PathBuf,
    rows: u64,
    /// Whether some finding names the rule with this place in the facts.
    named: Vec<bool>,
}

impl FindingFile {
    /// Starts the findings about `what`.
    pub(super) fn new(staged: &StagedRun, what: &str) -> Result<Self, RunError> {
        let (file, path) = staged
            .scratch_files()
            .file(&format!("findings-{what}.parquet"))
            .map_err(KeyError::Scratch)?;
        let sink = BufWriter::with_capacity(1 << 20, file);
        let out = BatchFile::new(sink, Arc::clone(&FINDING_SCHEMA), Packing::Scratch)
            .map_err(parquet_error("findings"))?;
        Ok(Self {
            out,
            path,
            rows: 0,
            named: Vec::new(),
        })
    }

    pub(super) fn write(
        &mut self,
        batch: &arrow::record_batch::RecordBatch,
    ) -> Result<(), RunError> {
        self.rows += batch.num_rows() as u64;
        for rule in batch.column(0).as_primitive::<UInt32Type>().values() {
            let at = *rule as usize;
            if self.named.len() <= at {
                self.named.resize(at + 1, false);
            }
            self.named[at] = true;
        }
        self.out.write(batch).map_err(parquet_error("findings"))
    }

    /// The rules that its findings name.
    fn rules(&self) -> Vec<u32> {
        let named = (0..).zip(&self.named);
        named
            .filter_map(|(rule, named)| named.then_some(rule))
            .collect()
    }

    /// Ends the file and says where it is.
    pub(super) fn finish(self) -> Result<PathBuf, RunError> {
        self.out.finish().map_err(parquet_error("findings"))?;
        Ok(self.path)
    }
}

/// Names the output that a Parquet error belongs to.
pub(super) fn parquet_error(
    path: &str,
) -> impl FnOnce(parquet::errors::ParquetError) -> RunError + use<'_> {
    let path = path.to_owned();
    move |source| RunError::Parquet { path, source }
}

pub(super) async fn scan_all(run: &Context<'_>, keys: &KeyFailures) -> Result<Scanned, RunError> {
    let Context {
        settings,
        project,
        plan,
        delivery,
        engine,
        staged,
        ..
    } = *run;
    let facts = facts(project, &plan.tables, &plan.statements);
    let fact_of_rule = project
        .rules
        .iter()
        .map(|rule| fact_index(&facts, &rule.id))
        .collect::<Vec<u32>>();
    let scan_settings = Arc::new(ScanSettings {
        rules: Arc::new(project.rules.clone()),
        fact_of_rule: Arc::new(fact_of_rule),
        lists: plan.lists.clone(),
        delivery: delivery.name.clone(),
        privacy: Privacy::new(settings.key.as_deref()),
    });
    let mut scanned = Scanned {
        rules: vec![None; project.rules.len()],
        files: delivery
            .sources
            .iter()
            .map(|s| vec![RowCounts::default(); s.files.len()])
            .collect(),
        facts,
        errors: keys.errors.clone(),
        rejected_lines: 0,
        swallowed_lines: delivery
            .sources
            .iter()
            .map(|s| vec![0; s.files.len()])
            .collect(),
        readings: delivery
            .sources
            .iter()
            .map(|s| vec![Readings::default(); s.files.len()])
            .collect(),
        findings: Vec::new(),
        found: Vec::new(),
        gates: Vec::new(),
        withheld: AllWithheld::default(),
    };
    let mut findings = FindingFile::new(staged, "tables")?;
    let mut changes = table_file(staged, "changes", &CHANGE_SCHEMA)?;
    let mut rejects = table_file(staged, "rejects/rejects", &REJECT_SCHEMA)?;
    for (at, check) in plan.checks.tables.iter().enumerate() {
        let source = &delivery.sources[at];
        let table = &check.table;
        let sizes: Vec<u64> = source.chunk_bytes().collect();
        let mut sizes_read = sizes.iter();
        let progress = &settings.progress;
        progress.table(table.name.as_str(), sizes.iter().sum());
        let clean_path = format!("clean/{}.parquet", table.name);
        let clean = staged.create(&clean_path)?;
        let mut clean = RowGroupFile::new(clean, clean_schema(table), Packing::Published)
            .map_err(parquet_error(&clean_path))?;
        let quarantine_path = format!("quarantine/{}.parquet", table.name);
        let quarantine = staged.create(&quarantine_path)?;
        let mut quarantine =
            BatchFile::new(quarantine, quarantine_schema(table), Packing::Published)
                .map_err(parquet_error(&quarantine_path))?;
        let order = scanned_rules(check);
        for rule in &order {
            scanned.rules[*rule] = Some(RuleCounts::default());
        }
        let mut chunks = std::pin::pin!(
            scan(engine, check, keys, source, &scan_settings, clean.encoder()).await?
        );
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            progress.advance(sizes_read.next().copied().unwrap_or(0), chunk.counts.read);
            for batch in &chunk.quarantine {
                quarantine
                    .write(batch)
                    .map_err(parquet_error(&quarantine_path))?;
            }
            if chunk.findings.num_rows() > 0 {
                findings.write(&chunk.findings)?;
            }
            changes.write(&chunk.changes)?;
            keep_rejects(
                &chunk,
                table,
                source,
                &scanned.facts,
                &scan_settings.privacy,
                &mut findings,
                &mut rejects,
            )?;
            keep_faults(&chunk, table, source, &scanned.facts, &mut findings)?;
            keep_swallowed(
                &chunk,
                table,
                source,
                &scanned.facts,
                &scan_settings.privacy,
                &mut findings,
            )?;
            scanned.rejected_lines += chunk
                .rejects
                .iter()
                .filter(|reject| reject.reason.is_lost())
                .map(Reject::lines)
                .sum::<u64>();
            scanned.swallowed_lines[at][chunk.file] +=
                chunk.swallowed.iter().map(|s| s.records).sum::<u64>();
            for (rule, counts) in order.iter().zip(&chunk.rules) {
                if let Some(total) = &mut scanned.rules[*rule] {
                    total.merge(*counts);
                }
            }
            scanned.files[at][chunk.file].merge(chunk.counts);
            scanned.readings[at][chunk.file].merge(chunk.readings);
            scanned.errors.extend(chunk.errors);
            clean
                .append(chunk.clean)
                .map_err(parquet_error(&clean_path))?;
        }
        let (clean, rows) = clean.finish().map_err(parquet_error(&clean_path))?;
        clean.finish(Some(rows))?;
        let (quarantine, rows) = quarantine
            .finish()
            .map_err(parquet_error(&quarantine_path))?;
        quarantine.finish(Some(rows))?;
        tracing::debug!(table = %table.name, rows, "scanned");
        drift::keep_aside(run, source).await?;
        delta::keep(run, source).await?;
        about_table(at, plan, project, source, keys, &mut scanned, &mut findings)?;
    }
    finish_table(changes)?;
    finish_table(rejects)?;
    about_delivery(delivery, &scanned.facts, &mut findings)?;
    twice::tell(&delivery.twins, &scanned.facts, &mut findings)?;
    unreadable::tell(&delivery.unreadable, &scanned.facts, &mut findings)?;
    gates::judge(run, &mut scanned, &mut findings).await?;
    apply_thresholds(project, delivery, &mut scanned);
    scanned.found = findings.rules();
    scanned.findings.push(findings.finish()?);
    Ok(scanned)
}

/// Starts `<path>.parquet` and `<path>.csv`.
pub(super) fn table_file(
    staged: &StagedRun,
    path: &str,
    schema: &arrow::datatypes::SchemaRef,
) -> Result<TableFile<StagedFile>, RunError> {
    let parquet = staged.create(&format!("{path}.parquet"))?;
    let csv = staged.create(&format!("{path}.csv"))?;
    Ok(TableFile::new(parquet, csv, Arc::clone(schema))?)
}

/// Ends both files of a table.
pub(super) fn finish_table(table: TableFile<StagedFile>) -> Result<u64, RunError> {
    let (parquet, csv, rows) = table.finish()?;
    parquet.finish(Some(rows))?;
    csv.finish(Some(rows))?;
    Ok(rows)
}

/// Rules that the engine has of itself: one id a table.
fn built_in(declared: &Table) -> Vec<(String, &'static str, Dimension, Severity, Category)> {
    let table = &declared.name;
    let of_columns = drift::built_in(declared)
        .map(|(id, dimension, severity)| (id, "schema", dimension, severity, drift::CATEGORY));
    let others = [
        (
            format!("{table}.rule_error"),
            "rule_error",
            Dimension::Validity,
            Severity::Blocking,
            Category::Schema,
        ),
        (
            format!("{table}.rejects"),
            "rejects",
            Dimension::Validity,
            Severity::Error,
            Category::WrongFormat,
        ),
        (
            format!("{table}.beside"),
            "beside",
            Dimension::Validity,
            Severity::Info,
            Category::WrongFormat,
        ),
        (
            swallowed(table),
            "swallowed",
            Dimension::Completeness,
            Severity::Error,
            Category::WrongFormat,
        ),
        (
            format!("{table}.terminated"),
            "schema",
            Dimension::Completeness,
            Severity::Warn,
            Category::Schema,
        ),
        (
            twice::rule(table),
            "delivered_twice",
            Dimension::Uniqueness,
            Severity::Warn,
            Category::Duplicate,
        ),
        (
            reading(table),
            "schema",
            Dimension::Validity,
            Severity::Warn,
            Category::Schema,
        ),
        (
            format!("{table}.cell_errors"),
            "type",
            Dimension::Validity,
            Severity::Error,
            Category::WrongFormat,
        ),
        (
            unreadable::rule(table),
            "unreadable",
            Dimension::Completeness,
            Severity::Blocking,
            Category::Schema,
        ),
    ];
    let others = others.into_iter().chain(gates::built_in(declared));
    others.chain(of_columns).collect()
}

/// The engine's own rule about how a file was read.
pub(super) fn reading(table: &Name) -> String {
    format!("{table}.reading")
}

/// The engine's own rule about records that may have swallowed others.
fn swallowed(table: &Name) -> String {
    format!("{table}.swallowed")
}

/// The facts of all rules and statements, by id, which is the log's order.
pub(super) fn facts(
    project: &Project,
    tables: &[Arc<Table>],
    statements: &[Statement],
) -> Vec<RuleFacts> {
    let mut facts: Vec<RuleFacts> = project
        .rules
        .iter()
        .map(|rule| RuleFacts {
            id: rule.id.clone(),
            version: rule.version.clone(),
            kind: rule.kind.word().to_owned(),
            dimension: rule.dimension,
            severity: rule.severity,
            category: rule.kind.category(),
            table: tables[rule.table].name.to_string(),
        })
        .collect();
    for table in tables {
        for (id, kind, dimension, severity, category) in built_in(table) {
            let own = || env!("CARGO_PKG_VERSION").to_owned();
            facts.push(RuleFacts {
                version: gates::version(table, &id).unwrap_or_else(own),
                id,
                kind: kind.to_owned(),
                dimension,
                severity,
                category,
                table: table.name.to_string(),
            });
        }
    }
    facts.extend(of_delivery());
    facts.extend(waivers::own_rules());
    facts.push(history::own_rule());
    facts.extend(super::results::statement_facts(statements));
    facts.sort_by(|a, b| a.id.cmp(&b.id));
    facts.dedup_by(|a, b| a.id == b.id);
    facts
}

/// Where the facts of rule `id` are.
pub(super) fn fact_index(facts: &[RuleFacts], id: &str) -> u32 {
    let found = facts.binary_search_by(|f| f.id.as_str().cmp(id));
    let at = found.unwrap_or_else(|_| unreachable!("facts are made of every rule"));
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn keep_rejects(
    chunk: &ChunkResult,
    table: &Table,
    source: &crate::check::source::TableSource,
    facts: &[RuleFacts],
    privacy: &Privacy,
    findings: &mut FindingFile,
    rejects: &mut TableFile<StagedFile>,
) -> Result<(), RunError> {
    if chunk.rejects.is_empty() {
        return Ok(());
    }
    let export = &source.files[chunk.file].export;
    let (file, sheet) = (export.file.as_str(), export.sheet.as_deref());
    let fact = |name| fact_index(facts, &format!("{}.{name}", table.name));
    let (rejects_fact, beside) = (fact("rejects"), fact("beside"));
    // A record that is no row has no columns, so one hidden column hides it all.
    let hidden = hides(table);
    let mut builder = FindingBuilder::default();
    let mut rows = RejectBuilder::default();
    for reject in &chunk.rejects {
        let text = String::from_utf8_lossy(&reject.raw);
        // What is shown in place of bytes that are no text does not say which they were.
        let lossy = !hidden && std::str::from_utf8(&reject.raw).is_err();
        let hex = lossy.then(|| {
            reject
                .raw
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<String>()
        });
        let raw = if hidden {
            privacy.hide(&text)
        } else {
            text.into_owned()
        };
        let reason = reject.reason.to_string();
        let (line, row) = (signed(reject.line), signed(reject.row));
        let texts = [
            Some(table.name.as_str()),
            Some(file),
            sheet,
            Some(&reason),
            Some(&raw),
            hex.as_deref(),
        ];
        rows.push(texts, line, row);
        let key = unkeyed(table, privacy, &reject.raw, (file, reject.row));
        let message = format!(
            "line {line} of {} is no row: {reason}; it is kept in rejects/",
            short(file)
        );
        let (rule, expected) = match reject.reason.is_lost() {
            true => (rejects_fact, "one value for each column"),
            false => (beside, "nothing but rows"),
        };
        builder.push(&Finding {
            rule,
            record_key: &key,
            source_file: Some(file),
            source_sheet: sheet,
            source_line: Some(line),
            source_row: Some(row),
            observed: Some(&raw),
            expected: Some(expected),
            action: Some(Action::Rejected),
            message: &message,
            ..Finding::default()
        });
    }
    rejects.write(&rows.finish().map_err(crate::log::LogError::from)?)?;
    findings.write(&builder.finish().map_err(crate::log::LogError::from)?)
}

fn keep_swallowed(
    chunk: &ChunkResult,
    table: &Table,
    source: &crate::check::source::TableSource,
    facts: &[RuleFacts],
    privacy: &Privacy,
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    if chunk.swallowed.is_empty() {
        return Ok(());
    }
    let export = &source.files[chunk.file].export;
    let (file, sheet) = (export.file.as_str(), export.sheet.as_deref());
    let mut builder = FindingBuilder::default();
    for found in &chunk.swallowed {
        let Swallowed {
            row,
            line,
            lines,
            records,
            ref raw,
        } = *found;
        let key = unkeyed(table, privacy, raw, (file, row));
        let message = format!(
            "the record that begins on line {line} of {} spans {lines} lines, and {records} of those behind the first have the delimiters of a record: a quote may be missing or too many, so that rows were read as the text of one; it is kept as it was read, compare the file with its source",
            short(file)
        );
        builder.push(&Finding {
            rule: fact_index(facts, &swallowed(&table.name)),
            record_key: &key,
            source_file: Some(file),
            source_sheet: sheet,
            source_line: Some(signed(line)),
            source_row: Some(signed(row)),
            observed: Some(&format!("{lines} lines")),
            expected: Some("a record whose lines do not look like records"),
            action: Some(Action::Kept),
            message: &message,
            ..Finding::default()
        });
    }
    findings.write(&builder.finish().map_err(crate::log::LogError::from)?)
}

fn keep_faults(
    chunk: &ChunkResult,
    table: &Table,
    source: &crate::check::source::TableSource,
    facts: &[RuleFacts],
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    if chunk.cell_faults.is_empty() {
        return Ok(());
    }
    let export = &source.files[chunk.file].export;
    let mut builder = FindingBuilder::default();
    for CellFault { key, column, error } in &chunk.cell_faults {
        let column = table.columns[*column].name.as_str();
        let place = export.place(error.column, error.line);
        let message = format!(
            "{place} of {}, column `{column}`, says `{}` in place of a value, so it was read as blank",
            short(&export.name()),
            error.text
        );
        builder.push(&Finding {
            rule: fact_index(facts, &format!("{}.cell_errors", table.name)),
            record_key: key,
            column: Some(column),
            source_file: Some(&export.file),
            source_sheet: export.sheet.as_deref(),
            source_line: Some(signed(error.line)),
            source_row: Some(signed(error.row)),
            observed: Some(&error.text),
            expected: Some("a value"),
            action: Some(Action::Nulled),
            message: &message,
            ..Finding::default()
        });
    }
    findings.write(&builder.finish().map_err(crate::log::LogError::from)?)
}

fn hides(table: &Table) -> bool {
    table.columns.iter().any(|c| c.policy == Policy::Hide)
}

/// What names a record that has no key to be named by: a hash of its text. Guesses could be tried against that of a
/// hidden one, so it needs the key for hidden values, and without one the record is named by its place.
fn unkeyed(table: &Table, privacy: &Privacy, raw: &[u8], place: (&str, u64)) -> String {
    let keyed = || privacy.hash(std::iter::once(raw), 20);
    let hash = match hides(table) {
        true => keyed().unwrap_or_else(|| short_hash(&[place.0, &place.1.to_string()])),
        false => short_hash(&[&String::from_utf8_lossy(raw)]),
    };
    format!("#{hash}")
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A rule's failures are as severe as its threshold and conditions say; rejects and swallowed lines beyond what the project tolerates block.
fn apply_thresholds(project: &Project, delivery: &Delivery, scanned: &mut Scanned) {
    let max_rejects = project.max_rejects;
    for (index, rule) in project.rules.iter().enumerate() {
        if let Some(counts) = scanned.rules[index] {
            let at = fact_index(&scanned.facts, &rule.id) as usize;
            scanned.facts[at].severity = gates::severity(rule, counts);
        }
    }
    // In lines: one quote can make one record of half a file.
    if scanned.rejected_lines > max_rejects {
        for fact in scanned.facts.iter_mut().filter(|f| f.kind == "rejects") {
            fact.severity = Severity::Blocking;
        }
    }
    for (table, source) in delivery.sources.iter().enumerate() {
        let lines = &scanned.swallowed_lines[table];
        let heavy = source.files.iter().zip(lines).any(|(file, lines)| {
            // The file's lines but for those of honest texts.
            let all = file.export.records + lines;
            *lines > max_rejects && lines * HEAVY > all
        });
        if heavy {
            let at = fact_index(&scanned.facts, &swallowed(&source.table.name)) as usize;
            scanned.facts[at].severity = Severity::Blocking;
        }
    }
}

/// Swallowed lines are too many to publish when so many times as many are more than the file has.
const HEAVY: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Delivers, Drift, FilePattern, Gates, Reading};

    #[test]
    fn no_rule_of_a_project_can_have_the_name_of_a_built_in_one() {
        let table = Table {
            name: Name::new("things").expect("a name"),
            description: String::new(),
            files: FilePattern::default(),
            required: true,
            delivers: Delivers::default(),
            reading: Reading::default(),
            drift: Drift::default(),
            gates: Gates::default(),
            key: Vec::new(),
            columns: Vec::new(),
        };
        let ids: Vec<String> = built_in(&table).into_iter().map(|rule| rule.0).collect();
        assert_eq!(
            ids,
            crate::rules::OWN_NAMES.map(|name| format!("things.{name}"))
        );
    }
}
