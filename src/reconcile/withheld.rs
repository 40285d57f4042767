//! Statements about figures that were withheld: they are not evaluated, since a total without them would be another.

use std::sync::Arc;

use super::{
    COMPUTED, Checked, Key, Reconciliation, Source,
    run::{default_source, whole_row},
};
use crate::{
    diagnostics::At,
    rules::totals::{Selector, Statement},
};

/// Whether a side of the statement may select figures of the aggregate `table`.
pub fn needs(statement: &Statement, table: &str) -> bool {
    let sides = statement.check.sides();
    let mut sides = sides.iter();
    sides.any(|(name, selector)| {
        let by_default = default_source(&statement.check, name);
        let is_published = selector.value.source.is_none() && by_default == Some(Source::Published);
        !is_published && selects(&selector.value, table)
    })
}

/// Whether a selector may select figures of the aggregate `table`.
pub(super) fn selects(selector: &Selector, table: &str) -> bool {
    let names = |key: Key, text: &str| {
        let texts: Option<&[At<String>]> = selector.texts(key);
        texts.is_none_or(|texts| texts.iter().any(|at| at.value == text))
    };
    names(Key::Table, table)
        && names(Key::Source, Source::Computed.word())
        && names(Key::Origin, COMPUTED)
}

/// The one row of a statement that is not evaluated.
pub fn unjudged(statement: &Statement, reason: String) -> Reconciliation {
    whole_row(&Arc::new(Checked::of(statement)), reason)
}
