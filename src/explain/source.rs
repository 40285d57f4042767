//! The record of a file that a discrepancy is about, as it stands there.

use std::path::Path;

use crate::{
    ingest::{Export, Limits, Means, RawRecord, open, read_chunk},
    log::Masked,
    tables::Table,
};

/// Most bytes of a record that are shown.
const SHOWN: usize = 16 << 10;

/// A record with its header.
#[derive(Debug)]
pub struct Shown {
    /// The header's columns.
    pub header: Vec<String>,
    /// What parts them in the file.
    pub delimiter: char,
    /// The record's lines as they stand in the file, hidden cells replaced; `None` for the header itself.
    pub lines: Option<String>,
    /// Each column of the header, by its declared name where it has one, with its cell.
    pub cells: Vec<(String, String)>,
}

/// Where a record stands.
pub struct Place<'p> {
    /// The file.
    pub path: &'p Path,
    /// The sheet of it.
    pub sheet: Option<&'p str>,
    /// The line, or the row of the sheet.
    pub line: u64,
}

/// Shows the record at a place of a file, which has to have this hash; or says why not.
///
/// Unless `show_all`, only cells of `table`'s columns that it declares and does not hide are shown: nobody said of others
/// that they may be. A cell over several lines may have swallowed other records, so it is as hidden as they are.
pub fn show(
    place: &Place<'_>,
    sha256: &str,
    table: Option<&Table>,
    show_all: bool,
    means: Means<'_>,
) -> Result<Shown, String> {
    let line = place.line;
    let name = place.path.display().to_string();
    let reading = table.map(|table| table.reading.clone()).unwrap_or_default();
    let expected = table.map(Table::headers).unwrap_or_default();
    let exports = open(&name, place.path, &reading, &expected, means)
        .map_err(|error| format!("the line cannot be shown: {error}"))?;
    let mut exports = exports.into_iter();
    let export = exports.find(|export| export.sheet.as_deref() == place.sheet);
    let export = export.ok_or_else(|| format!("{name} has no such sheet any more"))?;
    if export.sha256 != sha256 {
        return Err(format!(
            "{name} is not the file that the run read: its contents have changed since, so its line {line} is not shown"
        ));
    }
    let delimiter = char::from(export.written.dialect.unwrap_or_default().delimiter);
    if line <= export.header_line {
        return Ok(Shown {
            delimiter,
            header: export.header,
            lines: None,
            cells: Vec::new(),
        });
    }
    let record = find(&export, line, means.limits)?;
    if record.bytes.len() > SHOWN {
        return Err(format!(
            "the record on line {line} of {name} has {} bytes, more than are shown: open the file there",
            record.bytes.len()
        ));
    }
    let masked = match show_all {
        true => Masked::nothing(),
        false => Masked::of(&export.header, table),
    };
    let delivered = export.header.len() - export.constants.len();
    let whole = record.sound && record.count == delivered;
    if !whole && masked.hides_some() {
        return Err(format!(
            "the record on line {line} of {name} cannot be parted into the {} columns of the header (it has {} fields), so nobody can say what of it is hidden: open the file there, or ask with --show-hidden",
            delivered, record.count,
        ));
    }
    let mut lines = String::new();
    let mut cells = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut end = 0;
    for (at, (column, place)) in export.header.iter().zip(&record.fields).enumerate() {
        let field = text(record.bytes.get(place.clone()).unwrap_or_default());
        let shown = masked.cell(at, &field).to_owned();
        lines.push_str(&text(
            record.bytes.get(end..place.start).unwrap_or_default(),
        ));
        lines.push_str(&shown);
        end = place.end;
        let declared = table.and_then(|table| table.column_under(column));
        let name = declared.map_or(column.clone(), |column| column.name.to_string());
        cells.push((name, shown));
    }
    lines.push_str(&text(record.bytes.get(end..).unwrap_or_default()));
    Ok(Shown {
        delimiter,
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
    let all: Vec<usize> = (0..export.header.len()).collect();
    let reader = read_chunk(export, before.ok_or_else(none)?, &all, limits)
        .map_err(|error| format!("the line cannot be shown: {error}"))?;
    reader.record_at(line).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{
        names::Name,
        tables::{Column, ColumnType, Delivers, Drift, FilePattern, Gates, Policy, Reading},
    };

    /// A table of `open`, whose export may call it `Open to all`, and of `secret`, which is hidden.
    fn table() -> Table {
        let column = |name: &str, policy| Column {
            name: Name::new(name).expect("a name"),
            description: String::new(),
            aliases: Vec::new(),
            from: None,
            ty: ColumnType::String,
            formats: Vec::new(),
            clean: Vec::new(),
            missing: Vec::new(),
            codes: None,
            policy,
        };
        Table {
            name: Name::new("t").expect("a name"),
            description: String::new(),
            files: FilePattern::new("t.csv").expect("a pattern"),
            required: true,
            delivers: Delivers::default(),
            reading: Reading::default(),
            drift: Drift::default(),
            gates: Gates::default(),
            key: Vec::new(),
            columns: vec![
                Column {
                    aliases: vec!["Open to all".to_owned()],
                    ..column("open", Policy::Show)
                },
                column("secret", Policy::Hide),
            ],
        }
    }

    /// What is shown of the record on a line of a file.
    fn shown_at(
        line: u64,
        text: &str,
        table: Option<&Table>,
        show_hidden: bool,
    ) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let (sha256, _) = crate::ingest::hash_of(file.path()).expect("a file");
        let place = Place {
            path: file.path(),
            sheet: None,
            line,
        };
        let means = Means {
            limits: &Limits::default(),
            reader: &crate::ingest::Reader::Here,
            scratch: &tempfile::tempfile,
        };
        let shown = show(&place, &sha256, table, show_hidden, means)?;
        Ok(shown.lines.expect("a record"))
    }

    /// What is shown of the record on line 2 of a file.
    fn second(text: &str, table: Option<&Table>, show_hidden: bool) -> Result<String, String> {
        shown_at(2, text, table, show_hidden)
    }

    #[test]
    fn records_of_other_dialects_are_shown_as_the_run_read_them() {
        for (line, text, want) in [
            (2, "open;secret\na;Mallory\n", "a;[hidden]"),
            (3, "sep=;\nopen;secret\n'a;b';Mallory\n", "'a;b';[hidden]"),
            (
                5,
                "A report\n\nsecret|open\nEve|b\nMal\"l\"ory|a\n",
                "[hidden]|a",
            ),
            (2, "open,secret\nx,\"Mal\\\"lo, ry\"\n", "x,\"[hidden]\""),
        ] {
            let shown = shown_at(line, text, Some(&table()), false);
            assert_eq!(shown.as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn nothing_is_shown_that_a_policy_hides_or_that_nobody_declared() {
        let table = table();
        for (text, want) in [
            ("open,secret\na,Mallory\n", "a,[hidden]"),
            ("secret,open\n\"Mal\"\"lory\",a\n", "\"[hidden]\",a"),
            ("open,secret\na,\n", "a,"),
            ("Open to all,secret\na,Mallory\n", "a,[hidden]"),
            ("open,secret,new\na,,Mallory\n", "a,,[hidden]"),
            // A quote too many: the next record is text of this one.
            (
                "open,secret\n\"a,\nb,Mallory\",c\n",
                "\"[hidden]\",[hidden]",
            ),
        ] {
            assert_eq!(
                second(text, Some(&table), false).as_deref(),
                Ok(want),
                "{text}"
            );
        }
        assert_eq!(
            second("open,x\na,Mallory\n", None, false).as_deref(),
            Ok("[hidden],[hidden]")
        );
        for text in [
            // A quote that closes too early, and a comma too many.
            "open,secret\na,\"x\"Mallory\n",
            "open,secret\na,x,Mallory\n",
            "open,secret\na,x\0Mallory\n",
        ] {
            let refused = second(text, Some(&table), false).expect_err(text);
            assert!(!refused.contains("Mallory"), "{refused}");
            assert!(refused.contains("--show-hidden"), "{refused}");
            let all = second(text, Some(&table), true).expect("whoever may open the file");
            assert_eq!(Some(all.as_str()), text.lines().nth(1));
        }
    }
}
