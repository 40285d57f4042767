//! Checks: every rule is planned before data is read; row rules run in the table's one scan, key rules over key columns.

pub mod aside;
mod constants;
pub mod decides;
pub mod delivered;
mod depth;
pub mod failing;
mod groups;
mod key_rule;
pub mod keys;
pub mod lineage;
mod lookups;
pub mod newest;
mod origin;
mod overflow;
pub mod prepare;
pub mod probable;
mod repeated;
pub mod scan;
pub mod session;
pub mod source;
pub mod sql;
pub mod waived;

pub use prepare::{Checks, Outcome, PreparedRule, TableChecks, prepare};
pub use session::{Engine, EngineError, EngineSettings};
