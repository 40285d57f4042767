//! Drift: what is to be said about the columns of files that are not as declared.

use std::sync::Arc;

use futures::StreamExt;

use super::{
    Context,
    error::RunError,
    tables::{fact_index, parquet_error, signed},
};
use crate::{
    check::{
        aside::Aside,
        source::{SourceFile, TableSource},
    },
    conform::Readings,
    discrepancy::{Action, Category, Dimension, Severity},
    harmless::short,
    log::{Finding, FindingBuilder, RuleFacts},
    row_groups::{Packing, RowGroupFile},
    tables::{Column, ColumnType, NewColumns, ReorderedColumns, RetypedColumns, Table},
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

/// Of fewer cells nobody can say that their column was retyped.
const FEW: u64 = 20;

/// The category of those rules.
pub(super) const CATEGORY: Category = Category::Schema;

/// Keeps new columns of a table aside, where it says so and there are any.
pub(super) async fn keep_aside(
    run: &Context<'_>,
    source: &Arc<TableSource>,
) -> Result<(), RunError> {
    let Some(aside) = Aside::of(source) else {
        return Ok(());
    };
    let path = aside_path(&source.table);
    let out = run.staged.create(&path)?;
    let mut out = RowGroupFile::new(out, Arc::clone(aside.schema()), Packing::Published)
        .map_err(parquet_error(&path))?;
    let groups = aside.row_groups(run.engine, source, &run.plan.lists, &out.encoder());
    let mut groups = std::pin::pin!(groups);
    while let Some(group) = groups.next().await {
        out.append(group?).map_err(parquet_error(&path))?;
    }
    let (out, rows) = out.finish().map_err(parquet_error(&path))?;
    out.finish(Some(rows))?;
    Ok(())
}

fn aside_path(table: &Table) -> String {
    format!("aside/{}.parquet", table.name)
}

/// Says where the columns of a table's files are not as declared.
pub(super) fn about_columns(
    source: &TableSource,
    readings: &[Readings],
    facts: &[RuleFacts],
    builder: &mut FindingBuilder,
) {
    let aside = Aside::of(source);
    for (nth, (file, readings)) in source.files.iter().zip(readings).enumerate() {
        let about = About {
            table: &source.table,
            nth,
            file,
            aside: aside.as_ref(),
            facts,
        };
        about.new(builder);
        about.missing(builder);
        about.renamed(builder);
        about.reordered(builder);
        about.retyped(readings, builder);
    }
}

/// One file of a table.
struct About<'a> {
    table: &'a Table,
    /// Which of the table's files.
    nth: usize,
    file: &'a SourceFile,
    aside: Option<&'a Aside>,
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
            let kept = self.aside.and_then(|aside| aside.name_of(self.nth, *field));
            let column = match header {
                "" => "a column without a name".to_owned(),
                header => format!("a column `{}`", short(header)),
            };
            let (done, action) = match kept {
                Some(name) => (
                    format!(
                        "its cells are kept in {} as `{}`",
                        aside_path(self.table),
                        short(name)
                    ),
                    Action::Kept,
                ),
                None => ("it was not read".to_owned(), Action::Excluded),
            };
            let message = format!(
                "{} has {column} that the project does not declare; {done}",
                short(self.name())
            );
            builder.push(&Finding {
                record_key: header,
                observed: Some(header),
                expected: Some("declared columns only"),
                action: Some(action),
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
                    "; if its new column `{}` is the one, write `{}` under `{column}`",
                    short(similar),
                    short(alias)
                ),
                _ => String::new(),
            };
            let message = format!(
                "{} has no column `{column}`, so that it is blank in every row{meant}",
                short(self.name())
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
                "{} has the column `{name}` under its alias `{}`",
                short(self.name()),
                short(header)
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
            short(self.name())
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

    fn retyped(&self, readings: &Readings, builder: &mut FindingBuilder) {
        for (at, cells) in readings.columns() {
            let Some(column) = self.table.columns.get(at) else {
                continue;
            };
            let (unread, present) = (cells.unread, cells.present);
            if present < FEW || unread * 2 <= present {
                continue;
            }
            let (name, ty) = (column.name.as_str(), type_words(column.ty));
            let like = cells.like(column.ty);
            let message = format!(
                "in {} most cells of `{name}` cannot be read as {ty}, {unread} of {present}: they look like {like}; the export seems to write the column otherwise",
                short(self.name())
            );
            builder.push(&Finding {
                record_key: name,
                column: Some(name),
                observed: Some(&format!("{unread} of {present} cells cannot be read")),
                expected: Some(ty),
                suggestion: Some(&like),
                message: &message,
                ..self.finding("retyped_columns")
            });
        }
    }
}

/// The type as it is told of many cells.
fn type_words(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::String => "text",
        ColumnType::Integer => "whole numbers",
        ColumnType::Decimal => "decimals",
        ColumnType::Date => "dates",
        ColumnType::Timestamp => "timestamps",
        ColumnType::Boolean => "booleans",
    }
}
