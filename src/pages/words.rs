//! Dates and numbers as British readers write them; data keep ISO.

use jiff::civil::Date;

use crate::decimal::Decimal;

/// `1,234`: a whole number with its thousands apart; below 0 with a true minus sign.
pub fn number(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", thousands(&number.unsigned_abs().to_string()))
}

/// An exact figure, its thousands apart.
pub fn decimal(value: &Decimal) -> String {
    let text = value.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", text.as_str()),
    };
    match digits.split_once('.') {
        Some((whole, part)) => format!("{sign}{}.{part}", thousands(whole)),
        None => format!("{sign}{}", thousands(digits)),
    }
}

/// `16.0%` of a share between 0 and 1, with one decimal.
pub fn percent(share: f64) -> String {
    let percent = format!("{:.1}%", share.abs() * 100.0);
    match share < 0.0 && percent != "0.0%" {
        true => format!("−{percent}"),
        false => percent,
    }
}

/// `9 October 2017`.
pub fn date(date: Date) -> String {
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// `9 Oct 2017`, where there is little room.
pub fn short_date(date: Date) -> String {
    format!("{} {} {}", date.day(), &month(date)[..3], date.year())
}

fn month(date: Date) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(date.month()).unwrap_or(1);
    MONTHS[month.clamp(1, 12) - 1]
}

fn thousands(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_dates_are_british() {
        for (n, want) in [
            (0, "0"),
            (999, "999"),
            (12_814, "12,814"),
            (-1_234_567, "−1,234,567"),
            (i64::MIN, "−9,223,372,036,854,775,808"),
        ] {
            assert_eq!(number(n), want);
        }
        for (text, want) in [("1234.5", "1,234.5"), ("-0.187", "−0.187"), ("7", "7")] {
            let value: Decimal = text.parse().expect("a decimal");
            assert_eq!(decimal(&value), want);
        }
        for (share, want) in [(0.160_293, "16.0%"), (-0.004, "−0.4%"), (-0.000_1, "0.0%")] {
            assert_eq!(percent(share), want);
        }
        let day = jiff::civil::date(2017, 10, 9);
        assert_eq!(date(day), "9 October 2017");
        assert_eq!(short_date(day), "9 Oct 2017");
    }
}
