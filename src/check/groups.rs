//! Rows that come group by group: how many a group has is known at its end, and a row that is alone is in none.

use std::sync::Arc;

use arrow::array::{Array, Int64Array, StringArray};
use datafusion::{
    error::DataFusionError,
    execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation},
};

use super::{
    failing::{Failing, FailingRows, Scratch, Storing},
    session::BATCH_ROWS,
};

/// Rows of groups on their way to be stored, in the order in which they come.
pub(super) struct Grouping {
    storing: Storing,
    /// The group that has not ended.
    open: Group,
    ended: Vec<Group>,
    rows_ended: usize,
    reservation: MemoryReservation,
}

/// Rows of one group, by their places.
#[derive(Debug, Default)]
struct Group {
    name: Option<Arc<str>>,
    /// Record number and line of the first.
    first: Option<(i64, i64)>,
    /// The key of the one that survives.
    survivor: Option<Arc<str>>,
    rows: Vec<i64>,
}

impl Grouping {
    /// `name` is that of the file, if it comes to one.
    pub fn new(scratch: &Scratch, name: String, pool: &Arc<dyn MemoryPool>) -> Self {
        Self {
            storing: Storing::new(scratch, name),
            open: Group::default(),
            ended: Vec::new(),
            rows_ended: 0,
            reservation: MemoryConsumer::new("rows of a group").register(pool),
        }
    }

    /// Adds rows with their places: each at 1 begins a group.
    pub fn add(&mut self, found: &Failing) -> Result<(), DataFusionError> {
        for (at, (row, place)) in found.rows.values().iter().zip(&found.places).enumerate() {
            if place == Some(1) {
                self.end()?;
                let (first, line) = (&found.firsts, &found.first_lines);
                self.open = Group {
                    name: text(&found.groups, at),
                    first: first
                        .is_valid(at)
                        .then(|| (first.value(at), line.value(at))),
                    survivor: text(&found.survivors, at),
                    rows: Vec::new(),
                };
            } else if place != Some(self.open.rows.len() as i64 + 1) {
                let text = "rows of a group do not come in the order of their places".to_owned();
                return Err(DataFusionError::Internal(text));
            }
            self.open.rows.push(*row);
        }
        let bytes = self.open.rows.capacity() * size_of::<i64>();
        self.reservation.try_resize(bytes)
    }

    fn end(&mut self) -> Result<(), DataFusionError> {
        let group = std::mem::take(&mut self.open);
        if group.rows.len() < 2 {
            return Ok(());
        }
        self.rows_ended += group.rows.len();
        self.ended.push(group);
        if self.rows_ended >= BATCH_ROWS {
            self.store()?;
        }
        Ok(())
    }

    /// Stores the groups that ended, some rows at a time.
    fn store(&mut self) -> Result<(), DataFusionError> {
        self.rows_ended = 0;
        let groups = std::mem::take(&mut self.ended);
        let mut all = groups.iter().flat_map(|group| {
            (1..)
                .zip(&group.rows)
                .map(move |(place, row)| (group, place, *row))
        });
        loop {
            let rows: Vec<(&Group, i64, i64)> = all.by_ref().take(BATCH_ROWS).collect();
            if rows.is_empty() {
                return Ok(());
            }
            let numbers = |of: &dyn Fn(&Group) -> Option<i64>| -> Int64Array {
                rows.iter().map(|(group, ..)| of(group)).collect()
            };
            self.storing.add(&Failing {
                rows: rows.iter().map(|(.., row)| *row).collect(),
                groups: rows
                    .iter()
                    .map(|(group, ..)| group.name.as_deref())
                    .collect(),
                firsts: numbers(&|group| Some(group.first?.0)),
                first_lines: numbers(&|group| Some(group.first?.1)),
                survivors: rows
                    .iter()
                    .map(|(group, ..)| group.survivor.as_deref())
                    .collect(),
                places: rows.iter().map(|(_, place, _)| *place).collect(),
                sizes: numbers(&|group| Some(group.rows.len() as i64)),
                notes: StringArray::new_null(rows.len()),
            })?;
        }
    }

    /// The rows of all groups, in the order in which they came.
    pub fn finish(mut self) -> Result<FailingRows, DataFusionError> {
        self.end()?;
        self.store()?;
        self.storing.finish()
    }
}

fn text(texts: &StringArray, at: usize) -> Option<Arc<str>> {
    texts.is_valid(at).then(|| texts.value(at).into())
}
