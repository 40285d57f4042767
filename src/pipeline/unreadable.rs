//! Files that cannot be read, and through no fault of the project: each is a discrepancy, and the others are read.

use std::path::Path;

use super::{
    delivery::file_hash,
    error::RunError,
    plan::Plan,
    tables::{FindingFile, fact_index},
};
use crate::{
    check::keys::KeyFailures,
    discrepancy::Action,
    harmless::short,
    ingest::{IngestError, hash_of},
    log::{Finding, FindingBuilder, LogError, RuleFacts},
    names::Name,
    publish::{FileHash, InputFile},
};

/// A file that is damaged, or whose reader died on it.
pub(super) struct Unreadable {
    pub(super) table: Name,
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: FileHash,
    /// Why, with the file's name.
    pub(super) why: String,
}

impl Unreadable {
    pub(super) fn new(table: &Name, folder: &Path, path: String, error: &IngestError) -> Self {
        let why = error.to_string();
        tracing::warn!(file = path, why, "unreadable");
        let hashed = hash_of(&folder.join(&path));
        let (sha256, bytes) = hashed.map_or_else(
            // Gone or unreadable by now: its name stands for it.
            |_| (FileHash::of(path.as_bytes()), 0),
            |(sha256, bytes)| (file_hash(&sha256), bytes),
        );
        Self {
            table: table.clone(),
            path,
            bytes,
            sha256,
            why,
        }
    }

    /// Its line in the manifest.
    pub(super) fn input(&self) -> InputFile {
        InputFile::beside(self.path.clone(), self.bytes, self.sha256)
    }
}

/// Rules that look into a table of which a file could not be read would find fault with rows that are right: what they
/// say is not known.
pub(super) fn leave_unsaid(files: &[Unreadable], plan: &Plan, keys: &mut KeyFailures) {
    for check in &plan.checks.tables {
        for prepared in &check.rules {
            let reads = |file: &&Unreadable| {
                file.table != check.table.name && prepared.reads.contains_key(file.table.as_str())
            };
            if let Some(file) = files.iter().find(reads) {
                keys.rows.remove(&prepared.rule);
                keys.candidates.remove(&prepared.rule);
                let why = format!(
                    "{} of table {} could not be read",
                    short(&file.path),
                    file.table
                );
                keys.errors.insert(prepared.rule, why);
            }
        }
    }
}

/// The engine's own rule about files that cannot be read.
pub(super) fn rule(table: &Name) -> String {
    format!("{table}.unreadable")
}

/// Says which files could not be read, and why.
pub(super) fn tell(
    files: &[Unreadable],
    facts: &[RuleFacts],
    findings: &mut FindingFile,
) -> Result<(), RunError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut builder = FindingBuilder::default();
    for file in files {
        builder.push(&Finding {
            rule: fact_index(facts, &rule(&file.table)),
            record_key: &file.path,
            source_file: Some(&file.path),
            expected: Some("a file that can be read"),
            action: Some(Action::Rejected),
            message: &file.why,
            ..Finding::default()
        });
    }
    findings.write(&builder.finish().map_err(LogError::from)?)
}
