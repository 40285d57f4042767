//! A folder for files that nobody keeps.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{IoError, PublishError, disk};

/// A folder of its own, removed with everything in it when it is dropped.
#[derive(Debug)]
pub struct TemporaryFolder {
    folder: tempfile::TempDir,
}

impl TemporaryFolder {
    /// Makes one inside `parent`.
    ///
    /// # Errors
    /// `parent` cannot be written.
    pub fn new_in(parent: &Path) -> Result<Self, PublishError> {
        let folder = tempfile::Builder::new()
            .prefix("trueup-")
            .tempdir_in(parent);
        let folder = folder.map_err(|source| PublishError::Temporary {
            folder: parent.to_owned(),
            source,
        })?;
        Ok(Self { folder })
    }

    /// Its place.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file inside it, with the folders above it.
    #[expect(clippy::disallowed_methods, reason = "`publish` creates files")]
    pub fn write(&self, inside: &str, text: &[u8]) -> Result<(), PublishError> {
        let path = self.folder.path().join(inside);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(IoError::on("create folder", folder))?;
        }
        Ok(std::fs::write(&path, text).map_err(IoError::on("write", &path))?)
    }

    /// Makes files in it.
    pub fn files(&self) -> ScratchFiles {
        ScratchFiles::in_folder(self.folder.path())
    }
}

/// Makes a file inside `parent` that has no name, so that nobody else finds it and nothing of it stays, whatever happens.
///
/// # Errors
/// `parent` cannot be made or written.
pub fn unnamed_file(parent: &Path) -> io::Result<File> {
    disk::make_folder(parent).map_err(io::Error::other)?;
    tempfile::tempfile_in(parent)
}

/// Makes temporary files in a folder that goes away with them.
#[derive(Clone, Debug)]
pub struct ScratchFiles {
    folder: PathBuf,
}

impl ScratchFiles {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Makes one and says where it is; its name must be new.
    #[expect(clippy::disallowed_methods, reason = "`publish` creates files")]
    pub fn file(&self, name: &str) -> io::Result<(File, PathBuf)> {
        let path = self.folder.join(name);
        Ok((File::create_new(&path)?, path))
    }
}
