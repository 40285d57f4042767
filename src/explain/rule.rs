//! The page of a rule.

use std::collections::BTreeSet;

use super::{
    Known,
    page::{Body, Page},
};
use crate::{
    check::{Outcome, PreparedRule},
    diagnostics::Span,
    publish::{FolderError, Row, cell, facts},
    rules::{Example, Kind, Members, Nulls, OnFail, Plan, Returns, Rule, RuleKind, Threshold},
    tables::Table,
};

pub fn page(known: &Known<'_>, rule: &Rule) -> Result<Page, FolderError> {
    let mut page = Page::new("rule", &rule.id);
    describe(known, rule, &mut page);
    page.add("What came of it in the last run", came(known, rule)?);
    page.add("Next", Body::Code(format!(
        "trueup run --select {id}        try it alone; nothing is published\ntrueup explain DISCREPANCY_ID    one of its findings, with the line of the export",
        id = rule.id
    )));
    Ok(page)
}

/// What the rule is, which the page of a discrepancy tells as well.
pub fn describe(known: &Known<'_>, rule: &Rule, page: &mut Page) {
    let table = &known.project.tables[rule.table];
    page.add("What it checks", Body::Facts(checks(rule, table)));
    page.add("Why", Body::Prose(rule.why.clone()));
    page.add(
        "What happens to a failing row",
        Body::Prose(happens(rule, table)),
    );
    page.add("The SQL that runs", Body::Code(sql(rule, table)));
    page.add("What it reads", Body::Facts(reads(known, rule)));
    page.add(
        "How to fix it",
        Body::Prose(fix(rule.kind.word()).to_owned()),
    );
    page.add("Examples", Body::Code(examples(rule)));
}

fn checks(rule: &Rule, table: &Table) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    fact("expected", rule.kind.expected(rule, table));
    fact("kind", rule.kind.word().to_owned());
    fact("table", table.name.to_string());
    if let Some(column) = rule.column {
        fact("column", table.columns[column].name.to_string());
    }
    if let Some(only_where) = &rule.only_where {
        fact("only where", one_line(&only_where.value));
    }
    let nulls = match rule.nulls {
        Nulls::NotEvaluated => "neither pass nor fail: counted as not evaluated",
        Nulls::Fail => "a failure",
        Nulls::Pass => "a pass",
    };
    fact("a null outcome is", nulls.to_owned());
    match rule.conditions.strictest() {
        None => fact("severity", rule.severity.word().to_owned()),
        Some(_) => {
            let words: Vec<String> = rule.conditions.words().collect();
            let words = words.join(", ");
            fact(
                "severity",
                format!("by the number of failing rows: {words}; else info"),
            );
        }
    }
    fact("dimension", rule.dimension.word().to_owned());
    match rule.threshold {
        None => {}
        Some(Threshold::MaxCount(count)) => fact("tolerates", format!("{count} failing rows")),
        Some(Threshold::MaxShare(share)) => {
            fact(
                "tolerates",
                format!("{share} of the evaluated rows failing"),
            );
        }
    }
    fact(
        "owner",
        rule.owner
            .clone()
            .unwrap_or_else(|| "nobody is named".to_owned()),
    );
    if !rule.tags.is_empty() {
        fact("tags", rule.tags.join(", "));
    }
    fact("version", rule.version.clone());
    fact("declared at", place(&rule.span));
    facts
}

/// `file:line`.
pub fn place(span: &Span) -> String {
    format!("{}:{}", span.source.path, span.line_column().0)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The columns that the rule reads, by table; `_missing.area` and the like are read of `area`.
fn reads(known: &Known<'_>, rule: &Rule) -> Vec<(String, String)> {
    let table = &known.plan.checks.tables[rule.table];
    let is_this = |prepared: &&PreparedRule| known.project.rules[prepared.rule].id == rule.id;
    let Some(prepared) = table.rules.iter().find(is_this) else {
        return Vec::new();
    };
    let expressions = prepared.applies.iter().chain(match &prepared.outcome {
        Outcome::Predicate(expression) => Some(expression),
        Outcome::Query { evaluated, .. } => evaluated.as_ref(),
        Outcome::RowCount { .. } => None,
    });
    let of_row = expressions.flat_map(|e| e.column_refs().into_iter().map(|c| c.name.clone()));
    let mut reads = prepared.reads.clone();
    let own = reads.entry(table.table.name.to_string()).or_default();
    own.extend(of_row);
    let column = |name: &String| match name.strip_prefix('_') {
        None => Some(name.clone()),
        Some(rest) => rest.split_once('.').map(|(_, column)| column.to_owned()),
    };
    let listed = |(table, names): (String, BTreeSet<String>)| {
        let columns: BTreeSet<String> = names.iter().filter_map(column).collect();
        let columns: Vec<String> = columns.into_iter().collect();
        match columns.is_empty() {
            true => (table, "its rows".to_owned()),
            false => (table, columns.join(", ")),
        }
    };
    reads.into_iter().map(listed).collect()
}

fn happens(rule: &Rule, table: &Table) -> String {
    let column = rule.column.map(|at| table.columns[at].name.as_str());
    match (rule.on_fail, column) {
        (OnFail::Keep, _) => "The row and its values stay as they are; the failure is in the log.".to_owned(),
        (OnFail::Correct, _) => "What the rule corrects becomes its code, a code that is not in force stays, anything else becomes null; before and after are in `changes`.".to_owned(),
        (OnFail::Null, Some(column)) => format!("`{column}` becomes null; the value stands in the log and in `changes`."),
        (OnFail::Null, None) => "The value becomes null.".to_owned(),
        (OnFail::Quarantine, _) => format!("The row goes to quarantine/{}.parquet and is counted in no aggregate.", table.name),
        (OnFail::Exclude, _) => "The row is left out of every output; the failure is in the log.".to_owned(),
    }
}

fn sql(rule: &Rule, table: &Table) -> String {
    let mut text = match rule.plan(table) {
        Plan::Row { predicate } => {
            let text = predicate.text.trim();
            let of_codes = match &rule.kind {
                Kind::AcceptedValues(_) => {
                    "\n-- (whether the cell is a code, found out once for each distinct text)"
                }
                _ => "",
            };
            format!("-- true for a row that passes, false for one that fails{of_codes}\n{text}")
        }
        Plan::Rows {
            query,
            evaluated,
            returns,
        } => {
            let what = match returns {
                Returns::Records(_) => "returns the rows that are compared with each other",
                Returns::Members(Members {
                    first_passes: true, ..
                }) => "returns rows group by group; of a group of several all but the first fail",
                Returns::Members(_) => {
                    "returns rows group by group; those of a group of several fail"
                }
                Returns::Failing => "returns the rows that fail",
            };
            let rows = format!("-- {what}\n{}", query.text.trim());
            match evaluated {
                Some(evaluated) => format!(
                    "{rows}\n-- of the rows for which this is true\n{}",
                    evaluated.text.trim()
                ),
                None => rows,
            }
        }
        Plan::RowCount { min, max } => {
            let most = max.map_or(String::new(), |max| format!(" AND count(*) <= {max}"));
            format!("SELECT count(*) >= {min}{most} FROM {}", table.name)
        }
    };
    if let Some(only_where) = &rule.only_where {
        text.push_str(&format!("\n-- where\n{}", only_where.value.trim()));
    }
    text
}

/// What to do about a failure of a kind.
pub fn fix(kind: &str) -> &'static str {
    match kind {
        "not_null" => {
            "Fill the cell in the source system. If the answer was given but not recorded, ask for it; if the question does not apply, record that."
        }
        "type" => {
            "Correct the cell in the source system, or add the format to `formats` of the column if it is a good one."
        }
        "accepted_values" => {
            "Choose one of the list's codes in the source system. If the value is right, add it to the list in rules/reference/; if it is a spelling that will come again, add it as an alias."
        }
        "range" | "length" | "pattern" => {
            "Correct the value in the source system, or move the bounds if the value is right."
        }
        "unique" => {
            "Two records have one key: find out in the source system which is the right one, and give the other its own key or remove it."
        }
        "duplicates" => {
            "Look at both records in the source system: merge them there if they are the same, or leave them if they are not."
        }
        "relationships" => {
            "Deliver the record that is named, or correct the reference in the source system. An incomplete delivery makes many of these at once."
        }
        "row_count" => {
            "Look whether the delivery is whole: a file that was cut off or an export with a filter gives too few rows."
        }
        "expression" | "failed_rows" => {
            "Look at the columns that the condition reads, in the source system, and correct the one that is wrong."
        }
        // The kinds of statements about totals.
        _ => {
            "Look at the places of the figures; the likely cause says which is suspected. Correct the publication or what was copied from it; if every figure is right, the statement says too much: change it, or give it a tolerance."
        }
    }
}

fn examples(rule: &Rule) -> String {
    let all = [
        ("pass", &rule.examples.pass),
        ("fail", &rule.examples.fail),
        ("not evaluated", &rule.examples.not_evaluated),
    ];
    let mut text = String::new();
    for (what, examples) in all {
        for example in examples {
            text.push_str(&format!("{what}: {}\n", delivery(example)));
        }
    }
    text
}

/// `cases: {a: 1}, {a: 2}; people: …`; a blank row cell is shown as `""`.
fn delivery(example: &Example) -> String {
    let rows = |rows: &Vec<std::collections::BTreeMap<String, String>>| -> String {
        let row = |cells: &std::collections::BTreeMap<String, String>| {
            let cells: Vec<String> = cells
                .iter()
                .map(|(name, text)| format!("{name}: {text:?}"))
                .collect();
            format!("{{{}}}", cells.join(", "))
        };
        rows.iter().map(row).collect::<Vec<_>>().join(", ")
    };
    let tables: Vec<String> = example
        .iter()
        .map(|(table, of)| format!("{table} {}", rows(of)))
        .collect();
    tables.join("; ")
}

fn came(known: &Known<'_>, rule: &Rule) -> Result<Body, FolderError> {
    let run = match &known.run {
        Ok(run) => run,
        Err(FolderError::None(_)) => {
            return Ok(Body::Prose(
                "It has not run yet: there is no published run here.".to_owned(),
            ));
        }
        Err(error) => return Ok(Body::Prose(error.to_string())),
    };
    let (rows, _) = run.rows("rule_results", "rule_id", &|id| id == rule.id, 1)?;
    let Some(row) = rows.first() else {
        return Ok(Body::Prose(format!(
            "Run {} does not know it: the rule is newer than the run.",
            run.id()
        )));
    };
    let mut told = vec![("run".to_owned(), run.id().to_owned())];
    told.extend(facts(
        row,
        &[
            "status",
            "severity",
            "evaluated",
            "failed",
            "not_evaluated",
            "not_applicable",
            "rule_version",
        ],
    ));
    if cell(row, "rule_version") == rule.version && !rule.conditions.0.is_empty() {
        told.push(("severity by".to_owned(), decided(rule, row)));
    }
    if cell(row, "rule_version") != rule.version {
        told.push((
            "beware".to_owned(),
            "the rule has changed since that run".to_owned(),
        ));
    }
    Ok(Body::Facts(told))
}

/// The condition that decided the severity in a run.
fn decided(rule: &Rule, row: &Row) -> String {
    let number = |name: &str| cell(row, name).parse::<u64>().unwrap_or(0);
    let (failed, evaluated) = (number("failed"), number("evaluated"));
    match rule.conditions.holding(failed, evaluated) {
        Some((severity, _)) => {
            let mut all = rule.conditions.words().zip(&rule.conditions.0);
            let words = all.find(|(_, (of, _))| *of == severity);
            let words = words.map(|(words, _)| words).unwrap_or_default();
            format!("{words}, the strictest that holds")
        }
        None if failed == 0 => "nothing failed".to_owned(),
        None => "none holds: its failures are tolerated".to_owned(),
    }
}
