//! Tests of the project: each a small delivery that is run as a night's is, and what was found held against what is expected.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use jiff::civil::Date;

use crate::{
    diagnostics::Span,
    ingest::Limits,
    pipeline::{FailOn, RunError, Selection, Selector, Settings, Silent, run_project},
    project::{Project, ProjectTest, Row},
    publish::{Row as Found, RunFolder, TemporaryFolder, cell},
    tables::FilePattern,
};

/// Most lines of a table of a run that a test looks at.
const MOST: usize = 100_000;

/// What is wrong with a test, in words; nothing when it holds.
pub async fn run_test(
    project: &Project,
    test: &ProjectTest,
    as_of: Date,
    folder: &TemporaryFolder,
    number: usize,
) -> Result<Vec<String>, RunError> {
    let place = format!("test_{number}");
    let mut of_test = project.clone();
    of_test.root = folder.path().join(&place);
    of_test.published = None;
    let write = |inside: String, text: String| folder.write(&inside, text.as_bytes());
    for table in &mut of_test.tables {
        let name = table.name.to_string();
        table.files = FilePattern::new(&format!("{name}.csv")).unwrap_or_default();
        let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let rows = test.given.get(&name).map_or(&[][..], Vec::as_slice);
        write(format!("{place}/delivery/{name}.csv"), csv(&columns, rows))?;
    }
    if let Some(figures) = test.figures.as_ref().filter(|figures| !figures.is_empty()) {
        let columns: BTreeSet<&str> = figures
            .iter()
            .flat_map(|row| row.keys())
            .map(String::as_str)
            .collect();
        let columns: Vec<&str> = columns.into_iter().collect();
        write(format!("{place}/figures.csv"), csv(&columns, figures))?;
        of_test.published = FilePattern::new("figures.csv").ok();
    }
    let select = match test.select.is_empty() {
        true => test
            .given
            .keys()
            .map(|table| Selector::Table(table.clone()))
            .collect(),
        false => test
            .select
            .iter()
            .map(|at| {
                at.value
                    .parse()
                    .unwrap_or_else(|e: std::convert::Infallible| match e {})
            })
            .collect(),
    };
    let out: PathBuf = folder.path().join(&place).join("out");
    let settings = Settings {
        project: of_test.root.clone(),
        delivery: Some(folder.path().join(&place).join("delivery")),
        out: out.clone(),
        as_of: Some(test.as_of.unwrap_or(as_of)),
        today: as_of,
        fail_on: FailOn::Never,
        selection: Selection {
            select,
            exclude: Vec::new(),
        },
        threads: 1,
        memory_limit: 64 << 20,
        key: None,
        limits: Limits::default(),
        progress: Arc::new(Silent),
    };
    let report = run_project(&of_test, &[], &settings).await?;
    let run = RunFolder::open(&out, Some(&report.run_id))?;
    let mut problems = Vec::new();
    let of_rows = |row: &Found| !cell(row, "table").is_empty();
    let (found, _) = run.rows("discrepancies", "rule_id", &|_| true, MOST)?;
    let found: Vec<Found> = found.into_iter().filter(of_rows).collect();
    let expected = test.discrepancies.iter().map(|at| {
        let d = &at.value;
        let row = d.row.map(|row| row.to_string());
        let wanted = [
            ("rule_id", Some(d.rule.value.clone())),
            ("record_key", d.key.clone()),
            ("column", d.column.clone()),
            ("source_row", row),
            ("action", d.action.clone()),
            ("observed", d.observed.clone()),
            ("cleaned", d.cleaned.clone()),
            ("likely_cause", d.cause.clone()),
        ];
        (&at.span, wanted.to_vec())
    });
    const SHOWN: [&str; 6] = [
        "rule_id",
        "record_key",
        "column",
        "source_row",
        "observed",
        "action",
    ];
    compare("discrepancy", expected, &found, &SHOWN, &mut problems);
    let (found, _) = run.rows("changes", "table", &|_| true, MOST)?;
    let expected = test.repairs.iter().map(|at| {
        let r = &at.value;
        let wanted = [
            ("table", Some(r.table.value.clone())),
            ("record_key", r.key.clone()),
            ("column", Some(r.column.clone())),
            ("before", Some(r.before.clone())),
            ("after", Some(r.after.clone())),
        ];
        (&at.span, wanted.to_vec())
    });
    const REPAIR: [&str; 5] = ["table", "record_key", "column", "before", "after"];
    compare("repair", expected, &found, &REPAIR, &mut problems);
    if test.figures.is_some() {
        let (found, _) = run.rows(
            "reconciliations",
            "verdict",
            &|verdict| verdict == "disagrees",
            MOST,
        )?;
        let expected = test.totals.iter().map(|at| {
            let t = &at.value;
            let statement = t.statement.value.clone();
            let by = if statement.contains('[') {
                "statement"
            } else {
                "rule_id"
            };
            let wanted = [
                (by, Some(statement)),
                ("category", t.category.clone()),
                ("stated", t.stated.clone()),
                ("computed", t.computed.clone()),
                ("likely_cause", t.cause.clone()),
            ];
            (&at.span, wanted.to_vec())
        });
        compare(
            "total",
            expected,
            &found,
            &["statement", "stated", "computed", "likely_cause"],
            &mut problems,
        );
    }
    Ok(problems)
}

/// Each expected line takes one found line that has all that it asks for; what is left of either is a problem.
fn compare<'e>(
    what: &str,
    expected: impl Iterator<Item = (&'e Span, Vec<(&'static str, Option<String>)>)>,
    found: &[Found],
    shown: &[&str],
    problems: &mut Vec<String>,
) {
    let mut left: Vec<&Found> = found.iter().collect();
    // Those that ask for most take first.
    let mut expected: Vec<_> = expected.collect();
    expected.sort_by_key(|(_, wanted)| {
        std::cmp::Reverse(wanted.iter().filter(|(_, text)| text.is_some()).count())
    });
    let mut missing = Vec::new();
    for (span, wanted) in expected {
        let fits = |row: &&Found| {
            wanted
                .iter()
                .all(|(column, text)| text.as_deref().is_none_or(|text| text == cell(row, column)))
        };
        match left.iter().position(fits) {
            Some(at) => {
                left.remove(at);
            }
            None => {
                let asked: Vec<String> = wanted
                    .iter()
                    .filter_map(|(column, text)| Some(format!("{column} `{}`", text.as_ref()?)))
                    .collect();
                let (line, _) = span.line_column();
                missing.push((
                    line,
                    format!(
                        "expected {what} is missing: {} ({}:{line})",
                        asked.join(", "),
                        span.source.path
                    ),
                ));
            }
        }
    }
    missing.sort();
    problems.extend(missing.into_iter().map(|(_, words)| words));
    for row in left {
        let told: Vec<String> = shown
            .iter()
            .filter(|column| !cell(row, column).is_empty())
            .map(|column| format!("{column} `{}`", cell(row, column)))
            .collect();
        problems.push(format!(
            "{what} was found and is not expected: {}",
            told.join(", ")
        ));
    }
}

fn csv(columns: &[&str], rows: &[Row]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        cells.join(",") + "\n"
    };
    let mut text = line(&mut columns.iter().copied());
    for row in rows {
        text.push_str(&line(
            &mut columns
                .iter()
                .map(|c| row.get(*c).map_or("", String::as_str)),
        ));
    }
    text
}
