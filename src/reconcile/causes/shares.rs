//! Shares that were worked out otherwise, and sums of rounded figures.

use super::{
    Cause, CauseKind, Certainty,
    net::{Form, Net},
};
use crate::decimal::Decimal;

/// Digits of a share with which a base that gives it is no accident.
const TELLING_DIGITS: usize = 3;

pub(super) fn causes(net: &Net<'_>, at: usize) -> Vec<Cause> {
    match net.form(at) {
        Form::Share {
            part,
            whole,
            shift,
            decimals,
        } => share(net, at, (part, whole), (shift, decimals)),
        Form::Equal => rounding(net, at).into_iter().collect(),
        Form::AtMost | Form::Other => Vec::new(),
    }
}

fn share(
    net: &Net<'_>,
    at: usize,
    (part, whole): (usize, usize),
    (shift, decimals): (u32, u32),
) -> Vec<Cause> {
    let row = &net.rows[at];
    let mut causes = Vec::new();
    let [stated] = row.stated_from.as_slice() else {
        return causes;
    };
    let printed = net.figures[*stated].value.rounded(decimals);
    let (part, whole) = (net.figures[part].value, net.figures[whole].value);
    let Some(ratio) = part.ratio(whole, shift, decimals) else {
        return causes;
    };
    let mut cause = |kind, words: String| {
        causes.push(Cause {
            kind,
            certainty: Certainty::Likely,
            words,
            suspect: Some(net.first(*stated)),
        });
    };
    let up = Decimal::new(1, decimals).and_then(|unit| ratio.truncated.checked_add(unit));
    if ratio.exact {
        // Nothing was there to be cut off or rounded.
    } else if printed == ratio.truncated {
        cause(
            CauseKind::TruncatedShare,
            format!("the share was cut off at {printed} instead of rounded"),
        );
    } else if Some(printed) == up {
        cause(
            CauseKind::RoundedUp,
            format!("the share was rounded up to {printed}"),
        );
    }
    let digits = printed.mantissa().to_string().len();
    if digits >= TELLING_DIGITS && causes.is_empty() {
        let mut bases: Vec<(Decimal, usize)> = net
            .wholes()
            .filter(|figure| {
                let value = net.figures[*figure].value;
                let ratio = part.ratio(value, shift, decimals);
                value != whole && ratio.is_some_and(|ratio| ratio.rounded == printed)
            })
            .map(|figure| (net.figures[figure].value, figure))
            .collect();
        bases.sort_unstable_by_key(|(_, figure)| *figure);
        bases.dedup_by_key(|(value, _)| *value);
        let certainty = match bases.len() {
            1 => Certainty::Likely,
            _ => Certainty::Possible,
        };
        causes.extend(bases.into_iter().take(3).map(|(value, figure)| {
            let base = &net.figures[figure];
            Cause {
                kind: CauseKind::OtherBase,
                certainty,
                words: format!(
                    "it is the share of {} (`{}`, {} of {} at {})",
                    value.grouped(),
                    base.category,
                    base.population,
                    base.period,
                    base.stated_at
                ),
                suspect: Some(net.first(*stated)),
            }
        }));
    }
    causes
}

/// Rounded parts may miss their total by half a unit each.
fn rounding(net: &Net<'_>, at: usize) -> Option<Cause> {
    let row = &net.rows[at];
    let parts = row.computed_from.len();
    let scales = row
        .computed_from
        .iter()
        .map(|f| net.figures[*f].value.scale());
    let rounded = row
        .computed_from
        .iter()
        .all(|f| &*net.figures[*f].measure != "count");
    if row.rule.kind != "sums_to" || parts < 2 || !rounded {
        return None;
    }
    let half = Decimal::new(5 * i128::try_from(parts).ok()?, scales.max()? + 1)?;
    let off = row.difference?.checked_abs()?;
    (off <= half).then(|| Cause {
        kind: CauseKind::IndependentRounding,
        certainty: Certainty::Likely,
        words: format!("{parts} parts that were each rounded may miss their total by {half}"),
        suspect: None,
    })
}
