//! The notes of a workbook: numbered as they are first referred to, and told on a sheet of their own.

use std::collections::BTreeSet;

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{
    cells::{Cell, Kind},
    looks::Looks,
    sheet::{Column, Head, TableSheet},
};

/// The sheet's name.
pub(super) const NOTES: &str = "Notes";

/// What headings and cells refer to.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

#[derive(Debug)]
struct Note {
    key: String,
    text: String,
    sheets: BTreeSet<String>,
}

impl Notes {
    /// The mark of the note with this key, such as `[note 3]`; its text is made where it is new.
    pub(super) fn mark(&mut self, key: &str, sheet: &str, text: impl FnOnce() -> String) -> String {
        let known = self.0.iter().position(|note| note.key == key);
        let at = known.unwrap_or_else(|| {
            self.0.push(Note {
                key: key.to_owned(),
                text: text(),
                sheets: BTreeSet::new(),
            });
            self.0.len() - 1
        });
        if let Some(note) = self.0.get_mut(at)
            && !note.sheets.contains(sheet)
        {
            note.sheets.insert(sheet.to_owned());
        }
        format!("[note {}]", at + 1)
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// The sheet that tells them.
    pub(super) fn sheet(&self, looks: &Looks) -> Result<Worksheet, XlsxError> {
        let head = Head {
            name: NOTES,
            title: NOTES,
            lines: vec![
                "This worksheet contains one table, of the notes that headings and cells of other worksheets refer to."
                    .to_owned(),
            ],
            whole_in: "the project",
            worked_with: false,
        };
        let columns =
            ["Note", "Text", "Worksheets"].map(|heading| Column::new(heading, Kind::Text));
        let mut table = TableSheet::new(looks, &head, columns.to_vec())?;
        for (number, note) in (1..).zip(&self.0) {
            let sheets: Vec<&str> = note.sheets.iter().map(String::as_str).collect();
            table.push(&[
                Cell::text(format!("[note {number}]")),
                Cell::text(note.text.as_str()),
                Cell::text(sheets.join(", ")),
            ])?;
        }
        table.finish()
    }
}
