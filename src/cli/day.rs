//! A day such as `2017-10-09`.

use jiff::civil::Date;

/// The day that `text` writes in full: the parser alone would take times and other spellings too.
pub(super) fn parse(text: &str) -> Result<Date, String> {
    let day = text.parse::<Date>().ok();
    let exact = day.filter(|day| day.to_string() == text && day.year() > 0);
    exact.ok_or_else(|| "write a day as year-month-day, such as 2017-10-09".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn days() {
        for (text, good) in [
            ("2017-10-09", true),
            ("0001-01-01", true),
            ("0000-01-01", false),
            ("2017-10-09T00:00:00", false),
            ("20171009", false),
            ("2017-10-9", false),
            ("2017-02-30", false),
            ("today", false),
            ("", false),
        ] {
            assert_eq!(parse(text).is_ok(), good, "{text}");
        }
    }
}
