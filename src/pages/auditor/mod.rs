//! `discrepancies.html`: what an auditor looks at after a night.
//!
//! The table of discrepancies is built by a script from data in the page; everything else is HTML made here. Parts have
//! budgets of bytes, so that the page opens at once whatever the night brought: what does not fit is told with its count and
//! where it is.

mod balance;
mod brought;
mod data;
mod head;
mod known;
mod pick;
mod proof;
mod records;
mod sign_off;
mod statements;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use minijinja::context;

pub use statements::Statements;

use super::{PageError, Shell, put, render};
use crate::{
    check::source::TableSource,
    discrepancy::Status,
    feeds::Night,
    publish::{Manifest, RunFacts, StagedRun},
};

/// Where the page stands in the run folder.
pub const PAGE: &str = "discrepancies.html";

/// What the page tells of.
pub struct Auditor<'r> {
    /// The rules, the tables and what came of them.
    pub night: &'r Night<'r>,
    /// Rows of the log of each rule by status, those that resolved among them.
    pub statuses: &'r BTreeMap<String, BTreeMap<Status, u64>>,
    /// The delivered files of each table.
    pub sources: &'r [Arc<TableSource>],
    /// What was carried on of each table.
    pub carried: Vec<Option<CarriedOn>>,
    /// The statements that disagree.
    pub statements: &'r Statements,
    /// The published nights before, the newest first.
    pub earlier: &'r [Manifest],
    /// What goes into the manifest.
    pub facts: &'r RunFacts,
    /// Rules of which nothing can be waived.
    pub unwaivable: BTreeSet<String>,
    /// Rules that were left out of the run.
    pub left_out: usize,
    /// Files that could not be read.
    pub unreadable: usize,
    /// Outputs that were not written, each with why.
    pub withheld: Vec<(String, String)>,
}

/// Rows of a table that were carried on from earlier deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedOn {
    /// The run that kept them; `None` for a first night.
    pub from: Option<String>,
    /// How many, among those that were read.
    pub rows: u64,
    /// How many of earlier deliveries were delivered again, and so were not carried on.
    pub superseded: u64,
}

/// Writes the page into the run folder.
///
/// # Errors
/// The log could not be read back, or the page not be written.
pub fn write(auditor: &Auditor<'_>, staged: &StagedRun) -> Result<(), PageError> {
    let log = staged.path("discrepancies.parquet");
    let known = known::rules(auditor);
    let data = data::gather(auditor, known, &log)?;
    let body = render(
        PAGE,
        include_str!("../assets/auditor.html"),
        context! {
            head => head::render(auditor)?,
            brought => brought::render(auditor)?,
            rest => data.rest(auditor)?,
            statements => statements::render(auditor)?,
            proof => proof::render(auditor)?,
            balance => balance::render(auditor)?,
            sign_off => sign_off::render(auditor, &staged.outputs())?,
            data => data.json,
        },
    )?;
    let title = format!(
        "Discrepancies of {}, delivery {}",
        words::short(auditor.night.project),
        words::short(auditor.night.delivery)
    );
    let shell = Shell {
        title: &title,
        style: concat!(
            include_str!("../assets/auditor_page.css"),
            include_str!("../assets/auditor.css")
        ),
        script: include_str!("../assets/auditor.js"),
    };
    put(staged, PAGE, &shell.document(&body))
}

/// As many of `count` things as `make` puts into `most` bytes of HTML; `make` is told how many, and says what is left out.
fn fitting(
    count: usize,
    most: usize,
    make: impl Fn(usize) -> Result<String, PageError>,
) -> Result<String, PageError> {
    let mut shown = count;
    loop {
        let html = make(shown)?;
        if html.len() <= most || shown == 0 {
            return Ok(html);
        }
        shown = fewer(shown, most, html.len());
    }
}

/// How many of `shown` things fit into `most` bytes, if all took `length`.
fn fewer(shown: usize, most: usize, length: usize) -> usize {
    let wanted = shown as u128 * most as u128 * 9 / (length.max(1) as u128 * 10);
    usize::try_from(wanted)
        .unwrap_or(0)
        .min(shown.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_shown_as_fit() {
        let make = |shown: usize| Ok("x".repeat(10 + shown * 100));
        for (count, most) in [(5, 1_000), (50, 1_000), (1_000_000, 5_000), (3, 1)] {
            let html = fitting(count, most, make).expect("a text");
            assert!(html.len() <= most.max(10), "{count} in {most}");
            let all = 10 + count * 100 <= most;
            assert_eq!(all, html.len() == 10 + count * 100, "{count} in {most}");
            // Four fifths of the room are used where there is more to show.
            assert!(all || most < 200 || html.len() * 5 >= most * 4, "{count}");
        }
    }
}
