//! A value on its way to a cell: a text that does nothing, a number that loses nothing, or why there is none.

use std::borrow::Cow;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{DataType, Float64Type, Int64Type},
};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::looks::Looks;
use crate::{
    decimal::Decimal,
    harmless::{self, words},
};

/// The longest text of a cell in UTF-16 units, a limit of the format.
const LONGEST: usize = 32_767;
/// Room in it for the note that a text was cut.
const NOTE: usize = 200;
/// The first whole number that a cell may take for its neighbour.
const EXACT: u64 = 1 << 53;
/// Digits that a cell keeps of a decimal.
const DIGITS: usize = 15;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'c> {
    /// A text as it was delivered or said.
    Text(Cow<'c, str>),
    /// A whole number.
    Whole(i64),
    /// An exact figure.
    Figure(Decimal),
    /// A quotient.
    Double(f64),
    /// Why there is no figure.
    None(Shorthand),
    /// A link to a sheet of the workbook.
    Sheet(&'c str),
    /// Nothing, in a table whose lines say what that means.
    Blank,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts.
    Text,
    /// Numbers that count something, with their thousands apart.
    Count,
    /// Numbers that count nothing, such as lines.
    Number,
    /// Parts of a whole, shown in percent.
    Share,
    /// Other quotients.
    Double,
}

/// The words of official statistics for a figure that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shorthand {
    /// There is one, and it is not known.
    NotAvailable,
    /// There can be none.
    NotApplicable,
}

impl Shorthand {
    /// As it stands in a cell.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NotAvailable => "[x]",
            Self::NotApplicable => "[z]",
        }
    }

    /// What it means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::NotAvailable => "not available",
            Self::NotApplicable => "not applicable",
        }
    }
}

impl<'c> Cell<'c> {
    /// A text.
    pub(super) fn text(text: impl Into<Cow<'c, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A count.
    pub(super) fn count(count: u64) -> Self {
        match i64::try_from(count) {
            Ok(count) => Self::Whole(count),
            Err(_) => Self::text(count.to_string()),
        }
    }

    /// What stands in a column of a table of the run.
    pub(super) fn of(column: &'c ArrayRef, row: usize) -> Self {
        if column.is_null(row) {
            return Self::Blank;
        }
        match column.data_type() {
            DataType::Int64 => Self::Whole(column.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Self::Double(column.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => Self::text(column.as_string::<i32>().value(row)),
            _ => Self::Blank,
        }
    }

    /// The same; where there is nothing, the shorthand for it.
    pub(super) fn or(self, shorthand: Shorthand) -> Self {
        match &self {
            Self::Blank => Self::None(shorthand),
            Self::Text(text) if text.is_empty() => Self::None(shorthand),
            _ => self,
        }
    }

    /// How many characters it takes, as far as that matters for a column of `most`.
    pub(super) fn width(&self, most: usize) -> usize {
        match self {
            Self::Text(text) => text.chars().take(most).count(),
            // With its thousands apart.
            Self::Whole(number) => number.to_string().len() * 4 / 3,
            Self::Figure(figure) => figure.to_string().len() * 4 / 3,
            Self::Double(_) => 8,
            Self::None(_) => 3,
            Self::Sheet(name) => name.len(),
            Self::Blank => 0,
        }
    }
}

/// Where a cell stands, and what to say of a text that does not fit into it.
pub(super) struct Place<'p> {
    pub(super) row: u32,
    pub(super) column: u16,
    /// What its column holds, in whose format it stands unless it is something else.
    pub(super) kind: Kind,
    /// The most UTF-16 units of its text.
    pub(super) most: usize,
    /// Where the whole of a text stands.
    pub(super) whole_in: &'p str,
}

/// Writes a cell: never as a formula, and as a link only to a sheet of our own.
pub(super) fn write(
    sheet: &mut Worksheet,
    place: &Place<'_>,
    cell: &Cell<'_>,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let (row, column) = (place.row, place.column);
    match cell {
        Cell::Blank => {}
        Cell::Text(text) => text_at(sheet, place, text, looks)?,
        Cell::None(shorthand) => text_at(sheet, place, shorthand.word(), looks)?,
        Cell::Whole(number) if number.unsigned_abs() < EXACT => {
            sheet.write_number(row, column, *number as f64)?;
        }
        Cell::Whole(number) => text_at(sheet, place, &number.to_string(), looks)?,
        Cell::Figure(figure) => match exact(*figure) {
            Some(number) => {
                let format = looks.decimals(figure.trimmed().scale());
                sheet.write_number_with_format(row, column, number, &format)?;
            }
            None => text_at(sheet, place, &figure.to_string(), looks)?,
        },
        Cell::Double(number) if number.is_finite() => {
            sheet.write_number(row, column, *number)?;
        }
        Cell::Double(_) => text_at(sheet, place, Shorthand::NotAvailable.word(), looks)?,
        Cell::Sheet(name) => {
            let link = format!("internal:'{name}'!A1");
            let link = rust_xlsxwriter::Url::new(link).set_text(*name);
            sheet.write_url_with_format(row, column, link, &looks.link)?;
        }
    }
    Ok(())
}

fn text_at(
    sheet: &mut Worksheet,
    place: &Place<'_>,
    text: &str,
    looks: &Looks,
) -> Result<(), XlsxError> {
    if text.is_empty() {
        return Ok(());
    }
    let shown = shown(text, place.most, place.whole_in);
    let (row, column) = (place.row, place.column);
    match (place.kind, is_evaluated(text)) {
        // The column's own format, which need not be looked up a million times.
        (Kind::Text, false) => sheet.write_string(row, column, shown)?,
        (Kind::Text, true) => sheet.write_string_with_format(row, column, shown, &looks.quoted)?,
        (_, false) => sheet.write_string_with_format(row, column, shown, &looks.shorthand)?,
        (_, true) => sheet.write_string_with_format(row, column, shown, &looks.quoted_shorthand)?,
    };
    Ok(())
}

/// Whether a spreadsheet would take the text for something else if it were entered again.
fn is_evaluated(text: &str) -> bool {
    // Most texts begin so.
    !text.starts_with(|c: char| c.is_ascii_alphanumeric()) && harmless::cell(text).starts_with('\'')
}

/// The number, where a cell keeps all of it.
fn exact(figure: Decimal) -> Option<f64> {
    let figure = figure.trimmed();
    let digits = figure.mantissa().unsigned_abs();
    let fits = match figure.scale() {
        0 => digits < u128::from(EXACT),
        _ => digits.to_string().len() <= DIGITS,
    };
    fits.then(|| figure.to_string().parse().ok()).flatten()
}

/// A text as a cell holds it: what acts is shown as an escape, and one that is too long is cut, with where the whole is.
pub(super) fn shown<'t>(text: &'t str, most: usize, whole_in: &str) -> Cow<'t, str> {
    let mut shown = words(text);
    // What XML has no way to write.
    if shown.contains(['\u{fffe}', '\u{ffff}']) {
        let escaped = shown.replace('\u{fffe}', "\\u{fffe}");
        shown = Cow::Owned(escaped.replace('\u{ffff}', "\\u{ffff}"));
    }
    let most = most.min(LONGEST);
    // A text has no more units than bytes.
    if shown.len() <= most || shown.encode_utf16().count() <= most {
        return shown;
    }
    let characters = text.chars().count();
    let note = format!("… [cut: the whole, of {characters} characters, is in {whole_in}]");
    let room = most.saturating_sub(note.encode_utf16().count());
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= room
    };
    let kept: String = shown.chars().take_while(fits).collect();
    Cow::Owned(kept + &note)
}

/// The most UTF-16 units of a text, while there is `room` for texts, and when it is used up.
pub(super) fn most(room: usize) -> usize {
    if room > 0 { LONGEST } else { NOTE + 300 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_with_a_note() {
        for text in [
            "a".repeat(LONGEST),
            "é".repeat(LONGEST),
            "😀".repeat(LONGEST / 2),
        ] {
            assert_eq!(shown(&text, LONGEST, "x"), text);
        }
        for (text, count) in [
            ("a".repeat(LONGEST + 1), 32_768),
            ("😀".repeat(1 << 20), 1 << 20),
        ] {
            let shown = shown(&text, LONGEST, "log.parquet");
            assert!(shown.encode_utf16().count() <= LONGEST);
            assert!(shown.encode_utf16().count() >= LONGEST - 1);
            let note = format!("… [cut: the whole, of {count} characters, is in log.parquet]");
            assert!(shown.ends_with(&note), "{}", &shown[shown.len() - 90..]);
        }
    }

    #[test]
    fn what_acts_or_is_no_xml_is_an_escape() {
        assert_eq!(
            shown("a\u{202e}b\u{0}\n\u{ffff}", 99, ""),
            "a\\u{202e}b\\u{0}\\n\\u{ffff}"
        );
    }

    #[test]
    fn a_number_is_kept_whole_or_not_at_all() {
        for (text, want) in [
            ("9007199254740991", Some(9_007_199_254_740_991.0)),
            ("9007199254740992", None),
            ("-9007199254740993", None),
            ("16.10", Some(16.1)),
            ("0.123456789012345", Some(0.123_456_789_012_345)),
            ("1.1234567890123456", None),
        ] {
            assert_eq!(exact(text.parse().expect("a decimal")), want, "{text}");
        }
    }
}
