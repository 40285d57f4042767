//! Waivers: discrepancies that somebody accepts, for a reason and for a time.

use jiff::civil::Date;

use crate::diagnostics::{At, Span};

/// A waiver, valid on its own: its condition has not been planned yet.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// What it is called in the log.
    pub id: String,
    /// The rule, or the statement, that it is about.
    pub rule: At<String>,
    /// The version of the rule that it was granted for: another one ends it.
    pub rule_version: At<String>,
    /// What it covers of that rule.
    pub covers: Covers,
    /// Why what it covers is accepted.
    pub reason: String,
    /// Who asked for it.
    pub requested_by: String,
    /// Who granted it.
    pub approved_by: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where what speaks for it is kept.
    pub evidence: String,
    /// Where it is declared.
    pub span: Span,
}

/// What a waiver covers of its rule.
#[derive(Clone, Debug)]
pub enum Covers {
    /// The discrepancies of these ids.
    Discrepancies(Vec<String>),
    /// Those for which a condition over the columns of the log holds, or all; none when there are more than `max_rows`.
    Rows {
        /// The condition.
        condition: Option<At<String>>,
        /// The most that it may cover.
        max_rows: u64,
    },
}
