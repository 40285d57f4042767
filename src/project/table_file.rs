//! What `rules/tables/<table>.yaml` may say.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    gates::{CONDITION, FreshnessFile, VolumeFile},
    schema::{Alone, Example, UnderColumn},
    unread::Words,
};
use crate::{
    diagnostics::{
        At,
        yaml::{Entries, Node, Shorthand, Tried},
    },
    discrepancy::{Dimension, Severity},
    rules::{Kind, Nulls, OnFail, kinds},
    tables::{Clean, ColumnType, Delivers, Drift, Encoding, Format, Missing, Policy},
};

/// A table of the delivery: where it comes from, its columns, and the rules that it must keep.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub version: Tried<At<u64>>,
    /// The table's name, which is also the file's.
    pub table: Tried<At<String>>,
    /// What a row is.
    #[serde(default)]
    pub description: Tried<String>,
    /// Where the rows come from.
    pub source: Tried<SourceFile>,
    /// What is done when a file does not have the declared columns.
    #[serde(default)]
    pub drift: Tried<Drift>,
    /// The columns that identify a row: the log's `record_key`.
    #[schemars(extend("minItems" = 1))]
    pub key: Tried<Vec<At<String>>>,
    /// The columns, in the order of the outputs.
    #[schemars(extend("propertyNames" = name(), "minProperties" = 1))]
    pub columns: Tried<Entries<Tried<ColumnFile>>>,
    /// Rules of their own: what no column has a short form for.
    #[serde(default)]
    #[schemars(with = "Vec<Alone>")]
    pub rules: Tried<Vec<Node>>,
}

/// Where the rows come from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Source")]
pub struct SourceFile {
    /// The files inside the delivery: a path in which `*` stands for any text of a part, and `{date}` for the date of the night.
    pub files: At<String>,
    /// Whether a delivery without such a file is refused.
    #[serde(default = "yes")]
    pub required: bool,
    /// Whether a delivery holds the whole table, or what changed since the last published run; unless said `full`.
    #[serde(default)]
    pub delivers: Option<Tried<At<Delivers>>>,
    /// Their format; unless said it is told by their first bytes and their names.
    #[serde(default)]
    pub format: Option<Tried<Format>>,
    /// The encoding of text; unless said it is found out, and the log says where that was a guess.
    #[serde(default)]
    pub encoding: Option<Tried<Encoding>>,
    /// The character between the fields of CSV, such as `";"` or `"\t"`; unless said it is found out by the header.
    #[serde(default)]
    #[schemars(extend("minLength" = 1, "maxLength" = 1))]
    pub delimiter: Option<Tried<At<String>>>,
    /// The character around the fields of CSV; `""` says that there is none. Unless said it is found out by the header.
    #[serde(default)]
    #[schemars(extend("maxLength" = 1))]
    pub quote: Option<Tried<At<String>>>,
    /// The character of CSV that makes text of the one behind it, such as `"\\"`; unless said it is found out.
    #[serde(default)]
    #[schemars(extend("minLength" = 1, "maxLength" = 1))]
    pub escape: Option<Tried<At<String>>>,
    /// The line, or the row of a sheet, of the header; unless said it is the first row with the names of columns.
    #[serde(default)]
    #[schemars(extend("minimum" = 1))]
    pub header_row: Option<Tried<At<u64>>>,
    /// With what the first cell of a row begins that stands below the table, such as `["Total", "Printed on"]`.
    #[serde(default)]
    #[schemars(extend("maxItems" = MAX_FOOTERS))]
    pub footer: Tried<Vec<At<String>>>,
    /// The sheets of a workbook that hold the table: a name in which `*` stands for any text; unless said its only sheet.
    #[serde(default)]
    pub sheet: Option<Tried<At<String>>>,
    /// How old the newest value may be.
    #[serde(default)]
    pub freshness: Option<Tried<At<FreshnessFile>>>,
    /// How far the number of rows may be from that of earlier nights.
    #[serde(default)]
    pub volume: Option<Tried<At<VolumeFile>>>,
}

/// Most texts that begin a footer.
pub const MAX_FOOTERS: usize = 20;

/// The alphabet of names, for the editor.
fn name() -> serde_json::Value {
    serde_json::json!({ "pattern": "^[a-z][a-z0-9_]{0,62}$" })
}

/// Two or three names, for the editor.
const RULE_ID: &str = r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){1,2}$";

/// Most aliases of a column.
pub const MAX_ALIASES: usize = 100;

/// Most formats of a column.
pub const MAX_FORMATS: usize = 20;

fn yes() -> bool {
    true
}

/// A column: how its text becomes a value, and the rules that its cells must keep.
///
/// A rule is written as a severity alone, `not_null: error`, or as a map of all its settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Column")]
pub struct ColumnFile {
    /// The type of the cleaned value.
    pub r#type: Tried<At<ColumnType>>,
    /// What it means.
    #[serde(default)]
    pub description: Tried<String>,
    /// Other headers that it may be delivered under, such as one that an earlier export had: any text, exactly as written.
    #[serde(default)]
    #[schemars(extend("maxItems" = MAX_ALIASES))]
    pub aliases: Tried<Vec<At<String>>>,
    /// Another column of the table whose cells this one reads, since the export has none of its own for it.
    #[serde(default)]
    pub from: Option<Tried<At<String>>>,
    /// For dates and timestamps: accepted formats, the usual one first, such as `["%Y-%m-%d", "%d/%m/%Y"]`.
    #[serde(default)]
    #[schemars(extend("minItems" = 1, "maxItems" = MAX_FORMATS))]
    pub formats: Option<Tried<At<Vec<At<String>>>>>,
    /// Repairs of the text, in order; `[trim]` if nothing is said.
    #[serde(default)]
    pub clean: Option<Tried<Vec<Tried<At<Clean>>>>>,
    /// Whether its values may be shown outside the clean tables; unless said they may.
    #[serde(default)]
    pub policy: Tried<Policy>,
    /// Texts that mean a kind of missing, written as the cleaned cell is.
    #[serde(default)]
    pub missing: Tried<MissingFile>,
    /// The cell says something.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::NotNull>")]
    pub not_null: Option<ShortRule>,
    /// No two rows share the value.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::Unique>")]
    pub unique: Option<ShortRule>,
    /// The value is a code of a list.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::AcceptedValues>")]
    pub accepted_values: Option<ShortRule>,
    /// What the cell names exists elsewhere.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::Relationships>")]
    pub relationships: Option<ShortRule>,
    /// The value lies between two bounds.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::Range>")]
    pub range: Option<ShortRule>,
    /// The text has so many characters.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::Length>")]
    pub length: Option<ShortRule>,
    /// The text matches a regular expression.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::Pattern>")]
    pub pattern: Option<ShortRule>,
    /// How much it matters that a cell cannot be read as the column's type.
    #[serde(default)]
    #[schemars(with = "UnderColumn<kinds::TypeCheck>")]
    pub type_check: Option<ShortRule>,
}

/// A rule under a column: its severity alone, or all its settings.
pub type ShortRule = At<Shorthand<Tried<Severity>, Node>>;

impl ColumnFile {
    /// The rules under the column, each with its kind's word and the key that it stands under.
    pub fn rules(&self) -> [(&'static str, &'static str, &Option<ShortRule>); 8] {
        [
            ("type", "type_check", &self.type_check),
            ("not_null", "not_null", &self.not_null),
            ("unique", "unique", &self.unique),
            ("accepted_values", "accepted_values", &self.accepted_values),
            ("relationships", "relationships", &self.relationships),
            ("range", "range", &self.range),
            ("length", "length", &self.length),
            ("pattern", "pattern", &self.pattern),
        ]
    }
}

/// Texts that mean a kind of missing, beside the blank cell.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MissingTexts")]
pub struct MissingFile {
    /// As good as blank.
    pub not_recorded: Vec<At<String>>,
    /// Recorded as not known.
    pub unknown: Vec<At<String>>,
    /// The person declined to say.
    pub refused: Vec<At<String>>,
    /// The question does not apply.
    pub not_applicable: Vec<At<String>>,
}

impl MissingFile {
    /// Each text with its kind.
    pub fn texts(&self) -> impl Iterator<Item = (&At<String>, Missing)> {
        let kinds = [
            (&self.not_recorded, Missing::NotRecorded),
            (&self.unknown, Missing::Unknown),
            (&self.refused, Missing::Refused),
            (&self.not_applicable, Missing::NotApplicable),
        ];
        kinds
            .into_iter()
            .flat_map(|(texts, kind)| texts.iter().map(move |text| (text, kind)))
    }
}

/// A rule of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// `<table>.<column>.<name>` or `<table>.<name>`, unique in the project.
    #[schemars(extend("pattern" = RULE_ID))]
    pub id: At<String>,
    /// What is checked: exactly one kind and its settings.
    pub check: Tried<At<Kind>>,
}

/// What every rule may say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["why"]))]
pub struct Settings {
    /// How much a failure matters; unless said `error`.
    pub severity: Option<Tried<Severity>>,
    /// Which dimension of quality; unless said the kind's.
    pub dimension: Option<Tried<Dimension>>,
    /// SQL over the row: where it is not true, the rule is not applicable; unless said all rows are looked at.
    pub r#where: Option<Tried<At<String>>>,
    /// What a null outcome means; unless said `not_evaluated`.
    pub nulls: Option<Tried<Nulls>>,
    /// Failures that are tolerated, which are then logged as `info`; unless said none.
    pub threshold: Option<Tried<At<ThresholdFile>>>,
    /// In place of `severity` and `threshold`: on how many failing rows a failure is blocking, such as `"> 100"` or, of the evaluated rows, `"> 0.5%"`.
    #[schemars(extend("pattern" = CONDITION))]
    pub block_if: Option<Tried<At<String>>>,
    /// On how many it is an error; of several conditions the strictest that holds decides.
    #[schemars(extend("pattern" = CONDITION))]
    pub error_if: Option<Tried<At<String>>>,
    /// On how many it is a warning; where no condition holds, failures are tolerated and logged as `info`.
    #[schemars(extend("pattern" = CONDITION))]
    pub warn_if: Option<Tried<At<String>>>,
    /// What is done about a failing row; unless said `keep`, for `type` `"null"`.
    pub on_fail: Option<Tried<At<OnFail>>>,
    /// Why the rule exists: what goes wrong for the reader without it. Needed, except where a severity stands alone.
    pub why: Option<Tried<At<String>>>,
    /// Who answers for it.
    pub owner: Option<Tried<String>>,
    /// For `--select tag:…`.
    pub tags: Tried<Vec<String>>,
    /// Cells, rows or small deliveries that pass, fail and are not evaluated; tests run them.
    pub examples: Tried<ExamplesFile>,
}

/// Examples of a rule.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Examples")]
pub struct ExamplesFile {
    /// The rule fails no row.
    #[schemars(with = "Vec<Example>")]
    pub pass: Vec<Node>,
    /// The rule fails at least one row.
    #[schemars(with = "Vec<Example>")]
    pub fail: Vec<Node>,
    /// The rule evaluates no row.
    #[schemars(with = "Vec<Example>")]
    pub not_evaluated: Vec<Node>,
}

impl ExamplesFile {
    /// What their rows name.
    pub fn words(&self) -> Words {
        let mut words = Words::default();
        for node in self
            .pass
            .iter()
            .chain(&self.fail)
            .chain(&self.not_evaluated)
        {
            words.below(node);
        }
        words
    }
}

/// Failures that are tolerated: exactly one of the two.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "threshold", rename_all = "snake_case")]
pub enum ThresholdFile {
    /// At most this many rows.
    MaxCount(u64),
    /// At most this share of the evaluated rows, 0 to 1.
    MaxShare(f64),
}
