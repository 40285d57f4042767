//! `block_if`, `error_if` and `warn_if`: how many failing rows make a rule's failures how severe.

use std::{cmp::Ordering, fmt};

use crate::{discrepancy::Severity, tables::Percent};

/// The severities that a number of failing rows can decide, the strictest first, each with its key.
pub const CONDITIONS: [(&str, Severity); 3] = [
    ("block_if", Severity::Blocking),
    ("error_if", Severity::Error),
    ("warn_if", Severity::Warn),
];

/// On how many failing rows a rule's failures are how severe, the strictest first; none where it has one severity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(pub Vec<(Severity, Condition)>);

/// A number or a share of failing rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether exactly so many are enough.
    includes: bool,
    limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Rows(u64),
    /// Of the rows that were evaluated.
    Share(Percent),
}

/// Why a text is no condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCondition {
    /// It is not written like one.
    Written,
    /// It holds where nothing fails.
    Always,
    /// It holds for no number of rows.
    Never,
}

impl Conditions {
    /// The severity that the worst night can have.
    pub fn strictest(&self) -> Option<Severity> {
        self.0.first().map(|(severity, _)| *severity)
    }

    /// The strictest condition that holds for `failed` of `evaluated` rows, with its severity.
    pub fn holding(&self, failed: u64, evaluated: u64) -> Option<(Severity, Condition)> {
        let mut all = self.0.iter().copied();
        all.find(|(_, condition)| condition.holds(failed, evaluated))
    }

    /// All in words, the strictest first: `block_if > 100`.
    pub fn words(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(severity, condition)| {
            let key = CONDITIONS.iter().find(|(_, of)| of == severity);
            format!("{} {condition}", key.map_or("", |(key, _)| key))
        })
    }
}

impl Condition {
    /// Reads `> 100`, `>= 1` or `> 0.5%`.
    pub fn read(text: &str) -> Result<Self, NoCondition> {
        let rest = text.trim().strip_prefix('>').ok_or(NoCondition::Written)?;
        let (includes, number) = match rest.strip_prefix('=') {
            Some(number) => (true, number.trim_start()),
            None => (false, rest.trim_start()),
        };
        let limit = match number.strip_suffix('%') {
            Some(_) => Percent::read(number).map(Limit::Share),
            None if number.bytes().all(|b| b.is_ascii_digit()) => {
                number.parse().ok().map(Limit::Rows)
            }
            None => None,
        };
        let limit = limit.ok_or(NoCondition::Written)?;
        match limit {
            Limit::Rows(0) if includes => Err(NoCondition::Always),
            Limit::Share(share) if includes && share.is_zero() => Err(NoCondition::Always),
            Limit::Share(share) if share > Percent::ALL => Err(NoCondition::Never),
            Limit::Share(share) if share == Percent::ALL && !includes => Err(NoCondition::Never),
            limit => Ok(Self { includes, limit }),
        }
    }

    /// Whether it holds for `failed` of `evaluated` rows.
    pub fn holds(self, failed: u64, evaluated: u64) -> bool {
        if failed == 0 {
            return false;
        }
        let compared = match self.limit {
            Limit::Rows(rows) => failed.cmp(&rows),
            Limit::Share(share) => share.compared(failed, evaluated),
        };
        compared == Ordering::Greater || self.includes && compared == Ordering::Equal
    }

    /// Whether it holds wherever `other` does; a number and a share cannot be told.
    pub fn is_implied_by(self, other: Self) -> bool {
        let (own, others) = match (self.limit, other.limit) {
            (Limit::Rows(own), Limit::Rows(others)) => (own.cmp(&others), Ordering::Equal),
            (Limit::Share(own), Limit::Share(others)) => (own.cmp(&others), Ordering::Equal),
            _ => return false,
        };
        own < others || own == others && (self.includes || !other.includes)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.includes { ">= " } else { "> " })?;
        match self.limit {
            Limit::Rows(rows) => write!(f, "{rows}"),
            Limit::Share(share) => write!(f, "{share}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_they_are_written() {
        for (text, want) in [
            ("> 100", Ok("> 100")),
            (">=1", Ok(">= 1")),
            (" >  0.50 % ", Ok("> 0.5%")),
            (">= 100%", Ok(">= 100%")),
            ("> 0", Ok("> 0")),
            (">= 0", Err(NoCondition::Always)),
            (">= 0%", Err(NoCondition::Always)),
            ("> 100%", Err(NoCondition::Never)),
            (">= 100.1%", Err(NoCondition::Never)),
            ("100", Err(NoCondition::Written)),
            ("< 100", Err(NoCondition::Written)),
            ("> -1", Err(NoCondition::Written)),
            ("> 1.5", Err(NoCondition::Written)),
            (">", Err(NoCondition::Written)),
            ("> 99999999999999999999", Err(NoCondition::Written)),
        ] {
            let read = Condition::read(text).map(|condition| condition.to_string());
            assert_eq!(read.as_deref().map_err(|e| *e), want, "{text}");
        }
    }

    #[test]
    fn the_strictest_that_holds_decides() {
        let of = |key: &str, text: &str| {
            let (_, severity) = CONDITIONS
                .into_iter()
                .find(|(k, _)| *k == key)
                .expect("a key");
            (severity, Condition::read(text).expect("a condition"))
        };
        let conditions = Conditions(vec![
            of("block_if", ">= 50%"),
            of("error_if", "> 2"),
            of("warn_if", ">= 2"),
        ]);
        for (failed, evaluated, want) in [
            (0, 0, None),
            (1, 10, None),
            (2, 10, Some(Severity::Warn)),
            (3, 10, Some(Severity::Error)),
            (4, 9, Some(Severity::Error)),
            (5, 10, Some(Severity::Blocking)),
            (1, 2, Some(Severity::Blocking)),
        ] {
            let holding = conditions
                .holding(failed, evaluated)
                .map(|(severity, _)| severity);
            assert_eq!(holding, want, "{failed} of {evaluated}");
        }
        let words: Vec<String> = conditions.words().collect();
        assert_eq!(words, ["block_if >= 50%", "error_if > 2", "warn_if >= 2"]);
        assert!(
            of("error_if", "> 2")
                .1
                .is_implied_by(of("warn_if", ">= 3").1)
        );
        assert!(
            !of("error_if", "> 2")
                .1
                .is_implied_by(of("warn_if", ">= 2").1)
        );
        assert!(
            !of("error_if", "> 2")
                .1
                .is_implied_by(of("warn_if", "> 2%").1)
        );
    }
}
