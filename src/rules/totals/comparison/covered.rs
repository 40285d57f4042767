//! Which days figures are about.

use std::{collections::BTreeSet, fmt};

use jiff::civil::Date;

/// Days from `start` up to, but without, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// First day.
    pub start: Date,
    /// First day after.
    pub end: Date,
}

/// The day that `text` writes as `2017-01-05`, and in no other way.
pub fn day(text: &str) -> Option<Date> {
    let read = text.parse::<Date>().ok();
    read.filter(|day| day.to_string() == text)
}

impl Covered {
    /// The months, as `2016-01`; `None` where a month is covered in part or there are more than the twelve of a year.
    pub fn months(self) -> Option<Vec<String>> {
        if self.start.day() != 1 || self.end.day() != 1 {
            return None;
        }
        let number = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month()) - 1;
        let months = number(self.start)..number(self.end);
        let name = |month: i32| {
            format!(
                "{:04}-{:02}",
                month.div_euclid(12),
                month.rem_euclid(12) + 1
            )
        };
        (months.len() <= 12).then(|| months.map(name).collect())
    }

    /// The months of the calendar, 1 to 12; `None` as for [`Covered::months`].
    pub fn calendar_months(self) -> Option<BTreeSet<u32>> {
        let months = self.months()?;
        let number = |month: &String| month.rsplit('-').next()?.parse().ok();
        months.iter().map(number).collect()
    }

    /// Whether another year's figures are about the same days of the calendar.
    pub fn like(self, other: Covered) -> bool {
        match (self.calendar_months(), other.calendar_months()) {
            (Some(months), Some(others)) => months == others,
            _ => {
                let same = |one: Date, other: Date| {
                    one.month() == other.month() && one.day() == other.day()
                };
                let years = |covered: Covered| covered.end.year() - covered.start.year();
                same(self.start, other.start)
                    && same(self.end, other.end)
                    && years(self) == years(other)
            }
        }
    }

    /// How it overlaps with what is in force from `from` and until before `to`: not at all, in part, or wholly.
    pub fn within(self, from: Option<Date>, to: Option<Date>) -> Overlap {
        let begins = from.is_none_or(|from| from <= self.start);
        let lasts = to.is_none_or(|to| to >= self.end);
        let meets = from.is_none_or(|from| from < self.end) && to.is_none_or(|to| to > self.start);
        match (meets, begins && lasts) {
            (false, _) => Overlap::None,
            (true, false) => Overlap::Part,
            (true, true) => Overlap::Whole,
        }
    }
}

/// How much of a stretch of days lies in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Nothing.
    None,
    /// Some.
    Part,
    /// All.
    Whole,
}

impl fmt::Display for Covered {
    /// `2016-01 to 2016-09` for whole months, else the first and the last day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.months().as_deref() {
            Some([only]) => f.write_str(only),
            Some([first, .., last]) => write!(f, "{first} to {last}"),
            _ => {
                let last = self.end.yesterday().unwrap_or(self.end);
                write!(f, "{} to {last}", self.start)
            }
        }
    }
}
