//! Runs the program on a copy of the project, in a temporary folder and with nothing of this machine's environment.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    ops::Index,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use tempfile::TempDir;

/// The delivery that the project reads by default.
pub const DELIVERY: &str = "fixtures/exports/2016-17";
/// Records of each export in a small delivery.
const SMALL: usize = 60;
/// The key that hides values where a test needs one.
pub const KEY: &str = "a key for tests";
/// Tables of the project.
pub const TABLES: [&str; 6] = [
    "cases",
    "contact_attempts",
    "needs_assessments",
    "people",
    "referrals",
    "support_actions",
];

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A copy of the project that a test may change.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// With the whole delivery.
    pub fn whole() -> Self {
        Self::copy_into(TempDir::new().expect("a temporary folder"))
    }

    /// With the first records of each export, which runs faster; it is the same format and the same rules.
    pub fn small() -> Self {
        let project = Self::whole();
        for table in TABLES {
            project.edit(&format!("{DELIVERY}/{table}.csv"), first_records);
        }
        project
    }

    /// Of these files alone; unless one of them is `rules/project.yaml`, it reads `delivery/`.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let project = Self {
            folder: TempDir::new().expect("a temporary folder"),
        };
        let about = "version: 1\nname: A test\ndelivery: { path: delivery, as_of: 2020-06-01 }\n";
        project.write("rules/project.yaml", about);
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, inside: &str, text: impl AsRef<[u8]>) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// With nothing in it.
    pub fn empty() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder }
    }

    fn copy_into(folder: TempDir) -> Self {
        for part in ["rules", "sql", "fixtures/published", DELIVERY] {
            copy(&repository(part), &folder.path().join(part));
        }
        Self { folder }
    }

    /// A path inside the copy.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Copies a folder of the copy to another of its folders.
    pub fn copy(&self, from: &str, to: &str) {
        copy(&self.path(from), &self.path(to));
    }

    /// Copies a folder of the repository again.
    pub fn renew(&self, part: &str) {
        copy(&repository(part), &self.path(part));
    }

    /// Changes a text file; it is a mistake of the test when nothing changes.
    pub fn edit(&self, inside: &str, change: impl FnOnce(&str) -> String) {
        let path = self.path(inside);
        let before = read(&path);
        let after = change(&before);
        assert_ne!(before, after, "{inside}: the edit changes nothing");
        fs::write(&path, after).expect("the copy can be written");
    }

    /// `trueup run`, ready for arguments.
    pub fn command(&self) -> Command {
        self.command_of("run")
    }

    /// A command of the program, ready for arguments.
    pub fn command_of(&self, name: &str) -> Command {
        let mut command = Command::new(program());
        command
            .arg(name)
            .current_dir(self.folder.path())
            .env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Runs the command with `arguments`, parted by blanks.
    pub fn run(&self, arguments: &str) -> Spoken {
        let mut command = self.command();
        Spoken::of(command.args(arguments.split_whitespace()))
    }
}

/// The program as it was when the tests began: a build that goes on meanwhile may put another in its place.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = lasting_folder("program").keep().join("trueup");
        fs::hard_link(env!("CARGO_BIN_EXE_trueup"), &program).expect("the program can be linked");
        program
    })
}

fn first_records(text: &str) -> String {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    for _ in 0..SMALL {
        assert!(reader.read_record(&mut record).expect("a CSV file"));
    }
    let end = usize::try_from(reader.position().byte()).expect("a small file");
    text[..end].to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder of the repository") {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).expect("a file can be copied");
        }
    }
}

/// What the program said.
pub struct Spoken {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Spoken {
    /// Runs `command` to its end.
    pub fn of(command: &mut Command) -> Self {
        Self::from(command.output().expect("the program starts"))
    }

    /// Fails the test with all that was said when the code is another.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl Spoken {
    /// The folder of the run, as the closing lines name it.
    pub fn folder(&self) -> String {
        let line = self.stdout.lines().last().unwrap_or_default();
        let place = line
            .strip_prefix("look next: ")
            .and_then(|l| l.split(',').next());
        let folder = place.and_then(|p| p.strip_suffix("/discrepancies.html"));
        folder
            .unwrap_or_else(|| panic!("no folder in `{line}`"))
            .to_owned()
    }
}

impl From<Output> for Spoken {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A run of the unchanged project over its whole delivery; tests share it and only read.
pub struct Fixture {
    pub project: Project,
    pub spoken: Spoken,
}

impl Fixture {
    /// A path inside the published run.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.project.path("out/current").join(inside)
    }

    /// A CSV output of the published run.
    pub fn sheet(&self, inside: &str) -> Sheet {
        Sheet::read(&self.path(inside))
    }
}

/// The run without a key.
pub fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| shared("fixture", None))
}

/// The run with [`KEY`].
pub fn keyed() -> &'static Fixture {
    static KEYED: OnceLock<Fixture> = OnceLock::new();
    KEYED.get_or_init(|| shared("keyed", Some(KEY)))
}

fn shared(name: &str, key: Option<&str>) -> Fixture {
    let project = Project::copy_into(lasting_folder(name));
    let mut command = project.command();
    command.arg("-vv");
    if let Some(key) = key {
        command.env("TRUEUP_KEY", key);
    }
    let spoken = Spoken::of(&mut command).expect(0);
    Fixture { project, spoken }
}

/// A static is never dropped, so its folder says whose it is, and those of processes that ended are removed here.
fn lasting_folder(name: &str) -> TempDir {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let entries = fs::read_dir(all).expect("Cargo's folder for tests");
    for entry in entries.map(|e| e.expect("an entry")) {
        let of = entry.file_name().to_string_lossy().into_owned();
        let owner = of.strip_prefix("shared-").and_then(|n| n.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another test process may be removing it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new()
        .prefix(&format!("shared-{}-{name}-", std::process::id()))
        .tempdir_in(all)
        .expect("a temporary folder")
}

/// A line of a CSV file, its cells by column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(BTreeMap<String, String>);

impl Index<&str> for Row {
    type Output = str;
    fn index(&self, column: &str) -> &str {
        match self.0.get(column) {
            Some(cell) => cell,
            None => panic!("no column `{column}` in {:?}", self.0.keys()),
        }
    }
}

/// A CSV file.
pub struct Sheet {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

impl Sheet {
    /// Reads it whole.
    pub fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        let header: Vec<String> = reader
            .headers()
            .expect("a header")
            .iter()
            .map(str::to_owned)
            .collect();
        let rows = reader
            .records()
            .map(|record| {
                let record = record.unwrap_or_else(|e| panic!("{path:?}: {e}"));
                let cells = record.iter().map(str::to_owned);
                Row(header.iter().cloned().zip(cells).collect())
            })
            .collect();
        Self { header, rows }
    }
}

fn parquet(path: &Path) -> SerializedFileReader<File> {
    let file = File::open(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    SerializedFileReader::new(file).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}

/// The columns of a Parquet file.
pub fn parquet_columns(path: &Path) -> Vec<String> {
    let reader = parquet(path);
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns().iter();
    columns.map(|column| column.name().to_owned()).collect()
}

/// The rows of a Parquet file, counted one by one: its footer is only believed when it says the same.
pub fn parquet_rows(path: &Path) -> usize {
    let reader = parquet(path);
    let rows = reader.get_row_iter(None).expect("a Parquet file");
    let counted = rows.inspect(|row| assert!(row.is_ok(), "{row:?}")).count();
    let footer = reader.metadata().file_metadata().num_rows();
    assert_eq!(usize::try_from(footer).ok(), Some(counted), "{path:?}");
    counted
}

/// The rows of a Parquet file, each its cells by column; null is `None`.
pub fn parquet_cells(path: &Path) -> Vec<BTreeMap<String, Option<String>>> {
    let text = |field: &Field| match field {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let reader = parquet(path);
    let rows = reader.get_row_iter(None).expect("a Parquet file");
    rows.map(|row| {
        let row = row.expect("a row");
        let cells = row.get_column_iter();
        cells
            .map(|(name, field)| (name.clone(), text(field)))
            .collect()
    })
    .collect()
}

/// The cells of a Parquet file, a line a row.
pub fn parquet_text(path: &Path) -> String {
    let reader = parquet(path);
    let rows = reader.get_row_iter(None).expect("a Parquet file");
    rows.map(|row| format!("{}\n", row.expect("a row")))
        .collect()
}

/// A text file.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}

/// The files below `folder`, by their paths inside it.
pub fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|e| panic!("{next:?}: {e}")) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(folder).expect("below the folder");
                found.insert(inside.to_string_lossy().into_owned(), path);
            }
        }
    }
    found
}
