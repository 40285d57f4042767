//! Drift: what is to be said about the columns of files that are not as declared.

use super::tables::{fact_index, signed};
use crate::{
    check::source::{SourceFile, TableSource},
    discrepancy::{Action, Category, Dimension, Severity},
    log::{Finding, FindingBuilder, RuleFacts},
    tables::{Column, NewColumns, ReorderedColumns, RetypedColumns, Table},
};

/// The engine's own rules about columns: id, dimension, and severity by the table's policies.
pub(super) fn built_in(table: &Table) -> [(String, Dimension, Severity); 5] {
    let drift = table.drift;
    let blocks = |fails| match fails {
        true => Severity::Blocking,
        false => Severity::Warn,
    };
    let new = blocks(drift.new_columns == NewColumns::Fail);
    let reordered = blocks(drift.reordered_columns == ReorderedColumns::Fail);
    let retyped = blocks(drift.retyped_columns == RetypedColumns::Fail);
    [
        ("columns", Dimension::Validity, new),
        ("missing_columns", Dimension::Completeness, Severity::Error),
        ("renamed_columns", Dimension::Consistency, Severity::Info),
        ("reordered_columns", Dimension::Consistency, reordered),
        ("retyped_columns", Dimension::Validity, retyped),
    ]
    .map(|(name, dimension, severity)| (format!("{}.{name}", table.name), dimension, severity))
}

/// The category of those rules.
pub(super) const CATEGORY: Category = Category::Schema;

/// Says where the headers of a table's files are not as declared.
pub(super) fn about_columns(
    source: &TableSource,
    facts: &[RuleFacts],
    builder: &mut FindingBuilder,
) {
    for file in &source.files {
        let about = About {
            table: &source.table,
            file,
            facts,
        };
        about.new(builder);
        about.missing(builder);
        about.renamed(builder);
        about.reordered(builder);
    }
}

/// One file of a table.
struct About<'a> {
    table: &'a Table,
    file: &'a SourceFile,
    facts: &'a [RuleFacts],
}

impl<'a> About<'a> {
    fn name(&self) -> &'a str {
        &self.file.export.file
    }

    fn header(&self, field: usize) -> &'a str {
        self.file.export.header.get(field).map_or("", |name| name)
    }

    /// The columns that the export should have, each with its field.
    fn delivered(&self) -> impl Iterator<Item = (&'a Column, Option<usize>)> {
        let columns = self.table.columns.iter().zip(&self.file.mapping.positions);
        let columns = columns.filter(|(column, _)| column.from.is_none());
        columns.map(|(column, field)| (column, *field))
    }

    /// A finding about the header.
    fn finding(&self, rule: &str) -> Finding<'a> {
        Finding {
            rule: fact_index(self.facts, &format!("{}.{rule}", self.table.name)),
            source_file: Some(self.name()),
            source_line: Some(signed(self.file.export.header_line)),
            action: Some(Action::Kept),
            ..Finding::default()
        }
    }

    fn new(&self, builder: &mut FindingBuilder) {
        for field in &self.file.mapping.extra {
            let header = self.header(*field);
            let message = format!(
                "{} has a column `{header}` that the project does not declare; it was not read",
                self.name()
            );
            builder.push(&Finding {
                record_key: header,
                observed: Some(header),
                expected: Some("declared columns only"),
                action: Some(Action::Excluded),
                message: &message,
                ..self.finding("columns")
            });
        }
    }

    fn missing(&self, builder: &mut FindingBuilder) {
        for missing in &self.file.mapping.missing {
            let column = &missing.column;
            let alias = missing.alias();
            let meant = match (&missing.similar, &alias) {
                (Some(similar), Some(alias)) => format!(
                    "; if its new column `{similar}` is the one, write `{alias}` under `{column}`"
                ),
                _ => String::new(),
            };
            let message = format!(
                "{} has no column `{column}`, so that it is blank in every row{meant}",
                self.name()
            );
            builder.push(&Finding {
                record_key: column,
                column: Some(column),
                expected: Some(&format!("a column `{column}`")),
                suggestion: alias.as_deref(),
                action: Some(Action::Nulled),
                message: &message,
                ..self.finding("missing_columns")
            });
        }
    }

    fn renamed(&self, builder: &mut FindingBuilder) {
        for (column, field) in self.delivered() {
            let name = column.name.as_str();
            let Some(header) = field.map(|at| self.header(at)).filter(|h| *h != name) else {
                continue;
            };
            let message = format!(
                "{} has the column `{name}` under its alias `{header}`",
                self.name()
            );
            builder.push(&Finding {
                record_key: name,
                column: Some(name),
                observed: Some(header),
                expected: Some(name),
                message: &message,
                ..self.finding("renamed_columns")
            });
        }
    }

    fn reordered(&self, builder: &mut FindingBuilder) {
        if self.table.drift.reordered_columns == ReorderedColumns::Ignore {
            return;
        }
        let declared: Vec<(&Column, usize)> = self
            .delivered()
            .filter_map(|(column, field)| Some((column, field?)))
            .collect();
        let mut found = declared.clone();
        found.sort_by_key(|(_, field)| *field);
        let mut pairs = declared.iter().zip(&found);
        let Some((wanted, first)) = pairs.find(|(wanted, found)| wanted.1 != found.1) else {
            return;
        };
        let (wanted, first) = (wanted.0.name.as_str(), first.0.name.as_str());
        let message = format!(
            "{} has its columns in another order than the declared one: `{first}` stands before `{wanted}`; they were read by their names",
            self.name()
        );
        builder.push(&Finding {
            record_key: first,
            column: Some(first),
            observed: Some(&format!("`{first}` before `{wanted}`")),
            expected: Some(&format!("`{wanted}` before `{first}`")),
            message: &message,
            ..self.finding("reordered_columns")
        });
    }
}
