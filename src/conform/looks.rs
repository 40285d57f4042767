//! What texts look like that cannot be read as their column's type, and how many they are.

use std::{collections::BTreeMap, sync::LazyLock};

use arrow::array::{Array, StringArray};

use super::{Format, Made, decimal, integer};
use crate::tables::ColumnType;

/// Formats that are tried; `true` has a time of day. Those before are preferred where two read as much.
pub const FORMATS: [(&str, bool); 22] = [
    ("%Y-%m-%d", false),
    ("%d/%m/%Y", false),
    ("%m/%d/%Y", false),
    ("%d-%m-%Y", false),
    ("%m-%d-%Y", false),
    ("%d.%m.%Y", false),
    ("%Y/%m/%d", false),
    ("%Y%m%d", false),
    ("%d %b %Y", false),
    ("%d-%b-%Y", false),
    ("%d %B %Y", false),
    ("%B %d, %Y", false),
    ("%Y-%m-%d %H:%M:%S", true),
    ("%Y-%m-%dT%H:%M:%S", true),
    ("%Y-%m-%dT%H:%M:%SZ", true),
    ("%Y-%m-%d %H:%M", true),
    ("%Y-%m-%dT%H:%M", true),
    ("%d/%m/%Y %H:%M:%S", true),
    ("%d/%m/%Y %H:%M", true),
    ("%m/%d/%Y %H:%M:%S", true),
    ("%m/%d/%Y %H:%M", true),
    ("%Y-%m-%dT%H:%M:%S%:z", true),
];
static READERS: LazyLock<Vec<Format>> =
    LazyLock::new(|| FORMATS.iter().map(|(text, _)| Format::new(text)).collect());

/// Cells of a chunk's column that are looked at.
const LOOKED: u32 = 1_000;

/// The cells of each column that has a type, by its index: what they come to in a part of a file.
#[derive(Clone, Debug, Default)]
pub struct Readings(BTreeMap<usize, Reading>);

/// The cells of one column.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Those that say something.
    pub present: u64,
    /// Of these, those that cannot be read as the column's type.
    pub unread: u64,
    looks: Looks,
}

/// What texts look like.
#[derive(Clone, Debug, Default)]
struct Looks {
    looked: u32,
    integers: u32,
    decimals: u32,
    booleans: u32,
    /// For each of [`FORMATS`] the texts that it reads.
    days: BTreeMap<usize, u32>,
}

impl Readings {
    /// The columns, by their index.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &Reading)> {
        self.0.iter().map(|(column, reading)| (*column, reading))
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: Self) {
        for (column, other) in other.0 {
            let reading = self.0.entry(column).or_default();
            reading.present += other.present;
            reading.unread += other.unread;
            reading.looks.merge(&other.looks);
        }
    }

    /// Takes the cells of a column; `looked` says how many of its chunk have been looked at.
    pub(super) fn add(
        &mut self,
        column: usize,
        clean: &StringArray,
        made: &Made,
        looked: &mut u32,
    ) {
        let reading = self.0.entry(column).or_default();
        let status = &made.type_status;
        reading.present += (status.len() - status.null_count()) as u64;
        let unread = status.false_count();
        reading.unread += unread as u64;
        if unread == 0 || *looked >= LOOKED {
            return;
        }
        let is_unread = |at: &usize| status.is_valid(*at) && !status.value(*at);
        let left = (LOOKED - *looked) as usize;
        for at in (0..status.len()).filter(is_unread).take(left) {
            reading.looks.add(clean.value(at));
            *looked += 1;
        }
    }
}

impl Reading {
    /// What most of the cells that could not be read as `ty` look like, in words.
    pub fn like(&self, ty: ColumnType) -> String {
        self.looks.most(ty)
    }
}

impl Looks {
    fn add(&mut self, text: &str) {
        self.looked += 1;
        self.integers += u32::from(integer(text).is_some());
        self.decimals += u32::from(decimal(text).is_some());
        self.booleans += u32::from(matches!(text, "true" | "false"));
        if text.len() > 40 || text.bytes().filter(u8::is_ascii_digit).count() < 4 {
            return;
        }
        for (at, (format, (_, timed))) in READERS.iter().zip(FORMATS).enumerate() {
            let reads = match timed {
                true => format.read_moment(text).is_some(),
                false => format.read(text).is_some(),
            };
            if reads {
                *self.days.entry(at).or_default() += 1;
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.looked += other.looked;
        self.integers += other.integers;
        self.decimals += other.decimals;
        self.booleans += other.booleans;
        for (format, count) in &other.days {
            *self.days.entry(*format).or_default() += count;
        }
    }

    fn most(&self, ty: ColumnType) -> String {
        let is_most = |count: u32| 2 * u64::from(count) > u64::from(self.looked);
        let days = || {
            let most = self.days.values().copied().max().filter(|n| is_most(*n))?;
            let best = self.days.iter().filter(|(_, count)| **count == most);
            let formats: Vec<&(&str, bool)> = best.map(|(at, _)| &FORMATS[*at]).collect();
            let what = match formats.first()?.1 {
                true => "dates with a time",
                false => "dates",
            };
            let formats: Vec<String> = formats.iter().map(|(f, _)| format!("`{f}`")).collect();
            Some(format!("{what} as {}", formats.join(" or ")))
        };
        let others = || {
            [
                (self.booleans, "booleans"),
                (self.integers, "whole numbers"),
                (self.decimals, "decimals"),
            ]
            .into_iter()
            .find_map(|(count, what)| is_most(count).then(|| what.to_owned()))
        };
        // Eight digits may be a date or a number: what the column holds otherwise decides.
        let found = match ty {
            ColumnType::Date | ColumnType::Timestamp => days().or_else(others),
            _ => others().or_else(days),
        };
        found.unwrap_or_else(|| "text".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_texts_decide_what_they_look_like() {
        let (date, integer) = (ColumnType::Date, ColumnType::Integer);
        for (texts, ty, want) in [
            (
                &["25/01/2017", "05/01/2017", "x"][..],
                date,
                "dates as `%d/%m/%Y`",
            ),
            (&["05/01/2017"], date, "dates as `%d/%m/%Y` or `%m/%d/%Y`"),
            (&["20170105", "20170106"], date, "dates as `%Y%m%d`"),
            (&["20170105", "20170106"], integer, "whole numbers"),
            (
                &["2017-01-05 10:30"],
                date,
                "dates with a time as `%Y-%m-%d %H:%M`",
            ),
            (&["2017-01-05"], ColumnType::Boolean, "dates as `%Y-%m-%d`"),
            (&["43101", "43102"], date, "whole numbers"),
            (&["1.5", "2", "x"], integer, "decimals"),
            (&["true", "false", "1"], integer, "booleans"),
            (&["1.5", "x"], integer, "text"),
            (&["\u{a3}1.50"], ColumnType::Decimal, "text"),
        ] {
            let mut looks = Looks::default();
            texts.iter().for_each(|text| looks.add(text));
            assert_eq!(looks.most(ty), want, "{texts:?}");
        }
    }
}
