//! How cells look: few formats, with nothing that colour alone tells.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};

use super::cells::Kind;

/// The formats of a workbook's cells.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    /// The title in the first cell.
    pub(super) title: Format,
    /// The same on the cover, where it is wrapped.
    pub(super) cover_title: Format,
    /// A heading of the cover.
    pub(super) heading: Format,
    /// A line above a table, which runs on over the cells beside it.
    pub(super) line: Format,
    /// A line of the cover, which is wrapped.
    pub(super) paragraph: Format,
    /// The heading of a column of texts, and of numbers.
    pub(super) head: [Format; 2],
    /// A text.
    pub(super) text: Format,
    /// A text that a spreadsheet would take for a formula if somebody entered it again: the mark keeps it a text.
    pub(super) quoted: Format,
    /// A shorthand or a text in a column of numbers.
    pub(super) shorthand: Format,
    /// The same for what would be taken for a formula.
    pub(super) quoted_shorthand: Format,
    /// A whole number with its thousands apart.
    pub(super) whole: Format,
    /// A number that counts nothing, such as a line.
    pub(super) plain: Format,
    /// A share, in percent.
    pub(super) share: Format,
    /// A link inside the workbook.
    pub(super) link: Format,
}

impl Looks {
    pub(super) fn new() -> Self {
        let base = || Format::new().set_font_name("Arial").set_font_size(11);
        let cell = || base().set_align(FormatAlign::Top);
        let head = || {
            cell()
                .set_bold()
                .set_text_wrap()
                .set_border_bottom(FormatBorder::Medium)
        };
        let left = |format: Format| format.set_align(FormatAlign::Left).set_indent(1);
        let text = || left(cell().set_text_wrap());
        let number = || cell().set_align(FormatAlign::Right);
        Self {
            title: base().set_font_size(16).set_bold(),
            cover_title: base().set_font_size(16).set_bold().set_text_wrap(),
            heading: base().set_font_size(13).set_bold(),
            line: base(),
            paragraph: cell().set_text_wrap(),
            head: [left(head()), head().set_align(FormatAlign::Right)],
            text: text(),
            quoted: text().set_quote_prefix(),
            shorthand: number(),
            quoted_shorthand: number().set_quote_prefix(),
            whole: number().set_num_format("#,##0"),
            plain: number().set_num_format("0"),
            share: number().set_num_format("0.0%"),
            link: text().set_hyperlink(),
        }
    }

    /// What the cells of a column have, where they say nothing else.
    pub(super) fn of(&self, kind: Kind) -> Format {
        match kind {
            Kind::Text => self.text.clone(),
            Kind::Count => self.whole.clone(),
            Kind::Number => self.plain.clone(),
            Kind::Share => self.share.clone(),
            Kind::Double => self.decimals(1),
        }
    }

    /// The heading of a column.
    pub(super) fn head(&self, kind: Kind) -> Format {
        let [of_texts, of_numbers] = &self.head;
        if kind == Kind::Text {
            of_texts.clone()
        } else {
            of_numbers.clone()
        }
    }

    /// A number with so many decimals.
    pub(super) fn decimals(&self, decimals: u32) -> Format {
        match decimals {
            0 => self.whole.clone(),
            _ => {
                let decimals = "0".repeat(usize::try_from(decimals).unwrap_or(1));
                self.whole
                    .clone()
                    .set_num_format(format!("#,##0.{decimals}"))
            }
        }
    }
}
