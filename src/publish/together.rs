//! Files of a project that a command writes: whole, and all of them or none.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{disk, error::IoError};

/// Why files were not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// They are there already.
    #[error("{} there already and nothing was written; `--force` replaces what is there", there(.0))]
    Exists(Vec<PathBuf>),
    /// The operating system refused.
    #[error("{0}; nothing was written")]
    Io(#[from] IoError),
}

fn there(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    let is = if names.len() == 1 { "is" } else { "are" };
    format!("{} {is}", names.join(", "))
}

/// Writes files, each with the text beside its path, and the folders above them; all of them or none, each whole.
///
/// # Errors
/// One is there already and `replace` is not said, or the operating system refused.
pub fn write_together(files: &[(PathBuf, String)], replace: bool) -> Result<(), WriteError> {
    let there: Vec<PathBuf> = files
        .iter()
        .map(|(path, _)| path.clone())
        .filter(|path| !replace && fs::symlink_metadata(path).is_ok())
        .collect();
    if !there.is_empty() {
        return Err(WriteError::Exists(there));
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| is_folder(path)) {
        return Err(IoError::on("write", path)(ErrorKind::IsADirectory.into()).into());
    }
    let mut staged = Staged::default();
    for (path, text) in files {
        staged.add(path, text)?;
    }
    staged.publish(replace)
}

/// Files that stand beside their places; what still does is removed when this is dropped.
#[derive(Default)]
struct Staged {
    /// Where each stands, and where it shall.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    fn add(&mut self, path: &Path, text: &str) -> Result<(), IoError> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        disk::make_folder(folder)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
        let fail = |e| IoError::on("write", path)(e);
        let mut file = File::create(&beside).map_err(fail)?;
        self.files.push((beside, path.to_owned()));
        file.write_all(text.as_bytes()).map_err(fail)?;
        file.sync_all().map_err(fail)
    }

    fn publish(self, replace: bool) -> Result<(), WriteError> {
        let mut done = Vec::new();
        let published = self.put(replace, &mut done);
        if published.is_err() {
            for (beside, path, replaced) in done.into_iter().rev() {
                let _ = match replaced {
                    true => exchange(beside, path),
                    false => fs::remove_file(path),
                };
            }
        }
        published
    }

    /// Puts each file in its place; `done` gets those that are, each with whether what was there stands beside it now.
    fn put<'s>(
        &'s self,
        replace: bool,
        done: &mut Vec<(&'s Path, &'s Path, bool)>,
    ) -> Result<(), WriteError> {
        for (beside, path) in &self.files {
            let replaces = replace && fs::symlink_metadata(path).is_ok();
            let placed = match replaces {
                true => exchange(beside, path),
                false => without_replacing(beside, path),
            };
            placed.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => WriteError::Exists(vec![path.clone()]),
                _ => IoError::on("write", path)(error).into(),
            })?;
            done.push((beside, path, replaces));
        }
        for folder in self.files.iter().filter_map(|(_, path)| path.parent()) {
            let named = !folder.as_os_str().is_empty();
            disk::sync_folder(if named { folder } else { Path::new(".") })?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (beside, _) in &self.files {
            let _ = fs::remove_file(beside);
        }
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Lets two files take each other's place.
fn exchange(beside: &Path, path: &Path) -> io::Result<()> {
    match renameat_with(CWD, beside, CWD, path, RenameFlags::EXCHANGE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let old = beside.with_extension("old");
            fs::rename(path, &old)?;
            let placed = fs::rename(beside, path);
            fs::rename(&old, if placed.is_ok() { beside } else { path })?;
            placed
        }
        other => other.map_err(io::Error::from),
    }
}

/// Renames, unless something stands there.
fn without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        other => other.map_err(io::Error::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_written_or_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let [a, b] = ["sub/a", "b"].map(|name| folder.path().join(name));
        let file = |path: &PathBuf, text: &str| (path.clone(), text.to_owned());
        write_together(&[file(&a, "one")], false).expect("written");
        let error = write_together(&[file(&b, "two"), file(&a, "three")], false);
        assert!(matches!(error, Err(WriteError::Exists(paths)) if paths == [a.clone()]));
        assert!(!b.exists());
        write_together(&[file(&b, "two"), file(&a, "three")], true).expect("replaced");
        assert_eq!(fs::read_to_string(&a).expect("a file"), "three");
        let beneath_a_file = a.join("c");
        let c = folder.path().join("c");
        let error = write_together(&[file(&c, "x"), file(&beneath_a_file, "y")], false);
        assert!(matches!(error, Err(WriteError::Io(_))), "{error:?}");
        assert!(!c.exists());
        let left = |path: &Path| fs::read_dir(path).expect("a folder").count();
        assert_eq!(
            (left(folder.path()), left(&folder.path().join("sub"))),
            (2, 1)
        );
    }

    #[test]
    fn what_was_replaced_is_put_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let [a, b, c] = ["a", "b", "c"].map(|name| folder.path().join(name));
        let names = || {
            let entries = fs::read_dir(folder.path()).expect("a folder").flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
            names.sort_unstable();
            names
        };
        fs::write(&a, "old").expect("a file");
        fs::create_dir(&c).expect("a folder");
        let files = [&a, &b, &c].map(|path| (path.clone(), "new".to_owned()));
        let error = write_together(&files, true).expect_err("a folder is there");
        assert!(
            error.to_string().ends_with("; nothing was written"),
            "{error}"
        );
        assert_eq!(names(), ["a", "c"]);
        // One that comes to stand there meanwhile.
        fs::remove_dir(&c).expect("a folder");
        let mut staged = Staged::default();
        for (path, text) in &files {
            staged.add(path, text).expect("staged");
        }
        fs::remove_file(&staged.files[2].0).expect("a staged file");
        assert!(staged.publish(true).is_err());
        assert_eq!(fs::read_to_string(&a).expect("a file"), "old");
        assert_eq!(names(), ["a"]);
        write_together(&files, true).expect("written");
        assert_eq!(fs::read_to_string(&a).expect("a file"), "new");
        assert_eq!(names(), ["a", "b", "c"]);
    }
}
