//! Rules that contradict or repeat each other, or can never fire, where that can be decided: ranges, accepted values,
//! missing values, simple comparisons, and patterns and lengths held against codes.

use std::{collections::HashSet, sync::Arc};

use datafusion::{
    common::{DFSchema, ScalarValue},
    logical_expr::Expr,
};

use super::facts::{Fact, Reader};
use crate::{
    check::{Engine, Outcome, PreparedRule},
    conform::full_schema,
    diagnostics::Diagnostic,
    pipeline::plan::Plan,
    project::Project,
    rules::{Nulls, OnFail, Rule},
    tables::{CodeList, Table},
};

/// Reports rules that contradict each other, say nothing that another does not say, never fire or never pass.
pub fn decide(project: &Project, plan: &Plan, engine: &Engine, diagnostics: &mut Vec<Diagnostic>) {
    let state = engine.session().state();
    for checks in &plan.checks.tables {
        let Ok(schema) = DFSchema::try_from(full_schema(&checks.table)) else {
            continue;
        };
        let bench = Bench {
            reader: Reader::new(&state, schema),
            table: &checks.table,
            lists: &plan.lists,
        };
        let said: Vec<Said<'_>> = checks
            .rules
            .iter()
            .filter_map(|prepared| bench.said(&project.rules[prepared.rule], prepared))
            .collect();
        let said: Vec<Said<'_>> = said
            .into_iter()
            .filter(|rule| !bench.alone(rule, diagnostics))
            .collect();
        for (at, rule) in said.iter().enumerate() {
            for other in &said[at + 1..] {
                bench.pair(rule, other, diagnostics);
            }
        }
    }
}

/// What a row rule says, and of which rows.
struct Said<'p> {
    rule: &'p Rule,
    condition: &'p Expr,
    only_where: Vec<Fact>,
    facts: Vec<Fact>,
}

struct Bench<'p> {
    reader: Reader,
    table: &'p Table,
    lists: &'p [Arc<CodeList>],
}

impl Bench<'_> {
    fn said<'p>(&self, rule: &'p Rule, prepared: &'p PreparedRule) -> Option<Said<'p>> {
        let Outcome::Predicate(condition) = &prepared.outcome else {
            return None;
        };
        let codes = |status: &str| self.codes(status);
        let facts = |condition| self.reader.facts(condition, &codes);
        Some(Said {
            rule,
            condition,
            only_where: prepared.applies.as_ref().map_or(Vec::new(), facts),
            facts: facts(condition),
        })
    }

    /// What an `accepted_values` rule says of its column.
    fn codes(&self, status: &str) -> Option<Fact> {
        let column = status.strip_prefix("_code.")?;
        let list = self.list(column)?;
        Some(Fact::Among {
            term: column.to_owned(),
            values: list
                .codes
                .iter()
                .map(|code| ScalarValue::from(code.code.as_str()))
                .collect(),
            not: false,
        })
    }

    fn list(&self, column: &str) -> Option<&CodeList> {
        let column = self.table.columns.get(self.table.column_index(column)?)?;
        Some(self.lists.get(column.codes.as_ref()?.list)?)
    }

    /// Reports what is wrong with a rule by itself; whether anything is.
    fn alone(&self, said: &Said<'_>, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let before = diagnostics.len();
        let rule = said.rule;
        let id = &rule.id;
        if let Some(why) = impossible(&said.only_where) {
            let span = rule.only_where.as_ref().map_or(&rule.span, |at| &at.span);
            let message = format!("rule `{id}` can never fire: its `where` is true of no row");
            diagnostics.push(
                Diagnostic::at(span, message)
                    .label(why)
                    .lint("never_fires")
                    .help("correct the condition, or remove the rule"),
            );
        } else if let Some(why) = impossible(&said.facts) {
            let message = format!("rule `{id}` passes no row");
            diagnostics.push(
                Diagnostic::at(&rule.span, message)
                    .lint("never_passes")
                    .help(format!("{why}; correct the condition")),
            );
        } else if let Some((asked, is)) = self.never_where(said) {
            let message = format!("rule `{id}` passes no row that it looks at");
            diagnostics.push(
                Diagnostic::at(&rule.span, message)
                    .lint("never_passes")
                    .help(format!("it asks {asked} where {is}; correct one of them")),
            );
        } else if self.always_passes(said) {
            let message = format!("rule `{id}` can never fire: every row that it looks at passes");
            diagnostics.push(
                Diagnostic::at(&rule.span, message)
                    .lint("never_fires")
                    .help("correct the condition, or remove the rule"),
            );
        }
        diagnostics.len() > before
    }

    /// What the condition asks, and what its `where` says against it. That a value is missing may well be what is looked for.
    fn never_where<'s>(&self, said: &'s Said<'_>) -> Option<(&'s Fact, &'s Fact)> {
        let mut facts = said.facts.iter().filter(|fact| !fact.is_presence());
        facts.find_map(|fact| {
            let mut grounds = said.only_where.iter().filter(|w| !w.is_presence());
            Some((fact, grounds.find(|w| fact.excludes(w))?))
        })
    }

    fn always_passes(&self, said: &Said<'_>) -> bool {
        let granted = |fact: &Fact| {
            fact.is_certain()
                || said.only_where.iter().any(|w| match fact {
                    // Whatever is said of a term that is there says that it is there.
                    Fact::Present { term, not: false } => {
                        w.term() == Some(term) && !matches!(w, Fact::Present { not: true, .. })
                    }
                    fact => fact.is_said_by(w),
                })
        };
        said.rule.nulls != Nulls::Fail && !said.facts.is_empty() && said.facts.iter().all(granted)
    }

    /// Reports two rules that contradict or repeat each other.
    fn pair(&self, a: &Said<'_>, b: &Said<'_>, diagnostics: &mut Vec<Diagnostic>) {
        if let Some(why) = self.contradict(a, b) {
            let message = format!("no row passes both `{}` and `{}`", b.rule.id, a.rule.id);
            diagnostics.push(
                Diagnostic::at(&b.rule.span, message)
                    .lint("contradiction")
                    .help(format!("{why}; {}", other(a.rule))),
            );
        } else if self.adds_nothing(b, a) {
            repeated(b, a, diagnostics);
        } else if self.adds_nothing(a, b) {
            repeated(a, b, diagnostics);
        }
    }

    fn contradict(&self, a: &Said<'_>, b: &Said<'_>) -> Option<String> {
        // A row without the value passes both.
        if a.rule.nulls == Nulls::Pass && b.rule.nulls == Nulls::Pass {
            return None;
        }
        let meet =
            a.only_where == b.only_where || a.only_where.is_empty() || b.only_where.is_empty();
        if !meet {
            return None;
        }
        for (x, y) in pairs(a, b) {
            // A value that one wants missing and the other well-formed is simply missing.
            if !x.is_presence() && !y.is_presence() && x.excludes(y) {
                return Some(format!("the one asks {x} and the other {y}"));
            }
        }
        let (codes, column, condition) = self.codes_against(a, b)?;
        let passes = |code: &ScalarValue| self.reader.holds(condition, column, code);
        let none = codes.iter().all(|code| passes(code) == Some(false));
        none.then(|| format!("nothing that the one accepts as `{column}` passes the other"))
    }

    /// Whether every row that fails `weak` fails `strong` as well, and more is done about it.
    fn adds_nothing(&self, weak: &Said<'_>, strong: &Said<'_>) -> bool {
        let rules = (weak.rule, strong.rule);
        let matters_less = rules.0.severity >= rules.1.severity
            && (rules.0.on_fail == OnFail::Keep || rules.0.on_fail == rules.1.on_fail)
            && rules.0.threshold == rules.1.threshold
            && rules.1.threshold.is_none()
            && rules.0.conditions == rules.1.conditions
            && rules.1.conditions.0.is_empty()
            && (rules.0.nulls != Nulls::Fail
                || rules.1.nulls == Nulls::Fail && weak.condition == strong.condition)
            && rules.1.nulls != Nulls::Pass;
        let wider = strong
            .only_where
            .iter()
            .all(|s| weak.only_where.contains(s));
        if !matters_less || !wider {
            return false;
        }
        let said = |fact: &Fact| strong.facts.iter().any(|s| fact.is_said_by(s));
        if !weak.facts.is_empty() && weak.facts.iter().all(said) {
            return true;
        }
        let Some((codes, column, condition)) = self.codes_against(strong, weak) else {
            return false;
        };
        // Only of what is no code, and that fails the list.
        std::ptr::eq(condition, weak.condition)
            && !codes.is_empty()
            && codes
                .iter()
                .all(|code| self.reader.holds(condition, column, code) == Some(true))
    }

    /// Where one of the two wants a code and the other says something else about the same column alone.
    fn codes_against<'s>(
        &self,
        a: &'s Said<'_>,
        b: &'s Said<'_>,
    ) -> Option<(&'s HashSet<ScalarValue>, &'s str, &'s Expr)> {
        let one = |list: &'s Said<'_>, other: &'s Said<'_>| {
            let [
                Fact::Among {
                    term,
                    values,
                    not: false,
                },
            ] = &list.facts[..]
            else {
                return None;
            };
            let read = other.condition.column_refs();
            let alone = read.len() == 1 && read.iter().all(|c| c.name == *term);
            let simple = !matches!(other.facts[..], [Fact::Present { .. } | Fact::Among { .. }]);
            (alone && simple && values.len() <= 10_000).then_some((
                values,
                term.as_str(),
                other.condition,
            ))
        };
        one(a, b).or_else(|| one(b, a))
    }
}

fn pairs<'s>(a: &'s Said<'_>, b: &'s Said<'_>) -> impl Iterator<Item = (&'s Fact, &'s Fact)> {
    a.facts
        .iter()
        .flat_map(|x| b.facts.iter().map(move |y| (x, y)))
}

/// Why no row makes all facts true.
fn impossible(facts: &[Fact]) -> Option<String> {
    if let Some(fact) = facts.iter().find(|fact| fact.is_impossible()) {
        return Some(format!("it asks {fact}"));
    }
    facts.iter().enumerate().find_map(|(at, fact)| {
        let other = facts[at + 1..].iter().find(|other| fact.excludes(other))?;
        Some(format!("it asks {fact} and {other}"))
    })
}

fn repeated(weak: &Said<'_>, strong: &Said<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let same = weak.facts == strong.facts && weak.only_where == strong.only_where;
    let message = match same {
        true => format!(
            "rule `{}` says what `{}` says already",
            weak.rule.id, strong.rule.id
        ),
        false => format!(
            "every row that fails `{}` fails `{}` as well",
            weak.rule.id, strong.rule.id
        ),
    };
    diagnostics.push(
        Diagnostic::at(&weak.rule.span, message)
            .lint("implied")
            .help(format!(
                "remove one of them, or let them say different things; {}",
                other(strong.rule)
            )),
    );
}

/// Where the other rule stands.
fn other(rule: &Rule) -> String {
    let (line, _) = rule.span.line_column();
    format!("`{}` stands at {}:{line}", rule.id, rule.span.source.path)
}
