//! From what is derived of the types to what an editor should be told.

use std::collections::BTreeMap;

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

use crate::rules::lede;

/// The schema of the files that are decoded as a `T`.
pub fn schema<T: JsonSchema>(files: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(AsDecoded);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), json!(format!("Trueup: {files}")));
    sorted(schema.to_value())
}

/// The schema of what is written as a `T` says: nothing is left out, and null stands where there is nothing.
pub fn plain<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(AsWritten);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    sorted(schema.to_value())
}

/// Types say a little more than a reader needs to know.
#[derive(Clone)]
struct AsWritten;

impl Transform for AsWritten {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(keys) = schema.as_object_mut() else {
            return;
        };
        // `uint64` says nothing that `minimum: 0` does not.
        if keys.get("format").is_some_and(|word| word != "date") {
            keys.remove("format");
        }
        // A key that may be null is written all the same.
        if let Some(Value::Object(properties)) = keys.get("properties") {
            let names: Vec<Value> = properties.keys().cloned().map(Value::from).collect();
            keys.insert("required".to_owned(), names.into());
        }
    }
}

/// Types say less, or other things, than the decoder does with a file.
#[derive(Clone)]
struct AsDecoded;

impl Transform for AsDecoded {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(keys) = schema.as_object_mut() else {
            return;
        };
        // `uint64` says nothing that `minimum: 0` does not.
        keys.remove("format");
        let empty = |value: &Value| match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(keys) => keys.is_empty(),
            _ => false,
        };
        if keys.get("default").is_some_and(empty) {
            keys.remove("default");
        }
        if keys.get("required").is_some_and(empty) {
            keys.remove("required");
        }
        any_scalar_is_text(keys);
        if let Some(Value::Object(properties)) = keys.get_mut("properties") {
            for property in properties.values_mut().filter_map(Value::as_object_mut) {
                without_null(property);
            }
        }
        if let Some(Value::String(text)) = keys.get_mut("description") {
            *text = unlinked(lede(text));
        }
    }
}

/// A text may be written without quotes where it looks like a number: `min: 0`.
fn any_scalar_is_text(keys: &mut Map<String, Value>) {
    let narrower = ["enum", "const", "pattern"];
    let is_text = keys.get("type").is_some_and(|word| word == "string");
    if is_text && !narrower.iter().any(|key| keys.contains_key(*key)) {
        keys.insert("type".to_owned(), json!(["string", "number", "boolean"]));
    }
}

/// A key that may be left out is left out, and not written with nothing behind it.
fn without_null(property: &mut Map<String, Value>) {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|word| word != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".to_owned(), only);
        }
        any_scalar_is_text(property);
    }
    let Some(Value::Array(choices)) = property.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| *choice != null);
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        property.remove("anyOf");
        for (key, value) in only {
            // What the property says of itself is closer than what its type says.
            property.entry(key).or_insert(value);
        }
    }
}

/// `[a](a.md)` as `a`: where an editor shows it, there is no such file.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let (start, end) = (before.rfind('['), after.find(')'));
        let (Some(start), Some(end)) = (start, end) else {
            break;
        };
        out.push_str(&before[..start]);
        out.push_str(&before[start + 1..]);
        rest = &after[end + 1..];
    }
    out + rest
}

/// Keys in one order, whatever order this build of the JSON library keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(keys) => {
            let keys: BTreeMap<String, Value> =
                keys.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            keys.into_iter().collect()
        }
        other => other,
    }
}
