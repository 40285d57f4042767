//! Which figures a side of a statement is about.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};

use super::Key;
use crate::diagnostics::{At, Span, yaml::Shorthand};

/// Figures by their keys: each key a text or a list of texts, an absent key being any.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Selector {
    /// `published` or `computed`.
    pub source: Option<Texts>,
    /// The tables.
    pub table: Option<Texts>,
    /// Where in the publication.
    pub origin: Option<Texts>,
    /// The periods.
    pub period: Option<Texts>,
    /// The populations.
    pub population: Option<Texts>,
    /// The categories; codes where `codes` names a list.
    pub category: Option<Texts>,
    /// The measures.
    pub measure: Option<Texts>,
    /// Categories that are left out; codes where `codes` names a list.
    pub not_category: Option<Texts>,
    /// Only categories that start so; the start is removed before anything else looks at them.
    pub strip_prefix: Option<At<String>>,
    /// Only categories that end so; the end is removed.
    pub strip_suffix: Option<At<String>>,
    /// A code list: a category that is a code or an alias becomes the code, any other stays as printed.
    pub codes: Option<At<String>>,
    /// The category becomes its code's parent (needs `codes`), after `category` and `not_category` have chosen.
    pub group_by_parent: Option<At<bool>>,
    /// Keys that are overwritten before grouping and matching.
    #[serde(rename = "as")]
    pub overwrite: Option<Overwrite>,
}

/// What a selector's figures are called for grouping and matching.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Overwrite {
    /// The source.
    pub source: Option<At<String>>,
    /// The table.
    pub table: Option<At<String>>,
    /// The origin.
    pub origin: Option<At<String>>,
    /// The period.
    pub period: Option<At<String>>,
    /// The population.
    pub population: Option<At<String>>,
    /// The category.
    pub category: Option<At<String>>,
    /// The measure.
    pub measure: Option<At<String>>,
}

impl Selector {
    /// The texts that `key` may have; `None` is any.
    pub fn texts(&self, key: Key) -> Option<&[At<String>]> {
        let texts = match key {
            Key::Source => &self.source,
            Key::Table => &self.table,
            Key::Origin => &self.origin,
            Key::Period => &self.period,
            Key::Population => &self.population,
            Key::Category => &self.category,
            Key::Measure => &self.measure,
        };
        texts.as_ref().map(|texts| texts.0.as_slice())
    }

    /// What `key` is overwritten with.
    pub fn overwritten(&self, key: Key) -> Option<&At<String>> {
        let overwrite = self.overwrite.as_ref()?;
        match key {
            Key::Source => &overwrite.source,
            Key::Table => &overwrite.table,
            Key::Origin => &overwrite.origin,
            Key::Period => &overwrite.period,
            Key::Population => &overwrite.population,
            Key::Category => &overwrite.category,
            Key::Measure => &overwrite.measure,
        }
        .as_ref()
    }

    /// Whether the category becomes its code's parent.
    pub fn groups_by_parent(&self) -> bool {
        self.group_by_parent.as_ref().is_some_and(|at| at.value)
    }

    /// All settings in one line, the same for the same settings: `table: a, b; origin: body`.
    pub fn describe(&self) -> String {
        let list = |texts: &[At<String>]| {
            let texts: Vec<&str> = texts.iter().map(|t| t.value.as_str()).collect();
            texts.join(", ")
        };
        let mut parts = Vec::new();
        for key in Key::ALL {
            if let Some(texts) = self.texts(*key) {
                parts.push(format!("{key}: {}", list(texts)));
            }
        }
        if let Some(texts) = &self.not_category {
            parts.push(format!("not_category: {}", list(&texts.0)));
        }
        let texts = [
            ("strip_prefix", &self.strip_prefix),
            ("strip_suffix", &self.strip_suffix),
            ("codes", &self.codes),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                parts.push(format!("{name}: {}", text.value));
            }
        }
        if self.groups_by_parent() {
            parts.push("group_by_parent: true".to_owned());
        }
        for key in Key::ALL {
            if let Some(text) = self.overwritten(*key) {
                parts.push(format!("as {key}: {}", text.value));
            }
        }
        if parts.is_empty() {
            parts.push("any figure".to_owned());
        }
        parts.join("; ")
    }

    /// Every text of the selector, for replacing.
    pub(super) fn each_text(&mut self, apply: &mut dyn FnMut(&mut At<String>)) {
        let lists = [
            &mut self.source,
            &mut self.table,
            &mut self.origin,
            &mut self.period,
            &mut self.population,
            &mut self.category,
            &mut self.measure,
            &mut self.not_category,
        ];
        lists
            .into_iter()
            .flatten()
            .flat_map(|texts| texts.0.iter_mut())
            .for_each(&mut *apply);
        let texts = [
            &mut self.strip_prefix,
            &mut self.strip_suffix,
            &mut self.codes,
        ];
        texts.into_iter().flatten().for_each(&mut *apply);
        if let Some(overwrite) = &mut self.overwrite {
            let texts = [
                &mut overwrite.source,
                &mut overwrite.table,
                &mut overwrite.origin,
                &mut overwrite.period,
                &mut overwrite.population,
                &mut overwrite.category,
                &mut overwrite.measure,
            ];
            texts.into_iter().flatten().for_each(apply);
        }
    }
}

/// A selector, or a list of them whose figures are added.
#[derive(Clone, Debug)]
pub struct Sides {
    /// The selectors; one at least.
    pub all: Vec<At<Selector>>,
    /// Where they stand.
    pub span: Span,
}

impl<'de> Deserialize<'de> for Sides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type OneOrSeveral = Shorthand<Vec<At<Selector>>, At<Selector>>;
        let At { value, span } = At::<OneOrSeveral>::deserialize(deserializer)?;
        let all = match value {
            Shorthand::Short(several) => several,
            Shorthand::Long(one) => vec![one],
        };
        Ok(Self { all, span })
    }
}

impl JsonSchema for Sides {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Sides".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Shorthand::<Vec<Selector>, Selector>::json_schema(generator)
    }
}

/// A text or a list of texts.
#[derive(Clone, Debug)]
pub struct Texts(pub Vec<At<String>>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The place of a lone text is that of the whole value.
        let At { value, span } = At::<OneOrMany>::deserialize(deserializer)?;
        Ok(Self(match value {
            OneOrMany::One(value) => vec![At { value, span }],
            OneOrMany::Many(texts) => texts,
        }))
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> Cow<'static, str> {
        "Texts".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text or a list of texts; one that looks like a number or a truth value is quoted.",
            "type": ["string", "array"],
            "items": generator.subschema_for::<String>(),
        })
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<At<String>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts (quote one that looks like a number or a truth value)")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany::Many(texts))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
