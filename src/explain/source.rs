//! The record of a file that a discrepancy is about, as it stands there.

use std::path::Path;

use crate::{
    ingest::{Content, Export, Limits, RawRecord, index, read_chunk},
    log::HIDDEN,
    tables::{Policy, Table},
};

/// Most bytes of a record that are shown.
const SHOWN: usize = 16 << 10;

/// A record with its header.
#[derive(Debug)]
pub struct Shown {
    /// The header's columns.
    pub header: Vec<String>,
    /// The record's lines as they stand in the file, hidden cells replaced; `None` for the header itself.
    pub lines: Option<String>,
    /// Each column of the header with its cell.
    pub cells: Vec<(String, String)>,
}

/// Shows the record that begins on `line` of the file at `path`, which has to have this hash; or says why not.
///
/// Cells of columns that `table` hides or does not declare are replaced unless `show_all`.
pub fn show(
    path: &Path,
    sha256: &str,
    line: u64,
    table: Option<&Table>,
    show_all: bool,
) -> Result<Shown, String> {
    let name = path.display().to_string();
    let limits = Limits::default();
    let export = index(&name, Content::File(path.to_owned()), &limits)
        .map_err(|error| format!("the line cannot be shown: {error}"))?;
    if export.sha256 != sha256 {
        return Err(format!(
            "{name} is not the file that the run read: its contents have changed since, so its line {line} is not shown"
        ));
    }
    if line <= export.header_line {
        return Ok(Shown {
            header: export.header,
            lines: None,
            cells: Vec::new(),
        });
    }
    let record = find(&export, line, &limits)?;
    if record.bytes.len() > SHOWN {
        return Err(format!(
            "the record on line {line} of {name} has {} bytes, more than are shown: open the file there",
            record.bytes.len()
        ));
    }
    // What nobody declared nobody classified: it may be what was hidden when the run read it.
    let hides = |column: &str| {
        let mut declared = table.into_iter().flat_map(|table| &table.columns);
        let declared = declared.find(|c| c.name.as_str() == column);
        !show_all && declared.is_none_or(|column| column.policy == Policy::Hide)
    };
    let whole = record.count == export.header.len();
    if !whole && export.header.iter().any(|column| hides(column)) {
        return Err(format!(
            "line {line} of {name} has {} fields and the header {}, so nobody can say which of them are hidden: open the file there, or ask with --show-hidden",
            record.count,
            export.header.len()
        ));
    }
    let mut lines = String::new();
    let mut cells = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut end = 0;
    for (column, place) in export.header.iter().zip(&record.fields) {
        let field = text(record.bytes.get(place.clone()).unwrap_or_default());
        let shown = match hides(column) && !field.is_empty() {
            true => HIDDEN.to_owned(),
            false => field,
        };
        lines.push_str(&text(
            record.bytes.get(end..place.start).unwrap_or_default(),
        ));
        lines.push_str(&shown);
        end = place.end;
        cells.push((column.clone(), shown));
    }
    lines.push_str(&text(record.bytes.get(end..).unwrap_or_default()));
    Ok(Shown {
        header: export.header,
        lines: Some(lines),
        cells,
    })
}

fn find(export: &Export, line: u64, limits: &Limits) -> Result<RawRecord, String> {
    let before = export
        .chunks
        .iter()
        .rposition(|chunk| chunk.first_line <= line);
    let none = || format!("no record begins on line {line} of {}", export.file);
    let reader = read_chunk(export, before.ok_or_else(none)?, &[], limits)
        .map_err(|error| format!("the line cannot be shown: {error}"))?;
    reader.record_at(line).ok_or_else(none)
}
