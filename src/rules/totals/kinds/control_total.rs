//! `control_total`: a published figure is what the detail counts.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Selector};
use crate::diagnostics::At;

/// A published figure is what the detail counts.
///
/// A figure of `stated` and one of `computed` are a pair where they have the same keys `by`. Computed figures are those of the
/// project's `sql/aggregates`: a table is an aggregate's name, and `count`, `base` and `share` are its measures.
///
/// ## Missing figures
///
/// A figure that only one side has disagrees, unless nothing was counted for it either: publications leave empty categories
/// out.
///
/// ## In the log
///
/// Category `Total mismatch`, dimension `accuracy`:
///
/// > 3 stated against 1 computed; the detail counts otherwise (aggregates/rooms.csv:2), and nothing else says which of the two is right …
///
/// ## A figure that disagrees
///
/// Where the project has `sql/records`, `contributing_records` lists the records behind the difference: those that are
/// missing, left out, counted twice or under another category. Otherwise `likely_cause` says what the other printings and
/// totals bear out. Two published figures are [`equals`](equals.md).
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: control.rooms
///     check:
///       control_total:
///         stated: { source: published, table: rooms, measure: count }
///         computed: { source: computed, table: rooms, measure: count }
///         by: [period, category]
///     severity: error
///     why: The report counts the visits that were delivered.
/// ```
///
/// `rules/tables/visits.yaml`:
///
/// ```yaml
/// version: 1
/// table: visits
/// source: { files: "visits.csv" }
/// key: [visit_ref]
/// columns:
///   visit_ref: { type: string }
///   room: { type: string }
///   visited_on: { type: date }
/// ```
///
/// `sql/aggregates/rooms.sql`:
///
/// ```sql
/// SELECT '2017' AS period, 'all' AS population, room AS category, 1 AS sort,
///        count(*) AS count, CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share
/// FROM visits
/// WHERE room IS NOT NULL
/// GROUP BY room
/// ORDER BY room
/// ```
///
/// `delivery/visits.csv`:
///
/// ```csv
/// visit_ref,room,visited_on
/// V1,Green,2017-01-04
/// V2,Green,2017-01-05
/// V3,Blue,2017-01-05
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 2,rooms,body,2017,all,Green,count,2,2,11
/// 2,rooms,body,2017,all,Blue,count,3,3,12
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlTotal {
    /// The published figures.
    pub stated: At<Selector>,
    /// The figures that the detail gives.
    pub computed: At<Selector>,
    /// The keys on which two figures are a pair.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
}
