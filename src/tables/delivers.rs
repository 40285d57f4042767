//! What a delivery holds of a table.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a delivery holds of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "what is delivered", rename_all = "snake_case")]
#[schemars(rename = "Delivers")]
pub enum Delivers {
    /// All rows.
    #[default]
    Full,
    /// The rows that are new or changed since the last published run; those of other keys are carried on from it.
    Delta,
}
