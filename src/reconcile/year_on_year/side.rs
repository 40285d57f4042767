//! One side of a chart: its values, what they belong to, and what stands in the way of knowing it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        evidence::places_of,
        select::{Index, Side as Selected},
    },
    Problem,
};
use crate::{
    decimal::Decimal,
    rules::totals::{Chart, Comparison, Covered, Key, Periods, Source, Year},
    tables::CodeList,
};

/// A side with its values.
pub(super) struct Side<'r> {
    pub(super) year: &'r Year,
    pub(super) list: &'r CodeList,
    /// What it covers; `Err` says what is known when that is not stated.
    pub(super) covered: Result<Covered, String>,
    /// The codes of the months that it covers, where categories are months.
    pub(super) months: Option<BTreeSet<String>>,
    /// Its values by category; `Err` says why nobody knows which is which.
    pub(super) values: Result<BTreeMap<String, Value>, String>,
    /// All values together.
    pub(super) total: Option<i64>,
    /// Where they stand.
    pub(super) stated_at: String,
}

/// A reported figure.
pub(super) struct Value {
    pub(super) count: i64,
    pub(super) stated_at: String,
}

/// The two sides of `chart`, and what could not be judged; no sides when a selector finds nothing that can be compared.
pub(super) fn read<'r>(
    comparison: &'r Comparison,
    chart: &Chart,
    index: &Index<'_>,
    lists: &'r [CodeList],
    periods: &Periods,
) -> (Option<[Side<'r>; 2]>, Vec<Problem>) {
    let mut problems = Vec::new();
    let selected: Vec<Option<(Selected<'_>, Vec<Value>)>> = comparison
        .years()
        .iter()
        .map(|(name, year)| {
            let read = select(name, &year.value, chart, index, lists, &mut problems);
            read.map_err(|problem| problems.push(problem)).ok()
        })
        .collect();
    let Ok([Some(current), Some(previous)]) = <[_; 2]>::try_from(selected) else {
        return (None, problems);
    };
    let labels = labels_of_one_chart(&current.0, &previous.0);
    let sides = comparison.years().into_iter().zip([current, previous]);
    let sides = sides.map(|((name, year), (selected, values))| {
        let codes = year.value.selector(chart).codes;
        let list = codes.and_then(|codes| lists.iter().find(|l| l.name.as_str() == codes.value))?;
        let read = side(
            comparison,
            &year.value,
            list,
            labels,
            &selected,
            values,
            periods,
        );
        if let Err(reason) = &read.values {
            problems.push(problem(
                name,
                &year.value,
                reason.clone(),
                read.stated_at.clone(),
            ));
        }
        Some(read)
    });
    let sides: Option<Vec<Side<'r>>> = sides.collect();
    (sides.and_then(|sides| sides.try_into().ok()), problems)
}

/// The figures of one side, as whole numbers of one kind.
fn select<'f>(
    name: &'static str,
    year: &Year,
    chart: &Chart,
    index: &Index<'f>,
    lists: &[CodeList],
    problems: &mut Vec<Problem>,
) -> Result<(Selected<'f>, Vec<Value>), Problem> {
    let fail = |reason: String| problem(name, year, reason, String::new());
    let selected =
        Selected::select(name, &year.selector(chart), None, index, lists).map_err(fail)?;
    let all: Vec<usize> = (0..selected.picked.len()).collect();
    let fail = |reason: String| problem(name, year, reason, places_of(&selected, &all));
    if all.is_empty() {
        return Err(fail(format!(
            "`{name}` selects no figure ({})",
            selected.settings
        )));
    }
    if !selected.unused.is_empty() {
        let unused = selected.unused.join(", ");
        problems.push(Problem {
            minor: true,
            ..fail(format!("`{name}` selects no figure of {unused}"))
        });
    }
    for key in Key::ALL.iter().filter(|key| **key != Key::Category) {
        let texts: BTreeSet<&str> = all.iter().map(|at| selected.text(*at, *key)).collect();
        if texts.len() > 1 {
            let texts: Vec<&str> = texts.into_iter().collect();
            let texts = texts.join(" and ");
            return Err(fail(format!(
                "`{name}` selects figures of {key} {texts}: choose one"
            )));
        }
    }
    let values = all.iter().map(|at| {
        let figure = selected.figure(*at);
        let count = whole(figure.value).ok_or_else(|| {
            let reason = format!(
                "`{name}` selects {}, and years are compared in whole numbers",
                figure.value
            );
            problem(name, year, reason, figure.stated_at.to_string())
        })?;
        let stated_at = figure.stated_at.to_string();
        Ok(Value { count, stated_at })
    });
    let values = values.collect::<Result<Vec<_>, Problem>>()?;
    Ok((selected, values))
}

/// A number without a fraction.
fn whole(value: Decimal) -> Option<i64> {
    let whole = value.rounded(0);
    let unit = 10_i128.checked_pow(whole.scale())?;
    (whole == value && whole.mantissa() % unit == 0)
        .then(|| i64::try_from(whole.mantissa() / unit).ok())
        .flatten()
}

/// Two series that are printed in one chart stand over the same labels: as many as the longer has values.
fn labels_of_one_chart(current: &Selected<'_>, previous: &Selected<'_>) -> Option<usize> {
    let chart = |side: &Selected<'_>| {
        let keys = [Key::Source, Key::Table, Key::Origin];
        keys.map(|key| side.text(0, key).to_owned())
    };
    let same = chart(current) == chart(previous);
    let printed = current.text(0, Key::Source) == Source::Published.word();
    (same && printed).then(|| current.picked.len().max(previous.picked.len()))
}

fn side<'r>(
    comparison: &Comparison,
    year: &'r Year,
    list: &'r CodeList,
    labels: Option<usize>,
    selected: &Selected<'_>,
    values: Vec<Value>,
    periods: &Periods,
) -> Side<'r> {
    let declared = year.labels.as_ref().map(|at| at.value);
    let labels = declared.and_then(|n| usize::try_from(n).ok()).or(labels);
    let covered = year.covered(periods);
    let months = covered.as_ref().ok().and_then(|c| c.months());
    let code = |month: &String| {
        let entry = list.meaning(month)?;
        Some(list.codes.get(entry.code)?.code.clone())
    };
    let months = months.map(|months| months.iter().filter_map(code).collect());
    let all: Vec<usize> = (0..selected.picked.len()).collect();
    Side {
        year,
        list,
        covered,
        months: months.filter(|_| comparison.is_by_month()),
        total: values
            .iter()
            .try_fold(0_i64, |sum, value| sum.checked_add(value.count)),
        stated_at: places_of(selected, &all),
        values: place(year, labels, selected, values),
    }
}

/// Puts each value to its category.
///
/// A chart that was turned into text loses its blank cells: its values are then fewer than its labels, and whoever wrote
/// a label beside each has guessed. Only the project can say better.
fn place(
    year: &Year,
    labels: Option<usize>,
    selected: &Selected<'_>,
    values: Vec<Value>,
) -> Result<BTreeMap<String, Value>, String> {
    let count = values.len();
    let label = |at: usize| selected.text(at, Key::Category);
    let numbers: Vec<Option<u32>> = (0..count).map(|at| position(label(at))).collect();
    if let Some(codes) = &year.values_under {
        let codes = &codes.value;
        if codes.len() != count {
            return Err(format!(
                "{count} values, and the project says where {} belong",
                codes.len()
            ));
        }
        // Positions say the order; without them it is that of the file.
        let mut order: Vec<(Option<u32>, Value)> = numbers.into_iter().zip(values).collect();
        order.sort_by_key(|(number, _)| *number);
        let codes = codes.iter().map(|code| code.value.clone());
        return Ok(codes
            .zip(order.into_iter().map(|(_, value)| value))
            .collect());
    }
    let unsaid = "the project does not say where they belong";
    match labels {
        Some(labels) if count < labels => {
            return Err(format!("{count} values under {labels} labels; {unsaid}"));
        }
        Some(labels) if count > labels => {
            return Err(format!(
                "{count} values under {labels} labels, which is too many"
            ));
        }
        _ => {}
    }
    if numbers.iter().any(Option::is_some) {
        return Err(format!("{count} values without labels; {unsaid}"));
    }
    let mut placed: BTreeMap<String, Value> = BTreeMap::new();
    for (at, value) in values.into_iter().enumerate() {
        let stated_at = value.stated_at.clone();
        if let Some(other) = placed.insert(label(at).to_owned(), value) {
            return Err(format!(
                "two values for `{}`, at {} and {stated_at}; {unsaid}",
                label(at),
                other.stated_at
            ));
        }
    }
    Ok(placed)
}

/// The number of a value that has no label, `#3`.
fn position(category: &str) -> Option<u32> {
    category.strip_prefix('#')?.parse().ok()
}

fn problem(name: &'static str, year: &Year, reason: String, stated_at: String) -> Problem {
    Problem {
        side: name,
        period: year.period().to_owned(),
        population: year.population.value.clone(),
        reason,
        stated_at,
        minor: false,
    }
}
