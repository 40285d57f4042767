//! `equals`: two figures are the same, such as one figure that is printed twice.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Selector};
use crate::diagnostics::At;

/// Two figures are the same, such as one figure that is printed twice.
///
/// A figure of `left` and one of `right` are a pair where they have the same keys `by`. Several figures of one side with
/// the same keys are added first.
///
/// ## Missing figures
///
/// A figure that only one side has is `not_evaluated`: see [`control_total`](control_total.md) where it has to be there.
///
/// ## In the log
///
/// Category `Total mismatch`, dimension `consistency`:
///
/// > 5 (body) against 6 (chart); perhaps the same figure is printed otherwise at published/figures.csv:5 (report line 21) …
///
/// ## A pair that disagrees
///
/// Which of the two is right is for other statements to say: `likely_cause` and `evidence` tell what they bear out. A figure
/// against what the detail counts is [`control_total`](control_total.md), which also asks for figures that are not there.
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.rooms.body_and_chart
///     check:
///       equals:
///         left: { table: rooms, origin: body, measure: count }
///         right: { table: rooms, origin: chart, measure: count }
///         by: [period, category]
///     severity: error
///     why: The chart draws the table.
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 2,rooms,body,2017,all,Green,count,4,4,11
/// 2,rooms,body,2017,all,Blue,count,5,5,12
/// 3,rooms,chart,2017,all,Green,count,4,4,20
/// 3,rooms,chart,2017,all,Blue,count,6,6,21
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Equals {
    /// The one side.
    pub left: At<Selector>,
    /// The other side.
    pub right: At<Selector>,
    /// The keys on which two figures are a pair.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}
