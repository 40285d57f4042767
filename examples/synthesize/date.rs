//! Calendar dates as days since 1970-01-01, with the little arithmetic that cases need.

use std::ops::{Add, Sub};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i32);

impl Date {
    /// The day of a valid civil date (Hinnant's days-from-civil).
    pub const fn new(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year - era * 400;
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Date(era * 146_097 + day_of_era - 719_468)
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.parse::<i32>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        Some(Date::new(year, month, day))
    }

    fn civil(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days - era * 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }

    /// The same day some months later (or earlier), or the last day of a month that is shorter.
    pub fn add_months(self, months: i32) -> Self {
        let (year, month, day) = self.civil();
        let index = year * 12 + month - 1 + months;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        let last = Date::new(year + month / 12, month % 12 + 1, 1) - Date::new(year, month, 1);
        Date::new(year, month, day.min(last))
    }

    pub fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        matches!((self.0 + 3).rem_euclid(7), 5 | 6)
    }

    pub fn iso(self) -> String {
        let (year, month, day) = self.civil();
        digits(&[(year, 4), (month, 2), (day, 2)], b'-')
    }

    pub fn british(self) -> String {
        let (year, month, day) = self.civil();
        digits(&[(day, 2), (month, 2), (year, 4)], b'/')
    }
}

/// Millions of dates are written: this is several times faster than `format!`.
fn digits(parts: &[(i32, usize)], separator: u8) -> String {
    let mut text = String::with_capacity(10);
    for (index, &(number, width)) in parts.iter().enumerate() {
        if index > 0 {
            text.push(char::from(separator));
        }
        for place in (0..width as u32).rev() {
            let digit = number / 10_i32.pow(place) % 10;
            text.push(char::from(b'0' + digit as u8));
        }
    }
    text
}

impl Add<i32> for Date {
    type Output = Date;
    fn add(self, days: i32) -> Date {
        Date(self.0 + days)
    }
}

impl Sub<i32> for Date {
    type Output = Date;
    fn sub(self, days: i32) -> Date {
        Date(self.0 - days)
    }
}

impl Sub for Date {
    type Output = i32;
    fn sub(self, earlier: Date) -> i32 {
        self.0 - earlier.0
    }
}
