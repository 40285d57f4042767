//! Totals: statements that figures must agree with each other, as a project declares them. Text in, text out.

mod comparison;
#[cfg(test)]
pub(crate) mod declared;
mod expand;
mod selector;
#[cfg(test)]
mod tests;
mod validate;

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use comparison::{
    Chart, Comparison, Coverage, Covered, Overlap, Periods, Year, validate_comparisons,
};
pub use selector::{Overwrite, Selector, Texts};
pub use validate::validate;

use crate::{
    decimal::Decimal,
    diagnostics::At,
    discrepancy::{Category, Dimension, Severity},
};

/// Figures that must agree: one declaration of `rules/totals/*.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Unique in the project; the id of the rule in logs.
    pub id: At<String>,
    /// What must agree with what; exactly one kind.
    pub check: Check,
    /// The largest difference that still agrees (default 0).
    #[serde(default)]
    pub tolerance: Option<At<Decimal>>,
    /// How much a disagreement matters (default error).
    #[serde(default)]
    pub severity: Option<At<String>>,
    /// Which dimension of quality (default by kind).
    #[serde(default)]
    pub dimension: Option<At<String>>,
    /// Why the figures must agree.
    #[serde(default)]
    pub why: Option<At<String>>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// For selection.
    #[serde(default)]
    pub tags: Vec<String>,
    /// One statement for each value: `{name}` is replaced in every text of the statement. Several names combine.
    #[serde(default)]
    pub for_each: BTreeMap<String, Vec<At<String>>>,
}

/// One kind of statement and its settings; externally tagged in rule files: `check: { equals: {…} }`.
#[derive(Clone, Debug, Deserialize)]
pub enum Check {
    /// See [`SumsTo`].
    #[serde(rename = "sums_to")]
    SumsTo(SumsTo),
    /// See [`Equals`].
    #[serde(rename = "equals")]
    Equals(Equals),
    /// See [`SubsetOf`].
    #[serde(rename = "subset_of")]
    SubsetOf(SubsetOf),
    /// See [`ShareOf`].
    #[serde(rename = "share_of")]
    ShareOf(Box<ShareOf>),
    /// See [`ControlTotal`].
    #[serde(rename = "control_total")]
    ControlTotal(ControlTotal),
}

/// The parts of each group add up to its total.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumsTo {
    /// The figures that are added.
    pub parts: At<Selector>,
    /// The figures that they must add up to, one a group.
    pub total: At<Selector>,
    /// The keys that make a group of parts.
    #[serde(default)]
    pub by: Vec<At<String>>,
    /// The keys on which a total belongs to a group (default: `by`).
    #[serde(default, rename = "match")]
    pub matched: Option<Vec<At<String>>>,
}

/// Two figures are the same. A figure that only one side has is not evaluated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equals {
    /// The one side.
    pub left: At<Selector>,
    /// The other side.
    pub right: At<Selector>,
    /// The keys on which two figures are a pair.
    #[serde(default)]
    pub by: Vec<At<String>>,
}

/// A part is no larger than its whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsetOf {
    /// The parts.
    pub part: At<Selector>,
    /// The wholes.
    pub whole: At<Selector>,
    /// The keys on which a part belongs to its whole.
    #[serde(default)]
    pub by: Vec<At<String>>,
}

/// A share is its part divided by its whole, rounded half up to the decimals that were printed.
#[derive(Clone, Debug, Deserialize)]
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
    pub by: Vec<At<String>>,
    /// The keys on which a whole belongs to a share (default: `by`).
    #[serde(default)]
    pub whole_match: Option<Vec<At<String>>>,
    /// `percent` (default) or `fraction`.
    #[serde(default)]
    pub scale: Option<At<String>>,
    /// The decimals that the share was meant to have (default: those it is written with).
    #[serde(default)]
    pub decimals: Option<At<u32>>,
}

/// A published figure is what the detail counts. A figure that only one side has disagrees, unless nothing was counted for it either.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlTotal {
    /// The published figures.
    pub stated: At<Selector>,
    /// The figures that the detail gives.
    pub computed: At<Selector>,
    /// The keys on which two figures are a pair.
    #[serde(default)]
    pub by: Vec<At<String>>,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word in rule files.
            pub fn word(self) -> &'static str { match self { $($name::$variant => $word),+ } }
            /// What a word stands for.
            pub fn from_word(word: &str) -> Option<Self> { Self::ALL.iter().copied().find(|v| v.word() == word) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.word()) }
        }
    };
}

words! {
    /// Where a figure comes from.
    Source {
        /// Somebody printed it.
        Published => "published",
        /// The detail of this delivery gives it.
        Computed => "computed",
    }
}

words! {
    /// What a figure is identified by; statements select, group and match on these.
    Key {
        /// See [`Source`].
        Source => "source",
        /// The table it stands in.
        Table => "table",
        /// Where in the publication: the text, a table's body, a chart …; `computed` for computed ones.
        Origin => "origin",
        /// The period it is about.
        Period => "period",
        /// The population it counts.
        Population => "population",
        /// The row of the table.
        Category => "category",
        /// What is measured.
        Measure => "measure",
    }
}

words! {
    /// How a share is written.
    Scale {
        /// `16.5` is 16.5 in a hundred.
        Percent => "percent",
        /// `0.165` is the same.
        Fraction => "fraction",
    }
}

impl Scale {
    /// The power of ten between a share and the quotient.
    pub fn shift(self) -> u32 {
        match self {
            Scale::Percent => 2,
            Scale::Fraction => 0,
        }
    }
}

impl Statement {
    /// How much a disagreement matters; a word that is none counts as error (and does not pass validation).
    pub fn severity(&self) -> Severity {
        let word = self.severity.as_ref().map(|w| w.value.as_str());
        let known = Severity::ALL.iter().copied();
        word.and_then(|word| known.clone().find(|s| s.word() == word))
            .unwrap_or(Severity::Error)
    }

    /// Which dimension of quality; the kind's own unless the statement says another.
    pub fn dimension(&self) -> Dimension {
        let word = self.dimension.as_ref().map(|w| w.value.as_str());
        let known = Dimension::ALL.iter().copied();
        word.and_then(|word| known.clone().find(|d| d.word() == word))
            .unwrap_or_else(|| self.check.dimension())
    }

    /// The largest difference that still agrees.
    pub fn tolerance(&self) -> Decimal {
        self.tolerance
            .as_ref()
            .map_or(Decimal::ZERO, |tolerance| tolerance.value)
    }

    /// Why the figures must agree.
    pub fn why(&self) -> &str {
        self.why.as_ref().map_or("", |why| why.value.as_str())
    }

    /// First twelve hex digits of the SHA-256 of what the statement does; it does not change with `why`, `owner` and `tags`.
    pub fn version(&self) -> String {
        let text = format!(
            "{}|{}|{}|{}",
            self.check.word(),
            self.check.settings(),
            self.tolerance(),
            self.severity()
        );
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(6).map(|b| format!("{b:02x}")).collect()
    }
}

impl Check {
    /// Every kind's word.
    pub const WORDS: &'static [&'static str] = &[
        "sums_to",
        "equals",
        "subset_of",
        "share_of",
        "control_total",
    ];

    /// The word in rule files.
    pub fn word(&self) -> &'static str {
        match self {
            Check::SumsTo(_) => "sums_to",
            Check::Equals(_) => "equals",
            Check::SubsetOf(_) => "subset_of",
            Check::ShareOf(_) => "share_of",
            Check::ControlTotal(_) => "control_total",
        }
    }

    /// The category of its discrepancies.
    pub fn category(&self) -> Category {
        match self {
            Check::SumsTo(_) | Check::Equals(_) | Check::ControlTotal(_) => Category::TotalMismatch,
            Check::SubsetOf(_) => Category::ImpossibleSubset,
            Check::ShareOf(_) => Category::WrongShare,
        }
    }

    /// The dimension, unless the statement says another.
    pub fn dimension(&self) -> Dimension {
        match self {
            Check::SumsTo(_) | Check::Equals(_) | Check::SubsetOf(_) => Dimension::Consistency,
            Check::ShareOf(_) | Check::ControlTotal(_) => Dimension::Accuracy,
        }
    }

    /// What agreement looks like, for the log.
    pub fn expected(&self) -> &'static str {
        match self {
            Check::SumsTo(_) => "the sum of the parts",
            Check::Equals(_) => "the same figure on both sides",
            Check::SubsetOf(_) => "a part no larger than its whole",
            Check::ShareOf(_) => "the part divided by the whole, rounded half up",
            Check::ControlTotal(_) => "what the detail counts",
        }
    }

    /// The sides with their names in rule files, in declared order.
    pub fn sides(&self) -> Vec<(&'static str, &At<Selector>)> {
        match self {
            Check::SumsTo(k) => vec![("parts", &k.parts), ("total", &k.total)],
            Check::Equals(k) => vec![("left", &k.left), ("right", &k.right)],
            Check::SubsetOf(k) => vec![("part", &k.part), ("whole", &k.whole)],
            Check::ShareOf(k) => {
                vec![("share", &k.share), ("part", &k.part), ("whole", &k.whole)]
            }
            Check::ControlTotal(k) => vec![("stated", &k.stated), ("computed", &k.computed)],
        }
    }

    /// The keys that make a group.
    pub fn by(&self) -> &[At<String>] {
        match self {
            Check::SumsTo(k) => &k.by,
            Check::Equals(k) => &k.by,
            Check::SubsetOf(k) => &k.by,
            Check::ShareOf(k) => &k.by,
            Check::ControlTotal(k) => &k.by,
        }
    }

    /// The keys on which a total or whole belongs to a group, where the statement says others than `by`.
    pub fn narrower(&self) -> Option<(&'static str, &[At<String>])> {
        match self {
            Check::SumsTo(k) => k.matched.as_deref().map(|keys| ("match", keys)),
            Check::ShareOf(k) => k.whole_match.as_deref().map(|keys| ("whole_match", keys)),
            Check::Equals(_) | Check::SubsetOf(_) | Check::ControlTotal(_) => None,
        }
    }

    /// All settings in one line, the same for the same settings.
    fn settings(&self) -> String {
        let list = |keys: &[At<String>]| {
            let words: Vec<&str> = keys.iter().map(|k| k.value.as_str()).collect();
            words.join(", ")
        };
        let mut parts: Vec<String> = self
            .sides()
            .into_iter()
            .map(|(name, selector)| format!("{name}: {{ {} }}", selector.value.describe()))
            .collect();
        parts.push(format!("by: {}", list(self.by())));
        if let Some((name, keys)) = self.narrower() {
            parts.push(format!("{name}: {}", list(keys)));
        }
        if let Check::ShareOf(share) = self {
            parts.push(format!("scale: {}", share.scale()));
            if let Some(decimals) = &share.decimals {
                parts.push(format!("decimals: {}", decimals.value));
            }
        }
        parts.join("; ")
    }
}

impl ShareOf {
    /// How the share is written; a word that is none counts as percent (and does not pass validation).
    pub fn scale(&self) -> Scale {
        self.scale
            .as_ref()
            .and_then(|word| Scale::from_word(&word.value))
            .unwrap_or(Scale::Percent)
    }
}
