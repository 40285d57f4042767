//! Blank cells that vanished: the values of a row moved left, under labels that are not theirs.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Cause, CauseKind, Certainty, net::Net};
use crate::{
    decimal::Decimal,
    reconcile::{Figure, Key, Reconciliation, Verdict},
};

/// The rows of two printings of which one lost its blank cells, each with what is said of them.
pub(super) struct Blanks(HashMap<usize, Cause>);

/// One printing of a series, by the statement that holds it against another and whether it is the stated one.
type Series<'r> = (&'r str, bool, [&'r str; 5]);

/// A label of the longer printing: its figure, the other printing's and the row of both.
type Label = (usize, Option<usize>, usize);

impl Blanks {
    /// A printing has lost its blanks where it has the first labels of another, and all of its values in their order but
    /// for some zeros. Nothing is aligned: two printings that differ in any other way are not explained.
    pub(super) fn new(net: &Net<'_>) -> Self {
        let equals = || {
            let rows = net.rows.iter().enumerate();
            rows.filter(|(_, row)| row.rule.kind == "equals")
        };
        let mut shorter: HashSet<Series<'_>> = HashSet::new();
        for (_, row) in equals() {
            if let ([figure], []) | ([], [figure]) = (&*row.stated_from, &*row.computed_from) {
                shorter.insert(series(net, row, *figure));
            }
        }
        let mut labels: BTreeMap<Series<'_>, Vec<Label>> = BTreeMap::new();
        for (at, row) in equals().filter(|_| !shorter.is_empty()) {
            let (stated, computed) = (row.stated_from.as_slice(), row.computed_from.as_slice());
            for (long, short) in [(stated, computed), (computed, stated)] {
                if let ([figure], [] | [_]) = (long, short)
                    && shorter.contains(&series(net, row, *figure))
                {
                    let label = (*figure, short.first().copied(), at);
                    labels
                        .entry(series(net, row, *figure))
                        .or_default()
                        .push(label);
                }
            }
        }
        let mut causes = HashMap::new();
        for labels in labels.values_mut() {
            labels.sort_unstable();
            let off = labels.iter().map(|(_, _, at)| *at);
            let off = off.filter(|at| net.rows[*at].verdict == Verdict::Disagrees);
            let off: Vec<usize> = off.collect();
            if let Some(cause) = cause(net, labels, off.len()) {
                causes.extend(off.into_iter().map(|at| (at, cause.clone())));
            }
        }
        Self(causes)
    }

    /// What is said of a row.
    pub(super) fn cause(&self, at: usize) -> Option<Cause> {
        self.0.get(&at).cloned()
    }
}

fn series<'r>(net: &Net<'r>, row: &'r Reconciliation, figure: usize) -> Series<'r> {
    const KEYS: [Key; 5] = [
        Key::Table,
        Key::Origin,
        Key::Period,
        Key::Population,
        Key::Measure,
    ];
    let is_stated = row.stated_from.contains(&figure);
    let texts = KEYS.map(|key| net.figures[figure].text(key));
    (&row.rule.rule_id, is_stated, texts)
}

fn cause(net: &Net<'_>, labels: &[Label], off: usize) -> Option<Cause> {
    let value = |figure: usize| net.figures[figure].value;
    let both = |(long, short, _): &Label| std::iter::once(*long).chain(*short);
    // A suppressed figure is no zero.
    if labels
        .iter()
        .flat_map(both)
        .any(|figure| net.figures[figure].suppressed().is_some())
    {
        return None;
    }
    let have = labels
        .iter()
        .take_while(|(_, short, _)| short.is_some())
        .count();
    let (with, without) = labels.split_at(have);
    let moved: Vec<usize> = with.iter().filter_map(|(_, short, _)| *short).collect();
    let printed_in_order = moved.is_sorted();
    if without.iter().any(|(_, short, _)| short.is_some()) || !printed_in_order || off == 0 {
        return None;
    }
    let mut values = moved.iter().map(|figure| value(*figure)).peekable();
    for (long, _, _) in labels {
        let meant = value(*long);
        if values.next_if_eq(&meant).is_none() && meant != Decimal::ZERO {
            return None;
        }
    }
    let (None, Some((last, _, _))) = (values.next(), labels.last()) else {
        return None;
    };
    let (first, other) = with.iter().find_map(|(long, short, _)| {
        let short = (*short)?;
        (value(*long) != value(short)).then_some((&net.figures[short], &net.figures[*long]))
    })?;
    let gone = without.len();
    let (cells, are) = if gone == 1 {
        ("cell", "is")
    } else {
        ("cells", "are")
    };
    Some(Cause {
        kind: CauseKind::VanishedBlanks,
        certainty: match off {
            1 => Certainty::Likely,
            _ => Certainty::Certain,
        },
        words: format!(
            "{gone} blank {cells} of `{}` {are} gone, so that its values from `{}` ({} at {}) on stand too far left: they \
             are those of {} in their order, to `{}` at {}, but for {gone} of its zeros",
            first.table,
            first.category,
            first.value.grouped(),
            first.stated_at,
            place(other, first),
            net.figures[*last].category,
            net.figures[*last].stated_at,
        ),
        suspect: None,
    })
}

/// What tells a printing from the other.
fn place(printing: &Figure, other: &Figure) -> String {
    match printing.table == other.table {
        true => format!("its {}", printing.origin),
        false => format!("`{}`", printing.table),
    }
}
