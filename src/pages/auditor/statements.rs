//! The statements that disagree, drawn: parts against their whole, figures side by side.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use super::{
    Auditor, PAGE, fitting,
    words::{count, counted, cut, filter},
};
use crate::{
    decimal::Decimal,
    pages::{
        PageError,
        charts::{Against, against},
        render as html, words,
    },
    reconcile::{Figure, Reconciliation, Source, Told},
};

/// Statements that are drawn at most.
const DRAWN: usize = 1_000;
/// Parts of a statement that are drawn at most.
const PARTS: usize = 60;
/// Most bytes of the section.
const MOST: usize = 1_600_000;
/// Characters of a text.
const LONGEST: usize = 600;

/// The groups of statements that disagree: what a page shows of the most material, and how many there are of each statement.
#[derive(Debug, Default)]
pub struct Statements {
    drawn: Vec<Drawn>,
    by_rule: BTreeMap<String, u64>,
}

/// A group that disagrees.
#[derive(Debug)]
struct Drawn {
    id: String,
    rule: String,
    why: String,
    expected: &'static str,
    severity: &'static str,
    materiality: &'static str,
    group: String,
    stated: Option<Decimal>,
    computed: Option<Decimal>,
    difference: Option<Decimal>,
    tolerance: Decimal,
    cause: Option<String>,
    evidence: String,
    stated_from: Vec<Shown>,
    computed_from: Vec<Shown>,
    less_from: Vec<Shown>,
    /// Figures that are not shown.
    more: usize,
}

/// A figure with its place.
#[derive(Debug)]
struct Shown {
    name: String,
    of: String,
    value: Option<Decimal>,
    text: String,
    place: String,
}

impl Statements {
    /// The most material of the groups that disagree; `id` tells a group's discrepancy.
    pub fn of(told: &Told, figures: &[Figure], id: impl Fn(&Reconciliation) -> String) -> Self {
        let mut rows: Vec<&Reconciliation> = told.disagreeing().collect();
        let mut by_rule: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            match by_rule.get_mut(&row.rule.rule_id) {
                Some(count) => *count += 1,
                None => {
                    by_rule.insert(row.rule.rule_id.clone(), 1);
                }
            }
        }
        rows.sort_by_key(|row| row.rule.materiality);
        let drawn = rows.into_iter().take(DRAWN);
        Self {
            drawn: drawn.map(|row| Drawn::of(row, figures, id(row))).collect(),
            by_rule,
        }
    }

    /// How many groups disagree.
    pub fn count(&self) -> u64 {
        self.by_rule.values().sum()
    }
}

impl Drawn {
    fn of(row: &Reconciliation, figures: &[Figure], id: String) -> Self {
        let mut more = 0;
        let mut shown = |from: &[usize]| -> Vec<Shown> {
            more += from.len().saturating_sub(PARTS);
            let from = from.iter().take(PARTS);
            from.filter_map(|at| figures.get(*at))
                .map(Shown::of)
                .collect()
        };
        let group = row.statement.strip_prefix(&row.rule.rule_id);
        let group = group.and_then(|keys| keys.strip_prefix('[')?.strip_suffix(']'));
        Self {
            id,
            rule: row.rule.rule_id.clone(),
            why: cut(&row.rule.why, LONGEST).into_owned(),
            expected: row.rule.expected,
            severity: row.rule.severity.word(),
            materiality: row.rule.materiality.word(),
            group: cut(&group.unwrap_or_default().replace(';', ", "), LONGEST).into_owned(),
            stated: row.stated,
            computed: row.computed,
            difference: row.difference,
            tolerance: row.tolerance,
            cause: row
                .likely_cause
                .as_ref()
                .map(|cause| cause.replace('_', " ")),
            evidence: cut(&row.evidence, LONGEST).into_owned(),
            stated_from: shown(&row.stated_from),
            computed_from: shown(&row.computed_from),
            less_from: shown(&row.less_from),
            more,
        }
    }

    /// The chart; blank where nothing can be drawn: a figure is suppressed, or one is below 0.
    fn chart(&self) -> String {
        let (Some(whole), Some(computed)) = (self.stated.map(float), self.computed.map(float))
        else {
            return String::new();
        };
        let parts: Option<Vec<f64>> = self
            .computed_from
            .iter()
            .map(|f| f.value.map(float))
            .collect();
        let mut parts = parts.unwrap_or_default();
        if self.more > 0 {
            // What is not shown stands together behind the others.
            parts.push(computed - parts.iter().sum::<f64>());
        }
        let adds_up =
            (parts.iter().sum::<f64>() - computed).abs() < 0.5e-9 * computed.abs().max(1.0);
        let number = parts.len() + self.more.saturating_sub(1);
        let together = said(self.computed);
        let (parts_name, parts) = match adds_up && self.less_from.is_empty() && parts.len() > 1 {
            true => (
                format!(
                    "{}, together {together}",
                    counted(number as u64, "part", "parts")
                ),
                parts,
            ),
            false => (format!("Computed: {together}"), vec![computed]),
        };
        if whole < 0.0 || parts.iter().any(|part| *part < 0.0) {
            return String::new();
        }
        against(&Against {
            name: format!("{parts_name} against {} stated", said(self.stated)),
            parts_name,
            parts,
            whole_name: format!("Stated: {}", said(self.stated)),
            whole,
        })
    }

    fn value(&self) -> Value {
        let figures = |role: &str, shown: &[Shown]| -> Vec<Value> {
            let of = |figure: &Shown| {
                context! {
                    role,
                    name => figure.name.as_str(),
                    of => figure.of.as_str(),
                    text => figure.text.as_str(),
                    place => figure.place.as_str(),
                }
            };
            shown.iter().map(of).collect()
        };
        let part = match self.computed_from.len() {
            1 => "computed from",
            _ => "part",
        };
        let figures = [
            figures("stated", &self.stated_from),
            figures(part, &self.computed_from),
            figures("taken off", &self.less_from),
        ];
        context! {
            id => self.id.as_str(),
            group => self.group.as_str(),
            stated => said(self.stated),
            computed => said(self.computed),
            difference => said(self.difference),
            tolerance => said(Some(self.tolerance)),
            materiality => self.materiality,
            cause => self.cause.as_deref().unwrap_or("none was found"),
            evidence => self.evidence.as_str(),
            chart => self.chart(),
            figures => figures.concat(),
            more => self.more,
            open => filter("open", &self.id),
        }
    }
}

impl Shown {
    fn of(figure: &Figure) -> Self {
        let keys = [
            &figure.table,
            &figure.period,
            &figure.population,
            &figure.measure,
            &figure.origin,
        ];
        let keys: Vec<&str> = keys
            .iter()
            .map(|key| &***key)
            .filter(|key| !key.is_empty())
            .collect();
        let value = figure.suppressed().is_none().then_some(figure.value);
        let text = match (figure.source, figure.printed()) {
            (Source::Published, printed) if !printed.is_empty() => {
                cut(printed, LONGEST).into_owned()
            }
            _ => words::decimal(&figure.value),
        };
        let name = match &*figure.category {
            "" => "all",
            category => category,
        };
        Self {
            name: cut(name, LONGEST).into_owned(),
            of: cut(&keys.join(", "), LONGEST).into_owned(),
            value,
            text,
            place: figure.stated_at.to_string(),
        }
    }
}

/// For drawing alone.
fn float(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or(0.0)
}

fn said(value: Option<Decimal>) -> String {
    value.map_or("suppressed".to_owned(), |value| words::decimal(&value))
}

/// The section.
pub fn render(auditor: &Auditor<'_>) -> Result<String, PageError> {
    let Statements { drawn, by_rule } = auditor.statements;
    let total = auditor.statements.count();
    let groups: Vec<(&str, Value)> = drawn
        .iter()
        .map(|drawn| (drawn.rule.as_str(), drawn.value()))
        .collect();
    let verdicts: BTreeMap<&str, u64> = auditor.night.verdicts.iter().copied().collect();
    let compared: u64 = verdicts.values().sum();
    fitting(drawn.len(), MOST, |shown| {
        let mut rules: Vec<(&Drawn, Vec<Value>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for ((rule, value), drawn) in groups.iter().zip(drawn).take(shown) {
            let at = *places.entry(rule).or_insert(rules.len());
            match rules.get_mut(at) {
                Some((_, values)) => values.push(value.clone()),
                None => rules.push((drawn, vec![value.clone()])),
            }
        }
        let rules: Vec<Value> = rules
            .into_iter()
            .map(|(first, values)| {
                let all = by_rule.get(&first.rule).copied().unwrap_or(0);
                context! {
                    id => first.rule.as_str(),
                    link => filter("rule", &first.rule),
                    why => first.why.as_str(),
                    expected => first.expected,
                    severity => first.severity,
                    materiality => first.materiality,
                    disagree => counted(all, "group disagrees", "groups disagree"),
                    not_drawn => count(all - values.len() as u64),
                    is_whole => all == values.len() as u64,
                    groups => values,
                }
            })
            .collect();
        // Statements of which none is drawn.
        let others = by_rule
            .iter()
            .filter(|(id, _)| !places.contains_key(id.as_str()));
        let others: Vec<Value> = others
            .take(200)
            .map(|(id, number)| context! { id, link => filter("rule", id), number => count(*number) })
            .collect();
        html(
            PAGE,
            include_str!("../assets/auditor_statements.html"),
            context! {
                compared => count(compared),
                agree => count(verdicts.get("agrees").copied().unwrap_or(0)),
                explained => count(verdicts.get("explained").copied().unwrap_or(0)),
                not_evaluated => count(verdicts.get("not_evaluated").copied().unwrap_or(0)),
                not_comparable => count(verdicts.get("not_comparable").copied().unwrap_or(0)),
                any => compared > 0,
                total => count(total),
                none => total == 0,
                shown => count(shown as u64),
                is_whole => shown as u64 == total,
                rules,
                others,
            },
        )
    })
}
