//! `sums_to`: the parts of each group add up to its total.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Selector};
use crate::diagnostics::At;

/// The parts of each group add up to its total.
///
/// `parts` are added where they have the same keys `by`; the total is the one figure that has the same keys `match`. Every
/// printing of a total is held against every group that it belongs to.
///
/// ## Missing figures
///
/// A group without a total, and a total without parts, is `not_evaluated`. No missing part is taken for 0, so a part that
/// was not printed is a difference. Parts whose text stands for a suppressed figure make the sum a range.
///
/// ## In the log
///
/// Category `Total mismatch`, dimension `consistency`. `reconciliations` has the groups that agree as well:
///
/// > sum of 2 parts 9 (4 + 5) against 10 stated; unexplained: nothing that was tried fits. Every visit is to one room.
///
/// ## A total that disagrees
///
/// `likely_cause` names the figure that is suspected, and `evidence` why. Parts that were rounded one by one need a
/// `tolerance: rounding`, a category that the total leaves out a `not_category`. Groups whose members a code list knows are
/// [`hierarchy`](hierarchy.md).
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.visits.rooms_make_the_total
///     check:
///       sums_to:
///         parts: { table: rooms, measure: count }
///         total: { table: headline, category: visits, measure: count }
///         by: [period]
///     severity: error
///     why: Every visit is to one room.
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 1,headline,text,2016,all,visits,count,12,12,3
/// 1,headline,text,2017,all,visits,count,10,10,4
/// 2,rooms,body,2016,all,Green,count,7,7,9
/// 2,rooms,body,2016,all,Blue,count,5,5,10
/// 2,rooms,body,2017,all,Green,count,4,4,11
/// 2,rooms,body,2017,all,Blue,count,5,5,12
/// ```
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
