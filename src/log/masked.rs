//! A record as it was delivered, on its way to a reader: what is hidden or was never declared is replaced.

use super::HIDDEN;
use crate::tables::{Policy, Table};

/// Which cells of a file's records may not be told.
///
/// What nobody declared nobody classified: it may be what was hidden when the run read it. A cell over several lines may have
/// swallowed other records, so it is as hidden as they are.
#[derive(Clone, Debug, Default)]
pub struct Masked {
    hidden: Vec<bool>,
}

impl Masked {
    /// The mask of a file with this header: of `table`'s columns, only those that it declares and does not hide are told.
    pub fn of(header: &[String], table: Option<&Table>) -> Self {
        let hides = |column: &String| {
            let declared = table.and_then(|table| table.column_under(column));
            declared.is_none_or(|column| column.policy == Policy::Hide)
        };
        Self {
            hidden: header.iter().map(hides).collect(),
        }
    }

    /// The mask for those who may read the file itself.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether anything is hidden.
    pub fn hides_some(&self) -> bool {
        self.hidden.contains(&true)
    }

    /// The cell at this place of the header as it may be told; a blank one stays blank.
    pub fn cell<'c>(&self, at: usize, cell: &'c str) -> &'c str {
        let hidden = self.hidden.get(at).copied().unwrap_or(false);
        let hidden = hidden || self.hides_some() && cell.contains('\n');
        match hidden && !cell.is_empty() {
            true => HIDDEN,
            false => cell,
        }
    }
}
