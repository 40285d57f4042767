//! Numbers and truth values, read strictly: no sign but minus, no spaces, no exponent, no `nan`.

use std::sync::Arc;

use arrow::array::{
    Array, BooleanBuilder, Decimal128Builder, Int8Array, Int64Builder, StringArray,
};

use super::Made;

const SCALE: u32 = 4;
const PRECISION: u8 = 18;

pub(super) fn read_integers(clean: &StringArray, missing: Int8Array) -> Made {
    let mut values = Int64Builder::with_capacity(clean.len());
    for at in 0..clean.len() {
        let read = (missing.value(at) == 0).then(|| integer(clean.value(at)));
        values.append_option(read.flatten());
    }
    Made::typed(Arc::new(values.finish()), missing, Vec::new())
}

pub(super) fn read_decimals(clean: &StringArray, missing: Int8Array) -> Made {
    let mut values = Decimal128Builder::with_capacity(clean.len());
    for at in 0..clean.len() {
        let read = (missing.value(at) == 0).then(|| decimal(clean.value(at)));
        values.append_option(read.flatten());
    }
    let values = values
        .finish()
        .with_precision_and_scale(PRECISION, 4)
        .unwrap_or_else(|_| unreachable!("18 digits and scale 4 are valid"));
    Made::typed(Arc::new(values), missing, Vec::new())
}

pub(super) fn read_booleans(clean: &StringArray, missing: Int8Array) -> Made {
    let mut values = BooleanBuilder::with_capacity(clean.len());
    for at in 0..clean.len() {
        values.append_option(match clean.value(at) {
            "true" if missing.value(at) == 0 => Some(true),
            "false" if missing.value(at) == 0 => Some(false),
            _ => None,
        });
    }
    Made::typed(Arc::new(values.finish()), missing, Vec::new())
}

/// A whole number, read strictly.
pub fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// The number times 10^4.
pub fn decimal(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let width = u32::try_from(fraction.len()).ok()?;
    let all_digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    if width > SCALE || !all_digits {
        return None;
    }
    let negative = whole.starts_with('-');
    let whole = i128::from(integer(whole)?).checked_mul(10_i128.pow(SCALE))?;
    let fraction = fraction.parse::<i128>().ok()? * 10_i128.pow(SCALE - width);
    let value = if negative {
        whole - fraction
    } else {
        whole + fraction
    };
    (value.abs() < 10_i128.pow(u32::from(PRECISION))).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_strict() {
        for (text, want) in [
            ("12", Some(12)),
            ("-12", Some(-12)),
            ("0012", Some(12)),
            ("+12", None),
            (" 1", None),
            ("1.0", None),
            ("1e3", None),
            ("", None),
            ("-", None),
            ("9223372036854775808", None),
        ] {
            assert_eq!(integer(text), want, "{text:?}");
        }
    }

    #[test]
    fn decimals_are_exact() {
        for (text, want) in [
            ("1.5", Some(15_000)),
            ("-0.5", Some(-5_000)),
            ("12", Some(120_000)),
            ("0.1234", Some(1_234)),
            ("0.12345", None),
            ("1.", None),
            (".5", None),
            ("nan", None),
            ("1e400", None),
            ("100000000000000", None),
        ] {
            assert_eq!(decimal(text), want, "{text:?}");
        }
    }
}
