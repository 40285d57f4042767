//! The exports and code lists, read with nothing but a CSV reader.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// Year, month, day.
pub type Day = (u16, u8, u8);

pub struct Delivery {
    tables: BTreeMap<String, Table>,
    lists: BTreeMap<String, HashMap<String, Meaning>>,
    /// Names of places: the causes of their lines.
    places: BTreeMap<String, Vec<String>>,
}

pub struct Table {
    columns: Vec<String>,
    /// The physical line on which each row begins.
    pub lines: Vec<u64>,
    rows: Vec<Vec<String>>,
}

/// What a text means in a code list.
pub struct Meaning {
    pub code: String,
    /// The code itself, or an accepted other spelling of it.
    pub accepted: bool,
    from: Option<Day>,
    to: Option<Day>,
}

impl Meaning {
    pub fn in_force(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

impl Delivery {
    pub fn read(exports: &Path, reference: &Path) -> Self {
        let tables = [
            "cases",
            "contact_attempts",
            "needs_assessments",
            "people",
            "referrals",
            "support_actions",
        ];
        let tables = tables.map(|t| (t.to_owned(), read(&exports.join(format!("{t}.csv")))));
        let mut lists = BTreeMap::new();
        for entry in std::fs::read_dir(reference).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            // Names of places mean different codes on different days, which no rule is about.
            let list = name.strip_suffix(".csv").filter(|l| !l.contains('.'));
            if let Some(list) = list.filter(|list| *list != "places") {
                lists.insert(list.to_owned(), code_list(reference, list));
            }
        }
        Self {
            tables: tables.into(),
            lists,
            places: places(&reference.join("places.aliases.csv")),
        }
    }

    pub fn table(&self, table: &str) -> &Table {
        &self.tables[table]
    }

    /// The cells without needless white space; a blank one is none.
    pub fn texts(&self, table: &str, column: &str) -> Vec<Option<String>> {
        let table = &self.tables[table];
        let known = table.columns.iter().position(|c| c == column);
        let at = known.unwrap_or_else(|| panic!("no column {column}"));
        let texts = table.rows.iter().map(|row| one_space(&row[at]));
        texts.map(|t| (!t.is_empty()).then_some(t)).collect()
    }

    /// The cells that are dates.
    pub fn days(&self, table: &str, column: &str) -> Vec<Option<Day>> {
        let texts = self.texts(table, column);
        texts.iter().map(|t| day(t.as_deref()?)).collect()
    }

    /// Whether a text names only a part of a place.
    pub fn is_part(&self, text: &str) -> bool {
        self.places[text].iter().any(|cause| cause == "part_of")
    }

    /// Whether a text names different places on different days.
    pub fn needs_a_day(&self, text: &str) -> bool {
        self.places[text].len() > 1
    }

    /// What the cells mean in a code list.
    pub fn meanings(&self, table: &str, column: &str, list: &str) -> Vec<Option<&Meaning>> {
        let list = &self.lists[list];
        let texts = self.texts(table, column);
        texts.iter().map(|t| list.get(t.as_ref()?)).collect()
    }
}

fn places(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let causes = places.entry(row["alias"].clone()).or_default();
        causes.push(row["cause"].clone());
    }
    places
}

fn read(path: &Path) -> Table {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let columns = reader.headers().unwrap().iter().map(str::to_owned);
    let columns = columns.collect();
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.unwrap();
        lines.push(record.position().unwrap().line());
        rows.push(record.iter().map(str::to_owned).collect());
    }
    assert!(!rows.is_empty(), "{} has no row", path.display());
    Table {
        columns,
        lines,
        rows,
    }
}

fn code_list(folder: &Path, list: &str) -> HashMap<String, Meaning> {
    let mut meanings = HashMap::new();
    let mut periods = HashMap::new();
    for (file, is_alias) in [
        (format!("{list}.csv"), false),
        (format!("{list}.aliases.csv"), true),
    ] {
        let mut reader = csv::Reader::from_path(folder.join(&file)).unwrap();
        for row in reader.deserialize() {
            let row: BTreeMap<String, String> = row.unwrap();
            let code = row["code"].clone();
            let bound = |name: &str| {
                let text = row.get(name).filter(|t| !t.is_empty())?;
                Some(day(text).unwrap_or_else(|| panic!("{file}: {text} is no date")))
            };
            if !is_alias {
                periods.insert(code.clone(), (bound("valid_from"), bound("valid_to")));
            }
            let (from, to) = periods[&code];
            let text = if is_alias {
                row["alias"].clone()
            } else {
                code.clone()
            };
            let accepted = !is_alias || row["cause"] == "variant";
            let meaning = Meaning {
                code,
                accepted,
                from,
                to,
            };
            assert!(meanings.insert(text, meaning).is_none(), "{file}: {row:?}");
        }
    }
    meanings
}

/// No white space at the ends, one space where there was any inside; spaces that cannot be seen or broken count as well.
fn one_space(text: &str) -> String {
    let blank = |c: char| {
        c.is_whitespace()
            || ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'].contains(&c)
    };
    let words: Vec<&str> = text.split(blank).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

/// `2017-01-05` or `05/01/2017`, a day that the calendar has.
pub fn day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    let like = |shape: &[u8]| {
        let fits = |(s, b): (&u8, &u8)| {
            if *s == b'0' {
                b.is_ascii_digit()
            } else {
                s == b
            }
        };
        bytes.len() == shape.len() && shape.iter().zip(bytes).all(fits)
    };
    let (year, month, day) = if like(b"0000-00-00") {
        (&text[0..4], &text[5..7], &text[8..10])
    } else if like(b"00/00/0000") {
        (&text[6..10], &text[3..5], &text[0..2])
    } else {
        return None;
    };
    let (year, month, day) = (
        year.parse::<u16>().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
    );
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some((year, month, day))
}

#[test]
fn days_of_the_calendar() {
    for (text, want) in [
        ("2017-01-05", Some((2017, 1, 5))),
        ("05/01/2017", Some((2017, 1, 5))),
        ("29/02/2016", Some((2016, 2, 29))),
        ("29/02/2017", None),
        ("1900-02-29", None),
        ("2000-02-29", Some((2000, 2, 29))),
        ("31/04/2017", None),
        ("2017-13-01", None),
        ("2017-00-01", None),
        ("2017-01-00", None),
        ("5/1/2017", None),
        ("2017-01-05 ", None),
        ("2017/01/05", None),
        ("last spring", None),
        ("", None),
    ] {
        assert_eq!(day(text), want, "{text:?}");
    }
}
