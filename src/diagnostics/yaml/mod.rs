//! YAML with places: text becomes a tree in which every key and value knows its bytes, and the tree becomes declared types.
//!
//! Rule files need only the plain part of YAML. Anchors, aliases, merge keys, tags and further documents are refused:
//! they hide what a rule says from its reader, and a few aliases can unfold to gigabytes.

mod access;
mod context;
mod decode;
mod parse;
mod place;
mod schema;
mod shapes;
#[cfg(test)]
mod tests;
pub mod write;

use std::{ops::Range, sync::Arc};

pub use decode::{decode, decode_partly, decode_parts, fields_of};
pub use parse::{MAX_BYTES, MAX_DEPTH, parse, parse_foreign};
pub use place::{span_in, span_of_bytes};
pub use schema::exactly_one;
pub use shapes::{Entries, Shorthand, Tried};

use super::{Source, Span};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Byte range in the file.
    pub bytes: Range<usize>,
    /// What stands there.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, with escapes resolved and indentation removed.
    Scalar {
        /// The text.
        text: String,
        /// Whether it was written without quotes and not as a block: only such a text can be a number, a truth value or null.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in file order, each key once.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Byte range in the file.
    pub bytes: Range<usize>,
}

impl Node {
    /// Its place in `source`, which must be the file that it was parsed from.
    pub fn span(&self, source: &Arc<Source>) -> Span {
        Span {
            source: source.clone(),
            bytes: self.bytes.clone(),
        }
    }

    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let (_, value) = self.entries().iter().find(|(k, _)| k.text == key)?;
        Some(value)
    }

    /// The same map with nothing under each of `keys` that it lacks, so that the rest can be read; anything but a map as it is.
    fn filled(&self, keys: &[&str]) -> Node {
        let mut filled = self.clone();
        if let Value::Map(entries) = &mut filled.value {
            for key in keys {
                if entries.iter().any(|(k, _)| k.text == *key) {
                    continue;
                }
                let bytes = self.bytes.clone();
                let nothing = Value::Scalar {
                    text: String::new(),
                    plain: true,
                };
                let key = Key {
                    text: (*key).to_owned(),
                    bytes: bytes.clone(),
                };
                entries.push((
                    key,
                    Node {
                        bytes,
                        value: nothing,
                    },
                ));
            }
        }
        filled
    }

    /// The entries of a map; nothing for anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether it is null: plain `null`, `~` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}
