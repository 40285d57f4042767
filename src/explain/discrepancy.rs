//! The page of a discrepancy.

use std::path::PathBuf;

use super::{
    Known, RunError, kind,
    page::{Body, Page},
    rule, source, statement,
};
use crate::{
    diagnostics::Diagnostic,
    ingest::Means,
    publish::{FolderError, Row, RunFolder, cell, facts, unnamed_file},
};

/// Members of a group that are shown.
const MEMBERS: usize = 20;

/// The page of the discrepancy whose id begins with `digits`; `None` where there is none.
pub fn page(known: &Known<'_>, digits: &str) -> Result<Option<Page>, RunError> {
    let Ok(run) = &known.run else {
        return Ok(None);
    };
    let begins = |id: &str| id.starts_with(digits);
    let (found, count) = run.rows("discrepancies", "discrepancy_id", &begins, 5)?;
    let Some(row) = found.first() else {
        return Ok(None);
    };
    if count > 1 {
        let ids: Vec<&str> = found
            .iter()
            .map(|row| cell(row, "discrepancy_id"))
            .collect();
        let message = format!("{count} discrepancies begin with `{digits}`");
        let help = format!("write more digits: {}", ids.join(", "));
        return Err(RunError::Project(vec![
            Diagnostic::nowhere(message).help(help),
        ]));
    }
    let mut page = Page::new("discrepancy", cell(row, "discrepancy_id"));
    page.add(
        "What was found",
        Body::Prose(cell(row, "message").to_owned()),
    );
    page.add(
        "Where",
        Body::Facts(facts(
            row,
            &[
                "table",
                "record_key",
                "column",
                "source_file",
                "source_sheet",
                "source_line",
                "source_row",
            ],
        )),
    );
    line(known, run, row, &mut page);
    page.add("Before and after", before_and_after(run, row)?);
    page.add("History", history(row));
    group(run, row, &mut page)?;
    page.add(
        "The rule",
        Body::Facts(facts(
            row,
            &[
                "rule_id",
                "rule_version",
                "kind",
                "dimension",
                "severity",
                "category",
            ],
        )),
    );
    let rule_id = cell(row, "rule_id");
    match known.project.rules.iter().find(|rule| rule.id == rule_id) {
        Some(rule) => {
            if rule.version != cell(row, "rule_version") {
                page.add("Beware", Body::Prose("The rule has changed since that run; what follows is the rule as it is now.".to_owned()));
            }
            rule::describe(known, rule, &mut page);
        }
        None if kind::describe(known, rule_id, &mut page) => {}
        None => {
            let key = cell(row, "record_key");
            let id = key.split('[').next().unwrap_or_default();
            // A rule that the project has no more is neither.
            if known.plan.statements.iter().any(|s| s.id.value == id) {
                statement::rows(known, run, key, &mut page)?;
            }
        }
    }
    Ok(Some(page))
}

/// The record as it stands in the file, with the column that failed.
fn line(known: &Known<'_>, run: &RunFolder, row: &Row, page: &mut Page) {
    const TITLE: &str = "The line of the file";
    let (file, line) = (cell(row, "source_file"), cell(row, "source_line"));
    let Ok(line) = line.parse::<u64>() else {
        return;
    };
    // What resolved, or could not be judged tonight, stands in an earlier delivery.
    let last = cell(row, "last_seen_run");
    if last != cell(row, "run_id") {
        page.add(
            TITLE,
            Body::Prose(format!(
                "{file}, line {line}, of the delivery of run {last}, which found it last: `trueup explain {} --run {last}` shows it while that run and its delivery are there.",
                cell(row, "discrepancy_id")
            )),
        );
        return;
    }
    let Some(input) = run.manifest.inputs.iter().find(|input| input.path == file) else {
        page.add(
            TITLE,
            Body::Prose(format!(
                "{file} is none of the run's inputs, so it is not known whether it is unchanged."
            )),
        );
        return;
    };
    if let Some(from) = &input.carried_from {
        let table = cell(row, "table");
        page.add(
            TITLE,
            Body::Prose(format!(
                "{file} names an earlier delivery, whose rows were carried on from run {from}: the line is that of the file as it was delivered then. Its cells stand in delivered/{table}.parquet of this run."
            )),
        );
        return;
    }
    // Published figures lie in the project, exports in the delivery.
    let folder = match (
        &input.rows,
        &known.question.delivery,
        &known.project.delivery,
    ) {
        (None, _, _) => Some(known.project.root.clone()),
        (Some(_), Some(folder), _) => Some(folder.clone()),
        (Some(_), None, Some(default)) => Some(known.project.root.join(&default.path)),
        (Some(_), None, None) => None,
    };
    let Some(path) = folder.map(|folder: PathBuf| folder.join(file)) else {
        page.add(
            TITLE,
            Body::Prose(
                "It is not known where the delivery lies: name its folder with --delivery."
                    .to_owned(),
            ),
        );
        return;
    };
    let table = cell(row, "table");
    let table = known
        .plan
        .tables
        .iter()
        .find(|declared| declared.name.as_str() == table);
    let hash = input.sha256.to_string();
    let sheet = cell(row, "source_sheet");
    let place = source::Place {
        path: &path,
        sheet: (!sheet.is_empty()).then_some(sheet),
        line,
    };
    let means = Means {
        limits: &known.project.limits,
        reader: &known.question.reader,
        scratch: &|| unnamed_file(&known.question.temporary),
    };
    let show_all = known.question.show_hidden || input.rows.is_none();
    match source::show(&place, &hash, table.map(AsRef::as_ref), show_all, means) {
        Err(why) => page.add(TITLE, Body::Prose(why)),
        Ok(shown) => {
            let header = shown.header.join(&shown.delimiter.to_string());
            let lines = shown.lines.unwrap_or_default();
            let of_sheet = place
                .sheet
                .map_or_else(String::new, |s| format!(", sheet {s}"));
            page.add(
                TITLE,
                Body::Code(format!(
                    "{}{of_sheet}:{line}\n{header}\n{lines}",
                    path.display()
                )),
            );
            let column = cell(row, "column");
            if let Some((_, text)) = shown.cells.iter().find(|(name, _)| name == column) {
                page.add(
                    "The cell",
                    Body::Facts(vec![(column.to_owned(), format!("`{text}`"))]),
                );
            }
        }
    }
}

fn before_and_after(run: &RunFolder, row: &Row) -> Result<Body, FolderError> {
    let mut told = facts(
        row,
        &[
            "observed",
            "expected",
            "suggestion",
            "difference",
            "likely_cause",
            "action",
            "cleaned",
        ],
    );
    let key = cell(row, "record_key");
    let (changes, _) = run.rows("changes", "record_key", &|of| of == key, 1_000)?;
    let same = |change: &&Row| {
        ["table", "source_file", "source_line"]
            .iter()
            .all(|c| cell(change, c) == cell(row, c))
    };
    for change in changes.iter().filter(same) {
        let told_of = format!(
            "`{}` became `{}` ({})",
            cell(change, "before"),
            cell(change, "after"),
            cell(change, "reason")
        );
        told.push((format!("changed: {}", cell(change, "column")), told_of));
    }
    if cell(row, "action") == "quarantined" {
        let table = format!("quarantine/{}", cell(row, "table"));
        told.push(("the row stands in".to_owned(), format!("{table}.parquet")));
        let line = cell(row, "source_line");
        let (kept, _) = run.rows(&table, "_line", &|of| of == line, 1_000)?;
        let file = cell(row, "source_file");
        let same = |kept: &&Row| {
            let (delivery, name) = (cell(kept, "_delivery"), cell(kept, "_file"));
            let carried = file
                .strip_prefix(delivery)
                .and_then(|f| f.strip_prefix('/'));
            name == file || carried == Some(name)
        };
        if let Some(kept) = kept.iter().find(same) {
            told.push(("because of".to_owned(), cell(kept, "_rules").to_owned()));
        }
    }
    Ok(Body::Facts(told))
}

fn history(row: &Row) -> Body {
    Body::Facts(facts(
        row,
        &["status", "first_seen_run", "last_seen_run", "waiver_id"],
    ))
}

/// What else belongs to its group.
fn group(run: &RunFolder, row: &Row, page: &mut Page) -> Result<(), FolderError> {
    let group = cell(row, "group_id");
    if group.is_empty() {
        return Ok(());
    }
    let (members, count) = run.rows("discrepancies", "group_id", &|id| id == group, MEMBERS)?;
    if count < 2 {
        return Ok(());
    }
    let mut rows: Vec<Vec<String>> = members
        .iter()
        .map(|member| {
            let place = format!(
                "{}:{}",
                cell(member, "source_file"),
                cell(member, "source_line")
            );
            vec![
                cell(member, "discrepancy_id").to_owned(),
                place,
                cell(member, "record_key").to_owned(),
            ]
        })
        .collect();
    if count > members.len() {
        rows.push(vec![
            format!("and {} more", count - members.len()),
            String::new(),
            format!("group_id {group}"),
        ]);
    }
    page.add(
        "Found together",
        Body::Table(vec!["discrepancy", "place", "record"], rows),
    );
    Ok(())
}
