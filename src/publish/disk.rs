//! The system calls of publishing, each with the path and the action in its error.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with},
    io::Errno,
};
use sha2::{Digest, Sha256};

use super::{error::IoError, names::FileHash};

/// What a hash is read in: large enough that the system call does not show.
const CHUNK: usize = 1 << 20;

/// Makes a folder and those above it, and sees to it that they survive a power cut.
pub(super) fn make_folder(path: &Path) -> Result<(), IoError> {
    let action = "create the folder";
    match fs::create_dir(path) {
        Ok(()) => sync_folder(parent(path)),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => match fs::metadata(path) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(IoError::on(action, path)(ErrorKind::NotADirectory.into())),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let what = "it is a link to what is not there";
                let there = io::Error::new(ErrorKind::AlreadyExists, what);
                Err(IoError::on(action, path)(there))
            }
            Err(e) => Err(IoError::on(action, path)(e)),
        },
        Err(e) if e.kind() == ErrorKind::NotFound && path.parent().is_some() => {
            make_folder(parent(path))?;
            match fs::create_dir(path) {
                Ok(()) => sync_folder(parent(path)),
                Err(e) if e.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
                // The folder above is there, so this is no matter of a missing one: /proc, for instance.
                Err(e) if e.kind() == ErrorKind::NotFound => {
                    let what = "the file system there lets no folder be made";
                    let refused = io::Error::new(ErrorKind::Unsupported, what);
                    Err(IoError::on(action, path)(refused))
                }
                Err(e) => Err(IoError::on(action, path)(e)),
            }
        }
        Err(e) => Err(IoError::on(action, path)(e)),
    }
}

/// The folder that holds `path`; a bare name stands in the working folder.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if p.as_os_str().is_empty() => Path::new("."),
        Some(p) => p,
        None => path,
    }
}

/// Writes a file that is not there yet, and makes its bytes durable; its name is once its folder is synced.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(IoError::on("create", path))?;
    file.write_all(bytes).map_err(IoError::on("write", path))?;
    file.sync_all().map_err(IoError::on("sync", path))
}

/// Makes a folder's entries durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), IoError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(IoError::on("sync the folder", path))
}

/// Makes the entries of `root` and of every folder below it durable, innermost first.
pub(super) fn sync_tree(root: &Path) -> Result<(), IoError> {
    for (path, kind) in entries(root)? {
        if kind == Kind::Folder {
            sync_tree(&path)?;
        }
    }
    sync_folder(root)
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// A link, pipe or device: never followed, never opened.
    Other,
}

/// The entries of a folder, sorted by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<(PathBuf, Kind)>, IoError> {
    let fail = |e| IoError::on("list the folder", folder)(e);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = match entry.file_type().map_err(fail)? {
            t if t.is_file() => Kind::File,
            t if t.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        found.push((entry.path(), kind));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Removes a file, a link or a folder with all in it; nothing there is fine.
pub(super) fn remove(path: &Path) -> Result<(), IoError> {
    let result = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match result {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(IoError::on("remove", path)(e)),
        _ => Ok(()),
    }
}

/// Renames; what stands at `to` is replaced when it is a file, a link or an empty folder.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), IoError> {
    fs::rename(from, to).map_err(IoError::on("put a new version in place at", to))
}

/// Swaps two entries in one step; false when the file system has no such step, and then nothing happened.
pub(super) fn swap(a: &Path, b: &Path) -> Result<bool, IoError> {
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        Err(e) => Err(IoError::on("put a new version in place at", b)(e.into())),
    }
}

/// Takes the lock that lasts as long as the file is open; false when another open file has it.
///
/// The system lets go of it when the process ends, however it ends: a killed run leaves no stale lock.
pub(super) fn try_lock(file: impl AsFd, path: &Path) -> Result<bool, IoError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(e) => Err(IoError::on("lock", path)(e.into())),
    }
}

/// Length and hash of a file.
pub(super) fn hash(path: &Path) -> Result<(u64, FileHash), IoError> {
    let fail = |e| IoError::on("read", path)(e);
    let mut file = File::open(path).map_err(fail)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok((bytes, FileHash(hash.finalize().into()))),
            Ok(n) => {
                hash.update(&chunk[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(fail(e)),
        }
    }
}

/// The whole of a small file; longer than `limit` is an error.
pub(super) fn read_small(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let fail = |e| IoError::on("read", path)(e);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > limit {
        let problem = format!("it is longer than {limit} bytes");
        return Err(fail(io::Error::other(problem)));
    }
    Ok(bytes)
}
