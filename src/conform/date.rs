//! Dates and timestamps, read strictly: what has not exactly a declared format is none.

use std::sync::Arc;

use arrow::array::{Array, Date32Builder, Int8Array, StringArray, TimestampMicrosecondBuilder};
use jiff::civil::Date;

use super::Made;

/// A strptime format of a date.
#[derive(Clone, Debug)]
pub(super) enum Format {
    /// `%Y`, `%m` and `%d` with fixed widths and literals between them.
    Fixed(Vec<Part>),
    /// Anything else, read by `jiff`.
    General(String),
}

/// A part of a [`Format::Fixed`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Year,
    Month,
    Day,
    Literal(u8),
}

impl Format {
    pub(super) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            parts.push(match byte {
                b'%' => match bytes.next() {
                    Some(b'Y') => Part::Year,
                    Some(b'm') => Part::Month,
                    Some(b'd') => Part::Day,
                    _ => return Self::General(text.to_owned()),
                },
                literal => Part::Literal(literal),
            });
        }
        Self::Fixed(parts)
    }

    /// Days since 1970-01-01.
    fn read(&self, text: &str) -> Option<i32> {
        match self {
            Self::Fixed(parts) => read_fixed(parts, text.as_bytes()),
            Self::General(format) => {
                let date = jiff::fmt::strtime::parse(format, text)
                    .ok()?
                    .to_date()
                    .ok()?;
                days(date)
            }
        }
    }
}

fn read_fixed(parts: &[Part], text: &[u8]) -> Option<i32> {
    let (mut year, mut month, mut day) = (None, None, None);
    let mut rest = text;
    for part in parts {
        let width = match part {
            Part::Year => 4,
            Part::Month | Part::Day => 2,
            Part::Literal(_) => 1,
        };
        let (head, tail) = rest.split_at_checked(width)?;
        rest = tail;
        match part {
            Part::Year => year = Some(digits(head)?),
            Part::Month => month = Some(digits(head)?),
            Part::Day => day = Some(digits(head)?),
            Part::Literal(literal) => (head[0] == *literal).then_some(())?,
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let date = Date::new(
        i16::try_from(year?).ok()?,
        i8::try_from(month?).ok()?,
        i8::try_from(day?).ok()?,
    );
    days(date.ok()?)
}

fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + i32::from(b - b'0'))
    })
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

pub(super) fn read_dates(clean: &StringArray, missing: Int8Array, formats: &[Format]) -> Made {
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
                .iter()
                .enumerate()
                .find_map(|(i, f)| Some((f.read(text)?, i)));
            last = (text, found.map(|f| f.0), found.map_or(0, |f| f.1));
        }
        values.append_option(last.1);
        if let (Some(day), true) = (last.1, last.2 > 0) {
            repairs.push((at, iso(day), "format"));
        }
    }
    Made::typed(Arc::new(values.finish()), missing, repairs)
}

pub(super) fn read_timestamps(clean: &StringArray, missing: Int8Array, formats: &[String]) -> Made {
    let mut values = TimestampMicrosecondBuilder::with_capacity(clean.len());
    for at in 0..clean.len() {
        let found = (missing.value(at) == 0)
            .then(|| {
                formats
                    .iter()
                    .find_map(|f| read_timestamp(clean.value(at), f))
            })
            .flatten();
        values.append_option(found);
    }
    let values = values.finish().with_timezone("+00:00");
    Made::typed(Arc::new(values), missing, Vec::new())
}

/// Microseconds since 1970-01-01T00:00:00Z; a text without offset is UTC.
fn read_timestamp(text: &str, format: &str) -> Option<i64> {
    let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
    let instant = match parsed.to_timestamp() {
        Ok(instant) => instant,
        Err(_) => parsed
            .to_datetime()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp(),
    };
    Some(instant.as_microsecond())
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
        ] {
            assert_eq!(format.read(text), want, "{text}");
        }
        assert_eq!(Format::new("%d %b %Y").read("05 Jan 2017"), Some(17171));
        assert_eq!(iso(17171), "2017-01-05");
    }
}
