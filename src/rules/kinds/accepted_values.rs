//! `accepted_values`: the cell holds a code of a list.

use minijinja::context;
use serde::Deserialize;

use super::{RuleKind, Scope, column_name, need_column};
use crate::{
    diagnostics::{At, Diagnostic},
    discrepancy::{Category, Dimension},
    rules::{Plan, Rule, Sql, template::render},
    tables::{ColumnType, Table},
};

/// The cell holds a code of a list, in force on the row's date where `as_of` names a date column.
///
/// With `map_aliases` an alias of the list is understood; a `variant` is no failure, any other alias is one that can be corrected.
/// A missing cell is not evaluated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedValues {
    /// The list `rules/reference/<list>.csv`.
    pub list: At<String>,
    /// The date column that decides which codes are in force.
    #[serde(default)]
    pub as_of: Option<At<String>>,
    /// Whether the list's aliases are understood.
    #[serde(default)]
    pub map_aliases: bool,
}

impl RuleKind for AcceptedValues {
    fn category(&self) -> Category {
        Category::UnknownCode
    }
    fn dimension(&self) -> Dimension {
        Dimension::Validity
    }
    fn validate(&self, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) {
        need_column("accepted_values", scope, diagnostics);
        let lists = scope.lists.iter().map(|l| l.name.as_str());
        if !lists.clone().any(|name| name == self.list.value) {
            let message = format!("there is no code list `{}`", self.list.value);
            let help = format!("rules/reference/{}.csv does not exist", self.list.value);
            diagnostics.push(
                Diagnostic::at(&self.list.span, message)
                    .label(help)
                    .suggest(&self.list.value, lists),
            );
        }
        if let Some(as_of) = &self.as_of
            && let Some(column) = super::expect_column(as_of, scope.table, diagnostics)
            && scope.table.columns[column].ty != ColumnType::Date
        {
            let message = format!("`as_of` needs a date and `{}` is none", as_of.value);
            diagnostics.push(Diagnostic::at(&as_of.span, message));
        }
        if let Some(column) = scope.column
            && scope.table.columns[column].ty != ColumnType::String
        {
            diagnostics.push(Diagnostic::at(
                scope.span,
                "`accepted_values` needs a column of type string",
            ));
        }
    }
    fn plan(&self, rule: &Rule, table: &Table) -> Plan {
        let values = context! { status => format!("_code.{}", column_name(rule, table)) };
        Plan::Row {
            predicate: Sql::ours(render("{{ status|ident }}", values)),
        }
    }
    fn expected(&self, _rule: &Rule, _table: &Table) -> String {
        match &self.as_of {
            Some(as_of) => format!("a code of `{}` in force on {}", self.list.value, as_of.value),
            None => format!("a code of `{}`", self.list.value),
        }
    }
}
