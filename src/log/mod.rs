//! The discrepancy log and its neighbours: findings stream in, come out sorted, with ids that last.

mod candidates;
mod changes;
mod finding;
mod history;
mod masked;
mod privacy;
pub mod quota;
mod restatements;
mod sorted;
mod table;

pub use candidates::{CANDIDATE_SCHEMA, CandidateBuilder, CandidateRecord};
pub use changes::{CHANGE_SCHEMA, ChangeBuilder, REJECT_SCHEMA, RejectBuilder};
pub use finding::{FINDING_SCHEMA, Finding, FindingBuilder, RuleFacts, key_part};
pub use history::{Night, Past, open_by_rule, open_records, texts_of};
pub use masked::Masked;
pub use privacy::{HASHED, HIDDEN, Privacy};
pub use restatements::{RESTATEMENT_SCHEMA, RestatementBuilder};
pub use sorted::{
    Before, LOG_ORDER, LogCounts, LogError, Sinks, Waiving, discrepancy_id, short_hash, write_log,
};
pub use table::{TableFile, write_rows};
