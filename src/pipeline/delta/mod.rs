//! Deliveries that hold what changed alone: the table is the rows of the last published run as they were delivered, without
//! those whose key was delivered again, and the night's.

mod base;
mod carry;
mod keys;

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;

pub(super) use self::{base::Base, carry::carry};
use super::{
    Context,
    error::RunError,
    report::Carried,
    tables::{Scanned, parquet_error},
};
use crate::{
    check::{delivered, source::TableSource},
    names::Name,
    publish::RunId,
    row_groups::{Packing, RowGroupFile},
    tables::Delivers,
};

/// What was carried on from the run before.
#[derive(Default)]
pub(super) struct Delta {
    /// That run.
    pub(super) base: Option<RunId>,
    /// For each table of which deliveries hold changes, how many rows of which earlier delivery were superseded.
    tables: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Delta {
    /// What was carried on of a table, the one at this place; `None` where deliveries hold all of it.
    pub(super) fn carried(
        &self,
        at: usize,
        source: &TableSource,
        scanned: &Scanned,
    ) -> Option<Carried> {
        let superseded = self.tables.get(source.table.name.as_str())?.clone();
        let counts = source.files.iter().zip(&scanned.files[at]);
        let carried = counts.filter(|(file, _)| file.origin.is_some());
        Some(Carried {
            from: self.base.as_ref().map(ToString::to_string),
            rows: carried.map(|(_, counts)| counts.read).sum(),
            superseded,
        })
    }
}

/// Where a run keeps the rows of a table as they were delivered.
fn delivered_path(table: &Name) -> String {
    format!("delivered/{table}.parquet")
}

/// Keeps the rows of a table as they were delivered, where the next delivery holds changes alone.
pub(super) async fn keep(run: &Context<'_>, source: &Arc<TableSource>) -> Result<(), RunError> {
    if source.table.delivers != Delivers::Delta {
        return Ok(());
    }
    let path = delivered_path(&source.table.name);
    let out = run.staged.create(&path)?;
    let schema = delivered::schema(&source.table);
    let mut out =
        RowGroupFile::new(out, schema, Packing::Published).map_err(parquet_error(&path))?;
    let night = (run.staged.run_id().as_str(), run.delivery.name.as_str());
    let groups = delivered::row_groups(run.engine, source, night, &out.encoder());
    let mut groups = std::pin::pin!(groups);
    while let Some(group) = groups.next().await {
        out.append(group?).map_err(parquet_error(&path))?;
    }
    let (out, rows) = out.finish().map_err(parquet_error(&path))?;
    out.finish(Some(rows))?;
    Ok(())
}
