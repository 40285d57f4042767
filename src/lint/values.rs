//! Comparisons of a column with a text that it can never hold: no code of its list, or one that cells do not keep.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    common::{
        Column as ColumnRef,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator},
};

use crate::{
    check::{Outcome, PreparedRule},
    diagnostics::{At, Diagnostic, Span, nearest, yaml::span_of_bytes},
    pipeline::plan::Plan,
    project::Project,
    rules::Rule,
    tables::{Column, Repair, Table},
};

/// Reports such comparisons in the conditions and queries of rules and in sql/.
pub fn values(project: &Project, plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let known = Known { plan };
    for checks in &plan.checks.tables {
        for prepared in &checks.rules {
            let rule = &project.rules[prepared.rule];
            let place = Place {
                span: &rule.span,
                texts: authors(rule, &checks.table),
            };
            let of_row = |_: &ColumnRef| Some(checks.table.clone());
            for condition in conditions(prepared) {
                known.in_expr(condition, &of_row, &place, diagnostics);
            }
            if let Outcome::Query { plan, .. } = &prepared.outcome {
                known.in_plan(plan, &place, diagnostics);
            }
        }
    }
    for (text, query) in &plan.queries.plans {
        let place = Place {
            span: &text.span,
            texts: vec![text.clone()],
        };
        known.in_plan(query, &place, diagnostics);
    }
}

fn conditions(prepared: &PreparedRule) -> impl Iterator<Item = &Expr> {
    let of_outcome = match &prepared.outcome {
        Outcome::Predicate(condition) => Some(condition),
        Outcome::Query { evaluated, .. } => evaluated.as_ref(),
        Outcome::RowCount { .. } => None,
    };
    prepared.applies.iter().chain(of_outcome)
}

/// What the author of a rule wrote in SQL.
fn authors(rule: &Rule, table: &Table) -> Vec<At<String>> {
    use crate::rules::Plan::{Row, RowCount, Rows};
    let parts = match rule.plan(table) {
        Row { predicate } => vec![Some(predicate)],
        Rows {
            query, evaluated, ..
        } => vec![Some(query), evaluated],
        RowCount { .. } => Vec::new(),
    };
    let parts = parts.into_iter().flatten().filter_map(|sql| sql.author);
    parts.chain(rule.only_where.clone()).collect()
}

/// Where a comparison is looked for.
struct Place<'p> {
    /// When it is not found.
    span: &'p Span,
    texts: Vec<At<String>>,
}

impl Place<'_> {
    fn of(&self, text: &str) -> Span {
        let literal = format!("'{}'", text.replace('\'', "''"));
        let found = self.texts.iter().find_map(|at| {
            let start = at.value.find(&literal)?;
            Some(span_of_bytes(at, start..start + literal.len()))
        });
        found.unwrap_or_else(|| self.span.clone())
    }
}

struct Known<'p> {
    plan: &'p Plan,
}

impl Known<'_> {
    fn in_plan(&self, plan: &LogicalPlan, place: &Place<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let tables = self.aliases(plan);
        let of = |column: &ColumnRef| {
            let relation = column.relation.as_ref()?;
            tables.get(relation.table()).cloned().flatten()
        };
        let walked = plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                self.in_expr(expr, &of, place, diagnostics);
                Ok(TreeNodeRecursion::Continue)
            })
        });
        debug_assert!(walked.is_ok());
    }

    /// The declared table behind each name that columns of the plan go by; none where a name stands for several.
    fn aliases(&self, plan: &LogicalPlan) -> BTreeMap<String, Option<Arc<Table>>> {
        let mut known: BTreeMap<String, Option<Arc<Table>>> = BTreeMap::new();
        let declared = |name: &str| {
            let mut tables = self.plan.tables.iter();
            tables.find(|table| table.name.as_str() == name).cloned()
        };
        let walked = plan.apply_with_subqueries(|node| {
            let (name, table) = match node {
                LogicalPlan::TableScan(scan) => {
                    let name = scan.table_name.table();
                    (name, declared(name))
                }
                LogicalPlan::SubqueryAlias(alias) => {
                    let table = match alias.input.as_ref() {
                        LogicalPlan::TableScan(scan) => declared(scan.table_name.table()),
                        _ => None,
                    };
                    (alias.alias.table(), table)
                }
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            let same = |other: &Option<Arc<Table>>| {
                other.as_ref().map(|t| &t.name) == table.as_ref().map(|t| &t.name)
            };
            match known.get(name) {
                Some(other) if !same(other) => known.insert(name.to_owned(), None),
                _ => known.insert(name.to_owned(), table),
            };
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(walked.is_ok());
        known
    }

    fn in_expr(
        &self,
        expr: &Expr,
        table_of: &dyn Fn(&ColumnRef) -> Option<Arc<Table>>,
        place: &Place<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let walked = expr.apply(|part| {
            let (left, texts): (&Expr, Vec<&Expr>) = match part {
                Expr::BinaryExpr(BinaryExpr {
                    left,
                    op: Operator::Eq | Operator::NotEq,
                    right,
                }) => match (left.as_ref(), right.as_ref()) {
                    (Expr::Literal(..), column) => (column, vec![left.as_ref()]),
                    (column, _) => (column, vec![right.as_ref()]),
                },
                Expr::InList(list) => (list.expr.as_ref(), list.list.iter().collect()),
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            if let Expr::Column(column) = left
                && let Some(table) = table_of(column)
                && let Some(at) = table.column_index(&column.name)
            {
                for text in texts {
                    if let Expr::Literal(value, _) = text
                        && let Some(text) = value.try_as_str().flatten()
                        && let Some(found) = self.compared(&table.columns[at], text, place)
                    {
                        diagnostics.push(found);
                    }
                }
            }
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(walked.is_ok());
    }

    /// What is wrong with comparing a cell of `column` with `text`.
    fn compared(&self, column: &Column, text: &str, place: &Place<'_>) -> Option<Diagnostic> {
        let report = |why: String, help: String| {
            let message = format!("`{}` is compared with `{text}`, {why}", column.name);
            let found = Diagnostic::at(&place.of(text), message);
            Some(found.lint("unknown_value").help(help))
        };
        if let Some(why) = column.never_holds(text) {
            let help = "write it as a cleaned cell is".to_owned();
            return report(format!("and no cell can be that: {why}"), help);
        }
        let codes = column.codes.as_ref();
        let list = codes.and_then(|codes| self.plan.lists.get(codes.list));
        let entry = list.and_then(|list| list.meaning(text));
        if entry.is_none() && column.is_read_as_missing(text) {
            let help = format!(
                "ask whether it `IS NULL`; a rule can ask how it is missing: `\"_missing.{}\"`",
                column.name
            );
            return report(
                "but a cell that says so is read as missing".to_owned(),
                help,
            );
        }
        let (codes, list) = (codes?, list?);
        let Some(entry) = entry else {
            // What is no code stays where nothing is done about it.
            if codes.repair == Repair::Keep {
                return None;
            }
            let known = list.codes.iter().map(|code| code.code.as_str());
            let help = match nearest(text, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the codes stand in the list `{}`", list.name),
            };
            return report(format!("which is no code of `{}`", list.name), help);
        };
        let becomes = entry.alias.and(list.codes.get(entry.code))?;
        if codes.map_aliases && codes.repair == Repair::Correct {
            let help = format!("write its code: `{}`", becomes.code);
            return report("which is an alias that cells do not keep".to_owned(), help);
        }
        None
    }
}
