//! Of reconciliation, what reads published figures.

#[allow(dead_code)]
#[path = "../../src/reconcile/figures.rs"]
mod figures;
#[path = "../../src/reconcile/published.rs"]
pub mod published;

pub use crate::rules::totals::{Key, Source};
pub use figures::{AggregateRow, COMPUTED, Figure, Place, Printed, Series, computed};
