//! What is to be said about a table or a delivery as a whole, and not about a row.

use super::{
    candidates::too_many,
    delivery::Delivery,
    drift::about_columns,
    error::RunError,
    nights::Left,
    plan::Plan,
    tables::{FindingFile, Scanned, fact_index, signed},
};
use crate::{
    check::{
        keys::KeyFailures,
        scan::RuleCounts,
        source::{SourceFile, TableSource},
    },
    discrepancy::{Action, Category, Dimension, Severity},
    harmless::short,
    log::{Finding, FindingBuilder, LogError, RuleFacts},
    project::Project,
    rules::{REDELIVERED, RESTATED, STALE, UNCLAIMED, kinds::RuleKind},
};

/// What is to be said about a table as a whole: its number of rows, columns that nobody declared, files cut short.
pub(super) fn about_table(
    at: usize,
    plan: &Plan,
    project: &Project,
    source: &TableSource,
    keys: &KeyFailures,
    scanned: &mut Scanned,
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    let check = &plan.checks.tables[at];
    let table = &check.table;
    let rows: u64 = scanned.files[at].iter().map(|f| f.read - f.rejected).sum();
    let mut builder = FindingBuilder::default();
    for prepared in &check.rules {
        let Some(passes) = prepared.outcome.of_table(rows) else {
            continue;
        };
        let rule = &project.rules[prepared.rule];
        scanned.rules[prepared.rule] = Some(RuleCounts::of_table(passes));
        if !passes {
            let expected = rule.kind.expected(rule, table);
            let message = format!(
                "table {} has {rows} rows; expected {expected}. {}",
                table.name, rule.why
            );
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, &rule.id),
                source_file: of_table(source).map(|f| f.export.file.as_str()),
                observed: Some(&rows.to_string()),
                expected: Some(&expected),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
    }
    about_columns(source, &scanned.readings[at], &scanned.facts, &mut builder);
    for file in &source.files {
        let name = &file.export.file;
        for remark in &file.export.remarks {
            let message = format!("{}: {}", file.export.name(), remark.message);
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, &super::tables::reading(&table.name)),
                record_key: &format!("{} {}", remark.about, file.export.name()),
                source_file: Some(name),
                source_sheet: file.export.sheet.as_deref(),
                source_line: remark.line.map(signed),
                observed: Some(&remark.found),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
        if !file.export.terminated && file.export.records > 0 {
            let message = format!(
                "{} does not end in a line break: it may have been cut off; compare it with what was exported",
                short(name)
            );
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, &format!("{}.terminated", table.name)),
                record_key: name,
                source_file: Some(name),
                source_row: Some(signed(file.export.records)),
                expected: Some("a line break at the end"),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
    }
    for prepared in &check.rules {
        let rule = &project.rules[prepared.rule];
        let capped = keys.candidates.get(&prepared.rule).map(too_many);
        for (columns, message) in capped.into_iter().flatten() {
            let expected = rule.kind.expected(rule, table);
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, &rule.id),
                record_key: &columns,
                expected: Some(&expected),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
    }
    for prepared in &check.rules {
        let id = &project.rules[prepared.rule].id;
        if let Some(why) = scanned.errors.get(&prepared.rule) {
            let message = format!(
                "rule {id} could not be evaluated: {why}; mend the rule, since what it did not check may be wrong"
            );
            builder.push(&Finding {
                rule: fact_index(&scanned.facts, &format!("{}.rule_error", table.name)),
                record_key: id,
                expected: Some("a rule that can be evaluated on every row"),
                action: Some(Action::Kept),
                message: &message,
                ..Finding::default()
            });
        }
    }
    if builder.is_empty() {
        return Ok(());
    }
    findings.write(&builder.finish().map_err(LogError::from)?)
}

/// The file that stands for a table: the first of the night's.
fn of_table(source: &TableSource) -> Option<&SourceFile> {
    source.delivered().next().or(source.files.first())
}

/// The rules that the engine has of itself about a delivery as a whole.
pub(super) fn of_delivery() -> impl Iterator<Item = RuleFacts> {
    use Category::{Duplicate, Schema, Stale};
    use Dimension::{Completeness, Timeliness, Uniqueness};
    let own = [
        (UNCLAIMED, "schema", Completeness, Severity::Warn, Schema),
        (STALE, "stale", Timeliness, Severity::Error, Stale),
        (
            REDELIVERED,
            "redelivered",
            Uniqueness,
            Severity::Info,
            Duplicate,
        ),
        (RESTATED, "restated", Timeliness, Severity::Warn, Stale),
    ];
    own.into_iter()
        .map(|(id, kind, dimension, severity, category)| RuleFacts {
            id: id.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: kind.to_owned(),
            dimension,
            severity,
            category,
            table: String::new(),
        })
}

/// What is to be said about a delivery as a whole: files that belong to no table, nights that were not whole.
pub(super) fn about_delivery(
    delivery: &Delivery,
    facts: &[RuleFacts],
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    let mut builder = FindingBuilder::default();
    for file in &delivery.unclaimed {
        let path = &file.path;
        let (nearest, expected) = match &file.nearest {
            Some((table, pattern)) => (
                format!("; the nearest is `{pattern}` of table {table}"),
                format!("a name such as `{pattern}`"),
            ),
            None => (String::new(), "a file of a table".to_owned()),
        };
        let message = format!(
            "{} is a file of the delivery that no table names, so it was not read{nearest}",
            short(path)
        );
        builder.push(&Finding {
            rule: fact_index(facts, UNCLAIMED),
            record_key: path,
            source_file: Some(path),
            observed: Some(path),
            expected: Some(&expected),
            action: Some(Action::Excluded),
            message: &message,
            ..Finding::default()
        });
    }
    for Left { name, why } in &delivery.left {
        let read = &delivery.name;
        let message = format!("night {name} is not whole, so {read} was read in its place: {why}");
        builder.push(&Finding {
            rule: fact_index(facts, STALE),
            record_key: name,
            observed: Some(read),
            expected: Some(name),
            action: Some(Action::Excluded),
            message: &message,
            ..Finding::default()
        });
    }
    if builder.is_empty() {
        return Ok(());
    }
    findings.write(&builder.finish().map_err(LogError::from)?)
}
