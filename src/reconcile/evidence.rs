//! The figures in a sentence.

use std::fmt::Write as _;

use super::{Figure, Key, select::Side};
use crate::decimal::{Decimal, Ratio};

/// Parts that are written out.
const FEW_PARTS: usize = 6;
/// Places that are written out.
const FEW_PLACES: usize = 3;

/// `sum of 3 parts 8,538 (4,600 + 3,635 + 303) against 8,538 stated`.
pub(super) fn sum(parts: &[Decimal], sum: Decimal, total: Decimal) -> String {
    let mut listed = String::new();
    if (2..=FEW_PARTS).contains(&parts.len()) {
        let texts: Vec<String> = parts.iter().map(|part| part.grouped()).collect();
        listed = format!(" ({})", texts.join(" + "));
    }
    let noun = if parts.len() == 1 { "part" } else { "parts" };
    format!(
        "sum of {} {noun} {}{listed} against {} stated",
        parts.len(),
        sum.grouped(),
        total.grouped()
    )
}

/// `1,701 (label) against 1,704 (chart)`: two figures joined by `between`, each with what sets it apart from the other.
pub(super) fn pair(one: &Figure, between: &str, other: &Figure) -> String {
    let apart: Vec<Key> = Key::ALL
        .iter()
        .copied()
        .filter(|key| *key != Key::Source && one.key(*key) != other.key(*key))
        .collect();
    let described = |figure: &Figure| {
        let texts: Vec<String> = apart.iter().map(|k| figure.key(*k).to_string()).collect();
        let mut text = figure.value.grouped();
        if !texts.is_empty() {
            let _ = write!(text, " ({})", texts.join(", "));
        }
        text
    };
    format!("{} {between} {}", described(one), described(other))
}

/// `21 of 191 is 10.994…%: 11.0% rounded half up, 10.9% truncated; 10.1% stated`.
pub(super) fn share(
    share: &Figure,
    part: &Figure,
    whole: &Figure,
    ratio: Ratio,
    closer: Ratio,
    unit: &str,
) -> String {
    let printed = match share.printed.as_str() {
        "" => format!("{}{unit}", share.value),
        printed => printed.to_owned(),
    };
    let (part, whole) = (part.value.grouped(), whole.value.grouped());
    let Ratio {
        rounded, truncated, ..
    } = ratio;
    if ratio.exact {
        return format!("{part} of {whole} is {rounded}{unit}; {printed} stated");
    }
    let more = if closer.exact { "" } else { "…" };
    format!(
        "{part} of {whole} is {}{more}{unit}: {rounded}{unit} rounded half up, {truncated}{unit} truncated; {printed} stated",
        closer.truncated
    )
}

/// Where the figures stand: all of a few, else the first and the last.
pub(super) fn places(side: &Side<'_>, members: &[usize]) -> String {
    let place = |member: &usize| side.figure(*member).stated_at.as_str();
    match members {
        [first, .., last] if members.len() > FEW_PLACES => {
            format!(
                "{} … {} ({} places)",
                place(first),
                place(last),
                members.len()
            )
        }
        few => few.iter().map(place).collect::<Vec<_>>().join("; "),
    }
}
