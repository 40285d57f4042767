//! Year on year: figures of two periods side by side, each pair with a verdict whether they can be compared, and why.
//!
//! A comparison finds nothing wrong with the data: it says what may be said about two figures. Where it cannot tell
//! what a value belongs to, it does not guess, and says so as a statement that was not evaluated.

mod pairs;
mod side;
mod verdict;

use std::sync::Arc;

use super::{
    Checked, Figure, Reconciliation,
    run::{instance, whole_row},
    select::Index,
    withheld::selects,
};
use crate::{
    discrepancy::{Category, Dimension, Severity},
    rules::totals::{Chart, Comparison, Key, Materiality, Periods, Tolerance},
    tables::CodeList,
};

/// What `comparisons` say about `figures`: rows in the order of the comparisons, their charts, then the codes; and what could not be judged.
pub fn compare(
    comparisons: &[Comparison],
    figures: &[Figure],
    lists: &[CodeList],
    periods: &Periods,
) -> (Vec<Pair>, Vec<Reconciliation>) {
    let index = Index::new(figures);
    let (mut all, mut unjudged) = (Vec::new(), Vec::new());
    for comparison in comparisons {
        let rule = Arc::new(checked(comparison));
        for chart in &comparison.charts {
            let chart = &chart.value;
            let (sides, problems) = side::read(comparison, chart, &index, lists, periods);
            unjudged.extend(problems.into_iter().map(|p| not_evaluated(&rule, chart, p)));
            if let Some(sides) = sides {
                all.extend(pairs::of(comparison, chart, &sides));
            }
        }
    }
    (all, unjudged)
}

/// The row of a chart that is not compared since figures of it were withheld; `None` where neither side may select any of `table`.
pub fn unjudged(
    comparison: &Comparison,
    chart: &Chart,
    table: &str,
    reason: String,
) -> Option<Reconciliation> {
    let years = comparison.years();
    let (side, year) = years
        .into_iter()
        .find(|(_, year)| selects(&year.value.selector(chart), table))?;
    let problem = Problem {
        side,
        period: year.value.period().to_owned(),
        population: year.value.population.value.clone(),
        reason,
        stated_at: String::new(),
        minor: false,
    };
    Some(not_evaluated(
        &Arc::new(checked(comparison)),
        chart,
        problem,
    ))
}

/// Two figures side by side.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The comparison's id.
    pub comparison: String,
    /// The chart.
    pub table: String,
    /// Whether it is about a category or about all of them.
    pub level: Level,
    /// The category; `None` for the total.
    pub category: Option<String>,
    /// Its place among the categories.
    pub sort: Option<i64>,
    /// What each side is about.
    pub current: Half,
    /// The same of the earlier period.
    pub previous: Half,
    /// Which sides have the category.
    pub presence: Presence,
    /// `current` − `previous`; only where comparable.
    pub change: Option<i64>,
    /// The same in percent of `previous`; only where comparable.
    pub change_percent: Option<f64>,
    /// Whether the two can be compared.
    pub verdict: Comparability,
    /// Why, in a sentence.
    pub reason: String,
}

/// One side of a pair.
#[derive(Clone, Debug, Default)]
pub struct Half {
    /// The period.
    pub period: String,
    /// Whom it counts.
    pub population: String,
    /// What it covers; `None` when nobody says.
    pub coverage: Option<String>,
    /// The code list.
    pub codes: String,
    /// The figure as it was reported.
    pub reported: Option<i64>,
    /// Of the months that both sides cover, where that is known.
    pub matched: Option<i64>,
    /// Why there is no figure.
    pub absence: Option<Absence>,
    /// Of all categories.
    pub share: Option<f64>,
    /// Of the categories that say something: those for *unknown* are left out.
    pub share_recorded: Option<f64>,
    /// Where the figure stands.
    pub stated_at: String,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }
        impl $name {
            /// The word in outputs.
            pub fn word(self) -> &'static str { match self { $($name::$variant => $word),+ } }
        }
    };
}

words! {
    /// What a pair is about.
    Level {
        /// One category.
        Category => "category",
        /// All categories of the chart.
        Total => "total",
    }
}

words! {
    /// Which sides have a category.
    Presence {
        /// Both.
        Both => "both",
        /// The later period alone.
        OnlyCurrent => "only_current",
        /// The earlier period alone.
        OnlyPrevious => "only_previous",
        /// Neither.
        Neither => "neither",
        /// A side has values, and nobody says which is the category's.
        NotKnown => "not_known",
    }
}

words! {
    /// Why a side has no figure for a category. None of these is a zero.
    Absence {
        /// Its code list does not hold the code.
        NotInList => "not_in_list",
        /// The code was not in force in what the side covers.
        NotInForce => "not_in_force",
        /// The side does not cover the month.
        NotCovered => "not_covered",
        /// The side has values, and nobody says which is the category's.
        NotPlaced => "not_placed",
        /// Nothing was reported for it.
        NotReported => "not_reported",
    }
}

words! {
    /// Whether two figures can be compared; the worst last.
    Comparability {
        /// They count the same, over the same months, by the same codes.
        Comparable => "comparable",
        /// They can stand side by side, and their difference means little.
        Partly => "partly",
        /// They cannot.
        NotComparable => "not_comparable",
    }
}

/// What stands in the way of a comparison.
struct Problem {
    /// The side that it is about, as rule files call it.
    side: &'static str,
    period: String,
    population: String,
    reason: String,
    stated_at: String,
    /// Whether the side is compared all the same.
    minor: bool,
}

fn not_evaluated(rule: &Arc<Checked>, chart: &Chart, problem: Problem) -> Reconciliation {
    let keys = [
        (Key::Table, chart.table.value.as_str()),
        (Key::Period, problem.period.as_str()),
    ];
    let mut statement = instance(&rule.rule_id, keys.into_iter());
    if problem.minor {
        statement.push_str(&format!("[{}]", problem.side));
    }
    Reconciliation {
        statement,
        period: Some(Arc::from(problem.period.as_str())),
        population: Some(Arc::from(problem.population.as_str())),
        place: Some(Arc::from(problem.stated_at.as_str())),
        ..whole_row(rule, problem.reason)
    }
}

/// What comparisons share with statements; they never disagree, so severity and category are never shown.
fn checked(comparison: &Comparison) -> Checked {
    Checked {
        rule_id: comparison.id.value.clone(),
        version: comparison.version(),
        kind: "year_on_year",
        severity: Severity::Info,
        dimension: Dimension::Consistency,
        discrepancy: Category::TotalMismatch,
        expected: "",
        tolerance: Tolerance::default(),
        materiality: Materiality::Minor,
        why: comparison.why().to_owned(),
        owner: comparison.owner.clone(),
        tags: comparison.tags.clone(),
    }
}
