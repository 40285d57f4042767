//! Finds the files of a folder that patterns name, and says of everything else there what it is.

use std::{
    collections::BTreeMap,
    fs::{DirEntry, Metadata},
    io::{Error, ErrorKind},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use crate::tables::FilePattern;

/// The most entries of one folder: a hundred times what a delivery has.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// What a link is that leads out of the delivery.
pub(super) const OUTSIDE: &str = "is a link that leads outside the delivery, which is not followed";

/// What stands in a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// For each pattern, the regular files that it names, by path.
    pub(super) files: Vec<Vec<String>>,
    /// What a pattern names and cannot be read, and what it is instead, by pattern and path.
    pub(super) unusable: BTreeMap<(usize, String), String>,
    /// What no pattern names, folders and hidden entries left out, by path.
    pub(super) others: Vec<String>,
}

/// Which links to files are followed.
#[derive(Clone, Debug)]
pub(super) enum Links {
    /// All: whoever wrote the project may keep files elsewhere.
    All,
    /// Those that stay below this folder, which is free of links itself.
    Below(PathBuf),
}

impl Links {
    /// Those that stay in `folder`, which may be a link itself.
    pub(super) fn inside(folder: &Path) -> std::io::Result<Self> {
        Ok(Self::Below(folder.canonicalize()?))
    }

    /// Whether the link at `path` is followed, as far as it can be.
    pub(super) fn follow(&self, path: &Path) -> std::io::Result<bool> {
        match self {
            Self::All => Ok(true),
            Self::Below(folder) => Ok(path.canonicalize()?.starts_with(folder)),
        }
    }
}

/// Looks into `folder` and, below it, into those folders that a pattern goes through.
pub(super) fn find(
    folder: &Path,
    patterns: &[&FilePattern],
    links: &Links,
) -> std::io::Result<Found> {
    let mut found = Found {
        files: vec![Vec::new(); patterns.len()],
        ..Found::default()
    };
    let all: Vec<usize> = (0..patterns.len()).collect();
    let mut search = Search {
        patterns,
        links,
        found: &mut found,
    };
    search.look(folder, "", 0, &all)?;
    found
        .files
        .iter_mut()
        .for_each(|files| files.sort_unstable());
    found.others.sort_unstable();
    Ok(found)
}

/// A search on its way.
struct Search<'s> {
    patterns: &'s [&'s FilePattern],
    links: &'s Links,
    found: &'s mut Found,
}

impl Search<'_> {
    /// `through` are the patterns that led here, `depth` folders below the first.
    fn look(
        &mut self,
        folder: &Path,
        prefix: &str,
        depth: usize,
        through: &[usize],
    ) -> std::io::Result<()> {
        let patterns = self.patterns;
        for (number, entry) in std::fs::read_dir(folder)?.enumerate() {
            if number >= MAX_ENTRIES {
                let message = format!("it has more than {MAX_ENTRIES} entries");
                return Err(Error::other(message));
            }
            let entry = entry?;
            let file_name = entry.file_name();
            let name = file_name.to_string_lossy();
            let path = format!("{prefix}{name}");
            let meant = |at: &usize| patterns[*at].means(depth, &name);
            let (last, further): (Vec<usize>, Vec<usize>) = through
                .iter()
                .copied()
                .filter(meant)
                .partition(|at| patterns[*at].depth() == depth + 1);
            let what = match file_name.to_str() {
                Some(_) => what(&entry, self.links),
                None => What::Other("has a name that is not UTF-8: rename it".to_owned()),
            };
            for at in last.iter().chain(&further) {
                let is_last = patterns[*at].depth() == depth + 1;
                match (&what, is_last) {
                    (What::File, true) => self.found.files[*at].push(path.clone()),
                    (What::File | What::Folder, false) => {}
                    (what, _) => {
                        let problem = what.problem().to_owned();
                        self.found.unusable.insert((*at, path.clone()), problem);
                    }
                }
            }
            match what {
                What::Folder if !further.is_empty() => {
                    let below = format!("{path}/");
                    self.look(&entry.path(), &below, depth + 1, &further)?;
                }
                What::File | What::Other(_) if last.is_empty() && !name.starts_with('.') => {
                    self.found.others.push(path);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What an entry is.
enum What {
    File,
    Folder,
    /// Not followed: what is below it need not lie in the delivery.
    LinkToFolder,
    /// What it is instead, as in "`…` is a pipe".
    Other(String),
}

impl What {
    fn problem(&self) -> &str {
        match self {
            Self::File => "is a file",
            Self::Folder => "is a folder",
            Self::LinkToFolder => "is a link to a folder, which is not followed",
            Self::Other(problem) => problem,
        }
    }
}

fn what(entry: &DirEntry, links: &Links) -> What {
    // Of the entry itself: links are not followed yet.
    match entry.metadata() {
        Ok(found) if !found.is_symlink() => return of(&found, ""),
        Ok(_) => {}
        Err(error) => return What::Other(format!("cannot be looked at: {error}")),
    }
    match std::fs::metadata(entry.path()) {
        Ok(found) => match of(&found, "a link to ") {
            What::Folder => What::LinkToFolder,
            What::File => match links.follow(&entry.path()) {
                Ok(true) => What::File,
                Ok(false) => What::Other(OUTSIDE.to_owned()),
                Err(error) => What::Other(format!("is a link that cannot be followed: {error}")),
            },
            other => other,
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            What::Other("is a link to what is not there".to_owned())
        }
        Err(error) => What::Other(format!("is a link that cannot be followed: {error}")),
    }
}

fn of(found: &Metadata, link: &str) -> What {
    let kind = found.file_type();
    let word = if kind.is_file() {
        return What::File;
    } else if kind.is_dir() {
        return What::Folder;
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    What::Other(format!("is {link}{word}"))
}
