//! Dates and timestamps, read strictly: what has not exactly a declared format is none.

use std::sync::Arc;

use arrow::{
    array::{Array, Date32Builder, Int8Array, StringArray, TimestampMicrosecondBuilder},
    util::display::array_value_to_string,
};
use jiff::{
    civil::{Date, DateTime},
    fmt::strtime::BrokenDownTime,
};

use super::Made;

/// A strptime format of a date or a timestamp.
#[derive(Clone, Debug)]
pub enum Format {
    /// Years, months, days, hours, minutes and seconds with fixed widths, and literals between them.
    Fixed(Vec<Part>),
    /// Anything else, read by `jiff`.
    General(String),
}

/// A part of a [`Format::Fixed`].
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Four digits.
    Year,
    /// Two digits.
    Month,
    /// Two digits.
    Day,
    /// Two digits.
    Hour,
    /// Two digits.
    Minute,
    /// Two digits.
    Second,
    /// A byte that stands as it is.
    Literal(u8),
}

/// The first year that is read: Python and what is built on it know no earlier one.
const FIRST_YEAR: i16 = 1;
/// The last year that is read, the last of four digits.
const LAST_YEAR: i16 = 9999;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

impl Format {
    /// The format that `text` writes.
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            parts.push(match byte {
                b'%' => match bytes.next() {
                    Some(b'Y') => Part::Year,
                    Some(b'm') => Part::Month,
                    Some(b'd') => Part::Day,
                    Some(b'H') => Part::Hour,
                    Some(b'M') => Part::Minute,
                    Some(b'S') => Part::Second,
                    _ => return Self::General(text.to_owned()),
                },
                literal => Part::Literal(literal),
            });
        }
        Self::Fixed(parts)
    }

    /// Days since 1970-01-01.
    pub fn read(&self, text: &str) -> Option<i32> {
        let date = match self {
            Self::Fixed(parts) => read_fixed(parts, text.as_bytes())?.date(),
            Self::General(format) => exactly(format, text)?.to_date().ok()?,
        };
        (date.year() >= FIRST_YEAR).then(|| days(date)).flatten()
    }

    /// Microseconds since 1970-01-01T00:00:00Z; a text without offset is UTC.
    pub fn read_moment(&self, text: &str) -> Option<i64> {
        let moment = match self {
            Self::Fixed(parts) => moment(read_fixed(parts, text.as_bytes())?, 0)?,
            Self::General(format) => {
                let read = exactly(format, text)?;
                match (read.to_timestamp(), read.iana_time_zone()) {
                    (Ok(instant), _) => instant.as_microsecond(),
                    // Without an offset, or too near to the end of all years for `jiff`'s own instants.
                    (Err(_), None) => {
                        let offset = read.offset().map_or(0, jiff::tz::Offset::seconds);
                        moment(read.to_datetime().ok()?, offset)?
                    }
                    (Err(_), Some(_)) => return None,
                }
            }
        };
        let first = i64::from(days(Date::constant(FIRST_YEAR, 1, 1))?) * DAY;
        let last = i64::from(days(Date::constant(LAST_YEAR, 12, 31))?) * DAY + DAY - 1;
        (first..=last).contains(&moment).then_some(moment)
    }
}

fn read_fixed(parts: &[Part], text: &[u8]) -> Option<DateTime> {
    let (mut year, mut month, mut day) = (None, None, None);
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    let mut rest = text;
    for part in parts {
        let width = match part {
            Part::Year => 4,
            Part::Literal(_) => 1,
            _ => 2,
        };
        let (head, tail) = rest.split_at_checked(width)?;
        rest = tail;
        match part {
            Part::Year => year = Some(digits(head)?),
            Part::Month => month = Some(digits(head)?),
            Part::Day => day = Some(digits(head)?),
            Part::Hour => hour = digits(head)?,
            Part::Minute => minute = digits(head)?,
            Part::Second => second = digits(head)?,
            Part::Literal(literal) => (head[0] == *literal).then_some(())?,
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let small = |n: i16| i8::try_from(n).ok();
    DateTime::new(
        year?,
        small(month?)?,
        small(day?)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .ok()
}

fn digits(text: &[u8]) -> Option<i16> {
    text.iter().try_fold(0, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0'))
    })
}

/// What `format` reads in `text`, if it writes the same: `jiff` alone takes narrow numbers, any white space, and 60 seconds for 59.
fn exactly(format: &str, text: &str) -> Option<BrokenDownTime> {
    let read = jiff::fmt::strtime::parse(format, text).ok()?;
    let written = read.to_string(format).ok()?;
    // The blank that `%e` puts before a digit is trimmed from a cell; the zeros that end a fraction say nothing.
    let written = written.trim_start();
    let same = written.eq_ignore_ascii_case(text.trim_start())
        || ((format.contains("%.f") || format.contains("%f"))
            && without_zeros(written) == without_zeros(text));
    same.then_some(read)
}

/// `text` without the zeros at the end of the digits behind its last point.
fn without_zeros(text: &str) -> String {
    let Some((whole, rest)) = text.rsplit_once('.') else {
        return text.to_owned();
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (fraction, after) = rest.split_at(end);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{whole}{point}{fraction}{after}")
}

/// Microseconds since 1970-01-01T00:00:00Z of a time that is `offset` seconds ahead of UTC.
fn moment(time: DateTime, offset: i32) -> Option<i64> {
    let of_day = [time.hour(), time.minute(), time.second()]
        .into_iter()
        .fold(0, |n, part| n * 60 + i64::from(part));
    let fraction = i64::from(time.subsec_nanosecond()) / 1_000;
    let seconds = of_day - i64::from(offset);
    Some(i64::from(days(time.date())?) * DAY + seconds * SECOND + fraction)
}

/// Days since 1970-01-01, as Arrow's `Date32` counts.
pub(crate) fn days(date: Date) -> Option<i32> {
    let epoch = Date::constant(1970, 1, 1);
    let span = date.since((jiff::Unit::Day, epoch)).ok()?;
    Some(span.get_days())
}

/// The canonical text of a day.
pub(crate) fn iso(days_since_epoch: i32) -> String {
    let span = jiff::Span::new().days(i64::from(days_since_epoch));
    match Date::constant(1970, 1, 1).checked_add(span) {
        Ok(date) => date.to_string(),
        Err(_) => days_since_epoch.to_string(),
    }
}

/// How the dates or moments of a column may be written.
#[derive(Clone, Debug, Default)]
pub(super) struct Formats {
    /// Tried in order.
    pub all: Vec<Format>,
    /// So many of the first are as they should be; another one is repaired.
    pub usual: usize,
}

pub(super) fn read_dates(clean: &StringArray, missing: Int8Array, formats: &Formats) -> Made {
    let mut values = Date32Builder::with_capacity(clean.len());
    let mut repairs = Vec::new();
    // Exports are full of repeated days: the last one read is worth keeping.
    let mut last: (&str, Option<i32>, usize) = ("", None, 0);
    for at in 0..clean.len() {
        let text = clean.value(at);
        if missing.value(at) != 0 {
            values.append_null();
            continue;
        }
        if text != last.0 {
            let found = formats
                .all
                .iter()
                .enumerate()
                .find_map(|(i, f)| Some((f.read(text)?, i)));
            last = (text, found.map(|f| f.0), found.map_or(0, |f| f.1));
        }
        values.append_option(last.1);
        if let (Some(day), true) = (last.1, last.2 >= formats.usual) {
            repairs.push((at, iso(day), "format"));
        }
    }
    Made::typed(Arc::new(values.finish()), missing, repairs)
}

pub(super) fn read_timestamps(clean: &StringArray, missing: Int8Array, formats: &Formats) -> Made {
    let mut values = TimestampMicrosecondBuilder::with_capacity(clean.len());
    let mut repaired = Vec::new();
    for at in 0..clean.len() {
        let text = clean.value(at);
        let present = missing.value(at) == 0;
        let found = present.then(|| {
            let mut all = formats.all.iter().enumerate();
            all.find_map(|(i, f)| Some((f.read_moment(text)?, i)))
        });
        let found = found.flatten();
        values.append_option(found.map(|f| f.0));
        if found.is_some_and(|f| f.1 >= formats.usual) {
            repaired.push(at);
        }
    }
    let values = values.finish().with_timezone("+00:00");
    let canonical = |at: usize| array_value_to_string(&values, at).unwrap_or_default();
    let repairs = repaired.iter().map(|at| (*at, canonical(*at), "format"));
    let repairs = repairs.collect();
    Made::typed(Arc::new(values), missing, repairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_what_is_exactly_so() {
        let ymd = Format::new("%Y-%m-%d");
        let dmy = Format::new("%d/%m/%Y");
        for (format, text, want) in [
            (&ymd, "1970-01-01", Some(0)),
            (&ymd, "2017-01-05", Some(17171)),
            (&ymd, "1969-12-31", Some(-1)),
            (&ymd, "2016-02-29", Some(16860)),
            (&ymd, "2017-02-29", None),
            (&ymd, "2017-1-05", None),
            (&ymd, "2017-01-05 ", None),
            (&ymd, "+017-01-05", None),
            (&ymd, "20170105", None),
            (&dmy, "05/01/2017", Some(17171)),
            (&dmy, "31/02/2017", None),
            (&dmy, "2017-01-05", None),
            (&ymd, "0000-12-31", None),
            (&ymd, "0001-01-01", Some(-719_162)),
            (&ymd, "9999-12-31", Some(2_932_896)),
            (&Format::new("%d %b %Y"), "05 Jan 2017", Some(17171)),
            (&Format::new("%d %b %Y"), "05 JAN 2017", Some(17171)),
            (&Format::new("%d %b %Y"), "5 Jan 2017", None),
            (&Format::new("%d %b %Y"), "05  Jan 2017", None),
            (&Format::new("%e %b %Y"), "5 Jan 2017", Some(17171)),
        ] {
            assert_eq!(format.read(text), want, "{text}");
        }
        assert_eq!(iso(17171), "2017-01-05");
    }

    #[test]
    fn moments_have_exactly_their_format_too() {
        let day = 17171 * DAY;
        let at = |h: i64, m: i64, s: i64| Some(day + (h * 3600 + m * 60 + s) * SECOND);
        let blank = "%Y-%m-%d %H:%M:%S";
        let zulu = "%Y-%m-%dT%H:%M:%SZ";
        let offset = "%Y-%m-%d %H:%M:%S %z";
        let fraction = "%Y-%m-%d %H:%M:%S%.f";
        for (format, text, want) in [
            (blank, "2017-01-05 10:20:30", at(10, 20, 30)),
            (blank, "2017-1-5 1:1:1", None),
            (blank, "2017-01-05 23:59:60", None),
            (blank, "2017-01-05  10:20:30", None),
            (blank, "2017-01-05 10:20", None),
            (blank, "2017-01-05 24:00:00", None),
            (blank, "0000-06-01 00:00:00", None),
            (blank, "0001-01-01 00:00:00", Some(-719_162 * DAY)),
            (blank, "9999-12-31 00:00:00", Some(2_932_896 * DAY)),
            (blank, "9999-12-31 23:59:59", Some(2_932_897 * DAY - SECOND)),
            (zulu, "2017-01-05T10:20:30Z", at(10, 20, 30)),
            (zulu, "2017-01-05T10:20:30", None),
            (offset, "2017-01-05 10:20:30 +0100", at(9, 20, 30)),
            (offset, "2017-1-5 10:20:30 +0100", None),
            (offset, "2017-01-05 23:59:60 +0100", None),
            (offset, "0001-01-01 00:00:00 +0100", None),
            (offset, "9999-12-31 23:59:59 -0100", None),
            (
                offset,
                "9999-12-31 23:59:59 +0000",
                Some(2_932_897 * DAY - SECOND),
            ),
            (
                fraction,
                "2017-01-05 10:20:30.5",
                at(10, 20, 30).map(|t| t + SECOND / 2),
            ),
            (
                fraction,
                "2017-01-05 10:20:30.500",
                at(10, 20, 30).map(|t| t + SECOND / 2),
            ),
            (fraction, "2017-01-05 10:20:30", at(10, 20, 30)),
            (fraction, "2017-1-05 10:20:30.5", None),
            (
                "%Y-%m-%d %H:%M:%S.%f",
                "2017-01-05 10:20:30.500",
                at(10, 20, 30).map(|t| t + SECOND / 2),
            ),
            (
                "%Y-%m-%d %H:%M:%S%.3f",
                "2017-01-05 10:20:30.500",
                at(10, 20, 30).map(|t| t + SECOND / 2),
            ),
            ("%Y-%m-%d %H:%M:%S%.3f", "2017-01-05 10:20:30.5", None),
            (
                "%Y-%m-%dT%H:%M:%S%:z",
                "2017-01-05T10:20:30+01:00",
                at(9, 20, 30),
            ),
        ] {
            assert_eq!(
                Format::new(format).read_moment(text),
                want,
                "{format} {text}"
            );
        }
    }

    #[test]
    fn a_moment_in_a_later_format_is_a_repair() {
        let texts = ["2017-01-05 10:20:30", "2017-01-05T10:20:30Z", "", "soon"];
        let formats = Formats {
            all: ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
                .map(Format::new)
                .to_vec(),
            usual: 1,
        };
        let missing = Int8Array::from(vec![0, 0, 1, 0]);
        let made = read_timestamps(&StringArray::from(texts.to_vec()), missing, &formats);
        let want = vec![(1, "2017-01-05T10:20:30Z".to_owned(), "format")];
        assert_eq!(made.repairs, want);
        assert_eq!(made.value.null_count(), 2);
    }
}
