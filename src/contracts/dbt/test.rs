//! A test of dbt as its file says it.

use super::{
    super::foreign::{Foreign, scalar},
    config::SILENT,
};
use crate::diagnostics::{
    Span,
    yaml::{Key, Node, Value},
};

/// A test while it is read.
pub struct Test {
    /// Its name with its package, such as `dbt_utils.accepted_range`.
    pub full: String,
    /// Its name alone.
    pub name: String,
    pub span: Span,
    /// What is tested.
    pub arguments: Node,
    /// What it says of itself.
    pub config: Vec<(String, Node)>,
    /// Whether it stands among the constraints.
    pub is_constraint: bool,
}

/// Keys that configure a test, whether they stand under `config` or not.
const CONFIG: [&str; 7] = [
    "severity",
    "where",
    "error_if",
    "warn_if",
    "enabled",
    "row_condition",
    "description",
];

impl Test {
    /// A test as the file lists it: a name, a name with arguments, or a map that says its name.
    pub fn read(node: &Node, foreign: &Foreign<'_>) -> Option<Self> {
        let span = foreign.span(node);
        let empty = Node {
            bytes: node.bytes.clone(),
            value: Value::Map(Vec::new()),
        };
        let (full, body) = match &node.value {
            Value::Scalar { text, .. } => (text.clone(), empty),
            Value::Map(_) if node.get("test_name").is_some() => (
                node.get("test_name").and_then(scalar)?.to_owned(),
                node.clone(),
            ),
            Value::Map(entries) => match &entries[..] {
                [(key, body)] => (key.text.clone(), body.clone()),
                // `- unique:` with its settings beside it, indented one step too little.
                [(key, body), ..] if body.is_null() => (key.text.clone(), node.clone()),
                _ => return None,
            },
            Value::Sequence(_) => return None,
        };
        if !body.is_null() && !matches!(body.value, Value::Map(_)) {
            return None;
        }
        let mut arguments = Vec::new();
        let mut config = Vec::new();
        for (key, value) in body.entries() {
            match key.text.as_str() {
                "config" if matches!(value.value, Value::Map(_)) => config.extend(
                    value
                        .entries()
                        .iter()
                        .map(|(k, v)| (k.text.clone(), v.clone())),
                ),
                "arguments" if matches!(value.value, Value::Map(_)) => {
                    arguments.extend(value.entries().to_vec());
                }
                "config" | "arguments" => config.push((key.text.clone(), value.clone())),
                name if CONFIG.contains(&name) || SILENT.contains(&name) => {
                    config.push((key.text.clone(), value.clone()))
                }
                "test_name" | "column_name" => {}
                name if name == full => {}
                _ => arguments.push((key.clone(), value.clone())),
            }
        }
        // Those of dbt_expectations stand among the arguments in newer files.
        let (moved, arguments): (Vec<_>, Vec<_>) = arguments
            .into_iter()
            .partition(|(key, _)| key.text == "row_condition");
        config.extend(moved.into_iter().map(|(key, value)| (key.text, value)));
        Some(Self::new(
            full,
            span,
            Node {
                bytes: body.bytes.clone(),
                value: Value::Map(arguments),
            },
            config,
        ))
    }

    fn new(full: String, span: Span, arguments: Node, config: Vec<(String, Node)>) -> Self {
        let name = full.rsplit('.').next().unwrap_or_default().to_owned();
        Self {
            full,
            name,
            span,
            arguments,
            config,
            is_constraint: false,
        }
    }

    /// A constraint as the test that says the same.
    pub fn of_constraint(
        node: &Node,
        name: &str,
        arguments: Vec<(&str, Node)>,
        foreign: &Foreign<'_>,
    ) -> Self {
        let key = |text: &str| Key {
            text: text.to_owned(),
            bytes: node.bytes.clone(),
        };
        let arguments = arguments
            .into_iter()
            .map(|(name, node)| (key(name), node))
            .collect();
        let arguments = Node {
            bytes: node.bytes.clone(),
            value: Value::Map(arguments),
        };
        let mut test = Self::new(name.to_owned(), foreign.span(node), arguments, Vec::new());
        test.is_constraint = true;
        test
    }

    pub fn argument(&self, key: &str) -> Option<String> {
        self.arguments.get(key).and_then(scalar).map(str::to_owned)
    }

    pub fn says(&self, key: &str, by_default: bool) -> bool {
        self.argument(key)
            .map_or(by_default, |said| said.eq_ignore_ascii_case("true"))
    }
}
