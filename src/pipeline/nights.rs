//! Where nights lie, and the files of one: a folder for each, or an inbox whose names hold dates.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::civil::Date;

use super::{
    control::unfinished,
    error::RunError,
    files::{Found, Links, MAX_ENTRIES, find},
    plan::Plan,
    settings::Settings,
};
use crate::{
    project::{Deliveries, Incomplete, Layout, Project},
    publish::FileHash,
    tables::{FilePattern, Table, exact_day},
};

/// One night, whole or not.
pub(super) struct Night {
    /// Its name in outputs.
    pub(super) name: String,
    /// Which it is, in messages.
    pub(super) told: String,
    /// Where its files lie, perhaps beside those of others.
    pub(super) folder: PathBuf,
    /// Its date, where that stands in names.
    pub(super) day: Option<Date>,
    /// What of all that lies there is the night's; the marker and the control file come behind the tables.
    pub(super) found: Found,
}

/// Where a run looks for its night.
pub(super) struct Nights<'p> {
    tables: &'p [Arc<Table>],
    deliveries: &'p Deliveries,
    as_of: Date,
    /// The folders of the nights, newest first; those with one date together.
    folders: Vec<Vec<PathBuf>>,
}

/// A night that was not whole, so that an earlier one was read.
pub(super) struct Left {
    pub(super) name: String,
    pub(super) why: String,
}

impl Left {
    /// What stands for it in the run's id, since the log tells of it.
    pub(super) fn hash(&self) -> (&str, FileHash) {
        (&self.name, FileHash::of(self.why.as_bytes()))
    }
}

impl<'p> Nights<'p> {
    /// The folder that the call names, or those of the project.
    pub(super) fn new(
        project: &'p Project,
        plan: &'p Plan,
        settings: &Settings,
    ) -> Result<Self, RunError> {
        let deliveries = &project.deliveries;
        let one = |folder: PathBuf| vec![vec![folder]];
        let folders = match (&settings.delivery, &deliveries.path, &project.delivery) {
            (Some(folder), _, _) => one(folder.clone()),
            (None, Some(path), _) => {
                let folder = project.root.join(&path.value);
                match deliveries.layout {
                    Layout::Inbox => one(folder),
                    Layout::Folders => folders(&folder, plan.as_of)?,
                }
            }
            (None, None, Some(default)) => one(project.root.join(&default.path)),
            (None, None, None) => return Err(RunError::NoDelivery),
        };
        Ok(Self {
            tables: &plan.tables,
            deliveries,
            as_of: plan.as_of,
            folders,
        })
    }

    /// Whether an earlier night is read in place of one that is not whole.
    pub(super) fn may_be_stale(&self) -> bool {
        self.deliveries.incomplete == Incomplete::Stale
    }

    /// Reads the newest night that is whole, or the newest alone; says which were left for it.
    pub(super) fn read<T>(
        &self,
        read: impl Fn(Night) -> Result<T, RunError>,
    ) -> Result<(T, Vec<Left>), RunError> {
        let mut left: Vec<(Left, RunError)> = Vec::new();
        for folders in &self.folders {
            let folder = match folders.as_slice() {
                [folder] => folder,
                several => return Err(RunError::NightTwice(several.to_vec())),
            };
            let found = self.found(folder)?;
            for day in self.days(folder, &found)? {
                let night = self.night(folder, day, &found);
                let name = night.name.clone();
                match read(night) {
                    Ok(read) => return Ok((read, left.into_iter().map(|l| l.0).collect())),
                    Err(error @ RunError::Incomplete { .. }) if self.may_be_stale() => {
                        let why = error.problems();
                        tracing::warn!(night = name, why, "not whole, left");
                        left.push((Left { name, why }, error));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Err(match left.len() {
            1 => left.remove(0).1,
            _ => RunError::NoWholeNight(left.into_iter().map(|l| (l.0.name, l.0.why)).collect()),
        })
    }

    /// The patterns of the tables, then of the marker and of the control file.
    fn patterns(&self) -> Vec<&FilePattern> {
        patterns(self.tables, self.deliveries).collect()
    }

    fn found(&self, folder: &Path) -> Result<Found, RunError> {
        Links::inside(folder)
            .and_then(|links| find(folder, &self.patterns(), &links))
            .map_err(cannot_be_read(folder))
    }

    /// The dates of the nights in a folder up to the run's, newest first; `None` where no name holds one.
    fn days(&self, folder: &Path, found: &Found) -> Result<Vec<Option<Date>>, RunError> {
        let mut days = BTreeSet::new();
        for (pattern, files) in self.patterns().into_iter().zip(&found.files) {
            days.extend(files.iter().filter_map(|path| pattern.day_of(path)));
            let others = found.others.iter().filter_map(|path| unfinished(path));
            let others = others.filter(|path| pattern.means_path(path));
            days.extend(others.filter_map(|path| pattern.day_of(path)));
        }
        let Some(first) = days.first().copied() else {
            return Ok(vec![None]);
        };
        let days: Vec<_> = days.range(..=self.as_of).rev().copied().map(Some).collect();
        match days.is_empty() {
            true => Err(RunError::NoNight {
                folder: folder.to_owned(),
                as_of: self.as_of,
                later: Some(first),
            }),
            false => Ok(days),
        }
    }

    /// What of a folder is of one night: names without a date are of all.
    fn night(&self, folder: &Path, day: Option<Date>, found: &Found) -> Night {
        let patterns = self.patterns();
        let is_of = |pattern: &FilePattern, path: &str| match pattern.is_dated() {
            true => pattern.day_of(path) == day,
            false => true,
        };
        let of_night = |(pattern, files): (&&FilePattern, &Vec<String>)| {
            let files = files.iter().filter(|path| is_of(pattern, path));
            files.cloned().collect()
        };
        let unusable = found.unusable.iter();
        let unusable = unusable.filter(|((at, path), _)| is_of(patterns[*at], path));
        Night {
            name: day.map_or_else(|| folder_name(folder), |day| day.to_string()),
            told: match day {
                Some(day) => format!("{day} in {}", folder.display()),
                None => folder.display().to_string(),
            },
            folder: folder.to_owned(),
            day,
            found: Found {
                files: patterns.iter().zip(&found.files).map(of_night).collect(),
                unusable: unusable
                    .map(|(at, what)| (at.clone(), what.clone()))
                    .collect(),
                others: found.others.clone(),
            },
        }
    }
}

/// The patterns of the tables, then of the marker and of the control file, which mean nothing where there are none.
pub(super) fn patterns<'p>(
    tables: &'p [Arc<Table>],
    deliveries: &'p Deliveries,
) -> impl Iterator<Item = &'p FilePattern> {
    static NONE: std::sync::LazyLock<FilePattern> = std::sync::LazyLock::new(FilePattern::default);
    let beside = [&deliveries.marker, &deliveries.control];
    let beside = beside.map(|pattern| pattern.as_ref().unwrap_or(&NONE));
    tables.iter().map(|table| &table.files).chain(beside)
}

/// The folders in `folder` that are called by a date up to `as_of`, newest first.
fn folders(folder: &Path, as_of: Date) -> Result<Vec<Vec<PathBuf>>, RunError> {
    let fail = || cannot_be_read(folder);
    let mut nights: BTreeMap<Date, Vec<PathBuf>> = BTreeMap::new();
    for (number, entry) in std::fs::read_dir(folder).map_err(fail())?.enumerate() {
        if number >= MAX_ENTRIES {
            let message = format!("it has more than {MAX_ENTRIES} entries");
            return Err(fail()(std::io::Error::other(message)));
        }
        let entry = entry.map_err(fail())?;
        let Some(day) = entry.file_name().to_str().and_then(exact_day) else {
            continue;
        };
        // The folder of a night may be a link, as any delivery's.
        if std::fs::metadata(entry.path()).is_ok_and(|found| found.is_dir()) {
            nights.entry(day).or_default().push(entry.path());
        }
    }
    let later = nights.split_off(&as_of.saturating_add(jiff::Span::new().days(1)));
    if nights.is_empty() {
        return Err(RunError::NoNight {
            folder: folder.to_owned(),
            as_of,
            later: later.first_key_value().map(|(day, _)| *day),
        });
    }
    let sorted = |mut folders: Vec<PathBuf>| {
        folders.sort();
        folders
    };
    Ok(nights.into_values().rev().map(sorted).collect())
}

fn cannot_be_read(folder: &Path) -> impl FnOnce(std::io::Error) -> RunError {
    let folder = folder.to_owned();
    move |source| RunError::Delivery { folder, source }
}

fn folder_name(folder: &Path) -> String {
    let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = absolute
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "delivery".to_owned())
}
