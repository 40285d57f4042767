//! A delivery: its files found, indexed and fitted to the tables.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    control::{Control, Shapes, is_cut_off},
    error::RunError,
    files::{Found, Links, find},
    nights::{Left, Night, Nights},
    plan::Plan,
    settings::Settings,
    twice::Twin,
    unreadable::Unreadable,
};
use crate::{
    check::source::{SourceFile, TableSource},
    ingest::{Expected, Export, IngestError, Mapping, Means, map_header, open},
    project::Project,
    publish::{FileHash, InputFile, unnamed_file},
    reconcile::{Figure, published},
    tables::{Column, FilePattern, Policy, Table},
};

/// A delivery, indexed: nothing is kept of its files but their shape.
pub(super) struct Delivery {
    pub(super) name: String,
    pub(super) sources: Vec<Arc<TableSource>>,
    pub(super) published: Vec<PublishedFile>,
    pub(super) unclaimed: Vec<Unclaimed>,
    /// Files that were not read, since another of their table has the same bytes.
    pub(super) twins: Vec<Twin>,
    /// Files that are damaged or whose readers died on them.
    pub(super) unreadable: Vec<Unreadable>,
    /// Files that say what others hold.
    pub(super) controls: Vec<InputFile>,
    /// Later nights, which are not whole.
    pub(super) left: Vec<Left>,
}

/// A file of the delivery that no table's pattern names.
pub(super) struct Unclaimed {
    pub(super) path: String,
    /// The table and pattern that it may have been meant for.
    pub(super) nearest: Option<(String, String)>,
}

/// A file of published figures.
pub(super) struct PublishedFile {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: FileHash,
    figures: Vec<Figure>,
}

impl Delivery {
    /// Finds and indexes every file, so that what cannot be read is said before anything is written.
    pub(super) fn index(
        project: &Project,
        plan: &Plan,
        settings: &Settings,
    ) -> Result<Self, RunError> {
        let nights = Nights::new(project, plan, settings)?;
        let published = published_files(project)?;
        let read = |night| Self::read(night, &nights, &published, (project, plan, settings));
        let (mut delivery, left) = nights.read(read)?;
        delivery.left = left;
        delivery.published = published;
        Ok(delivery)
    }

    /// Indexes the files of one night.
    fn read(
        mut night: Night,
        nights: &Nights<'_>,
        published: &[PublishedFile],
        (project, plan, settings): (&Project, &Plan, &Settings),
    ) -> Result<Self, RunError> {
        let unusable = std::mem::take(&mut night.found.unusable);
        if !unusable.is_empty() {
            let say = |((at, path), problem): ((usize, String), String)| match plan.tables.get(at) {
                Some(table) => format!("`{path}` of table `{}` {problem}", table.name),
                None => format!("`{path}` {problem}"),
            };
            let unusable = unusable.into_iter().map(say).collect();
            return Err(RunError::Unusable {
                folder: night.folder,
                unusable,
            });
        }
        let mut problems = Vec::new();
        let control = Control::read(&mut night, &plan.tables, &project.deliveries, &mut problems);
        let Night {
            name,
            told,
            folder,
            found:
                Found {
                    files: wanted,
                    others,
                    ..
                },
            ..
        } = night;
        let missing: Vec<String> = plan
            .tables
            .iter()
            .zip(&wanted)
            .filter(|(table, files)| table.required && files.is_empty())
            .map(|(table, _)| absent(table, &others))
            .collect();
        let incomplete = |missing: Vec<String>, problems: Vec<String>| RunError::Incomplete {
            delivery: told.clone(),
            missing,
            problems,
        };
        if !missing.is_empty() || !problems.is_empty() {
            return Err(incomplete(missing, problems));
        }
        let unclaimed = unclaimed(&folder, others, project, &plan.tables, published);
        let mut shapes = Shapes::default();
        let mut indexed = index_all(&folder, &wanted, project, plan, settings).into_iter();
        let mut errors = Vec::new();
        let mut sources = Vec::new();
        let mut twins = Vec::new();
        let mut unreadable = Vec::new();
        for (at, (table, names)) in plan.tables.iter().zip(wanted).enumerate() {
            let declared = Expected::of(table);
            let mut source = TableSource {
                table: Arc::clone(table),
                files: Vec::new(),
                limits: settings.limits(project).clone(),
            };
            let mut base = 0_i64;
            let mut exports = Vec::new();
            for (path, opened) in names.into_iter().zip(indexed.by_ref()) {
                match opened {
                    Ok(tables) => exports.extend(tables),
                    Err(error) if error.is_damage() => {
                        unreadable.push(Unreadable::new(&table.name, &folder, path, &error));
                    }
                    Err(error) => errors.push(error),
                }
            }
            for export in exports {
                let fitted = map_header(&export, &declared)
                    .and_then(|mapping| told_by_no_folder(table, &export, mapping));
                match fitted {
                    Ok(mapping) => {
                        shapes.add(at, &export);
                        if let Some(twin) = Twin::of(&table.name, &source.files, &export) {
                            // Of several sheets the first has told of their file.
                            if !twins.iter().any(|t: &Twin| t.is(&table.name, &export.file)) {
                                twins.push(twin);
                            }
                            continue;
                        }
                        tracing::info!(
                            file = export.file,
                            sheet = export.sheet,
                            records = export.records,
                            bytes = export.bytes,
                            "indexed"
                        );
                        let records = i64::try_from(export.records).unwrap_or(i64::MAX);
                        source.files.push(SourceFile {
                            export: Arc::new(export),
                            mapping,
                            base,
                            origin: None,
                        });
                        base = base.saturating_add(records);
                    }
                    Err(error) => errors.push(error),
                }
            }
            sources.push(Arc::new(source));
        }
        if nights.may_be_stale() && !errors.is_empty() && errors.iter().all(is_cut_off) {
            let problems = errors.iter().map(ToString::to_string).collect();
            return Err(incomplete(Vec::new(), problems));
        }
        if !errors.is_empty() {
            return Err(RunError::Inputs(errors));
        }
        if nights.may_be_stale() && !unreadable.is_empty() {
            let problems = unreadable.into_iter().map(|file| file.why).collect();
            return Err(incomplete(Vec::new(), problems));
        }
        let problems = control.problems(&shapes);
        if !problems.is_empty() {
            return Err(incomplete(Vec::new(), problems));
        }
        Ok(Self {
            name,
            sources,
            published: Vec::new(),
            unclaimed,
            twins,
            unreadable,
            controls: control.read,
            left: Vec::new(),
        })
    }

    /// The published figures, in the order of their files: there may be millions, so the run has them once.
    pub(super) fn take_figures(&mut self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for file in &mut self.published {
            figures.append(&mut file.figures);
        }
        figures
    }

    /// Every input with its hash, for the run's id; files that were not read count by their names, which the log holds.
    pub(super) fn hashes(&self) -> Vec<(&str, FileHash)> {
        let tables = self.sources.iter().flat_map(|s| &s.files);
        let tables = tables.map(|f| (f.export.file.as_str(), file_hash(&f.export.sha256)));
        let tables = tables.chain(self.unreadable.iter().map(|u| (u.path.as_str(), u.sha256)));
        let published = self.published.iter().map(|p| (p.path.as_str(), p.sha256));
        let unclaimed = self.unclaimed.iter();
        let unclaimed = unclaimed.map(|u| (u.path.as_str(), FileHash::of(b"not read")));
        let twins = self.twins.iter().map(Twin::hash);
        let controls = self.controls.iter().map(|c| (c.path.as_str(), c.sha256));
        let left = self.left.iter().map(Left::hash);
        tables
            .chain(published)
            .chain(unclaimed)
            .chain(twins)
            .chain(controls)
            .chain(left)
            .collect()
    }
}

/// A hidden column is told by no folder's name: paths stand in every output.
fn told_by_no_folder(
    table: &Table,
    export: &Export,
    mapping: Mapping,
) -> Result<Mapping, IngestError> {
    let delivered = export.header.len() - export.constants.len();
    let columns = table.columns.iter().zip(&mapping.positions);
    let told = |(column, at): &(&Column, &Option<usize>)| {
        column.policy == Policy::Hide && at.is_some_and(|at| at >= delivered)
    };
    match columns.into_iter().find(told) {
        None => Ok(mapping),
        Some((column, _)) => Err(IngestError::HiddenFolder {
            table: table.name.to_string(),
            column: column.name.to_string(),
        }),
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
    wanted: &[Vec<String>],
    project: &Project,
    plan: &Plan,
    settings: &Settings,
) -> Vec<Result<Vec<Export>, IngestError>> {
    let of_table = |(table, names): (&Arc<Table>, &Vec<String>)| -> Vec<(Arc<Table>, String)> {
        let name = |name: &String| (Arc::clone(table), name.clone());
        names.iter().map(name).collect()
    };
    let files: Vec<(Arc<Table>, String)> =
        plan.tables.iter().zip(wanted).flat_map(of_table).collect();
    let size = |name: &String| std::fs::metadata(folder.join(name)).map_or(0, |m| m.len());
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(size(&files[*at].1)));
    let next = AtomicUsize::new(0);
    let scratch = || unnamed_file(&settings.out);
    let work = || {
        let mut done = Vec::new();
        while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (table, name) = &files[*at];
            let means = Means {
                limits: settings.limits(project),
                reader: &settings.reader,
                scratch: &scratch,
            };
            let (path, expected) = (folder.join(name), table.headers());
            let export = open(name, &path, &table.reading, &expected, means);
            done.push((*at, export));
        }
        done
    };
    let mut done: Vec<(usize, Result<Vec<Export>, IngestError>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..settings.threads.min(files.len()))
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

/// How a required table without a file is told; a name that differs in case is told too.
fn absent(table: &Table, others: &[String]) -> String {
    let mut message = format!("table `{}` has no file `{}`", table.name, table.files);
    if let Some(other) = others.iter().find(|other| in_other_case(table, other)) {
        message.push_str(&format!(
            " (there is `{other}`, which differs in upper and lower case)"
        ));
    }
    message
}

fn in_other_case(table: &Table, path: &str) -> bool {
    let names: Vec<String> = path.split('/').map(str::to_lowercase).collect();
    let lower = FilePattern::new(&table.files.as_str().to_lowercase());
    lower.is_ok_and(|lower| {
        lower.depth() == names.len() && (0..names.len()).all(|at| lower.means(at, &names[at]))
    })
}

/// The files that no table's pattern names, but published figures that stand among them.
fn unclaimed(
    folder: &Path,
    others: Vec<String>,
    project: &Project,
    tables: &[Arc<Table>],
    published: &[PublishedFile],
) -> Vec<Unclaimed> {
    let published: Vec<PathBuf> = published
        .iter()
        .filter_map(|p| project.root.join(&p.path).canonicalize().ok())
        .collect();
    let is_published = |path: &String| {
        let place = folder.join(path).canonicalize();
        place.is_ok_and(|place| published.contains(&place))
    };
    let nearest = |path: &str| {
        let plain = path.to_lowercase();
        let distance = |table: &Arc<Table>| {
            let pattern = table.files.as_str().to_lowercase().replace(['*', '?'], "");
            let distance = strsim::damerau_levenshtein(&plain, &pattern);
            (!in_other_case(table, path), distance, table.name.clone())
        };
        let nearest = tables.iter().min_by_key(|table| distance(table))?;
        let (other_case, distance, _) = distance(nearest);
        let near = !other_case || distance <= plain.chars().count() / 2;
        near.then(|| (nearest.name.to_string(), nearest.files.to_string()))
    };
    others
        .into_iter()
        .filter(|path| !is_published(path))
        .map(|path| Unclaimed {
            nearest: nearest(&path),
            path,
        })
        .collect()
}

fn published_files(project: &Project) -> Result<Vec<PublishedFile>, RunError> {
    let Some(pattern) = &project.published else {
        return Ok(Vec::new());
    };
    let place = project.root.join(pattern.as_str());
    let fail = |path: PathBuf| move |source| RunError::PublishedFile { path, source };
    let mut found = find(&project.root, &[pattern], &Links::All).map_err(fail(place.clone()))?;
    if let Some(((_, path), problem)) = found.unusable.pop_first() {
        let unusable = std::io::Error::other(format!("it {problem}"));
        return Err(fail(project.root.join(path))(unusable));
    }
    let names = found.files.pop().unwrap_or_default();
    if names.is_empty() {
        let nothing = std::io::Error::new(std::io::ErrorKind::NotFound, "no file of that name");
        return Err(fail(place)(nothing));
    }
    let mut files = Vec::new();
    for path in names {
        let file = project.root.join(&path);
        let text = std::fs::read(&file).map_err(fail(file.clone()))?;
        files.push(PublishedFile {
            bytes: text.len() as u64,
            sha256: FileHash::of(&text),
            figures: published::parse_with(&path, &text, &project.suppressed)?,
            path,
        });
    }
    Ok(files)
}
