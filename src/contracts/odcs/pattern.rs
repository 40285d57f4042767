//! Patterns: those of others match a part of a text, ours the whole.

/// A pattern that the whole text has to match, from one that some part of it has to.
pub fn whole(regex: &str) -> String {
    if let Some(rest) = regex.strip_prefix("(?i)") {
        return format!("(?i){}", whole(rest));
    }
    // What flags mean ends with the group, and an anchor may mean something else under them.
    if has_flags(regex) {
        return format!("(?s:.*)(?:{regex})(?s:.*)");
    }
    let inner = regex
        .strip_prefix('^')
        .and_then(|r| r.strip_suffix('$'))
        .filter(|r| !r.ends_with('\\'));
    match inner {
        Some(inner) => match grouped(inner) {
            Some(group) => group.to_owned(),
            None if inner.contains('|') => format!("(?s:.*)(?:{regex})(?s:.*)"),
            None => inner.to_owned(),
        },
        None => match (regex.strip_prefix('^'), regex.strip_suffix('$')) {
            _ if regex.contains('|') => format!("(?s:.*)(?:{regex})(?s:.*)"),
            (Some(rest), _) => format!("{rest}(?s:.*)"),
            (_, Some(rest)) if !rest.ends_with('\\') => format!("(?s:.*){rest}"),
            _ => format!("(?s:.*){regex}(?s:.*)"),
        },
    }
}

/// Whether flags are set in a pattern, such as `(?m)` or `(?x:…)`.
fn has_flags(regex: &str) -> bool {
    regex
        .split("(?")
        .skip(1)
        .any(|after| after.starts_with(|c: char| c.is_ascii_alphabetic() && c != 'P' || c == '-'))
}

/// What stands in a group without a name that holds all of the pattern.
fn grouped(regex: &str) -> Option<&str> {
    let inner = regex.strip_prefix("(?:")?.strip_suffix(')')?;
    let (mut depth, mut in_set, mut escaped) = (0_i32, false, false);
    for c in inner.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' => escaped = true,
            '[' => in_set = true,
            ']' => in_set = false,
            '(' if !in_set => depth += 1,
            ')' if !in_set => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    (depth == 0 && !escaped).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_text() {
        for (theirs, ours) in [
            ("^[A-Z]+$", "[A-Z]+"),
            ("^(?:a|b)$", "a|b"),
            ("^(?:a)(?:b)$", "(?:a)(?:b)"),
            ("^(?:[)]|x)$", "[)]|x"),
            ("^a|b$", "(?s:.*)(?:^a|b$)(?s:.*)"),
            ("[0-9]", "(?s:.*)[0-9](?s:.*)"),
            ("^[0-9]", "[0-9](?s:.*)"),
            ("[0-9]$", "(?s:.*)[0-9]"),
            (r"^5\$", r"5\$(?s:.*)"),
            ("(?i)^abc$", "(?i)abc"),
            ("(?m)^abc$", "(?s:.*)(?:(?m)^abc$)(?s:.*)"),
            ("^(?i:a)$", "(?s:.*)(?:^(?i:a)$)(?s:.*)"),
            ("^(?P<x>a)$", "(?P<x>a)"),
        ] {
            assert_eq!(whole(theirs), ours, "{theirs}");
        }
    }
}
