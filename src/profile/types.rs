//! Which type texts have: all readings are tried on each, and the one that reads nearly all of them is taken.

use std::collections::BTreeMap;

use crate::{
    conform::{self, FORMATS, Format},
    tables::ColumnType,
};

use super::{Place, Seen};

const DAY: i64 = 86_400_000_000;
/// Days that systems write where they know none.
const STAND_INS: [(i16, i8, i8); 6] = [
    (1, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1900, 1, 1),
    (1970, 1, 1),
    (9999, 12, 31),
];

/// Of 50 texts all but one are read as a column's type, at least.
const NEARLY: u64 = 50;

/// Tries every type on every text.
pub(super) struct Types {
    formats: Vec<Format>,
    /// Days since 1970 of the date taken for today.
    today: i32,
    stand_ins: Vec<i32>,
    /// Texts that each kind reads, and the first that it does not.
    integers: Tried<i64>,
    decimals: Tried<i128>,
    booleans: Tried<bool>,
    /// What the formats read, by which of them do.
    dates: BTreeMap<u32, Seen>,
    no_dates: Seen,
    read: Vec<Days>,
    /// Texts of digits that begin with nought.
    padded: u64,
    /// The last text that was tried as a date: exports repeat days.
    last: (String, Vec<(usize, i32)>),
}

struct Tried<T> {
    range: Option<(T, T)>,
    read: u64,
    not: Seen,
}

impl<T> Default for Tried<T> {
    fn default() -> Self {
        Self {
            range: None,
            read: 0,
            not: Seen::default(),
        }
    }
}

impl<T: Copy + PartialOrd> Tried<T> {
    fn add(&mut self, value: Option<T>, text: &str, place: Place) {
        let Some(value) = value else {
            self.not.add(text, place);
            return;
        };
        self.read += 1;
        self.range = Some(match self.range {
            None => (value, value),
            Some((least, most)) => (
                if value < least { value } else { least },
                if value > most { value } else { most },
            ),
        });
    }
}

/// Days that a format read.
#[derive(Clone, Default)]
pub(super) struct Days {
    /// By year: how many, the first and the last day, and where.
    pub years: BTreeMap<i16, (Seen, i32, i32)>,
    /// Later than the date taken for today.
    pub future: Seen,
    /// Days that stand in for none.
    pub stand_ins: Seen,
}

/// The type that a column seems to have.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The type.
    pub r#type: ColumnType,
    /// Of dates and timestamps: the formats, most usual first, and how many texts each reads.
    pub formats: Vec<(&'static str, u64)>,
    /// Whether other formats would read as much, with day and month swapped.
    pub ambiguous: bool,
    /// Texts that are none of it.
    pub unread: Seen,
    /// Least and greatest, in canonical text.
    pub range: Option<(String, String)>,
    /// What is special about the days.
    pub days: Option<DayFacts>,
    /// Whether some number is below nought.
    pub negative: bool,
}

/// What is special about days.
#[derive(Clone, Debug, Default)]
pub struct DayFacts {
    /// Later than the date taken for today.
    pub future: Seen,
    /// Days that stand in for none.
    pub stand_ins: Seen,
    /// Long before all others.
    pub old: Seen,
    /// The first day of the first year of the others.
    pub since: Option<i16>,
    /// Years between the first and the last of the others.
    pub years: i16,
}

impl Types {
    pub fn new(today: i32) -> Self {
        let stand_ins = STAND_INS.iter().filter_map(|(y, m, d)| {
            let date = jiff::civil::Date::new(*y, *m, *d).ok()?;
            conform::days(date)
        });
        Self {
            formats: FORMATS.iter().map(|(text, _)| Format::new(text)).collect(),
            today,
            stand_ins: stand_ins.collect(),
            integers: Tried::default(),
            decimals: Tried::default(),
            booleans: Tried::default(),
            dates: BTreeMap::new(),
            no_dates: Seen::default(),
            read: vec![Days::default(); FORMATS.len()],
            padded: 0,
            last: (String::new(), Vec::new()),
        }
    }

    /// Takes a text that is not blank.
    pub fn add(&mut self, text: &str, place: Place) {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let integer = conform::integer(text);
        let whole = text.strip_prefix('-').unwrap_or(text);
        let two: Vec<u8> = whole.bytes().take(2).collect();
        self.padded += u64::from(matches!(two[..], [b'0', b'0'..=b'9']));
        self.integers.add(integer, text, place);
        self.decimals.add(conform::decimal(text), text, place);
        let boolean = match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        self.booleans.add(boolean, text, place);
        if digits < 4 || text.len() > 40 {
            self.no_dates.add(text, place);
            return;
        }
        if self.last.0 != text {
            self.last = (text.to_owned(), self.days(text));
        }
        if self.last.1.is_empty() {
            self.no_dates.add(text, place);
            return;
        }
        let mut mask = 0;
        for (at, day) in &self.last.1 {
            mask |= 1 << at;
            let read = &mut self.read[*at];
            let year = year(*day);
            let seen = read
                .years
                .entry(year)
                .or_insert((Seen::default(), *day, *day));
            seen.0.add(text, place);
            seen.1 = seen.1.min(*day);
            seen.2 = seen.2.max(*day);
            if *day > self.today {
                read.future.add(text, place);
            }
            if self.stand_ins.contains(day) {
                read.stand_ins.add(text, place);
            }
        }
        self.dates.entry(mask).or_default().add(text, place);
    }

    fn days(&self, text: &str) -> Vec<(usize, i32)> {
        let formats = self.formats.iter().zip(FORMATS).enumerate();
        formats
            .filter_map(|(at, (format, (_, timed)))| {
                let day = if timed {
                    i32::try_from(format.read_moment(text)?.div_euclid(DAY)).ok()?
                } else {
                    format.read(text)?
                };
                Some((at, day))
            })
            .collect()
    }

    /// The type of `texts` texts, of which `missing` are words for a kind of missing.
    pub fn guess(&self, texts: u64, missing: u64) -> Guess {
        let as_text = Guess {
            r#type: ColumnType::String,
            formats: Vec::new(),
            ambiguous: false,
            unread: Seen::default(),
            range: None,
            days: None,
            negative: false,
        };
        let nearly =
            |read: u64| read > 0 && (texts.saturating_sub(missing + read)) * NEARLY <= read;
        if nearly(self.booleans.read) {
            return Guess {
                r#type: ColumnType::Boolean,
                unread: self.booleans.not.clone(),
                ..as_text
            };
        }
        let dates = self.dates(texts);
        if let Some(dates) = dates.filter(|g| nearly(texts.saturating_sub(g.unread.count))) {
            return dates;
        }
        if self.padded == 0 && nearly(self.integers.read) {
            return Guess {
                r#type: ColumnType::Integer,
                unread: self.integers.not.clone(),
                range: self
                    .integers
                    .range
                    .map(|(a, b)| (a.to_string(), b.to_string())),
                negative: self.integers.range.is_some_and(|(least, _)| least < 0),
                ..as_text
            };
        }
        // `0.5` begins with nought and a point; `007` is no number.
        if self.padded == 0 && nearly(self.decimals.read) {
            return Guess {
                r#type: ColumnType::Decimal,
                unread: self.decimals.not.clone(),
                range: self.decimals.range.map(|(a, b)| (tenths(a), tenths(b))),
                negative: self.decimals.range.is_some_and(|(least, _)| least < 0),
                ..as_text
            };
        }
        as_text
    }

    /// What dates, or else timestamps, make of the texts.
    fn dates(&self, texts: u64) -> Option<Guess> {
        let mut left: BTreeMap<u32, u64> = self.dates.iter().map(|(m, s)| (*m, s.count)).collect();
        let mut chosen: Vec<(usize, u64)> = Vec::new();
        let mut ambiguous = false;
        loop {
            let gain = |at: usize| -> u64 {
                let reads = left.iter().filter(|(mask, _)| *mask & (1 << at) != 0);
                reads.map(|(_, n)| n).sum()
            };
            let fits = |at: &usize| {
                chosen.iter().all(|(other, _)| {
                    FORMATS[*other].1 == FORMATS[*at].1
                        && !swapped(FORMATS[*other].0, FORMATS[*at].0)
                })
            };
            let gains = (0..FORMATS.len()).filter(fits).map(|at| (gain(at), at));
            let best = gains.max_by_key(|(gain, at)| (*gain, std::cmp::Reverse(*at)));
            // A format that reads one in 200 is meant; one that reads less may be an accident.
            let Some((read, at)) = best.filter(|(read, _)| *read > 0 && read * 200 >= texts) else {
                break;
            };
            let other = (0..FORMATS.len()).find(|o| swapped(FORMATS[*o].0, FORMATS[at].0));
            ambiguous |= other.is_some_and(|other| gain(other) == read);
            chosen.push((at, read));
            left.retain(|mask, _| mask & (1 << at) == 0);
        }
        let (first, _) = *chosen.first()?;
        // Eight digits are a date only where they are years that people live in.
        let years = &self.read[first].years;
        let plausible = |year: &i16| (1850..=2150).contains(year);
        if FORMATS[first].0 == "%Y%m%d" && !years.keys().all(plausible) {
            return None;
        }
        let mut unread = self.no_dates.clone();
        for (mask, seen) in &self.dates {
            if left.contains_key(mask) {
                unread.merge(seen);
            }
        }
        let mut days = Days::default();
        for (at, _) in &chosen {
            days.merge(&self.read[*at]);
        }
        let range = days.range();
        Some(Guess {
            r#type: match FORMATS[first].1 {
                false => ColumnType::Date,
                true => ColumnType::Timestamp,
            },
            formats: chosen.iter().map(|(at, n)| (FORMATS[*at].0, *n)).collect(),
            ambiguous,
            unread,
            range: range.map(|(a, b)| (conform::iso(a), conform::iso(b))),
            days: Some(days.facts(year(self.today))),
            negative: false,
        })
    }
}

/// Whether two formats differ in that day and month are swapped.
fn swapped(a: &str, b: &str) -> bool {
    let other = a
        .replace("%d", "%_")
        .replace("%m", "%d")
        .replace("%_", "%m");
    a != b && other == b
}

fn year(day: i32) -> i16 {
    conform::iso(day)
        .split('-')
        .next()
        .and_then(|year| year.parse().ok())
        .unwrap_or_default()
}

/// A number of ten thousandths, as text.
fn tenths(value: i128) -> String {
    let (whole, part) = (value.abs() / 10_000, value.abs() % 10_000);
    let sign = if value < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{part:04}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Days {
    fn merge(&mut self, other: &Self) {
        for (year, (seen, first, last)) in &other.years {
            let mine = self
                .years
                .entry(*year)
                .or_insert((Seen::default(), *first, *last));
            mine.0.merge(seen);
            mine.1 = mine.1.min(*first);
            mine.2 = mine.2.max(*last);
        }
        self.future.merge(&other.future);
        self.stand_ins.merge(&other.stand_ins);
    }

    fn range(&self) -> Option<(i32, i32)> {
        let first = self.years.values().map(|(_, first, _)| *first).min()?;
        let last = self.years.values().map(|(_, _, last)| *last).max()?;
        Some((first, last))
    }

    /// Years that hold next to nothing and stand ten or more before all others are old.
    fn facts(&self, this_year: i16) -> DayFacts {
        let all: u64 = self.years.values().map(|(seen, ..)| seen.count).sum();
        let years: Vec<i16> = self.years.keys().copied().collect();
        let mut before = 0;
        let mut since = years.first().copied();
        for (at, pair) in years.windows(2).enumerate() {
            before += self.years[&pair[0]].0.count;
            if before * 200 > all {
                break;
            }
            if pair[1] - pair[0] > 10 && pair[1] <= this_year {
                since = years.get(at + 1).copied();
            }
        }
        let mut old = Seen::default();
        for (year, (seen, ..)) in &self.years {
            if since.is_some_and(|since| *year < since) {
                old.merge(seen);
            }
        }
        let last = years.iter().rev().find(|year| **year <= this_year);
        DayFacts {
            future: self.future.clone(),
            stand_ins: self.stand_ins.clone(),
            old,
            since,
            years: match (since, last) {
                (Some(since), Some(last)) => (last - since).max(0),
                _ => 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(texts: &[&str], times: usize) -> Guess {
        let mut types = Types::new(17_448); // 2017-10-09
        let mut texts_seen = 0;
        for _ in 0..times {
            for text in texts {
                texts_seen += 1;
                types.add(
                    text,
                    Place {
                        file: 0,
                        line: texts_seen,
                    },
                );
            }
        }
        types.guess(texts_seen, 0)
    }

    #[test]
    fn a_type_is_what_reads_nearly_all() {
        for (texts, want) in [
            (&["1", "-2", "30"][..], ColumnType::Integer),
            (&["1", "2.5"], ColumnType::Decimal),
            (&["0.5", "-0.25"], ColumnType::Decimal),
            (&["007", "12"], ColumnType::String),
            (&["true", "false"], ColumnType::Boolean),
            (&["1", "x"], ColumnType::String),
            (&["2017-01-05", "05/01/2017"], ColumnType::Date),
            (&["20170105", "20161231"], ColumnType::Date),
            (&["20170105", "12345678"], ColumnType::Integer),
            (&["2017-01-05 10:30:00"], ColumnType::Timestamp),
            (&["5 Jan 2017"], ColumnType::String),
            (&["05 Jan 2017"], ColumnType::Date),
            (&["1e5"], ColumnType::String),
        ] {
            assert_eq!(guess(texts, 10).r#type, want, "{texts:?}");
        }
    }

    #[test]
    fn days_before_months_unless_a_text_says_otherwise() {
        let formats = |texts: &[&str]| {
            let guess = guess(texts, 1);
            let formats: Vec<&str> = guess.formats.iter().map(|(format, _)| *format).collect();
            (formats, guess.ambiguous)
        };
        assert_eq!(
            formats(&["05/01/2017", "03/04/2017"]),
            (vec!["%d/%m/%Y"], true)
        );
        assert_eq!(
            formats(&["05/01/2017", "01/13/2017"]),
            (vec!["%m/%d/%Y"], false)
        );
        assert_eq!(
            formats(&["05/01/2017", "13/01/2017"]),
            (vec!["%d/%m/%Y"], false)
        );
    }

    #[test]
    fn the_old_and_the_future_stand_apart() {
        let mut texts = vec!["1867-05-02", "2027-01-05", "1900-01-01"];
        texts.extend(std::iter::repeat_n("1980-05-17", 400));
        texts.extend(std::iter::repeat_n("2017-10-09", 400));
        let days = guess(&texts, 1).days.expect("days");
        assert_eq!(days.old.count, 2);
        assert_eq!(days.stand_ins.count, 1);
        assert_eq!(days.future.count, 1);
        assert_eq!(days.since, Some(1980));
        assert_eq!(days.years, 37);
    }
}
