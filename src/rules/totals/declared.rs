//! For tests: declarations from JSON, their places found by looking for the text.

use std::sync::Arc;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::Error},
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::Statement;
use crate::diagnostics::{AT_FIELDS, AT_MARKER, DECODING, Source};

/// The statement that `json` declares, or the decoder's message.
pub(crate) fn statement(json: Value) -> Result<Statement, String> {
    let source = Arc::new(Source {
        path: "rules/totals/test.yaml".to_owned(),
        text: json.to_string(),
    });
    DECODING.with(|current| *current.borrow_mut() = Some(source));
    let statement = Statement::deserialize(Placed(json)).map_err(|error| error.to_string());
    DECODING.with(|current| *current.borrow_mut() = None);
    statement
}

struct Placed(Value);

impl<'de> Deserializer<'de> for Placed {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(number), _) => visitor.visit_i64(number),
                (None, Some(number)) => visitor.visit_f64(number),
                (None, None) => visitor.visit_unit(),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(fields) => {
                let fields: Vec<_> = fields.into_iter().collect();
                visitor.visit_map(Fields(fields.into_iter(), None))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != AT_MARKER {
            return self.deserialize_any(visitor);
        }
        let text = self.0.to_string();
        let start = DECODING
            .with(|source| source.borrow().as_ref()?.text.find(&text))
            .unwrap_or(0);
        let place = [start.into(), (start + text.len()).into(), self.0];
        let names = AT_FIELDS.iter().map(|name| (*name).to_owned());
        let fields: Vec<_> = names.zip(place).collect();
        visitor.visit_map(Fields(fields.into_iter(), None))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Object(fields) = self.0 else {
            return Err(serde::de::Error::custom("one kind is expected"));
        };
        let fields: Vec<_> = fields.into_iter().collect();
        let access = Fields(fields.into_iter(), None);
        visitor.visit_enum(serde::de::value::MapAccessDeserializer::new(access))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let next = self.0.next();
        next.map(|item| seed.deserialize(Placed(item))).transpose()
    }
}

struct Fields(std::vec::IntoIter<(String, Value)>, Option<Value>);

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.0.next() else {
            return Ok(None);
        };
        self.1 = Some(value);
        seed.deserialize(key.into_deserializer()).map(Some)
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let value = self.1.take().unwrap_or(Value::Null);
        seed.deserialize(Placed(value))
    }
}
