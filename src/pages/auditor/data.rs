//! The page's data: rules, and rows of the log with the records that they are about, for the script that makes the table.

use std::{collections::BTreeMap, path::Path};

use minijinja::context;
use serde_json::json;

use super::{
    Auditor,
    known::Known,
    pick::{Picked, fewer, pick},
    records::{self, Place},
    words::{count, cut},
};
use crate::{
    feeds::rows::{batches, broken, number, selection, texts},
    harmless,
    log::quota::quotas,
    pages::{PageError, render},
};

/// Most bytes of the data.
const DATA: usize = 7_000_000;
/// Most bytes of the rules among them.
const RULES: usize = 2_500_000;
/// What is tried in turn until it fits: rows, and characters of a text.
const TRIES: [(u64, usize); 9] = [
    (10_000, 1_000),
    (10_000, 300),
    (10_000, 100),
    (5_000, 100),
    (2_000, 100),
    (500, 100),
    (100, 100),
    (10, 100),
    (0, 100),
];
/// The same for the texts of rules.
const RULE_TEXTS: [usize; 4] = [1_000, 300, 80, 0];
/// Rows that are read at a time, since their texts may be long.
const FEW: usize = 64;
/// Rules that are named as told in part.
const NAMED: usize = 40;

/// Columns of the data, with the log's columns that they hold; `rule` and `record` are places.
const COLUMNS: [(&str, &str); 22] = [
    ("id", "discrepancy_id"),
    ("rule", ""),
    ("status", "status"),
    ("record_key", "record_key"),
    ("column", "column"),
    ("file", "source_file"),
    ("sheet", "source_sheet"),
    ("line", "source_line"),
    ("row", "source_row"),
    ("observed", "observed"),
    ("expected", "expected"),
    ("suggestion", "suggestion"),
    ("difference", "difference"),
    ("action", "action"),
    ("cleaned", "cleaned"),
    ("group", "group_id"),
    ("cause", "likely_cause"),
    ("waiver", "waiver_id"),
    ("first_seen", "first_seen_run"),
    ("last_seen", "last_seen_run"),
    ("message", "message"),
    ("record", ""),
];
/// What else is read of a row: facts of a rule that the project has no more.
const FACTS: [&str; 5] = ["kind", "dimension", "severity", "category", "table"];

/// The data, and what of the log is not in it.
pub struct Data {
    /// JSON, in which nothing ends a script.
    pub json: String,
    total: u64,
    told: u64,
    /// Rules told in part: id, rows, rows in the page.
    partly: Vec<(String, u64, u64)>,
    cut: usize,
}

/// Texts of rows, each once, as JSON.
pub struct Words {
    places: BTreeMap<String, usize>,
    json: String,
    longest: usize,
}

impl Words {
    fn new(longest: usize) -> Self {
        Self {
            places: BTreeMap::from([(String::new(), 0)]),
            json: "\"\"".to_owned(),
            longest,
        }
    }

    /// The place of a text, of which the beginning is kept where it is long.
    pub fn place(&mut self, text: &str) -> usize {
        let text = cut(text, self.longest);
        if let Some(place) = self.places.get(text.as_ref()) {
            return *place;
        }
        let place = self.places.len();
        self.json.push(',');
        self.json.push_str(&for_script(&json!(text).to_string()));
        self.places.insert(text.into_owned(), place);
        place
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.json.len()
    }
}

/// JSON that ends no script and acts on nobody.
pub fn for_script(json: &str) -> String {
    harmless::json(json).replace('<', "\\u003c")
}

/// Reads what the page holds of the log.
pub fn gather(
    auditor: &Auditor<'_>,
    mut rules: Vec<Known<'_>>,
    log: &Path,
) -> Result<Data, PageError> {
    if rules_json(&rules, 0).len() > RULES {
        // Tens of thousands: those that found nothing are in rule_results and reconciliations.
        rules.retain(|rule| rule.found > 0);
    }
    let counts: Vec<u64> = rules.iter().map(|rule| rule.found).collect();
    let places = rules.iter().enumerate().map(|(at, rule)| (rule.id, at));
    let places: BTreeMap<&str, usize> = places.collect();
    let quota = |rows| quotas(&counts, rows);
    let all = pick(log, &places, &quota(TRIES[0].0))?;
    let texts = rule_texts(&rules);
    let room = DATA.saturating_sub(rules_json(&rules, texts).len());
    for (rows, longest) in TRIES {
        let picked = fewer(&all, &quota(rows));
        let Some(rows) = read(auditor, &mut rules, &picked, (log, room, longest))? else {
            continue;
        };
        for (_, rule) in &picked {
            if let Some(rule) = rules.get_mut(*rule) {
                rule.told += 1;
            }
        }
        let partly = rules.iter().filter(|rule| rule.told < rule.found);
        let total = counts.iter().sum();
        let run = json!({
            "id": auditor.night.run_id,
            "project": cut(auditor.night.project, longest),
            "delivery": cut(auditor.night.delivery, longest),
            "as_of": auditor.night.as_of.to_string(),
            "published": auditor.night.is_published(),
        });
        let columns = json!(COLUMNS.map(|(name, _)| name));
        return Ok(Data {
            partly: partly
                .map(|rule| (rule.id.to_owned(), rule.found, rule.told))
                .collect(),
            json: format!(
                "{{\"version\":1,\"run\":{},\"total\":{total},\"told\":{},\"cut\":{longest},\"columns\":{columns},\n\"rules\":[{}],\n{rows}}}",
                for_script(&run.to_string()),
                picked.len(),
                rules_json(&rules, texts),
            ),
            total,
            told: picked.len() as u64,
            cut: longest,
        });
    }
    unreachable_data()
}

/// The last try holds no rows and always fits.
fn unreachable_data() -> Result<Data, PageError> {
    let source = minijinja::Error::new(
        minijinja::ErrorKind::InvalidOperation,
        "its data have no room",
    );
    Err(PageError::Template {
        page: super::PAGE.to_owned(),
        source,
    })
}

/// Characters of the texts of rules that fit.
fn rule_texts(rules: &[Known<'_>]) -> usize {
    let fits = |longest: &usize| rules_json(rules, *longest).len() <= RULES;
    RULE_TEXTS.into_iter().find(fits).unwrap_or(0)
}

fn rules_json(rules: &[Known<'_>], longest: usize) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| rule.to_json(longest)).collect();
    rules.join(",\n")
}

/// The rows as JSON; `None` where they have no room.
fn read(
    auditor: &Auditor<'_>,
    rules: &mut [Known<'_>],
    picked: &[Picked],
    (log, room, longest): (&Path, usize, usize),
) -> Result<Option<String>, PageError> {
    let mut words = Words::new(longest);
    let mut rows: Vec<Vec<Option<i64>>> = Vec::with_capacity(picked.len());
    let mut wanted: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    let places = records::Places::of(auditor.sources);
    let numbers: Vec<u64> = picked.iter().map(|(row, _)| *row).collect();
    let mut of_row = picked.iter();
    if !numbers.is_empty() {
        let columns = COLUMNS.iter().map(|(_, column)| *column);
        let columns: Vec<&str> = columns.filter(|c| !c.is_empty()).chain(FACTS).collect();
        for batch in batches(log, &columns, Some(selection(&numbers)), FEW)? {
            let batch = batch.map_err(|source| broken(log, source))?;
            let text = |name: &str, at: usize| texts(&batch, name)(at).to_owned();
            for at in 0..batch.num_rows() {
                let Some((_, rule)) = of_row.next() else {
                    break;
                };
                if let Some(known) = rules.get_mut(*rule).filter(|rule| rule.feed.is_none()) {
                    let [kind, dimension, severity, category, table] = FACTS.map(|f| text(f, at));
                    known.facts = [kind, dimension, severity, category];
                    known.table = table.into();
                }
                let line = number(&batch, "source_line", at);
                let tonight = text("last_seen_run", at) == auditor.night.run_id
                    && text("status", at) != "resolved";
                let file = (
                    text("table", at),
                    text("source_file", at),
                    text("source_sheet", at),
                );
                if tonight && let Some(place) = places.find(file, line) {
                    wanted.entry(place).or_default().push(rows.len());
                }
                let cells = COLUMNS.iter().map(|(name, column)| match *name {
                    "rule" => Some(signed(*rule)),
                    "record" => None,
                    "line" | "row" => number(&batch, column, at),
                    _ => Some(signed(words.place(texts(&batch, column)(at)))),
                });
                rows.push(cells.collect());
            }
            if words.bytes() > room {
                return Ok(None);
            }
        }
    }
    let records = records::look_up(auditor.sources, &wanted, &mut words, room);
    for (record, places) in &records.of_rows {
        for at in places {
            if let Some(cell) = rows.get_mut(*at).and_then(|row| row.last_mut()) {
                *cell = Some(signed(*record));
            }
        }
    }
    let cell = |cell: &Option<i64>| cell.map_or("null".to_owned(), |n| n.to_string());
    let row = |row: &Vec<Option<i64>>| {
        let cells: Vec<String> = row.iter().map(cell).collect();
        format!("[{}]", cells.join(","))
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    let json = format!(
        "\"words\":[{}],\n\"rows\":[{}],\n\"records\":[{}],\n\"tables\":[{}]",
        words.json,
        rows.join(",\n"),
        records.json.join(",\n"),
        records.tables.join(",\n"),
    );
    // The run, the columns and how many there are need little.
    let fits = json.len() + 10_000 <= room || picked.is_empty();
    Ok(fits.then_some(json))
}

fn signed(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

impl Data {
    /// What of the log is not in the page, and where it is; blank where all is.
    pub fn rest(&self, auditor: &Auditor<'_>) -> Result<String, PageError> {
        let named = self.partly.iter().take(NAMED).map(|(id, found, told)| {
            context! { id, found => count(*found), told => count(*told) }
        });
        let named: Vec<_> = named.collect();
        render(
            super::PAGE,
            include_str!("../assets/auditor_rest.html"),
            context! {
                sampled => !self.partly.is_empty(),
                total => count(self.total),
                told => count(self.told),
                rules => count(self.partly.len() as u64),
                example => self.partly.first().map_or("", |(id, ..)| id),
                more => self.partly.len() - named.len(),
                named,
                cut => if self.cut < TRIES[0].1 { self.cut } else { 0 },
                run => auditor.night.run_id,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_once_and_end_no_script() {
        let mut words = Words::new(3);
        assert_eq!(words.place(""), 0);
        let first = words.place("</s\u{202e}");
        assert_eq!([first, words.place("</s…"), words.place("b")], [1, 1, 2]);
        assert_eq!(words.json, r#""","\u003c/s…","b""#);
        assert_eq!(for_script("\"\u{202e}<!--\""), "\"\\u202e\\u003c!--\"");
    }
}
