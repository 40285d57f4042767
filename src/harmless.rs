//! Texts from files on their way to a terminal, a log or a spreadsheet, so that none of them acts on what shows it.

use std::borrow::Cow;

/// Characters of a name or value that a sentence shows.
const SHORT: usize = 120;
/// Characters of a line of a message.
const LINE: usize = 2_000;
/// What a spreadsheet takes for the beginning of a formula, or of what it drops in front of one.
const EVALUATED: &str = "=+-@\t\r\n\0＝＋－＠";

/// Whether a terminal would act on a character: it moves the cursor, changes colours or turns the direction of writing.
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// `text` with every character that acts shown as an escape, line breaks too, so that what stands on the screen is what
/// the program says.
pub fn words(text: &str) -> Cow<'_, str> {
    escaped(text, &[], visible)
}

/// A name or value inside a sentence: as [`words`], and a long one cut in the middle, with its length.
pub fn short(text: &str) -> Cow<'_, str> {
    // A text has no more characters than bytes.
    let length = match text.len() {
        ..=SHORT => return words(text),
        _ => text.chars().count(),
    };
    match cut(text, length, SHORT) {
        None => words(text),
        Some((head, tail)) => {
            let (head, tail) = (words(head), words(tail));
            Cow::Owned(format!("{head}…{tail} ({length} characters)"))
        }
    }
}

/// A message of several lines: as [`words`], but line breaks stay, and what no reader would read of a line is cut out.
pub fn lines(text: &str) -> Cow<'_, str> {
    let shown = escaped(text, &['\n'], visible);
    if shown.len() <= LINE {
        return shown;
    }
    let line = |line: &str| {
        let length = line.chars().count();
        match cut(line, length, LINE) {
            None => line.to_owned(),
            Some((head, tail)) => format!("{head} … (of {length} characters) … {tail}"),
        }
    };
    let lines: Vec<String> = shown.split('\n').map(line).collect();
    Cow::Owned(lines.join("\n"))
}

/// A JSON document with the same values, in which what acts is written as JSON's own escapes.
pub fn json(document: &str) -> Cow<'_, str> {
    let code = |c: char, out: &mut String| out.push_str(&format!("\\u{:04x}", u32::from(c)));
    escaped(document, &['\n'], code)
}

/// A text as a cell of CSV that a spreadsheet opens: one that it would evaluate gets an apostrophe in front, and so does one
/// that has it already, so that taking one off is always right; what acts, but line breaks and tabs, is shown as an escape.
pub fn cell(text: &str) -> Cow<'_, str> {
    let shown = escaped(text, &['\n', '\t'], visible);
    match text.starts_with('\'') || is_evaluated(text) {
        true => Cow::Owned(format!("'{shown}")),
        false => shown,
    }
}

/// Whether a spreadsheet would take a text for a formula: blanks in front do not keep it from that, nor does what is not seen.
fn is_evaluated(text: &str) -> bool {
    // Most texts begin with a letter or a digit.
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return false;
    }
    let passed_over = |c: char| {
        let unseen = matches!(
            c,
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
        );
        (unseen || c.is_whitespace() || acts(c)) && !EVALUATED.contains(c)
    };
    let start = text.trim_start_matches(passed_over);
    start.starts_with(|c| EVALUATED.contains(c)) && !is_number(start)
}

/// Whether a text is a number, with a sign, a point and `%` at the most.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = digits.strip_suffix('%').unwrap_or(digits);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    whole.len() + part.len() > 0 && all_digits(whole) && all_digits(part)
}

/// Writes a character as `\n`, `\u{1b}` and the like.
fn visible(c: char, out: &mut String) {
    out.extend(c.escape_default());
}

/// `text` with every character that acts, but those of `kept`, written by `escape`.
fn escaped<'t>(text: &'t str, kept: &[char], escape: impl Fn(char, &mut String)) -> Cow<'t, str> {
    let is_meant = |c: char| acts(c) && !kept.contains(&c);
    if !may_act(text.as_bytes()) || !text.contains(is_meant) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_meant(c) {
            true => escape(c, &mut out),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether some byte begins a character that could act. All bytes are looked at, which the compiler makes vectors of.
fn may_act(bytes: &[u8]) -> bool {
    // The first bytes of U+0080 to U+00BF, U+0600 to U+063F and U+2000 to U+2FFF.
    let begins = |b: u8| (b < 0x20) | (b == 0x7f) | (b == 0xc2) | (b == 0xd8) | (b == 0xe2);
    bytes.iter().fold(false, |found, b| found | begins(*b))
}

/// The beginning and the end of a text of more than `most` characters, three to one.
fn cut(text: &str, length: usize, most: usize) -> Option<(&str, &str)> {
    if length <= most {
        return None;
    }
    let at = |nth: usize| {
        text.char_indices()
            .nth(nth)
            .map_or(text.len(), |(at, _)| at)
    };
    Some((&text[..at(most - most / 4)], &text[at(length - most / 4)..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the documentation says: one apostrophe comes off.
    fn undone(cell: &str) -> &str {
        cell.strip_prefix('\'').unwrap_or(cell)
    }

    #[test]
    fn only_what_a_terminal_would_act_on_is_escaped() {
        for (text, want) in [
            ("Zoë · “x” – 東", "Zoë · “x” – 東"),
            ("عمر ½", "عمر ½"),
            (
                "<script>\"; DROP TABLE x; --",
                "<script>\"; DROP TABLE x; --",
            ),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("\u{61c}\u{200e}\u{2029}", "\\u{61c}\\u{200e}\\u{2029}"),
            ("\u{9b}1m\u{7f}\0", "\\u{9b}1m\\u{7f}\\u{0}"),
        ] {
            assert_eq!(words(text), want);
            assert_eq!(words(want), want, "escapes are not escaped again");
        }
        assert_eq!(lines("a\nb\u{7}"), "a\nb\\u{7}");
        assert_eq!(
            json("{\n\"a\": \"\u{85}\u{202e}é\"}"),
            "{\n\"a\": \"\\u0085\\u202eé\"}"
        );
        assert!(matches!(words("plain – text"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_long_is_cut_in_the_middle() {
        assert_eq!(short(&"é".repeat(SHORT)), "é".repeat(SHORT));
        let name = format!("{}{}", "a".repeat(4_000), "\u{7}".repeat(1_000));
        let want = format!(
            "{}…{} (5000 characters)",
            "a".repeat(90),
            "\\u{7}".repeat(30)
        );
        assert_eq!(short(&name), want);
        let message = format!("first\n{}\nlast", "é".repeat(5_000));
        let shown = lines(&message);
        assert!(shown.starts_with("first\né") && shown.ends_with("é\nlast"));
        assert!(shown.contains("é … (of 5000 characters) … é"));
        assert!(shown.chars().count() < LINE + 100);
    }

    #[test]
    fn formulas_do_nothing() {
        for (text, want) in [
            ("=1+1", "'=1+1"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+44 7700", "'+44 7700"),
            ("-2+3", "'-2+3"),
            ("-", "'-"),
            ("-1.2.3", "'-1.2.3"),
            ("＝1", "'＝1"),
            ("－1", "'－1"),
            ("\tx", "'\tx"),
            ("\nx", "'\nx"),
            ("\rx", "'\\rx"),
            ("\0x", "'\\u{0}x"),
            ("  =1", "'  =1"),
            ("\u{a0}\u{feff}\u{200b}@a", "'\u{a0}\u{feff}\u{200b}@a"),
            ("\u{202e}=1", "'\\u{202e}=1"),
            (" \t1", "' \t1"),
            ("'quoted", "''quoted"),
            ("'", "''"),
            ("-4", "-4"),
            ("-12.5%", "-12.5%"),
            ("+3.5", "+3.5"),
            (" -4", " -4"),
            ("a=1", "a=1"),
            ("a'b", "a'b"),
            ("\u{feff}a", "\u{feff}a"),
            ("a\tb\nc", "a\tb\nc"),
            ("a\r\nb\u{1b}[2J\u{85}", "a\\r\nb\\u{1b}[2J\\u{85}"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(cell(text), want, "{text:?}");
        }
        assert!(matches!(cell("plain – text"), Cow::Borrowed(_)));
    }

    /// Texts of what matters here and of what does not.
    fn texts() -> impl Strategy<Value = String> {
        let matters: Vec<char> = " '=+-@＝＋－＠\t\n\r\0\u{1b}\u{7f}\u{85}\u{9b}\u{202e}\u{2066}\u{61c}\u{200e}\u{2028}\u{feff}\u{200b}\u{a0}\\".chars().collect();
        let plain: Vec<char> = "aé1.%\"“東½ع".chars().collect();
        let of = proptest::sample::select;
        let any = prop_oneof![of(matters), of(plain), proptest::char::any()];
        proptest::collection::vec(any, 0..8).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn an_apostrophe_comes_off_again(text in texts()) {
            let text: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !acts(*c)).collect();
            let shown = cell(&text);
            prop_assert_eq!(undone(&shown), &text);
        }

        #[test]
        fn nothing_acts_in_any_cell(text in texts()) {
            let shown = cell(&text);
            prop_assert!(!shown.contains(|c| acts(c) && !matches!(c, '\n' | '\t')), "{:?}", shown);
            prop_assert!(!is_evaluated(&shown), "{:?}", shown);
            prop_assert_eq!(undone(&shown), escaped(&text, &['\n', '\t'], visible));
            prop_assert!(!words(&text).contains(acts));
        }

        #[test]
        fn json_says_the_same(text in texts()) {
            let document = serde_json::Value::from(text).to_string();
            let shown = json(&document);
            prop_assert!(!shown.contains(acts), "{:?}", shown);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).ok(), serde_json::from_str(&document).ok());
        }
    }
}
