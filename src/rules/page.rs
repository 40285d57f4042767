//! What a kind of rule says about itself: its doc comment and those of its settings, for editors, `explain` and docs/kinds.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

/// The documentation of one kind.
#[derive(Clone, Debug)]
pub struct Page {
    /// The kind's word in rule files.
    pub word: &'static str,
    /// Markdown: what is checked, then sections under `##`.
    pub docs: String,
    /// Its settings: those that a rule has to have, then the others, each by name.
    pub settings: Vec<Setting>,
}

/// A setting of a kind.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its key.
    pub name: String,
    /// What it says, in Markdown.
    pub docs: String,
    /// Whether a rule has to have it.
    pub needed: bool,
}

impl Page {
    /// The page of a kind whose settings are a `T`.
    pub(super) fn of<T: JsonSchema>(word: &'static str) -> Self {
        let mut generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
        let schema = T::json_schema(&mut generator);
        let text = |value: Option<&serde_json::Value>| {
            let text = value.and_then(|value| value.as_str());
            text.unwrap_or_default().to_owned()
        };
        let needed = schema.get("required").and_then(|keys| keys.as_array());
        let is_needed = |name: &String| {
            needed.is_some_and(|keys| keys.iter().any(|key| key.as_str() == Some(name)))
        };
        let properties = schema.get("properties").and_then(|all| all.as_object());
        let settings = properties.into_iter().flatten();
        let mut settings: Vec<Setting> = settings
            .map(|(name, schema)| Setting {
                needed: is_needed(name),
                docs: text(schema.get("description")),
                name: name.clone(),
            })
            .collect();
        settings.sort_by(|a, b| (!a.needed, &a.name).cmp(&(!b.needed, &b.name)));
        Self {
            word,
            docs: text(schema.get("description")),
            settings,
        }
    }

    /// What is checked, without the sections that go into detail.
    pub fn lede(&self) -> &str {
        lede(&self.docs)
    }
}

/// A text up to its first section.
pub fn lede(docs: &str) -> &str {
    docs.split("\n## ").next().unwrap_or(docs).trim_end()
}
