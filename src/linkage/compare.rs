//! How alike two values are, in a few levels: each kind of value is mistaken in its own ways.

use schemars::JsonSchema;
use serde::Deserialize;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How two values of a field are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "compare", rename_all = "snake_case")]
#[schemars(rename = "Compare")]
pub enum Compare {
    /// A name: spellings that begin and sound alike are close.
    Name,
    /// Words, such as an address.
    Text,
    /// A day: day and month may be swapped, or a digit be wrong.
    Date,
    /// A postcode: its first part may be right.
    Postcode,
    /// A telephone number: only its digits count.
    Phone,
    /// An email address: what stands before the `@` may be right.
    Email,
    /// A number or reference of a person: a character may be wrong.
    Code,
}

impl Compare {
    /// The levels, the same first and different last.
    pub fn levels(self) -> &'static [&'static str] {
        match self {
            Self::Name | Self::Text => &["the same", "nearly the same", "similar", "different"],
            Self::Date => &[
                "the same",
                "day and month swapped",
                "one character off",
                "two characters off",
                "different",
            ],
            Self::Postcode => &[
                "the same",
                "one character off",
                "of one district",
                "different",
            ],
            Self::Phone | Self::Code => &[
                "the same",
                "one character off",
                "two characters off",
                "different",
            ],
            Self::Email => &["the same", "nearly the same", "similar", "different"],
        }
    }

    /// How often two records of one thing are expected on each level, where the data do not tell.
    pub(super) fn expected(self) -> &'static [f64] {
        match self.levels().len() {
            5 => &[0.85, 0.02, 0.06, 0.02, 0.05],
            _ => &[0.85, 0.07, 0.03, 0.05],
        }
    }

    /// The value without what does not count; blank where nothing is left.
    pub(super) fn plain(self, text: &str) -> String {
        let letters = || text.nfkd().filter(|c| !is_combining_mark(*c));
        match self {
            Self::Name | Self::Text => {
                let lower: String = letters().flat_map(char::to_lowercase).collect();
                let words = lower.split(|c: char| !c.is_alphanumeric());
                let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
                words.join(" ")
            }
            Self::Date => text.trim().to_owned(),
            Self::Postcode | Self::Code => letters()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_uppercase)
                .collect(),
            Self::Phone => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                // The country's code instead of the nought in front.
                let national = digits.strip_prefix("0044").or(digits.strip_prefix("44"));
                match national.filter(|national| (9..=10).contains(&national.len())) {
                    Some(national) => format!("0{national}"),
                    None => digits,
                }
            }
            Self::Email => text.trim().to_lowercase(),
        }
    }

    /// The level of two plain values that differ.
    pub(super) fn level(self, a: &str, b: &str) -> u8 {
        match self {
            Self::Name | Self::Text => by_similarity(a, b, [0.92, 0.80]),
            Self::Date if swapped(a, b) => 1,
            Self::Date => by_edits(a, b) + 1,
            Self::Postcode => match by_edits(a, b) {
                1 => 1,
                _ if district(a).is_some_and(|of_a| Some(of_a) == district(b)) => 2,
                _ => 3,
            },
            Self::Phone | Self::Code => by_edits(a, b),
            Self::Email => match (before_at(a), before_at(b)) {
                (Some(of_a), Some(of_b)) if of_a == of_b => 1,
                _ => by_similarity(a, b, [0.96, 0.90]),
            },
        }
    }
}

fn by_similarity(a: &str, b: &str, [nearly, similar]: [f64; 2]) -> u8 {
    match strsim::jaro_winkler(a, b) {
        all if all >= nearly => 1,
        some if some >= similar => 2,
        _ => 3,
    }
}

/// 1 and 2 for so many characters put in, left out, replaced or swapped, 3 for more.
fn by_edits(a: &str, b: &str) -> u8 {
    if a.len().abs_diff(b.len()) > 2 {
        return 3;
    }
    match strsim::osa_distance(a, b) {
        0 | 1 => 1,
        2 => 2,
        _ => 3,
    }
}

/// Whether the days, written as 2017-01-05, are each other's with day and month swapped.
fn swapped(a: &str, b: &str) -> bool {
    fn parts(text: &str) -> Option<(&str, &str, &str)> {
        Some((text.get(..4)?, text.get(5..7)?, text.get(8..10)?))
    }
    matches!((parts(a), parts(b)), (Some(a), Some(b)) if a.0 == b.0 && a.1 == b.2 && a.2 == b.1)
}

/// A postcode without its last three characters.
fn district(text: &str) -> Option<&str> {
    let length = text.len().checked_sub(3).filter(|length| *length >= 2)?;
    text.get(..length)
}

fn before_at(text: &str) -> Option<&str> {
    let (name, _) = text.split_once('@')?;
    (name.len() > 2).then_some(name)
}
