//! What people open in a spreadsheet: the discrepancy log, and the aggregates as they may be published.
//!
//! Every value is a text or a number, never a formula, and the same run has the same bytes.
