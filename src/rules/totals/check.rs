//! What the kinds have in common.

use std::{borrow::Cow, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::{
    Change, ControlTotal, Equals, Flow, Hierarchy, Key, Rounding, Selector, ShareOf, SubsetOf,
    SumsTo,
};
use crate::rules::Page;
use crate::{
    diagnostics::{At, yaml::exactly_one},
    discrepancy::{Category, Dimension},
};

macro_rules! checks {
    ($($(#[$meta:meta])* $kind:ident($settings:ty) => $word:literal),+ $(,)?) => {
        /// One kind of statement and its settings; externally tagged in rule files: `check: { equals: {…} }`.
        #[derive(Clone, Debug, Deserialize)]
        pub enum Check {
            $($(#[$meta])* #[serde(rename = $word)] $kind($settings)),+
        }

        static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| vec![$(Page::of::<$settings>($word)),+]);

        impl JsonSchema for Check {
            fn schema_name() -> Cow<'static, str> {
                "Check".into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let choices = [$(($word, generator.subschema_for::<$settings>())),+];
                exactly_one("What must agree with what: one kind and its settings.", choices)
            }
        }

        impl Check {
            /// The pages of all kinds, in the registry's order.
            pub fn pages() -> &'static [Page] {
                &PAGES
            }

            /// The kind's documentation, in Markdown.
            pub fn docs(&self) -> &'static str {
                let page = PAGES.iter().find(|page| page.word == self.word());
                page.map_or("", |page| &page.docs)
            }

            /// Every kind's word.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word in rule files.
            pub fn word(&self) -> &'static str {
                match self { $(Check::$kind(_) => $word),+ }
            }

            /// The keys that make a group.
            pub fn by(&self) -> &[At<String>] {
                match self { $(Check::$kind(k) => &k.by),+ }
            }
        }
    };
}

checks! {
    SumsTo(SumsTo) => "sums_to",
    Equals(Equals) => "equals",
    SubsetOf(SubsetOf) => "subset_of",
    ShareOf(Box<ShareOf>) => "share_of",
    Flow(Box<Flow>) => "flow",
    Hierarchy(Box<Hierarchy>) => "hierarchy",
    ControlTotal(ControlTotal) => "control_total",
    Change(Box<Change>) => "change",
}

impl Check {
    /// The category of its discrepancies.
    pub fn category(&self) -> Category {
        match self {
            Check::SumsTo(_)
            | Check::Equals(_)
            | Check::Flow(_)
            | Check::Hierarchy(_)
            | Check::ControlTotal(_) => Category::TotalMismatch,
            Check::SubsetOf(_) => Category::ImpossibleSubset,
            Check::ShareOf(_) => Category::WrongShare,
            Check::Change(_) => Category::WrongChange,
        }
    }

    /// The dimension, unless the statement says another.
    pub fn dimension(&self) -> Dimension {
        match self {
            Check::SumsTo(_)
            | Check::Equals(_)
            | Check::SubsetOf(_)
            | Check::Flow(_)
            | Check::Hierarchy(_) => Dimension::Consistency,
            Check::ShareOf(_) | Check::ControlTotal(_) | Check::Change(_) => Dimension::Accuracy,
        }
    }

    /// What agreement looks like, for the log.
    pub fn expected(&self) -> &'static str {
        match self {
            Check::SumsTo(_) => "the sum of the parts",
            Check::Equals(_) => "the same figure on both sides",
            Check::SubsetOf(_) => "a part no larger than its whole",
            Check::ShareOf(share) => match share.rounding() {
                Rounding::HalfUp => "the part divided by the whole, rounded half up",
                Rounding::HalfEven => "the part divided by the whole, rounded half to even",
                Rounding::Truncate => "the part divided by the whole, truncated",
            },
            Check::Flow(_) => "the opening figure and what came, less what went",
            Check::Hierarchy(_) => "the sum of the group's members",
            Check::ControlTotal(_) => "what the detail counts",
            Check::Change(_) => "what lies between the two figures",
        }
    }

    /// Whether its figures are added and compared, rather than divided.
    pub(super) fn adds(&self) -> bool {
        !matches!(self, Check::ShareOf(_) | Check::Change(_))
    }

    /// The sides with their names in rule files, in declared order; some kinds have several of one name.
    pub fn sides(&self) -> Vec<(&'static str, &At<Selector>)> {
        match self {
            Check::SumsTo(k) => vec![("parts", &k.parts), ("total", &k.total)],
            Check::Equals(k) => vec![("left", &k.left), ("right", &k.right)],
            Check::SubsetOf(k) => vec![("part", &k.part), ("whole", &k.whole)],
            Check::ShareOf(k) => {
                vec![("share", &k.share), ("part", &k.part), ("whole", &k.whole)]
            }
            Check::Flow(k) => {
                let mut sides = vec![("opening", &k.opening)];
                sides.extend(k.entries.all.iter().map(|side| ("in", side)));
                sides.extend(k.exits.all.iter().map(|side| ("out", side)));
                sides.push(("closing", &k.closing));
                sides
            }
            Check::Hierarchy(k) => vec![("members", &k.members), ("groups", &k.groups)],
            Check::ControlTotal(k) => vec![("stated", &k.stated), ("computed", &k.computed)],
            Check::Change(k) => vec![("change", &k.change), ("from", &k.from), ("to", &k.to)],
        }
    }

    /// The same, to change.
    pub(super) fn sides_mut(&mut self) -> Vec<&mut At<Selector>> {
        match self {
            Check::SumsTo(k) => vec![&mut k.parts, &mut k.total],
            Check::Equals(k) => vec![&mut k.left, &mut k.right],
            Check::SubsetOf(k) => vec![&mut k.part, &mut k.whole],
            Check::ShareOf(k) => vec![&mut k.share, &mut k.part, &mut k.whole],
            Check::Flow(k) => {
                let Flow {
                    opening,
                    entries,
                    exits,
                    closing,
                    ..
                } = &mut **k;
                let moved = entries.all.iter_mut().chain(&mut exits.all);
                [opening]
                    .into_iter()
                    .chain(moved)
                    .chain([closing])
                    .collect()
            }
            Check::Hierarchy(k) => vec![&mut k.members, &mut k.groups],
            Check::ControlTotal(k) => vec![&mut k.stated, &mut k.computed],
            Check::Change(k) => vec![&mut k.change, &mut k.from, &mut k.to],
        }
    }

    /// The keys on which a total, whole or group belongs to the rest, where the statement says others than `by`.
    pub fn narrower(&self) -> Option<(&'static str, &[At<String>])> {
        match self {
            Check::SumsTo(k) => k.matched.as_deref().map(|keys| ("match", keys)),
            Check::Hierarchy(k) => k.matched.as_deref().map(|keys| ("match", keys)),
            Check::ShareOf(k) => k.whole_match.as_deref().map(|keys| ("whole_match", keys)),
            Check::Equals(_)
            | Check::SubsetOf(_)
            | Check::Flow(_)
            | Check::ControlTotal(_)
            | Check::Change(_) => None,
        }
    }

    /// The key that makes a group without being said.
    pub fn implied(&self) -> Option<Key> {
        matches!(self, Check::Hierarchy(_)).then_some(Key::Category)
    }

    /// All settings in one line, the same for the same settings.
    pub(crate) fn settings(&self) -> String {
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
        let (scale, decimals, rounding) = match self {
            Check::ShareOf(k) => (k.scale().word(), &k.decimals, k.rounding()),
            Check::Change(k) => (k.scale().word(), &k.decimals, k.rounding()),
            Check::Hierarchy(k) => {
                parts.push(format!("codes: {}", k.codes.value));
                return parts.join("; ");
            }
            _ => return parts.join("; "),
        };
        parts.push(format!("scale: {scale}"));
        if let Some(decimals) = decimals {
            parts.push(format!("decimals: {}", decimals.value));
        }
        if rounding != Rounding::HalfUp {
            parts.push(format!("rounding: {rounding}"));
        }
        parts.join("; ")
    }
}
