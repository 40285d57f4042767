//! JSON Schema of what table files decode in two steps: a rule is its kind's settings and those of every rule in one map.

use std::{borrow::Cow, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::table_file::{RuleFile, Settings, ThresholdFile};
use crate::{diagnostics::yaml::exactly_one, discrepancy::Severity, rules::lede};

/// A rule of kind `K` under a column: its severity alone, where the kind needs no setting, or its settings and those of every rule.
pub struct UnderColumn<K>(PhantomData<K>);

impl<K: JsonSchema> JsonSchema for UnderColumn<K> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}UnderColumn", K::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kind = K::json_schema(generator);
        let about = kind.get("description").and_then(Value::as_str);
        let about = about.map_or("", lede).to_owned();
        let needs = ["required", "anyOf", "oneOf"];
        let needs = needs.iter().any(|key| kind.get(*key).is_some());
        let long = merged(&[kind, Settings::json_schema(generator)]);
        if needs {
            return long;
        }
        json_schema!({
            "description": about,
            "anyOf": [generator.subschema_for::<Severity>(), long],
        })
    }
}

/// A rule of its own.
pub struct Alone;

impl JsonSchema for Alone {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        merged(&[
            RuleFile::json_schema(generator),
            Settings::json_schema(generator),
        ])
    }
}

/// An example of a rule.
pub struct Example;

impl JsonSchema for Example {
    fn schema_name() -> Cow<'static, str> {
        "Example".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let cell = cell();
        let row = json_schema!({ "type": "object", "additionalProperties": cell });
        json_schema!({
            "description": "A cell (under a column), a row (of a rule over one row), or a small delivery: each table with its rows. \
                Columns that are not given are blank.",
            "anyOf": [
                cell,
                row,
                { "type": "object", "additionalProperties": { "type": "array", "items": row } },
            ],
        })
    }
}

/// The text of a cell, as it stands in the file.
fn cell() -> Schema {
    json_schema!({ "type": ["string", "number", "boolean", "null"] })
}

/// A row of a test: column to text.
pub struct RowOfTexts;

impl JsonSchema for RowOfTexts {
    fn schema_name() -> Cow<'static, str> {
        "Row".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A row: column to text as it stands in the export. Columns that are not given are blank.",
            "type": "object",
            "additionalProperties": cell(),
        })
    }
}

impl JsonSchema for ThresholdFile {
    fn schema_name() -> Cow<'static, str> {
        "Threshold".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let count = json_schema!({ "description": "At most this many rows.", "type": "integer", "minimum": 0 });
        let share = json_schema!({
            "description": "At most this share of the evaluated rows, 0 to 1.",
            "type": "number", "minimum": 0, "maximum": 1,
        });
        let about = "Failures that are tolerated: within it they are logged as `info`. Exactly one of the two.";
        exactly_one(about, [("max_count", count), ("max_share", share)])
    }
}

/// One map of the keys of all; the first describes it.
fn merged(parts: &[Schema]) -> Schema {
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for part in parts {
        let keys = part.get("properties").and_then(Value::as_object);
        properties.extend(keys.cloned().unwrap_or_default());
        let needed = part.get("required").and_then(Value::as_array);
        required.extend(needed.cloned().unwrap_or_default());
    }
    let about = parts.iter().find_map(|part| part.get("description"));
    let mut schema = json_schema!({
        "description": about.and_then(Value::as_str).map(lede),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    // What one of several keys has to say.
    for key in ["anyOf", "oneOf"] {
        if let Some(choices) = parts.iter().find_map(|part| part.get(key)) {
            schema.insert(key.to_owned(), choices.clone());
        }
    }
    schema
}
