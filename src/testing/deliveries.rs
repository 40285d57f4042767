//! Tests of the project: each a small delivery that is run as a night's is, and what was found held against what is expected.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use jiff::civil::Date;

use crate::{
    diagnostics::Span,
    ingest::Reader,
    pipeline::{FailOn, RunError, Selection, Selector, Settings, Silent, run_project},
    project::{Deliveries, Project, ProjectTest, Row, VerdictWord},
    publish::{Row as Found, RunFolder, TemporaryFolder, cell},
    tables::{FilePattern, Gates, Reading},
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
    of_test.deliveries = Deliveries::default();
    let write = |inside: String, text: String| folder.write(&inside, text.as_bytes());
    for table in &mut of_test.tables {
        let name = table.name.to_string();
        table.files = FilePattern::new(&format!("{name}.csv")).unwrap_or_default();
        table.reading = Reading::plain();
        // A few rows are no night.
        table.gates = Gates::default();
        let columns: Vec<&str> = table.delivered().map(|c| c.name.as_str()).collect();
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
        fail_on: Some(FailOn::Never),
        selection: Selection {
            select,
            exclude: Vec::new(),
        },
        threads: 1,
        memory_limit: 64 << 20,
        reader: Reader::Here,
        key: None,
        limits: None,
        progress: Arc::new(Silent),
    };
    let report = run_project(&of_test, &[], &settings).await?;
    let run = RunFolder::open(&out, Some(&report.run_id))?;
    let mut problems = Vec::new();
    let of_rows = |row: &Found| !cell(row, "table").is_empty();
    let (found, _) = run.rows("discrepancies", "rule_id", &|_| true, MOST)?;
    let found: Vec<Found> = found.into_iter().filter(of_rows).collect();
    let expected: Vec<Wanted<'_>> = (test.discrepancies.iter())
        .map(|at| {
            let d = &at.value;
            let cells = [
                ("rule_id", Some(d.rule.value.clone())),
                ("record_key", d.key.clone()),
                ("column", d.column.clone()),
                ("source_row", d.row.map(|row| row.to_string())),
                ("action", d.action.map(|action| action.word().to_owned())),
                ("observed", d.observed.clone()),
                ("cleaned", d.cleaned.clone()),
                ("likely_cause", d.cause.clone()),
            ];
            Wanted::new(&at.span, cells)
        })
        .collect();
    const SHOWN: [&str; 6] = [
        "rule_id",
        "record_key",
        "column",
        "source_row",
        "observed",
        "action",
    ];
    let all = |_: &Found| true;
    compare(
        "discrepancy",
        &expected,
        &found,
        &all,
        &SHOWN,
        &mut problems,
    );
    let (found, _) = run.rows("changes", "table", &|_| true, MOST)?;
    let expected: Vec<Wanted<'_>> = (test.repairs.iter())
        .map(|at| {
            let r = &at.value;
            let cells = [
                ("table", Some(r.table.value.clone())),
                ("record_key", r.key.clone()),
                ("column", Some(r.column.value.clone())),
                ("before", Some(r.before.clone())),
                ("after", Some(r.after.clone())),
            ];
            Wanted::new(&at.span, cells)
        })
        .collect();
    const REPAIR: [&str; 5] = ["table", "record_key", "column", "before", "after"];
    compare("repair", &expected, &found, &all, &REPAIR, &mut problems);
    if test.figures.is_some() {
        let (found, _) = run.rows("reconciliations", "verdict", &|_| true, MOST)?;
        let expected: Vec<Wanted<'_>> = (test.totals.iter())
            .map(|at| {
                let t = &at.value;
                let statement = t.statement.value.clone();
                let by = match statement.contains('[') {
                    true => "statement",
                    false => "rule_id",
                };
                let cells = [
                    (by, Some(statement)),
                    ("category", t.category.clone()),
                    ("period", t.period.clone()),
                    ("verdict", Some(t.verdict.word().to_owned())),
                    ("stated", t.stated.clone()),
                    ("computed", t.computed.clone()),
                    ("likely_cause", t.cause.clone()),
                ];
                Wanted::new(&at.span, cells)
            })
            .collect();
        const TOTAL: [&str; 5] = ["statement", "verdict", "stated", "computed", "likely_cause"];
        let disagrees = |row: &Found| cell(row, "verdict") == VerdictWord::Disagrees.word();
        compare(
            "total",
            &expected,
            &found,
            &disagrees,
            &TOTAL,
            &mut problems,
        );
    }
    Ok(problems)
}

/// Something expected: where, and the cells that a line has.
struct Wanted<'e> {
    span: &'e Span,
    cells: Vec<(&'static str, String)>,
}

impl<'e> Wanted<'e> {
    fn new<const N: usize>(span: &'e Span, cells: [(&'static str, Option<String>); N]) -> Self {
        let said = cells.into_iter();
        Self {
            span,
            cells: said
                .filter_map(|(column, text)| Some((column, text?)))
                .collect(),
        }
    }

    fn is(&self, row: &Found) -> bool {
        self.cells
            .iter()
            .all(|(column, text)| text == cell(row, column))
    }

    /// How the found line differs that is of the same rule, table or statement and is most like it.
    fn nearest(&self, left: &[&Found]) -> Option<String> {
        let (first, rest) = self.cells.split_first()?;
        let alike = left.iter().filter(|row| first.1 == cell(row, first.0));
        let differing = |row: &&Found| {
            let differ = rest
                .iter()
                .filter(|(column, text)| text != cell(row, column));
            let told = differ.map(|(column, _)| format!("{column} `{}`", cell(row, column)));
            told.collect::<Vec<String>>()
        };
        let nearest = alike.map(differing).min_by_key(Vec::len)?;
        Some(nearest.join(", "))
    }
}

/// Pairs what is expected with what was found, as many as can be; what is left is a problem: of what was found, only
/// those lines that `must` be expected.
fn compare(
    what: &str,
    expected: &[Wanted<'_>],
    found: &[Found],
    must: &dyn Fn(&Found) -> bool,
    shown: &[&str],
    problems: &mut Vec<String>,
) {
    // Who has each line: one that says little gives way to one that fits no other.
    let mut taken: Vec<Option<usize>> = vec![None; found.len()];
    for at in 0..expected.len() {
        place(
            at,
            expected,
            found,
            &mut taken,
            &mut vec![false; found.len()],
        );
    }
    let left: Vec<&Found> = (found.iter().zip(&taken))
        .filter(|(_, taken)| taken.is_none())
        .map(|(row, _)| row)
        .collect();
    for (at, wanted) in expected.iter().enumerate() {
        if taken.contains(&Some(at)) {
            continue;
        }
        let asked = wanted.cells.iter();
        let asked: Vec<String> = asked.map(|(c, text)| format!("{c} `{text}`")).collect();
        let (line, _) = wanted.span.line_column();
        let nearest = wanted.nearest(&left);
        let nearest = nearest.map_or(String::new(), |n| format!("; the nearest has {n}"));
        problems.push(format!(
            "expected {what} is missing: {} ({}:{line}){nearest}",
            asked.join(", "),
            wanted.span.source.path
        ));
    }
    for row in left.into_iter().filter(|row| must(row)) {
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

/// Finds a line for the expectation at `at`; one that has a line moves on if it can.
fn place(
    at: usize,
    expected: &[Wanted<'_>],
    found: &[Found],
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for row in 0..found.len() {
        if tried[row] || !expected[at].is(&found[row]) {
            continue;
        }
        tried[row] = true;
        if taken[row].is_none_or(|other| place(other, expected, found, taken, tried)) {
            taken[row] = Some(at);
            return true;
        }
    }
    false
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Source;

    fn span() -> Span {
        let source = Arc::new(Source {
            path: "rules/tests/things.yaml".to_owned(),
            text: "one\ntwo".to_owned(),
        });
        Span {
            source,
            bytes: 4..7,
        }
    }

    fn told(expected: &[&[(&'static str, &str)]], found: &[&[(&str, &str)]]) -> Vec<String> {
        let place = span();
        let wanted: Vec<Wanted<'_>> = (expected.iter())
            .map(|cells| Wanted {
                span: &place,
                cells: cells.iter().map(|(c, t)| (*c, (*t).to_owned())).collect(),
            })
            .collect();
        let found: Vec<Found> = (found.iter())
            .map(|cells| {
                let cells = cells.iter();
                cells
                    .map(|(c, t)| ((*c).to_owned(), (*t).to_owned()))
                    .collect()
            })
            .collect();
        let mut problems = Vec::new();
        let shown = ["rule_id", "record_key", "source_row"];
        compare("thing", &wanted, &found, &|_| true, &shown, &mut problems);
        problems
    }

    #[test]
    fn each_expectation_gets_a_line_if_there_is_a_way() {
        let first: &[_] = &[("rule_id", "a"), ("record_key", "K"), ("source_row", "1")];
        let second: &[_] = &[("rule_id", "a"), ("record_key", "K"), ("source_row", "2")];
        let by_key: &[_] = &[("rule_id", "a"), ("record_key", "K")];
        let by_row: &[_] = &[("rule_id", "a"), ("source_row", "1")];
        for expected in [[by_key, by_row], [by_row, by_key]] {
            assert_eq!(told(&expected, &[first, second]), [""; 0]);
            assert_eq!(told(&expected, &[second, first]), [""; 0]);
        }
        assert_eq!(
            told(&[by_row, by_row], &[first, second]),
            [
                "expected thing is missing: rule_id `a`, source_row `1` (rules/tests/things.yaml:2); the nearest has source_row `2`",
                "thing was found and is not expected: rule_id `a`, record_key `K`, source_row `2`",
            ]
        );
    }
}
