//! Metrics of the standard's library.

use super::{
    super::{
        draft::{RuleDraft, ident, literal},
        foreign::{text, texts},
        limits::row_count,
    },
    custom, only_ours, overlay,
    quality::{Check, OPERATORS},
    whole,
};
use crate::diagnostics::yaml::{
    Node, Value,
    write::{Entry, Yaml},
};

impl Check<'_, '_, '_> {
    pub fn library(&mut self) -> Result<(), String> {
        let Some(metric) = self.metric() else {
            return Err("it names no `metric`".to_owned());
        };
        let mut rule = self.rule();
        self.taken.extend(["metric", "rule"]);
        let empty = Node {
            bytes: self.node.bytes.clone(),
            value: Value::Map(Vec::new()),
        };
        // Version 3.0 has them beside the metric.
        let arguments = self.node.get("arguments").unwrap_or(&empty).clone();
        let argument = |key: &'static str| match arguments.get(key) {
            Some(_) => arguments.clone(),
            None => self.node.clone(),
        };
        let ours = custom(self.node).cloned();
        if only_ours(self.node) {
            self.taken.push("customProperties");
        }
        let overlaid = |mut rule: RuleDraft| {
            ours.iter().for_each(|ours| overlay(&mut rule, ours));
            rule
        };
        let mut used = Vec::new();
        match metric.as_str() {
            "rowCount" => {
                let compared = self
                    .compared()?
                    .ok_or("it has no operator to compare the count with")?;
                if text(self.node, "unit").is_some_and(|unit| unit != "rows") {
                    return Err("a table has no share of its rows".to_owned());
                }
                rule = rule.of_kind("row_count");
                rule.check = row_count(&compared)?;
                self.taken.extend(OPERATORS);
                self.taken.push("unit");
                self.takes_id();
                self.draft.add(overlaid(rule));
            }
            "nullValues" | "missingValues" => {
                self.tolerate(&mut rule)?;
                let from = argument("missingValues");
                let tokens: Vec<String> = texts(&from, "missingValues")
                    .into_iter()
                    .filter(|t| !t.trim().is_empty())
                    .collect();
                used.push("missingValues");
                if let (Some(column), false) = (self.column, tokens.is_empty()) {
                    let entries = &mut self.draft.columns[column].entries;
                    if !entries.iter().any(|entry| entry.key == "missing") {
                        let tokens = Entry::new("not_recorded", Yaml::texts(tokens));
                        entries.push(Entry::new("missing", Yaml::Map(vec![tokens])));
                    }
                }
                self.under(overlaid(rule.of_kind("not_null")))?;
            }
            "duplicateValues" => {
                self.tolerate(&mut rule)?;
                used.push("properties");
                let columns: Vec<String> = texts(&argument("properties"), "properties")
                    .iter()
                    .map(|c| self.foreign.named(Some(&self.draft.name), c))
                    .collect();
                let rule = overlaid(rule.of_kind("unique"));
                match (self.column, &columns[..]) {
                    (Some(_), []) => self.under(rule)?,
                    (None, []) => {
                        return Err("it stands under a table and names no `properties`".to_owned());
                    }
                    _ => {
                        self.takes_id();
                        self.draft.add(rule.check("columns", Yaml::texts(columns)));
                    }
                }
            }
            "invalidValues" => {
                self.tolerate(&mut rule)?;
                used.extend(["validValues", "pattern"]);
                let values = texts(&argument("validValues"), "validValues");
                let pattern = text(&argument("pattern"), "pattern").map(str::to_owned);
                if values.is_empty() && pattern.is_none() {
                    return Err("it says neither `validValues` nor `pattern`".to_owned());
                }
                if let Some(pattern) = pattern {
                    let rule = rule
                        .clone()
                        .of_kind("pattern")
                        .check("regex", Yaml::text(whole(&pattern)));
                    self.under(overlaid(rule))?;
                }
                if !values.is_empty() {
                    let listed = ours.as_ref().is_some_and(|ours| ours.get("list").is_some());
                    let rule = match listed {
                        true => rule.of_kind("accepted_values"),
                        false => self.one_of(rule, &values)?,
                    };
                    let rule = overlaid(rule);
                    match rule.kind == "expression" {
                        true => self.draft.add(rule),
                        false => self.under(rule)?,
                    }
                }
            }
            other => {
                return Err(format!(
                    "`{other}` is no metric of the standard: those are nullValues, missingValues, invalidValues, duplicateValues and rowCount"
                ));
            }
        }
        if !arguments.entries().is_empty() {
            self.taken.push("arguments");
            let of = self.what();
            self.foreign.leftover(&arguments, &of, &used, &[]);
        }
        self.taken.extend(used);
        Ok(())
    }

    /// The rule that a cell is one of `values`: under a column of text, else as a condition.
    fn one_of(&self, rule: RuleDraft, values: &[String]) -> Result<RuleDraft, String> {
        let column = self
            .column
            .ok_or("it stands under a table, and is about a column")?;
        one_of(
            rule,
            &self.draft.name,
            &self.draft.columns[column].name,
            self.draft.columns[column].ty,
            values,
        )
    }
}

/// A rule that a cell of `column` is one of `values`.
pub fn one_of(
    rule: RuleDraft,
    table: &str,
    column: &str,
    ty: &str,
    values: &[String],
) -> Result<RuleDraft, String> {
    if ty == "string" {
        return Ok(rule
            .of_kind("accepted_values")
            .check("values", Yaml::texts(values)));
    }
    let literals: Option<Vec<String>> = values.iter().map(|value| literal(ty, value)).collect();
    let literals = literals.ok_or_else(|| format!("one of its values is no value of type {ty}"))?;
    let sql = [&ident(column), " IN (", &literals.join(", "), ")"].concat();
    let mut rule = rule.condition(&sql, Some(column));
    rule.id = format!("{table}.{column}.accepted_values");
    Ok(rule)
}
