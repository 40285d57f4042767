//! The inner parts of the deserializer: items of lists, entries of maps, variants, and values with their places.

use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor, value::BorrowedStrDeserializer,
    },
};

use super::{
    Key, Node, Value,
    context::{Context, Failure},
    decode::Decoder,
};
use crate::diagnostics::{AT_FIELDS, AT_MARKER};

pub struct Items<'de, 'c> {
    pub decoder: Decoder<'de, 'c>,
    pub rest: std::slice::Iter<'de, Node>,
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

pub struct Entries<'de, 'c> {
    pub decoder: Decoder<'de, 'c>,
    /// The known keys, where a struct is read.
    pub fields: Option<&'static [&'static str]>,
    pub rest: std::slice::Iter<'de, (Key, Node)>,
    pub value: Option<&'de Node>,
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
                context.unknown_key(key, self.decoder.node, known);
            }
        }
        Ok(None)
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        match self.value.take() {
            Some(node) if self.fields.is_some() => seed.deserialize(self.decoder.behind_key(node)),
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
pub struct WithPlace<'de, 'c> {
    pub decoder: Decoder<'de, 'c>,
    pub step: usize,
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
                let field = AT_FIELDS.get(self.step);
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

pub struct Variant<'de, 'c> {
    pub name: &'de str,
    pub content: Option<Decoder<'de, 'c>>,
    pub of: Decoder<'de, 'c>,
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
