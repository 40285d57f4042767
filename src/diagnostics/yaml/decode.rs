//! Tree to declared types: a serde deserializer that reports each mistake at its place and goes on where it can.
//!
//! A mistake is reported at the innermost value that it concerns, the moment it is found; what travels up after that is
//! only the news that there is no value. So [`super::Tried`] can stop it anywhere without losing the message.

use std::{cell::Cell, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Visitor},
};

use super::{
    Node, Value,
    access::{Entries, Items, Variant, WithPlace},
    context::{Context, Decoding, Failure},
    shapes,
};
use crate::diagnostics::{AT_MARKER, Diagnostic, Source};

/// Reads `node` as a `T`, all unknown keys reported; `None` when there is no value, which has then been reported.
pub fn decode<'de, T: Deserialize<'de>>(
    node: &'de Node,
    source: &Arc<Source>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    decode_partly(node, source, &[], diagnostics)
}

/// Like [`decode`], for a map of which another type reads the keys in `others`: they are passed over, and suggested with the type's own.
pub fn decode_partly<'de, T: Deserialize<'de>>(
    node: &'de Node,
    source: &Arc<Source>,
    others: &'static [&'static str],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    let _decoding = Decoding::of(source);
    let context = Context::new(source, diagnostics);
    T::deserialize(Decoder {
        node,
        context: &context,
        others,
        keyed: false,
        optional: false,
    })
    .ok()
}

/// Like [`decode`]; where the map lacks one of the keys that it `needs`, which is reported, the rest is read all the same, that key as nothing.
pub fn decode_parts<T: DeserializeOwned>(
    node: &Node,
    source: &Arc<Source>,
    needs: &[&str],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    // What the second reading finds, the first has reported.
    decode(node, source, diagnostics)
        .or_else(|| decode(&node.filled(needs), source, &mut Vec::new()))
}

/// The fields that a struct asks for.
pub fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let fields = Cell::new(None);
    let _ = T::deserialize(FieldsOf(&fields));
    fields.get().unwrap_or_default()
}

#[derive(Clone, Copy)]
pub struct Decoder<'de, 'c> {
    pub node: &'de Node,
    pub context: &'c Context<'c>,
    /// Keys of this very map that another type reads.
    pub others: &'static [&'static str],
    /// Whether it stands behind a key that the type knows, which is left out where there is nothing to say.
    pub keyed: bool,
    /// Whether the key may be left out.
    pub optional: bool,
}

impl<'de, 'c> Decoder<'de, 'c> {
    pub fn child(&self, node: &'de Node) -> Self {
        Self {
            node,
            context: self.context,
            others: &[],
            keyed: false,
            optional: false,
        }
    }

    /// The value behind a key that the type knows.
    pub fn behind_key(&self, node: &'de Node) -> Self {
        Self {
            keyed: true,
            ..self.child(node)
        }
    }

    pub fn settle<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.context.settle(result, self.node)
    }

    /// A value of another shape than `wanted`.
    fn other_shape<T>(&self, wanted: &str) -> Result<T, Failure> {
        let found = match &self.node.value {
            _ if self.node.is_null() => "nothing".to_owned(),
            Value::Scalar { text, plain: true } => format!("`{text}`"),
            Value::Scalar { .. } => "a text".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        };
        let help = match self.plain() {
            Some(text) if leading_nought(text) => Some("write it without the leading nought"),
            _ if self.node.is_null() && self.optional => {
                Some("write it, or remove the key if it is not needed")
            }
            _ => None,
        };
        self.settle(Err(Failure::new(
            format!("{wanted} has to stand here, not {found}"),
            help.map(str::to_owned),
        )))
    }

    fn text(&self) -> Option<&'de str> {
        match &self.node.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    fn plain(&self) -> Option<&'de str> {
        match &self.node.value {
            Value::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    pub fn entries_of<V: Visitor<'de>>(
        &self,
        fields: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let Value::Map(entries) = &self.node.value else {
            return self.other_shape("a map of settings");
        };
        let access = Entries {
            decoder: *self,
            fields,
            rest: entries.iter(),
            value: None,
        };
        self.settle(visitor.visit_map(access))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty: $words:literal),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            let number = self.plain().filter(|text| !leading_nought(text));
            match number.and_then(|text| text.parse::<$type>().ok()) {
                Some(number) => self.settle(visitor.$visit(number)),
                None => self.other_shape($words),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Decoder<'de, '_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.value {
            _ if self.node.is_null() && self.keyed => self.other_shape("a value"),
            _ if self.node.is_null() => self.settle(visitor.visit_unit()),
            Value::Scalar { text, plain } => {
                let result = match text.as_str() {
                    "true" if *plain => visitor.visit_bool(true),
                    "false" if *plain => visitor.visit_bool(false),
                    number if *plain && number.parse::<i64>().is_ok() => {
                        visitor.visit_i64(number.parse().unwrap_or_default())
                    }
                    _ => visitor.visit_borrowed_str(text),
                };
                self.settle(result)
            }
            Value::Sequence(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8: "a small whole number",
        deserialize_i16 visit_i16 i16: "a small whole number",
        deserialize_i32 visit_i32 i32: "a whole number",
        deserialize_i64 visit_i64 i64: "a whole number",
        deserialize_u8 visit_u8 u8: "a whole number from 0 to 255",
        deserialize_u16 visit_u16 u16: "a whole number from 0 to 65535",
        deserialize_u32 visit_u32 u32: "a whole number of 0 or more",
        deserialize_u64 visit_u64 u64: "a whole number of 0 or more",
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self
            .plain()
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|n| n.is_finite())
        {
            Some(number) => self.settle(visitor.visit_f64(number)),
            None => self.other_shape("a number"),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.plain() {
            Some("true") => self.settle(visitor.visit_bool(true)),
            Some("false") => self.settle(visitor.visit_bool(false)),
            _ => self.other_shape("`true` or `false`"),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.text() {
            // `why:` with nothing behind it is a slip; a word such as `null` may be a text, but then it is quoted.
            Some(text) if !self.node.is_null() => self.settle(visitor.visit_borrowed_str(text)),
            _ => self.other_shape("a text"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        // What is not there has no key: a key with nothing behind it is a slip.
        if self.node.is_null() && !self.keyed {
            return self.settle(visitor.visit_none());
        }
        visitor.visit_some(Self {
            optional: true,
            ..self
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() {
            return self.settle(visitor.visit_unit());
        }
        self.other_shape("nothing")
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == shapes::NODE_MARKER {
            shapes::hand_over(self.node);
            return self.settle(visitor.visit_unit());
        }
        let result = visitor.visit_newtype_struct(self);
        self.settle(result)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let Value::Sequence(items) = &self.node.value else {
            return self.other_shape("a list");
        };
        self.settle(visitor.visit_seq(Items {
            decoder: self,
            rest: items.iter(),
        }))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.entries_of(None, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == AT_MARKER {
            let result = visitor.visit_map(WithPlace {
                decoder: self,
                step: 0,
            });
            return self.settle(result);
        }
        self.entries_of(Some(fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == shapes::SHORTHAND_MARKER {
            let index = usize::from(matches!(self.node.value, Value::Map(_)));
            let name = variants.get(index).copied().unwrap_or_default();
            let result = visitor.visit_enum(Variant {
                name,
                content: Some(self),
                of: self,
            });
            return self.settle(result);
        }
        let (word, place, content) = match &self.node.value {
            Value::Scalar { text, .. } => (text, &self.node.bytes, None),
            Value::Map(entries) => match entries.as_slice() {
                [(key, node)] => (
                    &key.text,
                    &key.bytes,
                    Some(Decoder {
                        others: self.others,
                        ..self.child(node)
                    }),
                ),
                _ => {
                    let message = format!(
                        "exactly one {} has to stand here, not {}",
                        in_words(name),
                        entries.len()
                    );
                    return self.settle(Err(Failure::new(
                        message,
                        Some(format!("known are: {}", variants.join(", "))),
                    )));
                }
            },
            Value::Sequence(_) => return self.other_shape(&format!("one {}", in_words(name))),
        };
        if self.node.is_null() && variants.contains(&word.as_str()) {
            let message = format!(
                "`{word}` without quotes is nothing and no {}",
                in_words(name)
            );
            let help = format!("write `\"{word}\"`, in quotes");
            return self.settle(Err(Failure::new(message, Some(help))));
        }
        if !variants.contains(&word.as_str()) {
            let diagnostic = Diagnostic::at(
                &self.context.span(place.clone()),
                format!("unknown {} `{word}`", in_words(name)),
            )
            .suggest(word, variants.iter().copied());
            self.context.say(diagnostic);
            return Err(Failure(None));
        }
        self.settle(visitor.visit_enum(Variant {
            name: word,
            content,
            of: self,
        }))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

/// Whether a number is written as `010`, which some take for eight and some for ten.
fn leading_nought(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `ColumnType` as `column type`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for (place, letter) in name.char_indices() {
        if letter.is_uppercase() && place > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// A deserializer that only listens to which fields are asked for.
struct FieldsOf<'f>(&'f Cell<Option<&'static [&'static str]>>);

impl<'de> Deserializer<'de> for FieldsOf<'_> {
    type Error = Failure;
    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Failure> {
        Err(Failure(None))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Failure> {
        self.0.set(Some(fields));
        Err(Failure(None))
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
