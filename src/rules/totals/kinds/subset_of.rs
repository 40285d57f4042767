//! `subset_of`: a part is no larger than its whole.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Selector};
use crate::diagnostics::At;

/// A part is no larger than its whole.
///
/// A part belongs to the whole that has the same keys `by`. Nothing is said about how much smaller it is.
///
/// ## Missing figures
///
/// A part without a whole, and a whole without a part, is `not_evaluated`.
///
/// ## In the log
///
/// Category `Impossible subset`, dimension `consistency`:
///
/// > 6 (guided) of 5 (all): the part is larger than its whole by 1; the part is 1 larger than its whole, so one of the two is wrong. …
///
/// ## A part that is too large
///
/// One of the two is wrong, or they do not count the same: look at both places. Where the parts are all there, they add up to
/// the whole, and [`sums_to`](sums_to.md) says more; where a percentage is printed beside them, [`share_of`](share_of.md).
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.guided_within_all
///     check:
///       subset_of:
///         part: { table: rooms, population: guided, measure: count }
///         whole: { table: rooms, population: all, measure: count }
///         by: [period, category]
///     severity: error
///     why: A guided visit is a visit.
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 2,rooms,body,2017,all,Green,count,4,4,11
/// 2,rooms,body,2017,all,Blue,count,5,5,12
/// 3,rooms,body,2017,guided,Green,count,3,3,15
/// 3,rooms,body,2017,guided,Blue,count,6,6,16
/// ```
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
