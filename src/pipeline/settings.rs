//! What a run is asked to do.

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr, sync::Arc};

use jiff::civil::Date;

use crate::{
    discrepancy::Severity,
    ingest::Reader,
    log::LogCounts,
    project::{FailOnWord, Project},
    rules::Rule,
    tables::{Limits, Table},
};

/// What a run is asked to do; nothing else decides what it does.
#[derive(Clone)]
pub struct Settings {
    /// The project's folder.
    pub project: PathBuf,
    /// The delivery; the project's own default when absent.
    pub delivery: Option<PathBuf>,
    /// Where runs are published.
    pub out: PathBuf,
    /// The date that the run takes for today; the project's for its default delivery, else `today`.
    pub as_of: Option<Date>,
    /// Today, from the clock.
    pub today: Date,
    /// From which severity on the exit code is 1; unless said the project decides.
    pub fail_on: Option<FailOn>,
    /// Which rules run.
    pub selection: Selection,
    /// Worker threads.
    pub threads: usize,
    /// Bytes that joins, sorts and groups may hold before they spill.
    pub memory_limit: usize,
    /// Where files are read whose readers may die on them.
    pub reader: Reader,
    /// Key for hidden values.
    pub key: Option<Vec<u8>>,
    /// What reading a file may cost, in place of the project's limits.
    pub limits: Option<Limits>,
    /// Hears how far the run is.
    pub progress: Arc<dyn Progress>,
}

impl Settings {
    /// What reading a file may cost.
    pub(super) fn limits<'s>(&'s self, project: &'s Project) -> &'s Limits {
        self.limits.as_ref().unwrap_or(&project.limits)
    }

    /// From which severity on the exit code is 1.
    pub(super) fn fail_on(&self, project: &Project) -> FailOn {
        self.fail_on.unwrap_or(match project.fail_on {
            FailOnWord::Blocking => FailOn::At(Severity::Blocking),
            FailOnWord::Error => FailOn::At(Severity::Error),
            FailOnWord::Warn => FailOn::At(Severity::Warn),
            FailOnWord::New => FailOn::New,
            FailOnWord::Never => FailOn::Never,
        })
    }

    /// Says that a stage begins, to the log and to whoever listens.
    pub(super) fn stage(&self, name: &str) {
        tracing::info!(stage = name, "begins");
        self.progress.stage(name);
    }
}

/// Hears how far a run is.
pub trait Progress: Send + Sync {
    /// A stage begins.
    fn stage(&self, _name: &str) {}
    /// A table's scan begins; `bytes` is what there is to read.
    fn table(&self, _name: &str, _bytes: u64) {}
    /// So many more bytes and rows of it were read.
    fn advance(&self, _bytes: u64, _rows: u64) {}
}

/// Nobody listens.
pub struct Silent;
impl Progress for Silent {}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// This severity or a worse one.
    At(Severity),
    /// A warning or worse that is new, or was gone and is there again.
    New,
    /// None.
    Never,
}

impl FailOn {
    /// Whether a log fails the run: what is waived does not.
    pub fn fails(self, log: &LogCounts) -> bool {
        let has = |counts: &BTreeMap<Severity, u64>, limit| {
            let mut found = counts.iter();
            found.any(|(severity, count)| *severity <= limit && *count > 0)
        };
        match self {
            Self::At(limit) => has(&log.unwaived, limit),
            Self::New => has(&log.fresh, Severity::Warn),
            Self::Never => false,
        }
    }
}

/// Which rules run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only rules that one of these names; all when empty.
    pub select: Vec<Selector>,
    /// No rule that one of these names.
    pub exclude: Vec<Selector>,
}

impl Selection {
    /// The selection as text: it decides outputs, so it is part of a run's identity.
    pub fn fingerprint(&self) -> String {
        if self.select.is_empty() && self.exclude.is_empty() {
            return String::new();
        }
        format!("select {:?} exclude {:?}", self.select, self.exclude)
    }

    /// Whether `rule` runs.
    pub fn includes(&self, rule: &Rule, table: &Table) -> bool {
        let named = |list: &[Selector]| list.iter().any(|s| s.names(rule, table));
        (self.select.is_empty() || named(&self.select)) && !named(&self.exclude)
    }
}

/// Names rules: by id (`*` stands for any text), `tag:`, `table:` or `dimension:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// A rule id, `*` for any text.
    Id(String),
    /// A tag.
    Tag(String),
    /// A table.
    Table(String),
    /// A dimension.
    Dimension(String),
}

impl FromStr for Selector {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once(':') {
            Some(("tag", rest)) => Self::Tag(rest.to_owned()),
            Some(("table", rest)) => Self::Table(rest.to_owned()),
            Some(("dimension", rest)) => Self::Dimension(rest.to_owned()),
            _ => Self::Id(text.to_owned()),
        })
    }
}

impl fmt::Display for Selector {
    /// As it is written on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(pattern) => f.write_str(pattern),
            Self::Tag(tag) => write!(f, "tag:{tag}"),
            Self::Table(name) => write!(f, "table:{name}"),
            Self::Dimension(word) => write!(f, "dimension:{word}"),
        }
    }
}

impl Selector {
    /// Whether it names `rule` of `table`.
    pub fn names(&self, rule: &Rule, table: &Table) -> bool {
        match self {
            Self::Id(pattern) => glob(pattern, &rule.id),
            Self::Tag(tag) => rule.tags.contains(tag),
            Self::Table(name) => table.name.as_str() == name,
            Self::Dimension(word) => rule.dimension.word() == word,
        }
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_shown_as_it_was_typed() {
        for text in [
            "a.b",
            "a.*",
            "tag:x",
            "tag:x:y",
            "table:cases",
            "dimension:validity",
            "tabel:cases",
            ":",
        ] {
            let Ok(selector) = text.parse::<Selector>();
            assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, want) in [
            ("a.b", "a.b", true),
            ("a.b", "a.bc", false),
            ("a.*", "a.b", true),
            ("*.unique", "t.c.unique", true),
            ("*.unique", "t.unique.x", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern, text), want, "{pattern} {text}");
        }
    }
}
