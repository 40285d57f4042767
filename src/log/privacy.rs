//! Values of hidden columns: a keyed hash with a key, nothing without one.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands where a value may not and there is no key.
pub const HIDDEN: &str = "[hidden]";

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
        format!("hmac:{hex}")
    }
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
}
