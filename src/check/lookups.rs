//! A `LEFT JOIN`, `IN` or `EXISTS` holds what is looked up and streams what it is looked up for, which keeps its order.

use std::sync::Arc;

use datafusion::{
    common::{
        JoinType,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    config::ConfigOptions,
    error::DataFusionError,
    physical_optimizer::{PhysicalOptimizerRule, optimizer::PhysicalOptimizer},
    physical_plan::{
        ExecutionPlan,
        joins::{HashJoinExec, PartitionMode},
    },
};

/// The engine's own rules, and right after the one that settles the sides of joins this one.
pub(super) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let settled = rules
        .iter()
        .position(|rule| rule.name() == "join_selection");
    let next = settled.map_or(0, |at| at + 1);
    rules.insert(next, Arc::new(HoldLookups));
    rules
}

fn is_lookup(join: JoinType) -> bool {
    matches!(
        join,
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark
    )
}

/// The engine picks sides by its guess of their sizes, and takes filtered rows for few: it would hold every case to look
/// up people, and the order of cases would be lost.
#[derive(Debug)]
struct HoldLookups;

impl PhysicalOptimizerRule for HoldLookups {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        plan.transform_up(|node| match node.downcast_ref::<HashJoinExec>() {
            Some(join)
                if is_lookup(*join.join_type())
                    && *join.partition_mode() == PartitionMode::CollectLeft =>
            {
                Ok(Transformed::yes(
                    join.swap_inputs(PartitionMode::CollectLeft)?,
                ))
            }
            _ => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "hold_lookups"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
