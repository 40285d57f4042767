//! Exact decimal numbers: figures are added and compared as they were printed, never through floating point.

mod range;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, cmp::Ordering, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use range::Range;

/// An exact decimal number, `mantissa` / 10^`scale`; it keeps the decimals it was written with (`0.50` has two).
///
/// Two numbers are equal when they mean the same, whatever their decimals.
// Packed: an i128 on its own would round a figure up to 16 bytes, which millions of them pay for.
#[derive(Clone, Copy)]
#[repr(Rust, packed(8))]
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

    /// The product; `None` when it does not fit.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let product = self.mantissa.checked_mul(other.mantissa)?;
        Self::new(product, self.scale.checked_add(other.scale)?)
    }

    /// Half a unit of the last decimal: the most that rounding to it can have moved the number. `None` when it does not fit.
    pub fn half_unit(self) -> Option<Self> {
        Self::new(5, self.scale.checked_add(1)?)
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
        // Only at a half do the two differ: then the odd one of two neighbours gives way.
        let half =
            numerator.rem_euclid(denominator) == denominator - numerator.rem_euclid(denominator);
        let even = rounded - i128::from(half && rounded % 2 != 0);
        Some(Ratio {
            rounded: Self::new(rounded, decimals)?,
            even: Self::new(even, decimals)?,
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

    /// The same number without zeros at the end of its decimals.
    pub fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
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
        if whole.len() <= 3 {
            return plain;
        }
        let mut text = String::with_capacity(plain.len() + whole.len() / 3);
        text.push_str(sign);
        let (first, others) = whole.split_at((whole.len() - 1) % 3 + 1);
        text.push_str(first);
        for at in (0..others.len()).step_by(3) {
            text.push(',');
            text.push_str(&others[at..at + 3]);
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

/// A quotient brought to a number of decimals in the ways that people do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Rounded half up.
    pub rounded: Decimal,
    /// Rounded half to even.
    pub even: Decimal,
    /// Cut off.
    pub truncated: Decimal,
    /// Whether nothing was rounded or cut.
    pub exact: bool,
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl Default for Decimal {
    fn default() -> Self {
        Self::ZERO
    }
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

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        if scale == 0 {
            return write!(f, "{}", self.mantissa());
        }
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Most figures that are compared have as many decimals, which saves the divisions.
        if self.scale == other.scale {
            return self.mantissa().cmp(&other.mantissa());
        }
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

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"], "pattern": r"^-?[0-9]+(\.[0-9]+)?$" })
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
