//! The row balance: what was read of each table, and where it went.

use minijinja::{Value, context};

use super::{
    Auditor, CarriedOn, PAGE, fitting,
    words::{count, counted, short},
};
use crate::{
    check::scan::RowCounts,
    feeds::{FileFeed, TableFeed},
    pages::{
        PageError,
        charts::{Flow, flow},
        render as html,
    },
};

/// Most bytes of the section.
const MOST: usize = 300_000;
/// Files of a table that are listed before the others are summed.
const FILES: usize = 200;

/// The section.
pub fn render(auditor: &Auditor<'_>) -> Result<String, PageError> {
    let tables = &auditor.night.tables;
    let lines: Vec<Value> = tables
        .iter()
        .enumerate()
        .map(|(at, table)| of_table(table, auditor.carried.get(at).and_then(Option::as_ref)))
        .collect();
    fitting(tables.len(), MOST, |shown| {
        html(
            PAGE,
            include_str!("../assets/auditor_balance.html"),
            context! { tables => lines.get(..shown), left_out => lines.len() - shown },
        )
    })
}

fn of_table(table: &TableFeed<'_>, carried: Option<&CarriedOn>) -> Value {
    let name = table.table.name.as_str();
    let rows = table.rows;
    let files = table.files.len() as u64;
    let drawn = flow(&Flow {
        name: format!(
            "Rows of {name}: where the {} that were read went",
            count(rows.read)
        ),
        source: (
            format!("read from {}", counted(files, "file", "files")),
            rows.read,
        ),
        targets: vec![
            ("clean".to_owned(), rows.clean),
            ("quarantined".to_owned(), rows.quarantined),
            ("excluded".to_owned(), rows.excluded),
            ("rejected".to_owned(), rows.rejected),
        ],
    });
    let mut files: Vec<Value> = table
        .files
        .iter()
        .take(FILES)
        .map(|f| line(&file_name(f), f.rows))
        .collect();
    if table.files.len() > FILES {
        let mut rest = RowCounts::default();
        table
            .files
            .iter()
            .skip(FILES)
            .for_each(|file| rest.merge(file.rows));
        let more = table.files.len() - FILES;
        files.push(line(
            &format!("{} more", counted(more as u64, "file", "files")),
            rest,
        ));
    }
    context! {
        name,
        drawn,
        files,
        total => line("all files", rows),
        carried => carried.map(carried_on),
        delivered => !table.files.is_empty(),
    }
}

fn file_name(file: &FileFeed<'_>) -> String {
    match file.sheet {
        Some(sheet) => format!("{}, sheet {}", short(file.path), short(sheet)),
        None => short(file.path).into_owned(),
    }
}

fn line(name: &str, rows: RowCounts) -> Value {
    let RowCounts {
        read,
        clean,
        quarantined,
        excluded,
        rejected,
    } = rows;
    context! {
        name,
        numbers => [read, clean, quarantined, excluded, rejected].map(count),
        holds => read == clean + quarantined + excluded + rejected,
    }
}

/// What was carried on, in a sentence.
fn carried_on(carried: &CarriedOn) -> String {
    let rows = counted(carried.rows, "row was", "rows were");
    let again = counted(
        carried.superseded,
        "row of earlier deliveries was",
        "rows of earlier deliveries were",
    );
    match &carried.from {
        Some(run) => format!(
            "Deliveries hold changes alone. Of what was read, {rows} carried on from run {run}; {again} delivered again."
        ),
        None => "Deliveries hold changes alone. This is the first, so nothing was carried on."
            .to_owned(),
    }
}
