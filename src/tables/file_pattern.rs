//! Which files of a folder are meant: `*`, `?`, `[…]` and `{date}` in each part of a path.

use std::fmt;

use jiff::civil::Date;

/// A pattern of paths below a folder, with `/` between folders.
///
/// A star stands for any text, `?` for one character, `[a-z]` and `[!a-z]` for one of a set, each inside one part of the
/// path. A name that starts with a point is meant only by a pattern that does so too. `{date}`, which stands once, is a day
/// such as `2017-10-09` or `20171009`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePattern {
    text: String,
    parts: Vec<Vec<Token>>,
}

/// A piece of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    One(char),
    Any,
    Anything,
    /// `{date}`.
    Day,
    Set {
        not: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::One(one) => *one == c,
            Self::Any => true,
            Self::Anything | Self::Day => false,
            Self::Set { not, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *not
            }
        }
    }
}

/// Why a text is no [`FilePattern`]: what is wrong with it and what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPattern {
    /// What is wrong.
    pub problem: &'static str,
    /// What to write instead.
    pub help: &'static str,
}

impl FilePattern {
    /// Checks a text.
    pub fn new(text: &str) -> Result<Self, NoPattern> {
        const RELATIVE: &str =
            "write a relative pattern such as `people*.csv`, with `/` between folders";
        let fail = |problem, help| Err(NoPattern { problem, help });
        if text.trim().is_empty() {
            return fail("`files` is blank", RELATIVE);
        }
        if text.starts_with('/') || text.contains('\\') || text.split('/').any(|p| p == "..") {
            return fail("`files` has to stay inside the folder", RELATIVE);
        }
        if text.contains("**") {
            let help = "write a `*` for each folder on the way, such as `*/people.csv`";
            return fail("`files` does not know `**`", help);
        }
        let mut parts = Vec::new();
        for part in text.split('/').filter(|part| *part != ".") {
            if part.is_empty() {
                return fail("a part of `files` is empty", RELATIVE);
            }
            parts.push(tokens(part)?);
        }
        if parts.is_empty() {
            return fail("`files` names no file", RELATIVE);
        }
        if parts.iter().flatten().filter(|t| **t == Token::Day).count() > 1 {
            let help = "keep one `{date}`, and write `*` for what else may be there";
            return fail("`{date}` stands more than once", help);
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many names a path has that it means; none for the default, which means nothing.
    pub fn depth(&self) -> usize {
        self.parts.len()
    }

    /// Whether it means `name` as the part `at` of a path.
    pub fn means(&self, at: usize, name: &str) -> bool {
        let part = self.parts.get(at);
        part.is_some_and(|part| match day_in(part) {
            None => fits(part, name),
            Some(_) => day(part, name).is_some(),
        })
    }

    /// Whether it means all of a path.
    pub fn means_path(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        names.len() == self.depth() && (0..names.len()).all(|at| self.means(at, names[at]))
    }

    /// Whether it holds `{date}`.
    pub fn is_dated(&self) -> bool {
        self.parts.iter().any(|part| day_in(part).is_some())
    }

    /// The day that `{date}` stands for in a path that it means.
    pub fn day_of(&self, path: &str) -> Option<Date> {
        let mut parts = self.parts.iter().zip(path.split('/'));
        parts.find_map(|(part, name)| day(part, name))
    }
}

impl fmt::Display for FilePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn tokens(part: &str) -> Result<Vec<Token>, NoPattern> {
    let mut tokens = Vec::new();
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '*' => Token::Anything,
            '?' => Token::Any,
            '[' => {
                let (set, after) = set(rest.as_str()).ok_or(NoPattern {
                    problem: "a `[` in `files` begins no set of characters",
                    help: "write such as `[0-9]` or `[!a]`, and `[[]` for the character itself",
                })?;
                rest = after.chars();
                set
            }
            '{' if rest.as_str().starts_with(DAY) => {
                rest = rest.as_str()[DAY.len()..].chars();
                Token::Day
            }
            '{' | '}' => {
                return Err(NoPattern {
                    problem: "`files` does not know `{…}` but `{date}`",
                    help: "write one pattern that fits all files, and `[{]` for the character itself",
                });
            }
            c => Token::One(c),
        });
    }
    Ok(tokens)
}

/// The set that begins behind a `[`, and what follows its `]`.
fn set(text: &str) -> Option<(Token, &str)> {
    let (not, text) = match text.strip_prefix(['!', '^']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // A `]` that comes first is one of the set.
    let end = text.char_indices().skip(1).find(|(_, c)| *c == ']')?.0;
    let members: Vec<char> = text[..end].chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        let low = members[at];
        let high = match (members.get(at + 1), members.get(at + 2)) {
            (Some('-'), Some(high)) => {
                at += 2;
                *high
            }
            _ => low,
        };
        if high < low {
            return None;
        }
        ranges.push((low, high));
        at += 1;
    }
    Some((Token::Set { not, ranges }, &text[end + 1..]))
}

/// What stands behind the brace of `{date}`.
const DAY: &str = "date}";

/// Where `{date}` stands in a part.
fn day_in(part: &[Token]) -> Option<usize> {
    part.iter().position(|token| *token == Token::Day)
}

/// The first day in `name` around which the rest of the part fits.
fn day(part: &[Token], name: &str) -> Option<Date> {
    let at = day_in(part)?;
    let (before, after) = (&part[..at], &part[at + 1..]);
    if name.starts_with('.') && before.first() != Some(&Token::One('.')) {
        return None;
    }
    let starts = name.char_indices().map(|(start, _)| start);
    let mut days = starts.flat_map(|start| [10, 8].map(|length| (start, start + length)));
    days.find_map(|(start, end)| {
        let day = exact_day(name.get(start..end)?)?;
        (runs(before, &name[..start]) && runs(after, &name[end..])).then_some(day)
    })
}

/// The day that is written as `2017-10-09` or `20171009`.
pub fn exact_day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    let written = day.to_string();
    let is_written = text == written || text == written.replace('-', "");
    (is_written && day.year() > 0).then_some(day)
}

fn fits(part: &[Token], name: &str) -> bool {
    (!name.starts_with('.') || part.first() == Some(&Token::One('.'))) && runs(part, name)
}

/// Whether the tokens stand for all of `name`.
fn runs(part: &[Token], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut token, mut at) = (0, 0);
    // Where to go on when the latest star has to take one character more.
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match part.get(token) {
            Some(Token::Anything) => {
                star = Some((token, at));
                token += 1;
            }
            Some(one) if one.takes(name[at]) => {
                token += 1;
                at += 1;
            }
            _ => match &mut star {
                Some((behind, taken)) => {
                    *taken += 1;
                    token = *behind + 1;
                    at = *taken;
                }
                None => return false,
            },
        }
    }
    part[token..].iter().all(|rest| *rest == Token::Anything)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the pattern means the path.
    fn means(pattern: &str, path: &str) -> bool {
        let pattern = FilePattern::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
        let names: Vec<&str> = path.split('/').collect();
        names.len() == pattern.depth() && (0..names.len()).all(|at| pattern.means(at, names[at]))
    }

    #[test]
    fn stars_marks_and_sets_stand_for_characters() {
        for (pattern, path, want) in [
            ("a.csv", "a.csv", true),
            ("a.csv", "A.csv", false),
            ("./a.csv", "a.csv", true),
            ("a*.csv", "a.csv", true),
            ("a*.csv", "abc.csv", true),
            ("a*.csv", "abc.csv.csv", true),
            ("a*.csv", "a.csvx", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("*", "", true),
            ("*.csv", "b/a.csv", false),
            ("a?.csv", "a1.csv", true),
            ("a?.csv", "aé.csv", true),
            ("a?.csv", "a.csv", false),
            ("a?.csv", "a12.csv", false),
            ("a[0-9].csv", "a7.csv", true),
            ("a[0-9].csv", "ax.csv", false),
            ("a[!0-9].csv", "ax.csv", true),
            ("a[^0-9x].csv", "ax.csv", false),
            ("a[]-].csv", "a].csv", true),
            ("a[[].csv", "a[.csv", true),
            ("sub/*.csv", "sub/a.csv", true),
            ("sub/*.csv", "sab/a.csv", false),
            ("*/a.csv", "sub/a.csv", true),
            ("*/a.csv", "a.csv", false),
            ("*.csv", ".a.csv", false),
            ("?a.csv", ".a.csv", false),
            (".*.csv", ".a.csv", true),
        ] {
            assert_eq!(means(pattern, path), want, "{pattern} {path}");
        }
        assert!(!FilePattern::default().means(0, ""));
    }

    #[test]
    fn a_day_is_part_of_a_name() {
        for (pattern, path, want) in [
            ("a_{date}.csv", "a_2017-10-09.csv", Some("2017-10-09")),
            ("a_{date}.csv", "a_20171009.csv", Some("2017-10-09")),
            ("a_{date}.csv", "a_2017-10-9.csv", None),
            ("a_{date}.csv", "a_20171309.csv", None),
            ("a_{date}.csv", "a_20171009T00.csv", None),
            ("a_{date}.csv", "a_.csv", None),
            ("a_{date}*.csv", "a_201710091530.csv", Some("2017-10-09")),
            (
                "*_{date}.csv",
                "a_20171008_20171009.csv",
                Some("2017-10-09"),
            ),
            ("*{date}*", "é20171008_20171009.csv", Some("2017-10-08")),
            ("{date}/a.csv", "20171009/a.csv", Some("2017-10-09")),
            ("{date}/a.csv", "20171009/b.csv", None),
            ("{date}*", "20171009.csv", Some("2017-10-09")),
            ("*{date}", ".20171009", None),
        ] {
            let known = FilePattern::new(pattern).expect("a pattern");
            let day = known.means_path(path).then(|| known.day_of(path)).flatten();
            assert_eq!(
                day.map(|day| day.to_string()).as_deref(),
                want,
                "{pattern} {path}"
            );
            assert_eq!(means(pattern, path), want.is_some(), "{pattern} {path}");
            assert!(known.is_dated());
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "",
            " ",
            "/a",
            "../a",
            "a/../b",
            "a\\b",
            "**/a",
            "a/**",
            "{a,b}",
            "a[",
            "a[]",
            "[9-0]",
            "a//b",
            "a/",
            ".",
            "{date}_{date}.csv",
            "{Date}.csv",
            "{date",
        ] {
            assert!(FilePattern::new(text).is_err(), "{text}");
        }
    }
}
