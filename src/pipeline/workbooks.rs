//! What is known of a run, put together for the workbooks.

use super::{
    Context, error::RunError, report::RunReport, results::Reconciled, tables::Scanned,
    year_on_year::YEAR_ON_YEAR,
};
use crate::{
    project::SqlFile,
    workbooks::{
        About,
        aggregates::{self, Aggregate, Publication},
        discrepancies::{self, FileRows, Night},
    },
};

/// Writes the workbook of the aggregates, from their files and the figures that statements were judged by.
pub(super) fn write_aggregates(
    run: &Context<'_>,
    scanned: &Scanned,
    reconciled: &Reconciled,
) -> Result<(), RunError> {
    let made = run.project.aggregates.iter();
    let made = made.filter(|file| scanned.withheld.of(file).is_none());
    let years = format!("aggregates/{YEAR_ON_YEAR}.parquet");
    let years = run.staged.path(&years).exists().then(|| Aggregate {
        name: YEAR_ON_YEAR.to_owned(),
        title: title(YEAR_ON_YEAR),
        comment: String::new(),
    });
    let withheld = scanned.withheld.aggregates();
    let mut withheld: Vec<(String, String)> = withheld
        .map(|(name, withheld)| (name.to_owned(), withheld.why()))
        .collect();
    withheld.sort_unstable();
    let publication = Publication {
        about: about(run),
        aggregates: made.map(|file| aggregate(run, file)).collect(),
        years,
        withheld,
        told: &reconciled.told,
        figures: &reconciled.figures,
    };
    Ok(aggregates::write(run.staged, &publication)?)
}

/// Writes the workbook of the log, from the files that it and its neighbours stand in.
pub(super) fn write_log(
    run: &Context<'_>,
    scanned: &Scanned,
    report: &RunReport,
) -> Result<(), RunError> {
    let mut files = Vec::new();
    for (source, counts) in run.delivery.sources.iter().zip(&scanned.files) {
        files.extend(
            source
                .files
                .iter()
                .zip(counts)
                .map(|(file, rows)| FileRows {
                    table: source.table.name.as_str(),
                    file: &file.export.file,
                    sheet: file.export.sheet.as_deref(),
                    rows: *rows,
                }),
        );
    }
    let tables = report.tables.iter();
    let night = Night {
        about: about(run),
        blocked: report.blocked,
        trial: report.trial(),
        tables: tables
            .map(|line| (line.table.as_str(), line.rows))
            .collect(),
        files,
    };
    Ok(discrepancies::write(run.staged, &night)?)
}

fn about<'r>(run: &Context<'r>) -> About<'r> {
    About {
        project: &run.project.name,
        delivery: &run.delivery.name,
        run_id: run.staged.run_id().as_str(),
        as_of: run.plan.as_of,
    }
}

fn aggregate(run: &Context<'_>, file: &SqlFile) -> Aggregate {
    let name = file.name.as_str();
    let report = run.project.report.as_ref();
    let title_there = report.and_then(|report| report.title_of(name));
    Aggregate {
        name: name.to_owned(),
        title: title_there.map_or_else(|| title(name), str::to_owned),
        comment: comment(&file.source.text),
    }
}

/// The title of an aggregate: its name in words.
fn title(aggregate: &str) -> String {
    capital(&aggregate.replace('_', " "))
}

/// What stands in the comment at the top of a query, as one line.
fn comment(sql: &str) -> String {
    let lines = sql.lines().map(str::trim);
    let lines = lines.map_while(|line| line.strip_prefix("--").map(str::trim));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    capital(&lines.join(" "))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_comments_are_sentences() {
        assert_eq!(title("length_of_stay"), "Length of stay");
        for (sql, want) in [
            (
                "-- base: all of them,\n-- whoever they are.\nSELECT 1\n-- end",
                "Base: all of them, whoever they are.",
            ),
            ("SELECT 1 -- no", ""),
            ("", ""),
        ] {
            assert_eq!(comment(sql), want);
        }
    }
}
