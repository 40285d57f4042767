//! By table: where its rows went, and what was found in it by severity.

use std::{collections::BTreeMap, fmt::Write};

use super::{Page, number};
use crate::{
    cli::{
        columns::{Cell, Grid, Set},
        paint::Ink,
    },
    discrepancy::Severity,
    pipeline::RunReport,
};

/// Columns about rows.
const ROWS: [&str; 5] = ["rows read", "clean", "quarantined", "excluded", "rejected"];
/// Those of them that are there in any case.
const ALWAYS: usize = 2;

/// One table where it fits; else without columns that are zero everywhere, which are told below; else rows and what was
/// found one below the other.
pub(super) fn render(out: &mut String, report: &RunReport, page: Page) -> std::fmt::Result {
    let whole = grid(report);
    let mut grids = vec![whole.clone()];
    let mut left_out = Vec::new();
    if !whole.fits(page.width) {
        let bare: Vec<bool> = (0..whole.columns.len())
            .map(|at| is_bare(&whole, at))
            .collect();
        let is_bare = |at: usize| bare.get(at).copied().unwrap_or(false);
        let names = whole.columns.iter().enumerate();
        let names = names.filter(|(at, _)| is_bare(*at));
        left_out = names.map(|(_, (name, _))| *name).collect();
        grids = vec![whole.with(|at| !is_bare(at))];
        if !grids.iter().all(|grid| grid.fits(page.width)) {
            let is_of_rows = |at: usize| at <= ROWS.len();
            let mut rows = whole.with(|at| is_of_rows(at) && !is_bare(at));
            rows.rows
                .retain(|row| row.iter().skip(1).any(|cell| !cell.text.is_empty()));
            let found = whole.with(|at| at == 0 || !is_of_rows(at) && !is_bare(at));
            grids = vec![rows, found];
        }
    }
    // Where nothing was found there is nothing to tell of it by table.
    grids.retain(|grid| grid.columns.len() > 1);
    for (at, grid) in grids.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        for line in grid.lines(page.width, page.paint) {
            writeln!(out, "{line}")?;
        }
    }
    if !left_out.is_empty() {
        let told = format!("none in any table: {}", left_out.join(", "));
        writeln!(out, "{}", page.sentence(&told))?;
    }
    Ok(())
}

/// Whether a column is zero everywhere and may be left out.
fn is_bare(grid: &Grid, at: usize) -> bool {
    let is_zero = |row: &Vec<Cell>| {
        row.get(at)
            .is_none_or(|cell| ["", "0"].contains(&&*cell.text))
    };
    at > ALWAYS && grid.rows.iter().all(is_zero)
}

/// All columns; the last row adds up those above it.
fn grid(report: &RunReport) -> Grid {
    let mut found: BTreeMap<&str, BTreeMap<Severity, u64>> = BTreeMap::new();
    for (rule, count) in &report.by_rule {
        let table = report.table_of.get(rule).map_or("", String::as_str);
        let severity = report.severity_of.get(rule).copied();
        let of_table = found.entry(table).or_default();
        *of_table
            .entry(severity.unwrap_or(Severity::Info))
            .or_default() += count;
    }
    let severities = |of: Option<&BTreeMap<Severity, u64>>| {
        let count = |severity: &Severity| of.and_then(|of| of.get(severity)).copied().unwrap_or(0);
        let all = Severity::ALL.iter();
        all.map(|s| figure(Ink::of(*s), count(s)))
            .collect::<Vec<_>>()
    };
    let mut sums = [0; ROWS.len()];
    let mut rows = Vec::new();
    for line in &report.tables {
        let of = line.rows;
        let counts = [of.read, of.clean, of.quarantined, of.excluded, of.rejected];
        let mut row = vec![Cell::new(Ink::Plain, line.table.clone())];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
            row.push(figure(Ink::Plain, count));
        }
        row.extend(severities(found.get(line.table.as_str())));
        rows.push(row);
    }
    if let Some(of_none) = found.get("") {
        let mut row = vec![Cell::new(Ink::Plain, "(no table)")];
        row.extend(ROWS.map(|_| Cell::default()));
        row.extend(severities(Some(of_none)));
        rows.push(row);
    }
    if rows.len() > 1 {
        let mut row = vec![Cell::new(Ink::Strong, "all")];
        row.extend(sums.map(|sum| figure(Ink::Strong, sum)));
        row.extend(severities(Some(&report.by_severity)));
        rows.push(row);
    }
    let mut columns = vec![("table", Set::Name)];
    columns.extend(ROWS.map(|name| (name, Set::Right)));
    columns.extend(Severity::ALL.iter().map(|s| (s.word(), Set::Right)));
    Grid { columns, rows }
}

/// A count; nothing is faint.
fn figure(ink: Ink, count: u64) -> Cell {
    let ink = if count == 0 { Ink::Faint } else { ink };
    Cell::new(ink, number(count))
}
