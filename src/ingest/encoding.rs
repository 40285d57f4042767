//! Encodings of text: how they are told, and the way to UTF-8 and back, on which no byte is lost.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
};

use crate::tables::Encoding;

/// How much of a file's beginning is looked at.
pub(super) const LOOKED_AT: usize = 4096;

/// The encoding that the beginning of a file gives away, and whether that is a guess; `None` for what may be UTF-8.
///
/// A byte order mark is no guess. Without one, text of UTF-16 has a zero in nearly every second byte.
pub(super) fn told_by(head: &[u8]) -> Option<(Encoding, bool)> {
    match head {
        // UTF-32, which nobody exports.
        [0xFF, 0xFE, 0, 0, ..] => return None,
        [0xFF, 0xFE, ..] => return Some((Encoding::Utf16Le, false)),
        [0xFE, 0xFF, ..] => return Some((Encoding::Utf16Be, false)),
        _ => {}
    }
    let head = &head[..head.len().min(LOOKED_AT) & !1];
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    let most =
        |these: usize, others: usize| pairs >= 2 && these * 10 >= pairs * 7 && others * 10 < pairs;
    if most(odd, even) {
        return Some((Encoding::Utf16Le, true));
    }
    most(even, odd).then_some((Encoding::Utf16Be, true))
}

/// Writes `from`, a file of this encoding, as UTF-8. Half of a surrogate pair becomes three bytes that are no UTF-8, so that its
/// record is told and [`as_delivered`] gives it back. `false` when the file ends inside a character.
pub(super) fn to_utf8(from: File, encoding: Encoding, to: &mut impl Write) -> io::Result<bool> {
    let mut from = BufReader::with_capacity(256 << 10, from);
    let mut text: Vec<u8> = Vec::new();
    let mut rest: Vec<u8> = Vec::new();
    let mut high: Option<u16> = None;
    let mut first = true;
    loop {
        let block = from.fill_buf()?;
        if block.is_empty() {
            break;
        }
        let length = block.len();
        text.clear();
        match encoding {
            Encoding::Utf8 => text.extend_from_slice(block),
            Encoding::Windows1252 => {
                let (decoded, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(block);
                text.extend_from_slice(decoded.as_bytes());
            }
            Encoding::Utf16Le | Encoding::Utf16Be => {
                rest.extend_from_slice(block);
                let whole = rest.len() & !1;
                for pair in rest[..whole].as_chunks::<2>().0 {
                    let unit = match encoding {
                        Encoding::Utf16Le => u16::from_le_bytes(*pair),
                        _ => u16::from_be_bytes(*pair),
                    };
                    let mark = std::mem::replace(&mut first, false) && unit == 0xFEFF;
                    if !mark {
                        push(unit, &mut high, &mut text);
                    }
                }
                rest.drain(..whole);
            }
        }
        to.write_all(&text)?;
        from.consume(length);
    }
    text.clear();
    if let Some(high) = high {
        push_code(u32::from(high), &mut text);
    }
    to.write_all(&text)?;
    Ok(rest.is_empty())
}

/// Adds a unit of UTF-16; the first half of a pair waits in `high`.
fn push(unit: u16, high: &mut Option<u16>, text: &mut Vec<u8>) {
    if let Some(first) = high.take() {
        if (0xDC00..0xE000).contains(&unit) {
            let code = 0x10000 + ((u32::from(first) - 0xD800) << 10) + (u32::from(unit) - 0xDC00);
            push_code(code, text);
            return;
        }
        push_code(u32::from(first), text);
    }
    if (0xD800..0xDC00).contains(&unit) {
        *high = Some(unit);
    } else {
        push_code(u32::from(unit), text);
    }
}

/// Adds a code point as UTF-8 would write it; halves of pairs are written so too.
fn push_code(code: u32, text: &mut Vec<u8>) {
    if let Some(c) = char::from_u32(code) {
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let byte = |shift: u32, mask: u32, mark: u32| (mark | ((code >> shift) & mask)) as u8;
    text.extend([
        byte(12, 0x0F, 0xE0),
        byte(6, 0x3F, 0x80),
        byte(0, 0x3F, 0x80),
    ]);
}

/// The bytes that `text`, part of what [`to_utf8`] wrote, had in its file.
pub(super) fn as_delivered(text: &[u8], encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.to_vec(),
        Encoding::Windows1252 => {
            let text = String::from_utf8_lossy(text);
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
        }
        Encoding::Utf16Le => units(text).into_iter().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => units(text).into_iter().flat_map(u16::to_be_bytes).collect(),
    }
}

/// The units of UTF-16 of a text in which halves of pairs may stand alone.
fn units(text: &[u8]) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (good, bad) = match std::str::from_utf8(rest) {
            Ok(good) => (good, &rest[rest.len()..]),
            Err(error) => {
                let (good, bad) = rest.split_at(error.valid_up_to());
                (std::str::from_utf8(good).unwrap_or_default(), bad)
            }
        };
        units.extend(good.encode_utf16());
        rest = match bad {
            [first, second, third, after @ ..] => {
                let part = |byte: &u8, mask: u8| u16::from(byte & mask);
                let unit =
                    (part(first, 0x0F) << 12) | (part(second, 0x3F) << 6) | part(third, 0x3F);
                units.push(unit);
                after
            }
            _ => &[],
        };
    }
    units
}

/// Whether what comes by in blocks is UTF-8.
#[derive(Debug, Default)]
pub(super) struct Utf8Check {
    /// The beginning of a character whose end is in the next block.
    open: Vec<u8>,
    /// Characters of several bytes.
    several: u64,
    /// Bytes that are no UTF-8.
    wrong: u64,
    /// Some of them are no character of Windows-1252 either.
    unassigned: bool,
}

impl Utf8Check {
    /// Looks at the next bytes.
    pub(super) fn block(&mut self, block: &[u8]) {
        if self.open.is_empty() && block.is_ascii() {
            return;
        }
        let joined;
        let mut rest = block;
        if !self.open.is_empty() {
            joined = [&std::mem::take(&mut self.open), block].concat();
            rest = &joined;
        }
        loop {
            let (good, bad, known) = match std::str::from_utf8(rest) {
                Ok(_) => (rest, &rest[rest.len()..], 0),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    (good, bad, error.error_len().unwrap_or(0))
                }
            };
            // Of each character one byte is no continuation.
            self.several += good.iter().filter(|byte| **byte >= 0xC0).count() as u64;
            if bad.is_empty() {
                return;
            }
            if known == 0 {
                self.open = bad.to_vec();
                return;
            }
            let (wrong, after) = bad.split_at(known);
            self.count(wrong);
            rest = after;
        }
    }

    fn count(&mut self, wrong: &[u8]) {
        self.wrong += wrong.len() as u64;
        self.unassigned |= wrong
            .iter()
            .any(|b| matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
    }

    /// Whether the text is more likely Windows-1252 than damaged UTF-8.
    pub(super) fn is_windows_1252(&mut self) -> bool {
        let open = std::mem::take(&mut self.open);
        self.count(&open);
        self.wrong > 0 && !self.unassigned && self.several * 10 <= self.wrong
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        file.seek(SeekFrom::Start(0)).expect("rewound");
        file
    }

    #[test]
    fn every_text_comes_back_as_it_was_delivered() {
        let units: Vec<u16> = [
            0xFEFF, 0x61, 0xE9, 0xD83D, 0xDE00, 0xD83D, 0x62, 0xDE00, 0x0A, 0xD83D,
        ]
        .into_iter()
        .collect();
        let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        let every: Vec<u8> = (0..=255).collect();
        for (encoding, bytes, mark) in [
            (Encoding::Utf16Le, little, 2),
            (Encoding::Utf16Be, big, 2),
            (Encoding::Windows1252, every, 0),
        ] {
            let mut text = Vec::new();
            assert!(to_utf8(file(&bytes), encoding, &mut text).expect("read"));
            assert_eq!(as_delivered(&text, encoding), bytes[mark..], "{encoding:?}");
        }
        let mut text = Vec::new();
        let cut = to_utf8(file(b"a\0b"), Encoding::Utf16Le, &mut text).expect("read");
        assert!(!cut, "it ends inside a character");
    }

    #[test]
    fn encodings_are_told_by_marks_and_zeros() {
        for (head, want) in [
            (&b"\xFF\xFEa\0"[..], Some((Encoding::Utf16Le, false))),
            (b"\xFE\xFF\0a", Some((Encoding::Utf16Be, false))),
            (b"\xFF\xFE\0\0a\0\0\0", None),
            (b"a\0,\0b\0\n\0", Some((Encoding::Utf16Le, true))),
            (b"\0a\0,\0b\0\n", Some((Encoding::Utf16Be, true))),
            (b"a,b\n1,\0\n", None),
            (b"a,b\n", None),
            (b"", None),
        ] {
            assert_eq!(told_by(head), want, "{head:?}");
        }
    }

    #[test]
    fn windows_1252_is_guessed_where_utf_8_is_not_more_likely() {
        for (text, want) in [
            (&b"caf\xE9, na\xEFve"[..], true),
            ("café".as_bytes(), false),
            (b"plain", false),
            // One damaged byte among many good ones.
            ("éééééééééééé\u{e9}".as_bytes(), false),
            (b"\xC3\xA9\xC3\xA9 \xE9,", false),
            // No character of Windows-1252.
            (b"a\x81,", false),
            // Cut inside a character.
            (b"caf\xC3", true),
        ] {
            for size in 1..=text.len() {
                let mut check = Utf8Check::default();
                text.chunks(size).for_each(|block| check.block(block));
                assert_eq!(check.is_windows_1252(), want, "{text:?} by {size}");
            }
        }
    }
}
