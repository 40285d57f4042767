//! Reads sheets of a workbook: `.xlsx` cell by cell, `.ods` a sheet at a time.
//!
//! A number is written with the fifteen digits that a spreadsheet shows, a date as ISO 8601, a cell with an error or with
//! a formula that was never computed is blank and told of. What the archive holds is counted before anything is read.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, Write},
};

use calamine::{
    CellErrorType, Data, DataRef, ExcelDateTime, Ods, OdsError, Reader, SheetType, SheetVisible,
    Xlsx, XlsxError,
};
use zip::{ZipArchive, result::ZipError};

use super::{
    ReadError, Sheets, Stopped,
    sheet::{Cell, Merged, Row, Sheet},
    unpack::Budget,
};
use crate::{
    ingest::isolated::Frames,
    tables::{FilePattern, Limits},
};

pub(super) fn read(
    mut input: File,
    sheets: &Sheets,
    limits: &Limits,
    out: &mut Frames<impl Write>,
) -> Result<(), Stopped> {
    count(&mut input, limits)?;
    input.rewind()?;
    let input = BufReader::new(input);
    if sheets.ods {
        let mut book = Ods::new(input).map_err(|error| match error {
            OdsError::Password => Stopped::Read(ReadError::Protected),
            _ => Stopped::damaged("it is no OpenDocument spreadsheet that can be read"),
        })?;
        for name in chosen(book.sheets_metadata(), sheets, limits)? {
            let range = book.worksheet_range(&name);
            let range = range.map_err(|_| Stopped::damaged("a sheet cannot be read"))?;
            let mut sheet = Sheet::new(&name, sheets, limits, out);
            let (top, left) = range.start().unwrap_or_default();
            for (number, cells) in (u64::from(top) + 1..).zip(range.rows()) {
                let cells = cells.iter().zip(left as usize..);
                let cells = cells.filter_map(|(data, column)| cell(column, &borrowed(data), false));
                row(&mut sheet, number, cells.collect())?;
            }
            sheet.end(&[])?;
        }
        return Ok(());
    }
    let mut book = Xlsx::new(input).map_err(damaged)?;
    for name in chosen(book.sheets_metadata(), sheets, limits)? {
        let merged = book.merge_cells_by_sheet_name(&name).map_err(damaged)?;
        let merged: Vec<Merged> = merged
            .iter()
            .map(|range| Merged {
                first_row: u64::from(range.start.0) + 1,
                last_row: u64::from(range.end.0) + 1,
                first_column: range.start.1 as usize,
            })
            .collect();
        let mut sheet = Sheet::new(&name, sheets, limits, out);
        let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
        let mut number = 0;
        let mut of_row: Vec<Cell> = Vec::new();
        while let Some(next) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
            let (at, column) = (u64::from(next.pos.0) + 1, next.pos.1 as usize);
            if at != number {
                row(&mut sheet, number, std::mem::take(&mut of_row))?;
                if at < number {
                    return Err(Stopped::damaged("its rows are out of order"));
                }
                number = at;
            }
            let Some(cell) = cell(column, &next.value, next.formula.is_some()) else {
                continue;
            };
            if of_row.last().is_some_and(|last| last.column >= column) {
                return Err(Stopped::damaged("the cells of a row are out of order"));
            }
            of_row.push(cell);
        }
        row(&mut sheet, number, of_row)?;
        sheet.end(&merged)?;
    }
    Ok(())
}

fn row(sheet: &mut Sheet<'_, impl Write>, number: u64, cells: Vec<Cell>) -> Result<(), Stopped> {
    if cells.iter().all(|cell| cell.text.trim().is_empty()) {
        return Ok(());
    }
    sheet.row(Row { number, cells })
}

/// What no spreadsheet writes into a sheet, and what the reader would take for the end of a value: comments, CDATA, entities,
/// and numbers of character references.
const ODD: [&[u8]; 4] = [b"<!--", b"<![CDATA[", b"<!DOCTYPE", b"<v>&#"];
const LONGEST_ODD: usize = 9;

/// Unpacks all that the archive holds without keeping it, since what it says of its sizes need not be true.
fn count(input: &mut File, limits: &Limits) -> Result<(), Stopped> {
    let packed = input.metadata()?.len();
    let mut archive = ZipArchive::new(BufReader::new(input)).map_err(unpacking)?;
    if archive.len() > limits.entries {
        return Err(ReadError::Entries {
            found: archive.len() as u64,
            limit: limits.entries,
        }
        .into());
    }
    let mut budget = Budget::new(packed, limits);
    let mut buffer = vec![0; 64 << 10];
    for nth in 0..archive.len() {
        let mut entry = archive.by_index(nth).map_err(unpacking)?;
        let is_sheet = entry
            .name()
            .is_ok_and(|name| name.starts_with("xl/worksheets/"));
        let mut kept = 0;
        loop {
            let read = entry
                .read(&mut buffer[kept..])
                .map_err(|_| Stopped::damaged("a part of it cannot be unpacked"))?;
            if read == 0 {
                break;
            }
            budget.spend(read as u64)?;
            if is_sheet {
                let seen = &buffer[..kept + read];
                if ODD
                    .iter()
                    .any(|odd| memchr::memmem::find(seen, odd).is_some())
                {
                    return Err(Stopped::damaged(
                        "a sheet holds XML that no spreadsheet writes and that would be misread",
                    ));
                }
                // What is looked for may be cut by the end of the buffer.
                let (start, end) = (seen.len().saturating_sub(LONGEST_ODD - 1), seen.len());
                buffer.copy_within(start..end, 0);
                kept = end - start;
            }
        }
    }
    Ok(())
}

fn unpacking(error: ZipError) -> Stopped {
    match error {
        ZipError::UnsupportedArchive(why) if why == ZipError::PASSWORD_REQUIRED => {
            ReadError::Protected.into()
        }
        _ => Stopped::damaged("it is no ZIP archive that can be unpacked"),
    }
}

fn damaged(error: XlsxError) -> Stopped {
    match error {
        XlsxError::Password => ReadError::Protected.into(),
        XlsxError::CellError(error) => Stopped::damaged(format!(
            "a cell holds the error `{}`, which is not read: correct it in the workbook",
            error.chars().take(20).collect::<String>()
        )),
        _ => Stopped::damaged("it is no Excel workbook that can be read"),
    }
}

/// The sheets that were asked for; if none was, the only one, or the only one that is not hidden.
fn chosen(
    found: &[calamine::Sheet],
    sheets: &Sheets,
    limits: &Limits,
) -> Result<Vec<String>, Stopped> {
    if found.len() > limits.sheets {
        return Err(ReadError::Sheets {
            found: found.len(),
            limit: limits.sheets,
        }
        .into());
    }
    let tables = found.iter().filter(|s| s.typ == SheetType::WorkSheet);
    let tables: Vec<&calamine::Sheet> = tables.collect();
    let names = |sheets: &[&calamine::Sheet]| -> Vec<String> {
        sheets.iter().map(|sheet| sheet.name.clone()).collect()
    };
    if let Some(wanted) = &sheets.names {
        let pattern = FilePattern::new(wanted).ok();
        let is_meant = |sheet: &&calamine::Sheet| {
            let by_pattern = pattern.as_ref().is_some_and(|p| p.means(0, &sheet.name));
            by_pattern || sheet.name == *wanted
        };
        let meant: Vec<&calamine::Sheet> = tables.iter().copied().filter(is_meant).collect();
        if meant.is_empty() {
            return Err(ReadError::NoSheet {
                wanted: wanted.clone(),
                found: names(&tables),
            }
            .into());
        }
        return Ok(names(&meant));
    }
    let visible = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible;
    let shown: Vec<&calamine::Sheet> = tables.iter().copied().filter(visible).collect();
    match (shown.as_slice(), tables.as_slice()) {
        ([only], _) | ([], [only]) => Ok(vec![only.name.clone()]),
        ([], []) => Err(ReadError::Empty(None).into()),
        _ => Err(ReadError::WhichSheet(names(&tables)).into()),
    }
}

fn borrowed(data: &Data) -> DataRef<'_> {
    match data {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        // OpenDocument has errors as texts.
        Data::String(text) => match error_of(text) {
            Some(error) => DataRef::Error(error),
            None => DataRef::SharedString(text),
        },
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(value) => DataRef::DateTime(*value),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// A cell as text; `None` where it says nothing.
fn cell(column: usize, data: &DataRef<'_>, has_formula: bool) -> Option<Cell> {
    let text = match data {
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) if value.fract() == 0.0 && value.abs() > MOST_EXACT => {
            return Some(Cell {
                column,
                text: "a number of more digits than a spreadsheet keeps".to_owned(),
                is_error: true,
            });
        }
        DataRef::Float(value) => number(*value),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(value) => moment(*value),
        DataRef::DateTimeIso(text) => iso(text),
        DataRef::DurationIso(text) => duration(text),
        DataRef::Error(error) => {
            return Some(Cell {
                column,
                text: error.to_string(),
                is_error: true,
            });
        }
        DataRef::Empty if has_formula => {
            return Some(Cell {
                column,
                text: "a formula that was never computed".to_owned(),
                is_error: true,
            });
        }
        DataRef::Empty => return None,
    };
    (!text.is_empty()).then_some(Cell {
        column,
        text,
        is_error: false,
    })
}

/// The error that a text of an OpenDocument spreadsheet stands for.
fn error_of(text: &str) -> Option<CellErrorType> {
    Some(match text {
        "#DIV/0!" => CellErrorType::Div0,
        "#N/A" => CellErrorType::NA,
        "#NAME?" => CellErrorType::Name,
        "#NULL!" => CellErrorType::Null,
        "#NUM!" => CellErrorType::Num,
        "#REF!" => CellErrorType::Ref,
        "#VALUE!" => CellErrorType::Value,
        // `Err:502` and others of its kind.
        _ if text
            .strip_prefix("Err:")
            .is_some_and(|n| n.parse::<u16>().is_ok()) =>
        {
            CellErrorType::Value
        }
        _ => return None,
    })
}

/// Up to here every whole number is a binary one.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// A number with the fifteen digits that spreadsheets show: what lies beyond is an artefact of binary fractions.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() <= MOST_EXACT {
        return value.to_string();
    }
    let shown: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    shown.to_string()
}

/// A date, with the time of day unless that is midnight; a time alone; or a span of time.
fn moment(value: ExcelDateTime) -> String {
    let serial = value.as_f64();
    if value.is_duration() {
        let seconds = (serial * 86_400.0).round();
        let (hours, rest) = ((seconds / 3600.0).trunc(), seconds.abs() % 3600.0);
        return format!("{hours}:{:02}:{:02}", (rest / 60.0).trunc(), rest % 60.0);
    }
    // Beyond what the format has days for.
    if !(0.0..2_958_466.0).contains(&serial) {
        return number(serial);
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    let mut time = format!("{hour:02}:{minute:02}:{second:02}");
    if milli > 0 {
        time.push_str(&format!(".{milli:03}"));
    }
    if serial < 1.0 {
        return time;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if serial.fract() == 0.0 {
        return date;
    }
    format!("{date}T{time}")
}

/// A span of time such as `PT10H30M00S` as `10:30:00`, and what is none as it stands.
fn duration(text: &str) -> String {
    let read = || {
        let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?;
        let hours: u64 = hours.parse().ok()?;
        let minutes: u8 = minutes.parse().ok()?;
        let seconds: f64 = seconds.parse().ok()?;
        let whole = seconds.fract() == 0.0;
        Some(match whole {
            true => format!("{hours:02}:{minutes:02}:{seconds:02}"),
            false => format!("{hours:02}:{minutes:02}:{seconds:06.3}"),
        })
    };
    read().unwrap_or_else(|| text.to_owned())
}

/// ISO 8601 as spreadsheets write it, without a time of day that is midnight.
fn iso(text: &str) -> String {
    let midnight = ["T00:00:00", "T00:00:00.000000000", "T00:00:00.000"];
    let date = midnight.iter().find_map(|end| text.strip_suffix(end));
    date.unwrap_or(text).to_owned()
}
