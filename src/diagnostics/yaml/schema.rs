//! JSON Schema of what the decoder reads: places and partial reading do not show, and a choice of one is one key of a map.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::{Entries, Shorthand, Tried};
use crate::diagnostics::At;

macro_rules! transparent {
    ($($type:ident),+) => {$(
        impl<T: JsonSchema> JsonSchema for $type<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )+};
}

transparent!(At, Tried);

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

impl<S: JsonSchema, L: JsonSchema> JsonSchema for Shorthand<S, L> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", S::schema_name(), L::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<S>(), generator.subschema_for::<L>()] })
    }
}

/// A map of exactly one of `choices`, each a word and what stands under it.
///
/// An alternative for each word would say the same; an editor could then not tell which word was meant, and would say
/// of a misspelt one that it lacks all others.
pub fn exactly_one(
    description: &str,
    choices: impl IntoIterator<Item = (&'static str, Schema)>,
) -> Schema {
    let choices = choices.into_iter();
    let properties: Map<String, Value> = choices
        .map(|(word, schema)| (word.to_owned(), schema.to_value()))
        .collect();
    json_schema!({
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}
