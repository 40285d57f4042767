//! Numbers that contracts hold against counts of bad rows, and numbers that they hold against counts of all rows.

use crate::diagnostics::yaml::write::{Entry, Yaml};

use super::draft::plain;

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
        Compared::Below(n) => (next(n, -1).ok_or_else(wants_bad)?, None),
        Compared::Between(least, n) | Compared::Within(least, n) => {
            let strict = matches!(compared, Compared::Between(..));
            let below = match strict && !percent {
                true => next(n, -1).ok_or_else(wants_bad)?,
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
            let most = whole(&most).ok_or_else(|| format!("`{most}` is no count of rows"))?;
            Some(one("max_count", most))
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
