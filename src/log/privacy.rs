//! Values of hidden columns: a keyed hash with a key, nothing without one.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::finding::key_part;
use crate::tables::{Policy, Table};

/// What stands where a value may not and there is no key.
pub const HIDDEN: &str = "[hidden]";
/// What a keyed hash begins with.
pub const HASHED: &str = "hmac:";

/// Shows values outside the clean tables, as far as their column's policy allows.
#[derive(Clone)]
pub struct Privacy {
    key: Option<Hmac<Sha256>>,
}

impl Privacy {
    /// With a key, hidden values appear as `hmac:` and 16 hex digits of HMAC-SHA-256, so that equal values can be seen to be equal; without one as [`HIDDEN`].
    pub fn new(key: Option<&[u8]>) -> Self {
        let key = key.and_then(|key| Hmac::new_from_slice(key).ok());
        Self { key }
    }

    /// Whether equal values can be seen to be equal.
    pub fn is_keyed(&self) -> bool {
        self.key.is_some()
    }

    /// The first `digits` hex digits of a hash of `parts`, each closed by a NUL, that tells nobody without the key what they
    /// are; `None` without a key.
    pub fn hash<'p>(&self, parts: impl Iterator<Item = &'p [u8]>, digits: usize) -> Option<String> {
        let mut mac = self.key.clone()?;
        for part in parts {
            mac.update(part);
            mac.update(&[0]);
        }
        let digest = mac.finalize().into_bytes();
        let mut hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        hex.truncate(digits);
        Some(hex)
    }

    /// The stand-in for a hidden value; a blank one stays blank.
    pub fn hide(&self, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        let Some(key) = &self.key else {
            return HIDDEN.to_owned();
        };
        let mut mac = key.clone();
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        let hex: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        format!("{HASHED}{hex}")
    }

    /// A cleaned key of a row of `table` as the log writes it; blank where all of its parts are.
    pub fn shown_key(&self, key: &str, table: &Table) -> String {
        let parts = key_parts(key);
        if parts.iter().all(String::is_empty) {
            return String::new();
        }
        let columns = table.key.iter().map(|column| &table.columns[*column]);
        let shown = columns.zip(&parts).map(|(column, part)| {
            key_part(match column.policy {
                Policy::Show => Cow::Borrowed(part.as_str()),
                Policy::Hide => Cow::Owned(self.hide(part)),
            })
        });
        shown.collect::<Vec<_>>().join("|")
    }
}

/// The parts of a key as [`key_part`] writes them.
fn key_parts(key: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        match c {
            '|' => parts.push(std::mem::take(&mut part)),
            '\\' => part.extend(chars.next()),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_with_and_without_a_key() {
        // echo -n 'A' | openssl dgst -sha256 -hmac key
        let keyed = Privacy::new(Some(b"key"));
        assert_eq!(keyed.hide("A"), "hmac:b1d20846db471249");
        assert_eq!(keyed.hide("A"), keyed.hide("A"));
        assert_ne!(keyed.hide("A"), Privacy::new(Some(b"other")).hide("A"));
        assert_eq!(Privacy::new(None).hide("A"), HIDDEN);
        assert_eq!(keyed.hide(""), "");
    }

    #[test]
    fn parts_of_keys_come_back_as_they_were() {
        for parts in [["a|b", r"c\"], ["", "|"], [r"\|", ""], ["a", "b"]] {
            let key = parts.map(|part| key_part(Cow::Borrowed(part))).join("|");
            assert_eq!(key_parts(&key), parts, "{key}");
        }
    }
}
