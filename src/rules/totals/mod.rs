//! Totals: statements that figures must agree with each other, as a project declares them. Text in, text out.

mod check;
mod comparison;
#[cfg(test)]
pub(crate) mod declared;
mod expand;
mod kinds;
mod selector;
mod suppressed;
#[cfg(test)]
mod tests;
mod tolerance;
mod validate;
mod validate_kinds;

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use check::Check;
pub use comparison::{
    Chart, Comparison, Coverage, Covered, Overlap, Periods, Year, validate_comparisons,
};
pub use kinds::{Change, ControlTotal, Equals, Flow, Hierarchy, ShareOf, SubsetOf, SumsTo};
pub use selector::{Overwrite, Selector, Sides, Texts};
pub use suppressed::Suppressed;
pub use tolerance::{Declared as DeclaredTolerance, Tolerance, Unit};
pub use validate::validate;

use crate::{
    decimal::{Decimal, Ratio},
    diagnostics::At,
    discrepancy::{Dimension, Severity},
};

/// Figures that must agree: one declaration of `rules/totals/*.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Unique in the project; the id of the rule in logs.
    pub id: At<String>,
    /// What must agree with what; exactly one kind.
    pub check: Check,
    /// The largest difference that still agrees (default 0).
    #[serde(default)]
    pub tolerance: Option<DeclaredTolerance>,
    /// What a disagreement does to a run (default error).
    #[serde(default)]
    #[schemars(with = "Option<Severity>")]
    pub severity: Option<At<String>>,
    /// How much a disagreement matters to readers of the figures (default: as the severity suggests).
    #[serde(default)]
    #[schemars(with = "Option<Materiality>")]
    pub materiality: Option<At<String>>,
    /// Which dimension of quality (default by kind).
    #[serde(default)]
    #[schemars(with = "Option<Dimension>")]
    pub dimension: Option<At<String>>,
    /// Why the figures must agree.
    #[serde(default)]
    pub why: Option<At<String>>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Words by which people find it.
    #[serde(default)]
    pub tags: Vec<String>,
    /// One statement for each value: `{name}` is replaced in every text of the statement. Several names combine.
    #[serde(default)]
    pub for_each: BTreeMap<String, Vec<At<String>>>,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        pub enum $name { $($(#[$vmeta])* #[schemars(rename = $word)] $variant),+ }
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
        /// Whether it was published or computed.
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

words! {
    /// How a change is written.
    ChangeScale {
        /// `16.5` is 16.5 in a hundred of what there was.
        Percent => "percent",
        /// `0.165` is the same.
        Fraction => "fraction",
        /// `23` is 23 more.
        Absolute => "absolute",
    }
}

words! {
    /// How a quotient is brought to the decimals that are printed.
    Rounding {
        /// To the nearer; a half goes up.
        HalfUp => "half_up",
        /// To the nearer; a half goes to the even one.
        HalfEven => "half_even",
        /// Cut off.
        Truncate => "truncate",
    }
}

words! {
    /// How much a disagreement matters to readers of the figures, most first.
    Materiality {
        /// A reader would conclude something else.
        Critical => "critical",
        /// A figure is wrong that a reader may use.
        Major => "major",
        /// No conclusion hangs on it.
        Minor => "minor",
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

impl ChangeScale {
    /// The power of ten between a change and the quotient; `None` when it is none.
    pub fn shift(self) -> Option<u32> {
        match self {
            ChangeScale::Percent => Some(Scale::Percent.shift()),
            ChangeScale::Fraction => Some(Scale::Fraction.shift()),
            ChangeScale::Absolute => None,
        }
    }
}

impl Rounding {
    /// The quotient brought to its decimals in this way.
    pub fn of(self, ratio: Ratio) -> Decimal {
        match self {
            Rounding::HalfUp => ratio.rounded,
            Rounding::HalfEven => ratio.even,
            Rounding::Truncate => ratio.truncated,
        }
    }
}

/// The value of `word`; the first one where nothing is said (or a word that is none, which does not pass validation).
fn word_or_first<T: Copy>(word: Option<&At<String>>, known: fn(&str) -> Option<T>, first: T) -> T {
    word.and_then(|word| known(&word.value)).unwrap_or(first)
}

impl Statement {
    /// What a disagreement does to a run; a word that is none counts as error (and does not pass validation).
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

    /// How much a disagreement matters to readers: as declared, or else as its severity suggests.
    pub fn materiality(&self) -> Materiality {
        let by_severity = match self.severity() {
            Severity::Blocking => Materiality::Critical,
            Severity::Error => Materiality::Major,
            Severity::Warn | Severity::Info => Materiality::Minor,
        };
        let word = self.materiality.as_ref();
        word_or_first(word, Materiality::from_word, by_severity)
    }

    /// Which differences still agree.
    pub fn tolerance(&self) -> Tolerance {
        let declared = self.tolerance.as_ref();
        declared.map_or(Tolerance::default(), DeclaredTolerance::value)
    }

    /// Why the figures must agree.
    pub fn why(&self) -> &str {
        self.why.as_ref().map_or("", |why| why.value.as_str())
    }

    /// First twelve hex digits of the SHA-256 of what the statement does; it does not change with `why`, `owner`, `tags` and `materiality`.
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
