//! Whether a night is whole: nothing still being uploaded, the marker there, and each file as its control file says.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::Path,
    sync::Arc,
};

use super::{
    files::Links,
    nights::{Night, patterns},
};
use crate::{
    ingest::{Export, IngestError},
    project::Deliveries,
    publish::{FileHash, InputFile},
    tables::{FilePattern, Table},
};

/// What the names of files end with while they are uploaded.
const UNFINISHED: [&str; 7] = [
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".tmp",
    ".uploading",
    ".lock",
];
/// What the name of a file with the hash of another ends with.
const SIDECAR: &str = ".sha256";
/// The most bytes of a control file: a line for each of a hundred thousand files.
const MAX_CONTROL: u64 = 16 << 20;

/// What is said about the files of a night.
#[derive(Default)]
pub(super) struct Control {
    claims: Vec<Claim>,
    /// The control files and those with hashes, for the manifest.
    pub(super) read: Vec<InputFile>,
}

/// What is said about one file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Claim {
    file: String,
    rows: Option<u64>,
    bytes: Option<u64>,
    sha256: Option<FileHash>,
    /// Who says so.
    by: String,
}

/// What a file turned out to be.
#[derive(Default)]
struct Shape {
    records: u64,
    bytes: u64,
    sha256: String,
}

/// The files of a night as they were indexed.
#[derive(Default)]
pub(super) struct Shapes(BTreeMap<String, (usize, Shape)>);

impl Shapes {
    /// Adds what was read of a file for the table at `table`; the sheets of one file add up.
    pub(super) fn add(&mut self, table: usize, export: &Export) {
        let fresh = || (table, Shape::default());
        let (of, shape) = self.0.entry(export.file.clone()).or_insert_with(fresh);
        if *of == table {
            shape.records += export.records;
            shape.bytes = export.bytes;
            shape.sha256.clone_from(&export.sha256);
        }
    }
}

/// The name that a file gets once its upload has ended.
pub(super) fn unfinished(path: &str) -> Option<&str> {
    UNFINISHED.iter().find_map(|end| without(path, end))
}

/// The path without what it ends with, in upper or lower case.
fn without<'p>(path: &'p str, end: &str) -> Option<&'p str> {
    let at = path.len().checked_sub(end.len())?;
    let (before, last) = (path.get(..at)?, path.get(at..)?);
    let is_name = !before.is_empty() && !before.ends_with('/');
    (is_name && last.eq_ignore_ascii_case(end)).then_some(before)
}

/// Whether an error says that a file is not, or not yet, all there.
pub(super) fn is_cut_off(error: &IngestError) -> bool {
    matches!(
        error,
        IngestError::Changed { .. } | IngestError::Empty { .. } | IngestError::UnclosedQuote { .. }
    )
}

impl Control {
    /// Reads what is said about the files of a night, and adds to `problems` what makes it not whole, before a file is read.
    ///
    /// Names of uploads, hashes, the marker and the control file are taken out of the night's files.
    pub(super) fn read(
        night: &mut Night,
        tables: &[Arc<Table>],
        deliveries: &Deliveries,
        problems: &mut Vec<String>,
    ) -> Self {
        let all: Vec<&FilePattern> = patterns(tables, deliveries).collect();
        let [marker, control] = [1, 0].map(|behind| all.len() - 1 - behind);
        let mut read = Self::default();
        let sidecars = set_aside(night, &all, problems);
        for (at, what, declared) in [
            (marker, "marker", &deliveries.marker),
            (control, "control file", &deliveries.control),
        ] {
            if let Some(pattern) = declared
                && night.found.files[at].is_empty()
            {
                problems.push(format!("there is no {what} `{pattern}`"));
            }
        }
        for (sidecar, file) in sidecars {
            match read
                .file(&night.folder, &sidecar)
                .and_then(|text| hash_of(&text, &file))
            {
                Ok(sha256) => read.claims.push(Claim {
                    file,
                    sha256: Some(sha256),
                    by: format!("`{sidecar}`"),
                    ..Claim::default()
                }),
                Err(problem) => problems.push(format!("`{sidecar}` {problem}")),
            }
        }
        let lists = std::mem::take(&mut night.found.files[control]);
        let mut listed = BTreeSet::new();
        for list in &lists {
            match read
                .file(&night.folder, list)
                .and_then(|text| claims(list, &text))
            {
                Ok(claims) => {
                    listed.extend(claims.iter().map(|claim| claim.file.clone()));
                    read.claims.extend(claims);
                }
                Err(problem) => problems.push(format!("`{list}` {problem}")),
            }
        }
        if problems.is_empty() && !lists.is_empty() {
            for (table, files) in tables.iter().zip(&night.found.files) {
                let unlisted = files.iter().filter(|file| !listed.contains(*file));
                problems.extend(unlisted.map(|file| {
                    let name = &table.name;
                    format!(
                        "`{file}` of table `{name}` is not listed in {}",
                        told(&lists)
                    )
                }));
            }
        }
        let markers = std::mem::take(&mut night.found.files[marker]);
        let others = |file: &str| {
            let dated = all.iter().filter(|pattern| pattern.is_dated());
            let mut days = dated.filter(|p| p.means_path(file)).map(|p| p.day_of(file));
            // Of another night, or none of those that are read.
            days.next().is_some_and(|day| day != night.day)
                || markers.iter().chain(&lists).any(|path| path == file)
        };
        read.claims.retain(|claim| !others(&claim.file));
        read.look(night, problems);
        read
    }

    /// Looks whether the files are there, and as long as is said.
    fn look(&self, night: &Night, problems: &mut Vec<String>) {
        let there: BTreeSet<&String> = night.found.files.iter().flatten().collect();
        for claim in &self.claims {
            let (file, by) = (&claim.file, &claim.by);
            let is_read = there.contains(file);
            if !is_read && night.found.others.binary_search(file).is_err() {
                problems.push(format!("there is no `{file}`, which {by} lists"));
                continue;
            }
            let place = night.folder.join(file);
            // Where the link to a file that is not read leads was not looked at.
            if !is_read && place.is_symlink() {
                continue;
            }
            let found = std::fs::metadata(place);
            if let (Some(bytes), Ok(found)) = (claim.bytes, found)
                && found.is_file()
            {
                problems.extend(differs(file, by, "bytes", found.len(), bytes));
            }
        }
    }

    /// What is said otherwise than the files are that were read.
    pub(super) fn problems(&self, shapes: &Shapes) -> Vec<String> {
        let mut problems = Vec::new();
        for Claim {
            file,
            rows,
            bytes,
            sha256,
            by,
        } in &self.claims
        {
            let Some((_, shape)) = shapes.0.get(file) else {
                continue;
            };
            let bytes = bytes.and_then(|bytes| differs(file, by, "bytes", shape.bytes, bytes));
            let rows = rows.and_then(|rows| differs(file, by, "records", shape.records, rows));
            problems.extend(bytes.into_iter().chain(rows));
            if let Some(sha256) = sha256.filter(|hash| hash.to_string() != shape.sha256) {
                let found = &shape.sha256;
                problems.push(format!(
                    "`{file}` has SHA-256 {found}, and {by} says {sha256}"
                ));
            }
        }
        problems
    }

    /// Reads a file that says something about others.
    fn file(&mut self, folder: &Path, path: &str) -> Result<Vec<u8>, String> {
        let text = read_inside(folder, path)?;
        let (bytes, sha256) = (text.len() as u64, FileHash::of(&text));
        self.read
            .push(InputFile::beside(path.to_owned(), bytes, sha256));
        Ok(text)
    }
}

/// Takes what stands beside files and is none out of a night; returns the files of hashes, each with its file.
fn set_aside(
    night: &mut Night,
    patterns: &[&FilePattern],
    problems: &mut Vec<String>,
) -> Vec<(String, String)> {
    let mut sidecars = BTreeMap::new();
    let mut uploads = BTreeSet::new();
    // A wide pattern may mean the name with its ending, too.
    for (pattern, files) in patterns.iter().zip(&mut night.found.files) {
        let beside = |path: &String| {
            let base = unfinished(path).or_else(|| without(path, SIDECAR));
            base.is_some_and(|base| pattern.means_path(base))
        };
        night
            .found
            .others
            .extend(files.extract_if(.., |path| beside(path)));
    }
    night.found.others.sort_unstable();
    night.found.others.dedup();
    let files: BTreeSet<String> = night.found.files.iter().flatten().cloned().collect();
    let day = night.day;
    night.found.others.retain(|path| {
        let upload = unfinished(path);
        let Some(base) = upload.or_else(|| without(path, SIDECAR)) else {
            return true;
        };
        let mut meaning = patterns.iter().filter(|p| p.means_path(base)).peekable();
        if meaning.peek().is_none() {
            return true;
        }
        // What is of another night only says nothing about this one.
        if meaning.any(|p| !p.is_dated() || p.day_of(base) == day) {
            match upload {
                Some(_) => {
                    uploads.insert(path.clone());
                }
                None => {
                    sidecars.insert(path.clone(), base.to_owned());
                }
            }
        }
        false
    });
    for path in uploads {
        let base = unfinished(&path).unwrap_or_default();
        problems.push(format!(
            "`{path}` says that `{base}` is still being written"
        ));
    }
    for (sidecar, file) in &sidecars {
        if !files.contains(file) {
            problems.push(format!("there is no `{file}` beside `{sidecar}`"));
        }
    }
    sidecars
        .into_iter()
        .filter(|(_, file)| files.contains(file))
        .collect()
}

/// Reads a small file of a delivery, which a link may not lead out of.
fn read_inside(folder: &Path, path: &str) -> Result<Vec<u8>, String> {
    let place = folder.join(path);
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    if !Links::inside(folder)
        .and_then(|links| links.follow(&place))
        .map_err(cannot)?
    {
        return Err(super::files::OUTSIDE.to_owned());
    }
    if !std::fs::metadata(&place).map_err(cannot)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(&place).map_err(cannot)?;
    file.take(MAX_CONTROL + 1)
        .read_to_end(&mut text)
        .map_err(cannot)?;
    match text.len() as u64 > MAX_CONTROL {
        true => Err(format!("is longer than {MAX_CONTROL} bytes")),
        false => Ok(text),
    }
}

/// The hash of `file` in what `sha256sum` printed.
fn hash_of(text: &[u8], file: &str) -> Result<FileHash, String> {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let part = |line: &str| {
        let (hash, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        (
            hash.to_owned(),
            name(rest.strip_prefix('*').unwrap_or(rest)),
        )
    };
    let hash = match lines.as_slice() {
        // A file that is called otherwise where it comes from.
        [line] => Some(part(line).0),
        lines => {
            let mut named = lines
                .iter()
                .map(|line| part(line))
                .filter(|p| p.1 == name(file));
            named.next().map(|p| p.0)
        }
    };
    let hash = hash.ok_or_else(|| format!("does not name `{file}`"))?;
    sha256(&hash).ok_or_else(|| "holds no SHA-256 as `sha256sum` prints it".to_owned())
}

fn sha256(hex: &str) -> Option<FileHash> {
    FileHash::try_from(hex.to_ascii_lowercase()).ok()
}

/// What a control file says.
fn claims(list: &str, text: &[u8]) -> Result<Vec<Claim>, String> {
    // Lines are counted by the LF that ends them.
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let cannot = |error: csv::Error| match error.position() {
        Some(at) => format!("cannot be read from line {} on", at.line()),
        None => "cannot be read".to_owned(),
    };
    let header = reader.headers().map_err(cannot)?.clone();
    let column = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
    let [file, rows, bytes, hash] = ["file", "rows", "bytes", "sha256"].map(column);
    let Some(file) = file else {
        return Err("has no column `file` in its header".to_owned());
    };
    if rows.or(bytes).or(hash).is_none() {
        return Err(
            "has none of the columns `rows`, `bytes` and `sha256` in its header".to_owned(),
        );
    }
    let mut claims = Vec::new();
    for record in reader.records() {
        let record = record.map_err(cannot)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).filter(|c| !c.is_empty());
        let number = |at: Option<usize>| match cell(at).map(|c| (c, c.parse::<u64>())) {
            None => Ok(None),
            Some((_, Ok(number))) => Ok(Some(number)),
            Some((cell, Err(_))) => {
                Err(format!("says `{cell}` on line {line}, which is no number"))
            }
        };
        let named = cell(Some(file)).unwrap_or_default();
        let path = named.strip_prefix("./").unwrap_or(named);
        if path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..") {
            return Err(format!(
                "names `{named}` on line {line}, which is no file inside the delivery"
            ));
        }
        let hash = match cell(hash).map(|cell| (cell, sha256(cell))) {
            None => None,
            Some((_, Some(hash))) => Some(hash),
            Some((cell, None)) => {
                return Err(format!("says `{cell}` on line {line}, which is no SHA-256"));
            }
        };
        claims.push(Claim {
            file: path.to_owned(),
            rows: number(rows)?,
            bytes: number(bytes)?,
            sha256: hash,
            by: format!("line {line} of `{list}`"),
        });
    }
    Ok(claims)
}

fn differs(file: &str, by: &str, what: &str, found: u64, said: u64) -> Option<String> {
    (found != said).then(|| format!("`{file}` has {found} {what}, and {by} says {said}"))
}

fn told(paths: &[String]) -> String {
    let quoted: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_uploads() {
        for (path, want) in [
            ("a.csv.part", Some("a.csv")),
            ("in/a.csv.FilePart", Some("in/a.csv")),
            ("a.csv.lock", Some("a.csv")),
            ("in/.part", None),
            (".tmp", None),
            ("a.csv", None),
            ("a.csv.é", None),
        ] {
            assert_eq!(unfinished(path), want, "{path}");
        }
    }

    #[test]
    fn hashes_as_sha256sum_prints_them() {
        let hash = FileHash::of(b"a").to_string();
        let other = FileHash::of(b"b").to_string();
        for text in [
            format!("{hash}  a.csv\n"),
            format!("{hash} *a.csv\r\n"),
            hash.to_uppercase(),
            format!("{hash}  elsewhere.csv\n"),
            format!("{other}  b.csv\n{hash}  ./in/a.csv\n"),
        ] {
            assert_eq!(
                hash_of(text.as_bytes(), "x/a.csv"),
                Ok(FileHash::of(b"a")),
                "{text}"
            );
        }
        for text in [
            "",
            "a.csv",
            "12ab  a.csv",
            &format!("{other}  b.csv\n{other}  c.csv\n"),
        ] {
            assert!(hash_of(text.as_bytes(), "a.csv").is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_control_file_says() {
        let hash = FileHash::of(b"a");
        let text = format!(
            "\u{feff}File, rows,extra,bytes,sha256\r\n./a.csv,3,x,,{hash}\r\n\"b.csv\",,,7,\r\n"
        );
        let claim = |file: &str, line| Claim {
            file: file.to_owned(),
            by: format!("line {line} of `c.csv`"),
            ..Claim::default()
        };
        let want = vec![
            Claim {
                rows: Some(3),
                sha256: Some(hash),
                ..claim("a.csv", 2)
            },
            Claim {
                bytes: Some(7),
                ..claim("b.csv", 3)
            },
        ];
        assert_eq!(claims("c.csv", text.as_bytes()), Ok(want));
        for (text, problem) in [
            ("", "has no column `file`"),
            ("a.csv,3\n", "has no column `file`"),
            ("file,when\n", "has none of the columns"),
            (
                "file,rows\na.csv,many\n",
                "says `many` on line 2, which is no number",
            ),
            ("file,rows\na.csv,-1\n", "says `-1` on line 2"),
            ("file,rows\n../a.csv,1\n", "names `../a.csv` on line 2"),
            ("file,rows\n/a.csv,1\n", "names `/a.csv` on line 2"),
            ("file,rows\n,1\n", "names `` on line 2"),
            (
                "file,sha256\na.csv,abc\n",
                "says `abc` on line 2, which is no SHA-256",
            ),
            ("file,rows\na.csv\n", "cannot be read from line 2 on"),
        ] {
            let found = claims("c.csv", text.as_bytes()).expect_err(text);
            assert!(found.starts_with(problem), "{found}");
        }
    }
}
