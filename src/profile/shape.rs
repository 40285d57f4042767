//! Shapes of texts: which characters stand where, as a regular expression.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

/// Texts that are longer have no shape of their own.
const LONGEST: usize = 64;
/// Shapes that a suggested pattern joins.
const JOINED: usize = 3;

/// The classes of characters, each with the sign for people; a character is of the first that matches it.
const CLASSES: [(&str, char); 5] = [
    ("[A-Z]", 'A'),
    ("[a-z]", 'a'),
    ("[0-9]", '9'),
    (LETTERS, 'ä'),
    (NUMBERS, '½'),
];
/// Other letters, with the marks that stand on them.
const LETTERS: &str = r"[\p{L}\p{M}]";
/// Other digits and numbers.
const NUMBERS: &str = r"\p{N}";

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
        c if c.is_ascii() => None,
        c => other_class(c),
    }
}

/// The class of a character that is not ASCII: what the engine of patterns says, so that a shape matches its text.
fn other_class(c: char) -> Option<&'static str> {
    static OTHERS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
        let compiled = [LETTERS, NUMBERS].map(|class| Some((class, Regex::new(class).ok()?)));
        compiled.into_iter().flatten().collect()
    });
    let text = c.encode_utf8(&mut [0; 4]).to_owned();
    let found = OTHERS.iter().find(|(_, class)| class.is_match(&text));
    found.map(|(class, _)| *class)
}

/// A shape for people: `A9{5}`.
pub fn display(shape: &str) -> String {
    if shape == "(?s).*" {
        return "long text".to_owned();
    }
    let shown = CLASSES
        .iter()
        .fold(shape.to_owned(), |text, (class, sign)| {
            text.replace(class, &sign.to_string())
        });
    shown.replace('\\', "")
}

/// The shape with runs of any length.
fn loose(shape: &str) -> String {
    let mut loose = String::new();
    let mut rest = shape;
    while !rest.is_empty() {
        let class = CLASSES.iter().find(|(class, _)| rest.starts_with(class));
        let Some((class, _)) = class else {
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

/// A text that has the first of the joined shapes, made up.
pub fn example(regex: &str) -> String {
    let mut text = String::new();
    let mut rest = regex;
    // The first shape ends at a line that is not escaped.
    while !rest.is_empty() && !rest.starts_with('|') {
        let found = CLASSES.iter().find(|(class, _)| rest.starts_with(class));
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
    use proptest::prelude::*;

    use super::*;

    fn matches(regex: &str, text: &str) -> bool {
        let whole = Regex::new(&format!("^(?:{regex})$")).expect("a pattern");
        whole.is_match(text)
    }

    /// A character of any kind, those of the classes and their neighbours often.
    fn character() -> impl Strategy<Value = char> {
        let odd: Vec<char> = "|\\{}[]()+*?^$.-#& \n\u{a0}éßǅʰª東ิदिكำ\u{301}\u{345}٣९½²Ⅷⅷⓐ🅰👍_،"
            .chars()
            .collect();
        prop_oneof![
            proptest::char::range('0', 'z'),
            proptest::sample::select(odd),
            any::<char>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_suggested_pattern_matches_every_text_of_its_shapes(
            texts in proptest::collection::vec(proptest::collection::vec(character(), 0..12), 1..4),
        ) {
            let texts: Vec<String> = texts.into_iter().map(|chars| chars.into_iter().chain(['1']).collect()).collect();
            let shapes: Vec<String> = texts.iter().map(|text| shape(text)).collect();
            for (text, shape) in texts.iter().zip(&shapes) {
                prop_assert!(matches(shape, text), "{shape} {text:?}");
                prop_assert!(matches(&loose(shape), text), "{} {text:?}", loose(shape));
                if text.chars().count() <= LONGEST {
                    prop_assert_eq!(&super::shape(&example(shape)), shape);
                }
            }
            let counts: Vec<(&str, u64)> = shapes.iter().map(|shape| (shape.as_str(), 10)).collect();
            if let Some(pattern) = pattern(&counts, 0) {
                for text in &texts {
                    prop_assert!(matches(&pattern.regex, text), "{} {text:?}", pattern.regex);
                }
                prop_assert!(matches(&pattern.regex, &example(&pattern.regex)), "{}", pattern.regex);
            }
        }
    }

    #[test]
    fn the_longest_shapes_are_still_patterns() {
        for c in ['ä', '½'] {
            let text: String = std::iter::repeat_n(c, LONGEST - 1).chain(['1']).collect();
            let joined = [shape(&text), shape(&text), shape(&text)].join("|");
            assert!(matches(&joined, &text));
        }
    }

    #[test]
    fn a_shape_matches_its_text_and_so_does_its_example() {
        for (text, shown) in [
            ("R00031", "A9{5}"),
            ("LE76 9SA", "A{2}9{2} 9A{2}"),
            ("a.b@c", "a.a@a"),
            ("(x) [1] {2} a|b", "(a) [9] {9} a|a"),
            ("Zoë", "Aaä"),
            ("दि1000", "ä{2}9{4}"),
            ("ก\u{e33}12Ⅷ", "ä{2}9{2}½"),
            ("", ""),
        ] {
            let shape = shape(text);
            assert_eq!(display(&shape), shown);
            assert!(matches(&shape, text), "{shape} {text}");
            assert!(matches(&loose(&shape), text), "{} {text}", loose(&shape));
            assert!(matches(&shape, &example(&shape)), "{}", example(&shape));
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
