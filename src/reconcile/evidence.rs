//! The figures in a sentence.

use super::{Figure, Key, groups::Amount, select::Side};
use crate::decimal::Ratio;

/// Parts that are written out.
const FEW_PARTS: usize = 6;
/// Places that are written out.
const FEW_PLACES: usize = 3;

/// `sum of 3 parts 8,538 (4,600 + 3,635 + 303) against 8,538 stated`.
pub(super) fn sum(parts: &Amount<'_, '_>, total: &Amount<'_, '_>) -> String {
    format!(
        "{} against {} stated",
        parts_alone(parts),
        amount(total, &[])
    )
}

/// `sum of 39 parts 2,050`.
pub(super) fn parts_alone(parts: &Amount<'_, '_>) -> String {
    let count = parts.members.len();
    let noun = if count == 1 { "part" } else { "parts" };
    format!("sum of {count} {noun} {}", amount(parts, &[]))
}

/// `1,701 (label) against 1,704 (chart)`: two amounts joined by `between`, each with what sets it apart from the other.
pub(super) fn pair(one: &Amount<'_, '_>, between: &str, other: &Amount<'_, '_>) -> String {
    let mut apart = (Vec::new(), Vec::new());
    for key in Key::ALL {
        if let (Some(a), Some(b)) = (common(one, *key), common(other, *key))
            && a != b
            && *key != Key::Source
        {
            apart.0.push(a);
            apart.1.push(b);
        }
    }
    let (one, other) = (amount(one, &apart.0), amount(other, &apart.1));
    format!("{one} {between} {other}")
}

/// The figures' text under `key`, as printed, where it is the same.
fn common<'f>(amount: &Amount<'_, 'f>, key: Key) -> Option<&'f str> {
    let mut texts = amount
        .members
        .iter()
        .map(|member| amount.side.figure(*member).text(key));
    let first = texts.next()?;
    texts.all(|text| text == first).then_some(first)
}

/// `138 (6 + 53 + 79; chart)`: the addends of a short sum, then `notes`.
pub(super) fn amount(amount: &Amount<'_, '_>, notes: &[&str]) -> String {
    let mut inside = Vec::new();
    if (2..=FEW_PARTS).contains(&amount.members.len()) {
        let addends = amount.members.iter();
        let addends = addends.map(|member| amount.side.figure(*member).value.grouped());
        inside.push(addends.collect::<Vec<_>>().join(" + "));
    }
    if !notes.is_empty() {
        inside.push(notes.join(", "));
    }
    let value = amount.value.grouped();
    if inside.is_empty() {
        value
    } else {
        format!("{value} ({})", inside.join("; "))
    }
}

/// `21 of 191 is 10.994…%: 11.0% rounded half up, 10.9% truncated; 10.1% stated`.
pub(super) fn share(
    share: &Figure,
    part: &Amount<'_, '_>,
    whole: &Amount<'_, '_>,
    ratio: Ratio,
    closer: Ratio,
    unit: &str,
) -> String {
    let printed = match share.printed.as_str() {
        "" => format!("{}{unit}", share.value),
        printed => printed.to_owned(),
    };
    let (part, whole) = (amount(part, &[]), amount(whole, &[]));
    let Ratio {
        rounded, truncated, ..
    } = ratio;
    if ratio.exact {
        return format!("{part} of {whole} is {rounded}{unit}; {printed} stated");
    }
    let more = if closer.exact { "" } else { "…" };
    let brought = if rounded == truncated {
        format!("{rounded}{unit} rounded or truncated")
    } else {
        format!("{rounded}{unit} rounded half up, {truncated}{unit} truncated")
    };
    let exact = closer.truncated;
    format!("{part} of {whole} is {exact}{more}{unit}: {brought}; {printed} stated")
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
