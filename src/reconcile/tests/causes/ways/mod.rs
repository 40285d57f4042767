//! The ways to spoil a figure.

mod parts;
mod series;
mod shares;
mod slips;
mod totals;

use super::{
    ground::{Ground, Spoilt},
    trial::Random,
};

pub(super) type Way = fn(&Ground, &mut Random) -> Option<Spoilt>;

/// Each cause that the project knows, of parts and of what is stated for them.
///
/// Not among them are causes that are no spoil of the report: what follows from its groups, and the detail that counts
/// otherwise, for which there is none here; and a change, of which the report states none. `worked_out.rs` and the tests
/// beside it have them.
pub(super) const WAYS: [(&str, Way); 21] = [
    ("swapped digits", slips::swapped),
    ("one digit", slips::one_digit),
    ("printed otherwise", slips::otherwise),
    ("part missing", parts::missing),
    ("counted twice", parts::twice),
    ("moved between groups", parts::moved),
    ("agreeing total", parts::compensating),
    ("exceeds its whole", slips::exceeding),
    ("other period or population", slips::other_column),
    ("truncated share", shares::truncated),
    ("other base", shares::other_base),
    ("share: swapped digits", shares::swapped),
    ("share: one digit", shares::one_digit),
    ("total: swapped digits", totals::swapped),
    ("total: one digit", totals::one_digit),
    ("total: another number", totals::another),
    ("total: counts a part twice", totals::twice),
    ("total: leaves a part out", totals::left_out),
    ("total: below its part", totals::exceeded),
    ("independent rounding", series::rounded),
    ("vanished blanks", series::vanished),
];
