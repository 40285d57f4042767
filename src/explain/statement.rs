//! The page of a statement about totals.

use super::{
    Known, RunError,
    arithmetic::Arithmetic,
    page::{Body, Page},
    rule::{fix, place},
};
use crate::diagnostics::{Diagnostic, nearest};
use crate::publish::{FolderError, Row, RunFolder, cell, facts};
use crate::rules::totals::Statement;

/// Rows that are shown unless all are asked for.
const SHOWN: usize = 20;
/// Rows whose arithmetic is written out.
const WRITTEN_OUT: usize = 3;
/// Records behind a difference that are shown.
const RECORDS: usize = 10;
/// Most rows that are looked at.
const MOST: usize = 100_000;

/// The page of the statement that is called `word`, or of one of its rows; `None` where there is none.
pub fn page(known: &Known<'_>, word: &str) -> Result<Option<Page>, RunError> {
    let id = word.split('[').next().unwrap_or_default();
    let Some(statement) = known.plan.statements.iter().find(|s| s.id.value == id) else {
        return Ok(None);
    };
    let mut page = Page::new("statement", word);
    describe(statement, &mut page);
    match &known.run {
        Ok(run) => {
            if word.contains('[') {
                expect_row(run, id, word)?;
            }
            rows(known, run, word, &mut page)?;
        }
        Err(error) => page.add(
            "What came of it in the last run",
            Body::Prose(error.to_string()),
        ),
    }
    Ok(Some(page))
}

/// That the run has this row of the statement `id`.
fn expect_row(run: &RunFolder, id: &str, word: &str) -> Result<(), RunError> {
    let (found, _) = run.rows("reconciliations", "rule_id", &|of| of == id, MOST)?;
    let mut ids = found.iter().map(|row| cell(row, "statement"));
    if ids.clone().any(|row| row == word) {
        return Ok(());
    }
    let help = match nearest(word, ids.by_ref()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`trueup explain {id} --all` lists its rows"),
    };
    let message = format!("statement `{id}` has no row `{word}` in run {}", run.id());
    Err(RunError::Project(vec![
        Diagnostic::nowhere(message).help(help),
    ]))
}

fn describe(statement: &Statement, page: &mut Page) {
    let mut told = Vec::new();
    let mut fact = |name: &str, value: String| told.push((name.to_owned(), value));
    fact("kind", statement.check.word().to_owned());
    fact("expected", statement.check.expected().to_owned());
    for (side, selector) in statement.check.sides() {
        fact(side, selector.value.describe());
    }
    let by: Vec<&str> = statement
        .check
        .by()
        .iter()
        .map(|key| key.value.as_str())
        .collect();
    if !by.is_empty() {
        fact("for each", by.join(", "));
    }
    fact("tolerance", statement.tolerance().to_string());
    fact("severity", statement.severity().to_string());
    fact("materiality", statement.materiality().to_string());
    fact("dimension", statement.dimension().to_string());
    fact(
        "owner",
        statement
            .owner
            .clone()
            .unwrap_or_else(|| "nobody is named".to_owned()),
    );
    fact("version", statement.version());
    fact("declared at", place(&statement.id.span));
    page.add("What it says", Body::Facts(told));
    page.add("Why", Body::Prose(statement.why().to_owned()));
    let fix = fix(statement.check.word());
    page.add("How to fix it", Body::Prose(fix.to_owned()));
}

/// Adds what came of `word` in the run: a statement, or one of its rows.
pub fn rows(
    known: &Known<'_>,
    run: &RunFolder,
    word: &str,
    page: &mut Page,
) -> Result<(), RunError> {
    let column = if word.contains('[') {
        "statement"
    } else {
        "rule_id"
    };
    let (mut found, count) = run.rows("reconciliations", column, &|text| text == word, MOST)?;
    if count == 0 {
        let none = format!(
            "Run {} has no row of it: it was added since, or it selects no figure.",
            run.id()
        );
        page.add("What came of it in the last run", Body::Prose(none));
        return Ok(());
    }
    let order = |row: &Row| match cell(row, "verdict") {
        "disagrees" => 0,
        "explained" => 1,
        "not_evaluated" => 2,
        "not_comparable" => 3,
        _ => 4,
    };
    found.sort_by_key(order);
    let mut verdicts: Vec<(&str, usize)> = Vec::new();
    for row in &found {
        match verdicts.last_mut() {
            Some((verdict, number)) if *verdict == cell(row, "verdict") => *number += 1,
            _ => verdicts.push((cell(row, "verdict"), 1)),
        }
    }
    let mut told = vec![("run".to_owned(), run.id().to_owned())];
    told.extend(
        verdicts
            .iter()
            .map(|(verdict, number)| (verdict.replace('_', " "), number.to_string())),
    );
    page.add("What came of it in the last run", Body::Facts(told));
    if count > 1 {
        let most = if known.question.all { MOST } else { SHOWN };
        let shown = found.iter().take(most);
        let mut table: Vec<Vec<String>> = shown
            .map(|row| {
                let (_, of) = cell(row, "statement").split_once('[').unwrap_or_default();
                let of = of.trim_end_matches(']').replace(';', "; ");
                let cells = ["stated", "computed", "difference", "verdict"]
                    .map(|c| cell(row, c).to_owned());
                cells.into_iter().chain([of]).collect()
            })
            .collect();
        if count > table.len() {
            let more = format!("and {} more: --all", count - table.len());
            table.push(vec![
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                more,
            ]);
        }
        page.add(
            "Its rows",
            Body::Table(
                vec!["stated", "computed", "difference", "verdict", "of"],
                table,
            ),
        );
    }
    let all = known.question.all;
    let written_out = if all { MOST } else { WRITTEN_OUT };
    let off = |row: &&Row| all || count == 1 || cell(row, "verdict") != "agrees";
    let id = word.split('[').next().unwrap_or_default();
    let statement = known.plan.statements.iter().find(|s| s.id.value == id);
    let arithmetic = match statement {
        Some(statement) => Some(Arithmetic::new(known, run, statement)?),
        None => None,
    };
    for (at, row) in found.iter().filter(off).take(written_out).enumerate() {
        let which = match at {
            0 => String::new(),
            1 => " of the second".to_owned(),
            2 => " of the third".to_owned(),
            at => format!(" of row {}", at + 1),
        };
        let figures = match at {
            0 => "Its figures".to_owned(),
            _ => format!("The figures{which}"),
        };
        let columns = [
            "statement",
            "stated",
            "stated_at",
            "computed",
            "computed_at",
            "difference",
            "tolerance",
            "verdict",
            "likely_cause",
            "evidence",
        ];
        let title = format!("The arithmetic{which}");
        page.add(title, Body::Facts(facts(row, &columns)));
        match &arithmetic {
            Some(Ok(arithmetic)) => {
                if let Some(body) = arithmetic.of(row) {
                    page.add(figures, body);
                }
            }
            Some(Err(why)) => page.add(figures, Body::Prose(format!("They are not shown: {why}."))),
            None => {}
        }
        records(run, row, &which, page)?;
    }
    Ok(())
}

/// The records behind a difference between what is stated and what the detail counts.
fn records(run: &RunFolder, row: &Row, which: &str, page: &mut Page) -> Result<(), FolderError> {
    let statement = cell(row, "statement");
    let is_its = |text: &str| text == statement;
    let (found, count) = run.rows("contributing_records", "statement", &is_its, RECORDS)?;
    let columns = vec!["role", "record_key", "source", "rule_id"];
    let mut table: Vec<Vec<String>> = found
        .iter()
        .map(|record| {
            let text = |column: &str| cell(record, column).to_owned();
            let place = format!("{}:{}", text("source_file"), text("source_line"));
            vec![text("role"), text("record_key"), place, text("rule_id")]
        })
        .collect();
    if count > found.len() {
        let more = format!(
            "and {} more in contributing_records.csv",
            count - found.len()
        );
        table.push(vec![String::new(), String::new(), String::new(), more]);
    }
    page.add(
        format!("The records behind it{which}"),
        Body::Table(columns, table),
    );
    Ok(())
}
