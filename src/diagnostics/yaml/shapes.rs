//! Types that ask the decoder for more than serde can say: a part that may fail alone, a map in file order, a short or long form, the tree itself.

use std::{cell::RefCell, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::Node;
use crate::diagnostics::At;

/// A part that is read on its own: `None` when it could not be, which has been reported, and the rest is read all the same.
#[derive(Clone, Debug)]
pub struct Tried<T>(pub Option<T>);

impl<T> Default for Tried<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Tried<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TriedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for TriedVisitor<T> {
            type Value = Tried<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Tried<T>, D::Error> {
                // The decoder has reported the failure at its place; the error holds nothing more.
                Ok(Tried(T::deserialize(deserializer).ok()))
            }
        }
        // By way of a visitor, since a field that is absent has nobody to report it: serde then asks no visitor and fails.
        deserializer.deserialize_newtype_struct(TRIED_MARKER, TriedVisitor(PhantomData))
    }
}

/// A map in file order, each key with its place.
#[derive(Clone, Debug)]
pub struct Entries<T>(pub Vec<(At<String>, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

const TRIED_MARKER: &str = "$trueup::Tried";

pub(super) const SHORTHAND_MARKER: &str = "$trueup::Shorthand";

/// One word, or a map of settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "$trueup::Shorthand")]
pub enum Shorthand<S, L> {
    /// Anything but a map.
    #[serde(rename = "short")]
    Short(S),
    /// A map.
    #[serde(rename = "long")]
    Long(L),
}

pub(super) const NODE_MARKER: &str = "$trueup::Node";

thread_local! {
    /// The node on its way from the decoder to [`Node::deserialize`]: serde has no other way to hand over a tree with places.
    static HANDED_OVER: RefCell<Option<Node>> = const { RefCell::new(None) };
}

pub(super) fn hand_over(node: &Node) {
    HANDED_OVER.with(|slot| *slot.borrow_mut() = Some(node.clone()));
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;
        impl Visitor<'_> for NodeVisitor {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tree")
            }
            fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
                HANDED_OVER
                    .with(|slot| slot.borrow_mut().take())
                    .ok_or_else(|| E::custom("no tree was handed over"))
            }
        }
        deserializer.deserialize_newtype_struct(NODE_MARKER, NodeVisitor)
    }
}
