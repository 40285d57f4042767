//! The ways to spoil a figure.

mod parts;
mod shares;
mod slips;

use super::{
    ground::{Ground, Spoilt},
    trial::Random,
};

pub(super) type Way = fn(&Ground, &mut Random) -> Option<Spoilt>;

pub(super) const WAYS: [(&str, Way); 11] = [
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
];
