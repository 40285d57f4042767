//! Rules that are a little wrong, to find out whether a test notices.

use super::sql::{of_condition, of_query};
use crate::{
    diagnostics::{At, Span},
    pipeline::examples::Trial,
    project::Project,
    rules::{Kind, Nulls, Plan, Rule, RuleKind},
    tables::{self, Cause, CodeList, Entry},
};

/// A rule of the project that is a little wrong.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Which rule: an index into the project's.
    pub of: usize,
    /// What was changed.
    pub what: String,
    /// Where the rule says it.
    pub span: Span,
    /// What notices: an example on which the two differ.
    pub example: String,
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
            How::Codes(codes) => codes.apply_to(&mut other, &project.rules[self.of]),
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
    /// The last code of each list is not there.
    WithoutLast,
    /// Each code is in force on every day.
    AlwaysInForce,
    /// No alias is understood.
    WithoutAliases,
    /// Whatever the cause of an alias, it is no failure.
    AcceptingAll,
    /// A code of any level is accepted.
    AnyLevel,
}

impl Codes {
    pub(super) const ALL: [Self; 6] = [
        Self::WithoutFirst,
        Self::WithoutLast,
        Self::AlwaysInForce,
        Self::WithoutAliases,
        Self::AcceptingAll,
        Self::AnyLevel,
    ];

    /// Lets the column of a rule alone read its codes so: others may lean on the same list.
    fn apply_to(self, project: &mut Project, rule: &Rule) {
        let read_so = self.apply(project);
        let lists = project.lists.len() + project.own_lists.len();
        let columns = &mut project.tables[rule.table].columns;
        let of_rule = |at: usize| read_so.tables[rule.table].columns[at].codes.clone();
        let Some(at) = rule.column else { return };
        if let Some(mut codes) = of_rule(at) {
            let list = read_so.lists.iter().chain(&read_so.own_lists);
            project
                .own_lists
                .extend(list.skip(codes.list).take(1).cloned());
            codes.list = lists;
            columns[at].codes = Some(codes);
        }
    }

    /// The project with its codes read so.
    pub(super) fn apply(self, project: &Project) -> Project {
        let mut other = project.clone();
        match self {
            Self::WithoutFirst => {
                for list in other.lists.iter_mut().chain(&mut other.own_lists) {
                    // Places in the list stay what they are: nothing stands for its first code any more.
                    without(list, 0);
                }
            }
            Self::WithoutLast => {
                for list in other.lists.iter_mut().chain(&mut other.own_lists) {
                    let last = list.codes.len().saturating_sub(1);
                    without(list, last);
                }
            }
            Self::AlwaysInForce => of_columns(&mut other, |codes| codes.as_of = None),
            Self::WithoutAliases => of_columns(&mut other, |codes| codes.map_aliases = false),
            Self::AcceptingAll => of_columns(&mut other, |codes| {
                codes.accept = Cause::OF_ALIASES.to_vec();
            }),
            Self::AnyLevel => of_columns(&mut other, |codes| codes.level = None),
        }
        other
    }
}

/// A change of a rule, or of the codes of its column.
struct Change {
    what: String,
    span: Option<Span>,
    example: String,
    how: How,
}

/// Every mutant of the rules at `selected`, by rule; `can_be_null` says of each rule of the project whether its outcome can.
pub fn mutants(project: &Project, selected: &[usize], can_be_null: &[bool]) -> Vec<Mutant> {
    let mut all = Vec::new();
    for of in selected {
        let rule = &project.rules[*of];
        let dropped = Change {
            what: "the rule is dropped".to_owned(),
            span: None,
            example: "a `fail` example".to_owned(),
            how: How::Dropped,
        };
        let changes = std::iter::once(dropped)
            .chain(others(project, *of, can_be_null[*of]))
            .chain(of_codes(project, rule));
        all.extend(changes.map(|change| Mutant {
            of: *of,
            what: change.what,
            span: change.span.unwrap_or_else(|| rule.span.clone()),
            example: change.example,
            how: change.how,
        }));
    }
    all
}

/// The rule with each of its parts changed.
fn others(project: &Project, of: usize, can_be_null: bool) -> Vec<Change> {
    let rule = &project.rules[of];
    let table = &project.tables[rule.table];
    let mut all = Vec::new();
    let mut add = |what: String, span: Option<Span>, example: String, rule: Rule| {
        let how = How::Rule(Box::new(Trial { of, rule }));
        all.push(Change {
            what,
            span,
            example,
            how,
        });
    };
    let with_kind = |kind: Kind| Rule {
        kind,
        ..rule.clone()
    };
    for mutant in rule.kind.mutants(rule, table) {
        add(
            mutant.what,
            mutant.span,
            mutant.example,
            with_kind(mutant.kind),
        );
    }
    let changed = match rule.plan(table) {
        Plan::Row { predicate } => predicate.author.map(|sql| of_condition(&sql)),
        Plan::Rows { query, .. } => query.author.map(|sql| of_query(&sql)),
        Plan::RowCount { .. } => None,
    };
    for change in changed.into_iter().flatten() {
        if let Some(kind) = rule.kind.with_sql(&change.text) {
            add(
                change.what,
                Some(change.span),
                change.example,
                with_kind(kind),
            );
        }
    }
    if let Some((key, condition)) = rule.kind.condition() {
        if let Some(kind) = rule.kind.with_condition(None) {
            let what = format!("without {key} `{}`", one_line(&condition.value));
            let example = match key {
                "to_where" => "a `fail` example of a row that names what it leaves out",
                _ => "a `not_evaluated` example of a row that it leaves out",
            };
            add(
                what,
                Some(condition.span.clone()),
                example.to_owned(),
                with_kind(kind),
            );
        }
        for change in of_condition(condition) {
            if let Some(kind) = rule.kind.with_condition(Some(&change.text)) {
                add(
                    format!("{key}: {}", change.what),
                    Some(change.span),
                    change.example,
                    with_kind(kind),
                );
            }
        }
    }
    if let Some(only_where) = &rule.only_where {
        let with = |only_where: Option<At<String>>| Rule {
            only_where,
            ..rule.clone()
        };
        let what = format!("without where `{}`", one_line(&only_where.value));
        let example = "a `not_evaluated` example of a row that it leaves out and the check fails";
        add(
            what,
            Some(only_where.span.clone()),
            example.to_owned(),
            with(None),
        );
        for change in of_condition(only_where) {
            let other = At {
                value: change.text,
                span: only_where.span.clone(),
            };
            add(
                format!("where: {}", change.what),
                Some(change.span),
                change.example,
                with(Some(other)),
            );
        }
    }
    // What null means is of no matter where the outcome is never null.
    if can_be_null {
        let (nulls, what, example) = match rule.nulls {
            Nulls::NotEvaluated => (Nulls::Pass, "nulls pass", "not_evaluated"),
            Nulls::Fail => (Nulls::NotEvaluated, "without nulls: fail", "fail"),
            Nulls::Pass => (Nulls::NotEvaluated, "without nulls: pass", "pass"),
        };
        let other = Rule {
            nulls,
            ..rule.clone()
        };
        let example = format!("a `{example}` example of a row whose outcome is null");
        add(what.to_owned(), None, example, other);
    }
    all
}

fn of_columns(project: &mut Project, change: impl Fn(&mut tables::Codes)) {
    let columns = project
        .tables
        .iter_mut()
        .flat_map(|table| &mut table.columns);
    columns
        .filter_map(|column| column.codes.as_mut())
        .for_each(change);
}

/// Lets nothing stand for a code any more.
fn without(list: &mut CodeList, code: usize) {
    for entries in list.lookup.values_mut() {
        entries.retain(|entry| entry.code != code);
    }
    list.lookup.retain(|_, entries| !entries.is_empty());
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn of_codes(project: &Project, rule: &Rule) -> Vec<Change> {
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
    let mut add = |what: String, span: Option<&Span>, example: String, codes: Codes| {
        all.push(Change {
            what,
            span: span.cloned(),
            example,
            how: How::Codes(codes),
        });
    };
    let span = kind.list.as_ref().map(|at| &at.span);
    if let Some(first) = list.codes.first() {
        add(
            format!("without code `{}`", first.code),
            span,
            format!("an example of {}", first.code),
            Codes::WithoutFirst,
        );
    }
    if let [_, .., last] = &list.codes[..] {
        add(
            format!("without code `{}`", last.code),
            span,
            format!("an example of {}", last.code),
            Codes::WithoutLast,
        );
    }
    if let Some(as_of) = &kind.as_of {
        add(
            "without as_of".to_owned(),
            Some(&as_of.span),
            format!(
                "a `fail` example of a code that is not in force on {}",
                as_of.value
            ),
            Codes::AlwaysInForce,
        );
    }
    // A list without a variant has only aliases that fail as an unknown text does.
    let variant = |entry: &Entry| entry.alias.is_some_and(|alias| alias.cause.is_none());
    if kind.maps_aliases() && list.lookup.values().flatten().any(variant) {
        add(
            "without map_aliases".to_owned(),
            kind.map_aliases.as_ref().map(|at| &at.span),
            "a `pass` example of another spelling that the list knows".to_owned(),
            Codes::WithoutAliases,
        );
    }
    let fails = |entry: &Entry| {
        let cause = entry.alias.and_then(|alias| alias.cause);
        cause.is_some_and(|cause| !codes.accept.contains(&cause))
    };
    if kind.maps_aliases() && list.lookup.values().flatten().any(fails) {
        add(
            "with every alias accepted".to_owned(),
            kind.map_aliases.as_ref().map(|at| &at.span),
            "a `fail` example of an alias that is no variant".to_owned(),
            Codes::AcceptingAll,
        );
    }
    if let Some(level) = &kind.level {
        add(
            "without level".to_owned(),
            Some(&level.span),
            format!("a `fail` example of a code that is no {}", level.value),
            Codes::AnyLevel,
        );
    }
    all
}
