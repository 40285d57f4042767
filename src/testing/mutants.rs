//! Rules that are a little wrong, to find out whether a test notices.

use super::sql::{of_condition, of_query};
use crate::{
    diagnostics::At,
    pipeline::examples::Trial,
    project::Project,
    rules::{Kind, Nulls, Plan, Rule, RuleKind},
};

/// A rule of the project that is a little wrong.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Which rule: an index into the project's.
    pub of: usize,
    /// What was changed.
    pub what: String,
    /// What is put to the rule's examples in its place.
    pub(super) how: How,
}

impl Mutant {
    /// The project with this mutant in it.
    pub(super) fn project(&self, project: &Project) -> Project {
        let mut other = project.clone();
        match &self.how {
            How::Dropped => {
                other.rules.remove(self.of);
            }
            How::Rule(trial) => other.rules[self.of] = trial.rule.clone(),
            How::Codes(codes) => other = codes.apply(project),
        }
        other
    }
}

/// How a mutant is wrong.
#[derive(Clone, Debug)]
pub(super) enum How {
    /// The rule is not there: it fails nothing.
    Dropped,
    /// Another rule stands in its place.
    Rule(Box<Trial>),
    /// The same rule over a project whose codes are read otherwise.
    Codes(Codes),
}

/// How codes are read otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codes {
    /// The first code of each list is not there.
    WithoutFirst,
    /// Each code is in force on every day.
    AlwaysInForce,
    /// No alias is understood.
    WithoutAliases,
}

impl Codes {
    pub(super) const ALL: [Self; 3] = [
        Self::WithoutFirst,
        Self::AlwaysInForce,
        Self::WithoutAliases,
    ];

    /// The project with its codes read so.
    pub(super) fn apply(self, project: &Project) -> Project {
        let mut other = project.clone();
        match self {
            Self::WithoutFirst => {
                for list in other.lists.iter_mut().chain(&mut other.own_lists) {
                    // Places in the list stay what they are: nothing stands for its first code any more.
                    list.lookup.retain(|_, entry| entry.code != 0);
                }
            }
            Self::AlwaysInForce => {
                for column in other.tables.iter_mut().flat_map(|table| &mut table.columns) {
                    if let Some(codes) = &mut column.codes {
                        codes.as_of = None;
                    }
                }
            }
            Self::WithoutAliases => {
                for column in other.tables.iter_mut().flat_map(|table| &mut table.columns) {
                    if let Some(codes) = &mut column.codes {
                        codes.map_aliases = false;
                    }
                }
            }
        }
        other
    }
}

/// Every mutant of the rules at `selected`, by rule.
pub fn mutants(project: &Project, selected: &[usize]) -> Vec<Mutant> {
    let mut all = Vec::new();
    for of in selected {
        let rule = &project.rules[*of];
        let mut add = |what: String, how: How| all.push(Mutant { of: *of, what, how });
        add("the rule is dropped".to_owned(), How::Dropped);
        for (what, rule) in others(project, rule) {
            let trial = Trial { of: *of, rule };
            add(what, How::Rule(Box::new(trial)));
        }
        for (what, codes) in of_codes(project, rule) {
            add(what, How::Codes(codes));
        }
    }
    all
}

/// The rule with each of its parts changed.
fn others(project: &Project, rule: &Rule) -> Vec<(String, Rule)> {
    let table = &project.tables[rule.table];
    let mut all = Vec::new();
    for mutant in rule.kind.mutants(rule, table) {
        let kind = mutant.kind;
        all.push((
            mutant.what,
            Rule {
                kind,
                ..rule.clone()
            },
        ));
    }
    let changed = match rule.plan(table) {
        Plan::Row { predicate } => predicate.author.map(|sql| of_condition(&sql.value)),
        Plan::Rows { query, .. } => query.author.map(|sql| of_query(&sql.value)),
        Plan::RowCount { .. } => None,
    };
    for change in changed.into_iter().flatten() {
        if let Some(kind) = rule.kind.with_sql(&change.text) {
            all.push((
                change.what,
                Rule {
                    kind,
                    ..rule.clone()
                },
            ));
        }
    }
    if let Some(only_where) = &rule.only_where {
        let with = |only_where: Option<At<String>>| Rule {
            only_where,
            ..rule.clone()
        };
        all.push((format!("without where `{}`", only_where.value), with(None)));
        for change in of_condition(&only_where.value) {
            let other = At {
                value: change.text,
                span: only_where.span.clone(),
            };
            all.push((format!("where: {}", change.what), with(Some(other))));
        }
    }
    if rule.nulls != Nulls::NotEvaluated {
        let nulls = Nulls::NotEvaluated;
        let other = Rule {
            nulls,
            ..rule.clone()
        };
        all.push(("without nulls".to_owned(), other));
    }
    all
}

fn of_codes(project: &Project, rule: &Rule) -> Vec<(String, Codes)> {
    let Kind::AcceptedValues(kind) = &rule.kind else {
        return Vec::new();
    };
    let column = rule
        .column
        .map(|at| &project.tables[rule.table].columns[at]);
    let Some(codes) = column.and_then(|column| column.codes.as_ref()) else {
        return Vec::new();
    };
    let lists = project.lists_of_columns();
    let Some(list) = lists.get(codes.list) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    if let Some(first) = list.codes.first() {
        all.push((
            format!("without code `{}`", first.code),
            Codes::WithoutFirst,
        ));
    }
    if kind.as_of.is_some() {
        all.push(("without as_of".to_owned(), Codes::AlwaysInForce));
    }
    // A list without a variant has only aliases that fail as an unknown text does.
    let variant =
        |entry: &crate::tables::Entry| entry.alias == Some(crate::tables::AliasCause::Variant);
    if kind.maps_aliases() && list.lookup.values().any(variant) {
        all.push(("without map_aliases".to_owned(), Codes::WithoutAliases));
    }
    all
}
