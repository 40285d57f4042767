//! What people look at: pages of HTML that need nothing but a browser, with their charts.
//!
//! Renderers get facts and render. A page is one file: no network, a content-security policy that names its own script and
//! style by hash, no clock. Values are text whatever they hold: what would act on a reader is shown as an escape.

pub mod auditor;
pub mod charts;
pub mod report;
mod shell;
pub mod words;

use std::io::Write;

pub use shell::{Shell, bare_environment, environment, escape, render, visible};

use crate::{
    feeds::FeedError,
    publish::{PublishError, StagedRun},
};

/// Why a page was not written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The run folder took no such file.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The log could not be read back.
    #[error(transparent)]
    Read(Box<FeedError>),
    /// It could not be written.
    #[error("writing {path} failed: {source}; free space in the out folder and run again")]
    Write {
        /// Inside the run folder.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// A template does not fit what it is given.
    #[error("the page {page} cannot be made: {source:#}")]
    Template {
        /// The page.
        page: String,
        /// What does not fit.
        source: minijinja::Error,
    },
}

impl From<FeedError> for PageError {
    fn from(error: FeedError) -> Self {
        Self::Read(Box::new(error))
    }
}

/// Writes a page into the run folder.
///
/// # Errors
/// The run folder takes no such file, or it could not be written.
pub fn put(staged: &StagedRun, path: &str, text: &str) -> Result<(), PageError> {
    let mut out = staged.create(path)?;
    out.write_all(text.as_bytes())
        .map_err(|source| PageError::Write {
            path: path.to_owned(),
            source,
        })?;
    Ok(out.finish(None)?)
}
