//! What the author of a project did wrong: diagnostics with a place, all of them in one go.

pub mod render;
pub mod yaml;

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Range, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};

/// A text file of the project, kept so that a diagnostic can show its line.
#[derive(Debug)]
pub struct Source {
    /// Path inside the project, with `/` between folders.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A stretch of a source file.
#[derive(Clone)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// Byte range inside the file's text.
    pub bytes: Range<usize>,
}

impl Span {
    /// Line and column, from 1, columns counted in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let start = self.bytes.start.min(self.source.text.len());
        let before = self.source.text.get(..start).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.source.path)
    }
}

/// A value with the place where the project says it.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// One mistake in the project.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Where; `None` when it concerns a file that is absent.
    pub span: Option<Span>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// A short note under the caret (may be empty).
    pub label: String,
    /// What to do next, such as `did you mean …`.
    pub help: Option<String>,
    /// The lint that speaks, where a run would take the project as it is; a run refuses it for all others.
    pub lint: Option<&'static str>,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn at(span: &Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span.clone()),
            message: message.into(),
            label: String::new(),
            help: None,
            lint: None,
        }
    }

    /// A mistake without a place of its own (a file that is missing).
    pub fn nowhere(message: impl Into<String>) -> Self {
        Self {
            span: None,
            message: message.into(),
            label: String::new(),
            help: None,
            lint: None,
        }
    }

    /// Makes it a finding of `lint` alone: a run takes the project as it is.
    pub fn lint(mut self, name: &'static str) -> Self {
        self.lint = Some(name);
        self
    }

    /// Adds a note under the caret.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds the nearest of `known` to `word` as a suggestion, or all of them when they are few and none is near.
    pub fn suggest<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str>) -> Self {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_unstable();
        match nearest(word, known.iter().copied()) {
            Some(best) => self.help(format!("did you mean `{best}`?")),
            None if !known.is_empty() && known.len() <= 30 => {
                self.help(format!("known are: {}", known.join(", ")))
            }
            None => self,
        }
    }

    /// Adds what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The one of `known` that `word` was probably meant to be: one that begins like it, or else the nearest; of several that
/// are as near, the first in byte order.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), *k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count() / 4)
        .min();
    let begins = |k: &&str| {
        let (short, long) = if k.len() < word.len() {
            (*k, word)
        } else {
            (word, *k)
        };
        short.chars().count() >= 3 && long.starts_with(short)
    };
    let mut beginning = known.iter().copied().filter(begins);
    match (near, beginning.next(), beginning.next()) {
        (Some((1, best)), _, _) => Some(best),
        (_, Some(only), None) => Some(only),
        (near, _, _) => near.map(|(_, best)| best),
    }
}

/// A diagnostic as a job reads it.
#[derive(Serialize)]
pub struct DiagnosticLine<'a> {
    /// File inside the project.
    pub file: Option<&'a str>,
    /// Line from 1.
    pub line: Option<usize>,
    /// Column from 1.
    pub column: Option<usize>,
    /// `error` where a run refuses the project, else `warning`.
    pub level: &'static str,
    /// The lint that speaks.
    pub lint: Option<&'static str>,
    /// What is wrong.
    pub message: Cow<'a, str>,
    /// What to do next.
    pub help: Option<Cow<'a, str>>,
}

/// What [`At`] asks a deserializer for: `yaml` answers it with the value's place.
pub(crate) const AT_MARKER: &str = "$trueup::At";
/// The fields of that answer.
pub(crate) const AT_FIELDS: &[&str] = &["start", "end", "value"];

thread_local! {
    /// The file that is being decoded, so that places know it.
    pub(crate) static DECODING: std::cell::RefCell<Option<Arc<Source>>> = const { std::cell::RefCell::new(None) };
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AtVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for AtVisitor<T> {
            type Value = At<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<At<T>, A::Error> {
                let missing = || A::Error::custom("a place is incomplete");
                let (_, start) = map.next_entry::<String, usize>()?.ok_or_else(missing)?;
                let (_, end) = map.next_entry::<String, usize>()?.ok_or_else(missing)?;
                let (_, value) = map.next_entry::<String, T>()?.ok_or_else(missing)?;
                let source = DECODING
                    .with(|current| current.borrow().clone())
                    .ok_or_else(|| A::Error::custom("no file is being decoded"))?;
                let span = Span {
                    source,
                    bytes: start..end,
                };
                Ok(At { value, span })
            }
        }
        deserializer.deserialize_struct(AT_MARKER, AT_FIELDS, AtVisitor(PhantomData))
    }
}
