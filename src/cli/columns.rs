//! Texts in columns of a terminal: how wide they are, and how what does not fit is cut.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::paint::{Ink, Paint};
use crate::harmless::words;

/// Blanks between columns.
const GAP: usize = 2;
/// The least that a cut name is left.
const LEAST: usize = 12;

/// Columns that a text takes on a terminal: two for each ideograph and most emoji, none for marks.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Columns that a character takes; a sign that asks for a picture makes the one before it wider.
fn of(c: char) -> usize {
    match c {
        '\u{fe0f}' => 1,
        c => c.width().unwrap_or(0),
    }
}

/// A text, harmless, whose end is cut where it is wider than `most`.
pub(super) fn cut_end(text: &str, most: usize) -> String {
    let text = words(text);
    match width(&text) <= most {
        true => text.into_owned(),
        false => format!("{}…", head(&text, most.saturating_sub(1))),
    }
}

/// A name, harmless, whose middle is cut where it is wider than `most`, so that both ends show.
pub(super) fn cut_middle(name: &str, most: usize) -> String {
    let name = words(name);
    if width(&name) <= most {
        return name.into_owned();
    }
    let room = most.saturating_sub(1);
    let tail = tail(&name, room / 2);
    format!("{}…{tail}", head(&name, room.saturating_sub(width(tail))))
}

/// The beginning of a text that fits, with the marks on its last character.
fn head(text: &str, most: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += of(c);
        if used > most {
            return &text[..at];
        }
    }
    text
}

/// The end of a text that fits, without marks whose character is not there.
fn tail(text: &str, most: usize) -> &str {
    let mut used = 0;
    let mut from = text.len();
    for (at, c) in text.char_indices().rev() {
        used += of(c);
        if used > most {
            break;
        }
        from = at;
    }
    let tail = text.get(from..).unwrap_or_default();
    tail.trim_start_matches(|c| c == '\u{fe0f}' || of(c) == 0)
}

/// Words on as many lines as they need, no word broken.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words(text).split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A sentence, which is harmless and may have colours, on as many lines as it needs; all but the first stand in a little.
pub(super) fn folded(text: &str, most: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut used = 0;
    for (at, word) in text.split(' ').enumerate() {
        let wide = seen(word);
        match at {
            0 => used = wide,
            _ if used + 1 + wide <= most => {
                folded.push(' ');
                used += 1 + wide;
            }
            _ => {
                folded.push_str("\n  ");
                used = 2 + wide;
            }
        }
        folded.push_str(word);
    }
    folded
}

/// Columns that a text takes beside the codes of its colours.
fn seen(text: &str) -> usize {
    let mut rest = text;
    let mut used = 0;
    while let Some((before, code)) = rest.split_once("\u{1b}[") {
        used += width(before);
        rest = code.split_once('m').map_or("", |(_, after)| after);
    }
    used + width(rest)
}

/// The parts on as few lines as hold them, none broken.
pub(super) fn filled(parts: &[String], most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if width(line) + 3 + width(part) <= most => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// A cell: its text and how it looks.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub text: String,
    pub ink: Ink,
}

impl Cell {
    pub(super) fn new(ink: Ink, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, ink }
    }
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Words.
    Left,
    /// Figures.
    Right,
    /// Names: cut in the middle where there is no room.
    Name,
}

/// A table of a terminal: its columns, then its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    pub columns: Vec<(&'static str, Set)>,
    pub rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// Those of its columns for which `keep` is true.
    pub(super) fn with(&self, keep: impl Fn(usize) -> bool) -> Self {
        fn those<T: Clone>(of: &[T], keep: &impl Fn(usize) -> bool) -> Vec<T> {
            let kept = of.iter().enumerate().filter(|(at, _)| keep(*at));
            kept.map(|(_, item)| item.clone()).collect()
        }
        let rows = self.rows.iter().map(|row| those(row, &keep));
        Self {
            columns: those(&self.columns, &keep),
            rows: rows.collect(),
        }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(head, _)| width(head)).collect();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                if let Some(widest) = widths.get_mut(at) {
                    *widest = (*widest).max(width(&cell.text));
                }
            }
        }
        widths
    }

    /// Whether it fits without a cut.
    pub(super) fn fits(&self, most: usize) -> bool {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) <= most
    }

    /// Its lines. Names are cut to fit `most`, figures never: where they need more, lines are longer.
    pub(super) fn lines(&self, most: usize, paint: Paint) -> Vec<String> {
        let mut widths = self.widths();
        let gaps = GAP * widths.len().saturating_sub(1);
        if let Some(name) = self.columns.iter().position(|(_, set)| *set == Set::Name) {
            let others: usize = widths.iter().sum::<usize>() - widths[name] + gaps;
            widths[name] = widths[name].min(most.saturating_sub(others).max(LEAST));
        }
        let line = |cells: &[Cell]| {
            let mut line = String::new();
            let mut blanks = 0;
            for ((cell, (_, set)), width) in cells.iter().zip(&self.columns).zip(&widths) {
                let text = match set {
                    Set::Name => cut_middle(&cell.text, *width),
                    _ => cell.text.clone(),
                };
                let free = width.saturating_sub(self::width(&text));
                // No blanks at the end of a line.
                let (before, after) = match set {
                    Set::Right if !text.is_empty() => (free, 0),
                    _ => (0, free),
                };
                if !text.is_empty() {
                    line.push_str(&" ".repeat(blanks + before));
                    line.push_str(&paint.ink(cell.ink, &text));
                    blanks = 0;
                }
                blanks += after + GAP;
            }
            line
        };
        let head = self.columns.iter().map(|(head, _)| *head);
        let head: Vec<Cell> = head.map(|head| Cell::new(Ink::Faint, head)).collect();
        std::iter::once(line(&head))
            .chain(self.rows.iter().map(|row| line(row)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_cut_in_the_middle_by_what_a_terminal_shows() {
        for (name, most, want) in [
            ("cases.area", 10, "cases.area"),
            ("cases.area.accepted", 10, "cases…pted"),
            ("cases.area.accepted", 11, "cases…epted"),
            ("東京都渋谷区の記録", 18, "東京都渋谷区の記録"),
            ("東京都渋谷区の記録", 9, "東京…記録"),
            ("東京都渋谷区の記録", 8, "東京…録"),
            ("a\u{1b}[31mb", 40, "a\\u{1b}[31mb"),
            ("a\u{202e}bcdefghijkl", 12, "a\\u{20…hijkl"),
            (
                "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
                3,
                "e\u{301}…e\u{301}",
            ),
            ("", 5, ""),
            ("abc", 0, "…"),
        ] {
            assert_eq!(cut_middle(name, most), want, "{name:?} at {most}");
        }
        assert_eq!(cut_end("sum of 13 parts", 8), "sum of …");
        assert_eq!(cut_end("👩‍👩‍👧 family", 4), "👩‍…");
    }

    #[test]
    fn parts_are_filled_into_lines_and_words_are_wrapped() {
        let parts = ["ä library", "delivery x", "run 1"].map(str::to_owned);
        for (most, want) in [
            (30, "ä library · delivery x · run 1"),
            (29, "ä library · delivery x\nrun 1"),
            (5, "ä library\ndelivery x\nrun 1"),
        ] {
            assert_eq!(filled(&parts, most).join("\n"), want);
        }
        let text = "sum of 13 parts 13,270 against 13,331";
        assert_eq!(
            wrapped(text, 15),
            ["sum of 13 parts", "13,270 against", "13,331"]
        );
        assert_eq!(wrapped("13,331,000", 4), ["13,331,000"]);
        for (text, most, want) in [
            ("none of: a, b", 13, "none of: a, b"),
            ("none of: a, b", 12, "none of: a,\n  b"),
            ("a b c d", 3, "a b\n  c\n  d"),
            (
                "\u{1b}[31m12 error\u{1b}[0m, 3 warn",
                16,
                "\u{1b}[31m12 error\u{1b}[0m, 3 warn",
            ),
            (
                "\u{1b}[31m12 error\u{1b}[0m, 3 warn",
                15,
                "\u{1b}[31m12 error\u{1b}[0m, 3\n  warn",
            ),
        ] {
            assert_eq!(folded(text, most), want, "{most}");
        }
    }

    #[test]
    fn figures_are_never_cut() {
        let row = |name: &str, count: &str| {
            vec![Cell::new(Ink::Plain, name), Cell::new(Ink::Plain, count)]
        };
        let grid = Grid {
            columns: vec![("rule", Set::Name), ("found", Set::Right)],
            rows: vec![
                row("short", "7"),
                row("cases.closed_on.not_before_opening", "1,234,567"),
            ],
        };
        assert!(grid.fits(45) && !grid.fits(44));
        let paint = Paint(false);
        let want = [
            format!("rule{}found", " ".repeat(16)),
            format!("short{}7", " ".repeat(19)),
            "cases.c…pening  1,234,567".to_owned(),
        ];
        assert_eq!(grid.lines(25, paint), want);
        assert!(grid.lines(1, paint)[2].ends_with("  1,234,567"));
    }

    /// Texts of narrow and wide characters, marks, joiners and what acts.
    fn texts() -> impl Strategy<Value = String> {
        let chars: Vec<char> = "abc東👩é\u{301}\u{200d}\u{fe0f}❤\u{1b}🇬🇧".chars().collect();
        let any = proptest::sample::select(chars);
        proptest::collection::vec(any, 0..30).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_cut_fits(text in texts(), most in 1_usize..40) {
            prop_assert!(width(&cut_middle(&text, most)) <= most, "{:?}", cut_middle(&text, most));
            prop_assert!(width(&cut_end(&text, most)) <= most, "{:?}", cut_end(&text, most));
        }
    }
}
