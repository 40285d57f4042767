//! `share_of`: a share is its part divided by its whole, rounded to the decimals that were printed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Rounding, Scale, Selector, word_or_first};
use crate::diagnostics::At;

/// A share is its part divided by its whole, rounded to the decimals that were printed.
///
/// A share belongs to the part that has the same keys `by`, and to the whole that has the same keys `whole_match`, where
/// that is fewer. The division is exact; `rounding` says how the publication was meant to round, `decimals` to how many.
///
/// ## Missing figures
///
/// A share without its part or its whole is `not_evaluated`, and so is a share of 0.
///
/// ## In the log
///
/// Category `Wrong share`, dimension `accuracy`:
///
/// > 5 of 9 is 55.55…%: 56% rounded half up, 55% truncated; 55% stated; probably the share was cut off at 55 instead of rounded …
///
/// ## A share that disagrees
///
/// `likely_cause` says whether it was cut off, taken of another base, or printed with a wrong digit. Where a publication
/// always cuts off, say `rounding: truncate`. That the shares make a hundred is [`sums_to`](sums_to.md), with
/// `tolerance: rounding`; a percentage of change is [`change`](change.md).
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.rooms.share
///     check:
///       share_of:
///         share: { table: rooms, measure: percent }
///         part: { table: rooms, measure: count }
///         whole: { table: headline, category: visits, measure: count }
///         by: [period, category]
///         whole_match: [period]
///         rounding: half_up
///     severity: error
///     why: The percentages are of all visits of the year.
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 1,headline,text,2017,all,visits,count,9,9,4
/// 2,rooms,body,2017,all,Green,count,4,4,11
/// 2,rooms,body,2017,all,Blue,count,5,5,12
/// 2,rooms,body,2017,all,Green,percent,44,44%,11
/// 2,rooms,body,2017,all,Blue,percent,55,55%,12
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareOf {
    /// The shares.
    pub share: At<Selector>,
    /// The parts.
    pub part: At<Selector>,
    /// The wholes.
    pub whole: At<Selector>,
    /// The keys on which a share belongs to its part.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// The keys on which a whole belongs to a share (default: `by`).
    #[serde(default)]
    #[schemars(with = "Option<Vec<Key>>")]
    pub whole_match: Option<Vec<At<String>>>,
    /// `percent` (default) or `fraction`.
    #[serde(default)]
    #[schemars(with = "Option<Scale>")]
    pub scale: Option<At<String>>,
    /// The decimals that the share was meant to have (default: those it is written with).
    #[serde(default)]
    pub decimals: Option<At<u32>>,
    /// How it was brought to them: `half_up` (default), `half_even` or `truncate`.
    #[serde(default)]
    #[schemars(with = "Option<Rounding>")]
    pub rounding: Option<At<String>>,
}

impl ShareOf {
    /// How the share is written.
    pub fn scale(&self) -> Scale {
        word_or_first(self.scale.as_ref(), Scale::from_word, Scale::Percent)
    }

    /// How it was brought to its decimals.
    pub fn rounding(&self) -> Rounding {
        let word = self.rounding.as_ref();
        word_or_first(word, Rounding::from_word, Rounding::HalfUp)
    }
}
