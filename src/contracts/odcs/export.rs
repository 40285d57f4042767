//! A project as an ODCS contract. What the standard has words for is said in them; the rest stands in a custom property of
//! ours, so that an import gives the same tables and rules.

use std::path::Path;

use super::{
    super::{
        draft::plain,
        foreign::{items, scalar, text, texts},
    },
    GATES, format,
    said::{custom, settings, told, without},
    to_entries, to_yaml,
};
use crate::{
    diagnostics::yaml::{
        self, Node,
        write::{Entry, Yaml},
    },
    discrepancy::Severity,
    pipeline::RunError,
    project::{self, Project},
    rules::Rule,
    tables::{ColumnType, Delivers, Policy, Table},
};

/// What a contract says of itself.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its identifier; the project's name unless said otherwise.
    pub id: Option<String>,
    /// Its version.
    pub version: String,
    /// How far it is, such as `draft` or `active`.
    pub status: String,
}

/// The contract of the project at `root`.
///
/// # Errors
/// There is no project, or it has mistakes.
pub fn export(root: &Path, head: &Head) -> Result<String, RunError> {
    let project = project::load(root)?;
    let name = project.name.clone();
    let id = head.id.clone().unwrap_or_else(|| name.clone());
    let mut entries = vec![
        Entry::new("apiVersion", Yaml::text("v3.1.0")).comment(left_out(&project)),
        Entry::new("kind", Yaml::text("DataContract")),
        Entry::new("id", Yaml::text(id)),
        Entry::new("name", Yaml::text(name)),
        Entry::new("version", Yaml::text(&head.version)),
        Entry::new("status", Yaml::text(&head.status)),
    ];
    let tables = (0..project.tables.len()).filter_map(|table| object(&project, table));
    entries.push(Entry::new("schema", Yaml::List(tables.collect())));
    Ok(Yaml::Map(entries).to_file())
}

/// What the contract does not hold, for its reader.
fn left_out(project: &Project) -> String {
    let mut lines = vec!["Exported by trueup. Rules that the standard has no words for are checks of type custom, engine trueup.".to_owned()];
    let counts = [
        (
            project.totals.len() + project.comparisons.len(),
            "statements about totals (rules/totals)",
        ),
        (
            project.model.len() + project.aggregates.len() + project.records.len(),
            "queries (sql)",
        ),
        (
            project.lists.len(),
            "code lists (rules/reference) with their aliases and dates: the codes alone are named where a rule uses them",
        ),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        lines.push(format!("Not in this contract: {count} {what}."));
    }
    lines.join("\n")
}

/// A table while it is written.
pub struct Writer<'p> {
    pub project: &'p Project,
    pub table: &'p Table,
    index: usize,
}

fn object(project: &Project, index: usize) -> Option<Yaml> {
    let table = &project.tables[index];
    let file = yaml::parse(&project.table_files[index], &mut Vec::new())?;
    let writer = Writer {
        project,
        table,
        index,
    };
    let key: Vec<String> = table
        .key
        .iter()
        .map(|k| table.columns[*k].name.to_string())
        .collect();
    let is_primary = writer.is_primary(&file, &key);
    let mut entries = vec![
        Entry::new("name", Yaml::text(table.name.as_str())),
        Entry::new("logicalType", Yaml::text("object")),
        Entry::new("physicalType", Yaml::text("file")),
    ];
    if !table.description.is_empty() {
        entries.push(Entry::new("description", Yaml::text(&table.description)));
    }
    let mut ours = vec![Entry::new("files", Yaml::text(table.files.as_str()))];
    if !table.required {
        ours.push(Entry::new("required", plain("false")));
    }
    if table.delivers == Delivers::Delta {
        ours.push(Entry::new("delivers", plain("delta")));
    }
    if !is_primary {
        ours.push(Entry::new("key", Yaml::texts(&key)));
    }
    let gates = file.get("source").map(to_entries).unwrap_or_default();
    ours.extend(
        gates
            .into_iter()
            .filter(|e| GATES.contains(&e.key.as_str())),
    );
    entries.push(custom(ours));
    let columns = file.get("columns")?;
    let properties = columns.entries().iter().map(|(name, node)| {
        let position = key
            .iter()
            .position(|k| *k == name.text)
            .filter(|_| is_primary);
        writer.property(&name.text, node, position)
    });
    entries.push(Entry::new("properties", Yaml::List(properties.collect())));
    let mut relationships = Vec::new();
    let mut checks = Vec::new();
    for node in items(&file, "rules") {
        match writer.relationship_of_table(node) {
            Some(relationship) => relationships.push(relationship),
            None => checks.extend(writer.alone(node)),
        }
    }
    if !relationships.is_empty() {
        entries.push(Entry::new("relationships", Yaml::List(relationships)));
    }
    if !checks.is_empty() {
        entries.push(Entry::new("quality", Yaml::List(checks)));
    }
    Some(Yaml::Map(entries))
}

/// Whether a rule holds without exception.
fn holds(rule: &Rule) -> bool {
    rule.only_where.is_none()
        && rule.threshold.is_none()
        && rule.conditions.0.is_empty()
        && matches!(rule.severity, Severity::Blocking | Severity::Error)
}

impl Writer<'_> {
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.project
            .rules
            .iter()
            .find(|rule| rule.table == self.index && rule.id == id)
    }

    /// Whether the key has the rules that a primary key implies, so that it can be called one.
    fn is_primary(&self, file: &Node, key: &[String]) -> bool {
        let has = |column: &String, kind: &str| {
            self.rule(&format!("{}.{column}.{kind}", self.table.name))
                .is_some_and(holds)
        };
        let together = items(file, "rules")
            .iter()
            .filter(|rule| {
                text(rule, "id")
                    .and_then(|id| self.rule(id))
                    .is_some_and(holds)
            })
            .filter_map(|rule| rule.get("check")?.get("unique"));
        let mut sorted = key.to_vec();
        sorted.sort_unstable();
        let unique = match key {
            [one] => has(one, "unique"),
            _ => false,
        };
        let unique = unique
            || together.into_iter().any(|unique| {
                let mut columns = texts(unique, "columns");
                columns.sort_unstable();
                columns == sorted
            });
        unique && key.iter().all(|column| has(column, "not_null"))
    }

    fn property(&self, name: &str, node: &Node, position: Option<usize>) -> Yaml {
        let Some(column) = self
            .table
            .column_index(name)
            .map(|c| &self.table.columns[c])
        else {
            return Yaml::Map(Vec::new());
        };
        let rule = |kind: &str| self.rule(&format!("{}.{name}.{kind}", self.table.name));
        let mut ours: Vec<Entry> = Vec::new();
        let mut options: Vec<Entry> = Vec::new();
        let mut checks = Vec::new();
        let mut relationships = Vec::new();
        for (key, node) in node.entries() {
            match key.text.as_str() {
                "clean" | "missing" | "from" => {
                    ours.push(Entry::new(key.text.clone(), to_yaml(node)))
                }
                "formats" => self.formats(&column.formats, node, &mut options, &mut ours),
                "range" | "length" => {
                    let is_day = matches!(column.ty, ColumnType::Date | ColumnType::Timestamp);
                    let words = if key.text == "range" {
                        ["minimum", "maximum"]
                    } else {
                        ["minLength", "maxLength"]
                    };
                    for (bound, word) in ["min", "max"].into_iter().zip(words) {
                        if let Some(bound) = node.get(bound).and_then(scalar) {
                            let value = if is_day {
                                Yaml::text(bound)
                            } else {
                                plain(bound)
                            };
                            options.push(Entry::new(word, value));
                        }
                    }
                    let rest = without(settings(node), &["min", "max"]);
                    ours.push(Entry::new(
                        key.text.clone(),
                        Yaml::Map(told(rule(&key.text), rest)),
                    ));
                }
                "type_check" => ours.push(Entry::new(
                    "type_check",
                    Yaml::Map(told(rule("type"), settings(node))),
                )),
                "relationships" => {
                    let to =
                        [text(node, "to"), text(node, "column")].map(Option::unwrap_or_default);
                    let rest = without(settings(node), &["to", "column"]);
                    relationships.push(Yaml::Map(vec![
                        Entry::new("type", Yaml::text("foreignKey")),
                        Entry::new("to", Yaml::text(to.join("."))),
                        custom(told(rule("relationships"), rest)),
                    ]));
                }
                kind @ ("not_null" | "unique" | "accepted_values" | "pattern") => {
                    checks.extend(rule(kind).map(|rule| self.metric(rule, kind, node)));
                }
                _ => {}
            }
        }
        let logical = match column.ty {
            ColumnType::String => "string",
            ColumnType::Integer => "integer",
            ColumnType::Decimal => "number",
            ColumnType::Date => "date",
            ColumnType::Timestamp => "timestamp",
            ColumnType::Boolean => "boolean",
        };
        let mut entries = vec![
            Entry::new("name", Yaml::text(name)),
            Entry::new("logicalType", Yaml::text(logical)),
        ];
        if !options.is_empty() {
            entries.push(Entry::new("logicalTypeOptions", Yaml::Map(options)));
        }
        if !column.description.is_empty() {
            entries.push(Entry::new("description", Yaml::text(&column.description)));
        }
        if let Some(position) = position {
            entries.push(Entry::new("primaryKey", plain("true")));
            entries.push(Entry::new(
                "primaryKeyPosition",
                plain((position + 1).to_string()),
            ));
        }
        for (word, kind) in [("required", "not_null"), ("unique", "unique")] {
            // Said without words around it.
            entries.extend(
                rule(kind)
                    .filter(|rule| holds(rule))
                    .map(|_| Entry::new(word, plain("true"))),
            );
        }
        if column.policy == Policy::Hide {
            entries.push(Entry::new("classification", Yaml::text("restricted")));
        }
        if !ours.is_empty() {
            entries.push(custom(ours));
        }
        if !relationships.is_empty() {
            entries.push(Entry::new("relationships", Yaml::List(relationships)));
        }
        if !checks.is_empty() {
            entries.push(Entry::new("quality", Yaml::List(checks)));
        }
        Yaml::Map(entries)
    }

    fn formats(
        &self,
        formats: &[String],
        node: &Node,
        options: &mut Vec<Entry>,
        ours: &mut Vec<Entry>,
    ) {
        let first = formats.first();
        let jdk = first.and_then(|format| format::to_jdk(format));
        let back = jdk.as_deref().and_then(format::from_jdk);
        if formats.len() > 1 || back.as_ref() != first {
            ours.push(Entry::new("formats", to_yaml(node)));
        }
        options.extend(jdk.map(|jdk| Entry::new("format", Yaml::text(jdk))));
    }
}
