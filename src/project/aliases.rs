//! Aliases of columns: other headers that they may be delivered under, checked.

use std::collections::BTreeMap;

use super::table_file::{ColumnFile, MAX_ALIASES};
use crate::{
    diagnostics::{At, Diagnostic},
    tables::Table,
};

/// Gives the columns of `table` their aliases: each names one column and no other.
pub fn read(
    columns: &[(At<String>, Option<ColumnFile>)],
    table: &mut Table,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut taken: BTreeMap<String, String> = table
        .columns
        .iter()
        .map(|column| (column.name.to_string(), column.name.to_string()))
        .collect();
    for (name, file) in columns {
        let Some(file) = file else { continue };
        let Some(at) = table.column_index(&name.value) else {
            continue;
        };
        let said = file.aliases.0.as_deref().unwrap_or_default();
        if let (Some(_), Some(first)) = (&file.from, said.first()) {
            let message = format!("`{}` reads the cells of another column", name.value);
            let help = "write the aliases under that column";
            diagnostics.push(Diagnostic::at(&first.span, message).help(help));
            continue;
        }
        if let Some(more) = said.get(MAX_ALIASES) {
            let message = format!("`aliases` lists more than {MAX_ALIASES}");
            diagnostics.push(Diagnostic::at(&more.span, message));
        }
        for alias in said {
            let text = &alias.value;
            let trimmed = text.trim();
            let mut wrong = |message: String, help: String| {
                diagnostics.push(Diagnostic::at(&alias.span, message).help(help));
            };
            if trimmed.is_empty() {
                let help = "write the header as the export has it";
                wrong("an alias is blank".to_owned(), help.to_owned());
            } else if trimmed != text {
                let message = format!("no header is `{text}`, since headers are trimmed");
                wrong(message, format!("write `{trimmed}`"));
            } else if let Some(other) = taken.get(text) {
                let message = match *other == name.value {
                    true => format!("`{text}` stands for `{other}` already"),
                    false => format!("`{text}` stands for `{other}`, which is another column"),
                };
                wrong(message, "remove it".to_owned());
            } else {
                taken.insert(text.clone(), name.value.clone());
                table.columns[at].aliases.push(text.clone());
            }
        }
    }
}
