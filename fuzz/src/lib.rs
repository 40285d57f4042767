//! The modules of trueup that read files, without the engine, which takes long to compile.

#[path = "../../src/decimal/mod.rs"]
pub mod decimal;
#[path = "../../src/diagnostics/mod.rs"]
pub mod diagnostics;
#[path = "../../src/discrepancy.rs"]
pub mod discrepancy;
#[path = "../../src/harmless.rs"]
pub mod harmless;
#[path = "../../src/ingest/mod.rs"]
pub mod ingest;
#[path = "../../src/linkage/mod.rs"]
pub mod linkage;
#[path = "../../src/names.rs"]
pub mod names;
#[path = "../../src/project/mod.rs"]
pub mod project;
pub mod reconcile;
#[path = "../../src/rules/mod.rs"]
pub mod rules;
#[path = "../../src/tables/mod.rs"]
pub mod tables;
