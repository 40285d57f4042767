//! The settings of each kind of statement; what they say of themselves is its page.

mod change;
mod control_total;
mod equals;
mod flow;
mod hierarchy;
mod share_of;
mod subset_of;
mod sums_to;

pub use change::Change;
pub use control_total::ControlTotal;
pub use equals::Equals;
pub use flow::Flow;
pub use hierarchy::Hierarchy;
pub use share_of::ShareOf;
pub use subset_of::SubsetOf;
pub use sums_to::SumsTo;
