//! The pages of a kind of rules or statements, and of a rule that the engine has of itself.

use super::{
    Known,
    page::{Body, Page},
};
use crate::rules::{
    Kind, OWN_NAMES, REDELIVERED, RESTATED, RULE_CHANGED, STALE, UNCLAIMED, WAIVER_EXPIRED,
    WAIVER_EXPIRING, WAIVER_FAILED, WAIVER_OUTDATED, WAIVER_OVER_BROAD, WAIVER_UNUSED,
    totals::Check,
};

/// Users that are listed unless all are asked for.
const SHOWN: usize = 20;

/// The page of a kind's word; `None` where no kind has it.
pub fn page(known: &Known<'_>, word: &str) -> Option<Page> {
    if !Kind::WORDS.contains(&word) && !Check::WORDS.contains(&word) {
        return None;
    }
    let mut page = Page::new("kind", word);
    page.add("What it checks", Body::Code(docs(word).to_owned()));
    let rules = known.project.rules.iter();
    let rules = rules.filter(|rule| rule.kind.word() == word);
    let statements = known.plan.statements.iter();
    let statements = statements.filter(|statement| statement.check.word() == word);
    let mut users: Vec<&str> = rules.map(|rule| rule.id.as_str()).collect();
    users.extend(statements.map(|statement| statement.id.value.as_str()));
    let most = if known.question.all {
        usize::MAX
    } else {
        SHOWN
    };
    let mut list: Vec<String> = users.iter().take(most).map(|id| (*id).to_owned()).collect();
    if users.len() > most {
        list.push(format!("and {} more: --all", users.len() - most));
    }
    page.add("Used in this project by", Body::Code(list.join("\n")));
    Some(page)
}

/// A kind's documentation, as it stands beside its code.
fn docs(word: &str) -> &'static str {
    let mut pages = Kind::pages().iter().chain(Check::pages());
    let page = pages.find(|page| page.word == word);
    page.map_or("", |page| &page.docs)
}

/// The page of a rule that the engine has of itself; `None` where none has the id.
pub fn own(known: &Known<'_>, id: &str) -> Option<Page> {
    let (what, why, fix) = own_words(known, id)?;
    let mut page = Page::new("rule", id);
    describe_own(what, why, fix, &mut page);
    Some(page)
}

/// What such a rule is, which the page of a discrepancy tells as well; nothing for another rule.
pub fn describe(known: &Known<'_>, id: &str, page: &mut Page) -> bool {
    let Some((what, why, fix)) = own_words(known, id) else {
        return false;
    };
    describe_own(what, why, fix, page);
    true
}

fn describe_own(what: &str, why: &str, fix: &str, page: &mut Page) {
    let facts = [
        ("expected", what),
        ("declared at", "nowhere: trueup has this rule of itself"),
    ];
    let facts = facts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    page.add("What it checks", Body::Facts(facts.into()));
    page.add("Why", Body::Prose(why.to_owned()));
    page.add("How to fix it", Body::Prose(fix.to_owned()));
}

/// The same of the rules about waivers, and of rules about rules.
fn words_of_waivers(id: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match id {
        WAIVER_EXPIRED => (
            "no waiver is past its last day",
            "What a waiver covered counts again once it has ended.",
            "Mend what it covered, or have it waived anew; remove the waiver.",
        ),
        WAIVER_OUTDATED => (
            "each waiver was granted for its rule as it is",
            "A rule that changed finds something else than what was accepted.",
            "Look at the rule, and have what it finds waived anew.",
        ),
        WAIVER_EXPIRING => (
            "no waiver ends within fourteen days",
            "What it covers counts again from the day after.",
            "Mend what it covers, or have it waived anew.",
        ),
        WAIVER_UNUSED => (
            "each waiver covers something",
            "A waiver of what is not there may one day hide what nobody looked at.",
            "Remove the waiver, or the ids in it that are not there.",
        ),
        WAIVER_OVER_BROAD => (
            "no waiver covers more than its max_rows",
            "A waiver that was granted for a few may not cover many.",
            "Narrow its condition, or have more of them waived.",
        ),
        WAIVER_FAILED => (
            "the condition of each waiver can be computed",
            "A waiver of which nobody knows what it covers covers nothing.",
            "Mend its condition.",
        ),
        RULE_CHANGED => (
            "each rule is what it was in the run before",
            "What a changed rule does not find any more was not mended by that.",
            "Nothing, where the change was meant.",
        ),
        _ => return None,
    })
}

/// What passes, why it is there, and what to do about a failure.
fn own_words(known: &Known<'_>, id: &str) -> Option<(&'static str, &'static str, &'static str)> {
    if id == UNCLAIMED {
        return Some((
            "every file of the delivery is one that a table names",
            "A file that nobody reads may be a table under a wrong name.",
            "Give the file the name that its table declares, declare a table for it, or deliver it elsewhere.",
        ));
    }
    if id == STALE {
        return Some((
            "the newest night is whole",
            "A night that lacks a file, or is still being uploaded, would pass for a whole one.",
            "Deliver the night again, whole, and run again; until then figures are of an earlier night.",
        ));
    }
    if id == REDELIVERED {
        return Some((
            "a delivery has other files than the run before",
            "The same bytes under another name or date may be a delivery that was sent twice.",
            "Ask for the night's own files, unless nothing changed since.",
        ));
    }
    if id == RESTATED {
        return Some((
            "the files of a night are those that were delivered first",
            "A night that was corrected changes what was published of it.",
            "Look at restatements: each row that was added, removed or changed.",
        ));
    }
    if let Some(words) = words_of_waivers(id) {
        return Some(words);
    }
    let (table, name) = id.rsplit_once('.')?;
    let mut tables = known.project.tables.iter();
    let own = OWN_NAMES.into_iter().find(|own| *own == name)?;
    tables.find(|declared| declared.name.as_str() == table)?;
    Some(match own {
        "rule_error" => (
            "every rule can be evaluated on every row",
            "A rule that could not run is never a pass.",
            "Mend the rule: what it did not check may be wrong.",
        ),
        "rejects" => (
            "every record can be parted into the columns of the header",
            "A record that cannot be parted into columns may be any row, and may hold many.",
            "Correct the way it is exported: a text with a delimiter, a quote or a line break must stand in quotes, and a quote in it be doubled.",
        ),
        "beside" => (
            "a file holds its header once, and nothing below its rows",
            "A header that stands there again and a footer are no rows. They are told, since a row may look like them.",
            "Export the table alone, or see in rejects/ that no row is among them and leave it so.",
        ),
        "swallowed" => (
            "no record over several lines looks like several records",
            "A quote too many or too few makes text of whole rows, and the file stays valid CSV.",
            "Compare the record with its source: a quote is probably missing or too many.",
        ),
        "columns" => (
            "every column of a file is declared",
            "A column that nobody declared was not read, and may be one under a wrong name.",
            "Declare the column, or leave it out of the export.",
        ),
        "delivered_twice" => (
            "no file of the table has the same bytes as another",
            "A file that is there twice, under two names, would count each of its rows twice; it is read once.",
            "Deliver each file once; where two files may rightly be the same, there is nothing to do.",
        ),
        "reading" => (
            "every file says how it is written, and holds nothing but its table",
            "What was guessed may be wrong, and what was passed over may have been meant to be read.",
            "Look at the file; then say in the table's `source` how it is written, or correct the export.",
        ),
        "cell_errors" => (
            "every cell holds a value, and not an error",
            "A spreadsheet shows an error where a formula failed; what it should have been nobody knows.",
            "Correct the formula in the workbook, or have the value exported.",
        ),
        "unreadable" => (
            "every file can be read",
            "A file that is damaged, or made to do harm, may hold anything; nothing of it was read.",
            "Have it delivered again; raise the limit that the message names only where the file is right.",
        ),
        "freshness" => (
            "the newest value of the table is as young as its `source` says",
            "A night that holds old rows only looks like any other, and figures stand still.",
            "Look whether the export still runs and whether the night is the right one; where the source changes more rarely, move the limits of `freshness`.",
        ),
        "volume" => (
            "the table has about as many rows as on the nights before",
            "A file that was cut off, or an export with a filter, is a valid file with too few rows.",
            "Compare the delivery with its source; where it is right, move the limits of `volume`.",
        ),
        "missing_columns" => (
            "every file has every declared column",
            "A column that a file lacks was read as blank in every row of it, so what counts it counts too little.",
            "Deliver the column; where it has another name now, write that among its `aliases`; where there is none any more, remove it.",
        ),
        "renamed_columns" => (
            "every column is delivered under its own name, and not under an alias",
            "A header that changed is a change of the export, which may mean more than another name.",
            "Nothing, if the column is the same. Where every export has the new name, the column may be renamed.",
        ),
        "reordered_columns" => (
            "the columns of every file stand in the declared order",
            "Columns are found by name, but a header over cells in the old order gives every cell to another column.",
            "Compare the file with its source; where the new order is right, declare it.",
        ),
        "retyped_columns" => (
            "most cells of every column can be read as its type",
            "Where most cells of a file cannot be read, it is not the cells that are wrong: the export writes the column otherwise.",
            "Have it exported as before, or declare the format or type that it has now.",
        ),
        _ => (
            "every file ends in a line break",
            "A file whose last line does not end may have been cut off.",
            "Compare the file with what was exported, and deliver it whole.",
        ),
    })
}
