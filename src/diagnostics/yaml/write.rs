//! YAML as text, in the plain part of the language that project files use.

use crate::harmless::acts;

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// A text, quoted where it would be read as something else.
    Text(String),
    /// A number, a truth value or null, as it is.
    Plain(String),
    /// A list; on one line when it holds only short texts and plain values.
    List(Vec<Yaml>),
    /// Keys with values, in this order.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its text.
    pub key: String,
    /// What stands under it.
    pub value: Yaml,
    /// Said above it, each line after `# `.
    pub comment: String,
}

impl Entry {
    /// An entry without a comment.
    pub fn new(key: impl Into<String>, value: Yaml) -> Self {
        Self {
            key: key.into(),
            value,
            comment: String::new(),
        }
    }

    /// Says something above it.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = comment.into();
        self
    }
}

impl Yaml {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A whole file: a map, its last line break included.
    pub fn to_file(&self) -> String {
        let mut text = String::new();
        self.block(0, &mut text);
        text
    }

    /// On one line, if it fits there.
    fn line(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(scalar(text)),
            Self::Plain(text) => Some(text.clone()),
            Self::List(items) => {
                let short = |item: &Self| match item {
                    Self::Text(_) | Self::Plain(_) => item.line(),
                    Self::List(_) | Self::Map(_) => None,
                };
                let items: Option<Vec<String>> = items.iter().map(short).collect();
                let line = format!("[{}]", items?.join(", "));
                (line.chars().count() <= 100).then_some(line)
            }
            Self::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
            Self::Map(_) => None,
        }
    }

    /// On lines of its own, each after `indent` blanks.
    fn block(&self, indent: usize, text: &mut String) {
        let blanks = " ".repeat(indent);
        match self {
            Self::Map(entries) => {
                for Entry {
                    key,
                    value,
                    comment,
                } in entries
                {
                    for line in comment.lines() {
                        let line: String = line.chars().filter(|c| !acts(*c)).collect();
                        text.push_str(&format!("{blanks}# {line}\n"));
                    }
                    text.push_str(&format!("{blanks}{}:", scalar(key)));
                    value.after(indent + 2, text);
                }
            }
            Self::List(items) => {
                for item in items {
                    let mut block = String::new();
                    match item.line() {
                        Some(line) => block.push_str(&format!("{line}\n")),
                        None => item.block(indent + 2, &mut block),
                    }
                    text.push_str(&format!("{blanks}- {}", block.trim_start_matches(' ')));
                }
            }
            Self::Text(_) | Self::Plain(_) => {
                text.push_str(&format!("{blanks}{}\n", self.line().unwrap_or_default()));
            }
        }
    }

    /// After its key and a colon.
    fn after(&self, indent: usize, text: &mut String) {
        match (self, self.line()) {
            (Self::Text(lines), _) if is_block(lines) => {
                text.push_str(" |\n");
                for line in lines.trim_end().lines() {
                    let blanks = " ".repeat(if line.is_empty() { 0 } else { indent });
                    text.push_str(&format!("{blanks}{line}\n"));
                }
            }
            (_, Some(line)) => text.push_str(&format!(" {line}\n")),
            (_, None) => {
                text.push('\n');
                self.block(indent, text);
            }
        }
    }
}

/// Whether a text of several lines can stand as a block and be read as it is, but for blanks at its end.
fn is_block(text: &str) -> bool {
    let text = text.trim_end();
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|c| c == '\n' || !quoted(c))
}

/// Whether a character can only stand in quotes, escaped.
fn quoted(c: char) -> bool {
    acts(c) || c == '\u{feff}'
}

/// A text on one line.
fn scalar(text: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '/' | '(' | ')' | '\'')
    };
    let words = [
        "null", "true", "false", "yes", "no", "on", "off", "nan", "inf",
    ];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !text.ends_with(' ')
        && text.chars().all(plain)
        && !words.contains(&text.to_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut written = String::from('"');
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            c if quoted(c) => written.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::{
        Source,
        yaml::{Node, Value, parse},
    };

    /// The tree that the text is read as, without places.
    fn read(text: &str) -> Yaml {
        fn tree(node: &Node) -> Yaml {
            match &node.value {
                Value::Scalar { text, plain: true }
                    if node.is_null() || text.parse::<f64>().is_ok() || text == "true" =>
                {
                    Yaml::Plain(text.clone())
                }
                Value::Scalar { text, .. } => Yaml::text(text.trim_end_matches('\n')),
                Value::Sequence(items) => Yaml::List(items.iter().map(tree).collect()),
                Value::Map(entries) => Yaml::Map(
                    entries
                        .iter()
                        .map(|(k, v)| Entry::new(k.text.clone(), tree(v)))
                        .collect(),
                ),
            }
        }
        let source = Arc::new(Source {
            path: "x.yaml".into(),
            text: text.into(),
        });
        let mut diagnostics = Vec::new();
        let node = parse(&source, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
        tree(&node.expect("a tree"))
    }

    #[test]
    fn says_something_above_a_key() {
        let entry = Entry::new("a", Yaml::text("b")).comment("two\nlines\u{7}");
        assert_eq!(Yaml::Map(vec![entry]).to_file(), "# two\n# lines\na: b\n");
    }

    #[test]
    fn is_read_as_what_it_was() {
        let texts = [
            "plain",
            "",
            " ",
            "null",
            "Yes",
            "12",
            "1e3",
            "0x10",
            "a: b",
            "- a",
            "a #b",
            "é",
            "\"q\"",
            "tab\there",
            "\u{7}bell",
            "it's",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%",
            "@",
            "`",
            "a\\b",
            "~",
            "-",
            "?",
            "2017-01-05",
            "a ",
            "\u{feff}",
            "a\u{202e}b",
            "\u{1f600}",
            "SELECT 1\nFROM a\n\n  WHERE b",
            "\n lead",
            "a\n\tb",
        ];
        let long: Vec<String> = (0..40).map(|n| format!("code {n}")).collect();
        let all = Yaml::Map(vec![
            Entry::new("texts", Yaml::texts(texts)),
            Entry::new("long", Yaml::texts(long)),
            Entry::new("1", Yaml::Plain("1".into())),
            Entry::new("none", Yaml::Plain("null".into())),
            Entry::new("empty", Yaml::List(Vec::new())),
            Entry::new(
                "blocks",
                Yaml::Map(
                    texts
                        .iter()
                        .enumerate()
                        .map(|(n, t)| Entry::new(format!("k{n}"), Yaml::text(*t)))
                        .collect(),
                ),
            ),
            Entry::new(
                "deep",
                Yaml::List(vec![
                    Yaml::Map(vec![
                        Entry::new("a", Yaml::text("b")),
                        Entry::new(
                            "c",
                            Yaml::List(vec![Yaml::Map(vec![Entry::new("d", Yaml::text("e\nf"))])]),
                        ),
                    ]),
                    Yaml::List(vec![Yaml::List(vec![Yaml::Plain("1".into())])]),
                ]),
            ),
        ]);
        assert_eq!(read(&all.to_file()), all, "{}", all.to_file());
    }
}
