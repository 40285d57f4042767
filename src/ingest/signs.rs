//! The bytes that part a text into fields and records.

use super::Dialect;
use crate::tables::Quote;

/// The bytes that part a text. Those of plain CSV are constants, so that its readers are compiled for them alone.
///
/// A sign that a dialect lacks is LF, which every reader looks for before it.
pub(super) trait Signs: Copy {
    /// Parts fields.
    fn delimiter(self) -> u8;
    /// Stands around fields.
    fn quote(self) -> u8;
    /// Makes text of the byte behind it.
    fn escape(self) -> u8;

    /// Whether there is an escape.
    #[inline(always)]
    fn escapes(self) -> bool {
        self.escape() != b'\n'
    }

    /// Whether `byte` may part fields or records.
    #[inline(always)]
    fn of_fields(self, byte: u8) -> bool {
        (byte == self.delimiter()) | (byte == b'\r') | self.of_records(byte)
    }

    /// Whether `byte` may part records.
    #[inline(always)]
    fn of_records(self, byte: u8) -> bool {
        (byte == b'\n') | (byte == self.quote()) | (byte == self.escape())
    }
}

/// Commas and doubled double quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain;

impl Signs for Plain {
    #[inline(always)]
    fn delimiter(self) -> u8 {
        b','
    }

    #[inline(always)]
    fn quote(self) -> u8 {
        b'"'
    }

    #[inline(always)]
    fn escape(self) -> u8 {
        b'\n'
    }
}

/// The signs of any dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Custom {
    delimiter: u8,
    quote: u8,
    escape: u8,
}

impl Custom {
    pub(super) fn of(dialect: &Dialect) -> Self {
        let quote = match dialect.quote {
            Quote::Nothing => b'\n',
            Quote::Byte(byte) => byte,
        };
        Self {
            delimiter: dialect.delimiter,
            quote,
            escape: dialect.escape.unwrap_or(b'\n'),
        }
    }

    /// Whether they are those of [`Plain`].
    pub(super) fn is_plain(self) -> bool {
        self == Self::of(&Dialect::default())
    }
}

impl Signs for Custom {
    #[inline(always)]
    fn delimiter(self) -> u8 {
        self.delimiter
    }

    #[inline(always)]
    fn quote(self) -> u8 {
        self.quote
    }

    #[inline(always)]
    fn escape(self) -> u8 {
        self.escape
    }
}
