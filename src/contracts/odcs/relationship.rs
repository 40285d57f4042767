//! Relationships of the standard: what a column names stands in another table.

use super::{
    super::{
        draft::Draft,
        foreign::{Foreign, Reasons, scalar, text, texts},
    },
    asked_as, custom, only_ours, overlay, put,
};
use crate::diagnostics::yaml::{Node, Value, write::Yaml};

const REASONS: &Reasons = &[(
    &["customProperties", "id", "description"],
    "for readers of the contract, and not about the rows",
)];

/// A relationship of a column, which is its `from`.
pub fn of_column(node: &Node, column: usize, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let name = draft.columns[column].name.clone();
    let what = format!("{}.{name}: relationship", draft.name);
    let to = match node.get("to").map(|to| &to.value) {
        Some(Value::Sequence(several)) if several.len() == 1 => several.first().and_then(scalar),
        _ => text(node, "to"),
    };
    let Some(to) = to else {
        foreign.note(
            foreign.span(node),
            what,
            "it does not name one column in `to`",
        );
        return;
    };
    let Some((table, other)) = parts(to, foreign) else {
        foreign.note(foreign.key_span(node, "to"), what, not_understood(to));
        return;
    };
    let mut rule = asked_as(foreign, node, ("to", "relationships"), draft, Some(&name))
        .of_kind("relationships");
    rule.what = what;
    rule = rule
        .check("to", Yaml::text(table))
        .check("column", Yaml::text(other));
    if let Some(ours) = custom(node) {
        overlay(&mut rule, ours);
    }
    put(column, rule, draft, foreign);
    leftover(node, &format!("{}.{name}", draft.name), foreign);
}

/// A relationship of a table, whose `from` are its columns.
pub fn of_table(node: &Node, draft: &mut Draft, foreign: &mut Foreign<'_>) {
    let what = format!("{}: relationship", draft.name);
    let read = |key: &str, foreign: &Foreign<'_>| -> Option<Vec<(String, String)>> {
        texts(node, key)
            .iter()
            .map(|text| parts(text, foreign))
            .collect()
    };
    let (from, to) = (read("from", foreign), read("to", foreign));
    let (Some(from), Some(to)) = (from, to) else {
        let why = not_understood(&[texts(node, "from"), texts(node, "to")].concat().join(", "));
        foreign.note(foreign.span(node), what, why);
        return;
    };
    let tables: Vec<&String> = to.iter().map(|(table, _)| table).collect();
    let own = from.iter().all(|(table, _)| *table == draft.name);
    if from.is_empty() || from.len() != to.len() || !own || tables.windows(2).any(|w| w[0] != w[1])
    {
        let why = "`from` has to name columns of this table, and `to` as many of one other";
        foreign.note(foreign.span(node), what, why);
        return;
    }
    let columns = |pairs: &[(String, String)]| Yaml::texts(pairs.iter().map(|(_, c)| c.clone()));
    let mut rule =
        asked_as(foreign, node, ("from", "relationships"), draft, None).of_kind("relationships");
    rule.what = what;
    rule.id = format!("{}.in_{}", draft.name, tables[0]);
    rule = rule
        .check("columns", columns(&from))
        .check("to", Yaml::text(tables[0].clone()));
    if columns(&from) != columns(&to) {
        rule = rule.check("to_columns", columns(&to));
    }
    if let Some(ours) = custom(node) {
        overlay(&mut rule, ours);
        if let Some(at) = rule.check.iter().position(|entry| entry.key == "id") {
            let id = rule.check.remove(at).value;
            rule.id = super::super::draft::as_text(&id).unwrap_or_default();
        }
    }
    draft.add(rule);
    leftover(node, &draft.name.clone(), foreign);
}

fn leftover(node: &Node, of: &str, foreign: &mut Foreign<'_>) {
    let mut taken = vec!["from", "to"];
    taken.extend((text(node, "type") == Some("foreignKey")).then_some("type"));
    taken.extend(only_ours(node).then_some("customProperties"));
    foreign.leftover(node, &format!("{of}: relationship"), &taken, REASONS);
}

/// Table and column of a reference: `orders.id`, or `schema/orders/properties/id`.
fn parts(reference: &str, foreign: &Foreign<'_>) -> Option<(String, String)> {
    let (table, column) = match reference.split('/').collect::<Vec<_>>()[..] {
        [one] => one.rsplit_once('.')?,
        ["schema", table, "properties", column] | ["", "schema", table, "properties", column] => {
            (table, column)
        }
        _ => return None,
    };
    let table = foreign.named(None, table);
    let column = foreign.named(Some(&table), column);
    Some((table, column))
}

fn not_understood(reference: &str) -> String {
    format!("`{reference}` is not understood: write `table.column`, of a table of this contract")
}
