//! Checked names: the id of a run, a path inside a run folder, the hash of a file.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::PublishError;

/// File of a run that describes all others.
pub const MANIFEST: &str = "manifest.json";
/// Its hash, as `sha256sum` prints it.
pub const MANIFEST_SUM: &str = "manifest.sha256";

/// Longest path inside a run folder, in bytes.
const MAX_PATH: usize = 512;
/// Longest file or folder name, in bytes: what common file systems take.
const MAX_PART: usize = 255;

/// `<as_of>-<12 hex>`: the same for the same delivery, inputs, project, date and version after the same runs.
///
/// It stands in a folder's name and in a link's target, so only [`run_id`] and a strict parser make one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// What decides a run over `inputs` (path and hash of each, in any order) of a delivery, whose name stands in every row,
/// but for the runs before it.
///
/// Whatever else changes the outputs (selected rules, say) belongs into `project`.
pub fn identity(
    as_of: Date,
    delivery: &str,
    inputs: &[(&str, FileHash)],
    project: FileHash,
    version: &str,
) -> FileHash {
    let mut inputs = inputs.to_vec();
    inputs.sort_unstable();
    let mut hash = Sha256::new();
    // Lengths go before texts, so that no two different lists run together into the same bytes.
    let mut text = |t: &str| {
        hash.update((t.len() as u64).to_be_bytes());
        hash.update(t);
    };
    text("trueup run 2");
    text(&as_of.to_string());
    text(delivery);
    text(version);
    text(&project.to_string());
    for (path, file) in &inputs {
        text(path);
        text(&file.to_string());
    }
    FileHash(hash.finalize().into())
}

/// The id of the run with this [`identity`], held against the runs that `before` names; two runs with one id replace
/// each other.
pub fn run_id(as_of: Date, identity: FileHash, before: &str) -> RunId {
    let mut hex = identity.to_string();
    if !before.is_empty() {
        hex = FileHash::of(format!("{hex}\n{before}").as_bytes()).to_string();
    }
    RunId(format!("{as_of}-{}", &hex[..12]))
}

impl RunId {
    /// Checks a text.
    pub fn new(text: &str) -> Result<Self, PublishError> {
        let well_formed = text.rsplit_once('-').is_some_and(|(date, hex)| {
            let is_hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
            hex.len() == 12
                && hex.bytes().all(is_hex)
                && date.parse::<Date>().is_ok_and(|d| d.to_string() == date)
        });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(PublishError::RunId(text.to_owned()))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunId {
    type Error = PublishError;
    fn try_from(text: String) -> Result<Self, PublishError> {
        Self::new(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A relative path inside a run folder, `/` between its parts, that cannot leave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunPath(String);

impl RunPath {
    /// Checks a text.
    pub fn new(text: &str) -> Result<Self, PublishError> {
        match problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(problem) => Err(PublishError::Path {
                path: text.to_owned(),
                problem,
            }),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name says Parquet.
    pub fn is_parquet(&self) -> bool {
        self.0.ends_with(".parquet")
    }
}

/// Hidden names are refused as well: they are how scratch and leftovers are told from outputs.
fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_PATH {
        return Some("it is longer than 512 bytes");
    }
    if text.starts_with('/') {
        return Some("it is absolute");
    }
    if text == MANIFEST || text == MANIFEST_SUM {
        return Some("the manifest is written by the publishing step itself");
    }
    if text.chars().any(|c| c == '\\' || c.is_control()) {
        return Some("it holds a backslash or a control character");
    }
    text.split('/').find_map(|part| match part {
        "" => Some("a part of it is empty"),
        ".." => Some("`..` leads out of the folder"),
        _ if part.starts_with('.') => Some("a part of it starts with a dot"),
        _ if part.len() > MAX_PART => Some("a part of it is longer than 255 bytes"),
        _ => None,
    })
}

impl TryFrom<String> for RunPath {
    type Error = PublishError;
    fn try_from(text: String) -> Result<Self, PublishError> {
        Self::new(&text)
    }
}

impl From<RunPath> for String {
    fn from(path: RunPath) -> String {
        path.0
    }
}

impl fmt::Display for RunPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 hash, in files as 64 lower-case hex digits, as `sha256sum` prints it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileHash(pub [u8; 32]);

/// Why a text is no [`FileHash`].
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no SHA-256 hash: 64 lower-case hex digits, as a run prints them behind `manifest: SHA-256`"
)]
pub struct NotAHash(String);

impl FileHash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl TryFrom<String> for FileHash {
    type Error = NotAHash;
    fn try_from(text: String) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        let well = digits.len() == 64
            && bytes
                .iter_mut()
                .zip(digits.chunks_exact(2))
                .all(|(byte, pair)| match (nibble(pair[0]), nibble(pair[1])) {
                    (Some(high), Some(low)) => {
                        *byte = high << 4 | low;
                        true
                    }
                    _ => false,
                });
        if well {
            Ok(Self(bytes))
        } else {
            Err(NotAHash(text))
        }
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl From<FileHash> for String {
    fn from(hash: FileHash) -> String {
        hash.to_string()
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
