//! Exact decimal numbers: figures are added and compared as they were printed, never through floating point.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact decimal number, `mantissa` / 10^`scale`; it keeps the decimals it was written with (`0.50` has two).
///
/// Two numbers are equal when they mean the same, whatever their decimals.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Why a text is no [`Decimal`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no number: write digits with an optional minus and decimal point, at most 28 decimals and 36 digits, without separators, signs or exponent"
)]
pub struct NotADecimal(String);

/// Most decimals; with it, comparing never overflows.
const MAX_SCALE: u32 = 28;
/// Most digits that a text may have.
const MAX_DIGITS: usize = 36;

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self {
        mantissa: 0,
        scale: 0,
    };

    /// `mantissa` / 10^`scale`; `None` with more than 28 decimals.
    pub fn new(mantissa: i128, scale: u32) -> Option<Self> {
        (scale <= MAX_SCALE).then_some(Self { mantissa, scale })
    }

    /// The digits without the decimal point.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many decimals it has.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// The sum; `None` when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let sum = self.at(scale)?.checked_add(other.at(scale)?)?;
        Self::new(sum, scale)
    }

    /// The difference; `None` when it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let difference = self.at(scale)?.checked_sub(other.at(scale)?)?;
        Self::new(difference, scale)
    }

    /// The absolute value; `None` when it does not fit.
    pub fn checked_abs(self) -> Option<Self> {
        Some(Self {
            mantissa: self.mantissa.checked_abs()?,
            ..self
        })
    }

    /// `self` × 10^`shift` / `whole`, exactly, brought to `decimals`; `None` when `whole` is not above zero or a step does not fit.
    pub fn ratio(self, whole: Self, shift: u32, decimals: u32) -> Option<Ratio> {
        if whole.mantissa <= 0 || decimals > MAX_SCALE {
            return None;
        }
        // self.m/10^self.s ÷ (whole.m/10^whole.s) × 10^(shift + decimals), as one fraction of integers.
        let up = whole.scale.checked_add(shift)?.checked_add(decimals)?;
        let numerator = self
            .mantissa
            .checked_mul(power(up.saturating_sub(self.scale))?)?;
        let denominator = whole
            .mantissa
            .checked_mul(power(self.scale.saturating_sub(up))?)?;
        let twice = denominator.checked_mul(2)?;
        let rounded = numerator
            .checked_mul(2)?
            .checked_add(denominator)?
            .div_euclid(twice);
        Some(Ratio {
            rounded: Self::new(rounded, decimals)?,
            truncated: Self::new(numerator / denominator, decimals)?,
            exact: numerator % denominator == 0,
        })
    }

    /// Rounded half up to at most `decimals`.
    pub fn rounded(self, decimals: u32) -> Self {
        let Some(unit) = power(self.scale.saturating_sub(decimals)).filter(|unit| *unit > 1) else {
            return self;
        };
        let floor = self.mantissa.div_euclid(unit);
        let rest = self.mantissa.rem_euclid(unit);
        Self {
            mantissa: floor + i128::from(rest >= unit - rest),
            scale: decimals,
        }
    }

    /// For readers: thousands separated, `2,054` or `1,204.5`.
    pub fn grouped(self) -> String {
        let plain = self.to_string();
        let (sign, digits) = match plain.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", plain.as_str()),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let mut text = sign.to_owned();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        if let Some(fraction) = fraction {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }

    /// The mantissa with `scale` decimals, `scale` being at least its own.
    fn at(self, scale: u32) -> Option<i128> {
        self.mantissa
            .checked_mul(power(scale.checked_sub(self.scale)?)?)
    }
}

/// A quotient brought to a number of decimals in the two ways that people do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Rounded half up.
    pub rounded: Decimal,
    /// Cut off.
    pub truncated: Decimal,
    /// Whether nothing was rounded or cut.
    pub exact: bool,
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self {
            mantissa: i128::from(value),
            scale: 0,
        }
    }
}

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let refuse = || NotADecimal(text.chars().take(60).collect());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(refuse()),
            Some((whole, fraction)) => (whole, fraction),
            None => (unsigned, ""),
        };
        let digits = || whole.bytes().chain(fraction.bytes());
        let scale = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
        if whole.is_empty()
            || scale > MAX_SCALE
            || digits().count() > MAX_DIGITS
            || !digits().all(|b| b.is_ascii_digit())
        {
            return Err(refuse());
        }
        // 36 digits fit: i128 holds every number of 38.
        let magnitude = digits().fold(0_i128, |sum, b| sum * 10 + i128::from(b - b'0'));
        let mantissa = if unsigned.len() < text.len() {
            -magnitude
        } else {
            magnitude
        };
        Ok(Self { mantissa, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Whole part and fraction apart, both rounded down: aligning the mantissas could overflow, this cannot.
        let split = |d: &Self| {
            let unit = power(d.scale).unwrap_or(1);
            let fill = power(MAX_SCALE.saturating_sub(d.scale)).unwrap_or(1);
            (
                d.mantissa.div_euclid(unit),
                d.mantissa.rem_euclid(unit) * fill,
            )
        };
        split(self).cmp(&split(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Decimal, E> {
                Ok(Decimal::from(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Decimal, E> {
                value.to_string().parse().map_err(E::custom)
            }
            // The shortest text that reads back as the same float is the text that was written, up to 15 digits.
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Decimal, E> {
                value.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect(text)
    }

    #[test]
    fn reads_and_writes_what_was_written() {
        for good in [
            "0",
            "-1",
            "12814",
            "0.5",
            "0.16900000000000001",
            "-0.05",
            "16.0",
            "007.50",
        ] {
            let shown = decimal(good).to_string();
            assert_eq!(shown, good.trim_start_matches("00"), "{good}");
        }
        for bad in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "+1",
            " 1",
            "1 ",
            "1,000",
            "1e3",
            "nan",
            "--1",
            "1.2.3",
            "٣",
            "1234567890123456789012345678901234567",
            "0.12345678901234567890123456789",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn compares_what_is_meant() {
        let big = "123456789012345678901234567890123456";
        for (less, more) in [
            ("1", "2"),
            ("-2", "-1"),
            ("-0.5", "0"),
            ("0.1", "0.11"),
            ("9.99", "10"),
            ("0.9", big),
            ("-1.5", "-1.4"),
        ] {
            assert!(decimal(less) < decimal(more), "{less} < {more}");
            assert!(decimal(more) > decimal(less), "{more} > {less}");
        }
        for (one, other) in [("1", "1.0"), ("-0.50", "-0.5"), ("0", "-0.000"), (big, big)] {
            assert_eq!(decimal(one), decimal(other));
        }
    }

    #[test]
    fn adds_exactly_or_not_at_all() {
        let sum = |a: &str, b: &str| decimal(a).checked_add(decimal(b)).map(|d| d.to_string());
        assert_eq!(sum("0.1", "0.2").as_deref(), Some("0.3"));
        assert_eq!(sum("12", "-0.05").as_deref(), Some("11.95"));
        let largest = Decimal::new(i128::MAX, 0).expect("no decimals");
        let one = decimal("1");
        assert_eq!(largest.checked_add(one), None);
        assert_eq!(
            Decimal::new(i128::MIN, 0).and_then(|d| d.checked_sub(one)),
            None
        );
        assert_eq!(largest.checked_add(decimal("0.5")), None, "alignment");
        assert_eq!(
            Decimal::new(i128::MIN, 0).and_then(Decimal::checked_abs),
            None
        );
        assert_eq!(Decimal::new(1, 29), None);
    }

    #[test]
    fn ratios_round_half_up_and_truncate() {
        for (part, whole, shift, decimals, rounded, truncated, exact) in [
            ("81", "505", 2, 0, "16", "16", false),
            ("21", "191", 2, 1, "11.0", "10.9", false),
            ("1", "8", 2, 0, "13", "12", false), // 12.5 exactly: up
            ("1", "8", 2, 1, "12.5", "12.5", true),
            ("2", "3", 0, 3, "0.667", "0.666", false),
            ("0", "7", 2, 1, "0.0", "0.0", true),
            ("0.5", "2.0", 2, 0, "25", "25", true),
            ("5.55", "1", 0, 1, "5.6", "5.5", false),
            ("-1", "8", 2, 0, "-12", "-12", false), // half up, not away from zero
        ] {
            let ratio = decimal(part)
                .ratio(decimal(whole), shift, decimals)
                .expect(part);
            let got = (
                ratio.rounded.to_string(),
                ratio.truncated.to_string(),
                ratio.exact,
            );
            assert_eq!(
                got,
                (rounded.to_owned(), truncated.to_owned(), exact),
                "{part} of {whole}"
            );
        }
        let largest = Decimal::new(i128::MAX, 0).expect("no decimals");
        for (part, whole) in [
            (decimal("1"), decimal("0")),
            (decimal("1"), decimal("-2")),
            (largest, decimal("1")),
        ] {
            assert_eq!(part.ratio(whole, 2, 1), None);
        }
    }

    #[test]
    fn rounds_half_up() {
        for (from, decimals, to) in [
            ("0.16900000000000001", 3, "0.169"),
            ("0.14099999999999999", 3, "0.141"),
            ("2.5", 0, "3"),
            ("-2.5", 0, "-2"),
            ("2.4", 0, "2"),
            ("7", 3, "7"),
        ] {
            assert_eq!(decimal(from).rounded(decimals).to_string(), to, "{from}");
        }
    }

    #[test]
    fn groups_thousands() {
        for (plain, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-12814", "-12,814"),
            ("1234567.8901", "1,234,567.8901"),
        ] {
            assert_eq!(decimal(plain).grouped(), shown);
        }
    }
}
