//! The run folder on disk: staged, read back, and published in one step. No other module creates, renames or deletes
//! files.
//!
//! The types say how far a run is: [`OutDir`] → [`StagedRun`] → [`VerifiedRun`] → [`PublishedRun`] or [`KeptRun`].
//! Whatever ends the process on that way, `current` names a whole run: everything is made durable before it is named,
//! in the order files, folders, `runs/`, `current`, out folder.

#![expect(
    clippy::disallowed_methods,
    reason = "this module alone creates, renames and removes files"
)]

mod append;
mod chain;
mod check;
mod disk;
mod earlier;
mod error;
mod folder;
mod left;
mod manifest;
mod names;
mod out;
mod retention;
mod staged;
mod switch;
mod temporary;
mod together;
mod verify;

#[cfg(test)]
mod tests;

pub use append::append_line;
pub use chain::BrokenChain;
pub use check::{Broken, check_run};
pub use earlier::current_manifest;
pub use error::{IoError, PublishError};
pub use folder::{Figures, FolderError, Row, RunFolder, cell, facts, read_figures};
pub use manifest::{
    FORMAT, Imbalance, InputFile, Manifest, OutputFile, Project, PublishedInfo, Rows, RunFacts,
    SeverityCounts,
};
pub use names::{FileHash, MANIFEST, MANIFEST_SUM, NotAHash, RunId, RunPath, identity, run_id};
pub use out::{OutDir, current};
pub use staged::{StagedFile, StagedRun};
pub use switch::{Earlier, KeptRun, PublishedRun, VerifiedRun};
pub use temporary::{ScratchFiles, TemporaryFolder, unnamed_file};
pub use together::{WriteError, write_together};
pub use verify::{BrokenRun, ChainedRun, Verification, Verified, VerifyError, verify};
