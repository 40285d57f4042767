//! What is done when a file does not have the columns that its table declares.

use schemars::JsonSchema;
use serde::Deserialize;

/// What is done when a file does not have the columns that its table declares. Whatever is done, the log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Drift")]
pub struct Drift {
    /// About columns that the table does not declare; unless said `warn`.
    pub new_columns: NewColumns,
    /// About declared columns that a file lacks; unless said `fail`.
    pub missing_columns: MissingColumns,
    /// About columns in another order than the declared one; unless said `ignore`, since columns are found by name.
    pub reordered_columns: ReorderedColumns,
    /// About columns most of whose cells in a file cannot be read as the declared type; unless said `warn`.
    pub retyped_columns: RetypedColumns,
}

/// About columns that the table does not declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "policy of new columns", rename_all = "snake_case")]
#[schemars(rename = "NewColumns")]
pub enum NewColumns {
    /// They are told and not read.
    #[default]
    Warn,
    /// They are told, and their cells kept as text in `aside/<table>.parquet`.
    Keep,
    /// They block the run.
    Fail,
}

/// About declared columns that a file lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "policy of missing columns", rename_all = "snake_case")]
#[schemars(rename = "MissingColumns")]
pub enum MissingColumns {
    /// The file is refused.
    #[default]
    Fail,
    /// They are read as blank in every row of the file; only a file without a column of the key is refused.
    Null,
}

/// About columns in another order than the declared one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "policy of reordered columns", rename_all = "snake_case")]
#[schemars(rename = "ReorderedColumns")]
pub enum ReorderedColumns {
    /// Nothing.
    #[default]
    Ignore,
    /// They are told.
    Warn,
    /// They block the run.
    Fail,
}

/// About columns most of whose cells in a file cannot be read as the declared type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename = "policy of retyped columns", rename_all = "snake_case")]
#[schemars(rename = "RetypedColumns")]
pub enum RetypedColumns {
    /// They are told.
    #[default]
    Warn,
    /// They block the run.
    Fail,
}
