//! From what table files say to rules: those under columns, those that every typed column has, and those that stand alone.

use std::collections::BTreeMap;

use super::{
    rules::{Checker, Draft},
    table_file::{RuleFile, Settings},
    tables::Declared,
    unread::Unread,
};
use crate::{
    diagnostics::{
        At, Diagnostic, nearest,
        yaml::{self, Key, Node, Shorthand, Tried, Value},
    },
    discrepancy::Severity,
    rules::{Kind, OnFail, Rule, kinds::TypeCheck},
    tables::{CodeList, Codes, ColumnType, Repair, Table},
};

/// Most rules of a project.
const MAX_RULES: usize = 10_000;

/// The rules of all tables, and the lists that rules hold themselves; columns learn the code lists that their rules give them.
pub fn rules(
    declared: &mut [Declared],
    lists: &[CodeList],
    unread: &mut Unread,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<Rule>, Vec<CodeList>) {
    let tables: Vec<Table> = declared.iter().map(|d| d.table.clone()).collect();
    let mut rules = Vec::new();
    let mut seen = BTreeMap::new();
    let mut said = 0;
    for (table, file) in declared.iter().enumerate() {
        let source = &file.source;
        let mut checker = Checker {
            tables: &tables,
            table,
            lists,
            source,
            unread,
            seen: &mut seen,
            diagnostics,
        };
        for (name, column) in &file.columns {
            said += under_column(&mut checker, file, name, column.as_ref(), &mut rules);
        }
        for node in &file.rules {
            said += 1;
            rules.extend(alone(&mut checker, node));
        }
    }
    unread.rules |= rules.len() < said;
    if rules.len() > MAX_RULES {
        diagnostics.push(Diagnostic::nowhere(format!(
            "the project has {} rules and may have {MAX_RULES}",
            rules.len()
        )));
    }
    let mut own = Vec::new();
    for rule in &rules {
        give_codes(declared, lists, &mut own, rule);
    }
    (rules, own)
}

/// Adds the rules of a column, and says how many it declares.
fn under_column(
    checker: &mut Checker<'_>,
    file: &Declared,
    name: &At<String>,
    column: Option<&super::ColumnFile>,
    rules: &mut Vec<Rule>,
) -> usize {
    let Some(column) = column else { return 0 };
    let index = file.table.column_index(&name.value);
    let is_text = index.is_some_and(|index| file.table.columns[index].ty == ColumnType::String);
    // A column of no known type stands in as text.
    let known = column.r#type.0.is_some();
    let mut said = 0;
    if known && !is_text && column.type_check.is_none() {
        said += 1;
        let node = of_kind("type", &[], name);
        rules.extend(checker.rule(Draft {
            id: format!("{}.{}.type", file.table.name, name.value),
            span: name.span.clone(),
            kind: Kind::TypeCheck(TypeCheck::default()),
            kind_node: node,
            partly: false,
            settings: Settings::default(),
            column: index,
            why: Some(why_type(name)),
            on_fail: OnFail::Null,
        }));
    }
    if let Some(check) = &column.type_check
        && is_text
        && known
    {
        let message = format!("`{}` is text, which every cell can be read as", name.value);
        checker.diagnostics.push(
            Diagnostic::at(&check.span, message).help("remove `type_check`, or say another `type`"),
        );
    }
    let mut declared: Vec<_> = column
        .rules()
        .into_iter()
        .filter_map(|(word, key, rule)| rule.as_ref().map(|rule| (word, key, rule)))
        .collect();
    declared.sort_by_key(|(_, _, rule)| rule.span.bytes.start);
    for (word, key, rule) in declared {
        let id = format!("{}.{}.{word}", file.table.name, name.value);
        let span = file
            .key_under(name, key)
            .unwrap_or_else(|| rule.span.clone());
        let rule = At {
            value: &rule.value,
            span,
        };
        said += 1;
        let draft = short(checker, id, word, name, index, &rule);
        rules.extend(draft.and_then(|draft| checker.rule(draft)));
    }
    said
}

/// A rule under a column.
fn short(
    checker: &mut Checker<'_>,
    id: String,
    word: &'static str,
    name: &At<String>,
    column: Option<usize>,
    rule: &At<&Shorthand<Tried<Severity>, Node>>,
) -> Option<Draft> {
    let common = yaml::fields_of::<Settings>();
    let (settings, node, why) = match &rule.value {
        Shorthand::Short(severity) => {
            let settings = Settings {
                severity: Some(severity.clone()),
                ..Settings::default()
            };
            (
                settings,
                of_kind(word, &[], rule),
                Some(why_short(word, name)),
            )
        }
        Shorthand::Long(node) => {
            let (said, rest) = split(node, common);
            let settings =
                yaml::decode(&said, checker.source, checker.diagnostics).unwrap_or_default();
            let why = misspelt_why(&rest, common);
            (settings, of_kind(word, rest.entries(), rule), why)
        }
    };
    let before = checker.diagnostics.len();
    let kind = yaml::decode_partly::<Kind>(&node, checker.source, common, checker.diagnostics)?;
    let partly = checker.diagnostics.len() > before;
    let on_fail = if word == "type" {
        OnFail::Null
    } else {
        OnFail::Keep
    };
    let span = rule.span.clone();
    Some(Draft {
        id,
        span,
        kind,
        kind_node: node,
        partly,
        settings,
        column,
        why,
        on_fail,
    })
}

/// A rule of its own.
fn alone(checker: &mut Checker<'_>, node: &Node) -> Option<Rule> {
    let common = yaml::fields_of::<Settings>();
    let (said, rest) = split(node, common);
    let settings = yaml::decode::<Settings>(&said, checker.source, checker.diagnostics);
    let before = checker.diagnostics.len();
    let file = yaml::decode_partly::<RuleFile>(&rest, checker.source, common, checker.diagnostics)?;
    let partly = checker.diagnostics.len() > before;
    let kind = file.check.0?.value;
    let kind_node = rest.get("check")?.clone();
    let on_fail = if matches!(kind, Kind::TypeCheck(_)) {
        OnFail::Null
    } else {
        OnFail::Keep
    };
    checker.rule(Draft {
        id: file.id.value,
        span: file.id.span,
        kind,
        kind_node,
        partly,
        settings: settings.unwrap_or_default(),
        column: None,
        why: misspelt_why(&rest, common),
        on_fail,
    })
}

/// A blank reason where an unknown key of `rest`, which is reported, was probably meant to be `why`.
fn misspelt_why(rest: &Node, common: &[&str]) -> Option<String> {
    let meant = |key: &Key| nearest(&key.text, common.iter().copied()) == Some("why");
    let misspelt = rest.entries().iter().any(|(key, _)| meant(key));
    misspelt.then(String::new)
}

/// The entries of a map under `keys`, and the others; anything but a map is all others.
fn split(node: &Node, keys: &[&str]) -> (Node, Node) {
    let of = |value| Node {
        bytes: node.bytes.clone(),
        value,
    };
    let Value::Map(entries) = &node.value else {
        return (of(Value::Map(Vec::new())), node.clone());
    };
    let (said, rest) = entries
        .iter()
        .cloned()
        .partition(|(key, _)| keys.contains(&key.text.as_str()));
    (of(Value::Map(said)), of(Value::Map(rest)))
}

/// `{ <word>: { <settings> } }`, as a rule of its own would say it.
fn of_kind<T>(word: &str, settings: &[(Key, Node)], at: &At<T>) -> Node {
    let bytes = at.span.bytes.clone();
    let settings = Node {
        bytes: bytes.clone(),
        value: Value::Map(settings.to_vec()),
    };
    let key = Key {
        text: word.to_owned(),
        bytes: bytes.clone(),
    };
    Node {
        bytes,
        value: Value::Map(vec![(key, settings)]),
    }
}

fn why_short(word: &str, name: &At<String>) -> String {
    match word {
        "not_null" => format!("a {} is expected on every row", name.value),
        "unique" => format!("no two rows share a {}", name.value),
        "type" => why_type(name),
        _ => format!("a {} outside its {word} is not to be trusted", name.value),
    }
}

fn why_type(name: &At<String>) -> String {
    format!("a {} that cannot be read is lost", name.value)
}

/// Lets the column of an `accepted_values` rule know its list: one of the project's, or one of its own, which goes to `own`.
fn give_codes(declared: &mut [Declared], lists: &[CodeList], own: &mut Vec<CodeList>, rule: &Rule) {
    let (Kind::AcceptedValues(accepted), Some(column)) = (&rule.kind, rule.column) else {
        return;
    };
    let table = &mut declared[rule.table].table;
    let list = match &accepted.list {
        Some(named) => lists
            .iter()
            .position(|list| list.name.as_str() == named.value),
        None => accepted.own_list(&table.columns[column].name).map(|list| {
            own.push(list);
            lists.len() + own.len() - 1
        }),
    };
    let as_of = accepted
        .as_of
        .as_ref()
        .and_then(|as_of| table.column_index(&as_of.value));
    if let Some(list) = list {
        let repair = match rule.on_fail {
            OnFail::Correct => Repair::Correct,
            OnFail::Null => Repair::Null,
            OnFail::Keep | OnFail::Quarantine | OnFail::Exclude => Repair::Keep,
        };
        let own = accepted.codes(list);
        table.columns[column].codes = Some(Codes {
            as_of,
            repair,
            ..own
        });
    }
}
