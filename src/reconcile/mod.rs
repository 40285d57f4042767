//! Reconciliation: declared statements are held against the figures, and every group they make gets a verdict.
//!
//! Nothing is dropped in silence: a selector that finds nothing, a listed word that no figure has, a figure without
//! its counterpart and a number that does not fit are rows of their own, with the verdict *not evaluated*.

mod amounts;
mod by_address;
mod causes;
mod changes;
mod evidence;
mod figures;
mod flows;
mod groups;
mod hierarchies;
mod kept;
mod pairs;
pub mod published;
mod quotients;
pub mod records;
mod rows;
mod run;
mod select;
mod shares;
mod sums;
#[cfg(test)]
mod tests;
mod told;
pub mod withheld;
pub mod year_on_year;

use std::{fmt, sync::Arc};

use serde::Serialize;

pub use crate::rules::totals::{Key, Source};
pub use figures::{AggregateRow, COMPUTED, Figure, Place, Printed, Series, computed};
pub use told::Told;

use crate::{
    decimal::Decimal,
    discrepancy::{Category, Dimension, Severity},
    rules::totals::{Materiality, Statement, Tolerance},
    tables::CodeList,
};

/// Holds `statements` against `figures`: one row for each group, in the order of the statements, then of the groups' keys.
///
/// All rows are held at once; where there may be millions, see [`Judged`].
pub fn evaluate(
    statements: &[Statement],
    figures: &[Figure],
    lists: &[CodeList],
) -> Vec<Reconciliation> {
    let mut judged = Judged::new(statements, figures, lists);
    judged.explain(&records::Behind::default());
    let mut rows = Vec::new();
    let Ok(()) = judged.each(|row| {
        rows.push(row);
        Ok::<(), std::convert::Infallible>(())
    });
    rows
}

/// Statements that were held against figures. Only the rows are kept that disagree, and those that their causes are
/// looked for in; the others are made again when they are written.
pub struct Judged<'a> {
    look: Look<'a>,
    /// The rows that are kept, in order.
    pub rows: Vec<Reconciliation>,
    /// The place of each among all.
    places: Vec<usize>,
}

impl<'a> Judged<'a> {
    /// Holds `statements` against `figures`.
    pub fn new(statements: &'a [Statement], figures: &'a [Figure], lists: &'a [CodeList]) -> Self {
        let look = Look::new(statements, figures, lists);
        let mut trouble = kept::Trouble::new(figures);
        look.at_all(&mut trouble);
        let mut kept = Vec::new();
        if !trouble.is_none() {
            let mut keep = kept::Keep::new(trouble);
            look.at_all(&mut keep);
            kept = keep.finish();
        }
        let (places, rows) = kept.into_iter().unzip();
        Self { look, rows, places }
    }

    /// Says why what disagrees does; `behind` is what the records say, by the place in [`Judged::rows`].
    pub fn explain(&mut self, behind: &records::Behind) {
        causes::explain(&mut self.rows, self.look.index.figures, behind);
    }

    /// Hands every row on, one at a time: in the order of the statements, then of the groups' keys. Stops at an error of `take`.
    ///
    /// # Errors
    /// That of `take`.
    pub fn each<E>(self, take: impl FnMut(Reconciliation) -> Result<(), E>) -> Result<(), E> {
        let kept = self.places.into_iter().zip(self.rows);
        let mut rows = rows::HandedOn::new(kept, take);
        self.look.at_all(&mut rows);
        rows.finish()
    }
}

/// What a look at all rows needs.
struct Look<'a> {
    statements: &'a [Statement],
    index: select::Index<'a>,
    lists: &'a [CodeList],
}

impl<'a> Look<'a> {
    fn new(statements: &'a [Statement], figures: &'a [Figure], lists: &'a [CodeList]) -> Self {
        Self {
            statements,
            index: select::Index::new(figures),
            lists,
        }
    }

    /// Judges every group.
    fn at_all(&self, rows: &mut dyn rows::Rows) {
        for statement in self.statements.iter().flat_map(Statement::expand) {
            run::run(&statement, &self.index, self.lists, rows);
        }
    }
}

/// The verdicts alone, of all rows at once.
#[cfg(test)]
fn judge(statements: &[Statement], figures: &[Figure], lists: &[CodeList]) -> Vec<Reconciliation> {
    let mut rows = Vec::new();
    Look::new(statements, figures, lists).at_all(&mut rows);
    rows
}

/// One group of one statement and what came of it.
#[derive(Clone, Debug)]
pub struct Reconciliation {
    /// The id of the group: `<rule id>[<key=value;…>]`, unique and the same every night.
    pub statement: String,
    /// The statement that made the group.
    pub rule: Arc<Checked>,
    /// The population, where the group has one.
    pub population: Option<Arc<str>>,
    /// The period, where the group has one.
    pub period: Option<Arc<str>>,
    /// The category, where the group has one.
    pub category: Option<Arc<str>>,
    /// What is stated: the total, left side, whole, share, group, closing figure or change; none where it is suppressed.
    pub stated: Option<Decimal>,
    /// What it is held against: the sum, right side, part, quotient or difference; none where something of it is suppressed.
    pub computed: Option<Decimal>,
    /// `computed` − `stated`: below 0 when too much is stated. The smallest that there can be where figures are suppressed.
    pub difference: Option<Decimal>,
    /// The largest difference that still agrees here.
    pub tolerance: Decimal,
    /// What came of it.
    pub verdict: Verdict,
    /// Why they differ: the word of a cause, or several that fit as well.
    pub likely_cause: Option<String>,
    /// Where the figure stands that is suspected of breaking the statement.
    pub suspect: Option<Arc<str>>,
    /// The figures in a sentence.
    pub evidence: String,
    /// Where it is about, where that is no figure's place.
    pub place: Option<Arc<str>>,
    /// The stated figures, as indices; several when their sum is meant.
    pub stated_from: Vec<usize>,
    /// The figures behind `computed`, as indices: the parts of a sum; of a share, its part and its whole; of a change, the figures before and after; of a flow, what there was and what came.
    pub computed_from: Vec<usize>,
    /// The figures that `computed` is less by, as indices: of a flow, what went.
    pub less_from: Vec<usize>,
    /// How much of it was made.
    detail: rows::Detail,
}

/// What all groups of a statement have in common.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The statement's id.
    pub rule_id: String,
    /// Twelve hex digits that change with what the statement does.
    pub version: String,
    /// The word of its kind.
    pub kind: &'static str,
    /// What a disagreement does to a run.
    pub severity: Severity,
    /// How much a disagreement matters to readers of the figures.
    pub materiality: Materiality,
    /// Which dimension of quality.
    pub dimension: Dimension,
    /// The category of a disagreement in the log.
    pub discrepancy: Category,
    /// What agreement looks like.
    pub expected: &'static str,
    /// Which differences still agree; what that comes to is [`Reconciliation::tolerance`].
    pub tolerance: Tolerance,
    /// Why the figures must agree.
    pub why: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// For selection.
    pub tags: Vec<String>,
}

/// What came of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The figures agree within the tolerance.
    Agrees,
    /// They do not.
    Disagrees,
    /// They do not, and a cause accounts for all of it.
    Explained,
    /// They are not about the same thing.
    NotComparable,
    /// There was nothing to compare; the evidence says why.
    NotEvaluated,
}

impl Verdict {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Agrees => "agrees",
            Verdict::Disagrees => "disagrees",
            Verdict::Explained => "explained",
            Verdict::NotComparable => "not_comparable",
            Verdict::NotEvaluated => "not_evaluated",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
