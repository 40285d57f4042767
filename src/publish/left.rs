//! What the run before left, opened only if it is what its manifest says.

use std::fs::File;

use super::{
    check::{Broken, check_file, read_manifest},
    error::{IoError, PublishError},
    manifest::{Manifest, PublishedInfo},
    names::{FileHash, RunPath},
    out::OutDir,
};

impl OutDir {
    /// The manifest of an earlier run; `None`, with a warning, when another version of this program wrote it.
    ///
    /// # Errors
    /// It is not there, or not what was published.
    pub fn left_by(&self, run: &PublishedInfo) -> Result<Option<Manifest>, PublishError> {
        let damaged = |source| PublishError::EarlierIsDamaged {
            run_id: run.run_id.clone(),
            source,
        };
        match read_manifest(&self.folder_of(&run.run_id)) {
            Err(Broken::Format(format)) => {
                let run = run.run_id.as_str();
                tracing::warn!(run, format, "another version wrote it: history starts anew");
                Ok(None)
            }
            Err(broken) => Err(damaged(broken)),
            Ok((bytes, _)) if FileHash::of(&bytes) != run.manifest_sha256 => {
                Err(damaged(Broken::Rewritten))
            }
            Ok((_, manifest)) => Ok(Some(manifest)),
        }
    }

    /// Opens an output of an earlier run for reading.
    ///
    /// # Errors
    /// It is not there, or not what was published.
    pub fn open_output(&self, run: &Manifest, path: &str) -> Result<File, PublishError> {
        let damaged = |source| PublishError::EarlierIsDamaged {
            run_id: run.run_id.clone(),
            source,
        };
        let wanted = RunPath::new(path)?;
        let output = run.outputs.iter().find(|output| output.path == wanted);
        let output = output.ok_or_else(|| damaged(Broken::Missing(wanted.clone())))?;
        let folder = self.folder_of(&run.run_id);
        check_file(&folder, output).map_err(damaged)?;
        let path = folder.join(wanted.as_str());
        Ok(File::open(&path).map_err(IoError::on("read", &path))?)
    }
}
