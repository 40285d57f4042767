//! A run while it is written: a hidden folder that goes away unless it is published.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{
    check::{Broken, check_run, sum_line},
    disk,
    error::{IoError, PublishError},
    manifest::{Manifest, OutputFile, PublishedInfo, RunFacts},
    names::{FileHash, MANIFEST, MANIFEST_SUM, RunId, RunPath},
    out::Held,
    switch::VerifiedRun,
    temporary::ScratchFiles,
};

/// Most files in a run: a hundred times what a project needs, and their manifest stays far below its own limit.
const MAX_FILES: usize = 10_000;
/// Small writes are gathered to this size before they are hashed and written.
const BUFFER: usize = 64 << 10;
/// Where spill files go, inside the staging folder so that they go away with it.
const SCRATCH: &str = ".scratch";

/// A run that is being written. Dropping it removes everything it wrote.
#[derive(Debug)]
pub struct StagedRun {
    staging: Staging,
    run_id: RunId,
    scratch: PathBuf,
    previous: Option<PublishedInfo>,
    files: Files,
}

/// Every file of the run: `None` while it is being written.
type Files = Arc<Mutex<BTreeMap<RunPath, Option<OutputFile>>>>;

impl StagedRun {
    pub(super) fn new(
        held: Arc<Held>,
        run_id: RunId,
        previous: Option<PublishedInfo>,
    ) -> Result<Self, PublishError> {
        let folder = held.staging(&run_id);
        // Not `make_folder`: a folder that is there already belongs to another run of this process.
        fs::create_dir(&folder).map_err(IoError::on("create the folder", &folder))?;
        let staging = Staging { held, folder };
        let scratch = staging.folder.join(SCRATCH);
        fs::create_dir(&scratch).map_err(IoError::on("create the folder", &scratch))?;
        Ok(Self {
            staging,
            run_id,
            scratch,
            previous,
            files: Files::default(),
        })
    }

    /// Opens a new file of the run; `path` is relative, with `/` between folders, which are made.
    pub fn create(&self, path: &str) -> Result<StagedFile, PublishError> {
        let path = RunPath::new(path)?;
        let full = self.staging.folder.join(path.as_str());
        let mut files = lock(&self.files);
        if files.contains_key(&path) {
            return Err(PublishError::CreatedTwice(path.to_string()));
        }
        if files.len() >= MAX_FILES {
            return Err(PublishError::TooManyFiles {
                path: path.to_string(),
                limit: MAX_FILES,
            });
        }
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder).map_err(IoError::on("create the folder", folder))?;
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&full)
            .map_err(IoError::on("create", &full))?;
        files.insert(path.clone(), None);
        let hashing = Hashing {
            file,
            full,
            hash: Sha256::new(),
            bytes: 0,
            failed: false,
        };
        Ok(StagedFile {
            writer: BufWriter::with_capacity(BUFFER, hashing),
            path,
            files: Arc::clone(&self.files),
        })
    }

    /// The run's id.
    pub fn run_id(&self) -> &RunId {
        &self.run_id
    }

    /// The run before this one, if there is any.
    pub fn previous(&self) -> Option<&PublishedInfo> {
        self.previous.as_ref()
    }

    /// The files of the run that are finished by now, by path.
    pub fn outputs(&self) -> Vec<OutputFile> {
        lock(&self.files).values().flatten().cloned().collect()
    }

    /// A folder for spill and temporary files, which is never published.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Makes temporary files in [`Self::scratch`].
    pub fn scratch_files(&self) -> ScratchFiles {
        ScratchFiles::in_folder(&self.scratch)
    }

    /// Where a file of this run is until it is published, for reading back what was finished.
    pub fn path(&self, path: &str) -> PathBuf {
        self.staging.folder.join(path)
    }

    /// Reads everything back from disk and, if it is what was written and every row is accounted for, seals it.
    pub fn verify(self, facts: RunFacts) -> Result<VerifiedRun, PublishError> {
        let folder = &self.staging.folder;
        let outputs = finished(&lock(&self.files))?;
        let manifest = Manifest::new(self.run_id, facts, outputs, self.previous);
        manifest.balance()?;
        disk::remove(&self.scratch)?;
        let path = folder.join(MANIFEST);
        let bytes = manifest
            .to_bytes()
            .map_err(io::Error::from)
            .map_err(IoError::on("write", &path))?;
        disk::write_new(&path, &bytes)?;
        let sum = sum_line(FileHash::of(&bytes));
        disk::write_new(&folder.join(MANIFEST_SUM), sum.as_bytes())?;
        disk::sync_tree(folder)?;
        if check_run(folder)? != manifest {
            return Err(Broken::Rewritten.into());
        }
        Ok(VerifiedRun::new(self.staging, manifest, bytes))
    }
}

fn finished(
    files: &BTreeMap<RunPath, Option<OutputFile>>,
) -> Result<Vec<OutputFile>, PublishError> {
    let unfinished: Vec<String> = files
        .iter()
        .filter(|(_, file)| file.is_none())
        .map(|(path, _)| path.to_string())
        .collect();
    if unfinished.is_empty() {
        Ok(files.values().flatten().cloned().collect())
    } else {
        Err(PublishError::Unfinished(unfinished))
    }
}

/// A poisoned lock means that another step panicked; the map itself is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file of a staged run. It is buffered; its length and hash are taken while it is written.
///
/// A file that is dropped instead of finished makes the run unfit to publish.
#[derive(Debug)]
pub struct StagedFile {
    writer: BufWriter<Hashing>,
    path: RunPath,
    files: Files,
}

impl StagedFile {
    /// Ends the file and makes it durable; `rows` is how many rows were written, for a table.
    pub fn finish(self, rows: Option<u64>) -> Result<(), PublishError> {
        if self.path.is_parquet() && rows.is_none() {
            return Err(PublishError::RowsNotDeclared(self.path.to_string()));
        }
        let full = self.writer.get_ref().full.clone();
        let hashing = self
            .writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .map_err(IoError::on("write", &full))?;
        let synced = match hashing.failed {
            true => Err(io::Error::other("an earlier write failed")),
            false => hashing.file.sync_all(),
        };
        synced.map_err(IoError::on("sync", &full))?;
        let output = OutputFile {
            path: self.path.clone(),
            bytes: hashing.bytes,
            sha256: FileHash(hashing.hash.finalize().into()),
            rows,
        };
        lock(&self.files).insert(self.path, Some(output));
        Ok(())
    }
}

#[cfg(test)]
impl StagedFile {
    /// Lets what is written from now on go elsewhere, such as to a device that is full.
    pub(super) fn redirect(&mut self, file: File) {
        self.writer.get_mut().file = file;
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Sits below the buffer, so that it hashes what the system took, in large pieces.
#[derive(Debug)]
struct Hashing {
    file: File,
    full: PathBuf,
    hash: Sha256,
    bytes: u64,
    /// A caller that overlooks a failed write cannot finish the file.
    failed: bool,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(n) => {
                self.hash.update(&bytes[..n]);
                self.bytes += n as u64;
                Ok(n)
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => Err(e),
            Err(e) => {
                self.failed = true;
                Err(IoError::on("write", &self.full)(e).into_io())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The staging folder, removed on drop: once it is published there is nothing left of it, or only what it replaced.
#[derive(Debug)]
pub(super) struct Staging {
    pub(super) held: Arc<Held>,
    pub(super) folder: PathBuf,
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Best effort: what is left is removed when the out folder is opened next.
        let _ = disk::remove(&self.folder);
    }
}
