//! Which delivered tables a query is made of, also through model tables.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::{common::tree_node::TreeNodeRecursion, logical_expr::LogicalPlan};

use super::Queries;
use crate::project::SqlFile;

impl Queries {
    /// Of each planned query, by its file, every table that it reads, and what the model tables among them read.
    pub fn reads(&self, model: &[SqlFile]) -> BTreeMap<String, BTreeSet<String>> {
        let mut reads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        // A model table is planned before those that read it.
        for (text, plan) in &self.plans {
            let mut all = BTreeSet::new();
            for table in scanned(plan) {
                let made = model.iter().find(|file| file.name.as_str() == table);
                let made = made.and_then(|file| reads.get(&file.source.path));
                all.extend(made.into_iter().flatten().cloned());
                all.insert(table);
            }
            reads
                .entry(text.span.source.path.clone())
                .or_default()
                .extend(all);
        }
        reads
    }
}

/// The tables that a plan scans, those of its subqueries among them.
fn scanned(plan: &LogicalPlan) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    // Looking at a plan cannot fail.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            tables.insert(scan.table_name.table().to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    tables
}
