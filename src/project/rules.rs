//! One rule: its settings checked and put together.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};

use super::{
    examples,
    files::hex,
    gates,
    table_file::{Settings, ThresholdFile},
    unread::{Unread, Words},
};
use crate::{
    diagnostics::{
        At, Diagnostic, Source, Span,
        yaml::{Node, Tried, Value},
    },
    discrepancy::Severity,
    names::Name,
    rules::{
        Kind, Nulls, OWN_NAMES, OWN_OF_DELIVERY, OnFail, Plan, Rule, Threshold,
        kinds::{RuleKind, Scope},
    },
    tables::{CodeList, Table},
};

/// A rule as its file says it, before anything about it is checked.
pub struct Draft {
    pub id: String,
    /// Where it is declared.
    pub span: Span,
    /// The kind, and the settings that it was read from.
    pub kind: Kind,
    pub kind_node: Node,
    /// Whether some of those settings could not be read, which has been reported.
    pub partly: bool,
    pub settings: Settings,
    /// The column that it stands under.
    pub column: Option<usize>,
    /// Why it exists when its file need not say.
    pub why: Option<String>,
    /// What is done about a failing row when its file does not say.
    pub on_fail: OnFail,
}

/// What the rules of one table are checked against.
pub struct Checker<'c> {
    pub tables: &'c [Table],
    pub table: usize,
    pub lists: &'c [CodeList],
    pub source: &'c Arc<Source>,
    pub unread: &'c Unread,
    /// Where each id was declared first.
    pub seen: &'c mut BTreeMap<String, Span>,
    pub diagnostics: &'c mut Vec<Diagnostic>,
}

impl Checker<'_> {
    fn report(&mut self, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::at(span, message).help(help));
    }

    /// The rule that `draft` says; whatever is wrong with it is reported. `None` when it cannot be planned.
    pub fn rule(&mut self, draft: Draft) -> Option<Rule> {
        self.id(&draft);
        let Draft {
            id,
            span,
            kind,
            kind_node,
            partly,
            settings,
            column,
            why,
            on_fail,
        } = draft;
        let table = &self.tables[self.table];
        let leans = self.leans(&kind_node, column, &settings);
        let mut found = Vec::new();
        let column = column.or_else(|| self.named_column(&kind, &mut found));
        let scope = Scope {
            table,
            column,
            tables: self.tables,
            lists: self.lists,
            span: &span,
        };
        let before = found.len();
        kind.validate(&scope, &mut found);
        let mut sound = !leans && found.len() == before;
        if !leans {
            // What the rule as a whole seems to lack may be what could not be read of it.
            let whole = |d: &Diagnostic| d.span.as_ref().is_some_and(|s| s.bytes == span.bytes);
            for diagnostic in found.into_iter().filter(|d| !(partly && whole(d))) {
                // A column that a kind names in two ways is told once.
                self.report_once(diagnostic);
            }
        }
        let conditions = gates::conditions(&settings, self.diagnostics);
        let why = self.why(settings.why, why, &id, &span);
        let mut rule = Rule {
            version: String::new(),
            table: self.table,
            column,
            severity: settings
                .severity
                .and_then(|s| s.0)
                .or(conditions.strictest())
                .unwrap_or(Severity::Error),
            dimension: settings
                .dimension
                .and_then(|d| d.0)
                .unwrap_or(kind.dimension()),
            only_where: settings.r#where.and_then(|w| w.0),
            nulls: settings.nulls.and_then(|n| n.0).unwrap_or_default(),
            threshold: self.threshold(settings.threshold),
            conditions,
            on_fail,
            why,
            owner: settings.owner.and_then(|o| o.0),
            tags: settings.tags.0.unwrap_or_default(),
            examples: Default::default(),
            id,
            span,
            kind,
        };
        if let Some(only_where) = rule
            .only_where
            .as_ref()
            .filter(|w| w.value.trim().is_empty())
        {
            self.report(
                &only_where.span.clone(),
                "`where` is blank",
                "write a condition, or remove it",
            );
            sound = false;
        }
        // A kind whose settings are wrong cannot say what it asks of the engine.
        let plan = sound.then(|| rule.plan(table));
        if let Some(Tried(Some(word))) = settings.on_fail {
            rule.on_fail = word.value;
            self.on_fail(&word, &rule, plan.as_ref());
        }
        if matches!(plan, Some(Plan::RowCount { .. })) && !rule.conditions.0.is_empty() {
            let message = format!(
                "`{}` is about the whole table and has no number of failing rows",
                rule.kind.word()
            );
            let help = "write `severity` in place of `block_if`, `error_if` and `warn_if`";
            self.report(&rule.span.clone(), message, help);
        }
        self.correct(&rule);
        let files = settings.examples.0.unwrap_or_default();
        let scope = examples::Scope {
            rule: &rule,
            tables: self.tables,
            plan: plan.as_ref(),
            source: self.source,
        };
        let mut found = Vec::new();
        rule.examples = examples::read(&files, &scope, &mut found);
        if !leans && !self.unread.leans(Some(table.name.as_str()), &files.words()) {
            self.diagnostics.append(&mut found);
        }
        rule.version = version(&rule, &kind_node);
        sound.then_some(rule)
    }

    /// Whether what it says can only be judged by what could not be read.
    fn leans(&self, kind: &Node, column: Option<usize>, settings: &Settings) -> bool {
        let table = &self.tables[self.table];
        let mut words = Words::of(kind);
        if let Some(column) = column {
            words.add(table.columns[column].name.as_str());
        }
        if let Some(Tried(Some(only_where))) = &settings.r#where {
            words.add(&only_where.value);
        }
        self.unread.leans(Some(table.name.as_str()), &words)
    }

    fn report_once(&mut self, diagnostic: Diagnostic) {
        let place = |d: &Diagnostic| d.span.as_ref().map(|s| s.bytes.clone());
        let mut said = self.diagnostics.iter().rev().take(100);
        let same =
            |d: &Diagnostic| d.message == diagnostic.message && place(d) == place(&diagnostic);
        if !said.any(same) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn id(&mut self, draft: &Draft) {
        let table = self.tables[self.table].name.as_str();
        let parts: Vec<&str> = draft.id.split('.').collect();
        let named =
            parts.iter().all(|part| Name::new(part).is_ok()) && (2..=3).contains(&parts.len());
        if !named {
            let message = format!("`{}` is no rule id", draft.id);
            self.report(
                &draft.span,
                message,
                format!("write `{table}.<column>.<name>` or `{table}.<name>`, in a-z, 0-9 and _"),
            );
        } else if parts.first() != Some(&table) {
            let message = format!("rule `{}` stands in the file of table `{table}`", draft.id);
            self.report(
                &draft.span,
                message,
                format!("start its id with `{table}.`, or move it"),
            );
        }
        let own = matches!(parts[..], [_, name] if OWN_NAMES.contains(&name));
        if own || OWN_OF_DELIVERY.contains(&draft.id.as_str()) {
            let message = format!("`{}` is a rule that the engine has of itself", draft.id);
            self.report(&draft.span, message, "choose another name");
        }
        if let Some(first) = self.seen.get(&draft.id) {
            let help = format!("the other is at {first:?}");
            self.report(
                &draft.span,
                format!("rule `{}` is declared twice", draft.id),
                help,
            );
        } else {
            self.seen.insert(draft.id.clone(), draft.span.clone());
        }
    }

    /// The column that a kind names in its settings.
    fn named_column(&self, kind: &Kind, diagnostics: &mut Vec<Diagnostic>) -> Option<usize> {
        let table = &self.tables[self.table];
        let name = kind.column()?;
        let found = table.column_index(&name.value);
        if found.is_none() {
            let known = table.columns.iter().map(|c| c.name.as_str());
            let message = format!("table `{}` has no column `{}`", table.name, name.value);
            diagnostics.push(Diagnostic::at(&name.span, message).suggest(&name.value, known));
        }
        found
    }

    fn why(
        &mut self,
        said: Option<Tried<At<String>>>,
        by_default: Option<String>,
        id: &str,
        span: &Span,
    ) -> String {
        match said {
            Some(Tried(Some(why))) if why.value.trim().is_empty() => {
                self.report(
                    &why.span,
                    "`why` is blank",
                    "say what goes wrong for the reader without the rule",
                );
                String::new()
            }
            Some(Tried(Some(why))) => why.value.trim().to_owned(),
            // Reported where it stands.
            Some(Tried(None)) => String::new(),
            None => by_default.unwrap_or_else(|| {
                self.report(
                    span,
                    format!("rule `{id}` does not say why"),
                    "add `why:`: what goes wrong for the reader without the rule",
                );
                String::new()
            }),
        }
    }

    fn threshold(&mut self, said: Option<Tried<At<ThresholdFile>>>) -> Option<Threshold> {
        let said = said?.0?;
        Some(match said.value {
            ThresholdFile::MaxCount(count) => Threshold::MaxCount(count),
            ThresholdFile::MaxShare(share) => {
                if !(0.0..=1.0).contains(&share) {
                    self.report(
                        &said.span,
                        format!("`max_share` is {share}"),
                        "write a share from 0 to 1, such as 0.01 for one in a hundred",
                    );
                }
                Threshold::MaxShare(share)
            }
        })
    }

    /// Reports causes that are to be corrected by a rule that corrects nothing.
    fn correct(&mut self, rule: &Rule) {
        if let Kind::AcceptedValues(kind) = &rule.kind
            && let Some(causes) = &kind.correct
            && rule.on_fail != OnFail::Correct
        {
            self.report(
                &causes.span,
                "`correct` goes with `on_fail: correct`".to_owned(),
                "write `on_fail: correct`, or remove it",
            );
        }
    }

    fn on_fail(&mut self, word: &At<OnFail>, rule: &Rule, plan: Option<&Plan>) {
        match rule.on_fail {
            OnFail::Correct if !matches!(rule.kind, Kind::AcceptedValues(_)) => {
                let message = format!("`{}` cannot correct anything", rule.kind.word());
                self.report(
                    &word.span,
                    message,
                    "`correct` goes with `accepted_values`; use keep, null, quarantine or exclude",
                );
            }
            // A column that is named and does not exist has been reported.
            OnFail::Null if rule.column.is_none() && rule.kind.column().is_none() => {
                let names_one = matches!(
                    rule.kind,
                    Kind::Expression(_) | Kind::FailedRows(_) | Kind::Duplicates(_)
                );
                let help = match names_one {
                    true => "name the rule's `column`, or use keep, quarantine or exclude",
                    false => "use keep, quarantine or exclude",
                };
                self.report(&word.span, "there is no column to make null", help);
            }
            OnFail::Keep => {}
            _ if matches!(plan, Some(Plan::RowCount { .. })) => {
                let message = format!(
                    "`{}` is about the whole table and can do nothing about a row",
                    rule.kind.word()
                );
                self.report(
                    &word.span,
                    message,
                    "remove `on_fail`; `severity: blocking` stops the publication",
                );
            }
            _ => {}
        }
    }
}

/// First twelve hex digits of the hash of what the rule does; how it is written, and why, does not count.
fn version(rule: &Rule, kind: &Node) -> String {
    let threshold = match rule.threshold {
        None => String::new(),
        Some(Threshold::MaxCount(count)) => format!("max_count {count}"),
        Some(Threshold::MaxShare(share)) => format!("max_share {share}"),
    };
    let nulls = match rule.nulls {
        Nulls::NotEvaluated => "not_evaluated",
        Nulls::Fail => "fail",
        Nulls::Pass => "pass",
    };
    let on_fail = match rule.on_fail {
        OnFail::Keep => "keep",
        OnFail::Correct => "correct",
        OnFail::Null => "null",
        OnFail::Quarantine => "quarantine",
        OnFail::Exclude => "exclude",
    };
    let mut text = String::new();
    canonical(kind, &mut text);
    let only_where = rule.only_where.as_ref().map_or("", |w| w.value.as_str());
    for part in [only_where, nulls, on_fail, rule.severity.word(), &threshold] {
        text.push('\n');
        quote(part, &mut text);
    }
    for condition in rule.conditions.words() {
        text.push('\n');
        quote(&condition, &mut text);
    }
    let mut hash = hex(&Sha256::digest(text));
    hash.truncate(12);
    hash
}

/// The tree with keys in order, one way to write it.
fn canonical(node: &Node, text: &mut String) {
    match &node.value {
        Value::Scalar { .. } if node.is_null() => text.push_str("null"),
        Value::Scalar { text: value, .. } => quote(value, text),
        Value::Sequence(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Map(entries) => {
            let sorted: BTreeMap<&str, &Node> = entries
                .iter()
                .map(|(key, node)| (key.text.as_str(), node))
                .collect();
            text.push('{');
            for (key, node) in sorted {
                quote(key, text);
                text.push(':');
                canonical(node, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}

fn quote(part: &str, text: &mut String) {
    text.push('"');
    text.push_str(&part.replace('\\', "\\\\").replace('"', "\\\""));
    text.push('"');
}
