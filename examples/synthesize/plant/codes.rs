//! Codes that are unknown, misspelt, in the wrong group or out of use.

use super::Planter;
use crate::calendar::YEAR_START;
use crate::reference::{Alias, Reference};
use crate::tables::{Name, Tables};

const MISSPELT: &str = "misspelt-code";

/// Two codes that a list does not know, each with what is likely the matter.
type Unknown = [(&'static str, &'static str); 2];

/// The coded columns: table, column, code list, and codes that the list does not know and no alias explains (some near
/// enough to one that a person can tell what was meant, some not), each with what is likely the matter.
#[rustfmt::skip]
const CODED: [(Name, &str, &str, Unknown); 23] = [
    (Name::People, "gender", "gender", [("Femmale", "one_edit"), ("Lady", "unknown")]),
    (Name::People, "ethnicity", "ethnicity", [("White: Britisch", "one_edit"), ("Cornish", "unknown")]),
    (Name::People, "disability", "disability", [("No Disabilityes", "one_edit"), ("Sight loss", "unknown")]),
    (Name::People, "religion", "religion", [("Buddhistt", "one_edit"), ("Jedi", "unknown")]),
    (Name::People, "sexual_orientation", "sexual_orientation", [("Bisexuel", "one_edit"), ("Undecided", "unknown")]),
    (Name::People, "communication_need", "communication_need", [("Langage", "one_edit"), ("Braille", "unknown")]),
    (Name::Referrals, "source", "referral_source", [("Leicester Crime Reports", "unknown"), ("Neighbourhood Watch", "unknown")]),
    (Name::Referrals, "occurrence_type", "occurrence_type", [("Burglary Dwelling", "near_miss"), ("Piracy", "unknown")]),
    (Name::Referrals, "consent", "yes_no", [("Yesss", "unknown"), ("Verbal", "unknown")]),
    (Name::Cases, "status", "case_status", [("Opened", "near_miss"), ("Suspended", "unknown")]),
    (Name::Cases, "closure_outcome", "closure_outcome", [("Standard - decliend", "transposition"), ("Withdrawn by client", "unknown")]),
    (Name::Cases, "area", "areas", [("Beaumont Leyes", "one_edit"), ("Groby Pool (County)", "unknown")]),
    (Name::Cases, "repeat_victim", "yes_no_unknown", [("Yea", "one_edit"), ("Sometimes", "unknown")]),
    (Name::Cases, "prior_support", "yes_no_unknown", [("Noe", "one_edit"), ("Perhaps", "unknown")]),
    (Name::Cases, "reported_before", "yes_no_na", [("Yea", "one_edit"), ("Perhaps", "unknown")]),
    (Name::Cases, "reported_after", "yes_no_na", [("Nope", "unknown"), ("Later", "unknown")]),
    (Name::ContactAttempts, "channel", "contact_channel", [("Phonne", "one_edit"), ("Pigeon", "unknown")]),
    (Name::ContactAttempts, "result", "contact_result", [("Answred", "one_edit"), ("Engaged", "unknown")]),
    (Name::NeedsAssessments, "stage", "need_stage", [("Starrt", "one_edit"), ("Interim", "unknown")]),
    (Name::NeedsAssessments, "need_area", "need_area", [("need_11", "ambiguous"), ("housing", "unknown")]),
    (Name::NeedsAssessments, "level", "need_level", [("Some Need", "unknown"), ("Extreme", "unknown")]),
    (Name::SupportActions, "action", "support_action", [("Advocacy work", "unknown"), ("Lift home", "unknown")]),
    (Name::SupportActions, "outcome", "action_outcome", [("Positiv", "one_edit"), ("Mixed", "unknown")]),
];

/// What is planted as unknown must be unknown to the project.
pub fn check_codes(reference: &Reference) -> Result<(), String> {
    for (_, _, list, codes) in CODED {
        if let Some(code) = codes
            .into_iter()
            .map(|(code, _)| code)
            .find(|code| reference.list(list).knows(code))
        {
            return Err(format!(
                "the code list {list} knows `{code}`, which is planted as an unknown code"
            ));
        }
    }
    Ok(())
}

/// # Panics
/// When the column is not coded: a misspelling in this program.
fn coded(name: Name, column: &str) -> (&'static str, Unknown) {
    match CODED
        .into_iter()
        .find(|coded| coded.0 == name && coded.1 == column)
    {
        Some((_, _, list, codes)) => (list, codes),
        None => panic!("{}.{column} has no code list", name.text()),
    }
}

impl<'r> Planter<'r, '_> {
    /// Codes that no list knows and no alias explains.
    pub(super) fn unknown_codes(&mut self, (name, rows, column): (Name, &[usize], &'static str)) {
        let first = self.findings.len();
        let causes = coded(name, column).1;
        let codes = causes.map(|(code, _)| code);
        self.spoil_all(
            "unknown-code",
            "accepted_values",
            (name, rows, column),
            &codes,
        );
        for (finding, (_, cause)) in self.findings[first..].iter_mut().zip(causes.iter().cycle()) {
            finding.cause = cause;
        }
    }

    /// Spellings that the project corrects, on any rows that have the code; codes in the wrong group and old names first.
    pub(super) fn misspellings(&mut self, name: Name, column: &'static str, in_a_block: usize) {
        let fork = self.pen.rng.fork();
        let rng = std::mem::replace(self.pen.rng, fork);
        let list = self.pen.reference.list(coded(name, column).0);
        let mut aliases: Vec<(&'r Alias, &'static str)> = (list.aliases.iter())
            .filter(|alias| list.in_force(&alias.code, YEAR_START))
            .filter_map(|alias| match alias.cause.as_str() {
                "wrong_group" => Some((alias, "wrong-group")),
                "old_name" => Some((alias, "old-name")),
                "misspelling" => Some((alias, MISSPELT)),
                _ => None,
            })
            .collect();
        self.pen.rng.shuffle(&mut aliases);
        aliases.sort_by_key(|(_, defect)| *defect == MISSPELT);
        let mut left = self.times(in_a_block);
        for (alias, defect) in aliases {
            if left == 0 {
                break;
            }
            let has_code = |tables: &Tables<'r>, row| tables.cell(name, row, column) == alias.code;
            for row in self.take(name, 1, has_code) {
                let cell = (name, row, column);
                self.spoil(defect, "accepted_values", cell, alias.alias.as_str());
                self.because(alias.cause.as_str());
                left -= 1;
            }
        }
        *self.pen.rng = rng;
    }
}
