//! Which printed figures stand beside the rows of an aggregate, and whether they agree.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::{Figure, Reconciliation, Told, Verdict};

/// The printed figures beside each aggregate, by its name.
pub(super) struct Beside<'r>(BTreeMap<&'r str, TableBeside<'r>>);

/// Those beside one aggregate.
#[derive(Default)]
pub(super) struct TableBeside<'r> {
    /// A column for each part of the publication that has some.
    pub(super) columns: Vec<Printing<'r>>,
    /// By the line of the row in the aggregate's CSV file.
    pub(super) rows: BTreeMap<u32, RowBeside<'r>>,
}

/// A part of a publication that prints what an aggregate counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Printing<'r> {
    measure: &'r str,
    section: &'r str,
    origin: &'r str,
}

impl Printing<'_> {
    /// The heading of its column.
    pub(super) fn heading(self) -> String {
        let of = match self.measure {
            "count" => "",
            measure => measure,
        };
        let section = match self.section {
            "" => String::new(),
            section => format!("section {section}"),
        };
        let parts = [of, &section, self.origin];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        match parts.is_empty() {
            true => "Published".to_owned(),
            false => format!("Published: {}", parts.join(", ")),
        }
    }
}

/// What was printed of a row, and what came of it.
#[derive(Default)]
pub(super) struct RowBeside<'r> {
    /// The column and the figure.
    pub(super) printed: Vec<(usize, &'r Figure)>,
    /// The statements that do not agree.
    pub(super) disagrees: BTreeSet<&'r str>,
    /// Those that do not and are explained.
    explained: BTreeSet<&'r str>,
    /// Whether a figure differs by no more than its tolerance.
    differs: bool,
}

impl<'r> RowBeside<'r> {
    /// The statements that notes tell of.
    pub(super) fn told(&self) -> impl Iterator<Item = &'r str> {
        self.disagrees.union(&self.explained).copied()
    }

    /// What came of it, in words.
    pub(super) fn verdict(&self) -> &'static str {
        let hidden = |(_, figure): &(usize, &Figure)| figure.suppressed().is_some();
        if !self.disagrees.is_empty() {
            "Disagrees"
        } else if !self.explained.is_empty() {
            "Differs, explained"
        } else if self.printed.is_empty() {
            NOT_PUBLISHED
        } else if self.printed.iter().all(hidden) {
            "Suppressed in the publication"
        } else if self.differs {
            "Agrees within tolerance"
        } else {
            "Agrees"
        }
    }
}

/// The verdict on a row of which nothing was printed.
pub(super) const NOT_PUBLISHED: &str = "Not published";

impl<'r> Beside<'r> {
    /// What is told of the statements, by aggregate and row.
    pub(super) fn of(told: &'r Told, figures: &'r [Figure]) -> Self {
        let mut tables: BTreeMap<&str, TableBeside<'_>> = BTreeMap::new();
        for (computed, printed) in &told.beside {
            let Some(computed) = figures.get(*computed) else {
                continue;
            };
            let table = tables.entry(&computed.table).or_default();
            let row = table.rows.entry(computed.stated_at.line).or_default();
            for figure in printed.iter().filter_map(|at| figures.get(*at)) {
                let printing = Printing {
                    measure: &computed.measure,
                    section: &figure.section,
                    origin: &figure.origin,
                };
                let known = table.columns.iter().position(|column| *column == printing);
                let at = known.unwrap_or_else(|| {
                    table.columns.push(printing);
                    table.columns.len() - 1
                });
                row.printed.push((at, figure));
                row.differs |= figure.suppressed().is_none() && figure.value != computed.value;
            }
        }
        for of_rule in &told.rows {
            let Some(computed) = sole(of_rule).and_then(|at| figures.get(at)) else {
                continue;
            };
            if computed.printed.is_some() {
                continue;
            }
            let table = tables.entry(&computed.table).or_default();
            let row = table.rows.entry(computed.stated_at.line).or_default();
            let rules = match of_rule.verdict {
                Verdict::Disagrees => &mut row.disagrees,
                _ => &mut row.explained,
            };
            rules.insert(&of_rule.rule.rule_id);
        }
        Self(tables)
    }

    /// What stands beside an aggregate, if anything does.
    pub(super) fn table(&self, name: &str) -> Option<&TableBeside<'r>> {
        self.0.get(name)
    }
}

/// The one figure that something printed is held against.
fn sole(row: &Reconciliation) -> Option<usize> {
    match (&row.computed_from[..], row.less_from.is_empty()) {
        ([computed], true) => Some(*computed),
        _ => None,
    }
}
