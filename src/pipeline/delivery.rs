//! A delivery: its files found, indexed and fitted to the tables.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    error::RunError,
    plan::Plan,
    settings::{Settings, glob},
};
use crate::{
    check::source::{SourceFile, TableSource},
    ingest::{Content, Export, IngestError, index, map_header},
    project::Project,
    publish::FileHash,
    reconcile::{Figure, published},
};

/// A delivery, indexed: nothing is kept of its files but their shape.
pub(super) struct Delivery {
    pub(super) name: String,
    pub(super) sources: Vec<Arc<TableSource>>,
    pub(super) published: Vec<PublishedFile>,
}

/// A file of published figures.
pub(super) struct PublishedFile {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: FileHash,
    pub(super) figures: Vec<Figure>,
}

impl Delivery {
    /// Finds and indexes every file, so that what cannot be read is said before anything is written.
    pub(super) fn index(
        project: &Project,
        plan: &Plan,
        settings: &Settings,
    ) -> Result<Self, RunError> {
        let folder = match (&settings.delivery, &project.delivery) {
            (Some(folder), _) => folder.clone(),
            (None, Some(default)) => project.root.join(&default.path),
            (None, None) => return Err(RunError::NoDelivery),
        };
        let published = published_files(project)?;
        let files = list(&folder).map_err(|source| RunError::Delivery {
            folder: folder.clone(),
            source,
        })?;
        let mut missing = Vec::new();
        let mut wanted: Vec<Vec<&String>> = Vec::new();
        for table in &plan.tables {
            let found: Vec<&String> = files.iter().filter(|f| glob(&table.files, f)).collect();
            if found.is_empty() && table.required {
                missing.push(format!(
                    "table `{}` has no file `{}`",
                    table.name, table.files
                ));
            }
            wanted.push(found);
        }
        if !missing.is_empty() {
            return Err(RunError::Incomplete { folder, missing });
        }
        let mut indexed = index_all(&folder, &wanted, settings).into_iter();
        let mut errors = Vec::new();
        let mut sources = Vec::new();
        for (table, names) in plan.tables.iter().zip(wanted) {
            let declared: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            let mut source = TableSource {
                table: Arc::clone(table),
                files: Vec::new(),
                limits: settings.limits.clone(),
            };
            let mut base = 0_i64;
            for export in indexed.by_ref().take(names.len()) {
                let fitted = export.and_then(|export| {
                    let mapping = map_header(&export, &declared)?;
                    Ok((export, mapping))
                });
                match fitted {
                    Ok((export, mapping)) => {
                        tracing::info!(
                            file = export.file,
                            records = export.records,
                            bytes = export.bytes,
                            "indexed"
                        );
                        let records = i64::try_from(export.records).unwrap_or(i64::MAX);
                        source.files.push(SourceFile {
                            export: Arc::new(export),
                            mapping,
                            base,
                        });
                        base = base.saturating_add(records);
                    }
                    Err(error) => errors.push(error),
                }
            }
            sources.push(Arc::new(source));
        }
        if !errors.is_empty() {
            return Err(RunError::Inputs(errors));
        }
        Ok(Self {
            name: delivery_name(&folder),
            sources,
            published,
        })
    }

    /// Every input with its hash, for the run's id.
    pub(super) fn hashes(&self) -> Vec<(&str, FileHash)> {
        let tables = self.sources.iter().flat_map(|s| &s.files);
        let tables = tables.map(|f| (f.export.file.as_str(), file_hash(&f.export.sha256)));
        let published = self.published.iter().map(|p| (p.path.as_str(), p.sha256));
        tables.chain(published).collect()
    }
}

/// The hash of an indexed file.
pub(super) fn file_hash(hex: &str) -> FileHash {
    FileHash::try_from(hex.to_owned())
        .unwrap_or_else(|_| unreachable!("an index prints SHA-256 as 64 hex digits"))
}

/// Indexes the files of all tables, several at once, largest first; the results are in the order of `wanted`.
fn index_all(
    folder: &Path,
    wanted: &[Vec<&String>],
    settings: &Settings,
) -> Vec<Result<Export, IngestError>> {
    let names: Vec<&String> = wanted.iter().flatten().copied().collect();
    let size = |name: &String| std::fs::metadata(folder.join(name)).map_or(0, |m| m.len());
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(size(names[*at])));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let content = Content::File(folder.join(names[*at]));
            done.push((*at, index(names[*at], content, &settings.limits)));
        }
        done
    };
    let mut done: Vec<(usize, Result<Export, IngestError>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..settings.threads.min(names.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let join = |w: std::thread::ScopedJoinHandle<'_, _>| {
            w.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|d| d.0);
    done.into_iter().map(|d| d.1).collect()
}

fn delivery_name(folder: &Path) -> String {
    let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = absolute
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "delivery".to_owned())
}

/// The plain files of a folder, by name.
fn list(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn published_files(project: &Project) -> Result<Vec<PublishedFile>, RunError> {
    let Some(pattern) = &project.published else {
        return Ok(Vec::new());
    };
    let (folder, name_pattern) = pattern.rsplit_once('/').unwrap_or((".", pattern));
    let path = project.root.join(folder);
    let fail = |path: PathBuf| move |source| RunError::PublishedFile { path, source };
    let names = list(&path).map_err(fail(path.clone()))?;
    let names: Vec<&String> = names.iter().filter(|n| glob(name_pattern, n)).collect();
    if names.is_empty() {
        let nothing = std::io::Error::new(std::io::ErrorKind::NotFound, "no file of that name");
        return Err(fail(project.root.join(pattern))(nothing));
    }
    let mut files = Vec::new();
    for name in names {
        let file = path.join(name);
        let text = std::fs::read(&file).map_err(fail(file.clone()))?;
        let shown = format!("{folder}/{name}");
        files.push(PublishedFile {
            bytes: text.len() as u64,
            sha256: FileHash::of(&text),
            figures: published::parse_with(&shown, &text, &project.suppressed)?,
            path: shown,
        });
    }
    Ok(files)
}
