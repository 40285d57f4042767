//! The figures in a sentence.

use std::fmt::Write;

use super::{Figure, Key, amounts::Amount, select::Side};
use crate::{decimal::Ratio, rules::totals::Rounding};

/// Parts that are written out.
const FEW_PARTS: usize = 6;
/// Places that are written out.
const FEW_PLACES: usize = 3;

/// `sum of 3 parts 8,538 (4,600 + 3,635 + 303) against 8,538 stated`, the noun being `part`.
pub(super) fn sum(parts: &Amount<'_, '_>, noun: &str, total: &Amount<'_, '_>) -> String {
    format!(
        "{} against {} stated",
        parts_alone(parts, noun),
        amount(total, &[])
    )
}

/// `sum of 39 parts 2,050`.
pub(super) fn parts_alone(parts: &Amount<'_, '_>, noun: &str) -> String {
    let count = parts.members.len();
    let plural = if count == 1 { "" } else { "s" };
    format!("sum of {count} {noun}{plural} {}", amount(parts, &[]))
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

/// `1,204`; as printed where it is suppressed.
fn value(figure: &Figure) -> String {
    match figure.suppressed().map(|range| range.exact()) {
        None => figure.value.grouped(),
        Some(Some(value)) => value.grouped(),
        Some(None) => format!("`{}`", figure.printed()),
    }
}

/// `138 (6 + 53 + 79; chart)`: the addends of a short sum, then `notes`.
pub(super) fn amount(amount: &Amount<'_, '_>, notes: &[&str]) -> String {
    let mut text = match amount.members {
        [member] => value(amount.side.figure(*member)),
        _ => amount.range.grouped(),
    };
    let mut before = " (";
    if (2..=FEW_PARTS).contains(&amount.members.len()) {
        for figure in amount.figures() {
            text.push_str(before);
            text.push_str(&value(figure));
            before = " + ";
        }
        before = "; ";
    }
    for note in notes {
        text.push_str(before);
        text.push_str(note);
        before = ", ";
    }
    if before != " (" {
        text.push(')');
    }
    text
}

/// `10.994…%: 11.0% rounded half up, 10.9% truncated`.
pub(super) fn brought(ratio: Ratio, closer: Ratio, rounding: Rounding, unit: &str) -> String {
    let Ratio {
        rounded,
        even,
        truncated,
        ..
    } = ratio;
    if ratio.exact {
        return format!("{rounded}{unit}");
    }
    let (exact, more) = (closer.truncated, if closer.exact { "" } else { "…" });
    if rounded == truncated {
        return format!("{exact}{more}{unit}: {rounded}{unit} rounded or truncated");
    }
    let to_even = match rounding {
        Rounding::HalfEven => format!(", {even}{unit} half to even"),
        Rounding::HalfUp | Rounding::Truncate => String::new(),
    };
    format!(
        "{exact}{more}{unit}: {rounded}{unit} rounded half up{to_even}, {truncated}{unit} truncated"
    )
}

/// A figure as it was printed.
pub(super) fn printed(figure: &Figure, unit: &str) -> String {
    match figure.printed() {
        "" => format!("{}{unit}", figure.value),
        printed => printed.to_owned(),
    }
}

/// What suppressed figures mean for a verdict. It does not say what they would have to stand for: that would disclose them.
pub(super) fn suppressed(figures: usize, possible: bool) -> String {
    let noun = if figures == 1 { "figure" } else { "figures" };
    let how = if possible {
        "possible"
    } else {
        "impossible even"
    };
    format!("; {how} with {figures} {noun} suppressed")
}

/// Where the figures of a side stand.
pub(super) fn places_of(side: &Side<'_>, members: &[usize]) -> String {
    places(members.iter().map(|member| side.figure(*member)))
}

/// Where figures stand: all of a few, else the first and the last.
pub(super) fn places<'f>(figures: impl Iterator<Item = &'f Figure> + Clone) -> String {
    let count = figures.clone().count();
    if count <= FEW_PLACES {
        let mut text = String::with_capacity(64);
        for figure in figures {
            let before = if text.is_empty() { "" } else { "; " };
            text.push_str(before);
            // Writing to a text never fails.
            let _ = write!(text, "{}", figure.stated_at);
        }
        return text;
    }
    let mut places = figures.map(|figure| figure.stated_at.to_string());
    let first = places.next().unwrap_or_default();
    let last = places.last().unwrap_or_default();
    format!("{first} … {last} ({count} places)")
}
