//! Formats of dates: those of the JDK, which the standard uses, and ours.

/// Letters of the JDK and what they are here, longest first.
const PAIRS: [(&str, &str); 10] = [
    ("yyyy", "%Y"),
    ("uuuu", "%Y"),
    ("MMMM", "%B"),
    ("MMM", "%b"),
    ("yy", "%y"),
    ("MM", "%m"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("mm", "%M"),
    ("ss", "%S"),
];

/// A format of the JDK as one of ours.
pub fn from_jdk(jdk: &str) -> Option<String> {
    let mut ours = String::new();
    let mut rest = jdk;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, after) = quoted.split_once('\'')?;
            ours.push_str(&text.replace('%', "%%"));
            rest = after;
        } else if let Some((jdk, pair)) = PAIRS.iter().find(|(jdk, _)| rest.starts_with(jdk)) {
            ours.push_str(pair);
            rest = &rest[jdk.len()..];
            if rest.starts_with(c) {
                return None;
            }
        } else if c.is_ascii_alphabetic() || matches!(c, '[' | ']' | '{' | '}' | '#' | '%') {
            return None;
        } else {
            ours.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(ours)
}

/// A format of ours as one of the JDK.
pub fn to_jdk(ours: &str) -> Option<String> {
    let mut jdk = String::new();
    let mut rest = ours;
    while let Some(c) = rest.chars().next() {
        if c == '%' {
            let (letters, pair) = PAIRS.iter().find(|(_, pair)| rest.starts_with(pair))?;
            jdk.push_str(letters);
            rest = &rest[pair.len()..];
            continue;
        }
        match c {
            '\'' | '[' | ']' | '{' | '}' | '#' => return None,
            c if c.is_ascii_alphabetic() => jdk.extend(['\'', c, '\'']),
            c => jdk.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    Some(jdk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_both_ways() {
        for (jdk, ours) in [
            ("yyyy-MM-dd", "%Y-%m-%d"),
            ("dd/MM/yy", "%d/%m/%y"),
            ("yyyy-MM-dd'T'HH:mm:ss", "%Y-%m-%dT%H:%M:%S"),
            ("dd MMM yyyy", "%d %b %Y"),
        ] {
            assert_eq!(from_jdk(jdk).as_deref(), Some(ours), "{jdk}");
            assert_eq!(to_jdk(ours).as_deref(), Some(jdk), "{ours}");
        }
        for jdk in ["yyyyy-MM-dd", "d/M/yyyy", "EEE", "yyyy[-MM]", "yyyy'T"] {
            assert_eq!(from_jdk(jdk), None, "{jdk}");
        }
        assert_eq!(to_jdk("%Y-%m-%d %j"), None);
    }
}
