//! Text to tree.

use std::{collections::HashSet, ops::Range, sync::Arc};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::{Key, Node, Value};
use crate::diagnostics::{Diagnostic, Source, Span};

/// Largest file, in bytes: rule files are written by hand.
pub const MAX_BYTES: usize = 4 << 20;
/// Deepest nesting of maps and lists.
pub const MAX_DEPTH: usize = 64;
/// Most keys of a map and items of a list.
pub const MAX_ITEMS: usize = 10_000;

/// Reads a file of one document. Whatever is wrong with it goes to `diagnostics`; `None` when there is no tree to go on with.
pub fn parse(source: &Arc<Source>, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    if source.text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes and may have {MAX_BYTES}",
            source.text.len()
        );
        diagnostics.push(Diagnostic::at(&span(source, 0..0), message).help("split it"));
        return None;
    }
    let mut builder = Builder {
        source,
        diagnostics,
        open: Vec::new(),
        root: None,
        documents: 0,
    };
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        disallow_directives: true,
    };
    for event in Parser::new_from_str_with_options(&source.text, options) {
        let (event, place) = match event {
            Ok(event) => event,
            Err(error) => {
                builder.syntax(&error);
                return None;
            }
        };
        let bytes = place.byte_range().unwrap_or_default();
        builder.event(event, bytes)?;
    }
    let root = builder.root;
    if root.is_none() {
        diagnostics.push(Diagnostic::at(&span(source, 0..0), "the file is empty"));
    }
    root
}

fn span(source: &Arc<Source>, bytes: Range<usize>) -> Span {
    Span {
        source: source.clone(),
        bytes,
    }
}

/// A list or map whose end has not come yet.
enum Open {
    Sequence(Range<usize>, Vec<Node>),
    Map {
        bytes: Range<usize>,
        entries: Vec<(Key, Node)>,
        seen: HashSet<String>,
        keys: usize,
        key: Option<Key>,
    },
}

struct Builder<'s, 'd> {
    source: &'s Arc<Source>,
    diagnostics: &'d mut Vec<Diagnostic>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Builder<'_, '_> {
    /// Takes one event; `None` stops the reading.
    fn event(&mut self, event: Event<'_>, bytes: Range<usize>) -> Option<()> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.refuse(
                        bytes,
                        "the file holds more than one document",
                        "remove `---` or split the file",
                    );
                    return None;
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(
                    bytes,
                    "aliases are not understood here",
                    "write the value out, or quote a text that starts with `*`",
                );
                return None;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_yaml(&bytes, anchor, tag.is_some())?;
                let plain = style == ScalarStyle::Plain;
                // Where nothing is written the parser says `~`.
                let text = if plain && bytes.is_empty() {
                    String::new()
                } else {
                    text.into_owned()
                };
                let bytes = match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => self.content(bytes),
                    _ => bytes,
                };
                self.node(Node {
                    bytes,
                    value: Value::Scalar { text, plain },
                })?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain_yaml(&bytes, anchor, tag.is_some())?;
                self.deeper(&bytes)?;
                self.open.push(Open::Sequence(bytes, Vec::new()));
            }
            Event::MappingStart(style, anchor, tag) => {
                self.plain_yaml(&bytes, anchor, tag.is_some())?;
                self.deeper(&bytes)?;
                let bytes = if style == StructureStyle::Block {
                    bytes.start..bytes.start
                } else {
                    bytes
                };
                self.open.push(Open::Map {
                    bytes,
                    entries: Vec::new(),
                    seen: HashSet::new(),
                    keys: 0,
                    key: None,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let node = self.close(&bytes)?;
                self.node(node)?;
            }
            _ => {}
        }
        Some(())
    }

    fn refuse(&mut self, bytes: Range<usize>, message: &str, help: &str) {
        let at = span(self.source, bytes);
        self.diagnostics
            .push(Diagnostic::at(&at, message).help(help));
    }

    fn plain_yaml(&mut self, bytes: &Range<usize>, anchor: usize, tagged: bool) -> Option<()> {
        if anchor != 0 {
            self.refuse(
                bytes.clone(),
                "anchors are not understood here",
                "write the value out where it is used",
            );
            return None;
        }
        if tagged {
            self.refuse(
                bytes.clone(),
                "tags are not understood here",
                "remove the `!…`; quote a text that should stay text",
            );
            return None;
        }
        Some(())
    }

    fn deeper(&mut self, bytes: &Range<usize>) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.refuse(
                bytes.clone(),
                &format!("this is nested deeper than {MAX_DEPTH} levels"),
                "no setting is that deep: look for a bracket too many",
            );
            return None;
        }
        Some(())
    }

    /// The lines of a block scalar without the blank ones at its end.
    fn content(&self, bytes: Range<usize>) -> Range<usize> {
        let text = self.source.text.get(bytes.clone()).unwrap_or_default();
        bytes.start..bytes.start + text.trim_end().len()
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node) -> Option<()> {
        let items = match self.open.last() {
            Some(Open::Sequence(_, items)) => items.len(),
            // Keys that are there twice are counted as well.
            Some(Open::Map { keys, .. }) => *keys,
            None => 0,
        };
        if items >= MAX_ITEMS {
            let message = format!("more than {MAX_ITEMS} items or keys stand here");
            self.refuse(node.bytes, &message, "part them among several files");
            return None;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence(_, items)) => items.push(node),
            Some(Open::Map {
                entries,
                seen,
                keys,
                key,
                ..
            }) => match key.take() {
                Some(found) if !seen.insert(found.text.clone()) => {
                    let message = format!("`{}` stands here twice", found.text);
                    self.refuse(found.bytes, &message, "remove one of them");
                }
                Some(found) => entries.push((found, node)),
                None => match node.value {
                    Value::Scalar { text, .. } if text == "<<" => {
                        self.refuse(
                            node.bytes,
                            "merge keys are not understood here",
                            "write the settings out where they are used",
                        );
                        return None;
                    }
                    Value::Scalar { text, .. } => {
                        *keys += 1;
                        *key = Some(Key {
                            text,
                            bytes: node.bytes,
                        })
                    }
                    _ => {
                        self.refuse(
                            node.bytes,
                            "a key has to be a plain text",
                            "quote it, or look for a missing quote around a value",
                        );
                        return None;
                    }
                },
            },
        }
        Some(())
    }

    fn close(&mut self, end: &Range<usize>) -> Option<Node> {
        // A block ends where its last child ends; its own end event only comes at the next token.
        let until = |last: Option<&Node>, start: &Range<usize>| match last {
            _ if !end.is_empty() => end.end,
            Some(node) => node.bytes.end,
            None => start.end,
        };
        Some(match self.open.pop()? {
            Open::Sequence(start, items) => Node {
                bytes: start.start..until(items.last(), &start),
                value: Value::Sequence(items),
            },
            Open::Map {
                bytes: start,
                entries,
                ..
            } => Node {
                bytes: start.start..until(entries.last().map(|(_, node)| node), &start),
                value: Value::Map(entries),
            },
        })
    }

    fn syntax(&mut self, error: &ScanError) {
        let start = error
            .marker()
            .byte_offset()
            .unwrap_or_default()
            .min(self.source.text.len());
        let wide = self
            .source
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        let help = match error.kind() {
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar => "use spaces instead of tabs",
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
                "quote a text that holds `: `, and check the indentation and brackets before this place"
            }
            ErrorKind::UnexpectedCharacter { .. } => "quote a text that starts with this character",
            ErrorKind::DirectiveDisallowed => "remove the line",
            _ => "check the indentation, quotes and brackets at and before this place",
        };
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            let message = format!("this is nested deeper than {MAX_DEPTH} levels");
            self.refuse(start..start + wide, &message, "write it flatter");
            return;
        }
        let message = format!("this is no YAML: {}", error.info());
        self.refuse(start..start + wide, &message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let source = Arc::new(Source {
            path: "t.yaml".into(),
            text: text.into(),
        });
        let mut diagnostics = Vec::new();
        let node = parse(&source, &mut diagnostics);
        let said = diagnostics
            .iter()
            .map(|d| format!("{:?} {}", d.span.as_ref().expect("a place"), d.message))
            .collect();
        (node, said)
    }

    #[test]
    fn every_node_knows_its_bytes() {
        let text = "\u{feff}a: 'it''s'\nb:\n  - one\n  - {c: 2}\nd: |\n  x\n   y\n\ne:\n";
        let (node, said) = read(text);
        assert_eq!(said, [""; 0]);
        let node = node.expect("a tree");
        let at = |node: &Node| text[node.bytes.clone()].to_owned();
        let get = |key: &str| node.get(key).expect("a key");
        assert_eq!(at(get("a")), "'it''s'");
        assert_eq!(
            get("a").value,
            Value::Scalar {
                text: "it's".into(),
                plain: false
            }
        );
        assert_eq!(at(get("b")), "- one\n  - {c: 2}");
        assert_eq!(at(get("d")), "x\n   y");
        assert_eq!(
            get("d").value,
            Value::Scalar {
                text: "x\n y\n".into(),
                plain: false
            }
        );
        assert!(get("e").is_null());
        let all = text["\u{feff}".len()..].trim_end_matches(":\n");
        assert_eq!(at(&node), all);
        assert_eq!(&text[node.entries()[1].0.bytes.clone()], "b");
    }

    #[test]
    fn refuses_what_rule_files_do_not_need() {
        let deep = "[".repeat(70) + &"]".repeat(70);
        let cases = [
            ("", "t.yaml:1:1 the file is empty"),
            ("# nothing\n", "t.yaml:1:1 the file is empty"),
            ("a: &x 1\n", "t.yaml:1:7 anchors are not understood here"),
            ("a: *x\n", "t.yaml:1:4 aliases are not understood here"),
            (
                "<<: {a: 1}\n",
                "t.yaml:1:1 merge keys are not understood here",
            ),
            ("a: !!str 1\n", "t.yaml:1:10 tags are not understood here"),
            (
                "a: 1\n---\nb: 1\n",
                "t.yaml:2:1 the file holds more than one document",
            ),
            ("[a]: 1\n", "t.yaml:1:1 a key has to be a plain text"),
            ("a: 1\nb: 2\na: 3\n", "t.yaml:3:1 `a` stands here twice"),
            (&deep, "t.yaml:1:65 this is nested deeper than 64 levels"),
            (
                "a:\n\tb: 1\n",
                "t.yaml:2:2 this is no YAML: tabs disallowed within this context (block indentation)",
            ),
            (
                "a: b: c\n",
                "t.yaml:1:5 this is no YAML: mapping values are not allowed in this context",
            ),
            ("a: 'x\n", "t.yaml:1:4 this is no YAML: unclosed quote"),
            (
                "%YAML 1.2\n---\na: 1\n",
                "t.yaml:1:1 this is no YAML: YAML directives are disallowed",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).1, [expected], "{text:?}");
        }
    }

    #[test]
    fn refuses_a_file_that_is_too_large() {
        let (node, said) = read(&"#".repeat(MAX_BYTES + 1));
        assert_eq!(node, None);
        assert_eq!(
            said,
            ["t.yaml:1:1 the file has 4194305 bytes and may have 4194304"]
        );
    }

    #[test]
    fn a_bomb_of_aliases_ends_at_its_first_anchor() {
        let (node, said) = read("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n");
        assert_eq!(node, None);
        assert_eq!(said, ["t.yaml:1:7 anchors are not understood here"]);
    }
}
