//! Which differences still agree: a number, a percentage, or what rounding can do.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use crate::{
    decimal::Decimal,
    diagnostics::{At, Diagnostic, yaml::Shorthand},
};

/// The largest differences that still agree; where several are said, the widest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// By this much.
    pub absolute: Decimal,
    /// By this percentage of what is stated.
    pub relative: Option<Decimal>,
    /// By what rounding each figure on its own can do.
    pub rounding: Option<Unit>,
}

/// What figures were rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The last decimal that each is written with.
    Printed,
    /// A multiple of this.
    Multiple(Decimal),
}

/// The largest difference that still agrees: `2`, `0.5%`, `rounding`, or a map of several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Declared(Shorthand<At<Word>, Several>);

/// Several at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tolerances")]
struct Several {
    /// By this much.
    #[serde(default)]
    absolute: Option<At<Decimal>>,
    /// By this percentage of what is stated, such as `0.5%`.
    #[serde(default)]
    relative: Option<At<Percentage>>,
    /// `true`: what rounding each figure to its last decimal can do; a number: to a multiple of it.
    #[serde(default)]
    rounding: Option<At<Rounded>>,
}

/// One alone.
#[derive(Clone, Debug)]
enum Word {
    Absolute(Decimal),
    Relative(Decimal),
    Rounding,
}

#[derive(Clone, Debug)]
struct Percentage(Decimal);

#[derive(Clone, Debug)]
enum Rounded {
    No,
    To(Unit),
}

impl Tolerance {
    /// The largest difference from `stated` that agrees, its figures being `figures`; the number alone where another does not fit.
    pub fn width(
        &self,
        stated: Option<Decimal>,
        figures: impl Iterator<Item = Decimal> + Clone,
    ) -> Decimal {
        let relative = self.relative.zip(stated).and_then(|(percent, stated)| {
            let hundredth = Decimal::new(1, 2)?;
            let share = percent.checked_mul(hundredth)?;
            stated.checked_abs()?.checked_mul(share)
        });
        let rounding = self.rounding.and_then(|unit| unit.together(figures));
        [relative, rounding]
            .into_iter()
            .flatten()
            .map(Decimal::trimmed)
            .fold(self.absolute, Decimal::max)
    }
}

impl Unit {
    /// What rounding can do to the difference between figures that add up: half a unit for each but the finest.
    ///
    /// The difference is a multiple of the finest unit itself, which takes that half away again: so `n` parts and their
    /// total, all of one unit, can differ by `n`/2 units.
    fn together(self, figures: impl Iterator<Item = Decimal> + Clone) -> Option<Decimal> {
        let half = |figure: Decimal| match self {
            Unit::Printed => figure.half_unit(),
            Unit::Multiple(unit) => unit.checked_mul(Decimal::new(5, 1)?),
        };
        let mut sum = Decimal::ZERO;
        let mut finest: Option<Decimal> = None;
        for figure in figures {
            let half = half(figure)?;
            sum = sum.checked_add(half)?;
            finest = Some(finest.map_or(half, |finest| finest.min(half)));
        }
        sum.checked_sub(finest?)
    }
}

/// The same for the same tolerance: `2`, `2; 0.5%; rounding`.
impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.absolute)?;
        if let Some(percent) = self.relative {
            write!(f, "; {percent}%")?;
        }
        match self.rounding {
            None => Ok(()),
            Some(Unit::Printed) => write!(f, "; rounding"),
            Some(Unit::Multiple(unit)) => write!(f, "; rounding to {unit}"),
        }
    }
}

impl Declared {
    /// What it says.
    pub fn value(&self) -> Tolerance {
        let mut tolerance = Tolerance::default();
        match &self.0 {
            Shorthand::Short(word) => match word.value {
                Word::Absolute(number) => tolerance.absolute = number,
                Word::Relative(percent) => tolerance.relative = Some(percent),
                Word::Rounding => tolerance.rounding = Some(Unit::Printed),
            },
            Shorthand::Long(several) => {
                if let Some(number) = &several.absolute {
                    tolerance.absolute = number.value;
                }
                tolerance.relative = several.relative.as_ref().map(|p| p.value.0);
                if let Some(At {
                    value: Rounded::To(unit),
                    ..
                }) = &several.rounding
                {
                    tolerance.rounding = Some(*unit);
                }
            }
        }
        tolerance
    }

    /// Mistakes in it; `adds` is false for kinds whose figures are no sums, so that rounding them says nothing.
    pub(super) fn validate(&self, adds: bool, diagnostics: &mut Vec<Diagnostic>) {
        let below = |number: Decimal| number < Decimal::ZERO;
        let message = "a tolerance cannot be below 0";
        let mut wrong = Vec::new();
        let mut rounding = None;
        match &self.0 {
            Shorthand::Short(word) => match word.value {
                Word::Absolute(number) | Word::Relative(number) if below(number) => {
                    wrong.push((&word.span, message));
                }
                Word::Absolute(_) | Word::Relative(_) => {}
                Word::Rounding => rounding = Some(&word.span),
            },
            Shorthand::Long(several) => {
                if let Some(at) = several.absolute.as_ref().filter(|at| below(at.value)) {
                    wrong.push((&at.span, message));
                }
                if let Some(at) = several.relative.as_ref().filter(|at| below(at.value.0)) {
                    wrong.push((&at.span, message));
                }
                if let Some(at) = &several.rounding {
                    match at.value {
                        Rounded::To(Unit::Multiple(unit)) if unit <= Decimal::ZERO => {
                            wrong.push((&at.span, "figures are rounded to a number above 0"));
                        }
                        Rounded::To(_) => rounding = Some(&at.span),
                        Rounded::No => {}
                    }
                }
            }
        }
        for (span, message) in wrong {
            diagnostics.push(Diagnostic::at(span, message));
        }
        if let Some(span) = rounding.filter(|_| !adds) {
            let message =
                "`rounding` is a tolerance of figures that add up, and a quotient is none";
            diagnostics.push(Diagnostic::at(span, message).help(
                "say how it was rounded: `rounding: half_up` and `decimals: 1` beside its sides",
            ));
        }
    }
}

/// `0.5%` as 0.5.
fn percentage(text: &str) -> Option<Decimal> {
    text.strip_suffix('%')?.trim_end().parse().ok()
}

macro_rules! scalar_schema {
    ($($type:ident: $types:tt like $pattern:literal),+ $(,)?) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": $types, "pattern": $pattern })
            }
        }
    )+};
}

scalar_schema! {
    Word: ["number", "string"] like r"^(rounding|-?[0-9]+(\.[0-9]+)?( *%)?)$",
    Percentage: ["string"] like r"^-?[0-9]+(\.[0-9]+)? *%$",
    Rounded: ["boolean", "number", "string"] like r"^[0-9]+(\.[0-9]+)?$",
}

macro_rules! read_scalar {
    ($type:ident, $expecting:literal, $(bool $bool:expr,)? number $number:expr, text $text:expr $(,)?) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Scalar;
                impl Visitor<'_> for Scalar {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $(fn visit_bool<E: de::Error>(self, value: bool) -> Result<$type, E> {
                        let read: fn(bool) -> $type = $bool;
                        Ok(read(value))
                    })?
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$type, E> {
                        let read: fn(Decimal) -> Result<$type, String> = $number;
                        read(Decimal::from(number)).map_err(E::custom)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        let read: fn(&str) -> Result<$type, String> = $text;
                        read(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Scalar)
            }
        }
    };
}

read_scalar!(
    Word,
    "a number, a percentage or `rounding`",
    number | number | Ok(Word::Absolute(number)),
    text | text
        | match text {
            "rounding" => Ok(Word::Rounding),
            text => match (text.parse(), percentage(text)) {
                (Ok(number), _) => Ok(Word::Absolute(number)),
                (_, Some(percent)) => Ok(Word::Relative(percent)),
                (Err(_), None) => Err(format!(
                    "`{text}` is no number, no percentage such as `0.5%` and not `rounding`"
                )),
            },
        },
);

read_scalar!(
    Percentage,
    "a percentage such as `0.5%`",
    number
        | number
        | Err(format!(
            "`{number}` is no percentage: write its sign, such as `{number}%`"
        )),
    text | text
        | percentage(text).map(Percentage).ok_or_else(|| format!(
            "`{text}` is no percentage: write one with its sign, such as `0.5%`"
        )),
);

read_scalar!(
    Rounded,
    "`true`, or the number to a multiple of which the figures were rounded",
    bool | rounded
        | if rounded {
            Rounded::To(Unit::Printed)
        } else {
            Rounded::No
        },
    number | unit | Ok(Rounded::To(Unit::Multiple(unit))),
    text | text
        | match text.parse() {
            Ok(unit) => Ok(Rounded::To(Unit::Multiple(unit))),
            Err(_) => Err(format!(
                "`{text}` is neither `true` nor the number to a multiple of which the figures were rounded"
            )),
        },
);
