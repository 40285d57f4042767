//! The beginning of the page: which run this is, and whether readers see it.

use minijinja::context;

use super::{Auditor, PAGE, words::counted};
use crate::pages::{PageError, words};

/// Outputs that are named as withheld.
const NAMED: usize = 20;

/// The header.
pub fn render(auditor: &Auditor<'_>) -> Result<String, PageError> {
    let night = auditor.night;
    let withheld = auditor.withheld.iter().take(NAMED);
    let withheld: Vec<_> = withheld
        .map(|(output, why)| context! { output => super::words::short(output), why })
        .collect();
    crate::pages::render(
        PAGE,
        include_str!("../assets/auditor_head.html"),
        context! {
            project => super::words::short(night.project),
            delivery => super::words::short(night.delivery),
            date => night.as_of.to_string(),
            as_of => words::date(night.as_of),
            run => night.run_id,
            why => why_kept(auditor),
            more => auditor.withheld.len() - withheld.len(),
            withheld,
        },
    )
}

/// Why readers do not see the run, and what to do; blank where they do.
fn why_kept(auditor: &Auditor<'_>) -> String {
    let night = auditor.night;
    let mut why = Vec::new();
    if auditor.unreadable > 0 {
        let files = counted(auditor.unreadable as u64, "file", "files");
        why.push(format!(
            "{files} could not be read: have them delivered again."
        ));
    }
    if night.blocked {
        why.push(
            "Something blocking was found: look at the discrepancies of severity blocking, mend what they name or waive it, then run again."
                .to_owned(),
        );
    }
    if night.trial {
        let rules = counted(auditor.left_out as u64, "rule was", "rules were");
        why.push(format!(
            "It is a trial: {rules} left out. Run without --select and --exclude."
        ));
    }
    why.join(" ")
}
