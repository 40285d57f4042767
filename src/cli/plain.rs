//! Text from files on its way to a terminal.

/// `text` with characters that would move the cursor, change colours or turn the direction of writing shown as
/// `\u{…}`, so that what stands on the screen is what the program says.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.extend(c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn only_what_a_terminal_would_act_on_is_escaped() {
        for (text, want) in [
            ("Zoë · “x” – 東", "Zoë · “x” – 東"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
            ("\u{9b}1m", "\\u{9b}1m"),
        ] {
            assert_eq!(plain(text), want);
        }
    }
}
