//! Marks where figures stand, and the notes below that say what is wrong with each.

use std::collections::BTreeMap;

use super::{
    Page,
    element::{cut, short},
    grid::capital,
};
use crate::{pages::escape, reconcile::Reconciliation};

/// Notes that stand open; more are folded.
const OPEN: usize = 8;
/// Notes of one kind that are shown; the auditor's page has all.
const MOST: usize = 200;
/// Characters of a sentence that are shown.
const LONGEST: usize = 1_000;

/// The notes of one table or chart.
pub struct Notes<'p, 'r> {
    page: &'p Page<'r>,
    /// What the notes' addresses begin with.
    prefix: String,
    notes: Vec<Note>,
}

/// What is wrong with one figure.
struct Note {
    /// The figure, in words.
    about: String,
    /// The statements that disagree about it.
    rows: Vec<usize>,
    /// What is said where no statement disagrees.
    said: Option<String>,
}

impl<'p, 'r> Notes<'p, 'r> {
    /// None yet.
    pub fn new(page: &'p Page<'r>, prefix: &str) -> Self {
        Self {
            page,
            prefix: prefix.to_owned(),
            notes: Vec::new(),
        }
    }

    /// The mark of a figure about which these statements disagree, or of which something else is to be said; blank for no
    /// reason.
    pub fn mark(&mut self, about: &str, rows: Vec<usize>, said: Option<String>) -> String {
        if rows.is_empty() && said.is_none() {
            return String::new();
        }
        self.notes.push(Note {
            about: about.to_owned(),
            rows,
            said,
        });
        let number = self.notes.len();
        format!(
            " <a class=\"mark\" href=\"#{0}-note-{number}\" id=\"{0}-mark-{number}\">≠<span class=\"hidden\"> disagrees:</span> note {number}</a>",
            self.prefix
        )
    }

    /// All notes, with those about the whole table first.
    pub fn html(&self, title: &str, of_table: &[usize]) -> String {
        if self.notes.is_empty() && of_table.is_empty() {
            return String::new();
        }
        let mut html = format!(
            "<div class=\"notes\"><p><strong>Notes on {}</strong></p>\n",
            short(title)
        );
        let sentences = self.page.sentences(of_table);
        let items: String = sentences
            .iter()
            .map(|s| format!("<li>{s}</li>\n"))
            .collect();
        let summary = format!("{} statements about these figures together", of_table.len());
        html.push_str(&folded(&summary, &items, sentences.len()));
        for (summary, notes) in self.groups() {
            let items: String = notes.iter().take(MOST).map(|at| self.item(*at)).collect();
            html.push_str(&folded(&summary, &items, notes.len()));
        }
        html.push_str("</div>\n");
        html
    }

    /// The notes in groups: where there are many, of the same statements, so that what they have in common is said once.
    fn groups(&self) -> Vec<(String, Vec<usize>)> {
        let all = 0..self.notes.len();
        if self.notes.len() <= OPEN {
            return vec![(String::new(), all.collect())];
        }
        let mut groups: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
        for (at, note) in self.notes.iter().enumerate() {
            let rows = note.rows.iter().filter_map(|row| self.page.marks.row(*row));
            let mut whys: Vec<&str> = rows.map(|row| row.rule.why.trim()).collect();
            whys.sort_unstable();
            whys.dedup();
            groups.entry(whys).or_default().push(at);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, notes)| notes.first().copied());
        let summary = |whys: &[&str], count: usize| match whys.is_empty() {
            true => format!("{count} figures differ by what a statement tolerates"),
            false => format!("{count} figures disagree. {}", escape(&whys.join(" "))),
        };
        let groups = groups.into_iter();
        groups
            .map(|(whys, notes)| (summary(&whys, notes.len()), notes))
            .collect()
    }

    fn item(&self, at: usize) -> String {
        let Some(note) = self.notes.get(at) else {
            return String::new();
        };
        let number = at + 1;
        let mut sentences = self.page.sentences(&note.rows);
        sentences.extend(note.said.iter().map(|said| escape(said)));
        let said = match &sentences[..] {
            [one] => one.clone(),
            several => {
                let items = several.iter().map(|s| format!("<li>{s}</li>"));
                format!("<ul>{}</ul>", items.collect::<String>())
            }
        };
        format!(
            "<li id=\"{0}-note-{number}\"><a href=\"#{0}-mark-{number}\">Note {number}</a>, {1}: {said}</li>\n",
            self.prefix,
            short(&note.about)
        )
    }
}

/// A list of items; where there are many, below a summary.
pub fn folded(summary: &str, items: &str, count: usize) -> String {
    let list = format!("<ul>\n{items}</ul>\n");
    match count {
        0 => String::new(),
        count if count <= OPEN => list,
        count => {
            let more = match count.saturating_sub(MOST) {
                0 => String::new(),
                more => format!("<p>{more} more are on the auditor’s page.</p>\n"),
            };
            format!("<details><summary>{summary}</summary>\n{list}{more}</details>\n")
        }
    }
}

impl Page<'_> {
    /// What is wrong by these statements, each thing in a sentence once, with the ways to all that is known of it.
    pub fn sentences(&self, rows: &[usize]) -> Vec<String> {
        let mut said: Vec<(String, Vec<String>)> = Vec::new();
        for row in rows.iter().filter_map(|row| self.marks.row(*row)) {
            let named = match (self.facts.discrepancy)(row) {
                Some(id) => format!("<a href=\"discrepancies.html#s-{}\">{{}}</a>", escape(&id)),
                None => "{}".to_owned(),
            };
            let way = named.replace("{}", &short(&group(&row.statement)));
            let evidence = self.evidence(row);
            match said.iter_mut().find(|(known, _)| *known == evidence) {
                Some((_, ways)) => ways.push(way),
                None => said.push((evidence, vec![way])),
            }
        }
        let said = said.into_iter();
        said.map(|(evidence, ways)| {
            format!(
                "{evidence} <span class=\"way\">See {}</span>",
                ways.join(", ")
            )
        })
        .collect()
    }

    /// The evidence with files by their names alone.
    fn evidence(&self, row: &Reconciliation) -> String {
        let mut text = row.evidence.clone();
        for file in &self.files {
            if let Some((folder, _)) = file.rsplit_once('/') {
                text = text.replace(&format!("{folder}/"), "");
            }
        }
        let text = capital(&cut(&text, LONGEST));
        format!("{}.", escape(text.trim_end_matches('.')))
    }
}

/// A group of a statement in words: `control.month (period 2016-17, category May)`.
fn group(statement: &str) -> String {
    let Some((rule, keys)) = statement.split_once('[') else {
        return statement.to_owned();
    };
    let keys: Vec<String> = keys
        .trim_end_matches(']')
        .split(';')
        .map(|key| key.replacen('=', " ", 1))
        .collect();
    format!("{rule} ({})", keys.join(", "))
}
