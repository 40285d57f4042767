//! Files that belong to no run, such as schemas: each is the new one or the one before, never a part.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    disk,
    error::{IoError, PublishError},
};

/// Writes `files`, names with texts, into `folder`, which is made if need be; the paths of those that are new or changed.
pub fn write_files(
    folder: &Path,
    files: &[(String, String)],
) -> Result<Vec<PathBuf>, PublishError> {
    disk::make_folder(folder)?;
    let mut written = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
            continue;
        }
        let new = folder.join(format!(".{name}.tmp"));
        fs::write(&new, text).map_err(IoError::on("write", &new))?;
        disk::rename(&new, &path)?;
        written.push(path);
    }
    disk::sync_folder(folder)?;
    Ok(written)
}
