//! What a decoding knows all along: its file, where to report, and what has been reported already.

use std::{cell::RefCell, fmt, ops::Range, sync::Arc};

use serde::de;

use super::{Key, Node};
use crate::diagnostics::{DECODING, Diagnostic, Source, Span, nearest};

/// Sets the file that places belong to, and puts back the one before.
pub struct Decoding(Option<Arc<Source>>);

impl Decoding {
    pub fn of(source: &Arc<Source>) -> Self {
        Self(DECODING.with(|current| current.replace(Some(source.clone()))))
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        DECODING.with(|current| *current.borrow_mut() = self.0.take());
    }
}

pub struct Context<'c> {
    source: &'c Arc<Source>,
    said: RefCell<&'c mut Vec<Diagnostic>>,
    /// Keys that were probably meant by unknown ones, each with the place of its map.
    meant: RefCell<Vec<(Range<usize>, String)>>,
}

impl<'c> Context<'c> {
    pub fn new(source: &'c Arc<Source>, diagnostics: &'c mut Vec<Diagnostic>) -> Self {
        Self {
            source,
            said: RefCell::new(diagnostics),
            meant: RefCell::default(),
        }
    }

    /// Reports a mistake.
    pub fn say(&self, diagnostic: Diagnostic) {
        self.said.borrow_mut().push(diagnostic);
    }

    /// Reports a key of `map` that none of its `known` is.
    pub fn unknown_key<'k>(
        &self,
        key: &Key,
        map: &Node,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        if let Some(meant) = nearest(&key.text, known.clone()) {
            let mut all = self.meant.borrow_mut();
            all.push((map.bytes.clone(), meant.to_owned()));
        }
        let message = format!("unknown key `{}`", key.text);
        self.say(Diagnostic::at(&self.span(key.bytes.clone()), message).suggest(&key.text, known));
    }

    pub fn span(&self, bytes: Range<usize>) -> Span {
        Span {
            source: self.source.clone(),
            bytes,
        }
    }

    /// Reports a failure that nobody has reported yet.
    pub fn settle<T>(&self, result: Result<T, Failure>, node: &Node) -> Result<T, Failure> {
        if let Err(Failure(Some(problem))) = result {
            // A key that is misspelt is not missing as well.
            let meant = |(map, key): &(Range<usize>, String)| {
                *map == node.bytes && problem.missing == Some(key.as_str())
            };
            if self.meant.borrow().iter().any(meant) {
                return Err(Failure(None));
            }
            let mut diagnostic = Diagnostic::at(&self.span(node.bytes.clone()), problem.message);
            diagnostic.help = problem.help;
            self.say(diagnostic);
            return Err(Failure(None));
        }
        result
    }
}

/// Why there is no value: the problem, or `None` once it has been reported.
#[derive(Debug)]
pub struct Failure(pub Option<Problem>);

#[derive(Debug)]
pub struct Problem {
    pub message: String,
    pub help: Option<String>,
    /// The key that is missing, where that is the matter.
    pub missing: Option<&'static str>,
}

impl Failure {
    pub fn new(message: impl Into<String>, help: Option<String>) -> Self {
        Self(Some(Problem {
            message: message.into(),
            help,
            missing: None,
        }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .as_ref()
                .map_or("reported", |problem| &problem.message),
        )
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), None)
    }
    fn missing_field(field: &'static str) -> Self {
        Self(Some(Problem {
            message: format!("`{field}` is missing"),
            help: None,
            missing: Some(field),
        }))
    }
}
