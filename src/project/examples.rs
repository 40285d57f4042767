//! Examples of rules: a cell, a row or a small delivery in the file, always a small delivery for the engine.

use std::{collections::BTreeMap, sync::Arc};

use super::table_file::ExamplesFile;
use crate::{
    diagnostics::{
        Diagnostic, Source,
        yaml::{Key, Node, Value},
    },
    rules::{Example, Examples, Plan, Rule},
    tables::Table,
};

/// Most rows of one example.
const MAX_ROWS: usize = 1_000;

/// What examples are read against.
pub struct Scope<'s> {
    pub rule: &'s Rule,
    pub tables: &'s [Table],
    /// What the rule asks of the engine; `None` when its settings are wrong.
    pub plan: Option<&'s Plan>,
    pub source: &'s Arc<Source>,
}

pub fn read(
    files: &ExamplesFile,
    scope: &Scope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Examples {
    let mut all = |nodes: &[Node]| {
        let mut reader = Reader { scope, diagnostics };
        nodes
            .iter()
            .filter_map(|node| reader.example(node))
            .collect()
    };
    Examples {
        pass: all(&files.pass),
        fail: all(&files.fail),
        not_evaluated: all(&files.not_evaluated),
    }
}

struct Reader<'r, 's> {
    scope: &'r Scope<'s>,
    diagnostics: &'r mut Vec<Diagnostic>,
}

impl<'s> Reader<'_, 's> {
    fn report(&mut self, node: &Node, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::at(&node.span(self.scope.source), message).help(help));
    }

    fn table(&self) -> &'s Table {
        &self.scope.tables[self.scope.rule.table]
    }

    fn example(&mut self, node: &Node) -> Option<Example> {
        let table = self.table();
        let whole = matches!(
            self.scope.plan,
            Some(Plan::Rows { .. } | Plan::RowCount { .. })
        );
        match &node.value {
            Value::Map(entries)
                if entries
                    .iter()
                    .any(|(_, node)| matches!(node.value, Value::Sequence(_))) =>
            {
                if matches!(self.scope.plan, Some(Plan::Row { .. })) {
                    self.report(
                        node,
                        "an example of this rule is one row",
                        "write `{ column: value, … }` without the table",
                    );
                    return None;
                }
                self.delivery(entries, node)
            }
            Value::Map(_) | Value::Scalar { .. } if whole => {
                let help = format!(
                    "write `{{ {}: [ {{ column: value, … }}, … ] }}`, with any other table that it needs",
                    table.name
                );
                self.report(
                    node,
                    "an example of this rule is a map of tables to their rows",
                    help,
                );
                None
            }
            Value::Map(entries) => {
                let row = self.row(table, entries)?;
                Some(self.alone(row))
            }
            Value::Scalar { .. } => {
                let Some(column) = self.scope.rule.column else {
                    self.report(
                        node,
                        "an example of this rule is one row",
                        "write `{ column: value, … }`",
                    );
                    return None;
                };
                let name = table.read_from()[column].to_owned();
                Some(self.alone(BTreeMap::from([(name, cell(node)?)])))
            }
            Value::Sequence(_) => {
                let help = "remove a pair of brackets";
                self.report(
                    node,
                    "an example is a cell, a row or a map of tables to their rows, not a list",
                    help,
                );
                None
            }
        }
    }

    /// A delivery of one row of the rule's table.
    fn alone(&self, row: BTreeMap<String, String>) -> Example {
        Example::from([(self.table().name.to_string(), vec![row])])
    }

    fn delivery(&mut self, entries: &[(Key, Node)], node: &Node) -> Option<Example> {
        let mut delivery = Example::new();
        let mut known = true;
        let tables = self.scope.tables;
        for (key, rows) in entries {
            let Some(table) = tables.iter().find(|table| table.name.as_str() == key.text) else {
                let names = tables.iter().map(|table| table.name.as_str());
                self.unknown(key, format!("there is no table `{}`", key.text), names);
                known = false;
                continue;
            };
            let Value::Sequence(items) = &rows.value else {
                self.report(
                    rows,
                    format!("the rows of `{}` are a list", key.text),
                    "write `[ { column: value, … }, … ]`",
                );
                continue;
            };
            if items.len() > MAX_ROWS {
                self.report(
                    rows,
                    format!(
                        "the example has {} rows and may have {MAX_ROWS}",
                        items.len()
                    ),
                    "a few rows show a rule better",
                );
                continue;
            }
            let mut read = Vec::new();
            for item in items {
                match &item.value {
                    Value::Map(entries) => read.extend(self.row(table, entries)),
                    _ => self.report(
                        item,
                        "a row is a map of columns to cells",
                        "write `{ column: value, … }`",
                    ),
                }
            }
            delivery.insert(key.text.clone(), read);
        }
        let own = self.table().name.as_str();
        // A table that is not known may have been meant to be the rule's own.
        if known && !entries.iter().any(|(key, _)| key.text == own) {
            self.report(
                node,
                format!("the example has no rows of `{own}`, which the rule is about"),
                format!("add `{own}: [ … ]`"),
            );
        }
        Some(delivery)
    }

    fn row(&mut self, table: &Table, entries: &[(Key, Node)]) -> Option<BTreeMap<String, String>> {
        let mut row = BTreeMap::new();
        let mut sound = true;
        for (key, node) in entries {
            let mut known = table.delivered().map(|column| column.name.as_str());
            if !known.clone().any(|name| name == key.text) {
                let known = known.by_ref();
                self.unknown(
                    key,
                    format!("table `{}` has no column `{}`", table.name, key.text),
                    known,
                );
                sound = false;
            }
            match cell(node) {
                Some(text) => row.insert(key.text.clone(), text),
                None => {
                    self.report(
                        node,
                        "a cell is a text",
                        "write it as it stands in the export, or `null` for a blank cell",
                    );
                    sound = false;
                    None
                }
            };
        }
        sound.then_some(row)
    }

    fn unknown<'k>(
        &mut self,
        key: &Key,
        message: String,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let span = crate::diagnostics::Span {
            source: self.scope.source.clone(),
            bytes: key.bytes.clone(),
        };
        self.diagnostics
            .push(Diagnostic::at(&span, message).suggest(&key.text, known));
    }
}

/// The text of a cell, exactly as written; null is a blank one.
fn cell(node: &Node) -> Option<String> {
    match &node.value {
        _ if node.is_null() => Some(String::new()),
        Value::Scalar { text, .. } => Some(text.clone()),
        _ => None,
    }
}
