//! Tree to declared types: a serde deserializer that reports each mistake at its place and goes on where it can.
//!
//! A mistake is reported at the innermost value that it concerns, the moment it is found; what travels up after that is
//! only the news that there is no value. So [`super::Tried`] can stop it anywhere without losing the message.

use std::{
    cell::{Cell, RefCell},
    fmt,
    sync::Arc,
};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor, value::BorrowedStrDeserializer,
    },
};

use super::{Key, Node, Value, shapes};
use crate::diagnostics::{AT_MARKER, DECODING, Diagnostic, Source, Span};

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
    let context = Context {
        source,
        said: RefCell::new(diagnostics),
    };
    T::deserialize(Decoder {
        node,
        context: &context,
        others,
    })
    .ok()
}

/// The fields that a struct asks for.
pub fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let fields = Cell::new(None);
    let _ = T::deserialize(FieldsOf(&fields));
    fields.get().unwrap_or_default()
}

/// Sets the file that places belong to, and puts back the one before.
struct Decoding(Option<Arc<Source>>);

impl Decoding {
    fn of(source: &Arc<Source>) -> Self {
        Self(DECODING.with(|current| current.replace(Some(source.clone()))))
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        DECODING.with(|current| *current.borrow_mut() = self.0.take());
    }
}

struct Context<'c> {
    source: &'c Arc<Source>,
    said: RefCell<&'c mut Vec<Diagnostic>>,
}

impl Context<'_> {
    fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        Span {
            source: self.source.clone(),
            bytes,
        }
    }

    /// Reports a failure that nobody has reported yet.
    fn settle<T>(&self, result: Result<T, Failure>, node: &Node) -> Result<T, Failure> {
        if let Err(Failure(Some(problem))) = result {
            let mut diagnostic = Diagnostic::at(&self.span(node.bytes.clone()), problem.message);
            diagnostic.help = problem.help;
            self.said.borrow_mut().push(diagnostic);
            return Err(Failure(None));
        }
        result
    }
}

/// Why there is no value: the problem, or `None` once it has been reported.
#[derive(Debug)]
struct Failure(Option<Problem>);

#[derive(Debug)]
struct Problem {
    message: String,
    help: Option<String>,
}

impl Failure {
    fn new(message: impl Into<String>, help: Option<String>) -> Self {
        Self(Some(Problem {
            message: message.into(),
            help,
        }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .as_ref()
                .map_or("reported", |problem| &problem.message),
        )
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), None)
    }
    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` is missing"), None)
    }
}

#[derive(Clone, Copy)]
struct Decoder<'de, 'c> {
    node: &'de Node,
    context: &'c Context<'c>,
    /// Keys of this very map that another type reads.
    others: &'static [&'static str],
}

impl<'de, 'c> Decoder<'de, 'c> {
    fn child(&self, node: &'de Node) -> Self {
        Self {
            node,
            context: self.context,
            others: &[],
        }
    }

    fn settle<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
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
        self.settle(Err(Failure::new(
            format!("{wanted} has to stand here, not {found}"),
            None,
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

    fn entries_of<V: Visitor<'de>>(
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
            match self.plain().and_then(|text| text.parse::<$type>().ok()) {
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
        if self.node.is_null() {
            return self.settle(visitor.visit_none());
        }
        visitor.visit_some(self)
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
                        "exactly one {name} has to stand here, not {}",
                        entries.len()
                    );
                    return self.settle(Err(Failure::new(
                        message,
                        Some(format!("known are: {}", variants.join(", "))),
                    )));
                }
            },
            Value::Sequence(_) => return self.other_shape(&format!("one {name}")),
        };
        if !variants.contains(&word.as_str()) {
            let diagnostic = Diagnostic::at(
                &self.context.span(place.clone()),
                format!("unknown {} `{word}`", in_words(name)),
            )
            .suggest(word, variants.iter().copied());
            self.context.said.borrow_mut().push(diagnostic);
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

struct Items<'de, 'c> {
    decoder: Decoder<'de, 'c>,
    rest: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Failure;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        self.rest
            .next()
            .map(|node| seed.deserialize(self.decoder.child(node)))
            .transpose()
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries<'de, 'c> {
    decoder: Decoder<'de, 'c>,
    /// The known keys, where a struct is read.
    fields: Option<&'static [&'static str]>,
    rest: std::slice::Iter<'de, (Key, Node)>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Failure;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let Decoder {
            context, others, ..
        } = self.decoder;
        for (key, node) in self.rest.by_ref() {
            let Some(fields) = self.fields else {
                self.value = Some(node);
                return seed.deserialize(KeyDecoder { key, context }).map(Some);
            };
            if fields.contains(&key.text.as_str()) {
                self.value = Some(node);
                return seed
                    .deserialize(BorrowedStrDeserializer::new(&key.text))
                    .map(Some);
            }
            if !others.contains(&key.text.as_str()) {
                let known = fields.iter().chain(others).copied();
                let diagnostic = Diagnostic::at(
                    &context.span(key.bytes.clone()),
                    format!("unknown key `{}`", key.text),
                )
                .suggest(&key.text, known);
                context.said.borrow_mut().push(diagnostic);
            }
        }
        Ok(None)
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        match self.value.take() {
            Some(node) => seed.deserialize(self.decoder.child(node)),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

/// A key as a text, with its place where that is asked for.
#[derive(Clone, Copy)]
struct KeyDecoder<'de, 'c> {
    key: &'de Key,
    context: &'c Context<'c>,
}

impl<'de> Deserializer<'de> for KeyDecoder<'de, '_> {
    type Error = Failure;
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let result = visitor.visit_borrowed_str(&self.key.text);
        let node = Node {
            bytes: self.key.bytes.clone(),
            value: Value::Sequence(Vec::new()),
        };
        self.context.settle(result, &node)
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == AT_MARKER {
            return visitor.visit_map(KeyWithPlace {
                decoder: self,
                step: 0,
            });
        }
        self.deserialize_any(visitor)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Answers [`crate::diagnostics::At`]: start, end, value.
struct WithPlace<'de, 'c> {
    decoder: Decoder<'de, 'c>,
    step: usize,
}

struct KeyWithPlace<'de, 'c> {
    decoder: KeyDecoder<'de, 'c>,
    step: usize,
}

macro_rules! with_place {
    ($type:ident, $part:ident) => {
        impl<'de> MapAccess<'de> for $type<'de, '_> {
            type Error = Failure;
            fn next_key_seed<K: DeserializeSeed<'de>>(
                &mut self,
                seed: K,
            ) -> Result<Option<K::Value>, Failure> {
                let field = crate::diagnostics::AT_FIELDS.get(self.step);
                field
                    .map(|field| seed.deserialize(BorrowedStrDeserializer::new(field)))
                    .transpose()
            }
            fn next_value_seed<T: DeserializeSeed<'de>>(
                &mut self,
                seed: T,
            ) -> Result<T::Value, Failure> {
                self.step += 1;
                let bytes = &self.decoder.$part.bytes;
                match self.step {
                    1 => seed.deserialize(bytes.start.into_deserializer()),
                    2 => seed.deserialize(bytes.end.into_deserializer()),
                    _ => seed.deserialize(self.decoder),
                }
            }
        }
    };
}

with_place!(WithPlace, node);
with_place!(KeyWithPlace, key);

struct Variant<'de, 'c> {
    name: &'de str,
    content: Option<Decoder<'de, 'c>>,
    of: Decoder<'de, 'c>,
}

impl<'de, 'c> EnumAccess<'de> for Variant<'de, 'c> {
    type Error = Failure;
    type Variant = Self;
    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Failure> {
        let variant = seed.deserialize(BorrowedStrDeserializer::<Failure>::new(self.name))?;
        Ok((variant, self))
    }
}

impl<'de, 'c> Variant<'de, 'c> {
    fn content(&self) -> Result<Decoder<'de, 'c>, Failure> {
        let message = format!("`{}` stands here without its settings", self.name);
        let help = format!("write `{}: …`; `{{}}` where it needs none", self.name);
        self.content
            .ok_or_else(|| Failure::new(message, Some(help)))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Failure;
    fn unit_variant(self) -> Result<(), Failure> {
        match self.content {
            Some(_) => self.of.settle(Err(Failure::new(
                format!("`{}` has no settings", self.name),
                None,
            ))),
            None => Ok(()),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        seed.deserialize(self.content()?)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Failure> {
        self.content()?.deserialize_seq(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.content()?.entries_of(Some(fields), visitor)
    }
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
