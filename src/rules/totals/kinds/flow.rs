//! `flow`: what there was, what came and what went make what there is.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Selector, Sides};
use crate::diagnostics::At;

/// What there was, what came and what went make what there is.
///
/// `opening` and what came `in`, less what went `out`, is `closing`, for all figures with the same keys `by`. `in` and `out`
/// are one selector, or a list of which each is needed.
///
/// ## Missing figures
///
/// A group that lacks one of them is `not_evaluated`: nothing missing is taken for 0.
///
/// ## In the log
///
/// Category `Total mismatch`, dimension `consistency`:
///
/// > opening 112 + in 18 + in 2 − out 10 (9 + 1) is 122 against 120 stated; perhaps one digit is mistyped …
///
/// ## A balance that disagrees
///
/// Mostly something came or went that no side names: add it to `in` or `out`. That one period opens with what the last closed
/// with is [`equals`](equals.md), with `as:` to give both the same period.
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.members.balance
///     check:
///       flow:
///         opening: { table: members, category: at start }
///         in: [{ table: members, category: joined }, { table: members, category: returned }]
///         out: { table: members, category: [left, moved away] }
///         closing: { table: members, category: at end }
///         by: [period]
///     severity: error
///     why: Members who are neither there nor gone were lost in counting.
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 4,members,body,2016,all,at start,count,100,100,30
/// 4,members,body,2016,all,joined,count,20,20,31
/// 4,members,body,2016,all,returned,count,5,5,32
/// 4,members,body,2016,all,left,count,10,10,33
/// 4,members,body,2016,all,moved away,count,3,3,34
/// 4,members,body,2016,all,at end,count,112,112,35
/// 4,members,body,2017,all,at start,count,112,112,30
/// 4,members,body,2017,all,joined,count,18,18,31
/// 4,members,body,2017,all,returned,count,2,2,32
/// 4,members,body,2017,all,left,count,9,9,33
/// 4,members,body,2017,all,moved away,count,1,1,34
/// 4,members,body,2017,all,at end,count,120,120,35
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What there was at the beginning.
    pub opening: At<Selector>,
    /// What came: one selector, or several that are each needed.
    #[serde(rename = "in")]
    pub entries: Sides,
    /// What went: one selector, or several that are each needed.
    #[serde(rename = "out")]
    pub exits: Sides,
    /// What there was at the end.
    pub closing: At<Selector>,
    /// The keys on which the four belong together.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}
