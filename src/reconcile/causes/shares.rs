//! Shares and changes that were worked out otherwise, and sums of rounded figures.

use super::{
    Cause, CauseKind, Certainty,
    net::{Form, Net},
    quotient::{Kind, Quotient},
};
use crate::{
    decimal::{Decimal, Ratio},
    reconcile::{Figure, Source},
};

/// Digits with which another way to work a figure out that gives it is no accident.
const TELLING_DIGITS: usize = 3;
/// Units that counts are rounded to, the coarsest first.
const UNITS: [i128; 4] = [1_000, 100, 10, 5];
/// Parts other than 0 that are all multiples of a unit by rounding, not by chance.
const TELLING_PARTS: usize = 4;

pub(super) fn causes(net: &Net<'_>, at: usize) -> Vec<Cause> {
    match net.form(at) {
        Form::Quotient(quotient) => worked_out(net, at, quotient),
        Form::Equal => rounding(net, at).into_iter().collect(),
        Form::AtMost | Form::Other => Vec::new(),
    }
}

/// A share or change, and what it would be if it were worked out as it should not.
struct WorkedOut<'n, 'r> {
    net: &'n Net<'r>,
    at: usize,
    quotient: Quotient,
    /// The figure and what it says.
    stated: usize,
    printed: Decimal,
    /// Part and whole, or before and after.
    first: Decimal,
    second: Decimal,
}

fn worked_out(net: &Net<'_>, at: usize, quotient: Quotient) -> Vec<Cause> {
    let row = &net.rows[at];
    let value = |figure: usize| net.figures[figure].value;
    let ([stated], Some((first, second))) = (&*row.stated_from, quotient.sums(row, value)) else {
        return Vec::new();
    };
    let printed = quotient.printed(value(*stated));
    let this = WorkedOut {
        net,
        at,
        quotient,
        stated: *stated,
        printed,
        first,
        second,
    };
    let mut causes: Vec<Cause> = this.rounded_otherwise().into_iter().collect();
    if causes.is_empty() && quotient.kind != Kind::Share {
        causes.extend(this.the_wrong_way_round());
    }
    if causes.is_empty() && digits(printed) >= TELLING_DIGITS {
        causes.extend(one_of(this.parts_left_out()));
        causes.extend(one_of(this.other_bases()));
    }
    causes
}

impl WorkedOut<'_, '_> {
    fn cause(&self, kind: CauseKind, words: String) -> Cause {
        Cause {
            kind,
            certainty: Certainty::Likely,
            words,
            suspect: Some(self.net.first(self.stated)),
        }
    }

    fn noun(&self) -> &'static str {
        match self.quotient.kind {
            Kind::Share => "share",
            Kind::Change | Kind::Difference => "change",
        }
    }

    fn gives(&self, ratio: Option<Ratio>) -> bool {
        ratio.is_some_and(|ratio| ratio.rounded == self.printed)
    }

    /// Cut off, or away from 0, instead of to the nearest.
    fn rounded_otherwise(&self) -> Option<Cause> {
        let (noun, printed) = (self.noun(), self.printed);
        let ratio = self.quotient.ratio(self.first, self.second)?;
        let unit = self.quotient.unit()?;
        let up = match ratio.rounded < Decimal::ZERO {
            true => ratio.truncated.checked_sub(unit)?,
            false => ratio.truncated.checked_add(unit)?,
        };
        if ratio.exact {
            // Nothing was there to be cut off or rounded.
            None
        } else if printed == ratio.truncated {
            let words = format!("the {noun} was cut off at {printed} instead of rounded");
            Some(self.cause(CauseKind::TruncatedShare, words))
        } else if printed == up {
            let words = format!("the {noun} was rounded up to {printed}");
            Some(self.cause(CauseKind::RoundedUp, words))
        } else {
            None
        }
    }

    /// A change without its sign, back from the later figure, or by the later one.
    fn the_wrong_way_round(&self) -> Option<Cause> {
        let Self { first, second, .. } = *self;
        let (before, after) = (first.grouped(), second.grouped());
        let quotient = self.quotient;
        let change = quotient.ratio(first, second)?;
        if Decimal::ZERO.checked_sub(change.rounded)? == self.printed {
            let fell = match second < first {
                true => "a fall is printed as a rise",
                false => "a rise is printed as a fall",
            };
            let words = format!("the sign is wrong: {fell}, from {before} to {after}");
            return Some(self.cause(CauseKind::WrongSign, words));
        }
        if quotient.kind != Kind::Change || digits(self.printed) < 2 {
            return None;
        }
        if self.gives(quotient.ratio(second, first)) {
            let words = format!("it is the change from {after} to {before}: the two are swapped");
            return Some(self.cause(CauseKind::SwappedSides, words));
        }
        let by_after = quotient.divided(second.checked_sub(first)?, second);
        self.gives(by_after).then(|| {
            let words =
                format!("it is the change by {after}, what it came to, and not by {before}");
            self.cause(CauseKind::OtherBase, words)
        })
    }

    /// A part of several that is not in the share.
    fn parts_left_out(&self) -> Vec<Cause> {
        let (parts, _) = self.quotient.sides(&self.net.rows[self.at]);
        if self.quotient.kind != Kind::Share || parts.len() < 2 {
            return Vec::new();
        }
        let without = |part: &&usize| {
            let less = self.first.checked_sub(self.net.figures[**part].value);
            less.is_some_and(|less| self.gives(self.quotient.ratio(less, self.second)))
        };
        let words = |part: &usize| {
            let part = named(&self.net.figures[*part]);
            self.cause(
                CauseKind::PartMissing,
                format!("the share leaves {part} out"),
            )
        };
        parts.iter().filter(without).map(words).collect()
    }

    /// Wholes that the share is right of, or earlier figures that the change is right from.
    fn other_bases(&self) -> Vec<Cause> {
        let (first, second) = self.quotient.sides(&self.net.rows[self.at]);
        let (bases, base, of) = match self.quotient.kind {
            Kind::Share => {
                // One of several that make the whole is another whole, too.
                let mut bases: Vec<usize> = self.net.wholes().collect();
                bases.extend(second.iter().filter(|_| second.len() > 1));
                (bases, self.second, "share of")
            }
            Kind::Change | Kind::Difference => {
                let [before] = first else {
                    return Vec::new();
                };
                (self.other_columns(*before), self.first, "change from")
            }
        };
        let mut bases: Vec<(Decimal, usize)> = bases
            .into_iter()
            .map(|figure| (self.net.figures[figure].value, figure))
            .filter(|(value, _)| {
                let ratio = match self.quotient.kind {
                    Kind::Share => self.quotient.ratio(self.first, *value),
                    Kind::Change | Kind::Difference => self.quotient.ratio(*value, self.second),
                };
                *value != base && self.gives(ratio)
            })
            .collect();
        bases.sort_unstable_by_key(|(_, figure)| *figure);
        let mut seen: Vec<Decimal> = Vec::new();
        bases.retain(|(value, _)| {
            let is_new = !seen.contains(value);
            seen.push(*value);
            is_new
        });
        let words = |(_, figure)| format!("it is the {of} {}", named(&self.net.figures[figure]));
        // A share of what the detail counts was not worked out of a printed whole.
        let figures = &self.net.rows[self.at].computed_from;
        let of_detail = figures.iter().any(|figure| !self.net.is_published(*figure));
        let causes = bases.into_iter().map(words);
        causes
            .map(|words| Cause {
                certainty: match of_detail {
                    true => Certainty::Possible,
                    false => Certainty::Likely,
                },
                ..self.cause(CauseKind::OtherBase, words)
            })
            .collect()
    }

    /// The same thing in other columns of its table.
    fn other_columns(&self, figure: usize) -> Vec<usize> {
        let this = &self.net.figures[figure];
        let is_other = |other: &Figure| {
            other.source == Source::Published
                && other.table == this.table
                && other.category == this.category
                && other.measure == this.measure
                && (other.period != this.period || other.population != this.population)
                && other.suppressed().is_none()
        };
        let figures = self.net.figures.iter().enumerate();
        let others = figures.filter(|(_, other)| is_other(other));
        others.map(|(at, _)| at).collect()
    }
}

/// `12,814 (`cases closed`, closed of 2016-17 at f:1)`.
fn named(figure: &Figure) -> String {
    format!(
        "{} (`{}`, {} of {} at {})",
        figure.value.grouped(),
        figure.category,
        figure.population,
        figure.period,
        figure.stated_at
    )
}

fn digits(printed: Decimal) -> usize {
    printed.mantissa().unsigned_abs().to_string().len()
}

/// One is likely, of several each is possible.
fn one_of(mut causes: Vec<Cause>) -> impl Iterator<Item = Cause> {
    if causes.len() > 1 {
        for cause in &mut causes {
            cause.certainty = Certainty::Possible;
        }
    }
    causes.into_iter().take(3)
}

/// Rounded parts may miss their total by half a unit each.
fn rounding(net: &Net<'_>, at: usize) -> Option<Cause> {
    let row = &net.rows[at];
    let parts = row.computed_from.len();
    if row.rule.kind != "sums_to" || parts < 2 {
        return None;
    }
    let values = row.computed_from.iter().map(|f| net.figures[*f].value);
    let counted = |f: &usize| &*net.figures[*f].measure == "count";
    let most = if row.computed_from.iter().any(counted) {
        let total = row.stated_from.iter().map(|f| net.figures[*f].value);
        counts_rounded(&values.collect::<Vec<_>>(), &total.collect::<Vec<_>>())?
    } else {
        let scale = values.map(Decimal::scale).max()?;
        Decimal::new(5 * i128::try_from(parts).ok()?, scale + 1)?
    };
    let off = row.difference?.checked_abs()?;
    (off <= most).then(|| Cause {
        kind: CauseKind::IndependentRounding,
        certainty: Certainty::Likely,
        words: format!("{parts} parts that were each rounded may miss their total by {most}"),
        suspect: None,
    })
}

/// How far counts may miss their total that are multiples of a unit, all of them, by rounding.
fn counts_rounded(parts: &[Decimal], total: &[Decimal]) -> Option<Decimal> {
    let is_whole = |value: &Decimal| value.scale() == 0;
    let other_than_0 = parts.iter().filter(|part| **part != Decimal::ZERO).count();
    if other_than_0 < TELLING_PARTS || !parts.iter().chain(total).all(is_whole) {
        return None;
    }
    let multiples =
        |of: &[Decimal], unit: i128| of.iter().all(|value| value.mantissa() % unit == 0);
    let unit = UNITS.into_iter().find(|unit| multiples(parts, *unit))?;
    let rounded = match total {
        [_] if multiples(total, unit) => parts.len() + 1,
        _ => parts.len(),
    };
    Decimal::new(unit / 2 * i128::try_from(rounded).ok()?, 0)
}
