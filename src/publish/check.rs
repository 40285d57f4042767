//! Reads a run folder back and says what is wrong with it first.

use std::{
    collections::BTreeMap,
    fs::File,
    io::ErrorKind,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use parquet::{errors::ParquetError, file::metadata::ParquetMetaDataReader};

use super::{
    disk::{self, Kind},
    error::IoError,
    manifest::{FORMAT, Imbalance, Manifest, OutputFile},
    names::{FileHash, MANIFEST, MANIFEST_SUM, RunPath},
};

/// Shortest Parquet file: magic, footer length, magic. Readers take an empty file for an empty table.
const MIN_PARQUET: u64 = 12;
/// Longest manifest that is read: many times what the most files allowed need.
const MAX_MANIFEST: u64 = 64 << 20;
/// Longest file of its hash that is read: many times such a line.
const MAX_SUM: u64 = 4 << 10;
/// So many of 64 digits do not agree by chance: then a digit of the hash was changed, and not what it is of.
const ALIKE: usize = 32;
/// Deepest folder that is looked into.
const MAX_DEPTH: usize = 32;
/// Most files that are read at a time.
const MAX_READERS: usize = 8;

/// What is wrong with a run folder.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// There is no manifest, so nothing says what the folder should hold.
    #[error("`{}` is missing; give the folder of a run, such as out/current", .0.display())]
    NoManifest(PathBuf),
    /// The folder, the manifest or a file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] IoError),
    /// There is no hash of the manifest.
    #[error("`{MANIFEST_SUM}` is missing")]
    NoSum,
    /// The file of the manifest's hash is none.
    #[error("`{MANIFEST_SUM}` was changed: it is no line of a SHA-256 and `{MANIFEST}`")]
    NotASum,
    /// The file of the manifest's hash says nearly what it should.
    #[error("`{MANIFEST_SUM}` was changed: it says {said}, and `{MANIFEST}` has {found}")]
    Sum {
        /// In the file.
        said: FileHash,
        /// Of the manifest.
        found: FileHash,
    },
    /// The manifest has other content than its hash says.
    #[error("`{MANIFEST}` was changed: its SHA-256 is {found} instead of {expected}")]
    ManifestHash {
        /// In the file beside it.
        expected: FileHash,
        /// On disk.
        found: FileHash,
    },
    /// The manifest is not one.
    #[error("`{MANIFEST}` is no manifest: {0}")]
    Manifest(#[source] serde_json::Error),
    /// The manifest has another layout.
    #[error(
        "`{MANIFEST}` has format {0}, this version reads format {FORMAT}; use the version that wrote it"
    )]
    Format(u32),
    /// The manifest says the same in other bytes, so its hash is not the one that the next run recorded.
    #[error("`{MANIFEST}` was rewritten: its text is not what this program writes for its content")]
    Rewritten,
    /// The manifest's own figures disagree.
    #[error("the rows in `{MANIFEST}` do not balance: {0}")]
    Unbalanced(#[from] Imbalance),
    /// The manifest lists a file twice or out of order.
    #[error("`{MANIFEST}` lists `{0}` twice or out of order")]
    Order(RunPath),
    /// A file of the manifest is not there.
    #[error("`{0}` is missing")]
    Missing(RunPath),
    /// A file that the manifest does not list, or something that is neither file nor folder.
    #[error("`{0}` is not in the manifest")]
    Extra(String),
    /// A file has another length.
    #[error("`{path}` has {found} bytes instead of {expected}")]
    Length {
        /// The file.
        path: RunPath,
        /// In the manifest.
        expected: u64,
        /// On disk.
        found: u64,
    },
    /// A file has other content.
    #[error("`{path}` was changed: its SHA-256 is {found} instead of {expected}")]
    Hash {
        /// The file.
        path: RunPath,
        /// In the manifest.
        expected: FileHash,
        /// On disk.
        found: FileHash,
    },
    /// A Parquet file cannot be one.
    #[error("`{path}` has {bytes} bytes, too few for a Parquet file")]
    Short {
        /// The file.
        path: RunPath,
        /// Its length.
        bytes: u64,
    },
    /// A Parquet file has no readable footer.
    #[error("`{path}` has no readable Parquet footer: {source}")]
    Footer {
        /// The file.
        path: RunPath,
        /// What the reader says.
        source: ParquetError,
    },
    /// A Parquet file holds another number of rows.
    #[error("`{path}` holds {found} rows instead of {}", expected.map_or("a declared number".to_owned(), |n| n.to_string()))]
    RowCount {
        /// The file.
        path: RunPath,
        /// In the manifest.
        expected: Option<u64>,
        /// In the footer.
        found: i64,
    },
}

/// Reads every file of the run at `folder` and compares it with the manifest, which it returns.
///
/// The first broken thing in the order of the manifest is named, whichever was found first.
pub fn check_run(folder: &Path) -> Result<Manifest, Broken> {
    let bytes = manifest_bytes(folder)?;
    check_sum(folder, &bytes)?;
    let manifest = parse(&bytes)?;
    manifest.balance()?;
    for pair in manifest.outputs.windows(2) {
        if pair[0].path >= pair[1].path {
            return Err(Broken::Order(pair[1].path.clone()));
        }
    }
    let mut found = BTreeMap::new();
    list(folder, "", 0, &mut found)?;
    for output in &manifest.outputs {
        match found.remove(output.path.as_str()) {
            Some(Kind::File) => {}
            _ => return Err(Broken::Missing(output.path.clone())),
        }
    }
    found.remove(MANIFEST);
    found.remove(MANIFEST_SUM);
    if let Some((path, _)) = found.pop_first() {
        return Err(Broken::Extra(path));
    }
    check_files(folder, &manifest.outputs)?;
    Ok(manifest)
}

/// The manifest at `folder` if there is one that makes sense, without looking at any other file.
pub(super) fn read_manifest(folder: &Path) -> Result<(Vec<u8>, Manifest), Broken> {
    let bytes = manifest_bytes(folder)?;
    let manifest = parse(&bytes)?;
    Ok((bytes, manifest))
}

/// The bytes of the manifest at `folder`.
pub(super) fn manifest_bytes(folder: &Path) -> Result<Vec<u8>, Broken> {
    let path = folder.join(MANIFEST);
    match disk::read_small(&path, MAX_MANIFEST) {
        Err(e) if e.source.kind() == ErrorKind::NotFound => Err(Broken::NoManifest(path)),
        other => Ok(other?),
    }
}

/// What stands in the file of a manifest's hash.
pub(super) fn sum_line(hash: FileHash) -> String {
    format!("{hash}  {MANIFEST}\n")
}

/// Holds the manifest's bytes against the hash beside it, and says which of the two was changed.
fn check_sum(folder: &Path, bytes: &[u8]) -> Result<(), Broken> {
    let line = match disk::read_small(&folder.join(MANIFEST_SUM), MAX_SUM) {
        Err(e) if e.source.kind() == ErrorKind::NotFound => {
            // A manifest of another layout may have none.
            parse(bytes)?;
            return Err(Broken::NoSum);
        }
        other => other?,
    };
    let found = FileHash::of(bytes);
    if line == sum_line(found).as_bytes() {
        return Ok(());
    }
    let said = std::str::from_utf8(&line).ok();
    let said = said.and_then(|line| line.get(..64)?.to_owned().try_into().ok());
    let Some(said) = said.filter(|said| line == sum_line(*said).as_bytes()) else {
        return Err(Broken::NotASum);
    };
    let (digits, others) = (found.to_string(), said.to_string());
    let same = digits.bytes().zip(others.bytes()).filter(|(a, b)| a == b);
    Err(match same.count() >= ALIKE {
        true => Broken::Sum { said, found },
        false => Broken::ManifestHash {
            expected: said,
            found,
        },
    })
}

/// The bytes of a manifest that stands at `path`.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, IoError> {
    disk::read_small(path, MAX_MANIFEST)
}

/// The hash of the manifest at `folder`.
pub(super) fn manifest_hash(folder: &Path) -> Result<FileHash, IoError> {
    Ok(FileHash::of(&read_bytes(&folder.join(MANIFEST))?))
}

/// The manifest that these bytes are.
pub(super) fn parse(bytes: &[u8]) -> Result<Manifest, Broken> {
    // The format is looked at first: a later one may have fields that this version refuses.
    #[derive(serde::Deserialize)]
    struct Only {
        format: u32,
    }
    let Only { format } = serde_json::from_slice(bytes).map_err(Broken::Manifest)?;
    if format != FORMAT {
        return Err(Broken::Format(format));
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(Broken::Manifest)?;
    if manifest.to_bytes().map_err(Broken::Manifest)? != bytes {
        return Err(Broken::Rewritten);
    }
    Ok(manifest)
}

/// Collects everything below `folder` but folders, under its path relative to the run.
fn list(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut BTreeMap<String, Kind>,
) -> Result<(), Broken> {
    for (path, kind) in disk::entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let relative = format!("{prefix}{name}");
        match kind {
            Kind::Folder if depth < MAX_DEPTH => {
                list(&path, &format!("{relative}/"), depth + 1, found)?;
            }
            _ => {
                found.insert(relative, kind);
            }
        }
    }
    Ok(())
}

/// Checks all files, several at a time: hashing keeps a core busy longer than reading does.
fn check_files(folder: &Path, outputs: &[OutputFile]) -> Result<(), Broken> {
    let next = AtomicUsize::new(0);
    let first: Mutex<Option<(usize, Broken)>> = Mutex::new(None);
    let work = || {
        while let Some((at, output)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            outputs.get(at).map(|output| (at, output))
        } {
            if let Err(broken) = check_file(folder, output) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(earlier, _)| at < *earlier) {
                    *first = Some((at, broken));
                }
            }
        }
    };
    let readers = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MAX_READERS)
        .min(outputs.len());
    thread::scope(|scope| {
        for _ in 1..readers {
            scope.spawn(work);
        }
        work();
    });
    let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    first.map_or(Ok(()), |(_, broken)| Err(broken))
}

pub(super) fn check_file(folder: &Path, output: &OutputFile) -> Result<(), Broken> {
    let path = folder.join(output.path.as_str());
    let (bytes, hash) = disk::hash(&path)?;
    if bytes != output.bytes {
        return Err(Broken::Length {
            path: output.path.clone(),
            expected: output.bytes,
            found: bytes,
        });
    }
    if hash != output.sha256 {
        return Err(Broken::Hash {
            path: output.path.clone(),
            expected: output.sha256,
            found: hash,
        });
    }
    if output.path.is_parquet() {
        check_parquet(&path, output)?;
    }
    Ok(())
}

/// The hash was right, so what the footer reader sees is what this program wrote, not a hostile file.
fn check_parquet(path: &Path, output: &OutputFile) -> Result<(), Broken> {
    if output.bytes < MIN_PARQUET {
        return Err(Broken::Short {
            path: output.path.clone(),
            bytes: output.bytes,
        });
    }
    let file = File::open(path).map_err(IoError::on("read", path))?;
    let footer = ParquetMetaDataReader::new()
        .parse_and_finish(&file)
        .map_err(|source| Broken::Footer {
            path: output.path.clone(),
            source,
        })?;
    let in_groups: i64 = footer.row_groups().iter().map(|g| g.num_rows()).sum();
    for found in [footer.file_metadata().num_rows(), in_groups] {
        if u64::try_from(found).ok() != output.rows || output.rows.is_none() {
            return Err(Broken::RowCount {
                path: output.path.clone(),
                expected: output.rows,
                found,
            });
        }
    }
    Ok(())
}
