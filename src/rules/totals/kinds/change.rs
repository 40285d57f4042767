//! `change`: a stated change is what lies between two figures.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{ChangeScale, Key, Rounding, Selector, word_or_first};
use crate::diagnostics::At;

/// A stated change is what lies between two figures.
///
/// The change, the figure `from` and the figure `to` belong together where they have the same keys `by`; they mostly differ
/// in their period, which is then not among them. `scale` says whether it is a percentage, a fraction or a number.
///
/// ## Missing figures
///
/// A change without one of its figures is `not_evaluated`, and so is a percentage of 0 or of less.
///
/// ## In the log
///
/// Category `Wrong change`, dimension `accuracy`:
///
/// > 50 to 45 is -10%; +10% stated; probably the sign is wrong: a fall is printed as a rise, from 50 to 45. …
///
/// ## A change that disagrees
///
/// `likely_cause` says whether its sign is wrong, the sides are swapped, it was cut off, or taken by the later figure.
/// Whether two years may be compared at all is for `comparisons:` to say, in the same files.
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.rooms.change
///     check:
///       change:
///         change: { table: rooms, measure: percent_change }
///         from: { table: rooms, measure: count, period: "2016" }
///         to: { table: rooms, measure: count, period: "2017" }
///         by: [category]
///     severity: error
///     why: The report says how much each room gained or lost.
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 2,rooms,body,2016,all,Green,count,40,40,11
/// 2,rooms,body,2016,all,Blue,count,50,50,12
/// 2,rooms,body,2017,all,Green,count,44,44,11
/// 2,rooms,body,2017,all,Blue,count,45,45,12
/// 2,rooms,body,2017,all,Green,percent_change,10,+10%,11
/// 2,rooms,body,2017,all,Blue,percent_change,10,+10%,12
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The changes.
    pub change: At<Selector>,
    /// The figures before.
    pub from: At<Selector>,
    /// The figures after.
    pub to: At<Selector>,
    /// The keys on which the three belong together.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// `percent` (default), `fraction` or `absolute`.
    #[serde(default)]
    #[schemars(with = "Option<ChangeScale>")]
    pub scale: Option<At<String>>,
    /// The decimals that the change was meant to have (default: those it is written with).
    #[serde(default)]
    pub decimals: Option<At<u32>>,
    /// How it was brought to them: `half_up` (default), `half_even` or `truncate`.
    #[serde(default)]
    #[schemars(with = "Option<Rounding>")]
    pub rounding: Option<At<String>>,
}

impl Change {
    /// How the change is written.
    pub fn scale(&self) -> ChangeScale {
        let word = self.scale.as_ref();
        word_or_first(word, ChangeScale::from_word, ChangeScale::Percent)
    }

    /// How it was brought to its decimals.
    pub fn rounding(&self) -> Rounding {
        let word = self.rounding.as_ref();
        word_or_first(word, Rounding::from_word, Rounding::HalfUp)
    }
}
