//! The same file twice in one delivery: it is read once.

use super::{
    delivery::file_hash,
    error::RunError,
    tables::{FindingFile, fact_index},
};
use crate::{
    check::source::SourceFile,
    discrepancy::Action,
    ingest::Export,
    log::{Finding, FindingBuilder, LogError, RuleFacts},
    names::Name,
    publish::{FileHash, InputFile},
};

/// A file that was not read, since an earlier one of its table has the same bytes.
pub(super) struct Twin {
    table: Name,
    path: String,
    bytes: u64,
    sha256: FileHash,
    /// The file that was read.
    first: String,
}

impl Twin {
    /// Whether it is this file.
    pub(super) fn is(&self, table: &Name, path: &str) -> bool {
        self.table == *table && self.path == path
    }

    /// What `export` is, if another file of its table has the same bytes.
    pub(super) fn of(table: &Name, read: &[SourceFile], export: &Export) -> Option<Self> {
        let same = |file: &&SourceFile| {
            file.export.sha256 == export.sha256 && file.export.file != export.file
        };
        let first = read.iter().find(same)?;
        tracing::info!(
            file = export.file,
            equals = first.export.file,
            "delivered twice, read once"
        );
        Some(Self {
            table: table.clone(),
            path: export.file.clone(),
            bytes: export.bytes,
            sha256: file_hash(&export.sha256),
            first: first.export.file.clone(),
        })
    }

    /// Its path and hash.
    pub(super) fn hash(&self) -> (&str, FileHash) {
        (&self.path, self.sha256)
    }

    /// Its line in the manifest.
    pub(super) fn input(&self) -> InputFile {
        InputFile::beside(self.path.clone(), self.bytes, self.sha256)
    }
}

/// The engine's own rule about files that are there twice.
pub(super) fn rule(table: &Name) -> String {
    format!("{table}.delivered_twice")
}

/// Says which files were not read.
pub(super) fn tell(
    twins: &[Twin],
    facts: &[RuleFacts],
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    let mut builder = FindingBuilder::default();
    for Twin {
        table, path, first, ..
    } in twins
    {
        let message = format!(
            "{path} has the same bytes as {first}, so it was not read: its rows would count twice"
        );
        builder.push(&Finding {
            rule: fact_index(facts, &rule(table)),
            record_key: path,
            source_file: Some(path),
            observed: Some(&format!("the bytes of {first}")),
            expected: Some("each file once"),
            action: Some(Action::Excluded),
            message: &message,
            ..Finding::default()
        });
    }
    if builder.is_empty() {
        return Ok(());
    }
    findings.write(&builder.finish().map_err(LogError::from)?)
}
