//! `probable_duplicates`: rows that are probably of one person or thing, though nothing that identifies them is the same.

use std::collections::BTreeSet;

use minijinja::context;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{RuleKind, Scope, expect_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    linkage::{self, Compare, MAX_FIELDS},
    rules::{Comparison, Plan, Returns, Rule, Sql, template::render},
    tables::Table,
};

/// Least probability of a pair, unless said.
const MIN_PROBABILITY: f64 = 0.9;
/// Most rows of one key that are compared each with each, unless said.
const MAX_BLOCK: usize = 1_000;
/// Most bits of a weight.
const MOST_BITS: f64 = 100.0;
/// Most that may be said.
const MOST_OF_A_BLOCK: u64 = 100_000;

/// No row with an earlier key is probably of the same person or thing.
///
/// Rows that agree on one of the keys of `block_on` are compared column by column, each in the way of its kind: spellings of a
/// name, day and month swapped, the first part of a postcode. What a level of agreement says is estimated from the data, as
/// Fellegi and Sunter do: how often rows of different people agree is counted on pairs drawn by lot and by how common a value
/// is; how often rows of one person do is learned from the pairs themselves. The sum is the probability that two rows are one.
/// Nothing is ever merged: pairs are proposed in `duplicate_candidates` and the log, until somebody decides.
///
/// | `as` | levels |
/// |---|---|
/// | `name`, `text` | the same, nearly the same, similar, different |
/// | `date` | the same, day and month swapped, one character off, two characters off, different |
/// | `postcode` | the same, one character off, of one district, different |
/// | `phone`, `code` | the same, one character off, two characters off, different |
/// | `email` | the same, nearly the same (or the same before the `@`), similar, different |
///
/// `weights` fixes what the levels of a column say, in bits, one for each; `prior` fixes how probable it is that two rows drawn
/// by lot are one. Fix them where there is little to learn from: where fewer than twenty pairs are expected, weights are guesses
/// and pairs may be missed, and a run over a hundred rows or more warns of it.
///
/// ## Decisions
///
/// Who has looked at a pair writes it into `rules/decisions.csv`: the rule, both keys, and `same` or `different`. It is then
/// not asked again: the pair stays in `duplicate_candidates` with its decision, and leaves the log. So does what follows: where A
/// is the same as B and B as C, so are A and C; where B and C are different, so are A and C. Decisions that contradict each other
/// are a mistake in the project. A decision counts for every row that has one of its keys.
///
/// A hidden key is written as the log has it, `hmac:…`, which a run with the same `TRUEUP_KEY` understands, or as it is. A row
/// without a key cannot be decided about: its key is blank in `duplicate_candidates`, and its file and line say which it is.
///
/// ## Groups
///
/// Pairs join rows to groups, the likeliest first. Rows that were decided to be different never share one, though both be like
/// a third: the pair that would join them is still proposed, without a `group_id`.
///
/// Of more than ten rows that are the same in all compared columns the first is compared for all, and each other one is
/// proposed with it alone. A row that a decision is about is no part of that.
///
/// ## Hidden columns
///
/// What agreement on a value says tells how common the value is. For a hidden column the average over all values is told and
/// added up instead, and never less than it takes to be proposed; what is proposed follows from the values themselves.
///
/// ## Missing values
///
/// A blank says nothing for or against. A row in which all compared columns are blank is not evaluated.
///
/// ## In the log
///
/// Category `Duplicate`, dimension `uniqueness`. One finding a row that has one like it under an earlier key; `group_id` is the key of the
/// group's first that has one. The likeliest pair stands in the message, by its levels and never by its values:
///
/// > the row fails (probability 0.9075 that it is `V1`: name nearly the same, born_on the same, phone the same); expected no row of probably the same under an earlier key, by name, born_on, phone. One visitor is counted twice.
///
/// More than `max_block` rows with one key are not compared each with each but with those next to them in the order of all
/// columns, and a finding says so.
///
/// ## A failing row
///
/// Look at both rows. Merge them at the source where they are one, and write the decision down where they are not. Rows that
/// agree exactly are [`duplicates`](duplicates.md).
///
/// ## Example
///
/// `rules/tables/visitors.yaml`:
///
/// ```yaml
/// version: 1
/// table: visitors
/// source: { files: "visitors.csv" }
/// key: [visitor_ref]
/// columns:
///   visitor_ref: { type: string }
///   name: { type: string }
///   born_on: { type: date }
///   phone: { type: string }
/// rules:
///   - id: visitors.probably_the_same
///     check:
///       probable_duplicates:
///         compare:
///           - { column: name, as: name }
///           - { column: born_on, as: date }
///           - { column: phone, as: phone }
///     severity: warn
///     why: One visitor is counted twice.
///     examples:
///       pass:
///         - visitors:
///             - { visitor_ref: V1, name: Catherine Ames, born_on: 1980-05-12, phone: 0116 496 0001 }
///             - { visitor_ref: V2, name: Jonas Field, born_on: 1975-02-01, phone: 0116 496 0002 }
///       fail:
///         - visitors:
///             - { visitor_ref: V1, name: Catherine Ames, born_on: 1980-05-12, phone: 0116 496 0001 }
///             - { visitor_ref: V2, name: Katherine Ames, born_on: 1980-05-12, phone: +44 116 496 0001 }
///       not_evaluated:
///         - visitors:
///             - { visitor_ref: V1, name: "", born_on: "", phone: "" }
/// ```
///
/// `delivery/visitors.csv`:
///
/// ```csv
/// visitor_ref,name,born_on,phone
/// V1,Catherine Ames,1980-05-12,0116 496 0001
/// V2,Jonas Field,1975-02-01,0116 496 0002
/// V3,Katherine Ames,1980-05-12,+44 116 496 0001
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbableDuplicates {
    /// The columns that are compared.
    compare: Vec<Compared>,
    /// Keys: rows are compared that agree on all columns of one of them. Unless said each `date`, `phone`, `email` and `code`
    /// alone, and each two of the others.
    #[serde(default)]
    block_on: Option<At<Vec<Vec<At<String>>>>>,
    /// Least probability of a pair that is proposed; unless said 0.9.
    #[serde(default)]
    min_probability: Option<At<f64>>,
    /// Most rows of one key that are compared each with each; unless said 1000.
    #[serde(default)]
    max_block: Option<At<u64>>,
    /// How probable it is that two rows drawn by lot are one; unless said estimated.
    #[serde(default)]
    prior: Option<At<f64>>,
}

/// A column that is compared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// The column.
    column: At<String>,
    /// What its values are.
    r#as: Compare,
    /// What each level says, in bits, the same first and different last; unless said estimated.
    #[serde(default)]
    weights: Option<At<Vec<f64>>>,
}

impl ProbableDuplicates {
    fn keys(&self) -> Vec<Vec<usize>> {
        let place = |name: &At<String>| self.compare.iter().position(|c| c.column.value == name.value);
        if let Some(keys) = &self.block_on {
            return keys.value.iter().map(|key| key.iter().filter_map(place).collect()).collect();
        }
        let is_telling = |at: &usize| {
            let kind = self.compare[*at].r#as;
            matches!(kind, Compare::Date | Compare::Phone | Compare::Email | Compare::Code)
        };
        let (telling, others): (Vec<usize>, Vec<usize>) = (0..self.compare.len()).partition(is_telling);
        let mut keys: Vec<Vec<usize>> = telling.into_iter().map(|at| vec![at]).collect();
        for (nth, a) in others.iter().enumerate() {
            keys.extend(others[nth + 1..].iter().map(|b| vec![*a, *b]));
        }
        match keys.is_empty() {
            true => (0..self.compare.len()).map(|at| vec![at]).collect(),
            false => keys,
        }
    }

    fn validate_keys(&self, diagnostics: &mut Vec<Diagnostic>) {
        let Some(keys) = &self.block_on else { return };
        if keys.value.iter().any(Vec::is_empty) || keys.value.is_empty() {
            let help = "write lists of compared columns, such as `[[born_on], [name, postcode]]`";
            diagnostics.push(Diagnostic::at(&keys.span, "`block_on` has a key of no column").help(help));
        }
        for name in keys.value.iter().flatten() {
            let known = self.compare.iter().map(|compared| compared.column.value.as_str());
            if !known.clone().any(|known| known == name.value) {
                let message = format!("`{}` is not compared", name.value);
                diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
            }
        }
    }

    fn validate_numbers(&self, diagnostics: &mut Vec<Diagnostic>) {
        let shares = [("min_probability", &self.min_probability), ("prior", &self.prior)];
        for (key, share) in shares {
            if let Some(at) = share.as_ref().filter(|at| !(at.value > 0.0 && at.value < 1.0)) {
                let message = format!("`{key}` is {}", at.value);
                diagnostics.push(Diagnostic::at(&at.span, message).help("it lies between 0 and 1"));
            }
        }
        if let Some(most) = self.max_block.as_ref().filter(|at| !(2..=MOST_OF_A_BLOCK).contains(&at.value)) {
            let message = format!("`max_block` is {} and may be 2 to {MOST_OF_A_BLOCK}", most.value);
            let help = "add a column to that key of `block_on` where more rows share one: comparing them all would not end";
            diagnostics.push(Diagnostic::at(&most.span, message).help(help));
        }
        for compared in &self.compare {
            let weights = compared.weights.as_ref();
            let is_one = |weight: &f64| weight.is_finite() && weight.abs() <= MOST_BITS;
            if let Some(weights) = weights.filter(|at| !at.value.iter().all(is_one)) {
                let message = format!("a weight of `{}` is none", compared.column.value);
                let help = format!("weights are numbers of bits from -{MOST_BITS} to {MOST_BITS}");
                diagnostics.push(Diagnostic::at(&weights.span, message).help(help));
            }
            if let Some(weights) = weights.filter(|at| !at.value.is_sorted_by(|a, b| a >= b)) {
                let message = format!("the weights of `{}` rise", compared.column.value);
                let help = "the same says most and different least: put them in that order";
                diagnostics.push(Diagnostic::at(&weights.span, message).help(help));
            }
            let levels = compared.r#as.levels();
            if let Some(weights) = compared.weights.as_ref().filter(|at| at.value.len() != levels.len()) {
                let message = format!("`{}` has {} levels, not {}", compared.column.value, levels.len(), weights.value.len());
                let help = format!("give one weight each: {}", levels.join(", "));
                diagnostics.push(Diagnostic::at(&weights.span, message).help(help));
            }
        }
    }
}

impl RuleKind for ProbableDuplicates {
    fn category(&self) -> Category {
        Category::Duplicate
    }
    fn dimension(&self) -> Dimension {
        Dimension::Uniqueness
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if !(1..=MAX_FIELDS).contains(&self.compare.len()) {
            let message = format!("`compare` has {} columns and may have 1 to {MAX_FIELDS}", self.compare.len());
            diagnostics.push(Diagnostic::at(scope.span, message));
        }
        if scope.table.key.is_empty() {
            let message = "`probable_duplicates` names rows by their key and this table has none";
            diagnostics.push(Diagnostic::at(scope.span, message).help("declare `key: […]`"));
        }
        let mut seen = BTreeSet::new();
        for Compared { column, .. } in &self.compare {
            expect_column(column, scope.table, diagnostics);
            if !seen.insert(&column.value) {
                let message = format!("`{}` is compared twice", column.value);
                diagnostics.push(Diagnostic::at(&column.span, message).help("remove one of them"));
            }
        }
        self.validate_keys(diagnostics);
        self.validate_numbers(diagnostics);
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let columns: Vec<String> = self.compare.iter().map(|c| c.column.value.clone()).collect();
        let key: Vec<String> = table.key.iter().map(|k| table.columns[*k].name.to_string()).collect();
        let values = context! {
            table => table.name.as_str(),
            key,
            columns,
            only_where => rule.only_where.as_ref().map(|w| w.value.clone()),
        };
        let fields = self.compare.iter().map(|c| (c.column.value.clone(), c.r#as));
        let weights = self.compare.iter().map(|c| c.weights.as_ref().map(|at| at.value.clone()));
        let settings = linkage::Settings {
            block_on: self.keys(),
            max_block: self.max_block.as_ref().map_or(MAX_BLOCK, |at| usize::try_from(at.value).unwrap_or(MAX_BLOCK)),
            threshold: self.min_probability.as_ref().map_or(MIN_PROBABILITY, |at| at.value),
            weights: weights.collect(),
            prior: self.prior.as_ref().map(|at| at.value),
        };
        Plan::Rows {
            query: Sql::ours(render(include_str!("probable_duplicates.sql"), values.clone())),
            evaluated: Some(Sql::ours(render(ANY_PRESENT, values))),
            returns: Returns::Records(Box::new(Comparison {
                fields: fields.collect(),
                settings,
            })),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        let names: Vec<&str> = self.compare.iter().map(|c| c.column.value.as_str()).collect();
        format!("no row of probably the same under an earlier key, by {}", names.join(", "))
    }
}

/// One of the columns is present.
const ANY_PRESENT: &str =
    "{% for c in columns %}{{ c|ident }} IS NOT NULL{% if not loop.last %} OR {% endif %}{% endfor %}";
