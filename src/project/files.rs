//! The project's files: which there are, what they hold and what they hash to.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::LoadError;
use crate::{
    diagnostics::{Diagnostic, Source, Span, nearest, yaml},
    names::Name,
};

/// Largest file of codes, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Largest file of SQL, in bytes; a query may be shorter still.
const MAX_SQL_BYTES: usize = 1 << 20;
/// What was decided about pairs that are probably the same.
const DECISIONS: &str = "rules/decisions.csv";
/// Discrepancies that somebody accepts.
pub(super) const WAIVERS: &str = "rules/waivers.yaml";
/// The sections of the report.
pub(super) const REPORT: &str = "rules/report.yaml";
/// The folder of tests.
const TESTS: &str = "rules/tests";
/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Most entries in one folder.
const MAX_ENTRIES: usize = 10_000;

/// Every file of the project.
pub struct Files {
    pub project: Arc<Source>,
    pub tables: Vec<Named>,
    pub totals: Vec<Named>,
    pub lists: Vec<Named>,
    pub aliases: Vec<Named>,
    pub correspondences: Vec<Named>,
    pub decisions: Option<Arc<Source>>,
    pub waivers: Option<Arc<Source>>,
    pub report: Option<Arc<Source>>,
    pub model: Vec<Named>,
    pub aggregates: Vec<Named>,
    pub records: Vec<Named>,
    pub tests: Vec<Named>,
    /// Paths without ending of files that are no text.
    pub unreadable: Vec<String>,
    pub hash: String,
}

/// A file that names something.
pub struct Named {
    /// Its name without the ending.
    pub stem: String,
    pub source: Arc<Source>,
}

impl Named {
    /// The file's first line, for what concerns the whole of it.
    pub fn start(&self) -> Span {
        Span {
            source: self.source.clone(),
            bytes: 0..0,
        }
    }

    /// What the file names.
    pub fn name(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Name> {
        Name::new(&self.stem)
            .map_err(|error| {
                diagnostics
                    .push(Diagnostic::at(&self.start(), error.to_string()).help("rename the file"))
            })
            .ok()
    }
}

/// Reads every file of the project in `root`, and reports those that have no meaning.
pub fn read(root: &Path, diagnostics: &mut Vec<Diagnostic>) -> Result<Files, LoadError> {
    let mut reader = Reader {
        root,
        diagnostics,
        hashes: Vec::new(),
        unreadable: Vec::new(),
    };
    if !root.join("rules/project.yaml").is_file() {
        return Err(LoadError::NoProject(root.to_owned()));
    }
    let project = reader
        .source("rules/project.yaml")?
        .unwrap_or_else(|| empty("rules/project.yaml"));
    reader.known(
        "rules",
        &[
            "project.yaml",
            "decisions.csv",
            "reference",
            "report.yaml",
            "tables",
            "tests",
            "totals",
            "waivers.yaml",
        ],
    )?;
    let decisions = match root.join(DECISIONS).exists() {
        true => reader.source(DECISIONS)?,
        false => None,
    };
    let waivers = match root.join(WAIVERS).exists() {
        true => reader.source(WAIVERS)?,
        false => None,
    };
    let report = match root.join(REPORT).exists() {
        true => reader.source(REPORT)?,
        false => None,
    };
    reader.known("sql", &["aggregates", "model", "records"])?;
    let reference = reader.folder("rules/reference", "csv")?.into_iter();
    let (aliases, others) =
        reference.partition::<Vec<_>, _>(|file| file.stem.ends_with(".aliases"));
    let (correspondences, lists) = others
        .into_iter()
        .partition::<Vec<_>, _>(|file| file.stem.ends_with(".correspondence"));
    let tables = reader.folder("rules/tables", "yaml")?;
    let totals = reader.folder("rules/totals", "yaml")?;
    let model = reader.folder("sql/model", "sql")?;
    let aggregates = reader.folder("sql/aggregates", "sql")?;
    let records = reader.folder("sql/records", "sql")?;
    let tests = reader.folder(TESTS, "yaml")?;
    if tables.is_empty()
        && !reader
            .unreadable
            .iter()
            .any(|path| path.starts_with("rules/tables/"))
    {
        let missing = Diagnostic::nowhere("the project declares no table")
            .help("write rules/tables/<table>.yaml");
        reader.diagnostics.push(missing);
    }
    let unreadable = std::mem::take(&mut reader.unreadable);
    let hash = reader.hash();
    Ok(Files {
        project,
        tables,
        totals,
        lists,
        aliases,
        correspondences,
        decisions,
        waivers,
        report,
        model,
        aggregates,
        records,
        tests,
        unreadable,
        hash,
    })
}

fn empty(path: &str) -> Arc<Source> {
    Arc::new(Source {
        path: path.to_owned(),
        text: String::new(),
    })
}

struct Reader<'r> {
    root: &'r Path,
    diagnostics: &'r mut Vec<Diagnostic>,
    /// Path and hash of each file.
    hashes: Vec<(String, String)>,
    unreadable: Vec<String>,
}

impl Reader<'_> {
    /// Reports what stands in `folder` beside `known`.
    fn known(&mut self, folder: &str, known: &[&str]) -> Result<(), LoadError> {
        for (name, is_folder) in self.entries(folder)? {
            if !known.contains(&name.as_str()) {
                if let Some(meant) = nearest(&name, known.iter().copied()).filter(|_| is_folder) {
                    for (inside, _) in self.entries(&format!("{folder}/{name}"))? {
                        self.unreadable(&format!("{folder}/{meant}"), &inside);
                    }
                }
                let message = format!("`{folder}/{name}` has no meaning in a project");
                self.diagnostics
                    .push(Diagnostic::nowhere(message).suggest(&name, known.iter().copied()));
            }
        }
        Ok(())
    }

    /// The files of `folder`, which all have to end in `ending`.
    fn folder(&mut self, folder: &str, ending: &str) -> Result<Vec<Named>, LoadError> {
        let mut files = Vec::new();
        for (name, is_folder) in self.entries(folder)? {
            match name
                .strip_suffix(ending)
                .and_then(|stem| stem.strip_suffix('.'))
            {
                Some(stem) if !is_folder => match self.source(&format!("{folder}/{name}"))? {
                    Some(source) => files.push(Named {
                        stem: stem.to_owned(),
                        source,
                    }),
                    None => self.unreadable(folder, &name),
                },
                _ => {
                    self.unreadable(folder, &name);
                    let message = format!("`{folder}/{name}` has no meaning in a project");
                    let help = format!("{folder}/ holds files that end in `.{ending}`");
                    self.diagnostics
                        .push(Diagnostic::nowhere(message).help(help));
                }
            }
        }
        Ok(files)
    }

    /// Notes a file of which nothing will be known.
    fn unreadable(&mut self, folder: &str, name: &str) {
        let stem = name.split('.').next().unwrap_or_default();
        self.unreadable.push(format!("{folder}/{stem}"));
    }

    /// Names in `folder` in byte order, each with whether it is a folder; none if it does not exist. Hidden files are left alone.
    fn entries(&mut self, folder: &str) -> Result<Vec<(String, bool)>, LoadError> {
        let path = self.root.join(folder);
        let failed = |source: io::Error| LoadError::Io {
            action: "list",
            path: path.clone(),
            source,
        };
        let listing = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut entries = Vec::new();
        for entry in listing {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                entries.push((name, entry.path().is_dir()));
            }
            if entries.len() > MAX_ENTRIES {
                let message = format!("`{folder}` holds more than {MAX_ENTRIES} files");
                self.diagnostics.push(
                    Diagnostic::nowhere(message).help("remove what does not belong to the project"),
                );
                return Ok(Vec::new());
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// The text of a file; `None` when it is none, which is then reported.
    fn source(&mut self, path: &str) -> Result<Option<Arc<Source>>, LoadError> {
        let full = self.root.join(path);
        let failed = |source: io::Error| LoadError::Io {
            action: "read",
            path: full.clone(),
            source,
        };
        let limit = match path.rsplit('.').next() {
            Some("yaml") => yaml::MAX_BYTES,
            Some("sql") => MAX_SQL_BYTES,
            _ => MAX_BYTES,
        };
        let mut bytes = Vec::new();
        let file = File::open(&full).map_err(failed)?;
        // One byte more than allowed tells a full file from one that is too large.
        file.take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() > limit {
            let message = format!("`{path}` is larger than {} MiB", limit >> 20);
            self.diagnostics
                .push(Diagnostic::nowhere(message).help("split it"));
            return Ok(None);
        }
        // Tests decide no output.
        if !path.starts_with(TESTS) {
            self.hashes
                .push((path.to_owned(), hex(&Sha256::digest(&bytes))));
        }
        // YAML and CSV know the mark that some editors put first; to SQL it would be a word.
        if path.ends_with(".sql") && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Arc::new(Source {
                path: path.to_owned(),
                text,
            }))),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes()[..at]
                    .iter()
                    .filter(|b| **b == b'\n')
                    .count();
                let message = format!("`{path}` is not UTF-8: line {line}, byte {at}");
                self.diagnostics
                    .push(Diagnostic::nowhere(message).help("save the file as UTF-8"));
                Ok(None)
            }
        }
    }

    /// Hash over the lines that `sha256sum` prints of the files, so that anyone can work it out again.
    fn hash(mut self) -> String {
        self.hashes.sort();
        let mut all = Sha256::new();
        for (path, hash) in &self.hashes {
            all.update(format!("{hash}  {path}\n"));
        }
        hex(&all.finalize())
    }
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
