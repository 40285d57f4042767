//! The settings of each kind.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ChangeScale, Key, Rounding, Scale, Selector, Sides, word_or_first};
use crate::diagnostics::At;

/// The parts of each group add up to its total.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SumsTo {
    /// The figures that are added.
    pub parts: At<Selector>,
    /// The figures that they must add up to, one a group.
    pub total: At<Selector>,
    /// The keys that make a group of parts.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// The keys on which a total belongs to a group (default: `by`).
    #[serde(default, rename = "match")]
    #[schemars(with = "Option<Vec<Key>>")]
    pub matched: Option<Vec<At<String>>>,
}

/// Two figures are the same. A figure that only one side has is not evaluated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Equals {
    /// The one side.
    pub left: At<Selector>,
    /// The other side.
    pub right: At<Selector>,
    /// The keys on which two figures are a pair.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}

/// A part is no larger than its whole.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubsetOf {
    /// The parts.
    pub part: At<Selector>,
    /// The wholes.
    pub whole: At<Selector>,
    /// The keys on which a part belongs to its whole.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}

/// A share is its part divided by its whole, rounded to the decimals that were printed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareOf {
    /// The shares.
    pub share: At<Selector>,
    /// The parts.
    pub part: At<Selector>,
    /// The wholes.
    pub whole: At<Selector>,
    /// The keys on which a share belongs to its part.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// The keys on which a whole belongs to a share (default: `by`).
    #[serde(default)]
    #[schemars(with = "Option<Vec<Key>>")]
    pub whole_match: Option<Vec<At<String>>>,
    /// `percent` (default) or `fraction`.
    #[serde(default)]
    #[schemars(with = "Option<Scale>")]
    pub scale: Option<At<String>>,
    /// The decimals that the share was meant to have (default: those it is written with).
    #[serde(default)]
    pub decimals: Option<At<u32>>,
    /// How it was brought to them: `half_up` (default), `half_even` or `truncate`.
    #[serde(default)]
    #[schemars(with = "Option<Rounding>")]
    pub rounding: Option<At<String>>,
}

/// A published figure is what the detail counts. A figure that only one side has disagrees, unless nothing was counted for it either.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlTotal {
    /// The published figures.
    pub stated: At<Selector>,
    /// The figures that the detail gives.
    pub computed: At<Selector>,
    /// The keys on which two figures are a pair.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}

/// What there was, what came and what went make what there is. A group that lacks one of them is not evaluated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What there was at the beginning.
    pub opening: At<Selector>,
    /// What came: one selector, or several that are each needed.
    #[serde(rename = "in")]
    pub entries: Sides,
    /// What went: one selector, or several that are each needed.
    #[serde(rename = "out")]
    pub exits: Sides,
    /// What there was at the end.
    pub closing: At<Selector>,
    /// The keys on which the four belong together.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}

/// The members of each group, as a code list knows them, add up to the group's own figure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hierarchy {
    /// The figures of the members.
    pub members: At<Selector>,
    /// The figures of the groups.
    pub groups: At<Selector>,
    /// The code list of the members; the parent of each code is its group.
    pub codes: At<String>,
    /// The keys that make a group; `category` is always one of them.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// The keys on which a group's figure belongs to its members (default: `by`); `category` is always one of them.
    #[serde(default, rename = "match")]
    #[schemars(with = "Option<Vec<Key>>")]
    pub matched: Option<Vec<At<String>>>,
}

/// A stated change is what lies between two figures.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The changes.
    pub change: At<Selector>,
    /// The figures before.
    pub from: At<Selector>,
    /// The figures after.
    pub to: At<Selector>,
    /// The keys on which the three belong together.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// `percent` (default), `fraction` or `absolute`.
    #[serde(default)]
    #[schemars(with = "Option<ChangeScale>")]
    pub scale: Option<At<String>>,
    /// The decimals that the change was meant to have (default: those it is written with).
    #[serde(default)]
    pub decimals: Option<At<u32>>,
    /// How it was brought to them: `half_up` (default), `half_even` or `truncate`.
    #[serde(default)]
    #[schemars(with = "Option<Rounding>")]
    pub rounding: Option<At<String>>,
}

impl ShareOf {
    /// How the share is written.
    pub fn scale(&self) -> Scale {
        word_or_first(self.scale.as_ref(), Scale::from_word, Scale::Percent)
    }

    /// How it was brought to its decimals.
    pub fn rounding(&self) -> Rounding {
        let word = self.rounding.as_ref();
        word_or_first(word, Rounding::from_word, Rounding::HalfUp)
    }
}

impl Hierarchy {
    /// The members' selector: codes of the list, each under its group.
    pub fn members_by_group(&self) -> Selector {
        let mut members = self.members.value.clone();
        members.codes = Some(self.codes.clone());
        members.group_by_parent = Some(At {
            value: true,
            span: self.codes.span.clone(),
        });
        members
    }
}

impl Change {
    /// How the change is written.
    pub fn scale(&self) -> ChangeScale {
        let word = self.scale.as_ref();
        word_or_first(word, ChangeScale::from_word, ChangeScale::Percent)
    }

    /// How it was brought to its decimals.
    pub fn rounding(&self) -> Rounding {
        let word = self.rounding.as_ref();
        word_or_first(word, Rounding::from_word, Rounding::HalfUp)
    }
}
