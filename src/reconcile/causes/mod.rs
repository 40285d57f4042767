//! Why figures disagree: the causes that an auditor tries, each offered only where its arithmetic is exact.
//!
//! A figure is suspected when one other value of it would mend what disagrees and break nothing that agrees; a suspect is
//! found once, however many statements it breaks. What no single figure explains is tried as a part that is missing,
//! counted twice or in a neighbouring group, as parts that make up for each other, or as a share worked out otherwise.

mod blanks;
mod digits;
mod net;
mod quotient;
mod several;
mod shares;
mod single;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Figure, Reconciliation, Verdict,
    records::{Behind, Explained, Role},
};
use crate::decimal::Decimal;
use net::Net;

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Two statements or another printing say so, and nothing else does as much.
    Certain,
    /// The arithmetic is exact and nothing else like it fits.
    Likely,
    /// It fits, and so does something else.
    Possible,
}

/// What may have gone wrong; the most specific first, which is the order of two that are as sure as each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseKind {
    /// Records are missing from the detail, too many, left out, there twice, re-dated or re-coded.
    Records(Role),
    /// The same part stands twice among the parts.
    CountedTwice,
    /// The cells of a row that were blank are gone, and its values moved left.
    VanishedBlanks,
    /// A share or change cut off instead of rounded.
    TruncatedShare,
    /// A share or change rounded up.
    RoundedUp,
    /// A change that is a rise where there was a fall, or a fall where there was a rise.
    WrongSign,
    /// A change from the later figure to the earlier.
    SwappedSides,
    /// Two neighbouring digits changed places.
    SwappedDigits,
    /// A part that another printing has is not there.
    PartMissing,
    /// One group has what another lacks, and one part is just that large.
    MovedBetweenGroups,
    /// Parts differ from their other printing and their total does not.
    AgreeingTotal,
    /// The figure of another period stands in its place.
    OtherPeriod,
    /// The figure of another population stands in its place.
    OtherPopulation,
    /// One digit is another.
    OneDigit,
    /// The sums of its groups are off by as much together.
    FollowsFromGroups,
    /// The figure is printed with another value elsewhere.
    PrintedOtherwise,
    /// No other figure mends as much.
    Misprint,
    /// A share of another whole, or a change by another figure than the one before.
    OtherBase,
    /// Each part was rounded by itself.
    IndependentRounding,
    /// A part is larger than its whole.
    ExceedsWhole,
    /// The printed figures agree among themselves, and the detail counts otherwise.
    DetailDiffers,
    /// Nothing fits.
    Unexplained,
}

impl CauseKind {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Records(Role::Extra) => "records_extra",
            Self::Records(Role::Duplicated) => "records_duplicated",
            Self::Records(Role::LeftOut) => "records_left_out",
            Self::Records(Role::Missing) => "records_missing",
            Self::Records(Role::Redated) => "records_redated",
            Self::Records(Role::Recoded) => "records_recoded",
            Self::CountedTwice => "counted_twice",
            Self::VanishedBlanks => "vanished_blanks",
            Self::WrongSign => "wrong_sign",
            Self::SwappedSides => "swapped_sides",
            Self::SwappedDigits => "swapped_digits",
            Self::PartMissing => "part_missing",
            Self::MovedBetweenGroups => "moved_between_groups",
            Self::AgreeingTotal => "agreeing_total",
            Self::OtherPeriod => "other_period",
            Self::OtherPopulation => "other_population",
            Self::OneDigit => "one_digit",
            Self::FollowsFromGroups => "follows_from_groups",
            Self::PrintedOtherwise => "printed_otherwise",
            Self::Misprint => "misprint",
            Self::TruncatedShare => "truncated_share",
            Self::RoundedUp => "rounded_up",
            Self::OtherBase => "other_base",
            Self::IndependentRounding => "independent_rounding",
            Self::ExceedsWhole => "exceeds_whole",
            Self::DetailDiffers => "detail_differs",
            Self::Unexplained => "unexplained",
        }
    }
}

/// One reason why a statement does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What may have gone wrong.
    pub kind: CauseKind,
    /// How sure that is.
    pub certainty: Certainty,
    /// The arithmetic in a sentence.
    pub words: String,
    /// The figure that is suspected, as the index of its first printing.
    pub suspect: Option<usize>,
}

/// Causes of one row that are written out.
const WRITTEN: usize = 3;

/// The causes of the rows `wanted`, which disagree; each with its causes, best first and never none.
pub(super) fn find(
    rows: &[Reconciliation],
    figures: &[Figure],
    wanted: impl IntoIterator<Item = usize>,
) -> Vec<(usize, Vec<Cause>)> {
    let net = Net::new(rows, figures);
    let several = several::Several::new(&net);
    let wanted = wanted.into_iter();
    wanted.map(|at| (at, causes(&net, &several, at))).collect()
}

/// Sets the likely causes of what disagrees, and adds their arithmetic to the evidence.
pub(super) fn explain(rows: &mut [Reconciliation], figures: &[Figure], behind: &Behind) {
    let disagreeing = rows.iter().enumerate();
    let disagreeing = disagreeing.filter(|(_, row)| row.verdict == Verdict::Disagrees);
    let disagreeing: Vec<usize> = disagreeing.map(|(at, _)| at).collect();
    if disagreeing.is_empty() {
        return;
    }
    // A figure of the detail that records account for would agree but for them, so it bears the printed one out; one that
    // they may account for says nothing of the printed one.
    let accounted: Vec<(usize, Option<Decimal>)> = behind
        .totals
        .keys()
        .map(|at| (*at, rows[*at].difference))
        .collect();
    for (at, explained) in &behind.totals {
        let row = &mut rows[*at];
        (row.verdict, row.difference) = match explained.is_likely {
            true => (Verdict::Agrees, Some(Decimal::ZERO)),
            false => (Verdict::NotEvaluated, row.difference),
        };
    }
    let left = disagreeing.iter().copied();
    let left: Vec<usize> = left
        .filter(|at| rows[*at].verdict == Verdict::Disagrees)
        .collect();
    let mut found = find(rows, figures, left);
    doubt_what_rests_on_others(rows, &behind.doubtful, &mut found);
    for (at, difference) in accounted {
        rows[at].verdict = Verdict::Disagrees;
        rows[at].difference = difference;
        found.push((at, vec![of_records(&behind.totals[&at])]));
    }
    let mut broken_by: BTreeMap<usize, usize> = BTreeMap::new();
    let first = found.iter().map(|(_, causes)| &causes[0]);
    let sure = first.filter(|cause| cause.certainty != Certainty::Possible);
    for suspect in sure.filter_map(|cause| cause.suspect) {
        *broken_by.entry(suspect).or_default() += 1;
    }
    for (at, causes) in found {
        let row = &mut rows[at];
        let first = &causes[0];
        row.likely_cause = Some(headline(&causes));
        let others = causes.iter().take(WRITTEN);
        let words = others.enumerate().map(|(place, cause)| match place {
            0 => cause.sentence(),
            _ => cause.beside(),
        });
        let words: Vec<String> = words.collect();
        row.evidence.push_str("; ");
        row.evidence.push_str(&words.join("; or "));
        if let Some(suspect) = first.suspect
            && first.certainty != Certainty::Possible
        {
            let place = figures[suspect].stated_at.to_string();
            if broken_by[&suspect] > 1 {
                let broken = broken_by[&suspect];
                row.evidence.push_str(&format!(
                    "; the figure at {place} breaks {broken} statements"
                ));
            }
            row.suspect = Some(Arc::from(place.as_str()));
        }
        if first.kind == CauseKind::IndependentRounding {
            row.verdict = Verdict::Explained;
        }
    }
}

/// What a figure should be is not known from another that is wrong itself, or in doubt.
fn doubt_what_rests_on_others(
    rows: &[Reconciliation],
    doubtful: &BTreeSet<usize>,
    found: &mut [(usize, Vec<Cause>)],
) {
    let certain = found.iter().flat_map(|(_, causes)| causes.first());
    let certain = certain.filter(|cause| cause.certainty == Certainty::Certain);
    let wrong: BTreeSet<usize> = certain.filter_map(|cause| cause.suspect).collect();
    for (at, causes) in found {
        let rests_on = |others: &BTreeSet<usize>| rows[*at].figures().any(|f| others.contains(&f));
        let (on_wrong, on_doubtful) = (rests_on(&wrong), rests_on(doubtful));
        for cause in causes {
            let is_wrong = cause
                .suspect
                .is_some_and(|suspect| wrong.contains(&suspect));
            let rests = on_doubtful || on_wrong && !is_wrong;
            if rests && cause.certainty == Certainty::Likely && !cause.kind.is_fact() {
                cause.certainty = Certainty::Possible;
            }
        }
    }
}

/// What the records say.
fn of_records(explained: &Explained) -> Cause {
    Cause {
        kind: CauseKind::Records(explained.role),
        certainty: match explained.is_likely {
            true => Certainty::Likely,
            false => Certainty::Possible,
        },
        words: explained.words.clone(),
        suspect: None,
    }
}

impl CauseKind {
    /// Whether its words say what is the case, not what may have led to it.
    fn is_fact(self) -> bool {
        matches!(
            self,
            Self::ExceedsWhole | Self::FollowsFromGroups | Self::DetailDiffers | Self::Unexplained
        )
    }
}

impl Cause {
    fn sentence(&self) -> String {
        match self.certainty {
            Certainty::Certain => self.words.clone(),
            _ if self.kind.is_fact() => self.words.clone(),
            Certainty::Likely => format!("probably {}", self.words),
            Certainty::Possible => format!("perhaps {}", self.words),
        }
    }
}

impl Cause {
    /// What is said after a cause that comes first.
    fn beside(&self) -> String {
        match self.kind.is_fact() {
            true => self.words.clone(),
            false => format!("perhaps {}", self.words),
        }
    }
}

/// `swapped_digits` where that is certain or likely, `ambiguous: swapped_digits, one_digit` where more than one may be.
fn headline(causes: &[Cause]) -> String {
    let first = &causes[0];
    if first.certainty != Certainty::Possible || first.kind == CauseKind::Unexplained {
        return first.kind.word().to_owned();
    }
    let mut words: Vec<&str> = Vec::new();
    for cause in causes.iter().take(WRITTEN) {
        if !words.contains(&cause.kind.word()) {
            words.push(cause.kind.word());
        }
    }
    format!("ambiguous: {}", words.join(", "))
}

/// The causes of one row, best first; never none.
fn causes(net: &Net<'_>, several: &several::Several<'_>, at: usize) -> Vec<Cause> {
    let mut causes = single::causes(net, at);
    causes.extend(several.causes(net, at));
    causes.extend(shares::causes(net, at));
    causes.sort_by_key(|cause| (cause.certainty, cause.kind));
    if causes.is_empty() {
        causes.push(Cause {
            kind: CauseKind::Unexplained,
            certainty: Certainty::Possible,
            words: "unexplained: nothing that was tried fits".to_owned(),
            suspect: None,
        });
    }
    causes
}
