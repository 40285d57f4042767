//! One chunk of a table: outcomes become findings, dispositions and an encoded row group.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, Int64Array, RecordBatch,
        StringArray, StringBuilder,
    },
    buffer::BooleanBuffer,
    compute::{filter, kernels::nullif::nullif},
    datatypes::{Date32Type, Int8Type, Int64Type},
};
use datafusion::error::DataFusionError;
use sha2::{Digest, Sha256};

use super::{
    CellFault, ChunkResult, RowCounts, RuleCounts, ScanOutcome, ScanRule, Scanner,
    quarantine_schema,
};
use crate::{
    check::{
        failing::{Cursor, Failing},
        source::ByProducts,
    },
    conform::{Change, CodeFault, Fate, Meant, Readings, cleaned, iso},
    discrepancy::Action,
    disposition::{Outcomes, Settlement, action, settle},
    harmless::short,
    ingest::{CellError, Reject, Swallowed},
    log::{ChangeBuilder, Finding, FindingBuilder, key_part},
    row_groups::RowGroup,
    rules::{Rule, kinds::RuleKind},
    tables::Policy,
};

type Result<T> = std::result::Result<T, DataFusionError>;

/// Reasons of changes that say nothing of the code that a text stands for.
const OF_CELLS: [&str; 3] = ["clean", "format", "nulled"];

pub(super) struct Chunk<'s> {
    scanner: &'s Scanner,
    file: usize,
    clean: RowGroup,
    quarantine: Vec<RecordBatch>,
    findings: FindingBuilder,
    changes: ChangeBuilder,
    rejects: Vec<Reject>,
    swallowed: Vec<Swallowed>,
    cell_faults: Vec<CellFault>,
    readings: Readings,
    rules: Vec<RuleCounts>,
    /// Where each rule is among its failing rows, if it knows them.
    cursors: Vec<Option<Cursor>>,
    counts: RowCounts,
}

impl<'s> Chunk<'s> {
    pub(super) fn new(scanner: &'s Scanner, file: usize) -> Result<Self> {
        Ok(Self {
            scanner,
            file,
            clean: scanner.encoder.start()?,
            quarantine: Vec::new(),
            findings: FindingBuilder::default(),
            changes: ChangeBuilder::default(),
            rejects: Vec::new(),
            swallowed: Vec::new(),
            cell_faults: Vec::new(),
            readings: Readings::default(),
            rules: vec![RuleCounts::default(); scanner.rules.len()],
            cursors: scanner.rules.iter().map(ScanRule::cursor).collect(),
            counts: RowCounts::default(),
        })
    }

    pub(super) fn add(&mut self, batch: &RecordBatch, beside: ByProducts) -> Result<()> {
        let view = View::new(self.scanner, self.file, batch);
        let known: Vec<Option<Failing>> = self
            .cursors
            .iter_mut()
            .map(|cursor| cursor.as_mut().map(|c| view.failing(c)).transpose())
            .collect::<Result<_>>()?;
        let outcomes: Vec<Outcomes> = self
            .scanner
            .rules
            .iter()
            .zip(&known)
            .map(|(rule, known)| view.outcomes(rule, known.as_ref()))
            .collect();
        for ((counts, outcomes), rule) in self
            .rules
            .iter_mut()
            .zip(&outcomes)
            .zip(&self.scanner.rules)
        {
            counts.add(outcomes);
            if let Some(at) = rule.missing {
                let missing = counts.missing.get_or_insert_default();
                for mark in batch.column(at).as_primitive::<Int8Type>().values() {
                    if let Some(count) = usize::try_from(*mark - 1)
                        .ok()
                        .and_then(|kind| missing.get_mut(kind))
                    {
                        *count += 1;
                    }
                }
            }
        }
        let rules = || {
            self.scanner
                .rules
                .iter()
                .zip(&outcomes)
                .zip(&known)
                .map(|((rule, outcomes), known)| (rule, outcomes, known.as_ref()))
                .filter(|(_, outcomes, _)| outcomes.failed > 0)
        };
        let failures = rules().map(|(rule, outcomes, _)| {
            let declared = &self.scanner.settings.rules[rule.rule];
            (declared.on_fail, declared.column, &outcomes.acted)
        });
        let settlement = settle(batch.num_rows(), failures);
        let mut changes = beside.changes;
        for (rule, outcomes, known) in rules() {
            let into = (&mut self.findings, &mut changes);
            view.report(rule, outcomes, known, &settlement, into);
        }
        changes.sort_by_key(|c| (c.row, c.column));
        view.note_changes(&changes, &mut self.changes);
        self.rejects.extend(beside.rejects);
        self.swallowed.extend(beside.swallowed);
        let faults = beside.errors.into_iter().filter_map(|e| view.fault(e));
        self.cell_faults.extend(faults);
        self.readings.merge(beside.readings);
        let reasons =
            || rules().map(|(r, o, _)| (self.scanner.settings.rules[r.rule].id.as_str(), &o.acted));
        let quarantine = view.quarantine(&settlement, reasons())?;
        self.quarantine.extend(quarantine);
        self.clean.write(&view.clean(&settlement)?)?;
        let count = |mask: &BooleanBuffer| mask.count_set_bits() as u64;
        self.counts.merge(RowCounts {
            read: batch.num_rows() as u64,
            clean: count(&settlement.clean),
            quarantined: count(&settlement.quarantined),
            excluded: count(&settlement.excluded),
            rejected: 0,
        });
        Ok(())
    }

    pub(super) fn finish(
        mut self,
        beside: ByProducts,
        errors: BTreeMap<usize, String>,
    ) -> Result<ChunkResult> {
        self.rejects.extend(beside.rejects);
        self.swallowed.extend(beside.swallowed);
        self.readings.merge(beside.readings);
        let rejected = self.rejects.len() as u64;
        self.counts.merge(RowCounts {
            read: rejected,
            rejected,
            ..RowCounts::default()
        });
        Ok(ChunkResult {
            file: self.file,
            clean: self.clean.finish()?,
            quarantine: self.quarantine,
            findings: self.findings.finish()?,
            changes: self.changes.finish()?,
            rejects: self.rejects,
            swallowed: self.swallowed,
            cell_faults: self.cell_faults,
            readings: self.readings,
            rules: self.rules,
            counts: self.counts,
            errors,
        })
    }
}

/// A batch of the plan with its columns by role.
struct View<'s> {
    scanner: &'s Scanner,
    file: usize,
    base: i64,
    batch: &'s RecordBatch,
    rows: &'s Int64Array,
    lines: &'s Int64Array,
}

impl<'s> View<'s> {
    fn new(scanner: &'s Scanner, file: usize, batch: &'s RecordBatch) -> Self {
        let declared = scanner.table.columns.len();
        Self {
            scanner,
            file,
            base: scanner.source.files[file].base,
            batch,
            rows: batch.column(2 * declared).as_primitive::<Int64Type>(),
            lines: batch.column(2 * declared + 1).as_primitive::<Int64Type>(),
        }
    }

    fn value(&self, column: usize) -> &'s ArrayRef {
        self.batch.column(column)
    }

    fn raw(&self, column: usize) -> &'s StringArray {
        self.batch
            .column(self.scanner.table.columns.len() + column)
            .as_string::<i32>()
    }

    fn boolean(&self, at: usize) -> &'s BooleanArray {
        self.batch.column(at).as_boolean()
    }

    /// The rows of the batch that are known to fail.
    fn failing(&self, cursor: &mut Cursor) -> Result<Failing> {
        match (self.rows.values().first(), self.rows.values().last()) {
            (Some(first), Some(last)) => cursor.between(*first, *last),
            _ => Ok(Failing::none()),
        }
    }

    fn outcomes(&self, rule: &ScanRule, known: Option<&Failing>) -> Outcomes {
        let applies = rule.applies.map(|at| self.boolean(at));
        let nulls = self.scanner.settings.rules[rule.rule].nulls;
        match &rule.outcome {
            ScanOutcome::Predicate(at) => Outcomes::of(self.boolean(*at), applies, nulls),
            ScanOutcome::Known { evaluated, .. } => {
                let unset = || {
                    let mut bits = BooleanBufferBuilder::new(self.rows.len());
                    bits.append_n(self.rows.len(), false);
                    bits
                };
                let (mut bits, mut survivors) = (unset(), unset());
                for (row, place) in known
                    .iter()
                    .flat_map(|k| k.rows.values().iter().zip(&k.places))
                {
                    if let Ok(at) = self.rows.values().binary_search(row) {
                        bits.set_bit(at, true);
                        survivors.set_bit(at, place == Some(1));
                    }
                }
                let evaluated = evaluated.map(|at| self.boolean(at));
                let outcomes = Outcomes::of_failing(&bits.finish(), evaluated, applies, nulls);
                outcomes.sparing(&survivors.finish())
            }
        }
    }

    /// The key of a row: its parts joined with `|`; without any, a hash of the row as delivered. Guesses could be tried
    /// against a hash of hidden cells, so they need the key for hidden values and are left out without one.
    fn record_key(&self, at: usize) -> String {
        let table = &self.scanner.table;
        let part = |column: &usize| {
            // A part that could not be read or coded stands as it was delivered.
            let raw =
                || cleaned(self.raw(*column).value(at), &table.columns[*column].clean).into_owned();
            let text = display(self.value(*column), at).unwrap_or_else(raw);
            key_part(self.shown(*column, &text))
        };
        let parts: Vec<String> = table.key.iter().map(part).collect();
        if !parts.is_empty() && parts.iter().any(|p| !p.is_empty()) {
            return parts.join("|");
        }
        let hidden = |column: usize| table.columns[column].policy == Policy::Hide;
        let columns = 0..table.columns.len();
        let cell = |column: usize| self.raw(column).value(at).as_bytes();
        if columns.clone().any(hidden)
            && let privacy = &self.scanner.settings.privacy
            && let Some(hash) = privacy.hash(columns.clone().map(cell), 12)
        {
            return format!("#{hash}");
        }
        let mut hasher = Sha256::new();
        for column in columns.filter(|column| !hidden(*column)) {
            hasher.update(cell(column));
            hasher.update([0]);
        }
        let digest = hasher.finalize();
        let hex: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
        format!("#{hex}")
    }

    fn shown<'t>(&self, column: usize, text: &'t str) -> Cow<'t, str> {
        match self.scanner.table.columns[column].policy {
            Policy::Show => Cow::Borrowed(text),
            Policy::Hide => Cow::Owned(self.scanner.settings.privacy.hide(text)),
        }
    }

    fn report(
        &self,
        scan: &ScanRule,
        outcomes: &Outcomes,
        known: Option<&Failing>,
        settlement: &Settlement,
        (findings, changes): (&mut FindingBuilder, &mut Vec<Change>),
    ) {
        let rule = &self.scanner.settings.rules[scan.rule];
        let fact = self.scanner.settings.fact_of_rule[scan.rule];
        let table = &self.scanner.table;
        let file = &self.scanner.source.files[self.file].export.file;
        let expected = rule.kind.expected(rule, table);
        for at in outcomes.fail.set_indices() {
            let key = self.record_key(at);
            let fault = self.code_fault(rule, at);
            let done = match outcomes.acted.value(at) {
                true => action(rule.on_fail, fault.as_ref().map(code_action)),
                false => Action::Kept,
            };
            let done = settlement.done(at, done);
            let hidden = rule
                .column
                .is_some_and(|c| table.columns[c].policy == Policy::Hide);
            // When it was in force, or what it is nearest to, says which code it is.
            let told = fault.as_ref().filter(|_| !hidden);
            // So does a cause that only one code may have.
            let cause = fault
                .as_ref()
                .map(|f| if hidden { "unknown" } else { f.cause });
            let suggestion = told.and_then(suggestion);
            let column = rule.column.map(|c| table.columns[c].name.as_str());
            let observed = rule.column.map(|c| self.shown(c, self.raw(c).value(at)));
            let cleaned = rule
                .column
                .filter(|c| settlement.holds(at, *c))
                .and_then(|c| self.cleaned(c, at, done, fault.as_ref()));
            let found = known.and_then(|k| Some((k, k.position(self.rows.value(at))?)));
            let group = found.and_then(|(k, i)| k.groups.is_valid(i).then(|| k.groups.value(i)));
            let shown_group = group.map(|group| scan.hidden_group().unwrap_or(group));
            let expected = match told.and_then(|f| f.in_force.as_deref()) {
                Some(period) => Cow::Owned(format!("{expected} ({period})")),
                None => Cow::Borrowed(expected.as_str()),
            };
            let beside = found.and_then(|(k, i)| self.beside(scan, k, i));
            let message = message(
                beside.as_deref(),
                column,
                observed.as_deref(),
                &expected,
                cause.map(|cause| (cause, told)),
                shown_group,
                &rule.why,
            );
            let nulled = rule.column.filter(|_| done == Action::Nulled);
            if let Some(c) = nulled.filter(|c| !self.raw(*c).value(at).is_empty()) {
                changes.retain(|change| (change.row, change.column) != (self.rows.value(at), c));
                changes.push(Change {
                    row: self.rows.value(at),
                    line: self.lines.value(at),
                    column: c,
                    before: self.raw(c).value(at).to_owned(),
                    after: String::new(),
                    reason: "nulled",
                });
            }
            findings.push(&Finding {
                rule: fact,
                record_key: &key,
                column,
                source_file: Some(file),
                source_sheet: self.sheet(),
                source_line: Some(self.lines.value(at)),
                source_row: Some(self.rows.value(at) - self.base),
                observed: observed.as_deref(),
                expected: Some(&expected),
                suggestion: suggestion.as_deref(),
                difference: None,
                action: Some(done),
                cleaned: cleaned.as_deref(),
                group,
                likely_cause: cause,
                message: &message,
            });
        }
    }

    /// What the rule says beside a failing row, or where the first row of its group stands.
    fn beside(&self, scan: &ScanRule, known: &Failing, at: usize) -> Option<String> {
        let note = known.notes.is_valid(at).then(|| known.notes.value(at));
        if known.firsts.is_null(at) {
            return note.map(str::to_owned);
        }
        let source = &self.scanner.source;
        let line = known.first_lines.value(at);
        let file = &source.file_of(known.firsts.value(at)).export.file;
        let first = match *file == source.files[self.file].export.file {
            true => format!("on line {line}"),
            false => format!("on line {line} of {}", short(file)),
        };
        let (Some(members), false) = (scan.members(), known.places.is_null(at)) else {
            return Some(format!("first {first}"));
        };
        let (place, size) = (known.places.value(at), known.sizes.value(at));
        let differs = note.unwrap_or_default();
        let columns = match differs {
            "" => String::new(),
            differs => format!(" in {differs}"),
        };
        Some(match (members.first_passes, place, differs) {
            (true, _, "") => format!("first of {size} {first}; identical"),
            (true, ..) => format!("first of {size} {first}; differs{columns}"),
            (false, 1, _) => format!("1 of {size}, which survives"),
            (false, ..) => {
                let how = if differs.is_empty() {
                    "identical to"
                } else {
                    "differs from"
                };
                let key = known
                    .survivors
                    .is_valid(at)
                    .then(|| known.survivors.value(at));
                let key = key.map(|key| {
                    self.scanner
                        .settings
                        .privacy
                        .shown_key(key, &self.scanner.table)
                });
                let survivor = match key.as_deref() {
                    None | Some("") => "the one without a key".to_owned(),
                    Some(key) => format!("`{}`", short(key)),
                };
                format!("{place} of {size}; {how} {survivor} {first}{columns}")
            }
        })
    }

    fn code_fault(&self, rule: &Rule, at: usize) -> Option<CodeFault> {
        let column = rule.column?;
        if rule.kind.word() != "accepted_values" {
            return None;
        }
        let codes = self.scanner.table.columns[column].codes.as_ref()?;
        let day = codes.as_of.and_then(|date| {
            let dates = self.value(date).as_primitive_opt::<Date32Type>()?;
            dates.is_valid(at).then(|| dates.value(at))
        });
        self.scanner
            .explainer
            .explain_code(column, self.raw(column).value(at), day)
    }

    /// What the clean table holds; `None` for null and for rows that are not in it.
    fn cleaned(
        &self,
        column: usize,
        at: usize,
        done: Action,
        fault: Option<&CodeFault>,
    ) -> Option<String> {
        let value = match (done, fault) {
            (Action::Kept | Action::Corrected, Some(fault)) => fault.cleaned.clone(),
            (Action::Kept | Action::Corrected, None) => display(self.value(column), at),
            _ => None,
        };
        value.map(|text| self.shown(column, &text).into_owned())
    }

    /// The sheet that the rows are from.
    fn sheet(&self) -> Option<&str> {
        let export = &self.scanner.source.files[self.file].export;
        export.sheet.as_deref()
    }

    /// A cell that holds an error, with the key of its row; `None` for a column that is not read.
    fn fault(&self, error: CellError) -> Option<CellFault> {
        let mapping = &self.scanner.source.files[self.file].mapping;
        let column = mapping
            .positions
            .iter()
            .position(|at| *at == Some(error.column))?;
        let row = error.row.cast_signed() + self.base;
        let at = self.rows.values().binary_search(&row).ok()?;
        Some(CellFault {
            key: self.record_key(at),
            column,
            error,
        })
    }

    fn note_changes(&self, changes: &[Change], out: &mut ChangeBuilder) {
        let table = &self.scanner.table;
        let file = &self.scanner.source.files[self.file].export.file;
        let mut key: (i64, String) = (-1, String::new());
        for change in changes {
            if key.0 != change.row {
                let at = self.rows.values().binary_search(&change.row).ok();
                key = (
                    change.row,
                    at.map(|at| self.record_key(at)).unwrap_or_default(),
                );
            }
            // A cause that only one code may have says which it is.
            let reason = match table.columns[change.column].policy {
                Policy::Hide if !OF_CELLS.contains(&change.reason) => "unknown",
                _ => change.reason,
            };
            let before = self.shown(change.column, &change.before);
            let after = self.shown(change.column, &change.after);
            let texts = [
                Some(table.name.as_str()),
                Some(key.1.as_str()),
                Some(table.columns[change.column].name.as_str()),
                Some(file.as_str()),
                self.sheet(),
                Some(before.as_ref()),
                Some(after.as_ref()).filter(|text| !text.is_empty()),
                Some(reason),
            ];
            out.push(texts, change.line, change.row - self.base);
        }
    }

    /// The clean table's columns of the rows that stay.
    fn clean(&self, settlement: &Settlement) -> Result<Vec<ArrayRef>> {
        let table = &self.scanner.table;
        let keep = (settlement.clean.count_set_bits() < self.rows.len())
            .then(|| BooleanArray::new(settlement.clean.clone(), None));
        let rows = settlement.clean.count_set_bits();
        let mut columns = Vec::with_capacity(table.columns.len() + 5);
        for column in 0..table.columns.len() {
            let mut value = Arc::clone(self.value(column));
            if let Some((_, mask)) = settlement.nulled.iter().find(|n| n.0 == column) {
                value = nullif(&value, &BooleanArray::new(mask.clone(), None))?;
            }
            columns.push(match &keep {
                Some(keep) => filter(&value, keep)?,
                None => value,
            });
        }
        columns.extend(self.provenance(rows, keep.as_ref())?);
        Ok(columns)
    }

    fn quarantine<'o>(
        &self,
        settlement: &Settlement,
        failures: impl Iterator<Item = (&'o str, &'o BooleanBuffer)>,
    ) -> Result<Option<RecordBatch>> {
        let rows = settlement.quarantined.count_set_bits();
        if rows == 0 {
            return Ok(None);
        }
        let table = &self.scanner.table;
        let keep = BooleanArray::new(settlement.quarantined.clone(), None);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(table.columns.len() + 6);
        for column in 0..table.columns.len() {
            columns.push(filter(self.raw(column), &keep)?);
        }
        columns.extend(self.provenance(rows, Some(&keep))?);
        let failures: Vec<(&str, &BooleanBuffer)> = failures.collect();
        let mut reasons = StringBuilder::new();
        for at in settlement.quarantined.set_indices() {
            let of_row = failures.iter().filter(|f| f.1.value(at)).map(|f| f.0);
            reasons.append_value(of_row.collect::<Vec<_>>().join(" "));
        }
        columns.push(Arc::new(reasons.finish()));
        Ok(Some(RecordBatch::try_new(
            quarantine_schema(table),
            columns,
        )?))
    }

    fn provenance(&self, rows: usize, keep: Option<&BooleanArray>) -> Result<[ArrayRef; 5]> {
        let same = |text: &str| -> ArrayRef {
            let mut builder = StringBuilder::with_capacity(rows, rows * text.len());
            for _ in 0..rows {
                builder.append_value(text);
            }
            Arc::new(builder.finish())
        };
        let source = &self.scanner.source.files[self.file];
        let (delivery, file) = source.place(&self.scanner.settings.delivery);
        let of = |numbers: &Int64Array| -> Result<ArrayRef> {
            Ok(match keep {
                Some(keep) => filter(numbers, keep)?,
                None => Arc::new(numbers.clone()),
            })
        };
        let in_file = match self.base {
            0 => self.rows.clone(),
            base => self.rows.unary(|row| row - base),
        };
        Ok([
            same(delivery),
            same(file),
            match self.sheet() {
                Some(sheet) => same(sheet),
                None => Arc::new(StringArray::new_null(rows)),
            },
            of(&in_file)?,
            of(self.lines)?,
        ])
    }
}

fn code_action(fault: &CodeFault) -> Action {
    match fault.fate {
        Fate::Kept => Action::Kept,
        Fate::Corrected => Action::Corrected,
        Fate::Nulled => Action::Nulled,
    }
}

/// What the log's `suggestion` says: the code that was probably meant, or those that fit equally.
fn suggestion(fault: &CodeFault) -> Option<String> {
    let codes: Vec<&str> = fault
        .meant
        .iter()
        .map(|meant| meant.code.as_str())
        .collect();
    (!codes.is_empty()).then(|| codes.join(" or "))
}

fn did_you_mean(fault: &CodeFault) -> String {
    let told = |codes: &[Meant], or: &str| {
        let codes: Vec<String> = codes.iter().map(Meant::to_string).collect();
        codes.join(or)
    };
    let meant = told(&fault.meant, " or ");
    match (fault.meant.is_empty(), fault.others.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("; did you mean {meant}?"),
        (false, false) => {
            let others = told(&fault.others, ", ");
            format!("; did you mean {meant}? Less likely {others}")
        }
    }
}

/// A value as text; `None` for null.
fn display(array: &ArrayRef, at: usize) -> Option<String> {
    if array.is_null(at) {
        return None;
    }
    if let Some(text) = array.as_string_opt::<i32>() {
        return Some(text.value(at).to_owned());
    }
    if let Some(dates) = array.as_primitive_opt::<Date32Type>() {
        return Some(iso(dates.value(at)));
    }
    arrow::util::display::array_value_to_string(array, at).ok()
}

/// One sentence: what was seen, what was expected, why it matters.
fn message(
    beside: Option<&str>,
    column: Option<&str>,
    observed: Option<&str>,
    expected: &str,
    fault: Option<(&str, Option<&CodeFault>)>,
    group: Option<&str>,
    why: &str,
) -> String {
    let what = match (column, observed) {
        (Some(column), Some("")) => format!("{column} is blank"),
        (Some(column), Some(observed)) => format!("{column} is `{}`", short(observed)),
        _ => "the row fails".to_owned(),
    };
    let cause = fault.map_or_else(String::new, |(cause, told)| {
        let did_you_mean = told.map_or_else(String::new, did_you_mean);
        format!(" ({cause}{did_you_mean})")
    });
    let group = match (beside, group) {
        (Some(beside), _) => format!(" ({beside})"),
        // What only says the value again says nothing.
        (None, Some(group)) if Some(group) != observed => format!(" (as `{}`)", short(group)),
        (None, _) => String::new(),
    };
    format!("{what}{cause}{group}; expected {expected}. {why}")
}
