//! One figure that is another than it should be.

use std::cmp::Reverse;

use super::{
    Cause, CauseKind, Certainty,
    digits::{Slip, slip},
    net::{Form, Net, Repair},
};
use crate::{
    decimal::Decimal,
    reconcile::{Figure, Source, Verdict},
};

/// Parts of one sum that are tried; a sum of more is not searched for its one wrong part.
const MOST_PARTS: usize = 2_000;
/// Figures below this are the same in two places by chance.
const TELLING: i128 = 10;

/// What one figure explains of a row.
pub(super) fn causes(net: &Net<'_>, at: usize) -> Vec<Cause> {
    let mut causes = Vec::new();
    if net.form(at) == Form::AtMost {
        causes.push(exceeds(net, at));
    }
    let repairs = repairs(net, at);
    let rank = |repair: &Repair| {
        let gained = repair.mends.len().saturating_sub(repair.breaks);
        (gained, Reverse(repair.leaves))
    };
    let Some(most) = repairs.iter().map(rank).max() else {
        causes.extend(detail_differs(net, at));
        return causes;
    };
    let best: Vec<&Repair> = repairs.iter().filter(|r| rank(r) == most).collect();
    if let [only] = best.as_slice() {
        causes.extend(cause(net, only, sureness(net, only)));
        return causes;
    }
    // Several figures would do: one stands out when its slip shows and is unlikely to show by chance.
    for sought in [Slip::Swapped, Slip::OneDigit] {
        let slipped = |repair: &&&Repair| slip_of(net, repair) == Some(sought);
        let slips: Vec<&&Repair> = best.iter().filter(slipped).collect();
        let certainty = match slips.as_slice() {
            [] => continue,
            [only] if is_telling(sought, only, net, best.len()) => Certainty::Likely,
            _ => Certainty::Possible,
        };
        if slips.len() <= FEW {
            causes.extend(slips.iter().filter_map(|r| cause(net, r, certainty)));
        }
        return causes;
    }
    if best.len() <= FEW {
        let named = best
            .iter()
            .filter_map(|r| cause(net, r, Certainty::Possible));
        causes.extend(named.filter(|cause| cause.kind != CauseKind::Misprint));
    }
    causes
}

/// Statements that outweigh one that agrees by chance.
const WITNESSES_AGAINST_ONE: usize = 4;

/// Figures that are told apart in words; of more, none stands out.
const FEW: usize = 3;

/// Two witnesses are certainty. One is a likelihood where a slip, another printing or a share says what the figure is;
/// that all other figures of a sum are borne out elsewhere says only which one it may be.
fn sureness(net: &Net<'_>, repair: &Repair) -> Certainty {
    // What a share should be is known; how it came about is not, as it may have been worked out otherwise.
    let is_share = is_share(net, repair);
    if repair.witnesses >= 2 && repair.breaks == 0 && !is_share {
        return Certainty::Certain;
    }
    let telling = match kind(net, repair).0 {
        CauseKind::OneDigit | CauseKind::Misprint => repair.different >= 2 || is_share,
        _ => true,
    };
    if telling {
        Certainty::Likely
    } else {
        Certainty::Possible
    }
}

/// Whether the figure is a share or change that a statement works out.
fn is_share(net: &Net<'_>, repair: &Repair) -> bool {
    let printings = net.printings(repair.figure);
    repair.mends.iter().any(|at| {
        let stated = &net.rows[*at].stated_from;
        matches!(net.form(*at), Form::Quotient(_)) && stated.iter().any(|f| printings.contains(f))
    })
}

/// A slip of figures with more than one digit; in one digit any two figures are a slip apart.
fn slip_of(net: &Net<'_>, repair: &Repair) -> Option<Slip> {
    let printed = net.figures[repair.figure]
        .value
        .rounded(repair.value.scale());
    let size = |value: Decimal| value.mantissa().saturating_abs();
    (size(printed) >= TELLING || size(repair.value) >= TELLING)
        .then(|| slip(repair.value, printed))
        .flatten()
}

/// Whether a slip among so many figures is more than chance would bring.
///
/// A difference of 9 × k in some place is a swap in a hundred less ten k of all figures' pairs of digits; a difference of
/// k in some place is one other digit in most figures.
fn is_telling(slip: Slip, repair: &Repair, net: &Net<'_>, figures: usize) -> bool {
    let printed = net.figures[repair.figure].value;
    let off = printed
        .checked_sub(repair.value)
        .map(|d| d.mantissa().unsigned_abs());
    let Some(mut off) = off.filter(|off| *off > 0 && slip == Slip::Swapped) else {
        return false;
    };
    while off.is_multiple_of(10) {
        off /= 10;
    }
    let percent = 10_u128.saturating_sub(off / 9);
    u128::try_from(figures).is_ok_and(|figures| figures * percent < 20)
}

/// Every other value of one figure of the row that mends it and breaks nothing, or far less than it mends.
fn repairs(net: &Net<'_>, at: usize) -> Vec<Repair> {
    let row = &net.rows[at];
    let mut found: Vec<Repair> = Vec::new();
    if row.computed_from.len() > MOST_PARTS {
        return found;
    }
    let tried = net.figures_of(at);
    for figure in tried.into_iter().filter(|figure| net.is_published(*figure)) {
        let mut values = Vec::new();
        for other in net.rows_with(figure) {
            if net.rows[other].verdict == Verdict::Disagrees
                && let Some(value) = net.required(other, figure)
                && !values.contains(&value)
            {
                values.push(value);
            }
        }
        for value in values {
            let repair = net.repair(figure, value);
            if is_worth(&repair) && repair.mends.contains(&at) {
                found.push(repair);
            }
        }
    }
    found
}

/// Whether a repair is better than what stands there: it breaks nothing, or what it breaks may agree by chance, since
/// far more different statements bear it out.
fn is_worth(repair: &Repair) -> bool {
    repair.breaks * WITNESSES_AGAINST_ONE <= repair.witnesses
}

/// A repair as a cause; a figure that mends one statement and shows no slip is no explanation: any figure would do that.
fn cause(net: &Net<'_>, repair: &Repair, certainty: Certainty) -> Option<Cause> {
    let figure = &net.figures[repair.figure];
    let (kind, how) = kind(net, repair);
    let shows_nothing = repair.mends.len() < 2 || is_share(net, repair);
    if kind == CauseKind::Misprint && (shows_nothing || certainty == Certainty::Possible) {
        return None;
    }
    let (printed, meant) = (figure.value.grouped(), repair.value.grouped());
    let mends = match (repair.mends.len(), repair.breaks) {
        (1, 0) => String::new(),
        (many, 0) => format!(", which mends {many} statements and breaks none"),
        (many, breaks) => format!(", which mends {many} statements and breaks {breaks}"),
    };
    Some(Cause {
        kind,
        certainty,
        words: format!(
            "{how}: `{}` is {printed} at {} and should be {meant}{mends}",
            figure.category, figure.stated_at
        ),
        suspect: Some(repair.figure),
    })
}

/// How the wrong figure may have come about.
fn kind(net: &Net<'_>, repair: &Repair) -> (CauseKind, String) {
    let figure = &net.figures[repair.figure];
    let slipped = slip_of(net, repair);
    if slipped == Some(Slip::Swapped) {
        return (
            CauseKind::SwappedDigits,
            "two digits are swapped".to_owned(),
        );
    }
    // The value of the same thing for another period or population, telling enough to be no accident.
    if figure.value.mantissa() >= TELLING {
        let same = net.figures.iter().filter(|other| {
            other.source == Source::Published
                && other.value == figure.value
                && other.category == figure.category
                && other.measure == figure.measure
                && related(&other.table, &figure.table)
        });
        for other in same {
            let period = other.period != figure.period && other.population == figure.population;
            let population = other.population != figure.population && other.period == figure.period;
            let kind = match (period, population) {
                (true, _) => CauseKind::OtherPeriod,
                (_, true) => CauseKind::OtherPopulation,
                _ => continue,
            };
            let which = if period {
                &other.period
            } else {
                &other.population
            };
            return (
                kind,
                format!("the figure of {which} ({}) stands there", other.stated_at),
            );
        }
    }
    let elsewhere = said_elsewhere(net, repair);
    let only_detail = repair
        .mends
        .iter()
        .all(|at| net.rows[*at].rule.kind == "control_total");
    if let Some(other) = elsewhere.filter(|_| only_detail) {
        return (
            CauseKind::DetailDiffers,
            format!(
                "the detail counts otherwise ({}), and nothing else says which of the two is right",
                other.stated_at
            ),
        );
    }
    if slipped == Some(Slip::OneDigit) {
        return (CauseKind::OneDigit, "one digit is mistyped".to_owned());
    }
    match elsewhere {
        Some(other) if other.source == Source::Published => (
            CauseKind::PrintedOtherwise,
            format!(
                "the same figure is printed otherwise at {}",
                other.stated_at
            ),
        ),
        Some(_) => (
            CauseKind::Misprint,
            "no other figure mends as much, and the detail counts what it should be".to_owned(),
        ),
        None => (
            CauseKind::Misprint,
            "no other figure mends as much".to_owned(),
        ),
    }
}

/// Tables of one name but for a year-on-year ending.
fn related(one: &str, other: &str) -> bool {
    one == other || one.starts_with(other) || other.starts_with(one)
}

/// Another figure of a mended equality that has the value already: a published one, if there is any.
fn said_elsewhere<'n>(net: &'n Net<'_>, repair: &Repair) -> Option<&'n Figure> {
    let printings = net.printings(repair.figure);
    let others = repair.mends.iter().filter_map(|at| {
        let row = &net.rows[*at];
        let (stated, computed) = (&row.stated_from, &row.computed_from);
        let ([one], [other]) = (stated.as_slice(), computed.as_slice()) else {
            return None;
        };
        let other = if printings.contains(one) { other } else { one };
        let figure = &net.figures[*other];
        (net.form(*at) == Form::Equal && figure.value == repair.value).then_some(figure)
    });
    others.min_by_key(|figure| figure.source != Source::Published)
}

fn exceeds(net: &Net<'_>, at: usize) -> Cause {
    let row = &net.rows[at];
    let over = row.difference.map(|d| d.grouped()).unwrap_or_default();
    Cause {
        kind: CauseKind::ExceedsWhole,
        certainty: Certainty::Likely,
        words: format!("the part is {over} larger than its whole, so one of the two is wrong"),
        suspect: None,
    }
}

/// A published figure that its own publication bears out, and the detail does not.
fn detail_differs(net: &Net<'_>, at: usize) -> Option<Cause> {
    let row = &net.rows[at];
    let stated = row.stated_from.first()?;
    if row.rule.kind != "control_total" {
        return None;
    }
    let borne_out = net
        .rows_with(net.first(*stated))
        .into_iter()
        .find(|other| {
            let other = &net.rows[*other];
            let mut figures = other.stated_from.iter().chain(&other.computed_from);
            other.verdict == Verdict::Agrees && figures.all(|figure| net.is_published(*figure))
        })?;
    Some(Cause {
        kind: CauseKind::DetailDiffers,
        certainty: Certainty::Likely,
        words: format!(
            "the detail counts otherwise: the published figure agrees with others of its publication ({})",
            net.rows[borne_out].statement
        ),
        suspect: None,
    })
}
