//! Texts of this page: cut, linked, in words for readers.

use std::borrow::Cow;

use crate::{discrepancy::Status, harmless, pages::words};

/// A name inside a sentence, cut where it is long.
pub fn short(text: &str) -> Cow<'_, str> {
    harmless::short(text)
}

/// A text of which the first characters are kept where it is long; it then ends in `…`.
pub fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    // A text has no more characters than bytes.
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// A link to the table of discrepancies that shows those with this value of `key`.
pub fn filter(key: &str, value: &str) -> String {
    let mut link = format!("#{key}=");
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                link.push(char::from(byte));
            }
            byte => link.push_str(&format!("%{byte:02X}")),
        }
    }
    link
}

/// A count, its thousands apart.
pub fn count(number: u64) -> String {
    words::number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `1 row`, `2 rows`.
pub fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// What a status of a discrepancy means.
pub fn meaning(status: Status) -> &'static str {
    match status {
        Status::New => "never found before",
        Status::Ongoing => "found before, and still there",
        Status::Reopened => "was gone or waived, and is back",
        Status::Resolved => "found in the run before, and not tonight",
        Status::Waived => "there, and accepted by a waiver",
    }
}

/// What came of a rule.
pub fn came(status: &str) -> &'static str {
    match status {
        "passed" => "passed",
        "failed" => "found something",
        "tolerated" => "within its threshold",
        "error" => "could not be evaluated",
        "skipped" => "left out of this run",
        _ => "nothing to compare",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_characters_and_links_hold_plain_ones() {
        for (text, longest, want) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc…"),
            ("äöü", 3, "äöü"),
            ("äöüx", 3, "äöü…"),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, longest), want);
        }
        assert_eq!(filter("rule", "cases.area"), "#rule=cases.area");
        assert_eq!(filter("q", "a b&c=ü"), "#q=a%20b%26c%3D%C3%BC");
    }
}
