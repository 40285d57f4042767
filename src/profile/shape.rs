//! Shapes of texts: which characters stand where, as a regular expression.

use std::collections::BTreeMap;

/// Texts that are longer have no shape of their own.
const LONGEST: usize = 64;
/// Shapes that a suggested pattern joins.
const JOINED: usize = 3;

/// The shape of `text` as a regular expression that matches it: `[A-Z][0-9]{5}`.
pub fn shape(text: &str) -> String {
    if text.chars().nth(LONGEST).is_some() {
        return "(?s).*".to_owned();
    }
    let mut shape = String::new();
    let mut chars = text.chars().peekable();
    let mut buffer = [0; 4];
    while let Some(c) = chars.next() {
        let Some(class) = class(c) else {
            shape.push_str(&regex::escape(c.encode_utf8(&mut buffer)));
            continue;
        };
        let mut run = 1;
        while chars
            .next_if(|next| self::class(*next) == Some(class))
            .is_some()
        {
            run += 1;
        }
        shape.push_str(class);
        if run > 1 {
            shape.push_str(&format!("{{{run}}}"));
        }
    }
    shape
}

fn class(c: char) -> Option<&'static str> {
    match c {
        'A'..='Z' => Some("[A-Z]"),
        'a'..='z' => Some("[a-z]"),
        '0'..='9' => Some("[0-9]"),
        c if c.is_alphabetic() => Some(r"\p{L}"),
        _ => None,
    }
}

/// A shape for people: `A9{5}`.
pub fn display(shape: &str) -> String {
    if shape == "(?s).*" {
        return "long text".to_owned();
    }
    let classes = [
        ("[A-Z]", "A"),
        ("[a-z]", "a"),
        ("[0-9]", "9"),
        (r"\p{L}", "ä"),
    ];
    let shown = classes
        .iter()
        .fold(shape.to_owned(), |text, (class, sign)| {
            text.replace(class, sign)
        });
    shown.replace('\\', "")
}

/// The shape with runs of any length.
fn loose(shape: &str) -> String {
    let mut loose = String::new();
    let mut rest = shape;
    while !rest.is_empty() {
        let class = ["[A-Z]", "[a-z]", "[0-9]", r"\p{L}"]
            .into_iter()
            .find(|class| rest.starts_with(class));
        let Some(class) = class else {
            // An escaped character goes with what escapes it.
            let mut ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
            let end = ends.nth(usize::from(rest.starts_with('\\')));
            let (head, tail) = rest.split_at(end.unwrap_or(rest.len()));
            loose.push_str(head);
            rest = tail;
            continue;
        };
        rest = &rest[class.len()..];
        if rest.starts_with('{') {
            rest = rest.split_once('}').map_or("", |(_, after)| after);
        }
        loose.push_str(class);
        loose.push('+');
    }
    loose
}

/// A pattern that nearly all texts have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What the whole text matches.
    pub regex: String,
    /// A shape for people.
    pub shown: String,
    /// Texts that match.
    pub matching: u64,
}

/// The pattern of texts with these `shapes` and how often each is found, if at most `strays` of them have another. A
/// pattern without digits says too little.
pub fn pattern(shapes: &[(&str, u64)], strays: u64) -> Option<Pattern> {
    let all: u64 = shapes.iter().map(|(_, n)| n).sum();
    let exact: BTreeMap<String, u64> = shapes.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect();
    let mut loosely: BTreeMap<String, u64> = BTreeMap::new();
    for (shape, n) in shapes {
        *loosely.entry(loose(shape)).or_default() += n;
    }
    [exact, loosely].into_iter().find_map(|shapes| {
        let mut shapes: Vec<(String, u64)> = shapes.into_iter().collect();
        shapes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        // What is found seldom is no part of the pattern.
        shapes.retain(|(_, n)| n * 50 >= all);
        shapes.truncate(JOINED);
        let matching: u64 = shapes.iter().map(|(_, n)| n).sum();
        let tells = |(shape, _): &(String, u64)| shape.contains("[0-9]");
        if shapes.is_empty() || all - matching > strays || !shapes.iter().all(tells) {
            return None;
        }
        let joined = |sign: &str, text: &dyn Fn(&str) -> String| {
            let texts: Vec<String> = shapes.iter().map(|(shape, _)| text(shape)).collect();
            texts.join(sign)
        };
        Some(Pattern {
            regex: joined("|", &str::to_owned),
            shown: joined(" or ", &display),
            matching,
        })
    })
}

/// A text that has the shape, made up.
pub fn example(regex: &str) -> String {
    let first = regex.split('|').next().unwrap_or_default();
    let mut text = String::new();
    let mut rest = first;
    while !rest.is_empty() {
        let classes = [
            ("[A-Z]", 'A'),
            ("[a-z]", 'a'),
            ("[0-9]", '1'),
            (r"\p{L}", 'ä'),
        ];
        let found = classes.iter().find(|(class, _)| rest.starts_with(class));
        let Some((class, sign)) = found else {
            rest = rest.strip_prefix('\\').unwrap_or(rest);
            let mut chars = rest.chars();
            text.extend(chars.next());
            rest = chars.as_str();
            continue;
        };
        rest = &rest[class.len()..];
        let mut run = 1;
        if let Some((times, after)) = rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            run = times.parse().unwrap_or(1);
            rest = after;
        }
        rest = rest.strip_prefix('+').unwrap_or(rest);
        text.extend(std::iter::repeat_n(*sign, run));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_matches_its_text_and_so_does_its_example() {
        for (text, shown) in [
            ("R00031", "A9{5}"),
            ("LE76 9SA", "A{2}9{2} 9A{2}"),
            ("a.b@c", "a.a@a"),
            ("(x) [1] {2} a|b", "(a) [9] {9} a|a"),
            ("Zoë", "Aaä"),
            ("", ""),
        ] {
            let shape = shape(text);
            assert_eq!(display(&shape), shown);
            let matches = |regex: &str, text: &str| {
                let whole = regex::Regex::new(&format!("^(?:{regex})$")).expect("a pattern");
                whole.is_match(text)
            };
            assert!(matches(&shape, text), "{shape} {text}");
            assert!(matches(&loose(&shape), text), "{} {text}", loose(&shape));
            if !text.contains('|') {
                assert!(matches(&shape, &example(&shape)), "{}", example(&shape));
            }
        }
    }

    #[test]
    fn a_pattern_is_what_nearly_all_have() {
        let regex = |shapes: &[(&str, u64)], strays| pattern(shapes, strays).map(|p| p.regex);
        let strict = "[A-Z][0-9]{5}";
        assert_eq!(
            regex(&[(strict, 999), ("[a-z]{3}", 1)], 5).as_deref(),
            Some(strict)
        );
        assert_eq!(regex(&[(strict, 999), ("[a-z]{3}", 9)], 5), None);
        assert_eq!(
            regex(&[("[a-z]{3}", 99)], 5),
            None,
            "letters alone say nothing"
        );
        let runs: Vec<(String, u64)> = (1..9).map(|n| (format!("[A-Z][0-9]{{{n}}}"), 10)).collect();
        let runs: Vec<(&str, u64)> = runs.iter().map(|(s, n)| (s.as_str(), *n)).collect();
        assert_eq!(regex(&runs, 0).as_deref(), Some("[A-Z]+[0-9]+"));
    }
}
