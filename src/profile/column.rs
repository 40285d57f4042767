//! One column: what is gathered cell by cell, and what it comes to.

use std::collections::BTreeMap;

use arrow::array::{Array, StringArray};

use super::{
    Count, Place, Seen, codes,
    distinct::{Distinct, hash},
    keys, personal,
    shape::{Pattern, pattern, shape},
    tally::Tally,
    types::{Guess, Types},
};
use crate::{
    conform::cleaned,
    tables::{Clean, ColumnType, Missing},
};

/// Hashes kept for counting different values.
const HASHES: usize = 65_536;
/// Values and shapes that are counted one by one, and the bytes of them.
const VALUES: usize = 2_000;
const BYTES: usize = 256 << 10;
/// A column of codes has so many different ones at most, each used so often on average.
const CODES: usize = 200;
const USES: u64 = 10;
/// A code, or a part of a key, has so many characters at most.
const CODE_LENGTH: usize = 80;
/// Texts that are longer on average are prose, in which anybody may be named.
const PROSE: u64 = 60;
/// Of 200 texts one may have another shape than the pattern that is suggested.
const STRAYS: u64 = 200;
/// Of 200 texts of a column that is no text, more than one have to say one kind of missing in one word for it to be declared.
const DECLARED: u64 = 200;
/// A flaw that cleaning can mend.
const RUNS: &str = "blanks in a row";
/// Years that dates of birth span, at least.
const LIVES: i16 = 50;

/// Words that mean a kind of missing, in lower case.
const WORDS: [(Missing, &[&str]); 4] = [
    (
        Missing::NotRecorded,
        &[
            "null",
            "nan",
            "nil",
            "-",
            "--",
            ".",
            "missing",
            "blank",
            "not recorded",
            "#n/a",
            "<null>",
            "(blank)",
        ],
    ),
    (
        Missing::Unknown,
        &[
            "unknown",
            "not known",
            "n/k",
            "nk",
            "?",
            "unk",
            "don't know",
            "dont know",
            "not stated",
            "tbc",
        ],
    ),
    (
        Missing::Refused,
        &[
            "refused",
            "declined",
            "declined to say",
            "prefer not to say",
            "not disclosed",
            "withheld",
        ],
    ),
    (
        Missing::NotApplicable,
        &["n/a", "na", "n.a.", "not applicable"],
    ),
];

/// What is gathered of a column.
pub(super) struct Cells {
    name: String,
    blank: u64,
    chars: Option<(usize, usize)>,
    all_chars: u64,
    distinct: Distinct,
    values: Tally,
    shapes: Tally,
    types: Types,
    missing: BTreeMap<String, (Missing, Seen)>,
    flaws: BTreeMap<&'static str, Seen>,
}

/// What a column comes to.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its header.
    pub name: String,
    /// Cells with something in them.
    pub filled: u64,
    /// Cells without.
    pub blank: u64,
    /// The shortest and the longest text, in characters.
    pub chars: Option<(usize, usize)>,
    /// Cells whose text the suggestion declares to be missing.
    pub absent: u64,
    /// Different values.
    pub distinct: Count,
    /// Values that were seen before, those that are declared missing aside.
    pub repeated: Count,
    /// The type, and what is not of it.
    pub guess: Guess,
    /// Texts that say a kind of missing.
    pub missing: Vec<MissingText>,
    /// All values, the most usual first; none where there are too many.
    pub values: Option<Vec<(String, Seen)>>,
    /// Whether the values are codes.
    pub is_code: bool,
    /// Values like more usual ones; indexes are of `values`.
    pub near: Vec<codes::Near>,
    /// The most usual shapes.
    pub shapes: Vec<(String, u64)>,
    /// Different shapes, if they could be counted.
    pub shapes_in_all: Option<usize>,
    /// What nearly all texts look like.
    pub pattern: Option<Pattern>,
    /// What personal data it seems to hold.
    pub personal: Option<&'static str>,
    /// What looks wrong.
    pub suspects: Vec<Suspect>,
    /// Whether cleaning has to squeeze blanks.
    pub squeeze: bool,
}

/// A text that says a kind of missing.
#[derive(Clone, Debug)]
pub struct MissingText {
    /// The text.
    pub text: String,
    /// What it says.
    pub kind: Missing,
    /// How often, and where first.
    pub seen: Seen,
    /// Whether the suggestion declares it.
    pub declared: bool,
}

/// Something that looks wrong.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// In words, without values.
    pub what: String,
    /// How often, and where first.
    pub seen: Seen,
}

impl Cells {
    pub fn new(name: &str, today: i32) -> Self {
        Self {
            name: name.to_owned(),
            blank: 0,
            chars: None,
            all_chars: 0,
            distinct: Distinct::new(HASHES),
            values: Tally::new(VALUES, BYTES),
            shapes: Tally::new(VALUES, BYTES),
            types: Types::new(today),
            missing: BTreeMap::new(),
            flaws: BTreeMap::new(),
        }
    }

    /// Takes the next cells; the hash of each, none where it is blank.
    pub fn add(&mut self, texts: &StringArray, places: &[Place]) -> Vec<Option<u64>> {
        let cells = (0..texts.len()).map(|at| texts.value(at));
        cells
            .zip(places)
            .map(|(raw, place)| self.cell(raw, *place))
            .collect()
    }

    fn cell(&mut self, raw: &str, place: Place) -> Option<u64> {
        let trimmed = cleaned(raw, &[Clean::Trim]);
        let text = cleaned(&trimmed, &[Clean::Squeeze]);
        for (flaw, has) in [
            (
                "blanks at the beginning or end",
                trimmed != raw && !trimmed.is_empty(),
            ),
            (RUNS, text != trimmed),
            ("only blanks", !raw.is_empty() && trimmed.is_empty()),
            ("line breaks", trimmed.contains(['\n', '\r'])),
            (
                "control characters",
                trimmed.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r')),
            ),
            ("characters of a wrong encoding", garbled(&trimmed)),
        ] {
            if has {
                self.flaws.entry(flaw).or_default().add(raw, place);
            }
        }
        if text.is_empty() {
            self.blank += 1;
            return None;
        }
        let chars = text.chars().count();
        let (least, most) = self.chars.unwrap_or((chars, chars));
        self.chars = Some((least.min(chars), most.max(chars)));
        self.all_chars += chars as u64;
        let lower = if chars <= 20 {
            text.to_lowercase()
        } else {
            String::new()
        };
        if let Some((kind, _)) = WORDS
            .iter()
            .find(|(_, words)| words.contains(&lower.as_str()))
        {
            let of = self.missing.entry(text.clone().into_owned());
            of.or_insert((*kind, Seen::default())).1.add(&text, place);
        }
        self.values.add(&text, &text, place);
        self.shapes.add(&shape(&text), &text, place);
        self.types.add(&text, place);
        let hash = hash(text.as_ref());
        self.distinct.add(hash);
        Some(hash)
    }

    /// Whether the column may be a part of a key, as far as is known.
    pub fn may_identify(&self) -> bool {
        self.chars.is_some_and(|(_, most)| most <= CODE_LENGTH)
            && personal::by_header(&self.name).is_none()
    }

    /// What it comes to among `rows` rows.
    pub fn finish(mut self, rows: u64) -> Column {
        let filled = rows - self.blank;
        let missing: u64 = self.missing.values().map(|(_, seen)| seen.count).sum();
        let guess = self.types.guess(filled, missing);
        let missing = self.missing_texts(&guess, filled);
        let declared = missing.iter().filter(|text| text.declared);
        let absent = declared.clone().map(|text| text.seen.count).sum();
        let distinct = self.distinct.count();
        for text in declared {
            self.distinct.forget(hash(text.text.as_str()));
        }
        let personal = self.personal(&guess, filled);
        let whole = self.values.whole();
        let is_text = guess.r#type == ColumnType::String;
        let is_code = is_text
            && whole
            && personal.is_none()
            && (1..=CODES).contains(&self.values.seen.len())
            && self.values.seen.len() as u64 * USES <= filled
            && self.chars.is_some_and(|(_, most)| most <= CODE_LENGTH);
        let values: Option<Vec<(String, Seen)>> = whole.then(|| {
            let sorted = self.values.sorted();
            sorted
                .iter()
                .map(|(text, seen)| ((*text).to_owned(), (*seen).clone()))
                .collect()
        });
        let near = match &values {
            Some(values) if is_code => {
                let counts: Vec<(&str, u64)> =
                    values.iter().map(|(t, s)| (t.as_str(), s.count)).collect();
                codes::near(&counts)
            }
            _ => Vec::new(),
        };
        let sorted = self.shapes.sorted();
        let counts: Vec<(&str, u64)> = sorted.iter().map(|(s, seen)| (*s, seen.count)).collect();
        let emails = self.looks().get("e-mail addresses").copied();
        let pattern = match emails.filter(|n| filled - n <= filled / STRAYS) {
            Some(matching) => Some(Pattern {
                regex: personal::EMAIL.to_owned(),
                shown: "an e-mail address".to_owned(),
                matching,
            }),
            None if is_text && !is_code && self.shapes.whole() => pattern(&counts, filled / STRAYS),
            None => None,
        };
        let squeeze = self.flaws.contains_key(RUNS);
        let mut suspects = std::mem::take(&mut self.flaws)
            .into_iter()
            .map(|(flaw, seen)| Suspect {
                what: flaw.to_owned(),
                seen,
            })
            .collect();
        of_type(&guess, &mut suspects);
        of_pattern(pattern.as_ref(), &sorted, &mut suspects);
        of_codes(values.as_deref().unwrap_or_default(), &near, &mut suspects);
        Column {
            filled,
            blank: self.blank,
            chars: self.chars,
            absent,
            distinct,
            repeated: self.distinct.repeated(),
            missing,
            values,
            is_code,
            near,
            shapes: counts
                .iter()
                .take(3)
                .map(|(s, n)| ((*s).to_owned(), *n))
                .collect(),
            shapes_in_all: self.shapes.whole().then_some(sorted.len()),
            pattern,
            personal,
            suspects,
            squeeze,
            guess,
            name: self.name,
        }
    }

    /// Texts that say a kind of missing. In a column that is no text, one that stands there often is declared.
    fn missing_texts(&self, guess: &Guess, filled: u64) -> Vec<MissingText> {
        let is_text = guess.r#type == ColumnType::String;
        let texts = self.missing.iter().map(|(text, (kind, seen))| MissingText {
            text: text.clone(),
            kind: *kind,
            seen: seen.clone(),
            declared: !is_text && seen.count * DECLARED > filled,
        });
        texts.collect()
    }

    /// What texts look like, and how many; those of one shape look alike.
    fn looks(&self) -> BTreeMap<&'static str, u64> {
        let mut looks = BTreeMap::new();
        for seen in self.shapes.seen.values() {
            let text = seen.first.first().map_or("", |(text, _)| text.as_str());
            if let Some(what) = personal::by_text(text) {
                *looks.entry(what).or_default() += seen.count;
            }
        }
        looks
    }

    /// What personal data the column seems to hold: by its header, by half of its texts, by being prose, or by days that
    /// span lives.
    fn personal(&self, guess: &Guess, filled: u64) -> Option<&'static str> {
        if let Some(what) = personal::by_header(&self.name) {
            return Some(what);
        }
        if let Some((what, _)) = self.looks().into_iter().find(|(_, n)| n * 2 > filled) {
            return Some(what);
        }
        if guess.days.as_ref().is_some_and(|days| days.years >= LIVES) {
            return Some("dates of birth");
        }
        let is_text = guess.r#type == ColumnType::String;
        (is_text && filled > 0 && self.all_chars / filled >= PROSE).then_some("prose")
    }
}

/// UTF-8 that was read as another encoding and written again, or that could not be read.
fn garbled(text: &str) -> bool {
    let chars = text.chars().zip(text.chars().skip(1));
    text.contains('\u{fffd}')
        || chars.into_iter().any(|(a, b)| {
            matches!(a, 'Ã' | 'Â') && matches!(b, '\u{80}'..='\u{bf}')
                || a == 'â' && matches!(b, '€' | '\u{80}')
        })
}

fn of_type(guess: &Guess, suspects: &mut Vec<Suspect>) {
    let mut suspect = |what: &str, seen: &Seen| {
        if seen.count > 0 {
            suspects.push(Suspect {
                what: what.to_owned(),
                seen: seen.clone(),
            });
        }
    };
    suspect(&format!("no {}", word(guess.r#type)), &guess.unread);
    if let Some(days) = &guess.days {
        suspect("days to come", &days.future);
        suspect("days long before all others", &days.old);
        suspect("days that stand in for none", &days.stand_ins);
    }
}

fn of_pattern(pattern: Option<&Pattern>, shapes: &[(&str, &Seen)], suspects: &mut Vec<Suspect>) {
    let Some(pattern) = pattern else { return };
    let Ok(regex) = regex::Regex::new(&format!("^(?:{})$", pattern.regex)) else {
        return;
    };
    let mut strays = Seen::default();
    for (_, seen) in shapes {
        let text = seen.first.first().map_or("", |(text, _)| text.as_str());
        if !regex.is_match(text) {
            strays.merge(seen);
        }
    }
    if strays.count > 0 {
        suspects.push(Suspect {
            what: format!("another shape than {}", pattern.shown),
            seen: strays,
        });
    }
}

fn of_codes(values: &[(String, Seen)], near: &[codes::Near], suspects: &mut Vec<Suspect>) {
    let mut seen = Seen::default();
    for near in near.iter().filter(|near| !near.misspelt) {
        seen.merge(&values[near.code].1);
    }
    if seen.count > 0 {
        suspects.push(Suspect {
            what: "a usual code written otherwise".to_owned(),
            seen,
        });
    }
}

/// The word for a type in table files.
pub(super) fn word(of: ColumnType) -> &'static str {
    match of {
        ColumnType::String => "string",
        ColumnType::Integer => "integer",
        ColumnType::Decimal => "decimal",
        ColumnType::Date => "date",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Boolean => "boolean",
    }
}

impl Column {
    /// Cells that say something once what the suggestion declares missing is.
    pub fn said(&self) -> u64 {
        self.filled - self.absent
    }

    /// Whether nearly all of `rows` rows say something.
    pub fn is_filled(&self, rows: u64) -> bool {
        keys::filled(self.blank + self.absent, rows)
    }

    /// Whether each row has a value of its own, but for mistakes.
    pub fn identifies(&self, rows: u64) -> bool {
        let kind = matches!(self.guess.r#type, ColumnType::String | ColumnType::Integer);
        kind && self.personal.is_none()
            && self.chars.is_some_and(|(_, most)| most <= CODE_LENGTH)
            && self.is_filled(rows)
            && keys::identifies(self.repeated.number(), self.said())
    }

    /// Whether its name says that it identifies something.
    pub fn is_called_a_key(&self) -> bool {
        let lower = self.name.to_lowercase();
        let last = lower.rsplit(|c: char| !c.is_alphanumeric()).next();
        matches!(
            last,
            Some("id" | "ref" | "key" | "uuid" | "guid" | "number" | "no" | "reference")
        )
    }

    /// The word for its type.
    pub fn type_word(&self) -> &'static str {
        word(self.guess.r#type)
    }
}
