//! Keys as they decide which rows are the same: cleaned, so that ` c-1` and `C-1` are one where cells are trimmed and made upper case.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use arrow::{
    array::{Array, ArrayRef, RecordBatch},
    error::ArrowError,
    row::{RowConverter, SortField},
};
use sha2::{Digest, Sha256};

use super::super::error::RunError;
use crate::{
    check::{
        EngineError,
        source::{ByProducts, TableSource},
    },
    conform::{Conformer, arrow_type},
    tables::{CodeList, Table},
};

/// A key: half of a SHA-256 of its parts.
pub(super) type Key = [u8; 16];

/// Makes the keys of rows; each worker has one.
pub(super) struct Keys {
    pub(super) conformer: Conformer,
    names: Vec<String>,
    converter: RowConverter,
}

impl Keys {
    pub(super) fn new(table: &Arc<Table>, lists: &[Arc<CodeList>]) -> Result<Self, ArrowError> {
        let key = || table.key.iter().map(|at| &table.columns[*at]);
        let names: Vec<String> = key().map(|column| column.name.to_string()).collect();
        let conformer = Conformer::new(table, lists, false, |name| names.iter().any(|n| n == name));
        let types = key().map(|column| SortField::new(arrow_type(column.ty)));
        Ok(Self {
            conformer,
            names,
            converter: RowConverter::new(types.collect())?,
        })
    }

    /// The key of each row of a conformed batch; `None` where a part could not be read or is missing.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<Vec<Option<Key>>, ArrowError> {
        let unread = || ArrowError::SchemaError("a column of the key was not read".to_owned());
        let parts = self.names.iter().map(|name| batch.column_by_name(name));
        let parts: Vec<ArrayRef> = parts
            .map(|part| part.cloned().ok_or_else(unread))
            .collect::<Result<_, _>>()?;
        let rows = self.converter.convert_columns(&parts)?;
        let key = |at: usize| {
            if parts.iter().any(|part| part.is_null(at)) {
                return None;
            }
            let digest: [u8; 32] = Sha256::digest(rows.row(at).as_ref()).into();
            digest.first_chunk().copied()
        };
        Ok((0..batch.num_rows()).map(key).collect())
    }
}

/// The keys of all rows of the night, read by so many workers.
pub(super) fn tonight(
    source: &TableSource,
    lists: &[Arc<CodeList>],
    threads: usize,
) -> Result<HashSet<Key>, RunError> {
    let doing = || format!("reading the keys of `{}`", source.table.name);
    let chunks = source.chunks();
    let next = AtomicUsize::new(0);
    let work = || -> Result<HashSet<Key>, EngineError> {
        let fail = |error: ArrowError| EngineError::query(doing())(error.into());
        let keys = Keys::new(&source.table, lists).map_err(fail)?;
        let mut found = HashSet::new();
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let conformer = keys.conformer.clone();
            let read = source.read(*chunk, conformer);
            let external = |error| datafusion::error::DataFusionError::External(Box::new(error));
            let mut batches = read
                .map_err(external)
                .map_err(EngineError::query(doing()))?;
            while let Some(batch) = batches
                .next_batch(&mut ByProducts::default())
                .map_err(EngineError::query(doing()))?
            {
                found.extend(keys.of(&batch).map_err(fail)?.into_iter().flatten());
            }
        }
        Ok(found)
    };
    let found: Vec<Result<HashSet<Key>, EngineError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(chunks.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect()
    });
    let mut keys = HashSet::new();
    for of_worker in found {
        let of_worker = of_worker?;
        match keys.is_empty() {
            true => keys = of_worker,
            false => keys.extend(of_worker),
        }
    }
    Ok(keys)
}
