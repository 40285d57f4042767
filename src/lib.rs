//! Trueup: takes what a system exported, says everything that is wrong with it, and writes tables that can be trusted.
//!
//! The modules are the stages of a run, in order; ARCHITECTURE.md says which may use which.

pub mod decimal;
pub mod harmless;
pub mod names;
pub mod row_groups;

pub mod diagnostics;
pub mod discrepancy;

pub mod linkage;

pub mod tables;

pub mod rules;

pub mod project;

pub mod ingest;

pub mod conform;

pub mod disposition;
pub mod log;

pub mod check;

pub mod aggregate;
pub mod reconcile;

pub mod publish;

pub mod feeds;
pub mod pages;
pub mod workbooks;

pub mod pipeline;
pub mod profile;

pub mod contracts;
pub mod diff;
pub mod explain;
pub mod lint;
pub mod schema;
pub mod testing;
pub mod waive;

pub mod cli;
