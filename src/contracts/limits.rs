//! Numbers that contracts hold against counts of bad rows, and numbers that they hold against counts of all rows.

use crate::diagnostics::yaml::write::{Entry, Yaml};

use super::draft::plain;

/// A bound of a `range`, or of a `length`, of values of type `ty` as its file says it; or why it is none.
pub fn bound(kind: &str, ty: &str, said: &str) -> Result<Yaml, String> {
    let fail = |what: &str| Err(format!("`{said}` is no bound here: {what}"));
    if kind == "length" {
        return match number(said).and_then(|n| n.parse::<u32>().ok()) {
            Some(n) => Ok(plain(n.to_string())),
            None => fail("a length is a whole number of 0 or more"),
        };
    }
    match ty {
        "date" => match said.parse::<jiff::civil::Date>() {
            Ok(date) if date.to_string() == said => Ok(Yaml::text(said)),
            _ => fail("a date is written year-month-day"),
        },
        "timestamp" => match said.parse::<jiff::Timestamp>() {
            Ok(_) => Ok(Yaml::text(said)),
            Err(_) => fail("a timestamp is written like 2017-01-05T09:30:00Z"),
        },
        "integer" => match number(said).filter(|n| n.parse::<i64>().is_ok()) {
            Some(n) => Ok(plain(n)),
            None => fail("the column's values are whole numbers of at most 19 digits"),
        },
        _ => {
            let found = number(said).filter(|n| {
                let digits = n.trim_start_matches('-');
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
                whole.len() <= 14 && fraction.len() <= 4
            });
            found.map_or_else(
                || fail("the column's values have at most 14 digits before and 4 behind the point"),
                |n| Ok(plain(n)),
            )
        }
    }
}

/// A number without what it can be written without: 1e3 is 1000, and 5.0 is 5.
fn number(said: &str) -> Option<String> {
    let (minus, digits) = match said.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, said.strip_prefix('+').unwrap_or(said)),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i16>().ok()?),
        None => (digits, 0),
    };
    if exponent.unsigned_abs() > 40 {
        return None;
    }
    let number = shifted(digits, i32::from(exponent))?;
    Some(match minus && number != "0" {
        true => format!("-{number}"),
        false => number,
    })
}

/// How a count is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    Equal(String),
    NotEqual(String),
    Above(String),
    AtLeast(String),
    Below(String),
    AtMost(String),
    /// Between two, neither included.
    Between(String, String),
    /// Between two, both included.
    Within(String, String),
    NotBetween,
}

/// A threshold, and how it differs from what was asked.
#[derive(Debug, Default, PartialEq)]
pub struct Tolerated {
    pub threshold: Option<Yaml>,
    pub differs: Option<String>,
}

/// What a comparison of the count of bad rows tolerates; or why no rule can say it.
pub fn tolerated(compared: &Compared, percent: bool) -> Result<Tolerated, String> {
    let wants_bad =
        || "it asks for bad rows, and no rule fails because there are too few of them".to_owned();
    let (most, differs) = match compared {
        Compared::Equal(n) if is_zero(n) => (n.clone(), None),
        Compared::AtMost(n) => (n.clone(), None),
        Compared::Below(n) if percent => {
            let differs = format!("a share of exactly {n} percent passes here");
            (n.clone(), Some(differs))
        }
        Compared::Below(n) => (less(n).ok_or_else(wants_bad)?, None),
        Compared::Between(least, n) | Compared::Within(least, n) => {
            let strict = matches!(compared, Compared::Between(..));
            let below = match strict && !percent {
                true => less(n).ok_or_else(wants_bad)?,
                false => n.clone(),
            };
            let demands = !least.starts_with('-') && (strict || !is_zero(least));
            let differs =
                demands.then(|| "fewer bad rows than its lower bound pass here".to_owned());
            (below, differs)
        }
        Compared::Equal(_)
        | Compared::NotEqual(_)
        | Compared::Above(_)
        | Compared::AtLeast(_)
        | Compared::NotBetween => return Err(wants_bad()),
    };
    if most.starts_with('-') {
        return Err("it asks for fewer than no bad rows".to_owned());
    }
    let one = |key: &str, value: String| Yaml::Map(vec![Entry::new(key, plain(value))]);
    let threshold = match (is_zero(&most), percent) {
        (true, _) => None,
        (false, true) => {
            let share = shifted(&most, -2).ok_or_else(|| format!("`{most}` is no number"))?;
            Some(one("max_share", share))
        }
        (false, false) => {
            let most = most_rows(&most).ok_or_else(|| format!("`{most}` is no count of rows"))?;
            (most != "0").then(|| one("max_count", most))
        }
    };
    Ok(Tolerated { threshold, differs })
}

/// The settings of `row_count` that a comparison of the count of all rows asks for; or why there are none.
pub fn row_count(compared: &Compared) -> Result<Vec<Entry>, String> {
    let count = |n: &str, by: i64| next(n, by).ok_or_else(|| format!("`{n}` is no count of rows"));
    let (min, max) = match compared {
        Compared::Equal(n) => (count(n, 0)?, Some(count(n, 0)?)),
        Compared::NotEqual(n) if is_zero(n) => ("1".to_owned(), None),
        Compared::Above(n) => (count(n, 1)?, None),
        Compared::AtLeast(n) => (count(n, 0)?, None),
        Compared::Below(n) => ("0".to_owned(), Some(count(n, -1)?)),
        Compared::AtMost(n) => ("0".to_owned(), Some(count(n, 0)?)),
        Compared::Between(a, b) => (count(a, 1)?, Some(count(b, -1)?)),
        Compared::Within(a, b) => (count(a, 0)?, Some(count(b, 0)?)),
        Compared::NotEqual(_) | Compared::NotBetween => {
            return Err("`row_count` knows a least and a most, and nothing between".to_owned());
        }
    };
    let mut settings = vec![Entry::new("min", plain(min))];
    settings.extend(max.map(|max| Entry::new("max", plain(max))));
    Ok(settings)
}

/// A decimal with its point moved to the right, exactly.
pub fn shifted(text: &str, by: i32) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || digits.len() > 60 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + by;
    // At least one digit stands before the point.
    let left = (1 - point).max(0);
    let digits = format!("{}{digits}", "0".repeat(usize::try_from(left).ok()?));
    let point = usize::try_from(point + left).ok()?;
    let right = point.saturating_sub(digits.len());
    let digits = format!("{digits}{}", "0".repeat(right));
    let (whole, fraction) = digits.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    Some(match fraction {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    })
}

fn is_zero(n: &str) -> bool {
    n.parse::<f64>().is_ok_and(|n| n == 0.0)
}

/// A count, without the point that some write behind it.
fn whole(n: &str) -> Option<String> {
    let n = n.replace('_', "");
    let n = match n.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|b| b == b'0') => whole.to_owned(),
        _ => n,
    };
    n.parse::<u64>().ok().map(|n| n.to_string())
}

/// The most rows that are no more than `n`, which may have a fraction.
fn most_rows(n: &str) -> Option<String> {
    let number = number(&n.replace('_', ""))?;
    let rows = number.split('.').next().unwrap_or_default();
    rows.parse::<u64>().ok().map(|rows| rows.to_string())
}

/// The most rows that are fewer than `n`.
fn less(n: &str) -> Option<String> {
    match whole(n) {
        Some(_) => next(n, -1),
        None => most_rows(n),
    }
}

fn next(n: &str, by: i64) -> Option<String> {
    let n = match n.strip_prefix('-') {
        // A bound below nothing is none.
        Some(less) if by > 0 && whole(less).is_some() => return Some("0".to_owned()),
        _ => whole(n)?,
    };
    let n: u64 = n.parse().ok()?;
    n.checked_add_signed(by).map(|n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(compared: Compared, percent: bool) -> Option<String> {
        let tolerated = tolerated(&compared, percent).ok()?;
        Some(
            tolerated
                .threshold
                .map_or("none".to_owned(), |t| t.to_file().trim().to_owned()),
        )
    }

    #[test]
    fn comparisons_of_bad_rows_are_thresholds() {
        let n = |n: &str| n.to_owned();
        for (compared, percent, expected) in [
            (Compared::Equal(n("0")), false, Some("none")),
            (Compared::Equal(n("3")), false, None),
            (Compared::Below(n("5")), false, Some("max_count: 4")),
            (Compared::Below(n("1")), false, Some("none")),
            (Compared::Below(n("0")), false, None),
            (Compared::Below(n("1")), true, Some("max_share: 0.01")),
            (Compared::AtMost(n("0.5")), true, Some("max_share: 0.005")),
            (Compared::AtMost(n("100")), true, Some("max_share: 1")),
            (
                Compared::Between(n("0"), n("11")),
                false,
                Some("max_count: 10"),
            ),
            (Compared::Above(n("0")), false, None),
            (Compared::Below(n("0.5")), false, Some("none")),
            (Compared::Below(n("2.5")), false, Some("max_count: 2")),
            (Compared::Below(n("-0.5")), false, None),
            (Compared::AtMost(n("0.5")), false, Some("none")),
            (Compared::AtMost(n("1e1")), false, Some("max_count: 10")),
            (Compared::AtMost(n("x")), false, None),
        ] {
            assert_eq!(
                said(compared.clone(), percent).as_deref(),
                expected,
                "{compared:?}"
            );
        }
        let exact = Compared::Below(n("1"));
        assert!(
            tolerated(&exact, true)
                .expect("a threshold")
                .differs
                .is_some()
        );
        assert!(
            tolerated(&exact, false)
                .expect("a threshold")
                .differs
                .is_none()
        );
    }

    #[test]
    fn bounds_are_written_as_their_type_has_them() {
        for (kind, ty, text, expected) in [
            ("range", "integer", "1e3", Some("1000")),
            ("range", "integer", "5.0", Some("5")),
            ("range", "integer", "-07", Some("-7")),
            ("range", "integer", "-0", Some("0")),
            ("range", "integer", "0.5", None),
            ("range", "integer", "9223372036854775808", None),
            ("range", "integer", "1e999", None),
            ("range", "integer", "x", None),
            ("range", "decimal", "+2.50", Some("2.5")),
            ("range", "decimal", "1.5e-3", Some("0.0015")),
            ("range", "decimal", "99.12345", None),
            ("range", "date", "2020-01-31", Some("2020-01-31")),
            ("range", "date", "31/12/2020", None),
            (
                "range",
                "timestamp",
                "2020-01-31T00:00:00Z",
                Some("2020-01-31T00:00:00Z"),
            ),
            ("range", "timestamp", "2020-01-31", None),
            ("length", "string", "5.0", Some("5")),
            ("length", "string", "-1", None),
        ] {
            let found = bound(kind, ty, text).ok();
            let found = found.and_then(|yaml| super::super::draft::as_text(&yaml));
            assert_eq!(found.as_deref(), expected, "{text} of {ty}");
        }
    }

    #[test]
    fn points_are_moved_exactly() {
        for (text, by, expected) in [
            ("7", -2, Some("0.07")),
            ("0.07", 2, Some("7")),
            ("12.5", -2, Some("0.125")),
            ("100", -2, Some("1")),
            ("1", 2, Some("100")),
            ("0", -2, Some("0")),
            ("1e3", 2, None),
            ("", 2, None),
        ] {
            assert_eq!(shifted(text, by).as_deref(), expected, "{text} by {by}");
        }
    }

    #[test]
    fn comparisons_of_all_rows_are_bounds() {
        let n = |n: &str| n.to_owned();
        let said = |compared| row_count(&compared).ok().map(|e| Yaml::Map(e).to_file());
        assert_eq!(said(Compared::Above(n("9"))).as_deref(), Some("min: 10\n"));
        assert_eq!(
            said(Compared::Between(n("9"), n("12"))).as_deref(),
            Some("min: 10\nmax: 11\n")
        );
        assert_eq!(
            said(Compared::Between(n("-1"), n("12"))).as_deref(),
            Some("min: 0\nmax: 11\n")
        );
        assert_eq!(said(Compared::Below(n("0"))), None);
        assert_eq!(said(Compared::NotBetween), None);
    }
}
